"""Garmin Connect as JSON: the account export's summaries of activities, and the lists that its API gives.

The export counts centimetres and milliseconds, the API metres and seconds; both weigh in grams. Every activity, and
every exercise below it, is a record of its own, numbered from 2 in the order of the file.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from runfix_analytics.errors import ReadError
from runfix_analytics.parsing import (
    ISO_SHAPE,
    Line,
    ParsedRows,
    UnreadableError,
    moment,
    parse_rows,
    read_each,
    record_line,
)
from runfix_analytics.rawlog import ACTIVITIES, SETS, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "garmin_account_json"
SOURCE = "garmin"
MAX_SETS = 100  # of one summary: damage must not become a million rows

_EXPORT_HEAD = re.compile(rb'(?:\xef\xbb\xbf)?\s*\[?\s*\{\s*"summarizedActivitiesExport"\s*:')
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # the export writes the wall clock as if it were UTC
_OFFSETS = (timedelta(hours=-12), timedelta(hours=14))
_GRAMS, _MS = 1000, 1000
_CM = 100
_SAME_VOLUME = 0.005  # the volume is a rounded sum

_RUN = re.compile(r"(?:(?:indoor|street|track|trail|treadmill)_)?running|(?:obstacle|ultra|virtual)_run")
_INDOOR = frozenset({"indoor_running", "treadmill_running", "virtual_run"})
_UNNAMED = frozenset({"", "unknown", "none", "null", "invalid"})
_SET_TYPES = {"": "working", "active": "working", "warm_up": "warmup", "warmup": "warmup"}


def recognises(file: SourceFile) -> bool:
    """Whether it is the export's `summarizedActivitiesExport`, or the API's activities or `exerciseSets`."""
    try:
        return bool(_EXPORT_HEAD.match(file.head)) or bool(_shape(file.json))
    except ReadError:
        return False


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of activities and sets for each file, in order."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    shape = _shape(file.json)
    if shape == "exerciseSets":
        return _log(ParsedRows([], ()), _sets_one_by_one(_listed(file.json)))
    if not shape:
        raise ReadError(f"{file.name}: is no whole list of Garmin activities; export it again")
    is_export = shape == "summarizedActivitiesExport"
    records = [one for block in _listed(file.json) for one in _in_block(block)] if is_export else _listed(file.json)
    activities: list[tuple[int, object]] = []
    exercises: list[tuple[int, tuple[object, object]]] = []
    place = count(2)
    for record in map(_flat, records):
        activities.append((next(place), record))
        exercises.extend((next(place), (record, one)) for one in _children(record, "summarizedExerciseSets"))
    parsed = parse_rows(activities, lambda record: [_activity(record_line(0, record), is_export=is_export)])
    return _log(parsed, parse_rows(exercises, lambda item: _summarised(*item)))


def _log(activities: ParsedRows, sets: ParsedRows) -> RawLog:
    problems = sorted((*activities.problems, *sets.problems), key=lambda problem: problem.row or 0)
    return RawLog(READER, SOURCE, frame(activities.rows, ACTIVITIES), frame(sets.rows, SETS), problems=tuple(problems))


def _shape(content: object) -> str:
    """The key by which one of the shapes is known; empty for other JSON."""
    first = next((record for record in _listed(content) if isinstance(record, dict)), {})
    if isinstance(first.get("summarizedActivitiesExport", ()), list | None):
        return "summarizedActivitiesExport"
    if "activityId" in first and isinstance(first.get("exerciseSets", ()), list | None):
        return "exerciseSets"
    sport = first.get("activityType") or first.get("activityTypeDTO")
    return "activityId" if "activityId" in first and isinstance(sport, dict) and "typeKey" in sport else ""


def _listed(content: object) -> list[Any]:
    return content if isinstance(content, list) else [] if content is None else [content]


def _children(record: object, name: str) -> list[Any]:
    return _listed(record.get(name)) if isinstance(record, dict) else []


def _in_block(block: object) -> list[Any]:
    """The activities of one block of the export; what is no block stands for itself, and is a problem."""
    is_block = isinstance(block, dict) and "summarizedActivitiesExport" in block
    return _children(block, "summarizedActivitiesExport") if is_block else [block]


def _flat(record: object) -> object:
    """An activity with its type as text, and with the values that the API's details keep one level deeper."""
    if not isinstance(record, dict):
        return record
    summary = record.get("summaryDTO")
    flat = {**summary, **record} if isinstance(summary, dict) else record
    sport = flat.get("activityType") or flat.get("activityTypeDTO")
    return {**flat, "activityType": sport.get("typeKey")} if isinstance(sport, dict) else flat


def _activity(line: Line, *, is_export: bool) -> dict[str, Any]:
    sport = line.text("activitytype", "sporttype").casefold()
    times = _times(line)
    metres, seconds = (_CM, _MS) if is_export else (1, 1)
    distance = _divided(line.number("distance"), metres)
    has_clock = times["start_local"] is not None
    return {
        "kind": "run" if _RUN.fullmatch(sport) else "strength" if sport == "strength_training" else "other",
        "logged_as": sport or None,
        "activity_id": line.text("activityid").removesuffix(".0") or None,
        **times,
        "distance": distance,
        "distance_unit": None if distance is None else "m",
        "duration_s": _divided(line.number("duration"), seconds),
        "elapsed_s": _divided(line.number("elapsedduration"), seconds),
        "ascent": _divided(line.number("elevationgain"), metres),
        "rpe": _divided(line.number("workoutrpe", "directworkoutrpe") or None, 10),
        "is_indoor": sport in _INDOOR or None,
        "latitude": None if has_clock else line.number("startlatitude"),
        "longitude": None if has_clock else line.number("startlongitude"),
    }


