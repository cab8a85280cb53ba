"""The Delta tables below a store's root: where they lie, how they are read and written. What they mean, `Store` knows.

They are read by the list of files that the log names, since Delta quotes a path as an address does ("My%20Club"), and
under that name polars finds no file.
"""

import re
import shutil
import threading
import zlib
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl
from deltalake import DeltaTable

from runfix_analytics.errors import StoreError
from runfix_analytics.object_locks import require_held
from runfix_analytics.places import ObjectPath, Place
from runfix_analytics.private_files import aside_of, private_files, telling_where

N_BUCKETS = 64
FOLDER = "tables"
LOG = "_delta_log"
_BUCKET = "bucket"
_COMMIT = re.compile(r"\d{20}\.json")
_MOST_KEPT = 64  # opened tables


def bucket_of(runner_id: str) -> int:
    """The partition of a runner; stable over versions and machines."""
    return zlib.crc32(runner_id.encode()) % N_BUCKETS


@dataclass(frozen=True)
class _Version:
    """What a reader needs of one version of a table: its columns, its files, and what it cannot be read without."""

    schema: pl.Schema
    files: pl.DataFrame
    features: tuple[str, ...]

    @classmethod
    def of(cls, opened: DeltaTable) -> "_Version":
        files = pl.DataFrame(opened.get_add_actions(flatten=True))
        partition = f"partition.{_BUCKET}"
        return cls(
            schema=pl.Schema(opened.schema()),
            files=files.select("path", partition) if files.height else files,
            features=tuple(sorted(opened.protocol().reader_features or ())),
        )


State = tuple[int, int, tuple[str, ...], tuple[str, int, int]]  # of a log: inode, time, names, its newest commit


class _Kept(threading.local):
    """What a thread has opened below folders, by path: each table is asked for some ten times a night."""

    def __init__(self) -> None:
        self.tables = OrderedDict[Path, tuple[State, DeltaTable, _Version]]()

    def newest(self, path: Path, state: State) -> tuple[DeltaTable, _Version]:
        """The table as its log is now; what came to a log is read in a tenth of the time that opening takes."""
        known = self.tables.pop(path, None)
        if known is not None and known[0] == state:
            self.tables[path] = known
            return known[1:]
        opened = DeltaTable(str(path)) if known is None else _caught_up(known, path, state)
        found = opened, _Version.of(opened)
        self.tables[path] = (state, *found)
        if len(self.tables) > _MOST_KEPT:
            self.tables.popitem(last=False)
        return found


def _caught_up(known: tuple[State, DeltaTable, _Version], path: Path, state: State) -> DeltaTable:
    """The table with what came to its log; opened anew where the log is another one, under the same inode even."""
    (*_, newest_then), table, _ = known
    newest = state[-1][0]
    if newest and newest_then == _mark(path / LOG, newest_then[0]):
        table.update_incremental()
        if table.version() == int(newest.partition(".")[0]):
            return table
    return DeltaTable(str(path))


def _mark(log: Path, commit: str) -> tuple[str, int, int]:
    """A commit with what no other file of its name has: a copy has another time of change."""
    try:
        found = (log / commit).stat()
    except OSError:
        return "", 0, 0
    return commit, found.st_ino, found.st_ctime_ns


_KEPT = _Kept()


