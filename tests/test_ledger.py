"""Imports that are taken back or tried again, and archives in an inbox: ledger and rows always agree."""

import gzip
import io
import shutil
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fit_bytes import encode, run
from polars.testing import assert_frame_equal

from runfix_analytics import inbox, ledger, night
from runfix_analytics.catalogue import load
from runfix_analytics.errors import StoreError
from runfix_analytics.rawlog import RawLog
from runfix_analytics.readers import strength_sheet
from runfix_analytics.store import Store
from runfix_analytics.tables import (
    STORED_FACTS,
    AcheReports,
    Imports,
    OtherActivities,
    Rejects,
    Runs,
    StrengthDays,
    StrengthSets,
)

CATALOGUE = load()
DAY = date(2026, 3, 31)
FACTS = (Runs, OtherActivities, StrengthSets, StrengthDays, AcheReports, Rejects)
SHEET = "date,exercise,reps\n2026-03-02,Plank,3 x 45s\n2026-03-04,Bird Dog,2x10\n"
STRAVA = "Activity ID,Activity Date,Activity Type,Distance,Filename,Elapsed Time,Distance\n"
STARTS = datetime(2026, 3, 2, 17, 5, tzinfo=UTC)

Night = Callable[..., night.Done]


@pytest.fixture(scope="module")
def _empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = Store.create(tmp_path_factory.mktemp("empty") / "squad")
    with (store.root / "runners.csv").open("a") as file:
        file.write("r1,,metric,,,,partial\n")
    (store.root / "inbox" / "r1").mkdir(mode=0o700)
    return store.root


@pytest.fixture
def store(_empty: Path, tmp_path: Path) -> Store:
    shutil.copytree(_empty, tmp_path / "squad")
    return Store(tmp_path / "squad")


@pytest.fixture
def do_import(store: Store, run_night: Night) -> Callable[..., night.Done]:
    """Puts files (name, content) into the inbox and imports what is new."""

    def put_and_import(*files: tuple[str, str | bytes]) -> night.Done:
        for name, content in files:
            path = store.root / "inbox" / "r1" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return run_night(store.root, DAY, ["import"])

    return put_and_import


