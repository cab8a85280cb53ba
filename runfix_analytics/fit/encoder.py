"""A small FIT encoder of our own: enough of the format for samples, tests and demos."""

import struct
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

FitValue = int | float | str | datetime | tuple[int, ...] | None
FitMessage = tuple[str, Mapping[str, FitValue]]

# FIT: message → its number and fields; field → number, base type, scale (Garmin FIT profile 21).
_TIME = (253, "uint32", 1)
_SUMMARY = {
    "timestamp": _TIME, "message_index": (254, "uint16", 1), "event": (0, "enum", 1), "event_type": (1, "enum", 1),
    "start_time": (2, "uint32", 1), "total_elapsed_time": (7, "uint32", 1000), "total_timer_time": (8, "uint32", 1000),
    "total_distance": (9, "uint32", 100),
}  # fmt: skip
_PROFILE: Mapping[str, tuple[int, Mapping[str, tuple[int, str, int]]]] = {
    "file_id": (0, {"type": (0, "enum", 1), "manufacturer": (1, "uint16", 1), "time_created": (4, "uint32", 1)}),
    "sport": (12, {"sport": (0, "enum", 1), "sub_sport": (1, "enum", 1), "name": (3, "string", 1)}),
    "session": (18, _SUMMARY | {
        "sport": (5, "enum", 1), "sub_sport": (6, "enum", 1), "avg_heart_rate": (16, "uint8", 1),
        "total_ascent": (22, "uint16", 1), "first_lap_index": (25, "uint16", 1), "num_laps": (26, "uint16", 1),
        "workout_rpe": (193, "uint8", 1),
    }),
    "lap": (19, _SUMMARY | {"avg_heart_rate": (15, "uint8", 1), "total_ascent": (21, "uint16", 1)}),
    "record": (20, {"timestamp": _TIME, "heart_rate": (3, "uint8", 1), "distance": (5, "uint32", 100)}),
    "event": (21, {"timestamp": _TIME, "event": (0, "enum", 1), "event_type": (1, "enum", 1)}),
    "activity": (34, {
        "timestamp": _TIME, "total_timer_time": (0, "uint32", 1000), "num_sessions": (1, "uint16", 1),
        "type": (2, "enum", 1), "event": (3, "enum", 1), "event_type": (4, "enum", 1),
        "local_timestamp": (5, "uint32", 1),
    }),
    "set": (225, {
        "timestamp": (254, "uint32", 1), "duration": (0, "uint32", 1000), "repetitions": (3, "uint16", 1),
        "weight": (4, "uint16", 16), "set_type": (5, "uint8", 1), "start_time": (6, "uint32", 1),
        "category": (7, "uint16", 1), "category_subtype": (8, "uint16", 1), "message_index": (10, "uint16", 1),
        "wkt_step_index": (11, "uint16", 1),
    }),
    "exercise_title": (264, {
        "message_index": (254, "uint16", 1), "exercise_category": (0, "uint16", 1), "exercise_name": (1, "uint16", 1),
        "wkt_step_name": (2, "string", 1),
    }),
}  # fmt: skip
_BASE_TYPES = {"enum": (0, "B"), "uint8": (2, "B"), "string": (7, "s"), "uint16": (0x84, "H"), "uint32": (0x86, "I")}
_INVALID = {"B": 0xFF, "H": 0xFFFF, "I": 0xFFFFFFFF}
_FIT_EPOCH = datetime(1989, 12, 31)
_LOCAL_TYPES = 16
_CRC_OF_NIBBLE = (
    0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
    0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400,
)  # fmt: skip


def encode_fit(messages: Iterable[FitMessage]) -> bytes:
    """A FIT file of (message name, {field: value}) in order: little endian, 14-byte header, both CRCs right.

    Aware times become UTC, naive ones the wall clock (local_timestamp); None is the type's invalid value.

    Raises: KeyError for a message or field that the excerpt of the profile above lacks.
    """
    body = bytearray()
    local_types: dict[bytes, int] = {}
    for name, values in messages:
        number, profile = _PROFILE[name]
        packed = [(*profile[field][:2], _pack(value, *profile[field][1:])) for field, value in values.items()]
        shape = b"".join(bytes((field, len(data), _BASE_TYPES[base][0])) for field, base, data in packed)
        definition = struct.pack("<BBHB", 0, 0, number, len(packed)) + shape
        if definition not in local_types:
            if len(local_types) == _LOCAL_TYPES:
                local_types.clear()
            local_types[definition] = len(local_types)
            body += bytes((0x40 | local_types[definition],)) + definition
        body += bytes((local_types[definition],)) + b"".join(data for *_, data in packed)
    header = struct.pack("<BBHI4s", 14, 0x10, 2100, len(body), b".FIT")
    file = header + _crc(header) + body
    return file + _crc(file)


def _pack(value: FitValue, base: str, scale: int) -> bytes:
    code = _BASE_TYPES[base][1]
    if isinstance(value, str):
        return value.encode() + b"\0"
    many = value if isinstance(value, tuple) else (value,)
    return struct.pack(f"<{len(many)}{code}", *(_raw(one, scale, _INVALID[code]) for one in many))


def _raw(value: int | float | datetime | None, scale: int, invalid: int) -> int:
    if isinstance(value, datetime):
        wall_clock = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return round((wall_clock - _FIT_EPOCH).total_seconds())
    return invalid if value is None else round(value * scale)


def _crc(data: bytes) -> bytes:
    crc = 0
    for byte in data:
        for nibble in (byte & 0xF, byte >> 4):
            crc = (crc >> 4) ^ _CRC_OF_NIBBLE[(crc ^ nibble) & 0xF]
    return struct.pack("<H", crc)
