"""The squad's page: whom to talk to, about what, and whom to chase for data; sorted by need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports import charts
from runfix_analytics.reports.rendering import render_template
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.words import (
    CAVEAT,
    STATUS,
    UNDER,
    Mark,
    ago,
    ago_short,
    area_names,
    count,
    day,
    listing,
    marked,
    percent,
    place,
)

MEAN_WEEKS = 4
MAX_REASON_WORDS = 8
UNKNOWN_STRENGTH = "strength work not known: log first"


@dataclass(frozen=True)
class Need:
    """How urgently somebody should talk to a runner; `order` 0 comes first."""

    order: int
    word: str
    css: str


NEEDS = {
    "medical": Need(0, "■ Get medical advice", "refer"),
    "refer": Need(0, "■ See a physio", "refer"),
    "ache_deficit": Need(1, "▲ Ache, under target", "ache"),
    "ache": Need(2, "▲ Open ache", "ache"),
    "deficit": Need(3, "◐ Under target", "under"),
    "no_data": Need(4, "? Not known", "unknown"),
    "fine": Need(5, "● On track", "fine"),
}


@dataclass(frozen=True)
class Cell:
    """One area of one runner: shape, the word for it, and its share of the target."""

    mark: Mark
    title: str


@dataclass(frozen=True)
class Line:
    """One runner on the page."""

    runner_id: str
    name: str
    link: str
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


def line(results: RunnerResults, catalogue: Catalogue) -> Line:
    """What the squad's page says of one runner."""
    today = results.today()
    need, reason, deficit = _need(results, catalogue)
    logged, as_of = results.logged, results.as_of
    return Line(
        runner_id=results.runner_id,
        name=results.name,
        link=f"{results.runner_id}/index.html",
        need=NEEDS[need],
        deficit=deficit,
        reason=reason,
        marked=marked(results.marks, as_of),
        cells=tuple(_cell(today.get(area), catalogue.areas[area].name) for area in catalogue.areas),
        status_of_area=tuple(
            (area, today[area]["status"] if area in today else "not_known") for area in catalogue.areas
        ),
        aches=listing([place(episode, catalogue) for episode in results.open_episodes()]) or "none",
        distance=_distance(results),
        last_run=ago_short(logged.last_run_on, as_of),
        last_strength=ago_short(logged.last_strength_on, as_of),
        last_answer=ago_short(logged.last_answer_on, as_of),
        chase=_chase(results, catalogue),
    )


def _need(results: RunnerResults, catalogue: Catalogue) -> tuple[str, str, float]:
    """The kind of need, its reason in at most eight words, and the deficit that orders equals."""
    today = results.today()
    order = list(catalogue.areas)
    under = sorted(
        (area for area, row in today.items() if row["status"] in UNDER and row["coverage"] is not None),
        key=lambda area: (today[area]["coverage"], order.index(area)),
    )
    kind, reasons = _kind(results, under, catalogue)
    return kind, _short(reasons), sum(1 - today[area]["coverage"] for area in under)


def _kind(results: RunnerResults, under: list[str], catalogue: Catalogue) -> tuple[str, list[str]]:
    """The kind of need, and its reason in words, the fuller version first."""
    aches = results.open_episodes()
    if results.referrals.height:
        medical = results.referrals.filter(pl.col("flag") == "medical")
        flagged = (medical if medical.height else results.referrals)["episode_id"][0]
        where = next(place(e, catalogue) for e in aches if e["episode_id"] == flagged)
        return ("medical" if medical.height else "refer"), [f"{where}: red flag reported", f"{where}: red flag"]
    if aches:
        return _ache_kind(aches, under, catalogue)
    newest, last_strength = results.newest_entry(), results.logged.last_strength_on
    if newest and results.is_silent(newest):
        return "no_data", [f"nothing logged since {day(newest, results.as_of)}"]
    if under:
        quit_on = last_strength if last_strength and results.is_silent(last_strength) else None
        reasons = [f"{area_names(under[:n], catalogue)} under target" for n in (2, 1)]
        return "deficit", [f"no strength work since {day(quit_on, results.as_of)}"] if quit_on else reasons
    statuses = {row["status"] for row in results.today().values()}
    return ("fine", ["all areas on target"]) if statuses == {"on_target"} else ("no_data", [UNKNOWN_STRENGTH])


