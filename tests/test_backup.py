"""A store in one file: the same store comes back, and a file that is not whole, or not ours, brings back nothing."""

import gzip
import hashlib
import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import earlier_stores
import pytest
from click.testing import CliRunner
from conftest import in_a_loop
from polars.testing import assert_frame_equal

from runfix_analytics import backup, night
from runfix_analytics.cli import main
from runfix_analytics.errors import StoreError
from runfix_analytics.lock import only_writer
from runfix_analytics.schema_version import SCHEMA, STORE_FILE
from runfix_analytics.store import TABLES, Store

DAY = date(2026, 3, 31)
NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
SHEET = "date,exercise,reps\n2026-03-02,Plank,3 x 45s\n2026-03-04,Bird Dog,2x10\n"


@pytest.fixture(scope="module")
def _after_a_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Store.create(tmp_path_factory.mktemp("backup") / "squad")
    runner = made.add_runner("Ann Example", made.catalogue())
    (made.root / "inbox" / runner / "Übung 1.csv").write_text(SHEET)
    night.night(made.root, DAY, in_a_loop)
    return made.root


@pytest.fixture
def store(_after_a_night: Path, tmp_path: Path) -> Store:
    shutil.copytree(_after_a_night, tmp_path / "squad")
    return Store(tmp_path / "squad")


@pytest.fixture
def file(store: Store, tmp_path: Path) -> Path:
    """A backup of that store."""
    path = tmp_path / "squad.tar.gz"
    backup.back_up(store, path, at=NOW)
    return path


def contents(root: Path) -> dict[str, bytes | None]:
    """All files with their bytes, folders with None; not the lock."""
    below = (path for path in sorted(root.rglob("*")) if path.name not in {".lock", ".lists.lock"})
    return {path.relative_to(root).as_posix(): None if path.is_dir() else path.read_bytes() for path in below}


def not_private(root: Path) -> list[str]:
    wanted = {True: 0o700, False: 0o600}
    return [str(p) for p in (root, *root.rglob("*")) if stat.S_IMODE(p.stat().st_mode) != wanted[p.is_dir()]]


def packed(path: Path, *members: tuple[tarfile.TarInfo, bytes], files: dict[str, bytes] | None = None) -> Path:
    """A file as a backup is, of these members and a list that says `files`; without them as the members are."""
    said = files if files is not None else {member.name: content for member, content in members if member.isreg()}
    listed = {name: {"sha256": hashlib.sha256(was).hexdigest(), "bytes": len(was)} for name, was in said.items()}
    with tarfile.open(path, "w:gz") as tar:
        for member, content in (*members, member_of(backup.MANIFEST, json.dumps({"files": listed}).encode())):
            tar.addfile(member, io.BytesIO(content))
    return path


def member_of(name: str, content: bytes = b"x", kind: bytes = tarfile.REGTYPE) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, len(content) if kind == tarfile.REGTYPE else 0
    return member, content


# there and back


def test_the_store_that_comes_back_is_the_same_to_the_last_byte(store: Store, file: Path, tmp_path: Path):
    before = contents(store.root)
    done = backup.restore(file, tmp_path / "new")
    assert contents(tmp_path / "new") == before
    n_files = sum(content is not None for content in before.values())
    assert (done.kept.n_files, done.kept.n_left_out) == (n_files, 0)
    assert done.kept.n_bytes == sum(len(content or b"") for content in before.values())
    assert done.kept == backup.check(file)
    assert done.unreadable == ()
    restored = Store(tmp_path / "new")
    assert done.n_rows == sum(restored.read(schema).height for schema in TABLES.values()) > 0
    for schema in TABLES.values():
        assert_frame_equal(restored.read(schema), store.read(schema))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_night_on_the_store_that_came_back_finds_nothing_new(
    file: Path, tmp_path: Path, run_night: Callable[..., night.Done]
):
    backup.restore(file, tmp_path / "new")
    done = run_night(tmp_path / "new", DAY)
    assert (done.failures, done.counts["files_new"], done.counts["files_known"]) == ((), 0, 1)


