"""The whole association of 10 000 runners × 730 days, alone: from stored tables, bucket by bucket, to verdicts."""

import resource
from datetime import timedelta
from time import perf_counter
from typing import Any

import polars as pl

from runfix_analytics.assessment import Logs, cohort_of, squad, study_cohorts, survey
from runfix_analytics.catalogue import load
from runfix_analytics.simulation import FIRST_DAY, SCENARIOS, simulate
from runfix_analytics.tables import AcheReports, Episodes, Exposure, Runners, Runs, StrengthDays, StrengthSets
from tests.simulations.replication import SEED

N_RUNNERS, N_BUCKETS, N_DAYS = 10_000, 64, 730


def alone() -> dict[str, Any]:
    """Seconds of our own work; making the runners up is not counted, but its memory is."""
    catalogue, seconds = load(), 0.0
    as_of = FIRST_DAY + timedelta(days=N_DAYS - 1)
    surveyed = []
    for bucket in range(N_BUCKETS):
        logs = bucket_logs(bucket, catalogue)
        began = perf_counter()
        surveyed.append(survey(logs, as_of=as_of, catalogue=catalogue))
        seconds += perf_counter() - began
    began = perf_counter()
    aches = Episodes.validate(pl.concat([one for one, _ in surveyed]))
    of = squad(aches, Exposure.validate(pl.concat([one for _, one in surveyed])), catalogue=catalogue)
    seconds += perf_counter() - began
    cohorts = []
    for bucket in range(N_BUCKETS):
        logs = bucket_logs(bucket, catalogue)
        began = perf_counter()
        cohorts.append(cohort_of(logs, surveyed[bucket][0], of, as_of=as_of, catalogue=catalogue))
        seconds += perf_counter() - began
    began = perf_counter()
    found = study_cohorts(cohorts, of, catalogue=catalogue)
    seconds += perf_counter() - began
    return {
        "name": "association_large",
        "ours_s": round(seconds, 1),
        "peer": None,
        "peer_s": None,
        "ratio": None,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "n_runners": found.n_runners,
        "n_onsets": found.n_onsets,
        "n_rows": found.n_rows,
        "share_of_rows": round(found.share_of_rows, 4),
    }


def bucket_logs(bucket: int, catalogue: Any) -> Logs:
    """The runners of one bucket, the same whenever they are asked for."""
    n_runners = N_RUNNERS // N_BUCKETS + (bucket < N_RUNNERS % N_BUCKETS)
    logs = simulate(
        SCENARIOS["effect"], n_runners=n_runners, n_days=N_DAYS, seed=(SEED, bucket), catalogue=catalogue
    ).logs
    renamed = pl.format("b{}-{}", pl.lit(bucket), "runner_id")
    return Logs(
        Runners.validate(logs.runners.with_columns(runner_id=renamed)),
        Runs.validate(logs.runs.with_columns(runner_id=renamed)),
        StrengthSets.validate(logs.strength_sets.with_columns(runner_id=renamed)),
        StrengthDays.validate(logs.strength_days.with_columns(runner_id=renamed)),
        AcheReports.validate(logs.ache_reports.with_columns(runner_id=renamed)),
    )
