"""Which reports belong together: ache reports → symptom episodes."""

from datetime import date, timedelta

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.tables import AcheReports, Episodes

UNRECOGNISED_SITE = "unspecified"
NOT_OVERUSE = ("sudden", "contact")
_COMPLAINT = ("runner_id", "complaint_id", "side")
_FLAGS = ("pain_at_night", "pain_at_rest", "pain_during_exercises", "focal_bone_tenderness")


def episodes(reports: dy.DataFrame[AcheReports], *, as_of: date, catalogue: Catalogue) -> dy.DataFrame[Episodes]:
    """One row per episode of one complaint and side, from the reports up to `as_of`.

    A report at most 14 d after the one before belongs to it, as does a return less than 14 d after recovery. After a
    stated recovery or a "no aches" answer, a later report starts a new episode, a recurrence. After more than 14 d of
    silence it starts one with an uncertain onset, unless it states that the ache was first noticed before the silence.
    An unknown side joins the nearest report of a known side (flagged). An episode ends at the stated recovery or the
    next "no aches" answer; without either it is open, or silent once its last report is older than 14 d.
    Source: method.md §3; recurrence classes after Fuller 2006.
    """
    gap = catalogue.days("episode.gap")
    said = reports.filter(pl.col("duplicate_of").is_null(), pl.col("reported_on") <= as_of)
    no_aches = said.filter("is_no_aches").select("runner_id", recovery="reported_on").unique().sort("recovery")
    aches = _with_complaint(said.filter(~pl.col("is_no_aches")), catalogue).pipe(_with_side, gap)
    numbered = _with_recovery(aches, no_aches).pipe(_with_number, gap)
    first_answer = said.group_by("runner_id").agg(first_answer=pl.col("reported_on").min())
    collected = (
        _collect(numbered, as_of, gap)
        .join(first_answer, on="runner_id", how="left", validate="m:1")
        .with_columns(is_prevalent=pl.col("onset_on") <= pl.col("first_answer"), recurrence=_recurrence(catalogue))
        .sort("runner_id", "onset_on", "complaint_id", "side")
    )
    return Episodes.validate(collected, cast=True)


