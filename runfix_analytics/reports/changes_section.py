"""What a runner's page says has changed since an earlier report: aches, areas, and whether the advice was followed."""

from collections.abc import Mapping
from typing import Any

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports.results import Earlier, RunnerResults
from runfix_analytics.reports.wording import Wording, sentence_case
from runfix_analytics.reports.words import area_names, place

Row = Mapping[str, Any]
IN_BAND, UNDER = "on_target", "train"


def changes(results: RunnerResults, catalogue: Catalogue, w: Wording) -> tuple[str, ...]:
    """The changes, one sentence each; empty without an earlier report."""
    earlier = results.earlier
    if earlier is None:
        return ()
    told = (
        _aches(results, earlier, catalogue, w),
        _areas(results, earlier, catalogue, w),
        _followed(earlier, catalogue, w),
    )
    return tuple(filter(None, told))


def _aches(results: RunnerResults, earlier: Earlier, catalogue: Catalogue, w: Wording) -> str:
    new = [e for e in results.episodes if e["first_reported_on"] > earlier.as_of]
    over = [e for e in results.episodes if e["ended_on"] is not None and e["ended_on"] > earlier.as_of and e not in new]
    parts = []
    if new:
        parts.append(w.say("new: {places}", places=_places(new, catalogue, w)))
    if over:
        parts.append(w.say("over: {places}", places=_places(over, catalogue, w)))
    if not parts:
        return w.say("Aches: none new, none over.")
    return w.say("Aches: {changes}.", changes="; ".join(parts))


def _places(episodes: list[Row], catalogue: Catalogue, w: Wording) -> str:
    return w.listing(list(dict.fromkeys(place(episode, catalogue, w) for episode in episodes)))


def _areas(results: RunnerResults, earlier: Earlier, catalogue: Catalogue, w: Wording) -> str:
    """Areas that came on target or fell under it, as the advice of both days has them."""
    now = {row["area_id"]: row for row in results.advice}
    both = [area for area in catalogue.areas if area in now and area in earlier.advice]
    came = [area for area in both if _is_in(now[area]) and _is_under(earlier.advice[area])]
    fell = [area for area in both if _is_under(now[area]) and _is_in(earlier.advice[area])]
    parts = []
    if came:
        parts.append(w.say("now on target: {areas}", areas=area_names(came, catalogue, w)))
    if fell:
        parts.append(w.say("now under target: {areas}", areas=area_names(fell, catalogue, w)))
    if not parts:
        return w.say("Areas: none came on target, none fell under it.")
    return w.say("Areas: {changes}.", changes="; ".join(parts))


def _is_in(row: Row) -> bool:
    return bool(row["status"] == IN_BAND)


def _is_under(row: Row) -> bool:
    return bool(row["status"] == UNDER)


def _followed(earlier: Earlier, catalogue: Catalogue, w: Wording) -> str:
    """Each move that was advised, and on how many days it was logged since; nothing logged is not "not done"."""
    most = catalogue.days("advice.max_areas")
    first = {area for area, row in earlier.advice.items() if row["rank"] is not None and row["rank"] <= most}
    ids = list(dict.fromkeys(row["exercise_id"] for row in earlier.moves if row["area_id"] in first))
    if not ids:
        return ""
    told = [
        w.count(
            earlier.n_days_done.get(move, 0), "{move} logged on {n} day", "{move} logged on {n} days",
            move=w.say(catalogue.exercises[move].name) if move in catalogue.exercises else move,
        )
        for move in ids
    ]  # fmt: skip
    return sentence_case(w.say("advised then: {moves}.", moves=w.listing(told)))
