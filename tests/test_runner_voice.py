"""The runner's own page, in every language: it speaks to the runner, promises nothing, and says all that the coach's
says. The sample squad holds most cases; the others are made from it.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol
from browsing import CHROMIUM, chromium, printed, tab
from messages import in_code, in_template

from runfix_analytics.catalogue import load
from runfix_analytics.page_results import stored_results
from runfix_analytics.reports import (
    ache_section,
    advice_section,
    changes_section,
    charts,
    evidence,
    runner_page,
    summary_section,
    timeline,
    words,
)
from runfix_analytics.reports.results import Earlier, RunnerResults
from runfix_analytics.reports.wording import COACH, RUNNER, Wording, languages, wording

CATALOGUE = load()
MODULES = (runner_page, words, ache_section, advice_section, changes_section, summary_section, evidence, charts,
           timeline)  # fmt: skip
REPORTS = Path(runner_page.__file__).parent
TEMPLATE = REPORTS / "templates" / "runner.html.j2"
LANGUAGES = tuple(languages())
WORDINGS = tuple((language, voice) for language in LANGUAGES for voice in (COACH, RUNNER))
ACHING, FLAGGED, LONGEST, ONE_SIDED, SILENT = "4e5ghujn", "j29sgczy", "axc7ahxf", "32yxqet6", "ux2gzs69"
MOST_SIDES = 2
SHORT = 12  # letters; what is shorter may be the same in two languages

TO_THE_RUNNER = {"en": r"\byour?\b", "de": r"\b(?:du|dir|dein\w*|fang|geh)\b"}
TO_A_COACH = {
    "en": r"\bask\b(?! your coach)|\bchase|talk to|\bthe coach\b|\bthis runner|\bthe runner\b|\brunner's\b"
    r"|\bthey\b|\bthem\b|\btheir\b|\b(?:s?he|him|his|her)\b",
    "de": r"nachfragen|coach fragen|der coach\b|\bläufer|dieser gruppe|\beigenen bekannten\b|(?-i:\b(?:Sie|Ihre?n?)\b)",
}
PROMISES = {
    "en": r"\brisk|predict|prevent|diagnos|\btreat|\bcaus|\bcure|\bheals?\b|weakness|injury-free",
    "de": r"risiko|vorhersag|verhinder|vorbeug|diagnos|heil(?:t|en|ung)|therap|ursach|schwäche|verletzungsfrei",
}
MEANT = (
    "This page is not a diagnosis and replaces no physical therapist.",
    "a description, no test and no cause.",
    "Diese Seite ist keine Diagnose und ersetzt keine Physiotherapie.",
    "Beschreibung, kein Test, keine Ursache.",
    "Physiotherapie",
)

in_each_language = pytest.mark.parametrize("language", LANGUAGES)
in_each_wording = pytest.mark.parametrize(("language", "voice"), WORDINGS)


# what is read


class _Said(HTMLParser):
    """All that a page says, drawings and labels as well; the heading and the title apart."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self._tags: list[str] = []
        self.parts: list[str] = []
        self.names: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tags.append(tag)
        self.parts += [value or "" for name, value in attrs if name in ("aria-label", "title")]

    def handle_endtag(self, tag: str) -> None:
        while self._tags.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self._tags:
            is_head = bool({"h1", "title"} & set(self._tags)) and "svg" not in self._tags
            (self.names if is_head else self.parts).append(data)


def said_on(source: str) -> str:
    return re.sub(r"[ \n]+", " ", " ".join(_Said(source).parts))


@dataclass(frozen=True)
class Listening(Wording):
    """A wording that writes down what it said: message → in words."""

    heard: dict[str, str] = field(default_factory=dict)

    def say(self, words: str, /, **values: object) -> str:
        self.heard[words] = super().say(words, **values)
        return self.heard[words]

    def count(self, number: float, one: str, many: str, /, **values: object) -> str:
        self.heard[one] = super().count(number, one, many, **values)
        return self.heard[one]


@pytest.fixture(scope="module")
def results(demo_store, demo_day) -> dict[str, RunnerResults]:
    """The sample squad by runner id, and cases that it does not hold by what they are."""
    everybody = demo_store.runners(CATALOGUE)
    sample = {found.runner_id: found for found in stored_results(demo_store, everybody, demo_day, CATALOGUE)}
    return sample | dict(_made_of(sample))


