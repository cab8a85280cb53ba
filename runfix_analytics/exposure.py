"""How long each runner was under observation for each symptom: the denominators."""

from datetime import date, timedelta

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.tables import AcheReports, Episodes, Exposure, Runners, Runs


def exposure(
    runners: dy.DataFrame[Runners],
    runs: dy.DataFrame[Runs],
    reports: dy.DataFrame[AcheReports],
    episodes: dy.DataFrame[Episodes],
    *,
    as_of: date,
    catalogue: Catalogue,
) -> dy.DataFrame[Exposure]:
    """One row per runner and symptom of the hazard models, zero where nothing is known.

    An answer makes the seven days up to it known; silence is not "no pain". The day of an onset is at risk, the rest
    of the episode and the 14 d after it are not. Traumatic, prevalent and uncertain onsets are not counted.
    Source: method.md §3.
    """
    gap = catalogue.days("episode.gap")
    symptoms = [symptom.id for symptom in catalogue.symptoms.values() if symptom.in_hazard_models]
    observed = observed_days(runs, reports, as_of, catalogue)
    taken = days_of_episodes(episodes.filter(pl.col("symptom_id").is_in(symptoms)), gap)

    n_observed = observed.group_by("runner_id").agg(n_observed=pl.len())
    n_taken = (
        taken.join(observed, on=["runner_id", "local_date"], how="semi")
        .group_by("runner_id", "symptom_id")
        .agg(n_taken=pl.len())
    )
    is_counted = ~pl.col("is_trauma") & ~pl.col("is_prevalent") & ~pl.col("is_onset_uncertain")
    onsets = (
        episodes.filter(is_counted & pl.col("symptom_id").is_in(symptoms))
        .select("runner_id", "symptom_id", local_date="onset_on")
        .join(observed, on=["runner_id", "local_date"], how="semi")
        .join(taken, on=["runner_id", "symptom_id", "local_date"], how="anti")
        .group_by("runner_id", "symptom_id")
        .agg(n_onsets=pl.len())
    )
    by_symptom = ["runner_id", "symptom_id"]
    exposed = (
        runners.select("runner_id")
        .join(pl.DataFrame({"symptom_id": symptoms}), how="cross")
        .join(n_observed, on="runner_id", how="left", validate="m:1")
        .join(n_taken, on=by_symptom, how="left", validate="1:1")
        .join(onsets, on=by_symptom, how="left", validate="1:1")
        .with_columns(pl.col("n_observed", "n_taken", "n_onsets").fill_null(0).cast(pl.Int32))
        .with_columns(n_days_at_risk=pl.col("n_observed") - pl.col("n_taken"))
        .sort(by_symptom)
    )
    return Exposure.validate(exposed, cast=True)


def observed_days(runs: pl.DataFrame, reports: pl.DataFrame, as_of: date, catalogue: Catalogue) -> pl.DataFrame:
    """One row per runner and day that an answer speaks for, with a run in the last 28 d and no illness."""
    diary = diary_days(runs, reports, as_of, catalogue)
    return diary.filter(pl.col("unobserved").is_null()).select("runner_id", "local_date")


def diary_days(runs: pl.DataFrame, reports: pl.DataFrame, as_of: date, catalogue: Catalogue) -> pl.DataFrame:
    """One row per runner and day from the first that an answer speaks for to `as_of`.

    `unobserved` says why an onset could not have been seen: no_answer, ill or no_recent_run; null where it could.
    """
    day = ["runner_id", "local_date"]
    recall = timedelta(days=catalogue.days("episode.diary_recall") - 1)
    recency = timedelta(days=catalogue.days("episode.run_recency") - 1)
    answered = (
        reports.filter(pl.col("reported_on") <= as_of)
        .with_columns(local_date=pl.date_ranges(pl.col("reported_on") - recall, pl.col("reported_on")))
        .explode("local_date")
    )
    ill = answered.filter(pl.col("ill").fill_null(value=False)).select(*day, is_ill=True).unique()
    ran = runs.filter(pl.col("duplicate_of").is_null()).select("runner_id", last_run_on="local_date").unique()
    has_run = (pl.col("local_date") - pl.col("last_run_on") <= recency).fill_null(value=False)
    unobserved = (
        pl.when(pl.col("is_answered").is_null())
        .then(pl.lit("no_answer"))
        .when("is_ill")
        .then(pl.lit("ill"))
        .when(~has_run)
        .then(pl.lit("no_recent_run"))
    )
    return (
        answered.group_by("runner_id")
        .agg(local_date=pl.date_ranges(pl.col("local_date").min(), pl.lit(as_of)).first())
        .explode("local_date")
        .join(answered.select(*day, is_answered=True).unique(), on=day, how="left", validate="1:1")
        .join(ill, on=day, how="left", validate="1:1")
        .sort("local_date")
        .join_asof(
            ran.sort("last_run_on"),
            left_on="local_date",
            right_on="last_run_on",
            by="runner_id",
            strategy="backward",
            check_sortedness=False,
        )
        .select(*day, unobserved=unobserved)
        .sort(day)
    )


def days_of_episodes(episodes: pl.DataFrame, gap: int) -> pl.DataFrame:
    """One row per runner, symptom and day within an episode or the gap after it; the day of an onset is not one."""
    end = pl.coalesce("ended_on", "last_reported_on") + timedelta(days=gap)
    first = pl.when("is_prevalent").then("onset_on").otherwise(pl.col("onset_on") + timedelta(days=1))
    return (
        episodes.with_columns(local_date=pl.date_ranges(first, end))
        .explode("local_date")
        .select("runner_id", "symptom_id", "local_date")
        .unique()
    )
