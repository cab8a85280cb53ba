"""Web forms of squads: questions as headings, one order of day and month a file, no ache lost for an odd answer."""

from pathlib import Path

import pytest
from draw_raw import draw_raw
from polars.testing import assert_frame_equal

from runfix_analytics.rawlog import ACHES, RawLog
from runfix_analytics.readers import google_form, read, reader_of
from runfix_analytics.sourcefile import SourceFile

_SAMPLES = Path(__file__).parent / "samples" / "google_form"


def _log(sample: str) -> RawLog:
    [log] = read([SourceFile("any name", (_SAMPLES / sample).read_bytes())])
    return log


def _answers(*rows: str, headings: dict[str, str] | None = None) -> RawLog:
    """A form of these lines, cells parted by bars."""
    content = "\n".join(";".join(f'"{cell.strip()}"' for cell in row.split("|")) for row in rows)
    file = SourceFile("x", f"{content}\n".encode(), headings=headings or {})
    assert reader_of(file) == "google_form"
    [log] = google_form.read([file])
    return log


def _answer(question: str, answer: str) -> RawLog:
    return _answers(f"Timestamp | Where does it hurt? | {question}", f"2026/03/04 7:41:12 PM GMT+1 | Knee | {answer}")


def _rules(log: RawLog) -> list[tuple[int | None, str, str]]:
    return [(problem.row, problem.rule, problem.logged) for problem in log.problems]


def _assert_aches(log: RawLog, table: str) -> None:
    expected = draw_raw(ACHES, table)
    assert_frame_equal(log.aches.select(expected.columns), expected)


def test_an_answer_is_an_ache_at_each_place_that_it_ticks() -> None:
    log = _log("forms.csv")
    _assert_aches(
        log,
        """
        row | runner | reported_on | noticed_on | onset_type | is_no_aches | site        | side  | pain_now | pain_worst
        2   | Ann    | 2026-03-02  | 2026-02-27 | gradual    | false       | knee        | left  |          | 7
        2   | Ann    | 2026-03-02  | 2026-02-27 | gradual    | false       | Achilles    | right |          | 7
        3   | Ann    | 2026-03-09  |            |            | true        |             |       |          | 0
        4   | Bob    | 2026-03-09  | 2026-03-06 | contact    | false       | Shin        | right |          |
        6   | Bob    | 2026-03-16  |            |            | false       | unspecified |       |          | 4
        8   | Bob    | 2026-03-23  |            | sudden     | false       | Shin        | right |          | 1
        """,
    )
    _assert_aches(
        log,
        """
        row | pain_next_morning | pain_at_rest | pain_at_night | focal_bone_tenderness | affects_training | ill
        2   | true              |              | true          |                       | modified         | false
        2   | true              |              | true          |                       | modified         | false
        3   |                   |              |               |                       | full             | false
        4   |                   | true         |               | true                  | stopped          | true
        6   |                   |              |               |                       |                  |
        8   |                   |              |               |                       | full             | false
        """,
    )
    assert log.aches["status"].to_list() == ["active", "active", None, None, None, "resolved"]
    assert _rules(log) == [(5, "no_answer", "2026/03/16 12:00:01 AM GMT+1"), (7, "bad_date", "soon")]


def test_what_is_not_read_is_named() -> None:
    assert _log("forms.csv").warnings == (
        'headings not read: "favourite shoes"; headings.toml can say which of our columns they are, or "ignored"',
        'row 2: the tick "It clicks" is not read',
        'row 4: pain_worst_0_10 "lots" cannot be read and is left empty',
        "row 4: says that nothing hurts and that something does; the ache counts",
        'row 6: onset_date "some time ago" cannot be read and is left empty',
    )


def test_e_mail_addresses_and_unread_answers_are_nowhere_in_the_log() -> None:
    log = _log("forms.csv")
    assert log.aches["note"].to_list()[:2] == ["write to , please"] * 2
    everything = repr((log, log.aches.to_dicts()))
    assert "@" not in everything
    assert "secret" not in everything


