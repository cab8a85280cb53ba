"""Answers about aches → our words, shared by all readers of ache reports: one row of our form → one raw ache.

A row is never lost for one optional value: what cannot be read is left empty and named in a warning. Only a missing
date and an old OSTRC scoring, whose numbers mean something else, reject the row.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any, TypeVar

from runfix_analytics.parsing import ISO_SHAPE, Line, UnreadableError, excerpt, moment, note, number, yes_no
from runfix_analytics.sourcefile import SourceFile

UNSPECIFIED = "unspecified"  # something hurts, nobody says where
NO_SITE = frozenset({"", "-", "none", "no", "nothing", "no ache", "no aches", "no pain"})
NOT_ANSWERED = frozenset({"", "?", "-", "n/a", "na", "unknown", "not sure", "don't know"})
PAINS = {"pain_now": "pain_now_0_10", "pain_worst": "pain_worst_0_10"}
FLAGS = (
    "pain_during_run",
    "pain_after_run",
    "pain_next_morning",
    "pain_at_rest",
    "pain_at_night",
    "pain_during_exercises",
    "focal_bone_tenderness",
)
OSTRC = ("ostrc_q1", "ostrc_q2", "ostrc_q3", "ostrc_q4")

_OUT_OF_TEN = re.compile(r"\s*/\s*10$")
_OSTRC_ANSWERS = (0, 8, 17, 25)  # all four items of version 2: Clarsen 2020, doi 10.1136/bjsports-2019-101337
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w.-]+\w")


def _words(**variants: str) -> dict[str, str]:
    """Every everyday variant → our word."""
    return {variant: word for word, row in variants.items() for variant in (word.replace("_", " "), *row.split(", "))}


SIDES = _words(
    left="l",
    right="r",
    both="b, both sides, left and right, l+r, l/r",
    centre="c, center, middle",
    unknown="?, not sure",
)
ONSETS = _words(
    gradual="gradually, slowly",
    sudden="suddenly",
    contact="fall, a fall, blow, a blow, collision",
    unknown="?, not sure",
)
TRAINING = _words(
    full="none, no, not at all, full training, no problems",
    with_problems="full with problems, full but with problems, full participation but with problems",
    modified="reduced, changed, less",
    stopped="could not participate, could not train, could not run, no training, no running",
)
STATUSES = _words(active="open, ongoing", resolved="gone, healed, over, closed")

T = TypeVar("T")


@dataclass
class Answers:
    """The cells of one row; what cannot be read is None and noted in `unreadable`."""

    line: Line
    unreadable: list[str] = field(default_factory=list)

    def value(self, column: str, read: Callable[[str], T]) -> T | None:
        """What `read` makes of a cell; None where it is empty or `read` raises ValueError."""
        text = self.line.text(column)
        try:
            return read(text)
        except ValueError:
            self.unreadable.append(column)
            return None

    def warnings(self) -> Iterator[str]:
        """One for each unreadable value."""
        for column in self.unreadable:
            text = excerpt(self.line.text(column))
            yield f'row {self.line.row}: {column} "{text}" cannot be read and is left empty'


def ache(line: Line, warnings: list[str]) -> dict[str, Any]:
    """One row of our form, in its columns and words, as a raw ache; what is left empty is added to the warnings.

    Raises: UnreadableError for a missing date and an old OSTRC scoring.
    """
    reported_on = line.moment("date_reported", ISO_SHAPE).date()
    answers = Answers(line)
    pains = {name: answers.value(column, amount) for name, column in PAINS.items()}
    flags = {name: answers.value(name, flag) for name in FLAGS}
    ostrc = {name: _ostrc(answers, name) for name in OSTRC}
    row = {
        **pains,
        **flags,
        **ostrc,
        "runner": line.text("runner") or None,
        "report_id": line.text("report_id") or None,
        "reported_on": reported_on,
        "noticed_on": answers.value("onset_date", day),
        "onset_type": answers.value("onset_type", partial(word, words=ONSETS)),
        "side": answers.value("side", partial(word, words=SIDES)),
        "exercise_that_hurt": line.text("exercise_that_hurt") or None,
        "affects_training": answers.value("affects_training", partial(word, words=TRAINING)),
        "days_lost": answers.value("days_lost", amount),
        "status": answers.value("status", partial(word, words=STATUSES)),
        "resolved_on": answers.value("resolved_date", day),
        "linked_report_id": line.text("linked_report_id") or None,
        "ill": answers.value("ill", flag),
        "note": note(line.text("notes")),
    }
    site = line.text("site", "body_area")
    if _plain(site) in NO_SITE:
        site = UNSPECIFIED if _tells_of_pain(row, answers.unreadable) else ""
    warnings.extend(answers.warnings())
    return {**row, "site": site or None, "is_no_aches": not site}


def is_own_form(columns: Iterable[str]) -> bool:
    """Whether a table with these columns is our own ache form."""
    names = set(columns)
    return "date_reported" in names and bool({"site", "body_area"} & names)


def without_emails(file: SourceFile) -> SourceFile:
    """The same table with every e-mail address taken out, so that none can reach a table or a message.

    Raises: ReadError for a file too large for memory.
    """
    return replace(file, data=_EMAIL.sub("", file.text or "").encode("utf-8", "replace"), stream=None)


def word(text: str, words: Mapping[str, str]) -> str | None:
    """Our word for an everyday one; None if not answered.

    Raises: ValueError for another word.
    """
    if _plain(text) in words:
        return words[_plain(text)]
    if text.casefold() in NOT_ANSWERED:
        return None
    raise ValueError(text)


def flag(text: str) -> bool | None:
    """Yes or no; None if not answered.

    Raises: ValueError for another word.
    """
    return None if text.casefold() in NOT_ANSWERED else yes_no(text)


def amount(text: str) -> float | None:
    """A number such as 3, 2,5 or 7/10; None if not answered.

    Raises: ValueError for anything else.
    """
    return None if text.casefold() in NOT_ANSWERED else number(_OUT_OF_TEN.sub("", text).replace(",", "."))


def day(text: str) -> date | None:
    """A day such as 2026-03-02; None if not answered.

    Raises: ValueError for anything else.
    """
    found = moment(text, ISO_SHAPE)
    if found is None and text.casefold() not in NOT_ANSWERED:
        raise ValueError(text)
    return found.date() if found else None


def _tells_of_pain(row: Mapping[str, Any], unreadable: Iterable[str]) -> bool:
    """Whether a row that names no place says all the same that something hurts; a pain "lots" does.

    OSTRC answers may speak of an illness, so they count only where the runner is not ill.
    """
    hurts = any(row[name] for name in (*PAINS, *FLAGS, "exercise_that_hurt"))
    is_affected = not row["ill"] and any(row[name] for name in OSTRC)
    return hurts or is_affected or bool({*PAINS.values(), *FLAGS} & set(unreadable))


def _ostrc(answers: Answers, column: str) -> float | None:
    answer = answers.value(column, amount)
    if answer is not None and answer not in _OSTRC_ANSWERS:
        advice = "version 2 of the questionnaire uses 0, 8, 17 and 25; ask again or convert the answers"
        raise UnreadableError("ostrc_old_scoring", f"{column}: {answers.line.text(column)}", advice)
    return answer


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[_\-.,]", " ", text).casefold().split())
