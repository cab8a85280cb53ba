"""Parts of the pages on their own: need and chase under the coach's marks, changes, days, and the gauge."""

import itertools
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from logs import CATALOGUE

from runfix_analytics import night
from runfix_analytics.page_results import stored_results
from runfix_analytics.reports import charts, drawing, needs
from runfix_analytics.reports.ache_section import MOST_ONSETS, older_onsets, onset_rows
from runfix_analytics.reports.advice_section import days
from runfix_analytics.reports.changes_section import changes
from runfix_analytics.reports.results import Earlier, RunnerResults
from runfix_analytics.reports.timeline import LEFT, WIDTH, timeline
from runfix_analytics.reports.wording import wording

ENGLISH = wording()
FLAGGED, ACHING, SILENT = "j29sgczy", "4e5ghujn", "ux2gzs69"
STYLE = Path(drawing.__file__).parent / "templates" / "style.css"


@pytest.fixture(scope="module")
def results(demo_store, demo_day) -> dict[str, RunnerResults]:
    everybody = demo_store.runners(CATALOGUE)
    return {found.runner_id: found for found in stored_results(demo_store, everybody, demo_day, CATALOGUE)}


def visit(on: date) -> tuple[dict[str, Any], ...]:
    return ({"mark": "seen_by_physio", "from_on": on, "to_on": None},)


def test_a_flag_is_told_as_seen_only_until_the_next_report(results):
    flagged = results[FLAGGED]
    (episode,) = [e for e in flagged.open_episodes() if e["episode_id"] == flagged.referrals[0]["episode_id"]]
    last = episode["last_reported_on"]
    kinds = [
        needs.need_of(replace(flagged, marks=marks), CATALOGUE, ENGLISH)[0]
        for marks in ((), visit(last - timedelta(days=1)), visit(last))
    ]
    assert kinds == ["refer", "refer", "seen"]


@pytest.mark.parametrize("mark", ["away", "ill", "paused"])
def test_who_is_said_to_be_away_is_not_chased_for_data(results, mark):
    silent = results[SILENT]
    assert needs.chase(silent, CATALOGUE, ENGLISH)
    said = ({"mark": mark, "from_on": silent.as_of, "to_on": None},)
    assert needs.chase(replace(silent, marks=said), CATALOGUE, ENGLISH) == ()


def test_a_race_week_excuses_no_silence(results):
    said = ({"mark": "race_week", "from_on": results[SILENT].as_of, "to_on": None},)
    assert needs.chase(replace(results[SILENT], marks=said), CATALOGUE, ENGLISH)


# since the last report


def test_without_an_earlier_report_nothing_has_changed(results):
    assert changes(results[ACHING], CATALOGUE, ENGLISH) == ()


def test_new_aches_fallen_areas_and_advised_moves_are_told(results):
    now = results[ACHING]
    (episode,) = now.episodes
    first, second = [row for row in now.moves if row["form"] == "addition"][:2]
    areas = list(CATALOGUE.areas)
    earlier = Earlier(
        as_of=episode["first_reported_on"] - timedelta(days=1),
        advice={area: {"status": "on_target", "rank": 1 if area == first["area_id"] else None} for area in areas},
        moves=(first, second),
        n_days_done={first["exercise_id"]: 3},
    )
    aches, fell, followed = changes(replace(now, earlier=earlier), CATALOGUE, ENGLISH)
    assert aches == "Aches: new: left shin."
    assert fell == "Areas: now under target: hamstrings and calves."
    names = [CATALOGUE.exercises[move["exercise_id"]].name for move in (first, second)]
    assert followed == f"Advised then: {names[0]} logged on 3 days and {names[1]} logged on 0 days."


def test_a_quiet_month_is_told_as_one(results):
    now = results[ACHING]
    same = Earlier(now.as_of - timedelta(days=7), {row["area_id"]: row for row in now.advice}, (), {})
    assert changes(replace(now, earlier=same), CATALOGUE, ENGLISH) == (
        "Aches: none new, none over.",
        "Areas: none came on target, none fell under it.",
    )


