"""On which days the strength log was live: method.md §1, strength days and known days."""

from logs import CATALOGUE, assert_shows, day, evidence, recognised, runners, runs, strength_days

from runfix_analytics.known_days import known_days
from runfix_analytics.tables import KnownDays


def test_a_day_with_sets_and_a_stated_none_are_known_and_a_workout_without_sets_is_not():
    days = evidence(
        "date | exercise\n2026-01-01 | Plank",
        said="""
            date       | source | kind
            2026-01-10 | sheet  | none
            2026-01-20 | strava | no_sets
        """,
        as_of="2026-01-20",
    )
    assert_shows(days, """
        from       | to         | evidence    | known
        2026-01-01 | 2026-01-01 | sets        | true
        2026-01-02 | 2026-01-04 | tail        | true
        2026-01-05 | 2026-01-09 | unknown     | false
        2026-01-10 | 2026-01-10 | stated_none | true
        2026-01-11 | 2026-01-13 | tail        | true
        2026-01-14 | 2026-01-19 | unknown     | false
        2026-01-20 | 2026-01-20 | no_sets     | false
    """)  # fmt: skip


def test_days_between_two_entries_fourteen_days_apart_are_known():
    days = evidence("date | exercise\n2026-01-01 | Plank\n2026-01-15 | Plank", as_of="2026-01-15")
    assert_shows(days, """
        from       | to         | evidence | known
        2026-01-01 | 2026-01-01 | sets     | true
        2026-01-02 | 2026-01-14 | between  | true
        2026-01-15 | 2026-01-15 | sets     | true
    """)  # fmt: skip


def test_a_gap_of_fifteen_days_is_unknown_from_its_first_day():
    days = evidence("date | exercise\n2026-01-01 | Plank\n2026-01-16 | Plank", as_of="2026-01-16")
    assert_shows(days, """
        from       | to         | evidence | known
        2026-01-01 | 2026-01-01 | sets     | true
        2026-01-02 | 2026-01-15 | unknown  | false
        2026-01-16 | 2026-01-16 | sets     | true
    """)  # fmt: skip


def test_entries_of_consecutive_days_have_nothing_between_them():
    days = evidence("date | exercise\n2026-01-01 | Plank\n2026-01-02 | Plank", as_of="2026-01-02")
    assert_shows(days, "from | to | evidence\n2026-01-01 | 2026-01-02 | sets")


def test_three_days_after_the_newest_entry_are_known_and_no_more():
    days = evidence("date | exercise\n2026-01-01 | Plank", as_of="2026-01-06")
    assert_shows(days, """
        from       | to         | evidence | known
        2026-01-01 | 2026-01-01 | sets     | true
        2026-01-02 | 2026-01-04 | tail     | true
        2026-01-05 | 2026-01-06 | unknown  | false
    """)  # fmt: skip


def test_the_tail_ends_with_the_day_of_calculation():
    days = evidence("date | exercise\n2026-01-01 | Plank", as_of="2026-01-02")
    assert_shows(days, "from | to | evidence\n2026-01-01 | 2026-01-01 | sets\n2026-01-02 | 2026-01-02 | tail")


def test_two_sources_do_not_vouch_for_each_other():
    days = evidence(
        """
        date       | source | exercise
        2026-01-01 | hevy   | Plank
        2026-01-10 | strong | Plank
        """,
        as_of="2026-01-14",
    )
    assert_shows(days, """
        from       | to         | evidence
        2026-01-01 | 2026-01-01 | sets
        2026-01-02 | 2026-01-04 | tail
        2026-01-05 | 2026-01-09 | unknown
        2026-01-10 | 2026-01-10 | sets
        2026-01-11 | 2026-01-13 | tail
        2026-01-14 | 2026-01-14 | unknown
    """)  # fmt: skip


