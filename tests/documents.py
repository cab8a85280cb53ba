"""The documents of this repository, and the blocks of code in them, found and run as they stand there."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from runfix_analytics.cli import main

ROOT = Path(__file__).resolve().parent.parent
_FENCE = re.compile(r"(?P<lead> *(?:\d+\. +|[-*] +)?)```(?P<language>\S*)")
_COMMENT = re.compile(r"\s+#\s.*$")
_INLINE = re.compile(r"`(?P<code>[^`\n]+)`")
_PROGRAMS = {"runfix": "-c 'from runfix_analytics.cli import main; main()'", "python": "", "python3": ""}


@dataclass(frozen=True)
class Block:
    """A fenced block; `line` is that of its first line of code, counted from 1."""

    document: Path
    line: int
    language: str
    source: str


@dataclass(frozen=True)
class Command:
    """One line of a block of shell, without its comment; `line` is its place in the document."""

    line: int
    words: str


def documents() -> list[Path]:
    """Every Markdown file that is kept, or not yet committed."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    kept = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in kept.splitlines() if (ROOT / name).is_file()]


def blocks(document: Path) -> list[Block]:
    """The fenced blocks, in order; one in a list is moved to the left by what the list indents it."""
    found, opened, source = list[Block](), None, list[str]()
    for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), start=1):
        if opened and line.strip() == "```":
            first, _, language = opened
            found.append(Block(document, first, language, "".join(source)))
            opened, source = None, []
        elif opened:
            source.append(_outdented(line, len(opened[1])) + "\n")
        elif fence := _FENCE.match(line):
            opened = (number + 1, fence["lead"], fence["language"])
    assert opened is None, f"{document}:{opened}: a block without an end"
    return found


def _outdented(line: str, by: int) -> str:
    return line[min(by, len(line) - len(line.lstrip())) :]


def without_blocks(document: Path) -> list[str]:
    """The lines of a document, those of its fenced blocks empty."""
    lines = document.read_text(encoding="utf-8").splitlines()
    for block in blocks(document):
        n = block.source.count("\n")
        lines[block.line - 2 : block.line + n] = [""] * (n + 2)
    return lines


def inline(document: Path) -> list[tuple[int, str]]:
    """Line and words of what stands between backticks in the text."""
    return [
        (number, found["code"])
        for number, line in enumerate(without_blocks(document), start=1)
        for found in _INLINE.finditer(line)
    ]


def commands(block: Block) -> list[Command]:
    """The commands of a block of shell."""
    lines = [_COMMENT.sub("", line).strip() for line in block.source.splitlines()]
    return [Command(block.line + n, line) for n, line in enumerate(lines) if line and not line.startswith("#")]


def run_python(found: list[Block], names: dict[str, Any] | None = None) -> dict[str, Any]:
    """Runs blocks one after the other in one namespace, which is given back; an error names the document's line."""
    names = {"__name__": "document"} if names is None else names
    for block in found:
        padded = "\n" * (block.line - 1) + block.source
        exec(compile(padded, str(block.document), "exec"), names)  # noqa: S102 - our own documents
    return names


@dataclass
class Desk:
    """Where a document is tried: a folder that stands for its reader's home, and what its placeholders stand for.

    `said_for`: what a document says → what is run, longest first.
    `read`: language → what reads a block of it.
    `names`: those that blocks of Python share. `printed`: what the last block printed.
    """

    folder: Path
    said_for: dict[str, str] = field(default_factory=dict)
    read: dict[str, Callable[[str], object]] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "document"})
    printed: str = ""

    def run(self, document: Path, excused: Mapping[str, Callable[[str], object]]) -> None:
        """Every block in order. Commands and first lines in `excused` are not run: their form is looked at."""
        self._lay_programs()
        for block in blocks(document):
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(self.folder)
                patch.setenv("HOME", str(self.folder))
                patch.setenv("PYTHONPATH", str(ROOT))
                patch.setenv("PATH", f"{self.folder / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}")
                self._run(block, excused, patch)

    def _lay_programs(self) -> None:
        bin_ = self.folder / ".venv" / "bin"
        bin_.mkdir(parents=True, exist_ok=True)
        for name, code in _PROGRAMS.items():
            (bin_ / name).write_text(f'#!/bin/sh\nexec {sys.executable} {code} "$@"\n', encoding="utf-8")
            (bin_ / name).chmod(0o755)

    def _run(self, block: Block, excused: Mapping[str, Callable[[str], object]], patch: pytest.MonkeyPatch) -> None:
        where = f"{block.document.relative_to(ROOT)}:{block.line}"
        if block.language == "sh":
            self.printed = "".join(self._obey(each, excused, patch, block.document) for each in commands(block))
        elif look := excused.get(block.source.partition("\n")[0]):
            look(block.source)
        elif block.language == "python":
            run_python([block], self.names)
        elif block.language == "output":
            assert_printed(block.source, self.printed, where)
        else:
            assert block.language in self.read, f'{where}: nothing reads a block of "{block.language}"'
            self.read[block.language](block.source)

    def _obey(
        self, command: Command, excused: Mapping[str, Callable[[str], object]],
        patch: pytest.MonkeyPatch, document: Path,
    ) -> str:  # fmt: skip
        if look := excused.get(command.words):
            look(command.words)
            return ""
        words = command.words
        if said := sorted(self.said_for, key=len, reverse=True):
            words = re.sub("|".join(map(re.escape, said)), lambda found: self.said_for[found[0]], words)
        printed = ""
        for part in words.split(" && "):
            code, output = self._one(part, patch)
            assert code == 0, f"{document}:{command.line}: {part}\nended with {code}:\n{output}"
            printed += output
        return printed

    def _one(self, words: str, patch: pytest.MonkeyPatch) -> tuple[int, str]:
        """Exit code and what is printed; `runfix` runs in this process, anything else in a shell."""
        program, *arguments = shlex.split(words)
        if program == "export":
            for assigned in arguments:
                name, _, value = assigned.partition("=")
                patch.setenv(name, os.path.expandvars(value))
            return 0, ""
        if program in ("runfix", ".venv/bin/runfix"):
            return _runfix(arguments)
        run = subprocess.run(["bash", "-ec", words], capture_output=True, text=True, check=False)
        return run.returncode, run.stdout if run.returncode == 0 else run.stderr


def _runfix(arguments: list[str]) -> tuple[int, str]:
    target = None
    if ">" in arguments:
        [target] = arguments[arguments.index(">") + 1 :]
        arguments = arguments[: arguments.index(">")]
    result = CliRunner().invoke(main, list(_expanded(arguments)), catch_exceptions=False)
    if target and result.exit_code == 0:
        Path(target).expanduser().write_text(result.stdout, encoding="utf-8")
    return result.exit_code, result.output if result.exit_code or not target else ""


def _expanded(arguments: list[str]) -> Iterator[str]:
    for word in arguments:
        found = sorted(str(path) for path in Path().glob(word)) if "*" in word else []
        yield from found or [word]


def assert_printed(shown: str, printed: str, where: str) -> None:
    """What a document shows was printed; "…" stands for anything within a line, spaces at its end for nothing."""
    lines = [line.rstrip() for line in printed.strip("\n").splitlines()]
    wanted = shown.strip("\n").splitlines()
    assert len(lines) == len(wanted), f"{where}: {len(wanted)} lines are shown, these were printed:\n{printed}"
    for line, pattern in zip(lines, wanted, strict=True):
        same = re.fullmatch(".*".join(map(re.escape, pattern.rstrip().split("…"))), line)
        assert same, f'{where}: "{pattern}" is shown, "{line}" was printed'
