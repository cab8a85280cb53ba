"""Garmin Connect's Activities.csv with English headings: one row an activity, local time, no id, no distance unit.

The decimal mark follows the account, not the language of the headings, and is decided once for the whole file:
distances have decimals, calories and steps have none, so any mark in those parts thousands.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from runfix_analytics.errors import ReadError
from runfix_analytics.parsing import (
    ISO_SHAPE,
    Line,
    UnreadableError,
    columns_of,
    decimal_mark,
    duration_s,
    parse_export,
)
from runfix_analytics.rawlog import ACTIVITIES, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "garmin_csv"
SOURCE = "garmin"

_WHOLE_NUMBER_COLUMNS = ("Calories", "Steps")
_OTHER_MARK = {",": ".", ".": ","}
_NOTHING = re.compile(r"[-:.\s]*")  # "--", and "--:--:--" for times
_RUN = re.compile(r"((treadmill|trail|track|ultra|virtual|indoor|street|obstacle) )?run(ning)?|indoor track|treadmill")
_INDOOR = re.compile(r"treadmill|indoor|virtual")


def recognises(file: SourceFile) -> bool:
    """Whether the header is Garmin Connect's; which further columns there are depends on the rows."""
    return {"activity type", "date", "favorite", "title", "distance", "time"} <= columns_of(file)


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of activities for each file, in order."""
    for file in files:
        try:
            yield _read(file)
        except ReadError as error:
            yield RawLog(READER, SOURCE, error=str(error))


def _read(file: SourceFile) -> RawLog:
    mark = _decimal_mark(file)
    parsed = parse_export(file, lambda line: [_activity(line, mark)])
    activities = frame(parsed.rows, ACTIVITIES)
    has_ascent = activities["ascent"].count() > 0
    warnings = ("Total Ascent is taken as metres; an account that shows miles exports feet",) if has_ascent else ()
    return RawLog(READER, SOURCE, activities, problems=parsed.problems, warnings=warnings, damage=parsed.damage)


def _activity(line: Line, mark: str) -> dict[str, Any]:
    told = Line(line.row, {name: cell for name, cell in line.cells.items() if not _NOTHING.fullmatch(cell)})
    logged_as = told.text("activity type")
    sport = logged_as.casefold()
    is_run = bool(_RUN.fullmatch(sport))
    return {
        "kind": "run" if is_run else "strength" if sport == "strength training" else "other",
        "logged_as": logged_as or None,
        "start_local": told.moment("date", ISO_SHAPE),
        "distance": told.number("distance", mark=mark),
        "duration_s": _duration_s(told, "moving time") or _duration_s(told, "time"),
        "elapsed_s": _duration_s(told, "elapsed time"),
        "ascent": told.number("total ascent", mark=mark),
        "is_indoor": True if is_run and _INDOOR.search(sport) else None,
    }


def _duration_s(line: Line, column: str) -> float | None:
    text = line.text(column)
    try:
        return duration_s(text)
    except ValueError:
        raise UnreadableError(
            "bad_duration", text, f'the column "{column}" must hold a time such as 00:49:40'
        ) from None


def _decimal_mark(file: SourceFile) -> str:
    mark = decimal_mark(_cells(file, "Distance"))
    thousands = [
        found[0] for name in _WHOLE_NUMBER_COLUMNS for cell in _cells(file, name) if (found := re.search("[.,]", cell))
    ]
    return mark or (_OTHER_MARK[thousands[0]] if thousands else ".")


def _cells(file: SourceFile, name: str) -> list[str]:
    place = file.sheet.column(name)
    return [] if place is None else [row.cells[place] for row in file.sheet.rows if len(row.cells) > place]
