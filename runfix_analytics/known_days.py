"""On which days the strength log was live: unknown is not zero."""

from datetime import date, timedelta

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.tables import EVIDENCE, KnownDays, RecognisedSets, Runners, Runs, StrengthDays

_DAY = ["runner_id", "local_date"]
UNKNOWN = ("no_sets", "unknown")
NOT_FOR_ONSETS = ("assumed", "tail")
_STRENGTH = {name: place for place, name in enumerate(EVIDENCE)}


def known_days(
    runners: dy.DataFrame[Runners],
    runs: dy.DataFrame[Runs],
    sets: dy.DataFrame[RecognisedSets],
    strength_days: dy.DataFrame[StrengthDays],
    *,
    as_of: date,
    catalogue: Catalogue,
) -> dy.DataFrame[KnownDays]:
    """One row per runner and day, with the strongest evidence for that day.

    From the first log, or from the stated beginning of a log declared complete, to `as_of`.

    sets: decided sets were logged. no_sets: a workout without sets, or with more than a quarter of its working sets
    undecided; unknown, and no entry for its neighbours. stated_none: the runner states no strength work. between:
    strictly between two entries of one source at most 14 d apart. tail: within 3 d after a source's newest entry.
    declared: in a period declared complete. assumed: the same account delivers runs within 7 d and has delivered
    strength sets of this runner before. A runner without either has no row.
    Source: method.md §1.
    """
    sets_until, stated_until = _until(sets, as_of), _until(strength_days, as_of)
    runs_until = _until(runs, as_of)

    set_days = _set_days(sets_until, stated_until, catalogue)
    no_sets = pl.concat(
        [
            set_days.filter(~pl.col("is_decided")).select("runner_id", "local_date"),
            stated_until.filter(pl.col("kind") == "no_sets").select("runner_id", "local_date"),
        ]
    )
    stated = stated_until.filter(pl.col("kind") == "none").select("runner_id", "local_date", "source")
    decided = set_days.filter("is_decided").select("runner_id", "local_date", "source")
    entries = pl.concat([decided, stated]).unique().sort("runner_id", "source", "local_date")

    calendar = _calendar(runners, runs_until, sets_until, stated_until, as_of)
    evidence = pl.concat(
        [
            _label(decided, "sets"),
            _label(no_sets, "no_sets"),
            _label(stated, "stated_none"),
            _between(entries, catalogue.days("coverage.max_entry_gap")),
            _label(_tail(entries, catalogue.days("coverage.tail")), "tail"),
            _label(_declared(calendar), "declared"),
            _label(_assumed(runs_until, set_days, catalogue.days("coverage.assumed_reach")), "assumed"),
        ]
    )
    strongest = (
        evidence.with_columns(strength=pl.col("evidence").replace_strict(_STRENGTH, return_dtype=pl.Int8))
        .sort("runner_id", "local_date", "strength", "known_from", nulls_last=True)
        .unique(["runner_id", "local_date"], keep="first", maintain_order=True)
        .drop("strength")
    )
    days = (
        calendar.join(strongest, on=["runner_id", "local_date"], how="left", validate="1:1")
        .with_columns(pl.col("evidence").fill_null("unknown"))
        .with_columns(is_known=~pl.col("evidence").is_in(UNKNOWN))
        .sort("runner_id", "local_date")
    )
    return KnownDays.validate(days, cast=True)


