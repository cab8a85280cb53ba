"""A store in a bucket: the same rows, pages and words as one in a folder, against an S3 server on this machine."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import objects
import polars as pl
import pytest
from click.testing import CliRunner, Result
from conftest import in_a_loop
from deltalake import DeltaTable
from objects import Server, fetched, keys, put
from polars.testing import assert_frame_equal
from searching import words_in

from runfix_analytics import executors, lock, night, object_locks, places, runs, upkeep
from runfix_analytics.cli import main
from runfix_analytics.delta_tables import DeltaTables, bucket_of
from runfix_analytics.errors import StoreError
from runfix_analytics.lock import bucket_writer, only_writer
from runfix_analytics.places import ObjectPath, place_of
from runfix_analytics.store import TABLES, Store
from runfix_analytics.tables import Advice, Imports, StrengthSets

DAY, NEXT = date(2026, 3, 29), date(2026, 3, 30)
IDS = ("rcanary7", "rstays42", "rthird99")
NAME = "Canaria Quillfeather"
CANARIES = (IDS[0], NAME, "Quillfeather", "canarynote", "canarymove", "canaryfile")
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with objects.server(tmp_path_factory.mktemp("s3") / "requests.log") as running:
        yield running


def inbox_files(word: str, first: int) -> dict[str, str]:
    days = [date(2026, 3, day) for day in (first, 10, 13, 17, 20, 24, 27)]
    sheet = "date,exercise,sets,reps,seconds,weight,side,rir,notes\n" + "".join(
        f"{day},single-leg calf raise,3,12,,,,2,{word}note\n{day},{word}move,3,12,,,,2,\n" for day in days
    )
    form = "runner,report_id,date_reported,onset_date,site,side,pain_worst_0_10,notes\n"
    form += f",a1,2026-03-16,2026-03-0{first},shin,left,4,{word}note\n"
    return {f"{word}file.csv": sheet, f"folder/{word}ächés #1 100%.csv": form}


def fill(root: places.Place) -> Store:
    """Three runners with files, none imported yet."""
    store = Store.create(root)
    lines = "".join(f"{runner},Europe/Berlin,metric,,,,partial\n" for runner in IDS)
    header = "runner_id,time_zone,units,equipment,active_from,active_to,strength_log\n"
    store.write_private(store.root / "runners.csv", (header + lines).encode())
    store.write_private(store.root / "names.csv", f"runner_id,name\n{IDS[0]},{NAME}\n{IDS[1]},Ben Öl\n".encode())
    for place, runner in enumerate(IDS):
        for name, text in inbox_files("canary" if runner == IDS[0] else f"other{place}", 3 + place).items():
            store.write_private(store.root / "inbox" / runner / name, text.encode())
    return store


@pytest.fixture(scope="module")
def in_folder(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = fill(tmp_path_factory.mktemp("folder") / "squad")
    night.night(store.root, DAY, in_a_loop)
    return store


@pytest.fixture(scope="module")
def after_a_night(s3: Server) -> str:
    """A store on which one watched night is done; tests copy it."""
    root = place_of(f"{s3.new_bucket()}/clubs/a")
    fill(root)
    done = watched(root)
    assert done.failures == ()
    return str(root)


@pytest.fixture
def url(s3: Server, after_a_night: str) -> str:
    return objects.copied(after_a_night, f"{s3.new_bucket()}/clubs/a")


@pytest.fixture
def empty(s3: Server) -> str:
    return f"{s3.new_bucket()}/club"


@pytest.fixture
def short_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_locks, "LEASE_SECONDS", 3.0)  # a bucket's clock has whole seconds
    monkeypatch.setattr(object_locks, "RENEW_SECONDS", 0.3)


def watched(root: places.Place, day: date = DAY) -> night.Done:
    return runs.watched_night(root, day, in_a_loop, clock=lambda: datetime.now(UTC))


def runfix(*words: object) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def good(*words: object) -> str:
    result = runfix(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def rows(store: Store, runners: tuple[str, ...] | None = None) -> dict[str, pl.DataFrame]:
    return {table: store.read(schema, runners).drop("imported_at", strict=False) for table, schema in TABLES.items()}


def assert_same_rows(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> None:
    for table, frame in one.items():
        assert_frame_equal(frame, other[table])


def pages(url: str) -> dict[str, bytes]:
    return {key: objects.content(url, key) for key in keys(url) if key.startswith("reports/")}


# what is done in a bucket is what is done in a folder


def test_rows_and_pages_are_those_of_a_store_in_a_folder(after_a_night: str, in_folder: Store):
    assert_same_rows(rows(Store(place_of(after_a_night))), rows(in_folder))
    own = {p.relative_to(in_folder.root).as_posix(): p.read_bytes() for p in in_folder.root.glob("reports/**/*.*")}
    assert len(own) > 10
    assert pages(after_a_night) == own


def test_a_store_may_be_moved_from_a_folder_to_a_bucket_and_back(in_folder: Store, empty: str, tmp_path: Path):
    for path in in_folder.root.rglob("*"):
        if path.is_file() and path.name != lock.LOCK_FILE:
            put(empty, path.relative_to(in_folder.root).as_posix(), path.read_bytes())
    there = Store(place_of(empty))
    assert_same_rows(rows(there), rows(in_folder))
    assert night.night(there.root, NEXT, in_a_loop).failures == ()
    back = Store.create(fetched(empty, tmp_path / "back"))
    assert_same_rows(rows(back), rows(there))
    assert night.night(back.root, NEXT, in_a_loop).counts["unchanged"] == len(IDS)


@pytest.mark.parametrize("name", ["processes", "dask"])
def test_workers_write_the_same_rows_and_pages(
    name: str, empty: str, in_folder: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(night, "_FEW", 1)  # several parts
    store = fill(place_of(empty))
    assert len(night.parts(store.root)) > 1
    with executors.opened(name, 2) as each:
        done = runs.watched_night(store.root, DAY, each, clock=lambda: datetime.now(UTC))
    assert done.failures == ()
    assert_same_rows(rows(store), rows(in_folder))
    own = {p.relative_to(in_folder.root).as_posix(): p.read_bytes() for p in in_folder.root.glob("reports/**/*.*")}
    assert pages(empty) == own


def test_from_an_empty_bucket_to_pages_by_the_command_line(empty: str, tmp_path: Path):
    good("init", empty)
    told = good("add", "Ann Example", "--root", empty, "--time-zone", "Europe/Berlin")
    runner, _, place = told.partition("  ")
    assert place.strip().endswith(f"{empty}/inbox/{runner}")
    for name, text in inbox_files("any", 3).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    told = good("import", "--root", empty, "--runner", "Ann Example", tmp_path / "anyfile.csv", tmp_path / "folder")
    assert "2 files copied" in told
    assert "files new: 2" in told
    assert "pages: " in good("nightly", "--root", empty, "--as-of", DAY)
    listed = good("report", "--root", empty, "--list").splitlines()
    assert f"{empty}/reports/{runner}/index.html  Ann Example" in listed
    assert all(line.split("  ")[0].removeprefix(f"{empty}/") in keys(empty) for line in listed)
    told = runfix("status", "--root", empty, "--as-of", DAY, "--max-age", 1)
    assert (told.exit_code, "last good night: 20" in told.stderr) == (0, True)
    good("mark", "Ann Example", "away", "--root", empty, "--from", "2026-03-01", "--to", "2026-03-02")
    assert "away" in good("marks", "--root", empty)
    good("undo", "anyfile.csv", "--root", empty)
    assert Store(place_of(empty)).read(StrengthSets).is_empty()
    assert runfix("retry", "anyfile.csv", "--root", empty).exit_code == 0
    assert not Store(place_of(empty)).read(StrengthSets).is_empty()


def test_pages_say_what_they_are_to_a_browser(after_a_night: str):
    store = objects.from_url(after_a_night)
    html = [key for key in keys(after_a_night) if key.endswith(".html")]
    kinds = {objects.obstore.get(store, key).attributes["Content-Type"] for key in html}
    assert kinds == {"text/html; charset=utf-8"}


def test_a_night_does_what_changed(url: str):
    root = place_of(url)
    before = pages(url)
    again = watched(root)
    assert (again.counts["unchanged"], again.counts["files_known"]) == (len(IDS), 2 * len(IDS))
    assert pages(url) == before
    put(url, f"inbox/{IDS[1]}/more.csv", b"date,exercise,reps\n2026-03-28,Plank,3 x 45s\n")
    done = watched(root)
    assert (done.counts["files_new"], done.counts["unchanged"], done.failures) == (1, len(IDS) - 1, ())
    assert f"reports/{IDS[1]}/index.html" in {key for key, of in pages(url).items() if of != before.get(key)}


def test_a_night_without_anything_new_asks_little(url: str, s3: Server):
    """Requests cost money and time; docs/operator.md tells how many a night of the sample squad has."""
    watched(place_of(url))
    n = len(s3.requests())
    watched(place_of(url))
    asked = s3.requests()[n:]
    assert 0 < len([one for one in asked if one.startswith(("PUT", "POST"))]) <= 8
    assert len(asked) < 700


def test_an_object_that_was_written_again_is_read_again(url: str):
    name = next(key for key in keys(url) if key.startswith(f"inbox/{IDS[1]}/other"))
    put(url, name, objects.content(url, name) + b"2026-03-28,Plank,3,,45,,,,\n")
    assert watched(place_of(url)).counts["files_new"] == 1


def test_a_page_that_was_removed_is_written_again(url: str):
    page = f"reports/{IDS[1]}/runner.html"
    objects.obstore.delete(objects.from_url(url), page)
    watched(place_of(url))
    assert page in keys(url)


def test_folders_of_a_console_and_hidden_objects_are_no_files(url: str, s3: Server):
    import boto3  # noqa: PLC0415

    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    client = boto3.client("s3", endpoint_url=s3.environment["AWS_ENDPOINT_URL"])
    client.put_object(Bucket=bucket, Key=f"{prefix}/inbox/{IDS[1]}/", Body=b"")
    client.put_object(Bucket=bucket, Key=f"{prefix}/inbox/{IDS[1]}/new folder/", Body=b"")
    put(url, f"inbox/{IDS[1]}/.hidden.csv", b"x")
    done = watched(place_of(url))
    assert (done.counts["files_seen"], done.failures) == (2 * len(IDS), ())
    done = night.night(place_of(url), DAY, in_a_loop, ["import"])
    assert (done.counts["files_seen"], done.failures) == (2 * len(IDS), ())


def test_a_folder_of_nobody_is_told(url: str):
    put(url, "inbox/somebody/a.csv", b"x")
    assert [failure.what for failure in watched(place_of(url)).failures] == ["inbox/somebody"]


def test_a_store_beside_another_in_one_bucket_is_left_alone(url: str):
    beside = f"{url}2"
    fill(place_of(beside))
    before = {key: objects.content(beside, key) for key in keys(beside)}
    good("erase", IDS[0], "--yes", "--root", url)
    watched(place_of(url))
    assert {key: objects.content(beside, key) for key in keys(beside)} == before


def test_a_prefix_need_not_be(s3: Server):
    bucket = s3.new_bucket()
    good("init", bucket)
    good("add", "Ann Example", "--root", bucket)
    assert "surveyed: 1" in good("nightly", "--root", bucket, "--as-of", DAY)
    assert "runners.csv" in keys(bucket)


# what is a runner's own


def test_what_is_erased_is_in_no_object_and_not_back_after_the_next_night(url: str, tmp_path: Path):
    before = words_in(fetched(url, tmp_path / "before"), CANARIES)
    kinds = {label.partition("/")[0] for label in before}
    assert {"inbox", "originals", "tables", "reports", "cache", "names.csv", "runners.csv"} <= kinds
    others = rows(Store(place_of(url)), IDS[1:])
    told = good("erase", NAME, "--yes", "--root", url)
    assert "versions of objects" in told
    assert not any(word in told for word in CANARIES)
    assert re.search(r"kept originals +2\n", told)
    assert re.search(r"files of inboxes +2\n", told)
    assert words_in(fetched(url, tmp_path / "after"), CANARIES) == {}
    assert_same_rows(rows(Store(place_of(url)), IDS[1:]), others)
    put(url, f"inbox/{IDS[0]}/again.csv", inbox_files("other9", 3)["other9file.csv"].encode())
    done = watched(place_of(url), NEXT)
    assert ["erased on" in failure.reason for failure in done.failures] == [True]
    good("erase", "--again", "--yes", "--root", url)
    assert words_in(fetched(url, tmp_path / "last"), CANARIES) == {}


def test_a_mark_of_a_console_that_holds_the_id_is_told(url: str, s3: Server):
    import boto3  # noqa: PLC0415

    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    client = boto3.client("s3", endpoint_url=s3.environment["AWS_ENDPOINT_URL"])
    client.put_object(Bucket=bucket, Key=f"{prefix}/inbox/{IDS[0]}/", Body=b"")
    result = runfix("erase", IDS[0], "--yes", "--root", url)
    assert result.exit_code == 3
    assert f"still stands in inbox/{IDS[0]}" in result.stderr


def test_an_export_holds_the_files_rows_and_pages_of_its_person(url: str, tmp_path: Path):
    told = good("export", NAME, "--root", url, "--to", tmp_path / "ann.zip")
    assert "6 files" in told
    found = words_in(tmp_path, (IDS[0], "canarynote", IDS[1], "other1"))
    assert found == {"ann.zip": {IDS[0], "canarynote"}}
    good("export", "--pseudonymised", "--root", url, "--to", tmp_path / "all")
    assert len(list((tmp_path / "all").glob("*.parquet"))) == len(TABLES)


# upkeep, migration, rebuild


def test_upkeep_joins_removes_and_shortens_and_rows_stay(url: str, monkeypatch: pytest.MonkeyPatch):
    store = Store(place_of(url))
    own = store.read(StrengthSets, [IDS[1]])
    for number in range(22):
        other = own.with_columns(note=pl.lit(f"written {number}"))
        store.replace(StrengthSets, StrengthSets.validate(other), [IDS[1]])
    store.replace(StrengthSets, own, [IDS[1]])
    store.write_private(store.root / "settings.toml", b"keep_history_days = 0\n")
    before = rows(store)
    done = upkeep.upkeep(store, now=datetime.now(UTC))
    assert (done.failures, done.counts["old_files_removed"] >= 22) == ((), True)
    needed = {f"tables/{t}/{file}" for t in TABLES for file in files_in(f"{url}/tables/{t}")}
    assert {key for key in keys(url) if key.endswith(".parquet") and "_delta_log" not in key} == needed
    assert any(key.endswith(".checkpoint.parquet") for key in keys(url))
    assert_same_rows(rows(store), before)
    assert_same_rows(rows(Store(place_of(url))), before)
    assert upkeep.upkeep(store, now=datetime.now(UTC)).counts == {"old_files_removed": 0}


def files_in(url: str) -> list[str]:
    return pl.DataFrame(DeltaTable(url).get_add_actions())["path"].to_list()


def test_an_older_store_is_refused_by_what_writes_until_it_is_migrated(url: str):
    before = rows(Store(place_of(url)))
    objects.obstore.delete(objects.from_url(url), "store.json")
    result = runfix("nightly", "--root", url, "--as-of", DAY)
    assert (result.exit_code, f"runfix migrate --root {url}" in result.stderr) == (1, True)
    assert "schema 1" in good("migrate", "--root", url)
    assert json.loads(objects.content(url, "store.json")) == {"schema": 1}
    assert_same_rows(rows(Store(place_of(url))), before)
    put(url, "store.json", b'{"schema": 99}')
    assert "newer version" in runfix("status", "--root", url).stderr


def test_what_is_calculated_can_be_made_again(url: str):
    before = rows(Store(place_of(url)))
    good("rebuild", "--facts", "--root", url, "--as-of", DAY)
    assert_same_rows(rows(Store(place_of(url))), before)


def test_a_table_of_other_columns_is_emptied_in_one_commit_and_filled(url: str):
    before, store = rows(Store(place_of(url))), Store(place_of(url))
    path = f"{url}/tables/coverage"
    pl.read_delta(path).drop("rounds").write_delta(
        path, mode="overwrite", delta_write_options={"partition_by": ["bucket"], "schema_mode": "overwrite"}
    )
    assert store.outdated() == ["coverage"]
    version = DeltaTable(path).version()
    store.renew(["coverage"])
    assert (DeltaTable(path).version(), store.outdated()) == (version + 1, [])
    assert not [key for key in keys(url) if key.startswith("cache/stamps/")]
    watched(place_of(url))
    assert_same_rows(rows(Store(place_of(url))), before)


# one writer


def test_who_comes_second_is_told_who_is_at_work(url: str):
    root = place_of(url)
    with only_writer(root, "runfix nightly since noon"):
        with pytest.raises(StoreError, match=r"at work already: runfix nightly since noon, process \d+ of"):
            watched(root)
        assert runfix("erase", IDS[0], "--yes", "--root", url).exit_code == 1
    assert watched(root).failures == ()
    assert len(runs.records(root)) == 2


def test_a_lock_that_is_renewed_is_kept_and_one_that_nobody_renews_is_taken_over(
    url: str, short_lease: None, monkeypatch: pytest.MonkeyPatch
):
    root = place_of(url)
    with only_writer(root, "a long night"):
        time.sleep(5)
        with pytest.raises(StoreError, match="a long night"), only_writer(root, "another"):
            pass
    put(url, lock.LOCK_FILE, b'{"what": "a killed night", "nonce": "a", "beat": 7}')
    with pytest.raises(StoreError, match="a killed night"), only_writer(root, "another"):
        pass
    time.sleep(5)
    with only_writer(root, "another"):
        assert json.loads(objects.content(url, lock.LOCK_FILE))["what"].startswith("another")
    assert objects.content(url, lock.LOCK_FILE) == b"{}"


def test_who_lost_the_lock_writes_nothing_more(url: str, short_lease: None):
    store = Store(place_of(url))
    before = {key: objects.content(url, key) for key in keys(url)}
    with pytest.raises(StoreError, match="may be another's now"), only_writer(store.root, "first"):
        put(url, lock.LOCK_FILE, b'{"what": "second", "nonce": "b", "beat": 1}')
        time.sleep(1.5)
        for write in (
            lambda: store.write_private(store.root / "reports" / "index.html", b"x"),
            lambda: store.replace(Advice, Advice.create_empty(), [IDS[1]]),
            lambda: store.renew(["coverage"]),
        ):
            with pytest.raises(StoreError, match="may be another's now"):
                write()
    assert b"second" in objects.content(url, lock.LOCK_FILE)
    after = {key: objects.content(url, key) for key in keys(url)}
    assert {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} == {lock.LOCK_FILE}


def test_a_machine_that_slept_does_not_trust_its_lock(url: str, monkeypatch: pytest.MonkeyPatch):
    store, now = Store(place_of(url)), time.monotonic()
    told = pytest.raises(StoreError, match="could not be renewed for 60 seconds")
    with told, only_writer(store.root, "first"), monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: now + 100)
        store.write_private(store.root / "reports" / "x.html", b"x")
    assert "reports/x.html" not in keys(url)


def test_a_bucket_of_runners_is_waited_for(url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lock, "BUCKET_WAIT_SECONDS", 0.5)
    monkeypatch.setattr(lock, "LEASE_SECONDS", 0.5)
    monkeypatch.setattr(lock, "_LOOK_AT_OBJECT_SECONDS", 0.1)
    root = place_of(url)
    with bucket_writer(root, 7):
        with pytest.raises(StoreError, match="still has bucket 7"), bucket_writer(root, 7):
            pass
        with bucket_writer(root, 8):
            pass
    with bucket_writer(root, 7):
        pass


def test_a_night_that_was_killed_is_done_again_when_its_lock_has_run_out(
    empty: str, in_folder: Store, short_lease: None
):
    store = fill(place_of(empty))
    command = f"from runfix_analytics.cli import main; main(['nightly', '--root', '{empty}', '--as-of', '{DAY}'])"
    for wanted in ("tables/imports/bucket", "tables/coverage/bucket"):
        for key in [key for key in keys(empty) if key == lock.LOCK_FILE or key.startswith(str(lock.BUCKET_LOCKS))]:
            put(empty, key, b"{}")  # as after its minute: the process below does not know of the short lease
        killed_when(command, empty, wanted)
    assert json.loads(objects.content(empty, lock.LOCK_FILE))["what"].startswith("runfix nightly")
    time.sleep(5)
    assert watched(store.root).failures == ()
    assert_same_rows(rows(store), rows(in_folder))


def killed_when(command: str, url: str, wanted: str) -> None:
    """Runs a command and kills it when there is an object whose key begins so."""
    with subprocess.Popen([sys.executable, "-c", command], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}) as run:
        until = time.monotonic() + 60
        while not any(key.startswith(wanted) for key in keys(url)):
            assert time.monotonic() < until
            time.sleep(0.01)
        run.kill()
    assert run.returncode == -signal.SIGKILL


def test_writers_of_one_table_at_once_lose_no_commit(empty: str):
    """Delta commits on condition that nobody else did: without that one would write over the other."""
    root = Store.create(place_of(empty)).root
    frame = pl.DataFrame({"runner_id": ["r1"], "n": [1]})
    DeltaTables(root).write("runs_of_all", frame.clear(), predicate=None)

    def write(n: int) -> None:
        for runner in (f"r{n}x{i}" for i in range(4)):
            where = f"bucket = {bucket_of(runner)} AND runner_id = '{runner}'"
            DeltaTables(root).write("runs_of_all", frame.with_columns(runner_id=pl.lit(runner)), predicate=where)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    assert DeltaTables(root).scan("runs_of_all").collect()["runner_id"].n_unique() == 16
    assert DeltaTable(f"{empty}/tables/runs_of_all").version() == 16


# what a bucket cannot do, and what is wrong


@pytest.mark.parametrize("words", [["backup", "--to", "{tmp}/b.tgz"], ["report", "--open"]])
def test_what_a_bucket_cannot_do_is_refused_with_what_to_do(url: str, tmp_path: Path, words: list[str]):
    result = runfix(*(word.format(tmp=tmp_path) for word in words), "--root", url)
    assert result.exit_code in (1, 2)
    assert re.search(r"copy it to a folder|fetch these from the bucket", result.stderr)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("ftp://host/a", "a store lies in a folder or below s3://, gs://, az://"),
        ("s3://", "a bucket and a prefix are letters"),
        ("s3://club/My Squad", "a bucket and a prefix are letters"),
        ("s3://club/../x", "a bucket and a prefix are letters"),
        ("s3://club//x", "a bucket and a prefix are letters"),
        ("s3://user:word@club/x", "a bucket and a prefix are letters"),
    ],
)
def test_a_url_that_is_none_of_a_store_is_told(said: str, why: str):
    with pytest.raises(StoreError, match=why):
        place_of(said)
    result = runfix("init", said)
    assert (result.exit_code, why in result.stderr) == (2, True)


@pytest.mark.parametrize("command", ["export", "restore", "template"])
def test_files_are_written_on_this_machine_only(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b").write_text("x")
    words = {
        "export": ["export", "Ann", "--to", "s3://club/x"],
        "restore": ["restore", "b", "--root", "s3://club/x"],
        "template": ["template", "aches", "-o", "s3://club/x"],
    }[command]
    result = runfix(*words)
    assert (result.exit_code, "is a URL; write to a file" in result.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_no_bucket_no_store_and_no_server_are_told_in_one_line(empty: str, s3: Server, monkeypatch: pytest.MonkeyPatch):
    missing = runfix("init", "s3://there-is-no-such-bucket/club")
    assert (missing.exit_code, missing.stderr) == (
        1,
        "runfix: s3://there-is-no-such-bucket/club: there is no such bucket; make it first\n",
    )
    assert f"{empty} holds no runfix store; make one with: runfix init {empty}" in runfix("status", "-C", empty).stderr
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    unreachable = runfix("status", "--root", "s3://nobody-answers/club")
    assert unreachable.exit_code == 1
    assert "the bucket cannot be reached" in unreachable.stderr
    assert unreachable.stderr.count("\n") == 1


def test_a_bucket_that_goes_away_while_rows_are_read_is_told_in_short(tmp_path: Path):
    with objects.server(tmp_path / "requests.log") as dying:
        store = fill(place_of(dying.new_bucket()))
        night.night(store.root, DAY, in_a_loop, ["import"])
        dying.process.kill()
        dying.process.wait()
        with pytest.raises(OSError, match="tables/") as told:
            store.read(StrengthSets)
    assert len(str(told.value)) < 120


def test_without_obstore_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(places, "find_spec", lambda name: None)
    result = runfix("status", "--root", "s3://club/x")
    assert (result.exit_code, "pip install 'runfix-analytics[objects]'" in result.stderr) == (2, True)


def test_a_write_that_the_bucket_does_not_take_is_an_error_of_the_disk(url: str, monkeypatch: pytest.MonkeyPatch):
    """So that the night fails, the flow tries again, and one runner is not blamed."""
    store = Store(place_of(url))
    own = store.read(Imports, [IDS[1]])
    tables = DeltaTables(place_of("s3://there-is-no-such-bucket/club"))
    with pytest.raises(OSError, match="the bucket"):
        tables.write("imports", own, predicate=None)


# places


def test_a_place_answers_as_a_path_does(url: str):
    root = place_of(f"{url}/")
    assert isinstance(root, ObjectPath)
    page = root / "reports" / IDS[1] / "index.html"
    assert (page.name, page.stem, page.suffix, page.parent.name) == ("index.html", "index", ".html", IDS[1])
    assert (str(page), page.as_uri()) == (f"{url}/reports/{IDS[1]}/index.html",) * 2
    assert page.with_suffix(".pdf").key == f"reports/{IDS[1]}/index.pdf"
    assert page.relative_to(root / "reports").as_posix() == f"{IDS[1]}/index.html"
    assert (page.exists(), page.is_dir(), page.parent.exists(), page.parent.is_dir()) == (True, False, False, True)
    assert sorted([root / "a.b", root / "a" / "c"]) == [root / "a" / "c", root / "a.b"]
    assert {path.name for path in (root / "reports").iterdir()} >= {"index.html", *IDS}
    assert place_of(root) is root
    assert place_of("squad") == Path("squad")
    with page.open() as stream:
        assert (stream.read(9), stream.seek(0), stream.read()) == (b"<!doctype", 0, page.read_bytes())
    with pytest.raises(FileNotFoundError, match="No such file"):
        (root / "nothing").read_bytes()


# runfix doctor


def test_doctor_tells_what_a_bucket_can_tell_and_who_holds_the_store(url: str):
    told = json.loads(good("doctor", "--root", url, "--json"))
    store = told["store"]
    assert told["problems"] == []
    assert (store["root"], store["schema"], store["held_by"]) == (url, "1 of 1", "")
    assert (store["free_disk_mb"], store["n_not_private"], store["n_waiting"]) == (None, None, 0)
    assert store["n_inbox_files"] > 0
    with only_writer(place_of(url), "runfix nightly since 2026-11-29 03:30 UTC"):
        held = json.loads(good("doctor", "--root", url, "--json"))["store"]["held_by"]
    assert held.startswith("runfix nightly since 2026-11-29 03:30 UTC, process")
