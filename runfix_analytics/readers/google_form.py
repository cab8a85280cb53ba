"""Answers of a squad's own web form (Google Forms, or its sheet, as CSV): one row an answer, questions as headings.

What a heading means is told by the squad's headings.toml, else by form_words.toml. A row that ticks several places
is an ache at each of them. E-mail addresses are taken out before anything is read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from runfix_analytics.ache_answers import FLAGS, OSTRC, PAINS, UNSPECIFIED, ache, is_own_form, without_emails
from runfix_analytics.form_dates import day_order, is_timestamp, phrase, read_day
from runfix_analytics.form_words import Place, headings_of, vocabulary
from runfix_analytics.ostrc_items import TRAINING_OF, Item, items_of, told
from runfix_analytics.parsing import Line, UnreadableError, excerpt, parse_export, read_each
from runfix_analytics.rawlog import ACHES, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "google_form"
SOURCE = "form"

_WORDS = vocabulary()
_EMAIL = re.compile(r"\S+@\S+")
_GRID_ROW = re.compile(r".*\[(.+)\]\s*")  # a question with a row for each place: "Where does it hurt? [Knee]"
_ALSO = {
    "reported_on": "date_reported",
    "noticed_on": "onset_date",
    "resolved_on": "resolved_date",
    "note": "notes",
    "body_area": "site",
    "ignore": "ignored",
    "": "ignored",
    **PAINS,
}
_DATES = ("onset_date", "resolved_date")
_AMOUNTS = (*PAINS.values(), "days_lost")
_TEXTS = ("report_id", "linked_report_id", "notes")
_GRIDS = ("site", *PAINS.values())
_TICKS = (*FLAGS, "ill", "was_blow", "was_sudden")
_KNOWN = {*_WORDS.tables["headings"], "timestamp", *OSTRC, *_TEXTS}
_SAYS_NO_ACHES = (*PAINS, *FLAGS, *OSTRC, "status", "resolved_on")
_UNREAD = 'headings not read: {}; headings.toml can say which of our columns they are, or "ignored"'
_SEVERAL = "several people answered, and only their e-mail addresses, which are not kept, tell who; ask for a name"


def recognises(file: SourceFile) -> bool:
    """Whether it is a table of answers with a time of sending and a question for aches or their place.

    A squad's own headings may name another column for the day. Our own form is none, nor are OSTRC items of places.
    """
    keys = headings_of(file)
    own = _own(file.headings)
    is_dated = any(is_timestamp(key) or own.get(phrase(key)) in ("timestamp", "date_reported") for key in keys)
    if not is_dated or is_own_form(keys):
        return False
    items = items_of(keys)
    if items:
        is_sent = any(is_timestamp(key) or own.get(phrase(key)) == "timestamp" for key in keys)
        return is_sent and not any(item.place for item in items.values())
    return bool({"site", "any_aches"} & set(_columns(keys, file.headings).values()))


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of aches for each file, in order."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    form = _form(file)
    parsed = parse_export(without_emails(file), form.aches)
    aches, warnings = frame(parsed.rows, ACHES), tuple(form.warnings)
    return RawLog(READER, SOURCE, aches=aches, problems=parsed.problems, warnings=warnings, damage=parsed.damage)


@dataclass(frozen=True)
class _Form:
    """One file's questions: what they are, how its dates are written, and who answered which row."""

    columns: Mapping[str, str]
    items: Mapping[str, Item]
    day_first: bool
    people: Mapping[int, str]
    warnings: list[str]

    def aches(self, line: Line) -> list[dict[str, Any]]:
        """The aches of one answer, or the one "no aches" where nothing hurts.

        Raises: UnreadableError where the day is missing, or nothing is said about aches.
        """
        answer = _Answer(self, line)
        places, is_none = answer.places()
        row = ache(Line(line.row, {**answer.cells(), "site": "none" if is_none else ""}), self.warnings)
        if places and is_none:
            self.warnings.append(f"row {line.row}: says that nothing hurts and that something does; the ache counts")
        if places:
            return [row | answer.at(place, row, len(places)) for place in places]
        if row["is_no_aches"] and not is_none and all(row[name] is None for name in _SAYS_NO_ACHES):
            advice = 'nothing tells whether something hurts; give the form a place "none" to tick'
            raise UnreadableError("no_answer", answer.first("timestamp"), advice)
        return [row]

    def day(self, text: str, answered_on: date | None = None) -> str:
        """A day as 2026-03-02, "" where not answered; what is none as it is."""
        found = read_day(text, day_first=self.day_first, answered_on=answered_on)
        return "" if _WORDS.is_said("not_answered", text) else str(found or text)


