"""Runs the benchmarks, each in a process of its own, and writes build/bench.json."""

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

from tests import benchmarks

NO_BENCHMARKS = ("__main__", "measuring", "two_cores")
SEVERAL = dict.fromkeys(("night_nochange", "night_1pct", "night_next_day"), "nights")  # rows of one module
OUTPUT = Path("build/bench.json")


def main(only: list[str]) -> None:
    names = sorted(
        module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name not in NO_BENCHMARKS
    )
    asked = {SEVERAL.get(name, name) for name in only}
    wanted = [name for name in names if not only or name in asked]
    if unknown := asked - set(names):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join((*names, *SEVERAL))}")
    earlier = json.loads(OUTPUT.read_text()) if OUTPUT.exists() else []
    rows = {row["name"]: row for row in earlier}
    for name in wanted:
        command = [sys.executable, "-m", "tests.benchmarks.measuring", name]
        found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        for row in found if isinstance(found, list) else [found]:
            rows[row["name"]] = row
            beside = "{peer} {peer_s} s, ratio {ratio}".format(**row) if row["peer"] else "alone"
            print("{name}: ours {ours_s} s, {beside}, peak {peak_mb} MB".format(**row, beside=beside))
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps([rows[name] for name in sorted(rows)], indent=1) + "\n")
    print(f"written: {OUTPUT}")


if __name__ == "__main__":
    main(sys.argv[1:])
