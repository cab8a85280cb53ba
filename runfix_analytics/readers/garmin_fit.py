"""FIT files of any watch: activities and, with Garmin, their sets. All files of a batch are decoded together.

A file may be a chain of several, and hold several sessions. What came before damage is kept. A recording that was cut
off before its session was written is rebuilt from its records. No serial number of a device is read, and no position
but the start's, where the file does not say how far the watch's wall clock is from UTC.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any

import polars as pl

from runfix_analytics.errors import ReadError
from runfix_analytics.fit import exercises
from runfix_analytics.fit.decoder import decode
from runfix_analytics.fit.fallback import decode_slowly
from runfix_analytics.fit.layout import FileReport
from runfix_analytics.fit.messages import RECORDS, Decoder, Message, Part, name_of, parts_of
from runfix_analytics.parsing import UnreadableError
from runfix_analytics.rawlog import ACTIVITIES, SETS, Problem, RawLog, RawSchema, frame
from runfix_analytics.sourcefile import SourceFile, is_archive

READER = "garmin_fit"
SOURCE = "fit"  # where the file names no manufacturer

_MARK, _MARK_PLACE, _HEADER_SIZES = b".FIT", 8, (12, 14)
_GARBAGE_BYTES = 4096
BATCH_BYTES = 32 * 1024 * 1024
MAX_SLOW_BYTES = 8 * 1024 * 1024  # half a minute for fitparse

_DEGREES = 180 / 2**31  # a semicircle
_MAX_TOLD = 5  # of the damages of one file
_INDOOR = frozenset({"treadmill", "indoor_running", "virtual_activity"})
_STRENGTH_SPORTS = frozenset({"training", "fitness_equipment"})


@dataclass(frozen=True)
class _Session:
    """One activity of a file: its message, when it began, and the watch's wall clock minus UTC if that is known."""

    message: Message
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


