"""The bytes of a file → a sheet: encodings, delimiters, row numbers, gzip and its limits."""

import gzip
import os
import threading
from pathlib import Path

import pytest

from runfix_analytics.errors import ReadError
from runfix_analytics.sourcefile import SourceFile

PLAIN = "date,exercise,notes\n2026-03-02,plank,größer\n"
ROW = ("2026-03-02", "plank", "größer")


def sheet(content: bytes):
    return SourceFile("x.csv", content).sheet


def rows(text: str) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.number, row.cells) for row in sheet(text.encode()).rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_of_a_spreadsheet_program_changes_nothing(encoding: str):
    read = sheet(PLAIN.encode(encoding))
    assert read.header == ("date", "exercise", "notes")
    assert [row.cells for row in read.rows] == [ROW]


@pytest.mark.parametrize("byte_order", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_read_in_both_byte_orders(byte_order: str):
    assert sheet(("\ufeff" + PLAIN).encode(byte_order)).rows[0].cells == ROW


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_that_splits_the_header(delimiter: str):
    assert sheet(PLAIN.replace(",", delimiter).encode()).header == ("date", "exercise", "notes")


def test_commas_in_the_cells_of_a_semicolon_file_are_no_delimiters():
    assert rows("date;weight\n2026-03-02;12,5\n") == [(2, ("2026-03-02", "12,5"))]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_quoted_line_break_does_not_shift_the_row_numbers(line_end: str):
    text = line_end.join(["date,notes", '2026-03-02,"first', 'second, third"', "", "2026-03-04,x", ""])
    assert rows(text) == [(2, ("2026-03-02", f"first{line_end}second, third")), (4, ("2026-03-04", "x"))]


def test_blank_rows_are_left_out_and_still_counted():
    assert rows("a,b\n\n , \n1,2\n,,\n3,4\n") == [(4, ("1", "2")), (6, ("3", "4"))]


def test_blank_lines_before_the_header_are_passed_over():
    assert sheet(b"\n\na,b\n1,2\n").header == ("a", "b")


def test_rows_longer_and_shorter_than_the_header_stay_as_they_are():
    assert rows("a,b\n1\n1,2,3\n1,2\n") == [(2, ("1",)), (3, ("1", "2", "3")), (4, ("1", "2"))]


def test_a_quote_that_is_never_closed_loses_nothing():
    assert rows('a,b\n1,"2\n3,4\n') == [(2, ("1", "2\n3,4"))]


def test_of_equal_headings_the_first_is_found_and_the_second_by_its_place():
    read = sheet(b"Distance,Time,Distance\n5.0,1800,5000\n6.0\n")
    assert (read.column("distance"), read.column("DISTANCE", nth=1), read.column("pace")) == (0, 2, None)


def test_zero_bytes_in_the_header_make_it_no_text_at_all():
    file = SourceFile("x.csv", b"a,b\0\n1,2\n")
    assert file.text is None
    assert file.header == ()


def test_a_zero_byte_far_down_in_a_text_is_left_out():
    text = "a,b\n" + "1,2\n" * 20_000 + "3,4\0\n"
    assert rows(text)[-1] == (20_002, ("3", "4"))


@pytest.mark.parametrize("content", [b"", b"\n\n", b" , \n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_what_holds_no_cell_holds_no_table(content: bytes):
    file = SourceFile("x.csv", content)
    assert file.header == ()
    with pytest.raises(ReadError, match=r"x\.csv: holds no table"):
        _ = file.sheet


def test_a_cell_of_a_megabyte_is_a_cell():
    note = "x" * 1_000_000
    assert rows(f"a,b\n1,{note}\n2,short\n") == [(2, ("1", note)), (3, ("2", "short"))]


# gzip


def test_gzip_is_opened_by_its_content_whatever_the_name(tmp_path: Path):
    path = tmp_path / "strong.csv"
    path.write_bytes(gzip.compress(PLAIN.encode()))
    assert SourceFile.open(path) == SourceFile("strong.csv", PLAIN.encode())


def test_gzip_in_several_members_is_read_to_its_end():
    packed = gzip.compress(PLAIN.encode()) + gzip.compress(b"2026-03-04,plank,\n")
    assert len(SourceFile.unpack("x.gz", packed).sheet.rows) == 2


@pytest.mark.parametrize("length", [2, 5, 12, 30, -1])
def test_broken_gzip_is_refused_and_says_so(length: int):
    with pytest.raises(ReadError, match=r"x\.gz: broken gzip"):
        SourceFile.unpack("x.gz", gzip.compress(PLAIN.encode())[:length])


def test_gzip_with_a_wrong_checksum_is_refused():
    packed = bytearray(gzip.compress(PLAIN.encode()))
    packed[-6] ^= 0xFF
    with pytest.raises(ReadError, match="broken gzip"):
        SourceFile.unpack("x.gz", bytes(packed))


def test_gzip_in_gzip_is_opened_once_only():
    inner = gzip.compress(PLAIN.encode())
    assert SourceFile.unpack("x.gz", gzip.compress(inner)).content == inner


def test_a_gzip_bomb_stops_at_the_limit_and_names_it():
    bomb = gzip.compress(b"0" * 1_000_000)
    assert len(bomb) < 2_000
    with pytest.raises(ReadError, match=r"x\.gz: unpacks to more than the limit of 9999 bytes"):
        SourceFile.unpack("x.gz", bomb, max_bytes=9_999)
    assert len(SourceFile.unpack("x.gz", bomb, max_bytes=1_000_000).content) == 1_000_000


# what may be opened


def test_a_file_over_the_limit_is_refused_unread_and_both_sizes_are_told(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"0" * 11)
    with pytest.raises(ReadError, match=r"x\.csv: 11 bytes are more than the limit of 10"):
        SourceFile.open(path, max_bytes=10)
    assert SourceFile.open(path, max_bytes=11).content == b"0" * 11


@pytest.mark.parametrize("target", ["real.csv", "missing.csv"])
def test_a_symbolic_link_is_refused_wherever_it_points(tmp_path: Path, target: str):
    (tmp_path / "real.csv").write_text(PLAIN)
    (tmp_path / "x.csv").symlink_to(tmp_path / target)
    with pytest.raises(ReadError, match=r"x\.csv: is a symbolic link"):
        SourceFile.open(tmp_path / "x.csv")


def test_what_is_no_file_says_why(tmp_path: Path):
    with pytest.raises(ReadError, match=r"gone\.csv: cannot be opened"):
        SourceFile.open(tmp_path / "gone.csv")
    with pytest.raises(ReadError, match="no regular file"):
        SourceFile.open(tmp_path)


def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path):
    pipe = tmp_path / "x.csv"
    os.mkfifo(pipe)
    # if the pipe is opened all the same, it ends at once, so that this test fails and does not hang
    writer = threading.Thread(target=lambda: os.close(os.open(pipe, os.O_WRONLY)), daemon=True)
    writer.start()
    try:
        with pytest.raises(ReadError, match=r"x\.csv"):
            SourceFile.open(pipe)
    finally:
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        writer.join(5)
        os.close(reader)
