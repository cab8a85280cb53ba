"""Changes to the bytes of a file, whatever they mean, and to the fields of FIT files and zip archives."""

import struct
from collections.abc import Callable, Sequence
from random import Random

Change = Callable[[bytes, Random], bytes]

_LARGEST = 2_000_000
_ODD_BYTES = (0, 1, 0x0A, 0x0D, 0x1A, 0x22, 0x2C, 0x3B, 0x3C, 0x7F, 0x80, 0xFE, 0xFF)
_BEGINNINGS = (
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf\xef\xbb\xbf", b"\0", b"\x1f\x8b\x08", b"PK\3\4",
    b"PK\5\6",
    b"\n\n\n", b" ", b"<?xml version='1.0'?>", b"{", b"[", b"\x0e\x10", b"\0\0\xfe\xff", b'"',
)  # fmt: skip
_CENTRAL, _LOCAL, _END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"
_ZIP_FIELDS = {  # offset, size: flags, method, checksum, sizes, lengths of names and extras, offsets
    _CENTRAL: [
        (6, 2),
        (8, 2),
        (10, 2),
        (16, 4),
        (20, 4),
        (24, 4),
        (28, 2),
        (30, 2),
        (32, 2),
        (34, 2),
        (38, 4),
        (42, 4),
    ],
    _LOCAL: [(4, 2), (6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)],
    _END: [(4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)],
}
_METHODS = (0, 1, 6, 8, 9, 12, 14, 93, 95, 97, 98, 99)
_DEFINITION, _DEVELOPER, _COMPRESSED = 0x40, 0x20, 0x80


def _span(content: bytes, rng: Random, longest: int = 400) -> tuple[int, int]:
    start = rng.randrange(len(content) + 1)
    return start, min(len(content), start + rng.randint(1, longest))


def flip_bits(content: bytes, rng: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8, 50))):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def set_bytes(content: bytes, rng: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 3, 20))):
        if changed:
            changed[rng.randrange(len(changed))] = rng.choice((*_ODD_BYTES, rng.randrange(256)))
    return bytes(changed)


def insert_bytes(content: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(content) + 1)
    return content[:at] + rng.choice((rng.randbytes(rng.randint(1, 30)), b"\0" * rng.randint(1, 9))) + content[at:]


def delete_chunk(content: bytes, rng: Random) -> bytes:
    start, end = _span(content, rng, rng.choice((1, 4, 400)))
    return content[:start] + content[end:]


