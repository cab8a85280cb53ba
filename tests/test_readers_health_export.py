"""The workouts CSV of phone apps: two header families, units in the headings, wall clocks without a zone."""

from pathlib import Path

import polars as pl
import pytest
from draw_raw import draw_raw
from polars.testing import assert_frame_equal

from runfix_analytics.rawlog import ACTIVITIES, RawLog
from runfix_analytics.readers import health_export_csv, reader_of
from runfix_analytics.sourcefile import SourceFile

_SAMPLES = Path(__file__).parent / "samples" / "health_export_csv"
_DATED = "Date,Active energy burned(kcal),Activity,Distance(km),Duration({unit}),Elevation: Ascended(m)\n"


def _read(content: bytes) -> RawLog:
    [log] = health_export_csv.read([SourceFile("any name", content)])
    return log


def _sample(name: str) -> RawLog:
    return _read((_SAMPLES / name).read_bytes())


def _problems(log: RawLog) -> list[tuple[int | None, str, str]]:
    return [(problem.row, problem.rule, problem.logged) for problem in log.problems]


def _assert_activities(log: RawLog, drawing: str) -> None:
    """The drawn columns are as drawn, all others empty."""
    expected = draw_raw(ACTIVITIES, drawing)
    assert_frame_equal(log.activities.select(expected.columns), expected)
    rest = log.activities.drop(expected.columns)
    assert rest.select(pl.all().is_null().all()).row(0) == (True,) * rest.width


def test_start_and_end_in_one_cell_give_the_wall_clock_and_the_time_with_pauses() -> None:
    log = _sample("date_range.csv")
    _assert_activities(
        log,
        """
        row | kind     | logged_as                     | start_local         | is_indoor
        2   | run      | Running                       | 2026-03-04 07:00:00 |
        3   | run      | Outdoor Run                   | 2026-03-05 18:10:03 |
        4   | run      | Indoor Run                    | 2026-03-06 19:00:00 | true
        5   | strength | Traditional Strength Training | 2026-03-07 09:00:00 |
        6   | strength | Core Training                 | 2026-03-08 09:00:00 |
        7   | other    | Cycling                       | 2026-03-09 12:00:00 |

        distance | distance_unit | duration_s | elapsed_s | ascent
        5.21     | km            | 1790.5     | 1812      | 41.5
        7.004    | km            | 2520       | 2520      |
        4        | km            | 1500       | 1500      |
        0        | km            | 2400       | 2400      |
                 |               | 900        | 900       |
        21.4     | km            | 3600       | 3600      | 120
        """,
    )
    assert _problems(log) == [(8, "bad_number", "n/a"), (9, "no_date", "300")]


def test_the_newer_family_has_clock_durations_miles_and_feet() -> None:
    log = _sample("start_end.csv")
    _assert_activities(
        log,
        """
        row | kind     | logged_as                    | start_local         | distance | distance_unit
        2   | run      | Running                      | 2026-03-04 07:00:00 | 3.25     | mi
        3   | strength | Functional Strength Training | 2026-03-05 18:00:00 |          |
        4   | other    | Walking                      | 2025-10-26 02:50:00 | 1.1      | mi

        duration_s | elapsed_s | ascent
        1812       | 1860      | 30.48
        2700       | 2700      |
        1800       |           |
        """,
    )
    assert _problems(log) == [(5, "bad_date", "4 March")]


@pytest.mark.parametrize(
    ("unit", "cell"), [("Seconds", "1830"), ("min", "30.5"), ("min", "0:30:30"), ("hr", "0.50833333")]
)
def test_a_duration_has_the_unit_of_its_heading_unless_it_is_a_clock(unit: str, cell: str) -> None:
    row = f"2026-03-04 07:00:00 - 2026-03-04 07:31:00,300,Running,5,{cell},\n"
    log = _read((_DATED.format(unit=unit) + row).encode())
    assert log.activities["duration_s"].to_list() == pytest.approx([1830.0])


def test_a_semicolon_file_has_decimal_commas() -> None:
    header = _DATED.format(unit="min").replace(",", ";")
    log = _read((header + "2026-03-04 07:00:00 - 2026-03-04 07:31:00;300;Running;5,25;30,5;12,5\n").encode())
    assert log.activities.select("distance", "duration_s", "ascent").rows() == [(5.25, 1830.0, 12.5)]


def test_a_distance_in_a_unit_that_is_none_of_ours_is_a_problem_and_no_guess() -> None:
    header = _DATED.format(unit="min").replace("(km)", "(yd)")
    log = _read((header + "2026-03-04 07:00:00 - 2026-03-04 07:31:00,300,Running,5000,30,\n").encode())
    assert _problems(log) == [(2, "unknown_unit", "5000 yd")]


def test_a_start_with_an_offset_tells_both_clocks() -> None:
    row = "2026-03-04 07:00:00 +0100 - 2026-03-04 07:31:00 +0100,300,Running,5,1800,\n"
    _assert_activities(
        _read((_DATED.format(unit="Seconds") + row).encode()),
        """
        row | kind | logged_as | start_at                  | start_local         | distance | distance_unit
        2   | run  | Running   | 2026-03-04 06:00:00+00:00 | 2026-03-04 07:00:00 | 5        | km

        duration_s | elapsed_s
        1800       | 1860
        """,
    )


@pytest.mark.parametrize(
    "header",
    [
        _DATED.format(unit="Seconds"),
        "Workout Type,Start,End,Duration,Active Energy (kJ),Max. Heart Rate (count/min),Distance (km)\n",
    ],
)
def test_a_file_is_recognised_by_its_headings_whatever_the_units(header: str) -> None:
    assert reader_of(SourceFile("any name", header.encode())) == "health_export_csv"
