"""How much was run each day, and whether a run stood out: context and a confounder, never a verdict."""

from datetime import date, timedelta
from math import exp

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.tables import RunningLoad, Runs

METRES_PER_KM = 1000
SECONDS_PER_MINUTE = 60


def running_load(runs: dy.DataFrame[Runs], *, as_of: date, catalogue: Catalogue) -> dy.DataFrame[RunningLoad]:
    """One row per runner and day from the first run to `as_of`; a runner without runs has no row.

    Spike: the day's longest run over the longest run of the 30 days before; null until 30 days of log exist, since
    what was run before the log began is not known. Acute and chronic load: exponential means
    of the daily kilometres with time constants of 7 and 28 d, weights normalised from the first day on.
    Source: method.md §2; spike classes after Garmin-RUNSAFE 2025.
    """
    srpe = pl.col("rpe") * pl.col("duration_s") / SECONDS_PER_MINUTE
    per_day = (
        runs.filter(pl.col("duplicate_of").is_null(), pl.col("local_date") <= as_of)
        .sort("runner_id", "local_date", "run_id")
        .group_by("runner_id", "local_date", maintain_order=True)
        .agg(
            n_runs=pl.len(),
            distance_m=pl.col("distance_m").sum(),
            duration_s=pl.col("duration_s").sum(),
            ascent_m=pl.col("ascent_m").sum(),
            longest_run_m=pl.col("distance_m").max(),
            srpe_load=pl.when(srpe.is_not_null().any()).then(srpe.sum()),
        )
    )
    dense = (
        per_day.group_by("runner_id")
        .agg(pl.col("local_date").min())
        .with_columns(local_date=pl.date_ranges("local_date", pl.lit(as_of)))
        .explode("local_date")
        .join(per_day, on=["runner_id", "local_date"], how="left", validate="1:1")
        .with_columns(pl.col("n_runs", "distance_m", "duration_s", "ascent_m").fill_null(0))
        .sort("runner_id", "local_date")
    )
    km = pl.col("distance_m") / METRES_PER_KM
    ratio = pl.col("longest_run_m") / pl.col("longest_before_m")
    window = catalogue.days("load.spike_window")
    has_history = pl.int_range(pl.len()).over("runner_id", order_by="local_date") >= window
    load = (
        dense.join(_longest_before(dense, window), on=["runner_id", "local_date"], how="left", validate="1:1")
        .with_columns(spike_ratio=pl.when(has_history & (pl.col("longest_before_m") > 0)).then(ratio))
        .with_columns(
            spike=_spike(catalogue),
            acute_km_per_day=_exponential_mean(km, catalogue.number("load.acute_days")),
            chronic_km_per_day=_exponential_mean(km, catalogue.number("load.chronic_days")),
        )
    )
    return RunningLoad.validate(load.sort("runner_id", "local_date"), cast=True)


def _longest_before(dense: pl.DataFrame, window: int) -> pl.DataFrame:
    """The longest run of the `window` days before each day, that day excluded."""
    return dense.rolling("local_date", period=timedelta(days=window), closed="left", group_by="runner_id").agg(
        longest_before_m=pl.col("longest_run_m").max()
    )


def _exponential_mean(daily: pl.Expr, time_constant_days: float) -> pl.Expr:
    return daily.ewm_mean(alpha=1 - exp(-1 / time_constant_days), adjust=True).over("runner_id", order_by="local_date")


def _spike(catalogue: Catalogue) -> pl.Expr:
    ratio = pl.col("spike_ratio")
    return (
        pl.when(ratio.is_null())
        .then(None)
        .when(ratio > catalogue.number("load.spike_large"))
        .then(pl.lit("large"))
        .when(ratio > catalogue.number("load.spike_medium"))
        .then(pl.lit("medium"))
        .when(ratio > catalogue.number("load.spike_small"))
        .then(pl.lit("small"))
        .otherwise(pl.lit("none"))
    )
