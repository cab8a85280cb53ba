"""What the estimates are called, and what they and the prior say together: method.md §4 and §5."""

from dataclasses import replace
from math import exp, log
from typing import Any

import numpy as np
import polars as pl
import pytest
from draw import completed
from logs import CATALOGUE, assert_shows, only
from polars.testing import assert_frame_equal

from runfix_analytics.tables import Estimates
from runfix_analytics.verdicts import Marks, marks, posterior, prior, verdicts

AREAS = list(CATALOGUE.areas)
CLEAN = Marks(is_bias_suspected=False, is_rehab_fingerprint=False, is_lag_curve_flat=True, are_checks_known=True)
BIASED = replace(CLEAN, is_bias_suspected=True)
STEEP = replace(CLEAN, is_lag_curve_flat=False)
REHAB = replace(STEEP, is_rehab_fingerprint=True)
BOTH = replace(REHAB, is_bias_suspected=True)
UNCHECKED = replace(CLEAN, are_checks_known=False)
NAN = np.full((5, 5), np.nan)


def estimate(
    value: float | None, half: float = 0.3, *, n: int = 500, p_adjusted: float | None = None
) -> dict[str, Any]:
    """A row with the interval value ± half."""
    known = None if value is None else (value - half, value + half)
    return {
        "lag_days": 21, "n_rows": 10_000, "n_onsets": n, "n_runners": 100, "n_runners_with_onset": 90,
        "log_ratio": value,
        "se": None if value is None else half / 1.96, "low": known and known[0], "high": known and known[1],
        "p": None if value is None else 0.01, "p_adjusted": p_adjusted,
        "missing": "too_few_onsets" if value is None else None,
    }  # fmt: skip


def estimates(rows: list[dict[str, Any]]) -> Any:
    return Estimates.validate(completed(Estimates, pl.DataFrame(rows, infer_schema_length=None)), cast=True)


def by_area(**of: dict[str, Any]) -> Any:
    """The same estimate of every area, by estimator; `within` and `pooled_unwashed` like `pooled` where not given."""
    every = {"within": of["pooled"], "pooled_unwashed": of["pooled"], **of}
    return estimates([{**row, "estimator": name, "area_id": area} for name, row in every.items() for area in AREAS])


def told(found: Any, of_all: Marks = CLEAN, covariance: Any = None) -> Any:
    spread = np.diag(only(found, estimator="pooled")["se"].cast(pl.Float64).fill_null(np.nan).to_numpy() ** 2)
    return verdicts(found, spread if covariance is None else covariance, of_all, CATALOGUE)


# The words, in the order in which they are judged

SURE, UNSURE, HARM = (
    estimate(-0.5, p_adjusted=0.01), estimate(-0.2, p_adjusted=0.3), estimate(0.5, p_adjusted=0.049)
)  # fmt: skip


