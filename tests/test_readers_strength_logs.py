"""Strong, Hevy and the hand-kept sheet: sets as logged, with unit, type and side."""

from pathlib import Path

import pytest
from draw_raw import draw_raw
from polars.testing import assert_frame_equal

from runfix_analytics.rawlog import SETS, RawLog
from runfix_analytics.readers import hevy_csv, read, strength_sheet, strong_csv
from runfix_analytics.sourcefile import SourceFile

_SAMPLES = Path(__file__).parent / "samples"


def _log(sample: str) -> RawLog:
    [log] = read([SourceFile("any name", (_SAMPLES / sample).read_bytes())])
    return log


def _rules(log: RawLog) -> list[tuple[int | None, str, str, bool]]:
    return [(problem.row, problem.rule, problem.logged, problem.is_expected) for problem in log.problems]


def _assert_sets(log: RawLog, table: str) -> None:
    expected = draw_raw(SETS, table)
    assert_frame_equal(log.sets.select(expected.columns), expected)


def test_strongs_set_order_tells_warm_ups_from_working_sets_and_zeros_are_nothing_entered() -> None:
    _assert_sets(
        _log("strong_csv/ios.csv"),
        """
        row | start_local         | logged_as             | set_type | reps | seconds | weight
        2   | 2026-03-02T18:05:00 | Single Leg Calf Raise | warmup   | 15   |         |
        3   | 2026-03-02T18:05:00 | Single Leg Calf Raise | working  | 12   |         | 150
        5   | 2026-03-02T18:05:00 | Single Leg Calf Raise | working  | 8    |         | 100
        8   | 2026-03-02T18:05:00 | Plank                 | working  |      | 45      |
        9   | 2026-03-02T18:05:00 | Farmer’s Carry        | working  |      |         | 24

        weight_unit | rpe | note
                    |     | slow, three down
                    | 8.5 |
                    |     |
                    |     |
                    |     |
        """,
    )


def test_strongs_rest_timers_and_note_rows_are_expected_and_an_empty_set_is_not() -> None:
    assert _rules(_log("strong_csv/ios.csv")) == [
        (4, "rest_timer", "Rest Timer", True),
        (6, "note_row", "Note", True),
        (10, "empty_set", "Bird Dog", False),
    ]


def test_android_strong_has_the_unit_in_the_heading_and_may_write_decimal_commas() -> None:
    log = _log("strong_csv/android.csv")
    _assert_sets(
        log,
        """
        row | start_local         | logged_as                   | reps | seconds | weight | weight_unit | rpe
        2   | 2026-03-04T07:00:00 | Romanian Deadlift (Barbell) | 8    |         | 62.5   | kg          |
        3   | 2026-03-04T07:00:00 | Romanian Deadlift (Barbell) | 8    |         | 60     | kg          | 9
        """,
    )
    assert _rules(log) == [(4, "bad_date", "03/04/2026 07:00", False), (5, "bad_number", "heavy", False)]


def test_strongs_unit_may_stand_in_each_row() -> None:
    log = _log("strong_csv/unit_per_row.csv")
    _assert_sets(
        log,
        """
        row | logged_as    | reps | weight | weight_unit
        2   | Goblet Squat | 10   | 35     | lb
        3   | Goblet Squat | 10   | 16     | kg
        """,
    )
    assert _rules(log) == [
        (4, "unknown_unit", "stone", False),
        (5, "no_exercise", "2026-03-05 06:30:00, A", False),
        (6, "too_many_cells", "2026-03-05 06:30:00, A", False),
    ]


def test_strong_of_2016_counts_sets_from_zero_and_names_its_unit_as_the_heading() -> None:
    _assert_sets(
        _log("strong_csv/ios_2016.csv"),
        """
        row | start_local         | logged_as         | set_type | reps | weight | weight_unit
        2   | 2016-05-05T17:32:12 | Seated Calf Raise | working  | 15   | 90     | lb
        3   | 2016-05-05T17:32:12 | Seated Calf Raise | working  | 14   | 90     | lb
        """,
    )


