"""Raw frames from small text tables: a header row, cells between bars, empty = null."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import polars as pl

from runfix_analytics.rawlog import NAIVE, UTC

_PARSERS: Mapping[Any, Any] = {
    pl.Int32: int,
    pl.Float64: float,
    pl.Boolean: {"true": True, "false": False}.__getitem__,
    pl.Date: date.fromisoformat,
    NAIVE: datetime.fromisoformat,
    UTC: datetime.fromisoformat,
    pl.String: str,
}


def draw_raw(schema: Mapping[str, Any], table: str) -> pl.DataFrame:
    """The drawn columns, with the types that the schema gives them; a wide table goes on below a blank line."""
    columns: dict[str, list[Any]] = {}
    for block in table.strip().split("\n\n"):
        header, *rows = [[cell.strip() for cell in line.split("|")] for line in block.splitlines()]
        for i, name in enumerate(header):
            columns[name] = [_PARSERS[schema[name]](row[i]) if row[i] else None for row in rows]
    return pl.DataFrame(columns, schema={name: schema[name] for name in columns})
