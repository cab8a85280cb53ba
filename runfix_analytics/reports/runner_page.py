"""One runner's page: what a coach reads, prints and hands over."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from runfix_analytics.catalogue import Catalogue, Exercise, load
from runfix_analytics.reports import charts
from runfix_analytics.reports.charts import Drawing
from runfix_analytics.reports.rendering import render_template
from runfix_analytics.reports.results import RunnerResults
from runfix_analytics.reports.words import (
    CAVEAT,
    EXCLUDED,
    FLAGS,
    LIMITED_BY,
    RECURRENCE,
    STATUS,
    TRAINING,
    Mark,
    ago,
    area_names,
    count,
    day,
    listing,
    percent,
    place,
)

UNDER = ("under_target", "under_floor")


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
class MoveRow:
    """One exercise to hand over."""

    name: str
    how: str
    tags: str


@dataclass(frozen=True)
class Advised:
    """One area to train, why, and with what."""

    heading: str
    reason: str
    moves: tuple[MoveRow, ...]


@dataclass(frozen=True)
class AcheRow:
    """One episode as the page tells it."""

    where: str
    state: str
    since: str
    course: str
    links: str
    note: str


@dataclass(frozen=True)
class OnsetRow:
    """Coverage of one linked area before one onset, beside the runner's own other weeks."""

    where: str
    area: str
    before: str
    own: str
    left_out: str


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
    aches: tuple[AcheRow, ...]
    onsets: tuple[OnsetRow, ...]
    method: tuple[str, ...]
    caveat: str
    version: str


def render(results: RunnerResults) -> str:
    """The page as self-contained HTML without script; the same results give the same bytes."""
    return render_template("runner.html.j2", page=view(results, load()))


def view(results: RunnerResults, catalogue: Catalogue) -> RunnerView:
    """The page's numbers and sentences."""
    dose_low, dose_high = (f"{end:g}" for end in catalogue.bounds("advice.dose_sessions"))
    rounds_low, rounds_high = (f"{end:g}" for end in catalogue.bounds("advice.dose_rounds"))
    return RunnerView(
        name=results.name,
        week=f"Week to {day(results.as_of)}",
        data_until=_data_until(results),
        completeness=_completeness(results, catalogue),
        sentence=sentence(results, catalogue),
        flags=_flags(results, catalogue),
        areas=tuple(_area_row(results, area, catalogue) for area in catalogue.areas),
        advice_intro=_advice_intro(results),
        advised=_advised(results, catalogue),
        circuit_intro=_circuit_intro(results),
        circuit=tuple(_move(row, catalogue, area=True) for row in _moves(results, "circuit")),
        breathing=_breathing(results, catalogue),
        dose=(
            f"Dose for every move: {dose_low}–{dose_high} sessions a week, {rounds_low}–{rounds_high} rounds, each set "
            f"stopped where about {catalogue.days('advice.dose_rir')} more good repetitions were left."
        ),
        evidence=(
            "Order of the areas: how often the linked ache came up × how far coverage is under the target × how strong "
            "the evidence is. The evidence is modest and taken to be the same for every area: published trials of "
            "strength work in runners found anything from no effect to about a third fewer injuries. This squad's own "
            "data do not enter it."
        ),
        timeline=charts.timeline(results, catalogue),
        aches=tuple(_ache(episode, results, catalogue) for episode in _recent(results)),
        onsets=_onsets(results, catalogue),
        method=_method(catalogue),
        caveat=CAVEAT,
        version=f"catalogue and parameters {catalogue.version}",
    )


def sentence(results: RunnerResults, catalogue: Catalogue) -> str:
    """The one sentence of the page: the most pressing thing, and what to do."""
    flagged = {row["episode_id"] for row in results.referrals.iter_rows(named=True)}
    still_open = results.open_episodes()
    referred = [episode for episode in still_open if episode["episode_id"] in flagged]
    if referred:
        where = listing([place(episode, catalogue) for episode in referred])
        return f"{where.capitalize()}: see a physical therapist before any more exercises for it."
    today = results.today()
    for episode in still_open:
        linked = catalogue.linked_areas(episode["symptom_id"])
        under = sorted((area for area in linked if area in today and today[area]["status"] in UNDER), key=_share(today))
        begin = f"{place(episode, catalogue).capitalize()} ache since {day(episode['onset_on'], results.as_of)}"
        if under:
            shares = listing([f"{catalogue.areas[a].name.lower()} {percent(today[a]['coverage'])}" for a in under])
            return f"{begin}; of the areas the article links to it, under target: {shares} of the target."
        unknown = [area for area in linked if area not in today or today[area]["coverage"] is None]
        if unknown:
            return f"{begin}; strength work for {area_names(unknown, catalogue)} is not known: log it first."
        return f"{begin}; no area that the article links to it is under target."
    ranked = [row["area_id"] for row in _ranked(results)]
    if ranked:
        return f"No open ache; under target: {area_names(ranked, catalogue)}. Start with {_lower(ranked[0], catalogue)}."
    if any(row["status"] == "log_first" for row in results.advice.iter_rows(named=True)):
        return "Strength work is not known: log it first, two weeks of entries are a start."
    return "All five areas are on target and no ache is open: keep going."


