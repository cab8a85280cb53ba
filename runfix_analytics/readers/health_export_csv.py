"""The workouts CSV that phone apps write from Apple Health (Health Export, Health Auto Export): one row a workout.

Two header families: `Date` with start and end in one cell, or `Type` (`Workout Type`), `Start` and `End`. Units stand
in the headings, in brackets. Times are the phone's wall clock, without a zone. Titles and places are not read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from runfix_analytics.parsing import (
    ISO_SHAPE,
    Line,
    UnreadableError,
    columns_of,
    decimal_marks,
    duration_s,
    parse_export,
    plain,
    read_each,
)
from runfix_analytics.rawlog import ACTIVITIES, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "health_export_csv"
SOURCE = "apple_health"  # whose workouts these are: the app only writes them down

_RANGE = frozenset({"date", "activity", "duration"})
_START_END = frozenset({"start", "end", "duration"})
_TYPES = frozenset({"type", "workout type"})
_OF_THE_APPS = frozenset({"active energy burned", "mets average"})
_ENERGIES = frozenset({"total energy", "active energy"})
_ASCENT = ("elevation: ascended", "elevation ascended")
_HEADING = re.compile(r"(?P<name>.*?)\s*\((?P<unit>[^()]*)\)")
_DISTANCE_UNITS = ("m", "km", "mi")
_SECONDS = {"s": 1, "sec": 1, "seconds": 1, "min": 60, "minutes": 60, "h": 3600, "hr": 3600, "hours": 3600}
_METRES = {"m": 1.0, "ft": 0.3048}
_INDOOR = frozenset({"indoorrun", "indoorrunning", "treadmillrunning"})
_KINDS = {
    **dict.fromkeys(
        ("running", "run", "outdoorrun", "outdoorrunning", "trackrunning", "trailrunning", *_INDOOR), "run"
    ),
    **dict.fromkeys(
        ("traditionalstrengthtraining", "functionalstrengthtraining", "strengthtraining", "coretraining"), "strength"
    ),
}


def recognises(file: SourceFile) -> bool:
    """Whether the columns are those of one of the two families, whatever their units."""
    columns = columns_of(file, _names(file.header))
    is_range = columns >= _RANGE and bool(columns & _OF_THE_APPS)
    return is_range or (columns >= _START_END and bool(columns & _TYPES) and bool(columns & _ENERGIES))


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of activities for each file, in order; strength workouts hold no sets."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    header = _names(file.sheet.header)
    marks = decimal_marks(file, ("distance", "duration", *_ASCENT), header)
    parsed = parse_export(file, partial(_workout, _units(file.sheet.header), marks), header=header)
    return RawLog(READER, SOURCE, frame(parsed.rows, ACTIVITIES), problems=parsed.problems, damage=parsed.damage)


def _workout(units: Mapping[str, str], marks: Mapping[str, str], line: Line) -> Iterator[dict[str, Any]]:
    word = line.text("activity", "type", "workout type")
    start, end = _times(line)
    distance = line.number("distance", mark=marks["distance"])
    unit = units.get("distance")
    if distance is not None and unit and unit not in _DISTANCE_UNITS:
        raise UnreadableError("unknown_unit", f"{distance:g} {unit}", "export distances in km, mi or m")
    yield {
        "kind": _KINDS.get(plain(word), "other"),
        "logged_as": word or None,
        **start,
        "distance": distance,
        "distance_unit": unit if distance is not None else None,
        "duration_s": _duration(line, units.get("duration"), marks["duration"]),
        "elapsed_s": _elapsed(start, end),
        "ascent": _ascent(line, units, marks),
        "is_indoor": True if plain(word) in _INDOOR else None,
    }


def _times(line: Line) -> tuple[dict[str, datetime], dict[str, datetime]]:
    """Start and end; the end is empty where none is stated."""
    column = "date" if "date" in line.cells else "start"
    start, _, end = (part.strip() for part in line.text(column).partition(" - "))
    ending = Line(line.row, {"end": end or line.text("end")})
    started = Line(line.row, {**line.cells, column: start}).started(column, ISO_SHAPE)
    return started, ending.started("end", ISO_SHAPE) if ending.text("end") else {}


def _elapsed(start: Mapping[str, datetime], end: Mapping[str, datetime]) -> float | None:
    """Seconds from start to end; None where no end is stated, or the clocks were put back between them."""
    both = sorted(start.keys() & end.keys())
    seconds = (end[both[0]] - start[both[0]]).total_seconds() if both else 0.0
    return seconds if seconds > 0 else None


def _duration(line: Line, unit: str | None, mark: str) -> float | None:
    text = line.text("duration")
    if ":" not in text and unit in _SECONDS:
        value = line.number("duration", mark=mark)
        return None if value is None else value * _SECONDS[unit]
    try:
        return duration_s(f"{text} {unit}" if text and unit and ":" not in text else text)
    except ValueError:
        advice = '"duration" must be 0:30:12, or a number whose unit stands in the heading: Duration(Seconds)'
        raise UnreadableError("bad_duration", text, advice) from None


def _ascent(line: Line, units: Mapping[str, str], marks: Mapping[str, str]) -> float | None:
    """Metres; None where a unit is not said, since it would be taken for the account's."""
    name = next((name for name in _ASCENT if name in line.cells), None)
    metres = _METRES.get(units.get(name or "", ""))
    if name is None or metres is None or "distance" not in units:
        return None
    value = line.number(name, mark=marks[name])
    return None if value is None else round(value * metres, 3)


def _names(header: Iterable[str]) -> tuple[str, ...]:
    """The headings without their units."""
    return tuple(found["name"] if (found := _HEADING.fullmatch(cell)) else cell for cell in header)


def _units(header: Iterable[str]) -> dict[str, str]:
    """The units by the name under which a `Line` knows the column, in lower case."""
    found = [_HEADING.fullmatch(cell) for cell in header]
    return {match["name"].casefold(): match["unit"].strip().casefold() for match in found if match}
