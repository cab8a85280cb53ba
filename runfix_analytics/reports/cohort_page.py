"""The cohort's page: what happened in the squad, and what its logs say of coverage before onset."""

from dataclasses import dataclass
from datetime import date

import dataframely as dy
import polars as pl

from runfix_analytics.association import Association
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports.association_section import Associated, associated, left_out, onsets_told
from runfix_analytics.reports.cohort_method import method
from runfix_analytics.reports.incidence_section import Happened, happened
from runfix_analytics.reports.rendering import render_template
from runfix_analytics.reports.wording import Wording, text
from runfix_analytics.reports.words import CAVEAT, area_names, number_told
from runfix_analytics.tables import Incidence, Prevalence

DIGITS = 2
LEAST_SHARE = 0.01  # what a whole percentage can say
FINDINGS = {
    # translators: {fewer} and {more} are lists of areas of weakness; the onsets are those of aches linked to them
    ("fewer",): text(
        "In this squad full coverage of {fewer} is associated with fewer onsets; still, the order of the advice rests "
        "on the prior from published trials."
    ),
    ("more",): text(
        "In this squad full coverage of {more} is associated with more onsets; still, the order of the advice rests on "
        "the prior from published trials."
    ),
    ("fewer", "more"): text(
        "In this squad full coverage of {fewer} is associated with fewer onsets and full coverage of {more} is "
        "associated with more onsets; still, the order of the advice rests on the prior from published trials."
    ),
}
FINDINGS_THAT_COUNT = {
    (): text("In this squad no area stands out; these data may change the order of the advice."),
    ("fewer",): text(
        "In this squad full coverage of {fewer} is associated with fewer onsets; these data may change the order of "
        "the advice."
    ),
    ("more",): text(
        "In this squad full coverage of {more} is associated with more onsets; these data may change the order of the "
        "advice."
    ),
    ("fewer", "more"): text(
        "In this squad full coverage of {fewer} is associated with fewer onsets and full coverage of {more} is "
        "associated with more onsets; these data may change the order of the advice."
    ),
}


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
    w: Wording,
) -> str:
    """The page as self-contained HTML without script; with too few runners in the squad it says only that."""
    least = catalogue.days("incidence.min_runners")
    if n_runners < least:
        said = w.say("Fewer than {n} runners in the squad: figures of so small a group are not printed.", n=least)
        return render_template("cohort.html.j2", w, page=None, said=said)
    is_told = found.n_runners >= least
    is_shown = is_told or found.n_runners == 0
    is_total = (None, None) in onsets_told(found, catalogue)
    page = CohortView(
        data_until=w.say("Data until {day}", day=w.day(as_of)),
        counts=_counts(found, n_runners, w, is_told=is_told, is_total=is_total),
        sentence=sentence(found, catalogue, w),
        advice=advice(found, catalogue, w) if is_told else "",
        lag=_lag(found, catalogue, w),
        happened=happened(incidence, prevalence, as_of, catalogue, w),
        association=associated(found, catalogue, w) if is_told else None,
        no_association=w.say(
            "No figures: fewer than {n} runners have a day that can be used (see what was left out).", n=least
        ),
        areas_note=_areas_note(catalogue, w),
        pairs_note=_pairs_note(catalogue, w),
        left_out=left_out(found, catalogue, w),
        nothing_left_out=w.say("Nothing.") if found.n_rows else w.say("No day has been under observation yet."),
        used_rows=w.number(found.n_rows) if is_shown else w.say("not printed"),
        used_onsets=w.number(found.n_onsets) if is_shown and is_total else w.say("not printed"),
        method=method(catalogue, w),
        caveat=w.say(CAVEAT),
        version=w.say("catalogue and parameters {version}", version=catalogue.version),
    )
    return render_template("cohort.html.j2", w, page=page)


def _counts(
    found: Association, n_runners: int, w: Wording, *, is_told: bool, is_total: bool
) -> tuple[tuple[str, str], ...]:
    in_squad = (w.number(n_runners), w.say("runners in the squad"))
    if not is_told:
        return (in_squad,)
    return (
        in_squad,
        (w.number(found.n_runners), w.say("with days that can be used")),
        (number_told(found.n_onsets if is_total else None, w), w.say("usable onsets")),
        (w.number(found.n_rows), w.say("usable days, counted once for each kind of ache")),
    )


def sentence(found: Association, catalogue: Catalogue, w: Wording) -> str:
    """The overall verdict as a head coach understands it."""
    areas = {which: _areas_with(found, f"{which}_onsets") for which in ("fewer", "more")}
    names = {which: area_names(those, catalogue, w) for which, those in areas.items() if those}
    opposite = _areas_with(found, "opposite")
    if unusable := _unusable(found, catalogue, w):
        return unusable
    if may_reorder(found):
        return w.say(FINDINGS_THAT_COUNT[tuple(names)], **names)
    if names:
        return w.say(FINDINGS[tuple(names)], **names)
    if opposite:
        return w.say(
            "Two ways of looking disagree for {areas}; the order of the advice rests on the prior from published "
            "trials.",
            areas=area_names(opposite, catalogue, w),
        )
    return w.say("Nothing here changes the order of the advice; it rests on the prior from published trials.")


