"""What every reader keeps, over every sample: one log a file, our columns, each row in one place, no surprises."""

import csv
import io
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fit_bytes import encode, run, strength, with_crc_zeroed, with_garbage_at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from runfix_analytics.errors import UnknownFormatError
from runfix_analytics.rawlog import ACHES, ACTIVITIES, SETS, RawLog
from runfix_analytics.readers import all_readers, reader_of
from runfix_analytics.readers import read as read_any
from runfix_analytics.sourcefile import SourceFile

_START = datetime(2026, 3, 2, 17, 5, tzinfo=UTC)
_RUN = encode(run(_START))
_SETS: list[dict[str, Any]] = [
    {"repetitions": 12, "category": (1, 65534), "category_subtype": (18, None)},
    {"set_type": 0},
]
_STRENGTH = encode(strength(_START, _SETS))
_SHEETS = {
    f"{path.parent.name}/{path.name}": path.read_bytes() for path in (Path(__file__).parent / "samples").glob("*/*")
}
_FITS = {
    "garmin_fit/run": _RUN,
    "garmin_fit/strength": _STRENGTH,
    "garmin_fit/chain": _RUN + _STRENGTH,
    "garmin_fit/settings": encode([("file_id", {"type": 2, "manufacturer": 1})]),
    "garmin_fit/cut": _RUN[:-150],
    "garmin_fit/wrong_crc": with_crc_zeroed(_RUN),
    "garmin_fit/garbage": with_garbage_at(_RUN, 60),
}
_SAMPLES = {**_SHEETS, **_FITS}
# whether zeros mean "no aches" depends on how many places the whole questionnaire asks about
_JUDGED_AS_A_WHOLE = {name for name in _SHEETS if name.startswith("ostrc_weekly/")}
_CSVS = sorted(name for name in _SHEETS if name.endswith(".csv"))
_ODD = (
    "", "-1", "nan", "inf", "1e999", "1,177", "12/12", "0x1", "²", "\x07", "2026-02-30", '"', "=1+1", "two minutes",
    "99:99", "2026-13-01 25:61", "9" * 400,
)  # fmt: skip


def _file(name: str) -> SourceFile:
    return SourceFile(name, _SAMPLES[name])


def _read(content: bytes, reader: str, name: str = "any name") -> RawLog:
    [log] = all_readers()[reader].read([SourceFile(name, content)])
    return log


def _everything(log: RawLog) -> dict[str, Any]:
    frames = {name: getattr(log, name).to_dicts() for name in ("activities", "sets", "aches")}
    return {**vars(log), **frames}


def _places(log: RawLog) -> list[int | None]:
    """The row numbers of a log, each as often as tables and problems claim it; a row of many sets counts once."""
    frames = [set(frame["row"]) for frame in (log.activities, log.sets, log.aches)]
    return sorted([row for rows in frames for row in rows] + [problem.row for problem in log.problems])


def _table(content: bytes) -> list[list[str]]:
    text = content.decode()
    first = text.partition("\n")[0]
    return list(csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count)))


def _as_csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()


def _row_numbers(name: str) -> list[int]:
    """Which rows of a table hold data, counted without the readers."""
    return [i for i, row in enumerate(_table(_SAMPLES[name]), start=1) if any(map(str.strip, row)) and i > 1]


def _assert_each_row_once(log: RawLog, numbers: list[int]) -> None:
    """A row is in `activities`, `sets`, `aches` or `problems`: nowhere else, not nowhere, not in two of them."""
    places = _places(log)
    lost, twice = sorted(set(numbers) - set(places)), [row for row in set(places) if places.count(row) > 1]
    assert not lost, f"rows {lost} of the file are in no table and no problem; raise UnreadableError for them"
    assert not twice, f"rows {twice} are in two tables, or in a table and a problem"
    assert places == numbers, "rows are numbered as a spreadsheet does, header = 1"


def test_every_reader_has_a_sample() -> None:
    without = set(all_readers()) - {name.partition("/")[0] for name in _SAMPLES}
    assert not without, f"no file in {', '.join(f'tests/samples/{name}/' for name in sorted(without))}"
    assert {name.partition("/")[0] for name in _SAMPLES} == set(all_readers())


