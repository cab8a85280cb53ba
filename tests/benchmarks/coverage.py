"""The 28-day coverage of 200 runners × 730 days × 5 areas, from recognised sets and known days."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

import pandas as pd
import polars as pl

from runfix_analytics.catalogue import load
from runfix_analytics.coverage import coverage
from runfix_analytics.recognition import area_weights
from runfix_analytics.tables import KnownDays, RecognisedSets

PEER = "pandas: groupby and rolling sums"
N_RUNNERS, N_DAYS, WINDOW = 200, 730, 28
FIRST = date(2024, 1, 1)


def prepare() -> tuple[Callable[[], pl.DataFrame], Callable[[], pl.DataFrame]]:
    catalogue = load()
    sets, days = _logs()
    weights = _pandas(area_weights(catalogue))
    sets_pd, days_pd = _pandas(sets.select("runner_id", "local_date", "exercise_id")), _pandas(days)

    def ours() -> pl.DataFrame:
        return coverage(sets, days, catalogue=catalogue)

    def peer() -> pl.DataFrame:
        joined = sets_pd.merge(weights, on="exercise_id")
        daily = joined.groupby(["runner_id", "area_id", "local_date"])["weight"].sum().div(4).clip(upper=1).rename("q")
        areas = pd.DataFrame({"area_id": list(catalogue.areas)})
        dense = days_pd.merge(areas, how="cross").merge(daily, how="left", on=["runner_id", "area_id", "local_date"])
        dense["q"] = dense["q"].fillna(0.0) * dense["is_known"]
        dense = dense.sort_values(["runner_id", "area_id", "local_date"])
        rolled = dense.groupby(["runner_id", "area_id"])[["q", "is_known"]].rolling(WINDOW, min_periods=1).sum()
        dense["n"], dense["sum"] = rolled["is_known"].to_numpy(), rolled["q"].to_numpy()
        known = dense["n"] / WINDOW >= 0.70
        dense["coverage"] = (dense["sum"] / (dense["n"] * 2 / 7)).clip(upper=1).where(known)
        columns = ["runner_id", "local_date", "area_id", "coverage"]
        return pl.DataFrame({name: dense[name].to_list() for name in columns}, strict=False)

    return ours, peer


def _pandas(frame: pl.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(frame.to_dict(as_series=False))


def same(ours: pl.DataFrame, peer: pl.DataFrame) -> bool:
    key = ["runner_id", "area_id"]
    a = ours.sort(*key, "local_date")["coverage"].fill_null(-1.0)
    b = peer.sort(*key, "local_date")["coverage"].fill_nan(None).fill_null(-1.0)
    return a.len() == b.len() and bool((a - b).abs().max() < 1e-6)


def _logs() -> tuple[pl.DataFrame, pl.DataFrame]:
    random = Random(20261122)
    exercises = [e.id for e in load().exercises.values() if e.primary][:40]
    days = [FIRST + timedelta(days=n) for n in range(N_DAYS)]
    rows = [
        (f"r{runner:03}", f"r{runner:03}-{day:%Y%m%d}-{n}", day, random.choice(exercises))
        for runner in range(N_RUNNERS)
        for day in days
        if random.random() < 0.3
        for n in range(random.randint(6, 14))
    ]
    sets = pl.DataFrame(rows, schema=["runner_id", "set_id", "local_date", "exercise_id"], orient="row").with_columns(
        source=pl.lit("strong"),
        session_start_at=pl.col("local_date").cast(pl.Datetime("us", "UTC")),
        logged_as="exercise_id",
        set_type=pl.lit("working"),
        side=pl.lit(None, pl.String),
        side_share=pl.lit(1.0),
        rir=pl.lit(None, pl.Float64),
        effort=pl.lit(None, pl.Float64),
    )
    known = pl.DataFrame({"runner_id": [f"r{n:03}" for n in range(N_RUNNERS)]}).join(
        pl.DataFrame({"local_date": days}), how="cross"
    )
    is_known = pl.Series([random.random() < 0.9 for _ in range(known.height)])
    evidence = pl.when("is_known").then(pl.lit("between")).otherwise(pl.lit("unknown"))
    known = known.with_columns(is_known=is_known).with_columns(evidence=evidence, known_from=pl.lit(None, pl.Date))
    sets = sets.join(known.filter("is_known"), on=["runner_id", "local_date"], how="semi")
    return RecognisedSets.validate(sets, cast=True), KnownDays.validate(known, cast=True)
