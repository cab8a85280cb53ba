"""Joins run logs, strength logs and reported aches of runners, and advises the under-trained areas.

    import runfix_analytics as rf

    store = rf.open("squad")
    store.coverage(runner="Ann Example", since="2026-10-01").collect()

Names are imported when they are first used, so that this import costs nothing. `rf.coverage` is the function, whichever
module of that name is imported besides; `from runfix_analytics.coverage import …` reaches into the module.
docs/analyst.md shows what there is, by task.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runfix_analytics import charts, tables
    from runfix_analytics.assessment import Assessment, Logs, assess, study
    from runfix_analytics.association import Association, association
    from runfix_analytics.calibration import calibration
    from runfix_analytics.catalogue import Catalogue, copy_catalogue, load_catalogue
    from runfix_analytics.cohort import Cohort, analysis_rows, cohort
    from runfix_analytics.coverage import coverage
    from runfix_analytics.episodes import episodes
    from runfix_analytics.errors import RunfixError
    from runfix_analytics.exposure import exposure
    from runfix_analytics.incidence import incidence, prevalence
    from runfix_analytics.known_days import known_days, strict_days
    from runfix_analytics.moves import moves
    from runfix_analytics.naive import naive_study
    from runfix_analytics.onsets import onset_coverage, onset_lag
    from runfix_analytics.open_store import OpenStore, init, nightly, open, write_squad  # noqa: A004
    from runfix_analytics.prediction import ForwardSplit, GroupSplit, OnsetClassifier, evaluate, prediction_scores
    from runfix_analytics.prediction_rows import prediction_rows
    from runfix_analytics.provenance import explain
    from runfix_analytics.rates import symptom_rates
    from runfix_analytics.recognition import recognise
    from runfix_analytics.recommendation import recommendation
    from runfix_analytics.referrals import referrals
    from runfix_analytics.running_load import running_load
    from runfix_analytics.simulation import SCENARIOS, Simulated, simulate
    from runfix_analytics.unmapped import unmapped

__all__ = [
    "SCENARIOS",
    "Assessment",
    "Association",
    "Catalogue",
    "Cohort",
    "ForwardSplit",
    "GroupSplit",
    "Logs",
    "OnsetClassifier",
    "OpenStore",
    "RunfixError",
    "Simulated",
    "analysis_rows",
    "assess",
    "association",
    "calibration",
    "charts",
    "cohort",
    "copy_catalogue",
    "coverage",
    "episodes",
    "evaluate",
    "explain",
    "exposure",
    "incidence",
    "init",
    "known_days",
    "load_catalogue",
    "moves",
    "naive_study",
    "nightly",
    "onset_coverage",
    "onset_lag",
    "open",
    "prediction_rows",
    "prediction_scores",
    "prevalence",
    "recognise",
    "recommendation",
    "referrals",
    "running_load",
    "simulate",
    "strict_days",
    "study",
    "symptom_rates",
    "tables",
    "unmapped",
    "write_squad",
]

_MODULES = ("charts", "tables")
_FROM = {
    "assessment": ("Assessment", "Logs", "assess", "study"),
    "association": ("Association", "association"),
    "calibration": ("calibration",),
    "catalogue": ("Catalogue", "copy_catalogue", "load_catalogue"),
    "cohort": ("Cohort", "analysis_rows", "cohort"),
    "coverage": ("coverage",),
    "episodes": ("episodes",),
    "errors": ("RunfixError",),
    "exposure": ("exposure",),
    "incidence": ("incidence", "prevalence"),
    "known_days": ("known_days", "strict_days"),
    "moves": ("moves",),
    "naive": ("naive_study",),
    "onsets": ("onset_coverage", "onset_lag"),
    "open_store": ("OpenStore", "init", "nightly", "open", "write_squad"),
    "prediction": ("ForwardSplit", "GroupSplit", "OnsetClassifier", "evaluate", "prediction_scores"),
    "prediction_rows": ("prediction_rows",),
    "provenance": ("explain",),
    "rates": ("symptom_rates",),
    "recognition": ("recognise",),
    "recommendation": ("recommendation",),
    "referrals": ("referrals",),
    "running_load": ("running_load",),
    "simulation": ("SCENARIOS", "Simulated", "simulate"),
    "unmapped": ("unmapped",),
}
_MODULE_OF = {name: module for module, names in _FROM.items() for name in names}
_EXTRA_OF = {"altair": "notebooks", "sklearn": "prediction"}


class _Package(ModuleType):
    """This package: the import system binds every module to it, and must not take the place of a function."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _MODULE_OF and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF and name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f"{__name__}.{_MODULE_OF.get(name, name)}")
    except ModuleNotFoundError as error:
        extra = _EXTRA_OF.get(str(error.name).partition(".")[0])
        if extra is None:
            raise
        from runfix_analytics.errors import ConfigError  # noqa: PLC0415

        raise ConfigError(f"rf.{name} needs {error.name}; run: pip install 'runfix-analytics[{extra}]'") from error
    value: object = module if name in _MODULES else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
