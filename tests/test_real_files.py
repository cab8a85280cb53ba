"""Real exports beside the repository, from the inbox to the pages: nothing raises, and every file is accounted for."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from runfix_analytics import night
from runfix_analytics.store import Store
from runfix_analytics.tables import AcheReports, Imports, OtherActivities, Rejects, Runs, StrengthDays, StrengthSets

REAL = Path(__file__).resolve().parents[2] / "shared" / "real"
READ_BY = {
    "fit": {"garmin_fit", "archive"},
    "strong": {"strong_csv"},
    "hevy": {"hevy_csv"},
    "strava": {"strava_csv", "garmin_fit"},  # its archive holds the recordings as well
    "garmin_csv": {"garmin_csv"},
    "garmin_account": {"garmin_account_json"},
    "aches": {"ache_form", "google_form", "ostrc_weekly"},
    "apple": {"apple_health"},
    "gpx": {"gpx"},
    "tcx": {"tcx"},
    "intervals": {"intervals_icu"},
    "jefit": {"jefit_backup"},
    "exercises": set[str](),
}
SOURCES = tuple(READ_BY)
ONE_RIDE = "one_ride"  # a runner whose inbox holds the same rides as GPX, TCX and FIT
RIDES = {
    "4801048867": (
        "gpx/garmin_connect_4801048867.gpx",
        "tcx/garmin_connect_4801048867.tcx",
        "fit/other/GoldenCheetah__sweatpy__4801048867.fit",
    ),
    "5039744860": ("gpx/garmin_connect_5039744860.gpx", "tcx/garmin_connect_5039744860.tcx"),
}

pytestmark = [pytest.mark.real, pytest.mark.skipif(not REAL.exists(), reason=f"{REAL} is not there")]


@pytest.fixture(scope="module")
def squad(tmp_path_factory: pytest.TempPathFactory, run_night: Callable[..., night.Done]) -> Store:
    """One runner for each source, all files imported, assessed and published for the newest day of a log."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    root, finished = shared / "real_files", shared / "real_files.finished"
    with (shared / "real_files.lock").open("w") as lock:  # one worker does the work, the others wait for it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            _fill(root, run_night)
            finished.touch()
    return Store(root)


def _fill(root: Path, run_night: Callable[..., night.Done]) -> None:
    store = Store.create(root)
    with (store.root / "runners.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"{source},Europe/Berlin,metric,,,,partial\n" for source in (*SOURCES, ONE_RIDE))
    for source in SOURCES:
        shutil.copytree(REAL / source, store.root / "inbox" / source)
    for path in (path for paths in RIDES.values() for path in paths):
        target = store.root / "inbox" / ONE_RIDE / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REAL / path, target)
    for path in (store.root / "inbox").rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    run_night(store.root, date(2026, 11, 22), ["import"])
    run_night(store.root, newest_day(store), ["survey", night.STUDY, "assess", "publish", night.SQUAD])


def newest_day(store: Store) -> date:
    days = [store.read(schema)["local_date"].max() for schema in (Runs, StrengthSets, StrengthDays)]
    newest = max(day for day in [*days, store.read(AcheReports)["reported_on"].max()] if isinstance(day, date))
    assert newest < date(2027, 1, 1)
    return newest


@pytest.mark.parametrize("source", SOURCES)
def test_every_file_has_a_row_in_the_ledger_by_its_content(squad: Store, source: str):
    contents = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (REAL / source).rglob("*") if path.is_file()}
    ledger = squad.read(Imports, [source])
    assert set(ledger.filter(pl.col("archive_id").is_null())["import_id"]) == contents
    assert set(ledger["archive_id"].drop_nulls()) <= contents
    assert contents <= {path.name for path in (squad.root / "originals").iterdir()}


