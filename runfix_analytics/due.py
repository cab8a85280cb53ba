"""What a night has to do: of each stage the runners for whom it would not come out as it stands.

A key is a digest of all that a stage's rows or pages of one runner depend on. A stage works on a runner whose key is
not the stamp that the stage left the last time; see stamps.
"""

import json
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import dataframely as dy
import polars as pl

from runfix_analytics import publishing, stamps
from runfix_analytics.assessment import Logs, Squad
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.cohort_results import outcome, read_cohort, study_day
from runfix_analytics.marks import said_of
from runfix_analytics.places import holding
from runfix_analytics.squad_study import stored_squad
from runfix_analytics.store import STAMPS, Store
from runfix_analytics.tables import Runners

SURVEY, ASSESS, PUBLISH = "survey", "assess", "publish"
STAGES = (SURVEY, ASSESS, PUBLISH)
_LOGGED = "logged until the study's day"
_DAILY = "tables by day"
_NOT_OF_THE_LOG = ("import_id", "source_row", "run_id", "set_id", "ache_report_id", "duplicate_of", "duplicate_rule")


def due(store: Store, stage: str, runners: dy.DataFrame[Runners], as_of: date, catalogue: Catalogue) -> dict[str, str]:
    """Runner id → key, of those runners on whom a stage has to work."""
    if runners.is_empty():
        return {}
    keys = _keys(store, stage, runners, as_of, catalogue)
    stamped = stamps.read(store, keys)
    same = [runner for runner, key in keys.items() if stamped[runner].get(stage) == key]
    made = _published(store, same) if stage == PUBLISH else set(same)
    return {runner: key for runner, key in keys.items() if runner not in made}


def done(store: Store, stage: str, keys: Mapping[str, str], left_out: Collection[str] = ()) -> None:
    """Leaves the stamps of a stage that worked on these runners but for those left out, whom it works on again.

    Pages are due after any earlier stage: they also show the advice of earlier days, which no key of today's holds.
    """
    new = {runner: None if runner in left_out else key for runner, key in keys.items()}
    stamps.write(store, {runner: {PUBLISH: None, stage: key} for runner, key in new.items()})


def _keys(
    store: Store, stage: str, runners: dy.DataFrame[Runners], as_of: date, catalogue: Catalogue
) -> dict[str, str]:
    own = {runner: stamps.digest(of, as_of) for runner, of in logs(store, runners, catalogue).items()}
    if stage == SURVEY:
        return own
    if stage == ASSESS:
        of_all = _of_squad(stored_squad(store, as_of, catalogue))
        return {runner: stamps.digest(key, of_all) for runner, key in own.items()}
    return _of_pages(store, own, as_of, catalogue)


def logs(store: Store, runners: dy.DataFrame[Runners], catalogue: Catalogue) -> dict[str, str]:
    """Runner id → digest of what tables by day depend on but the day: program, catalogue, settings and logs."""
    rows = {row["runner_id"]: row for row in runners.iter_rows(named=True)}
    ledger = stamps.of_ledger(store, rows)
    common = (stamps.program(), catalogue.version)
    return {runner: stamps.digest(*common, sorted(row.items()), ledger.get(runner, "")) for runner, row in rows.items()}


def daily_until(store: Store, logged: Mapping[str, str], as_of: date) -> dict[str, date]:
    """Runner id → the day before `as_of` until which the stored tables by day stand; `logged` is what `logs` found."""
    until = dict[str, date]()
    for runner, of in stamps.read(store, logged).items():
        day, _, then = of.get(_DAILY, "").partition(" ")
        if then == logged[runner] and date.fromisoformat(day) < as_of:
            until[runner] = date.fromisoformat(day)
    return until


def note_daily(store: Store, logged: Mapping[str, str], as_of: date) -> None:
    """Leaves the stamps of tables by day that are stored until `as_of`."""
    stamps.write(store, {runner: {_DAILY: f"{as_of} {of}"} for runner, of in logged.items()})


def _of_squad(of: Squad) -> str:
    return stamps.digest(of.lag_days, of.rates.rows(), of.verdicts.rows())


