"""The pages, read as a coach reads them: every case of data/README.md, the words, and text that means harm.

The golden pages are rewritten by: RUNFIX_REWRITE_GOLDEN=1 python -m pytest tests/test_reports.py -k golden
"""

import csv
import os
import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from html import escape
from html.parser import HTMLParser
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from runfix_analytics import night, publishing
from runfix_analytics.catalogue import load
from runfix_analytics.delta_tables import bucket_of
from runfix_analytics.page_results import stored_results
from runfix_analytics.reports import ache_section, charts, runner_page, squad_page, words
from runfix_analytics.reports.drawing import Drawing
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.wording import languages, wording
from runfix_analytics.runner_lists import RUNNER_COLUMNS
from runfix_analytics.sample_files import AcheAnswer, SheetRow, ache_form_csv, strength_sheet_csv
from runfix_analytics.store import Store

CATALOGUE = load()
ENGLISH = wording()
GOLDEN = Path(__file__).parent / "golden"
TEMPLATES = Path(words.__file__).parent / "templates"
AREAS = {"Glutes", "Hamstrings", "Calves", "Core", "Upper back"}
LOWER_BODY = {area.id for area in CATALOGUE.areas.values() if area.lower_body}
RUNNERS = {
    "Ingrid": "qqesaq9m", "Mateo": "ryp6yxk8", "Aoife": "3rjuwhdu", "Thandiwe": "bqm5qa25", "Łukasz": "4e5ghujn",
    "Priya": "j29sgczy", "Kenji": "qkbhfkcs", "Dorothy": "axc7ahxf", "Samuel": "32yxqet6", "Moana": "nvqjn992",
    "Luca": "ux2gzs69", "Renée": "tv4tgm9s",
}  # fmt: skip
BY_NEED = ("■", "▲ Ache, under target", "▲ Open ache", "◐", "?", "●")
VOID = {"meta", "br", "hr", "img", "input", "link"}
BESIDE_IT = r"(\.\./|[A-Za-z0-9_-]{1,64}/)?(index|cohort|runner|exercises|weeks|aches|squad)\.(html|csv)"
NEVER = {
    "script",
    "img",
    "iframe",
    "object",
    "embed",
    "link",
    "base",
    "form",
    "input",
    "button",
    "video",
    "foreignobject",
}


# a page as a reader sees it


