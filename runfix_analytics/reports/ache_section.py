"""What a runner's page says of aches, and of coverage before each onset."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports import charts
from runfix_analytics.reports.drawing import Drawing
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.wording import Wording, sentence_case
from runfix_analytics.reports.words import EXCLUDED, RECURRENCE, REHAB, STATES, TRAINING, ago, for_print, place

Row = Mapping[str, Any]
MOST_ACHES = 6
MOST_ONSETS = 8


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


def by_coverage(today: Mapping[str, Row]) -> Callable[[str], float]:
    """Sorts areas by coverage, the least first and what is not known last."""

    def share(area: str) -> float:
        value = today[area]["coverage"] if area in today else None
        return 2.0 if value is None else float(value)

    return share


def recent_episodes(results: RunnerResults) -> list[Row]:
    """Open episodes first, then the newest of the others; six at most."""
    newest = sorted(results.episodes, key=lambda row: row["onset_on"], reverse=True)
    return sorted(newest, key=lambda row: row["state"] == "ended")[:MOST_ACHES]


def older_aches(results: RunnerResults, w: Wording) -> str:
    """How many aches the table does not list; empty where it lists all."""
    n = len(results.episodes) - MOST_ACHES
    return w.count(n, "And {n} earlier ache.", "And {n} earlier aches.") if n > 0 else ""


def ache_row(episode: Row, results: RunnerResults, catalogue: Catalogue, w: Wording) -> AcheRow:
    """One episode as the page tells it."""
    site = catalogue.sites[episode["site_id"]]
    asked = w.listing([w.say(catalogue.sites[site_id].name) for site_id in site.asks])
    notes = [
        f"{sentence_case(w.say(RECURRENCE[episode['recurrence']]))}." if RECURRENCE[episode["recurrence"]] else "",
        _hurts_in(episode, w),
        w.say("Ask which: {places}.", places=asked) if site.asks else "",
    ]
    return AcheRow(
        where=sentence_case(place(episode, catalogue, w)),
        state=w.say(STATES[episode["state"]]),
        since=_span(episode, results, w),
        course=_course(episode, w),
        links=_links(episode, results, catalogue, w),
        note=" ".join(filter(None, notes)),
    )


def _links(episode: Row, results: RunnerResults, catalogue: Catalogue, w: Wording) -> str:
    """All areas that the article links to the ache, the least covered first."""
    today = results.today
    ordered = sorted(catalogue.linked_areas(episode["symptom_id"]), key=by_coverage(today))
    shares = [
        f"{w.name(catalogue.areas[area].name)} ({w.percent(today[area]['coverage'] if area in today else None)})"
        for area in ordered
    ]
    if not shares:
        return w.say("The article links no area to this")
    return w.say("The article links aches here with {areas}", areas=w.listing(shares))


def _hurts_in(episode: Row, w: Wording) -> str:
    """The exercises that hurt, as the runner named them: one that the catalogue does not know cannot be held back."""
    names = [for_print(name) for name in episode["exercises_that_hurt"]]
    return w.say("Hurts in: {names}.", names=w.listing(names)) if names else ""


def _span(episode: Row, results: RunnerResults, w: Wording) -> str:
    as_of = results.as_of
    begun = w.day(episode["onset_on"], as_of)
    if episode["state"] == "ended":
        return f"{begun} – {w.day(episode['ended_on'], as_of)}"
    return w.count(
        (as_of - episode["onset_on"]).days,
        "since {begun} ({n} day), last report {ago}",
        "since {begun} ({n} days), last report {ago}",
        begun=begun,
        ago=ago(episode["last_reported_on"], as_of, w),
    )


def _course(episode: Row, w: Wording) -> str:
    parts = [w.count(episode["n_reports"], "{n} report", "{n} reports")]
    if episode["worst_pain"] is not None:
        parts.append(w.say("worst {pain}/10", pain=w.number(episode["worst_pain"])))
    if episode["latest_pain"] is not None and episode["first_pain"] is not None:
        parts.append(_last_pain(episode, w))
    if episode["affects_training"]:
        parts.append(w.say(TRAINING[episode["affects_training"]]))
    return ", ".join(parts)


def _last_pain(episode: Row, w: Wording) -> str:
    pain, change = w.number(episode["latest_pain"]), episode["latest_pain"] - episode["first_pain"]
    if episode["n_reports"] == 1:
        return w.say("last {pain}/10", pain=pain)
    if change > 0:
        return w.say("last {pain}/10, rising", pain=pain)
    return w.say("last {pain}/10, falling", pain=pain) if change < 0 else w.say("last {pain}/10, steady", pain=pain)


def onset_rows(results: RunnerResults, catalogue: Catalogue, w: Wording) -> tuple[OnsetRow, ...]:
    """Coverage of each linked area before the onsets of the episodes that the page lists, the newest first."""
    shown = {episode["episode_id"]: episode for episode in recent_episodes(results)}
    told = _linked_onsets(results)[:MOST_ONSETS]
    return tuple(_onset(row, shown[row["episode_id"]], results, catalogue, w) for row in told)


def older_onsets(results: RunnerResults, w: Wording) -> str:
    """How many rows of the listed aches the table does not hold; empty where it holds all."""
    n = len(_linked_onsets(results)) - MOST_ONSETS
    return w.count(n, "And {n} earlier row.", "And {n} earlier rows.") if n > 0 else ""


def _linked_onsets(results: RunnerResults) -> list[Row]:
    shown = {episode["episode_id"] for episode in recent_episodes(results)}
    newest = sorted(results.onset_coverage, key=lambda row: row["onset_on"], reverse=True)
    return [row for row in newest if row["episode_id"] in shown and row["area_id"] is not None]


def _onset(row: Row, episode: Row, results: RunnerResults, catalogue: Catalogue, w: Wording) -> OnsetRow:
    is_left_out = row["excluded"] is not None
    when = w.day(row["onset_on"], results.as_of).replace(" ", "\u00a0")
    return OnsetRow(
        where=f"{sentence_case(place(episode, catalogue, w))}, {when}",
        area=w.say(catalogue.areas[row["area_id"]].name),
        before="–" if is_left_out else w.percent(row["coverage"]),
        picture=None if is_left_out else charts.own_weeks(row, catalogue, w),
        said=w.say(EXCLUDED[row["excluded"]]) if is_left_out else _own_weeks(row, w),
    )


def _own_weeks(row: Row, w: Wording) -> str:
    """The own weeks in words: how many were as low or lower, and how many could not be compared and why."""
    if row["is_washed_out"]:
        return w.say(REHAB)
    n, lower, unknown, washed = (row[f"n_own_weeks{part}"] for part in ("", "_lower", "_unknown", "_washed"))
    weeks = w.count(n, "{n} own known week", "{n} own known weeks")
    compared = w.count(lower, "{n} of {weeks} was as low or lower", "{n} of {weeks} were as low or lower", weeks=weeks)
    left_out = (
        w.say("{n} not known", n=w.number(unknown)) if unknown else "",
        w.say("{n} within reach of an ache", n=w.number(washed)) if washed else "",
    )
    said = compared if n else w.say("no own known week to compare with")
    return "; ".join(filter(None, (said, ", ".join(filter(None, left_out)))))
