"""The command line of `make mutants`, and build/mutants.json.

survivors.toml holds those that were looked at, by reason: function, line as it is, line with the fault.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutants.mutating import Mutant, mutants
from tests.mutants.trying import SURVIVED, NotTriedError, Outcome, outcomes, preload, source_of

OUTPUT = Path("build/mutants.json")
SUITE = Path(__file__).parent
_SLOWEST = 5  # times what the tests take on the module as it is, before a mutant is given up
_QUICK_S = 0.5
_KEY = ("module", "function", "before", "after")
Key = tuple[str, ...]


@dataclass(frozen=True)
class Judged:
    """What the tests of one module notice."""

    module: str
    outcomes: Sequence[Outcome]
    reasons: Mapping[Key, str]  # why a survivor is none to worry about
    least_score: float

    @property
    def score(self) -> float:
        return 1 - len(self.survivors) / max(1, len(self.outcomes))

    @property
    def survivors(self) -> list[Mutant]:
        return [one.mutant for one in self.outcomes if one.noticed_by == SURVIVED]

    @property
    def new(self) -> list[Mutant]:
        return [one for one in self.survivors if _key(one) not in self.reasons]

    @property
    def gone(self) -> list[Key]:
        """Listed, but noticed now or not in the source any more."""
        return sorted(set(self.reasons) - {_key(one) for one in self.survivors})

    @property
    def is_good(self) -> bool:
        return self.score >= self.least_score and not self.new and not self.gone


def main() -> None:
    """Judges all modules or those that are named; ends with 1 if one is under the score or a survivor is not known."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("only", nargs="*", help="modules, by the last part of their names")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--suite", type=Path, default=SUITE, help="the folder of modules.toml and survivors.toml")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--again", action="store_true", help="only what survived the last time; writes nothing")
    arguments = parser.parse_args()
    suite = tomllib.loads((arguments.suite / "modules.toml").read_text())
    names = {module.rpartition(".")[2]: module for module in suite["tests"]}
    if unknown := set(arguments.only) - set(names):
        sys.exit(f"no such module: {', '.join(sorted(unknown))}; there are: {', '.join(names)}")
    wanted = arguments.only or list(names)
    if len(wanted) > 1:  # each alone: what one preloads, another changes
        command = [sys.executable, "-m", "tests.mutants", f"--jobs={arguments.jobs}", f"--suite={arguments.suite}"]
        command += [f"--output={arguments.output}", *(["--again"] if arguments.again else [])]
        sys.exit(max(subprocess.run([*command, name], check=False).returncode for name in wanted))
    module = names[wanted[0]]
    reasons = _reasons(arguments.suite / "survivors.toml", module)
    only = {*reasons, *_survived(arguments.output, module)} if arguments.again else None
    try:
        preload(module, suite["preload"], suite["packages"], suite["calls"])
        found = _judge(module, suite, only, n_jobs=arguments.jobs)
    except NotTriedError as error:
        sys.exit(str(error))
    judged = Judged(module, found, reasons, suite["least_score"])
    print("\n".join(lines(judged)[arguments.again :]))
    if arguments.again:
        return
    _write(arguments.output, judged)
    print(f"written: {arguments.output}")
    sys.exit(0 if judged.is_good else 1)


def _reasons(file: Path, module: str) -> dict[Key, str]:
    groups = tomllib.loads(file.read_text()).get("known", [])
    return {(module, *one): of["reason"] for of in groups if of["module"] == module for one in of["survivors"]}


def _survived(output: Path, module: str) -> list[Key]:
    earlier = json.loads(output.read_text()) if output.exists() else {}
    survivors = earlier.get(module, {}).get("survivors", [])
    return [(module, one["function"], one["before"], one["after"]) for one in survivors]


def _judge(module: str, suite: Mapping[str, Any], only: Set[Key] | None, *, n_jobs: int) -> list[Outcome]:
    source, tests = source_of(module), suite["tests"][module]
    unchanged = Mutant(module, "", 0, "", "as it is", source)
    [as_it_is] = outcomes([unchanged], tests, limit_s=3600, n_jobs=1)
    if as_it_is.noticed_by != SURVIVED:
        raise NotTriedError(f"{module} as it is does not pass its tests: {as_it_is.noticed_by}")
    limit_s = max(suite["least_limit_s"], _SLOWEST * n_jobs * as_it_is.took_s)
    wanted = [one for one in mutants(module, source) if only is None or _key(one) in only]
    print(f"{module}: {len(wanted)} mutants, tests take {as_it_is.took_s:.1f} s", flush=True)
    quick = {test for test, took_s in as_it_is.tests_s.items() if took_s < _QUICK_S}
    found, begun = list[Outcome](), time.monotonic()
    for one in outcomes(wanted, tests, quick, limit_s=limit_s, n_jobs=n_jobs):
        found.append(one)
        if len(found) % 50 == 0:
            print(f"  {len(found)} of {len(wanted)} after {time.monotonic() - begun:.0f} s", flush=True)
    place = {mutant: number for number, mutant in enumerate(wanted)}
    return sorted(found, key=lambda one: place[one.mutant])


def lines(judged: Judged) -> list[str]:
    """The score, and each survivor with its reason."""
    n_all, n_survivors = len(judged.outcomes), len(judged.survivors)
    told = [f"{judged.module}: {judged.score:.1%} noticed, {n_all - n_survivors} of {n_all}"]
    if judged.score < judged.least_score:
        told.append(f"  too few: {judged.least_score:.0%} are wanted")
    path = f"{judged.module.replace('.', '/')}.py"
    for one in judged.survivors:
        reason = judged.reasons.get(_key(one), "NOT KNOWN: write a test, or list it in survivors.toml with a reason")
        told += [f"  {path}:{one.line} {one.function}", f"    - {one.before}", f"    + {one.after}", f"    {reason}"]
    told += [f"  listed, but no survivor any more: {' | '.join(key)}" for key in judged.gone]
    return told


def _write(output: Path, judged: Judged) -> None:
    """A module that was not judged stays as it was."""
    earlier = json.loads(output.read_text()) if output.exists() else {}
    n_of = Counter(one.noticed_by.rpartition("::")[2] for one in judged.outcomes if one.noticed_by != SURVIVED)
    found: dict[str, Any] = {
        "n_mutants": len(judged.outcomes),
        "n_survivors": len(judged.survivors),
        "score": round(judged.score, 4),
        "survivors": [
            {"line": one.line, "function": one.function, "before": one.before, "after": one.after}
            | {"reason": judged.reasons.get(_key(one))}
            for one in judged.survivors
        ],
        "n_noticed_by": dict(n_of.most_common()),
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(earlier | {judged.module: found}, indent=1, ensure_ascii=False) + "\n")


def _key(mutant: Mutant) -> Key:
    return tuple(getattr(mutant, part) for part in _KEY)
