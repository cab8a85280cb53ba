"""The words of the pages. We write coverage, under target, the article links; never risk, prevents, diagnoses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import exp
from typing import Any

from runfix_analytics.catalogue import Catalogue, Site
from runfix_analytics.tables import VISIT

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
KM_PER_MILE = 1.609344
MAX_NAME = 100


@dataclass(frozen=True)
class Mark:
    """A status as a coach reads it: shape, word, and the class that colours it."""

    symbol: str
    word: str
    css: str


STATUS = {
    "on_target": Mark("●", "on target", "good"),
    "under_target": Mark("◐", "under target", "low"),
    "under_floor": Mark("○", "under the floor", "floor"),
    "not_clear": Mark("◌", "not clear", "unknown"),
    "not_known": Mark("?", "not known", "unknown"),
}
UNDER = ("under_target", "under_floor")
LIMITED_BY = {
    "frequency": "too few sessions a week",
    "exercises": "too few different moves",
    "rounds": "too few rounds",
    "effort": "sets stopped too early",
}
FLAGS = {
    "acute_injury": "it began suddenly or with a fall or blow",
    "during_exercises": "the exercises cannot be done without pain",
    "at_night": "pain at night",
    "at_rest": "pain at rest",
    "bone_tenderness": "one spot on the bone is tender",
    "medical": "chest pain, or sudden trouble with breathing",
}
EXCLUDED = {
    "not_modelled": "described only: no onset of pain",
    "trauma": "left out: it began suddenly or with a fall or blow",
    "prevalent": "left out: the ache was there when the diary began",
    "uncertain_onset": "left out: it came back after a silence, so its onset is not certain",
    "no_linked_area": "the article links no area to this place",
    "coverage_unknown": "coverage before the onset is not known",
}
REHAB = "within reach of an earlier ache: rehab may be in it; not compared"
TRAINING = {
    "full": "trains fully",
    "with_problems": "trains fully, with problems",
    "modified": "trains less",
    "stopped": "cannot train",
}
RECURRENCE = {
    "index": "",
    "early": "came back within 2 months",
    "late": "came back within a year",
    "delayed": "came back after more than a year",
    "uncertain": "after a silence; onset not certain",
}
VERDICT = {
    "too_few_onsets": Mark("?", "too few onsets to say", "unknown"),
    "bias_suspected": Mark("■", "a check failed: do not use", "floor"),
    "rehab_fingerprint": Mark("■", "looks like rehab: do not use", "floor"),
    "opposite": Mark("◌", "inconclusive: two looks disagree", "unknown"),
    "prior_dominates": Mark("◌", "few onsets: leans on the prior", "unknown"),
    "inconclusive": Mark("◌", "inconclusive", "unknown"),
    "fewer_onsets": Mark("▼", "associated with fewer onsets", "good"),
    "more_onsets": Mark("▲", "associated with more onsets", "floor"),
}
NO_ESTIMATE = {
    "too_few_onsets": "too few onsets",
    "too_few_runners": "too few runners",
    "no_variation": "coverage hardly differs",
    "not_converged": "no stable estimate",
}
LEFT_OUT = {
    "no_answer": "no answer to the ache form speaks for the day",
    "ill": "the runner was ill",
    "no_recent_run": "no run in the weeks before",
    "in_episode": "in an episode of the same ache already, or just out of one",
    "no_history": "the logs do not go back far enough",
    "washed_out": "within reach of an earlier ache: rehab may be in the coverage",
    "coverage_unknown": "strength log not known on enough days",
}
MARKED = {
    "seen_by_physio": "seen by a physio",
    "paused": "paused",
    "away": "away",
    "ill": "ill",
    "race_week": "race week",
}
SIDES = {"left": "left", "right": "right", "both": "both", "centre": "", "unknown": ""}
CAVEAT = (
    "Weak muscles are not the only culprit: mobility, stability and neuromuscular control matter as well, so a rounded "
    "programme has strength work, stretches and drills, and not every ache is solved with strength work. In a study of "
    "253 recreational runners more than half were hurt within a year: being hurt is common, not a failure. "
    "This page is not a diagnosis and replaces no physical therapist."
)


def day(value: date, as_of: date | None = None) -> str:
    """A date as "6 Oct", with the year where it is not that of `as_of`."""
    text = f"{value.day} {MONTHS[value.month - 1]}"
    return text if as_of and value.year == as_of.year else f"{text} {value.year}"


def ago(value: date | None, as_of: date) -> str:
    """How long ago a day was: "today", "3 days ago", "never"."""
    if value is None:
        return "never"
    days = (as_of - value).days
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")


def ago_short(value: date | None, as_of: date) -> str:
    """How long ago a day was, for a narrow column: "today", "3 d", "never"."""
    return "never" if value is None else "today" if value == as_of else f"{(as_of - value).days}\u00a0d"


def percent(share: float | None) -> str:
    """A share of the target as a whole percentage; "–" where it is not known."""
    return "–" if share is None else f"{round(share * 100)}\u00a0%"


def grouped(number: float) -> str:
    """A whole number with its thousands apart: "12,345"."""
    return f"{number:,.0f}"


def ratio(log_ratio: float) -> str:
    """A hazard ratio from its logarithm; out of any reasonable range only which way."""
    value = exp(max(min(log_ratio, 9.0), -9.0))
    return "<0.01" if value < 0.01 else ">100" if value > 100 else f"{value:.2f}"  # noqa: PLR2004 - what two digits hold


def ratio_with_interval(row: dict[str, Any]) -> str:
    """A hazard ratio with its interval: "0.71 (0.52–0.97)"; the columns are logarithms."""
    return f"{ratio(row['log_ratio'])} ({ratio(row['low'])}–{ratio(row['high'])})"


def p_value(p: float | None) -> str:
    """A p-value as it is printed; "–" where there is none."""
    return "–" if p is None else "<0.001" if p < 0.001 else f"{p:.3f}" if p < 0.01 else f"{p:.2f}"  # noqa: PLR2004


def count(number: float, one: str, many: str | None = None) -> str:
    """A number with its noun: "1 run", "3 runs"."""
    return f"{number:g} {one if number == 1 else many or one + 's'}"


def listing(words: Sequence[str]) -> str:
    """Words as prose: "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def place(episode: dict[str, Any], catalogue: Catalogue) -> str:
    """Where an ache is: "left shin"; a breath has no side."""
    site: Site = catalogue.sites[episode["site_id"]]
    side = SIDES[episode["side"]] if site.has_sides else ""
    return f"{side} {site.name}".strip()


