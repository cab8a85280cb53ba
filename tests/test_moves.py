"""Which exercises to hand over: method.md §5, last paragraph, and domain.md, "The dose"."""

from typing import Any

import polars as pl
from draw import completed, drawn
from logs import CATALOGUE, Table, assert_shows, day, episode_rows, recognised, runners

from runfix_analytics.moves import moves
from runfix_analytics.referrals import referrals
from runfix_analytics.tables import Advice, Moves

TODAY = day("2026-02-01")
AREAS = ("glutes", "hamstrings", "calves", "core", "upper_back")
NOTHING_OWNED = "runner | equipment\nr1 | none"


def advice(table: str, *, has_programme: bool | None = True) -> Any:
    """The drawn areas; any other is on target."""
    frame = drawn(table)
    rest = pl.DataFrame({"area": [area for area in AREAS if area not in frame["area"]]}, schema={"area": pl.String})
    every = pl.concat([frame, rest.with_columns(status=pl.lit("on_target"))], how="diagonal_relaxed").with_columns(
        runner_id=pl.lit("r1"), as_of=pl.lit(TODAY), area_id="area", n_aches=0, basis=pl.lit("prior"),
        has_programme=pl.lit(has_programme), withheld_for=pl.lit([], pl.List(pl.String)),
    )  # fmt: skip
    return Advice.validate(completed(Advice, every), cast=True)


def handed(
    advised: str, *, who: Table = NOTHING_OWNED, sets: Table = (), aches: Table = (), has_programme: bool | None = True
) -> Any:
    episodes = episode_rows(aches)
    return moves(
        advice(advised, has_programme=has_programme), runners(who), recognised(sets), episodes,
        referrals(episodes, as_of=TODAY, catalogue=CATALOGUE), as_of=TODAY, catalogue=CATALOGUE,
    )  # fmt: skip


GLUTES = "area | status | rank\nglutes | train | 1"


def test_the_articles_moves_come_first_and_then_others():
    assert_shows(handed(GLUTES), """
        form     | area   | place | exercise_id             | is_article | is_familiar
        addition | glutes | 1     | single_leg_glute_bridge | true       | false
        addition | glutes | 2     | glute_bridge            | false      | false
    """)  # fmt: skip


def test_of_the_articles_moves_familiar_ones_come_first():
    sets = "date | exercise\n2025-06-01 | Banded lateral walk"
    assert_shows(handed(GLUTES, who="runner | equipment\nr1 | band", sets=sets), """
        place | exercise_id             | is_article | is_familiar
        1     | banded_lateral_walk     | true       | true
        2     | single_leg_glute_bridge | true       | false
    """)  # fmt: skip


def test_a_familiar_move_that_is_not_the_articles_comes_after_it_and_before_new_ones():
    assert_shows(handed(GLUTES, sets="date | exercise\n2026-01-20 | Fire hydrant"), """
        place | exercise_id             | is_article | is_familiar
        1     | single_leg_glute_bridge | true       | false
        2     | fire_hydrant            | false      | true
    """)  # fmt: skip


def test_with_a_band_the_articles_banded_moves_are_possible():
    assert_shows(handed(GLUTES, who="runner | equipment\nr1 | band;bench"), """
        place | exercise_id
        1     | single_leg_glute_bridge
        2     | standing_banded_clamshell
    """)  # fmt: skip


def test_any_one_of_the_alternatives_is_enough():
    upper_back = "area | status | rank\nupper_back | train | 1"
    assert_shows(handed(upper_back, who="runner | equipment\nr1 | kettlebell"), """
        place | exercise_id
        1     | bent_over_row
        2     | one_arm_row
    """)  # fmt: skip


def test_without_equipment_only_moves_that_need_none_are_handed_over():
    upper_back = "area | status | rank\nupper_back | train | 1"
    assert_shows(handed(upper_back), """
        place | exercise_id   | is_article
        1     | prone_y_raise | false
        2     | prone_cobra   | false
    """)  # fmt: skip


def test_where_the_equipment_is_not_known_all_moves_are_possible_bodyweight_first():
    assert_shows(handed("area | status | rank\ncalves | train | 1\ncore | train | 2", who="runner\nr1"), """
        area   | place | exercise_id
        calves | 1     | single_leg_calf_raise_straight
        calves | 2     | single_leg_calf_raise_bent
        core   | 1     | bird_dog
        core   | 2     | plank
    """)  # fmt: skip
    assert_shows(handed(GLUTES, who="runner\nr1"), """
        place | exercise_id
        1     | single_leg_glute_bridge
        2     | standing_banded_clamshell
    """)  # fmt: skip


