"""From a coverage value on a page back to the sets, days and files behind it."""

from datetime import date, timedelta

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.recognition import area_weights
from runfix_analytics.tables import CoverageEvidence, Imports, KnownDays, RecognisedSets, StrengthSets


def explain_coverage(
    sets: dy.DataFrame[StrengthSets],
    recognised: dy.DataFrame[RecognisedSets],
    days: dy.DataFrame[KnownDays],
    imports: dy.DataFrame[Imports],
    *,
    area: str,
    as_of: date,
    catalogue: Catalogue,
) -> dy.DataFrame[CoverageEvidence]:
    """One row per logged set of the window that ends on `as_of`, with what it counts for the area and why.

    Sets that count nothing are there too, with the reason: warm-up, undecided, another area, counted in another
    export. Their `hard_sets` add up to the coverage table's.
    """
    since = as_of - timedelta(days=catalogue.days("coverage.window") - 1)
    weights = area_weights(catalogue).filter(pl.col("area_id") == area).drop("area_id")
    counted = recognised.select("set_id", "exercise_id", "side_share", "effort")
    is_working = pl.col("set_type") == "working"
    hard = pl.col("weight") * pl.col("side_share") * pl.col("effort").fill_null(1.0)
    why = (
        pl.when(pl.col("duplicate_of").is_not_null())
        .then(pl.lit("counted in another export"))
        .when(~is_working)
        .then(pl.lit("warm-up"))
        .when(pl.col("exercise_id").is_null())
        .then(pl.lit("not in the catalogue"))
        .when(pl.col("weight").is_null())
        .then(pl.lit("trains another area, or none"))
        .otherwise(pl.lit("counts"))
    )
    evidence = (
        sets.filter(pl.col("local_date").is_between(since, as_of))
        .join(counted, on="set_id", how="left", validate="1:1")
        .join(weights, on="exercise_id", how="left", validate="m:1")
        .join(days.select("runner_id", "local_date", "evidence"), on=["runner_id", "local_date"], how="left")
        .join(imports.select("runner_id", "import_id", "file_name"), on=["runner_id", "import_id"], how="left")
        .with_columns(why=why)
        .with_columns(
            area_id=pl.lit(area),
            day_evidence="evidence",
            hard_sets=pl.when(pl.col("why") == "counts").then(hard).otherwise(0.0),
        )
        .sort("runner_id", "local_date", "set_id")
    )
    return CoverageEvidence.validate(evidence, cast=True)
