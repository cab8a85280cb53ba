"""The stages of a night: done twice they change nothing, and what is broken stays one file's or one runner's."""

import atexit
import gzip
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import fit_bytes
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from runfix_analytics import calculated_parts, inbox, night, parts, publishing
from runfix_analytics.assessment import Logs, assess, squad, survey
from runfix_analytics.catalogue import load
from runfix_analytics.delta_tables import bucket_of
from runfix_analytics.errors import StoreError
from runfix_analytics.readers import strength_sheet
from runfix_analytics.reports import runner_page
from runfix_analytics.store import Store
from runfix_analytics.stored_logs import read_logs
from runfix_analytics.tables import (
    STORED_RESULTS,
    AcheReports,
    Advice,
    Coverage,
    Episodes,
    Imports,
    Moves,
    OtherActivities,
    Referrals,
    Rejects,
    Runs,
    StrengthDays,
    StrengthSets,
)

CATALOGUE = load()
FACTS = (Runs, OtherActivities, StrengthSets, StrengthDays, AcheReports, Rejects, Imports)
TODAY = date(2026, 3, 31)
SAME_BUCKET = ("r1", "r20")
HEADER = "runner_id,time_zone,units,equipment,active_from,active_to,strength_log\n"
SHEET = "date,exercise,sets,reps,seconds,weight,side,rir,notes\n"
FORM = "runner,report_id,date_reported,onset_date,site,side,pain_worst_0_10\n"
STRAVA = "Activity ID,Activity Date,Activity Type,Distance,Elapsed Time,Distance,Moving Time\n"

Night = Callable[..., night.Done]