def _made_of(sample: dict[str, RunnerResults]) -> Iterator[tuple[str, RunnerResults]]:
    aching, flagged, silent = sample[ACHING], sample[FLAGGED], sample[SILENT]
    days = {"from_on": aching.as_of - timedelta(days=9), "to_on": aching.as_of + timedelta(days=9)}
    marks = tuple({"mark": mark} | days for mark in words.MARKED)
    for_now = tuple({"mark": mark} | days | {"to_on": None} for mark in words.MARKED_FOR_NOW)
    yield "marked", replace(aching, marks=marks)
    yield "marked for now", replace(aching, marks=for_now)
    before = aching.as_of - timedelta(days=28)
    areas = {row["area_id"]: {**row, "status": "on_target", "rank": 1} for row in aching.advice}
    yield "changed", replace(aching, earlier=Earlier(before, areas, aching.moves, {}))
    (episode,) = aching.episodes
    yield "ache not heard of", replace(aching, episodes=({**episode, "state": "silent"},))
    yield "nobody's place", replace(aching, episodes=({**episode, "symptom_id": "", "onset_on": before},))
    medical = tuple({**row, "flag": "medical"} for row in flagged.referrals)
    yield "medical", replace(flagged, referrals=medical)
    unlinked = tuple({**row, "withheld_areas": [], "withholds_lower_body": True} for row in flagged.referrals)
    yield "no lower body", replace(flagged, referrals=unlinked)
    never = replace(silent.logged, last_run_on=None, last_strength_on=None, last_answer_on=None)
    yield "nothing logged", replace(silent, logged=never, strength_weekdays=())
    unread = replace(aching.logged, n_undecided_sets=3, undecided_names=("wobble",), n_bad_files=2)
    yield "not recognised", replace(aching, logged=unread, strength_weekdays=(2,))


def render(found: RunnerResults, language: str, voice: str) -> str:
    return said_on(runner_page.render(found, CATALOGUE, wording(language, voice)))


@pytest.fixture(scope="module")
def pages(results) -> dict[tuple[str, str], dict[str, str]]:
    """(Language, voice) → whose page → all that it says."""
    return {of: {who: render(found, *of) for who, found in results.items()} for of in WORDINGS}


def messages_of_the_code() -> dict[str, tuple[str, ...]]:
    """Message → its forms, of all that the runner's page may say beside the catalogue; not the cohort page's words."""
    found: dict[str, tuple[str, ...]] = {}
    for message in (*chain(*(in_code(Path(module.__file__)) for module in MODULES)), *in_template(TEMPLATE)):
        found[message.forms[0]] = message.forms
    of_the_cohort = {*words.LEFT_OUT.values(), *words.NO_ESTIMATE.values(),
                     *(mark.word for mark in words.VERDICT.values())}  # fmt: skip
    return {first: forms for first, forms in found.items() if first not in of_the_cohort}


CODE = messages_of_the_code()


def own_voice(language: str) -> dict[str, Message]:
    """Message → its entry in the runner's voice."""
    with (REPORTS / "languages" / f"{language}.po").open("rb") as file:
        found = [message for message in read_po(file, abort_invalid=True) if message.context == RUNNER]
    return {message.id[0] if isinstance(message.id, tuple) else str(message.id): message for message in found}


def forms_of(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, tuple) else (str(message.string),)


def without(text: str, meant: tuple[str, ...]) -> str:
    for phrase in meant:
        text = text.replace(phrase, "")
    return text


def hits(pattern: str, text: str) -> list[str]:
    found = re.finditer(pattern, text, re.IGNORECASE)
    return [text[max(0, hit.start() - 30) : hit.end() + 30] for hit in found]


# messages


@in_each_language
def test_every_message_in_the_runners_voice_is_one_that_the_page_says(language):
    assert sorted(set(own_voice(language)) - set(CODE)) == []


@in_each_language
def test_a_message_in_the_runners_voice_keeps_its_values_and_its_forms(language):
    def values(form: str) -> list[str]:
        return sorted({name for _, name, _, _ in Formatter().parse(form) if name})

    wrong = [
        (first, said)
        for first, message in own_voice(language).items()
        for said, meant in zip(forms_of(message), CODE[first], strict=True)
        if values(said) != values(meant)
    ]
    assert wrong == []


