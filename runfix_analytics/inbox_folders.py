"""Whose the folders of the inbox are: not everybody's files are imported."""

from datetime import date

from runfix_analytics.errors import ConfigError, StoreError
from runfix_analytics.runner_lists import lines_of
from runfix_analytics.store import Store
from runfix_analytics.tombstones import read_tombstones


def folders_of_nobody(store: Store) -> list[tuple[str, str]]:
    """(folder, reason) of each that names no runner of runners.csv.

    A folder of an erased runner is not named, because its name is the id.
    """
    known = set(store.runners(store.catalogue())["runner_id"])
    folders = sorted(path.name for path in (store.root / "inbox").iterdir() if not path.name.startswith("."))
    stones = read_tombstones(store.root)
    told = []
    for name in folders:
        if name not in known:
            stone = stones.of(name)
            told.append(_came_back(stone.erased_on) if stone else (f"inbox/{name}", _OF_NOBODY))
    return told


_OF_NOBODY = "is no runner of runners.csv; add the runner with runfix add, or correct the folder's name"


def _came_back(erased_on: date) -> tuple[str, str]:
    return "inbox", f"a folder of a runner who was erased on {erased_on} is not imported; run: runfix erase --again"


def refuse_erased(store: Store) -> None:
    """Nothing is done for a runner who was erased; the line is named and not the id, which would stay in the record.

    Raises: ConfigError for such a line; StoreError while an erasure is not finished.
    """
    stones = read_tombstones(store.root)
    if stones.is_unfinished:
        raise StoreError("an erasure was begun and not finished; run: runfix erase --again")
    for number, cells in lines_of(store.root / "runners.csv")[1]:
        if stone := stones.of((cells.get("runner_id") or "").strip()):
            raise ConfigError(
                f"runners.csv line {number}: this runner was erased on {stone.erased_on}; run: runfix erase --again. "
                "Who begins anew is added with runfix add"
            )
