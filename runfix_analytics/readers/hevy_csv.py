"""Hevy: one row a set, the weight unit in the heading (weight_kg or weight_lbs)."""

from collections.abc import Iterable, Iterator
from typing import Any

from runfix_analytics.errors import ReadError
from runfix_analytics.parsing import DAY_FIRST_SHAPE, ISO_SHAPE, Line, UnreadableError, columns_of, note, parse_export
from runfix_analytics.rawlog import SETS, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "hevy_csv"
SOURCE = "hevy"

_WEIGHT_COLUMNS = {"weight_kg": "kg", "weight_lbs": "lb"}
_DISTANCE_COLUMNS = ("distance_km", "distance_miles")
_SET_TYPES = {
    "": "working",
    "normal": "working",
    "warmup": "warmup",
    "dropset": "working",
    "drop_set": "working",
    "failure": "working",
}


def recognises(file: SourceFile) -> bool:
    """Whether the header is one of Hevy's."""
    return {"start_time", "exercise_title", "set_index", "set_type", "reps"} <= columns_of(file)


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of sets for each file, in order; times are the phone's wall clock, to the minute."""
    for file in files:
        try:
            parsed = parse_export(file, lambda line: [_set(line)])
        except ReadError as error:
            yield RawLog(READER, SOURCE, error=str(error))
        else:
            sets = frame(parsed.rows, SETS)
            yield RawLog(READER, SOURCE, sets=sets, problems=parsed.problems, damage=parsed.damage)


def _set(line: Line) -> dict[str, Any]:
    exercise, set_type = line.text("exercise_title"), line.text("set_type").casefold()
    reps, seconds = line.number("reps") or None, line.number("duration_seconds") or None
    weight_column = next((name for name in _WEIGHT_COLUMNS if line.text(name)), "weight_kg")
    weight = line.number(weight_column) or None
    if not exercise:
        raise UnreadableError("no_exercise", line.start, "the row names no exercise")
    if set_type not in _SET_TYPES:
        raise UnreadableError("unknown_set_type", set_type, f"expected one of {', '.join(filter(None, _SET_TYPES))}")
    if not (reps or seconds or line.number(*_DISTANCE_COLUMNS)):
        raise UnreadableError("empty_set", exercise, "neither repetitions nor seconds nor a distance are logged")
    return {
        "start_local": line.moment("start_time", DAY_FIRST_SHAPE, ISO_SHAPE),
        "logged_as": exercise,
        "set_type": _SET_TYPES[set_type],
        "reps": reps,
        "seconds": seconds,
        "weight": round(weight, 2) if weight else None,
        "weight_unit": _WEIGHT_COLUMNS[weight_column] if weight else None,
        "rpe": line.number("rpe"),
        "note": note(line.text("exercise_notes")),
    }
