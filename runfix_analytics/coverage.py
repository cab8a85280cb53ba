"""How much of the target strength work each area got in the 28 days up to each day."""

from collections.abc import Mapping, Sequence
from datetime import date

import dataframely as dy
import numpy as np
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.recognition import area_weights
from runfix_analytics.tables import LIMITS, Coverage, KnownDays, RecognisedSets
from runfix_analytics.windows import Numbers, Windows

DAYS_PER_WEEK = 7
_EXACT = 9  # decimals: quotients differ in the last bits, and thresholds must not


def coverage(
    sets: dy.DataFrame[RecognisedSets],
    days: dy.DataFrame[KnownDays],
    *,
    catalogue: Catalogue,
    since: date | None = None,
) -> dy.DataFrame[Coverage]:
    """One row per runner, day of `days` and area; with `since`, of the days after it only.

    A session earns q = min(1, S / 4) with S the hard sets for the area. C = Σ q over the known days of the window,
    over what two sessions a week make in those days; null under 70 % known days. C_low credits unknown days with
    nothing, C_high with three sessions a week; C_high also the days after a source's newest entry, which C takes for
    rest: the session may just not be logged yet. A day whose workout is not decided counts its decided sets in C_low
    and a full session in C_high. Days before the first log are unknown.
    Source: method.md §1.
    """
    window = catalogue.days("coverage.window")
    covered = (
        _summed(_sessions(sets, catalogue), days, window, catalogue, since)
        .with_columns(**_values(catalogue, window))
        .with_columns(**_components(catalogue))
        .with_columns(status=_status(catalogue))
        .with_columns(limited_by=_limited_by(catalogue))
    )
    return Coverage.validate(covered, cast=True)


def known_coverage(sets: pl.DataFrame, days: pl.DataFrame, *, catalogue: Catalogue) -> pl.DataFrame:
    """`coverage` and `n_known_days` of `coverage()` alone, one row per runner, day and area in that order.

    For who asks for many windows and nothing else of them. Null where too few days of the window are known.
    """
    return rolled(session_credits(sets, catalogue), days, catalogue=catalogue)


def rolled(credits_: pl.DataFrame, days: pl.DataFrame, *, catalogue: Catalogue) -> pl.DataFrame:
    """What sessions earned (see `session_credits`), summed over the window up to each day of `days`, as a share."""
    window, areas = catalogue.days("coverage.window"), sorted(catalogue.areas)
    ordered = days.sort("runner_id", "local_date")
    over = Windows(ordered, window)
    known = ordered["is_known"].to_numpy().astype(np.float64)
    earned = over.place(credits_, ["q"], areas)["q"] * known[:, None]
    is_enough, uncapped = _share(catalogue, window)
    of_day = ordered.select("runner_id", "local_date", known=pl.Series(over.sums(known)))
    return (
        _of_areas(of_day.with_columns(is_enough=is_enough, n_known_days=pl.col("known").cast(pl.Int16)), areas)
        .with_columns(known_q=pl.Series(over.sums(earned).ravel()).round(_EXACT))
        .select(
            "runner_id", "local_date", "area_id",
            coverage=pl.when("is_enough").then(uncapped.clip(upper_bound=1)), n_known_days="n_known_days",
        )
    )  # fmt: skip


_WEIGHTED = ("hard_sets", "hard_sets_low_effort", "hard_sets_left", "hard_sets_right")
_OF_SESSIONS = ("n_sessions", "hard_sets", "hard_sets_left", "hard_sets_right")
_JUDGED_ON_KNOWN_DAYS = ("session_weight", "rounds_sets", "n_exercises", "n_effort", "n_effort_hard")


def session_credits(sets: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """One row per runner, date and area with a working set for it: q = min(1, S / 4), what the session earns."""
    q = (pl.col("hard_sets") / catalogue.number("coverage.full_session_sets")).clip(upper_bound=1)
    return _sessions(sets, catalogue).select("runner_id", "local_date", "area_id", q=q)


def _summed(
    sessions: pl.DataFrame, days: pl.DataFrame, window: int, catalogue: Catalogue, since: date | None
) -> pl.DataFrame:
    """One row per runner, day and area in that order: the sums of the window up to the day."""
    areas, full = sorted(catalogue.areas), catalogue.number("coverage.full_session_sets")
    ordered = days.sort("runner_id", "local_date")
    over = Windows(ordered, window)
    of_day = over.place(sessions, [*_OF_SESSIONS, "hard_sets_low_effort", *_JUDGED_ON_KNOWN_DAYS], areas)
    evidence, is_known = ordered["evidence"], ordered["is_known"].to_numpy()
    is_unclear, is_tail = (evidence == "no_sets").to_numpy(), is_known & (evidence == "tail").to_numpy()
    known, known_or_unclear = is_known[:, None].astype(np.float64), (is_known | is_unclear)[:, None]
    q = np.minimum(of_day["hard_sets"] / full, 1)
    daily = {
        "known": is_known.astype(np.float64),
        "unclear": is_unclear.astype(np.float64),
        "tail": is_tail.astype(np.float64),
        "known_q": q * known,
        "known_q_low_effort": np.minimum(of_day["hard_sets_low_effort"] / full, 1) * known,
        "low_q": q * known_or_unclear,
        "known_sessions": of_day["n_sessions"] * known,
        **{name: of_day[name] for name in _OF_SESSIONS},
        **{name: of_day[name] * known for name in _JUDGED_ON_KNOWN_DAYS},
    }
    is_asked = slice(None) if since is None else (ordered["local_date"] > since).to_numpy()
    trained = over.newest(of_day["n_sessions"] > 0)[is_asked].ravel()
    trained_on = ordered["local_date"].gather(np.maximum(trained, 0))
    asked = ordered if since is None else ordered.filter(pl.col("local_date") > since)
    return _table(asked, areas, {name: over.sums(of)[is_asked] for name, of in daily.items()}).with_columns(
        last_trained_on=pl.when(pl.Series(trained >= 0)).then(trained_on)
    )


def _table(days: pl.DataFrame, areas: Sequence[str], columns: Mapping[str, Numbers]) -> pl.DataFrame:
    """Values by day, or by day and area, as one row per day and area; `days` in the order of runner and day."""
    n_days, n_areas = days.height, len(areas)
    rows = _of_areas(days.select("runner_id", "local_date"), areas)
    shape = (n_days, n_areas)
    values = {
        name: np.broadcast_to(of if of.ndim == len(shape) else of[:, None], shape).ravel()
        for name, of in columns.items()
    }
    return rows.with_columns(pl.Series(name, of).round(_EXACT) for name, of in values.items())


def _of_areas(days: pl.DataFrame, areas: Sequence[str]) -> pl.DataFrame:
    named = pl.DataFrame({"area_id": pl.Series(areas, dtype=pl.String)})
    return days.join(named, how="cross", maintain_order="left_right")


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
        pl.when((pl.col("coverage") >= on_target) | (pl.col("coverage_low") >= on_target))
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
