"""A store in a folder of any name that people give folders: blanks, umlauts, signs of an address."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from conftest import in_a_loop
from polars.testing import assert_frame_equal
from searching import words_in

from runfix_analytics import backup, erasure, migration, night, rebuilding, runs
from runfix_analytics.lock import only_writer
from runfix_analytics.schema_version import STORE_FILE
from runfix_analytics.store import TABLES, Store
from runfix_analytics.tables import StrengthSets

DAY = date(2026, 3, 29)
NAMES = (
    "My Club",
    "Läufer München",
    "a#b",
    "100%",
    "50% & mehr",
    "which?",
    "{x}",
    "it's <ours>",
    '"quoted"',
    "走る会 🏃",
    "*",
)
IDS = ("rcanary7", "rstays42")


def filled(root: Path) -> Store:
    store = Store.create(root)
    lines = "".join(f"{runner},Europe/Berlin,metric,,,,partial\n" for runner in IDS)
    (root / "runners.csv").write_text(
        f"runner_id,time_zone,units,equipment,active_from,active_to,strength_log\n{lines}"
    )
    for runner in IDS:
        days = "".join(f"2026-03-{day:02},single-leg calf raise,3 x 12\n" for day in (3, 10, 17, 24, 27))
        note = "date,exercise,reps,notes\n2026-03-28,Plank,3 x 45s," + ("canarynote" if runner == IDS[0] else "x")
        (root / "inbox" / runner).mkdir(mode=0o700)
        (root / "inbox" / runner / "sheet.csv").write_text(f"date,exercise,reps\n{days}")
        (root / "inbox" / runner / "note #1 100%.csv").write_text(f"{note}\n")
    return store


def watched(root: Path) -> night.Done:
    return runs.watched_night(root, DAY, in_a_loop, clock=lambda: datetime.now(UTC))


def rows(store: Store, runners: tuple[str, ...] | None = None) -> dict[str, pl.DataFrame]:
    return {table: store.read(schema, runners).drop("imported_at", strict=False) for table, schema in TABLES.items()}


def assert_same(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> None:
    for table, frame in one.items():
        assert_frame_equal(frame, other[table])


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The same squad in a folder of letters after a night."""
    store = filled(tmp_path_factory.mktemp("plain") / "squad")
    assert watched(store.root).failures == ()
    return store


@pytest.fixture(params=NAMES)
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(tmp_path, request.param, "squad")


def test_nights_have_the_rows_and_pages_of_any_store_and_lie_in_that_folder_only(root: Path, plain: Store):
    store = filled(root)
    assert watched(root).failures == ()
    assert_same(rows(store), rows(plain))
    own, others = (sorted((of / "reports").rglob("*.html")) for of in (root, plain.root))
    assert [page.read_bytes() for page in own] == [page.read_bytes() for page in others]
    assert watched(root).counts["unchanged"] == len(IDS)
    assert [path.name for path in root.parent.parent.iterdir()] == [root.parent.name]


@pytest.fixture
def store(root: Path, plain: Store) -> Store:
    """A store that was made elsewhere and came here as files."""
    shutil.copytree(plain.root, root)
    return Store(root)


def test_upkeep_removes_what_nothing_needs_and_no_more(store: Store, plain: Store):
    own = store.read(StrengthSets, [IDS[1]])
    for number in range(22):
        other = own.with_columns(note=pl.lit(f"written {number}"))
        store.replace(StrengthSets, StrengthSets.validate(other), [IDS[1]])
    store.replace(StrengthSets, own, [IDS[1]])
    (store.root / "settings.toml").write_text("keep_history_days = 0\n")
    done = watched(store.root)
    assert (done.failures, done.counts["old_files_removed"] >= 22) == ((), True)
    assert len(list(store.table_path("strength_sets").glob("bucket=*/*.parquet"))) == len(IDS)
    assert list((store.table_path("strength_sets") / "_delta_log").glob("*.checkpoint.parquet"))
    assert_same(rows(store), rows(plain))


def test_what_is_erased_is_gone_and_the_others_rows_stay(store: Store, plain: Store):
    assert words_in(store.root, ("canarynote", IDS[0]))
    with only_writer(store.root, "erase"):
        receipt = erasure.erase(store, [IDS[0]], on=DAY)
    assert receipt.left == ()
    assert words_in(store.root, ("canarynote", IDS[0])) == {}
    assert_same(rows(store), rows(plain, IDS[1:]))
    assert watched(store.root).failures == ()
    assert store.read(StrengthSets)["runner_id"].unique().to_list() == [IDS[1]]


def test_it_can_be_backed_up_restored_migrated_and_rebuilt(
    store: Store, plain: Store, tmp_path: Path, run_night: Callable[..., night.Done]
):
    kept = backup.back_up(store, tmp_path / "kept.tar.gz", at=datetime.now(UTC))
    assert kept.n_files > 0
    there = store.root.with_name("back")
    restored = backup.restore(tmp_path / "kept.tar.gz", there)
    assert (restored.unreadable, restored.n_rows) == ((), sum(frame.height for frame in rows(plain).values()))
    (there / STORE_FILE).unlink()
    assert migration.migrate(Store(there))
    assert rebuilding.rebuild(Store(there), DAY, in_a_loop, facts=True).failures == ()
    assert_same(rows(Store(there)), rows(plain))
