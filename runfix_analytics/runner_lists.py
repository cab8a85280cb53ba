"""The lists of a squad that people keep by hand, runners.csv and names.csv: read with clear errors, and added to.

A spreadsheet may have saved them: in Windows-1252, with other columns beside ours, which stay.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue, name_key
from runfix_analytics.errors import ConfigError
from runfix_analytics.places import Place
from runfix_analytics.settings import checked_language
from runfix_analytics.tables import RUNNER_ID, STRENGTH_LOGS, UNITS, Runners

RUNNER_COLUMNS = ("runner_id", "time_zone", "units", "equipment", "active_from", "active_to", "strength_log")
OPTIONAL_COLUMNS = ("language",)
LISTS = {"runners.csv": (*RUNNER_COLUMNS, *OPTIONAL_COLUMNS), "names.csv": ("runner_id", "name")}
NO_EQUIPMENT = "none"
_SEPARATORS = ",;\t"
_MARK = "\u00ef\u00bb\u00bf"  # the byte order mark of UTF-8, read as Latin-1


def with_line(path: Place, cells: Mapping[str, str]) -> bytes:
    """The content of a list with one line more, in the order of its own headings and in UTF-8.

    Raises: ConfigError for a cell whose column is not there.
    """
    text = text_of(path) if path.exists() else ",".join(LISTS[path.name])
    headings = next(csv.reader(io.StringIO(text)), [])
    lost = sorted(column for column, cell in cells.items() if cell and column not in headings)
    if lost:
        raise ConfigError(f'{path.name}: there is no column "{lost[0]}"; add it to the first line')
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells.get(heading, "") for heading in headings)
    return encoded(f"{text.rstrip()}\n{line.getvalue()}")


def lines_of(path: Place) -> tuple[Sequence[str], list[tuple[int, dict[str, str]]]]:
    """The headings of a list kept by hand, and the number and the cells of each line below them.

    Raises: ConfigError for a carriage return alone, which ends a line in some programs and stands in a cell in others.
    """
    reader = csv.DictReader(io.StringIO(text_of(path)))
    try:
        return reader.fieldnames or (), [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        where = f"{path.name} line {reader.reader.line_num}"
        raise ConfigError(f"{where}: a line ends inside a cell; mend it, or save the list again as CSV") from error


def text_of(path: Place) -> str:
    """A file kept by hand, as UTF-8 or, from an older spreadsheet, Windows-1252."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def encoded(text: str) -> bytes:
    """A list as it is written."""
    return text.encode("utf-8" if text.isascii() else "utf-8-sig")  # by the mark at its head a spreadsheet knows UTF-8


def without_runner(content: bytes, runner_id: str) -> bytes:
    """A list kept by hand without the lines of a runner; the others stay byte for byte, whatever their encoding."""
    text = content.decode("latin-1")  # every byte is a character, and commas, quotes and ids are themselves
    lines = io.StringIO(text, newline="").readlines()
    heading = next((line for line in lines if line.strip()), "")
    reader = csv.reader(lines, delimiter=max(_SEPARATORS, key=heading.count))
    kept, place, before = [], None, 0
    for cells in reader:
        raw, before = "".join(lines[before : reader.line_num]), reader.line_num
        if place is None and cells:
            headings = [cell.removeprefix(_MARK).strip(' "').casefold() for cell in cells]
            place = headings.index("runner_id") if "runner_id" in headings else None
        is_own = place is not None and place < len(cells) and cells[place].strip() == runner_id
        if not is_own:
            kept.append(raw)
    return "".join(kept).encode("latin-1")


_newest_read: dict[tuple[str, str], dy.DataFrame[Runners]] = {}  # a night asks for the same list for each of its parts


