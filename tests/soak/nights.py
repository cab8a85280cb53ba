"""Whole nights killed at random moments while readers are at work: nothing is torn, and the next night makes all good.

Every kill has a store of its own, a copy of one that had a night and got new files since. While it runs, another
process (this one) reads every table and every page over and over. Afterwards a night is run to its end, and rows and
pages must be those of a night that nobody disturbed. One kill in ten is of the Prefect flow, the others of `runfix
nightly`.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from runfix_analytics import night
from runfix_analytics.errors import EXIT_PARTIAL
from runfix_analytics.store import TABLES, Store
from tests.soak.checks import check
from tests.soak.kills import RUNNERS, check_equal, in_a_loop, inbox_files

N_KILLS = 200
DAY = date(2026, 3, 25)
_NIGHT = (sys.executable, "-m", "runfix_analytics.cli", "nightly")
_FLOW = (sys.executable, "-m", "pipelines.nightly")
_ONE_FLOW_IN = 10
_SHOWN_EVERY = 5
_TRIES = 5
_BEGINS_WITHIN_S = 120.0
_FORM = "date,report_id,site,side,pain_worst_0_10\n"
_SHARED = {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}


def run(n_kills: int, seed: int, runners: Sequence[str] = RUNNERS) -> dict[str, Any]:
    """Kills nights, lets readers read, and says what was torn or lost."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="runfix-nights-") as folder:
        bench = Bench(Path(folder), seed, runners)
        told = []
        for number in range(1, n_kills + 1):
            told.append(bench.kill(number, _FLOW if number % _ONE_FLOW_IN == 0 else _NIGHT))
            if number % _SHOWN_EVERY == 0 or number == n_kills:
                n_findings = sum(one["finding"] is not None for one in told)
                print(f"{number} of {n_kills} nights killed, {n_findings} findings", file=sys.stderr, flush=True)
    kills = [one for one in told if one["was_killed"]]
    findings = [one for one in told if one["finding"]]
    return {
        "seed": seed,
        "kills_of_nightly": sum(one["what"] == "nightly" for one in kills),
        "kills_of_flow": sum(one["what"] == "flow" for one in kills),
        "wrong": len(findings),
        "killed_in": dict(sorted(Counter(one["in"] for one in kills).items())),
        "table_reads": sum(one["table_reads"] for one in told),
        "page_reads": sum(one["page_reads"] for one in told),
        "night_s": {what: round(seconds, 2) for what, seconds in bench.lasts_s.items()},
        "seconds": round(time.monotonic() - began),
        "findings": findings,
    }


class Bench:
    """A store to copy, in which a night has new files to import, and what an undisturbed night makes of it."""

    def __init__(self, folder: Path, seed: int, runners: Sequence[str]) -> None:
        self.folder, self.rng = folder, Random(f"{seed}/nights")
        template = Store.create(folder / "template")
        with (template.root / "runners.csv").open("a") as file:
            file.writelines(f"{runner},Europe/Berlin,metric,,,,partial\n" for runner in runners)
        files = [*inbox_files(runners, self.rng), *((f"{runner}/aches.csv", _answers()) for runner in runners)]
        early = files[::2]
        for name, content in early:
            template.write_private(template.root / "inbox" / name, content)
        night.night(template.root, DAY - timedelta(days=1), in_a_loop)
        for name, content in files:
            if not (template.root / "inbox" / name).exists():
                template.write_private(template.root / "inbox" / name, content)
        self.pages_before, self.commits_before = pages(template), commits(template)
        self.lasts_s = {}
        for what, command in (("nightly", _NIGHT), ("flow", _FLOW)):
            whole = self._copy("whole")
            self.lasts_s[what] = _undisturbed(command, whole)
        self.rows, self.pages = rows(whole), pages(whole)
        check(self.pages != self.pages_before, "the undisturbed night has changed no page")
        check(self.rows["imports"].height > len(early), "the undisturbed night has read no new file")

    def kill(self, number: int, command: Sequence[str]) -> dict[str, Any]:
        """One night killed under readers, and one run to its end."""
        what = "flow" if command is _FLOW else "nightly"
        told: dict[str, Any] = {"what": what, "number": number, "finding": None}
        try:
            for _ in range(_TRIES):
                told |= self._killed(command, self.lasts_s[what])
                if told["was_killed"]:
                    break
            store = Store(self.folder / "killed")
            check_pages(pages(store), self.pages_before, self.pages)
            _undisturbed(_NIGHT, store)
            check_equal(rows(store), self.rows)
            check(pages(store) == self.pages, "pages are not those of an undisturbed night")
        except Exception as error:  # noqa: BLE001  # whatever it is, it is a finding
            told["finding"] = f"{type(error).__name__}: {error}"[:800]
        return told

    def _killed(self, command: Sequence[str], lasts_s: float) -> dict[str, Any]:
        store = self._copy("killed")
        moment = self.rng.uniform(0, lasts_s)
        readers = Readers(store, self.pages_before, self.pages)
        process = _started(command, store.root)
        _wait_until_locked(store.root, process)
        with readers, suppress(subprocess.TimeoutExpired):
            process.wait(moment)
        was_running = process.poll() is None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # a flow has a server of its own beside it
        process.communicate()
        readers.look()
        check(readers.faults == [], f"a reader met: {readers.faults[:3]}")
        return {
            "was_killed": was_running,
            "after_s": round(moment, 2),
            "in": _stage_reached(store, self.pages_before, self.commits_before),
            "table_reads": readers.n_tables,
            "page_reads": readers.n_pages,
        }

    def _copy(self, target: str) -> Store:
        shutil.rmtree(self.folder / target, ignore_errors=True)
        shutil.copytree(self.folder / "template", self.folder / target)
        return Store(self.folder / target)


