"""The data dictionary: every table of tables.py, every column of the CSV files beside the pages."""

import inspect
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from importlib.resources import files

import dataframely as dy

from docs.building.markdown import code, codes, table, text
from runfix_analytics import tables
from runfix_analytics.catalogue import load
from runfix_analytics.reports.cohort_csv import Figure
from runfix_analytics.reports.csv_tables import ACHE_COLUMNS, WEEK_COLUMNS, squad_columns

MEANINGS: Mapping[str, Mapping[str, str]] = tomllib.loads(
    (files("runfix_analytics") / "tables.toml").read_text(encoding="utf-8")
)
BY_HAND = ("Runners", "Marks")
CSV_FILES: dict[str, tuple[str, Sequence[str]]] = {
    "weeks.csv": ("One row per week and area of one runner.", WEEK_COLUMNS),
    "aches.csv": ("One row per episode of an ache of one runner.", ACHE_COLUMNS),
    "squad.csv": ("One row per runner, the most pressing first.", squad_columns(load())),
    "cohort.csv": ("One row per figure of the page on coverage against onset.", [of.name for of in fields(Figure)]),
}
_TYPES = {"String": "text", "Bool": "yes or no", "Date": "day", "Datetime": "moment, UTC"}
_UNITS = (
    (r"_km_per_day$", "km a day"), (r"_per_1000_h", "per 1000 h"), (r"^per_1000_h", "per 1000 h"),
    (r"^per_1000_km", "per 1000 km"), (r"^km_|_km$|^km$", "km"), (r"_kg$", "kg"), (r"_m$", "m"), (r"_s$|^seconds$", "s"),
    (r"^hours$", "h"), (r"^years$", "years"), (r"_days$|_days_|^days_", "days"), (r"_mb$", "MB"), (r"^n_bytes$", "bytes"),
    (r"^srpe_load$", "RPE × min"), (r"^n_", "count"), (r"^onsets_per_day$", "a day"), (r"^onsets_per_year$", "a year"),
)  # fmt: skip


def schemas() -> dict[str, type[dy.Schema]]:
    """Every table, in the order of tables.py."""
    return {
        name: of
        for name, of in vars(tables).items()
        if inspect.isclass(of) and issubclass(of, dy.Schema) and of is not dy.Schema
    }


def meaning(column: str, table_name: str) -> str:
    """What a column means in a table or CSV file.

    Raises: KeyError when nobody has said so.
    """
    own = MEANINGS.get(table_name, {})
    if column in own:
        return own[column]
    area = next((area for area in load().areas if column.startswith(f"{area}_")), None)
    if table_name == "squad.csv" and area:
        return f"{column.removeprefix(f'{area}_')} of {load().areas[area].name.lower()} on the day"
    return MEANINGS["columns"][column]


def unit(column: str) -> str:
    """The unit that a column's name says; empty where it says none."""
    return next((words for pattern, words in _UNITS if re.search(pattern, column)), "")


def pages() -> Iterator[tuple[str, str]]:
    """(path, Markdown) of each page of the dictionary."""
    stored = {**tables.STORED_FACTS, **tables.STORED_RESULTS}
    place = {of.__name__: name for name, of in stored.items()}
    logged = [of.__name__ for of in tables.STORED_FACTS.values()]
    made = [of.__name__ for of in tables.STORED_RESULTS.values()]
    others = [name for name in schemas() if name not in (*logged, *made, *BY_HAND)]
    parts = {
        "logged": ("What was logged", "Stored under `tables/`; made by the import, never changed by a night.", logged),
        "calculated": ("What is calculated", "Stored under `tables/`; a night makes them again.", made),
        "passing": ("What passes between modules", "Not stored; functions take and return them.", others),
        "by_hand": ("What people keep by hand", "CSV files at the root of the store.", list(BY_HAND)),
    }
    yield "dictionary/index.md", _overview(parts, place)
    for name, (title, intro, of) in parts.items():
        yield f"dictionary/{name}.md", f"# {title}\n\n{intro}\n\n" + "".join(_table(one, place) for one in of)
    yield "dictionary/csv.md", _csv()


def _overview(parts: Mapping[str, tuple[str, str, Sequence[str]]], place: Mapping[str, str]) -> str:
    said = (tables.__doc__ or "").split("\n\n", 1)[1]
    lines = [f"# Data dictionary\n\nMade from `runfix_analytics/tables.py`. {text(said)}\n"]
    for name, (title, intro, of) in parts.items():
        tables_of = [(f"[{one}]({name}.md#{one.lower()})", code(place.get(one)), text(_grain(one))) for one in of]
        lines.append(f"## {title}\n\n{intro}\n\n" + table(("table", "stored as", "one row is"), tables_of))
    rows = [(f"[{name}](csv.md#{_anchor(name)})", text(grain)) for name, (grain, _) in CSV_FILES.items()]
    lines.append("## CSV files beside the pages\n\n" + table(("file", "one row is"), rows))
    return "\n".join(lines)


def _grain(name: str) -> str:
    """The first sentence of a table's docstring, which says what one row is."""
    said = inspect.getdoc(schemas()[name]) or ""
    return re.sub(r"\s+", " ", said.split("\n\n")[0])


def _table(name: str, place: Mapping[str, str]) -> str:
    of = schemas()[name]
    where = f"Stored as `tables/{place[name]}`. " if name in place else ""
    keys = of.primary_key()
    said = f"One row for each {codes(keys)}.\n\n" if keys else "\n\n"
    rows = [
        (code(column), ", ".join(filter(None, (_type(kind), unit(column), "may be null" if kind.nullable else ""))),
         text(meaning(column, name)) + _values(kind))
        for column, kind in of.columns().items()
    ]  # fmt: skip
    head = f"## {name}\n\n{text(inspect.getdoc(of) or '')}\n\n{where}{said}"
    return head + table(("column", "type", "meaning"), rows)


def _type(kind: dy.Column) -> str:
    if isinstance(kind, dy.List):
        return f"list of {_type(kind.inner)}"
    name = type(kind).__name__
    return _TYPES.get(name, "whole number" if name.startswith("Int") else "number")


def _values(kind: dy.Column) -> str:
    """What a column may hold, as an addition to its meaning: named values, or bounds."""
    named = (kind.metadata or {}).get("one_of")
    if named:
        return f": {codes(named)}"
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    if least is None or most is None:  # counts and amounts begin at 0, as anybody expects
        return ""
    return f", from {least:g} to {most:g}"


def _csv() -> str:
    from runfix_analytics.reports.csv_file import csv_bytes  # noqa: PLC0415 - its docstring tells the format

    head = (
        f"# CSV files beside the pages\n\n{text(inspect.getdoc(csv_bytes) or '')} Written with each page, below "
        "`reports/`. Columns and ids are the same in every language.\n\n"
    )
    return head + "".join(_file(name, grain, columns) for name, (grain, columns) in CSV_FILES.items())


def _file(name: str, grain: str, columns: Iterable[str]) -> str:
    rows = [(code(column), unit(column), text(meaning(column, name))) for column in columns]
    return f"## {name} {{#{_anchor(name)}}}\n\n{grain}\n\n" + table(("column", "unit", "meaning"), rows)


def _anchor(name: str) -> str:
    return name.replace(".", "-")
