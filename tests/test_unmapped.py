"""Which logged names are not recognised, and the lines that a squad completes to say what they mean."""

import json
import shutil
import tomllib
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from logs import CATALOGUE, assert_shows, strength_sets
from polars.testing import assert_frame_equal

from runfix_analytics.catalogue import LOCAL_FILE
from runfix_analytics.catalogue.own_names import with_own_names
from runfix_analytics.cli import main
from runfix_analytics.tables import UnmappedNames
from runfix_analytics.unmapped import as_toml, quoted, similar, unmapped

SHEET = "date,exercise,sets,reps,seconds,weight,side,rir,notes\n"
DAY = "2026-03-31"


def test_one_row_per_undecided_name_with_its_commonest_spelling_and_the_most_sets_first():
    sets = strength_sets("""
        runner | date       | exercise    | source | n
        r1     | 2026-01-05 | Circuit B   | hevy   | 1
        r1     | 2026-01-07 | circuit b   | strong | 2
        r2     | 2026-01-07 | B, Circuits | hevy   | 1
        r1     | 2026-01-05 | Moon Walk   | hevy   | 5
        r1     | 2026-01-05 | Plank       | hevy   | 9
    """)
    assert_shows(unmapped(sets, catalogue=CATALOGUE).select(pl.exclude("categories", "sources")), """
        exercise_key | name      | is_name | n_sets | n_runners | n_days | first_on   | last_on
        moon walk    | Moon Walk | true    | 5      | 1         | 1      | 2026-01-05 | 2026-01-05
        b circuit    | circuit b | true    | 4      | 2         | 3      | 2026-01-05 | 2026-01-07
    """)  # fmt: skip
    assert unmapped(sets, catalogue=CATALOGUE)["sources"].to_list() == [["hevy"], ["hevy", "strong"]]


def test_what_a_watch_did_not_recognise_is_one_row_that_is_no_name():
    sets = strength_sets("""
        date       | exercise | category_key | n
        2026-01-05 | unknown  | -            | 3
        2026-01-06 | Unknown  | sandbag      | 1
        2026-01-06 | unknown  | squat        | 1
        2026-01-06 | split    | suspension   | 1
        2026-01-06 | ()       | -            | 1
    """)
    shown = unmapped(sets, catalogue=CATALOGUE)
    assert_shows(shown.select("name", "is_name", "n_sets"), """
        name    | is_name | n_sets
        unknown | false   | 4
        ()      | false   | 1
        split   | true    | 1
    """)  # fmt: skip
    assert shown["categories"].to_list() == [["sandbag"], [], ["suspension"]]


def test_warm_ups_and_sets_of_another_export_are_left_out():
    sets = strength_sets("""
        set_id | date       | exercise  | set_type | duplicate_of
        a      | 2026-01-05 | Moon Walk | warmup   | -
        b      | 2026-01-05 | Moon Walk | working  | -
        c      | 2026-01-05 | Moon Walk | working  | b
    """)
    assert unmapped(sets, catalogue=CATALOGUE)["n_sets"].to_list() == [1]


def test_a_name_that_the_squad_decided_is_not_asked_for_again():
    sets = strength_sets("date | exercise\n2026-01-05 | Moon Walk\n2026-01-05 | Mars Walk")
    own = with_own_names('[aliases]\n"moon walk" = "plank"\n"Mars Walk" = ""')
    assert unmapped(sets, catalogue=own)["name"].to_list() == ["Mars Walk"]


def test_no_sets_give_no_names():
    assert_frame_equal(unmapped(strength_sets(), catalogue=CATALOGUE), UnmappedNames.create_empty())


@pytest.mark.parametrize(
    ("name", "exercise"),
    [("Single leg calf rais", "single_leg_calf_raise_straight"), ("Plankk", "plank"), ("Hip thrustt", "hip_thrust")],
)
def test_a_name_nearly_like_an_alias_gets_that_exercise_as_a_hint_and_no_decision(name: str, exercise: str):
    assert similar(name, CATALOGUE)[0] == exercise
    assert CATALOGUE.find_exercise(name) is None


def test_a_name_like_none_gets_no_hint():
    assert similar("Lena's finisher", CATALOGUE) == []
    assert similar("🦵", CATALOGUE) == []


def test_the_lines_name_counts_and_hints_and_are_read_back_as_not_decided_yet():
    sets = strength_sets("""
        date       | exercise  | n
        2026-01-05 | Plankk    | 3
        2026-01-05 | Finisher  | 2
        2026-01-05 | unknown   | 1
    """)
    text = as_toml(unmapped(sets, catalogue=CATALOGUE), CATALOGUE)
    assert text.splitlines() == [
        '# For exercises.local.toml: write an exercise\'s id between the quotes; "" leaves a name undecided.',
        "[aliases]",
        '"Plankk" = ""  # 3 sets, 1 runner, 1 day; similar: plank',
        '"Finisher" = ""  # 2 sets, 1 runner, 1 day',
        "# 1 set, 1 runner, 1 day without a name: only the runner knows what they were",
    ]
    assert with_own_names(text).own_names == {}
    assert with_own_names(text.replace('r" = ""', 'r" = "plank"')).own_names == {"finisher": "plank"}


