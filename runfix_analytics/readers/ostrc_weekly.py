"""Weekly OSTRC answers as a table: a row for each runner, week and place, or one with four questions for each place.

A questionnaire asks about some places, so 0 for one of them says nothing of the others. A week of zeros is the answer
"no aches" only where the questionnaire asks about any place, or about three or more; else, and beside an ache
elsewhere, 0 ends the ache that the table showed there before, and is no row of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from runfix_analytics.ache_answers import FLAGS, OSTRC, ache, is_own_form, without_emails
from runfix_analytics.form_dates import day_order, is_timestamp, phrase, read_day
from runfix_analytics.form_words import headings_of, vocabulary
from runfix_analytics.ostrc_items import TRAINING_OF, Item, items_of, told
from runfix_analytics.parsing import Line, UnreadableError, parse_export, plain, read_each, wording
from runfix_analytics.rawlog import ACHES, Problem, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "ostrc_weekly"
SOURCE = "ostrc"

_WORDS = vocabulary()
_DAYS_AFTER_MONDAY = timedelta(days=6)
_LAST_WEEK = date.max - _DAYS_AFTER_MONDAY
_DATES = ("date_reported", "timestamp", "week_start")
_KEPT = ("runner", "report_id", "site", "side", "problem_type", "ill", "onset_date", "onset_type", "days_lost",
         "exercise_that_hurt", "notes", *FLAGS, *_DATES)  # fmt: skip
_PLACES_OF_A_BODY = 3  # ours: a questionnaire of one or two places does not speak for the rest of a runner
_NOTHING_TO_DO = "nothing to do: {}"

Row = dict[str, Any]


def recognises(file: SourceFile) -> bool:
    """Whether it is a table with a day or week and OSTRC items, one to four, by number or by their questions.

    A form with a time of sending that asks of any problem at once is a web form.
    """
    keys = headings_of(file)
    items = _items(keys, file.headings)
    if not items or is_own_form(keys):
        return False
    columns = set(_columns(keys, items, file.headings).values())
    is_web_form = "timestamp" in columns and not any(item.place for item in items.values())
    return bool(set(_DATES) & columns) and not is_web_form


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of aches for each file, in order."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    table = _table(file)
    parsed = parse_export(without_emails(file), table.answers)
    places = {row["site"] for row in parsed.rows if row["site"]}
    weeks = _Weeks(is_whole_body=len(places) >= _PLACES_OF_A_BODY)
    for _, answers in sorted(_by_week(parsed.rows).items()):
        weeks.add(answers)
    rows, problems = weeks.log()
    return RawLog(
        READER,
        SOURCE,
        aches=frame(rows, ACHES),
        problems=tuple(sorted((*parsed.problems, *problems), key=lambda problem: problem.row or 0)),
        warnings=(*table.warnings, *weeks.warnings()),
        damage=parsed.damage,
    )


@dataclass(frozen=True)
class _Table:
    """What one file's headings ask, and how its dates are written."""

    items: Mapping[str, Item]
    columns: Mapping[str, str]
    day_first: bool
    warnings: list[str]

    def answers(self, line: Line) -> list[Row]:
        """A raw ache for each place that a row answers about, zeros included.

        Raises: UnreadableError for a missing day, an old scoring, and a row that answers nothing.
        """
        shared = self._shared(line)
        rows: list[Row] = []
        for place in dict.fromkeys(item.place for item in self.items.values()):
            items = {key: item for key, item in self.items.items() if item.place == place}
            scores = {f"ostrc_q{item.item}": told(item, line.text(key)) for key, item in items.items()}
            if not any(scores.values()):
                continue
            named = _WORDS.place(place or shared["site"])
            cells = {**shared, **scores, "site": named.site, "side": shared["side"] or named.side}
            cells["affects_training"] = TRAINING_OF.get(scores.get("ostrc_q1", ""), "")
            row = ache(Line(line.row, cells), self.warnings)
            if any(row[name] is not None for name in OSTRC):
                rows.append(row)
        if not rows:
            is_blank = not any(line.text(key) for key in self.items)
            advice = (
                "nothing to do: no question is answered" if is_blank else "answers are 0, 8, 17 and 25, or their words"
            )
            logged = line.start if is_blank else line.text(*self.items)
            raise UnreadableError("not_answered" if is_blank else "bad_answer", logged, advice, is_expected=is_blank)
        return rows

    def _shared(self, line: Line) -> dict[str, str]:
        """The cells of a row that hold for all its places, as our form has them."""
        cells = dict.fromkeys(_KEPT, "")
        for key, name in self.columns.items():
            cells[name] = cells[name] or line.text(key)
        day = next((name for name in _DATES if cells[name]), "date_reported")
        reported_on = read_day(cells[day], day_first=self.day_first)
        if reported_on and day == "week_start" and reported_on < _LAST_WEEK:
            reported_on += _DAYS_AFTER_MONDAY
        noticed_on = read_day(cells["onset_date"], day_first=self.day_first, answered_on=reported_on)
        problem = _WORDS.word("problem_type", cells["problem_type"])
        if problem == "other" and not cells["site"]:
            advice = "nothing to do, unless something hurts: then name the place"
            raise UnreadableError("other_health_problem", cells["problem_type"], advice, is_expected=True)
        is_illness = problem == "illness"
        return {
            "date_reported": str(reported_on or cells[day]),
            **{name: cells[name] for name in ("runner", "report_id", "exercise_that_hurt", "notes")},
            "site": "" if is_illness or _WORDS.is_said("none", cells["site"]) else cells["site"],
            "side": _WORDS.side(cells["side"]),
            "onset_date": str(noticed_on or cells["onset_date"]),
            "onset_type": _WORDS.word("onset_type", cells["onset_type"]),
            "days_lost": _WORDS.amount(cells["days_lost"]),
            "ill": "yes" if is_illness else _WORDS.yes_no(cells["ill"]),
            **{name: _WORDS.yes_no(cells[name]) for name in FLAGS},
        }


