"""The new files of an inbox → accepted rows, and accepted rows → the store. Archives are opened, one deep."""

import hashlib
import logging
import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from os import SEEK_END
from pathlib import PurePosixPath
from typing import BinaryIO, TypeVar

import dataframely as dy
import polars as pl

from runfix_analytics import archive, readers
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.duplicates import mark_activities, mark_reports, mark_sets
from runfix_analytics.errors import ReadError
from runfix_analytics.inbox_index import Index, files_of, label_of, state_of
from runfix_analytics.ingest import Accepted, Arrival, RunnerSettings, ingest
from runfix_analytics.places import Place
from runfix_analytics.rawlog import RawLog
from runfix_analytics.sourcefile import MAX_BYTES, SourceFile, digest, is_archive, open_checked
from runfix_analytics.store import Store
from runfix_analytics.tables import (
    AcheReports,
    Imports,
    OtherActivities,
    Rejects,
    Runs,
    StrengthDays,
    StrengthSets,
)
from runfix_analytics.text import file_label

LOG = logging.getLogger(__name__)
GOOD = ("imported", "nothing", "opened", "other_file")
ALL_REJECTED = "every row is rejected; see: runfix imports --rejects"
BATCH_BYTES, BATCH_FILES = 32 * 1024 * 1024, 1000
COUNTS = ("files_seen", "files_new", "files_known", "files_bad", "rows", "rejects")
ARCHIVE = "archive"
_CHUNK = 1024 * 1024
_NAMED_FILES = 5

S = TypeVar("S", bound=dy.Schema)


@dataclass(frozen=True)
class Seen:
    """What an inbox held: counts, and (file, reason) of each file that is not wholly imported."""

    counts: dict[str, int]
    bad: tuple[tuple[str, str], ...]
    index: Index


def read_inbox(
    store: Store, runner: RunnerSettings, catalogue: Catalogue, known: Collection[str], index: Index | None = None
) -> tuple[Seen, list[Accepted]]:
    """The new files of one inbox, judged, in batches that bound the memory; nothing is stored but the originals.

    `known`: the imports of the runner's ledger. A content that is among them is passed over, whatever its name, in an
    archive too; a file that has not been touched since `index` was written is not even opened. Hidden files and folders
    are not read.
    """
    inbox = store.root / "inbox" / runner.runner_id
    reading = _Reading(store, runner, catalogue, set(known), before=index or Index())
    for path in files_of(inbox):
        reading.add(path, label_of(path, inbox))
    return reading.finished()


def known_imports(store: Store, runners: Iterable[str]) -> dict[str, set[str]]:
    """Runner id → the imports of the ledger, for each of these runners."""
    known: dict[str, set[str]] = {runner: set() for runner in runners}
    for runner, import_id in store.scan("imports", known).select("runner_id", "import_id").collect().iter_rows():
        known[runner].add(import_id)
    return known


def read_again(
    store: Store, runner: RunnerSettings, catalogue: Catalogue, imports: Collection[str], *, as_arrived: bool = False
) -> tuple[Seen, list[Accepted]]:
    """Imports of the ledger, read once more from the kept originals, with the readers and the catalogue of today.

    Of an archive all files are read that are not stored already; a file of an archive is read from that archive. In
    the order in which they came; `as_arrived`: as if it were the day they came, which stays in the ledger.
    """
    ledger = _ledger(store, runner.runner_id).with_columns(original=pl.coalesce("archive_id", "import_id"))
    is_asked = pl.col("import_id").is_in(list(imports))
    is_inside = pl.col("archive_id").is_in(list(imports)) & ~pl.col("status").is_in(["imported", "damaged"])
    reading = _Reading(store, runner, catalogue, known=set(ledger["import_id"]))
    if as_arrived:
        reading.arrived = dict(ledger.select("import_id", "imported_at").rows())
    labels = dict(ledger.select("import_id", "file_name").rows())
    first = ledger.filter(is_asked).group_by("original").agg(pl.col("imported_at").min()).rows()
    for original, _ in sorted(first, key=lambda row: (row[1], PurePosixPath(labels[row[0]]))):
        reading.known -= {original, *ledger.filter(is_asked | is_inside, original=original)["import_id"]}
        reading.add(store.original_path(original), labels[original], expected=original)
    return reading.finished()


