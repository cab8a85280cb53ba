"""What may come in a zip archive, and what is refused whole before any file of it is read."""

import errno
import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from runfix_analytics.archive import Limits, opened
from runfix_analytics.errors import ReadError
from runfix_analytics.sourcefile import is_archive

SMALL = Limits(entries=10, total_bytes=1000, file_bytes=500, ratio=10, ratio_from_bytes=300)


def zipped(*files: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return stream.getvalue()


def members(content: bytes, limits: Limits | None = None) -> list[tuple[str, bytes]]:
    with opened("export.zip", io.BytesIO(content), limits) as found:
        return [(member.name, member.content()) for member in found]


def test_the_files_come_in_order_under_the_archives_name():
    content = zipped(("activities.csv", b"a"), ("activities/1.fit.gz", b"b"))
    assert members(content) == [("export.zip/activities.csv", b"a"), ("export.zip/activities/1.fit.gz", b"b")]


def test_folders_hidden_and_system_files_are_left_out():
    content = zipped(("media/", b""), (".DS_Store", b"x"), ("__MACOSX/._a.csv", b"x"), ("a/.git/config", b"x"))
    assert members(content) == []


def test_an_archive_in_an_archive_is_opened_and_one_deeper_is_refused():
    inner = zipped(("1.fit", b"run"))
    assert members(zipped(("part1.zip", inner), ("a.json", b"{}"))) == [
        ("export.zip/a.json", b"{}"),
        ("export.zip/part1.zip/1.fit", b"run"),
    ]
    with pytest.raises(ReadError, match="an archive in an archive in an archive is not opened; unpack it once"):
        members(zipped(("outer.zip", zipped(("inner.zip", inner)))))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "a/../../b", "..\\..\\b", "C:\\x\\b", "\x1b[31m.csv"]
)
def test_a_name_that_leads_out_is_a_label_and_nothing_else(name: str):
    [(label, content)] = members(zipped((name, b"x")))
    assert label.startswith("export.zip/")
    assert ".." not in label
    assert label.isprintable()
    assert content == b"x"


def test_an_e_mail_address_in_a_name_is_not_shown():
    [(label, _)] = members(zipped(("DI/ann.example@mail.example.com_123.fit", b"x")))
    assert label == "export.zip/DI/…_123.fit"


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([(f"{i}.csv", b"x") for i in range(11)], "11 files are more than the limit of 10"),
        ([("a.csv", b"x" * 501)], '"a.csv" has 501 bytes, more than the limit of 500'),
        ([("a.csv", bytes(400))], "unpacks to 400 bytes from .*, more than 10 times as much"),
        ([(f"{i}.csv", bytes(range(250)) + bytes(50)) for i in range(4)], "unpacks to 1200 bytes, more than the limit"),
        ([("[Content_Types].xml", b"<x/>")], "is a document of an office program; save the table as CSV"),
    ],
)
def test_an_archive_over_a_limit_is_refused_whole(files: list[tuple[str, bytes]], says: str):
    with pytest.raises(ReadError, match=says):
        members(zipped(*files), SMALL)


def test_two_files_of_one_name_are_refused():
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = zipped(("a.csv", b"x"), ("a.csv", b"y"))
    with pytest.raises(ReadError, match=r'holds two files named "a\.csv"'):
        members(content)


def test_an_encrypted_archive_is_refused():
    content = bytearray(zipped(("a.csv", b"x")))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    with pytest.raises(ReadError, match="is encrypted; unpack it and import the folder"):
        members(bytes(content))


