"""From estimates to words: what the data and the prior say together, and whether they may be believed."""

from dataclasses import dataclass
from math import log

import dataframely as dy
import numpy as np
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.likelihood import Floats
from runfix_analytics.tables import Estimates, Verdicts

_EXACT = 9
_CONTROLS = ("unlinked", "future")


@dataclass(frozen=True)
class Marks:
    """What is said of the whole cohort section.

    `is_bias_suspected`: a negative control's interval excludes 0. `is_rehab_fingerprint`: harmful at the shortest lag,
    no longer at the lag of the model. `is_lag_curve_flat`: the mean at every lag lies in the model lag's interval;
    false where the curve is not known. `are_checks_known`: both negative controls have an estimate.
    """

    is_bias_suspected: bool
    is_rehab_fingerprint: bool
    is_lag_curve_flat: bool
    are_checks_known: bool


def marks(estimates: dy.DataFrame[Estimates], lag_days: int) -> Marks:
    """The marks of the whole section, from the negative controls and the lag curve."""
    controls = estimates.filter(pl.col("estimator").is_in(_CONTROLS))
    curve = estimates.filter(pl.col("estimator") == "lag", pl.col("area_id").is_null()).sort("lag_days")
    is_known = curve.height > 0 and curve["log_ratio"].null_count() == 0
    is_fingerprint = is_flat = False
    if is_known:
        at_model = curve.row(by_predicate=pl.col("lag_days") == lag_days, named=True)
        shortest = curve.row(0, named=True)
        is_fingerprint = shortest["low"] > 0 and at_model["low"] <= 0 and shortest["log_ratio"] > at_model["high"]
        is_flat = bool(curve["log_ratio"].is_between(at_model["low"], at_model["high"]).all())
    are_checks_known = controls["log_ratio"].count() == len(_CONTROLS)
    return Marks(bool(_excludes_zero(controls).any()), is_fingerprint, is_flat, are_checks_known)


def _excludes_zero(estimates: pl.DataFrame) -> pl.Series:
    return estimates.select(((pl.col("low") > 0) | (pl.col("high") < 0)).fill_null(value=False)).to_series()


def prior(catalogue: Catalogue) -> tuple[Floats, Floats]:
    """Mean and covariance of the areas' log hazard ratios before any data: μ ~ N(log 0.85, 0.30²), β_a ~ N(μ, 0.20²).

    Source: method.md §4, from Toresdahl 2019, Leppänen 2024, Wu 2024.
    """
    n_areas = len(catalogue.areas)
    between = catalogue.number("priority.effect_sd_between") ** 2
    around = catalogue.number("priority.effect_sd_area") ** 2
    mean, spread = np.zeros(n_areas), np.zeros((n_areas, n_areas))
    mean += log(catalogue.number("priority.effect_ratio"))
    spread += between + around * np.eye(n_areas)
    return mean, spread


def posterior(estimate: Floats, covariance: Floats, catalogue: Catalogue) -> tuple[Floats, Floats]:
    """Mean and covariance of the areas' log hazard ratios, prior and estimates together, in closed form.

    An area without an estimate (not a number) learns from the others through the common mean only.
    """
    mean, spread = prior(catalogue)
    known = np.isfinite(estimate) & np.isfinite(np.diag(covariance))
    if not known.any():
        return mean, spread
    precision = np.zeros_like(spread)
    precision[np.ix_(known, known)] = np.linalg.inv(covariance[np.ix_(known, known)])
    of_prior = np.linalg.inv(spread)
    together: Floats = np.asarray(np.linalg.inv(of_prior + precision), np.float64)
    return together @ (of_prior @ mean + precision @ np.where(known, estimate, 0.0)), together