class Readers:
    """Reads all tables and pages again and again while the block runs, and keeps what went wrong."""

    def __init__(self, store: Store, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        self.store, self.before, self.after = store, before, after
        self.faults, self.n_tables, self.n_pages = list[str](), 0, 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> "Readers":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._is_over.set()
        self._thread.join()

    def look(self) -> None:
        """Reads everything once."""
        for name, schema in TABLES.items():
            self._try(name, lambda schema=schema: self.store.read(schema))
            self.n_tables += 1
        found: dict[str, str] = {}
        self._try("pages", lambda: found.update(pages(self.store)))
        self._try("pages", lambda: check_pages(found, self.before, self.after))
        self.n_pages += len(found)

    def _read(self) -> None:
        while not self._is_over.is_set():
            self.look()

    def _try(self, what: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  # whatever it is, a reader must not meet it
            self.faults.append(f"{what}: {type(error).__name__}: {error}"[:300])


def pages(store: Store) -> dict[str, str]:
    """Path → digest of each file below reports/, but those that are being written."""
    reports = store.root / "reports"
    found = {}
    for path in sorted(reports.rglob("*.*")):
        if not path.name.startswith("."):
            found[path.relative_to(reports).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def check_pages(found: Mapping[str, str], before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Every page is the one of before or the one of tonight, whole; none that was there is gone.

    Raises: BrokenError.
    """
    for name, digest in found.items():
        check(digest in (before.get(name), after.get(name)), f"{name} is neither the old page nor the new one")
    check(set(before) <= set(found), f"gone: {sorted(set(before) - set(found))}")


def rows(store: Store) -> dict[str, pl.DataFrame]:
    """Everything that is read, but when it was imported."""
    frames: dict[str, pl.DataFrame] = {name: store.read(schema) for name, schema in TABLES.items()}
    return frames | {"imports": frames["imports"].drop("imported_at")}


def _answers() -> bytes:
    days = [date(2026, 3, 3) + timedelta(days=3 * n) for n in range(7)]
    lines = [f"{day},a{n},left shin,left,{3 + n % 3}\n" for n, day in enumerate(days)]
    return (_FORM + "".join(lines)).encode()


def _started(command: Sequence[str], root: Path) -> subprocess.Popen[bytes]:
    words = [*command, "--root", str(root), "--as-of", str(DAY)]
    return subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True, env=os.environ | _SHARED
    )


def _wait_until_locked(root: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _BEGINS_WITHIN_S
    lock = root / ".lock"
    while process.poll() is None and time.monotonic() < until and not (lock.exists() and lock.stat().st_size):
        time.sleep(0.005)


def _undisturbed(command: Sequence[str], store: Store) -> float:
    """Runs a night to its end; how long it lasts from its lock on."""
    process = _started(command, store.root)
    _wait_until_locked(store.root, process)
    began = time.monotonic()
    _, said = process.communicate()
    seconds = time.monotonic() - began
    check(process.returncode in (0, EXIT_PARTIAL), f"a night ended with {process.returncode}: {said.decode()[-600:]}")
    return seconds


def _stage_reached(store: Store, before: Mapping[str, str], commits_before: Mapping[str, int]) -> str:
    """About how far a killed night came, by what it left behind."""
    if pages(store) != dict(before):
        return "publish or upkeep"
    new = {name for name, n in commits(store).items() if n > commits_before[name]}
    return "assess" if "coverage" in new else "survey or study" if "episodes" in new else "import" if new else "before"


def commits(store: Store) -> dict[str, int]:
    """How often each table was written."""
    return {name: len(list((store.table_path(name) / "_delta_log").glob("*.json"))) for name in TABLES}
