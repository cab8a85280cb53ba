"""Tables made again: the same rows from the same originals, whatever was lost, and whenever it was killed."""

import shutil
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import earlier_stores
import polars as pl
import pytest
from click.testing import CliRunner
from conftest import in_a_loop
from polars.testing import assert_frame_equal

from runfix_analytics import ledger, night, rebuilding
from runfix_analytics.calculated_parts import last_assessed
from runfix_analytics.catalogue import load
from runfix_analytics.cli import main
from runfix_analytics.delta_tables import DeltaTables
from runfix_analytics.errors import CatalogueError, StoreError
from runfix_analytics.lock import only_writer
from runfix_analytics.migration import migrate
from runfix_analytics.store import RECALCULATED, TABLES, Store
from runfix_analytics.tables import (
    STORED_FACTS,
    Advice,
    Imports,
    Runs,
    StrengthSets,
)

CATALOGUE = load()
DAY = date(2026, 3, 31)
SHEET = "date,exercise,reps\n2026-03-02,Plank,3 x 45s\n2026-03-04,Bird Dog,2x10\n"
OTHER = "date,exercise,reps\n2026-03-06,Side Plank,3 x 30s\n"
STRAVA = "Activity ID,Activity Date,Activity Type,Distance,Elapsed Time,Distance,Moving Time\n"


@pytest.fixture(scope="module")
def _three_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Store.create(tmp_path_factory.mktemp("rebuild") / "squad")
    with (made.root / "runners.csv").open("a") as file:
        file.write("r1,,metric,,,,partial\n")
    inbox = made.root / "inbox" / "r1"
    inbox.mkdir(mode=0o700)
    (inbox / "sheet.csv").write_text(SHEET)
    night.night(made.root, DAY, in_a_loop)
    with zipfile.ZipFile(inbox / "all.zip", "w") as packed:
        packed.writestr("a/sheet.csv", SHEET)
        packed.writestr("a/other.csv", OTHER)
        packed.writestr("a/photo.jpg", b"\xff\xd8\xff\xe0")
    night.night(made.root, DAY, in_a_loop)
    (inbox / "activities.csv").write_text(STRAVA + '7,"2026-03-05 07:00:00",Run,8.0,2400,8000,2400\n')
    night.night(made.root, DAY, in_a_loop)
    return made.root


@pytest.fixture
def store(_three_nights: Path, tmp_path: Path) -> Store:
    """A runner with a sheet of one night, an archive of the next and a list of runs of the third."""
    shutil.copytree(_three_nights, tmp_path / "squad")
    return Store(tmp_path / "squad")


def rows(store: Store, but: Sequence[str] = ()) -> dict[str, pl.DataFrame]:
    return {table: store.read(schema) for table, schema in TABLES.items() if table not in but}


