"""What a store needs every night so that it does not grow for ever: small files joined, old ones removed.

Rows stay as they are. What a table was before lasts `keep_history_days` (settings.toml); pages and originals are not
touched. `cache/upkeep.json` says which tables were tidied when, so that one that nobody wrote to since is left alone.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path, PurePosixPath
from shutil import rmtree
from time import perf_counter

import polars as pl
from deltalake import DeltaTable

from runfix_analytics.delta_tables import LOG
from runfix_analytics.errors import RunfixError
from runfix_analytics.parts import Done, Failure
from runfix_analytics.places import ObjectPath, Place, below, ordered
from runfix_analytics.private_files import PART, private_files, telling_where
from runfix_analytics.stamps import digest, read_object
from runfix_analytics.store import FOLDERS, TABLES, Store

STAGE = "upkeep"
KEPT_RECORDS = 400  # nights
_NOTED = PurePosixPath("cache", "upkeep.json")
_LOOKED_AT_EVERY = timedelta(days=7)
_PART_LIVES = timedelta(days=1)  # what is younger may be at work: runfix add and files that come in hold no lock
_COMMITS_PER_CHECKPOINT = 20
_MOST_FILES = 7  # of a bucket; joining them writes the bucket's history anew
_ASIDE = re.compile(r"\.[0-9a-f]{16}" + re.escape(PART))
_COMMIT_PART = re.compile(r"_commit_.*\.tmp")
_HISTORY = ("delta.logRetentionDuration", "delta.deletedFileRetentionDuration")


def upkeep(store: Store, *, now: datetime) -> Done:
    """Does all of it, table by table; what does not work is told, and the rest is done. Needs the writer's lock."""
    began, failures, n_removed = perf_counter(), list[Failure](), 0
    for what, task in _tasks(store, now):
        try:
            with private_files():
                n_removed += task()
        except Exception as error:
            reason = str(error) if isinstance(error, RunfixError | OSError) else type(error).__name__
            failures.append(Failure(STAGE, "", what, reason))
    return Done({"old_files_removed": n_removed}, tuple(failures), {STAGE: perf_counter() - began})


def _tasks(store: Store, now: datetime) -> Iterator[tuple[str, Callable[[], int]]]:
    """What is to be done, by name; each returns how many files it removed."""
    yield "parts", partial(_remove_parts, store.root, now - _PART_LIVES)
    yield "records", partial(_remove_records, store.root)
    keep_days = store.settings().keep_history_days
    for table in TABLES:
        yield table, partial(_tidy_if_due, store, table, keep_days, now)


def _tidy_if_due(store: Store, table: str, keep_days: int, now: datetime) -> int:
    """Tidies a table that was written since it was last tidied; any other one once a week, for what only grew old."""
    noted = store.root / _NOTED
    known = read_object(noted)
    last = known.get(table, {})
    is_same = "at" in last and last.get("of") == _mark(store, table, keep_days)
    if is_same and now - datetime.fromisoformat(last["at"]) < _LOOKED_AT_EVERY:
        return 0
    n_removed = tidy_table(store, table, keep_days=keep_days)
    if (mark := _mark(store, table, keep_days)) is not None:
        known[table] = {"of": mark, "at": now.isoformat()}
        store.write_private(noted, json.dumps(known, indent=0, sort_keys=True).encode())
    return n_removed


def _mark(store: Store, table: str, keep_days: int) -> str | None:
    """Another one after every write to the table; None in a bucket, which does not tell."""
    state = store.tables.state(table)
    return None if state is None else digest(keep_days, state)


def tidy_table(store: Store, name: str, *, keep_days: int) -> int:
    """Joins a table's small files, removes data files that nothing needs since so many days; returns how many."""
    with telling_where(store.table_path(name)):
        return _tidied(store, name, keep_days)


def _tidied(store: Store, name: str, keep_days: int) -> int:
    table = store.tables.opened(name)
    history = dict.fromkeys(_HISTORY, f"interval {keep_days} days")
    if {name: table.metadata().configuration.get(name) for name in _HISTORY} != history:
        table.alter.set_table_properties(history)
    if scattered := _scattered(table):
        table.optimize.compact([("bucket", "in", scattered)])
    n_removed = _remove_data(table, store.table_path(name), keep_days)
    table.update_incremental()  # by what this has written
    _shorten_log(table, store.table_path(name) / LOG)
    return n_removed


def _scattered(table: DeltaTable) -> list[str]:
    """The buckets in so many files that joining them pays: each night adds a small one to the tables by day."""
    files = pl.DataFrame(table.get_add_actions(flatten=True))
    if files.is_empty():
        return []
    counted = files.group_by(pl.col("partition.bucket").cast(pl.String)).len()
    return sorted(counted.filter(pl.col("len") > _MOST_FILES)["partition.bucket"])


def _remove_data(table: DeltaTable, path: Place, keep_days: int) -> int:
    """Removes data files of the past, and those that a killed writer left."""
    vacuum = partial(table.vacuum, keep_days * 24, enforce_retention_duration=False, full=True)
    named = vacuum(dry_run=True)
    gone = _there(path, named) if named else []
    if gone:  # else it would write two commits that say nothing, and name again what an earlier one removed
        vacuum(dry_run=False)
    return len(gone)


def _there(path: Place, names: Sequence[str]) -> list[str]:
    """Which of these data files are there; of a bucket by one listing."""
    if isinstance(path, ObjectPath):
        objects = {below(path, file).as_posix() for file in path.rglob("*.parquet")}
        return [name for name in names if name in objects]
    return [name for name in names if (path / name).exists()]


def _shorten_log(table: DeltaTable, log: Place) -> None:
    """Keeps a table's log as a checkpoint and what came since; what is older than the history goes."""
    names = [entry.name for entry in log.iterdir()]
    checkpoints = sorted(name.split(".")[0] for name in names if ".checkpoint." in name)
    since = [name for name in names if name.endswith(".json") and (not checkpoints or name[:20] > checkpoints[-1])]
    if len(since) >= _COMMITS_PER_CHECKPOINT:
        table.create_checkpoint()
    table.cleanup_metadata()


def _remove_parts(root: Place, before: datetime) -> int:
    if isinstance(root, ObjectPath):
        return 0  # what is not written wholly is no object; a rule of the bucket's own clears it away
    parts = [part for part in _parts(root) if part.lstat().st_mtime < before.timestamp()]
    for part in parts:
        if part.is_dir() and not part.is_symlink():
            rmtree(part)
        else:
            part.unlink()
    return len(parts)


def _parts(root: Path) -> Iterator[Path]:
    """What was written or removed aside of its place: ours, and what writers of tables leave."""
    yield from (path for path in root.glob(f".*{PART}") if _ASIDE.fullmatch(path.name))
    for folder, names, files in chain.from_iterable(os.walk(root / name) for name in FOLDERS):
        aside = {name for name in names if name.startswith(".") and _ASIDE.fullmatch(name)}
        names[:] = [name for name in names if name not in aside]
        is_log = Path(folder).name == LOG
        hidden = [name for name in files if name.startswith(".") and _ASIDE.fullmatch(name)]
        hidden += [name for name in files if ".parquet#" in name or (is_log and _COMMIT_PART.fullmatch(name))]
        yield from (Path(folder, name) for name in (*sorted(aside), *hidden))


def _remove_records(root: Place) -> int:
    """Keeps the records of the newest nights."""
    old = ordered((root / "runs").glob("*.json"))[:-KEPT_RECORDS]
    for record in old:
        record.unlink()
    return len(old)
