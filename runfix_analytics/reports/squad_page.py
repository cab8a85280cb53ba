"""The squad's page: whom to talk to, about what, and whom to chase for data; sorted by need.

The page is whole without its script, which only sorts and filters the rows that stand there.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from markupsafe import Markup

from runfix_analytics.catalogue import Catalogue, Exercise
from runfix_analytics.reports import heat_table
from runfix_analytics.reports.advice_section import MoveRow
from runfix_analytics.reports.needs import NEEDS, Need, chase, need_of
from runfix_analytics.reports.rendering import environment, render_template
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.wording import Wording
from runfix_analytics.reports.words import CAVEAT, STATUS, UNDER, Mark, ago_short, distance, marked, place

Row = Mapping[str, Any]
MEAN_WEEKS = 4
GROUP_MOVES = 3
MOST_IN_A_SENTENCE, MOST_IN_ONE_COLUMN = 12, 6


@dataclass(frozen=True)
class Cell:
    """One area of one runner: shape, its share of the target, and the words for both.

    `order`: what the column is sorted by; empty where it is not known.
    """

    mark: Mark
    share: str
    title: str
    order: str


@dataclass(frozen=True)
class Told:
    """A value in words, and the number that the column is sorted by; empty where it is not known."""

    words: str
    order: str


@dataclass(frozen=True)
class Choice:
    """What the rows can be narrowed to: the value that they carry, and the words for it."""

    value: str
    words: str


@dataclass(frozen=True)
class Line:
    """One runner on the page."""

    runner_id: str
    name: str
    link: str
    kind: str
    need: Need
    deficit: float
    reason: str
    marked: str
    cells: tuple[Cell, ...]
    status_of_area: tuple[tuple[str, str], ...]
    under: tuple[str, ...]
    aches: Told
    distance: Told
    last_run: Told
    last_strength: Told
    last_answer: Told
    chase: tuple[str, ...]

    @property
    def place_of_need(self) -> int:
        """What the column of needs is sorted by: the most pressing first."""
        return list(NEEDS).index(self.kind)


def line(results: RunnerResults, catalogue: Catalogue, w: Wording) -> Line:
    """What the squad's page says of one runner."""
    today = results.today
    kind, reason, deficit = need_of(results, catalogue, w)
    logged, as_of, need = results.logged, results.as_of, NEEDS[kind]
    statuses = {area: today[area]["status"] if area in today else "not_known" for area in catalogue.areas}
    return Line(
        runner_id=results.runner_id,
        name=results.name,
        link=f"{results.runner_id}/index.html",
        kind=kind,
        need=Need(need.order, w.say(need.word), need.css),
        deficit=deficit,
        reason=reason,
        marked=marked(results.marks, as_of, w),
        cells=tuple(_cell(today.get(area), w.say(catalogue.areas[area].name), w) for area in catalogue.areas),
        status_of_area=tuple(statuses.items()),
        under=tuple(area for area, status in statuses.items() if status in UNDER),
        aches=_aches(results, catalogue, w),
        distance=_distance(results, w),
        last_run=_last(logged.last_run_on, as_of, w),
        last_strength=_last(logged.last_strength_on, as_of, w),
        last_answer=_last(logged.last_answer_on, as_of, w),
        chase=chase(results, catalogue, w),
    )


def row(line: Line, w: Wording) -> str:
    """The runner's row of the page's first table, as HTML."""
    return render_template("squad_row.html.j2", w, line=line)


def by_need(line: Line) -> tuple[int, float, str, str]:
    """Where a runner stands on the page: the most pressing first."""
    return line.need.order, -line.deficit, line.name, line.runner_id


def _cell(row: Row | None, name: str, w: Wording) -> Cell:
    mark = STATUS[row["status"] if row else "not_known"].said(w)
    coverage = row["coverage"] if row else None
    share = w.percent(coverage)
    title = w.say("{area}: {status}, {share} of the target", area=name, status=mark.word, share=share)
    return Cell(mark, share, title, "" if coverage is None else f"{coverage:.4f}")


def _aches(results: RunnerResults, catalogue: Catalogue, w: Wording) -> Told:
    """The places of the open aches; sorted by how many there are, none last."""
    places = [place(episode, catalogue, w) for episode in results.open_episodes()]
    return Told(w.listing(places), str(len(places))) if places else Told(w.say("none"), "")


def _last(value: date | None, as_of: date, w: Wording) -> Told:
    """The newest entry of a log; sorted by the days since, never last."""
    return Told(ago_short(value, as_of, w), "" if value is None else str((as_of - value).days))


def _distance(results: RunnerResults, w: Wording) -> Told:
    """Distance of the last week beside the mean of the four before; sorted by metres, whatever the unit."""
    weeks = results.weeks[-MEAN_WEEKS - 1 :]
    *before, last = (distance(week.distance_m, results.units) for week in weeks)
    known = [value for value in before if value is not None]
    if last is None:
        return Told(w.say("none logged"), "")
    run = w.number(last, 0)
    told = w.say("{n} km", n=run) if results.units == "metric" else w.say("{n} mi", n=run)
    if known:
        told = w.say("{week} (mean {mean})", week=told, mean=w.number(sum(known) / len(known), 0))
    return Told(told, f"{weeks[-1].distance_m:.0f}")