def put(store: Store, runner: str, name: str, content: str | bytes) -> Path:
    path = store.root / "inbox" / runner / name
    path.parent.mkdir(mode=0o700, exist_ok=True, parents=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def sheet(*days: str) -> str:
    return SHEET + "".join(f"{day},single-leg calf raise,3,12,,,,2,\n" for day in days)


def form(*rows: str) -> str:
    return FORM + "".join(f"{row}\n" for row in rows)


def strava(*days: str) -> str:
    rows = [f'{i},"{day} 07:00:00",Run,8.0,2400,8000,2400\n' for i, day in enumerate(days)]
    return STRAVA + "".join(rows)


@cache
def _template(*runners: str) -> Path:
    """An empty store of these runners; made once in a process, since making its tables takes most of a test's time."""
    root = Path(tempfile.mkdtemp(prefix="runfix-night-")) / "squad"
    atexit.register(shutil.rmtree, root.parent, ignore_errors=True)
    store = Store.create(root)
    lines = "".join(f"{runner},Europe/Berlin,metric,,,,partial\n" for runner in runners)
    (store.root / "runners.csv").write_text(HEADER + lines)
    for runner in runners:
        (store.root / "inbox" / runner).mkdir(mode=0o700)
    return root


def squad_of(root: Path, *runners: str) -> Store:
    shutil.copytree(_template(*runners), root)
    return Store(root)


@cache
def _filled(*stages: str) -> Path:
    """A store in which every runner has a run log, a strength sheet and an ache form, after these stages."""
    made = squad_of(Path(tempfile.mkdtemp(prefix="runfix-night-")) / "squad", "r1", "r20", "r3")
    atexit.register(shutil.rmtree, made.root.parent, ignore_errors=True)
    for runner, day in (("r1", "03"), ("r20", "04"), ("r3", "05")):
        put(made, runner, "strength.csv", sheet(f"2026-03-{day}", "2026-03-12", "2026-03-19", "2026-03-26"))
        put(made, runner, "activities.csv", strava(f"2026-03-{day}", "2026-03-15", "2026-03-29"))
        put(made, runner, "aches.csv", form(f",a1,2026-03-16,2026-03-{day},shin,left,4", ",a2,2026-03-30,,none,,0"))
    if stages:
        night.night(made.root, TODAY, forwards, stages)
    return made.root


def forwards(stage: str, root: Path, as_of: date, parts: Sequence[night.Part], /) -> list[night.Done]:
    return [night.run_stage(stage, root, part, as_of) for part in parts]


def backwards(stage: str, root: Path, as_of: date, parts: Sequence[night.Part], /) -> list[night.Done]:
    return [night.run_stage(stage, root, part, as_of) for part in reversed(parts)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """r1 and r20 share a bucket; their files are new."""
    shutil.copytree(_filled(), tmp_path / "squad")
    return Store(tmp_path / "squad")


@pytest.fixture
def imported(tmp_path: Path) -> Store:
    """The same squad, its files imported and its aches surveyed."""
    shutil.copytree(_filled("import", "survey"), tmp_path / "squad")
    return Store(tmp_path / "squad")


@pytest.fixture
def published(tmp_path: Path) -> Store:
    """The same squad after a whole night."""
    shutil.copytree(_filled(*night.STAGES, night.SQUAD), tmp_path / "squad")
    return Store(tmp_path / "squad")


REST = ("assess", "publish", night.SQUAD)


def facts(store: Store) -> dict[str, pl.DataFrame]:
    return {schema.__name__: store.read(schema) for schema in FACTS}


def assert_same(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame], *, but: Sequence[str] = ()) -> None:
    for name, frame in one.items():
        assert_frame_equal(frame.drop(but, strict=False), other[name].drop(but, strict=False))


def status(store: Store, runner: str = "r1") -> dict[str, str]:
    return dict(store.read(Imports, [runner]).select("file_name", "status").rows())


def failed(done: night.Done) -> list[tuple[str, str, str]]:
    return [(failure.stage, failure.runner_id, failure.what) for failure in done.failures]


# once and again


def test_a_whole_night_leaves_a_page_of_every_runner_and_one_of_the_squad(store: Store, run_night: Night):
    done = run_night(store.root, TODAY)
    assert done.failures == ()
    assert done.counts | {"rows": 0} == {
        "files_seen": 9, "files_new": 9, "files_known": 0, "files_bad": 0, "rows": 0, "rejects": 0,
        "surveyed": 3, "studied": 3, "assessed": 3, "pages": 6,
    }  # fmt: skip
    assert done.counts["rows"] == 3 * (4 * 3 + 3 + 2)
    pages = sorted(path.relative_to(store.root).as_posix() for path in (store.root / "reports").rglob("*.html"))
    assert pages == [
        "reports/cohort.html",
        "reports/exercises.html",
        "reports/index.html",
        *(f"reports/{runner}/{page}.html" for runner in ("r1", "r20", "r3") for page in ("index", "runner")),
    ]


def test_a_second_night_changes_no_table_no_ledger_and_no_page(published: Store, run_night: Night):
    store = published
    before, pages = facts(store), _pages(store)
    results = {schema.__name__: store.read(schema) for schema in (Coverage, Episodes, Advice, Moves, Referrals)}
    done = run_night(store.root, TODAY)
    assert (done.counts["files_new"], done.counts["files_known"], done.counts["rows"]) == (0, 9, 0)
    assert_same(facts(store), before)
    assert_same(
        {schema.__name__: store.read(schema) for schema in (Coverage, Episodes, Advice, Moves, Referrals)}, results
    )
    assert _pages(store) == pages


def _pages(store: Store) -> dict[str, bytes]:
    return {path.as_posix(): path.read_bytes() for path in sorted((store.root / "reports").rglob("*.html"))}


def test_a_content_that_is_known_is_not_imported_under_another_name(store: Store, run_night: Night):
    run_night(store.root, TODAY, ["import"])
    before = facts(store)
    put(store, "r1", "strength (1).csv", (store.root / "inbox/r1/strength.csv").read_bytes())
    put(store, "r1", "deep/below/strength.csv", (store.root / "inbox/r1/strength.csv").read_bytes())
    done = run_night(store.root, TODAY, ["import"])
    assert (done.counts["files_seen"], done.counts["files_known"]) == (11, 11)
    assert_same(facts(store), before)


def test_two_files_of_one_content_that_come_together_are_one(tmp_path: Path, run_night: Night):
    store = squad_of(tmp_path / "squad", "r1")
    for name in ("a.csv", "b.csv"):
        put(store, "r1", name, sheet("2026-03-03"))
    assert run_night(store.root, TODAY, ["import"]).counts["files_known"] == 1
    assert status(store) == {"a.csv": "imported"}
    assert store.read(StrengthSets).height == 3


def test_the_originals_are_kept_by_content_and_the_inbox_is_left_as_it_was(store: Store, run_night: Night):
    before = {path: path.read_bytes() for path in (store.root / "inbox").rglob("*") if path.is_file()}
    run_night(store.root, TODAY, ["import"])
    assert {path: path.read_bytes() for path in (store.root / "inbox").rglob("*") if path.is_file()} == before
    kept = {path.name for path in (store.root / "originals").iterdir()}
    assert kept == set(store.read(Imports)["import_id"])


def test_nothing_of_a_night_can_be_read_by_others(store: Store, run_night: Night):
    before = os.umask(0)
    try:
        run_night(store.root, TODAY)
    finally:
        os.umask(before)
    made = [path for folder in ("originals", "tables", "reports") for path in (store.root / folder).rglob("*")]
    assert [path for path in made if path.stat().st_mode & 0o077] == []
    assert len(made) > 50


def test_a_content_that_two_runners_hold_is_each_ones(tmp_path: Path, run_night: Night):
    # one form for the squad, put into every inbox; a newcomer of the same bucket gets it a night later
    store = squad_of(tmp_path / "squad", *SAME_BUCKET)
    assert bucket_of(SAME_BUCKET[0]) == bucket_of(SAME_BUCKET[1])
    text = form("r1,a1,2026-03-16,,shin,left,4", "r20,b1,2026-03-16,,knee,left,4")
    put(store, "r1", "squad.csv", text)
    run_night(store.root, TODAY, ["import"])
    put(store, "r20", "squad.csv", text)
    put(store, "r1", "strength.csv", sheet("2026-03-03"))
    run_night(store.root, TODAY, ["import"])
    answers = store.read(AcheReports).select("runner_id", "logged_site").rows()
    assert sorted(answers) == [("r1", "shin"), ("r20", "knee")]
    assert status(store, "r1") == {"squad.csv": "imported", "strength.csv": "imported"}


def test_an_overlapping_newer_export_adds_what_is_new_and_counts_nothing_twice(tmp_path: Path, run_night: Night):
    store = squad_of(tmp_path / "squad", "r1")
    put(store, "r1", "old.csv", strava("2026-03-03", "2026-03-05"))
    run_night(store.root, TODAY, ["import"])
    put(store, "r1", "new.csv", strava("2026-03-03", "2026-03-05", "2026-03-07"))
    run_night(store.root, TODAY, ["import"])
    runs = store.read(Runs)
    counting = runs.filter(pl.col("duplicate_of").is_null())["local_date"].sort()
    assert runs.height == 5
    assert [str(day) for day in counting] == ["2026-03-03", "2026-03-05", "2026-03-07"]


# what is broken


def _fit() -> bytes:
    return fit_bytes.encode(fit_bytes.run(datetime(2026, 3, 2, 17)))


def test_a_damaged_fit_file_is_one_row_of_the_ledger_with_its_reason_and_the_others_go_on(
    store: Store, run_night: Night
):
    put(store, "r1", "damaged.fit", _fit()[:-20])
    done = run_night(store.root, TODAY, ["import"])
    [ledger] = store.read(Imports, ["r1"]).filter(file_name="damaged.fit").rows(named=True)
    assert ledger["status"] == "damaged"
    assert ledger["reason"]
    assert ledger["n_rows"] == ledger["n_accepted"] == 1
    assert store.read(Runs, ["r1"]).filter(import_id=ledger["import_id"]).height == 1
    assert failed(done) == [("import", "r1", "damaged.fit")]
    assert store.read(Imports).height == 10
    assert done.is_partial


_BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "unknown_format"),
    "blank": (b"\n\n", "unknown_format"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "unknown_format"),
    "page": (b"<html><body>Please log in</body></html>", "unknown_format"),
    "other table": (b"name,telephone\nAnn,1\n", "unknown_format"),
    "broken gzip": (gzip.compress(b"x" * 1000)[:-9], "unknown_format"),
    "fit header alone": (_fit()[:14], "failed"),
    "broken json": (b'{"schema": "aches/1", "records": [', "failed"),
    "deep json": (b'{"schema": "aches/1", "records": ' + b"[" * 100_000, "failed"),
    "json without records": (b'{"schema": "aches/1", "records": 5}', "failed"),
}