@pytest.mark.parametrize(
    ("of", "of_all", "verdict"),
    [
        ({"pooled": SURE}, CLEAN, "fewer_onsets"),
        ({"pooled": HARM}, CLEAN, "more_onsets"),
        ({"pooled": UNSURE}, CLEAN, "inconclusive"),
        ({"pooled": {**SURE, "p_adjusted": 0.05}}, CLEAN, "inconclusive"),
        ({"pooled": estimate(None)}, CLEAN, "inconclusive"),
        ({"pooled": {**SURE, "n_onsets": 120}}, CLEAN, "fewer_onsets"),
        ({"pooled": {**SURE, "n_onsets": 119}}, CLEAN, "prior_dominates"),
        ({"pooled": {**HARM, "n_onsets": 50}}, CLEAN, "prior_dominates"),
        ({"pooled": {**SURE, "n_onsets": 49}}, CLEAN, "too_few_onsets"),
        ({"pooled": {**SURE, "n_onsets": 49}}, BOTH, "too_few_onsets"),
        ({"pooled": SURE}, BIASED, "bias_suspected"),
        ({"pooled": SURE}, BOTH, "bias_suspected"),
        ({"pooled": SURE}, REHAB, "rehab_fingerprint"),
        ({"pooled": {**SURE, "n_onsets": 60}}, REHAB, "rehab_fingerprint"),
        ({"pooled": SURE, "within": estimate(0.1)}, CLEAN, "opposite"),
        ({"pooled": SURE, "pooled_unwashed": estimate(0.1)}, CLEAN, "opposite"),
        ({"pooled": UNSURE, "within": estimate(0.5)}, CLEAN, "opposite"),
        ({"pooled": UNSURE, "within": estimate(0.1)}, CLEAN, "inconclusive"),  # neither excludes 0
        ({"pooled": SURE, "within": estimate(None)}, CLEAN, "fewer_onsets"),
        ({"pooled": {**SURE, "n_onsets": 60}, "within": estimate(0.1)}, CLEAN, "opposite"),
        ({"pooled": SURE, "within": estimate(0.1)}, BIASED, "bias_suspected"),
        ({"pooled": SURE, "within": estimate(0.1)}, REHAB, "rehab_fingerprint"),
    ],
)
def test_the_first_rule_that_holds_gives_the_verdict(of: dict[str, Any], of_all: Marks, verdict: str):
    assert told(by_area(**of), of_all)["verdict"].to_list() == [verdict] * 5


def test_each_area_has_its_own_verdict_in_the_order_of_the_catalogue():
    rows = by_area(pooled=SURE).with_columns(
        n_onsets=pl.when(pl.col("area_id") == AREAS[2]).then(10).otherwise("n_onsets")
    )
    found = told(Estimates.validate(rows.reverse()))
    assert found["area_id"].to_list() == AREAS
    assert found["verdict"].to_list() == ["fewer_onsets"] * 2 + ["too_few_onsets"] + ["fewer_onsets"] * 2


def test_under_fifty_onsets_no_ratio_is_printed_and_from_fifty_on_one_is():
    for n, expected in ((49, [None] * 4), (50, [-0.5, -0.8, -0.2, 0.01])):
        row = told(by_area(pooled={**SURE, "n_onsets": n})).row(0, named=True)
        printed = [row[name] for name in ("log_ratio", "low", "high", "p_adjusted")]
        assert printed == (expected if None in expected else pytest.approx(expected))


# Whether the estimates may reorder the advice


SHARP = {**estimate(-0.3, p_adjusted=0.01), "se": 0.2}


@pytest.mark.parametrize(
    ("pooled", "of_all", "may_reorder"),
    [
        (SHARP, CLEAN, True),
        ({**SHARP, "se": 0.2001}, CLEAN, False),
        (SHARP, BIASED, False),
        (SHARP, REHAB, False),
        (SHARP, STEEP, False),
        (SHARP, UNCHECKED, False),
        (estimate(None), CLEAN, False),
    ],
)
def test_only_sharp_clean_and_flat_estimates_may_reorder(pooled: dict[str, Any], of_all: Marks, may_reorder: bool):
    found = by_area(pooled=pooled)
    assert set(told(found, of_all)["may_reorder"]) == {may_reorder}


def test_one_area_that_is_not_sharp_or_not_there_keeps_all_from_reordering():
    sharp = by_area(pooled={**SHARP, "se": 0.1})
    is_last = (pl.col("area_id") == AREAS[-1]) & (pl.col("estimator") == "pooled")
    blunt = Estimates.validate(sharp.with_columns(se=pl.when(is_last).then(0.21).otherwise("se")))
    gone = Estimates.validate(sharp.with_columns(
        pl.when(~is_last).then(name).alias(name) for name in ("log_ratio", "se", "low", "high", "p")
    ))  # fmt: skip
    assert [told(of)["may_reorder"].any() for of in (sharp, blunt, gone)] == [True, False, False]


