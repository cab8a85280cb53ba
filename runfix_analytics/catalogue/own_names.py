"""What a squad says of its own names, in `exercises.local.toml` at the root of its store; it wins over the package.

    [aliases]
    "Lena's finisher" = "single_leg_calf_raise_straight"   # a logged name = the id of an exercise
    "Circuit B" = ""                                       # not decided yet

    [exercises.wobble_board_raise]                         # a move of their own, with the settings of exercises.toml
    name = "Calf raise on the wobble board"
    primary = ["calves"]
    …

Names are looked up when tables are computed: a new line corrects the past, and nothing is imported again.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from runfix_analytics.catalogue.entries import Exercise
from runfix_analytics.catalogue.loader import (
    NOT_A_NAME,
    Catalogue,
    check_exercises,
    entries_of,
    keys_of,
    load,
    parse,
    table_of,
)
from runfix_analytics.catalogue.names import name_key
from runfix_analytics.errors import CatalogueError
from runfix_analytics.places import Place

LOCAL_FILE = "exercises.local.toml"
SOURCE = "squad"
GROUPS = ("aliases", "exercises")


def load_for(root: Place) -> Catalogue:
    """The packaged catalogue with a squad's own names, if there are any; `version` tells the two apart.

    Raises: CatalogueError naming the file and key that is wrong.
    """
    try:
        text = (root / LOCAL_FILE).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return load()
    except OSError as error:
        raise CatalogueError(f"{LOCAL_FILE} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{LOCAL_FILE} is not UTF-8 text; save it as UTF-8") from error
    return with_own_names(text)


@lru_cache(maxsize=8)
def with_own_names(text: str) -> Catalogue:
    """The packaged catalogue with the names and moves of one such text.

    Raises: CatalogueError naming the key that is wrong.
    """
    packaged = load()
    raw = parse(LOCAL_FILE, text)
    for group in raw:
        if group not in GROUPS:
            raise CatalogueError(f"{LOCAL_FILE}: {group} is not known; there are [aliases] and [exercises.…]")
    own = _own_exercises(raw.get("exercises", {}), packaged)
    exercises = {**packaged.exercises, **own}
    names = _aliases(raw.get("aliases", {}), keys_of(LOCAL_FILE, own), exercises)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return replace(packaged, exercises=exercises, own_names=names, version=f"{packaged.version}+{digest[:8]}")


def _own_exercises(raw: object, packaged: Catalogue) -> dict[str, Exercise]:
    with_source: dict[str, Any] = {}
    for key, settings in table_of(LOCAL_FILE, "exercises", raw).items():
        if key in packaged.exercises:
            advice = f'choose another id, and list "{packaged.exercises[key].name}" among its aliases to replace that'
            raise CatalogueError(f"{LOCAL_FILE}: exercises.{key} is an exercise of the package; {advice}")
        with_source[key] = {"source": SOURCE, **table_of(LOCAL_FILE, f"exercises.{key}", settings)}
    own = entries_of(LOCAL_FILE, Exercise, with_source, "exercises.")
    check_exercises(LOCAL_FILE, own, packaged)
    return own


def _aliases(raw: object, taken: Mapping[str, str], exercises: Mapping[str, Exercise]) -> dict[str, str]:
    """Name key → exercise id, with the names of their own moves; an empty id leaves a name as the package has it."""
    names = dict(taken)
    for name, exercise in table_of(LOCAL_FILE, "aliases", raw).items():
        key, where = name_key(name), f"{LOCAL_FILE}: aliases.{name!r}"
        if not isinstance(exercise, str):
            raise CatalogueError(f'{where}: write the name in quotes, and after "=" the id of an exercise in quotes')
        if not key or key == NOT_A_NAME:
            raise CatalogueError(f"{where} is no name that an exercise could have; take the line out")
        if not exercise.strip():
            continue
        if exercise not in exercises:
            near = get_close_matches(exercise, exercises, n=3)
            raise CatalogueError(f"{where} = {exercise!r} is no exercise; {_advice(near)}")
        if names.setdefault(key, exercise) != exercise:
            raise CatalogueError(f"{where} = {exercise!r}: the same words name {names[key]} already; keep one of them")
    return names


def _advice(near: list[str]) -> str:
    other = "another id of exercises.toml, or a move of your own under [exercises.…]"
    return f"did you mean {', '.join(near)}? Else write {other}" if near else f"write {other}"
