"""The "Fit Notes" of another maker for iOS (FitNotesWorkouts.csv): one row a set, planned sets among them.

Its times are UTC ("Z") and know no zone. Numbers are written as the phone's language does ("17,5"), weights without a
unit. Where an exercise needs no equipment the runner's own weight stands as its weight: that is no load, and is left
out. The workout's name and the body weight are not kept.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from runfix_analytics.parsing import (
    ISO_SHAPE,
    Line,
    UnreadableError,
    columns_of,
    decimal_mark,
    duration_s,
    note,
    parse_export,
    read_each,
    yes_no,
)
from runfix_analytics.rawlog import SETS, RawLog, frame
from runfix_analytics.sourcefile import Row, SourceFile

READER = "fitnotes_ios_csv"
SOURCE = "fitnotes_ios"

_IS_DONE = {
    "": True,
    "done": True,
    "completed": True,
    "failed": True,
    "partial": True,
    "notstarted": False,
    "pending": False,
    "skipped": False,
}
_NO_EQUIPMENT = frozenset({"", "none", "bodyweight", "body weight"})
_NUMBERS = ("weight", "bodyweight", "distance", "rpe")


def recognises(file: SourceFile) -> bool:
    """Whether the header is this app's."""
    columns = columns_of(file)
    return {"starttime", "exercise", "reps"} <= columns and not columns.isdisjoint({"status", "iswarmup"})


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of sets for each file, in order; all sets of a workout have its start, in UTC."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    parsed = parse_export(file, partial(_sets, mark=_decimal_mark(file)), _without_name(file))
    sets = frame(parsed.rows, SETS)
    return RawLog(READER, SOURCE, sets=sets, problems=parsed.problems, damage=parsed.damage)


def _decimal_mark(file: SourceFile) -> str:
    places = [i for i in map(file.sheet.column, _NUMBERS) if i is not None]
    return decimal_mark(row.cells[i] for row in file.sheet.rows for i in places if len(row.cells) > i) or "."


def _without_name(file: SourceFile) -> Callable[[Row], Row]:
    """Blanks the workout's name, so that no problem quotes it."""
    place = file.sheet.column("name")

    def mend(row: Row) -> Row:
        return Row(row.number, tuple("" if i == place else cell for i, cell in enumerate(row.cells)))

    return mend


def _sets(line: Line, mark: str) -> list[dict[str, Any]]:
    exercise, status = line.text("exercise"), line.text("status").replace(" ", "").casefold()
    if not exercise:
        raise UnreadableError("no_exercise", line.text("starttime"), "the row names no exercise")
    if status not in _IS_DONE:
        raise UnreadableError("unknown_status", status, f"expected one of {', '.join(filter(None, _IS_DONE))}")
    if not _IS_DONE[status]:
        raise UnreadableError(
            "not_done", exercise, "a set that was planned and not done; nothing to do", is_expected=True
        )
    reps, seconds = line.number("reps", mark=mark) or None, _seconds(line.text("time")) or None
    if not (reps or seconds or line.number("distance", mark=mark)):
        raise UnreadableError("empty_set", exercise, "neither repetitions nor a time nor a distance are logged")
    return [
        {
            **line.started("starttime", ISO_SHAPE),
            "logged_as": exercise,
            "set_type": "warmup" if _is_warmup(line.text("iswarmup")) else "working",
            "reps": reps,
            "seconds": seconds,
            "weight": _load(line, mark),
            "rpe": line.number("rpe", mark=mark) or None,
            "rir": line.number("rir", mark=mark),
            "note": note(line.text("note")),
        }
    ]


def _seconds(text: str) -> float | None:
    try:
        return duration_s(text)
    except ValueError:
        raise UnreadableError("bad_seconds", text, 'the column "time" must hold a time such as 00:01:30') from None


def _is_warmup(text: str) -> bool | None:
    try:
        return yes_no(text)
    except ValueError:
        raise UnreadableError("bad_flag", text, 'the column "iswarmup" must be true or false') from None


def _load(line: Line, mark: str) -> float | None:
    weight = line.number("weight", mark=mark)
    is_own_weight = line.text("equipment").casefold() in _NO_EQUIPMENT and line.text("weight") == line.text(
        "bodyweight"
    )
    return None if is_own_weight or not weight else round(weight, 2)