def test_the_report_to_compare_with_is_a_week_old_or_that_of_the_day_asked_for(demo_copy, demo_day):
    one = demo_copy.runners(CATALOGUE).filter(runner_id=ACHING)
    before = [demo_day - timedelta(days=back) for back in (28, 14, 3)]
    for day in before:
        for part in night.parts(demo_copy.root):
            night.run_stage("assess", demo_copy.root, part, day, [ACHING])

    def compared(since: date | None = None) -> Earlier | None:
        (found,) = stored_results(demo_copy, one, demo_day, CATALOGUE, since=since)
        return found.earlier

    usual, asked = compared(), compared(before[1] - timedelta(days=1))
    assert (usual.as_of, asked.as_of) == (before[1], before[0])
    assert set(asked.advice) == set(CATALOGUE.areas)
    assert asked.moves
    assert all(1 <= n <= 28 for n in asked.n_days_done.values())
    assert compared(before[0] - timedelta(days=1)) is None


# when to train


@pytest.mark.parametrize(
    ("weekdays", "said"),
    [
        ((), "no usual strength day is known; take two days a week with a day of rest between"),
        ((6,), "Sun is the usual strength day; add Wed, with rest between"),
        ((1, 2), "Tue is the usual strength day; add Fri, with rest between"),
        ((4, 0), "on the usual strength days, Mon and Fri"),
        ((0, 6, 3), "on the usual strength days, Mon and Thu"),
        ((0, 2, 4, 6), "on the usual strength days, Mon, Wed and Fri"),
    ],
)
def test_moves_are_laid_on_usual_days_with_rest_between(results, weekdays, said):
    assert said in days(replace(results[ACHING], strength_weekdays=weekdays), CATALOGUE, ENGLISH)


# drawings


def covered(share: float | None, low: float, high: float) -> dict[str, Any]:
    return {"coverage": share, "coverage_low": low, "coverage_high": high, "status": "under_target"}


def test_the_gauge_has_a_bar_and_a_whisker_only_where_something_is_open():
    def classes(row: dict[str, Any]) -> list[str]:
        return [shape.css for shape in charts.gauge(row, "Core", CATALOGUE, ENGLISH).shapes]

    assert classes(covered(0.5, 0.5, 0.5)) == ["empty", "band", "low"]
    assert classes(covered(0.5, 0.4, 0.7)) == ["empty", "band", "low", "whisker"]
    assert classes(covered(None, 0.1, 0.9)) == ["empty", "band", "hatched", "hatch"]


def test_colours_of_drawings_on_paper_are_those_of_the_style_sheet():
    root = re.search(r":root \{(.*?)\}", STYLE.read_text(encoding="utf-8"), re.DOTALL)
    assert dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", root[1])) == drawing.PAPER


@pytest.mark.parametrize("n_weeks", [16, 52, 104])
def test_a_timeline_of_any_length_keeps_its_labels_within_and_apart(results, n_weeks):
    now = results[ACHING]
    weeks = tuple(replace(now.weeks[-1], end=now.as_of - timedelta(days=7 * back)) for back in reversed(range(n_weeks)))
    drawn = timeline(replace(now, weeks=weeks), CATALOGUE, ENGLISH)
    (bars,) = [shape.d for shape in drawn.shapes if shape.css == "distance"]
    assert bars.count("M") == n_weeks
    dates = [tick.x for tick in drawn.ticks if tick.y == max(other.y for other in drawn.ticks)]
    assert len(dates) > 1
    assert all(right - left >= 60 for left, right in itertools.pairwise(dates))
    assert all(0 <= tick.x <= WIDTH for tick in drawn.ticks)
    assert min(dates) == LEFT


def test_onsets_beyond_what_the_page_holds_are_counted(results):
    now = results[ACHING]
    many = replace(now, onset_coverage=now.onset_coverage * 5)
    n = len(now.onset_coverage) * 5
    assert len(onset_rows(many, CATALOGUE, ENGLISH)) == MOST_ONSETS < n
    assert older_onsets(many, ENGLISH) == f"And {n - MOST_ONSETS} earlier rows."
    assert older_onsets(now, ENGLISH) == ""
