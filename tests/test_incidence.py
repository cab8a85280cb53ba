"""The squad's descriptive figures: incidence with exposure, weekly prevalence and burden; method.md §3 and §8."""

from typing import Any

import polars as pl
import pytest
from logs import CATALOGUE, Table, ache_reports, assert_shows, day, episode_rows, only, runners, runs

from runfix_analytics.episodes import episodes
from runfix_analytics.exposure import exposure
from runfix_analytics.incidence import count_interval, incidence, prevalence, rate_per, share_interval
from runfix_analytics.tables import AcheReports, Episodes, Prevalence, Runs

# Answers on Saturdays speak for 4 January to 7 February: 35 days, and 1.5 h or 15 km were run on them.
RAN = """
    run_id | date       | km | duration_s | duplicate_of
    a      | 2026-01-04 | 5  | 1800       | -
    b      | 2026-01-25 | 10 | 3600       | -
    c      | 2026-01-25 | 10 | 3600       | b
    d      | 2026-02-08 | 7  | 2500       | -
"""
SATURDAYS = ("2026-01-10", "2026-01-17", "2026-01-24", "2026-01-31", "2026-02-07")
SHIN = "site | onset_on | ended_on | state\nshin | 2026-01-12 | 2026-01-14 | ended"
NO_ACHES = [{"date": day(text), "site": None} for text in SATURDAYS]


def counted(aches: Table = SHIN, *, answers: Table = NO_ACHES, ran: Table = RAN, group: str | None = "all") -> Any:
    rows = incidence(
        episode_rows(aches), runs(ran), ache_reports(answers), as_of=day("2026-02-10"), catalogue=CATALOGUE
    )
    return rows if group is None else only(rows, group_id=group)


def told(answers: Table, *, ran: Table = RAN, group: str = "all", as_of: str = "2026-02-10") -> Any:
    """Incidence where the episodes are those of the answers."""
    said, at = ache_reports(answers), day(as_of)
    aches = episodes(said, as_of=at, catalogue=CATALOGUE)
    return only(incidence(aches, runs(ran), said, as_of=at, catalogue=CATALOGUE), group_id=group)


def weekly(answers: Table, *, group: str | None = "all", as_of: str = "2026-03-01") -> Any:
    said, at = ache_reports(answers), day(as_of)
    rows = prevalence(episodes(said, as_of=at, catalogue=CATALOGUE), said, as_of=at, catalogue=CATALOGUE)
    return rows if group is None else only(rows, group_id=group)


# Rates and intervals by themselves


def test_injurytools_published_figure():
    assert rate_per(209, 140_950, 9000) == pytest.approx(13.345, abs=5e-4)


def test_without_exposure_there_is_no_rate():
    assert rate_per(3, 0, 1000) is None
    assert rate_per(0, 2, 1000) == 0


@pytest.mark.parametrize(
    ("n", "low", "high"),
    [(0, 0, 3.688879), (1, 0.025318, 5.571643), (10, 4.795389, 18.390356), (4, 1.089866, 10.241589)],
)
def test_the_interval_of_a_count_is_the_exact_poisson_one(n: int, low: float, high: float):
    """The published table of Garwood's 95 % limits."""
    assert count_interval(n, 0.95) == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize(
    ("n", "of", "low", "high"),
    [(0, 10, 0, 0.308497), (1, 10, 0.002529, 0.445016), (5, 10, 0.187086, 0.812914), (10, 10, 0.691503, 1)],
)
def test_the_interval_of_a_share_is_that_of_clopper_and_pearson(n: int, of: int, low: float, high: float):
    assert share_interval(n, of, 0.95) == pytest.approx((low, high), abs=1e-6)


def test_the_interval_of_a_share_of_nobody_is_all_of_it():
    assert share_interval(0, 0, 0.95) == (0, 1)


