"""The geometry of the cohort's drawings: ratios on a log axis, and weeks as bars; templates only place them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import log
from statistics import NormalDist
from typing import Any

from runfix_analytics.reports.drawing import Drawing, Shape, Tick, across, diamond, polygon, shapes
from runfix_analytics.reports.wording import UNKNOWN, Wording, text
from runfix_analytics.reports.words import bounds, number_told, ratio

Rectangle = tuple[str, float, float, float, float]

WEEK = timedelta(days=7)
PLOT_WIDTH, PLOT_HEIGHT, PLOT_SIDE, AXIS_TEXT = 196.0, 66.0, 15.0, 18.0
MARK_AT = (15.0, 33.0, 51.0)  # as far apart as the lines of figures beside them
MARK_RADIUS, WHISKER, ARROW = 5.0, 1.6, 6.0
SPAN, TICKS = 4.0, (0.25, 0.5, 1.0, 2.0, 4.0)
LEVELS = ((0.5, 0.7, 1.0, 1.4, 2.0), (0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8), TICKS)
CURVE_WIDTH, CURVE_TOP, CURVE_HEIGHT, CURVE_LEFT, CURVE_PITCH = 344.0, 20.0, 132.0, 74.0, 54.0
TEXT_LINE, BASELINE = 17.0, 4.0
WEEKS_WIDTH, WEEKS_LEFT, WEEKS_TOP, WEEKS_HEIGHT, WEEKS_GAP, WEEKS_SHOWN = 680.0, 112.0, 8.0, 58.0, 4.0, 26
SCALES, DATE_STEP, WIDE_COUNT = (0.1, 0.25, 0.5, 1.0), 4, 100
TICK_DIGITS = 2
SHAPE = {"data": "square", "prior": "diamond", "posterior": "diamond"}
CURVE_ROWS = (
    # translators: heads a row of figures under the lag curve, as do "ratio" and "onsets"; at most 10 letters each
    text("lag"),
    text("ratio"),
    text("onsets"),
)
WEEK_ROWS = (
    # translators: heads a row of figures (how many runners) under the bars of weeks, as does "answered"; at most 14
    # letters each
    text("with an ache"),
    text("answered"),
)


@dataclass(frozen=True)
class Estimate:
    """A log hazard ratio with its interval, and what kind it is (data, prior, posterior)."""

    kind: str
    log_ratio: float
    low: float
    high: float


def forest(estimates: Sequence[Estimate | None], title: str) -> Drawing:
    """The marks of one area under one another on one log axis; nothing in the place of a null."""
    boxes = [_upright(at, "one" if at == 1 else "grid") for at in TICKS]
    drawn: list[Shape] = []
    for estimate, y in zip(estimates, MARK_AT, strict=True):
        if estimate is not None:
            line, marks = _across(estimate, y)
            boxes.append(line)
            drawn += marks
    return Drawing(PLOT_WIDTH, PLOT_HEIGHT, title, (*shapes(boxes), *drawn))


def normal_reach(confidence: float) -> float:
    """How many standard deviations an interval of this confidence reaches to each side."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def forest_axis(w: Wording) -> Drawing:
    """The axis under the areas' marks."""
    marks = tuple(Tick(_r(_plot_x(log(at))), AXIS_TEXT - 5, w.number(at, TICK_DIGITS), anchor="middle") for at in TICKS)
    return Drawing(PLOT_WIDTH, AXIS_TEXT, w.say("Ratio of onsets, full coverage against none"), (), marks)


def _plot_x(log_ratio: float) -> float:
    share = (min(max(log_ratio / log(SPAN), -1.0), 1.0) + 1) / 2
    return PLOT_SIDE + share * (PLOT_WIDTH - 2 * PLOT_SIDE)


def _upright(at: float, css: str) -> Rectangle:
    return css, _plot_x(log(at)) - 0.5, 0.0, 1.0, PLOT_HEIGHT


def _across(estimate: Estimate, y: float) -> tuple[Rectangle, list[Shape]]:
    """The interval as a line with arrows where it leaves the axis, and the mark unless it lies beyond it."""
    left, right, end = _plot_x(estimate.low), _plot_x(estimate.high), log(SPAN)
    line = (f"line-{estimate.kind}", left, y - WHISKER / 2, right - left, WHISKER)
    drawn = []
    for leaves, x, point in ((estimate.low < -end, left, -ARROW), (estimate.high > end, right, ARROW)):
        if leaves:
            corners = ((x + point, y), (x, y - BASELINE), (x, y + BASELINE))
            drawn.append(Shape(f"line-{estimate.kind}", polygon(corners)))
    if abs(estimate.log_ratio) <= end:
        drawn.append(_mark(_plot_x(estimate.log_ratio), y, SHAPE[estimate.kind], f"mark-{estimate.kind}"))
    return line, drawn