def _ledger(store: Store, runner_id: str) -> pl.DataFrame:
    return store.read(Imports, [runner_id]).select("import_id", "archive_id", "file_name", "status", "imported_at")


@dataclass(frozen=True)
class _File:
    """One new file, ready for a reader; `label` is its path in the inbox or in its archive."""

    label: str
    import_id: str
    n_bytes: int
    source: SourceFile | None
    error: str | None = None
    archive_id: str | None = None


@dataclass
class _Reading:
    """The reading of one runner's files: what is known already, what waits to be read together, what was made of it."""

    store: Store
    runner: RunnerSettings
    catalogue: Catalogue
    known: set[str]
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    bad: list[tuple[str, str]] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    batch: list[_File] = field(default_factory=list)
    n_waiting: int = 0  # bytes
    paths: dict[str, str] = field(default_factory=dict)  # label → import id of every file seen
    before: Index = field(default_factory=Index)
    index: Index = field(default_factory=Index)
    arrived: dict[str, datetime] = field(default_factory=dict)  # import id → when it came, where that was before now
    headings: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headings = self.store.headings()

    def add(self, path: Place, label: str, *, expected: str = "") -> None:
        """A file of the inbox, or all files of an archive there; of a kept copy also the digest it must have."""
        self.counts["files_seen"] += 1
        untouched = self.before.import_of(label, path)
        if untouched in self.known:
            self.counts["files_known"] += 1
            self.paths[label] = untouched
            self.index.files[label] = self.before.files[label]
            return
        state = state_of(path)
        try:
            with open_checked(path) as stream:
                import_id = digest(stream)
                _require_whole(label, import_id, expected)
                self.paths[label] = import_id
                self.index.note(label, state, import_id)
                if import_id in self.known:
                    self.counts["files_known"] += 1
                    return
                self.known.add(import_id)
                stream.seek(0)
                self.store.keep_original(import_id, stream)
                size = stream.seek(0, SEEK_END)
                stream.seek(0)
                head = stream.read(_CHUNK)
                stream.seek(0)
                if is_archive(head):
                    self._open(label, import_id, size, stream)
                elif size > MAX_BYTES:
                    self._take(_File(label, import_id, size, self._large(label, path)))
                else:
                    self._take(self._small(_File(label, import_id, size, None), stream.read()))
        except ReadError as error:
            self.bad.append((label, str(error)))

    def finished(self) -> tuple[Seen, list[Accepted]]:
        """All files judged, each row that names a recording with that file's import."""
        self._flush()
        for files in self.accepted:
            ledger = files.imports
            self.counts["files_new"] += ledger.height
            self.counts["rows"] += int(ledger["n_accepted"].sum())
            self.counts["rejects"] += int(ledger["n_rejected"].sum())
            is_lost = (pl.col("n_accepted") == 0) & (pl.col("n_rejected") > 0)
            reason = pl.when(is_lost).then(pl.lit(ALL_REJECTED)).otherwise(pl.col("reason").fill_null(""))
            self.bad += ledger.filter(~pl.col("status").is_in(GOOD) | is_lost).select("file_name", reason).rows()
        accepted = [_with_recordings(files, self.paths) for files in self.accepted]
        return Seen(self.counts | {"files_bad": len(self.bad)}, tuple(self.bad), self.index), accepted

    def _open(self, label: str, archive_id: str, n_bytes: int, stream: BinaryIO) -> None:
        """The new files of an archive; then a row of the ledger for the archive itself."""
        self._flush()
        before = len(self.accepted)
        raw = RawLog(ARCHIVE, ARCHIVE)
        n_known = 0
        try:
            with archive.opened(file_label(label), stream) as members:
                for member in members:
                    n_known += self._member(member, archive_id)
                self._flush()
        except ReadError as error:
            raw = RawLog(ARCHIVE, ARCHIVE, error=str(error))
        else:
            raw = _told(raw, self.accepted[before:], n_known)
        at = self.arrived.get(archive_id, datetime.now(UTC))
        arrival = Arrival(archive_id, label, n_bytes, at, raw, is_archive=True)
        self.accepted.append(ingest([arrival], self.runner, self.catalogue))

    def _member(self, member: archive.Member, archive_id: str) -> bool:
        """Takes one file of an archive; whether its content is known already."""
        self.counts["files_seen"] += 1
        is_large = member.n_bytes > MAX_BYTES
        try:
            with member.stream() as stream:
                content = b"" if is_large else stream.read()
                import_id = digest(stream) if is_large else hashlib.sha256(content).hexdigest()
        except ReadError as error:
            import_id = hashlib.sha256(f"{archive_id}/{member.name}".encode()).hexdigest()
            self._take(_File(member.name, import_id, member.n_bytes, None, str(error), archive_id))
            return False
        self.paths[member.name] = import_id
        if import_id in self.known:
            self.counts["files_known"] += 1
            return True
        self.known.add(import_id)
        file = _File(member.name, import_id, member.n_bytes, None, archive_id=archive_id)
        large = SourceFile(_said_name(member.name), stream=member.open, headings=self.headings)
        self._take(replace(file, source=large) if is_large else self._small(file, content))
        return False

    def _large(self, label: str, path: Place) -> SourceFile:
        return SourceFile(_said_name(label), stream=lambda: path.open("rb"), headings=self.headings)

    def _small(self, file: _File, packed: bytes) -> _File:
        try:
            source = SourceFile.unpack(_said_name(file.label), packed)
        except ReadError as error:
            return replace(file, error=str(error))
        return replace(file, source=replace(source, headings=self.headings))

    def _take(self, file: _File) -> None:
        """Reads files together until there are many bytes of them; one too large for memory at once.

        Files that came on different days are not judged together: what lies ahead is told by the day.
        """
        if self.batch and self._day(file) != self._day(self.batch[-1]):
            self._flush()
        self.batch.append(file)
        self.n_waiting += file.n_bytes
        is_streamed = file.source is not None and file.source.data is None
        if is_streamed or self.n_waiting > BATCH_BYTES or len(self.batch) >= BATCH_FILES:
            self._flush()

    def _day(self, file: _File) -> date | None:
        at = self.arrived.get(file.import_id)
        return at.date() if at else None

    def _flush(self) -> None:
        if self.batch:
            self.accepted.append(ingest(list(_arrivals(self.batch, self.arrived)), self.runner, self.catalogue))
            self.batch, self.n_waiting = [], 0


