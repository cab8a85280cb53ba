"""StrongLifts 5×5, both layouts; the weight's unit stands in the heading, warm-ups are not exported.

Today one row is an exercise and its sets are pairs of columns: `Set 1 (Reps),Set 1 (KG),Set 2 (Reps),…`; a set of 0
repetitions was skipped or failed. Before about 2019 one row was a workout with up to five exercises:
`Date,Note,Exercise 1,Weight (KG),Weight (LB),Set 1,…,Set 5,Exercise 2,…`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from runfix_analytics.numeric_days import day_and_clock, day_first
from runfix_analytics.parsing import (
    Line,
    UnreadableError,
    column_cells,
    columns_of,
    decimal_mark,
    duration_s,
    note,
    parse_export,
    read_each,
)
from runfix_analytics.rawlog import SETS, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "stronglifts_csv"
SOURCE = "stronglifts"
MAX_SETS = 100  # of one exercise: a broken cell must not become a million rows

_DATE = r"date(?: ?\(.*\))?"
_START = r"start time(?: ?\(.*\))?"
_TIMED = r"sets ?[x×] ?time"
_REPS = r"set (\d+) ?\(reps?\)"
_WEIGHT = r"set (\d+) ?\((kg|lb)s?\)"
_TIMES = re.compile(r"(?:(\d{1,3}) ?[x×] ?)?([\d:.,]+)")
_OLD_EXERCISE = r"exercise \d+"
_OLD_SET = r"set \d+(?:#\d+)?"
_OLD_WEIGHT = r"weight ?\((kg|lb)s?\)(?:#\d+)?"
_NO_SET = frozenset({"", "-", "0:00", "skipped"})


@dataclass(frozen=True)
class _Layout:
    """How a file's columns are called, and how its numbers and days are written."""

    date: str
    start: str
    timed: str
    mark: str
    is_day_first: bool | None


def recognises(file: SourceFile) -> bool:
    """Whether the header is StrongLifts', of today or of old."""
    columns = columns_of(file)
    if not any(re.fullmatch(_DATE, column) for column in columns):
        return False
    is_of_today = "exercise" in columns and any(re.fullmatch(_REPS, column) for column in columns)
    return is_of_today or {"exercise 1", "set 1", "set 2"} <= columns


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of sets for each file, in order; the time is the workout's start, midnight where none is logged."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    columns = sorted(columns_of(file))
    weights = (column for column in columns if re.fullmatch(f"{_WEIGHT}|{_OLD_WEIGHT}", column))
    layout = _Layout(
        date=_first(columns, _DATE),
        start=_first(columns, _START),
        timed=_first(columns, _TIMED),
        mark=decimal_mark(cell for column in weights for cell in column_cells(file, column)) or ".",
        is_day_first=_is_day_first(file, _first(columns, _DATE)),
    )
    sets_of = _sets_of_exercise if "exercise" in columns else _sets_of_workout
    parsed = parse_export(file, partial(_rows, layout=layout, sets_of=sets_of))
    return RawLog(READER, SOURCE, sets=frame(parsed.rows, SETS), problems=parsed.problems, damage=parsed.damage)


def _is_day_first(file: SourceFile, date: str) -> bool | None:
    """As the heading says, "Date (yyyy/mm/dd)", or else as the days themselves tell."""
    order = re.search(r"\((dd|mm)/", date)
    return order[1] == "dd" if order else day_first(column_cells(file, date))


def _first(columns: list[str], shape: str) -> str:
    """The first column whose heading has this shape; a name that no column has where there is none."""
    return next((column for column in columns if re.fullmatch(shape, column)), "\0")


def _rows(
    line: Line, layout: _Layout, sets_of: Callable[[Line, _Layout], list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """The sets of one row; the first of them carries the note."""
    sets = sets_of(line, layout)
    if not sets:
        raise UnreadableError(
            "not_done", line.text("exercise", layout.date), "no set was done; nothing to do", is_expected=True
        )
    start = day_and_clock(line, layout.date, layout.start, is_day_first=layout.is_day_first)
    rows = [{"start_local": start, "set_type": "working", **one} for one in sets]
    return [{**rows[0], "note": note(line.text("notes", "note"))}, *rows[1:]]


def _sets_of_exercise(line: Line, layout: _Layout) -> list[dict[str, Any]]:
    """The sets with repetitions; those of an exercise on time stand in one cell for all: "3×0:45"."""
    exercise = line.text("exercise")
    if not exercise:
        raise UnreadableError("no_exercise", line.text(layout.date), "the row names no exercise")
    counted = []
    for column in line.cells:
        found = re.fullmatch(_REPS, column)
        reps = line.number(column, mark=layout.mark) if found else None
        if found and reps:
            weights = [name for name in line.cells if (of := re.fullmatch(_WEIGHT, name)) and of[1] == found[1]]
            counted.append({"logged_as": exercise, "reps": reps, **_weight(line, weights, layout.mark)})
    return counted or [{"logged_as": exercise, "seconds": seconds} for seconds in _times(line.text(layout.timed))]


def _times(text: str) -> list[float]:
    """Seconds of each set in "3×0:45" or "0:45/0:40/-"."""
    times: list[float] = []
    for part in text.casefold().split("/"):
        if part.strip() in _NO_SET:
            continue
        found = _TIMES.fullmatch(part.strip())
        try:
            seconds = duration_s(found[2] if found else part)
        except ValueError:
            raise UnreadableError("bad_duration", text, 'sets on time are written as "3×0:45"') from None
        times += [seconds] * min(int(found[1] or 1) if found else 1, MAX_SETS) if seconds else []
    return times


def _sets_of_workout(line: Line, layout: _Layout) -> list[dict[str, Any]]:
    """The sets of up to five exercises: each has its name, its weight in both units, its repetitions set by set."""
    sets: list[dict[str, Any]] = []
    exercise, weights = "", list[str]()
    for column in line.cells:
        if re.fullmatch(_OLD_EXERCISE, column):
            exercise, weights = line.text(column), []
        elif re.fullmatch(_OLD_WEIGHT, column):
            weights.append(column)
        elif re.fullmatch(_OLD_SET, column) and exercise and (reps := line.number(column, mark=layout.mark)):
            sets.append({"logged_as": exercise, "reps": reps, **_weight(line, weights, layout.mark)})
    return sets


def _weight(line: Line, columns: list[str], mark: str) -> dict[str, Any]:
    """The first weight that these columns hold, with the unit of its heading."""
    for column in columns:
        weight = line.number(column, mark=mark)
        if weight:
            return {"weight": round(weight, 2), "weight_unit": "kg" if "(kg" in column else "lb"}
    return {}
