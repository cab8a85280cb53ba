"""Coverage against symptom onset over all runners: estimates, sensitivities, negative controls, verdicts.

Association, not cause. `association` tells the order of the steps.
"""

from dataclasses import dataclass
from math import erfc, sqrt
from statistics import NormalDist

import dataframely as dy
import numpy as np
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.cohort import Cohort, analysis_rows, in_order, with_future
from runfix_analytics.hazard import (
    CONTROL,
    Matrix,
    coverage_matrix,
    fit_pooled,
    fit_within,
    link_matrix,
    matrix,
)
from runfix_analytics.likelihood import Fit, Floats
from runfix_analytics.tables import AnalysisRows, Estimates, Exclusions, Verdicts
from runfix_analytics.verdicts import Marks, marks, verdicts

_SCHEMA = {name: column.dtype for name, column in Estimates.columns().items()}


@dataclass(frozen=True)
class Association:
    """What a cohort's logs say of coverage against onset at one lag, and how far that can be trusted.

    `n_rows` before thinning; `share_of_rows` of them were fitted.
    """

    lag_days: int
    n_runners: int
    n_onsets: int
    n_runners_with_onset: int
    n_rows: int
    share_of_rows: float
    estimates: dy.DataFrame[Estimates]
    verdicts: dy.DataFrame[Verdicts]
    exclusions: dy.DataFrame[Exclusions]
    marks: Marks


def association(of: Cohort, *, lag_days: int, catalogue: Catalogue) -> Association:
    """The whole of it: primary estimate, sensitivities, lag curve, negative controls, pairs, verdicts.

    Too few onsets are a value: the estimates are null with the reason, and the verdict says so.
    Source: method.md §4.
    """
    rows, left_out = analysis_rows(of, lag_days=lag_days, catalogue=catalogue)
    primary, covariance = pooled(rows, catalogue)
    curve = [
        _at(lag, at_lag(analysis_rows(of, lag_days=lag, catalogue=catalogue)[0], catalogue)) for lag in lags(catalogue)
    ]
    unwashed, _ = analysis_rows(of, lag_days=lag_days, catalogue=catalogue, has_washout=False)
    later = with_future(rows, of, catalogue=catalogue)
    at_model = [
        _adjusted(primary, "holm"),
        within(rows, catalogue),
        pooled(unwashed, catalogue, "pooled_unwashed")[0],
        unlinked(rows, catalogue),
        future(later, catalogue),
        pairs(rows, catalogue),
    ]
    estimates = Estimates.validate(pl.concat([*(_at(lag_days, one) for one in at_model), *curve]))
    found = marks(estimates, lag_days)
    n_rows = round((1 / rows["sampled_share"]).sum())
    return Association(
        lag_days=lag_days,
        n_runners=rows["runner_id"].n_unique(),
        n_onsets=int(rows["is_onset"].sum()),
        n_runners_with_onset=rows.filter("is_onset")["runner_id"].n_unique(),
        n_rows=n_rows,
        share_of_rows=rows.height / n_rows if n_rows else 1.0,
        estimates=estimates,
        verdicts=verdicts(estimates, covariance, found, catalogue),
        exclusions=in_order(Exclusions.validate(pl.concat([of.exclusions, left_out]))),
        marks=found,
    )


def lags(catalogue: Catalogue) -> list[int]:
    """The lags of the lag curve in days, shortest first; the model's own two are among them."""
    fortnight_and_less = ("association.lag_week", "association.lag_fortnight")
    longer = ("onset.lag_noticed", "onset.lag_reported", "association.lag_long")
    return sorted(catalogue.days(name) for name in (*fortnight_and_less, *longer))


def pooled(
    rows: dy.DataFrame[AnalysisRows], catalogue: Catalogue, estimator: str = "pooled"
) -> tuple[dy.DataFrame[Estimates], Floats]:
    """One row per area, and the areas' covariance (not a number where there is no estimate).

    logit h = α_symptom + Σ_a H[symptom, a]·β_a·C[a, t−L] + spike + log(1 + chronic load) + season + time + prior
    episodes (same, any); errors clustered by runner, by runner bootstrap where runners are few.
    Source: method.md §4.
    """
    of = matrix(rows, catalogue)
    fit = fit_pooled(of, catalogue)
    return _by_area(estimator, rows, of, fit, catalogue), _covariance(of, fit, list(catalogue.areas))


