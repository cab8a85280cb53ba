"""Headings and answers in the words of whoever made a form → the columns and words of our ache form.

The words are data: form_words.toml, whose first lines say how it is written.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

from runfix_analytics.form_dates import phrase
from runfix_analytics.parsing import columns_of
from runfix_analytics.sourcefile import SourceFile

_LONGEST = 500  # characters of a heading or an answer that is looked into
_REPEATED = re.compile(r"#\d+$")  # the second of two equal headings
_PARTS = re.compile(r"[,;\n|](?![^(\[]*[)\]])")  # not inside brackets
_AND = re.compile(r"\s(?:and|und|et|y|&|\+)\s(?![^(\[]*[)\]])", re.IGNORECASE)
_BETWEEN_WORDS = re.compile(r"([\s/()\[\]:–—-]+)")
_EMPTY_BRACKETS = re.compile(r"\(\W*\)|\[\W*\]")
_AMOUNT = re.compile(
    r"(?:\D*[\s(])?(\d{1,4}(?:[.,]\d{1,4})?)(?:\s*(?:/|out of|of|von|sur|de)\s*10)?(?![\d/])(?!\s?[-–]\s?\d)\D*"
)


@dataclass(frozen=True)
class Place:
    """One place that an answer names, in its words, with the side and the pain said of it alone."""

    site: str
    side: str = ""
    pain: str = ""


@dataclass(frozen=True)
class Vocabulary:
    """The words of form_words.toml, by its tables."""

    tables: Mapping[str, Any]

    def column_of(self, heading: str) -> str | None:
        """What our form calls a heading, or "timestamp", "ignored" or a question of the file's own; None if unknown."""
        said = phrase(_REPEATED.sub("", heading)) if len(heading) <= _LONGEST else ""
        if said in self._exact:
            return self._exact[said]
        return next((column for column, rule in self._rules if all(group.search(said) for group in rule)), None)

    def yes_no(self, text: str) -> str:
        """yes, no, or "" where not answered; an amount of pain is a yes above zero; other answers as they are."""
        said = phrase(text)
        if self.is_said("not_answered", text):
            return ""
        if number := re.fullmatch(r"(\d{1,3})(?: (?:10|out of 10))?", said):
            return "yes" if int(number[1]) else "no"
        first = (said, *(" ".join(said.split()[:n]) for n in (2, 1)))
        for words in first:
            for answer in ("yes", "no"):
                if self.is_said(answer, words):
                    return answer
        return text

    def amount(self, text: str) -> str:
        """The number in "7", "7/10", "7 - strong" or "2 days", 0 for "no pain", "" if not answered; else the text."""
        if self.is_said("not_answered", text) or self.is_said("none", text):
            return "0" if self.is_said("none", text) else ""
        found = _AMOUNT.fullmatch(text[:_LONGEST])
        return found[1] if found and not text.startswith(("-", "+")) else text

    def word(self, column: str, text: str) -> str:
        """Our word for an answer of a column, "" where not answered; an answer without a known phrase as it is."""
        if self.is_said("not_answered", text):
            return ""
        said, words = phrase(text), self.tables["words_of"][column]
        whole = next((word for word, phrases in words.items() if said in phrases), None)
        part = (word for word, phrases in words.items() if any(re.search(rf"\b{found}\b", said) for found in phrases))
        return whole or next(part, text)

    def side(self, text: str) -> str:
        """left, right, both or centre; "" where not answered; another answer as it is."""
        sides = {self._side_of[word] for word in phrase(text).split() if word in self._side_of}
        return "both" if len(sides) > 1 else self.word("side", text)

    def is_said(self, answer: str, text: str) -> bool:
        """Whether the text is one of the words for this answer (none, yes, no, …)."""
        return phrase(text) in self._answers[answer]

    def places(self, text: str) -> tuple[list[Place], bool]:
        """The places that an answer names, and whether it (also) says "none"; "left" alone is a place with no name."""
        found: list[Place] = []
        is_none = False
        for part in _PARTS.split(text[:_LONGEST]):
            if not part.strip() or self.is_said("not_answered", part):
                continue
            if self.is_said("none", part) or self.is_said("no", part):
                is_none = True
                continue
            for place in self._joined(_AND.split(part)):
                if not place.site and found and not found[-1].side:
                    found[-1] = Place(found[-1].site, place.side)
                else:
                    found.append(place)
        return list(dict.fromkeys(found)), is_none

    def _joined(self, parts: Sequence[str]) -> Iterable[Place]:
        """Places of "left and right knee": a side alone belongs to the place after it."""
        sides: list[str] = []
        for part in parts:
            place = self.place(part)
            sides += [place.side] * bool(place.side)
            if place.site:
                yield Place(place.site, "both" if len(set(sides)) > 1 else "".join(sides[:1]))
                sides = []
        if sides:
            yield Place("", "both" if len(set(sides)) > 1 else sides[0])

    def place(self, text: str) -> Place:
        """A place without the words for its side, and the side: "Achilles (right)" is the Achilles on the right."""
        pieces = _BETWEEN_WORDS.split(" ".join(text.split()))
        words = [phrase(piece) for piece in pieces]
        sides = {self._side_of[word] for word in words if word in self._side_of}
        if not sides:
            return Place(text.strip(" .,") if phrase(text) else "")
        for place in [i for i, word in enumerate(words) if word in self._side_of]:
            self._drop(pieces, words, place)
        site = _EMPTY_BRACKETS.sub(" ", "".join(pieces))
        site = " ".join(site.split()).strip(" .,:/–—-")
        if not phrase(site) or set(phrase(site).split()) <= self._filler:
            site = ""
        return Place(site, "both" if len(sides) > 1 else sides.pop())

    def _drop(self, pieces: list[str], words: list[str], place: int) -> None:
        """Takes out a word for a side, the small words that lead to it, and "side of the" after it."""
        pieces[place] = ""
        for step, small in ((-2, self._filler - {"of", "and", "or"}), (2, self._filler)):
            i = place + step
            while 0 <= i < len(pieces) and words[i] in small:
                pieces[i] = ""
                i += step

    @cached_property
    def _exact(self) -> dict[str, str]:
        rows = self.tables["headings"].items()
        return {phrase(heading): column for column, rule in reversed(rows) for heading in rule["exact"]}

    @cached_property
    def _rules(self) -> list[tuple[str, list[re.Pattern[str]]]]:
        return [
            (column, [self._group(group) for group in rule.split()])
            for column, rules in self.tables["headings"].items()
            for rule in rules["any"]
        ]

    def _group(self, group: str) -> re.Pattern[str]:
        words: list[str] = []
        for word in group.removeprefix("!").split("|"):
            words += self.tables["words"][word[1:]] if word.startswith("@") else [word]
        choice = "|".join(word.replace("_", " ").replace("*", r"\w*") for word in words)
        return re.compile(rf"^(?!.*\b(?:{choice})\b)" if group.startswith("!") else rf"\b(?:{choice})\b")

    @cached_property
    def _answers(self) -> dict[str, frozenset[str]]:
        return {answer: frozenset(map(phrase, words)) for answer, words in self.tables["answers"].items()}

    @cached_property
    def _side_of(self) -> dict[str, str]:
        sides = self.tables["side_words"]
        return {word: side for side in ("left", "right", "both") for word in sides[side]}

    @cached_property
    def _filler(self) -> frozenset[str]:
        return frozenset(self.tables["side_words"]["filler"])


def headings_of(file: SourceFile) -> list[str]:
    """The names by which a `Line` of this file finds its cells, from left to right."""
    places = {cell.casefold(): place for place, cell in reversed([*enumerate(file.header)])}
    return sorted(columns_of(file), key=lambda key: (places.get(_REPEATED.sub("", key), len(places)), key))


@cache
def vocabulary() -> Vocabulary:
    """The words of form_words.toml."""
    text = resources.files("runfix_analytics").joinpath("form_words.toml").read_text(encoding="utf-8")
    return Vocabulary(tomllib.loads(text))
