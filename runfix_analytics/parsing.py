"""Cells → values for the readers: numbers, moments, durations, yes and no. What cannot be read is raised, not guessed.

`UnreadableError` never leaves a reader: it becomes the row's `Problem`.
"""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache, lru_cache
from importlib import resources
from typing import Any, TypeVar

from runfix_analytics.errors import ReadError
from runfix_analytics.rawlog import Problem, RawLog
from runfix_analytics.sourcefile import Row, SourceFile

NOTE_LENGTH = 500
_EXCERPT_LENGTH = 200
_THREE_DIGITS = 3
_HEADERS_REMEMBERED = 64  # every reader asks for a file's headings, some for each column
_REMEMBERED = 4096  # cells of a log repeat: the same day, the same ten repetitions

# how month names begin in en, de, fr, es, it, nl, pt, sv, da, nb and pl, without accents; no beginning is of two months
_MONTHS = tuple(
    tuple(beginnings.split())
    for beginnings in (
        "jan gen ene sty",
        "feb fev lut",
        "mar maa mrt",
        "apr avr abr kwi",
        "may mai maj mei mag",
        "jun juin giu cze",
        "jul juil lug lip",
        "aug aou ago sie",
        "sep set wrz",
        "oct okt ott out paz",
        "nov lis",
        "dec dez dic des gru",
    )
)
_CLOCK = r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:\.\d+)?)?"
_HALF = r"(?: ?(?P<half>[AaPp])\.? ?[Mm]\.?)?"
_MONTH = r"(?P<month>[^\W\d_]{3,12})\.?"
_YEAR_FIRST = rf"(?P<year>\d{{4}})-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}})(?:[T ]{_CLOCK})?"
_DAY_FIRST = (
    rf"(?P<day>\d{{1,2}})\.? (?:de )?{_MONTH} (?:de )?(?P<year>\d{{4}})(?:,| [^\W\d_]{{1,4}}\.?)? {_CLOCK}{_HALF}"
)
_MONTH_FIRST = rf"{_MONTH} (?P<day>\d{{1,2}}), (?P<year>\d{{4}}),? {_CLOCK}{_HALF}"
ISO_SHAPE = re.compile(_YEAR_FIRST)  # 2026-03-02 or 2026-03-02 18:05:00
DAY_FIRST_SHAPE = re.compile(_DAY_FIRST)  # 8 Apr 2026, 16:50 or 9. jun. 2026, 17.09.50 or 5 de jan. de 2026, 10:00:00
MONTH_FIRST_SHAPE = re.compile(_MONTH_FIRST)  # May 29, 2022, 3:53:35 PM
DOTTED_SHAPE, DAY_MONTH_SHAPE = (  # 29.05.2022, 15:53:35; 29/05/2022 15:53, for files that are known to write it so
    re.compile(rf"(?P<day>\d{{1,2}}){mark}(?P<month>\d{{1,2}}){mark}(?P<year>\d{{4}})(?:,? {_CLOCK}{_HALF})?")
    for mark in (r"\.", "/")
)
_INSTANT = re.compile(
    r"(?P<wall>.*:\d{2}(?:\.\d+)?)\s?(?:Z|(?P<sign>[+-])(?P<hours>0\d|1[0-4]):?(?P<minutes>[0-5]\d))", re.IGNORECASE
)

_NUMBER = {
    mark: re.compile(rf"[+-]?(?:\d+|\d{{1,3}}(?:[{other}'’\s]\d{{3}})+)?(?:[{mark}]\d*)?(?:[eE][+-]?\d+)?")
    for mark, other in ((".", ","), (",", "."))
}
_UNIT_SECONDS = {
    "s": 1,
    "sec": 1,
    "secs": 1,
    "second": 1,
    "seconds": 1,
    "min": 60,
    "mins": 60,
    "minute": 60,
    "minutes": 60,
}
T = TypeVar("T")
_YES = frozenset({"yes", "y", "true", "1", "x"})
_NO = frozenset({"no", "n", "false", "0"})


class UnreadableError(Exception):
    """A row, or a value of it, that cannot be read; the arguments are those of `Problem`."""

    def __init__(self, rule: str, logged: str, advice: str, *, is_expected: bool = False) -> None:
        super().__init__(f"{rule}: {logged}")
        self.rule, self.logged, self.advice, self.is_expected = rule, logged, advice, is_expected

    def problem(self, row: int | None) -> Problem:
        """The same as a problem of this row."""
        return Problem(row, excerpt(self.logged), self.rule, self.advice, self.is_expected)


