"""Whatever runs a night's stages, rows and pages are the same; a worker that ends costs one bucket one night."""

import logging
import os
import pickle
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from itertools import count
from pathlib import Path
from threading import Timer
from typing import Any

import pieces
import pytest
from click.testing import CliRunner
from polars.testing import assert_frame_equal

from runfix_analytics import dask_workers as dask
from runfix_analytics import executors, lock, night, processes
from runfix_analytics.cli import main
from runfix_analytics.delta_tables import bucket_of
from runfix_analytics.errors import ConfigError, StageError, StoreError
from runfix_analytics.store import TABLES, Store

distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")

DAY = date(2026, 3, 31)
IDS = [next(f"r{number}" for number in count() if bucket_of(f"r{number}") == bucket) for bucket in (3, 8)]
SHEET = "date,exercise,sets,reps,seconds,weight,side,rir,notes\n"
FORM = "runner,report_id,date_reported,onset_date,site,side,pain_worst_0_10\n"
STRAVA = "Activity ID,Activity Date,Activity Type,Distance,Elapsed Time,Distance,Moving Time\n"


@pytest.fixture(autouse=True)
def every_bucket_is_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few runners are enough for several parts."""
    monkeypatch.setattr(night, "_FEW", 1)


@pytest.fixture(scope="module")
def new(tmp_path_factory) -> Path:
    """Two runners in two buckets whose files are new; one of the files is nobody's log."""
    store = Store.create(tmp_path_factory.mktemp("executors") / "squad")
    with (store.root / "runners.csv").open("a", encoding="utf-8") as roster:
        roster.writelines(f"{runner},Europe/Berlin,metric,,,,partial\n" for runner in IDS)
    for number, runner in enumerate(IDS):
        inbox, days = store.root / "inbox" / runner, [f"2026-03-{day:02}" for day in range(3 + number, 31, 4)]
        inbox.mkdir()
        sets = "".join(f"{day},single-leg calf raise,3,12,,,,2,\n" for day in days)
        runs = "".join(f'{i},"{day} 07:00:00",Run,8.0,2400,8000,2400\n' for i, day in enumerate(days))
        (inbox / "strength.csv").write_text(SHEET + sets, encoding="utf-8")
        (inbox / "activities.csv").write_text(STRAVA + runs, encoding="utf-8")
        (inbox / "aches.csv").write_text(f"{FORM},a1,2026-03-16,{days[0]},shin,left,4\n", encoding="utf-8")
    (store.root / "inbox" / IDS[1] / "holiday.txt").write_text("nothing of it\n", encoding="utf-8")
    return store.root


def night_on(root: Path, name: str = "local", workers: int | None = None) -> night.Done:
    with executors.opened(name, workers) as each:
        return night.night(root, DAY, each)


@pytest.fixture(scope="module")
def plain(new: Path, tmp_path_factory) -> tuple[Path, night.Done]:
    """The same squad after a night in a loop, and what that night did."""
    root = shutil.copytree(new, tmp_path_factory.mktemp("plain") / "squad")
    return root, night_on(root)


@pytest.fixture
def root(new: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(new, tmp_path / "squad"))


def assert_same_rows_and_pages(one: Path, other: Path) -> None:
    for schema in TABLES.values():
        rows = [Store(root).read(schema).drop("imported_at", strict=False) for root in (one, other)]
        assert_frame_equal(*rows)
    assert pages(one) == pages(other)