def test_each_source_vouches_for_its_own_gap_when_two_are_interleaved():
    days = evidence(
        """
        date       | source | exercise
        2026-01-01 | hevy   | Plank
        2026-01-08 | strong | Plank
        2026-01-12 | hevy   | Plank
        2026-01-20 | strong | Plank
        """,
        as_of="2026-01-20",
    )
    assert_shows(days, """
        from       | to         | evidence
        2026-01-01 | 2026-01-01 | sets
        2026-01-02 | 2026-01-07 | between
        2026-01-08 | 2026-01-08 | sets
        2026-01-09 | 2026-01-11 | between
        2026-01-12 | 2026-01-12 | sets
        2026-01-13 | 2026-01-19 | between
        2026-01-20 | 2026-01-20 | sets
    """)  # fmt: skip


def test_a_stated_none_is_an_entry_for_its_neighbours():
    days = evidence(said="date | kind\n2026-01-01 | none\n2026-01-05 | none", as_of="2026-01-05")
    assert_shows(days, """
        from       | to         | evidence
        2026-01-01 | 2026-01-01 | stated_none
        2026-01-02 | 2026-01-04 | between
        2026-01-05 | 2026-01-05 | stated_none
    """)  # fmt: skip


def test_a_workout_without_sets_is_no_entry_for_its_neighbours():
    days = evidence(
        "date | source | exercise\n2026-01-01 | garmin | Plank\n2026-01-16 | garmin | Plank",
        said="date | source | kind\n2026-01-08 | garmin | no_sets",
        as_of="2026-01-16",
    )
    assert_shows(days, """
        from       | to         | evidence | known
        2026-01-01 | 2026-01-01 | sets     | true
        2026-01-02 | 2026-01-07 | unknown  | false
        2026-01-08 | 2026-01-08 | no_sets  | false
        2026-01-09 | 2026-01-15 | unknown  | false
        2026-01-16 | 2026-01-16 | sets     | true
    """)  # fmt: skip


def test_a_workout_without_sets_makes_its_own_day_unknown_within_a_live_log():
    days = evidence(
        "date | exercise\n2026-01-01 | Plank\n2026-01-07 | Plank",
        said="date | source | kind\n2026-01-04 | strava | no_sets",
        as_of="2026-01-07",
    )
    assert_shows(days, """
        from       | to         | evidence | known
        2026-01-01 | 2026-01-01 | sets     | true
        2026-01-02 | 2026-01-03 | between  | true
        2026-01-04 | 2026-01-04 | no_sets  | false
        2026-01-05 | 2026-01-06 | between  | true
        2026-01-07 | 2026-01-07 | sets     | true
    """)  # fmt: skip


def test_sets_speak_for_a_day_on_which_another_source_has_a_workout_without_sets():
    days = evidence(
        "date | exercise\n2026-01-01 | Plank",
        said="date | source | kind\n2026-01-01 | strava | no_sets",
        as_of="2026-01-01",
    )
    assert_shows(days, "from | to | evidence | known\n2026-01-01 | 2026-01-01 | sets | true")


def test_exactly_a_quarter_of_undecided_sets_leaves_the_day_known():
    days = evidence("date | exercise | n\n2026-01-01 | Plank | 3\n2026-01-01 | Moon Walk | 1", as_of="2026-01-01")
    assert_shows(days, "from | to | evidence | known\n2026-01-01 | 2026-01-01 | sets | true")


def test_more_than_a_quarter_of_undecided_sets_proves_nothing_about_the_day_or_its_neighbours():
    days = evidence(
        """
        date       | exercise  | n
        2026-01-01 | Plank     | 2
        2026-01-01 | Moon Walk | 1
        2026-01-08 | Plank     | 1
        """,
        as_of="2026-01-08",
    )
    assert_shows(days, """
        from       | to         | evidence | known
        2026-01-01 | 2026-01-01 | no_sets  | false
        2026-01-02 | 2026-01-07 | unknown  | false
        2026-01-08 | 2026-01-08 | sets     | true
    """)  # fmt: skip


def test_sets_of_a_known_exercise_that_trains_nothing_are_decided():
    days = evidence("date | exercise | n\n2026-01-01 | Bench press | 9", as_of="2026-01-01")
    assert_shows(days, "from | to | evidence | known\n2026-01-01 | 2026-01-01 | sets | true")


def test_undecided_warm_ups_do_not_weigh_in_the_quarter():
    days = evidence(
        """
        date       | exercise  | n | set_type
        2026-01-01 | Plank     | 3 | working
        2026-01-01 | Moon Walk | 9 | warmup
        """,
        as_of="2026-01-01",
    )
    assert_shows(days, "from | to | evidence\n2026-01-01 | 2026-01-01 | sets")


