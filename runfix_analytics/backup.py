"""A whole store as one file, checked by digests: made beside running readers, read back whole or not at all.

A gzipped tar with a folder and file for each of the store's, and as its last member a list of all files with SHA-256
and length; without that list it is not whole. It holds names and health data as the store does, and is private as well.
"""

import gzip
import hashlib
import json
import os
import shutil
import stat
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any

import polars as pl
from deltalake.exceptions import DeltaError

from runfix_analytics.delta_tables import FOLDER, DeltaTables
from runfix_analytics.errors import StoreError
from runfix_analytics.lock import LOCK_FILE, only_writer
from runfix_analytics.places import ObjectPath
from runfix_analytics.private_files import FILE_MODE, FOLDER_MODE, PART, aside_of, private_files
from runfix_analytics.store import Store

MANIFEST = ".manifest.json"  # hidden things at a store's root are in no backup, so that no file of its has this name
_CHUNK = 1024 * 1024
_BROKEN = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError)


@dataclass(frozen=True)
class Kept:
    """What a backup holds: files and their bytes; `n_left_out`: links and the like in the store, which it does not."""

    n_files: int
    n_bytes: int
    n_left_out: int = 0


@dataclass(frozen=True)
class Restored:
    """What was brought back, the rows of its tables, and the names of tables that cannot be read."""

    kept: Kept
    n_rows: int
    unreadable: tuple[str, ...]


def back_up(store: Store, to: Path, *, at: datetime) -> Kept:
    """Writes the store to a new file, whole or not at all; no writer may be at work, and none can begin meanwhile.

    Raises: StoreError when the file is there already or lies in the store, or when a file changed while it was read.
    """
    root, to = store.root, to.absolute()
    if isinstance(root, ObjectPath):
        raise StoreError(
            f"{root} lies in a bucket; let the bucket keep versions or a replica, or copy it to a folder while nobody "
            "writes; see A store in a bucket in operator.md"
        )
    if to.exists():
        raise StoreError(f"{to} is there already; a backup replaces nothing, choose another name")
    if to.resolve().is_relative_to(root):
        raise StoreError(f"{to} lies in the store itself; choose a place outside, best on another disk")
    aside = aside_of(to)
    with only_writer(root, f"runfix backup since {at:%Y-%m-%d %H:%M} UTC", any_schema=True), private_files():
        try:
            kept = _written(root, aside)
            aside.replace(to)
        finally:
            aside.unlink(missing_ok=True)
    return kept


def check(path: Path) -> Kept:
    """Reads a backup to its end and compares every file with the list of digests.

    Raises: StoreError saying what is wrong with it.
    """
    return _read(path, None)


def restore(path: Path, root: Path) -> Restored:
    """Makes a store of a backup at a new root, which is there only when every file came back as it was.

    Raises: StoreError when the root holds something, or the backup is not whole; then no root is made.
    """
    root = root.absolute()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise StoreError(f"{root} is there already; a backup is restored to a new folder only")
    aside = root.with_name(f".{root.name}{PART}")  # one name, so that a repeat clears what a killed restore left
    with private_files():
        aside.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        with only_writer(aside, f"runfix restore to {root}", any_schema=True):
            _empty(aside)
            try:
                kept = _read(path, aside)
                Store(aside)
                n_rows, unreadable = _read_tables(aside)
                aside.replace(root)
            finally:
                if aside.exists():
                    shutil.rmtree(aside)
    return Restored(kept, n_rows, unreadable)


# writing


def _written(root: Path, path: Path) -> Kept:
    files: dict[str, dict[str, str | int]] = {}
    n_left_out = 0
    with path.open("xb") as raw:
        with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
            for entry in _entries(root):
                name, kind = entry.relative_to(root).as_posix(), entry.lstat()
                if stat.S_ISDIR(kind.st_mode):
                    tar.addfile(_member(name, 0, kind.st_mtime, is_folder=True))
                elif stat.S_ISREG(kind.st_mode):
                    files[name] = _add(tar, entry, name)
                else:
                    n_left_out += 1
            manifest = json.dumps({"files": files}).encode()
            tar.addfile(_member(MANIFEST, len(manifest), 0), BytesIO(manifest))
        raw.flush()
        os.fsync(raw.fileno())
    return Kept(len(files), sum(int(said["bytes"]) for said in files.values()), n_left_out)


def _entries(root: Path) -> Iterator[Path]:
    """Everything below the root in a fixed order, folders first; not what is hidden there nor what is half written."""
    below = sorted(path for path in root.iterdir() if not path.name.startswith("."))
    while below:
        path = below.pop(0)
        if path.name.startswith(".") and path.name.endswith(PART):
            continue
        yield path
        if path.is_dir() and not path.is_symlink():
            below = sorted(path.iterdir()) + below


def _member(name: str, n_bytes: int, mtime: float, *, is_folder: bool = False) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mtime = n_bytes, int(mtime)
    member.type = tarfile.DIRTYPE if is_folder else tarfile.REGTYPE
    member.mode = FOLDER_MODE if is_folder else FILE_MODE
    return member


