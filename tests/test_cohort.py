"""Who was at risk when, and with what coverage some weeks before: method.md §3 and §4."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from dataframely.exc import ValidationError
from draw import draw
from logs import (
    CATALOGUE,
    Table,
    ache_reports,
    assert_shows,
    day,
    episode_rows,
    known,
    only,
    recognised,
    runners,
    runs,
    strength_days,
    strength_sets,
)
from polars.testing import assert_frame_equal

from runfix_analytics.cohort import (
    Cohort,
    analysis_rows,
    as_reported,
    cohort,
    combine,
    sampling,
    thinned,
    with_future,
)
from runfix_analytics.coverage import coverage
from runfix_analytics.episodes import episodes
from runfix_analytics.explain import explain_coverage
from runfix_analytics.exposure import exposure
from runfix_analytics.known_days import NOT_FOR_ONSETS, known_days
from runfix_analytics.recognition import recognise
from runfix_analytics.running_load import running_load
from runfix_analytics.tables import Episodes, Imports, KnownDays

SYMPTOMS = [symptom.id for symptom in CATALOGUE.symptoms.values() if symptom.in_hazard_models]
AREAS = list(CATALOGUE.areas)
CALF_RAISE = "Wall squat with heel raise"
MODEL_LAGS = (7, 14, 21, 28, 42)

# Answers on Wednesdays from 7 January to 27 May speak for 1 January to 27 May; a run a week from November on.
AS_OF = "2026-05-27"
WEEKLY = [{"date": day("2026-01-07") + timedelta(weeks=week), "site": None} for week in range(21)]
RAN = [{"date": day("2025-11-01") + timedelta(weeks=week), "km": 5.0} for week in range(30)]
SEASON = f"from | to\n2025-11-01 | {AS_OF}"
# Calf work on Mondays, twice as much of it in April.
TRAINED = [
    {"date": day("2025-11-03") + timedelta(weeks=week), "exercise": CALF_RAISE, "n": 4 if 22 <= week < 26 else 2}
    for week in range(30)
]


IMPORTS = draw(
    Imports, "runner_id | import_id | file_name | status\nr1 | import | hevy.csv | imported", n_bytes=1, n_rows=0,
    n_accepted=0, n_rejected=0, n_skipped=0, warnings=[], imported_at=datetime(2026, 6, 1, tzinfo=UTC),
)  # fmt: skip


def joined(
    aches: Any = (), *, answers: Table = WEEKLY, ran: Table = RAN, sets: Table = TRAINED, days: Any = SEASON,
    as_of: str = AS_OF, keep: pl.DataFrame | None = None,
) -> Cohort:  # fmt: skip
    ran_table = runs(ran)
    return cohort(
        ran_table,
        ache_reports(answers),
        recognised(sets),
        known(days) if isinstance(days, str) else days,
        running_load(ran_table, as_of=day(as_of), catalogue=CATALOGUE),
        aches if isinstance(aches, pl.DataFrame) else episode_rows(aches),
        as_of=day(as_of),
        catalogue=CATALOGUE,
        keep=keep,
    )


def at_lag(of: Cohort, lag: int = 21, **how: Any) -> Any:
    return analysis_rows(of, lag_days=lag, catalogue=CATALOGUE, **how)[0]


def spans(rows: pl.DataFrame, symptom: str = "shin", runner: str = "r1") -> pl.DataFrame:
    """The days of one symptom's rows as spans."""
    dates = only(rows, symptom=symptom, runner=runner).select("local_date")
    new = (pl.col("local_date").diff() != timedelta(days=1)).fill_null(value=True).cum_sum().alias("span")
    return dates.group_by(new, maintain_order=True).agg(
        **{"from": pl.col("local_date").min(), "to": pl.col("local_date").max()}
    )


# Days at risk: 1 January to 20 February


DIARY = """
    date       | ill   | site
    2026-01-07 | -     | -
    2026-01-14 | -     | -
    2026-01-28 | -     | -
    2026-02-04 | false | -
    2026-02-11 | true  | -
    2026-02-18 | -     | -
"""
TWO_RUNS = "date | km\n2026-01-01 | 5\n2026-01-31 | 5"
SHIN = "site | onset_on | ended_on | state\nshin | 2026-01-10 | 2026-01-12 | ended"


def in_winter(aches: Table = SHIN, **of: Any) -> Cohort:
    return joined(aches, answers=DIARY, ran=TWO_RUNS, as_of="2026-02-20", **of)


