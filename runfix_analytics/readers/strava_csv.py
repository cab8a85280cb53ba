"""Strava's bulk export, activities.csv: one row an activity, 10 to 103 English columns, found by name.

Activity Date is UTC and the file knows no zone. Names, descriptions and notes are never read. Distance comes twice in
most generations (kilometres as text, then metres); where it comes once, its unit is decided for the whole file.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from functools import partial
from statistics import median
from typing import Any

from runfix_analytics.errors import ReadError
from runfix_analytics.parsing import (
    ISO_SHAPE,
    MONTH_FIRST_SHAPE,
    Line,
    columns_of,
    decimal_mark,
    number,
    parse_export,
)
from runfix_analytics.rawlog import ACTIVITIES, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "strava_csv"
SOURCE = "strava"

# Walking to cycling is 1-12 m/s, or 0.001-0.012 km/s: anything between tells metres from kilometres.
METRES_ABOVE_PER_S = 0.1

_RUNS = frozenset({"run", "trailrun", "virtualrun", "treadmill"})
_STRENGTH = frozenset({"weighttraining", "crossfit"})
_INDOOR = frozenset({"virtualrun", "treadmill"})
_ELAPSED = ("elapsed time#2", "elapsed time", "elapsed_time")


def recognises(file: SourceFile) -> bool:
    """Whether the header is one of Strava's English ones, or that of before July 2019."""
    columns = columns_of(file)
    is_old = {"id", "date", "type", "elapsed_time", "distance", "commute"} <= columns
    return is_old or {"activity id", "activity date", "activity type"} <= columns


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of activities for each file, in order."""
    for file in files:
        try:
            yield _read(file)
        except ReadError as error:
            yield RawLog(READER, SOURCE, error=str(error))


def _read(file: SourceFile) -> RawLog:
    mark = decimal_mark(_cells(file, "Distance")) or "."
    unit, warnings = ("km", ()) if "distance#2" in columns_of(file) else _lone_distance_unit(file, mark)
    parsed = parse_export(file, lambda line: [_activity(line, unit, mark)])
    activities = frame(parsed.rows, ACTIVITIES)
    return RawLog(READER, SOURCE, activities, problems=parsed.problems, warnings=warnings, damage=parsed.damage)


def _activity(line: Line, unit: str | None, mark: str) -> dict[str, Any]:
    logged_as = line.text("activity type", "type")
    sport = logged_as.casefold().replace(" ", "")
    metres = line.number("distance#2")
    distance = line.number("distance", mark=mark) if metres is None else metres
    distance_unit = unit if metres is None else "m"
    date = "date" if "date" in line.cells else "activity date"
    return {
        "kind": "run" if sport in _RUNS else "strength" if sport in _STRENGTH else "other",
        "logged_as": logged_as or None,
        "activity_id": line.text("activity id", "id") or None,
        "start_at": line.moment(date, MONTH_FIRST_SHAPE, ISO_SHAPE).replace(tzinfo=UTC),
        "distance": distance,
        "distance_unit": None if distance is None else distance_unit,
        "duration_s": line.number("moving time"),
        "elapsed_s": line.number(*_ELAPSED),
        "ascent": line.number("elevation gain"),
        "rpe": line.number("perceived exertion"),
        "is_indoor": sport in _INDOOR or None,
    }


def _lone_distance_unit(file: SourceFile, mark: str) -> tuple[str | None, tuple[str, ...]]:
    """The unit of a Distance column that has no second one, by the median speed over the file, and how it was found."""
    distances = map(partial(_positive, mark=mark), _cells(file, "Distance"))
    times = map(partial(_positive, mark="."), _cells(file, "Elapsed Time", "elapsed_time"))
    speeds = [distance / time for distance, time in zip(distances, times, strict=True) if distance and time]
    if not speeds:
        return None, ("the one Distance column has no unit, and no row tells it",)
    unit = "m" if median(speeds) > METRES_ABOVE_PER_S else "km"
    return unit, (f"the one Distance column is read as {unit}: at the median {median(speeds):.4g} {unit}/s",)


def _cells(file: SourceFile, *names: str) -> Sequence[str]:
    """The first column of these names, '' for rows that end before it."""
    place = file.sheet.column(*names)
    rows = [row.cells for row in file.sheet.rows]
    return ["" if place is None or len(cells) <= place else cells[place] for cells in rows]


def _positive(text: str, mark: str) -> float | None:
    try:
        return max(number(text, mark) or 0.0, 0.0)
    except ValueError:
        return None