@pytest.mark.parametrize("case", _BAD)
def test_a_file_that_cannot_be_read_is_one_row_of_the_ledger_with_its_reason(
    tmp_path: Path, run_night: Night, case: str
):
    store = squad_of(tmp_path / "squad", "r1")
    content, expected = _BAD[case]
    put(store, "r1", "bad.file", content)
    put(store, "r1", "strength.csv", sheet("2026-03-03"))
    done = run_night(store.root, TODAY, ["import"])
    ledger = {row["file_name"]: row for row in store.read(Imports).rows(named=True)}
    assert set(ledger) == {"bad.file", "strength.csv"}
    assert ledger["bad.file"]["status"] in {expected, "damaged" if case.startswith("fit") else expected}
    assert ledger["bad.file"]["reason"]
    assert (ledger["bad.file"]["n_rows"], ledger["strength.csv"]["n_accepted"]) == (0, 3)
    assert failed(done) == [("import", "r1", "bad.file")]


def test_a_row_with_a_cell_of_a_megabyte_does_not_take_the_file_with_it(tmp_path: Path, run_night: Night):
    store = squad_of(tmp_path / "squad", "r1")
    put(store, "r1", "strength.csv", sheet("2026-03-03") + f"2026-03-04,plank,1,,45,,,,{'x' * 1_000_000}\n")
    run_night(store.root, TODAY, ["import"])
    assert store.read(StrengthSets).height == 4
    assert store.read(StrengthSets)["note"].str.len_chars().max() <= 2000