def test_a_day_is_at_risk_where_an_onset_could_have_been_seen():
    assert_shows(spans(in_winter().at_risk), """
        from       | to
        2026-01-01 | 2026-01-10
        2026-01-27 | 2026-01-28
        2026-01-31 | 2026-02-04
        2026-02-12 | 2026-02-18
    """)  # fmt: skip
    assert_shows(spans(in_winter().at_risk, "neck"), """
        from       | to
        2026-01-01 | 2026-01-14
        2026-01-22 | 2026-01-28
        2026-01-31 | 2026-02-04
        2026-02-12 | 2026-02-18
    """)  # fmt: skip


def test_rows_and_what_is_left_out_add_up_to_every_day_and_symptom_from_the_first_answered_day():
    of = in_winter()
    assert_shows(of.exclusions.sort("reason"), """
        reason        | n_rows | n_onsets
        ill           | 77     | 0
        in_episode    | 9      | 0
        no_answer     | 99     | 0
        no_recent_run | 22     | 0
    """)  # fmt: skip
    assert of.at_risk.height + of.exclusions["n_rows"].sum() == 51 * len(SYMPTOMS)


def test_an_onset_on_a_day_that_is_left_out_is_counted_there():
    aches = f"""{SHIN.replace("site", "side | site").replace("shin", "left | shin")}
        right | shin | 2026-01-12 | 2026-01-13 | ended
        left  | neck | 2026-02-06 | 2026-02-07 | ended
        left  | heel | 2026-01-15 | 2026-01-16 | ended
        left  | knee | 2026-01-29 | 2026-01-30 | ended
    """
    of = in_winter(aches)
    assert dict(of.exclusions.select("reason", "n_onsets").rows()) == dict.fromkeys(
        ("ill", "in_episode", "no_answer", "no_recent_run"), 1
    )
    assert of.at_risk["is_onset"].sum() == 1


def test_the_day_of_an_onset_is_a_row_that_names_its_episode_and_the_days_after_are_none():
    rows = only(in_winter().at_risk, symptom="shin").filter("is_onset")
    assert_shows(rows, "date | episode_ids\n2026-01-10 | shin:left:2026-01-10")


@pytest.mark.parametrize("why", ["is_trauma", "is_prevalent", "is_onset_uncertain"])
def test_what_is_no_overuse_onset_is_none(why: str):
    of = in_winter(f"{why} | {SHIN}".replace("\n", "\ntrue | "))
    assert of.at_risk["is_onset"].sum() == 0
    first = only(of.at_risk, symptom="shin", date="2026-01-10")
    assert first.height == (0 if why == "is_prevalent" else 1)


def test_left_and_right_on_one_day_are_one_row_with_both_episodes():
    aches = SHIN.replace("site", "side | site").replace("shin", "left | shin")
    aches += "\nright | shin | 2026-01-10 | 2026-01-20 | ended"
    rows = only(in_winter(aches).at_risk, symptom="shin").filter("is_onset")
    assert_shows(rows, "episode_ids\nshin:left:2026-01-10 shin:right:2026-01-10")


def test_earlier_episodes_are_those_that_began_before_the_day_a_trauma_is_none():
    aches = """
        site | side  | is_trauma | onset_on   | ended_on   | state
        shin | left  | false     | 2026-02-01 | 2026-02-01 | ended
        shin | right | false     | 2026-02-01 | 2026-02-02 | ended
        neck | left  | false     | 2026-02-10 | 2026-02-11 | ended
        heel | left  | true      | 2026-02-20 | 2026-02-21 | ended
    """
    rows = joined(aches).at_risk
    for date_, same, of_any in (("2026-02-01", 0, 0), ("2026-02-17", 2, 3), ("2026-05-01", 2, 3)):
        assert_shows(only(rows, symptom="shin", date=date_), f"n_prior_same | n_prior_any\n{same} | {of_any}")
    for date_, same, of_any in (("2026-02-01", 0, 0), ("2026-02-02", 0, 2), ("2026-02-10", 0, 2), ("2026-03-01", 1, 3)):
        assert_shows(only(rows, symptom="neck", date=date_), f"n_prior_same | n_prior_any\n{same} | {of_any}")


def test_years_run_from_the_first_day_that_an_answer_speaks_for():
    rows = only(joined().at_risk, symptom="shin")
    assert_shows(rows.head(2), "date | years\n2026-01-01 | 0\n2026-01-02 | 100/36525")


def test_a_spike_is_a_run_more_than_a_tenth_longer_than_any_of_the_thirty_days_before():
    ran = [*RAN, {"date": day("2026-03-02"), "km": 5.5}, {"date": day("2026-03-04"), "km": 6.2}]
    rows = only(joined(ran=ran).at_risk, symptom="shin")
    assert rows.filter("is_spike")["local_date"].to_list() == [date(2026, 3, 4)]


