"""Stores in the shapes that earlier versions wrote, made from one of today by taking away what came later."""

import shutil

import polars as pl

from runfix_analytics.schema_version import STORE_FILE
from runfix_analytics.store import Store

# what tables.py of 0.1.0 had not
LATER_TABLES = ("other_activities",)
LATER_COLUMNS = {
    "runs": ("is_timed", "recording", "recorded_by"),
    "strength_sets": ("is_timed", "guesses"),
    "imports": ("archive_id",),
    "episodes": ("worst_severity",),
    "known_days": ("known_from",),
    "onset_coverage": ("is_washed_out", "own_weeks", "n_own_weeks_washed"),
}


def without_columns(store: Store, table: str, *columns: str) -> None:
    """The table as a version before these columns wrote it."""
    path = str(store.table_path(table))
    pl.read_delta(path).drop(columns).write_delta(
        path, mode="overwrite", delta_write_options={"partition_by": ["bucket"], "schema_mode": "overwrite"}
    )


def without_schema(store: Store) -> None:
    """The store as versions before `store.json` made it."""
    (store.root / STORE_FILE).unlink()


def of_0_1_0(store: Store) -> None:
    """The store as 0.1.0 would have left it: fewer tables, columns and folders, and no number of its shape."""
    without_schema(store)
    for table, columns in LATER_COLUMNS.items():
        without_columns(store, table, *columns)
    for table in LATER_TABLES:
        shutil.rmtree(store.table_path(table))
    for folder in ("results", "runs"):
        shutil.rmtree(store.root / folder)
