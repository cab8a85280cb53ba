"""The squad's page: whom to talk to, about what, and whom to chase for data; sorted by need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from runfix_analytics.catalogue import Catalogue, Exercise
from runfix_analytics.reports.advice_section import MoveRow
from runfix_analytics.reports.needs import NEEDS, Need, chase, need_of
from runfix_analytics.reports.rendering import render_template
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.wording import Wording
from runfix_analytics.reports.words import CAVEAT, STATUS, UNDER, Mark, ago_short, distance, marked, place

Row = Mapping[str, Any]
MEAN_WEEKS = 4
GROUP_MOVES = 3


@dataclass(frozen=True)
class Cell:
    """One area of one runner: shape, its share of the target, and the words for both."""

    mark: Mark
    share: str
    title: str


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
    aches: str
    distance: str
    last_run: str
    last_strength: str
    last_answer: str
    chase: tuple[str, ...]


def line(results: RunnerResults, catalogue: Catalogue, w: Wording) -> Line:
    """What the squad's page says of one runner."""
    today = results.today
    kind, reason, deficit = need_of(results, catalogue, w)
    logged, as_of, need = results.logged, results.as_of, NEEDS[kind]
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
        status_of_area=tuple(
            (area, today[area]["status"] if area in today else "not_known") for area in catalogue.areas
        ),
        aches=w.listing([place(episode, catalogue, w) for episode in results.open_episodes()]) or w.say("none"),
        distance=_distance(results, w),
        last_run=ago_short(logged.last_run_on, as_of, w),
        last_strength=ago_short(logged.last_strength_on, as_of, w),
        last_answer=ago_short(logged.last_answer_on, as_of, w),
        chase=chase(results, catalogue, w),
    )


def by_need(line: Line) -> tuple[int, float, str, str]:
    """Where a runner stands on the page: the most pressing first."""
    return line.need.order, -line.deficit, line.name, line.runner_id


def _cell(row: Row | None, name: str, w: Wording) -> Cell:
    mark = STATUS[row["status"] if row else "not_known"].said(w)
    share = w.percent(row["coverage"] if row else None)
    title = w.say("{area}: {status}, {share} of the target", area=name, status=mark.word, share=share)
    return Cell(mark, share, title)


def _distance(results: RunnerResults, w: Wording) -> str:
    """Distance of the last week beside the mean of the four before."""
    *before, last = (distance(week.distance_m, results.units) for week in results.weeks[-MEAN_WEEKS - 1 :])
    known = [value for value in before if value is not None]
    if last is None:
        return w.say("none logged")
    run = w.number(last, 0)
    told = w.say("{n} km", n=run) if results.units == "metric" else w.say("{n} mi", n=run)
    return w.say("{week} (mean {mean})", week=told, mean=w.number(sum(known) / len(known), 0)) if known else told


def render(
    lines: Sequence[Line],
    not_assessed: Sequence[str],
    as_of: date,
    catalogue: Catalogue,
    w: Wording,
    *,
    is_studied: bool,
) -> str:
    """The page as self-contained HTML without script; `is_studied`: there is a cohort page to point to."""
    ordered = sorted(lines, key=by_need)
    area, gap = _gap(ordered, catalogue, w)
    return render_template(
        "squad.html.j2",
        w,
        week=w.say("Week to {day}", day=w.day(as_of)),
        lines=ordered,
        counts=_counts(ordered, w),
        areas=[(w.say(area.short), w.say(area.name)) for area in catalogue.areas.values()],
        gap=gap,
        group=_group_moves(area, catalogue, w),
        not_assessed=w.listing(sorted(not_assessed)),
        chase=[line for line in ordered if line.chase],
        legend=[mark.said(w) for mark in STATUS.values()],
        is_studied=is_studied,
        caveat=w.say(CAVEAT),
        version=w.say("catalogue and parameters {version}", version=catalogue.version),
    )


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


def _gap(lines: Sequence[Line], catalogue: Catalogue, w: Wording) -> tuple[str, str]:
    """The area that most runners with a known value are under target in, and that in words; "" where there is none."""
    statuses = [dict(line.status_of_area) for line in lines]
    tallies = []
    for area in catalogue.areas:
        known = [status[area] for status in statuses if status[area] in ("on_target", *UNDER)]
        tallies.append((sum(status in UNDER for status in known), len(known), area))
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
        unknown=w.number(len(lines) - n_known),
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
