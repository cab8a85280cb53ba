"""The optional model of an onset in the following week: what a row knows, honest splits, and when nothing is said.

method.md §6. Simulated rows stand in for a squad; their truth is known.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import ceil
from typing import Any

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from logs import (
    CATALOGUE,
    Table,
    ache_reports,
    assert_shows,
    coverages,
    day,
    episode_rows,
    recognised,
    runners,
    runs,
    strength_days,
)
from polars.testing import assert_frame_equal
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, TimeSeriesSplit, cross_val_predict
from sklearn.utils.estimator_checks import parametrize_with_checks

from runfix_analytics.calibration import calibration
from runfix_analytics.coverage import coverage
from runfix_analytics.errors import ConfigError
from runfix_analytics.known_days import NOT_FOR_ONSETS, known_days
from runfix_analytics.prediction import (
    ForwardSplit,
    GroupSplit,
    HeldOut,
    OnsetClassifier,
    evaluate,
    honest_folds,
    interval,
    is_clearly_better,
    prediction_scores,
    purge_days,
    riley_minimum,
    runner_draws,
)
from runfix_analytics.prediction_rows import model_matrix, prediction_rows
from runfix_analytics.running_load import running_load
from runfix_analytics.tables import KnownDays, PredictionRows

AREAS = tuple(CATALOGUE.areas)
START = date(2025, 1, 6)


def catalogue_with(**numbers: float) -> Any:
    """The catalogue with other numbers for prediction."""
    changed = {f"prediction.{name}": value for name, value in numbers.items()}
    assert set(changed) <= set(CATALOGUE.parameters)
    parameters = {
        key: replace(entry, value=changed.get(key, entry.value)) for key, entry in CATALOGUE.parameters.items()
    }
    return replace(CATALOGUE, parameters=parameters)


# What a row knows by its day

DAILY_RUNS = [{"date": day("2026-01-01") + timedelta(days=n), "km": 5.0} for n in range(150)]
WEEKLY = [{"date": day("2026-01-07") + timedelta(weeks=n)} for n in range(20)]  # answers for 1 January to 20 May


def rows_of(
    *, answers: Sequence[dict[str, Any]] = WEEKLY, aches: Any = (), ran: Table = DAILY_RUNS, covered: Any = None,
    as_of: str = "2026-05-20",
) -> pl.DataFrame:  # fmt: skip
    ran_by_then = runs(ran)
    load = running_load(ran_by_then, as_of=day(as_of), catalogue=CATALOGUE)
    covered = coverages("date | area | coverage\n2026-01-01 | glutes | -") if covered is None else covered
    said = ache_reports([{"site": None, **answer} for answer in answers])
    return prediction_rows(
        covered,
        load,
        aches if isinstance(aches, pl.DataFrame) else episode_rows(aches),
        ran_by_then,
        said,
        as_of=day(as_of),
        catalogue=CATALOGUE,
    )


def on(rows: pl.DataFrame, *days: str) -> pl.DataFrame:
    return rows.filter(pl.col("local_date").is_in([day(each) for each in days]))


def test_an_onset_is_within_the_seven_days_after_a_row_and_its_own_day_is_no_row():
    aches = "site | onset_on   | ended_on\nshin | 2026-02-10 | 2026-02-20"
    rows = rows_of(aches=aches).filter(pl.col("local_date").is_between(day("2026-02-01"), day("2026-02-24")))
    positive = rows.filter("is_onset_within")
    assert positive["local_date"].to_list() == [date(2026, 2, d) for d in range(3, 10)]
    assert positive["onset_ids"].to_list() == [["shin:left:2026-02-10"]] * 7
    assert rows.filter(~pl.col("is_onset_within"))["local_date"].to_list() == [
        date(2026, 2, d) for d in (1, 2, 21, 22, 23, 24)
    ]


@pytest.mark.parametrize(
    "ache",
    [
        "site | onset_on | ended_on | is_trauma\nshin | 2026-02-10 | 2026-02-11 | true",
        "site | onset_on | ended_on | is_prevalent\nshin | 2026-02-10 | 2026-02-11 | true",
        "site | onset_on | ended_on | is_onset_uncertain\nshin | 2026-02-10 | 2026-02-11 | true",
        "site | onset_on | ended_on\nbreath | 2026-02-10 | 2026-02-11",
        "site | onset_on | ended_on\ncalf | 2026-02-10 | 2026-02-11",
    ],
)
def test_an_ache_that_is_no_overuse_onset_of_a_modelled_symptom_is_none_and_still_takes_its_days(ache: str):
    rows = rows_of(aches=ache)
    assert rows["is_onset_within"].drop_nulls().any() is False
    assert on(rows, "2026-02-09", "2026-02-10", "2026-02-11", "2026-02-12")["local_date"].to_list() == [
        date(2026, 2, 9), date(2026, 2, 12),
    ]  # fmt: skip


def test_an_episode_without_a_stated_end_lasts_until_the_gap_after_its_last_report_is_over():
    rows = rows_of(aches="site | onset_on | last_reported_on\nshin | 2026-02-10 | 2026-02-12")
    assert on(rows, "2026-02-26").is_empty()
    assert on(rows, "2026-02-27").height == 1


def test_a_week_that_is_not_fully_observed_says_neither_yes_nor_no():
    answers = [each for each in WEEKLY if each["date"] != day("2026-02-18")]  # 12 to 18 February are unknown
    aches = "site | onset_on   | ended_on\nshin | 2026-02-08 | 2026-02-08"
    rows = rows_of(answers=answers, aches=aches)
    told = dict(on(rows, "2026-02-03", "2026-02-04", "2026-02-05", "2026-02-19").select(
        "local_date", "is_onset_within").rows())  # fmt: skip
    assert told == {date(2026, 2, 3): True, date(2026, 2, 4): True, date(2026, 2, 5): None, date(2026, 2, 19): False}
    assert rows["local_date"].max() == date(2026, 5, 20)
    assert rows.filter(pl.col("local_date") > day("2026-05-13"))["is_onset_within"].null_count() == 7


def test_days_that_the_diary_does_not_speak_for_are_no_rows():
    rows = rows_of(answers=WEEKLY[:2])
    assert rows["local_date"].to_list() == [date(2026, 1, d) for d in range(1, 15)]


def test_onsets_are_a_rate_over_observed_years_that_starts_at_zero_and_is_shrunk():
    aches = """
        site | onset_on   | first_reported_on | ended_on
        shin | 2026-02-10 | 2026-02-11        | 2026-02-12
        neck | 2026-03-10 | 2026-03-11        | 2026-03-12
    """
    rows = rows_of(aches=aches)
    first, later, last = (on(rows, each).row(0, named=True) for each in ("2026-01-01", "2026-02-13", "2026-03-13"))
    assert (first["onsets_per_year"], first["days_since_onset"]) == (0.0, 365.0)
    assert later["onsets_per_year"] == pytest.approx(365.25 / (365.25 + 37))  # 1 January to 6 February are settled
    assert later["days_since_onset"] == 3.0
    assert last["onsets_per_year"] == pytest.approx(2 * 365.25 / (365.25 + 65))
    assert last["days_since_onset"] == 3.0


def test_an_ache_counts_from_the_day_it_is_reported_not_from_the_day_it_was_noticed():
    aches = episode_rows("site | onset_on   | last_reported_on | ended_on\nshin | 2026-02-10 | 2026-02-20 | 2026-02-12")
    rows = rows_of(aches=aches.with_columns(first_reported_on="last_reported_on"))
    assert on(rows, "2026-02-19")["onsets_per_year"].item() == 0.0
    assert on(rows, "2026-02-20")["days_since_onset"].item() == 10.0


def test_coverage_is_that_of_the_window_fourteen_days_ago_in_the_order_of_the_catalogue():
    drawn = "\n".join(f"2026-02-01 | {area} | 0.{place}" for place, area in enumerate(AREAS, start=1))
    covered = coverages(f"date | area | coverage\n{drawn}\n2026-02-02 | {AREAS[1]} | 0.9\n2026-02-02 | {AREAS[2]} | -")
    rows = rows_of(covered=covered)
    assert on(rows, "2026-02-15")["coverage"].to_list() == [[0.1, 0.2, 0.3, 0.4, 0.5]]
    assert on(rows, "2026-02-16")["coverage"].to_list() == [[None, 0.9, None, None, None]]
    assert on(rows, "2026-02-14")["coverage"].to_list() == [[None] * 5]


def test_loads_are_logged_and_a_day_without_a_run_is_no_spike():
    ran = [*DAILY_RUNS[:40], {"date": day("2026-02-11"), "km": 6.0}]  # no run on 10 February
    rows = rows_of(ran=ran)
    load = running_load(runs(ran), as_of=day("2026-05-20"), catalogue=CATALOGUE)
    at = on(load, "2026-02-11")
    assert on(rows, "2026-02-11")["acute_load_log"].item() == pytest.approx(np.log1p(at["acute_km_per_day"].item()))
    assert on(rows, "2026-02-11")["chronic_load_log"].item() == pytest.approx(np.log1p(at["chronic_km_per_day"].item()))
    spikes = on(rows, "2026-01-10", "2026-02-08", "2026-02-10", "2026-02-11")["is_spike"].to_list()
    assert spikes == [None, False, False, True]


def test_what_a_row_knows_does_not_change_by_what_is_logged_after_its_day():
    aches = "site | onset_on   | ended_on\nshin | 2026-02-10 | 2026-02-12\nneck | 2026-03-10 | 2026-03-12"
    known = ["onsets_per_year", "days_since_onset", "acute_load_log", "chronic_load_log", "is_spike"]
    at = day("2026-03-04")
    later = rows_of(aches=aches).filter(pl.col("local_date") == at)
    by_then = rows_of(
        aches="\n".join(aches.splitlines()[:2]), answers=[each for each in WEEKLY if each["date"] <= at],
        ran=[each for each in DAILY_RUNS if each["date"] <= at], as_of="2026-03-04",
    ).filter(pl.col("local_date") == at)  # fmt: skip
    assert_frame_equal(later.select(known), by_then.select(known))
    assert by_then["is_onset_within"].to_list() == [None]
    assert later["is_onset_within"].to_list() == [True]


def test_coverage_of_a_row_does_not_change_by_what_strength_work_is_logged_after_its_day():
    sessions = ["2026-01-05", "2026-01-12", "2026-01-26", "2026-02-05", "2026-02-19", "2026-03-01", "2026-04-20"]
    at = [day("2026-02-20"), day("2026-02-28"), day("2026-03-16"), day("2026-04-01")]

    def known_by(last: date) -> Any:
        """Coverage as `onset_coverage` takes it: neither assumed days nor the tail of a log count as known."""
        rows = [{"date": day(each), "exercise": "Glute Bridge", "n": 4} for each in sessions if day(each) <= last]
        sets = recognised(rows)
        days = known_days(runners(), runs(DAILY_RUNS), sets, strength_days(), as_of=last, catalogue=CATALOGUE)
        strict = days.with_columns(is_known=pl.col("is_known") & ~pl.col("evidence").is_in(NOT_FOR_ONSETS))
        return coverage(sets, KnownDays.validate(strict), catalogue=CATALOGUE)

    later = rows_of(covered=known_by(day("2026-05-20")))
    for each in at:
        by_then = rows_of(covered=known_by(each)).filter(pl.col("local_date") == each)
        assert_frame_equal(by_then.select("coverage"), later.filter(pl.col("local_date") == each).select("coverage"))
    values = later.filter(pl.col("local_date").is_in(at))["coverage"].list.get(AREAS.index("glutes")).to_list()
    assert values == [3 / 8, 2 / 8, pytest.approx(3 / (27 * 2 / 7)), None]


def test_no_log_gives_no_rows_and_no_scores():
    rows = rows_of(answers=[], ran=())
    assert rows.is_empty()
    scores = prediction_scores(rows, catalogue=CATALOGUE)
    assert scores["verdict"].unique().to_list() == ["too few onsets to predict"]


def test_the_model_takes_rows_that_are_not_censored_and_leaves_unknown_coverage_unknown():
    aches = "site | onset_on   | ended_on\nshin | 2026-02-10 | 2026-02-20"
    rows = rows_of(aches=aches)
    data = model_matrix(rows, catalogue=CATALOGUE)
    assert data.columns == (
        *(f"coverage_{area}" for area in AREAS),
        "onsets_per_year", "days_since_onset", "acute_load_log", "chronic_load_log", "is_spike",
    )  # fmt: skip
    assert len(data.x) == len(rows) - rows["is_onset_within"].null_count()
    assert np.isnan(data.x[:, :5]).all()
    assert not np.isnan(data.x[:, 5:9]).any()
    assert data.is_onset.sum() == 7
    assert data.n_onsets(np.arange(len(data.x))) == 1


# Simulated rows with a known truth


def simulated(n_runners: int, n_days: int, *, frailty: float, effect: float, rate: float = 0.004, seed: int = 5) -> Any:
    """Runners with habits of their own that drift slowly; `effect` is the log hazard ratio of full coverage."""
    random = np.random.default_rng(seed)
    frames = []
    for runner in range(n_runners):
        liability = random.normal(0, frailty)
        level = random.uniform(0, 1, len(AREAS))
        drift = np.cumsum(random.normal(0, 0.004, (n_days, len(AREAS))), axis=0)
        coverage = np.clip(level + drift, 0, 1)
        hazard = rate * np.exp(liability + effect * (coverage.mean(axis=1) - 0.5))
        is_onset = random.uniform(size=n_days) < hazard
        ids = [[f"{d}" for d in range(t + 1, min(t + 8, n_days)) if is_onset[d]] for t in range(n_days - 7)]
        frames.append(
            pl.DataFrame({
                "runner_id": f"r{runner:03}", "local_date": [START + timedelta(days=t) for t in range(n_days - 7)],
                "coverage": coverage[: n_days - 7].tolist(),
                "onsets_per_year": random.gamma(2, 0.3) + np.abs(np.cumsum(random.normal(0, 0.001, n_days - 7))),
                "days_since_onset": 365.0,
                "acute_load_log": random.uniform(1, 3) + random.normal(0, 0.05, n_days - 7),
                "chronic_load_log": random.uniform(1, 3) + np.cumsum(random.normal(0, 0.002, n_days - 7)).clip(-0.5),
                "is_spike": random.uniform(size=n_days - 7) < 0.05,
                "is_onset_within": [bool(each) for each in ids], "onset_ids": pl.Series(ids, dtype=pl.List(pl.String)),
            })
        )  # fmt: skip
    return PredictionRows.validate(pl.concat(frames), cast=True)


QUICK = catalogue_with(resamples=15, folds=3, forward_blocks=1, nagelkerke=0.6, optimism=0.3, min_test_onsets=40)


@pytest.fixture(scope="module")
def frail() -> Any:
    """Rows of runners who differ much, where nothing that is measured has an effect."""
    return simulated(30, 200, frailty=1.0, effect=0.0)


@pytest.fixture(scope="module")
def telling() -> Any:
    """Rows where coverage has a strong effect."""
    return simulated(30, 240, frailty=0.0, effect=-5.0, rate=0.015)


@pytest.fixture(scope="module")
def told(telling: Any) -> Any:
    return prediction_scores(telling, catalogue=QUICK)


def auc_of(tested: HeldOut) -> float:
    """By hand: the AUC of each fold, weighted by its rows with an onset."""
    folds = [tested.fold == fold for fold in np.unique(tested.fold)]
    aucs = [roc_auc_score(tested.is_onset[rows], tested.probability[rows]) for rows in folds]
    return float(np.average(aucs, weights=[tested.is_onset[rows].sum() for rows in folds]))


def test_random_rows_flatter_where_whole_runners_and_later_days_tell_the_truth(frail: Any):
    data = model_matrix(frail, catalogue=CATALOGUE)
    boosting = OnsetClassifier("boosting", n_folds=2)
    at_random = cross_val_predict(
        boosting, data.x, data.is_onset, cv=KFold(5, shuffle=True, random_state=1), method="predict_proba"
    )[:, 1]
    assert roc_auc_score(data.is_onset, at_random) > 0.85
    by_runner = evaluate(frail, boosting, GroupSplit(5), catalogue=CATALOGUE)
    forward = evaluate(frail, boosting, ForwardSplit(2, gap_days=49), catalogue=CATALOGUE)
    assert auc_of(by_runner) == pytest.approx(0.5, abs=0.1)
    assert auc_of(forward) < 0.75  # who had many aches has many again: that much is real


@pytest.mark.parametrize(
    "splitter",
    [
        KFold(4), KFold(5, shuffle=True, random_state=1), ShuffleSplit(2, random_state=1), TimeSeriesSplit(3),
        ForwardSplit(2, gap_days=48),
    ],
    ids=["folds", "shuffled folds", "random rows", "row order", "gap too small"],
)  # fmt: skip
def test_a_splitter_that_puts_near_days_of_a_runner_into_training_and_test_is_refused(frail: Any, splitter: Any):
    with pytest.raises(ConfigError, match=r"Split puts days of runner r\d+ into training and test|KFold puts days"):
        evaluate(frail, OnsetClassifier(), splitter, catalogue=CATALOGUE)


def test_training_on_a_runners_later_days_to_tell_earlier_ones_is_refused(frail: Any):
    class Backward:
        def split(self, X: Any, y: Any = None, groups: Any = None) -> Any:  # noqa: N803
            days = model_matrix(frail, catalogue=CATALOGUE).days
            yield np.flatnonzero(days > days.min() + 120), np.flatnonzero(days < days.min() + 50)

    with pytest.raises(ConfigError, match="not more than 49 days apart and in order"):
        evaluate(frail, OnsetClassifier(), Backward(), catalogue=CATALOGUE)


def test_splitters_of_whole_runners_by_others_are_fine(frail: Any):
    ours = evaluate(frail, OnsetClassifier(), GroupSplit(3), catalogue=CATALOGUE)
    theirs = evaluate(frail, OnsetClassifier(), GroupKFold(3), catalogue=CATALOGUE)
    assert np.array_equal(ours.probability, theirs.probability)
    assert sorted(ours.runner_ids) == sorted(frail["runner_id"])


def test_whole_runners_are_tested_once_each():
    groups = np.array(["b", "a", "b", "c", "a", "c", "d"])
    folds = list(GroupSplit(2).split(np.zeros((7, 1)), None, groups))
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(7))
    assert all(not set(groups[train]) & set(groups[test]) for train, test in folds)
    assert GroupSplit(2).get_n_splits() == 2
    with pytest.raises(ConfigError, match="4 runners are too few for 5 folds"):
        next(GroupSplit(5).split(np.zeros((7, 1)), None, groups))
    with pytest.raises(ConfigError, match="0 runners are too few"):
        next(GroupSplit(2).split(np.zeros((7, 1))))


def test_later_days_are_tested_after_a_gap_in_which_nothing_is_learnt():
    days = np.repeat(np.arange(100, 200), 2)
    splitter = ForwardSplit(3, gap_days=10)
    spans = [
        (days[train].min(), days[train].max(), days[test].min(), days[test].max())
        for train, test in splitter.split(np.zeros((200, 1)), None, days)
    ]
    assert spans == [(100, 113, 124, 148), (100, 138, 149, 173), (100, 163, 174, 199)]
    assert splitter.get_n_splits() == 3
    with pytest.raises(ConfigError, match="too short for 3 blocks 30 days apart"):
        list(ForwardSplit(3, gap_days=30).split(np.zeros((200, 1)), None, days))
    with pytest.raises(ConfigError, match="needs the day of each row"):
        list(splitter.split(np.zeros((200, 1))))


def test_the_gap_is_the_window_the_settling_of_known_days_and_the_horizon_together():
    assert purge_days(CATALOGUE) == 28 + 14 + 7


def test_folds_of_our_own_splitters_pass_the_guard(frail: Any):
    data = model_matrix(frail, catalogue=CATALOGUE)
    assert len(honest_folds(data, ForwardSplit(2, gap_days=purge_days(CATALOGUE)), catalogue=CATALOGUE)) == 2


# The classifier


@parametrize_with_checks([OnsetClassifier("logistic"), OnsetClassifier("boosting")])
def test_the_classifier_keeps_all_that_scikit_learn_asks_of_one(estimator: Any, check: Any):
    check(estimator)


def test_a_kind_that_is_not_known_is_named():
    with pytest.raises(ConfigError, match='kind "forest" is not known; known: logistic, boosting'):
        OnsetClassifier("forest").fit([[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize("kind", ["logistic", "boosting"])
def test_groups_calibrate_and_no_groups_leave_the_model_as_it_is(frail: Any, kind: str):
    data = model_matrix(frail, catalogue=CATALOGUE)
    alone = OnsetClassifier(kind).fit(data.x, data.is_onset)
    grouped = OnsetClassifier(kind).fit(data.x, data.is_onset, groups=data.runner_ids)
    assert (alone.is_calibrated_, grouped.is_calibrated_) == (False, True)
    raw, calibrated = alone.predict_proba(data.x)[:, 1], grouped.predict_proba(data.x)[:, 1]
    # nothing that is measured has an effect, and strangers show it: calibration takes the spread back
    assert calibrated.std() < raw.std() / 2
    assert calibrated.mean() == pytest.approx(data.is_onset.mean(), abs=0.01)


def test_too_few_groups_with_an_onset_leave_the_model_uncalibrated():
    x, y = np.arange(8.0)[:, None], np.array([0, 0, 0, 1, 0, 0, 0, 0])
    model = OnsetClassifier().fit(x, y, groups=np.repeat(["a", "b"], 4))
    assert model.is_calibrated_ is False


def test_an_unknown_coverage_is_told_by_its_absence():
    random = np.random.default_rng(6)
    x = random.normal(size=(2000, 2))
    is_unknown = random.uniform(size=2000) < 0.3
    y = (random.uniform(size=2000) < np.where(is_unknown, 0.6, 0.1)).astype(int)
    x[is_unknown, 0] = np.nan
    said = OnsetClassifier().fit(x, y).predict_proba(np.array([[np.nan, 0.0], [0.0, 0.0]]))[:, 1]
    assert said == pytest.approx([0.6, 0.1], abs=0.05)


# Scores


def test_the_minimum_is_that_of_the_published_examples():
    # Riley 2019: Chagas disease, 24 parameters, prevalence 0.174, Cox-Snell R² 0.288 → 662 people, 4.8 events each
    greatest = 1 - (0.174**0.174 * 0.826**0.826) ** 2
    chagas = riley_minimum(24, 0.174, catalogue=catalogue_with(nagelkerke=0.288 / greatest))
    assert chagas == 662
    assert round(chagas * 0.174 / 24, 1) == 4.8
    # Riley 2020: pre-eclampsia, 30 parameters, prevalence 0.05, Cox-Snell R² 0.05 → 5249
    greatest = 1 - (0.05**0.05 * 0.95**0.95) ** 2
    assert riley_minimum(30, 0.05, catalogue=catalogue_with(nagelkerke=0.05 / greatest)) == 5249
    # half the people with the outcome and two parameters: the overall frequency alone needs 385
    assert riley_minimum(2, 0.5, catalogue=catalogue_with(nagelkerke=0.5)) == 385


def test_under_the_minimum_only_the_counts_are_told(frail: Any):
    scores = prediction_scores(frail, catalogue=CATALOGUE)
    data = model_matrix(frail, catalogue=CATALOGUE)
    n_onsets = data.n_onsets(np.arange(len(data.x)))
    prevalence = data.is_onset.mean()
    needed = ceil(riley_minimum(10, prevalence, catalogue=CATALOGUE) * prevalence)
    assert 0 < n_onsets < 100
    assert_shows(scores.filter(pl.col("split") == "by_runner").select(
        "kind", "is_chosen", "n_runners", "n_onsets", "n_onsets_needed", "n_training_onsets_needed"), f"""
        kind     | is_chosen | n_runners | n_onsets   | n_onsets_needed | n_training_onsets_needed
        logistic | false     | 30        | {n_onsets} | 100             | {needed}
        boosting | false     | 30        | {n_onsets} | 100             | {needed}
    """)  # fmt: skip
    assert scores["verdict"].to_list() == ["too few onsets to predict"] * 4
    silent = [name for name in scores.columns if name.startswith(("auc", "average", "brier", "calib", "prevalence"))]
    assert len(silent) == 17
    assert scores.select(pl.col(silent).null_count()).row(0) == (4,) * 17


def test_one_runner_or_a_short_log_is_too_little_and_no_error():
    one = prediction_scores(simulated(1, 60, frailty=0, effect=0, rate=0.1), catalogue=CATALOGUE)
    assert one["verdict"].unique().to_list() == ["too few onsets to predict"]
    assert one["n_onsets"].to_list() == [0, 0, 0, 0]


def test_censored_rows_are_counted_and_not_tested():
    rows = simulated(4, 300, frailty=0, effect=0)
    censored = rows.with_columns(
        is_onset_within=pl.when(pl.col("local_date") > START + timedelta(days=280))
        .then(None)
        .otherwise("is_onset_within")
    )
    scores = prediction_scores(PredictionRows.validate(censored), catalogue=CATALOGUE)
    n_censored = 4 * (293 - 281)
    assert scores["n_censored_rows"].to_list() == [n_censored] * 4
    assert scores.filter(pl.col("split") == "by_runner")["n_rows"].to_list() == [len(rows) - n_censored] * 2


def test_an_effect_that_is_there_is_found_and_its_scores_are_those_of_the_test_rows(telling: Any, told: Any):
    scores = told
    assert scores["verdict"].to_list() == ["scored"] * 4
    assert scores["is_chosen"].to_list() == [True, False, True, False]
    row = scores.row(0, named=True)
    tested = evaluate(telling, OnsetClassifier(n_folds=3), GroupSplit(3), catalogue=QUICK)
    p = tested.is_onset.mean()
    assert row["n_rows"] == len(telling)
    assert row["auc"] == pytest.approx(auc_of(tested))
    assert row["auc"] > 0.65
    assert row["prevalence"] == pytest.approx(p)
    assert row["brier_of_prevalence"] == pytest.approx(p * (1 - p))
    assert row["brier"] == pytest.approx(((tested.probability - tested.is_onset) ** 2).mean())
    assert row["brier"] < row["brier_of_prevalence"]
    assert row["average_precision"] > 1.3 * row["prevalence"]
    assert 0.6 < row["calibration_slope"] < 1.6
    assert abs(row["calibration_intercept"]) < 0.3
    for name in ("auc", "average_precision", "brier", "calibration_slope", "calibration_intercept"):
        assert row[f"{name}_low"] < row[name] < row[f"{name}_high"]


def test_calibration_agrees_with_statsmodels(telling: Any, told: Any):
    scores = told.row(0, named=True)
    tested = evaluate(telling, OnsetClassifier(n_folds=3), GroupSplit(3), catalogue=QUICK)
    z = np.log(tested.probability / (1 - tested.probability))
    binomial = sm.families.Binomial()
    slope = sm.GLM(tested.is_onset, sm.add_constant(z), family=binomial).fit().params[1]
    shift = sm.GLM(tested.is_onset, np.ones((len(z), 1)), family=binomial, offset=z).fit().params[0]
    assert scores["calibration_slope"] == pytest.approx(slope, abs=1e-3)
    assert scores["calibration_intercept"] == pytest.approx(shift, abs=1e-6)


def test_intervals_draw_whole_runners_and_the_same_ones_again():
    ids = np.repeat(["a", "b", "c"], [5, 1, 3])
    draws = list(runner_draws(ids, catalogue=catalogue_with(resamples=50)))
    assert len(draws) == 50
    for draw in draws:
        of_runner = {runner: set(draw[ids == runner]) for runner in "abc"}
        assert all(len(counts) == 1 for counts in of_runner.values())
        assert sum(counts.pop() for counts in of_runner.values()) == 3
    assert all(map(np.array_equal, draws, runner_draws(ids, catalogue=catalogue_with(resamples=50))))


def test_an_interval_leaves_out_draws_that_say_nothing():
    low, high = interval([float("nan"), *range(101)], catalogue=CATALOGUE)
    assert (low, high) == pytest.approx((2.5, 97.5))


def test_a_model_is_clearly_better_only_beyond_two_standard_errors():
    random = np.random.default_rng(8)
    ids, truth, fold = np.repeat(np.arange(40), 50), random.uniform(size=2000) < 0.1, np.repeat([0, 1], 1000)
    noise, other = random.normal(size=2000), random.normal(size=2000)
    weak, equal, strong = (HeldOut(ids, truth.astype(int), score, fold) for score in (
        noise + 0.5 * truth, other + 0.5 * truth, noise + 1.5 * truth))  # fmt: skip
    assert is_clearly_better(strong, weak, catalogue=QUICK)
    assert not is_clearly_better(equal, weak, catalogue=QUICK)
    assert not is_clearly_better(weak, strong, catalogue=QUICK)
    assert not is_clearly_better(weak, weak, catalogue=QUICK)


def test_boosting_is_chosen_where_only_it_can_see_the_pattern():
    rows = simulated(24, 240, frailty=0, effect=0, rate=0.025, seed=9)
    random = np.random.default_rng(10)
    is_odd = pl.Series(random.uniform(size=len(rows)) < 0.5)
    at_ends = rows.with_columns(  # a week is worse at both ends of the load, so that no straight line tells it
        acute_load_log=pl.when("is_onset_within").then(pl.when(is_odd).then(0.5).otherwise(3.5)).otherwise(
            pl.lit(pl.Series(random.uniform(0, 4, len(rows)))))
    )  # fmt: skip
    scores = prediction_scores(PredictionRows.validate(at_ends), catalogue=QUICK)
    assert scores.filter("is_chosen")["kind"].to_list() == ["boosting", "boosting"]
    assert scores["auc"].to_list() == pytest.approx([0.5, 1.0, 0.5, 1.0], abs=0.1)


# How often it came


def test_calibration_groups_rows_by_what_was_said_and_counts_what_came():
    runner = np.repeat([f"r{n}" for n in range(10)], 10)
    said = np.repeat([0.1, 0.3], 50)
    came = np.tile([True, *[False] * 9], 10) | (np.arange(100) >= 90)
    held = HeldOut(runner, came, said, np.zeros(100, dtype=int))
    bins = calibration(held, catalogue=catalogue_with(resamples=200))
    shown = bins.select("number", "n_rows", "n_runners", "n_onset_rows", "share_said", "share_came")
    assert_shows(shown, """
        number | n_rows | n_runners | n_onset_rows | share_said | share_came
        1      | 50     | 5         | 5            | 0.1        | 0.1
        2      | 50     | 5         | 14           | 0.3        | 0.28
    """)  # fmt: skip
    low, high = bins["share_came_low"], bins["share_came_high"]
    assert (low[0], high[0]) == pytest.approx((0.1, 0.1))  # every runner had one in ten: whole runners are drawn
    assert low[1] == pytest.approx(0.1)
    assert 0.4 < high[1] < 1


def test_calibration_has_as_many_groups_as_asked_for_and_all_rows_in_them():
    random = np.random.default_rng(1)
    said = random.uniform(size=600)
    held = HeldOut(np.repeat(np.arange(30).astype(str), 20), random.uniform(size=600) < said, said, np.zeros(600))
    bins = calibration(held, catalogue=catalogue_with(resamples=100, calibration_bins=6))
    assert list(bins["n_rows"]) == [100] * 6
    assert bins["share_said"].is_sorted()
    assert (bins["share_said"] - bins["share_came"]).abs().max() < 0.15
    assert bins["n_onset_rows"].sum() == held.is_onset.sum()


def test_calibration_of_no_row_is_empty():
    nothing = np.array([])
    assert calibration(HeldOut(nothing, nothing, nothing, nothing), catalogue=CATALOGUE).height == 0
