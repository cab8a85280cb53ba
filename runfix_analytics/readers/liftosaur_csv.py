"""Liftosaur's history: one row a set, planned and done side by side; only what was done is read.

Exercise names end in the equipment ("Romanian Deadlift, Barbell"). Before 2024 there is one weight and one RPE column.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from runfix_analytics.parsing import (
    ISO_SHAPE,
    Line,
    UnreadableError,
    column_cells,
    columns_of,
    decimal_mark,
    note,
    parse_export,
    read_each,
    yes_no,
)
from runfix_analytics.rawlog import SETS, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "liftosaur_csv"
SOURCE = "liftosaur"

_DATE = "workout datetime"
_WEIGHT_COLUMNS = ("completed weight value", "weight value")
_UNIT_COLUMNS = ("completed weight unit", "weight unit")
_RPE_COLUMNS = ("completed rpe", "rpe")
_UNITS = {"kg": "kg", "kgs": "kg", "lb": "lb", "lbs": "lb"}


def recognises(file: SourceFile) -> bool:
    """Whether the header is Liftosaur's."""
    return {_DATE, "exercise", "is warmup set?", "completed reps"} <= columns_of(file)


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of sets for each file, in order; the time is the workout's start in UTC."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    weights = [cell for name in _WEIGHT_COLUMNS for cell in column_cells(file, name)]
    parsed = parse_export(file, partial(_sets, mark=decimal_mark(weights) or "."))
    sets = frame(parsed.rows, SETS)
    return RawLog(READER, SOURCE, sets=sets, problems=parsed.problems, damage=parsed.damage)


def _sets(line: Line, mark: str) -> list[dict[str, Any]]:
    exercise = line.text("exercise")
    if not exercise:
        raise UnreadableError("no_exercise", line.text(_DATE), "the row names no exercise")
    if not line.text(_DATE):
        raise UnreadableError("no_date", exercise, "the row does not say when the workout was")
    reps = line.number("completed reps", mark=mark)
    if not reps:
        raise UnreadableError("not_done", exercise, "planned and not done; nothing to do", is_expected=True)
    weight = line.number(*_WEIGHT_COLUMNS, mark=mark) or None
    return [
        {
            **line.started(_DATE, ISO_SHAPE),
            "logged_as": exercise,
            "set_type": "warmup" if _is_warmup(line) else "working",
            "reps": reps,
            "weight": round(weight, 2) if weight else None,
            "weight_unit": _weight_unit(line) if weight else None,
            "rpe": line.number(*_RPE_COLUMNS, mark=mark) or None,
            "note": note(line.text("notes")),
        }
    ]


def _is_warmup(line: Line) -> bool | None:
    text = line.text("is warmup set?")
    try:
        return yes_no(text)
    except ValueError:
        raise UnreadableError("unknown_set_type", text, '"Is Warmup Set?" is 1 or 0') from None


def _weight_unit(line: Line) -> str | None:
    unit = line.text(*_UNIT_COLUMNS).casefold()
    if unit and unit not in _UNITS:
        raise UnreadableError("unknown_unit", unit, "a weight is in kg or lb")
    return _UNITS.get(unit)
