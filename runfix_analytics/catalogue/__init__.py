"""The vocabulary: areas, symptoms, sites, exercises and numbers, as data.

`load()` reads the packaged TOML files once, checks them against one another and returns a `Catalogue`.
"""

from runfix_analytics.catalogue.entries import (
    Area,
    Equipment,
    Exercise,
    Link,
    Parameter,
    Site,
    Symptom,
)
from runfix_analytics.catalogue.loader import Catalogue, load, load_from
from runfix_analytics.catalogue.names import name_key

__all__ = [
    "Area",
    "Catalogue",
    "Equipment",
    "Exercise",
    "Link",
    "Parameter",
    "Site",
    "Symptom",
    "find_exercise",
    "load",
    "load_from",
    "name_key",
]


def find_exercise(name: str) -> Exercise | None:
    """The catalogue's entry for a logged exercise name, or None where the name is not in it; never a guess."""
    return load().find_exercise(name)
