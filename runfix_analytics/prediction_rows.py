"""What the optional model of an onset learns from: days with what was known by them. No scikit-learn here."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import dataframely as dy
import numpy.typing as npt
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.exposure import observed_days
from runfix_analytics.tables import AcheReports, Coverage, Episodes, PredictionRows, RunningLoad, Runs

Array = npt.NDArray[Any]
_DAY = ["runner_id", "local_date"]
_FEATURES = ("onsets_per_year", "days_since_onset", "acute_load_log", "chronic_load_log", "is_spike")


def prediction_rows(
    covered: dy.DataFrame[Coverage], load: dy.DataFrame[RunningLoad], aches: dy.DataFrame[Episodes],
    runs: dy.DataFrame[Runs], reports: dy.DataFrame[AcheReports], *, as_of: date, catalogue: Catalogue,
) -> dy.DataFrame[PredictionRows]:  # fmt: skip
    """One row per runner and observed day outside any episode; censored ones have a null `is_onset_within`.

    What a row says was known by its day: coverage is that of the window ending as long ago as an entry may settle
    what is known before it (14 d; give it `covered` from days without assumed and tail ones, as for onsets), aches
    count from their first report, observed days once the recall of the diary is over. An overuse onset is neither
    traumatic, prevalent nor uncertain, and of a symptom of the hazard models. An episode without a stated end lasts
    until the gap after its last report is over. Source: method.md §6.
    """
    horizon = catalogue.days("prediction.horizon")
    observed = observed_days(runs, reports, as_of, catalogue).sort(_DAY)
    onsets = _onsets(aches, catalogue)
    n_ahead = observed.rolling(
        "local_date", period=timedelta(days=horizon), offset=timedelta(0), closed="right", group_by="runner_id"
    ).agg(n_ahead=pl.len())
    within = (
        onsets.with_columns(ahead=pl.int_ranges(1, horizon + 1))
        .explode("ahead")
        .with_columns(local_date=pl.col("onset_on") - pl.duration(days="ahead"))
        .group_by(_DAY)
        .agg(onset_ids=pl.col("episode_id").sort())
    )
    rows = (
        observed.join(_days_in_episodes(aches, as_of, catalogue), on=_DAY, how="anti")
        .join(n_ahead, on=_DAY, how="left", validate="1:1")
        .join(within, on=_DAY, how="left", validate="1:1")
        .with_columns(pl.col("onset_ids").fill_null([]))
        .with_columns(is_onset_within=pl.when(pl.col("n_ahead") == horizon).then(pl.col("onset_ids").list.len() > 0))
    )
    described = (
        _with_history(rows, observed, onsets, catalogue)
        .join(_area_lists(rows, covered, catalogue), on=_DAY, how="left", validate="1:1")
        .join(_loads(load), on=_DAY, how="left", validate="1:1")
    )
    return PredictionRows.validate(described.sort(_DAY), cast=True)


def _onsets(aches: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    modelled = [symptom.id for symptom in catalogue.symptoms.values() if symptom.in_hazard_models]
    is_overuse = ~pl.col("is_trauma") & ~pl.col("is_prevalent") & ~pl.col("is_onset_uncertain")
    return aches.filter(is_overuse & pl.col("symptom_id").is_in(modelled)).select(
        "runner_id", "episode_id", "onset_on", "first_reported_on"
    )


def _days_in_episodes(aches: pl.DataFrame, as_of: date, catalogue: Catalogue) -> pl.DataFrame:
    until = pl.coalesce("ended_on", pl.col("last_reported_on") + timedelta(days=catalogue.days("episode.gap")))
    span = pl.date_ranges("onset_on", pl.min_horizontal(until, pl.lit(as_of)))
    return aches.select("runner_id", local_date=span).explode("local_date").unique()


def _with_history(
    rows: pl.DataFrame, observed: pl.DataFrame, onsets: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    """Each row's onsets so far as a rate over the years that were observed, and the days since the last one."""
    longest, per_year = catalogue.days("prediction.longest_memory"), catalogue.number("priority.days_per_year")
    at_start = catalogue.number("prediction.shrink_years") * per_year
    settled = pl.col("local_date") + timedelta(days=catalogue.days("episode.diary_recall"))
    n_so_far = pl.int_range(1, pl.len() + 1).over("runner_id")
    seen = observed.sort(_DAY).select("runner_id", local_date=settled, n_days=n_so_far).sort("local_date")
    told = onsets.sort("runner_id", "first_reported_on", "onset_on").select(
        "runner_id", local_date="first_reported_on", n_told=n_so_far,
        last_onset_on=pl.col("onset_on").cum_max().over("runner_id"),
    )  # fmt: skip
    told = told.unique(_DAY, keep="last", maintain_order=True).sort("local_date")
    days_since = (pl.col("local_date") - pl.col("last_onset_on")).dt.total_days().clip(upper_bound=longest)
    return (
        rows.sort("local_date")
        .join_asof(seen, on="local_date", by="runner_id", check_sortedness=False)
        .join_asof(told, on="local_date", by="runner_id", check_sortedness=False)
        .with_columns(
            onsets_per_year=pl.col("n_told").fill_null(0) * per_year / (pl.col("n_days").fill_null(0) + at_start),
            days_since_onset=days_since.fill_null(longest),
        )
    )


