"""The one sentence of a runner's page, and its red flags: the most pressing thing, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports.ache_section import by_coverage
from runfix_analytics.reports.advice_section import ranked_areas
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.wording import Wording, sentence_case
from runfix_analytics.reports.words import FLAGS, UNDER, area_names, place

Row = Mapping[str, Any]


@dataclass(frozen=True)
class FlagBox:
    """A red flag: whom to see, why, and what is withheld."""

    where: str
    reasons: str
    withheld: str
    is_medical: bool


def sentence(results: RunnerResults, catalogue: Catalogue, w: Wording) -> str:
    """The one sentence of the page: the most pressing thing, and what to do."""
    still_open = results.open_episodes()
    if results.referrals:
        return _referral_sentence(still_open, results, catalogue, w)
    newest = results.newest_entry()
    if newest and results.is_silent(newest):
        return w.say("Nothing logged since {day}, from any source: ask.", day=w.day(newest, results.as_of))
    if still_open:
        under = [episode for episode in still_open if _under(episode, results, catalogue)]
        return _ache_sentence((under or still_open)[0], results, catalogue, w)
    ranked = [row["area_id"] for row in ranked_areas(results)]
    if ranked:
        first, areas = area_names(ranked[:1], catalogue, w), area_names(ranked, catalogue, w)
        return w.say("No open ache; under target: {areas}. Start with {first}.", areas=areas, first=first)
    if any(row["status"] == "log_first" for row in results.advice):
        return w.say("Strength work is not known: log it first; three weeks of entries make it known.")
    return w.say("All five areas are on target and no ache is open: keep going.")


def _referral_sentence(still_open: list[Row], results: RunnerResults, catalogue: Catalogue, w: Wording) -> str:
    medical = {row["episode_id"] for row in results.referrals if row["flag"] == "medical"}
    flagged = medical or {row["episode_id"] for row in results.referrals}
    where = w.listing([place(episode, catalogue, w) for episode in still_open if episode["episode_id"] in flagged])
    if medical:
        return w.say("{place}: get medical advice before any more training.", place=sentence_case(where))
    return w.say("{place}: see a physical therapist before any more exercises for it.", place=sentence_case(where))


def _under(episode: Row, results: RunnerResults, catalogue: Catalogue) -> list[str]:
    """The areas linked to an ache that are under target, the least covered first."""
    today = results.today
    linked = catalogue.linked_areas(episode["symptom_id"])
    return sorted((a for a in linked if a in today and today[a]["status"] in UNDER), key=by_coverage(today))


def _ache_sentence(episode: Row, results: RunnerResults, catalogue: Catalogue, w: Wording) -> str:
    today, as_of = results.today, results.as_of
    told = {"place": sentence_case(place(episode, catalogue, w)), "day": w.day(episode["onset_on"], as_of)}
    if episode["state"] == "silent":
        last = w.day(episode["last_reported_on"], as_of)
        return w.say("{place} ache since {day}, not heard of since {last}: ask how it is.", last=last, **told)
    under = _under(episode, results, catalogue)
    if under:
        shares = [f"{w.name(catalogue.areas[a].name)} {w.percent(today[a]['coverage'])}" for a in under]
        return w.say(
            "{place} ache since {day}; of the areas the article links to it, under target: {shares} of the target.",
            shares=w.listing(shares), **told,
        )  # fmt: skip
    linked = catalogue.linked_areas(episode["symptom_id"])
    unknown = [area for area in linked if area not in today or today[area]["coverage"] is None]
    if unknown:
        areas = area_names(unknown, catalogue, w)
        return w.say("{place} ache since {day}; strength work for {areas} is not known: log it first.", areas=areas,
                     **told)  # fmt: skip
    if not linked:
        return w.say("{place} ache since {day}; the article links no area to this place.", **told)
    return w.say("{place} ache since {day}; no area that the article links to it is under target.", **told)


def flags(results: RunnerResults, catalogue: Catalogue, w: Wording) -> tuple[FlagBox, ...]:
    """A box for each ache with red flags, in their stored order."""
    where = {episode["episode_id"]: place(episode, catalogue, w) for episode in results.open_episodes()}
    by_episode: dict[str, list[Row]] = {}
    for row in results.referrals:
        by_episode.setdefault(row["episode_id"], []).append(row)
    return tuple(
        FlagBox(
            where=where[episode_id],
            reasons=w.listing([w.say(FLAGS[row["flag"]]) for row in rows]),
            withheld=_withheld(rows, catalogue, w),
            is_medical=any(row["flag"] == "medical" for row in rows),
        )
        for episode_id, rows in by_episode.items()
    )


def _withheld(rows: list[Row], catalogue: Catalogue, w: Wording) -> str:
    withheld = [area for area in catalogue.areas if any(area in row["withheld_areas"] for row in rows)]
    areas = area_names(withheld, catalogue, w)
    if any(row["withholds_lower_body"] for row in rows):
        if not withheld:
            return w.say("No lower-body exercises until then.")
        return w.say("No exercises for {areas}, and no lower-body exercises until then.", areas=areas)
    if not withheld:
        return w.say("No exercises for this place until then.")
    return w.say("No exercises for {areas} until then.", areas=areas)
