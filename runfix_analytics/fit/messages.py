"""Decoded columns → the messages of each part of each file, as the FIT reader goes through them.

The few messages that sum a recording up become objects; its records stay columns, and only those files' are decoded
whose summaries tell too little.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl

from runfix_analytics.fit import profile
from runfix_analytics.fit.decoder import Decoded
from runfix_analytics.fit.layout import FileReport

MESSAGES: Mapping[str, tuple[str, ...]] = {
    "file_id": ("type", "manufacturer"),
    "sport": ("sport", "sub_sport"),
    "session": (
        "start_time", "sport", "sub_sport", "total_distance", "total_timer_time", "total_elapsed_time", "total_ascent",
        "workout_rpe", "start_position_lat", "start_position_long",
    ),
    "activity": ("timestamp", "local_timestamp"),
    "set": ("start_time", "set_type", "duration", "repetitions", "weight", "category", "category_subtype"),
    "exercise_title": ("exercise_category", "exercise_name", "wkt_step_name"),
}  # fmt: skip
MAX_MESSAGES = 10_000  # of a kind in a file: what comes after so many sets is damage
RECORDS = {"record": ("timestamp", "distance", "position_lat", "position_long")}

_OFFSET_STEP = timedelta(minutes=15)
_OFFSETS = (timedelta(hours=-12), timedelta(hours=14))
_TYPES = {"type": "file"}  # enumerations that are not called as their field is


Decoder = Callable[[Sequence[bytes], Mapping[str, tuple[str, ...]]], Decoded]


@dataclass(frozen=True)
class Message:
    """One message: its place among the data messages of the file (from 1), name and fields, enumerations as numbers.

    A time is a moment, or a number of seconds where the clock was never set.
    """

    place: int
    name: str
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)

    def word(self, name: str) -> str | None:
        """The name of an enumeration's number; the number itself where it is too new to have one."""
        number = self[name]
        return None if number is None else name_of(name, number) or str(number)


@dataclass(frozen=True)
class Part:
    """One file of a chain: its messages by name, and its records once they were asked for."""

    named: Mapping[str, list[Message]]
    places: range
    records: pl.DataFrame | None = None

    @property
    def is_activity(self) -> bool:
        """Whether the file says so, or does not say what it is."""
        ids = self.named["file_id"]
        return not ids or ids[0]["type"] is None or ids[0].word("type") == "activity"

    @property
    def offset(self) -> timedelta | None:
        """Wall clock minus UTC, if the watch states a plausible one."""
        return next((found for message in self.named["activity"] if (found := _offset(message)) is not None), None)

    @property
    def needs_records(self) -> bool:
        """Whether the summaries tell too little: no session, or neither a wall clock nor where it was."""
        sessions = self.named["session"]
        is_placed = all(one["start_position_lat"] is not None for one in sessions)
        return self.is_activity and (not sessions or (self.offset is None and not is_placed))


def parts_of(contents: Sequence[bytes], decoder: Decoder) -> list[tuple[list[Part], FileReport]]:
    """The parts of each file, in order, and what the file is like."""
    decoded = decoder(contents, MESSAGES)
    files = [list(_parts(messages)) for messages in _by_file(decoded)]
    asking = [i for i, parts in enumerate(files) if any(part.needs_records for part in parts)]
    if asking:
        recorded = decoder([contents[i] for i in asking], RECORDS)
        for i, records in zip(asking, _records_by_file(recorded), strict=True):
            parts = files[i]
            files[i] = [
                _with_records(part, records) if len(parts) > 1 else replace(part, records=records) for part in parts
            ]
    return list(zip(files, decoded.files, strict=True))


def name_of(name: str, number: Any) -> str | None:
    """The name of an enumeration's number; None where it has none."""
    return profile.value_names()[_TYPES.get(name, name)].get(number)


def _by_file(decoded: Decoded) -> Iterator[list[Message]]:
    """The messages of each file, in their order."""
    unset: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    for file, place, name, seconds in decoded.relative.iter_rows():
        unset[file, place][name] = seconds
    found: list[list[Message]] = [[] for _ in decoded.files]
    for name, every in decoded.messages.items():
        messages = (
            every if every.height <= MAX_MESSAGES else every.group_by("file", maintain_order=True).head(MAX_MESSAGES)
        )
        for file, place, values in zip(
            messages["file"],
            messages["place"],
            messages.drop("file", "part", "place").iter_rows(named=True),
            strict=True,
        ):
            found[file].append(Message(place, name, values | unset.get((file, place), {})))
    return (sorted(messages, key=lambda message: message.place) for messages in found)


def _records_by_file(decoded: Decoded) -> Iterator[pl.DataFrame]:
    """The records of each file; `seconds` are the times of a clock that was never set."""
    unset = decoded.relative.select("file", "place", "seconds")
    records = decoded.messages["record"].join(unset, on=["file", "place"], how="left", maintain_order="left")
    by_file = records.partition_by("file", as_dict=True)
    return (by_file.get((i,), records.clear()) for i in range(len(decoded.files)))


def _parts(messages: list[Message]) -> Iterator[Part]:
    """The messages of each file of a chain: a file_id begins one."""
    starts = [i for i, message in enumerate(messages) if message.name == "file_id" and i > 0]
    places = [0, *(messages[i].place for i in starts), 2**62]
    for (start, end), (first, last) in zip(pairwise([0, *starts, len(messages)]), pairwise(places), strict=True):
        named: dict[str, list[Message]] = {name: [] for name in MESSAGES}
        for message in messages[start:end]:
            named[message.name].append(message)
        yield Part(named, range(first, last))


def _with_records(part: Part, records: pl.DataFrame) -> Part:
    place = pl.col("place")
    return replace(part, records=records.filter(place >= part.places.start, place < part.places.stop))


def _offset(activity: Message) -> timedelta | None:
    utc, local = activity["timestamp"], activity["local_timestamp"]
    if not isinstance(utc, datetime) or not isinstance(local, datetime):
        return None
    offset = round((local.replace(tzinfo=UTC) - utc) / _OFFSET_STEP) * _OFFSET_STEP
    return offset if _OFFSETS[0] <= offset <= _OFFSETS[1] else None
