"""intervals.icu's wellness days, as CSV or JSON: an `injury` from 1 (none) to 4 (injured), which names no place.

Most days have none: nobody was asked then, so only days with a value are answers.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from runfix_analytics.errors import ReadError
from runfix_analytics.parsing import (
    ISO_SHAPE,
    Line,
    UnreadableError,
    columns_of,
    parse_export,
    parse_records,
    read_each,
)
from runfix_analytics.rawlog import ACHES, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "intervals_wellness"
SOURCE = "intervals"

# names that no other wellness diary has; of a day's other scales we keep nothing
_NAMES = frozenset({"restinghr", "hrvsdnn", "menstrualphase", "kcalconsumed", "sleepsecs", "avgsleepinghr"})
_ENOUGH_NAMES = 3
_INJURY = {word: level for level, word in enumerate(("none", "niggle", "poor", "injured"), start=1)}
_LEVELS = {level: word.capitalize() for word, level in _INJURY.items()}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def recognises(file: SourceFile) -> bool:
    """Whether it is a table with `date`, or JSON whose `id` is a day, and three of intervals.icu's own names."""
    columns = columns_of(file)
    return ("date" in columns and len(columns & _NAMES) >= _ENOUGH_NAMES) or bool(_records(file))


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of aches for each file, in order."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    records = _records(file)
    parsed = parse_records(records, _answer) if records else parse_export(file, _answer)
    aches = frame(parsed.rows, ACHES)
    return RawLog(READER, SOURCE, aches=aches, problems=parsed.problems, damage=parsed.damage)


def _records(file: SourceFile) -> list[Any]:
    """The API's list of days, one alone included; empty for anything else."""
    try:
        content = file.json
    except ReadError:
        return []
    records = content if isinstance(content, list) else [content]
    first = next((record for record in records if isinstance(record, dict)), {})
    names = {str(name).casefold() for name in first}
    is_day = bool(_DAY.fullmatch(str(first["id"]))) if isinstance(first.get("id"), str) else False
    return records if is_day and len(names & _NAMES) >= _ENOUGH_NAMES else []


def _answer(line: Line) -> list[dict[str, Any]]:
    answer = line.text("injury")
    if not answer:
        raise UnreadableError("no_injury_answer", line.text("date", "id"), "no answer; nothing to do", is_expected=True)
    level = _INJURY.get(answer.casefold()) or line.number("injury")
    if level not in _LEVELS:
        raise UnreadableError("bad_injury", answer, "injury is 1 (none), 2 (niggle), 3 (poor) or 4 (injured)")
    is_no_aches = level == _INJURY["none"]
    return [
        {
            "reported_on": line.moment("date" if line.text("date") else "id", ISO_SHAPE).date(),
            "is_no_aches": is_no_aches,
            "site": None if is_no_aches else "unspecified",
            "note": None if is_no_aches else _LEVELS[int(level)],
        }
    ]
