"""No output promises or diagnoses: pages in both voices, tables, PDFs, the terminal, forms."""

import io
import re
import tokenize
from pathlib import Path

import click
import pypdfium2
import pytest
from click.testing import CliRunner
from test_reports import banned_in

import runfix_analytics
from runfix_analytics import publishing
from runfix_analytics.cli import main
from runfix_analytics.reports.pdf import pdf_bytes

try:
    import weasyprint
except OSError:
    weasyprint = None

PACKAGE = Path(runfix_analytics.__file__).parent
# what is said of the method itself: published tests, a model for analysts that gives no advice
OF_THE_METHOD = re.compile(
    r"one person's log: a description, no test and no cause|does not cause|no cause", re.IGNORECASE
)

# the questionnaire's own words; the model for analysts, which gives no advice, is called what it is
EXEMPT = {"ostrc_items.py", "prediction.py"}
NAMES_OF_THE_MODEL = ("runfix-analytics[prediction]", "too few onsets to predict")


def said(path: Path) -> str:
    """The words of a page or table as they are read."""
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".html":
        text = re.sub(r"<style>.*?</style>", " ", text, flags=re.DOTALL)
        text = re.sub(r"<[^>]*?(?:aria-label|title)=\"([^\"]*)\"[^>]*>", r" \1 ", text)
        text = re.sub(r"<[^>]+>", " ", text)
    return re.sub(r"\s+", " ", text)


def commands(group: click.Group, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command with the words that call it."""
    found = [before]
    for name, command in group.commands.items():
        inner = (*before, name)
        found += commands(command, inner) if isinstance(command, click.Group) else [inner]
    return found


def test_nothing_below_reports_uses_a_banned_word(demo_store):
    files = sorted(path for path in (demo_store.root / "reports").rglob("*") if path.suffix in (".html", ".csv"))
    assert {path.suffix for path in files} == {".html", ".csv"}
    assert "runner.html" in {path.name for path in files}
    found = {path.name: banned_in(OF_THE_METHOD.sub("", said(path))) for path in files if path.name != "cohort.html"}
    assert {name: words for name, words in found.items() if words} == {}


@pytest.mark.skipif(weasyprint is None, reason="no Pango on this machine: no PDF is laid out")
def test_no_pdf_uses_a_banned_word(demo_store):
    pages = [publishing.squad_page_path(demo_store.root), publishing.runner_page_path(demo_store.root, "j29sgczy")]
    for page in pages:
        with pypdfium2.PdfDocument(pdf_bytes(page.read_text(encoding="utf-8"))) as document:
            text = " ".join(sheet.get_textpage().get_text_bounded() for sheet in document)
        text = re.sub(r"\s+", " ", text)
        assert len(text) > 1000
        assert banned_in(OF_THE_METHOD.sub("", text)) == []


@pytest.mark.parametrize("words", commands(main), ids=" ".join)
def test_no_help_in_the_terminal_uses_a_banned_word(words):
    result = CliRunner().invoke(main, [*words, "--help"])
    assert result.exit_code == 0
    assert banned_in(re.sub(r"\s+", " ", result.output)) == []


@pytest.mark.parametrize("words", [("status",), ("explain", "j29sgczy", "core"), ("imports",), ("template", "aches"),
                                   ("template", "strength"), ("report", "--list")], ids=" ".join)  # fmt: skip
def test_nothing_that_a_command_prints_uses_a_banned_word(demo_store, words):
    root = () if words[0] == "template" else ("--root", str(demo_store.root))
    result = CliRunner().invoke(main, [*words, *root])
    assert result.exit_code == 0
    assert len(result.output) > 100
    assert banned_in(result.output) == []


def test_no_message_to_a_person_uses_a_banned_word():
    """Texts with a blank in them; docstrings and comments are for developers."""
    modules = [*PACKAGE.glob("*.py"), *PACKAGE.glob("readers/*.py"), *PACKAGE.glob("reports/*.py")]
    found = {}
    for path in (module for module in modules if module.name not in EXEMPT):
        texts, before = [], None
        for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
            is_docstring = before in (None, tokenize.NEWLINE, tokenize.INDENT, tokenize.NL, tokenize.DEDENT)
            if token.type == tokenize.STRING and " " in token.string and not is_docstring:
                texts.append(token.string)
            if token.type != tokenize.COMMENT:
                before = token.type
        others = [text for text in texts if not any(name in text for name in NAMES_OF_THE_MODEL)]
        found[path.name] = [words for text in others for words in banned_in(OF_THE_METHOD.sub("", text))]
    assert {name: words for name, words in found.items() if words} == {}
