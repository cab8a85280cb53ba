"""JEFIT's backup: many tables in one text file, each under a line "### NAME ####"; the sets stand in EXERCISE LOGS.

One row is an exercise with all its sets, "44.10x5,44.10x5,88.20x5": weight x repetitions (of a hold, seconds may stand
as repetitions). The unit of all weights is told once, in the table SETTING, or nowhere. EXERCISE SET LOGS, in newer
backups, repeats the sets in pounds: only warm-ups and times are taken from it. Rows are numbered as the file's lines.
Routines, sessions, records, profile and notes are no log rows.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Any

from runfix_analytics.parsing import ISO_SHAPE, Line, UnreadableError, moment, parse_rows, positive, read_each
from runfix_analytics.rawlog import SETS, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "jefit_backup"
SOURCE = "jefit"

_KNOWN_TABLE = re.compile(
    rb"^[^\w\r\n#]{0,4}### *(EXERCISE (SET )?(LOGS|RECORDS)|WORKOUT SESSIONS|CARDIO LOGS|CUSTOM EXERCISES|ROUTINES"
    rb"|SETTING)[ #]*\r?$",
    re.MULTILINE,
)
_BANNER = re.compile(r"\s*#{3,} *([^#]*?) *#*\s*")
_SET = re.compile(r"([+-]?\d+(?:\.\d+)?)? *[x×] *(\d+(?:\.\d+)?)", re.IGNORECASE)
_UNITS = {"kg": "kg", "kgs": "kg", "lb": "lb", "lbs": "lb"}
_FIRST_S, _LAST_S = 1_000_000_000, 4_102_444_800  # 2001 to 2099: smaller numbers are ids, larger ones milliseconds
_CARDIO_COLUMNS = ("distance_mi", "speed_mph", "laps")
_CARDIO_VALUES = 5  # calories, distance, time, laps and speed, written as if they were sets without weight


@dataclass(frozen=True)
class _Row:
    """One row of a table: its line, and whether it has more cells than the table has headings or was cut off."""

    line: Line
    has_extra_cells: bool = False
    is_cut: bool = False


@dataclass(frozen=True)
class _Backup:
    """What the other tables tell about the rows of EXERCISE LOGS."""

    unit: str | None
    sessions: Mapping[str, Line]
    details: Mapping[str, Sequence[Line]]
    cardio: frozenset[tuple[str, str]]


def recognises(file: SourceFile) -> bool:
    """Whether one of JEFIT's tables begins near the top of the file."""
    return bool(_KNOWN_TABLE.search(file.head.replace(b"\0", b"")))


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of sets for each file, in order; times are instants, of each exercise."""
    return read_each(files, lambda file: _read(_tables(file.text or "")), READER, SOURCE)


def _read(tables: Mapping[str, list[_Row]]) -> RawLog:
    logs, cardio = tables.get("EXERCISE LOGS", []), tables.get("CARDIO LOGS", [])
    details = defaultdict(list)
    for row in tables.get("EXERCISE SET LOGS", []):
        details[row.line.text("exercise_log_id")].append(row.line)
    backup = _Backup(
        unit=next((_UNITS.get(row.line.text("mass").casefold()) for row in tables.get("SETTING", [])), None),
        sessions={row.line.text("_id"): row.line for row in tables.get("WORKOUT SESSIONS", [])},
        details=details,
        cardio=frozenset(_exercise_id(row.line) for row in cardio),
    )
    parsed = parse_rows(((row.line.row, row) for row in logs), partial(_sets, backup=backup))
    skipped = parse_rows(((row.line.row, row) for row in cardio), _no_sets)
    damage = next((f"the file ends inside line {row.line.row}" for row in logs if row.is_cut), None)
    warnings = () if "EXERCISE LOGS" in tables else ("the backup holds no table EXERCISE LOGS",)
    problems = tuple(sorted(chain(parsed.problems, skipped.problems), key=lambda problem: problem.row or 0))
    return RawLog(READER, SOURCE, sets=frame(parsed.rows, SETS), problems=problems, warnings=warnings, damage=damage)


def _tables(text: str) -> dict[str, list[_Row]]:
    """The rows of each table by its name. Every line is parsed on its own, so that a stray quote harms one row only."""
    tables: dict[str, list[_Row]] = {}
    name, keys, delimiter = "", list[str](), ","
    lines = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for place, content in enumerate(lines, start=1):
        banner = _BANNER.fullmatch(content)
        if banner:
            name, keys = banner[1].upper(), []
            if name:
                tables.setdefault(name, [])
        elif content.strip() and name and not keys:
            delimiter = max(",;\t", key=content.count)
            keys = [key.strip().casefold() for key in _cells(content, delimiter)]
        elif content.strip() and name:
            cells = _cells(content, delimiter)
            line = Line(place, dict(zip(keys, cells, strict=False)))
            is_cut = place == len(lines) and len(cells) < len(keys)
            tables[name].append(_Row(line, any(cells[len(keys) :]), is_cut))
    return tables


def _cells(content: str, delimiter: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([content], delimiter=delimiter))]


def _no_sets(row: _Row) -> list[dict[str, Any]]:
    advice = "runs are read from the watch's own log; nothing to do"
    raise UnreadableError("cardio_row", row.line.text("mydate"), advice, is_expected=True)


def _sets(row: _Row, backup: _Backup) -> list[dict[str, Any]]:
    line = row.line
    exercise = line.text("ename")
    if row.is_cut:
        raise UnreadableError(
            "cut_off", exercise or line.text("mydate"), "the file ends inside this row; export it again"
        )
    if row.has_extra_cells:
        raise UnreadableError("too_many_cells", exercise, "the row has more cells than headings; put sets in quotes")
    if not exercise:
        raise UnreadableError("no_exercise", line.text("mydate"), "the row names no exercise")
    pairs = _pairs(line.text("logs"))
    details = _details(line, backup, len(pairs))
    if _is_cardio(line, pairs, backup):
        raise UnreadableError("cardio_row", exercise, "no strength work; nothing to do", is_expected=True)
    start = _start(line, backup)
    sets = [
        {**start, "logged_as": exercise, **_set(weight, reps, detail, backup.unit)}
        for (weight, reps), detail in zip(pairs, details, strict=True)
        if reps or positive(detail.text("duration"))
    ]
    if not sets:
        raise UnreadableError("not_done", exercise, "no set was done; nothing to do", is_expected=True)
    return sets


def _set(weight: float, reps: float, detail: Line, unit: str | None) -> dict[str, Any]:
    seconds = positive(detail.text("duration"))
    return {
        "set_type": "warmup" if "warm" in detail.text("set_type").casefold() else "working",
        "reps": None if reps == seconds else reps or None,
        "seconds": seconds,
        "weight": round(weight, 2) if weight else None,
        "weight_unit": unit if weight else None,
    }


def _pairs(text: str) -> list[tuple[float, float]]:
    """Weight and repetitions of each set, zeros as they are."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    found = [match for match in map(_SET.fullmatch, parts) if match]
    if len(found) < len(parts):
        advice = "sets are written as weight x repetitions, such as 44.10x5,44.10x5"
        raise UnreadableError("bad_sets", text, advice)
    return [(float(match[1] or 0), float(match[2])) for match in found]