def test_a_link_in_an_inbox_is_refused_and_named_every_night(store: Store, run_night: Night):
    (store.root / "inbox" / "r1" / "link.csv").symlink_to(store.root / "inbox" / "r3" / "strength.csv")
    for _ in range(2):
        assert failed(run_night(store.root, TODAY, ["import"])) == [("import", "r1", "link.csv")]
    assert set(status(store)) == {"aches.csv", "activities.csv", "strength.csv"}


@pytest.mark.parametrize("is_inbox", [True, False])
def test_a_linked_folder_is_refused_and_named(tmp_path: Path, run_night: Night, is_inbox: bool):
    store, outside = squad_of(tmp_path / "squad", "r1"), tmp_path / "outside"
    outside.mkdir()
    (outside / "strength.csv").write_text(sheet("2026-03-03"))
    folder = store.root / "inbox" / "r1"
    if is_inbox:
        folder.rmdir()
    (folder if is_inbox else folder / "below").symlink_to(outside)
    done = run_night(store.root, TODAY, ["import"])
    assert len(done.failures) == 1
    assert store.read(StrengthSets).height == 0


def test_a_file_whose_name_is_no_text_is_imported_and_stops_nobody(store: Store, run_night: Night):
    name = os.fsdecode(b"caf\xe9.csv")
    put(store, "r1", name, sheet("2026-03-10"))
    run_night(store.root, TODAY, ["import"])
    assert store.read(Imports, ["r1"]).height == 4


def test_what_a_failure_says_is_safe_to_print(store: Store, run_night: Night):
    (store.root / "inbox" / "r1" / "a\x1b[31m\nb\u202e.csv").symlink_to("/etc/hostname")
    (store.root / "inbox" / "ev\x1b[31mil").mkdir()
    done = run_night(store.root, TODAY, ["import"])
    told = [text for failure in done.failures for text in (failure.what, failure.reason)]
    assert len(done.failures) == 2
    assert all(text.isprintable() for text in told), told


def test_an_inbox_without_a_runner_is_named_and_the_others_go_on(store: Store, run_night: Night):
    put(store, "unknown1", "strength.csv", sheet("2026-03-03"))
    put(store, "..", "loose.csv", sheet("2026-03-03")).rename(store.root / "inbox" / "loose.csv")
    done = run_night(store.root, TODAY, ["import"])
    assert failed(done) == [("import", "", "inbox/loose.csv"), ("import", "", "inbox/unknown1")]
    assert all("runners.csv" in failure.reason for failure in done.failures)
    assert set(store.read(Imports)["runner_id"]) == {"r1", "r20", "r3"}


