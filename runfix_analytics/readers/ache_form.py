"""Our ache form, as CSV or JSON ({"schema": "aches/1", "records": [...]}): one row an answer, "no aches" included.

A row is never lost for one optional value: what cannot be read is left empty and named in a warning. Only a missing
date and an old OSTRC scoring, whose numbers mean something else, reject the row.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, TypeVar

from runfix_analytics.errors import ReadError
from runfix_analytics.parsing import (
    ISO_SHAPE,
    Line,
    ParsedRows,
    UnreadableError,
    columns_of,
    excerpt,
    moment,
    note,
    number,
    parse_rows,
    parse_sheet,
    yes_no,
)
from runfix_analytics.rawlog import ACHES, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "ache_form"
SOURCE = "form"

_JSON = re.compile(r"\s*\{")
_JSON_SCHEMA = re.compile(r'"schema"\s*:\s*"aches/1"')
_OUT_OF_TEN = re.compile(r"\s*/\s*10$")
_OSTRC_ANSWERS = (0, 8, 17, 25)  # all four items of version 2: Clarsen 2020, doi 10.1136/bjsports-2019-101337
_NO_SITE = frozenset({"", "-", "none", "no", "nothing", "no ache", "no aches", "no pain"})
_NOT_ANSWERED = frozenset({"", "?", "-", "n/a", "na", "unknown", "not sure", "don't know"})
_UNSPECIFIED = "unspecified"

_PAINS = {"pain_now": "pain_now_0_10", "pain_worst": "pain_worst_0_10"}
_FLAGS = (
    "pain_during_run",
    "pain_after_run",
    "pain_next_morning",
    "pain_at_rest",
    "pain_at_night",
    "pain_during_exercises",
    "focal_bone_tenderness",
)
_OSTRC = ("ostrc_q1", "ostrc_q2", "ostrc_q3", "ostrc_q4")


def _words(**variants: str) -> dict[str, str]:
    """Every everyday variant → our word."""
    return {variant: word for word, row in variants.items() for variant in (word.replace("_", " "), *row.split(", "))}


_SIDES = _words(
    left="l",
    right="r",
    both="b, both sides, left and right, l+r, l/r",
    centre="c, center, middle",
    unknown="?, not sure",
)
_ONSETS = _words(
    gradual="gradually, slowly",
    sudden="suddenly",
    contact="fall, a fall, blow, a blow, collision",
    unknown="?, not sure",
)
_TRAINING = _words(
    full="none, no, not at all, full training, no problems",
    with_problems="full with problems, full but with problems, full participation but with problems",
    modified="reduced, changed, less",
    stopped="could not participate, could not train, could not run, no training, no running",
)
_STATUSES = _words(active="open, ongoing", resolved="gone, healed, over, closed")

T = TypeVar("T")


def recognises(file: SourceFile) -> bool:
    """Whether it is a table with `date_reported` and `site` (or `body_area`), or JSON of schema aches/1."""
    columns = columns_of(file)
    return ("date_reported" in columns and bool({"site", "body_area"} & columns)) or _is_json(file)


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of aches for each file, in order."""
    for file in files:
        warnings: list[str] = []
        parse = partial(_report, warnings=warnings)
        try:
            parsed = _parse_json(file, parse) if _is_json(file) else parse_sheet(file, parse)
        except ReadError as error:
            yield RawLog(READER, SOURCE, error=str(error))
        else:
            aches = frame(parsed.rows, ACHES)
            yield RawLog(READER, SOURCE, aches=aches, problems=parsed.problems, warnings=tuple(warnings))


def template() -> str:
    """The form as CSV: its header and rows that show an ache, the same one later, red flags, and no aches."""
    header = ",".join(column for column, _ in describe())
    rows = (
        ",a1,2026-03-02,2026-02-28,gradual,shin,left,3,5,yes,,,no,no,,,,modified,,active,,,no,,,,,",
        ",a2,2026-03-09,,,shin,left,0,1,no,,,no,no,,,,full,,resolved,2026-03-08,a1,no,,,,,",
        ",a3,2026-03-16,2026-03-15,sudden,knee,right,6,8,yes,yes,yes,no,yes,,,,stopped,1,active,,,no,,,,,swollen",
        ",a4,2026-03-23,,,none,,0,0,,,,,,,,,full,,,,,no,,,,,",
    )
    return "\n".join((header, *rows, ""))


