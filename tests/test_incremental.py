"""A night costs what changed, and comes out as if everything had been done anew."""

import json
import os
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal
from test_night import form, put, sheet, squad_of, strava

from runfix_analytics import calculated_parts, due, inbox, inbox_index, ledger, night, publishing, stamps
from runfix_analytics.catalogue import load
from runfix_analytics.cohort_results import read_cohort, study_day
from runfix_analytics.store import Store
from runfix_analytics.stored_logs import read_logs
from runfix_analytics.tables import STORED_FACTS, STORED_RESULTS, Coverage, Imports, KnownDays, Runs

CATALOGUE = load()
TUESDAY = date(2026, 3, 31)
SUNDAY = date(2026, 3, 29)
RUNNERS = ("r1", "r20", "r3")  # r1 and r20 share a bucket

Night = Callable[..., night.Done]


@pytest.fixture(scope="module")
def after_a_night(tmp_path_factory, run_night: Night) -> Path:
    """Three runners with all kinds of logs after a whole night; read only."""
    store = squad_of(tmp_path_factory.mktemp("nights") / "squad", *RUNNERS)
    for runner, day in zip(RUNNERS, ("03", "04", "05"), strict=True):
        put(store, runner, "strength.csv", sheet(f"2026-03-{day}", "2026-03-12", "2026-03-19", "2026-03-26"))
        put(store, runner, "activities.csv", strava(f"2026-03-{day}", "2026-03-15", "2026-03-29"))
        put(store, runner, "aches.csv", form(f",a1,2026-03-16,2026-03-{day},shin,left,4", ",a2,2026-03-30,,none,,0"))
    run_night(store.root, TUESDAY)
    return store.root


@pytest.fixture
def store(after_a_night: Path, tmp_path: Path, run_night: Night) -> Store:
    """A copy, after one more night, which takes up the copy's files as they lie there."""
    copied = Store(Path(shutil.copytree(after_a_night, tmp_path / "squad")))
    run_night(copied.root, TUESDAY, ["import"])
    run_night(copied.root, TUESDAY)
    return copied


def pages(store: Store) -> dict[str, bytes]:
    reports = store.root / "reports"
    return {path.relative_to(reports).as_posix(): path.read_bytes() for path in sorted(reports.rglob("*.*"))}


def assert_as_if_anew(store: Store, run_night: Night, as_of: date = TUESDAY) -> None:
    """All calculated rows and pages are those of a night that does everything again."""
    said, rows = pages(store), {schema: store.read(schema) for schema in STORED_RESULTS.values()}
    (store.root / "results" / "cohort.json").unlink()
    run_night(store.root, as_of, is_full=True)
    for schema, frame in rows.items():
        assert_frame_equal(frame, store.read(schema))
    assert pages(store) == said


def work_of(store: Store, run_night: Night, monkeypatch, as_of: date = TUESDAY) -> dict[str, set[str]]:
    """Runs a night; gives stage → the runners that it worked on."""
    worked: dict[str, set[str]] = {}
    leave = due.done

    def noted(of: Store, stage: str, keys, left_out=()) -> None:
        worked.setdefault(stage, set()).update(keys)
        leave(of, stage, keys, left_out)

    studied = calculated_parts.study_stored

    def study(*of, **how) -> None:
        worked["study"] = {"everybody"}
        studied(*of, **how)

    written = publishing.publish_squad

    def squad(*of, **how) -> int:
        worked["squad"] = {"everybody"}
        return written(*of, **how)

    with monkeypatch.context() as patched:
        patched.setattr(due, "done", noted)
        patched.setattr(calculated_parts, "study_stored", study)
        patched.setattr(publishing, "publish_squad", squad)
        run_night(store.root, as_of)
    return worked


def test_a_night_without_anything_new_works_on_nobody_and_writes_nothing(store, run_night, monkeypatch):
    before = {path: path.stat().st_mtime_ns for path in sorted(store.root.rglob("*")) if path.is_file()}
    assert work_of(store, run_night, monkeypatch) == {}
    after = {path: path.stat().st_mtime_ns for path in sorted(store.root.rglob("*")) if path.is_file()}
    cache = store.root / "cache"
    assert {path for path in after if cache not in path.parents and after[path] != before.get(path)} == set()
    assert set(before) == set(after)


