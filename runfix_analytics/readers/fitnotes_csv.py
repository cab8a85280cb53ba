"""FitNotes for Android and FitNotes 2 for iOS: one row a set or a stretch of cardio, with a date and no time of day.

The weight unit stands in the heading (until 2020), in a column of its own (2025), or there are two columns, kg and lbs,
of which either or both are filled (iOS): the first that holds a weight counts. Android writes names that hold a comma
without quotes. Zeros are what the app writes where nothing was entered, so a weight, count or time of 0 becomes null.
"""

import re
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
)
from runfix_analytics.rawlog import SETS, RawLog, frame
from runfix_analytics.sourcefile import Row, SourceFile

READER = "fitnotes_csv"
SOURCE = "fitnotes"

_WEIGHT_COLUMNS = {
    "weight (kg)": "kg",
    "weight (kgs)": "kg",
    "weight (lb)": "lb",
    "weight (lbs)": "lb",
    "weight": None,
}
_UNITS = {"": None, "kg": "kg", "kgs": "kg", "lb": "lb", "lbs": "lb"}
_AMOUNT = re.compile(r"[\d.,]*")


def recognises(file: SourceFile) -> bool:
    """Whether the header is one of FitNotes'; a category beside the exercise and a time or distance mark it."""
    columns = columns_of(file)
    return (
        {"date", "exercise", "category", "reps"} <= columns
        and not columns.isdisjoint(_WEIGHT_COLUMNS)
        and not columns.isdisjoint({"time", "distance unit"})
    )


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of sets for each file, in order; the clock time is midnight, only the day counts."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    parsed = parse_export(file, partial(_sets, mark=_decimal_mark(file)), _mender(file))
    sets = frame(parsed.rows, SETS)
    return RawLog(READER, SOURCE, sets=sets, problems=parsed.problems, damage=parsed.damage)


def _decimal_mark(file: SourceFile) -> str:
    places = [file.sheet.column(name) for name in (*_WEIGHT_COLUMNS, "distance")]
    cells = (row.cells[i] for row in file.sheet.rows for i in places if i is not None and len(row.cells) > i)
    return decimal_mark(cell for cell in cells if _AMOUNT.fullmatch(cell)) or "."


def _mender(file: SourceFile) -> Callable[[Row], Row]:
    """Puts a name that fell apart at its commas together again, where the row makes sense only so."""
    name = file.sheet.column("exercise") or 0
    category, unit = file.sheet.column("category"), file.sheet.column("weight unit")
    amounts = [i for i in map(file.sheet.column, (*_WEIGHT_COLUMNS, "reps")) if i is not None]

    def is_sensible(cells: tuple[str, ...]) -> bool:
        return (
            all(_AMOUNT.fullmatch(cells[i]) for i in amounts)
            and (category is None or not _AMOUNT.fullmatch(cells[category]))
            and (unit is None or cells[unit].casefold() in _UNITS)
        )

    def mend(row: Row) -> Row:
        n_surplus = len(row.cells) - len(file.sheet.header)
        if n_surplus <= 0 or is_sensible(row.cells):
            return row
        end = name + n_surplus + 1
        cells = (*row.cells[:name], ", ".join(row.cells[name:end]), *row.cells[end:])
        return Row(row.number, cells) if is_sensible(cells) else row

    return mend


def _sets(line: Line, mark: str) -> list[dict[str, Any]]:
    exercise = line.text("exercise")
    weight, weight_unit = _weight(line, mark)
    reps, seconds = line.number("reps", mark=mark) or None, _seconds(line.text("time")) or None
    if not exercise:
        raise UnreadableError("no_exercise", line.start, "the row names no exercise")
    if not (reps or seconds or line.number("distance", mark=mark)):
        raise UnreadableError("empty_set", exercise, "neither repetitions nor a time nor a distance are logged")
    return [
        {
            "start_local": line.moment("date", ISO_SHAPE),
            "logged_as": exercise,
            "set_type": "working",
            "reps": reps,
            "seconds": seconds,
            "weight": weight,
            "weight_unit": weight_unit,
            "note": note(line.text("comment", "notes")),
        }
    ]


def _seconds(text: str) -> float | None:
    try:
        return duration_s(text)
    except ValueError:
        raise UnreadableError("bad_seconds", text, 'the column "time" must hold a time such as 0:01:30') from None


def _weight(line: Line, mark: str) -> tuple[float | None, str | None]:
    for column, unit in _WEIGHT_COLUMNS.items():
        weight = line.number(column, mark=mark)
        if weight:
            return round(weight, 2), unit or _unit(line.text("weight unit"))
    return None, None


def _unit(text: str) -> str | None:
    if text.casefold() not in _UNITS:
        raise UnreadableError("unknown_unit", text, "a weight is in kgs or lbs")
    return _UNITS[text.casefold()]
