"""FIT files of any watch, through fitparse (the only module that imports it): activities and, with Garmin, their sets.

A file may be a chain of several, and hold several sessions. What came before damage is kept. A recording that was cut
off before its session was written is rebuilt from its records. No serial number of a device is read.
"""

import io
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import isfinite
from typing import Any

from runfix_analytics.parsing import UnreadableError
from runfix_analytics.rawlog import ACTIVITIES, SETS, Problem, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "garmin_fit"
SOURCE = "fit"  # where the file names no manufacturer

# Times are seconds since then; smaller ones than the next count from when the watch was switched on. Source: FIT
# profile, date_time.
_EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
_CLOCK_SET_FROM_S = 0x10000000
_OFFSET_STEP = timedelta(minutes=15)
_OFFSETS = (timedelta(hours=-12), timedelta(hours=14))

_KEPT = frozenset({"file_id", "sport", "session", "activity", "set", "exercise_title", "record"})
_RPE = "unknown_193"  # workout_rpe, 0-100; fitparse 1.2.0 knows its number only
_NOT_GUESSED = (None, 65533, 65534, 65535, "unknown")
_INDOOR = frozenset({"treadmill", "indoor_running", "virtual_activity"})
_STRENGTH_SPORTS = frozenset({"training", "fitness_equipment"})


@dataclass(frozen=True)
class _Message:
    """One message: its place among the data messages of the file (from 1), name and fields."""

    place: int
    name: str
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)


@dataclass(frozen=True)
class _Session:
    """One activity of a file: its message, when it began, and the watch's wall clock minus UTC if that is known."""

    message: _Message
    start: datetime
    offset: timedelta | None

    @property
    def times(self) -> dict[str, datetime | None]:
        """The two start columns."""
        local = None if self.offset is None else (self.start + self.offset).replace(tzinfo=None)
        return {"start_at": self.start, "start_local": local}


@dataclass(frozen=True)
class _Rows:
    """What a file gave so far."""

    activities: list[dict[str, Any]] = field(default_factory=list)
    sets: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class _Times:
    """fitparse's data processor, for times only: aware UTC, and naive where the watch wrote its wall clock.

    fitparse's own takes half of its running time, raises on an hour of 24, and warns from Python 3.12 on.
    """

    def run_type_processor(self, data: Any) -> None:
        if isinstance(data.value, int) and data.type.name in {"date_time", "local_date_time"}:
            moment = _EPOCH + timedelta(seconds=data.value)
            if data.type.name == "local_date_time":
                data.value = moment.replace(tzinfo=None)
            elif data.value >= _CLOCK_SET_FROM_S:
                data.value = moment

    def run_field_processor(self, data: Any) -> None: ...

    def run_unit_processor(self, data: Any) -> None: ...

    def run_message_processor(self, message: Any) -> None: ...


