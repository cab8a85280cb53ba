"""Which areas to train first: method.md §5, the priority worked out again with the standard library."""

from math import exp, log, sqrt
from statistics import NormalDist
from typing import Any

import polars as pl
import pytest
from logs import CATALOGUE, Table, assert_shows, coverages, day, episode_rows, known, only, runners
from polars.testing import assert_frame_equal

from runfix_analytics.rates import symptom_rates
from runfix_analytics.recommendation import recommendation
from runfix_analytics.referrals import referrals
from runfix_analytics.tables import Advice, Exposure, KnownDays, Runners, SymptomRates, Verdicts

TODAY = day("2026-02-01")
NO_DAYS = KnownDays.create_empty()
NOT_STUDIED = Verdicts.create_empty()
SYMPTOMS_OF_AREA = {
    "glutes": ["runners_knee", "it_band", "plantar_fascia", "achilles", "low_back", "ankle"],
    "hamstrings": ["hip_flexor", "shin", "glute_tendon"],
    "calves": ["runners_knee", "plantar_fascia", "shin"],
    "core": ["low_back"],
    "upper_back": ["neck", "upper_back_pain"],
}
SYMPTOMS = sorted({symptom for linked in SYMPTOMS_OF_AREA.values() for symptom in linked})
SHIN = "site | onset_on\nshin | 2026-01-20"
KNEE = "site | onset_on\nknee | 2026-01-20"
MIXED = {"glutes": 0.2, "hamstrings": 0.1, "calves": 0.5, "core": 0.0, "upper_back": 0.3}


def exposed(onsets: dict[str, int], days: int = 0, runner: str = "r1") -> Any:
    rows = [
        {"runner_id": runner, "symptom_id": symptom, "n_onsets": onsets.get(symptom, 0), "n_days_at_risk": days}
        for symptom in SYMPTOMS
    ]
    return Exposure.validate(pl.DataFrame(rows), cast=True)


def rows_of(values: dict[str, float | None], **status: str) -> list[dict[str, Any]]:
    """Coverage rows; on target from three quarters, not known where null."""
    words = {area: "on_target" if (value or 0) >= 0.75 else "not_known" if value is None else "under_target"
             for area, value in values.items()}  # fmt: skip
    return [{"date": TODAY, "area": area, "coverage": value, "status": status.get(area, words[area])}
            for area, value in values.items()]  # fmt: skip


def advised(
    covered: dict[str, float | None], *, onsets: dict[str, int] | None = None, days: int = 300, aches: Table = KNEE,
    evidence: Table = (), verdicts: Any = NOT_STUDIED, **status: str,
) -> Any:  # fmt: skip
    own = exposed(onsets or {}, days)
    episodes = episode_rows(aches)
    return recommendation(
        runners(), coverages(rows_of(covered, **status)), known(evidence) if evidence else NO_DAYS, episodes, own,
        symptom_rates(own, catalogue=CATALOGUE), referrals(episodes, as_of=TODAY, catalogue=CATALOGUE),
        verdicts=verdicts, as_of=TODAY, catalogue=CATALOGUE,
    )  # fmt: skip


def squad_advised(who: Table, today: Table, episodes: Any, own: Any, rates: Any = None) -> Any:
    return recommendation(
        runners(who), coverages(today), NO_DAYS, episodes, own,
        symptom_rates(own, catalogue=CATALOGUE) if rates is None else rates,
        referrals(episodes, as_of=TODAY, catalogue=CATALOGUE), verdicts=NOT_STUDIED, as_of=TODAY, catalogue=CATALOGUE,
    )  # fmt: skip


def by_rank(advice: pl.DataFrame) -> list[str]:
    ranked = advice.filter(pl.col("rank").is_not_null()).sort("rank")
    assert ranked["rank"].to_list() == list(range(1, ranked.height + 1))
    return ranked["area_id"].to_list()


# Priority


