"""The naive reading, kept to show what it does where the truth is known."""

import polars as pl
from polars.testing import assert_frame_equal

import runfix_analytics as rf
from runfix_analytics.association import lags
from tests.simulations.replication import replicate

CATALOGUE = rf.load_catalogue()


def test_a_naive_study_reads_rehab_as_its_own_cause_and_is_what_the_simulations_call_naive():
    made_up = replicate("rehab", 1, CATALOGUE, n_runners=60, n_days=360, is_whole=False)
    squad = made_up.squad
    said = rf.naive_study(squad.logs, as_of=squad.last_day, catalogue=CATALOGUE)
    of_areas = said.filter(pl.col("estimator") == "naive")
    expected = made_up.estimates.filter(pl.col("estimator") == "naive")
    assert_frame_equal(of_areas, expected)
    assert of_areas["low"].min() > 0  # strength does nothing here, and every area seems to do harm
    curve = said.filter(pl.col("estimator") == "lag", pl.col("area_id").is_null())
    assert list(curve["lag_days"]) == [1, *lags(CATALOGUE)]
    assert curve["log_ratio"][0] > curve["low"][0] > curve["log_ratio"][-1]


def test_a_naive_study_of_too_few_onsets_says_so():
    made_up = rf.simulate("null", n_runners=2, n_days=60, seed=1, catalogue=CATALOGUE)
    said = rf.naive_study(made_up.logs, as_of=made_up.last_day, catalogue=CATALOGUE)
    assert set(said["missing"]) == {"too_few_onsets"}
    assert sorted(set(said["lag_days"])) == [1, *lags(CATALOGUE)]
