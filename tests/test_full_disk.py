"""A disk that is full, or that cannot be written to: one line says so, nothing is torn, and the next night is whole."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from conftest import in_a_loop
from polars.testing import assert_frame_equal

from runfix_analytics import night, runs
from runfix_analytics.store import TABLES, Store

DAY = date(2026, 3, 31)
SHEET = "date,exercise,reps\n"
NO_SPACE, TOO_LARGE, READ_ONLY = "No space left on device", "File too large", "Read-only file system"


@pytest.fixture(scope="module")
def _before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store after a night, in whose inboxes new files lie."""
    made = Store.create(tmp_path_factory.mktemp("disk") / "squad")
    runners = [made.add_runner(name, made.catalogue()) for name in ("Ann", "Bo")]
    for number, runner in enumerate(runners):
        days = "".join(f"2026-{1 + n // 28:02}-{1 + n % 28:02},Plank,3 x 4{number}s\n" for n in range(60))
        (made.root / "inbox" / runner / "sheet.csv").write_text(SHEET + days)
    night.night(made.root, DAY, in_a_loop)
    for number, runner in enumerate(runners):
        days = "".join(f"2026-03-{1 + n % 28:02},Bird Dog,{number + n % 9}x10,\n" for n in range(3000))
        (made.root / "inbox" / runner / "more.csv").write_text(SHEET + days)
    return made.root


