"""The tab key: commands, options, runner ids and never a name."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from runfix_analytics.cli import main
from runfix_analytics.store import Store

SHELLS = ("bash", "zsh", "fish")


def script(shell: str) -> str:
    result = CliRunner().invoke(main, ["completion", shell], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def offered(*words: str, cwd: Path) -> list[str]:
    """What bash offers after these words, the last of them not finished: the script is loaded into a real one."""
    home = cwd / "bin"
    home.mkdir(exist_ok=True)
    program = home / "runfix"
    code = f"#!{sys.executable}\nfrom runfix_analytics.cli import main\nmain()\n"
    program.write_text(code, encoding="utf-8")
    program.chmod(0o755)
    quoted = " ".join(f"'{word}'" for word in words)
    asked = (
        f"{script('bash')}\nCOMP_WORDS=(runfix {quoted}); COMP_CWORD={len(words)}\n"
        '_runfix_completion runfix; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    environment = os.environ | {
        "PATH": f"{home}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
    }
    run = subprocess.run(
        ["bash", "--norc", "-c", asked], cwd=cwd, env=environment, capture_output=True, text=True, check=True
    )
    return run.stdout.split()


def test_commands_and_options_are_completed(tmp_path: Path):
    assert offered("ni", cwd=tmp_path) == ["nightly"]
    assert offered("nightly", "--ex", cwd=tmp_path) == ["--executor"]
    assert offered("template", "", cwd=tmp_path) == ["aches", "strength"]


@pytest.mark.parametrize("words", [("--runner",), ()], ids=["an option", "an argument"])
def test_runners_are_completed_by_id_and_not_by_name(tmp_path: Path, words: tuple[str, ...]):
    store = Store.create(tmp_path / "squad")
    ids = [store.add_runner(name, store.catalogue()) for name in ("Ann Example", "Bo Example")]
    command = "report" if words else "explain"
    assert offered(command, "--root", "squad", *words, "", cwd=tmp_path) == sorted(ids)
    assert offered(command, "--root", "squad", *words, "Ann", cwd=tmp_path) == []
    assert offered(command, "--root", "squad", *words, ids[0][:5], cwd=tmp_path) == [ids[0]]


def test_where_no_store_is_nothing_is_offered(tmp_path: Path):
    assert offered("explain", "", cwd=tmp_path) == []


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_that_the_shell_can_read(shell: str, tmp_path: Path):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not on this machine")
    (tmp_path / "complete").write_text(script(shell), encoding="utf-8")
    subprocess.run([shell, "-n", tmp_path / "complete"], check=True, capture_output=True)


def test_completing_reads_no_table(tmp_path: Path):
    """The tab key must not wait for polars."""
    code = (
        "import sys\nfrom runfix_analytics.cli import main\n"
        "from click.shell_completion import BashComplete\n"
        "print(len(BashComplete(main, {}, 'runfix', '_X').get_completions(['report', '--runner'], '')))\n"
        "print('polars' in sys.modules)"
    )
    (tmp_path / "runners.csv").write_text("runner_id\nr1\nr2\n", encoding="utf-8")
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["2", "False"]