def recognises(file: SourceFile) -> bool:
    """Whether the file begins as FIT files do, or does so after some bytes that do not belong to it."""
    place = file.head.find(_MARK, _MARK_PLACE, _GARBAGE_BYTES)
    return place >= _MARK_PLACE and not is_archive(file.head) and file.head[place - _MARK_PLACE] in _HEADER_SIZES


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog for each file, in order; about 32 MB of them are decoded together."""
    batch: list[bytes] = []
    for file in files:
        try:
            batch.append(file.content)
        except ReadError as error:
            yield from _read_batch(batch)
            batch = []
            yield RawLog(READER, SOURCE, error=str(error))
        if sum(map(len, batch)) > BATCH_BYTES:
            yield from _read_batch(batch)
            batch = []
    yield from _read_batch(batch)


def _read_batch(contents: Sequence[bytes]) -> list[RawLog]:
    """The logs of these files; where decoding them together fails each alone, and where that fails by fitparse."""
    try:
        logs = _logs(contents, decode) if contents else []
    except Exception as error:  # noqa: BLE001  # a fault of ours in one file must not cost the others
        if len(contents) > 1:
            return [log for content in contents for log in _read_batch([content])]
        return [_by_fitparse(contents[0], f"{type(error).__name__}: {error}")]
    return [_by_fitparse(content, log.error) if log.error else log for content, log in zip(contents, logs, strict=True)]


def _by_fitparse(content: bytes, reason: str) -> RawLog:
    """What fitparse makes of a file that is not decodable for us, for the reason given."""
    if len(content) > MAX_SLOW_BYTES:
        return RawLog(READER, SOURCE, error=reason)
    try:
        [log] = _logs([content], lambda some, wanted: decode_slowly(some[0], wanted))
    except Exception:  # noqa: BLE001  # ours is the reason told: fitparse is the second try
        return RawLog(READER, SOURCE, error=reason)
    if log.error:
        return replace(log, error=reason)
    return replace(log, warnings=(f"read by fitparse, since our decoder failed ({reason})", *log.warnings))


def _logs(contents: Sequence[bytes], decoder: Decoder) -> list[RawLog]:
    files = parts_of(contents, decoder)
    rows = []
    for parts, report in files:
        rows.append(_Rows(warnings=list(report.warnings)))
        for part in parts:
            _add_part(part, rows[-1])
    activities = _slices([one.activities for one in rows], ACTIVITIES)
    sets = _slices([one.sets for one in rows], SETS)
    return [_log(*file, one, a, s) for file, one, a, s in zip(files, rows, activities, sets, strict=True)]


def _slices(rows: list[list[dict[str, Any]]], schema: RawSchema) -> Iterator[pl.DataFrame]:
    """The rows of each file as a frame of its own, of one that is made for all."""
    made = frame((row for some in rows for row in some), schema)
    ends = accumulate(map(len, rows), initial=0)
    return (made[start:end] for start, end in pairwise(ends))


def _log(parts: list[Part], report: FileReport, rows: _Rows, activities: pl.DataFrame, sets: pl.DataFrame) -> RawLog:
    ids = [message for part in parts for message in part.named["file_id"]]
    named = (name_of("manufacturer", message["manufacturer"]) for message in ids)
    source = next((name for name in named if name), SOURCE)
    reason = report.error or "; ".join(report.damage[:_MAX_TOLD]) or None
    if rows.activities or rows.sets or rows.problems:
        problems, warnings = tuple(rows.problems), tuple(rows.warnings)
        return RawLog(READER, source, activities, sets, problems=problems, warnings=warnings, damage=reason)
    if reason is None:
        kind = ids[0].word("type") if ids else None
        rows.warnings.append(f"a FIT file of type {kind or 'unknown'} holds no activity")
    return RawLog(READER, source, warnings=tuple(rows.warnings), error=reason)


def _add_part(part: Part, rows: _Rows) -> None:
    recorded = part.named["session"] or (_rebuilt(part, rows) if part.is_activity else [])
    sessions = _sessions(recorded, part, rows)
    inside: dict[int, list[Message]] = {session.message.place: [] for session in sessions}
    titles = {(one["exercise_category"], one["exercise_name"]): one for one in part.named["exercise_title"]}
    for message in part.named["set"]:
        try:
            session = _session_of(message, sessions)
            rows.sets.append(_set(message, session, titles))
            inside[session.message.place].append(message)
        except UnreadableError as reason:
            rows.problems.append(reason.problem(message.place))
    rows.activities.extend(_activity(session, inside[session.message.place], part) for session in sessions)


def _rebuilt(part: Part, rows: _Rows) -> list[Message]:
    """A session made of records and sets, for a recording that was cut off before its session was written."""
    sets = part.named["set"]
    records = (
        pl.DataFrame(schema=dict.fromkeys(("place", *RECORDS["record"], "seconds")))
        if part.records is None
        else part.records
    )
    timed = records.filter(pl.col("timestamp").is_not_null() | pl.col("seconds").is_not_null())
    first = timed.select("place", pl.col("timestamp"), "seconds").head(1).rows()
    firsts = [(place, seconds if time is None else time) for place, time, seconds in first]
    firsts += [(one.place, one["start_time"]) for one in sets if one["start_time"] is not None]
    moments = [time for _, time in firsts if isinstance(time, datetime)]
    moments += [time for time in (timed["timestamp"].min(), timed["timestamp"].max()) if isinstance(time, datetime)]
    if not moments:
        return [Message(place, "session", {"start_time": time}) for place, time in firsts[:1]]
    rows.warnings.append(
        "the recording has no session: start, time and distance are rebuilt from its "
        f"{records.height} records and {len(sets)} sets; pauses are not known"
    )
    values = {
        "start_time": min(moments),
        "total_elapsed_time": (max(moments) - min(moments)).total_seconds(),
        "total_distance": next(iter(records["distance"].drop_nulls().tail(1)), None),
    }
    return [Message(firsts[0][0], "session", values)]


def _sessions(recorded: list[Message], part: Part, rows: _Rows) -> list[_Session]:
    """The sessions that have a clock, in order of time; the others are problems."""
    sports = part.named["sport"]
    sessions = []
    for message in recorded:
        start, values = message["start_time"], message.values
        if message["sport"] is None and len(sports) == 1:
            values = {**values, "sport": sports[0]["sport"], "sub_sport": sports[0]["sub_sport"]}
        if isinstance(start, datetime):
            sessions.append(_Session(Message(message.place, message.name, values), start, part.offset))
        else:
            rows.problems.append(_no_clock(start).problem(message.place))
    return sorted(sessions, key=lambda session: session.start)


def _no_clock(start: object) -> UnreadableError:
    if isinstance(start, int):
        advice = "the watch counted from when it was switched on; enter this activity by hand"
        return UnreadableError("clock_never_set", f"{start} s", advice)
    return UnreadableError("no_start_time", str(start), "the file does not say when this was; enter it by hand")


def _session_of(message: Message, sessions: list[_Session]) -> _Session:
    """The session that had begun when the set began, else the first.

    Raises: UnreadableError for a rest, and where the file has no session with a clock.
    """
    start = message["start_time"]
    if message.word("set_type") == "rest":
        raise UnreadableError("rest_set", "rest", "no set; nothing to do", is_expected=True)
    if not sessions:
        raise _no_clock(start)
    if not isinstance(start, datetime):
        return sessions[0]
    return sessions[max(bisect_right([session.start for session in sessions], start) - 1, 0)]


def _activity(session: _Session, sets: list[Message], part: Part) -> dict[str, Any]:
    message = session.message
    sport, sub_sport = message.word("sport"), message.word("sub_sport")
    distance, rpe = message["total_distance"], message["workout_rpe"]
    return {
        "row": message.place,
        "kind": _kind(sport, sub_sport, sets),
        "logged_as": "/".join(name for name in (sport, sub_sport) if name is not None) or "unknown",
        "activity_id": f"{session.start.timestamp():.0f}",
        **session.times,
        "distance": distance,
        "distance_unit": None if distance is None else "m",
        "duration_s": message["total_timer_time"],
        "elapsed_s": message["total_elapsed_time"],
        "ascent": message["total_ascent"],
        "rpe": None if rpe is None else rpe / 10,
        "is_indoor": sub_sport in _INDOOR or None,
        **({} if session.offset is not None else _position(session, part)),
    }


def _position(session: _Session, part: Part) -> dict[str, float]:
    """Where the session began, by itself or by its first record with a position; nothing where nothing says it."""
    found = (session.message["start_position_lat"], session.message["start_position_long"])
    if None in found and part.records is not None:
        latitudes, longitudes, times = (part.records[name] for name in ("position_lat", "position_long", "timestamp"))
        if latitudes.null_count() < len(latitudes):
            is_placed = (
                latitudes.is_not_null() & longitudes.is_not_null() & (times >= session.start).fill_null(value=False)
            )
            first = is_placed.arg_max()
            found = (latitudes[first], longitudes[first]) if first is not None and is_placed[first] else found
    if None in found:
        return {}
    return {"latitude": found[0] * _DEGREES, "longitude": found[1] * _DEGREES}


def _kind(sport: str | None, sub_sport: str | None, sets: list[Message]) -> str:
    """run, strength or other; other training is strength if a set counts or names something (yoga's do not)."""
    if sport == "running":
        return "run"
    if sport in _STRENGTH_SPORTS and sub_sport == "strength_training":
        return "strength"
    has_exercise = any(one["repetitions"] or exercises.is_guessed(_first(one["category"])) for one in sets)
    return "strength" if sport == "training" and has_exercise else "other"


def _set(message: Message, session: _Session, titles: Mapping[tuple[Any, Any], Message]) -> dict[str, Any]:
    if message.word("set_type") != "active":
        raise UnreadableError("unknown_set_type", str(message["set_type"]), "expected an active or a rest set")
    guessed = exercises.pairs(message["category"] or [], message["category_subtype"] or [])
    guesses = [_exercise(*guess, titles) for guess in guessed]
    first = guessed[0][0] if guessed else None
    weight = message["weight"] or None  # the watch writes 0.0 for "not entered"
    return {
        "row": message.place,
        **session.times,
        "logged_as": guesses[0] if guesses else exercises.UNKNOWN,
        "category": exercises.category_name(first) if first is not None and exercises.is_guessed(first) else None,
        "guesses": guesses or None,
        "set_type": "working",
        "reps": message["repetitions"] or None,
        "seconds": message["duration"] or None,
        "weight": weight,
        "weight_unit": "kg" if weight else None,
    }


def _exercise(category: int | None, number: int | None, titles: Mapping[tuple[Any, Any], Message]) -> str:
    """The name of one guess; "unknown" for none. What has no name yet is called as the planned workout's title."""
    if category is None or not exercises.is_guessed(category):
        return exercises.UNKNOWN
    title = titles.get((category, number))
    planned = title["wkt_step_name"] if title else None
    return str(exercises.exercise_name(category, number) or planned or exercises.category_name(category))


def _first(values: Sequence[int | None] | None) -> int | None:
    return values[0] if values else None
