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
        rows = np.arange(days.height)
        begins = (days["runner_id"] != days["runner_id"].shift(1)).fill_null(value=True).to_numpy()
        begun = np.flatnonzero(begins)
        of_day = np.cumsum(begins) - 1
        self._first = begun[of_day]
        self._before = np.maximum(rows - window, self._first - 1) + 1
        # where a runner's day stands among all days between the runner's first and last: found without a search
        self._runners = pl.Enum(days["runner_id"].gather(begun))
        dates = _dates(days)
        since, until = dates[begun], dates[np.append(begun[1:], days.height)[: len(begun)] - 1]
        spans = until - since + 1
        self._place = np.cumsum(spans) - spans - since
        self._since, self._until = (
            np.append(since, 1),
            np.append(until, 0),
        )  # the last of both: of a runner without days
        self._row = np.full(spans.sum(), -1)
        self._row[self._place[of_day] + dates] = rows

    def place(self, frame: pl.DataFrame, columns: Sequence[str], groups: Sequence[str]) -> dict[str, Numbers]:
        """Columns of a frame of runner_id, local_date and area_id as one row a day and a column for each of `groups`.

        Zero where the frame has no row; rows of other days are left out.
        """
        runner = (
            frame["runner_id"].cast(self._runners, strict=False).to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
        )
        group = frame["area_id"].cast(pl.Enum(groups)).to_physical().to_numpy()
        dates = _dates(frame)
        row = np.full(frame.height, -1)
        is_within = (dates >= self._since[runner]) & (dates <= self._until[runner])
        row[is_within] = self._row[self._place[runner[is_within]] + dates[is_within]]
        is_there = row >= 0
        at = row[is_there] * len(groups) + group[is_there]
        placed = {}
        for name in columns:
            values = np.zeros(len(self._first) * len(groups))
            values[at] = frame[name].to_numpy()[is_there]
            placed[name] = values.reshape(-1, len(groups))
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


def _dates(frame: pl.DataFrame) -> Whole:
    return frame["local_date"].to_physical().cast(pl.Int64).to_numpy()