def test_onsets_and_days_at_risk_are_those_of_the_squads_rates():
    aches = episode_rows(f"{SHIN}\nneck | 2026-02-01 | 2026-02-03 | ended\ncalf | 2026-02-12 | 2026-02-13 | ended")
    of = in_winter(aches)
    exposed = exposure(
        runners(), runs(TWO_RUNS), ache_reports(DIARY), aches, as_of=day("2026-02-20"), catalogue=CATALOGUE
    )
    counted = of.at_risk.group_by("symptom_id").agg(
        n_onsets=pl.col("is_onset").sum(), n_days_at_risk=pl.len()
    )  # fmt: skip
    assert_frame_equal(
        counted.sort("symptom_id"),
        exposed.select("symptom_id", "n_onsets", "n_days_at_risk").sort("symptom_id"),
        check_dtypes=False,
    )


# Coverage some weeks before


def test_every_onset_leads_back_to_its_reports_and_its_coverage_to_the_sets():
    answers = [
        *WEEKLY,
        {"date": day("2026-05-06"), "site": "shin", "noticed_on": day("2026-05-03"), "ache_report_id": "a1"},
        {"date": day("2026-05-13"), "site": "shin", "noticed_on": day("2026-05-04"), "ache_report_id": "a2"},
    ]
    answers = [{"ache_report_id": f"w{n:02}", "noticed_on": None, **row} for n, row in enumerate(answers)]
    aches = episodes(ache_reports(answers), as_of=day(AS_OF), catalogue=CATALOGUE)
    onset = at_lag(joined(aches, answers=answers)).filter("is_onset")
    assert_shows(onset, "date | symptom | window_end\n2026-05-03 | shin | 2026-04-12")

    told = aches.filter(pl.col("episode_id").is_in(onset["episode_ids"][0].to_list()))
    assert told["ache_report_ids"].to_list() == [["a1", "a2"]]

    sets = strength_sets(TRAINED)
    evidence = explain_coverage(
        sets, recognise(sets, as_of=day(AS_OF), catalogue=CATALOGUE), known(SEASON), IMPORTS,
        area="calves", as_of=onset["window_end"][0], catalogue=CATALOGUE,
    )  # fmt: skip
    earned = evidence.group_by("local_date").agg((pl.col("hard_sets").sum() / 4).clip(upper_bound=1))
    in_window = onset["coverage"][0][AREAS.index("calves")]
    assert in_window == pytest.approx(earned["hard_sets"].sum() / 8) == 0.3125


def any_days(n_runners: int = 4, seed: int = 1) -> tuple[Any, Any]:
    """Known and unknown days of every kind in turn, and sets on all sorts of days."""
    rng = np.random.default_rng(seed)
    kinds = ["sets", "between", "declared", "stated_none", "no_sets", "tail", "assumed", "unknown"]
    chance = [0.2, 0.25, 0.2, 0.1, 0.05, 0.05, 0.05, 0.1]
    dates = [day("2025-11-01") + timedelta(days=n) for n in range((day(AS_OF) - day("2025-11-01")).days + 1)]
    rows = [
        {"runner": f"r{n}", "from": each, "to": each, "evidence": rng.choice(kinds, p=chance)}
        for n in range(1, n_runners + 1)
        for each in dates
    ]
    moves = [CALF_RAISE, "Single-leg Romanian deadlift", "Bird dog"]
    sets = [
        {"runner": row["runner"], "date": row["from"], "exercise": rng.choice(moves), "n": int(rng.integers(1, 6))}
        for row in rows
        if rng.random() < 0.3
    ]
    return known(rows), sets


def of_all(table: Any, n_runners: int) -> list[dict[str, Any]]:
    return [{"runner": f"r{n}", **row} for n in range(1, n_runners + 1) for row in table]


@pytest.mark.parametrize("lag", [14, 21, 42])
def test_coverage_is_that_of_the_coverage_table_without_assumed_days_and_the_tail(lag: int):
    days, sets = any_days()
    of = joined(answers=of_all(WEEKLY, 4), ran=of_all(RAN, 4), sets=sets, days=days)
    rows, left_out = analysis_rows(of, lag_days=lag, catalogue=CATALOGUE)
    lagging = timedelta(days=lag)
    strict = days.with_columns(is_known=pl.col("is_known") & ~pl.col("evidence").is_in(NOT_FOR_ONSETS))
    table = coverage(recognised(sets), KnownDays.validate(strict), catalogue=CATALOGUE)
    expected = (
        of.at_risk.select("runner_id", "local_date", "symptom_id", window_end=pl.col("local_date") - lagging)
        .join(table.select("runner_id", "area_id", "coverage", window_end="local_date"), on=["runner_id", "window_end"])
        .filter(pl.col("coverage").is_not_null())
    )  # fmt: skip
    found = rows.with_columns(area_id=pl.lit(AREAS)).explode("area_id", "coverage").select(expected.columns)
    order = ["runner_id", "local_date", "symptom_id", "area_id"]
    assert_frame_equal(found.sort(order), expected.sort(order), abs_tol=1e-9, check_column_order=False)
    assert 0 < rows.height < of.at_risk.height
    assert rows.height + left_out["n_rows"].sum() == of.at_risk.height


