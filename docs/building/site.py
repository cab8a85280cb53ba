"""All pages of the site, and in which order they stand."""

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from docs.building import dictionary, formats, layers, measured, notebooks, reference, vocabulary

ROOT = Path(__file__).resolve().parents[2]
SOURCE, SETTINGS = ROOT / "build" / "docs-source", ROOT / "build" / "mkdocs.yml"
ASSETS = ROOT / "docs" / "assets"
_AT_THE_ROOT = {
    "GLOSSARY.md": "words.md",
    "CHANGELOG.md": "changelog.md",
    "DECISIONS.md": "decisions.md",
    "CONTRIBUTING.md": "contributing.md",
    "notebooks/README.md": "notebooks.md",
    "data/README.md": "sample.md",
}
_MADE = {"<!-- made: sizes -->": measured.sizes}
NAV: Mapping[str, Mapping[str, str]] = {
    "Start": {"What it is": "index.md", "Install": "install.md", "The made-up squad": "sample.md"},
    "Tutorials": {"For a coach": "coach.md", "For an analyst": "analyst.md", "For an operator": "operator.md"},
    "Formats": {
        "Overview": "formats/index.md", "Runs": "formats/runs.md", "Strength work": "formats/strength.md",
        "Aches": "formats/aches.md",
    },
    "Method": {
        "Coverage against onset": "method.md", "Areas": "catalogue/index.md", "Aches": "catalogue/aches.md",
        "Exercises": "catalogue/exercises.md", "Numbers": "catalogue/parameters.md",
    },
    "Notebooks": {
        "Overview": "notebooks.md",
        "What the logs hold": "notebooks/01_what_the_logs_hold.md",
        "Is the log complete": "notebooks/02_is_the_log_complete.md",
        "Coverage before onset": "notebooks/03_coverage_before_onset.md",
        "Does it hold up": "notebooks/04_does_it_hold_up.md",
        "Your own area": "notebooks/05_your_own_area.md",
        "From exports to a table": "notebooks/06_from_exports_to_a_table.md",
    },
    "Data": {
        "Overview": "dictionary/index.md", "Logged": "dictionary/logged.md", "Calculated": "dictionary/calculated.md",
        "Between modules": "dictionary/passing.md", "By hand": "dictionary/by_hand.md", "CSV files": "dictionary/csv.md",
        "Privacy": "privacy.md", "Words": "words.md",
    },
    "Code": {
        "API reference": "api/index.md", "Architecture": "architecture.md", "Speed": "speed.md",
        "Contributing": "contributing.md", "Decisions": "decisions.md", "Changes": "changelog.md",
    },
}  # fmt: skip


def pages() -> dict[str, str]:
    """Path below the site → Markdown (or SVG), of every page but those of the notebooks, which are executed.

    Raises: KeyError naming a link from one of our pages to a file that is no page.
    """
    by_hand = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
    found = {name: _linked(f"docs/{name}", said) for name, said in by_hand.items()}
    for name, page in _AT_THE_ROOT.items():
        found[page] = _linked(name, (ROOT / name).read_text(encoding="utf-8"))
    for made in (dictionary.pages, formats.pages, vocabulary.pages, layers.pages, reference.pages):
        found |= dict(made())
    found["speed.md"] = measured.performance()
    for mark, make in _MADE.items():
        text = make()
        found = {name: said.replace(mark, text) for name, said in found.items()}
    return found


def write() -> None:
    """Writes all pages anew, and the site's settings with those of them that the order names."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    found = pages() | dict(notebooks.pages(lambda file, said: _linked(file, said, "../")))
    for name, said in found.items():
        (SOURCE / name).parent.mkdir(parents=True, exist_ok=True)
        (SOURCE / name).write_text(said, encoding="utf-8")
    shutil.copytree(ASSETS, SOURCE / "assets")
    SETTINGS.write_text(
        yaml.safe_dump({"INHERIT": "../mkdocs.yml", "nav": list(_nav(found))}, sort_keys=False), "utf-8"
    )


def _nav(found: Mapping[str, str]) -> Iterator[dict[str, list[dict[str, str]]]]:
    for section, of in NAV.items():
        yield {section: [{title: page} for title, page in of.items() if page in found]}


def _linked(file: str, said: str, up: str = "") -> str:
    """The page with links between our files as links between pages; a link to a file that is no page becomes its name.

    `up`: the way from the page to the site's root.
    """

    def link(match: re.Match[str]) -> str:
        words, target, anchor = match["words"], match["target"], match["anchor"] or ""
        path = (Path(file).parent / target).as_posix()
        path = re.sub(r"[^/]+/\.\./", "", path)
        if path in _AT_THE_ROOT:
            return f"[{words}]({up}{_AT_THE_ROOT[path]}{anchor})"
        if path.startswith("docs/") and path.count("/") == 1:
            return f"[{words}]({up}{path.removeprefix('docs/')}{anchor})"
        if path.startswith("notebooks/") and path.endswith(".ipynb"):
            return f"[{words}]({up}{path.removesuffix('.ipynb')}.md{anchor})"
        return match[0] if path.startswith("docs/") else words

    return re.sub(r"\[(?P<words>[^\]]+)\]\((?P<target>[\w./-]+\.\w+)(?P<anchor>#[\w-]+)?\)", link, said)
