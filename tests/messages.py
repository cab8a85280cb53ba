"""Every message that the pages may say, read from code and templates, and what is wrong with a language's translations.

    python tests/messages.py fr

prints, as a PO file to fill in, what the language lacks: all of it for a new one.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import Path
from string import Formatter

import jinja2.ext
from babel.messages.catalog import Catalog as PoFile
from babel.messages.extract import extract
from babel.messages.pofile import normalize, read_po

from runfix_analytics.catalogue import Catalogue, load
from runfix_analytics.reports import wording
from runfix_analytics.reports.wording import DEFAULT_LANGUAGE, RUNNER, Wording

REPORTS = Path(wording.__file__).parent
FOLDER = REPORTS / "languages"
KEYWORDS = {"say": None, "count": (2, 3), "text": None}
TO_TRANSLATORS = "translators:"
HEAD = """msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""


@dataclass(frozen=True)
class Message:
    """What pages say in English, in one form or in two (one, many); `notes`: where, and what a translator must know."""

    forms: tuple[str, ...]
    notes: tuple[str, ...] = ()


# what is said


def in_code(path: Path) -> Iterator[Message]:
    """The messages of a module; what is said of a variable is marked elsewhere by `text`, or is a name."""
    with path.open("rb") as file, redirect_stderr(StringIO()):  # it warns of say("") and of values that are f"…"
        for _, message, comments, _ in extract("python", file, KEYWORDS, (TO_TRANSLATORS,)):
            said = " ".join(comments).removeprefix(TO_TRANSLATORS).strip()
            yield Message(_forms(message), (path.name, said) if said else (path.name,))


def in_template(path: Path) -> Iterator[Message]:
    """The messages of a template; only the first place of `say(…)` is one."""
    with path.open("rb") as file:
        for _, _, message, _ in jinja2.ext.babel_extract(file, ["say"], [], {"silent": "false"}):
            yield Message(_forms(message)[:1], (path.name,))


def of_the_pages(folder: Path = REPORTS) -> dict[str, Message]:
    """First form → the message, of all modules and templates below reports/; the first place of several counts."""
    found: dict[str, Message] = {}
    for read, paths in ((in_code, folder.glob("*.py")), (in_template, folder.glob("templates/*.j2"))):
        for path in sorted(paths):
            for message in read(path):
                if message.forms[0]:
                    found.setdefault(message.forms[0], message)
    return found


