"""What a file that no reader knows looks like, in words that go into the ledger and into logs.

Such a file may be a letter or a note about somebody's health, so nothing of it is quoted but headings made of words
that logs use (unknown_file.toml). Who needs to know more opens the file.
"""

import re
import tomllib
from collections.abc import Collection, Iterable
from functools import cache
from importlib import resources

from runfix_analytics.sourcefile import SourceFile

_SHOWN = 6
_ROWS_COMPARED = 5
_HEADING = re.compile(r"[^\W\d](?:[^\W\d]|[ ()./%#:²-]){0,39}")  # letters and underscores, and what parts words
_WORD = re.compile(r"[^\W\d_]+")
_INSIDE_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BLANK = b" \t\r\n\0\xef\xbb\xbf\xff\xfe"
_WEB_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")
_BEGINNINGS = {
    b"%PDF-": "a PDF",
    b"\x89PNG\r\n": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"SQLite format 3": "a database (SQLite)",
    b"\xd0\xcf\x11\xe0": "a document of an office program",
    b"{\\rtf": "a document of an office program",
    b"7z\xbc\xaf": "an archive other than zip",
    b"Rar!": "an archive other than zip",
}


def looks(file: SourceFile) -> str:
    """The kind of a file by its first 64 kB: its columns, fields or outermost element, if their names may be told."""
    if not file.head.strip(_BLANK):
        return "an empty file"
    if kind := next((kind for beginning, kind in _BEGINNINGS.items() if file.head.startswith(beginning)), None):
        return kind
    if _WEB_PAGE.match(file.head.removeprefix(b"\xef\xbb\xbf")):
        return "a web page"
    if file.xml_root is not None:
        return f"XML, its outermost element {file.xml_root}" if _is_of_logs(file.xml_root) else "XML"
    if _JSON.match(file.head):
        return _json(file.json) if file.data is not None and file.json is not None else "text that begins like JSON"
    return _text(file)


def _json(value: object) -> str:
    if not isinstance(value, list):
        return f"JSON, an object with {_named(value, 'field')}" if isinstance(value, dict) else "JSON"
    first = next((record for record in value if isinstance(record, dict)), None)
    return f"JSON, a list of {len(value)}" + (f", the first with {_named(first, 'field')}" if first else "")


def _text(file: SourceFile) -> str:
    rows = file.first_rows(_ROWS_COMPARED)
    if not rows:
        return "binary content"
    header = rows[0].cells
    is_table = len(rows) > 1 and all(len(row.cells) == len(header) for row in rows)
    if len(header) > 1 and (is_table or any(map(_is_of_logs, header))):
        return f"a table with {_named(header, 'column')}"
    return "text that is no table"


def _named(names: Iterable[object], what: str) -> str:
    """How many there are, and the first of those that may be told."""
    every = [str(name) for name in names]
    told = list(dict.fromkeys(filter(_is_of_logs, every)))[:_SHOWN]
    amount = f"{len(every)} {what}{'' if len(every) == 1 else 's'}"
    return f"{amount}, among them {', '.join(told)}" if told else amount


def _is_of_logs(name: str) -> bool:
    words, headings = _known()
    if name.casefold() in headings:
        return True
    found = _WORD.findall(_INSIDE_CAMEL_CASE.sub(" ", name))
    return bool(_HEADING.fullmatch(name) and found) and all(word.casefold() in words for word in found)


@cache
def _known() -> tuple[Collection[str], Collection[str]]:
    text = resources.files("runfix_analytics").joinpath("unknown_file.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return frozenset(tables["words"]), frozenset(tables["headings"])
