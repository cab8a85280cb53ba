"""Imports and undos killed at random moments: ledger and rows must agree, and another import must make all good.

Every kill has a store of its own, a copy of one with full inboxes. The reference is an import that nobody disturbed.
"""

import gzip
import hashlib
import io
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

from runfix_analytics import archive, night, readers
from runfix_analytics.errors import EXIT_PARTIAL
from runfix_analytics.sourcefile import SourceFile, is_archive
from runfix_analytics.store import UNDONE, Store
from runfix_analytics.tables import STORED_FACTS, Imports, Rejects
from tests import fit_bytes
from tests.fit_bytes import encode
from tests.soak.checks import COUNTED, PARTS, BrokenError, check

N_KILLS = 50
RUNNERS = ("ann", "bob", "cleo", "dan")
_UNDOS_PER_KILLS = 6  # one killed undo for so many killed imports
_TRIES = 5
_SHOWN_EVERY = 5
_STARTS_WITHIN_S = 120.0
_PYTHON_STARTS_S = 0.5
_START = datetime(2026, 3, 2, 17, 5, tzinfo=UTC)
_STRAVA = "Activity ID,Activity Date,Activity Type,Distance,Filename,Elapsed Time,Distance\n"
_DAY = date(2026, 6, 1)
Begins = Callable[[Path, int], bool]
_KEY = ["runner_id", "import_id"]
_IS_TAKEN_BACK = pl.col("file_name").str.contains(r"watch/[0-3]|^export\.zip$|^sheet\.csv")


def run(n_kills: int, seed: int, runners: Sequence[str] = RUNNERS) -> dict[str, Any]:
    """Kills imports, and some undos, and says what did not agree afterwards."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="runfix-kills-") as folder:
        bench = Bench(Path(folder), seed, runners)
        kinds = [bench.kill_import] * n_kills + [bench.kill_undo] * -(-n_kills // _UNDOS_PER_KILLS)
        told = []
        for number, kill in enumerate(kinds, 1):
            told.append(kill(number))
            if number % _SHOWN_EVERY == 0 or number == len(kinds):
                n_findings = sum(one["finding"] is not None for one in told)
                print(f"{number} of {len(kinds)} kills, {n_findings} findings", file=sys.stderr, flush=True)
    kills = [one for one in told if one["was_killed"]]
    findings = [one for one in told if one["finding"]]
    return {
        "seed": seed,
        "files": bench.n_files,
        "kills_of_import": sum(one["what"] == "import" for one in kills),
        "kills_of_undo": sum(one["what"] == "undo" for one in kills),
        "wrong": len(findings),
        "killed_while": dict(sorted(Counter(f"{one['what']}: {one['while']}" for one in kills).items())),
        "left_part_files": sum(one["n_part_files"] for one in kills),
        "import_s": round(bench.import_s, 2),
        "undo_s": round(max(bench.undo_s.values()), 2),
        "seconds": round(time.monotonic() - began),
        "findings": findings,
    }


def inbox_files(runners: Sequence[str], rng: Random) -> Iterator[tuple[str, bytes]]:
    """(path below the inbox, content): watches' files, lists naming them, overlapping exports, archives, copies."""
    for place, runner in enumerate(runners):
        starts = [_START + timedelta(days=2 * i + place, minutes=rng.randrange(60)) for i in range(10)]
        fits = [encode(fit_bytes.run(start)) for start in starts]
        for i, content in enumerate(fits[:8]):
            yield f"{runner}/watch/{i}.fit", content
        yield f"{runner}/copy/0.fit", fits[0]
        yield (
            f"{runner}/strength.fit",
            encode(fit_bytes.strength(starts[0] + timedelta(hours=3), [{"repetitions": 12}] * 3)),
        )
        listed = [
            f'{i},"{start:%b %d, %Y, %I:%M:%S %p}",Run,2.0,activities/{i}.fit.gz,630,2000\n'
            for i, start in enumerate(starts)
        ]
        yield f"{runner}/early.csv", (_STRAVA + "".join(listed[:6])).encode()
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("activities.csv", _STRAVA + "".join(listed))
            for i in (7, 8, 9):
                archive.writestr(f"activities/{i}.fit.gz", gzip.compress(fits[i], mtime=0))
            archive.writestr("photo.jpg", b"\xff\xd8\xff")
        yield f"{runner}/export.zip", stream.getvalue()
        sheet = [f"{start:%Y-%m-%d},{name},3 x 10\n" for start in starts for name in ("Plank", "Clamshell", "none")]
        yield f"{runner}/sheet.csv", ("date,exercise,reps\n" + "".join(sheet[:20])).encode()
        yield f"{runner}/sheet of all.csv", ("date,exercise,reps\n" + "".join(sheet) + "x,Plank,3\n").encode()
        yield f"{runner}/broken.fit", fits[1][: rng.randrange(30, len(fits[1]) - 40)]
        yield f"{runner}/nothing.txt", b"no log"