def of_the_catalogue(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """All that pages show of it, and where; an exercise that is never advised has no `how`, and keeps its name."""
    for area in catalogue.areas.values():
        for shown in (area.name, area.short, area.muscles, area.how_it_shows):
            yield shown, f"areas.toml: {area.id}"
    for named in (catalogue.symptoms, catalogue.sites, catalogue.equipment):
        yield from ((entry.name, f"{type(entry).__name__}: {entry.id}") for entry in named.values())
    for exercise in catalogue.exercises.values():
        if exercise.how:
            yield from ((shown, f"exercises.toml: {exercise.id}") for shown in (exercise.name, exercise.how))


def everything() -> dict[str, Message]:
    """First form → the message, of the pages and of the packaged catalogue."""
    return {words: Message((words,), (where,)) for words, where in of_the_catalogue(load())} | of_the_pages()


def needs_words(message: str) -> bool:
    """Whether there is anything to translate: "{place}" alone has no words."""
    return any(char.isalpha() for text, *_ in Formatter().parse(message) for char in text)


@dataclass(frozen=True)
class Asked(Wording):
    """A wording that writes down which messages it is asked for."""

    asked: set[str] = field(default_factory=set)

    def _find(self, words: str) -> tuple[str, ...]:
        self.asked.add(words)
        return super()._find(words)


# how it is translated


@dataclass(frozen=True)
class Entry:
    """One message of a PO file: its English forms, what they are in the language, and whose voice it is."""

    part: str
    context: str
    english: tuple[str, ...]
    said: tuple[str, ...]
    is_fuzzy: bool

    def __str__(self) -> str:
        return " ".join(filter(None, (f"{self.part}:", self.context, self.english[0])))


def parts_of(language: str, folder: Path = FOLDER) -> dict[str, str]:
    """File name → its text, of all PO files of a language."""
    paths = sorted(path for path in folder.glob("*.po") if path.name.split(".")[0] == language)
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


def read(text: str) -> PoFile:
    """A PO file, strictly."""
    return read_po(BytesIO(text.encode()), abort_invalid=True)


def entries(parts: Mapping[str, str]) -> list[Entry]:
    """The messages of these files, without their heads."""
    return [
        Entry(part, message.context or "", _forms(message.id), _forms(message.string), message.fuzzy)
        for part, text in parts.items()
        for message in read(text)
        if message.id
    ]


def _forms(of: object) -> tuple[str, ...]:
    return tuple(map(str, of)) if isinstance(of, list | tuple) else (str(of),)


def missing(found: Iterable[Entry], said: Mapping[str, Message]) -> list[str]:
    """Messages that have no translation, or not in every form."""
    there = {entry.english[0] for entry in found if not entry.context and all(form.strip() for form in entry.said)}
    return [message for message in said if message not in there]


def obsolete(parts: Mapping[str, str], said: Mapping[str, Message]) -> list[str]:
    """Translations that nobody asks for, and those that a file keeps as comments."""
    kept = [f"{part}: #~" for part, text in parts.items() if re.search(r"^#~", text, re.MULTILINE)]
    contexts = ("", RUNNER)
    unasked = (entry for entry in entries(parts) if entry.english[0] not in said or entry.context not in contexts)
    return [*kept, *map(str, unasked)]


def twice(parts: Mapping[str, str]) -> list[str]:
    """Messages that a language has more than once; Babel keeps one of those in one file and says nothing."""
    text = r'(?:[ \t]*"[^\n]*"\n)+'
    head = re.compile(rf"^(?:msgctxt({text}))?msgid({text})", re.MULTILINE)
    found = Counter(
        (_unquoted(context or ""), _unquoted(message))
        for part in parts.values()
        for context, message in head.findall(part)
    )
    return [f"{context} {message}".strip() for (context, message), n in found.items() if message and n > 1]


def _unquoted(lines: str) -> str:
    return "".join(str(ast.literal_eval(line.strip())) for line in lines.splitlines())


def unlike(found: Iterable[Entry], said: Mapping[str, Message]) -> list[str]:
    """Translations with other plural forms or other {values} than the English has."""
    return [
        str(entry)
        for entry in found
        if entry.english[0] in said
        and any(entry.said)
        and (
            entry.english != said[entry.english[0]].forms
            or [_values(form) for form in entry.said] != [_values(form) for form in entry.english]
        )
    ]


def _values(form: str) -> set[str]:
    return {f"{name}!{shown}:{spec}" for _, name, spec, shown in Formatter().parse(form) if name is not None}


def fuzzy(found: Iterable[Entry]) -> list[str]:
    """Translations that are marked as a guess; pages do not say them."""
    return [str(entry) for entry in found if entry.is_fuzzy]


def unvoiced(found: Iterable[Entry], english: Iterable[Entry]) -> list[Entry]:
    """What English says to a runner in other words than to the coach, and the language does not."""
    there = {entry.english[0] for entry in found if entry.context == RUNNER and all(entry.said)}
    return [entry for entry in english if entry.context == RUNNER and entry.english[0] not in there]


def to_translate(language: str, parts: Mapping[str, str]) -> str:
    """A PO file to fill in with what these files lack; what is said to a runner has its English beside it."""
    said, found = everything(), entries(parts)
    blocks = [HEAD.format(language=language)]
    blocks += [_blank(said[first].forms, said[first].notes) for first in missing(found, said)]
    for entry in unvoiced(found, entries(parts_of(DEFAULT_LANGUAGE))):
        blocks.append(_blank(entry.english, (f"in English: {entry.said[0]}",), RUNNER))
    return "\n".join(blocks)


def _blank(forms: tuple[str, ...], notes: tuple[str, ...], context: str = "") -> str:
    """An entry without a translation."""
    one, *many = (normalize(form, width=0) for form in forms)
    lines = [*(f"#. {note}" for note in notes), *([f"msgctxt {normalize(context)}"] if context else [])]
    lines += [f"msgid {one}", *(f"msgid_plural {form}" for form in many)]
    lines += ['msgstr[0] ""', 'msgstr[1] ""'] if many else ['msgstr ""']
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(to_translate(sys.argv[1], parts_of(sys.argv[1])))
