"""A store of an earlier version → one of this version, step by step; logs, ledger and given advice stay as they are."""

from collections.abc import Callable, Sequence
from datetime import time

import polars as pl

from runfix_analytics.catalogue import load
from runfix_analytics.delta_tables import bucket_of
from runfix_analytics.schema_version import SCHEMA, STORE_FILE, encoded_schema, schema_of
from runfix_analytics.store import RECALCULATED, TABLES, Store
from runfix_analytics.tables import StrengthSets


def migrate(store: Store) -> list[str]:
    """Takes the steps that the store lacks, and says what each did; nothing for a store of this version.

    A step may be taken twice: the store's number is written after it, so that one that was killed is taken again.
    """
    told = []
    for schema in range(schema_of(store.root) + 1, SCHEMA + 1):
        told += [f"schema {schema}: {done}" for done in _STEPS[schema](store)]
        store.write_private(store.root / STORE_FILE, encoded_schema(schema))
    return told


def _to_1(store: Store) -> list[str]:
    """From 0.1.0: tables, folders and columns that came later; calculated tables are emptied for the next night."""
    made = [table for table in TABLES if not store.has_table(table)]
    Store.create(store.root)
    wider = [table for table in TABLES if table not in RECALCULATED and _with_later_columns(store, table)]
    _tell_dates_from_times(store)
    store.renew(outdated := store.outdated())
    return _told({"new": made, "with columns that came later": wider, "emptied, filled by the next night": outdated})


def _with_later_columns(store: Store, table: str) -> bool:
    """Gives a table the columns it lacks, null in all its rows; whether it lacked any."""
    there = store.tables.columns(table)
    missing = [name for name in TABLES[table].column_names() if name not in there]
    if missing:
        store.tables.widen(table, {name: TABLES[table].columns()[name].dtype for name in missing})
    return bool(missing)


def _tell_dates_from_times(store: Store) -> None:
    """Fills `is_timed` of sets: 0.1.0 set a session of which only the date was logged at midnight in its zone.

    A session begun at midnight sharp is taken for one without a time; `runfix rebuild --facts` reads which it is.
    """
    zones = dict(store.runners(load()).select("runner_id", "time_zone").rows())
    sets = store.tables.scan("strength_sets").filter(pl.col("is_timed").is_null())
    for runner in sorted(sets.select(pl.col("runner_id").unique()).collect()["runner_id"]):
        every = store.tables.scan("strength_sets", {bucket_of(runner)}).filter(runner_id=runner).collect()
        local = pl.col("session_start_at").dt.convert_time_zone(zones.get(runner) or "UTC")
        filled = every.with_columns(is_timed=pl.coalesce("is_timed", local.dt.time() != time(0)))
        store.replace(StrengthSets, StrengthSets.validate(filled, cast=True), [runner])


def _told(changes: dict[str, Sequence[str]]) -> list[str]:
    told = [f"tables {what}: {', '.join(tables)}" for what, tables in changes.items() if tables]
    return [*told, "the store tells its schema from now on"]


_STEPS: dict[int, Callable[[Store], list[str]]] = {1: _to_1}
