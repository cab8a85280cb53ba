"""Tables beside the pages, for who works on with the numbers in a spreadsheet; no cell of one is a formula there."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from runfix_analytics.text import clean_text

DIGITS = 4
BYTE_ORDER_MARK = "\ufeff"  # by which spreadsheets know UTF-8
_FORMULA = re.compile(r"\s*[=+\-@]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table as CSV: commas, a point in numbers, days as 2026-03-31, shares as 0.75; an empty cell is not known."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return (BYTE_ORDER_MARK + written.getvalue()).encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{round(value, DIGITS):g}" if abs(value) < 1 else f"{round(value, DIGITS):.10g}"
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, int) else _text(str(value))


@lru_cache(maxsize=4096)  # most cells say one of a few words
def _text(value: str) -> str:
    text = clean_text(value)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text
