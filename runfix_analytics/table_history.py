"""Rows taken out of a Delta table so that no file of it holds them any more, the log included.

A commit names the runners whose rows it replaced, and the least and greatest value of every column; files of earlier
versions hold the rows themselves. So the log begins anew at a checkpoint, and every other file goes. Each step may be
done again after a death in the middle. Who reads meanwhile may find a file gone, and has to read again.
"""

import polars as pl

from runfix_analytics.delta_tables import LOG, bucket_of
from runfix_analytics.places import below
from runfix_analytics.private_files import private_files, remove_files
from runfix_analytics.store import Store

# the usual value: written only so that the log's last commit is one that names nobody
_PROPERTY = {"delta.logRetentionDuration": "interval 30 days"}


def runners_in(store: Store, table: str) -> set[str]:
    """The runners who have rows in a table, whatever the ledger says of these; none where the table is not there."""
    if not store.table_path(table).is_dir():
        return set()
    return set(store.tables.scan(table).select(pl.col("runner_id").unique()).collect()["runner_id"])


def take_out(store: Store, table: str, runner_id: str) -> int:
    """Deletes the rows of a runner from the newest version of a table; returns how many there were."""
    if not store.table_path(table).is_dir():
        return 0
    with private_files():
        done = store.tables.opened(table).delete(f"bucket = {bucket_of(runner_id)} AND runner_id = '{runner_id}'")
    return int(done["num_deleted_rows"] or 0)


def forget_history(store: Store, table: str) -> int:
    """Leaves of a table its newest version only, the log too; returns how many data files went.

    What a killed writer left behind goes with it.
    """
    if not store.table_path(table).is_dir():
        return 0
    path = store.table_path(table)
    with private_files():
        store.tables.opened(table).alter.set_table_properties(_PROPERTY)
        newest = store.tables.opened(table)
        newest.create_checkpoint()
    kept = {"_last_checkpoint", f"{newest.version():020}.json", f"{newest.version():020}.checkpoint.parquet"}
    remove_files([file for file in (path / LOG).rglob("*") if file.is_file() and file.name not in kept])
    live = set(pl.DataFrame(newest.get_add_actions())["path"])
    gone = [
        file
        for file in path.rglob("*")
        if file.is_file() and LOG not in (name := below(path, file)).parts and name.as_posix() not in live
    ]
    return remove_files(gone)
