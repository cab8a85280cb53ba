"""How much of the target strength work each area got in the 28 days up to each day."""

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.recognition import area_weights
from runfix_analytics.tables import LIMITS, Coverage, KnownDays, RecognisedSets

DAYS_PER_WEEK = 7
_EXACT = 9  # decimals: rolling sums drift in the last bits, and thresholds must not
_GROUP = ("runner_id", "area_id")


def coverage(
    sets: dy.DataFrame[RecognisedSets], days: dy.DataFrame[KnownDays], *, catalogue: Catalogue
) -> dy.DataFrame[Coverage]:
    """One row per runner, day of `days` and area.

    A session earns q = min(1, S / 4) with S the hard sets for the area. C = Σ q over the known days of the window,
    over what two sessions a week make in those days; null under 70 % known days. C_low credits unknown days with
    nothing, C_high with three sessions a week; C_high also the days after a source's newest entry, which C takes for
    rest: the session may just not be logged yet. A day whose workout is not decided counts its decided sets in C_low
    and a full session in C_high. Days before the first log are unknown.
    Source: method.md §1.
    """
    window = catalogue.days("coverage.window")
    daily = _daily(sets, days, catalogue)
    summed = daily.with_columns(_window_sum(name, window) for name in _SUMMED).with_columns(
        last_trained_on=pl.col("trained_on").forward_fill().over(_GROUP)
    )
    covered = (
        summed.with_columns(**_values(catalogue, window))
        .with_columns(**_components(catalogue))
        .with_columns(status=_status(catalogue))
        .with_columns(limited_by=_limited_by(catalogue))
    )
    return Coverage.validate(covered.sort("runner_id", "local_date", "area_id"), cast=True)


def known_coverage(sets: pl.DataFrame, days: pl.DataFrame, *, catalogue: Catalogue) -> pl.DataFrame:
    """`coverage` and `n_known_days` of `coverage()` alone, one row per runner, day and area; in no fixed order.

    For who asks for many windows and nothing else of them. Null where too few days of the window are known.
    """
    window = catalogue.days("coverage.window")
    areas = pl.DataFrame({"area_id": list(catalogue.areas)}, schema={"area_id": pl.String})
    known = pl.col("is_known").cast(pl.Float64)
    daily = (
        days.select("runner_id", "local_date", known=known)
        .join(areas, how="cross")
        .join(session_credits(sets, catalogue), on=["runner_id", "local_date", "area_id"], how="left", validate="1:1")
        .with_columns(known_q=pl.when(pl.col("known") > 0).then(pl.col("q").fill_null(0.0)).otherwise(0.0))
        .sort("runner_id", "area_id", "local_date")
        .with_columns(_window_sum(name, window) for name in ("known", "known_q"))
    )
    is_enough, uncapped = _share(catalogue, window)
    return daily.select(
        "runner_id", "local_date", "area_id",
        coverage=pl.when(is_enough).then(uncapped.clip(upper_bound=1)), n_known_days=pl.col("known").cast(pl.Int16),
    )  # fmt: skip


_SUMMED = (
    "known", "unclear", "tail", "known_q", "known_q_low_effort", "low_q", "known_sessions", "session_weight",
    "rounds_sets", "n_exercises", "n_effort", "n_effort_hard", "n_sessions",
    "hard_sets", "hard_sets_left", "hard_sets_right",
)  # fmt: skip
_WEIGHTED = ("hard_sets", "hard_sets_low_effort", "hard_sets_left", "hard_sets_right")
_JUDGED_ON_KNOWN_DAYS = ("session_weight", "rounds_sets", "n_exercises", "n_effort", "n_effort_hard")


