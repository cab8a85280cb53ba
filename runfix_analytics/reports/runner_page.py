"""One runner's page: what a coach reads, prints and hands over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports import charts
from runfix_analytics.reports.ache_section import (
    AcheRow,
    OnsetRow,
    ache_row,
    older_aches,
    older_onsets,
    onset_rows,
    recent_episodes,
)
from runfix_analytics.reports.advice_section import (
    Advised,
    MoveRow,
    advice_intro,
    advised,
    breathing,
    circuit,
    circuit_intro,
    days,
    dose,
)
from runfix_analytics.reports.changes_section import changes
from runfix_analytics.reports.drawing import Drawing
from runfix_analytics.reports.evidence import evidence
from runfix_analytics.reports.rendering import render_template
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.summary_section import FlagBox, flags, sentence
from runfix_analytics.reports.timeline import timeline
from runfix_analytics.reports.wording import COACH, Wording
from runfix_analytics.reports.words import CAVEAT, STATUS, Mark, ago, bounds, for_print, limit, marked

Row = Mapping[str, Any]


@dataclass(frozen=True)
class AreaRow:
    """One line of the table of areas."""

    name: str
    mark: Mark
    value: str
    bounds: str
    limited_by: str
    gauge: Drawing | None
    strip: Drawing
    sets: str
    sides: str
    last_trained: str


@dataclass(frozen=True)
class RunnerView:
    """Everything on the page, final."""

    name: str
    is_for_coach: bool
    week: str
    data_until: str
    completeness: tuple[str, ...]
    marked: str
    sentence: str
    flags: tuple[FlagBox, ...]
    areas: tuple[AreaRow, ...]
    areas_heading: str
    advice_intro: str
    advised: tuple[Advised, ...]
    circuit_intro: str
    circuit: tuple[MoveRow, ...]
    breathing: str
    days: str
    dose: str
    evidence: str
    changes_heading: str
    changes: tuple[str, ...]
    timeline_heading: str
    timeline: Drawing
    no_aches: str
    aches: tuple[AcheRow, ...]
    older_aches: str
    is_over_leaf: bool
    onsets: tuple[OnsetRow, ...]
    older_onsets: str
    method: tuple[str, ...]
    caveat: str
    version: str


def render(results: RunnerResults, catalogue: Catalogue, w: Wording) -> str:
    """The page as self-contained HTML without script; the same results give the same bytes."""
    return render_template("runner.html.j2", w, page=view(results, catalogue, w))


def view(results: RunnerResults, catalogue: Catalogue, w: Wording) -> RunnerView:
    """The page's numbers and sentences."""
    n_weeks, earlier = len(results.weeks), results.earlier
    return RunnerView(
        name=results.name,
        is_for_coach=w.voice == COACH,
        week=w.say("Week to {day}", day=w.day(results.as_of)),
        data_until=_data_until(results, w),
        completeness=completeness(results, catalogue, w),
        marked=marked(results.marks, results.as_of, w),
        sentence=sentence(results, catalogue, w),
        flags=flags(results, catalogue, w),
        areas=tuple(_area_row(results, area, catalogue, w) for area in catalogue.areas),
        areas_heading=w.say("Five areas: strength work of the last four weeks"),
        advice_intro=advice_intro(results, w),
        advised=advised(results, catalogue, w),
        circuit_intro=circuit_intro(results, catalogue, w),
        circuit=circuit(results, catalogue, w),
        breathing=breathing(results, catalogue, w),
        days=days(results, catalogue, w),
        dose=dose(catalogue, w),
        evidence=evidence(results, catalogue, w),
        changes_heading=w.say("Since the report of {day}", day=w.day(earlier.as_of, results.as_of)) if earlier else "",
        changes=changes(results, catalogue, w),
        timeline_heading=w.count(n_weeks, "{n} week on one axis", "{n} weeks on one axis"),
        timeline=timeline(results, catalogue, w),
        no_aches=_no_aches(results, w),
        aches=tuple(ache_row(episode, results, catalogue, w) for episode in recent_episodes(results)),
        older_aches=older_aches(results, w),
        is_over_leaf=_is_over_leaf(results),
        onsets=onset_rows(results, catalogue, w),
        older_onsets=older_onsets(results, w),
        method=_method(catalogue, w),
        caveat=w.say(CAVEAT),
        version=w.say(
            "catalogue and parameters {version} · inputs {inputs}", version=catalogue.version, inputs=results.inputs
        ),
    )


def _data_until(results: RunnerResults, w: Wording) -> str:
    newest = results.newest_entry()
    return w.say("no log yet") if newest is None else w.say("data until {day}", day=w.day(newest))