def test_both_intervals_agree_with_statsmodels():
    statsmodels = pytest.importorskip("statsmodels.stats.rates")
    proportions = pytest.importorskip("statsmodels.stats.proportion")
    for n in (1, 2, 7, 40):
        for level in (0.8, 0.95):
            exact = statsmodels.confint_poisson(n, 1, method="exact-c", alpha=1 - level)
            assert count_interval(n, level) == pytest.approx(exact, rel=1e-9)
            exact = proportions.proportion_confint(n, 50, alpha=1 - level, method="beta")
            assert share_interval(n, 50, level) == pytest.approx(exact, rel=1e-9)


# Incidence


def test_onsets_are_counted_per_thousand_hours_and_kilometres_run_under_observation():
    assert_shows(counted(), """
        grouping | n_runners | n_observed_days | n_runs | hours | km | n_onsets | n_runners_with_onset
        all      | 1         | 35              | 2      | 1.5   | 15 | 1        | 1
    """)  # fmt: skip
    [row] = counted().rows(named=True)
    assert row["per_1000_h"] == pytest.approx(1 / 1.5 * 1000)
    assert row["per_1000_km"] == pytest.approx(1 / 15 * 1000)
    assert (row["per_1000_h_low"], row["per_1000_h_high"]) == pytest.approx((16.878539, 3714.428938), abs=1e-3)
    assert (row["per_1000_km_low"], row["per_1000_km_high"]) == pytest.approx((1.6878539, 371.4428938), abs=1e-4)


def test_no_onset_has_a_rate_of_zero_and_an_upper_bound():
    [row] = counted(()).rows(named=True)
    assert (row["n_onsets"], row["per_1000_h"], row["per_1000_h_low"]) == (0, 0, 0)
    assert row["per_1000_h_high"] == pytest.approx(3.688879 / 1.5 * 1000, abs=1e-3)


def test_runs_without_duration_or_distance_add_nothing_and_are_counted():
    ran = """
        date       | km | duration_s
        2026-01-04 | 5  | 1800
        2026-01-05 | 5  | -
        2026-01-06 | -  | 1800
        2026-01-07 | 0  | 0
        2026-03-01 | -  | -
    """
    assert_shows(counted(ran=ran), """
        n_runs | n_runs_without_duration | n_runs_without_distance | hours | km
        4      | 2                       | 2                       | 1     | 10
    """)  # fmt: skip
    assert_shows(counted(ran="date | km | duration_s\n2026-01-04 | 5 | -"), """
        hours | km | n_onsets | per_1000_h | per_1000_h_high | per_1000_km
        0     | 5  | 1        | -          | -               | 200
    """)  # fmt: skip


@pytest.mark.parametrize("why", ["is_trauma", "is_prevalent", "is_onset_uncertain"])
def test_what_is_no_overuse_onset_is_not_counted_and_said_so(why: str):
    aches = f"site | onset_on | ended_on | state | {why}\nshin | 2026-01-12 | 2026-01-14 | ended | true"
    assert_shows(counted(aches), "n_onsets | n_onsets_not_counted | n_runners_with_onset\n0 | 1 | 0")


def test_an_onset_on_a_day_without_observation_is_not_counted():
    aches = "site | onset_on | ended_on | state\nshin | 2026-02-08 | 2026-02-09 | ended"
    assert_shows(counted(aches), "n_onsets | n_onsets_not_counted\n0 | 1")


def test_an_onset_within_another_episode_of_the_symptom_or_soon_after_is_not_counted():
    aches = """
        site | side  | onset_on   | ended_on   | state
        shin | left  | 2026-01-12 | 2026-01-14 | ended
        shin | right | 2026-01-28 | 2026-01-29 | ended
        neck | left  | 2026-01-28 | 2026-01-29 | ended
    """
    assert_shows(counted(aches, group="shin"), "n_onsets | n_onsets_not_counted\n1 | 1")
    assert_shows(counted(aches, group="neck"), "n_onsets | n_onsets_not_counted\n1 | 0")