class DeltaTables:
    """The tables of one store, by name, each partitioned by bucket of runners."""

    def __init__(self, root: Place) -> None:
        self.root, self.folder = root, root / FOLDER
        self._opened: dict[str, DeltaTable] = {}  # of a bucket: to look for what is new costs one request

    def path(self, table: str) -> Place:
        """Where a table lies, whether it is there or not."""
        return self.folder / table

    def has(self, table: str) -> bool:
        """Whether a table is there; one whose making was killed before its first commit is not."""
        if table in self._opened:
            return True
        log = self.path(table) / LOG
        return log.is_dir() and any(path.suffix in {".json", ".parquet"} for path in log.iterdir())

    def state(self, table: str) -> State | None:
        """Another value after every write to a table of a folder; None in a bucket, which does not tell cheaply."""
        if isinstance(self.root, ObjectPath):
            return None
        log = self.root / FOLDER / table / LOG
        found, names = log.stat(), sorted(entry.name for entry in log.iterdir())
        newest = max((name for name in names if _COMMIT.fullmatch(name)), default="")
        return found.st_ino, found.st_mtime_ns, tuple(names), _mark(log, newest)

    def _newest(self, table: str) -> _Version:
        path, state = self.path(table), self.state(table)
        return _KEPT.newest(path, state)[1] if state and isinstance(path, Path) else _Version.of(self.opened(table))

    def opened(self, table: str) -> DeltaTable:
        """The newest version of a table.

        Raises: DeltaError or OSError where it cannot be read.
        """
        if not isinstance(self.root, ObjectPath):
            return DeltaTable(str(self.path(table)))
        with telling_where(self.path(table)):
            if table in self._opened:
                self._opened[table].update_incremental()
            else:
                self._opened[table] = DeltaTable(str(self.path(table)))
        return self._opened[table]

    def scan(self, table: str, buckets: Collection[int] | None = None) -> pl.LazyFrame:
        """The rows of a table, of some buckets or of all, without the bucket; only the files of those are read.

        Raises: StoreError for a table of which another program made what is not read here.
        """
        newest = self._newest(table)
        if newest.features:
            raise StoreError(f"table {table} needs what is not read here: {', '.join(newest.features)}")
        schema, files = pl.Schema(newest.schema), newest.files
        schema.pop(_BUCKET, None)
        if buckets is not None and files.height:
            files = files.filter(pl.col(f"partition.{_BUCKET}").is_in(list(buckets)))
        if not files.height:
            return pl.LazyFrame(schema=schema)
        return pl.scan_parquet(
            [str(self.path(table) / file) for file in files["path"]],
            schema=schema,
            missing_columns="insert",  # which came after the file was written
            glob=False,
            hive_partitioning=False,
            credential_provider=None,  # of a bucket: those of the environment, as everything else
        )

    @contextmanager
    def reading(self, table: str) -> Iterator[None]:
        """Errors of a bucket in short, with the table's place; those of a disk as they are."""
        if isinstance(self.root, ObjectPath):
            with telling_where(self.path(table)):
                yield
        else:
            yield

    def columns(self, table: str) -> dict[str, pl.DataType]:
        """The columns of a table and their types, without the bucket."""
        return {name: dtype for name, dtype in self._newest(table).schema.items() if name != _BUCKET}

    def write(self, table: str, frame: pl.DataFrame, *, predicate: str | None) -> None:
        """Puts rows in the place of those that a predicate names, or of all, in one commit.

        Columns that a later version brought are added.
        """
        options: dict[str, Any] = {"partition_by": [_BUCKET]}
        if predicate is not None and self.has(table):
            options = {"predicate": predicate, "schema_mode": "merge"}
        self._commit(table, _with_bucket(frame), "overwrite", options)

    def append(self, table: str, frame: pl.DataFrame) -> None:
        """Adds rows to a table, in one commit; no file of it is read or written anew."""
        self._commit(table, _with_bucket(frame), "append", {"schema_mode": "merge"})

    def widen(self, table: str, columns: Mapping[str, pl.DataType]) -> None:
        """Adds columns to a table, null in all its rows."""
        schema = self.columns(table) | dict(columns) | {_BUCKET: pl.Int16()}
        self._commit(table, pl.DataFrame(schema=schema), "append", {"schema_mode": "merge"})

    def renew(self, table: str, empty: pl.DataFrame) -> None:
        """Puts an empty table with these columns in the place of what is there.

        What is there is renamed before it is removed: a kill leaves no table that is there in part. In a bucket, where
        nothing is renamed, it is one commit.
        """
        path = self.path(table)
        if isinstance(path, ObjectPath):
            options = {"partition_by": [_BUCKET], "schema_mode": "overwrite"}
            self._commit(table, empty.with_columns(pl.lit(None, pl.Int16).alias(_BUCKET)), "overwrite", options)
            return
        aside = aside_of(path)
        if path.exists():
            path.rename(aside)
        _KEPT.tables.pop(path, None)  # the next folder may have an inode that one before the last had
        self.write(table, empty, predicate=None)
        shutil.rmtree(aside, ignore_errors=True)  # what is left of it goes with other parts; see upkeep

    def _commit(self, table: str, frame: pl.DataFrame, mode: Literal["append", "overwrite"], options: Any) -> None:
        if isinstance(self.root, ObjectPath):
            require_held(self.root.base)
        with private_files(), telling_where(self.path(table)):
            target: DeltaTable | str = str(self.path(table))
            if table in self._opened:
                target = self.opened(table)
            elif isinstance(self.root, Path) and self.has(table) and (state := self.state(table)):
                target, _ = _KEPT.newest(self.root / FOLDER / table, state)
            frame.write_delta(target, mode=mode, delta_write_options=options)


def _with_bucket(frame: pl.DataFrame) -> pl.DataFrame:
    buckets = {runner: bucket_of(runner) for runner in frame["runner_id"].unique()}
    bucket = pl.col("runner_id").replace_strict(buckets, default=None, return_dtype=pl.Int16)
    return frame.with_columns(bucket.alias(_BUCKET))
