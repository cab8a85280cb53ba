"""What a walk through FIT files finds: definitions, where messages of each stand, and what each file is like."""

from dataclasses import dataclass, field
from functools import cached_property

NO_TIME = 0xFFFFFFFF
TIMESTAMP = 253
_UINT32 = 0x86


@dataclass(frozen=True)
class Description:
    """What a developer field is: its name, base type, and the field and message of the profile it stands for."""

    name: str
    base: int
    native_field: int | None
    native_message: int | None


@dataclass(frozen=True)
class Field:
    """Where a field stands in its message; `description` is set for a developer field that is described."""

    number: int
    offset: int
    size: int
    base: int
    description: Description | None = None


# offset of the first message, its place, how many there are; bytes and places from one to the next
Run = tuple[int, int, int, int, int]


@dataclass(eq=False)
class Definition:
    """One layout of a message, and where in the batch messages of this layout stand.

    `runs`: see `Run`; a place is that among the file's data messages, from 1.
    `stamped`: (offset, place, seconds) of the messages whose header holds their time.
    """

    number: int
    is_big: bool
    size: int
    fields: tuple[Field, ...]
    developer: tuple[Field, ...] = ()
    runs: list[Run] = field(default_factory=list)
    stamped: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def height(self) -> int:
        """How many messages there are."""
        return sum(run[2] for run in self.runs) + len(self.stamped)

    @cached_property
    def time_offset(self) -> int | None:
        """Where the timestamp stands, if there is one as the profile wants it."""
        return next((f.offset for f in self.fields if (f.number, f.size, f.base) == (TIMESTAMP, 4, _UINT32)), None)


@dataclass
class FileReport:
    """What a file is like: `error` = no FIT at all, `damage` = what ended it early, `warnings` = kept but doubtful."""

    n_messages: int = 0
    n_parts: int = 0
    error: str | None = None
    damage: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """One file of a chain: where in the batch its data begin, whose file (from 0) and which of the chain (from 1)."""

    offset: int
    file: int
    number: int


@dataclass
class Walked:
    """A batch: its bytes, the definitions of all files, where files and their parts begin, and a report each."""

    buffer: bytes
    definitions: list[Definition]
    parts: list[Part]
    files: list[FileReport]


def definition_of(is_big: bool, body: bytes, developer: bytes, found: tuple[Description | None, ...]) -> Definition:
    """`body` is the message's number, how many fields it has, and number, size and base type of each."""
    number = int.from_bytes(body[:2], "big" if is_big else "little")
    offset = 1
    fields, own = [], []
    for i in range(3, len(body), 3):
        fields.append(Field(body[i], offset, body[i + 1], body[i + 2]))
        offset += body[i + 1]
    for i, description in zip(range(0, len(developer), 3), found, strict=True):
        if description is not None:
            own.append(Field(developer[i], offset, developer[i + 1], description.base, description))
        offset += developer[i + 1]
    return Definition(number, is_big, offset, tuple(fields), tuple(own))
