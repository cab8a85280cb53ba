"""What the squad page's script does in headless Chromium: it sorts and narrows the rows that stand there."""

import math

import pytest
from browsing import CHROMIUM, chromium, tab
from test_reports import RUNNERS

from runfix_analytics import publishing

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: the page's script does not run"),
]

RUNNER, LAST_WEEK = 0, 9
NUMBERS = (1, 3, 4, 5, 6, 7, 8, LAST_WEEK, 10, 11, 12)


@pytest.fixture(scope="module")
def browser():
    """One Chromium for the tests of this module."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def squad(browser, demo_store):
    """The sample's squad page, open; in the end nothing went wrong on it."""
    with tab(browser) as there:
        yield there.open(publishing.squad_page_path(demo_store.root))
        assert (there.asked, there.said) == ([], [])


def shown(page, column: int = RUNNER) -> list[str]:
    """What stands in a column of the rows that are shown, from the top."""
    cells = "(rows, at) => rows.map(row => row.cells[at].innerText.trim())"
    return page.eval_on_selector_all("table.squad tbody tr:not([hidden])", cells, column)


def keys(page, column: int) -> list[float]:
    """What a column is sorted by, from the top; not a number where it is not known."""
    values = "(rows, at) => rows.map(row => row.cells[at].dataset.value)"
    found = page.eval_on_selector_all("table.squad tbody tr", values, column)
    return [float(value) if value else math.nan for value in found]


def press(page, column: int) -> str | None:
    """Presses the head of a column; gives how it is sorted now."""
    head = page.locator("table.squad thead th").nth(column)
    head.get_by_role("button").click()
    return head.get_attribute("aria-sort")


def test_page_is_whole_where_no_script_runs(browser, demo_store):
    with tab(browser, runs_scripts=False) as there:
        page = there.open(publishing.squad_page_path(demo_store.root))
        assert page.locator("table.squad tbody tr:visible").count() == len(RUNNERS)
        assert page.locator("table.squad button").count() == 0
        assert not page.locator("#controls").is_visible()
        assert there.said == []


def test_every_head_can_be_pressed_and_opens_in_the_order_of_need(squad, demo_store):
    n_columns = squad.locator("table.squad thead th").count()
    assert squad.locator("table.squad thead th button").count() == n_columns
    assert squad.locator("[aria-sort]").count() == 0
    written = (publishing.squad_page_path(demo_store.root)).read_text(encoding="utf-8")
    places = [written.index(f"<b>{name.replace(chr(39), '&#39;')}</b></a>") for name in shown(squad)]
    assert places == sorted(places)


def test_a_column_sorts_up_then_down_then_back_to_need_and_the_unknown_come_last(squad):
    by_need = shown(squad)
    for column in NUMBERS:
        assert press(squad, column) == "ascending"
        up = keys(squad, column)
        known = [key for key in up if not math.isnan(key)]
        assert up[: len(known)] == sorted(known), column
        assert known, column
        assert press(squad, column) == "descending"
        assert keys(squad, column)[: len(known)] == sorted(known, reverse=True), column
        assert press(squad, column) is None
        assert shown(squad) == by_need


def test_names_sort_as_a_reader_of_the_language_sorts_them(squad):
    press(squad, RUNNER)
    names = shown(squad)
    assert names == sorted(names, key=lambda name: name.replace("Ł", "L"))
    assert names.index("Łukasz Wiśniewski") < names.index("Mateo Rivas")


def test_only_one_column_is_marked_as_sorted(squad):
    press(squad, RUNNER)
    press(squad, LAST_WEEK)
    assert squad.locator("[aria-sort]").count() == 1


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("wisniewski", ["Łukasz Wiśniewski"]),
        ("  LUKASZ ", ["Łukasz Wiśniewski"]),
        ("renee t", ["Renée Tremblay"]),
        ("o'sul", ["Aoife O'Sullivan"]),
        ("nobody of this name", []),
        ("[", []),
    ],
)
def test_a_name_is_found_without_its_accents(squad, typed, found):
    squad.get_by_label("Name").fill(typed)
    assert shown(squad) == found
    assert squad.get_by_role("status").inner_text() == f"{len(found)} of {len(RUNNERS)} runners shown"


def test_rows_narrow_by_status_area_and_name_together_and_come_back(squad):
    squad.get_by_label("Status").select_option("deficit")
    under = shown(squad)
    assert under == ["Renée Tremblay", "Samuel Adeyemi", "Moana Parata", "Mateo Rivas", "Kenji Watanabe"]
    squad.get_by_label("Under target in").select_option("calves")
    assert shown(squad) == ["Renée Tremblay", "Samuel Adeyemi", "Moana Parata"]
    squad.get_by_label("Name").fill("a")
    press(squad, RUNNER)
    assert shown(squad) == ["Moana Parata", "Renée Tremblay", "Samuel Adeyemi"]
    squad.get_by_role("button", name="Show all").click()
    assert len(shown(squad)) == len(RUNNERS)
    assert squad.get_by_label("Status").input_value() == ""
    assert not squad.locator("#show-all").is_visible()
    assert squad.evaluate("document.activeElement.id") == "by-name"


def test_numbers_in_the_choices_are_what_they_lead_to(squad):
    for box in ("Status", "Under target in"):
        select = squad.get_by_label(box)
        for option in select.locator("option").all()[1:]:
            select.select_option(option.get_attribute("value"))
            assert option.inner_text().endswith(f"({len(shown(squad))})")
        select.select_option("")


def test_rows_that_are_narrowed_away_stay_away_on_paper(squad):
    squad.get_by_label("Name").fill("Renée")
    squad.emulate_media(media="print")
    assert squad.locator("table.squad tbody tr:visible").count() == 1
    assert not squad.locator("#by-name").is_visible()
    assert "1 of 12 runners shown" in squad.locator("body").inner_text()
