"""How often aches begin, how many runners have one, and how long they last: the squad's descriptive figures."""

from datetime import date, timedelta

import dataframely as dy
import polars as pl
from scipy.special import betaincinv, gammaincinv

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.episodes import is_substantial, severity
from runfix_analytics.exposure import days_of_episodes, observed_days
from runfix_analytics.small_groups import printable
from runfix_analytics.tables import AcheReports, Episodes, Incidence, Prevalence, Runs

PER = 1000
EVERYTHING = "all"
SECONDS_PER_HOUR = 3600
METRES_PER_KM = 1000
WORST_SEVERITY = 100
_GROUP = ["grouping", "group_id"]
_DAY = ["runner_id", "local_date"]
_EPISODE = ["runner_id", "episode_id"]


def incidence(
    episodes: dy.DataFrame[Episodes],
    runs: dy.DataFrame[Runs],
    reports: dy.DataFrame[AcheReports],
    *,
    as_of: date,
    catalogue: Catalogue,
) -> dy.DataFrame[Incidence]:
    """One row for all aches together, one per symptom of the hazard models, and one per area; zeros where nothing is.

    Onsets are those that `exposure` counts: overuse, new, and on a day under observation. An area's row adds up the
    onsets of the symptoms linked to it; an onset counts once for each linked area, so the areas do not add up to all.
    Hours and kilometres are those run on days under observation, the same for every row; a run without duration (or
    distance) adds no hours (or kilometres) and is counted. Intervals are exact Poisson ones. The burden is counted on
    days that an answer speaks for, running or not, each runner-day once a row, from the onset to the day before
    recovery and never beyond the last report.
    Source: method.md §3.
    """
    groups, members = _groups(catalogue), _members(catalogue)
    observed = observed_days(runs, reports, as_of, catalogue)
    in_groups = episodes.join(members, on="symptom_id", how="inner")
    counted = _counted_onsets(episodes, observed, catalogue).select(*_EPISODE, is_onset=True)
    onsets = (
        in_groups.join(counted, on=_EPISODE, how="left", validate="m:1")
        .group_by(_GROUP)
        .agg(
            n_onsets=pl.col("is_onset").count(),
            n_onsets_not_counted=pl.col("is_onset").null_count(),
            n_runners_with_onset=pl.col("runner_id").filter("is_onset").n_unique(),
            n_runners_not_counted=pl.col("runner_id").filter(pl.col("is_onset").is_null()).n_unique(),
        )
    )
    none = (
        "n_onsets", "n_onsets_not_counted", "n_runners_with_onset", "n_runners_not_counted", "n_symptom_days",
        "n_runners_with_symptom", "n_scored_days", "n_runners_scored", "n_runners_with_days_lost",
    )  # fmt: skip
    rows = (
        groups.join(_running(runs, observed), how="cross", maintain_order="left")
        .join(onsets, on=_GROUP, how="left", validate="1:1", maintain_order="left")
        .join(_burden(episodes, reports, members, as_of, catalogue), on=_GROUP, how="left", maintain_order="left")
        .join(_days_lost(in_groups, reports, catalogue), on=_GROUP, how="left", maintain_order="left")
        .with_columns(pl.col(none).fill_null(0))
        .pipe(_with_printable, members, catalogue)
    )
    level = catalogue.number("incidence.interval_level")
    rates = pl.DataFrame([_rates(row, level) for row in rows.iter_rows(named=True)], infer_schema_length=None)
    return Incidence.validate(pl.concat([rows, rates], how="horizontal"), cast=True)


