"""What a coach says of a runner, as it stands in marks.csv at the root of a store: by `runfix mark` or by hand.

    runner_id,mark,from_on,to_on
    rk3x9q2m,away,2026-04-03,2026-04-12
    rk3x9q2m,seen_by_physio,2026-03-30,

A spreadsheet may have saved it: with ; or tabs, days as 31.03.2026, and columns of the coach's own, which stay.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.errors import ConfigError
from runfix_analytics.tables import MARKS, RUNNER_ID, VISIT, Marks
from runfix_analytics.text import clean_text

MARKS_FILE = "marks.csv"
MARK_COLUMNS = ("runner_id", "mark", "from_on", "to_on")
_SEPARATORS = ",;\t"
_LONGEST = 80  # no value of ours is as long; a message quotes no more
_WITH_DOTS = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


@dataclass(frozen=True)
class Mark:
    """One line of the file; `to_on` None: until further notice. `cells` are the line's own, as they stand."""

    runner_id: str
    mark: str
    from_on: date
    to_on: date | None = None
    cells: tuple[str, ...] = ()

    def touches(self, first: date, last: date | None) -> bool:
        """Whether a day of the mark lies between two days; a visit is one day."""
        own_last = self.from_on if self.mark == VISIT else self.to_on
        return self.from_on <= (last or date.max) and first <= (own_last or date.max)

    @property
    def period(self) -> str:
        """Its days in words."""
        if self.mark == VISIT:
            return f"on {self.from_on}"
        return f"from {self.from_on} " + (f"to {self.to_on}" if self.to_on else "until further notice")


@dataclass(frozen=True)
class MarksFile:
    """The file, without its blank lines: headings and separator as they stand, lines in their order."""

    headings: tuple[str, ...] = MARK_COLUMNS
    separator: str = ","
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Change:
    """The file after a change, the lines that are no more, and the one in their place (None: taken back)."""

    file: MarksFile
    before: tuple[Mark, ...]
    after: Mark | None


def mark_named(words: str) -> str | None:
    """The mark that these words name, in any case, with hyphens, underscores or blanks; None if there is none."""
    mark = _key(words)
    return mark if mark in MARKS else None


def with_mark(file: MarksFile, said: Mark) -> Change:
    """Sets a mark. Those of the same kind that share a day with it become one line with it.

    That line begins on the earliest day of all and ends as was said now.
    """
    last = said.from_on if said.mark == VISIT else said.to_on
    met = [mark for mark in _of(file, said.runner_id, said.mark) if mark.touches(said.from_on, last)]
    begins = min(mark.from_on for mark in [*met, said])
    if begins < said.from_on:
        return with_mark(file, replace(said, from_on=begins))
    return _in_place_of(file, met, said)


def with_end(file: MarksFile, runner_id: str, kind: str, last: date) -> Change:
    """Ends the mark that holds on `last`, which becomes its last day.

    Raises: ConfigError when no such mark holds on that day.
    """
    of_kind = _of(file, runner_id, kind)
    running = [mark for mark in of_kind if mark.touches(last, last)]
    if not running:
        raise ConfigError(f"{runner_id} has no mark {kind} on {last}; {_there_are(of_kind)}")
    return with_mark(file, replace(running[0], to_on=last))


def without(file: MarksFile, runner_id: str, kind: str, from_on: date | None) -> Change:
    """Takes back the mark that begins on a day; None: the only one of this kind.

    Raises: ConfigError when there is none, or no day is said and there are several.
    """
    of_kind = _of(file, runner_id, kind)
    found = [mark for mark in of_kind if from_on in (None, mark.from_on)]
    if not found:
        begins = f" that begins on {from_on}" if from_on else ""
        raise ConfigError(f"{runner_id} has no mark {kind}{begins}; {_there_are(of_kind)}")
    if len(found) > 1:
        raise ConfigError(f"{runner_id} has {len(found)} marks {kind}; say which with --from: {_there_are(found)}")
    return _in_place_of(file, found, None)


def as_table(file: MarksFile) -> dy.DataFrame[Marks]:
    """The marks as a table, sorted by runner, first day and mark."""
    rows = [(mark.runner_id, mark.mark, mark.from_on, mark.to_on) for mark in file.marks]
    frame = pl.DataFrame(rows, schema=Marks.create_empty().schema, orient="row")
    return Marks.validate(frame.sort("runner_id", "from_on", "mark"), cast=True)


def said_of(marks: dy.DataFrame[Marks], as_of: date, catalogue: Catalogue) -> dict[str, tuple[dict[str, Any], ...]]:
    """Runner → the marks that hold on a day, and the newest visit of the weeks up to it in which one is shown."""
    is_visit, has_begun = pl.col("mark") == VISIT, pl.col("from_on") <= as_of
    is_recent = pl.col("from_on") > as_of - timedelta(days=catalogue.days("marks.visit_shown"))
    holds = pl.when(is_visit).then(is_recent).otherwise(pl.col("to_on").is_null() | (pl.col("to_on") >= as_of))
    found = marks.filter(has_begun & holds).unique(["runner_id", "mark"], keep="last", maintain_order=True)
    parts = found.partition_by("runner_id", as_dict=True, maintain_order=True)
    return {str(key[0]): tuple(part.iter_rows(named=True)) for key, part in parts.items()}


