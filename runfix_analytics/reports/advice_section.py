"""What a runner's page advises: areas, reasons, moves, and the days for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from runfix_analytics.catalogue import Catalogue, Exercise
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.wording import Wording
from runfix_analytics.reports.words import area_names, limit, one_side, place

Row = Mapping[str, Any]
REST_DAYS = 2  # from one session to the next
WEEK = 7


@dataclass(frozen=True)
class MoveRow:
    """One exercise to hand over: how it is done, and why this one."""

    name: str
    how: str
    tags: str


@dataclass(frozen=True)
class Advised:
    """One area to train, why, with what, and what would change this."""

    heading: str
    reason: str
    moves: tuple[MoveRow, ...]
    changes: str


def ranked_areas(results: RunnerResults) -> list[Row]:
    """The advice rows of the areas to train, the first to train first."""
    return sorted((row for row in results.advice if row["rank"] is not None), key=lambda row: row["rank"])


def moves_of(results: RunnerResults, form: str) -> list[Row]:
    """The moves of one form, area by area, in the order to show them."""
    return [row for row in results.moves if row["form"] == form]


def advice_intro(results: RunnerResults, w: Wording) -> str:
    """How the ranked moves join what the runner already does; empty without ranked areas."""
    if not ranked_areas(results):
        return ""
    if results.referrals:
        return w.say("What is left may be trained, as long as nothing hurts:")
    if any(row["has_programme"] for row in results.advice):
        return w.say("Add these to the strength work that is already done:")
    return w.say("Add these where a programme exists; whether one does is not known from the logs:")


def circuit_intro(results: RunnerResults, catalogue: Catalogue, w: Wording) -> str:
    """Why the whole-body circuit is offered; empty where it is not."""
    moves = moves_of(results, "circuit")
    if not moves:
        return ""
    if any(row["status"] == "log_first" for row in results.advice):
        return w.say(
            "Coverage is not known: log first. Until then, the whole body in one circuit, in no order of need:"
        )
    above = _described(results)
    names = [w.say(catalogue.exercises[row["exercise_id"]].name) for row in moves if row["exercise_id"] in above]
    if not names:
        return w.say("Without a programme: the whole body in one circuit, in no order of need:")
    if len(names) == len(moves):
        return w.say(
            "Without a programme: one circuit for the whole body, in no order of need: {moves} as above.",
            moves=w.listing(names),
        )
    return w.say(
        "Without a programme: one circuit for the whole body, in no order of need: {moves} as above, and:",
        moves=w.listing(names),
    )


def advised(results: RunnerResults, catalogue: Catalogue, w: Wording) -> tuple[Advised, ...]:
    """The areas to train first, each with its reason and moves."""
    moves = moves_of(results, "addition")
    return tuple(
        Advised(
            heading=f"{row['rank']}. {w.say(catalogue.areas[row['area_id']].name)}",
            reason=_reason(row, results.today[row["area_id"]], results, catalogue, w),
            moves=tuple(_move(move, results.equipment, catalogue, w) for move in moves
                        if move["area_id"] == row["area_id"]),
            changes=_changes(row, catalogue, w),
        )
        for row in ranked_areas(results)
        if row["rank"] <= catalogue.days("advice.max_areas")
    )  # fmt: skip


def _reason(row: Row, covered: Row, results: RunnerResults, catalogue: Catalogue, w: Wording) -> str:
    limited, share = limit(covered, w), w.percent(row["coverage"])
    parts = [w.say("Coverage {share} of the target: {limited}", share=share, limited=limited) if limited
             else w.say("Coverage {share} of the target", share=share)]  # fmt: skip
    linked = [e for e in results.open_episodes() if row["area_id"] in catalogue.linked_areas(e["symptom_id"])]
    if linked:
        where = w.listing(sorted({place(episode, catalogue, w) for episode in linked}))
        parts.append(w.say("the article links it to the open ache ({place})", place=where))
    elif row["n_aches"]:
        parts.append(w.count(row["n_aches"], "{n} earlier ache that the article links to it",
                             "{n} earlier aches that the article links to it"))  # fmt: skip
    return "; ".join(filter(None, [*parts, one_side(covered, w)])) + "."


def _changes(row: Row, catalogue: Catalogue, w: Wording) -> str:
    """What takes the area off the list: the sets still missing to the target, or a log that was not complete."""
    short = catalogue.number("coverage.on_target") - (row["coverage"] or 0.0)
    weekly = catalogue.number("coverage.sessions_per_week") * catalogue.number("coverage.full_session_sets")
    return w.count(
        max(ceil(short * weekly), 1),
        "What would change this: about {n} more hard set a week for four weeks, or sets done but not logged.",
        "What would change this: about {n} more hard sets a week for four weeks, or sets done but not logged.",
    )


def circuit(results: RunnerResults, catalogue: Catalogue, w: Wording) -> tuple[MoveRow, ...]:
    """The moves of the whole-body circuit, one an area, that no addition above describes already."""
    above = _described(results)
    return tuple(
        _move(row, results.equipment, catalogue, w, with_area=True)
        for row in moves_of(results, "circuit")
        if row["exercise_id"] not in above
    )


def _described(results: RunnerResults) -> set[str]:
    return {row["exercise_id"] for row in moves_of(results, "addition")}


def _move(
    row: Row, owned: tuple[str, ...] | None, catalogue: Catalogue, w: Wording, *, with_area: bool = False
) -> MoveRow:
    exercise: Exercise = catalogue.exercises[row["exercise_id"]]
    tags = [w.say(catalogue.areas[row["area_id"]].name)] if with_area else []
    if row["is_familiar"]:
        tags.append(w.say("done before"))
    if row["is_article"]:
        tags.append(w.say("named in the article"))
    if exercise.one_sided:
        tags.append(w.say("each side"))
    if exercise.counted_in == "seconds":
        tags.append(w.say("for time"))
    usable = [w.say(catalogue.equipment[item].name) for item in exercise.equipment if owned is None or item in owned]
    if usable:
        tags.append(w.say(" or ").join(usable))
    return MoveRow(w.say(exercise.name), w.say(exercise.how) if exercise.how else "", " · ".join(tags))


def dose(catalogue: Catalogue, w: Wording) -> str:
    """How often, how many rounds, and when a set ends: the same for every move."""
    sessions, rounds = (
        "–".join(w.number(end) for end in catalogue.bounds(f"advice.dose_{name}")) for name in ("sessions", "rounds")
    )
    return w.say(
        "Dose for every move: {sessions} sessions a week, {rounds} rounds, each set stopped where about {left} more "
        "good repetitions were left.",
        sessions=sessions,
        rounds=rounds,
        left=w.number(catalogue.days("advice.dose_rir")),
    )


def days(results: RunnerResults, catalogue: Catalogue, w: Wording) -> str:
    """On which days of the week to do the moves: the runner's usual strength days, with rest between them."""
    n, usual = int(catalogue.bounds("advice.dose_sessions")[0]), _apart(results.strength_weekdays)[:WEEK]
    if len(usual) >= n:
        kept = sorted(usual[: int(catalogue.bounds("advice.dose_sessions")[1])])
        names = w.listing([w.weekday(day) for day in kept])
        return w.say("When: on the usual strength days, {days}: all of the moves, one after the other.", days=names)
    if usual:
        return w.say(
            "When: {usual} is the usual strength day; add {other}, with rest between.",
            usual=w.weekday(usual[0]),
            other=w.weekday((usual[0] + REST_DAYS + 1) % WEEK),
        )
    return w.say("When: no usual strength day is known; take two days a week with a day of rest between.")


def _apart(weekdays: Sequence[int]) -> list[int]:
    """The weekdays, the most usual first, that leave rest to those before them."""
    kept: list[int] = []
    for day in weekdays:
        if all(min((day - other) % WEEK, (other - day) % WEEK) >= REST_DAYS for other in kept):
            kept.append(day)
    return kept


def breathing(results: RunnerResults, catalogue: Catalogue, w: Wording) -> str:
    """Breathing is beside the ranking: an open report lists its areas."""
    for episode in results.open_episodes():
        symptom = catalogue.symptoms.get(episode["symptom_id"] or "")
        if symptom is not None and not symptom.in_hazard_models:
            areas = area_names([link.area for link in symptom.links], catalogue, w)
            return w.say(
                "Breathing: the article links shallow breaths with {areas}. It does not enter the order above.",
                areas=areas,
            )
    return ""
