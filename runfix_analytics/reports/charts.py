"""The geometry of the drawings: every coordinate is final here, templates only place them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.words import KM_PER_MILE, day, percent, place, sentence_case

WEEK = timedelta(days=7)
STRIP_CELL, STRIP_GAP, STRIP_HEIGHT = 10.0, 2.0, 24.0
LEFT, RIGHT, TOP = 92.0, 8.0, 14.0
WIDTH = 720.0
BARS_HEIGHT, ROW_HEIGHT, ROW_GAP, BAR_GAP = 64.0, 20.0, 5.0, 2.0
ACHE_HEIGHT, AXIS_HEIGHT, LABEL_SPACE, LABEL_WIDTH = 17.0, 18.0, 12.0, 34.0
METRES_PER_KM = 1000
OWN_LEFT, OWN_RIGHT, OWN_LENGTH, OWN_HEIGHT = 16.0, 50.0, 140.0, 32.0
OWN_BASE, OWN_STEPS, DOT_GAP, DOT_RADIUS, DIAMOND_RADIUS = 25.0, 40, 3.8, 1.7, 6.0
TICK_SHORT, TICK_LONG, OWN_LABEL = 4.0, 7.0, 10.0


@dataclass(frozen=True)
class Box:
    """A rectangle with the class that fills it, its label beside or on it, and the words read out for it."""

    x: float
    y: float
    width: float
    height: float
    css: str
    title: str
    label: str = ""
    label_x: float = 0.0
    label_y: float = 0.0
    label_css: str = "inside"


@dataclass(frozen=True)
class Tick:
    """A label at a place."""

    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Dot:
    """A circle for one value among many."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Diamond:
    """The mark of the one value that matters: its corners, and the class that fills it or leaves it hollow."""

    points: str
    css: str


@dataclass(frozen=True)
class Drawing:
    """A chart: its size, a sentence that says what it shows, boxes, ticks, dots, and lines across at these heights."""

    width: float
    height: float
    title: str
    boxes: tuple[Box, ...]
    ticks: tuple[Tick, ...] = ()
    marks: tuple[Tick, ...] = ()
    lines: tuple[float, ...] = ()
    left: float = 0.0
    right: float = 0.0
    dots: tuple[Dot, ...] = ()
    diamonds: tuple[Diamond, ...] = ()


def week_ends(as_of: date, weeks: int) -> list[date]:
    """The last days of the last `weeks` weeks, oldest first; the newest week ends on `as_of`."""
    return [as_of - WEEK * back for back in reversed(range(weeks))]


def strip(results: RunnerResults, area: str, catalogue: Catalogue) -> Drawing:
    """The small chart beside an area: coverage at the end of each of the last twelve weeks."""
    ends = week_ends(results.as_of, catalogue.days("advice.strip_weeks"))
    by_day = _by_day(results.coverage, area)
    boxes = [
        box
        for i, end in enumerate(ends)
        for box in _cell(by_day.get(end), end, i * (STRIP_CELL + STRIP_GAP), 0, STRIP_CELL, STRIP_HEIGHT)
    ]
    on_target = _height(catalogue.number("coverage.on_target"), STRIP_HEIGHT)
    width = len(ends) * (STRIP_CELL + STRIP_GAP) - STRIP_GAP
    name = catalogue.areas[area].name
    title = f"{name}: coverage over the last {len(ends)} weeks, now {percent(by_day[ends[-1]]['coverage'])}" if (
        ends[-1] in by_day) else f"{name}: no log"  # fmt: skip
    return Drawing(_r(width), STRIP_HEIGHT, title, tuple(boxes), lines=(_r(STRIP_HEIGHT - on_target),), right=_r(width))


def own_weeks(row: dict[str, Any], catalogue: Catalogue) -> Drawing:
    """The small chart beside an onset: a dot for each own week's coverage, a diamond for that before the onset.

    Equal weeks stand on one another, closer together where they are many. The diamond is hollow where rehab may be in
    it.
    """
    weeks, before = row["own_weeks"], row["coverage"]
    on_target = catalogue.number("coverage.on_target")
    ticks = ((0.0, TICK_SHORT, "0 %"), (on_target, TICK_LONG, f"on target from {percent(on_target)}"),
             (1.0, TICK_SHORT, "100 %"))  # fmt: skip
    axis = Box(OWN_LEFT, OWN_BASE, OWN_LENGTH, 1.0, "axis", "coverage, as a share of the target")
    marks = [Box(_r(_own_x(at) - 0.5), OWN_BASE, 1.0, tall, "axis", title) for at, tall, title in ticks]
    said = "none known" if not weeks else f"{len(weeks)}, from {percent(weeks[0])} to {percent(weeks[-1])}"
    top, side, mid = OWN_BASE - DIAMOND_RADIUS, DIAMOND_RADIUS, _r(_own_x(before))
    points = f"{mid},{top} {_r(mid + side)},{OWN_BASE} {mid},{OWN_BASE + side} {_r(mid - side)},{OWN_BASE}"
    return Drawing(
        width=OWN_LEFT + OWN_LENGTH + OWN_RIGHT,
        height=OWN_HEIGHT,
        title=f"Coverage before the onset {percent(before)}; own other weeks: {said}",
        boxes=(axis, *marks),
        ticks=(Tick(0, OWN_BASE + 4, "0"), Tick(_r(OWN_LEFT + OWN_LENGTH + OWN_LABEL), OWN_BASE + 4, percent(1.0))),
        dots=_stacked(weeks),
        diamonds=(Diamond(points, "onset-hollow" if row["is_washed_out"] else "onset"),),
    )


