"""How a logged name becomes a key: normalised, then matched exactly, never guessed."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

_APOSTROPHES = re.compile(r"['\u2018\u2019\u02bc`\u00b4]")
_NOT_A_WORD = re.compile(r"[^\w]+|_+")
_MIN_PLURAL_LENGTH = 4
_IE = re.compile(r"ie$")
_MIN_LEFT_OF_LOAD = 2


def _singular(word: str) -> str:
    is_plural = len(word) >= _MIN_PLURAL_LENGTH and word.endswith("s") and not word.endswith("ss")
    return word[:-1] if is_plural else word


def name_key(name: str) -> str:
    """The key under which a logged name is looked up; empty for a name without words.

    Case, accents' encodings, apostrophes, dashes, brackets, plural "s" and the order of words do not
    matter ("Calf Raise (Standing)" and "standing calf raises" share a key); every word does.
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    text = _APOSTROPHES.sub("", text).replace("&", " and ")
    return " ".join(sorted(_singular(word) for word in _NOT_A_WORD.split(text) if word))


@dataclass(frozen=True)
class Spellings:
    """What spellings.toml says of single words: which are the same, and which name no other movement."""

    same: Mapping[str, tuple[str, ...]]
    filler: frozenset[str]
    how: frozenset[str]
    load: frozenset[str]

    def plain(self, key: str) -> str:
        """The key in plain words: accents off, one spelling for each word, no fillers."""
        words = [same for word in key.split() for same in self._same(_without_accents(word))]
        return _without(self.filler, words)

    def looser(self, key: str) -> tuple[str, str, str]:
        """Second keys for a name that no alias spells exactly, the closest first.

        In plain words; the same without tempo and effort; the same without what is held, where enough is left. Only the
        logged name may say more than the alias: an alias that names a load does not stand for the move without one.
        """
        plain = self.plain(key)
        without_how = _without(self.how, plain.split())
        without_load = _without(self.load, without_how.split())
        is_enough = len(without_load.split()) >= _MIN_LEFT_OF_LOAD
        return plain, without_how, without_load if is_enough else without_how

    def _same(self, word: str) -> tuple[str, ...]:
        return self.same.get(word) or (_IE.sub("y", word),)  # flies have lost their s already


def _without(unsaid: frozenset[str], words: list[str]) -> str:
    return " ".join(sorted([word for word in words if word not in unsaid] or words))


def _without_accents(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).replace("ø", "o").replace("ł", "l")