SUNDAYS = [{"date": day("2026-01-04") + timedelta(weeks=week), "exercise": CALF_RAISE, "n": 4} for week in range(6)]
LATE = [*SUNDAYS, {"date": day("2026-02-20"), "exercise": CALF_RAISE, "n": 4}]


def calves(of: Cohort, date_: str, lag: int) -> float:
    return only(at_lag(of, lag), symptom="shin", date=date_)["coverage"].item()[AREAS.index("calves")]


def from_entries(sets: Table, said: Table = (), who: Table = "runner\nr1") -> Cohort:
    """Which days are known follows from the entries themselves."""
    days = known_days(
        runners(who), runs(RAN), recognised(sets), strength_days(said), as_of=day(AS_OF), catalogue=CATALOGUE
    )
    return joined(sets=sets, days=days)


@pytest.mark.parametrize(("date_", "n_known"), [("2026-02-18", 25), ("2026-02-20", 23), ("2026-02-21", 28)])
def test_what_a_later_entry_makes_known_counts_only_from_the_day_after_it(date_: str, n_known: int):
    """Entries on Sundays to 8 February, the next on 20 February: until then 9 to 19 February are not known."""
    assert calves(from_entries(LATE), date_, 7) == pytest.approx(4 / (n_known * 2 / 7))


def test_at_a_lag_of_a_fortnight_every_entry_that_matters_has_been_made():
    """On 22 February the window ends with the entry of 8 February, on 26 February among the days after it."""
    of = from_entries(LATE)
    assert [calves(of, each, 14) for each in ("2026-02-22", "2026-02-26")] == [4 / 8, 4 / 8]


def test_an_entry_of_another_source_does_not_make_known_what_a_later_entry_will():
    said = "date | kind\n2026-02-15 | none"
    assert calves(from_entries(LATE, said), "2026-02-18", 7) == pytest.approx(4 / (25 * 2 / 7))


@pytest.mark.parametrize("date_", ["2026-02-18", "2026-02-20"])
def test_a_log_that_is_declared_complete_needs_no_later_entry(date_: str):
    complete = "runner | strength_log | active_from\nr1 | complete | 2025-11-01"
    assert calves(from_entries(LATE, who=complete), date_, 7) == pytest.approx(4 / 8)


def test_days_before_the_log_or_before_the_first_run_are_no_history():
    later = joined(days=f"from | to\n2026-02-01 | {AS_OF}")
    rows, left_out = analysis_rows(later, lag_days=21, catalogue=CATALOGUE)
    assert rows["local_date"].min() == day("2026-02-01") + timedelta(days=21 + 19)  # 20 of 28 days are enough
    assert_shows(left_out.sort("reason"), f"""
        reason           | n_rows          | n_onsets
        coverage_unknown | {19 * len(SYMPTOMS)} | 0
        no_history       | {52 * len(SYMPTOMS)} | 0
    """)  # fmt: skip
    ran = joined(ran=RAN[16:])  # from 21 February on
    assert at_lag(ran)["local_date"].min() == day("2026-02-21") + timedelta(days=21)


# Washout: the window of a day is 48 to 21 days before it


NECK = "site | onset_on | ended_on | state\nneck | 2026-02-05 | 2026-02-12 | ended"
UNTIL, AGAIN = "2026-02-05", "2026-04-02"  # 12 February + 48 days is 1 April


def first_and_again(aches: Table, symptom: str = "shin", lag: int = 21, **of: Any) -> list[tuple[str, str]]:
    found = spans(at_lag(joined(aches, **of), lag), symptom)
    return [(str(row["from"]), str(row["to"])) for row in found.iter_rows(named=True)]


@pytest.mark.parametrize("symptom", ["shin", "neck"])
def test_a_row_is_washed_out_from_the_day_after_an_onset_until_its_window_has_left_the_episode(symptom: str):
    assert first_and_again(NECK, symptom) == [("2026-01-01", UNTIL), (AGAIN, AS_OF)]


@pytest.mark.parametrize("lag", [14, 28, 42])
def test_the_longer_the_lag_the_longer_the_washout(lag: int):
    again = str(day("2026-02-12") + timedelta(days=lag + 28))
    assert first_and_again(NECK, lag=lag)[-1] == (again, AS_OF)


