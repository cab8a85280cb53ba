"""The exercise sheet: every move once and in order, in each language, safe whatever a squad writes, and on paper."""

import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path

import pypdfium2
import pytest
from browsing import (
    CHROMIUM,
    PHONE,
    PORTRAIT,
    SCREEN,
    ZOOMED,
    accessibility_faults,
    chromium,
    cut_off,
    overlaps,
    printed,
    sideways,
    tab,
    texts,
    touch,
)
from hostile import HOSTILE, marked, marker, template_words, unseen_in
from messages import Asked

from runfix_analytics.catalogue import Catalogue, load
from runfix_analytics.catalogue.own_names import with_own_names
from runfix_analytics.reports import exercise_sheet
from runfix_analytics.reports.wording import languages, wording
from runfix_analytics.reports.words import CAVEAT, FLAGS, MAX_NAME

CATALOGUE = load()
LANGUAGES = tuple(languages())
MAX_SHEETS = 4
SMALLEST_IN_PRINT, ROUNDING = 12, 0.05  # CSS pixels: 9 pt
OWN = """
[exercises.wobble]
name = "Calf raise on the wobble board"
primary = ["calves", "core"]
secondary = ["glutes"]
one_sided = true
counted_in = "seconds"
equipment = ["bench", "band"]
how = "Rise on the board and stand still."

[exercises.hill_march]
name = "Hill march"
primary = []
secondary = ["glutes"]
one_sided = false
counted_in = "reps"
how = "March up a hill with high knees."

[exercises.gate_swing]
name = "Gate swing"
primary = []
secondary = []
one_sided = false
counted_in = "reps"
"""
SQUAD = with_own_names(OWN)

in_each_language = pytest.mark.parametrize("language", LANGUAGES)


@dataclass(frozen=True)
class Item:
    """A move as it is described."""

    name: str
    tags: tuple[str, ...]
    how: str


def rendered(language: str = "en", catalogue: Catalogue = CATALOGUE) -> str:
    return exercise_sheet.render(catalogue, wording(language))


def items(source: str) -> list[Item]:
    found = re.findall(r"<li><b>(.*?)</b>(?: <small>(.*?)</small>)? <p>(.*?)</p></li>", source)
    assert len(found) == source.count("<li>")
    return [Item(*(unescape(name), tuple(filter(None, unescape(tags).split(" · "))), unescape(how)))
            for name, tags, how in found]  # fmt: skip


def sections(source: str) -> dict[str, str]:
    """Area id → its section; "others" → the moves that have no main area."""
    parts = re.findall(r'<section aria-labelledby="(?:area-)?(\w+)">(.*?)</section>', source, re.DOTALL)
    return dict(parts)


def groups(section: str) -> dict[str, list[Item]]:
    """Heading → the moves below it."""
    return {heading: items(part) for heading, part in re.findall(r"<h3>(.*?)</h3>(.*?)</ul>", section, re.DOTALL)}


# what stands on it


@in_each_language
@pytest.mark.parametrize("catalogue", [CATALOGUE, SQUAD], ids=["package", "squad"])
def test_every_move_that_says_how_is_described_once(catalogue, language):
    w = wording(language)
    expected = [(w.say(e.name), w.say(e.how)) for e in catalogue.exercises.values() if e.how]
    assert Counter((item.name, item.how) for item in items(rendered(language, catalogue))) == Counter(expected)
    assert w.count(len(expected), "{n} move", "{n} moves") in rendered(language, catalogue)


@in_each_language
def test_areas_stand_in_the_order_of_the_catalogue_with_their_muscles_and_what_the_article_tells(language):
    w, found = wording(language), sections(rendered(language))
    assert list(found) == list(CATALOGUE.areas)
    for area in CATALOGUE.areas.values():
        head = unescape(found[area.id].partition('<div class="columns">')[0])
        assert w.say(area.name) in head
        assert w.say(area.muscles).casefold() in head.casefold()
        assert w.say("As the article tells it: {shows}", shows=w.say(area.how_it_shows)) in head


def test_under_each_area_the_articles_moves_come_first_then_those_without_equipment_then_the_others():
    by_name = {exercise.name: exercise for exercise in CATALOGUE.exercises.values()}
    place = {name: number for number, name in enumerate(by_name)}
    for area, section in sections(rendered()).items():
        found = groups(section)
        assert list(found) == ["Named in the article", "Without equipment", "With equipment"]
        for heading, moves in found.items():
            for move in moves:
                exercise = by_name[move.name]
                kind = "Named in the article" if area in exercise.article_for else (
                    "With equipment" if exercise.equipment else "Without equipment")  # fmt: skip
                assert (heading, area in exercise.primary) == (kind, True), move.name
            assert [move.name for move in moves] == sorted((move.name for move in moves), key=place.__getitem__)