def test_strong_in_german_has_marks_of_its_own_in_every_column() -> None:
    log = _log("strong_csv/german.csv")
    _assert_sets(
        log,
        """
        row | start_local         | logged_as             | set_type | reps | seconds | weight | weight_unit
        2   | 2026-03-06T18:00:00 | Bulgarian Split Squat | warmup   | 10   |         | 8      |
        3   | 2026-03-06T18:00:00 | Bulgarian Split Squat | working  | 10   |         | 12.5   |
        4   | 2026-03-06T18:00:00 | Plank                 | working  |      | 60      |        |

        rpe | note
            |
        8.5 | links zuerst
            |
        """,
    )
    assert log.problems == ()


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (
            "Workout #,Date,Workout Name,Duration (sec),Exercise Name,Set Order,Weight (lbs),Reps,Distance (meters),"
            "Seconds,Notes,Workout Notes,RPE",
            '3,2026-03-02 18:05:00,A,1800,Squat,1,135,5,,,"",,8',
        ),
        (
            "Date;Workout Name;Exercise Name;Set Order;Weight;Weight Unit;Reps;RPE;Distance;Distance Unit;Seconds;"
            "Notes;Workout Notes;Workout Duration",
            "2026-03-02 18:05:00;A;Squat;1;135;lbs;5;8;;;;;;30m",
        ),
        (
            '"Date","Workout Name","Duration","Exercise Name","Set Order","lbs","Reps","Distance","Seconds","RPE"',
            '"2026-03-02T18:05:00","A","1h 10m","Squat","D1","135.0","5.0","0","0.0","8"',
        ),
    ],
)
def test_strongs_further_headers_say_the_same(header: str, row: str) -> None:
    [log] = read([SourceFile("x", f"{header}\n{row}\n".encode())])
    _assert_sets(
        log,
        """
        row | start_local         | logged_as | set_type | reps | seconds | weight | weight_unit | rpe
        2   | 2026-03-02T18:05:00 | Squat     | working  | 5    |         | 135    | lb          | 8
        """,
    )
    assert log.problems == ()


def test_a_strong_row_cut_inside_a_number_is_not_kept_with_half_the_number() -> None:
    whole = (_SAMPLES / "strong_csv/ios_2016.csv").read_bytes()
    [log] = strong_csv.read([SourceFile("x", whole[: whole.rindex(b"4,0,0,")])])
    assert list(log.sets["row"]) == [2]
    assert _rules(log) == [(3, "cut_off", "2016-05-05 17:32:12, Legs", False)]
    assert log.damage == "the file ends inside row 3"


def test_hevys_sets_have_both_date_shapes_and_the_unit_of_the_heading() -> None:
    log = _log("hevy_csv/kg.csv")
    _assert_sets(
        log,
        """
        row | start_local         | logged_as        | set_type | reps | seconds | weight
        2   | 2026-04-08T16:50:00 | Clamshell        | warmup   | 20   |         |
        3   | 2026-04-08T16:50:00 | Clamshell        | working  | 15   |         |
        4   | 2026-04-08T16:50:00 | Plank            | working  |      | 62      |
        5   | 2026-04-10T18:00:00 | Seated Cable Row | working  | 10   |         | 42.5
        7   | 2026-04-08T16:50:00 | Seated Cable Row | working  | 10   |         | 42.5

        weight_unit | rpe | note
                    |     | green band
                    | 7.5 |
                    |     |
        kg          |     |
        kg          |     |
        """,
    )
    assert _rules(log) == [
        (6, "unknown_set_type", "myorep", False),
        (8, "bad_date", "8 smarch 2026, 16:50", False),
        (9, "empty_set", "Dead Bug", False),
    ]


@pytest.mark.parametrize(
    "start",
    ["8. Apr. 2026, 16:50", "8 abr 2026, 16:50", "8 kwi 2026, 16:50", "8 Apr 2026, 4:50 PM", "Apr 8, 2026, 16:50"],
)
def test_hevys_months_are_those_of_the_phone(start: str) -> None:
    content = f'start_time,exercise_title,set_index,set_type,reps,weight_kg\n"{start}",Squat,0,normal,5,"62,5"\n'
    [log] = hevy_csv.read([SourceFile("x", content.encode())])
    _assert_sets(log, "row | start_local | weight\n2 | 2026-04-08T16:50:00 | 62.5")


def test_a_hevy_set_with_a_distance_alone_is_a_set() -> None:
    _assert_sets(
        _log("hevy_csv/lbs_miles.csv"),
        """
        row | start_local         | logged_as    | set_type | reps | seconds | weight | weight_unit
        2   | 2026-12-31T23:59:00 | Farmers Walk | working  |      |         | 53     | lb
        """,
    )


