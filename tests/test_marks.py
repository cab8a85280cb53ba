"""What a coach says of a runner: marks.csv by hand and by spreadsheet, and by the commands mark and marks."""

import json
import stat
from datetime import date
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl
import pytest
from click.testing import CliRunner, Result
from dataframely.exc import ValidationError
from logs import CATALOGUE

from runfix_analytics import cli_marks
from runfix_analytics.cli import main
from runfix_analytics.errors import ConfigError
from runfix_analytics.marks import MARK_COLUMNS, mark_named, said_of
from runfix_analytics.runner_lists import RUNNER_COLUMNS
from runfix_analytics.store import TABLES, Store
from runfix_analytics.tables import MARKS, Marks

TODAY = date(2026, 3, 29)
HEADER = "runner_id,mark,from_on,to_on\n"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with r1 (Ann Example) and r2 (no name), on the 29th of March 2026."""
    monkeypatch.setattr(cli_marks, "today", lambda: TODAY)
    store = Store.create(tmp_path / "squad")
    rows = [",".join(RUNNER_COLUMNS), "r1,,metric,,,,partial", "r2,,metric,,,,partial"]
    (store.root / "runners.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (store.root / "names.csv").write_text("runner_id,name\nr1,Ann Example\n", encoding="utf-8")
    return store


def by_hand(store: Store, text: str, encoding: str = "utf-8") -> Store:
    (store.root / "marks.csv").write_bytes(text.encode(encoding))
    return store


def file_of(store: Store) -> list[str]:
    """The lines of marks.csv below its heading."""
    return (store.root / "marks.csv").read_text(encoding="utf-8").splitlines()[1:]


def rows(marks: dy.DataFrame[Marks]) -> list[tuple[str, ...]]:
    """The table as text, "" where the last day is null."""
    return [tuple("" if value is None else str(value) for value in row) for row in marks.rows()]


def runfix(store: Store, *words: object) -> Result:
    """Runs the command line in this process; an exception that is not caught fails the test."""
    result = CliRunner().invoke(main, [*map(str, words), "--root", str(store.root)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def ok(store: Store, *words: object) -> str:
    """What a command prints that must succeed."""
    result = runfix(store, *words)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout.rstrip("\n")


def refused(store: Store, *words: object, exit_code: int = 1) -> str:
    """What a command says that must fail and leave marks.csv as it is."""
    path = store.root / "marks.csv"
    before = path.read_bytes() if path.exists() else None
    result = runfix(store, *words)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert (path.read_bytes() if path.exists() else None) == before
    return result.stderr


# the table


def test_a_mark_that_ends_before_it_begins_or_a_visit_of_two_days_is_no_row():
    good = pl.DataFrame({"runner_id": ["r1"], "mark": ["ill"], "from_on": [TODAY], "to_on": [TODAY]})
    Marks.validate(good)
    for wrong in ({"to_on": date(2026, 3, 28)}, {"mark": "seen_by_physio"}, {"mark": "injured"}):
        with pytest.raises(ValidationError):
            Marks.validate(good.with_columns(pl.lit(value).alias(name) for name, value in wrong.items()))


def test_marks_are_a_file_beside_runners_csv_and_no_stored_table():
    assert Marks not in TABLES.values()


# the file


def test_a_store_without_marks_csv_has_no_marks(store: Store):
    assert not (store.root / "marks.csv").exists()
    assert store.marks().schema == Marks.create_empty().schema
    assert store.marks().is_empty()


@pytest.mark.parametrize("text", ["", "\n\n", HEADER, f"{HEADER}\n,,,\n"])
def test_an_empty_file_has_no_marks(store: Store, text: str):
    assert by_hand(store, text).marks().is_empty()


def test_marks_are_read_in_order_of_runner_day_and_mark(store: Store):
    lines = "r2,ill,2026-03-02,2026-03-05", "r1,paused,2026-03-09,", "r1,away,2026-03-09,2026-03-12"
    by_hand(store, HEADER + "\n".join([*lines, "r1,seen_by_physio,2026-03-02,"]))
    assert rows(store.marks()) == [
        ("r1", "seen_by_physio", "2026-03-02", ""),
        ("r1", "away", "2026-03-09", "2026-03-12"),
        ("r1", "paused", "2026-03-09", ""),
        ("r2", "ill", "2026-03-02", "2026-03-05"),
    ]


def test_a_row_of_a_runner_who_is_not_in_the_squad_is_kept(store: Store):
    by_hand(store, f"{HEADER}r9,ill,2026-03-02,\n")
    ok(store, "mark", "r1", "ill", "--from", "2026-03-04")
    assert rows(store.marks()) == [("r9", "ill", "2026-03-02", ""), ("r1", "ill", "2026-03-04", "")][::-1]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_file_is_read_in_the_encodings_that_spreadsheets_write(store: Store, encoding: str):
    by_hand(store, "runner_id,mark,from_on,to_on,für wen\nr1,ill,2026-03-02,,Jörg\n", encoding)
    assert rows(store.marks()) == [("r1", "ill", "2026-03-02", "")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_and_blank_lines_are_read(store: Store, end: str):
    text = f"\n{HEADER}\nr1,ill,2026-03-02,\n \n,,,\nr2,away,2026-03-02,\n"
    by_hand(store, text.replace("\n", end))
    assert [row[:2] for row in rows(store.marks())] == [("r1", "ill"), ("r2", "away")]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_file_that_a_spreadsheet_in_europe_saved_is_read(store: Store, separator: str):
    lines = "Runner_ID,Mark,From on,to_on", "r1,Race week,30.03.2026,5.4.2026", "r2,seen-by-physio,02.03.2026,"
    by_hand(store, "\r\n".join(lines).replace(",", separator))
    assert rows(store.marks()) == [
        ("r1", "race_week", "2026-03-30", "2026-04-05"),
        ("r2", "seen_by_physio", "2026-03-02", ""),
    ]


_WRONG = {
    "unknown mark": ("r1,injured,2026-03-02,", 'line 3, mark: "injured" is none of seen_by_physio, paused, away, ill'),
    "no mark": ("r1,,2026-03-02,", 'line 3, mark: "" is none of'),
    "no runner": (",ill,2026-03-02,", 'line 3, runner_id: "" must be letters'),
    "path for a runner": ("../r1,ill,2026-03-02,", 'line 3, runner_id: "../r1" must be letters'),
    "no first day": ("r1,ill,,2026-03-02", "line 3, from_on: the first day is missing; write it like 2026-03-31"),
    "short line": ("r1,ill", "line 3, from_on: the first day is missing"),
    "two-faced date": ("r1,ill,03/04/2026,", 'line 3, from_on: "03/04/2026" is no date; write it like 2026-03-31'),
    "no such day": ("r1,ill,2026-03-02,30.02.2026", 'line 3, to_on: "30.02.2026" is no date; write it like'),
    "words": ("r1,ill,2026-03-02,soon", 'line 3, to_on: "soon" is no date; write it like 2026-03-31'),
    "end before begin": ("r1,ill,2026-03-02,2026-03-01", "line 3, to_on: 2026-03-01 lies before from_on 2026-03-02"),
    "visit with an end": ("r1,seen_by_physio,2026-03-02,2026-03-02", "line 3, to_on: a visit is one day"),
    "twice": ("r2,Away,01.03.2026,", "line 3, from_on: away of r2 from 2026-03-01 stands twice; take one"),
    "open quote": ('r1,"ill,2026-03-02,', "line 3: unexpected end of data; mend its quotes"),
    "other separator": ("r1;ill;2026-03-02;", 'line 3, runner_id: "r1;ill;2026-03-02;" must be letters'),
    "escapes": ("r1,\x1b[31mill\u202e,2026-03-02,", 'line 3, mark: "[31mill" is none of'),
}


@pytest.mark.parametrize("case", _WRONG)
def test_what_is_wrong_is_named_with_line_column_value_and_what_to_do(store: Store, case: str):
    line, said = _WRONG[case]
    by_hand(store, f"{HEADER}r2,away,2026-03-01,\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        store.marks()
    assert str(caught.value).startswith(f"marks.csv {said}")
    assert str(caught.value).isprintable()


def test_a_cell_without_end_is_named_in_a_short_line(store: Store):
    by_hand(store, f"{HEADER}r1,{'x' * 200_000},2026-03-02,\n")
    with pytest.raises(ConfigError, match=r"^marks\.csv line 2.{20,200}$"):
        store.marks()


@pytest.mark.parametrize("column", MARK_COLUMNS)
def test_a_missing_column_is_named_with_the_heading_to_write(store: Store, column: str):
    by_hand(store, HEADER.replace(column, "other") + "r1,ill,2026-03-02,\n")
    said = rf"marks\.csv: column {column} is missing; the first line is runner_id,mark,from_on,to_on"
    with pytest.raises(ConfigError, match=said):
        store.marks()


def test_a_carriage_return_alone_ends_a_line_and_what_is_left_of_a_cell_is_named(store: Store):
    (store.root / "marks.csv").write_bytes(f"{HEADER}r1,ill,2026-03-02,\n".replace("\n", "\r").encode())
    assert store.marks().rows() == [("r1", "ill", date(2026, 3, 2), None)]
    (store.root / "marks.csv").write_bytes(f"{HEADER}r1,il\rl,2026-03-02,\n".encode())
    with pytest.raises(ConfigError, match=r'^marks\.csv line 2, mark: "il" is none of'):
        store.marks()


@pytest.mark.parametrize("command", [("marks",), ("mark", "r1", "ill"), ("mark", "r1", "ill", "--remove")])
def test_a_wrong_file_stops_a_command_with_one_line_and_stays_as_it_is(store: Store, command: tuple[str, ...]):
    by_hand(store, f"{HEADER}r1,injured,2026-03-02,\n")
    said = refused(store, *command)
    assert said.startswith('runfix: marks.csv line 2, mark: "injured" is none of')
    assert said.count("\n") == 1


# writing


def test_what_a_coach_wrote_beside_our_columns_stays_when_a_command_rewrites_the_file(store: Store):
    by_hand(
        store, 'note;runner_id;mark;from_on;to_on\n"Zürich; 2";r1;away;02.03.2026;\n;r2;ill;03.03.2026;\n', "cp1252"
    )
    ok(store, "mark", "r2", "ill", "--ended", "2026-03-05")
    ok(store, "mark", "r2", "away", "--from", "2026-03-09")
    content = (store.root / "marks.csv").read_bytes()
    assert content.decode("utf-8-sig").splitlines() == [
        "note;runner_id;mark;from_on;to_on",
        '"Zürich; 2";r1;away;2026-03-02;',
        ";r2;ill;2026-03-03;2026-03-05",
        ";r2;away;2026-03-09;",
    ]
    assert content.startswith(b"\xef\xbb\xbf")


def test_the_file_is_private_even_where_a_spreadsheet_left_it_open(store: Store):
    path = store.root / "marks.csv"
    ok(store, "mark", "r1", "ill")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    ok(store, "mark", "r1", "ill", "--to", "2026-03-30")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    Store.create(store.root)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_when_writing_fails_the_marks_stay_as_they_were_and_no_part_is_left(store, monkeypatch):
    ok(store, "mark", "r1", "ill")
    before = sorted(store.root.iterdir()), file_of(store)

    def full_disk(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full_disk)
    assert "No space left" in refused(store, "mark", "r1", "away")
    assert (sorted(store.root.iterdir()), file_of(store)) == before


# setting a mark


def test_a_mark_begins_today_and_holds_until_further_notice(store: Store):
    assert ok(store, "mark", "Ann Example", "paused") == "r1: paused from 2026-03-29 until further notice"
    assert (store.root / "marks.csv").read_text(encoding="utf-8") == f"{HEADER}r1,paused,2026-03-29,\n"


def test_a_mark_has_the_days_that_are_said(store: Store):
    told = ok(store, "mark", "ANN EXAMPLE", "away", "--from", "2026-04-03", "--to", "2026-04-12")
    assert told == "r1: away from 2026-04-03 to 2026-04-12"
    assert rows(store.marks()) == [("r1", "away", "2026-04-03", "2026-04-12")]


def test_a_visit_is_a_day_and_every_visit_is_a_mark_of_its_own(store: Store):
    ok(store, "mark", "r1", "seen-by-physio", "--from", "2026-03-02")
    assert ok(store, "mark", "r1", "seen-by-physio") == "r1: seen by physio on 2026-03-29"
    again = "r1: seen by physio on 2026-03-02, as before; nothing changed"
    assert ok(store, "mark", "r1", "seen-by-physio", "--from", "2026-03-02") == again
    assert file_of(store) == ["r1,seen_by_physio,2026-03-02,", "r1,seen_by_physio,2026-03-29,"]


def test_a_race_week_without_a_last_day_has_seven_days(store: Store):
    told = ok(store, "mark", "r1", "race-week", "--from", "2026-03-30")
    assert told == "r1: race week from 2026-03-30 to 2026-04-05"
    ok(store, "mark", "r2", "race_week", "--to", "2026-04-01")
    assert file_of(store)[1:] == ["r2,race_week,2026-03-29,2026-04-01"]


def test_the_last_week_of_the_calendar_breaks_nothing(store: Store):
    assert ok(store, "mark", "r1", "race-week", "--from", "9999-12-29").endswith("from 9999-12-29 to 9999-12-31")


def test_marks_of_different_kinds_and_of_different_runners_stand_side_by_side(store: Store):
    for runner, kind in (("r1", "ill"), ("r1", "away"), ("r2", "ill")):
        ok(store, "mark", runner, kind, "--from", "2026-03-02")
    assert file_of(store) == ["r1,ill,2026-03-02,", "r1,away,2026-03-02,", "r2,ill,2026-03-02,"]


@pytest.mark.parametrize(
    ("stands", "said", "becomes"),
    [
        ("2026-03-10,", (), "2026-03-10,"),
        ("2026-03-10,", ("2026-03-10", ""), "2026-03-10,"),
        ("2026-03-10,", ("2026-03-20", "2026-04-02"), "2026-03-10,2026-04-02"),
        ("2026-03-10,", ("2026-03-01", ""), "2026-03-01,"),
        ("2026-03-10,2026-03-20", ("2026-03-20", "2026-03-31"), "2026-03-10,2026-03-31"),
        ("2026-03-10,2026-03-20", ("2026-03-12", "2026-03-15"), "2026-03-10,2026-03-15"),
        ("2026-03-10,2026-03-20", ("2026-03-15", ""), "2026-03-10,"),
        ("2026-03-10,2026-03-20", ("2026-03-01", "2026-03-10"), "2026-03-01,2026-03-10"),
        ("2026-04-10,2026-04-20", (), "2026-03-29,"),
    ],
)
def test_the_same_mark_again_begins_on_the_earliest_day_and_ends_as_was_said_last(
    store: Store, stands: str, said: tuple[str, ...], becomes: str
):
    by_hand(store, f"{HEADER}r1,ill,{stands}\n")
    options = [word for name, day in zip(("--from", "--to"), said, strict=False) if day for word in (name, day)]
    told = ok(store, "mark", "r1", "ill", *options)
    assert file_of(store) == [f"r1,ill,{becomes}"]
    assert ("; before: from 2026-0" in told, "as before" in told) == (becomes != stands, becomes == stands)


def test_what_stood_before_is_told(store: Store):
    by_hand(store, f"{HEADER}r1,ill,2026-03-10,2026-03-12\nr1,ill,2026-03-20,\n")
    told = ok(store, "mark", "r1", "ill", "--from", "2026-03-11", "--to", "2026-03-22")
    before = "from 2026-03-10 to 2026-03-12, from 2026-03-20 until further notice"
    assert told == f"r1: ill from 2026-03-10 to 2026-03-22; before: {before}"
    assert file_of(store) == ["r1,ill,2026-03-10,2026-03-22"]


def test_marks_that_share_no_day_stay_two(store: Store):
    by_hand(store, f"{HEADER}r1,ill,2026-03-10,2026-03-12\n")
    ok(store, "mark", "r1", "ill", "--from", "2026-03-13", "--to", "2026-03-14")
    assert file_of(store) == ["r1,ill,2026-03-10,2026-03-12", "r1,ill,2026-03-13,2026-03-14"]


def test_marks_that_somebody_doubled_by_hand_become_one(store: Store):
    by_hand(store, f"{HEADER}r1,ill,2026-03-02,2026-03-04\nr2,ill,2026-03-02,\nr1,ill,2026-03-03,\n")
    ok(store, "mark", "r1", "ill", "--from", "2026-03-10", "--to", "2026-03-12")
    assert file_of(store) == ["r1,ill,2026-03-02,2026-03-12", "r2,ill,2026-03-02,"]


# ending and taking back


def test_a_running_mark_ends_on_the_day_that_is_said(store: Store):
    by_hand(store, f"{HEADER}r1,paused,2026-03-10,\nr2,paused,2026-03-10,\n")
    told = ok(store, "mark", "Ann Example", "paused", "--ended", "2026-03-28")
    assert told == "r1: paused from 2026-03-10 to 2026-03-28; before: from 2026-03-10 until further notice"
    assert file_of(store) == ["r1,paused,2026-03-10,2026-03-28", "r2,paused,2026-03-10,"]
    assert ok(store, "mark", "r1", "paused", "--ended", "2026-03-28").endswith("as before; nothing changed")


def test_ending_one_mark_leaves_one_that_begins_later(store: Store):
    by_hand(store, f"{HEADER}r1,away,2026-03-10,\nr1,away,2026-05-01,2026-05-10\n")
    ok(store, "mark", "r1", "away", "--ended", "2026-03-28")
    assert file_of(store) == ["r1,away,2026-03-10,2026-03-28", "r1,away,2026-05-01,2026-05-10"]


@pytest.mark.parametrize("day", ["2026-03-09", "2026-03-21"])
def test_a_mark_that_does_not_hold_on_the_day_is_not_ended_and_the_days_it_has_are_told(store: Store, day: str):
    by_hand(store, f"{HEADER}r1,away,2026-03-10,2026-03-20\n")
    said = refused(store, "mark", "r1", "away", "--ended", day)
    assert said == f"runfix: r1 has no mark away on {day}; from 2026-03-10 to 2026-03-20\n"


@pytest.mark.parametrize("options", [("--ended", "2026-03-28"), ("--remove",)])
def test_without_such_a_mark_there_is_nothing_to_end_or_to_take_back(store: Store, options: tuple[str, ...]):
    by_hand(store, f"{HEADER}r1,ill,2026-03-10,\nr2,away,2026-03-10,\n")
    said = refused(store, "mark", "r1", "away", *options)
    assert said.startswith("runfix: r1 has no mark away")
    assert said.endswith("; runfix marks lists what there is\n")


def test_a_mistake_is_taken_back(store: Store):
    by_hand(store, f"{HEADER}r1,away,2026-03-10,\nr1,ill,2026-03-10,\nr2,away,2026-03-10,\n")
    told = ok(store, "mark", "r1", "away", "--remove")
    assert told == "r1: taken back: away from 2026-03-10 until further notice"
    assert file_of(store) == ["r1,ill,2026-03-10,", "r2,away,2026-03-10,"]


def test_the_last_mark_taken_back_leaves_an_empty_list(store: Store):
    ok(store, "mark", "r1", "seen_by_physio")
    assert ok(store, "mark", "r1", "seen_by_physio", "--remove") == "r1: taken back: seen by physio on 2026-03-29"
    assert store.marks().is_empty()
    assert (store.root / "marks.csv").read_text(encoding="utf-8") == HEADER


def test_of_several_marks_the_one_that_begins_on_the_day_is_taken_back(store: Store):
    by_hand(store, f"{HEADER}r1,seen_by_physio,2026-03-02,\nr1,seen_by_physio,2026-04-09,\n")
    said = refused(store, "mark", "r1", "seen-by-physio", "--remove")
    assert said.endswith("2 marks seen_by_physio; say which with --from: on 2026-03-02; on 2026-04-09\n")
    assert "that begins on 2026-03-03" in refused(
        store, "mark", "r1", "seen-by-physio", "--remove", "--from", "2026-03-03"
    )
    ok(store, "mark", "r1", "seen-by-physio", "--remove", "--from", "2026-04-09")
    assert file_of(store) == ["r1,seen_by_physio,2026-03-02,"]


# wrong usage


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("injured", '"injured" is no mark; marks: seen-by-physio, paused, away, ill, race-week'),
        ("ill --from soon", '"soon" is no date; write it like 2026-03-31'),
        ("ill --to 2026-02-30", '"2026-02-30" is no date'),
        ("ill --to 2026-03-20", "--to 2026-03-20 lies before the first day, 2026-03-29; say with --from when it began"),
        ("ill --from 2026-03-02 --to 2026-03-01", "lies before the first day"),
        ("seen-by-physio --to 2026-04-01", "a visit is one day"),
        ("seen-by-physio --ended 2026-04-01", "a visit is one day"),
        ("seen-by-physio --from 2026-03-30", "lies ahead"),
        ("ill --ended 2026-03-30 --from 2026-03-01", "--ended stands alone"),
        ("ill --ended 2026-03-30 --to 2026-03-31", "--ended stands alone"),
        ("ill --ended 2026-03-30 --remove", "--ended stands alone"),
        ("ill --remove --to 2026-03-30", "--remove takes no --to"),
    ],
)
def test_wrong_usage_is_2_says_what_is_wrong_and_changes_nothing(store: Store, words: str, said: str):
    by_hand(store, f"{HEADER}r1,ill,2026-03-10,\n")
    told = refused(store, "mark", "r1", *words.split(), exit_code=2)
    assert said in " ".join(told.split())


def test_an_unknown_runner_is_named_and_nothing_is_written(store: Store):
    assert 'no runner "Bea"' in refused(store, "mark", "Bea", "ill")
    assert not (store.root / "marks.csv").exists()


@pytest.mark.parametrize("words", [("mark", "r1", "ill"), ("marks",)])
def test_without_a_store_there_is_one_line_and_no_file(tmp_path: Path, words: tuple[str, ...]):
    result = CliRunner().invoke(main, [*words, "--root", str(tmp_path)])
    assert result.exit_code == 1
    assert "holds no runfix store; make one with: runfix init" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mark", MARKS)
def test_every_mark_is_known_by_hyphens_underscores_and_in_any_case_and_stands_in_the_help(mark: str):
    for words in (mark, mark.replace("_", "-"), mark.replace("_", " ").title(), f" {mark.upper()} "):
        assert mark_named(words) == mark
    assert mark_named(f"{mark}s") is None
    shown = CliRunner().invoke(main, ["mark", "--help"]).stdout
    assert mark.replace("_", "-") in " ".join(shown.split())


# the list


def test_the_list_shows_the_marks_with_names_of_everybody_or_of_one(store: Store):
    by_hand(store, f"{HEADER}r2,ill,2026-03-10,2026-03-12\nr1,away,2026-03-10,\n")
    ann = {"runner_id": "r1", "name": "Ann Example", "mark": "away", "from_on": "2026-03-10", "to_on": None}
    other = {"runner_id": "r2", "name": "", "mark": "ill", "from_on": "2026-03-10", "to_on": "2026-03-12"}
    assert json.loads(ok(store, "marks", "--json")) == [ann, other]
    assert json.loads(ok(store, "marks", "--json", "--runner", "ann example")) == [ann]
    header, *lines = ok(store, "marks").splitlines()
    assert header.split() == list(ann)
    assert [line.split() for line in lines] == [
        ["r1", "Ann", "Example", "away", "2026-03-10"],
        ["r2", "ill", "2026-03-10", "2026-03-12"],
    ]


def test_the_list_of_no_marks_is_empty(store: Store):
    assert json.loads(ok(store, "marks", "--json")) == []
    assert ok(store, "marks").split() == ["runner_id", "name", "mark", "from_on", "to_on"]


def test_a_mark_of_somebody_who_is_not_in_the_squad_is_listed_and_named_as_passed_over(store: Store):
    by_hand(store, f"{HEADER}r9,ill,2026-03-10,\nr1,ill,2026-03-10,\n")
    result = runfix(store, "marks", "--json")
    assert [row["runner_id"] for row in json.loads(result.stdout)] == ["r1", "r9"]
    assert (result.exit_code, result.stderr) == (0, "passed over, not in runners.csv: r9; correct marks.csv\n")
    assert ok(store, "marks", "--runner", "r1")


@pytest.mark.parametrize("name", ["\x1b[31mAnn\x07", "[bold]Ann[/] {0} %s", "=cmd|'/C calc'!A0", "Ann\u202e", "--root"])
def test_a_hostile_name_breaks_no_list_and_stands_in_no_confirmation(store: Store, name: str):
    (store.root / "names.csv").write_text(f'runner_id,name\nr1,"{name}"\n', encoding="utf-8")
    assert ok(store, "mark", "r1", "ill") == "r1: ill from 2026-03-29 until further notice"
    shown = ok(store, "marks")
    assert shown.replace("\n", "").isprintable()
    assert len(shown.splitlines()) == 2
    [row] = json.loads(ok(store, "marks", "--json"))
    assert row["name"] == store.names()["r1"]


def test_a_page_is_told_what_holds_on_its_day_and_the_newest_visit_of_four_weeks(store: Store):
    by_hand(
        store,
        f"{HEADER}r1,away,2026-03-01,2026-03-09\nr1,ill,2026-03-09,\nr1,paused,2026-03-11,\n"
        "r1,seen_by_physio,2026-03-02,\nr1,seen_by_physio,2026-02-20,\nr2,seen_by_physio,2026-02-10,\n",
    )
    held = said_of(store.marks(), date(2026, 3, 10), CATALOGUE)
    assert {runner: [(row["mark"], row["from_on"]) for row in rows] for runner, rows in held.items()} == {
        "r1": [("seen_by_physio", date(2026, 3, 2)), ("ill", date(2026, 3, 9))]
    }
    assert "away" in [row["mark"] for row in said_of(store.marks(), date(2026, 3, 9), CATALOGUE)["r1"]]
    assert said_of(store.marks(), date(2026, 3, 10), CATALOGUE).get("r2") is None
