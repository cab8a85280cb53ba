"""How a store is: what holds it, what waits, what failed, what must be mended. In counts: nobody is named."""

import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import polars as pl
from deltalake.exceptions import DeltaError

from runfix_analytics import inbox_index, runs, stamps
from runfix_analytics.errors import ReadError, RunfixError
from runfix_analytics.inbox import known_imports
from runfix_analytics.inbox_folders import folders_of_nobody, refuse_erased
from runfix_analytics.installation import PACKAGE, Problem
from runfix_analytics.lock import holder
from runfix_analytics.places import ObjectPath, Place, is_url
from runfix_analytics.reports.pdf import require
from runfix_analytics.schema_version import SCHEMA, schema_of
from runfix_analytics.sourcefile import digest, open_checked
from runfix_analytics.store import FOLDERS, TABLES, Store
from runfix_analytics.tables import STORED_FACTS

NOT_WHOLE = ("damaged", "failed", "unknown_format")
LITTLE_SPACE_MB = 1000  # a night of ten thousand runners rewrites less
_MB = 1_000_000
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

T = TypeVar("T")


@dataclass(frozen=True)
class StoreHealth:
    """One store. None: not known, because it cannot be read (`problems` says so), or a bucket has no such thing.

    `schema`: what the store has, and what this version wants. `held_by`: the command that works on it now.
    `n_not_private`: files and folders that other users of the machine may read. `n_waiting`: files of the inboxes that
    are in no ledger yet, by their content. `imports`: how many files have each status of the ledger.
    `to_migrate`: tables that are missing or of other columns.
    """

    root: str
    schema: str
    language: str | None
    pdf_every_night: bool | None
    n_runners: int | None
    held_by: str
    last_good_night: str
    newest_night: str
    free_disk_mb: int | None
    used_mb: int
    n_not_private: int | None
    n_inbox_files: int | None
    n_waiting: int | None
    n_folders_of_nobody: int | None
    imports: dict[str, int] | None
    to_migrate: tuple[str, ...]
    unreadable: tuple[str, ...]
    problems: tuple[Problem, ...]


def store_health(root: Place, *, now: datetime) -> StoreHealth:
    """What is found; nothing is written.

    Raises: StoreError when the root is no store, or one of a newer version.
    """
    store = Store(root)
    look = _Look(f" --root {root}")
    settings = look.at("settings.toml", store.settings)
    squad = look.at("runners.csv or exercises.local.toml", lambda: store.runners(store.catalogue())["runner_id"])
    files = look.at("the inboxes", lambda: _inboxes(store, list(squad))) if squad is not None else None
    strangers = look.at("the inboxes' folders", lambda: len(folders_of_nobody(store)))
    unreadable = tuple(table for table in TABLES if not _is_readable(store, table))
    imports = None if "imports" in unreadable else _imports(store)
    n_not_private, used = _on_disk(store.root)
    health = StoreHealth(
        root=str(root),
        schema=f"{schema_of(store.root)} of {SCHEMA}",
        language=settings.language if settings else None,
        pdf_every_night=settings.pdf if settings else None,
        n_runners=len(squad) if squad is not None else None,
        held_by=holder(store.root, now),
        last_good_night=_last_good(store.root),
        newest_night=_newest(store.root),
        free_disk_mb=shutil.disk_usage(store.root).free // _MB if isinstance(store.root, Path) else None,
        used_mb=used // _MB,
        n_not_private=n_not_private,
        n_inbox_files=files[0] if files else None,
        n_waiting=files[1] if files else None,
        n_folders_of_nobody=strangers,
        imports=imports,
        to_migrate=() if unreadable else _to_migrate(store),
        unreadable=unreadable,
        problems=(),
    )
    after = settings.alarm_after_hours if settings else 0
    found = (*look.problems, *_problems(store, health, now, after))
    return replace(health, problems=found)


