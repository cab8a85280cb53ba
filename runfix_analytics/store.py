"""Everything on disk under one root; the one stateful thing.

    root/
      store.json       which shape the store has; see schema_version.py
      runners.csv      who is in the squad (ids, zones, units, equipment; no names)
      names.csv        runner id → display name, kept apart
      marks.csv        what the coach says of a runner (away, ill, …); need not be there
      erased.csv       salted hashes of the ids of erased runners; need not be there
      settings.toml    the squad's language, PDFs, the age that raises the alarm; need not be there
      inbox/<runner>/  files as they came; never edited or moved
      originals/       one copy of every file, named by its SHA-256
      headings.toml    what the squad's own forms call our columns; need not be there
      exercises.local.toml  what the squad's own exercise names mean; need not be there
      tables/<name>/   Delta tables, partitioned by bucket of runners
      reports/         the pages
      runs/            a record of every night; see runs.py
      cache/           what nights need not do again; see stamps.py and inbox_index.py

Folders are 0700 and files 0600, whatever the umask. Writers replace all rows of some runners in one table in one
commit; no commit spans two tables, so facts are written first and the ledger last.
"""

import os
import re
import secrets
import shutil
import stat
import tomllib
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import dataframely as dy
import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from runfix_analytics.catalogue import Catalogue, load_for
from runfix_analytics.errors import ConfigError, StoreError
from runfix_analytics.lock import lists_writer
from runfix_analytics.marks import MARKS_FILE, MarksFile, as_table, as_text, parse
from runfix_analytics.runner_lists import LISTS, encoded, lines_of, read_runners, runner_row, text_of, with_line
from runfix_analytics.schema_version import SCHEMA, STORE_FILE, encoded_schema, schema_of
from runfix_analytics.settings import SETTINGS_FILE, Settings, read_settings
from runfix_analytics.tables import (
    RUNNER_ID,
    STORED_FACTS,
    STORED_RESULTS,
    STRENGTH_LOGS,
    Marks,
    Runners,
)
from runfix_analytics.text import clean_text

N_BUCKETS = 64
UNDONE = "undone"
LOGGED = ("runs", "other_activities", "strength_sets", "strength_days", "ache_reports", "rejects")
ID_LENGTH = 12  # of an import's id in the ids of its rows
FOLDER_MODE, FILE_MODE, PRIVATE_UMASK = 0o700, 0o600, 0o077
PART = ".part"
TABLES: dict[str, type[dy.Schema]] = STORED_FACTS | STORED_RESULTS
RECALCULATED = tuple(table for table, schema in STORED_RESULTS.items() if "as_of" not in schema.column_names())
STAMPS = Path("cache") / "stamps"
FOLDERS = ("inbox", "originals", "tables", "results", "reports", "runs", "cache")
_ID_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_ID_LENGTH = 8
_QUOTED = frozenset(' "#%<>?`{}')
_COPY_BYTES = 1024 * 1024
_OS_ERROR = re.compile(r"\(os error (\d+)\)")

S = TypeVar("S", bound=dy.Schema)


def bucket_of(runner_id: str) -> int:
    """The partition of a runner; stable over versions and machines."""
    return zlib.crc32(runner_id.encode()) % N_BUCKETS


@contextmanager
def private_files() -> Iterator[None]:
    """Whatever is created inside is readable by its owner only."""
    before = os.umask(PRIVATE_UMASK)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def telling_where(path: Path) -> Iterator[None]:
    """What the disk says while something is written, as an OSError with the place; Delta has errors of its own."""
    try:
        yield
    except (OSError, DeltaError) as error:
        number = getattr(error, "errno", None) or int((_OS_ERROR.search(str(error)) or [0, 0])[1])
        if not number or getattr(error, "filename", None):
            raise
        raise OSError(number, os.strerror(number), str(path)) from error


