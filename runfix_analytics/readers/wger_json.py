"""wger's workout log, as its REST interface gives it: one record a set, in the shapes of before and after 2025.

Units are numbers in wger. Where the exercise is a number without a name, that number is what was logged.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from runfix_analytics.errors import ReadError
from runfix_analytics.parsing import ISO_SHAPE, UnreadableError, note, parse_rows, record_line
from runfix_analytics.rawlog import SETS, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "wger_json"
SOURCE = "wger"

_EXERCISE = ("exercise_name", "exercise_base_name", "exercise", "exercise_base")
_REPS = ("repetitions", "reps")
_REPS_UNIT = ("repetitions_unit", "repetition_unit")
# what a count is counted in, by wger's number or name: its column and how much one counts
_REPS_UNITS = {
    **dict.fromkeys(("", "1", "2", "7", "repetitions", "until failure", "max reps"), ("reps", 1)),
    **dict.fromkeys(("3", "seconds"), ("seconds", 1)),
    **dict.fromkeys(("4", "minutes"), ("seconds", 60)),
    **dict.fromkeys(("5", "6", "8", "miles", "kilometers", "meters"), (None, 1)),
}
# 3 body weight, 4 plates, 5 and 6 speeds: no weight of a known size
_WEIGHT_UNITS = {"1": "kg", "kg": "kg", "2": "lb", "lb": "lb"}
_WITHOUT_UNIT = ("", "1", "2", "kg", "lb")


def recognises(file: SourceFile) -> bool:
    """Whether its records have `date`, `weight`, repetitions with their unit, and an exercise."""
    first = next((record for record in _records(file) if isinstance(record, dict)), {})
    has_unit = not first.keys().isdisjoint(_REPS_UNIT)
    has_exercise = not first.keys().isdisjoint(_EXERCISE)
    return {"date", "weight"} <= first.keys() and has_unit and has_exercise and not first.keys().isdisjoint(_REPS)


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of sets for each file, in order."""
    for file in files:
        if not recognises(file):
            yield RawLog(READER, SOURCE, error=f"{file.name}: is no whole workout log of wger; export it again")
            continue
        parsed = parse_rows(enumerate(_records(file), start=2), lambda record: [_set(record)])
        yield RawLog(READER, SOURCE, sets=frame(parsed.rows, SETS), problems=parsed.problems)


def _records(file: SourceFile) -> list[Any]:
    """The records of a page of results, or of a plain list; empty for anything else."""
    try:
        content = file.json
    except ReadError:
        return []
    records = content.get("results") if isinstance(content, dict) else content
    return records if isinstance(records, list) else []


def _set(record: object) -> dict[str, Any]:
    line = record_line(0, record)
    exercise = _named(record, *_EXERCISE)
    count, weight = line.number(*_REPS), line.number("weight")
    unit = _named(record, *_REPS_UNIT).casefold()
    weight_unit = _named(record, "weight_unit").casefold()
    if not exercise:
        raise UnreadableError("no_exercise", line.text("date"), "the record names no exercise")
    if unit not in _REPS_UNITS:
        raise UnreadableError("unknown_unit", unit, "repetitions are counted in wger's units 1 to 8")
    column, factor = _REPS_UNITS[unit]
    if not count:
        raise UnreadableError("empty_set", exercise, "neither repetitions nor a time nor a distance is logged")
    has_weight = bool(weight) and weight_unit in _WITHOUT_UNIT
    amounts = {column: count * factor} if column else {}
    return {
        **line.started("date", ISO_SHAPE),
        "logged_as": f"wger exercise {exercise}" if exercise.isdecimal() else exercise,
        "set_type": "working",
        **amounts,
        "weight": weight if has_weight else None,
        "weight_unit": _WEIGHT_UNITS.get(weight_unit) if has_weight else None,
        "rir": line.number("rir"),
        "note": note(line.text("notes", "comment")),
    }


def _named(record: object, *columns: str) -> str:
    """The text or number of the first of these that is there, the name of it where it is an object with a name."""
    values = [record.get(column) for column in columns] if isinstance(record, dict) else []
    value = next((value for value in values if value not in (None, "")), "")
    if isinstance(value, dict):
        line = record_line(0, value)
        return line.text("name", "id")
    return record_line(0, {"value": value}).text("value").removesuffix(".0")
