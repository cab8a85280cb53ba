"""Which rows are the same run, session or answer from several exports: one counts, all are kept.

Each function takes all rows of some runners, from all their imports, and returns them with `duplicate_of` and
`duplicate_rule` set anew; the order in which files were imported does not matter.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.tables import LOCAL_DATE_SOURCES, AcheReports, OtherActivities, Runs, StrengthSets

SAME_RUN = "same_run"
ITS_RECORDING = "names_its_recording"
NEWER_EXPORT = "newer_export"
LOGGED_BY_HAND = "watch_session_logged_by_hand"
_RUN = (
    "recorded_by",
    "rank",
    "runner_id",
    "import_id",
    "source",
    "start_at",
    "local_date",
    "is_timed",
    "distance_m",
    "recording",
)
_SESSION = ("runner_id", "source", "session_start_at")
_CERTAINTY = {source: place for place, source in enumerate(LOCAL_DATE_SOURCES)}
_KEYS: dict[type[dy.Schema], str] = {Runs: "run_id", OtherActivities: "activity_id"}

S = TypeVar("S", bound=dy.Schema)


def mark_activities(activities: dy.DataFrame[S], schema: type[S], catalogue: Catalogue) -> dy.DataFrame[S]:
    """Activities of different files that start within 5 min and differ by at most 3 % in distance are one.

    Of one source the starts must agree within a minute: repeats recorded one by one are runs of their own. Two of one
    file are never the same, unless two apps wrote them there. An activity whose export names the file of its recording
    is the nearest one in that file. One without a time is another of that day with the same distance. Pairs are made
    nearest first; the one with a time, the surest local date and a distance counts.
    """
    key = _KEYS[schema]
    certainty = pl.col("local_date_source").replace_strict(_CERTAINTY, return_dtype=pl.Int8)
    order = (
        "runner_id",
        ~pl.col("is_timed").fill_null(value=True),
        certainty,
        pl.col("distance_m").is_null(),
        "source",
        key,
    )
    ordered = activities.sort(*order).with_row_index("rank")
    rows = ordered.sort("runner_id", "start_at", "rank").select(_RUN).rows(named=True)
    groups = {row["rank"]: {_origin(row): row["rank"]} for row in rows}
    rules: dict[int, str] = {}
    pairs = sorted([*_pairs(rows, catalogue), *_pairs_by_day(rows, catalogue)])
    near = [(first, second, SAME_RUN) for _, first, second in pairs]
    for first, second, rule in [*_recorded(rows), *near]:
        if groups[first].keys().isdisjoint(groups[second]):
            joined = groups[first] | groups[second]
            groups.update(dict.fromkeys(joined.values(), joined))
            rules.setdefault(second, rule)
    ids = ordered[key]
    counts = {rank: min(group.values()) for rank, group in groups.items()}
    duplicates = {ids[rank]: (ids[first], rules.get(rank, SAME_RUN)) for rank, first in counts.items() if rank != first}
    return schema.validate(_marked(activities, key, duplicates), cast=True)


def _origin(row: dict[str, Any]) -> tuple[str, str | None]:
    """Where a row comes from: no two rows of one file are the same, unless two apps wrote them."""
    return row["import_id"], row["recorded_by"]


def _is_elsewhere(a: dict[str, Any], b: dict[str, Any]) -> bool:
    if a["import_id"] != b["import_id"]:
        return True
    return None not in (a["recorded_by"], b["recorded_by"]) and a["recorded_by"] != b["recorded_by"]


def _recorded(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[int, int, str]]:
    """(rank, rank, rule) of each row that names the import of its recording, and that import's row nearest in time."""
    by_import: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        by_import.setdefault((row["runner_id"], row["import_id"]), []).append(row)
    for row in rows:
        there = by_import.get((row["runner_id"], row["recording"]), []) if row["recording"] else []
        if there:
            nearest = min(there, key=lambda other: (abs(other["start_at"] - row["start_at"]), other["rank"]))
            yield min(row["rank"], nearest["rank"]), max(row["rank"], nearest["rank"]), ITS_RECORDING