@pytest.mark.parametrize("cut", [lambda c: c[: len(c) // 2], lambda c: c[:4], lambda c: c[:-22]])
def test_a_broken_archive_says_so(cut: Callable[[bytes], bytes]):
    with pytest.raises(ReadError, match="broken zip archive"):
        members(cut(zipped(("a.csv", b"x" * 100), compression=zipfile.ZIP_STORED)))


def test_a_damaged_file_is_named_and_the_others_can_be_read():
    content = bytearray(zipped(("a.csv", b"aaaa"), ("b.csv", b"bbbb"), compression=zipfile.ZIP_STORED))
    content[content.index(b"aaaa")] = 0
    with opened("export.zip", io.BytesIO(bytes(content))) as found:
        damaged, whole = found
        with pytest.raises(ReadError, match=r"export.zip/a.csv: damaged in the archive: Bad CRC-32"):
            damaged.content()
        assert whole.content() == b"bbbb"


def test_a_link_in_an_archive_is_refused():
    info = zipfile.ZipInfo("a.csv")
    info.external_attr = 0o120777 << 16
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(ReadError, match="is a symbolic link"):
        members(stream.getvalue())


def test_twenty_five_thousand_small_files_are_allowed():
    content = zipped(*((f"{i}.fit", b"x") for i in range(25_000)), compression=zipfile.ZIP_STORED)
    with opened("export.zip", io.BytesIO(content)) as found:
        assert len(found) == 25_000


def test_a_bomb_is_refused_without_being_unpacked():
    content = zipped(("bomb.csv", bytes(100 * 1024 * 1024)))
    assert len(content) < 200_000
    tracemalloc.start()
    with pytest.raises(ReadError, match="more than 250 times as much; such archives are not opened"):
        members(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * 1024 * 1024


def test_only_a_zip_is_an_archive():
    assert is_archive(zipped(("a", b"")))
    assert is_archive(zipped())
    assert not is_archive(b"PK is no archive")
    assert not is_archive(b"")


_METHOD, _OFFSET = ("<H", 10), ("<I", 42)  # of a file in the directory of an archive


@pytest.mark.parametrize(
    ("field", "value", "packed"),
    [
        (_METHOD, zipfile.ZIP_BZIP2, b"x" * 200),
        (_METHOD, zipfile.ZIP_LZMA, b"\x09\x04\x05\x00\xff\xff\xff\xff\xff" * 20),
        (_METHOD, 99, b"x" * 200),
        (_OFFSET, 0x7FFFFFFF, b"x" * 200),
    ],
)
def test_a_directory_that_does_not_fit_the_file_is_damage_and_never_another_error(
    field: tuple[str, int], value: int, packed: bytes
):
    content = bytearray(zipped(("1.fit", b"run"), ("2.fit", packed), compression=zipfile.ZIP_STORED))
    code, offset = field
    struct.pack_into(code, content, content.rindex(b"PK\x01\x02") + offset, value)
    if field is _METHOD:
        struct.pack_into(code, content, content.rindex(b"PK\x03\x04") + 8, value)
    with opened("export.zip", io.BytesIO(content)) as [first, second]:
        assert first.content() == b"run"
        with pytest.raises(ReadError, match=r"export\.zip/2\.fit: damaged in the archive: "):
            second.content()


def test_a_directory_that_begins_before_the_archive_is_damage(tmp_path: Path):
    """A file on disk cannot be read from before its beginning, which is an error of the system's."""
    content = bytearray(zipped(("1.fit", b"run")))
    struct.pack_into("<I", content, content.rindex(b"PK\x05\x06") + 16, 0xFFFFFFF0)
    (tmp_path / "a.zip").write_bytes(content)
    with (tmp_path / "a.zip").open("rb") as stream, pytest.raises(ReadError), opened("a.zip", stream) as [member]:
        member.content()


def test_an_error_of_the_disk_is_no_damage_of_the_archive(monkeypatch: pytest.MonkeyPatch):
    def failing(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with opened("export.zip", io.BytesIO(zipped(("1.fit", b"run")))) as [member]:
        monkeypatch.setattr(zipfile.ZipFile, "open", failing)
        with pytest.raises(OSError, match="Input/output"):
            member.content()


def test_a_file_without_a_name_is_read_as_one():
    """Python's own check for folders fails there."""
    content = bytearray(zipped(("a", b"run")))
    at = content.index(b"PK\x01\x02")
    content[at + 28 : at + 47] = b"\0\0" + content[at + 30 : at + 46]
    content[content.index(b"PK\x05\x06") + 12] -= 1  # the directory's length
    nameless = bytes(content)
    with opened("export.zip", io.BytesIO(nameless)) as [member]:
        assert member.name == "export.zip/unnamed"


def test_files_whose_names_look_the_same_are_told_apart():
    content = zipped(
        ("log.csv", b"1"), ("../log.csv", b"2"), ("/log.csv", b"3"), ("log.csv\x07", b"4"), ("b.csv", b"5")
    )
    assert members(content) == [
        ("export.zip/log.csv", b"1"),
        ("export.zip/log.csv (2)", b"2"),
        ("export.zip/log.csv (3)", b"3"),
        ("export.zip/log.csv (4)", b"4"),
        ("export.zip/b.csv", b"5"),
    ]
