"""Stores of earlier versions: told what they are, never written to by accident, and brought up to date in steps."""

import json
import stat
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import earlier_stores
import polars as pl
import pytest
from click.testing import CliRunner
from polars.testing import assert_frame_equal

from runfix_analytics import night
from runfix_analytics.cli import main
from runfix_analytics.delta_tables import DeltaTables
from runfix_analytics.errors import StoreError
from runfix_analytics.migration import migrate
from runfix_analytics.schema_version import SCHEMA, STORE_FILE, schema_of
from runfix_analytics.store import RECALCULATED, TABLES, Store
from runfix_analytics.tables import STORED_FACTS, Advice, Imports, Moves, OtherActivities, Referrals, StrengthSets

Night = Callable[..., night.Done]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.create(tmp_path / "squad")
    made.add_runner("Ann Example", made.catalogue())
    return made


@pytest.fixture
def old_store(demo_copy: Store) -> Store:
    """The sample squad as 0.1.0 left it after a night."""
    earlier_stores.of_0_1_0(demo_copy)
    return demo_copy


def run(store: Store, *command: str):
    return CliRunner().invoke(main, [*command, "--root", str(store.root)])


def contents(store: Store) -> dict[str, bytes]:
    files = (
        path for path in sorted(store.root.rglob("*")) if path.is_file() and path.name not in {".lock", ".lists.lock"}
    )
    return {path.relative_to(store.root).as_posix(): path.read_bytes() for path in files}


def not_private(store: Store) -> list[str]:
    wanted = {True: 0o700, False: 0o600}
    return [str(p) for p in store.root.rglob("*") if stat.S_IMODE(p.lstat().st_mode) != wanted[p.is_dir()]]


def rows(store: Store, table: str) -> pl.DataFrame:
    return store.read(TABLES[table])


# what a store says of itself


def test_a_new_store_tells_its_schema(store: Store):
    assert json.loads((store.root / STORE_FILE).read_text()) == {"schema": SCHEMA}
    assert not_private(store) == []


@pytest.mark.parametrize("command", ["nightly", "import", "assess", "retry"])
def test_an_older_store_is_refused_by_what_writes_and_stays_as_it_is(store: Store, command: str):
    earlier_stores.without_schema(store)
    before = contents(store)
    result = run(store, command)
    assert result.exit_code == 1
    assert f"earlier version (schema 0, now {SCHEMA})" in result.stderr
    assert f"run: runfix migrate --root {store.root}" in result.stderr
    assert contents(store) == before


@pytest.mark.parametrize("command", ["imports", "status", "unmapped"])
def test_an_older_store_can_be_read(store: Store, command: str):
    earlier_stores.without_schema(store)
    assert run(store, command).exit_code == 0


@pytest.mark.parametrize("command", ["nightly", "imports", "migrate"])
def test_a_newer_store_is_refused_by_everything(store: Store, command: str):
    (store.root / STORE_FILE).write_text(json.dumps({"schema": SCHEMA + 1}))
    result = run(store, command)
    assert result.exit_code == 1
    assert f"newer version of runfix (its tables are of schema {SCHEMA + 1}" in result.stderr


@pytest.mark.parametrize("said", ["", "no json", "[]", "{}", '{"schema": "1"}', '{"schema": -1}', '{"schema": true}'])
def test_a_store_that_does_not_tell_its_schema_is_named(store: Store, said: str):
    (store.root / STORE_FILE).write_text(said)
    with pytest.raises(StoreError, match="does not say which schema"):
        Store(store.root)


def test_making_an_old_store_again_does_not_make_it_a_new_one(old_store: Store):
    Store.create(old_store.root)
    assert schema_of(old_store.root) == 0


def test_a_store_whose_making_was_killed_is_finished_by_making_it_again(tmp_path: Path):
    store = Store.create(tmp_path / "squad")
    for table in list(TABLES)[3:]:
        for path in (store.table_path(table) / "_delta_log").iterdir():
            path.unlink()
    assert Store.create(store.root).make_missing_tables() == []
    assert all(rows(store, table).is_empty() for table in TABLES)
    assert schema_of(store.root) == SCHEMA


# migrate


def test_a_store_of_0_1_0_keeps_its_logs_and_advice_and_the_next_night_fills_the_rest(
    old_store: Store, demo_store: Store, demo_day: date, run_night: Night
):
    with pytest.raises(StoreError, match="strength_sets was written by another version"):
        old_store.read(StrengthSets)
    migrate(old_store)
    for table in set(STORED_FACTS) - set(earlier_stores.LATER_TABLES):
        later = earlier_stores.LATER_COLUMNS.get(table, ())
        assert_frame_equal(rows(old_store, table).drop(later), rows(demo_store, table).drop(later))
    for schema in (Advice, Moves, Referrals):
        assert_frame_equal(old_store.read(schema), demo_store.read(schema))
    assert not_private(old_store) == []
    done = run_night(old_store.root, demo_day)
    assert done.failures == ()
    for table in RECALCULATED:
        assert_frame_equal(rows(old_store, table), rows(demo_store, table))


def test_after_it_every_table_has_every_column_for_whoever_reads_the_files(old_store: Store):
    migrate(old_store)
    for table, schema in TABLES.items():
        columns = pl.scan_delta(str(old_store.table_path(table))).collect_schema().names()
        assert set(columns) == {*schema.column_names(), "bucket"}
    assert old_store.read(OtherActivities).is_empty()


def test_which_sets_have_a_time_follows_from_where_0_1_0_put_them(old_store: Store, demo_store: Store):
    migrate(old_store)
    timed = demo_store.read(StrengthSets)["is_timed"]
    assert 0 < timed.sum() < timed.len()
    assert_frame_equal(old_store.read(StrengthSets).drop("guesses"), demo_store.read(StrengthSets).drop("guesses"))


def test_the_command_says_what_it_did_and_then_that_there_is_nothing_to_do(old_store: Store):
    first = run(old_store, "migrate")
    assert first.exit_code == 0
    assert "tables new: other_activities" in first.stdout
    assert "Next: runfix nightly" in first.stdout
    before = contents(old_store)
    second = run(old_store, "migrate")
    assert (second.exit_code, "nothing to do" in second.stdout) == (0, True)
    assert contents(old_store) == before


class Killed(BaseException):
    pass


@pytest.fixture
def killed_after(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Makes the n-th write of a table, and all after it, die."""

    def after(n: int) -> None:
        write, left = DeltaTables.write, [n]

        def dies(self: DeltaTables, *args: object, **how: object) -> None:
            if not left[0]:
                raise Killed
            left[0] -= 1
            write(self, *args, **how)  # type: ignore[arg-type]

        monkeypatch.setattr(DeltaTables, "write", dies)

    yield after
    monkeypatch.undo()


@pytest.mark.parametrize("n", [0, 1, 7, 13, 14])
def test_killed_at_any_step_it_is_not_done_and_a_repeat_ends_as_one_that_nobody_killed(
    old_store: Store, demo_store: Store, monkeypatch: pytest.MonkeyPatch, killed_after: Callable[[int], None], n: int
):
    killed_after(n)
    with pytest.raises(Killed):
        migrate(old_store)
    monkeypatch.undo()
    assert schema_of(old_store.root) == 0
    assert run(old_store, "nightly").exit_code == 1
    migrate(old_store)
    assert old_store.outdated() == []
    assert_frame_equal(old_store.read(StrengthSets).drop("guesses"), demo_store.read(StrengthSets).drop("guesses"))
    assert old_store.read(Imports).height == demo_store.read(Imports).height
    assert old_store.read(Advice).height == demo_store.read(Advice).height
