"""Runs the benchmarks, each in a process of its own, and writes build/bench.json."""

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

from tests import benchmarks

NO_BENCHMARKS = ("__main__", "measuring", "two_cores")
OUTPUT = Path("build/bench.json")


def main(only: list[str]) -> None:
    names = sorted(
        module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name not in NO_BENCHMARKS
    )
    wanted = [name for name in names if not only or name in only]
    if unknown := set(only) - set(names):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(names)}")
    earlier = json.loads(OUTPUT.read_text()) if OUTPUT.exists() else []
    rows = [row for row in earlier if row["name"] not in wanted]
    for name in wanted:
        command = [sys.executable, "-m", "tests.benchmarks.measuring", name]
        row = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        rows.append(row)
        beside = "{peer} {peer_s} s, ratio {ratio}".format(**row) if row["peer"] else "alone"
        print("{name}: ours {ours_s} s, {beside}, peak {peak_mb} MB".format(**row, beside=beside))
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(sorted(rows, key=lambda row: row["name"]), indent=1) + "\n")
    print(f"written: {OUTPUT}")


if __name__ == "__main__":
    main(sys.argv[1:])
