"""The squad's page for few runners and for many: the table of areas, and what the page's script reads."""

from collections import Counter
from dataclasses import replace

import pytest
from test_reports import CATALOGUE, ENGLISH, Page, digest

from runfix_analytics.page_results import stored_results
from runfix_analytics.reports import heat_table, squad_page
from runfix_analytics.reports.needs import NEEDS
from runfix_analytics.reports.words import UNDER

MANY = 500


@pytest.fixture(scope="module")
def lines(demo_store, demo_day):
    found = stored_results(demo_store, demo_store.runners(CATALOGUE), demo_day, CATALOGUE)
    return [squad_page.line(results, CATALOGUE, ENGLISH) for results in found]


def many(lines, n: int) -> list[squad_page.Line]:
    """The lines over and over, each under a name and an id of its own."""
    copies = (lines[number % len(lines)] for number in range(n))
    return [replace(line, runner_id=f"x{number}", name=f"{line.name} {number}") for number, line in enumerate(copies)]


def render(lines, day, *, absent=()) -> Page:
    return Page(squad_page.render(lines, absent, day, CATALOGUE, ENGLISH, is_studied=False))


@pytest.fixture(scope="module")
def small(lines, demo_day) -> Page:
    return render(lines, demo_day)


@pytest.fixture(scope="module")
def large(lines, demo_day) -> Page:
    return render(many(lines, MANY), demo_day)


# the table of areas


def heat_cells(table) -> dict[str, list[str]]:
    """Area (or "Status") → what a screen reader says of each runner's cell, in the order of the columns."""
    return {row.all("th")[0].text(): [mark.attributes["aria-label"] for mark in row.all("span")]
            for row in table.all("tbody")[0].all("tr")}  # fmt: skip


def test_table_of_areas_says_of_each_runner_what_the_rows_say(small, lines):
    in_order = sorted(lines, key=squad_page.by_need)
    cells = heat_cells(small.root.all("table", "heat")[0])
    assert [label for label in cells if label != "Status"] == [area.name for area in CATALOGUE.areas.values()]
    for number, area in enumerate(CATALOGUE.areas.values()):
        assert cells[area.name] == [line.cells[number].mark.word for line in in_order]
    assert cells["Status"] == [line.need.word.partition(" ")[2] for line in in_order]
    heads = [drawing.attributes["aria-label"] for drawing in small.root.all("table", "heat")[0].all("svg")]
    assert heads == [line.name for line in in_order]


def test_share_under_target_is_of_the_runners_whose_value_is_known(small, demo_store, demo_day):
    today = [
        row for row in demo_store.scan("coverage").collect().iter_rows(named=True) if row["local_date"] == demo_day
    ]
    expected = []
    for area in CATALOGUE.areas:
        known = [row["status"] for row in today if row["area_id"] == area and row["status"] in heat_table.KNOWN]
        n_under = sum(status in UNDER for status in known)
        expected.append(f"{n_under} of {len(known)} ({round(100 * n_under / len(known))}\u00a0%)")
    shares = [cell.text() for cell in small.root.all("table", "heat")[0].all("td", "share")]
    assert shares == ["", *(share.replace("\u00a0", " ") for share in expected)]


def test_no_share_is_given_of_fewer_runners_than_a_rate_needs(lines, demo_day):
    few = [line for line in lines if line.status_of_area[0][1] in heat_table.KNOWN]
    few = few[: int(CATALOGUE.number("incidence.min_runners")) - 1]
    shares = [cell.text() for cell in render(few, demo_day).root.all("table", "heat")[0].all("td", "share")]
    assert shares[1].endswith(f"of {len(few)}")


@pytest.mark.parametrize(("n", "sizes"), [(1, {1: 1}), (32, {32: 1}), (33, {16: 1, 17: 1}), (MANY, {31: 12, 32: 4})])
def test_a_squad_stands_side_by_side_or_in_blocks_about_as_wide(lines, demo_day, n, sizes):
    tables = render(many(lines, n), demo_day).root.all("table", "heat")
    assert Counter(len(table.all("th", "turned")) for table in tables) == sizes


