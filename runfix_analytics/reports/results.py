"""What a page is made of: one runner's derived tables, and how complete the logs behind them are."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from runfix_analytics.cohort_results import CohortResults
from runfix_analytics.completeness import Logged


@dataclass(frozen=True)
class RunnerResults:
    """One runner's derived tables by one day; frames hold this runner's rows only, in their stored order.

    `marks`: what the coach says of the runner and holds on the day of the page, and the newest visit to a physio of the
    last four weeks.
    """

    runner_id: str
    name: str
    as_of: date
    units: str
    equipment: tuple[str, ...] | None
    silent_after_days: int
    logged: Logged
    coverage: pl.DataFrame
    running_load: pl.DataFrame
    known_days: pl.DataFrame
    episodes: pl.DataFrame
    onset_coverage: pl.DataFrame
    advice: pl.DataFrame
    moves: pl.DataFrame
    referrals: pl.DataFrame
    studied: CohortResults | None
    marks: tuple[dict[str, Any], ...] = ()

    def is_silent(self, last: date | None) -> bool:
        """Whether a log whose newest entry is `last` has been silent for long, or never began."""
        return last is None or (self.as_of - last).days >= self.silent_after_days

    def newest_entry(self) -> date | None:
        """The newest entry of any log."""
        entries = (self.logged.last_run_on, self.logged.last_strength_on, self.logged.last_answer_on)
        return max((entry for entry in entries if entry), default=None)

    def today(self) -> dict[str, dict[str, Any]]:
        """Area id → its coverage row of the day of the page; empty without any log."""
        rows = self.coverage.filter(pl.col("local_date") == self.as_of).iter_rows(named=True)
        return {row["area_id"]: row for row in rows}

    def open_episodes(self) -> list[dict[str, Any]]:
        """The episodes without a stated end, newest onset first."""
        still_open = self.episodes.filter(pl.col("state") != "ended").sort("onset_on", descending=True)
        return list(still_open.iter_rows(named=True))
