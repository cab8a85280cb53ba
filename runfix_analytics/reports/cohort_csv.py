"""The figures of a cohort's page as a plain table, for who works on with them; it says nothing that the page hides."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields, replace
from datetime import date
from math import exp
from typing import Any

import dataframely as dy

from runfix_analytics.association import Association
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports.association_section import (
    CONTROLS,
    Told,
    curve_shown,
    estimated,
    estimates_of,
    is_shown,
    left_out_shown,
    looks_shown,
    n_told,
    onsets_told,
    spread,
    why_not,
)
from runfix_analytics.reports.incidence_section import are_observed, group_name, weeks_shown
from runfix_analytics.reports.wording import Wording, sentence_case
from runfix_analytics.small_groups import is_few
from runfix_analytics.tables import Incidence, Prevalence

FIGURES = 6  # significant ones
MAX_LOG = 700.0  # what a number can hold
OBSERVED = (
    "n_runners", "n_observed_days", "n_runs", "n_runs_without_duration", "n_runs_without_distance", "hours", "km",
    "n_onsets_not_counted",
)  # fmt: skip
BURDEN = ("n_scored_days", "severity_days", "severity_days_per_1000_h")
RUNNERS_OF = {"n_onsets_not_counted": "n_runners_not_counted", **dict.fromkeys(BURDEN, "n_runners_scored")}
TOO_FEW = "too_few_runners"
RATES = {
    "per_1000_h": "no_hours",
    "per_1000_km": "no_km",
    "n_symptom_days": "",
    "symptom_days_per_1000_h": "no_hours",
    "n_days_lost": "not_reported",
    "days_lost_per_1000_h": "not_reported",
}


@dataclass(frozen=True)
class Figure:
    """One figure of the page, or why it is not there.

    `name` says area and ache in the page's language. `n_runners`: those fitted; of rates those with an onset, of weeks
    those who answered. `value`, `low`, `high`: of what `measure` says; ratios are hazard ratios of full coverage
    against none. `week`: its Monday.
    """

    section: str
    measure: str
    area_id: str = ""
    symptom_id: str = ""
    name: str = ""
    week: date | None = None
    lag_days: int | None = None
    n_onsets: int | None = None
    n_runners: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p_adjusted: float | None = None
    verdict: str = ""
    why_not: str = ""


def csv_rows(
    found: Association,
    incidence: dy.DataFrame[Incidence],
    prevalence: dy.DataFrame[Prevalence],
    *,
    as_of: date,
    n_runners: int,
    catalogue: Catalogue,
    w: Wording,
) -> list[tuple[str, ...]]:
    """A header row, then the page's figures in its order; with too few runners in the squad the header only."""
    least = catalogue.days("incidence.min_runners")
    figures: list[Figure] = []
    if n_runners >= least:
        is_told = found.n_runners >= least
        figures += _counts(found, n_runners, catalogue, is_told=is_told)
        figures += _happened(incidence, catalogue, w)
        figures += _weeks(prevalence, as_of, w)
        figures += _associated(found, catalogue, w) if is_told else ()
        figures += _left_out(found, catalogue, w)
    header = tuple(field.name for field in fields(Figure))
    return [header, *(tuple(_cell(value) for value in astuple(figure)) for figure in figures)]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.{FIGURES}g}"
    return "" if value is None else str(value)


def _counts(found: Association, n_runners: int, catalogue: Catalogue, *, is_told: bool) -> Iterator[Figure]:
    yield Figure("counts", "runners_in_squad", value=n_runners)
    if is_told:
        yield Figure("counts", "usable_runners", value=found.n_runners)
    if is_told or found.n_runners == 0:
        onsets = Figure("counts", "usable_onsets", value=found.n_onsets)
        yield onsets if (None, None) in onsets_told(found, catalogue) else _hidden(onsets)
        yield Figure("counts", "usable_days", value=found.n_rows)
    yield Figure("counts", "lag_days", value=found.lag_days)
    yield Figure("counts", "share_fitted", value=found.share_of_rows)


def _hidden(figure: Figure) -> Figure:
    """A figure that tells of a few runners, or from which such a one follows, without what it says."""
    return replace(figure, n_onsets=None, n_runners=None, value=None, low=None, high=None, why_not=TOO_FEW)


def _happened(incidence: dy.DataFrame[Incidence], catalogue: Catalogue, w: Wording) -> Iterator[Figure]:
    if not are_observed(incidence, catalogue):
        return
    for row in incidence.filter(grouping="all").iter_rows(named=True):
        for measure in (*OBSERVED, *(BURDEN if row["is_printable"] else ())):
            figure, of = Figure("observed", measure, value=row[measure]), RUNNERS_OF.get(measure)
            yield _hidden(figure) if of and is_few(row[of], catalogue) else figure
    for grouping in ("all", "symptom", "area"):
        for row in incidence.filter(grouping=grouping).iter_rows(named=True):
            yield from _rates(row, catalogue, w)


