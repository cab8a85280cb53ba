"""How much of the target strength work each area got: method.md §1, every value worked out by hand."""

from typing import Any

import polars as pl
import pytest
from logs import CATALOGUE, Table, assert_shows, day, known, only, recognised, runners, runs, strength_days
from polars.testing import assert_frame_equal

from runfix_analytics.coverage import coverage, known_coverage
from runfix_analytics.known_days import known_days
from runfix_analytics.recognition import recognise
from runfix_analytics.stored_logs import read_logs
from runfix_analytics.tables import Coverage, KnownDays

TWO_RUNNERS = """
    runner | date       | exercise                   | n
    r2     | 2026-01-05 | Wall squat with heel raise | 4
    r2     | 2026-01-20 | Wall squat with heel raise | 6
    r1     | 2026-01-06 | Plank                      | 2
    r1     | 2026-01-21 | Wall squat with heel raise | 3
    r1     | 2026-02-03 | Plank                      | 5
"""
DAYS_OF_TWO = """
    runner | from       | to         | evidence
    r2     | 2026-01-04 | 2026-01-19 | declared
    r2     | 2026-01-20 | 2026-01-20 | no_sets
    r2     | 2026-01-21 | 2026-02-04 | declared
    r1     | 2026-01-05 | 2026-01-15 | unknown
    r1     | 2026-01-16 | 2026-02-02 | sets
    r1     | 2026-02-03 | 2026-02-05 | tail
"""
WINDOW = "from | to\n2026-01-05 | 2026-02-01"  # four whole weeks, all of them known
END = "2026-02-01"


def covered(sets: Table, *, days: Table = WINDOW, on: str = END, weeks: int = 1, area: str | None = "calves") -> Any:
    """Coverage on one day, of one area."""
    of_day = only(coverage(recognised(sets, weeks=weeks), known(days), catalogue=CATALOGUE), date=on)
    return of_day if area is None else only(of_day, area=area)


def logged(sets: Table, *, on: str, weeks: int = 1, area: str = "calves", **logs: Table) -> pl.DataFrame:
    """The same, with the known days that the logs themselves prove."""
    recognised_sets = recognised(sets, weeks=weeks)
    days = known_days(
        runners(logs.get("who", "runner\nr1")), runs(logs.get("ran", ())), recognised_sets,
        strength_days(logs.get("said", ())), as_of=day(on), catalogue=CATALOGUE,
    )  # fmt: skip
    return only(coverage(recognised_sets, days, catalogue=CATALOGUE), date=on, area=area)


# The five worked examples


def test_two_sessions_a_week_of_two_exercises_and_two_rounds_are_full_coverage():
    sets = """
        date       | exercise                            | n
        2026-01-05 | Single-leg calf raise, straight knee | 2
        2026-01-05 | Single-leg calf raise, bent knee     | 2
        2026-01-08 | Single-leg calf raise, straight knee | 2
        2026-01-08 | Single-leg calf raise, bent knee     | 2
    """
    assert_shows(covered(sets, weeks=4), """
        coverage | coverage_low | coverage_high | coverage_uncapped | status    | limited_by
        1        | 1            | 1             | 1                 | on_target | -
    """)  # fmt: skip


def test_one_session_a_week_of_eight_sets_is_half_and_limited_by_frequency():
    sets = """
        date       | exercise                             | n
        2026-01-05 | Single-leg calf raise, straight knee | 4
        2026-01-05 | Single-leg calf raise, bent knee     | 4
    """
    assert_shows(covered(sets, weeks=4), """
        coverage | coverage_low | coverage_high | status       | limited_by | frequency | exercises | rounds
        0.5      | 0.5          | 0.5           | under_target | frequency  | 0.5       | 1         | 1
    """)  # fmt: skip


def test_one_move_of_two_rounds_twice_a_week_is_half_and_limited_by_exercises():
    sets = """
        date       | exercise                             | n
        2026-01-05 | Single-leg calf raise, straight knee | 2
        2026-01-08 | Single-leg calf raise, straight knee | 2
    """
    assert_shows(covered(sets, weeks=4), """
        coverage | status       | limited_by | frequency | exercises | rounds | n_sessions | hard_sets
        0.5      | under_target | exercises  | 1         | 0.5       | 1      | 8          | 16
    """)  # fmt: skip


