"""The cohort's page: what happened in the squad, and what its logs say of coverage before onset."""

from dataclasses import dataclass
from datetime import date
from math import log
from statistics import NormalDist

import dataframely as dy
import polars as pl

from runfix_analytics.association import Association
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports.association_section import Associated, associated, left_out
from runfix_analytics.reports.incidence_section import Happened, happened
from runfix_analytics.reports.rendering import render_template
from runfix_analytics.reports.words import CAVEAT, area_names, day, grouped, listing, percent
from runfix_analytics.tables import Incidence, Prevalence


@dataclass(frozen=True)
class CohortView:
    """Everything on the page, final; `association` is none where its figures would tell of too few runners."""

    data_until: str
    counts: tuple[tuple[str, str], ...]
    sentence: str
    advice: str
    lag: str
    happened: Happened
    association: Associated | None
    no_association: str
    areas_note: str
    pairs_note: str
    left_out: tuple[tuple[str, str, str], ...]
    nothing_left_out: str
    used_rows: str
    used_onsets: str
    method: tuple[str, ...]
    caveat: str
    version: str


def render(
    found: Association,
    incidence: dy.DataFrame[Incidence],
    prevalence: dy.DataFrame[Prevalence],
    *,
    as_of: date,
    n_runners: int,
    catalogue: Catalogue,
) -> str:
    """The page as self-contained HTML without script; with too few runners in the squad it says only that."""
    least = catalogue.days("incidence.min_runners")
    if n_runners < least:
        said = f"Fewer than {least} runners in the squad: figures of so small a group are not printed."
        return render_template("cohort.html.j2", page=None, said=said)
    is_told = found.n_runners >= least
    is_shown = is_told or found.n_runners == 0
    page = CohortView(
        data_until=f"Data until {day(as_of)}",
        counts=_counts(found, n_runners, is_told=is_told),
        sentence=sentence(found, catalogue),
        advice=advice(found, catalogue) if is_told else "",
        lag=_lag(found, catalogue),
        happened=happened(incidence, prevalence, as_of, catalogue),
        association=associated(found, catalogue) if is_told else None,
        no_association=f"No figures: fewer than {least} runners have a day that can be used (see what was left out).",
        areas_note=_areas_note(catalogue),
        pairs_note=_pairs_note(catalogue),
        left_out=left_out(found),
        nothing_left_out="Nothing." if found.n_rows else "No day has been under observation yet.",
        used_rows=grouped(found.n_rows) if is_shown else "not printed",
        used_onsets=grouped(found.n_onsets) if is_shown else "not printed",
        method=_method(catalogue),
        caveat=CAVEAT,
        version=f"catalogue and parameters {catalogue.version}",
    )
    return render_template("cohort.html.j2", page=page)


def _counts(found: Association, n_runners: int, *, is_told: bool) -> tuple[tuple[str, str], ...]:
    if not is_told:
        return ((grouped(n_runners), "runners in the squad"),)
    return (
        (grouped(n_runners), "runners in the squad"),
        (grouped(found.n_runners), "with days that can be used"),
        (grouped(found.n_onsets), "usable onsets"),
        (grouped(found.n_rows), "usable days, counted once for each kind of ache"),
    )


def sentence(found: Association, catalogue: Catalogue) -> str:
    """The overall verdict as a head coach understands it."""
    rests = "the order of the advice rests on the prior from published trials"
    opposite = _areas_with(found, "opposite")
    told = listing([
        f"full coverage of {area_names(areas, catalogue)} is associated with {which} onsets"
        for which in ("fewer", "more")
        for areas in [_areas_with(found, f"{which}_onsets")]
        if areas
    ])  # fmt: skip
    if unusable := _unusable(found, catalogue):
        return unusable
    if may_reorder(found):
        return f"In this squad {told or 'no area stands out'}; these data may change the order of the advice."
    if told:
        return f"In this squad {told}; still, {rests}."
    if opposite:
        return f"Two ways of looking disagree for {area_names(opposite, catalogue)}; {rests}."
    return "Nothing here changes the order of the advice; it rests on the prior from published trials."


def _unusable(found: Association, catalogue: Catalogue) -> str:
    """Why nothing can be said, or may be believed; empty where something can."""
    least, needed = catalogue.days("incidence.min_runners"), catalogue.days("association.min_onsets")
    most = max(found.verdicts["n_onsets"], default=0)
    if found.n_runners < least:
        return f"Too little data to say anything: fewer than {least} runners have days that can be used."
    if most < needed:
        return f"Too few onsets to say anything: {most} of the {needed} needed for any area."
    if found.marks.is_bias_suspected:
        return "A check that should show nothing shows something: do not use these estimates."
    if found.marks.is_rehab_fingerprint:
        return "These data show hurt runners doing rehab: do not use these estimates."
    return ""


def may_reorder(found: Association) -> bool:
    """Whether the squad's data are sharp and clean enough, in every area, to enter the advice."""
    return found.verdicts.height > 0 and bool(found.verdicts["may_reorder"].all())


def _areas_with(found: Association, verdict: str) -> list[str]:
    return found.verdicts.filter(pl.col("verdict") == verdict)["area_id"].to_list()


