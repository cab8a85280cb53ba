"""runfix demo: here from the checkout, and from the wheel in an environment that holds the core alone."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from filecmp import dircmp
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runfix_analytics.cli import main
from runfix_analytics.demo import lay_out
from runfix_analytics.errors import ConfigError
from tests.conftest import DEMO_DAY, SAMPLE

ROOT = Path(__file__).resolve().parents[1]
NOT_IN_THE_CORE = ("prefect", "scikit-learn", "weasyprint", "dask", "distributed", "duckdb", "pandas", "statsmodels")
NO_REGISTRY = re.compile(r"NewConnectionError|Could not find a version|No matching distribution|Temporary failure")


def demo(folder: Path) -> Result:
    return CliRunner().invoke(main, ["demo", str(folder)], catch_exceptions=False)


def test_the_demo_lays_out_the_sample_squad_and_publishes_its_pages(tmp_path: Path):
    result = demo(tmp_path / "squad")
    assert result.exit_code == 0
    pages = [Path(line.partition("  ")[0]) for line in result.stdout.splitlines()]
    assert len(pages) == 12 + 3
    assert [page for page in pages if not page.is_file()] == []
    assert "2026-07-01-20-30-47.fit: the file ends at byte" in result.stderr
    assert f"Open {tmp_path / 'squad' / 'reports' / 'index.html'}" in result.stderr
    page = pages[0].read_text(encoding="utf-8")
    assert "25 Oct 2026" in page
    assert "Since the report of 27 Sept" in page
    assert demo(tmp_path / "squad").exit_code == 1


def test_what_is_there_is_never_written_over(tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(ConfigError, match="is there already; choose another folder"):
        lay_out(tmp_path)
    with pytest.raises(ConfigError, match="is there already"):
        lay_out(tmp_path / "thesis.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


# from the wheel


def run(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(word) for word in words], env=environment, capture_output=True, text=True, check=False, **options
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The programs of a fresh environment with the wheel in it, and nothing but what it asks for."""
    home = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    built = run(*pip, "wheel", "--no-deps", "--wheel-dir", home, ROOT)
    if NO_REGISTRY.search(built.stderr) and not list(home.glob("*.whl")):
        pytest.skip("no package registry within reach: the wheel is not built")
    [wheel] = home.glob("*.whl")
    assert run(sys.executable, "-m", "venv", home / "venv").returncode == 0
    programs = home / "venv" / "bin"
    asked = (programs / "python", *pip[1:], "install", "--constraint", ROOT / "constraints.txt", wheel)
    done = run(*asked)
    assert done.returncode == 0, done.stderr
    yield programs


@pytest.mark.wheel
def test_the_wheel_brings_nothing_that_not_everyone_needs(installed: Path):
    listed = json.loads(run(installed / "python", "-m", "pip", "list", "--format", "json").stdout)
    assert {package["name"].lower() for package in listed} & set(NOT_IN_THE_CORE) == set()


@pytest.mark.wheel
def test_the_wheel_runs_the_demo_with_the_files_of_data_sample(installed: Path, tmp_path: Path):
    done = run(installed / "runfix", "demo", tmp_path / "squad", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "squad" / "reports" / "index.html").is_file()
    compared = dircmp(SAMPLE / "inbox", tmp_path / "squad" / "inbox")
    assert (compared.left_only, compared.right_only) == ([], [])
    for runner, below in compared.subdirs.items():
        assert (runner, below.left_only, below.right_only, below.diff_files) == (runner, [], [], [])


@pytest.mark.wheel
def test_the_core_does_the_main_job(installed: Path, tmp_path: Path):
    runfix, root = installed / "runfix", tmp_path / "squad"
    strong = SAMPLE / "inbox" / "qqesaq9m" / "strong.csv"
    for words in (
        ("init", root),
        ("add", "Ann Example", "--root", root, "--time-zone", "Europe/Berlin"),
        ("import", "--root", root, "--runner", "Ann Example", strong),
        ("nightly", "--root", root, "--as-of", DEMO_DAY),
        ("report", "--root", root),
        ("status", "--root", root),
        ("doctor", "--root", root),
    ):
        done = run(runfix, *words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr + done.stdout
    told = json.loads(run(runfix, "doctor", "--root", root, "--json").stdout)
    assert told["problems"] == []
    assert "no: pip install" in told["installation"]["pdf"]
    assert all(said.startswith("lacks ") for said in told["installation"]["extras"].values())


@pytest.mark.wheel
def test_what_needs_an_extra_says_which(installed: Path, tmp_path: Path):
    run(installed / "runfix", "init", tmp_path / "squad")
    (tmp_path / "day.csv").write_text("x\n", encoding="utf-8")
    done = run(installed / "runfix", "report", "--pdf", "--as-of", DEMO_DAY, "--root", tmp_path / "squad")
    assert (done.returncode, "runfix-analytics[pdf]" in done.stderr) == (1, True), done.stderr
    done = run(installed / "runfix", "replicate", "lovdal", tmp_path / "day.csv")
    assert (done.returncode, "runfix-analytics[prediction]" in done.stderr) == (1, True), done.stderr


def test_the_wheel_and_the_source_ship_the_sample_once():
    targets = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert targets["wheel"]["force-include"] == {"data/sample": "runfix_analytics/sample"}
    assert "data" in targets["sdist"]["include"]
    assert not (ROOT / "runfix_analytics" / "sample").exists()
