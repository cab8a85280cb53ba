"""runfix as an operator types it: exit codes, one line for an error, names, tables and JSON, and nothing that breaks.

0 all, 1 failed, 2 wrong usage, 3 partial: something was left out and is named.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runfix_analytics import cli
from runfix_analytics.cli import main
from runfix_analytics.readers import ache_form, strength_sheet
from runfix_analytics.runner_lists import RUNNER_COLUMNS
from runfix_analytics.sample_files import Activity, StrengthSet, Workout, run_fit, strong_csv

DAY = "2026-03-29"
AREAS = ("glutes", "hamstrings", "calves", "core", "upper_back")
MOVES = ("Single Leg Calf Raise", "Glute Bridge", "Plank", "Bent Over Row (Dumbbell)", "Lying Leg Curl (Machine)")
ESCAPES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def runfix(*arguments: object, color: bool = False, **options: Any) -> Result:
    """Runs the command line in this process; an exception that is not caught fails the test."""
    result = CliRunner().invoke(main, [str(word) for word in arguments], color=color, **options)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def ok(*arguments: object) -> str:
    """What a command prints that must succeed."""
    result = runfix(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def table(*arguments: object) -> list[dict[str, Any]]:
    """The rows of a command's JSON."""
    rows: list[dict[str, Any]] = json.loads(ok(*arguments, "--json"))
    return rows


def strong(weeks: int = 4, exercises: tuple[str, ...] = MOVES, last: datetime = datetime(2026, 3, 27, 18)) -> str:
    """Two sessions a week up to the last one, two sets of each exercise."""
    days = [last - timedelta(weeks=week, days=gap) for week in range(weeks) for gap in (0, 3)]
    sets = tuple(StrengthSet(exercise, 10, weight=20) for exercise in exercises for _ in range(2))
    return strong_csv(Workout(day, "Evening", sets) for day in days)