def test_backup_and_what_comes_back_are_private_whatever_the_umask(store: Store, tmp_path: Path):
    before = os.umask(0)
    try:
        backup.back_up(store, tmp_path / "open.tar.gz", at=NOW)
        backup.restore(tmp_path / "open.tar.gz", tmp_path / "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "open.tar.gz").stat().st_mode) == 0o600
    assert not_private(tmp_path / "new") == []


def test_what_is_half_written_hidden_or_a_link_is_left_out(store: Store, tmp_path: Path):
    (store.root / ".hidden").write_text("x")
    (store.root / "originals" / ".0123456789abcdef.part").write_text("x")
    (store.root / "inbox" / "link").symlink_to(tmp_path)
    kept = backup.back_up(store, tmp_path / "b.tar.gz", at=NOW)
    assert kept.n_left_out == 1
    backup.restore(tmp_path / "b.tar.gz", tmp_path / "new")
    names = {path.name for path in (tmp_path / "new").rglob("*")}
    assert names & {".hidden", ".0123456789abcdef.part", "link"} == set()


def test_a_store_of_an_earlier_version_can_be_kept_and_comes_back_as_one(store: Store, tmp_path: Path):
    earlier_stores.of_0_1_0(store)
    backup.back_up(store, tmp_path / "b.tar.gz", at=NOW)
    done = backup.restore(tmp_path / "b.tar.gz", tmp_path / "new")
    assert done.unreadable == ()
    assert not (tmp_path / "new" / STORE_FILE).exists()


def test_a_table_that_was_damaged_before_is_named_and_the_rest_comes_back(store: Store, tmp_path: Path):
    [data] = store.table_path("strength_sets").glob("*/*.parquet")
    data.unlink()
    backup.back_up(store, tmp_path / "b.tar.gz", at=NOW)
    done = backup.restore(tmp_path / "b.tar.gz", tmp_path / "new")
    assert done.unreadable == ("strength_sets",)


def test_it_can_be_unpacked_by_hand_with_tar(store: Store, file: Path, tmp_path: Path):
    (tmp_path / "by_hand").mkdir()
    subprocess.run(["tar", "-xzf", str(file), "-C", str(tmp_path / "by_hand")], check=True)
    (tmp_path / "by_hand" / backup.MANIFEST).unlink()
    assert contents(tmp_path / "by_hand") == contents(store.root)


# what is refused


def test_a_backup_replaces_nothing_and_does_not_lie_in_the_store(store: Store, file: Path):
    before = file.read_bytes()
    with pytest.raises(StoreError, match="is there already; a backup replaces nothing"):
        backup.back_up(store, file, at=NOW)
    assert file.read_bytes() == before
    with pytest.raises(StoreError, match="lies in the store itself"):
        backup.back_up(store, store.root / "reports" / "b.tar.gz", at=NOW)


def test_while_a_night_is_at_work_no_backup_is_made(store: Store, tmp_path: Path):
    with only_writer(store.root, "a long night"), pytest.raises(StoreError, match="a long night"):
        backup.back_up(store, tmp_path / "b.tar.gz", at=NOW)
    assert list(tmp_path.glob("*.gz")) == []


def test_nothing_is_restored_over_what_is_there(file: Path, tmp_path: Path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "precious").write_text("x")
    with pytest.raises(StoreError, match="to a new folder only"):
        backup.restore(file, tmp_path / "there")
    with pytest.raises(StoreError, match="to a new folder only"):
        backup.restore(file, tmp_path / "there" / "precious")
    (tmp_path / "empty").mkdir()
    backup.restore(file, tmp_path / "empty")
    assert Store(tmp_path / "empty").names() != {}


def refused(path: Path, tmp_path: Path) -> str:
    """Why it is refused, by check and by restore alike, which make and leave nothing."""
    before = {entry.name for entry in tmp_path.iterdir()}
    with pytest.raises(StoreError) as checked:
        backup.check(path)
    with pytest.raises(StoreError) as restored:
        backup.restore(path, tmp_path / "new")
    assert str(restored.value) == str(checked.value)
    assert {entry.name for entry in tmp_path.iterdir()} == before
    return str(checked.value)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99, 0.9999])
def test_a_backup_that_is_cut_is_refused(file: Path, tmp_path: Path, share: float):
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    assert "no whole backup" in refused(file, tmp_path)


@pytest.mark.parametrize("share", [0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99])
def test_a_backup_with_one_bit_turned_is_refused(file: Path, tmp_path: Path, share: float):
    content = bytearray(file.read_bytes())
    content[10 + int((len(content) - 10) * share)] ^= 16
    file.write_bytes(content)
    said = refused(file, tmp_path)
    assert "no whole backup" in said or "is damaged" in said or "is no backup" in said


def test_a_file_that_does_not_agree_with_its_digest_is_named(tmp_path: Path):
    members = member_of("runners.csv", b"new"), member_of("names.csv", b"x")
    path = packed(tmp_path / "b.tar.gz", *members, files={"runners.csv": b"old", "names.csv": b"x", "lost.csv": b""})
    assert "is damaged: 2 of 3 files, first lost.csv" in refused(path, tmp_path)
    path = packed(path, member_of("more.csv"), files={})
    assert "is damaged: 1 of 0 files, first more.csv" in refused(path, tmp_path)


_HOSTILE = {
    "absolute": [member_of("/evil-of-runfix")],
    "upwards": [member_of("../evil")],
    "upwards inside": [member_of("reports/../../evil")],
    "hidden": [member_of(".lock")],
    "dot": [member_of("./runners.csv")],
    "folder upwards": [member_of("../evil", kind=tarfile.DIRTYPE)],
    "link": [member_of("reports", kind=tarfile.SYMTYPE), member_of("reports/index.html")],
    "hard link": [member_of("names.csv", kind=tarfile.LNKTYPE)],
    "device": [member_of("names.csv", kind=tarfile.CHRTYPE)],
    "pipe": [member_of("names.csv", kind=tarfile.FIFOTYPE)],
    "twice": [member_of("names.csv", b"a"), member_of("names.csv", b"b")],
}