@pytest.fixture(scope="module")
def undisturbed(_before: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    """The rows of that store after a night that nothing disturbed."""
    root = tmp_path_factory.mktemp("undisturbed") / "squad"
    shutil.copytree(_before, root)
    night.night(root, DAY, in_a_loop)
    return rows(Store(root))


@pytest.fixture
def store(_before: Path, tmp_path: Path) -> Store:
    shutil.copytree(_before, tmp_path / "squad")
    return Store(tmp_path / "squad")


def rows(store: Store) -> dict[str, pl.DataFrame]:
    return {table: store.read(schema).drop("imported_at", strict=False) for table, schema in TABLES.items()}


def pages(store: Store) -> dict[str, bytes]:
    found = sorted((store.root / "reports").rglob("*.html"))
    return {path.relative_to(store.root).as_posix(): path.read_bytes() for path in found}


def run(*command: object, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, in which no file may become longer than `limit` bytes."""
    code = "from runfix_analytics.cli import main; main()"

    def before() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, "-c", code, *map(str, command)], preexec_fn=before, capture_output=True, text=True, check=False
    )


def assert_told(ended: subprocess.CompletedProcess[str], why: str) -> None:
    """Failed, with one line that says where and why. A thread of Delta's own may have cried out before."""
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("runfix: /")
    assert last.endswith(f": {why}")
    assert sum(line.startswith("runfix: ") for line in ended.stderr.splitlines()) == 1


def assert_nothing_is_torn(store: Store, pages_before: dict[str, bytes]) -> None:
    for path, page in pages(store).items():
        assert page == pages_before[path] or page.rstrip().endswith(b"</html>")
    assert set(pages(store)) == set(pages_before)
    rows(store)
    for path in (store.root / "originals").iterdir():
        assert path.name.startswith(".") or path.stat().st_size > 0


def assert_next_night_is_whole(store: Store, undisturbed: dict[str, pl.DataFrame]) -> None:
    done = runs.watched_night(store.root, DAY, in_a_loop, clock=lambda: datetime.now(UTC))
    assert done.failures == ()
    for table, frame in rows(store).items():
        assert_frame_equal(frame, undisturbed[table])


@pytest.mark.parametrize("limit", [0, 3_000, 8_000, 60_000])
def test_a_night_that_cannot_write_says_so_and_the_next_one_is_whole(
    store: Store, undisturbed: dict[str, pl.DataFrame], limit: int
):
    before = pages(store)
    assert_told(run("nightly", "--root", store.root, "--as-of", DAY, limit=limit), TOO_LARGE)
    assert_nothing_is_torn(store, before)
    assert_next_night_is_whole(store, undisturbed)


@pytest.mark.parametrize("command", [("rebuild",), ("rebuild", "--facts"), ("import",)])
def test_other_commands_that_cannot_write_say_so_and_the_next_night_is_whole(
    store: Store, undisturbed: dict[str, pl.DataFrame], command: tuple[str, ...]
):
    before = pages(store)
    assert_told(run(*command, "--root", store.root, limit=700), TOO_LARGE)
    assert_nothing_is_torn(store, before)
    assert_next_night_is_whole(store, undisturbed)


def test_a_backup_that_has_no_room_leaves_nothing(store: Store, tmp_path: Path):
    before = {path.name for path in tmp_path.iterdir()}
    ended = run("backup", "--root", store.root, "--to", tmp_path / "b.tar.gz", limit=20_000)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert TOO_LARGE in ended.stderr
    assert {path.name for path in tmp_path.iterdir()} == before


def test_a_restore_that_has_no_room_leaves_no_store(store: Store, tmp_path: Path):
    assert run("backup", "--root", store.root, "--to", tmp_path / "b.tar.gz").returncode == 0
    before = {path.name for path in tmp_path.iterdir()}
    ended = run("restore", tmp_path / "b.tar.gz", "--root", tmp_path / "new", limit=20_000)
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False)
    assert TOO_LARGE in ended.stderr
    assert {path.name for path in tmp_path.iterdir()} == before


def test_a_migration_that_has_no_room_is_taken_up_again(store: Store, undisturbed: dict[str, pl.DataFrame]):
    (store.root / "store.json").unlink()
    shutil.rmtree(store.table_path("coverage"))
    assert_told(run("migrate", "--root", store.root, limit=0), TOO_LARGE)
    assert run("migrate", "--root", store.root).returncode == 0
    assert_next_night_is_whole(store, undisturbed)


# a real disk


@pytest.fixture
def small_disk(_before: Path, tmp_path: Path) -> Iterator[Callable[[int], Store]]:
    """The store on a disk of its own, with so many bytes of room beside it."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def mounted(room: int) -> Store:
        used = int(subprocess.run(["du", "-sk", _before], capture_output=True, check=True).stdout.split()[0])
        try:
            options = f"size={used + room // 1024}k"
            subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("a disk of its own needs the right to mount one")
        shutil.copytree(_before, disk / "squad")
        return Store(disk / "squad")

    yield mounted
    if os.path.ismount(disk):
        subprocess.run(["umount", disk], check=True)


def remount(store: Store, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", store.root.parent], check=True)


@pytest.mark.parametrize("room", [16_384, 200_000])
def test_on_a_full_disk_a_night_says_so_and_with_room_the_next_one_is_whole(
    small_disk: Callable[[int], Store], undisturbed: dict[str, pl.DataFrame], room: int
):
    store = small_disk(room)
    before = pages(store)
    assert_told(run("nightly", "--root", store.root, "--as-of", DAY), NO_SPACE)
    assert_nothing_is_torn(store, before)
    remount(store, "size=64m")
    assert_next_night_is_whole(store, undisturbed)


def test_on_a_disk_that_is_read_only_writing_says_so_and_reading_works(small_disk: Callable[[int], Store]):
    store = small_disk(10_000_000)
    before = pages(store)
    remount(store, "ro")
    assert_told(run("nightly", "--root", store.root, "--as-of", DAY), READ_ONLY)
    assert run("imports", "--root", store.root).returncode == 0
    assert pages(store) == before


def test_a_folder_that_may_not_be_written_to_is_named(store: Store, undisturbed: dict[str, pl.DataFrame]):
    if os.geteuid() == 0:
        pytest.skip("nothing is read-only to root; the read-only disk above is the test for it")
    before = pages(store)
    store.table_path("coverage").chmod(0o500)
    (store.root / "originals").chmod(0o500)
    assert_told(run("nightly", "--root", store.root, "--as-of", DAY), "Permission denied")
    assert_nothing_is_torn(store, before)
    store.table_path("coverage").chmod(0o700)
    (store.root / "originals").chmod(0o700)
    assert_next_night_is_whole(store, undisturbed)


def test_a_file_where_a_folder_should_be_is_named(store: Store):
    shutil.rmtree(store.root / "originals")
    (store.root / "originals").write_text("x")
    ended = run("nightly", "--root", store.root, "--as-of", DAY)
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False)
    assert f"runfix: {store.root / 'originals'}" in ended.stderr
