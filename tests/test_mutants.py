"""The runner of `make mutants` on a module of its own: what its tests notice, and what they do not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.mutating import Mutant, mutants
from tests.mutants.running import Judged, lines
from tests.mutants.trying import SURVIVED, Outcome

ROOT = Path(__file__).parent.parent
TINY = '''"""Who may run."""

SMALLEST = 6 // (3 - 2)


def is_grown(age: int = 18) -> bool:
    """Whether of full age."""
    return age >= 18


def counted_down(n: int) -> int:
    while n > 0:
        n = n - 1
    return n
'''
TESTS = """
import tiny

def test_of_full_age_from_the_day_on():
    assert tiny.is_grown(18)
    assert not tiny.is_grown(16)
    assert tiny.is_grown()

def test_counts_to_the_end():
    assert tiny.counted_down(2) == 0
    assert tiny.SMALLEST == 6
"""
SUITE = """
least_score = 0.8
least_limit_s = 2
preload = []
packages = []
calls = []
tests.tiny = ["{folder}/test_tiny.py"]
"""
KNOWN = [  # function, line as it is, line with the fault
    ("", "SMALLEST = 6 // (3 - 2)", "SMALLEST = (6 / (3 - 2))"),
    ("is_grown", "def is_grown(age: int = 18) -> bool:", "def is_grown(age: int = 19) -> bool:"),
    ("is_grown", "return age >= 18", "return age >= 17"),
    ("counted_down", "n = n - 1", "n = n - 2"),
]


@pytest.mark.parametrize(
    ("source", "after"),
    [
        ("a < 1", ["(a <= 1)", "(a >= 1)", "a < 2", "a < 0"]),
        ("a is not b", ["(a is b)"]),
        ("a + b * c", ["(a - b * c)", "a + (b / c)"]),
        ("a and not b", ["(a or not b)", "a and b"]),
        ("a & ~b", ["(a | ~b)", "a & b"]),
        (
            "é = 'ü' if a else True",
            ["é = 'XXü' if a else True", "é = 'ü' if (not (a)) else True", "é = 'ü' if a else False"],
        ),
        ("[x for x in y if x]", ["[x for x in y if True]"]),
        ("min(a, b)", ["max(a, b)"]),
        ("(a, b)", ["(b,)", "(a,)"]),
        ("{1: a, **b}", ["{**b}", "{1: a}", "{2: a, **b}", "{0: a, **b}"]),
        ("a.sort(b, c)", ["a.sort(c)", "a.sort(b)", "a"]),
        ("f(a, b=c)", ["f(a)"]),
        ("a.join(b, how='left')", ["a.join(b)", "a.join(b, how='inner')", "a.join(b, how='XXleft')", "a"]),
        ("a[:, None]", []),
        ("f'{a} and b'", ["'XX'"]),
    ],
)  # fmt: skip
def test_a_line_has_these_faults(source: str, after: list[str]):
    assert sorted(one.after for one in mutants("tiny", source)) == sorted(after)


def test_a_fault_is_named_by_its_function_and_lies_in_no_docstring_annotation_or_import():
    source = 'from a import b\nclass C:\n  """One."""\n  d: int = 1\n  def e(self, x: "C") -> "C":\n    """Two."""\n'
    assert [(one.function, one.line, one.before, one.after) for one in mutants("tiny", source)] == [
        ("C", 4, "d: int = 1", "d: int = 0"),
        ("C", 4, "d: int = 1", "d: int = 2"),
    ]


def test_noticed_and_unnoticed_faults_are_told_apart_and_an_unknown_survivor_fails(tmp_path: Path):
    (tmp_path / "tiny.py").write_text(TINY)
    (tmp_path / "test_tiny.py").write_text(TESTS)
    (tmp_path / "modules.toml").write_text(SUITE.format(folder=tmp_path))
    known = f'[[known]]\nmodule = "tiny"\nreason = "seen"\nsurvivors = {[list(one) for one in KNOWN[1:]]}\n'
    (tmp_path / "survivors.toml").write_text(known)
    ended = subprocess.run(
        [sys.executable, "-m", "tests.mutants", "--jobs=2", f"--suite={tmp_path}", f"--output={tmp_path}/out.json"],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": f"{tmp_path}"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (1, "")
    found = json.loads((tmp_path / "out.json").read_text())["tiny"]
    assert (found["n_mutants"], found["n_survivors"], found["score"]) == (24, 4, 0.8333)
    assert [(one["function"], one["before"], one["after"]) for one in found["survivors"]] == KNOWN
    assert [one["reason"] for one in found["survivors"]] == [None, "seen", "seen", "seen"]
    assert found["n_noticed_by"] == {
        "test_counts_to_the_end": 11, "test_of_full_age_from_the_day_on": 5, "import": 2, "time": 2,
    }  # fmt: skip
    assert "tiny.py:6 is_grown\n    - def is_grown(age: int = 18) -> bool:\n" in ended.stdout


@pytest.mark.parametrize(
    ("known", "least_score", "is_good", "told"),
    [
        (["a < 1"], 0.75, True, "    as good"),
        (["a < 1"], 0.76, False, "  too few: 76% are wanted"),
        ([], 0.75, False, "    NOT KNOWN: write a test, or list it in survivors.toml with a reason"),
        (["a < 1", "a < 2"], 0.75, False, "  listed, but no survivor any more: m | f | a < 0 | a < 2"),
    ],
)
def test_a_module_is_well_with_enough_noticed_and_no_survivor_but_those_listed(
    known: list[str], least_score: float, is_good: bool, told: str
):
    each = [Mutant("m", "f", 1, "a < 0", f"a < {number}", "") for number in (1, 2, 3, 4)]
    found = [Outcome(one, SURVIVED if one.after == "a < 1" else "test", 1.0, {}) for one in each]
    judged = Judged("m", found, {("m", "f", "a < 0", after): "as good" for after in known}, least_score)
    said = lines(judged)
    assert (judged.is_good, said[0]) == (is_good, "m: 75.0% noticed, 3 of 4")
    assert told in said
