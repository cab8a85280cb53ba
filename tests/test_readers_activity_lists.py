"""Strava's and Garmin Connect's lists: kind, time, distance with its unit, and no word that a runner wrote."""

from pathlib import Path

import pytest
from draw_raw import draw_raw
from polars.testing import assert_frame_equal

from runfix_analytics.rawlog import ACTIVITIES, RawLog
from runfix_analytics.readers import garmin_csv, read, strava_csv
from runfix_analytics.sourcefile import SourceFile

_SAMPLES = Path(__file__).parent / "samples"


def _log(sample: str) -> RawLog:
    [log] = read([SourceFile("any name", (_SAMPLES / sample).read_bytes())])
    return log


def _rules(log: RawLog) -> list[tuple[int | None, str, str]]:
    return [(problem.row, problem.rule, problem.logged) for problem in log.problems]


def _assert_activities(log: RawLog, table: str) -> None:
    expected = draw_raw(ACTIVITIES, table)
    assert_frame_equal(log.activities.select(expected.columns), expected)


def test_strava_gives_utc_and_the_second_distance_in_metres_or_the_first_in_kilometres() -> None:
    log = _log("strava_csv/two_distances.csv")
    _assert_activities(
        log,
        """
        row | kind     | logged_as       | activity_id | start_at                  | distance | distance_unit
        2   | run      | Run             | 101         | 2026-05-29T15:53:35+00:00 | 6325.6   | m
        3   | run      | Virtual Run     | 102         | 2027-01-01T00:05:00+00:00 | 5001     | m
        4   | strength | Weight Training | 103         | 2027-01-01T12:05:00+00:00 | 0        | m
        5   | other    | Ride            | 104         | 2027-01-02T08:00:00+00:00 | 25000    | m
        6   | run      | Run             | 105         | 2027-01-03T08:00:00+00:00 | 2        | km
        """,
    )
    _assert_activities(
        log,
        """
        row | start_local | duration_s | elapsed_s | ascent | rpe | is_indoor
        2   |             | 1411       | 1501      | 61.5     | 7   |
        3   |             | 1790       | 1800      |          |     | true
        4   |             | 2300       | 2400      |          |     |
        5   |             | 3500       | 3600      |          |     |
        6   |             |            | 600       |          |     |
        """,
    )
    assert log.warnings == ()
    assert _rules(log) == [(7, "bad_date", "sometime in May"), (8, "bad_number", "ten minutes")]


@pytest.mark.parametrize(
    ("sample", "unit", "distance", "types", "kinds"),
    [
        ("strava_csv/before_july_2019.csv", "m", 6000.0, ["Run", "Workout"], ["run", "other"]),
        ("strava_csv/july_2019.csv", "km", 6.0, ["Trail Run", "Crossfit"], ["run", "strength"]),
    ],
)
def test_the_unit_of_stravas_lone_distance_is_decided_by_the_speed_and_said(
    sample: str, unit: str, distance: float, types: list[str], kinds: list[str]
) -> None:
    log = _log(sample)
    _assert_activities(
        log,
        f"""
        row | kind       | logged_as  | activity_id | start_at                  | distance   | distance_unit | elapsed_s
        2   | {kinds[0]} | {types[0]} | 11          | 2018-09-12T15:02:23+00:00 | {distance} | {unit}        | 1800
        3   | {kinds[1]} | {types[1]} | 12          | 2018-09-14T05:30:00+00:00 | 0          | {unit}        | 1200
        """,
    )
    assert log.warnings == (f"the one Distance column is read as {unit}: at the median {distance / 1800:.4g} {unit}/s",)


def test_a_lone_distance_that_no_speed_explains_has_no_unit() -> None:
    header = b"Activity ID,Activity Date,Activity Type,Elapsed Time,Distance\n"
    [log] = strava_csv.read([SourceFile("x", header + b'1,"Sep 12, 2018, 3:02:23 PM",Run,,6.0\n')])
    _assert_activities(log, "row | distance | distance_unit\n2 | 6 |")
    assert log.warnings == ("the one Distance column has no unit, and no row tells it",)


def test_garmins_marks_follow_the_file_not_the_language_and_nothing_is_null() -> None:
    log = _log("garmin_csv/decimal_comma.csv")
    _assert_activities(
        log,
        """
        row | kind     | logged_as         | start_local         | distance | distance_unit | duration_s
        2   | run      | Treadmill Running | 2026-01-04T12:38:59 | 3.4      |               | 1011
        3   | run      | Trail Running     | 2026-01-05T07:10:00 | 10.08    |               | 2980.6
        4   | strength | Strength Training | 2026-01-06T18:00:00 | 0        |               | 1860
        5   | other    | Pool Swimming     | 2026-01-07T18:00:00 | 1500     |               | 1800

        elapsed_s | ascent | is_indoor
        1021      |          | true
        3420      | 1204     |
        1860      |          |
        1860      |          |
        """,
    )
    assert log.activities["start_at"].null_count() == log.activities["activity_id"].null_count() == 4
    assert log.warnings == ("Total Ascent is taken as metres; an account that shows miles exports feet",)
    assert _rules(log) == [(6, "bad_date", "05/01/2026 07:10"), (7, "bad_duration", "ages")]


def test_garmins_decimal_point_makes_the_comma_part_thousands() -> None:
    _assert_activities(
        _log("garmin_csv/decimal_point.csv"),
        """
        row | kind | logged_as    | distance | duration_s | elapsed_s | ascent | is_indoor
        2   | run  | Running      | 26.25    | 14100      | 15000     | 1204     |
        3   | run  | Indoor Track | 3.4      | 1021       | 1050      | 0        | true
        """,
    )


@pytest.mark.parametrize(("steps", "ascent"), [("2,932", 1204.0), ("2.932", 1.204)])
def test_whole_numbers_tell_garmins_marks_where_no_distance_does(steps: str, ascent: float) -> None:
    content = (
        "Activity Type,Date,Favorite,Title,Distance,Steps,Time,Total Ascent\n"
        f'Running,2026-01-04 12:38:59,false,x,--,"{steps}",00:10:00,"1,204"\n'
    )
    [log] = garmin_csv.read([SourceFile("x", content.encode())])
    assert list(log.activities["ascent"]) == [ascent]


def test_a_list_cut_inside_a_row_says_so_and_keeps_the_rows_before() -> None:
    whole = (_SAMPLES / "garmin_csv/decimal_point.csv").read_bytes()
    [log] = garmin_csv.read([SourceFile("x", whole[: whole.rindex(b",255")])])
    assert list(log.activities["row"]) == [2]
    assert _rules(log) == [(3, "cut_off", "Indoor Track, 2026-01-05 12:38:59")]
    assert log.damage == "the file ends inside row 3"
