"""The made-up squad that comes with the package, laid out as a store to try things on; who is in it: data/README.md."""

import shutil
from datetime import date
from pathlib import Path

from runfix_analytics.errors import ConfigError
from runfix_analytics.store import Store

DAY = date(2026, 10, 25)  # the last day of its logs
COMPARED_WITH = date(2026, 9, 27)  # four weeks before: a report to tell the changes from
_HERE = Path(__file__).resolve().parent
_PLACES = (_HERE / "sample", _HERE.parent / "data" / "sample")  # in a wheel, and in a checkout


def lay_out(root: Path) -> Store:
    """A new store at root with the squad's lists and inboxes, nothing imported yet.

    Raises: ConfigError when something is there already, or this installation came without the files.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise ConfigError(f"{root} is there already; choose another folder, or remove it first")
    sample = next((place for place in _PLACES if (place / "runners.csv").is_file()), None)
    if sample is None:
        raise ConfigError("this installation has no made-up squad; try: runfix simulate FOLDER")
    shutil.copytree(sample, root, dirs_exist_ok=True)
    return Store.create(root)
