"""What the foot of a cohort's page says of the method and its limits."""

from math import log
from statistics import NormalDist

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports.wording import Wording

DIGITS = 2


def method(catalogue: Catalogue, w: Wording) -> tuple[str, ...]:
    """The method and its limits, a paragraph each: the model, what is left out, the prior, the limits, the rates."""
    return (
        _model(catalogue, w),
        w.say(
            "Hurt runners do strength work, and pain begins before it is reported: hence the lag, and no day is used "
            "whose coverage lies within reach of an earlier ache (from the lag before its onset to its end). Within "
            "runner: each runner's onset days against the same runner's other days. Not washed out: with the days near "
            "an ache."
        ),
        _prior(catalogue, w),
        w.say(
            "Limits: association, not cause. A club of {club} can never settle it: the standard error is about "
            "{error} / √onsets, so a ratio of {ratio} needs about {onsets} onsets of an area's aches.",
            club=catalogue.days("association.club"),
            error=w.number(catalogue.number("association.se_of_one_onset"), DIGITS),
            ratio=w.number(catalogue.number("association.trial_ratio"), DIGITS),
            onsets=w.number(_onsets_to_settle(catalogue)),
        ),
        w.say(
            "Rates: new overuse aches on days that an answer speaks for, per 1000 h and km run on such days; exact "
            "Poisson intervals, weekly shares exact binomial ({level}). Not known is not zero. Figures of fewer than "
            "{runners} runners are not printed (–), nor others of the same table from which such a one could be "
            "worked out by adding and subtracting.",
            level=w.percent(catalogue.number("incidence.interval_level")),
            runners=catalogue.days("incidence.min_runners"),
        ),
    )


def _model(catalogue: Catalogue, w: Wording) -> str:
    return w.say(
        "The article links each ache with areas. For every runner, day and ache: does it begin that day, given "
        "coverage of the linked areas in the {window} days that ended a lag before? A logistic model of all runners "
        "together, with a level for each ache, a run clearly longer than those before, usual distance, season, time "
        "since the diary began and earlier aches. The ratio is that of full coverage against none; its interval "
        "({level}) allows for days of one runner being alike; under {n} runners, they are drawn anew {draws} times.",
        window=catalogue.days("coverage.window"),
        level=w.percent(catalogue.number("association.confidence")),
        n=catalogue.days("association.min_runners"),
        draws=w.number(catalogue.days("association.bootstrap_draws")),
    )


def _prior(catalogue: Catalogue, w: Wording) -> str:
    number = catalogue.number
    # translators: {trials} is the ratio in a trial of supervised programmes; {source} names publications
    return w.say(
        "Prior: ratio {ratio} (centre of the prior: between self-directed (no effect) and supervised ({trials}) "
        "programmes); in logarithms the mean's spread is {between}, each area's around it {around} ({source}). The "
        "squad's data may change the order of the advice only where every standard error is at most {error}, the "
        "checks are clean and the lag curve is flat.",
        ratio=w.number(number("priority.effect_ratio"), DIGITS),
        trials=w.number(number("association.trial_ratio"), DIGITS),
        between=w.fixed(number("priority.effect_sd_between"), DIGITS),
        around=w.fixed(number("priority.effect_sd_area"), DIGITS),
        source=catalogue.parameters["priority.effect_ratio"].source,
        error=w.fixed(number("association.max_standard_error"), DIGITS),
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