def test_three_areas_and_two_moves_each_at_most_in_the_order_of_their_rank():
    five = """
        area       | status | rank
        glutes     | train  | 5
        hamstrings | train  | 4
        calves     | train  | 3
        core       | train  | 2
        upper_back | train  | 1
    """
    assert_shows(handed(five), """
        form     | area       | place | exercise_id
        addition | upper_back | 1     | prone_y_raise
        addition | upper_back | 2     | prone_cobra
        addition | core       | 1     | bird_dog
        addition | core       | 2     | plank
        addition | calves     | 1     | single_leg_calf_raise_straight
        addition | calves     | 2     | single_leg_calf_raise_bent
    """)  # fmt: skip


def test_a_move_that_hurts_is_left_out_while_the_ache_lasts():
    aches = "site | onset_on | hurts\nankle | 2026-01-20 | Single leg glute bridges"
    assert_shows(handed(GLUTES, aches=aches), """
        place | exercise_id
        1     | glute_bridge
        2     | side_lying_clamshell
    """)  # fmt: skip
    assert_shows(handed(GLUTES, aches=aches.replace("onset_on", "state | onset_on").replace("ankle", "ankle | silent")),
                 "exercise_id\nglute_bridge\nside_lying_clamshell")  # fmt: skip


def test_nothing_that_loads_a_withheld_area_is_handed_over():
    withheld = """
        area       | status   | rank
        glutes     | withheld | -
        core       | train    | 1
        hamstrings | train    | 2
    """
    aches = "site | onset_on | pain_at_night\nouter_knee | 2026-01-20 | true"
    assert_shows(handed(withheld, aches=aches), """
        area       | place | exercise_id
        core       | 1     | plank
        core       | 2     | plank_static_variation
        hamstrings | 1     | nordic_curl
    """)  # fmt: skip


def test_a_runner_without_programme_gets_additions_and_one_move_an_area_as_a_circuit():
    assert_shows(handed(GLUTES, has_programme=None), """
        form     | area       | place | exercise_id
        addition | glutes     | 1     | single_leg_glute_bridge
        addition | glutes     | 2     | glute_bridge
        circuit  | glutes     | 1     | single_leg_glute_bridge
        circuit  | hamstrings | 1     | single_leg_romanian_deadlift
        circuit  | calves     | 1     | single_leg_calf_raise_straight
        circuit  | core       | 1     | bird_dog
        circuit  | upper_back | 1     | prone_y_raise
    """)  # fmt: skip


def test_a_runner_whose_coverage_is_not_known_gets_the_circuit_alone():
    unknown = "area | status | rank\n" + "\n".join(f"{area} | log_first | -" for area in AREAS)
    assert_shows(handed(unknown), """
        form    | area       | place | exercise_id
        circuit | glutes     | 1     | single_leg_glute_bridge
        circuit | hamstrings | 1     | single_leg_romanian_deadlift
        circuit | calves     | 1     | single_leg_calf_raise_straight
        circuit | core       | 1     | bird_dog
        circuit | upper_back | 1     | prone_y_raise
    """)  # fmt: skip


def test_the_circuit_leaves_out_what_hurts_without_a_red_flag():
    unknown = "area | status | rank\n" + "\n".join(f"{area} | log_first | -" for area in AREAS)
    aches = "site | onset_on | hurts\nlow_back | 2026-01-20 | bird dog"
    assert "bird_dog" not in handed(unknown, aches=aches)["exercise_id"]


def test_a_runner_with_a_programme_and_known_coverage_gets_no_circuit():
    assert handed(GLUTES)["form"].unique().to_list() == ["addition"]


def test_no_circuit_stands_beside_a_referral():
    unknown = "area | status | rank\n" + "\n".join(f"{area} | log_first | -" for area in AREAS)
    elbow = "site | onset_on | pain_at_night\nelbow | 2026-01-20 | true"
    assert handed(unknown, aches=elbow, has_programme=None).equals(Moves.create_empty())
    assert_shows(handed(GLUTES, aches=elbow, has_programme=None), """
        form     | exercise_id
        addition | single_leg_glute_bridge
        addition | glute_bridge
    """)  # fmt: skip


def test_nothing_is_handed_over_where_every_area_is_on_target_or_withheld():
    assert handed("area | status | rank\nglutes | on_target | -").equals(Moves.create_empty())
    all_withheld = "area | status | rank\n" + "\n".join(f"{area} | withheld | -" for area in AREAS)
    chest = "site | onset_on\nchest | 2026-01-20"
    assert handed(all_withheld, aches=chest, has_programme=None).equals(Moves.create_empty())
