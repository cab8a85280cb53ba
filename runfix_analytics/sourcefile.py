"""What a reader is given: the bytes of one file, and the sheet in them if there is one."""

import csv
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import stat
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from runfix_analytics.errors import ReadError
from runfix_analytics.places import ObjectPath, Place

MAX_BYTES = 512 * 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_DELIMITERS = (",", ";", "\t")
_HEADER_BYTES = 64 * 1024
_CHUNK = 1024 * 1024
_IN_MEMORY = 64 * 1024 * 1024
_LONGEST_CHARACTER = 4
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# every repeat is possessive: hostile heads must not be tried again and again
_XML_MISC = r"(?>\s+|<\?.*?\?>|<!--.*?-->)*+"
XML_PROLOGUE = re.compile(rf"[\ufeff\0]*{_XML_MISC}(?><!DOCTYPE[^\[>]*(?:\[.*?\]\s*+)?>)?{_XML_MISC}", re.DOTALL)
XML_ROOT = re.compile(r"\s*<(?:[\w.-]+:)?([\w.-]+)(?=[\s/>])")
csv.field_size_limit(MAX_BYTES)  # one long note must not cost the file; ingest cuts it


@dataclass(frozen=True)
class Row:
    """One row of a sheet: its number as a spreadsheet shows it (header = 1) and its cells, stripped."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A delimited text file: header cells as written (stripped), then the rows; wholly blank rows are left out.

    A row may have more or fewer cells than the header: the reader decides what that means.
    """

    header: tuple[str, ...]
    rows: tuple[Row, ...]

    def column(self, *names: str, nth: int = 0) -> int | None:
        """Position of the nth column with one of these names (case-insensitive), or None."""
        wanted = {name.casefold() for name in names}
        places = [i for i, cell in enumerate(self.header) if cell.casefold() in wanted]
        return places[nth] if len(places) > nth else None


@dataclass(frozen=True)
class SourceFile:
    """One file's name (for messages only, never for decisions) and its bytes, unpacked if they were gzipped.

    A file over the limit for memory has no `content`, only `head` and `open_stream`: readers that can stream it do.
    `headings`: what a squad's own forms call our columns (their heading → ours), from its headings.toml.
    """

    name: str
    data: bytes | None = None
    stream: Callable[[], BinaryIO] | None = field(default=None, compare=False)
    headings: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def open(cls, path: Path, max_bytes: int = MAX_BYTES) -> "SourceFile":
        """The file at a path.

        Raises: ReadError when it cannot be opened, is a link, is too large (packed or unpacked) or is broken gzip.
        """
        return cls.unpack(path.name, packed_bytes(path, max_bytes), max_bytes)

    @classmethod
    def unpack(cls, name: str, packed: bytes, max_bytes: int = MAX_BYTES) -> "SourceFile":
        """The file whose bytes on disk are `packed`: gzip is opened, anything else is taken as it is.

        Raises: ReadError when it is broken gzip or unpacks to more than the limit.
        """
        return cls(name, _gunzip(name, packed, max_bytes))

    @property
    def content(self) -> bytes:
        """All bytes.

        Raises: ReadError for a file too large for memory.
        """
        if self.data is None:
            raise ReadError(f"{self.name}: too large to be read as a whole; split the export")
        return self.data

    @cached_property
    def head(self) -> bytes:
        """The first 64 kB, enough to recognise a format by; there for a file of any size."""
        if self.data is not None:
            return self.data[:_HEADER_BYTES]
        with self.open_stream() as stream:
            return stream.read(_HEADER_BYTES)

    def open_stream(self) -> BinaryIO:
        """The bytes as a stream, from the beginning; for a file of any size."""
        return io.BytesIO(self.content) if self.stream is None else self.stream()

    @cached_property
    def text(self) -> str | None:
        """The content as text, or None for binary content; UTF-8 or UTF-16 by byte order mark, else Windows-1252.

        Raises: ReadError for a file too large for memory.
        """
        return None if self._is_binary else _decoded(self.content)

    @cached_property
    def json(self) -> Any:
        """The content as JSON: a list or a dict; None for what is no JSON, a broken or cut file included."""
        if not self.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
            return None
        try:
            return json.loads(self.text or "")
        except (ValueError, RecursionError):
            return None

    @cached_property
    def xml_root(self) -> str | None:
        """The name of an XML file's outermost element, without its namespace; None for what is no XML.

        Only the head is looked at, nothing is parsed and nothing expanded; blanks before the declaration are allowed.
        """
        if self._is_binary:
            return None
        head = _decoded(self.head)
        prologue = XML_PROLOGUE.match(head)
        found = XML_ROOT.match(head, prologue.end() if prologue else 0)
        return found[1] if found else None

    @cached_property
    def _is_binary(self) -> bool:
        return b"\0" in self.head and not self.head.startswith(_UTF_16)

    @cached_property
    def header(self) -> tuple[str, ...]:
        """The first row of a sheet, cheap to ask; empty for what is no sheet."""
        rows = self.first_rows(1)
        return rows[0].cells if rows else ()

    def first_rows(self, limit: int) -> list[Row]:
        """The first rows of a sheet, its header among them, as far as the head has them; none for binary content."""
        return [] if self._is_binary else _rows(_decoded(self.head), limit)

    @cached_property
    def sheet(self) -> Sheet:
        """The whole sheet.

        Raises: ReadError when the content is no delimited text.
        """
        rows = _rows(self.text or "")
        if not rows:
            raise ReadError(f"{self.name}: holds no table")
        return Sheet(rows[0].cells, tuple(rows[1:]))


