"""How often an onset followed where a model said that it would, for who tries the optional model."""

import dataframely as dy
import numpy as np
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.prediction import HeldOut, interval, runner_draws
from runfix_analytics.prediction_rows import Array
from runfix_analytics.tables import CalibrationBins


def calibration(of: HeldOut, *, catalogue: Catalogue) -> dy.DataFrame[CalibrationBins]:
    """One row per group of test rows that were told about the same probability: what was said, and what came.

    Groups hold about equally many rows; fewer groups where many rows were told the very same. Empty without a row.
    The interval resamples whole runners, since days of one runner are no independent facts. Source: method.md §6.
    """
    if not len(of.probability):
        return CalibrationBins.create_empty()
    said, came = of.probability, of.is_onset.astype(np.float64)
    inner = np.linspace(0, 1, catalogue.days("prediction.calibration_bins") + 1)[1:-1]
    place = np.searchsorted(np.unique(np.quantile(said, inner)), said, side="right")
    _, place = np.unique(place, return_inverse=True)
    drawn = np.array([_shares(place, came, weight) for weight in runner_draws(of.runner_ids, catalogue=catalogue)])
    low, high = interval(drawn, catalogue=catalogue)
    rows = pl.DataFrame({"place": place, "runner_id": of.runner_ids, "said": said, "came": came})
    bins = (
        rows.group_by(place="place")
        .agg(
            n_rows=pl.len(),
            n_runners=pl.col("runner_id").n_unique(),
            n_onset_rows=pl.col("came").sum(),
            share_said=pl.col("said").mean(),
            share_came=pl.col("came").mean(),
        )
        .sort("place")
        .with_columns(
            number=pl.int_range(1, pl.len() + 1), share_came_low=pl.Series(low), share_came_high=pl.Series(high)
        )
    )
    return CalibrationBins.validate(bins, cast=True)


def _shares(place: Array, came: Array, weight: Array) -> Array:
    """The share of each group that came, each row counted as often as its runner was drawn; NaN where none was."""
    n = np.bincount(place, weights=weight)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.bincount(place, weights=weight * came) / np.where(n > 0, n, np.nan))
