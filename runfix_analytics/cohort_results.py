"""What the whole squad's logs said by one Sunday, in one private file: written at once, read whole or not at all."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from io import StringIO
from typing import Any, TypeVar

import dataframely as dy
import polars as pl

from runfix_analytics.association import Association
from runfix_analytics.places import Place
from runfix_analytics.store import Store
from runfix_analytics.tables import Estimates, Exclusions, Incidence, Prevalence, SymptomRates, Verdicts
from runfix_analytics.verdicts import Marks

S = TypeVar("S", bound=dy.Schema)


SUNDAY = 7


@dataclass(frozen=True)
class CohortResults:
    """What the cohort's page shows, and what the advice uses of it; `key` says what it was made of."""

    as_of: date
    key: str
    n_runners: int
    rates: dy.DataFrame[SymptomRates]
    found: Association
    incidence: dy.DataFrame[Incidence]
    prevalence: dy.DataFrame[Prevalence]

    @cached_property
    def outcome(self) -> str:
        """What was found, as text: the same for two studies that found the same, whatever they were made of."""
        return json.dumps(_content(self), sort_keys=True)


def study_day(as_of: date) -> date:
    """The newest Sunday up to a day: the last day of the study that holds on it."""
    return as_of - timedelta(days=as_of.isoweekday() % SUNDAY)


def write_cohort(store: Store, results: CohortResults) -> None:
    """Keeps the results in the place of earlier ones."""
    content = _content(results) | {"key": results.key}
    store.write_private(_path(store), json.dumps(content, ensure_ascii=False).encode())


def _content(results: CohortResults) -> dict[str, Any]:
    found = results.found
    return {
        "as_of": results.as_of.isoformat(),
        "n_runners": results.n_runners,
        "found": {name: getattr(found, name) for name in _FACTS},
        "marks": vars(found.marks),
        "tables": {
            "rates": _rows(results.rates),
            "estimates": _rows(found.estimates),
            "verdicts": _rows(found.verdicts),
            "exclusions": _rows(found.exclusions),
            "incidence": _rows(results.incidence),
            "prevalence": _rows(results.prevalence),
        },
    }


def read_cohort(store: Store, as_of: date) -> CohortResults | None:
    """The results that hold on a day; none where the squad was not studied for it, or by an earlier version."""
    kept = kept_cohort(store)
    return kept if kept is not None and kept.as_of == study_day(as_of) else None


def kept_cohort(store: Store) -> CohortResults | None:
    """The results of the last study, whatever its day; none where there was none, or by an earlier version."""
    path = _path(store)
    return _results(path.read_text(encoding="utf-8")) if path.exists() else None


@lru_cache(maxsize=1)  # a night asks for the same results for each of its parts
def _results(text: str) -> CohortResults | None:
    content = json.loads(text)
    tables = content["tables"]
    if "key" not in content or set(content["found"]) != set(_FACTS):
        return None
    if not all(name in tables and _fits(schema, tables[name]) for name, schema in _TABLES.items()):
        return None
    found = Association(
        **content["found"],
        estimates=_table(Estimates, tables["estimates"]),
        verdicts=_table(Verdicts, tables["verdicts"]),
        exclusions=_table(Exclusions, tables["exclusions"]),
        marks=Marks(**content["marks"]),
    )
    return CohortResults(
        date.fromisoformat(content["as_of"]),
        content["key"],
        content["n_runners"],
        _table(SymptomRates, tables["rates"]),
        found,
        _table(Incidence, tables["incidence"]),
        _table(Prevalence, tables["prevalence"]),
    )


def forget_cohort(store: Store) -> None:
    """Removes the results; the next study writes new ones."""
    _path(store).unlink(missing_ok=True)


def outcome(results: CohortResults | None) -> str:
    """The outcome of a study, or that there is none."""
    return "not studied" if results is None else results.outcome


_FACTS = ("lag_days", "n_runners", "n_onsets", "n_runners_with_onset", "n_rows", "share_of_rows")
_TABLES: dict[str, type[dy.Schema]] = {
    "rates": SymptomRates,
    "estimates": Estimates,
    "verdicts": Verdicts,
    "exclusions": Exclusions,
    "incidence": Incidence,
    "prevalence": Prevalence,
}


def _path(store: Store) -> Place:
    return store.root / "results" / "cohort.json"


def _rows(frame: pl.DataFrame) -> Any:
    return json.loads(frame.write_json())


def _fits(schema: type[dy.Schema], rows: list[dict[str, Any]]) -> bool:
    return not rows or set(rows[0]) == set(schema.column_names())


def _table(schema: type[S], rows: list[dict[str, Any]]) -> dy.DataFrame[S]:
    if not rows:
        return schema.create_empty()
    dtypes = {name: column.dtype for name, column in schema.columns().items()}
    return schema.validate(pl.read_json(StringIO(json.dumps(rows)), schema=dtypes), cast=True)
