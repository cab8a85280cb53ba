"""How long each runner was at risk, and how often each symptom comes up: method.md §3 and §5."""

from typing import Any

import pytest
from logs import CATALOGUE, Table, ache_reports, assert_shows, day, episode_rows, only, runners, runs

from runfix_analytics.exposure import exposure
from runfix_analytics.rates import symptom_rates
from runfix_analytics.tables import Exposure

RAN = "date | km\n2026-01-04 | 5\n2026-01-25 | 5"
FIVE_WEEKS = "date\n2026-01-10\n2026-01-17\n2026-01-24\n2026-01-31\n2026-02-07"  # answers for 4 January to 7 February


def at_risk(
    answers: Table, *, ran: Table = RAN, aches: Table = (), as_of: str = "2026-02-07", who: Table = "runner\nr1",
    symptom: str | None = "shin",
) -> Any:  # fmt: skip
    answers = (
        answers.replace("date", "site | date", 1).replace("\n", "\n - | ") if isinstance(answers, str) else answers
    )
    rows = exposure(
        runners(who), runs(ran), ache_reports(answers), episode_rows(aches), as_of=day(as_of), catalogue=CATALOGUE
    )
    return rows if symptom is None else only(rows, symptom=symptom)


def test_an_answer_makes_the_week_up_to_it_known():
    assert_shows(at_risk("date\n2026-01-10"), "n_days_at_risk | n_onsets\n7 | 0")


def test_weeks_that_overlap_are_counted_once_and_weeks_of_silence_not_at_all():
    assert_shows(at_risk("date\n2026-01-10\n2026-01-12\n2026-01-30"), "n_days_at_risk\n16")


def test_an_answer_about_an_ache_elsewhere_is_an_answer_too():
    answers = [{"date": day("2026-01-10"), "site": "neck"}]
    assert_shows(at_risk(answers), "n_days_at_risk\n7")


def test_days_of_illness_are_not_at_risk():
    answers = "date       | ill\n2026-01-10 | true\n2026-01-17 | false\n2026-01-24 | -"
    assert_shows(at_risk(answers), "n_days_at_risk\n14")


def test_days_without_a_run_in_the_last_four_weeks_are_not_at_risk():
    ran = "date | km\n2026-01-04 | 5"
    assert_shows(at_risk("date\n2026-01-31", ran=ran), "n_days_at_risk\n7")
    assert_shows(at_risk("date\n2026-02-01", ran=ran), "n_days_at_risk\n6")
    assert_shows(at_risk("date\n2026-02-06", ran=ran), "n_days_at_risk\n1")
    assert_shows(at_risk("date\n2026-02-07", ran=ran), "n_days_at_risk\n0")
    assert_shows(at_risk("date\n2026-01-06", ran=ran), "n_days_at_risk\n3")


def test_the_day_of_an_onset_is_at_risk_and_the_rest_of_the_episode_and_fourteen_days_after_are_not():
    aches = "site | onset_on | ended_on | state\nshin | 2026-01-12 | 2026-01-14 | ended"
    rows = at_risk(FIVE_WEEKS, aches=aches, symptom=None)
    assert_shows(only(rows, symptom="shin"), "n_onsets | n_days_at_risk\n1 | 19")
    assert_shows(only(rows, symptom="neck"), "n_onsets | n_days_at_risk\n0 | 35")


def test_an_episode_without_a_stated_end_ends_at_its_last_report():
    aches = "site | onset_on | last_reported_on | state\nshin | 2026-01-12 | 2026-01-17 | silent"
    assert_shows(at_risk(FIVE_WEEKS, aches=aches), "n_onsets | n_days_at_risk\n1 | 16")


@pytest.mark.parametrize("why", ["is_trauma", "is_onset_uncertain"])
def test_traumatic_and_uncertain_onsets_are_not_counted_but_take_their_days(why: str):
    aches = f"site | onset_on | ended_on | state | {why}\nshin | 2026-01-12 | 2026-01-14 | ended | true"
    assert_shows(at_risk(FIVE_WEEKS, aches=aches), "n_onsets | n_days_at_risk\n0 | 19")


def test_the_first_day_of_a_prevalent_ache_is_no_day_at_risk():
    aches = "site | onset_on | ended_on | state | is_prevalent\nshin | 2026-01-12 | 2026-01-14 | ended | true"
    assert_shows(at_risk(FIVE_WEEKS, aches=aches), "n_onsets | n_days_at_risk\n0 | 18")


