"""Squads with a known truth: the truth is what it says, and the logs tell it; method.md §7."""

from dataclasses import fields
from datetime import timedelta
from functools import cache
from math import log

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from logs import CATALOGUE
from polars.testing import assert_frame_equal

from runfix_analytics.coverage import coverage
from runfix_analytics.episodes import episodes
from runfix_analytics.known_days import known_days
from runfix_analytics.made_up_lives import FORTNIGHT, YEAR, Process, Scenario
from runfix_analytics.recognition import recognise
from runfix_analytics.running_load import running_load
from runfix_analytics.simulation import FIRST_DAY, SCENARIOS, Simulated, simulate

Bools = npt.NDArray[np.bool_]
SYMPTOMS = [symptom.id for symptom in CATALOGUE.symptoms.values() if symptom.in_hazard_models]
AREAS = list(CATALOGUE.areas)
LINKS = np.array([[area in CATALOGUE.linked_areas(symptom) for area in AREAS] for symptom in SYMPTOMS])
PROCESS = Process()


@cache
def squad(name: str, n_runners: int = 60, n_days: int = 240, seed: int = 1) -> Simulated:
    return simulate(SCENARIOS[name], n_runners=n_runners, n_days=n_days, seed=seed, catalogue=CATALOGUE)


def logs_of(of: Simulated) -> dict[str, pl.DataFrame]:
    return {field.name: getattr(of.logs, field.name) for field in fields(of.logs)}


# The same squad again


def test_the_same_seed_gives_the_same_logs_and_another_one_other_logs():
    some, again, other = (
        simulate(SCENARIOS["missing"], n_runners=8, n_days=100, seed=seed, catalogue=CATALOGUE)
        for seed in ((7, 1), (7, 1), (7, 2))
    )
    for name, table in logs_of(some).items():
        assert_frame_equal(table, logs_of(again)[name])
        if name != "runners":
            assert not table.equals(logs_of(other)[name])


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_leaves_logs_within_its_days_and_names_its_truth(name: str):
    of = squad(name)
    assert set(of.effects) == set(AREAS)
    expected = log(0.66) if name in ("effect", "effect_misaligned", "nonlinear") else 0.0
    assert set(of.effects.values()) == {expected}
    assert (of.last_day - of.first_day).days == 239
    dates = {"runs": "local_date", "strength_sets": "local_date", "strength_days": "local_date",
             "ache_reports": "reported_on"}  # fmt: skip
    for table, column in dates.items():
        days = logs_of(of)[table][column]
        assert days.is_between(of.first_day, of.last_day).all()
        assert days.len() > 500
    assert of.logs.runners["runner_id"].to_list() == [f"s{n:05}" for n in range(60)]


def test_effects_of_ones_own_are_taken_by_area():
    effects = {area: 0.1 * place for place, area in enumerate(AREAS)}
    of = simulate(
        SCENARIOS["null"], n_runners=3, n_days=60, seed=1, catalogue=CATALOGUE, effects=dict(reversed(effects.items()))
    )
    assert of.effects == effects


def test_one_runner_on_one_day_is_a_squad_too():
    of = simulate(SCENARIOS["missing"], n_runners=1, n_days=1, seed=1, catalogue=CATALOGUE)
    assert of.logs.runners.height == 1
    assert of.first_day == of.last_day


# The lives: what is true


def states(of: Simulated) -> tuple[Bools, Bools, Bools]:
    """Days × runners × symptoms, from the first day of the log: free to begin, recently well again, begins."""
    lives = of.lives
    shape = (len(lives.km), len(lives.base_per_day), len(SYMPTOMS))
    free, recent, begins = np.ones(shape, bool), np.zeros(shape, bool), np.zeros(shape, bool)
    for runner, symptom, first_pain, _, well, _ in lives.onsets:
        free[first_pain + 1 : well + FORTNIGHT, runner, symptom] = False
        recent[well : well + PROCESS.recurrence_days + 1, runner, symptom] = True
        begins[first_pain, runner, symptom] = True
    burn = lives.n_burn_in
    return free[burn:], recent[burn:], begins[burn:]


def spikes(of: Simulated) -> Bools:
    """Days × runners, from the first day of the log: a run more than a tenth longer than any of the 30 days before."""
    km, burn = of.lives.km, of.lives.n_burn_in
    before = np.stack([km[burn - back : len(km) - back] for back in range(1, 31)]).max(axis=0)
    return (before > 0) & (km[burn:] > 1.1 * before)