@dataclass(frozen=True)
class _Answer:
    """One row of a form, by our columns."""

    form: _Form
    line: Line

    def first(self, column: str) -> str:
        """The first cell of a column that is not empty."""
        return next(iter(self._cells.get(column, ())), "")

    def cells(self) -> dict[str, str]:
        """The row as our form has it; what cannot be translated stays as it is, to be named as unreadable."""
        told_on = [self.first(name) for name in ("date_reported", "timestamp")]
        days = (read_day(text, day_first=self.form.day_first) for text in told_on)
        answered_on = next(filter(None, days), None)
        ticked = self._ticked()
        hurt = self.first("exercise_that_hurt")
        scores = {name: self.first(name) for name in OSTRC}
        scores |= {f"ostrc_q{item.item}": told(item, self.line.text(key)) for key, item in self.form.items.items()}
        return {
            "date_reported": str(answered_on or told_on[0] or told_on[1]),
            "runner": self.form.people.get(self.line.row, "") or self._runner(),
            "exercise_that_hurt": "" if _WORDS.is_said("none", hurt) or _WORDS.is_said("not_answered", hurt) else hurt,
            **{name: self.first(name) for name in _TEXTS},
            **{name: self.form.day(self.first(name), answered_on) for name in _DATES},
            **{name: _WORDS.amount(self.first(name)) for name in _AMOUNTS},
            **{name: self._any(name) or ticked.get(name, "") for name in FLAGS},
            "ill": self._any("ill") or ticked.get("ill", "") or ("yes" if self._problem() == "illness" else ""),
            **scores,
            "side": _WORDS.side(", ".join(self._cells.get("side", ()))),
            "onset_type": self._onset(ticked),
            "affects_training": _WORDS.word("affects_training", self.first("affects_training"))
            or TRAINING_OF.get(scores["ostrc_q1"], ""),
            "status": self._status(),
        }

    def places(self) -> tuple[list[Place], bool]:
        """Where it hurts, a place without a name among them, and whether the answer says that nothing hurts."""
        found: list[Place] = []
        is_none = is_none_in_grid = False
        for key, cell in self.line.cells.items():
            column = self.form.columns.get(key)
            in_grid = _GRID_ROW.fullmatch(key)
            if in_grid and column in _GRIDS and cell:
                found += _in_grid(in_grid[1], cell)
                is_none_in_grid |= _WORDS.yes_no(cell) == "no"
            elif column == "site" and cell:
                places, says_none = _WORDS.places(cell)
                is_unnamed = not places and not says_none and not _WORDS.is_said("not_answered", cell)
                found, is_none = [*found, *places, *[Place("")] * is_unnamed], is_none or says_none
        if not any(place.site for place in found):
            places, says_none = self._any_aches()
            found, is_none = found or places, is_none or says_none
        elif self._any_aches() == ([], True):
            is_none = True
        return list(dict.fromkeys(found)), is_none or (is_none_in_grid and not found)

    def at(self, place: Place, row: Mapping[str, Any], n_places: int) -> dict[str, Any]:
        """What the answer says of one place alone; a side asked for several places at once may be of any of them."""
        side = place.side or row["side"]
        if not place.side and n_places > 1 and side == "both":
            self.form.warnings.append(f"row {self.line.row}: left and right for several places; taken as unknown")
            side = "unknown"
        there = {"site": place.site or UNSPECIFIED, "side": side or None, "is_no_aches": False}
        return there | ({"pain_now": float(place.pain)} if place.pain else {})

    @cached_property
    def _cells(self) -> dict[str, list[str]]:
        cells: dict[str, list[str]] = {}
        for key, cell in self.line.cells.items():
            column = self.form.columns.get(key, "")
            if cell and not (column in _GRIDS and _GRID_ROW.fullmatch(key)):
                cells.setdefault(column, []).append(cell)
        return cells

    def _any(self, column: str) -> str:
        """Yes if one of the questions for a column is answered so, else the first answer."""
        answers = [answer for cell in self._cells.get(column, ()) if (answer := _WORDS.yes_no(cell))]
        return "yes" if "yes" in answers else next(iter(answers), "")

    def _any_aches(self) -> tuple[list[Place], bool]:
        """What the question whether anything hurts says; another answer than yes or no names the place."""
        answer = self._any("any_aches") or {"injury": "yes", "none": "no"}.get(self._problem(), "")
        asked = [key for key, column in self.form.columns.items() if column == "any_aches"]
        if any(_WORDS.is_said("good", key) for key in asked):
            answer = {"yes": "no", "no": "yes"}.get(answer, answer)
        if answer in ("", "no"):
            return [], answer == "no"
        return ([Place("")], False) if answer == "yes" else _WORDS.places(answer)

    def _runner(self) -> str:
        return self.first("runner") or " ".join(filter(None, (self.first("first_name"), self.first("last_name"))))

    def _problem(self) -> str:
        return _WORDS.word("problem_type", self.first("problem_type"))

    def _onset(self, ticked: Mapping[str, str]) -> str:
        blow = self._any("was_blow") or ticked.get("was_blow", "")
        suddenly = self._any("was_sudden") or ticked.get("was_sudden", "")
        how = self.first("onset_type") or ("" if blow in ("yes", "no") else blow)
        if blow == "yes":
            return "contact"
        return _WORDS.word("onset_type", how) or {"yes": "sudden", "no": "gradual"}.get(suddenly, suddenly)

    def _status(self) -> str:
        gone, there = self._any("resolved"), self._any("still_there")
        status = self.first("status") or {"yes": "resolved", "no": "active"}.get(gone, gone)
        return _WORDS.word("status", status) or {"yes": "active", "no": "resolved"}.get(there, there)

    def _ticked(self) -> dict[str, str]:
        """The questions that ticks answer with yes, or with no where the tick begins so."""
        found: dict[str, str] = {}
        for tick in (tick for cell in self._cells.get("ticks", ()) for tick in re.split(r"[,;]\s*", cell)):
            column = _WORDS.column_of(tick)
            if column in _TICKS:
                found[column] = "no" if _WORDS.is_said("no", phrase(tick).partition(" ")[0]) else "yes"
            elif tick and not _WORDS.is_said("none", tick):
                self.form.warnings.append(f'row {self.line.row}: the tick "{excerpt(tick)}" is not read')
        return found


