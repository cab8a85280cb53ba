"""The evidence line of a runner's page: how strong the evidence behind the order of the areas is, and whose it is."""

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.cohort_results import CohortResults
from runfix_analytics.recommendation import COHORT
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.words import percent

_ORDER = (
    "Order of the areas: how often the linked ache came up × how far coverage is under the target × how strong the "
    "evidence is."
)
_TRIALS = "published trials of strength work in runners found anything from no effect to about a third fewer injuries."


def evidence(results: RunnerResults, catalogue: Catalogue) -> str:
    """What the order rests on: the trials alone, or the squad's own data as well, with the weight of the data."""
    if (results.advice["basis"] == COHORT).any() and results.studied:
        own = f"and this squad's own data ({_own(results.studied)})"
        return f"{_ORDER} The evidence joins the trials ({_TRIALS[:-1]}) {own}."
    alike = f"{_ORDER} The evidence is modest and taken to be the same for every area: {_TRIALS}"
    return f"{alike} {_set_aside(results.studied, catalogue)}"


def _set_aside(studied: CohortResults | None, catalogue: Catalogue) -> str:
    """Why the squad's own data do not enter the order."""
    if studied is None or studied.n_runners < catalogue.number("incidence.min_runners"):
        return "This squad's own data do not enter it."
    if studied.found.marks.is_bias_suspected:
        return "This squad's own data do not enter it: a check that should show nothing shows something."
    return f"This squad's own data do not enter it: too few for that ({_own(studied)})."


def _own(studied: CohortResults) -> str:
    weights = studied.found.verdicts["data_weight"].to_list()
    low, high = percent(min(weights)), percent(max(weights))
    span = low if low == high else f"{low[:-2]}–{high}"
    return f"{studied.found.n_onsets} usable onsets; weight against the trials {span}"