class Bench:
    """A full store to copy, and what an undisturbed import and undo make of it."""

    def __init__(self, folder: Path, seed: int, runners: Sequence[str]) -> None:
        self.folder, self.rng = folder, Random(f"{seed}/kills")
        template = Store.create(folder / "template")
        with (template.root / "runners.csv").open("a") as file:
            file.writelines(f"{runner},Europe/Berlin,metric,,,,partial\n" for runner in runners)
        files = list(inbox_files(runners, self.rng))
        for name, content in files:
            template.write_private(template.root / "inbox" / name, content)
        self.n_files = len(files)
        whole = self._copy("template", "whole")
        self.import_s = _undisturbed(["import"], whole, _has_kept)
        self.imported = _tables(whole)
        self.days = _days(whole)
        check_agreement(whole, self.days)
        check(self.imported["imports"].height > self.n_files, "the undisturbed import has not read the inboxes")
        self.undo = ["undo", *self.imported["imports"].filter(_IS_TAKEN_BACK)["import_id"].to_list()]
        self.undo_s = {}
        for begins in (_is_up, _has_written):
            undone = self._copy("whole", "undone")
            self.undo_s[begins] = _undisturbed(self.undo, undone, begins)
        self.undone = _tables(undone)
        check_agreement(undone, self.days)

    def kill_import(self, number: int) -> dict[str, Any]:
        """One import killed, looked at, and done to its end."""
        kill = partial(self._killed, ["import"], "template", self.import_s, _has_kept)
        return self._told("import", number, kill, self.imported)

    def kill_undo(self, number: int) -> dict[str, Any]:
        """One undo killed, looked at, and done to its end; every second one after it has begun to write."""
        begins = (_is_up, _has_written)[number % 2]
        kill = partial(self._killed, self.undo, "whole", self.undo_s[begins], begins)
        return self._told("undo", number, kill, self.undone)

    def _told(
        self, what: str, number: int, kill: Callable[[], dict[str, Any]], wanted: Mapping[str, pl.DataFrame]
    ) -> dict[str, Any]:
        told = {"what": what, "number": number, "finding": None} | kill()
        store = Store(self.folder / "killed")
        try:
            check_agreement(store, self.days)
            told["n_part_files"] = check_originals(store)
            if what == "import":
                night.night(store.root, _DAY, in_a_loop, ["import"])
            else:
                _undisturbed(self.undo, store, _is_up)
            check_agreement(store, self.days)
            check_originals(store)
            check_equal(_tables(store), wanted)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is a finding
            told["finding"] = f"{type(error).__name__}: {error}"[:800]
        return told

    def _killed(self, command: Sequence[str], source: str, lasts_s: float, begins: Begins) -> dict[str, Any]:
        """A copy of a store in which a command was killed at a random moment after it began."""
        told: dict[str, Any] = {}
        for _ in range(_TRIES):
            root = self._copy(source, "killed").root
            n_before = n_commits(root)
            moment = self.rng.uniform(0, lasts_s)
            process = _started(command, root)
            _wait_until(begins, process, root, n_before)
            with suppress(subprocess.TimeoutExpired):
                process.wait(moment)
            was_running = process.poll() is None
            process.kill()
            process.communicate()
            n_new = n_commits(root) - n_before
            is_writing = n_new % len(STORED_FACTS) != 0
            told = {
                "was_killed": was_running,
                "after_s": round(moment, 2),
                "n_commits": n_new,
                "while": "writing" if is_writing else "before writing" if n_new == 0 else "all written so far",
                "n_part_files": 0,
            }
            if was_running:
                break
        return told

    def _copy(self, source: str, target: str) -> Store:
        shutil.rmtree(self.folder / target, ignore_errors=True)
        shutil.copytree(self.folder / source, self.folder / target)
        return Store(self.folder / target)


def _started(command: Sequence[str], root: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "runfix_analytics.cli", *command, "--root", str(root)]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _has_kept(root: Path, _n_before: int) -> bool:
    return any((root / "originals").iterdir())


def _has_written(root: Path, n_before: int) -> bool:
    return n_commits(root) > n_before


def _is_up(_root: Path, _n_before: int) -> bool:
    time.sleep(_PYTHON_STARTS_S)
    return True