def test_an_onset_does_not_wash_itself_out_nor_another_of_the_same_day():
    rows = at_lag(joined(f"{NECK}\nshin | 2026-02-05 | 2026-02-06 | ended\nheel | 2026-02-06 | 2026-02-07 | ended"))
    assert_shows(rows.filter("is_onset").sort("symptom_id"), "symptom | date\nneck | 2026-02-05\nshin | 2026-02-05")


def test_without_the_washout_the_onset_stays_and_what_is_left_out_counts_it_otherwise():
    of = joined(f"{NECK}\nheel | 2026-02-06 | 2026-02-07 | ended")
    assert at_lag(of, has_washout=False).filter("is_onset").height == 2
    left_out = analysis_rows(of, lag_days=21, catalogue=CATALOGUE)[1]
    assert_shows(only(left_out, reason="washed_out"), "n_onsets\n1")


@pytest.mark.parametrize(("site", "why"), [("calf", ""), ("chest", ""), ("breath", ""), ("neck", "is_prevalent"),
                                           ("neck", "is_onset_uncertain")])  # fmt: skip
def test_an_ache_of_any_place_that_is_no_trauma_washes_out(site: str, why: str):
    aches = NECK.replace("neck", site)
    aches = f"{why} | {aches}".replace("\n", "\ntrue | ") if why else aches
    assert first_and_again(aches) == [("2026-01-01", UNTIL), (AGAIN, AS_OF)]


def test_a_trauma_washes_nothing_out():
    assert first_and_again(f"is_trauma | {NECK}".replace("\n", "\ntrue | ")) == [("2026-01-01", AS_OF)]


def test_an_open_episode_lasts_until_the_day_of_calculation_and_a_silent_one_two_weeks_past_its_last_report():
    ache = "site | onset_on | last_reported_on | state\nneck | 2026-02-05 | 2026-02-12 | {}"
    assert first_and_again(ache.format("open")) == [("2026-01-01", UNTIL)]
    assert first_and_again(ache.format("silent")) == [("2026-01-01", UNTIL), ("2026-04-16", AS_OF)]


def test_a_long_episode_washes_out_although_a_shorter_one_began_later():
    aches = f"{NECK.replace('02-12', '03-01')}\nheel | 2026-02-10 | 2026-02-11 | ended"
    assert first_and_again(aches) == [("2026-01-01", UNTIL), ("2026-04-19", AS_OF)]


def test_an_ache_before_the_diary_or_the_log_washes_out_as_well():
    aches = "site | onset_on | ended_on | state\nneck | 2025-06-01 | 2025-12-01 | ended"
    assert first_and_again(aches) == [("2026-01-19", AS_OF)]


def test_the_aches_of_one_runner_do_not_wash_out_another():
    aches = NECK.replace("site", "runner | site").replace("neck", "r2 | neck")
    days = f"runner | from | to\nr1 | 2025-11-01 | {AS_OF}\nr2 | 2025-11-01 | {AS_OF}"
    rows = at_lag(joined(aches, answers=of_all(WEEKLY, 2), ran=of_all(RAN, 2), days=days))
    assert_shows(spans(rows, runner="r1"), f"from | to\n2026-01-01 | {AS_OF}")
    assert spans(rows, runner="r2").height == 2


# Coverage after the day, a negative control


def test_future_coverage_is_that_of_the_four_weeks_that_begin_four_weeks_later():
    of = joined()
    rows = with_future(at_lag(of), of, catalogue=CATALOGUE)
    told = only(rows, symptom="shin").select(
        "local_date", "future_end", future=pl.col("future_coverage").list.get(AREAS.index("calves"))
    )
    assert told["local_date"].max() == day(AS_OF) - timedelta(days=55)
    assert_shows(told.filter(pl.col("local_date").is_in([day("2026-01-05"), day("2026-03-09"), day("2026-04-02")])), """
        date       | future_end | future
        2026-01-05 | 2026-03-01 | 0.25
        2026-03-09 | 2026-05-03 | 0.5
        2026-04-02 | 2026-05-27 | 0.25
    """)  # fmt: skip