def within(rows: dy.DataFrame[AnalysisRows], catalogue: Catalogue) -> dy.DataFrame[Estimates]:
    """One row per area: each runner's onset days against the same runner's other days, symptom by symptom."""
    of, fit = fit_within(matrix(rows, catalogue))
    return _by_area("within", rows, of, fit, catalogue)


def at_lag(rows: dy.DataFrame[AnalysisRows], catalogue: Catalogue) -> dy.DataFrame[Estimates]:
    """One row per area at the rows' lag, and one (area null) for their mean, weighted by what each knows."""
    areas, covariance = pooled(rows, catalogue, "lag")
    is_there = np.isfinite(np.diag(covariance))
    mean = se = np.nan
    if is_there.any():
        weight = np.linalg.inv(covariance[np.ix_(is_there, is_there)])
        mean = float((weight @ areas["log_ratio"].to_numpy()[is_there]).sum() / weight.sum())
        se = 1 / sqrt(weight.sum())
    common = _row("lag", rows, mean, se, catalogue, missing=areas["missing"][0])
    return Estimates.validate(pl.concat([areas, common]))


def unlinked(rows: dy.DataFrame[AnalysisRows], catalogue: Catalogue) -> dy.DataFrame[Estimates]:
    """One row, a negative control: mean coverage of the areas that the article does not link to the symptom."""
    coverage, is_unlinked = coverage_matrix(rows["coverage"], catalogue), ~link_matrix(rows, catalogue)
    return _control("unlinked", rows, coverage, is_unlinked, catalogue)


def future(rows: pl.DataFrame, catalogue: Catalogue) -> dy.DataFrame[Estimates]:
    """One row, a negative control: mean coverage of the linked areas weeks later; rows from `cohort.with_future`."""
    coverage = coverage_matrix(rows["future_coverage"], catalogue)
    return _control("future", rows, coverage, link_matrix(rows, catalogue), catalogue)


def _control(
    estimator: str, rows: pl.DataFrame, coverage: Floats, chosen: np.ndarray, catalogue: Catalogue
) -> dy.DataFrame[Estimates]:
    mean = (coverage * chosen).sum(axis=1) / np.maximum(chosen.sum(axis=1), 1)
    of = matrix(rows, catalogue, control=mean)
    fit = fit_pooled(of, catalogue)
    value, se = _value(of, fit, CONTROL)
    return Estimates.validate(_row(estimator, rows, value, se, catalogue, missing=_missing(of, fit, value)))


def pairs(rows: dy.DataFrame[AnalysisRows], catalogue: Catalogue) -> dy.DataFrame[Estimates]:
    """One row per linked symptom and area, exploratory; Benjamini-Hochberg over those with 50 onsets or more.

    Under that an interval of a single symptom is far too sure of itself: no estimate.
    """
    whole = matrix(rows, catalogue)
    numbers = {symptom: number for number, symptom in enumerate(catalogue.symptoms)}
    linked = [(s.id, link.area) for s in catalogue.symptoms.values() if s.in_hazard_models for link in s.links]
    coverage = dict(zip(catalogue.areas, coverage_matrix(rows["coverage"], catalogue)[whole.kept].T, strict=True))
    columns = {f"{s} {area}": coverage[area] * (whole.symptom == numbers[s]) for s, area in linked}
    of = whole.with_columns(columns, instead_of=tuple(catalogue.areas))
    fit = fit_pooled(of, catalogue)
    told = []
    for symptom, area in linked:
        value, se = _value(of, fit, f"{symptom} {area}")
        missing = _missing(of, fit, value)
        n_onsets = rows.filter(pl.col("symptom_id") == symptom)["is_onset"].sum()
        if n_onsets < catalogue.number("association.min_onsets"):
            value, se, missing = np.nan, np.nan, "too_few_onsets"
        told.append(_row("pair", rows, value, se, catalogue, missing=missing, symptom=symptom, area=area))
    return _adjusted(Estimates.validate(pl.concat(told)), "fdr_bh")