def damaged_fit() -> bytes:
    run = Activity(datetime.fromisoformat("2026-03-20T18:00:00+01:00"), 2400, 8000.0, title="Run")
    content = run_fit(run, Random(1))
    return content[: len(content) * 3 // 5]


def reports(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in (root / "reports").rglob("*.html")}


@pytest.fixture(scope="module")
def made_by_hand(tmp_path_factory) -> tuple[Path, str]:
    """A squad of one, from an empty folder to pages, by the commands of `runfix --help`; read it only."""
    home = tmp_path_factory.mktemp("by_hand")
    root = home / "squad"
    ok("init", root)
    runner = ok("add", "Ann Example", "--root", root, "--time-zone", "Europe/Berlin").split()[0]
    ok("template", "aches", "-o", home / "aches.csv")
    ok("template", "strength", "-o", home / "sheet.csv")
    (home / "strong.csv").write_text(strong(), encoding="utf-8")
    files = [home / name for name in ("strong.csv", "aches.csv", "sheet.csv")]
    ok("import", "--root", root, "--runner", "Ann Example", *files)
    ok("nightly", "--root", root, "--as-of", DAY)
    return root, runner


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A store without anybody."""
    root = tmp_path / "squad"
    ok("init", root)
    return root


def inbox_of(root: Path, name: str) -> Path:
    return root / "inbox" / ok("add", name, "--root", root, "--time-zone", "Europe/Berlin").split()[0]


# from an empty folder to pages


def test_init_add_import_nightly_report_gives_a_page_for_the_runner_and_the_squad(made_by_hand):
    root, runner = made_by_hand
    listed = ok("report", "--root", root, "--list").splitlines()
    assert [line.partition("  ")[2] for line in listed] == [
        "Ann Example",
        "the squad",
        "exercises, to hand out",
        "coverage against onset, for analysts",
    ]
    for line in listed:
        assert Path(line.partition("  ")[0]).read_text(encoding="utf-8").startswith("<!doctype html>")
    assert runner in listed[0]


def test_both_templates_are_imported_without_a_reject(made_by_hand):
    root, _ = made_by_hand
    ledger = {row["file_name"]: row for row in table("imports", "--root", root)}
    assert set(ledger) == {"strong.csv", "aches.csv", "sheet.csv"}
    for row in ledger.values():
        assert row["status"] == "imported"
        assert (row["n_rejected"], row["n_skipped"], row["remarks"]) == (0, 0, "")
        assert row["n_accepted"] == row["n_rows"] > 0
    assert table("imports", "--root", root, "--rejects") == []


def test_a_second_nightly_is_0_and_changes_no_page_and_no_ledger(made_by_hand, tmp_path):
    root = shutil.copytree(made_by_hand[0], tmp_path / "squad")
    before, ledger = reports(root), table("imports", "--root", root)
    said = ok("nightly", "--root", root, "--as-of", DAY)
    assert "files new: 0" in said
    assert reports(root) == before
    assert table("imports", "--root", root) == ledger


def test_import_assess_and_report_one_by_one_do_what_nightly_does(made_by_hand, tmp_path):
    root = shutil.copytree(made_by_hand[0], tmp_path / "squad")
    before = reports(root)
    shutil.rmtree(root / "reports")
    ok("import", "--root", root)
    ok("assess", "--root", root, "--as-of", DAY)
    ok("report", "--root", root, "--as-of", DAY)
    assert reports(root) == before


def test_init_again_keeps_what_is_there(made_by_hand, tmp_path):
    root = shutil.copytree(made_by_hand[0], tmp_path / "squad")
    ok("init", root)
    assert [row["name"] for row in table("status", "--root", root, "--as-of", DAY)] == ["Ann Example"]
    assert len(table("imports", "--root", root)) == 3


def test_files_of_the_same_name_with_other_content_are_both_imported(empty, tmp_path):
    inbox_of(empty, "Ann")
    for folder, last in (("a", datetime(2026, 3, 27, 18)), ("b", datetime(2026, 2, 6, 18))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "strong.csv").write_text(strong(2, last=last), encoding="utf-8")
        ok("import", "--root", empty, "--runner", "Ann", tmp_path / folder / "strong.csv")
    ledger = table("imports", "--root", empty)
    assert [row["status"] for row in ledger] == ["imported", "imported"]
    assert len({row["file_name"] for row in ledger}) == 2


def test_the_same_file_given_twice_is_imported_once(empty, tmp_path):
    inbox_of(empty, "Ann")
    (tmp_path / "strong.csv").write_text(strong(1), encoding="utf-8")
    ok("import", "--root", empty, "--runner", "Ann", tmp_path / "strong.csv")
    assert "files new: 0" in ok("import", "--root", empty, "--runner", "Ann", tmp_path / "strong.csv")
    assert len(table("imports", "--root", empty)) == 1


def test_two_files_of_one_name_below_one_folder_are_both_imported(empty, tmp_path):
    inbox_of(empty, "Ann")
    for folder, last in (("2026-03", datetime(2026, 3, 27, 18)), ("2026-02", datetime(2026, 2, 6, 18))):
        (tmp_path / "exports" / folder).mkdir(parents=True)
        (tmp_path / "exports" / folder / "strong.csv").write_text(strong(1, last=last), encoding="utf-8")
    ok("import", "--root", empty, "--runner", "Ann", tmp_path / "exports")
    assert len(table("imports", "--root", empty)) == 2


# exit codes


def test_a_damaged_file_is_named_at_a_terminal_and_where_it_is_asked_for(empty, monkeypatch):
    inbox = inbox_of(empty, "Ann Example")
    (inbox / "cut.fit").write_bytes(damaged_fit())
    monkeypatch.setattr(cli, "is_log", lambda: False)
    result = runfix("nightly", "--root", empty, "--as-of", DAY)
    assert (result.exit_code, f"import: {inbox.name}: cut.fit: " in result.stderr) == (3, True)
    (inbox / "cut again.fit").write_bytes(damaged_fit() + b"x")
    assert f"import: {inbox.name}: cut again.fit: " in runfix("import", "--root", empty).stderr


def test_a_damaged_file_is_partial_tells_whose_it_is_and_the_next_night_is_0(empty):
    inbox = inbox_of(empty, "Ann Example")
    (inbox / "strong.csv").write_text(strong(), encoding="utf-8")
    (inbox / "cut.fit").write_bytes(damaged_fit())
    result = runfix("nightly", "--root", empty, "--as-of", DAY)
    assert result.exit_code == 3
    assert f"import: {inbox.name}: files left out or damaged: 1; which and why: runfix imports" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("partial: 1 ")
    assert "Ann Example" not in result.output
    assert len(reports(empty)) == 5
    ledger = {row["file_name"]: row for row in table("imports", "--root", empty)}
    assert ledger["cut.fit"]["status"] == "damaged"
    assert ledger["cut.fit"]["remarks"]
    assert runfix("nightly", "--root", empty, "--as-of", DAY).exit_code == 0


def test_a_folder_of_a_stranger_in_the_inbox_is_partial(empty):
    inbox_of(empty, "Ann")
    (empty / "inbox" / "somebody").mkdir()
    assert runfix("nightly", "--root", empty, "--as-of", DAY).exit_code == 3
    result = runfix("import", "--root", empty)
    assert result.exit_code == 3
    assert "inbox/somebody" in result.stderr


def test_a_store_without_runners_is_0(empty):
    assert "the squad" in ok("nightly", "--root", empty, "--as-of", DAY) + ok("report", "--root", empty, "--list")
    assert table("status", "--root", empty) == []
    assert table("imports", "--root", empty) == []
    ok("status", "--root", empty)


@pytest.mark.parametrize(
    "command",
    [
        ["nightly"],
        ["import"],
        ["assess"],
        ["report"],
        ["imports"],
        ["status"],
        ["explain", "Ann", "calves"],
        ["add", "A"],
    ],
    ids=lambda words: words[0],
)
def test_without_a_store_every_command_fails_with_one_line(tmp_path, command):
    result = runfix(*command, "--root", tmp_path)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert re.fullmatch(r"runfix: .*holds no runfix store.*runfix init.*\n", result.stderr)


@pytest.mark.parametrize(
    "words",
    [
        ["nightly", "--as-of", "tomorrow"],
        ["nightly", "--as-of", "2026-02-30"],
        ["nonsense"],
        ["import", "no-such-file.csv"],
        ["template", "recipes"],
        ["explain", "Ann"],
        ["add"],
        ["status", "--no-such-option"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2_and_says_what_is_wrong(words):
    result = runfix(*words)
    assert result.exit_code == 2
    assert "Error: " in result.stderr or "Usage: " in result.stderr


def test_files_without_a_runner_are_wrong_usage_and_nothing_is_copied(empty, tmp_path):
    inbox = inbox_of(empty, "Ann")
    (tmp_path / "strong.csv").write_text(strong(1), encoding="utf-8")
    result = runfix("import", "--root", empty, tmp_path / "strong.csv")
    assert result.exit_code == 2
    assert "--runner" in result.stderr
    assert list(inbox.iterdir()) == []


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("time_zone", "Middle/Earth", "Middle/Earth"),
        ("equipment", "trampoline", "trampoline"),
        ("active_from", "soon", "soon"),
        ("units", "furlongs", "units"),
    ],
)
def test_a_wrong_runners_csv_fails_with_one_line_that_names_what(empty, column, value, said):
    row = {"runner_id": "r1", "units": "metric", "strength_log": "partial"} | {column: value}
    lines = [",".join(RUNNER_COLUMNS), ",".join(row.get(name, "") for name in RUNNER_COLUMNS)]
    (empty / "runners.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = runfix("import", "--root", empty)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "runners.csv" in result.stderr
    assert said in result.stderr


@pytest.mark.parametrize("options", [["--time-zone", "Berlin"], ["--equipment", "trampoline"]], ids=lambda o: o[0])
def test_add_refuses_what_it_does_not_know_and_adds_nobody(empty, options):
    assert runfix("add", "Ann", "--root", empty, *options).exit_code == 1
    assert table("status", "--root", empty) == []
    assert list((empty / "inbox").iterdir()) == []


def test_template_does_not_overwrite(tmp_path):
    (tmp_path / "aches.csv").write_text("mine", encoding="utf-8")
    assert runfix("template", "aches", "-o", tmp_path / "aches.csv").exit_code == 1
    assert (tmp_path / "aches.csv").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(("form", "reader"), [("aches", ache_form), ("strength", strength_sheet)])
def test_template_on_the_terminal_is_the_form_and_explains_every_column_beside_it(form, reader):
    result = runfix("template", form)
    assert result.stdout == reader.template()
    header = result.stdout.splitlines()[0].split(",")
    assert [line.split()[0] for line in result.stderr.splitlines()] == header


def test_template_in_a_folder_that_is_missing_is_one_line(tmp_path):
    result = runfix("template", "aches", "-o", tmp_path / "missing" / "aches.csv")
    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.stderr


def test_init_where_a_file_stands_is_one_line(tmp_path):
    (tmp_path / "squad").write_text("a file", encoding="utf-8")
    result = runfix("init", tmp_path / "squad")
    assert result.exit_code in (1, 2)
    assert result.stderr.strip()


def test_import_of_a_link_is_one_line_and_nothing_is_copied(empty, tmp_path):
    inbox = inbox_of(empty, "Ann")
    (tmp_path / "link.csv").symlink_to(tmp_path / "strong.csv")
    (tmp_path / "strong.csv").write_text(strong(1), encoding="utf-8")
    result = runfix("import", "--root", empty, "--runner", "Ann", tmp_path / "link.csv")
    assert result.exit_code == 1
    assert "symbolic link" in result.stderr
    assert list(inbox.iterdir()) == []


def test_report_for_a_day_that_was_not_assessed_leaves_the_old_pages_and_says_so(made_by_hand, tmp_path):
    root = shutil.copytree(made_by_hand[0], tmp_path / "squad")
    before = reports(root)
    result = runfix("report", "--root", root, "--as-of", "2026-03-30")
    assert result.exit_code in (1, 3)
    assert "runfix assess --as-of 2026-03-30" in result.stderr
    assert reports(root) == before


# names


def test_a_runner_is_found_by_id_and_by_name_in_any_case(made_by_hand):
    root, runner = made_by_hand
    by_id = table("explain", runner, "calves", "--root", root, "--as-of", DAY)
    for name in ("Ann Example", "ANN EXAMPLE"):
        assert table("explain", name, "calves", "--root", root, "--as-of", DAY) == by_id
    assert by_id


def test_an_unknown_runner_and_an_unknown_area_are_one_line(made_by_hand):
    root, runner = made_by_hand
    for words in (["nobody", "calves"], [runner, "elbow"]):
        result = runfix("explain", *words, "--root", root)
        assert result.exit_code == 1
        assert result.stderr.count("\n") == 1
        assert words[0] in result.stderr or words[1] in result.stderr


def test_an_ambiguous_name_lists_the_ids(empty):
    with (empty / "names.csv").open("a", encoding="utf-8") as names:
        names.write("r1,Sam\nr2,sam\n")
    with (empty / "runners.csv").open("a", encoding="utf-8") as runners:
        runners.write("r1,,metric,,,,partial\nr2,,metric,,,,partial\n")
    result = runfix("status", "--root", empty, "--runner", "Sam")
    assert result.exit_code == 1
    assert "r1, r2" in result.stderr
    assert [row["runner_id"] for row in table("status", "--root", empty, "--runner", "r2")] == ["r2"]


def test_a_name_that_is_taken_is_refused(empty):
    inbox_of(empty, "Ann")
    assert runfix("add", "ann", "--root", empty).exit_code == 1


@pytest.mark.parametrize("name", ["", "   ", "\n"])
def test_a_runner_needs_a_name_that_can_be_seen(empty, name):
    assert runfix("add", name, "--root", empty).exit_code in (1, 2)


def test_an_empty_word_names_nobody(empty):
    with (empty / "runners.csv").open("a", encoding="utf-8") as runners:
        runners.write("r1,,metric,,,,partial\n")
    assert runfix("explain", "", "calves", "--root", empty).exit_code in (1, 2)


# tables and JSON


def test_status_says_until_when_each_log_goes_and_what_is_not_recognised(empty):
    inbox = inbox_of(empty, "Ann")
    (inbox / "strong.csv").write_text(strong(2, (*MOVES, "Lena's Tuesday finisher")), encoding="utf-8")
    (inbox / "aches.csv").write_text("date_reported,site,side\n2026-03-22,none,\n", encoding="utf-8")
    ok("import", "--root", empty)
    (row,) = table("status", "--root", empty, "--as-of", DAY)
    assert row == {
        "runner_id": inbox.name, "name": "Ann", "last_run_on": None, "last_strength_on": "2026-03-27",
        "last_answer_on": "2026-03-22", "n_sets": 48, "share_unmapped": 8 / 48, "n_bad_files": 0,
    }  # fmt: skip
    shown = ok("status", "--root", empty, "--as-of", DAY)
    for word in (*row, inbox.name, "Ann", "2026-03-27", "2026-03-22"):
        assert word in shown


def test_status_of_an_earlier_day_knows_nothing_later(made_by_hand):
    root, _ = made_by_hand
    (row,) = table("status", "--root", root, "--as-of", "2026-03-10")
    assert row["last_strength_on"] <= "2026-03-10"
    assert row["last_answer_on"] == "2026-03-09"


def test_imports_as_a_table_shows_whole_names_and_whole_ids(made_by_hand):
    root, runner = made_by_hand
    header, *rows = ok("imports", "--root", root).splitlines()
    columns = "import runner_id file_name reader status n_rows n_accepted n_rejected n_skipped n_duplicates remarks"
    assert header.split() == columns.split()
    assert len(rows) == 3
    assert all(row.split()[1] == runner and len(row.split()[0]) == 12 for row in rows)
    assert any("strength_sheet" in row for row in rows)


def test_an_import_is_taken_back_and_read_again(empty):
    inbox = inbox_of(empty, "Ann")
    (inbox / "sheet.csv").write_text("date,exercise,sets\n2026-03-02,plank,2\n", encoding="utf-8")
    assert runfix("import", "--root", empty).exit_code == 0
    [row] = table("imports", "--root", empty)
    told = ok("undo", row["import"], "--root", empty)
    assert told.startswith("taken back: files 1, rows 2. They are passed over until: runfix retry")
    assert [(r["status"], r["n_accepted"]) for r in table("imports", "--root", empty)] == [("undone", 0)]
    assert "rows: 0" in ok("import", "--root", empty)
    assert "rows: 2" in ok("retry", "sheet.csv", "--root", empty)
    assert [(r["status"], r["n_accepted"]) for r in table("imports", "--root", empty)] == [("imported", 2)]
    failed = runfix("undo", "other.csv", "--root", empty)
    assert (failed.exit_code, failed.stderr) == (
        1,
        'runfix: no import "other.csv" in the ledger; runfix imports lists them\n',
    )


def test_imports_say_which_rows_are_in_another_file_too_and_why(empty):
    inbox = inbox_of(empty, "Ann")
    header = "Activity ID,Activity Date,Activity Type,Distance,Elapsed Time,Distance\n"
    row = '1,"Mar 2, 2026, 5:05:00 PM",Run,4.0,2400,4000\n'
    (inbox / "a.csv").write_text(header + row, encoding="utf-8")
    (inbox / "b.csv").write_text(header + row + row.replace("Mar 2", "Mar 4"), encoding="utf-8")
    assert runfix("import", "--root", empty).exit_code == 0
    told = {row["file_name"]: (row["n_duplicates"], row["remarks"]) for row in table("imports", "--root", empty)}
    assert told in (
        {"a.csv": (1, "1 row is in b.csv too (same run)"), "b.csv": (0, "")},
        {"b.csv": (1, "1 row is in a.csv too (same run)"), "a.csv": (0, "")},
    )


def test_rejects_name_file_row_value_rule_and_what_to_do(empty):
    inbox = inbox_of(empty, "Ann")
    rows = ("date,exercise,sets,reps", "2026-03-02,plank,2,10", "soon,plank,2,10", "2026-03-03,,2,10")
    (inbox / "sheet.csv").write_text("\n".join(rows), encoding="utf-8")
    assert runfix("import", "--root", empty).exit_code == 0
    rejects = sorted(table("imports", "--root", empty, "--rejects"), key=lambda row: row["source_row"])
    assert [(row["file_name"], row["source_row"]) for row in rejects] == [("sheet.csv", 3), ("sheet.csv", 4)]
    assert rejects[0]["logged"] == "soon"
    assert all(row["rule"] and row["advice"] for row in rejects)
    shown = ok("imports", "--root", empty, "--rejects")
    assert "sheet.csv" in shown
    assert "soon" in shown


def test_what_is_rightly_no_row_is_counted_but_not_listed_as_a_reject(empty):
    inbox = inbox_of(empty, "Ann")
    workout = Workout(
        datetime(2026, 3, 27, 18), "E", (StrengthSet("Plank", seconds=45, rest_s=60),), has_rest_timer=True
    )
    (inbox / "strong.csv").write_text(strong_csv([workout]), encoding="utf-8")
    ok("import", "--root", empty)
    (row,) = table("imports", "--root", empty)
    assert (row["n_rows"], row["n_accepted"], row["n_rejected"], row["n_skipped"]) == (2, 1, 0, 1)
    assert table("imports", "--root", empty, "--rejects") == []


@pytest.mark.parametrize("area", AREAS)
def test_explain_as_json_adds_up_to_the_line_that_it_prints(made_by_hand, area):
    root, runner = made_by_hand
    result = runfix("explain", runner, area, "--root", root, "--as-of", DAY, "--json")
    rows = json.loads(result.stdout)
    total = float(re.search(r"; ([\d.]+) hard sets in", result.stderr)[1])  # type: ignore[index]
    assert sum(row["hard_sets"] for row in rows) == pytest.approx(total)
    assert {row["file_name"] for row in rows} == {"strong.csv", "sheet.csv"}


def test_explain_as_a_table_names_file_and_row_of_every_set(made_by_hand):
    root, runner = made_by_hand
    header, *rows = ok("explain", runner, "calves", "--root", root, "--as-of", DAY).splitlines()
    assert header.split()[-3:] == ["why", "file_name", "source_row"]
    assert len(rows) == len(table("explain", runner, "calves", "--root", root, "--as-of", DAY))
    assert all(re.search(r"(strong|sheet)\.csv\s+\d+\s*$", row) for row in rows)


def test_a_table_on_a_narrow_terminal_keeps_ids_and_dates_whole(made_by_hand):
    root, runner = made_by_hand
    narrow = {"COLUMNS": "80", "FORCE_COLOR": "1", "TERM": "xterm"}
    shown = runfix("status", "--root", root, "--as-of", DAY, env=narrow).stdout
    assert runner in shown
    assert "2026-03-27" in shown


def test_only_the_runner_who_is_asked_for_is_shown_and_assessed(empty):
    first, second = inbox_of(empty, "Ann"), inbox_of(empty, "Bea")
    for inbox in (first, second):
        (inbox / "strong.csv").write_text(strong(1), encoding="utf-8")
    ok("import", "--root", empty, "--runner", "Ann")
    assert {row["runner_id"] for row in table("imports", "--root", empty)} == {first.name}
    ok("import", "--root", empty)
    assert {row["runner_id"] for row in table("imports", "--root", empty, "--runner", "Bea")} == {second.name}
    ok("assess", "--root", empty, "--as-of", DAY)
    listed = ok("report", "--root", empty, "--as-of", DAY, "--runner", "Bea")
    assert second.name in listed
    assert not (empty / "reports" / first.name / "index.html").exists()


# text that means harm

HARM = {
    "escape": "Ann \x1b[31mred\x1b[0m\x07",
    "lines": "Ann\nrfaked00  put this runner's files into /tmp",
    "title": "Ann \x1b]0;owned\x07",
    "c1": "Ann \x9b31mred",
    "markup": "Ann [bold]loud[/bold] [/] [link=x]",
    "formula": "=cmd|' /C calc'!A0",
    "direction": "Ann \u202egnp.exe",
    "option": "--root",
    "percent": "Ann %s {0} {name}",
    "long": "A" * 5000,
}


@pytest.fixture(scope="module", params=HARM)
def harmed(request, tmp_path_factory) -> tuple[Path, str]:
    """A store whose runner has a hostile name, exercise and file name."""
    root, text = tmp_path_factory.mktemp("harm") / "squad", HARM[request.param]
    ok("init", root)
    runner = "r1"
    with (root / "runners.csv").open("a", encoding="utf-8") as runners:
        runners.write(f"{runner},,metric,,,,partial\n")
    quoted = '"' + text.replace('"', '""') + '"'
    with (root / "names.csv").open("a", encoding="utf-8", newline="") as names:
        names.write(f"{runner},{quoted}\n")
    folder = root / "inbox" / runner
    folder.mkdir()
    file_name = text.replace("/", "_")[:200]
    (folder / f"{file_name}.csv").write_text(strong(1, (text, "Plank")), encoding="utf-8")
    (folder / f"{file_name}.fit").write_bytes(damaged_fit())
    return root, text


def test_hostile_names_and_files_do_not_break_a_night_or_a_table(harmed):
    root, _ = harmed
    commands = [
        ["import"],
        ["status"],
        ["imports"],
        ["imports", "--rejects"],
        ["explain", "r1", "core", "--as-of", DAY],
    ]
    for command in [*commands, ["assess", "--as-of", DAY], ["report", "--as-of", DAY], ["report", "--list"]]:
        result = runfix(*command, "--root", root, color=True)
        assert result.exit_code in (0, 3), command
        assert not ESCAPES.search(result.output), f"{command}: {ESCAPES.findall(result.output)}"
    lines = runfix("report", "--list", "--root", root, color=True).stdout.splitlines()
    assert len(lines) == 4
    for command in (["status"], ["imports"], ["explain", "r1", "core", "--as-of", DAY]):
        assert isinstance(table(*command, "--root", root), list)


def test_hostile_names_of_links_and_folders_do_not_reach_the_terminal(empty):
    inbox = inbox_of(empty, "Ann")
    (inbox / "a\x1b[31m\nb.csv").symlink_to(empty / "runners.csv")
    (empty / "inbox" / "c\x1b]0;owned\x07").mkdir()
    result = runfix("nightly", "--root", empty, "--as-of", DAY, color=True)
    assert result.exit_code == 3
    assert not ESCAPES.search(result.output)
    assert len(result.stderr.splitlines()) == 3


def test_markup_in_a_name_is_shown_as_it_is_typed(empty):
    with (empty / "runners.csv").open("a", encoding="utf-8") as runners:
        runners.write("r1,,metric,,,,partial\n")
    with (empty / "names.csv").open("a", encoding="utf-8") as names:
        names.write("r1,[bold]Ann[/bold] [/]\n")
    assert "[bold]Ann[/bold] [/]" in ok("status", "--root", empty)


def test_add_makes_a_name_safe_or_refuses_it(empty):
    result = runfix("add", HARM["escape"] + "\nr0", "--root", empty, color=True)
    assert result.exit_code in (0, 1, 2)
    assert not ESCAPES.search(result.output)
    assert not ESCAPES.search((empty / "names.csv").read_text(encoding="utf-8"))
    assert len((empty / "names.csv").read_text(encoding="utf-8").splitlines()) <= 2


# as a process of its own


def process(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("runfix")), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120,
                          env={k: v for k, v in os.environ.items() if k != "RUNFIX_ROOT"})  # fmt: skip


def test_help_works_in_a_process_and_names_every_command(tmp_path):
    result = process("--help", cwd=tmp_path)
    assert result.returncode == 0
    for command in ("init", "add", "import", "assess", "report", "nightly", "imports", "status", "template", "explain"):
        assert re.search(rf"^  {command} ", result.stdout, re.MULTILINE)
        assert process(command, "--help", cwd=tmp_path).returncode == 0


def test_a_failing_process_prints_one_line_without_a_traceback(tmp_path):
    result = process("nightly", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("runfix: ")
    assert result.stderr.count("\n") == 1


def test_a_night_in_a_process_works_from_the_folder_it_is_in_and_writes_private_files(made_by_hand, tmp_path):
    root = shutil.copytree(made_by_hand[0], tmp_path / "squad")
    (root / "inbox" / made_by_hand[1] / "cut.fit").write_bytes(damaged_fit())
    result = process("nightly", "--as-of", DAY, cwd=root)
    assert result.returncode == 3
    assert f"{made_by_hand[1]}: files left out or damaged: 1" in result.stderr
    assert "Traceback" not in result.stderr
    loose = [path for folder in ("tables", "reports", "originals") for path in (root / folder).rglob("*")
             if path.stat().st_mode & 0o077]  # fmt: skip
    assert loose == []
