"""What was measured: the benchmarks, and how much disk the installation takes."""

import ast
import json
import platform
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib import metadata
from os import cpu_count
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from docs.building.markdown import code, codes, table, text

ROOT = Path(__file__).resolve().parents[2]
KEPT, NEW = ROOT / "docs" / "bench.json", ROOT / "build" / "bench.json"
PACKAGE = "runfix-analytics"
_MB = 1_000_000
_NO_EXTRA = ""
_ALWAYS = ("name", "ours_s", "peer", "peer_s", "ratio", "peak_mb")


def keep() -> None:
    """Keeps the newest benchmarks for the docs, with the day and the machine: CI does not run them."""
    machine = f"{cpu_count()} cores, {platform.system()} {platform.machine()}, CPython {platform.python_version()}"
    rows = json.loads(NEW.read_text(encoding="utf-8"))
    told = {"measured_on": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine, "rows": rows}
    KEPT.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def performance() -> str:
    """The page on speed."""
    told: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    header = ("benchmark", "what", "ours, s", "peer", "peer, s", "ratio", "peak memory, MB", "more")
    rows = [
        (
            code(row["name"]),
            text(_what(row["name"])),
            row["ours_s"],
            text(row["peer"] or "alone"),
            row["peer_s"],
            row["ratio"],
            row["peak_mb"],
            text(", ".join(f"{name} {value}" for name, value in row.items() if name not in _ALWAYS)),
        )
        for row in told["rows"]
    ]
    return (
        f"# Speed\n\nMeasured on {told['measured_on']} on {text(told['machine'])}, some rows beside other light work. With a peer to "
        "run: median of five rounds, ours and the peer in turn, after one that is not counted; both must give the same answer "
        "first. Nights and `dask_2` are medians of three rounds, a full night, `assess` and each row of `scale` were run once. Seconds differ from "
        "machine to machine, the ratio less. Peak memory is of the whole process, what was prepared for the peer included.\n\n"
        + table(header, rows)
    )


def _what(name: str) -> str:
    """The first line of the docstring of a benchmark; several rows of nights have one module, and the sizes of scale."""
    named = (ROOT / "tests" / "benchmarks" / f"{of}.py" for of in (name, name.partition("_")[0], "nights"))
    source = next(path for path in named if path.exists()).read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").split("\n\n")[0]


def sizes() -> str:
    """What the package and each extra bring, in this environment: packages and MB as they lie on disk."""
    core = needed(_NO_EXTRA)
    rows = [("core", len(core), _megabytes(core), "")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for extra in sorted(project["optional-dependencies"]):
        more = needed(extra) - core
        if more:
            rows.append((code(extra), len(more), _megabytes(more), codes(_asked(extra))))
    where = f"CPython {platform.python_version()}, {platform.system()} {platform.machine()}"
    return table(("part", "packages", "MB", "asks for"), rows) + (
        f"Measured when this page was built ({where}): the sizes of all files that each package lists as its own, without "
        "compiled caches. Packages that two extras share count in both.\n"
    )


def needed(extra: str) -> set[str]:
    """Every package that the core, or an extra with the core, brings; the package itself is left out.

    What is not in this environment is left out too: markers for other systems, extras that are not installed.
    """
    found, todo, done = set[str](), [(PACKAGE, extra)], set[tuple[str, str]]()
    while todo:
        name, of = todo.pop()
        if (name, of) in done:
            continue
        done.add((name, of))
        if name == PACKAGE:
            todo += _followed(_ours(of), _NO_EXTRA)
            continue
        try:
            lines = metadata.requires(name) or ()
        except metadata.PackageNotFoundError:
            continue
        found.add(name)
        todo += _followed(lines, of)
    return found


def _followed(lines: Iterable[str], of: str) -> Iterator[tuple[str, str]]:
    for line in lines:
        asked = Requirement(line)
        if asked.marker is None or asked.marker.evaluate({"extra": of}):
            name = canonicalize_name(asked.name)
            yield name, _NO_EXTRA
            yield from ((name, extra) for extra in asked.extras)


def _ours(extra: str) -> list[str]:
    """What the package itself asks for, as it stands in pyproject.toml, with an extra or without."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *(project["optional-dependencies"][extra] if extra else ())]


def _asked(extra: str) -> list[str]:
    return sorted(Requirement(line).name for line in _ours(extra)[len(_ours(_NO_EXTRA)) :])


def _megabytes(names: Iterable[str]) -> int:
    return round(sum(size for name in names for size in _sizes(name)) / _MB)


def _sizes(name: str) -> Iterator[int]:
    for file in metadata.files(name) or ():
        path = Path(str(file.locate()))
        if file.suffix != ".pyc" and path.is_file():
            yield path.stat().st_size


if __name__ == "__main__":
    keep()