def _pairs(rows: Sequence[dict[str, Any]], catalogue: Catalogue) -> Iterator[tuple[timedelta, int, int]]:
    """(time between the starts, rank, rank) of any two rows that could be one run; rows come by runner and start."""
    tolerance = timedelta(minutes=catalogue.number("duplicate.start_tolerance"))
    within_source = timedelta(minutes=catalogue.number("duplicate.start_tolerance_within_source"))
    after = _after_own(rows)
    for i, run in enumerate(rows):
        place = after[i]
        while place < len(rows):
            other = rows[place]
            apart = other["start_at"] - run["start_at"]
            if other["runner_id"] != run["runner_id"] or apart > tolerance:
                break
            if not _is_elsewhere(run, other):
                place = after[place]
                continue
            place += 1
            is_one_source = other["source"] == run["source"] and other["recorded_by"] == run["recorded_by"]
            if not is_one_source and False in (run["is_timed"], other["is_timed"]):
                continue  # two midnights that stand for a day are no times; see below
            is_near = apart <= (within_source if is_one_source else tolerance)
            if is_near and _is_same_distance(run["distance_m"], other["distance_m"], catalogue):
                yield apart, min(run["rank"], other["rank"]), max(run["rank"], other["rank"])


def _after_own(rows: Sequence[dict[str, Any]]) -> list[int]:
    """For each row the place of the next one of another origin: a file may have thousands of rows at one time."""
    after = [len(rows)] * len(rows)
    for place in range(len(rows) - 2, -1, -1):
        is_own = _origin(rows[place]) == _origin(rows[place + 1])
        after[place] = after[place + 1] if is_own else place + 1
    return after


def _pairs_by_day(rows: Sequence[dict[str, Any]], catalogue: Catalogue) -> Iterator[tuple[timedelta, int, int]]:
    """The same of a row without a time and any of another file of that day, nearest in distance first, after the timed.

    Both must have a distance: else every other run of the day would do.
    """
    by_day: dict[tuple[str, date], dict[tuple[str, str | None], list[dict[str, Any]]]] = {}
    for row in rows:
        if row["distance_m"] is not None:
            of_day = by_day.setdefault((row["runner_id"], row["local_date"]), {})
            of_day.setdefault(_origin(row), []).append(row)
    for row in rows:
        if row["is_timed"] is not False or row["distance_m"] is None:
            continue
        for others in by_day[row["runner_id"], row["local_date"]].values():
            if not _is_elsewhere(row, others[0]):
                continue
            for other in others:
                if _is_same_distance(row["distance_m"], other["distance_m"], catalogue):
                    apart = timedelta(days=1, seconds=abs(row["distance_m"] - other["distance_m"]))
                    yield apart, min(row["rank"], other["rank"]), max(row["rank"], other["rank"])


def _is_same_distance(a: float | None, b: float | None, catalogue: Catalogue) -> bool:
    if a is None or b is None:
        return True
    return abs(a - b) <= catalogue.number("duplicate.distance_tolerance") * max(a, b)


def mark_sets(sets: dy.DataFrame[StrengthSets], catalogue: Catalogue) -> dy.DataFrame[StrengthSets]:
    """Of a session that several exports of one source hold, the newest export's sets count.

    A watch's session near one that the runner logged by hand is the same session: the runner's own log counts. So are
    two of a watch that came by different exports and begin near each other (with the recording, with its first set).
    """
    newest = sets.group_by("runner_id", "import_id").agg(newest=pl.col("session_start_at").max())
    per_session = (
        sets.group_by(*_SESSION, "import_id")
        .agg(
            pl.col("is_timed", "local_date").first(),
            n=pl.len(),
            first_id=pl.col("set_id").min(),
            is_watch=pl.col("category_key").is_not_null().any() | (pl.col("exercise_key") == "unknown").all(),
        )
        .join(newest, on=["runner_id", "import_id"], how="left", validate="m:1")
        .sort(*_SESSION, "newest", "n", "import_id", descending=[False, False, False, True, True, False])
        .with_columns(counting=pl.col("first_id").first().over(_SESSION))
    )
    losers = per_session.filter(pl.col("first_id") != pl.col("counting")).select(
        *_SESSION, "import_id", duplicate="counting", rule=pl.lit(NEWER_EXPORT)
    )
    winners = per_session.filter(pl.col("first_id") == pl.col("counting"))
    by_hand = _by_hand(winners, catalogue)
    others = winners.join(by_hand, on=[*_SESSION, "import_id"], how="anti")
    marks = pl.concat([losers, by_hand, _of_one_watch(others, catalogue)])
    marked = (
        sets.drop("duplicate_of", "duplicate_rule")
        .join(marks, on=[*_SESSION, "import_id"], how="left", validate="m:1")
        .rename({"duplicate": "duplicate_of", "rule": "duplicate_rule"})
    )
    return StrengthSets.validate(marked.sort("runner_id", "set_id"), cast=True)


