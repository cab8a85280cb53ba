"""A page for each module, filled from its docstrings when the site is built."""

from collections.abc import Iterator

from docs.building.layers import PACKAGE, modules
from docs.building.markdown import code, table, text

_LESS_WANTED = "---\nsearch:\n  boost: 0.5\n---\n\n"  # who searches for a word wants to read of it first
_GROUPS = {  # the beginnings of the names of their modules; the last takes what is left
    "The package": (PACKAGE,),
    "Readers": ("readers", "fit", "rawlog", "parsing", "sourcefile"),
    "Catalogue": ("catalogue",),
    "Pages": ("reports",),
    "Command line": ("cli", "terminal"),
    "Everything else": ("",),
}


def pages() -> Iterator[tuple[str, str]]:
    """(path, Markdown) of the reference: an overview, and a page for each module with the directive that fills it."""
    rows: dict[str, list[tuple[str, str]]] = {group: [] for group in _GROUPS}
    for name, _, said in modules():
        short = name.removeprefix(f"{PACKAGE}.")
        group = next(group for group, begins in _GROUPS.items() if short.startswith(begins))
        rows[group].append((f"[{code(short)}]({name}.md)", text(said)))
        yield f"api/{name}.md", f"{_LESS_WANTED}# {text(short)}\n\n[All modules](index.md)\n\n::: {name}\n"
    tables = "".join(f"## {group}\n\n{table(('module', 'what it is'), of)}" for group, of in rows.items() if of)
    yield (
        "api/index.md",
        f"# API reference\n\nMade from the docstrings; names with an underscore in front are left out.\n\n{tables}",
    )