def duplicate_chunk(content: bytes, rng: Random) -> bytes:
    start, end = _span(content, rng)
    times = min(rng.choice((1, 1, 2, 30, 3000)), _LARGEST // max(1, end - start))
    return content[:end] + content[start:end] * times + content[end:]


def move_chunk(content: bytes, rng: Random) -> bytes:
    start, end = _span(content, rng)
    rest = content[:start] + content[end:]
    at = rng.randrange(len(rest) + 1)
    return rest[:at] + content[start:end] + rest[at:]


def truncate(content: bytes, rng: Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def begin_otherwise(content: bytes, rng: Random) -> bytes:
    return rng.choice(_BEGINNINGS) + content[rng.choice((0, 0, 1, 2, 4)) :]


def splice(content: bytes, other: bytes, rng: Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)] + other[rng.randrange(len(other) + 1) :]


BYTES: Sequence[Change] = (
    flip_bits, set_bytes, insert_bytes, delete_chunk, duplicate_chunk, move_chunk, truncate, begin_otherwise,
)  # fmt: skip


def zip_field(content: bytes, rng: Random) -> bytes:
    """One to three fields of an archive's directory, of its files' own headers or of its end, set to something else."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 3)):
        magic = rng.choice((_CENTRAL, _CENTRAL, _LOCAL, _END))
        places = [at for at in range(len(content)) if content.startswith(magic, at)]
        if not places:
            continue
        offset, size = rng.choice(_ZIP_FIELDS[magic])
        at = rng.choice(places) + offset
        old = int.from_bytes(changed[at : at + size], "little")
        top = (1 << 8 * size) - 1
        values = (0, 1, top, top - 1, top // 2 + 1, old + 1, old - 1, old * 2, rng.randint(0, top), *_METHODS)
        changed[at : at + size] = (rng.choice(values) & top).to_bytes(size, "little")
    return bytes(changed)


def fit_definition(content: bytes, rng: Random) -> bytes:
    """Some of a FIT file's definitions set to something else: byte order, message, number, size, type of fields."""
    places = fit_definitions(content)
    changed = bytearray(content)
    for _ in range(rng.randint(1, 3)):
        if not places:
            break
        at = rng.choice(places)
        n_fields = content[at + 5]
        field = at + 6 + 3 * rng.randrange(max(1, n_fields))
        what = rng.choice(("order", "message", "count", "number", "size", "size", "type", "type", "header"))
        place = {"order": at + 2, "message": at + 3, "count": at + 5, "number": field, "size": field + 1,
                 "type": field + 2, "header": at}[what]  # fmt: skip
        if place < len(changed):
            types = (0, 1, 2, 0x83, 0x84, 0x85, 0x86, 7, 0x88, 0x89, 0x0A, 0x8B, 0x8C, 0x0D, 0x8E, 0x8F, 0x90)
            values = types if what == "type" else (0, 1, 2, 3, 4, 5, 7, 8, 16, 18, 19, 20, 34, 206, 207, 225, 254, 255)
            changed[place] = rng.choice((*values, rng.randrange(256)))
    return bytes(changed)


def fit_header(content: bytes, rng: Random) -> bytes:
    """A FIT header of another size, protocol, profile or length of data."""
    changed = bytearray(content.ljust(16, b"\0"))
    what = rng.choice(("size", "protocol", "profile", "data", "data", "magic"))
    if what == "data":
        n = int.from_bytes(changed[4:8], "little")
        top = (1 << 32) - 1
        changed[4:8] = (rng.choice((0, 1, n + 1, n - 1, n * 2, n // 2, top, top // 2)) & top).to_bytes(4, "little")
    else:
        place = {"size": 0, "protocol": 1, "profile": 2, "magic": 8}[what]
        changed[place] = rng.choice((0, 1, 11, 12, 13, 14, 15, 16, 32, 255))
    return bytes(changed)


def fit_data(content: bytes, rng: Random) -> bytes:
    """Values of a FIT file all set or all cleared: invalid, largest, negative."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        start, end = _span(content, rng, 8)
        changed[start:end] = rng.choice((b"\xff", b"\0", b"\x7f", b"\x80")) * (end - start)
    return bytes(changed)


def fit_with_checksums(content: bytes, _rng: Random) -> bytes:
    """The same with a length and checksums that fit, so that what is inside is looked at."""
    n_head = content[0] if content else 0
    if n_head not in (12, 14) or len(content) < n_head + 2:
        return content
    body = content[n_head:-2]
    head = bytearray(content[:n_head])
    struct.pack_into("<I", head, 4, len(body))
    if n_head > 12:
        struct.pack_into("<H", head, 12, fit_checksum(bytes(head[:12])))
    whole = bytes(head) + body
    return whole + struct.pack("<H", fit_checksum(whole))


def _checksums_of_bytes() -> list[int]:
    sums = list(range(256))
    for _ in range(8):
        sums = [value >> 1 ^ 0xA001 if value & 1 else value >> 1 for value in sums]
    return sums


_OF_BYTE = _checksums_of_bytes()


def fit_checksum(content: bytes) -> int:
    """CRC-16 with the reversed polynomial 0x8005, as FIT has it."""
    value = 0
    for byte in content:
        value = value >> 8 ^ _OF_BYTE[(value ^ byte) & 0xFF]
    return value


FIT: Sequence[Change] = (fit_definition, fit_definition, fit_definition, fit_header, fit_data)


def fit_definitions(content: bytes) -> list[int]:
    """Where the definition messages of a sound FIT file (the first of a chain) begin."""
    places: list[int] = []
    sizes: dict[int, int] = {}
    if len(content) < 14 or content[8:12] != b".FIT":
        return places
    at = content[0]
    end = min(at + int.from_bytes(content[4:8], "little"), len(content) - 6)
    while at < end:
        head = content[at]
        if head & _COMPRESSED:
            size = sizes.get(head >> 5 & 3)
        elif head & _DEFINITION:
            places.append(at)
            n = content[at + 5]
            sizes[head & 0xF] = 1 + sum(content[at + 7 : at + 6 + 3 * n : 3])
            size = 6 + 3 * n
        else:
            size = sizes.get(head & 0xF)
        if size is None:
            break
        at += size
    return places