def completeness(results: RunnerResults, catalogue: Catalogue, w: Wording) -> tuple[str, ...]:
    """What is known, first of all: counts of the last four weeks and the newest entry of each log."""
    logged, as_of = results.logged, results.as_of
    parts = [
        w.say("Runs: {n}, last {ago}", n=w.number(logged.n_runs), ago=ago(logged.last_run_on, as_of, w)),
        _strength(results, catalogue, w),
        w.say(
            "aches: answered in {n} of 4 weeks, last {ago}",
            n=w.number(logged.n_answered_weeks),
            ago=ago(logged.last_answer_on, as_of, w),
        ),
    ]
    if logged.n_undecided_sets:
        names = w.listing([w.say("“{name}”", name=for_print(name)) for name in logged.undecided_names])
        parts.append(w.count(logged.n_sets, "{undecided} of {n} set not recognised ({names})",
                             "{undecided} of {n} sets not recognised ({names})", names=names,
                             undecided=w.number(logged.n_undecided_sets)))  # fmt: skip
    if logged.n_bad_files:
        parts.append(
            w.count(logged.n_bad_files, "{n} file damaged or not readable", "{n} files damaged or not readable")
        )
    return tuple(parts)


def _strength(results: RunnerResults, catalogue: Catalogue, w: Wording) -> str:
    logged, assumed = results.logged, results.n_assumed_days
    sessions = w.count(logged.n_strength_sessions, "{n} session", "{n} sessions")
    told = {
        "sessions": sessions,
        "ago": ago(logged.last_strength_on, results.as_of, w),
        "known": w.number(results.n_known_days),
        "window": w.number(catalogue.days("coverage.window")),
    }
    if assumed:
        return w.say(
            "strength: {sessions}, last {ago}, log known on {known} of {window} days ({assumed} assumed from the runs)",
            assumed=w.number(assumed), **told,
        )  # fmt: skip
    return w.say("strength: {sessions}, last {ago}, log known on {known} of {window} days", **told)


def _area_row(results: RunnerResults, area: str, catalogue: Catalogue, w: Wording) -> AreaRow:
    row = results.today.get(area)
    drawing = charts.strip(results, area, catalogue, w)
    name = w.say(catalogue.areas[area].name)
    if row is None:
        mark, never = STATUS["not_known"].said(w), w.say("never logged")
        return AreaRow(name, mark, "–", w.say("no log"), "", None, drawing, "–", "", never)
    is_exact = row["coverage"] is not None and w.percent(row["coverage_low"]) == w.percent(row["coverage_high"])
    sides = ""
    if row["hard_sets_left"] != row["hard_sets_right"]:
        left, right = w.number(row["hard_sets_left"]), w.number(row["hard_sets_right"])
        sides = w.say("(left {left}, right {right})", left=left, right=right)
    sets = w.count(
        row["n_sessions"], "{sets} in {n} session", "{sets} in {n} sessions", sets=w.number(row["hard_sets"])
    )
    between = w.say("between {bounds}", bounds=bounds(row["coverage_low"], row["coverage_high"], w))
    trained_on = row["last_trained_on"]
    return AreaRow(
        name=name,
        mark=STATUS[row["status"]].said(w),
        value=w.percent(row["coverage"]),
        bounds="" if is_exact else between,
        limited_by=limit(row, w),
        gauge=charts.gauge(row, name, catalogue, w),
        strip=drawing,
        sets=sets if row["n_sessions"] else w.say("none"),
        sides=sides,
        last_trained=ago(trained_on, results.as_of, w) if trained_on else w.say("not in the log"),
    )


def _is_over_leaf(results: RunnerResults) -> bool:
    """Whether evidence begins on the back of the sheet: not where the front is short, or longer than one side."""
    forms = {row["form"] for row in results.moves}
    return forms == {"addition"} and not results.referrals


def _no_aches(results: RunnerResults, w: Wording) -> str:
    """What is known where no ache is: silence is not "no pain"."""
    last = results.logged.last_answer_on
    if last is None:
        return w.say("The ache form was never answered: ask.")
    if results.is_silent(last):
        return w.say("No answer to the ache form since {day}: ask. No ache was reported before.",
                     day=w.day(last, results.as_of))  # fmt: skip
    return w.say("No ache reported.")


def _method(catalogue: Catalogue, w: Wording) -> tuple[str, ...]:
    window = w.number(catalogue.days("coverage.window"))
    return (
        w.say(
            "Coverage: hard sets of the last {window} days against {sessions} sessions a week with {sets} hard sets an "
            "area each (our target, from the article's dose). A move counts 1 for its main areas, ½ for the others; a "
            "set of one side ½; warm-ups not; sets without logged effort fully.",
            window=window,
            sessions=w.number(catalogue.number("coverage.sessions_per_week")),
            sets=w.number(catalogue.number("coverage.full_session_sets")),
        ),
        w.say(
            "Not known is not zero: under {share} known days only bounds are told. On target from {on_target}; under "
            "the floor below {floor} even if every unknown day were trained.",
            share=w.percent(catalogue.number("coverage.min_known_share")),
            on_target=w.percent(catalogue.number("coverage.on_target")),
            floor=w.percent(catalogue.number("coverage.floor")),
        ),
        w.say(
            "Before an onset: the {window} days that end {noticed} or {reported} days before it, because pain begins "
            "before it is reported; beside own known weeks out of reach of any ache. One person's log: a description, "
            "no test and no cause.",
            window=window,
            noticed=w.number(catalogue.days("onset.lag_noticed")),
            reported=w.number(catalogue.days("onset.lag_reported")),
        ),
    )
