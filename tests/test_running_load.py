"""How much was run, and whether a run stood out: method.md §2."""

from datetime import date, timedelta
from math import exp

import pytest
from logs import CATALOGUE, assert_shows, day, only, runs

from runfix_analytics.running_load import running_load
from runfix_analytics.tables import RunningLoad


def load(table, *, as_of):
    return running_load(runs(table), as_of=day(as_of), catalogue=CATALOGUE)


def test_runs_of_one_day_are_added_up_and_days_without_a_run_are_zero():
    rows = load(
        """
        date       | distance_m | duration_s | ascent_m | rpe
        2026-01-05 | 5000       | 1800       | 20       | 4
        2026-01-05 | 3000       | 1200       | -        | -
        2026-01-07 | -          | 600        | -        | 6
        """,
        as_of="2026-01-08",
    )
    assert_shows(rows, """
        date       | n_runs | distance_m | duration_s | ascent_m | longest_run_m | srpe_load | spike_ratio | spike
        2026-01-05 | 2      | 8000       | 3000       | 20       | 5000          | 120       | -           | -
        2026-01-06 | 0      | 0          | 0          | 0        | -             | -         | -           | -
        2026-01-07 | 1      | 0          | 600        | 0        | -             | 60        | -           | -
        2026-01-08 | 0      | 0          | 0          | 0        | -             | -         | -           | -
    """)  # fmt: skip


@pytest.mark.parametrize(
    ("km", "ratio", "spike"),
    [
        (9.0, 0.9, "none"),
        (11.0, 1.1, "none"),
        (11.001, 1.1001, "small"),
        (13.0, 1.3, "small"),
        (13.001, 1.3001, "medium"),
        (20.0, 2.0, "medium"),
        (20.001, 2.0001, "large"),
    ],
)
def test_a_spike_is_classed_by_how_far_it_passes_the_longest_run_of_the_month_before(km, ratio, spike):
    rows = load(
        f"""
        date       | km
        2026-01-01 | 5
        2026-01-20 | 10
        2026-02-01 | 4
        2026-02-01 | {km}
        """,
        as_of="2026-02-01",
    )
    assert_shows(only(rows, date="2026-02-01"), f"spike_ratio | spike\n{ratio} | {spike}")


def test_the_first_thirty_days_of_a_log_have_no_spike():
    every_day = [{"date": date(2026, 1, 1) + timedelta(days=i), "km": 10.0} for i in range(32)]
    rows = load(every_day, as_of="2026-02-01")
    assert rows["spike_ratio"].to_list() == [None] * 30 + [1.0, 1.0]


def test_the_month_before_ends_the_day_before_and_holds_thirty_days():
    rows = load(
        """
        date       | km
        2026-01-01 | 5
        2026-02-01 | 8
        2026-03-03 | 10
        2026-04-03 | 10
        """,
        as_of="2026-04-03",
    )
    assert_shows(rows.filter(rows["n_runs"] > 0), """
        date       | spike_ratio | spike
        2026-01-01 | -           | -
        2026-02-01 | -           | -
        2026-03-03 | 1.25        | small
        2026-04-03 | -           | -
    """)  # fmt: skip


def test_a_run_without_distance_has_no_spike_and_is_no_comparison():
    rows = load("date | km\n2026-01-01 | 5\n2026-01-20 | -\n2026-02-10 | 5\n2026-02-11 | -", as_of="2026-02-11")
    assert_shows(rows.filter(rows["n_runs"] > 0), """
        date       | longest_run_m | spike_ratio
        2026-01-01 | 5000          | -
        2026-01-20 | -             | -
        2026-02-10 | 5000          | -
        2026-02-11 | -             | -
    """)  # fmt: skip


def test_another_export_of_the_same_run_is_not_counted():
    rows = load(
        """
        run_id | date       | km | duplicate_of
        a      | 2026-01-05 | 5  | -
        b      | 2026-01-05 | 5  | a
        """,
        as_of="2026-01-05",
    )
    assert_shows(rows, "n_runs | distance_m\n1 | 5000")


def test_runs_after_the_day_of_calculation_are_not_seen():
    rows = load("date | km\n2026-01-05 | 5\n2026-01-07 | 9", as_of="2026-01-06")
    assert_shows(rows, "date | distance_m\n2026-01-05 | 5000\n2026-01-06 | 0")


def test_acute_and_chronic_load_are_exponential_means_of_the_daily_kilometres():
    km = [5.0, 0.0, 0.0, 12.5, 3.0, 0.0, 0.0, 0.0, 21.1, 0.0, 7.0]
    first = date(2026, 2, 24)
    logged = [{"date": first + timedelta(days=i), "km": each} for i, each in enumerate(km) if each]
    rows = load(logged, as_of="2026-03-06")

    def mean(until, time_constant):
        weights = [exp(-(until - i) / time_constant) for i in range(until + 1)]
        return sum(w * each for w, each in zip(weights, km, strict=False)) / sum(weights)

    assert rows["acute_km_per_day"].to_list() == pytest.approx([mean(i, 7) for i in range(len(km))], abs=1e-12)
    assert rows["chronic_km_per_day"].to_list() == pytest.approx([mean(i, 28) for i in range(len(km))], abs=1e-12)


def test_runners_have_their_own_calendar_and_history():
    rows = load(
        """
        runner | date       | km
        r1     | 2026-01-01 | 20
        r2     | 2026-01-30 | 10
        r1     | 2026-01-31 | 10
        r2     | 2026-01-31 | 10
        """,
        as_of="2026-01-31",
    )
    assert_shows(rows.filter(rows["n_runs"] > 0), """
        runner | date       | spike_ratio | acute_km_per_day
        r1     | 2026-01-01 | -           | 20
        r1     | 2026-01-31 | 0.5         | 1.5917157
        r2     | 2026-01-30 | -           | 10
        r2     | 2026-01-31 | -           | 10
    """.replace("1.5917157", str(_two_runs(20, 10, 30, 7))))  # fmt: skip


def test_an_empty_log_gives_no_load():
    assert load((), as_of="2026-01-05").equals(RunningLoad.create_empty())


def test_one_run_gives_one_row():
    assert_shows(load("date | km\n2028-02-29 | 5", as_of="2028-02-29"), """
        date       | n_runs | distance_m | longest_run_m | acute_km_per_day | chronic_km_per_day | spike
        2028-02-29 | 1      | 5000       | 5000          | 5                | 5                  | -
    """)  # fmt: skip


def _two_runs(first_km, last_km, days, time_constant):
    weights = [exp(-i / time_constant) for i in range(days + 1)]
    return (last_km * weights[0] + first_km * weights[days]) / sum(weights)
