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

from runfix_analytics.known_days import known_days
from runfix_analytics.onsets import onset_coverage, onset_lag
from runfix_analytics.tables import Episodes, OnsetCoverage

# Calf work twice a week in December and half of January, then on four Mondays up to 16 February.
TRAINED = [
    *({"date": day(date), "exercise": "Wall squat with heel raise", "n": 4} for date in (
        "2025-12-01", "2025-12-04", "2025-12-08", "2025-12-11", "2025-12-15", "2025-12-18", "2025-12-22", "2025-12-25",
        "2025-12-29", "2026-01-01", "2026-01-05", "2026-01-08", "2026-01-12", "2026-01-15",
        "2026-01-26", "2026-02-02", "2026-02-09", "2026-02-16",
    )),
]  # fmt: skip
SEASON = "from | to\n2025-12-01 | 2026-05-25"
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
# Before the onset of 9 March end 22, 29 December, 5, 12, 19 January with coverage 1, 1, 1, 1, .875, and 1, 8, 15
# December with too few known days; 26 January to 9 March share days with the window itself. After it, the shin is
# within reach until 20 March, so that 16 March to 13 April are washed out; 20, 27 April, 4 May are 0; the lag of
# 11 May has not run out by 25 May.


def test_own_weeks_step_by_seven_days_and_leave_out_what_shares_a_day_with_the_window_itself():
    assert_shows(before(SHIN, area=None), """
        area       | own_weeks              | own_weeks_mean | n_own_weeks | n_own_weeks_lower | n_own_weeks_unknown
        calves     | 0 0 0 0.875 1 1 1 1    | 0.609375       | 8           | 3                 | 3
        hamstrings | 0 0 0 0 0 0 0 0        | 0              | 8           | 8                 | 3
    """)  # fmt: skip
    assert_shows(before(SHIN, area=None), "area | n_own_weeks_washed\ncalves | 5\nhamstrings | 5")


@pytest.mark.parametrize(("newest", "n_own_weeks"), [("2026-05-25", 8), ("2026-05-24", 7), ("2026-05-17", 6)])
def test_a_week_counts_once_its_lag_has_run_out_by_the_day_of_calculation(newest: str, n_own_weeks: int):
    rows = before(SHIN, days=f"from | to\n2025-12-01 | {newest}")
    assert_shows(rows, f"n_own_weeks | n_own_weeks_unknown\n{n_own_weeks} | 3")


@pytest.mark.parametrize(("ended", "n_own_weeks", "n_washed"), [("2026-03-23", 8, 5), ("2026-03-24", 7, 6)])
def test_a_week_is_washed_out_from_the_first_day_that_it_shares_with_an_episode(
    ended: str, n_own_weeks: int, n_washed: int
):
    """The window that ends on 20 April begins on 24 March."""
    rows = before(SHIN.replace("2026-03-20", ended))
    assert_shows(rows, f"n_own_weeks | n_own_weeks_washed\n{n_own_weeks} | {n_washed}")


@pytest.mark.parametrize(("onset", "n_own_weeks", "n_washed"), [("2026-05-26", 8, 5), ("2026-05-25", 7, 6)])
def test_an_episode_reaches_back_by_the_lag_before_its_onset(onset: str, n_own_weeks: int, n_washed: int):
    """The last own week ends on 4 May, 21 days before 25 May."""
    rows = before(f"{SHIN}\nshin | {onset} | 2026-05-30 | ended")
    assert_shows(only(rows, onset_on="2026-03-09"), f"n_own_weeks | n_own_weeks_washed\n{n_own_weeks} | {n_washed}")


def test_an_ache_elsewhere_washes_out_weeks_too_also_at_a_place_without_a_link():
    for site in ("shin", "neck", "calf"):
        rows = before(f"{SHIN}\n{site} | 2026-01-05 | 2026-01-12 | ended")
        # its reach, 15 December to 12 January, leaves nothing of the weeks before, and lies before the window itself
        assert_shows(only(rows, onset_on="2026-03-09"), """
            own_weeks | n_own_weeks | n_own_weeks_unknown | n_own_weeks_washed | is_washed_out
            0 0 0     | 3           | 2                   | 11                 | false
        """)  # fmt: skip


