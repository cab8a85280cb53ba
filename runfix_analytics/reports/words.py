"""The words that pages share. We write coverage, under target, the article links; never risk, prevents, diagnoses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp
from typing import Any

from runfix_analytics.catalogue import Catalogue, Site
from runfix_analytics.reports.wording import Wording, text
from runfix_analytics.tables import VISIT

KM_PER_MILE = 1.609344
METRES_PER_KM = 1000
MAX_NAME = 100


@dataclass(frozen=True)
class Mark:
    """A status as a coach reads it: shape, word, and the class that colours it."""

    symbol: str
    word: str
    css: str

    def said(self, w: Wording) -> "Mark":
        """The same in the language of `w`."""
        return Mark(self.symbol, w.say(self.word), self.css)


STATUS = {
    "on_target": Mark("●", text("on target"), "good"),
    "under_target": Mark("◐", text("under target"), "low"),
    "under_floor": Mark("○", text("under the floor"), "floor"),
    "not_clear": Mark("◌", text("not clear"), "unknown"),
    "not_known": Mark("?", text("not known"), "unknown"),
}
UNDER = ("under_target", "under_floor")
LIMITED_BY = {
    "frequency": text("too few sessions a week"),
    "exercises": text("too few different moves"),
    "rounds": text("too few rounds"),
    "effort": text("sets stopped too early"),
}
FLAGS = {
    "acute_injury": text("it began suddenly or with a fall or blow"),
    "during_exercises": text("the exercises cannot be done without pain"),
    "at_night": text("pain at night"),
    "at_rest": text("pain at rest"),
    "bone_tenderness": text("one spot on the bone is tender"),
    "medical": text("chest pain, or sudden trouble with breathing"),
}
STATES = {"open": text("open"), "silent": text("not heard of since"), "ended": text("over")}
EXCLUDED = {
    "not_modelled": text("described only: no onset of pain"),
    "trauma": text("left out: it began suddenly or with a fall or blow"),
    "prevalent": text("left out: the ache was there when the diary began"),
    "uncertain_onset": text("left out: it came back after a silence, so its onset is not certain"),
    "no_linked_area": text("the article links no area to this place"),
    "coverage_unknown": text("coverage before the onset is not known"),
}
REHAB = text("within reach of an earlier ache: rehab may be in it; not compared")
TRAINING = {
    "full": text("trains fully"),
    "with_problems": text("trains fully, with problems"),
    "modified": text("trains less"),
    "stopped": text("cannot train"),
}
RECURRENCE = {
    "index": "",
    "early": text("came back within 2 months"),
    "late": text("came back within a year"),
    "delayed": text("came back after more than a year"),
    "uncertain": text("after a silence; onset not certain"),
}
VERDICT = {
    "too_few_onsets": Mark("?", text("too few onsets to say"), "unknown"),
    "bias_suspected": Mark("■", text("a check failed: do not use"), "floor"),
    "rehab_fingerprint": Mark("■", text("looks like rehab: do not use"), "floor"),
    "opposite": Mark("◌", text("inconclusive: two looks disagree"), "unknown"),
    "prior_dominates": Mark("◌", text("few onsets: leans on the prior"), "unknown"),
    "inconclusive": Mark("◌", text("inconclusive"), "unknown"),
    "fewer_onsets": Mark("▼", text("associated with fewer onsets"), "good"),
    "more_onsets": Mark("▲", text("associated with more onsets"), "floor"),
}
HIDDEN = "–"  # a figure that would tell of a few runners
NO_ESTIMATE = {
    "too_few_onsets": text("too few onsets"),
    "too_few_runners": text("too few runners"),
    "no_variation": text("coverage hardly differs"),
    "not_converged": text("no stable estimate"),
}
LEFT_OUT = {
    "no_answer": text("no answer to the ache form speaks for the day"),
    "ill": text("the runner was ill"),
    "no_recent_run": text("no run in the weeks before"),
    "in_episode": text("in an episode of the same ache already, or just out of one"),
    "no_history": text("the logs do not go back far enough"),
    "washed_out": text("within reach of an earlier ache: rehab may be in the coverage"),
    "coverage_unknown": text("strength log not known on enough days"),
}
MARKED = {
    "seen_by_physio": text("seen by a physio on {begins}"),
    "paused": text("paused from {begins} to {ends}"),
    "away": text("away from {begins} to {ends}"),
    "ill": text("ill from {begins} to {ends}"),
    "race_week": text("race week from {begins} to {ends}"),
}
MARKED_FOR_NOW = {
    "paused": text("paused from {begins} until further notice"),
    "away": text("away from {begins} until further notice"),
    "ill": text("ill from {begins} until further notice"),
    "race_week": text("race week from {begins} until further notice"),
}
PLACES = {
    "left": text("left {place}"),
    "right": text("right {place}"),
    "both": text("both {place}"),
    "centre": "{place}",
    "unknown": "{place}",
}
CAVEAT = text(
    "Weak muscles are not the only culprit: mobility, stability and neuromuscular control matter as well, so a rounded "
    "programme has strength work, stretches and drills, and not every ache is solved with strength work. In a study of "
    "253 recreational runners more than half were hurt within a year: being hurt is common, not a failure. "
    "This page is not a diagnosis and replaces no physical therapist."
)


def ago(value: date | None, as_of: date, w: Wording) -> str:
    """How long ago a day was: "today", "3 days ago", "never"."""
    if value is None:
        return w.say("never")
    days = (as_of - value).days
    if days == 0:
        return w.say("today")
    return w.say("yesterday") if days == 1 else w.count(days, "{n} day ago", "{n} days ago")


def ago_short(value: date | None, as_of: date, w: Wording) -> str:
    """How long ago a day was, for a narrow column: "today", "3 d", "never"."""
    if value is None:
        return w.say("never")
    days = (as_of - value).days
    return w.say("today") if days == 0 else w.say("{n}\u00a0d", n=days)


def number_told(n: int | None, w: Wording) -> str:
    """A count, or the mark of one that would tell of a few runners."""
    return HIDDEN if n is None else w.number(n)


def ratio(log_ratio: float, w: Wording) -> str:
    """A hazard ratio from its logarithm; out of any reasonable range only which way."""
    value = exp(max(min(log_ratio, 9.0), -9.0))
    if value < 0.01:  # noqa: PLR2004 - what two digits hold
        return f"<{w.fixed(0.01, 2)}"
    return ">100" if value > 100 else w.fixed(value, 2)  # noqa: PLR2004


def ratio_with_interval(row: Mapping[str, Any], w: Wording) -> str:
    """A hazard ratio with its interval: "0.71 (0.52–0.97)"; the columns are logarithms."""
    return f"{ratio(row['log_ratio'], w)} ({ratio(row['low'], w)}–{ratio(row['high'], w)})"


def p_value(p: float | None, w: Wording) -> str:
    """A p-value as it is printed; "–" where there is none."""
    if p is None:
        return "–"
    if p < 0.001:  # noqa: PLR2004
        return f"<{w.fixed(0.001, 3)}"
    return w.fixed(p, 3 if p < 0.01 else 2)  # noqa: PLR2004


def place(episode: Mapping[str, Any], catalogue: Catalogue, w: Wording, *, most: int | None = None) -> str:
    """Where an ache is: "left shin"; a breath has no side. Of more than `most` letters some go, never its side."""
    site: Site = catalogue.sites[episode["site_id"]]
    sided, name = PLACES[episode["side"]] if site.has_sides else "{place}", w.say(site.name)
    said = w.say(sided, place=name)
    if most is None or len(said) <= most:
        return said
    return w.say(sided, place=f"{name[: most - len(said) - 1]}…")


def marked(marks: Sequence[Mapping[str, Any]], as_of: date, w: Wording) -> str:
    """What the coach says of a runner: "away from 3 Apr to 12 Apr"; empty without a mark."""
    said = []
    for row in marks:
        begins = w.day(row["from_on"], as_of)
        if row["mark"] == VISIT or row["to_on"]:
            ends = w.day(row["to_on"], as_of) if row["to_on"] else ""
            said.append(w.say(MARKED[row["mark"]], begins=begins, ends=ends))
        else:
            said.append(w.say(MARKED_FOR_NOW[row["mark"]], begins=begins))
    return w.listing(said)


def limit(row: Mapping[str, Any], w: Wording) -> str:
    """What limits an area's coverage, in words; empty where nothing does."""
    if row["limited_by"] is None:
        return ""
    return w.say("no session in four weeks") if row["n_sessions"] == 0 else w.say(LIMITED_BY[row["limited_by"]])


def one_side(row: Mapping[str, Any], w: Wording) -> str:
    """Which side is missing where sets of one side only are logged; empty where none is."""
    left, right = row["hard_sets_left"], row["hard_sets_right"]
    if bool(left) == bool(right):
        return ""
    if left:
        return w.say("one-sided sets on the left only, nothing on the right")
    return w.say("one-sided sets on the right only, nothing on the left")


def distance(metres: float | None, units: str) -> float | None:
    """Metres in the runner's unit; None where they are not known."""
    if metres is None:
        return None
    return metres / METRES_PER_KM / (1 if units == "metric" else KM_PER_MILE)


def for_print(name: str) -> str:
    """A name cut to what a line of a page holds."""
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"


def area_names(areas: Sequence[str], catalogue: Catalogue, w: Wording) -> str:
    """The names of areas as prose."""
    return w.listing([w.name(catalogue.areas[area].name) for area in areas])


def bounds(low: float, high: float, w: Wording) -> str:
    """Two shares as "39–55 %"."""
    return f"{round(low * 100)}–{w.percent(high)}"
