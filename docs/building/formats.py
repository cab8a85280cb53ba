"""A page for each family of formats: how to export from an app, what is read, what to know of it."""

import inspect
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from docs.building.markdown import code, table, text
from runfix_analytics.readers import all_readers

STEPS = Path(__file__).resolve().parents[1] / "readers.toml"
_FAMILIES = {
    "runs": ("Runs", "Watches and apps that log runs. Rides, walks and the like in their files are kept beside, and counted "
             "nowhere; a strength workout without sets makes its day unknown, not zero."),
    "strength": ("Strength work", "Apps that log sets. Names of exercises are looked up in the "
                 "[catalogue](../catalogue/exercises.md); one that is not there is listed by `runfix unmapped`."),
    "aches": ("Aches", "Forms and diaries. \"No aches\" is an answer too: without it nobody knows whether a quiet week was a "
              "good one."),
}  # fmt: skip


def pages() -> Iterator[tuple[str, str]]:
    """(path, Markdown) of each page on formats.

    Raises: KeyError when a reader has no table in readers.toml, or a table no reader.
    """
    told = tomllib.loads(STEPS.read_text(encoding="utf-8"))
    if wrong := set(told) ^ set(all_readers()):
        raise KeyError(f"readers.toml and the readers differ: {', '.join(sorted(wrong))}")
    rows = []
    for family, (title, intro) in _FAMILIES.items():
        of = {reader: one for reader, one in told.items() if one["of"] == family}
        rows += [
            (f"[{text(one['name'])}]({family}.md#{reader})", title, text(one["takes"])) for reader, one in of.items()
        ]
        yield f"formats/{family}.md", f"# {title}\n\n{intro}\n\n" + "".join(_reader(*one) for one in of.items())
    yield "formats/index.md", _INTRO + table(("what", "of", "hand over"), rows)


def _reader(reader: str, told: Mapping[str, Any]) -> str:
    said = inspect.getdoc(all_readers()[reader]) or ""
    steps = "".join(f"{i}. {step}\n" for i, step in enumerate(told["steps"], start=1))
    return (
        f"## {text(told['name'])} {{#{reader}}}\n\n**Hand over** {told['takes']}\n\n**How to export**\n\n{steps}\n"
        f"**What is read**\n\n{text(said)}\n\nReader {code(reader)}; examples of files: `tests/samples/{reader}/`\n\n"
    )


_INTRO = """# Formats

Put the files into `inbox/<runner id>/`, or hand them to `runfix import --runner NAME FILE…`; zips and folders as they come.
A file is recognised by its content and its headings, never by its name. The same file twice changes nothing, and a newer
export of the same account that holds the older one is counted once.

- A row that cannot be right is not stored, and `runfix imports --rejects` says why. Nothing is lost: the file is kept.
- A file that no reader knows is named, with what it looks like. `runfix template` writes forms that are always read.
- Where a file states no unit or no time zone, the runner's own settings decide, and the table says that they did.

"""
