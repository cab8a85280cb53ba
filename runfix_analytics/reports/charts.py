"""The small drawings beside a runner's areas and onsets."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports.drawing import (
    Drawing,
    Shape,
    Tick,
    across,
    circle,
    diamond,
    rectangle,
    shapes,
)
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.wording import Wording
from runfix_analytics.reports.words import bounds

Row = Mapping[str, Any]
Rectangle = tuple[str, float, float, float, float]

STRIP_CELL, STRIP_GAP, STRIP_HEIGHT = 7.0, 2.0, 26.0
GAUGE_WIDTH, GAUGE_HEIGHT, GAUGE_TOP, GAUGE_BAR, WHISKER = 130.0, 14.0, 1.0, 12.0, 3.0
OWN_LEFT, OWN_RIGHT, OWN_LENGTH, OWN_HEIGHT = 16.0, 60.0, 130.0, 34.0
OWN_BASE, OWN_STEPS, DOT_GAP, DOT_RADIUS, DIAMOND_RADIUS = 26.0, 40, 3.8, 1.7, 6.0
TICK_SHORT, TICK_LONG, OWN_LABEL = 4.0, 7.0, 10.0
LEAST_BAR = 1.5  # a bar of nothing is still seen as a bar


def strip(results: RunnerResults, area: str, catalogue: Catalogue, w: Wording) -> Drawing:
    """The small chart beside an area: coverage at the end of each of the last weeks."""
    weeks = results.weeks[-catalogue.days("advice.strip_weeks") :]
    boxes = [
        box
        for i, week in enumerate(weeks)
        for box in cell(week.coverage.get(area), i * (STRIP_CELL + STRIP_GAP), 0, STRIP_CELL, STRIP_HEIGHT)
    ]
    width = len(weeks) * (STRIP_CELL + STRIP_GAP) - STRIP_GAP
    on_target = Shape("target", across(0, width, STRIP_HEIGHT * (1 - catalogue.number("coverage.on_target"))))
    name = w.say(catalogue.areas[area].name)
    shares = w.listing([_in_words(week.coverage.get(area), w) for week in weeks])
    title = w.say("{area}: coverage week by week, oldest first: {shares}", area=name, shares=shares)
    return Drawing(width, STRIP_HEIGHT, title, (*shapes(boxes), on_target))


def gauge(row: Row, name: str, catalogue: Catalogue, w: Wording) -> Drawing:
    """Coverage as a bar against the target's band, with a whisker over what unknown days leave open."""
    on_target, share = catalogue.number("coverage.on_target"), row["coverage"]
    frame: list[Rectangle] = [("empty", 0, GAUGE_TOP, GAUGE_WIDTH, GAUGE_BAR)]
    band = ("band", on_target * GAUGE_WIDTH, GAUGE_TOP, (1 - on_target) * GAUGE_WIDTH, GAUGE_BAR)
    low, high = row["coverage_low"] * GAUGE_WIDTH, row["coverage_high"] * GAUGE_WIDTH
    inner = GAUGE_TOP + WHISKER
    if share is None:
        bar = ("hatched", low, inner, max(high - low, LEAST_BAR), GAUGE_BAR - 2 * WHISKER)
        return Drawing(GAUGE_WIDTH, GAUGE_HEIGHT, _gauged(row, name, w), shapes([*frame, band, bar]))
    bar = (fill(row["status"]), 0, inner, max(share * GAUGE_WIDTH, LEAST_BAR), GAUGE_BAR - 2 * WHISKER)
    whisker: tuple[Shape, ...] = ()
    if high - low > LEAST_BAR:
        middle = GAUGE_TOP + GAUGE_BAR / 2
        ends = "".join(f"M{end:.1f} {inner}v{GAUGE_BAR - 2 * WHISKER}" for end in (low, high))
        whisker = (Shape("whisker", across(low, high, middle) + ends),)
    return Drawing(GAUGE_WIDTH, GAUGE_HEIGHT, _gauged(row, name, w), (*shapes([*frame, band, bar]), *whisker))


