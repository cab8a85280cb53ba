"""The pages in headless Chromium: on paper, on a phone, and with text that means harm."""

import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from runfix_analytics import night
from runfix_analytics.sample_files import SheetRow, strength_sheet_csv
from runfix_analytics.store import Store

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
RUNNER_PAGES, SQUAD_PAGES = 2, 2
DAY = date(2026, 3, 29)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: pages are not rendered"),
]

Browser = Callable[..., str]


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """Opens a file with the given options in a fresh profile; gives what Chromium prints."""

    def run(page: Path, *options: str) -> str:
        command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *options, page.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout

    return run


def printed(browser: Browser, page: Path, pdf: Path) -> bytes:
    browser(page, f"--print-to-pdf={pdf}", "--no-pdf-header-footer")
    return pdf.read_bytes()


def n_pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def page_paths(store: Store) -> list[Path]:
    return sorted((store.root / "reports").glob("*/index.html"))


def test_every_runner_fits_on_two_sheets_of_a4(demo_store, browser, tmp_path):
    sheets = {}
    for path in page_paths(demo_store):
        pdf = printed(browser, path, tmp_path / "page.pdf")
        sheets[path.parent.name] = n_pages(pdf)
        assert {
            (round(float(w)), round(float(h))) for w, h in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
        } <= {(595, 842)}
    assert len(sheets) == 12
    assert {runner: n for runner, n in sheets.items() if not 1 <= n <= RUNNER_PAGES} == {}


def test_the_squad_fits_on_two_sheets(demo_store, browser, tmp_path):
    pdf = printed(browser, night.squad_page_path(demo_store.root), tmp_path / "squad.pdf")
    assert 1 <= n_pages(pdf) <= SQUAD_PAGES


MEASURE = """<script>
const wide = [...document.querySelectorAll('*')].filter(e => e.scrollWidth > e.clientWidth + 1 &&
    getComputedStyle(e).overflowX !== 'visible' && !e.closest('svg')).map(e => e.tagName + '.' + e.className);
const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
document.title = 'cut:' + JSON.stringify(wide) + ' over:' + over;
</script>"""


def measured(browser: Browser, path: Path, copy: Path, width: int, *, as_paper: bool = False) -> str:
    """The page's copy with a ruler in it, laid out at a width: what is cut off or needs a scroll bar.

    On paper the print rules hold at the width of A4 without its margins; the copy alone is allowed its script.
    """
    source = path.read_text(encoding="utf-8").replace(
        "default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'"
    )
    if as_paper:
        source = source.replace("@media print {", "@media all {")
    copy.write_text(source.replace("</body>", f"{MEASURE}</body>"), encoding="utf-8")
    found = re.search(r"<title>(.*?)</title>", browser(copy, f"--window-size={width},1200", "--dump-dom"), re.DOTALL)
    assert found is not None
    return found[1]


def test_nothing_is_cut_off_on_paper(demo_store, browser, tmp_path):
    """Between the margins of A4 lie 688 CSS pixels, 1032 across (the squad's page); paper cannot be scrolled."""
    cut = {}
    widths = dict.fromkeys(page_paths(demo_store), 688) | {night.squad_page_path(demo_store.root): 1032}
    for path, width in widths.items():
        said = measured(browser, path, tmp_path / "copy.html", width, as_paper=True)
        if said != "cut:[] over:0":
            cut[path.parent.name] = said
    assert cut == {}


def test_a_page_does_not_scroll_sideways_as_a_whole_on_a_phone(demo_store, browser, tmp_path):
    """Wide tables may scroll inside their own box."""
    for path in (page_paths(demo_store)[0], night.squad_page_path(demo_store.root)):
        assert measured(browser, path, tmp_path / "copy.html", 500).endswith("over:0")


HARM = (
    "<script>document.title='owned'</script>",
    "</title><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "' onmouseover=\"document.title='owned'\" autofocus onfocus=\"document.title='owned'\" x='",
    "</style><svg onload=\"document.title='owned'\">",
)


@pytest.fixture(scope="module")
def harmed(tmp_path_factory, run_night) -> Store:
    """A squad whose names and exercises are scripts."""
    store = Store.create(tmp_path_factory.mktemp("harmed") / "squad")
    with (
        (store.root / "runners.csv").open("a", encoding="utf-8") as runners,
        (store.root / "names.csv").open("a", encoding="utf-8") as names,
    ):
        for number, text in enumerate(HARM):
            quoted = '"' + text.replace('"', '""') + '"'
            runners.write(f"r{number},,metric,,,,partial\n")
            names.write(f"r{number},{quoted}\n")
    for number, text in enumerate(HARM):
        sheet = strength_sheet_csv([SheetRow(DAY, text, 2, 10)]).encode()
        store.write_private(store.root / "inbox" / f"r{number}" / "sheet.csv", sheet)
    run_night(store.root, DAY)
    return store


def test_no_hostile_script_runs_even_without_the_content_policy(harmed, browser, tmp_path):
    """The policy is the second line: without it, the escaping alone must hold."""
    for path in (*page_paths(harmed), night.squad_page_path(harmed.root)):
        open_copy = tmp_path / "open.html"
        source = re.sub(r"<meta http-equiv[^>]*>", "", path.read_text(encoding="utf-8"))
        open_copy.write_text(source, encoding="utf-8")
        for page in (path, open_copy):
            dom = browser(page, "--virtual-time-budget=500", "--dump-dom")
            assert not re.search(r"<title>\s*owned\s*</title>", dom)
            assert "<script" not in dom
            assert "<img" not in dom
            assert not re.search(r"<[a-z]+[^<>]* on[a-z]+=", dom)


def test_what_chromium_reads_is_what_was_written(demo_store, browser):
    """No part of the page is moved or dropped by the parser: as many tables, rows and drawings as in the file."""
    for path in page_paths(demo_store):
        dom, source = browser(path, "--dump-dom"), path.read_text(encoding="utf-8")
        for tag in ("<table", "<tr", "<td", "<svg", "<rect", "<li", "<section"):
            assert dom.count(tag) == source.count(tag)