def test_future_windows_that_touch_an_episode_are_left_out_also_that_of_the_row():
    """The window of a day is 28 to 55 days after it: an episode of 5 to 12 April touches those of 9 Feb to 15 March."""
    of = joined(NECK.replace("2026-02", "2026-04"))
    rows = with_future(at_lag(of), of, catalogue=CATALOGUE)
    assert_shows(spans(rows), "from | to\n2026-01-01 | 2026-02-08\n2026-03-16 | 2026-04-02")
    long = joined("site | onset_on | ended_on | state\nshin | 2026-01-20 | 2026-02-17 | ended")
    rows = with_future(at_lag(long), long, catalogue=CATALOGUE)
    assert rows["is_onset"].sum() == 0  # the ache of 20 January reaches the first day of its window
    short = joined("site | onset_on | ended_on | state\nshin | 2026-01-20 | 2026-02-16 | ended")
    assert with_future(at_lag(short), short, catalogue=CATALOGUE)["is_onset"].sum() == 1


def test_future_windows_that_are_not_known_are_left_out():
    of = joined(days="from | to | evidence\n2025-11-01 | 2026-03-31 | declared\n2026-04-01 | 2026-05-27 | unknown")
    rows = with_future(at_lag(of), of, catalogue=CATALOGUE)
    assert rows["future_end"].max() == day("2026-04-08")  # 20 of 28 days are known


# The naive reading


def test_as_reported_an_ache_begins_on_the_day_of_its_report_and_keeps_its_name():
    aches = episode_rows("""
        site | onset_on   | first_reported_on | ended_on   | state
        shin | 2026-02-05 | 2026-02-11        | 2026-02-14 | ended
    """)
    assert_shows(as_reported(aches), """
        episode_id           | onset_on   | first_reported_on
        shin:left:2026-02-05 | 2026-02-11 | 2026-02-11
    """)  # fmt: skip
    rows = at_lag(joined(as_reported(aches)), has_washout=False)
    assert_shows(rows.filter("is_onset"), "date | episode_ids\n2026-02-11 | shin:left:2026-02-05")
    assert only(rows, symptom="shin", date="2026-02-08").height == 1


# Several runners, thinning


def squad(n_runners: int = 6, keep: pl.DataFrame | None = None, only_runners: list[str] | None = None) -> Cohort:
    """Runners with an ache or two each, at places and on days of their own."""
    days, sets = any_days(n_runners)
    sites = ["shin", "neck", "heel", "knee", "ankle", "calf"]
    aches = episode_rows([
        {"runner": f"r{n}", "site": sites[(n + k) % 6], "onset_on": day("2026-01-10") + timedelta(days=9 * n + 50 * k),
         "ended_on": day("2026-01-14") + timedelta(days=10 * n + 50 * k), "state": "ended"}
        for n in range(1, n_runners + 1) for k in range(2)
    ])  # fmt: skip
    answers, ran = ache_reports(of_all(WEEKLY, n_runners)), runs(of_all(RAN, n_runners))
    tables = (ran, answers, recognised(sets), days, running_load(ran, as_of=day(AS_OF), catalogue=CATALOGUE), aches)
    if only_runners is not None:
        tables = tuple(table.filter(pl.col("runner_id").is_in(only_runners)) for table in tables)
    return cohort(*tables, as_of=day(AS_OF), catalogue=CATALOGUE, keep=keep)


def few(share: float = 0.1) -> pl.DataFrame:
    return pl.DataFrame({"symptom_id": SYMPTOMS, "sampled_share": [share] * len(SYMPTOMS)})


@pytest.mark.parametrize("keep", [None, few()])
def test_cohorts_of_different_runners_add_up_to_the_cohort_of_all(keep: pl.DataFrame | None):
    whole = squad(keep=keep)
    parts = combine(
        [squad(keep=keep, only_runners=["r1", "r4", "r5"]), squad(keep=keep, only_runners=["r2", "r3", "r6"])]
    )
    for lag in (7, 21):
        (rows, left_out), (rows_2, left_out_2) = (
            analysis_rows(of, lag_days=lag, catalogue=CATALOGUE) for of in (whole, parts)
        )
        assert_frame_equal(rows, rows_2)
        assert_frame_equal(left_out, left_out_2)
    assert_frame_equal(whole.exclusions, parts.exclusions, check_row_order=False)
    later, later_2 = (with_future(at_lag(of), of, catalogue=CATALOGUE) for of in (whole, parts))
    assert_frame_equal(later, later_2)


def test_the_cohort_of_nobody_is_empty():
    of = combine([])
    assert (of.at_risk.height, of.days.height, of.exclusions.height) == (0, 0, 0)
    assert at_lag(of).height == 0


def test_thinning_keeps_every_onset_and_of_the_other_days_the_same_ones_each_time():
    whole, thin = squad(), squad(keep=few())
    assert_frame_equal(thin.at_risk, squad(keep=few()).at_risk)
    days = ["runner_id", "local_date", "symptom_id"]
    assert_frame_equal(whole.at_risk.filter("is_onset"), thin.at_risk.filter("is_onset"))
    others = thin.at_risk.filter(~pl.col("is_onset"))
    assert others.join(whole.at_risk, on=days, how="anti").height == 0
    n, expected = others.height, 0.1 * (~whole.at_risk["is_onset"]).sum()
    assert abs(n - expected) < 4 * expected**0.5
    assert set(others["sampled_share"]) == {0.1}
    assert_frame_equal(whole.exclusions, thin.exclusions)


