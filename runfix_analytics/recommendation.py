"""Which areas a runner should train first, and which not at all: an ordering, never a risk."""

from datetime import date, timedelta
from math import log, sqrt
from statistics import NormalDist

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.tables import (
    Advice,
    Coverage,
    Episodes,
    Exposure,
    KnownDays,
    Referrals,
    Runners,
    SymptomRates,
    Verdicts,
)

PRIOR, COHORT = "prior", "cohort"
SESSIONS = ("sets", "no_sets")
_EXACT = 9
_RUNNER_AREA = ["runner_id", "area_id"]


def area_effects(verdicts: dy.DataFrame[Verdicts], catalogue: Catalogue) -> pl.DataFrame:
    """One row per area: the log hazard ratio of full coverage against none that ranks it, its 80 % interval, its basis.

    basis prior: the same for every area, a mean effect N(log 0.85, 0.30²) and areas around it with 0.20. basis cohort:
    the squad's own estimates and the prior together; only where every one of them is sharp and clean (`may_reorder`),
    since unsharp estimates order worse than the prior does. No verdicts: the prior.
    Source: method.md §4, §5.
    """
    mean = log(catalogue.number("priority.effect_ratio"))
    sd = sqrt(catalogue.number("priority.effect_sd_between") ** 2 + catalogue.number("priority.effect_sd_area") ** 2)
    effects = pl.DataFrame({"area_id": list(catalogue.areas), "mean": mean, "sd": sd, "basis": PRIOR})
    if set(verdicts["area_id"]) == set(catalogue.areas) and verdicts["may_reorder"].all():
        effects = verdicts.select("area_id", mean="posterior_mean", sd="posterior_sd", basis=pl.lit(COHORT))
    reach = NormalDist().inv_cdf(0.5 + catalogue.number("priority.interval_share") / 2) * pl.col("sd")
    return effects.select(
        "area_id", "basis", beta="mean", beta_low=pl.col("mean") + reach, beta_high=pl.col("mean") - reach
    )


def recommendation(
    runners: dy.DataFrame[Runners],
    coverage: dy.DataFrame[Coverage],
    days: dy.DataFrame[KnownDays],
    episodes: dy.DataFrame[Episodes],
    exposure: dy.DataFrame[Exposure],
    rates: dy.DataFrame[SymptomRates],
    referrals: dy.DataFrame[Referrals],
    *,
    verdicts: dy.DataFrame[Verdicts],
    as_of: date,
    catalogue: Catalogue,
) -> dy.DataFrame[Advice]:
    """One row per runner and area.

    withheld: a red flag stands against it. on_target: nothing to do. log_first: coverage is not known, so it is not
    ranked. train: ranked by priority_a = Σ_k λ_k (1 − exp(β·deficit_a)) over the linked symptoms k, where λ_k is the
    runner's expected number of onsets in 90 days; a runner without any ache, and ties, by deficit. `basis` says whether
    β is the prior or, where the squad's own estimates are sharp and clean enough, prior and estimates together.
    Source: method.md §5.
    """
    today = coverage.filter(pl.col("local_date") == as_of).select(*_RUNNER_AREA, "coverage", covered="status")
    deficit = 1 - pl.col("coverage")
    expected = _expected_onsets(exposure, rates, catalogue)
    betas = {"priority": "beta", "priority_low": "beta_low", "priority_high": "beta_high"}
    averted = {name: pl.col("onsets") * (1 - (pl.col(beta) * deficit).exp()) for name, beta in betas.items()}
    judged = (
        runners.select("runner_id")
        .join(_areas(catalogue), how="cross")
        .join(area_effects(verdicts, catalogue), on="area_id", how="left", validate="m:1")
        .join(today, on=_RUNNER_AREA, how="left", validate="1:1")
        .join(expected, on=_RUNNER_AREA, how="left", validate="1:1")
        .join(_linked_aches(episodes, catalogue), on=_RUNNER_AREA, how="left", validate="1:1")
        .join(_withheld(referrals, catalogue), on=_RUNNER_AREA, how="left", validate="1:1")
        .join(_programme(days, as_of, catalogue), on="runner_id", how="left", validate="m:1")
        .with_columns(
            **averted,
            deficit=deficit,
            n_aches=pl.col("n_aches").fill_null(0),
            withheld_for=pl.col("withheld_for").fill_null(pl.lit([], dtype=pl.List(pl.String))),
            status=_status(),
            as_of=pl.lit(as_of),
        )
    )
    ranked = judged.with_columns(rank=_rank()).sort("runner_id", "place")
    return Advice.validate(ranked, cast=True)


