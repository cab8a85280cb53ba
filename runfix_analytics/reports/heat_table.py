"""The squad's pattern at one glance: areas as rows, runners as columns in the page's order of need.

A squad that fits side by side on a sheet across is one table, with the share under target at the end of each row. A
larger one is summed up first, one bar an area, and shown in blocks of columns behind it.
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports.drawing import TEXT_SIZE, Drawing, Tick, shapes
from runfix_analytics.reports.wording import Wording
from runfix_analytics.reports.words import STATUS, UNDER, Mark

MOST_COLUMNS = 32  # side by side on A4 across, beside the names of the areas and the share
FEW_COLUMNS = 16
KNOWN = ("on_target", *UNDER)
_BAR_WIDTH, _BAR_HEIGHT = 330.0, 14.0
_BAR = {
    "under_floor": "floor",
    "under_target": "low",
    "on_target": "good",
    "not_clear": "empty",
    "not_known": "hatched",
}
_NAME_WIDTH, _LONGEST_NAME, _ROOM = 18.0, 150.0, 4.0
_NARROW, _WIDE, _CAPITAL, _LETTER = 0.42, 1.05, 0.8, 0.67  # of the size, in the widest of the pages' faces


@dataclass(frozen=True)
class Column:
    """One runner: name, word of need, its class, and area id → status."""

    name: str
    need: str
    css: str
    status: Mapping[str, str]


@dataclass(frozen=True)
class Head:
    """The head of a runner's column: the name turned upright, and the need as symbol and word."""

    name: Drawing
    need: Mark


@dataclass(frozen=True)
class AreaCells:
    """One area: a mark for each runner of the block, and how many of the squad are under target."""

    name: str
    cells: tuple[Mark, ...]
    under: str


@dataclass(frozen=True)
class Block:
    """Runners side by side; `title` says which where there are several blocks, `is_whole` that there is only this."""

    title: str
    heads: tuple[Head, ...]
    rows: tuple[AreaCells, ...]
    is_whole: bool
    is_narrow: bool


@dataclass(frozen=True)
class AreaSum:
    """One area of a large squad: how many runners have each status, as a bar and in numbers."""

    name: str
    bar: Drawing
    counts: tuple[str, ...]
    under: str


def is_large(n_runners: int) -> bool:
    """Whether the squad is too large to stand side by side."""
    return n_runners > MOST_COLUMNS


def blocks(columns: Sequence[Column], catalogue: Catalogue, w: Wording) -> tuple[Block, ...]:
    """The columns in their order, in as few blocks as they fit in, each about as wide; none without a runner."""
    if not columns:
        return ()
    n_blocks = ceil(len(columns) / MOST_COLUMNS)
    ends = [round(len(columns) * place / n_blocks) for place in range(n_blocks + 1)]
    return tuple(_block(columns, first, end, catalogue, w) for first, end in pairwise(ends))


def sums(columns: Sequence[Column], catalogue: Catalogue, w: Wording) -> tuple[AreaSum, ...]:
    """Each area over the whole squad, in the catalogue's order."""
    return tuple(
        _sum(w.say(area.name), Counter(column.status[area.id] for column in columns), catalogue, w)
        for area in catalogue.areas.values()
    )


def tally(columns: Sequence[Column], area: str) -> tuple[int, int]:
    """How many runners are under target in an area, and of how many the value is known."""
    found = Counter(column.status[area] for column in columns)
    return sum(found[status] for status in UNDER), sum(found[status] for status in KNOWN)


def _block(columns: Sequence[Column], first: int, end: int, catalogue: Catalogue, w: Wording) -> Block:
    part, is_whole = columns[first:end], end - first == len(columns)
    names = [_cut(column.name) for column in part]
    height = max(map(_length, names)) + 2 * _ROOM
    rows = tuple(
        AreaCells(
            w.say(area.name),
            tuple(STATUS[column.status[area.id]].said(w) for column in part),
            _under(*tally(columns, area.id), catalogue, w),
        )
        for area in catalogue.areas.values()
    )
    return Block(
        title="" if is_whole else w.say("{first}–{last} of {n}", first=first + 1, last=end, n=len(columns)),
        heads=tuple(
            Head(_turned(column.name, cut, height), _need(column)) for column, cut in zip(part, names, strict=True)
        ),
        rows=rows,
        is_whole=is_whole,
        is_narrow=len(part) > FEW_COLUMNS,
    )


def _need(column: Column) -> Mark:
    symbol, _, word = column.need.partition(" ")
    return Mark(symbol, word, column.css)


def _under(n_under: int, n_known: int, catalogue: Catalogue, w: Wording) -> str:
    """ "6 of 8 (75 %)"; without the share where the known are too few for one."""
    said = w.say("{n} of {of}", n=w.number(n_under), of=w.number(n_known))
    is_share = n_known >= catalogue.number("incidence.min_runners")
    return f"{said} ({w.percent(n_under / n_known)})" if is_share else said


def _sum(name: str, found: Counter[str], catalogue: Catalogue, w: Wording) -> AreaSum:
    n_under, n_known = sum(found[status] for status in UNDER), sum(found[status] for status in KNOWN)
    boxes, x = [], 0.0
    for status, css in _BAR.items():
        width = _BAR_WIDTH * found[status] / max(found.total(), 1)
        boxes.extend([(css, x, 0.0, width, _BAR_HEIGHT)] if width else [])
        x += width
    said = [f"{STATUS[status].said(w).word} {w.number(found[status])}" for status in _BAR if found[status]]
    return AreaSum(
        name=name,
        bar=Drawing(_BAR_WIDTH, _BAR_HEIGHT, f"{name}: {w.listing(said)}", shapes(boxes)),
        counts=tuple(w.number(found[status]) for status in _BAR),
        under=_under(n_under, n_known, catalogue, w),
    )


def sum_heads(w: Wording) -> tuple[Mark, ...]:
    """The marks above the counts of `sums`."""
    return tuple(STATUS[status].said(w) for status in _BAR)


def _turned(name: str, cut: str, height: float) -> Drawing:
    """A name that reads upwards; whole to the ear, cut to the eye."""
    return Drawing(_NAME_WIDTH, height, name, (), (Tick(_NAME_WIDTH - _ROOM, height - _ROOM, cut, is_turned=True),))


def _cut(name: str) -> str:
    """What fits into the longest head; a cut name ends in "…"."""
    if _length(name) <= _LONGEST_NAME:
        return name
    end = len(name)
    while _length(f"{name[:end].rstrip()}…") > _LONGEST_NAME:
        end -= 1
    return f"{name[:end].rstrip()}…"


def _length(name: str) -> float:
    """About how long a text is, never too short: a face narrower than the widest leaves room."""
    return TEXT_SIZE * sum(map(_em, name))


def _em(char: str) -> float:
    if unicodedata.combining(char):
        return 0.0
    if char in "mwMWQ@%—…" or unicodedata.east_asian_width(char) in "WF":
        return _WIDE
    if char in "fijlrtI .,'-|!()":
        return _NARROW
    return _CAPITAL if char.isupper() else _LETTER