@pytest.mark.parametrize("name", sorted(all_readers()))
def test_every_reader_says_its_own_name_and_whose_data_it_reads(name: str) -> None:
    module: Any = all_readers()[name]
    assert name == module.READER
    assert re.fullmatch(r"[a-z][a-z_]*", module.SOURCE)


@pytest.mark.parametrize("name", sorted(_SAMPLES))
def test_a_sample_is_recognised_by_exactly_one_reader(name: str) -> None:
    found = [reader for reader, module in all_readers().items() if module.recognises(_file(name))]
    assert found == [name.partition("/")[0]]


@pytest.mark.parametrize("name", _CSVS)
def test_a_single_heading_of_a_table_is_recognised_by_no_reader(name: str) -> None:
    for heading in _table(_SAMPLES[name])[0]:
        file = SourceFile("x", f"{heading}\n".encode())
        assert [reader for reader, module in all_readers().items() if module.recognises(file)] == [], heading


@pytest.mark.parametrize("name", sorted(_SAMPLES))
def test_a_log_names_its_reader_and_has_our_columns(name: str) -> None:
    [log] = read_any([_file(name)])
    assert log.reader == name.partition("/")[0]
    assert log.source
    assert (dict(log.activities.schema), dict(log.sets.schema), dict(log.aches.schema)) == (
        dict(ACTIVITIES),
        dict(SETS),
        dict(ACHES),
    )


@pytest.mark.parametrize("name", sorted(_SAMPLES))
def test_a_unit_stands_beside_a_value_only(name: str) -> None:
    [log] = read_any([_file(name)])
    for table, value in ((log.activities, "distance"), (log.sets, "weight")):
        bare = table.filter(pl.col(value).is_null(), pl.col(f"{value}_unit").is_not_null())["row"].to_list()
        assert bare == [], f"rows with {value}_unit and no {value}"


@pytest.mark.parametrize("name", _CSVS)
def test_every_row_of_a_table_ends_in_exactly_one_place(name: str) -> None:
    [log] = read_any([_file(name)])
    _assert_each_row_once(log, _row_numbers(name))


@pytest.mark.parametrize("name", sorted(set(_SHEETS) - set(_CSVS)))
def test_every_row_of_another_file_ends_in_one_place_with_a_number_of_its_own(name: str) -> None:
    [log] = read_any([_file(name)])
    places = [place or 0 for place in _places(log)]
    assert places == sorted(set(places))
    assert places[0] > 0


@pytest.mark.parametrize("name", sorted(_SHEETS))
def test_a_problem_quotes_one_short_line_and_says_what_to_do(name: str) -> None:
    [log] = read_any([_file(name)])
    for problem in log.problems:
        assert len(problem.logged) <= 200
        assert problem.logged.isprintable()
        assert problem.rule.isidentifier()
        assert problem.advice


@pytest.mark.parametrize("name", sorted(_SAMPLES))
def test_a_file_read_twice_and_under_another_name_gives_the_same_log_each_time_in_order(name: str) -> None:
    reader, content = name.partition("/")[0], _SAMPLES[name]
    other = _FITS["garmin_fit/settings"] if reader == "garmin_fit" else content.partition(b"\n")[0]
    files = [SourceFile("a.csv", content), SourceFile("b.json", other), SourceFile("c.fit", content)]
    first, between, again = all_readers()[reader].read(files)
    assert _everything(first) == _everything(again)
    assert between.n_rows == 0


@pytest.mark.parametrize("name", _CSVS)
def test_a_file_with_a_header_alone_is_an_empty_log_without_complaint(name: str) -> None:
    log = _read(_SAMPLES[name].partition(b"\n")[0] + b"\n", name.partition("/")[0])
    assert (log.n_rows, log.damage, log.error) == (0, None, None)


@pytest.mark.parametrize("name", _CSVS)
def test_a_byte_order_mark_windows_line_ends_and_utf_16_change_nothing(name: str) -> None:
    text, reader = _SAMPLES[name].decode(), name.partition("/")[0]
    plain = _everything(_read(text.encode(), reader))
    windows = text.replace("\n", "\r\n")
    for content in (windows.encode("utf-8-sig"), windows.encode("utf-16")):
        assert reader_of(SourceFile("x", content)) == reader
        assert _everything(_read(content, reader)) == plain


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\0", b"PK\3\4", b"<gpx></gpx>", b"{}", b"[]", b"date,runner\n", b"\xff\xfe"]
)
def test_content_of_no_format_is_unknown(content: bytes) -> None:
    with pytest.raises(UnknownFormatError):
        reader_of(SourceFile("strong.csv", content))