def test_a_new_file_writes_only_the_logs_that_it_has_rows_for(store, run_night):
    versions = {table: DeltaTable(store.table_path(table)).version() for table in STORED_FACTS}
    put(store, "r3", "more.csv", sheet("2026-03-27"))
    run_night(store.root, TUESDAY)
    written = {table for table in STORED_FACTS if DeltaTable(store.table_path(table)).version() != versions[table]}
    assert written == {"strength_sets", "strength_days", "imports"}


def test_rows_that_a_death_left_of_a_file_go_when_it_is_imported(store, run_night):
    """A file that gave runs to a night that died gives none to the next: nothing may come back with its import."""
    before = set(store.read(Imports, ["r3"])["import_id"])
    put(store, "r3", "more.csv", sheet("2026-03-27"))
    run_night(store.root, TUESDAY)
    (new,) = set(store.read(Imports, ["r3"])["import_id"]) - before
    runs, ledger_rows = store.read(Runs, ["r3"]), store.read(Imports, ["r3"])
    left = runs.head(1).with_columns(import_id=pl.lit(new), run_id=pl.lit("left-behind"))
    store.replace(Imports, Imports.validate(ledger_rows.filter(pl.col("import_id") != new)), ["r3"])
    store.replace(Runs, Runs.validate(pl.concat([runs, left])), ["r3"])
    run_night(store.root, TUESDAY)
    assert new in set(store.read(Imports, ["r3"])["import_id"])
    assert_frame_equal(store.read(Runs, ["r3"]), runs)


def test_a_new_file_writes_only_the_results_that_it_changes(store, run_night):
    versions = {table: DeltaTable(store.table_path(table)).version() for table in STORED_RESULTS}
    put(store, "r3", "more.csv", sheet("2026-03-27"))
    run_night(store.root, TUESDAY)
    written = {table for table in STORED_RESULTS if DeltaTable(store.table_path(table)).version() != versions[table]}
    assert {"coverage", "known_days"} <= written
    assert written.isdisjoint({"running_load", "episodes", "exposure", "referrals"})
    assert_as_if_anew(store, run_night)


def test_the_page_on_coverage_against_onset_is_written_when_the_study_changes_or_it_is_gone(store, run_night):
    page = store.root / "reports" / "cohort.html"
    made, at = page.read_bytes(), page.stat().st_mtime_ns
    put(store, "r3", "more.csv", sheet("2026-03-30"))  # after the study's Sunday
    run_night(store.root, TUESDAY)
    assert page.stat().st_mtime_ns == at
    page.unlink()
    run_night(store.root, TUESDAY)
    assert page.read_bytes() == made
    at = page.stat().st_mtime_ns
    put(store, "r3", "aches2.csv", form(",b1,2026-03-27,2026-03-26,knee,left,4"))
    run_night(store.root, TUESDAY)
    assert page.stat().st_mtime_ns != at


def test_logs_that_are_kept_between_stages_are_those_of_the_store(store, run_night):
    runners = store.runners(CATALOGUE)
    before = read_logs(store, runners)
    assert read_logs(store, runners).runs is before.runs, "not kept"
    put(store, "r3", "more.csv", strava("2026-03-27"))
    run_night(store.root, TUESDAY, ["import"])
    after = read_logs(store, runners)
    assert after.runs.height == before.runs.height + 1
    ledger.undo(store, ledger.find(store, ["more.csv"]), CATALOGUE, on=TUESDAY)
    assert_frame_equal(read_logs(store, runners).runs, before.runs)


DAILY_TABLES = ("coverage", "known_days", "running_load")


def test_a_new_day_adds_its_rows_and_leaves_the_files_of_days_before(store, run_night):
    tables = {name: Delta(store, name) for name in DAILY_TABLES}
    before = {name: (table.files(), table.rows()) for name, table in tables.items()}
    run_night(store.root, TUESDAY + timedelta(days=1))
    for name, table in tables.items():
        files, rows = before[name]
        assert files < table.files()
        assert rows < table.rows() <= rows + 3 * 5  # a day of three runners, by area at most
    assert_as_if_anew(store, run_night, TUESDAY + timedelta(days=1))


