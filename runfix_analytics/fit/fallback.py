"""The same columns as `decoder` makes, through fitparse, message by message: for a file that ours fails on."""

import io
from collections.abc import Iterator
from math import isfinite
from typing import Any

import polars as pl

from runfix_analytics.fit import profile
from runfix_analytics.fit.columns import CLOCK_SET_FROM_S, EPOCH_S, KEYS, RELATIVE
from runfix_analytics.fit.decoder import Decoded, Wanted
from runfix_analytics.fit.layout import FileReport
from runfix_analytics.fit.profile import UNKNOWN, Column, Kind


def decode_slowly(content: bytes, wanted: Wanted) -> Decoded:
    """The wanted fields, by name, of the messages of one file up to the first damage. Never raises because of a file.

    The parts of a chain are not told apart: all are 1.
    """
    report = FileReport()
    columns = {name: [profile.message(name).column(field) for field in fields or ()] for name, fields in wanted.items()}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in wanted}
    unset: list[dict[str, Any]] = []
    for place, name, values in _messages(content, report):
        report.n_messages = place
        if name in rows:
            row = {column.name: _cell(column, values) for column in columns[name]}
            relative = {key: cell for key, cell in row.items() if isinstance(cell, _Unset)}
            unset += [{"file": 0, "place": place, "field": key, "seconds": int(cell)} for key, cell in relative.items()]
            rows[name].append({"file": 0, "part": 1, "place": place, **row, **dict.fromkeys(relative)})
    frames = {
        name: pl.DataFrame(some, {**KEYS, **{c.name: c.dtype or pl.Int64() for c in columns[name]}}, strict=False)
        for name, some in rows.items()
    }
    if not report.n_messages:
        report.error = report.damage[0] if report.damage else "the file holds no message"
    return Decoded(frames, pl.DataFrame(unset, RELATIVE), [report])


class _Unset(int):
    """Seconds of a clock that was never set."""


def _messages(content: bytes, report: FileReport) -> Iterator[tuple[int, str, dict[int | str, Any]]]:
    """Place, name and values of each message, by the field's number and by the name of one that fitparse expanded."""
    from fitparse import FitFile  # noqa: PLC0415
    from fitparse.records import DEV_TYPES  # noqa: PLC0415

    DEV_TYPES.clear()  # global in fitparse: developer fields of the last file would decode this one
    try:
        fit = FitFile(io.BytesIO(content), check_crc=False, data_processor=_Raw())
        for place, message in enumerate(fit.get_messages(), start=1):
            # of equal fields the first counts: developer fields stand last
            yield place, message.name, {_key(data): data for data in reversed(message.fields)}
    except Exception as error:  # noqa: BLE001  # besides its own, fitparse lets any error of a damaged file through
        report.damage.append(f"{type(error).__name__}: {error}")


def _key(data: Any) -> int | str:
    is_own = data.field_def is not None and data.field_type != "devfield"
    return int(data.def_num) if is_own else str(data.name)


def _cell(column: Column, values: dict[int | str, Any]) -> Any:
    data = values.get(column.number) or values.get(column.name)
    if data is None or (data.raw_value is None and (column.kind is not Kind.LIST or data.base_type.name == "byte")):
        return None
    value = data.raw_value if isinstance(data.value, str) or column.name.startswith(UNKNOWN) else data.value
    if column.kind is Kind.TEXT:
        return value if isinstance(value, str) else None
    if column.kind is Kind.LIST:
        return [one if _is_number(one) else None for one in (value if isinstance(value, tuple) else (value,))]
    if not _is_number(value):
        return None
    if column.kind is Kind.TIME and value < CLOCK_SET_FROM_S:
        return _Unset(value)
    return (int(value) + EPOCH_S) * 1_000_000 if column.kind in {Kind.TIME, Kind.WALL_CLOCK} else value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and isfinite(value)


class _Raw:
    """A data processor that leaves every value as it is: fitparse's own takes half of its time and may raise."""

    def run_type_processor(self, data: Any) -> None: ...

    def run_field_processor(self, data: Any) -> None: ...

    def run_unit_processor(self, data: Any) -> None: ...

    def run_message_processor(self, message: Any) -> None: ...