@pytest.mark.parametrize("name", sorted(set(_CSVS) - _JUDGED_AS_A_WHOLE))
def test_a_cut_file_keeps_the_rows_before_the_cut_as_they_were(name: str) -> None:
    content, reader = _SAMPLES[name], name.partition("/")[0]
    whole = _read(content, reader)
    for length in range(content.index(b"\n") + 1, len(content), 29):
        cut = _read(content[:length], reader)
        assert cut.error is None
        last = max(filter(None, _places(cut)), default=0)
        for kept, all_rows in ((cut.activities, whole.activities), (cut.sets, whole.sets), (cut.aches, whole.aches)):
            is_before = pl.col("row") < last
            # the unit of a lone distance column is decided over the whole file, so it may be open in a part
            assert_frame_equal(
                kept.filter(is_before).drop("distance_unit", strict=False),
                all_rows.filter(is_before).drop("distance_unit", strict=False),
            )


@pytest.mark.parametrize("name", sorted(_FITS))
def test_a_fit_file_cut_anywhere_is_read_up_to_the_cut_and_says_so(name: str) -> None:
    content = _FITS[name]
    for length in range(12, len(content) - 1, 7):
        log = _read(content[:length], "garmin_fit")
        is_end_of_first = name == "garmin_fit/chain" and length == len(_RUN)
        assert is_end_of_first or log.damage or log.error
        assert not (log.damage and log.error)


@pytest.mark.parametrize("name", _CSVS)
def test_odd_cells_in_any_column_are_problems_or_left_out(name: str) -> None:
    """One column after the other, every odd cell in a row of its own that is good otherwise."""
    header, *rows = _table(_SAMPLES[name])
    [log] = read_any([_file(name)])
    good = rows[min({*log.activities["row"], *log.sets["row"], *log.aches["row"]}) - 2]
    for place, heading in enumerate(header):
        odd_rows = [[*good[:place], odd, *good[place + 1 :]] for odd in _ODD]
        try:
            odd_log = _read(_as_csv([header, *odd_rows]), name.partition("/")[0])
        except Exception as error:  # noqa: BLE001 - whatever it is, the column is what helps
            pytest.fail(f'an odd cell below "{heading}" stops the whole file: {error!r}; raise UnreadableError')
        assert odd_log.error is None, heading
        _assert_each_row_once(odd_log, [i for i, row in enumerate(odd_rows, 2) if any(map(str.strip, row))])


@given(name=st.sampled_from(_CSVS), data=st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_stands_in_a_cell_its_row_ends_in_one_place(name: str, data: st.DataObject) -> None:
    header, *rows = [row for row in _table(_SAMPLES[name]) if row]
    row = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.integers(0, len(header) + 1))
    cell = data.draw(
        st.one_of(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30), st.sampled_from(_ODD))
    )
    rows[row] += [""] * (column + 1 - len(rows[row]))
    rows[row][column] = cell
    log = _read(_as_csv([header, *rows]), name.partition("/")[0])
    assert log.error is None
    _assert_each_row_once(log, [i for i, cells in enumerate(rows, start=2) if any(map(str.strip, cells))])


def test_finding_the_readers_does_not_import_fitparse() -> None:
    code = (
        "import sys; from runfix_analytics.readers import all_readers; all_readers(); print('fitparse' in sys.modules)"
    )
    root = Path(__file__).parents[1]
    assert subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    ).stdout == ("False\n")


def test_every_reader_may_be_asked_about_any_bytes() -> None:
    file = SourceFile("x", bytes(range(256)) * 4)
    assert [name for name, reader in all_readers().items() if reader.recognises(file)] == []


@pytest.mark.parametrize("reader", ["strava_csv", "garmin_csv"])
def test_names_and_descriptions_of_activities_are_nowhere_in_the_log(reader: str) -> None:
    names = [name for name in _SHEETS if name.startswith(reader)]
    for log in read_any([_file(name) for name in names]):
        assert "secret" not in repr(_everything(log))
