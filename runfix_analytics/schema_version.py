"""Which shape a store has, as a number in `store.json` at its root: {"schema": 1}.

The number goes up when a store needs a step of `migration` before this version may write to it; a new column of a
calculated table does not need one, since the next night makes that table anew. 0: no file, a store of 0.1.0.
"""

import json

from runfix_analytics.errors import StoreError
from runfix_analytics.places import Place

STORE_FILE = "store.json"
SCHEMA = 1


def schema_of(root: Place) -> int:
    """The shape of the store at a root; 0 without the file.

    Raises: StoreError when the file says no number, or one that this version does not know.
    """
    try:
        said = json.loads((root / STORE_FILE).read_bytes())
    except FileNotFoundError:
        return 0
    except ValueError as error:
        raise StoreError(_unreadable(root)) from error
    schema = said.get("schema") if isinstance(said, dict) else None
    if type(schema) is not int or schema < 0:
        raise StoreError(_unreadable(root))
    if schema > SCHEMA:
        raise StoreError(
            f"{root} was written by a newer version of runfix (its tables are of schema {schema}, this version knows "
            f"{SCHEMA}); update runfix, or restore a backup of before"
        )
    return schema


def require_current(root: Place) -> None:
    """Nothing, where this version may write to the store.

    Raises: StoreError with what to do for a store of an earlier shape, or as `schema_of` does.
    """
    if (schema := schema_of(root)) < SCHEMA:
        raise StoreError(
            f"{root} is a store of an earlier version (schema {schema}, now {SCHEMA}); nothing is changed before you "
            f"run: runfix migrate --root {root}"
        )


def encoded_schema(schema: int) -> bytes:
    """What stands in `store.json`."""
    return (json.dumps({"schema": schema}) + "\n").encode()


def _unreadable(root: Place) -> str:
    return f"{root / STORE_FILE} does not say which schema the store has; restore it, or the store, from a backup"