def test_a_log_with_one_session_in_mid_window_is_not_known_but_bounded():
    sets = "date | exercise | n\n2026-01-18 | Wall squat with heel raise | 4"
    assert_shows(logged(sets, on="2026-02-01", ran="date | km\n2026-01-01 | 5"), """
        coverage | coverage_low | coverage_high | coverage_uncapped | status    | limited_by | n_known_days
        -        | 0.125        | 1             | -                 | not_known | -          | 4
    """)  # fmt: skip


def test_three_sessions_a_week_are_full_coverage_and_one_and_a_half_uncapped():
    sets = """
        date       | exercise                   | n
        2026-01-05 | Wall squat with heel raise | 4
        2026-01-07 | Wall squat with heel raise | 4
        2026-01-09 | Wall squat with heel raise | 4
    """
    assert_shows(covered(sets, weeks=4), """
        coverage | coverage_low | coverage_high | coverage_uncapped | status    | frequency
        1        | 1            | 1             | 1.5               | on_target | 1
    """)  # fmt: skip


# What a set counts


def test_a_main_area_gets_whole_sets_a_second_area_half_and_others_none():
    sets = "date | exercise | n\n2026-01-05 | Single-leg Romanian deadlift | 4"
    assert_shows(covered(sets, area=None), """
        area       | coverage | hard_sets | n_sessions
        calves     | 0        | 0         | 0
        core       | 0        | 0         | 0
        glutes     | 0.0625   | 2         | 1
        hamstrings | 0.125    | 4         | 1
        upper_back | 0        | 0         | 0
    """)  # fmt: skip


def test_warm_up_sets_do_not_count():
    sets = """
        date       | exercise                   | n | set_type
        2026-01-05 | Wall squat with heel raise | 4 | warmup
        2026-01-08 | Wall squat with heel raise | 2 | working
        2026-01-08 | Wall squat with heel raise | 2 | warmup
    """
    assert_shows(covered(sets), """
        coverage | n_sessions | hard_sets | last_trained_on
        0.0625   | 1          | 2         | 2026-01-08
    """)  # fmt: skip


@pytest.mark.parametrize(
    ("rir", "rpe", "hard_sets", "effort"),
    [
        ("3", "-", 4.0, 1.0),
        ("4", "-", 3.0, 0.0),
        ("5", "-", 2.0, 0.0),
        ("6", "-", 1.0, 0.0),
        ("8", "-", 1.0, 0.0),
        ("-", "8", 4.0, 1.0),
        ("-", "5", 2.0, 0.0),
    ],
)
def test_easier_sets_count_less(rir: str, rpe: str, hard_sets: float, effort: float):
    sets = f"date | exercise | n | rir | rpe\n2026-01-05 | Wall squat with heel raise | 4 | {rir} | {rpe}"
    assert_shows(covered(sets), f"""
        hard_sets   | coverage         | coverage_low_effort | effort
        {hard_sets} | {hard_sets / 32} | {hard_sets / 32}    | {effort}
    """)  # fmt: skip


def test_sets_without_effort_count_whole_and_half_in_the_value_for_analysts():
    sets = "date | exercise | n\n2026-01-05 | Wall squat with heel raise | 4"
    assert_shows(covered(sets), "coverage | coverage_low_effort | effort\n0.125 | 0.0625 | -")


def test_a_session_without_effort_earns_at_most_one_in_the_value_for_analysts_too():
    row = covered("date | exercise | n\n2026-01-05 | Wall squat with heel raise | 12")
    assert_shows(row, "coverage | coverage_low_effort\n1/8 | 1/8")