def test_an_onset_counts_once_for_each_linked_area():
    aches = """
        site   | onset_on   | ended_on   | state
        shin   | 2026-01-12 | 2026-01-14 | ended
        knee   | 2026-01-12 | 2026-01-14 | ended
        breath | 2026-01-12 | 2026-01-14 | ended
        calf   | 2026-01-12 | 2026-01-14 | ended
    """
    rows = counted(aches, group=None)
    assert_shows(rows.filter(rows["n_onsets"] > 0), """
        grouping | group_id     | n_onsets | n_runners_with_onset
        all      | all          | 2        | 1
        symptom  | runners_knee | 1        | 1
        symptom  | shin         | 1        | 1
        area     | glutes       | 1        | 1
        area     | hamstrings   | 1        | 1
        area     | calves       | 2        | 1
    """)  # fmt: skip


def test_every_symptom_of_the_hazard_models_and_every_area_has_a_row_also_in_an_empty_squad():
    rows = incidence(Episodes.create_empty(), Runs.create_empty(), AcheReports.create_empty(),
                     as_of=day("2026-02-10"), catalogue=CATALOGUE)  # fmt: skip
    symptoms = [symptom.id for symptom in CATALOGUE.symptoms.values() if symptom.in_hazard_models]
    assert rows["group_id"].to_list() == ["all", *symptoms, *CATALOGUE.areas]
    assert "breathing" not in rows["group_id"]
    assert_shows(rows[:1], """
        n_runners | hours | n_onsets | per_1000_h | per_1000_h_high | n_symptom_days | n_days_lost | is_printable
        0         | 0     | 0        | -          | -               | 0              | -           | false
    """)  # fmt: skip


def test_the_onsets_are_those_that_the_exposure_counts():
    aches = """
        runner | site | side  | onset_on   | ended_on   | state | is_trauma
        r1     | shin | left  | 2026-01-12 | 2026-01-14 | ended | false
        r1     | shin | right | 2026-01-12 | 2026-01-14 | ended | false
        r1     | shin | left  | 2026-01-20 | 2026-01-22 | ended | false
        r2     | shin | left  | 2026-01-12 | 2026-01-14 | ended | false
        r1     | neck | left  | 2026-02-01 | 2026-02-03 | ended | true
        r1     | heel | left  | 2026-02-01 | 2026-02-03 | ended | false
    """
    said, ran, at = ache_reports(NO_ACHES), runs(RAN), day("2026-02-10")
    exposed = exposure(runners("runner\nr1\nr2"), ran, said, episode_rows(aches), as_of=at, catalogue=CATALOGUE)
    expected = dict(exposed.group_by("symptom_id").agg(pl.col("n_onsets").sum()).rows())
    rows = counted(aches, group=None).filter(grouping="symptom")
    assert dict(rows.select("group_id", "n_onsets").rows()) == expected
    assert {symptom: n for symptom, n in expected.items() if n} == {"shin": 2, "plantar_fascia": 1}


def test_figures_on_fewer_than_five_runners_are_not_to_be_printed():
    for n, is_printable in ((4, False), (5, True)):
        who = [f"r{number}" for number in range(n)]
        answers = [row | {"runner": runner} for runner in who for row in NO_ACHES]
        ran = [{"runner": runner, "date": day("2026-01-04"), "km": 5.0} for runner in who]
        rows = counted((), answers=answers, ran=ran, group=None)
        assert rows["n_runners"].unique().to_list() == [n]
        assert rows["is_printable"].unique().to_list() == [is_printable]


def squad_of(aches: dict[str, list[int]], n: int = 8) -> Any:
    """The rows of a squad of which the runners with these numbers have an onset of each ache."""
    who = [f"r{number}" for number in range(n)]
    answers = [row | {"runner": runner} for runner in who for row in NO_ACHES]
    ran = [{"runner": runner, "date": day("2026-01-04"), "km": 5.0} for runner in who]
    of = [
        {"runner": f"r{number}", "site": ache, "onset_on": day("2026-01-12"), "ended_on": day("2026-01-14"),
         "state": "ended"}
        for ache, numbers in aches.items() for number in numbers
    ]  # fmt: skip
    return counted(of, answers=answers, ran=ran, group=None)