def _times(line: Line) -> dict[str, datetime | None]:
    """The two start columns; a wall clock that cannot be one beside the UTC is left out."""
    at, local = _clock(line, "starttimegmt", "begintimestamp"), _clock(line, "starttimelocal")
    if at is None and local is None:
        raise UnreadableError("no_start_time", line.text("activityid"), "the record has neither startTimeGmt nor Local")
    if at is not None and local is not None and not _OFFSETS[0] <= local - at <= _OFFSETS[1]:
        local = None
    return {"start_at": at.replace(tzinfo=UTC) if at else None, "start_local": local}


def _clock(line: Line, *columns: str) -> datetime | None:
    """The time in the first of these that is there: milliseconds since 1970, or text."""
    text = line.text(*columns)
    found = moment(text.removesuffix("Z"), ISO_SHAPE)
    if found is None and text:
        try:
            return _EPOCH + timedelta(milliseconds=round(float(text)))
        except (ValueError, OverflowError):
            advice = f'"{columns[0]}" must be milliseconds since 1970, or a time such as 2026-03-02 18:05:00'
            raise UnreadableError("bad_date", text, advice) from None
    return found


def _divided(value: float | None, by: int) -> float | None:
    return None if value is None else value / by


def _summarised(activity: object, exercise: object) -> list[dict[str, Any]]:
    """The sets that a summary counts, with repetitions and seconds spread over them."""
    line = record_line(0, exercise)
    logged_as, category = _exercise(line, "subcategory")
    n_sets, reps, seconds = line.number("sets"), line.number("reps"), _divided(line.number("duration"), _MS)
    if n_sets == 0 or not (n_sets or reps or seconds):
        raise UnreadableError("empty_set", logged_as, "neither sets nor repetitions nor seconds are counted")
    n = 1 if n_sets is None else int(n_sets) if 1 <= n_sets <= MAX_SETS else 0
    if n_sets not in (None, n):
        raise UnreadableError("bad_sets", line.text("sets"), f"sets are a whole number from 1 to {MAX_SETS}")
    weight = _one_weight(line, n, reps)
    one = {
        **_times(record_line(0, activity)),
        "logged_as": logged_as,
        "category": category,
        "guesses": [logged_as],
        "set_type": "working",
        "seconds": _divided(seconds or None, n),
        "weight": weight,
        "weight_unit": "kg" if weight else None,
    }
    return [{**one, "reps": share or None} for share in _spread(reps or 0.0, n)]


def _spread(reps: float, n: int) -> list[float]:
    """Repetitions over n sets: whole numbers that differ by one at most where the sum is one."""
    if not reps.is_integer():
        return [reps / n] * n
    each, rest = divmod(reps, n)
    return [each + (i < rest) for i in range(n)]


def _one_weight(line: Line, n_sets: int, reps: float | None) -> float | None:
    """The weight in kilograms if it was the same in every set: only the heaviest and the sum are logged."""
    heaviest, volume = line.number("maxweight") or 0, line.number("volume")
    is_sum = volume is not None and reps is not None and abs(volume - heaviest * reps) <= _SAME_VOLUME * volume
    return heaviest / _GRAMS if heaviest > 0 and (n_sets == 1 or is_sum) else None


def _exercise(line: Line, name: str) -> tuple[str, str | None]:
    """The exercise's and its category's name in lower case; "unknown" and None where there is none."""
    named = [text for part in (name, "category") if (text := line.text(part).casefold()) not in _UNNAMED]
    category = line.text("category").casefold()
    return named[0] if named else "unknown", None if category in _UNNAMED else category


def _sets_one_by_one(documents: list[Any]) -> ParsedRows:
    place = count(2)
    numbered: list[tuple[int, tuple[object, datetime | None]]] = []
    for document in documents:
        sets = _children(document, "exerciseSets") if isinstance(document, dict) else [document]
        began = min(filter(None, map(_began, sets)), default=None)
        numbered.extend((next(place), (one, began)) for one in sets)
    return parse_rows(numbered, lambda item: [_set(*item)])


def _began(one: object) -> datetime | None:
    """When a set began, in UTC as the API writes it."""
    try:
        found = _clock(record_line(0, one), "starttime")
    except UnreadableError:
        return None
    return found.replace(tzinfo=UTC) if found else None


def _set(one: object, began: datetime | None) -> dict[str, Any]:
    line = record_line(0, one)
    set_type = line.text("settype").casefold()
    if set_type == "rest":
        raise UnreadableError("rest_set", "REST", "no set; nothing to do", is_expected=True)
    if set_type not in _SET_TYPES:
        raise UnreadableError("unknown_set_type", line.text("settype"), "expected an active, a warm-up or a rest set")
    if began is None:
        raise UnreadableError("no_start_time", line.text("starttime"), "no set of this activity says when it began")
    guessed = sorted((record_line(0, guess) for guess in _children(one, "exercises")), key=_improbability)
    logged_as, category = _exercise(guessed[0] if guessed else line, "name")
    weight = _divided(max(line.number("weight") or 0, 0) or None, _GRAMS)
    return {
        "start_at": began,
        "logged_as": logged_as,
        "category": category,
        "guesses": list(dict.fromkeys(_exercise(guess, "name")[0] for guess in guessed)) or None,
        "set_type": _SET_TYPES[set_type],
        "reps": line.number("repetitioncount") or None,
        "seconds": line.number("duration") or None,
        "weight": weight,
        "weight_unit": "kg" if weight else None,
    }


def _improbability(guess: Line) -> float:
    return -(guess.number("probability") or 0)
