"""Fitbod: one row a set or a stretch of cardio; in 2019 one row for equal sets, counted in the column Sets.

The app writes every start in UTC ("2022-01-05 22:06:49 +0000"): workouts entered by hand at noon or midnight stand at
odd hours. So it is an instant, and "+0000" is not the runner's offset: no wall clock is given, or an evening in America
would fall on the next day. The extract that support mails to Android users has dates alone, which are wall clocks.
Weights are kilograms counted from pounds (7.937875915123695). `multiplier` (2.0 = two dumbbells or each side, 0.0 = no
load) is not read: the weight stands as logged. A weight, count or time of 0 is nothing entered and becomes null.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from runfix_analytics.parsing import (
    ISO_SHAPE,
    Line,
    UnreadableError,
    columns_of,
    decimal_mark,
    note,
    parse_export,
    read_each,
    yes_no,
)
from runfix_analytics.rawlog import SETS, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "fitbod_csv"
SOURCE = "fitbod"
MAX_SETS = 100  # of one row: a slip must not become a million rows

_EXERCISE_COLUMNS = ("exercise", "exercise_name")
_WEIGHT_COLUMNS = {
    "weight(kg)": "kg",
    "weight (kg)": "kg",
    "weight_kg": "kg",
    "weight(lbs)": "lb",
    "weight(lb)": "lb",
    "weight (lbs)": "lb",
    "weight (lb)": "lb",
    "weight_lbs": "lb",
    "weight": None,
}
_SECONDS_COLUMNS = ("duration(s)", "duration (s)", "duration_seconds")
_DISTANCE_COLUMNS = ("distance(m)", "distance (m)", "distance_meters")


def recognises(file: SourceFile) -> bool:
    """Whether the header is one of Fitbod's."""
    columns = columns_of(file)
    return (
        {"date", "reps", "iswarmup"} <= columns
        and not columns.isdisjoint(_EXERCISE_COLUMNS)
        and not columns.isdisjoint(_WEIGHT_COLUMNS)
    )


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of sets for each file, in order; all sets of a workout have its start."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    parsed = parse_export(file, partial(_sets, mark=_decimal_mark(file)))
    sets = frame(parsed.rows, SETS)
    return RawLog(READER, SOURCE, sets=sets, problems=parsed.problems, damage=parsed.damage)


def _decimal_mark(file: SourceFile) -> str:
    columns = (*_WEIGHT_COLUMNS, *_SECONDS_COLUMNS, *_DISTANCE_COLUMNS)
    places = [i for i in map(file.sheet.column, columns) if i is not None]
    return decimal_mark(row.cells[i] for row in file.sheet.rows for i in places if len(row.cells) > i) or "."


def _sets(line: Line, mark: str) -> list[dict[str, Any]]:
    exercise = line.text(*_EXERCISE_COLUMNS)
    reps, seconds = line.number("reps", mark=mark) or None, line.number(*_SECONDS_COLUMNS, mark=mark) or None
    weight_column = next((name for name in _WEIGHT_COLUMNS if line.text(name)), "weight(kg)")
    weight = line.number(weight_column, mark=mark) or None
    n_sets = line.number("sets", mark=mark) or 1.0
    if not exercise:
        raise UnreadableError("no_exercise", line.start, "the row names no exercise")
    if not (reps or seconds or line.number(*_DISTANCE_COLUMNS, mark=mark)):
        raise UnreadableError("empty_set", exercise, "neither repetitions nor seconds nor a distance are logged")
    if not (1 <= n_sets <= MAX_SETS and n_sets.is_integer()):
        raise UnreadableError("bad_sets", line.text("sets"), f"sets are a whole number from 1 to {MAX_SETS}")
    one = {
        **line.started("date", ISO_SHAPE),
        "logged_as": exercise,
        "set_type": "warmup" if _is_warmup(line.text("iswarmup")) else "working",
        "reps": reps,
        "seconds": seconds,
        "weight": round(weight, 2) if weight else None,
        "weight_unit": _WEIGHT_COLUMNS[weight_column] if weight else None,
    }
    return [{**one, "note": note(line.text("note"))}, *[one] * (int(n_sets) - 1)]


def _is_warmup(text: str) -> bool | None:
    try:
        return yes_no(text)
    except ValueError:
        raise UnreadableError("bad_flag", text, 'the column "iswarmup" must be true or false') from None