def advice(found: Association, catalogue: Catalogue) -> str:
    """Whether the squad's data change anyone's advice, and why not."""
    sharp = catalogue.number("association.max_standard_error")
    if may_reorder(found):
        return (
            "The squad's own data, together with the prior, may change the order of the areas in a runner's advice: "
            f"every estimate is sharp (standard error at most {sharp:.2f}), checks are clean and the lag curve is flat."
        )
    errors = found.estimates.filter(pl.col("estimator") == "pooled")["se"]
    is_sharp = errors.len() > 0 and bool((errors <= sharp).fill_null(value=False).all())
    reasons = [
        "" if is_sharp else f"not every area's estimate is sharp enough (standard error at most {sharp:.2f})",
        "a check failed" if found.marks.is_bias_suspected else "",
        "" if found.marks.is_lag_curve_flat else "the lag curve is not known to be flat",
    ]
    why = listing([reason for reason in reasons if reason])
    return f"The squad's own data change nobody's advice{': ' if why else ''}{why}."


def _lag(found: Association, catalogue: Catalogue) -> str:
    """Which weeks' coverage was looked at and why, and what share of the days was fitted."""
    window = catalogue.days("coverage.window")
    share = percent(catalogue.number("onset.min_noticed_share"))
    why = {
        catalogue.days("onset.lag_noticed"): f"of at least {share} of the onsets it is known when they were first "
        "noticed",
        catalogue.days("onset.lag_reported"): f"not of {share} of the onsets is it known when they were first noticed, "
        "so that pain may have begun well before the report",
    }.get(found.lag_days)
    said = f"Coverage is that of the {window} days that end {found.lag_days} days before the onset (the lag)"
    said += f": {why}." if why else "."
    if found.share_of_rows == 1:
        return said
    part = percent(found.share_of_rows) if found.share_of_rows >= 0.01 else "under 1\u00a0%"  # noqa: PLR2004
    return f"{said} Of the usable days {part} were fitted (every onset), with the offset that corrects it."


def _areas_note(catalogue: Catalogue) -> str:
    few, needed = catalogue.days("association.few_onsets"), catalogue.days("association.min_onsets")
    return (
        f"Ratio of onsets at full coverage against none, with {percent(catalogue.number('association.confidence'))} "
        "intervals: 1 is no difference, 0.80 one fifth fewer onsets, 1.25 one quarter more. ■ this squad's data alone "
        f"(not under {needed} onsets; under {few} the prior decides) · ◇ the prior from published trials, before any "
        f"data · ◆ both together, learning from all areas. Weight: how much of the prior's spread the data took away. "
        f"p: Holm, for {len(catalogue.areas)} areas looked at. An arrow: the interval goes on."
    )


def _pairs_note(catalogue: Catalogue) -> str:
    return (
        "Exploratory: many pairs are looked at, so some will stand out by chance. p is adjusted over all pairs "
        f"(Benjamini–Hochberg); above {catalogue.number('association.false_discovery_rate'):.2f} a pair says nothing."
    )


def _method(catalogue: Catalogue) -> tuple[str, ...]:
    number, days = catalogue.number, catalogue.days
    center = catalogue.parameters["priority.effect_ratio"]
    return (
        f"The article links each ache with areas. For every runner, day and ache: does it begin that day, given "
        f"coverage of the linked areas in the {days('coverage.window')} days that ended a lag before? A logistic model "
        "of all runners together, with a level for each ache, a run clearly longer than those before, usual distance, "
        "season, time since the diary began and earlier aches. The ratio is that of full coverage against none; its "
        f"interval ({percent(number('association.confidence'))}) allows for days of one runner being alike; under "
        f"{days('association.min_runners')} runners, they are drawn anew {days('association.bootstrap_draws')} times.",
        "Hurt runners do strength work, and pain begins before it is reported: hence the lag, and no day is used whose "
        "coverage lies within reach of an earlier ache (from the lag before its onset to its end). Within runner: each "
        "runner's onset days against the same runner's other days. Not washed out: with the days near an ache.",
        f"Prior: ratio {number('priority.effect_ratio'):g} ({center.reason}); in logarithms the mean's spread is "
        f"{number('priority.effect_sd_between'):.2f}, each area's around it {number('priority.effect_sd_area'):.2f} "
        f"({center.source}). The squad's data may change the order of the advice only where every standard error is at "
        f"most {number('association.max_standard_error'):.2f}, the checks are clean and the lag curve is flat.",
        f"Limits: association, not cause. A club of {days('association.club')} can never settle it: the standard error "
        f"is about {number('association.se_of_one_onset'):g} / √onsets, so a ratio of "
        f"{number('association.trial_ratio'):g} needs about {_onsets_to_settle(catalogue)} onsets of an area's aches.",
        "Rates: new overuse aches on days that an answer speaks for, per 1000 h and km run on such days; exact Poisson "
        f"intervals, weekly shares exact binomial ({percent(number('incidence.interval_level'))}). Not known is not "
        f"zero. Figures of fewer than {days('incidence.min_runners')} runners or "
        f"{days('incidence.min_onsets')} onsets are not printed.",
    )


def _onsets_to_settle(catalogue: Catalogue) -> int:
    """Onsets of an area's symptoms with which the trials' best effect would be seen; to the nearest fifty."""
    normal = NormalDist()
    reach = normal.inv_cdf(0.5 + catalogue.number("association.confidence") / 2)
    reach += normal.inv_cdf(catalogue.number("association.power"))
    onsets = (
        reach * catalogue.number("association.se_of_one_onset") / log(catalogue.number("association.trial_ratio"))
    ) ** 2
    return round(onsets / 50) * 50
