"""Blocks of code in a document, to be run as they stand there."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_BLOCK = re.compile(r"^```(?P<language>\w+)[^\n]*\n(?P<source>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block; `line` is that of its first line of code, counted from 1."""

    document: Path
    line: int
    source: str


def blocks(document: Path, language: str) -> list[Block]:
    """The fenced blocks of one language, in order."""
    text = document.read_text(encoding="utf-8")
    return [
        Block(document, text.count("\n", 0, found.start("source")) + 1, found["source"])
        for found in _BLOCK.finditer(text)
        if found["language"] == language
    ]


def run_python(found: list[Block]) -> dict[str, Any]:
    """Runs blocks one after the other in one namespace, which is given back; an error names the document's line."""
    names: dict[str, Any] = {"__name__": "document"}
    for block in found:
        padded = "\n" * (block.line - 1) + block.source
        exec(compile(padded, str(block.document), "exec"), names)  # noqa: S102 - our own documents
    return names