def read_runners(path: Place, catalogue: Catalogue) -> dy.DataFrame[Runners]:
    """One row per runner of runners.csv, by id.

    Raises: ConfigError naming line and column of what is wrong.
    """
    text = text_of(path)
    key = (text, catalogue.version)
    if key not in _newest_read:
        read = _runners(lines_of(path), catalogue)
        _newest_read.clear()
        _newest_read[key] = read
    return _newest_read[key]


def _runners(
    lists: tuple[Sequence[str], list[tuple[int, dict[str, str]]]], catalogue: Catalogue
) -> dy.DataFrame[Runners]:
    headings, lines = lists
    missing = set(RUNNER_COLUMNS) - set(headings)
    if missing:
        raise ConfigError(f"runners.csv: column {sorted(missing)[0]} is missing")
    rows: dict[str, dict[str, Any]] = {}
    for number, cells in lines:
        where = f"runners.csv line {number}"
        row = runner_row(cells, where, catalogue)
        if row["runner_id"] in rows:
            raise ConfigError(f'{where}, runner_id: "{row["runner_id"]}" stands twice')
        rows[row["runner_id"]] = row
    frame = pl.DataFrame(list(rows.values()), schema=Runners.create_empty().schema)
    return Runners.validate(frame.sort("runner_id"), cast=True)


def runner_row(row: Mapping[str, str | None], where: str, catalogue: Catalogue) -> dict[str, Any]:
    """One line of runners.csv as a row of the table Runners.

    Raises: ConfigError naming the place and what is wrong there.
    """
    cells = {name: (row.get(name) or "").strip() for name in (*RUNNER_COLUMNS, *OPTIONAL_COLUMNS)}
    if not re.fullmatch(RUNNER_ID, cells["runner_id"]):
        raise ConfigError(f'{where}, runner_id: "{cells["runner_id"]}" must be letters, digits, - and _ (64 at most)')
    _zone(cells["time_zone"], where)
    active_from = _date(cells["active_from"], f"{where}, active_from")
    active_to = _date(cells["active_to"], f"{where}, active_to")
    if active_from and active_to and active_to < active_from:
        raise ConfigError(f"{where}, active_to: {active_to} lies before active_from {active_from}")
    return {
        "runner_id": cells["runner_id"],
        "time_zone": cells["time_zone"] or None,
        "units": _choice(cells["units"], UNITS, f"{where}, units"),
        "equipment": _equipment(cells["equipment"], where, catalogue),
        "active_from": active_from,
        "active_to": active_to,
        "strength_log": _choice(cells["strength_log"], STRENGTH_LOGS, f"{where}, strength_log"),
        "language": checked_language(cells["language"], f"{where}, language") if cells["language"] else None,
    }


def _choice(text: str, choices: Sequence[str], where: str) -> str:
    """One of the choices; the first where nothing is said."""
    word = text.casefold() or choices[0]
    if word not in choices:
        raise ConfigError(f'{where}: "{text}" is none of {", ".join(choices)}')
    return word


def _zone(name: str, where: str) -> None:
    if not _is_zone(name or "UTC"):
        raise ConfigError(f'{where}: "{name}" is no IANA time zone; write one like Europe/Berlin')


@cache
def _is_zone(name: str) -> bool:
    """Whether both Python and polars know a zone."""
    try:
        ZoneInfo(name)
        pl.Series([datetime(2026, 1, 1, tzinfo=UTC)]).dt.convert_time_zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, pl.exceptions.PolarsError):
        return False
    return True


def _date(text: str, where: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ConfigError(f'{where}: "{text}" is no date; write it like 2026-03-31') from error


def _equipment(text: str, where: str, catalogue: Catalogue) -> list[str] | None:
    if not text:
        return None
    owned = []
    for word in text.replace(",", ";").split(";"):
        key = name_key(word)
        if not key or key == NO_EQUIPMENT:
            continue
        if key not in catalogue.equipment_keys:
            raise ConfigError(
                f'{where}: equipment "{word.strip()}" is not known; known: {", ".join(catalogue.equipment)}'
            )
        owned.append(catalogue.equipment_keys[key])
    return owned
