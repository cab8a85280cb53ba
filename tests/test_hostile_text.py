"""Text that means harm in every output but the browser's: the terminal, notebooks, and each file under reports/."""

import csv
import json
import re
import shutil
import tomllib
from collections.abc import Iterable
from html.parser import HTMLParser

import polars as pl
import pytest
from click.testing import CliRunner
from hostile import (
    DAY,
    EVERYTHING,
    HOSTILE,
    IN_TEXT_FILES,
    UNSEEN,
    hostile_store,
    marked,
    marker,
    runner_ids,
    template_words,
    unseen_in,
)

from runfix_analytics.catalogue import load
from runfix_analytics.cli import main
from runfix_analytics.store import Store
from runfix_analytics.tables import STORED_FACTS, Imports, StrengthSets
from runfix_analytics.text import clean_text
from runfix_analytics.unmapped import unmapped

# long texts are cut before the word that marks them
MOST = 36
POLARS_WRITES = {"div", "style", "small", "table", "thead", "tbody", "tr", "th", "td"}, {"class", "border"}
PLAIN_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
AS_OF = ("--as-of", str(DAY))
LISTS = {
    "status": ("status", *AS_OF),
    "imports": ("imports",),
    "rejects": ("imports", "--rejects"),
    "unmapped": ("unmapped",),
    "explain": ("explain", EVERYTHING, "core", *AS_OF),
}
WORK = {
    "import": ("import",),
    "report": ("report", *AS_OF),
    "report of one": ("report", *AS_OF, "--runner", EVERYTHING),
    "list of pages": ("report", "--list"),
    "retry": ("retry", "--runner", runner_ids()["colour"]),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, run_night) -> Store:
    return hostile_store(tmp_path_factory, run_night)


@pytest.fixture(scope="module")
def hostile_copy(hostile, tmp_path_factory) -> Store:
    """A copy that commands may change."""
    root = tmp_path_factory.mktemp("hostile") / "squad"
    shutil.copytree(hostile.root, root)
    return Store(root)


