"""Strong (iOS and Android): one row a set. Weight units stand in the heading, in a column of their own, or nowhere.

Headings are English or German (strong_csv.toml); decimal marks are decided for whole columns.
Zeros are what the app writes where nothing was entered, so a weight, count or time of 0 becomes null.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runfix_analytics.parsing import (
    DOTTED_SHAPE,
    ISO_SHAPE,
    Line,
    UnreadableError,
    columns_of,
    decimal_marks,
    note,
    parse_export,
    read_each,
    wording,
)
from runfix_analytics.rawlog import SETS, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "strong_csv"
SOURCE = "strong"

_WEIGHT_COLUMNS = {"weight": None, "weight (kg)": "kg", "weight (lb)": "lb"}
_UNITS = {"": None, "kg": "kg", "kgs": "kg", "lb": "lb", "lbs": "lb"}
_NUMBER_COLUMNS = (*_WEIGHT_COLUMNS, "reps", "distance", "seconds", "rpe")
_NO_SETS = {"rest timer": "rest_timer", "note": "note_row"}
_WORKING_SET = re.compile(r"\d+|[DF]\d*", re.IGNORECASE)
_WARM_UP = re.compile(r"W\d*", re.IGNORECASE)


def recognises(file: SourceFile) -> bool:
    """Whether the header is one of Strong's."""
    columns = columns_of(file, wording(READER).header(file))
    return {"date", "workout name", "exercise name", "set order", "reps"} <= columns


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of sets for each file, in order; times are the phone's wall clock."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    header = wording(READER).header(file)
    marks = decimal_marks(file, _NUMBER_COLUMNS, header)
    parsed = parse_export(file, lambda line: [_set(line, marks)], header=header)
    return RawLog(READER, SOURCE, sets=frame(parsed.rows, SETS), problems=parsed.problems, damage=parsed.damage)


def _set(line: Line, marks: Mapping[str, str]) -> dict[str, Any]:
    exercise = line.text("exercise name")
    weight_column = next((name for name in _WEIGHT_COLUMNS if line.text(name)), "weight")
    weight = line.number(weight_column, mark=marks[weight_column]) or None
    set_type = _set_type(line.text("set order"))
    reps = line.number("reps", mark=marks["reps"]) or None
    seconds = line.number("seconds", mark=marks["seconds"]) or None
    if not exercise:
        raise UnreadableError("no_exercise", line.start, "the row names no exercise")
    if not (reps or seconds or line.number("distance", mark=marks["distance"])):
        raise UnreadableError("empty_set", exercise, "neither repetitions nor seconds nor a distance are logged")
    return {
        "start_local": line.moment("date", ISO_SHAPE, DOTTED_SHAPE),
        "logged_as": exercise,
        "set_type": set_type,
        "reps": reps,
        "seconds": seconds,
        "weight": round(weight, 2) if weight else None,  # pounds kept as kilograms come as 149.99999999999997
        "weight_unit": _weight_unit(line, weight_column) if weight else None,
        "rpe": line.number("rpe", mark=marks["rpe"]),
        "note": note(line.text("notes")),
    }


def _set_type(order: str) -> str:
    if order.casefold() in _NO_SETS:
        raise UnreadableError(_NO_SETS[order.casefold()], order, "no set; nothing to do", is_expected=True)
    if _WARM_UP.fullmatch(order):
        return "warmup"
    if not _WORKING_SET.fullmatch(order):
        raise UnreadableError("unknown_set_order", order, "expected a number, W, D, F, Rest Timer or Note")
    return "working"


def _weight_unit(line: Line, weight_column: str) -> str | None:
    unit = line.text("weight unit").casefold()
    if unit not in _UNITS:
        raise UnreadableError("unknown_unit", unit, "a weight is in kg or lbs")
    return _WEIGHT_COLUMNS[weight_column] or _UNITS[unit]