def printed(rows: Any, grouping: str) -> set[str]:
    return set(rows.filter("is_printable", pl.col("n_onsets") > 0, grouping=grouping)["group_id"])


def test_rates_of_a_few_runners_are_not_printed_nor_others_from_which_they_follow():
    many, five, few = [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4], [6, 7]
    assert printed(squad_of({"shin": many}), "symptom") == {"shin"}
    assert printed(squad_of({"shin": many, "neck": five}), "all") == {"all"}
    rows = squad_of({"shin": many, "neck": few})  # all less shin would be those of neck
    assert printed(rows, "symptom") | printed(rows, "all") in ({"shin"}, {"all"})
    assert printed(squad_of({"shin": [1, 2], "neck": few}), "all") == set()
    assert rows.filter(n_onsets=0)["is_printable"].all()


def test_days_of_an_ache_that_a_few_runners_have_are_not_printed_though_nobody_has_an_onset():
    trauma = [{"runner": f"r{number}", "site": "shin", "onset_on": day("2026-01-12"), "ended_on": day("2026-01-20"),
               "state": "ended", "is_trauma": True} for number in range(2)]  # fmt: skip
    answers = [row | {"runner": f"r{number}"} for number in range(8) for row in NO_ACHES]
    ran = [{"runner": f"r{number}", "date": day("2026-01-04"), "km": 5.0} for number in range(8)]
    row = counted(trauma, answers=answers, ran=ran, group=None).filter(group_id="shin").row(0, named=True)
    assert (row["n_onsets"], row["n_runners_with_symptom"], row["n_runners_not_counted"]) == (0, 2, 2)
    assert not row["is_printable"]


# Burden


def test_symptom_days_run_from_the_onset_to_the_day_before_recovery_on_days_with_an_answer():
    answers = """
        date       | site | noticed_on | status   | resolved_on
        2026-01-10 | -    | -          | -        | -
        2026-01-17 | shin | 2026-01-13 | active   | -
        2026-01-24 | shin | -          | resolved | 2026-01-20
    """
    # 13 to 19 January
    assert_shows(told(answers, group="shin"), "n_onsets | n_symptom_days\n1 | 7")


def test_no_day_after_the_last_report_is_a_symptom_day_whenever_no_aches_is_answered():
    answers = "date | site\n2026-01-10 | -\n2026-01-17 | shin\n2026-01-24 | -"
    assert_shows(told(answers, group="shin"), "n_symptom_days\n1")


def test_days_that_no_answer_speaks_for_are_no_symptom_days():
    answers = """
        date       | site | noticed_on
        2026-01-03 | -    | -
        2026-01-31 | shin | 2026-01-05
    """
    # 25 to 31 January
    assert_shows(told(answers, group="shin"), "n_symptom_days\n7")


def test_a_day_with_two_aches_counts_once_for_all_and_once_for_an_area_linked_to_both():
    answers = """
        date       | site | noticed_on
        2026-01-10 | -    | -
        2026-01-17 | shin | 2026-01-13
        2026-01-17 | knee | 2026-01-15
    """
    for group, n in (("shin", 5), ("runners_knee", 3), ("all", 5), ("calves", 5), ("glutes", 3), ("hamstrings", 5)):
        assert_shows(told(answers, group=group), f"n_symptom_days\n{n}")
    [row] = told(answers).rows(named=True)
    assert row["symptom_days_per_1000_h"] == pytest.approx(5 / row["hours"] * 1000)