class Element:
    """One tag with its attributes and what is inside it, in order."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes = tag, attributes
        self.inside: list[Element | str] = []

    def walk(self) -> Iterator["Element"]:
        yield self
        for part in self.inside:
            if isinstance(part, Element):
                yield from part.walk()

    def all(self, tag: str, css: str = "") -> list["Element"]:
        return [e for e in self.walk() if e.tag == tag and css in ("", *e.attributes.get("class", "").split())]

    def text(self) -> str:
        """What stands on the paper: no style, no drawing."""
        parts = [part if isinstance(part, str) else part.text() for part in self.inside]
        is_unseen = self.tag in ("style", "script", "svg", "head")
        return "" if is_unseen else " ".join(" ".join(parts).split())


class Page(HTMLParser):
    """A parsed page; `faults` lists whatever is not well-formed."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source, self.faults = source, list[str]()
        self.root = Element("page", {})
        self._open = [self.root]
        self.feed(source)
        self.close()
        self.faults += [f"<{element.tag}> is never closed" for element in self._open[1:]]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            element = self._open[-1].inside[-1]
            assert isinstance(element, Element)
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) > len(set(names)):
            self.faults.append(f"<{tag}> has an attribute twice")
        self._open[-1].inside.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if self._open[-1].tag != tag:
            self.faults.append(f"</{tag}> closes <{self._open[-1].tag}> in line {self.getpos()[0]}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].inside.append(data)

    @property
    def text(self) -> str:
        return self.root.text()

    @property
    def everything_said(self) -> str:
        """The text, the words inside drawings, and what a screen reader reads out."""
        seen = [element for element in self.root.walk() if element.tag not in ("style", "script")]
        said = [part for element in seen for part in element.inside if isinstance(part, str)]
        read_out = [e.attributes.get(name, "") for e in self.root.walk() for name in ("title", "aria-label")]
        return " ".join(" ".join(said + read_out).split())

    def section(self, heading: str) -> list[Element]:
        """What follows an h2, up to the next one; empty where there is no such heading."""
        found, is_inside = [], False
        for element in self._in_order():
            if element.tag in ("h2", "footer"):
                is_inside = element.text().startswith(heading)
            elif is_inside:
                found.append(element)
        return found

    def section_text(self, heading: str) -> str:
        return " ".join(element.text() for element in self.section(heading))

    def table(self, heading: str) -> list[dict[str, str]]:
        """The rows of the table under a heading: column → text."""
        tables = [table for element in self.section(heading) for table in element.all("table")]
        if not tables:
            return []
        columns = [cell.text() for cell in tables[0].all("th")]
        cells = [[cell.text() for cell in row.all("td")] for row in tables[0].all("tr")]
        return [dict(zip(columns, row, strict=True)) for row in cells if row]

    def areas(self) -> dict[str, dict[str, str]]:
        return {row["Area"]: row for row in self.table("Five areas")}

    def moves(self) -> list[str]:
        return [item.all("b")[0].text() for moves in self.root.all("ul", "moves") for item in moves.all("li")]

    def sentence(self) -> str:
        return self.root.all("p", "sentence")[0].text()

    def completeness(self) -> str:
        return self.root.all("p", "complete")[0].text()

    def drawings(self, css: str) -> list[Element]:
        return self.root.all("path", css)

    def _in_order(self) -> Iterator[Element]:
        """The parts of main, one after the other, as if nothing were grouped."""
        for part in self.root.all("main")[0].inside:
            if isinstance(part, Element):
                yield from (
                    (inner for inner in part.inside if isinstance(inner, Element))
                    if {"behind", "keep"} & set(part.attributes.get("class", "").split()) and part.tag != "footer"
                    else (part,)
                )


@pytest.fixture(scope="module")
def pages(demo_store: Store) -> dict[str, Page]:
    """First name → page; "squad" → the squad's."""
    paths = {name: publishing.runner_page_path(demo_store.root, runner) for name, runner in RUNNERS.items()}
    paths["squad"] = publishing.squad_page_path(demo_store.root)
    return {name: Page(path.read_text(encoding="utf-8")) for name, path in paths.items()}


@pytest.fixture(scope="module")
def results(demo_store: Store, demo_day: date) -> dict[str, RunnerResults]:
    """First name → what the page is made of."""
    everybody = demo_store.runners(CATALOGUE)
    made = {found.runner_id: found for found in stored_results(demo_store, everybody, demo_day, CATALOGUE)}
    return {name: made[runner] for name, runner in RUNNERS.items()}


def statuses(page: Page) -> dict[str, str]:
    """Area → its status word."""
    known = sorted((mark.word for mark in words.STATUS.values()), key=len, reverse=True)
    return {name: next(word for word in known if word in row["Status"]) for name, row in page.areas().items()}


def share(cell: str) -> int:
    """The percentage in front of a cell."""
    return int(re.match(r"(\d+)\s%", cell)[1])  # type: ignore[index]


def advised(page: Page) -> list[str]:
    """The areas of the ranked advice, in order."""
    return [section.all("h3")[0].text().partition(" ")[2] for section in page.root.all("section", "advised")]


def areas_loaded_by(moves: list[str]) -> set[str]:
    by_name = {exercise.name: exercise for exercise in CATALOGUE.exercises.values()}
    return {area for move in moves for area in (*by_name[move].primary, *by_name[move].secondary)}


# the twelve cases


def test_every_page_has_the_five_areas_and_everybody_has_a_page(pages):
    assert len(pages) == 13
    for name in RUNNERS:
        assert set(pages[name].areas()) == AREAS


def test_well_covered_has_nothing_to_add(pages):
    page = pages["Ingrid"]
    assert page.sentence() == "All five areas are on target and no ache is open: keep going."
    assert set(statuses(page).values()) == {"on target"}
    assert page.section("What to do") == []
    assert page.moves() == []
    assert page.section_text("Aches") == "No ache reported."


def test_one_missing_area_is_zero_and_the_only_advice(pages):
    page = pages["Mateo"]
    assert statuses(page) == dict.fromkeys(AREAS, "on target") | {"Upper back": "under the floor"}
    assert share(page.areas()["Upper back"]["Coverage"]) == 0
    assert page.areas()["Upper back"]["Hard sets"] == "none"
    assert advised(page) == ["Upper back"]
    assert page.section_text("Aches") == "No ache reported."


def test_strength_never_logged_is_not_known_and_nowhere_zero_percent(pages):
    page = pages["Aoife"]
    assert "strength: 0 sessions, last never" in page.completeness()
    assert set(statuses(page).values()) == {"not known"}
    assert {row["Coverage"] for row in page.areas().values()} == {"– between 0–100 %"}
    assert not re.search(r"(?<![–\d])0\s%", page.everything_said.replace("between 0 % and 100 %", ""))
    assert page.drawings("good") + page.drawings("low") + page.drawings("floor") == []
    assert "log it first" in page.sentence()
    assert advised(page) == []
    assert "in one circuit" in page.section_text("What to do")
    assert len(page.moves()) == 5
    assert areas_loaded_by(page.moves()) == set(CATALOGUE.areas)


def test_strength_logged_sometimes_is_not_known_with_wide_bounds(pages):
    page = pages["Thandiwe"]
    assert set(statuses(page).values()) == {"not known"}
    assert all(re.fullmatch(r"– between \d+–100 %", row["Coverage"]) for row in page.areas().values())
    strips = [svg for cell in page.section("Five areas") for svg in cell.all("svg")][1::2]
    assert len(strips) == 5
    for strip in strips:
        hatched, framed = (
            sum(path.attributes["d"].count("M") for path in strip.all("path", css)) for css in ("hatched", "empty")
        )
        assert hatched > framed


def test_a_twisted_ankle_is_told_as_trauma_and_is_no_overuse_onset(pages):
    (onset,) = pages["Thandiwe"].table("Coverage before each onset")
    assert onset["Onset"] == "Right ankle, 14 Jun"
    assert (onset["Before"], onset["Own other weeks"]) == ("–", "–")
    assert "began suddenly" in onset["In words"]
    (ache,) = pages["Thandiwe"].table("Aches")
    assert ache["Where"] == "Right ankle over"
    assert ache["When"] == "14 Jun – 9 Jul"


def test_open_shin_ache_names_both_linked_areas_and_adds_both(pages):
    page = pages["Łukasz"]
    assert page.sentence().startswith("Left shin ache since 6 Oct")
    assert re.search(r"under target: calves \d+ % and hamstrings \d+ % of the target", page.sentence())
    assert advised(page) == ["Calves", "Hamstrings"]
    for section in page.root.all("section", "advised"):
        assert "the article links it to the open ache (left shin)" in section.text()
    (ache,) = page.table("Aches")
    assert ache["Where"] == "Left shin open"
    assert "calves" in ache["Linked areas (coverage now)"]
    assert "hamstrings" in ache["Linked areas (coverage now)"]
    assert {row["Linked area"] for row in page.table("Coverage before each onset")} == {"Calves", "Hamstrings"}


def own_weeks_drawings(page: Page) -> list[Element]:
    return [svg for part in page.section("Coverage before each onset") for svg in part.all("svg", "own")]


def test_own_weeks_are_drawn_one_dot_each_beside_a_diamond_for_the_onset_and_told_in_words(pages, results):
    calves, hamstrings = pages["Łukasz"].table("Coverage before each onset")
    assert calves["In words"] == "17 of 18 own known weeks were as low or lower; 3 not known"
    assert hamstrings["In words"] == "7 of 18 own known weeks were as low or lower; 3 not known"
    for svg in own_weeks_drawings(pages["Łukasz"]):
        (dots,), (diamond,) = svg.all("path", "dot"), svg.all("path", "onset")
        assert len(starts(dots.attributes["d"])) == 18
        assert len(starts(diamond.attributes["d"])) == 1
    first = own_weeks_drawings(pages["Łukasz"])[0]
    assert (
        first.attributes["aria-label"]
        == "Coverage before the onset 6\u00a0%; own other weeks: 18, from 3\u00a0% to 8\u00a0%"
    )


def test_the_second_heel_ache_lies_within_reach_of_the_first_and_is_not_compared(pages):
    first_calves, first_glutes, *before = pages["Dorothy"].table("Coverage before each onset")
    for row in (first_calves, first_glutes):
        assert row["In words"] == "within reach of an earlier ache: rehab may be in it; not compared"
    assert [row["In words"] for row in before] == [
        "4 of 4 own known weeks were as low or lower; 3 not known, 13 within reach of an ache"
    ] * 2
    marks = [svg.all("path")[-1].attributes["class"] for svg in own_weeks_drawings(pages["Dorothy"])]
    assert marks == ["onset-hollow", "onset-hollow", "onset", "onset"]


def test_an_onset_with_unknown_coverage_before_it_has_no_drawing(pages):
    (row,) = pages["Kenji"].table("Coverage before each onset")
    assert (row["Before"], row["Own other weeks"]) == ("–", "–")
    assert row["In words"] == "coverage before the onset is not known"
    assert own_weeks_drawings(pages["Kenji"]) == []


def own_weeks_row(**changed: Any) -> dict[str, Any]:
    row = {"own_weeks": [0.0, 0.5, 1.0], "coverage": 0.25, "is_washed_out": False, "excluded": None}
    return row | changed


def shape(drawing: Drawing, css: str) -> str:
    return next((shape.d for shape in drawing.shapes if shape.css == css), "")


def starts(d: str) -> list[tuple[float, float]]:
    """Where each part of a path begins."""
    return [(float(x), float(y)) for x, y in re.findall(r"M(-?[\d.]+) (-?[\d.]+)", d)]


def test_the_diamond_and_the_dots_stand_on_one_axis():
    drawing = charts.own_weeks(own_weeks_row(), CATALOGUE, ENGLISH)
    dots = [x + charts.DOT_RADIUS for x, _ in starts(shape(drawing, "dot"))]
    assert dots == pytest.approx([16, 81, 146], abs=0.06)
    assert len({y for _, y in starts(shape(drawing, "dot"))}) == 1
    assert starts(shape(drawing, "onset")) == [(48.5, 19.0)]
    assert [x for x, _ in starts(shape(drawing, "axis"))] == [16, 15.5, 113, 145.5]


@pytest.mark.parametrize("weeks", [[], [0.0], [0.0] * 300, [1.0] * 300, [week / 300 for week in range(301)]])
def test_every_own_week_has_a_dot_within_the_drawing(weeks: list[float]):
    drawing = charts.own_weeks(own_weeks_row(own_weeks=weeks), CATALOGUE, ENGLISH)
    places = charts.stacked(weeks)
    assert len(starts(shape(drawing, "dot"))) == len(places) == len(weeks)
    for x, y in places:
        assert charts.DOT_RADIUS <= x <= drawing.width - charts.DOT_RADIUS
        assert charts.DOT_RADIUS - 1e-9 <= y <= drawing.height - charts.DOT_RADIUS
    assert ("no own other week known" in drawing.title) is not bool(weeks)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "1 of 4 own known weeks was as low or lower; 2 not known, 3 within reach of an ache"),
        ({"n_own_weeks": 1}, "1 of 1 own known week was as low or lower; 2 not known, 3 within reach of an ache"),
        ({"n_own_weeks_lower": 0, "n_own_weeks_unknown": 0, "n_own_weeks_washed": 0},
         "0 of 4 own known weeks were as low or lower"),
        ({"n_own_weeks": 0}, "no own known week to compare with; 2 not known, 3 within reach of an ache"),
        ({"n_own_weeks": 0, "n_own_weeks_unknown": 0, "n_own_weeks_washed": 0}, "no own known week to compare with"),
        ({"is_washed_out": True}, "within reach of an earlier ache: rehab may be in it; not compared"),
        ({"excluded": "prevalent"}, "left out: the ache was there when the diary began"),
    ],
)  # fmt: skip
def test_own_weeks_are_told_in_words(results, changed: dict[str, Any], said: str):
    counts = {"n_own_weeks": 4, "n_own_weeks_lower": 1, "n_own_weeks_unknown": 2, "n_own_weeks_washed": 3} | changed
    found = results["Łukasz"]
    rows = tuple({**row, **counts} for row in found.onset_coverage)
    assert {row.said for row in ache_section.onset_rows(replace(found, onset_coverage=rows), CATALOGUE, ENGLISH)} == {
        said
    }


