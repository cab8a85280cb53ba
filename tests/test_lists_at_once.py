"""Commands that change what people keep by hand, at the same time and in processes of their own: nothing is lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runfix_analytics import lock
from runfix_analytics.catalogue import load
from runfix_analytics.errors import StoreError
from runfix_analytics.lock import LISTS_LOCK_FILE, lists_writer
from runfix_analytics.store import Store

N_EACH = 10
COMMANDS = """
import sys
from runfix_analytics.cli import main
print("ready", flush=True)
sys.stdin.readline()
for line in sys.stdin.read().splitlines():
    main([*line.split("|"), "--root", sys.argv[1]], standalone_mode=False)
"""
HOLDER = """
import sys, time
from pathlib import Path
from runfix_analytics.lock import lists_writer
with lists_writer(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "squad")


def process(store: Store, code: str) -> subprocess.Popen[str]:
    """A process that has begun, and says so once it can work."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = subprocess.Popen([sys.executable, "-c", code, str(store.root)], text=True, **pipes)
    assert started.stdout.readline().strip() in {"ready", "held"}
    return started


def all_at_once(store: Store, *commands: list[str]) -> None:
    """One process for each list of commands; they begin together when all have imported everything."""
    workers = [process(store, COMMANDS) for _ in commands]
    for worker, lines in zip(workers, commands, strict=True):
        worker.stdin.write("\n" + "\n".join(lines))
        worker.stdin.close()
    for worker in workers:
        assert worker.wait() == 0, worker.stderr.read()
        worker.stdout.close()
        worker.stderr.close()


def test_of_runners_added_by_two_processes_at_once_none_is_lost(store: Store):
    names = [[f"{whose} {n}" for n in range(N_EACH)] for whose in ("Ann", "Ben")]
    all_at_once(store, *([f"add|{name}" for name in of] for of in names))
    assert sorted(store.names().values()) == sorted(names[0] + names[1])
    ids = set(store.runners(load())["runner_id"])
    assert ids == set(store.names()) == {path.name for path in (store.root / "inbox").iterdir()}


def test_of_marks_set_by_two_processes_at_once_none_is_lost(store: Store):
    runners = [store.add_runner(name, load()) for name in ("Ann", "Ben")]
    days = [f"2026-{month:02}-01" for month in range(1, N_EACH + 1)]
    all_at_once(store, *([f"mark|{runner}|seen-by-physio|--from|{day}" for day in days] for runner in runners))
    found = {(row["runner_id"], str(row["from_on"])) for row in store.marks().iter_rows(named=True)}
    assert found == {(runner, day) for runner in runners for day in days}


def test_a_command_waits_for_one_that_is_at_it_and_goes_on_when_that_is_killed(store: Store):
    holder, worker = process(store, HOLDER), process(store, COMMANDS)
    worker.stdin.write("\nadd|Ann")
    worker.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        worker.wait(timeout=1)
    assert store.names() == {}
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert worker.wait(timeout=30) == 0
    assert list(store.names().values()) == ["Ann"]
    for pipe in (holder.stdin, holder.stdout, holder.stderr, worker.stdout, worker.stderr):
        pipe.close()


def test_who_waits_too_long_is_told(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lock, "LISTS_WAIT_SECONDS", 0.1)
    with lists_writer(store.root), pytest.raises(StoreError, match=r"held runners\.csv, names\.csv, marks\.csv"):
        store.add_runner("Ann", load())
    assert store.names() == {}
    assert (store.root / LISTS_LOCK_FILE).stat().st_mode & 0o777 == 0o600
