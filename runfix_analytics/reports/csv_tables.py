"""The numbers of the runner's and the squad's pages as tables: ids, days and shares as they are stored."""

from collections.abc import Iterable, Iterator
from typing import Any

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.squad_page import MEAN_WEEKS, Line

Row = tuple[Any, ...]

WEEK_COLUMNS = (
    "runner_id", "week_end", "area_id", "coverage", "coverage_low", "coverage_high", "status", "hard_sets",
    "hard_sets_left", "hard_sets_right", "n_sessions", "last_trained_on", "km_run", "has_spike",
)  # fmt: skip
_OF_COVERAGE = WEEK_COLUMNS[3:12]
ACHE_COLUMNS = (
    "runner_id", "episode_id", "symptom_id", "site_id", "side", "onset_on", "state", "ended_on", "first_reported_on",
    "last_reported_on", "n_reports", "first_pain", "worst_pain", "latest_pain", "worst_severity", "is_trauma",
    "is_prevalent", "is_onset_uncertain",
)  # fmt: skip
SQUAD_COLUMNS = (
    "place", "runner_id", "name", "as_of", "need", "reason", "marks", "n_open_aches", "n_red_flags", "km_last_week",
    "km_mean_before", "last_run_on", "last_strength_on", "last_answer_on", "n_known_days", "n_bad_files",
)  # fmt: skip
METRES_A_KM = 1000


def week_rows(results: RunnerResults, catalogue: Catalogue) -> Iterator[Row]:
    """One row per week and area, as far back as the page's timeline; an area without a log has no values.

    Coverage and its bounds are shares of the target over the 28 days that end on the week's last day; km and spike are
    of the week itself.
    """
    for week in results.weeks:
        for area in catalogue.areas:
            row = week.coverage.get(area, {})
            yield (
                results.runner_id, week.end, area, *(row.get(column) for column in _OF_COVERAGE),
                _km(week.distance_m), week.has_spike if week.distance_m is not None else None,
            )  # fmt: skip


def ache_rows(results: RunnerResults) -> Iterator[Row]:
    """One row per episode of an ache, by onset."""
    for episode in results.episodes:
        yield tuple(episode[column] for column in ACHE_COLUMNS)


def squad_columns(catalogue: Catalogue) -> tuple[str, ...]:
    """The columns of the squad's table: coverage and status of each area at the end."""
    return (*SQUAD_COLUMNS, *(f"{area}_{what}" for area in catalogue.areas for what in ("coverage", "status")))


def squad_cells(results: RunnerResults, line: Line, catalogue: Catalogue) -> Row:
    """One runner's row but for the place on the page, which comes first."""
    logged, today = results.logged, results.today
    *before, last = (week.distance_m for week in results.weeks[-MEAN_WEEKS - 1 :])
    areas = (today.get(area, {}) for area in catalogue.areas)
    return (
        results.runner_id, results.name, results.as_of, line.kind, line.reason, line.marked,
        len(results.open_episodes()), len({row["episode_id"] for row in results.referrals}), _km(last),
        _km(_mean(before)), logged.last_run_on, logged.last_strength_on, logged.last_answer_on, results.n_known_days,
        logged.n_bad_files, *(row.get(what) for row in areas for what in ("coverage", "status")),
    )  # fmt: skip


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _km(metres: float | None) -> float | None:
    return None if metres is None else metres / METRES_A_KM