def test_the_long_run_before_the_shin_ache_is_marked_on_the_timeline(pages, results):
    (chart,) = pages["Łukasz"].root.all("svg", "timeline")
    (mark,) = [text for text in chart.all("text") if "▲" in text.inside]
    weeks = results["Łukasz"].weeks
    (spiked,) = [place for place, week in enumerate(weeks) if week.end == date(2026, 10, 4)]
    (bars,) = chart.all("path", "distance")
    left = starts(bars.attributes["d"])[spiked][0]
    width = starts(bars.attributes["d"])[1][0] - starts(bars.attributes["d"])[0][0]
    assert left < float(mark.attributes["x"]) < left + width


def test_red_flag_stands_first_and_no_move_loads_a_withheld_area(pages):
    page = pages["Priya"]
    (box,) = page.root.all("section", "flag")
    assert "STOP: right knee. See a physical therapist first." in box.text()
    assert "pain at night" in box.text()
    assert "the exercises cannot be done without pain" in box.text()
    assert "No exercises for glutes and calves until then." in box.text()
    assert page.source.index('class="flag"') < page.source.index("Five areas")
    assert page.sentence() == "Right knee: see a physical therapist before any more exercises for it."
    assert set(advised(page)) == {"Hamstrings", "Upper back", "Core"}
    assert areas_loaded_by(page.moves()) & {"glutes", "calves"} == set()
    assert "Bulgarian split squat" not in page.section_text("What to do")