# telling


def _at(lag_days: int, estimates: pl.DataFrame) -> pl.DataFrame:
    """With the lag that was asked for, also where no row was left."""
    return estimates.with_columns(lag_days=pl.lit(lag_days, pl.Int16))


def _by_area(estimator: str, rows: pl.DataFrame, of: Matrix, fit: Fit, catalogue: Catalogue) -> dy.DataFrame[Estimates]:
    told = []
    for area in catalogue.areas:
        value, se = _value(of, fit, area)
        told.append(_row(estimator, rows, value, se, catalogue, missing=_missing(of, fit, value), area=area))
    return Estimates.validate(pl.concat(told))


def _value(of: Matrix, fit: Fit, name: str) -> tuple[float, float]:
    """A column's coefficient and standard error; not a number where it is not in the model."""
    if name not in of.names or not fit.has_converged:
        return np.nan, np.nan
    place = of.names.index(name)
    return float(fit.coefficients[place]), float(np.sqrt(fit.covariance[place, place]))


def _covariance(of: Matrix, fit: Fit, names: list[str]) -> Floats:
    places = [of.names.index(name) if name in of.names else -1 for name in names]
    padded = np.full((len(of.names) + 1, len(of.names) + 1), np.nan)
    padded[:-1, :-1] = fit.covariance
    return padded[np.ix_(places, places)]


def _missing(of: Matrix, fit: Fit, value: float) -> str | None:
    if of.missing:
        return of.missing
    if not fit.has_converged:
        return "not_converged"
    return "no_variation" if np.isnan(value) else None


def _row(  # noqa: PLR0913 - the columns of one row
    estimator: str,
    rows: pl.DataFrame,
    value: float,
    se: float,
    catalogue: Catalogue,
    *,
    missing: str | None,
    symptom: str | None = None,
    area: str | None = None,
) -> pl.DataFrame:
    linked = [s for s in catalogue.symptoms if area is None or area in catalogue.linked_areas(s)]
    of_term = rows.filter(pl.col("symptom_id").is_in([symptom] if symptom else linked))
    is_known = bool(np.isfinite(value) and np.isfinite(se) and se > 0)
    reach = NormalDist().inv_cdf(0.5 + catalogue.number("association.confidence") / 2) * se
    return pl.DataFrame(
        {
            "estimator": estimator,
            "lag_days": int(rows["lag_days"][0]) if rows.height else 0,
            "symptom_id": symptom,
            "area_id": area,
            "n_rows": of_term.height,
            "n_onsets": int(of_term["is_onset"].sum()),
            "n_runners": of_term["runner_id"].n_unique(),
            "n_runners_with_onset": of_term.filter("is_onset")["runner_id"].n_unique(),
            "log_ratio": value if is_known else None,
            "se": se if is_known else None,
            "low": value - reach if is_known else None,
            "high": value + reach if is_known else None,
            "p": erfc(abs(value / se) / sqrt(2)) if is_known else None,
            "p_adjusted": None,
            "missing": None if is_known else missing or "not_converged",
        },
        schema=_SCHEMA,
    )


def _adjusted(estimates: dy.DataFrame[Estimates], method: str) -> dy.DataFrame[Estimates]:
    """With p-values adjusted for how many there are."""
    from statsmodels.stats.multitest import multipletests  # noqa: PLC0415 - statsmodels takes a second to import

    is_there = estimates["p"].is_not_null()
    if not is_there.any():
        return estimates
    adjusted = multipletests(estimates.filter(is_there)["p"].to_numpy(), method=method)[1]
    places = np.full(estimates.height, np.nan)
    places[is_there.to_numpy()] = adjusted
    return Estimates.validate(estimates.with_columns(p_adjusted=pl.Series(places).fill_nan(None)))