def test_hidden_files_are_passed_over(tmp_path: Path, run_night: Night):
    store = squad_of(tmp_path / "squad", "r1")
    for name in (".DS_Store", ".strength.csv.a1b2.part", ".git/strength.csv"):
        put(store, "r1", name, sheet("2026-03-03"))
    assert run_night(store.root, TODAY, ["import"]).counts["files_seen"] == 0


def test_a_runner_without_an_inbox_and_without_any_log_has_a_page(tmp_path: Path, run_night: Night):
    store = squad_of(tmp_path / "squad", "r1")
    (store.root / "inbox" / "r1").rmdir()
    done = run_night(store.root, TODAY)
    assert done.failures == ()
    assert done.counts["pages"] == 4


def test_a_store_without_runners_has_a_night_and_a_squad_page(tmp_path: Path, run_night: Night):
    store = squad_of(tmp_path / "squad")
    assert run_night(store.root, TODAY).failures == ()


# one runner's failure stays one runner's


def test_a_runner_whose_assessment_fails_does_not_stop_the_others(
    imported: Store, run_night: Night, monkeypatch: pytest.MonkeyPatch
):
    runner = "r1"  # r20 shares the bucket

    def fails(logs: Logs, **options: Any) -> Any:
        if runner in logs.runners["runner_id"]:
            raise ZeroDivisionError("knee at night")
        return assess(logs, **options)

    monkeypatch.setattr(calculated_parts, "assess", fails)
    done = run_night(imported.root, TODAY, REST)
    others = {"r1", "r20", "r3"} - {runner}
    assert set(imported.read(Advice)["runner_id"]) == others
    assert {path.parent.name for path in (imported.root / "reports").glob("*/index.html")} == others
    assert ("assess", runner, "assess") in failed(done)
    assert {failure.runner_id for failure in done.failures if failure.stage == "assess"} == {runner}


def test_a_runner_whose_assessment_fails_does_not_take_the_squads_page_away(
    imported: Store, run_night: Night, monkeypatch: pytest.MonkeyPatch
):
    def fails(logs: Logs, **options: Any) -> Any:
        if "r1" in logs.runners["runner_id"]:
            raise ZeroDivisionError
        return assess(logs, **options)

    monkeypatch.setattr(calculated_parts, "assess", fails)
    run_night(imported.root, TODAY, REST)
    assert "r20" in (imported.root / "reports" / "index.html").read_text()


def test_yesterdays_page_stays_where_todays_fails(published: Store, run_night: Night, monkeypatch: pytest.MonkeyPatch):
    store = published
    yesterday = (store.root / "reports/r1/index.html").read_bytes()

    real = runner_page.render

    def fails(results: Any, *others: Any) -> str:
        if results.runner_id == "r1":
            raise ValueError("no page today")
        return real(results, *others)

    monkeypatch.setattr(runner_page, "render", fails)
    done = run_night(store.root, TODAY, ["publish"])
    assert failed(done) == [("publish", "r1", "publish")]
    assert (store.root / "reports/r1/index.html").read_bytes() == yesterday
    assert done.counts["pages"] == 2


def test_a_reader_that_breaks_on_one_runners_file_does_not_stop_the_others(
    store: Store, run_night: Night, monkeypatch: pytest.MonkeyPatch
):
    put(store, "r1", "odd.csv", SHEET + "2026-03-03,odd one,1,1,,,,,\n")
    real = strength_sheet.read

    def breaks(files: Any) -> Iterator[Any]:
        for file in files:
            if b"odd one" in file.content:
                raise KeyError("a fault in a reader")
            yield from real([file])

    monkeypatch.setattr(strength_sheet, "read", breaks)
    done = run_night(store.root, TODAY)
    assert set(store.read(StrengthSets)["runner_id"]) >= {"r20", "r3"}
    assert done.counts["pages"] == 6
    assert {failure.runner_id for failure in done.failures} == {"r1"}


