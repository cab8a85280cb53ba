"""Which reports belong together: ache reports → symptom episodes."""

from datetime import date, timedelta

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.tables import OSTRC_SCORES, AcheReports, Episodes

UNRECOGNISED_SITE = "unspecified"
NOT_OVERUSE = ("sudden", "contact")
_COMPLAINT = ("runner_id", "complaint_id", "side")
_FLAGS = ("pain_at_night", "pain_at_rest", "pain_during_exercises", "focal_bone_tenderness")
_FIRST_ITEM, *_OTHER_ITEMS = ("ostrc_q1", "ostrc_q2", "ostrc_q3", "ostrc_q4")
_REDUCTIONS = ("ostrc_q2", "ostrc_q3")
_NO_PROBLEM, _, _MODERATE, _MOST = OSTRC_SCORES


def episodes(reports: dy.DataFrame[AcheReports], *, as_of: date, catalogue: Catalogue) -> dy.DataFrame[Episodes]:
    """One row per episode of one complaint and side, from the reports up to `as_of`.

    A report at most 14 d after the one before belongs to it, as does a return less than 14 d after recovery. After a
    stated recovery or a "no aches" answer, a later report starts a new episode, a recurrence. After more than 14 d of
    silence it starts one with an uncertain onset, unless it states that the ache was first noticed before the silence.
    An unknown side joins the nearest report of a known side in an unbroken chain (flagged). An episode ends at the
    stated recovery or the next "no aches" answer; without either it is open, or silent once its last report is older
    than 14 d.
    Source: method.md §3; recurrence classes after Fuller 2006.
    """
    gap = catalogue.days("episode.gap")
    said = reports.filter(pl.col("duplicate_of").is_null(), pl.col("reported_on") <= as_of)
    no_aches = said.filter("is_no_aches").select("runner_id", recovery="reported_on").sort("recovery")
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


def severity() -> pl.Expr:
    """The OSTRC severity score of each ache report, 0-100: the sum of its four items.

    The first item ends the questionnaire where it says full participation without problems, or none at all: without
    the other items the score is then 0, or 100. Null where nothing was asked, or another item is missing.
    Source: OSTRC-O2 and -H2, Clarsen 2020 (doi 10.1136/bjsports-2019-101337).
    """
    is_ended = pl.all_horizontal(pl.col(item).is_null() for item in _OTHER_ITEMS)
    most = _MOST * (1 + len(_OTHER_ITEMS))
    return (
        pl.when(is_ended & (pl.col(_FIRST_ITEM) == _NO_PROBLEM))
        .then(0)
        .when(is_ended & (pl.col(_FIRST_ITEM) == _MOST))
        .then(most)
        .otherwise(pl.sum_horizontal(_FIRST_ITEM, *_OTHER_ITEMS, ignore_nulls=False))
        .cast(pl.Int16)
    )


def is_substantial() -> pl.Expr:
    """Whether each ache report tells of a substantial problem: training or performance moderately reduced, or more.

    No participation at all is one too. Null where the items that are answered do not decide it.
    Source: Clarsen 2014 (doi 10.1136/bjsports-2012-092087), in the scoring of Clarsen 2020.
    """
    is_reduced = (pl.col(item) >= _MODERATE for item in _REDUCTIONS)
    is_without_problem = (pl.col(_FIRST_ITEM) == _NO_PROBLEM) & severity().eq(0)
    return (
        pl.when(is_without_problem)
        .then(pl.lit(value=False))
        .otherwise(pl.any_horizontal(pl.col(_FIRST_ITEM) == _MOST, *is_reduced))
    )


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
    """Unknown sides take that of the nearest report with a known side, in a chain without gaps over the limit."""
    is_unknown = pl.col("side") == "unknown"
    by = ["runner_id", "complaint_id", "chain"]
    days_since_last = pl.col("reported_on").diff().dt.total_days().over("runner_id", "complaint_id")
    starts_chain = (days_since_last > gap).fill_null(value=True)
    chained = aches.sort("runner_id", "complaint_id", "reported_on", "ache_report_id").with_columns(
        chain=starts_chain.cum_sum().over("runner_id", "complaint_id")
    )
    sided = chained.filter(~is_unknown).select(*by, "reported_on", nearest_side="side").sort("reported_on")
    return (
        chained.sort("reported_on")
        .join_asof(sided, on="reported_on", by=by, strategy="nearest", check_sortedness=False)
        .with_columns(is_side_uncertain=is_unknown)
        .with_columns(side=pl.when(is_unknown).then(pl.coalesce("nearest_side", "side")).otherwise("side"))
    )