def _area_lists(rows: pl.DataFrame, covered: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Each row's coverage of every area, in the catalogue's order, of the newest window that is settled by its day."""
    settled = pl.col("local_date") + timedelta(days=catalogue.days("coverage.max_entry_gap"))
    areas = pl.DataFrame({"area_id": list(catalogue.areas)}).with_row_index("place")
    known = covered.select("runner_id", "area_id", "coverage", local_date=settled)
    return (
        rows.select(_DAY)
        .join(areas, how="cross")
        .join(known, on=[*_DAY, "area_id"], how="left", validate="1:1")
        .group_by(_DAY)
        .agg(pl.col("coverage").sort_by("place"))
    )


def _loads(load: pl.DataFrame) -> pl.DataFrame:
    return load.select(
        *_DAY,
        acute_load_log=pl.col("acute_km_per_day").log1p(),
        chronic_load_log=pl.col("chronic_km_per_day").log1p(),
        is_spike=pl.when(pl.col("n_runs") == 0).then(statement=False).otherwise(pl.col("spike") != "none"),
    )


@dataclass(frozen=True)
class ModelMatrix:
    """The rows whose following week is known, as a model takes them; missing values are NaN."""

    x: Array
    is_onset: Array
    runner_ids: Array
    days: Array
    onset_ids: list[list[str]]
    columns: tuple[str, ...]

    def n_onsets(self, rows: Array) -> int:
        """Different episodes that begin within the horizon of some rows."""
        return len({(self.runner_ids[row], onset) for row in rows for onset in self.onset_ids[row]})


def model_matrix(rows: dy.DataFrame[PredictionRows], *, catalogue: Catalogue) -> ModelMatrix:
    """One row per row that is not censored, one column per area and further feature; days count from 1970."""
    kept = rows.filter(pl.col("is_onset_within").is_not_null()).sort(_DAY)
    areas = {f"coverage_{area}": pl.col("coverage").list.get(i) for i, area in enumerate(catalogue.areas)}
    x = kept.select(**areas, **{name: pl.col(name) for name in _FEATURES}).cast(pl.Float64)
    return ModelMatrix(
        x.fill_null(float("nan")).to_numpy(), kept["is_onset_within"].to_numpy().astype(int),
        kept["runner_id"].to_numpy(), kept["local_date"].to_physical().to_numpy(), kept["onset_ids"].to_list(),
        tuple(x.columns),
    )  # fmt: skip