def _ache_kind(aches: list[dict[str, Any]], under: list[str], catalogue: Catalogue) -> tuple[str, list[str]]:
    for episode in aches:
        linked = [area for area in under if area in catalogue.linked_areas(episode["symptom_id"])]
        if linked:
            where = place(episode, catalogue)
            return "ache_deficit", [f"{where}; {area_names(linked[:n], catalogue)} under" for n in (2, 1)]
    where = place(aches[0], catalogue)
    return "ache", [f"{where}, worst {_pain(aches[0])}", where]


def _short(reasons: Sequence[str]) -> str:
    """The first reason that is short enough, or the last."""
    return next((reason for reason in reasons if len(reason.split()) <= MAX_REASON_WORDS), reasons[-1])


def _pain(episode: dict[str, Any]) -> str:
    return "not said" if episode["worst_pain"] is None else f"{episode['worst_pain']:g}/10"


def _cell(row: dict[str, Any] | None, name: str) -> Cell:
    status = row["status"] if row else "not_known"
    share = percent(row["coverage"]) if row else "–"
    return Cell(STATUS[status], f"{name}: {STATUS[status].word}, {share} of the target")


def _distance(results: RunnerResults) -> str:
    """Distance of the last week beside the mean of the four before."""
    ends = charts.week_ends(results.as_of, MEAN_WEEKS + 1)
    *before, last = charts.weekly_distances(results, ends)
    known = [value for value in before if value is not None]
    unit = "km" if results.units == "metric" else "mi"
    if last is None:
        return "none logged"
    mean = f" (mean {sum(known) / len(known):.0f})" if known else ""
    return f"{last:.0f} {unit}{mean}"


def _chase(results: RunnerResults, catalogue: Catalogue) -> tuple[str, ...]:
    """The logs of this runner that have been silent too long, or never came."""
    logged = results.logged
    limit = results.as_of - timedelta(days=catalogue.days("advice.silent_after"))
    newest = {"runs": logged.last_run_on, "strength": logged.last_strength_on, "aches": logged.last_answer_on}
    silent = [
        f"{log}: {'never logged' if last is None else ago(last, results.as_of)}"
        for log, last in newest.items()
        if last is None or last <= limit
    ]
    if logged.n_bad_files:
        silent.append(count(logged.n_bad_files, "bad file"))
    return tuple(silent)


def render(
    lines: Sequence[Line], not_assessed: Sequence[str], as_of: date, catalogue: Catalogue, *, is_studied: bool
) -> str:
    """The page as self-contained HTML without script; `is_studied`: there is a cohort page to point to."""
    ordered = sorted(lines, key=lambda line: (line.need.order, -line.deficit, line.name, line.runner_id))
    return render_template(
        "squad.html.j2",
        week=f"Week to {day(as_of)}",
        lines=ordered,
        counts=_counts(ordered),
        areas=[area.short for area in catalogue.areas.values()],
        gap=_gap(ordered, catalogue),
        not_assessed=listing(sorted(not_assessed)),
        chase=[line for line in ordered if line.chase],
        legend=[mark for status, mark in STATUS.items()],
        is_studied=is_studied,
        caveat=CAVEAT,
        version=f"catalogue and parameters {catalogue.version}",
    )


def _counts(lines: Sequence[Line]) -> list[tuple[int, str]]:
    talk = sum(line.need.order <= NEEDS["ache"].order for line in lines)
    refer = sum(line.need == NEEDS["refer"] for line in lines)
    medical = sum(line.need == NEEDS["medical"] for line in lines)
    unknown = sum(line.need.order == NEEDS["no_data"].order for line in lines)
    chase = sum(bool(line.chase) for line in lines)
    return [
        (len(lines), "runners" if len(lines) != 1 else "runner"),
        (talk, "with an open ache: talk to them"),
        *([(medical, "to get medical advice first")] if medical else []),
        (refer, "to a physical therapist first"),
        (unknown, "with strength work not known"),
        (chase, "to chase for data"),
    ]


def _gap(lines: Sequence[Line], catalogue: Catalogue) -> str:
    """The area that most runners with a known value are under target in."""
    statuses = [dict(line.status_of_area) for line in lines]
    tallies = []
    for area in catalogue.areas:
        known = [status[area] for status in statuses if status[area] in ("on_target", *UNDER)]
        tallies.append((sum(status in UNDER for status in known), len(known), area))
    n_under, n_known, area = max(tallies, key=lambda tally: tally[0], default=(0, 0, ""))
    if not n_under:
        return "No area is under target in any runner with a known value."
    name = catalogue.areas[area].name.lower()
    return (
        f"Squad-wide gap: {n_under} of {count(n_known, 'runner')} with a known value are under target for {name}"
        f" ({len(lines) - n_known} not known or not clear)."
    )