def _by_hand(sessions: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    tolerance = timedelta(minutes=catalogue.number("duplicate.session_tolerance"))
    logged = sessions.filter(~pl.col("is_watch")).select(
        "runner_id", "is_timed", logged_at="session_start_at", logged_on="local_date", duplicate="first_id"
    )
    is_near = (pl.col("logged_at") - pl.col("session_start_at")).abs() <= tolerance
    is_same_day = ~pl.col("is_timed") & (pl.col("logged_on") == pl.col("local_date"))
    return (
        sessions.filter("is_watch")
        .drop("is_timed")
        .join(logged, on="runner_id", how="inner")
        .filter(is_near | is_same_day)
        .sort("duplicate")
        .unique([*_SESSION, "import_id"], keep="first", maintain_order=True)
        .select(*_SESSION, "import_id", "duplicate", rule=pl.lit(LOGGED_BY_HAND))
    )


def _of_one_watch(sessions: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Sessions of a watch that another export holds as well: of those near each other the newest export's counts."""
    tolerance = timedelta(minutes=catalogue.number("duplicate.watch_session_tolerance"))
    columns = (*_SESSION, "import_id", "first_id")
    order = ("runner_id", "newest", "n", "import_id", "first_id")
    descending = [False, True, True, False, False]
    ranked = sessions.filter("is_watch").sort(order, descending=descending).select(columns).rows(named=True)
    counting: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for session in ranked:
        same = next((one for one in counting if _is_one_session(session, one, tolerance)), None)
        if same is None:
            counting.append(session)
        else:
            found.append({**session, "duplicate": same["first_id"], "rule": NEWER_EXPORT})
    schema = {**{name: sessions.schema[name] for name in columns}, "duplicate": pl.String(), "rule": pl.String()}
    return pl.DataFrame(found, schema=schema).drop("first_id")


def _is_one_session(a: dict[str, Any], b: dict[str, Any], tolerance: timedelta) -> bool:
    is_near = abs(a["session_start_at"] - b["session_start_at"]) <= tolerance
    return bool(is_near and a["runner_id"] == b["runner_id"] and a["import_id"] != b["import_id"])


def mark_reports(reports: dy.DataFrame[AcheReports]) -> dy.DataFrame[AcheReports]:
    """Of an answer that several exports of a form hold, the newest export's counts.

    The same answer is one of the same day with the same report id, or without ids of the same place and side.
    """
    newest = reports.group_by("runner_id", "import_id").agg(newest=pl.col("reported_on").max())
    keyed = reports.join(newest, on=["runner_id", "import_id"], how="left", validate="m:1").sort(
        "newest", "import_id", "ache_report_id", descending=[True, False, False]
    )
    place = pl.concat_str("site_key", "side", separator="|", ignore_nulls=True)
    answer = ("runner_id", "source", "reported_on", pl.coalesce("report_id", place))
    first = pl.col("ache_report_id").first().over(answer)
    winner_import = pl.col("import_id").first().over(answer)
    is_other_export = pl.col("import_id") != winner_import
    marked = keyed.with_columns(
        duplicate_of=pl.when(is_other_export).then(first),
        duplicate_rule=pl.when(is_other_export).then(pl.lit(NEWER_EXPORT)),
    )
    return AcheReports.validate(marked.sort("runner_id", "ache_report_id"), cast=True)


def _marked(frame: pl.DataFrame, key: str, duplicates: Mapping[str, tuple[str, str]]) -> pl.DataFrame:
    of = {duplicate: first for duplicate, (first, _) in duplicates.items()}
    rule = {duplicate: rule for duplicate, (_, rule) in duplicates.items()}
    return frame.with_columns(
        duplicate_of=pl.col(key).replace_strict(of, default=None, return_dtype=pl.String),
        duplicate_rule=pl.col(key).replace_strict(rule, default=None, return_dtype=pl.String),
    ).sort("runner_id", key)