def _unusable(found: Association, catalogue: Catalogue, w: Wording) -> str:
    """Why nothing can be said, or may be believed; empty where something can."""
    least, needed = catalogue.days("incidence.min_runners"), catalogue.days("association.min_onsets")
    most = max(found.verdicts["n_onsets"], default=0)
    told = {area for _, area in onsets_told(found, catalogue)}
    is_most_told = not most or not told.isdisjoint(found.verdicts.filter(n_onsets=most)["area_id"])
    if found.n_runners < least:
        return w.say("Too little data to say anything: fewer than {n} runners have days that can be used.", n=least)
    if most < needed and not is_most_told:
        return w.say("Too few onsets to say anything: {needed} are needed for any area.", needed=needed)
    if most < needed:
        return w.say(
            "Too few onsets to say anything: {n} of the {needed} needed for any area.", n=w.number(most), needed=needed
        )
    if found.marks.is_bias_suspected:
        return w.say("A check that should show nothing shows something: do not use these estimates.")
    if found.marks.is_rehab_fingerprint:
        return w.say("These data show hurt runners doing rehab: do not use these estimates.")
    return ""


def may_reorder(found: Association) -> bool:
    """Whether the squad's data are sharp and clean enough, in every area, to enter the advice."""
    return found.verdicts.height > 0 and bool(found.verdicts["may_reorder"].all())


def _areas_with(found: Association, verdict: str) -> list[str]:
    return found.verdicts.filter(pl.col("verdict") == verdict)["area_id"].to_list()


def advice(found: Association, catalogue: Catalogue, w: Wording) -> str:
    """Whether the squad's data change anyone's advice, and why not."""
    sharp = catalogue.number("association.max_standard_error")
    error = w.fixed(sharp, DIGITS)
    if may_reorder(found):
        return w.say(
            "The squad's own data, together with the prior, may change the order of the areas in a runner's advice: "
            "every estimate is sharp (standard error at most {error}), checks are clean and the lag curve is flat.",
            error=error,
        )
    errors = found.estimates.filter(pl.col("estimator") == "pooled")["se"]
    reasons = []
    if not (errors.len() > 0 and (errors <= sharp).fill_null(value=False).all()):
        # translators: this and the next two are reasons why the squad's own data change nobody's advice
        blunt = w.say("not every area's estimate is sharp enough (standard error at most {error})", error=error)
        reasons.append(blunt)
    if found.marks.is_bias_suspected:
        reasons.append(w.say("a check failed"))
    if not found.marks.is_lag_curve_flat:
        reasons.append(w.say("the lag curve is not known to be flat"))
    if not reasons:
        return w.say("The squad's own data change nobody's advice.")
    return w.say("The squad's own data change nobody's advice: {reasons}.", reasons=w.listing(reasons))


def _lag(found: Association, catalogue: Catalogue, w: Wording) -> str:
    """Which weeks' coverage was looked at and why, and what share of the days was fitted."""
    why = {
        catalogue.days("onset.lag_noticed"): text(
            "Coverage is that of the {window} days that end {lag} days before the onset (the lag): of at least {share} "
            "of the onsets it is known when they were first noticed."
        ),
        catalogue.days("onset.lag_reported"): text(
            "Coverage is that of the {window} days that end {lag} days before the onset (the lag): not of {share} of "
            "the onsets is it known when they were first noticed, so that pain may have begun well before the report."
        ),
    }
    unknown = text("Coverage is that of the {window} days that end {lag} days before the onset (the lag).")
    said = w.say(
        why.get(found.lag_days, unknown),
        window=catalogue.days("coverage.window"),
        lag=found.lag_days,
        share=w.percent(catalogue.number("onset.min_noticed_share")),
    )
    return f"{said} {_fitted(found, w)}" if found.share_of_rows < 1 else said


def _fitted(found: Association, w: Wording) -> str:
    if found.share_of_rows < LEAST_SHARE:
        return w.say(
            "Of the usable days under {share} were fitted (every onset), with the offset that corrects it.",
            share=w.percent(LEAST_SHARE),
        )
    return w.say(
        "Of the usable days {share} were fitted (every onset), with the offset that corrects it.",
        share=w.percent(found.share_of_rows),
    )


def _areas_note(catalogue: Catalogue, w: Wording) -> str:
    # translators: ■ ◇ ◆ are the marks of the drawing; p is the statistician's, adjusted by Holm's method
    return w.say(
        "Ratio of onsets at full coverage against none, with {level} intervals: 1 is no difference, {fewer} one "
        "fifth fewer onsets, {more} one quarter more. ■ this squad's data alone (not under {needed} onsets; under "
        "{few} the prior decides) · ◇ the prior from published trials, before any data · ◆ both together, learning "
        "from all areas. Weight: how much of the prior's spread the data took away. p: Holm, for {n} areas looked at. "
        "An arrow: the interval goes on.",
        level=w.percent(catalogue.number("association.confidence")),
        fewer=w.fixed(0.8, DIGITS),
        more=w.fixed(1.25, DIGITS),
        needed=catalogue.days("association.min_onsets"),
        few=catalogue.days("association.few_onsets"),
        n=len(catalogue.areas),
    )


def _pairs_note(catalogue: Catalogue, w: Wording) -> str:
    return w.say(
        "Exploratory: many pairs are looked at, so some will stand out by chance. p is adjusted over all pairs "
        "(Benjamini–Hochberg); above {rate} a pair says nothing.",
        rate=w.fixed(catalogue.number("association.false_discovery_rate"), DIGITS),
    )
