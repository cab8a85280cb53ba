"""Measures one benchmark and prints its row: python -m tests.benchmarks.measuring NAME."""

import gc
import importlib
import json
import resource
import statistics
import sys
from time import perf_counter
from typing import Any

ROUNDS = 5


def measure(name: str) -> dict[str, Any] | list[dict[str, Any]]:
    """Ours and the peer in turn, the median of five rounds each after one not counted; or what a module measures alone.

    A module whose peer is very slow says with ROUNDS of its own that there are fewer.
    """
    module = importlib.import_module(f"tests.benchmarks.{name}")
    if hasattr(module, "alone"):
        found: dict[str, Any] | list[dict[str, Any]] = module.alone()
        return found
    ours, peer = module.prepare()
    assert module.same(ours(), peer()), f"{name}: ours and the peer do not agree"
    # ru_maxrss never falls: ours is measured first, beside what preparing and checking took
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(getattr(module, "ROUNDS", ROUNDS)):
        for which, work in (("ours", ours), ("peer", peer)):
            gc.collect()
            start = perf_counter()
            work()
            times[which].append(perf_counter() - start)
    ours_s, peer_s = statistics.median(times["ours"]), statistics.median(times["peer"])
    return {
        "name": name,
        "ours_s": round(ours_s, 4),
        "peer": module.PEER,
        "peer_s": round(peer_s, 4),
        "ratio": round(peer_s / ours_s, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
