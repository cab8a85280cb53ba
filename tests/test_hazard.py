"""The hazard models' matrix and its fits: which columns, which rows, which errors; method.md §4."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from logs import CATALOGUE, made_up_rows
from statsmodels.discrete.conditional_models import ConditionalLogit

from runfix_analytics.hazard import CONTROL, fit_pooled, fit_within, matrix
from runfix_analytics.likelihood import logistic
from runfix_analytics.tables import AnalysisRows

AREAS = tuple(CATALOGUE.areas)
SYMPTOMS = list(CATALOGUE.symptoms)
MODELLED = [symptom.id for symptom in CATALOGUE.symptoms.values() if symptom.in_hazard_models]
COVARIATES = ("spike", "chronic", "season_sin", "season_cos", "years", "prior_same", "prior_any")


def without(rows: pl.DataFrame, symptom: str) -> pl.DataFrame:
    """The rows without an onset of the symptom."""
    return rows.with_columns(is_onset=pl.col("is_onset") & (pl.col("symptom_id") != symptom))


# The matrix


def test_columns_are_the_areas_the_confounders_and_a_level_for_each_symptom_with_an_onset():
    whole = matrix(without(made_up_rows(), "shin"), CATALOGUE)
    levels = tuple(f"symptom {SYMPTOMS.index(s)}" for s in SYMPTOMS if s in MODELLED and s != "shin")
    assert whole.names == (*AREAS, *COVARIATES, *levels)
    assert whole.x.shape == (50 * 60 * 10, len(whole.names))
    assert SYMPTOMS.index("shin") not in whole.symptom
    np.testing.assert_array_equal(whole.x[:, -10:].sum(axis=1), 1)


def test_coverage_stands_where_the_area_is_linked_to_the_symptom_and_zero_elsewhere():
    rows = made_up_rows()
    whole = matrix(rows, CATALOGUE)
    coverage = np.array(rows["coverage"].to_list())
    for place, area in enumerate(AREAS):
        linked = rows["symptom_id"].is_in([s for s in SYMPTOMS if area in CATALOGUE.linked_areas(s)]).to_numpy()
        np.testing.assert_array_equal(whole.x[:, place], coverage[:, place] * linked)


def test_a_column_that_is_the_same_everywhere_is_left_out():
    rows = made_up_rows().with_columns(is_spike=False, coverage=pl.lit([0.0, 0.5, 0.0, 0.0, 0.0]))
    assert matrix(rows, CATALOGUE).names[:3] == ("hamstrings", "chronic", "season_sin")


def test_the_share_of_days_that_was_kept_becomes_an_offset_the_same_for_onsets():
    rows = made_up_rows()
    kept = pl.when(pl.col("symptom_id") == "neck").then(0.1).otherwise(0.5)
    thin = rows.with_columns(sampled_share=pl.when("is_onset").then(1.0).otherwise(kept))
    whole = matrix(thin, CATALOGUE)
    is_neck = whole.symptom == SYMPTOMS.index("neck")
    np.testing.assert_allclose(whole.offset, np.where(is_neck, -np.log(0.1), -np.log(0.5)))
    assert not matrix(rows, CATALOGUE).offset.any()


@pytest.mark.parametrize(("n_onsets", "missing"), [(49, "too_few_onsets"), (50, None)])
def test_under_fifty_onsets_there_is_nothing_to_fit(n_onsets: int, missing: str | None):
    rows = made_up_rows()
    few = rows.with_columns(is_onset=pl.col("is_onset") & (pl.col("is_onset").cum_sum() <= n_onsets))
    whole = matrix(few, CATALOGUE)
    assert (whole.y.sum(), whole.missing) == (n_onsets, missing)
    assert fit_pooled(whole, CATALOGUE).has_converged == (missing is None)
    assert fit_within(whole)[1].has_converged == (missing is None)


def test_no_rows_are_a_matrix_without_an_estimate():
    whole = matrix(AnalysisRows.create_empty(), CATALOGUE)
    assert (len(whole.y), whole.missing) == (0, "too_few_onsets")
    assert not fit_pooled(whole, CATALOGUE).has_converged
    assert not fit_within(whole)[1].has_converged


def test_a_squad_of_one_season_has_an_estimate():
    """Within two months the season's sine, cosine and the level can hardly be told apart: large, and no harm."""
    whole = matrix(made_up_rows(60, 60, chance=0.003, step=1), CATALOGUE)
    fit = fit_pooled(whole, CATALOGUE)
    assert np.isfinite(fit.coefficients[:5]).all()
    assert fit.has_converged
    assert fit_within(whole)[1].has_converged


def test_a_control_is_one_more_column():
    rows = made_up_rows(20, 30)
    control = np.linspace(0, 1, rows.height)
    whole = matrix(rows, CATALOGUE, control=control)
    kept = rows["symptom_id"].is_in([SYMPTOMS[n] for n in np.unique(whole.symptom)]).to_numpy()
    np.testing.assert_array_equal(whole.x[:, whole.names.index(CONTROL)], control[kept])