def prevalence(
    episodes: dy.DataFrame[Episodes], reports: dy.DataFrame[AcheReports], *, as_of: date, catalogue: Catalogue
) -> dy.DataFrame[Prevalence]:
    """One row per ISO week for which anybody answered and group (all, symptom, area): runners with the symptom.

    A runner has answered for a week when answers speak for most of its days, so that a weekly answer speaks for one
    week whatever its weekday. Every onset counts here, trauma and what was there before the diary too. Intervals are
    Clopper-Pearson. `share_substantial` is null where a runner with the symptom did not answer the items that decide.
    Source: method.md §3; substantial problems after Clarsen 2014, in the scoring of Clarsen 2020.
    """
    members, week = _members(catalogue), pl.col("local_date").dt.truncate("1w")
    min_days, level = catalogue.days("incidence.min_week_days"), catalogue.number("incidence.interval_level")
    answered = _answered_days(reports, as_of, catalogue)
    weeks = (
        answered.group_by("runner_id", week_start=week).agg(n_days=pl.len()).filter(pl.col("n_days") >= min_days)
    ).select("runner_id", "week_start")
    aching = (
        _symptom_days(episodes, reports, answered, catalogue)
        .with_columns(week_start=week)
        .join(weeks, on=["runner_id", "week_start"], how="semi")
        .join(members, on="symptom_id", how="inner")
        .group_by("week_start", *_GROUP, "runner_id")
        .agg(pl.col("is_substantial").any(ignore_nulls=False))
        .group_by("week_start", *_GROUP)
        .agg(
            n_with_symptom=pl.len(),
            n_substantial=pl.col("is_substantial").sum(),
            n_substantial_unknown=pl.col("is_substantial").null_count(),
        )
    )
    rows = (
        weeks.group_by("week_start")
        .agg(n_answered=pl.len())
        .sort("week_start")
        .join(_groups(catalogue), how="cross", maintain_order="left_right")
        .join(aching, on=["week_start", *_GROUP], how="left", validate="1:1", maintain_order="left")
        .with_columns(pl.col("n_with_symptom", "n_substantial", "n_substantial_unknown").fill_null(0))
        .with_columns(**_printable_weeks(catalogue))
    )
    shares = pl.DataFrame(
        [_shares(row, level) for row in rows.iter_rows(named=True)],
        schema={name: pl.Float64 for name in Prevalence.columns() if name.startswith("share_")},
    )
    return Prevalence.validate(pl.concat([rows, shares], how="horizontal"), cast=True)


def rate_per(events: float, exposure: float, unit: float) -> float | None:
    """Events per so many units of exposure; None without exposure.

    Source: injurytools' own figure, 209 cases in 140 950 minutes, is 13.345 per 9000 minutes.
    """
    return events / exposure * unit if exposure > 0 else None


def count_interval(n_events: int, level: float) -> tuple[float, float]:
    """The exact Poisson interval of a count (Garwood 1936); from 0 where nothing was counted.

    It takes the events for independent, which recurrences in one runner are not: for a few runners it is too narrow.
    """
    tail = (1 - level) / 2
    low = float(gammaincinv(n_events, tail)) if n_events else 0.0
    return low, float(gammaincinv(n_events + 1, 1 - tail))


def share_interval(n: int, of: int, level: float) -> tuple[float, float]:
    """The exact binomial interval of a share (Clopper and Pearson 1934); from 0 to 1 where nobody was asked."""
    tail = (1 - level) / 2
    low = float(betaincinv(n, of - n + 1, tail)) if n else 0.0
    return low, float(betaincinv(n + 1, of - n, 1 - tail)) if n < of else 1.0


