"""Small text tables in tests: a header row, a row a line, cells between bars."""

import datetime as dt
from fractions import Fraction
from typing import Any

import dataframely as dy
import polars as pl

_ABSENT = {"", "-", "null"}


def draw(schema: type[dy.Schema], table: str, **constant: Any) -> Any:
    """A valid frame of the schema; columns that are not drawn take `constant`, else null."""
    return schema.validate(completed(schema, drawn(table, **constant)), cast=True)


def drawn(table: str, **constant: Any) -> pl.DataFrame:
    """The columns of the drawing and the constants, parsed by what the cells look like."""
    lines = [line for line in table.strip().splitlines() if line.strip()]
    header, *rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    columns = {name: [_value(row[i]) for row in rows] for i, name in enumerate(header)}
    return pl.DataFrame(columns, strict=False).with_columns(
        **{name: pl.lit(value, allow_object=False) for name, value in constant.items()}
    )


def _value(cell: str) -> Any:
    if cell in _ABSENT:
        return None
    if cell in ("true", "false"):
        return cell == "true"
    for parse in (int, float, dt.date.fromisoformat, _ratio):
        try:
            return parse(cell)
        except ValueError:
            continue
    return cell


def _ratio(cell: str) -> float:
    return float(Fraction(cell))


def completed(schema: type[dy.Schema], frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with all columns of the schema; those it lacks are null."""
    columns = schema.columns()
    missing = [pl.lit(None, dtype=columns[name].dtype).alias(name) for name in columns if name not in frame.columns]
    return frame.with_columns(missing)
