"""Tables and text for Markdown."""

import html
import re
from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; cells are Markdown already, pipes and line ends in them are made safe."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines) + "\n"


def _cell(value: object) -> str:
    return "" if value is None else re.sub(r"\s*\n\s*", " ", str(value)).replace("|", "\\|")


def text(words: str) -> str:
    """Plain words, so that nothing in them is taken for a tag or for emphasis; code in backticks stays code."""
    parts = re.split(r"(`[^`\n]+`)", words)
    return "".join(part if i % 2 else re.sub(r"([*_\[\]])", r"\\\1", html.escape(part, quote=False))
                   for i, part in enumerate(parts))  # fmt: skip


def code(words: object) -> str:
    """Words as code; nothing for None."""
    return "" if words is None else f"`{words}`"


def codes(words: Iterable[object]) -> str:
    """Several, joined by commas."""
    return ", ".join(f"`{word}`" for word in words)
