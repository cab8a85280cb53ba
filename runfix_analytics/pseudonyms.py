"""All stored tables for analysts, under other ids: who is whom cannot be looked up, not by us either.

Each export draws new ids and new shifts and keeps neither, so that two exports cannot be joined. All dates of a runner
move by the same whole number of weeks: weekdays and gaps stay. `treatments` says what becomes of each column. It is
harder then to say who is who, not impossible: see the README that it writes.
"""

import hashlib
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.errors import ConfigError
from runfix_analytics.exports import refuse_place
from runfix_analytics.private_files import private_files
from runfix_analytics.recognition import with_exercise
from runfix_analytics.store import TABLES, Store
from runfix_analytics.treatments import COARSE, DROP, KEEP, KNOWN, NEW_ID, SHIFT, TREATMENTS

MAX_WEEKS = 26
_DIGITS = 2
_ID_BYTES = 8
_README = """Tables of a squad for analysis, one Parquet file each
=====================================================

The columns are those of runfix_analytics/tables.py, except:

- ids are random and new in every export; the same id is the same runner (run, episode, …) in all files of this one only
- all dates of a runner are moved by the same whole number of weeks, up to {weeks} either way: weekdays and gaps are
  right, seasons and years are not, and two runners' days cannot be compared
- kilometres, times and ascent of runs have {digits} digits; hours of the day, places and time zones are left out
- exercise_id and site_id stand in the place of what was typed; null: the catalogue does not know it
- notes, typed text, names of files, apps and devices, and ids of imports are left out

Nothing in here is grouped or counted over runners. What you publish from it must be: leave out groups of fewer than
{least} runners.

This is not anonymous. Who knows some runs of a person, or on which day a log ended, may find the person and undo the
shift. It is health data of people: keep it as private as the store, hand it on to nobody, delete it when you are done.
"""


@dataclass(frozen=True)
class Exported:
    """What a folder holds."""

    n_runners: int
    n_tables: int


def export_all(store: Store, target: Path) -> Exported:
    """Writes all stored tables of the runners of runners.csv into a new folder, readable by its owner only.

    Raises: ConfigError when the place is taken or lies in the store.
    """
    refuse_place(store, target)
    catalogue = store.catalogue()
    runners = list(store.runners(catalogue)["runner_id"])
    hidden = _Hidden(secrets.token_bytes(32), _shifts(runners), catalogue)
    least = catalogue.days("incidence.min_runners")
    aside = target.absolute().with_name(f".{secrets.token_hex(8)}.part")
    with private_files():
        try:
            aside.mkdir()
            readme = _README.format(weeks=MAX_WEEKS, digits=_DIGITS, least=least)
            (aside / "README.txt").write_text(readme, encoding="utf-8")
            for table, schema in TABLES.items():
                hidden.table(table, store.read(schema, runners)).write_parquet(aside / f"{table}.parquet")
            aside.rename(target.absolute())
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return Exported(len(runners), len(TABLES))


def _shifts(runners: Iterable[str]) -> dict[str, timedelta]:
    weeks = [n for n in range(-MAX_WEEKS, MAX_WEEKS + 1) if n]
    return {runner: timedelta(weeks=secrets.choice(weeks)) for runner in runners}


@dataclass(frozen=True)
class _Hidden:
    """One export's key and shifts; they end with it."""

    key: bytes
    shifts: dict[str, timedelta]
    catalogue: Catalogue

    def table(self, name: str, frame: pl.DataFrame) -> pl.DataFrame:
        """A table as analysts get it; its rows in an order that tells nothing.

        Raises: ConfigError for a column that has no treatment.
        """
        treatment = {column: how for how, columns in TREATMENTS[name].items() for column in columns.split()}
        if unheard := sorted(set(frame.columns) - set(treatment)):
            raise ConfigError(f"{name}: nothing says how column {unheard[0]} is to be exported")
        made = {KEEP: self._kept, COARSE: self._coarse, SHIFT: self._shifted, NEW_ID: self._renamed, KNOWN: self._known}
        hidden = pl.DataFrame([made[treatment[c]](frame, c) for c in frame.columns if treatment[c] != DROP])
        # rows that differ in nothing that is left are one; by the old ids they would stand in the old order
        order = [column for column, dtype in hidden.schema.items() if dtype != pl.List]
        return (hidden.unique() if name == "strength_days" else hidden).sort(order, nulls_last=True)

    def _kept(self, frame: pl.DataFrame, column: str) -> pl.Series:
        return frame[column]

    def _coarse(self, frame: pl.DataFrame, column: str) -> pl.Series:
        return frame[column].round_sig_figs(_DIGITS)

    def _shifted(self, frame: pl.DataFrame, column: str) -> pl.Series:
        shift = pl.col("runner_id").replace_strict(self.shifts, default=None, return_dtype=pl.Duration("us"))
        return frame.select(pl.col(column) + shift).to_series()

    def _renamed(self, frame: pl.DataFrame, column: str) -> pl.Series:
        pairs = zip(frame["runner_id"].to_list(), frame[column].to_list(), strict=True)
        return pl.Series(column, [self._new_id(runner, old) for runner, old in pairs], frame.schema[column])

    def _new_id(self, runner: str, old: Any) -> Any:
        if old is None or isinstance(old, list):
            return old and [self._new_id(runner, one) for one in old]
        return hashlib.blake2b(f"{runner}|{old}".encode(), key=self.key, digest_size=_ID_BYTES).hexdigest()

    def _known(self, frame: pl.DataFrame, column: str) -> pl.Series:
        if column == "exercise_key":
            return with_exercise(frame, self.catalogue)["exercise_id"]
        site = pl.col(column).replace_strict(dict(self.catalogue.site_keys), default=None, return_dtype=pl.String)
        return frame.select(site.alias("site_id")).to_series()
