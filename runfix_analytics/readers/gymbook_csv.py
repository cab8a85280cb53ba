"""GymBook: one row a set, headings and words in the phone's language, units in the cells ("20 ripetizioni", "0,00 kg").

Cool-downs count as warm-ups, since neither is work. A weight of 0 is what the app writes where none was used.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from typing import Any

from runfix_analytics.numeric_days import day_and_clock, day_first
from runfix_analytics.parsing import (
    Line,
    UnreadableError,
    column_cells,
    columns_of,
    decimal_mark,
    duration_s,
    note,
    number,
    parse_export,
    read_each,
    wording,
)
from runfix_analytics.rawlog import SETS, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "gymbook_csv"
SOURCE = "gymbook"

_AMOUNT, _LOAD = "repetitions / time", "weight / distance"
_SET_TYPES = re.compile(r"[^/]+ / [^/]+ / [^/]+")
_QUANTITY = re.compile(r"([+-]?\d[\d.,]*)\s*([^\W\d_]*)\.?")
_SECONDS_IN = {"seconds": 1, "minutes": 60, "hours": 3600}


@cache
def _words() -> Mapping[str, list[str]]:
    """What the cells of all languages say, by our names."""
    text = resources.files(__package__).joinpath(f"{READER}.toml").read_text(encoding="utf-8")
    words: dict[str, list[str]] = tomllib.loads(text)["words"]
    return words


@dataclass(frozen=True)
class _Layout:
    """The heading of the column that tells warm-ups, and how a file's numbers and days are written."""

    set_type: str
    mark: str
    is_day_first: bool | None


def recognises(file: SourceFile) -> bool:
    """Whether the header is GymBook's in a language that gymbook_csv.toml has."""
    return {"date", "exercise", _AMOUNT, _LOAD} <= columns_of(file, wording(READER).header(file))


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of sets for each file, in order; times are the phone's wall clock, of each set."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    header = wording(READER).header(file)
    parsed = parse_export(file, partial(_sets, layout=_layout(file, header)), header=header)
    sets = frame(parsed.rows, SETS)
    return RawLog(READER, SOURCE, sets=sets, problems=parsed.problems, damage=parsed.damage)


def _layout(file: SourceFile, header: tuple[str, ...]) -> _Layout:
    """Days are read day first in every language but English, where they must tell themselves."""
    loads = (_QUANTITY.match(cell) for cell in column_cells(file, _LOAD, header))
    told = day_first(column_cells(file, "date", header))
    is_foreign = _LOAD not in columns_of(file)
    return _Layout(
        set_type=next(filter(_SET_TYPES.fullmatch, columns_of(file)), ""),
        mark=decimal_mark(found[1] for found in loads if found) or ".",
        is_day_first=(is_foreign or None) if told is None else told,
    )


def _sets(line: Line, layout: _Layout) -> list[dict[str, Any]]:
    exercise = line.text("exercise")
    if not exercise:
        raise UnreadableError("no_exercise", line.text("date"), "the row names no exercise")
    if line.text("skipped").casefold() in _words()["yes"]:
        raise UnreadableError("not_done", exercise, "skipped; nothing to do", is_expected=True)
    reps, seconds = _amount(line.text(_AMOUNT), layout.mark)
    load, unit = _load(line.text(_LOAD), layout.mark)
    if not (reps or seconds or unit == "distance"):
        raise UnreadableError("empty_set", exercise, "neither repetitions nor a time nor a distance are logged")
    return [
        {
            "start_local": day_and_clock(line, "date", "time", is_day_first=layout.is_day_first),
            "logged_as": exercise,
            "set_type": _set_type(line, layout),
            "reps": reps,
            "seconds": seconds,
            **({} if unit == "distance" else {"weight": load, "weight_unit": unit}),
            "note": note(line.text("notes")),
        }
    ]


def _set_type(line: Line, layout: _Layout) -> str:
    """The heading names the three kinds in order: "Set / Set di riscaldamento / Set di defaticamento"."""
    word, kinds = line.text(layout.set_type).casefold(), layout.set_type.split(" / ")
    if word and word not in kinds:
        raise UnreadableError("unknown_set_type", word, f"expected one of {', '.join(kinds)}")
    return "warmup" if word in kinds[1:] else "working"


def _amount(text: str, mark: str) -> tuple[float | None, float | None]:
    """Repetitions and seconds of "20 ripetizioni", "20", "45 secondi", "1 min 30 s" or "1:30"."""
    if ":" in text:
        return None, _clock_s(text)
    parts = [(_number(amount, mark), word.casefold()) for amount, word in _QUANTITY.findall(text)]
    if _QUANTITY.fullmatch(text) and parts[0][1] in ("", *_words()["reps"]):
        return parts[0][0] or None, None
    units = {word: size for name, size in _SECONDS_IN.items() for word in _words()[name]}
    if _QUANTITY.sub("", text).strip(" ,") or not {word for _, word in parts} <= set(units):
        raise UnreadableError("bad_reps", text, "expected repetitions, or a time with a unit that the reader knows")
    return None, sum((amount or 0) * units[word] for amount, word in parts) or None


def _clock_s(text: str) -> float | None:
    try:
        return duration_s(text) or None
    except ValueError:
        raise UnreadableError("bad_duration", text, "a time is written as 1:30") from None


def _load(text: str, mark: str) -> tuple[float | None, str | None]:
    """Amount and unit (kg, lb, distance, null = not said) of "12,50 kg", "12.5" or "5,00 km"; nothing of "0,00 kg"."""
    found = _QUANTITY.fullmatch(text)
    word = found[2].casefold() if found else ""
    unit = next((unit for unit in ("kg", "lb", "distance") if word in _words()[unit]), None)
    if text and (found is None or (word and unit is None)):
        raise UnreadableError("bad_weight", text, "expected a weight in kg or lb, or a distance")
    amount = _number(found[1], mark) if found else None
    return (round(amount, 2), unit) if amount else (None, None)


def _number(text: str, mark: str) -> float | None:
    try:
        return number(text, mark)
    except ValueError:
        raise UnreadableError("bad_number", text, "expected a number") from None
