"""Headings and answers of OSTRC questionnaires (version 2) → the four items and their scores, per place asked about.

1 difficulties participating, 2 modified training, 3 performance affected, 4 pain or symptoms; each 0, 8, 17 or 25.
Source: OSTRC-O2 and -H2, Clarsen 2020 (doi 10.1136/bjsports-2019-101337). Questions are known by a few words of theirs.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from runfix_analytics.parsing import UnreadableError

_LEAST_ITEMS = 3
_LONGEST = 500  # characters of a heading
TRAINING_OF = {
    "0": "full",
    "8": "with problems",
    "17": "reduced",
    "25": "could not participate",
}  # the first item's words
_ADVICE = "version 2 of the questionnaire scores 0, 8, 17 and 25; ask again or convert the answers"

_SHORT = re.compile(
    r"(?:(?P<before>.+?)[\s_.:-]+)?(?:ostrc[\s_-]*)?(?:[oh]2?[\s_-]+)?(?:q|question|item|ostrc)[\s_-]*(?P<item>[1-4])"
    r"(?:[\s_.:-]+(?P<after>.+))?"
)
_NAMED = (  # short headings without a number, such as knee_participation
    (1, re.compile(r"participation( (difficulty|difficulties|problems?))?")),
    (2, re.compile(r"(training )?(modifications?|modified)( training)?|training volume")),
    (3, re.compile(r"performance( effect)?")),
    (4, re.compile(r"(pain|symptoms?|complaints)( (level|severity))?")),
)
_ASKED = (
    (1, re.compile(r"(difficult|problem).*participat|participat.*(difficult|problem)")),
    (2, re.compile(r"(modif|reduce).*training|training.*(modif|reduce)")),
    (3, re.compile(r"(affect|impact|influence).*perform|perform.*(affect|impact|influence)")),
    (4, re.compile(r"(experience|extent|how much|level).*(\bpain|symptom|complaint)")),
)
_PLACES = (
    re.compile(r"(?:due to|because of|caused by) (?:your |the |any )?(.+?) (?:problem|pain|complaint|injur|issue)"),
    re.compile(r"(?:have|has|did|do) (?:your |the |any )?(?!you\b)(.+?) (?:problems?|pain|complaints?|issues?) affect"),
    re.compile(r"(?:experienced?|have|had) (?:any |your )?(?!you\b)(.+?) (?:pain|symptoms?|complaints?)"),
)
_NO_PLACE = re.compile(
    r"injur|illness|health|other|location|score|answer|ostrc|^(your|the|any|a|of|week|weekly|difficulty|o|h|o2|h2)$"
)
_SCORES = (0, 8, 17, 25)
_SCORE = re.compile(r"(\d{1,3})(?:[.,]0+)?(?![\d.,])\D*|\D*[(\[=:]\s*(\d{1,3})\s*[)\]]?")
_ANY_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_OLD_WORDS = re.compile(r"cannot participate|can ?n[o']t participate")  # version 1, items 2 and 3: a fifth answer
_NOT_ANSWERED = frozenset({"", "-", "--", "?", "n/a", "na", "nan", "null"})
_FIRST_WORDS = (
    (25, r"(could|can|did) ?n[o']t|cannot|unable|no participation|keine teilnahme"),
    (17, r"reduced|less|reduziert"),
    (8, r"\bbut\b|\baber\b|with (health |some )?problem"),
    (0, r"full|without|^none$|^no$|^not at all$|volle"),
)
_OTHER_WORDS = (
    (25, r"major|severe|a lot|stark|erheblich"),
    (17, r"moderate?\b|mittel|mäßig"),
    (8, r"minor|mild|slight|little|leicht|gering"),
    (0, r"^no\b|^none|^not\b|^kein|^nicht"),
)


@dataclass(frozen=True)
class Item:
    """What a heading asks: the item, 1 to 4, of a place ("" = of any health problem, or of a place told elsewhere)."""

    item: int
    place: str
    is_old: bool = False  # version 1 asked for the training volume and scored the same words otherwise


def items_of(headings: Iterable[str]) -> dict[str, Item]:
    """Heading → item of an OSTRC questionnaire; empty where a table holds none, that is less than three of four items.

    The first item must be there; of two headings for one item of one place the first counts.
    """
    found: dict[str, Item] = {}
    for heading in headings:
        item = _item(heading)
        if item and (item.item, item.place) not in {(other.item, other.place) for other in found.values()}:
            found[heading] = item
    asked: dict[str, set[int]] = {}
    for item in found.values():
        asked.setdefault(item.place, set()).add(item.item)
    whole = {place for place, items in asked.items() if 1 in items and len(items) >= _LEAST_ITEMS}
    return {heading: item for heading, item in found.items() if item.place in whole}


def score(item: Item, text: str) -> int | None:
    """The score of an answer: a number, alone or beside its words, or the words; None if the cell is empty.

    Raises: UnreadableError, rule ostrc_old_scoring, for a number that version 2 does not give and for version 1's
    words; ValueError for words of neither.
    """
    said = " ".join(text.casefold().replace("_", " ").split())
    if said in _NOT_ANSWERED:
        return None
    number = _SCORE.fullmatch(said)
    points = int(number[1] or number[2]) if number else _points_of_words(item.item, said)
    is_old_number = points not in _SCORES if number else bool(_ANY_NUMBER.fullmatch(said))
    is_old_word = not number and (bool(points and item.is_old) or (item.item != 1 and bool(_OLD_WORDS.search(said))))
    if is_old_number or is_old_word:
        raise UnreadableError("ostrc_old_scoring", f"q{item.item}: {text}", _ADVICE)
    if points is None:
        raise ValueError(text)
    return points


def told(item: Item, text: str) -> str:
    """The score as our form has it; words that are no answer of the questionnaire as they are.

    Raises: UnreadableError, as `score` does.
    """
    try:
        points = score(item, text)
    except ValueError:
        return text
    return "" if points is None else str(points)


def _points_of_words(item: int, said: str) -> int | None:
    if item != 1 and _OLD_WORDS.search(said):
        return None
    table = _FIRST_WORDS if item == 1 else _OTHER_WORDS
    return next((points for points, words in table if re.search(words, said)), None)


@lru_cache(maxsize=4096)
def _item(heading: str) -> Item | None:
    if len(heading) > _LONGEST:
        return None
    said = " ".join(heading.casefold().split()).rstrip("?. ")
    words = re.sub(r"[\s_-]+", " ", said)
    is_old = "volume" in words
    short = _SHORT.fullmatch(said)
    if short:
        return Item(int(short["item"]), _place(short["before"]) or _place(short["after"]), is_old)
    for item, pattern in _NAMED:
        if pattern.fullmatch(words):
            return Item(item, "", is_old)
    for item, pattern in _ASKED:
        if pattern.search(words):
            return Item(item, _place(words), is_old)
    return None


def _place(text: str | None) -> str:
    """The place a heading names; "" for words that name none, such as "injury or illness" or "participation"."""
    said = re.sub(r"[\s_:.()-]+", " ", text or "").strip()
    if any(pattern.search(said) for _, pattern in _ASKED):
        said = next((found[1] for place in _PLACES if (found := place.search(said))), "")
    is_item = any(pattern.fullmatch(said) for _, pattern in _NAMED)
    return "" if is_item or _NO_PLACE.search(said) else said
