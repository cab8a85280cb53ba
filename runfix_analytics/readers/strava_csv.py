"""Strava's bulk export, activities.csv: one row an activity, 10 to 103 columns in the language of the account.

Activity Date is UTC and the file knows no zone. Names, descriptions and notes are never read. Distance comes twice in
most generations (kilometres as text, then metres); where it comes once, its unit is decided for the whole file.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC
from statistics import median
from typing import Any

from runfix_analytics.parsing import (
    DAY_FIRST_SHAPE,
    DAY_MONTH_SHAPE,
    DOTTED_SHAPE,
    ISO_SHAPE,
    MONTH_FIRST_SHAPE,
    Line,
    column_cells,
    columns_of,
    decimal_mark,
    excerpt,
    parse_export,
    plain,
    positive,
    read_each,
    wording,
)
from runfix_analytics.rawlog import ACTIVITIES, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "strava_csv"
SOURCE = "strava"

# Walking to cycling is 1-12 m/s, or 0.001-0.012 km/s: anything between tells metres from kilometres.
METRES_ABOVE_PER_S = 0.1
METRES = {"km": 1000.0, "mi": 1609.344, "m": 1.0}
SAME_WITHIN = 0.05  # two decimals of a short distance are no exact one

_OLD = {"id": "activity id", "date": "activity date", "type": "activity type"}  # until June 2019
# Since 2019 columns were only added behind these, in every language, and the same two headings come twice.
_LAYOUT_FROM_COLUMNS = 86
_TWICE = ((5, 15), (6, 17))
_PLACES = {
    0: "activity id",
    1: "activity date",
    3: "activity type",
    5: "elapsed time",
    6: "distance",
    12: "filename",
    15: "elapsed time",
    16: "moving time",
    17: "distance",
    20: "elevation gain",
    43: "perceived exertion",
}
_KINDS = {"run": "run", "indoor_run": "run", "strength": "strength"}
_EXACT_COLUMNS = ("distance#2", "elapsed time#2", "moving time", "elevation gain")
_SHAPES = (MONTH_FIRST_SHAPE, DAY_FIRST_SHAPE, ISO_SHAPE, DOTTED_SHAPE)


def recognises(file: SourceFile) -> bool:
    """Whether the header is Strava's: of before July 2019, in a known language, or in the layout of every language."""
    is_ours = {"activity id", "activity date", "activity type"} <= columns_of(file, wording(READER).header(file))
    return is_ours or _is_old(file) or _has_layout(file)


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of activities for each file, in order."""
    return read_each(files, _read, READER, SOURCE)


def _is_old(file: SourceFile) -> bool:
    return {"id", "date", "type", "elapsed_time", "distance", "commute"} <= columns_of(file)


def _has_layout(file: SourceFile) -> bool:
    header = file.header
    return len(header) >= _LAYOUT_FROM_COLUMNS and all(header[i] and header[i] == header[j] for i, j in _TWICE)


def _header(file: SourceFile) -> list[str]:
    """The headings in our words; one that is not known is taken by its place, where the layout is Strava's."""
    header = list(wording(READER).header(file))
    if _is_old(file):
        header = [_OLD.get(name.casefold(), name) for name in header]
    if _has_layout(file):
        known = set(wording(READER).columns.values())
        header = [name if name in known else _PLACES.get(i, name) for i, name in enumerate(header)]
    return header


@dataclass(frozen=True)
class _Conventions:
    """What one file does not say: its decimal marks, the unit of the first Distance column, and how that was found."""

    mark: str
    exact_mark: str
    unit: str | None = None
    unit_source: str | None = None
    warnings: tuple[str, ...] = ()