def _with_complaint(aches: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Each ache's site, and its complaint: the linked symptom, or the site itself where none is linked."""
    site_of_key = dict(catalogue.site_keys)
    symptom_of_site = {site.id: site.symptom for site in catalogue.sites.values()}
    site = pl.col("site_key").replace_strict(site_of_key, default=UNRECOGNISED_SITE, return_dtype=pl.String)
    symptom = pl.col("site_id").replace_strict(symptom_of_site, default=None, return_dtype=pl.String)
    return aches.with_columns(site_id=site).with_columns(
        symptom_id=symptom, complaint_id=pl.coalesce(symptom, pl.col("site_id"))
    )


def _with_side(aches: pl.DataFrame, gap: int) -> pl.DataFrame:
    """Unknown sides take that of the nearest report of the same complaint with a known side, within the gap."""
    is_unknown = pl.col("side") == "unknown"
    by = ["runner_id", "complaint_id"]
    sided = aches.filter(~is_unknown).select(*by, "reported_on", nearest_side="side").sort("reported_on")
    return (
        aches.sort("reported_on")
        .join_asof(
            sided, on="reported_on", by=by, strategy="nearest", tolerance=timedelta(days=gap), check_sortedness=False
        )
        .with_columns(is_side_uncertain=is_unknown)
        .with_columns(side=pl.when(is_unknown).then(pl.coalesce("nearest_side", "side")).otherwise("side"))
        .drop("nearest_side")
    )


def _with_recovery(aches: pl.DataFrame, no_aches: pl.DataFrame) -> pl.DataFrame:
    """When the runner first said to be well again after each report: by this row itself, or by a later "no aches"."""
    stated = pl.when(pl.col("status") == "resolved").then(pl.coalesce("resolved_on", "reported_on"))
    return (
        aches.sort("reported_on", "ache_report_id")
        .with_columns(day_after=pl.col("reported_on") + timedelta(days=1))
        .join_asof(
            no_aches,
            left_on="day_after",
            right_on="recovery",
            by="runner_id",
            strategy="forward",
            check_sortedness=False,
        )
        .with_columns(is_well_on=pl.min_horizontal(stated, pl.col("recovery")), states_recovery=stated.is_not_null())
    )


def _with_number(aches: pl.DataFrame, gap: int) -> pl.DataFrame:
    """Numbers the episodes of each complaint and side, and says which began after a silence."""
    ordered = aches.sort(*_COMPLAINT, "reported_on", "ache_report_id")
    before = {
        "reported_before": pl.col("reported_on").shift(1).over(_COMPLAINT),
        "well_before": pl.col("is_well_on").shift(1).over(_COMPLAINT),
    }
    is_first = pl.col("reported_before").is_null()
    is_recovered = (pl.col("well_before") <= pl.col("reported_on")).fill_null(value=False)
    is_noticed_since = (pl.col("noticed_on") > pl.col("well_before")).fill_null(value=False)
    onset = pl.when(is_noticed_since).then("noticed_on").otherwise("reported_on")
    days_since_report = (pl.col("reported_on") - pl.col("reported_before")).dt.total_days()
    days_since_well = (onset - pl.col("well_before")).dt.total_days()
    is_continued = (pl.col("noticed_on") <= pl.col("reported_before")).fill_null(value=False)
    only_closes = pl.col("states_recovery") & ~is_noticed_since

    is_recurrence = is_recovered & (days_since_report > gap) & (days_since_well >= gap) & ~only_closes
    is_after_silence = ~is_recovered & (days_since_report > gap) & ~is_continued & ~only_closes
    return (
        ordered.with_columns(**before)
        .with_columns(starts=is_first | is_recurrence | is_after_silence, is_after_silence=~is_first & is_after_silence)
        .with_columns(number=pl.col("starts").cum_sum().over(_COMPLAINT, order_by=["reported_on", "ache_report_id"]))
    )


def _collect(numbered: pl.DataFrame, as_of: date, gap: int) -> pl.DataFrame:
    """One row per episode."""
    spans = numbered.group_by(*_COMPLAINT, "number").agg(last_before=pl.col("reported_on").max())
    previous = spans.with_columns(number=pl.col("number") + 1)
    dated = numbered.join(previous, on=[*_COMPLAINT, "number"], how="left", validate="m:1").with_columns(
        own_noticed=pl.when((pl.col("noticed_on") > pl.col("last_before")).fill_null(value=True)).then("noticed_on"),
        pain=pl.coalesce("pain_now", "pain_worst"),
    )
    per_episode = (
        dated.sort(*_COMPLAINT, "number", "reported_on", "ache_report_id")
        .group_by(*_COMPLAINT, "number", maintain_order=True)
        .agg(
            pl.col("symptom_id", "site_id", "is_well_on").last(),
            pl.col("is_side_uncertain").any(),
            onset_on=pl.min_horizontal(pl.col("own_noticed").min(), pl.col("reported_on").min()),
            has_noticed_date=pl.col("own_noticed").is_not_null().any(),
            is_onset_uncertain=pl.col("is_after_silence").first(),
            is_trauma=pl.col("onset_type").is_in(NOT_OVERUSE).any(),
            is_acute_injury=pl.col("onset_type").is_in(NOT_OVERUSE).any(),
            first_reported_on=pl.col("reported_on").min(),
            last_reported_on=pl.col("reported_on").max(),
            n_reports=pl.len(),
            worst_pain=pl.max_horizontal("pain_worst", "pain_now").max(),
            first_pain=pl.col("pain").drop_nulls().first(),
            latest_pain=pl.col("pain").drop_nulls().last(),
            affects_training=pl.col("affects_training").drop_nulls().last(),
            **{flag: pl.col(flag).max() for flag in _FLAGS},
            exercises_that_hurt=pl.col("exercise_that_hurt").drop_nulls().unique().sort(),
            ache_report_ids=pl.col("ache_report_id"),
        )
    )
    is_recent = pl.col("last_reported_on") >= as_of - timedelta(days=gap)
    state = pl.when(pl.col("ended_on").is_not_null()).then(pl.lit("ended")).when(is_recent).then(pl.lit("open"))
    ended_on = pl.when(pl.col("is_well_on").is_not_null()).then(pl.max_horizontal("is_well_on", "onset_on"))
    return per_episode.with_columns(ended_on=ended_on).with_columns(
        state=state.otherwise(pl.lit("silent")),
        episode_id=pl.format("{}:{}:{}", "complaint_id", "side", "onset_on"),
    )


def _recurrence(catalogue: Catalogue) -> pl.Expr:
    """How long after the episode before it ended: index for a first one, uncertain after a silence."""
    ended_before = pl.col("ended_on").shift(1).over(_COMPLAINT, order_by="number")

    def within(parameter: str) -> pl.Expr:
        return pl.col("onset_on") < ended_before.dt.offset_by(f"{catalogue.days(parameter)}mo")

    return (
        pl.when(pl.col("number") == 1)
        .then(pl.lit("index"))
        .when(pl.col("is_onset_uncertain"))
        .then(pl.lit("uncertain"))
        .when(within("episode.early_recurrence"))
        .then(pl.lit("early"))
        .when(within("episode.late_recurrence"))
        .then(pl.lit("late"))
        .otherwise(pl.lit("delayed"))
    )
