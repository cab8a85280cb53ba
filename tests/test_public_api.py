"""`import runfix_analytics as rf`: light, complete, and the same names for Python and for a type checker."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import runfix_analytics as rf

INIT = Path(rf.__file__)
HEAVY = ("polars", "dataframely", "numpy", "sklearn", "prefect", "deltalake", "altair", "pandas", "pyarrow", "duckdb")


def printed_by(code: str) -> str:
    run = subprocess.run([sys.executable, "-c", code], cwd=INIT.parents[1], capture_output=True, text=True, check=True)
    return run.stdout.strip()


def stubs() -> dict[str, str]:
    """Public name → module, as the block for type checkers has them."""
    tree = ast.parse(INIT.read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    return {alias.name: node.module for node in block.body for alias in node.names}


def test_the_import_loads_nothing_heavy():
    code = f"import sys, runfix_analytics as rf; dir(rf); print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    assert printed_by(code) == ""


def test_using_the_store_and_the_calculations_draws_in_no_prefect_and_no_scikit_learn():
    used = "rf.open; rf.assess; rf.study; rf.explain; rf.nightly; rf.simulate"
    code = f"import sys, runfix_analytics as rf; {used}; print({{'prefect', 'sklearn'}} & set(sys.modules))"
    assert printed_by(code) == "set()"


def test_what_a_type_checker_sees_is_what_python_gives():
    of_checker = stubs()
    assert sorted(of_checker) == sorted(rf.__all__)
    for name, module in of_checker.items():
        given = getattr(rf, name)
        where = f"{module}.{name}" if module == "runfix_analytics" else module
        found = importlib.import_module(where)
        assert given is (found if module == "runfix_analytics" else getattr(found, name)), name


def test_every_public_name_tells_what_it_is():
    assert [name for name in rf.__all__ if not getattr(rf, name).__doc__] == []


@pytest.mark.parametrize(
    "first", ["import runfix_analytics.coverage", "from runfix_analytics.assessment import assess"]
)
def test_a_function_keeps_its_name_whatever_module_is_imported_before_or_after(first):
    code = f"""
{first}
import runfix_analytics as rf
one = rf.coverage
import runfix_analytics.coverage
from runfix_analytics import coverage
from runfix_analytics.coverage import known_coverage
print(callable(one), one is rf.coverage is coverage, known_coverage.__name__)
"""
    assert printed_by(code) == "True True known_coverage"


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'risk_score'"):
        _ = rf.risk_score


def test_what_needs_an_extra_says_which():
    code = """
import sys
sys.modules["sklearn"] = None
import runfix_analytics as rf
try:
    rf.prediction_scores
except rf.RunfixError as error:
    print(error)
"""
    assert printed_by(code).endswith("pip install 'runfix-analytics[prediction]'")


def test_the_package_says_that_it_is_typed():
    assert (INIT.parent / "py.typed").is_file()


def test_mypy_sees_the_true_types(tmp_path):
    own = tmp_path / "own.py"
    own.write_text(
        "import runfix_analytics as rf\n"
        "reveal_type(rf.open('x').runs().collect())\n"
        "reveal_type(rf.coverage)\n"
        "rf.open(3)\n"
        "rf.coverage('x')\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(own)]
    run = subprocess.run(command, cwd=INIT.parents[1], capture_output=True, text=True, check=False)
    expected = [
        'own.py:2: note: Revealed type is "dataframely._typing.DataFrame[runfix_analytics.tables.Runs]"',
        "-> dataframely._typing.DataFrame[runfix_analytics.tables.Coverage]",
        'own.py:4: error: Argument 1 to "open" has incompatible type "int"',
        'own.py:5: error: Missing positional argument "days"',
    ]
    assert [text for text in expected if text not in run.stdout] == []
