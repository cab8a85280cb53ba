"""Which exercises to hand over for the advised areas."""

from datetime import date

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.tables import Advice, Episodes, Moves, RecognisedSets, Referrals, Runners

_OFFER = ["runner_id", "form", "area_id"]


def moves(
    advice: dy.DataFrame[Advice],
    runners: dy.DataFrame[Runners],
    sets: dy.DataFrame[RecognisedSets],
    episodes: dy.DataFrame[Episodes],
    referrals: dy.DataFrame[Referrals],
    *,
    as_of: date,
    catalogue: Catalogue,
) -> dy.DataFrame[Moves]:
    """One row per runner, area and advised exercise, the first to show first.

    Additions: two moves for each of the three areas ranked highest. Circuit: one move for every area, unranked, for a
    runner whose coverage is not known or who has no programme, unless a red flag is open. The article's moves come
    first, then familiar ones; only what the equipment allows (all where it is not known, bodyweight first); none that
    loads a withheld area, none that the runner reports as hurting.
    Source: method.md §5, domain.md "The dose".
    """
    wanted = pl.concat([_additions(advice, catalogue), _circuit(advice, referrals, catalogue)])
    allowed = (
        wanted.join(runners.select("runner_id", owned="equipment"), on="runner_id", how="left", validate="m:1")
        .join(_candidates(catalogue), on="area_id", how="inner")
        .join(_withheld(advice), on="runner_id", how="left", validate="m:1")
        .join(_hurting(episodes, catalogue), on=["runner_id", "exercise_id"], how="anti")
        .join(_familiar(sets), on=["runner_id", "exercise_id"], how="left", validate="m:1")
        .filter(_is_possible() & ~_is_withheld())
        .with_columns(pl.col("is_familiar").fill_null(value=False))
    )
    needs = pl.col("owned").is_null() & (pl.col("equipment").list.len() > 0)
    ordered = (
        allowed.with_columns(needs=needs)
        .sort(*_OFFER, "is_article", "is_familiar", "needs", "catalogue_place",
              descending=[False, False, False, True, True, False, False])
        .with_columns(place=pl.int_range(1, pl.len() + 1).over(_OFFER), as_of=pl.lit(as_of))
        .filter(pl.col("place") <= pl.col("n_moves"))
    )  # fmt: skip
    return Moves.validate(ordered.sort("runner_id", "form", "order", "place"), cast=True)


def _additions(advice: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    first = advice.filter(pl.col("rank") <= catalogue.days("advice.max_areas"))
    return first.select(
        "runner_id", "area_id", form=pl.lit("addition"), order="rank", n_moves=pl.lit(catalogue.days("advice.moves"))
    )


def _circuit(advice: pl.DataFrame, referrals: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    is_unknown = pl.col("status") == "log_first"
    is_for = (is_unknown | pl.col("has_programme").is_null()).any().over("runner_id")
    order = pl.col("area_id").replace_strict(
        {area: place for place, area in enumerate(catalogue.areas)}, return_dtype=pl.Int16
    )
    return (
        advice.filter(is_for)
        .join(referrals, on="runner_id", how="anti")
        .select("runner_id", "area_id", form=pl.lit("circuit"), order=order, n_moves=pl.lit(1))
    )


def _candidates(catalogue: Catalogue) -> pl.DataFrame:
    """One row per exercise and area that it trains first of all, with all areas that it loads."""
    rows = [
        (area, exercise.id, place, area in exercise.article_for, list(exercise.equipment),
         [*exercise.primary, *exercise.secondary])
        for place, exercise in enumerate(catalogue.exercises.values())
        for area in exercise.primary
    ]  # fmt: skip
    schema = pl.Schema(
        {
            "area_id": pl.String(),
            "exercise_id": pl.String(),
            "catalogue_place": pl.Int32(),
            "is_article": pl.Boolean(),
            "equipment": pl.List(pl.String()),
            "loads": pl.List(pl.String()),
        }
    )
    return pl.DataFrame(rows, schema=schema, orient="row")


def _withheld(advice: pl.DataFrame) -> pl.DataFrame:
    is_withheld = pl.col("status") == "withheld"
    return advice.group_by("runner_id").agg(withheld=pl.col("area_id").filter(is_withheld))


def _hurting(episodes: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """The exercises that runners report as hurting in an episode without a stated end."""
    named = episodes.filter(pl.col("state") != "ended").select("runner_id", "exercises_that_hurt")
    rows = [
        (row["runner_id"], exercise.id)
        for row in named.iter_rows(named=True)
        for name in row["exercises_that_hurt"]
        if (exercise := catalogue.find_exercise(name)) is not None
    ]
    return pl.DataFrame(rows, schema={"runner_id": pl.String, "exercise_id": pl.String}, orient="row").unique()


def _familiar(sets: pl.DataFrame) -> pl.DataFrame:
    known = sets.filter(pl.col("exercise_id").is_not_null())
    return known.select("runner_id", "exercise_id", is_familiar=pl.lit(value=True)).unique()


def _is_possible() -> pl.Expr:
    needs_nothing = pl.col("equipment").list.len() == 0
    has_one = pl.col("equipment").list.set_intersection(pl.col("owned")).list.len() > 0
    return needs_nothing | pl.col("owned").is_null() | has_one.fill_null(value=False)


def _is_withheld() -> pl.Expr:
    return pl.col("loads").list.set_intersection(pl.col("withheld")).list.len() > 0
