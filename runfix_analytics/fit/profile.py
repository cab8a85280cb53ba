"""What FIT's numbers mean: messages, their fields, scales, enumerations and components, taken from fitparse's profile.

fitparse is imported at the first question, since only FIT files need it. Fields newer than its profile (of 2019) that
we use are named here.
"""

import tomllib
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from importlib import resources
from typing import Any

import polars as pl

UNKNOWN = "unknown_"
DEVELOPER = "developer:"
NO_NUMBER = -1  # of a developer's field: it goes by its name
NEWER = {18: {192: "workout_feel", 193: "workout_rpe"}}
_EXPANDED = frozenset({18, 19, 20, 21, 225})  # session, lap, record, event, set


class Kind(Enum):
    """What becomes of a field: a column of numbers, of texts, of lists, of UTC times or of wall-clock times."""

    NUMBER = "number"
    TEXT = "text"
    LIST = "list"
    TIME = "time"
    WALL_CLOCK = "wall clock"


Refs = tuple[tuple[int, int], ...]  # (number of another field, its raw value)


@dataclass(frozen=True)
class When:
    """The messages in which a field has this meaning: one of `any_of` holds (if there are any), none of `none_of`."""

    any_of: Refs = ()
    none_of: Refs = ()


ALWAYS = When()


@dataclass(frozen=True)
class Column:
    """One column: the field it is read from, its kind, and value = raw / scale - offset.

    `kind` is None for a field of which only the number is known: the files then say what it is. `special` are raw
    values of a scaled field that are words, not measurements. `values` names the numbers of an enumeration.
    """

    name: str
    number: int
    kind: Kind | None = None
    scale: float | None = None
    offset: float | None = None
    special: tuple[int, ...] = ()
    when: When = ALWAYS
    type_name: str = ""

    @property
    def dtype(self) -> pl.DataType | None:
        """The column's type where no file holds the field; None: a number's type depends on the files."""
        if self.kind is Kind.NUMBER or self.kind is None:
            return pl.Float64() if self.scale else pl.Int64()
        if self.kind is Kind.LIST:
            return pl.List(pl.Float64() if self.scale else pl.Int64())
        if self.kind is Kind.TEXT:
            return pl.String()
        return pl.Datetime("us", "UTC" if self.kind is Kind.TIME else None)


TIMESTAMP = Column("timestamp", 253, Kind.TIME)  # of any message: its header may hold one


@dataclass(frozen=True)
class Component:
    """Bits of one field that are the value of another; `accumulates`: they roll over and have to be summed up."""

    source: int
    bits: int
    bit_offset: int
    accumulates: bool
    scale: float | None
    offset: float | None
    when: When


@dataclass(frozen=True)
class Message:
    """A kind of message: its columns by name, and by number of a field the components that fill it."""

    name: str
    number: int
    columns: dict[str, Column]
    components: dict[int, tuple[Component, ...]]

    def column(self, name: str) -> Column:
        """The column of this name; `unknown_12` is field 12 as it is, `developer:Power` a developer's field.

        Raises: KeyError where the profile has no such field.
        """
        if name in self.columns:
            return self.columns[name]
        if name.startswith(UNKNOWN) and name.removeprefix(UNKNOWN).isdecimal():
            return Column(name, int(name.removeprefix(UNKNOWN)))
        if name.startswith(DEVELOPER):
            return Column(name, NO_NUMBER)
        raise KeyError(f"{self.name} has no field {name}; there are: {', '.join(sorted(self.columns))}")


@lru_cache(maxsize=256)
def message(name: str) -> Message:
    """The message of this name; `unknown_140` is message 140.

    Raises: KeyError where the profile has no such message.
    """
    if name.startswith(UNKNOWN) and name.removeprefix(UNKNOWN).isdecimal():
        return Message(name, int(name.removeprefix(UNKNOWN)), {TIMESTAMP.name: TIMESTAMP}, {})
    return _message(message_types()[name])


@lru_cache(maxsize=1)
def message_types() -> dict[str, Any]:
    """fitparse's message types by name."""
    from fitparse.profile import MESSAGE_TYPES  # noqa: PLC0415

    return {one.name: one for one in MESSAGE_TYPES.values()}


@lru_cache(maxsize=1)
def value_names() -> dict[str, dict[int, str]]:
    """The names of the numbers of each enumeration, by type."""
    from fitparse.profile import FIELD_TYPES  # noqa: PLC0415

    return {name: dict(one.values) for name, one in FIELD_TYPES.items() if one.values}


@lru_cache(maxsize=1)
def _arrays() -> dict[str, frozenset[str]]:
    text = resources.files("runfix_analytics.fit").joinpath("arrays.toml").read_text(encoding="utf-8")
    return {name: frozenset(fields) for name, fields in tomllib.loads(text).items()}


def _message(known: Any) -> Message:
    columns: dict[str, Column] = {TIMESTAMP.name: TIMESTAMP}
    components: dict[int, list[Component]] = {}
    for number, field in known.fields.items():
        refs: Refs = ()
        for sub in field.subfields or ():
            own = tuple((ref.def_num, ref.raw_value) for ref in sub.ref_fields)
            when = When(own, refs)
            columns[sub.name] = _column(known.name, sub, number, when)
            _add_components(components, sub, number, when)
            refs += own
        columns[field.name] = _column(known.name, field, number, When((), refs))
        _add_components(components, field, number, When((), refs))
    columns |= {name: Column(name, number, Kind.NUMBER) for number, name in NEWER.get(known.mesg_num, {}).items()}
    filled = components if known.mesg_num in _EXPANDED else {}
    return Message(known.name, known.mesg_num, columns, {number: tuple(some) for number, some in filled.items()})


def _column(message_name: str, field: Any, number: int, when: When) -> Column:
    name = field.type.name
    kind = {"string": Kind.TEXT, "date_time": Kind.TIME, "local_date_time": Kind.WALL_CLOCK, "byte": Kind.LIST}.get(
        name, Kind.LIST if field.name in _arrays().get(message_name, ()) else Kind.NUMBER
    )
    special = tuple(field.type.values or ()) if field.scale else ()
    return Column(field.name, number, kind, field.scale, field.offset, special, when, name)


def _add_components(into: dict[int, list[Component]], field: Any, source: int, when: When) -> None:
    for one in field.components or ():
        made = Component(source, one.bits, one.bit_offset, one.accumulate, one.scale, one.offset, when)
        into.setdefault(one.def_num, []).append(made)
