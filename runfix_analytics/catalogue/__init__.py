"""The vocabulary: areas, symptoms, sites, exercises and numbers, as data.

`load()` reads the packaged TOML files once, checks them against one another and returns a `Catalogue`; `load_for()`
adds what a squad says of its own names.
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
from runfix_analytics.catalogue.folders import copy_catalogue, load_catalogue
from runfix_analytics.catalogue.loader import NOT_A_NAME, Catalogue, load, load_from
from runfix_analytics.catalogue.names import name_key
from runfix_analytics.catalogue.own_names import LOCAL_FILE, load_for

__all__ = [
    "LOCAL_FILE",
    "NOT_A_NAME",
    "Area",
    "Catalogue",
    "Equipment",
    "Exercise",
    "Link",
    "Parameter",
    "Site",
    "Symptom",
    "copy_catalogue",
    "find_exercise",
    "load",
    "load_catalogue",
    "load_for",
    "load_from",
    "name_key",
]


def find_exercise(name: str) -> Exercise | None:
    """The catalogue's entry for a logged exercise name, or None where the name is not in it; never a guess."""
    return load().find_exercise(name)