def _told(raw: RawLog, accepted: Sequence[Accepted], n_known: int) -> RawLog:
    """What is to be said of an archive: which of its files no reader knows; an error if nothing in it is a log."""
    ledger = pl.concat([Imports.create_empty(), *(files.imports for files in accepted)])
    others = ledger.filter(pl.col("status") == "other_file")["file_name"].to_list()
    if others and not n_known and len(others) == ledger.height:
        return replace(raw, error=f"none of its {len(others)} files is a log that is read; see README, Formats")
    if not ledger.height and not n_known:
        return replace(raw, error="holds no file")
    if not others:
        return raw
    named = ", ".join(name.rpartition("/")[2] for name in others[:_NAMED_FILES])
    more = ", …" if len(others) > _NAMED_FILES else ""
    return replace(raw, warnings=(f"{len(others)} of its files are no logs that are read: {named}{more}",))


def _require_whole(label: str, import_id: str, expected: str) -> None:
    if expected and import_id != expected:
        raise ReadError(f"{label}: its copy in originals/ is damaged; put the file there from a backup")


def _said_name(label: str) -> str:
    """A file's name as the ledger has it, for what is said of the file: the ledger takes it off again."""
    return file_label(label).rpartition("/")[2]


def _arrivals(batch: Sequence[_File], arrived: Mapping[str, datetime]) -> Iterator[Arrival]:
    """Each file of a batch, read, in order; what cannot be unpacked or read is a raw log that says why."""
    raw_logs = _read({file.import_id: file.source for file in batch if file.source is not None})
    now = datetime.now(UTC)
    for file in batch:
        # a file of an archive that no reader knows is no failure, a damaged one is
        unread = RawLog(ARCHIVE if file.archive_id else "", "", error=file.error)
        raw = raw_logs.get(file.import_id, unread)
        at, paths = arrived.get(file.import_id, now), _with_paths(raw, file.label)
        yield Arrival(file.import_id, file.label, file.n_bytes, at, paths, archive_id=file.archive_id)


