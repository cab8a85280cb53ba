"""The evidence line of a runner's page: how strong the evidence behind the order of the areas is, and whose it is."""

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.cohort_results import CohortResults
from runfix_analytics.recommendation import COHORT
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.wording import Wording, text

_ORDER = text(
    "Order of the areas: how often the linked ache came up × how far coverage is under the target × how strong the "
    "evidence is."
)
_JOINED = text(
    "The evidence joins the trials (published trials of strength work in runners found anything from no effect to "
    "about a third fewer injuries) and this squad's own data ({own})."
)
_ALIKE = text(
    "The evidence is modest and taken to be the same for every area: published trials of strength work in runners "
    "found anything from no effect to about a third fewer injuries."
)


def evidence(results: RunnerResults, catalogue: Catalogue, w: Wording) -> str:
    """What the order rests on: the trials alone, or the squad's own data as well, with the weight of the data."""
    if results.studied and any(row["basis"] == COHORT for row in results.advice):
        return f"{w.say(_ORDER)} {w.say(_JOINED, own=_own(results.studied, w))}"
    return f"{w.say(_ORDER)} {w.say(_ALIKE)} {_set_aside(results.studied, catalogue, w)}"


def _set_aside(studied: CohortResults | None, catalogue: Catalogue, w: Wording) -> str:
    """Why the squad's own data do not enter the order."""
    if studied is None or studied.n_runners < catalogue.number("incidence.min_runners"):
        return w.say("This squad's own data do not enter it.")
    if studied.found.marks.is_bias_suspected:
        return w.say("This squad's own data do not enter it: a check that should show nothing shows something.")
    return w.say("This squad's own data do not enter it: too few for that ({own}).", own=_own(studied, w))


def _own(studied: CohortResults, w: Wording) -> str:
    weights = studied.found.verdicts["data_weight"].to_list()
    low, high = w.percent(min(weights)), w.percent(max(weights))
    weight = low if low == high else f"{low[:-2]}–{high}"
    n_onsets = w.number(studied.found.n_onsets)
    return w.say("{n} usable onsets; weight against the trials {weight}", n=n_onsets, weight=weight)
