"""Dates as spreadsheets and people write them → days; the order of day and month is decided once for a whole file."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from operator import gt, lt
from typing import Any

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = r"(?:,?[T\s]\D{0,6}\d{1,2}[:.h]\s?\d{2}.*)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_CLOCK}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])\s?(\d{{1,2}})[-/.]\s?(\d{{4}}|\d{{2}})\.?{_CLOCK}")
_NO_YEAR = re.compile(r"(\d{1,2})[/.](\d{1,2})\.?")
_DAY_NAMED = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th|\.)? ?-?([a-z]{{3,9}})\.?,?(?:[ -](\d{{4}}))?{_CLOCK}", re.I)
_MONTH_NAMED = re.compile(rf"([a-z]{{3,9}})\.? (\d{{1,2}})(?:st|nd|rd|th)?(?:,? (\d{{4}}))?{_CLOCK}", re.I)
_WEEK = re.compile(r"(\d{4})-?\s?[WwKk][Ww]?-?(\d{1,2})")
_AGO = re.compile(r"(?:about |approx |around |ca |roughly )?(?:vor |il y a |hace |seit )?(.+?) (\w+)(?: ago| back)?")
_REMEMBERED = 4096  # headings and answers repeat
_CENTURY, _MONTHS_IN_YEAR, _SUNDAY = 2000, 12, 7


@lru_cache(maxsize=_REMEMBERED)
def phrase(text: str) -> str:
    """Words in lower case with single blanks between them: no accents, apostrophes, punctuation or underscores."""
    letters = unicodedata.normalize("NFKD", re.sub(r"['’‘`´]", "", text).casefold())
    return " ".join(re.findall(r"[^\W_]+", "".join(c for c in letters if not unicodedata.combining(c))))


def is_timestamp(heading: str) -> bool:
    """Whether a form tool calls the moment of sending so."""
    return phrase(heading) in _words()["timestamps"]


def day_order(stamps: Sequence[str], others: Sequence[str], heading: str = "") -> tuple[bool, str | None]:
    """Whether the day stands before the month in this file's dates, and a warning where that is an assumption.

    `stamps` are the moments of sending in the order of rows, `others` further dates of the file. A number over 12
    decides, then the reading by which alone the stamps increase from row to row, then a number over 12 in the others.
    What is left open follows the form tool: unpadded slashes with an English heading are American.
    """
    open_stamps = [text for text in stamps if _YEAR_LAST.fullmatch(text)]
    for decided in (_vote(open_stamps), _growth(open_stamps), _vote(others)):
        if decided is not None:
            return decided, None
    shown = next(iter(open_stamps), None) or next((text for text in others if _YEAR_LAST.fullmatch(text)), None)
    found = _YEAR_LAST.fullmatch(shown or "")
    if found is None or found[2] == ".":  # with dots the day is first wherever dots are written
        return True, None
    is_padded = any(part.startswith("0") for cell in open_stamps for part in re.split("[-/.]", cell)[:2])
    is_english = phrase(heading) in _words()["english_timestamps"]
    day_first = found[2] != "/" or is_padded or (bool(open_stamps) and not is_english)
    order = "day/month" if day_first else "month/day"
    date_ = shown and re.split(r"[\sT,]", shown)[0]
    why = "its dates fit both orders" if open_stamps else "it has too few dates to tell"
    return day_first, f'dates such as "{date_}" are taken as {order}/year: {why}; an ISO date would be certain'


def read_day(text: str, *, day_first: bool, answered_on: date | None = None) -> date | None:
    """The day in a cell, None for what is none; a clock time and zone after it are left aside.

    With `answered_on` also "3 days ago", "yesterday" and days without a year, which are the last such day until then.
    """
    text = " ".join(text.split())
    found = _YEAR_FIRST.fullmatch(text)
    if found:
        return _date(int(found[1]), int(found[2]), int(found[3]))
    found = _YEAR_LAST.fullmatch(text)
    if found:
        first, second = int(found[1]), int(found[3])
        year = int(found[4]) + (_CENTURY if int(found[4]) < _CENTURY and len(found[4]) == len("26") else 0)
        return _date(year, second, first) if day_first else _date(year, first, second)
    if _WEEK.fullmatch(text):
        return _last_of_week(text)
    found = _NO_YEAR.fullmatch(text)
    if found and answered_on:
        day, month = (int(part) for part in (found.groups() if day_first else reversed(found.groups())))
        return _latest(month, day, answered_on)
    found = _DAY_NAMED.fullmatch(text) or _MONTH_NAMED.fullmatch(text)
    if found:
        named, number = (found[2], found[1]) if found[1].isdigit() else (found[1], found[2])
        return _named(named, int(number), found[3], answered_on)
    return _days_ago(text, answered_on) if answered_on else None


def _named(name: str, number: int, year: str | None, answered_on: date | None) -> date | None:
    if name[:3].casefold() not in _MONTHS:
        return None
    month = _MONTHS.index(name[:3].casefold()) + 1
    if year:
        return _date(int(year), month, number)
    return _latest(month, number, answered_on) if answered_on else None


def _latest(month: int, day: int, answered_on: date) -> date | None:
    this_year = _date(answered_on.year, month, day)
    return this_year if this_year and this_year <= answered_on else _date(answered_on.year - 1, month, day)


def _days_ago(text: str, answered_on: date) -> date | None:
    words, said = _words(), phrase(text)
    if said in words["fixed"]:
        return _earlier(answered_on, words["fixed"][said])
    found = _AGO.fullmatch(said)
    if found is None or found[2] not in words["units"]:
        return None
    count = words["numbers"].get(found[1]) or (int(found[1]) if re.fullmatch("[0-9]{1,3}", found[1]) else None)
    return None if count is None else _earlier(answered_on, count * words["units"][found[2]])


def _earlier(day: date, days: int) -> date | None:
    try:
        return day - timedelta(days=days)
    except OverflowError:
        return None


def _last_of_week(text: str) -> date | None:
    """The Sunday of an ISO week such as 2026-W09."""
    found = _WEEK.fullmatch(text)
    try:
        return date.fromisocalendar(int(found[1]), int(found[2]), _SUNDAY) if found else None
    except ValueError:
        return None


def _vote(cells: Iterable[str]) -> bool | None:
    """Whether the day is first, by numbers over 12; where cells disagree the many decide. None where none tells."""
    votes = [
        int(found[1]) > _MONTHS_IN_YEAR
        for cell in cells
        if (found := _YEAR_LAST.fullmatch(" ".join(cell.split())))
        and (int(found[1]) > _MONTHS_IN_YEAR) != (int(found[3]) > _MONTHS_IN_YEAR)
    ]
    return sum(votes) * 2 > len(votes) if votes else None


def _growth(stamps: Sequence[str]) -> bool | None:
    """Whether the day is first, where only one reading lets the days grow, or fall, from row to row."""
    days = {order: [read_day(cell, day_first=order) for cell in stamps] for order in (True, False)}
    for is_broken in (gt, lt):
        breaks = {order: any(is_broken(a, b) for a, b in pairwise(filter(None, days[order]))) for order in days}
        if breaks[True] != breaks[False]:
            return breaks[False]
        if not any(breaks.values()):
            break
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    return tomllib.loads(resources.files("runfix_analytics").joinpath("form_dates.toml").read_text(encoding="utf-8"))