def recognises(file: SourceFile) -> bool:
    """Whether the file begins as FIT files do."""
    return file.content[8:12] == b".FIT"


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog for each file, in order."""
    for file in files:
        yield _read(file.content)


def _read(content: bytes) -> RawLog:
    messages, reason, warnings = _decode(content)
    rows = _Rows(warnings=warnings)
    for part in _parts(messages):
        _add_part(part, rows)
    ids = [message for message in messages if message.name == "file_id"]
    source = next((one["manufacturer"] for one in ids if isinstance(one["manufacturer"], str)), SOURCE)
    if rows.activities or rows.sets or rows.problems:
        activities, sets = frame(rows.activities, ACTIVITIES), frame(rows.sets, SETS)
        problems, notices = tuple(rows.problems), tuple(rows.warnings)
        return RawLog(READER, source, activities, sets, problems=problems, warnings=notices, damage=reason)
    if reason is None:
        rows.warnings.append(f"a FIT file of type {ids[0]['type'] if ids else 'unknown'} holds no activity")
    return RawLog(READER, source, warnings=tuple(rows.warnings), error=reason)


def _decode(content: bytes) -> tuple[list[_Message], str | None, list[str]]:
    """The messages we use; why they end early, if they do; a warning if a checksum is wrong."""
    from fitparse.utils import FitCRCError  # noqa: PLC0415  # 20 ms that only FIT files cost

    warnings = []
    messages, error = _messages_until_error(content, check_crc=True)
    if isinstance(error, FitCRCError):
        warnings.append(f"{error}: the data are kept and may hold wrong values")
        messages, error = _messages_until_error(content, check_crc=False)
    return messages, f"{type(error).__name__}: {error}" if error else None, warnings


def _messages_until_error(content: bytes, *, check_crc: bool) -> tuple[list[_Message], Exception | None]:
    from fitparse import FitFile  # noqa: PLC0415
    from fitparse.records import DEV_TYPES  # noqa: PLC0415

    DEV_TYPES.clear()  # global in fitparse: developer fields of the last file would decode this one
    kept: list[_Message] = []
    try:
        fit = FitFile(io.BytesIO(content), check_crc=check_crc, data_processor=_Times())
        for place, message in enumerate(fit.get_messages(), start=1):
            if message.name in _KEPT:
                # of equal names the first counts: developer fields stand last
                values = {data.name: data.value for data in reversed(message.fields)}
                kept.append(_Message(place, message.name, values))
    except Exception as error:  # noqa: BLE001  # besides its own, fitparse lets any error of a damaged file through
        return kept, error
    return kept, None


def _parts(messages: list[_Message]) -> Iterator[list[_Message]]:
    """The messages of each file of a chain: a file_id begins one."""
    starts = [i for i, message in enumerate(messages) if message.name == "file_id" and i > 0]
    for start, end in pairwise([0, *starts, len(messages)]):
        yield messages[start:end]


def _add_part(part: list[_Message], rows: _Rows) -> None:
    named: dict[str, list[_Message]] = {name: [] for name in _KEPT}
    for message in part:
        named[message.name].append(message)
    is_activity = not named["file_id"] or named["file_id"][0]["type"] in {"activity", None}
    recorded = named["session"] or (_rebuilt(named, rows) if is_activity else [])
    sessions = _sessions(recorded, named, rows)
    inside: dict[int, list[_Message]] = {session.message.place: [] for session in sessions}
    titles = {(_first(one["exercise_category"]), _first(one["exercise_name"])): one for one in named["exercise_title"]}
    for message in named["set"]:
        try:
            session = _session_of(message, sessions)
            rows.sets.append(_set(message, session, titles))
            inside[session.message.place].append(message)
        except UnreadableError as reason:
            rows.problems.append(reason.problem(message.place))
    rows.activities.extend(_activity(session, inside[session.message.place]) for session in sessions)


def _rebuilt(named: Mapping[str, list[_Message]], rows: _Rows) -> list[_Message]:
    """A session made of records and sets, for a recording that was cut off before its session was written."""
    timed = [(one.place, one["timestamp"]) for one in named["record"] if one["timestamp"] is not None]
    timed += [(one.place, one["start_time"]) for one in named["set"] if one["start_time"] is not None]
    moments = [time for _, time in timed if isinstance(time, datetime)]
    if not moments:
        return [_Message(place, "session", {"start_time": time}) for place, time in timed[:1]]
    distances = [one["distance"] for one in named["record"] if one["distance"] is not None]
    rows.warnings.append(
        "the recording has no session: start, time and distance are rebuilt from its "
        f"{len(named['record'])} records and {len(named['set'])} sets; pauses are not known"
    )
    values = {
        "start_time": min(moments),
        "total_elapsed_time": (max(moments) - min(moments)).total_seconds(),
        "total_distance": distances[-1] if distances else None,
    }
    return [_Message(timed[0][0], "session", values)]


def _sessions(recorded: list[_Message], named: Mapping[str, list[_Message]], rows: _Rows) -> list[_Session]:
    """The sessions that have a clock, in order of time; the others are problems."""
    offset = next((found for message in named["activity"] if (found := _offset(message)) is not None), None)
    sessions = []
    for message in recorded:
        start, values = message["start_time"], message.values
        if message["sport"] is None and len(named["sport"]) == 1:
            values = {**values, "sport": named["sport"][0]["sport"], "sub_sport": named["sport"][0]["sub_sport"]}
        if isinstance(start, datetime):
            sessions.append(_Session(_Message(message.place, message.name, values), start, offset))
        else:
            rows.problems.append(_no_clock(start).problem(message.place))
    return sorted(sessions, key=lambda session: session.start)


def _offset(activity: _Message) -> timedelta | None:
    """Wall clock minus UTC, if the watch states a plausible one."""
    utc, local = activity["timestamp"], activity["local_timestamp"]
    if not isinstance(utc, datetime) or not isinstance(local, datetime):
        return None
    offset = round((local.replace(tzinfo=UTC) - utc) / _OFFSET_STEP) * _OFFSET_STEP
    return offset if _OFFSETS[0] <= offset <= _OFFSETS[1] else None


def _no_clock(start: object) -> UnreadableError:
    if isinstance(start, int):
        advice = "the watch counted from when it was switched on; enter this activity by hand"
        return UnreadableError("clock_never_set", f"{start} s", advice)
    return UnreadableError("no_start_time", str(start), "the file does not say when this was; enter it by hand")


def _session_of(message: _Message, sessions: list[_Session]) -> _Session:
    """The session that had begun when the set began, else the first.

    Raises: UnreadableError for a rest, and where the file has no session with a clock.
    """
    start = message["start_time"]
    if message["set_type"] == "rest":
        raise UnreadableError("rest_set", "rest", "no set; nothing to do", is_expected=True)
    if not sessions:
        raise _no_clock(start)
    if not isinstance(start, datetime):
        return sessions[0]
    return sessions[max(bisect_right([session.start for session in sessions], start) - 1, 0)]


def _activity(session: _Session, sets: list[_Message]) -> dict[str, Any]:
    message = session.message
    sport, sub_sport = message["sport"], message["sub_sport"]
    distance, rpe = _number(message["total_distance"]), _number(message[_RPE])
    return {
        "row": message.place,
        "kind": _kind(sport, sub_sport, sets),
        "logged_as": "/".join(str(name) for name in (sport, sub_sport) if name is not None) or "unknown",
        "activity_id": f"{session.start.timestamp():.0f}",
        **session.times,
        "distance": distance,
        "distance_unit": None if distance is None else "m",
        "duration_s": _number(message["total_timer_time"]),
        "elapsed_s": _number(message["total_elapsed_time"]),
        "ascent": _number(message["total_ascent"]),
        "rpe": None if rpe is None else rpe / 10,
        "is_indoor": sub_sport in _INDOOR or None,
    }


def _kind(sport: object, sub_sport: object, sets: list[_Message]) -> str:
    """run, strength or other; other training is strength if a set counts or names something (yoga's do not)."""
    if sport == "running":
        return "run"
    if sport in _STRENGTH_SPORTS and sub_sport == "strength_training":
        return "strength"
    has_exercise = any(one["repetitions"] or _first(one["category"]) not in _NOT_GUESSED for one in sets)
    return "strength" if sport == "training" and has_exercise else "other"


def _set(message: _Message, session: _Session, titles: Mapping[tuple[Any, Any], _Message]) -> dict[str, Any]:
    if message["set_type"] != "active":
        raise UnreadableError("unknown_set_type", str(message["set_type"]), "expected an active or a rest set")
    logged_as, category = _exercise(message, titles)
    weight = _number(message["weight"]) or None  # the watch writes 0.0 for "not entered"
    return {
        "row": message.place,
        **session.times,
        "logged_as": logged_as,
        "category": category,
        "set_type": "working",
        "reps": _number(message["repetitions"]) or None,
        "seconds": _number(message["duration"]) or None,
        "weight": weight,
        "weight_unit": "kg" if weight else None,
    }


def _exercise(message: _Message, titles: Mapping[tuple[Any, Any], _Message]) -> tuple[str, str | None]:
    """The exercise's and its category's name, of the first of the watch's guesses; "unknown" and None for none.

    What is too new for fitparse's lists is named by the planned workout's title, or by its number.
    """
    from fitparse.profile import FIELD_TYPES  # noqa: PLC0415

    guess, subtype = _first(message["category"]), _first(message["category_subtype"])
    if guess in _NOT_GUESSED:
        return "unknown", None
    number_name = f"exercise_category_{guess}"
    category = guess if isinstance(guess, str) else FIELD_TYPES["exercise_category"].values.get(guess, number_name)
    names = FIELD_TYPES.get(f"{category}_exercise_name")
    name = names.values.get(subtype) if names else None
    title = titles.get((category, subtype)) or titles.get((guess, subtype))
    return str(name or (title and title["wkt_step_name"]) or category), category


def _number(value: Any) -> float | None:
    """A field's number; None too for what damage makes of one: a tuple, not-a-number."""
    return float(value) if isinstance(value, int | float) and isfinite(value) else None


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value