def test_the_share_of_hard_sets_is_taken_over_the_sets_with_a_logged_effort():
    sets = """
        date       | exercise                   | n | rir
        2026-01-05 | Wall squat with heel raise | 2 | -
        2026-01-05 | Wall squat with heel raise | 3 | 2
        2026-01-05 | Wall squat with heel raise | 1 | 5
    """
    assert_shows(covered(sets), "effort\n0.75")


def test_left_and_right_make_one_set():
    sets = """
        date       | exercise                             | n | side
        2026-01-05 | Single-leg calf raise, straight knee | 4 | left
        2026-01-05 | Single-leg calf raise, straight knee | 4 | right
    """
    assert_shows(covered(sets), """
        coverage | hard_sets | hard_sets_left | hard_sets_right | rounds
        0.125    | 4         | 2              | 2               | 1
    """)  # fmt: skip


def test_one_side_alone_counts_half_and_a_side_not_stated_counts_whole():
    left = "date | exercise | n | side\n2026-01-05 | Single-leg calf raise, straight knee | 4 | left"
    assert_shows(covered(left), """
        coverage | hard_sets | hard_sets_left | hard_sets_right
        0.0625   | 2         | 2              | 0
    """)  # fmt: skip
    assert_shows(covered(left.replace("| left", "| -")), """
        coverage | hard_sets | hard_sets_left | hard_sets_right
        0.125    | 4         | 0              | 0
    """)  # fmt: skip


def test_one_day_earns_at_most_one_session():
    sets = "date | exercise | n\n2026-01-05 | Wall squat with heel raise | 9"
    assert_shows(covered(sets), "coverage | coverage_uncapped | n_sessions | hard_sets\n0.125 | 0.125 | 1 | 9")


def test_two_logs_of_one_day_make_one_session():
    sets = """
        date       | exercise                         | source | n
        2026-01-05 | Wall squat with heel raise       | hevy   | 4
        2026-01-05 | Single-leg calf raise, bent knee | sheet  | 4
    """
    assert_shows(covered(sets), "coverage | n_sessions | exercises\n0.125 | 1 | 1")


# Known, unclear and unknown days


def test_unknown_days_leave_sum_and_target_and_are_spanned_by_the_bounds():
    days = "from | to | evidence\n2026-01-05 | 2026-01-25 | declared\n2026-01-26 | 2026-02-01 | unknown"
    sets = "date | exercise | n\n2026-01-06 | Wall squat with heel raise | 4\n2026-01-13 | Plank | 4"
    assert_shows(covered(sets, days=days), """
        n_known_days | coverage | coverage_low | coverage_high | status       | frequency
        21           | 1/6      | 1/8          | 1/2           | under_target | 1/6
    """)  # fmt: skip


def test_a_day_with_exactly_a_quarter_undecided_sets_is_known_by_its_decided_sets():
    sets = """
        date       | exercise                   | n
        2026-01-05 | Wall squat with heel raise | 3
        2026-01-05 | Moon Walk                  | 1
    """
    row = logged(sets, on=END, who="runner | strength_log\nr1 | complete")
    assert_shows(row, """
        n_known_days | n_unclear_days | coverage | coverage_low | coverage_high
        28           | 0              | 0.09375  | 0.09375      | 0.09375
    """)  # fmt: skip


def test_an_unclear_day_counts_its_decided_sets_in_the_lower_bound_and_a_session_in_the_upper():
    sets = """
        date       | exercise                   | n
        2026-01-05 | Wall squat with heel raise | 2
        2026-01-05 | Moon Walk                  | 1
    """
    row = logged(sets, on=END, who="runner | strength_log\nr1 | complete")
    assert_shows(row, """
        n_known_days | n_unclear_days | coverage | coverage_low | coverage_high | coverage_low_effort
        27           | 1              | 0        | 0.0625       | 0.125         | 0
    """)  # fmt: skip


def test_a_workout_without_sets_counts_nothing_in_the_lower_bound_and_a_session_in_the_upper():
    row = logged(
        (), on=END, ran="date | km\n2026-01-05 | 5", said="date | source | kind\n2026-01-20 | strava | no_sets",
        who="runner | strength_log\nr1 | complete",
    )  # fmt: skip
    assert_shows(row, """
        n_known_days | n_unclear_days | coverage | coverage_low | coverage_high | status
        27           | 1              | 0        | 0            | 0.125         | under_floor
    """)  # fmt: skip


