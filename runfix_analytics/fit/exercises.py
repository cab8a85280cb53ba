"""What FIT calls exercises: a category's number and an exercise's number → names, also those newer than fitparse."""

import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

from runfix_analytics.fit import profile

UNKNOWN = "unknown"
_NOT_GUESSED = (None, 65533, 65534, 65535)


def is_guessed(category: int | None) -> bool:
    """Whether the number is a category, and not what a watch writes when it has no idea."""
    return category not in _NOT_GUESSED


def category_name(category: int) -> str:
    """The category's name, or its number where nobody has named it yet."""
    return _categories().get(category, f"exercise_category_{category}")


def exercise_name(category: int, exercise: int | None) -> str | None:
    """The exercise's name; None where the category alone is known."""
    return None if exercise is None else _exercises(category).get(exercise)


def pairs(categories: Sequence[int | None], exercises: Sequence[int | None]) -> list[tuple[int | None, int | None]]:
    """The guesses of a watch, the likeliest first, as (category, exercise); what it left empty at the end is none."""
    exercises = [*exercises, *[None] * len(categories)]
    found = list(zip(categories, exercises, strict=False))
    while found and found[-1][0] is None:
        found.pop()
    return found


@lru_cache(maxsize=1)
def _newer() -> dict[int, tuple[str, dict[int, str]]]:
    text = resources.files("runfix_analytics.fit").joinpath("exercises.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return {
        int(number): (one["name"], {int(key): name for key, name in one.get("exercises", {}).items()})
        for number, one in tables.items()
    }


@lru_cache(maxsize=1)
def _categories() -> dict[int, str]:
    newer = {number: name for number, (name, _) in _newer().items()}
    return newer | profile.value_names()["exercise_category"]


@lru_cache(maxsize=128)
def _exercises(category: int) -> dict[int, str]:
    known = profile.value_names().get(f"{category_name(category)}_exercise_name", {})
    return _newer().get(category, ("", {}))[1] | known
