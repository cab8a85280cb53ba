"""Messages at known places → columns: one gather for each definition, one view for each field, then whole columns."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from runfix_analytics.fit import profile
from runfix_analytics.fit.layout import NO_TIME, TIMESTAMP, Definition, Description, Field, Walked
from runfix_analytics.fit.profile import ALWAYS, DEVELOPER, NO_NUMBER, Column, Component, Kind, Message, When

EPOCH_S = 631_065_600  # FIT's, 1989-12-31, in Unix time
CLOCK_SET_FROM_S = 0x10000000  # smaller times count from when the watch was switched on; source: FIT profile, date_time
KEYS = {"file": pl.Int64(), "part": pl.Int64(), "place": pl.Int64()}
RELATIVE = {"file": pl.Int64(), "place": pl.Int64(), "field": pl.String(), "seconds": pl.Int64()}
_STRING, _BYTE = 0x07, 0x0D
_PACKED_BYTES = 8  # of a byte array, as components are cut from it
# base type → numpy's type and the value that means "none"; source: FIT protocol. Floats: what is not finite.
_BASES: dict[int, tuple[str, int | None]] = {
    0x00: ("u1", 0xFF), 0x01: ("i1", 0x7F), 0x02: ("u1", 0xFF), 0x83: ("i2", 0x7FFF), 0x84: ("u2", 0xFFFF),
    0x85: ("i4", 0x7FFFFFFF), 0x86: ("u4", 0xFFFFFFFF), 0x88: ("f4", None), 0x89: ("f8", None), 0x0A: ("u1", 0),
    0x8B: ("u2", 0), 0x8C: ("u4", 0), _BYTE: ("u1", 0xFF), 0x8E: ("i8", 0x7FFFFFFFFFFFFFFF),
    0x8F: ("u8", 0xFFFFFFFFFFFFFFFF), 0x90: ("u8", 0),
}  # fmt: skip
_Mask = NDArray[np.bool_]
_Numbers = NDArray[np.generic]
_Rows = slice | NDArray[np.int64]


@dataclass(frozen=True)
class _Block:
    """The messages of one definition: where they are among those of all definitions, their rows, and their bytes.

    `span` counts definition by definition, `rows` in the file's order; `octets` are (messages, size).
    """

    definition: Definition
    span: slice
    rows: _Rows
    octets: NDArray[np.uint8]


@dataclass(frozen=True)
class _Piece:
    """One field of one block, not yet converted: (messages, values of each); text has its bytes as the values."""

    block: _Block
    base: int
    raw: _Numbers

    @property
    def rows(self) -> _Rows:
        return self.block.rows

    @property
    def count(self) -> int:
        return int(self.raw.shape[1])

    @property
    def is_valid(self) -> _Mask:
        """Which values are none of the type's "invalid"; bytes are so together."""
        invalid = _BASES[self.base][1]
        if invalid is None:
            return np.isfinite(self.raw)
        valid: _Mask = self.raw != invalid
        return np.broadcast_to(valid.any(axis=1, keepdims=True), valid.shape) if self.base == _BYTE else valid


@dataclass(frozen=True)
class _Values:
    """A column of numbers, and which of them are there."""

    numbers: _Numbers
    is_there: _Mask

    def scaled(self, scale: float | None, offset: float | None) -> "_Values":
        """The same divided by the scale, less the offset."""
        numbers: _Numbers = self.numbers
        if scale:
            numbers = numbers / np.float64(scale)  # type: ignore[operator]
        if offset:
            numbers = numbers - (int(offset) if numbers.dtype.kind == "i" else np.float64(offset))  # type: ignore[operator]
        return _Values(numbers, self.is_there)

    def or_else(self, other: "_Values") -> "_Values":
        """These, and where none is there the others."""
        numbers = np.where(self.is_there, self.numbers, other.numbers)
        return _Values(numbers, self.is_there | other.is_there)

    def only(self, rows: _Mask) -> "_Values":
        """Those of these rows."""
        return _Values(self.numbers, self.is_there & rows)