def _with_paths(raw: RawLog, label: str) -> RawLog:
    """With the recordings' names as paths from where the inbox begins."""
    if raw.activities["recording"].null_count() == raw.activities.height:
        return raw
    folder = label.rpartition("/")[0]
    names = raw.activities["recording"].drop_nulls().unique()
    paths = {name: posixpath.normpath(posixpath.join(folder, name.replace("\\", "/"))) for name in names}
    recording = pl.col("recording").replace_strict(paths, default=None, return_dtype=pl.String)
    return replace(raw, activities=raw.activities.with_columns(recording))


def _with_recordings(files: Accepted, paths: Mapping[str, str]) -> Accepted:
    """With the import of each recording that a row names, null where it did not come."""

    def found(schema: type[S], frame: dy.DataFrame[S]) -> dy.DataFrame[S]:
        imports = {name: paths.get(name) for name in frame["recording"].drop_nulls().unique()}
        recording = pl.col("recording").replace_strict(imports, default=None, return_dtype=pl.String)
        return schema.validate(frame.with_columns(recording)) if imports else frame

    return replace(files, runs=found(Runs, files.runs), other_activities=found(OtherActivities, files.other_activities))


def _read(files: Mapping[str, SourceFile]) -> dict[str, RawLog]:
    """The raw log of each file; where a reader has a fault, only the file that shows it fails."""
    try:
        return dict(zip(files, readers.read(files.values()), strict=True))
    except Exception as error:
        if len(files) == 1:
            LOG.debug("a reader failed", exc_info=True)
            reason = f"the reader failed ({type(error).__name__}); please report this file's header"
            return {import_id: RawLog(reader="failed", source="", error=reason) for import_id in files}
    return {import_id: _read({import_id: file})[import_id] for import_id, file in files.items()}


def store_rows(store: Store, accepted: Sequence[Accepted], catalogue: Catalogue) -> None:
    """Adds the rows of these files to what is stored, facts first, ledger last; the same file replaces its own rows."""
    if not accepted:
        return
    ids = sorted({runner for files in accepted for runner in files.imports["runner_id"]})
    replace_facts(store, accepted, ids, catalogue)
    new = pl.concat([files.imports for files in accepted]).select("runner_id", "import_id")
    kept = store.read(Imports, ids).join(new, on=["runner_id", "import_id"], how="anti")
    store.replace(Imports, Imports.validate(pl.concat([kept, *(files.imports for files in accepted)])), ids)


def replace_facts(store: Store, accepted: Sequence[Accepted], ids: Sequence[str], catalogue: Catalogue) -> None:
    """Writes the logged rows of these runners anew: those of the ledger's imports and those of `accepted`, marked.

    With `accepted`, a table that has no row of theirs is left as it is.
    """
    new = pl.concat([Imports.create_empty(), *(files.imports for files in accepted)]).select("runner_id", "import_id")

    def write(
        schema: type[S], frames: Sequence[dy.DataFrame[S]], marked: Callable[[dy.DataFrame[S]], dy.DataFrame[S]]
    ) -> None:
        is_new = any(frame.height for frame in frames)
        if frames and not is_new and not store.has_rows_of(schema, new["import_id"], ids):
            return
        kept = store.read(schema, ids).join(new, on=["runner_id", "import_id"], how="anti")
        store.replace(schema, marked(schema.validate(pl.concat([kept, *frames]))), ids)

    write(Runs, [of.runs for of in accepted], lambda runs: mark_activities(runs, Runs, catalogue))
    write(
        OtherActivities,
        [of.other_activities for of in accepted],
        lambda others: mark_activities(others, OtherActivities, catalogue),
    )
    write(StrengthSets, [of.strength_sets for of in accepted], lambda sets: mark_sets(sets, catalogue))
    write(StrengthDays, [of.strength_days for of in accepted], lambda days: days)
    write(AcheReports, [of.ache_reports for of in accepted], mark_reports)
    write(Rejects, [of.rejects for of in accepted], lambda rejects: rejects)