def session_credits(sets: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """One row per runner, date and area with a working set for it: q = min(1, S / 4), what the session earns."""
    q = (pl.col("hard_sets") / catalogue.number("coverage.full_session_sets")).clip(upper_bound=1)
    return _sessions(sets, catalogue).select("runner_id", "local_date", "area_id", q=q)


def _daily(sets: pl.DataFrame, days: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """One row per runner, day and area: what the day adds to each sum of the window."""
    areas = pl.DataFrame({"area_id": list(catalogue.areas)}, schema={"area_id": pl.String})
    full = catalogue.number("coverage.full_session_sets")
    is_known, is_unclear = pl.col("is_known"), pl.col("evidence") == "no_sets"
    q = (pl.col("hard_sets") / full).clip(upper_bound=1)
    q_low_effort = (pl.col("hard_sets_low_effort") / full).clip(upper_bound=1)
    return (
        days.sort("runner_id", "local_date")
        .join(areas, how="cross")
        .join(_sessions(sets, catalogue), on=["runner_id", "local_date", "area_id"], how="left", validate="1:1")
        .with_columns(pl.col(pl.Float64).fill_null(0.0))
        .with_columns(
            known=is_known.cast(pl.Float64),
            unclear=is_unclear.cast(pl.Float64),
            tail=(is_known & (pl.col("evidence") == "tail")).cast(pl.Float64),
            known_q=pl.when(is_known).then(q).otherwise(0.0),
            known_q_low_effort=pl.when(is_known).then(q_low_effort).otherwise(0.0),
            low_q=pl.when(is_known | is_unclear).then(q).otherwise(0.0),
            known_sessions=pl.when(is_known).then("n_sessions").otherwise(0.0),
            trained_on=pl.when(pl.col("n_sessions") > 0).then("local_date"),
            **{name: pl.when(is_known).then(name).otherwise(0.0) for name in _JUDGED_ON_KNOWN_DAYS},
        )
        .sort("runner_id", "area_id", "local_date")
    )


def _sessions(sets: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """One row per runner, date and area with at least one working set for it."""
    low_effort = catalogue.number("coverage.assumed_low_effort")
    full_effort = catalogue.number("coverage.full_effort_rir")
    by_session = ["runner_id", "local_date", "area_id"]
    share, effort = pl.col("side_share"), pl.col("effort")
    hard = share * effort.fill_null(1.0)
    is_known_effort = effort.is_not_null()
    per_exercise = (
        sets.filter(pl.col("set_type") == "working")
        .group_by("runner_id", "local_date", "exercise_id")
        .agg(
            hard_sets=hard.sum(),
            hard_sets_low_effort=(share * effort.fill_null(low_effort)).sum(),
            hard_sets_left=hard.filter(pl.col("side") == "left").sum(),
            hard_sets_right=hard.filter(pl.col("side") == "right").sum(),
            rounds_sets=share.sum(),
            n_effort=is_known_effort.sum().cast(pl.Float64),
            n_effort_hard=(is_known_effort & (pl.col("rir") <= full_effort)).sum().cast(pl.Float64),
        )
        .join(area_weights(catalogue), on="exercise_id", how="inner")
    )
    return per_exercise.group_by(by_session).agg(
        *((pl.col(name) * pl.col("weight")).sum().round(_EXACT) for name in _WEIGHTED),
        pl.col("rounds_sets", "n_effort", "n_effort_hard").sum().round(_EXACT),
        session_weight=pl.col("weight").sum(),
        n_exercises=pl.len().cast(pl.Float64),
        n_sessions=pl.lit(1.0),
    )


def _window_sum(name: str, window: int) -> pl.Expr:
    """Over the days of one runner and area, which `_daily` has put in order."""
    return pl.col(name).rolling_sum(window, min_samples=1).over(_GROUP).round(_EXACT)


def _share(catalogue: Catalogue, window: int) -> tuple[pl.Expr, pl.Expr]:
    """Whether enough days of a window are known, and what they earned of what they could have earned."""
    known, per_day = pl.col("known"), catalogue.number("coverage.sessions_per_week") / DAYS_PER_WEEK
    is_enough = (known / window).round(_EXACT) >= catalogue.number("coverage.min_known_share")
    return is_enough, (pl.col("known_q") / (known * per_day)).round(_EXACT)


def _values(catalogue: Catalogue, window: int) -> dict[str, pl.Expr]:
    per_day = catalogue.number("coverage.sessions_per_week") / DAYS_PER_WEEK
    upper_per_day = catalogue.number("coverage.upper_sessions_per_week") / DAYS_PER_WEEK
    target = per_day * window
    known, unclear = pl.col("known"), pl.col("unclear")
    is_enough, uncapped = _share(catalogue, window)
    low_effort = (pl.col("known_q_low_effort") / (known * per_day)).round(_EXACT)
    most = pl.col("known_q") + unclear + (window - known - unclear + pl.col("tail")) * upper_per_day
    return {
        "n_known_days": known,
        "n_unclear_days": unclear,
        "coverage": pl.when(is_enough).then(uncapped.clip(upper_bound=1)),
        "coverage_uncapped": pl.when(is_enough).then(uncapped),
        "coverage_low_effort": pl.when(is_enough).then(low_effort.clip(upper_bound=1)),
        "coverage_low": (pl.col("low_q") / target).round(_EXACT).clip(upper_bound=1),
        "coverage_high": (most / target).round(_EXACT).clip(upper_bound=1),
    }


def _components(catalogue: Catalogue) -> dict[str, pl.Expr]:
    """What limits coverage, each as a share of its target; null where there is nothing to judge."""
    sessions = pl.col("known_sessions")
    has_session = sessions > 0
    known_weeks = pl.col("known") / DAYS_PER_WEEK
    shares = {
        "frequency": (sessions / known_weeks) / catalogue.number("coverage.sessions_per_week"),
        "exercises": (pl.col("session_weight") / sessions) / catalogue.number("coverage.exercises_per_session"),
        "rounds": (pl.col("rounds_sets") / pl.col("n_exercises")) / catalogue.number("coverage.rounds"),
        "effort": pl.col("n_effort_hard") / pl.col("n_effort"),
    }
    is_there = {
        "frequency": pl.col("known") > 0,
        "exercises": has_session,
        "rounds": has_session,
        "effort": pl.col("n_effort") > 0,
    }
    return {
        name: pl.when(is_there[name]).then(share.round(_EXACT).clip(upper_bound=1)) for name, share in shares.items()
    }


def _status(catalogue: Catalogue) -> pl.Expr:
    on_target, floor = catalogue.number("coverage.on_target"), catalogue.number("coverage.floor")
    return (
        pl.when((pl.col("coverage") >= on_target).fill_null(value=False) | (pl.col("coverage_low") >= on_target))
        .then(pl.lit("on_target"))
        .when(pl.col("coverage_high") < floor)
        .then(pl.lit("under_floor"))
        .when(pl.col("coverage_high") < on_target)
        .then(pl.lit("under_target"))
        .when(pl.col("coverage").is_null())
        .then(pl.lit("not_known"))
        .otherwise(pl.lit("not_clear"))
    )


def _limited_by(catalogue: Catalogue) -> pl.Expr:
    """The smallest component, of equal ones the first; named only where coverage is known and under the target."""
    smallest = pl.min_horizontal(*LIMITS)
    named = pl.coalesce(pl.when(pl.col(name) == smallest).then(pl.lit(name)) for name in LIMITS)
    return pl.when(pl.col("coverage") < catalogue.number("coverage.on_target")).then(named)
