"""The notebooks as pages: executed when the docs are built, so that a page shows what the functions say now.

Needs the extras notebooks and prediction.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

ROOT = Path(__file__).resolve().parents[2]
FOLDER, SAMPLE = ROOT / "notebooks", ROOT / "data" / "sample"
SECONDS = 300
_AT_ONCE = 2
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
_FENCE = "```"
# charts are laid out in the widths of Arial; where a browser has none alike, DejaVu is wider
_FACES = (
    '<style>@font-face{font-family:narrower;src:local("DejaVu Sans");size-adjust:86%}'
    '@font-face{font-family:narrower;font-weight:bold;src:local("DejaVu Sans Bold");size-adjust:82%}'
    'text{font-family:Arial,Helvetica,"Liberation Sans",narrower,sans-serif}</style>'
)


def paths() -> list[Path]:
    """The notebooks in their order."""
    return sorted(FOLDER.glob("*.ipynb"))


def executed(path: Path) -> Any:
    """A notebook with the outputs of its cells; run beside a copy of the sample, in a folder of its own.

    Raises: CellExecutionError when a cell fails, RuntimeError when one leaves a file behind or warns.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "notebooks"
        home.mkdir()
        shutil.copytree(SAMPLE, Path(folder) / "data" / "sample")
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            kernel_name="python3",
            config=_sockets(Path(folder)),
            resources={"metadata": {"path": str(home)}},
        )
        client.execute(env=os.environ | _ONE_THREAD)
        if left := [found.name for found in home.iterdir()]:
            raise RuntimeError(f"{path.name} leaves behind: {', '.join(left)}")
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    if warned := [output.text for output in outputs if output.get("name") == "stderr"]:
        raise RuntimeError(f"{path.name} warns: {warned[0]}")
    return notebook


def _sockets(folder: Path) -> Config:
    """A kernel is spoken to through files where the system has such sockets: no port is opened."""
    if os.name == "nt":
        return Config()
    return Config({"ConnectionFileMixin": {"transport": "ipc", "ip": str(folder / "kernel")}})


def pages(linked: Callable[[str, str], str]) -> Iterator[tuple[str, str]]:
    """(path, Markdown or SVG) of each notebook's page and of its charts.

    `linked`: what makes links between our files into links between pages, from the notebook's path and its text.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for path, notebook in zip(paths(), pool.map(executed, paths()), strict=True):
            yield from page(path.stem, notebook, linked)


def page(name: str, notebook: Any, linked: Callable[[str, str], str]) -> Iterator[tuple[str, str]]:
    """(path, content) of one executed notebook's charts and, last, of its page."""
    parts = list[str]()
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(linked(f"notebooks/{name}.ipynb", cell.source))
            continue
        parts.append(_fenced(cell.source, "python"))
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/svg+xml" in data:
                chart = f"images/{name}_{cell.id}.svg"
                yield f"notebooks/{chart}", data["image/svg+xml"].replace(">", f">{_FACES}", 1)
                parts.append(f'<div class="wide" markdown>\n\n![{_title(data)}]({chart}){{ .chart }}\n\n</div>')
            else:
                parts.append(_shown(output, data))
    yield f"notebooks/{name}.md", "\n\n".join(parts) + "\n"


def _shown(output: Any, data: Any) -> str:
    if "text/markdown" in data:
        return str(data["text/markdown"]).strip()
    if "text/html" in data:
        return f'<div class="wide output">{_table(data["text/html"])}</div>'
    return _fenced(str(output.get("text") or data["text/plain"]).rstrip(), "text")


def _fenced(source: str, language: str) -> str:
    return f"{_FENCE}{language}\n{source}\n{_FENCE}"


def _table(html: str) -> str:
    """A table as the site draws its own: without the styles and the quotes of a notebook, on one line."""
    plain = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    plain = re.sub(r"<table[^>]*>", "<table>", plain).replace("\n", "")
    return re.sub(r"<td>&quot;(.*?)&quot;</td>", r"<td>\1</td>", plain)


def _title(data: Any) -> str:
    """What a chart calls itself, for who cannot see it."""
    found = re.search(r'class="[^"]*role-title-text[^"]*".*?<text[^>]*>([^<]+)<', data["image/svg+xml"], re.DOTALL)
    return found[1] if found else "chart"
