"""The same run, session or answer from several exports: one counts, all are kept, in whatever order they came."""

from datetime import UTC, datetime, time, timedelta
from itertools import permutations
from typing import Any

import polars as pl
import pytest
from draw import completed, drawn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from runfix_analytics import duplicates
from runfix_analytics.catalogue import load, name_key
from runfix_analytics.duplicates import mark_activities, mark_reports, mark_sets
from runfix_analytics.tables import AcheReports, OtherActivities, Runs, StrengthSets

CATALOGUE = load()
_AT = "%Y-%m-%d %H:%M:%S"


def runs(table: str) -> Any:
    """Drawn: run | file | at | km, and where it matters source, offset. `at` is a time of 2 March 2026."""
    frame = drawn(table)
    usual: dict[str, Any] = {"source": "strava", "offset": "configured", "runner": "r1", "recording": None, "app": None}
    frame = frame.with_columns(pl.lit(value).alias(name) for name, value in usual.items() if name not in frame.columns)
    frame = frame.select(
        run_id="run", import_id="file", runner_id="runner", source="source", local_date_source="offset",
        start_at=_at("at"), local_date=_at("at").dt.date(), distance_m=pl.col("km").cast(pl.Float64) * 1000,
        logged_as=pl.lit("Run"), distance_unit_source=pl.lit("file"), is_indoor=pl.lit(value=False),
        is_timed=_at("at").dt.time() != time.min, recording=pl.col("recording").cast(pl.String),
        recorded_by=pl.col("app").cast(pl.String),
    )  # fmt: skip
    return Runs.validate(completed(Runs, frame), cast=True)


def sets(table: str) -> Any:
    """Drawn: set | file | at | exercise, and where it matters source, category."""
    frame = drawn(table)
    usual: dict[str, Any] = {"source": "strong", "exercise": "Plank", "category": None, "runner": "r1"}
    frame = frame.with_columns(pl.lit(value).alias(name) for name, value in usual.items() if name not in frame.columns)
    key = pl.col("exercise").map_elements(name_key, return_dtype=pl.String)
    frame = frame.select(
        set_id="set", import_id="file", runner_id="runner", source="source", category_key="category",
        session_start_at=_at("at"), local_date=_at("at").dt.date(), logged_as="exercise", exercise_key=key,
        local_date_source=pl.lit("assumed"), is_timed=_at("at").dt.time() != time.min,
        set_type=pl.lit("working"), weight_unit_source=pl.lit("file"),
    )  # fmt: skip
    return StrengthSets.validate(completed(StrengthSets, frame), cast=True)


def reports(table: str) -> Any:
    """Drawn: ache | file | on | site | side, and where it matters report."""
    frame = drawn(table)
    usual: dict[str, Any] = {"report": None, "side": "left", "runner": "r1"}
    frame = frame.with_columns(
        pl.lit(value, dtype=pl.String).alias(name) for name, value in usual.items() if name not in frame.columns
    )
    frame = frame.select(
        ache_report_id="ache", import_id="file", runner_id="runner", source=pl.lit("form"), reported_on="on",
        logged_site="site", site_key="site", side="side", report_id="report", onset_type=pl.lit("unknown"),
        is_no_aches=pl.col("site").is_null(),
    )  # fmt: skip
    return AcheReports.validate(completed(AcheReports, frame), cast=True)


def _at(column: str) -> pl.Expr:
    text = pl.col(column).cast(pl.String)
    full = pl.when(text.str.contains("-")).then(text).otherwise("2026-03-02 " + text)
    return full.str.to_datetime("%Y-%m-%d %H:%M", time_zone="UTC")


def marks(marked: pl.DataFrame, key: str) -> dict[str, tuple[str, str]]:
    told = marked.filter(pl.col("duplicate_of").is_not_null()).sort(key)
    return {row[0]: (row[1], row[2]) for row in told.select(key, "duplicate_of", "duplicate_rule").rows()}


def same_runs(table: str) -> dict[str, str]:
    return {run: of for run, (of, _) in marks(mark_activities(runs(table), Runs, CATALOGUE), "run_id").items()}


