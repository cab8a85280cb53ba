"""How a logged name becomes a key: normalised, then matched exactly, never guessed."""

import re
import unicodedata

_APOSTROPHES = re.compile(r"['\u2018\u2019\u02bc`\u00b4]")
_NOT_A_WORD = re.compile(r"[^\w]+|_+")
_MIN_PLURAL_LENGTH = 4


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