def test_a_day_of_exercises_that_train_nothing_is_a_known_day_without_coverage():
    row = logged("date | exercise | n\n2026-01-05 | Bench press | 4", on="2026-01-05")
    assert_shows(row, """
        n_known_days | n_unclear_days | n_sessions | coverage_low | last_trained_on
        1            | 0              | 0          | 0            | -
    """)  # fmt: skip


def test_nineteen_known_days_of_twenty_eight_are_too_few_and_twenty_are_enough():
    sets = "date | exercise | n\n2026-01-05 | Wall squat with heel raise | 4"
    nineteen = "from | to | evidence\n2026-01-05 | 2026-01-23 | declared\n2026-01-24 | 2026-02-01 | unknown"
    assert_shows(covered(sets, days=nineteen), """
        n_known_days | coverage | coverage_uncapped | coverage_low_effort | coverage_low | coverage_high
        19           | -        | -                 | -                   | 1/8          | 34/56
    """)  # fmt: skip
    twenty = "from | to | evidence\n2026-01-05 | 2026-01-24 | declared\n2026-01-25 | 2026-02-01 | unknown"
    assert_shows(covered(sets, days=twenty), """
        n_known_days | coverage | coverage_uncapped | coverage_low_effort | coverage_low | coverage_high
        20           | 7/40     | 7/40              | 7/80                | 1/8          | 31/56
    """)  # fmt: skip


def test_days_before_the_first_log_are_unknown():
    sets = "date | exercise | n\n2026-01-05 | Wall squat with heel raise | 4"
    every = coverage(recognised(sets), known(WINDOW), catalogue=CATALOGUE)
    assert_shows(only(every, date="2026-01-05", area="calves"), """
        n_known_days | coverage | coverage_low | coverage_high | status
        1            | -        | 1/8          | 1             | not_known
    """)  # fmt: skip
    assert_shows(only(every, date="2026-01-23", area="calves"), "n_known_days | coverage\n19 | -")
    assert_shows(only(every, date="2026-01-24", area="calves"), "n_known_days | coverage\n20 | 7/40")


def test_the_window_holds_its_own_day_and_the_twenty_seven_before():
    sets = "date | exercise | n\n2026-01-05 | Wall squat with heel raise | 4"
    days = "from | to\n2025-12-01 | 2026-03-01"
    assert_shows(covered(sets, days=days, on="2026-01-04"), "coverage | n_sessions | last_trained_on\n0 | 0 | -")
    assert_shows(covered(sets, days=days, on="2026-01-05"), "coverage | n_sessions\n0.125 | 1")
    assert_shows(covered(sets, days=days, on="2026-02-01"), "coverage | n_sessions\n0.125 | 1")
    assert_shows(
        covered(sets, days=days, on="2026-02-02"), "coverage | n_sessions | last_trained_on\n0 | 0 | 2026-01-05"
    )


def test_days_after_the_newest_entry_are_rest_in_coverage_and_may_be_sessions_in_the_upper_bound():
    sets = "date | exercise | n\n2026-01-05 | Wall squat with heel raise | 4"
    days = "from | to | evidence\n2026-01-05 | 2026-01-18 | sets\n2026-01-19 | 2026-02-01 | tail"
    assert_shows(covered(sets, days=days), """
        n_known_days | coverage | coverage_low | coverage_high
        28           | 1/8      | 1/8          | 7/8
    """)  # fmt: skip


def test_the_order_of_days_does_not_matter():
    sets, days = recognised(TWO_RUNNERS), known(DAYS_OF_TWO)
    assert_frame_equal(coverage(sets, days.reverse(), catalogue=CATALOGUE), coverage(sets, days, catalogue=CATALOGUE))


# The words