# runs


def test_a_run_without_a_time_is_the_one_of_that_day_with_its_distance():
    table = """run | file | at | km | source
        a | f1 | 2026-03-02 00:00 | 8.05 | strava
        b | f2 | 2026-03-02 07:00 | 8.00 | strava
        c | f2 | 2026-03-02 18:00 | 5.00 | strava
        d | f2 | 2026-03-03 07:00 | 8.05 | strava
        e | f3 | 2026-03-02 00:00 | | diary
        f | f1 | 2026-03-02 00:00 | 8.01 | strava"""
    assert same_runs(table) == {"f": "b"}


def test_a_run_whose_export_names_its_recording_is_the_nearest_one_in_that_file_and_no_other():
    table = """run | file | at | km | recording | offset
        a | f1 | 07:00 | 8 | f2 | assumed
        b | f2 | 17:00 | 5 | | file_offset
        c | f2 | 19:00 | 5 | | file_offset
        d | f3 | 07:01 | 8 | f9 | assumed"""
    found = marks(mark_activities(runs(table), Runs, CATALOGUE), "run_id")
    assert found == {"a": ("b", "names_its_recording"), "d": ("b", "same_run")}


def test_a_run_that_two_apps_wrote_into_one_file_is_one_and_two_of_one_app_stay_two():
    table = """run | file | at | km | app
        a | f1 | 08:00 | 10 | 1
        b | f1 | 08:03 | 10.1 | 2
        c | f1 | 08:01 | 10 | 1
        d | f1 | 18:00 | 10 | 1"""
    assert same_runs(table) == {"c": "b"}
    assert same_runs(table.replace("08:03", "08:00")) == {"b": "a"}


def test_thousands_of_rows_of_one_file_at_one_time_are_compared_with_other_files_only(monkeypatch):
    compared = []
    is_same = duplicates._is_same_distance
    monkeypatch.setattr(duplicates, "_is_same_distance", lambda *pair: compared.append(pair) or is_same(*pair))
    many = "".join(f"a{n:05}{at[-5]} | f1 | {at} | 8\n" for n in range(1000) for at in ("07:00", "2026-03-03 10:00"))
    assert same_runs(f"run | file | at | km\n{many}b | f2 | 07:01 | 8") == {"b": "a000000"}
    assert len(compared) == 1000


def test_other_activities_are_marked_as_runs_are():
    table = "run | file | at | km\na | f1 | 08:00 | 30\nb | f2 | 08:01 | 30.5\nc | f2 | 12:00 | 30.5"
    rides = runs(table).rename({"run_id": "activity_id"})
    marked = mark_activities(OtherActivities.validate(rides, cast=True), OtherActivities, CATALOGUE)
    assert marks(marked, "activity_id") == {"b": ("a", "same_run")}


def test_a_watchs_session_by_two_exports_is_one_though_one_begins_with_its_first_set():
    table = """set | file | at | exercise | category | source
        a | f1 | 18:00 | unknown | | garmin
        b | f1 | 18:00 | squat | squat | garmin
        c | f2 | 18:04 | squat | squat | garmin
        d | f2 | 18:04 | squat | squat | garmin
        e | f2 | 19:30 | squat | squat | garmin"""
    found = marks(mark_sets(sets(table), CATALOGUE), "set_id")
    assert found == {"a": ("c", "newer_export"), "b": ("c", "newer_export")}


@pytest.mark.parametrize(
    ("at", "km", "is_same"),
    [
        ("08:00", "10.0", True),
        ("08:05", "10.0", True),
        ("07:55", "10.0", True),
        ("08:06", "10.0", False),
        ("07:54", "10.0", False),
        ("08:00", "9.70", True),
        ("08:00", "9.69", False),
        ("08:00", "10.30", True),
        ("08:00", "10.31", False),
        ("08:03", "-", True),
    ],
)
def test_a_run_of_another_file_is_the_same_within_five_minutes_and_three_per_cent(at: str, km: str, is_same: bool):
    table = f"run | file | source | at | km\na | f1 | garmin | 08:00 | 10.0\nb | f2 | strava | {at} | {km}"
    assert same_runs(table) == ({"b": "a"} if is_same else {})


