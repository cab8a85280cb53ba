"""Our FIT decoder: value for value what fitparse makes of a file, and what it makes of files that fitparse cannot read.

Kept apart on purpose (`fit_oracle` knows of them):
- enumerations stay numbers, since 62 says more than a name that an old list lacks;
- what is not finite is null; fitparse hands out infinities;
- a field of one value that a file fills with several is null; fitparse makes a tuple of it;
- words among measurements (a weight "calculating") are null;
- clocks that were never set are null and told apart, not numbers among times;
- components are cut from numbers and bytes only; fitparse cuts them from any tuple, and raises where one is invalid;
- components of hr, ant_rx, ant_tx, monitoring and exd messages are not expanded: nobody asks for them;
- sums of components go on after a message is defined again; fitparse begins at 0 and the distance falls back;
- a developer's field that stands for one of the profile fills it, too;
- a time of day of 24:00 stays a number; fitparse's own processor raises.
"""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fit_bytes import crc, define, encode, file_of, run, strength, with_crc_zeroed, with_garbage_at
from fit_oracle import by_fitparse, differences
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from runfix_analytics.fit import walk
from runfix_analytics.fit.crc import checksums
from runfix_analytics.fit.decoder import ALL, BatchTooLargeError, Decoded, decode
from runfix_analytics.fit.encoder import encode_fit
from runfix_analytics.fit.fallback import decode_slowly

_REAL = Path(__file__).resolve().parents[2] / "shared" / "real"
_FITS = sorted(path.relative_to(_REAL).as_posix() for path in _REAL.glob("**/*.fit"))
_START = datetime(2026, 3, 2, 17, 5, tzinfo=UTC)
_EPOCH = 631065600
_T0 = 1_130_000_000  # a set clock, in FIT's seconds
_U8, _U16, _U32, _U64, _S32, _F32, _TEXT, _BYTE = 0x02, 0x84, 0x86, 0x8F, 0x85, 0x88, 0x07, 0x0D
_RECORD, _SESSION, _SET, _TITLE, _DESCRIPTION, _DEVELOPER_ID = 20, 18, 225, 264, 206, 207
_TIME, _HEART_RATE, _DISTANCE, _POWER = (253, 4, _U32), (3, 1, _U8), (5, 4, _U32), (7, 2, _U16)
_ALL_RECORDS = {"record": ALL}


def _records(content: bytes, *fields: str) -> list[tuple[Any, ...]]:
    return decode([content], {"record": fields}).messages["record"].select(fields).rows()


def _whole(decoded: Decoded) -> list[Any]:
    return [decoded.files, decoded.relative.rows(), {name: frame.rows() for name, frame in decoded.messages.items()}]


@pytest.mark.real
@pytest.mark.skipif(not _FITS, reason=f"{_REAL} is not there")
@pytest.mark.parametrize("path", _FITS)
def test_every_value_of_a_real_file_is_the_one_that_fitparse_reads(path: str) -> None:
    content = (_REAL / path).read_bytes()
    assert list(differences(content, by_fitparse(content))) == []


@pytest.mark.real
@pytest.mark.skipif(not _FITS, reason=f"{_REAL} is not there")
def test_a_batch_of_real_files_is_each_of_them() -> None:
    contents = [path.read_bytes() for path in sorted(_REAL.glob("fit/odd/*.fit"))]
    wanted = {"record": ("timestamp", "distance", "enhanced_speed"), "session": ("start_time", "total_distance")}
    together = decode(contents, wanted)
    alone = [decode([content], wanted) for content in contents]
    assert together.files == [one.files[0] for one in alone]
    for name in wanted:
        frames = [one.messages[name].with_columns(file=pl.lit(i, pl.Int64)) for i, one in enumerate(alone)]
        assert_frame_equal(together.messages[name].sort("file", "place"), pl.concat(frames))


_WRITTEN = {
    "run": encode(run(_START)),
    "strength": encode(strength(_START, [{"repetitions": 12, "category": (1, 2), "weight": 12.5}] * 3)),
    "chain": encode(run(_START)) + encode(strength(_START, [{"category": (1, 65534)}])),
    "interleaved": encode_fit(
        [("file_id", {"type": 4, "manufacturer": 1})]
        + [
            message
            for i in range(50)
            for message in [
                ("record", {"timestamp": _START, "heart_rate": 100 + i, "distance": 3 * i}),
                ("event", {"timestamp": _START, "event": i % 5, "event_type": None}),
                *([("lap", {"total_distance": 1000})] if i % 7 == 0 else []),
            ]
        ]
    ),
}


