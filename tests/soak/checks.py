"""Mutated files through an inbox, as the night reads them, and what must be true of whatever comes of them."""

import hashlib
import logging
import resource
import shutil
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

from runfix_analytics import archive, inbox
from runfix_analytics.catalogue import Catalogue, load
from runfix_analytics.errors import ReadError
from runfix_analytics.ingest import Accepted, Arrival, RunnerSettings, ingest
from runfix_analytics.sourcefile import is_archive
from runfix_analytics.store import Store
from runfix_analytics.tables import AcheReports, Imports, OtherActivities, Rejects, Runs, StrengthDays, StrengthSets
from tests.soak.inputs import Input, mutated

RUNNERS = (
    RunnerSettings("r1", None, "metric"),
    RunnerSettings("r2", "Europe/Berlin", "metric", "Ann Example"),
    RunnerSettings("r3", "America/New_York", "imperial"),
)
PARTS = {
    "runs": Runs,
    "other_activities": OtherActivities,
    "strength_sets": StrengthSets,
    "strength_days": StrengthDays,
    "ache_reports": AcheReports,
    "rejects": Rejects,
    "imports": Imports,
}
COUNTED = ("runs", "other_activities", "strength_sets", "ache_reports")
UNREAD = ("failed", "damaged", "unknown_format", "other_file")
BATCH = 50  # files of one inbox
SECONDS_PER_FILE = 5.0  # of the processor
MB_PER_BATCH = 500
ADDRESS_SPACE = 4 * 1024**3  # beyond what a worker begins with
_KEY = ["runner_id", "import_id"]
_PROC = Path("/proc/self")


class BrokenError(AssertionError):
    """Something that must be true is not."""


@cache
def _home() -> Path:
    """This process's empty store, as a template."""
    root = Path(tempfile.mkdtemp(prefix="runfix-soak-"))
    store = Store.create(root / "empty")
    with (store.root / "runners.csv").open("a") as file:
        file.writelines(f"{r.runner_id},{r.time_zone or ''},{r.units},,,,partial\n" for r in RUNNERS)
    for runner in RUNNERS:
        (store.root / "inbox" / runner.runner_id).mkdir(mode=0o700)
    return root


def forget_home() -> None:
    """Removes this process's store."""
    if _home.cache_info().currsize:
        shutil.rmtree(_home(), ignore_errors=True)
        _home.cache_clear()


def work(task: dict[str, Any]) -> dict[str, Any]:
    """Some mutations of a seed as one inbox: what was read, and a finding for everything that must not be."""
    counts, findings, seconds, megabytes = _tried(task["seed"], task["numbers"], is_stored=task["is_stored"])
    if len(task["numbers"]) > 1 and (findings or seconds > SECONDS_PER_FILE or megabytes > MB_PER_BATCH):
        findings = _narrowed(task["seed"], task["numbers"], is_stored=task["is_stored"]) or findings
    return {"task": task, "counts": counts, "findings": findings, "seconds": seconds, "megabytes": megabytes}


def _narrowed(seed: int, numbers: Sequence[int], *, is_stored: bool) -> list[dict[str, Any]]:
    """The findings of a batch in which something went wrong, lasted or grew too much, by halves down to one file."""
    found: list[dict[str, Any]] = []
    half = len(numbers) // 2
    for part in (numbers[:half], numbers[half:]):
        _, findings, seconds, megabytes = _tried(seed, part, is_stored=is_stored)
        if len(part) > 1 and (findings or seconds > SECONDS_PER_FILE or megabytes > MB_PER_BATCH):
            findings = _narrowed(seed, part, is_stored=is_stored) or findings
        found += findings
    return found


def _tried(
    seed: int, numbers: Sequence[int], *, is_stored: bool
) -> tuple[dict[str, dict[str, int]], list[dict[str, Any]], float, float]:
    files = [mutated(seed, number) for number in numbers]
    counts: dict[str, dict[str, int]] = {}
    findings: list[dict[str, Any]] = []
    before = _megabytes("VmRSS")
    _reset_peak()
    began = time.process_time()  # whatever else the machine does
    try:
        counts = read(files, _runner_of(numbers[0]), load(), is_stored=is_stored)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is a finding
        findings.append(_finding("wrong" if isinstance(error, BrokenError) else "crash", numbers, error))
    seconds, megabytes = time.process_time() - began, _megabytes("VmHWM") - before
    if seconds > SECONDS_PER_FILE and len(numbers) == 1:
        findings.append({"kind": "slow", "numbers": list(numbers), "what": f"{seconds:.1f} s"})
    if megabytes > MB_PER_BATCH and len(numbers) == 1:
        findings.append({"kind": "memory", "numbers": list(numbers), "what": f"{megabytes:.0f} MB"})
    return counts, findings, round(seconds, 3), round(megabytes, 1)


