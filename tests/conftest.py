"""What several test modules share: the sample squad after one whole night."""

import fcntl
import os
import shutil
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import settings

from runfix_analytics import night
from runfix_analytics.store import Store

SAMPLE = Path(__file__).parent.parent / "data" / "sample"
DEMO_DAY = date(2026, 10, 25)

# the same examples each time: a gate must not fall for something that nobody changed; make soak is the search
settings.register_profile("gate", derandomize=True, database=None)
settings.load_profile("gate")


def in_a_loop(stage: str, root: Path, as_of: date, parts: Sequence[night.Part], /) -> list[night.Done]:
    """The plain executor: one part after the other."""
    return [night.run_stage(stage, root, part, as_of) for part in parts]


@pytest.fixture(scope="session")
def run_night() -> Callable[..., night.Done]:
    """Runs a night in a loop: `run_night(root, as_of, stages=None, is_full=False)`."""

    def run(root: Path, as_of: date, stages: Sequence[str] | None = None, *, is_full: bool = False) -> night.Done:
        return night.night(root, as_of, in_a_loop, stages, is_full=is_full)

    return run


@pytest.fixture(scope="session")
def demo_day() -> date:
    """The last day of the sample squad's data."""
    return DEMO_DAY


@pytest.fixture(scope="session")
def demo_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The sample squad after one night; shared by all tests and all xdist workers, so read it and change copies."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    root, finished = shared / "demo_store", shared / "demo_store.finished"
    with (shared / "demo_store.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            shutil.rmtree(root, ignore_errors=True)
            shutil.copytree(SAMPLE, root)
            Store.create(root)
            night.night(root, DEMO_DAY, in_a_loop)
            finished.touch()
    return Store(root)


@pytest.fixture
def demo_copy(demo_store: Store, tmp_path: Path) -> Store:
    """A copy of the sample squad's store that a test may change."""
    root = tmp_path / "squad"
    shutil.copytree(demo_store.root, root)
    return Store(root)
