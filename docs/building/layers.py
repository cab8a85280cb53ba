"""The house as it stands: the import layers, drawn from the contracts that `lint-imports` checks."""

import ast
import html
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from docs.building.markdown import code, table, text

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "runfix_analytics"
_WIDTH, _LINE, _GAP, _PAD, _CHAR = 760, 24, 8, 10, 7.0  # CSS pixels; _CHAR: a letter of 12 px in a monospaced face


def pages() -> Iterator[tuple[str, str]]:
    """(path, content) of the page on architecture and its drawings."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    said = ["# Architecture\n\n" + _INTRO]
    for number, contract in enumerate(one for one in contracts if one["type"] == "layers"):
        yield f"images/layers_{number}.svg", drawing(contract["name"], contract["layers"])
        said.append(
            f"## {contract['name']}\n\nModules import from the layers below theirs, never from beside or above.\n\n"
            f'<div class="wide" markdown>\n\n![{contract["name"]}: {len(contract["layers"])} layers]'
            f"(images/layers_{number}.svg){{ .layers }}\n\n</div>\n\n"
        )
    others = [one for one in contracts if one["type"] != "layers"]
    said.append("## Other walls\n\n" + "".join(f"- {text(one['name'])}.\n" for one in others))
    said.append("\nAll of them are checked by `lint-imports` in `make check`.\n\n## Modules\n\n")
    said.append(table(("module", "lines", "what it is"), _modules()))
    yield "architecture.md", "".join(said)


def drawing(title: str, layers: list[str]) -> str:
    """The layers from top to bottom as an SVG picture, each module a box with its purpose as a tooltip."""
    purposes = {name: said for name, _, said in modules()}
    y, parts = _GAP, []
    for layer in layers:
        rows = _wrapped([name.strip(" ()").rpartition(".")[2] for name in layer.replace(":", "|").split("|")])
        height = len(rows) * (_LINE + _GAP) + _GAP
        parts.append(f'<rect class="layer" x="1" y="{y}" width="{_WIDTH - 2}" height="{height}" rx="6"/>')
        full = {name.strip(" ()").rpartition(".")[2]: name.strip(" ()") for name in layer.replace(":", "|").split("|")}
        for i, row in enumerate(rows):
            parts += _boxes(row, y + _GAP + i * (_LINE + _GAP), full, purposes)
        y += height + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" role="img" aria-label="{html.escape(title)}">'
        f"<style>{_STYLE}</style>{''.join(parts)}</svg>\n"
    )


def _wrapped(names: list[str]) -> list[list[str]]:
    """Names in rows that are not wider than the picture."""
    rows, used = [list[str]()], 0.0
    for name in names:
        width = _width(name) + _GAP
        if rows[-1] and used + width > _WIDTH - 2 * _GAP:
            rows.append([])
            used = 0.0
        rows[-1].append(name)
        used += width
    return rows


def _width(name: str) -> float:
    return len(name) * _CHAR + 2 * _PAD


def _boxes(row: list[str], y: float, full: Mapping[str, str], purposes: Mapping[str, str]) -> Iterator[str]:
    x = (_WIDTH - sum(_width(name) + _GAP for name in row) + _GAP) / 2
    for name in row:
        said = html.escape(purposes.get(full[name], ""))
        yield (
            f'<g><title>{said}</title><rect class="module" x="{x:.1f}" y="{y}" width="{_width(name):.1f}" height="{_LINE}" '
            f'rx="4"/><text x="{x + _width(name) / 2:.1f}" y="{y + 16}">{html.escape(name)}</text></g>'
        )
        x += _width(name) + _GAP


def modules() -> Iterator[tuple[str, int, str]]:
    """(dotted name, lines, first line of its docstring) of every module; packages by their own name."""
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        said = (ast.get_docstring(ast.parse(source)) or "").split("\n\n")[0]
        yield name, len(source.splitlines()), " ".join(said.split())


def _modules() -> Iterator[tuple[object, ...]]:
    for name, lines, said in modules():
        short = name.removeprefix(f"{PACKAGE}.")
        yield f"[{code(short)}](api/{name}.md)", lines, text(said)


_STYLE = (
    ".layer{fill:#eef2f0;stroke:#c3cfc9}.module{fill:#fff;stroke:#4f7a68}"
    "text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;text-anchor:middle;fill:#1d2b26}"
    "@media(prefers-color-scheme:dark){.layer{fill:#26302c;stroke:#3d4b45}.module{fill:#17201c;stroke:#7fb39d}text{fill:#dfe9e4}}"
)
_INTRO = """Data flows one way, and every arrow is one function:

```text
inbox/<runner>/<file> → (archive) → readers → ingest
    → runs · other_activities · strength_sets · strength_days
      · ache_reports · rejects · imports (ledger)

running_load   known_days → coverage   episodes → exposure
onsets (coverage before each onset)    incidence
cohort → association → verdicts        (all runners, once a week)
referrals   recommendation → moves

    → publishing: pages, tables and PDFs below reports/
```

One module is one table is one public function that makes it; `assessment.py` is the story in twenty lines of calls. The stages
of a night (`night.py`) are functions of paths and ids: the command line runs them in a loop, the Prefect flow as tasks, an
executor in processes or on Dask. Calculations read no file, ask no clock and change no argument.

"""