def _of_pages(store: Store, own: Mapping[str, str], as_of: date, catalogue: Catalogue) -> dict[str, str]:
    """Pages show what the earlier stages really made, with names, marks, settings and the squad's own study."""
    made, names, marks = stamps.read(store, own), store.names(), said_of(store.marks(), as_of, catalogue)
    common = stamps.digest(store.settings(), outcome(read_cohort(store, as_of)))
    return {
        runner: stamps.digest(
            key,
            common,
            *(made[runner].get(stage) for stage in (SURVEY, ASSESS)),
            names.get(runner, ""),
            [sorted(mark.items()) for mark in marks.get(runner, ())],
        )
        for runner, key in own.items()
    }


def _published(store: Store, runners: Collection[str]) -> set[str]:
    """Those of some runners whose files are all there."""
    if not runners:
        return set()
    files = publishing.runner_files(store, next(iter(runners)))
    return holding(store.root / "reports", runners, [path.name for path in files])


# what all runners together are the reason for


def logged_until_study(logs: Logs, as_of: date) -> dict[str, str]:
    """Runner id → digest of what was logged up to the study's day, the same whichever file it came in."""
    day = study_day(as_of)
    parts = [
        stamps.of_frame(_once(frame.filter(pl.col(column) <= day)))
        for frame, column in (
            (logs.runs, "local_date"),
            (logs.strength_sets, "local_date"),
            (logs.strength_days, "local_date"),
            (logs.ache_reports, "reported_on"),
        )
    ]
    return {runner: stamps.digest(*(part.get(runner, "") for part in parts)) for runner in logs.runners["runner_id"]}


def _once(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows that count, without what names the file that they came in."""
    if "duplicate_of" in frame.columns:
        return frame.filter(pl.col("duplicate_of").is_null()).drop(_NOT_OF_THE_LOG, strict=False)
    return frame.drop(_NOT_OF_THE_LOG, strict=False).unique()


def note_logged(store: Store, logged: Mapping[str, str], as_of: date) -> None:
    """Keeps what `logged_until_study` found, for the key of the study."""
    day = study_day(as_of)
    stamps.write(store, {runner: {_LOGGED: f"{day} {of}"} for runner, of in logged.items()})


def study_key(store: Store, runners: dy.DataFrame[Runners], as_of: date, catalogue: Catalogue) -> str | None:
    """The key of the study that is to be made; None where it would come out as it stands."""
    day = study_day(as_of)
    stamped = stamps.read(store, runners["runner_id"])
    logged = [stamped[runner].get(_LOGGED, "") for runner in runners["runner_id"]]
    rows = [sorted(row.items()) for row in runners.iter_rows(named=True)]
    key = stamps.digest(stamps.program(), catalogue.version, day, *rows, *logged)
    is_known = all(of.startswith(f"{day} ") for of in logged)
    studied = read_cohort(store, as_of)
    return None if is_known and studied is not None and studied.key == key else key


def squad_key(store: Store, runners: dy.DataFrame[Runners], as_of: date, catalogue: Catalogue) -> str:
    """The key of the squad's pages: all runners' pages, and what stands on the squad's only."""
    stamped = stamps.read(store, runners["runner_id"])
    return stamps.digest(
        stamps.program(),
        catalogue.version,
        as_of,
        store.settings(),
        outcome(read_cohort(store, as_of)),
        *(f"{runner} {stamped[runner].get(PUBLISH)}" for runner in runners["runner_id"]),
        store.names(),
    )


def cohort_key(store: Store, as_of: date, catalogue: Catalogue) -> str:
    """The key of the page on coverage against onset, which changes with the study, not with each runner's pages."""
    studied = read_cohort(store, as_of)
    return stamps.digest(stamps.program(), catalogue.version, store.settings(), outcome(studied))


def squad_stamp(store: Store) -> dict[str, Any]:
    """What the squad's pages were made of the last time; empty for never.

    `key`, how many `pages` they are, and the key of the `cohort`'s page.
    """
    return stamps.read_object(store.root / STAMPS / "squad.json")


def note_squad(store: Store, key: str, n_pages: int, cohort: str) -> None:
    """Leaves the stamp of the squad's pages."""
    content = json.dumps({"key": key, "pages": n_pages, "cohort": cohort})
    store.write_private(store.root / STAMPS / "squad.json", content.encode())


def forget(store: Store, runners: Collection[str], stages: Collection[str]) -> None:
    """Takes the stamps of these stages away, so that they work whatever has been done."""
    stamps.forget(store, runners, [*stages, _DAILY] if ASSESS in stages else stages)
    if "squad" in stages:
        note_squad(store, "", 0, "")