def test_severity_weighs_each_day_by_the_next_report():
    answers = """
        date       | site | noticed_on | ostrc_q1 | ostrc_q2 | ostrc_q3 | ostrc_q4
        2026-01-10 | -    | -          | -        | -        | -        | -
        2026-01-17 | shin | 2026-01-13 | 25       | -        | -        | -
        2026-01-24 | shin | -          | 8        | 8        | 0        | 8
        2026-01-31 | shin | -          | -        | -        | -        | -
    """
    # 5 days of 100, 7 of 24, 7 without a score
    assert_shows(told(answers, group="shin"), """
        n_symptom_days | n_scored_days | severity_days
        19             | 12            | 6.68
    """)  # fmt: skip


def test_a_report_says_nothing_of_the_severity_more_than_a_week_before_it():
    answers = """
        date       | site | noticed_on | ostrc_q1 | ostrc_q2 | ostrc_q3 | ostrc_q4
        2026-01-10 | shin | 2026-01-10 | 25       | 25       | 25       | 25
        2026-01-17 | neck | 2026-01-17 | -        | -        | -        | -
        2026-01-24 | shin | -          | 8        | 8        | 0        | 8
    """
    # 10 January at 100, 11 to 17 January answered for with the neck only, 18 to 24 January at 24
    assert_shows(told(answers, group="shin"), """
        n_symptom_days | n_scored_days | severity_days
        15             | 8             | 2.68
    """)  # fmt: skip


def test_without_any_score_there_are_no_severity_days():
    answers = "date | site\n2026-01-10 | -\n2026-01-17 | shin"
    assert_shows(told(answers), "n_scored_days | severity_days | severity_days_per_1000_h\n0 | - | -")


def test_days_lost_are_added_up_but_never_reach_back_behind_the_answer_before():
    answers = """
        date       | site | noticed_on | days_lost
        2026-01-10 | -    | -          | -
        2026-01-17 | shin | 2026-01-13 | 3
        2026-01-24 | shin | -          | 10
        2026-01-26 | shin | -          | 12
        2026-01-31 | shin | -          | -
        2026-01-31 | neck | -          | 2
    """
    # 3 + 7 + 2 for the shin; of 31 January the neck's 2 for all
    assert_shows(told(answers, group="shin"), "n_days_lost\n12")
    assert_shows(told(answers), "n_days_lost\n14")
    assert_shows(told(answers, group="core"), "n_days_lost | days_lost_per_1000_h\n- | -")


def test_an_answer_tells_of_no_more_days_lost_than_it_speaks_for():
    answers = "date | site | days_lost\n2026-01-10 | shin | 9\n2026-01-24 | shin | 12"
    assert_shows(told(answers, group="shin"), "n_days_lost\n14")


# Weekly prevalence


def test_a_week_shows_who_answered_for_it_and_who_had_the_symptom():
    answers = """
        runner | date       | site | noticed_on
        r1     | 2026-01-11 | -    | -
        r1     | 2026-01-18 | shin | 2026-01-14
        r1     | 2026-01-25 | shin | -
        r2     | 2026-01-18 | -    | -
        r2     | 2026-01-25 | -    | -
    """
    assert_shows(weekly(answers, group="shin"), """
        week_start | grouping | n_answered | n_with_symptom | share_with_symptom | is_printable
        2026-01-05 | symptom  | 1          | 0              | 0                  | false
        2026-01-12 | symptom  | 2          | 1              | 0.5                | false
        2026-01-19 | symptom  | 2          | 1              | 0.5                | false
    """)  # fmt: skip
    [_, row, _] = weekly(answers).rows(named=True)
    assert (row["share_with_symptom_low"], row["share_with_symptom_high"]) == pytest.approx((0.012579, 0.987421),
                                                                                           abs=1e-6)  # fmt: skip


def test_a_weekly_answer_speaks_for_one_week_whatever_its_weekday():
    """12 January is a Monday: an answer up to Wednesday speaks for the week before, from Thursday on for its own."""
    for reported, week in (("12", "05"), ("13", "05"), ("14", "05"), ("15", "12"), ("16", "12"), ("18", "12")):
        assert_shows(weekly(f"date | site\n2026-01-{reported} | -"), f"week_start | n_answered\n2026-01-{week} | 1")