# Marks of the whole section


def section(
    curve: dict[int, float | None], *, half: float = 0.2, unlinked: float | None = 0.0, future: float | None = 0.0
) -> Any:
    rows = [{**estimate(value, half), "estimator": "lag", "lag_days": lag} for lag, value in curve.items()]
    controls = [{**estimate(unlinked, 0.3), "estimator": "unlinked"}, {**estimate(future, 0.3), "estimator": "future"}]
    per_area = [{**row, "area_id": area, "log_ratio": 9.0, "low": 8.0, "high": 10.0} for row in rows for area in AREAS]
    return estimates([*per_area, *rows, *controls])


FLAT = {7: 0.1, 14: 0.0, 21: 0.0, 28: -0.1, 42: 0.05}


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (section(FLAT), (False, False, True)),
        (section(FLAT, unlinked=0.31), (True, False, True)),
        (section(FLAT, unlinked=-0.31), (True, False, True)),
        (section(FLAT, future=0.31), (True, False, True)),
        (section(FLAT, unlinked=0.29, future=-0.29), (False, False, True)),
        (section({**FLAT, 7: 0.9, 14: 0.5}), (False, True, False)),
        (section({**FLAT, 7: 0.21}), (False, True, False)),  # harmful, and just out of the model's interval
        (section({**FLAT, 7: -0.9}), (False, False, False)),  # protective at a short lag is no rehab
        (section({**FLAT, 42: 0.3}), (False, False, False)),  # nor is harm at a long one
        (section({7: 0.9, 14: 0.6, 21: 0.5, 28: 0.5, 42: 0.5}), (False, False, False)),  # harmful throughout
        (section({**FLAT, 14: None}), (False, False, False)),
        (estimates([{**estimate(0.0), "estimator": "unlinked"}]), (False, False, False)),
    ],
)
def test_marks_come_from_the_controls_and_the_mean_curve(of: Any, expected: tuple[bool, bool, bool]):
    for found in (marks(of, 21), marks(Estimates.validate(of.reverse()), 21)):
        assert (found.is_bias_suspected, found.is_rehab_fingerprint, found.is_lag_curve_flat) == expected


def test_the_fingerprint_is_judged_at_the_lag_of_the_model():
    late = {7: 0.9, 14: 0.7, 21: 0.5, 28: 0.0, 42: 0.0}
    assert [marks(section(late), lag).is_rehab_fingerprint for lag in (21, 28)] == [False, True]


@pytest.mark.parametrize(
    ("of", "are_known"),
    [
        (section(FLAT), True),
        (section(FLAT, unlinked=0.9), True),
        (section(FLAT, unlinked=None), False),
        (section(FLAT, future=None), False),
        (Estimates.create_empty(), False),
    ],
)
def test_controls_that_have_no_estimate_are_not_known_to_be_clean(of: Any, are_known: bool):
    assert marks(of, 21).are_checks_known == are_known


# Prior and posterior


def test_the_prior_is_that_of_the_published_trials():
    mean, spread = prior(CATALOGUE)
    np.testing.assert_allclose(mean, log(0.85))
    np.testing.assert_allclose(spread, 0.3**2 + np.eye(5) * 0.2**2)


def some_estimates() -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    root = rng.normal(0, 0.12, (5, 5))
    return np.array([-0.5, 0.2, -0.1, 0.4, -0.9]), root @ root.T + np.eye(5) * 0.03