def render(
    lines: Sequence[Line],
    not_assessed: Sequence[str],
    as_of: date,
    catalogue: Catalogue,
    w: Wording,
    *,
    is_studied: bool,
    rows: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The page as self-contained HTML; `is_studied`: there is a cohort page to point to.

    `rows`: runner id → what `row` made of the line, where that is at hand: to make them takes most of a page's time.
    """
    ordered = sorted(lines, key=by_need)
    columns = [
        heat_table.Column(line.name, line.need.word, line.need.css, dict(line.status_of_area)) for line in ordered
    ]
    area, gap = _gap(columns, catalogue, w)
    is_large = heat_table.is_large(len(columns))
    return render_template(
        "squad.html.j2",
        w,
        week=w.say("Week to {day}", day=w.day(as_of)),
        rows=[Markup(rows.get(line.runner_id) or row(line, w)) for line in ordered],  # noqa: S704 - escaped by `row`
        counts=_counts(ordered, w),
        areas=[(w.say(area.short), w.say(area.name)) for area in catalogue.areas.values()],
        blocks=heat_table.blocks(columns, catalogue, w),
        sums=heat_table.sums(columns, catalogue, w) if is_large else (),
        sum_heads=heat_table.sum_heads(w),
        needs=_needs(ordered, w),
        areas_under=_areas_under(columns, catalogue, w),
        gap=gap,
        group=_group_moves(area, catalogue, w),
        not_assessed=_not_assessed(not_assessed, w),
        absent=sorted(not_assessed) if len(not_assessed) > MOST_IN_A_SENTENCE else (),
        chase=(chased := [line for line in ordered if line.chase]),
        is_long_chase=len(chased) > MOST_IN_ONE_COLUMN,
        is_large=is_large,
        legend=[mark.said(w) for mark in STATUS.values()],
        is_studied=is_studied,
        script_hash=script_hash(),
        caveat=w.say(CAVEAT),
        version=w.say("catalogue and parameters {version}", version=catalogue.version),
    )


@cache
def script_hash() -> str:
    """The page's script as its policy names it: a digest of the very bytes that stand on the page."""
    script = environment().get_template("squad.js").render()
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"


def _needs(lines: Sequence[Line], w: Wording) -> list[Choice]:
    """The needs that somebody has, and how many."""
    found = Counter(line.kind for line in lines)
    return [
        Choice(kind, f"{w.say(need.word)} ({w.number(found[kind])})") for kind, need in NEEDS.items() if found[kind]
    ]


def _areas_under(columns: Sequence[heat_table.Column], catalogue: Catalogue, w: Wording) -> list[Choice]:
    """The areas that somebody is under target in, and how many."""
    under = {area: heat_table.tally(columns, area)[0] for area in catalogue.areas}
    return [
        Choice(area, f"{w.say(catalogue.areas[area].name)} ({w.number(n_under)})")
        for area, n_under in under.items()
        if n_under
    ]


def _not_assessed(names: Sequence[str], w: Wording) -> str:
    """Who is missing, by name or, where they are many, by number; empty where nobody is."""
    if len(names) > MOST_IN_A_SENTENCE:
        return w.count(len(names), "{n} runner", "{n} runners")
    return w.listing(sorted(names))


def _counts(lines: Sequence[Line], w: Wording) -> list[tuple[int, str]]:
    talk = sum(line.need.order <= NEEDS["ache"].order for line in lines)
    refer, medical, seen = (sum(line.kind == kind for line in lines) for kind in ("refer", "medical", "seen"))
    unknown = sum(line.kind == "no_data" for line in lines)
    waiting = sum(bool(line.chase) for line in lines)
    return [
        (len(lines), w.say("runner") if len(lines) == 1 else w.say("runners")),
        (talk, w.say("with an open ache: talk to them")),
        *([(medical, w.say("to get medical advice first"))] if medical else []),
        (refer, w.say("to a physical therapist first")),
        *([(seen, w.say("seen by a physio"))] if seen else []),
        (unknown, w.say("with strength work not known")),
        (waiting, w.say("to chase for data")),
    ]


def _gap(columns: Sequence[heat_table.Column], catalogue: Catalogue, w: Wording) -> tuple[str, str]:
    """The area that most runners with a known value are under target in, and that in words; "" where there is none."""
    tallies = [(*heat_table.tally(columns, area), area) for area in catalogue.areas]
    n_under, n_known, area = max(tallies, key=lambda tally: tally[0], default=(0, 0, ""))
    if not n_under:
        return "", w.say("No area is under target in any runner with a known value.")
    return area, w.count(
        n_known,
        "Squad-wide gap: {under} of {n} runner with a known value are under target for {area} ({unknown} not known or "
        "not clear).",
        "Squad-wide gap: {under} of {n} runners with a known value are under target for {area} ({unknown} not known or "
        "not clear).",
        under=w.number(n_under),
        area=w.name(catalogue.areas[area].name),
        unknown=w.number(len(columns) - n_known),
    )


def _group_moves(area: str, catalogue: Catalogue, w: Wording) -> tuple[MoveRow, ...]:
    """One circuit for the gap: moves whose main area it is, the article's first, without equipment before others."""
    if not area:
        return ()
    fits: list[Exercise] = [e for e in catalogue.exercises.values() if area in e.primary and e.how]
    best = sorted(
        fits, key=lambda exercise: (bool(exercise.equipment), area not in exercise.article_for, exercise.name)
    )
    return tuple(MoveRow(w.say(e.name), w.say(e.how or ""), "") for e in best[:GROUP_MOVES])