def test_all_moves_of_the_article_are_marked_as_that():
    marked_so = {move.name for section in sections(rendered()).values()
                 for move in groups(section)["Named in the article"]}  # fmt: skip
    assert marked_so == {e.name for e in CATALOGUE.exercises.values() if e.article_for}


@pytest.mark.parametrize("catalogue", [CATALOGUE, SQUAD], ids=["package", "squad"])
def test_a_move_with_several_main_areas_is_named_under_each_other_one(catalogue):
    found = sections(rendered(catalogue=catalogue))
    shared = [exercise for exercise in catalogue.exercises.values() if len(exercise.primary) > 1]
    assert shared
    for exercise in shared:
        first, *others = [area for area in catalogue.areas if area in exercise.primary]
        assert exercise.name in {item.name for item in items(found[first])}
        for area in others:
            (line,) = [line for line in re.findall(r"<p>(.*?)</p>", found[area]) if unescape(exercise.name) in line]
            assert line.endswith(f": see {catalogue.areas[first].name}.")


def test_tags_say_what_is_needed_each_side_for_time_and_the_other_areas():
    tags = {item.name: item.tags for item in items(rendered(catalogue=SQUAD))}
    assert tags["Lunge"] == ("each side",)
    assert tags["Crunch"] == ()
    assert tags["Suitcase carry"] == ("dumbbells / kettlebell", "each side", "for time", "also calves")
    assert tags["Sumo deadlift"] == ("barbell / dumbbells / kettlebell", "just as much hamstrings")
    assert tags["Calf raise on the wobble board"] == (
        "bench or box / resistance band", "each side", "for time", "just as much core", "also glutes",
        "the squad's own",
    )  # fmt: skip
    assert tags["Hill march"] == ("also glutes", "the squad's own")


def test_a_squads_move_without_a_main_area_stands_behind_the_areas_and_one_that_does_not_say_how_nowhere():
    source = rendered(catalogue=SQUAD)
    assert list(sections(source)) == [*CATALOGUE.areas, "others"]
    assert [item.name for item in items(sections(source)["others"])] == ["Hill march"]
    assert "Gate swing" not in source


@in_each_language
def test_the_head_has_the_dose_and_when_to_stop_and_the_foot_the_caveat(language):
    w, source = wording(language), unescape(rendered(language))
    head, _, rest = source.partition("<h2")
    foot = rest.partition("<footer>")[2]
    dose = re.search(r'<p class="dose">(.*?)</p>', head)[1]
    assert re.findall(r"\d[–\d]*", dose) == ["2–3", "2–3", "2"]
    assert [flag for flag, words in FLAGS.items() if w.say(words) not in head] == []
    assert w.say("If a move hurts, stop.") in head
    assert w.say(CAVEAT) in foot
    assert CATALOGUE.version in foot


@in_each_language
def test_the_same_catalogue_gives_the_same_bytes(language):
    assert rendered(language, with_own_names(OWN)) == rendered(language, SQUAD)


def test_no_word_promises_or_judges():
    said = unescape(rendered(catalogue=SQUAD)).partition("</style>")[2].replace("This page is not a diagnosis", "")
    assert re.findall(r"\brisk|predict|prevent|diagnos|\btreat|\bcaus|\bcure|weakness", said, re.IGNORECASE) == []


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_a_page_in_another_language_says_no_english_sentence_of_ours(language):
    w = Asked(languages()[language])
    exercise_sheet.render(SQUAD, w)
    of_the_squad = {"Calf raise on the wobble board", "Rise on the board and stand still.",
                    "Hill march", "March up a hill with high knees."}  # fmt: skip
    assert {words for words in w.asked if ("", words) not in w.language.messages} == of_the_squad


# text that means harm


def hostile_catalogue() -> Catalogue:
    """A squad whose own moves have every hostile text as name and as description."""
    settings = 'primary = ["core"]\nsecondary = []\none_sided = false\ncounted_in = "reps"'
    return with_own_names("\n".join(
        f"[exercises.own{number}]\nname = {toml(marked(kind))}\nhow = {toml(marked(kind))}\n{settings}"
        for number, kind in enumerate(HOSTILE)
    ))  # fmt: skip


def toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def tags_of(source: str) -> Iterator[tuple[str, set[str]]]:
    found = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.append((tag, {name for name, _ in attributes}))
    parser.feed(source)
    yield from found


