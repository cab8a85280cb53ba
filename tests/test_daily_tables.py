"""Tables by day go on from where they ended: what stands for a day changes with no later day."""

from dataclasses import replace
from datetime import timedelta

import dataframely as dy
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from runfix_analytics.assessment import DAILY, Assessment, Logs, assess
from runfix_analytics.catalogue import load
from runfix_analytics.simulation import SCENARIOS, simulate
from runfix_analytics.tables import AcheReports, Coverage, KnownDays, RunningLoad, Runs, StrengthDays, StrengthSets

CATALOGUE = load()
NAMES = {RunningLoad: "running_load", KnownDays: "known_days", Coverage: "coverage"}


@pytest.fixture(scope="module", params=[1, 2])
def logs(request) -> Logs:
    """Eight runners who log nothing more from a day on, each from another."""
    found = simulate(SCENARIOS["effect"], n_runners=8, n_days=120, seed=request.param, catalogue=CATALOGUE)
    last = {runner: found.last_day - timedelta(days=3 * n) for n, runner in enumerate(found.logs.runners["runner_id"])}
    until = pl.col("runner_id").replace_strict(last, return_dtype=pl.Date)

    def cut(frame: dy.DataFrame, column: str) -> pl.DataFrame:
        return frame.filter(pl.col(column) <= until)

    return Logs(
        found.logs.runners,
        Runs.validate(cut(found.logs.runs, "local_date")),
        StrengthSets.validate(cut(found.logs.strength_sets, "local_date")),
        StrengthDays.validate(cut(found.logs.strength_days, "local_date")),
        AcheReports.validate(cut(found.logs.ache_reports, "reported_on")),
    )


def _newest(logs: Logs):
    days = (logs.runs["local_date"], logs.strength_sets["local_date"], logs.strength_days["local_date"])
    return max(of.max() for of in days)


@pytest.mark.parametrize("n_later", [1, 4, 40])
def test_days_stand_while_nothing_is_logged(logs: Logs, n_later: int):
    day = _newest(logs)
    before = assess(logs, as_of=day, catalogue=CATALOGUE)
    after = assess(logs, as_of=day + timedelta(days=n_later), catalogue=CATALOGUE)
    for schema in DAILY:
        then, now = getattr(before, NAMES[schema]), getattr(after, NAMES[schema])
        assert now.height > then.height > 0
        assert_frame_equal(now.filter(pl.col("local_date") <= day), then, check_exact=True)


@pytest.mark.parametrize("n_later", [1, 4, 40])
def test_with_since_only_later_days_are_made_and_all_else_is_whole(logs: Logs, n_later: int):
    day = _newest(logs)
    as_of = day + timedelta(days=n_later)
    whole = assess(logs, as_of=as_of, catalogue=CATALOGUE)
    later = assess(logs, as_of=as_of, catalogue=CATALOGUE, since=day)
    expected = {NAMES[of]: getattr(whole, NAMES[of]).filter(pl.col("local_date") > day) for of in DAILY}
    _assert_same(later, replace(whole, **expected))


def _assert_same(one: Assessment, other: Assessment) -> None:
    for name, frame in vars(other).items():
        if isinstance(frame, pl.DataFrame):
            assert_frame_equal(getattr(one, name), frame, check_exact=True)
