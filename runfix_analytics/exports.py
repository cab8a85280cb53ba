"""All that a store holds of one runner, in one zip for that person: CSV to look at, JSON with every digit, the files.

Files that hold rows of other runners too (a form of the whole squad) stay out, and so does what rejects quote of them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import polars as pl

from runfix_analytics.errors import ConfigError, ReadError
from runfix_analytics.places import Place, below, ordered
from runfix_analytics.private_files import written_aside
from runfix_analytics.reports.csv_file import csv_bytes
from runfix_analytics.sourcefile import digest, open_checked
from runfix_analytics.store import ID_LENGTH, TABLES, Store
from runfix_analytics.text import clean_text

_OTHERS = "other_runner"  # the rule of ingest for rows of a form that names several
_CHUNK = 1024 * 1024
_MODE = 0o600 << 16  # as a zip holds it
_README = """What this is
============

Everything that the runfix store of your squad holds of you.

profile.json   your name, your settings, and what your coach marked (away, ill, …)
tables/        what was read from your files and calculated from it, one table each:
               .csv opens in a spreadsheet, numbers rounded; .jsonl has one row a line with every digit
               The columns are described in runfix_analytics/tables.py.
originals/     the files as they were handed in, each in a folder named by its beginning of the import's id
waiting/       files that lie in your inbox and are not imported yet
pages/         your pages as they stand now

Times that end in _at are UTC, local_date is your own calendar. Empty means not known, not zero.
{left_out}"""
_LEFT_OUT = """
Left out: {n} files that hold rows of other runners too. Your own rows of them are in the tables.
"""


@dataclass(frozen=True)
class Handed:
    """What a zip holds, and how many files stay out because they are other runners' too."""

    n_files: int
    n_rows: int
    n_left_out: int


def export_runner(store: Store, runner_id: str, target: Path) -> Handed:
    """Writes the zip, readable by its owner only.

    Raises: ConfigError when the place is taken, or lies in the store, where an erasure would not know of it.
    """
    refuse_place(store, target)
    shared = _shared(store, runner_id)
    files = dict(_files(store, runner_id))
    own = {name: path for name, (path, import_id) in files.items() if import_id not in shared}
    n_left_out, n_rows = len(files) - len(own), 0
    with written_aside(target.absolute()) as aside, ZipFile(aside, "w", ZIP_DEFLATED) as zipped:
        left_out = _LEFT_OUT.format(n=n_left_out) if n_left_out else ""
        _add(zipped, "README.txt", _README.format(left_out=left_out).encode())
        _add(zipped, "profile.json", _profile(store, runner_id))
        for table in TABLES:
            frame = _rows(store, table, runner_id, shared)
            _add(zipped, f"tables/{table}.csv", csv_bytes(frame.columns, map(_cells, frame.iter_rows())))
            _add(zipped, f"tables/{table}.jsonl", frame.write_ndjson().encode())
            n_rows += frame.height
        for name, path in own.items():
            with open_checked(path) as content, zipped.open(_entry(name), "w", force_zip64=True) as entry:
                while chunk := content.read(_CHUNK):
                    entry.write(chunk)
    return Handed(len(own), n_rows, n_left_out)


def refuse_place(store: Store, target: Path) -> None:
    """An export never takes the place of anything, and does not lie in the store.

    Raises: ConfigError saying which.
    """
    if target.exists() or target.is_symlink():
        raise ConfigError(f"{target} is there already; choose another name")
    if not target.absolute().parent.is_dir():
        raise ConfigError(f"{target.absolute().parent} is no folder; make it first")
    if isinstance(store.root, Path) and target.resolve().is_relative_to(store.root):
        raise ConfigError(f"{target} lies in the store, where runfix erase would not look for it; choose another place")


def _shared(store: Store, runner_id: str) -> set[str]:
    """The imports, archives included, that hold rows of other runners too or are in another's ledger."""
    ledger = store.scan("imports").select("runner_id", "import_id", "archive_id").collect()
    own, others = ledger.filter(runner_id=runner_id), ledger.filter(pl.col("runner_id") != runner_id)
    theirs = {*others["import_id"], *others["archive_id"].drop_nulls()}
    named = store.scan("rejects", [runner_id]).filter(rule=_OTHERS).select("import_id").collect()["import_id"]
    found = (theirs & set(own["import_id"])) | set(named)
    return found | set(own.filter(pl.col("import_id").is_in(found))["archive_id"].drop_nulls())


def _files(store: Store, runner_id: str) -> Iterator[tuple[str, tuple[Place, str]]]:
    """Name in the zip → the file and the digest of its content: originals, what waits in the inbox, pages."""
    ledger = store.scan("imports", [runner_id]).filter(pl.col("archive_id").is_null()).collect()
    imported = set(ledger["import_id"])
    for import_id, label in ledger.select("import_id", "file_name").sort("import_id").rows():
        path = store.original_path(import_id)
        if path.exists():
            yield f"originals/{import_id[:ID_LENGTH]}/{_harmless(label)}", (path, import_id)
    for folder, inside in (("inbox", "waiting"), ("reports", "pages")):
        own = store.root / folder / runner_id
        for path in ordered(own.rglob("*")) if own.is_dir() and not own.is_symlink() else ():
            content_id = _digest(path)
            if content_id and content_id not in imported:
                yield f"{inside}/{_harmless(below(own, path).as_posix())}", (path, content_id)


def _digest(path: Place) -> str | None:
    """The digest of a file's content; null for a folder, a link, and what cannot be read."""
    try:
        with open_checked(path) as stream:
            return digest(stream)
    except ReadError:
        return None


def _harmless(label: str) -> str:
    """A path that leads nowhere else on any system that unpacks it."""
    parts = PurePosixPath(clean_text(label).replace("\\", "/").replace(":", "_")).parts
    return "/".join(part for part in parts if part not in ("/", "..", ".")) or "file"


def _profile(store: Store, runner_id: str) -> bytes:
    """Name, settings and marks."""
    settings = store.runners(store.catalogue()).filter(runner_id=runner_id).rows(named=True)
    marks = store.marks().filter(runner_id=runner_id).drop("runner_id").rows(named=True)
    profile = {"name": store.names().get(runner_id), "settings": settings[0] if settings else None, "marks": marks}
    return (json.dumps(profile, indent=1, ensure_ascii=False, default=str) + "\n").encode()


def _rows(store: Store, table: str, runner_id: str, shared: set[str]) -> pl.DataFrame:
    """The runner's rows of a table; rejects of a file that several share quote nothing."""
    frame = store.read(TABLES[table], [runner_id])
    if table != "rejects":
        return frame
    is_shared = pl.col("import_id").is_in(shared)
    return frame.with_columns(logged=pl.when(is_shared).then(pl.lit("")).otherwise("logged"))


def _cells(row: tuple[object, ...]) -> list[object]:
    return ["; ".join(map(str, cell)) if isinstance(cell, list) else cell for cell in row]


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name)  # without a clock: the same content is the same zip
    entry.compress_type, entry.external_attr = ZIP_DEFLATED, _MODE
    return entry


def _add(zipped: ZipFile, name: str, content: bytes) -> None:
    zipped.writestr(_entry(name), content)