def test_all_runs_are_kept_and_the_rule_is_named():
    marked = mark_activities(runs("run | file | at | km\na | f1 | 08:00 | 10\nb | f2 | 08:01 | 10"), Runs, CATALOGUE)
    assert marked["run_id"].to_list() == ["a", "b"]
    assert marks(marked, "run_id") == {"b": ("a", "same_run")}


def test_two_real_runs_on_one_day_stay_two():
    assert same_runs("run | file | at | km\na | f1 | 07:00 | 8\nb | f2 | 18:00 | 8") == {}


def test_two_runs_of_one_file_are_never_the_same():
    assert same_runs("run | file | at | km\na | f1 | 08:00 | 1\nb | f1 | 08:03 | 1") == {}


def test_runs_of_two_runners_are_never_the_same():
    assert same_runs("run | file | at | km | runner\na | f1 | 08:00 | 10 | r1\nb | f2 | 08:00 | 10 | r2") == {}


def test_the_run_with_the_files_own_offset_counts():
    assert same_runs("""
        run | file | at    | km | source | offset
        a   | f1   | 08:00 | 10 | strava | configured
        b   | f2   | 08:01 | 10 | garmin | file_offset
    """) == {"a": "b"}


def test_of_equal_ones_the_run_with_a_distance_counts():
    assert same_runs("run | file | at | km\na | f1 | 08:00 | -\nb | f2 | 08:01 | 10") == {"a": "b"}


def test_a_run_in_three_exports_counts_once():
    assert same_runs("""
        run | file | at    | km    | source
        a   | f1   | 08:00 | 10.00 | garmin
        b   | f2   | 08:00 | 10.00 | garmin
        c   | f3   | 08:02 | 9.90  | strava
    """) == {"b": "a", "c": "a"}


def test_equal_repeats_of_an_interval_session_pair_up_one_to_one_in_overlapping_exports():
    assert same_runs("""
        run | file | at    | km
        a1  | f1   | 18:00 | 1.0
        a2  | f1   | 18:04 | 1.0
        a3  | f1   | 18:08 | 1.0
        b1  | f2   | 18:00 | 1.0
        b2  | f2   | 18:04 | 1.0
        b3  | f2   | 18:08 | 1.0
        b4  | f2   | 18:12 | 1.0
    """) == {"b1": "a1", "b2": "a2", "b3": "a3"}


def test_a_repeat_that_only_the_newer_export_holds_stays_a_run_of_its_own():
    assert same_runs("""
        run | file | at    | km
        a2  | f1   | 18:04 | 1.0
        b1  | f2   | 18:00 | 1.0
        b2  | f2   | 18:04 | 1.0
    """) == {"b2": "a2"}


def test_repeats_of_two_services_that_differ_by_a_minute_pair_up_one_to_one():
    assert same_runs("""
        run | file | at    | km   | source
        a1  | f1   | 18:00 | 1.0  | garmin
        a2  | f1   | 18:04 | 1.0  | garmin
        a3  | f1   | 18:08 | 1.0  | garmin
        b1  | f2   | 18:01 | 0.99 | strava
        b2  | f2   | 18:05 | 0.99 | strava
        b3  | f2   | 18:09 | 0.99 | strava
    """) == {"b1": "a1", "b2": "a2", "b3": "a3"}


def test_repeats_that_a_watch_writes_into_a_file_each_are_all_kept():
    table = """
        run | file | at    | km  | source | offset
        a1  | f1   | 18:00 | 0.4 | garmin | file_offset
        a2  | f2   | 18:03 | 0.4 | garmin | file_offset
        a3  | f3   | 18:06 | 0.4 | garmin | file_offset
    """
    assert same_runs(table) == {}


_STARTS = st.integers(0, 20).map(lambda minutes: datetime(2026, 3, 2, 8, tzinfo=UTC) + timedelta(minutes=minutes))
_RUN = st.tuples(_STARTS, st.sampled_from([1000.0, 1010.0, 1050.0, None]), st.sampled_from(["f1", "f2", "f3"]))


