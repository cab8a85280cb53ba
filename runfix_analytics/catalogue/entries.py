"""One frozen record for each kind of entry in the catalogue."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Area:
    """One weakness area."""

    id: str
    name: str
    short: str
    muscles: str
    lower_body: bool
    how_it_shows: str
    source: str


@dataclass(frozen=True)
class Link:
    """One symptom → area link, with the source that states it."""

    area: str
    source: str
    note: str | None = None


@dataclass(frozen=True)
class Symptom:
    """One symptom and all the areas linked to it."""

    id: str
    name: str
    in_hazard_models: bool
    links: tuple[Link, ...]


@dataclass(frozen=True)
class BodyArea:
    """One body area of the IOC consensus statement 2020, with its OSIICS letter."""

    id: str
    name: str
    osiics: str


@dataclass(frozen=True)
class Site:
    """One place that can hurt; `symptom` is None where the article links no area to it."""

    id: str
    name: str
    body_area: str
    body_area_name: str
    lower_body: bool
    symptom: str | None = None
    aliases: tuple[str, ...] = ()
    loaded_by: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    medical: bool = False
    has_sides: bool = True


@dataclass(frozen=True)
class Equipment:
    """One thing that a move may need."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exercise:
    """One movement; without any area it is known and trains no weakness area.

    `equipment` lists alternatives, any one is enough. `article_for` names the areas for which the article names it.
    `garmin_names` are "category/name" where a watch's bare name says too little, or something else elsewhere.
    """

    id: str
    name: str
    primary: tuple[str, ...]
    secondary: tuple[str, ...]
    one_sided: bool
    counted_in: str
    source: str
    equipment: tuple[str, ...] = ()
    muscles: tuple[str, ...] = ()
    article_for: tuple[str, ...] = ()
    how: str | None = None
    aliases: tuple[str, ...] = ()
    garmin_categories: tuple[str, ...] = ()
    garmin_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """One number (or range) with a meaning."""

    id: str
    value: float | tuple[float, float]
    unit: str
    reason: str
    source: str