def test_priority_is_expected_aches_times_the_effect_of_the_deficit():
    onsets, days = {"runners_knee": 2, "shin": 1}, 300
    advice = advised(MIXED, onsets=onsets, days=days)

    r = 0.7 / 365.25
    sd = sqrt(0.30**2 + 0.20**2)
    mean = log(0.85)
    for area, symptoms in SYMPTOMS_OF_AREA.items():
        expected = 0.0
        for symptom in symptoms:
            rate = (onsets.get(symptom, 0) + 10 / 11) / (days + 10 / r)
            expected += 90 * (onsets.get(symptom, 0) + 1) / (days + 1 / rate)
        deficit = 1 - MIXED[area]
        row = only(advice, area=area).row(0, named=True)
        upper_beta, lower_beta = (NormalDist(mean, sd).inv_cdf(p) for p in (0.9, 0.1))
        assert row["deficit"] == pytest.approx(deficit)
        assert row["priority"] == pytest.approx(expected * (1 - exp(mean * deficit)), rel=1e-12)
        assert row["priority_low"] == pytest.approx(expected * (1 - exp(upper_beta * deficit)), rel=1e-12)
        assert row["priority_high"] == pytest.approx(expected * (1 - exp(lower_beta * deficit)), rel=1e-12)


def test_a_runners_rate_is_shrunk_to_that_of_the_squad():
    squad = Exposure.validate(pl.concat([exposed({"shin": 1}, 100), exposed({}, 900, runner="r2")]))
    two = runners("runner\nr1\nr2")
    today = pl.concat([coverages(rows_of({"hamstrings": 0.0})),
                       coverages([row | {"runner_id": "r2"} for row in rows_of({"hamstrings": 0.0})])])  # fmt: skip
    advice = recommendation(
        two, today, NO_DAYS, episode_rows(KNEE), squad, symptom_rates(squad, catalogue=CATALOGUE),
        referrals(episode_rows(KNEE), as_of=TODAY, catalogue=CATALOGUE), verdicts=NOT_STUDIED,
        as_of=TODAY, catalogue=CATALOGUE,
    )  # fmt: skip
    prior_days = 10 * 365.25 / 0.7
    shin, other = (1 + 10 / 11) / (1000 + prior_days), (10 / 11) / (1000 + prior_days)
    share = 1 - 0.85
    of_r1 = 90 * (2 / (100 + 1 / shin) + 2 / (100 + 1 / other)) * share
    of_r2 = 90 * (1 / (900 + 1 / shin) + 2 / (900 + 1 / other)) * share
    hamstrings = only(advice, area="hamstrings").sort("runner_id")
    assert hamstrings["priority"].to_list() == pytest.approx([of_r1, of_r2], rel=1e-12)


def test_the_area_linked_to_what_came_up_most_often_comes_first():
    equal = dict.fromkeys(SYMPTOMS_OF_AREA, 0.3)
    assert by_rank(advised(equal, onsets={"shin": 6}))[:2] == ["hamstrings", "calves"]
    assert by_rank(advised(equal, onsets={"neck": 6}, aches="site | onset_on\nneck | 2026-01-20"))[0] == "upper_back"


def test_ranks_run_from_one_without_gaps_down_the_priorities():
    advice = advised(MIXED, onsets={"runners_knee": 2})
    priorities = dict(zip(advice["area_id"], advice["priority"], strict=True))
    assert by_rank(advice) == sorted(priorities, key=lambda area: -priorities[area])


def test_a_runner_without_symptoms_is_ranked_by_deficit_over_all_five_areas():
    assert by_rank(advised(MIXED, aches=())) == ["core", "hamstrings", "glutes", "upper_back", "calves"]


def test_equal_deficits_of_a_runner_without_symptoms_keep_the_order_of_the_article():
    equal = dict.fromkeys(MIXED, 0.4)
    assert by_rank(advised(equal, aches=())) == ["glutes", "hamstrings", "calves", "core", "upper_back"]