@pytest.mark.parametrize("day", ["2026-03-20", "2026-04-01"])
def test_a_new_file_makes_the_days_of_its_runner_anew_whatever_day_it_tells_of(store, run_night, day):
    run_night(store.root, TUESDAY + timedelta(days=1))
    put(store, "r3", "more.csv", sheet(day))
    run_night(store.root, TUESDAY + timedelta(days=2))
    assert_as_if_anew(store, run_night, TUESDAY + timedelta(days=2))


def test_a_day_to_come_that_is_logged_changes_days_before_it_when_it_comes(store, run_night):
    """Days between two entries are known; until the later one has come, they are not."""
    put(store, "r3", "more.csv", sheet("2026-04-08"))
    for n in range(1, 10):
        run_night(store.root, TUESDAY + timedelta(days=n))
    known = store.read(KnownDays, ["r3"]).filter(local_date=TUESDAY + timedelta(days=5))
    assert known["evidence"].to_list() == ["between"]
    assert_as_if_anew(store, run_night, TUESDAY + timedelta(days=9))


def test_a_night_of_an_earlier_day_makes_its_days_anew_and_the_next_one_too(store, run_night):
    for day in (SUNDAY, TUESDAY):
        run_night(store.root, day)
        assert store.read(Coverage)["local_date"].max() == day
        assert_as_if_anew(store, run_night, day)


def test_a_night_that_dies_between_tables_by_day_doubles_nothing(store, run_night, monkeypatch):
    replaced = Store.replace

    def dying(self: Store, schema, frame, runners, after=None) -> None:
        replaced(self, schema, frame, runners, after)
        if schema is KnownDays:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Store, "replace", dying)
        with pytest.raises(KeyboardInterrupt):
            run_night(store.root, TUESDAY + timedelta(days=1))
    run_night(store.root, TUESDAY + timedelta(days=2))
    assert_as_if_anew(store, run_night, TUESDAY + timedelta(days=2))


class Delta:
    """The files and rows of a table as it lies."""

    def __init__(self, store: Store, name: str) -> None:
        self.path = store.table_path(name)

    def files(self) -> set[str]:
        return set(DeltaTable(self.path).file_uris())

    def rows(self) -> int:
        return DeltaTable(self.path).count()


def test_a_night_without_anything_new_still_tells_of_everybody(store, run_night):
    done = run_night(store.root, TUESDAY)
    assert done.counts == {
        "files_seen": 9, "files_new": 0, "files_known": 9, "files_bad": 0, "rows": 0, "rejects": 0, "surveyed": 3,
        "studied": 3, "assessed": 3, "unchanged": 3, "pages": 6,
    }  # fmt: skip


def test_a_new_file_costs_its_own_runner(store, run_night, monkeypatch):
    put(store, "r20", "more.csv", sheet("2026-03-30"))
    worked = work_of(store, run_night, monkeypatch)
    assert worked == {"survey": {"r20"}, "assess": {"r20"}, "publish": {"r20"}, "squad": {"everybody"}}
    assert "2026-03-30" in str(store.scan("coverage", ["r20"]).collect()["last_trained_on"].max())
    assert_as_if_anew(store, run_night)


def test_an_entry_for_a_day_before_the_studys_sunday_makes_the_study_anew(store, run_night, monkeypatch):
    before = read_cohort(store, TUESDAY).key
    put(store, "r20", "late.csv", form(",a9,2026-03-28,2026-03-27,knee,right,3"))
    assert work_of(store, run_night, monkeypatch)["study"] == {"everybody"}
    assert read_cohort(store, TUESDAY).key != before
    assert_as_if_anew(store, run_night)


