"""The geometry of the cohort's drawings: ratios on a log axis, and weeks as bars; templates only place them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import log
from statistics import NormalDist
from typing import Any

from runfix_analytics.reports.charts import WEEK, Box, Diamond, Drawing, Tick
from runfix_analytics.reports.words import day, percent, ratio

PLOT_WIDTH, PLOT_HEIGHT, PLOT_SIDE, AXIS_TEXT = 196.0, 66.0, 13.0, 18.0
MARK_AT = (15.0, 33.0, 51.0)  # as far apart as the lines of figures beside them
MARK_RADIUS, WHISKER, ARROW = 5.0, 1.6, 6.0
SPAN, TICKS = 4.0, (0.25, 0.5, 1.0, 2.0, 4.0)
LEVELS = ((0.5, 0.7, 1.0, 1.4, 2.0), (0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8), TICKS)
CURVE_WIDTH, CURVE_TOP, CURVE_HEIGHT, CURVE_LEFT, CURVE_PITCH = 344.0, 20.0, 132.0, 64.0, 56.0
TEXT_LINE, BASELINE = 17.0, 4.0
WEEKS_WIDTH, WEEKS_LEFT, WEEKS_TOP, WEEKS_HEIGHT, WEEKS_GAP, WEEKS_SHOWN = 680.0, 82.0, 8.0, 58.0, 4.0, 26
SCALES, DATE_STEP, WIDE_COUNT = (0.1, 0.25, 0.5, 1.0), 4, 100
SHAPE = {"data": "square", "prior": "diamond", "posterior": "diamond"}


@dataclass(frozen=True)
class Estimate:
    """A log hazard ratio with its interval, what kind it is (data, prior, posterior) and the words read out for it."""

    kind: str
    log_ratio: float
    low: float
    high: float
    title: str


def forest(estimates: Sequence[Estimate | None], title: str) -> Drawing:
    """The marks of one area under one another on one log axis; nothing in the place of a null."""
    boxes = [_upright(at, "one" if at == 1 else "grid", f"ratio {at:g}") for at in TICKS]
    shapes: list[Diamond] = []
    for estimate, y in zip(estimates, MARK_AT, strict=True):
        if estimate is not None:
            drawn, marks = _across(estimate, y)
            boxes.append(drawn)
            shapes += marks
    return Drawing(PLOT_WIDTH, PLOT_HEIGHT, title, tuple(boxes), diamonds=tuple(shapes))


def normal_reach(confidence: float) -> float:
    """How many standard deviations an interval of this confidence reaches to each side."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def forest_axis() -> Drawing:
    """The axis under the areas' marks."""
    marks = tuple(Tick(_r(_plot_x(log(at))), AXIS_TEXT - 5, f"{at:g}") for at in TICKS)
    return Drawing(PLOT_WIDTH, AXIS_TEXT, "Ratio of onsets, full coverage against none", (), marks=marks)


def _plot_x(log_ratio: float) -> float:
    share = (min(max(log_ratio / log(SPAN), -1.0), 1.0) + 1) / 2
    return PLOT_SIDE + share * (PLOT_WIDTH - 2 * PLOT_SIDE)


def _upright(at: float, css: str, title: str) -> Box:
    return Box(_r(_plot_x(log(at)) - 0.5), 0, 1, PLOT_HEIGHT, css, title)


def _across(estimate: Estimate, y: float) -> tuple[Box, list[Diamond]]:
    """The interval as a line with arrows where it leaves the axis, and the mark unless it lies beyond it."""
    left, right, end = _plot_x(estimate.low), _plot_x(estimate.high), log(SPAN)
    line = Box(_r(left), _r(y - WHISKER / 2), _r(right - left), WHISKER, f"line-{estimate.kind}", estimate.title)
    shapes = []
    for leaves, x, point in ((estimate.low < -end, left, -ARROW), (estimate.high > end, right, ARROW)):
        if leaves:
            corners = f"{_r(x + point)},{y} {_r(x)},{y - BASELINE} {_r(x)},{y + BASELINE}"
            shapes.append(Diamond(corners, f"line-{estimate.kind}"))
    if abs(estimate.log_ratio) <= end:
        shapes.append(_mark(_plot_x(estimate.log_ratio), y, SHAPE[estimate.kind], f"mark-{estimate.kind}"))
    return line, shapes


def _mark(x: float, y: float, shape: str, css: str) -> Diamond:
    radius = MARK_RADIUS if shape == "diamond" else MARK_RADIUS - 1
    left, right, top, bottom = _r(x - radius), _r(x + radius), _r(y - radius), _r(y + radius)
    if shape == "diamond":
        return Diamond(f"{_r(x)},{top} {right},{_r(y)} {_r(x)},{bottom} {left},{_r(y)}", css)
    return Diamond(f"{left},{top} {right},{top} {right},{bottom} {left},{bottom}", css)