class Store:
    """The tables and files of one squad.

    Raises: StoreError when the root is no store (made by `Store.create`), or one of a newer version.
    """

    def __init__(self, root: Path) -> None:
        self.root = _readable(root.resolve())
        if not (self.root / "tables").is_dir() or not (self.root / "runners.csv").is_file():
            raise StoreError(f"{root} holds no runfix store; make one with: runfix init {root}")
        if self.root.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise StoreError(f"{root} can be written by other users; run: chmod 700 {root}")
        schema_of(self.root)

    @classmethod
    def create(cls, root: Path) -> "Store":
        """A store at root: what is missing is made, what is there stays; all of it becomes private.

        A store of an earlier version stays one: `migration` gives it this version's shape.
        """
        _readable(root.resolve())
        with private_files():
            for folder in (root, *(root / name for name in FOLDERS)):
                folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            for name, header in LISTS.items():
                if not (root / name).exists():
                    (root / name).write_text(",".join(header) + "\n", encoding="utf-8")
        names = (*FOLDERS, *LISTS, MARKS_FILE, SETTINGS_FILE, STORE_FILE)
        own = [path for name in names if (path := root / name).exists()]
        for path in (root, *own, *(below for folder in own for below in folder.rglob("*"))):
            if not path.is_symlink():
                path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)
        store = cls(root)
        if not (store.root / STORE_FILE).exists() and not any((store.root / "tables").iterdir()):
            store.write_private(store.root / STORE_FILE, encoded_schema(SCHEMA))  # first: a kill leaves no old store
        store.make_missing_tables()
        return store

    def make_missing_tables(self) -> list[str]:
        """Makes the tables that this version has and the store has not, empty; returns which."""
        missing = [table for table in TABLES if not self.has_table(table)]
        for table in missing:
            self._write(table, TABLES[table].create_empty(), predicate=None)
        return missing

    def has_table(self, table: str) -> bool:
        """Whether a table is there; one whose making was killed before its first commit is not."""
        log = self.table_path(table) / "_delta_log"
        return log.is_dir() and any(path.suffix in {".json", ".parquet"} for path in log.iterdir())

    def table_path(self, table: str) -> Path:
        """Where a table lies; DuckDB, pandas and others read it as it is.

        Raises: StoreError when there is no such table.
        """
        if table not in TABLES:
            raise StoreError(f"there is no table {table}; there are: {', '.join(TABLES)}")
        return self.root / "tables" / table

    def catalogue(self) -> Catalogue:
        """The vocabulary with what this squad says of its own exercise names.

        Raises: CatalogueError naming what is wrong in exercises.local.toml.
        """
        return load_for(self.root)

    def settings(self) -> Settings:
        """What settings.toml says of the squad as a whole.

        Raises: ConfigError naming what is wrong in it.
        """
        return read_settings(self.root / SETTINGS_FILE)

    # runners

    def runners(self, catalogue: Catalogue) -> dy.DataFrame[Runners]:
        """One row per runner of runners.csv.

        Raises: ConfigError naming line and column of what is wrong.
        """
        return read_runners(self.root / "runners.csv", catalogue)

    def names(self) -> dict[str, str]:
        """Runner id → display name; runners without one are missing.

        Raises: ConfigError naming the line of what is wrong, and no name.
        """
        path = self.root / "names.csv"
        if not path.exists():
            return {}
        _, lines = lines_of(path)
        named = {row["runner_id"]: clean_text(row.get("name") or "") for _, row in lines if row.get("runner_id")}
        return {runner: name for runner, name in named.items() if name}

    def add_runner(
        self,
        name: str,
        catalogue: Catalogue,
        *,
        time_zone: str = "",
        units: str = "metric",
        equipment: str = "",
        language: str = "",
    ) -> str:
        """A new runner with a random id and an inbox folder; returns the id.

        Raises: ConfigError for an unknown time zone, unit, language or piece of equipment, or a name that is empty or
        taken.
        """
        with lists_writer(self.root):
            return self._add_runner(
                name,
                catalogue,
                {"time_zone": time_zone, "units": units, "equipment": equipment, "language": language},
            )

    def _add_runner(self, name: str, catalogue: Catalogue, said: dict[str, str]) -> str:
        name = clean_text(name)
        if not name:
            raise ConfigError("a runner needs a name; it stands in names.csv only")
        if name.casefold() in (known.casefold() for known in self.names().values()):
            raise ConfigError(f'"{name}" is in names.csv already; choose a name that tells them apart')
        cells = {"runner_id": "new", "strength_log": STRENGTH_LOGS[0], **said}
        runner_row(cells, "new runner", catalogue)
        taken = {path.name for path in (self.root / "inbox").iterdir()} | set(self.names())
        runner_id = _new_id()
        while runner_id in taken:
            runner_id = _new_id()
        line = {"runners.csv": cells | {"runner_id": runner_id}, "names.csv": {"runner_id": runner_id, "name": name}}
        written = {self.root / file: with_line(self.root / file, of) for file, of in line.items()}
        with private_files():
            (self.root / "inbox" / runner_id).mkdir(mode=FOLDER_MODE)
        for path, content in written.items():
            self.write_private(path, content)
        return runner_id

    # what the coach says of them

    def marks(self) -> dy.DataFrame[Marks]:
        """One row per mark of marks.csv, in order of runner, first day and mark; empty without the file.

        Raises: ConfigError naming line and column of what is wrong.
        """
        return as_table(self.marks_file())

    def marks_file(self) -> MarksFile:
        """The lines of marks.csv, to change and to write again.

        Raises: ConfigError naming line and column of what is wrong.
        """
        path = self.root / MARKS_FILE
        return parse(text_of(path)) if path.exists() else MarksFile()

    def write_marks(self, file: MarksFile) -> None:
        """Writes the whole of marks.csv, as `write_private` does; from reading to writing hold `lists_writer`."""
        self.write_private(self.root / MARKS_FILE, encoded(as_text(file)))

    # tables

    def scan(self, table: str, runners: Iterable[str] | None = None) -> pl.LazyFrame:
        """A table as a lazy frame, of some runners or of all; only the buckets asked for are read.

        Logged rows are those of files that the ledger holds as imported: what a death in the middle of an import or of
        an undo left behind is not there, nor does a row count as a duplicate of such a one.
        Raises: StoreError when there is no such table.
        """
        frame = self._scan(table, runners)
        if table in LOGGED:
            frame = _live(frame, self._scan("imports", runners))
        return frame

    def _scan(self, table: str, runners: Iterable[str] | None) -> pl.LazyFrame:
        if not self.has_table(table):  # of a store of an earlier version, or of one whose table is being made anew
            return TABLES[table].create_empty().lazy()
        frame = pl.scan_delta(DeltaTable(str(self.table_path(table))))  # a path would be opened again for its schema
        if runners is not None:
            wanted = sorted(set(runners))
            frame = frame.filter(pl.col("bucket").is_in(sorted(set(map(bucket_of, wanted)))))
            ids = pl.LazyFrame({"runner_id": wanted}, schema={"runner_id": pl.String})
            # joined, since looking a hundred ids up in each file's statistics takes longer than reading the file
            frame = frame.join(ids, on="runner_id", how="semi", maintain_order="left")
        return frame.drop("bucket")

    def read(self, schema: type[S], runners: Iterable[str] | None = None) -> dy.DataFrame[S]:
        """A table, checked against its schema, in a fixed order of rows.

        Raises: StoreError when the schema is that of no stored table, or the table was written by another version.
        """
        table = _table_of(schema)
        frame = self.scan(table, runners).collect(engine="in-memory")
        absent = {name: column for name, column in schema.columns().items() if name not in frame.columns}
        is_logged = table in STORED_FACTS  # what a log has no column for is null; what is calculated is made anew
        if missing := sorted(name for name, column in absent.items() if not (is_logged and column.nullable)):
            raise StoreError(f"table {table} was written by another version, without: {', '.join(missing)}")
        frame = frame.with_columns(pl.lit(None, column.dtype).alias(name) for name, column in absent.items())
        order = schema.primary_key() or [name for name in frame.columns if frame.schema[name] != pl.List]
        return schema.validate(frame.sort(order, nulls_last=True), cast=True)

    def has_rows_of(self, schema: type[S], imports: Iterable[str], runners: Iterable[str]) -> bool:
        """Whether a logged table has rows of imports of these runners, also such as a death left behind."""
        stored = self._scan(_table_of(schema), runners).select("import_id").unique().collect()
        return not set(imports).isdisjoint(stored["import_id"])

    def outdated(self) -> list[str]:
        """The calculated tables that are missing, or whose columns are those of another version.

        Tables of advice given on a day are not among them: what they hold is calculated no more.
        """
        return [
            table
            for table in RECALCULATED
            if not self.has_table(table)
            or set(self._scan(table, None).collect_schema().names()) != set(TABLES[table].column_names())
        ]

    def renew(self, tables: Iterable[str]) -> None:
        """Empties calculated tables and gives them the columns of this version; a night fills them again.

        A table is renamed before it is removed: a kill leaves none that is there in part. What nights need not do again
        is forgotten first, for it rests on these rows.
        """
        tables = list(tables)
        if tables:
            shutil.rmtree(self.root / STAMPS, ignore_errors=True)
        for table in tables:
            aside = aside_of(self.table_path(table))
            if self.table_path(table).exists():
                self.table_path(table).rename(aside)
            self._write(table, STORED_RESULTS[table].create_empty(), predicate=None)
            shutil.rmtree(aside, ignore_errors=True)  # what is left of it goes with other parts; see upkeep

    def replace(self, schema: type[S], frame: dy.DataFrame[S], runners: Iterable[str]) -> None:
        """Puts `frame` in the place of all rows of these runners, in one commit.

        Raises: StoreError when `frame` holds a runner who is not among them.
        """
        ids = sorted(set(runners))
        if wrong := [runner for runner in ids if not re.fullmatch(RUNNER_ID, runner)]:
            raise StoreError(f"not a runner id: {wrong[0]!r}")
        strangers = set(frame["runner_id"].unique()) - set(ids)
        if strangers:
            raise StoreError(f"rows of runners who are not replaced: {', '.join(sorted(strangers))}")
        if ids:
            buckets = ", ".join(str(bucket) for bucket in sorted({bucket_of(runner) for runner in ids}))
            quoted = ", ".join(f"'{runner}'" for runner in ids)
            self._write(_table_of(schema), frame, predicate=f"bucket IN ({buckets}) AND runner_id IN ({quoted})")

    def _write(self, table: str, frame: pl.DataFrame, *, predicate: str | None) -> None:
        buckets = {runner: bucket_of(runner) for runner in frame["runner_id"].unique()}
        with_bucket = frame.with_columns(
            bucket=pl.col("runner_id").replace_strict(buckets, default=None, return_dtype=pl.Int16)
        )
        options: dict[str, Any] = {"partition_by": ["bucket"]}
        if predicate is not None and self.has_table(table):
            options = {"predicate": predicate, "schema_mode": "merge"}  # columns that a later version brought
        with private_files(), telling_where(self.table_path(table)):
            with_bucket.write_delta(str(self.table_path(table)), mode="overwrite", delta_write_options=options)

    # files

    def headings(self) -> dict[str, str]:
        """What the squad's own forms call our columns (their heading → ours), from headings.toml; empty without it.

        Raises: ConfigError when the file is no TOML, or maps a heading to anything but a name.
        """
        path = self.root / "headings.toml"
        if not path.exists():
            return {}
        try:
            named = tomllib.loads(text_of(path)).get("headings", {})
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"headings.toml: {error}") from error
        if wrong := next((heading for heading, name in named.items() if not isinstance(name, str)), None):
            raise ConfigError(f'headings.toml, headings: "{wrong}" must name one of our columns, as text')
        return dict(named)

    def original_path(self, import_id: str) -> Path:
        """Where the copy of an imported file lies."""
        return self.root / "originals" / import_id

    def keep_original(self, import_id: str, content: BinaryIO) -> None:
        """A copy of an imported file, whole or not at all; one that is there stays."""
        path = self.original_path(import_id)
        if path.exists():
            return
        self.copy_private(path, content)

    def copy_private(self, path: Path, content: BinaryIO) -> None:
        """Writes a file of any size as `write_private` does."""
        with self.aside(path) as aside, aside.open("wb") as file:
            shutil.copyfileobj(content, file, _COPY_BYTES)

    @contextmanager
    def aside(self, path: Path) -> Iterator[Path]:
        """A place beside `path` to write to; it takes the place of `path` when all went well."""
        aside = aside_of(path)
        with private_files(), telling_where(path):
            path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            try:
                yield aside
                aside.replace(path)
            finally:
                aside.unlink(missing_ok=True)

    def write_private(self, path: Path, content: bytes) -> None:
        """Writes a file beside its place and renames it: readers see the old one or the new one, never a part."""
        with self.aside(path) as aside:
            aside.write_bytes(content)