def test_exactly_three_quarters_of_the_known_days_are_on_target_whatever_the_bounds_say():
    four = [
        {"date": day(f"2026-01-{5 + 3 * i:02}"), "exercise": "Wall squat with heel raise", "n": 4} for i in range(4)
    ]
    half = {"date": day("2026-01-20"), "exercise": "Wall squat with heel raise", "n": 2}
    days = "from | to | evidence\n2026-01-05 | 2026-01-25 | declared\n2026-01-26 | 2026-02-01 | unknown"
    assert_shows(covered([*four, half], days=days), """
        n_known_days | coverage | coverage_low | status    | limited_by
        21           | 0.75     | 9/16         | on_target | -
    """)  # fmt: skip


def test_of_equal_limits_the_first_is_named():
    assert_shows(covered("date | exercise\n2026-01-05 | Wall squat with heel raise", weeks=4), """
        frequency | exercises | rounds | limited_by
        0.5       | 0.5       | 0.5    | frequency
    """)  # fmt: skip
    twice = "date | exercise\n2026-01-05 | Wall squat with heel raise\n2026-01-08 | Wall squat with heel raise"
    assert_shows(covered(twice, weeks=4), """
        frequency | exercises | rounds | limited_by
        1         | 0.5       | 0.5    | exercises
    """)  # fmt: skip


def test_one_day_with_one_set_has_its_components():
    row = covered("date | exercise | rir\n2026-01-05 | Wall squat with heel raise | 1", days=WINDOW, on="2026-01-05")
    assert_shows(row, "n_known_days | frequency | exercises | rounds | effort\n1 | 1 | 0.5 | 0.5 | 1")


def test_from_three_quarters_on_an_area_is_on_target():
    six = [{"date": day(f"2026-01-{5 + 3 * i:02}"), "exercise": "Wall squat with heel raise", "n": 4} for i in range(6)]
    assert_shows(covered(six), "coverage | coverage_high | status | limited_by\n0.75 | 0.75 | on_target | -")
    less = [*six[:5], six[5] | {"n": 3}]
    assert_shows(covered(less), """
        coverage | coverage_high | status       | limited_by
        0.71875  | 0.71875       | under_target | exercises
    """)  # fmt: skip


def test_an_area_is_under_the_floor_only_where_even_the_upper_bound_is_below_it():
    at_floor = """
        date       | exercise                   | n | rir
        2026-01-05 | Wall squat with heel raise | 4 | 2
        2026-01-12 | Wall squat with heel raise | 4 | 2
        2026-01-19 | Wall squat with heel raise | 4 | 2
        2026-01-26 | Wall squat with heel raise | 1 | 3.8
    """
    assert_shows(covered(at_floor), "coverage | status\n0.4 | under_target")
    below = at_floor.replace("3.8", "3.84")
    assert_shows(covered(below), "coverage | status\n0.3996875 | under_floor")
    unknown_days = """
        from       | to         | evidence
        2026-01-05 | 2026-01-27 | declared
        2026-01-28 | 2026-02-01 | unknown
    """
    assert_shows(covered((), days=WINDOW), "coverage | coverage_high | status\n0 | 0 | under_floor")
    assert_shows(covered((), days=unknown_days), "coverage | coverage_high | status\n0 | 15/56 | under_floor")


def test_a_known_coverage_under_target_whose_upper_bound_reaches_it_is_not_clear():
    days = "from | to | evidence\n2026-01-05 | 2026-01-24 | declared\n2026-01-25 | 2026-02-01 | unknown"
    sets = "date | exercise | n\n2026-01-05 | Wall squat with heel raise | 4\n2026-01-08 | Plank | 4"
    assert_shows(covered(sets, days=days, weeks=3, area="core"), """
        coverage | coverage_low | coverage_high | status    | limited_by
        21/40    | 3/8          | 45/56         | not_clear | exercises
    """)  # fmt: skip


