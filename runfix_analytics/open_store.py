"""A store as an analyst reads it: each table as a lazy frame, of some runners and some days."""

from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import TypeVar, cast

import dataframely as dy
import polars as pl

from runfix_analytics.assessment import Logs
from runfix_analytics.calculated_parts import last_assessed
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.cohort_results import CohortResults, kept_cohort
from runfix_analytics.errors import ConfigError, StoreError
from runfix_analytics.executors import opened
from runfix_analytics.html_table import html_table
from runfix_analytics.lock import only_writer
from runfix_analytics.night import night
from runfix_analytics.parts import Done
from runfix_analytics.places import Place, place_of
from runfix_analytics.simulated_files import write_squad as write_store
from runfix_analytics.simulation import Simulated
from runfix_analytics.store import TABLES, Store
from runfix_analytics.stored_logs import read_logs
from runfix_analytics.tables import (
    STORED_FACTS,
    AcheReports,
    Advice,
    Coverage,
    Episodes,
    Exposure,
    Imports,
    KnownDays,
    Marks,
    Moves,
    OnsetCoverage,
    OtherActivities,
    Referrals,
    Rejects,
    Runners,
    RunningLoad,
    Runs,
    StrengthDays,
    StrengthSets,
)
from runfix_analytics.text import clean_text

Who = str | Iterable[str] | None
Day = date | str | None

S = TypeVar("S", bound=dy.Schema)

_DAY_OF = {
    "runs": "local_date",
    "other_activities": "local_date",
    "strength_sets": "local_date",
    "strength_days": "local_date",
    "ache_reports": "reported_on",
    "imports": "imported_at",
    "running_load": "local_date",
    "known_days": "local_date",
    "coverage": "local_date",
    "episodes": "onset_on",
    "onset_coverage": "onset_on",
    "advice": "as_of",
    "moves": "as_of",
    "referrals": "as_of",
}


def open(root: Place | str) -> "OpenStore":  # noqa: A001 - rf.open, as the file it is
    """The store at `root`, a folder or the address of a bucket, to read from; nothing is written.

    Raises: StoreError when there is no store, or one of a newer version.
    """
    return OpenStore(place_of(root))


def init(root: Place | str) -> "OpenStore":
    """A store at `root`, as `runfix init` makes one: what is missing is made, what is there stays.

    A folder with runners.csv and inbox/<runner id>/<exports> becomes a store that `nightly` fills.
    """
    return OpenStore(Store.create(place_of(root)).root)


def write_squad(squad: Simulated, root: Place | str) -> "OpenStore":
    """A new store at `root` with a made-up squad's export files in the inboxes, as `runfix simulate` makes one.

    Raises: ConfigError when there is something at `root` already.
    """
    return OpenStore(write_store(squad, root).root)


def nightly(root: Place | str, *, as_of: date) -> Done:
    """Imports what is new in the inboxes, calculates by a day and publishes, as `runfix nightly` does.

    Returns counts, and one failure for each file or runner that was left out, with its reason. Leaves no record in
    runs/: this is no scheduled night.

    Raises: StoreError when somebody else is writing to the store.
    """
    store = Store(place_of(root))
    with only_writer(store.root, "rf.nightly"), opened() as each:
        return night(store.root, as_of, each)


