"""Coverage against onset over a whole squad: every estimate has its row, and says why where it has no value."""

import sys
from dataclasses import FrozenInstanceError, replace
from datetime import timedelta
from functools import cache
from math import sqrt
from typing import Any

import numpy as np
import polars as pl
import pytest
from logs import CATALOGUE, ache_reports, assert_shows, day, episode_rows, made_up_rows, only, recognised, runs
from polars.testing import assert_frame_equal
from scipy.stats import false_discovery_control, norm

from runfix_analytics.association import (
    Association,
    _holm,
    association,
    at_lag,
    future,
    lags,
    pairs,
    pooled,
    unlinked,
    within,
)
from runfix_analytics.cohort import Cohort, analysis_rows, cohort, with_future
from runfix_analytics.episodes import episodes
from runfix_analytics.hazard import CONTROL, fit_pooled, matrix
from runfix_analytics.known_days import known_days
from runfix_analytics.likelihood import Fit
from runfix_analytics.recognition import recognise
from runfix_analytics.running_load import running_load
from runfix_analytics.simulation import SCENARIOS, Simulated, simulate
from runfix_analytics.tables import ROW_EXCLUSIONS, AnalysisRows, KnownDays

AREAS = list(CATALOGUE.areas)
MODELLED = [symptom for symptom in CATALOGUE.symptoms.values() if symptom.in_hazard_models]
N_PAIRS = sum(len(symptom.links) for symptom in MODELLED)
EFFECTS = (-0.9, 0.6, 0.0, -0.5, 0.4)


@cache
def squad(scenario: str = "rehab", n_runners: int = 70, n_days: int = 500) -> tuple[Simulated, Cohort]:
    """A simulated squad as a cohort, its days thinned to a few an onset."""
    of = simulate(SCENARIOS[scenario], n_runners=n_runners, n_days=n_days, seed=5, catalogue=CATALOGUE)
    sets = recognise(of.logs.strength_sets, as_of=of.last_day, catalogue=CATALOGUE)
    days = known_days(
        of.logs.runners, of.logs.runs, sets, of.logs.strength_days, as_of=of.last_day, catalogue=CATALOGUE
    )
    aches = episodes(of.logs.ache_reports, as_of=of.last_day, catalogue=CATALOGUE)
    load = running_load(of.logs.runs, as_of=of.last_day, catalogue=CATALOGUE)
    keep = pl.DataFrame({"symptom_id": [s.id for s in MODELLED], "sampled_share": [0.01] * len(MODELLED)})
    return of, cohort(of.logs.runs, of.logs.ache_reports, sets, days, load, aches, as_of=of.last_day,
                      catalogue=CATALOGUE, keep=keep)  # fmt: skip


@cache
def studied(scenario: str = "rehab", n_runners: int = 70, n_days: int = 500) -> Association:
    return association(squad(scenario, n_runners, n_days)[1], lag_days=21, catalogue=CATALOGUE)


def nobody() -> Cohort:
    load = running_load(runs(), as_of=day("2026-01-01"), catalogue=CATALOGUE)
    return cohort(runs(), ache_reports(), recognised(), KnownDays.create_empty(), load,
                  episode_rows(()), as_of=day("2026-01-01"), catalogue=CATALOGUE)  # fmt: skip


# All rows are there


def assert_complete(found: Association) -> None:
    """Every estimator has its rows, with a value or with the reason why not."""
    estimates = found.estimates
    counted = dict(estimates.group_by("estimator").len().rows())
    assert counted == {"pooled": 5, "within": 5, "pooled_unwashed": 5, "lag": 6 * 5, "unlinked": 1, "future": 1,
                       "pair": N_PAIRS}  # fmt: skip
    assert (estimates["log_ratio"].is_null() == estimates["missing"].is_not_null()).all()
    for column in ("se", "low", "high", "p"):
        assert (estimates[column].is_null() == estimates["log_ratio"].is_null()).all()
    for estimator in ("pooled", "within", "pooled_unwashed"):
        assert only(estimates, estimator=estimator)["area_id"].to_list() == AREAS
    for lag in lags(CATALOGUE):
        at = only(estimates, estimator="lag", lag_days=lag)
        assert at["area_id"].to_list() == [*AREAS, None]
    assert set(estimates.filter(pl.col("estimator") != "lag")["lag_days"]) == {found.lag_days}
    assert found.verdicts["area_id"].to_list() == AREAS


