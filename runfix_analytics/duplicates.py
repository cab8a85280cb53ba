"""Which rows are the same run, session or answer from several exports: one counts, all are kept.

Each function takes all rows of some runners, from all their imports, and returns them with `duplicate_of` and
`duplicate_rule` set anew; the order in which files were imported does not matter.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.tables import AcheReports, Runs, StrengthSets

SAME_RUN = "same_run"
NEWER_EXPORT = "newer_export"
LOGGED_BY_HAND = "watch_session_logged_by_hand"
_RUN = ("rank", "runner_id", "import_id", "source", "start_at", "distance_m")
_SESSION = ("runner_id", "source", "session_start_at")


def mark_runs(runs: dy.DataFrame[Runs], catalogue: Catalogue) -> dy.DataFrame[Runs]:
    """Runs of different files that start within 5 min and differ by at most 3 % in distance are one run.

    Of one source the starts must agree within a minute: repeats recorded one by one are runs of their own. Two runs of
    one file are never the same. Pairs are made nearest first; the run with the file's own time offset and with a
    distance counts.
    """
    ordered = runs.sort(
        "runner_id", pl.col("local_date_source") != "file_offset", pl.col("distance_m").is_null(), "source", "run_id"
    ).with_row_index("rank")
    rows = ordered.sort("runner_id", "start_at", "rank").select(_RUN).rows(named=True)
    groups = {row["rank"]: {row["import_id"]: row["rank"]} for row in rows}
    for _, first, second in sorted(_pairs(rows, catalogue)):
        if groups[first].keys().isdisjoint(groups[second]):
            joined = groups[first] | groups[second]
            groups.update(dict.fromkeys(joined.values(), joined))
    ids = ordered["run_id"]
    counts = {rank: min(group.values()) for rank, group in groups.items()}
    duplicate_of = {ids[rank]: ids[first] for rank, first in counts.items() if rank != first}
    return Runs.validate(_marked(runs, "run_id", duplicate_of, SAME_RUN), cast=True)


def _pairs(rows: Sequence[dict[str, Any]], catalogue: Catalogue) -> Iterator[tuple[timedelta, int, int]]:
    """(time between the starts, rank, rank) of any two rows that could be one run; rows come by runner and start."""
    tolerance = timedelta(minutes=catalogue.number("duplicate.start_tolerance"))
    within_source = timedelta(minutes=catalogue.number("duplicate.start_tolerance_within_source"))
    for i, run in enumerate(rows):
        for other in rows[i + 1 :]:
            apart = other["start_at"] - run["start_at"]
            if other["runner_id"] != run["runner_id"] or apart > tolerance:
                break
            is_near = apart <= (within_source if other["source"] == run["source"] else tolerance)
            is_other_file = other["import_id"] != run["import_id"]
            if is_near and is_other_file and _is_same_distance(run["distance_m"], other["distance_m"], catalogue):
                yield (apart, *sorted((run["rank"], other["rank"])))


def _is_same_distance(a: float | None, b: float | None, catalogue: Catalogue) -> bool:
    if a is None or b is None:
        return True
    return abs(a - b) <= catalogue.number("duplicate.distance_tolerance") * max(a, b)


def mark_sets(sets: dy.DataFrame[StrengthSets], catalogue: Catalogue) -> dy.DataFrame[StrengthSets]:
    """Of a session that several exports of one source hold, the newest export's sets count.

    A watch's session near one that the runner logged by hand is the same session: the runner's own log counts.
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
    marks = pl.concat([losers, by_hand])
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


def _marked(frame: pl.DataFrame, key: str, duplicate_of: dict[str, str], rule: str) -> pl.DataFrame:
    of = pl.col(key).replace_strict(duplicate_of, default=None, return_dtype=pl.String)
    return frame.with_columns(duplicate_of=of, duplicate_rule=pl.when(of.is_not_null()).then(pl.lit(rule))).sort(
        "runner_id", key
    )