def test_a_large_squad_is_summed_up_and_nobody_is_missing(large):
    rows = large.root.all("table", "sums")[0].all("tbody")[0].all("tr")
    assert [row.all("th")[0].text() for row in rows] == [area.name for area in CATALOGUE.areas.values()]
    for row in rows:
        counts = [int(cell.text()) for cell in row.all("td", "number")[:-1]]
        assert sum(counts) == MANY
        said = row.all("svg")[0].attributes["aria-label"]
        words = [word.text().split(maxsplit=1)[1] for word in large.root.all("table", "sums")[0].all("span", "mark")]
        for word, n in zip(words, counts, strict=True):
            assert (f"{word} {n}" in said) is bool(n)
        assert row.all("td", "number")[-1].text().startswith(f"{counts[0] + counts[1]} of {sum(counts[:3])} (")
    assert len(large.root.all("table", "squad")[0].all("tbody")[0].all("tr")) == MANY


def test_captions_of_blocks_follow_one_another(large):
    captions = [caption.text() for caption in large.root.all("caption")]
    ends = [int(caption.split("–")[1].split(" of ")[0]) for caption in captions]
    assert captions == [f"{first + 1}–{end} of {MANY}" for first, end in zip([0, *ends], ends, strict=False)]
    assert ends[-1] == MANY


def test_many_runners_who_were_not_assessed_are_counted_and_listed(lines, demo_day):
    absent = [f"Runner {number:02}" for number in range(30, 0, -1)]
    page = render(lines, demo_day, absent=absent)
    assert "Not assessed tonight: 30 runners." in page.text
    assert [item.text() for item in page.root.all("ul", "columns")[0].all("li")] == sorted(absent)
    named = render(lines, demo_day, absent=absent[:3])
    assert "Not assessed tonight: Runner 28, Runner 29 and Runner 30." in named.text


@pytest.mark.parametrize(
    "name",
    ["Al", "W" * 300, "Llewellyn-Featherstonehaugh of Cholmondeley", "长" * 40, "e\u0301" * 50],
    ids=["short", "one letter", "two names", "wide", "combining"],
)
def test_a_name_in_the_head_fits_and_is_whole_to_the_ear(lines, name):
    block = heat_table.blocks(
        [heat_table.Column(name, "● On track", "fine", dict(lines[0].status_of_area))], CATALOGUE, ENGLISH
    )[0]
    drawing = block.heads[0].name
    shown = drawing.ticks[0].label
    assert drawing.title == name
    assert shown == name or (shown.endswith("…") and name.startswith(shown[:-1]))
    assert drawing.height <= heat_table._LONGEST_NAME + 2 * heat_table._ROOM


def test_a_squad_of_nobody_has_a_page(demo_day):
    page = render([], demo_day)
    assert page.faults == []
    assert page.root.all("table", "heat") == []
    assert "No area is under target" in page.text


# the script


def test_policy_names_the_script_that_stands_on_the_page_and_nothing_else(small, large):
    for page in (small, large):
        script = "".join(map(str, page.root.all("script")[0].inside))
        assert digest(script) == squad_page.script_hash()
        policy = next(e.attributes["content"] for e in page.root.all("meta") if "http-equiv" in e.attributes)
        assert policy.endswith(f"script-src '{squad_page.script_hash()}'")


def test_rows_carry_what_the_script_narrows_by(small, lines):
    in_order = sorted(lines, key=squad_page.by_need)
    rows = small.root.all("table", "squad")[0].all("tbody")[0].all("tr")
    assert [row.attributes["data-need"] for row in rows] == [line.kind for line in in_order]
    assert [row.attributes["data-under"] for row in rows] == [" ".join(line.under) for line in in_order]
    needs = [option.attributes["value"] for option in small.root.all("select")[0].all("option")]
    assert needs == ["", *(kind for kind in NEEDS if kind in {line.kind for line in lines})]