def test_each_runner_is_ranked_alone_and_has_five_rows_in_the_order_of_the_article():
    aching = episode_rows("runner | site | onset_on\nr2 | shin | 2026-01-20")
    own = Exposure.validate(pl.concat([exposed({"shin": 6}, 300, runner=runner) for runner in ("r2", "r1")]))
    covered = {"core": 0.1, "glutes": 0.3, "hamstrings": 0.3, "calves": 0.2, "upper_back": 0.3}
    today = [row | {"runner_id": runner} for row in rows_of(covered) for runner in ("r2", "r1")]
    assert_shows(squad_advised("runner\nr2\nr1", today, aching, own), """
        runner | area       | rank
        r1     | glutes     | 3
        r1     | hamstrings | 4
        r1     | calves     | 2
        r1     | core       | 1
        r1     | upper_back | 5
        r2     | glutes     | 3
        r2     | hamstrings | 2
        r2     | calves     | 1
        r2     | core       | 5
        r2     | upper_back | 4
    """)  # fmt: skip


def test_a_runner_of_whom_no_exposure_is_known_is_ranked_by_deficit():
    nothing = squad_advised("runner\nr1", rows_of(MIXED), episode_rows(()), Exposure.create_empty())
    assert by_rank(nothing) == ["core", "hamstrings", "glutes", "upper_back", "calves"]
    assert nothing["priority"].null_count() == len(CATALOGUE.areas)


def test_what_differs_only_in_the_last_bits_is_a_tie():
    noisy = {"glutes": 0.1 * 7, "hamstrings": 0.7, "calves": 0.7, "core": 0.1 * 7, "upper_back": 0.7}
    assert 1 - noisy["glutes"] < 1 - noisy["hamstrings"]
    article = ["glutes", "hamstrings", "calves", "core", "upper_back"]
    assert by_rank(advised(noisy, aches=())) == article
    level = pl.DataFrame({"symptom_id": SYMPTOMS, "n_onsets": 0, "n_days_at_risk": 0, "onsets_per_day": 1e-12})
    same = SymptomRates.validate(level, cast=True)  # so that no area is expected to avert anything to speak of
    assert by_rank(squad_advised("runner\nr1", rows_of(noisy), episode_rows(KNEE), exposed({}, 300), same)) == article


def test_the_order_of_exposures_does_not_change_the_last_bit_of_a_priority():
    names = [f"r{number:02}" for number in range(40)]
    each = [exposed({s: (7 * place + number) % 9 for place, s in enumerate(SYMPTOMS)}, 301 + number, runner=name)
            for number, name in enumerate(names)]  # fmt: skip
    own = Exposure.validate(pl.concat(each))
    today = [row | {"runner_id": name} for name in names for row in rows_of(MIXED)]
    rates, nobody = symptom_rates(own, catalogue=CATALOGUE), episode_rows(())
    who = [{"runner": name} for name in names]
    one, other = (squad_advised(who, today, nobody, of, rates) for of in (own, own.reverse()))
    assert_frame_equal(one, other, check_exact=True)


def test_breathing_is_not_in_the_ranking():
    breathing = "site | onset_on\nbreath | 2026-01-20"
    assert by_rank(advised(MIXED, aches=breathing)) == by_rank(advised(MIXED, aches=()))


def test_aches_are_counted_for_all_areas_linked_to_them_and_trauma_is_not():
    aches = """
        site  | onset_on   | is_trauma
        knee  | 2026-01-20 | false
        shin  | 2026-01-21 | false
        ankle | 2026-01-22 | true
        calf  | 2026-01-23 | false
    """
    assert_shows(advised(MIXED, aches=aches), """
        area       | n_aches
        glutes     | 1
        hamstrings | 1
        calves     | 2
        core       | 0
        upper_back | 0
    """)  # fmt: skip


# Status


def test_areas_on_target_are_not_ranked_and_unknown_ones_ask_for_a_log():
    covered = {"glutes": 0.75, "hamstrings": None, "calves": 0.5, "core": None, "upper_back": 0.1}
    assert_shows(advised(covered, core="on_target", aches=()), """
        area       | status    | rank | coverage | deficit
        glutes     | on_target | -    | 0.75     | 0.25
        hamstrings | log_first | -    | -        | -
        calves     | train     | 2    | 0.5      | 0.5
        core       | on_target | -    | -        | -
        upper_back | train     | 1    | 0.1      | 0.9
    """)  # fmt: skip