def _share(today: dict[str, dict[str, Any]]) -> Callable[[str], float]:
    """Sorts areas by coverage, the least first and what is not known last."""

    def share(area: str) -> float:
        value = today[area]["coverage"] if area in today else None
        return 2.0 if value is None else float(value)

    return share


def _lower(area: str, catalogue: Catalogue) -> str:
    return catalogue.areas[area].name.lower()


def _ranked(results: RunnerResults) -> list[dict[str, Any]]:
    return list(results.advice.filter(pl.col("rank").is_not_null()).sort("rank").iter_rows(named=True))


def _moves(results: RunnerResults, form: str) -> list[dict[str, Any]]:
    areas = list(load().areas)
    rows = results.moves.filter(pl.col("form") == form).iter_rows(named=True)
    return sorted(rows, key=lambda row: (areas.index(row["area_id"]), row["place"]))


def _data_until(results: RunnerResults) -> str:
    logged = results.logged
    newest = max((d for d in (logged.last_run_on, logged.last_strength_on, logged.last_answer_on) if d), default=None)
    return "no log yet" if newest is None else f"data until {day(newest)}"


def _completeness(results: RunnerResults, catalogue: Catalogue) -> tuple[str, ...]:
    """What is known, first of all: counts of the last four weeks and the newest entry of each log."""
    logged, as_of, window = results.logged, results.as_of, catalogue.days("coverage.window")
    known = results.known_days.tail(window)
    n_known = int(known["is_known"].sum()) if known.height else 0
    parts = [
        f"Runs: {logged.n_runs}, last {ago(logged.last_run_on, as_of)}",
        f"strength: {count(logged.n_strength_sessions, 'session')}, last {ago(logged.last_strength_on, as_of)}, "
        f"log known on {n_known} of {window} days",
        f"aches: answered in {logged.n_answered_weeks} of 4 weeks, last {ago(logged.last_answer_on, as_of)}",
    ]
    if logged.n_undecided_sets:
        names = listing([f"“{name}”" for name in logged.undecided_names])
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
    is_exact = row["coverage"] is not None and row["coverage_high"] - row["coverage_low"] < 0.005
    sides = ""
    if row["hard_sets_left"] != row["hard_sets_right"]:
        sides = f" (left {_sets(row['hard_sets_left'])}, right {_sets(row['hard_sets_right'])})"
    return AreaRow(
        name=name,
        mark=STATUS[row["status"]],
        value=percent(row["coverage"]),
        bounds="" if is_exact else f"between {bounds}",
        limited_by=LIMITED_BY.get(row["limited_by"], ""),
        strip=drawing,
        sets=f"{_sets(row['hard_sets'])} in {count(row['n_sessions'], 'session')}{sides}",
        last_trained=ago(row["last_trained_on"], results.as_of) if row["last_trained_on"] else "not in the log",
    )


def _sets(number: float) -> str:
    return f"{round(number, 1):g}"


def _advice_intro(results: RunnerResults) -> str:
    has_programme = bool(results.advice["has_programme"].fill_null(value=False).any())
    if not _ranked(results):
        return ""
    if has_programme:
        return "Add these to the strength work that is already done:"
    return "Add these where a programme exists; whether one does is not known from the logs:"


def _circuit_intro(results: RunnerResults) -> str:
    if not _moves(results, "circuit"):
        return ""
    unknown = [row for row in results.advice.iter_rows(named=True) if row["status"] == "log_first"]
    if unknown:
        return "Coverage is not known: log first. Until then, the whole body in one circuit, in no order of need:"
    return "Without a programme: the whole body in one circuit, in no order of need:"


def _advised(results: RunnerResults, catalogue: Catalogue) -> tuple[Advised, ...]:
    moves = _moves(results, "addition")
    today = results.today()
    return tuple(
        Advised(
            heading=f"{row['rank']}. {catalogue.areas[row['area_id']].name}",
            reason=_reason(row, today[row["area_id"]], results, catalogue),
            moves=tuple(_move(move, catalogue) for move in moves if move["area_id"] == row["area_id"]),
        )
        for row in _ranked(results)
        if row["rank"] <= catalogue.days("advice.max_areas")
    )


def _reason(row: dict[str, Any], covered: dict[str, Any], results: RunnerResults, catalogue: Catalogue) -> str:
    parts = [f"Coverage {percent(row['coverage'])} of the target"]
    if covered["limited_by"]:
        parts[0] += f": {LIMITED_BY[covered['limited_by']]}"
    linked = [e for e in results.open_episodes() if row["area_id"] in catalogue.linked_areas(e["symptom_id"])]
    if linked:
        where = listing(sorted({place(episode, catalogue) for episode in linked}))
        parts.append(f"the article links it to the open ache ({where})")
    elif row["n_aches"]:
        parts.append(f"{count(row['n_aches'], 'earlier ache')} that the article links to it")
    else:
        parts.append("no ache that the article links to it")
    return "; ".join(parts) + "."


