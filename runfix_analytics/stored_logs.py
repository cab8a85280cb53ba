"""A store's logs as the calculations take them."""

from datetime import date
from functools import lru_cache
from pathlib import Path

import dataframely as dy

from runfix_analytics.assessment import Logs
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.completeness import Logged, logged
from runfix_analytics.delta_tables import State
from runfix_analytics.store import Store
from runfix_analytics.tables import AcheReports, Imports, Runners, Runs, StrengthDays, StrengthSets

_READ_FROM = ("imports", "runs", "strength_sets", "strength_days", "ache_reports")
_FEW = 25  # runners whose logs are kept while others are not asked for

_Logged = tuple[dy.DataFrame[Runs], dy.DataFrame[StrengthSets], dy.DataFrame[StrengthDays], dy.DataFrame[AcheReports]]


def read_logs(store: Store, runners: dy.DataFrame[Runners]) -> Logs:
    """Everything that these runners logged."""
    ids = tuple(runners["runner_id"])
    states = tuple(store.tables.state(table) for table in _READ_FROM)
    if len(ids) > _FEW or None in states or not isinstance(store.root, Path):
        return Logs(runners, *_logged(store, ids))
    return Logs(runners, *_logged_once(store.root, states, ids))


@lru_cache(maxsize=1)  # a night in which few runners changed asks for the same ones in three stages
def _logged_once(root: Path, _states: tuple[State | None, ...], ids: tuple[str, ...]) -> _Logged:
    return _logged(Store(root), ids)


def _logged(store: Store, ids: tuple[str, ...]) -> _Logged:
    return (
        store.read(Runs, ids),
        store.read(StrengthSets, ids),
        store.read(StrengthDays, ids),
        store.read(AcheReports, ids),
    )


def read_completeness(
    store: Store, runners: dy.DataFrame[Runners], as_of: date, catalogue: Catalogue
) -> dict[str, Logged]:
    """How complete the logs of these runners are."""
    imports = store.read(Imports, list(runners["runner_id"]))
    return logged(read_logs(store, runners), imports, as_of=as_of, catalogue=catalogue)
