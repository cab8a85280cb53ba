"""An inbox of 500 FIT files and 50 CSVs to stored rows, originals, duplicates and ledger included.

The peer is what one writes first: fitparse and csv.DictReader in a loop, the runs and sets written as Delta tables.
"""

import csv
import io
import resource
import shutil
import statistics
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import polars as pl
from fitparse import FitFile

from runfix_analytics import night
from runfix_analytics.delta_tables import bucket_of
from runfix_analytics.fit.encoder import encode_fit
from runfix_analytics.sample_files import StrengthSet, Workout, strong_csv
from runfix_analytics.store import Store
from runfix_analytics.tables import Imports, Runs, StrengthSets

N_FIT, N_CSV, N_RECORDS, N_WORKOUTS = 500, 50, 1800, 20
ROUNDS = 3  # of ours; the peer takes minutes and runs once
RUNNER = "r1"
_FIRST = datetime(2024, 1, 1, 6, tzinfo=UTC)
_APART = timedelta(hours=8)


def alone() -> dict[str, Any]:
    """Median seconds of ours, one run of the peer; both end with the same runs and sets stored."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        store = Store.create(root / "squad")
        with (store.root / "runners.csv").open("a") as file:
            file.write(f"{RUNNER},Europe/Berlin,metric,,,,partial\n")
        files = write_inbox(store.root / "inbox" / RUNNER)
        n_bytes = sum(path.stat().st_size for path in files)
        times = []
        for number in range(ROUNDS):
            copy = root / f"copy{number}"
            shutil.copytree(store.root, copy)
            began = perf_counter()
            done = night.import_part(copy, (bucket_of(RUNNER),), date(2026, 1, 1))
            times.append(perf_counter() - began)
            assert not done.failures
        ours_s, peak = statistics.median(times), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        stored = Store(copy)
        began = perf_counter()
        runs, sets = peer(files, root / "peer")
        peer_s = perf_counter() - began
        assert sorted(stored.read(Runs)["distance_m"]) == sorted(runs["total_distance"])
        assert stored.read(StrengthSets).height == sets.height
        assert stored.read(Imports).height == len(files)
    return {
        "name": "import_inbox",
        "ours_s": round(ours_s, 3),
        "peer": "fitparse and csv.DictReader in a loop, write_delta",
        "peer_s": round(peer_s, 3),
        "ratio": round(peer_s / ours_s, 2),
        "peak_mb": round(peak / 1024),
        "n_files": len(files),
        "mb": round(n_bytes / 1e6, 1),
    }


def write_inbox(inbox: Path) -> list[Path]:
    """Half-hour runs recorded every second, a day apart, and strength logs that do not overlap."""
    inbox.mkdir(parents=True)
    random = Random(20261128)
    files = []
    for number in range(N_FIT):
        files.append(inbox / f"{number:03}.fit")
        files[-1].write_bytes(run_fit(_FIRST + timedelta(days=number), random))
    for number in range(N_CSV):
        files.append(inbox / f"strong{number:02}.csv")
        files[-1].write_text(strong_csv(workouts(number)))
    return files


def run_fit(start: datetime, random: Random) -> bytes:
    """One run with a record a second."""
    speed = random.uniform(2.5, 3.6)
    end = start + timedelta(seconds=N_RECORDS)
    summary = {"start_time": start, "total_elapsed_time": N_RECORDS, "total_timer_time": N_RECORDS,
               "total_distance": round(speed * N_RECORDS, 2)}  # fmt: skip
    records = [
        ("record", {"timestamp": start + timedelta(seconds=s), "heart_rate": 130 + s % 20, "distance": speed * s})
        for s in range(N_RECORDS)
    ]
    local = (end + timedelta(hours=1)).replace(tzinfo=None)
    return encode_fit(
        [
            ("file_id", {"type": 4, "manufacturer": 1, "time_created": start}),
            *records,
            ("session", {"timestamp": end, "sport": 1, "sub_sport": 0, **summary}),
            ("activity", {"timestamp": end, "local_timestamp": local, "num_sessions": 1}),
        ]
    )


def workouts(number: int) -> list[Workout]:
    """Those of one CSV: 20 workouts of 12 sets, one every eight hours."""
    first = _FIRST - timedelta(days=3650) + number * N_WORKOUTS * _APART
    names = ("Calf Raise", "Plank", "Bird Dog", "Bent Over Row")
    sets = tuple(StrengthSet(name, reps=10, weight=20.0) for name in names for _ in range(3))
    return [Workout(first + place * _APART, "Evening", sets) for place in range(N_WORKOUTS)]


def peer(files: list[Path], folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The runs and the sets of the files, written as Delta tables."""
    runs: list[dict[str, Any]] = []
    sets: list[dict[str, Any]] = []
    for path in files:
        content = path.read_bytes()
        if path.suffix == ".fit":
            for message in FitFile(io.BytesIO(content)).get_messages():
                values = message.get_values()
                if message.name == "session":
                    runs.append({name: values[name] for name in ("start_time", "total_distance", "total_timer_time")})
        else:
            sets += csv.DictReader(io.StringIO(content.decode()))
    tables = {"runs": pl.DataFrame(runs), "sets": pl.DataFrame(sets)}
    for name, table in tables.items():
        table.write_delta(str(folder / name))
    return tables["runs"], tables["sets"]
