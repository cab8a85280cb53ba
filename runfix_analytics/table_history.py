"""Rows taken out of a Delta table so that no file of it holds them any more, the log included.

A commit names the runners whose rows it replaced, and the least and greatest value of every column; files of earlier
versions hold the rows themselves. So the log begins anew at a checkpoint, and every other file goes. Each step may be
done again after a death in the middle. Who reads meanwhile may find a file gone, and has to read again.
"""

from pathlib import Path

import polars as pl
from deltalake import DeltaTable

from runfix_analytics.store import bucket_of, private_files

_LOG = "_delta_log"
# the usual value: written only so that the log's last commit is one that names nobody
_PROPERTY = {"delta.logRetentionDuration": "interval 30 days"}


def runners_in(path: Path) -> set[str]:
    """The runners who have rows in a table, whatever the ledger says of these; none where the table is not there."""
    if not path.exists():
        return set()
    return set(pl.scan_delta(str(path)).select(pl.col("runner_id").unique()).collect()["runner_id"])


def take_out(path: Path, runner_id: str) -> int:
    """Deletes the rows of a runner from the newest version of a table; returns how many there were."""
    if not path.exists():
        return 0
    with private_files():
        done = DeltaTable(str(path)).delete(f"bucket = {bucket_of(runner_id)} AND runner_id = '{runner_id}'")
    return int(done["num_deleted_rows"] or 0)


def forget_history(path: Path) -> int:
    """Leaves of a table its newest version only, the log too; returns how many data files went.

    What a killed writer left behind goes with it.
    """
    if not path.exists():
        return 0
    with private_files():
        DeltaTable(str(path)).alter.set_table_properties(_PROPERTY)
        table = DeltaTable(str(path))
        table.create_checkpoint()
    newest = f"{table.version():020}"
    kept = {"_last_checkpoint", f"{newest}.json", f"{newest}.checkpoint.parquet"}
    for file in sorted((path / _LOG).rglob("*")):
        if file.is_file() and file.name not in kept:
            file.unlink()
    live = {Path(file).resolve() for file in table.file_uris()}
    gone = [
        file for file in path.rglob("*") if file.is_file() and _LOG not in file.parts and file.resolve() not in live
    ]
    for file in gone:
        file.unlink()
    return len(gone)
