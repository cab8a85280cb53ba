"""The assessment of 10 000 runners × 730 days × 5 areas, bucket by bucket: load, coverage, episodes, advice.

`rolling` is the windowed share of one bucket only (157 runners), from what sessions earned: beside pandas and DuckDB,
and beside a plain copy of that bucket's coverage table, written and read as Parquet.
"""

import io
import resource
import statistics
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import duckdb
import pandas as pd
import polars as pl

from runfix_analytics.assessment import Logs, assess, squad, survey
from runfix_analytics.catalogue import Catalogue, load
from runfix_analytics.coverage import coverage, rolled, session_credits
from runfix_analytics.known_days import known_days
from runfix_analytics.recognition import recognise
from runfix_analytics.simulation import FIRST_DAY
from runfix_analytics.tables import Episodes, Exposure
from tests.benchmarks.association_large import N_BUCKETS, N_DAYS, N_RUNNERS, bucket_logs

ROUNDS = 5
AS_OF = FIRST_DAY + timedelta(days=N_DAYS - 1)
_DUCKDB = """
with daily as (
    select d.runner_id, d.local_date, a.area_id, d.is_known::double as known,
           case when d.is_known then coalesce(q.q, 0) else 0 end as q
    from days d cross join areas a left join credits q using (runner_id, local_date, area_id)
), rolled as (
    select runner_id, local_date, area_id, sum(known) over w as known, sum(q) over w as q from daily
    window w as (partition by runner_id, area_id order by local_date rows between 27 preceding and current row)
)
select runner_id, local_date, area_id, case when known / 28 >= 0.7 then least(q / (known * 2 / 7), 1) end as coverage
from rolled
"""


def alone() -> dict[str, Any]:
    """Seconds of our own work; making the runners up is not counted, but its memory is."""
    catalogue = load()
    surveyed, of_squad = [], 0.0
    for bucket in range(N_BUCKETS):
        logs = bucket_logs(bucket, catalogue)
        seconds, found = _timed(lambda logs=logs: survey(logs, as_of=AS_OF, catalogue=catalogue))
        surveyed.append(found)
        of_squad += seconds
    aches = Episodes.validate(pl.concat([one for one, _ in surveyed]))
    of = squad(aches, Exposure.validate(pl.concat([one for _, one in surveyed])), catalogue=catalogue)
    whole, n_rows, n_advice = 0.0, 0, 0
    for bucket in range(N_BUCKETS):
        logs = bucket_logs(bucket, catalogue)
        seconds, found = _timed(lambda logs=logs: assess(logs, as_of=AS_OF, catalogue=catalogue, of=of))
        whole += seconds
        n_rows += found.coverage.height
        n_advice += found.advice.height
    return {
        "name": "assess",
        "ours_s": round(of_squad + whole, 1),
        "peer": None,
        "peer_s": None,
        "ratio": None,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "n_runners": N_RUNNERS,
        "n_coverage_rows": n_rows,
        "n_advice_rows": n_advice,
        **_rolling(bucket_logs(0, catalogue), catalogue),
    }


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = perf_counter()
    found = work()
    return perf_counter() - began, found


def _rolling(logs: Logs, catalogue: Catalogue) -> dict[str, float]:
    """Medians of five rounds in turn, over one bucket, from session credits and known days."""
    sets = recognise(logs.strength_sets, as_of=AS_OF, catalogue=catalogue)
    days = known_days(logs.runners, logs.runs, sets, logs.strength_days, as_of=AS_OF, catalogue=catalogue)
    table = coverage(sets, days, catalogue=catalogue)
    earned = session_credits(sets, catalogue)
    frames = {"days": days.select("runner_id", "local_date", "is_known"), "credits": earned,
              "areas": pl.DataFrame({"area_id": list(catalogue.areas)})}  # fmt: skip
    pandas_frames = {name: pd.DataFrame(frame.to_dict(as_series=False)) for name, frame in frames.items()}
    connection = _database(frames)

    def ours() -> pl.DataFrame:
        return rolled(earned, days, catalogue=catalogue)

    def in_pandas() -> pd.Series:
        return _in_pandas(**pandas_frames)

    def in_duckdb() -> Any:
        return connection.execute(_DUCKDB).fetchnumpy()["coverage"]

    def copied() -> int:
        file = io.BytesIO()
        table.write_parquet(file)
        file.seek(0)
        return pl.read_parquet(file).height

    expected = ours()["coverage"].sum()
    assert abs(in_pandas().sum() - expected) < 1e-3
    assert abs(in_duckdb().sum() - expected) < 1e-3
    works = {"ours": ours, "pandas": in_pandas, "duckdb": in_duckdb, "copy": copied}
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            times[name].append(_timed(work)[0])
    median = {name: statistics.median(of) for name, of in times.items()}
    return {
        "rolling_s": round(median["ours"], 3),
        "rolling_vs_pandas": round(median["pandas"] / median["ours"], 2),
        "rolling_vs_duckdb": round(median["duckdb"] / median["ours"], 2),
        "rolling_of_copy": round(median["ours"] / median["copy"], 2),
    }


def _in_pandas(days: pd.DataFrame, credits: pd.DataFrame, areas: pd.DataFrame) -> pd.Series:  # noqa: A002
    dense = days.merge(areas, how="cross").merge(credits, how="left", on=["runner_id", "local_date", "area_id"])
    dense["q"] = dense["q"].fillna(0.0) * dense["is_known"]
    dense = dense.sort_values(["runner_id", "area_id", "local_date"])
    summed = dense.groupby(["runner_id", "area_id"])[["q", "is_known"]].rolling(28, min_periods=1).sum()
    share = (summed["q"] / (summed["is_known"] * 2 / 7)).clip(upper=1)
    return share.where(summed["is_known"] / 28 >= 0.70)


def _database(frames: dict[str, pl.DataFrame]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set threads to 2")
    with tempfile.TemporaryDirectory() as folder:
        for name, frame in frames.items():
            path = Path(folder) / f"{name}.parquet"
            frame.write_parquet(path)
            connection.execute(f"create table {name} as select * from read_parquet('{path}')")  # noqa: S608
    return connection
