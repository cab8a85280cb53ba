"""What the benchmarks of pages share: the sample squad after one night, and work shared by two processes."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from runfix_analytics import night
from runfix_analytics.page_results import stored_results
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.store import Store

SAMPLE, DAY = Path("data/sample"), date(2026, 10, 25)
CORES = 2

_results: dict[Path, list[RunnerResults]] = {}


@contextmanager
def assessed_sample() -> Iterator[Path]:
    """The root of a store that holds the sample squad, imported and assessed."""
    with TemporaryDirectory() as folder:
        root = Path(folder) / "squad"
        shutil.copytree(SAMPLE, root)
        Store.create(root)
        night.night(root, DAY, lambda stage, *of: [night.run_stage(stage, of[0], bucket, of[1]) for bucket in of[2]],
                    ("import", "survey", night.STUDY, "assess"))  # fmt: skip
        yield root


def results_of(root: Path) -> list[RunnerResults]:
    """What the pages of all runners are made of, read once in each process."""
    if root not in _results:
        store = Store(root)
        catalogue = store.catalogue()
        _results[root] = list(stored_results(store, store.runners(catalogue), DAY, catalogue))
    return _results[root]


def seconds_each(work: Callable[[Path, int], None], root: Path, n: int, rounds: int) -> list[float]:
    """Seconds for each of n pieces of work, n shared by the cores, in some rounds after one not counted."""
    with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as pool:
        list(pool.map(work, [root] * CORES, [1] * CORES))
        times = []
        for _ in range(rounds):
            began = perf_counter()
            list(pool.map(work, [root] * CORES, [n // CORES] * CORES))
            times.append((perf_counter() - began) / n)
        return times
