"""runfix doctor: what a bug report needs, every problem with its command, and nobody's name."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from runfix_analytics import installation, store_health
from runfix_analytics.cli import main
from runfix_analytics.lock import only_writer
from runfix_analytics.reports import pdf
from runfix_analytics.store import Store
from tests.earlier_stores import of_0_1_0, without_columns

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def doctor(root: Path | None = None) -> tuple[int, dict[str, Any]]:
    """Exit code, and what it says as JSON."""
    words = ["doctor", "--json", *(["--root", str(root)] if root else [])]
    result = CliRunner().invoke(main, words, catch_exceptions=False)
    told: dict[str, Any] = json.loads(result.stdout)
    return result.exit_code, told


def problems(root: Path) -> dict[str, str]:
    return {one["what"]: one["command"] for one in doctor(root)[1]["problems"]}


@pytest.fixture
def empty(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "squad")


def test_a_store_in_order_is_0_and_says_so(empty: Store):
    code, told = doctor(empty.root)
    assert (code, told["problems"]) == (0, [])
    assert told["store"]["schema"] == "1 of 1"
    assert told["store"]["held_by"] == ""
    assert (told["store"]["last_good_night"], told["store"]["imports"]) == ("none yet", {})
    assert told["installation"]["packages"]["polars"] == metadata.version("polars")
    screen = CliRunner().invoke(main, ["doctor", "--root", str(empty.root)]).stdout
    assert screen.endswith("problems\n  none\n")
    assert "held_by              nobody" in screen
    assert "n_waiting            0" in screen


def test_without_a_store_the_machine_is_told_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    code, told = doctor()
    assert (code, told["store"]) == (0, None)
    code, told = doctor(tmp_path)
    assert code == 1
    [problem] = told["problems"]
    assert problem["command"] == f"runfix init {tmp_path}"


def test_what_was_read_and_what_waits_is_counted_by_content(demo_copy: Store):
    (inbox,) = demo_copy.root.glob("inbox/3rjuwhdu")
    shutil.copy(inbox / "aches.csv", inbox / "the same under another name.csv")
    (inbox / "new.csv").write_text("Date,Exercise\n", encoding="utf-8")
    for name in ("the same under another name.csv", "new.csv"):
        (inbox / name).chmod(0o644)  # whatever the umask
    (demo_copy.root / "inbox" / "nobody").mkdir(mode=0o700)
    code, told = doctor(demo_copy.root)
    store = told["store"]
    assert code == 3
    assert (store["n_runners"], store["n_inbox_files"], store["n_waiting"]) == (12, 386, 1)
    assert store["imports"] == {"damaged": 1, "imported": 382}
    where = f"--root {demo_copy.root}"
    assert problems(demo_copy.root) | {} == {
        "1 files were not read wholly": f"runfix imports {where}",
        "1 inbox folders are no runner's": f"ls {demo_copy.root}/inbox",
        **_of_files_that_others_read(store),
    }


def _of_files_that_others_read(store: dict[str, Any]) -> dict[str, str]:
    """The two files above, and what else a copy left open."""
    return {f"{store['n_not_private']} files or folders can be read by other users": f"runfix init {store['root']}"}


def test_nobody_is_named_and_nothing_of_anybodys_health_is_told(demo_copy: Store):
    (demo_copy.root / "runners.csv").write_text("Ann Example,shin hurts\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["doctor", "--root", str(demo_copy.root)])
    assert result.exit_code == 1
    assert "runners.csv or exercises.local.toml cannot be read\n    runfix status --root" in result.stdout
    said = result.stdout + result.stderr
    words = {word for name in demo_copy.names().values() for word in name.split()} | {"Ann", "shin", "calves"}
    assert [word for word in words if word in said] == []
    assert [runner for runner in demo_copy.names() if runner in said] == []


def test_the_home_folder_is_not_named(empty: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(empty.root.parent))
    assert doctor(empty.root)[1]["store"]["root"] == "~/squad"


def test_a_store_of_an_earlier_version_names_its_tables_and_stops_nights(demo_copy: Store):
    of_0_1_0(demo_copy)
    code, told = doctor(demo_copy.root)
    assert code == 1
    assert told["store"]["to_migrate"] == ["episodes", "known_days", "onset_coverage", "other_activities"]
    assert problems(demo_copy.root)["the store is of an earlier version"] == f"runfix migrate --root {demo_copy.root}"


def test_calculated_tables_of_other_columns_are_named_with_the_night_that_makes_them_anew(demo_copy: Store):
    without_columns(demo_copy, "coverage", "effort")
    code, told = doctor(demo_copy.root)
    assert (code, told["store"]["to_migrate"]) == (3, ["coverage"])
    assert problems(demo_copy.root)["tables of another version: coverage"] == f"runfix nightly --root {demo_copy.root}"


@pytest.mark.parametrize(
    ("table", "command"),
    [
        ("coverage", "rm -r {root}/tables/coverage && runfix rebuild --root {root}"),
        ("runs", "rm -r {root}/tables/runs && runfix rebuild --facts --root {root}"),
        ("imports", "runfix restore BACKUP --root A_NEW_FOLDER"),
    ],
)
def test_a_damaged_table_is_named_with_what_makes_it_again(demo_copy: Store, table: str, command: str):
    for file in demo_copy.table_path(table).rglob("*.parquet"):
        file.unlink()
    assert doctor(demo_copy.root)[0] == 1
    assert problems(demo_copy.root)[f"table {table} cannot be read"] == command.format(root=demo_copy.root)


def test_who_holds_the_store_is_told_while_it_is_held_and_not_after_a_kill(empty: Store):
    with only_writer(empty.root, "runfix nightly since 2026-11-29 03:30 UTC"):
        assert doctor(empty.root)[1]["store"]["held_by"].startswith(
            "runfix nightly since 2026-11-29 03:30 UTC, process"
        )
    assert doctor(empty.root)[1]["store"]["held_by"] == ""
    (empty.root / ".lock").write_text("runfix nightly, killed", encoding="utf-8")
    assert doctor(empty.root)[1]["store"]["held_by"] == ""


def test_files_that_others_may_read_are_counted_and_init_mends_them(empty: Store):
    (empty.root / "names.csv").chmod(0o644)
    (empty.root / "inbox").chmod(0o755)
    [(what, command)] = problems(empty.root).items()
    assert what == "2 files or folders can be read by other users"
    words = command.split()[1:]
    CliRunner().invoke(main, words, catch_exceptions=False)
    assert problems(empty.root) == {}


def test_a_full_disk_and_a_missing_night_are_problems(empty: Store, monkeypatch: pytest.MonkeyPatch):
    (empty.root / "settings.toml").write_text("alarm_after_hours = 30\npdf = true\n", encoding="utf-8")
    (empty.root / "settings.toml").chmod(0o600)
    monkeypatch.setattr(store_health.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 0))
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    assert doctor(empty.root)[0] == 1
    assert problems(empty.root) == {
        "only 0 MB are free on the disk": f"df -h {empty.root}",
        "no good night for 30 hours": f"runfix status --root {empty.root}",
        "settings.toml asks for PDFs, and none can be made": "pip install 'runfix-analytics[pdf]'",
    }
    with pytest.raises(Exception, match="WeasyPrint"):
        pdf.require()


def test_settings_that_cannot_be_read_stop_nights(empty: Store):
    (empty.root / "settings.toml").write_text("langauge = 'de'\n", encoding="utf-8")
    assert doctor(empty.root)[0] == 1
    assert "settings.toml cannot be read" in problems(empty.root)


def test_the_last_nights_are_told_by_outcome(demo_copy: Store):
    (demo_copy.root / "runs" / "20261129T033000Z-aaaa.json").write_text(
        json.dumps({"outcome": "failed", "as_of": "2026-11-29", "left_out": [], "reason": "Ann's file"}), "utf-8"
    )
    (demo_copy.root / "runs" / "last_good").write_text("2026-11-28T03:31:00+00:00\nx\n", encoding="utf-8")
    store = doctor(demo_copy.root)[1]["store"]
    assert store["newest_night"] == "failed, of 2026-11-29, left out: 0"
    assert store["last_good_night"] == "2026-11-28 03:31 UTC"


def test_looking_changes_nothing(demo_copy: Store):
    def contents() -> dict[Path, tuple[int, bytes]]:
        files = [path for path in demo_copy.root.rglob("*") if path.is_file()]
        return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}

    before = contents()
    doctor(demo_copy.root)
    assert contents() == before


# what is installed


def test_a_package_that_is_missing_is_named_with_the_command_that_brings_it(monkeypatch: pytest.MonkeyPatch):
    def version(name: str) -> str:
        if name in {"polars", "prefect"}:
            raise metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(installation.metadata, "version", version)
    found = installation.installation()
    assert found.packages["polars"] == "missing"
    assert found.extras["flows"] == "lacks prefect"
    assert set(found.extras) & set(installation.FOR_WORK_ON_IT) == set()
    [problem] = found.problems
    assert problem == installation.Problem(
        "polars is not installed", "pip install --force-reinstall runfix-analytics", stops=True
    )


def test_a_program_that_cannot_be_loaded_is_a_problem_and_no_traceback(tmp_path: Path):
    """polars is found and cannot be imported, as after an update that was cut off."""
    code = (
        "import sys; sys.modules['polars'] = None; sys.argv = ['runfix', 'doctor', '--root', '.']\n"
        "from runfix_analytics.cli import main; main()"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (1, "")
    assert "the program cannot be loaded: polars\n    pip install" in result.stdout


def test_the_alarm_counts_from_the_moment_it_is_asked(empty: Store):
    (empty.root / "settings.toml").write_text("alarm_after_hours = 30\n", encoding="utf-8")
    (empty.root / "settings.toml").chmod(0o600)
    empty.write_private(empty.root / "runs" / "last_good", b"2026-11-28T06:30:00+00:00\nx\n")
    assert store_health.store_health(empty.root, now=NOW).problems == ()
    later = NOW.replace(day=30)
    assert [one.what for one in store_health.store_health(empty.root, now=later).problems] == [
        "no good night for 30 hours"
    ]
    assert date(2026, 11, 29) == NOW.date()