def test_a_sheet_with_american_dates_is_read_by_them() -> None:
    log = _log("sheet_us.csv")
    _assert_aches(
        log,
        """
        row | runner | reported_on | noticed_on | onset_type | is_no_aches | site | side    | pain_now | pain_at_night
        2   | r1     | 2026-02-27  | 2026-02-25 |            | false       | Calf | unknown | 5        | false
        2   | r1     | 2026-02-27  | 2026-02-25 |            | false       | Hip  | unknown | 5        | false
        3   | r1     | 2026-03-06  | 2026-02-25 |            | false       | Calf | left    | 3        | true
        4   | r1     | 2026-03-13  |            |            | true        |      |         | 0        |
        5   | r1     | 2026-03-20  | 2026-03-19 | contact    | false       | Neck |         | 2        |

        pain_during_exercises | exercise_that_hurt    | days_lost
        true                  | Single-leg calf raise | 2
        true                  | Single-leg calf raise | 2
                              |                       | 0
                              |                       |
                              |                       |
        """,
    )
    assert log.warnings == (
        "row 2: left and right for several places; taken as unknown",
        "row 2: left and right for several places; taken as unknown",
        'row 5: pain_at_night "only on hills" cannot be read and is left empty',
    )


def test_a_german_sheet_is_read_alike() -> None:
    log = _log("sheet_de.csv")
    _assert_aches(
        log,
        """
        row | runner | reported_on | noticed_on | is_no_aches | site | side | pain_now | pain_at_night | pain_at_rest
        2   | r1     | 2026-03-02  | 2026-02-27 | false       | Knie | left | 2.5      | false         | false
        3   | r1     | 2026-03-09  | 2026-02-27 | false       | Knie | left | 1        |               | true
        4   | r1     | 2026-03-16  |            | true        |      |      |          |               |

        affects_training | ill   | status   | note
        modified         | false | active   | nach der langen Runde
        full             |       | resolved |
                         | true  |          |
        """,
    )
    assert (log.problems, log.warnings) == ((), ())


def test_a_question_with_a_row_for_each_place_is_read_place_by_place() -> None:
    log = _log("grid.csv")
    _assert_aches(
        log,
        """
        row | reported_on | is_no_aches | site       | side | pain_now | pain_at_night
        2   | 2026-03-02  | false       | knee       | left |          | false
        2   | 2026-03-02  | false       | calf       | both |          | false
        3   | 2026-03-09  | false       | lower back |      | 4        | true
        4   | 2026-03-16  | true        |            |      |          | false
        """,
    )
    assert (log.problems, log.warnings) == ((), ())


@pytest.mark.parametrize(
    ("stamps", "days", "taken"),
    [
        (["2026/03/02 7:41:12 PM GMT+1"], ["2026-03-02"], None),
        (["2026-03-02T19:41:12Z"], ["2026-03-02"], None),
        (["02.03.2026 19:41:12"], ["2026-03-02"], None),
        (["2.3.2026 klo 19.41.12"], ["2026-03-02"], None),
        (["3/2/2026 19:41:12", "3/13/2026 19:41:12"], ["2026-03-02", "2026-03-13"], None),
        (["02/03/2026 19:41:12", "13/03/2026 19:41:12"], ["2026-03-02", "2026-03-13"], None),
        (["2/3/2026 9:00:00", "3/2/2026 9:00:00"], ["2026-02-03", "2026-03-02"], None),
        (["2/3/2026 9:00:00", "1/4/2026 9:00:00"], ["2026-03-02", "2026-04-01"], None),
        (["1/4/2026 9:00:00", "4/1/2026 9:00:00", "2/3/2026 9:00:00"], None, '"1/4/2026" are taken as month/day'),
        (["3/2/2026 19:41:12", "3/9/2026 19:41:12"], ["2026-03-02", "2026-03-09"], '"3/2/2026" are taken as month/day'),
        (["02/03/2026 19:41:12"], ["2026-03-02"], '"02/03/2026" are taken as day/month'),
        (["2-3-2026 19:41:12"], ["2026-03-02"], '"2-3-2026" are taken as day/month'),
    ],
)
def test_day_and_month_are_told_apart_once_for_the_whole_file(
    stamps: list[str], days: list[str] | None, taken: str | None
) -> None:
    log = _answers("Timestamp | Where does it hurt?", *(f"{stamp} | Knee" for stamp in stamps))
    assert days is None or [str(day) for day in log.aches["reported_on"]] == days
    assert log.problems == ()
    assert len(log.warnings) == (taken is not None)
    assert taken is None or taken in log.warnings[0]


