"""What a cohort's page says of what happened: how often aches began, how many runners have one, how long they last."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports import cohort_charts
from runfix_analytics.reports.drawing import Drawing
from runfix_analytics.reports.wording import Wording, sentence_case, text
from runfix_analytics.reports.words import HIDDEN, bounds
from runfix_analytics.small_groups import is_few
from runfix_analytics.tables import Incidence, Prevalence

HEADINGS = {"all": "", "symptom": text("By ache"), "area": text("By linked area: rows overlap")}
ADD_NOTHING = {
    (): "",
    ("duration",): text("Of these, {duration} without duration add nothing."),
    ("distance",): text("Of these, {distance} without distance add nothing."),
    ("duration", "distance"): text(
        "Of these, {duration} without duration and {distance} without distance add nothing."
    ),
}


@dataclass(frozen=True)
class RateRow:
    """One group of aches; `why_not` stands instead of figures."""

    name: str
    onsets: str = ""
    per_hours: str = ""
    per_km: str = ""
    aching: str = ""
    lost: str = ""
    why_not: str = ""


@dataclass(frozen=True)
class RateGroup:
    """Rows that belong together, under a heading of their own."""

    heading: str
    rows: tuple[RateRow, ...]


@dataclass(frozen=True)
class Happened:
    """The squad's descriptive figures; empty groups where none may be printed."""

    exposure: str
    groups: tuple[RateGroup, ...]
    notes: tuple[str, ...]
    weeks: Drawing | None
    weeks_said: str


def happened(
    incidence: dy.DataFrame[Incidence],
    prevalence: dy.DataFrame[Prevalence],
    as_of: date,
    catalogue: Catalogue,
    w: Wording,
) -> Happened:
    """The squad's descriptive figures, final."""
    drawing, said = _weeks(prevalence, as_of, catalogue, w)
    everything = list(incidence.filter(grouping="all").iter_rows(named=True))
    if not are_observed(incidence, catalogue):
        return Happened(_nobody(everything, catalogue, w), (), (), drawing, said)
    groups = tuple(
        RateGroup(w.say(heading), tuple(_rates(row, catalogue, w) for row in rows.iter_rows(named=True)))
        for grouping, heading in HEADINGS.items()
        for rows in [incidence.filter(grouping=grouping)]
        if rows.height
    )
    overlap = w.say("Area rows do not add up: an onset counts once for each area that the article links to the ache.")
    notes = tuple(
        note for row in everything for note in (_not_counted(row, catalogue, w), _burden(row, catalogue, w)) if note
    )
    return Happened(" ".join(_exposure(row, w) for row in everything), groups, (overlap, *notes), drawing, said)


def are_observed(incidence: dy.DataFrame[Incidence], catalogue: Catalogue) -> bool:
    """Whether enough runners were under observation for any figure."""
    return bool((incidence["n_runners"] >= catalogue.days("incidence.min_runners")).any())


def group_name(row: dict[str, Any], catalogue: Catalogue, w: Wording) -> str:
    """The name of a group of aches."""
    if row["grouping"] == "symptom":
        return sentence_case(w.say(catalogue.symptoms[row["group_id"]].name))
    return w.say(catalogue.areas[row["group_id"]].name) if row["grouping"] == "area" else w.say("All aches")


def _nobody(everything: list[dict[str, Any]], catalogue: Catalogue, w: Wording) -> str:
    if not any(row["n_runners"] for row in everything):
        return w.say("Nobody has been under observation yet: no answer to the ache form beside a run.")
    least = catalogue.days("incidence.min_runners")
    return w.say("Fewer than {n} runners under observation: no figures are printed.", n=least)


def _rates(row: dict[str, Any], catalogue: Catalogue, w: Wording) -> RateRow:
    name = group_name(row, catalogue, w)
    if not row["is_printable"]:
        return RateRow(name, why_not=_why_not(catalogue, w))
    return RateRow(
        name,
        onsets=f"{w.number(row['n_onsets'])} ({w.number(row['n_runners_with_onset'])})",
        per_hours=_rate(row, "per_1000_h", 1, w) or w.say("no hours"),
        per_km=_rate(row, "per_1000_km", 2, w) or w.say("no km"),
        aching=_burden_of(row["n_symptom_days"], row["symptom_days_per_1000_h"], w),
        lost=_burden_of(row["n_days_lost"], row["days_lost_per_1000_h"], w)
        if row["is_days_lost_printable"]
        else HIDDEN,
    )


def _why_not(catalogue: Catalogue, w: Wording) -> str:
    """Too few runners, or figures from which those of a few would follow; which of the two is not told."""
    # translators: stands in place of the figures of a row
    return w.say(
        "fewer than {n} runners, or would tell of so few: not printed", n=catalogue.days("incidence.min_runners")
    )


def _rate(row: dict[str, Any], name: str, digits: int, w: Wording) -> str:
    """A rate with its interval; empty where there is none."""
    if row[name] is None:
        return ""
    rate, low, high = (w.fixed(row[f"{name}{end}"], digits) for end in ("", "_low", "_high"))
    return f"{rate} ({low}–{high})"


