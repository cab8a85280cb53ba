"""The export files of a made-up squad: imported, they are the logs that they were made of."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from runfix_analytics import night
from runfix_analytics.catalogue import load
from runfix_analytics.errors import ConfigError
from runfix_analytics.recognition import recognise
from runfix_analytics.simulated_files import write_squad
from runfix_analytics.simulation import SCENARIOS, Simulated, simulate
from runfix_analytics.store import Store
from runfix_analytics.stored_logs import read_logs

CATALOGUE = load()


@pytest.fixture(scope="module")
def squad() -> Simulated:
    return simulate(SCENARIOS["rehab"], n_runners=3, n_days=150, seed=3, catalogue=CATALOGUE)


@pytest.fixture(scope="module")
def imported(squad: Simulated, tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = write_squad(squad, tmp_path_factory.mktemp("made-up") / "squad")
    for part in night.parts(store.root):
        assert night.import_part(store.root, part, squad.last_day).failures == ()
    return store


def sorted_rows(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    return frame.select(columns).sort(columns, nulls_last=True)


def test_runs_come_back_on_their_day_with_their_distance(squad: Simulated, imported: Store):
    back = read_logs(imported, imported.runners(CATALOGUE)).runs
    for frame in (back, squad.logs.runs):
        assert frame["duplicate_of"].null_count() == frame.height
    assert_frame_equal(
        sorted_rows(back, "runner_id", "local_date", "distance_m"),
        sorted_rows(squad.logs.runs, "runner_id", "local_date", "distance_m"),
        abs_tol=0.06,
    )


def test_every_set_comes_back_as_the_same_exercise(squad: Simulated, imported: Store):
    back = read_logs(imported, imported.runners(CATALOGUE)).strength_sets
    told, meant = (
        recognise(sets, as_of=squad.last_day, catalogue=CATALOGUE) for sets in (back, squad.logs.strength_sets)
    )
    assert told["exercise_id"].null_count() == 0
    columns = ("runner_id", "local_date", "exercise_id")
    assert_frame_equal(sorted_rows(told, *columns), sorted_rows(meant, *columns))


def test_every_answer_comes_back_with_its_place_and_dates(squad: Simulated, imported: Store):
    back = read_logs(imported, imported.runners(CATALOGUE)).ache_reports
    columns = ("runner_id", "reported_on", "noticed_on", "site_key", "is_no_aches", "status", "resolved_on")
    assert back.filter(~pl.col("is_no_aches")).height > 5
    assert_frame_equal(sorted_rows(back, *columns), sorted_rows(squad.logs.ache_reports, *columns))


def test_what_is_at_the_place_already_is_not_overwritten(squad: Simulated, tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="is not empty; choose a new folder"):
        write_squad(squad, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
