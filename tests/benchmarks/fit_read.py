"""Runs read from 200 generated FIT files: what the reader keeps, against all messages decoded to dicts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from random import Random

from fitparse import FitFile

from runfix_analytics import readers
from runfix_analytics.sample_files import Activity, run_fit
from runfix_analytics.sourcefile import SourceFile

PEER = "fitparse: get_values of every message"
N_FILES = 200


def prepare() -> tuple[Callable[[], list[float]], Callable[[], list[float]]]:
    random = Random(20261122)
    contents = [run_fit(_run(n, random), random) for n in range(N_FILES)]
    files = [SourceFile(f"{n}.fit", content) for n, content in enumerate(contents)]

    def ours() -> list[float]:
        return [log.activities["distance"][0] for log in readers.read(files)]

    def peer() -> list[float]:
        distances = []
        for content in contents:
            messages = [(m.name, m.get_values()) for m in FitFile(BytesIO(content)).get_messages()]
            distances += [values["total_distance"] for name, values in messages if name == "session"]
        return distances

    return ours, peer


def same(ours: list[float], peer: list[float]) -> bool:
    return ours == peer


def _run(n: int, random: Random) -> Activity:
    start = datetime(2026, 1, 1, 7, tzinfo=UTC) + timedelta(days=n)
    duration_s = random.randint(1800, 7200)
    return Activity(start, duration_s, distance_m=round(duration_s * random.uniform(2.5, 3.6)), heart_rate=140)
