"""What a page is made of: one runner's derived rows as plain values, and how complete the logs behind them are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from runfix_analytics.cohort_results import CohortResults
from runfix_analytics.completeness import Logged

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Week:
    """Seven days of one runner, the last of them `end`.

    `distance_m`: metres run; None before the first run and where the run log has gone silent. `has_spike`: a run of the
    week was clearly longer than any of the 30 days before. `coverage`: area id → its row of the last day; an area
    without a row has no log yet.
    """

    end: date
    distance_m: float | None
    has_spike: bool
    coverage: Mapping[str, Row]


@dataclass(frozen=True)
class Earlier:
    """What an earlier report said: its day, its rows of advice by area, and the moves it gave for the areas to train.

    `n_days_done`: exercise id → days since then on which it was logged; a move without one is missing.
    """

    as_of: date
    advice: Mapping[str, Row]
    moves: tuple[Row, ...]
    n_days_done: Mapping[str, int]


@dataclass(frozen=True)
class RunnerResults:
    """One runner's derived rows by one day, in their stored order.

    `weeks`: as far back as the logs go, at least as many as the page's shortest timeline; the newest ends on `as_of`.
    `n_known_days`, `n_assumed_days`: of the days of coverage's window. `strength_weekdays`: the days of the week (0 is
    Monday) on which strength work usually falls, most usual first; empty where the logs do not say.
    `earlier`: the report to compare with, if there is one. `marks`: what the coach says of the runner and holds on the
    day of the page, and the newest visit to a physio of the last four weeks. `language`: of
    the runner's own page, None where it is the squad's. `inputs`: a digest of the files, the
    runner's settings, the marks and the catalogue behind the page.
    """

    runner_id: str
    name: str
    as_of: date
    units: str
    equipment: tuple[str, ...] | None
    silent_after_days: int
    logged: Logged
    weeks: tuple[Week, ...]
    n_known_days: int
    n_assumed_days: int
    strength_weekdays: tuple[int, ...]
    episodes: tuple[Row, ...]
    onset_coverage: tuple[Row, ...]
    advice: tuple[Row, ...]
    moves: tuple[Row, ...]
    referrals: tuple[Row, ...]
    studied: CohortResults | None
    earlier: Earlier | None = None
    language: str | None = None
    marks: tuple[dict[str, Any], ...] = ()
    inputs: str = ""

    @property
    def today(self) -> Mapping[str, Row]:
        """Area id → its coverage row of the day of the page; empty without any log."""
        return self.weeks[-1].coverage

    def is_silent(self, last: date | None) -> bool:
        """Whether a log whose newest entry is `last` has been silent for long, or never began."""
        return last is None or (self.as_of - last).days >= self.silent_after_days

    def newest_entry(self) -> date | None:
        """The newest entry of any log."""
        entries = (self.logged.last_run_on, self.logged.last_strength_on, self.logged.last_answer_on)
        return max((entry for entry in entries if entry), default=None)

    def open_episodes(self) -> list[Row]:
        """The episodes without a stated end, newest onset first."""
        still_open = [row for row in self.episodes if row["state"] != "ended"]
        return sorted(still_open, key=lambda row: row["onset_on"], reverse=True)
