"""Where a store lies: a folder, or a place in a bucket (s3://, gs://, az://), which answers as a path does.

A bucket knows objects and no folders: a folder is there while something lies in it. An object is written whole or not
at all, so nothing is renamed. Credentials and the endpoint are those of the environment, by the same names as for the
tables (AWS_…, GOOGLE_…, AZURE_…).
"""

import errno
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, cast

from runfix_analytics.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from obstore import ObjectMeta, PutMode, PutResult
    from obstore.store import ObjectStore

SCHEMES = ("s3", "gs", "az")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(?:/[A-Za-z0-9._=-]+)*")
_ANSWER = re.compile(r"status code: (\d{3} [A-Za-z ]+)")
_MOST_AT_ONCE = 1000
_FEW = 8  # to ask for each costs less than a listing
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".pdf": "application/pdf",
}


@dataclass(frozen=True)
class State:
    """What the store says of an object: `mark` is another one after every write."""

    n_bytes: int
    modified_at: datetime
    mark: str
    version: str | None = None


@dataclass(frozen=True)
class ObjectPath:
    """A place in a bucket: the URL of a store, and the key of an object or of a folder of objects below it.

    `listed`: what a listing said of the object, as it was then. Everything that asks the bucket raises an OSError with
    the place when it does not answer as it should, FileNotFoundError for an object that is not there.
    """

    base: str
    key: str = ""
    listed: State | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.base}/{self.key}" if self.key else self.base

    def __lt__(self, other: "ObjectPath") -> bool:
        """Part by part, as paths are ordered."""
        return (self.base, self.key.split("/")) < (other.base, other.key.split("/"))

    def __truediv__(self, below: str | PurePosixPath) -> "ObjectPath":
        return ObjectPath(self.base, "/".join(part for part in (self.key, str(below)) if part))

    @property
    def name(self) -> str:
        """The last part of the key, of the root that of the URL."""
        return str(self).rpartition("/")[2]

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """The name's suffix with its dot."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> "ObjectPath":
        """The folder that it lies in; of the root the root."""
        return ObjectPath(self.base, self.key.rpartition("/")[0])

    def with_name(self, name: str) -> "ObjectPath":
        """Another one in the same folder."""
        return self.parent / name

    def with_suffix(self, suffix: str) -> "ObjectPath":
        """The same name with another suffix."""
        return self.with_name(self.stem + suffix)

    def relative_to(self, other: "ObjectPath") -> PurePosixPath:
        """The key as it is below a folder."""
        return PurePosixPath(self.key).relative_to(other.key or ".")

    def as_uri(self) -> str:
        """Its URL."""
        return str(self)

    # what is there

    def state(self) -> State:
        """What the bucket says of the object now."""
        import obstore

        with _told(self):
            return _state(obstore.head(_opened(self.base), self.key))

    def exists(self) -> bool:
        """Whether there is such an object now."""
        try:
            self.state()
        except FileNotFoundError:
            return False
        return True

    def is_file(self) -> bool:
        """Whether there is such an object, or was when it was listed."""
        return self.listed is not None or self.exists()

    def is_dir(self) -> bool:
        """Whether something lies in it."""
        return next(self._objects(at_most=1), None) is not None

    def is_symlink(self) -> bool:
        """No: a bucket has none."""
        return False

    def iterdir(self) -> Iterator["ObjectPath"]:
        """What lies directly in it, objects and folders."""
        import obstore

        with _told(self):
            found = obstore.list_with_delimiter(_opened(self.base), self.key or None)
            yield from (ObjectPath(self.base, key) for key in found["common_prefixes"])
            yield from (ObjectPath(self.base, of["path"], _state(of)) for of in found["objects"])

    def glob(self, pattern: str) -> Iterator["ObjectPath"]:
        """What lies directly in it under such a name."""
        return (path for path in self.iterdir() if fnmatchcase(path.name, pattern))

    def rglob(self, pattern: str) -> Iterator["ObjectPath"]:
        """The objects below it, however deep, under such a name; folders are none."""
        return (path for path in self._objects() if fnmatchcase(path.name, pattern))

    def _objects(self, at_most: int = _MOST_AT_ONCE) -> Iterator["ObjectPath"]:
        import obstore

        with _told(self):
            for some in obstore.list(_opened(self.base), self.key or None, chunk_size=at_most):
                yield from (ObjectPath(self.base, of["path"], _state(of)) for of in some)

    # reading and writing

    def read_bytes(self) -> bytes:
        """The whole content."""
        return self.read()[0]

    def read(self) -> tuple[bytes, State]:
        """The whole content, and the state that it is of."""
        import obstore

        with _told(self):
            got = obstore.get(_opened(self.base), self.key)
            return bytes(got.bytes()), _state(got.meta)

    def read_text(self, encoding: str = "utf-8") -> str:
        """The whole content as text."""
        return self.read_bytes().decode(encoding)

    def open(self, _mode: str = "rb") -> BinaryIO:
        """The content as a stream that can be gone back in; parts are fetched as they are read."""
        import obstore

        with _told(self):
            return cast(BinaryIO, _Stream(self, obstore.open_reader(_opened(self.base), self.key)))

    def write_bytes(self, content: bytes) -> None:
        """Puts an object in the place of what is there: readers see the old one or the new one."""
        self._put(content)

    def write_stream(self, content: BinaryIO) -> None:
        """Puts an object of any size, as `write_bytes` does."""
        self._put(content)

    def create(self, content: bytes) -> State | None:
        """Puts an object where there is none; None where there is one."""
        return self._put_if("create", content)

    def replace_if(self, of: State, content: bytes) -> State | None:
        """Puts an object in the place of one that is still as it was; None where it is not."""
        mode: dict[str, str] = {"e_tag": of.mark} | ({"version": of.version} if of.version else {})
        return self._put_if(cast("PutMode", mode), content)

    def _put_if(self, mode: "PutMode", content: bytes) -> State | None:
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        try:
            made = self._put(content, mode)
        except OSError as error:
            if isinstance(error.__cause__, AlreadyExistsError | PreconditionError):
                return None
            raise
        return State(len(content), datetime.min, made["e_tag"] or "", made["version"])  # noqa: DTZ901  # not asked for

    def _put(self, content: bytes | BinaryIO, mode: "PutMode | None" = None) -> "PutResult":
        import obstore

        attributes = {"Content-Type": _KINDS[self.suffix]} if self.suffix in _KINDS else None
        try:
            with _told(self):
                return obstore.put(_opened(self.base), self.key, cast(Any, content), attributes=attributes, mode=mode)
        except FileNotFoundError as error:
            raise OSError(errno.ENOENT, "there is no such bucket; make it first", self.base) from error

    def unlink(self, *, missing_ok: bool = False) -> None:
        """Removes the object; a bucket does not say whether it was there."""
        del missing_ok
        remove([self])


def remove(paths: Sequence[ObjectPath]) -> None:
    """Removes objects of one store, many with one request."""
    import obstore

    for start in range(0, len(paths), _MOST_AT_ONCE):
        some = paths[start : start + _MOST_AT_ONCE]
        with _told(some[0]):
            obstore.delete(_opened(some[0].base), [path.key for path in some])


Place: TypeAlias = Path | ObjectPath


def place_of(said: str | Path | ObjectPath) -> Place:
    """A folder or a place in a bucket, as somebody wrote it.

    Raises: StoreError for a URL of another kind, or one with characters in which programs differ; ConfigError where
    what a bucket is reached with is not installed.
    """
    if isinstance(said, ObjectPath) or (isinstance(said, Path) and not _URL.fullmatch(str(said))):
        return said
    url = _URL.fullmatch(str(said))
    if url is None:
        return Path(said)
    scheme, where = url[1].lower(), url[2].rstrip("/")
    if scheme not in SCHEMES:
        raise StoreError(f"{said}: a store lies in a folder or below {', '.join(f'{s}://' for s in SCHEMES)}")
    if not _PREFIX.fullmatch(where) or any(part in (".", "..") for part in where.split("/")):
        raise StoreError(f"{said}: a bucket and a prefix are letters, digits, . _ = and -, with / between")
    if find_spec("obstore") is None:
        raise ConfigError("a store in a bucket needs obstore; run: pip install 'runfix-analytics[objects]'")
    return ObjectPath(f"{scheme}://{where}")


def is_url(said: str) -> bool:
    """Whether this is meant as a URL, of whatever kind."""
    return _URL.fullmatch(said) is not None


def ordered(places: Iterable[Place]) -> list[Place]:
    """Places of one store, in order."""
    return cast(list[Place], sorted(cast(list[Path], list(places))))


def present(folder: Place, wanted: Collection[Place]) -> set[Place]:
    """Those of some files below a folder that are there; of a bucket many are found by one listing."""
    if isinstance(folder, ObjectPath) and len(wanted) > _FEW:
        return set(wanted) & set(folder.rglob("*"))
    return {place for place in wanted if place.exists()}


def holding(folder: Place, names: Iterable[str], wanted: Collection[str]) -> set[str]:
    """Those of some folders below a folder, by name, in which all wanted files lie; of a bucket by one listing."""
    if isinstance(folder, ObjectPath):
        there = {tuple(path.relative_to(folder).parts) for path in folder.rglob("*")}
        return {name for name in names if all((name, file) in there for file in wanted)}
    return {name for name in names if _names_in(folder / name).issuperset(wanted)}


def _names_in(folder: Path) -> set[str]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries}
    except (FileNotFoundError, NotADirectoryError):
        return set()


def below(folder: Place, place: Place) -> PurePosixPath:
    """The path of a place as it is below a folder."""
    return PurePosixPath(place.relative_to(cast(Any, folder)))


class _Stream:
    """A reader of an object whose errors are told with the place."""

    def __init__(self, path: ObjectPath, reader: Any) -> None:
        self._path, self._reader = path, reader

    def read(self, n: int | None = -1, /) -> bytes:
        with _told(self._path):
            return bytes(self._reader.read(None if n is None or n < 0 else n))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    def __enter__(self) -> "_Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()


def _state(of: "ObjectMeta") -> State:
    return State(of["size"], of["last_modified"], of["e_tag"] or str(of["last_modified"]), of["version"])


@lru_cache(maxsize=8)
def _opened(base: str) -> "ObjectStore":
    from obstore.store import from_url

    return from_url(base)


@contextmanager
def _told(path: ObjectPath) -> Iterator[None]:
    """What the bucket says, as an OSError with the place; of its own words only the answer's number: they hold keys."""
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        said = "the bucket refuses it; see its policy and the credentials in the environment"
        raise PermissionError(errno.EACCES, said, str(path)) from error
    except (BaseError, ValueError, OSError) as error:
        answer = _ANSWER.search(str(error))
        said = f"the bucket answers {answer[1].strip()}" if answer else "the bucket cannot be reached, or not so"
        raise OSError(errno.EIO, said, str(path)) from error