def test_where_coverage_is_unknown_its_bounds_may_still_give_the_word():
    few = "from | to | evidence\n2026-01-05 | 2026-01-23 | declared\n2026-01-24 | 2026-02-01 | unknown"
    fewer = "from | to | evidence\n2026-01-05 | 2026-01-18 | declared\n2026-01-19 | 2026-02-01 | unknown"
    six = [{"date": day(f"2026-01-{5 + 3 * i:02}"), "exercise": "Wall squat with heel raise", "n": 4} for i in range(6)]
    columns = "coverage | coverage_low | coverage_high | status\n"
    assert_shows(covered(six, days=few), columns + "- | 0.75 | 1 | on_target")
    assert_shows(covered((), days=few), columns + "- | 0 | 27/56 | under_target")
    assert_shows(covered((), days=fewer), columns + "- | 0 | 0.75 | not_known")


# What limits it


def test_single_rounds_of_two_exercises_are_limited_by_rounds():
    sets = """
        date       | exercise                             | n
        2026-01-05 | Single-leg calf raise, straight knee | 1
        2026-01-05 | Single-leg calf raise, bent knee     | 1
        2026-01-08 | Single-leg calf raise, straight knee | 1
        2026-01-08 | Single-leg calf raise, bent knee     | 1
    """
    assert_shows(covered(sets, weeks=4), """
        coverage | limited_by | frequency | exercises | rounds | effort
        0.5      | rounds     | 1         | 1         | 0.5    | -
    """)  # fmt: skip


def test_easy_sets_are_limited_by_effort():
    sets = """
        date       | exercise                             | n | rir
        2026-01-05 | Single-leg calf raise, straight knee | 2 | 5
        2026-01-05 | Single-leg calf raise, bent knee     | 2 | 5
        2026-01-08 | Single-leg calf raise, straight knee | 2 | 5
        2026-01-08 | Single-leg calf raise, bent knee     | 2 | 3
    """
    assert_shows(covered(sets, weeks=4), """
        coverage | limited_by | frequency | exercises | rounds | effort
        0.625    | effort     | 1         | 1         | 1      | 0.25
    """)  # fmt: skip


def test_exercises_that_train_an_area_beside_another_count_half_an_exercise():
    sets = """
        date       | exercise            | n
        2026-01-05 | Bird dog            | 2
        2026-01-05 | Side plank          | 2
        2026-01-08 | Bird dog            | 4
    """
    assert_shows(covered(sets, area="glutes"), """
        n_sessions | exercises | rounds | frequency | hard_sets | limited_by
        2          | 3/8       | 1      | 1/4       | 4         | frequency
    """)  # fmt: skip


def test_an_area_without_a_session_is_limited_by_frequency_and_the_rest_is_not_known():
    assert_shows(covered(()), """
        coverage | limited_by | frequency | exercises | rounds | effort
        0        | frequency  | 0         | -         | -      | -
    """)  # fmt: skip


def test_a_set_with_no_weight_or_repetitions_counts_like_a_loaded_one():
    sets = """
        date       | exercise                   | n | weight_kg | reps | seconds
        2026-01-05 | Wall squat with heel raise | 1 | -         | 10   | -
        2026-01-05 | Wall squat with heel raise | 1 | 0         | 10   | -
        2026-01-05 | Wall squat with heel raise | 1 | 40        | 10   | -
        2026-01-05 | Wall squat with heel raise | 1 | -         | -    | 45
    """
    assert_shows(covered(sets), "coverage | hard_sets\n0.125 | 4")


# Calendars, runners and empty logs


@pytest.mark.parametrize(
    "monday",
    ["2025-12-15", "2026-03-02", "2026-03-09", "2026-10-05", "2026-10-12", "2028-02-07", "2026-12-28"],
    ids=["new year", "spring forward", "spring forward in Europe", "fall back", "fall back later", "leap", "53rd week"],
)
def test_full_coverage_is_full_over_every_turn_of_the_calendar(monday: str):
    first = day(monday)
    sets = [
        {"date": first, "exercise": "Wall squat with heel raise", "n": 4},
        {"date": first.replace(day=first.day + 3), "exercise": "Wall squat with heel raise", "n": 4},
    ]
    row = logged(sets, weeks=5, on=_days_later(monday, 34))
    assert_shows(row, "coverage | n_known_days | n_sessions\n1 | 28 | 8")