def test_a_row_of_the_sheet_is_as_many_sets_as_it_says() -> None:
    _assert_sets(
        _log("strength_sheet/plain.csv"),
        """
        row | start_local | logged_as             | set_type | side  | reps | seconds | weight
        2   | 2026-03-02  | single-leg calf raise | working  | left  | 12   |         | 12.5
        2   | 2026-03-02  | single-leg calf raise | working  | left  | 12   |         | 12.5
        3   | 2026-03-02  | plank                 | working  |       |      | 45      |
        3   | 2026-03-02  | plank                 | working  |       |      | 45      |
        3   | 2026-03-02  | plank                 | working  |       |      | 45      |
        4   | 2026-03-02  | side plank            | working  | right |      | 60      |
        5   | 2026-03-03  | bird dog              | working  | both  | 10   |         |
        5   | 2026-03-03  | bird dog              | working  | both  | 10   |         |
        6   | 2026-03-03  | seated row            | working  | both  | 8    |         | 25
        7   | 2026-03-03  | leg press             | working  |       | 8    |         | 60
        9   | 2026-03-04  | none                  |          |       |      |         |
        10  | 2026-03-05  | dead bug              | working  |       |      |         |

        weight_unit | rir | note
        kg          | 2   | on the step
        kg          | 2   |
                    |     |
                    |     |
                    |     |
                    |     |
                    | 3   |
                    | 3   |
        lb          |     |
                    |     |
                    |     |
                    |     |
        """,
    )


def test_what_the_sheet_says_twice_or_unreadably_is_a_problem() -> None:
    assert _rules(_log("strength_sheet/plain.csv")) == [
        (11, "bad_reps", "AMRAP", False),
        (12, "said_twice", "2, 3x12", False),
        (13, "bad_sets", "1000000", False),
        (14, "bad_weight", "heavy", False),
        (15, "bad_side", "front", False),
        (16, "no_exercise", "2026-03-06", False),
        (17, "bad_date", "6 March", False),
        (18, "none_with_sets", "2026-03-07, none", False),
        (19, "bad_seconds", "soon", False),
        (20, "bad_number", "few", False),
        (21, "too_many_cells", "2026-03-07, squat", False),
    ]


def test_a_date_and_an_exercise_are_a_sheet_and_one_set() -> None:
    _assert_sets(
        _log("strength_sheet/two_columns.csv"),
        """
        row | start_local | logged_as | set_type | reps | seconds
        2   | 2026-03-02  | wall sit  | working  |      |
        """,
    )


def test_the_template_of_the_sheet_is_read_without_a_problem() -> None:
    file = SourceFile("template.csv", strength_sheet.template().encode())
    assert file.header == tuple(column for column, _ in strength_sheet.describe())
    [log] = read([file])
    assert (log.problems, log.warnings) == ((), ())
    _assert_sets(
        log,
        """
        row | start_local | logged_as             | side | reps | seconds | weight | weight_unit | rir | note
        2   | 2026-03-02  | single-leg calf raise | left | 12   |         | 10     | kg          | 2   |
        2   | 2026-03-02  | single-leg calf raise | left | 12   |         | 10     | kg          | 2   |
        2   | 2026-03-02  | single-leg calf raise | left | 12   |         | 10     | kg          | 2   |
        3   | 2026-03-02  | plank                 |      |      | 45      |        |             |     |
        3   | 2026-03-02  | plank                 |      |      | 45      |        |             |     |
        3   | 2026-03-02  | plank                 |      |      | 45      |        |             |     |
        4   | 2026-03-04  | bird dog              | both | 10   |         |        |             | 3   | each side
        4   | 2026-03-04  | bird dog              | both | 10   |         |        |             | 3   |
        5   | 2026-03-06  | none                  |      |      |         |        |             |     |
        """,
    )


@pytest.mark.parametrize(
    "header",
    [
        "Date,Exercise,Category,Weight,Weight Unit,Reps,Distance,Distance Unit,Time",  # FitNotes
        "Date,Exercise,Sets,Reps,Weight,isWarmup,Note",  # Fitbod 2019
        "Date,Exercise,Reps,Weight(kg),Duration(s),Distance(m),Incline,Resistance,isWarmup,Note,multiplier",  # Fitbod
    ],
)
def test_an_apps_export_is_not_taken_for_a_plain_sheet(header: str) -> None:
    assert not strength_sheet.recognises(SourceFile("x", header.encode()))


def test_blank_headings_beside_the_sheet_do_no_harm() -> None:
    file = SourceFile("x", b"date;exercise;reps;;\n2026-03-02;plank;12;;\n")
    assert strength_sheet.recognises(file)
    _assert_sets(next(iter(strength_sheet.read([file]))), "row | logged_as | reps\n2 | plank | 12")


def test_a_sheet_that_ends_inside_a_giant_cell_is_damaged_and_harms_no_other_file() -> None:
    giant = b'title,start_time,exercise_title,set_index,set_type,reps\n"' + b"x" * 200_000
    good = (_SAMPLES / "hevy_csv/lbs_miles.csv").read_bytes()
    bad_log, good_log = hevy_csv.read([SourceFile("bad", giant), SourceFile("good", good)])
    assert bad_log.damage is not None
    assert (good_log.error, good_log.n_rows) == (None, 1)
