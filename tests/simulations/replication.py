"""One replication: a squad with a known truth through the same functions as a real one."""

from dataclasses import dataclass, replace

import polars as pl

from runfix_analytics.association import Association, association, pooled
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.cohort import Cohort, analysis_rows, as_reported, at_risk, cohort, sampling
from runfix_analytics.episodes import episodes
from runfix_analytics.exposure import exposure
from runfix_analytics.known_days import known_days
from runfix_analytics.naive import NAIVE_LAG
from runfix_analytics.onsets import onset_lag
from runfix_analytics.rates import symptom_rates
from runfix_analytics.recognition import recognise
from runfix_analytics.running_load import running_load
from runfix_analytics.simulation import SCENARIOS, Simulated, simulate

SEED = 20261122  # fixed before anything was run


@dataclass(frozen=True)
class Replication:
    """What one squad's logs said, naively and by the method."""

    squad: Simulated
    estimates: pl.DataFrame
    found: Association | None


def replicate(
    scenario: str, number: int, catalogue: Catalogue, n_runners: int = 200, n_days: int = 730, *, is_whole: bool = True
) -> Replication:
    """Replication `number` of a scenario; the same whenever it is run, with others or alone.

    Not `is_whole`: the naive and the pooled estimate only.
    """
    seed = (SEED, list(SCENARIOS).index(scenario), number)
    squad = simulate(SCENARIOS[scenario], n_runners=n_runners, n_days=n_days, seed=seed, catalogue=catalogue)
    of, reported, lag = cohorts(squad, catalogue)
    rows, _ = analysis_rows(reported, lag_days=NAIVE_LAG, catalogue=catalogue, has_washout=False)
    naive = pooled(rows, catalogue, "naive")[0]
    if is_whole:
        found = association(of, lag_days=lag, catalogue=catalogue)
        return Replication(squad, pl.concat([naive, found.estimates]), found)
    rows, _ = analysis_rows(of, lag_days=lag, catalogue=catalogue)
    return Replication(squad, pl.concat([naive, pooled(rows, catalogue)[0]]), None)


def cohorts(squad: Simulated, catalogue: Catalogue, *, is_thinned: bool = True) -> tuple[Cohort, Cohort, int]:
    """The squad as a cohort, the same with onsets on the day of the report, and the lag."""
    logs, as_of = squad.logs, squad.last_day
    aches = episodes(logs.ache_reports, as_of=as_of, catalogue=catalogue)
    exposed = exposure(logs.runners, logs.runs, logs.ache_reports, aches, as_of=as_of, catalogue=catalogue)
    keep = sampling(symptom_rates(exposed, catalogue=catalogue), catalogue) if is_thinned else None
    sets = recognise(logs.strength_sets, as_of=as_of, catalogue=catalogue)
    days = known_days(logs.runners, logs.runs, sets, logs.strength_days, as_of=as_of, catalogue=catalogue)
    load = running_load(logs.runs, as_of=as_of, catalogue=catalogue)

    of = cohort(logs.runs, logs.ache_reports, sets, days, load, aches, as_of=as_of, catalogue=catalogue, keep=keep)
    risk, _ = at_risk(
        logs.runs, logs.ache_reports, as_reported(aches), load, as_of=as_of, catalogue=catalogue, keep=keep
    )
    return of, replace(of, at_risk=risk), onset_lag(aches, catalogue)