def lag_curve(rows: Sequence[dict[str, Any]], lag_days: int, confidence: float) -> Drawing:
    """The mean over the areas at each lag, the model's lag solid and shaded; under each its lag, ratio and onsets."""
    bounds = [abs(row[name]) for row in rows for name in ("low", "high")]
    levels = next((ticks for ticks in LEVELS if max(bounds, default=0.0) <= log(ticks[-1])), TICKS)
    span = levels[-1]
    below = CURVE_TOP + CURVE_HEIGHT
    boxes, shapes, marks = [], [], []
    for number, row in enumerate(rows):
        x = CURVE_LEFT + (number + 0.5) * CURVE_PITCH
        is_model = row["lag_days"] == lag_days
        if is_model:
            said = "the lag of the estimates above"
            boxes.append(Box(_r(x - CURVE_PITCH / 2), CURVE_TOP, CURVE_PITCH, CURVE_HEIGHT, "empty", said))
        top, bottom = _curve_y(row["high"], span), _curve_y(row["low"], span)
        title = (f"lag {row['lag_days']} days: {ratio(row['log_ratio'])}, {percent(confidence)} interval "
                 f"{ratio(row['low'])} to {ratio(row['high'])}, {row['n_onsets']} onsets")  # fmt: skip
        boxes.append(Box(_r(x - WHISKER / 2), _r(top), WHISKER, _r(bottom - top), "line-posterior", title))
        shapes.append(_mark(x, _curve_y(row["log_ratio"], span), "diamond", "onset" if is_model else "onset-hollow"))
        told = (f"{row['lag_days']} d", ratio(row["log_ratio"]), str(row["n_onsets"]))
        marks += [Tick(_r(x), _r(below + (line + 1) * TEXT_LINE), text) for line, text in enumerate(told)]
        if is_model:
            marks.append(Tick(_r(x), CURVE_TOP - 7, "used above"))
    named = ("lag", "ratio", "onsets")
    ticks = [Tick(0, _r(below + (line + 1) * TEXT_LINE), text) for line, text in enumerate(named)]
    ticks += [Tick(CURVE_LEFT - 32, _r(_curve_y(log(at), span) + BASELINE), f"{at:g}") for at in levels]
    return Drawing(
        CURVE_WIDTH, _r(below + 3 * TEXT_LINE + 5), "Mean ratio over the areas at each lag", tuple(boxes), tuple(ticks),
        tuple(marks), (_r(_curve_y(0.0, span)),), CURVE_LEFT, CURVE_WIDTH, diamonds=tuple(shapes),
    )  # fmt: skip


def _curve_y(log_ratio: float, span: float) -> float:
    share = (1 - min(max(log_ratio / log(span), -1.0), 1.0)) / 2
    return CURVE_TOP + share * CURVE_HEIGHT


def last_weeks(as_of: date) -> list[date]:
    """The Mondays of the last whole weeks, oldest first."""
    newest = as_of - timedelta(days=6)
    monday = newest - timedelta(days=newest.weekday())
    return [monday - WEEK * back for back in reversed(range(WEEKS_SHOWN))]


def weeks(rows: Sequence[dict[str, Any]], as_of: date) -> Drawing:
    """The share of runners with an ache in each of the last weeks; hatched where too few or none answered."""
    by_week = {row["week_start"]: row for row in rows if row["is_printable"]}
    shown = [by_week[monday] for monday in last_weeks(as_of) if monday in by_week]
    highest = max((row["share_with_symptom_high"] for row in shown), default=1.0)
    top = next((scale for scale in SCALES if scale >= highest), 1.0)
    pitch = (WEEKS_WIDTH - WEEKS_LEFT) / WEEKS_SHOWN
    below = WEEKS_TOP + WEEKS_HEIGHT
    is_wide = max((row["n_answered"] for row in shown), default=0) >= WIDE_COUNT
    boxes, marks = [], []
    for number, monday in enumerate(last_weeks(as_of)):
        x = WEEKS_LEFT + number * pitch
        row = by_week.get(monday)
        boxes += _week_bars(row, monday, x, pitch - WEEKS_GAP, top)
        middle = _r(x + (pitch - WEEKS_GAP) / 2)
        told = ("–", "–") if row is None else (str(row["n_with_symptom"]), str(row["n_answered"]))
        told = (told[0], "") if is_wide and number % 2 == 0 else told
        marks += [Tick(middle, _r(below + (line + 1) * TEXT_LINE - 2), text) for line, text in enumerate(told)]
    ticks = [Tick(0, _r(below + TEXT_LINE - 2), "with an ache"), Tick(0, _r(below + 2 * TEXT_LINE - 2), "answered")]
    ticks += [Tick(46, WEEKS_TOP + 5, percent(top)), Tick(60, below, "0")]
    ticks += [
        Tick(_r(WEEKS_LEFT + number * pitch), _r(below + 3 * TEXT_LINE), day(monday, as_of))
        for number, monday in enumerate(last_weeks(as_of))
        if number % DATE_STEP == 0
    ]
    title = f"Runners with an ache, of those who answered, in each of the last {WEEKS_SHOWN} weeks"
    return Drawing(WEEKS_WIDTH, _r(below + 3 * TEXT_LINE + 5), title, tuple(boxes), tuple(ticks), tuple(marks))


def _week_bars(row: dict[str, Any] | None, monday: date, x: float, width: float, top: float) -> list[Box]:
    """A week's bar with its interval, or a hatched box."""
    when, below = f"week of {day(monday)}", WEEKS_TOP + WEEKS_HEIGHT
    if row is None:
        said = f"{when}: too few answered"
        return [Box(_r(x), WEEKS_TOP, _r(width), WEEKS_HEIGHT, "hatched", said)]
    share, low, high = (row[f"share_with_symptom{end}"] for end in ("", "_low", "_high"))
    title = (f"{when}: {row['n_with_symptom']} of {row['n_answered']}, {percent(share)} "
             f"({percent(low)} to {percent(high)})")  # fmt: skip
    tall, low_y, high_y = share / top * WEEKS_HEIGHT, low / top * WEEKS_HEIGHT, high / top * WEEKS_HEIGHT
    bar = Box(_r(x), _r(below - tall), _r(width), _r(tall), "distance", title)
    line = Box(_r(x + width / 2 - 0.5), _r(below - high_y), 1, _r(high_y - low_y), "axis", title)
    return [Box(_r(x), below, _r(width), 1, "axis", when), bar, line]


def _r(value: float) -> float:
    return round(value, 1)
