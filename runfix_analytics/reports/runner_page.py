"""One runner's page: what a coach reads, prints and hands over."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.reports import charts
from runfix_analytics.reports.ache_section import (
    AcheRow,
    OnsetRow,
    ache_row,
    by_coverage,
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
    ranked_areas,
)
from runfix_analytics.reports.charts import Drawing
from runfix_analytics.reports.evidence import evidence
from runfix_analytics.reports.rendering import render_template
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.words import (
    CAVEAT,
    FLAGS,
    STATUS,
    UNDER,
    Mark,
    ago,
    area_names,
    count,
    day,
    for_print,
    limit,
    listing,
    marked,
    percent,
    place,
    sentence_case,
)


@dataclass(frozen=True)
class AreaRow:
    """One line of the table of areas."""

    name: str
    mark: Mark
    value: str
    bounds: str
    limited_by: str
    strip: Drawing
    sets: str
    last_trained: str


@dataclass(frozen=True)
class FlagBox:
    """A red flag: whom to see, why, and what is withheld."""

    where: str
    reasons: str
    withheld: str
    is_medical: bool


@dataclass(frozen=True)
class RunnerView:
    """Everything on the page, final."""

    name: str
    week: str
    data_until: str
    completeness: tuple[str, ...]
    marked: str
    sentence: str
    flags: tuple[FlagBox, ...]
    areas: tuple[AreaRow, ...]
    advice_intro: str
    advised: tuple[Advised, ...]
    circuit_intro: str
    circuit: tuple[MoveRow, ...]
    breathing: str
    dose: str
    evidence: str
    timeline: Drawing
    no_aches: str
    aches: tuple[AcheRow, ...]
    onsets: tuple[OnsetRow, ...]
    method: tuple[str, ...]
    caveat: str
    version: str


def render(results: RunnerResults, catalogue: Catalogue) -> str:
    """The page as self-contained HTML without script; the same results give the same bytes."""
    return render_template("runner.html.j2", page=view(results, catalogue))


def view(results: RunnerResults, catalogue: Catalogue) -> RunnerView:
    """The page's numbers and sentences."""
    dose_low, dose_high = (f"{end:g}" for end in catalogue.bounds("advice.dose_sessions"))
    rounds_low, rounds_high = (f"{end:g}" for end in catalogue.bounds("advice.dose_rounds"))
    return RunnerView(
        name=results.name,
        week=f"Week to {day(results.as_of)}",
        data_until=_data_until(results),
        completeness=_completeness(results, catalogue),
        marked=marked(results.marks, results.as_of),
        sentence=sentence(results, catalogue),
        flags=_flags(results, catalogue),
        areas=tuple(_area_row(results, area, catalogue) for area in catalogue.areas),
        advice_intro=advice_intro(results),
        advised=advised(results, catalogue),
        circuit_intro=circuit_intro(results, catalogue),
        circuit=circuit(results, catalogue),
        breathing=breathing(results, catalogue),
        dose=(
            f"Dose for every move: {dose_low}–{dose_high} sessions a week, {rounds_low}–{rounds_high} rounds, each set "
            f"stopped where about {catalogue.days('advice.dose_rir')} more good repetitions were left."
        ),
        evidence=evidence(results, catalogue),
        timeline=charts.timeline(results, catalogue),
        no_aches=_no_aches(results),
        aches=tuple(ache_row(episode, results, catalogue) for episode in recent_episodes(results)),
        onsets=onset_rows(results, catalogue),
        method=_method(catalogue),
        caveat=CAVEAT,
        version=f"catalogue and parameters {catalogue.version}",
    )


