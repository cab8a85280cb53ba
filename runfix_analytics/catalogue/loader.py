"""Reads the TOML files, checks every cross-reference, and names the key that is wrong."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cached_property, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from math import isfinite
from pathlib import Path
from types import MappingProxyType
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
from runfix_analytics.catalogue.names import Spellings, name_key
from runfix_analytics.errors import CatalogueError
from runfix_analytics.html_table import html_table

FILES = ("areas", "symptoms", "sites", "equipment", "exercises", "spellings", "parameters")
COUNTED_IN = ("reps", "seconds")
NOT_A_NAME = "unknown"  # what a watch writes for a set in which it recognises nothing


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


@dataclass(frozen=True, repr=False)
class Catalogue:
    """The whole vocabulary, checked; entries keep the order of their file."""

    areas: Mapping[str, Area]
    symptoms: Mapping[str, Symptom]
    sites: Mapping[str, Site]
    equipment: Mapping[str, Equipment]
    exercises: Mapping[str, Exercise]
    parameters: Mapping[str, Parameter]
    spellings: Spellings
    version: str
    own_names: Mapping[str, str] = field(default_factory=dict)  # name key → exercise id; they win

    def __repr__(self) -> str:
        return f"<catalogue {self.version}: {', '.join(self.areas)}; {len(self.exercises)} exercises>"

    def _repr_html_(self) -> str:
        headings = ["area", "muscles", "symptoms linked to it", "exercises that train it"]
        rows = [
            (
                area.name,
                area.muscles,
                ", ".join(s.name for s in self.symptoms.values() if area.id in self.linked_areas(s.id)),
                sum(area.id in (*exercise.primary, *exercise.secondary) for exercise in self.exercises.values()),
            )
            for area in self.areas.values()
        ]
        own = ", ".join(f"{name} = {exercise}" for name, exercise in self.own_names.items())
        of = f"Catalogue {self.version}: {len(self.exercises)} exercises, {len(self.sites)} places"
        return html_table(f"{of}; own names: {own or 'none'}", headings, rows)

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
        return keys_of("exercises.toml", self.exercises, self.own_names)

    @cached_property
    def plain_exercise_keys(self) -> Mapping[str, str]:
        """Plain name key → exercise id; one that would mean two exercises, and is the name of neither, is left out."""
        found: dict[str, set[str]] = {}
        for key, exercise in self.exercise_keys.items():
            found.setdefault(self.spellings.plain(key), set()).add(exercise)
        clear = {plain: min(ids) for plain, ids in found.items() if len(ids) == 1}
        return clear | {plain: self.exercise_keys[plain] for plain in found if plain in self.exercise_keys}

    @cached_property
    def garmin_category_keys(self) -> Mapping[str, str]:
        """Name key of a FIT exercise category → the exercise that stands for the whole category."""
        return {name_key(c): e.id for e in self.exercises.values() for c in e.garmin_categories}

    @cached_property
    def garmin_name_keys(self) -> Mapping[tuple[str, str], str]:
        """Name keys of a FIT category and of a name in it → exercise id, where the bare name would not do."""
        return {_pair(name): e.id for e in self.exercises.values() for name in e.garmin_names}

    @cached_property
    def site_keys(self) -> Mapping[str, str]:
        """Name key → site id."""
        return keys_of("sites.toml", self.sites)

    @cached_property
    def equipment_keys(self) -> Mapping[str, str]:
        """Name key → equipment id."""
        return keys_of("equipment.toml", self.equipment)

    def find_exercise(self, name: str) -> Exercise | None:
        """The exercise that a logged name stands for, or None; exact after normalisation."""
        found = self.exercise_id(name_key(name))
        return self.exercises[found] if found else None

    def exercise_id(self, key: str, category_key: str | None = None) -> str | None:
        """The id of the exercise that a name key stands for, or None.

        In order: what the squad itself says of the name; a watch's name within its category; the words of an alias;
        the same in plain words; the watch's category as a whole.
        """
        category = category_key or ""
        return (
            self.own_names.get(key)
            or self.garmin_name_keys.get((category, key))
            or self.exercise_keys.get(key)
            or self._plainly(key)
            or self.garmin_category_keys.get(category)
        )

    def _plainly(self, key: str) -> str | None:
        looser = self.spellings.looser(key)
        return next((self.plain_exercise_keys[plain] for plain in looser if plain in self.plain_exercise_keys), None)

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
    raw = {name: parse(f"{name}.toml", text) for name, text in texts.items()}
    digest = hashlib.sha256("\0".join(texts[name] for name in FILES).encode()).hexdigest()
    catalogue = Catalogue(
        areas=entries_of("areas.toml", Area, raw["areas"]),
        symptoms=_symptoms(raw["symptoms"]),
        sites=_sites(raw["sites"]),
        equipment=entries_of("equipment.toml", Equipment, raw["equipment"]),
        exercises=entries_of("exercises.toml", Exercise, raw["exercises"]),
        spellings=_spellings(raw["spellings"]),
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


def parse(file: str, text: str) -> dict[str, Any]:
    """The content of a TOML file.

    Raises: CatalogueError when it is not valid TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{file} is not valid TOML: {error}") from error


