"""The story: every step from logs to advice, in order. The night, the command line, notebooks and tests call it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import dataframely as dy
import polars as pl

from runfix_analytics.association import Association, association
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.cohort import Cohort, cohort, combine, sampling
from runfix_analytics.coverage import coverage
from runfix_analytics.episodes import episodes
from runfix_analytics.exposure import exposure
from runfix_analytics.known_days import known_days
from runfix_analytics.moves import moves
from runfix_analytics.onsets import onset_coverage, onset_lag
from runfix_analytics.rates import symptom_rates
from runfix_analytics.recognition import recognise
from runfix_analytics.recommendation import recommendation
from runfix_analytics.referrals import referrals
from runfix_analytics.running_load import running_load
from runfix_analytics.tables import (
    STORED_RESULTS,
    AcheReports,
    Advice,
    Coverage,
    Episodes,
    Exposure,
    KnownDays,
    Moves,
    OnsetCoverage,
    RecognisedSets,
    Referrals,
    Runners,
    RunningLoad,
    Runs,
    StrengthDays,
    StrengthSets,
    SymptomRates,
    Verdicts,
)


@dataclass(frozen=True)
class Logs:
    """Everything that some runners logged, as stored."""

    runners: dy.DataFrame[Runners]
    runs: dy.DataFrame[Runs]
    strength_sets: dy.DataFrame[StrengthSets]
    strength_days: dy.DataFrame[StrengthDays]
    ache_reports: dy.DataFrame[AcheReports]


@dataclass(frozen=True)
class Squad:
    """What one runner's assessment needs to know of all runners.

    How often aches come up, which lag to use, and what coverage against onset says (empty: not studied).
    """

    rates: dy.DataFrame[SymptomRates]
    lag_days: int
    verdicts: dy.DataFrame[Verdicts]


@dataclass(frozen=True)
class Assessment:
    """What the logs say by one day: every derived table, for the same runners."""

    as_of: date
    recognised_sets: dy.DataFrame[RecognisedSets]
    running_load: dy.DataFrame[RunningLoad]
    known_days: dy.DataFrame[KnownDays]
    coverage: dy.DataFrame[Coverage]
    episodes: dy.DataFrame[Episodes]
    exposure: dy.DataFrame[Exposure]
    onset_coverage: dy.DataFrame[OnsetCoverage]
    referrals: dy.DataFrame[Referrals]
    advice: dy.DataFrame[Advice]
    moves: dy.DataFrame[Moves]


DAILY = (RunningLoad, KnownDays, Coverage)
_TABLES: dict[str, type[dy.Schema]] = {"recognised_sets": RecognisedSets, **STORED_RESULTS}


def survey(logs: Logs, *, as_of: date, catalogue: Catalogue) -> tuple[dy.DataFrame[Episodes], dy.DataFrame[Exposure]]:
    """The episodes and days at risk of some runners: what `squad` adds up over all of them."""
    aches = episodes(logs.ache_reports, as_of=as_of, catalogue=catalogue)
    exposed = exposure(logs.runners, logs.runs, logs.ache_reports, aches, as_of=as_of, catalogue=catalogue)
    return aches, exposed


def squad(aches: dy.DataFrame[Episodes], exposed: dy.DataFrame[Exposure], *, catalogue: Catalogue) -> Squad:
    """The squad's rates and lag from everybody's episodes and days at risk; coverage against onset is not studied."""
    return Squad(symptom_rates(exposed, catalogue=catalogue), onset_lag(aches, catalogue), Verdicts.create_empty())


def cohort_of(logs: Logs, aches: dy.DataFrame[Episodes], of: Squad, *, as_of: date, catalogue: Catalogue) -> Cohort:
    """What some runners of a squad bring to its study of coverage against onset."""
    sets = recognise(logs.strength_sets, as_of=as_of, catalogue=catalogue)
    days = known_days(logs.runners, logs.runs, sets, logs.strength_days, as_of=as_of, catalogue=catalogue)
    load = running_load(logs.runs, as_of=as_of, catalogue=catalogue)
    keep = sampling(of.rates, catalogue)
    return cohort(logs.runs, logs.ache_reports, sets, days, load, aches, as_of=as_of, catalogue=catalogue, keep=keep)


def study_cohorts(cohorts: Iterable[Cohort], of: Squad, *, catalogue: Catalogue) -> Association:
    """Coverage against onset over all of a squad's runners, given in parts that fit in memory."""
    return association(combine(cohorts), lag_days=of.lag_days, catalogue=catalogue)


def study(logs: Logs, *, as_of: date, catalogue: Catalogue) -> Association:
    """Coverage against onset over the runners of `logs`, taken for the whole squad, from what they logged by `as_of`.

    Too few onsets are a value: null estimates with the reason. Source: method.md §4.
    """
    aches, exposed = survey(logs, as_of=as_of, catalogue=catalogue)
    of = squad(aches, exposed, catalogue=catalogue)
    return study_cohorts([cohort_of(logs, aches, of, as_of=as_of, catalogue=catalogue)], of, catalogue=catalogue)


def assess(
    logs: Logs, *, as_of: date, catalogue: Catalogue, of: Squad | None = None, since: date | None = None
) -> Assessment:
    """Every derived table for the runners of `logs`, from what they logged up to `as_of`.

    `of` is the squad they belong to, where `logs` holds only a part of it; without it they are the squad. With `since`
    the tables by day (DAILY) hold the days after it only: those up to it stand while nothing new is logged.
    """
    sets = recognise(logs.strength_sets, as_of=as_of, catalogue=catalogue)
    days = known_days(logs.runners, logs.runs, sets, logs.strength_days, as_of=as_of, catalogue=catalogue)
    covered = coverage(sets, days, catalogue=catalogue, since=since)
    load = running_load(logs.runs, as_of=as_of, catalogue=catalogue)
    aches, exposed = survey(logs, as_of=as_of, catalogue=catalogue)
    all_runners = of or squad(aches, exposed, catalogue=catalogue)
    before = onset_coverage(aches, sets, days, lag_days=all_runners.lag_days, catalogue=catalogue)
    flags = referrals(aches, as_of=as_of, catalogue=catalogue)
    advice = recommendation(
        logs.runners, covered, days, aches, exposed, all_runners.rates, flags,
        verdicts=all_runners.verdicts, as_of=as_of, catalogue=catalogue,
    )  # fmt: skip
    handed = moves(advice, logs.runners, sets, aches, flags, as_of=as_of, catalogue=catalogue)
    if since is not None:
        load = RunningLoad.validate(load.filter(pl.col("local_date") > since))
        days = KnownDays.validate(days.filter(pl.col("local_date") > since))
    return Assessment(as_of, sets, load, days, covered, aches, exposed, before, flags, advice, handed)


def together(found: Sequence[Assessment]) -> Assessment:
    """The assessments of some runners and of others by the same day as one; of at least one.

    Raises: ValueError when they are of several days, or of none.
    """
    (as_of,) = {one.as_of for one in found}
    if len(found) == 1:
        return found[0]
    # every row has been checked, and no key is another runner's
    tables = {name: schema.cast(pl.concat([getattr(one, name) for one in found])) for name, schema in _TABLES.items()}
    return Assessment(as_of, **tables)