def _add(tar: tarfile.TarFile, path: Path, name: str) -> dict[str, str | int]:
    """A file, as long as it is when it is opened: what grows meanwhile (an upload) is cut there."""
    try:
        with path.open("rb") as file:
            kind = os.fstat(file.fileno())
            hashed = _Hashed(file)
            tar.addfile(_member(name, kind.st_size, kind.st_mtime), hashed)
    except FileNotFoundError as error:
        raise StoreError(f"{name} was removed while the backup was made; run it again") from error
    if hashed.n_bytes != kind.st_size:
        raise StoreError(f"{name} became shorter while the backup was made; run it again")
    return {"sha256": hashed.digest.hexdigest(), "bytes": kind.st_size}


@dataclass
class _Hashed:
    """A stream that keeps the digest of what was read from it; at its end it gives zeros, which are not counted."""

    stream: IO[bytes]
    digest: Any = field(default_factory=hashlib.sha256)
    n_bytes: int = 0

    def read(self, n: int = 0, /) -> bytes:
        part = self.stream.read(n)
        self.digest.update(part)
        self.n_bytes += len(part)
        return part + bytes(n - len(part))


# reading


def _read(path: Path, into: Path | None) -> Kept:
    """Reads all members, checks them, and writes them below a folder if one is given."""
    found: dict[str, dict[str, str | int]] = {}
    said: dict[str, Any] | None = None
    try:
        with gzip.open(path, "rb") as packed:
            with tarfile.open(fileobj=packed, mode="r|") as tar:
                for member in tar:
                    if said is not None:
                        raise StoreError(f"{path} is no backup of runfix: something follows its list of files")
                    if member.name == MANIFEST:
                        said = json.loads(_stream_of(tar, member).read())["files"]
                        continue
                    name = _name(path, member, found)
                    if not member.isdir():
                        found[name] = _taken(tar, member, into)
                    elif into:
                        (into / name).mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            while packed.read(_CHUNK):
                pass  # to the end, where gzip has its own sum
    except (*_BROKEN, KeyError, TypeError) as error:
        raise StoreError(f"{path} is no whole backup of runfix: {error}") from error
    _compare(path, found, said)
    return Kept(len(found), sum(int(file["bytes"]) for file in found.values()))


def _name(path: Path, member: tarfile.TarInfo, found: dict[str, Any]) -> str:
    """A member's name, as it may stand below a folder.

    Raises: StoreError for links and devices, for a name that leads elsewhere, and for one that was there already.
    """
    name = PurePosixPath(member.name)
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE):
        raise StoreError(f"{path} is no backup of runfix: {member.name} is neither file nor folder")
    if name.is_absolute() or ".." in name.parts or str(name) != member.name or name.parts[0].startswith("."):
        raise StoreError(f"{path} is no backup of runfix: {member.name} leads out of the store")
    if member.name in found:
        raise StoreError(f"{path} is no backup of runfix: {member.name} is in it twice")
    return member.name


def _stream_of(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = tar.extractfile(member) if member.isreg() else None
    if stream is None:
        raise tarfile.ReadError(f"{member.name} is no file")
    return stream


def _taken(tar: tarfile.TarFile, member: tarfile.TarInfo, into: Path | None) -> dict[str, str | int]:
    stream, digest, n_bytes = _stream_of(tar, member), hashlib.sha256(), 0
    target = into / member.name if into else Path(os.devnull)
    if into:
        target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    with target.open("xb" if into else "wb") as file:
        while part := stream.read(_CHUNK):
            digest.update(part)
            n_bytes += len(part)
            file.write(part)
    if into:
        os.utime(target, (member.mtime, member.mtime))
    return {"sha256": digest.hexdigest(), "bytes": n_bytes}


def _compare(path: Path, found: dict[str, dict[str, str | int]], said: dict[str, Any] | None) -> None:
    if said is None:
        raise StoreError(f"{path} is no whole backup of runfix: its list of files is missing, it is cut or no backup")
    different = sorted(name for name in found.keys() | said.keys() if found.get(name) != said.get(name))
    if different:
        raise StoreError(f"{path} is damaged: {len(different)} of {len(said)} files, first {different[0]}")


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != LOCK_FILE:
            path.unlink()


def _read_tables(root: Path) -> tuple[int, tuple[str, ...]]:
    """The rows of all tables, read to the last cell, and the tables of which that fails."""
    n_rows, unreadable, tables = 0, [], DeltaTables(root)
    for table in sorted(path.name for path in (root / FOLDER).iterdir()):
        try:
            counts = tables.scan(table).select(n_rows=pl.len(), nulls=pl.sum_horizontal(pl.all().null_count()))
            n_rows += counts.collect()["n_rows"].item()
        except (OSError, DeltaError, pl.exceptions.PolarsError):
            unreadable.append(table)
    return n_rows, tuple(unreadable)
