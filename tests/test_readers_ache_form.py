"""The ache form: everyday words, "no aches" as an answer, and no row lost for one unreadable value."""

from pathlib import Path

import pytest
from draw_raw import draw_raw
from polars.testing import assert_frame_equal

from runfix_analytics.rawlog import ACHES, RawLog
from runfix_analytics.readers import ache_form, read
from runfix_analytics.sourcefile import SourceFile

_SAMPLES = Path(__file__).parent / "samples"


def _log(sample: str) -> RawLog:
    [log] = read([SourceFile("any name", (_SAMPLES / sample).read_bytes())])
    return log


def _row(**cells: str) -> RawLog:
    cells = {"date_reported": "2026-03-02", "site": "", **cells}
    [log] = ache_form.read([SourceFile("x", f"{';'.join(cells)}\n{';'.join(cells.values())}\n".encode())])
    return log


def _rules(log: RawLog) -> list[tuple[int | None, str, str]]:
    return [(problem.row, problem.rule, problem.logged) for problem in log.problems]


def _assert_aches(log: RawLog, table: str) -> None:
    expected = draw_raw(ACHES, table)
    assert_frame_equal(log.aches.select(expected.columns), expected)


def test_an_answer_is_read_with_everyday_words() -> None:
    log = _log("ache_form/answers.csv")
    _assert_aches(
        log,
        """
        row | runner | report_id | reported_on | noticed_on | onset_type | is_no_aches | site        | side
        2   | r1     | a1        | 2026-03-02  | 2026-02-28 | gradual    | false       | outer knee  | left
        3   | r1     | a2        | 2026-03-09  |            |            | true        |             |
        4   | r1     | a3        | 2026-03-16  |            |            | false       | unspecified |
        5   | r1     | a4        | 2026-03-17  |            |            | false       | unspecified |
        8   | r1     | a7        | 2026-03-30  |            |            | true        |             |

        pain_now | pain_worst
        3        | 5
        0        | 0
                 |
                 |
                 |
        """,
    )
    _assert_aches(
        log,
        """
        row | pain_during_run | pain_after_run | pain_next_morning | pain_at_rest | pain_at_night
        2   | true            | true           | true              | false        | false
        3   |                 |                |                   |              |
        4   |                 |                |                   |              |
        5   |                 |                |                   |              | true
        8   |                 |                |                   |              |

        pain_during_exercises | exercise_that_hurt | focal_bone_tenderness
        true                  | single-leg squat   | false
                              |                    |
                              |                    |
                              |                    |
                              |                    |
        """,
    )
    _assert_aches(
        log,
        """
        row | affects_training | days_lost | status | resolved_on | linked_report_id | ill   | ostrc_q1 | ostrc_q2
        2   | modified         | 2         | active |             |                  | false | 8        | 8
        3   | full             |           |        |             |                  |       |          |
        4   |                  |           |        |             |                  |       |          |
        5   |                  |           |        |             |                  |       |          |
        8   | stopped          | 5         |        |             |                  | true  | 25       | 25

        ostrc_q3 | ostrc_q4 | note
        0        | 17       | after hills
                 |          |
                 |          |
                 |          |
        25       | 25       | flu
        """,
    )


def test_an_unreadable_value_is_left_empty_and_named_and_its_row_is_kept() -> None:
    assert _log("ache_form/answers.csv").warnings == (
        'row 4: pain_now_0_10 "lots" cannot be read and is left empty',
        'row 4: affects_training "maybe" cannot be read and is left empty',
    )


def test_an_old_ostrc_scoring_and_a_missing_date_reject_the_row() -> None:
    assert _rules(_log("ache_form/answers.csv")) == [
        (6, "ostrc_old_scoring", "ostrc_q2: 13"),
        (7, "bad_date", "soon"),
    ]


@pytest.mark.parametrize("value", ["6", "13", "19", "13.0", "8,5", "100", "-8"])
@pytest.mark.parametrize("item", ["ostrc_q1", "ostrc_q2", "ostrc_q3", "ostrc_q4"])
def test_an_item_that_version_two_does_not_score_rejects_the_row_with_what_to_do(item: str, value: str) -> None:
    log = _row(site="knee", **{item: value})
    assert log.aches.height == 0
    [problem] = log.problems
    assert (problem.row, problem.rule, problem.logged) == (2, "ostrc_old_scoring", f"{item}: {value}")
    assert problem.advice == "version 2 of the questionnaire uses 0, 8, 17 and 25; ask again or convert the answers"


@pytest.mark.parametrize("value", ["0", "8", "17", "25", "17.0", ""])
def test_an_item_that_version_two_scores_is_kept(value: str) -> None:
    log = _row(site="knee", ostrc_q2=value)
    assert log.problems == ()
    assert log.aches["ostrc_q2"].to_list() == [float(value) if value else None]


def test_body_area_is_another_name_of_site() -> None:
    log = _log("ache_form/body_area.csv")
    _assert_aches(
        log,
        """
        row | reported_on | is_no_aches | site | side | pain_now | affects_training
        2   | 2026-03-02  | false       | calf | both | 2.5      | with_problems
        3   | 2026-03-03  | true        |      |      | 0        | full
        """,
    )
    assert _rules(log) == [(4, "too_many_cells", "2026-03-04, calf")]


