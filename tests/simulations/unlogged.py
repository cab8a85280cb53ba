"""How often a runner who trains is called under target because a fortnight was not logged, judged on every night."""

from datetime import timedelta

import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.coverage import coverage
from runfix_analytics.known_days import known_days
from runfix_analytics.made_up_lives import Scenario
from runfix_analytics.recognition import recognise
from runfix_analytics.simulation import FIRST_DAY, simulate
from runfix_analytics.tables import KnownDays, StrengthDays, StrengthSets

UNLOGGED = Scenario("unlogged_fortnights", unlogged_share=0.25, idle_share=0.0)
UNDER = ("under_target", "under_floor")


def judged(
    catalogue: Catalogue, seed: int, n_runners: int = 100, n_days: int = 730, every: int = 1
) -> dict[str, float]:
    """Over all nights, runners and areas that are truly covered from 0.75 on: what their page says.

    Each night knows the logs up to that night only. Of the log, what can matter is read: the window, and the longest
    gap between entries before it.
    """
    squad = simulate(UNLOGGED, n_runners=n_runners, n_days=n_days, seed=seed, catalogue=catalogue)
    window, reach = catalogue.days("coverage.window"), catalogue.days("coverage.max_entry_gap")
    logs, on_target = squad.logs, catalogue.number("coverage.on_target")
    counts = {"n": 0, "false_under": 0, "not_known": 0, "on_target": 0}
    for night in range(window + reach, n_days, every):
        as_of = FIRST_DAY + timedelta(days=night)
        recent = pl.col("local_date").is_between(as_of - timedelta(days=window + reach), as_of)
        sets = recognise(StrengthSets.cast(logs.strength_sets.filter(recent)), as_of=as_of, catalogue=catalogue)
        said = StrengthDays.cast(logs.strength_days.filter(recent))
        days = known_days(logs.runners, logs.runs.clear(), sets, said, as_of=as_of, catalogue=catalogue)
        in_window = KnownDays.cast(days.filter(pl.col("local_date") > as_of - timedelta(days=window)))
        today = coverage(sets, in_window, catalogue=catalogue).filter(pl.col("local_date") == as_of)
        place = {area: number for number, area in enumerate(catalogue.areas)}
        for row in today.select("runner_id", "area_id", "status").iter_rows():
            if squad.lives.coverage[squad.lives.n_burn_in + night, int(row[0][1:]), place[row[1]]] >= on_target:
                counts["n"] += 1
                counts["false_under"] += row[2] in UNDER
                counts["not_known"] += row[2] == "not_known"
                counts["on_target"] += row[2] == "on_target"
    return counts
