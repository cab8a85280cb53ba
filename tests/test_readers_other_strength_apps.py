"""JEFIT, StrongLifts, Liftosaur, GymBook and GymRun: sets as logged, one row of a file often holding several."""

from pathlib import Path

import pytest
from draw_raw import draw_raw
from polars.testing import assert_frame_equal

from runfix_analytics.rawlog import SETS, RawLog
from runfix_analytics.readers import gymbook_csv, gymrun_csv, jefit_backup, liftosaur_csv, stronglifts_csv
from runfix_analytics.sourcefile import SourceFile

_SAMPLES = Path(__file__).parent / "samples"
_READERS = {module.READER: module for module in (gymbook_csv, gymrun_csv, jefit_backup, liftosaur_csv, stronglifts_csv)}
_NAMES = sorted(f"{name}/{path.name}" for name in _READERS for path in (_SAMPLES / name).iterdir())


def _content(sample: str) -> bytes:
    return (_SAMPLES / sample).read_bytes()


def _read(reader: str, content: bytes) -> RawLog:
    file = SourceFile("any name", content)
    assert _READERS[reader].recognises(file)
    [log] = _READERS[reader].read([file])
    assert log.error is None
    return log


def _log(sample: str) -> RawLog:
    return _read(sample.partition("/")[0], _content(sample))


def _rules(log: RawLog) -> list[tuple[int | None, str, str, bool]]:
    return [(problem.row, problem.rule, problem.logged, problem.is_expected) for problem in log.problems]


def _assert_sets(log: RawLog, table: str) -> None:
    expected = draw_raw(SETS, table)
    assert_frame_equal(log.sets.select(expected.columns), expected)


@pytest.mark.parametrize("name", _NAMES)
def test_names_of_plans_and_workouts_and_notes_on_the_body_are_nowhere_in_the_log(name: str) -> None:
    log = _log(name)
    assert "secret" not in repr((log.sets.to_dicts(), log.problems, log.warnings))


def test_a_row_of_jefit_is_as_many_sets_as_it_lists_in_the_unit_of_the_settings() -> None:
    _assert_sets(
        _log("jefit_backup/pounds.txt"),
        """
        row | start_at                  | start_local         | logged_as        | set_type | reps | seconds
        25  | 2026-03-02T18:05:00+00:00 |                     | Barbell Deadlift | warmup   | 8    |
        25  | 2026-03-02T18:05:00+00:00 |                     | Barbell Deadlift | working  | 5    |
        26  | 2026-03-02T18:15:00+00:00 |                     | Plank            | working  |      | 45
        26  | 2026-03-02T18:15:00+00:00 |                     | Plank            | working  |      | 40
        27  | 2026-03-02T18:00:00+00:00 |                     | Bird Dog, slow   | working  | 12   |
        27  | 2026-03-02T18:00:00+00:00 |                     | Bird Dog, slow   | working  | 12   |
        30  |                           | 2026-02-20T00:00:00 | Step Up          | working  | 10   |

        weight | weight_unit | note
        44.1   | lb          |
        88.18  | lb          |
               |             |
               |             |
               |             |
               |             |
        20     | lb          |
        """,
    )


def test_jefits_cardio_is_no_set_and_what_was_not_done_is_expected() -> None:
    assert _rules(_log("jefit_backup/pounds.txt")) == [
        (28, "cardio_row", "Running", True),
        (29, "cardio_row", "Rowing Machine", True),
        (31, "not_done", "Side Plank", True),
        (32, "bad_sets", "44.1 for 5", False),
        (33, "no_exercise", "2026-03-02", False),
        (34, "bad_date", "2 March", False),
        (35, "too_many_cells", "93", False),
        (53, "cardio_row", "2026-03-02", True),
    ]


def test_jefit_without_settings_and_log_times_has_no_unit_and_the_time_or_day_of_the_session() -> None:
    _assert_sets(
        _log("jefit_backup/short.txt"),
        """
        row | start_at                  | start_local | logged_as  | reps | weight | weight_unit
        9   | 2026-01-15T18:00:00+00:00 |             | Hip Thrust | 8    | 60     |
        9   | 2026-01-15T18:00:00+00:00 |             | Hip Thrust | 8    | 60     |
        10  |                           | 2026-01-17  | Clamshell  | 15   |        |
        """,
    )