def _mark(x: float, y: float, shape: str, css: str) -> Shape:
    if shape == "diamond":
        return Shape(css, diamond(x, y, MARK_RADIUS))
    radius = MARK_RADIUS - 1
    left, right, top, bottom = x - radius, x + radius, y - radius, y + radius
    return Shape(css, polygon(((left, top), (right, top), (right, bottom), (left, bottom))))


def lag_curve(rows: Sequence[dict[str, Any]], lag_days: int, confidence: float, w: Wording) -> Drawing:
    """The mean over the areas at each lag, the model's lag solid and shaded; under each its lag, ratio and onsets."""
    bounds = [abs(row[name]) for row in rows for name in ("low", "high")]
    levels = next((ticks for ticks in LEVELS if max(bounds, default=0.0) <= log(ticks[-1])), TICKS)
    span = levels[-1]
    below = CURVE_TOP + CURVE_HEIGHT
    boxes: list[Rectangle] = []
    drawn, marks = [], []
    for number, row in enumerate(rows):
        x = CURVE_LEFT + (number + 0.5) * CURVE_PITCH
        is_model = row["lag_days"] == lag_days
        if is_model:
            boxes.append(("empty", x - CURVE_PITCH / 2, CURVE_TOP, CURVE_PITCH, CURVE_HEIGHT))
            # translators: stands over one point of the lag curve: the estimates above on the page use this lag
            marks.append(Tick(_r(x), CURVE_TOP - 7, w.say("used above"), anchor="middle"))
        top, bottom = _curve_y(row["high"], span), _curve_y(row["low"], span)
        boxes.append(("line-posterior", x - WHISKER / 2, top, WHISKER, bottom - top))
        drawn.append(_mark(x, _curve_y(row["log_ratio"], span), "diamond", "onset" if is_model else "onset-hollow"))
        # translators: a number of days, as short as it can be
        told = (w.say("{n}\u00a0d", n=row["lag_days"]), ratio(row["log_ratio"], w), number_told(row["n_onsets"], w))
        marks += [
            Tick(_r(x), _r(below + (line + 1) * TEXT_LINE), figure, anchor="middle") for line, figure in enumerate(told)
        ]
    ticks = [Tick(0, _r(below + (line + 1) * TEXT_LINE), w.say(name)) for line, name in enumerate(CURVE_ROWS)]
    ticks += [Tick(CURVE_LEFT - 32, _r(_curve_y(log(at), span) + BASELINE), w.number(at, TICK_DIGITS)) for at in levels]
    one = Shape("target", across(CURVE_LEFT, CURVE_WIDTH, _curve_y(0.0, span)))
    lags = "; ".join(_lag_title(row, confidence, w) for row in rows)
    title = w.say("Mean ratio over the areas at each lag: {lags}", lags=lags)
    height = _r(below + 3 * TEXT_LINE + 5)
    return Drawing(CURVE_WIDTH, height, title, (*shapes(boxes), one, *drawn), (*ticks, *marks))


def _lag_title(row: dict[str, Any], confidence: float, w: Wording) -> str:
    return w.say(
        "lag {days} days: {ratio}, {level} interval {low} to {high}, {onsets} onsets",
        days=row["lag_days"],
        ratio=ratio(row["log_ratio"], w),
        level=w.percent(confidence),
        low=ratio(row["low"], w),
        high=ratio(row["high"], w),
        onsets=number_told(row["n_onsets"], w),
    )


def _curve_y(log_ratio: float, span: float) -> float:
    share = (1 - min(max(log_ratio / log(span), -1.0), 1.0)) / 2
    return CURVE_TOP + share * CURVE_HEIGHT


def last_weeks(as_of: date) -> list[date]:
    """The Mondays of the last whole weeks, oldest first."""
    newest = as_of - timedelta(days=6)
    monday = newest - timedelta(days=newest.weekday())
    return [monday - WEEK * back for back in reversed(range(WEEKS_SHOWN))]