@given(drawn_runs=st.lists(_RUN, min_size=2, max_size=8), order=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_order_in_which_runs_come_does_not_matter(drawn_runs: list[Any], order: Any):
    rows = [
        {"run_id": f"{file}-{i:02}", "import_id": file, "start_at": at, "distance_m": metres}
        for i, (at, metres, file) in enumerate(drawn_runs)
    ]
    usual = {"runner_id": "r1", "source": "strava", "local_date_source": "configured", "logged_as": "Run"}
    usual |= {"distance_unit_source": "file", "is_indoor": False}
    frame = pl.DataFrame(rows, schema_overrides={"distance_m": pl.Float64}).with_columns(
        pl.col("start_at").dt.date().alias("local_date"), **{name: pl.lit(value) for name, value in usual.items()}
    )
    valid = Runs.validate(completed(Runs, frame), cast=True)
    expected = mark_activities(valid, Runs, CATALOGUE)
    shuffled = list(range(valid.height))
    order.shuffle(shuffled)
    assert_frame_equal(mark_activities(Runs.validate(valid[shuffled]), Runs, CATALOGUE), expected)
    assert_frame_equal(mark_activities(expected, Runs, CATALOGUE), expected)
    counting = set(expected.filter(pl.col("duplicate_of").is_null())["run_id"])
    assert set(expected["duplicate_of"].drop_nulls()) <= counting


# strength sets


def same_sets(table: str) -> dict[str, tuple[str, str]]:
    return marks(mark_sets(sets(table), CATALOGUE), "set_id")


OVERLAPPING = """
    set | file | at
    a1  | old  | 2026-03-02 18:00
    a2  | old  | 2026-03-02 18:00
    b1  | new  | 2026-03-02 18:00
    b2  | new  | 2026-03-02 18:00
    b3  | new  | 2026-03-09 18:00
"""


def test_of_a_session_in_two_exports_the_newer_exports_sets_count_and_the_older_are_kept():
    assert mark_sets(sets(OVERLAPPING), CATALOGUE)["set_id"].to_list() == ["a1", "a2", "b1", "b2", "b3"]
    assert same_sets(OVERLAPPING) == {"a1": ("b1", "newer_export"), "a2": ("b1", "newer_export")}


def test_a_session_that_only_the_older_export_holds_counts():
    table = OVERLAPPING + "    a3  | old  | 2026-02-23 18:00\n"
    assert set(same_sets(table)) == {"a1", "a2"}


def test_sets_that_a_runner_took_out_later_count_no_more():
    assert set(
        same_sets("""
        set | file | at
        a1  | old  | 2026-03-02 18:00
        a2  | old  | 2026-03-02 18:00
        a3  | old  | 2026-03-02 18:00
        b1  | new  | 2026-03-02 18:00
        b2  | new  | 2026-03-04 18:00
    """)
    ) == {"a1", "a2", "a3"}


def test_the_order_in_which_sets_come_does_not_matter():
    expected = mark_sets(sets(OVERLAPPING), CATALOGUE)
    for order in permutations(range(5)):
        assert_frame_equal(mark_sets(StrengthSets.validate(sets(OVERLAPPING)[list(order)]), CATALOGUE), expected)
    assert_frame_equal(mark_sets(expected, CATALOGUE), expected)


WATCH = """
    set | file | at    | source | exercise    | category
    h1  | f1   | 18:00 | strong | Plank       | -
    w1  | f2   | {at}  | garmin | {exercise}  | {category}
    w2  | f2   | {at}  | garmin | {exercise}  | {category}
"""


@pytest.mark.parametrize(("at", "is_same"), [("18:00", True), ("19:00", True), ("17:00", True), ("19:01", False)])
@pytest.mark.parametrize(("exercise", "category"), [("plank", "plank"), ("unknown", "-")])
def test_beside_a_session_logged_by_hand_the_watchs_own_within_the_hour_does_not_count(
    at: str, is_same: bool, exercise: str, category: str
):
    found = same_sets(WATCH.format(at=at, exercise=exercise, category=category))
    rule = ("h1", "watch_session_logged_by_hand")
    assert found == ({"w1": rule, "w2": rule} if is_same else {})


def test_a_watchs_session_alone_counts():
    assert same_sets("set | file | at | source | category\nw1 | f1 | 18:00 | garmin | plank") == {}


def test_two_sessions_of_one_day_by_hand_stay_two():
    assert same_sets("set | file | at\na1 | f1 | 07:00\na2 | f1 | 07:30") == {}


def test_a_day_logged_by_hand_without_a_clock_is_the_watchs_session_of_that_day():
    # the strength sheet knows days only: its sessions stand at midnight of the runner's zone
    found = same_sets("""
        set | file | at    | source | category
        h1  | f1   | 00:00 | sheet  | -
        w1  | f2   | 17:30 | garmin | plank
    """)
    assert found == {"w1": ("h1", "watch_session_logged_by_hand")}


def test_a_session_by_hand_of_another_runner_leaves_the_watchs_alone():
    assert (
        same_sets("""
        set | file | at    | source | category | runner
        h1  | f1   | 18:00 | strong | -        | r1
        w1  | f2   | 18:00 | garmin | plank    | r2
    """)
        == {}
    )


# answers


def same_answers(table: str) -> dict[str, str]:
    return {ache: of for ache, (of, _) in marks(mark_reports(reports(table)), "ache_report_id").items()}


def test_of_an_answer_in_two_exports_of_a_form_the_newer_exports_counts():
    marked = mark_reports(reports("""
        ache | file | on         | site
        a1   | old  | 2026-03-02 | knee
        a2   | old  | 2026-03-09 | -
        b1   | new  | 2026-03-02 | knee
        b2   | new  | 2026-03-09 | -
        b3   | new  | 2026-03-16 | knee
    """))  # fmt: skip
    assert marked["ache_report_id"].to_list() == ["a1", "a2", "b1", "b2", "b3"]
    assert marks(marked, "ache_report_id") == {"a1": ("b1", "newer_export"), "a2": ("b2", "newer_export")}


@pytest.mark.parametrize("other", ["2026-03-03 | knee | left", "2026-03-02 | shin | left", "2026-03-02 | knee | right"])
def test_answers_of_another_day_place_or_side_are_others(other: str):
    assert same_answers(f"ache | file | on | site | side\na | f1 | 2026-03-02 | knee | left\nb | f2 | {other}") == {}


def test_two_answers_of_one_file_are_never_the_same():
    assert same_answers("ache | file | on | site\na | f1 | 2026-03-02 | knee\nb | f1 | 2026-03-02 | knee") == {}


def test_answers_of_two_runners_are_never_the_same():
    table = "ache | file | on | site | runner\na | f1 | 2026-03-02 | knee | r1\nb | f2 | 2026-03-02 | knee | r2"
    assert same_answers(table) == {}


def test_an_answer_that_was_corrected_later_counts_as_corrected():
    assert same_answers("""
        ache | file | on         | site | side    | report
        a    | old  | 2026-03-02 | knee | unknown | w1
        b    | new  | 2026-03-02 | knee | left    | w1
        c    | new  | 2026-03-09 | knee | left    | w2
    """) == {"a": "b"}


def test_the_order_in_which_answers_come_does_not_matter():
    table = """
        ache | file | on         | site
        a1   | old  | 2026-03-02 | knee
        b1   | new  | 2026-03-02 | knee
        b2   | new  | 2026-03-09 | knee
        c1   | also | 2026-03-09 | knee
    """
    expected = mark_reports(reports(table))
    for order in permutations(range(4)):
        assert_frame_equal(mark_reports(AcheReports.validate(reports(table)[list(order)])), expected)


def test_empty_tables_stay_empty():
    assert mark_activities(Runs.create_empty(), Runs, CATALOGUE).height == 0
    assert mark_sets(StrengthSets.create_empty(), CATALOGUE).height == 0
    assert mark_reports(AcheReports.create_empty()).height == 0