@pytest.mark.parametrize("name", _WRITTEN)
def test_every_value_of_a_written_file_is_the_one_that_fitparse_reads(name: str) -> None:
    expected = by_fitparse(_WRITTEN[name])
    assert expected.error is None
    assert list(differences(_WRITTEN[name], expected)) == []


@given(data=st.binary(max_size=3000), cuts=st.lists(st.integers(0, 3000), max_size=6))
def test_checksums_side_by_side_are_those_of_the_plain_loop(data: bytes, cuts: list[int]) -> None:
    marks = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    spans = [*pairwise(marks), (0, len(data)), (0, 0)]
    assert checksums(data, spans) == [crc(data[start:end]) for start, end in spans]


_BASES = {0x00: 1, 0x01: 1, 0x02: 1, 0x83: 2, 0x84: 2, 0x85: 4, 0x86: 4, 0x88: 4, 0x0A: 1, 0x8B: 2, 0x8C: 4, 0x0D: 1}
_LARGE = {0x89: 8, 0x8E: 8, 0x8F: 8, 0x90: 8}
_NUMBERS = (18, 19, 20, 21, 225, 0, 12, 34, 23, 264, 78, 999)


@st.composite
def _files(draw: st.DrawFn) -> bytes:
    """Any definitions with any bytes for their messages, in any order, with times in headers, too."""
    body, sizes = b"", {}
    for _ in range(draw(st.integers(1, 12))):
        local = draw(st.integers(0, 3))
        if local not in sizes or draw(st.integers(0, 3)) == 0:
            numbers = draw(st.lists(st.sampled_from([*range(30), 73, 78, 110, 124, 253, 254]), max_size=6, unique=True))
            fields = []
            for number in numbers:
                base = _U32 if number == 253 else draw(st.sampled_from([*_BASES, _TEXT, 0x33]))
                count = 1 if number == 253 else draw(st.sampled_from([1, 1, 1, 2, 3]))
                fields.append((number, _BASES.get(base, 1) * count, base))
            body += define(local, draw(st.sampled_from(_NUMBERS)), fields, is_big=draw(st.booleans()))
            sizes[local] = sum(size for _, size, _ in fields)
        for _ in range(draw(st.integers(0, 4))):
            is_stamped = draw(st.booleans())
            head = 0x80 | local << 5 | draw(st.integers(0, 31)) if is_stamped else local
            body += bytes((head,)) + draw(st.binary(min_size=sizes[local], max_size=sizes[local]))
    return file_of(body)


def _is_known_to_differ(difference: str) -> bool:
    """Sums begin anew in fitparse where a message is defined again; a field without a profile is of one kind only."""
    sums = ("record.distance", "record.total_cycles", "record.accumulated_power")
    return any(name in difference for name in sums) or (".unknown_" in difference and "ours None" in difference)


@given(content=_files())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_whatever_a_file_defines_its_values_are_those_that_fitparse_reads(content: bytes) -> None:
    expected = by_fitparse(content)
    assert expected.error is None or isinstance(expected.error, TypeError)
    assert [one for one in differences(content, expected) if not _is_known_to_differ(one)] == []