def entries_of(file: str, kind: type[Entry], raw: object, group: str = "") -> dict[str, Entry]:
    """The entries of a file or of one group of it, by id.

    Raises: CatalogueError naming the setting that is not known, is missing, or is of the wrong kind.
    """
    return {key: _entry(file, kind, key, values, group) for key, values in table_of(file, group, raw).items()}


def _entry(file: str, kind: type[Entry], key: str, values: object, group: str = "") -> Entry:
    where = f"{group}{key}"
    settings = table_of(file, where, values)
    known = {setting.name: setting for setting in fields(kind) if setting.name != "id"}
    for name in settings:
        if name not in known:
            raise CatalogueError(f"{file}: {where}.{name} is not a known setting; known: {', '.join(known)}")
    for name, setting in known.items():
        if setting.default is MISSING and name not in settings:
            raise CatalogueError(f"{file}: {where}.{name} is missing")
    for name, value in settings.items():
        if not _fits(known[name].type, value):
            raise CatalogueError(f"{file}: {where}.{name} = {value!r} should be {_KIND.get(known[name].type, 'text')}")
    made: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in settings.items()}
    if any(setting.name == "id" for setting in fields(kind)):
        made["id"] = key
    return kind(**made)


def table_of(file: str, where: str, values: object) -> Mapping[str, Any]:
    """A table of settings.

    Raises: CatalogueError when it is something else.
    """
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
    for key, entry in entries_of("symptoms.toml", _Linked, raw).items():
        links = [_entry("symptoms.toml", Link, f"links[{i}]", link, f"{key}.") for i, link in enumerate(entry.links)]
        symptoms[key] = Symptom(key, entry.name, entry.in_hazard_models, tuple(links))
    return symptoms


def _sites(raw: Mapping[str, Any]) -> dict[str, Site]:
    for group in raw:
        if group not in ("body_area", "site"):
            raise CatalogueError(f"sites.toml: {group} is not known; there are [body_area] and [site.…]")
    body_areas = entries_of("sites.toml", BodyArea, raw.get("body_area", {}), "body_area.")
    with_names = {}
    for key, values in table_of("sites.toml", "site", raw.get("site", {})).items():
        settings = table_of("sites.toml", f"site.{key}", values)
        body_area = settings.get("body_area")
        if body_area not in body_areas:
            raise CatalogueError(f"sites.toml: site.{key}.body_area = {body_area!r} is not in [body_area]")
        with_names[key] = {**settings, "body_area_name": body_areas[body_area].name}
    return entries_of("sites.toml", Site, with_names, "site.")


def _parameters(raw: Mapping[str, Any]) -> dict[str, Parameter]:
    parameters = {}
    for group, entries in raw.items():
        for entry in entries_of("parameters.toml", _Numbered, entries, f"{group}.").values():
            key = f"{group}.{entry.id}"
            value = entry.value
            if isinstance(value, tuple) and value[0] > value[1]:
                raise CatalogueError(f"parameters.toml: {key}.value = {list(value)!r} should be [low, high]")
            parameters[key] = Parameter(
                key, cast(float | tuple[float, float], value), entry.unit, entry.reason, entry.source
            )
    return parameters


