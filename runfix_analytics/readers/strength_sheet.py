"""A strength log kept by hand: date, exercise, sets, reps, seconds, weight, side, rir, notes. A row may be many sets.

The heading may have these columns and no others, so that no app's export is taken for a plain sheet.
"""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, TypeVar

from runfix_analytics.parsing import (
    ISO_SHAPE,
    Line,
    UnreadableError,
    columns_of,
    decimal_mark,
    duration_s,
    note,
    number,
    parse_sheet,
    read_each,
)
from runfix_analytics.rawlog import SETS, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "strength_sheet"
SOURCE = "sheet"
MAX_SETS = 100  # of one row: a slip of the keyboard must not become a million rows

_SETS_OF = re.compile(r"(?:(\d+)\s*[x×*]\s*)?(.*?)(?:\s*reps?)?", re.IGNORECASE)
_EACH_SIDE = re.compile(r"(\d+)\s*/\s*\1")
_WEIGHT = re.compile(r"([\d.,]+)\s*(kgs?|lbs?)?", re.IGNORECASE)
_UNITS = {"kg": "kg", "kgs": "kg", "lb": "lb", "lbs": "lb"}
_BODYWEIGHT = frozenset({"", "bw", "bodyweight", "body weight"})
_SIDES = {"l": "left", "left": "left", "r": "right", "right": "right", "b": "both", "both": "both", "each": "both"}

T = TypeVar("T")


def recognises(file: SourceFile) -> bool:
    """Whether the header has `date` and `exercise` and nothing that the sheet has no column for."""
    columns = columns_of(file)
    return {"date", "exercise"} <= columns <= {"", *(column for column, _ in describe())}


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of sets for each file, in order; the clock time is midnight, only the day counts."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    place = file.sheet.column("weight")
    weights = (row.cells[place] for row in file.sheet.rows if place is not None and len(row.cells) > place)
    mark = decimal_mark(found[1] for cell in weights if (found := _WEIGHT.fullmatch(cell))) or "."
    parsed = parse_sheet(file, partial(_sets, mark=mark))
    return RawLog(READER, SOURCE, sets=frame(parsed.rows, SETS), problems=parsed.problems)


def template() -> str:
    """The sheet as CSV: its header and rows that show repetitions, a hold, both sides, and a day without."""
    return "\n".join(
        [
            ",".join(column for column, _ in describe()),
            "2026-03-02,single-leg calf raise,3,12,,10 kg,left,2,",
            "2026-03-02,plank,,3 x 45s,,,,,",
            "2026-03-04,bird dog,2,10/10,,BW,,3,each side",
            "2026-03-06,none,,,,,,,",
            "",
        ]
    )


def describe() -> list[tuple[str, str]]:
    """Column → what to write there, in the order of the sheet."""
    return [
        ("date", "required: the day, as 2026-03-02"),
        ("exercise", 'required: the exercise; "none" = no strength work on that day, which is worth noting'),
        ("sets", "how many equal sets; empty = 1"),
        ("reps", "repetitions of each set; also 3x12, 10/10 (each side), 3 x 45s"),
        ("seconds", "seconds of each set that is held: 45, 45 s or 1 min"),
        ("weight", "12 kg, 25 lb, or BW or empty for none; a bare number is in the runner's own unit"),
        ("side", "left, right or both; empty = not said"),
        ("rir", "how many good repetitions were left"),
        ("notes", "anything else"),
    ]


def _sets(line: Line, mark: str) -> list[dict[str, Any]]:
    exercise = line.text("exercise")
    if not exercise:
        raise UnreadableError("no_exercise", line.start, 'name the exercise, or write "none" for a day without')
    start_local = line.moment("date", ISO_SHAPE).replace(hour=0, minute=0, second=0)
    n_sets, reps, seconds, side = _dose(line)
    if exercise.casefold() == "none":
        if n_sets or reps or seconds:
            raise UnreadableError(
                "none_with_sets", line.start, "name the exercise, or leave sets, reps and seconds empty"
            )
        return [{"start_local": start_local, "logged_as": "none"}]
    weight, weight_unit = _weight(line.text("weight"), mark)
    one = {
        "start_local": start_local,
        "logged_as": exercise,
        "set_type": "working",
        "side": side,
        "reps": reps,
        "seconds": seconds,
        "weight": weight,
        "weight_unit": weight_unit,
        "rir": line.number("rir"),
    }
    return [{**one, "note": note(line.text("notes"))}, *[one] * (int(n_sets or 1) - 1)]


def _dose(line: Line) -> tuple[float | None, float | None, float | None, str | None]:
    """Number of sets, repetitions, seconds and side; `reps` may hold all four, and then no column may contradict it."""
    text = line.text("reps")
    found = _SETS_OF.fullmatch(text)
    times, amount = (found[1], found[2]) if found else (None, text)
    each_side = _EACH_SIDE.fullmatch(amount)
    amount = each_side[1] if each_side else amount
    try:
        reps, seconds = (number(amount), None) if amount.replace(".", "").isdecimal() else (None, duration_s(amount))
    except ValueError:
        advice = "write repetitions as 12, 3x12, 10/10 or 3 x 45s"
        raise UnreadableError("bad_reps", text, advice) from None
    n_sets = _agreed(line, "sets", line.number("sets"), number(times or ""))
    if n_sets is not None and not (1 <= n_sets <= MAX_SETS and n_sets.is_integer()):
        raise UnreadableError("bad_sets", line.text("sets") or text, f"sets are a whole number from 1 to {MAX_SETS}")
    side = _agreed(line, "side", _side(line.text("side")), "both" if each_side else None)
    return n_sets, reps or None, _agreed(line, "seconds", _seconds(line.text("seconds")), seconds) or None, side


def _agreed(line: Line, column: str, cell: T | None, in_reps: T | None) -> T | None:
    if cell is not None and in_reps is not None and cell != in_reps:
        logged = f"{line.text(column)}, {line.text('reps')}"
        raise UnreadableError("said_twice", logged, f'the columns "{column}" and "reps" disagree')
    return in_reps if cell is None else cell


def _seconds(text: str) -> float | None:
    try:
        return duration_s(text)
    except ValueError:
        raise UnreadableError("bad_seconds", text, "write seconds as 45, 45 s or 1 min") from None


def _side(text: str) -> str | None:
    if text and text.casefold() not in _SIDES:
        raise UnreadableError("bad_side", text, "the side is left, right or both")
    return _SIDES.get(text.casefold())


def _weight(text: str, mark: str) -> tuple[float | None, str | None]:
    if text.casefold() in _BODYWEIGHT:
        return None, None
    found = _WEIGHT.fullmatch(text)
    amount, unit = found.groups() if found else (text, None)
    try:
        weight = number(amount, mark)
    except ValueError:
        raise UnreadableError("bad_weight", text, "write a weight as 12 kg, 25 lb or BW") from None
    return weight or None, _UNITS.get((unit or "").casefold()) if weight else None