def _own_x(share: float) -> float:
    return OWN_LEFT + share * OWN_LENGTH


def _stacked(shares: Sequence[float]) -> tuple[Dot, ...]:
    """A dot for each share, at the nearest step of the axis; those of one step upon one another."""
    at = Counter(round(share * OWN_STEPS) for share in shares)
    lowest, highest = OWN_BASE - DIAMOND_RADIUS - DOT_RADIUS, DOT_RADIUS
    most = max(at.values(), default=0)
    gap = min(DOT_GAP, (lowest - highest) / max(most - 1, 1))
    return tuple(
        Dot(_r(_own_x(step / OWN_STEPS)), _r(lowest - place * gap), DOT_RADIUS)
        for step, n in sorted(at.items())
        for place in range(n)
    )


def timeline(results: RunnerResults, catalogue: Catalogue) -> Drawing:
    """Weekly distance, five coverage strips and the aches on one axis of weeks."""
    ends = week_ends(results.as_of, catalogue.days("advice.timeline_weeks"))
    step = (WIDTH - LEFT - RIGHT) / len(ends)
    distance_boxes, marks = _distances(results, ends, step)
    y = TOP + BARS_HEIGHT + ROW_GAP + LABEL_SPACE
    boxes, ticks = list(distance_boxes), [Tick(0, _r(TOP + BARS_HEIGHT - 4), f"{_unit(results.units)[0]} a week")]
    lines = []
    for area in catalogue.areas.values():
        by_day = _by_day(results.coverage, area.id)
        for i, end in enumerate(ends):
            boxes += _cell(by_day.get(end), end, LEFT + i * step, y, step - BAR_GAP, ROW_HEIGHT)
        ticks.append(Tick(0, _r(y + ROW_HEIGHT - 6), area.name))
        lines.append(_r(y + ROW_HEIGHT - _height(catalogue.number("coverage.on_target"), ROW_HEIGHT)))
        y += ROW_HEIGHT + ROW_GAP
    y += ROW_GAP
    aches, ache_ticks, y = _aches(results, catalogue, ends[0] - WEEK + timedelta(days=1), step, y)
    axis = [Tick(_r(LEFT + i * step), _r(y + 12), day(end - WEEK + timedelta(days=1), results.as_of))
            for i, end in enumerate(ends) if i % 2 == 0]  # fmt: skip
    title = f"Distance, coverage of the five areas and aches over the last {len(ends)} weeks"
    return Drawing(WIDTH, _r(y + AXIS_HEIGHT), title, (*boxes, *aches), (*ticks, *ache_ticks, *axis), tuple(marks),
                   tuple(lines), LEFT, WIDTH - RIGHT)  # fmt: skip


def _by_day(coverage: pl.DataFrame, area: str) -> dict[date, dict[str, Any]]:
    return {row["local_date"]: row for row in coverage.filter(pl.col("area_id") == area).iter_rows(named=True)}


def _cell(row: dict[str, Any] | None, end: date, x: float, y: float, width: float, height: float) -> list[Box]:
    """One week of one area: a bar as high as coverage, or a hatched box where it is not known."""
    when = f"week to {day(end)}"
    if row is None or row["coverage"] is None:
        bounds = "" if row is None else f", between {percent(row['coverage_low'])} and {percent(row['coverage_high'])}"
        return [Box(_r(x), _r(y), _r(width), _r(height), "hatched", f"{when}: not known{bounds}")]
    tall = _height(row["coverage"], height)
    frame = Box(_r(x), _r(y), _r(width), _r(height), "empty", f"{when}: {percent(row['coverage'])} of the target")
    bar = Box(_r(x), _r(y + height - tall), _r(width), _r(tall), _fill(row["status"]), frame.title)
    return [frame, bar]


def _fill(status: str) -> str:
    return {"on_target": "good", "under_target": "low", "under_floor": "floor"}.get(status, "low")


def _height(share: float, height: float) -> float:
    return max(share * height, 1.5)


def _unit(units: str) -> tuple[str, float]:
    return ("km", METRES_PER_KM) if units == "metric" else ("miles", METRES_PER_KM * KM_PER_MILE)