def _move(row: dict[str, Any], catalogue: Catalogue, *, area: bool = False) -> MoveRow:
    exercise: Exercise = catalogue.exercises[row["exercise_id"]]
    tags = [catalogue.areas[row["area_id"]].name] if area else []
    if row["is_familiar"]:
        tags.append("done before")
    if exercise.one_sided:
        tags.append("each side")
    if exercise.counted_in == "seconds":
        tags.append("for time")
    if exercise.equipment:
        tags.append(" or ".join(catalogue.equipment[item].name for item in exercise.equipment))
    return MoveRow(exercise.name, exercise.how or "", " · ".join(tags))


def _breathing(results: RunnerResults, catalogue: Catalogue) -> str:
    """Breathing is beside the ranking: an open report lists its areas."""
    for episode in results.open_episodes():
        symptom = catalogue.symptoms.get(episode["symptom_id"] or "")
        if symptom is not None and not symptom.in_hazard_models:
            areas = area_names([link.area for link in symptom.links], catalogue)
            return f"Breathing: the article links shallow breaths with {areas}. It does not enter the order above."
    return ""


def _recent(results: RunnerResults) -> list[dict[str, Any]]:
    """Open episodes first, then the newest of the others; six at most."""
    is_over = pl.col("state") == "ended"
    rows = results.episodes.sort(is_over, "onset_on", descending=[False, True])
    return list(rows.head(6).iter_rows(named=True))


def _ache(episode: dict[str, Any], results: RunnerResults, catalogue: Catalogue) -> AcheRow:
    as_of, today = results.as_of, results.today()
    linked = catalogue.linked_areas(episode["symptom_id"])
    ordered = sorted(linked, key=_share(today))
    if linked:
        shares = [f"{_lower(a, catalogue)} ({percent(today[a]['coverage']) if a in today else '–'})" for a in ordered]
        links = f"The article links aches here with {listing(shares)}"
    else:
        links = "The article links no area to this"
    site = catalogue.sites[episode["site_id"]]
    asks = f"Ask which: {', '.join(catalogue.sites[s].name for s in site.asks)}." if site.asks else ""
    return AcheRow(
        where=place(episode, catalogue).capitalize(),
        state={"open": "open", "silent": "not heard of since", "ended": "over"}[episode["state"]],
        since=_span(episode, results),
        course=_course(episode),
        links=links,
        note=" ".join(filter(None, [RECURRENCE[episode["recurrence"]].capitalize(), asks])),
    )


def _span(episode: dict[str, Any], results: RunnerResults) -> str:
    as_of = results.as_of
    first = f"since {day(episode['onset_on'], as_of)}" if episode["state"] != "ended" else day(episode["onset_on"], as_of)
    if episode["state"] == "ended":
        return f"{first} – {day(episode['ended_on'], as_of)}"
    days = (as_of - episode["onset_on"]).days
    return f"{first} ({count(days, 'day')}), last report {ago(episode['last_reported_on'], as_of)}"


def _course(episode: dict[str, Any]) -> str:
    parts = [count(episode["n_reports"], "report")]
    if episode["worst_pain"] is not None:
        parts.append(f"worst {episode['worst_pain']:g}/10")
    if episode["latest_pain"] is not None and episode["first_pain"] is not None:
        change = episode["latest_pain"] - episode["first_pain"]
        trend = "rising" if change > 0 else "falling" if change < 0 else "steady"
        parts.append(f"last {episode['latest_pain']:g}/10" + (f", {trend}" if episode["n_reports"] > 1 else ""))
    if episode["affects_training"]:
        parts.append(TRAINING[episode["affects_training"]])
    return ", ".join(parts)


def _onsets(results: RunnerResults, catalogue: Catalogue) -> tuple[OnsetRow, ...]:
    shown = {episode["episode_id"]: episode for episode in _recent(results)}
    rows = []
    for row in results.onset_coverage.sort("onset_on", descending=True, maintain_order=True).iter_rows(named=True):
        if row["episode_id"] not in shown or row["area_id"] is None:
            continue
        n, lower = row["n_own_weeks"], row["n_own_weeks_lower"]
        own = f"mean {percent(row['own_weeks_mean'])} in {n} weeks; as low or lower in {lower}" if n else "none known"
        rows.append(
            OnsetRow(
                where=f"{place(shown[row['episode_id']], catalogue).capitalize()}, {day(row['onset_on'], results.as_of)}",
                area=catalogue.areas[row["area_id"]].name,
                before="–" if row["excluded"] else percent(row["coverage"]),
                own="–" if row["excluded"] else own,
                left_out=EXCLUDED[row["excluded"]] if row["excluded"] else _unknown_weeks(row["n_own_weeks_unknown"]),
            )
        )
    return tuple(rows)


def _unknown_weeks(n: int) -> str:
    return f"{count(n, 'week')} not known" if n else ""


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
        "same runner's other known weeks. Association in one person's log: a description, no test and no cause.",
    )
