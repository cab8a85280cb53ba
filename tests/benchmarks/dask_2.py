"""A stage of the night on two Dask workers of one thread each against one; beside it two independent processes.

What two processes reach that share nothing says what the machine gives a second worker. `ratio` is how much of that
speed-up the two Dask workers reach.
"""

import os
import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import polars as pl
import psutil

from runfix_analytics import due, executors, night
from runfix_analytics.catalogue import load
from runfix_analytics.processes import THREAD_SETTINGS
from runfix_analytics.simulated_files import write_squad
from runfix_analytics.simulation import SCENARIOS, simulate
from runfix_analytics.store import Store
from runfix_analytics.tables import STORED_RESULTS

N_RUNNERS, N_DAYS, ROUNDS = 200, 365, 3  # eight parts
STAGE = due.ASSESS

Rows = dict[str, pl.DataFrame]


def alone() -> dict[str, Any]:
    """Medians of some rounds, each with one and two of both kinds; whichever made them, the rows are the same."""
    os.environ.update(dict.fromkeys(THREAD_SETTINGS, "1"))
    times: dict[str, list[float]] = {}
    peak = 0
    with TemporaryDirectory() as folder:
        root, day = assessed_squad(Path(folder) / "squad")
        expected = rows(root)
        for _ in range(ROUNDS):
            for n in (1, 2):
                with executors.opened("dask", n) as each:
                    times.setdefault(f"dask_{n}", []).append(
                        seconds(root, lambda of, each=each: list(each(STAGE, root, day, of)))
                    )
                    peak = max(peak, memory_of_children())
                assert same(rows(root), expected)
                with ProcessPoolExecutor(n, mp_context=get_context("spawn")) as pool:
                    times.setdefault(f"processes_{n}", []).append(
                        seconds(root, lambda of, pool=pool, n=n: shared_out(pool, n, root, day, of))
                    )
                assert same(rows(root), expected)
    median = {name: statistics.median(of) for name, of in times.items()}
    dask, processes = median["dask_1"] / median["dask_2"], median["processes_1"] / median["processes_2"]
    return {
        "name": "dask_2",
        "ours_s": round(median["dask_2"], 2),
        "peer": "two independent processes",
        "peer_s": round(median["processes_2"], 2),
        "ratio": round(dask / processes, 3),
        "peak_mb": round(peak / 1024**2),
        "speed_up": {"dask": round(dask, 2), "processes": round(processes, 2)},
        "rounds_s": {name: [round(one, 2) for one in of] for name, of in times.items()},
    }


def assessed_squad(root: Path) -> tuple[Path, date]:
    """A made-up squad after everything up to the stage, and the stage itself once."""
    squad = simulate(SCENARIOS["rehab"], n_runners=N_RUNNERS, n_days=N_DAYS, seed=1, catalogue=load())
    write_squad(squad, root)
    with executors.opened("processes", 2) as each:
        night.night(root.resolve(), squad.last_day, each, ["import", "survey", night.STUDY, STAGE])
    return root.resolve(), squad.last_day


def seconds(root: Path, work: Callable[[Sequence[night.Part]], Any]) -> float:
    """Seconds of the stage for all parts, when the workers are there and have imported what they need."""
    store, parts = Store(root), night.parts(root)
    ids = list(store.runners(store.catalogue())["runner_id"])
    for of in (parts[:4], parts):
        due.forget(store, ids, [STAGE])
        began = perf_counter()
        work(of)
    return perf_counter() - began


def shared_out(pool: ProcessPoolExecutor, n: int, root: Path, day: date, parts: Sequence[night.Part]) -> None:
    """The peer: each process has its share of the parts from the beginning, and hears nothing of the others."""
    list(pool.map(in_a_loop, [root] * n, [day] * n, [parts[place::n] for place in range(n)]))


def in_a_loop(root: Path, day: date, parts: Sequence[night.Part]) -> None:
    """The stage for some parts, one after the other."""
    for part in parts:
        night.run_stage(STAGE, root, part, day)


def rows(root: Path) -> Rows:
    """All that is calculated."""
    return {table: Store(root).read(schema) for table, schema in STORED_RESULTS.items()}


def same(one: Rows, other: Rows) -> bool:
    """Whether two sets of tables hold the same rows."""
    return all(frame.equals(other[table]) for table, frame in one.items())


def memory_of_children() -> int:
    """Bytes that all processes below this one hold."""
    return sum(child.memory_info().rss for child in psutil.Process().children(recursive=True))
