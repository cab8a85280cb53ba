"""The site of the docs: it builds without a warning, asks nobody for anything, and leaves nothing of the code out."""

import fcntl
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.building import dictionary, formats, layers, measured, site
from runfix_analytics.readers import all_readers
from runfix_analytics.store import TABLES
from tests.browsing import CHROMIUM, PHONE, SCREEN, chromium, sideways

ROOT = Path(__file__).resolve().parents[1]
ASKS = re.compile(
    r"<(?:script|img|iframe|source)[^>]*\ssrc=[\"']?(https?:)?//|<link[^>]*\shref=[\"']?(https?:)?//|@import"
)
SEEN = (
    "index", "coach", "dictionary/logged", "catalogue/exercises", "architecture", "formats/strength", "operator",
    "notebooks/02_is_the_log_complete", "notebooks/06_from_exports_to_a_table",
)  # fmt: skip


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Every page as Markdown."""
    return site.pages()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site, built as `make docs` does it, with a network that leads nowhere; once for all xdist workers."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder, finished = shared / "docs_site", shared / "docs_site.finished"
    with (shared / "docs_site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            _build(folder)
            finished.touch()
    return folder


def _build(site_folder: Path) -> None:
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    environment = os.environ | nowhere | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    for words in (["docs.building"], ["mkdocs", "build", "--strict", "--config-file", "build/mkdocs.yml"]):
        run = subprocess.run(
            [sys.executable, "-m", *words, *(["--site-dir", site_folder] if "build" in words else [])],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        assert "WARNING" not in run.stderr


def test_the_site_is_built_with_every_page_of_its_order(built: Path):
    wanted = {page for of in site.NAV.values() for page in of.values()}
    assert [page for page in wanted if not (built / page).with_suffix(".html").is_file()] == []
    assert len(list((built / "api").glob("*.html"))) == len(list(layers.modules())) + 1


def test_no_page_asks_for_anything_from_elsewhere(built: Path):
    files = [*built.rglob("*.html"), *built.rglob("*.css")]
    assert len(files) > 100
    asking = {path.name: found[0] for path in files if (found := ASKS.search(path.read_text(encoding="utf-8")))}
    assert asking == {}


def test_asking_is_seen():
    """Without this the test above could not fail."""
    assert ASKS.search('<script src="https://unpkg.example/shim"></script>')
    assert ASKS.search("<link rel=stylesheet href=//fonts.example/css>")
    assert not ASKS.search('<a href="https://delta.io">Delta</a><script src="assets/a.js"></script>')


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not on this machine")
    with chromium() as opened:
        yield opened


@pytest.mark.browser
@pytest.mark.parametrize("width", [SCREEN, PHONE])
def test_pages_fit_the_window_and_say_nothing_wrong(built: Path, browser, width: int):
    tab = browser.new_page(viewport={"width": width, "height": 900})
    asked, said = list[str](), list[str]()
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    wide = {}
    for name in SEEN:
        tab.goto((built / f"{name}.html").as_uri(), wait_until="load")
        wide[name] = sideways(tab)
    tab.close()
    assert wide == dict.fromkeys(SEEN, 0)
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert said == []


@pytest.mark.browser
def test_the_search_works_on_pages_opened_from_the_disk(built: Path, browser):
    tab = browser.new_page()
    tab.goto((built / "index.html").as_uri(), wait_until="load")
    tab.keyboard.press("f")
    tab.keyboard.type("washout", delay=20)
    tab.locator(".md-search-result__item").first.wait_for(timeout=15_000)
    found = tab.locator(".md-search-result__item").all_inner_texts()
    tab.close()
    assert any("method" in text or "washout" in text.lower() for text in found)


# what is told


def test_every_column_of_every_table_has_a_meaning_and_no_meaning_is_left_over():
    told = [(name, column) for name, of in dictionary.schemas().items() for column in of.columns()]
    told += [(name, column) for name, (_, columns) in dictionary.CSV_FILES.items() for column in columns]
    assert [where for where in told if not dictionary.meaning(where[1], where[0])] == []
    used = {column for _, column in told}
    assert sorted(set(dictionary.MEANINGS["columns"]) - used) == []
    own = {(name, column) for name, of in dictionary.MEANINGS.items() if name != "columns" for column in of}
    assert sorted(own - set(told)) == []
    with pytest.raises(KeyError):
        dictionary.meaning("no_such_column", "Runs")


def test_the_dictionary_has_each_table_with_its_columns_types_and_values(pages: dict[str, str]):
    text = "".join(said for page, said in pages.items() if page.startswith("dictionary/"))
    for name, of in dictionary.schemas().items():
        assert f"\n## {name}\n" in text
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert [column for column in of.columns() if f"| `{column}` |" not in section] == []
    assert [table for table in TABLES if f"`tables/{table}`" not in text] == []
    runs = pages["dictionary/logged.md"].partition("\n## Runs\n")[2].partition("\n## ")[0]
    assert "| `distance_m` | number, m, may be null | distance |" in runs
    assert "| `start_at` | moment, UTC | when it began |" in runs
    assert "`file_offset`, `gps`, `configured`, `assumed`" in runs


def test_every_reader_has_steps_and_a_section(pages: dict[str, str]):
    text = "".join(said for page, said in pages.items() if page.startswith("formats/"))
    assert [reader for reader in all_readers() if f"{{#{reader}}}" not in text] == []
    for reader in all_readers():
        section = text.partition(f"{{#{reader}}}")[2].partition("\n## ")[0]
        assert "**How to export**\n\n1. " in section
        assert (all_readers()[reader].__doc__ or "").split()[0] in section


def test_a_reader_without_steps_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "readers.toml").write_text('[strong_csv]\nname = "Strong"\n', encoding="utf-8")
    monkeypatch.setattr(formats, "STEPS", tmp_path / "readers.toml")
    with pytest.raises(KeyError, match="hevy_csv"):
        dict(formats.pages())


def test_the_drawings_hold_every_module_of_the_contracts_once(pages: dict[str, str]):
    drawn = [re.findall(r"</rect>|<text[^>]*>([^<]+)</text>", pages[f"images/layers_{n}.svg"]) for n in (0, 1)]
    assert "coverage" in drawn[0]
    assert "readers" in drawn[1]
    assert [name for names in drawn for name in set(names) if names.count(name) > 1] == []
    first = layers.drawing("Two layers", ["a.one | a.two", "a.three"])
    assert first.count('class="layer"') == 2
    assert first.index(">one<") < first.index(">three<")


def test_links_between_our_files_become_links_between_pages():
    assert site._linked("README.md", "[m](docs/method.md#speed)") == "[m](method.md#speed)"
    assert site._linked("docs/method.md", "[w](../GLOSSARY.md)") == "[w](words.md)"
    assert site._linked("docs/method.md", "[o](operator.md#rebuild)") == "[o](operator.md#rebuild)"
    assert site._linked("CONTRIBUTING.md", "[l](LICENSE.txt)") == "l"
    assert site._linked("notebooks/README.md", "[1](01_a.ipynb)") == "[1](notebooks/01_a.md)"
    assert site._linked("notebooks/01_a.ipynb", "[m](../docs/method.md#speed)", "../") == "[m](../method.md#speed)"
    assert site._linked("notebooks/01_a.ipynb", "[s](../data/README.md)", "../") == "[s](../sample.md)"
    assert site._linked("README.md", "[d](https://delta.io)") == "[d](https://delta.io)"


def test_sizes_tell_the_core_and_each_extra():
    core, pdf = measured.needed(""), measured.needed("pdf")
    assert {"polars", "click"} <= core
    assert "weasyprint" in pdf - core
    assert {"pandas", "prefect", "scikit-learn"} & core == set()
    assert "| core |" in measured.sizes()


def test_the_speed_page_tells_what_was_measured_when_and_where(pages: dict[str, str]):
    assert re.search(r"Measured on 20\d\d-\d\d-\d\d on \d+ cores, .*CPython 3", pages["speed.md"])
    assert "| `fit_decode` |" in pages["speed.md"]


def test_what_is_made_is_not_kept():
    kept = subprocess.run(["git", "ls-files", "docs"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [
        path for path in kept.splitlines() if path.startswith(("docs/dictionary", "docs/api", "docs/catalogue"))
    ] == []