def test_hostile_names_and_descriptions_are_escaped_and_can_be_read():
    source = rendered(catalogue=hostile_catalogue())
    known_elements, known_attributes = template_words("exercises.html")
    assert {tag for tag, _ in tags_of(source)} <= known_elements
    assert set().union(*(attributes for _, attributes in tags_of(source))) <= known_attributes
    own = [item for item in items(source) if "the squad's own" in item.tags]
    assert len(own) == len(HOSTILE)
    assert [item.name for item in own if len(item.name) > MAX_NAME or unseen_in(item.name + item.how)] == []
    cut = {"long text"}
    assert [kind for kind in HOSTILE if not any(marker(kind) in item.how for item in own) and kind not in cut] == []
    assert escape(HOSTILE["dialog"]) in source


# in a browser


in_a_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: pages are not rendered"),
]


def browsed(test):
    for mark in in_a_browser:
        test = mark(test)
    return test


@pytest.fixture(scope="module")
def browser():
    """One Chromium for the tests of this module."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    """Language → its sheet; "squad" and "hostile" → the English one with a squad's own moves."""
    sources = {language: rendered(language) for language in LANGUAGES}
    sources |= {"squad": rendered(catalogue=SQUAD), "hostile": rendered(catalogue=hostile_catalogue())}
    folder = tmp_path_factory.mktemp("sheets")
    for name, source in sources.items():
        (folder / f"{name}.html").write_text(source, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in sources}


@browsed
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, pages, scheme):
    with tab(browser, scheme=scheme, bypass_csp=True) as there:
        found = {name: accessibility_faults(there.open(path)) for name, path in pages.items()}
    assert found == {name: [] for name in pages}


@browsed
@pytest.mark.parametrize("width", [SCREEN, ZOOMED, PHONE])
def test_no_sheet_scrolls_sideways_and_nothing_is_cut_off_or_covered(browser, pages, width):
    found = {}
    with tab(browser) as there:
        for name, path in pages.items():
            page = there.lay_out(path, width)
            stacked = [] if name == "hostile" else overlaps(page)  # marks stacked on a letter reach into other lines
            found[name] = (sideways(page), cut_off(page, may_scroll=False), stacked)
    assert found == {name: (0, [], []) for name in pages}


@browsed
def test_hostile_moves_run_nothing_and_ask_for_nothing(browser, pages):
    with tab(browser, bypass_csp=True) as there:
        page = there.open(pages["hostile"])
        touch(page)
        assert (page.title(), there.asked, there.said) == ("Exercise sheet", [], [])


@browsed
def test_every_link_leads_to_a_place_on_the_sheet(browser, pages):
    with tab(browser) as there:
        page = there.open(pages["en"])
        links = page.eval_on_selector_all("a", "all => all.map(a => a.getAttribute('href'))")
        assert len(links) == len(CATALOGUE.areas)
        assert [link for link in links if page.query_selector(f"h2{link}") is None] == []


@browsed
@in_each_language
def test_in_print_it_has_at_most_four_sides_of_a4_with_nothing_cut_off_or_too_small(browser, pages, language):
    with tab(browser) as plain, tab(browser, as_paper=True) as there:
        paper = printed(plain.open(pages[language]))
        assert set(paper.sheets) == {PORTRAIT}
        assert len(paper.sheets) <= MAX_SHEETS
        page = there.lay_out(pages[language], paper.width)
        assert (sideways(page), cut_off(page, may_scroll=False)) == (0, [])
        assert [text for text in texts(page) if text["px"] < SMALLEST_IN_PRINT - ROUNDING] == []


@browsed
@pytest.mark.parametrize("name", [*LANGUAGES, "squad"])
def test_in_print_no_move_is_split_and_no_heading_stands_without_its_first_move(browser, pages, name):
    with tab(browser) as there:
        sides = sides_of(there.open(pages[name]).pdf(prefer_css_page_size=True))
    source = pages[name].read_text(encoding="utf-8")
    whole = [in_print(item) for item in items(source)]
    for section in sections(source).values():
        head = re.sub(r"<.*?>", " ", section.partition("<li>")[0])
        whole.append("".join(unescape(head).split()) + in_print(items(section)[0]))
        whole += [heading.replace(" ", "") + in_print(moves[0]) for heading, moves in groups(section).items()]
    assert [text for text in whole if not any(text in side for side in sides)] == []


def in_print(item: Item) -> str:
    """A move as it is printed, without white space."""
    tags = f"({' · '.join(item.tags)})" if item.tags else ""
    return "".join(f"{item.name}{tags}{item.how}".split())


def sides_of(pdf: bytes) -> list[str]:
    """The words of each side, without white space."""
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        return ["".join(side.get_textpage().get_text_bounded().split()) for side in document]