def describe() -> list[tuple[str, str]]:
    """Column → what to write there, in the order of the form."""
    tri_state = "yes or no; empty = not asked"
    return [
        ("runner", "the runner's id; may stay empty, since the folder names the runner"),
        ("report_id", "any name for this answer, so that later ones can refer to it"),
        ("date_reported", "required: the day of the answer, as 2026-03-02"),
        ("onset_date", "the day on which it was first noticed, as 2026-02-28; empty = not known"),
        ("onset_type", "gradual, sudden, contact (a fall or blow) or unknown"),
        ("site", 'where it hurts, one place a row; "none" or empty with no pain = no aches, which is worth reporting'),
        ("side", "left, right, both, centre or unknown"),
        ("pain_now_0_10", "pain now, 0 (none) to 10"),
        ("pain_worst_0_10", "worst pain since the last answer, 0 to 10"),
        ("pain_during_run", tri_state),
        ("pain_after_run", tri_state),
        ("pain_next_morning", tri_state),
        ("pain_at_rest", tri_state),
        ("pain_at_night", tri_state + " (pain that keeps you awake)"),
        ("pain_during_exercises", tri_state + " (a strength exercise cannot be done without pain)"),
        ("exercise_that_hurt", "which exercise"),
        ("focal_bone_tenderness", tri_state + " (one spot on a bone is sore to the touch)"),
        ("affects_training", "full, with_problems, modified or stopped"),
        ("days_lost", "days without running because of it"),
        ("status", "active or resolved"),
        ("resolved_date", "the day on which it was gone, as 2026-03-08"),
        ("linked_report_id", "the report_id of an earlier answer about the same ache"),
        ("ill", "ill at the moment? yes or no; empty = not asked"),
        ("ostrc_q1", "OSTRC-O2 question 1 (version 2): 0, 8, 17 or 25; empty = not asked"),
        ("ostrc_q2", "OSTRC-O2 question 2: 0, 8, 17 or 25"),
        ("ostrc_q3", "OSTRC-O2 question 3: 0, 8, 17 or 25"),
        ("ostrc_q4", "OSTRC-O2 question 4: 0, 8, 17 or 25"),
        ("notes", "anything else, in the runner's words"),
    ]


@dataclass
class _Answers:
    """The cells of one row; what cannot be read is None and noted in `unreadable`."""

    line: Line
    unreadable: list[str] = field(default_factory=list)

    def value(self, column: str, read: Callable[[str], T]) -> T | None:
        """What `read` makes of a cell; None where it is empty or `read` raises ValueError."""
        text = self.line.text(column)
        try:
            return read(text)
        except ValueError:
            self.unreadable.append(column)
            return None

    def warnings(self) -> Iterator[str]:
        """One for each unreadable value."""
        for column in self.unreadable:
            text = excerpt(self.line.text(column))
            yield f'row {self.line.row}: {column} "{text}" cannot be read and is left empty'