def _spellings(raw: Mapping[str, Any]) -> Spellings:
    for group in raw:
        if group not in ("same", "unsaid"):
            raise CatalogueError(f"spellings.toml: {group} is not known; there are [same] and [unsaid]")
    same = table_of("spellings.toml", "same", raw.get("same", {}))
    for word, meant in same.items():
        if name_key(word) != word or not isinstance(meant, str) or not meant.strip():
            advice = "write a word as it stands in a key, and what it means"
            raise CatalogueError(f"spellings.toml: same.{word} = {meant!r}: {advice}")
    unsaid = table_of("spellings.toml", "unsaid", raw.get("unsaid", {}))
    for group in ("filler", "how", "load"):
        if not _fits(tuple[str, ...], unsaid.get(group)):
            raise CatalogueError(f"spellings.toml: unsaid.{group} should be a list of texts")
    return Spellings(
        {word: tuple(meant.split()) for word, meant in same.items()},
        frozenset(unsaid["filler"]),
        frozenset(unsaid["how"]),
        frozenset(unsaid["load"]),
    )


def keys_of(
    file: str,
    entries: Mapping[str, Exercise] | Mapping[str, Site] | Mapping[str, Equipment],
    winning: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Name key → id, over ids, names and aliases; the `winning` keys before all of them.

    Raises: CatalogueError when a name has no word in it, or names two entries.
    """
    keys = dict(winning)
    for entry in entries.values():
        for alias in (entry.id, entry.name, *entry.aliases):
            key = name_key(alias)
            if key in winning:
                continue
            owner = keys.setdefault(key, entry.id)
            if not key or owner != entry.id:
                raise CatalogueError(f"{file}: {entry.id}.aliases: {alias!r} already names {owner}")
    return keys


def _pair(garmin_name: str) -> tuple[str, str]:
    category, _, name = garmin_name.partition("/")
    return name_key(category), name_key(name)


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
    check_exercises("exercises.toml", catalogue.exercises, catalogue)
    _ = catalogue.exercise_keys, catalogue.site_keys, catalogue.equipment_keys


def check_exercises(file: str, exercises: Mapping[str, Exercise], catalogue: Catalogue) -> None:
    """Every area and piece of equipment is one of the catalogue, every watch's category and name stands once.

    Raises: CatalogueError naming the setting that contradicts something.
    """
    for exercise in exercises.values():
        _check_exercise(file, exercise, catalogue)
    categories = [name_key(c) for e in exercises.values() for c in e.garmin_categories]
    for category in categories:
        if categories.count(category) > 1:
            raise CatalogueError(f"{file}: garmin_categories: {category!r} stands in two exercises")
    owners: dict[tuple[str, str], str] = {}
    for exercise in exercises.values():
        for name in exercise.garmin_names:
            if not all(_pair(name)) or owners.setdefault(_pair(name), exercise.id) != exercise.id:
                raise CatalogueError(f"{file}: {exercise.id}.garmin_names: {name!r} is no category/name, or is taken")


def _check_exercise(file: str, exercise: Exercise, catalogue: Catalogue) -> None:
    trained = (*exercise.primary, *exercise.secondary)
    _known(file, f"{exercise.id}.primary/secondary", trained, catalogue.areas)
    _known(file, f"{exercise.id}.equipment", exercise.equipment, catalogue.equipment)
    _known(file, f"{exercise.id}.article_for", exercise.article_for, trained)
    if len(set(trained)) != len(trained):
        raise CatalogueError(f"{file}: {exercise.id}: an area stands twice in primary and secondary")
    if exercise.counted_in not in COUNTED_IN:
        raise CatalogueError(f"{file}: {exercise.id}.counted_in = {exercise.counted_in!r}; use {COUNTED_IN}")
    if exercise.primary and not exercise.how:
        raise CatalogueError(f"{file}: {exercise.id}.how is missing; every move that can be advised needs it")
    if exercise.article_for and exercise.source != "article":
        raise CatalogueError(f'{file}: {exercise.id}.source must be "article": article_for is set')
    for name in (exercise.id, exercise.name, *exercise.aliases, *exercise.garmin_categories):
        if name_key(name) == NOT_A_NAME:
            raise CatalogueError(f'{file}: {exercise.id}: {name!r} is what a watch writes for "nothing recognised"')


def _known(file: str, key: str, values: Iterable[str], known: Iterable[str]) -> None:
    choices = list(known)
    for value in values:
        if value not in choices:
            raise CatalogueError(f"{file}: {key} = {value!r} is not known; known: {', '.join(choices)}")