def pages(root: Path) -> dict[str, bytes]:
    files = (path for path in sorted((root / "reports").rglob("*")) if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("name", ["processes", "dask"])
def test_rows_pages_and_what_is_told_are_those_of_a_plain_loop_and_private(root, plain, name):
    before = os.umask(0)
    try:
        assert night_on(root, name, 2) == plain[1]
    finally:
        os.umask(before)
    assert_same_rows_and_pages(root, plain[0])
    written = [path for folder in ("tables", "reports", "cache") for path in (root / folder).rglob("*")]
    assert [path for path in written if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


# a worker that ends


def test_a_killed_worker_costs_its_bucket_one_night_and_the_next_one_repairs_it(root, plain):
    victim = (bucket_of(IDS[1]),)
    with executors.opened() as each:
        night.night(root, DAY, each, ["import", "survey", night.STUDY])
    with processes.worker_processes(2) as mapped:
        deadly = executors.Stages(lambda: lambda work, wanted: mapped(pieces.Deadly(work, "assess", victim), wanted))
        done = night.night(root, DAY, deadly, ["assess"])
    assert [(one.stage, one.runner_id, one.what) for one in done.failures] == [("assess", "", f"bucket {victim[0]}")]
    assert "its worker ended" in done.failures[0].reason
    assert (done.exit_code, done.counts["assessed"]) == (3, 1)
    again = night_on(root)
    assert (again.failures, again.counts["unchanged"]) == ((), 1)
    assert_same_rows_and_pages(root, plain[0])


@pytest.mark.parametrize("workers", [processes.worker_processes, lambda n: dask.dask_workers(n, None)])
def test_a_worker_that_ends_takes_one_piece_with_it_and_another_one_takes_its_place(workers):
    with workers(1) as mapped:
        assert sorted(mapped(pieces.ends_at_two, [1, 2, 3]), key=str) == [(1, 10), (2, None), (3, 30)]
        assert list(mapped(pieces.ends_at_two, [4])) == [(4, 40)]


ORPHANS = """
import sys
from runfix_analytics import processes
import pieces

if __name__ == "__main__":
    with processes.worker_processes(2) as mapped:
        list(mapped(pieces.sleeps, [1, 2]))
"""


def test_workers_end_with_a_night_that_is_killed(tmp_path):
    script = tmp_path / "night.py"
    script.write_text(ORPHANS, encoding="utf-8")
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    parent = subprocess.Popen([sys.executable, script], env=os.environ | {"PYTHONPATH": paths})
    workers = until(lambda: found if len(found := children(parent.pid)) == 2 else None)
    parent.kill()
    parent.wait()
    assert until(lambda: not [worker for worker in workers if is_at_work(worker)])


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def is_at_work(pid: int) -> bool:
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def until(found: Callable[[], Any], seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while not (value := found()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


def test_a_map_that_nobody_reads_to_the_end_leaves_no_worker_at_work():
    with processes.worker_processes(2) as mapped:
        parts = mapped(pieces.sleeps, [0, 1, 2])
        assert next(parts) == (0, None)
        began = time.monotonic()
        parts.close()
        assert time.monotonic() - began < 30


# errors


def mapped_by(outcomes: dict[int, list[executors.Outcome]], asked: list[list[int]]) -> Callable[[], Any]:
    """A map that gives for each bucket one outcome after the other, the last bucket first."""

    def mapped(_work: executors.Work, pieces: Sequence[int]) -> Iterator[tuple[int, executors.Outcome]]:
        asked.append(list(pieces))
        yield from ((piece, outcomes[piece].pop(0)) for piece in reversed(pieces))

    return lambda: mapped


def of(n: int) -> executors.Outcome:
    return executors.Outcome(night.Done({"assessed": n}))


def test_asked_again_after_file_trouble_a_stage_does_what_failed_and_tells_the_whole():
    away, asked = executors.Outcome(error=OSError("away")), list[list[int]]()
    stages = executors.Stages(mapped_by({1: [of(1)], 2: [away, of(2)], 3: [of(3)], 4: [away, of(4)]}, asked))
    with pytest.raises(OSError, match="away"):
        list(stages("assess", Path("squad"), DAY, [1, 2, 3, 4]))
    told = [done.counts["assessed"] for done in stages("assess", Path("squad"), DAY, [1, 2, 3, 4])]
    assert (sorted(told), asked) == ([1, 2, 3, 4], [[1, 2, 3, 4], [2, 4]])


def test_what_buckets_did_is_told_in_their_order_whichever_ends_first():
    stages = executors.Stages(mapped_by({1: [of(1)], 2: [of(2)], 3: [of(3)]}, []))
    assert [done.counts["assessed"] for done in stages("assess", Path("squad"), DAY, [1, 2, 3])] == [1, 2, 3]


def test_a_single_piece_of_work_starts_no_worker(root):
    def none() -> Any:
        raise AssertionError("a worker was started")

    [done] = executors.Stages(none)("import", root, DAY, [(bucket_of(IDS[0]),)])
    assert done.counts["files_new"] == 3


def work_on(root: Path, **other: Any) -> executors.Work:
    return executors.Work(
        **({"stage": "assess", "root": root, "as_of": DAY, "program": executors.stamps.program()} | other)
    )


def test_the_text_of_an_unexpected_error_leaves_no_worker(root, monkeypatch, caplog):
    def fails(*_: Any) -> night.Done:
        raise ValueError("canary throbs")

    monkeypatch.setattr(executors, "run_stage", fails)
    with caplog.at_level(logging.INFO):
        outcome = work_on(root)((3,))
    said = str(outcome.error)
    assert said.startswith("assess of bucket 3: ValueError")
    assert "canary" not in said + caplog.text + repr(pickle.dumps(outcome))


@pytest.mark.parametrize("error", [OSError(5, "away", "squad/x"), StoreError("no store"), ConfigError("no zone")])
def test_errors_come_back_from_a_worker_as_they_were(error):
    back = pickle.loads(pickle.dumps(executors.Outcome(error=error))).error  # noqa: S301
    assert (type(back), str(back)) == (type(error), str(error))


def test_a_worker_of_another_version_does_nothing(root):
    outcome = work_on(root, program="another")((bucket_of(IDS[0]),))
    assert "another version" in str(outcome.error)
    assert isinstance(outcome.error, ConfigError)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--executor", "threads"], 'there is no executor "threads"; there are: local, processes, dask'),
        (["--executor", "processes", "--workers", "0"], "0 workers are not possible; choose 1 to 64"),
        (["--workers", "2"], "the executor local has no workers"),
        (["--executor", "processes", "--scheduler", "tcp://x"], "a scheduler is for --executor dask only"),
        (["--executor", "dask", "--scheduler", "tcp://x", "--workers", "2"], "leave --workers out"),
    ],
)
def test_options_that_do_not_go_together_are_named_before_anything_runs(root, options, said):
    result = CliRunner().invoke(main, ["nightly", "--root", str(root), *options])
    assert result.exit_code == 1
    assert said in result.stderr
    assert list((root / "runs").iterdir()) == []


def test_the_environment_chooses_the_executor(root):
    result = CliRunner().invoke(main, ["nightly", "--root", str(root)], env={"RUNFIX_EXECUTOR": "threads"})
    assert 'there is no executor "threads"' in result.stderr


def test_workers_share_the_cores_and_what_is_set_stays(monkeypatch):
    monkeypatch.setattr(processes, "n_cores", lambda: 8)
    for name in processes.THREAD_SETTINGS:
        monkeypatch.delenv(name, raising=False)
    assert set(processes.threads_each(2).values()) == {"4"}
    assert set(processes.threads_each(16).values()) == {"1"}
    monkeypatch.setenv("POLARS_MAX_THREADS", "3")
    assert processes.threads_each(2)["POLARS_MAX_THREADS"] == "3"


# a bucket has one writer


def test_a_worker_that_outlives_its_night_keeps_its_bucket_until_it_ends(root, monkeypatch):
    monkeypatch.setattr(lock, "BUCKET_WAIT_SECONDS", 0.3)
    with (
        lock.bucket_writer(root, 3),
        pytest.raises(StoreError, match="still has bucket 3"),
        lock.bucket_writer(root, 3),
    ):
        pass
    with lock.bucket_writer(root, 3), lock.bucket_writer(root, 4):
        pass
    made = [root / lock.BUCKET_LOCKS, *(root / lock.BUCKET_LOCKS).iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o700, 0o600}


# a scheduler that runs already


@pytest.fixture
def cluster() -> Iterator[Callable[..., Any]]:
    made = []

    def start(**options: Any) -> Any:
        made.append(
            distributed.LocalCluster(
                processes=False, host="127.0.0.1", protocol="tcp", dashboard_address="127.0.0.1:0", **options
            )
        )
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_a_running_scheduler_is_used_and_left_running(cluster):
    running = cluster(n_workers=1, threads_per_worker=1)
    for _ in range(2):
        with dask.dask_workers(1, running.scheduler_address) as mapped:
            assert sorted(mapped(pieces.ends_at_two, [1, 3])) == [(1, 10), (3, 30)]


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr(dask, "CONNECT_SECONDS", 1.0)
    with (
        pytest.raises(ConfigError, match="no Dask scheduler answers at tcp"),
        dask.dask_workers(1, "tcp://127.0.0.1:9"),
    ):
        pass


def test_a_worker_with_several_threads_is_refused(cluster):
    address = cluster(n_workers=1, threads_per_worker=2).scheduler_address
    with pytest.raises(ConfigError, match="has 2 threads; start it with"), dask.dask_workers(1, address):
        pass


def test_a_scheduler_without_workers_is_not_waited_for_without_end(cluster, monkeypatch):
    monkeypatch.setattr(dask, "WITHOUT_WORKERS_SECONDS", 1.0)
    running = cluster(n_workers=0)
    with dask.dask_workers(1, running.scheduler_address) as mapped, pytest.raises(StageError, match="no worker left"):
        list(mapped(pieces.ends_at_two, [1]))


def test_a_scheduler_that_goes_away_is_named(cluster):
    running = cluster(n_workers=1, threads_per_worker=1)
    with (
        dask.dask_workers(1, running.scheduler_address) as mapped,
        pytest.raises(StageError, match="scheduler is gone"),
    ):
        Timer(0.5, running.close).start()
        list(mapped(pieces.sleeps_a_little, [1]))


def test_without_distributed_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"pip install 'runfix-analytics\[dask\]'"), dask.dask_workers(1, None):
        pass