def _with_printable(rows: pl.DataFrame, members: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """With the rows whose rates and days, and whose days lost, may leave the coach's desk; see small_groups."""
    keys = list(rows.select(_GROUP).iter_rows())
    cells = members.group_by(_GROUP).agg("symptom_id")
    groups = dict.fromkeys(keys, ()) | {(grouping, group): tuple(of) for grouping, group, of in cells.iter_rows()}
    n_runners = {name: dict(zip(keys, rows[name].to_list(), strict=True)) for name in rows.columns if "runners" in name}
    is_observed = (rows["n_runners"] >= catalogue.days("incidence.min_runners")).all()
    told = set(keys) if is_observed else set()
    for name in ("n_runners_with_onset", "n_runners_with_symptom"):
        told = printable(groups, n_runners[name], catalogue, told)
    # of days lost only those stand that stand beside a rate
    lost = printable(groups, n_runners["n_runners_with_days_lost"], catalogue, told)
    return rows.with_columns(
        is_printable=pl.Series([key in told for key in keys], dtype=pl.Boolean),
        is_days_lost_printable=pl.Series([key in lost for key in keys], dtype=pl.Boolean),
    )


def _printable_weeks(catalogue: Catalogue) -> dict[str, pl.Expr]:
    """Weeks of enough answers in which nobody or enough runners had the symptom, substantially or not."""
    least = catalogue.days("incidence.min_runners")
    ached, substantially = pl.col("n_with_symptom"), pl.col("n_substantial")
    ached_few, substantially_few, less_few = (
        n.is_between(1, least - 1) for n in (ached, substantially, ached - substantially)
    )
    is_printable = (pl.col("n_answered") >= least) & ~ached_few
    return {
        "is_printable": is_printable,
        "is_substantial_printable": is_printable & ~substantially_few & ~less_few,
    }


def _shares(row: dict[str, int], level: float) -> dict[str, float]:
    """The shares of one row with their intervals; that of substantial problems only where it is known of everybody."""
    of = row["n_answered"]
    known = ["with_symptom"] if row["n_substantial_unknown"] else ["with_symptom", "substantial"]
    shares: dict[str, float] = {}
    for name in known:
        low, high = share_interval(row[f"n_{name}"], of, level)
        shares |= {f"share_{name}": row[f"n_{name}"] / of, f"share_{name}_low": low, f"share_{name}_high": high}
    return shares


def _rates(row: dict[str, float], level: float) -> dict[str, float | None]:
    """The rates of one row, with the intervals of those that count onsets."""
    n_onsets = int(row["n_onsets"])
    low, high = count_interval(n_onsets, level)
    rates: dict[str, float | None] = {}
    for unit, exposure in (("h", row["hours"]), ("km", row["km"])):
        rates |= {
            f"per_1000_{unit}": rate_per(n_onsets, exposure, PER),
            f"per_1000_{unit}_low": rate_per(low, exposure, PER),
            f"per_1000_{unit}_high": rate_per(high, exposure, PER),
        }
    for name, n_days in (
        ("symptom_days", row["n_symptom_days"]),
        ("days_lost", row["n_days_lost"]),
        ("severity_days", row["severity_days"]),
    ):
        rates[f"{name}_per_1000_h"] = None if n_days is None else rate_per(n_days, row["hours"], PER)
    return rates


def _modelled(catalogue: Catalogue) -> list[str]:
    return [symptom.id for symptom in catalogue.symptoms.values() if symptom.in_hazard_models]


def _groups(catalogue: Catalogue) -> pl.DataFrame:
    """One row per group, in the order to show them."""
    named = {EVERYTHING: [EVERYTHING], "symptom": _modelled(catalogue), "area": list(catalogue.areas)}
    rows = [(grouping, group) for grouping, ids in named.items() for group in ids]
    return pl.DataFrame(rows, schema=dict.fromkeys(_GROUP, pl.String), orient="row")


def _members(catalogue: Catalogue) -> pl.DataFrame:
    """One row per symptom and group that it belongs to."""
    rows = [
        (symptom, grouping, group)
        for symptom in _modelled(catalogue)
        for grouping, ids in (
            (EVERYTHING, [EVERYTHING]),
            ("symptom", [symptom]),
            ("area", catalogue.linked_areas(symptom)),
        )
        for group in ids
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("symptom_id", *_GROUP), pl.String), orient="row")