def _with_recovery(aches: pl.DataFrame, no_aches: pl.DataFrame) -> pl.DataFrame:
    """For each report that says the ache is there, when the runner first said to be well again after it.

    A "resolved" answer only closes, unless it is the first of its complaint or says that the ache was first noticed
    after the answer before. On one day, an answer that the ache is there outweighs one that it is gone.
    """
    is_resolved = (pl.col("status") == "resolved").fill_null(value=pl.col("resolved_on").is_not_null())
    well_on = pl.coalesce("resolved_on", "reported_on")
    answered_before = pl.col("reported_on").shift(1).over(_COMPLAINT)
    is_news = answered_before.is_null() | (pl.col("noticed_on") > answered_before).fill_null(value=False)
    ordered = (
        aches.with_columns(is_resolved=is_resolved)
        .sort(*_COMPLAINT, "reported_on", ~is_resolved, "ache_report_id")
        .with_columns(is_ache=~pl.col("is_resolved") | is_news, place=pl.int_range(pl.len()))
    )
    closing = (
        ordered.filter(~pl.col("is_ache")).select(*_COMPLAINT, said_on="reported_on", closed_on=well_on).sort("said_on")
    )
    own = pl.when(pl.col("is_ache") & pl.col("is_resolved")).then(well_on)
    return (
        ordered.with_columns(day_after=pl.col("reported_on") + timedelta(days=1))
        .sort("day_after")
        .join_asof(
            closing,
            left_on="day_after",
            right_on="said_on",
            by=list(_COMPLAINT),
            strategy="forward",
            check_sortedness=False,
        )
        .join_asof(
            no_aches,
            left_on="day_after",
            right_on="recovery",
            by="runner_id",
            strategy="forward",
            check_sortedness=False,
        )
        .with_columns(is_well_on=pl.when("is_ache").then(pl.min_horizontal(own, "closed_on", "recovery")))
        .sort("place")
    )


def _with_number(aches: pl.DataFrame, gap: int) -> pl.DataFrame:
    """Numbers the episodes of each complaint and side, and says which began after a silence."""
    there = aches.filter("is_ache").with_columns(
        there_before=pl.col("reported_on").shift(1).over(_COMPLAINT),
        well_before=pl.col("is_well_on").shift(1).over(_COMPLAINT),
    )
    is_first = pl.col("there_before").is_null()
    is_recovered = (pl.col("well_before") <= pl.col("reported_on")).fill_null(value=False)
    is_noticed_since = pl.col("noticed_on") > pl.col("well_before")
    onset = pl.when(is_noticed_since).then("noticed_on").otherwise("reported_on")
    days_since_report = (pl.col("reported_on") - pl.col("there_before")).dt.total_days()
    days_since_well = (onset - pl.col("well_before")).dt.total_days()
    is_continued = (pl.col("noticed_on") <= pl.col("there_before")).fill_null(value=False)

    is_recurrence = is_recovered & (days_since_report > gap) & (days_since_well >= gap)
    is_after_silence = ~is_first & ~is_recovered & (days_since_report > gap) & ~is_continued
    starts = there.select(
        "place", starts=is_first | is_recurrence | is_after_silence, is_after_silence=is_after_silence
    )
    return (
        aches.join(starts, on="place", how="left", validate="1:1")
        .with_columns(pl.col("starts", "is_after_silence").fill_null(value=False))
        .with_columns(number=pl.col("starts").cum_sum().over(_COMPLAINT, order_by="place"))
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
        dated.sort("place")
        .group_by(*_COMPLAINT, "number", maintain_order=True)
        .agg(
            pl.col("symptom_id", "site_id").last(),
            pl.col("is_side_uncertain").any(),
            is_well_on=pl.col("is_well_on").filter("is_ache").last(),
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
            worst_severity=severity().max(),
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

    early_until = ended_before.dt.offset_by(f"{catalogue.days('episode.early_recurrence')}mo")
    late_until = ended_before.dt.offset_by(f"{catalogue.days('episode.late_recurrence')}mo")

    return (
        pl.when(pl.col("number") == 1)
        .then(pl.lit("index"))
        .when(pl.col("is_onset_uncertain"))
        .then(pl.lit("uncertain"))
        .when(pl.col("onset_on") < early_until)
        .then(pl.lit("early"))
        .when(pl.col("onset_on") <= late_until)
        .then(pl.lit("late"))
        .otherwise(pl.lit("delayed"))
    )
