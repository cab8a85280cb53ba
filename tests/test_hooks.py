"""What runs before a commit: it needs no network, mends what can be mended, and stops what cannot."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / ".pre-commit-config.yaml"


def run(repository: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"PRE_COMMIT_HOME": str(repository / "cache"), "https_proxy": "http://127.0.0.1:9"}
    return subprocess.run(words, cwd=repository, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with our hooks, our rules and a package whose imports they know."""
    for name in (".pre-commit-config.yaml", "pyproject.toml", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    for package in ("runfix_analytics", "pipelines"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    run(tmp_path, "git", "init", "--quiet")
    return tmp_path


def hooked(repository: Path, file: str, content: str) -> tuple[int, str, str]:
    """Exit code of all hooks on one file, what they print, and the file as they leave it."""
    (repository / file).write_text(content, encoding="utf-8")
    run(repository, "git", "add", "--force", file)
    done = run(repository, sys.executable, "-m", "pre_commit", "run", "--files", file)
    return done.returncode, done.stdout, (repository / file).read_text(encoding="utf-8")


def test_the_hooks_are_programs_of_the_environment_and_fetch_nothing():
    [local] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["repos"]
    assert local["repo"] == "local"
    for hook in local["hooks"]:
        assert hook["language"] == "system"
        program = Path(hook["entry"].split()[0])
        assert program.parent == Path(".venv/bin")
        assert Path(sys.executable).with_name(program.name).exists()


def test_code_is_formatted_and_what_is_wrong_is_named(repository: Path):
    code, said, left = hooked(repository, "new.py", '"""A module."""\n\nimport os\nx = {  "a":1 }\n')
    assert code == 1
    assert left == '"""A module."""\n\nimport os\n\nx = {"a": 1}\n'
    assert "F401" in said
    code, said, _ = hooked(repository, "new.py", '"""A module."""\n\nX = {"a": 1}\n')
    assert (code, "Failed" in said) == (0, False), said


def test_outputs_of_notebooks_are_taken_out(repository: Path):
    output = {"output_type": "stream", "name": "stdout", "text": ["Ann's shin\n"]}
    cell = {"cell_type": "code", "id": "a", "execution_count": 1, "metadata": {}, "outputs": [output], "source": ["x"]}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    code, _, left = hooked(repository, "new.ipynb", json.dumps(notebook))
    assert code == 1
    assert "Ann's shin" not in left


def test_an_import_that_points_up_is_stopped(repository: Path):
    file, first = "runfix_analytics/coverage.py", "import polars as pl\n"
    content = (repository / file).read_text(encoding="utf-8")
    upwards = content.replace(first, f"{first}\nfrom runfix_analytics import night\n", 1)
    code, said, _ = hooked(repository, file, upwards)
    assert code == 1
    assert "runfix_analytics.coverage -> runfix_analytics.night" in said
