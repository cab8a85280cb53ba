"""What pages are made of, read from the store: a bucket's tables at once, then one runner after the other.

Everything is plain values from here on: a page asks for a few hundred of them, which a frame answers slowly.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from math import ceil

import dataframely as dy
import polars as pl

from runfix_analytics.assessment import Logs
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.cohort_results import read_cohort
from runfix_analytics.completeness import Logged, logged
from runfix_analytics.errors import StoreError
from runfix_analytics.marks import said_of
from runfix_analytics.recognition import with_exercise
from runfix_analytics.reports.results import Earlier, Row, RunnerResults, Week
from runfix_analytics.reports.words import for_print
from runfix_analytics.store import Store
from runfix_analytics.stored_logs import read_logs
from runfix_analytics.tables import Imports, Runners

DAYS_A_WEEK = 7
SPIKES = ("small", "medium", "large")
TRAINED = ("sets", "no_sets")
USUAL_SHARE = 3  # a weekday is usual from a third of the busiest one's days on
_COVERAGE = (
    "area_id", "local_date", "coverage", "coverage_low", "coverage_high", "status", "limited_by", "n_sessions",
    "hard_sets", "hard_sets_left", "hard_sets_right", "last_trained_on", "coverage_low_effort",
)  # fmt: skip

_Rows = dict[str, list[Row]]


def stored_results(
    store: Store, runners: dy.DataFrame[Runners], as_of: date, catalogue: Catalogue, *, since: date | None = None
) -> Iterator[RunnerResults]:
    """What the pages of these runners are made of, one runner after the other, by runner id.

    `since`: the earlier report to compare with is the newest of that day or before; without it, the newest of at least
    a week ago.
    Raises: StoreError for a runner who has not been assessed for that day.
    """
    tables = _Tables.read(store, runners, as_of, catalogue, since)
    names, studied, marks = store.names(), read_cohort(store, as_of), said_of(store.marks(), as_of, catalogue)
    for row in runners.iter_rows(named=True):
        runner_id = row["runner_id"]
        advice = tables.advice.get(runner_id, [])
        if not advice:
            raise StoreError(f"runner {runner_id} has no assessment for {as_of}; run: runfix assess --as-of {as_of}")
        said = marks.get(runner_id, ())
        yield RunnerResults(
            runner_id=runner_id,
            name=for_print(names.get(runner_id, runner_id)),
            as_of=as_of,
            units=row["units"],
            language=row["language"],
            equipment=None if row["equipment"] is None else tuple(row["equipment"]),
            silent_after_days=catalogue.days("advice.silent_after"),
            logged=tables.logged[runner_id],
            weeks=tables.weeks(runner_id, as_of, catalogue),
            n_known_days=tables.known.get(runner_id, (0, 0))[0],
            n_assumed_days=tables.known.get(runner_id, (0, 0))[1],
            strength_weekdays=_usual(tables.weekdays.get(runner_id, [])),
            episodes=tuple(tables.episodes.get(runner_id, ())),
            onset_coverage=tuple(tables.onset_coverage.get(runner_id, ())),
            advice=tuple(advice),
            moves=tuple(tables.moves.get(runner_id, ())),
            referrals=tuple(tables.referrals.get(runner_id, ())),
            studied=studied,
            earlier=tables.earlier.get(runner_id),
            marks=said,
            inputs=_digest(row, tables.imports.get(runner_id, ()), said, catalogue),
        )


@dataclass(frozen=True)
class _Tables:
    """The tables of some runners by one day, by runner id."""

    logged: Mapping[str, Logged]
    distances: Mapping[str, Mapping[int, tuple[float, bool]]]
    coverage: Mapping[str, Mapping[int, Mapping[str, Row]]]
    first_week: Mapping[str, int]
    known: Mapping[str, tuple[int, int]]
    weekdays: Mapping[str, list[tuple[int, int]]]
    episodes: _Rows
    onset_coverage: _Rows
    advice: _Rows
    moves: _Rows
    referrals: _Rows
    earlier: Mapping[str, Earlier]
    imports: Mapping[str, Sequence[str]]

    @classmethod
    def read(
        cls, store: Store, runners: dy.DataFrame[Runners], as_of: date, catalogue: Catalogue, since: date | None
    ) -> "_Tables":
        ids = list(runners["runner_id"])
        logs = read_logs(store, runners)
        imports = store.read(Imports, ids)
        facts = logged(logs, imports, as_of=as_of, catalogue=catalogue)
        coverage, first_week = _coverage(store, ids, as_of, catalogue)
        known = store.scan("known_days", ids).filter(pl.col("local_date") <= as_of)
        advice = store.scan("advice", ids).filter(pl.col("as_of") <= as_of).collect()
        moves = store.scan("moves", ids).filter(pl.col("as_of") <= as_of).collect()
        referrals = store.scan("referrals", ids).filter(pl.col("as_of") == as_of).collect()
        return cls(
            logged=facts,
            distances=_distances(store, ids, as_of, facts, catalogue),
            coverage=coverage,
            first_week=first_week,
            known=_known(known, as_of, catalogue),
            weekdays=_weekdays(known, as_of, catalogue),
            episodes=_by_runner(store.scan("episodes", ids).collect().sort("onset_on", "episode_id")),
            onset_coverage=_by_runner(store.scan("onset_coverage", ids).collect().sort("episode_id", "area_id")),
            advice=_by_runner(advice.filter(pl.col("as_of") == as_of).sort(_area_order("area_id", catalogue))),
            moves=_by_runner(moves.filter(pl.col("as_of") == as_of).sort(
                "form", _area_order("area_id", catalogue), "place")),
            referrals=_by_runner(referrals.sort("episode_id", "flag")),
            earlier=_earlier(advice, moves, logs.strength_sets, as_of=as_of, since=since, catalogue=catalogue),
            imports=_files(logs, as_of),
        )  # fmt: skip

    def weeks(self, runner_id: str, as_of: date, catalogue: Catalogue) -> tuple[Week, ...]:
        """As many weeks as the logs go back, between the timeline's bounds."""
        shortest, longest = (int(end) for end in catalogue.bounds("advice.timeline_weeks"))
        n = min(max(self.first_week.get(runner_id, 0) + 1, shortest), longest)
        distances, coverage = self.distances.get(runner_id, {}), self.coverage.get(runner_id, {})
        nothing: tuple[None, bool] = (None, False)
        return tuple(
            Week(
                end=as_of - timedelta(days=DAYS_A_WEEK * back),
                distance_m=distances.get(back, nothing)[0],
                has_spike=distances.get(back, nothing)[1],
                coverage=coverage.get(back, {}),
            )
            for back in reversed(range(n))
        )