def test_a_runner_who_answered_for_a_few_days_of_a_week_is_not_counted_in_it_with_an_ache_either():
    answers = """
        runner | date       | site | noticed_on
        r1     | 2026-01-18 | -    | -
        r2     | 2026-01-13 | shin | 2026-01-12
    """
    assert_shows(weekly(answers), """
        week_start | n_answered | n_with_symptom
        2026-01-05 | 1          | 0
        2026-01-12 | 1          | 0
    """)  # fmt: skip


def test_a_week_across_the_new_year_is_one_iso_week():
    rows = weekly("date | site\n2026-01-03 | -")
    assert_shows(rows, "week_start | n_answered\n2025-12-29 | 1")


def test_trauma_and_what_was_there_before_the_diary_are_prevalent_too():
    answers = """
        runner | date       | site  | onset_type
        r1     | 2026-01-11 | shin  | gradual
        r2     | 2026-01-04 | -     | unknown
        r2     | 2026-01-11 | ankle | sudden
    """
    assert_shows(weekly(answers), "week_start | n_answered | n_with_symptom\n2025-12-29 | 1 | 0\n2026-01-05 | 2 | 2")


def test_a_runner_who_says_no_aches_for_a_week_has_none_in_it():
    answers = "date | site\n2026-01-04 | -\n2026-01-11 | shin\n2026-01-18 | -"
    assert_shows(weekly(answers), """
        week_start | n_with_symptom
        2025-12-29 | 0
        2026-01-05 | 1
        2026-01-12 | 0
    """)  # fmt: skip


def test_a_substantial_problem_is_told_where_the_items_decide_it_and_unknown_where_they_were_not_asked():
    answers = """
        runner | date       | site | ostrc_q1 | ostrc_q2 | ostrc_q3 | ostrc_q4
        r1     | 2026-01-11 | shin | 17       | 17       | 8        | 8
        r2     | 2026-01-11 | neck | 8        | 8        | 8        | 25
        r3     | 2026-01-11 | -    | -        | -        | -        | -
        r1     | 2026-01-18 | shin | 17       | 17       | 8        | 8
        r2     | 2026-01-18 | neck | -        | -        | -        | -
    """
    assert_shows(weekly(answers), """
        week_start | n_answered | n_with_symptom | n_substantial | n_substantial_unknown | share_substantial
        2026-01-05 | 3          | 2              | 1             | 0                     | 1/3
        2026-01-12 | 2          | 2              | 1             | 1                     | -
    """)  # fmt: skip
    assert_shows(weekly(answers, group="core"), """
        week_start | n_with_symptom | n_substantial | n_substantial_unknown | share_substantial
        2026-01-05 | 0              | 0             | 0                     | 0
        2026-01-12 | 0              | 0             | 0                     | 0
    """)  # fmt: skip


def test_five_runners_who_answered_make_a_week_printable():
    for n, is_printable in ((4, False), (5, True)):
        rows = weekly([{"runner": f"r{number}", "date": day("2026-01-11"), "site": None} for number in range(n)])
        assert rows["is_printable"].to_list() == [is_printable]


@pytest.mark.parametrize(("n", "is_printable"), [(0, True), (1, False), (4, False), (5, True)])
def test_a_week_in_which_one_to_four_runners_had_the_ache_is_not_printed(n: int, is_printable: bool):
    answers = [
        {"runner": f"r{number}", "date": day("2026-01-11"), "site": "shin" if number < n else None}
        | ({"onset_date": day("2026-01-05")} if number < n else {})
        for number in range(8)
    ]
    assert weekly(answers)["is_printable"].to_list() == [is_printable]


def test_answers_after_the_day_of_calculation_are_not_seen():
    answers = "date | site\n2026-01-11 | -\n2026-01-18 | -"
    assert weekly(answers, as_of="2026-01-17")["week_start"].to_list() == [day("2026-01-05")]


def test_no_answer_gives_no_week():
    assert weekly((), group=None).equals(Prevalence.create_empty())