class _Look:
    """Looks at what people keep by hand: what is wrong there is not quoted, because it may hold a name."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[Problem] = []

    def at(self, what: str, read: Callable[[], T]) -> T | None:
        """What was read; None, and a problem, where it cannot be."""
        try:
            return read()
        except (RunfixError, OSError, DeltaError, pl.exceptions.PolarsError):
            self.problems.append(Problem(f"{what} cannot be read", f"runfix status{self.where}", stops=True))
            return None


def _problems(store: Store, of: StoreHealth, now: datetime, alarm_after_hours: int) -> Iterator[Problem]:
    where = f" --root {of.root}"
    if schema_of(store.root) < SCHEMA:
        yield Problem("the store is of an earlier version", f"runfix migrate{where}", stops=True)
    elif of.to_migrate:
        yield Problem(f"tables of another version: {', '.join(of.to_migrate)}", f"runfix nightly{where}")
    for table in of.unreadable:
        yield Problem(f"table {table} cannot be read", _mending(of.root, table), stops=True)
    try:
        refuse_erased(store)
    except RunfixError:
        yield Problem("an erased runner is back, or not wholly erased", f"runfix erase --again{where}", stops=True)
    if of.free_disk_mb is not None and of.free_disk_mb < LITTLE_SPACE_MB:
        yield Problem(f"only {of.free_disk_mb} MB are free on the disk", f"df -h {of.root}", stops=of.free_disk_mb == 0)
    if of.n_not_private:
        yield Problem(f"{of.n_not_private} files or folders can be read by other users", f"runfix init {of.root}")
    if n := sum((of.imports or {}).get(status, 0) for status in NOT_WHOLE):
        yield Problem(f"{n} files were not read wholly", f"runfix imports{where}")
    if of.n_folders_of_nobody:
        yield Problem(f"{of.n_folders_of_nobody} inbox folders are no runner's", f"ls {of.root}/inbox")
    if alarm_after_hours and runs.alarm(store.root, now=now, after_hours=alarm_after_hours):
        yield Problem(f"no good night for {alarm_after_hours} hours", f"runfix status{where}")
    if of.pdf_every_night and not _has_pdf():
        yield Problem("settings.toml asks for PDFs, and none can be made", f"pip install '{PACKAGE}[pdf]'")


def _mending(root: str, table: str) -> str:
    """Tables come from the ledger and the originals; the ledger itself only from a backup."""
    if table == "imports":
        return "runfix restore BACKUP --root A_NEW_FOLDER"
    facts = " --facts" if table in STORED_FACTS else ""
    remove = "remove" if is_url(root) else "rm -r"
    return f"{remove} {root}/tables/{table} && runfix rebuild{facts} --root {root}"


def _has_pdf() -> bool:
    try:
        require()
    except RunfixError:
        return False
    return True


def _inboxes(store: Store, runners: list[str]) -> tuple[int, int]:
    """How many files lie in the inboxes, and how many of them wait for the next night."""
    indexes = inbox_index.read(store, runners, stamps.of_ledger(store, runners))
    known = known_imports(store, runners)
    n_files = n_waiting = 0
    for runner, index in indexes.items():
        inbox = store.root / "inbox" / runner
        for path in inbox_index.files_of(inbox):
            n_files += 1
            is_untouched = index.import_of(inbox_index.label_of(path, inbox), path) is not None
            n_waiting += not is_untouched and _content(path) not in known[runner]
    return n_files, n_waiting


def _content(path: Place) -> str | None:
    """The id that an import of the file has; None for what the next night will refuse to open."""
    try:
        with open_checked(path) as stream:
            return digest(stream)
    except ReadError:
        return None


def _imports(store: Store) -> dict[str, int]:
    counted = store.scan("imports").group_by("status").len().collect()
    return dict(sorted(counted.rows()))


def _is_readable(store: Store, table: str) -> bool:
    try:
        store.scan(table).select(pl.len()).collect()
    except (OSError, DeltaError, pl.exceptions.PolarsError):
        return False
    return True


def _to_migrate(store: Store) -> tuple[str, ...]:
    return tuple(sorted({*store.outdated(), *(table for table in TABLES if not store.has_table(table))}))


def _on_disk(root: Place) -> tuple[int | None, int]:
    """How many things in the store other users may read (a bucket has its own rules), and the bytes of all files."""
    if isinstance(root, ObjectPath):
        return None, sum(path.listed.n_bytes for path in root.rglob("*") if path.listed)
    n_open = n_bytes = 0
    folders = [root / name for name in FOLDERS if (root / name).is_dir()]
    for path in (root, *root.glob("*.*"), *folders, *(below for folder in folders for below in folder.rglob("*"))):
        found = path.lstat()
        if not stat.S_ISLNK(found.st_mode):
            n_open += bool(found.st_mode & _OTHERS)
            n_bytes += found.st_size if stat.S_ISREG(found.st_mode) else 0
    return n_open, n_bytes


def _last_good(root: Place) -> str:
    good = runs.last_good(root)
    return f"{good:%Y-%m-%d %H:%M} UTC" if good else "none yet"


def _newest(root: Place) -> str:
    """The outcome of the newest night, not its reason in words."""
    records = runs.records(root)
    if not records:
        return "none yet"
    newest = records[-1]
    return f"{newest['outcome']}, of {newest['as_of']}, left out: {len(newest['left_out'])}"
