"""When strength advice stops: domain.md, method.md §5 "Red flags"."""

from typing import Any

import pytest
from logs import CATALOGUE, Table, ache_reports, assert_shows, day, episode_rows

from runfix_analytics.episodes import episodes
from runfix_analytics.referrals import referrals
from runfix_analytics.tables import Episodes, Referrals


def referred(aches: Table) -> Any:
    return referrals(episode_rows(aches), as_of=day("2026-02-01"), catalogue=CATALOGUE)


@pytest.mark.parametrize(
    ("column", "flag"),
    [
        ("pain_during_exercises", "during_exercises"),
        ("pain_at_night", "at_night"),
        ("pain_at_rest", "at_rest"),
        ("focal_bone_tenderness", "bone_tenderness"),
    ],
)
def test_each_flag_refers_and_withholds_the_areas_linked_to_the_symptom(column: str, flag: str):
    assert_shows(referred(f"site | onset_on | {column}\nshin | 2026-01-20 | true"), f"""
        runner | site_id | side | flag   | withheld_areas    | withholds_lower_body
        r1     | shin    | left | {flag} | hamstrings calves | false
    """)  # fmt: skip


def test_a_flag_denied_or_not_asked_refers_nobody():
    aches = "site | onset_on | pain_at_night | pain_at_rest\nshin | 2026-01-20 | false | -"
    assert referred(aches).equals(Referrals.create_empty())


def test_an_acute_injury_withholds_all_lower_body_moves():
    assert_shows(referred("site | onset_on | is_acute_injury\nknee | 2026-01-20 | true"), """
        flag         | withheld_areas | withholds_lower_body
        acute_injury | glutes calves  | true
    """)  # fmt: skip


def test_each_flag_of_one_episode_has_its_own_row():
    aches = "site | onset_on | is_acute_injury | pain_at_night | pain_at_rest\nneck | 2026-01-20 | true | true | true"
    assert_shows(referred(aches), """
        flag         | withheld_areas | withholds_lower_body
        acute_injury | upper_back     | true
        at_night     | upper_back     | false
        at_rest      | upper_back     | false
    """)  # fmt: skip


@pytest.mark.parametrize("state", ["open", "silent"])
def test_a_flag_holds_until_the_runner_says_to_be_well_again(state: str):
    aches = f"site | onset_on | pain_at_night | state\nshin | 2026-01-20 | true | {state}"
    assert_shows(referred(aches), "flag\nat_night")


def test_a_stated_end_lifts_the_flag():
    aches = "site | onset_on | pain_at_night | state | ended_on\nshin | 2026-01-20 | true | ended | 2026-01-25"
    assert referred(aches).equals(Referrals.create_empty())


@pytest.mark.parametrize(("as_of", "flags"), [("2026-01-20", ["at_night"]), ("2026-03-20", [])])
def test_from_the_diary_a_flag_stands_through_silence_and_falls_with_no_aches(as_of: str, flags: list[str]):
    reports = """
        date       | site | pain_at_night
        2026-01-01 | -    | -
        2026-01-05 | shin | true
        2026-01-12 | shin | false
        2026-03-10 | -    | -
    """
    aches = episodes(ache_reports(reports), as_of=day(as_of), catalogue=CATALOGUE)
    assert referrals(aches, as_of=day(as_of), catalogue=CATALOGUE)["flag"].to_list() == flags


def test_an_achilles_flag_withholds_the_article_s_glutes_and_the_calves_that_load_it():
    aches = "site | onset_on | pain_at_rest\nachilles | 2026-01-20 | true"
    assert_shows(referred(aches), "withheld_areas | withholds_lower_body\nglutes calves | false")


@pytest.mark.parametrize(
    ("site", "acute"), [("chest", "false"), ("chest", "true"), ("breath", "true")],
    ids=["chest pain", "a blow to the chest", "sudden breathlessness"],
)  # fmt: skip
def test_chest_pain_and_sudden_breathlessness_ask_for_medical_advice_and_withhold_everything(site: str, acute: str):
    assert_shows(referred(f"site | onset_on | is_acute_injury\n{site} | 2026-01-20 | {acute}"), """
        flag    | withheld_areas
        medical | glutes hamstrings calves core upper_back
    """)  # fmt: skip


def test_breathing_that_came_gradually_is_no_emergency():
    assert referred("site | onset_on\nbreath | 2026-01-20").equals(Referrals.create_empty())
    assert_shows(referred("site | onset_on | pain_at_night\nbreath | 2026-01-20 | true"), """
        flag     | withheld_areas
        at_night | core upper_back
    """)  # fmt: skip


def test_a_flag_at_a_lower_body_place_without_a_link_withholds_the_lower_body():
    assert_shows(referred("site | onset_on | pain_at_night\ngroin | 2026-01-20 | true\ncalf | 2026-01-21 | true"), """
        site_id | flag     | withheld_areas | withholds_lower_body
        calf    | at_night | calves         | true
        groin   | at_night | none           | true
    """)  # fmt: skip


def test_a_flag_at_an_upper_body_place_without_a_link_refers_and_withholds_nothing():
    assert_shows(referred("site | onset_on | pain_at_night\nelbow | 2026-01-20 | true"), """
        flag     | withheld_areas | withholds_lower_body
        at_night | none           | false
    """)  # fmt: skip


def test_a_squad_without_episodes_has_no_referral():
    rows = referrals(Episodes.create_empty(), as_of=day("2026-02-01"), catalogue=CATALOGUE)
    assert rows.equals(Referrals.create_empty())