def test_the_posterior_is_what_weighing_draws_of_the_prior_gives():
    """Drawn: a mean effect, areas around it; weighed: by how well the estimates fit. Closed form against that."""
    value, covariance = some_estimates()
    rng = np.random.default_rng(2)
    draws = rng.normal(log(0.85), 0.3, (1_000_000, 1)) + rng.normal(0, 0.2, (1_000_000, 5))
    off = draws - value
    weight = np.exp(-0.5 * np.einsum("ni,ij,nj->n", off, np.linalg.inv(covariance), off, optimize=True))
    mean, spread = posterior(value, covariance, CATALOGUE)
    weighed = weight @ draws / weight.sum()
    around = draws - weighed
    np.testing.assert_allclose(mean, weighed, atol=0.01)
    np.testing.assert_allclose(np.sqrt(np.diag(spread)), np.sqrt(weight @ around**2 / weight.sum()), rtol=0.03)


def test_one_area_alone_is_the_textbook_normal():
    value = np.array([-0.6, *[np.nan] * 4])
    covariance = NAN.copy()
    covariance[0, 0] = 0.25**2
    mean, spread = posterior(value, covariance, CATALOGUE)
    weight = 0.13 / (0.13 + 0.0625)
    assert mean[0] == pytest.approx(log(0.85) + weight * (-0.6 - log(0.85)))
    assert spread[0, 0] == pytest.approx(0.13 * (1 - weight))
    # the others move with the common mean: 0.09 of 0.13 of what it moves
    np.testing.assert_allclose(mean[1:] - log(0.85), (mean[0] - log(0.85)) * 0.09 / 0.13)
    np.testing.assert_allclose(np.diag(spread)[1:], 0.13 - 0.09**2 / (0.13 + 0.0625))


def test_without_data_the_posterior_is_the_prior_and_the_data_weigh_nothing():
    found = told(by_area(pooled=estimate(None, n=3)), covariance=NAN)
    assert found["posterior_mean"].to_list() == found["prior_mean"].to_list()
    assert found["posterior_sd"].to_list() == found["prior_sd"].to_list()
    assert found["data_weight"].to_list() == [0.0] * 5


def test_data_without_doubt_are_believed():
    value, _ = some_estimates()
    mean, _ = posterior(value, np.eye(5) * 1e-10, CATALOGUE)
    np.testing.assert_allclose(mean, value, atol=1e-6)
    found = told(by_area(pooled=estimate(-0.7, 1e-5)))
    np.testing.assert_allclose(found["posterior_mean"], -0.7, atol=1e-4)
    np.testing.assert_allclose(found["data_weight"], 1, atol=1e-6)


def test_an_area_with_too_few_onsets_to_print_is_not_believed_either():
    rows = by_area(pooled=SURE)
    is_few = (pl.col("area_id") == AREAS[2]) & (pl.col("estimator") == "pooled")
    few = rows.with_columns(n_onsets=pl.when(is_few).then(49).otherwise("n_onsets"))
    gone = few.with_columns(log_ratio=pl.when(~is_few).then("log_ratio"))
    one, other = (told(Estimates.validate(each)) for each in (few, gone))
    assert_frame_equal(one.select("posterior_mean", "data_weight"), other.select("posterior_mean", "data_weight"))


def test_data_without_weight_change_nothing():
    mean, spread = posterior(np.full(5, 3.0), np.eye(5) * 1e8, CATALOGUE)
    np.testing.assert_allclose(mean, log(0.85), atol=1e-5)
    np.testing.assert_allclose(np.diag(spread), 0.13, rtol=1e-5)


def test_the_datas_weight_is_the_share_of_the_priors_variance_that_is_gone():
    found = told(by_area(pooled=SURE))
    np.testing.assert_allclose(found["data_weight"], 1 - found["posterior_sd"] ** 2 / found["prior_sd"] ** 2)
    assert found["data_weight"].is_between(0.5, 1).all()
    assert exp(found["prior_mean"][0]) == pytest.approx(0.85)


def test_the_order_of_the_estimates_does_not_matter():
    found = by_area(pooled=SURE, within=estimate(0.1))
    assert_frame_equal(told(found), told(Estimates.validate(found.reverse())))
    assert_shows(told(found).head(1), "area | n_onsets | verdict | may_reorder\nglutes | 500 | opposite | true")