def _until(frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    return frame.filter(pl.col("local_date") <= as_of)


def _label(days: pl.DataFrame, evidence: str) -> pl.DataFrame:
    return days.select(*_DAY, evidence=pl.lit(evidence), known_from=pl.lit(None, pl.Date))


def _set_days(sets: pl.DataFrame, strength_days: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """One row per runner, day and source with sets; a day is decided by all its working sets together.

    A source whose sets are counted in another export has logged that day all the same.
    """
    is_undecided = pl.col("exercise_id").is_null()
    is_working = pl.col("set_type") == "working"
    undecided_share = (is_undecided & is_working).sum() / is_working.sum().clip(lower_bound=1)
    is_decided = undecided_share <= catalogue.number("coverage.max_undecided_share")
    per_day = sets.group_by(_DAY).agg(is_decided=is_decided)
    logged = strength_days.filter(pl.col("kind") == "sets").select(*_DAY, "source")
    per_source = pl.concat([sets.select(*_DAY, "source"), logged]).unique()
    return per_source.join(per_day, on=_DAY, how="inner", validate="m:1")


def _calendar(
    runners: pl.DataFrame, runs: pl.DataFrame, sets: pl.DataFrame, strength_days: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """The days from the first log, or from the stated beginning of a complete log, to `as_of`."""
    logged = pl.concat([runs.select(_DAY), sets.select(_DAY), strength_days.select(_DAY)])
    first_log = logged.group_by("runner_id").agg(first_log=pl.col("local_date").min())
    declared = pl.when(pl.col("strength_log") == "complete").then("active_from")
    return (
        runners.select("runner_id", "active_from", "active_to", "strength_log")
        .join(first_log, on="runner_id", how="left", validate="1:1")
        .with_columns(first=pl.min_horizontal("first_log", declared))
        .filter(pl.col("first") <= as_of)
        .with_columns(local_date=pl.date_ranges("first", pl.lit(as_of)))
        .drop("first", "first_log")
        .explode("local_date")
    )


def _between(entries: pl.DataFrame, max_gap: int) -> pl.DataFrame:
    """The days between two entries of a source, known from the later one on."""
    following = pl.col("local_date").shift(-1).over("runner_id", "source")
    gap = (following - pl.col("local_date")).dt.total_days()
    return (
        entries.with_columns(following=following, gap=gap)
        .filter(pl.col("gap").is_between(2, max_gap))
        .with_columns(
            local_date=pl.date_ranges(pl.col("local_date") + timedelta(days=1), pl.col("following") - timedelta(days=1))
        )
        .explode("local_date")
        .select(*_DAY, evidence=pl.lit("between"), known_from="following")
    )


def _tail(entries: pl.DataFrame, tail: int) -> pl.DataFrame:
    """The days after each source's newest entry; days past the calendar fall away when it is joined."""
    newest = entries.group_by("runner_id", "source").agg(pl.col("local_date").max())
    return pl.concat(
        [newest.with_columns(pl.col("local_date") + timedelta(days=after)) for after in range(1, tail + 1)]
    )


def _declared(calendar: pl.DataFrame) -> pl.DataFrame:
    starts = pl.col("active_from").is_null() | (pl.col("local_date") >= pl.col("active_from"))
    goes_on = pl.col("active_to").is_null() | (pl.col("local_date") <= pl.col("active_to"))
    return calendar.filter((pl.col("strength_log") == "complete") & starts & goes_on)


def _assumed(runs: pl.DataFrame, set_days: pl.DataFrame, reach: int) -> pl.DataFrame:
    """Days near a run of an account that has delivered strength sets before that day."""
    account = ["runner_id", "source"]
    first_sets = set_days.group_by(account).agg(first_set=pl.col("local_date").min())
    return (
        runs.select(*account, "local_date")
        .join(first_sets, on=account, how="inner", validate="m:1")
        .with_columns(
            local_date=pl.date_ranges(
                pl.col("local_date") - timedelta(days=reach), pl.col("local_date") + timedelta(days=reach)
            )
        )
        .explode("local_date")
        .filter(pl.col("local_date") > pl.col("first_set"))
        .unique(["runner_id", "local_date"])
    )


def is_strictly_known() -> pl.Expr:
    """Whether a day is known without being assumed or the tail after a source's newest entry."""
    return pl.col("is_known") & ~pl.col("evidence").is_in(NOT_FOR_ONSETS)


def strict_days(days: dy.DataFrame[KnownDays]) -> dy.DataFrame[KnownDays]:
    """The same days, where neither assumed ones nor the tail after a source's newest entry count as known.

    For what is compared with later aches: what is known must not depend on what was logged after them.
    """
    return KnownDays.validate(days.with_columns(is_known=is_strictly_known()))