class OpenStore:
    """The tables of one squad, to read from.

    A method for each table of the data dictionary gives a lazy frame of its schema; `.collect()` makes it a frame.
    `runner`: an id or a display name, or several; without it all. `since` and `until`: a date or "2026-10-25", both
    days counted; each method says which day of a row is meant. Rows come in no fixed order: sort what you show. Logged
    tables hold every export of a run or set: `duplicate_of` null is the one that counts. Calculated tables are those of
    the last night.

    Raises: ConfigError for a runner who is not in the squad or text that is no date, StoreError for a calculated table
    of another version.
    """

    def __init__(self, root: Place) -> None:
        self._store = Store(root)

    @property
    def root(self) -> Place:
        """The store's folder, or its place in a bucket."""
        return self._store.root

    @cached_property
    def catalogue(self) -> Catalogue:
        """The vocabulary with the squad's own exercise names."""
        return self._store.catalogue()

    @property
    def as_of(self) -> date:
        """The newest day that was assessed.

        Raises: StoreError when none was.
        """
        return last_assessed(self._store)

    def path(self, table: str) -> Place:
        """The folder of a table, for DuckDB, pandas and others: a Delta table.

        Raises: StoreError when there is no such table.
        """
        return self._store.table_path(table)

    # who

    def runners(self, runner: Who = None) -> dy.DataFrame[Runners]:
        """One row per runner of the squad, without names."""
        everybody = self._store.runners(self.catalogue)
        ids = self._ids(runner)
        return everybody if ids is None else Runners.validate(everybody.filter(pl.col("runner_id").is_in(ids)))

    def names(self) -> dict[str, str]:
        """Runner id → display name; who has none is missing."""
        return self._store.names()

    def marks(self, runner: Who = None) -> dy.DataFrame[Marks]:
        """One row per mark that the coach set (away, ill, paused, …)."""
        marks, ids = self._store.marks(), self._ids(runner)
        return marks if ids is None else Marks.validate(marks.filter(pl.col("runner_id").is_in(ids)))

    # what was logged

    def runs(self, runner: Who = None, *, since: Day = None, until: Day = None) -> dy.LazyFrame[Runs]:
        """One row per logged run, by `local_date`."""
        return self._table(Runs, "runs", runner, since, until)

    def other_activities(
        self, runner: Who = None, *, since: Day = None, until: Day = None
    ) -> dy.LazyFrame[OtherActivities]:
        """One row per ride, walk or other activity, by `local_date`; no calculation reads them."""
        return self._table(OtherActivities, "other_activities", runner, since, until)

    def strength_sets(self, runner: Who = None, *, since: Day = None, until: Day = None) -> dy.LazyFrame[StrengthSets]:
        """One row per logged set, by `local_date`."""
        return self._table(StrengthSets, "strength_sets", runner, since, until)

    def strength_days(self, runner: Who = None, *, since: Day = None, until: Day = None) -> dy.LazyFrame[StrengthDays]:
        """One row per day and source that says something about strength work, by `local_date`."""
        return self._table(StrengthDays, "strength_days", runner, since, until)

    def ache_reports(self, runner: Who = None, *, since: Day = None, until: Day = None) -> dy.LazyFrame[AcheReports]:
        """One row per answer of the ache form, "no aches" too, by `reported_on`."""
        return self._table(AcheReports, "ache_reports", runner, since, until)

    def imports(self, runner: Who = None, *, since: Day = None, until: Day = None) -> dy.LazyFrame[Imports]:
        """The ledger: one row per file, by the UTC day of `imported_at`."""
        return self._table(Imports, "imports", runner, since, until)

    def rejects(self, runner: Who = None) -> dy.LazyFrame[Rejects]:
        """One row per row of a file that is not stored, and why; they have no day of their own."""
        return self._table(Rejects, "rejects", runner)

    # what was calculated

    def running_load(self, runner: Who = None, *, since: Day = None, until: Day = None) -> dy.LazyFrame[RunningLoad]:
        """One row per runner and day: distance, spikes, acute and chronic load; by `local_date`."""
        return self._table(RunningLoad, "running_load", runner, since, until)

    def known_days(self, runner: Who = None, *, since: Day = None, until: Day = None) -> dy.LazyFrame[KnownDays]:
        """One row per runner and day: whether the strength log speaks for it, and why; by `local_date`."""
        return self._table(KnownDays, "known_days", runner, since, until)

    def coverage(self, runner: Who = None, *, since: Day = None, until: Day = None) -> dy.LazyFrame[Coverage]:
        """One row per runner, day and area: coverage of the 28 days that end on `local_date`."""
        return self._table(Coverage, "coverage", runner, since, until)

    def episodes(self, runner: Who = None, *, since: Day = None, until: Day = None) -> dy.LazyFrame[Episodes]:
        """One row per symptom episode, by the day it began (`onset_on`)."""
        return self._table(Episodes, "episodes", runner, since, until)

    def exposure(self, runner: Who = None) -> dy.LazyFrame[Exposure]:
        """One row per runner and symptom: onsets and days at risk, of the whole diary."""
        return self._table(Exposure, "exposure", runner)

    def onset_coverage(
        self, runner: Who = None, *, since: Day = None, until: Day = None
    ) -> dy.LazyFrame[OnsetCoverage]:
        """One row per episode and linked area: coverage before the onset, by `onset_on`."""
        return self._table(OnsetCoverage, "onset_coverage", runner, since, until)

    def advice(self, runner: Who = None, *, since: Day = None, until: Day = None) -> dy.LazyFrame[Advice]:
        """One row per runner, day of calculation (`as_of`) and area: whether to train it, and why."""
        return self._table(Advice, "advice", runner, since, until)

    def moves(self, runner: Who = None, *, since: Day = None, until: Day = None) -> dy.LazyFrame[Moves]:
        """One row per advised exercise, by the day of calculation (`as_of`)."""
        return self._table(Moves, "moves", runner, since, until)

    def referrals(self, runner: Who = None, *, since: Day = None, until: Day = None) -> dy.LazyFrame[Referrals]:
        """One row per open episode and red flag, by the day of calculation (`as_of`)."""
        return self._table(Referrals, "referrals", runner, since, until)

    # for the calculations

    def logs(self, runner: Who = None) -> Logs:
        """Everything that these runners logged, as `assess` and `study` take it."""
        return read_logs(self._store, self.runners(runner))

    def study(self) -> CohortResults:
        """What the last study of the whole squad found: rates, incidence, prevalence, coverage against onset.

        Raises: StoreError when the squad was not studied yet.
        """
        results = kept_cohort(self._store)
        if results is None:
            raise StoreError(f"no study is kept in {self.root}; run: runfix nightly --root {self.root}")
        return results

    def overview(self) -> pl.DataFrame:
        """One row per table: rows, runners, and the first and last day that its rows are filtered by."""
        counts = [self._count(table) for table in TABLES]
        return pl.concat(pl.collect_all(counts))

    def __repr__(self) -> str:
        return f"<runfix store {self.root}>"

    def _repr_html_(self) -> str:
        title = f"{self.root.name}: {self.runners().height} runners"
        headings = ["table", "rows", "runners", "first day", "last day"]
        return html_table(title, headings, self.overview().rows())

    def _ids(self, runner: Who) -> list[str] | None:
        if runner is None:
            return None
        known, names = list(self._store.runners(self.catalogue)["runner_id"]), self._store.names()
        return [_only(word, known, names) for word in ([runner] if isinstance(runner, str) else runner)]

    def _table(self, schema: type[S], table: str, runner: Who, since: Day = None, until: Day = None) -> dy.LazyFrame[S]:
        frame = _with_all_columns(self._store.scan(table, self._ids(runner)), schema, table)
        first, last = _day(since, "since"), _day(until, "until")
        if first is not None:
            frame = frame.filter(_day_of(table) >= first)
        if last is not None:
            frame = frame.filter(_day_of(table) <= last)
        return cast("dy.LazyFrame[S]", frame)

    def _count(self, table: str) -> pl.LazyFrame:
        day = _day_of(table) if table in _DAY_OF else pl.lit(None, pl.Date)
        return self._store.scan(table).select(
            table=pl.lit(table), n_rows=pl.len(), n_runners=pl.col("runner_id").n_unique(),
            first_on=day.min(), last_on=day.max(),
        )  # fmt: skip