def test_an_area_whose_coverage_is_unknown_is_not_ranked_even_if_its_bounds_say_under_target():
    covered = dict.fromkeys(MIXED, None)
    assert_shows(advised(covered, glutes="under_target"), """
        area       | status    | rank | priority
        glutes     | log_first | -    | -
        hamstrings | log_first | -    | -
        calves     | log_first | -    | -
        core       | log_first | -    | -
        upper_back | log_first | -    | -
    """)  # fmt: skip


def test_a_runner_without_any_coverage_row_is_asked_to_log_first():
    assert_shows(advised({"core": 0.2}, aches=()), """
        area       | status    | rank
        glutes     | log_first | -
        hamstrings | log_first | -
        calves     | log_first | -
        core       | train     | 1
        upper_back | log_first | -
    """)  # fmt: skip


def test_a_red_flag_withholds_its_areas_before_anything_else_is_said_of_them():
    covered = {"glutes": 0.9, "hamstrings": 0.2, "calves": None, "core": 0.1, "upper_back": 0.3}
    aches = "site | onset_on | pain_at_night | pain_at_rest\nknee | 2026-01-20 | true | true"
    assert_shows(advised(covered, aches=aches), """
        area       | status   | rank | withheld_for
        glutes     | withheld | -    | at_night at_rest
        hamstrings | train    | 1    | none
        calves     | withheld | -    | at_night at_rest
        core       | train    | 3    | none
        upper_back | train    | 2    | none
    """)  # fmt: skip


def test_a_flag_of_two_aches_is_named_once_and_flags_stand_in_one_order():
    aches = """
        site | onset_on   | pain_at_night | pain_at_rest | focal_bone_tenderness | pain_during_exercises
        knee | 2026-01-20 | true          | true         | false                 | true
        shin | 2026-01-21 | true          | false        | true                  | true
    """
    calves = only(advised(MIXED, aches=aches), area="calves")
    assert_shows(calves, "withheld_for\nat_night at_rest bone_tenderness during_exercises")


def test_an_acute_injury_withholds_the_whole_lower_body():
    aches = "site | onset_on | is_trauma | is_acute_injury\nankle | 2026-01-20 | true | true"
    assert_shows(advised(MIXED, aches=aches), """
        area       | status   | rank | withheld_for
        glutes     | withheld | -    | acute_injury
        hamstrings | withheld | -    | acute_injury
        calves     | withheld | -    | acute_injury
        core       | train    | 1    | none
        upper_back | train    | 2    | none
    """)  # fmt: skip


def test_chest_pain_withholds_everything():
    advice = advised(MIXED, aches="site | onset_on\nchest | 2026-01-20")
    assert advice["status"].unique().to_list() == ["withheld"]
    assert by_rank(advice) == []


# Programme, basis, empty logs


@pytest.mark.parametrize(
    ("trained_on", "evidence", "has"),
    [
        ("2026-02-01", "sets", "true"),
        ("2026-01-05", "sets", "true"),
        ("2026-01-04", "sets", "-"),
        ("2026-02-01", "no_sets", "true"),
        ("2026-02-01", "stated_none", "-"),
        ("2026-02-01", "declared", "-"),
    ],
)
def test_a_logged_session_in_four_weeks_is_a_programme_and_none_is_unknown(trained_on: str, evidence: str, has: str):
    advice = advised(MIXED, evidence=f"from | to | evidence\n{trained_on} | {trained_on} | {evidence}")
    assert_shows(only(advice, area="core"), f"has_programme\n{has}")


def test_several_sessions_are_one_programme():
    advice = advised(
        MIXED, evidence="from | to | evidence\n2026-01-20 | 2026-01-22 | sets\n2026-01-25 | 2026-01-25 | no_sets"
    )
    assert advice["has_programme"].to_list() == [True] * len(CATALOGUE.areas)


