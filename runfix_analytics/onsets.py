"""The join that gives the project its name: the coverage of each linked area before each onset."""

from datetime import timedelta

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.coverage import known_coverage
from runfix_analytics.known_days import is_strictly_known
from runfix_analytics.tables import Episodes, KnownDays, OnsetCoverage, RecognisedSets

_EPISODE = ("runner_id", "episode_id", "area_id")
_COUNTS = ("n_own_weeks", "n_own_weeks_lower", "n_own_weeks_unknown", "n_own_weeks_washed")


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
    """One row per episode and area linked to its symptom, description only: no test and no p-value.

    Coverage of the 28 d ending `lag_days` before the onset. Neither assumed days nor the tail after a source's newest
    entry count as known here: what is known must not depend on what was logged after the onset. Onsets that say
    nothing about overuse keep their row with `excluded`.

    Own weeks are the same runner's windows that share no day with the onset's own, in steps of seven days from it. The
    same lag holds for them: a window counts only once its lag has run out by the day of calculation, and is washed out
    where it overlaps an overuse episode of any complaint, extended back by the lag, since hurt runners do rehab for any
    pain. Washed-out and unknown windows are counted beside the known ones and enter neither `own_weeks` nor its mean.
    `is_washed_out`: the onset's own window lies within such a reach of an earlier episode, so rehab may be in it.
    Source: method.md §3, §4.
    """
    hurt = episodes.select("runner_id").unique()
    strict_days = days.join(hurt, on="runner_id", how="semi").with_columns(is_known=is_strictly_known())
    covered = known_coverage(sets, strict_days, catalogue=catalogue).rename({"local_date": "window_end"})
    onsets = _onsets(episodes, lag_days, catalogue)
    before = onsets.join(covered, on=["runner_id", "area_id", "window_end"], how="left", validate="m:1")
    reach = _reach(episodes, lag_days)
    joined = (
        before.join(
            _own_weeks(before, covered, reach, lag_days, catalogue),
            on=list(_EPISODE),
            how="left",
            validate="1:1",
            nulls_equal=True,
        )
        .with_columns(
            pl.col("n_known_days", *_COUNTS).fill_null(0),
            own_weeks=pl.col("own_weeks").fill_null([]),
            is_washed_out=_within_earlier(before, reach, catalogue),
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


def _reach(episodes: pl.DataFrame, lag_days: int) -> pl.DataFrame:
    """The days within reach of each overuse episode: from the lag before its onset to its end; `to` null while open."""
    last = pl.when(pl.col("state") != "open").then(pl.coalesce("ended_on", "last_reported_on"))
    return episodes.filter(~pl.col("is_trauma")).select(
        "runner_id", began="onset_on", **{"from": pl.col("onset_on") - timedelta(days=lag_days), "to": last}
    )


def _overlaps(window_end: str, catalogue: Catalogue) -> pl.Expr:
    """Whether the window that ends on a day shares a day with the reach of an episode."""
    window_start = pl.col(window_end) - timedelta(days=catalogue.days("coverage.window") - 1)
    is_before_end = (window_start <= pl.col("to")).fill_null(value=True)
    return (pl.col(window_end) >= pl.col("from")) & is_before_end


def _within_earlier(before: pl.DataFrame, reach: pl.DataFrame, catalogue: Catalogue) -> pl.Series:
    """For each row, whether the onset's own window overlaps the reach of an episode that began earlier."""
    onsets = before.select("runner_id", "onset_on", "window_end")
    is_earlier = pl.col("began") < pl.col("onset_on")
    washed = (
        onsets.unique().join(reach, on="runner_id", how="inner").filter(is_earlier, _overlaps("window_end", catalogue))
    )
    flagged = washed.select("runner_id", "onset_on").unique().with_columns(is_washed_out=True)
    joined = onsets.join(flagged, on=["runner_id", "onset_on"], how="left", validate="m:1", maintain_order="left")
    return joined["is_washed_out"].fill_null(value=False)


def _own_weeks(
    before: pl.DataFrame, covered: pl.DataFrame, reach: pl.DataFrame, lag_days: int, catalogue: Catalogue
) -> pl.DataFrame:
    """One row per episode and area: the same runner's other windows, at steps of whole weeks from the onset's."""
    window, week = catalogue.days("coverage.window"), catalogue.days("onset.week")
    newest = covered.group_by("runner_id").agg(newest=pl.col("window_end").max())
    weeks = covered.join(newest, on="runner_id", how="left", validate="m:1").filter(
        pl.col("window_end") + timedelta(days=lag_days) <= pl.col("newest")
    )
    step = (pl.col("week_end") - pl.col("window_end")).dt.total_days()
    others = (
        before.filter(pl.col("area_id").is_not_null())
        .select(*_EPISODE, "window_end", at_onset="coverage")
        .join(
            weeks.select("runner_id", "area_id", week_end="window_end", own="coverage"),
            on=["runner_id", "area_id"],
            how="inner",
        )
        .filter((step % week == 0) & (step.abs() >= window))
    )
    washed = (
        others.select("runner_id", "week_end")
        .unique()
        .join(reach, on="runner_id", how="inner")
        .filter(_overlaps("week_end", catalogue))
        .select("runner_id", "week_end", is_washed=True)
        .unique()
    )
    own = pl.col("own").filter(~pl.col("is_washed"))
    return (
        others.join(washed, on=["runner_id", "week_end"], how="left", validate="m:1")
        .with_columns(pl.col("is_washed").fill_null(value=False))
        .group_by(_EPISODE)
        .agg(
            own_weeks=own.drop_nulls().sort(),
            own_weeks_mean=own.sort().mean(),
            n_own_weeks=own.count(),
            n_own_weeks_lower=(own <= pl.col("at_onset").first()).sum(),
            n_own_weeks_unknown=own.null_count(),
            n_own_weeks_washed=pl.col("is_washed").sum(),
        )
    )
