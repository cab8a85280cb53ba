"""What a runner's page advises: areas, reasons and moves."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from runfix_analytics.catalogue import Catalogue, Exercise
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.words import area_names, count, limit, listing, one_side, percent, place


@dataclass(frozen=True)
class MoveRow:
    """One exercise to hand over."""

    name: str
    how: str
    tags: str


@dataclass(frozen=True)
class Advised:
    """One area to train, why, and with what."""

    heading: str
    reason: str
    moves: tuple[MoveRow, ...]


def ranked_areas(results: RunnerResults) -> list[dict[str, Any]]:
    """The advice rows of the areas to train, the first to train first."""
    return list(results.advice.filter(pl.col("rank").is_not_null()).sort("rank").iter_rows(named=True))


def moves_of(results: RunnerResults, form: str, catalogue: Catalogue) -> list[dict[str, Any]]:
    """The moves of one form, area by area, in the order to show them."""
    areas = list(catalogue.areas)
    rows = results.moves.filter(pl.col("form") == form).iter_rows(named=True)
    return sorted(rows, key=lambda row: (areas.index(row["area_id"]), row["place"]))


def advice_intro(results: RunnerResults) -> str:
    """How the ranked moves join what the runner already does; empty without ranked areas."""
    has_programme = bool(results.advice["has_programme"].fill_null(value=False).any())
    if not ranked_areas(results):
        return ""
    if results.referrals.height:
        return "What is left may be trained, as long as nothing hurts:"
    if has_programme:
        return "Add these to the strength work that is already done:"
    return "Add these where a programme exists; whether one does is not known from the logs:"


def circuit_intro(results: RunnerResults, catalogue: Catalogue) -> str:
    """Why the whole-body circuit is offered; empty where it is not."""
    if not moves_of(results, "circuit", catalogue):
        return ""
    unknown = [row for row in results.advice.iter_rows(named=True) if row["status"] == "log_first"]
    if unknown:
        return "Coverage is not known: log first. Until then, the whole body in one circuit, in no order of need:"
    above = _described(results, catalogue)
    named = [row for row in moves_of(results, "circuit", catalogue) if row["exercise_id"] in above]
    if not named:
        return "Without a programme: the whole body in one circuit, in no order of need:"
    names = listing([catalogue.exercises[row["exercise_id"]].name for row in named])
    rest = ", and:" if circuit(results, catalogue) else "."
    return f"Without a programme: one circuit for the whole body, in no order of need: {names} as above{rest}"


def advised(results: RunnerResults, catalogue: Catalogue) -> tuple[Advised, ...]:
    """The areas to train first, each with its reason and moves."""
    moves = moves_of(results, "addition", catalogue)
    today = results.today()
    return tuple(
        Advised(
            heading=f"{row['rank']}. {catalogue.areas[row['area_id']].name}",
            reason=_reason(row, today[row["area_id"]], results, catalogue),
            moves=tuple(
                _move(move, results.equipment, catalogue) for move in moves if move["area_id"] == row["area_id"]
            ),
        )
        for row in ranked_areas(results)
        if row["rank"] <= catalogue.days("advice.max_areas")
    )


def _reason(row: dict[str, Any], covered: dict[str, Any], results: RunnerResults, catalogue: Catalogue) -> str:
    limited = limit(covered)
    parts = [f"Coverage {percent(row['coverage'])} of the target" + (f": {limited}" if limited else "")]
    linked = [e for e in results.open_episodes() if row["area_id"] in catalogue.linked_areas(e["symptom_id"])]
    if linked:
        where = listing(sorted({place(episode, catalogue) for episode in linked}))
        parts.append(f"the article links it to the open ache ({where})")
    elif row["n_aches"]:
        parts.append(f"{count(row['n_aches'], 'earlier ache')} that the article links to it")
    return "; ".join(filter(None, [*parts, one_side(covered)])) + "."


def circuit(results: RunnerResults, catalogue: Catalogue) -> tuple[MoveRow, ...]:
    """The moves of the whole-body circuit, one an area, that no addition above describes already."""
    above = _described(results, catalogue)
    rows = moves_of(results, "circuit", catalogue)
    return tuple(
        _move(row, results.equipment, catalogue, with_area=True) for row in rows if row["exercise_id"] not in above
    )


def _described(results: RunnerResults, catalogue: Catalogue) -> set[str]:
    return {row["exercise_id"] for row in moves_of(results, "addition", catalogue)}


def _move(
    row: dict[str, Any], owned: tuple[str, ...] | None, catalogue: Catalogue, *, with_area: bool = False
) -> MoveRow:
    exercise: Exercise = catalogue.exercises[row["exercise_id"]]
    tags = [catalogue.areas[row["area_id"]].name] if with_area else []
    if row["is_familiar"]:
        tags.append("done before")
    if exercise.one_sided:
        tags.append("each side")
    if exercise.counted_in == "seconds":
        tags.append("for time")
    usable = [item for item in exercise.equipment if owned is None or item in owned]
    if usable:
        tags.append(" or ".join(catalogue.equipment[item].name for item in usable))
    return MoveRow(exercise.name, exercise.how or "", " · ".join(tags))


def breathing(results: RunnerResults, catalogue: Catalogue) -> str:
    """Breathing is beside the ranking: an open report lists its areas."""
    for episode in results.open_episodes():
        symptom = catalogue.symptoms.get(episode["symptom_id"] or "")
        if symptom is not None and not symptom.in_hazard_models:
            areas = area_names([link.area for link in symptom.links], catalogue)
            return f"Breathing: the article links shallow breaths with {areas}. It does not enter the order above."
    return ""