def test_other_pages_have_no_stop_box(pages):
    assert [name for name in RUNNERS if pages[name].root.all("section", "flag")] == ["Priya"]


def test_a_recovered_ache_is_over_and_does_not_drive_the_sentence(pages):
    page = pages["Kenji"]
    assert page.sentence().startswith("No open ache; under target: upper back.")
    (ache,) = page.table("Aches")
    assert ache["Where"] == "Left Achilles tendon over"
    assert ache["When"] == "28 Apr – 12 Jun"
    assert [area for area, status in statuses(page).items() if status != "on target"] == ["Upper back"]


def test_a_recurrence_is_told_as_one_and_is_mild_and_open(pages):
    page = pages["Dorothy"]
    now, before = page.table("Aches")
    assert now["Where"] == "Left heel open"
    assert now["When"].startswith("since 27 Aug")
    assert "Came back within 2 months" in now["When"]
    assert "last 1/10" in now["Course"]
    assert before["Where"] == "Left heel over"
    assert share(page.areas()["Glutes"]["Coverage"]) == 0
    assert statuses(page)["Calves"] == "on target"
    assert "miles a week" in page.everything_said


def test_left_only_shows_left_and_right_and_counts_one_sided_sets_half(pages, demo_store, demo_day):
    page = pages["Samuel"]
    with (demo_store.root / "inbox" / RUNNERS["Samuel"] / "strength.csv").open(encoding="utf-8") as sheet:
        rows = [row for row in csv.DictReader(sheet) if date.fromisoformat(row["date"]) > demo_day - timedelta(28)]
    raises = sum(int(row["sets"]) for row in rows if row["exercise"] == "single-leg calf raise")
    assert f"{raises / 2:g} in 7 sessions (left {raises / 2:g}, right 0)" == page.areas()["Calves"]["Hard sets"]
    for area in ("Glutes", "Hamstrings", "Calves"):
        assert re.search(r"\(left \d+(\.\d)?, right 0\)$", page.areas()[area]["Hard sets"])
    for area in ("Core", "Upper back"):
        assert "left" not in page.areas()[area]["Hard sets"]


def test_left_only_says_in_words_that_the_right_side_is_missing(pages):
    page = pages["Samuel"]
    assert "right" in page.sentence() + page.section_text("What to do")


def test_everything_written_down_has_a_complete_log_and_moderate_values(pages):
    page = pages["Moana"]
    assert "log known on 28 of 28 days" in page.completeness()
    assert "answered in 4 of 4 weeks" in page.completeness()
    assert all(30 <= share(row["Coverage"]) <= 70 for row in page.areas().values())
    assert all("between" not in row["Coverage"] for row in page.areas().values())
    assert page.section_text("Aches") == "No ache reported."


def test_a_silent_runner_is_not_known_and_the_page_says_since_when(pages):
    page = pages["Luca"]
    assert "data until 20 Sept 2026" in page.text
    assert "log known on 0 of 28 days" in page.completeness()
    assert set(statuses(page).values()) == {"not known"}
    assert "on target" not in page.sentence()


def test_a_silent_runner_is_asked_for_before_anything_else(pages):
    assert re.search(r"20 Sep|silent|nothing .*since|ask", pages["Luca"].sentence(), re.IGNORECASE)


def test_no_answer_for_weeks_is_not_told_as_no_ache(pages):
    page = pages["Luca"]
    assert page.section_text("Aches") != "No ache reported."
    assert "none reported in these weeks" not in page.everything_said


def test_weeks_without_any_run_log_are_not_told_as_zero_kilometres(pages, results):
    silent = [week for week in results["Luca"].weeks if week.end > date(2026, 10, 1)]
    assert len(silent) == 4
    assert {week.distance_m for week in silent} == {None}


def test_quit_strength_is_zero_since_august_and_the_damaged_file_is_counted(pages):
    page = pages["Renée"]
    assert {share(row["Coverage"]) for row in page.areas().values()} == {0}
    assert {row["Last trained"] for row in page.areas().values()} == {"66 days ago"}
    assert "strength: 0 sessions, last 66 days ago" in page.completeness()
    assert "1 file damaged or not readable" in page.completeness()


def test_a_zero_that_rests_on_assumed_days_says_so(pages):
    assert "assumed" in pages["Renée"].text
    assert "assumed" not in pages["Moana"].areas()["Glutes"]["Coverage"]