@pytest.mark.parametrize("source", SOURCES)
def test_every_row_of_every_file_is_accounted_for(squad: Store, source: str):
    rejects = squad.read(Rejects, [source]).group_by("import_id").agg(
        n_lost=(~pl.col("is_expected")).sum(), n_left=pl.col("is_expected").sum()
    )  # fmt: skip
    ledger = squad.read(Imports, [source]).join(rejects, on="import_id", how="left").fill_null(0)
    wrong = ledger.filter(
        (pl.col("n_rows") != pl.col("n_accepted") + pl.col("n_rejected") + pl.col("n_skipped"))
        | (pl.col("n_rejected") != pl.col("n_lost"))
        | (pl.col("n_skipped") != pl.col("n_left"))
    )
    assert wrong["file_name"].to_list() == []


@pytest.mark.parametrize("source", SOURCES)
def test_a_status_fits_the_rows_and_a_bad_one_has_its_reason(squad: Store, source: str):
    ledger = squad.read(Imports, [source])
    is_bad = pl.col("status").is_in(["damaged", "failed", "unknown_format"])
    assert ledger.filter(is_bad & pl.col("reason").is_null())["file_name"].to_list() == []
    assert ledger.filter(~is_bad & pl.col("reason").is_not_null())["file_name"].to_list() == []
    assert ledger.filter((pl.col("status") == "imported") != (~is_bad & (pl.col("n_accepted") > 0))).height == 0
    assert ledger.filter(pl.col("status").is_in(["failed", "unknown_format"]) & (pl.col("n_rows") > 0)).height == 0
    assert set(ledger["reader"].drop_nulls()) <= READ_BY[source]


@pytest.mark.parametrize(("source", "at_least"), [("strong", 2), ("hevy", 1), ("strava", 4), ("garmin_csv", 1)])
def test_the_exports_of_an_app_are_recognised_and_hold_something(squad: Store, source: str, at_least: int):
    ledger = squad.read(Imports, [source])
    assert ledger.filter(status="imported").height >= at_least
    assert ledger["n_accepted"].sum() > 10 * ledger["n_rejected"].sum()


def test_the_runs_and_sets_of_watches_are_found(squad: Store):
    assert squad.read(Runs, ["fit"]).height >= 10
    assert squad.read(StrengthSets, ["fit"]).height >= 20


def test_one_ride_from_three_formats_is_counted_once_and_kept_three_times(squad: Store):
    rides = squad.read(OtherActivities, [ONE_RIDE])
    names = dict(squad.read(Imports, [ONE_RIDE]).select("import_id", "file_name").rows())
    counted = {ride: [] for ride in RIDES}
    for row in rides.iter_rows(named=True):
        [ride] = [ride for ride, paths in RIDES.items() if names[row["import_id"]] in paths]
        counted[ride].append(row["duplicate_rule"])
    assert {ride: sorted(rules, key=str) for ride, rules in counted.items()} == {
        "4801048867": [None, "same_run", "same_run"],
        "5039744860": [None, "same_run"],
    }


def test_a_run_that_stravas_list_and_the_file_it_names_both_hold_is_one(squad: Store):
    runs = squad.read(Runs, ["strava"]).filter(pl.col("recording").is_not_null())
    assert runs["duplicate_rule"].to_list() == ["names_its_recording"]


def test_no_stored_distance_is_beyond_what_legs_can_do(squad: Store):
    runs = squad.read(Runs)
    assert runs.filter(~pl.col("distance_m").is_between(0, 500_000)).height == 0
    assert runs.filter(pl.any_horizontal(pl.col(pl.Float64).is_nan() | pl.col(pl.Float64).is_infinite())).height == 0


def test_every_runner_has_a_page_and_the_squad_one(squad: Store):
    pages = {path.relative_to(squad.root / "reports").as_posix() for path in (squad.root / "reports").rglob("*.html")}
    of_runners = {f"{source}/{page}.html" for source in (*SOURCES, ONE_RIDE) for page in ("index", "runner")}
    assert pages == {"index.html", "exercises.html", "cohort.html", *of_runners}


def test_a_second_import_finds_nothing_new(squad: Store, run_night: Callable[..., night.Done]):
    before = squad.read(Imports)
    done = run_night(squad.root, date(2026, 11, 22), ["import"])
    assert (done.counts["files_new"], done.counts["rows"]) == (0, 0)
    assert squad.read(Imports).equals(before)