def _day_of(table: str) -> pl.Expr:
    return pl.col(_DAY_OF[table]).cast(pl.Date)


def _day(said: Day, name: str) -> date | None:
    if not isinstance(said, str):
        return said
    try:
        return date.fromisoformat(said)
    except ValueError as error:
        raise ConfigError(f'{name}="{clean_text(said)}" is no date; write it as 2026-10-25') from error


def _only(word: str, known: list[str], names: dict[str, str]) -> str:
    said = word.strip().casefold()
    found = [runner for runner in known if said and said in (runner.casefold(), names.get(runner, "").casefold())]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(f'"{clean_text(word)}" names {len(found)} runners; use the id: {", ".join(found)}')
    raise ConfigError(f'no runner "{clean_text(word)}" in this squad; store.names() lists ids and names')


def _with_all_columns(frame: pl.LazyFrame, schema: type[dy.Schema], table: str) -> pl.LazyFrame:
    """In the order of the schema; what logs of an earlier version have no column for is null."""
    there = frame.collect_schema()
    absent = {name: column for name, column in schema.columns().items() if name not in there}
    if missing := sorted(name for name, column in absent.items() if not (table in STORED_FACTS and column.nullable)):
        raise StoreError(f"table {table} was written by another version, without: {', '.join(missing)}")
    return schema.cast(frame.with_columns(pl.lit(None, column.dtype).alias(name) for name, column in absent.items()))