def _gauged(row: Row, name: str, w: Wording) -> str:
    between = bounds(row["coverage_low"], row["coverage_high"], w)
    if row["coverage"] is None:
        return w.say("{area}: not known, between {bounds} of the target", area=name, bounds=between)
    share = w.percent(row["coverage"])
    return w.say("{area}: {share} of the target, between {bounds}", area=name, share=share, bounds=between)


def own_weeks(row: Row, catalogue: Catalogue, w: Wording) -> Drawing:
    """The small chart beside an onset: a dot for each own week's coverage, a diamond for that before the onset.

    Equal weeks stand on one another, closer together where they are many. The diamond is hollow where rehab may be in
    it.
    """
    weeks, before = row["own_weeks"], row["coverage"]
    on_target = catalogue.number("coverage.on_target")
    marks = ((0.0, TICK_SHORT), (on_target, TICK_LONG), (1.0, TICK_SHORT))
    axis = rectangle(OWN_LEFT, OWN_BASE, OWN_LENGTH, 1.0)
    axis += "".join(rectangle(_own_x(at) - 0.5, OWN_BASE, 1.0, tall) for at, tall in marks)
    dots = "".join(circle(x, y, DOT_RADIUS) for x, y in stacked(weeks))
    title = w.say("Coverage before the onset {share}; no own other week known", share=w.percent(before))
    if weeks:
        title = w.say(
            "Coverage before the onset {share}; own other weeks: {n}, from {low} to {high}",
            share=w.percent(before), n=len(weeks), low=w.percent(weeks[0]), high=w.percent(weeks[-1]),
        )  # fmt: skip
    drawn = [Shape("axis", axis)]
    if dots:
        drawn.append(Shape("dot", dots))
    css = "onset-hollow" if row["is_washed_out"] else "onset"
    drawn.append(Shape(css, diamond(_own_x(before), OWN_BASE - 1, DIAMOND_RADIUS)))
    ends = (Tick(0, OWN_BASE + 4, "0"), Tick(OWN_LEFT + OWN_LENGTH + OWN_LABEL, OWN_BASE + 4, w.percent(1.0)))
    return Drawing(OWN_LEFT + OWN_LENGTH + OWN_RIGHT, OWN_HEIGHT, title, tuple(drawn), ends)


def _own_x(share: float) -> float:
    return OWN_LEFT + share * OWN_LENGTH


def stacked(shares: Sequence[float]) -> list[tuple[float, float]]:
    """Where the dot of each share stands: at the nearest step of the axis; those of one step upon one another."""
    at = Counter(round(share * OWN_STEPS) for share in shares)
    lowest, highest = OWN_BASE - DIAMOND_RADIUS - DOT_RADIUS, DOT_RADIUS
    most = max(at.values(), default=0)
    gap = min(DOT_GAP, (lowest - highest) / max(most - 1, 1))
    return [(_own_x(step / OWN_STEPS), lowest - i * gap) for step, n in sorted(at.items()) for i in range(n)]


def cell(row: Row | None, x: float, y: float, width: float, height: float) -> list[Rectangle]:
    """One week of one area: a bar as high as coverage, or a hatched box where it is not known."""
    if row is None or row["coverage"] is None:
        return [("hatched", x, y, width, height)]
    tall = max(row["coverage"] * height, LEAST_BAR)
    return [("empty", x, y, width, height), (fill(row["status"]), x, y + height - tall, width, tall)]


def fill(status: str) -> str:
    """The class that fills a bar of known coverage."""
    return {"on_target": "good", "under_target": "low", "under_floor": "floor"}.get(status, "low")


def _in_words(row: Row | None, w: Wording) -> str:
    return w.say("not known") if row is None or row["coverage"] is None else w.percent(row["coverage"])


def first_day(end: date) -> date:
    """The first day of the week that ends on `end`."""
    return date.fromordinal(end.toordinal() - 6)
