"""The bytes of FIT files → which message stands where, by definition; no value is decoded here.

Definitions are shared by all files of a batch. Messages of one kind in a row, or of two kinds in turn, are found in one
step: where the same header byte stands again, there is a message of the same definition and length, and so on.
Damage ends a part of a chain; what came before it is kept, and the chain goes on where the next header is found.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence

from runfix_analytics.fit.crc import checksums
from runfix_analytics.fit.layout import (
    NO_TIME,
    Definition,
    Description,
    Field,
    FileReport,
    Part,
    Run,
    Walked,
    definition_of,
)

# More of these in one file is damage, or an attack on the memory.
MAX_MESSAGES = 2_000_000  # a day with ten a second has half as many
MAX_DEFINITIONS = 10_000  # different ones; some watches repeat theirs all the time
MAX_PARTS = 1_000
_MAGIC = b".FIT"
_HEADER_BYTES, _HEADER_WITH_CRC = 12, 14
_DEFINES, _HAS_DEVELOPER, _IS_COMPRESSED = 0x40, 0x20, 0x80
_LOCAL_TYPES = 16
_DEVELOPER_DATA_ID, _FIELD_DESCRIPTION = 207, 206
_STRING = 7
_FIRST_LOOK, _LONGEST_LOOK = 8, 4096


_Descriptions = dict[int, dict[int, Description]]  # by index of the application and number of the field
_Key = tuple[bool, bytes, bytes]  # byte order, number and fields, developer fields


def walk(contents: Sequence[bytes]) -> Walked:
    """Every message of these files. Never raises, whatever the bytes are."""
    walker = _Walker(b"".join(contents))
    start = 0
    for number, content in enumerate(contents):
        walker.walk_file(number, start, start + len(content))
        start += len(content)
    walker.check_sums()
    return Walked(walker.buffer, list(walker.known.values()), walker.parts, walker.files)


class _Walker:
    """Goes through a batch from left to right; `known` are the definitions met so far."""

    def __init__(self, buffer: bytes) -> None:
        self.buffer = buffer
        self.known: dict[tuple[bool, bytes, bytes, tuple[Description | None, ...]], Definition] = {}
        self.undescribed: dict[_Key, Definition] = {}  # in the file that is being walked
        self.parts: list[Part] = []
        self.files: list[FileReport] = []
        self.sums: list[tuple[FileReport, str, int, int]] = []
        self.n_known = 0  # before the file that is being walked

    def walk_file(self, number: int, start: int, end: int) -> None:
        report = FileReport()
        self.files.append(report)
        described: _Descriptions = {}
        self.n_known = len(self.known)
        position = start
        while position < end:
            header = self._next_header(position, end)
            if header != position:
                self._tell_of_garbage(report, position - start, (end if header is None else header) - position)
            if header is None:
                break
            if report.n_parts == MAX_PARTS:
                report.damage.append(f"more than {MAX_PARTS} files in a chain")
                break
            report.n_parts += 1
            first, data_end, position = self._bounds(report, header, start, end)
            self.parts.append(Part(first, number, report.n_parts))
            part = _Part(self, report, described, first, data_end)
            if reason := part.walk():
                report.damage.append(f"{reason} at byte {part.position - start}")
        if not report.n_parts:
            report.error, report.damage = "no FIT file: there is no header in it", []
        self._describe_late(report, described)

    def _next_header(self, position: int, end: int) -> int | None:
        """Where the next header begins, here or after bytes that belong to nothing."""
        found = self.buffer.find(_MAGIC, position + 8, end)
        while found >= 0:
            if found == position + 8 or self.buffer[found - 8] in {_HEADER_BYTES, _HEADER_WITH_CRC}:
                return found - 8
            found = self.buffer.find(_MAGIC, found + 1, end)
        return None

    @staticmethod
    def _tell_of_garbage(report: FileReport, at: int, length: int) -> None:
        report.damage.append(f"{length} bytes at byte {at} are no FIT file")

    def _bounds(self, report: FileReport, header: int, start: int, end: int) -> tuple[int, int, int]:
        """Where the data of a part begin and end, and where the next part should begin."""
        header_size, data_size = self.buffer[header], struct.unpack_from("<I", self.buffer, header + 4)[0]
        first = min(header + max(header_size, _HEADER_BYTES), end)
        if header_size >= _HEADER_WITH_CRC and first < end and self.buffer[header + 12 : header + 14] != b"\0\0":
            self.sums.append((report, "the header's ", header, header + 12))
        data_end = first + data_size
        is_empty = end - first <= 2 or self.buffer[first + 10 : first + 14] == _MAGIC  # noqa: PLR2004  # its checksum
        if data_size == 0 and not is_empty:
            report.damage.append("the header states no length: the recording was never closed")
            return first, end, end
        if data_end + 2 > end:
            missing = data_end + 2 - end
            report.damage.append(f"the file ends at byte {end - start}, {missing} bytes before its end")
            return first, min(data_end, end), end
        self.sums.append((report, "", header, data_end))
        return first, data_end, data_end + 2

    def check_sums(self) -> None:
        """A warning for each checksum that is wrong."""
        computed = checksums(self.buffer, [(start, end) for _, _, start, end in self.sums])
        for crc, (report, whose, _, end) in zip(computed, self.sums, strict=True):
            stated = int.from_bytes(self.buffer[end : end + 2], "little")
            if crc != stated:
                known = f"[computed: 0x{crc:04X}, read: 0x{stated:04X}]"
                report.warnings.append(f"{whose}checksum is wrong {known}: the data are kept and may hold wrong values")

    def _describe_late(self, report: FileReport, described: _Descriptions) -> None:
        """Definitions that came before the descriptions of their developer fields take them now."""
        for key, early in self.undescribed.items():
            found = _found(key[2], described)
            if None in found:
                report.warnings.append(f"{found.count(None)} developer fields of a message are described nowhere")
            late = self.known.setdefault((*key, found), definition_of(*key, found))
            late.runs += early.runs
            late.stamped += early.stamped
        self.undescribed.clear()

    @property
    def n_new(self) -> int:
        """How many definitions no file had before this one."""
        return len(self.known) + len(self.undescribed) - self.n_known

    def definition(self, key: _Key, described: _Descriptions) -> Definition:
        """The definition these bytes make, one for all files that have the same."""
        found = _found(key[2], described)
        if None in found:
            return self.undescribed.setdefault(key, definition_of(*key, found))
        if (*key, found) not in self.known:
            self.known[*key, found] = definition_of(*key, found)
        return self.known[*key, found]


class _Part:
    """One file of a chain, walked message by message; `position` is where it got to."""

    def __init__(self, walker: _Walker, report: FileReport, described: _Descriptions, first: int, end: int) -> None:
        self.walker, self.report, self.described = walker, report, described
        self.buffer, self.position, self.end = walker.buffer, first, end
        self.local: list[Definition | None] = [None] * _LOCAL_TYPES
        self.written = [b""] * _LOCAL_TYPES  # the bytes of each definition
        self.sizes = [0] * 256  # by header byte, of the messages that need no more than to be counted
        self.runs: list[list[Run]] = [[]] * 256
        self.time, self.timed_at = 0, first - 1

    def walk(self) -> str | None:
        """Why the walk ended before the end, None if it did not."""
        while (reason := self._walk_plain()) is None and self.position < self.end:
            if self.report.n_messages > MAX_MESSAGES or self.walker.n_new > MAX_DEFINITIONS:
                return f"more than {MAX_MESSAGES} messages or {MAX_DEFINITIONS} definitions"
            head = self.buffer[self.position]
            if head & _IS_COMPRESSED:
                reason = self._walk_stamped(head)
            elif head & _DEFINES:
                reason = self._define(head)
            else:
                reason = self._walk_described(head)
            if reason:
                break
        return reason

    def _walk_plain(self) -> str | None:
        """Past the data messages from here to the next header that wants more than counting."""
        buffer, sizes, runs, end = self.buffer, self.sizes, self.runs, self.end
        position, place, look = self.position, self.report.n_messages + 1, _FIRST_LOOK
        reason = None
        while position < end and place <= MAX_MESSAGES + 1:
            head = buffer[position]
            size = sizes[head]
            after = position + size
            if not size or after > end:
                reason = f"a message is cut, {end - position} of its {size} bytes are there" if size else None
                break
            other = buffer[after] if after < end else -1
            if other == head:
                count = _repeats(buffer, position, end - size, size, look)
                look = min(look * 8, _LONGEST_LOOK) if count == look else _FIRST_LOOK
                runs[head].append((position, place, count, size, 1))
                place += count
                position += size * count
                continue
            stride = size + sizes[other] if other >= 0 and sizes[other] else end
            if position + 2 * stride <= end and buffer[position + stride] == head:  # two kinds in turn
                count = _repeats(buffer, position, end - stride, stride, look)
                count = min(count, _repeats(buffer, after, end - stride + size, stride, look))
                look = min(look * 8, _LONGEST_LOOK) if count == look else _FIRST_LOOK
                runs[head].append((position, place, count, stride, 2))
                runs[other].append((after, place + 1, count, stride, 2))
                place += 2 * count
                position += stride * count
                continue
            runs[head].append((position, place, 1, size, 1))
            place += 1
            position = after
        self.position, self.report.n_messages = position, place - 1
        return reason

    def _walk_stamped(self, head: int) -> str | None:
        """A message whose header holds the last five bits of its time."""
        definition = self.local[head >> 5 & 0x3]
        if definition is None or self.position + definition.size > self.end:
            return self._no_message(head >> 5 & 0x3, definition)
        self._note_time()
        own = definition.time_offset
        if own is not None and (seconds := self._seconds(definition, self.position)) != NO_TIME:
            self.time = seconds
        self.time += ((head & 0x1F) - self.time) & 0x1F
        self.report.n_messages += 1
        definition.stamped.append((self.position, self.report.n_messages, self.time))
        self.timed_at = self.position
        self.position += definition.size
        return None

    def _note_time(self) -> None:
        """Takes the newest timestamp since the last message that had one."""
        newest = self.timed_at
        for definition in filter(None, self.local):
            for position in _backwards(definition.runs) if definition.time_offset else ():
                if position <= newest:
                    break
                if (seconds := self._seconds(definition, position)) != NO_TIME:
                    newest, self.time = position, seconds
                    break
        self.timed_at = self.position - 1

    def _seconds(self, definition: Definition, position: int) -> int:
        at = position + (definition.time_offset or 0)
        return int.from_bytes(self.buffer[at : at + 4], "big" if definition.is_big else "little")

    def _define(self, head: int) -> str | None:
        at, buffer = self.position, self.buffer
        n_fields = buffer[at + 5] if at + 5 < self.end else 0
        fields_end = developer_from = developer_end = at + 6 + 3 * n_fields
        if head & _HAS_DEVELOPER:
            developer_from = fields_end + 1
            n_developer = buffer[fields_end] if fields_end < self.end else 0
            developer_end = developer_from + 3 * n_developer
        if developer_end > self.end:
            return "a definition is cut"
        self.position = developer_end
        local, written = head & 0xF, buffer[at:developer_end]
        if written == self.written[local] and not head & _HAS_DEVELOPER:
            return None  # some watches repeat themselves
        self.written[local] = written
        key = (buffer[at + 2] != 0, buffer[at + 3 : fields_end], buffer[developer_from:developer_end])
        definition = self.walker.definition(key, self.described)
        if self.local[local] is not definition:
            self._note_time()
            self.local[local] = definition
        is_plain = definition.number not in {_DEVELOPER_DATA_ID, _FIELD_DESCRIPTION}
        for header in range(local, _DEFINES, _LOCAL_TYPES):
            self.sizes[header] = definition.size if is_plain else 0
            self.runs[header] = definition.runs
        return None

    def _walk_described(self, head: int) -> str | None:
        """A message that describes developer fields, or one that nothing defines."""
        definition = self.local[head & 0xF]
        if definition is None or self.position + definition.size > self.end:
            return self._no_message(head & 0xF, definition)
        values = {f.number: self._value(f, definition.is_big) for f in definition.fields}
        if definition.number == _FIELD_DESCRIPTION:
            self._describe(values)
        else:
            index = values.get(3)
            if isinstance(index, int):
                self.described.pop(index, None)
        self.report.n_messages += 1
        definition.runs.append((self.position, self.report.n_messages, 1, definition.size, 1))
        self.position += definition.size
        return None

    def _value(self, f: Field, is_big: bool) -> int | bytes:
        raw = self.buffer[self.position + f.offset : self.position + f.offset + f.size]
        return raw if f.base == _STRING else int.from_bytes(raw, "big" if is_big else "little")

    def _describe(self, values: Mapping[int, int | bytes]) -> None:
        """Source of the numbers: FIT profile, field_description."""
        index, number, base, name = (values.get(i) for i in (0, 1, 2, 3))
        if isinstance(index, int) and isinstance(number, int) and isinstance(base, int):
            text = name.partition(b"\0")[0].decode(errors="replace") if isinstance(name, bytes) else ""
            native, message = values.get(15, 0xFF), values.get(14, 0xFFFF)
            self.described.setdefault(index, {})[number] = Description(
                text or f"unnamed_dev_field_{number}",
                base,
                native if isinstance(native, int) and native != 0xFF else None,  # noqa: PLR2004
                message if isinstance(message, int) and message != 0xFFFF else None,  # noqa: PLR2004
            )

    def _no_message(self, local: int, definition: Definition | None) -> str:
        if definition is None:
            return f"a message of local type {local}, which is not defined"
        return f"a message is cut, {self.end - self.position} of its {definition.size} bytes are there"


def _repeats(buffer: bytes, first: int, last: int, stride: int, look: int) -> int:
    """How often in a row, of `look` times at most, the first byte stands there again; not later than `last`."""
    heads = buffer[first : min(first + stride * look, last + 1) : stride]
    return len(heads) - len(heads.lstrip(heads[:1]))


def _backwards(runs: list[Run]) -> Iterator[int]:
    """The offsets of the messages of these runs, the last first."""
    return (start + i * stride for start, _, count, stride, _ in reversed(runs) for i in range(count - 1, -1, -1))


def _found(developer: bytes, described: _Descriptions) -> tuple[Description | None, ...]:
    return tuple(described.get(developer[i + 2], {}).get(developer[i]) for i in range(0, len(developer), 3))
