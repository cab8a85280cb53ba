"""How urgently a coach should talk to a runner, and why, in at most eight words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.wording import Wording, text
from runfix_analytics.reports.words import UNDER, ago, area_names, place

Row = Mapping[str, Any]
MAX_REASON_WORDS = 8
UNKNOWN_STRENGTH = text("strength work not known: log first")
EXCUSED = ("paused", "away", "ill")
SEEN = "seen_by_physio"


@dataclass(frozen=True)
class Need:
    """How urgently somebody should talk to a runner; `order` 0 comes first."""

    order: int
    word: str
    css: str


NEEDS = {
    "medical": Need(0, text("■ Get medical advice"), "refer"),
    "refer": Need(0, text("■ See a physio"), "refer"),
    "seen": Need(1, text("■ Seen by a physio"), "refer"),
    "ache_deficit": Need(2, text("▲ Ache, under target"), "ache"),
    "ache": Need(3, text("▲ Open ache"), "ache"),
    "deficit": Need(4, text("◐ Under target"), "under"),
    "no_data": Need(5, text("? Not known"), "unknown"),
    "fine": Need(6, text("● On track"), "fine"),
}


def need_of(results: RunnerResults, catalogue: Catalogue, w: Wording) -> tuple[str, str, float]:
    """The kind of need, its reason in at most eight words, and the deficit that orders equals."""
    today = results.today
    order = list(catalogue.areas)
    under = sorted(
        (area for area, row in today.items() if row["status"] in UNDER and row["coverage"] is not None),
        key=lambda area: (today[area]["coverage"], order.index(area)),
    )
    kind, reasons = _kind(results, under, catalogue, w)
    return kind, _short(reasons), sum(1 - today[area]["coverage"] for area in under)


def _kind(results: RunnerResults, under: list[str], catalogue: Catalogue, w: Wording) -> tuple[str, list[str]]:
    """The kind of need, and its reason in words, the fuller version first."""
    aches = results.open_episodes()
    if results.referrals:
        return _referred(results, aches, catalogue, w)
    if aches:
        return _ache_kind(aches, under, catalogue, w)
    newest, last_strength = results.newest_entry(), results.logged.last_strength_on
    if newest and results.is_silent(newest):
        return "no_data", [w.say("nothing logged since {day}", day=w.day(newest, results.as_of))]
    if under:
        reasons = [w.say("{areas} under target", areas=area_names(under[:n], catalogue, w)) for n in (2, 1)]
        if last_strength and results.is_silent(last_strength):
            reasons = [w.say("no strength work since {day}", day=w.day(last_strength, results.as_of))]
        return "deficit", reasons
    if {row["status"] for row in results.today.values()} == {"on_target"}:
        return "fine", [w.say("all areas on target")]
    return "no_data", [w.say(UNKNOWN_STRENGTH)]


def _referred(results: RunnerResults, aches: list[Row], catalogue: Catalogue, w: Wording) -> tuple[str, list[str]]:
    medical = [row for row in results.referrals if row["flag"] == "medical"]
    flagged = (medical or results.referrals)[0]["episode_id"]
    episode = next(e for e in aches if e["episode_id"] == flagged)
    where = place(episode, catalogue, w)
    reasons = [w.say("{place}: red flag reported", place=where), w.say("{place}: red flag", place=where)]
    if medical:
        return "medical", reasons
    # a report after the visit may be a new flag: then it is "see a physio" again
    is_seen = any(mark["mark"] == SEEN and mark["from_on"] >= episode["last_reported_on"] for mark in results.marks)
    return "seen" if is_seen else "refer", reasons


def _ache_kind(aches: list[Row], under: list[str], catalogue: Catalogue, w: Wording) -> tuple[str, list[str]]:
    for episode in aches:
        linked = [area for area in under if area in catalogue.linked_areas(episode["symptom_id"])]
        if linked:
            where = place(episode, catalogue, w)
            return "ache_deficit", [
                w.say("{place}; {areas} under", place=where, areas=area_names(linked[:n], catalogue, w)) for n in (2, 1)
            ]
    where, worst = place(aches[0], catalogue, w), aches[0]["worst_pain"]
    pain = w.say("not said") if worst is None else f"{w.number(worst)}/10"
    return "ache", [w.say("{place}, worst {pain}", place=where, pain=pain), where]


def _short(reasons: Sequence[str]) -> str:
    """The first reason that is short enough, or the last."""
    return next((reason for reason in reasons if len(reason.split()) <= MAX_REASON_WORDS), reasons[-1])


def chase(results: RunnerResults, catalogue: Catalogue, w: Wording) -> tuple[str, ...]:
    """The logs of this runner that have been silent too long, or never came; none of one who is said to be away."""
    logged = results.logged
    if any(mark["mark"] in EXCUSED for mark in results.marks):
        return ()
    limit = results.as_of - timedelta(days=catalogue.days("advice.silent_after"))
    newest = {
        w.say("runs"): logged.last_run_on,
        w.say("strength"): logged.last_strength_on,
        w.say("aches"): logged.last_answer_on,
    }
    silent = [
        f"{log}: {w.say('never logged') if last is None else ago(last, results.as_of, w)}"
        for log, last in newest.items()
        if last is None or last <= limit
    ]
    if logged.n_bad_files:
        silent.append(w.count(logged.n_bad_files, "{n} bad file", "{n} bad files"))
    return tuple(silent)