def assert_same(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> None:
    assert set(one) == set(other)
    for table, frame in one.items():
        assert_frame_equal(frame, other[table])


def rebuild(store: Store, as_of: date = DAY, *, facts: bool = True) -> night.Done:
    return rebuilding.rebuild(store, as_of, in_a_loop, facts=facts)


def find(store: Store, name: str):
    return ledger.find(store, [name])


# the same again


@pytest.mark.parametrize("facts", [False, True])
def test_on_the_sample_all_rows_are_as_before(demo_copy: Store, demo_store: Store, demo_day: date, facts: bool):
    done = rebuild(demo_copy, demo_day, facts=facts)
    assert done.failures == ()
    assert done.counts["assessed"] == demo_store.read(Advice)["runner_id"].n_unique()
    assert_same(rows(demo_copy), rows(demo_store))


def test_files_of_several_nights_and_of_archives_come_back_as_they_came(store: Store):
    before = rows(store)
    assert before["imports"].height == 5
    assert rebuild(store).failures == ()
    assert_same(rows(store), before)


def test_what_was_taken_back_stays_taken_back(store: Store):
    ledger.undo(store, find(store, "all.zip"), CATALOGUE, on=DAY)
    before = rows(store, RECALCULATED)
    rebuild(store)
    assert_same(rows(store, RECALCULATED), before)
    assert "other.csv" not in "".join(store.read(Imports).filter(status="imported")["file_name"])


def test_a_file_brought_back_alone_does_not_bring_back_its_archive(store: Store):
    ledger.undo(store, find(store, "all.zip"), CATALOGUE, on=DAY)
    other = store.read(Imports).filter(pl.col("file_name").str.ends_with("other.csv"))["import_id"].to_list()
    night.retry(store, [other[0]])
    archive = pl.col("file_name") == "all.zip"
    store.replace(
        Imports,
        Imports.validate(
            store.read(Imports).with_columns(status=pl.when(archive).then(pl.lit("undone")).otherwise("status"))
        ),
        ["r1"],
    )
    before = rows(store, RECALCULATED)
    rebuild(store)
    assert_same(rows(store, RECALCULATED), before)


def test_rows_are_judged_as_on_the_day_they_came(store: Store):
    sheet = store.root / "inbox" / "r1" / "ahead.csv"
    ahead = datetime.now(UTC).date() + timedelta(days=40)
    sheet.write_text(f"date,exercise,reps\n{ahead},Plank,3 x 45s\n")
    night.night(store.root, DAY, in_a_loop)
    came = datetime(2020, 1, 1, tzinfo=UTC)
    earlier = pl.when(pl.col("file_name") == "sheet.csv").then(came).otherwise("imported_at")
    store.replace(Imports, Imports.validate(store.read(Imports).with_columns(imported_at=earlier), cast=True), ["r1"])
    rebuild(store)
    sets = store.read(StrengthSets).filter(logged_as="Plank")
    assert sets.is_empty()  # of 2026 in a file of 2020, and of a day that has not come
    assert store.read(Imports).filter(file_name="sheet.csv")["imported_at"].to_list() == [came]


# what was lost


@pytest.mark.parametrize("lost", [("runs", "strength_sets"), ("coverage",), tuple(set(TABLES) - {"imports", "advice"})])
def test_tables_that_were_lost_come_back(store: Store, lost: tuple[str, ...]):
    before = rows(store)
    for table in lost:
        shutil.rmtree(store.table_path(table))
    rebuild(store)
    assert_same(rows(store), before)


def test_rows_that_no_file_holds_are_gone(store: Store):
    before = rows(store)
    sets = store.read(StrengthSets)
    twice = pl.concat([sets, sets.with_columns(set_id=pl.lit("x") + pl.col("set_id"))])
    store.replace(StrengthSets, StrengthSets.validate(twice), ["r1"])
    rebuild(store)
    assert_same(rows(store), before)


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_an_original_that_is_lost_is_named_and_its_rows_stay(store: Store, damage: str):
    before = rows(store)
    original = store.original_path(find(store, "activities.csv")["import_id"][0])
    original.unlink() if damage == "missing" else original.write_text(STRAVA)
    done = rebuild(store)
    assert [(failure.runner_id, failure.what) for failure in done.failures] == [("r1", "activities.csv")]
    assert done.exit_code == 3
    assert store.read(Runs).height == 1
    assert_same(rows(store), before)


def test_advice_of_earlier_days_is_kept(store: Store):
    earlier = DAY - timedelta(days=7)
    night.night(store.root, earlier, in_a_loop)
    before = rows(store)["advice"]
    assert set(before["as_of"]) == {earlier, DAY}
    rebuild(store)
    assert_frame_equal(store.read(Advice), before)


def test_a_wrong_catalogue_stops_it_before_anything_is_emptied(store: Store):
    (store.root / "exercises.local.toml").write_text("no toml")
    with pytest.raises(CatalogueError):
        rebuild(store)
    (store.root / "exercises.local.toml").unlink()
    assert not store.read(TABLES["coverage"]).is_empty()


def test_a_migrated_store_of_0_1_0_gets_all_that_todays_readers_see(
    demo_copy: Store, demo_store: Store, demo_day: date
):
    earlier_stores.of_0_1_0(demo_copy)
    migrate(demo_copy)
    rebuild(demo_copy, demo_day)
    assert_same(rows(demo_copy), rows(demo_store))


# killed


class Killed(BaseException):
    pass


@pytest.mark.parametrize("n", [0, 3, 5, 6, 7, 9])
def test_killed_at_any_write_a_repeat_ends_as_one_that_nobody_killed(
    store: Store, monkeypatch: pytest.MonkeyPatch, n: int
):
    before, write, left = rows(store), DeltaTables._commit, [n]

    def dies(self: DeltaTables, *args: object, **how: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        write(self, *args, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(DeltaTables, "_commit", dies)
    with pytest.raises(Killed):
        rebuild(store)
    monkeypatch.undo()
    facts_now = {table: frame for table, frame in rows(store).items() if table in STORED_FACTS}
    assert_same(facts_now, {table: before[table] for table in facts_now})
    rebuild(store)
    assert_same(rows(store), before)


def test_after_a_kill_between_two_tables_a_night_is_enough_too(store: Store, run_night: Callable[..., night.Done]):
    before = rows(store)
    store.table_path("coverage").rename(store.root / "tables" / ".0a.part")
    (store.table_path("coverage") / "_delta_log").mkdir(parents=True)
    assert run_night(store.root, DAY).failures == ()
    assert_same(rows(store), before)


# the command


def run(store: Store, *options: str):
    return CliRunner().invoke(main, ["rebuild", "--root", str(store.root), *options])


def test_the_command_takes_the_last_assessed_day_and_says_what_it_made(store: Store):
    before = rows(store)
    result = run(store, "--facts")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "surveyed: 1, studied: 1, assessed: 1" in result.stdout
    assert_same(rows(store), before)


def test_the_command_waits_for_nobody_and_needs_a_night_before(store: Store, tmp_path: Path):
    with only_writer(store.root, "a long night"):
        assert "at work already: a long night" in run(store).stderr
    with pytest.raises(StoreError, match="nothing is assessed yet"):
        last_assessed(Store.create(tmp_path / "new"))
    result = run(Store(tmp_path / "new"))
    assert (result.exit_code, "nothing is assessed yet; run: runfix nightly" in result.stderr) == (1, True)