@pytest.mark.parametrize("case", _HOSTILE)
def test_a_tar_made_to_harm_is_refused_and_writes_nothing(tmp_path: Path, case: str):
    path = packed(tmp_path / "b.tar.gz", *_HOSTILE[case])
    assert "is no backup of runfix" in refused(path, tmp_path)
    assert not Path("/evil-of-runfix").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"no backup", gzip.compress(b"", mtime=0), gzip.compress(b"x" * 5000, mtime=0)],
    ids=["nothing", "text", "gzip_of_nothing", "gzip_of_text"],
)
def test_a_file_that_is_no_backup_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "b.tar.gz"
    path.write_bytes(content)
    assert "no whole backup of runfix" in refused(path, tmp_path)


def test_a_store_of_a_newer_version_is_not_restored(store: Store, tmp_path: Path):
    (store.root / STORE_FILE).write_text(json.dumps({"schema": SCHEMA + 1}))
    store.root.rename(tmp_path / "newer")
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz"):
        pass
    files = {name: content for name, content in contents(tmp_path / "newer").items() if content is not None}
    packed(tmp_path / "b.tar.gz", *(member_of(name, content) for name, content in files.items()))
    with pytest.raises(StoreError, match="newer version of runfix"):
        backup.restore(tmp_path / "b.tar.gz", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_file_that_shrinks_while_it_is_read_stops_the_backup(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    real = os.fstat

    def longer(number: int) -> object:
        found = real(number)
        return os.stat_result((*found[:6], found.st_size + 1, *found[7:10]))

    monkeypatch.setattr(backup.os, "fstat", longer)
    with pytest.raises(StoreError, match="became shorter while the backup was made; run it again"):
        backup.back_up(store, tmp_path / "b.tar.gz", at=NOW)
    assert list(tmp_path.glob("*b.tar.gz*")) == list(tmp_path.glob(".*.part")) == []


# killed

_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from runfix_analytics import backup
from runfix_analytics.store import Store

name, at = sys.argv[1], int(sys.argv[2])
left, work = [at], getattr(backup, name)

def dies(*args):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return work(*args)

setattr(backup, name, dies)
if name == "_add":
    backup.back_up(Store(Path(sys.argv[3])), Path(sys.argv[4]), at=datetime.now(UTC))
else:
    backup.restore(Path(sys.argv[4]), Path(sys.argv[3]))
"""


def killed(*arguments: object) -> int:
    return subprocess.run([sys.executable, "-c", _KILLED, *map(str, arguments)], check=False).returncode


@pytest.mark.parametrize("n", [0, 5])
def test_a_killed_backup_leaves_no_file_of_its_name_and_a_repeat_is_whole(store: Store, tmp_path: Path, n: int):
    path = tmp_path / "b.tar.gz"
    assert killed("_add", n, store.root, path) == -signal.SIGKILL
    assert not path.exists()
    backup.back_up(store, path, at=NOW)
    assert backup.check(path).n_files > n


@pytest.mark.parametrize("n", [0, 5])
def test_a_killed_restore_leaves_no_store_and_a_repeat_is_whole(store: Store, file: Path, tmp_path: Path, n: int):
    assert killed("_taken", n, tmp_path / "new", file) == -signal.SIGKILL
    assert not (tmp_path / "new").exists()
    backup.restore(file, tmp_path / "new")
    assert contents(tmp_path / "new") == contents(store.root)
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


# the commands


def run(*arguments: object):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_commands_say_counts_and_bytes(store: Store, tmp_path: Path):
    path = tmp_path / "b.tar.gz"
    made = run("backup", "--root", store.root, "--to", path)
    n_files = sum(content is not None for content in contents(store.root).values())
    assert (made.exit_code, f"written: files {n_files}, bytes" in made.stdout) == (0, True)
    checked = run("backup", "--check", path)
    assert (checked.exit_code, f"is whole: files {n_files}, bytes" in checked.stdout) == (0, True)
    back = run("restore", path, "--root", tmp_path / "new")
    assert (back.exit_code, f"restored: files {n_files}, bytes" in back.stdout) == (0, True)
    assert "Ann" not in made.output + checked.output + back.output


def test_a_backup_command_without_or_with_both_ways_is_wrong_usage(store: Store, file: Path):
    assert run("backup", "--root", store.root).exit_code == 2
    assert run("backup", "--root", store.root, "--to", "x", "--check", file).exit_code == 2


def test_restoring_a_damaged_table_is_partial_and_names_it(store: Store, tmp_path: Path):
    shutil.rmtree(store.table_path("runs") / "_delta_log")
    backup.back_up(store, tmp_path / "b.tar.gz", at=NOW)
    result = run("restore", tmp_path / "b.tar.gz", "--root", tmp_path / "new")
    assert result.exit_code == 3
    assert "cannot be read, as they were in the backup: runs" in result.stderr
