"""The stages of a night that calculate: survey, study, assessment; a part of the squad at a time, in portions."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TypeVar

import dataframely as dy
import polars as pl

from runfix_analytics import due
from runfix_analytics.assessment import Assessment, Logs, assess, survey, together
from runfix_analytics.errors import StoreError
from runfix_analytics.parts import Done, Part, failure, if_due, portions, runners_of
from runfix_analytics.places import Place
from runfix_analytics.squad_study import drawn_by_lot, stored_squad, study_stored
from runfix_analytics.store import Store
from runfix_analytics.stored_logs import read_logs
from runfix_analytics.tables import (
    Advice,
    Coverage,
    Episodes,
    Exposure,
    KnownDays,
    Moves,
    OnsetCoverage,
    Referrals,
    Runners,
    RunningLoad,
)

S = TypeVar("S", bound=dy.Schema)


def survey_part(root: Place, part: Part, as_of: date, only: Sequence[str] = ()) -> Done:
    """Stores the episodes and days at risk of a part's runners: what the squad's rates are made of."""
    store = Store(root)
    catalogue = store.catalogue()

    def work(part: dy.DataFrame[Runners]) -> None:
        surveyed, logged = [], dict[str, str]()
        for some in portions(part):
            logs = read_logs(store, some)
            surveyed.append(survey(logs, as_of=as_of, catalogue=catalogue))
            logged |= due.logged_until_study(logs, as_of)
        ids = list(part["runner_id"])
        store.replace(Episodes, Episodes.validate(pl.concat([aches for aches, _ in surveyed])), ids)
        store.replace(Exposure, Exposure.validate(pl.concat([exposed for _, exposed in surveyed])), ids)
        due.note_logged(store, logged, as_of)

    return if_due(due.SURVEY, store, runners_of(store, part, catalogue, only), as_of, catalogue, work)


def assess_part(root: Place, part: Part, as_of: date, only: Sequence[str] = ()) -> Done:
    """Stores every other derived table of a part's runners, with the rates of the whole squad."""
    store = Store(root)
    catalogue = store.catalogue()
    of = stored_squad(store, as_of, catalogue)

    def work(part: dy.DataFrame[Runners]) -> None:
        logged = due.logs(store, part, catalogue)
        later = set[str]()
        for since, runners in _by_day(part, due.daily_until(store, logged, as_of)):
            found = []
            for some in portions(runners):
                logs = read_logs(store, some)
                later |= _with_later_days(logs, as_of)
                found.append(assess(logs, as_of=as_of, catalogue=catalogue, of=of, since=since))
            store_assessment(store, together(found), list(runners["runner_id"]), since)
        due.note_daily(store, {runner: of for runner, of in logged.items() if runner not in later}, as_of)

    return if_due(due.ASSESS, store, runners_of(store, part, catalogue, only), as_of, catalogue, work)


def study_squad(root: Place, _part: Part, as_of: date, _only: Sequence[str] = ()) -> Done:
    """Keeps what all runners' logs together say of coverage against onset; passes over a study that stands."""
    store = Store(root)
    catalogue = store.catalogue()
    try:
        everybody = store.runners(catalogue)
        if everybody.is_empty():
            return Done()
        key = due.study_key(store, everybody, as_of, catalogue)
        if key is not None:
            some = drawn_by_lot(everybody, int(catalogue.number("association.max_runners")))
            study_stored(store, list(portions(some)), as_of, catalogue, key, n_runners=everybody.height)
    except OSError:
        raise
    except Exception as error:
        return Done({}, (failure("study", "", "all runners together", error),))
    return Done({"studied": everybody.height})


def _by_day(
    runners: dy.DataFrame[Runners], until: Mapping[str, date]
) -> Iterator[tuple[date | None, dy.DataFrame[Runners]]]:
    """The runners by the day until which their tables by day stand; first those for whom none does."""
    days = [until.get(runner) for runner in runners["runner_id"]]
    for day in sorted(set(days), key=lambda day: day or date.min):
        yield day, Runners.cast(runners.filter(pl.Series([of == day for of in days])))


def _with_later_days(logs: Logs, as_of: date) -> set[str]:
    """The runners whose logs hold days to come: when such a day comes, it changes what was calculated before it."""
    dated = (logs.runs, logs.strength_sets, logs.strength_days)
    return {runner for of in dated for runner in of.filter(pl.col("local_date") > as_of)["runner_id"].unique()}


def store_assessment(store: Store, result: Assessment, ids: Sequence[str], since: date | None = None) -> None:
    """Stores the derived tables of these runners; advice of earlier days is kept beside today's.

    `since`: the tables by day hold the days after it, and those up to it stay.
    """
    as_of = result.as_of
    store.replace(RunningLoad, result.running_load, ids, after=since)
    store.replace(KnownDays, result.known_days, ids, after=since)
    store.replace(Coverage, result.coverage, ids, after=since)
    store.replace(OnsetCoverage, result.onset_coverage, ids)
    for schema, frame in ((Advice, result.advice), (Moves, result.moves), (Referrals, result.referrals)):
        _replace_dated(store, schema, frame, ids, as_of)


def _replace_dated(store: Store, schema: type[S], frame: dy.DataFrame[S], ids: Sequence[str], as_of: date) -> None:
    others = store.read(schema, ids).filter(pl.col("as_of") != as_of)
    store.replace(schema, schema.validate(pl.concat([others, frame])), ids)


def last_assessed(store: Store) -> date:
    """The newest day for which there is an assessment.

    Raises: StoreError when nothing has been assessed yet.
    """
    newest: date | None = store.scan("advice").select(pl.col("as_of").max()).collect().item()
    if newest is None:
        raise StoreError("nothing is assessed yet; run: runfix nightly")
    return newest