def test_dates_of_other_questions_tell_the_order_where_the_stamps_do_not() -> None:
    log = _answers("Timestamp | Where does it hurt? | When did it start?", "3/2/2026 19:41:12 | Knee | 2/28/2026")
    assert (str(log.aches["reported_on"][0]), str(log.aches["noticed_on"][0])) == ("2026-03-02", "2026-02-28")
    assert log.warnings == ()


@pytest.mark.parametrize(
    ("text", "noticed_on"),
    [
        ("2026-02-28", "2026-02-28"),
        ("28 Feb 2026", "2026-02-28"),
        ("February 28th", "2026-02-28"),
        ("5 March", "2025-03-05"),
        ("28.2.", "2026-02-28"),
        ("today", "2026-03-04"),
        ("Yesterday", "2026-03-03"),
        ("about 3 days ago", "2026-03-01"),
        ("two weeks ago", "2026-02-18"),
        ("a month ago", "2026-02-02"),
        ("vor einer Woche", "2026-02-25"),
        ("il y a 3 jours", "2026-03-01"),
        ("hace dos semanas", "2026-02-18"),
        ("not sure", None),
        ("", None),
    ],
)
def test_the_beginning_may_be_told_as_a_date_or_in_words(text: str, noticed_on: str | None) -> None:
    log = _answer("When did it start?", text)
    assert log.aches["noticed_on"].cast(str).to_list() == [noticed_on]
    assert log.warnings == ()


@pytest.mark.parametrize("text", ["a few days ago", "last winter", "2026-02-30", "after the race", "3-4 days ago"])
def test_a_beginning_that_cannot_be_read_is_left_empty_and_the_ache_kept(text: str) -> None:
    log = _answer("When did it start?", text)
    assert log.aches.select("noticed_on", "site").rows() == [(None, "Knee")]
    assert log.warnings == (f'row 2: onset_date "{text}" cannot be read and is left empty',)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("Calf, Achilles", [("Calf", None), ("Achilles", None)]),
        ("Calf;Achilles;", [("Calf", None), ("Achilles", None)]),
        ("left knee and right calf", [("knee", "left"), ("calf", "right")]),
        ("left and right knee", [("knee", "both")]),
        ("Both knees", [("knees", "both")]),
        ("Knee, left", [("Knee", "left")]),
        ("Outside of the left knee", [("Outside of knee", "left")]),
        ("Left side of lower back", [("lower back", "left")]),
        ("Knee (L), Hip (R)", [("Knee", "left"), ("Hip", "right")]),
        ("Foot (heel, arch or toes)", [("Foot (heel, arch or toes)", None)]),
        ("low back or buttock", [("low back or buttock", None)]),
        ("middle back", [("middle back", None)]),
        ("le genou gauche", [("le genou", "left")]),
        ("rodilla izquierda", [("rodilla", "left")]),
        ("Left", [("unspecified", "left")]),
        ("None", [(None, None)]),
        ("No aches", [(None, None)]),
    ],
)
def test_places_and_their_sides_are_split(text: str, places: list[tuple[str | None, str | None]]) -> None:
    log = _answers("Timestamp | Where does it hurt?", f"2026-03-02 10:00:00 | {text.replace(';', ', ')}")
    assert log.aches.select("site", "side").rows() == places


@pytest.mark.parametrize(
    ("cells", "site", "is_no_aches"),
    [
        ({"Any aches?": "No"}, None, True),
        ({"Any aches?": "Yes"}, "unspecified", False),
        ({"Any aches?": "a sore calf"}, "a sore calf", False),
        ({"Any aches?": "No", "Where does it hurt?": "Calf"}, "Calf", False),
        ({"Any aches?": "Yes", "Where does it hurt?": "None"}, "unspecified", False),
        ({"Where does it hurt?": "None", "Pain (0-10)": "4"}, "unspecified", False),
        ({"Where does it hurt?": "", "Pain (0-10)": "0"}, None, True),
        ({"Where does it hurt?": "", "Pain (0-10)": "5"}, "unspecified", False),
        ({"Where does it hurt?": "", "Does it hurt at night?": "No"}, None, True),
        ({"Pain free?": "Yes", "Where does it hurt?": ""}, None, True),
        ({"Pain free?": "No", "Where does it hurt?": ""}, "unspecified", False),
    ],
)
def test_no_aches_is_an_answer_and_pain_without_a_place_is_not(
    cells: dict[str, str], site: str | None, is_no_aches: bool
) -> None:
    log = _answers(" | ".join(["Timestamp", *cells]), " | ".join(["2026-03-02 10:00:00", *cells.values()]))
    assert log.aches.select("site", "is_no_aches").rows() == [(site, is_no_aches)]


