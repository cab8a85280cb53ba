"""Two likelihoods of rare onsets, against statsmodels and against truths that are known: method.md §7."""

import numpy as np
import numpy.typing as npt
import pytest
import statsmodels.api as sm
from statsmodels.discrete.conditional_models import ConditionalLogit

from runfix_analytics.likelihood import conditional_at, conditional_logistic, logistic, logistic_at

Floats = npt.NDArray[np.float64]


def some_rows(n: int = 600, n_clusters: int = 30, seed: int = 1) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Intercept, a share and a yes or no; about a row in four is an event."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.random(n), rng.random(n) < 0.3]).astype(np.float64)
    clusters = np.arange(n) % n_clusters
    frailty = rng.normal(0, 0.7, n_clusters)[clusters]
    y = (rng.random(n) < 1 / (1 + np.exp(1.4 + 0.8 * x[:, 1] - x[:, 2] - frailty))).astype(np.float64)
    return x, y, clusters


def strata_of(*events_and_sizes: tuple[int, int], seed: int = 2) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Strata with so many events among so many rows; two columns that have something to do with them."""
    rng = np.random.default_rng(seed)
    sizes = [size for _, size in events_and_sizes]
    strata = np.repeat(np.arange(len(sizes)), sizes)
    x = rng.normal(0, 1, (len(strata), 2))
    y = np.zeros(len(strata))
    for number, (n_events, _) in enumerate(events_and_sizes):
        rows = np.flatnonzero(strata == number)
        chance = np.exp(x[rows] @ [0.7, -0.4])
        y[rng.choice(rows, n_events, replace=False, p=chance / chance.sum())] = 1
    return x, y, strata


# Pooled


@pytest.mark.parametrize("shifted", [False, True])
def test_the_pooled_fit_is_that_of_statsmodels_with_errors_clustered_by_runner(shifted: bool):
    x, y, clusters = some_rows()
    offset = np.where(np.arange(len(y)) % 3 == 0, 0.9, -0.2) if shifted else None
    fit = logistic(x, y, clusters, offset)
    model = sm.GLM(y, x, family=sm.families.Binomial(), offset=offset)
    theirs = model.fit(tol=1e-13, maxiter=100, cov_type="cluster", cov_kwds={"groups": clusters})
    n, k = x.shape
    assert fit.has_converged
    np.testing.assert_allclose(fit.coefficients, theirs.params, rtol=1e-6)
    np.testing.assert_allclose(fit.covariance * (n - 1) / (n - k), theirs.cov_params(), rtol=1e-6)
    assert fit.log_likelihood == pytest.approx(theirs.llf, rel=1e-9)


@pytest.mark.parametrize("beta", [(0.0, 0.0, 0.0), (-1.0, 0.5, 2.0), (-6.0, -3.0, 1.0)])
def test_log_likelihood_and_score_are_those_of_statsmodels_anywhere(beta: tuple[float, ...]):
    x, y, _ = some_rows()
    offset = np.linspace(-1, 1, len(y))
    value, score, information = logistic_at(x, y, np.array(beta), offset, np.ones(len(y)))
    model = sm.GLM(y, x, family=sm.families.Binomial(), offset=offset)
    assert value == pytest.approx(model.loglike(np.array(beta)), rel=1e-8)
    np.testing.assert_allclose(score, model.score(np.array(beta)), rtol=1e-8)
    np.testing.assert_allclose(information, -model.hessian(np.array(beta)), rtol=1e-8)


def test_a_weight_counts_a_row_that_often():
    x, y, clusters = some_rows(200)
    times = np.random.default_rng(3).integers(0, 4, 200)
    weighted = logistic(x, y, clusters, weights=times.astype(np.float64))
    repeated = logistic(np.repeat(x, times, axis=0), np.repeat(y, times), np.repeat(clusters, times))
    theirs = sm.GLM(y, x, family=sm.families.Binomial(), freq_weights=times).fit(tol=1e-13)
    np.testing.assert_allclose(weighted.coefficients, theirs.params, rtol=1e-6)
    np.testing.assert_allclose(weighted.coefficients, repeated.coefficients, rtol=1e-7)
    np.testing.assert_allclose(weighted.covariance, repeated.covariance, rtol=1e-6)
    assert weighted.log_likelihood == pytest.approx(theirs.llf, rel=1e-9)


def test_many_rows_are_worked_on_in_parts_with_the_same_result():
    x, y, clusters = some_rows(70_000)  # more than one part
    order = np.random.default_rng(4).permutation(len(y))
    fit, other = logistic(x, y, clusters), logistic(x[order], y[order], clusters[order])
    np.testing.assert_allclose(fit.coefficients, other.coefficients, rtol=1e-7)
    np.testing.assert_allclose(fit.covariance, other.covariance, rtol=1e-7)
    theirs = sm.GLM(y, x, family=sm.families.Binomial()).fit(tol=1e-13)
    np.testing.assert_allclose(fit.coefficients, theirs.params, rtol=1e-6)


# Where there is no estimate


def separated(x: Floats, y: Floats) -> Floats:
    """With one more column that is on for some rows without an event only."""
    return np.column_stack([x, (y == 0) & (np.arange(len(y)) % 5 == 0)]).astype(np.float64)


def collinear(x: Floats, y: Floats) -> Floats:
    return np.column_stack([x, x[:, -1] * 2 + x[:, -2]])


@pytest.mark.parametrize("spoiled", [separated, collinear])
def test_a_separated_or_collinear_column_gives_no_estimate_and_no_warning(spoiled):
    x, y, clusters = some_rows()
    fit = logistic(spoiled(x, y), y, clusters)
    assert not fit.has_converged
    assert not logistic(spoiled(x, y), y, clusters, weights=np.full(len(y), 2.0)).has_converged


@pytest.mark.parametrize("spoiled", [separated, collinear])
@pytest.mark.parametrize("sizes", [[(1, 12)] * 40, [(2, 30)] * 20])
def test_within_strata_a_separated_or_collinear_column_gives_no_estimate_either(spoiled, sizes):
    x, y, strata = strata_of(*sizes)
    assert conditional_logistic(x, y, strata, strata).has_converged
    assert not conditional_logistic(spoiled(x, y), y, strata, strata).has_converged


@pytest.mark.parametrize("all_events", [False, True])
def test_without_an_event_or_with_events_only_there_is_no_estimate(all_events: bool):
    x, y, clusters = some_rows()
    assert not logistic(x, np.full(len(y), float(all_events)), clusters).has_converged
    assert not conditional_logistic(x[:, 1:], np.full(len(y), float(all_events)), clusters, clusters).has_converged


def test_no_rows_give_no_estimate():
    x, y, clusters = np.empty((0, 3)), np.empty(0), np.empty(0, np.int64)
    assert not conditional_logistic(x, y, clusters, clusters).has_converged
    fit = logistic(x, y, clusters)
    assert not fit.has_converged
    assert np.isnan(fit.coefficients).all()


# Within strata

MIXED = [(1, 20), (1, 35), (1, 7), (2, 25), (2, 40), (5, 40), (1, 2), (2, 3), (3, 30), (1, 60)] * 3


@pytest.mark.parametrize("sizes", [[(1, 15)] * 40, [(2, 20)] * 30, [(5, 30)] * 15, MIXED])
def test_the_within_fit_is_the_conditional_logit_of_statsmodels(sizes: list[tuple[int, int]]):
    x, y, strata = strata_of(*sizes)
    fit = conditional_logistic(x, y, strata, strata)
    theirs = ConditionalLogit(y, x, groups=strata).fit(method="newton", disp=False)
    assert fit.has_converged
    np.testing.assert_allclose(fit.coefficients, theirs.params, rtol=0, atol=1e-6)
    assert fit.log_likelihood == pytest.approx(theirs.llf, rel=1e-8)


@pytest.mark.parametrize("beta", [(0.0, 0.0), (1.0, -2.0), (-3.0, 0.1)])
def test_conditional_log_likelihood_and_score_are_those_of_statsmodels_anywhere(beta: tuple[float, float]):
    x, y, strata = strata_of(*MIXED)
    value, score = conditional_at(x, y, strata, np.array(beta))
    model = ConditionalLogit(y, x, groups=strata)
    assert value == pytest.approx(model.loglike(np.array(beta)), rel=1e-8)
    np.testing.assert_allclose(score, model.score(np.array(beta)), rtol=1e-8)


def test_strata_without_an_event_or_with_events_only_change_nothing():
    x, y, strata = strata_of(*MIXED[:10], (0, 30), (4, 4), (1, 1), (0, 1))
    inside = strata < 10
    fit = conditional_logistic(x, y, strata, strata)
    alone = conditional_logistic(x[inside], y[inside], strata[inside], strata[inside])
    np.testing.assert_array_equal(fit.coefficients, alone.coefficients)
    np.testing.assert_array_equal(fit.covariance, alone.covariance)
    assert fit.log_likelihood == alone.log_likelihood


def test_neither_the_order_of_rows_nor_the_numbers_of_strata_and_runners_matter():
    x, y, strata = strata_of(*MIXED)
    order = np.random.default_rng(5).permutation(len(y))
    fit = conditional_logistic(x, y, strata, strata // 2)
    other = conditional_logistic(x[order], y[order], 1000 - strata[order], 7 * (strata[order] // 2) + 3)
    np.testing.assert_allclose(fit.coefficients, other.coefficients, rtol=1e-9)
    np.testing.assert_allclose(fit.covariance, other.covariance, rtol=1e-9)


def test_a_level_that_is_the_same_in_all_rows_of_a_stratum_cancels():
    x, y, strata = strata_of(*MIXED)
    level = np.random.default_rng(6).normal(0, 3, len(MIXED))[strata]
    fit, raised = (conditional_logistic(columns, y, strata, strata) for columns in (x, x + level[:, None]))
    np.testing.assert_allclose(fit.coefficients, raised.coefficients, rtol=1e-7)


def exact_bread(x: Floats, y: Floats, strata: npt.NDArray[np.int64], at: Floats, step: float = 1e-5) -> Floats:
    """The inverse of the exact information: minus the slope of the exact score."""
    slope = [
        (conditional_at(x, y, strata, at + move)[1] - conditional_at(x, y, strata, at - move)[1]) / (2 * step)
        for move in np.eye(len(at)) * step
    ]
    return np.asarray(np.linalg.inv(-np.array(slope)))


@pytest.mark.parametrize(
    ("sizes", "rtol"), [([(1, 15)] * 60, 1e-6), ([(2, 40), (5, 60), (3, 200)] * 8, 0.05)]
)  # fmt: skip
def test_the_information_is_exact_for_single_events_and_within_five_percent_for_several(sizes, rtol: float):
    x, y, strata = strata_of(*sizes)
    fit = conditional_logistic(x, y, strata, strata)
    scores = np.array([
        conditional_at(x[strata == s], y[strata == s], strata[strata == s], fit.coefficients)[1]
        for s in range(len(sizes))
    ])  # fmt: skip
    n = len(sizes)
    meat = scores.T @ scores * n / (n - 1)
    bread = exact_bread(x, y, strata, fit.coefficients)
    np.testing.assert_allclose(
        np.sqrt(np.diag(fit.covariance)), np.sqrt(np.diag(bread @ meat @ bread)), rtol=rtol
    )  # fmt: skip


def test_strata_of_one_runner_are_one_cluster():
    """The same strata twice over under the same runners: half the bread, twice the scores, the same error."""
    x, y, strata = strata_of(*MIXED)
    twice = [np.concatenate(two) for two in ((x, x), (y, y), (strata, strata + 1000), (strata, strata))]
    fit = conditional_logistic(x, y, strata, strata)
    doubled = conditional_logistic(*twice)
    np.testing.assert_allclose(doubled.coefficients, fit.coefficients, rtol=1e-7)
    np.testing.assert_allclose(doubled.covariance, fit.covariance, rtol=1e-6)


# Thinning


def rare_rows(n: int = 200_000, seed: int = 7) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Two symptoms as intercepts and coverage, which lowers the log odds by 0.4; about 1000 events."""
    rng = np.random.default_rng(seed)
    second = rng.random(n) < 0.4
    coverage = rng.beta(1.5, 1.5, n)
    x = np.column_stack([coverage, ~second, second]).astype(np.float64)
    y = (rng.random(n) < 1 / (1 + np.exp(-(x @ [-0.4, -5.6, -4.4])))).astype(np.float64)
    return x, y, np.arange(n) % 500


def test_thinning_with_the_offset_is_unbiased():
    x, y, clusters = rare_rows()
    whole = logistic(x, y, clusters)
    shares = np.array([0.05, 0.12])[x[:, 2].astype(np.int64)]
    found = []
    for seed in range(20):
        kept = (y > 0) | (np.random.default_rng(100 + seed).random(len(y)) < shares)
        found.append(logistic(x[kept], y[kept], clusters[kept], -np.log(shares[kept])))
    values = np.array([fit.coefficients for fit in found])
    own_error = np.sqrt(np.diag(whole.covariance))
    sampling_error = values.std(axis=0, ddof=1)
    np.testing.assert_array_less(np.abs(values[0] - whole.coefficients), 3 * own_error)
    np.testing.assert_array_less(np.abs(values.mean(axis=0) - whole.coefficients), 3 * sampling_error / np.sqrt(20))
    np.testing.assert_array_less(sampling_error, own_error / 2)  # 15 rows an event cost little
    without = logistic(x[kept], y[kept], clusters[kept])
    assert (without.coefficients[1:] - whole.coefficients[1:]).min() > 1.5  # the offset is what corrects it
