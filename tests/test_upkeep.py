"""Upkeep in the night: fewer files, the same rows; what may be needed stays, and a failure fails nothing else."""

import json
import os
import shutil
import stat
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from conftest import in_a_loop
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from runfix_analytics import runs, upkeep
from runfix_analytics.store import TABLES, Store
from runfix_analytics.tables import KnownDays, StrengthSets

DAY = date(2026, 3, 31)
SHEET = "date,exercise,reps\n"


@pytest.fixture(scope="module")
def _after_a_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Store.create(tmp_path_factory.mktemp("upkeep") / "squad")
    with (made.root / "runners.csv").open("a") as file:
        file.write("r1,,metric,,,,partial\nr20,,metric,,,,partial\n")
    for runner in ("r1", "r20"):
        (made.root / "inbox" / runner).mkdir(mode=0o700)
        (made.root / "inbox" / runner / "sheet.csv").write_text(f"{SHEET}2026-03-02,Plank,3 x 45s\n")
    watched(made)
    return made.root


@pytest.fixture
def store(_after_a_night: Path, tmp_path: Path) -> Store:
    """r1 and r20 share a bucket; one night is done, with its upkeep."""
    shutil.copytree(_after_a_night, tmp_path / "squad")
    return Store(tmp_path / "squad")


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def watched(store: Store):
    return runs.watched_night(store.root, DAY, in_a_loop, clock=lambda: datetime.now(UTC))


def keep(store: Store, days: int) -> None:
    (store.root / "settings.toml").write_text(f"keep_history_days = {days}\n")
    (store.root / "settings.toml").chmod(0o600)


def rows(store: Store) -> dict[str, pl.DataFrame]:
    return {table: store.read(schema) for table, schema in TABLES.items()}


def assert_same_rows(store: Store, before: dict[str, pl.DataFrame]) -> None:
    for table, frame in rows(store).items():
        assert_frame_equal(frame, before[table])


def data_files(store: Store) -> set[Path]:
    return set((store.root / "tables").rglob("*.parquet")) - set((store.root / "tables").rglob("*checkpoint*"))


def needed_files(store: Store) -> set[Path]:
    return {Path(uri) for table in TABLES for uri in DeltaTable(str(store.table_path(table))).file_uris()}


def not_private(store: Store) -> list[str]:
    wanted = {True: 0o700, False: 0o600}
    below = [path for folder in ("tables", "runs") for path in (store.root / folder).rglob("*")]
    return [str(path) for path in below if stat.S_IMODE(path.stat().st_mode) != wanted[path.is_dir()]]


def older(path: Path, days: int) -> None:
    at = time.time() - days * 86400
    os.utime(path, (at, at))


def write_sets(store: Store, n: int) -> None:
    """Writes a runner's sets so many times, at last as they were; each leaves a file that nothing needs any more."""
    own = store.read(StrengthSets, ["r1"])
    for number in range(n - 1):
        other = own.with_columns(note=pl.lit(f"written {number}"))
        store.replace(StrengthSets, StrengthSets.validate(other), ["r1"])
    store.replace(StrengthSets, own, ["r1"])


# data files


def test_replaced_files_stay_for_readers_and_go_after_the_history(store: Store):
    write_sets(store, 3)
    before, n_before = rows(store), len(data_files(store))
    assert n_before > len(needed_files(store))
    upkeep.upkeep(store, now=datetime.now(UTC))
    assert len(data_files(store)) == n_before
    keep(store, 0)
    done = upkeep.upkeep(store, now=datetime.now(UTC))
    assert done.failures == ()
    assert done.counts["old_files_removed"] > 0
    assert data_files(store) == needed_files(store)
    assert_same_rows(store, before)


def test_small_files_of_one_bucket_become_one_and_rows_stay(store: Store):
    sets = store.read(StrengthSets)
    path = str(store.table_path("strength_sets"))
    bucket = pl.read_delta(path)["bucket"][0]
    empty = sets.clear().with_columns(bucket=pl.lit(None, pl.Int16))
    for n in range(7):
        name, row = pl.lit(f"again{n}-") + pl.col("set_id"), n % sets.height
        one = sets[row : row + 1].with_columns(bucket=pl.lit(bucket, pl.Int16), set_id=name)
        pl.concat([empty, one]).write_delta(path, mode="append")
    before = rows(store)
    assert len(DeltaTable(path).file_uris()) == 8
    upkeep.upkeep(store, now=datetime.now(UTC))
    assert len(DeltaTable(path).file_uris()) == 1
    assert_same_rows(store, before)


def test_a_few_files_of_a_bucket_are_left_as_they_are(store: Store):
    """Each night adds a file to a table by day: joined every time, the whole history would be written every night."""
    known, path = store.read(KnownDays), str(store.table_path("known_days"))
    runner, last = known["runner_id"][0], known["local_date"].max()
    for n in range(1, 8):
        day = last + timedelta(days=n)
        one = KnownDays.validate(known.filter(runner_id=runner).tail(1).with_columns(local_date=pl.lit(day)))
        store.replace(KnownDays, one, [runner], after=day - timedelta(days=1))
        n_before = len(DeltaTable(path).file_uris())
        upkeep.upkeep(store, now=datetime.now(UTC))
        assert len(DeltaTable(path).file_uris()) == (n_before if n < 7 else 1)
    assert store.read(KnownDays).height == known.height + 7