HOSTILE = (
    'a "quoted" name',
    "back\\slash\\",
    "line\nbreak\r\n[aliases]",
    '" = "plank"\n"x',
    "# no comment",
    "tab\tand\x00nul\x1b[31m",
    "\u202eright to left\u2066",
    "no\u00adbreak\u00a0\u2028\u2029\ufeff",
    "\U000e0041 tag",
    "'''",
    "Übung 🦵",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_cannot_break_the_lines(name: str):
    line = f'{quoted(name)} = ""  # 1 set'
    assert tomllib.loads(line) == {name: ""}
    assert len(line.splitlines()) == 1
    assert all(char.isprintable() for char in line)


@given(st.text())
def test_any_text_is_read_back_as_it_was(name: str):
    assert tomllib.loads(f"{quoted(name)} = 1") == {name: 1}


# as an operator types it


def runfix(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("unmapped") / "squad"
    runfix("init", root)
    for name, exercise in (("Ann", "Circuit B"), ("Ben", "Moon Walk")):
        runner = runfix("add", name, "--root", root, "--time-zone", "Europe/Berlin").stdout.split()[0]
        days = ("2026-03-05", "2026-03-12", "2026-03-19", "2026-03-26")
        sheet = SHEET + "".join(f"{day},{exercise},3,12,,,,2,\n{day},Plank,1,,60,,,2,\n" for day in days)
        (root / "inbox" / runner / "strength.csv").write_text(sheet, encoding="utf-8")
    assert runfix("import", "--root", root).exit_code == 0
    return root


@pytest.fixture
def root(_made: Path, tmp_path: Path) -> Path:
    shutil.copytree(_made, tmp_path / "squad")
    return tmp_path / "squad"


def test_the_command_lists_the_names_of_all_or_of_one_runner(root: Path):
    rows = json.loads(runfix("unmapped", "--root", root, "--json").stdout)
    assert [(row["name"], row["n_sets"], row["n_days"], row["last_on"]) for row in rows] == [
        ("Circuit B", 12, 4, "2026-03-26"),
        ("Moon Walk", 12, 4, "2026-03-26"),
    ]
    shown = runfix("unmapped", "--root", root, "--runner", "Ben").stdout
    assert "Moon Walk" in shown
    assert "Circuit B" not in shown


def test_what_the_command_writes_is_completed_and_pasted_and_corrects_the_past_without_an_import(root: Path):
    runfix("assess", "--root", root, "--as-of", DAY)
    (before,) = {row["share_unmapped"] for row in _status(root)}
    assert before == pytest.approx(0.75)
    lines = runfix("unmapped", "--root", root, "--toml").stdout
    completed = lines.replace('"Circuit B" = ""', '"Circuit B" = "single_leg_calf_raise_straight"')
    (root / LOCAL_FILE).write_text(completed, encoding="utf-8")
    assert runfix("assess", "--root", root, "--as-of", DAY).exit_code == 0
    assert {row["name"]: row["share_unmapped"] for row in _status(root)} == {"Ann": 0, "Ben": pytest.approx(0.75)}
    explained = json.loads(runfix("explain", "Ann", "calves", "--root", root, "--as-of", DAY, "--json").stdout)
    assert {row["logged_as"]: row["why"] for row in explained if row["hard_sets"]} == {"Circuit B": "counts"}


def test_a_broken_file_of_own_names_is_one_clear_line_and_stops_before_anything_is_calculated(root: Path):
    (root / LOCAL_FILE).write_text('[aliases]\n"Circuit B" = "single_leg_calf_rais"\n', encoding="utf-8")
    for command in ("assess", "status", "unmapped", "import"):
        result = runfix(command, "--root", root)
        assert result.exit_code == 1
        assert result.stderr.splitlines() == [
            "runfix: exercises.local.toml: aliases.'Circuit B' = 'single_leg_calf_rais' is no exercise; did you mean "
            "single_leg_calf_raise_bent, single_leg_calf_raise_straight, single_leg_curl? Else write another id of "
            "exercises.toml, or a move of your own under [exercises.…]"
        ]
    in_a_log = runfix("nightly", "--root", root)
    said = "runfix: exercises.local.toml: something in it is wrong; what, says: runfix status\n"
    assert (in_a_log.exit_code, in_a_log.stderr) == (1, said)


def _status(root: Path) -> list[dict[str, float]]:
    rows: list[dict[str, float]] = json.loads(runfix("status", "--root", root, "--as-of", DAY, "--json").stdout)
    return rows
