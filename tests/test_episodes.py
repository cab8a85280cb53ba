"""Which reports belong together: method.md §3."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from logs import CATALOGUE, Table, ache_reports, assert_shows, day
from polars.testing import assert_frame_equal

from runfix_analytics.episodes import episodes, is_substantial, severity
from runfix_analytics.tables import Episodes


def told(table: Table, *, as_of: str = "2027-12-31") -> Any:
    return episodes(ache_reports(table), as_of=day(as_of), catalogue=CATALOGUE)


# What belongs together


def test_reports_fourteen_days_apart_are_one_episode():
    assert_shows(told("date | site\n2026-01-01 | -\n2026-01-05 | knee\n2026-01-19 | knee"), """
        complaint_id | side | onset_on   | first_reported_on | last_reported_on | n_reports | recurrence
        runners_knee | left | 2026-01-05 | 2026-01-05        | 2026-01-19       | 2         | index
    """)  # fmt: skip


def test_a_report_after_fifteen_days_of_silence_is_a_new_episode_with_an_uncertain_onset():
    assert_shows(told("date | site\n2026-01-01 | -\n2026-01-05 | knee\n2026-01-20 | knee", as_of="2026-01-25"), """
        onset_on   | n_reports | recurrence | is_onset_uncertain | ended_on | state
        2026-01-05 | 1         | index      | false              | -        | silent
        2026-01-20 | 1         | uncertain  | true               | -        | open
    """)  # fmt: skip


def test_a_report_after_no_aches_and_more_than_fourteen_days_is_a_recurrence():
    assert_shows(told("""
        date       | site
        2026-01-01 | -
        2026-01-05 | knee
        2026-01-12 | -
        2026-01-26 | knee
    """, as_of="2026-01-26"), """
        onset_on   | n_reports | recurrence | is_onset_uncertain | ended_on   | state
        2026-01-05 | 1         | index      | false              | 2026-01-12 | ended
        2026-01-26 | 1         | early      | false              | -          | open
    """)  # fmt: skip


def test_a_stated_recovery_ends_an_episode_on_its_day():
    assert_shows(told("""
        date       | site | status   | resolved_on
        2026-01-01 | -    | -        | -
        2026-01-05 | knee | active   | -
        2026-01-12 | knee | resolved | 2026-01-09
        2026-02-05 | knee | active   | -
    """, as_of="2026-02-05"), """
        onset_on   | n_reports | recurrence | is_onset_uncertain | ended_on   | state
        2026-01-05 | 2         | index      | false              | 2026-01-09 | ended
        2026-02-05 | 1         | early      | false              | -          | open
    """)  # fmt: skip


def test_a_recovery_without_a_date_ends_the_episode_on_the_day_it_is_stated():
    assert_shows(told("""
        date       | site | status
        2026-01-01 | -    | -
        2026-01-05 | knee | active
        2026-01-12 | knee | resolved
    """), "onset_on | ended_on | state\n2026-01-05 | 2026-01-12 | ended")  # fmt: skip


def test_a_recovery_date_without_a_status_is_a_stated_recovery():
    assert_shows(told("""
        date       | site | resolved_on
        2026-01-01 | -    | -
        2026-01-05 | knee | -
        2026-01-12 | knee | 2026-01-10
    """), "onset_on | ended_on | state\n2026-01-05 | 2026-01-10 | ended")  # fmt: skip


def test_the_earlier_of_stated_recovery_and_no_aches_ends_the_episode():
    assert_shows(told("""
        date       | site | status   | resolved_on
        2026-01-01 | -    | -        | -
        2026-01-05 | knee | resolved | 2026-01-05
        2026-01-12 | -    | -        | -
    """), "onset_on | ended_on\n2026-01-05 | 2026-01-05")  # fmt: skip


def test_a_return_less_than_fourteen_days_after_recovery_is_an_exacerbation():
    reports = """
        date       | site
        2026-01-01 | -
        2026-01-05 | knee
        2026-01-12 | -
        2026-01-25 | knee
    """
    assert_shows(told(reports, as_of="2026-01-25"), """
        onset_on   | n_reports | recurrence | ended_on | state
        2026-01-05 | 2         | index      | -        | open
    """)  # fmt: skip


def test_a_return_first_noticed_soon_after_recovery_is_an_exacerbation_whenever_reported():
    reports = """
        date       | site | noticed_on
        2026-01-01 | -    | -
        2026-01-05 | knee | -
        2026-01-12 | -    | -
        2026-02-12 | knee | 2026-01-20
    """
    assert_shows(told(reports), "onset_on | n_reports\n2026-01-05 | 2")


def test_no_aches_within_an_episode_of_reports_at_most_fourteen_days_apart_does_not_split_it():
    reports = "date | site\n2026-01-01 | -\n2026-01-05 | knee\n2026-01-07 | -\n2026-01-12 | knee\n2026-01-14 | -"
    assert_shows(told(reports), "onset_on | n_reports | ended_on\n2026-01-05 | 2 | 2026-01-14")


def test_repeated_answers_that_it_is_over_start_no_new_episode():
    reports = """
        date       | site | status   | resolved_on
        2026-01-01 | -    | -        | -
        2026-01-05 | knee | active   | -
        2026-01-10 | knee | resolved | 2026-01-09
        2026-02-10 | knee | resolved | 2026-01-09
        2026-03-20 | knee | resolved | -
    """
    assert told(reports)["onset_on"].to_list() == [day("2026-01-05")]


def test_a_return_long_after_recovery_is_a_recurrence_though_the_recovery_was_answered_late():
    reports = """
        date       | site | status   | resolved_on
        2026-01-01 | -    | -        | -
        2026-01-05 | knee | active   | -
        2026-02-10 | knee | resolved | 2026-01-09
        2026-02-20 | knee | active   | -
    """
    assert_shows(told(reports, as_of="2026-02-20"), """
        onset_on   | recurrence | ended_on   | state
        2026-01-05 | index      | 2026-01-09 | ended
        2026-02-20 | early      | -          | open
    """)  # fmt: skip


def test_a_return_weeks_after_recovery_is_a_recurrence_though_the_recovery_was_told_every_week():
    reports = """
        date       | site | status
        2026-01-01 | -    | -
        2026-01-05 | knee | active
        2026-01-12 | knee | resolved
        2026-01-19 | knee | resolved
        2026-01-26 | knee | resolved
        2026-02-02 | knee | resolved
        2026-02-09 | knee | active
    """
    assert told(reports, as_of="2026-02-09")["onset_on"].to_list() == [day("2026-01-05"), day("2026-02-09")]


@pytest.mark.parametrize(("heel", "arch"), [("a2", "a3"), ("a3", "a2")])
def test_a_complaint_is_not_over_while_one_of_its_places_still_hurts_whatever_the_reports_are_called(
    heel: str, arch: str
):
    reports = f"""
        ache_report_id | date       | site | status
        a0             | 2026-01-01 | -    | -
        a1             | 2026-01-05 | heel | active
        {heel}         | 2026-01-12 | heel | resolved
        {arch}         | 2026-01-12 | arch | active
    """
    assert_shows(told(reports, as_of="2026-01-12"), "onset_on | ended_on | state\n2026-01-05 | - | open")


def test_a_single_report_that_it_is_over_is_an_episode_that_ended():
    reports = """
        date       | site | noticed_on | status   | resolved_on
        2026-01-01 | -    | -          | -        | -
        2026-01-12 | knee | 2026-01-05 | resolved | 2026-01-09
    """
    assert_shows(told(reports), "onset_on | ended_on | state\n2026-01-05 | 2026-01-09 | ended")


# When it began


def test_the_onset_is_the_earlier_of_first_noticed_and_first_reported():
    reports = """
        date       | site | noticed_on
        2026-01-01 | -    | -
        2026-01-12 | knee | -
        2026-01-19 | knee | 2026-01-08
        2026-01-12 | neck | -
        2026-01-19 | neck | 2026-01-15
    """
    assert_shows(told(reports), """
        complaint_id | onset_on   | has_noticed_date | first_reported_on
        runners_knee | 2026-01-08 | true             | 2026-01-12
        neck         | 2026-01-12 | true             | 2026-01-12
    """)  # fmt: skip


def test_an_onset_without_a_first_noticed_date_is_the_first_report():
    assert_shows(told("date | site\n2026-01-01 | -\n2026-01-12 | knee"), """
        onset_on   | has_noticed_date
        2026-01-12 | false
    """)  # fmt: skip


def test_a_report_after_silence_that_was_noticed_before_it_goes_on_with_the_episode():
    reports = """
        date       | site | noticed_on
        2026-01-01 | -    | -
        2026-01-05 | knee | 2026-01-04
        2026-02-20 | knee | 2026-01-04
        2026-04-20 | knee | 2026-04-01
    """
    assert_shows(told(reports), """
        onset_on   | n_reports | is_onset_uncertain
        2026-01-04 | 2         | false
        2026-04-01 | 1         | true
    """)  # fmt: skip


def test_pain_on_the_first_day_of_the_diary_is_prevalent():
    reports = """
        date       | site  | noticed_on
        2026-01-05 | knee  | -
        2026-01-06 | neck  | 2026-01-05
        2026-01-07 | shin  | 2025-12-20
        2026-01-06 | ankle | -
    """
    assert_shows(told(reports), """
        complaint_id | onset_on   | is_prevalent
        shin         | 2025-12-20 | true
        neck         | 2026-01-05 | true
        runners_knee | 2026-01-05 | true
        ankle        | 2026-01-06 | false
    """)  # fmt: skip


@pytest.mark.parametrize(("onset_type", "is_trauma"), [("gradual", "false"), ("unknown", "false"), ("sudden", "true"),
                                                       ("contact", "true")])  # fmt: skip
def test_a_sudden_or_contact_onset_is_trauma(onset_type: str, is_trauma: str):
    reports = f"""
        date       | site | onset_type
        2026-01-01 | -    | gradual
        2026-01-05 | knee | {onset_type}
        2026-01-06 | knee | gradual
    """
    assert_shows(told(reports), f"is_trauma | is_acute_injury\n{is_trauma} | {is_trauma}")


@pytest.mark.parametrize(
    ("again", "recurrence"),
    [
        ("2026-03-09", "early"),
        ("2026-03-10", "late"),
        ("2027-01-10", "late"),
        ("2027-01-11", "delayed"),
    ],
    ids=["a day under two months", "two months", "twelve months", "a day over twelve months"],
)
def test_a_recurrence_is_early_late_or_delayed_by_the_months_since_recovery(again: str, recurrence: str):
    reports = f"date | site\n2026-01-01 | -\n2026-01-05 | knee\n2026-01-10 | -\n{again} | knee"
    assert_shows(told(reports), f"""
        onset_on   | recurrence
        2026-01-05 | index
        {again}    | {recurrence}
    """)  # fmt: skip


def test_two_months_after_the_end_of_december_end_with_february():
    reports = "date | site\n2025-12-01 | -\n2025-12-20 | knee\n2025-12-31 | -\n{} | knee"
    assert told(reports.format("2026-02-27"))["recurrence"].to_list() == ["index", "early"]
    assert told(reports.format("2026-02-28"))["recurrence"].to_list() == ["index", "late"]


def test_a_recurrence_counts_from_the_episode_before_it_and_not_from_the_first():
    reports = """
        date       | site
        2025-01-01 | -
        2025-01-05 | knee
        2025-01-10 | -
        2025-06-01 | knee
        2025-06-10 | -
        2025-07-01 | knee
    """
    assert told(reports)["recurrence"].to_list() == ["index", "late", "early"]


# Sides and places


def test_two_sides_are_two_episodes():
    reports = """
        date       | site | side
        2026-01-01 | -    | left
        2026-01-05 | knee | left
        2026-01-06 | knee | right
        2026-01-07 | knee | left
    """
    assert_shows(told(reports), """
        side  | onset_on   | n_reports | is_side_uncertain
        left  | 2026-01-05 | 2         | false
        right | 2026-01-06 | 1         | false
    """)  # fmt: skip


def test_a_report_of_unknown_side_joins_the_nearest_side_and_is_flagged():
    reports = """
        date       | site | side
        2026-01-01 | -    | left
        2026-01-05 | knee | left
        2026-01-09 | knee | unknown
        2026-01-20 | knee | right
    """
    assert_shows(told(reports), """
        side  | onset_on   | n_reports | is_side_uncertain
        left  | 2026-01-05 | 2         | true
        right | 2026-01-20 | 1         | false
    """)  # fmt: skip


def test_a_first_report_of_unknown_side_joins_the_side_told_later():
    reports = "date | site | side\n2026-01-01 | - | left\n2026-01-05 | knee | unknown\n2026-01-12 | knee | right"
    assert_shows(told(reports), """
        side  | onset_on   | n_reports | is_side_uncertain
        right | 2026-01-05 | 2         | true
    """)  # fmt: skip


def test_reports_of_unknown_side_that_lead_up_to_a_known_side_are_one_episode_with_it():
    reports = """
        date       | site | side
        2026-01-01 | -    | left
        2026-01-05 | knee | unknown
        2026-01-15 | knee | unknown
        2026-01-25 | knee | left
    """
    assert_shows(told(reports), """
        side | onset_on   | n_reports | is_side_uncertain
        left | 2026-01-05 | 3         | true
    """)  # fmt: skip


def test_an_unknown_side_far_from_any_known_one_stays_unknown():
    reports = "date | site | side\n2026-01-01 | - | left\n2026-01-05 | knee | unknown\n2026-01-20 | knee | left"
    assert_shows(told(reports), """
        side    | onset_on   | is_side_uncertain
        unknown | 2026-01-05 | true
        left    | 2026-01-20 | false
    """)  # fmt: skip


def test_heel_and_arch_are_places_of_one_complaint():
    reports = "date | site\n2026-01-01 | -\n2026-01-05 | heel\n2026-01-12 | arch of the foot"
    assert_shows(told(reports), """
        complaint_id   | symptom_id     | site_id | n_reports
        plantar_fascia | plantar_fascia | arch    | 2
    """)  # fmt: skip


def test_a_place_that_the_article_does_not_link_is_a_complaint_of_its_own():
    reports = "date | site\n2026-01-01 | -\n2026-01-05 | calf\n2026-01-06 | Left eyebrow"
    assert_shows(told(reports), """
        complaint_id | symptom_id | site_id     | onset_on
        calf         | -          | calf        | 2026-01-05
        unspecified  | -          | unspecified | 2026-01-06
    """)  # fmt: skip


def test_everyday_words_lead_to_the_same_place():
    reports = "date | site\n2026-01-01 | -\n2026-01-05 | Shins\n2026-01-06 | Shin splints\n2026-01-07 | tibia"
    assert_shows(told(reports), "complaint_id | n_reports\nshin | 3")


def test_runners_have_their_own_episodes_and_their_own_no_aches():
    reports = """
        runner | date       | site
        r1     | 2026-01-01 | -
        r2     | 2026-01-01 | -
        r1     | 2026-01-05 | knee
        r2     | 2026-01-06 | knee
        r2     | 2026-01-12 | -
    """
    assert_shows(told(reports, as_of="2026-01-12"), """
        runner | onset_on   | ended_on   | state
        r1     | 2026-01-05 | -          | open
        r2     | 2026-01-06 | 2026-01-12 | ended
    """)  # fmt: skip


# How it stands


def test_an_episode_is_silent_fifteen_days_after_its_last_report():
    reports = "date | site\n2026-01-01 | -\n2026-01-05 | knee"
    assert_shows(told(reports, as_of="2026-01-19"), "state | ended_on\nopen | -")
    assert_shows(told(reports, as_of="2026-01-20"), "state | ended_on\nsilent | -")


def test_flags_are_true_if_any_report_says_so_and_null_if_none_was_asked():
    reports = """
        date       | site  | pain_at_night | pain_at_rest | pain_during_exercises | focal_bone_tenderness
        2026-01-01 | -     | -             | -            | -                     | -
        2026-01-05 | knee  | true          | false        | -                     | -
        2026-01-06 | knee  | false         | -            | -                     | true
    """
    assert_shows(told(reports), """
        pain_at_night | pain_at_rest | pain_during_exercises | focal_bone_tenderness
        true          | false        | -                     | true
    """)  # fmt: skip


def test_flags_of_an_episode_that_ended_do_not_pass_to_the_next():
    reports = """
        date       | site | pain_at_night
        2026-01-01 | -    | -
        2026-01-05 | knee | true
        2026-01-06 | -    | -
        2026-02-06 | knee | -
    """
    assert_shows(told(reports), "onset_on | pain_at_night\n2026-01-05 | true\n2026-02-06 | -")


def test_pain_is_told_first_latest_and_worst():
    reports = """
        date       | site | pain_now | pain_worst | affects_training
        2026-01-01 | -    | -        | -          | -
        2026-01-05 | knee | -        | 3          | modified
        2026-01-06 | knee | 5        | 7          | -
        2026-01-07 | knee | 2        | -          | full
        2026-01-08 | knee | -        | -          | -
    """
    assert_shows(told(reports), "first_pain | latest_pain | worst_pain | affects_training\n3 | 2 | 7 | full")


@pytest.mark.parametrize(
    ("items", "score", "substantial"),
    [
        ((8, 8, 0, 17), 33, False),
        ((25, 25, 25, 25), 100, True),
        ((0, 0, 0, 0), 0, False),
        ((17, 17, 8, 8), 50, True),
        ((8, 8, 17, 8), 41, True),
        ((17, 8, 8, 25), 58, False),
        # the first item ends the questionnaire
        ((0, None, None, None), 0, False),
        ((25, None, None, None), 100, True),
        # what is missing is not zero
        ((8, None, None, None), None, None),
        ((8, 8, 8, None), None, False),
        ((8, 8, None, 8), None, None),
        ((8, 17, None, None), None, True),
        ((0, 8, None, None), None, None),
        ((25, 25, None, None), None, True),
        ((None, 8, 8, 8), None, None),
        ((None, None, None, None), None, None),
    ],
)
def test_the_severity_of_an_answer_is_the_sum_of_its_four_items(
    items: tuple[int | None, ...], score: int | None, substantial: bool | None
):
    answer = pl.DataFrame(
        {f"ostrc_q{number}": pl.Series([item], dtype=pl.Int16) for number, item in enumerate(items, start=1)}
    )
    judged = answer.select(severity=severity(), is_substantial=is_substantial())
    assert judged.rows() == [(score, substantial)]
    assert judged.dtypes == [pl.Int16, pl.Boolean]


def test_the_worst_severity_of_an_episode_is_that_of_its_own_reports():
    reports = """
        date       | site | ostrc_q1 | ostrc_q2 | ostrc_q3 | ostrc_q4
        2026-01-01 | -    | -        | -        | -        | -
        2026-01-05 | knee | 8        | 8        | 0        | 8
        2026-01-12 | knee | 17       | 17       | 8        | 8
        2026-01-19 | knee | 8        | -        | -        | -
        2026-01-12 | neck | -        | -        | -        | -
    """
    assert_shows(told(reports), "complaint_id | worst_severity\nrunners_knee | 50\nneck | -")


def test_the_exercises_that_hurt_and_the_reports_behind_an_episode_are_kept():
    reports = """
        ache_report_id | date       | site | exercise_that_hurt
        a              | 2026-01-01 | -    | -
        b              | 2026-01-05 | knee | lunge
        c              | 2026-01-06 | knee | -
        d              | 2026-01-07 | knee | lunge
        e              | 2026-01-08 | knee | burpee
    """
    assert_shows(told(reports), "exercises_that_hurt | ache_report_ids\nburpee lunge | b c d e")


# Whose report is whose


TWO_COMPLAINTS = """
    date       | site | status
    2026-01-01 | -    | -
    2026-01-05 | neck | -
    2026-01-06 | knee | -
    2026-01-12 | neck | resolved
    2026-01-13 | knee | -
    2026-01-20 | -    | -
    2026-02-05 | neck | -
    2026-03-25 | knee | -
    2026-03-28 | -    | -