def zipped(*files: tuple[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files:
            archive.writestr(name, content)
    return stream.getvalue()


def strava(*rows: str) -> str:
    return STRAVA + "".join(f"{row}\n" for row in rows)


def facts(store: Store) -> dict[str, pl.DataFrame]:
    return {schema.__name__: store.read(schema) for schema in FACTS}


def told(store: Store, *columns: str) -> list[tuple[Any, ...]]:
    return store.read(Imports).sort("file_name").select("file_name", "status", *columns).rows()


def undo(store: Store, *words: str) -> ledger.Undone:
    return ledger.undo(store, ledger.find(store, words), CATALOGUE, on=DAY)


# archives in an inbox


def test_every_file_of_an_archive_has_a_row_in_the_ledger_and_so_has_the_archive(store: Store, do_import: Night):
    done = do_import(("export.zip", zipped(("a/sheet.csv", SHEET), ("photo.jpg", b"\xff\xd8\xff"))))
    assert done.failures == ()
    assert told(store, "reader", "n_accepted") == [
        ("export.zip", "opened", "archive", 0),
        ("export.zip/a/sheet.csv", "imported", "strength_sheet", 5),
        ("export.zip/photo.jpg", "other_file", None, 0),
    ]
    [archive] = store.read(Imports).filter(status="opened").iter_rows(named=True)
    assert archive["warnings"] == ["1 of its files are no logs that are read: photo.jpg"]
    assert store.read(Imports).filter(archive_id=archive["import_id"]).height == 2


def test_an_archive_that_is_known_is_not_opened_again_and_its_files_are_known_outside_of_it(
    store: Store, do_import: Night, monkeypatch: pytest.MonkeyPatch
):
    do_import(("export.zip", zipped(("sheet.csv", SHEET))))
    before = facts(store)
    monkeypatch.setattr(inbox.archive, "opened", None)
    done = do_import(("sheet again.csv", SHEET), ("copy.zip", (store.root / "inbox/r1/export.zip").read_bytes()))
    assert (done.counts["files_new"], done.counts["files_known"]) == (0, 3)
    for name, frame in facts(store).items():
        assert_frame_equal(frame, before[name])


def test_of_a_newer_archive_only_what_is_new_is_read(store: Store, do_import: Night):
    do_import(("old.zip", zipped(("sheet.csv", SHEET))))
    done = do_import(("new.zip", zipped(("sheet.csv", SHEET), ("more.csv", SHEET.replace("2026-03", "2026-02")))))
    assert done.counts["files_new"] == 2
    assert store.read(StrengthSets)["local_date"].unique().sort().to_list() == [
        date(2026, 2, 2),
        date(2026, 2, 4),
        date(2026, 3, 2),
        date(2026, 3, 4),
    ]


def test_an_archive_that_is_refused_is_one_failure_and_nothing_of_it_is_stored(store: Store, do_import: Night):
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = zipped(("sheet.csv", SHEET), ("sheet.csv", SHEET))
    done = do_import(("export.zip", content), ("other.csv", SHEET))
    [failure] = done.failures
    assert failure.what == "export.zip"
    assert failure.reason.startswith('holds two files named "sheet.csv"')
    assert told(store, "n_accepted") == [("export.zip", "failed", 0), ("other.csv", "imported", 5)]


def test_a_damaged_file_in_an_archive_is_one_failure_and_the_others_are_stored(store: Store, do_import: Night):
    content = zipped(("bad.csv", "x" * 50), ("sheet.csv", SHEET)).replace(b"x" * 50, b"y" * 50)
    done = do_import(("export.zip", content))
    assert [failure.what for failure in done.failures] == ["export.zip/bad.csv"]
    assert ("export.zip/sheet.csv", "imported") in told(store)


def test_an_archive_without_any_log_is_a_failure_that_says_so(store: Store, do_import: Night):
    done = do_import(("photos.zip", zipped(("1.jpg", b"\xff\xd8"), ("2.jpg", b"\xff\xd9"))))
    assert [(f.what, f.reason.partition(";")[0]) for f in done.failures] == [
        ("photos.zip", "none of its 2 files is a log that is read")
    ]


@pytest.mark.parametrize("is_zip", [True, False])
def test_a_run_of_stravas_list_is_the_one_in_the_file_that_the_list_names(store: Store, do_import: Night, is_zip: bool):
    """By the list's own word, though list and watch disagree about time and distance."""
    recording = gzip.compress(encode(run(STARTS)), mtime=0)
    listed = strava(
        '1,"Mar 2, 2026, 6:05:00 PM",Run,4.0,activities/77.fit.gz,2400,4000',
        '2,"Mar 5, 2026, 6:05:00 PM",Run,9.0,activities/78.gpx,2400,9000',
        '3,"Mar 6, 2026, 6:05:00 PM",Run,9.0,,2400,9000',
    )
    files = [("activities.csv", listed), ("activities/77.fit.gz", recording)]
    if is_zip:
        do_import(("export.zip", zipped(*files)))
    else:
        do_import(*((f"export/{name}", content) for name, content in files))
    runs = store.read(Runs)
    [watch] = runs.filter(pl.col("source") != "strava").iter_rows(named=True)
    of_list = runs.filter(source="strava").sort("source_row").select("recording", "duplicate_of", "duplicate_rule")
    assert of_list.rows() == [
        (watch["import_id"], watch["run_id"], "names_its_recording"),
        (None, None, None),
        (None, None, None),
    ]


def test_what_is_too_large_for_memory_is_streamed_or_fails_alone(
    store: Store, do_import: Night, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(inbox, "MAX_BYTES", 100)
    rows = "".join(f"2026-03-{day:02},Plank,3 x 45s\n" for day in range(1, 9))
    done = do_import(("large.csv", "date,exercise,reps\n" + rows), ("small.csv", "date,exercise\n2026-03-02,Plank\n"))
    assert [(f.what, f.reason) for f in done.failures] == [
        ("large.csv", "too large to be read as a whole; split the export")
    ]
    assert ("small.csv", "imported") in told(store)


@pytest.mark.parametrize("name", ["ann@example.com.txt", "ann@example.com (1).txt", "ann@example.com.zip"])
def test_a_reason_does_not_say_the_address_that_a_name_holds(store: Store, do_import: Night, name: str):
    done = do_import((name, b"PK\x03\x04" if name.endswith("zip") else "x"))
    [(label, _, reason)] = told(store, "reason")
    assert label == name.replace("ann@example.com", "…")
    assert reason.startswith("broken zip archive" if name.endswith("zip") else "no reader knows this content")
    assert [(f.what, f.reason) for f in done.failures] == [(label, reason)]


# undo


def test_an_undone_import_leaves_the_tables_as_if_it_had_never_come(store: Store, do_import: Night):
    do_import(("activities.csv", strava('1,"Mar 2, 2026, 5:05:00 PM",Run,4.0,,2400,4000')))
    before = facts(store)
    do_import(("sheet.csv", SHEET), ("run.fit", encode(run(STARTS))))
    done = undo(store, "sheet.csv", "run.fit")
    assert done == ledger.Undone(2, 6)
    for name, frame in facts(store).items():
        assert_frame_equal(frame, before[name])
    assert told(store, "n_rows") == [
        ("activities.csv", "imported", 1), ("run.fit", "undone", 0), ("sheet.csv", "undone", 0)
    ]  # fmt: skip


def test_an_undone_file_is_passed_over_until_it_is_retried(store: Store, do_import: Night):
    do_import(("sheet.csv", SHEET))
    before = facts(store)
    undo(store, "sheet.csv")
    assert do_import().counts["files_new"] == 0
    assert store.read(StrengthSets).height == 0
    (store.root / "inbox/r1/sheet.csv").unlink()
    done = night.retry(store, ["sheet.csv"])
    assert (done.counts["rows"], done.failures) == (5, ())
    for name, frame in facts(store).items():
        assert_frame_equal(frame, before[name])


def test_an_undone_file_may_be_deleted_with_its_copy_and_neither_a_night_nor_a_rebuild_brings_it_back(
    store: Store, do_import: Night
):
    """The operator's way to part with old files; see operator.md."""
    do_import(("old.csv", SHEET + "2019-05-02,canaryold,2x10\n"), ("new.csv", "\n".join(SHEET.splitlines()[:2])))
    kept = rows_but(store, "old.csv")
    ledger.undo(store, ledger.find(store, ["old.csv"]), CATALOGUE, on=DAY)
    (gone,) = store.read(Imports).filter(file_name="old.csv")["import_id"]
    (store.root / "inbox" / "r1" / "old.csv").unlink()
    store.original_path(gone).unlink()
    assert do_import().failures == ()
    assert night.reread_part(store.root, tuple(range(64))).failures == ()
    assert store.read(StrengthSets).equals(kept)
    assert [path.name for path in store.root.rglob("*") if path.is_file() and b"canaryold" in path.read_bytes()
            and "tables" not in path.parts] == []  # fmt: skip


def rows_but(store: Store, file_name: str) -> pl.DataFrame:
    """The sets of all files but one, as they count without it."""
    of_file = store.read(Imports).filter(file_name=file_name)["import_id"].implode()
    rows = store.read(StrengthSets).filter(~pl.col("import_id").is_in(of_file))
    return rows.with_columns(duplicate_of=None, duplicate_rule=None).cast(dict(rows.schema))


def test_an_undone_archive_takes_all_its_files_back_and_brings_them_again(store: Store, do_import: Night):
    do_import(("export.zip", zipped(("a.csv", SHEET), ("b.csv", SHEET.replace("2026-03", "2026-02")))))
    before = facts(store)
    assert undo(store, "export.zip").n_files == 3
    assert [status for _, status in told(store)] == ["undone"] * 3
    assert store.read(StrengthSets).height == 0
    night.retry(store, ["export.zip"])
    assert [status for _, status in told(store)] == ["opened", "imported", "imported"]
    for name, frame in facts(store).items():
        assert_frame_equal(frame, before[name])


def test_one_file_of_an_archive_can_be_taken_back_and_brought_again(store: Store, do_import: Night):
    do_import(("export.zip", zipped(("a.csv", SHEET), ("b.csv", SHEET.replace("2026-03", "2026-02")))))
    before = facts(store)
    undo(store, "export.zip/a.csv")
    assert store.read(StrengthSets)["local_date"].dt.month().unique().to_list() == [2]
    night.retry(store, ["export.zip/a.csv"])
    for name, frame in facts(store).items():
        assert_frame_equal(frame, before[name])


def test_what_an_undone_import_was_counted_for_counts_again(store: Store, do_import: Night):
    do_import(("run.fit", encode(run(STARTS))))
    [watch] = store.read(Runs).iter_rows(named=True)
    km = watch["distance_m"] / 1000
    do_import(("activities.csv", strava(f'1,"Mar 2, 2026, 5:05:00 PM",Run,{km},,2400,{watch["distance_m"]}')))
    found = ledger.duplicates(store).select("duplicate_rule", "of_import_id", "n_duplicates").rows()
    assert found == [("same_run", watch["import_id"], 1)]
    undo(store, "run.fit")
    assert store.read(Runs).select("source", "duplicate_of", "duplicate_rule").rows() == [("strava", None, None)]


@pytest.mark.parametrize("n_writes", range(1, 7))
def test_an_undo_that_dies_anywhere_has_taken_back_everything_that_is_read(
    store: Store, do_import: Night, monkeypatch: pytest.MonkeyPatch, n_writes: int
):
    do_import(("activities.csv", strava('1,"Mar 2, 2026, 5:05:00 PM",Run,4.0,,2400,4000')))
    before = facts(store)
    do_import(("sheet.csv", SHEET), ("run.fit", encode(run(STARTS))))
    _die_after(n_writes, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        undo(store, "sheet.csv", "run.fit")
    for name, frame in facts(store).items():
        assert_frame_equal(frame, before[name])


@pytest.mark.parametrize("n_writes", range(1, 4))  # runs, sets and days are written before the ledger
def test_an_import_that_dies_anywhere_has_stored_nothing_that_is_read_and_counts_nothing_twice(
    store: Store, do_import: Night, monkeypatch: pytest.MonkeyPatch, n_writes: int
):
    do_import(("activities.csv", strava('1,"Mar 2, 2026, 5:05:00 PM",Run,4.0,activities/1.fit,2400,4000')))
    before = facts(store)
    with monkeypatch.context() as patch:
        _die_after(n_writes, patch)
        with pytest.raises(KeyboardInterrupt):
            do_import(("sheet.csv", SHEET), ("activities/1.fit", encode(run(STARTS))))
    for name, frame in facts(store).items():
        assert_frame_equal(frame, before[name])
    do_import()
    assert store.read(StrengthSets).height == 5
    assert store.read(Imports).height == 3


def _die_after(n_writes: int, patch: pytest.MonkeyPatch) -> None:
    """The process dies before the write after so many."""
    replace, done = Store.replace, [0]

    def dying(self: Store, schema: Any, frame: Any, runners: Sequence[str]) -> None:
        if done[0] == n_writes:
            raise KeyboardInterrupt
        done[0] += 1
        replace(self, schema, frame, runners)

    patch.setattr(Store, "replace", dying)


# retry


def test_a_file_that_failed_is_read_again_after_a_fix(store: Store, do_import: Night, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setattr(strength_sheet, "read", lambda files: iter([RawLog("strength_sheet", "sheet", error="broken")]))
        assert [failure.reason for failure in do_import(("sheet.csv", SHEET)).failures] == ["broken"]
    assert do_import().counts["files_new"] == 0
    assert night.retry(store, []).counts["rows"] == 5
    assert told(store, "reason") == [("sheet.csv", "imported", None)]
    assert night.retry(store, []).counts == {}


def test_a_word_that_names_no_import_or_several_is_refused(store: Store, do_import: Night):
    do_import(("sheet.csv", SHEET))
    do_import(("sheet.csv", SHEET.replace("2026-03", "2026-02")))
    with pytest.raises(StoreError, match=r'no import "nothing.csv" in the ledger; runfix imports lists them'):
        ledger.find(store, ["nothing.csv"])
    with pytest.raises(StoreError, match=r'"sheet.csv" names several imports; use an id'):
        ledger.find(store, ["sheet.csv"])
    [first, second] = store.read(Imports)["import_id"]
    assert ledger.find(store, [first[:8], second])["import_id"].sort().to_list() == sorted([first, second])


# a squad's own words for its form


OWN_FORM = "Timestamp,Wo zwickt es denn?,Wie schlimm?\n2026/03/02 7:41:12 PM GMT+1,Knee,4\n"


def test_a_form_worded_in_the_squads_own_way_is_read_by_its_headings(store: Store, do_import: Night):
    done = do_import(("form.csv", OWN_FORM))
    assert len(done.failures) == 1
    (store.root / "headings.toml").write_text(
        '[headings]\n"Wo zwickt es denn?" = "site"\n"Wie schlimm?" = "pain_worst"\n', encoding="utf-8"
    )
    assert night.retry(store, []).counts["rows"] == 1
    aches = store.read(AcheReports)
    assert aches.select("reported_on", "logged_site", "pain_worst").rows() == [(date(2026, 3, 2), "Knee", 4.0)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[headings", "headings.toml: "),
        ('[headings]\n"Wo?" = 3\n', 'headings.toml, headings: "Wo?" must name one of our columns, as text'),
    ],
)
def test_wrong_headings_are_named_and_the_files_wait(store: Store, do_import: Night, text: str, says: str):
    (store.root / "headings.toml").write_text(text, encoding="utf-8")
    [failure] = do_import(("sheet.csv", SHEET)).failures
    assert failure.reason.startswith(says)
    assert store.read(Imports).height == 0
    (store.root / "headings.toml").unlink()
    assert do_import().counts["files_new"] == 1


# an older store


def test_a_store_of_the_version_before_goes_on_working(store: Store, do_import: Night):
    do_import(("sheet.csv", SHEET), ("activities.csv", strava('1,"Mar 2, 2026, 5:05:00 PM",Run,4.0,,2400,4000')))
    later = {"imports": ["archive_id"], "runs": ["recording"], "strength_sets": ["guesses"]}
    before = facts(store)
    for table, columns in later.items():
        frame = store.read(STORED_FACTS[table])
        shutil.rmtree(store.table_path(table))
        bucket = pl.lit(night.bucket_of("r1"), pl.Int16)
        frame.drop(columns).with_columns(bucket=bucket).write_delta(
            str(store.table_path(table)), delta_write_options={"partition_by": ["bucket"]}
        )
    shutil.rmtree(store.table_path("other_activities"))
    for name, frame in facts(store).items():
        assert_frame_equal(frame, before[name])
    do_import(("activities2.csv", strava('1,"Mar 3, 2026, 5:05:00 PM",Ride,40.0,,7200,40000')))
    assert store.read(OtherActivities)["distance_m"].to_list() == [40_000.0]