def runfix(store: Store, *arguments: str) -> str:
    """All that a command prints, colours and all; it must not fail."""
    result = CliRunner().invoke(main, [*arguments, "--root", str(store.root)], color=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code in (0, 3), result.output
    return result.output


def n_kinds_in(text: str) -> int:
    """How many of the hostile texts a text shows, or what is left of them."""
    return sum(bool(re.search(rf"\b{marker(kind)}\b", text)) for kind in HOSTILE)


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_clean_stays_as_it_is(kind):
    """Names and reasons are cleaned at several places, and compared."""
    for text in (HOSTILE[kind], marked(kind), f"{'x ' * 999}{marked(kind)}", f"\u200b {HOSTILE[kind]} \u200b é"):
        clean = clean_text(text)
        assert clean_text(clean) == clean
        assert unseen_in(clean) == []
        assert not re.search(r"\s\s|^\s|\s$", clean)


# the terminal


@pytest.mark.parametrize("name", LISTS)
def test_a_list_in_the_terminal_shows_hostile_text_without_what_is_not_seen(hostile, name):
    said = runfix(hostile, *LISTS[name])
    assert unseen_in(said) == []
    assert n_kinds_in(said) >= MOST


@pytest.mark.parametrize("name", LISTS)
def test_a_list_as_json_can_be_read_and_holds_nothing_unseen(hostile, name):
    said = CliRunner().invoke(main, [*LISTS[name], "--json", "--root", str(hostile.root)]).stdout
    texts = [text for row in json.loads(said) for text in row.values() if isinstance(text, str)]
    assert [text for text in texts if unseen_in(text)] == []
    assert n_kinds_in(" ".join(texts)) >= MOST


@pytest.mark.parametrize("name", WORK)
def test_what_a_command_says_while_it_works_holds_nothing_unseen(hostile_copy, name):
    assert unseen_in(runfix(hostile_copy, *WORK[name])) == []


def test_an_error_does_not_repeat_what_is_not_seen(hostile):
    """A script may pass on a name from a file; what it passes on is shown to somebody."""
    for word in (marked("colour"), marked("direction"), marked("terminal link")):
        result = CliRunner().invoke(main, ["status", "--runner", word, "--root", str(hostile.root)], color=True)
        assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
        assert unseen_in(result.output) == []


@pytest.mark.parametrize("before", [("status", "--as-of"), ("status",), ("explain",), ("report", "--"), ("--",)])
def test_a_wrong_use_is_told_without_what_is_not_seen(hostile, before):
    for word in (word for kind in UNSEEN for word in (marked(kind), f"--{marked(kind)}")):
        result = CliRunner().invoke(main, [*before, word], color=True)
        assert result.exit_code == 2
        assert unseen_in(result.output) == []


def test_a_command_without_a_word_is_still_told_its_help():
    result = CliRunner().invoke(main, [])
    assert result.output == CliRunner().invoke(main, ["--help"]).output


@pytest.mark.parametrize("name", ["runners.csv", "names.csv"])
def test_a_list_with_a_carriage_return_is_one_line_that_quotes_no_cell(hostile_copy, tmp_path, name):
    root = tmp_path / "squad"
    shutil.copytree(hostile_copy.root, root)
    content = (root / name).read_bytes()
    (root / name).write_bytes(content + b"made0,Ann\rExample,,,,,\n")
    result = CliRunner().invoke(main, ["status", "--root", str(root)], color=True)
    n_lines = content.count(b"\n") + 1
    assert (result.exit_code, result.stdout) == (1, "")
    assert re.fullmatch(rf"runfix: {name} line \d+: a line ends inside a cell; .*\n", result.stderr)
    assert f"line {n_lines}:" in result.stderr
    assert "Ann" not in result.stderr


def test_a_folder_of_nobody_is_named_in_one_line(hostile_copy):
    lines = [line for line in runfix(hostile_copy, "import").splitlines() if "is no runner of runners.csv" in line]
    assert len(lines) == len(HOSTILE)
    assert n_kinds_in("\n".join(lines)) >= MOST


def test_names_to_complete_are_toml_that_means_what_was_logged(hostile):
    said = runfix(hostile, "unmapped", "--toml")
    assert unseen_in(said) == []
    read = tomllib.loads(said)
    assert set(read) == {"aliases"}
    assert set(read["aliases"].values()) == {""}
    assert n_kinds_in(" ".join(read["aliases"])) >= MOST


def test_no_reason_or_warning_of_a_file_that_is_not_read_quotes_what_it_says(hostile):
    """It goes into logs, and the file may be a letter about somebody's health."""
    ledger = hostile.read(Imports).filter(status="unknown_format")
    assert ledger.height >= len(IN_TEXT_FILES)
    assert n_kinds_in(" ".join(ledger["file_name"])) >= MOST
    assert [reason for reason in ledger["reason"] if not reason.startswith("no reader knows this content (")] == []
    assert n_kinds_in(" ".join([*ledger["reason"], *ledger["warnings"].explode().drop_nulls()])) == 0


# a notebook


class Markup(HTMLParser):
    """What markup holds: the names of elements and attributes, links, all text, and whatever is neither."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements, self.attributes, self.links, self.texts, self.others = set(), set(), set(), [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links.update(value or "" for name, value in attrs if name in ("href", "src", "xlink:href"))
        self.texts.extend(value or "" for _, value in attrs)

    def handle_data(self, data):
        self.texts.append(data)

    def handle_comment(self, data):
        self.others.append(f"comment {data}")

    def handle_pi(self, data):
        self.others.append(f"instruction {data}")

    def unknown_decl(self, data):
        self.others.append(f"declaration {data}")

    def faults(self, known_elements: Iterable[str], known_attributes: Iterable[str]) -> list[str]:
        """Whatever our own templates do not write, and characters that nobody sees."""
        new = (self.elements - set(known_elements)) | (self.attributes - set(known_attributes))
        return [*sorted(new), *self.others, *unseen_in("".join(self.texts))]


def test_tables_in_a_notebook_are_escaped(hostile):
    frames = {table: hostile.read(schema) for table, schema in STORED_FACTS.items()}
    frames["unmapped"] = unmapped(hostile.read(StrengthSets), catalogue=load())
    seen = {}
    for name, frame in frames.items():
        with pl.Config(tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=400, fmt_table_cell_list_len=-1):
            seen[name] = Markup(frame._repr_html_())
    assert {name: found for name, markup in seen.items() if (found := markup.faults(*POLARS_WRITES))} == {}
    for name in ("strength_sets", "ache_reports", "imports", "rejects", "unmapped"):
        assert n_kinds_in(" ".join(seen[name].texts)) >= MOST, name


# files


def test_every_page_is_made_of_what_the_templates_write(hostile):
    found, said = {}, []
    for path in (hostile.root / "reports").rglob("*.html"):
        markup = Markup(path.read_text(encoding="utf-8"))
        said += markup.texts
        known = template_words(path.relative_to(hostile.root / "reports").as_posix())
        found[str(path)] = [*markup.faults(*known), *(link for link in markup.links if ":" in link)]
    assert len(found) > len(runner_ids())
    assert {page: faults for page, faults in found.items() if faults} == {}
    assert n_kinds_in(" ".join(said)) >= MOST


def test_no_name_of_a_file_or_folder_under_reports_is_hostile(hostile):
    paths = [path.relative_to(hostile.root).as_posix() for path in (hostile.root / "reports").rglob("*")]
    assert [path for path in paths if not re.fullmatch(r"reports(/[A-Za-z0-9_-]{1,64})+(\.[a-z]+)?", path)] == []


def test_no_cell_of_a_table_is_a_formula_to_a_spreadsheet(hostile):
    found = {}
    for path in (hostile.root / "reports").rglob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        found[str(path)] = [cell for cell in cells if is_formula(cell) or unseen_in(cell)]
    assert {path: cells for path, cells in found.items() if cells} == {}


def test_there_are_tables_for_spreadsheets(hostile):
    assert list((hostile.root / "reports").rglob("*.csv"))


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet may calculate a cell, blanks before it or not; a plain number is none."""
    starts = cell.startswith(FORMULA_STARTS) or cell.lstrip().startswith(FORMULA_STARTS)
    return starts and not PLAIN_NUMBER.fullmatch(cell)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1+1", True), (" =1+1", True), ("\t=1+1", True), ("\r", True), ("@SUM(1)", True), ("+cmd|' /C'!A0", True),
        ("-2+3", True), ("-", True), ("-2.5", False), ("+1e-3", False), ("'=1+1", False), ("", False), ("a=1", False),
    ],
)  # fmt: skip
def test_a_formula_is_told_from_a_number(cell, expected):
    assert is_formula(cell) is expected


def test_markup_that_our_templates_do_not_write_is_noticed():
    source = f"<p>{marked('image')}</p><a href='javascript:1'>\x1b</a><!-- x --><?php ?><![CDATA[x]]>"
    markup = Markup(source)
    assert markup.faults({"p", "a"}, {"href"})[:3] == ["img", "onerror", "src"]
    assert len(markup.faults({"p", "a"}, {"href"})) == 7
    assert markup.links == {"javascript:1", "x"}


def test_the_corpus_holds_every_kind_of_harm_and_each_text_differs():
    assert len(set(HOSTILE.values())) == len(HOSTILE)
    control = {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))} - set("".join(HOSTILE.values()))
    assert {ord(char) for char in control} <= set(range(0x80, 0xA0))
    for char in "\u202e\u2066\u200b\u0301":
        assert any(char in text for text in HOSTILE.values())
    assert set(HOSTILE) - set(IN_TEXT_FILES) == {"nul"}
