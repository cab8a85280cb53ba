"""The calculations of a first night, through a store, of 1 000, 10 000 and 100 000 runners with 60 days of logs each.

Survey, study and assessment with all their reading and writing; neither the import of files nor the pages, which are
runner by runner. The runners are copies of a few hundred made-up ones. Each size has a process of its own, so that its
memory is its own; making the store up is another's. What a runner costs must not depend on how many there are.
"""

import resource
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any, TypeVar

import dataframely as dy
import polars as pl

from runfix_analytics import due, night
from runfix_analytics.catalogue import load
from runfix_analytics.delta_tables import N_BUCKETS, bucket_of
from runfix_analytics.runner_lists import RUNNER_COLUMNS
from runfix_analytics.simulation import FIRST_DAY, SCENARIOS, simulate
from runfix_analytics.store import Store
from runfix_analytics.tables import AcheReports, Imports, Runs, StrengthDays, StrengthSets

SIZES = (1_000, 10_000, 100_000)
N_MADE_UP, N_DAYS, SEED = 200, 60, 20261129
AS_OF = FIRST_DAY + timedelta(days=N_DAYS - 1)
STAGES = (due.SURVEY, night.STUDY, due.ASSESS)
_IDS = {Runs: "run_id", StrengthSets: "set_id", AcheReports: "ache_report_id"}

S = TypeVar("S", bound=dy.Schema)


def alone() -> list[dict[str, Any]]:
    """One row a size; `per_runner_ms` is what has to stay, `of_first` how it compares with the smallest size."""
    found = [_in_its_own_store(n) for n in SIZES]
    first = found[0]["per_runner_ms"]
    return [row | {"of_first": round(row["per_runner_ms"] / first, 3)} for row in found]


def _in_its_own_store(n: int) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        root = Path(folder) / "squad"
        _elsewhere(_make, root, n)
        return _elsewhere(_measured, root, n)


def _elsewhere(work: Any, *args: Any) -> Any:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args).result()


def _measured(root: Path, n: int) -> dict[str, Any]:
    seconds = dict.fromkeys(STAGES, 0.0)

    def each(stage: str, root: Path, as_of: date, parts: Sequence[night.Part], /) -> list[night.Done]:
        began = perf_counter()
        done = [night.run_stage(stage, root, part, as_of) for part in parts]
        seconds[stage] += perf_counter() - began
        return done

    began, cpu_began = perf_counter(), process_time()
    done = night.night(root, AS_OF, each, STAGES)
    whole, cpu = perf_counter() - began, process_time() - cpu_began
    assert not done.failures, done.failures[:3]
    assert (done.counts["surveyed"], done.counts["studied"], done.counts["assessed"]) == (n, n, n)
    return {
        "name": f"scale_{n}",
        "ours_s": round(whole, 1),
        "peer": None,
        "peer_s": None,
        "ratio": None,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "n_runners": n,
        "n_days": N_DAYS,
        "per_runner_ms": round(whole / n * 1000, 2),
        "cpu_per_runner_ms": round(cpu / n * 1000, 2),
        "stages_s": {stage: round(of, 1) for stage, of in seconds.items()},
        "store_mb": round(sum(file.stat().st_size for file in root.rglob("*") if file.is_file()) / 1024**2),
    }


def _make(root: Path, n: int) -> None:
    """A store with the logged tables of n runners, copies in turn of some made-up ones, as after an import."""
    logs = simulate(SCENARIOS["effect"], n_runners=N_MADE_UP, n_days=N_DAYS, seed=SEED, catalogue=load()).logs
    store, originals = Store.create(root), list(logs.runners["runner_id"])
    copies = pl.DataFrame(
        [(f"s{place:06}", originals[place % N_MADE_UP]) for place in range(n)],
        schema=["copy", "runner_id"],
        orient="row",
    )
    settings = {row["runner_id"]: row for row in logs.runners.iter_rows(named=True)}
    lines = [
        f"{copy},UTC,metric,,{settings[of]['active_from']},,{settings[of]['strength_log']}"
        for copy, of in copies.rows()
    ]
    store.write_private(root / "runners.csv", "\n".join([",".join(RUNNER_COLUMNS), *lines, ""]).encode())
    buckets = copies.with_columns(bucket=pl.Series([bucket_of(copy) for copy in copies["copy"]]))
    for bucket in range(N_BUCKETS):
        some = buckets.filter(bucket=bucket).drop("bucket")
        ids = list(some["copy"])
        for schema, frame in (
            (Runs, logs.runs),
            (StrengthSets, logs.strength_sets),
            (StrengthDays, logs.strength_days),
            (AcheReports, logs.ache_reports),
        ):
            store.replace(schema, _copied(schema, frame, some), ids)
        store.replace(Imports, _ledger(some, logs.runs["import_id"][0]), ids)


def _copied(schema: type[S], frame: pl.DataFrame, copies: pl.DataFrame) -> dy.DataFrame[S]:
    of_copies = frame.join(copies, on="runner_id").with_columns(runner_id="copy")
    if column := _IDS.get(schema):
        of_copies = of_copies.with_columns(pl.format("{}-{}", "runner_id", column).alias(column))
    return schema.cast(of_copies.select(frame.columns))


def _ledger(copies: pl.DataFrame, import_id: str) -> dy.DataFrame[Imports]:
    nothing = dict.fromkeys(("archive_id", "reader", "source", "reason"))
    counts = dict.fromkeys(("n_bytes", "n_rows", "n_accepted", "n_rejected", "n_skipped"), 0)
    of = {
        "import_id": import_id,
        "file_name": "made-up",
        "status": "imported",
        "imported_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    rows = [{"runner_id": copy, "warnings": []} | nothing | counts | of for copy in copies["copy"]]
    return Imports.validate(pl.DataFrame(rows, schema=Imports.create_empty().schema), cast=True)