@dataclass
class _Weeks:
    """The weeks of a file, in order of time: which answers are aches, and where something hurt until now.

    `is_whole_body`: whether the questionnaire asks about so many places that zeros for all of them say "no aches".
    """

    is_whole_body: bool
    rows: list[Row] = field(default_factory=list)
    left: list[tuple[int, str, str]] = field(default_factory=list)
    hurting: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    zeros: dict[str, None] = field(default_factory=dict)

    def add(self, answers: list[Row]) -> None:
        """One runner's answers of one week."""
        runner = answers[0]["runner"] or ""
        aches = [row for row in answers if _hurts(row)]
        if not aches and (self.is_whole_body or not any(row["site"] for row in answers)):
            first = next((row for row in answers if row["ill"]), answers[0])
            self.rows.append({**first, "site": None, "side": None, "is_no_aches": True})
            self.zeros |= dict.fromkeys(row["site"] for row in answers if row["site"])
            self.left += [
                (row["row"], "same_week", f"the week's answer stands in row {first['row']}") for row in answers
            ]
            self.hurting[runner] = set()
            return
        is_ill = any(row["ill"] for row in answers) or None
        open_places = self.hurting.setdefault(runner, set())
        for row in answers:
            place = (phrase(row["site"] or ""), row["side"] or "")
            if _hurts(row):
                self.rows.append({**row, "ill": row["ill"] or is_ill})
            elif place in open_places:
                self.rows.append({**row, "status": "resolved"})
                open_places.discard(place)
            else:
                rule = "illness" if row["ill"] else "no_ache_here"
                where = f"the week's ache stands in row {aches[0]['row']}" if aches else "0 speaks for this place only"
                self.left.append((row["row"], rule, where))
        open_places |= {(phrase(row["site"] or ""), row["side"] or "") for row in aches}

    def log(self) -> tuple[list[Row], list[Problem]]:
        """The aches in the order of the file, and an expected problem for each row that gave none."""
        rows = sorted(self.rows, key=lambda row: row["row"])
        kept = {row["row"] for row in rows}
        reasons = {place: (rule, why) for place, rule, why in self.left if place not in kept}
        problems = [
            Problem(place, "0", rule, _NOTHING_TO_DO.format(why), is_expected=True)
            for place, (rule, why) in reasons.items()
        ]
        return rows, problems

    def warnings(self) -> list[str]:
        """Which places "no aches" was concluded from."""
        places = ", ".join(self.zeros)
        return [f'a week of zeros for every place asked about ({places}) is taken as "no aches"'] if places else []


def _hurts(row: Row) -> bool:
    is_illness = row["ill"] and row["site"] is None
    return not is_illness and any(row[name] for name in (*OSTRC, *FLAGS))


def _by_week(rows: Iterable[Row]) -> dict[tuple[date, str], list[Row]]:
    weeks: dict[tuple[date, str], list[Row]] = {}
    for row in rows:
        weeks.setdefault((row["reported_on"], row["runner"] or ""), []).append(row)
    return weeks


def _items(keys: Iterable[str], headings: Mapping[str, str]) -> dict[str, Item]:
    """Heading → item; the squad's own headings count first."""
    names = _names(keys, headings)
    asked = items_of(names.values())
    return {key: asked[name] for key, name in names.items() if name in asked}


def _columns(keys: Iterable[str], items: Iterable[str], headings: Mapping[str, str]) -> dict[str, str]:
    """Heading → our column, for the headings beside the items that are read; the squad's own headings count first."""
    columns: dict[str, str] = {}
    for key, name in _names(keys, headings).items():
        known = wording(READER).columns.get(plain(name)) or _WORDS.column_of(name)
        column = name if name in _KEPT else "timestamp" if is_timestamp(name) else known
        if column in _KEPT and key not in items:
            columns[key] = column
    return columns


def _names(keys: Iterable[str], headings: Mapping[str, str]) -> dict[str, str]:
    own = {phrase(heading): column for heading, column in headings.items()}
    return {key: own.get(phrase(key), key) for key in keys if key}


def _table(file: SourceFile) -> _Table:
    """What the whole file tells about its rows.

    Raises: ReadError when it is no table.
    """
    keys = headings_of(file)
    items = _items(keys, file.headings)
    columns = _columns(keys, items, file.headings)
    lines: list[Line] = []

    def keep(line: Line) -> list[Row]:
        lines.append(line)
        return []

    parse_export(file, keep)
    dates = [[line.text(key) for line in lines] for key, name in columns.items() if name in (*_DATES, "onset_date")]
    heading = next((key for key, name in columns.items() if name == "timestamp"), "")
    day_first, doubt = day_order(dates[0] if dates else [], [cell for cells in dates for cell in cells], heading)
    return _Table(items, columns, day_first, [doubt] if doubt else [])