def verdicts(
    estimates: dy.DataFrame[Estimates], covariance: Floats, of_all: Marks, catalogue: Catalogue
) -> dy.DataFrame[Verdicts]:
    """One row per area, in the catalogue's order.

    In this order: too_few_onsets (under 50 usable onsets); bias_suspected and rehab_fingerprint, said
    of the whole cohort; opposite (a sensitivity contradicts the pooled estimate); prior_dominates (under 120 onsets);
    fewer_onsets or more_onsets where Holm's p is under 0.05; else inconclusive, as is an area without an
    estimate. The posterior leaves out areas with too few onsets. Source: method.md §4.
    """
    areas = pl.DataFrame({"area_id": list(catalogue.areas)})
    primary = areas.join(_of(estimates, "pooled"), on="area_id", how="left", validate="1:1", maintain_order="left")
    mean, spread = prior(catalogue)
    is_printable = pl.col("n_onsets") >= catalogue.number("association.min_onsets")
    believed = primary.select(pl.when(is_printable).then(pl.col("log_ratio").cast(pl.Float64))).to_series()
    after, together = posterior(believed.fill_null(np.nan).to_numpy(), covariance, catalogue)
    sharp = (primary["se"] <= catalogue.number("association.max_standard_error")).fill_null(value=False).all()
    judged = (
        primary.join(_sensitivity(estimates, "within"), on="area_id", how="left", validate="1:1", maintain_order="left")
        .join(
            _sensitivity(estimates, "pooled_unwashed"), on="area_id", how="left", validate="1:1", maintain_order="left"
        )
        .with_columns(
            prior_mean=pl.Series(mean),
            prior_sd=pl.Series(np.sqrt(np.diag(spread))),
            posterior_mean=pl.Series(after),
            posterior_sd=pl.Series(np.sqrt(np.diag(together))),
            data_weight=pl.Series(np.clip(1 - np.diag(together) / np.diag(spread), 0, 1).round(_EXACT)),
            verdict=_verdict(of_all, catalogue),
            may_reorder=pl.lit(
                bool(sharp) and of_all.is_lag_curve_flat and of_all.are_checks_known and not of_all.is_bias_suspected
            ),
        )
        .with_columns(
            pl.when(is_printable).then(name).alias(name) for name in ("log_ratio", "low", "high", "p_adjusted")
        )
    )
    return Verdicts.validate(judged, cast=True)


def _of(estimates: pl.DataFrame, estimator: str) -> pl.DataFrame:
    return estimates.filter(pl.col("estimator") == estimator)


def _sensitivity(estimates: pl.DataFrame, estimator: str) -> pl.DataFrame:
    columns = [pl.col(name).alias(f"{name}_{estimator}") for name in ("log_ratio", "low", "high")]
    return _of(estimates, estimator).select("area_id", *columns)


def _verdict(of_all: Marks, catalogue: Catalogue) -> pl.Expr:
    level = round(1 - catalogue.number("association.confidence"), _EXACT)
    estimate = pl.col("log_ratio")
    is_opposite = pl.lit(value=False)
    for sensitivity in ("within", "pooled_unwashed"):
        other, low, high = (pl.col(f"{name}_{sensitivity}") for name in ("log_ratio", "low", "high"))
        is_sure, other_is_sure = (pl.col("low") > 0) | (pl.col("high") < 0), (low > 0) | (high < 0)
        is_opposite |= (((estimate > 0) != (other > 0)) & (is_sure | other_is_sure)).fill_null(value=False)
    return (
        pl.when(pl.col("n_onsets") < catalogue.number("association.min_onsets"))
        .then(pl.lit("too_few_onsets"))
        .when(pl.lit(of_all.is_bias_suspected))
        .then(pl.lit("bias_suspected"))
        .when(pl.lit(of_all.is_rehab_fingerprint))
        .then(pl.lit("rehab_fingerprint"))
        .when(is_opposite)
        .then(pl.lit("opposite"))
        .when(pl.col("n_onsets") < catalogue.number("association.few_onsets"))
        .then(pl.lit("prior_dominates"))
        .when((pl.col("p_adjusted") < level) & (estimate < 0))
        .then(pl.lit("fewer_onsets"))
        .when((pl.col("p_adjusted") < level) & (estimate > 0))
        .then(pl.lit("more_onsets"))
        .otherwise(pl.lit("inconclusive"))
    )
