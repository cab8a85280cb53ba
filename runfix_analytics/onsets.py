"""The join that gives the project its name: the coverage of each linked area before each onset."""

from datetime import timedelta

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.coverage import coverage
from runfix_analytics.known_days import NOT_FOR_ONSETS
from runfix_analytics.tables import Episodes, KnownDays, OnsetCoverage, RecognisedSets

_EPISODE = ("runner_id", "episode_id", "area_id")


def onset_lag(episodes: dy.DataFrame[Episodes], catalogue: Catalogue) -> int:
    """Days between the coverage looked at and the onset: one lag for all, longer where first-noticed dates are rare.

    Counted over overuse onsets; without any, the longer lag.

    Pain starts before it is reported: coverage of the last weeks before a report may already be its result.
    Source: method.md §4.
    """
    modelled = [symptom.id for symptom in catalogue.symptoms.values() if symptom.in_hazard_models]
    is_onset = ~pl.col("is_trauma") & ~pl.col("is_prevalent") & ~pl.col("is_onset_uncertain")
    share = episodes.filter(is_onset & pl.col("symptom_id").is_in(modelled))["has_noticed_date"].mean()
    is_mostly_noticed = isinstance(share, float) and share >= catalogue.number("onset.min_noticed_share")
    return catalogue.days("onset.lag_noticed" if is_mostly_noticed else "onset.lag_reported")


def onset_coverage(
    episodes: dy.DataFrame[Episodes],
    sets: dy.DataFrame[RecognisedSets],
    days: dy.DataFrame[KnownDays],
    *,
    lag_days: int,
    catalogue: Catalogue,
) -> dy.DataFrame[OnsetCoverage]:
    """One row per episode and area linked to its symptom, description only.

    Coverage of the 28 d ending `lag_days` before the onset. Neither assumed days nor the tail after a source's newest
    entry count as known here: what is known must not depend on what was logged after the onset. Own weeks step back
    and forth by seven days from that window over the runner's whole log; windows that end within an episode of the
    symptom, or that overlap the onset's own window, are left out. Onsets that say nothing about overuse keep their
    row with `excluded`.
    Source: method.md §3, §4.
    """
    strict_days = days.with_columns(is_known=pl.col("is_known") & ~pl.col("evidence").is_in(NOT_FOR_ONSETS))
    covered = coverage(sets, KnownDays.validate(strict_days), catalogue=catalogue).select(
        "runner_id", "area_id", "coverage", "n_known_days", window_end="local_date"
    )
    onsets = _onsets(episodes, lag_days, catalogue)
    before = onsets.join(covered, on=["runner_id", "area_id", "window_end"], how="left", validate="m:1")
    joined = (
        before.join(
            _own_weeks(before, covered, episodes, catalogue),
            on=list(_EPISODE),
            how="left",
            validate="1:1",
            nulls_equal=True,
        )
        .with_columns(
            pl.col("n_known_days", "n_own_weeks", "n_own_weeks_lower", "n_own_weeks_unknown").fill_null(0),
            excluded=_excluded(),
        )
        .with_columns(coverage=pl.when(pl.col("excluded").is_null()).then("coverage"))
        .sort("runner_id", "onset_on", "episode_id", "area_id")
    )
    return OnsetCoverage.validate(joined, cast=True)


def _onsets(episodes: pl.DataFrame, lag_days: int, catalogue: Catalogue) -> pl.DataFrame:
    links = pl.DataFrame(
        [(s.id, link.area, s.in_hazard_models) for s in catalogue.symptoms.values() for link in s.links],
        schema={"symptom_id": pl.String, "area_id": pl.String, "in_hazard_models": pl.Boolean},
        orient="row",
    )
    return episodes.join(links, on="symptom_id", how="left").with_columns(
        lag_days=pl.lit(lag_days), window_end=pl.col("onset_on") - timedelta(days=lag_days)
    )


def _excluded() -> pl.Expr:
    return (
        pl.when(pl.col("area_id").is_null())
        .then(pl.lit("no_linked_area"))
        .when(~pl.col("in_hazard_models"))
        .then(pl.lit("not_modelled"))
        .when("is_trauma")
        .then(pl.lit("trauma"))
        .when("is_prevalent")
        .then(pl.lit("prevalent"))
        .when("is_onset_uncertain")
        .then(pl.lit("uncertain_onset"))
        .when(pl.col("coverage").is_null())
        .then(pl.lit("coverage_unknown"))
    )


def _own_weeks(
    before: pl.DataFrame, covered: pl.DataFrame, episodes: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    """One row per episode and area: the same runner's other windows, at steps of whole weeks from the onset's."""
    window, week = catalogue.days("coverage.window"), catalogue.days("onset.week")
    step = (pl.col("week_end") - pl.col("window_end")).dt.total_days()
    is_other = (step % week == 0) & (step.abs() >= window)
    others = (
        before.filter(pl.col("area_id").is_not_null())
        .select(*_EPISODE, "symptom_id", "window_end", at_onset="coverage")
        .join(covered.rename({"window_end": "week_end", "coverage": "own"}), on=["runner_id", "area_id"], how="inner")
        .filter(is_other)
    )
    spans = episodes.select("runner_id", "symptom_id", "onset_on", end=pl.coalesce("ended_on", "last_reported_on"))
    in_episode = (
        others.join(spans, on=["runner_id", "symptom_id"], how="inner")
        .filter(pl.col("week_end").is_between("onset_on", "end"))
        .select(*_EPISODE, "week_end")
        .unique()
    )
    return (
        others.join(in_episode, on=[*_EPISODE, "week_end"], how="anti")
        .sort(*_EPISODE, "week_end")
        .group_by(_EPISODE, maintain_order=True)
        .agg(
            own_weeks_mean=pl.col("own").mean(),
            n_own_weeks=pl.col("own").count(),
            n_own_weeks_lower=(pl.col("own") <= pl.col("at_onset")).sum(),
            n_own_weeks_unknown=pl.col("own").null_count(),
        )
    )
