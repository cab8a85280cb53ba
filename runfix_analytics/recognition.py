"""Which exercise each logged set was, and how much it counts: strength sets → recognised sets."""

from datetime import date

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.tables import RecognisedSets, StrengthSets

ONE_SIDE = ("left", "right")
ONE_SIDE_SHARE = 0.5


def recognise(sets: dy.DataFrame[StrengthSets], *, as_of: date, catalogue: Catalogue) -> dy.DataFrame[RecognisedSets]:
    """One row per counted set up to `as_of`, with its exercise; sets that another export holds as well are left out.

    Looked up by exact name; where that is unknown, by the watch's category. A set of one stated side counts half, so
    that left and right make one. Effort: 1 down to 3 repetitions in reserve, then 0.25 less for each, at least 0.25.
    Source: method.md §1.
    """
    by_name = _lookup("exercise_key", "exercise_by_name", dict(catalogue.exercise_keys))
    by_category = _lookup("category_key", "exercise_by_category", dict(catalogue.garmin_category_keys))
    exercise = pl.coalesce("exercise_by_name", "exercise_by_category")

    rir = pl.coalesce(pl.col("rir"), catalogue.number("coverage.rpe_at_failure") - pl.col("rpe"))
    beyond = (pl.col("rir") - catalogue.number("coverage.full_effort_rir")).clip(lower_bound=0)
    effort = (1 - catalogue.number("coverage.effort_step") * beyond).clip(
        lower_bound=catalogue.number("coverage.least_effort")
    )
    is_one_sided = pl.col("side").is_in(ONE_SIDE).fill_null(value=False)

    recognised = (
        sets.filter(pl.col("duplicate_of").is_null(), pl.col("local_date") <= as_of)
        .join(by_name, on="exercise_key", how="left", validate="m:1")
        .join(by_category, on="category_key", how="left", validate="m:1")
        .with_columns(rir=rir)
        .with_columns(
            exercise_id=exercise,
            side_share=pl.when(is_one_sided).then(ONE_SIDE_SHARE).otherwise(1.0),
            effort=effort,
        )
        .sort("runner_id", "local_date", "set_id")
    )
    return RecognisedSets.validate(recognised, cast=True)


def area_weights(catalogue: Catalogue) -> pl.DataFrame:
    """One row per exercise and area that it trains, with the weight of a set: 1 primary, 0.5 secondary."""
    rows = [
        (exercise.id, area, weight)
        for exercise in catalogue.exercises.values()
        for area, weight in catalogue.areas_of(exercise).items()
    ]
    return pl.DataFrame(
        rows, schema={"exercise_id": pl.String, "area_id": pl.String, "weight": pl.Float64}, orient="row"
    )


def _lookup(key: str, value: str, entries: dict[str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        {key: list(entries.keys()), value: list(entries.values())}, schema={key: pl.String, value: pl.String}
    )