def _areas(catalogue: Catalogue) -> pl.DataFrame:
    rows = [(area.id, place, area.lower_body) for place, area in enumerate(catalogue.areas.values())]
    schema = {"area_id": pl.String, "place": pl.Int16, "lower_body": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _links(catalogue: Catalogue) -> pl.DataFrame:
    rows = [(symptom.id, link.area) for symptom in catalogue.symptoms.values() for link in symptom.links]
    return pl.DataFrame(rows, schema={"symptom_id": pl.String, "area_id": pl.String}, orient="row")


def _expected_onsets(exposure: pl.DataFrame, rates: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """λ summed over the symptoms linked to each area: own onsets and days, shrunk to the squad's rate."""
    own = pl.col("n_onsets") + 1
    days = pl.col("n_days_at_risk") + 1 / pl.col("onsets_per_day")
    return (
        exposure.join(rates.select("symptom_id", "onsets_per_day"), on="symptom_id", how="left", validate="m:1")
        .with_columns(onsets=catalogue.number("priority.horizon") * own / days)
        .join(_links(catalogue), on="symptom_id", how="inner")
        .sort(*_RUNNER_AREA, "symptom_id")
        .group_by(_RUNNER_AREA, maintain_order=True)
        .agg(pl.col("onsets").sum())
    )


def _linked_aches(episodes: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Overuse episodes per runner and linked area; breathing is not in the ranking."""
    modelled = [symptom.id for symptom in catalogue.symptoms.values() if symptom.in_hazard_models]
    overuse = episodes.filter(~pl.col("is_trauma") & pl.col("symptom_id").is_in(modelled))
    linked = overuse.join(_links(catalogue), on="symptom_id", how="inner")
    return linked.group_by(_RUNNER_AREA).agg(n_aches=pl.len())


def _withheld(referrals: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """One row per runner and withheld area, with the flags that withhold it."""
    is_touched = pl.col("area_id").is_in(pl.col("withheld_areas"))
    is_lower = pl.col("withholds_lower_body") & pl.col("lower_body")
    return (
        referrals.join(_areas(catalogue), how="cross")
        .filter(is_touched | is_lower)
        .group_by(_RUNNER_AREA)
        .agg(withheld_for=pl.col("flag").unique().sort())
    )


def _programme(days: pl.DataFrame, as_of: date, catalogue: Catalogue) -> pl.DataFrame:
    """The runners with a logged strength session, with or without sets, in the last 28 d."""
    since = as_of - timedelta(days=catalogue.days("priority.programme_window") - 1)
    recent = days.filter(pl.col("local_date").is_between(since, as_of), pl.col("evidence").is_in(SESSIONS))
    return recent.select("runner_id", has_programme=pl.lit(value=True)).unique()


def _status() -> pl.Expr:
    return (
        pl.when(pl.col("withheld_for").is_not_null())
        .then(pl.lit("withheld"))
        .when(pl.col("covered") == "on_target")
        .then(pl.lit("on_target"))
        .when(pl.col("coverage").is_null())
        .then(pl.lit("log_first"))
        .otherwise(pl.lit("train"))
    )


def _rank() -> pl.Expr:
    """1, 2, … over the areas to train; by deficit alone for a runner who never had a linked ache."""
    is_ranked = pl.col("status") == "train"
    has_ached = pl.col("n_aches").sum() > 0
    priority = pl.when(has_ached).then(pl.col("priority").round(_EXACT)).otherwise(0.0)
    order = pl.struct(~is_ranked, -priority, -pl.col("deficit").round(_EXACT), "place")
    return pl.when(is_ranked).then(order.rank("ordinal").over("runner_id"))
