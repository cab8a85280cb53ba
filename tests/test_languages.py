"""Every language says all that the pages say, in the same forms and with the same values, and nothing else.

`messages.py` prints what a language lacks.
"""

import re
import shutil
from pathlib import Path

import pytest
from messages import (
    FOLDER,
    HEAD,
    Asked,
    Message,
    entries,
    everything,
    fuzzy,
    missing,
    needs_words,
    obsolete,
    of_the_catalogue,
    of_the_pages,
    parts_of,
    read,
    to_translate,
    twice,
    unlike,
    unvoiced,
)
from test_cohort_page import association_of, few_onsets, rendered
from test_runner_voice import MEANT, PROMISES, hits, numbers, said_on, without

from runfix_analytics import publishing
from runfix_analytics.catalogue import Catalogue, load
from runfix_analytics.reports import cohort_charts, wording
from runfix_analytics.reports.wording import COACH, DEFAULT_LANGUAGE, languages
from runfix_analytics.store import Store

SAID = everything()
ALL = tuple(languages())
OTHERS = tuple(language for language in ALL if language != DEFAULT_LANGUAGE)
N_FORMS = 2
MAX_SHORT, MAX_CURVE_ROW, MAX_WEEK_ROW = 5, 10, 14  # letters that their places on the pages have room for
OF_THE_METHOD = ("Zusammenhang, keine Ursache", "association, not cause")

in_every_language = pytest.mark.parametrize("language", ALL)
in_every_other_language = pytest.mark.parametrize("language", OTHERS)


# what is translated


def test_there_is_another_language_than_english_and_each_has_its_files():
    assert OTHERS
    assert {path.name.split(".")[0] for path in FOLDER.glob("*.po")} == set(ALL)


@in_every_other_language
def test_all_that_pages_say_is_translated(language):
    assert missing(entries(parts_of(language)), SAID) == []


@in_every_other_language
def test_what_english_says_to_a_runner_otherwise_is_said_so_too(language):
    assert [str(entry) for entry in unvoiced(entries(parts_of(language)), entries(parts_of("en")))] == []


@in_every_language
def test_nothing_is_translated_that_no_page_says(language):
    assert obsolete(parts_of(language), SAID) == []


@in_every_language
def test_no_message_is_translated_twice(language):
    assert twice(parts_of(language)) == []


@in_every_language
def test_translations_have_the_forms_and_the_values_of_the_english(language):
    assert unlike(entries(parts_of(language)), SAID) == []


@in_every_language
def test_no_translation_is_left_as_a_guess(language):
    assert fuzzy(entries(parts_of(language))) == []


@in_every_language
def test_each_file_says_which_language_it_is_and_has_one_and_many(language):
    heads = [read(text) for text in parts_of(language).values()]
    assert {(str(head.locale_identifier), head.num_plurals) for head in heads} == {(language, N_FORMS)}


@in_every_language
def test_short_words_fit_their_places(language):
    w = wording.wording(language)
    rooms = ((MAX_SHORT, [area.short for area in load().areas.values()]),
             (MAX_CURVE_ROW, cohort_charts.CURVE_ROWS), (MAX_WEEK_ROW, cohort_charts.WEEK_ROWS))  # fmt: skip
    assert [w.say(word) for room, words in rooms for word in words if len(w.say(word)) > room] == []


# what is asked for


def not_known(asked: set[str], catalogue: Catalogue) -> list[str]:
    """What was asked for and is neither read from the code and the templates nor a name of the catalogue."""
    names = {words for words, _ in of_the_catalogue(catalogue)} | {e.name for e in catalogue.exercises.values()}
    return sorted(message for message in asked - set(SAID) - names if needs_words(message))