def test_no_failure_tells_of_anybodys_health(imported: Store, run_night: Night, monkeypatch: pytest.MonkeyPatch):
    def fails(logs: Logs, **_: Any) -> Any:
        raise ValueError(f"bad row: {logs.ache_reports['logged_site'].to_list()}")

    monkeypatch.setattr(calculated_parts, "assess", fails)
    done = run_night(imported.root, TODAY, ["assess"])
    assert len(done.failures) == 3
    assert not any("shin" in failure.reason for failure in done.failures)


# order and interruption


def test_the_order_of_the_buckets_does_not_matter(published: Store, tmp_path: Path):
    shutil.copytree(_filled(), tmp_path / "other")
    other = Store(tmp_path / "other")
    night.night(other.root, TODAY, backwards)
    assert_same(facts(other), facts(published), but=["imported_at"])
    for schema in (Coverage, Episodes, Advice, Moves, Referrals):
        assert_frame_equal(other.read(schema), published.read(schema))
    assert list(_pages(other).values()) == list(_pages(published).values())


def test_runners_of_a_part_may_be_calculated_a_few_at_once(published: Store, tmp_path: Path, monkeypatch):
    shutil.copytree(_filled(), tmp_path / "other")
    other, n_at_once = Store(tmp_path / "other"), []
    read = calculated_parts.read_logs
    monkeypatch.setattr(parts, "MOST", 1)
    monkeypatch.setattr(
        calculated_parts, "read_logs", lambda store, some: n_at_once.append(some.height) or read(store, some)
    )
    night.night(other.root, TODAY, backwards)
    assert set(n_at_once) == {1}
    assert_same(facts(other), facts(published), but=["imported_at"])
    for schema in STORED_RESULTS.values():
        assert_frame_equal(other.read(schema), published.read(schema))
    assert list(_pages(other).values()) == list(_pages(published).values())


@pytest.mark.parametrize("n_written", [0, 1, 3])
def test_a_night_that_is_killed_between_facts_and_ledger_loses_and_doubles_nothing(
    store: Store, tmp_path: Path, run_night: Night, monkeypatch: pytest.MonkeyPatch, n_written: int
):
    shutil.copytree(store.root, tmp_path / "other")
    undisturbed = Store(tmp_path / "other")
    run_night(undisturbed.root, TODAY, ["import"])

    real, written = Store.replace, []

    def killed(self: Store, schema: Any, frame: Any, runners: Any) -> None:
        if len(written) == n_written:
            raise KeyboardInterrupt
        written.append(schema)
        real(self, schema, frame, runners)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            run_night(store.root, TODAY, ["import"])
    assert store.read(Imports).height == 0
    run_night(store.root, TODAY, ["import"])
    assert_same(facts(store), facts(undisturbed), but=["imported_at"])


def test_the_ledger_is_written_last(store: Store, run_night: Night, monkeypatch: pytest.MonkeyPatch):
    written: dict[tuple[str, ...], list[Any]] = {}
    real = Store.replace

    def noted(self: Store, schema: Any, frame: Any, runners: Any) -> None:
        written.setdefault(tuple(runners), []).append(schema)
        real(self, schema, frame, runners)

    monkeypatch.setattr(Store, "replace", noted)
    run_night(store.root, TODAY, ["import"])
    assert any(len(schemas) > 2 for schemas in written.values())
    assert all(schemas.index(Imports) == len(schemas) - 1 for schemas in written.values())


def test_an_inbox_larger_than_a_batch_is_imported_whole(store: Store, tmp_path: Path, run_night: Night, monkeypatch):
    shutil.copytree(store.root, tmp_path / "other")
    monkeypatch.setattr(inbox, "BATCH_BYTES", 10)
    run_night(store.root, TODAY, ["import"])
    monkeypatch.undo()
    run_night(tmp_path / "other", TODAY, ["import"])
    assert_same(facts(store), facts(Store(tmp_path / "other")), but=["imported_at"])


# an earlier day