def test_an_answer_that_says_nothing_of_aches_is_not_taken_for_no_aches() -> None:
    log = _answers("Timestamp | Where does it hurt? | Are you ill?", "2026-03-02 10:00:00 | | no")
    assert (log.aches.height, _rules(log)) == (0, [(2, "no_answer", "2026-03-02 10:00:00")])


@pytest.mark.parametrize(
    ("text", "pain"),
    [("7", 7.0), ("7/10", 7.0), ("7 - strong", 7.0), ("Strong (7)", 7.0), ("2,5", 2.5), ("no pain", 0.0), ("", None)],
)
def test_a_pain_is_the_number_in_its_answer(text: str, pain: float | None) -> None:
    log = _answer("Pain (0-10)", text)
    assert (log.aches["pain_now"][0], log.warnings) == (pain, ())


@pytest.mark.parametrize("text", ["3-4", "lots", "12/12"])
def test_a_pain_that_is_no_number_is_left_empty_with_a_warning(text: str) -> None:
    log = _answer("Pain (0-10)", text)
    assert log.aches["pain_now"][0] is None
    assert log.warnings == (f'row 2: pain_now_0_10 "{text}" cannot be read and is left empty',)


@pytest.mark.parametrize(
    ("question", "answer", "column", "value"),
    [
        ("Does it hurt at night?", "Yes, badly", "pain_at_night", True),
        ("Does the pain wake you up?", "Nein", "pain_at_night", False),
        ("Pain at night (0-10)", "4", "pain_at_night", True),
        ("Avez-vous mal la nuit ?", "Oui", "pain_at_night", True),
        ("Do you have pain at rest?", "not sure", "pain_at_rest", None),
        ("Do the strength exercises hurt?", "a little", "pain_during_exercises", True),
        ("Pain during running", "no", "pain_during_run", False),
        ("Is the bone sore to touch?", "x", "focal_bone_tenderness", True),
        ("Did you fall or get a blow?", "Yes", "onset_type", "contact"),
        ("Did you fall or get a blow?", "No", "onset_type", None),
        ("Did it start suddenly?", "No", "onset_type", "gradual"),
        ("Sudden or gradual?", "Came on slowly", "onset_type", "gradual"),
        ("Did it change your training?", "I couldn't run", "affects_training", "stopped"),
        ("Did it change your training?", "As planned, but with pain", "affects_training", "with_problems"),
        ("Has it affected your running?", "Yes", "affects_training", "modified"),
        ("Is it still there?", "No", "status", "resolved"),
        ("Have you recovered?", "Not yet", "status", "active"),
        ("When did it go away?", "yesterday", "resolved_on", "2026-03-03"),
        ("Have you been sick this week?", "Ja", "ill", True),
        ("How many runs did you miss?", "2 runs", "days_lost", 2.0),
        ("Which leg?", "links", "side", "left"),
    ],
)
def test_usual_questions_and_everyday_answers_become_ours(
    question: str, answer: str, column: str, value: object
) -> None:
    log = _answer(question, answer)
    told = log.aches[column][0]
    assert (str(told) if column == "resolved_on" else told, log.warnings) == (value, ())


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("Where is your pain located?", "site"),
        ("WHICH PART OF YOUR BODY HURTS", "site"),
        ("¿Dónde te duele?", "site"),
        ("Où avez-vous mal ?", "site"),
        ("Left/Right", "side"),
        ("On a scale of 0-10, how painful is it?", "pain_now_0_10"),
        ("How bad was the pain at its worst?", "pain_worst_0_10"),
        ("When did you first notice it?", "onset_date"),
        ("Does it hurt when you sit still?", "pain_at_rest"),
        ("How long did you run?", None),
        ("How did you sleep last night?", None),
        ("How was your training this week?", None),
        ("How do you feel today?", None),
    ],
)
def test_a_heading_is_known_by_its_words(heading: str, column: str | None) -> None:
    log = _answers(f"Timestamp | Any aches? | {heading}", "2026-03-02 10:00:00 | no | ")
    is_unread = any(warning.startswith("headings not read") for warning in log.warnings)
    assert is_unread == (column is None)
    assert google_form._columns([heading], {}).get(heading) == column


