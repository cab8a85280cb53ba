"""Every language says all that pages show of the catalogue, and nothing that is no longer in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from runfix_analytics.catalogue import load

LANGUAGES = Path(__file__).resolve().parents[1] / "runfix_analytics" / "reports" / "languages"
TRANSLATIONS = sorted(LANGUAGES.glob("*.catalogue.po"))
MAX_SHORT = 5  # letters that a column of the squad's page has room for
CATALOGUE = load()

in_every_language = pytest.mark.parametrize("path", TRANSLATIONS, ids=lambda path: path.name)


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def _said(path: Path) -> dict[tuple[str | None, str], str]:
    """(Context, English) → translation; the names of things need no context."""
    return {(message.context, str(message.id)): str(message.string) for message in _read(path) if message.id}


def _shown() -> Iterator[str]:
    """All that pages show; an exercise that is never advised has no `how`, and keeps its English name."""
    for area in CATALOGUE.areas.values():
        yield from (area.name, area.short, area.muscles, area.how_it_shows)
    for named in (CATALOGUE.symptoms, CATALOGUE.sites, CATALOGUE.equipment):
        yield from (entry.name for entry in named.values())
    for exercise in CATALOGUE.exercises.values():
        if exercise.how:
            yield from (exercise.name, exercise.how)


def test_the_catalogue_is_in_another_language_than_english():
    assert TRANSLATIONS


@in_every_language
def test_a_translation_of_the_catalogue_says_which_language_it_is(path: Path):
    assert str(_read(path).locale_identifier) == path.name.split(".")[0]


@in_every_language
def test_all_that_pages_show_of_the_catalogue_is_translated(path: Path):
    said = _said(path)
    assert [english for english in _shown() if not said.get((None, english), "").strip()] == []


@in_every_language
def test_a_translation_holds_nothing_that_the_catalogue_does_not_show(path: Path):
    shown = {(None, english) for english in _shown()}
    assert sorted(english for context, english in _said(path) if (context, english) not in shown) == []
    assert list(_read(path).obsolete) == []


@in_every_language
def test_no_translation_of_the_catalogue_is_left_fuzzy(path: Path):
    assert [message.id for message in _read(path) if message.id and message.fuzzy] == []


@in_every_language
def test_the_short_names_of_areas_fit_their_column(path: Path):
    said = _said(path)
    shorts = {area.id: said[None, area.short] for area in CATALOGUE.areas.values()}
    assert {area: short for area, short in shorts.items() if len(short) > MAX_SHORT} == {}