def _burden_of(n_days: float | None, per_hours: float | None, w: Wording) -> str:
    if n_days is None:
        return w.say("not reported")
    return w.number(n_days, 0) if per_hours is None else f"{w.number(n_days, 0)} ({w.number(per_hours, 0)})"


def _exposure(row: dict[str, Any], w: Wording) -> str:
    """Whom the rates are of, and what they ran meanwhile."""
    told = w.count(
        row["n_runners"],
        "{n} runner under observation on {days} days, with {hours} h and {km} km of running in {runs} runs.",
        "{n} runners under observation on {days} days, with {hours} h and {km} km of running in {runs} runs.",
        days=w.number(row["n_observed_days"]),
        hours=w.number(row["hours"], 0),
        km=w.number(row["km"], 0),
        runs=w.number(row["n_runs"]),
    )
    silent = {what: row[f"n_runs_without_{what}"] for what in ("duration", "distance")}
    adding = ADD_NOTHING[tuple(what for what, n in silent.items() if n)]
    values = {what: w.number(n) for what, n in silent.items()}
    return f"{told} {w.say(adding, **values)}" if adding else told


def _not_counted(row: dict[str, Any], catalogue: Catalogue, w: Wording) -> str:
    n = row["n_onsets_not_counted"]
    if not n or is_few(row["n_runners_not_counted"], catalogue):
        return ""
    return w.count(
        n,
        "{n} ache is not counted as an onset: sudden, there from the first day, back after a silence, or outside "
        "observation.",
        "{n} aches are not counted as an onset: sudden, there from the first day, back after a silence, or outside "
        "observation.",
    )


def _burden(row: dict[str, Any], catalogue: Catalogue, w: Wording) -> str:
    """How long all aches together lasted, in words; empty where their row says nothing either."""
    if not row["is_printable"]:
        return ""
    days, rate = w.number(row["n_symptom_days"]), row["severity_days_per_1000_h"]
    if row["severity_days"] is None:
        return w.say("Burden of all aches: {days} days with one; severity was not scored.", days=days)
    if is_few(row["n_runners_scored"], catalogue):
        return w.say(
            "Burden of all aches: {days} days with one; severity, scored of fewer than {n} runners, is not printed.",
            days=days, n=catalogue.days("incidence.min_runners"),
        )  # fmt: skip
    weighted, scored = w.number(row["severity_days"], 0), w.number(row["n_scored_days"])
    if rate is None:
        return w.say(
            "Burden of all aches: {days} days with one; weighted by severity {weighted} days of the worst severity, "
            "from {scored} scored days.",
            days=days, weighted=weighted, scored=scored,
        )  # fmt: skip
    return w.say(
        "Burden of all aches: {days} days with one; weighted by severity {weighted} days of the worst severity, from "
        "{scored} scored days ({rate} per 1000 h).",
        days=days, weighted=weighted, scored=scored, rate=w.number(rate, 0),
    )  # fmt: skip


def _weeks(
    prevalence: dy.DataFrame[Prevalence], as_of: date, catalogue: Catalogue, w: Wording
) -> tuple[Drawing | None, str]:
    """The bars of the last weeks, and the newest of them in words."""
    rows = weeks_shown(prevalence, as_of)
    if not rows["is_printable"].any():
        return None, w.say(
            "No week of the last {weeks} is printed: fewer than {n} runners answered the ache form or had an ache.",
            weeks=len(cohort_charts.last_weeks(as_of)),
            n=catalogue.days("incidence.min_runners"),
        )
    drawing = cohort_charts.weeks(list(rows.iter_rows(named=True)), as_of, w)
    return drawing, _week(rows.filter("is_printable").row(-1, named=True), as_of, w)


def weeks_shown(prevalence: dy.DataFrame[Prevalence], as_of: date) -> pl.DataFrame:
    """The last whole weeks of all aches together, oldest first; those that may not be printed are among them."""
    is_shown = pl.col("week_start").is_in(cohort_charts.last_weeks(as_of))
    return prevalence.filter(pl.col("grouping") == "all", is_shown).sort("week_start")


def _week(row: dict[str, Any], as_of: date, w: Wording) -> str:
    values = {
        "day": w.day(row["week_start"], as_of),
        "n": w.number(row["n_with_symptom"]),
        "answered": w.number(row["n_answered"]),
        "share": w.percent(row["share_with_symptom"]),
        "bounds": bounds(row["share_with_symptom_low"], row["share_with_symptom_high"], w),
    }
    if row["share_substantial"] is None or not row["is_substantial_printable"]:
        return w.say("Week of {day}: {n} of {answered} who answered had an ache, {share} ({bounds}).", **values)
    # translators: a substantial ache reduces training or performance moderately or more
    return w.say(
        "Week of {day}: {n} of {answered} who answered had an ache, {share} ({bounds}); a substantial one: "
        "{substantial} ({part}).",
        substantial=w.number(row["n_substantial"]),
        part=w.percent(row["share_substantial"]),
        **values,
    )