def test_the_squads_own_headings_come_first() -> None:
    own = {"Wann?": "date_reported", "Wer": "runner", "Stelle am Körper": "site", "Pain": "pain_worst", "Mood": "joy"}
    log = _answers(
        "Wann | WER | Stelle am Körper? | Pain | Mood | Hours of sleep",
        "2026-03-02 | Jo | Hip | 3 | good | 8",
        headings={**own, "Hours of sleep": "ignored"},
    )
    _assert_aches(
        log,
        """
        row | runner | reported_on | site | pain_now | pain_worst
        2   | Jo     | 2026-03-02  | Hip  |          | 3
        """,
    )
    assert log.warnings == ('headings.toml names "joy", which is no column of ours',)


def test_the_day_an_answer_is_about_comes_before_the_moment_of_sending() -> None:
    log = _answers(
        "Timestamp | Today's date | Where does it hurt?",
        "2026-03-02 10:00:00 | 2026-03-01 | Hip",
        "2026-03-09 10:00:00 | lately | Hip",
    )
    assert log.aches["reported_on"].cast(str).to_list() == ["2026-03-01", "2026-03-09"]


def test_people_told_apart_by_their_addresses_alone_are_numbered() -> None:
    log = _answers(
        "Timestamp | Email Address | Where does it hurt?",
        "2026-03-02 10:00:00 | a@example.org | Hip",
        "2026-03-02 11:00:00 | b@example.org | Knee",
        "2026-03-09 10:00:00 | A@example.org | None",
    )
    assert log.aches["runner"].to_list() == ["respondent 1", "respondent 2", "respondent 1"]
    assert log.warnings == (
        "several people answered, and only their e-mail addresses, which are not kept, tell who; ask for a name",
    )


def test_one_persons_address_needs_no_number() -> None:
    log = _answers("Timestamp | Username | Where does it hurt?", "2026-03-02 10:00:00 | a@example.org | Hip")
    assert (log.aches["runner"].to_list(), log.warnings) == ([None], ())


def test_ostrc_questions_about_any_problem_are_scored() -> None:
    log = _answers(
        "Timestamp | Q1 participation | Q2 modified training | Q3 performance | Q4 symptoms | Where is it? | Type",
        "2026-03-02 10:00:00 | Full, but with problems | To a minor extent | No | Mild | Left calf | ",
        "2026-03-09 10:00:00 | Full participation | | | | | ",
        "2026-03-16 10:00:00 | 25 | 13 | | | Knee | ",
    )
    _assert_aches(
        log,
        """
        row | is_no_aches | site | side | affects_training | ostrc_q1 | ostrc_q2 | ostrc_q3 | ostrc_q4
        2   | false       | calf | left | with_problems    | 8        | 8        | 0        | 8
        3   | true        |      |      | full             | 0        |          |          |
        """,
    )
    assert _rules(log) == [(4, "ostrc_old_scoring", "q2: 13")]


def test_a_file_that_ends_inside_an_answer_keeps_the_answers_before() -> None:
    content = (_SAMPLES / "forms.csv").read_bytes()
    [log] = read([SourceFile("x", content[: content.index(b'"None, Shin"') + 3])])
    assert (log.aches["row"].to_list(), log.damage) == ([2, 2, 3], "the file ends inside row 4")
    assert _rules(log) == [(4, "cut_off", "2026/03/09 9:15:00 AM GMT+1")]


@pytest.mark.parametrize(
    "header",
    [
        "date_reported,site,Timestamp",
        "Timestamp,Distance,Duration",
        "Timestamp,How far did you run?,Notes",
        "Date,Where does it hurt?",
        "Timestamp,knee_q1,knee_q2,knee_q3,knee_q4",
    ],
)
def test_other_tables_are_not_taken_for_a_web_form(header: str) -> None:
    assert not google_form.recognises(SourceFile("x", header.encode()))