@given(contents=st.lists(st.one_of(_files(), st.binary(max_size=40)), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_file_is_decoded_the_same_in_any_company(contents: list[bytes]) -> None:
    wanted = {"record": ("timestamp", "heart_rate", "distance"), "session": ("sport", "start_time")}
    together = decode(contents, wanted)
    for i, content in enumerate(contents):
        alone = decode([content], wanted)
        assert together.files[i] == alone.files[0]
        for name in wanted:
            own = together.messages[name].filter(pl.col("file") == i).drop("file")
            assert_frame_equal(own, alone.messages[name].drop("file"), check_dtypes=False)


@given(place=st.integers(0, len(_WRITTEN["chain"]) - 9), length=st.integers(0, len(_WRITTEN["chain"])))
@settings(max_examples=300, deadline=None)
def test_no_damage_raises_and_the_report_tells_of_it(place: int, length: int) -> None:
    content = with_garbage_at(_WRITTEN["chain"], place)[:length]
    decoded = decode([content], dict.fromkeys(("record", "session", "set", "file_id", "activity")))
    report = decoded.files[0]
    assert report.error or report.damage or report.warnings or length == len(_WRITTEN["run"])


def test_times_are_utc_wall_clocks_are_naive_and_a_clock_that_was_never_set_stands_apart() -> None:
    fields = [_TIME, (5, 4, _U32)]
    content = file_of(
        define(0, 34, fields) + b"\0" + struct.pack("<II", _T0, _T0 + 7200) + b"\0" + struct.pack("<II", 3600, 60)
    )
    decoded = decode([content], {"activity": ("timestamp", "local_timestamp")})
    at = datetime.fromtimestamp(_EPOCH + _T0, UTC)
    assert decoded.messages["activity"].rows() == [
        (0, 1, 1, at, datetime.fromtimestamp(_EPOCH + _T0 + 7200, UTC).replace(tzinfo=None)),
        (0, 1, 2, None, datetime(1989, 12, 31, 0, 1)),
    ]
    assert decoded.relative.rows() == [(0, 2, "timestamp", 3600)]


def test_times_in_headers_count_on_from_the_last_timestamp_and_roll_over() -> None:
    stamped = b"".join(bytes((0x80 | 1 << 5 | offset, 150)) for offset in (30, 31, 0, 5))
    start = _T0 - _T0 % 32 + 29
    content = file_of(
        define(0, _RECORD, [_TIME, _HEART_RATE])
        + define(1, _RECORD, [_HEART_RATE])
        + b"\0" + struct.pack("<IB", start, 149) + stamped + b"\0" + struct.pack("<IB", start + 100, 149) + stamped[:2]
    )  # fmt: skip
    times = [(time.timestamp() - _EPOCH - start, beats) for time, beats in _records(content, "timestamp", "heart_rate")]
    assert times[:5] == [(0, 149), (1, 150), (2, 150), (3, 150), (8, 150)]
    assert times[5][0] == 100
    assert times[6] == (100 + (30 - (start + 100)) % 32, 150)


def test_packed_speed_and_distance_are_unpacked_and_the_distance_adds_up_over_a_new_definition() -> None:
    def packed(speed: int, distance: int) -> bytes:
        return b"\0" + (speed | distance << 12).to_bytes(3, "little")

    definition = define(0, _RECORD, [(8, 3, _BYTE)])
    content = file_of(
        definition
        + packed(250, 16)
        + packed(300, 4000)
        + packed(300, 8)
        + b"\0\xff\xff\xff"
        + definition
        + packed(1, 9)
    )
    assert _records(content + content, "speed", "distance") == 2 * [
        (2.5, 1.0), (3.0, 250.0), (3.0, 256.5), (None, None), (0.01, 256.5625)
    ]  # fmt: skip


def test_an_enhanced_field_is_filled_from_the_plain_one_and_its_own_value_counts_first() -> None:
    fields = [(6, 2, _U16), (73, 4, _U32)]
    messages = [struct.pack("<HI", 3000, 0xFFFFFFFF), struct.pack("<HI", 3000, 3500), struct.pack("<HI", 0xFFFF, 9)]
    content = file_of(define(0, _RECORD, fields) + b"".join(b"\0" + one for one in messages))
    assert _records(content, "speed", "enhanced_speed") == [(3.0, 3.0), (3.0, 3.5), (None, 0.009)]


def _developer(index: int, number: int, base: int, name: bytes, native: int | None = None) -> bytes:
    fields = [(0, 1, _U8), (1, 1, _U8), (2, 1, _U8), (3, 12, _TEXT), (15, 1, _U8)]
    values = bytes((index, number, base)) + name.ljust(12, b"\0") + bytes((255 if native is None else native,))
    return define(5, _DESCRIPTION, fields) + b"\5" + values


_APPLICATION = define(4, _DEVELOPER_ID, [(3, 1, _U8)]) + b"\4\0"


def test_a_developers_field_has_its_name_and_fills_the_field_it_stands_for() -> None:
    content = file_of(
        _APPLICATION
        + _developer(0, 1, _U16, b"Power", native=7)
        + _developer(0, 2, _F32, b"Form")
        + define(0, _RECORD, [_POWER], [(1, 2, 0), (2, 4, 0)])
        + b"\0" + struct.pack("<HHf", 200, 230, 0.5) + b"\0" + struct.pack("<HHf", 0xFFFF, 240, float("inf"))
    )  # fmt: skip
    assert _records(content, "power", "developer:Power", "developer:Form") == [(200, 230, 0.5), (240, 240, None)]


def test_a_developers_field_described_late_or_without_its_application_is_read_and_one_never_described_is_told() -> None:
    records = define(0, _RECORD, [_HEART_RATE], [(1, 2, 0)]) + b"\0" + struct.pack("<BH", 150, 230)
    late = file_of(records + _developer(0, 1, _U16, b"Power"))
    assert _records(late, "heart_rate", "developer:Power") == [(150, 230)]
    never = decode([file_of(records), late], {"record": ("heart_rate", "developer:Power")})
    assert never.messages["record"].select("heart_rate", "developer:Power").rows() == [(150, None), (150, 230)]
    assert [report.warnings for report in never.files] == [
        ["1 developer fields of a message are described nowhere"],
        [],
    ]


def test_a_field_whose_size_does_not_fit_its_type_is_null_and_the_others_are_kept() -> None:
    content = file_of(define(0, _RECORD, [(5, 1, _U32), _HEART_RATE, (2, 0, _U16)]) + b"\0\x07\x96")
    assert _records(content, "distance", "heart_rate", "altitude") == [(None, 150, None)]


def test_lists_texts_and_64_bits_keep_their_values_and_lose_their_invalid_ones() -> None:
    sets = define(0, _SET, [(7, 6, _U16), (8, 2, _U16)], is_big=True) + b"\0" + struct.pack(">HHHH", 1, 65534, 65535, 4)
    titles = define(1, _TITLE, [(2, 6, _TEXT)]) + b"\1Carry\0" + b"\1\xff\0\0\0\0\0" + b"\1\0Carry"
    large = define(2, _RECORD, [(29, 8, _U64)]) + b"\2" + struct.pack("<Q", 2**63 + 1) + b"\2" + b"\xff" * 8
    decoded = decode([file_of(sets + titles + large)], {"set": ALL, "exercise_title": ALL, "record": ALL}).messages
    assert decoded["set"].select("category", "category_subtype").rows() == [([1, 65534, None], [4])]
    assert list(decoded["exercise_title"]["wkt_step_name"]) == ["Carry", "\ufffd", None]
    assert list(decoded["record"]["accumulated_power"]) == [2**63 + 1, None]


def test_what_nobody_wrote_is_a_column_of_nulls_of_the_profiles_type() -> None:
    wanted = {
        "session": ("start_time", "total_distance", "sport", "time_in_hr_zone", "sport_index"),
        "sport": ("name",),
    }
    frames = decode([_WRITTEN["run"]], wanted).messages
    assert dict(frames["session"].schema) == {
        "file": pl.Int64, "part": pl.Int64, "place": pl.Int64, "start_time": pl.Datetime("us", "UTC"),
        "total_distance": pl.Float64, "sport": pl.Int64, "time_in_hr_zone": pl.List(pl.Float64),
        "sport_index": pl.Int64,
    }  # fmt: skip
    assert (dict(frames["sport"].schema)["name"], frames["sport"].height) == (pl.String, 0)


def test_a_name_that_the_profile_lacks_is_refused_and_a_number_is_not() -> None:
    with pytest.raises(KeyError, match="record has no field pace"):
        decode([], {"record": ("pace",)})
    content = file_of(define(0, 999, [(1, 1, _U8)]) + b"\0\7")
    assert decode([content], {"unknown_999": ("unknown_1",)}).messages["unknown_999"].rows() == [(0, 1, 1, 7)]


def test_parts_and_places_tell_the_files_of_a_chain_apart() -> None:
    chain = _WRITTEN["run"] + _WRITTEN["strength"]
    ids = decode([b"", chain, _WRITTEN["run"]], {"file_id": ("type",)}).messages["file_id"]
    assert ids.rows() == [(1, 1, 1, 4), (1, 2, 15, 4), (2, 1, 1, 4)]


_LENGTH = len(_WRITTEN["run"])


@pytest.mark.parametrize(
    ("content", "damage", "warnings", "n_messages"),
    [
        (_WRITTEN["run"], [], [], 14),
        (_WRITTEN["run"][:-1], [f"the file ends at byte {_LENGTH - 1}, 1 bytes before its end"], [], 14),
        (
            _WRITTEN["run"][:-3],
            [f"the file ends at byte {_LENGTH - 3}, 3 bytes before its end", "a message is cut"],
            [],
            13,
        ),
        (b"\x0e\0" + _WRITTEN["run"], ["2 bytes at byte 0 are no FIT file"], [], 14),
        (_WRITTEN["run"] + b"\0\0", [f"2 bytes at byte {_LENGTH} are no FIT file"], [], 14),
        (_WRITTEN["run"] + b"???" + _WRITTEN["run"], [f"3 bytes at byte {_LENGTH} are no FIT file"], [], 28),
        (with_crc_zeroed(_WRITTEN["run"]), [], ["checksum is wrong"], 14),
        (_WRITTEN["run"][:12] + b"\0\0" + _WRITTEN["run"][14:], [], ["checksum is wrong"], 14),
        (_WRITTEN["run"][:12] + b"\1\0" + _WRITTEN["run"][14:], [], ["the header's checksum", "checksum is wrong"], 14),
        (_WRITTEN["run"][:4] + bytes(4) + _WRITTEN["run"][8:-2], ["the header states no length"], ["the header's"], 14),
        (file_of(b"\7"), ["a message of local type 7, which is not defined at byte 14"], [], 0),
        (file_of(b"\xe7"), ["a message of local type 3, which is not defined at byte 14"], [], 0),
        (file_of(b"\x40\0\0"), ["a definition is cut at byte 14"], [], 0),
        (file_of(b"\7") + _WRITTEN["run"], ["a message of local type 7"], [], 14),
    ],
)
def test_what_is_broken_is_told_and_the_rest_is_kept(
    content: bytes, damage: list[str], warnings: list[str], n_messages: int
) -> None:
    [report] = decode([content], {}).files
    assert report.error is None
    assert (len(report.damage), len(report.warnings), report.n_messages) == (len(damage), len(warnings), n_messages)
    assert all(found.startswith(start) for found, start in zip(report.damage, damage, strict=True)), report.damage
    assert all(found.startswith(start) for found, start in zip(report.warnings, warnings, strict=True)), report.warnings


@pytest.mark.parametrize("content", [b"", b".FIT", b"PK\3\4" * 10])
def test_what_has_no_header_is_no_fit_file(content: bytes) -> None:
    [report] = decode([content], _ALL_RECORDS).files
    assert (report.error is not None, report.damage) == (True, [])


def test_a_file_of_absurdly_many_messages_or_definitions_is_read_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MAX_MESSAGES", 1000)
    monkeypatch.setattr(walk, "MAX_DEFINITIONS", 100)
    monkeypatch.setattr(walk, "MAX_PARTS", 10)
    many = file_of(define(0, _RECORD, []) + bytes(20_000))
    defined = file_of(b"".join(define(0, _RECORD, [(i, 1, _U8)]) for i in range(255)))
    reports = decode([many, defined, file_of(b"") * 50, _WRITTEN["run"]], {}).files
    assert [len(report.damage) for report in reports] == [1, 1, 1, 0]
    assert reports[0].n_messages < 6000
    assert reports[2].n_parts == 10


def test_a_batch_that_would_not_fit_into_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runfix_analytics.fit.decoder.MAX_CELLS", 30)
    assert decode([_WRITTEN["run"]], {"record": ("distance",)}).messages["record"].height == 11
    with pytest.raises(BatchTooLargeError):
        decode([_WRITTEN["run"]] * 3, {"record": ("distance",)})


_SLOWLY = {
    "file_id": ("type", "manufacturer"),
    "session": ("start_time", "sport", "total_distance", "workout_rpe"),
    "record": ("timestamp", "distance"),
    "set": ("start_time", "set_type", "category", "category_subtype", "weight"),
    "exercise_title": ("wkt_step_name",),
    "activity": ("timestamp", "local_timestamp"),
}


def _with_fallbacks() -> Iterator[bytes]:
    yield from _WRITTEN.values()
    yield encode([("file_id", {"type": 4}), ("session", {"start_time": 3600, "sport": 1}), *run(_START)[1:5]])
    yield encode(strength(_START, [{"category": 1, "category_subtype": None}]))


@pytest.mark.parametrize("content", list(_with_fallbacks()))
def test_the_fallback_through_fitparse_makes_the_same_columns(content: bytes) -> None:
    ours, slow = decode([content], _SLOWLY), decode_slowly(content, _SLOWLY)
    assert_frame_equal(slow.relative, ours.relative)
    for name in _SLOWLY:
        assert_frame_equal(slow.messages[name].drop("part"), ours.messages[name].drop("part"))


def test_the_fallback_keeps_what_came_before_the_damage_and_says_what_is_no_fit() -> None:
    cut = decode_slowly(_WRITTEN["run"][:-20], _SLOWLY)
    assert cut.messages["record"].height == 11
    assert cut.files[0].damage[0].startswith("FitEOFError")
    assert str(decode_slowly(b"PK", _SLOWLY).files[0].error).startswith("FitEOFError")