def test_the_same_entries_in_a_newer_export_make_no_new_study(store, run_night, monkeypatch):
    """Apps export all there ever was, every time."""
    put(store, "r1", "newer.csv", sheet("2026-03-03", "2026-03-12", "2026-03-19", "2026-03-26", "2026-03-31"))
    worked = work_of(store, run_night, monkeypatch)
    assert "study" not in worked
    assert worked["assess"] == {"r1"}
    assert_as_if_anew(store, run_night)


def test_the_study_stands_for_a_week_from_its_sunday(store, run_night, monkeypatch):
    assert [study_day(SUNDAY + timedelta(days=n)) for n in (-1, 0, 6, 7)] == [
        SUNDAY - timedelta(days=7), SUNDAY, SUNDAY, SUNDAY + timedelta(days=7)
    ]  # fmt: skip
    next_day = work_of(store, run_night, monkeypatch, TUESDAY + timedelta(days=1))
    assert "study" not in next_day
    assert next_day["assess"] == set(RUNNERS)
    assert_as_if_anew(store, run_night, TUESDAY + timedelta(days=1))
    next_week = work_of(store, run_night, monkeypatch, SUNDAY + timedelta(days=7))
    assert next_week["study"] == {"everybody"}


def rename(store: Store) -> None:
    (store.root / "names.csv").write_text("runner_id,name\nr20,Ada\n")


def mark(store: Store) -> None:
    (store.root / "marks.csv").write_text("runner_id,mark,from_on,to_on\nr20,away,2026-03-30,\n")


def equip(store: Store) -> None:
    path = store.root / "runners.csv"
    path.write_text(path.read_text().replace("r20,Europe/Berlin,metric,,", "r20,Europe/Berlin,imperial,band,"))


def lose_a_page(store: Store) -> None:
    publishing.runner_page_path(store.root, "r20").unlink()


def undo(store: Store) -> None:
    ledger.undo(store, ledger.find(store, ["strength.csv"], ["r20"]), CATALOGUE, on=TUESDAY)


def delete_the_stamps(store: Store) -> None:
    for runner in ("r1", "r20"):
        stamps.forget(store, [runner], due.STAGES)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (rename, {"publish": {"r20"}, "squad": {"everybody"}}),
        (mark, {"publish": {"r20"}, "squad": {"everybody"}}),
        (lose_a_page, {"publish": {"r20"}}),
        (delete_the_stamps, {stage: {"r1", "r20"} for stage in due.STAGES}),
    ],
)
def test_a_change_costs_the_pages_that_it_touches(store, run_night, monkeypatch, change, expected):
    change(store)
    assert work_of(store, run_night, monkeypatch) == expected
    assert_as_if_anew(store, run_night)


@pytest.mark.parametrize("change", [equip, undo])
def test_a_change_of_a_runner_or_their_ledger_costs_their_rows(store, run_night, monkeypatch, change):
    """The study is made anew, and finds the same: nobody else's page depends on what it was made of."""
    change(store)
    worked = work_of(store, run_night, monkeypatch)
    assert {stage: worked[stage] for stage in due.STAGES} == {stage: {"r20"} for stage in due.STAGES}
    assert_as_if_anew(store, run_night)


def own_words(store: Store) -> None:
    (store.root / "exercises.local.toml").write_text('[aliases]\n"wall thing" = "plank"\n')


def speak_german(store: Store) -> None:
    (store.root / "settings.toml").write_text('language = "de"\n')


@pytest.mark.parametrize(
    ("change", "stages"), [(own_words, due.STAGES), (speak_german, ("publish",))], ids=["catalogue", "language"]
)
def test_what_concerns_everybody_is_done_for_everybody(store, run_night, monkeypatch, change, stages):
    change(store)
    worked = work_of(store, run_night, monkeypatch)
    assert {stage: worked.get(stage) for stage in due.STAGES} == {
        stage: set(RUNNERS) if stage in stages else None for stage in due.STAGES
    }
    assert worked["squad"] == {"everybody"}
    assert_as_if_anew(store, run_night)


def test_another_program_does_everything_anew(store, run_night, monkeypatch):
    monkeypatch.setattr(stamps, "program", lambda: "a later version")
    worked = work_of(store, run_night, monkeypatch)
    assert {stage: worked[stage] for stage in due.STAGES} == {stage: set(RUNNERS) for stage in due.STAGES}


