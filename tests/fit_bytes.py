"""A small FIT encoder, to write files a watch might write and to break them. Independent of `sample_files`."""

import struct
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

Message = tuple[str, Mapping[str, Any]]

_EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
_SEMICIRCLES = 2**31 / 180
_TYPES = {
    "enum": (0x00, "B"),
    "u8": (0x02, "B"),
    "text": (0x07, "s"),
    "u16": (0x84, "H"),
    "u32": (0x86, "I"),
    "s32": (0x85, "i"),
}
_TIME = (253, "u32", 1)
# message → number, {field: (number, type, scale)}; numbers as in Garmin's FIT profile
_PROFILE: dict[str, tuple[int, dict[str, tuple[int, str, float]]]] = {
    "file_id": (0, {"type": (0, "enum", 1), "manufacturer": (1, "u16", 1), "serial_number": (3, "u32", 1)}),
    "sport": (12, {"sport": (0, "enum", 1), "sub_sport": (1, "enum", 1)}),
    "session": (
        18,
        {
            "timestamp": _TIME,
            "start_time": (2, "u32", 1),
            "sport": (5, "enum", 1),
            "sub_sport": (6, "enum", 1),
            "elapsed": (7, "u32", 1000),
            "timer": (8, "u32", 1000),
            "distance": (9, "u32", 100),
            "ascent": (22, "u16", 1),
            "rpe": (193, "u8", 1),
            "latitude": (3, "s32", _SEMICIRCLES),
            "longitude": (4, "s32", _SEMICIRCLES),
        },
    ),
    "record": (
        20,
        {
            "timestamp": _TIME,
            "distance": (5, "u32", 100),
            "latitude": (0, "s32", _SEMICIRCLES),
            "longitude": (1, "s32", _SEMICIRCLES),
        },
    ),
    "activity": (34, {"timestamp": _TIME, "local_timestamp": (5, "u32", 1)}),
    "set": (
        225,
        {
            "timestamp": (254, "u32", 1),
            "duration": (0, "u32", 1000),
            "repetitions": (3, "u16", 1),
            "weight": (4, "u16", 16),
            "set_type": (5, "u8", 1),
            "start_time": (6, "u32", 1),
            "category": (7, "u16", 1),
            "category_subtype": (8, "u16", 1),
        },
    ),
    "exercise_title": (264, {"category": (0, "u16", 1), "name": (1, "u16", 1), "title": (2, "text", 1)}),
}


def encode(messages: Iterable[Message]) -> bytes:
    """A FIT file of these messages, each with its definition; None becomes the type's "invalid"."""
    return file_of(b"".join(_message(name, values) for name, values in messages))


def file_of(body: bytes) -> bytes:
    """A FIT file of definitions and messages as they stand in it."""
    head = struct.pack("<2BHI4s", 14, 0x10, 2078, len(body), b".FIT")
    head += struct.pack("<H", crc(head))
    return head + body + struct.pack("<H", crc(head + body))


def define(
    local: int,
    number: int,
    fields: Iterable[tuple[int, int, int]],
    developer: Iterable[tuple[int, int, int]] | None = None,
    is_big: bool = False,
) -> bytes:
    """A definition: fields as (number, size, base type), developer's as (number, size, index of the application)."""
    packed = [bytes(field) for field in fields]
    order = ">" if is_big else "<"
    head = bytes((0x40 | (0x20 if developer is not None else 0) | local, 0, is_big))
    body = head + struct.pack(f"{order}HB", number, len(packed)) + b"".join(packed)
    if developer is None:
        return body
    own = [bytes(field) for field in developer]
    return body + bytes((len(own),)) + b"".join(own)


def with_crc_zeroed(content: bytes) -> bytes:
    """The file with a wrong checksum."""
    return content[:-2] + b"\0\0"


def with_garbage_at(content: bytes, place: int) -> bytes:
    """The file with eight of its bytes overwritten."""
    return content[:place] + b"\xee" * 8 + content[place + 8 :]


def _message(name: str, values: Mapping[str, Any]) -> bytes:
    number, fields = _PROFILE[name]
    definition = data = b""
    for field, value in values.items():
        field_number, kind, scale = fields[field]
        packed = _pack(value, kind, scale)
        definition += struct.pack("<3B", field_number, len(packed), _TYPES[kind][0])
        data += packed
    return struct.pack("<3BHB", 0x40, 0, 0, number, len(values)) + definition + b"\0" + data


def _pack(value: Any, kind: str, scale: float) -> bytes:
    if kind == "text":
        return str(value).encode() + b"\0"
    code = _TYPES[kind][1]
    items = value if isinstance(value, tuple) else (value,)
    return b"".join(struct.pack(f"<{code}", _raw(item, code, scale)) for item in items)


def _raw(value: float | datetime | None, code: str, scale: float) -> int:
    if value is None:
        return {"B": 0xFF, "H": 0xFFFF, "I": 0xFFFFFFFF, "i": 0x7FFFFFFF}[code]
    if isinstance(value, datetime):
        return int((value.replace(tzinfo=UTC) - _EPOCH).total_seconds())
    return round(value * scale)


def crc(data: bytes) -> int:
    """Source: Garmin's FIT protocol, CRC-16 with the reversed polynomial 0x8005."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def run(start: datetime, **session: Any) -> list[Message]:
    """A watch's messages of a run of ten minutes and 2 km, the session last; `session` replaces fields of it."""
    epoch = int((start.replace(tzinfo=UTC) - _EPOCH).total_seconds())
    records = [("record", {"timestamp": epoch + 60 * i, "distance": 200.0 * i}) for i in range(11)]
    fields = {"start_time": start, "elapsed": 630.0, "timer": 600.0, "distance": 2000.0, "ascent": 12, "rpe": 40}
    fields |= {"sport": 1, "sub_sport": 0} | session
    clock = {"timestamp": epoch + 630, "local_timestamp": epoch + 630 + 7200}
    return [("file_id", {"type": 4, "manufacturer": 1}), *records, ("session", fields), ("activity", clock)]


def strength(start: datetime, sets: Iterable[Mapping[str, Any]], **session: Any) -> list[Message]:
    """A watch's messages of a strength session, the session first, as newer Garmins write it."""
    fields = {"start_time": start, "elapsed": 1800.0, "timer": 1500.0, "sport": 10, "sub_sport": 20} | session
    logged = [("set", {"timestamp": start, "set_type": 1, "start_time": start, **one}) for one in sets]
    return [("file_id", {"type": 4, "manufacturer": 1}), ("session", fields), *logged]