@dataclass(frozen=True)
class Line:
    """One row by column name, in lower case; of equal headings the second is `name#2`; absent cells are empty."""

    row: int
    cells: Mapping[str, str]

    def text(self, *columns: str) -> str:
        """The first cell of these columns that is not empty."""
        for name in columns:
            if text := self.cells.get(name):
                return text
        return ""

    def number(self, *columns: str, mark: str = ".") -> float | None:
        """The number in the first of these cells that is not empty.

        Raises: UnreadableError, rule bad_number.
        """
        text = self.text(*columns)
        try:
            return number(text, mark)
        except ValueError:
            raise UnreadableError(
                "bad_number", text, f'the column "{columns[0]}" must hold a number or be empty'
            ) from None

    def moment(self, column: str, *shapes: re.Pattern[str]) -> datetime:
        """The date and time in a cell, without a zone; midnight where it holds a date alone.

        Raises: UnreadableError, rule bad_date.
        """
        text = self.text(column)
        found = moment(text, *shapes)
        if found is None:
            advice = f'"{column}" must be a date such as 2026-03-02, or as the app wrote it: spreadsheets change dates'
            raise UnreadableError("bad_date" if text else "no_date", text or self.start, advice)
        return found

    def started(self, column: str, *shapes: re.Pattern[str]) -> dict[str, datetime]:
        """`start_at`, `start_local` or both, whichever the cell tells.

        Without an offset it is a wall clock. "Z" and "+0000" are how apps write an instant in UTC; they say nothing of
        where the runner was, so no wall clock follows. Any other offset tells both.
        Raises: UnreadableError, as `moment` does.
        """
        text = self.text(column)
        found = _INSTANT.fullmatch(text)
        if found is None:
            return {"start_local": self.moment(column, *shapes)}
        wall = Line(self.row, {**self.cells, column: found["wall"]}).moment(column, *shapes)
        size = timedelta(hours=int(found["hours"] or 0), minutes=int(found["minutes"] or 0))
        try:
            start_at = wall.replace(tzinfo=timezone(-size if found["sign"] == "-" else size)).astimezone(UTC)
        except OverflowError:
            raise UnreadableError("bad_date", text, f'"{column}" lies outside the calendar') from None
        return {"start_at": start_at, "start_local": wall} if size else {"start_at": start_at}

    @property
    def start(self) -> str:
        """What stands in the row's first two cells, to find it by; no more, since names and notes may follow."""
        return ", ".join(filter(None, list(self.cells.values())[:2]))


@dataclass(frozen=True)
class ParsedRows:
    """The rows of a table, and a problem for every row of the file that gave none."""

    rows: list[dict[str, Any]]
    problems: tuple[Problem, ...]
    damage: str | None = None


def parse_rows(items: Iterable[tuple[int, T]], parse: Callable[[T], Iterable[Mapping[str, Any]]]) -> ParsedRows:
    """Every numbered item as the table rows that `parse` makes of it (one at least), or as the problem it raises."""
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for place, item in items:
        try:
            rows.extend([{"row": place, **values} for values in parse(item)])
        except UnreadableError as reason:
            problems.append(reason.problem(place))
    return ParsedRows(rows, tuple(problems))


def parse_sheet(
    file: SourceFile,
    parse: Callable[[Line], Iterable[Mapping[str, Any]]],
    mend: Callable[[Row], Row] = lambda row: row,
    header: Sequence[str] | None = None,
) -> ParsedRows:
    """`parse_rows` over the rows of a sheet. A row with more cells than headings is a problem; missing cells are empty.

    `mend` puts right, before anything else, what an app is known to write wrongly; `header` are the headings in our
    words, where the file's are others.
    Raises: ReadError when the file is no table.
    """
    keys = _keys(tuple(header or file.sheet.header))
    return parse_rows(((row.number, row) for row in file.sheet.rows), lambda row: parse(_line(keys, mend(row))))


def parse_export(
    file: SourceFile,
    parse: Callable[[Line], Iterable[Mapping[str, Any]]],
    mend: Callable[[Row], Row] = lambda row: row,
    header: Sequence[str] | None = None,
) -> ParsedRows:
    """As `parse_sheet` for a file written by an app, whose rows are all as long as its header.

    A last row that is shorter and has no line end was cut off: its last cell may be half a number, so none is kept.
    """
    rows = file.sheet.rows
    is_short = bool(rows) and len(rows[-1].cells) < len(file.sheet.header)
    if not is_short or (file.text or "").endswith(("\n", "\r")):
        return parse_sheet(file, parse, mend, header)

    def parse_whole(line: Line) -> Iterable[Mapping[str, Any]]:
        if line.row == rows[-1].number:
            raise UnreadableError("cut_off", line.start, "the file ends inside this row; export it again")
        return parse(line)

    parsed = parse_sheet(file, parse_whole, mend, header)
    return ParsedRows(parsed.rows, parsed.problems, f"the file ends inside row {rows[-1].number}")