def test_the_advice_names_the_prior_as_its_basis_and_the_day_it_is_for():
    assert_shows(only(advised(MIXED), area="core"), "as_of | basis\n2026-02-01 | prior")


def test_coverage_of_other_days_is_not_looked_at():
    yesterday = coverages("date | area | coverage\n2026-01-31 | core | 0.1")
    own = exposed({})
    advice = recommendation(
        runners(), yesterday, NO_DAYS, episode_rows(()), own, symptom_rates(own, catalogue=CATALOGUE),
        referrals(episode_rows(()), as_of=TODAY, catalogue=CATALOGUE), verdicts=NOT_STUDIED,
        as_of=TODAY, catalogue=CATALOGUE,
    )  # fmt: skip
    assert_shows(only(advice, area="core"), "status | coverage\nlog_first | -")


def test_a_squad_without_runners_gets_no_advice():
    own = Exposure.create_empty()
    advice = recommendation(
        Runners.create_empty(), coverages(rows_of(MIXED)), NO_DAYS, episode_rows(()), own,
        symptom_rates(own, catalogue=CATALOGUE), referrals(episode_rows(()), as_of=TODAY, catalogue=CATALOGUE),
        verdicts=NOT_STUDIED, as_of=TODAY, catalogue=CATALOGUE,
    )  # fmt: skip
    assert advice.equals(Advice.create_empty())


def studied(betas: dict[str, float], *, sd: float = 0.1, may_reorder: bool = True) -> Any:
    """What a study of the squad left behind, of which the advice reads the posterior only."""
    rows = [{"area_id": area, "posterior_mean": betas.get(area, log(0.85))} for area in CATALOGUE.areas]
    usual = {"n_onsets": 900, "prior_mean": log(0.85), "prior_sd": 0.36, "posterior_sd": sd, "data_weight": 0.9,
             "verdict": "fewer_onsets", "may_reorder": may_reorder}  # fmt: skip
    empty = dict.fromkeys(("log_ratio", "low", "high", "p_adjusted"))
    return Verdicts.validate(pl.DataFrame([row | usual | empty for row in rows]), cast=True)


EQUAL = dict.fromkeys(CATALOGUE.areas, 0.5)


def test_sharp_and_clean_estimates_of_the_squad_reorder_the_areas_and_say_so():
    by_prior = advised(EQUAL, onsets={"shin": 1}, aches=SHIN)
    assert by_rank(by_prior)[0] == "glutes"
    own = advised(
        EQUAL,
        onsets={"shin": 1},
        aches=SHIN,
        verdicts=studied({"glutes": log(0.99), "calves": log(0.5)}),
    )
    assert by_rank(own)[0] == "calves"
    assert set(own["basis"]) == {"cohort"}
    assert set(by_prior["basis"]) == {"prior"}


def test_the_posterior_and_its_eighty_per_cent_interval_make_priority_of_the_cohort():
    plain, own = advised(EQUAL), advised(EQUAL, verdicts=studied({"glutes": log(0.5)}, sd=0.1))
    onsets = only(plain, area="glutes")["priority"].item() / (1 - 0.85**0.5)
    row = only(own, area="glutes").row(0, named=True)
    reach = NormalDist().inv_cdf(0.9) * 0.1
    expected = [onsets * (1 - exp(beta * 0.5)) for beta in (log(0.5), log(0.5) + reach, log(0.5) - reach)]
    assert [row["priority"], row["priority_low"], row["priority_high"]] == pytest.approx(expected, rel=1e-9)


def test_estimates_that_may_not_reorder_leave_the_prior_in_place():
    one_is_not_sharp = studied({"calves": log(0.3)}).with_columns(may_reorder=pl.col("area_id") != "core")
    for verdicts in (studied({"calves": log(0.3)}, may_reorder=False), one_is_not_sharp):
        assert_frame_equal(advised(EQUAL, verdicts=verdicts), advised(EQUAL))
