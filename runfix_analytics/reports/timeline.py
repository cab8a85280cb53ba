"""A runner's weeks on one axis: distance, spikes, the coverage of each area, and the aches by place and side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports.charts import Rectangle, cell, first_day
from runfix_analytics.reports.drawing import Drawing, Shape, Tick, across, shapes
from runfix_analytics.reports.results import RunnerResults, Week
from runfix_analytics.reports.wording import Wording, sentence_case
from runfix_analytics.reports.words import distance, place

Row = Mapping[str, Any]

WIDTH, LEFT, RIGHT, TOP = 688.0, 118.0, 4.0, 16.0
BARS, STRIP, GAP, BAR_GAP = 48.0, 20.0, 5.0, 2.0
ACHE, ACHE_BAR, AXIS, SPIKES_ROW = 18.0, 14.0, 20.0, 14.0
LABEL_DOWN, NUMBER_ROOM, DATE_ROOM, YEAR_ROOM = 5.0, 27.0, 66.0, 100.0
PAIN_ROOM, LEAST_ACHE, DAYS = 34.0, 3.0, 7
LONG = 16  # letters of a label that fit beside the axis


@dataclass
class _Rows:
    """What has been drawn so far, and how far down."""

    boxes: list[Rectangle]
    ticks: list[Tick]
    lines: str
    y: float


def timeline(results: RunnerResults, catalogue: Catalogue, w: Wording) -> Drawing:
    """The weeks of the results on one axis, the newest on the right."""
    weeks = results.weeks
    step = (WIDTH - LEFT - RIGHT) / len(weeks)
    drawn = _Rows([], [], "", TOP)
    _distances(drawn, results, step, w)
    for area in catalogue.areas.values():
        _strip(drawn, weeks, area.id, w.say(area.name), step, catalogue)
    drawn.y += GAP
    _aches(drawn, results, catalogue, step, w)
    _axis(drawn, weeks, step, results.as_of, w)
    title = w.count(
        len(weeks),
        "Distance, coverage of the five areas and aches over the last {n} week",
        "Distance, coverage of the five areas and aches over the last {n} weeks",
    )
    lines = Shape("target", drawn.lines)
    return Drawing(WIDTH, _r(drawn.y), title, (*shapes(drawn.boxes), lines), tuple(drawn.ticks))


def _distances(drawn: _Rows, results: RunnerResults, step: float, w: Wording) -> None:
    values = [distance(week.distance_m, results.units) for week in results.weeks]
    longest = max((value for value in values if value is not None), default=0.0) or 1.0
    base, every = drawn.y + BARS, max(1, -int(-NUMBER_ROOM // step))
    for i, (week, value) in enumerate(zip(results.weeks, values, strict=True)):
        x, width = LEFT + i * step, max(step - BAR_GAP, 1.0)
        if value is None:
            drawn.boxes.append(("hatched", x, drawn.y, width, BARS))
            continue
        tall = value / longest * BARS
        drawn.boxes.append(("distance", x, base - tall, width, tall))
        is_told = (len(values) - 1 - i) % every == 0
        if is_told:
            drawn.ticks.append(Tick(_r(x + width / 2), _r(base - tall - 3), w.number(value, 0), anchor="middle"))
        if week.has_spike:
            drawn.ticks.append(Tick(_r(x + width / 2), _r(base + SPIKES_ROW - 2), "▲", anchor="middle"))
    label = w.say("km a week") if results.units == "metric" else w.say("miles a week")
    drawn.ticks.append(Tick(0, _r(base - LABEL_DOWN), label))
    drawn.y = base + SPIKES_ROW + GAP


def _strip(drawn: _Rows, weeks: Sequence[Week], area: str, name: str, step: float, catalogue: Catalogue) -> None:
    for i, week in enumerate(weeks):
        drawn.boxes += cell(week.coverage.get(area), LEFT + i * step, drawn.y, max(step - BAR_GAP, 1.0), STRIP)
    drawn.lines += across(LEFT, WIDTH - RIGHT, drawn.y + STRIP * (1 - catalogue.number("coverage.on_target")))
    drawn.ticks.append(Tick(0, _r(drawn.y + STRIP - LABEL_DOWN), name))
    drawn.y += STRIP + GAP


def _aches(drawn: _Rows, results: RunnerResults, catalogue: Catalogue, step: float, w: Wording) -> None:
    """A row for each place and side, a bar for each episode that touches the axis; an open one runs to the last day."""
    first = first_day(results.weeks[0].end)
    rows: dict[tuple[str, str], list[tuple[Row, date]]] = {}
    for episode in results.episodes:
        end = episode["ended_on"] or (results.as_of if episode["state"] == "open" else episode["last_reported_on"])
        if end >= first:
            where = place(episode, catalogue, w), place(episode, catalogue, w, most=LONG)
            rows.setdefault(where, []).append((episode, end))
    for (_, label), episodes in rows.items():
        drawn.ticks.append(Tick(0, _r(drawn.y + ACHE_BAR - 2), sentence_case(label)))
        taken = 0.0
        for episode, end in episodes:
            start = (max(episode["onset_on"], first) - first).days
            taken = _ache(drawn, episode, (start, (end - first).days), step, taken, w)
        drawn.y += ACHE
    last = results.logged.last_answer_on
    if results.is_silent(last):
        start = 0 if last is None else max((last - first).days + 1, 0)
        x = LEFT + start * step / DAYS
        drawn.boxes.append(("hatched", x, drawn.y, max(WIDTH - RIGHT - x, LEAST_ACHE), ACHE_BAR))
        drawn.ticks.append(Tick(0, _r(drawn.y + ACHE_BAR - 2), w.say("No answer")))
        drawn.y += ACHE
    elif not rows:
        drawn.ticks.append(Tick(0, _r(drawn.y + ACHE_BAR - 2), w.say("Aches")))
        drawn.ticks.append(Tick(LEFT, _r(drawn.y + ACHE_BAR - 2), w.say("none reported in these weeks")))
        drawn.y += ACHE


def _ache(drawn: _Rows, episode: Row, days: tuple[int, int], step: float, taken: float, w: Wording) -> float:
    """Draws one episode; gives back up to where the row is taken. A label without room is left to the table below."""
    start, end = days
    x, width = LEFT + start * step / DAYS, max((end - start + 1) * step / DAYS, LEAST_ACHE)
    css = "hatched-ache" if episode["state"] == "silent" else f"ache-{episode['state']}"
    drawn.boxes.append((css, x, drawn.y, width, ACHE_BAR))
    if episode["worst_pain"] is None:
        return x + width
    label, y = f"{w.number(episode['worst_pain'])}/10", _r(drawn.y + ACHE_BAR - 2.5)
    if width >= PAIN_ROOM and episode["state"] != "silent":
        drawn.ticks.append(Tick(_r(x + 3), y, label, "on-bar"))
    elif x - PAIN_ROOM >= max(taken, LEFT):
        drawn.ticks.append(Tick(_r(x - 3), y, label, anchor="end"))
    elif x + width + PAIN_ROOM <= WIDTH:
        drawn.ticks.append(Tick(_r(x + width + 3), y, label))
        return x + width + PAIN_ROOM
    return x + width


def _axis(drawn: _Rows, weeks: Sequence[Week], step: float, as_of: date, w: Wording) -> None:
    starts = [first_day(week.end) for week in weeks]
    room = DATE_ROOM if starts[0].year == as_of.year else YEAR_ROOM
    every = max(1, -int(-room // step))
    for i in range(0, len(weeks), every):
        if LEFT + i * step + room <= WIDTH + BAR_GAP:
            drawn.ticks.append(Tick(_r(LEFT + i * step), _r(drawn.y + AXIS - LABEL_DOWN), w.day(starts[i], as_of)))
    drawn.y += AXIS


def _r(value: float) -> float:
    return round(value, 1)
