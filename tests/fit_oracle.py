"""What fitparse makes of a FIT file, in the words of our decoder, and where the two differ on purpose."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

from fitparse import FitFile
from fitparse.records import DEV_TYPES

from runfix_analytics.fit import profile
from runfix_analytics.fit.decoder import decode
from runfix_analytics.fit.profile import DEVELOPER, NO_NUMBER, Kind

_EPOCH = datetime(1989, 12, 31)
_CLOCK_SET_FROM_S = 0x10000000
_WITH_COMPONENTS = {"session", "lap", "record", "event", "set"}


class _Raw:
    """A fitparse processor that leaves every value as it is."""

    def run_type_processor(self, data: Any) -> None: ...

    run_field_processor = run_unit_processor = run_message_processor = run_type_processor


@dataclass
class Expected:
    """The messages of a file by fitparse: (place, name, values), and the error that ended them."""

    messages: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    error: Exception | None = None


def by_fitparse(content: bytes) -> Expected:
    expected = Expected()
    DEV_TYPES.clear()
    try:
        fit = FitFile(io.BytesIO(content), check_crc=False, data_processor=_Raw())
        for place, message in enumerate(fit.get_messages(), start=1):
            if message.mesg_type is not None:
                expected.messages.append((place, message.name, _values(message)))
    except Exception as error:  # noqa: BLE001  # fitparse lets any error through
        expected.error = error
    return expected


def differences(content: bytes, expected: Expected) -> Iterator[str]:
    """Every value of ours that is not fitparse's, among the messages that fitparse reads."""
    wanted: dict[str, set[str]] = {}
    for _, name, values in expected.messages:
        wanted.setdefault(name, set()).update(values)
    decoded = decode([content], wanted)
    every = decode([content], dict.fromkeys(wanted))
    ours = {
        (place, name): {key: values[key] for key in values if values[key] is not None}
        for name, frame in decoded.messages.items()
        for place, values in zip(frame["place"], frame.drop("file", "part", "place").iter_rows(named=True), strict=True)
    }
    for place, name, values in expected.messages:
        row = ours.pop((place, name), None)
        if row is None:
            yield f"{place} {name}: is missing"
            continue
        theirs = {key: value for key, value in values.items() if value is not None}
        for key in theirs.keys() | row.keys():
            if not _same(row.get(key), theirs.get(key)):
                yield f"{place} {name}.{key}: ours {row.get(key)!r}, fitparse {theirs.get(key)!r}"
    if expected.error is None:
        yield from (f"{place} {name}: fitparse has none" for place, name in ours)
    for name, frame in every.messages.items():
        asked = decoded.messages[name]
        for key in frame.columns:
            known = key in asked.columns
            if known and not frame[key].equals(asked[key]):
                yield f"{name}.{key}: differs when all fields are asked for"
            if not known and frame[key].drop_nulls().len() and expected.error is None:
                yield f"{name}.{key}: fitparse has no such field"


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, list):  # a field without a profile is one of lists where any file has several values in it
        theirs = theirs if isinstance(theirs, list) else [theirs]
        return len(ours) == len(theirs) and all(map(_same, ours, theirs))
    return bool(ours == theirs)


def _values(message: Any) -> dict[str, Any]:
    """Of several values of one name the first that is there: the field's own, a component's, a developer's."""
    own: dict[str, Any] = {}
    later: list[tuple[str, Any]] = []
    known = profile.message(message.name)
    of_several = {
        component.name
        for data in message.fields
        if isinstance(data.raw_value, tuple) and data.base_type.name != "byte" and data.field is not None
        for component in data.field.components or ()
    }
    newer = {known.columns["timestamp"].number: "timestamp", **profile.NEWER.get(message.mesg_num, {})}
    for data in message.fields:
        if data.field_type == "devfield":
            own.setdefault(DEVELOPER + data.name, _value(data, Kind.LIST if _is_many(data) else None))
            later += [(name, data) for name in _stood_for(data.field.native_field_num, message, known)]
        elif data.field_def is not None:
            name = newer.get(data.def_num, data.name) if data.field is None else data.name
            own.setdefault(name, _value(data, known.column(name).kind))
        elif (message.name in _WITH_COMPONENTS and data.name not in of_several) or data.name == "timestamp":
            later.insert(0, (data.name, data))
    for name, data in later:
        if own.get(name) is None:
            own[name] = _value(data, known.column(name).kind)
    return own


def _stood_for(number: int | None, message: Any, known: profile.Message) -> list[str]:
    """The field that a developer's field stands for, if it is one of numbers."""
    columns = [c.name for c in known.columns.values() if c.number == number and c.number != NO_NUMBER]
    return [name for name in columns if known.column(name).kind is Kind.NUMBER and name in known.columns][-1:]


def _is_many(data: Any) -> bool:
    return isinstance(data.raw_value, tuple) and len(data.raw_value) > 1


def _value(data: Any, kind: Kind | None) -> Any:
    value = data.value if data.field_def is not None else data.raw_value
    raw = data.raw_value
    is_scaled = bool(data.field and data.field.scale)
    if kind is Kind.LIST or (kind is None and _is_many(data)):
        if raw is None or isinstance(raw, str):
            return None
        cells = zip(value, raw, strict=True) if isinstance(raw, tuple) else [(value, raw)]
        return [_number(*cell, is_scaled) for cell in cells]
    if isinstance(raw, tuple):
        if len(raw) > 1:
            return None  # a field of one value that a file fills with several: left out
        value, raw = value[0], raw[0]
    if kind is Kind.TEXT or isinstance(raw, str):
        return raw if isinstance(raw, str) and kind in {Kind.TEXT, None} else None
    number = _number(value, raw, is_scaled)
    is_time = number is not None and kind in {Kind.TIME, Kind.WALL_CLOCK}
    return _moment(number, kind) if is_time else number


def _moment(number: int, kind: Kind | None) -> datetime | None:
    if not 0 <= number <= 0xFFFFFFFF:
        return None  # a float or 64 bits where the profile has 32
    moment = _EPOCH + timedelta(seconds=number)
    if kind is Kind.WALL_CLOCK:
        return moment
    return moment.replace(tzinfo=UTC) if number >= _CLOCK_SET_FROM_S else None


def _number(value: Any, raw: Any, is_scaled: bool) -> Any:
    """Enumerations stay numbers; words among measurements and what is not finite are no numbers."""
    if isinstance(value, str):
        return None if is_scaled else raw
    return value if value is not None and isfinite(value) else None
