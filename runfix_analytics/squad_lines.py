"""What the squad's page and table say of each runner, kept when the runner's pages are written.

    cache/squad/<bucket>.json   runner id → the page's line, and the table's row

So a night in which few runners changed reads a line for each of the others, not their logs. A line is as good as the
stamp that the runner's publishing left after it; see due. Nothing is lost with the folder.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date
from functools import cache
from pathlib import PurePosixPath
from typing import Any, cast, get_args, get_origin, get_type_hints

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.delta_tables import bucket_of
from runfix_analytics.places import Place
from runfix_analytics.reports import csv_tables, squad_page
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.wording import Wording
from runfix_analytics.stamps import read_object
from runfix_analytics.store import Store

_FOLDER = PurePosixPath("cache", "squad")
_DAY = "day"


@dataclass(frozen=True)
class SquadLine:
    """One runner on the squad's page, the row there as HTML, and in its table but for the place there."""

    line: squad_page.Line
    row: str
    cells: tuple[Any, ...]


def squad_line(results: RunnerResults, catalogue: Catalogue, w: Wording) -> SquadLine:
    """What the squad's page and table say of a runner."""
    line = squad_page.line(results, catalogue, w)
    return SquadLine(line, squad_page.row(line, w), csv_tables.squad_cells(results, line, catalogue))


def keep(store: Store, lines: Mapping[str, SquadLine]) -> None:
    """Keeps the lines of some runners beside those of others. One process at a time in a bucket."""
    by_bucket: dict[int, dict[str, Any]] = {}
    for runner, of in lines.items():
        by_bucket.setdefault(bucket_of(runner), {})[runner] = asdict(of)
    for bucket, new in by_bucket.items():
        path = _path(store, bucket)
        content = json.dumps(read_object(path) | new, default=_encoded, ensure_ascii=False, sort_keys=True)
        store.write_private(path, content.encode())


def kept(store: Store, runners: Iterable[str]) -> dict[str, SquadLine]:
    """Runner id → line, of those of these runners who have one."""
    by_bucket, make = defaultdict[int, list[str]](list), cast("Callable[[Any], SquadLine]", _made(SquadLine))
    for runner in runners:
        by_bucket[bucket_of(runner)].append(runner)
    found = dict[str, SquadLine]()
    for bucket, ids in by_bucket.items():
        of_bucket = read_object(_path(store, bucket))
        found |= {runner: make(of_bucket[runner]) for runner in ids if runner in of_bucket}
    return found


def _path(store: Store, bucket: int) -> Place:
    return store.root / _FOLDER / f"{bucket}.json"


def _encoded(value: object) -> dict[str, str]:
    if isinstance(value, date):
        return {_DAY: value.isoformat()}
    raise TypeError(f"{type(value).__name__} has no place in a line")


def _value(value: Any) -> Any:
    return date.fromisoformat(value[_DAY]) if isinstance(value, dict) else value


@cache
def _made(kind: Any) -> Callable[[Any], Any] | None:
    """What makes a value of JSON what it was, a dataclass, a tuple or a day; None where it is that already."""
    if isinstance(kind, type) and is_dataclass(kind):
        fields = [(name, _made(of)) for name, of in get_type_hints(kind).items()]
        return lambda value: kind(**{name: make(value[name]) if make else value[name] for name, make in fields})
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        if kinds[-1] is Ellipsis:
            make = _made(kinds[0])
            return (lambda value: tuple(map(make, value))) if make else tuple
        makes = [_made(of) for of in kinds]
        return lambda value: tuple(make(of) if make else of for make, of in zip(makes, value, strict=True))
    return _value if kind is Any else None