def test_a_runner_whose_stage_failed_is_tried_again_the_next_night(store, run_night, monkeypatch):
    put(store, "r20", "more.csv", sheet("2026-03-30"))
    calculate = calculated_parts.assess

    def fails_for_r20(logs, **how):
        if "r20" in list(logs.runners["runner_id"]):
            raise ValueError("broken")
        return calculate(logs, **how)

    monkeypatch.setattr(calculated_parts, "assess", fails_for_r20)
    failed = run_night(store.root, TUESDAY)
    assert [(failure.stage, failure.runner_id) for failure in failed.failures] == [("assess", "r20")]
    monkeypatch.setattr(calculated_parts, "assess", calculate)
    assert work_of(store, run_night, monkeypatch)["assess"] == {"r20"}
    assert_as_if_anew(store, run_night)


def test_stages_that_are_asked_for_work_whatever_has_been_done(store, run_night):
    done = run_night(store.root, TUESDAY, ["survey", "study", "assess"])
    assert done.counts == {"surveyed": 3, "studied": 3, "assessed": 3}


def test_a_report_for_another_comparison_is_not_taken_for_the_nights(store, run_night, monkeypatch):
    stamps.forget(store, ["r3"], [due.PUBLISH])
    night.run_stage("publish", store.root, (night.bucket_of("r3"),), TUESDAY, ["r3"], since=SUNDAY)
    assert work_of(store, run_night, monkeypatch)["publish"] == {"r3"}


def test_advice_given_for_an_earlier_day_in_the_meantime_is_on_the_page(store, run_night, monkeypatch):
    """The page compares with the report of a week ago; nothing of today's depends on it."""
    run_night(store.root, TUESDAY - timedelta(days=7), ["survey", "assess"])
    assert work_of(store, run_night, monkeypatch)["publish"] == set(RUNNERS)
    assert "Since the report of 24 Mar" in publishing.runner_page_path(store.root, "r1").read_text(encoding="utf-8")
    assert_as_if_anew(store, run_night)


# the index of the inboxes


def opened(monkeypatch) -> list[str]:
    """The names of the files that imports open from now on."""
    names, open_checked = list[str](), inbox.open_checked

    def noted(path: Path):
        names.append(path.name)
        return open_checked(path)

    monkeypatch.setattr(inbox, "open_checked", noted)
    return names


@pytest.fixture
def still_clock(monkeypatch):
    """Every file counts as old enough for the index."""
    monkeypatch.setattr(inbox_index, "_RACY_NS", -(10**18))


def test_files_that_nobody_touched_are_not_opened(store, run_night, monkeypatch, still_clock):
    run_night(store.root, TUESDAY, ["import"])
    put(store, "r1", "aches2.csv", form(",a3,2026-03-31,,none,,0"))
    names = opened(monkeypatch)
    done = run_night(store.root, TUESDAY, ["import"])
    assert names == ["aches2.csv"]
    assert (done.counts["files_seen"], done.counts["files_new"], done.counts["files_known"]) == (10, 1, 9)


@pytest.mark.parametrize("times", ["as it was", "new"])
def test_a_file_written_over_is_read_whatever_its_size_and_time_say(store, run_night, still_clock, times):
    run_night(store.root, TUESDAY, ["import"])
    path = store.root / "inbox" / "r1" / "strength.csv"
    before = path.stat()
    path.write_text(path.read_text().replace("2026-03-26", "2026-03-27"))
    if times == "as it was":
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert run_night(store.root, TUESDAY, ["import"]).counts["files_new"] == 1
    assert date(2026, 3, 27) in store.scan("strength_sets", ["r1"]).collect()["local_date"].to_list()