def _live(frame: pl.LazyFrame, ledger: pl.LazyFrame) -> pl.LazyFrame:
    live = ledger.filter(pl.col("status") != UNDONE).select("runner_id", "import_id").unique()
    rows = frame.join(live, on=["runner_id", "import_id"], how="semi", maintain_order="left")
    columns = frame.collect_schema()
    if "duplicate_of" not in columns:
        return rows
    # a row's id names its import; see ingest
    own = live.select("runner_id", of=pl.col("import_id").str.slice(0, ID_LENGTH), is_live=pl.lit(value=True))
    own = own.unique(["runner_id", "of"])
    of = pl.col("duplicate_of").str.extract(rf"-([0-9a-z]{{1,{ID_LENGTH}}})-\d+$")
    return (
        rows.with_columns(of=of)
        .join(own, on=["runner_id", "of"], how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("is_live") | pl.col("of").is_null()).then(name).alias(name)
            for name in ("duplicate_of", "duplicate_rule")
        )
        .select(columns.names())
    )


def aside_of(path: Path) -> Path:
    """A new hidden name beside a path, for what is written or removed there; `upkeep` clears what a kill leaves."""
    return path.with_name(f".{secrets.token_hex(8)}{PART}")


def _readable(root: Path) -> Path:
    """The root, if tables in it can be read: Delta names files as in an address, in which these characters change.

    Raises: StoreError naming what is wrong with its path.
    """
    if wrong := [char for char in str(root) if not char.isascii() or not char.isprintable() or char in _QUOTED]:
        said = "a blank" if wrong[0] == " " else f'"{clean_text(wrong[0])}"'
        raise StoreError(
            f"{clean_text(str(root))} holds {said}, with which tables cannot be read; choose another folder"
        )
    return root


def _table_of(schema: type[dy.Schema]) -> str:
    for table, known in TABLES.items():
        if known is schema:
            return table
    raise StoreError(f"{schema.__name__} is not a stored table")


def _new_id() -> str:
    return "r" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH - 1))
