"""What the whole squad's logs said by one day, kept in one private file: written at once, read whole or not at all."""

import json
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import dataframely as dy
import polars as pl

from runfix_analytics.association import Association
from runfix_analytics.store import Store
from runfix_analytics.tables import Estimates, Exclusions, Incidence, Prevalence, Verdicts
from runfix_analytics.verdicts import Marks

S = TypeVar("S", bound=dy.Schema)


@dataclass(frozen=True)
class CohortResults:
    """What the cohort's page shows, and what the advice may use of it."""

    as_of: date
    n_runners: int
    found: Association
    incidence: dy.DataFrame[Incidence]
    prevalence: dy.DataFrame[Prevalence]


def write_cohort(store: Store, results: CohortResults) -> None:
    """Keeps the results in the place of earlier ones."""
    found = results.found
    content = {
        "as_of": results.as_of.isoformat(),
        "n_runners": results.n_runners,
        "found": {name: getattr(found, name) for name in _FACTS},
        "marks": vars(found.marks),
        "tables": {
            "estimates": _rows(found.estimates),
            "verdicts": _rows(found.verdicts),
            "exclusions": _rows(found.exclusions),
            "incidence": _rows(results.incidence),
            "prevalence": _rows(results.prevalence),
        },
    }
    store.write_private(_path(store), json.dumps(content, ensure_ascii=False).encode())


def read_cohort(store: Store, as_of: date) -> CohortResults | None:
    """The results of that day; none where the squad was not studied that day, or by an earlier version."""
    path = _path(store)
    if not path.exists():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    tables = content["tables"]
    if content["as_of"] != as_of.isoformat() or not all(
        _fits(schema, tables[name]) for name, schema in _TABLES.items()
    ):
        return None
    found = Association(
        **content["found"],
        estimates=_table(Estimates, tables["estimates"]),
        verdicts=_table(Verdicts, tables["verdicts"]),
        exclusions=_table(Exclusions, tables["exclusions"]),
        marks=Marks(**content["marks"]),
    )
    return CohortResults(
        as_of,
        content["n_runners"],
        found,
        _table(Incidence, tables["incidence"]),
        _table(Prevalence, tables["prevalence"]),
    )


def forget_cohort(store: Store) -> None:
    """Removes the results; the next study writes new ones."""
    _path(store).unlink(missing_ok=True)


_FACTS = ("lag_days", "n_runners", "n_onsets", "n_rows", "share_of_rows")
_TABLES: dict[str, type[dy.Schema]] = {
    "estimates": Estimates,
    "verdicts": Verdicts,
    "exclusions": Exclusions,
    "incidence": Incidence,
    "prevalence": Prevalence,
}


def _path(store: Store) -> Path:
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
