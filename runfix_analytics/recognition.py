"""Which exercise each logged set was, and how much it counts: strength sets → recognised sets."""

from datetime import date

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.tables import RecognisedSets, StrengthSets

_NAMED_BY = ["exercise_key", "category_key"]
ONE_SIDE = ("left", "right")
ONE_SIDE_SHARE = 0.5


def recognise(sets: dy.DataFrame[StrengthSets], *, as_of: date, catalogue: Catalogue) -> dy.DataFrame[RecognisedSets]:
    """One row per counted set up to `as_of`, with its exercise; sets that another export holds as well are left out.

    The catalogue looks the name up, and where that is unknown the watch's category; never a guess. A set of one stated
    side counts half, so that left and right make one. Effort: 1 down to 3 repetitions in reserve, then 0.25 less for
    each, at least 0.25.
    Source: method.md §1.
    """
    rir = pl.coalesce(pl.col("rir"), catalogue.number("coverage.rpe_at_failure") - pl.col("rpe"))
    beyond = (pl.col("rir") - catalogue.number("coverage.full_effort_rir")).clip(lower_bound=0)
    effort = (1 - catalogue.number("coverage.effort_step") * beyond).clip(
        lower_bound=catalogue.number("coverage.least_effort")
    )
    is_one_sided = pl.col("side").is_in(ONE_SIDE).fill_null(value=False)

    counted = sets.filter(pl.col("duplicate_of").is_null(), pl.col("local_date") <= as_of)
    recognised = (
        with_exercise(counted, catalogue)
        .with_columns(rir=rir)
        .with_columns(
            side_share=pl.when(is_one_sided).then(ONE_SIDE_SHARE).otherwise(1.0),
            effort=effort,
        )
        .sort("runner_id", "local_date", "set_id")
    )
    return RecognisedSets.validate(recognised, cast=True)


def with_exercise(sets: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """The sets with the id of their exercise; null where name and category say none. The rows keep their order."""
    names = sets.select(_NAMED_BY).unique(maintain_order=True)
    ids = [catalogue.exercise_id(key, category) for key, category in names.iter_rows()]
    found = names.with_columns(exercise_id=pl.Series(ids, dtype=pl.String))
    return sets.join(found, on=_NAMED_BY, how="left", validate="m:1", nulls_equal=True, maintain_order="left")


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
