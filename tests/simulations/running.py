"""Runs the simulations on both cores and writes build/simulate.json: make simulate [REPS=n]; takes up where it stopped.

REPS replications of the gated scenarios for the naive and the pooled estimate, a fifth of that of everything else.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from runfix_analytics.catalogue import load
from tests.simulations import summary
from tests.simulations.priority import averted
from tests.simulations.replication import SEED, replicate
from tests.simulations.unlogged import judged

OUTPUT, PARTS = Path("build/simulate.json"), Path("build/simulate.parts.jsonl")
GATED = ("null", "rehab", "missing", "effect", "effect_misaligned")
OTHERS = ("habit", "confounded", "dropout", "nonlinear")
SHARE_OF_OTHERS = 5
SQUADS = {40: 0.5, 200: 0.2, 1000: 0.1}  # runners: squads, as a share of REPS
RENEWED_AFTER = 100  # tasks of one process: after some hundreds each takes three times as long
Task = tuple[str, str, int]


def tasks(reps: int) -> Iterator[Task]:
    """(kind, name, number) of everything to run; the whole association first, so that an early stop shows something."""
    few = max(1, reps // SHARE_OF_OTHERS)
    yield "unlogged", "unlogged_fortnights", 0
    for number in range(few):
        yield from (("whole", scenario, number) for scenario in (*GATED, *OTHERS))
    for n_runners, share in SQUADS.items():
        yield from (("priority", str(n_runners), number) for number in range(max(1, round(reps * share))))
    for number in range(few, reps):
        yield from (("pooled", scenario, number) for scenario in GATED)


def work(task: Task) -> dict[str, Any]:
    """What one task found, ready for a line of JSON."""
    kind, name, number = task
    catalogue = load()
    if kind == "unlogged":
        return {"task": task, "found": judged(catalogue, SEED)}
    if kind == "priority":
        return {"task": task, "found": averted(number, int(name), catalogue, SEED)}
    return {"task": task, "found": summary.compact(replicate(name, number, catalogue, is_whole=kind == "whole"))}


def main() -> None:
    """Runs what is not done yet, showing how far it is, and sums up."""
    arguments = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    arguments.add_argument("reps", type=int, nargs="?", default=300)
    reps = arguments.parse_args().reps
    PARTS.parent.mkdir(exist_ok=True)
    lines = PARTS.read_text().splitlines() if PARTS.exists() else []
    done = {tuple(part["task"]): part for part in map(json.loads, lines)}
    wanted = list(tasks(reps))
    open_tasks = [task for task in wanted if task not in done]
    began = time.monotonic()
    with PARTS.open("a") as parts, get_context("spawn").Pool(os.cpu_count(), None, (), RENEWED_AFTER) as pool:
        for number, part in enumerate(pool.imap_unordered(work, open_tasks), 1):
            parts.write(json.dumps(part) + "\n")
            parts.flush()
            done[tuple(part["task"])] = part
            _show(number, len(open_tasks), time.monotonic() - began)
    rows = summary.rows([done[task] for task in wanted])
    OUTPUT.write_text(json.dumps(rows, indent=1) + "\n")
    print("\n" + summary.table(rows))
    print(f"\nwritten: {OUTPUT}; {len(open_tasks)} of {len(wanted)} run now, in {time.monotonic() - began:.0f} s")
    failed = [line for line in summary.gates(rows) if not line.startswith("ok")]
    print("\n".join(summary.gates(rows)))
    if failed and reps >= summary.REPS_FOR_GATES:
        sys.exit(1)


def _show(number: int, n_all: int, seconds: float) -> None:
    left = seconds / number * (n_all - number) / 60
    end = "\r" if sys.stderr.isatty() else "\n"
    if sys.stderr.isatty() or number % 25 == 0 or number == n_all:
        print(f"{number} of {n_all}, about {left:.0f} min left", file=sys.stderr, end=end, flush=True)