def test_what_a_look_at_an_inbox_finds_is_what_reading_it_opens(store):
    inbox = store.root / "inbox" / "r1"
    (inbox / "garmin" / "2025").mkdir(parents=True)
    (inbox / "garmin" / "2025" / "a b.fit").write_bytes(b"1")
    (inbox / ".hidden").mkdir()
    (inbox / ".hidden" / "a.csv").write_bytes(b"2")
    (inbox / "garmin" / ".part").write_bytes(b"3")
    (inbox / "away").symlink_to(store.root / "originals")
    (inbox / "gone.csv").symlink_to(inbox / "nothing")
    expected = {inbox_index.label_of(path, inbox): inbox_index.state_of(path) for path in inbox_index.files_of(inbox)}
    assert dict(inbox_index._states_below(inbox)) == expected
    assert {"garmin/2025/a b.fit", "away", "gone.csv"} <= set(expected)
    assert expected["away"] is None
    assert dict(inbox_index._states_below(store.root / "inbox" / "nobody")) == {}


def test_a_file_written_while_it_was_read_is_read_again(store, run_night, monkeypatch):
    """Its times may be those of the moment before; only after two seconds are they beyond doubt."""
    put(store, "r1", "fresh.csv", sheet("2026-03-31"))
    run_night(store.root, TUESDAY, ["import"])
    names = opened(monkeypatch)
    run_night(store.root, TUESDAY, ["import"])
    assert "fresh.csv" in names


def test_a_ledger_that_lost_a_file_gets_it_back_from_the_inbox(store, run_night, still_clock):
    run_night(store.root, TUESDAY, ["import"])
    kept = store.read(Imports, ["r1"])
    store.replace(Imports, Imports.validate(kept.filter(kept["file_name"] != "aches.csv")), ["r1"])
    assert run_night(store.root, TUESDAY, ["import"]).counts["files_new"] == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff"])
def test_a_damaged_cache_costs_time_only(store, run_night, content):
    for path in (store.root / "cache").rglob("*.json"):
        path.write_bytes(content)
    done = run_night(store.root, TUESDAY)
    assert done.failures == ()
    assert (done.counts["assessed"], done.counts["files_known"]) == (3, 9)
    assert_as_if_anew(store, run_night)


def test_what_the_cache_holds_is_private_and_holds_nothing_of_anybodys_health(store):
    files = [path for path in (store.root / "cache").rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0
        assert json.loads(path.read_text())
        assert "shin" not in path.read_text()


# many nights


DAYS = [date(2026, 3, 24) + timedelta(days=n) for n in range(12)]


def test_nights_of_changes_end_where_one_full_night_ends(tmp_path, run_night):
    """Files come, go, are taken back and marked in any order, over two weeks with days left out."""
    chance = Random(7)
    store = squad_of(tmp_path / "squad", *RUNNERS)
    for number, day in enumerate(DAYS):
        for _ in range(chance.randint(0, 2)):
            _change(store, chance, day, number)
        if chance.random() < 0.8 or day == DAYS[-1]:
            run_night(store.root, day)
    assert_as_if_anew(store, run_night, DAYS[-1])


def _change(store: Store, chance: Random, day: date, number: int) -> None:
    runner, back = chance.choice(RUNNERS), timedelta(days=chance.randint(0, 20))
    what = chance.choice(["sheet", "run", "ache", "undo", "mark", "name", "remove"])
    inbox = store.root / "inbox" / runner
    if what == "sheet":
        put(store, runner, f"s{number}.csv", sheet(str(day - back), str(day)))
    elif what == "run":
        put(store, runner, f"r{number}.csv", strava(str(day - back), str(day)))
    elif what == "ache":
        put(store, runner, f"a{number}.csv", form(f",n{number},{day},{day - back},shin,left,{chance.randint(0, 7)}"))
    elif what == "undo":
        imports = store.scan("imports", [runner]).filter(status="imported").collect()
        if imports.height:
            name = chance.choice(sorted(imports["file_name"]))
            ledger.undo(store, ledger.find(store, [name], [runner]), CATALOGUE, on=day)
    elif what == "mark":
        (store.root / "marks.csv").write_text(f"runner_id,mark,from_on,to_on\n{runner},ill,{day},\n")
    elif what == "name":
        (store.root / "names.csv").write_text(f"runner_id,name\n{runner},Name {number}\n")
    elif files := sorted(inbox.iterdir()):
        chance.choice(files).unlink()