def test_a_trauma_washes_no_week_out():
    rows = before(SHIN.replace("site", "is_trauma | site").replace("shin", "false | shin")
                  + "\ntrue | neck | 2026-01-05 | 2026-01-12 | ended")  # fmt: skip
    assert_shows(only(rows, onset_on="2026-03-09"), "n_own_weeks | n_own_weeks_washed\n8 | 5")


def test_an_open_episode_reaches_to_the_day_of_calculation_and_a_silent_one_to_its_last_report():
    ache = "site | onset_on | last_reported_on | state\nshin | 2026-03-09 | 2026-03-20 | {}"
    assert_shows(before(ache.format("silent")), "n_own_weeks | n_own_weeks_washed\n8 | 5")
    assert_shows(before(ache.format("open")), "n_own_weeks | n_own_weeks_washed\n5 | 8")


def test_a_week_that_is_washed_out_and_not_known_is_counted_once_as_washed_out():
    days = "from | to | evidence\n2025-12-01 | 2026-02-16 | declared\n2026-02-17 | 2026-05-25 | unknown"
    assert_shows(before(SHIN, days=days), "n_own_weeks | n_own_weeks_unknown | n_own_weeks_washed\n5 | 6 | 5")


@pytest.mark.parametrize(("ended", "is_washed_out"), [("2026-01-19", "false"), ("2026-01-20", "true")])
def test_an_onset_whose_window_is_within_reach_of_an_earlier_ache_keeps_its_value_and_is_flagged(
    ended: str, is_washed_out: str
):
    """The window of 9 March begins on 20 January; the onset's own reach never flags it."""
    rows = before(f"{SHIN}\nneck | 2026-01-16 | {ended} | ended")
    assert_shows(only(rows, onset_on="2026-03-09"), f"coverage | excluded | is_washed_out\n0.5 | - | {is_washed_out}")


@pytest.mark.parametrize("onset", ["2026-03-09", "2026-03-10"])
def test_an_ache_of_the_same_day_or_a_later_one_does_not_flag_an_onset(onset: str):
    rows = before(f"{SHIN}\nneck | {onset} | 2026-03-30 | ended", area=None)
    assert_shows(only(rows, symptom="shin", area="calves"), "is_washed_out\nfalse")


def test_the_reach_of_one_runners_aches_does_not_touch_another():
    days = "runner | from | to\nr1 | 2025-12-01 | 2026-05-25\nr2 | 2025-12-01 | 2026-05-25"
    aches = """
        runner | site | onset_on   | ended_on   | state
        r1     | shin | 2026-03-09 | 2026-03-20 | ended
        r2     | neck | 2026-01-16 | 2026-01-30 | ended
    """
    assert_shows(only(before(aches, days=days), runner="r1"), """
        n_own_weeks | n_own_weeks_washed | is_washed_out
        8           | 5                  | false
    """)  # fmt: skip


def test_no_episode_gives_no_row():
    rows = onset_coverage(Episodes.create_empty(), recognised(TRAINED), known(SEASON), lag_days=21, catalogue=CATALOGUE)
    assert rows.equals(OnsetCoverage.create_empty())


def test_runners_are_compared_with_their_own_weeks_only():
    days = "runner | from | to\nr1 | 2025-12-01 | 2026-05-25\nr2 | 2025-12-01 | 2026-05-25"
    both = (
        SHIN.replace("site", "runner | site").replace("shin", "r1 | shin")
        + "\nr2 | shin | 2026-03-09 | 2026-03-20 | ended"
    )
    assert_shows(before(both, days=days), """
        runner | coverage | own_weeks_mean | n_own_weeks_lower
        r1     | 0.5      | 0.609375       | 3
        r2     | 0        | 0              | 8
    """)  # fmt: skip