def test_no_page_asks_for_a_message_that_is_made_at_run_time(demo_copy, demo_day, monkeypatch):
    asked: set[str] = set()
    monkeypatch.setattr(
        publishing,
        "wording",
        lambda language=DEFAULT_LANGUAGE, voice=COACH: Asked(languages()[language], voice, asked),
    )
    catalogue = demo_copy.catalogue()
    publishing.publish_runners(demo_copy, demo_copy.runners(catalogue), demo_day)
    publishing.publish_squad(demo_copy, demo_day)
    w = Asked(languages()[DEFAULT_LANGUAGE], COACH, asked)
    for found in (association_of(), association_of(verdict={"may_reorder": True}, share_of_rows=0.5), few_onsets()):
        rendered(found, w=w)
    assert not_known(asked, catalogue) == []
    assert {"Exercise sheet", "Squad", "Cohort", "In words", "{n} session", "Hamstrings"} <= asked


def test_a_message_that_is_made_at_run_time_is_noticed():
    w = Asked(languages()[DEFAULT_LANGUAGE])
    w.say("Squ" + "ash")
    w.count(2, "{n} ball", "{n} balls")
    w.say("{place}", place=w.say("Squad"))
    assert not_known(w.asked, load()) == ["Squash", "{n} ball"]


# what the squad reads


@pytest.fixture(scope="module")
def squad_pages(demo_store, demo_day, tmp_path_factory) -> dict[str, dict[str, str]]:
    """Language → page → all that it says, of the pages of the whole squad."""
    root = tmp_path_factory.mktemp("languages") / "squad"
    shutil.copytree(demo_store.root, root)
    return {language: _said_in(language, root, demo_day) for language in ALL}


def _said_in(language: str, root: Path, day) -> dict[str, str]:
    (root / "settings.toml").write_text(f'language = "{language}"\n', encoding="utf-8")
    publishing.publish_squad(Store(root), day)
    pages = {name: (root / "reports" / name).read_text(encoding="utf-8") for name in ("index.html", "cohort.html")}
    return {name: said_on(without_script(page)) for name, page in pages.items()}


def without_script(page: str) -> str:
    return re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)


@in_every_other_language
@pytest.mark.parametrize("page", ["index.html", "cohort.html"])
def test_the_squads_pages_hold_the_numbers_of_the_english_ones(squad_pages, language, page):
    assert numbers(squad_pages[language][page], language) == numbers(squad_pages["en"][page], "en")


@in_every_language
def test_the_squads_pages_promise_nothing(squad_pages, language):
    for said in squad_pages[language].values():
        assert hits(PROMISES[language], without(said, (*MEANT, *OF_THE_METHOD))) == []


@in_every_other_language
def test_no_place_for_a_value_is_left_empty_and_no_sentence_ends_twice(squad_pages, language):
    for said in squad_pages[language].values():
        assert hits(r"\.\.|[{}]", said) == []


# the tests themselves: what they look for, they find

CODE = """
def f(w, n, row):
    # translators: a greeting
    w.say("Hello, "
          "{name}", name=w.say("you"))
    return w.count(len(row["x"]), "{n} cat", "{n} " "cats"), "a b".count("a"), w.say(LATER)
LATER = text("Later")
"""
TEMPLATE = (
    """{% block a %}<p title="{{ say("Title") }}">{{ say("Of {n}", n=page.n) }}{{ page.say }}</p>{% endblock %}"""
)


