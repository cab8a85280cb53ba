"""Nights without anyone watching: one at a time, a record of each, a heartbeat, and an alarm when none came."""

import json
import os
import signal
import stat
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import in_a_loop

from runfix_analytics import night, runs
from runfix_analytics.cli import main
from runfix_analytics.errors import StoreError
from runfix_analytics.lock import only_writer
from runfix_analytics.store import Store

DAY = date(2026, 3, 31)
NIGHT = datetime(2026, 4, 1, 1, 30, tzinfo=UTC)
HOLDER = """
import sys, time
from pathlib import Path
from runfix_analytics.lock import only_writer

with only_writer(Path(sys.argv[1]), "the other one"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.create(tmp_path / "squad")
    made.add_runner("Ann Example", made.catalogue())
    return made


def clock(*times: datetime):
    """A clock that shows these times, the last one ever after."""
    left = list(times)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def watched(store: Store, each=in_a_loop, at: datetime = NIGHT) -> night.Done:
    return runs.watched_night(store.root, DAY, each, clock=clock(at, at + timedelta(minutes=2)))


def test_a_night_leaves_a_record_with_counts_seconds_and_versions_and_no_name(store):
    watched(store)
    [record] = runs.records(store.root)
    assert record["outcome"] == "all"
    assert (record["as_of"], record["started_at"], record["ended_at"]) == (
        "2026-03-31", "2026-04-01T01:30:00+00:00", "2026-04-01T01:32:00+00:00",
    )  # fmt: skip
    assert set(record["seconds"]) == {*night.STAGES, "upkeep"}
    assert record["counts"]["pages"] == record["n_runners"] + 3 == 4
    assert {"python", "polars", "deltalake", "runfix-analytics"} == set(record["versions"])
    assert record["run_id"].startswith("20260401T013000Z-")
    assert "Ann" not in json.dumps(record)


def test_records_and_heartbeat_are_private(store):
    watched(store)
    for path in (store.root / "runs").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((store.root / ".lock").stat().st_mode) == 0o600


def test_what_was_left_out_stands_in_the_record_by_stage_and_id(store):
    (store.root / "inbox" / "nobody").mkdir()
    watched(store)
    [record] = runs.records(store.root)
    assert (record["outcome"], record["left_out"]) == ("partial", [["import", ""]])
    assert runs.last_good(store.root) == NIGHT + timedelta(minutes=2)


def test_the_configs_digest_changes_with_what_a_person_keeps(store):
    watched(store)
    (store.root / "settings.toml").write_text("pdf = false\n", encoding="utf-8")
    watched(store, at=NIGHT + timedelta(days=1))
    watched(store, at=NIGHT + timedelta(days=2))
    first, second, third = (record["config"] for record in runs.records(store.root))
    assert first != second == third


def test_a_night_that_fails_is_recorded_and_raised_and_is_no_heartbeat(store):
    watched(store)

    def breaks(*_: object) -> list[night.Done]:
        raise ValueError("pain in the left shin")

    with pytest.raises(ValueError, match="shin"):
        watched(store, breaks, at=NIGHT + timedelta(days=1))
    record = runs.records(store.root)[-1]
    assert (record["outcome"], record["reason"]) == ("failed", "ValueError")
    assert runs.last_good(store.root) == NIGHT + timedelta(minutes=2)


def test_a_wrong_setting_fails_the_night_and_is_told_in_the_record(store):
    (store.root / "exercises.local.toml").write_text("no toml", encoding="utf-8")
    with pytest.raises(Exception, match=r"exercises\.local\.toml"):
        watched(store)
    assert "exercises.local.toml" in runs.records(store.root)[-1]["reason"]


# one at a time


def test_of_two_at_once_one_works_and_the_other_says_why_not(store):
    with only_writer(store.root, "runfix nightly since 03:30"):
        with pytest.raises(StoreError, match=r"at work already: runfix nightly since 03:30, process \d+; try again"):
            watched(store)
        assert runs.records(store.root) == []
    watched(store)


@pytest.mark.parametrize(
    "command", [("nightly",), ("import",), ("assess",), ("report", "--as-of", str(DAY)), ("retry",)]
)
def test_commands_that_write_wait_for_nobody_and_say_who_is_at_work(store, command):
    with only_writer(store.root, "a long night"):
        result = CliRunner().invoke(main, [*command, "--root", str(store.root)])
    assert result.exit_code == 1
    assert "at work already: a long night" in result.stderr


def test_reading_goes_on_while_a_night_is_at_work(store):
    with only_writer(store.root, "a long night"):
        assert CliRunner().invoke(main, ["status", "--root", str(store.root)]).exit_code == 0


def test_a_lock_does_not_outlive_a_killed_holder(store):
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(store.root)], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(StoreError, match="the other one"):
        watched(store)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert watched(store).failures == ()


def test_an_error_inside_frees_the_lock(store):
    with pytest.raises(KeyError), only_writer(store.root, "x"):
        raise KeyError
    with only_writer(store.root, "y"):
        pass


# the alarm


def status(store: Store, *options: str):
    return CliRunner().invoke(main, ["status", "--root", str(store.root), *options])


def test_status_says_when_the_last_good_night_was(store):
    assert "last good night: none yet" in status(store).stderr
    watched(store)
    assert "last good night: 2026-04-01 01:32 UTC" in status(store).stderr


def test_status_fails_when_the_last_good_night_is_too_old(store):
    assert status(store).exit_code == 0
    first = status(store, "--max-age", "30")
    assert (first.exit_code, "no night has published pages yet" in first.stderr) == (1, True)
    watched(store, at=datetime.now(UTC) - timedelta(hours=40))
    late = status(store, "--max-age", "30")
    assert (late.exit_code, "ended 40 hours ago, more than 30" in late.stderr) == (1, True)
    assert status(store, "--max-age", "41").exit_code == 0
    (store.root / "settings.toml").write_text("alarm_after_hours = 30\n", encoding="utf-8")
    assert status(store).exit_code == 1
    assert status(store, "--max-age", "41").exit_code == 0
    watched(store, at=datetime.now(UTC))
    assert status(store).exit_code == 0


def test_the_alarm_tells_why_the_newest_night_failed(store):
    watched(store)
    (store.root / "exercises.local.toml").write_text("no toml", encoding="utf-8")
    with pytest.raises(Exception, match="toml"):
        watched(store, at=NIGHT + timedelta(days=1))
    said = runs.alarm(store.root, now=NIGHT + timedelta(days=2), after_hours=30)
    assert "ended 48 hours ago" in said
    assert "the newest one failed: exercises.local.toml" in said