@pytest.mark.parametrize("scenario", ["effect", "rehab"])
def test_a_squad_has_every_estimate(scenario: str):
    found = studied(scenario)
    assert_complete(found)
    assert found.n_onsets >= 50
    known = found.estimates.filter(estimator="pooled")
    assert known["missing"].null_count() == 5
    rows, left_out = analysis_rows(squad(scenario)[1], lag_days=21, catalogue=CATALOGUE)
    assert (found.n_runners, found.n_onsets) == (rows["runner_id"].n_unique(), rows["is_onset"].sum())
    assert found.n_rows == round((1 / rows["sampled_share"]).sum())
    assert found.share_of_rows == rows.height / found.n_rows
    with_onset = rows.group_by("runner_id").agg(pl.col("is_onset").any())["is_onset"].sum()
    assert found.n_runners_with_onset == with_onset
    before = squad(scenario)[1].exclusions
    assert before.height > 0
    assert_frame_equal(found.exclusions.sort("reason"), pl.concat([before, left_out]).sort("reason"))
    judged = [reason for reason in ROW_EXCLUSIONS if reason in found.exclusions["reason"]]
    assert found.exclusions["reason"].to_list() == judged


def test_the_lag_curve_at_the_lag_of_the_model_is_the_model():
    estimates = studied().estimates
    columns = ["area_id", "n_rows", "n_onsets", "log_ratio", "se"]
    at_model = only(estimates, estimator="lag", lag_days=21).filter(pl.col("area_id").is_not_null())
    assert_frame_equal(at_model.select(columns), only(estimates, estimator="pooled").select(columns))


def test_each_estimate_is_its_own_functions_on_its_own_rows():
    of, estimates = squad()[1], studied().estimates
    rows = analysis_rows(of, lag_days=21, catalogue=CATALOGUE)[0]
    unwashed = analysis_rows(of, lag_days=21, catalogue=CATALOGUE, has_washout=False)[0]
    assert unwashed.height > rows.height
    week = analysis_rows(of, lag_days=7, catalogue=CATALOGUE)[0]
    for expected in (
        within(rows, CATALOGUE),
        pooled(unwashed, CATALOGUE, "pooled_unwashed")[0],
        unlinked(rows, CATALOGUE),
        future(with_future(rows, of, catalogue=CATALOGUE), CATALOGUE),
        pairs(rows, CATALOGUE),
        at_lag(week, CATALOGUE),
    ):
        told = only(estimates, estimator=expected["estimator"][0], lag_days=expected["lag_days"][0])
        assert_frame_equal(told, expected, check_exact=True)


def test_the_same_squad_gives_the_same_numbers():
    again = association(squad()[1], lag_days=21, catalogue=CATALOGUE)
    assert_frame_equal(again.estimates, studied().estimates, check_exact=True)
    assert_frame_equal(again.verdicts, studied().verdicts, check_exact=True)
    assert again.marks == studied().marks


def assert_says_too_few(found: Association) -> None:
    assert_complete(found)
    assert set(found.estimates["missing"]) == {"too_few_onsets"}
    assert set(found.verdicts["verdict"]) == {"too_few_onsets"}
    assert not found.verdicts["may_reorder"].any()
    assert found.verdicts["posterior_mean"].to_list() == pytest.approx(found.verdicts["prior_mean"].to_list())
    assert not found.marks.is_bias_suspected
    assert not found.marks.is_rehab_fingerprint
    assert not found.marks.is_lag_curve_flat


def test_too_few_onsets_are_said_and_no_error():
    found = studied("null", 8, 200)
    assert_says_too_few(found)
    assert found.n_onsets < 50
    assert 0 < found.n_runners_with_onset < found.n_runners
    with pytest.raises(FrozenInstanceError):
        found.n_onsets = 50
    assert found.n_rows > found.estimates["n_rows"].max() > 0


def test_a_squad_of_nobody_has_every_row_too_at_the_lags_that_were_asked_for():
    found = association(nobody(), lag_days=21, catalogue=CATALOGUE)
    assert (found.n_runners, found.n_onsets, found.n_rows, found.share_of_rows) == (0, 0, 0, 1.0)
    assert set(found.estimates["missing"]) == {"too_few_onsets"}
    assert found.verdicts["data_weight"].to_list() == [0.0] * 5
    assert_says_too_few(found)


