"""Every notebook runs as committed, asks in its first cell, answers in its last, and stores no output."""

import ast
import shutil
import time
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
SAMPLE = Path(__file__).parent.parent / "data" / "sample"
SECONDS = 300


def read(path: Path):
    import nbformat  # noqa: PLC0415

    return nbformat.read(path, as_version=4)


def code_of(path: Path) -> list[str]:
    return [cell.source for cell in read(path).cells if cell.cell_type == "code"]


def test_there_are_notebooks_and_the_readme_names_each():
    assert NOTEBOOKS
    readme = (NOTEBOOKS[0].parent / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in NOTEBOOKS if f"`{path.name}`" not in readme] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_stores_no_output(path):
    for cell in read(path).cells:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_first_and_answers_last_and_is_short(path):
    cells = read(path).cells
    assert cells[0].cell_type == cells[-1].cell_type == "markdown"
    assert "?" in cells[0].source.splitlines()[0]
    assert cells[-1].source.startswith("## Answer")
    assert 12 <= len(cells) <= 18


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_uses_public_names_only(path):
    tree = ast.parse("\n".join(code_of(path)))
    imported = [alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]
    used = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    assert [name for name in (*imported, *used) if name.startswith("_")] == []


@pytest.mark.notebook
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path, tmp_path):
    from nbclient import NotebookClient  # noqa: PLC0415

    (tmp_path / "notebooks").mkdir()
    shutil.copytree(SAMPLE, tmp_path / "data" / "sample")
    started = time.monotonic()
    executed = NotebookClient(
        read(path),
        timeout=SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path / "notebooks")}},
    ).execute()
    assert time.monotonic() - started < SECONDS
    printed = [output for cell in executed.cells for output in cell.get("outputs", [])]
    assert [output for output in printed if output.output_type == "error"] == []
    assert [output.text for output in printed if output.get("name") == "stderr"] == []
    assert list((tmp_path / "notebooks").iterdir()) == []