def weeks(rows: Sequence[dict[str, Any]], as_of: date, w: Wording) -> Drawing:
    """The share of runners with an ache in each of the last weeks; hatched where too few answered or had one."""
    mondays = last_weeks(as_of)
    by_week = {row["week_start"]: row for row in rows if row["is_printable"]}
    highest = max((by_week[day]["share_with_symptom_high"] for day in mondays if day in by_week), default=1.0)
    top = next((scale for scale in SCALES if scale >= highest), 1.0)
    pitch, below = (WEEKS_WIDTH - WEEKS_LEFT) / WEEKS_SHOWN, WEEKS_TOP + WEEKS_HEIGHT
    at = {monday: WEEKS_LEFT + number * pitch for number, monday in enumerate(mondays)}
    width = pitch - WEEKS_GAP
    hatched = [("hatched", at[day], WEEKS_TOP, width, WEEKS_HEIGHT) for day in mondays if day not in by_week]
    bars = [box for day in mondays if day in by_week for box in _week_bar(by_week[day], at[day], width, top)]
    marks = [
        Tick(_r(at[day] + width / 2), _r(below + (line + 1) * TEXT_LINE - 2), figure, anchor="middle")
        for line, name in enumerate(("n_with_symptom", "n_answered"))
        for day, figure in _figures(name, mondays, by_week).items()
    ]
    names = [Tick(0, _r(below + (line + 1) * TEXT_LINE - 2), w.say(name)) for line, name in enumerate(WEEK_ROWS)]
    scale = [Tick(WEEKS_LEFT - 44, WEEKS_TOP + 5, w.percent(top)), Tick(WEEKS_LEFT - 14, below, "0")]
    dates = [
        # the year on the first only: seven dates with a year have no room
        Tick(_r(at[day] + width / 2), _r(below + 3 * TEXT_LINE), w.day(day, day if place else as_of), anchor="middle")
        for place, day in enumerate(mondays[::DATE_STEP])
    ]
    title = _weeks_title([by_week[day] for day in mondays if day in by_week], as_of, w)
    height = _r(below + 3 * TEXT_LINE + 5)
    return Drawing(WEEKS_WIDTH, height, title, shapes([*hatched, *bars]), (*names, *scale, *dates, *marks))


def _weeks_title(rows: Sequence[dict[str, Any]], as_of: date, w: Wording) -> str:
    """What the bars show, for who hears it; hatched weeks are not named."""
    told = [
        # translators: a week by its Monday, how many of those who answered had an ache, their share, its interval
        w.say(
            "{day}: {n} of {answered}, {share} ({bounds})",
            day=w.day(row["week_start"], as_of),
            n=w.number(row["n_with_symptom"]),
            answered=w.number(row["n_answered"]),
            share=w.percent(row["share_with_symptom"]),
            bounds=bounds(row["share_with_symptom_low"], row["share_with_symptom_high"], w),
        )
        for row in rows
    ]
    return w.say(
        "Runners with an ache, of those who answered, in each of the last {n} weeks (of weeks not named too few "
        "answered or had one): {weeks}",
        n=WEEKS_SHOWN,
        weeks="; ".join(told),
    )


def _figures(name: str, mondays: Sequence[date], by_week: dict[date, dict[str, Any]]) -> dict[date, str]:
    """The numbers under the bars, "–" where there is no bar; every second one where some have three digits or more."""
    is_wide = any(row[name] >= WIDE_COUNT for row in by_week.values())
    shown = mondays[1::2] if is_wide else mondays
    return {day: str(by_week[day][name]) if day in by_week else UNKNOWN for day in shown}


def _week_bar(row: dict[str, Any], x: float, width: float, top: float) -> list[Rectangle]:
    """A week's bar with its interval, on a base line that shows also where nobody has an ache."""
    share, low, high = (row[f"share_with_symptom{end}"] for end in ("", "_low", "_high"))
    below = WEEKS_TOP + WEEKS_HEIGHT
    tall, low_y, high_y = share / top * WEEKS_HEIGHT, low / top * WEEKS_HEIGHT, high / top * WEEKS_HEIGHT
    return [
        ("axis", x, below, width, 1.0),
        ("distance", x, below - tall, width, tall),
        ("axis", x + width / 2 - 0.5, below - high_y, 1.0, high_y - low_y),
    ]


def _r(value: float) -> float:
    return round(value, 1)