def test_an_onset_on_a_day_that_the_diary_does_not_speak_for_is_not_counted():
    aches = "site | onset_on | ended_on | state\nshin | 2026-01-12 | 2026-01-14 | ended"
    assert_shows(at_risk("date\n2026-01-10\n2026-01-24", aches=aches), "n_onsets | n_days_at_risk\n0 | 7")


def test_an_onset_within_another_episode_of_the_symptom_is_not_at_risk():
    aches = """
        site | side  | onset_on   | ended_on   | state
        shin | left  | 2026-01-12 | 2026-01-14 | ended
        shin | right | 2026-01-13 | 2026-01-14 | ended
    """
    assert_shows(at_risk(FIVE_WEEKS, aches=aches), "n_onsets | n_days_at_risk\n1 | 19")


def test_onsets_of_both_sides_on_one_day_at_risk_are_both_counted():
    aches = """
        site | side  | onset_on   | ended_on   | state
        shin | left  | 2026-01-12 | 2026-01-14 | ended
        shin | right | 2026-01-12 | 2026-01-14 | ended
    """
    assert_shows(at_risk(FIVE_WEEKS, aches=aches), "n_onsets | n_days_at_risk\n2 | 19")


def test_the_same_answer_and_the_same_run_from_two_exports_count_once():
    answers = "date | ache_report_id | duplicate_of\n2026-01-10 | a | -\n2026-01-10 | b | a"
    assert_shows(at_risk(answers), "n_days_at_risk\n7")
    ran = "run_id | date | km | duplicate_of\na | 2026-01-08 | 5 | -\nb | 2026-01-04 | 5 | a"
    assert_shows(at_risk("date\n2026-01-10", ran=ran), "n_days_at_risk\n3")


def test_answers_after_the_day_of_calculation_are_not_seen():
    assert_shows(at_risk("date\n2026-01-10\n2026-01-17", as_of="2026-01-16"), "n_days_at_risk\n7")


def test_breathing_is_no_symptom_of_the_hazard_models_and_unlinked_places_are_none_either():
    rows = at_risk("date\n2026-01-10", aches="site | onset_on\nbreath | 2026-01-08\ncalf | 2026-01-09", symptom=None)
    assert_shows(rows, """
        symptom         | n_onsets | n_days_at_risk
        achilles        | 0        | 7
        ankle           | 0        | 7
        glute_tendon    | 0        | 7
        hip_flexor      | 0        | 7
        it_band         | 0        | 7
        low_back        | 0        | 7
        neck            | 0        | 7
        plantar_fascia  | 0        | 7
        runners_knee    | 0        | 7
        shin            | 0        | 7
        upper_back_pain | 0        | 7
    """)  # fmt: skip


def test_a_runner_without_diary_or_runs_is_never_at_risk():
    rows = at_risk("date\n2026-01-10", who="runner\nr1\nr2")
    assert_shows(rows, "runner | n_onsets | n_days_at_risk\nr1 | 0 | 7\nr2 | 0 | 0")
    assert_shows(at_risk("date\n2026-01-10", ran=()), "n_days_at_risk\n0")
    assert_shows(at_risk((), ran=()), "n_days_at_risk\n0")


# Rates of the squad


def test_an_empty_squad_has_the_reference_rate_split_equally_over_eleven_symptoms():
    rates = symptom_rates(Exposure.create_empty(), catalogue=CATALOGUE)
    assert rates["onsets_per_day"].to_list() == pytest.approx([0.7 / 11 / 365.25] * 11)
    assert "breathing" not in rates["symptom_id"]


def test_a_squads_own_onsets_weigh_against_ten_of_the_reference():
    rows = at_risk(FIVE_WEEKS, aches="site | onset_on | ended_on | state\nshin | 2026-01-12 | 2026-01-14 | ended",
                   who="runner\nr1\nr2", symptom=None)  # fmt: skip
    rates = symptom_rates(rows, catalogue=CATALOGUE)
    prior_days = 10 / (0.7 / 365.25)
    assert_shows(only(rates, symptom="shin"), "n_onsets | n_days_at_risk\n1 | 19")
    assert only(rates, symptom="shin")["onsets_per_day"].item() == pytest.approx((1 + 10 / 11) / (19 + prior_days))
    assert only(rates, symptom="neck")["onsets_per_day"].item() == pytest.approx((10 / 11) / (35 + prior_days))
