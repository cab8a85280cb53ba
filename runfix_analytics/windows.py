"""Sums over the days up to each day, for many runners at once and exact: whole numbers are added, not fractions."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

Whole = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

DECIMALS = 11  # of a value that is added up; a runner of ten thousand years stays far below what a whole number holds
_SCALE = 10.0**DECIMALS


class Windows:
    """The days of some runners, one row each, in the order of runner and day; a window is that many rows of a runner.

    `days` holds runner_id and local_date.
    """

    def __init__(self, days: pl.DataFrame, window: int) -> None:
        self.days = days.select("runner_id", "local_date").with_row_index("row")
        begins = (days["runner_id"] != days["runner_id"].shift(1)).fill_null(value=True).to_numpy()
        rows = np.arange(days.height)
        self._first = np.maximum.accumulate(np.where(begins, rows, 0)) if days.height else rows
        self._before = np.maximum(rows - window, self._first - 1) + 1

    def place(self, frame: pl.DataFrame, columns: Sequence[str], groups: Sequence[str]) -> dict[str, Numbers]:
        """Columns of a frame of runner_id, local_date and area_id as one row a day and a column for each of `groups`.

        Zero where the frame has no row; rows of other days are left out.
        """
        found = frame.join(self.days, on=["runner_id", "local_date"], how="inner").with_columns(
            group=pl.col("area_id").replace_strict({name: n for n, name in enumerate(groups)}, return_dtype=pl.Int64)
        )
        row, group = found["row"].to_numpy(), found["group"].to_numpy()
        placed = {}
        for name in columns:
            values = np.zeros((self.days.height, len(groups)))
            values[row, group] = found[name].to_numpy()
            placed[name] = values
        return placed

    def sums(self, values: Numbers) -> Numbers:
        """The sum of the window up to each row, by column; exact for values of at most `DECIMALS` decimals."""
        whole: Whole = np.rint(values * _SCALE).astype(np.int64)
        total = np.zeros((len(whole) + 1, *whole.shape[1:]), dtype=np.int64)
        np.cumsum(whole, axis=0, out=total[1:])
        return np.asarray((total[1:] - total[self._before]) / _SCALE)

    def newest(self, is_one: npt.NDArray[np.bool_]) -> Whole:
        """The newest row up to each row, of the same runner, for which something holds, by column; -1 for none yet."""
        rows = np.arange(len(is_one)).reshape(-1, *([1] * (is_one.ndim - 1)))
        found = np.maximum.accumulate(np.where(is_one, rows, -1), axis=0)
        return np.where(found >= self._first.reshape(rows.shape), found, -1)
