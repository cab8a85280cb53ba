"""A catalogue of one's own: the packaged files copied into a folder, changed there, and read from it."""

from importlib.resources import files
from pathlib import Path

from runfix_analytics.catalogue.loader import FILES, Catalogue, load, load_from
from runfix_analytics.errors import ConfigError


def load_catalogue(folder: Path | str | None = None) -> Catalogue:
    """The packaged catalogue, or the one in a folder that holds all its TOML files.

    Raises: CatalogueError naming the file and key that is wrong.
    """
    return load() if folder is None else load_from(Path(folder))


def copy_catalogue(folder: Path | str) -> Path:
    """The packaged TOML files in `folder`, to change; gives back the folder.

    Raises: ConfigError when one of them is there already.
    """
    target = Path(folder)
    if there := [name for name in FILES if (target / f"{name}.toml").exists()]:
        raise ConfigError(f"{target} holds {there[0]}.toml already; choose a new folder")
    target.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        packaged = files("runfix_analytics.catalogue").joinpath(f"{name}.toml")
        (target / f"{name}.toml").write_bytes(packaged.read_bytes())
    return target
