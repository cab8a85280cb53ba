"""What a runner's page says of aches, and of coverage before each onset."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports import charts
from runfix_analytics.reports.charts import Drawing
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.words import (
    EXCLUDED,
    RECURRENCE,
    REHAB,
    TRAINING,
    ago,
    count,
    day,
    for_print,
    listing,
    percent,
    place,
    sentence_case,
)


@dataclass(frozen=True)
class AcheRow:
    """One episode as the page tells it."""

    where: str
    state: str
    since: str
    course: str
    links: str
    note: str


@dataclass(frozen=True)
class OnsetRow:
    """Coverage of one linked area before one onset, beside the runner's own other weeks."""

    where: str
    area: str
    before: str
    picture: Drawing | None
    said: str


def by_coverage(today: dict[str, dict[str, Any]]) -> Callable[[str], float]:
    """Sorts areas by coverage, the least first and what is not known last."""

    def share(area: str) -> float:
        value = today[area]["coverage"] if area in today else None
        return 2.0 if value is None else float(value)

    return share


def recent_episodes(results: RunnerResults) -> list[dict[str, Any]]:
    """Open episodes first, then the newest of the others; six at most."""
    is_over = pl.col("state") == "ended"
    rows = results.episodes.sort(is_over, "onset_on", descending=[False, True])
    return list(rows.head(6).iter_rows(named=True))


def ache_row(episode: dict[str, Any], results: RunnerResults, catalogue: Catalogue) -> AcheRow:
    """One episode as the page tells it."""
    today = results.today()
    linked = catalogue.linked_areas(episode["symptom_id"])
    ordered = sorted(linked, key=by_coverage(today))
    if linked:
        shares = [
            f"{catalogue.areas[a].name.lower()} ({percent(today[a]['coverage']) if a in today else '–'})"
            for a in ordered
        ]
        links = f"The article links aches here with {listing(shares)}"
    else:
        links = "The article links no area to this"
    site = catalogue.sites[episode["site_id"]]
    asks = f"Ask which: {', '.join(catalogue.sites[s].name for s in site.asks)}." if site.asks else ""
    return AcheRow(
        where=sentence_case(place(episode, catalogue)),
        state={"open": "open", "silent": "not heard of since", "ended": "over"}[episode["state"]],
        since=_span(episode, results),
        course=_course(episode),
        links=links,
        note=" ".join(filter(None, [sentence_case(RECURRENCE[episode["recurrence"]]), _hurts_in(episode), asks])),
    )


def _hurts_in(episode: dict[str, Any]) -> str:
    """The exercises that hurt, as the runner named them: one that the catalogue does not know cannot be held back."""
    names = [for_print(name) for name in episode["exercises_that_hurt"]]
    return f"Hurts in: {listing(names)}." if names else ""


def _span(episode: dict[str, Any], results: RunnerResults) -> str:
    as_of = results.as_of
    first = (
        f"since {day(episode['onset_on'], as_of)}" if episode["state"] != "ended" else day(episode["onset_on"], as_of)
    )
    if episode["state"] == "ended":
        return f"{first} – {day(episode['ended_on'], as_of)}"
    days = (as_of - episode["onset_on"]).days
    return f"{first} ({count(days, 'day')}), last report {ago(episode['last_reported_on'], as_of)}"


def _course(episode: dict[str, Any]) -> str:
    parts = [count(episode["n_reports"], "report")]
    if episode["worst_pain"] is not None:
        parts.append(f"worst {episode['worst_pain']:g}/10")
    if episode["latest_pain"] is not None and episode["first_pain"] is not None:
        change = episode["latest_pain"] - episode["first_pain"]
        trend = "rising" if change > 0 else "falling" if change < 0 else "steady"
        parts.append(f"last {episode['latest_pain']:g}/10" + (f", {trend}" if episode["n_reports"] > 1 else ""))
    if episode["affects_training"]:
        parts.append(TRAINING[episode["affects_training"]])
    return ", ".join(parts)


def onset_rows(results: RunnerResults, catalogue: Catalogue) -> tuple[OnsetRow, ...]:
    """Coverage of each linked area before the onsets of the episodes that the page lists."""
    shown = {episode["episode_id"]: episode for episode in recent_episodes(results)}
    rows = []
    for row in results.onset_coverage.sort("onset_on", descending=True, maintain_order=True).iter_rows(named=True):
        if row["episode_id"] not in shown or row["area_id"] is None:
            continue
        where = place(shown[row["episode_id"]], catalogue)
        is_left_out = row["excluded"] is not None
        when = day(row["onset_on"], results.as_of).replace(" ", "\u00a0")
        rows.append(
            OnsetRow(
                where=f"{sentence_case(where)}, {when}",
                area=catalogue.areas[row["area_id"]].name,
                before="–" if is_left_out else percent(row["coverage"]),
                picture=None if is_left_out else charts.own_weeks(row, catalogue),
                said=EXCLUDED[row["excluded"]] if is_left_out else _own_weeks(row),
            )
        )
    return tuple(rows)


def _own_weeks(row: dict[str, Any]) -> str:
    """The own weeks in words: how many were as low or lower, and how many could not be compared and why."""
    if row["is_washed_out"]:
        return REHAB
    n, lower = row["n_own_weeks"], row["n_own_weeks_lower"]
    compared = f"{lower} of {count(n, 'own known week')} {'was' if lower == 1 else 'were'} as low or lower"
    left_out = (
        f"{row['n_own_weeks_unknown']} not known" if row["n_own_weeks_unknown"] else "",
        f"{row['n_own_weeks_washed']} within reach of an ache" if row["n_own_weeks_washed"] else "",
    )
    said = compared if n else "no own known week to compare with"
    return "; ".join(filter(None, (said, ", ".join(filter(None, left_out)))))