def dose(of: Simulated, lag: int) -> npt.NDArray[np.float64]:
    """Days × runners × areas: true coverage so many days before, as far as it does something."""
    burn = of.lives.n_burn_in
    return np.minimum(of.lives.coverage[burn - lag : len(of.lives.coverage) - lag] / of.scenario.full_effect_at, 1)


def true_effects(of: Simulated, lag: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Log hazard ratios of each area, a spike, a recurrence, and of all together; and their covariance.

    Poisson regression on every free day with the true base rate as exposure: what an all-knowing analyst would do.
    """
    free, recent, begins = states(of)
    covered, spiked = dose(of, lag), spikes(of)
    score, information, beta = np.zeros(8), np.zeros((8, 8)), np.zeros(8)
    for _ in range(8):
        score[:], information[:] = 0, 0
        for place, linked in enumerate(LINKS):
            at = free[:, :, place]
            x = np.column_stack([covered[at] * linked, spiked[at], recent[:, :, place][at], np.ones(at.sum())])
            base = np.broadcast_to(of.lives.base_per_day[:, place], at.shape)[at]
            expected = base * np.exp(x @ beta)
            score += x.T @ (begins[:, :, place][at] - expected)
            information += (x * expected[:, None]).T @ x
        beta = beta + np.linalg.solve(information, score)
    return beta, np.linalg.inv(information)


@pytest.mark.parametrize(("name", "effect", "lag"), [("effect", log(0.66), 21), ("effect_misaligned", log(0.66), 14),
                                                     ("nonlinear", log(0.66), 21)])  # fmt: skip
def test_who_knows_everything_finds_the_truth_again(name: str, effect: float, lag: int):
    of = squad(name, n_runners=400, n_days=365)
    beta, covariance = true_effects(of, lag)
    truth = [effect] * len(AREAS) + [log(1.64), log(1.5), 0.0]
    np.testing.assert_array_less(np.abs(beta - truth), 3 * np.sqrt(np.diag(covariance)))
    weight = np.linalg.inv(covariance[:5, :5])  # what the areas say together
    mean, se = (weight @ beta[:5]).sum() / weight.sum(), weight.sum() ** -0.5
    assert abs(mean - effect) < 3 * se
    assert mean < -1.5 * se


def test_without_effects_onsets_come_at_the_stated_rate():
    """2.5 a year over all symptoms while free of them, but for frailty, spikes (a few days) and recurrences."""
    of = squad("null", n_runners=400, n_days=365)
    free, recent, begins = states(of)
    raised = np.where(recent, 1.5, 1.0) * np.where(spikes(of), 1.64, 1.0)[:, :, None]
    expected = (free * raised * of.lives.base_per_day).sum()
    n = int(begins.sum())
    assert abs(n - expected) < 3 * expected**0.5
    # runners' base rates themselves: lognormal around 2.5 a year, spread by frailty and by 11 weak spots
    per_year = of.lives.base_per_day.sum(axis=1) * YEAR
    assert abs(per_year.mean() - 2.5) < 3 * per_year.std() / 20
    assert np.log(per_year).std() == pytest.approx((0.5**2 + (np.exp(0.25) - 1) / len(SYMPTOMS)) ** 0.5, abs=0.06)


def test_true_coverage_is_adequate_sessions_of_four_weeks_over_eight():
    of = squad("rehab")
    q = np.minimum(of.lives.sets / 4, 1)
    for last in (0, 27, 100, 240):
        window = q[max(0, last - 27) : last + 1].sum(axis=0)
        np.testing.assert_allclose(of.lives.coverage[last], np.minimum(1, window / 8), atol=1e-12)


def test_nobody_aches_twice_at_once_or_within_a_fortnight_of_being_well():
    onsets = pl.DataFrame(
        squad("rehab").lives.onsets, schema=["runner", "symptom", "first_pain", "report", "well", "said"]
    )
    gaps = onsets.sort("runner", "symptom", "first_pain").select(
        gap=(pl.col("first_pain") - pl.col("well").shift(1)).over("runner", "symptom"),
    )["gap"]  # fmt: skip
    assert gaps.drop_nulls().len() > 5
    assert gaps.drop_nulls().min() >= FORTNIGHT
    assert (onsets["first_pain"] < onsets["report"]).all()
    assert (onsets["report"] < onsets["well"]).all()


def around_onsets(of: Simulated) -> npt.NDArray[np.float64]:
    """Mean adequate sessions a day of the linked areas, from 40 days before an onset to 19 after it."""
    q = np.minimum(of.lives.sets / 4, 1)
    found = [
        q[first_pain - 40 : first_pain + 20, runner][:, LINKS[symptom]].mean(axis=1)
        for runner, symptom, first_pain, _, well, _ in of.lives.onsets
        if first_pain + 20 <= len(q) and well >= first_pain + 20
    ]
    return np.asarray(np.mean(found, axis=0))


def test_rehab_raises_what_is_trained_two_days_after_an_onset_and_not_before():
    mean = around_onsets(squad("rehab", n_runners=200, n_days=365))
    before, first_two_days, after = mean[:40].mean(), mean[40:42].mean(), mean[42:].mean()
    assert abs(first_two_days - before) < 0.03
    assert after > before + 0.3
    without = around_onsets(squad("null", n_runners=200, n_days=365))
    assert abs(without[42:].mean() - without[:40].mean()) < 0.03


def test_a_habit_goes_on_after_the_ache():
    def after(of: Simulated) -> float:
        q = np.minimum(of.lives.sets / 4, 1)
        found = [
            q[well + 60 : well + 100, runner][:, LINKS[symptom]].mean()
            - q[first_pain - 60 : first_pain, runner][:, LINKS[symptom]].mean()
            for runner, symptom, first_pain, _, well, _ in of.lives.onsets
            if well + 100 <= len(q)
        ]
        return float(np.mean(found))

    assert after(squad("habit", n_runners=200, n_days=365)) > after(squad("rehab", n_runners=200, n_days=365)) + 0.05


def test_where_the_strong_are_the_sound_training_and_frailty_go_together():
    of = squad("confounded", n_runners=400, n_days=120)
    sessions = np.log(of.lives.sets.any(axis=2).sum(axis=0) + 0.5)
    hazard = np.log(of.lives.base_per_day.sum(axis=1))
    assert np.corrcoef(sessions, hazard)[0, 1] < -0.3
    null = squad("null", n_runners=400, n_days=365)
    sessions = np.log(null.lives.sets.any(axis=2).sum(axis=0) + 0.5)
    assert abs(np.corrcoef(sessions, np.log(null.lives.base_per_day.sum(axis=1)))[0, 1]) < 3 / 20


# The logs: what of it is told


def test_unlogged_fortnights_are_whole_and_about_a_quarter():
    is_logged = squad("missing", n_runners=200).lives.is_logged
    n_fortnights = len(is_logged) // FORTNIGHT
    blocks = is_logged[: n_fortnights * FORTNIGHT].reshape(n_fortnights, FORTNIGHT, -1)
    lost = ~blocks.any(axis=1)
    assert lost.mean() == pytest.approx(0.25, abs=3 * (0.25 * 0.75 / lost.size) ** 0.5)
    partly = (~blocks).sum(axis=1)[~lost]
    assert partly.mean() == pytest.approx(FORTNIGHT * 0.05, abs=0.1)  # single sessions are lost, nothing between
    assert partly.max() < 7


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_of_unlogged_fortnights_the_stated_share_is_idle(share: float):
    scenario = Scenario("idle", unlogged_share=0.25, idle_share=share)
    of = simulate(scenario, n_runners=150, n_days=240, seed=1, catalogue=CATALOGUE)
    trained, is_logged = of.lives.sets.any(axis=2), of.lives.is_logged
    assert trained[~is_logged].mean() / trained[is_logged].mean() == pytest.approx(1 - share, abs=0.06)


def test_sets_are_logged_where_the_log_is_kept_and_nowhere_else():
    of = squad("missing")
    burn = of.lives.n_burn_in
    logged = np.where(of.lives.is_logged[:, :, None], of.lives.sets, 0)[burn:]
    assert of.logs.strength_sets.height == logged.sum()
    assert of.logs.strength_days.height == logged.any(axis=2).sum()
    assert set(of.logs.runners["strength_log"]) == {"partial"}
    assert set(squad("null").logs.runners["strength_log"]) == {"complete"}
    assert squad("null").lives.is_logged.all()


def test_who_drops_out_in_pain_never_answers_again():
    of, kept = squad("dropout"), squad("null")
    last = [np.flatnonzero(answers).max(initial=0) for answers in of.lives.answered.T]
    silent = np.array(last) < len(of.lives.km) - 60
    hurt = {int(runner) for runner, *_ in of.lives.onsets}
    assert silent.sum() > 5
    assert set(np.flatnonzero(silent).tolist()) <= hurt
    for runner in np.flatnonzero(silent):  # who never answered again after the fortnight that follows a report
        reports = [report for one, _, _, report, _, _ in of.lives.onsets if one == runner]
        assert any(report <= last[runner] < report + FORTNIGHT + 7 or last[runner] == 0 for report in reports)
    assert (np.array([np.flatnonzero(a).max() for a in kept.lives.answered.T]) > len(kept.lives.km) - 60).all()


def test_every_week_is_answered_on_the_runners_own_weekday_nineteen_times_in_twenty():
    of = squad("null", n_runners=200)
    answered = of.lives.answered[of.lives.n_burn_in :]
    days, runner = np.nonzero(answered)
    assert pl.DataFrame({"runner": runner, "weekday": days % 7}).n_unique() == 200
    assert answered.sum() / (200 * 240 / 7) == pytest.approx(0.95, abs=0.01)
    assert of.logs.ache_reports["reported_on"].n_unique() == 240
    assert of.logs.ache_reports.select("runner_id", "reported_on").n_unique() == answered.sum()


@pytest.mark.parametrize("name", ["null", "effect", "rehab"])
def test_coverage_computed_from_a_full_log_is_the_true_one(name: str):
    of = squad(name)
    sets = recognise(of.logs.strength_sets, as_of=of.last_day, catalogue=CATALOGUE)
    days = known_days(
        of.logs.runners, of.logs.runs, sets, of.logs.strength_days, as_of=of.last_day, catalogue=CATALOGUE
    )
    found = coverage(sets, days, catalogue=CATALOGUE).filter(pl.col("local_date") >= FIRST_DAY + timedelta(days=27))
    wide = found.pivot("area_id", index=["runner_id", "local_date"], values="coverage").sort("local_date", "runner_id")
    true = of.lives.coverage[of.lives.n_burn_in + 27 :].reshape(-1, len(AREAS))
    np.testing.assert_allclose(wide.select(AREAS).to_numpy(), true, atol=1e-9)


def test_the_running_log_tells_the_kilometres_and_the_spikes():
    of = squad("null")
    load = running_load(of.logs.runs, as_of=of.last_day, catalogue=CATALOGUE)
    true = of.lives.km[of.lives.n_burn_in :]
    assert of.logs.runs["distance_m"].sum() / 1000 == pytest.approx(true.sum())
    day = (pl.col("local_date") - FIRST_DAY).dt.total_days()
    known = load.filter(pl.col("spike_ratio").is_not_null()).select(
        day.alias("day"), runner=pl.col("runner_id").str.slice(1).cast(pl.Int64), is_spike=pl.col("spike_ratio") > 1.1
    )
    np.testing.assert_array_equal(known["is_spike"].to_numpy(), spikes(of)[known["day"], known["runner"]])
    assert known["is_spike"].sum() > 100


@pytest.mark.parametrize("name", ["null", "rehab"])
def test_episodes_computed_from_the_diary_are_the_true_ones_that_were_reported(name: str):
    """An ache is told from its report on until the answer after recovery; its onset is noticed in nine of ten."""
    of = squad(name, n_runners=200)
    burn, answered = of.lives.n_burn_in, of.lives.answered
    first_answer = answered.argmax(axis=0)
    true = [
        (f"s{runner:05}", SYMPTOMS[symptom], (first_pain if said else report) - burn)
        for runner, symptom, first_pain, report, _, said in of.lives.onsets
        if report < len(answered) and report > first_answer[runner]
    ]
    schema = {"runner_id": pl.String, "symptom_id": pl.String, "onset": pl.Int64}
    expected = pl.DataFrame(true, schema=schema, orient="row").sort("runner_id", "symptom_id", "onset")
    found = episodes(of.logs.ache_reports, as_of=of.last_day, catalogue=CATALOGUE)
    onset = (pl.col("onset_on") - FIRST_DAY).dt.total_days()
    told = found.filter(pl.col("first_reported_on") > FIRST_DAY).select("runner_id", "symptom_id", onset=onset)
    missed = expected.join(told, on=["runner_id", "symptom_id", "onset"], how="anti")
    invented = told.join(expected, on=["runner_id", "symptom_id", "onset"], how="anti")
    assert expected.height > 200
    assert missed.height / expected.height < 0.02
    assert invented.height / expected.height < 0.02
    assert found["has_noticed_date"].mean() == pytest.approx(0.9, abs=0.06)
    assert not found["is_trauma"].any()


def test_a_scenario_of_ones_own_needs_no_name_in_the_list():
    of = simulate(Scenario("mine", lost_share=1.0), n_runners=2, n_days=30, seed=1, catalogue=CATALOGUE)
    assert of.logs.strength_sets.height == 0