def _runner_of(number: int) -> RunnerSettings:
    """The same runner for all mutations of a batch, and for one of them alone."""
    return RUNNERS[number // BATCH % len(RUNNERS)]


def _finding(kind: str, numbers: Sequence[int], error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[:-5:-1])
    return {"kind": kind, "numbers": list(numbers), "what": f"{type(error).__name__}: {error}"[:600], "where": where}


def read(
    files: Sequence[Input], runner: RunnerSettings, catalogue: Catalogue, *, is_stored: bool
) -> dict[str, dict[str, int]]:
    """The files as an inbox: read, judged, checked; in a store of their own written and read back, if asked.

    Returns reader → how many files and rows it had. Raises: BrokenError for anything that must not be.
    """
    store = Store(_empty_store())
    folder = store.root / "inbox" / runner.runner_id
    for file in files:
        (folder / file.name).write_bytes(file.content)
    with _watched() as (arrivals, faults):
        known = inbox.known_imports(store, [runner.runner_id])[runner.runner_id]
        seen, accepted = inbox.read_inbox(store, runner, catalogue, known)
    check(not faults, "; ".join(faults))
    ledger = _check_ledger(accepted, files)
    check(seen.counts["files_new"] == ledger.height, "files_new is not the ledger's height")
    for part in accepted:
        _check_accepted(part, {arrival.import_id: arrival for arrival in arrivals})
    if is_stored:
        try:
            _check_stored(store, accepted, catalogue)
        finally:
            shutil.rmtree(store.root)
    return _counts(ledger)


def _empty_store() -> Path:
    """A store of this process without a file or row."""
    root = _home() / "squad"
    if not root.exists():
        shutil.copytree(_home() / "empty", root)
    for folder in (root / "originals", *(root / "inbox").iterdir()):
        for path in folder.iterdir():
            path.unlink()
    return root


@contextmanager
def _watched() -> Iterator[tuple[list[Arrival], list[str]]]:
    """Collects what is judged, and the faults of readers that the inbox turns into a failed file."""
    arrivals: list[Arrival] = []
    faults: list[str] = []

    class Faults(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info and (error := record.exc_info[1]):
                found = _finding("", [], error)
                faults.append(f"reader failed: {found['what']} at {found['where']}")

    def remembering(files: Sequence[Arrival], runner: RunnerSettings, catalogue: Catalogue) -> Accepted:
        arrivals.extend(files)
        return ingest(files, runner, catalogue)

    handler, level, spread, as_it_is = Faults(), inbox.LOG.level, inbox.LOG.propagate, inbox.ingest
    inbox.LOG.addHandler(handler)
    inbox.LOG.setLevel(logging.DEBUG)
    inbox.LOG.propagate = False
    inbox.ingest = remembering  # type: ignore[assignment]
    try:
        yield arrivals, faults
    finally:
        inbox.ingest = as_it_is
        inbox.LOG.propagate = spread
        inbox.LOG.setLevel(level)
        inbox.LOG.removeHandler(handler)


def check(is_so: bool, what: str) -> None:
    if not is_so:
        raise BrokenError(what)


def _check_ledger(accepted: Sequence[Accepted], files: Sequence[Input]) -> pl.DataFrame:
    """Each content has one row in the ledger, an archive's files too; every row says why it is not wholly read."""
    ledger = pl.concat([Imports.create_empty(), *(part.imports for part in accepted)])
    check(bool(ledger["import_id"].is_unique().all()), "an import stands twice in the ledger")
    wanted = {hashlib.sha256(file.content).hexdigest() for file in files}
    own = set(ledger.filter(pl.col("archive_id").is_null())["import_id"])
    members = {archive_id: found for file in files for archive_id, found in _members(file)}
    inside = set().union(*members.values())
    check(wanted <= own | inside, "a file is not in the ledger")
    check(own <= wanted, "the ledger has a file that did not come")
    check(set(ledger["import_id"]) == wanted | inside, "the files of an archive are not those of the ledger")
    for row in ledger.iter_rows(named=True):
        told = f"{row['file_name'][:60]}: {row['status']}, {row['reader']}"
        check(row["status"] not in UNREAD or bool(row["reason"]), f"no reason ({told})")
        check(row["n_rows"] == row["n_accepted"] + row["n_rejected"] + row["n_skipped"], f"n_rows ({told})")
        check(min(row["n_accepted"], row["n_rejected"], row["n_skipped"]) >= 0, f"a count below zero ({told})")
        check(row["status"] in ("imported", "damaged") or row["n_accepted"] == 0, f"accepted rows ({told})")
    return ledger


def _members(file: Input) -> Iterator[tuple[str, set[str]]]:
    """(id of an archive, ids of its files) for what is opened as one."""
    if not is_archive(file.content):
        return
    archive_id = hashlib.sha256(file.content).hexdigest()
    found = set()
    with suppress(ReadError), tempfile.TemporaryFile() as stream:
        stream.write(file.content)
        stream.seek(0)
        with archive.opened(file.name, stream) as members:
            for member in members:
                try:
                    found.add(hashlib.sha256(member.content()).hexdigest())
                except ReadError:
                    found.add(hashlib.sha256(f"{archive_id}/{member.name}".encode()).hexdigest())
    yield archive_id, found


def _check_accepted(accepted: Accepted, arrivals: dict[str, Arrival]) -> None:
    """The tables are as declared, and every row of every file is in one of them, or a workout or a stated day."""
    for name, schema in PARTS.items():
        frame = getattr(accepted, name)
        check(frame.is_empty() or schema.is_valid(frame), f"rows of {name} that their schema does not allow")
    n_stored = Counter[str]()
    for name in COUNTED:
        n_stored.update(getattr(accepted, name)["import_id"].to_list())
    rejects = accepted.rejects
    n_lost = Counter(zip(rejects["import_id"], rejects["is_expected"], strict=True))
    for row in accepted.imports.iter_rows(named=True):
        import_id, raw = row["import_id"], arrivals[row["import_id"]].raw
        told = f"{raw.reader}: {row['n_accepted']} accepted, {n_stored[import_id]} stored"
        n_days = raw.activities.filter(kind="strength").height
        n_days += raw.sets.filter(pl.col("logged_as").str.strip_chars().str.to_lowercase() == "none").height
        check(row["n_rejected"] == n_lost[import_id, False], f"rejects ({told})")
        check(row["n_skipped"] == n_lost[import_id, True], f"skipped rows ({told})")
        check(n_stored[import_id] <= row["n_accepted"] <= n_stored[import_id] + n_days, f"rows are lost ({told})")


def _check_stored(store: Store, accepted: Sequence[Accepted], catalogue: Catalogue) -> None:
    """What is written is what is read back, marks of duplicates apart, also after the same rows came once more."""
    for _ in range(2):
        inbox.store_rows(store, accepted, catalogue)
        for name, schema in PARTS.items():
            back = store.read(schema)
            sent = pl.concat([schema.create_empty(), *(getattr(part, name) for part in accepted)])
            order = schema.primary_key() or [column for column in sent.columns if sent.schema[column] != pl.List]
            marks = [column for column in ("duplicate_of", "duplicate_rule") if column in sent.columns]
            sent = sent.sort(order, nulls_last=True)
            try:
                assert_frame_equal(back.drop(marks), sent.drop(marks), check_exact=True)
            except AssertionError as error:
                raise BrokenError(f"{name} is read back otherwise: {error}") from error
            if marks:
                ids = set(sent.to_series(sent.get_column_index(schema.primary_key()[0])))
                check(set(back["duplicate_of"].drop_nulls()) <= ids, f"{name}: a duplicate of nothing")


def _counts(ledger: pl.DataFrame) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for row in ledger.iter_rows(named=True):
        of = counts.setdefault(row["reader"] or "unknown", Counter())
        of["files"] += 1
        of[row["status"]] += 1
        for name in ("n_accepted", "n_rejected", "n_skipped"):
            of[name] += row[name]
    return {reader: dict(found) for reader, found in counts.items()}


def limit_memory() -> None:
    """A process that asks for far more than it began with gets an error, not the machine's last."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (int(_megabytes("VmSize") * 1024**2) + ADDRESS_SPACE, hard))


def _megabytes(name: str) -> float:
    """A figure of /proc/self/status; 0 where the system has none."""
    with suppress(OSError):
        for line in (_PROC / "status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _reset_peak() -> None:
    with suppress(OSError):
        (_PROC / "clear_refs").write_text("5")