def _counted_onsets(episodes: pl.DataFrame, observed: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """The episodes that began as an overuse onset under observation, outside any other of the symptom."""
    of_symptoms = episodes.filter(pl.col("symptom_id").is_in(_modelled(catalogue)))
    taken = days_of_episodes(of_symptoms, catalogue.days("episode.gap"))
    is_counted = ~pl.col("is_trauma") & ~pl.col("is_prevalent") & ~pl.col("is_onset_uncertain")
    return (
        of_symptoms.filter(is_counted)
        .select(*_EPISODE, "symptom_id", local_date="onset_on")
        .join(observed, on=_DAY, how="semi")
        .join(taken, on=["runner_id", "symptom_id", "local_date"], how="anti")
    )


def _running(runs: pl.DataFrame, observed: pl.DataFrame) -> pl.DataFrame:
    """One row: who was under observation, and what they ran meanwhile."""
    counted = runs.filter(pl.col("duplicate_of").is_null()).join(observed, on=_DAY, how="semi")
    return counted.select(
        n_runners=pl.lit(observed["runner_id"].n_unique()),
        n_observed_days=pl.lit(observed.height),
        n_runs=pl.len(),
        n_runs_without_duration=(pl.col("duration_s").fill_null(0) == 0).sum(),
        n_runs_without_distance=(pl.col("distance_m").fill_null(0) == 0).sum(),
        hours=pl.col("duration_s").sort().sum() / SECONDS_PER_HOUR,
        km=pl.col("distance_m").sort().sum() / METRES_PER_KM,
    )


def _answered_days(reports: pl.DataFrame, as_of: date, catalogue: Catalogue) -> pl.DataFrame:
    """One row per runner and day that an answer speaks for."""
    recall = timedelta(days=catalogue.days("episode.diary_recall") - 1)
    return (
        reports.filter(pl.col("reported_on") <= as_of)
        .select("runner_id", local_date=pl.date_ranges(pl.col("reported_on") - recall, pl.col("reported_on")))
        .explode("local_date")
        .unique()
    )


def _own_reports(episodes: pl.DataFrame, reports: pl.DataFrame) -> pl.DataFrame:
    """One row per episode and report that belongs to it."""
    own = episodes.explode("ache_report_ids").rename({"ache_report_ids": "ache_report_id"})
    judged = {"severity": severity(), "is_substantial": is_substantial()}
    told = reports.select("runner_id", "ache_report_id", "reported_on", "days_lost", **judged)
    return own.join(told, on=["runner_id", "ache_report_id"], how="inner")


def _symptom_days(
    episodes: pl.DataFrame, reports: pl.DataFrame, answered: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    """One row per episode and answered day of it, with what its next report within the recall says of severity."""
    well = pl.col("ended_on") - timedelta(days=1)
    last = pl.max_horizontal("onset_on", pl.min_horizontal(well, "last_reported_on"))
    days = (
        episodes.select(*_EPISODE, "symptom_id", local_date=pl.date_ranges("onset_on", last))
        .explode("local_date")
        .join(answered, on=_DAY, how="semi")
    )
    scored = (
        _own_reports(episodes, reports)
        .group_by(*_EPISODE, "reported_on")
        .agg(pl.col("severity").max(), pl.col("is_substantial").any(ignore_nulls=False))
    )
    recall = timedelta(days=catalogue.days("episode.diary_recall") - 1)
    return days.sort("local_date").join_asof(
        scored.sort("reported_on"), left_on="local_date", right_on="reported_on", by=_EPISODE, strategy="forward",
        tolerance=recall, check_sortedness=False,
    )  # fmt: skip


def _burden(
    episodes: pl.DataFrame, reports: pl.DataFrame, members: pl.DataFrame, as_of: date, catalogue: Catalogue
) -> pl.DataFrame:
    """One row per group with a symptom day: the days, and the days weighted by severity (100 counts one day)."""
    answered = _answered_days(reports, as_of, catalogue)
    weighted = pl.col("severity").drop_nulls().cast(pl.Int64).sum() / WORST_SEVERITY
    return (
        _symptom_days(episodes, reports, answered, catalogue)
        .join(members, on="symptom_id", how="inner")
        .group_by(*_GROUP, *_DAY)
        .agg(pl.col("severity").max())
        .group_by(_GROUP)
        .agg(
            n_symptom_days=pl.len(),
            n_runners_with_symptom=pl.col("runner_id").n_unique(),
            n_runners_scored=pl.col("runner_id").filter(pl.col("severity").is_not_null()).n_unique(),
            n_scored_days=pl.col("severity").count(),
            severity_days=pl.when(pl.col("severity").count() > 0).then(weighted),
        )
    )


def _days_lost(in_groups: pl.DataFrame, reports: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """One row per group with a report: the days lost; an answer's count no further back than the answer before it."""
    recall = catalogue.days("episode.diary_recall")
    since_last = pl.col("reported_on").diff().dt.total_days().over(*_GROUP, "runner_id", order_by="reported_on")
    lost = pl.min_horizontal("days_lost", since_last.fill_null(recall), pl.lit(recall))
    return (
        _own_reports(in_groups, reports)
        .group_by(*_GROUP, "runner_id", "reported_on")
        .agg(pl.col("days_lost").max())
        .with_columns(lost=pl.when(pl.col("days_lost").is_not_null()).then(lost))
        .group_by(_GROUP)
        .agg(
            n_days_lost=pl.when(pl.col("lost").count() > 0).then(pl.col("lost").sort().sum()),
            n_runners_with_days_lost=pl.col("runner_id").filter(pl.col("lost").is_not_null()).n_unique(),
        )
    )