def _wait_until(begins: Begins, process: subprocess.Popen[bytes], root: Path, n_before: int) -> None:
    """Until the work to be killed begins: a file is kept, a table is written, or Python is up."""
    until = time.monotonic() + _STARTS_WITHIN_S
    while process.poll() is None and time.monotonic() < until and not begins(root, n_before):
        time.sleep(0.002)


def _undisturbed(command: Sequence[str], store: Store, begins: Begins) -> float:
    """Runs a command to its end; how long it lasts after it begins."""
    n_before = n_commits(store.root)
    process = _started(command, store.root)
    _wait_until(begins, process, store.root, n_before)
    began = time.monotonic()
    _, said = process.communicate()
    seconds = time.monotonic() - began
    check(process.returncode in (0, EXIT_PARTIAL), f"{command[0]} ended with {process.returncode}: {said.decode()}")
    return seconds


def in_a_loop(stage: str, root: Path, as_of: date, parts: Sequence[night.Part], /) -> list[night.Done]:
    """The plain executor: one part after the other."""
    return [night.run_stage(stage, root, part, as_of) for part in parts]


def n_commits(root: Path) -> int:
    """How often tables of logged rows and the ledger were written."""
    return sum(len(list((root / "tables" / name / "_delta_log").glob("*.json"))) for name in STORED_FACTS)


def _tables(store: Store) -> dict[str, pl.DataFrame]:
    """Everything that is read, but when it was imported."""
    frames = {name: store.read(schema) for name, schema in PARTS.items()}
    return frames | {"imports": frames["imports"].drop("imported_at")}


def check_equal(found: Mapping[str, pl.DataFrame], wanted: Mapping[str, pl.DataFrame]) -> None:
    """The same tables, row by row.

    Raises: BrokenError.
    """
    for name, frame in wanted.items():
        try:
            assert_frame_equal(found[name], frame)
        except AssertionError as error:
            raise BrokenError(f"{name} is not as after an undisturbed run: {error}") from error


def _days(store: Store) -> dict[str, int]:
    """Import → its rows that are accepted and stand in no table: workouts, and days stated without strength work."""
    rows = {}
    for path in sorted((store.root / "originals").iterdir()):
        for content in _contents(path):
            [raw] = readers.read([SourceFile.unpack("x", content)])
            n_workouts = raw.activities.filter(kind="strength").height
            rows[hashlib.sha256(content).hexdigest()] = n_workouts + raw.sets.filter(logged_as="none").height
    return rows


def _contents(path: Path) -> list[bytes]:
    with path.open("rb") as stream:
        if not is_archive(stream.read(4)):
            return [path.read_bytes()]
        stream.seek(0)
        with archive.opened(path.name, stream) as members:
            return [member.content() for member in members]


def check_agreement(store: Store, days: Mapping[str, int]) -> None:
    """Ledger and rows: each row's import is in the ledger and live, and each import has as many rows as it says.

    Raises: BrokenError.
    """
    imports = store.read(Imports)
    live = set(imports.filter(pl.col("status") != UNDONE).select(_KEY).rows())
    n_stored: Counter[tuple[str, str]] = Counter()
    for name, schema in PARTS.items():
        frame = store.read(schema)
        if name != "imports":
            check(set(frame.select(_KEY).rows()) <= live, f"{name} has rows of no live import")
        if name in COUNTED:
            n_stored.update(frame.select(_KEY).rows())
        if "duplicate_of" in frame.columns:
            ids = set(frame[schema.primary_key()[0]])
            check(set(frame["duplicate_of"].drop_nulls()) <= ids, f"{name}: a row counts as a duplicate of none")
    n_lost = Counter(store.read(Rejects).select(_KEY).rows())
    for row in imports.iter_rows(named=True):
        key = (row["runner_id"], row["import_id"])
        told = f"{row['file_name']} of {row['runner_id']}, {row['status']}"
        n_wanted = n_stored[key] + (days.get(row["import_id"], 0) if row["status"] != UNDONE else 0)
        check(row["n_accepted"] == n_wanted, f"{told}: {row['n_accepted']} accepted, {n_wanted} read")
        check(row["n_rejected"] + row["n_skipped"] == n_lost[key], f"{told}: rejects")


def check_originals(store: Store) -> int:
    """Each original is whole, by its name; returns how many unfinished ones lie hidden among them.

    Raises: BrokenError.
    """
    n_parts = 0
    for path in (store.root / "originals").iterdir():
        if path.name.endswith(".part"):
            check(path.name.startswith("."), f"{path.name} is not hidden")
            n_parts += 1
        else:
            check(hashlib.sha256(path.read_bytes()).hexdigest() == path.name, f"{path.name} is not whole")
    return n_parts