def read_each(
    files: Iterable[SourceFile], read_one: Callable[[SourceFile], RawLog], reader: str, source: str
) -> Iterator[RawLog]:
    """A RawLog for each file, in order; a file that cannot be read as a whole gives one that says why."""
    for file in files:
        try:
            yield read_one(file)
        except ReadError as error:
            yield RawLog(reader, source, error=str(error))


def parse_records(records: Iterable[object], parse: Callable[[Line], Iterable[Mapping[str, Any]]]) -> ParsedRows:
    """`parse_rows` over the objects of a JSON list, numbered as in a sheet whose first record is row 2."""
    numbered = [(place, (place, record)) for place, record in enumerate(records, start=2)]
    return parse_rows(numbered, lambda item: parse(record_line(*item)))


def record_line(place: int, record: object) -> Line:
    """The plain values of a JSON object as a `Line` has cells; null, not-a-number and nested values are left out.

    Raises: UnreadableError, rule not_a_record, for what is no object.
    """
    if not isinstance(record, dict):
        logged = f"a {type(record).__name__}" if isinstance(record, list) else str(record)
        raise UnreadableError("not_a_record", logged, 'every record of the list is an object: {"name": value, ...}')
    cells = {str(name).casefold(): _plain_value(value) for name, value in record.items()}
    return Line(place, cells)


def _plain_value(value: object) -> str:
    if value is None or isinstance(value, dict | list) or value != value:  # noqa: PLR0124  # not-a-number
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.encode("utf-8", "replace").decode().strip()  # half a surrogate pair cannot be stored


def columns_of(file: SourceFile, header: Sequence[str] | None = None) -> frozenset[str]:
    """The names by which a `Line` of this file finds its cells; empty for what is no sheet."""
    return frozenset(_keys(tuple(header or file.header)))


def column_cells(file: SourceFile, name: str, header: Sequence[str] | None = None) -> list[str]:
    """The cells of the column that a `Line` knows by this name, row by row; empty texts where there is none."""
    keys = _keys(tuple(header or file.sheet.header))
    place = keys.index(name) if name in keys else None
    return ["" if place is None or len(row.cells) <= place else row.cells[place] for row in file.sheet.rows]


@dataclass(frozen=True)
class Wording:
    """What an app's exports call our columns and kinds of activity in its languages; the keys are as of `plain`."""

    columns: Mapping[str, str]
    kinds: Mapping[str, str]

    def header(self, file: SourceFile) -> tuple[str, ...]:
        """The file's headings in our words; those that are not known as they are."""
        return tuple(self.columns.get(plain(cell), cell) for cell in file.header)


@cache
def wording(reader: str) -> Wording:
    """The wording that stands beside a reader, in readers/<reader>.toml: [columns] and [kinds], ours = [theirs]."""
    text = resources.files("runfix_analytics.readers").joinpath(f"{reader}.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    columns, kinds = (
        {plain(word): ours for ours, words in tables.get(table, {}).items() for word in words}
        for table in ("columns", "kinds")
    )
    return Wording(columns, kinds)


