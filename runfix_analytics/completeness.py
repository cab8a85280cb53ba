"""How complete the logs are: per runner, until when each log goes and which share of it is recognised."""

from dataclasses import dataclass
from datetime import date, timedelta

import dataframely as dy
import polars as pl

from runfix_analytics.assessment import Logs
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.recognition import recognise
from runfix_analytics.tables import Imports

WEEKS = 4
NAMES_SHOWN = 3
BAD = ("damaged", "failed", "unknown_format")


@dataclass(frozen=True)
class Logged:
    """How complete a runner's logs are.

    Counts are of the last four weeks; dates are those of the newest entry, None where there is none.
    Weeks and days end on the day of calculation.
    """

    n_runs: int = 0
    last_run_on: date | None = None
    n_strength_sessions: int = 0
    last_strength_on: date | None = None
    n_answered_weeks: int = 0
    last_answer_on: date | None = None
    n_sets: int = 0
    n_undecided_sets: int = 0
    undecided_names: tuple[str, ...] = ()
    n_bad_files: int = 0


def logged(
    logs: Logs,
    imports: dy.DataFrame[Imports],
    *,
    as_of: date,
    catalogue: Catalogue,
) -> dict[str, Logged]:
    """How complete each runner's logs are by `as_of`; a runner without any log has zeros."""
    runs, sets, strength_days, reports = logs.runs, logs.strength_sets, logs.strength_days, logs.ache_reports
    since = as_of - timedelta(weeks=WEEKS)
    run_facts = _newest(runs.filter(pl.col("duplicate_of").is_null()), "local_date", as_of, since)
    trained = pl.concat(
        [
            sets.filter(pl.col("duplicate_of").is_null()).select("runner_id", "local_date"),
            strength_days.filter(pl.col("kind") == "no_sets").select("runner_id", "local_date"),
        ]
    ).unique()
    strength_facts = _newest(trained, "local_date", as_of, since)
    answers = _newest(reports, "reported_on", as_of, since)
    weeks = _answered_weeks(reports, as_of)
    recognised = recognise(sets, as_of=as_of, catalogue=catalogue).filter(
        pl.col("local_date") > since, pl.col("set_type") == "working"
    )
    n_sets = _counts(recognised)
    undecided = recognised.filter(pl.col("exercise_id").is_null())
    n_undecided = _counts(undecided)
    n_bad = _counts(imports.filter(pl.col("status").is_in(BAD)))
    return {
        runner: Logged(
            n_runs=run_facts.get(runner, (0, None))[0],
            last_run_on=run_facts.get(runner, (0, None))[1],
            n_strength_sessions=strength_facts.get(runner, (0, None))[0],
            last_strength_on=strength_facts.get(runner, (0, None))[1],
            n_answered_weeks=weeks.get(runner, 0),
            last_answer_on=answers.get(runner, (0, None))[1],
            n_sets=n_sets.get(runner, 0),
            n_undecided_sets=n_undecided.get(runner, 0),
            undecided_names=_most_frequent(undecided, runner),
            n_bad_files=n_bad.get(runner, 0),
        )
        for runner in logs.runners["runner_id"]
    }


def _newest(frame: pl.DataFrame, column: str, as_of: date, since: date) -> dict[str, tuple[int, date]]:
    facts = (
        frame.filter(pl.col(column) <= as_of)
        .group_by("runner_id")
        .agg(n=(pl.col(column) > since).sum(), newest=pl.col(column).max())
    )
    return {runner: (n, newest) for runner, n, newest in facts.select("runner_id", "n", "newest").rows()}


def _answered_weeks(reports: pl.DataFrame, as_of: date) -> dict[str, int]:
    week = (pl.lit(as_of) - pl.col("reported_on")).dt.total_days() // 7
    weeks = reports.filter(pl.col("reported_on") <= as_of).with_columns(week=week).filter(pl.col("week") < WEEKS)
    return dict(weeks.group_by("runner_id").agg(pl.col("week").n_unique()).rows())


def _counts(frame: pl.DataFrame) -> dict[str, int]:
    return dict(frame.group_by("runner_id").len().rows())


def _most_frequent(undecided: pl.DataFrame, runner: str) -> tuple[str, ...]:
    names = undecided.filter(pl.col("runner_id") == runner).group_by("logged_as").len()
    return tuple(names.sort("len", "logged_as", descending=[True, False])["logged_as"].head(NAMES_SHOWN))
