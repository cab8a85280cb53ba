"""Hevy: one row a set, the weight unit in the heading (weight_kg or weight_lbs).

Month names are English or the phone's; decimals have points unless a spreadsheet made commas of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runfix_analytics.parsing import (
    DAY_FIRST_SHAPE,
    DOTTED_SHAPE,
    ISO_SHAPE,
    MONTH_FIRST_SHAPE,
    Line,
    UnreadableError,
    columns_of,
    decimal_marks,
    note,
    parse_export,
    plain,
    read_each,
)
from runfix_analytics.rawlog import SETS, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "hevy_csv"
SOURCE = "hevy"

_WEIGHT_COLUMNS = {"weight_kg": "kg", "weight_lbs": "lb"}
_DISTANCE_COLUMNS = ("distance_km", "distance_miles")
_NUMBER_COLUMNS = (*_WEIGHT_COLUMNS, *_DISTANCE_COLUMNS, "reps", "duration_seconds", "rpe")
_SET_TYPES = {"": "working", "normal": "working", "warmup": "warmup", "dropset": "working", "failure": "working"}
_SHAPES = (DAY_FIRST_SHAPE, ISO_SHAPE, MONTH_FIRST_SHAPE, DOTTED_SHAPE)


def recognises(file: SourceFile) -> bool:
    """Whether the header is one of Hevy's."""
    return {"start_time", "exercise_title", "set_index", "set_type", "reps"} <= columns_of(file)


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of sets for each file, in order; times are the phone's wall clock, to the minute."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    marks = decimal_marks(file, _NUMBER_COLUMNS)
    parsed = parse_export(file, lambda line: [_set(line, marks)])
    return RawLog(READER, SOURCE, sets=frame(parsed.rows, SETS), problems=parsed.problems, damage=parsed.damage)


def _set(line: Line, marks: Mapping[str, str]) -> dict[str, Any]:
    exercise, set_type = line.text("exercise_title"), plain(line.text("set_type"))
    reps = line.number("reps", mark=marks["reps"]) or None
    seconds = line.number("duration_seconds", mark=marks["duration_seconds"]) or None
    weight_column = next((name for name in _WEIGHT_COLUMNS if line.text(name)), "weight_kg")
    weight = line.number(weight_column, mark=marks[weight_column]) or None
    if not exercise:
        raise UnreadableError("no_exercise", line.start, "the row names no exercise")
    if set_type not in _SET_TYPES:
        raise UnreadableError(
            "unknown_set_type", line.text("set_type"), f"expected one of {', '.join(filter(None, _SET_TYPES))}"
        )
    distance_column = next((name for name in _DISTANCE_COLUMNS if line.text(name)), "distance_km")
    if not (reps or seconds or line.number(distance_column, mark=marks[distance_column])):
        raise UnreadableError("empty_set", exercise, "neither repetitions nor seconds nor a distance are logged")
    return {
        "start_local": line.moment("start_time", *_SHAPES),
        "logged_as": exercise,
        "set_type": _SET_TYPES[set_type],
        "reps": reps,
        "seconds": seconds,
        "weight": round(weight, 2) if weight else None,
        "weight_unit": _WEIGHT_COLUMNS[weight_column] if weight else None,
        "rpe": line.number("rpe", mark=marks["rpe"]),
        "note": note(line.text("exercise_notes")),
    }
