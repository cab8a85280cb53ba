"""Fitbod's app export, its format of 2019 and the extract of its support: sets as logged, at an instant or on a day."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from draw_raw import draw_raw
from polars.testing import assert_frame_equal

from runfix_analytics.parsing import ISO_SHAPE, Line, UnreadableError
from runfix_analytics.rawlog import SETS, RawLog
from runfix_analytics.readers import fitbod_csv, read
from runfix_analytics.sourcefile import SourceFile

_SAMPLES = Path(__file__).parent / "samples" / "fitbod_csv"
_WALL = datetime(2026, 3, 2, 18, 5)


def _log(sample: str) -> RawLog:
    [log] = read([SourceFile("any name", (_SAMPLES / sample).read_bytes())])
    return log


def _rules(log: RawLog) -> list[tuple[int | None, str, str, bool]]:
    return [(problem.row, problem.rule, problem.logged, problem.is_expected) for problem in log.problems]


def _assert_sets(log: RawLog, table: str) -> None:
    expected = draw_raw(SETS, table)
    assert_frame_equal(log.sets.select(expected.columns), expected)


def test_a_set_of_the_app_is_an_instant_with_no_wall_clock_and_pounds_are_rounded_kilograms() -> None:
    log = _log("app.csv")
    _assert_sets(
        log,
        """
        row | start_at                  | start_local | logged_as             | set_type | reps | seconds | weight
        2   | 2023-11-08T01:15:30+00:00 |             | Single Leg Calf Raise | warmup   | 15   |         |
        3   | 2023-11-08T01:15:30+00:00 |             | Single Leg Calf Raise | working  | 12   |         | 9.07
        4   | 2023-11-08T01:15:30+00:00 |             | Side Plank            | working  |      | 35      |
        6   | 2023-11-06T17:02:11+00:00 |             | Running               | working  |      | 1501.25 |
        7   | 2023-11-06T17:02:11+00:00 |             | Farmer's Walk         | working  |      |         | 24.95

        weight_unit | side | rpe | rir | note
                    |      |     |     |
        kg          |      |     |     | off the step, slowly
                    |      |     |     |
                    |      |     |     |
        kg          |      |     |     |
        """,
    )
    assert log.source == "fitbod"


def test_blank_lines_are_no_rows_and_what_cannot_be_read_of_a_fitbod_row_is_a_problem() -> None:
    assert _rules(_log("app.csv")) == [
        (8, "empty_set", "Bird Dog", False),
        (9, "bad_number", "few", False),
        (10, "bad_flag", "maybe", False),
        (11, "bad_date", "11/5/23 17:02", False),
        (12, "no_exercise", "2023-11-05 17:02:11 +0000", False),
    ]


def test_in_2019_a_row_stood_for_equal_sets_and_no_unit_was_said() -> None:
    log = _log("sets_2019.csv")
    _assert_sets(
        log,
        """
        row | start_at                  | logged_as    | set_type | reps | weight | weight_unit | note
        2   | 2019-05-14T10:30:00+00:00 | Hip Thrust   | working  | 10   | 80     |             | belt
        2   | 2019-05-14T10:30:00+00:00 | Hip Thrust   | working  | 10   | 80     |             |
        2   | 2019-05-14T10:30:00+00:00 | Hip Thrust   | working  | 10   | 80     |             |
        3   | 2019-05-14T10:30:00+00:00 | Hip Thrust   | warmup   | 12   | 40     |             |
        4   | 2019-05-14T10:30:00+00:00 | Glute Bridge | working  | 15   |        |             |
        5   | 2019-05-14T10:30:00+00:00 | Glute Bridge | working  | 15   |        |             |
        """,
    )
    assert _rules(log) == [(6, "bad_sets", "1.5", False), (7, "bad_sets", "4000", False)]


def test_the_extract_of_fitbods_support_has_days_alone() -> None:
    log = _log("support.csv")
    _assert_sets(
        log,
        """
        row | start_at | start_local | logged_as     | set_type | reps | seconds | weight | weight_unit
        2   |          | 2025-02-11  | Leg Curl      | working  | 10   |         | 27.22  | kg
        3   |          | 2025-02-11  | Elliptical    | working  |      | 900     |        |
        4   |          | 2025-02-12  | Farmer's Walk | working  |      |         | 18.14  | kg
        """,
    )
    assert log.problems == ()


def test_pounds_decimal_commas_columns_in_another_order_and_a_stated_offset_are_read() -> None:
    _assert_sets(
        _log("lbs.csv"),
        """
        row | start_at                  | start_local         | logged_as  | set_type | reps | weight | weight_unit
        2   | 2024-06-01T23:00:00+00:00 | 2024-06-01T18:00:00 | Seated Row | warmup   | 12   | 45     | lb
        3   |                           | 2024-06-01T18:00:00 | Seated Row | working  | 10   | 62.5   | lb
        """,
    )


def test_the_last_row_of_a_cut_fitbod_file_is_not_kept() -> None:
    whole = (_SAMPLES / "app.csv").read_bytes()
    [log] = fitbod_csv.read([SourceFile("x", whole[: whole.index(b"071858")])])
    assert (list(log.sets["row"]), log.damage) == ([2], "the file ends inside row 3")


@pytest.mark.parametrize(
    "header",
    [
        "Name,StartTime,EndTime,BodyWeight,Exercise,Equipment,Reps,Weight,Time,Distance,Status,IsWarmup,RPE,RIR",
        "Date,Exercise,Category,Weight,Weight Unit,Reps,Distance,Distance Unit,Time",
        "date,exercise,sets,reps,seconds,weight,side,rir,notes",
    ],
)
def test_another_table_is_not_taken_for_fitbod(header: str) -> None:
    assert not fitbod_csv.recognises(SourceFile("x", header.encode()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-02 18:05:00", {"start_local": _WALL}),
        ("2026-03-02T18:05:00.250Z", {"start_at": _WALL.replace(tzinfo=UTC)}),
        ("2026-03-02 18:05 +0000", {"start_at": _WALL.replace(tzinfo=UTC)}),
        ("2026-03-02 18:05:00-00:00", {"start_at": _WALL.replace(tzinfo=UTC)}),
        ("2026-03-02 18:05:00 +0530", {"start_at": datetime(2026, 3, 2, 12, 35, tzinfo=UTC), "start_local": _WALL}),
        ("2026-03-02T18:05:00-08:00", {"start_at": datetime(2026, 3, 3, 2, 5, tzinfo=UTC), "start_local": _WALL}),
    ],
)
def test_a_moment_tells_an_instant_a_wall_clock_or_both(text: str, expected: dict[str, datetime]) -> None:
    assert Line(2, {"date": text}).started("date", ISO_SHAPE) == expected


@pytest.mark.parametrize("text", ["0001-01-01 00:00:00 +1400", "2026-02-30 10:00:00Z", "Z", "2026-03-02-0500"])
def test_a_moment_that_is_none_is_a_bad_date(text: str) -> None:
    with pytest.raises(UnreadableError, match="bad_date"):
        Line(2, {"date": text}).started("date", ISO_SHAPE)
