"""Strong (iOS and Android): one row a set. Weight units stand in the heading, in a column of their own, or nowhere.

Zeros are what the app writes where nothing was entered, so a weight, count or time of 0 becomes null.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from runfix_analytics.errors import ReadError
from runfix_analytics.parsing import ISO_SHAPE, Line, UnreadableError, columns_of, decimal_mark, note, parse_export
from runfix_analytics.rawlog import SETS, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "strong_csv"
SOURCE = "strong"

_WEIGHT_COLUMNS = {
    "weight": None,
    "weight (kg)": "kg",
    "kg": "kg",
    "weight (lbs)": "lb",
    "weight (lb)": "lb",
    "lb": "lb",
    "lbs": "lb",
}
_UNITS = {"": None, "kg": "kg", "kgs": "kg", "lb": "lb", "lbs": "lb"}
_DISTANCE_COLUMNS = ("distance", "distance (meters)", "km", "mi")
_NO_SETS = {"rest timer": "rest_timer", "note": "note_row"}
_WORKING_SET = re.compile(r"\d+|[DF]", re.IGNORECASE)


def recognises(file: SourceFile) -> bool:
    """Whether the header is one of Strong's."""
    return {"date", "workout name", "exercise name", "set order", "reps"} <= columns_of(file)


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of sets for each file, in order; times are the phone's wall clock."""
    for file in files:
        try:
            yield _read(file)
        except ReadError as error:
            yield RawLog(READER, SOURCE, error=str(error))


def _read(file: SourceFile) -> RawLog:
    weight_column = next((name for name in _WEIGHT_COLUMNS if name in columns_of(file)), "weight")
    place = file.sheet.column(weight_column)
    weights = (row.cells[place] for row in file.sheet.rows if place is not None and len(row.cells) > place)
    mark = decimal_mark(weights) or "."

    def parse(line: Line) -> list[dict[str, Any]]:
        return [_set(line, weight_column, mark)]

    parsed = parse_export(file, parse)
    return RawLog(READER, SOURCE, sets=frame(parsed.rows, SETS), problems=parsed.problems, damage=parsed.damage)


def _set(line: Line, weight_column: str, mark: str) -> dict[str, Any]:
    exercise = line.text("exercise name")
    weight = line.number(weight_column, mark=mark) or None
    set_type = _set_type(line.text("set order"))
    reps, seconds = line.number("reps", mark=mark) or None, line.number("seconds", mark=mark) or None
    if not exercise:
        raise UnreadableError("no_exercise", line.start, "the row names no exercise")
    if not (reps or seconds or line.number(*_DISTANCE_COLUMNS, mark=mark)):
        raise UnreadableError("empty_set", exercise, "neither repetitions nor seconds nor a distance are logged")
    return {
        "start_local": line.moment("date", ISO_SHAPE),
        "logged_as": exercise,
        "set_type": set_type,
        "reps": reps,
        "seconds": seconds,
        "weight": round(weight, 2) if weight else None,  # pounds kept as kilograms come as 149.99999999999997
        "weight_unit": _weight_unit(line, weight_column) if weight else None,
        "rpe": line.number("rpe", mark=mark),
        "note": note(line.text("notes")),
    }


def _set_type(order: str) -> str:
    if order.casefold() in _NO_SETS:
        raise UnreadableError(_NO_SETS[order.casefold()], order, "no set; nothing to do", is_expected=True)
    if order.casefold() == "w":
        return "warmup"
    if not _WORKING_SET.fullmatch(order):
        raise UnreadableError("unknown_set_order", order, "expected a number, W, D, F, Rest Timer or Note")
    return "working"


def _weight_unit(line: Line, weight_column: str) -> str | None:
    unit = line.text("weight unit").casefold()
    if unit not in _UNITS:
        raise UnreadableError("unknown_unit", unit, "a weight is in kg or lbs")
    return _WEIGHT_COLUMNS[weight_column] or _UNITS[unit]