@pytest.fixture
def made(tmp_path) -> dict[str, Message]:
    (tmp_path / "templates").mkdir()
    (tmp_path / "made_page.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "templates" / "made.html.j2").write_text(TEMPLATE, encoding="utf-8")
    return of_the_pages(tmp_path)


def po(*entries: str) -> dict[str, str]:
    """One PO file of these entries, as the parts of a language."""
    return {"xx.po": "\n".join((HEAD.format(language="xx"), *(f"{entry}\n" for entry in entries)))}


def test_messages_are_read_from_code_and_templates(made):
    assert {first: message.forms for first, message in made.items()} == {
        "Hello, {name}": ("Hello, {name}",), "you": ("you",), "{n} cat": ("{n} cat", "{n} cats"), "Later": ("Later",),
        "Title": ("Title",), "Of {n}": ("Of {n}",),
    }  # fmt: skip
    assert made["Hello, {name}"].notes == ("made_page.py", "a greeting")
    assert made["Title"].notes == ("made.html.j2",)


def test_what_is_missing_or_empty_is_found(made):
    parts = po('msgid "you"\nmsgstr "du"', 'msgid "Later"\nmsgstr ""', 'msgctxt "runner"\nmsgid "Title"\nmsgstr "x"',
               'msgid "{n} cat"\nmsgid_plural "{n} cats"\nmsgstr[0] "a"\nmsgstr[1] ""')  # fmt: skip
    assert sorted(missing(entries(parts), made)) == ["Hello, {name}", "Later", "Of {n}", "Title", "{n} cat"]


def test_what_is_obsolete_is_found(made):
    parts = po('msgid "you"\nmsgstr "du"', 'msgid "Gone"\nmsgstr "fort"', 'msgctxt "runner"\nmsgid "Off"\nmsgstr "x"',
               'msgctxt "nobody"\nmsgid "you"\nmsgstr "x"', '#~ msgid "Old"\n#~ msgstr "alt"')  # fmt: skip
    assert obsolete(parts, made) == ["xx.po: #~", "xx.po: Gone", "xx.po: runner Off", "xx.po: nobody you"]


def test_what_is_there_twice_is_found_in_one_file_and_over_several():
    one = po(
        'msgid "you"\nmsgstr "du"', 'msgid ""\n"yo"\n"u"\nmsgstr "Sie"', 'msgctxt "runner"\nmsgid "you"\nmsgstr "x"'
    )
    other = po('msgctxt "runner"\nmsgid "you"\nmsgstr "y"')["xx.po"]
    assert twice(one) == ["you"]
    assert twice(one | {"xx.more.po": other}) == ["you", "runner you"]


def test_other_values_and_other_forms_are_found(made):
    parts = po('msgid "Of {n}"\nmsgstr "Von {m}"', 'msgid "{n} cat"\nmsgstr "{n} Katze"', 'msgid "Later"\nmsgstr "x"',
               'msgid "Hello, {name}"\nmsgid_plural "x"\nmsgstr[0] "{name}"\nmsgstr[1] "{name}"')  # fmt: skip
    assert unlike(entries(parts), made) == ["xx.po: Of {n}", "xx.po: {n} cat", "xx.po: Hello, {name}"]


def test_a_guess_is_found():
    assert fuzzy(entries(po('#, fuzzy\nmsgid "you"\nmsgstr "du"'))) == ["xx.po: you"]


def test_what_is_not_said_to_a_runner_is_found():
    english = entries(po('msgctxt "runner"\nmsgid "Ask"\nmsgstr "Tell"', 'msgctxt "runner"\nmsgid "Go"\nmsgstr "Run"'))
    found = entries(po('msgctxt "runner"\nmsgid "Go"\nmsgstr "Lauf"', 'msgid "Ask"\nmsgstr "Fragen"'))
    assert list(map(str, unvoiced(found, english))) == ["xx.po: runner Ask"]


def test_a_new_language_is_given_all_that_it_must_say():
    blank = {"fr.po": to_translate("fr", {})}
    assert {entry.english for entry in entries(blank)} == {message.forms for message in SAID.values()}
    assert sorted(missing(entries(blank), SAID)) == sorted(SAID)
    assert (obsolete(blank, SAID), twice(blank)) == ([], [])
    assert {entry.english for entry in entries(blank) if entry.context} == {
        entry.english for entry in entries(parts_of("en")) if entry.context
    }


@in_every_other_language
def test_a_whole_language_is_given_nothing_more(language):
    assert to_translate(language, parts_of(language)) == HEAD.format(language=language)