def test_upkeep_done_again_changes_no_file(store: Store):
    keep(store, 0)
    upkeep.upkeep(store, now=datetime.now(UTC))
    before = {path: path.read_bytes() for path in (store.root / "tables").rglob("*") if path.is_file()}
    assert upkeep.upkeep(store, now=datetime.now(UTC)).counts == {"old_files_removed": 0}
    assert {path: path.read_bytes() for path in (store.root / "tables").rglob("*") if path.is_file()} == before


def test_a_table_that_nobody_wrote_to_is_left_alone_for_a_week(store: Store, monkeypatch: pytest.MonkeyPatch):
    now, tidied = datetime.now(UTC), list[str]()
    upkeep.upkeep(store, now=now)
    tidy = upkeep.tidy_table
    monkeypatch.setattr(upkeep, "tidy_table", lambda of, name, **how: tidied.append(name) or tidy(of, name, **how))
    upkeep.upkeep(store, now=now + timedelta(days=6))
    assert tidied == []
    write_sets(store, 2)
    upkeep.upkeep(store, now=now + timedelta(days=6))
    assert tidied == ["strength_sets"]
    keep(store, 3)
    upkeep.upkeep(store, now=now + timedelta(days=6))
    assert tidied[1:] == list(TABLES)
    upkeep.upkeep(store, now=now + timedelta(days=14))
    assert tidied[1 + len(TABLES) :] == list(TABLES)


def test_whatever_the_umask_what_it_writes_is_private(store: Store, open_umask: None):
    keep(store, 0)
    write_sets(store, 25)
    upkeep.upkeep(store, now=datetime.now(UTC))
    assert list((store.table_path("strength_sets") / "_delta_log").glob("*.checkpoint.parquet"))
    assert not_private(store) == []


# logs


def test_a_log_becomes_a_checkpoint_and_what_is_older_than_the_history_goes(store: Store):
    write_sets(store, 25)
    before, log = rows(store), store.table_path("strength_sets") / "_delta_log"
    upkeep.upkeep(store, now=datetime.now(UTC))
    n_commits = len(list(log.glob("*.json")))
    assert n_commits > 25
    for path in log.iterdir():
        older(path, 8)
    upkeep.upkeep(store, now=datetime.now(UTC) + timedelta(days=8))
    assert len(list(log.glob("*.json"))) <= 2
    assert_same_rows(store, before)
    write_sets(store, 1)
    assert_same_rows(store, before)


# what a kill leaves


def test_parts_that_a_kill_left_are_removed_and_those_at_work_stay(store: Store):
    left = [
        store.root / ".0123456789abcdef.part",
        store.root / "inbox" / "r1" / ".0123456789abcdef.part",
        store.root / "reports" / ".0123456789abcdef.part",
        store.table_path("runs") / "_delta_log" / "_commit_0a.json.tmp",
        store.table_path("runs") / "bucket=1" / "part-0.parquet#1",
    ]
    removed_aside = store.root / "tables" / ".0123456789abcdee.part"
    shutil.copytree(store.table_path("coverage"), removed_aside)
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    new = store.root / "originals" / ".fedcba9876543210.part"
    others = store.root / "inbox" / "r1" / ".download.part"
    for path in (new, others):
        path.write_text("x")
    for path in (*left, removed_aside, others):
        older(path, 2)
    done = upkeep.upkeep(store, now=datetime.now(UTC))
    assert [path for path in (*left, removed_aside) if path.exists()] == []
    assert new.exists()
    assert others.exists()
    assert done.counts["old_files_removed"] == 6


def test_the_newest_records_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(upkeep, "KEPT_RECORDS", 2)
    for day in range(4):
        (store.root / "runs" / f"2025010{day}T013000Z-aaaa.json").write_text("{}")
    newest = max(path.name for path in (store.root / "runs").glob("*.json"))
    upkeep.upkeep(store, now=datetime.now(UTC))
    assert sorted(path.name for path in (store.root / "runs").glob("*.json")) == ["20250103T013000Z-aaaa.json", newest]
    assert (store.root / "runs" / "last_good").exists()


# in the night


def test_it_is_part_of_every_night_and_stands_in_the_record(store: Store):
    done = watched(store)
    assert done.failures == ()
    record = runs.records(store.root)[-1]
    assert record["seconds"]["upkeep"] >= 0
    assert record["counts"]["old_files_removed"] == done.counts["old_files_removed"]


def test_what_fails_in_it_makes_the_night_partial_and_the_rest_is_done(store: Store, monkeypatch: pytest.MonkeyPatch):
    keep(store, 0)
    tidy, seen = upkeep.tidy_table, []

    def breaks(store: Store, table: str, *, keep_days: int) -> int:
        seen.append(table)
        if table == "runs":
            raise OSError(28, "No space left on device")
        return tidy(store, table, keep_days=keep_days)

    monkeypatch.setattr(upkeep, "tidy_table", breaks)
    done = watched(store)
    assert [(failure.stage, failure.what) for failure in done.failures] == [("upkeep", "runs")]
    assert "No space left on device" in done.failures[0].reason
    assert done.exit_code == 3
    assert seen == list(TABLES)
    record = runs.records(store.root)[-1]
    assert (record["outcome"], record["left_out"]) == ("partial", [["upkeep", ""]])
    assert json.loads(json.dumps(record["counts"]))["pages"] > 0


def test_a_table_that_is_no_table_any_more_is_named_by_it(store: Store):
    shutil.rmtree(store.table_path("rejects") / "_delta_log")
    done = upkeep.upkeep(store, now=datetime.now(UTC) + timedelta(days=1))
    assert [failure.what for failure in done.failures] == ["rejects"]
