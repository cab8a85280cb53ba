"""Polar Flow's account export: one training session a file, the runner's wall clock with the offset beside it.

Before 2025 sports have names and durations are ISO 8601; since then sports are numbers and durations milliseconds.
A session of several sports has an exercise for each; every exercise is a record, numbered from 2.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from runfix_analytics.errors import ReadError
from runfix_analytics.parsing import ISO_SHAPE, Line, UnreadableError, parse_records
from runfix_analytics.rawlog import ACTIVITIES, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "polar_json"
SOURCE = "polar"

_SESSION = frozenset({"startTime", "exercises"})
_SESSION_TOO = frozenset({"stopTime", "exportVersion", "durationMillis"})
_OFFSET_NAMES = frozenset({"timezoneOffset", "timezoneOffsetMinutes"})
_OFFSET_MINUTES = 14 * 60
# what is read; a session holds names, notes and the runner's body besides
_KEPT = frozenset(
    {"id", "startTime", "timezoneOffset", "timezoneOffsetMinutes", "duration", "durationMillis", "distance"}
    | {"distanceMeters", "ascent", "ascentMeters", "sport", "latitude", "longitude"}
)
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", re.ASCII)
_RUN = re.compile(r"(?:(?!water|aqua)\w+_)?(?:running|jogging)")
_STRENGTH = frozenset({"strength_training", "functional_training", "core"})
# the ones that matter here: the export has no list of its numbers
_SPORTS = {
    "1": "running",
    "4": "jogging",
    "15": "strength_training",
    "17": "treadmill_running",
    "19": "road_running",
    "27": "trail_running",
}


def recognises(file: SourceFile) -> bool:
    """Whether it is a training session: a start, an end, and a list of exercises."""
    return bool(_sessions(file))


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of activities for each file, in order."""
    for file in files:
        sessions = _sessions(file)
        if not sessions:
            yield RawLog(READER, SOURCE, error=f"{file.name}: is no whole training session of Polar; export it again")
            continue
        parsed = parse_records([one for session in sessions for one in _exercises(session)], _activity)
        yield RawLog(READER, SOURCE, frame(parsed.rows, ACTIVITIES), problems=parsed.problems)


def _sessions(file: SourceFile) -> list[Any]:
    try:
        content = file.json
    except ReadError:
        return []
    sessions = content if isinstance(content, list) else [content]
    first = next((one for one in sessions if isinstance(one, dict)), {})
    is_session = first.keys() >= _SESSION and not first.keys().isdisjoint(_SESSION_TOO)
    return sessions if is_session and isinstance(first["exercises"], list) else []


def _exercises(session: object) -> list[object]:
    """Each exercise of a session as one flat record; what a lone one leaves out, the session says."""
    if not isinstance(session, dict):
        return [session]
    exercises = session.get("exercises")
    parts = exercises if isinstance(exercises, list) and exercises else [{}]
    identifier = session.get("identifier")
    shared = {"id": identifier.get("id")} if isinstance(identifier, dict) else {}
    is_lone = len(parts) == 1
    shared |= {name: value for name, value in _told(session).items() if is_lone or name in _OFFSET_NAMES}
    return [_flat({**shared, **_told(part)}) if isinstance(part, dict) else part for part in parts]


def _told(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name in _KEPT and value is not None}


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    sport = record.get("sport")
    return {**record, "sport": sport.get("id")} if isinstance(sport, dict) else record


def _activity(line: Line) -> list[dict[str, Any]]:
    number = line.text("sport")
    logged_as = _SPORTS.get(number, f"sport {number}" if number.isdecimal() else number.casefold()) or None
    sport = logged_as or ""
    is_run = bool(_RUN.fullmatch(sport))
    times = _times(line)
    distance = line.number("distance", "distancemeters")
    has_offset = len(times) > 1
    return [
        {
            "kind": "run" if is_run else "strength" if sport in _STRENGTH else "other",
            "logged_as": logged_as,
            "activity_id": line.text("id") or None,
            **times,
            "distance": distance,
            "distance_unit": None if distance is None else "m",
            "duration_s": _seconds(line),
            "ascent": line.number("ascent", "ascentmeters"),
            "is_indoor": sport.startswith(("treadmill", "indoor")) or None if is_run else None,
            "latitude": None if has_offset else line.number("latitude"),
            "longitude": None if has_offset else line.number("longitude"),
        }
    ]


def _times(line: Line) -> dict[str, datetime]:
    """The start columns: the wall clock, and UTC where a possible offset is stated."""
    times = line.started("starttime", ISO_SHAPE)
    offset = line.number("timezoneoffset", "timezoneoffsetminutes")
    if offset is None or abs(offset) > _OFFSET_MINUTES or "start_at" in times:
        return times
    try:
        return {"start_at": times["start_local"].replace(tzinfo=UTC) - timedelta(minutes=offset), **times}
    except OverflowError:
        return times


def _seconds(line: Line) -> float | None:
    text = line.text("duration")
    if not text:
        millis = line.number("durationmillis")
        return None if millis is None else millis / 1000
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise UnreadableError("bad_duration", text, "a duration is written as PT1H2M3.5S")
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds
