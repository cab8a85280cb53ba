"""Files → accepted rows and rejects with reasons: judged here, and only here.

Many files of one runner are judged together, column by column; every row keeps its file's id.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TypeVar

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue, name_key
from runfix_analytics.rawlog import ACHES, ACTIVITIES, SETS, Problem, RawLog, RawSchema
from runfix_analytics.tables import (
    AcheReports,
    Imports,
    OtherActivities,
    Rejects,
    Runs,
    StrengthDays,
    StrengthSets,
)
from runfix_analytics.text import clean_column, clean_expression, clean_text, file_label

S = TypeVar("S", bound=dy.Schema)

NO_STRENGTH = "none"
UNNAMED = "unknown"
KG_PER_LB = 0.45359237
METRES = {"m": 1.0, "km": 1000.0, "mi": 1609.344}
METRES_PER_FOOT = 0.3048
_ADVICE = {
    "in_the_future": "check the date in the log; it lies after the import",
    "before_first_year": "the device's clock was not set; correct the date in the log",
    "unknown_unit": "a distance is in m, km or mi",
    "implausible_distance": "check distance and unit (runners.csv: units)",
    "implausible_speed": "check distance, time and unit (runners.csv: units)",
    "implausible_reps": "check the repetitions in the log",
    "implausible_seconds": "check the seconds in the log",
    "implausible_weight": "check the weight and its unit (runners.csv: units)",
    "other_runner": "the file names several runners and only this runner's rows are taken; put it into every inbox",
}


_DAY = ["import_id", "source", "local_date"]
_NO_DAYS = pl.DataFrame(schema={"import_id": pl.String, "source": pl.String, "local_date": pl.Date})
_ACHE_TEXTS = ("runner", "site", "exercise_that_hurt", "note", "report_id", "linked_report_id")
_DOUBTFUL = {
    "noticed_on": pl.col("noticed_on") > pl.col("reported_on"),
    "resolved_on": pl.col("resolved_on") > pl.col("reported_on"),
    "pain_now": ~pl.col("pain_now").is_between(0, 10),
    "pain_worst": ~pl.col("pain_worst").is_between(0, 10),
    "days_lost": (pl.col("days_lost") < 0) | ~pl.col("days_lost").is_finite(),
}


@dataclass(frozen=True)
class RunnerSettings:
    """What ingest needs to know of a runner: whose rows, which zone and which units where the file states none."""

    runner_id: str
    time_zone: str | None
    units: str
    name: str = ""


@dataclass(frozen=True)
class Arrival:
    """A file as it came in, and what its reader made of it; `archive_id` is the archive it lay in."""

    import_id: str
    file_name: str
    n_bytes: int
    imported_at: datetime
    raw: RawLog
    archive_id: str | None = None
    is_archive: bool = False


@dataclass(frozen=True)
class Accepted:
    """The rows of some files of one runner, ready to be stored, and their rows of the ledger."""

    runs: dy.DataFrame[Runs]
    other_activities: dy.DataFrame[OtherActivities]
    strength_sets: dy.DataFrame[StrengthSets]
    strength_days: dy.DataFrame[StrengthDays]
    ache_reports: dy.DataFrame[AcheReports]
    rejects: dy.DataFrame[Rejects]
    imports: dy.DataFrame[Imports]


def ingest(arrivals: Sequence[Arrival], runner: RunnerSettings, catalogue: Catalogue) -> Accepted:
    """The rows of some files of one runner, judged: every row is accepted, or stands in `rejects` with its rule.

    An ache is never rejected for a doubtful detail: the detail is left out, with a warning in the ledger.
    """
    judge = _Judge(arrivals, runner, catalogue)
    runs, others, workouts = judge.activities()
    sets, stated_none = judge.sets()
    aches = judge.aches()
    days = judge.strength_days(sets, stated_none, workouts)
    return Accepted(runs, others, sets, days, aches, judge.rejects(), judge.ledger())


class _Judge:
    """Judges the parts of some raw logs and collects what it rejects."""

    def __init__(self, arrivals: Sequence[Arrival], runner: RunnerSettings, catalogue: Catalogue) -> None:
        self.arrivals, self.runner, self.catalogue = arrivals, runner, catalogue
        self.problems = [(arrival.import_id, problem) for arrival in arrivals for problem in arrival.raw.problems]
        self.warnings = {arrival.import_id: list(arrival.raw.warnings) for arrival in arrivals}
        self.newest = max((arrival.imported_at for arrival in arrivals), default=datetime.now(UTC))

    def activities(self) -> tuple[dy.DataFrame[Runs], dy.DataFrame[OtherActivities], pl.DataFrame]:
        """The runs, other sports, and the days of strength workouts."""
        activities = self._together([arrival.raw.activities for arrival in self.arrivals], ACTIVITIES)
        if activities.is_empty():
            return Runs.create_empty(), OtherActivities.create_empty(), _NO_DAYS
        dated = self._dated(activities).with_columns(clean_column("logged_as").fill_null(UNNAMED))
        timely = self._keep(dated, self._time_rule(), "start_at")

        is_metric = self.runner.units == "metric"
        unit = pl.col("distance_unit").fill_null("km" if is_metric else "mi")
        is_unknown = pl.col("distance").is_not_null() & ~unit.is_in(list(METRES))
        timely = self._keep(timely, pl.when(is_unknown).then(pl.lit("unknown_unit")), "distance_unit")
        metres = pl.col("distance") * unit.replace_strict(METRES, default=None, return_dtype=pl.Float64)
        is_feet = pl.col("distance_unit").is_null() & pl.lit(not is_metric)
        measured = timely.with_columns(
            is_timed=_is_timed(),
            distance_m=pl.when(metres != 0).then(metres),
            ascent_m=pl.col("ascent") * pl.when(is_feet).then(METRES_PER_FOOT).otherwise(1.0),
            distance_unit_source=pl.coalesce("distance_unit_source", _unit_source("distance_unit")),
            is_indoor=pl.col("is_indoor").fill_null(value=False),
        )
        runs = self._keep(measured.filter(pl.col("kind") == "run"), self._run_rule(), "distance_m")
        others = measured.filter(pl.col("kind") == "other").with_columns(
            pl.when(pl.col(name) >= 0).then(name).alias(name) for name in ("distance_m", "duration_s", "elapsed_s")
        )
        return (
            self._filter(Runs, self._stored(runs, "run_id")),
            self._filter(OtherActivities, self._stored(others, "activity_id")),
            timely.filter(pl.col("kind") == "strength").select(_DAY),
        )

    def _run_rule(self) -> pl.Expr:
        shortest, longest = (km * METRES["km"] for km in self.catalogue.bounds("plausible.run_distance"))
        slowest, fastest = self.catalogue.bounds("plausible.run_speed")
        seconds = pl.coalesce("duration_s", "elapsed_s")
        speed = pl.col("distance_m") / seconds
        return (
            pl.when(~pl.col("distance_m").is_between(shortest, longest))
            .then(pl.lit("implausible_distance"))
            .when((seconds > 0) & ~speed.is_between(slowest, fastest))
            .then(pl.lit("implausible_speed"))
        )

    def sets(self) -> tuple[dy.DataFrame[StrengthSets], pl.DataFrame]:
        """The sets, and the days for which the runner states no strength work."""
        sets = self._together([arrival.raw.sets for arrival in self.arrivals], SETS)
        if sets.is_empty():
            return StrengthSets.create_empty(), _NO_DAYS
        dated = self._dated(sets).with_columns(
            clean_column("logged_as").fill_null(UNNAMED),
            clean_column("note"),
            pl.col("guesses").list.eval(clean_expression(pl.element())),
        )
        timely = self._keep(dated, self._time_rule(), "start_at")
        is_none = pl.col("logged_as").str.to_lowercase() == NO_STRENGTH
        logged = timely.filter(~is_none)
        unit = pl.col("weight_unit").fill_null("kg" if self.runner.units == "metric" else "lb")
        weight = pl.col("weight") * pl.when(unit == "lb").then(KG_PER_LB).otherwise(1.0)
        keyed = logged.with_columns(
            session_start_at="start_at",
            is_timed=_is_timed(),
            weight_kg=weight.round(2),
            weight_unit_source=_unit_source("weight_unit"),
            exercise_key=_keys(logged["logged_as"]),
            category_key=_keys(logged["category"]),
            set_type=pl.col("set_type").fill_null("working"),
        )
        stored = self._stored(self._keep(keyed, self._set_rule(), "logged_as"), "set_id")
        return self._filter(StrengthSets, stored), timely.filter(is_none).select(_DAY)

    def _set_rule(self) -> pl.Expr:
        limits = (("reps", "reps"), ("seconds", "set_seconds"), ("weight_kg", "weight"))
        return pl.coalesce(
            pl.when(pl.col(column) > self.catalogue.number(f"plausible.{limit}")).then(
                pl.lit(f"implausible_{column.removesuffix('_kg')}")
            )
            for column, limit in limits
        )

    def strength_days(
        self, sets: pl.DataFrame, stated_none: pl.DataFrame, workouts: pl.DataFrame
    ) -> dy.DataFrame[StrengthDays]:
        """What each file says about strength work on each day; a workout is one without sets where it has none."""
        with_sets = sets.select(_DAY).unique()
        kinds = pl.concat(
            [
                with_sets.with_columns(kind=pl.lit("sets")),
                workouts.join(with_sets, on=_DAY, how="anti").with_columns(kind=pl.lit("no_sets")),
                stated_none.with_columns(kind=pl.lit("none")),
            ]
        )
        days = kinds.unique().with_columns(runner_id=pl.lit(self.runner.runner_id))
        return StrengthDays.validate(days.sort("import_id", "local_date", "kind"), cast=True)

    def aches(self) -> dy.DataFrame[AcheReports]:
        """The ache answers; doubtful details are left out with a warning."""
        together = self._together([arrival.raw.aches for arrival in self.arrivals], ACHES)
        if together.is_empty():
            return AcheReports.create_empty()
        aches = together.with_columns(clean_column(name) for name in _ACHE_TEXTS)
        names_several = pl.col("runner").drop_nulls().n_unique().over("import_id") > 1
        own = {self.runner.runner_id.casefold(), self.runner.name.casefold()}
        own_words = [word for word in aches["runner"].drop_nulls().unique() if word.casefold() in own]
        is_other = names_several & ~pl.col("runner").is_in(own_words).fill_null(value=False)
        is_future = pl.col("reported_on") > self.newest.date() + timedelta(days=1)
        first_year = self.catalogue.days("plausible.first_year")
        rule = (
            pl.when(is_other)
            .then(pl.lit("other_runner"))
            .when(is_future)
            .then(pl.lit("in_the_future"))
            .when(pl.col("reported_on").dt.year() < first_year)
            .then(pl.lit("before_first_year"))
        )
        kept = self._keep(aches, rule, "reported_on")
        for column, is_doubtful in _DOUBTFUL.items():
            kept = self._doubtful(kept, column, is_doubtful)
        for column in ("noticed_on", "resolved_on"):
            kept = self._doubtful(kept, column, pl.col(column).dt.year() < first_year)
        keyed = kept.with_columns(
            logged_site="site",
            site_key=_keys(kept["site"]),
            side=pl.col("side").fill_null("unknown"),
            onset_type=pl.col("onset_type").fill_null("unknown"),
        )
        strange = keyed.filter(~pl.col("site_key").is_in(list(self.catalogue.site_keys)))
        for import_id, site in strange.select("import_id", "site").unique().sort("import_id", "site").rows():
            self.warnings[import_id].append(f'site "{site}" is not in sites.toml; kept as "place not recognised"')
        return self._filter(AcheReports, self._stored(keyed, "ache_report_id"))

    def rejects(self) -> dy.DataFrame[Rejects]:
        """Every row that is not stored."""
        if not self.problems:
            return Rejects.create_empty()
        rows = [
            {
                "runner_id": self.runner.runner_id,
                "import_id": import_id,
                "source_row": problem.row,
                "logged": problem.logged,
                "rule": problem.rule,
                "advice": problem.advice,
                "is_expected": problem.is_expected,
            }
            for import_id, problem in self.problems
        ]
        frame = pl.DataFrame(rows, schema=Rejects.create_empty().schema).with_columns(clean_column("logged"))
        return Rejects.validate(frame.sort("import_id", "source_row", "rule", maintain_order=True), cast=True)

    def ledger(self) -> dy.DataFrame[Imports]:
        """One row per file; called last, when every row has been judged."""
        return Imports.validate(
            pl.DataFrame(list(self._ledger_rows()), schema=Imports.create_empty().schema), cast=True
        )

    def _ledger_rows(self) -> Iterator[dict[str, object]]:
        n_lost = Counter((import_id, problem.is_expected) for import_id, problem in self.problems)
        for arrival in self.arrivals:
            raw, import_id = arrival.raw, arrival.import_id
            n_rejected, n_skipped = n_lost[import_id, False], n_lost[import_id, True]
            n_accepted = raw.n_rows - n_rejected - n_skipped
            name = file_label(arrival.file_name)
            yield {
                "runner_id": self.runner.runner_id,
                "import_id": import_id,
                "archive_id": arrival.archive_id,
                "file_name": name,
                "n_bytes": arrival.n_bytes,
                "reader": raw.reader or None,
                "source": raw.source or None,
                "status": _status(arrival, n_accepted),
                "n_rows": raw.n_rows,
                "n_accepted": n_accepted,
                "n_rejected": n_rejected,
                "n_skipped": n_skipped,
                "reason": clean_text(raw.error or raw.damage or "").removeprefix(f"{name.rpartition('/')[2]}: ")
                or None,
                "warnings": [clean_text(warning) for warning in self.warnings[import_id]],
                "imported_at": arrival.imported_at,
            }

    def _together(self, frames: Sequence[pl.DataFrame], schema: RawSchema) -> pl.DataFrame:
        """The rows of all files, each with its file's id and source."""
        tagged = [
            frame.with_columns(import_id=pl.lit(arrival.import_id), source=pl.lit(arrival.raw.source))
            for arrival, frame in zip(self.arrivals, frames, strict=True)
            if frame.height
        ]
        empty = pl.DataFrame(schema=dict(schema) | {"import_id": pl.String(), "source": pl.String()})
        return pl.concat([empty, *tagged], rechunk=True)  # a thousand files are a thousand chunks, with their overhead

    def _dated(self, frame: pl.DataFrame) -> pl.DataFrame:
        """With UTC start, the runner's local date, and how that was found."""
        zone = self.runner.time_zone or "UTC"
        at, wall = pl.col("start_at"), pl.col("start_local")
        as_utc = wall.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        skipped = (wall + timedelta(hours=1)).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        configured = at.dt.convert_time_zone(zone).dt.replace_time_zone(None)
        is_configured = wall.is_null() & pl.lit(self.runner.time_zone is not None)
        return _with_place(frame).with_columns(
            start_at=pl.coalesce(at, as_utc.dt.convert_time_zone("UTC"), skipped.dt.convert_time_zone("UTC")),
            local_date=pl.coalesce(wall, "local_there", configured).dt.date(),
            local_date_source=pl.when(at.is_not_null() & wall.is_not_null())
            .then(pl.lit("file_offset"))
            .when(wall.is_null() & pl.col("local_there").is_not_null())
            .then(pl.lit("gps"))
            .when(is_configured)
            .then(pl.lit("configured"))
            .otherwise(pl.lit("assumed")),
        )

    def _time_rule(self) -> pl.Expr:
        latest = self.newest + timedelta(days=1)
        first_year = self.catalogue.days("plausible.first_year")
        return (
            pl.when(pl.col("start_at") > latest)
            .then(pl.lit("in_the_future"))
            .when(pl.col("local_date").dt.year() < first_year)
            .then(pl.lit("before_first_year"))
        )

    def _stored(self, frame: pl.DataFrame, id_column: str) -> pl.DataFrame:
        """With the runner and an id that the same file always gives."""
        number = pl.int_range(1, pl.len() + 1).over("import_id").cast(pl.String).str.zfill(6)
        return frame.with_columns(
            pl.format("{}-{}-{}", pl.lit(self.runner.runner_id), pl.col("import_id").str.slice(0, 12), number).alias(
                id_column
            ),
            runner_id=pl.lit(self.runner.runner_id),
            source_row="row",
            duplicate_of=pl.lit(None, pl.String),
            duplicate_rule=pl.lit(None, pl.String),
        )

    def _doubtful(self, frame: pl.DataFrame, column: str, is_doubtful: pl.Expr) -> pl.DataFrame:
        flag = is_doubtful.fill_null(value=False)
        for import_id, row, value in frame.filter(flag).select("import_id", "row", column).rows():
            self.warnings[import_id].append(f"row {row}: {column} = {value} left out")
        return frame.with_columns(pl.when(~flag).then(column).alias(column))

    def _keep(self, frame: pl.DataFrame, rule: pl.Expr, logged: str) -> pl.DataFrame:
        """The rows that break no rule; the others become rejects."""
        judged = frame.with_columns(rule=rule)
        self._reject(judged.filter(pl.col("rule").is_not_null()), pl.col("rule"), logged)
        return judged.filter(pl.col("rule").is_null()).drop("rule")

    def _reject(self, frame: pl.DataFrame, rule: pl.Expr, logged: str, *, is_expected: bool = False) -> None:
        broken = frame.select("import_id", "row", value=pl.col(logged).cast(pl.String), name=rule)
        for import_id, row, value, name in broken.rows():
            problem = Problem(row, value or "", name, _ADVICE[name], is_expected=is_expected)
            self.problems.append((import_id, problem))

    def _filter(self, schema: type[S], frame: pl.DataFrame) -> dy.DataFrame[S]:
        """The rows that the schema allows; the others become rejects that name the rule."""
        if frame.is_empty():
            return schema.create_empty()
        good, failure = schema.filter(frame, cast=True)
        if len(failure):
            for row in failure.details().iter_rows(named=True):
                rule = next((name for name, verdict in row.items() if verdict == "invalid"), "schema")
                value = str(row.get(rule.partition("|")[0], ""))
                problem = Problem(row["source_row"], value, rule, "check the value in the log")
                self.problems.append((row["import_id"], problem))
        return good


def _with_place(frame: pl.DataFrame) -> pl.DataFrame:
    """With the wall clock at the place of the start, for rows in UTC that have one; the place itself is dropped."""
    columns = ("latitude", "longitude")
    if not set(columns) <= set(frame.columns):
        return frame.with_columns(local_there=pl.lit(None, pl.Datetime("us")))
    is_there = pl.col("start_local").is_null() & pl.col("latitude").is_between(-90, 90)
    places = frame.select(pl.when(is_there & pl.col("longitude").is_between(-180, 180)).then(c) for c in columns).rows()
    zones = pl.Series("zone", [_zone_at(*place) for place in places], dtype=pl.String)
    local = pl.lit(None, pl.Datetime("us"))
    for zone in zones.drop_nulls().unique():
        there = pl.col("start_at").dt.convert_time_zone(zone).dt.replace_time_zone(None)
        local = pl.when(pl.col("zone") == zone).then(there).otherwise(local)
    return frame.with_columns(zones).with_columns(local_there=local).drop("zone", *columns)


def _zone_at(latitude: float | None, longitude: float | None) -> str | None:
    """The IANA zone at a place, None on the high seas and where no place is known."""
    if latitude is None or longitude is None:
        return None
    from tzfpy import get_tz  # noqa: PLC0415 - its map takes 0.1 s to load, and most logs have no place

    zone = get_tz(longitude, latitude)
    return zone if zone and not zone.startswith("Etc/") else None


def _status(arrival: Arrival, n_accepted: int) -> str:
    raw = arrival.raw
    if raw.error is not None and not raw.reader:
        return "other_file" if arrival.archive_id else "unknown_format"
    if raw.error is not None:
        return "failed"
    if raw.damage is not None:
        return "damaged"
    if arrival.is_archive:
        return "opened"
    return "imported" if n_accepted else "nothing"


def _is_timed() -> pl.Expr:
    """Whether the log states a time; a wall clock of midnight is a date alone."""
    return pl.col("start_local").is_null() | (pl.col("start_local").dt.time() != time.min)


def _unit_source(column: str) -> pl.Expr:
    return pl.when(pl.col(column).is_null()).then(pl.lit("configured")).otherwise(pl.lit("file"))


def _keys(names: pl.Series) -> pl.Series:
    """The name keys of a column of names; each distinct name is normalised once."""
    keys = {name: name_key(name) for name in names.drop_nulls().unique()}
    return names.replace_strict(keys, default=None, return_dtype=pl.String) if keys else names.cast(pl.String)