class MessageRows:
    """All messages of one kind in a batch, in the files' order."""

    def __init__(self, walked: Walked, message: Message) -> None:
        self.message = message
        found = [one for one in walked.definitions if one.number == message.number and (one.runs or one.stamped)]
        places = [_rows_of(definition) for definition in found]
        offsets, self.places, self.times = (_joined([some[i] for some in places]) for i in range(3))
        self.height = len(offsets)
        ends = np.cumsum([0, *(len(some[0]) for some in places)]).tolist()
        spans = [slice(start, end) for start, end in pairwise(ends)]
        self.order: NDArray[np.int64] | None = None  # of the messages definition by definition, where it is another
        rows: list[_Rows] = [*spans]
        if (np.diff(offsets) < 0).any():
            self.order = np.argsort(offsets, kind="stable")
            rank = np.empty_like(self.order)
            rank[self.order] = np.arange(self.height)
            rows = [_as_slice(rank[span]) for span in spans]
        octets = (_gathered(walked, definition, some[0]) for definition, some in zip(found, places, strict=True))
        self.blocks = [_Block(*one) for one in zip(found, spans, rows, octets, strict=True)]
        if self.order is not None:
            offsets, self.places, self.times = (some[self.order] for some in (offsets, self.places, self.times))
        part_offsets = np.array([part.offset for part in walked.parts], np.int64)
        self.part = np.searchsorted(part_offsets, offsets, side="right") - 1
        self.files = np.array([part.file for part in walked.parts], np.int64)[self.part]
        self.parts = np.array([part.number for part in walked.parts], np.int64)[self.part]
        self._raws: dict[int, _Values] = {}

    @cached_property
    def numbers(self) -> frozenset[int]:
        """The fields that any definition has, timestamps in headers too."""
        return frozenset(self._own.keys() | ({TIMESTAMP} if (self.times != NO_TIME).any() else set()))

    def occurring(self) -> list[Column]:
        """The columns of the profile, and of developers, that any message of this batch can have."""
        numbers = self.numbers
        natives = {about.native_field for _, _, about in self._developers()}
        columns = []
        for column in self.message.columns.values():
            sources = {one.source for one in self.message.components.get(column.number, ())}
            is_rare = column.when.any_of and not self._where(column.when).any()
            if not is_rare and numbers & {column.number, *sources} | natives & {column.number}:
                columns.append(column)
        names = dict.fromkeys(about.name for _, _, about in self._developers())
        return [*columns, *(Column(DEVELOPER + name, NO_NUMBER) for name in names)]

    def frame(self, columns: Iterable[Column]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """One row per message in the file's order: `file` (from 0), `part` (from 1), `place` and the columns.

        The second frame holds the times of clocks that were never set, which are null in the first.
        """
        series = [pl.Series("file", self.files), pl.Series("part", self.parts), pl.Series("place", self.places)]
        relative = [pl.DataFrame(schema=RELATIVE)]
        for column in columns:
            kind = column.kind or self._kind(column)
            if kind is Kind.TEXT:
                series.append(self._texts(column))
            elif kind is Kind.LIST:
                series.append(self._lists(column))
            elif kind is Kind.NUMBER:
                series.append(_series(column.name, self._filled(column)))
            else:
                found, unset = self._times(column, kind)
                series.append(found)
                relative.append(unset)
        return pl.DataFrame(series), pl.concat(relative)

    @cached_property
    def _own(self) -> dict[int, list[tuple[_Block, Field]]]:
        """Where each field of the profile stands, by its number; of equal ones in a definition the first counts."""
        found: dict[int, list[tuple[_Block, Field]]] = {}
        for block in self.blocks:
            for number, field in {field.number: field for field in reversed(block.definition.fields)}.items():
                found.setdefault(number, []).append((block, field))
        return found

    def _developers(self) -> Iterator[tuple[_Block, Field, Description]]:
        for block in self.blocks:
            for field in block.definition.developer:
                if field.description is not None:
                    yield block, field, field.description

    def _pieces(self, column: Column) -> Iterator[_Piece]:
        if column.number != NO_NUMBER:
            return (piece for block, field in self._own.get(column.number, ()) for piece in _piece(block, field))
        name = column.name.removeprefix(DEVELOPER)
        named = {block.span.start: (block, f) for block, f, about in self._developers() if about.name == name}
        return (piece for block, field in named.values() for piece in _piece(block, field))

    def _native_pieces(self, number: int) -> Iterator[_Piece]:
        for block, field, about in self._developers():
            if about.native_field == number and about.native_message in {None, self.message.number}:
                yield from _piece(block, field)

    def _kind(self, column: Column) -> Kind:
        pieces = list(self._pieces(column))
        if any(piece.base == _STRING for piece in pieces):
            return Kind.TEXT
        return Kind.LIST if any(piece.count > 1 for piece in pieces) else Kind.NUMBER

    def _numbers_of(self, pieces: Iterable[_Piece]) -> _Values:
        """Fields of one value each, as one column; others are left out."""
        single = [piece for piece in pieces if piece.count == 1 and piece.base != _STRING]
        numbers = np.zeros(self.height, _common({_BASES[piece.base][0] for piece in single}))
        is_there = np.zeros(self.height, bool)
        for piece in single:
            numbers[piece.rows] = piece.raw[:, 0]
            is_there[piece.rows] = piece.is_valid[:, 0]
        return _Values(numbers, is_there)

    def _raw(self, number: int) -> _Values:
        if number not in self._raws:
            self._raws[number] = self._numbers_of(self._pieces(Column("", number)))
        return self._raws[number]

    def _where(self, when: When) -> _Mask:
        def holds(refs: tuple[tuple[int, int], ...]) -> _Mask:
            found = np.zeros(self.height, bool)
            for number, value in refs:
                raw = self._raw(number)
                found |= raw.is_there & (raw.numbers == value) & ~self._is_byte(number)
            return found

        return (holds(when.any_of) if when.any_of else np.ones(self.height, bool)) & ~holds(when.none_of)

    def _filled(self, column: Column) -> _Values:
        """The field's own value, else that of a component, else that of a developer's field that stands for it."""
        raw = self._numbers_of(self._pieces(column)) if column.number == NO_NUMBER else self._raw(column.number)
        if column.special:
            raw = raw.only(~np.isin(raw.numbers, column.special))
        values = raw.scaled(column.scale, column.offset)
        if column.name == profile.TIMESTAMP.name:
            values = values.or_else(_Values(self.times, self.times != NO_TIME))
        for component in self.message.components.get(column.number, ()):
            if component.source in self.numbers:
                values = values.or_else(self._component(component))
        natives = [] if column.number == NO_NUMBER else list(self._native_pieces(column.number))
        if natives:
            values = values.or_else(self._numbers_of(natives))
        return values if column.when == ALWAYS else values.only(self._where(column.when))

    def _component(self, component: Component) -> _Values:
        packed = self._packed(component.source)
        bits = packed.numbers
        cut = np.where(packed.is_there, bits, 0).astype(np.int64) >> component.bit_offset & ((1 << component.bits) - 1)
        # of a field that one watch writes as a fraction and another as a whole number, only the latter has bits
        bits = cut if bits.dtype.kind != "f" else np.where(self._is_whole(component.source), cut, bits)
        is_there = packed.is_there & self._where(component.when)
        if component.accumulates:
            bits = self._accumulated(bits, is_there, 1 << component.bits)
        return _Values(bits, is_there).scaled(component.scale, component.offset)

    def _packed(self, number: int) -> _Values:
        """A field as the whole number that its components are cut from: bytes count from the lowest."""
        raw = self._raw(number)
        numbers, is_there = raw.numbers.copy(), raw.is_there.copy()
        for piece in self._pieces(Column("", number)):
            if piece.base == _BYTE and 1 < piece.count <= _PACKED_BYTES:
                octets = piece.raw.astype(np.int64)
                numbers[piece.rows] = (octets << (8 * np.arange(piece.count))).sum(axis=1)
                is_there[piece.rows] = piece.is_valid[:, 0]
        return _Values(numbers, is_there)

    def _is_byte(self, number: int) -> _Mask:
        """Where a field is written as plain bytes: such a value is compared with nothing."""
        found = np.zeros(self.height, bool)
        for piece in self._pieces(Column("", number)):
            found[piece.rows] = piece.base == _BYTE
        return found

    def _is_whole(self, number: int) -> _Mask:
        found = np.zeros(self.height, bool)
        for piece in self._pieces(Column("", number)):
            found[piece.rows] = _BASES[piece.base][0][0] != "f"
        return found

    def _accumulated(self, bits: _Numbers, is_there: _Mask, modulus: int) -> _Numbers:
        """Each value plus what its part has rolled over so far."""
        rows = np.flatnonzero(is_there)
        low, part = bits[rows].astype(np.int64), self.part[rows]
        is_first = np.diff(part, prepend=-1) > 0
        rolled = (np.diff(low, prepend=0) < 0) & ~is_first
        total = np.cumsum(rolled)
        before = np.maximum.accumulate(np.where(is_first, total, 0)) if len(rows) else total
        sums = bits.astype(np.int64)
        sums[rows] = low + modulus * (total - before)
        return sums

    def _times(self, column: Column, kind: Kind) -> tuple[pl.Series, pl.DataFrame]:
        values = self._filled(column)
        seconds = values.numbers.astype(np.int64)
        is_there = values.is_there & (seconds >= 0) & (seconds <= NO_TIME)
        is_set = is_there & (seconds >= CLOCK_SET_FROM_S) if kind is Kind.TIME else is_there
        moments = ((seconds + EPOCH_S) * 1_000_000).view("datetime64[us]")
        found = _series(column.name, _Values(moments, is_set)).cast(column.dtype or pl.Int64())
        unset = values.is_there & ~is_set
        relative = {"file": self.files[unset], "place": self.places[unset], "seconds": seconds[unset]}
        named = pl.DataFrame(relative).with_columns(field=pl.lit(column.name)).select(*RELATIVE)
        return found, named

    def _texts(self, column: Column) -> pl.Series:
        texts = np.full(self.height, None, object)
        for piece in self._pieces(column):
            if piece.base == _STRING:
                width, octets = piece.count, piece.raw.tobytes()
                cells = [octets[i : i + width] for i in range(0, len(octets), width)]
                texts[piece.rows] = [cell.partition(b"\0")[0].decode(errors="replace") or None for cell in cells]
        return pl.Series(column.name, texts.tolist(), pl.String())

    def _lists(self, column: Column) -> pl.Series:
        pieces = [piece for piece in self._pieces(column) if piece.base != _STRING]
        inner = pl.Float64() if column.scale or any(_BASES[p.base][0][0] == "f" for p in pieces) else pl.Int64()
        dtype, at, series = pl.List(inner), 0, []
        for piece in pieces:
            raw = piece.raw.astype(_common({_BASES[piece.base][0]})).ravel()
            flat = _Values(raw, piece.is_valid.ravel()).scaled(column.scale, column.offset)
            lists = _series(column.name, flat).reshape((len(piece.raw), piece.count)).arr.to_list()
            if piece.base == _BYTE:
                lists = lists.set(pl.Series(~piece.is_valid[:, 0]), None)
            series += [_nulls(piece.block.span.start - at, dtype), lists.cast(dtype, strict=False)]
            at = piece.block.span.stop
        lists = pl.concat([*series, _nulls(self.height - at, dtype)]).alias(column.name)
        return lists if self.order is None else lists[self.order]


def _rows_of(definition: Definition) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Offset, place and stamped time (NO_TIME: none) of each message of a definition."""
    runs = np.array(definition.runs, np.int64).reshape(-1, 5)
    stamped = np.array(definition.stamped, np.int64).reshape(-1, 3)
    starts, places, counts, strides, steps = runs.T
    if len(runs) and counts.max() > 1:
        nth = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        starts = np.repeat(starts, counts) + nth * np.repeat(strides, counts)
        places = np.repeat(places, counts) + nth * np.repeat(steps, counts)
    times = np.concatenate([np.full(len(starts), NO_TIME, np.int64), stamped[:, 2]])
    return np.concatenate([starts, stamped[:, 0]]), np.concatenate([places, stamped[:, 1]]), times


def _as_slice(rows: NDArray[np.int64]) -> _Rows:
    """Rows that follow one another as a slice, which is quicker."""
    return slice(int(rows[0]), int(rows[-1]) + 1) if (np.diff(rows) == 1).all() else rows


def _gathered(walked: Walked, definition: Definition, at: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The bytes of each message: (messages, size)."""
    size = definition.size
    every = np.ndarray(len(walked.buffer) - size + 1, f"V{size}", walked.buffer, strides=(1,))
    return every[at].view(np.uint8).reshape(len(at), size)


def _piece(block: _Block, field: Field) -> Iterator[_Piece]:
    """The field of the block's messages; nothing where its size is no multiple of its type's, or 0."""
    base = field.base if field.base in _BASES or field.base == _STRING else _BYTE
    kind = f"S{field.size}" if base == _STRING else _BASES[base][0]
    width = int(kind[1:])
    if not field.size or field.size % width:
        return
    order = ">" if block.definition.is_big else "<"
    dtype = np.dtype("u1") if base == _STRING else np.dtype(order + kind)
    shape = (len(block.octets), field.size // dtype.itemsize)
    strides = (block.definition.size, dtype.itemsize)
    yield _Piece(block, base, np.ndarray(shape, dtype, block.octets, field.offset, strides))


def _common(kinds: set[str]) -> str:
    if any(kind[0] == "f" for kind in kinds):
        return "f8"
    return "u8" if "u8" in kinds else "i8"


def _joined(arrays: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate(arrays) if arrays else np.zeros(0, np.int64)


def _series(name: str, values: _Values) -> pl.Series:
    series = pl.Series(name, values.numbers)
    return series if values.is_there.all() else series.set(pl.Series(~values.is_there), None)


def _nulls(length: int, dtype: pl.DataType) -> pl.Series:
    return pl.Series([None], dtype=dtype).new_from_index(0, length)
