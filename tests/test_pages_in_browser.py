"""Every page in headless Chromium: on paper, on a phone, without colour, by ear, and with text that means harm."""

import re
import shutil
import unicodedata
from collections import Counter
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browsing import (
    CHROMIUM,
    LANDSCAPE,
    PHONE,
    PORTRAIT,
    SCREEN,
    ZOOMED,
    accessibility_faults,
    attributes,
    broken_words,
    chromium,
    cut_off,
    elements,
    marks,
    overlaps,
    printed,
    sideways,
    tab,
    texts,
    touch,
)
from hostile import OWNED, hostile_store, runner_ids, template_words
from playwright.sync_api import Error as PlaywrightError

from runfix_analytics import publishing
from runfix_analytics.reports.wording import DEFAULT_LANGUAGE, languages
from runfix_analytics.store import Store

N_RUNNERS = 12
MAX_SHEETS = 2
SMALLEST_IN_PRINT = 12  # CSS pixels: 9 pt
SMALLEST_ON_SCREEN = 10  # CSS pixels; ours: what a drawing has at its full width
ROUNDING = 0.05

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: pages are not rendered"),
]


@pytest.fixture(scope="module")
def browser():
    """One Chromium for the tests of this module."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(demo_store):
    return pages_of(demo_store)


@pytest.fixture(scope="module")
def papers(browser, pages):
    """Name → the page, printed."""
    with tab(browser) as there:
        return {name: printed(there.open(path)) for name, path in pages.items()}


@pytest.fixture(scope="module")
def hostile_pages(tmp_path_factory, run_night):
    return pages_of(hostile_store(tmp_path_factory, run_night))


@pytest.fixture(scope="module", params=[language for language in languages() if language != DEFAULT_LANGUAGE])
def squads_pages(request, demo_store, demo_day, tmp_path_factory):
    """The pages of squad and cohort in another language."""
    root = tmp_path_factory.mktemp("in_another_language") / "squad"
    shutil.copytree(demo_store.root, root)
    (root / "settings.toml").write_text(f'language = "{request.param}"\n', encoding="utf-8")
    publishing.publish_squad(Store(root), demo_day)
    return {name: root / "reports" / name for name in ("index.html", "cohort.html")}


def pages_of(store: Store) -> dict[str, Path]:
    """Every page of a store by its path below reports/."""
    reports = store.root / "reports"
    return {path.relative_to(reports).as_posix(): path for path in sorted(reports.rglob("*.html"))}


def assert_nothing(found: dict[str, list[str]]) -> None:
    """Fails with what was found, one line for each fault, and the pages it is on."""
    pages_by_fault: dict[str, Counter[str]] = {}
    for page, faults in found.items():
        for fault in faults:
            pages_by_fault.setdefault(fault, Counter())[page] += 1
    lines = []
    for fault, at in pages_by_fault.items():
        some = ", ".join(list(at)[:3]) + (f" and {len(at) - 3} more" if len(at) > 3 else "")
        lines.append(f"{fault}  [{at.total()} times on {some}]")
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)


def test_squad_cohort_and_every_runner_have_a_page(pages):
    runners = {name for name in pages if re.fullmatch(r"[A-Za-z0-9_-]+/index\.html", name)}
    assert {"index.html", "cohort.html"} <= set(pages)
    assert len(runners) == N_RUNNERS


# on paper


def test_every_sheet_is_a4_and_a_runner_has_at_most_two(papers):
    sizes = {name: set(paper.sheets) for name, paper in papers.items()}
    assert {name: size for name, size in sizes.items() if size not in ({PORTRAIT}, {LANDSCAPE})} == {}
    sheets = {name: len(paper.sheets) for name, paper in papers.items() if "/" in name}
    assert {name: n for name, n in sheets.items() if not 1 <= n <= MAX_SHEETS} == {}
    assert {size for name, paper in papers.items() if "/" in name for size in paper.sheets} == {PORTRAIT}


def test_the_squad_fits_on_two_sheets_across(papers):
    sheets = papers["index.html"].sheets
    assert set(sheets) == {LANDSCAPE}
    assert len(sheets) <= MAX_SHEETS


def test_nothing_is_cut_off_on_paper(browser, pages, papers):
    """Paper cannot be scrolled; and every word of the page must have come out of the printer."""
    found = {}
    with tab(browser, as_paper=True) as there:
        for name, path in pages.items():
            page = there.lay_out(path, papers[name].width)
            words = {word for text in texts(page) for word in without_hyphens(text["text"]).split()}
            lost = sorted(word for word in words if word not in without_hyphens(papers[name].text))
            found[name] = [*cut_off(page, may_scroll=False), *(f"not in print: {word}" for word in lost)]
            if over := sideways(page):
                found[name].append(f"{over} px wider than the paper")
    assert_nothing(found)


def without_hyphens(text: str) -> str:
    return text.replace("-", "").replace("\u00ad", "")


def test_no_text_is_smaller_than_nine_points_in_print(browser, pages, papers):
    found = {}
    with tab(browser, as_paper=True) as there:
        for name, path in pages.items():
            page = there.lay_out(path, papers[name].width)
            found[name] = [
                f"{text['where']}: {text['px'] * 0.75:.1f} pt" for text in too_small(page, SMALLEST_IN_PRINT)
            ]
    assert_nothing(found)


def too_small(page, smallest: float) -> list[dict]:
    return [text for text in texts(page) if text["px"] < smallest - ROUNDING]


# on a screen


@pytest.mark.parametrize("width", [SCREEN, ZOOMED, PHONE])
def test_no_page_scrolls_sideways_and_nothing_is_cut_off_or_covered(browser, pages, width):
    """Wide tables may scroll inside their own box."""
    found = {}
    with tab(browser) as there:
        for name, path in pages.items():
            page = there.lay_out(path, width)
            found[name] = [*cut_off(page, may_scroll=True), *overlaps(page)]
            if over := sideways(page):
                found[name].append(f"{over} px wider than a window of {width} px")
    assert_nothing(found)


@pytest.mark.parametrize("width", [SCREEN, ZOOMED, PHONE])
def test_text_stays_large_enough_to_read_on_a_phone_and_at_200_percent(browser, pages, width):
    """A drawing that shrinks with the window takes its words with it."""
    found = {}
    with tab(browser) as there:
        for name, path in pages.items():
            page = there.lay_out(path, width)
            found[name] = [f"{text['where']}: {text['px']:.1f} px" for text in too_small(page, SMALLEST_ON_SCREEN)]
    assert_nothing(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, pages, scheme):
    found = {}
    with tab(browser, scheme=scheme, bypass_csp=True) as there:
        for name, path in pages.items():
            found[name] = accessibility_faults(there.open(path))
    assert_nothing(found)


def test_no_mark_speaks_by_its_colour_alone(browser, pages):
    found = {}
    with tab(browser) as there:
        for name, path in pages.items():
            there.open(path)
            found[name] = colour_faults(marks(there.page))
    assert_nothing(found)


def colour_faults(marks_there: list[dict[str, str]]) -> list[str]:
    """Marks without a word to read out or a symbol to see, and what is shown in two colours that mean two things."""
    faults, colours = [], {}
    for mark in marks_there:
        said = f"{mark['where']} “{mark['shown']}”"
        if not any(char.isalpha() for char in mark["name"]):
            faults.append(f"{said} has no word")
        if not any(char == "?" or unicodedata.category(char)[0] == "S" for char in mark["shown"]):
            faults.append(f"{said} has no symbol")
        colours.setdefault(mark["shown"], set()).add(mark["colour"])
    return faults + [f"“{shown}” in colours {sorted(of)}" for shown, of in colours.items() if len(of) > 1]


def test_a_page_asks_for_nothing_says_nothing_and_links_to_pages_that_are_there(browser, pages):
    found = {}
    with tab(browser) as there:
        for name, path in pages.items():
            page = there.open(path)
            found[name] = [*there.asked, *there.said, *dead_links(page, path, pages)]
    assert_nothing(found)


def dead_links(page, path: Path, pages: dict[str, Path]) -> list[str]:
    """Links that lead to none of the files beside the pages nor to a place on the page itself."""
    reports = pages["index.html"].parent
    dead = []
    for link in page.eval_on_selector_all("a, area, use", "all => all.map(e => e.getAttribute('href'))"):
        file, _, place = (link or "").partition("#")
        target = (path.parent / file).resolve() if file else path
        is_there = target.is_file() and target.is_relative_to(reports)
        if not is_there or (place and target == path and page.query_selector(f"[id='{place}']") is None):
            dead.append(f"link to nowhere: {link}")
    return dead


def test_what_chromium_reads_is_what_was_written(browser, pages):
    """No part of the page is moved, dropped or added by the parser."""
    found = {}
    with tab(browser, runs_scripts=False) as there:
        for name, path in pages.items():
            written, read = tags_of(path.read_text(encoding="utf-8")), elements(there.open(path))
            differing = {tag for tag in {*written, *read} if written.get(tag.lower(), 0) != read.get(tag, 0)}
            found[name] = [f"<{tag}>: {written[tag]} written, {read.get(tag, 0)} read" for tag in sorted(differing)]
    assert_nothing(found)


def tags_of(source: str) -> Counter[str]:
    tags: Counter[str] = Counter()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, _: tags.update([tag])
    parser.feed(source)
    return tags


# the squad's pages in another language; the others are held by test_runner_voice.py and test_exercise_sheet.py


def test_the_squads_pages_in_another_language_fit_on_paper(browser, squads_pages):
    found = {}
    with tab(browser) as plain, tab(browser, as_paper=True) as there:
        for (name, path), most in zip(squads_pages.items(), (MAX_SHEETS, MAX_SHEETS + 1), strict=True):
            paper = printed(plain.open(path))
            page = there.lay_out(path, paper.width)
            found[name] = [*cut_off(page, may_scroll=False), *broken_words(page)]
            found[name] += [f"small: {text['where']}" for text in too_small(page, SMALLEST_IN_PRINT)]
            if len(paper.sheets) > most or sideways(page):
                found[name].append(f"{len(paper.sheets)} sheets, {sideways(page)} px wider than the paper")
    assert_nothing(found)


def test_the_squads_pages_in_another_language_fit_every_window_and_axe_finds_nothing(browser, squads_pages):
    found = {name: [] for name in squads_pages}
    with tab(browser, bypass_csp=True) as there:
        for name, path in squads_pages.items():
            for width in (SCREEN, ZOOMED, PHONE):
                page = there.lay_out(path, width)
                faults = [*cut_off(page, may_scroll=True), *overlaps(page), *(["sideways"] if sideways(page) else [])]
                found[name] += [f"{width} px: {fault}" for fault in faults]
            found[name] += [*accessibility_faults(page), *colour_faults(marks(page))]
    assert_nothing(found)


# text that means harm


@pytest.mark.parametrize("bypass_csp", [False, True], ids=["policy", "no policy"])
def test_hostile_text_runs_nowhere_and_makes_no_element(browser, hostile_pages, bypass_csp):
    """The policy is the second line: without it, the escaping alone must hold."""
    found = {}
    with tab(browser, bypass_csp=bypass_csp) as there:
        for name, path in hostile_pages.items():
            known_elements, known_attributes = template_words(name)
            try:
                page = there.open(path)
                touch(page)
                made = {tag.lower(): n for tag, n in elements(page).items()}
                new_elements = {
                    tag for tag, n in made.items() if tag not in known_elements or (tag == "script" and n > 1)
                }
                new_attributes = {name.lower() for name in attributes(page)} - known_attributes
                found[name] = [*sorted(new_elements), *sorted(new_attributes), *dead_links(page, path, hostile_pages)]
                if page.title() != title_of(path):
                    found[name].append(f"title is now {page.title()}")
            except PlaywrightError as error:
                found[name] = [f"went elsewhere: {error}"]
            found[name] += [*there.asked, *there.said]
    assert len(found) > len(runner_ids())
    assert_nothing(found)


def title_of(path: Path) -> str:
    found = re.search(r"<title>(.*?)</title>", path.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return " ".join(unescape(found[1]).split())


@pytest.mark.parametrize("width", [ZOOMED, PHONE])
def test_no_name_breaks_the_width_of_a_page(browser, hostile_pages, width):
    """Among the names, exercises and places are words of 300 letters, links and code without a space."""
    found = {}
    with tab(browser) as there:
        for name, path in hostile_pages.items():
            over = sideways(there.lay_out(path, width))
            found[name] = [f"{over} px wider than a window of {width} px"] if over else []
    assert_nothing(found)


def test_a_long_word_is_not_cut_off_on_paper(browser, hostile_pages):
    found = {}
    long_word = [f"{runner_ids()['long word']}/{name}" for name in ("index.html", "runner.html")]
    with tab(browser) as plain, tab(browser, as_paper=True) as there:
        for name in ("index.html", *(name for name in long_word if name in hostile_pages)):
            paper = printed(plain.open(hostile_pages[name]))
            page = there.lay_out(hostile_pages[name], paper.width)
            found[name] = cut_off(page, may_scroll=False)
            if over := sideways(page):
                found[name].append(f"{over} px wider than the paper")
    assert len(found) > 1
    assert_nothing(found)


# the tests themselves: what they look for, they find


@pytest.mark.parametrize("bypass_csp", [False, True], ids=["policy", "no policy"])
def test_a_script_that_runs_is_noticed_and_the_policy_stops_it(browser, pages, tmp_path, bypass_csp):
    source = next(path for name, path in pages.items() if name.endswith("/index.html")).read_text(encoding="utf-8")
    harm = (
        f"<script>alert('{OWNED}'); document.title='{OWNED}'</script><b onfocus=1>x</b><img src='http://x.invalid/y'>"
    )
    path = tmp_path / "page.html"
    path.write_text(source.replace("<main", f"{harm}<main", 1), encoding="utf-8")
    with tab(browser, bypass_csp=bypass_csp) as there:
        page = there.open(path)
        touch(page)
        known_elements, known_attributes = template_words("a/index.html")
        assert {"script", "img"} <= set(elements(page)) - known_elements
        assert {"onfocus", "src"} <= attributes(page) - known_attributes
        assert (page.title() == OWNED) is bypass_csp
        assert (f"dialog: {OWNED}" in there.said) is bypass_csp
        assert there.asked == ["http://x.invalid/y"]
        assert there.said


BAD_PAGE = """<!doctype html><html><title>Bad</title><body style="margin: 0; font-size: 20px">
<p style="font-size: 8px">small</p>
<svg viewBox="0 0 200 20" width="100"><text x="0" y="15" style="font-size: 20px">half</text></svg>
<svg viewBox="0 0 50 20" width="50"><text x="0" y="15" style="font-size: 20px">a drawing too narrow</text></svg>
<div style="width: 50px; overflow: hidden; white-space: nowrap">hidden behind the edge</div>
<div style="width: 50px; overflow: auto; white-space: nowrap">scrolls in its box</div>
<div style="width: 900px">wide</div><p style="margin-left: 890px">far out</p>
<p style="margin: 0">one</p><p style="margin-top: -24px">other</p>
<b class="mark" style="color: red">on target</b><b class="status" style="color: red">●</b>
<b class="cell" style="color: red">◐ good</b><b class="cell" style="color: green">◐ good</b>
<p style="width: 70px; overflow-wrap: anywhere">halved-up inseparable</p>
<span style="position: absolute; width: 1px; overflow: hidden; font-size: 8px">by ear only</span>
</body></html>"""


def test_the_rulers_find_what_is_wrong_on_a_page_made_to_fail(browser, tmp_path):
    path = tmp_path / "bad.html"
    path.write_text(BAD_PAGE, encoding="utf-8")
    with tab(browser, bypass_csp=True) as there:
        page = there.lay_out(path, ZOOMED)
        assert [(text["text"], text["px"]) for text in too_small(page, 12)] == [("small", 8), ("half", 10)]
        assert sideways(page) > 0
        cut = " ".join(cut_off(page, may_scroll=True))
        for words in (
            "px wide in a box of 50 px",
            "beyond its drawing: a drawing too narrow",
            "beyond the edge of the page: far out",
        ):
            assert words in cut
        assert len(cut_off(page, may_scroll=False)) == len(cut_off(page, may_scroll=True)) + 1
        assert broken_words(page) == ["p, broken: inseparable"]
        assert overlaps(page) == ['p "one" and p "other"']
        assert [fault.partition(" ")[2] for fault in colour_faults(marks(page))] == [
            "“on target” has no symbol",
            "“●” has no word",
            "good” in colours ['rgb(0, 128, 0)', 'rgb(255, 0, 0)']",
        ]
        assert any(fault.startswith("html-has-lang at html") for fault in accessibility_faults(page))
        assert printed(page).text.startswith("small")