def test_days_of_a_declared_period_are_known_and_days_outside_it_are_not():
    days = evidence(
        "date | exercise\n2026-01-01 | Plank",
        who="runner | strength_log | active_from | active_to\nr1 | complete | 2026-01-08 | 2026-01-10",
        as_of="2026-01-12",
    )
    assert_shows(days, """
        from       | to         | evidence | known
        2026-01-01 | 2026-01-01 | sets     | true
        2026-01-02 | 2026-01-04 | tail     | true
        2026-01-05 | 2026-01-07 | unknown  | false
        2026-01-08 | 2026-01-10 | declared | true
        2026-01-11 | 2026-01-12 | unknown  | false
    """)  # fmt: skip


def test_a_complete_log_without_dates_is_known_from_the_first_log_on():
    days = evidence(ran="date | km\n2026-01-03 | 5", who="runner | strength_log\nr1 | complete", as_of="2026-01-05")
    assert_shows(days, "from | to | evidence | known\n2026-01-03 | 2026-01-05 | declared | true")


def test_a_period_declared_complete_is_known_from_its_first_day_even_before_the_first_log():
    days = evidence(
        ran="date | km\n2026-01-03 | 5",
        who="runner | strength_log | active_from\nr1 | complete | 2026-01-01",
        as_of="2026-01-05",
    )
    assert_shows(days, "from | to | evidence | known\n2026-01-01 | 2026-01-05 | declared | true")


def test_a_partial_log_with_active_dates_declares_nothing():
    days = evidence(
        ran="date | km\n2026-01-03 | 5",
        who="runner | strength_log | active_from\nr1 | partial | 2026-01-01",
        as_of="2026-01-05",
    )
    assert_shows(days, "from | to | evidence | known\n2026-01-03 | 2026-01-05 | unknown | false")


def test_a_workout_without_sets_stays_unknown_in_a_declared_period():
    days = evidence(
        said="date | source | kind\n2026-01-01 | strava | no_sets",
        who="runner | strength_log\nr1 | complete",
        as_of="2026-01-02",
    )
    assert_shows(days, """
        from       | to         | evidence | known
        2026-01-01 | 2026-01-01 | no_sets  | false
        2026-01-02 | 2026-01-02 | declared | true
    """)  # fmt: skip


def test_runs_of_the_same_account_make_days_within_a_week_assumed():
    days = evidence(
        "date | source | exercise\n2026-01-01 | garmin | Plank",
        ran="date | source | km\n2026-01-20 | garmin | 5",
        as_of="2026-01-30",
    )
    assert_shows(days, """
        from       | to         | evidence | known
        2026-01-01 | 2026-01-01 | sets     | true
        2026-01-02 | 2026-01-04 | tail     | true
        2026-01-05 | 2026-01-12 | unknown  | false
        2026-01-13 | 2026-01-27 | assumed  | true
        2026-01-28 | 2026-01-30 | unknown  | false
    """)  # fmt: skip


def test_runs_of_another_account_say_nothing_about_strength():
    days = evidence(
        "date | source | exercise\n2026-01-01 | garmin | Plank",
        ran="date | source | km\n2026-01-06 | strava | 5",
        as_of="2026-01-06",
    )
    assert_shows(days, """
        from       | to         | evidence
        2026-01-01 | 2026-01-01 | sets
        2026-01-02 | 2026-01-04 | tail
        2026-01-05 | 2026-01-06 | unknown
    """)  # fmt: skip


def test_an_account_is_assumed_only_after_it_has_delivered_this_runners_sets():
    days = evidence(
        """
        runner | date       | source | exercise
        r1     | 2026-01-10 | garmin | Plank
        r2     | 2026-01-01 | garmin | Plank
        """,
        ran="date | source | km\n2026-01-05 | garmin | 5",
        who="runner\nr1",
        as_of="2026-01-12",
    )
    assert_shows(days, """
        from       | to         | evidence | known
        2026-01-05 | 2026-01-09 | unknown  | false
        2026-01-10 | 2026-01-10 | sets     | true
        2026-01-11 | 2026-01-12 | tail     | true
    """)  # fmt: skip