def test_a_larger_share_keeps_what_a_smaller_one_keeps():
    days = ["runner_id", "local_date", "symptom_id"]
    small, large = squad(keep=few(0.05)).at_risk, squad(keep=few(0.3)).at_risk
    assert small.join(large, on=days, how="anti").height == 0


def test_which_days_are_kept_says_nothing_of_runner_day_or_symptom():
    dates = pl.date_range(date(2024, 1, 1), date(2025, 12, 31), eager=True)
    symptoms = pl.DataFrame({"symptom_id": SYMPTOMS})
    days = pl.DataFrame({"runner_id": [f"s{n:05}" for n in range(20)]}).join(
        pl.DataFrame({"local_date": dates}), how="cross"
    )
    grid = days.join(symptoms, how="cross")
    kept = thinned(days, symptoms, few(0.2))
    assert kept.height / grid.height == pytest.approx(0.2, abs=0.004)
    for by, each in (("runner_id", 20), ("symptom_id", len(SYMPTOMS))):
        shares = kept.group_by(by).len()["len"] / (grid.height / each)
        spread = (0.2 * 0.8 / (grid.height / each)) ** 0.5
        assert shares.len() == each
        assert (shares - 0.2).abs().max() < 4.5 * spread
    marked = grid.join(kept, on=grid.columns, how="left").with_columns(pl.col("sampled_share").is_not_null())
    for by in (["runner_id", "symptom_id"], ["local_date", "symptom_id"], ["runner_id", "local_date"]):
        following = pl.col("sampled_share").shift(1).over(by)
        both = marked.with_columns(following=following).drop_nulls("following")
        both = both.select((pl.col("sampled_share") & pl.col("following")).mean()).item()
        assert both == pytest.approx(0.04, abs=0.0025)


def test_days_are_thinned_only_where_they_are_too_many_and_fifty_an_onset_are_kept():
    counts = pl.DataFrame({
        "symptom_id": SYMPTOMS[:3], "n_onsets": [10, 0, 400], "n_days_at_risk": [399_000, 900, 101],
    })  # fmt: skip
    assert_frame_equal(
        sampling(counts, CATALOGUE),
        pl.DataFrame({"symptom_id": SYMPTOMS[:3], "sampled_share": [500 / 399_000, 50 / 900, 1]}),
    )
    assert sampling(counts.with_columns(n_days_at_risk=pl.lit(100)), CATALOGUE) is None
    assert sampling(counts.clear(), CATALOGUE) is None


def test_what_is_left_out_is_scaled_up_again():
    whole, thin = (analysis_rows(of, lag_days=21, catalogue=CATALOGUE)[1] for of in (squad(), squad(keep=few(0.2))))
    both = whole.join(thin, on="reason", suffix="_thin", validate="1:1")
    assert both.height == whole.height
    assert ((both["n_rows_thin"] - both["n_rows"]).abs() < 4 * (5 * both["n_rows"]).sqrt()).all()
    assert (both["n_onsets_thin"] == both["n_onsets"]).all()


# What must not matter


def test_shifting_all_dates_by_four_weeks_shifts_the_rows_and_nothing_else():
    later = timedelta(weeks=4)

    def of(shift: timedelta) -> Cohort:
        shifted = [[{**row, "date": row["date"] + shift} for row in table] for table in (WEEKLY, RAN, TRAINED)]
        span = {"onset_on": day("2026-02-05") + shift, "ended_on": day("2026-02-12") + shift}
        aches = episode_rows([{"site": "neck", "state": "ended", **span}])
        days = known([{"from": day("2025-11-01") + shift, "to": day(AS_OF) + shift}])
        return joined(aches, answers=shifted[0], ran=shifted[1], sets=shifted[2], days=days,
                      as_of=str(day(AS_OF) + shift))  # fmt: skip

    now_of, then_of = of(timedelta()), of(later)
    for lag in MODEL_LAGS:
        now, then = at_lag(now_of, lag), at_lag(then_of, lag)
        shifted = now.with_columns(pl.col("local_date", "window_end") + later).drop("episode_ids")
        assert_frame_equal(shifted, then.drop("episode_ids"))


