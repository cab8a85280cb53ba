"""What holds for a squad as a whole, in `settings.toml` at the root of its store; need not be there.

    language = "de"          # of the runners' own pages where runners.csv names none, and of what a coach reads
    pdf = true               # every night makes PDFs too
    alarm_after_hours = 30   # runfix status fails when the last good night is older
    keep_history_days = 7    # how long files of tables stay that a later write has replaced

Without a line: English, no PDFs, no alarm, seven days.
"""

import tomllib
from dataclasses import dataclass, fields
from importlib.resources import files
from typing import Any

from runfix_analytics.errors import ConfigError
from runfix_analytics.places import Place

SETTINGS_FILE = "settings.toml"
LANGUAGES = tomllib.loads((files("runfix_analytics.reports") / "languages" / "languages.toml").read_text("utf-8"))

_KINDS = {str: "a text in quotes", bool: "true or false", int: "a whole number, not below 0"}


@dataclass(frozen=True)
class Settings:
    """The squad's language as a code of languages.toml, whether every night makes PDFs, the age of the last good
    night from which `runfix status` fails (0: never), and how long replaced files of tables stay.
    """

    language: str = "en"
    pdf: bool = False
    alarm_after_hours: int = 0
    keep_history_days: int = 7


def read_settings(path: Place) -> Settings:
    """The settings of a file; those it does not name, or all without the file, are the usual ones.

    Raises: ConfigError naming what is wrong.
    """
    if not path.exists():
        return Settings()
    try:
        said: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name} is not TOML in UTF-8: {error}") from error
    known: dict[str, type] = {field.name: type(field.default) for field in fields(Settings)}
    for name, value in said.items():
        if name not in known:
            raise ConfigError(f'{path.name}: there is no setting "{name}"; there are: {", ".join(known)}')
        if type(value) is not known[name] or (isinstance(value, int) and value < 0):
            raise ConfigError(f"{path.name}, {name}: must be {_KINDS[known[name]]}")
    if "language" in said:
        said["language"] = checked_language(said["language"], f"{path.name}, language")
    return Settings(**said)


def checked_language(code: str, where: str) -> str:
    """The code of a language that pages can be written in.

    Raises: ConfigError naming the place and the languages there are.
    """
    if code.strip().casefold() not in LANGUAGES:
        raise ConfigError(f'{where}: there is no language "{code}"; there are: {", ".join(LANGUAGES)}')
    return code.strip().casefold()