# What each number is


def test_estimates_find_effects_that_are_there():
    rows = made_up_rows(80, 80, chance=0.03, effects=EFFECTS)
    for estimates in (pooled(rows, CATALOGUE)[0], within(rows, CATALOGUE)):
        z = (estimates["log_ratio"] - pl.Series(EFFECTS)) / estimates["se"]
        assert z.abs().max() < 3
        assert (estimates.filter(area_id="glutes")["high"] < 0).all()
    controls = unlinked(rows, CATALOGUE)
    assert_shows(controls, "estimator | symptom_id | area_id | missing\nunlinked | - | - | -")
    assert (controls["log_ratio"] / controls["se"]).abs().item() < 3


def test_a_control_finds_what_should_not_be_there():
    """Onsets put where unlinked coverage is high; and where future coverage is."""
    rows = made_up_rows(60, 60)
    mean = pl.col("coverage").list.mean() > 0.6
    put = rows.with_columns(is_onset=pl.col("is_onset") & mean)
    assert unlinked(put, CATALOGUE)["low"].item() > 0
    later = put.with_columns(
        future_coverage=pl.col("coverage"), coverage=pl.col("coverage").shift(5000).backward_fill()
    )
    later = later.with_columns(coverage=pl.col("coverage").fill_null(pl.lit([0.5] * 5)))
    assert future(later, CATALOGUE)["low"].item() > 0


def test_an_interval_is_the_estimate_give_or_take_its_error_and_p_its_tail():
    estimates = pooled(made_up_rows(), CATALOGUE)[0]
    value, se = estimates["log_ratio"].to_numpy(), estimates["se"].to_numpy()
    np.testing.assert_allclose(estimates["low"], value - norm.ppf(0.975) * se)
    np.testing.assert_allclose(estimates["high"], value + norm.ppf(0.975) * se)
    np.testing.assert_allclose(estimates["p"], 2 * norm.sf(np.abs(value / se)))


def test_onsets_are_counted_over_the_symptoms_that_the_term_is_made_of():
    rows = made_up_rows()
    counts = dict(rows.group_by("symptom_id").agg(pl.col("is_onset").sum()).rows())
    estimates = pooled(rows, CATALOGUE)[0]
    for area in AREAS:
        expected = sum(n for symptom, n in counts.items() if area in CATALOGUE.linked_areas(symptom))
        assert only(estimates, area=area)["n_onsets"].item() == expected
    every = pairs(rows, CATALOGUE)
    assert every["n_onsets"].to_list() == [counts[s] for s in every["symptom_id"]]
    assert at_lag(rows, CATALOGUE)["n_onsets"][-1] == sum(counts.values())


def test_runners_are_counted_and_those_with_an_onset_among_them():
    rows = made_up_rows(chance=0.001)
    for estimate in pooled(rows, CATALOGUE)[0].iter_rows(named=True):
        linked = [symptom.id for symptom in MODELLED if estimate["area_id"] in CATALOGUE.linked_areas(symptom.id)]
        of_term = rows.filter(pl.col("symptom_id").is_in(linked))
        aching = set(of_term.filter("is_onset")["runner_id"])
        assert 0 < len(aching) < 50
        assert (estimate["n_rows"], estimate["n_runners"]) == (of_term.height, 50)
        assert estimate["n_runners_with_onset"] == len(aching)


def test_a_control_is_the_mean_coverage_of_the_areas_that_it_is_about():
    rows = made_up_rows(60, 60, chance=0.03)
    rows = rows.with_columns(future_coverage=pl.col("coverage").reverse())
    for estimator, column, is_linked in ((unlinked, "coverage", False), (future, "future_coverage", True)):
        means = []
        for symptom, covered in rows.select("symptom_id", column).iter_rows():
            linked = CATALOGUE.linked_areas(symptom)
            chosen = [value for area, value in zip(AREAS, covered, strict=True) if (area in linked) == is_linked]
            means.append(sum(chosen) / len(chosen))
        of = matrix(rows, CATALOGUE, control=np.array(means))
        fit, place = fit_pooled(of, CATALOGUE), of.names.index(CONTROL)
        found = estimator(rows, CATALOGUE)
        assert found["log_ratio"].item() == pytest.approx(fit.coefficients[place], rel=1e-9)
        assert found["se"].item() == pytest.approx(sqrt(fit.covariance[place, place]), rel=1e-9)