def _report(line: Line, warnings: list[str]) -> list[dict[str, Any]]:
    reported_on = line.moment("date_reported", ISO_SHAPE).date()
    answers = _Answers(line)
    pains = {name: answers.value(column, _amount) for name, column in _PAINS.items()}
    flags = {name: answers.value(name, _flag) for name in _FLAGS}
    ostrc = {name: _ostrc(answers, name) for name in _OSTRC}
    row = {
        **pains,
        **flags,
        **ostrc,
        "runner": line.text("runner") or None,
        "report_id": line.text("report_id") or None,
        "reported_on": reported_on,
        "noticed_on": answers.value("onset_date", _date),
        "onset_type": answers.value("onset_type", partial(_word, words=_ONSETS)),
        "side": answers.value("side", partial(_word, words=_SIDES)),
        "exercise_that_hurt": line.text("exercise_that_hurt") or None,
        "affects_training": answers.value("affects_training", partial(_word, words=_TRAINING)),
        "days_lost": answers.value("days_lost", _amount),
        "status": answers.value("status", partial(_word, words=_STATUSES)),
        "resolved_on": answers.value("resolved_date", _date),
        "linked_report_id": line.text("linked_report_id") or None,
        "ill": answers.value("ill", _flag),
        "note": note(line.text("notes")),
    }
    site = line.text("site", "body_area")
    if _plain(site) in _NO_SITE:
        site = _UNSPECIFIED if _tells_of_pain(row, answers.unreadable) else ""
    warnings.extend(answers.warnings())
    return [{**row, "site": site or None, "is_no_aches": not site}]


def _tells_of_pain(row: Mapping[str, Any], unreadable: Iterable[str]) -> bool:
    """Whether a row that names no place says all the same that something hurts; a pain "lots" does.

    OSTRC answers may speak of an illness, so they count only where the runner is not ill.
    """
    hurts = any(row[name] for name in (*_PAINS, *_FLAGS, "exercise_that_hurt"))
    is_affected = not row["ill"] and any(row[name] for name in _OSTRC)
    return hurts or is_affected or bool({*_PAINS.values(), *_FLAGS} & set(unreadable))


def _ostrc(answers: _Answers, column: str) -> float | None:
    answer = answers.value(column, _amount)
    if answer is not None and answer not in _OSTRC_ANSWERS:
        advice = "version 2 of the questionnaire uses 0, 8, 17 and 25; ask again or convert the answers"
        raise UnreadableError("ostrc_old_scoring", f"{column}: {answers.line.text(column)}", advice)
    return answer


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[_\-.,]", " ", text).casefold().split())


def _word(text: str, words: Mapping[str, str]) -> str | None:
    if _plain(text) in words:
        return words[_plain(text)]
    if text.casefold() in _NOT_ANSWERED:
        return None
    raise ValueError(text)


def _flag(text: str) -> bool | None:
    return None if text.casefold() in _NOT_ANSWERED else yes_no(text)


def _amount(text: str) -> float | None:
    return None if text.casefold() in _NOT_ANSWERED else number(_OUT_OF_TEN.sub("", text).replace(",", "."))


def _date(text: str) -> date | None:
    found = moment(text, ISO_SHAPE)
    if found is None and text.casefold() not in _NOT_ANSWERED:
        raise ValueError(text)
    return found.date() if found else None


def _is_json(file: SourceFile) -> bool:
    text = file.text or ""
    return bool(_JSON.match(text) and _JSON_SCHEMA.search(text))


def _parse_json(file: SourceFile, parse: Callable[[Line], Iterable[Mapping[str, Any]]]) -> ParsedRows:
    """The records, numbered as in a sheet whose first record is row 2.

    Raises: ReadError when the JSON is broken or has no list of records.
    """
    try:
        content = json.loads(file.text or "")
    except (ValueError, RecursionError) as error:
        raise ReadError(f"{file.name}: broken JSON: {error}") from error
    records = content.get("records")
    if not isinstance(records, list):
        raise ReadError(f'{file.name}: "records" must be a list of answers')
    numbered = [(place, (place, record)) for place, record in enumerate(records, start=2)]
    return parse_rows(numbered, lambda item: parse(_json_line(*item)))


def _json_line(place: int, record: object) -> Line:
    if not isinstance(record, dict):
        raise UnreadableError(
            "not_a_record", str(record), 'every record is an object such as {"date_reported": "2026-03-02"}'
        )
    return Line(place, {str(name).casefold(): _json_text(value) for name, value in record.items()})


def _json_text(value: object) -> str:
    if isinstance(value, dict | list):
        raise UnreadableError("not_a_value", str(value), "a value is text, a number, true, false or null")
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value).strip()
