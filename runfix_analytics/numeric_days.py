"""Days written in numbers, for exports that follow the phone's region: 2026/03/02, 2.3.2026, 02/03/26.

Whether 02/03/26 is in February or in March is decided for a whole column, and told where no row decides it.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime, time

from runfix_analytics.parsing import Line, UnreadableError

_DAY = re.compile(r"(\d{1,4})([-./])(\d{1,2})\2(\d{4}|\d{1,2})\.?")
_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?:\s?([AaPp])\.?\s?[Mm]\.?)?")
_YEAR_DIGITS = 4
_MONTHS = 12
_CENTURY = 2000


def day_and_clock(line: Line, day: str, clock: str, *, is_day_first: bool | None) -> datetime:
    """The wall-clock time in two columns of a row; midnight where the clock is empty or unreadable.

    Raises: UnreadableError, rule bad_date, no_date or ambiguous_date.
    """
    text = line.text(day)
    found = _date(text, is_day_first)
    if found is not None:
        return datetime.combine(found, _time(line.text(clock)))
    if is_day_first is None and _date(text, is_day_first=True) is not None:
        advice = f'no row of the file tells whether "{day}" has the day or the month first; write it as 2026-03-02'
        raise UnreadableError("ambiguous_date", text, advice)
    advice = f'"{day}" must be a date as the app wrote it: spreadsheets change dates'
    raise UnreadableError("bad_date" if text else "no_date", text or line.text("exercise"), advice)


def day_first(days: Iterable[str]) -> bool | None:
    """Whether these cells of one column have the day before the month; None where no number above 12 tells."""
    found = [match for match in map(_DAY.fullmatch, days) if match and len(match[1]) < _YEAR_DIGITS]
    told = {int(match[1]) > _MONTHS for match in found if max(int(match[1]), int(match[3])) > _MONTHS}
    return told.pop() if len(told) == 1 else None


def _date(text: str, is_day_first: bool | None) -> date | None:
    """The day; with dots it comes first, else a number above 12 tells, then `is_day_first`."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    first, second, third = int(found[1]), int(found[3]), int(found[4])
    if len(found[1]) == _YEAR_DIGITS:
        year, month, day = first, second, third
    else:
        is_first = found[2] == "." or first > _MONTHS or (second <= _MONTHS and is_day_first)
        if is_first is None and first != second:
            return None
        day, month = (first, second) if is_first else (second, first)
        year = third if len(found[4]) == _YEAR_DIGITS else _CENTURY + third
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _time(text: str) -> time:
    found = _CLOCK.fullmatch(text)
    if found is None:
        return time()
    hour = int(found[1]) if not found[4] else int(found[1]) % 12 + (12 if found[4] in "Pp" else 0)
    try:
        return time(hour, int(found[2]), int(found[3] or 0))
    except ValueError:
        return time()