def _read(file: SourceFile) -> RawLog:
    header = _header(file)
    conventions = _conventions(file, header)
    is_english = plain("Activity Date") in map(plain, file.header) or _is_old(file)
    shapes = _SHAPES if is_english else (*_SHAPES, DAY_MONTH_SHAPE)  # English alone may have the month first

    def parse(line: Line) -> list[dict[str, Any]]:
        start_at = line.moment("activity date", *shapes).replace(tzinfo=UTC)
        return [{"start_at": start_at, **_activity(line, conventions)}]

    parsed = parse_export(file, parse, header=header)
    activities = frame(parsed.rows, ACTIVITIES)
    warnings = conventions.warnings
    if activities.height and "run" not in activities["kind"]:
        types = activities["logged_as"].drop_nulls().unique(maintain_order=True)
        warnings = (*warnings, f"no activity type is known as a run: {excerpt(', '.join(types))}")
    return RawLog(READER, SOURCE, activities, problems=parsed.problems, warnings=warnings, damage=parsed.damage)


def _activity(line: Line, conventions: _Conventions) -> dict[str, Any]:
    logged_as, exact_mark = line.text("activity type"), conventions.exact_mark
    metres = line.number("distance#2", mark=exact_mark)
    distance = line.number("distance", mark=conventions.mark) if metres is None else metres
    is_first = metres is None and distance is not None
    elapsed_s = line.number("elapsed time#2", mark=exact_mark)
    return {
        "kind": _kind(logged_as),
        "logged_as": logged_as or None,
        "activity_id": line.text("activity id") or None,
        "distance": distance,
        "distance_unit": conventions.unit if is_first else None if distance is None else "m",
        "distance_unit_source": conventions.unit_source if is_first else None,
        "duration_s": line.number("moving time", mark=exact_mark),
        "elapsed_s": line.number("elapsed time", mark=exact_mark) if elapsed_s is None else elapsed_s,
        "ascent": line.number("elevation gain", mark=exact_mark),
        "rpe": line.number("perceived exertion", mark=exact_mark),
        "is_indoor": wording(READER).kinds.get(plain(logged_as)) == "indoor_run" or None,
        "recording": line.text("filename") or None,
    }


def _kind(sport: str) -> str:
    return _KINDS.get(wording(READER).kinds.get(plain(sport), ""), "other")


def _conventions(file: SourceFile, header: list[str]) -> _Conventions:
    """The first Distance column has the unit that the second tells, or else the median speed."""
    exact = decimal_mark(cell for name in _EXACT_COLUMNS for cell in column_cells(file, name, header)) or "."
    firsts = column_cells(file, "distance", header)
    found = _Conventions(decimal_mark(firsts) or ".", exact)
    has_second = "distance#2" in columns_of(file, header)
    other, other_mark = ("distance#2", exact) if has_second else ("elapsed time", ".")
    sports, others = column_cells(file, "activity type", header), column_cells(file, other, header)
    pairs = [
        (_kind(sport), first, second)
        for sport, *cells in zip(sports, firsts, others, strict=True)
        if (first := positive(cells[0], found.mark)) and (second := positive(cells[1], other_mark))
    ]
    runs = [pair for pair in pairs if pair[0] == "run"] or pairs  # a pool may be in metres beside kilometres
    if has_second:
        return _by_second_distance(found, [second / first for _, first, second in runs])
    return _by_speed(found, [first / seconds for _, first, seconds in runs])


def _by_second_distance(found: _Conventions, factors: list[float]) -> _Conventions:
    factor = median(factors) if factors else METRES["km"]
    unit = next((unit for unit, metres in METRES.items() if abs(factor / metres - 1) < SAME_WITHIN), None)
    warning = f"the first Distance column is in {unit or 'an unknown unit'}: the second is {factor:.4g} times as much"
    return replace(found, unit=unit, warnings=() if unit == "km" else (warning,))


def _by_speed(found: _Conventions, speeds: list[float]) -> _Conventions:
    if not speeds:
        return replace(found, warnings=("the one Distance column has no unit, and no row tells it",))
    unit = "m" if median(speeds) > METRES_ABOVE_PER_S else "km"
    warning = f"the one Distance column is read as {unit}: at the median {median(speeds):.4g} {unit}/s"
    return replace(found, unit=unit, unit_source="plausibility", warnings=(warning,))