def test_a_run_that_counts_in_another_export_still_shows_that_its_account_delivers():
    days = evidence(
        "date | source | exercise\n2026-01-01 | garmin | Plank",
        ran="""
            run_id | date       | source | km | duplicate_of
            a      | 2026-01-20 | garmin | 5  | b
            b      | 2026-01-20 | strava | 5  | -
        """,
        as_of="2026-01-20",
    )
    assert_shows(days, """
        from       | to         | evidence
        2026-01-01 | 2026-01-01 | sets
        2026-01-02 | 2026-01-04 | tail
        2026-01-05 | 2026-01-12 | unknown
        2026-01-13 | 2026-01-20 | assumed
    """)  # fmt: skip


def test_positive_evidence_is_named_before_assumptions():
    days = evidence(
        """
        date       | source | exercise
        2026-01-02 | garmin | Plank
        2026-01-05 | garmin | Plank
        """,
        ran="date | source | km\n2026-01-01 | garmin | 5\n2026-01-06 | garmin | 5",
        said="date | kind\n2026-01-03 | none",
        who="runner | strength_log | active_to\nr1 | complete | 2026-01-04",
        as_of="2026-01-10",
    )
    assert_shows(days, """
        from       | to         | evidence
        2026-01-01 | 2026-01-01 | declared
        2026-01-02 | 2026-01-02 | sets
        2026-01-03 | 2026-01-03 | stated_none
        2026-01-04 | 2026-01-04 | declared
        2026-01-05 | 2026-01-05 | sets
        2026-01-06 | 2026-01-08 | tail
        2026-01-09 | 2026-01-10 | assumed
    """)  # fmt: skip


def test_a_declared_day_is_named_before_the_tail_since_only_it_counts_for_onsets():
    days = evidence(
        "date | exercise\n2026-01-01 | Plank", who="runner | strength_log\nr1 | complete", as_of="2026-01-06"
    )
    assert_shows(days, "from | to | evidence\n2026-01-01 | 2026-01-01 | sets\n2026-01-02 | 2026-01-06 | declared")


def test_what_was_logged_after_the_day_of_calculation_is_not_seen():
    days = evidence(
        "date | exercise\n2026-01-01 | Plank\n2026-01-10 | Plank",
        ran="date | source | km\n2026-01-07 | hevy | 5",
        said="date | kind\n2026-01-09 | none",
        as_of="2026-01-06",
    )
    assert_shows(days, """
        from       | to         | evidence
        2026-01-01 | 2026-01-01 | sets
        2026-01-02 | 2026-01-04 | tail
        2026-01-05 | 2026-01-06 | unknown
    """)  # fmt: skip


def test_a_runner_without_any_log_has_no_day():
    days = known_days(
        runners("runner | strength_log\nr1 | complete"), runs(), recognised(), strength_days(),
        as_of=day("2026-01-06"), catalogue=CATALOGUE,
    )  # fmt: skip
    assert days.equals(KnownDays.create_empty())


def test_one_run_alone_opens_the_calendar_and_says_nothing_about_strength():
    days = evidence(ran="date | km\n2026-01-05 | 5", as_of="2026-01-06")
    assert_shows(days, "from | to | evidence | known\n2026-01-05 | 2026-01-06 | unknown | false")


def test_days_run_on_over_the_turn_of_the_year_and_the_leap_day():
    days = evidence("date | exercise\n2027-12-31 | Plank\n2028-01-14 | Plank", as_of="2028-01-14")
    assert_shows(days, """
        from       | to         | evidence
        2027-12-31 | 2027-12-31 | sets
        2028-01-01 | 2028-01-13 | between
        2028-01-14 | 2028-01-14 | sets
    """)  # fmt: skip
    leap = evidence("date | exercise\n2028-02-16 | Plank\n2028-03-01 | Plank", as_of="2028-03-01")
    assert_shows(leap, """
        from       | to         | evidence
        2028-02-16 | 2028-02-16 | sets
        2028-02-17 | 2028-02-29 | between
        2028-03-01 | 2028-03-01 | sets
    """)  # fmt: skip
