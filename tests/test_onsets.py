"""Coverage of each linked area before each onset: method.md §4, the lag and which days are known."""

from typing import Any

import pytest
from logs import (
    CATALOGUE,
    Table,
    assert_shows,
    day,
    episode_rows,
    known,
    only,
    recognised,
    runners,
    runs,
    strength_days,
)

from runfix_analytics.onsets import onset_coverage, onset_lag
from runfix_analytics.known_days import known_days
from runfix_analytics.tables import Episodes, OnsetCoverage

# Calf work twice a week in December and half of January, then on four Mondays up to 16 February.
TRAINED = [
    *({"date": day(date), "exercise": "Wall squat with heel raise", "n": 4} for date in (
        "2025-12-01", "2025-12-04", "2025-12-08", "2025-12-11", "2025-12-15", "2025-12-18", "2025-12-22", "2025-12-25",
        "2025-12-29", "2026-01-01", "2026-01-05", "2026-01-08", "2026-01-12", "2026-01-15",
        "2026-01-26", "2026-02-02", "2026-02-09", "2026-02-16",
    )),
]  # fmt: skip
SEASON = "from | to\n2025-12-01 | 2026-04-06"
SHIN = "site | onset_on | ended_on | state\nshin | 2026-03-09 | 2026-03-20 | ended"


def before(
    aches: Table, *, days: Table = SEASON, sets: Table = TRAINED, lag: int = 21, area: str | None = "calves"
) -> Any:
    rows = onset_coverage(episode_rows(aches), recognised(sets), known(days), lag_days=lag, catalogue=CATALOGUE)
    return rows if area is None else only(rows, area=area)


# The lag


def test_the_lag_is_three_weeks_where_four_onsets_in_five_carry_the_date_first_noticed():
    noticed = "site | onset_on | has_noticed_date\n" + "\n".join(
        f"shin | 2026-0{month}-01 | {'true' if month < 5 else 'false'}" for month in range(1, 6)
    )
    assert onset_lag(episode_rows(noticed), CATALOGUE) == 21
    assert onset_lag(episode_rows(noticed.replace("true", "false", 1)), CATALOGUE) == 28


def test_the_lag_is_four_weeks_without_any_onset():
    assert onset_lag(Episodes.create_empty(), CATALOGUE) == 28


@pytest.mark.parametrize("why", ["is_prevalent", "is_trauma", "is_onset_uncertain"])
def test_what_is_no_overuse_onset_does_not_decide_the_lag(why: str):
    aches = f"""
        site | onset_on   | has_noticed_date | {why}
        shin | 2026-01-01 | false            | true
        neck | 2026-01-01 | false            | true
        knee | 2026-02-01 | true             | false
    """
    assert onset_lag(episode_rows(aches), CATALOGUE) == 21


# The window


def test_coverage_is_that_of_the_four_weeks_that_end_a_lag_before_the_onset():
    assert_shows(before(SHIN), """
        area   | onset_on   | lag_days | window_end | n_known_days | coverage | excluded
        calves | 2026-03-09 | 21       | 2026-02-16 | 28           | 0.5      | -
    """)  # fmt: skip
    assert_shows(before(SHIN, lag=28), """
        area   | onset_on   | lag_days | window_end | n_known_days | coverage | excluded
        calves | 2026-03-09 | 28       | 2026-02-09 | 28           | 1/2      | -
    """)  # fmt: skip
    assert_shows(before(SHIN.replace("03-09", "03-08")), "window_end | coverage\n2026-02-15 | 0.375")


def test_every_linked_area_has_a_row_and_no_other():
    assert_shows(before(SHIN, area=None), """
        symptom | area       | coverage
        shin    | calves     | 0.5
        shin    | hamstrings | 0
    """)  # fmt: skip


def test_assumed_days_and_the_tail_of_a_log_do_not_count_as_known():
    days = """
        from       | to         | evidence
        2026-01-20 | 2026-02-08 | between
        2026-02-09 | 2026-02-12 | tail
        2026-02-13 | 2026-02-16 | assumed
    """
    assert_shows(before(SHIN, days=days), "n_known_days | coverage\n20 | 0.35")


def test_a_declared_day_counts_as_known_also_right_after_the_newest_entry():
    sets = recognised("date | exercise | n\n2026-02-13 | Wall squat with heel raise | 4")
    days = known_days(
        runners("runner | strength_log\nr1 | complete"), runs("date | km\n2026-01-01 | 5"), sets, strength_days(),
        as_of=day("2026-04-06"), catalogue=CATALOGUE,
    )  # fmt: skip
    rows = onset_coverage(episode_rows(SHIN), sets, days, lag_days=21, catalogue=CATALOGUE)
    assert_shows(only(rows, area="calves"), "n_known_days | coverage\n28 | 0.125")


