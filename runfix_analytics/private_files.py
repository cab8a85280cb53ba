"""What a store writes is its owner's only, whole or not at all: folders 0700, files 0600, written aside and renamed.

In a bucket an object is whole by itself, and who may read it is the bucket's own affair.
"""

import errno
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from deltalake.exceptions import DeltaError

from runfix_analytics.object_locks import require_held
from runfix_analytics.places import ObjectPath, Place, ordered, remove

FOLDER_MODE, FILE_MODE, PRIVATE_UMASK = 0o700, 0o600, 0o077
PART = ".part"
_COPY_BYTES = 1024 * 1024
_OS_ERROR = re.compile(r"\(os error (\d+)\)")


@contextmanager
def private_files() -> Iterator[None]:
    """Whatever is created inside is readable by its owner only."""
    before = os.umask(PRIVATE_UMASK)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def telling_where(path: Place) -> Iterator[None]:
    """What the disk says while something is written, as an OSError with the place; Delta has errors of its own."""
    try:
        yield
    except (OSError, DeltaError) as error:
        number = getattr(error, "errno", None) or int((_OS_ERROR.search(str(error)) or [0, 0])[1])
        if isinstance(path, ObjectPath) and not number:
            raise OSError(errno.EIO, "the bucket does not do it, or cannot be reached", str(path)) from error
        if not number or getattr(error, "filename", None):
            raise
        raise OSError(number, os.strerror(number), str(path)) from error


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """A place beside `path` to write to; it takes the place of `path` when all went well."""
    aside = aside_of(path)
    with private_files(), telling_where(path):
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        try:
            yield aside
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


def write_private(path: Place, content: bytes) -> None:
    """Writes a file beside its place and renames it: readers see the old one or the new one, never a part."""
    if isinstance(path, ObjectPath):
        require_held(path.base)
        path.write_bytes(content)
    else:
        with written_aside(path) as aside:
            aside.write_bytes(content)


def copy_private(path: Place, content: BinaryIO) -> None:
    """Writes a file of any size as `write_private` does."""
    if isinstance(path, ObjectPath):
        require_held(path.base)
        path.write_stream(content)
    else:
        with written_aside(path) as aside, aside.open("wb") as file:
            shutil.copyfileobj(content, file, _COPY_BYTES)


def make_folder(path: Place) -> None:
    """A new folder; a bucket has none, and needs none."""
    if isinstance(path, Path):
        with private_files():
            path.mkdir(mode=FOLDER_MODE)


def removed(path: Place) -> int:
    """Removes a file or a folder, of a link only the link; returns how many files went."""
    if isinstance(path, ObjectPath):
        return remove_files({*path.rglob("*"), *([path] if path.is_file() else [])})
    if path.is_dir() and not path.is_symlink():
        n = sum(1 for below in path.rglob("*") if below.is_symlink() or not below.is_dir())
        shutil.rmtree(path)
        return n
    existed = path.is_symlink() or path.exists()
    path.unlink(missing_ok=True)
    return int(existed)


def remove_files(paths: Collection[Place]) -> int:
    """Removes files of one store, in order; returns how many."""
    if objects := [path for path in paths if isinstance(path, ObjectPath)]:
        require_held(objects[0].base)
        remove(sorted(objects))
    for path in ordered(path for path in paths if isinstance(path, Path)):
        path.unlink(missing_ok=True)
    return len(paths)


def aside_of(path: Path) -> Path:
    """A new hidden name beside a path, for what is written or removed there; `upkeep` clears what a kill leaves."""
    return path.with_name(f".{secrets.token_hex(8)}{PART}")
