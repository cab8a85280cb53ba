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

The root is a folder, or a place in a bucket (see places), where folders are not made and modes not known. Folders are
0700 and files 0600, whatever the umask. Writers replace all rows of some runners in one table in one commit; no commit
spans two tables, so facts are written first and the ledger last.
"""

import re
import secrets
import stat
import tomllib
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path, PurePosixPath
from typing import BinaryIO, TypeVar

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue, load_for
from runfix_analytics.delta_tables import DeltaTables, bucket_of
from runfix_analytics.errors import ConfigError, StoreError
from runfix_analytics.lock import lists_writer
from runfix_analytics.marks import MARKS_FILE, MarksFile, as_table, as_text, parse
from runfix_analytics.places import ObjectPath, Place
from runfix_analytics.private_files import (
    FILE_MODE,
    FOLDER_MODE,
    copy_private,
    make_folder,
    private_files,
    removed,
    write_private,
)
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

UNDONE = "undone"
LOGGED = ("runs", "other_activities", "strength_sets", "strength_days", "ache_reports", "rejects")
ID_LENGTH = 12  # of an import's id in the ids of its rows
TABLES: dict[str, type[dy.Schema]] = STORED_FACTS | STORED_RESULTS
RECALCULATED = tuple(table for table, schema in STORED_RESULTS.items() if "as_of" not in schema.column_names())
STAMPS = PurePosixPath("cache", "stamps")
FOLDERS = ("inbox", "originals", "tables", "results", "reports", "runs", "cache")
_ID_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_ID_LENGTH = 8
_FEW = 25  # runners whose stored rows are read before they are written
_MISREAD = re.compile(r"[\x00-\x1f\x7f\[\]^|\\]|%[0-9A-Fa-f]{2}")

S = TypeVar("S", bound=dy.Schema)


class Store:
    """The tables and files of one squad.

    Raises: StoreError when the root is no store (made by `Store.create`), or one of a newer version.
    """

    def __init__(self, root: Place) -> None:
        self.root = root if isinstance(root, ObjectPath) else _readable(root.resolve())
        if not (self.root / "runners.csv").is_file() or not _has_tables(self.root):
            raise StoreError(f"{root} holds no runfix store; make one with: runfix init {root}")
        if isinstance(self.root, Path) and self.root.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise StoreError(f"{root} can be written by other users; run: chmod 700 {root}")
        schema_of(self.root)
        self.tables = DeltaTables(self.root)

    @classmethod
    def create(cls, root: Place) -> "Store":
        """A store at root: what is missing is made, what is there stays; all of it becomes private.

        A store of an earlier version stays one: `migration` gives it this version's shape.
        """
        if isinstance(root, Path):
            _readable(root.resolve())
            with private_files():
                for folder in (root, *(root / name for name in FOLDERS)):
                    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        for name, header in LISTS.items():
            if not (root / name).exists():
                write_private(root / name, (",".join(header) + "\n").encode())
        if isinstance(root, Path):
            _make_private(root)
        store = cls(root)
        if not (store.root / STORE_FILE).exists() and not any((store.root / "tables").iterdir()):
            store.write_private(store.root / STORE_FILE, encoded_schema(SCHEMA))  # first: a kill leaves no old store
        store.make_missing_tables()
        return store

    def make_missing_tables(self) -> list[str]:
        """Makes the tables that this version has and the store has not, empty; returns which."""
        missing = [table for table in TABLES if not self.has_table(table)]
        for table in missing:
            self.tables.write(table, TABLES[table].create_empty(), predicate=None)
        return missing

    def has_table(self, table: str) -> bool:
        """Whether a table is there; one whose making was killed before its first commit is not."""
        self.table_path(table)  # a wrong name is told
        return self.tables.has(table)

    def table_path(self, table: str) -> Place:
        """Where a table lies; DuckDB, pandas and others read it as it is.

        Raises: StoreError when there is no such table.
        """
        if table not in TABLES:
            raise StoreError(f"there is no table {table}; there are: {', '.join(TABLES)}")
        return self.tables.path(table)

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
        make_folder(self.root / "inbox" / runner_id)
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
        if runners is None:
            return self.tables.scan(table)
        wanted = sorted(set(runners))
        ids = pl.LazyFrame({"runner_id": wanted}, schema={"runner_id": pl.String})
        # joined, since looking a hundred ids up in each file's statistics takes longer than reading the file
        return self.tables.scan(table, set(map(bucket_of, wanted))).join(
            ids, on="runner_id", how="semi", maintain_order="left"
        )

    def read(self, schema: type[S], runners: Iterable[str] | None = None) -> dy.DataFrame[S]:
        """A table, checked against its schema, in a fixed order of rows.

        Raises: StoreError when the schema is that of no stored table, or the table was written by another version.
        """
        table = _table_of(schema)
        with self.tables.reading(table):
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
            if not self.has_table(table) or set(self.tables.columns(table)) != set(TABLES[table].column_names())
        ]

    def renew(self, tables: Iterable[str]) -> None:
        """Empties calculated tables and gives them the columns of this version; a night fills them again.

        What nights need not do again is forgotten first, for it rests on these rows.
        """
        tables = list(tables)
        if tables:
            removed(self.root / STAMPS)
        for table in tables:
            self.tables.renew(table, STORED_RESULTS[table].create_empty())

    def replace(
        self, schema: type[S], frame: dy.DataFrame[S], runners: Iterable[str], after: date | None = None
    ) -> None:
        """Puts `frame` in the place of all rows of these runners, in one commit; `after`: of those after that day.

        Of few runners what stands there already is not written again.

        Raises: StoreError when `frame` holds a runner who is not among them.
        """
        ids = sorted(set(runners))
        if wrong := [runner for runner in ids if not re.fullmatch(RUNNER_ID, runner)]:
            raise StoreError(f"not a runner id: {wrong[0]!r}")
        strangers = set(frame["runner_id"].unique()) - set(ids)
        if strangers:
            raise StoreError(f"rows of runners who are not replaced: {', '.join(sorted(strangers))}")
        if not ids:
            return
        table, missing = _table_of(schema), self._missing(schema, frame, ids, after)
        if missing is None:
            buckets = ", ".join(str(bucket) for bucket in sorted({bucket_of(runner) for runner in ids}))
            quoted = ", ".join(f"'{runner}'" for runner in ids)
            predicate = f"bucket IN ({buckets}) AND runner_id IN ({quoted})"
            if after is not None:
                predicate += f" AND local_date > '{after}'"
            self.tables.write(table, frame, predicate=predicate)
        elif missing.height:
            self.tables.append(table, missing)

    def _missing(
        self, schema: type[S], frame: dy.DataFrame[S], ids: Sequence[str], after: date | None
    ) -> pl.DataFrame | None:
        """The rows that do not stand there yet, if all that stands there may stay; None where rows have to go.

        Of few runners only, whose rows are read in less time than their buckets are written anew; in a bucket of
        objects, where to read is to ask, always None.
        """
        key, table = schema.primary_key(), _table_of(schema)
        if isinstance(self.root, ObjectPath) or len(ids) > _FEW or not key or not self.has_table(table):
            return None
        stored = self._scan(table, ids)
        if after is not None:
            stored = stored.filter(pl.col("local_date") > after)
        if stored.collect_schema() != frame.schema:
            return None
        there = stored.collect().sort(key)
        if not frame.join(there.select(key), on=key, how="semi").sort(key).equals(there):
            return None
        return frame.join(there.select(key), on=key, how="anti")

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

    def original_path(self, import_id: str) -> Place:
        """Where the copy of an imported file lies."""
        return self.root / "originals" / import_id

    def keep_original(self, import_id: str, content: BinaryIO) -> None:
        """A copy of an imported file, whole or not at all; one that is there stays."""
        path = self.original_path(import_id)
        if path.exists():
            return
        self.copy_private(path, content)

    def copy_private(self, path: Place, content: BinaryIO) -> None:
        """Writes a file of any size as `write_private` does."""
        copy_private(path, content)

    def write_private(self, path: Place, content: bytes) -> None:
        """Writes a file at once: readers see the old one or the new one, never a part."""
        write_private(path, content)


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


def _has_tables(root: Place) -> bool:
    """Whether there is a place for tables; a bucket has no folders, and needs none."""
    return isinstance(root, ObjectPath) or (root / "tables").is_dir()


def _make_private(root: Path) -> None:
    names = (*FOLDERS, *LISTS, MARKS_FILE, SETTINGS_FILE, STORE_FILE)
    own = [path for name in names if (path := root / name).exists()]
    for path in (root, *own, *(below for folder in own for below in folder.rglob("*"))):
        if not path.is_symlink():
            path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)


def _readable(root: Path) -> Path:
    """The root, if Delta can write there: it takes a path for an address, and finds another place, or none, with these.

    Raises: StoreError naming what is wrong with its path.
    """
    if wrong := _MISREAD.search(str(root)):
        raise StoreError(
            f'{clean_text(str(root))} holds "{clean_text(wrong[0])}", with which tables cannot be written; choose '
            "another folder"
        )
    return root


def _table_of(schema: type[dy.Schema]) -> str:
    for table, known in TABLES.items():
        if known is schema:
            return table
    raise StoreError(f"{schema.__name__} is not a stored table")


def _new_id() -> str:
    return "r" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH - 1))
