"""GymRun's entries with English headings: one row a set, `;` between the cells, days as 02.03.2026.

The file says neither the unit of a weight nor that of a bare duration, so the one is left open and the other unread.
"""

from collections.abc import Iterable, Iterator
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

READER = "gymrun_csv"
SOURCE = "gymrun"


def recognises(file: SourceFile) -> bool:
    """Whether the header is GymRun's; the columns for routine, duration, distance and type came later."""
    columns = columns_of(file)
    return {"date", "time", "exercise", "set", "weight", "reps"} <= columns and bool(columns & {"routine", "note"})


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of sets for each file, in order; times are the phone's wall clock, of each set."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    mark = decimal_mark(column_cells(file, "weight")) or "."
    is_day_first = day_first(column_cells(file, "date"))
    parsed = parse_export(file, partial(_sets, mark=mark, is_day_first=is_day_first))
    sets = frame(parsed.rows, SETS)
    return RawLog(READER, SOURCE, sets=sets, problems=parsed.problems, damage=parsed.damage)


def _sets(line: Line, mark: str, is_day_first: bool | None) -> list[dict[str, Any]]:
    exercise = line.text("exercise")
    if not exercise:
        raise UnreadableError("no_exercise", line.text("date"), "the row names no exercise")
    reps, weight = line.number("reps", mark=mark) or None, line.number("weight", mark=mark) or None
    seconds = _seconds(line.text("duration"))
    if not (reps or seconds or _is_logged(line.text("duration")) or line.number("distance", mark=mark)):
        raise UnreadableError("empty_set", exercise, "neither repetitions nor a time nor a distance are logged")
    return [
        {
            "start_local": day_and_clock(line, "date", "time", is_day_first=is_day_first),
            "logged_as": exercise,
            "set_type": "warmup" if "warm" in line.text("type").casefold() else "working",
            "reps": reps,
            "seconds": seconds,
            "weight": round(weight, 2) if weight else None,
            "note": note(line.text("note")),
        }
    ]


def _seconds(text: str) -> float | None:
    """Seconds of "0:45" or "45 s"; None for a bare number, which may be minutes."""
    if text.replace(".", "").replace(",", "").isdecimal():
        return None
    try:
        return duration_s(text) or None
    except ValueError:
        raise UnreadableError("bad_duration", text, "a duration is written as 0:45 or 45 s") from None


def _is_logged(duration: str) -> bool:
    return bool(duration.strip("0.,:"))