def marked(marks: Sequence[dict[str, Any]], as_of: date) -> str:
    """What the coach says of a runner: "away from 3 Apr to 12 Apr"; empty without a mark."""
    said = []
    for row in marks:
        begins = day(row["from_on"], as_of)
        if row["mark"] == VISIT:
            said.append(f"{MARKED[row['mark']]} on {begins}")
        else:
            ends = f"to {day(row['to_on'], as_of)}" if row["to_on"] else "until further notice"
            said.append(f"{MARKED[row['mark']]} from {begins} {ends}")
    return listing(said)


def limit(row: dict[str, Any]) -> str:
    """What limits an area's coverage, in words; empty where nothing does."""
    if row["limited_by"] is None:
        return ""
    return "no session in four weeks" if row["n_sessions"] == 0 else LIMITED_BY[row["limited_by"]]


def one_side(row: dict[str, Any]) -> str:
    """Which side is missing where sets of one side only are logged; empty where none is."""
    left, right = row["hard_sets_left"], row["hard_sets_right"]
    if bool(left) == bool(right):
        return ""
    done, missing = ("left", "right") if left else ("right", "left")
    return f"one-sided sets on the {done} only, nothing on the {missing}"


def sentence_case(text: str) -> str:
    """With a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def for_print(name: str) -> str:
    """A name cut to what a line of a page holds."""
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"


def area_names(areas: Sequence[str], catalogue: Catalogue) -> str:
    """The names of areas as prose, in lower case."""
    return listing([catalogue.areas[area].name.lower() for area in areas])
