"""Strength logs as CSV, 100 000 rows, to stored rows: rows a second, and the share that reading alone takes."""

import resource
import tempfile
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

from runfix_analytics import night, readers
from runfix_analytics.delta_tables import bucket_of
from runfix_analytics.sample_files import strong_csv
from runfix_analytics.sourcefile import SourceFile
from runfix_analytics.store import Store
from runfix_analytics.tables import StrengthSets
from tests.benchmarks.import_inbox import RUNNER, workouts

N_FILES, N_PARTS = 20, 21  # of 20 workouts each


def alone() -> dict[str, Any]:
    """Seconds of one import by a process that has imported before, and of the readers alone."""
    with tempfile.TemporaryDirectory() as folder:
        for name, n_files in (("warm up", 1), ("measured", N_FILES)):
            store = Store.create(Path(folder) / name)
            with (store.root / "runners.csv").open("a") as file:
                file.write(f"{RUNNER},Europe/Berlin,metric,,,,partial\n")
            inbox = store.root / "inbox" / RUNNER
            inbox.mkdir()
            for number in range(n_files):
                parts = [w for part in range(N_PARTS) for w in workouts(number * N_PARTS + part)]
                (inbox / f"{number}.csv").write_text(strong_csv(parts))
            began = perf_counter()
            done = night.import_bucket(store.root, bucket_of(RUNNER), date(2030, 1, 1))
            seconds = perf_counter() - began
            assert not done.failures, done.failures
        n_rows = store.read(StrengthSets).height
        began = perf_counter()
        read = sum(log.n_rows for log in readers.read(map(SourceFile.open, inbox.iterdir())))
        reading_s = perf_counter() - began
        assert read == n_rows
    return {
        "name": "csv_import",
        "ours_s": round(seconds, 3),
        "peer": None,
        "peer_s": None,
        "ratio": None,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "n_rows": n_rows,
        "rows_per_s": round(n_rows / seconds),
        "rows_per_s_read": round(n_rows / reading_s),
    }