def as_text(file: MarksFile) -> str:
    """The file as text, days as 2026-03-31."""
    places, text = _places(file.headings), io.StringIO()
    writer = csv.writer(text, delimiter=file.separator, lineterminator="\n")
    writer.writerow(file.headings)
    for mark in file.marks:
        cells = [*mark.cells, *[""] * (len(file.headings) - len(mark.cells))]
        for name in MARK_COLUMNS:
            value = getattr(mark, name)
            cells[places[name]] = "" if value is None else str(value)
        writer.writerow(cells)
    return text.getvalue()


def parse(text: str) -> MarksFile:
    """The file as it was read.

    Raises: ConfigError naming line and column of what is wrong.
    """
    heading = next((line for line in text.splitlines() if line.strip(f"{_SEPARATORS} ")), "")
    separator = max(_SEPARATORS, key=heading.count)
    lines = _lines(text, separator)
    if not lines:
        return MarksFile()
    headings = lines[0][1]
    places = _places(headings)
    if missing := next((name for name in MARK_COLUMNS if name not in places), None):
        raise ConfigError(f"{MARKS_FILE}: column {missing} is missing; the first line is {','.join(MARK_COLUMNS)}")
    marks: dict[tuple[str, str, date], Mark] = {}
    for number, cells in lines[1:]:
        where = f"{MARKS_FILE} line {number}"
        mark = _mark(cells, [cells[places[name]] if places[name] < len(cells) else "" for name in MARK_COLUMNS], where)
        key = (mark.runner_id, mark.mark, mark.from_on)
        if key in marks:
            said = f"{mark.mark} of {mark.runner_id} from {mark.from_on}"
            raise ConfigError(f"{where}, from_on: {said} stands twice; take one of the lines out")
        marks[key] = mark
    return MarksFile(headings, separator, tuple(marks.values()))


def _lines(text: str, separator: str) -> list[tuple[int, tuple[str, ...]]]:
    """(number, cells) of each line that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=separator, strict=True)
    try:
        return [(reader.line_num, tuple(cells)) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise ConfigError(f"{MARKS_FILE} line {reader.line_num}: {error}; mend its quotes, or save it again") from error


def _mark(cells: tuple[str, ...], values: Sequence[str], where: str) -> Mark:
    runner_id, word, begins, ends = (clean_text(value)[:_LONGEST] for value in values)
    if not re.fullmatch(RUNNER_ID, runner_id):
        raise ConfigError(f'{where}, runner_id: "{runner_id}" must be letters, digits, - and _ (64 at most)')
    mark = mark_named(word)
    if mark is None:
        raise ConfigError(f'{where}, mark: "{word}" is none of {", ".join(MARKS)}')
    from_on, to_on = _date(begins, f"{where}, from_on"), _date(ends, f"{where}, to_on")
    if from_on is None:
        raise ConfigError(f"{where}, from_on: the first day is missing; write it like 2026-03-31")
    if to_on and mark == VISIT:
        raise ConfigError(f"{where}, to_on: a visit is one day, that of from_on; leave to_on empty")
    if to_on and to_on < from_on:
        raise ConfigError(f"{where}, to_on: {to_on} lies before from_on {from_on}; correct one of them")
    return Mark(runner_id, mark, from_on, to_on, cells)


def _date(text: str, where: str) -> date | None:
    """A day as 2026-03-31 or 31.03.2026; 03/04/2026 says two things."""
    try:
        if with_dots := _WITH_DOTS.fullmatch(text):
            day, month, year = map(int, with_dots.groups())
            return date(year, month, day)
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ConfigError(f'{where}: "{text}" is no date; write it like 2026-03-31') from error


def _key(words: str) -> str:
    return re.sub(r"[-\s]+", "_", words.strip().casefold())


def _places(headings: Sequence[str]) -> dict[str, int]:
    """Where each column stands; the first where a heading stands twice."""
    keys = [_key(heading) for heading in headings]
    return {key: keys.index(key) for key in keys}


def _of(file: MarksFile, runner_id: str, kind: str) -> list[Mark]:
    return [mark for mark in file.marks if (mark.runner_id, mark.mark) == (runner_id, kind)]


def _in_place_of(file: MarksFile, old: Sequence[Mark], new: Mark | None) -> Change:
    """The file with `new` where the first of the old lines stood, and with its cells; without old ones at the end."""
    if new is None:
        return Change(replace(file, marks=tuple(mark for mark in file.marks if mark not in old)), tuple(old), None)
    if not old:
        return Change(replace(file, marks=(*file.marks, new)), (), new)
    new = replace(new, cells=old[0].cells)
    kept = (new if mark is old[0] else mark for mark in file.marks if mark is old[0] or mark not in old)
    return Change(replace(file, marks=tuple(kept)), tuple(old), new)


def _there_are(marks: Iterable[Mark]) -> str:
    return "; ".join(mark.period for mark in marks) or "runfix marks lists what there is"