def weekly_distances(results: RunnerResults, ends: Sequence[date]) -> list[float | None]:
    """Distance of each week in the runner's unit; null before the first run and where the log has gone silent."""
    load = results.running_load
    if results.is_silent(results.logged.last_run_on):
        load = load.filter(pl.col("local_date") <= (results.logged.last_run_on or results.as_of))
    metres = _unit(results.units)[1]
    weeks: list[float | None] = []
    for end in ends:
        rows = load.filter(pl.col("local_date").is_between(end - WEEK, end, closed="right"))
        weeks.append(float(rows["distance_m"].sum()) / metres if rows.height else None)
    return weeks


def _distances(results: RunnerResults, ends: Sequence[date], step: float) -> tuple[list[Box], list[Tick]]:
    values = weekly_distances(results, ends)
    longest = max([value for value in values if value is not None], default=0.0) or 1.0
    unit = _unit(results.units)[0]
    boxes, marks = [], []
    for i, (end, value) in enumerate(zip(ends, values, strict=True)):
        x, width = LEFT + i * step, step - BAR_GAP
        if value is None:
            boxes.append(Box(_r(x), TOP, _r(width), BARS_HEIGHT, "hatched", f"week to {day(end)}: no run logged"))
            continue
        tall = value / longest * BARS_HEIGHT
        title = f"week to {day(end)}: {value:.0f} {unit}"
        boxes.append(Box(_r(x), _r(TOP + BARS_HEIGHT - tall), _r(width), _r(tall), "distance", title, f"{value:.0f}",
                         _r(x + 2), _r(TOP + BARS_HEIGHT - tall - 3)))  # fmt: skip
        spike = _spike(results.running_load, end)
        if spike:
            marks.append(Tick(_r(x + width / 2), _r(TOP + BARS_HEIGHT + LABEL_SPACE - 1), spike))
    return boxes, marks


def _spike(load: pl.DataFrame, end: date) -> str:
    """▲ where a run of the week was clearly longer than any of the 30 days before."""
    in_week = load.filter(pl.col("local_date").is_between(end - WEEK, end, closed="right"))
    is_spike = in_week["spike"].is_in(["small", "medium", "large"]).any()
    return "▲" if is_spike else ""


def _aches(
    results: RunnerResults, catalogue: Catalogue, first: date, step: float, y: float
) -> tuple[list[Box], list[Tick], float]:
    """A bar for each episode that touches the axis, from onset to end; an open one runs to the day of the page."""
    per_day = step / WEEK.days
    boxes, ticks = [], []
    for episode in results.episodes.sort("onset_on", "episode_id").iter_rows(named=True):
        end = episode["ended_on"] or (results.as_of if episode["state"] == "open" else episode["last_reported_on"])
        if end < first:
            continue
        start = max(episode["onset_on"], first)
        x = LEFT + (start - first).days * per_day
        width = max(((end - start).days + 1) * per_day, 3.0)
        where = place(episode, catalogue)
        pain = "" if episode["worst_pain"] is None else f"{episode['worst_pain']:g}/10"
        state = {"open": "open", "silent": "not heard of since", "ended": "over"}[episode["state"]]
        title = f"{where}: from {day(episode['onset_on'])} to {day(end)}, {state}, worst pain {pain or 'not said'}"
        has_room = width >= LABEL_WIDTH
        label_x = x + 3 if has_room else x - LABEL_WIDTH if x + width + LABEL_WIDTH > WIDTH else x + width + 3
        boxes.append(Box(_r(x), _r(y), _r(width), ACHE_HEIGHT - 4, f"ache-{episode['state']}", title, pain,
                         _r(label_x), _r(y + ACHE_HEIGHT - 7), "on-bar" if has_room else "inside"))  # fmt: skip
        ticks.append(Tick(0, _r(y + ACHE_HEIGHT - 6), sentence_case(where)))
        y += ACHE_HEIGHT
    last = results.logged.last_answer_on
    if results.is_silent(last):
        start = first if last is None else max(last + timedelta(days=1), first)
        x, width = LEFT + (start - first).days * per_day, ((results.as_of - start).days + 1) * per_day
        since = "never answered" if last is None else f"no answer since {day(last)}"
        boxes.append(Box(_r(x), _r(y), _r(width), ACHE_HEIGHT - 4, "hatched", since))
        ticks.append(Tick(0, _r(y + ACHE_HEIGHT - 6), "No answer"))
        y += ACHE_HEIGHT
    elif not boxes:
        ticks.append(Tick(0, _r(y + ACHE_HEIGHT - 6), "Aches"))
        ticks.append(Tick(LEFT, _r(y + ACHE_HEIGHT - 6), "none reported in these weeks"))
        y += ACHE_HEIGHT
    return boxes, ticks, y


def _r(value: float) -> float:
    return round(value, 1)