def test_the_same_form_as_json_is_read_alike() -> None:
    log = _log("ache_form/records.json")
    _assert_aches(
        log,
        """
        row | runner | reported_on | is_no_aches | site | side  | pain_now | pain_at_night | focal_bone_tenderness
        2   | r1     | 2026-03-02  | false       | shin | right | 6        | true          |
        3   | r1     | 2026-03-09  | true        |      |       | 0        |               |

        affects_training | days_lost
        stopped          | 1.5
                         |
        """,
    )
    assert _rules(log) == [
        (4, "no_date", "r1, shin"),
        (5, "not_a_value", "['calf', 'shin']"),
        (6, "not_a_record", "shin again"),
    ]


@pytest.mark.parametrize(
    "content",
    ['{"schema": "aches/1", "records": [{"date_rep', '{"schema": "aches/1", "records": {}}', '{"schema": "aches/1"}'],
)
def test_json_that_is_cut_or_has_no_records_is_an_error_of_that_file(content: str) -> None:
    [log] = read([SourceFile("x.json", content.encode())])
    assert (log.reader, log.n_rows) == ("ache_form", 0)
    assert log.error is not None
    assert log.error.startswith("x.json: ")


@pytest.mark.parametrize(
    ("cells", "is_no_aches"),
    [
        ({}, True),
        ({"site": "None"}, True),
        ({"site": "no_aches", "pain_now_0_10": "0"}, True),
        ({"ill": "yes", "ostrc_q1": "25"}, True),
        ({"affects_training": "modified"}, True),
        ({"pain_at_night": "no", "pain_now_0_10": "0"}, True),
        ({"pain_now_0_10": "1"}, False),
        ({"site": "none", "pain_worst_0_10": "4"}, False),
        ({"pain_now_0_10": "quite bad"}, False),
        ({"pain_at_rest": "sometimes"}, False),
        ({"focal_bone_tenderness": "yes"}, False),
        ({"exercise_that_hurt": "plank"}, False),
        ({"ostrc_q4": "8"}, False),
        ({"site": "shin", "pain_now_0_10": "0"}, False),
    ],
)
def test_an_answer_that_names_no_place_is_no_aches_only_if_nothing_in_it_hurts(
    cells: dict[str, str], is_no_aches: bool
) -> None:
    [answer] = _row(**cells).aches.to_dicts()
    assert answer["is_no_aches"] is is_no_aches
    assert (answer["site"] is None) is is_no_aches


@pytest.mark.parametrize(
    ("column", "words", "expected"),
    [
        (
            "side",
            ["L", "Left", "left and right", "b", "center", "?", "unknown"],
            ["left"] * 2 + ["both"] * 2 + ["centre"] + ["unknown"] * 2,
        ),
        ("onset_type", ["Gradually", "SUDDEN", "a fall", "unknown"], ["gradual", "sudden", "contact", "unknown"]),
        (
            "affects_training",
            ["none", "full", "with problems", "Reduced"],
            ["full", "full", "with_problems", "modified"],
        ),
        ("affects_training", ["could_not_participate", "stopped", "unknown"], ["stopped", "stopped", None]),
        ("status", ["open", "Resolved", "gone"], ["active", "resolved", "resolved"]),
    ],
)
def test_everyday_words_become_ours(column: str, words: list[str], expected: list[str | None]) -> None:
    logs = [_row(site="knee", **{column: word}) for word in words]
    assert [log.aches[column][0] for log in logs] == expected
    assert [log.warnings for log in logs] == [()] * len(words)


@pytest.mark.parametrize(("text", "pain"), [("3", 3.0), ("2,5", 2.5), ("7/10", 7.0), ("?", None), ("13", 13.0)])
def test_a_pain_is_a_number_and_nothing_is_judged(text: str, pain: float | None) -> None:
    log = _row(site="knee", pain_now_0_10=text)
    assert (log.aches["pain_now"][0], log.warnings) == (pain, ())


def test_the_template_is_read_without_a_problem() -> None:
    file = SourceFile("template.csv", ache_form.template().encode())
    assert file.header == tuple(column for column, _ in ache_form.describe())
    [log] = read([file])
    assert (log.problems, log.warnings) == ((), ())
    _assert_aches(
        log,
        """
        row | report_id | reported_on | noticed_on | onset_type | is_no_aches | site | side  | pain_now
        2   | a1        | 2026-03-02  | 2026-02-28 | gradual    | false       | shin | left  | 3
        3   | a2        | 2026-03-09  |            |            | false       | shin | left  | 0
        4   | a3        | 2026-03-16  | 2026-03-15 | sudden     | false       | knee | right | 6
        5   | a4        | 2026-03-23  |            |            | true        |      |       | 0

        pain_worst | pain_at_rest | pain_at_night
        5          | false        | false
        1          | false        | false
        8          | false        | true
        0          |              |
        """,
    )
    _assert_aches(
        log,
        """
        row | affects_training | days_lost | status   | resolved_on | linked_report_id | ill   | ostrc_q1
        2   | modified         |           | active   |             |                  | false |
        3   | full             |           | resolved | 2026-03-08  | a1               | false |
        4   | stopped          | 1         | active   |             |                  | false |
        5   | full             |           |          |             |                  | false |

        ostrc_q4 | note
                 |
                 |
                 | swollen
                 |
        """,
    )


@pytest.mark.parametrize(
    "header",
    [
        "runner,week_ending,body_area,side,q1,q2,q3,q4",
        "Timestamp,Runner ID,Where does it hurt?",
        "date_reported,pain_now_0_10",
    ],
)
def test_other_ache_questionnaires_are_not_taken_for_the_form(header: str) -> None:
    assert not ache_form.recognises(SourceFile("x", header.encode()))