def test_runners_do_not_share_sets():
    sets = """
        runner | date       | exercise                   | n
        r1     | 2026-01-05 | Wall squat with heel raise | 4
        r2     | 2026-01-12 | Wall squat with heel raise | 2
    """
    days = "runner | from | to\nr1 | 2026-01-05 | 2026-02-01\nr2 | 2026-01-05 | 2026-02-01"
    assert_shows(covered(sets, days=days), "runner | coverage\nr1 | 0.125\nr2 | 0.0625")


def test_every_known_day_has_one_row_an_area():
    rows = coverage(recognised(), known("from | to\n2026-01-05 | 2026-01-06"), catalogue=CATALOGUE)
    assert_shows(rows, """
        date       | area       | n_known_days
        2026-01-05 | calves     | 1
        2026-01-05 | core       | 1
        2026-01-05 | glutes     | 1
        2026-01-05 | hamstrings | 1
        2026-01-05 | upper_back | 1
        2026-01-06 | calves     | 2
        2026-01-06 | core       | 2
        2026-01-06 | glutes     | 2
        2026-01-06 | hamstrings | 2
        2026-01-06 | upper_back | 2
    """)  # fmt: skip


def test_an_empty_log_gives_no_coverage():
    assert coverage(recognised(), KnownDays.create_empty(), catalogue=CATALOGUE).equals(Coverage.create_empty())


def test_a_log_of_one_set_holds_a_quarter_of_a_session():
    row = logged("date | exercise\n2026-01-05 | Plank", on="2026-01-05", area="core")
    assert_shows(row, """
        n_known_days | coverage | coverage_low | coverage_high | status    | n_sessions | hard_sets | last_trained_on
        1            | -        | 0.03125      | 1             | not_known | 1          | 1         | 2026-01-05
    """)  # fmt: skip


def _days_later(first: str, days: int) -> str:
    return (pl.Series([day(first)]).dt.offset_by(f"{days}d")[0]).isoformat()


def test_the_days_after_one_are_those_of_the_whole_table():
    sets, days = recognised(TWO_RUNNERS), known(DAYS_OF_TWO)
    whole = coverage(sets, days, catalogue=CATALOGUE)
    since = day("2026-01-31")
    later = coverage(sets, days, catalogue=CATALOGUE, since=since)
    assert_frame_equal(later, whole.filter(pl.col("local_date") > since))
    assert_shows(
        only(later, date="2026-02-04", area="calves"), "runner | last_trained_on\nr1 | 2026-01-21\nr2 | 2026-01-20"
    )


def test_the_lean_coverage_has_a_row_for_each_runner_day_and_area_in_that_order():
    sets, days = recognised(TWO_RUNNERS), known(DAYS_OF_TWO)
    lean = known_coverage(sets, days.reverse(), catalogue=CATALOGUE)
    assert_frame_equal(lean, coverage(sets, days, catalogue=CATALOGUE).select(lean.columns))
    of_plank = only(lean, runner="r1", date="2026-02-05", area="core")
    assert_shows(of_plank, "n_known_days | coverage\n21 | 1/6")  # a full session of the six that two a week make


def test_the_lean_coverage_is_that_of_the_whole_table(demo_store, demo_day):
    """For windows by the thousand only two columns are calculated; they must not part from the table's."""
    logs = read_logs(demo_store, demo_store.runners(CATALOGUE))
    sets = recognise(logs.strength_sets, as_of=demo_day, catalogue=CATALOGUE)
    days = known_days(logs.runners, logs.runs, sets, logs.strength_days, as_of=demo_day, catalogue=CATALOGUE)
    key = ["runner_id", "local_date", "area_id"]
    lean = known_coverage(sets, days, catalogue=CATALOGUE).sort(key)
    assert_frame_equal(lean, coverage(sets, days, catalogue=CATALOGUE).select(lean.columns).sort(key))
    assert lean["coverage"].drop_nulls().n_unique() > 20