def _weeks_back(as_of: date) -> pl.Expr:
    return ((pl.lit(as_of) - pl.col("local_date")).dt.total_days() // DAYS_A_WEEK).alias("weeks_back")


def _coverage(
    store: Store, ids: Sequence[str], as_of: date, catalogue: Catalogue
) -> tuple[dict[str, dict[int, dict[str, Row]]], dict[str, int]]:
    """Runner → weeks back → area → the row of the week's last day; and how many weeks back the first row lies."""
    longest = int(catalogue.bounds("advice.timeline_weeks")[1])
    days = (pl.lit(as_of) - pl.col("local_date")).dt.total_days()
    rows = store.scan("coverage", ids).filter(days >= 0, days < longest * DAYS_A_WEEK)
    first = dict(rows.group_by("runner_id").agg(days.max() // DAYS_A_WEEK).collect().rows())
    ends = rows.filter(days % DAYS_A_WEEK == 0).select("runner_id", _weeks_back(as_of), *_COVERAGE).collect()
    found: dict[str, dict[int, dict[str, Row]]] = defaultdict(lambda: defaultdict(dict))
    for row in ends.iter_rows(named=True):
        found[row["runner_id"]][row["weeks_back"]][row["area_id"]] = row
    return found, first


def _distances(
    store: Store, ids: Sequence[str], as_of: date, facts: Mapping[str, Logged], catalogue: Catalogue
) -> dict[str, dict[int, tuple[float, bool]]]:
    """Runner → weeks back → metres and whether there was a spike; no week in which the run log was silent."""
    limit = catalogue.days("advice.silent_after")
    silent = {
        runner: of.last_run_on
        for runner, of in facts.items()
        if of.last_run_on and (as_of - of.last_run_on).days >= limit
    }
    heard_of = pl.col("runner_id").replace_strict(silent, default=as_of, return_dtype=pl.Date)
    rows = (
        store.scan("running_load", ids)
        .filter(pl.col("local_date") <= as_of, pl.col("local_date") <= heard_of)
        .group_by("runner_id", _weeks_back(as_of))
        .agg(pl.col("distance_m").sum(), pl.col("spike").is_in(SPIKES).any())
        .collect()
    )
    found: dict[str, dict[int, tuple[float, bool]]] = defaultdict(dict)
    for runner, back, metres, has_spike in rows.select("runner_id", "weeks_back", "distance_m", "spike").iter_rows():
        found[runner][back] = (metres, bool(has_spike))
    return found


def _known(days: pl.LazyFrame, as_of: date, catalogue: Catalogue) -> dict[str, tuple[int, int]]:
    """Runner → known days, and assumed ones among them, of coverage's window."""
    since = as_of - timedelta(days=catalogue.days("coverage.window"))
    window = days.filter(pl.col("local_date") > since).group_by("runner_id")
    counted = window.agg(pl.col("is_known").sum(), assumed=(pl.col("evidence") == "assumed").sum())
    return {runner: (known, assumed) for runner, known, assumed in counted.collect().rows()}


def _weekdays(days: pl.LazyFrame, as_of: date, catalogue: Catalogue) -> dict[str, list[tuple[int, int]]]:
    """Runner → (weekday, days of strength work on it) of the last weeks, the busiest weekday first."""
    since = as_of - timedelta(days=DAYS_A_WEEK * catalogue.days("advice.strip_weeks"))
    trained = days.filter(pl.col("local_date") > since, pl.col("evidence").is_in(TRAINED))
    weekday = (pl.col("local_date").dt.weekday() - 1).alias("weekday")
    counted = trained.group_by("runner_id", weekday).len().sort("runner_id", -pl.col("len").cast(pl.Int64), "weekday")
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for runner, day, n in counted.collect().iter_rows():
        found[runner].append((day, n))
    return found


def _usual(weekdays: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """The weekdays that are not much rarer than the busiest; none where hardly any day is known."""
    most = weekdays[0][1] if weekdays else 0
    return tuple(day for day, n in weekdays if n > 1 and n >= ceil(most / USUAL_SHARE))


def _earlier(
    advice: pl.DataFrame,
    moves: pl.DataFrame,
    sets: pl.DataFrame,
    *,
    as_of: date,
    since: date | None,
    catalogue: Catalogue,
) -> dict[str, Earlier]:
    """Runner → the report to compare with, and on how many days since then each of its moves was logged."""
    until = since if since is not None else as_of - timedelta(days=DAYS_A_WEEK)
    before = advice.filter(pl.col("as_of") <= until, pl.col("as_of") < as_of)
    if before.is_empty():
        return {}
    newest = before.group_by("runner_id").agg(pl.col("as_of").max())
    said = _by_runner(before.join(newest, on=["runner_id", "as_of"]).sort(_area_order("area_id", catalogue)))
    given = moves.filter(pl.col("form") == "addition").join(newest, on=["runner_id", "as_of"])
    given_rows = _by_runner(given.sort(_area_order("area_id", catalogue), "place"))
    done = (
        with_exercise(sets.filter(pl.col("duplicate_of").is_null(), pl.col("local_date") <= as_of), catalogue)
        .join(newest, on="runner_id")
        .filter(pl.col("local_date") > pl.col("as_of"))
        .group_by("runner_id", "exercise_id")
        .agg(pl.col("local_date").n_unique())
    )
    n_days: dict[str, dict[str, int]] = defaultdict(dict)
    for runner, exercise, n in done.iter_rows():
        n_days[runner][exercise] = n
    return {
        runner: Earlier(
            as_of=rows[0]["as_of"],
            advice={row["area_id"]: row for row in rows},
            moves=tuple(given_rows.get(runner, ())),
            n_days_done=n_days.get(runner, {}),
        )
        for runner, rows in said.items()
    }


def _area_order(column: str, catalogue: Catalogue) -> pl.Expr:
    order = {area: place for place, area in enumerate(catalogue.areas)}
    return pl.col(column).replace_strict(order, default=len(order), return_dtype=pl.Int64)


def _by_runner(frame: pl.DataFrame) -> _Rows:
    found: _Rows = defaultdict(list)
    for row in frame.iter_rows(named=True):
        found[row["runner_id"]].append(row)
    return found


def _files(logs: Logs, as_of: date) -> dict[str, list[str]]:
    """Runner → the imports whose rows the page rests on: those of the days up to `as_of` that no other import holds."""
    dated = [
        frame.filter(pl.col(column) <= as_of).select("runner_id", "import_id")
        for frame, column in (
            (logs.runs.filter(pl.col("duplicate_of").is_null()), "local_date"),
            (logs.strength_sets.filter(pl.col("duplicate_of").is_null()), "local_date"),
            (logs.strength_days.filter(pl.col("kind") != "sets"), "local_date"),
            (logs.ache_reports, "reported_on"),
        )
    ]  # fmt: skip
    found: dict[str, list[str]] = defaultdict(list)
    for runner, import_id in pl.concat(dated).unique().sort("runner_id", "import_id").iter_rows():
        found[runner].append(import_id)
    return found


def _digest(row: Row, imports: Iterable[str], marks: Iterable[Row], catalogue: Catalogue) -> str:
    """The same for the same files, settings, marks and catalogue; twelve hexadecimal digits."""
    parts = (*imports, repr(sorted(row.items())), *(repr(sorted(mark.items())) for mark in marks), catalogue.version)
    return sha256("\n".join(parts).encode()).hexdigest()[:12]
