"""Cells → values: what is read, and what is refused rather than guessed."""

# wall clocks have no zone

import math
import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfix_analytics.parsing import (
    DAY_FIRST_SHAPE,
    DAY_MONTH_SHAPE,
    DOTTED_SHAPE,
    ISO_SHAPE,
    MONTH_FIRST_SHAPE,
    decimal_mark,
    duration_s,
    excerpt,
    moment,
    note,
    number,
    yes_no,
)


@pytest.mark.parametrize(
    ("text", "mark", "expected"),
    [
        ("", ".", None),
        ("12", ".", 12.0),
        ("-2.5", ".", -2.5),
        ("1,177", ".", 1177.0),
        ("1,234,567.5", ".", 1234567.5),
        ("2.932", ",", 2932.0),
        ("3,40", ",", 3.4),
        ("1.204,5", ",", 1204.5),
        ("1 204,5", ",", 1204.5),
        ("1'204.5", ".", 1204.5),
        ("8.5e-05", ".", 0.000085),
    ],
)
def test_a_number_is_read_with_the_files_decimal_mark(text: str, mark: str, expected: float | None) -> None:
    assert number(text, mark) == expected


@pytest.mark.parametrize(
    "text", ["3,40", "12 kg", "nan", "inf", "-", ".", "+", "1,17,7", "1.2.3", "0x10", "1_000", "1e", "½"]
)
def test_what_is_no_number_with_a_decimal_point_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        number(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_that_python_writes_is_read_back(value: float) -> None:
    assert number(repr(value)) == value


@given(st.text(max_size=12), st.sampled_from(".,"))
def test_a_number_is_finite_or_refused(text: str, mark: str) -> None:
    try:
        value = number(text, mark)
    except ValueError:
        return
    assert value is None or math.isfinite(value)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["3,40", "10,08"], ","),
        (["3.40", "1,500"], "."),
        (["1,177", "2,932"], None),
        (["1.234,567"], ","),
        (["12", ""], None),
        ([], None),
    ],
)
def test_the_decimal_mark_is_the_one_before_other_than_three_digits(cells: list[str], expected: str | None) -> None:
    assert decimal_mark(cells) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-02", datetime(2026, 3, 2)),
        ("2026-03-02 18:05:09", datetime(2026, 3, 2, 18, 5, 9)),
        ("2026-03-02T08:05", datetime(2026, 3, 2, 8, 5)),
        ("8 Apr 2026, 16:50", datetime(2026, 4, 8, 16, 50)),
        ("30 Sept 2026, 6:05", datetime(2026, 9, 30, 6, 5)),
        ("May 29, 2022, 3:53:35 PM", datetime(2022, 5, 29, 15, 53, 35)),
        ("May 29, 2022, 3:53:35\u202fPM", datetime(2022, 5, 29, 15, 53, 35)),
        ("Jan 1, 2027, 12:05:00 AM", datetime(2027, 1, 1, 0, 5)),
        ("Jan 1, 2027, 12:05:00 PM", datetime(2027, 1, 1, 12, 5)),
        ("2026-02-30", None),
        ("2026-03-02 25:00", None),
        ("0000-01-01", None),
        ("03/02/2026", None),
        ("2026-03-02T08:05Z", None),
        ("8 avr 2026, 16:50", datetime(2026, 4, 8, 16, 50)),
        ("9. jun. 2026, 17.09.50", datetime(2026, 6, 9, 17, 9, 50)),
        ("5 de dez. de 2026, 10:00:00", datetime(2026, 12, 5, 10)),
        ("29 May 2026, 3:53:35 p.m.", datetime(2026, 5, 29, 15, 53, 35)),
        ("1 juil. 2026 à 10:00", datetime(2026, 7, 1, 10)),
        ("6 März 2026 14:23", datetime(2026, 3, 6, 14, 23)),
        ("8 smarch 2026, 16:50", None),
        ("09.12.2026, 15:24", None),
        ("", None),
    ],
)
def test_a_date_is_read_in_its_stated_shapes_only(text: str, expected: datetime | None) -> None:
    assert moment(text, ISO_SHAPE, DAY_FIRST_SHAPE, MONTH_FIRST_SHAPE) == expected


@pytest.mark.parametrize(
    ("months", "number"),
    [
        ("January Januar janvier janv enero ene gennaio gen januari janeiro jan stycznia sty", 1),
        ("February Februar février févr febrero febbraio februari fevereiro fev lutego lut", 2),
        ("March März mars marzo maart mrt março mar marts marca", 3),
        ("April avril avr abril abr aprile kwietnia kwi", 4),
        ("May Mai mayo maggio mag mei maio maj maja", 5),
        ("June Juni juin junio giugno giu junho jun czerwca cze", 6),
        ("July Juli juillet juil julio luglio lug julho jul lipca lip", 7),
        ("August août agosto ago augusti aug sierpnia sie", 8),
        ("September Sept septembre septiembre settembre set setembro września wrz", 9),
        ("October Oktober Okt octobre octubre ottobre ott outubro out października paź", 10),
        ("November novembre noviembre novembro nov listopada lis", 11),
        ("December Dezember Dez décembre déc diciembre dic dicembre dezembro desember des grudnia gru", 12),
    ],
)
def test_the_months_of_eleven_languages_are_known_by_name_and_by_abbreviation(months: str, number: int) -> None:
    for month in months.split():
        assert moment(f"2 {month} 2026, 8:05", DAY_FIRST_SHAPE) == datetime(2026, number, 2, 8, 5)


def test_numbers_with_dots_or_slashes_are_days_first_where_a_reader_asks_for_them() -> None:
    assert moment("09.12.2026, 15:24:49", DOTTED_SHAPE) == datetime(2026, 12, 9, 15, 24, 49)
    assert moment("09/12/2026 15:24", DAY_MONTH_SHAPE) == datetime(2026, 12, 9, 15, 24)
    assert moment("31.02.2026", DOTTED_SHAPE) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("45", 45.0),
        ("45s", 45.0),
        ("45 sec", 45.0),
        ("1,5 min", 90.0),
        ("17:01", 1021.0),
        ("00:49:40,6", 2980.6),
        ("3:59:01.2", 14341.2),
    ],
)
def test_a_duration_is_read_as_seconds(text: str, expected: float | None) -> None:
    assert duration_s(text) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("text", ["ages", "5 h", "1:2:3:4", "-5", "1::2", "45 m", "9" * 400 + ":00:00"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        duration_s(text)


def test_an_empty_cell_is_neither_yes_nor_no() -> None:
    assert [yes_no(text) for text in ("Yes", "x", "1", "FALSE", "n", "0", "")] == [True] * 3 + [False] * 3 + [None]
    with pytest.raises(ValueError, match="maybe"):
        yes_no("maybe")


def test_quoted_text_is_one_line_of_at_most_200_characters_and_notes_are_cut_at_500() -> None:
    assert excerpt("a\nb\x07c\u2028d") == "a b c d"
    assert len(excerpt("x" * 999)) == 200
    assert note("x" * 999) == "x" * 500
    assert note("   ") is None