def test_a_pair_is_about_its_own_symptom_and_area():
    calves = pl.col("coverage").list.get(AREAS.index("calves"))
    rows = made_up_rows(80, 80, chance=0.06).with_columns(
        is_onset=pl.col("is_onset") & ((pl.col("symptom_id") != "shin") | (calves > 0.7))
    )
    found = pairs(rows, CATALOGUE)
    assert [tuple(pair) for pair in found.select("symptom_id", "area_id").iter_rows()] == [
        (symptom.id, link.area) for symptom in MODELLED for link in symptom.links
    ]
    z = found.with_columns(z=pl.col("log_ratio") / pl.col("se"))
    assert only(z, symptom="shin", area="calves")["z"].item() > 5
    assert z.filter(pl.col("symptom_id") != "shin")["z"].abs().max() < 4


def test_the_mean_over_areas_weighs_each_by_what_it_knows():
    rows = made_up_rows()
    estimates, covariance = pooled(rows, CATALOGUE)
    mean = at_lag(rows, CATALOGUE).row(-1, named=True)
    weight = np.linalg.inv(covariance)
    assert mean["log_ratio"] == pytest.approx((weight @ estimates["log_ratio"].to_numpy()).sum() / weight.sum())
    assert mean["se"] == pytest.approx(1 / sqrt(weight.sum()))
    assert mean["se"] < estimates["se"].min()


def test_an_area_that_nobody_trains_differently_has_no_value_and_the_others_have():
    rows = made_up_rows(chance=0.03)
    ones = rows.filter(pl.col("symptom_id").is_in(["neck", "upper_back_pain"]))
    estimates = pooled(ones, CATALOGUE)[0]
    assert estimates.filter(pl.col("missing") == "no_variation")["area_id"].to_list() == AREAS[:4]
    assert only(estimates, area="upper_back")["missing"].item() is None
    mean = at_lag(ones, CATALOGUE).row(-1, named=True)
    assert mean["log_ratio"] == pytest.approx(only(estimates, area="upper_back")["log_ratio"].item())


# Several tests


def test_five_areas_are_adjusted_by_holm():
    """The smallest p times five, the next times four …, never less than the one before it, never over one."""
    found = only(studied("effect").estimates, estimator="pooled")
    p = found["p"].to_numpy()
    expected, before = np.empty(5), 0.0
    for rank, place in enumerate(np.argsort(p)):
        before = max(before, min(1, p[place] * (5 - rank)))
        expected[place] = before
    np.testing.assert_allclose(found["p_adjusted"], expected)
    others = studied("effect").estimates.filter(~pl.col("estimator").is_in(["pooled", "pair"]))
    assert others["p_adjusted"].null_count() == others.height


def test_pairs_are_adjusted_by_benjamini_and_hochberg():
    """The k-th smallest of m times m / k, never more than the one after it."""
    found = pairs(made_up_rows(60, 80, chance=0.03), CATALOGUE)
    assert found.height == N_PAIRS
    known = found.filter(pl.col("p").is_not_null())
    p = known["p"].to_numpy()
    order, expected, after = np.argsort(p), np.empty(len(p)), 1.0
    for rank in range(len(p), 0, -1):
        after = min(after, p[order[rank - 1]] * len(p) / rank)
        expected[order[rank - 1]] = after
    assert len(p) > 0
    np.testing.assert_allclose(known["p_adjusted"], expected)


def test_the_smallest_of_five_counts_five_times_and_none_less_than_the_one_before_it():
    np.testing.assert_allclose(_holm(np.array([0.2, 0.01, 0.03, 0.5, 0.012])), [0.4, 0.05, 0.09, 0.5, 0.05])
    np.testing.assert_allclose(_holm(np.array([0.9, 0.6])), [1.0, 1.0])