def test_moves_name_only_the_equipment_that_the_runner_has(pages):
    """Priya has bands and dumbbells: a machine among the alternatives is no help to her."""
    assert "machine" not in " ".join(tag.text() for tag in pages["Priya"].root.all("span", "tags"))


# the squad's page


def squad_rows(page: Page) -> list[dict[str, str]]:
    rows = page.root.all("tbody")[0].all("tr")
    return [{"name": row.all("td")[0].text(), "status": row.all("td")[1].text(), "reason": row.all("td")[2].text(),
             "cells": " ".join(cell.text() for cell in row.all("span", "cell")), "aches": row.all("td")[8].text(),
             "distance": row.all("td")[9].text(), "last": " ".join(c.text() for c in row.all("td")[10:])}
            for row in rows]  # fmt: skip


def test_everyone_is_on_the_squad_page_and_linked_to_the_own_page(pages, demo_store):
    assert {row["name"] for row in squad_rows(pages["squad"])} == set(demo_store.names().values())
    links = [link.attributes["href"] for link in pages["squad"].root.all("a")]
    others = ["cohort.html", "exercises.html", "squad.csv"]
    assert sorted(links) == sorted([*others, *(f"{runner}/index.html" for runner in RUNNERS.values())])


def test_squad_is_sorted_by_need_and_then_by_deficit(pages, demo_store, demo_day):
    rows = squad_rows(pages["squad"])
    needs = [next(i for i, word in enumerate(BY_NEED) if row["status"].startswith(word)) for row in rows]
    assert needs == sorted(needs)
    ids = {name: runner for runner, name in demo_store.names().items()}
    today = demo_store.scan("coverage").filter(pl.col("local_date") == demo_day).collect()
    short = today.filter(pl.col("status").is_in(words.UNDER)).group_by("runner_id").agg((1 - pl.col("coverage")).sum())
    deficit = dict(short.rows())
    order = [(need, -deficit.get(ids[row["name"]], 0.0)) for need, row in zip(needs, rows, strict=True)]
    assert order == sorted(order)


def test_squad_page_gives_each_case_its_status(pages):
    status = {row["name"].split()[0]: row["status"] for row in squad_rows(pages["squad"])}
    assert status == {
        "Priya": "■ See a physio", "Dorothy": "▲ Ache, under target", "Łukasz": "▲ Ache, under target",
        "Renée": "◐ Under target", "Samuel": "◐ Under target", "Moana": "◐ Under target", "Mateo": "◐ Under target",
        "Kenji": "◐ Under target", "Aoife": "? Not known", "Luca": "? Not known", "Thandiwe": "? Not known",
        "Ingrid": "● On track",
    }  # fmt: skip


def test_reasons_on_the_squad_page_have_at_most_eight_words(pages):
    reasons = {row["name"]: row["reason"] for row in squad_rows(pages["squad"])}
    assert all(reasons.values())
    assert {name: reason for name, reason in reasons.items() if len(reason.split()) > 8} == {}


@pytest.mark.parametrize("language", tuple(languages()))
@pytest.mark.parametrize("is_flagged", [False, True])
def test_reasons_have_at_most_eight_words_for_every_place_that_can_hurt(results, is_flagged, language):
    hurt = results["Priya" if is_flagged else "Łukasz"]
    weak = {area: {**row, "coverage": 0.1, "status": "under_floor"} for area, row in hurt.today.items()}
    weeks = (*hurt.weeks[:-1], replace(hurt.weeks[-1], coverage=weak))
    too_long = []
    for site in CATALOGUE.sites.values():
        place = {"site_id": site.id, "symptom_id": site.symptom, "side": "both"}
        aches = tuple({**row, **place} for row in hurt.episodes)
        reason = squad_page.line(replace(hurt, episodes=aches, weeks=weeks), CATALOGUE, wording(language)).reason
        too_long += [reason] if len(reason.split()) > 8 else []
    assert too_long == []


def test_counts_on_the_squad_page_are_those_of_its_rows(pages, demo_store):
    counts = {item.text().partition(" ")[2]: int(item.all("b")[0].text())
              for item in pages["squad"].root.all("ul", "counts")[0].all("li")}  # fmt: skip
    rows = squad_rows(pages["squad"])
    still_open = demo_store.scan("episodes").filter(pl.col("state") != "ended").collect()
    assert counts == {
        "runners": 12,
        "with an open ache: talk to them": still_open["runner_id"].n_unique(),
        "to a physical therapist first": sum(row["status"].startswith("■") for row in rows),
        "with strength work not known": sum(row["cells"] == "? ? ? ? ?" for row in rows),
        "to chase for data": len(pages["squad"].section("Whom to chase")[0].all("li")),
    }
    assert counts["with an open ache: talk to them"] == sum(row["aches"] != "none" for row in rows)


def test_squad_wide_gap_counts_only_runners_with_a_known_value(pages, demo_store, demo_day):
    today = demo_store.scan("coverage").filter(
        pl.col("local_date") == demo_day, ~pl.col("status").is_in(["not_known", "not_clear"])
    )
    rows = today.filter(pl.col("area_id") == "upper_back").collect()
    n_under = rows.filter(pl.col("status").is_in(words.UNDER)).height
    assert f"{n_under} of {rows.height} runners with a known value are under target for upper back" in (
        pages["squad"].sentence()
    )


def test_silent_runners_are_chased_for_each_silent_log(pages):
    chase = {
        item.all("b")[0].text().split()[0]: item.text() for item in pages["squad"].section("Whom to chase")[0].all("li")
    }
    assert set(chase) == {"Luca", "Aoife", "Renée"}
    assert "runs: 35 days ago; strength: 37 days ago; aches: 41 days ago" in chase["Luca"]
    assert "strength: never logged" in chase["Aoife"]
    assert "1 bad file" in chase["Renée"]


