"""What was made of what: for each runner a stamp a stage, so that a night passes over what would come out the same.

    cache/stamps/<bucket>.json   runner id → stage → digest of everything that the stage's rows or pages depend on

A stamp is written after the rows that it stands for. Nothing is lost with the folder: without a stamp a stage works.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from runfix_analytics.delta_tables import State, bucket_of
from runfix_analytics.places import Place
from runfix_analytics.store import STAMPS, Store

_PACKAGES = ("polars", "numpy", "jinja2", "babel")
_DIGITS = 32  # hexadecimal


def digest(*parts: object) -> str:
    """The same for the same parts in the same order."""
    return sha256("\0".join(map(str, parts)).encode()).hexdigest()[:_DIGITS]


@cache
def program() -> str:
    """Which program calculates: a digest of this package's files and of what it calculates and writes with."""
    here = Path(__file__).parent
    files = sorted(path for path in here.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return digest(
        *(f"{path.relative_to(here)} {sha256(path.read_bytes()).hexdigest()}" for path in files), *_versions()
    )


def _versions() -> Iterable[str]:
    return (f"{name} {version(name)}" for name in _PACKAGES)


def of_frame(frame: pl.DataFrame) -> dict[str, str]:
    """Runner id → digest of their rows, whatever their order; runners without a row are missing."""
    rows = frame.select("runner_id", one=frame.hash_rows(seed=1), two=frame.hash_rows(seed=2))
    sums = rows.group_by("runner_id").agg(
        pl.len(), pl.col("one", "two").sum(), both=(pl.col("one") ^ pl.col("two")).sum()
    )
    return {runner: digest(*of) for runner, *of in sums.iter_rows()}


def of_ledger(store: Store, runners: Iterable[str] | None = None) -> Mapping[str, str]:
    """Runner id → digest of their ledger: it changes with every import, retry and undo, so with every logged row."""
    ids = None if runners is None else tuple(sorted(set(runners)))
    state = store.tables.state("imports") if isinstance(store.root, Path) else None
    return _of_ledger(store, ids) if state is None else _of_ledger_once(store.root, state, ids)


@lru_cache(maxsize=4)  # a night's plans ask for everybody's, its stages for those of the same part
def _of_ledger_once(root: Path, _state: State, ids: tuple[str, ...] | None) -> Mapping[str, str]:
    return _of_ledger(Store(root), ids)


def _of_ledger(store: Store, ids: tuple[str, ...] | None) -> dict[str, str]:
    return of_frame(store.scan("imports", ids).collect())


def read(store: Store, runners: Iterable[str]) -> dict[str, dict[str, str]]:
    """Runner id → stage → stamp, for each of these runners."""
    ids = list(runners)
    known = {
        runner: of for bucket in {bucket_of(runner) for runner in ids} for runner, of in _bucket(store, bucket).items()
    }
    return {runner: known.get(runner, {}) for runner in ids}


def forget(store: Store, runners: Iterable[str], stages: Iterable[str]) -> None:
    """Takes the stamps of these stages away, so that they work whatever has been done."""
    nothing = dict.fromkeys(stages)
    write(store, dict.fromkeys(runners, nothing))


def write(store: Store, stamps: Mapping[str, Mapping[str, str | None]]) -> None:
    """Adds stamps of some runners to those they have; None takes a stamp away. One process at a time in a bucket."""
    by_bucket: dict[int, dict[str, Mapping[str, str | None]]] = {}
    for runner, of in stamps.items():
        by_bucket.setdefault(bucket_of(runner), {})[runner] = of
    for bucket, new in by_bucket.items():
        known: dict[str, dict[str, Any]] = _bucket(store, bucket)
        merged = known | {runner: {**known.get(runner, {}), **of} for runner, of in new.items()}
        kept = {runner: {stage: key for stage, key in of.items() if key is not None} for runner, of in merged.items()}
        if kept != known:
            content = json.dumps(kept, indent=0, sort_keys=True)
            store.write_private(_path(store, bucket), content.encode())


def _path(store: Store, bucket: int) -> Place:
    return store.root / STAMPS / f"{bucket}.json"


def _bucket(store: Store, bucket: int) -> dict[str, dict[str, str]]:
    return read_object(_path(store, bucket))


def read_object(path: Place) -> dict[str, Any]:
    """What a file of the cache holds; nothing where there is none, or it is not as we wrote it."""
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
