"""From any row of a store's tables back to what was logged and the file it stands in."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from runfix_analytics.errors import ConfigError
from runfix_analytics.explain import explain_coverage
from runfix_analytics.open_store import OpenStore
from runfix_analytics.recognition import recognise

_WINDOW_ENDS = ("window_end", "local_date", "as_of")


def explain(store: OpenStore, row: Mapping[str, Any] | pl.DataFrame) -> pl.DataFrame:
    """The logged rows behind one row of a table, each with `file_name` and `source_row`.

    `row`: a frame of one row, or `frame.row(0, named=True)`; what it is of is told by its columns.

    - coverage, advice, onset_coverage: the sets of the 28 days of that area, as `CoverageEvidence`; what each counts,
      and why one does not. Their `hard_sets` add up to the coverage table's.
    - episodes: its ache reports, oldest first.
    - running_load: the day's runs, those that count in another export too.
    - a logged row (a run, a set, a report, a reject): its line in the ledger.

    Raises: ConfigError for anything else, and for an area that is not in the catalogue.
    """
    of = _one(row)
    if "runner_id" in of:
        if of.get("area_id") is not None:
            ends_on = next((of[name] for name in _WINDOW_ENDS if isinstance(of.get(name), date)), None)
            if ends_on is not None:
                return _coverage(store, of["runner_id"], of["area_id"], ends_on)
        elif "ache_report_ids" in of:
            return _reports(store, of["runner_id"], of["ache_report_ids"])
        elif "longest_run_m" in of:
            return _runs(store, of["runner_id"], of["local_date"])
        elif "import_id" in of:
            return store.imports(of["runner_id"]).filter(pl.col("import_id") == of["import_id"]).collect()
    raise ConfigError(
        "explain takes one whole row of coverage, advice, onset_coverage (with an area), episodes, running_load or a "
        f"logged table; this one has: {', '.join(of) or 'nothing'}"
    )


def _one(row: Mapping[str, Any] | pl.DataFrame) -> Mapping[str, Any]:
    if not isinstance(row, pl.DataFrame):
        return row
    if row.height != 1:
        raise ConfigError(f"explain takes one row, not {row.height}; choose one with .filter(…) or .head(1)")
    return row.row(0, named=True)


def _coverage(store: OpenStore, runner: str, area: str, ends_on: date) -> pl.DataFrame:
    if area not in store.catalogue.areas:
        raise ConfigError(f'"{area}" is no area of this catalogue; areas: {", ".join(store.catalogue.areas)}')
    sets = store.strength_sets(runner).collect()
    return explain_coverage(
        sets,
        recognise(sets, as_of=ends_on, catalogue=store.catalogue),
        store.known_days(runner).collect(),
        store.imports(runner).collect(),
        area=area,
        as_of=ends_on,
        catalogue=store.catalogue,
    )


def _reports(store: OpenStore, runner: str, report_ids: list[str]) -> pl.DataFrame:
    reports = store.ache_reports(runner).filter(pl.col("ache_report_id").is_in(report_ids))
    return _with_file(store, runner, reports).sort("reported_on", "ache_report_id")


def _runs(store: OpenStore, runner: str, day: date) -> pl.DataFrame:
    return _with_file(store, runner, store.runs(runner, since=day, until=day)).sort("start_at", "run_id")


def _with_file(store: OpenStore, runner: str, logged: pl.LazyFrame) -> pl.DataFrame:
    files = store.imports(runner).select("import_id", "file_name")
    return logged.join(files, on="import_id", how="left", validate="m:1").collect()
