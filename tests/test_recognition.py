"""Which exercise a logged set was, and how much it counts: method.md §1, weight, effort and sides."""

from logs import CATALOGUE, assert_shows, day, recognised, strength_sets
from polars.testing import assert_frame_equal

from runfix_analytics.catalogue.own_names import with_own_names
from runfix_analytics.recognition import area_weights, recognise
from runfix_analytics.tables import RecognisedSets


def test_a_name_is_recognised_whatever_its_case_its_order_and_its_plural():
    sets = recognised("""
        date       | exercise
        2026-01-05 | Plank
        2026-01-05 | Planks
        2026-01-05 | deadlift (romanian, single-leg)
        2026-01-05 | single leg rdl
    """)
    assert_shows(sets, """
        logged_as                       | exercise_id
        Plank                           | plank
        Planks                          | plank
        deadlift (romanian, single-leg) | single_leg_romanian_deadlift
        single leg rdl                  | single_leg_romanian_deadlift
    """)  # fmt: skip


def test_an_unknown_name_stays_undecided_and_is_kept():
    assert_shows(recognised("date | exercise\n2026-01-05 | Moon Walk"), """
        logged_as | exercise_id
        Moon Walk | -
    """)  # fmt: skip


def test_an_exercise_that_trains_no_area_is_known_not_undecided():
    sets = recognised("date | exercise\n2026-01-05 | Bench press")
    assert_shows(sets, "exercise_id\nbench_press")
    assert area_weights(CATALOGUE).filter(exercise_id="bench_press").is_empty()


def test_a_watchs_category_decides_only_where_the_name_is_unknown():
    sets = recognised("""
        date       | exercise  | category_key
        2026-01-05 | Moon Walk | plank
        2026-01-05 | Cable row | plank
        2026-01-05 | Moon Walk | moon
        2026-01-05 | Moon Walk | -
    """)
    assert_shows(sets, """
        logged_as | exercise_id
        Moon Walk | plank
        Cable row | cable_row
        Moon Walk | -
        Moon Walk | -
    """)  # fmt: skip


def test_a_name_that_no_alias_spells_is_found_in_plain_words_before_the_watchs_category_is_asked():
    sets = recognised("""
        date       | exercise                            | category_key
        2026-01-05 | Heavy Ham Curls (left)              | plank
        2026-01-05 | Souleve de terre                    | -
        2026-01-05 | Stehendes Wadenheben mit Kurzhantel | -
    """)
    assert_shows(sets, """
        exercise_id
        leg_curl
        deadlift
        standing_calf_raise
    """)  # fmt: skip


def test_a_watchs_name_that_means_something_else_elsewhere_is_looked_up_within_its_category():
    sets = recognised("""
        date       | exercise | category_key
        2026-01-05 | swimming | core
        2026-01-05 | swimming | -
        2026-01-05 | row      | suspension
        2026-01-05 | row      | -
    """)
    assert_shows(sets, """
        logged_as | exercise_id
        swimming  | superman
        swimming  | other_sport
        row       | inverted_row
        row       | -
    """)  # fmt: skip


def test_what_a_watch_did_not_recognise_is_undecided_and_never_nothing():
    sets = recognised("""
        date       | exercise | category_key
        2026-01-05 | unknown  | -
        2026-01-05 | unknown  | unknown
        2026-01-05 | unknown  | squat
    """)
    assert_shows(sets, """
        logged_as | exercise_id
        unknown   | -
        unknown   | -
        unknown   | squat
    """)  # fmt: skip


def test_what_a_squad_says_of_its_own_names_wins_over_the_package_and_over_the_watch():
    own = with_own_names("""
        [aliases]
        "Plank" = "side_plank"
        "Tuesday finisher" = "hip_thrust"
        "Circuit B" = ""
        [exercises.wobble_raise]
        name = "Calf raise on the wobble board"
        primary = ["calves"]
        secondary = []
        one_sided = false
        counted_in = "reps"
        how = "Rise on the board."
    """)
    sets = strength_sets("""
        date       | exercise                         | category_key
        2026-01-05 | planks                           | plank
        2026-01-05 | Finisher (Tuesday)               | run
        2026-01-05 | Circuit B                        | -
        2026-01-05 | calf raises on the wobble board  | -
    """)
    assert_shows(recognise(sets, as_of=day("2026-01-05"), catalogue=own), """
        exercise_id
        side_plank
        hip_thrust
        -
        wobble_raise
    """)  # fmt: skip
    assert area_weights(own).filter(exercise_id="wobble_raise")["area_id"].to_list() == ["calves"]


def test_effort_is_full_to_three_repetitions_in_reserve_and_then_falls_a_quarter_each():
    sets = recognised("""
        date       | exercise | rir | rpe
        2026-01-05 | Plank    | 0   | -
        2026-01-05 | Plank    | 3   | -
        2026-01-05 | Plank    | 3.5 | -
        2026-01-05 | Plank    | 4   | -
        2026-01-05 | Plank    | 5   | -
        2026-01-05 | Plank    | 6   | -
        2026-01-05 | Plank    | 9   | -
        2026-01-05 | Plank    | -   | 10
        2026-01-05 | Plank    | -   | 7
        2026-01-05 | Plank    | -   | 6
        2026-01-05 | Plank    | -   | 5.5
        2026-01-05 | Plank    | -   | 0
        2026-01-05 | Plank    | 2   | 5
        2026-01-05 | Plank    | -   | -
    """)
    assert_shows(sets, """
        rir | effort
        0   | 1
        3   | 1
        3.5 | 0.875
        4   | 0.75
        5   | 0.5
        6   | 0.25
        9   | 0.25
        0   | 1
        3   | 1
        4   | 0.75
        4.5 | 0.625
        10  | 0.25
        2   | 1
        -   | -
    """)  # fmt: skip


def test_a_set_of_one_stated_side_counts_half_and_any_other_set_whole():
    sets = recognised("""
        date       | exercise                            | side
        2026-01-05 | Single-leg calf raise, straight knee | left
        2026-01-05 | Single-leg calf raise, straight knee | right
        2026-01-05 | Single-leg calf raise, straight knee | both
        2026-01-05 | Single-leg calf raise, straight knee | -
    """)
    assert_shows(sets, """
        side  | side_share
        left  | 0.5
        right | 0.5
        both  | 1
        -     | 1
    """)  # fmt: skip


def test_weight_is_one_for_a_main_area_and_half_for_a_second_one():
    weights = area_weights(CATALOGUE).filter(exercise_id="farmers_carry").sort("area_id")
    assert_shows(weights, """
        area       | weight
        calves     | 1
        core       | 0.5
        upper_back | 0.5
    """)  # fmt: skip


def test_sets_of_another_export_and_later_sets_are_left_out():
    sets = strength_sets("""
        set_id | date       | exercise | duplicate_of
        a      | 2026-01-05 | Plank    | -
        b      | 2026-01-05 | Plank    | a
        c      | 2026-01-06 | Plank    | -
        d      | 2026-01-07 | Plank    | -
    """)
    counted = recognise(sets, as_of=day("2026-01-06"), catalogue=CATALOGUE)
    assert_shows(counted, "set_id\na\nc")


def test_warm_ups_are_kept_and_marked():
    assert_shows(recognised("date | exercise | set_type\n2026-01-05 | Plank | warmup"), """
        set_type | exercise_id
        warmup   | plank
    """)  # fmt: skip


def test_an_empty_strength_log_gives_no_recognised_sets():
    assert_frame_equal(
        recognise(strength_sets(), as_of=day("2026-01-06"), catalogue=CATALOGUE), RecognisedSets.create_empty()
    )