def test_neither_the_order_of_rows_nor_the_names_of_runners_matter():
    days, sets = any_days(3)
    aches = episode_rows([
        {"runner": f"r{n}", "site": "neck", "onset_on": day("2026-02-05") + timedelta(days=n), "state": "open"}
        for n in range(1, 4)
    ])  # fmt: skip
    answers, ran = ache_reports(of_all(WEEKLY, 3)), runs(of_all(RAN, 3))
    load = running_load(ran, as_of=day(AS_OF), catalogue=CATALOGUE)
    tables = (ran, answers, recognised(sets), days, load, aches)
    names = {"r1": "Zoe", "r2": "a-1", "r3": "M_2"}

    def of(change: Any) -> Any:
        changed = [type_of.pipe(change) for type_of in tables]
        return at_lag(cohort(*changed, as_of=day(AS_OF), catalogue=CATALOGUE), 7)

    plain = of(lambda table: table)
    assert_frame_equal(plain, of(lambda table: table.sample(fraction=1, shuffle=True, seed=3)))
    renamed = of(lambda table: table.with_columns(pl.col("runner_id").replace(names)))
    assert_frame_equal(
        plain.with_columns(pl.col("runner_id").replace(names)).sort("runner_id", "local_date", "symptom_id"), renamed
    )


# Odd logs


ODD: dict[str, dict[str, Any]] = {
    "no answers at all": {"answers": ()},
    "no runs": {"ran": ()},
    "no strength log": {"sets": (), "days": KnownDays.create_empty()},
    "no runs, no answers, no log": {"answers": (), "ran": (), "sets": (), "days": KnownDays.create_empty()},
    "always ill": {"answers": [{**row, "ill": True} for row in WEEKLY]},
    "calculated before anything was logged": {"as_of": "2025-10-31", "answers": (), "ran": (), "sets": (),
                                              "days": KnownDays.create_empty()},
}  # fmt: skip


@pytest.mark.parametrize("of", ODD.values(), ids=ODD)
def test_a_log_that_says_too_little_gives_no_rows_and_no_error(of: dict[str, Any]):
    aches = NECK if of.get("as_of") is None else ()
    found = joined(aches, **of)
    for lag in MODEL_LAGS:
        rows = at_lag(found, lag)
        assert rows.height == 0
        assert with_future(rows, found, catalogue=CATALOGUE).height == 0


def test_a_log_of_one_day_is_one_day_at_risk_without_a_history():
    of = joined(answers="date | site\n2026-01-07 | -", ran="date | km\n2026-01-07 | 5", sets=(),
                days="from | to\n2026-01-07 | 2026-01-07", as_of="2026-01-07")  # fmt: skip
    assert of.at_risk.height == len(SYMPTOMS)
    assert_shows(
        analysis_rows(of, lag_days=21, catalogue=CATALOGUE)[1], f"reason | n_rows\nno_history | {len(SYMPTOMS)}"
    )


def test_runs_without_a_distance_are_runs_and_never_spikes():
    of = joined(ran=[{**row, "km": None} for row in RAN])
    rows = at_lag(of)
    assert rows.height == joined().at_risk.height
    assert set(rows["chronic_km_per_day"]) == {0.0}
    assert not of.at_risk["is_spike"].any()


def test_a_distance_that_is_not_a_number_is_refused_at_the_door():
    with pytest.raises(ValidationError):
        runs([{"date": day("2026-01-01"), "km": float("nan")}])


def test_an_onset_of_every_runner_on_one_day_is_a_row_each():
    aches = [
        {
            "runner": f"r{n}",
            "site": "shin",
            "onset_on": day("2026-03-01"),
            "ended_on": day("2026-03-03"),
            "state": "ended",
        }
        for n in range(1, 4)
    ]
    days = f"runner | from | to\nr1 | 2025-11-01 | {AS_OF}\nr2 | 2025-11-01 | {AS_OF}\nr3 | 2025-11-01 | {AS_OF}"
    rows = at_lag(joined(aches, answers=of_all(WEEKLY, 3), ran=of_all(RAN, 3), days=days)).filter("is_onset")
    assert_shows(rows, "runner | date\nr1 | 2026-03-01\nr2 | 2026-03-01\nr3 | 2026-03-01")


def test_an_answer_given_twice_counts_once():
    twice = joined(NECK, answers=[*WEEKLY, *WEEKLY])
    assert_frame_equal(at_lag(twice), at_lag(joined(NECK)))
    assert_frame_equal(twice.exclusions, joined(NECK).exclusions)


def test_no_episodes_give_rows_without_an_onset():
    rows = at_lag(joined(Episodes.create_empty()))
    assert rows.height == 147 * len(SYMPTOMS)
    assert not rows["is_onset"].any()
    assert rows["episode_ids"].list.len().sum() == 0
