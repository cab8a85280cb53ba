"""What a cohort's page says of coverage before onset: areas, lags, checks, pairs, and what was left out."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from runfix_analytics.association import Association
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports import cohort_charts
from runfix_analytics.reports.cohort_charts import Estimate
from runfix_analytics.reports.drawing import Drawing
from runfix_analytics.reports.wording import Wording, sentence_case, text
from runfix_analytics.reports.words import (
    LEFT_OUT,
    NO_ESTIMATE,
    VERDICT,
    Mark,
    number_told,
    p_value,
    ratio_with_interval,
)
from runfix_analytics.small_groups import hidden_of_a_sum, is_few, printable

Told = frozenset[tuple[str | None, str | None]]
LEFT_OUT_OF = {"n_rows": "n_runners", "n_onsets": "n_runners_with_onset"}
GOOD, BAD, UNKNOWN = "●", "■", "?"
KINDS = {"data": "■", "prior": "◇", "posterior": "◆"}
CONTROLS = {
    "unlinked": text("Areas that the article does not link to the ache"),
    # translators: linked areas of weakness; the days of the window come after the day that is looked at
    "future": text("Linked areas, in the {window} days that begin {lead} days after the day"),
}
SHOWN_BY = {
    BAD: text("shows something, and should not: bias suspected"),
    GOOD: text("shows nothing, as it should"),
    UNKNOWN: text("not known: nothing is shown either way"),
}
BIAS = {
    BAD: text("Bias suspected: a check that should show nothing shows something. Do not use the estimates above."),
    GOOD: text("No bias seen: both checks show nothing, as they should."),
    UNKNOWN: text("Bias: not known, because not every check could be made."),
}
REHAB = {
    # translators: coverage looks harmful at a lag of {shortest} days and no longer does at one of {lag} days
    BAD: text(
        "Rehab after pain: harmful at {shortest} days, no longer at {lag} days. Hurt runners do strength work; do not "
        "read the estimates above as its effect."
    ),
    GOOD: text("No sign of rehab after pain in the lag curve."),
    UNKNOWN: text("Rehab after pain: not known, because the lag curve is not known."),
}
FLAT = {
    BAD: text("The lag curve is not flat: how strong the association is depends on the lag chosen."),
    GOOD: text(
        "The lag curve is flat as far as these onsets can tell: every mean lies in the interval of the lag used."
    ),
    UNKNOWN: text("Whether the lag curve is flat is not known."),
}


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


def associated(found: Association, catalogue: Catalogue, w: Wording) -> Associated:
    """Coverage before onset, final."""
    told = onsets_told(found, catalogue)
    drawn = [row | {"n_onsets": n_told(row, told, catalogue)} for row in curve_shown(found, catalogue)]
    confidence, least = catalogue.number("association.confidence"), _least(catalogue)
    shown, hidden = _pairs(found, told, catalogue, w)
    return Associated(
        areas=tuple(_area(row, found, told, catalogue, w) for row in found.verdicts.iter_rows(named=True)),
        axis=cohort_charts.forest_axis(w),
        curve=cohort_charts.lag_curve(drawn, found.lag_days, confidence, w) if drawn else None,
        no_curve=w.say("Not drawn: {n} usable onsets are needed at every lag, and an estimate at each.", n=least),
        controls=tuple(_control(row, told, catalogue, w) for name in CONTROLS
                       for row in estimates_of(found, name).iter_rows(named=True)),
        marks=_marks(found, catalogue, w, is_curve=bool(drawn)),
        sensitivities=_sensitivities(found, told, catalogue, w),
        no_sensitivities=w.say("Other ways of looking: none printed, no area has an estimate on {n} onsets.", n=least),
        pairs=shown,
        not_printed=hidden,
    )  # fmt: skip


def left_out(found: Association, catalogue: Catalogue, w: Wording) -> tuple[tuple[str, str, str], ...]:
    """The reasons in words, in the order of judging, with the days and onsets that fell to each."""
    return tuple(
        (sentence_case(w.say(said)), number_told(row["n_rows"], w), number_told(row["n_onsets"], w))
        for said, row in left_out_shown(found, catalogue)
    )


def left_out_shown(found: Association, catalogue: Catalogue) -> list[tuple[str, dict[str, Any]]]:
    """What is said of each reason that left something out, and its row; counts that tell of a few runners are none."""
    rows = {row["reason"]: row for row in found.exclusions.iter_rows(named=True)}
    hidden = {name: _hidden_parts(found, of, catalogue) for name, of in LEFT_OUT_OF.items()}
    return [
        (said, rows[reason] | {name: None for name in hidden if reason in hidden[name]})
        for reason, said in LEFT_OUT.items()
        if reason in rows
    ]


def _hidden_parts(found: Association, of: str, catalogue: Catalogue) -> set[str]:
    """The reasons, and "" for what is used, whose counts stay unprinted; `of`: the column that counts their runners."""
    used = found.n_runners_with_onset if of == "n_runners_with_onset" else found.n_runners
    parts = {"": used} | dict(found.exclusions.select("reason", of).iter_rows())
    hidden = hidden_of_a_sum(list(parts.values()), catalogue)
    return {part for part, is_hidden in zip(parts, hidden, strict=True) if is_hidden}


def onsets_told(found: Association, catalogue: Catalogue) -> Told:
    """(ache, area) of each usable number of onsets that may be printed: of an ache, of an area, (none, none) of all."""
    linked = {s.id: catalogue.linked_areas(s.id) for s in catalogue.symptoms.values() if s.in_hazard_models}
    groups: dict[tuple[str | None, str | None], tuple[str, ...]] = {(None, None): tuple(linked)}
    groups |= {(ache, None): (ache,) for ache in linked}
    groups |= {(None, area): tuple(a for a in linked if area in linked[a]) for area in catalogue.areas}
    n_runners = dict.fromkeys(groups, 0) | {(None, None): found.n_runners_with_onset}
    for ache, area, n in found.estimates.filter(pl.col("estimator").is_in(["pooled", "pair"])).select(
        "symptom_id", "area_id", "n_runners_with_onset"
    ).iter_rows():  # fmt: skip
        n_runners[(ache, None) if ache else (None, area)] = n
    is_total_hidden = "" in _hidden_parts(found, "n_runners_with_onset", catalogue)
    return frozenset(
        printable(groups, n_runners, catalogue, set(groups) - ({(None, None)} if is_total_hidden else set()))
    )


def n_told(row: dict[str, Any], told: Told, catalogue: Catalogue) -> int | None:
    """The onsets of an estimate; none where they would tell of a few runners."""
    of = (row["symptom_id"], None) if row["symptom_id"] else (None, row["area_id"])
    return None if of not in told or is_few(row["n_runners_with_onset"], catalogue) else row["n_onsets"]


def estimated(row: dict[str, Any], found: Association, catalogue: Catalogue) -> dict[str, Any] | None:
    """An area's verdict where the squad's own ratio in it may be printed: on enough onsets of enough runners."""
    pooled = estimates_of(found, "pooled").filter(pl.col("area_id") == row["area_id"])
    is_hidden = any(not is_shown(of, catalogue) for of in pooled.iter_rows(named=True))
    return None if is_hidden or row["log_ratio"] is None else row


def spread(row: dict[str, Any], kind: str, catalogue: Catalogue) -> dict[str, float]:
    """The log ratio of the prior or the posterior with its interval."""
    reach = cohort_charts.normal_reach(catalogue.number("association.confidence")) * row[f"{kind}_sd"]
    mean = row[f"{kind}_mean"]
    return {"log_ratio": mean, "low": mean - reach, "high": mean + reach}


def estimates_of(found: Association, estimator: str) -> pl.DataFrame:
    """The rows of one estimator."""
    return found.estimates.filter(pl.col("estimator") == estimator)


def curve_shown(found: Association, catalogue: Catalogue) -> list[dict[str, Any]]:
    """The lag curve, shortest lag first; empty unless all of it may be printed."""
    curve = list(estimates_of(found, "lag").filter(pl.col("area_id").is_null()).sort("lag_days").iter_rows(named=True))
    return curve if all(is_shown(row, catalogue) for row in curve) else []


def looks_shown(found: Association, catalogue: Catalogue) -> tuple[str, ...]:
    """The estimators that look at every area in another way, and first the estimate itself; empty without a ratio."""
    looks = ("pooled", "within", "pooled_unwashed")
    looked = found.estimates.filter(pl.col("estimator").is_in(looks))
    return looks if any(is_shown(row, catalogue) for row in looked.iter_rows(named=True)) else ()


def _least(catalogue: Catalogue) -> int:
    return catalogue.days("association.min_onsets")


def is_shown(row: dict[str, Any], catalogue: Catalogue) -> bool:
    """Whether a ratio may be printed: there is one, on enough onsets of enough runners."""
    is_many = min(row["n_runners"], row["n_runners_with_onset"]) >= catalogue.days("incidence.min_runners")
    return row["log_ratio"] is not None and row["n_onsets"] >= _least(catalogue) and is_many


def _figure(row: dict[str, Any], catalogue: Catalogue, w: Wording) -> str:
    """A ratio with its interval, or why there is none."""
    if is_shown(row, catalogue):
        return ratio_with_interval(row, w)
    if row["n_onsets"] < _least(catalogue):
        return _not_under(catalogue, w)
    return w.say(NO_ESTIMATE[why_not(row, catalogue)])


def why_not(row: dict[str, Any], catalogue: Catalogue) -> str:
    """Why a ratio is not printed, one of the reasons for a missing estimate; too few onsets come first."""
    return "too_few_onsets" if row["n_onsets"] < _least(catalogue) else row["missing"] or "too_few_runners"


def _not_under(catalogue: Catalogue, w: Wording) -> str:
    # translators: stands in place of a ratio; {n} is a number of onsets; as short as it can be
    return w.say("not printed under {n}", n=_least(catalogue))


def _area(row: dict[str, Any], found: Association, told_onsets: Told, catalogue: Catalogue, w: Wording) -> AreaRow:
    name, data = w.say(catalogue.areas[row["area_id"]].name), estimated(row, found, catalogue)
    values = {"data": data, **{kind: spread(row, kind, catalogue) for kind in ("prior", "posterior")}}
    # translators: stands in place of a ratio: there is no estimate
    why_not = w.say("none") if row["n_onsets"] >= _least(catalogue) else _not_under(catalogue, w)
    told = {kind: why_not if value is None else ratio_with_interval(value, w) for kind, value in values.items()}
    estimates = [
        None if value is None else Estimate(kind, value["log_ratio"], value["low"], value["high"])
        for kind, value in values.items()
    ]
    title = w.say("{area}: squad's data {data}; prior {prior}; both together {posterior}", area=name, **told)
    return AreaRow(
        name=name,
        onsets=number_told(row["n_onsets"] if (None, row["area_id"]) in told_onsets else None, w),
        picture=cohort_charts.forest(estimates, title),
        figures=tuple(f"{symbol} {told[kind]}" for kind, symbol in KINDS.items()),
        weight=w.percent(row["data_weight"]),
        p=p_value(None if data is None else data["p_adjusted"], w),
        verdict=VERDICT[row["verdict"]].said(w),
    )


def _control(row: dict[str, Any], told: Told, catalogue: Catalogue, w: Wording) -> Check:
    lead, window = catalogue.days("association.future_lead"), catalogue.days("coverage.window")
    symbol = GOOD
    if row["log_ratio"] is None:
        symbol = UNKNOWN
    elif row["low"] > 0 or row["high"] < 0:
        symbol = BAD
    return Check(
        symbol,
        w.say(SHOWN_BY[symbol]),
        name=w.say(CONTROLS[row["estimator"]], window=window, lead=lead),
        figure=_figure(row, catalogue, w),
        onsets=w.say("{onsets} onsets", onsets=number_told(n_told(row, told, catalogue), w)),
    )


def _marks(found: Association, catalogue: Catalogue, w: Wording, *, is_curve: bool) -> tuple[Check, ...]:
    """Bias, rehab and the lag curve in words; what could not be looked at is not called clean."""
    controls = pl.concat([estimates_of(found, name) for name in CONTROLS])
    is_known = controls.height > 0 and controls["log_ratio"].null_count() == 0
    is_bias, is_rehab, is_flat = (
        found.marks.is_bias_suspected, found.marks.is_rehab_fingerprint, found.marks.is_lag_curve_flat
    )  # fmt: skip
    bias = BAD if is_bias else GOOD if is_known else UNKNOWN
    rehab = BAD if is_rehab else GOOD if is_curve else UNKNOWN
    flat = UNKNOWN if not is_curve else GOOD if is_flat else BAD
    shortest = catalogue.days("association.lag_week")
    return (
        Check(bias, w.say(BIAS[bias])),
        Check(rehab, w.say(REHAB[rehab], shortest=shortest, lag=found.lag_days)),
        Check(flat, w.say(FLAT[flat])),
    )


def _sensitivities(found: Association, told: Told, catalogue: Catalogue, w: Wording) -> tuple[tuple[str, ...], ...]:
    """For each area the estimate, and the two other ways of looking, each with its onsets."""
    rows, looks = [], looks_shown(found, catalogue)
    for area in found.verdicts["area_id"] if looks else ():
        cells = [
            # translators: a ratio with its interval, and how many onsets it is of
            w.say(
                "{ratio}, {onsets}",
                ratio=_figure(row, catalogue, w),
                onsets=number_told(n_told(row, told, catalogue), w),
            )
            for look in looks
            for row in estimates_of(found, look).filter(pl.col("area_id") == area).iter_rows(named=True)
        ]
        rows.append((w.say(catalogue.areas[area].name), *cells))
    return tuple(rows)


def _pairs(
    found: Association, told_onsets: Told, catalogue: Catalogue, w: Wording
) -> tuple[tuple[tuple[str, ...], ...], str]:
    """The pairs that may be printed as rows, and the others by name with their onsets."""
    shown, hidden = [], []
    for row in estimates_of(found, "pair").iter_rows(named=True):
        ache, area = w.say(catalogue.symptoms[row["symptom_id"]].name), catalogue.areas[row["area_id"]].name
        onsets = number_told(n_told(row, told_onsets, catalogue), w)
        if is_shown(row, catalogue):
            figure, p = ratio_with_interval(row, w), p_value(row["p_adjusted"], w)
            shown.append((sentence_case(ache), w.say(area), onsets, figure, p))
        elif row["n_onsets"] < _least(catalogue):
            # translators: "neck pain and upper back (49)": an ache, an area of weakness linked to it, its onsets
            hidden.append(w.say("{ache} and {area} ({onsets})", ache=ache, area=w.name(area), onsets=onsets))
        else:
            why = _figure(row, catalogue, w)
            # translators: as "{ache} and {area} ({onsets})", with the reason why there is no estimate
            said = w.say("{ache} and {area} ({onsets}; {why})", ache=ache, area=w.name(area), onsets=onsets, why=why)
            hidden.append(said)
    if not hidden:
        return tuple(shown), ""
    # translators: {pairs} is a list such as "neck pain and upper back (49), ankle pain and glutes (70; …)"
    told = w.say(
        "Not printed, under {n} onsets of the ache or without an estimate: {pairs}.",
        n=_least(catalogue),
        pairs=w.listing(hidden),
    )
    return tuple(shown), told