def _details(line: Line, backup: _Backup, n_sets: int) -> list[Line]:
    """What EXERCISE SET LOGS has of each set, in order; empty lines unless it has as many sets as the row."""
    details = sorted(backup.details.get(line.text("_id"), []), key=lambda one: positive(one.text("set_index")) or 0)
    return details if len(details) == n_sets else [Line(line.row, {})] * n_sets


def _is_cardio(line: Line, pairs: list[tuple[float, float]], backup: _Backup) -> bool:
    """Whether the row is a run or ride, whose five values are logged as if they were five sets."""
    has_five = len(pairs) == _CARDIO_VALUES and not any(weight for weight, _ in pairs)
    has_fraction = any(not reps.is_integer() for _, reps in pairs)
    details = backup.details.get(line.text("_id"), [])
    has_distance = any(positive(detail.text(column)) for detail in details for column in _CARDIO_COLUMNS)
    return (has_five and has_fraction) or has_distance or _exercise_id(line) in backup.cardio


def _exercise_id(line: Line) -> tuple[str, str]:
    """JEFIT's own exercises and the runner's are numbered apart."""
    return line.text("eid"), line.text("belongsys")


def _start(line: Line, backup: _Backup) -> dict[str, datetime]:
    """When the exercise was logged, else when its session began; the day alone where it was entered on another day.

    Raises: UnreadableError, rule bad_date or no_date.
    """
    session_id = line.text("belongsession")
    session = backup.sessions.get(session_id, Line(line.row, {}))
    text = line.text("mydate") or session.text("mydate")
    day = moment(text, ISO_SHAPE)
    for seconds in (line.text("logtime"), session.text("starttime", "starttimie"), session_id):
        start_at = _instant(seconds)
        if start_at and (day is None or abs((start_at.date() - day.date()).days) <= 1):
            return {"start_at": start_at}
    if day is None:
        advice = "neither logTime nor mydate tells when the exercise was done"
        raise UnreadableError("bad_date" if text else "no_date", text or line.text("ename"), advice)
    return {"start_local": day.replace(hour=0, minute=0, second=0)}


def _instant(seconds: str) -> datetime | None:
    value = positive(seconds) or 0.0
    return datetime.fromtimestamp(value, UTC) if _FIRST_S <= value < _LAST_S else None
