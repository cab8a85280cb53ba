"""FitNotes for Android, FitNotes 2 and the other maker's "Fit Notes" for iOS: sets as logged, with unit and day."""

from pathlib import Path

import pytest
from draw_raw import draw_raw
from polars.testing import assert_frame_equal

from runfix_analytics.rawlog import SETS, RawLog
from runfix_analytics.readers import fitnotes_csv, fitnotes_ios_csv, read
from runfix_analytics.sourcefile import SourceFile

_SAMPLES = Path(__file__).parent / "samples"
_HEADER = "Date,Exercise,Category,Weight,Weight Unit,Reps,Distance,Distance Unit,Time\n"


def _log(sample: str) -> RawLog:
    [log] = read([SourceFile("any name", (_SAMPLES / sample).read_bytes())])
    return log


def _read(text: str) -> RawLog:
    [log] = read([SourceFile("any name", text.encode())])
    return log


def _rules(log: RawLog) -> list[tuple[int | None, str, str, bool]]:
    return [(problem.row, problem.rule, problem.logged, problem.is_expected) for problem in log.problems]


def _assert_sets(log: RawLog, table: str) -> None:
    expected = draw_raw(SETS, table)
    assert_frame_equal(log.sets.select(expected.columns), expected)


def test_until_2020_the_unit_stands_in_the_heading_and_only_the_day_is_logged() -> None:
    log = _log("fitnotes_csv/android_lbs.csv")
    _assert_sets(
        log,
        """
        row | start_at | start_local | logged_as                   | set_type | reps | seconds | weight | weight_unit
        2   |          | 2018-03-02  | Standing Calf Raise Machine | working  | 15   |         | 120    | lb
        3   |          | 2018-03-02  | Standing Calf Raise Machine | working  | 12   |         | 120    | lb
        4   |          | 2018-03-02  | Clamshell                   | working  | 20   |         |        |
        5   |          | 2018-03-02  | Plank                       | working  |      | 90      |        |
        6   |          | 2018-03-03  | Running (Treadmill)         | working  |      | 1330    |        |
        7   |          | 2018-03-03  | Suitcase Carry              | working  |      |         | 53     | lb

        side | rpe | rir | note
             |     |     | slow, with a pause
             |     |     |
             |     |     |
             |     |     |
             |     |     |
             |     |     |
        """,
    )
    assert log.source == "fitnotes"
    assert _rules(log) == [
        (8, "empty_set", "Bird Dog", False),
        (9, "bad_date", "03/04/2018", False),
        (10, "bad_seconds", "a minute", False),
        (11, "no_exercise", "2018-03-04", False),
    ]


def test_since_2025_each_row_has_its_unit_and_a_name_with_commas_is_one_name_although_nothing_quotes_it() -> None:
    log = _log("fitnotes_csv/android_units.csv")
    _assert_sets(
        log,
        """
        row | start_local | logged_as                                | reps | seconds | weight | weight_unit
        2   | 2025-06-02  | Hip Thrust                               | 10   |         | 62.5   | kg
        3   | 2025-06-02  | Hip Thrust                               | 8    |         | 135    | lb
        4   | 2025-06-02  | Split Squat (Rear Foot Up, Dumbbells)    | 8    |         | 12.5   | kg
        5   | 2025-06-02  | Side Plank (Left, Right, Left)           |      | 45      |        |
        6   | 2025-06-02  | Monster Walk                             |      |         |        |
        9   | 2025-06-03  | Back Extension                           | 12   |         | 10     | kg
        """,
    )
    assert _rules(log) == [
        (7, "unknown_unit", "stone", False),
        (8, "bad_number", "heavy", False),
        (10, "too_many_cells", "2025-06-03, Back Extension", False),
    ]


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("2025-06-02,Press (Seated, Light),Chest,20.0,kgs,8,,,", "Press (Seated, Light)"),
        ("2025-06-02,Squat 5, 3, 1,Legs,60.0,kgs,3,,,", "Squat 5, 3, 1"),
        ("2025-06-02,Bike (Easy, Indoor),Cardio,,,,5.0,km,0:12:00", "Bike (Easy, Indoor)"),
        ('2025-06-02,"Press (Seated, Light)",Chest,20.0,kgs,8,,,', "Press (Seated, Light)"),
        ("2025-06-02,Bike,Cardio,,,,5.0,km,0:12:00,,", "Bike"),
        ("2025-06-02,Squat,Legs,60.0,kgs,8", "Squat"),
    ],
)
def test_a_row_is_read_alike_with_commas_in_its_name_with_blank_cells_too_many_and_with_cells_too_few(
    row: str, name: str
) -> None:
    log = _read(_HEADER + row + "\n")
    assert (list(log.sets["logged_as"]), log.problems) == ([name], ())


def test_fitnotes_2_has_two_weight_columns_and_the_first_that_holds_a_weight_counts() -> None:
    log = _log("fitnotes_csv/ios.csv")
    _assert_sets(
        log,
        """
        row | start_local | logged_as         | set_type | reps | seconds | weight | weight_unit | note
        2   | 2026-04-07  | Romanian Deadlift | working  | 8    |         | 42.5   | kg          | grip gave way
        3   | 2026-04-07  | Romanian Deadlift | working  | 8    |         | 95     | lb          |
        4   | 2026-04-07  | Romanian Deadlift | working  | 6    |         | 97     | lb          |
        5   | 2026-04-07  | Copenhagen Plank  | working  |      | 25      |        |             |
        6   | 2026-04-08  | Sled Push         | working  |      |         | 60     | kg          |
        """,
    )
    assert log.problems == ()


