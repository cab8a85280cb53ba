"""The new files of an inbox → accepted rows, and accepted rows → the store."""

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import dataframely as dy
import polars as pl

from runfix_analytics import readers
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.duplicates import mark_reports, mark_runs, mark_sets
from runfix_analytics.errors import ReadError
from runfix_analytics.ingest import Accepted, Arrival, RunnerSettings, ingest
from runfix_analytics.rawlog import RawLog
from runfix_analytics.sourcefile import SourceFile, packed_bytes
from runfix_analytics.store import Store
from runfix_analytics.tables import AcheReports, Imports, Rejects, Runs, StrengthDays, StrengthSets

LOG = logging.getLogger(__name__)
GOOD = ("imported", "nothing")
ALL_REJECTED = "every row is rejected; see: runfix imports --rejects"
BATCH_BYTES = 32 * 1024 * 1024
COUNTS = ("files_seen", "files_new", "files_known", "files_bad", "rows", "rejects")

S = TypeVar("S", bound=dy.Schema)


@dataclass(frozen=True)
class Seen:
    """What an inbox held: counts, and (file, reason) of each file that is not wholly imported."""

    counts: dict[str, int]
    bad: tuple[tuple[str, str], ...]


def read_inbox(store: Store, runner: RunnerSettings, catalogue: Catalogue) -> tuple[Seen, list[Accepted]]:
    """The new files of one inbox, judged, in batches that bound the memory; nothing is stored but the originals.

    A content that the ledger holds already is passed over, whatever its name. Hidden files and folders are not read.
    """
    inbox = store.root / "inbox" / runner.runner_id
    known = set(store.scan("imports", [runner.runner_id]).select("import_id").collect()["import_id"])
    counts = dict.fromkeys(COUNTS, 0)
    bad: list[tuple[str, str]] = []
    accepted: list[Accepted] = []
    batch: list[tuple[Path, str, bytes]] = []
    for path in _files(inbox):
        counts["files_seen"] += 1
        try:
            packed = packed_bytes(path)
        except ReadError as error:
            bad.append((path.name, str(error)))
            continue
        import_id = hashlib.sha256(packed).hexdigest()
        if import_id in known:
            counts["files_known"] += 1
            continue
        known.add(import_id)
        store.write_private(store.root / "originals" / import_id, packed)
        batch.append((path.relative_to(inbox), import_id, packed))
        if sum(len(content) for _, _, content in batch) > BATCH_BYTES:
            accepted.append(ingest(_arrivals(batch), runner, catalogue))
            batch = []
    if batch:
        accepted.append(ingest(_arrivals(batch), runner, catalogue))
    for files in accepted:
        ledger = files.imports
        counts["files_new"] += ledger.height
        counts["rows"] += int(ledger["n_accepted"].sum())
        counts["rejects"] += int(ledger["n_rejected"].sum())
        is_lost = (pl.col("n_accepted") == 0) & (pl.col("n_rejected") > 0)
        reason = pl.when(is_lost).then(pl.lit(ALL_REJECTED)).otherwise(pl.col("reason").fill_null(""))
        told = ledger.filter(~pl.col("status").is_in(GOOD) | is_lost).select("file_name", reason).rows()
        bad.extend(told)
    return Seen(counts | {"files_bad": len(bad)}, tuple(bad)), accepted


def _files(inbox: Path) -> list[Path]:
    """What lies in an inbox, links to folders included (they are refused when read), hidden things not."""
    if inbox.is_symlink():
        return [inbox]
    found = (path for path in inbox.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(p for p in found if not any(part.startswith(".") for part in p.relative_to(inbox).parts))


def _arrivals(batch: Sequence[tuple[Path, str, bytes]]) -> list[Arrival]:
    """Each file of a batch, read, in order; what cannot be unpacked or read is a raw log that says why."""
    unpacked: dict[str, SourceFile] = {}
    raw_logs: dict[str, RawLog] = {}
    for path, import_id, packed in batch:
        try:
            unpacked[import_id] = SourceFile.unpack(path.name, packed)
        except ReadError as error:
            raw_logs[import_id] = RawLog(reader="", source="", error=str(error))
    raw_logs |= _read(unpacked)
    now = datetime.now(UTC)
    return [Arrival(id_, str(path), len(packed), now, raw_logs[id_]) for path, id_, packed in batch]


def _read(files: Mapping[str, SourceFile]) -> dict[str, RawLog]:
    """The raw log of each file; where a reader has a fault, only the file that shows it fails."""
    try:
        return dict(zip(files, readers.read(files.values()), strict=True))
    except Exception as error:
        if len(files) == 1:
            LOG.debug("a reader failed", exc_info=True)
            reason = f"the reader failed ({type(error).__name__}); please report this file's header"
            return {import_id: RawLog(reader="", source="", error=reason) for import_id in files}
    return {import_id: _read({import_id: file})[import_id] for import_id, file in files.items()}


def store_rows(store: Store, accepted: Sequence[Accepted], catalogue: Catalogue) -> None:
    """Adds the rows of these files to what is stored, facts first, ledger last; the same file replaces its own rows."""
    if not accepted:
        return
    ids = sorted({runner for files in accepted for runner in files.imports["runner_id"]})
    new = pl.concat([files.imports for files in accepted]).select("runner_id", "import_id")

    def merged(schema: type[S], frames: Iterable[dy.DataFrame[S]]) -> dy.DataFrame[S]:
        kept = store.read(schema, ids).join(new, on=["runner_id", "import_id"], how="anti")
        return schema.validate(pl.concat([kept, *frames]))

    runs = mark_runs(merged(Runs, [files.runs for files in accepted]), catalogue)
    sets = mark_sets(merged(StrengthSets, [files.strength_sets for files in accepted]), catalogue)
    reports = mark_reports(merged(AcheReports, [files.ache_reports for files in accepted]))
    store.replace(Runs, runs, ids)
    store.replace(StrengthSets, sets, ids)
    store.replace(StrengthDays, merged(StrengthDays, [files.strength_days for files in accepted]), ids)
    store.replace(AcheReports, reports, ids)
    store.replace(Rejects, merged(Rejects, [files.rejects for files in accepted]), ids)
    store.replace(Imports, merged(Imports, [files.imports for files in accepted]), ids)
