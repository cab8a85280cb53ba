"""Weekly OSTRC answers: only version 2's scores, nothing made up, and 0 for one place says nothing of another."""

from datetime import date
from pathlib import Path

import pytest
from draw_raw import draw_raw
from polars.testing import assert_frame_equal

from runfix_analytics.ostrc_items import Item, items_of, score
from runfix_analytics.parsing import UnreadableError
from runfix_analytics.rawlog import ACHES, RawLog
from runfix_analytics.readers import ostrc_weekly, read, reader_of
from runfix_analytics.sourcefile import SourceFile

_SAMPLES = Path(__file__).parent / "samples" / "ostrc_weekly"


def _log(sample: str) -> RawLog:
    [log] = read([SourceFile("any name", (_SAMPLES / sample).read_bytes())])
    return log


def _table(*rows: str, headings: dict[str, str] | None = None) -> RawLog:
    """A table of these lines."""
    file = SourceFile("x", "\n".join((*rows, "")).encode(), headings=headings or {})
    assert reader_of(file) == "ostrc_weekly"
    [log] = ostrc_weekly.read([file])
    return log


def _rules(log: RawLog) -> list[tuple[int | None, str, str, bool]]:
    return [(problem.row, problem.rule, problem.logged, problem.is_expected) for problem in log.problems]


def _assert_aches(log: RawLog, table: str) -> None:
    expected = draw_raw(ACHES, table)
    assert_frame_equal(log.aches.select(expected.columns), expected)


def test_a_row_for_each_week_and_place_is_an_ache_where_something_hurts() -> None:
    log = _log("long.csv")
    _assert_aches(
        log,
        """
        row | runner | reported_on | is_no_aches | site | side  | ostrc_q1 | ostrc_q2 | ostrc_q3 | ostrc_q4
        2   | r1     | 2026-03-01  | false       | knee | left  | 8        | 8        | 0        | 8
        4   | r2     | 2026-03-01  | true        |      |       | 0        |          |          |
        5   | r1     | 2026-03-08  | false       | calf | left  | 17       | 17       | 8        | 8
        6   | r1     | 2026-03-08  | false       | knee | left  | 0        | 0        | 0        | 0
        7   | r1     | 2026-03-15  | true        |      |       | 0        | 0        | 0        | 0
        9   | r2     | 2026-03-08  | false       | shin | right | 25       |          |          |

        affects_training | status   | pain_now | pain_worst | noticed_on
        with_problems    |          |          |            |
        full             |          |          |            |
        modified         |          |          |            |
        full             | resolved |          |            |
        full             |          |          |            |
        stopped          |          |          |            |
        """,
    )


def test_every_other_row_says_why_it_is_none() -> None:
    log = _log("long.csv")
    assert _rules(log) == [
        (3, "no_ache_here", "0", True),
        (8, "same_week", "0", True),
        (10, "not_answered", "r2, 2026-03-15", True),
        (11, "ostrc_old_scoring", "q2: 13", False),
        (12, "bad_answer", "perhaps", False),
        (13, "bad_date", "soon", False),
    ]
    assert log.warnings == (
        'row 12: ostrc_q1 "perhaps" cannot be read and is left empty',
        'a week of zeros for every place asked about (knee, calf) is taken as "no aches"',
    )


def test_four_questions_for_each_place_are_read_by_their_words() -> None:
    log = _log("places.csv")
    _assert_aches(
        log,
        """
        row | runner | reported_on | is_no_aches | site       | side | ostrc_q1 | ostrc_q2 | ostrc_q3 | ostrc_q4
        2   | r1     | 2026-03-01  | false       | knee       | left | 8        | 8        | 0        | 8
        3   | r1     | 2026-03-08  | false       | knee       | left | 0        |          |          |
        3   | r1     | 2026-03-08  | false       | lower back |      | 25       |          |          |
        4   | r1     | 2026-03-15  | false       | lower back |      | 0        |          |          |

        affects_training | status   | note
        with_problems    |          | secret garden
        full             | resolved |
        stopped          |          |
        full             | resolved |
        """,
    )
    assert log.problems == ()


def test_an_illness_is_no_ache() -> None:
    log = _log("health_problems.csv")
    _assert_aches(
        log,
        """
        row | reported_on | is_no_aches | site        | side | ill  | ostrc_q1 | ostrc_q4 | days_lost
        2   | 2026-03-01  | false       | Achilles    | left |      | 8        | 8        | 0
        3   | 2026-03-08  | true        |             |      | true | 25       |          | 7
        4   | 2026-03-15  | true        |             |      |      | 0        | 0        |
        6   | 2026-03-29  | false       | unspecified |      |      | 8        | 8        |
        """,
    )
    assert _rules(log) == [(5, "other_health_problem", "Other", True)]
    assert log.warnings == ()


def test_an_illness_beside_an_ache_is_noted_with_it() -> None:
    log = _table(
        "name,date,q1,q2,q3,q4,problem type,location",
        "r1,2026-03-01,8,8,0,8,injury,hip",
        "r1,2026-03-01,25,,,,illness,",
    )
    assert log.aches.select("row", "site", "ill", "ostrc_q1").rows() == [(2, "hip", True, 8.0)]
    assert _rules(log) == [(3, "illness", "0", True)]


