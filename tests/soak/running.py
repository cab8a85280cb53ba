"""The command line of `make soak`, and build/soak.json."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.soak import hostile, kills, mutations, nights

OUTPUT = Path("build/soak.json")
GATES = ("crashes", "wrong", "hangs", "over_memory")


def main() -> None:
    """Runs all of it or a part; ends with 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("what", nargs="*", help="[N] | mutations [N] | mutation I | kills [N] | nights [N] | hostile")
    parser.add_argument("--seed", type=int, default=mutations.SEED)
    arguments = parser.parse_args()
    what = next((word for word in arguments.what if not word.isdecimal()), "all")
    number = next((int(word) for word in arguments.what if word.isdecimal()), None)
    if what == "mutation" and number is not None:
        print(json.dumps(mutations.alone(arguments.seed, number), indent=1))
        return
    found: dict[str, Any] = {}
    if what in ("all", "mutations"):
        n_workers = os.cpu_count() or 1
        found["mutations"] = mutations.run(100_000 if number is None else number, arguments.seed, n_workers)
    if what in ("all", "kills"):
        n_kills = kills.N_KILLS if number is None or what == "all" else number
        found["kills"] = kills.run(n_kills, arguments.seed)
    if what in ("all", "nights"):
        n_nights = nights.N_KILLS if number is None or what == "all" else number
        found["nights"] = nights.run(n_nights, arguments.seed)
    if what in ("all", "hostile"):
        cases = list(hostile.every())
        found["hostile"] = {"cases": cases, "wrong": sum(bool(case["outside"]) for case in cases)}
    _write(found)
    told = {name: {gate: part.get(gate, 0) for gate in GATES} for name, part in found.items()}
    print(f"written: {OUTPUT}; {json.dumps(told)}")
    if any(count for part in told.values() for count in part.values()):
        sys.exit(1)


def _write(found: dict[str, Any]) -> None:
    """A part that was not run stays as it was."""
    earlier = json.loads(OUTPUT.read_text()) if OUTPUT.exists() else {}
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(earlier | found, indent=1) + "\n")