def _decoded(content: bytes) -> str:
    if content.startswith(_UTF_16):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(content) == _HEADER_BYTES and error.start > len(content) - _LONGEST_CHARACTER:
            return content[: error.start].decode("utf-8-sig")  # the head ends inside a character
        return content.decode("cp1252", errors="replace")


def packed_bytes(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes on disk.

    Raises: ReadError when the file cannot be opened, is a link or no regular file, or is larger than the limit.
    """
    with open_checked(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > max_bytes:
            raise ReadError(f"{path.name}: {size} bytes are more than the limit of {max_bytes}; split the export")
        return stream.read()


@contextmanager
def open_checked(path: Place) -> Iterator[BinaryIO]:
    """The bytes on disk as a stream.

    Raises: ReadError when the file cannot be opened, or is a link or no regular file.
    """
    if isinstance(path, ObjectPath):
        with _fetched(path) as fetched:
            yield fetched
        return
    try:
        kind = path.lstat()
        if stat.S_ISLNK(kind.st_mode):
            raise ReadError(f"{path.name}: is a symbolic link; copy the file itself into the inbox")
        if not stat.S_ISREG(kind.st_mode):
            raise ReadError(f"{path.name}: is no regular file; copy the file itself into the inbox")
        stream = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
    except OSError as error:
        raise ReadError(f"{path.name}: cannot be opened: {error.strerror}") from error
    with stream:
        yield stream


@contextmanager
def _fetched(path: ObjectPath) -> Iterator[BinaryIO]:
    """An object, fetched once: it is read several times, as it was in one moment."""
    with SpooledTemporaryFile(_IN_MEMORY) as kept:
        try:
            with path.open() as stream:
                shutil.copyfileobj(stream, kept, _CHUNK)
        except FileNotFoundError as error:
            raise ReadError(f"{path.name}: cannot be opened: {error.strerror}") from error
        kept.seek(0)
        yield cast(BinaryIO, kept)


def is_archive(head: bytes) -> bool:
    """Whether the bytes begin as a zip archive does."""
    return head.startswith(_ZIP_MAGIC)


def digest(stream: BinaryIO) -> str:
    """The SHA-256 of what is left of a stream, by which a file's content is known."""
    found = hashlib.sha256()
    while part := stream.read(_CHUNK):
        found.update(part)
    return found.hexdigest()


def _gunzip(name: str, content: bytes, max_bytes: int) -> bytes:
    if not content.startswith(_GZIP_MAGIC):
        return content
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            unpacked = stream.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ReadError(f"{name}: broken gzip: {error}") from error
    if len(unpacked) > max_bytes:
        raise ReadError(f"{name}: unpacks to more than the limit of {max_bytes} bytes")
    return unpacked


def _rows(text: str, limit: int | None = None) -> list[Row]:
    """The non-blank rows; the delimiter is the one that splits the first line into most cells."""
    first_line = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first_line.count)
    rows: list[Row] = []
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                rows.append(Row(number, tuple(cell.strip() for cell in cells)))
            if limit is not None and len(rows) >= limit:
                break
    except csv.Error as error:
        raise ReadError(f"row {len(rows) + 1}: not readable as a table: {error}") from error
    return rows