# What is left out


@pytest.mark.parametrize(
    ("flags", "excluded"),
    [
        ({"is_trauma": True, "is_prevalent": True, "is_onset_uncertain": True}, "trauma"),
        ({"is_prevalent": True, "is_onset_uncertain": True}, "prevalent"),
        ({"is_onset_uncertain": True}, "uncertain_onset"),
    ],
)
def test_onsets_that_say_nothing_about_overuse_keep_their_row_without_a_value(flags: dict[str, bool], excluded: str):
    episode = {"site": "shin", "onset_on": day("2026-03-09"), **flags}
    assert_shows(before([episode]), f"coverage | excluded | n_known_days\n- | {excluded} | 28")
    long_ago = episode | {"onset_on": day("2025-12-05")}
    assert_shows(before([long_ago]), f"coverage | excluded | n_known_days\n- | {excluded} | 0")


def test_an_onset_without_enough_known_days_before_it_is_excluded_as_unknown():
    days = "from | to | evidence\n2026-01-20 | 2026-02-07 | declared\n2026-02-08 | 2026-02-16 | unknown"
    assert_shows(before(SHIN, days=days), "coverage | excluded | n_known_days\n- | coverage_unknown | 19")
    assert_shows(before(SHIN, days="from | to\n2026-03-01 | 2026-03-02"), """
        coverage | excluded         | n_known_days | n_own_weeks | n_own_weeks_unknown | own_weeks_mean
        -        | coverage_unknown | 0            | 0           | 0                   | -
    """)  # fmt: skip


def test_breathing_and_places_without_a_link_are_described_and_not_analysed():
    aches = """
        site   | onset_on   | is_trauma
        breath | 2026-03-08 | true
        calf   | 2026-03-09 | true
    """
    assert_shows(before(aches, area=None), """
        symptom   | area       | coverage | excluded       | n_known_days
        breathing | core       | -        | not_modelled   | 28
        breathing | upper_back | -        | not_modelled   | 28
        -         | -          | -        | no_linked_area | 0
    """)  # fmt: skip


# The runner's own weeks


def test_own_weeks_step_by_seven_days_and_leave_out_overlaps_and_weeks_within_an_episode():
    # 19, 12, 5 January, 29, 22 December: .875, 1, 1, 1, 1; 15, 8, 1 December: too few known days; 16 March: hurt;
    # 23, 30 March, 6 April: 0; 26 January to 9 March share days with the window itself.
    assert_shows(before(SHIN, area=None), """
        area       | own_weeks_mean | n_own_weeks | n_own_weeks_lower | n_own_weeks_unknown
        calves     | 0.609375       | 8           | 3                 | 3
        hamstrings | 0              | 8           | 8                 | 3
    """)  # fmt: skip


def test_weeks_within_any_episode_of_the_same_symptom_are_left_out_and_of_another_symptom_kept():
    shin_before = SHIN + "\nshin | 2026-01-05 | 2026-01-12 | ended"
    assert_shows(only(before(shin_before), onset_on="2026-03-09"), "n_own_weeks | own_weeks_mean\n6 | 2.875/6".replace(
        "2.875/6", str(2.875 / 6)))  # fmt: skip
    neck_before = SHIN + "\nneck | 2026-01-05 | 2026-01-12 | ended"
    assert_shows(before(neck_before), "n_own_weeks | own_weeks_mean\n8 | 0.609375")


def test_no_episode_gives_no_row():
    rows = onset_coverage(Episodes.create_empty(), recognised(TRAINED), known(SEASON), lag_days=21, catalogue=CATALOGUE)
    assert rows.equals(OnsetCoverage.create_empty())


def test_runners_are_compared_with_their_own_weeks_only():
    days = "runner | from | to\nr1 | 2025-12-01 | 2026-04-06\nr2 | 2025-12-01 | 2026-04-06"
    both = (
        SHIN.replace("site", "runner | site").replace("shin", "r1 | shin")
        + "\nr2 | shin | 2026-03-09 | 2026-03-20 | ended"
    )
    assert_shows(before(both, days=days), """
        runner | coverage | own_weeks_mean | n_own_weeks_lower
        r1     | 0.5      | 0.609375       | 3
        r2     | 0        | 0              | 8
    """)  # fmt: skip
