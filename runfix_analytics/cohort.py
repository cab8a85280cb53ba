"""The measured join: each runner's at-risk days, symptom by symptom, with the coverage of some weeks before.

Three steps, because the later ones depend on the lag and the first does not: who was at risk when (`at_risk`), what
each day's log says (`cohort_days`), and the two joined at one lag (`analysis_rows`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from zlib import crc32

import dataframely as dy
import numpy as np
import numpy.typing as npt
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.coverage import DAYS_PER_WEEK, session_credits
from runfix_analytics.exposure import days_of_episodes, diary_days
from runfix_analytics.known_days import is_strictly_known
from runfix_analytics.tables import (
    ROW_EXCLUSIONS,
    AcheReports,
    AnalysisRows,
    AtRisk,
    CohortDays,
    Episodes,
    Exclusions,
    KnownDays,
    RecognisedSets,
    RunningLoad,
    Runs,
)

_DAY = ["runner_id", "local_date"]
_PERSON_SYMPTOM = ["runner_id", "symptom_id"]
_EXACT = 9


@dataclass(frozen=True)
class Cohort:
    """What some runners bring to the association, before a lag is chosen; cohorts of other runners can be added."""

    at_risk: dy.DataFrame[AtRisk]
    days: dy.DataFrame[CohortDays]
    spells: pl.DataFrame
    exclusions: dy.DataFrame[Exclusions]


def combine(cohorts: Iterable[Cohort]) -> Cohort:
    """The cohorts of different runners as one."""
    parts = list(cohorts)
    if not parts:
        nobody = pl.DataFrame(schema={"runner_id": pl.String, "onset_on": pl.Date, "ached_until": pl.Date})
        return Cohort(AtRisk.create_empty(), CohortDays.create_empty(), nobody, Exclusions.create_empty())
    counts = pl.concat([part.exclusions for part in parts])
    return Cohort(
        AtRisk.validate(pl.concat([part.at_risk for part in parts])),
        CohortDays.validate(pl.concat([part.days for part in parts])),
        pl.concat([part.spells for part in parts]),
        Exclusions.validate(counts.group_by("reason", maintain_order=True).agg(pl.all().sum())),
    )


def in_order(exclusions: dy.DataFrame[Exclusions]) -> dy.DataFrame[Exclusions]:
    """In the order in which the reasons are judged."""
    place = pl.col("reason").replace_strict(list(ROW_EXCLUSIONS), range(len(ROW_EXCLUSIONS)), return_dtype=pl.Int8)
    return Exclusions.validate(exclusions.sort(place))


def cohort(  # noqa: PLR0913 - the tables of one assessment
    runs: dy.DataFrame[Runs],
    reports: dy.DataFrame[AcheReports],
    sets: dy.DataFrame[RecognisedSets],
    days: dy.DataFrame[KnownDays],
    load: dy.DataFrame[RunningLoad],
    episodes: dy.DataFrame[Episodes],
    *,
    as_of: date,
    catalogue: Catalogue,
    keep: pl.DataFrame | None = None,
) -> Cohort:
    """What these runners bring. `keep` (from `sampling`) thins the days without an onset, symptom by symptom."""
    risk, exclusions = at_risk(runs, reports, episodes, load, as_of=as_of, catalogue=catalogue, keep=keep)
    return Cohort(risk, cohort_days(sets, days, load, catalogue=catalogue), _spells(episodes, as_of, catalogue),
                  exclusions)  # fmt: skip


def at_risk(
    runs: dy.DataFrame[Runs],
    reports: dy.DataFrame[AcheReports],
    episodes: dy.DataFrame[Episodes],
    load: dy.DataFrame[RunningLoad],
    *,
    as_of: date,
    catalogue: Catalogue,
    keep: pl.DataFrame | None = None,
) -> tuple[dy.DataFrame[AtRisk], dy.DataFrame[Exclusions]]:
    """One row per runner, day at risk and symptom of the hazard models; and how many rows were left out for what.

    Counted from the first day that an answer speaks for. Left out: days that no answer speaks for, illness, no run in
    28 d, days in an episode of the symptom or 14 d after one. Trauma, prevalent and uncertain onsets are no onsets.
    `keep` (from `sampling`) thins the days without an onset.
    Source: method.md §3.
    """
    symptoms = pl.DataFrame({"symptom_id": [s.id for s in catalogue.symptoms.values() if s.in_hazard_models]})
    modelled = episodes.filter(pl.col("symptom_id").is_in(symptoms["symptom_id"].implode()))
    onsets = _onsets(modelled)
    diary = diary_days(runs, reports, as_of, catalogue)
    unobserved = _counted(
        diary.filter(pl.col("unobserved").is_not_null())
        .join(symptoms, how="cross")
        .with_columns(reason=pl.col("unobserved")),
        onsets,
    )
    observed = diary.filter(pl.col("unobserved").is_null()).select(_DAY)
    taken = days_of_episodes(modelled, catalogue.days("episode.gap"))
    in_episode = _counted(taken.join(observed, on=_DAY, how="semi").with_columns(reason=pl.lit("in_episode")), onsets)
    day_symptom = [*_DAY, "symptom_id"]
    others = thinned(observed, symptoms, keep).join(onsets, on=day_symptom, how="anti")
    free = (
        pl.concat([onsets.join(observed, on=_DAY, how="semi"), others], how="diagonal")
        .join(taken, on=day_symptom, how="anti")
        .with_columns(is_onset=pl.col("episode_ids").is_not_null())
        .with_columns(pl.col("episode_ids").fill_null([]), pl.col("sampled_share").fill_null(1.0))
        .join(_spikes(load, catalogue), on=_DAY, how="left", validate="m:1")
        .with_columns(is_spike=pl.col("is_spike").fill_null(value=False))
        .pipe(_with_prior, modelled.filter(~pl.col("is_trauma")))
        .join(diary.group_by("runner_id").agg(first_day=pl.col("local_date").min()), on="runner_id", how="left")
        .with_columns(years=(pl.col("local_date") - pl.col("first_day")).dt.total_days()
                      / catalogue.number("priority.days_per_year"))
        .sort(*_DAY, "symptom_id")
    )  # fmt: skip
    return AtRisk.validate(free, cast=True), Exclusions.validate(pl.concat([unobserved, in_episode]), cast=True)


def _onsets(episodes: pl.DataFrame) -> pl.DataFrame:
    """One row per runner, day and symptom with an overuse onset: the episodes that began (left and right may both)."""
    is_counted = ~pl.col("is_trauma") & ~pl.col("is_prevalent") & ~pl.col("is_onset_uncertain")
    return (
        episodes.filter(is_counted)
        .group_by("runner_id", "symptom_id", local_date="onset_on")
        .agg(episode_ids=pl.col("episode_id").sort())
    )


def _counted(rows: pl.DataFrame, onsets: pl.DataFrame) -> pl.DataFrame:
    """Rows left out by reason, and how many of them an onset stands on."""
    is_onset = pl.col("episode_ids").is_not_null()
    return (
        rows.join(onsets, on=[*_DAY, "symptom_id"], how="left", validate="1:1")
        .group_by("reason")
        .agg(
            n_rows=pl.len(),
            n_runners=pl.col("runner_id").n_unique(),
            n_onsets=is_onset.sum(),
            n_runners_with_onset=pl.col("runner_id").filter(is_onset).n_unique(),
        )
        .sort("reason")
    )


def _spikes(load: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    return load.select(*_DAY, is_spike=pl.col("spike_ratio") > catalogue.number("load.spike_small"))


def _with_prior(rows: pl.DataFrame, episodes: pl.DataFrame) -> pl.DataFrame:
    """How many overuse episodes began before the day: of this symptom, of any."""
    began = episodes.select(*_PERSON_SYMPTOM, began_on=pl.col("onset_on") + timedelta(days=1)).sort("began_on")
    n_before = pl.int_range(1, pl.len() + 1, dtype=pl.Int32)
    same = began.with_columns(n_prior_same=n_before.over(_PERSON_SYMPTOM)).unique(
        [*_PERSON_SYMPTOM, "began_on"], keep="last", maintain_order=True
    )
    every = began.drop("symptom_id").with_columns(n_prior_any=n_before.over("runner_id"))
    every = every.unique(["runner_id", "began_on"], keep="last", maintain_order=True)
    joined = rows.sort("local_date")
    for before, by in ((same, _PERSON_SYMPTOM), (every, ["runner_id"])):
        joined = joined.join_asof(
            before, left_on="local_date", right_on="began_on", by=by, strategy="backward", check_sortedness=False
        ).drop("began_on", strict=False)
    return joined.with_columns(pl.col("n_prior_same", "n_prior_any").fill_null(0))


def sampling(counts: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame | None:
    """One row per symptom: the share of its days without an onset to keep; none where all rows are few enough.

    `counts`: symptom_id, n_onsets, n_days_at_risk of all runners together, as in the squad's rates.
    """
    n_rows = int(counts["n_days_at_risk"].sum())
    if n_rows <= catalogue.number("association.max_rows"):
        return None
    wanted = pl.col("n_onsets").clip(lower_bound=1) * catalogue.number("association.controls_per_onset")
    share = (wanted / pl.col("n_days_at_risk").clip(lower_bound=1)).clip(upper_bound=1)
    return counts.select("symptom_id", sampled_share=share)


def thinned(observed: pl.DataFrame, symptoms: pl.DataFrame, keep: pl.DataFrame | None) -> pl.DataFrame:
    """Observed days × symptoms; with `keep`, of each symptom the share that it says, with that share.

    Which ones depends on runner, day and symptom only, so that buckets and reruns agree.
    """
    if keep is None:
        return observed.join(symptoms, how="cross").with_columns(sampled_share=1.0)
    runners = {runner: crc32(runner.encode()) for runner in observed["runner_id"].unique()}
    runner = observed["runner_id"].replace_strict(runners, default=None, return_dtype=pl.UInt64).to_numpy()
    day = observed["local_date"].cast(pl.Int32).cast(pl.UInt64).to_numpy()
    of_day = (runner << np.uint64(32)) ^ (day << np.uint64(12))
    parts = [
        observed.filter(pl.Series(_uniform(of_day ^ np.uint64(crc32(symptom.encode()) % 4096)) < share)).with_columns(
            symptom_id=pl.lit(symptom), sampled_share=pl.lit(share)
        )
        for symptom, share in symptoms.join(keep, on="symptom_id", how="inner")
        .select("symptom_id", "sampled_share")
        .rows()
    ]
    return pl.concat([observed.clear().with_columns(symptom_id=pl.lit(""), sampled_share=pl.lit(1.0)), *parts])


def _uniform(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    """A number in [0, 1) for each, by a fixed mixing (splitmix64)."""
    mixed = numbers
    with np.errstate(over="ignore"):
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed + np.uint64(0x9E3779B97F4A7C15)) ^ (mixed >> np.uint64(shift))
            mixed = mixed * np.uint64(factor)
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) / 2**53)


def cohort_days(
    sets: dy.DataFrame[RecognisedSets],
    days: dy.DataFrame[KnownDays],
    load: dy.DataFrame[RunningLoad],
    *,
    catalogue: Catalogue,
) -> dy.DataFrame[CohortDays]:
    """One row per runner and day of `days`: what the 28 days ending there earned, by area, and how many were known.

    Assumed days and the tail after a source's newest entry do not count as known.
    Source: method.md §1, §4.
    """
    window = catalogue.days("coverage.window")
    ordered = days.select(*_DAY, "evidence", "is_known", "known_from").sort(_DAY).with_columns(
        is_known=is_strictly_known()
    )  # fmt: skip
    summed = ordered.with_columns(
        credits=pl.Series(_credits(sets, ordered, window, catalogue), dtype=pl.Array(pl.Float64, len(catalogue.areas))),
        n_known_days=pl.col("is_known").cast(pl.Int32).rolling_sum(window, min_samples=1).over("runner_id"),
    ).join(load.select(*_DAY, "chronic_km_per_day"), on=_DAY, how="left", validate="1:1", maintain_order="left")
    return CohortDays.validate(summed.with_columns(pl.col("credits").arr.to_list()), cast=True)


def _credits(sets: pl.DataFrame, ordered: pl.DataFrame, window: int, catalogue: Catalogue) -> npt.NDArray[np.float64]:
    """Rows of `ordered` × areas: the credits of known days, summed over the window within each runner."""
    places = {area: place for place, area in enumerate(catalogue.areas)}
    rows = ordered.select(*_DAY, "is_known", row=pl.int_range(pl.len()))
    earned = session_credits(sets, catalogue).join(rows.filter("is_known"), on=_DAY, how="inner", validate="m:1")
    daily = np.zeros((ordered.height + 1, len(places)))
    area = earned["area_id"].replace_strict(places, return_dtype=pl.Int64).to_numpy()
    daily[earned["row"].to_numpy() + 1, area] = earned["q"].to_numpy()
    running = daily.cumsum(axis=0)
    first = pl.col("row").min().over("runner_id")
    begins = rows.select(pl.max_horizontal(first, pl.col("row") - window + 1)).to_series().to_numpy()
    return np.asarray((running[1:] - running[begins]).round(_EXACT))


def _spells(episodes: pl.DataFrame, as_of: date, catalogue: Catalogue) -> pl.DataFrame:
    """One row per runner and day on which overuse episodes began: until when the runner had ached by then.

    An open episode lasts until today; one that fell silent, until the gap after its last report.
    """
    silent = pl.col("last_reported_on") + timedelta(days=catalogue.days("episode.gap"))
    end = pl.coalesce("ended_on", pl.when(pl.col("state") == "open").then(pl.lit(as_of)).otherwise(silent))
    return (
        episodes.filter(~pl.col("is_trauma"))
        .select("runner_id", "onset_on", ached_until=end)
        .sort("onset_on", "ached_until")
        .with_columns(pl.col("ached_until").cum_max().over("runner_id"))
        .unique(["runner_id", "onset_on"], keep="last", maintain_order=True)
    )


def analysis_rows(
    of: Cohort, *, lag_days: int, catalogue: Catalogue, has_washout: bool = True
) -> tuple[dy.DataFrame[AnalysisRows], dy.DataFrame[Exclusions]]:
    """One row per runner, at-risk day and symptom with coverage `lag_days` before it; and what was left out for what.

    Left out: days before the log goes back far enough, rows whose window overlaps an overuse episode that began before
    the day (each extended back by the lag: pain begins before it is noticed), and rows whose coverage is unknown.
    Counts of thinned rows are scaled up. Source: method.md §4.
    """
    window = catalogue.days("coverage.window")
    rows = of.at_risk.with_columns(window_end=pl.col("local_date") - timedelta(days=lag_days))
    joined = rows.join(
        of.days.rename({"local_date": "window_end"}), on=["runner_id", "window_end"], how="left", validate="m:1"
    )
    n_known = pl.col("n_known_days")
    if lag_days < catalogue.days("coverage.max_entry_gap"):
        joined = joined.join(
            _not_known_yet(of.days, lag_days), on=["runner_id", "window_end"], how="left", validate="m:1"
        )
        n_known -= pl.col("n_not_yet")
    is_washed = pl.lit(value=False)
    if has_washout:
        joined = _with_earlier_aches(joined, of.spells)
        is_washed = pl.col("ached_until") >= pl.col("window_end") - timedelta(days=window - 1)
    is_known = (n_known / window).round(_EXACT) >= catalogue.number("coverage.min_known_share")
    per_day = catalogue.number("coverage.sessions_per_week") / DAYS_PER_WEEK
    judged = joined.with_columns(
        excluded=pl.when(n_known.is_null() | pl.col("chronic_km_per_day").is_null())
        .then(pl.lit("no_history"))
        .when(is_washed)
        .then(pl.lit("washed_out"))
        .when(~is_known)
        .then(pl.lit("coverage_unknown")),
        coverage=(pl.col("credits") / (n_known * per_day)).list.eval(pl.element().round(_EXACT).clip(upper_bound=1)),
        lag_days=pl.lit(lag_days),
    ).sort(*_DAY, "symptom_id")
    left_out = (
        judged.filter(pl.col("excluded").is_not_null())
        .group_by(reason="excluded")
        .agg(
            n_rows=(1 / pl.col("sampled_share")).sum().round(),
            n_runners=pl.col("runner_id").n_unique(),
            n_onsets=pl.col("is_onset").sum(),
            n_runners_with_onset=pl.col("runner_id").filter("is_onset").n_unique(),
        )
        .sort("reason")
    )
    kept = judged.filter(pl.col("excluded").is_null())
    return AnalysisRows.validate(kept, cast=True), Exclusions.validate(left_out, cast=True)


def with_future(rows: dy.DataFrame[AnalysisRows], of: Cohort, *, catalogue: Catalogue) -> pl.DataFrame:
    """The rows with a `future_coverage` of the 28 days that begin four weeks after the day, for a negative control.

    Only rows whose future window is known and overlaps no overuse episode, not even the one that began that day: what
    follows an ache is rehab.
    """
    window = catalogue.days("coverage.window")
    begins = pl.col("local_date") + timedelta(days=catalogue.days("association.future_lead"))
    later = of.days.select("runner_id", pl.col("credits").alias("future_credits"),
                           future_end="local_date", n_future_known="n_known_days")  # fmt: skip
    n_known = pl.col("n_future_known")
    is_known = (n_known / window).round(_EXACT) >= catalogue.number("coverage.min_known_share")
    per_day = catalogue.number("coverage.sessions_per_week") / DAYS_PER_WEEK
    return (
        rows.with_columns(future_end=begins + timedelta(days=window - 1))
        .join(later, on=["runner_id", "future_end"], how="inner", validate="m:1")
        .filter(is_known)
        .sort("future_end")
        .join_asof(
            of.spells.sort("onset_on"), left_on="future_end", right_on="onset_on", by="runner_id", strategy="backward",
            check_sortedness=False,
        )
        .filter((pl.col("ached_until") < begins).fill_null(value=True))
        .with_columns(future_coverage=(pl.col("future_credits") / (n_known * per_day))
                      .list.eval(pl.element().round(_EXACT).clip(upper_bound=1)))
        .sort(*_DAY, "symptom_id")
    )  # fmt: skip


def as_reported(episodes: dy.DataFrame[Episodes]) -> dy.DataFrame[Episodes]:
    """The episodes as if each had begun on the day it was first reported: the naive reading."""
    return Episodes.validate(episodes.with_columns(onset_on="first_reported_on"))


def _not_known_yet(days: pl.DataFrame, lag_days: int) -> pl.DataFrame:
    """For each end of a window, how many of its days an entry made known only `lag_days` after that end or later.

    A day between two entries counts from its own date until the later entry is `lag_days` − 1 days ahead.
    """
    late = days.filter(pl.col("known_from") >= pl.col("local_date") + timedelta(days=lag_days))
    begins = late.select(*_DAY, change=pl.lit(1))
    ends = late.select("runner_id", local_date=pl.col("known_from") - timedelta(days=lag_days - 1), change=pl.lit(-1))
    changes = pl.concat([begins, ends]).group_by(_DAY).agg(pl.col("change").sum())
    return (
        days.select(_DAY)
        .join(changes, on=_DAY, how="left", validate="1:1")
        .sort(_DAY)
        .select(
            "runner_id", window_end="local_date", n_not_yet=pl.col("change").fill_null(0).cum_sum().over("runner_id")
        )
    )


def _with_earlier_aches(rows: pl.DataFrame, spells: pl.DataFrame) -> pl.DataFrame:
    """Until when the runner ached in the overuse episodes that began before the row's day."""
    return (
        rows.with_columns(day_before=pl.col("local_date") - timedelta(days=1))
        .sort("day_before")
        .join_asof(
            spells.sort("onset_on"), left_on="day_before", right_on="onset_on", by="runner_id", strategy="backward",
            check_sortedness=False,
        )
    )  # fmt: skip
