"""A made-up squad as a store with full inboxes: export files to try the product on."""

from datetime import UTC, date, datetime, time
from random import Random

import polars as pl

from runfix_analytics.errors import ConfigError
from runfix_analytics.places import ObjectPath, Place, place_of
from runfix_analytics.runner_lists import RUNNER_COLUMNS
from runfix_analytics.sample_files import (
    AcheAnswer,
    Activity,
    StrengthSet,
    Workout,
    ache_form_csv,
    hevy_csv,
    strava_csv,
)
from runfix_analytics.simulation import Simulated
from runfix_analytics.store import Store

_RUN_AT, _STRENGTH_AT = time(7), time(18)
_REPS = 12


def write_squad(squad: Simulated, root: Place | str) -> Store:
    """A new store at `root`: runners.csv, made-up names, and for each runner a Strava, a Hevy and an ache-form export.

    Raises: ConfigError when there is something at `root` already.
    """
    root = place_of(root)
    if (isinstance(root, ObjectPath) or root.exists()) and any(root.iterdir()):
        raise ConfigError(f"{root} is not empty; choose a new folder")
    store = Store.create(root)
    logs = squad.logs
    rows = [
        ",".join([r["runner_id"], "UTC", r["units"], "", str(r["active_from"]), "", r["strength_log"]])
        for r in logs.runners.iter_rows(named=True)
    ]
    names = [f"{runner},Runner {number:03}" for number, runner in enumerate(logs.runners["runner_id"], 1)]
    store.write_private(root / "runners.csv", "\n".join([",".join(RUNNER_COLUMNS), *rows, ""]).encode())
    store.write_private(root / "names.csv", "\n".join(["runner_id,name", *names, ""]).encode())
    rng = Random(0)  # decimals of heart rates and the like, of no consequence
    for runner in logs.runners["runner_id"]:
        files = {
            "activities.csv": strava_csv(_activities(logs.runs, runner), rng),
            "hevy.csv": hevy_csv(_workouts(logs.strength_sets, runner)),
            "aches.csv": ache_form_csv(_answers(logs.ache_reports, runner)),
        }
        for name, text in files.items():
            store.write_private(root / "inbox" / runner / name, text.encode())
    return store


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, tzinfo=UTC)


def _of(frame: pl.DataFrame, runner: str) -> pl.DataFrame:
    return frame.filter(pl.col("runner_id") == runner)


def _activities(runs: pl.DataFrame, runner: str) -> list[Activity]:
    return [
        Activity(_at(row["local_date"], _RUN_AT), round(row["duration_s"]), row["distance_m"], title="Run")
        for row in _of(runs, runner).iter_rows(named=True)
    ]


def _workouts(sets: pl.DataFrame, runner: str) -> list[Workout]:
    by_day = _of(sets, runner).sort("local_date", "set_id").group_by("local_date", maintain_order=True)
    return [
        Workout(_at(day, _STRENGTH_AT), "Strength", tuple(StrengthSet(name, reps=_REPS) for name in names))
        for day, names in by_day.agg("logged_as").iter_rows()
    ]


def _answers(reports: pl.DataFrame, runner: str) -> list[AcheAnswer]:
    return [
        AcheAnswer(
            runner=runner,
            report_id=row["ache_report_id"],
            date_reported=row["reported_on"],
            onset_date=row["noticed_on"],
            onset_type="" if row["is_no_aches"] else row["onset_type"],
            site=row["logged_site"] or "",
            side="" if row["is_no_aches"] else row["side"],
            status=row["status"] or "",
            resolved_date=row["resolved_on"],
        )
        for row in _of(reports, runner).sort("reported_on", "ache_report_id").iter_rows(named=True)
    ]
