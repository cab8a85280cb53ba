"""What a night costs where nothing, little or only the day has changed, beside a full night of the same store.

1000 made-up runners with 730 days of logs each; times of a night and its upkeep in one process, files already imported.
"""

import csv
import resource
import statistics
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from runfix_analytics import night
from runfix_analytics.catalogue import load
from runfix_analytics.simulated_files import write_squad
from runfix_analytics.simulation import FIRST_DAY, SCENARIOS, simulate
from runfix_analytics.store import Store
from runfix_analytics.upkeep import upkeep

ROWS = ("night_nochange", "night_1pct", "night_next_day")
PEER = "the full night of the same store"
N_RUNNERS, N_DAYS, SEED = 1000, 730, 20261129
ROUNDS = 3
_LONG_ENOUGH = 3  # seconds: the index of the inbox takes up no file that was written a moment ago


def alone() -> list[dict[str, Any]]:
    """One row for each kind of night, the median of three; the peer is one full night, of the same day."""
    catalogue = load()
    as_of = FIRST_DAY + timedelta(days=N_DAYS - 1)
    if as_of.isoweekday() in (1, 7):  # so that new entries lie behind the study's Sunday
        as_of -= timedelta(days=2)
    with tempfile.TemporaryDirectory() as folder:
        squad = simulate(SCENARIOS["effect"], n_runners=N_RUNNERS, n_days=N_DAYS, seed=SEED, catalogue=catalogue)
        store = write_squad(squad, Path(folder) / "squad")
        runners = list(store.runners(catalogue)["runner_id"])
        sleep(_LONG_ENOUGH)
        _night(store.root, as_of)
        full = _night(store.root, as_of, is_full=True)
        unchanged = statistics.median(_night(store.root, as_of) for _ in range(ROUNDS))
        changed = []
        for number in range(ROUNDS):
            for runner in runners[number :: len(runners) // (N_RUNNERS // 100)]:
                _add_session(store.root / "inbox" / runner / f"new{number}.csv", as_of)
            changed.append(_night(store.root, as_of))
        next_day = _night(store.root, as_of + timedelta(days=1))
    found = zip(ROWS, (unchanged, statistics.median(changed), next_day), strict=True)
    return [
        {
            "name": name,
            "ours_s": round(seconds, 3),
            "peer": PEER,
            "peer_s": round(full, 3),
            "ratio": round(full / seconds, 2),
            "share": round(seconds / full, 4),
            "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "n_runners": N_RUNNERS,
        }
        for name, seconds in found
    ]


def _night(root: Path, as_of: date, *, is_full: bool = False) -> float:
    def each(stage: str, root: Path, as_of: date, parts: Sequence[night.Part], /) -> list[night.Done]:
        return [night.run_stage(stage, root, part, as_of) for part in parts]

    began = perf_counter()
    done = night.night(root, as_of, each, is_full=is_full)
    done += upkeep(Store(root), now=datetime.now(UTC))
    seconds = perf_counter() - began
    assert not done.failures
    assert done.counts["assessed"] == N_RUNNERS
    return seconds


def _add_session(path: Path, day: date) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [("date", "exercise", "sets", "reps", "seconds", "weight", "side", "rir", "notes"),
             (day, "single-leg calf raise", 3, 12, "", "", "", 2, "")]
        )  # fmt: skip
