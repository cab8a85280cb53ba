"""What a cohort's page says of what happened: how often aches began, how many runners have one, how long they last."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports import cohort_charts
from runfix_analytics.reports.charts import Drawing
from runfix_analytics.reports.words import count, day, grouped, listing, percent, sentence_case
from runfix_analytics.tables import Incidence, Prevalence


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
    incidence: dy.DataFrame[Incidence], prevalence: dy.DataFrame[Prevalence], as_of: date, catalogue: Catalogue
) -> Happened:
    """The squad's descriptive figures, final."""
    drawing, said = _weeks(prevalence, as_of, catalogue)
    everything = list(incidence.filter(grouping="all").iter_rows(named=True))
    if not incidence["is_printable"].any():
        return Happened(_nobody(everything, catalogue), (), (), drawing, said)
    names: dict[str, tuple[str, Callable[[str], str]]] = {
        "all": ("", lambda _: "All aches"),
        "symptom": ("By ache", lambda symptom: sentence_case(catalogue.symptoms[symptom].name)),
        "area": ("By linked area: rows overlap", lambda area: catalogue.areas[area].name),
    }
    groups = tuple(
        RateGroup(heading, tuple(_rates(row, name(row["group_id"]), catalogue) for row in rows.iter_rows(named=True)))
        for grouping, (heading, name) in names.items()
        for rows in [incidence.filter(grouping=grouping)]
        if rows.height
    )
    notes = tuple(note for row in everything for note in (*_not_counted(row), _burden(row)))
    overlap = "Area rows do not add up: an onset counts once for each area that the article links to the ache."
    return Happened(" ".join(_exposure(row) for row in everything), groups, (overlap, *notes), drawing, said)


def _nobody(everything: list[dict[str, Any]], catalogue: Catalogue) -> str:
    if not any(row["n_runners"] for row in everything):
        return "Nobody has been under observation yet: no answer to the ache form beside a run."
    return f"{_too_few(catalogue)} under observation: no figures are printed."


def _too_few(catalogue: Catalogue) -> str:
    return f"Fewer than {catalogue.days('incidence.min_runners')} runners"


def _why_not(row: dict[str, Any], catalogue: Catalogue) -> str:
    """Too few runners, or so few onsets that they would tell on a person."""
    if row["n_runners"] < catalogue.days("incidence.min_runners"):
        return _too_few(catalogue)
    return f"fewer than {catalogue.days('incidence.min_onsets')} onsets"


def _rates(row: dict[str, Any], name: str, catalogue: Catalogue) -> RateRow:
    if not row["is_printable"]:
        return RateRow(name, why_not=f"{_why_not(row, catalogue).lower()}: not printed")
    return RateRow(
        name,
        onsets=f"{grouped(row['n_onsets'])} ({row['n_runners_with_onset']})",
        per_hours=_rate(row, "per_1000_h", "no hours"),
        per_km=_rate(row, "per_1000_km", "no km"),
        aching=_burden_of(row["n_symptom_days"], row["symptom_days_per_1000_h"]),
        lost=_burden_of(row["n_days_lost"], row["days_lost_per_1000_h"]),
    )


def _rate(row: dict[str, Any], name: str, without: str) -> str:
    digits = 1 if name == "per_1000_h" else 2
    if row[name] is None:
        return without
    return f"{row[name]:.{digits}f} ({row[f'{name}_low']:.{digits}f}–{row[f'{name}_high']:.{digits}f})"


def _burden_of(n_days: float | None, per_hours: float | None) -> str:
    if n_days is None:
        return "not reported"
    return grouped(n_days) if per_hours is None else f"{grouped(n_days)} ({per_hours:.0f})"


def _exposure(row: dict[str, Any]) -> str:
    """Whom the rates are of, and what they ran meanwhile."""
    silent = [f"{grouped(row[f'n_runs_without_{what}'])} without {what}" for what in ("duration", "distance")
              if row[f"n_runs_without_{what}"]]  # fmt: skip
    adding = f" Of these, {listing(silent)} add nothing." if silent else ""
    return (
        f"{count(row['n_runners'], 'runner')} under observation on {grouped(row['n_observed_days'])} days, with "
        f"{grouped(row['hours'])} h and {grouped(row['km'])} km of running in {grouped(row['n_runs'])} runs.{adding}"
    )


def _not_counted(row: dict[str, Any]) -> tuple[str, ...]:
    n = row["n_onsets_not_counted"]
    why = "sudden, there from the first day, back after a silence, or outside observation"
    return (f"{count(n, 'ache is', 'aches are')} not counted as an onset: {why}.",) if n else ()


def _burden(row: dict[str, Any]) -> str:
    """How long all aches together lasted, in words."""
    n_scored, days = row["n_scored_days"], row["n_symptom_days"]
    told = f"Burden of all aches: {grouped(days)} days with one"
    if row["severity_days"] is None:
        return f"{told}; severity was not scored."
    weighted = f"{grouped(row['severity_days'])} days of the worst severity, from {grouped(n_scored)} scored days"
    rate = row["severity_days_per_1000_h"]
    return f"{told}; weighted by severity {weighted}{'' if rate is None else f' ({rate:.0f} per 1000 h)'}."


def _weeks(prevalence: dy.DataFrame[Prevalence], as_of: date, catalogue: Catalogue) -> tuple[Drawing | None, str]:
    """The bars of the last weeks, and the newest of them in words."""
    mondays = cohort_charts.last_weeks(as_of)
    rows = prevalence.filter(pl.col("grouping") == "all", pl.col("week_start").is_in(mondays)).sort("week_start")
    if not rows["is_printable"].any():
        least = catalogue.days("incidence.min_runners")
        return None, f"In none of the last {len(mondays)} weeks did {least} or more runners answer the ache form."
    newest = rows.filter("is_printable").row(-1, named=True)
    share, low, high = (percent(newest[f"share_with_symptom{end}"]) for end in ("", "_low", "_high"))
    told = (
        f"Week of {day(newest['week_start'], as_of)}: {newest['n_with_symptom']} of {newest['n_answered']} who "
        f"answered had an ache, {share} ({low[:-2]}–{high})"
    )
    if newest["share_substantial"] is None:
        return cohort_charts.weeks(list(rows.iter_rows(named=True)), as_of), f"{told}."
    n, part = newest["n_substantial"], percent(newest["share_substantial"])
    return cohort_charts.weeks(list(rows.iter_rows(named=True)), as_of), f"{told}; a substantial one: {n} ({part})."
