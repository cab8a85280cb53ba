"""A store's logs as the calculations take them."""

from datetime import date

import dataframely as dy

from runfix_analytics.assessment import Logs
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.completeness import Logged, logged
from runfix_analytics.store import Store
from runfix_analytics.tables import AcheReports, Imports, Runners, Runs, StrengthDays, StrengthSets


def read_logs(store: Store, runners: dy.DataFrame[Runners]) -> Logs:
    """Everything that these runners logged."""
    ids = list(runners["runner_id"])
    return Logs(
        runners,
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
