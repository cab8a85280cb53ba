"""XML files of any size as a stream of the few elements that a reader asks for, in memory that does not grow.

The parser never sees a document type. It is cut off beforehand, so that nothing is ever declared, expanded or fetched,
and so that one with mistakes (Apple's of iOS 16) costs nothing. A document that declares entities is refused.
"""

import codecs
import re
import sys
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from math import isfinite
from typing import Any
from zipfile import BadZipFile

from lxml import etree

from runfix_analytics.errors import ReadError
from runfix_analytics.parsing import UnreadableError
from runfix_analytics.sourcefile import XML_PROLOGUE, XML_ROOT, SourceFile

START, END = "start", "end"

_PROLOGUE_BYTES = 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_RECORD_CHUNKS = 128  # 8 MB: Apple's of 2017 hold every place of a run; in memory it is up to forty times as much
_DATE_LENGTH = len("2026-03-02")

_DECLARED = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"'](iso-8859-\d+|windows-125\d)[\"']", re.IGNORECASE)

# What XML may not hold and exports do: control characters (Apple's \x0b), a bare "&", a reference to no character.
_BLANKED = bytes(32 if byte < 32 and byte not in b"\t\n\r" else byte for byte in range(256))  # noqa: PLR2004
_REFERENCE = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)(?:#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));)?")
_LONGEST_REFERENCE = 12
_CHARACTER = re.compile("[\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class XmlStream:
    """(event, local name, element) of the named elements of a file, in order, whatever their namespace.

    Of a container START comes when it opens (its attributes are there) and END when it closes; its content is gone by
    then. Of a record END comes, with all that is in it. An element may be used until the next one is asked for.
    `damage` says afterwards why the file could not be read to its end; what came before has been given out.
    Raises: ReadError, before the first element, when the file declares entities or holds none.
    """

    def __init__(self, file: SourceFile, *, containers: Iterable[str] = (), records: Iterable[str]) -> None:
        self.file, self.containers, self.records = file, frozenset(containers), frozenset(records)
        self.damage: str | None = None
        self._root: Any = None
        self._is_whole = False
        self._long_record: Any = None
        self._n_chunks = 0

    def __iter__(self) -> Iterator[tuple[str, str, Any]]:
        """The elements; once."""
        chunks = _mended(_texts(self.file))
        with closing(chunks):
            first = next(chunks)
            root = XML_ROOT.match(first.decode())
            names = {*self.containers, *self.records, *(root.groups() if root else ())}
            yield from self._parsed(_parser(names), first, chunks)

    def _parsed(self, parser: Any, first: bytes, chunks: Iterator[bytes]) -> Iterator[tuple[str, str, Any]]:
        try:
            parser.feed(first)
            yield from self._events(parser)
            for chunk in chunks:
                self._sweep()
                parser.feed(chunk)
                yield from self._events(parser)
            parser.close()
        except etree.XMLSyntaxError as error:
            yield from self._events(parser)
            self.damage = self._reason(error)
        except (ReadError, OSError, EOFError, zlib.error, BadZipFile) as error:
            self.damage = f"cannot be read to its end: {error}"

    def _events(self, parser: Any) -> Iterator[tuple[str, str, Any]]:
        for event, element in parser.read_events():
            name = element.tag.rpartition("}")[2]
            if self._root is None:
                self._root = element
            if event == END and element is self._root:
                self._is_whole = True
            if name in self.containers or (event == END and name in self.records):
                yield event, name, element

    def _sweep(self) -> None:
        """Frees what has been given out: of each open element all children but the last, outside records."""
        element = self._root
        while element is not None and len(element):
            del element[:-1]
            element = element[-1]
            if element.tag.rpartition("}")[2] in self.records:
                break
        self._n_chunks = self._n_chunks + 1 if element is self._long_record else 0
        self._long_record = element
        if self._n_chunks > _RECORD_CHUNKS:
            raise ReadError("one element is larger than any export's")

    def _reason(self, error: Any) -> str | None:
        if error.code in (etree.ErrorTypes.ERR_TAG_NOT_FINISHED, etree.ErrorTypes.ERR_DOCUMENT_EMPTY):
            return "the file ends before its last element does"
        if error.code == etree.ErrorTypes.ERR_DOCUMENT_END and self._is_whole:
            return f"line {error.lineno}: something follows the end of the document, which is not read"
        if self._is_whole:
            return None  # an undeclared prefix, which is held against the file when all has been read
        return f"line {error.lineno}: no well-formed XML from here on"


def number(text: str | None) -> float | None:
    """The number in an element or attribute; None for none, for text, NaN and infinity; a decimal comma is taken."""
    try:
        value = float((text or "").replace(",", "."))
    except ValueError:
        return None
    return value if isfinite(value) else None


def date_time(text: str | None) -> datetime | None:
    """The dateTime in an element or attribute, without a zone where it states none; None for anything else."""
    stripped = (text or "").strip()
    try:
        return datetime.fromisoformat(stripped) if len(stripped) > _DATE_LENGTH else None
    except ValueError:
        return None


def start_columns(moment: datetime) -> dict[str, datetime]:
    """`start_at` of a time, and `start_local` too if it states an offset; one of nought does not say where that was.

    Raises: UnreadableError for a time outside the calendar.
    """
    try:
        start_at = moment.astimezone(UTC)
    except OverflowError:
        raise UnreadableError("bad_date", str(moment), "the time lies outside the calendar") from None
    return (
        {"start_at": start_at, "start_local": moment.replace(tzinfo=None)}
        if moment.utcoffset()
        else {"start_at": start_at}
    )


def place(latitude: str | None, longitude: str | None) -> tuple[float, float] | None:
    """Latitude and longitude in degrees; None for no place on earth, and for 0, 0, which apps write without one."""
    north, east = number(latitude), number(longitude)
    if north is None or east is None or not (north or east):
        return None
    return (north, east) if abs(north) <= 90 and abs(east) <= 180 else None  # noqa: PLR2004


def _parser(names: Iterable[str]) -> Any:
    return etree.XMLPullParser(
        events=(START, END),
        tag=[f"{{*}}{name}" for name in names],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        collect_ids=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
    )


def _texts(file: SourceFile) -> Iterator[str]:
    """The text of a file from its first element on, with as many line ends before it as the file has."""
    with file.open_stream() as stream:
        head = bytearray()
        while part := stream.read(_PROLOGUE_BYTES - len(head)):
            head += part
        decoder = codecs.getincrementaldecoder(_encoding(bytes(head[:1024])))("replace")
        text = decoder.decode(bytes(head))
        begin = _first_element(file, text)
        yield "\n" * text.count("\n", 0, begin) + text[begin:]
        while part := stream.read(_CHUNK_BYTES):
            yield decoder.decode(part)
        yield decoder.decode(b"", final=True)


def _first_element(file: SourceFile, text: str) -> int:
    found = XML_PROLOGUE.match(text)
    begin = found.end() if found else 0
    is_element = XML_ROOT.match(text, begin) is not None
    if "<!ENTITY" in (text[:begin] if is_element else text):
        raise ReadError(f"{file.name}: declares entities, which no export does and which are not read; export it again")
    if not is_element:
        raise ReadError(f"{file.name}: holds no XML element; export it again")
    return begin


def _encoding(head: bytes) -> str:
    """The byte order mark's encoding, else a declared one of one byte a character, else UTF-8 whatever is declared."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    found = _DECLARED.match(head)
    try:
        return codecs.lookup(found[1].decode()).name if found else "utf-8"
    except LookupError:
        return "utf-8"


def _mended(texts: Iterable[str]) -> Generator[bytes, None, None]:
    """The text as UTF-8 without what XML may not hold; a reference is never parted between two chunks."""
    held = b""
    for text in texts:
        data = held + text.encode("utf-8", "replace").translate(_BLANKED)
        last = data.rfind(b"&", max(len(data) - _LONGEST_REFERENCE, 0))
        end = len(data) if last < 0 else last
        held = data[end:]
        yield _REFERENCE.sub(_checked, data[:end])
    yield _REFERENCE.sub(_checked, held)


def _checked(reference: re.Match[bytes]) -> bytes:
    hexadecimal, decimal = reference.groups()
    if hexadecimal is None and decimal is None:
        return b"&amp;"
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return reference[0] if code <= sys.maxunicode and _CHARACTER.match(chr(code)) else b" "
