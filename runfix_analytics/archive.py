"""The files in a zip archive, within limits: checked as a whole first, then read one by one, none unpacked to disk.

An archive that breaks a limit is refused whole: no file of it is read. Names of members are labels for messages and for
the exports that refer to each other; they never become a path.
"""

import errno
import io
import lzma
import stat
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import IO, BinaryIO, cast

from runfix_analytics.errors import ReadError
from runfix_analytics.sourcefile import MAX_BYTES, is_archive
from runfix_analytics.text import file_label

_MAGIC_LENGTH = 4
_ENCRYPTED = 0x1
_OFFICE = "[Content_Types].xml"
_CHUNK = 1024 * 1024
_IN_MEMORY = 64 * 1024 * 1024  # larger archives in an archive wait on disk, nameless and private
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    ValueError,
    OverflowError,
    RuntimeError,
)
_NO_PLACE = (None, errno.EINVAL)  # bzip2 finds no sense in the bytes; a place before the file's beginning is asked for


@dataclass(frozen=True)
class Limits:
    """What an archive may hold, those inside it included. Ours: a Garmin account export has up to 25 000 files."""

    entries: int = 100_000
    total_bytes: int = 16 * 1024**3
    file_bytes: int = 6 * 1024**3  # Apple's export.xml; what cannot be streamed has the lower limit of every file
    ratio: int = 250  # unpacked against packed; text logs reach 50
    ratio_from_bytes: int = 16 * 1024 * 1024  # a small file may be all blanks


@dataclass(frozen=True)
class Member:
    """One file of an archive; `name` is a label, with / between folders and without an e-mail address."""

    name: str
    n_bytes: int
    _archive: zipfile.ZipFile
    _info: zipfile.ZipInfo

    @contextmanager
    def stream(self) -> Iterator[BinaryIO]:
        """The unpacked bytes, counted.

        Raises: ReadError when they are damaged, more than the archive says, or a symbolic link's.
        """
        if stat.S_ISLNK(self._info.external_attr >> 16):
            raise ReadError(f"{self.name}: is a symbolic link; archive the file itself")
        with _damage_told(self.name), self._archive.open(self._info) as packed:
            yield cast(BinaryIO, _Counted(packed, self.name, self.n_bytes))

    def open(self) -> BinaryIO:
        """The unpacked bytes as a stream that the caller closes; counted.

        Raises: ReadError when they are damaged.
        """
        with _damage_told(self.name):
            return cast(BinaryIO, _Counted(self._archive.open(self._info), self.name, self.n_bytes))

    def content(self, max_bytes: int = MAX_BYTES) -> bytes:
        """All bytes.

        Raises: ReadError when they are damaged, or more than `max_bytes`.
        """
        if self.n_bytes > max_bytes:
            raise ReadError(f"{self.name}: {self.n_bytes} bytes are more than the limit of {max_bytes}")
        with self.stream() as stream:
            return stream.read()


class _Counted(io.BufferedIOBase):
    """A stream that refuses to give more bytes than were announced."""

    def __init__(self, stream: IO[bytes], name: str, n_bytes: int) -> None:
        self._stream, self._name, self._left = stream, name, n_bytes

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = self._left + 1 if size is None or size < 0 else size
        with _damage_told(self._name):
            part = self._stream.read(wanted)
        self._left -= len(part)
        if self._left < 0:
            raise ReadError(f"{self._name}: holds more bytes than the archive says")
        return part

    def close(self) -> None:
        self._stream.close()
        super().close()