def sentence(results: RunnerResults, catalogue: Catalogue) -> str:
    """The one sentence of the page: the most pressing thing, and what to do."""
    still_open = results.open_episodes()
    if results.referrals.height:
        return _referral_sentence(still_open, results, catalogue)
    newest = results.newest_entry()
    if newest and results.is_silent(newest):
        return f"Nothing logged since {day(newest, results.as_of)}, from any source: ask."
    if still_open:
        under = [episode for episode in still_open if _under(episode, results, catalogue)]
        return _ache_sentence((under or still_open)[0], results, catalogue)
    ranked = [row["area_id"] for row in ranked_areas(results)]
    if ranked:
        first = area_names(ranked[:1], catalogue)
        return f"No open ache; under target: {area_names(ranked, catalogue)}. Start with {first}."
    if (results.advice["status"] == "log_first").any():
        return "Strength work is not known: log it first; three weeks of entries make it known."
    return "All five areas are on target and no ache is open: keep going."


def _referral_sentence(still_open: list[dict[str, Any]], results: RunnerResults, catalogue: Catalogue) -> str:
    medical = set(results.referrals.filter(pl.col("flag") == "medical")["episode_id"])
    flagged = medical or set(results.referrals["episode_id"])
    where = sentence_case(listing([place(e, catalogue) for e in still_open if e["episode_id"] in flagged]))
    if medical:
        return f"{where}: get medical advice before any more training."
    return f"{where}: see a physical therapist before any more exercises for it."


def _under(episode: dict[str, Any], results: RunnerResults, catalogue: Catalogue) -> list[str]:
    """The areas linked to an ache that are under target, the least covered first."""
    today = results.today()
    linked = catalogue.linked_areas(episode["symptom_id"])
    return sorted((a for a in linked if a in today and today[a]["status"] in UNDER), key=by_coverage(today))


def _ache_sentence(episode: dict[str, Any], results: RunnerResults, catalogue: Catalogue) -> str:
    today = results.today()
    begin = f"{sentence_case(place(episode, catalogue))} ache since {day(episode['onset_on'], results.as_of)}"
    if episode["state"] == "silent":
        return f"{begin}, not heard of since {day(episode['last_reported_on'], results.as_of)}: ask how it is."
    under = _under(episode, results, catalogue)
    if under:
        shares = listing([f"{catalogue.areas[a].name.lower()} {percent(today[a]['coverage'])}" for a in under])
        return f"{begin}; of the areas the article links to it, under target: {shares} of the target."
    linked = catalogue.linked_areas(episode["symptom_id"])
    unknown = [area for area in linked if area not in today or today[area]["coverage"] is None]
    if unknown:
        return f"{begin}; strength work for {area_names(unknown, catalogue)} is not known: log it first."
    if not linked:
        return f"{begin}; the article links no area to this place."
    return f"{begin}; no area that the article links to it is under target."


def _data_until(results: RunnerResults) -> str:
    newest = results.newest_entry()
    return "no log yet" if newest is None else f"data until {day(newest)}"


def _completeness(results: RunnerResults, catalogue: Catalogue) -> tuple[str, ...]:
    """What is known, first of all: counts of the last four weeks and the newest entry of each log."""
    logged, as_of, window = results.logged, results.as_of, catalogue.days("coverage.window")
    known = results.known_days.tail(window)
    n_known = int(known["is_known"].sum())
    n_assumed = int((known["evidence"] == "assumed").sum())
    assumed = f" ({n_assumed} assumed from the runs)" if n_assumed else ""
    parts = [
        f"Runs: {logged.n_runs}, last {ago(logged.last_run_on, as_of)}",
        f"strength: {count(logged.n_strength_sessions, 'session')}, last {ago(logged.last_strength_on, as_of)}, "
        f"log known on {n_known} of {window} days{assumed}",
        f"aches: answered in {logged.n_answered_weeks} of 4 weeks, last {ago(logged.last_answer_on, as_of)}",
    ]
    if logged.n_undecided_sets:
        names = listing([f"“{for_print(name)}”" for name in logged.undecided_names])
        parts.append(f"{logged.n_undecided_sets} of {count(logged.n_sets, 'set')} not recognised ({names})")
    if logged.n_bad_files:
        parts.append(f"{count(logged.n_bad_files, 'file')} damaged or not readable")
    return tuple(parts)