def test_a_spreadsheets_semicolons_and_decimal_commas_are_read_in_fitnotes_logs() -> None:
    log = _log("fitnotes_csv/commas.csv")
    _assert_sets(
        log,
        """
        row | start_local | logged_as                  | reps | seconds | weight | weight_unit
        2   | 2019-11-05  | Seated Row                 | 10   |         | 32.5   | kg
        3   | 2019-11-05  | Seated Row (Wide, Machine) | 12   |         | 30     | kg
        4   | 2019-11-06  | Walking                    |      | 2400    |        |
        """,
    )
    assert log.problems == ()


def test_the_order_and_case_of_fitnotes_headings_and_columns_nobody_knows_do_not_matter() -> None:
    log = _read("TIME,Reps,mood,WEIGHT,Exercise,category,date\n,10,good,20,Hip Thrust,Legs,2025-06-02\n")
    _assert_sets(
        log, "row | start_local | logged_as | reps | weight | weight_unit\n2 | 2025-06-02 | Hip Thrust | 10 | 20 |"
    )


def test_the_last_row_of_a_cut_fitnotes_file_is_not_kept() -> None:
    log = _read(_HEADER + "2025-06-02,Hip Thrust,Legs,60.0,kgs,8,,,\n2025-06-02,Hip Thrust,Legs,6")
    assert (list(log.sets["row"]), log.damage) == ([2], "the file ends inside row 3")


def test_a_set_of_the_ios_app_is_an_instant_and_its_own_body_is_no_load() -> None:
    log = _log("fitnotes_ios_csv/comma.csv")
    _assert_sets(
        log,
        """
        row | start_at                  | start_local         | logged_as            | set_type | reps | weight
        2   | 2025-10-25T22:40:11+00:00 |                     | Goblet Squat         | warmup   | 12   | 12
        3   | 2025-10-25T22:40:11+00:00 |                     | Goblet Squat         | working  | 10   | 17.5
        4   | 2025-10-25T22:40:11+00:00 |                     | Goblet Squat         | working  | 6    | 20
        6   | 2025-10-25T22:40:11+00:00 |                     | Step Up (High, Left) | working  | 8    |
        7   | 2025-10-25T22:40:11+00:00 |                     | Back Extension       | working  | 10   | 5
        8   | 2025-10-25T22:40:11+00:00 |                     | Dead Hang            | working  | 1    |
        9   | 2025-10-25T22:40:11+00:00 |                     | Bench Press          | working  | 8    | 61.5
        11  | 2025-10-27T05:10:00+00:00 | 2025-10-27T06:10:00 | Dead Bug             | working  | 10   |

        seconds | weight_unit | rpe | rir | note
                |             |     |     |
                |             | 7.5 | 3   | upright, to the box
                |             | 10  | 0   |
                |             |     |     |
                |             |     |     |
        40      |             |     |     |
                |             |     |     |
                |             |     |     |
        """,
    )
    assert log.source == "fitnotes_ios"


def test_a_planned_set_of_the_ios_app_is_expected_and_an_unknown_status_is_not() -> None:
    assert _rules(_log("fitnotes_ios_csv/comma.csv")) == [
        (5, "not_done", "Goblet Squat", True),
        (10, "empty_set", "Dead Bug", False),
        (12, "unknown_status", "someday", False),
        (13, "bad_flag", "perhaps", False),
        (14, "bad_seconds", "long", False),
        (15, "no_exercise", "2025-10-27T06:10:00Z", False),
        (16, "no_date", "", False),
    ]


def test_the_ios_apps_workout_names_and_body_weights_are_nowhere_in_the_log() -> None:
    whole = (_SAMPLES / "fitnotes_ios_csv/comma.csv").read_bytes()
    for length in range(whole.index(b"\n") + 1, len(whole), 7):
        [log] = fitnotes_ios_csv.read([SourceFile("x", whole[:length])])
        assert "secret" not in repr((log.sets.to_dicts(), log.problems, log.damage))
    log = _read(
        "Name,StartTime,BodyWeight,Exercise,Reps,Status,IsWarmup\nsecret,2026-01-02T10:00:00Z,70,Plank,9,Done,,x,y\n"
    )
    assert _rules(log) == [(2, "too_many_cells", "2026-01-02T10:00:00Z", False)]


def test_the_ios_apps_points_and_weights_without_a_unit_are_read_where_columns_are_missing() -> None:
    log = _read("isWarmup,Exercise,Weight,Reps,StartTime\nfalse,Hip Thrust,27.5,10,2026-01-02T10:00:00.500Z\n")
    _assert_sets(
        log,
        """
        row | start_at                  | logged_as  | set_type | reps | weight | weight_unit
        2   | 2026-01-02T10:00:00+00:00 | Hip Thrust | working  | 10   | 27.5   |
        """,
    )


@pytest.mark.parametrize(
    "header",
    [
        "Date,Measurement,Value,Unit,Time,Comment",  # FitNotes' body tracker
        "Date,Exercise,Category,Weight (kg),Reps,Comment,Is Completed,Plan Comment",  # another app's backup
        "Date,Workout Name,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes",  # Strong
        "date,exercise,sets,reps,seconds,weight,side,rir,notes",  # the plain sheet
    ],
)
def test_another_table_is_not_taken_for_fitnotes(header: str) -> None:
    file = SourceFile("x", header.encode())
    assert not (fitnotes_csv.recognises(file) or fitnotes_ios_csv.recognises(file))