@in_each_language
def test_no_message_of_the_runners_page_speaks_to_a_coach_or_of_a_runner(language):
    w = wording(language, RUNNER)
    said = {first: " / ".join(w._find(first)) for first in CODE}
    named = {first: text.replace("Runner's World", "").replace("Freizeitläufer", "") for first, text in said.items()}
    assert {first: found for first, text in named.items() if (found := hits(TO_A_COACH[language], text))} == {}


# pages


@in_each_language
def test_a_runners_name_stands_in_the_heading_and_the_title_only(results, language):
    for found in results.values():
        page = _Said(runner_page.render(found, CATALOGUE, wording(language, RUNNER)))
        assert sum(found.name in part for part in page.names) == 2
        assert [part for part in page.parts for name in found.name.split() if name in part] == []


@in_each_language
def test_the_first_sentence_of_the_runners_page_speaks_to_the_runner(results, language):
    for found in results.values():
        sentence = summary_section.sentence(found, CATALOGUE, wording(language, RUNNER))
        assert re.search(TO_THE_RUNNER[language], sentence, re.IGNORECASE), sentence


@pytest.mark.parametrize(
    ("who", "language", "said"),
    [
        (FLAGGED, "en", "STOP: right knee. See a physical therapist first. You reported:"),
        (FLAGGED, "de", "STOPP: Knie rechts. Geh zuerst zur Physiotherapie. Von dir gemeldet:"),
        ("medical", "en", "STOP: right knee. Get medical advice now. You reported:"),
        ("medical", "de", "STOPP: Knie rechts. Hol dir jetzt ärztlichen Rat. Von dir gemeldet:"),
    ],
)
def test_a_red_flag_is_as_clear_to_a_runner_as_to_the_coach(pages, who, language, said):
    runners, coachs = (re.sub(r"\s+", " ", pages[language, voice][who]) for voice in (RUNNER, COACH))
    assert said in runners
    assert runners.count("■") == coachs.count("■") == 1
    moves = re.compile(r"\b(?:curl|row|plank|Beinbeugen|Rudern|Plank)\b")
    assert moves.findall(runners) == moves.findall(coachs)


@in_each_wording
def test_no_page_promises_or_frightens(pages, language, voice):
    for text in pages[language, voice].values():
        assert hits(PROMISES[language], without(text, MEANT)) == []


@in_each_wording
def test_every_wording_holds_the_numbers_of_the_english_page(pages, language, voice):
    """Words of a language differ, what it counts does not: days, shares, sets, weeks, as they are read."""
    for who, text in pages[language, voice].items():
        assert numbers(text, language) == numbers(pages["en", COACH][who], "en"), who


def numbers(text: str, language: str) -> Counter[float]:
    """Every number of a text by its value, with the thousands and decimals of the language undone."""
    locale = languages()[language].locale
    thousands, decimal = get_group_symbol(locale), get_decimal_symbol(locale)
    grouped = re.findall(rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|\d+(?:{re.escape(decimal)}\d+)?", text)
    return Counter(float(number.replace(thousands, "").replace(decimal, ".")) for number in grouped)


@pytest.mark.parametrize("voice", [COACH, RUNNER])
def test_nothing_of_the_english_page_is_left_on_the_german_one(results, pages, voice):
    german = wording("de", voice)
    for who, found in results.items():
        w = Listening(languages()["en"], voice)
        runner_page.render(found, CATALOGUE, w)
        in_german = pages["de", voice][who]
        left = [said for words, said in w.heard.items()
                if len(said) > SHORT and said in in_german and german.say(words) != words]  # fmt: skip
        same = [words for words in w.heard if len(words) > SHORT and words in CODE and german._find(words)[0] == words]
        assert left == []
        assert same == []


@pytest.mark.parametrize("voice", [COACH, RUNNER])
def test_no_german_sentence_ends_twice_after_a_short_month_or_day(pages, voice):
    for text in pages["de", voice].values():
        assert hits(r"\.\.|[{}]", text) == []


# paper


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize(("language", "voice"), [of for of in WORDINGS if of != ("en", COACH)])
def test_the_longest_pages_have_two_sides_at_most_in_every_wording(results, tmp_path, language, voice):
    with chromium() as browser, tab(browser, as_paper=True) as opened:
        for who in (LONGEST, ONE_SIDED, FLAGGED):
            path = tmp_path / f"{who}.html"
            path.write_text(runner_page.render(results[who], CATALOGUE, wording(language, voice)), encoding="utf-8")
            assert len(printed(opened.open(path)).sheets) <= MOST_SIDES, who