def test_zero_for_a_place_closes_its_ache_once_and_starts_none() -> None:
    log = _table(
        "runner,week_ending,site,q1,q2,q3,q4",
        "r1,2026-03-01,calf,8,8,8,8",
        "r1,2026-03-08,calf,8,8,8,8",
        "r1,2026-03-01,knee,0,0,0,0",
        "r1,2026-03-08,knee,8,0,0,8",
        "r1,2026-03-15,calf,8,8,8,8",
        "r1,2026-03-15,knee,0,0,0,0",
        "r1,2026-03-22,calf,8,8,8,8",
        "r1,2026-03-22,knee,0,0,0,0",
        "r2,2026-03-22,calf,8,8,8,8",
        "r2,2026-03-22,knee,0,0,0,0",
    )
    resolved = log.aches.filter(log.aches["status"] == "resolved")
    assert resolved.select("row", "runner", "reported_on", "site").rows() == [(7, "r1", date(2026, 3, 15), "knee")]
    assert [(row, rule) for row, rule, _, _ in _rules(log)] == [
        (4, "no_ache_here"),
        (9, "no_ache_here"),
        (11, "no_ache_here"),
    ]


def test_questions_that_the_first_answer_skips_stay_empty() -> None:
    log = _table("runner,week,site,q1,q2,q3,q4", "r1,2026-W10,knee,25,,,")
    assert log.aches.select("reported_on", "ostrc_q1", "ostrc_q2", "ostrc_q3", "ostrc_q4").rows() == [
        (date(2026, 3, 8), 25.0, None, None, None)
    ]


def test_zero_in_a_questionnaire_of_one_place_says_nothing_of_the_rest() -> None:
    log = _table("runner,week,site,q1,q2,q3,q4", "r1,2026-W10,knee,0,,,")
    assert log.aches.height == 0
    assert _rules(log) == [(2, "no_ache_here", "0", True)]


def test_zero_in_a_questionnaire_of_any_place_or_of_three_is_no_aches() -> None:
    anywhere = _table("runner,week,site,q1,q2,q3,q4", "r1,2026-W10,,0,0,0,0")
    three = _table(
        "runner,week,site,q1,q2,q3,q4", *(f"r1,2026-W10,{place},0,0,0,0" for place in ("knee", "shin", "heel"))
    )
    assert anywhere.aches["is_no_aches"].to_list() == three.aches["is_no_aches"].to_list() == [True]


@pytest.mark.parametrize(
    ("heading", "item"),
    [
        ("q1", Item(1, "")),
        ("OSTRC_Q3", Item(3, "")),
        ("knee_q1", Item(1, "knee")),
        ("q1_left_knee", Item(1, "left knee")),
        ("Q2: modified training because of shin problems", Item(2, "shin")),
        ("Problems participating due to injury, illness or other health problems?", Item(1, "")),
        ("Reduced training volume due to knee problems", Item(2, "knee", is_old=True)),
        ("How much have hip problems affected performance?", Item(3, "hip")),
        ("How much heel pain did you experience? Level of pain", Item(4, "")),
    ],
)
def test_an_item_is_known_by_its_number_or_a_few_of_its_words(heading: str, item: Item) -> None:
    others = [f"{item.place}_q{n}" if item.place else f"q{n}" for n in range(1, 5) if n != item.item]
    assert items_of([heading, *others])[heading] == item


@pytest.mark.parametrize(
    "headings", [["q1"], ["q1", "q2"], ["q2", "q3", "q4"], ["pain", "performance", "modification"]]
)
def test_less_than_three_items_or_no_first_one_are_no_questionnaire(headings: list[str]) -> None:
    assert items_of(headings) == {}


@pytest.mark.parametrize(
    ("item", "text", "points"),
    [
        (1, "Full participation without problems", 0),
        (1, "Full participation, but with problems", 8),
        (1, "Reduced participation", 17),
        (1, "Could not participate", 25),
        (1, "couldn't participate", 25),
        (2, "No modification", 0),
        (2, "To a minor extent", 8),
        (3, "to a moderate extent", 17),
        (3, "Major", 25),
        (4, "No pain", 0),
        (4, "mild", 8),
        (4, "Severe pain", 25),
        (2, "8 - minor", 8),
        (2, "Minor (8)", 8),
        (2, "17.0", 17),
        (2, "", None),
        (2, "-", None),
    ],
)
def test_an_answer_is_a_score_or_its_words(item: int, text: str, points: int | None) -> None:
    assert score(Item(item, ""), text) == points


@pytest.mark.parametrize(
    "text", ["6", "13", "19", "13.0", "8,5", "100", "-8", "6 (minor)", "cannot participate at all"]
)
def test_what_version_one_scored_otherwise_is_an_old_scoring(text: str) -> None:
    with pytest.raises(UnreadableError, match="ostrc_old_scoring"):
        score(Item(2, ""), text)


def test_words_under_version_ones_question_are_an_old_scoring_and_none_is_not() -> None:
    with pytest.raises(UnreadableError, match="ostrc_old_scoring"):
        score(Item(2, "", is_old=True), "To a minor extent")
    assert score(Item(2, "", is_old=True), "No reduction") == 0


def test_the_squads_own_headings_may_name_the_items() -> None:
    log = _table(
        "Wer,Woche bis,Stelle,Teilnahme,Umfang,Leistung,Schmerz",
        "Jo,01.03.2026,Knie links,8,8,0,8",
        headings={"Teilnahme": "q1", "Umfang": "q2", "Leistung": "q3", "Schmerz": "q4", "Wer": "runner"},
    )
    assert log.aches.select("runner", "reported_on", "site", "side", "ostrc_q2").rows() == [
        ("Jo", date(2026, 3, 1), "Knie", "left", 8.0)
    ]


@pytest.mark.parametrize(
    "header",
    [
        "date_reported,site,ostrc_q1,ostrc_q2,ostrc_q3,ostrc_q4",
        "Timestamp,Name,Q1,Q2,Q3,Q4",
        "runner,q1,q2,q3,q4",
        "date,revenue q1,revenue q2",
    ],
)
def test_other_tables_are_not_taken_for_weekly_answers(header: str) -> None:
    assert not ostrc_weekly.recognises(SourceFile("x", header.encode()))