@pytest.mark.parametrize("as_of", [date(2026, 3, 10), date(2026, 3, 20)])
def test_the_advice_of_an_earlier_day_knows_nothing_of_later_days(store: Store, run_night: Night, as_of: date):
    run_night(store.root, as_of)
    everything = read_logs(store, store.runners(CATALOGUE))
    cut = Logs(
        everything.runners,
        Runs.validate(everything.runs.filter(pl.col("local_date") <= as_of)),
        StrengthSets.validate(everything.strength_sets.filter(pl.col("local_date") <= as_of)),
        StrengthDays.validate(everything.strength_days.filter(pl.col("local_date") <= as_of)),
        AcheReports.validate(everything.ache_reports.filter(pl.col("reported_on") <= as_of)),
    )
    of = squad(*survey(cut, as_of=as_of, catalogue=CATALOGUE), catalogue=CATALOGUE)
    expected = assess(cut, as_of=as_of, catalogue=CATALOGUE, of=of)
    for schema, frame in (
        (Advice, expected.advice),
        (Moves, expected.moves),
        (Coverage, expected.coverage),
        (Episodes, expected.episodes),
        (Referrals, expected.referrals),
    ):
        stored = store.read(schema)
        order = schema.primary_key() or stored.columns
        assert_frame_equal(stored, frame.sort(order))


def test_a_page_of_an_earlier_day_does_not_change_with_what_was_logged_later(
    tmp_path: Path, store: Store, run_night: Night
):
    early = squad_of(tmp_path / "early", "r1")
    put(early, "r1", "strength.csv", sheet("2026-03-03", "2026-03-12"))
    put(early, "r1", "activities.csv", strava("2026-03-03", "2026-03-15"))
    late = squad_of(tmp_path / "late", "r1")
    shutil.copytree(early.root / "inbox" / "r1", late.root / "inbox" / "r1", dirs_exist_ok=True)
    put(late, "r1", "strength2.csv", sheet("2026-03-12", "2026-03-19", "2026-03-26"))
    put(late, "r1", "activities2.csv", strava("2026-03-15", "2026-03-29"))
    put(late, "r1", "aches.csv", form(",a1,2026-03-30,2026-03-04,shin,left,4"))
    for one in (early, late):
        run_night(one.root, date(2026, 3, 15))
    pages = [(one.root / "reports/r1/index.html").read_text() for one in (early, late)]
    files = r"inputs [0-9a-f]{12}"  # the digest names the files, and the same run may be kept from another one
    assert re.search(files, pages[0])
    assert re.sub(files, "", pages[0]) == re.sub(files, "", pages[1])


def test_the_advice_of_earlier_days_is_kept_beside_todays(imported: Store, run_night: Night):
    for day in (date(2026, 3, 30), TODAY, TODAY):
        run_night(imported.root, day, ["assess"])
    advice = imported.read(Advice, ["r1"])
    assert advice["as_of"].unique().sort().to_list() == [date(2026, 3, 30), TODAY]
    assert advice.height == 2 * len(CATALOGUE.areas)


def test_a_runner_who_left_the_squad_no_longer_counts_in_its_rates(imported: Store, run_night: Night):
    store = imported
    lines = (store.root / "runners.csv").read_text().splitlines(keepends=True)
    (store.root / "runners.csv").write_text("".join(line for line in lines if not line.startswith("r3,")))
    shutil.rmtree(store.root / "inbox" / "r3")
    run_night(store.root, TODAY, ["survey"])
    remaining = read_logs(store, store.runners(CATALOGUE))
    expected = squad(*survey(remaining, as_of=TODAY, catalogue=CATALOGUE), catalogue=CATALOGUE)
    assert_frame_equal(calculated_parts.stored_squad(store, TODAY, CATALOGUE).rates, expected.rates)


def test_a_night_on_a_store_of_another_version_makes_the_calculated_tables_anew(imported: Store, run_night: Night):
    path = str(imported.table_path("episodes"))
    pl.read_delta(path).drop("worst_severity").write_delta(
        path, mode="overwrite", delta_write_options={"partition_by": ["bucket"], "schema_mode": "overwrite"}
    )
    with pytest.raises(StoreError, match=r"tables of another version \(episodes\); run: runfix nightly"):
        run_night(imported.root, TODAY, ["publish"])
    run_night(imported.root, TODAY, None)
    assert imported.outdated() == []
    assert publishing.runner_page_path(imported.root, "r1").exists()
