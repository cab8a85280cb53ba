"""Files made to do harm, or very large, each imported by a process of its own: what came of it, and its peak memory.

python -m tests.soak.hostile [CASE]     all of them, or one in this process
"""

import json
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

from runfix_analytics import night
from runfix_analytics.delta_tables import bucket_of
from runfix_analytics.store import Store
from runfix_analytics.tables import Imports

RUNNER, DAY = "r1", date(2026, 11, 28)
APPLE_BYTES = 3 * 1024**3
_RECORD = (
    b'<Record type="HKQuantityTypeIdentifierHeartRate" sourceName="Watch" unit="count/min" '
    b'startDate="2026-03-04 07:00:%02d +0100" endDate="2026-03-04 07:00:%02d +0100" value="%d"/>\n'
)
_WORKOUT = (
    b'<Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="30" durationUnit="min" sourceName="Watch" '
    b'totalDistance="5" totalDistanceUnit="km" startDate="%s 07:00:00 +0100" endDate="%s 07:30:00 +0100"/>\n'
)
_SHEET = b"date,exercise,sets\n2026-03-02,plank,3\n"


def zip_bomb(path: Path) -> None:
    """1 GB of nothing in a megabyte."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("strong.csv", "w") as file:
        for _ in range(1024):
            file.write(bytes(1024 * 1024))


def twenty_thousand_files(path: Path) -> None:
    """As many as a real Garmin export has; each another strength sheet."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20_000):
            archive.writestr(f"sheets/{number}.csv", _SHEET.replace(b",3\n", b",3\n" + b"\n" * number))


def traversal_name(path: Path) -> None:
    """A sheet under a name that leads out of every folder."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../../../escaped.csv", _SHEET)  # from the inbox that is beside the store


def entity_bomb(path: Path) -> None:
    """A billion laughs as GPX."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    path.write_text(f'<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY l0 "lol">{entities}]><gpx><trk>&l9;</trk></gpx>')


def apple_export(path: Path) -> None:
    """3 GB as Apple Health writes them: heart beats, and a run a day among them."""
    block = b"".join(_RECORD % (n % 60, n % 60, 120 + n % 40) for n in range(20_000))
    with path.open("wb") as file:
        file.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<HealthData locale="en_GB">\n')
        number = 0
        while file.tell() < APPLE_BYTES:
            day = date.fromordinal(date(2020, 1, 1).toordinal() + number).isoformat().encode()
            file.write(block + _WORKOUT % (day, day))
            number += 1
        file.write(b"</HealthData>\n")


CASES: dict[str, Callable[[Path], None]] = {
    case.__name__: case for case in (zip_bomb, twenty_thousand_files, traversal_name, entity_bomb, apple_export)
}


def one(name: str) -> dict[str, Any]:
    """What an import made of one case, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "squad")
        with (store.root / "runners.csv").open("a") as file:
            file.write(f"{RUNNER},,metric,,,,partial\n")
        inbox = store.root / "inbox" / RUNNER
        inbox.mkdir()
        path = inbox / "file"
        CASES[name](path)
        before, n_bytes = _peak_mb(), path.stat().st_size
        began = perf_counter()
        done = night.import_part(store.root, (bucket_of(RUNNER),), DAY)
        seconds = perf_counter() - began
        ledger = store.read(Imports)
        outside = [str(path) for path in Path(folder).parent.glob("escaped.csv")]
    return {
        "case": name,
        "n_bytes": n_bytes,
        "seconds": round(seconds, 1),
        "peak_mb": _peak_mb(),
        "peak_mb_before": before,
        "failures": [f"{failure.what}: {failure.reason}" for failure in done.failures],
        "statuses": dict(ledger["status"].value_counts().rows()),
        "n_accepted": int(ledger["n_accepted"].sum()),
        "outside": outside,
    }


def every() -> Iterator[dict[str, Any]]:
    """Each case in a process of its own."""
    for name in CASES:
        command = [sys.executable, "-m", "tests.soak.hostile", name]
        yield json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def _peak_mb() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    for case in map(one, sys.argv[1:]) if sys.argv[1:] else every():
        sys.stdout.write(json.dumps(case) + "\n")