"""


def test_each_complaint_has_its_own_recoveries_and_recurrences():
    assert_shows(told(TWO_COMPLAINTS), """
        complaint_id | onset_on   | recurrence | ended_on   | n_reports
        neck         | 2026-01-05 | index      | 2026-01-12 | 2
        runners_knee | 2026-01-06 | index      | 2026-01-20 | 2
        neck         | 2026-02-05 | early      | 2026-03-28 | 1
        runners_knee | 2026-03-25 | late       | 2026-03-28 | 1
    """)  # fmt: skip


def test_a_recovery_ends_its_own_complaint_and_side_only():
    reports = """
        date       | site | side  | status
        2026-01-05 | neck | left  | active
        2026-01-05 | knee | right | active
        2026-01-06 | knee | left  | active
        2026-01-12 | knee | left  | resolved
    """
    assert_shows(told(reports, as_of="2026-01-13"), """
        complaint_id | side  | ended_on   | state
        neck         | left  | -          | open
        runners_knee | right | -          | open
        runners_knee | left  | 2026-01-12 | ended
    """)  # fmt: skip


def test_a_complaint_first_told_as_over_is_an_episode_beside_others_too():
    reports = "date | site | status\n2026-01-01 | - | -\n2026-01-05 | neck | -\n2026-01-12 | knee | resolved"
    assert_shows(told(reports, as_of="2026-01-13"), """
        complaint_id | onset_on   | ended_on   | recurrence
        neck         | 2026-01-05 | -          | index
        runners_knee | 2026-01-12 | 2026-01-12 | index
    """)  # fmt: skip


def test_an_unknown_side_is_that_of_the_same_runners_reports_of_the_same_complaint():
    reports = """
        runner | date       | site | side
        r1     | 2026-01-05 | knee | right
        r1     | 2026-01-08 | knee | unknown
        r1     | 2026-01-08 | neck | left
        r2     | 2026-01-08 | knee | left
    """
    assert_shows(told(reports), """
        runner | complaint_id | side  | n_reports | is_side_uncertain
        r1     | runners_knee | right | 2         | true
        r1     | neck         | left  | 1         | false
        r2     | runners_knee | left  | 1         | false
    """)  # fmt: skip


def test_a_chain_of_reports_goes_by_their_days_and_holds_over_fourteen_of_them():
    reports = """
        ache_report_id | date       | site | side
        z              | 2026-01-05 | knee | right
        y              | 2026-01-19 | knee | unknown
        x              | 2026-02-02 | knee | unknown
        w              | 2026-02-17 | knee | unknown
    """
    assert_shows(told(reports), """
        side    | onset_on   | n_reports
        right   | 2026-01-05 | 3
        unknown | 2026-02-17 | 1
    """)  # fmt: skip


def test_a_place_with_a_name_late_in_the_alphabet_belongs_to_its_symptom_all_the_same():
    assert_shows(
        told("date | site\n2026-01-05 | outer knee"),
        "complaint_id | symptom_id | site_id\nit_band | it_band | outer_knee",
    )


def test_episodes_come_by_runner_day_complaint_and_side():
    reports = """
        runner | date       | site | side
        r2     | 2026-01-05 | knee | left
        r1     | 2026-01-07 | knee | right
        r1     | 2026-01-07 | knee | left
        r1     | 2026-01-07 | neck | right
        r1     | 2026-01-06 | shin | right
    """
    assert_shows(told(reports), """
        runner | onset_on   | complaint_id | side
        r1     | 2026-01-06 | shin         | right
        r1     | 2026-01-07 | neck         | right
        r1     | 2026-01-07 | runners_knee | left
        r1     | 2026-01-07 | runners_knee | right
        r2     | 2026-01-05 | runners_knee | left
    """)  # fmt: skip


# On the day itself


def test_being_well_on_the_next_day_ends_an_episode():
    for answer in ("2026-01-06 | - | -", "2026-01-06 | knee | resolved"):
        reports = f"date | site | status\n2026-01-05 | knee | active\n{answer}"
        assert_shows(told(reports), "onset_on | ended_on\n2026-01-05 | 2026-01-06")


def test_of_two_answers_of_one_day_the_one_that_it_is_there_is_the_latest():
    for gone, there in ("ab", "ba"):
        reports = f"""
            ache_report_id | date       | site | status   | pain_now
            c              | 2026-01-05 | knee | active   | 6
            {gone}         | 2026-01-12 | knee | resolved | 0
            {there}        | 2026-01-12 | knee | active   | 4
        """
        assert_shows(told(reports, as_of="2026-01-12"), "n_reports | latest_pain | state\n3 | 4 | open")


def test_a_return_on_the_day_of_recovery_goes_on_with_the_episode_after_weeks_too():
    reports = "date | site\n2026-01-05 | knee\n2026-02-01 | -\n2026-02-01 | knee"
    assert_shows(told(reports, as_of="2026-02-02"), "onset_on | n_reports | state\n2026-01-05 | 2 | open")


def test_an_ache_noticed_on_the_day_of_the_last_report_is_the_same_one():
    reports = "date | site | noticed_on\n2026-01-05 | knee | -\n2026-02-10 | knee | 2026-01-05"
    assert_shows(told(reports), "onset_on | n_reports\n2026-01-05 | 2")


def test_what_was_noticed_no_later_than_the_recovery_does_not_date_the_return():
    for noticed in ("2026-01-10", "2026-01-16"):
        reports = f"""
            date       | site | status   | noticed_on
            2026-01-05 | knee | active   | -
            2026-01-15 | knee | active   | -
            2026-01-16 | knee | resolved | -
            2026-03-01 | knee | active   | {noticed}
        """
        assert_shows(told(reports), """
            onset_on   | recurrence | n_reports | has_noticed_date
            2026-01-05 | index      | 3         | false
            2026-03-01 | early      | 1         | false
        """)  # fmt: skip


def test_a_recovery_told_again_with_the_day_of_the_last_answer_is_no_news():
    reports = """
        date       | site | status   | noticed_on
        2026-01-05 | knee | active   | -
        2026-01-12 | knee | resolved | -
        2026-02-10 | knee | resolved | 2026-01-12
    """
    assert_shows(told(reports), "onset_on | ended_on | n_reports\n2026-01-05 | 2026-01-12 | 3")


def test_an_ache_that_came_and_went_after_a_silence_does_not_end_the_one_before_it():
    reports = """
        date       | site | status   | noticed_on
        2026-01-05 | knee | active   | -
        2026-02-03 | knee | resolved | 2026-02-01
    """
    assert_shows(told(reports), """
        onset_on   | ended_on   | state  | recurrence
        2026-01-05 | -          | silent | index
        2026-02-01 | 2026-02-03 | ended  | uncertain
    """)  # fmt: skip


def test_reports_at_most_fourteen_days_apart_are_one_episode_whatever_recovery_is_told():
    told_late = """
        date       | site | status   | resolved_on
        2026-01-20 | knee | active   | -
        2026-01-21 | knee | resolved | 2026-01-05
        2026-01-24 | knee | active   | -
    """
    assert_shows(told(told_late), "onset_on | n_reports\n2026-01-20 | 3")
    over_at_once = "date | site | status\n2026-01-05 | knee | resolved\n2026-01-19 | knee | active"
    assert_shows(told(over_at_once), "onset_on | n_reports\n2026-01-05 | 2")


def test_no_episode_ends_before_it_began():
    reports = "date | site | status | resolved_on\n2026-01-10 | knee | resolved | 2026-01-02"
    assert_shows(told(reports), "onset_on | ended_on\n2026-01-10 | 2026-01-10")


def test_of_several_days_first_noticed_the_earliest_counts_and_silence_makes_the_first_report_uncertain():
    reports = """
        date       | site | noticed_on
        2026-01-05 | knee | 2026-01-04
        2026-01-12 | knee | 2026-01-02
        2026-02-10 | knee | -
        2026-02-12 | knee | -
    """
    assert_shows(told(reports), """
        onset_on   | n_reports | is_onset_uncertain
        2026-01-02 | 2         | false
        2026-02-10 | 2         | true
    """)  # fmt: skip


def test_pain_is_that_of_now_where_told_and_its_first_value_that_of_the_first_report_with_one():
    reports = """
        date       | site | pain_now | pain_worst
        2026-01-05 | knee | -        | -
        2026-01-06 | knee | 2        | 6
        2026-01-07 | knee | 8        | 7
    """
    assert_shows(told(reports), "first_pain | latest_pain | worst_pain\n2 | 8 | 8")


# What is seen


def test_reports_after_the_day_of_calculation_are_not_seen():
    reports = "date | site\n2026-01-01 | -\n2026-01-05 | knee\n2026-01-06 | -\n2026-01-07 | neck"
    assert_shows(told(reports, as_of="2026-01-05"), "complaint_id | ended_on | state\nrunners_knee | - | open")


def test_an_answer_that_a_newer_export_holds_counts_once():
    reports = """
        ache_report_id | date       | site | duplicate_of
        a              | 2026-01-01 | -    | -
        b              | 2026-01-05 | knee | -
        c              | 2026-01-05 | knee | b
    """
    assert_shows(told(reports), "n_reports | ache_report_ids\n1 | b")


def test_the_order_of_the_rows_does_not_matter():
    start = date(2026, 1, 1)
    sites = ["knee", None, "heel", "arch", "knee", "calf", "neck", "knee"]
    rows = [
        {"ache_report_id": f"a{i:02}", "date": start + timedelta(days=i * 5), "site": sites[i % 8],
         "side": ["left", "unknown", "right"][i % 3], "status": "resolved" if i % 7 == 6 else None}
        for i in range(40)
    ]  # fmt: skip
    told_in_order = told(rows)
    for seed in range(5):
        shuffled = pl.DataFrame(rows, infer_schema_length=None).sample(fraction=1, shuffle=True, seed=seed)
        assert_frame_equal(told(shuffled.to_dicts()), told_in_order)


def test_a_diary_without_aches_has_no_episode_and_neither_has_no_diary():
    assert told("date | site\n2026-01-05 | -").equals(Episodes.create_empty())
    assert told(()).equals(Episodes.create_empty())


def test_one_report_is_one_episode():
    assert_shows(told("date | site\n2028-02-29 | knee", as_of="2028-02-29"), """
        episode_id                   | onset_on   | state | is_prevalent | n_reports
        runners_knee:left:2028-02-29 | 2028-02-29 | open  | true         | 1
    """)  # fmt: skip