def _flags(results: RunnerResults, catalogue: Catalogue) -> tuple[FlagBox, ...]:
    episodes = {episode["episode_id"]: episode for episode in results.open_episodes()}
    boxes = []
    for (episode_id,), rows in results.referrals.group_by(["episode_id"], maintain_order=True):
        flags = [FLAGS[flag] for flag in rows["flag"]]
        areas = [a for a in catalogue.areas if rows["withheld_areas"].list.contains(a).any()]
        withheld = f"No exercises for {area_names(areas, catalogue)}" if areas else "No exercises for this place"
        if rows["withholds_lower_body"].any():
            withheld = "No lower-body exercises" if not areas else f"{withheld}, and no lower-body exercises"
        is_medical = bool((rows["flag"] == "medical").any())
        where = place(episodes[str(episode_id)], catalogue)
        boxes.append(FlagBox(where, listing(flags), f"{withheld} until then.", is_medical))
    return tuple(boxes)


def _area_row(results: RunnerResults, area: str, catalogue: Catalogue) -> AreaRow:
    row = results.today().get(area)
    drawing = charts.strip(results, area, catalogue)
    name = catalogue.areas[area].name
    if row is None:
        return AreaRow(name, STATUS["not_known"], "–", "no log", "", drawing, "–", "never logged")
    bounds = f"{percent(row['coverage_low'])[:-2]}–{percent(row['coverage_high'])}"
    is_exact = row["coverage"] is not None and percent(row["coverage_low"]) == percent(row["coverage_high"])
    sides = ""
    if row["hard_sets_left"] != row["hard_sets_right"]:
        sides = f" (left {_sets(row['hard_sets_left'])}, right {_sets(row['hard_sets_right'])})"
    return AreaRow(
        name=name,
        mark=STATUS[row["status"]],
        value=percent(row["coverage"]),
        bounds="" if is_exact else f"between {bounds}",
        limited_by=limit(row),
        strip=drawing,
        sets=f"{_sets(row['hard_sets'])} in {count(row['n_sessions'], 'session')}{sides}"
        if row["n_sessions"]
        else "none",
        last_trained=ago(row["last_trained_on"], results.as_of) if row["last_trained_on"] else "not in the log",
    )


def _sets(number: float) -> str:
    return f"{round(number, 1):g}"


def _no_aches(results: RunnerResults) -> str:
    """What is known where no ache is: silence is not "no pain"."""
    last = results.logged.last_answer_on
    if last is None:
        return "The ache form was never answered: ask."
    if results.is_silent(last):
        return f"No answer to the ache form since {day(last, results.as_of)}: ask. No ache was reported before."
    return "No ache reported."


def _method(catalogue: Catalogue) -> tuple[str, ...]:
    window = catalogue.days("coverage.window")
    return (
        f"Coverage: hard sets of the last {window} days against the target of "
        f"{catalogue.number('coverage.sessions_per_week'):g} sessions a week with "
        f"{catalogue.number('coverage.full_session_sets'):g} hard sets an area each (the target is ours, from the "
        "article's dose). A move counts 1 for its main areas and ½ for the others; warm-ups do not count; sets without "
        "logged effort count fully; a set of one stated side counts ½.",
        f"Not known is not zero: a day counts only with evidence that the log was live; under "
        f"{percent(catalogue.number('coverage.min_known_share'))} known days coverage is not known, only its bounds.",
        f"On target from {percent(catalogue.number('coverage.on_target'))}; under the floor below "
        f"{percent(catalogue.number('coverage.floor'))} even if every unknown day were trained.",
        f"Before an onset: the {window} days that end {catalogue.days('onset.lag_noticed')} or "
        f"{catalogue.days('onset.lag_reported')} days before it, because pain begins before it is reported; beside the "
        "same runner's other known weeks out of reach of any ache (from as many days before it to its end), when rehab "
        "may be in them. Association in one person's log: a description, no test and no cause.",
    )