def _rates(row: dict[str, Any], catalogue: Catalogue, w: Wording) -> Iterator[Figure]:
    group = Figure(
        "rates",
        "all",
        area_id=row["group_id"] if row["grouping"] == "area" else "",
        symptom_id=row["group_id"] if row["grouping"] == "symptom" else "",
        name=group_name(row, catalogue, w),
    )
    if not row["is_printable"]:
        yield _hidden(group)
        return
    for measure, without in RATES.items():
        figure = replace(
            group,
            measure=measure,
            n_onsets=row["n_onsets"],
            n_runners=row["n_runners_with_onset"],
            value=row[measure],
            low=row.get(f"{measure}_low"),
            high=row.get(f"{measure}_high"),
            why_not=without if row[measure] is None else "",
        )
        is_hidden = "days_lost" in measure and not row["is_days_lost_printable"]
        yield _hidden(figure) if is_hidden else figure


def _weeks(prevalence: dy.DataFrame[Prevalence], as_of: date, w: Wording) -> Iterator[Figure]:
    """Each of the last weeks; a substantial ache of the newest that may be printed only, as on the page."""
    rows = list(weeks_shown(prevalence, as_of).iter_rows(named=True))
    newest = [row for row in rows if row["is_printable"]][-1:]
    for measure, those in (("share_with_symptom", rows), ("share_substantial", newest)):
        may_be = "is_printable" if measure == "share_with_symptom" else "is_substantial_printable"
        for row in those:
            figure = Figure(
                "weeks",
                measure,
                name=w.say("All aches"),
                week=row["week_start"],
                n_runners=row["n_answered"],
                value=row[measure],
                low=row[f"{measure}_low"] if measure == "share_with_symptom" else None,
                high=row[f"{measure}_high"] if measure == "share_with_symptom" else None,
                why_not="not_reported" if row[measure] is None else "",
            )
            yield figure if row[may_be] else _hidden(figure)


def _associated(found: Association, catalogue: Catalogue, w: Wording) -> Iterator[Figure]:
    told = onsets_told(found, catalogue)
    for verdict in found.verdicts.iter_rows(named=True):
        yield from _area(verdict, found, told, catalogue, w)
    for row in curve_shown(found, catalogue):
        yield _ratio("lags", "ratio", row, told, catalogue)
    for name in CONTROLS:
        for row in estimates_of(found, name).iter_rows(named=True):
            yield _ratio("checks", f"ratio_{name}", row, told, catalogue)
    for look in looks_shown(found, catalogue)[1:]:
        for row in estimates_of(found, look).iter_rows(named=True):
            name = w.say(catalogue.areas[row["area_id"]].name)
            yield _ratio("looks", f"ratio_{look}", row, told, catalogue, name)
    for row in estimates_of(found, "pair").iter_rows(named=True):
        ache, area = catalogue.symptoms[row["symptom_id"]].name, catalogue.areas[row["area_id"]].name
        yield _ratio("pairs", "ratio", row, told, catalogue, f"{sentence_case(w.say(ache))}, {w.name(area)}")


def _area(
    verdict: dict[str, Any], found: Association, told: Told, catalogue: Catalogue, w: Wording
) -> Iterator[Figure]:
    """The squad's own ratio with the verdict, the prior, both together, and the weight of the data."""
    area = verdict["area_id"]
    onsets = verdict["n_onsets"] if (None, area) in told else None
    name = w.say(catalogue.areas[area].name)
    figure = Figure("areas", "ratio", area_id=area, name=name, lag_days=found.lag_days, n_onsets=onsets)
    own, data = replace(figure, verdict=verdict["verdict"]), estimated(verdict, found, catalogue)
    pooled = next(estimates_of(found, "pooled").filter(area_id=area).iter_rows(named=True), None)
    if data:
        n_runners = pooled["n_runners"] if pooled else None
        yield replace(_with_ratio(own, data), n_runners=n_runners, p_adjusted=data["p_adjusted"])
    else:
        yield replace(own, why_not=why_not(pooled or verdict | {"missing": None}, catalogue))
    for kind in ("prior", "posterior"):
        yield _with_ratio(replace(figure, measure=f"ratio_{kind}"), spread(verdict, kind, catalogue))
    yield replace(figure, measure="data_weight", value=verdict["data_weight"])


def _ratio(section: str, measure: str, row: dict[str, Any], told: Told, catalogue: Catalogue, name: str = "") -> Figure:
    figure = Figure(
        section,
        measure,
        area_id=row["area_id"] or "",
        symptom_id=row["symptom_id"] or "",
        name=name,
        lag_days=row["lag_days"],
        n_onsets=n_told(row, told, catalogue),
    )
    if not is_shown(row, catalogue):
        return replace(figure, why_not=why_not(row, catalogue))
    p = row["p_adjusted"] if section == "pairs" else None
    return replace(_with_ratio(figure, row), n_runners=row["n_runners"], p_adjusted=p)


def _with_ratio(figure: Figure, row: dict[str, Any]) -> Figure:
    """A hazard ratio with its interval, from their logarithms."""
    ratio, low, high = (exp(min(row[name], MAX_LOG)) for name in ("log_ratio", "low", "high"))
    return replace(figure, value=ratio, low=low, high=high)


def _left_out(found: Association, catalogue: Catalogue, w: Wording) -> Iterator[Figure]:
    for said, row in left_out_shown(found, catalogue):
        name, hidden = sentence_case(w.say(said)), row["n_rows"] is None or row["n_onsets"] is None
        reason = f"{row['reason']}; {TOO_FEW}" if hidden else row["reason"]
        yield Figure("left_out", "days", name=name, n_onsets=row["n_onsets"], value=row["n_rows"], why_not=reason)