@pytest.mark.parametrize(("n_onsets", "is_told"), [(49, False), (50, True)])
def test_a_pair_has_a_value_from_fifty_onsets_on_and_only_those_are_adjusted(n_onsets: int, is_told: bool):
    is_early = pl.col("is_onset").cum_sum().over("symptom_id") <= n_onsets
    rows = made_up_rows(60, 80, chance=0.03).with_columns(
        is_onset=pl.col("is_onset") & (is_early | (pl.col("symptom_id") != "shin"))
    )
    found = pairs(rows, CATALOGUE)
    shins = only(found, symptom="shin")
    assert (shins["missing"].is_null() == is_told).all()
    assert shins["n_onsets"].to_list() == [n_onsets] * shins.height
    known = found.filter(pl.col("p").is_not_null())
    assert found["p_adjusted"].null_count() == found.height - known.height < found.height
    adjusted = false_discovery_control(known["p"].to_numpy(), method="bh")
    np.testing.assert_allclose(known["p_adjusted"], adjusted)


def test_a_pair_of_a_handful_of_onsets_has_no_value():
    """About seven onsets a symptom and no effect at all: the sandwich is far too sure of itself."""
    found = pairs(made_up_rows(50, 60, chance=0.0022, seed=3), CATALOGUE)
    assert found["n_onsets"].max() < 50
    assert set(found["missing"]) == {"too_few_onsets"}


# Odd squads


@pytest.mark.parametrize("n_runners", [1, 2, 3])
def test_a_handful_of_runners_gives_no_error_and_no_certainty(n_runners: int):
    rows = made_up_rows(n_runners, 100, chance=0.05)
    assert rows["is_onset"].sum() >= 50
    for estimates in (pooled(rows, CATALOGUE)[0], at_lag(rows, CATALOGUE)):
        assert estimates["log_ratio"].null_count() == estimates.height


def test_one_symptom_alone_is_a_squad_too():
    rows = made_up_rows(60, 60, chance=0.03).filter(pl.col("symptom_id") == "shin")
    estimates = pooled(rows, CATALOGUE)[0]
    assert estimates.filter(pl.col("missing").is_null())["area_id"].to_list() == ["hamstrings", "calves"]
    assert within(rows, CATALOGUE).height == 5
    assert unlinked(rows, CATALOGUE)["missing"].item() is None


def test_every_onset_on_one_day_is_no_error():
    rows = made_up_rows(60, 40)
    on_one_day = rows.with_columns(is_onset=pl.col("local_date") == rows["local_date"].min() + timedelta(days=20))
    for estimates in (pooled(on_one_day, CATALOGUE)[0], within(on_one_day, CATALOGUE), pairs(on_one_day, CATALOGUE)):
        assert (estimates["log_ratio"].is_null() == estimates["missing"].is_not_null()).all()


def test_neither_the_order_of_rows_nor_the_names_of_runners_change_an_estimate():
    rows = made_up_rows(45, 40)
    other = rows.sample(fraction=1, shuffle=True, seed=2).with_columns(
        runner_id=pl.format("x{}", 999 - pl.col("runner_id").str.slice(1).cast(pl.Int64))
    )
    for of in (lambda r: pooled(r, CATALOGUE)[0], lambda r: within(r, CATALOGUE), lambda r: pairs(r, CATALOGUE)):
        assert_frame_equal(of(rows), of(other), abs_tol=1e-7)


@pytest.mark.parametrize(
    "changes",
    [{"has_converged": False}, {"covariance": np.nan}, {"covariance": 0.0}],
)
def test_an_estimate_without_convergence_or_error_is_not_printed(
    changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    def failed(of: Any, catalogue: Any) -> Fit:
        fit = fit_pooled(of, catalogue)
        covariance = np.full_like(fit.covariance, changes.get("covariance", 1.0))
        return replace(fit, covariance=covariance, has_converged=changes.get("has_converged", True))

    monkeypatch.setattr(sys.modules[association.__module__], "fit_pooled", failed)
    estimates = pooled(made_up_rows(chance=0.03), CATALOGUE)[0]
    assert set(estimates["missing"]) == {"not_converged"}
    assert estimates.select("log_ratio", "se", "low", "high", "p").null_count().row(0) == (5,) * 5


def test_no_rows_have_every_row_of_the_answer():
    empty: Any = AnalysisRows.create_empty()
    assert set(pooled(empty, CATALOGUE)[0]["lag_days"]) == {0}
    assert pooled(empty, CATALOGUE)[0].height == within(empty, CATALOGUE).height == 5
    assert set(pairs(empty, CATALOGUE)["missing"]) == {"too_few_onsets"}