@pytest.mark.parametrize("mass", [" kgs", "kg", "KG"])
def test_jefits_kilograms_are_kilograms(mass: str) -> None:
    content = _content("jefit_backup/pounds.txt").replace(b" lbs", mass.encode())
    assert set(_read("jefit_backup", content).sets["weight_unit"].drop_nulls()) == {"kg"}


def test_a_byte_order_mark_and_windows_line_ends_change_nothing_in_a_jefit_backup() -> None:
    content = _content("jefit_backup/pounds.txt")
    changed = _read("jefit_backup", b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    assert_frame_equal(changed.sets, _log("jefit_backup/pounds.txt").sets)
    assert _rules(changed) == _rules(_log("jefit_backup/pounds.txt"))


def test_a_jefit_backup_cut_inside_a_row_keeps_the_rows_before_and_says_so() -> None:
    content = _content("jefit_backup/pounds.txt")
    log = _read("jefit_backup", content[: content.index(b"x40")])
    assert list(log.sets["row"]) == [25, 25]
    assert _rules(log) == [(26, "cut_off", "", False)]
    assert log.damage == "the file ends inside line 26"


def test_a_jefit_backup_without_logs_is_an_empty_log_with_a_warning() -> None:
    content = _content("jefit_backup/pounds.txt")
    log = _read("jefit_backup", content[: content.index(b"### EXERCISE LOGS")])
    assert (log.n_rows, log.warnings) == (0, ("the backup holds no table EXERCISE LOGS",))


@pytest.mark.parametrize(
    "content", [b"#" * 60_000, b"\n" * 60_000, b"### " * 15_000, b"### Exercise logs\nsee below\n"]
)
def test_other_text_with_hashes_is_no_jefit_backup(content: bytes) -> None:
    assert not jefit_backup.recognises(SourceFile("x", content))


def test_stronglifts_sets_stand_side_by_side_and_none_is_made_of_a_failed_or_skipped_one() -> None:
    _assert_sets(
        _log("stronglifts_csv/kg.csv"),
        """
        row | start_local         | logged_as      | set_type | reps | seconds | weight | weight_unit | note
        2   | 2026-03-02T18:05:00 | Squat          | working  | 5    |         | 42.5   | kg          | slow, two down
        2   | 2026-03-02T18:05:00 | Squat          | working  | 5    |         | 42.5   | kg          |
        3   | 2026-03-02T18:05:00 | Plank          | working  |      | 45      |        |             |
        3   | 2026-03-02T18:05:00 | Plank          | working  |      | 45      |        |             |
        4   | 2026-03-02T18:05:00 | Side Plank     | working  |      | 30      |        |             |
        4   | 2026-03-02T18:05:00 | Side Plank     | working  |      | 25      |        |             |
        5   | 2026-03-04T07:10:00 | Back Extension | working  | 12   |         |        |             |
        5   | 2026-03-04T07:10:00 | Back Extension | working  | 12   |         |        |             |
        5   | 2026-03-04T07:10:00 | Back Extension | working  | 10   |         |        |             |
        7   | 2026-03-06T00:00:00 | Deadlift       | working  | 4    |         | 75     | kg          |
        """,
    )


def test_what_stronglifts_did_not_do_or_wrote_unreadably_is_a_problem() -> None:
    assert _rules(_log("stronglifts_csv/kg.csv")) == [
        (6, "not_done", "Barbell Row", True),
        (8, "bad_date", "2026/13/06", False),
        (9, "no_exercise", "2026/03/09", False),
        (10, "bad_number", "five", False),
        (11, "bad_duration", "long", False),
    ]


def test_stronglifts_pounds_are_pounds_whatever_the_body_is_weighed_in() -> None:
    _assert_sets(
        _log("stronglifts_csv/lb.csv"),
        """
        row | start_local | logged_as      | reps | weight | weight_unit
        2   | 2026-01-05  | Overhead Press | 5    | 46.25  | lb
        2   | 2026-01-05  | Overhead Press | 5    | 45     | lb
        """,
    )


def test_stronglifts_of_old_has_a_workout_in_a_row_and_its_days_tell_their_order() -> None:
    log = _log("stronglifts_csv/before_2019.csv")
    _assert_sets(
        log,
        """
        row | start_local | logged_as      | reps | weight | weight_unit | note
        2   | 2015-03-18  | Squat          | 5    | 42.5   | kg          | easy
        2   | 2015-03-18  | Squat          | 5    | 42.5   | kg          |
        2   | 2015-03-18  | Squat          | 4    | 42.5   | kg          |
        2   | 2015-03-18  | Overhead press | 5    | 45     | lb          |
        3   | 2015-04-05  | Squat          | 5    | 45     | kg          |
        3   | 2015-04-05  | Squat          | 5    | 45     | kg          |
        """,
    )
    assert _rules(log) == [(4, "not_done", "06/04/2015", True), (5, "bad_date", "31/31/2015", False)]


def test_days_that_may_be_months_are_not_guessed() -> None:
    content = b"Date,Note,Exercise 1,Weight (LB),Set 1,Set 2\n3/4/15,,Squat,95,5,5\n5/5/15,,Squat,95,5,\n"
    log = _read("stronglifts_csv", content)
    _assert_sets(log, "row | start_local | reps\n3 | 2015-05-05 | 5")
    assert _rules(log) == [(2, "ambiguous_date", "3/4/15", False)]
    american = _read("stronglifts_csv", content + b"3/25/15,,Squat,95,5,\n")
    _assert_sets(american, "row | start_local\n2 | 2015-03-04\n2 | 2015-03-04\n3 | 2015-05-05\n4 | 2015-03-25")


@pytest.mark.parametrize(("heading", "month"), [("Date (dd/mm/yyyy)", 4), ("Date (mm/dd/yyyy)", 3)])
def test_a_heading_may_say_the_order_of_day_and_month(heading: str, month: int) -> None:
    log = _read("stronglifts_csv", f"{heading},Exercise,Set 1 (Reps),Set 1 (KG)\n03/04/2026,Squat,5,40\n".encode())
    assert [start.month for start in log.sets["start_local"]] == [month]


def test_stronglifts_decimal_commas_are_read() -> None:
    content = b'Date (yyyy/mm/dd);Exercise;Set 1 (Reps);Set 1 (KG)\n2026/03/02;Squat;5;"42,5"\n'
    _assert_sets(_read("stronglifts_csv", content), "row | reps | weight\n2 | 5 | 42.5")


def test_liftosaurs_warm_ups_are_marked_and_planned_sets_without_repetitions_are_not_done() -> None:
    log = _log("liftosaur_csv/history.csv")
    _assert_sets(
        log,
        """
        row | start_at                         | logged_as                  | set_type | reps | weight | weight_unit
        2   | 2026-03-02T17:05:11+00:00        | Romanian Deadlift, Barbell | warmup   | 10   | 20     | kg
        3   | 2026-03-02T17:05:11+00:00        | Romanian Deadlift, Barbell | working  | 9    | 42.5   | kg
        5   | 2026-03-02T17:05:11+00:00        | Glute Bridge               | working  | 12   |        |
        6   | 2026-03-02T17:05:11+00:00        | Goblet Squat               | working  | 12   | 35     | lb

        start_local | rpe | note
                    |     |
                    | 8.5 | flat back, slow
                    |     |
                    |     |
        """,
    )
    assert _rules(log) == [
        (4, "not_done", "Romanian Deadlift, Barbell", True),
        (7, "bad_date", "not-a-date", False),
        (8, "bad_number", "five", False),
        (9, "unknown_unit", "stone", False),
        (10, "unknown_set_type", "maybe", False),
        (11, "no_exercise", "2026-03-02T17:05:11.250Z", False),
    ]


def test_liftosaur_of_old_has_one_weight_and_one_rpe() -> None:
    _assert_sets(
        _log("liftosaur_csv/one_weight.csv"),
        """
        row | start_at                  | logged_as             | reps | weight | weight_unit | rpe
        2   | 2023-05-01T05:40:00+00:00 | Bulgarian Split Squat | 8    | 12.5   | kg          | 7
        """,
    )


def test_gymbooks_cells_hold_words_and_units_and_its_heading_names_the_kinds_of_sets() -> None:
    log = _log("gymbook_csv/italian.csv")
    _assert_sets(
        log,
        """
        row | start_local         | logged_as                 | set_type | reps | seconds | weight | weight_unit | note
        2   | 2026-03-02T18:05:00 | Ponte glutei              | warmup   | 20   |         |        |             | lento
        3   | 2026-03-02T18:08:00 | Ponte glutei              | working  | 12   |         | 12.5   | kg          |
        4   | 2026-03-02T18:12:00 | Plank                     | working  |      | 45      |        |             |
        5   | 2026-03-02T18:20:00 | Passeggiata del contadino | working  |      | 90      |        |             |
        6   | 2026-03-02T18:30:00 | Clamshell                 | warmup   | 1    |         |        |             |
        """,
    )
    assert _rules(log) == [
        (7, "not_done", "Squat", True),
        (8, "unknown_set_type", "superset", False),
        (9, "bad_reps", "10 giri", False),
        (10, "bad_weight", "40 libbre", False),
        (11, "empty_set", "Squat", False),
        (12, "bad_date", "2 marzo", False),
        (13, "no_exercise", "02/03/26", False),
    ]


@pytest.mark.parametrize(
    ("sample", "table"),
    [
        (
            "german",
            """
            row | start_local         | logged_as  | set_type | reps | seconds | weight | weight_unit
            2   | 2026-03-02T07:15:00 | Wadenheben | working  | 15   |         | 7.5    | kg
            3   | 2026-03-02T07:20:00 | Seitstütz  | working  |      | 65      |        |
            """,
        ),
        (
            "french",
            """
            row | start_local         | logged_as        | set_type | reps | seconds | weight | weight_unit
            2   | 2025-08-29T09:00:00 | Soulevé de terre | warmup   | 8    |         | 20.5   | kg
            """,
        ),
        (
            "english",
            """
            row | start_local         | logged_as  | set_type | reps | seconds | weight | weight_unit
            2   | 2026-03-25T18:05:00 | Calf Raise | working  | 15   |         | 22.5   | lb
            3   | 2026-03-04T18:05:00 | Calf Raise | working  | 15   |         |        |
            """,
        ),
    ],
)
def test_gymbook_speaks_the_phones_language(sample: str, table: str) -> None:
    _assert_sets(_log(f"gymbook_csv/{sample}.csv"), table)


def test_gymrun_says_no_unit_and_a_bare_duration_is_left_open() -> None:
    log = _log("gymrun_csv/full.csv")
    _assert_sets(
        log,
        """
        row | start_local         | logged_as         | set_type | reps | seconds | weight | weight_unit | note
        2   | 2026-03-02T18:05:11 | Romanian Deadlift | warmup   | 8    |         | 42.5   |             | flat; slow
        3   | 2026-03-02T18:09:40 | Romanian Deadlift | working  | 8    |         | 50     |             |
        4   | 2026-03-02T18:15:00 | Planks            | working  |      | 45      |        |             |
        5   | 2026-03-02T18:17:00 | Planks            | working  |      |         |        |             |
        6   | 2026-03-02T18:20:00 | Rowing            | working  |      |         |        |             |
        """,
    )
    assert _rules(log) == [
        (7, "empty_set", "Planks", False),
        (8, "bad_duration", "soon", False),
        (9, "bad_date", "2 March", False),
        (10, "no_exercise", "02.03.2026", False),
    ]


def test_gymruns_short_file_has_years_of_two_digits() -> None:
    _assert_sets(
        _log("gymrun_csv/entries.csv"),
        """
        row | start_local         | logged_as                      | reps
        2   | 2022-03-28T15:59:39 | Pull-ups; Overhand Medium Grip | 6
        """,
    )


@pytest.mark.parametrize(
    ("clock", "hour"),
    [("6:05 PM", 18), ("12:05 am", 0), ("18:05:59", 18), ("6:05\u202fp.m.", 18), ("25:00", 0), ("?", 0)],
)
def test_a_clock_has_twelve_hours_or_twenty_four_and_an_unreadable_one_costs_only_itself(clock: str, hour: int) -> None:
    row = f"28.03.22;{clock};Plank;1;;6;"
    log = _read("gymrun_csv", f"Date;Time;Exercise;Set;Weight;Reps;Note\n{row}\n".encode())
    assert [start.hour for start in log.sets["start_local"]] == [hour]