def _in_grid(row: str, cell: str) -> list[Place]:
    """The place of a grid's row where its cell says that it hurts there, or how much, or on which side."""
    if _WORDS.yes_no(cell) in ("no", ""):
        return []
    place, side, amount = _WORDS.place(row), _WORDS.side(cell), _WORDS.amount(cell)
    is_amount = amount.replace(".", "", 1).isdecimal()
    is_side = side in ("left", "right", "both", "centre")
    return [replace(place, side=side if is_side else place.side, pain=amount if is_amount else "")]


def _own(headings: Mapping[str, str]) -> dict[str, str]:
    return {phrase(heading): _ALSO.get(column, column) for heading, column in headings.items()}


def _columns(keys: Iterable[str], headings: Mapping[str, str]) -> dict[str, str]:
    """Heading → our column, for the headings that are known; what the squad says of them counts first."""
    own = _own(headings)
    named = {key: own.get(phrase(key)) or ("timestamp" if is_timestamp(key) else _WORDS.column_of(key)) for key in keys}
    return {key: column for key, column in named.items() if column}


def _form(file: SourceFile) -> _Form:
    """What the whole file tells about its rows.

    Raises: ReadError when it is no table.
    """
    keys = headings_of(file)
    items = items_of(keys)
    columns = _columns([key for key in keys if key not in items], file.headings)
    lines: list[Line] = []

    def keep(line: Line) -> list[dict[str, Any]]:
        lines.append(line)
        return []

    parse_export(file, keep)
    cells = {
        name: [line.cells.get(key, "") for key in columns if columns[key] == name for line in lines]
        for name in ("timestamp", "date_reported", *_DATES)
    }
    heading = next((key for key in columns if columns[key] == "timestamp"), "")
    stamps = cells["timestamp"] or cells["date_reported"]
    day_first, doubt = day_order(stamps, [cell for name in cells for cell in cells[name]], heading)
    people = _people(lines, columns)
    unread = [key for key in keys if key and key not in items and key not in columns]
    unknown = sorted({name for name in columns.values() if name not in _KNOWN})
    warnings = [
        *([doubt] if doubt else []),
        *([_SEVERAL] if people else []),
        *([_UNREAD.format(", ".join(f'"{excerpt(key)}"' for key in unread))] if unread else []),
        *(f'headings.toml names "{name}", which is no column of ours' for name in unknown),
    ]
    return _Form(columns, items, day_first, people, warnings)


def _people(lines: Sequence[Line], columns: Mapping[str, str]) -> dict[int, str]:
    """Row → a number for who answered, where nothing but e-mail addresses tells several people apart; else empty."""
    cells_of = [
        [line.cells.get(key, "") for key, name in columns.items() if name in ("runner", "first_name", "email")]
        for line in lines
    ]
    named = [line.cells.get(key, "") for line in lines for key in columns if columns[key] in ("runner", "first_name")]
    addresses = [next((cell.casefold() for cell in cells if _EMAIL.fullmatch(cell)), "") for cells in cells_of]
    known = list(dict.fromkeys(filter(None, addresses)))
    if len(known) <= 1 or any(cell and not _EMAIL.fullmatch(cell) for cell in named):
        return {}
    return {
        line.row: f"respondent {known.index(address) + 1}"
        for line, address in zip(lines, addresses, strict=True)
        if address
    }
