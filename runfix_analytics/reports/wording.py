"""How a page speaks: a language, and a voice in it.

English stands in the code and the templates; another language is one or more PO files of `languages/`, named
`<language>.po` or `<language>.<part>.po`, and a section of languages.toml. A page about a runner has two voices: the
coach's, which is the plain text, and the runner's own, where a message with the context "runner" says it to them. A
message that a language lacks is said in English; tests/test_languages.py holds every language complete.

`text()` marks words that are said elsewhere; `say`, `count` and `text` are what an extractor of messages looks for.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import IO

from babel import dates, lists, numbers
from babel.messages.pofile import read_po

COACH, RUNNER = "coach", "runner"
DEFAULT_LANGUAGE = "en"
UNKNOWN = "–"

_Messages = dict[tuple[str, str], tuple[str, ...]]


def text(words: str) -> str:
    """Marks words that are said elsewhere; gives them back as they are."""
    return words


@dataclass(frozen=True)
class Language:
    """A language's settings: its own name, the locale of its dates and numbers, and how names stand in a sentence."""

    code: str
    name: str
    locale: str
    lower_case_names: bool
    messages: _Messages


@cache
def languages() -> dict[str, Language]:
    """The languages that pages can be written in, by code."""
    folder = files("runfix_analytics.reports") / "languages"
    settings = tomllib.loads((folder / "languages.toml").read_text(encoding="utf-8"))
    found = {}
    for code, entry in settings.items():
        messages: _Messages = {}
        for path in sorted(folder.iterdir(), key=lambda path: path.name):
            if path.name.endswith(".po") and path.name.split(".")[0] == code:
                with path.open("rb") as file:
                    messages |= _messages(file)
        found[code] = Language(code, entry["name"], entry["locale"], entry["lower_case_names"], messages)
    return found


def _messages(file: IO[bytes]) -> _Messages:
    catalog = read_po(file)
    return {
        (message.context or "", _first(message.id)): _forms(message.string)
        for message in catalog
        if message.id and all(_forms(message.string)) and not message.fuzzy
    }


def _first(of: object) -> str:
    return str(of[0]) if isinstance(of, list | tuple) else str(of)


def _forms(of: object) -> tuple[str, ...]:
    return tuple(str(form) for form in of) if isinstance(of, list | tuple) else (str(of),)


@dataclass(frozen=True)
class Wording:
    """Says things in one language and one voice. Numbers come as they are to be read, never rounded here again."""

    language: Language
    voice: str = COACH

    def say(self, words: str, /, **values: object) -> str:
        """A message with its values filled in."""
        said = self._find(words)[0]
        return said.format(**values) if values else said

    def count(self, number: float, one: str, many: str, /, **values: object) -> str:
        """A message that depends on a number, which stands in it as {n}: "{n} run", "{n} runs"."""
        forms = self._find(one)
        if len(forms) == 1:
            forms = (one, many)
        form = forms[0] if number == 1 else forms[-1]  # every language so far has these two
        return form.format(n=self.number(number), **values)

    def _find(self, words: str) -> tuple[str, ...]:
        messages = self.language.messages
        return (self.voice == RUNNER and messages.get((RUNNER, words))) or messages.get(("", words)) or (words,)

    def name(self, words: str) -> str:
        """The name of a thing as it stands in a sentence: in lower case where the language has it so."""
        said = self.say(words)
        return said[:1].lower() + said[1:] if self.language.lower_case_names else said

    def listing(self, words: Sequence[str]) -> str:
        """Words as prose: "a", "a and b", "a, b and c"."""
        return _listing(tuple(words), self.language.locale) if words else ""

    def day(self, value: date, as_of: date | None = None) -> str:
        """A date as "6 Oct", with the year where it is not that of `as_of`."""
        return _day(value, self.language.locale, with_year=not (as_of and value.year == as_of.year))

    def weekday(self, number: int) -> str:
        """The short name of a day of the week; 0 is Monday."""
        return _weekday(number, self.language.locale)

    def number(self, value: float, digits: int = 1) -> str:
        """A number with at most so many decimals, its thousands apart."""
        return _number(value, digits, self.language.locale)

    def fixed(self, value: float, digits: int) -> str:
        """A number with exactly so many decimals."""
        return _fixed(value, digits, self.language.locale)

    def percent(self, share: float | None) -> str:
        """A share as a whole percentage; "–" where it is not known."""
        return UNKNOWN if share is None else f"{round(share * 100)}\u00a0%"


@lru_cache(maxsize=4096)
def _listing(words: tuple[str, ...], locale: str) -> str:
    return lists.format_list(words, style="standard", locale=locale)


@lru_cache(maxsize=4096)
def _day(value: date, locale: str, *, with_year: bool) -> str:
    return str(dates.format_skeleton("yMMMd" if with_year else "MMMd", value, locale=locale))


@cache
def _weekday(number: int, locale: str) -> str:
    return str(dates.get_day_names("abbreviated", locale=locale)[number])


@lru_cache(maxsize=4096)
def _number(value: float, digits: int, locale: str) -> str:
    return str(numbers.format_decimal(value, format=f"#,##0.{'#' * digits}" if digits else "#,##0", locale=locale))


@lru_cache(maxsize=4096)
def _fixed(value: float, digits: int, locale: str) -> str:
    return str(numbers.format_decimal(value, format=f"#,##0.{'0' * digits}", locale=locale))


@cache
def wording(language: str = DEFAULT_LANGUAGE, voice: str = COACH) -> Wording:
    """The wording of a language and a voice.

    Raises: KeyError for a language that is not there; who takes one from a file checks it first.
    """
    return Wording(languages()[language], voice)


def sentence_case(words: str) -> str:
    """With a capital first letter, the rest as it is."""
    return words[:1].upper() + words[1:]
