"""How complete the logs are: counts of four weeks, newest entries, what is not recognised, files that are bad."""

from datetime import date

import pytest
from logs import CATALOGUE, ache_reports, runners, runs, strength_days, strength_sets

from runfix_analytics.assessment import Logs
from runfix_analytics.completeness import Logged, logged
from runfix_analytics.stored_logs import read_completeness
from runfix_analytics.tables import Imports

AS_OF = date(2026, 3, 29)


def of(ran=(), sets=(), days=(), aches=(), imports=None, who="runner\nr1", as_of=AS_OF):
    """What is logged of each drawn runner."""
    logs = Logs(runners(who), runs(ran), strength_sets(sets), strength_days(days), ache_reports(aches))
    return logged(logs, Imports.create_empty() if imports is None else imports, as_of=as_of, catalogue=CATALOGUE)


def test_a_runner_without_any_log_has_zeros_and_no_dates():
    assert of() == {"r1": Logged()}


def test_counts_are_of_the_four_weeks_that_end_on_the_day():
    facts = of(ran="date | km\n2026-03-01 | 5\n2026-03-02 | 5\n2026-03-29 | 5")["r1"]
    assert facts.n_runs == 2
    assert facts.last_run_on == date(2026, 3, 29)


def test_what_lies_after_the_day_is_not_known_yet():
    facts = of(
        ran="date | km\n2026-03-20 | 5\n2026-03-30 | 5",
        sets="date | exercise\n2026-03-20 | Plank\n2026-03-30 | Plank",
        aches="date | site\n2026-03-20 | -\n2026-03-30 | -",
    )["r1"]
    assert (facts.n_runs, facts.n_sets, facts.n_strength_sessions, facts.n_answered_weeks) == (1, 1, 1, 1)
    assert (facts.last_run_on, facts.last_strength_on, facts.last_answer_on) == (date(2026, 3, 20),) * 3


def test_an_old_log_has_a_newest_entry_but_counts_nothing():
    facts = of(
        ran="date | km\n2025-06-01 | 5",
        sets="date | exercise\n2025-06-02 | Plank",
        aches="date | site\n2025-06-03 | -",
    )["r1"]
    assert facts == Logged(
        last_run_on=date(2025, 6, 1), last_strength_on=date(2025, 6, 2), last_answer_on=date(2025, 6, 3)
    )


def test_a_duplicate_run_and_a_duplicate_set_count_once():
    facts = of(
        ran="date | km | run_id | duplicate_of\n2026-03-20 | 5 | a | -\n2026-03-20 | 5 | b | a",
        sets="""
            date       | exercise | set_id | duplicate_of
            2026-03-20 | Plank    | a      | -
            2026-03-21 | Plank    | b      | a
        """,
    )["r1"]
    assert (facts.n_runs, facts.n_sets, facts.n_strength_sessions) == (1, 1, 1)


def test_a_workout_without_sets_is_a_session_but_a_stated_none_is_not():
    facts = of(days="date | kind\n2026-03-20 | no_sets\n2026-03-22 | none")["r1"]
    assert facts.n_strength_sessions == 1
    assert facts.last_strength_on == date(2026, 3, 20)


def test_a_day_with_sets_and_a_workout_without_is_one_session():
    facts = of(sets="date | exercise | n\n2026-03-20 | Plank | 4", days="date | kind\n2026-03-20 | no_sets")["r1"]
    assert facts.n_strength_sessions == 1


def test_no_aches_is_an_answer_and_two_answers_of_a_week_are_one_week():
    facts = of(aches="date | site\n2026-03-29 | -\n2026-03-23 | shin\n2026-03-22 | -")["r1"]
    assert facts.n_answered_weeks == 2


def test_four_answered_weeks_are_the_most_there_are():
    weekly = "date | site\n" + "\n".join(f"2026-03-{day:02} | -" for day in range(1, 30))
    assert of(aches=weekly)["r1"].n_answered_weeks == 4


def test_warm_ups_and_old_sets_are_no_part_of_the_share_that_is_not_recognised():
    facts = of(
        sets="""
            date       | exercise      | set_type | n
            2026-03-20 | Moon Walk     | working  | 3
            2026-03-20 | Plank         | working  | 5
            2026-03-20 | Moon Walk     | warmup   | 7
            2026-01-20 | Moon Walk     | working  | 9
        """
    )["r1"]
    assert (facts.n_sets, facts.n_undecided_sets) == (8, 3)


def test_a_movement_that_is_known_and_trains_no_area_is_recognised():
    assert of(sets="date | exercise\n2026-03-20 | Biceps Curl")["r1"].n_undecided_sets == 0


def test_the_three_most_frequent_unknown_names_are_named_ties_by_name():
    facts = of(
        sets="""
            date       | exercise | n
            2026-03-20 | Zorb     | 1
            2026-03-20 | Abracad  | 1
            2026-03-20 | Moonwalk | 1
            2026-03-20 | Yeti Hop | 3
        """
    )["r1"]
    assert facts.undecided_names == ("Yeti Hop", "Abracad", "Moonwalk")


def test_runners_do_not_mix():
    facts = of(
        who="runner\nr1\nr2",
        ran="runner | date | km\nr1 | 2026-03-20 | 5\nr2 | 2026-03-01 | 5",
        sets="runner | date | exercise\nr2 | 2026-03-20 | Moon Walk",
    )
    assert (facts["r1"].n_runs, facts["r2"].n_runs) == (1, 0)
    assert (facts["r1"].undecided_names, facts["r2"].undecided_names) == ((), ("Moon Walk",))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tv4tgm9s", {"n_bad_files": 1, "last_strength_on": date(2026, 8, 20), "n_strength_sessions": 0}),
        ("3rjuwhdu", {"n_bad_files": 0, "last_strength_on": None, "n_sets": 0}),
        ("ux2gzs69", {"last_run_on": date(2026, 9, 20), "n_runs": 0, "n_answered_weeks": 0}),
        ("nvqjn992", {"n_answered_weeks": 4, "last_strength_on": date(2026, 10, 24), "n_undecided_sets": 0}),
    ],
)
def test_the_sample_squad_is_as_complete_as_its_readme_says(demo_store, demo_day, name, expected):
    facts = read_completeness(demo_store, demo_store.runners(CATALOGUE), demo_day, CATALOGUE)[name]
    assert {key: getattr(facts, key) for key in expected} == expected