def plain(words: str) -> str:
    """A heading, or the name of a sport, as it is compared: letters and digits alone, without case and HTML tags."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", re.sub(r"<[^>]*>", "", words)).casefold())


@lru_cache(maxsize=_HEADERS_REMEMBERED)
def _keys(header: tuple[str, ...]) -> tuple[str, ...]:
    """Headings in lower case without HTML tags (Strava 2021-2023 has some), repeated ones numbered."""
    seen: Counter[str] = Counter()
    keys = []
    for cell in header:
        name = re.sub(r"<[^>]*>", "", cell).strip().casefold()
        seen[name] += 1
        keys.append(f"{name}#{seen[name]}" if name and seen[name] > 1 else name)
    return tuple(keys)


def _line(keys: Sequence[str], row: Row) -> Line:
    if any(row.cells[len(keys) :]):
        logged = ", ".join(filter(None, row.cells[:2]))
        advice = f"the row has {len(row.cells)} cells under {len(keys)} headings; put text with commas in quotes"
        raise UnreadableError("too_many_cells", logged, advice)
    return Line(row.number, dict(zip(keys, row.cells, strict=False)))


@lru_cache(maxsize=_REMEMBERED)
def number(text: str, mark: str = ".") -> float | None:
    """The number a cell holds, None if it is empty; `mark` stands before the decimals, other marks part thousands.

    Raises: ValueError for anything else, also for "nan", "inf" and a mark in a place where it parts nothing.
    """
    if not text:
        return None
    if not _NUMBER[mark].fullmatch(text) or not any(char.isdecimal() for char in text):
        raise ValueError(f"no number: {text!r}")
    return float(re.sub(r"[.,'’\s]", lambda found: "." if found[0] == mark else "", text))


def positive(text: str, mark: str = ".") -> float | None:
    """The number a cell holds, None where it holds none or one that is not above zero."""
    try:
        value = number(text, mark) or 0.0
    except ValueError:
        return None
    return value if value > 0 else None


def decimal_mark(values: Iterable[str]) -> str | None:
    """The mark before the decimals in these cells of one column, None where no cell tells.

    Three digits after a mark tell nothing (1,177 may be a thousand or a fraction) unless the other mark stands before.
    """
    votes: Counter[str] = Counter()
    for value, times in Counter(values).items():
        marks = re.findall(r"[.,]", value)
        last = value.rpartition(marks[-1])[2] if marks else ""
        if marks and (len(last) != _THREE_DIGITS or len(set(marks)) > 1):
            votes[marks[-1]] += times
    return votes.most_common(1)[0][0] if votes else None


def decimal_marks(file: SourceFile, columns: Iterable[str], header: Sequence[str] | None = None) -> dict[str, str]:
    """The decimal mark of each of these columns: what its own cells tell, else what all do, else the point."""
    cells = {name: column_cells(file, name, header) for name in columns}
    common = decimal_mark(cell for column in cells.values() for cell in column) or "."
    return {name: decimal_mark(column) or common for name, column in cells.items()}


@lru_cache(maxsize=_REMEMBERED)
def moment(text: str, *shapes: re.Pattern[str]) -> datetime | None:
    """The wall-clock time a cell holds in one of these shapes; None for another shape and for a day that is none.

    Month names are those of eleven languages, whatever the locale of this process is.
    """
    text = re.sub(r"\s", " ", text)  # before AM, and in some languages before the year, stands a narrow space
    found = next((match for match in (shape.fullmatch(text) for shape in shapes) if match), None)
    if found is None:
        return None
    part = found.groupdict()
    hour = int(part["hour"] or 0)
    if part.get("half"):
        hour = hour % 12 + (12 if part["half"] in "Pp" else 0)
    clock = (hour, int(part["minute"] or 0), int(part["second"] or 0))
    try:
        month = int(part["month"]) if part["month"].isdecimal() else _month(part["month"])
        return datetime(int(part["year"]), month, int(part["day"]), *clock)  # noqa: DTZ001  # wall clocks have no zone
    except ValueError:
        return None


def _month(name: str) -> int:
    """The number of the month of this name, 0 if none is."""
    letters = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return next((number for number, beginnings in enumerate(_MONTHS, 1) if letters.startswith(beginnings)), 0)


def iso_start(text: str) -> dict[str, datetime] | None:
    """What `Line.started` finds in an ISO 8601 text; None for another shape, and for a day or time that is none."""
    try:
        return Line(0, {"start": text}).started("start", ISO_SHAPE)
    except UnreadableError:
        return None


def duration_s(text: str) -> float | None:
    """Seconds from "1:02:03", "49:40,6", "45", "45 s" or "1.5 min"; None if the cell is empty.

    Raises: ValueError for anything else.
    """
    if not text:
        return None
    clock = re.fullmatch(r"(?:(\d{1,6}):)?(\d{1,3}):(\d{1,2}(?:[.,]\d+)?)", text)
    if clock:
        hours, minutes, seconds = clock.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))
    plain = re.fullmatch(r"(\d+(?:[.,]\d+)?)\s*([a-z]*)\.?", text.casefold())
    if plain is None or (plain[2] or "s") not in _UNIT_SECONDS:
        raise ValueError(f"no duration: {text!r}")
    return float(plain[1].replace(",", ".")) * _UNIT_SECONDS[plain[2] or "s"]


def yes_no(text: str) -> bool | None:
    """True, False, or None if the cell is empty.

    Raises: ValueError for another word.
    """
    word = text.casefold()
    if word not in _YES | _NO and word:
        raise ValueError(f"neither yes nor no: {text!r}")
    return word in _YES if word else None


def note(text: str) -> str | None:
    """Free text as it is kept: the first 500 characters, None if there is none."""
    return text[:NOTE_LENGTH].strip() or None


def excerpt(text: str) -> str:
    """At most 200 characters on one line, to quote in a message."""
    return "".join(char if char.isprintable() else " " for char in text[:_EXCERPT_LENGTH])