def test_a_silent_runner_stands_out_from_one_who_only_does_not_log_strength(pages):
    """users.md: "3 need a talk, 2 silent 14+ days". Luca has vanished; Aoife runs and answers every week."""
    reason = {row["name"].split()[0]: row["reason"] for row in squad_rows(pages["squad"])}
    assert reason["Luca"] != reason["Aoife"]


def test_last_weeks_distance_of_a_silent_runner_is_not_zero(pages):
    distance = {row["name"].split()[0]: row["distance"] for row in squad_rows(pages["squad"])}
    assert distance["Luca"] == "none logged"
    assert distance["Dorothy"].split()[1] == "mi"


def test_red_flag_reason_says_who_and_where(pages):
    first = squad_rows(pages["squad"])[0]
    assert first["name"] == "Priya Raman"
    assert first["reason"] == "right knee: red flag reported"


# words

BANNED = re.compile(
    r"\brisk|predict|prevent|diagnos|\btreat|\bcaus|\bcure|\bheals?\b|weakness|\bacwr\b|injury-free", re.IGNORECASE
)
ALLOWED = ("This page is not a diagnosis and replaces no physical therapist.", "a description, no test and no cause.")


def banned_in(text: str) -> list[str]:
    for phrase in ALLOWED:
        text = text.replace(phrase, "")
    return [text[max(0, found.start() - 30) : found.end() + 30] for found in BANNED.finditer(text)]


def test_no_page_uses_a_banned_word(pages):
    assert {name: banned_in(page.everything_said) for name, page in pages.items()} == {name: [] for name in pages}


def test_no_sentence_that_a_page_may_use_holds_a_banned_word():
    constants = [repr(value) for name, value in vars(words).items() if name.isupper()]
    templates = [re.sub(r"\s+", " ", path.read_text(encoding="utf-8")) for path in TEMPLATES.iterdir()]
    moves = [f"{exercise.name} {exercise.how or ''}" for exercise in CATALOGUE.exercises.values()]
    assert [hit for text in (*constants, *templates, *moves) for hit in banned_in(text)] == []


def test_every_page_carries_the_caveat(pages):
    for page in pages.values():
        (footer,) = page.root.all("footer")
        assert "Weak muscles are not the only culprit" in footer.text()
        assert "not every ache is solved with strength work" in footer.text()
        assert "being hurt is common, not a failure" in footer.text()
        assert "not a diagnosis" in footer.text()


def test_no_page_prints_the_ordering_value_or_a_share_above_a_hundred(pages):
    for page in pages.values():
        assert "priority" not in page.everything_said.lower()
        assert all(int(found) <= 100 for found in re.findall(r"(\d+)\s%", page.everything_said))


def test_runners_own_words_stay_off_the_pages(pages):
    """users.md, roles by artefact: no free text notes on the coach's page."""
    for note in ("wakes me up", "eases after ten minutes", "knee sore", "first steps in the morning", "rolled it on"):
        assert not [name for name, page in pages.items() if note in page.everything_said]


# safety of the page itself


def test_pages_are_well_formed_without_script_and_without_outside_references(pages):
    for page in pages.values():
        assert_harmless(page)


def assert_harmless(page: Page) -> None:
    assert page.faults == []
    assert page.source.startswith("<!doctype html>")
    elements = list(page.root.walk())
    scripts = ["".join(map(str, element.inside)) for element in elements if element.tag == "script"]
    is_squad_page = "whole-squad" in page.root.all("body")[0].attributes.get("class", "").split()
    assert {element.tag for element in elements} & NEVER <= ({"script", "input", "button"} if is_squad_page else set())
    assert [digest(script) for script in scripts] == ([squad_page.script_hash()] if is_squad_page else [])
    assert [name for element in elements for name in element.attributes if name.startswith("on")] == []
    policies = [
        e.attributes["content"] for e in elements if e.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert policies == [f"{policy}; script-src '{squad_page.script_hash()}'" if is_squad_page else policy]
    for element in elements:
        for name in ("href", "src", "xlink:href", "action", "srcset"):
            assert re.fullmatch(BESIDE_IT, element.attributes.get(name, "index.html"))
    styles = " ".join(str(part) for element in elements if element.tag == "style" for part in element.inside)
    styles += " ".join(element.attributes.get("style", "") for element in elements)
    assert not re.search(r"@import|https?:|url\((?!#)", styles)
    assert "http:" not in page.source and "https:" not in page.source


def digest(script: str) -> str:
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"


def test_templates_hold_layout_only():
    """No arithmetic, no comparison of numbers, no threshold, nothing marked as safe."""
    for path in TEMPLATES.glob("*.j2"):
        for expression in re.findall(r"{{.*?}}|{%.*?%}", path.read_text(encoding="utf-8"), re.DOTALL):
            code = re.sub(r'"[^"]*"|\'[^\']*\'', "TEXT", expression[2:-2].strip("-+ "))
            assert not re.search(r"[+*/%<>~-]|==|!=|\b\d", code), f"{path.name}: {expression}"
            filters = set(re.findall(r"\|\s*(\w+)", code))
            assert filters <= {"join"}, f"{path.name}: {expression}"
            assert "autoescape" not in code, f"{path.name}: {expression}"


def test_same_results_give_the_same_bytes(results, demo_store, demo_day):
    lines = [squad_page.line(found, CATALOGUE, ENGLISH) for found in reversed(results.values())]
    assert (
        squad_page.render(lines, [], demo_day, CATALOGUE, ENGLISH, is_studied=True).encode()
        == publishing.squad_page_path(demo_store.root).read_bytes()
    )
    for found in results.values():
        page = publishing.runner_page_path(demo_store.root, found.runner_id).read_bytes()
        assert runner_page.render(found, CATALOGUE, ENGLISH).encode() == page


def test_pages_and_folders_are_private(demo_store):
    for path in (demo_store.root / "reports").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("name", "runner"), [("runner_4e5ghujn", "Łukasz"), ("squad", "squad")])