@contextmanager
def _damage_told(name: str) -> Iterator[None]:
    """What is wrong with an archive's bytes becomes a ReadError; what is wrong with the disk stays as it is."""
    try:
        yield
    except (*_BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_PLACE:
            raise
        raise ReadError(f"{name}: damaged in the archive: {error}") from error


@contextmanager
def opened(name: str, stream: BinaryIO, limits: Limits | None = None) -> Iterator[list[Member]]:
    """The files of an archive and of the archives in it, one deep; folders, hidden and system files left out.

    Raises: ReadError, before any file is read, when the archive is broken, encrypted, holds two files of one name, an
    archive in an archive in an archive, or more than the limits allow.
    """
    within = limits or Limits()
    inner: list[tuple[zipfile.ZipFile, BinaryIO]] = []
    try:
        outer = _zip(name, stream)
        found = _checked(name, outer, within)
        members = [member for member in found if not _is_inner(member)]
        for nested in (member for member in found if _is_inner(member)):
            kept = _unpacked(nested)
            archive = _zip(nested.name, kept)
            inner.append((archive, kept))
            below = _checked(nested.name, archive, within)
            if deeper := next((member for member in below if _is_inner(member)), None):
                raise ReadError(f"{deeper.name}: an archive in an archive in an archive is not opened; unpack it once")
            members += below
        _check_total(name, members, within)
        yield list(_told_apart(members))
    finally:
        for archive, kept in inner:
            archive.close()
            kept.close()


def _zip(name: str, stream: BinaryIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(stream)
    except (*_BROKEN, OSError) as error:
        raise ReadError(f"{name}: broken zip archive: {error}; export it again") from error


def _checked(name: str, archive: zipfile.ZipFile, limits: Limits) -> list[Member]:
    """The files of one archive.

    Raises: ReadError when it breaks a limit that can be told from its directory.
    """
    infos = archive.infolist()
    if len(infos) > limits.entries:
        raise ReadError(f"{name}: {len(infos)} files are more than the limit of {limits.entries}; split the export")
    if any(info.filename == _OFFICE for info in infos):
        raise ReadError(f"{name}: is a document of an office program; save the table as CSV")
    seen: set[str] = set()
    for info in infos:
        if info.filename in seen:
            raise ReadError(f'{name}: holds two files named "{info.filename}"; such archives are not opened')
        seen.add(info.filename)
        if info.flag_bits & _ENCRYPTED:
            raise ReadError(f"{name}: is encrypted; unpack it and import the folder")
        if info.file_size > limits.file_bytes:
            raise ReadError(
                f'{name}: "{info.filename}" has {info.file_size} bytes, more than the limit of {limits.file_bytes}'
            )
        if info.file_size > max(limits.ratio * info.compress_size, limits.ratio_from_bytes):
            raise ReadError(
                f'{name}: "{info.filename}" unpacks to {info.file_size} bytes from {info.compress_size}, more than '
                f"{limits.ratio} times as much; such archives are not opened"
            )
    return [
        Member(f"{name}/{_label(info.filename)}", info.file_size, archive, info)
        for info in infos
        if not info.filename.endswith("/") and not _is_hidden(info.filename)
    ]


def _check_total(name: str, members: list[Member], limits: Limits) -> None:
    if len(members) > limits.entries:
        raise ReadError(f"{name}: {len(members)} files are more than the limit of {limits.entries}; split the export")
    total = sum(member.n_bytes for member in members)
    if total > limits.total_bytes:
        raise ReadError(f"{name}: unpacks to {total} bytes, more than the limit of {limits.total_bytes}")


def _is_inner(member: Member) -> bool:
    """Whether a file of an archive is one itself; a damaged file is told when it is read."""
    try:
        with member.stream() as stream:
            return is_archive(stream.read(_MAGIC_LENGTH))
    except ReadError:
        return False


def _unpacked(member: Member) -> BinaryIO:
    kept = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # closed by who asked for it
    with member.stream() as stream:
        while part := stream.read(_CHUNK):
            kept.write(part)
    kept.seek(0)
    return kept  # type: ignore[return-value]


def _told_apart(members: list[Member]) -> Iterator[Member]:
    """With a number behind a label that another file has already: a damaged file is known by its label alone."""
    taken: set[str] = set()
    numbers: Counter[str] = Counter()
    for member in members:
        name = member.name
        while name in taken:
            numbers[member.name] += 1
            name = f"{member.name} ({numbers[member.name] + 1})"
        taken.add(name)
        yield replace(member, name=name)


def _is_hidden(name: str) -> bool:
    return any((part.startswith(".") and part not in ("..", ".")) or part == "__MACOSX" for part in _parts(name))


def _label(name: str) -> str:
    """The path inside the archive, without what would lead out of it."""
    return file_label("/".join(part for part in _parts(name) if part not in ("..", "."))) or "unnamed"


def _parts(name: str) -> list[str]:
    return [part for part in PurePosixPath(name.replace("\\", "/")).parts if part != "/"]
