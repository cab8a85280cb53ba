"""Garmin Connect's Activities.csv in its languages: one row an activity, local time, no id, no distance unit.

The decimal mark follows the account, not the language of the headings, and is decided once for the whole file:
distances have decimals, calories and steps have none, so any mark in those parts thousands.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from runfix_analytics.parsing import (
    DOTTED_SHAPE,
    ISO_SHAPE,
    Line,
    UnreadableError,
    column_cells,
    columns_of,
    decimal_mark,
    duration_s,
    excerpt,
    parse_export,
    plain,
    positive,
    read_each,
    wording,
)
from runfix_analytics.rawlog import ACTIVITIES, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "garmin_csv"
SOURCE = "garmin"

# Walking to cycling is 1-12 m/s, or 0.0006-0.012 km or miles/s: what lies above counts metres (pool and track).
METRES_ABOVE_PER_S = 0.1
METRES = {"km": 1000.0, "mi": 1609.344}
METRES_PER_FOOT = 0.3048
# Of 1,131 real runs the product of stride, cadence and time is 0.93 to 1.01 of the distance in 98 %: few runs tell.
MIN_RUNS = 5
SAME_WITHIN = 0.1

_OTHER_MARK = {",": ".", ".": ","}
_NOTHING = re.compile(r"[-–—:.,\s]*|nan(:nan)*", re.IGNORECASE)  # "--", and "--:--:--" or "NaN:NaN" for times
_ESCAPE = re.compile(r"'(?=[-+=@])")  # '-16 is how a spreadsheet is told that -16 is no formula
_KINDS = {"run": "run", "indoor_run": "run", "strength": "strength"}


def recognises(file: SourceFile) -> bool:
    """Whether the header is Garmin Connect's; which further columns there are depends on the rows."""
    columns = columns_of(file, wording(READER).header(file))
    return {"activity type", "date", "distance", "time"} <= columns and not columns.isdisjoint({"favorite", "title"})


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of activities for each file, in order."""
    return read_each(files, _read, READER, SOURCE)


@dataclass(frozen=True)
class _Conventions:
    """What one file does not say: its decimal mark, and km or mi where that could be found out."""

    mark: str
    unit: str | None


def _read(file: SourceFile) -> RawLog:
    header = wording(READER).header(file)
    mark = _decimal_mark(file, header)
    unit, how = _distance_unit(file, header, mark)
    conventions = _Conventions(mark, unit)
    parsed = parse_export(file, lambda line: [_activity(line, conventions)], header=header)
    activities = frame(parsed.rows, ACTIVITIES)
    warnings = [how] if how else []
    if unit is None and activities["ascent"].count() > 0:
        warnings.append("Total Ascent is taken as metres; an account that shows miles exports feet")
    n_in_metres = activities.filter(kind="run", distance_unit="m").height
    if n_in_metres:
        warnings.append(f"read as metres, since as km or miles they are beyond any speed: {n_in_metres} runs")
    if activities.height and "run" not in activities["kind"]:
        types = activities["logged_as"].drop_nulls().unique(maintain_order=True)
        warnings.append(f"no activity type is known as a run: {excerpt(', '.join(types))}")
    return RawLog(READER, SOURCE, activities, problems=parsed.problems, warnings=tuple(warnings), damage=parsed.damage)


def _activity(line: Line, conventions: _Conventions) -> dict[str, Any]:
    cells = {name: _ESCAPE.sub("", cell) for name, cell in line.cells.items() if not _NOTHING.fullmatch(cell)}
    told = Line(line.row, cells)
    logged_as = told.text("activity type")
    sport = wording(READER).kinds.get(plain(logged_as), "")
    moving_or_all_s = _duration_s(told, "moving time") or _duration_s(told, "time")
    distance = told.number("distance", mark=conventions.mark)
    ascent = told.number("total ascent", mark=conventions.mark)
    if ascent is not None and conventions.unit == "mi":
        ascent = round(ascent * METRES_PER_FOOT, 1)
    is_in_metres = distance and moving_or_all_s and distance / moving_or_all_s > METRES_ABOVE_PER_S
    unit = None if distance is None else "m" if is_in_metres else conventions.unit
    return {
        "kind": _KINDS.get(sport, "other"),
        "logged_as": logged_as or None,
        "start_local": told.moment("date", ISO_SHAPE, DOTTED_SHAPE),
        "distance": distance,
        "distance_unit": unit,
        "distance_unit_source": "plausibility" if unit else None,
        "duration_s": moving_or_all_s,
        "elapsed_s": _duration_s(told, "elapsed time"),
        "ascent": ascent,
        "is_indoor": sport == "indoor_run" or None,
    }


def _duration_s(line: Line, column: str) -> float | None:
    text = line.text(column)
    try:
        return duration_s(text)
    except ValueError:
        raise UnreadableError(
            "bad_duration", text, f'the column "{column}" must hold a time such as 00:49:40'
        ) from None


def _decimal_mark(file: SourceFile, header: tuple[str, ...]) -> str:
    mark = decimal_mark(column_cells(file, "distance", header))
    whole = [cell for name in ("calories", "steps") for cell in column_cells(file, name, header)]
    thousands = [found[0] for cell in whole if (found := re.search(r"(?<=\d)[.,](?=\d)", cell))]
    return mark or (_OTHER_MARK[thousands[0]] if thousands else ".")


def _distance_unit(file: SourceFile, header: tuple[str, ...], mark: str) -> tuple[str | None, str | None]:
    """The unit that stride length (m), cadence (steps/min) and time tell of the runs' distances, and how; or None."""
    names = ("activity type", "time", "distance", "cadence", "stride length")
    metres_per_unit = []
    for sport, time, *numbers in zip(*(column_cells(file, name, header) for name in names), strict=True):
        distance, cadence, stride = (positive(cell, mark) for cell in numbers)
        is_run = _KINDS.get(wording(READER).kinds.get(plain(sport), "")) == "run"
        if is_run and distance and cadence and stride and (seconds := _seconds(time)):
            metres_per_unit.append(stride * cadence * seconds / 60 / distance)
    factor = median(metres_per_unit) if len(metres_per_unit) >= MIN_RUNS else 0.0
    unit = next((unit for unit, metres in METRES.items() if abs(factor / metres - 1) < SAME_WITHIN), None)
    how = f"Distance is read as {unit}: stride length x cadence x time is {factor:.0f} m for each (median of the runs)"
    return unit, how if unit else None


def _seconds(text: str) -> float:
    try:
        return duration_s(text) or 0.0
    except ValueError:
        return 0.0