def test_golden_pages_are_unchanged(pages, name, runner):
    """Rewrite them with RUNFIX_REWRITE_GOLDEN=1 and read the difference before it is committed."""
    path = GOLDEN / f"{name}.html"
    text = re.sub(r"(catalogue and parameters )[0-9a-f]+", r"\g<1>VERSION", pages[runner].source)
    text = re.sub(r"<style>.*?</style>", "<style>STYLE</style>", text, flags=re.DOTALL)
    if os.environ.get("RUNFIX_REWRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text.splitlines() == path.read_text(encoding="utf-8").splitlines()


# text that means harm

HOSTILE = {
    "script": "<script>document.title='owned'</script>",
    "image": '"><img src=x onerror="document.title=\'owned\'">',
    "attribute": "' onmouseover='alert(1)' x='",
    "closing": "</title></style></svg></td></table><script>document.title='owned'</script>",
    "template": "{{ 7*7 }}{% raw %}{# x #}",
    "entities": "&amp;&#60;b&#62; <b>bold</b> & <!-- ",
    "formula": "=cmd|' /C calc'!A0",
    "link": "javascript:alert(document.domain) https://evil.example/x",
    "long": "W" * 3000,
}
UNSEEN = {
    "escape codes": "\x1b[31mred\x1b[0m\x07 bell",
    "lines": "first\nsecond\r\nthird\ttab",
    "direction": "abc\u202egnp.exe\u2066 \u200bzero",
    "c1": "a\x9b31mb\x85c",
}
HARM = HOSTILE | UNSEEN
SHEET_DAYS = [date(2026, 6, day) for day in (2, 5, 9, 12, 16, 19, 23, 26)]
CORNER_DAY = date(2026, 6, 28)


def sheet(*exercises: str, sets: int = 2) -> str:
    return strength_sheet_csv(SheetRow(day, exercise, sets, 10) for day in SHEET_DAYS for exercise in exercises)


def answers(*rows: AcheAnswer) -> str:
    return ache_form_csv(rows)


def ache(reported: str, site: str, **more: Any) -> AcheAnswer:
    usual = {"onset_date": date.fromisoformat(reported), "onset_type": "gradual", "side": "left", "pain_worst_0_10": 5}
    return AcheAnswer("", "", date.fromisoformat(reported), site=site, pain_now_0_10=4, **(usual | more))


def small_squad(
    root: Path, inboxes: dict[str, dict[str, str]], run_night: Callable[..., night.Done]
) -> dict[str, Page]:
    """Display name → page, of runners with these files, after one night; "squad" → the squad's page.

    All ids fall into one bucket, which makes the night short; names are written as somebody may type them.
    """
    store = Store.create(root)
    one_bucket = (f"made{number}" for number in count() if bucket_of(f"made{number}") == 0)
    ids = dict(zip(inboxes, one_bucket, strict=False))
    roster = [[runner, "Europe/Berlin", "", "", "", "", ""] for runner in ids.values()]
    write_csv(root / "runners.csv", [RUNNER_COLUMNS, *roster])
    write_csv(root / "names.csv", [("runner_id", "name"), *((runner, name) for name, runner in ids.items())])
    for name, files in inboxes.items():
        for file_name, content in files.items():
            store.write_private(root / "inbox" / ids[name] / file_name, content.encode())
    done = run_night(root, CORNER_DAY)
    assert done.failures == ()
    paths = {name: publishing.runner_page_path(root, runner) for name, runner in ids.items()}
    paths["squad"] = publishing.squad_page_path(root)
    return {name: Page(path.read_text(encoding="utf-8")) for name, path in paths.items()}


def write_csv(path: Path, rows: Iterable[Iterable[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


@pytest.fixture(scope="module")
def hostile_pages(tmp_path_factory, run_night):
    """Kind of harm → the page of a runner with that name, exercise, site and note."""
    inboxes = {
        f"{text} {kind}": {
            "strength.csv": sheet(text, "plank"),
            "aches.csv": answers(
                ache("2026-06-20", text, notes=text, exercise_that_hurt=text, pain_during_exercises=True),
                ache("2026-06-21", "left shin", notes=text),
            ),
        }
        for kind, text in HARM.items()
    }
    made = small_squad(tmp_path_factory.mktemp("hostile") / "squad", inboxes, run_night)
    return dict(zip((*HARM, "squad"), made.values(), strict=True))


@pytest.mark.parametrize("kind", [*HARM, "squad"])
def test_hostile_text_is_text_on_a_well_formed_page(hostile_pages, kind):
    assert_harmless_but_for_spelled_links(hostile_pages[kind])


def assert_harmless_but_for_spelled_links(page: Page) -> None:
    """A link that somebody typed may be read, but nothing may follow it."""
    assert_harmless(Page(page.source.replace("https://evil.example", "")))


@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind != "long"])
def test_hostile_names_and_exercises_are_escaped_and_can_be_read(hostile_pages, kind):
    page, text = hostile_pages[kind], HOSTILE[kind]
    seen = " ".join(text.split())
    assert page.root.all("h1")[0].text() == f"{seen} {kind}"
    assert f"“{seen}”" in page.completeness()
    assert f"{seen} {kind}" in hostile_pages["squad"].text
    if "<" in text:
        assert text not in page.source
        assert escape(text, quote=False).replace("&gt;", "") in page.source.replace("&gt;", "").replace(
            "&#34;", '"'
        ).replace("&#39;", "'")


@pytest.mark.parametrize("kind", UNSEEN)
def test_control_and_direction_characters_do_not_reach_a_page(hostile_pages, kind):
    for page in (hostile_pages[kind], hostile_pages["squad"]):
        found = {unicodedata.category(c) for c in page.source if c != "\n"} & {"Cc", "Cf", "Co", "Cs"}
        assert found == set()


def test_a_very_long_name_does_not_flood_the_pages(hostile_pages):
    assert len(hostile_pages["long"].root.all("h1")[0].text()) <= 200
    assert len(hostile_pages["long"].completeness()) <= 1000


def test_an_ache_at_a_place_that_nobody_knows_stays_on_the_page(hostile_pages):
    assert "Left place not recognised" in [
        row["Where"].removesuffix(" open") for row in hostile_pages["script"].table("Aches")
    ]


# corners that the sample squad does not have


@pytest.fixture(scope="module")
def corners(tmp_path_factory, run_night):
    """Display name → page."""
    strong = sheet("plank", "bent-over row")
    inboxes = {
        "chest": {"s.csv": strong, "a.csv": answers(ache("2026-06-25", "chest", side="centre"))},
        "breathless": {"s.csv": strong, "a.csv": answers(ache("2026-06-25", "breathing", onset_type="sudden"))},
        "shallow": {"s.csv": sheet("calf raise", "glute bridge"), "a.csv": answers(ache("2026-06-25", "breathing"))},
        "calf at night": {"s.csv": strong, "a.csv": answers(ache("2026-06-25", "calf", pain_at_night=True))},
        "somewhere": {"s.csv": strong, "a.csv": answers(ache("2026-06-25", "lower leg"))},
        "fallen": {"s.csv": strong, "a.csv": answers(ache("2026-06-25", "hip", onset_type="contact"))},
        "no longer heard of": {
            "s.csv": strong,
            "a.csv": answers(ache("2026-04-02", "shin"), ache("2026-04-09", "shin")),
        },
        "new": {},
    }
    return small_squad(tmp_path_factory.mktemp("corners") / "squad", inboxes, run_night)


@pytest.mark.parametrize("name", ["chest", "breathless"])
def test_chest_pain_and_sudden_breathlessness_get_medical_advice_and_no_exercise(corners, name):
    (box,) = corners[name].root.all("section", "flag")
    assert "Get medical advice now." in box.text()
    assert "physical therapist" not in box.text()
    assert corners[name].moves() == []


@pytest.mark.parametrize("name", ["chest", "breathless"])
def test_medical_advice_is_not_contradicted_by_the_sentence_or_the_squad_page(corners, name):
    assert "physical therapist" not in corners[name].sentence()
    assert "medical advice" in corners[name].sentence()
    row = next(row for row in squad_rows(corners["squad"]) if row["name"] == name)
    assert "physio" not in row["status"]
    assert "medical" in row["status"] + row["reason"]


def test_breathing_lists_its_areas_beside_the_order(corners):
    assert "Breathing: the article links shallow breaths with core and upper back." in corners["shallow"].text
    assert corners["shallow"].root.all("section", "flag") == []


def test_a_flag_at_an_unlinked_lower_body_place_withholds_all_lower_body_moves(corners):
    page = corners["calf at night"]
    (box,) = page.root.all("section", "flag")
    assert "lower-body exercises" in box.text()
    assert areas_loaded_by(page.moves()) & LOWER_BODY == set()


def test_a_fall_withholds_all_lower_body_moves(corners):
    (box,) = corners["fallen"].root.all("section", "flag")
    assert "it began suddenly or with a fall or blow" in box.text()
    assert areas_loaded_by(corners["fallen"].moves()) & LOWER_BODY == set()


def test_a_vague_place_is_asked_about(corners):
    (row,) = corners["somewhere"].table("Aches")
    assert "Ask which: shin, calf and Achilles tendon." in row["When"]
    assert row["Linked areas (coverage now)"] == "The article links no area to this"


def test_an_ache_that_is_no_longer_heard_of_is_told_as_that(corners):
    page = corners["no longer heard of"]
    (row,) = page.table("Aches")
    assert row["Where"] == "Left shin not heard of since"
    assert "last report 80 days ago" in row["When"]


def test_the_sentence_says_that_an_old_ache_was_last_heard_of_long_ago(corners):
    assert re.search(r"9 Apr|80 days|not heard|ask", corners["no longer heard of"].sentence())


def test_a_runner_without_any_log_has_a_page_that_knows_nothing(corners):
    page = corners["new"]
    assert "no log yet" in page.text
    assert set(statuses(page).values()) == {"not known"}
    assert not re.search(r"(?<![–\d])0\s%", page.everything_said.replace("between 0 % and 100 %", ""))
    assert page.faults == []


def test_a_runner_who_never_answered_is_not_told_to_have_no_ache(corners):
    assert corners["new"].section_text("Aches") != "No ache reported."


def test_what_the_coach_says_of_a_runner_stands_on_both_pages(results):
    marks = (
        {"mark": "away", "from_on": date(2026, 10, 1), "to_on": None},
        {"mark": "seen_by_physio", "from_on": date(2026, 10, 20), "to_on": None},
    )
    found = replace(results["Luca"], marks=marks)
    said = "away from 1 Oct until further notice and seen by a physio on 20 Oct"
    assert f"The coach says: {said}." in Page(runner_page.render(found, CATALOGUE, ENGLISH)).text
    assert squad_page.line(found, CATALOGUE, ENGLISH).marked == said


def test_without_a_mark_the_coach_says_nothing(pages):
    assert not [name for name, page in pages.items() if "The coach says" in page.text]