# The fits


def test_the_pooled_fit_of_thinned_rows_is_that_of_statsmodels():
    rows = made_up_rows(effects=(-0.7, 0.5, 0, 0, 0))
    keep = pl.col("is_onset") | (pl.int_range(pl.len()) % 3 == 0)
    thin = rows.filter(keep).with_columns(sampled_share=pl.when("is_onset").then(1.0).otherwise(1 / 3))
    whole = matrix(thin, CATALOGUE)
    fit = fit_pooled(whole, CATALOGUE)
    theirs = sm.GLM(whole.y, whole.x, family=sm.families.Binomial(), offset=whole.offset).fit(
        tol=1e-13, cov_type="cluster", cov_kwds={"groups": whole.runner}
    )
    np.testing.assert_allclose(fit.coefficients, theirs.params, rtol=1e-6, atol=1e-8)
    n, k = whole.x.shape
    np.testing.assert_allclose(np.diag(fit.covariance) * (n - 1) / (n - k), theirs.bse**2, rtol=1e-5)


@pytest.mark.parametrize(("n_runners", "is_drawn"), [(39, True), (40, False)])
def test_with_few_runners_errors_come_from_drawing_runners_anew(n_runners: int, is_drawn: bool):
    whole = matrix(made_up_rows(n_runners, 12, chance=0.06, step=30), CATALOGUE)
    fit, sandwich = fit_pooled(whole, CATALOGUE), logistic(whole.x, whole.y, whole.runner)
    np.testing.assert_array_equal(fit.coefficients, sandwich.coefficients)
    assert np.array_equal(fit.covariance, sandwich.covariance) != is_drawn
    if is_drawn:
        again = fit_pooled(whole, CATALOGUE)
        np.testing.assert_array_equal(fit.covariance, again.covariance)
        ratio = np.sqrt(np.diag(fit.covariance) / np.diag(sandwich.covariance))[:5]
        assert 0.75 < np.median(ratio) < 1.4


@pytest.mark.parametrize("n_runners", [1, 2, 4])
def test_a_handful_of_runners_gives_no_standard_error(n_runners: int):
    """Draws of two runners are three different squads: their spread is nearly nothing, and says nothing."""
    whole = matrix(made_up_rows(n_runners, 100, chance=0.05), CATALOGUE)
    covariance = fit_pooled(whole, CATALOGUE).covariance
    assert np.isnan(covariance).all()


def test_a_confounder_without_an_onset_does_not_cost_the_areas_their_estimate():
    """Of 60 onsets none falls on a spike in one squad out of ten or twenty."""
    rows = made_up_rows(50, 60, chance=0.003)
    calm = rows.with_columns(is_spike=pl.col("is_spike") & ~pl.col("is_onset"))
    fit = fit_pooled(matrix(calm, CATALOGUE), CATALOGUE)
    limit = fit_pooled(matrix(AnalysisRows.validate(calm.filter(~pl.col("is_spike"))), CATALOGUE), CATALOGUE)
    assert fit.has_converged
    np.testing.assert_allclose(fit.coefficients[:5], limit.coefficients[:5], rtol=1e-6)


def test_the_within_fit_compares_a_runner_with_the_same_runner_symptom_by_symptom():
    rows = made_up_rows(25, 20, chance=0.02, step=14)
    whole = matrix(rows, CATALOGUE)
    chosen, fit = fit_within(whole)
    assert chosen.names == tuple(n for n in whole.names if not n.startswith(("prior", "symptom")))
    strata = whole.runner * 100 + whole.symptom
    inside = np.isin(strata, strata[whole.y > 0])
    model = ConditionalLogit(whole.y[inside], chosen.x[inside], groups=strata[inside])
    theirs = model.fit(method="newton", disp=False)
    assert fit.has_converged
    np.testing.assert_allclose(fit.coefficients, theirs.params, rtol=1e-6, atol=1e-6)


def test_what_never_changes_within_a_runner_with_an_onset_is_no_column_of_the_within_fit():
    rows = made_up_rows(40, 30, chance=0.02).with_columns(
        chronic_km_per_day=pl.col("runner_id").str.slice(1).cast(pl.Float64)
    )
    chosen, fit = fit_within(matrix(rows, CATALOGUE))
    assert "chronic" not in chosen.names
    assert fit.has_converged


def test_thinning_changes_nothing_in_what_is_compared_within_a_runner():
    whole = matrix(made_up_rows(40, 30, chance=0.02), CATALOGUE)
    shifted = replace(whole, offset=np.where(whole.symptom % 2 == 0, 3.0, 0.5))
    np.testing.assert_array_equal(fit_within(whole)[1].coefficients, fit_within(shifted)[1].coefficients)
