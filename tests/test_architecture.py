"""The walls of the house: what starts quickly, who may import whom, and how large a module and a function get."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "runfix_analytics"
HEAVY = (
    "polars",
    "dataframely",
    "deltalake",
    "prefect",
    "sklearn",
    "jinja2",
    "fitparse",
    "numpy",
    "pandas",
    "scipy",
    "obstore",
)
WITH_SKLEARN = ("runfix_analytics.calibration", "runfix_analytics.lovdal", "runfix_analytics.prediction")
MAX_MODULE_LINES, MAX_FUNCTION_LINES = 500, 60
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def modules() -> Iterator[tuple[str, Path]]:
    """(dotted name, path) of every module of the library; packages by their own name."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def heavy_after(code: str) -> list[str]:
    asked = f"import sys\n{code}\nprint(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()[-1].split()


_COMMANDS = (
    "", "init", "add", "import", "assess", "report", "nightly", "imports", "undo", "retry", "unmapped", "mark", "marks",
    "erase", "export", "migrate", "rebuild", "backup", "restore", "status", "template", "explain", "simulate",
    "replicate", "replicate lovdal",
)  # fmt: skip


@pytest.mark.parametrize("command", _COMMANDS)
def test_asking_for_help_imports_nothing_heavy(command: str):
    arguments = [*command.split(), "--help"]
    code = f"from runfix_analytics.cli import main\ntry: main({arguments!r})\nexcept SystemExit as end: print(end.code)"
    assert heavy_after(code) == []


def test_importing_the_package_the_catalogue_and_the_errors_imports_nothing_heavy():
    assert heavy_after("import runfix_analytics, runfix_analytics.catalogue, runfix_analytics.errors") == []


def test_the_library_does_not_import_prefect_nor_scikit_learn():
    names = [name for name, _ in modules() if name not in WITH_SKLEARN]
    code = "\n".join(f"import {name}" for name in names)
    assert set(heavy_after(code)) & {"prefect", "sklearn", "pandas"} == set()


def _named(value: object) -> Iterator[str]:
    for line in value if isinstance(value, list) else [value]:
        yield from (name.strip(" ()") for name in str(line).replace(":", "|").split("|"))


def test_every_module_stands_in_a_layer_of_the_import_contracts():
    contracts = SETTINGS["tool"]["importlinter"]["contracts"]
    layered = {name for contract in contracts if contract["type"] == "layers" for name in _named(contract["layers"])}
    forgotten = [
        name
        for name, _ in modules()
        if not any(layer == name or layer.startswith(f"{name}.") or name.startswith(f"{layer}.") for layer in layered)
    ]
    assert forgotten == []


def test_every_module_that_the_import_contracts_name_exists():
    names = {name for name, _ in modules()}
    contracts = SETTINGS["tool"]["importlinter"]["contracts"]
    ours = {
        name
        for contract in contracts
        for key in ("layers", "source_modules", "forbidden_modules", "modules")
        for name in _named(contract.get(key, []))
        if name.startswith("runfix_analytics.") and not name.endswith("*")
    }
    assert sorted(ours - names) == []


def test_no_module_is_too_long_to_be_read_at_once():
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules()}
    lengths.pop("runfix_analytics.tables")  # the data dictionary is read in one place: see DECISIONS.md
    assert {name: n for name, n in lengths.items() if n > MAX_MODULE_LINES} == {}


def test_no_function_is_too_long_to_be_read_at_once():
    too_long = {
        f"{name}.{node.name}": node.end_lineno - node.lineno + 1
        for name, path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.end_lineno and node.end_lineno - node.lineno >= MAX_FUNCTION_LINES
    }
    assert too_long == {}


def test_no_module_is_called_by_what_says_nothing():
    assert [name for name, _ in modules() if name.rpartition(".")[2] in {"utils", "helpers", "common", "base"}] == []


def test_calculations_ask_no_clock():
    allowed = {"runfix_analytics.terminal", "runfix_analytics.inbox", "runfix_analytics.ingest"}
    asking = {
        name
        for name, path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow"}
        if isinstance(node.value, ast.Name) and node.value.id in {"datetime", "date", "dt"}
    }
    assert sorted(asking - allowed) == []
