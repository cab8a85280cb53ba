"""Which rows are the same run, session or answer from several exports: one counts, all are kept.

Each function takes all rows of some runners, from all their imports, and returns them with `duplicate_of` and
`duplicate_rule` set anew; the order in which files were imported does not matter.
"""

from datetime import datetime, timedelta
from typing import Any

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.tables import AcheReports, Runs, StrengthSets

SAME_RUN = "same_run"
NEWER_EXPORT = "newer_export"
LOGGED_BY_HAND = "watch_session_logged_by_hand"
_SESSION = ("runner_id", "source", "session_start_at")
_ANSWER = ("runner_id", "source", "report_id", "reported_on", "site_key", "side")


def mark_runs(runs: dy.DataFrame[Runs], catalogue: Catalogue) -> dy.DataFrame[Runs]:
    """Runs of different files that start within 5 min and differ by at most 3 % in distance are one run.

    The one with the file's own time offset and with a distance counts. Two runs of one file are never the same.
    """
    counted = (
        runs.sort(
            "runner_id",
            pl.col("local_date_source") != "file_offset",
            pl.col("distance_m").is_null(),
            "source",
            "run_id",
        )
        .select("run_id", "runner_id", "import_id", "start_at", "distance_m")
        .iter_rows(named=True)
    )
    clusters: dict[str, list[list[dict[str, Any]]]] = {}
    duplicate_of: dict[str, str] = {}
    for run in counted:
        of_runner = clusters.setdefault(run["runner_id"], [])
        same = _nearest(run, of_runner, catalogue)
        if same is None:
            of_runner.append([run])
        else:
            same.append(run)
            duplicate_of[run["run_id"]] = same[0]["run_id"]
    return Runs.validate(_marked(runs, "run_id", duplicate_of, SAME_RUN), cast=True)


def _nearest(
    run: dict[str, Any], clusters: list[list[dict[str, Any]]], catalogue: Catalogue
) -> list[dict[str, Any]] | None:
    """The cluster whose first run starts nearest, among those that are the same run and lack this import."""
    tolerance = timedelta(minutes=catalogue.number("duplicate.start_tolerance"))
    start: datetime = run["start_at"]
    near = [
        cluster
        for cluster in clusters
        if abs(cluster[0]["start_at"] - start) <= tolerance
        and _is_same_distance(cluster[0]["distance_m"], run["distance_m"], catalogue)
        and all(other["import_id"] != run["import_id"] for other in cluster)
    ]
    return min(near, key=lambda cluster: abs(cluster[0]["start_at"] - start), default=None)


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
        .agg(n=pl.len(), first_id=pl.col("set_id").min(), is_watch=pl.col("category_key").is_not_null().any()
             | (pl.col("exercise_key") == "unknown").all())
        .join(newest, on=["runner_id", "import_id"], how="left", validate="m:1")
        .sort(*_SESSION, "newest", "n", "import_id", descending=[False, False, False, True, True, False])
        .with_columns(counting=pl.col("first_id").first().over(_SESSION))
    )  # fmt: skip
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
        "runner_id", logged_at="session_start_at", duplicate="first_id"
    )
    is_near = (pl.col("logged_at") - pl.col("session_start_at")).abs() <= tolerance
    return (
        sessions.filter("is_watch")
        .join(logged, on="runner_id", how="inner")
        .filter(is_near)
        .sort("duplicate")
        .unique([*_SESSION, "import_id"], keep="first", maintain_order=True)
        .select(*_SESSION, "import_id", "duplicate", rule=pl.lit(LOGGED_BY_HAND))
    )


def mark_reports(reports: dy.DataFrame[AcheReports]) -> dy.DataFrame[AcheReports]:
    """Of an answer that several exports of a form hold, the newest export's counts."""
    newest = reports.group_by("runner_id", "import_id").agg(newest=pl.col("reported_on").max())
    keyed = reports.join(newest, on=["runner_id", "import_id"], how="left", validate="m:1").sort(
        "newest", "import_id", "ache_report_id", descending=[True, False, False]
    )
    first = pl.col("ache_report_id").first().over(_ANSWER)
    winner_import = pl.col("import_id").first().over(_ANSWER)
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
