"""Reads the TOML files, checks every cross-reference, and names the key that is wrong."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cached_property, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar, cast

from runfix_analytics.catalogue.entries import (
    Area,
    BodyArea,
    Equipment,
    Exercise,
    Link,
    Parameter,
    Site,
    Symptom,
)
from runfix_analytics.catalogue.names import name_key
from runfix_analytics.errors import CatalogueError

FILES = ("areas", "symptoms", "sites", "equipment", "exercises", "parameters")
COUNTED_IN = ("reps", "seconds")


@dataclass(frozen=True)
class _Linked:
    """A symptom as it stands in its file."""

    id: str
    name: str
    in_hazard_models: bool
    links: tuple[Any, ...]


@dataclass(frozen=True)
class _Numbered:
    """A parameter as it stands in its file."""

    id: str
    value: Any
    unit: str
    reason: str
    source: str


Entry = TypeVar("Entry", Area, Equipment, Exercise, Site, BodyArea, _Numbered, _Linked, Link)


@dataclass(frozen=True)
class Catalogue:
    """The whole vocabulary, checked; entries keep the order of their file."""

    areas: Mapping[str, Area]
    symptoms: Mapping[str, Symptom]
    sites: Mapping[str, Site]
    equipment: Mapping[str, Equipment]
    exercises: Mapping[str, Exercise]
    parameters: Mapping[str, Parameter]
    version: str

    def number(self, parameter: str) -> float:
        """The value of a single-valued parameter, by "group.name".

        Raises: CatalogueError when there is no such parameter or it is a range.
        """
        value = self._parameter(parameter).value
        if isinstance(value, tuple):
            raise CatalogueError(f"parameters.toml: {parameter} is a range, not a number")
        return value

    def days(self, parameter: str) -> int:
        """A whole-numbered parameter, as an int."""
        return int(self.number(parameter))

    def bounds(self, parameter: str) -> tuple[float, float]:
        """The two ends of a range parameter."""
        value = self._parameter(parameter).value
        if not isinstance(value, tuple):
            raise CatalogueError(f"parameters.toml: {parameter} is a number, not a range")
        return value

    def _parameter(self, parameter: str) -> Parameter:
        if parameter not in self.parameters:
            raise CatalogueError(f"parameters.toml: there is no {parameter}")
        return self.parameters[parameter]

    @cached_property
    def exercise_keys(self) -> Mapping[str, str]:
        """Name key → exercise id, over ids, names and aliases."""
        return _keys("exercises.toml", self.exercises)

    @cached_property
    def garmin_category_keys(self) -> Mapping[str, str]:
        """Name key of a FIT exercise category → the exercise that stands for the whole category."""
        return {name_key(c): e.id for e in self.exercises.values() for c in e.garmin_categories}

    @cached_property
    def site_keys(self) -> Mapping[str, str]:
        """Name key → site id."""
        return _keys("sites.toml", self.sites)

    @cached_property
    def equipment_keys(self) -> Mapping[str, str]:
        """Name key → equipment id."""
        return _keys("equipment.toml", self.equipment)

    def find_exercise(self, name: str) -> Exercise | None:
        """The exercise that a logged name stands for, or None; exact after normalisation."""
        found = self.exercise_keys.get(name_key(name))
        return self.exercises[found] if found else None

    def find_site(self, name: str) -> Site | None:
        """The body site that an everyday name stands for, or None."""
        found = self.site_keys.get(name_key(name))
        return self.sites[found] if found else None

    def linked_areas(self, symptom: str | None) -> tuple[str, ...]:
        """All areas linked to a symptom; none for None."""
        return tuple(link.area for link in self.symptoms[symptom].links) if symptom else ()

    def areas_of(self, exercise: Exercise) -> Mapping[str, float]:
        """Area id → weight of a set of this exercise: 1 primary, the secondary weight else."""
        weights = dict.fromkeys(exercise.primary, 1.0)
        return weights | dict.fromkeys(exercise.secondary, self.number("coverage.secondary_weight"))


@lru_cache(maxsize=1)
def load() -> Catalogue:
    """The packaged catalogue.

    Raises: CatalogueError naming the file and key that is wrong.
    """
    return load_from(files("runfix_analytics.catalogue"))


def load_from(folder: Path | Traversable) -> Catalogue:
    """A catalogue from a folder that holds all the TOML files.

    Raises: CatalogueError naming the file and key that is wrong.
    """
    texts = {name: _read(folder, name) for name in FILES}
    raw = {name: _parse(name, text) for name, text in texts.items()}
    digest = hashlib.sha256("\0".join(texts[name] for name in FILES).encode()).hexdigest()
    catalogue = Catalogue(
        areas=_entries("areas.toml", Area, raw["areas"]),
        symptoms=_symptoms(raw["symptoms"]),
        sites=_sites(raw["sites"]),
        equipment=_entries("equipment.toml", Equipment, raw["equipment"]),
        exercises=_entries("exercises.toml", Exercise, raw["exercises"]),
        parameters=_parameters(raw["parameters"]),
        version=digest[:12],
    )
    _cross_check(catalogue)
    return catalogue


def _read(folder: Path | Traversable, name: str) -> str:
    try:
        return folder.joinpath(f"{name}.toml").read_text(encoding="utf-8")
    except OSError as error:
        raise CatalogueError(f"{name}.toml cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{name}.toml is not UTF-8 text; save it as UTF-8") from error


def _parse(name: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{name}.toml is not valid TOML: {error}") from error


def _entries(file: str, kind: type[Entry], raw: object, group: str = "") -> dict[str, Entry]:
    return {key: _entry(file, kind, key, values, group) for key, values in _table(file, group, raw).items()}


def _entry(file: str, kind: type[Entry], key: str, values: object, group: str = "") -> Entry:
    where = f"{group}{key}"
    settings = _table(file, where, values)
    known = {field.name: field for field in fields(kind) if field.name != "id"}
    for name in settings:
        if name not in known:
            raise CatalogueError(f"{file}: {where}.{name} is not a known setting; known: {', '.join(known)}")
    for name, field in known.items():
        if field.default is MISSING and name not in settings:
            raise CatalogueError(f"{file}: {where}.{name} is missing")
    for name, value in settings.items():
        if not _fits(known[name].type, value):
            raise CatalogueError(f"{file}: {where}.{name} = {value!r} should be {_KIND.get(known[name].type, 'text')}")
    made: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in settings.items()}
    if any(field.name == "id" for field in fields(kind)):
        made["id"] = key
    return kind(**made)


def _table(file: str, where: str, values: object) -> Mapping[str, Any]:
    if not isinstance(values, Mapping):
        raise CatalogueError(f"{file}: {where} must be a table of settings, not {values!r}")
    return values


_KIND: dict[Any, str] = {
    bool: "true or false",
    tuple[str, ...]: "a list of texts",
    tuple[Any, ...]: "a list",
    Any: "a finite number or [low, high]",
}
_ENDS = 2


def _fits(expected: object, value: object) -> bool:
    if expected is bool:
        return isinstance(value, bool)
    if expected == tuple[str, ...]:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if expected == tuple[Any, ...]:
        return isinstance(value, list)
    if expected is Any:
        return _is_number(value) or (isinstance(value, list) and len(value) == _ENDS and all(map(_is_number, value)))
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _symptoms(raw: Mapping[str, Any]) -> dict[str, Symptom]:
    symptoms = {}
    for key, entry in _entries("symptoms.toml", _Linked, raw).items():
        links = [_entry("symptoms.toml", Link, f"links[{i}]", link, f"{key}.") for i, link in enumerate(entry.links)]
        symptoms[key] = Symptom(key, entry.name, entry.in_hazard_models, tuple(links))
    return symptoms


def _sites(raw: Mapping[str, Any]) -> dict[str, Site]:
    for group in raw:
        if group not in ("body_area", "site"):
            raise CatalogueError(f"sites.toml: {group} is not known; there are [body_area] and [site.…]")
    body_areas = _entries("sites.toml", BodyArea, raw.get("body_area", {}), "body_area.")
    with_names = {}
    for key, values in _table("sites.toml", "site", raw.get("site", {})).items():
        settings = _table("sites.toml", f"site.{key}", values)
        body_area = settings.get("body_area")
        if body_area not in body_areas:
            raise CatalogueError(f"sites.toml: site.{key}.body_area = {body_area!r} is not in [body_area]")
        with_names[key] = {**settings, "body_area_name": body_areas[body_area].name}
    return _entries("sites.toml", Site, with_names, "site.")


def _parameters(raw: Mapping[str, Any]) -> dict[str, Parameter]:
    parameters = {}
    for group, entries in raw.items():
        for entry in _entries("parameters.toml", _Numbered, entries, f"{group}.").values():
            key = f"{group}.{entry.id}"
            value = entry.value
            if isinstance(value, tuple) and value[0] > value[1]:
                raise CatalogueError(f"parameters.toml: {key}.value = {list(value)!r} should be [low, high]")
            parameters[key] = Parameter(
                key, cast(float | tuple[float, float], value), entry.unit, entry.reason, entry.source
            )
    return parameters


def _keys(file: str, entries: Mapping[str, Exercise] | Mapping[str, Site] | Mapping[str, Equipment]) -> dict[str, str]:
    keys: dict[str, str] = {}
    for entry in entries.values():
        for alias in (entry.id, entry.name, *entry.aliases):
            key = name_key(alias)
            owner = keys.setdefault(key, entry.id)
            if not key or owner != entry.id:
                raise CatalogueError(f"{file}: {entry.id}.aliases: {alias!r} already names {owner}")
    return keys


def _cross_check(catalogue: Catalogue) -> None:
    """Every reference points at something, every name at one thing."""
    for symptom in catalogue.symptoms.values():
        areas = [link.area for link in symptom.links]
        _known("symptoms.toml", f"{symptom.id}.links", areas, catalogue.areas)
        if not areas or len(set(areas)) != len(areas):
            raise CatalogueError(f"symptoms.toml: {symptom.id}.links names no area, or one twice")
    for site in catalogue.sites.values():
        _known("sites.toml", f"site.{site.id}.symptom", [site.symptom] if site.symptom else [], catalogue.symptoms)
        _known("sites.toml", f"site.{site.id}.loaded_by", site.loaded_by, catalogue.areas)
        _known("sites.toml", f"site.{site.id}.asks", site.asks, catalogue.sites)
    for exercise in catalogue.exercises.values():
        _check_exercise(exercise, catalogue)
    categories = [name_key(c) for e in catalogue.exercises.values() for c in e.garmin_categories]
    for category in categories:
        if categories.count(category) > 1:
            raise CatalogueError(f"exercises.toml: garmin_categories: {category!r} stands in two exercises")
    _ = catalogue.exercise_keys, catalogue.site_keys, catalogue.equipment_keys


def _check_exercise(exercise: Exercise, catalogue: Catalogue) -> None:
    trained = (*exercise.primary, *exercise.secondary)
    _known("exercises.toml", f"{exercise.id}.primary/secondary", trained, catalogue.areas)
    _known("exercises.toml", f"{exercise.id}.equipment", exercise.equipment, catalogue.equipment)
    _known("exercises.toml", f"{exercise.id}.article_for", exercise.article_for, trained)
    if len(set(trained)) != len(trained):
        raise CatalogueError(f"exercises.toml: {exercise.id}: an area stands twice in primary and secondary")
    if exercise.counted_in not in COUNTED_IN:
        raise CatalogueError(f"exercises.toml: {exercise.id}.counted_in = {exercise.counted_in!r}; use {COUNTED_IN}")
    if exercise.primary and not exercise.how:
        raise CatalogueError(f"exercises.toml: {exercise.id}.how is missing; every move that can be advised needs it")
    if exercise.article_for and exercise.source != "article":
        raise CatalogueError(f'exercises.toml: {exercise.id}.source must be "article": article_for is set')


def _known(file: str, key: str, values: Iterable[str], known: Iterable[str]) -> None:
    choices = list(known)
    for value in values:
        if value not in choices:
            raise CatalogueError(f"{file}: {key} = {value!r} is not known; known: {', '.join(choices)}")
