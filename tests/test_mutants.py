"""The runner of `make mutants` on a module of its own: what its tests notice, and what they do not."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.mutants.mutating import mutants

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
least_score = {least_score}
least_limit_s = 2
preload = []
packages = []
calls = []
tests.tiny = ["{folder}/test_tiny.py"]
"""
KNOWN = [  # (function, before, after)
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
    ended, found = judged(tmp_path, KNOWN[:1] + KNOWN[2:])
    assert [(one["function"], one["before"], one["after"]) for one in found["survivors"]] == KNOWN
    assert found["n_noticed_by"] == {
        "test_counts_to_the_end": 11, "test_of_full_age_from_the_day_on": 5, "import": 2, "time": 2,
    }  # fmt: skip
    assert (ended.returncode, ended.stdout.count("NOT KNOWN")) == (1, 1)
    assert "tiny.py:6 is_grown\n    - def is_grown(age: int = 18) -> bool:\n" in ended.stdout


def test_known_survivors_above_the_score_are_well(tmp_path: Path):
    ended, found = judged(tmp_path, KNOWN)
    assert (ended.returncode, found["n_mutants"], found["n_survivors"], found["score"]) == (0, 24, 4, 0.8333)


def test_a_survivor_that_is_noticed_now_must_leave_the_list(tmp_path: Path):
    ended, _ = judged(tmp_path, [*KNOWN, ("is_grown", "return age >= 18", "return None")])
    assert ended.returncode == 1
    assert "no survivor any more: tiny | is_grown | return age >= 18 | return None\n" in ended.stdout


def test_a_score_below_the_least_fails(tmp_path: Path):
    ended, _ = judged(tmp_path, KNOWN, least_score=0.9)
    assert ended.returncode == 1
    assert "tiny: 83.3% noticed, 20 of 24\n  too few: 90% are wanted\n" in ended.stdout


def judged(folder: Path, listed: list[tuple[str, str, str]], *, least_score: float = 0.8) -> tuple[Any, Any]:
    (folder / "tiny.py").write_text(TINY)
    (folder / "test_tiny.py").write_text(TESTS)
    (folder / "modules.toml").write_text(SUITE.format(folder=folder, least_score=least_score))
    entry = '[[survivor]]\nmodule = "tiny"\nfunction = "{}"\nbefore = "{}"\nafter = "{}"\nreason = "seen"\n'
    (folder / "survivors.toml").write_text("".join(entry.format(*one) for one in listed))
    ended = subprocess.run(
        [sys.executable, "-m", "tests.mutants", "--jobs=2", f"--suite={folder}", f"--output={folder}/out.json"],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": f"{folder}"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.stderr == ""
    return ended, json.loads((folder / "out.json").read_text())["tiny"]
