"""Our ache form, as CSV or JSON ({"schema": "aches/1", "records": [...]}): one row an answer, "no aches" included.

What stands in its columns is read by `ache_answers`.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from runfix_analytics.ache_answers import ache, is_own_form
from runfix_analytics.errors import ReadError
from runfix_analytics.parsing import Line, ParsedRows, UnreadableError, columns_of, parse_rows, parse_sheet, read_each
from runfix_analytics.rawlog import ACHES, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "ache_form"
SOURCE = "form"

_JSON = re.compile(r"\s*\{")
_JSON_SCHEMA = re.compile(r'"schema"\s*:\s*"aches/1"')


def recognises(file: SourceFile) -> bool:
    """Whether it is a table with `date_reported` and `site` (or `body_area`), or JSON of schema aches/1."""
    return is_own_form(columns_of(file)) or _is_json(file)


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of aches for each file, in order."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    warnings: list[str] = []
    parse = partial(_report, warnings=warnings)
    parsed = _parse_json(file, parse) if _is_json(file) else parse_sheet(file, parse)
    aches = frame(parsed.rows, ACHES)
    return RawLog(READER, SOURCE, aches=aches, problems=parsed.problems, warnings=tuple(warnings))


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


def _report(line: Line, warnings: list[str]) -> list[dict[str, Any]]:
    return [ache(line, warnings)]


def _is_json(file: SourceFile) -> bool:
    text = file.text or "" if file.data is not None else ""  # a file too large for memory is no form
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
