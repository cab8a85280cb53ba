"""A hundred thousand mutated files through the inbox; what is done is kept, so that a run takes up where it stopped."""

import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runfix_analytics.catalogue import load
from tests.soak import checks, watched
from tests.soak.checks import BATCH

PARTS = Path("build/soak.parts.jsonl")
SEED = 20261025
STORED_EVERY = 40  # batches; tables are slow to write
_SECONDS_TO_WAIT, _SECONDS_TO_WAIT_FOR_BATCH = 30.0, 300.0  # on a machine that has other work too


def tasks(seed: int, n: int) -> list[dict[str, Any]]:
    """The batches of n mutations, numbered from 0; what lasts longer than the limit hangs."""
    return [
        {
            "seed": seed,
            "numbers": list(range(first, min(first + BATCH, n))),
            "is_stored": first // BATCH % STORED_EVERY == 0,
            "limit_s": _SECONDS_TO_WAIT_FOR_BATCH,
        }
        for first in range(0, n, BATCH)
    ]


def lost(task: dict[str, Any], why: str) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """A batch that hung or died is done again one by one; of one file it is a finding."""
    if len(task["numbers"]) == 1:
        finding = {"kind": why, "numbers": task["numbers"], "what": f"after {task['limit_s']} s"}
        return [], {"task": task, "counts": {}, "findings": [finding], "seconds": task["limit_s"], "megabytes": 0.0}
    return [task | {"numbers": [number], "limit_s": _SECONDS_TO_WAIT} for number in task["numbers"]], None


def prepare() -> None:
    """Readies a process: everything loaded and used once, so that only files are measured; then memory is limited."""
    load()
    checks.work({"seed": 0, "numbers": list(range(BATCH)), "is_stored": True})
    checks.limit_memory()


def run(n: int, seed: int = SEED, n_workers: int = 2) -> dict[str, Any]:
    """Runs what is not done yet, showing how far it is, and sums up."""
    PARTS.parent.mkdir(exist_ok=True)
    parts = [json.loads(line) for line in PARTS.read_text().splitlines()] if PARTS.exists() else []
    parts = [part for part in parts if part["task"]["seed"] == seed and part["task"]["numbers"][-1] < n]
    done = {number for part in parts for number in part["task"]["numbers"]}
    wanted = [task for task in tasks(seed, n) if not done.issuperset(task["numbers"])]
    began, n_done = time.monotonic(), 0
    with PARTS.open("a") as file, _own_folder():
        for part in watched.each(wanted, checks.work, lost, prepare=prepare, n_workers=n_workers):
            file.write(json.dumps(part) + "\n")
            file.flush()
            parts.append(part)
            n_done += len(part["task"]["numbers"])
            _show(n_done, n - len(done), time.monotonic() - began, sum(len(part["findings"]) for part in parts))
    PARTS.unlink()
    return summary(parts, n=n, seed=seed) | {"seconds": round(time.monotonic() - began)}


@contextmanager
def _own_folder() -> Iterator[None]:
    """What the processes put down goes into one folder, since those that are killed cannot clear up."""
    before = os.environ.get("TMPDIR")
    with tempfile.TemporaryDirectory(prefix="runfix-soak-", ignore_cleanup_errors=True) as folder:
        os.environ["TMPDIR"] = folder
        try:
            yield
        finally:
            del os.environ["TMPDIR"]
            if before is not None:
                os.environ["TMPDIR"] = before


def alone(seed: int, number: int) -> dict[str, Any]:
    """One mutation, with its tables written and read back."""
    try:
        return checks.work({"seed": seed, "numbers": [number], "is_stored": True})
    finally:
        checks.forget_home()


def summary(parts: list[dict[str, Any]], *, n: int, seed: int) -> dict[str, Any]:
    """All batches together: figures for each reader, and the findings by kind."""
    readers: dict[str, Counter[str]] = {}
    for part in parts:
        for reader, counts in part["counts"].items():
            readers.setdefault(reader, Counter()).update(counts)
    findings = [finding for part in parts for finding in part["findings"]]
    kinds = Counter(finding["kind"] for finding in findings)
    return {
        "inputs": n,
        "seed": seed,
        "crashes": kinds["crash"] + kinds["died"],
        "wrong": kinds["wrong"],
        "hangs": kinds["hang"] + kinds["slow"],
        "over_memory": kinds["memory"],
        "longest_batch_s": max((part["seconds"] for part in parts), default=0.0),
        "largest_batch_mb": max((part["megabytes"] for part in parts), default=0.0),
        "readers": {reader: dict(sorted(readers[reader].items())) for reader in sorted(readers)},
        "findings": findings[:1000],
    }


def _show(n_done: int, n_all: int, seconds: float, n_findings: int) -> None:
    left = seconds / n_done * (n_all - n_done) / 60
    end = "\r" if sys.stderr.isatty() else "\n"
    if sys.stderr.isatty() or n_done % 1000 < BATCH or n_done == n_all:
        print(
            f"{n_done} of {n_all}, {n_findings} findings, about {left:.0f} min left",
            file=sys.stderr,
            end=end,
            flush=True,
        )
