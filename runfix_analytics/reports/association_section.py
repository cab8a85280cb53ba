"""What a cohort's page says of coverage before onset: areas, lags, checks, pairs, and what was left out."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from runfix_analytics.association import Association
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports import cohort_charts
from runfix_analytics.reports.charts import Drawing
from runfix_analytics.reports.cohort_charts import Estimate
from runfix_analytics.reports.words import (
    LEFT_OUT,
    NO_ESTIMATE,
    VERDICT,
    Mark,
    grouped,
    listing,
    p_value,
    percent,
    ratio_with_interval,
    sentence_case,
)

GOOD, BAD, UNKNOWN = "●", "■", "?"


@dataclass(frozen=True)
class AreaRow:
    """One area of the forest plot: the figures stand beside their marks, in the same order."""

    name: str
    onsets: str
    picture: Drawing
    figures: tuple[str, ...]
    weight: str
    p: str
    verdict: Mark


@dataclass(frozen=True)
class Check:
    """One negative control, or one mark of the whole section."""

    symbol: str
    said: str
    name: str = ""
    figure: str = ""
    onsets: str = ""


@dataclass(frozen=True)
class Associated:
    """Everything the page says of coverage before onset."""

    areas: tuple[AreaRow, ...]
    axis: Drawing
    curve: Drawing | None
    no_curve: str
    controls: tuple[Check, ...]
    marks: tuple[Check, ...]
    sensitivities: tuple[tuple[str, ...], ...]
    no_sensitivities: str
    pairs: tuple[tuple[str, ...], ...]
    not_printed: str


def associated(found: Association, catalogue: Catalogue) -> Associated:
    """Coverage before onset, final."""
    curve = _of(found, "lag").filter(pl.col("area_id").is_null()).sort("lag_days")
    is_curve = curve.height > 0 and all(_is_shown(row, catalogue) for row in curve.iter_rows(named=True))
    drawn = list(curve.iter_rows(named=True)) if is_curve else []
    confidence = catalogue.number("association.confidence")
    shown, hidden = _pairs(found, catalogue)
    return Associated(
        areas=tuple(_area(row, catalogue) for row in found.verdicts.iter_rows(named=True)),
        axis=cohort_charts.forest_axis(),
        curve=cohort_charts.lag_curve(drawn, found.lag_days, confidence) if drawn else None,
        no_curve=f"Not drawn: {_least(catalogue)} usable onsets are needed at every lag, and an estimate at each.",
        controls=tuple(_control(row, catalogue) for name in ("unlinked", "future")
                       for row in _of(found, name).iter_rows(named=True)),
        marks=_marks(found, is_curve=is_curve, catalogue=catalogue),
        sensitivities=_sensitivities(found, catalogue),
        no_sensitivities=f"Other ways of looking: none printed, no area has an estimate on {_least(catalogue)} onsets.",
        pairs=shown,
        not_printed=hidden,
    )  # fmt: skip


def left_out(found: Association) -> tuple[tuple[str, str, str], ...]:
    """The reasons in words, in the order of judging, with the days and onsets that fell to each."""
    counts = {row["reason"]: row for row in found.exclusions.iter_rows(named=True)}
    return tuple(
        (sentence_case(said), grouped(counts[reason]["n_rows"]), grouped(counts[reason]["n_onsets"]))
        for reason, said in LEFT_OUT.items()
        if reason in counts
    )


def _of(found: Association, estimator: str) -> pl.DataFrame:
    return found.estimates.filter(pl.col("estimator") == estimator)


def _least(catalogue: Catalogue) -> int:
    return catalogue.days("association.min_onsets")


def _is_shown(row: dict[str, Any], catalogue: Catalogue) -> bool:
    """Whether a ratio may be printed: there is one, on enough onsets of enough runners."""
    is_many = row["n_runners"] >= catalogue.days("incidence.min_runners")
    return row["log_ratio"] is not None and row["n_onsets"] >= _least(catalogue) and is_many


def _figure(row: dict[str, Any], catalogue: Catalogue) -> str:
    """A ratio with its interval, or why there is none."""
    if _is_shown(row, catalogue):
        return ratio_with_interval(row)
    if row["n_onsets"] < _least(catalogue):
        return f"not printed under {_least(catalogue)}"
    return NO_ESTIMATE[row["missing"]] if row["missing"] else "too few runners"


def _area(row: dict[str, Any], catalogue: Catalogue) -> AreaRow:
    reach = cohort_charts.normal_reach(catalogue.number("association.confidence"))
    spread = {
        kind: {"log_ratio": row[f"{kind}_mean"], "low": row[f"{kind}_mean"] - reach * row[f"{kind}_sd"],
               "high": row[f"{kind}_mean"] + reach * row[f"{kind}_sd"]}
        for kind in ("prior", "posterior")
    }  # fmt: skip
    name, data = catalogue.areas[row["area_id"]].name, row if row["log_ratio"] is not None else None
    why_not = "none" if row["n_onsets"] >= _least(catalogue) else f"not printed under {_least(catalogue)}"
    told = {"data": why_not if data is None else ratio_with_interval(data)}
    told |= {kind: ratio_with_interval(values) for kind, values in spread.items()}
    read_out = {"data": "squad's data", "prior": "prior", "posterior": "both together"}
    estimates = [
        None if values is None else Estimate(kind, values["log_ratio"], values["low"], values["high"],
                                             f"{name}, {read_out[kind]}: {told[kind]}")
        for kind, values in {"data": data, **spread}.items()
    ]  # fmt: skip
    return AreaRow(
        name=name,
        onsets=grouped(row["n_onsets"]),
        picture=cohort_charts.forest(
            estimates, f"{name}: " + "; ".join(f"{read_out[kind]} {text}" for kind, text in told.items())
        ),
        figures=tuple(f"{symbol} {told[kind]}" for symbol, kind in zip("■◇◆", told, strict=True)),
        weight=percent(row["data_weight"]),
        p=p_value(row["p_adjusted"]),
        verdict=VERDICT[row["verdict"]],
    )


def _control(row: dict[str, Any], catalogue: Catalogue) -> Check:
    lead, window = catalogue.days("association.future_lead"), catalogue.days("coverage.window")
    name = {
        "unlinked": "Areas that the article does not link to the ache",
        "future": f"Linked areas, in the {window} days that begin {lead} days after the day",
    }[row["estimator"]]
    told = (name, _figure(row, catalogue), f"{grouped(row['n_onsets'])} onsets")
    if row["log_ratio"] is None:
        return Check(UNKNOWN, "not known: nothing is shown either way", *told)
    if row["low"] > 0 or row["high"] < 0:
        return Check(BAD, "shows something, and should not: bias suspected", *told)
    return Check(GOOD, "shows nothing, as it should", *told)


def _marks(found: Association, *, is_curve: bool, catalogue: Catalogue) -> tuple[Check, ...]:
    """Bias, rehab and the lag curve in words; what could not be looked at is not called clean."""
    controls = pl.concat([_of(found, "unlinked"), _of(found, "future")])
    is_known = controls.height > 0 and controls["log_ratio"].null_count() == 0
    bias, rehab, flat = found.marks.is_bias_suspected, found.marks.is_rehab_fingerprint, found.marks.is_lag_curve_flat
    shortest = f"{catalogue.days('association.lag_week')} days"
    bias_said = {
        BAD: "Bias suspected: a check that should show nothing shows something. Do not use the estimates above.",
        GOOD: "No bias seen: both checks show nothing, as they should.",
        UNKNOWN: "Bias: not known, because not every check could be made.",
    }
    rehab_said = {
        BAD: f"Rehab after pain: harmful at {shortest}, no longer at {found.lag_days} days. Hurt runners do strength "
        "work; do not read the estimates above as its effect.",
        GOOD: "No sign of rehab after pain in the lag curve.",
        UNKNOWN: "Rehab after pain: not known, because the lag curve is not known.",
    }
    flat_said = {
        BAD: "The lag curve is not flat: how strong the association is depends on the lag chosen.",
        GOOD: "The lag curve is flat as far as these onsets can tell: every mean lies in the interval of the lag used.",
        UNKNOWN: "Whether the lag curve is flat is not known.",
    }
    judged = (
        (bias_said, BAD if bias else GOOD if is_known else UNKNOWN),
        (rehab_said, BAD if rehab else GOOD if is_curve else UNKNOWN),
        (flat_said, UNKNOWN if not is_curve else GOOD if flat else BAD),
    )
    return tuple(Check(symbol, said[symbol]) for said, symbol in judged)


def _sensitivities(found: Association, catalogue: Catalogue) -> tuple[tuple[str, ...], ...]:
    """For each area the estimate, and the two other ways of looking, each with its onsets."""
    looks = ("pooled", "within", "pooled_unwashed")
    looked = found.estimates.filter(pl.col("estimator").is_in(looks))
    if not any(_is_shown(row, catalogue) for row in looked.iter_rows(named=True)):
        return ()
    rows = []
    for area in found.verdicts["area_id"]:
        cells = [
            f"{_figure(row, catalogue)}, {grouped(row['n_onsets'])}"
            for look in looks
            for row in _of(found, look).filter(pl.col("area_id") == area).iter_rows(named=True)
        ]
        rows.append((catalogue.areas[area].name, *cells))
    return tuple(rows)


def _pairs(found: Association, catalogue: Catalogue) -> tuple[tuple[tuple[str, ...], ...], str]:
    """The pairs that may be printed as rows, and the others by name with their onsets."""
    shown, hidden = [], []
    for row in _of(found, "pair").iter_rows(named=True):
        ache, area = catalogue.symptoms[row["symptom_id"]].name, catalogue.areas[row["area_id"]].name
        if _is_shown(row, catalogue):
            figure = ratio_with_interval(row)
            shown.append((sentence_case(ache), area, grouped(row["n_onsets"]), figure, p_value(row["p_adjusted"])))
        elif row["n_onsets"] < _least(catalogue):
            hidden.append(f"{ache} and {area.lower()} ({row['n_onsets']})")
        else:
            hidden.append(f"{ache} and {area.lower()} ({row['n_onsets']}; {_figure(row, catalogue)})")
    said = f"Not printed, under {_least(catalogue)} onsets of the ache or without an estimate: {listing(hidden)}."
    return tuple(shown), said if hidden else ""
