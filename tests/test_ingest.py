"""Files → accepted rows and rejects: times, units, plausibility, hostile text, and no row lost."""

import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from draw_raw import draw_raw
from polars.testing import assert_frame_equal

from runfix_analytics import readers
from runfix_analytics.catalogue import load
from runfix_analytics.ingest import Accepted, Arrival, RunnerSettings, clean_text, ingest
from runfix_analytics.rawlog import ACHES, ACTIVITIES, SETS, Problem, RawLog
from runfix_analytics.sourcefile import SourceFile

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample" / "inbox"
CATALOGUE = load()
IMPORTED_AT = datetime(2026, 11, 1, 3, tzinfo=UTC)
METRIC = RunnerSettings("r1", "Europe/Berlin", "metric")
IMPERIAL = RunnerSettings("r1", "Europe/Berlin", "imperial")
_PARTS = ("runs", "other_activities", "strength_sets", "strength_days", "ache_reports", "rejects", "imports")


def arrival(import_id: str = "f1", source: str = "strava", **parts: Any) -> Arrival:
    return Arrival(import_id, f"{import_id}.csv", 10, IMPORTED_AT, RawLog("reader", source, **parts))


def activities(table: str, **constant: Any) -> pl.DataFrame:
    return _completed(ACTIVITIES, table, {"kind": "run", "logged_as": "Run"} | constant)


def sets(table: str, **constant: Any) -> pl.DataFrame:
    return _completed(SETS, table, {"logged_as": "Plank", "start_local": datetime(2026, 3, 2, 18)} | constant)


def aches(table: str) -> pl.DataFrame:
    return _completed(ACHES, table, {}).with_columns(is_no_aches=pl.col("site").is_null())


def _completed(schema: Any, table: str, constant: dict[str, Any]) -> pl.DataFrame:
    drawn = draw_raw(schema, table)
    usual = {name: pl.lit(constant.get(name), dtype=schema[name]) for name in schema if name not in drawn.columns}
    if "row" not in drawn.columns:
        usual["row"] = pl.int_range(2, pl.len() + 2, dtype=pl.Int32)
    return drawn.with_columns(**usual).select(list(schema))


def judged(*files: Arrival, runner: RunnerSettings = METRIC) -> Accepted:
    return ingest(files, runner, CATALOGUE)


def runs(table: str, runner: RunnerSettings = METRIC, **constant: Any) -> Accepted:
    return judged(arrival(activities=activities(table, **constant)), runner=runner)


def days(accepted: Accepted) -> list[tuple[str, str, str]]:
    dated = accepted.runs.sort("source_row")
    text = dated.select(pl.col("start_at").dt.strftime("%Y-%m-%d %H:%M"), pl.col("local_date").cast(pl.String))
    return [(*row, source) for row, source in zip(text.rows(), dated["local_date_source"], strict=True)]


def rules(accepted: Accepted) -> list[tuple[int, str]]:
    return [tuple(row) for row in accepted.rejects.select("source_row", "rule").rows()]


def of_file(name: str) -> RawLog:
    path = SAMPLE / name
    [raw] = readers.read([SourceFile.open(path)])
    return raw


def sample_files() -> list[str]:
    fits = sorted(SAMPLE.glob("*/*.fit"))[::12]
    return [path.relative_to(SAMPLE).as_posix() for path in [*sorted(SAMPLE.glob("*/*.csv")), *fits]]


# no row is lost


@pytest.mark.parametrize("name", [*sample_files(), "tv4tgm9s/2026-07-01-20-30-47.fit"])
def test_every_row_of_a_file_ends_in_one_place(name: str):
    raw = of_file(name)
    accepted = judged(Arrival("f1", name, 1, IMPORTED_AT, raw))
    [ledger] = accepted.imports.rows(named=True)
    n_workouts = raw.activities.filter(kind="strength").height
    n_stated = raw.sets.filter(pl.col("logged_as") == "none").height
    tables = (accepted.runs, accepted.other_activities, accepted.strength_sets, accepted.ache_reports)
    stored = sum(table.height for table in tables)
    assert ledger["n_rows"] == raw.n_rows > 0
    assert ledger["n_accepted"] == stored + n_workouts + n_stated
    assert ledger["n_rejected"] + ledger["n_skipped"] == accepted.rejects.height
    assert ledger["n_skipped"] == accepted.rejects["is_expected"].sum()


def test_a_row_without_a_name_of_its_exercise_ends_in_one_place():
    accepted = judged(
        arrival(sets=sets("logged_as | reps\n | 5\nPlank | 5").with_columns(pl.col("logged_as").replace("", None)))
    )
    [ledger] = accepted.imports.rows(named=True)
    assert ledger["n_accepted"] == accepted.strength_sets.height
    assert ledger["n_rows"] == accepted.strength_sets.height + accepted.rejects.height


def test_what_the_reader_could_not_read_is_a_reject_and_what_it_need_not_read_is_skipped():
    problems = (Problem(4, "12/12", "bad_number", "write a number"), Problem(5, "", "rest", "nothing", True))
    accepted = judged(arrival(sets=sets("row | reps\n2 | 5"), problems=problems))
    assert rules(accepted) == [(4, "bad_number"), (5, "rest")]
    assert accepted.imports.select("n_rows", "n_accepted", "n_rejected", "n_skipped").rows() == [(3, 1, 1, 1)]


def test_other_sports_are_kept_beside_the_runs():
    accepted = runs(
        "start_at | kind | distance | duration_s\n2026-03-02T10:00+00:00 | other | 30 | -1", logged_as="Ride"
    )
    assert accepted.runs.height == accepted.rejects.height == 0
    columns = ("logged_as", "local_date", "distance_m", "duration_s")
    assert accepted.other_activities.select(columns).rows() == [("Ride", date(2026, 3, 2), 30_000.0, None)]
    assert accepted.imports.select("status", "n_accepted").rows() == [("imported", 1)]


def test_the_place_of_the_start_tells_the_local_date_where_the_file_states_no_offset():
    accepted = runs(
        "start_at | kind | distance | distance_unit | latitude | longitude\n"
        "2026-03-02T23:30+00:00 | run | 10 | km | 59.3 | 18.1\n"
        "2026-03-02T02:30+00:00 | run | 10 | km | 40.7 | -74.0\n"
        "2026-03-02T23:30+00:00 | run | 10 | km | 0 | -30\n"
        "2026-03-02T23:30+00:00 | run | 10 | km | 91 | 18"
    )
    assert accepted.runs.select("local_date", "local_date_source").rows() == [
        (date(2026, 3, 3), "gps"),
        (date(2026, 3, 1), "gps"),
        (date(2026, 3, 3), "configured"),
        (date(2026, 3, 3), "configured"),
    ]
    assert not {"latitude", "longitude"} & set(accepted.runs.columns)


def test_an_offset_in_the_file_outweighs_the_place():
    accepted = runs(
        "start_at | start_local | kind | distance | latitude | longitude\n"
        "2026-03-02T23:30+00:00 | 2026-03-02T18:30 | run | 10 | 59.3 | 18.1"
    )
    assert accepted.runs.select("local_date", "local_date_source").rows() == [(date(2026, 3, 2), "file_offset")]


def test_a_distance_in_a_unit_that_nobody_knows_is_a_reject_and_an_absent_one_is_none():
    accepted = runs(
        "start_at | kind | distance | distance_unit\n"
        "2026-03-02T10:00+00:00 | run | 5 | furlong\n"
        "2026-03-03T10:00+00:00 | run | | furlong"
    )
    assert rules(accepted) == [(2, "unknown_unit")]
    assert accepted.runs["distance_m"].to_list() == [None]


def test_the_watchs_guesses_are_kept_by_rank():
    accepted = judged(arrival(sets=sets("reps\n5").with_columns(guesses=pl.Series([["unknown", "push_up\x1b[31m"]]))))
    assert accepted.strength_sets["guesses"].to_list() == [["unknown", "push_up[31m"]]


def test_a_row_that_breaks_two_rules_is_rejected_once():
    accepted = runs("start_at | distance | distance_unit | duration_s\n2030-01-01T10:00+00:00 | 900 | km | 1")
    assert rules(accepted) == [(2, "in_the_future")]


def test_a_value_that_the_table_forbids_is_a_reject_that_shows_the_value():
    accepted = judged(arrival(sets=sets("reps | rpe | rir\n5 | 11 | \n5 | | -1\n-5 | | \n5 | 10 | 0")))
    assert accepted.rejects.select("source_row", "logged").rows() == [(2, "11.0"), (3, "-1.0"), (4, "-5.0")]
    assert accepted.rejects["rule"].str.split("|").list.first().to_list() == ["rpe", "rir", "reps"]
    assert accepted.strength_sets.height == 1


def test_no_file_at_all_gives_empty_tables():
    assert [getattr(judged(), part).height for part in _PARTS] == [0] * 7


@pytest.mark.parametrize(
    ("raw", "status", "reason"),
    [
        (RawLog("", "", error="x.csv: no reader"), "unknown_format", "x.csv: no reader"),
        (RawLog("fit", "garmin", error="no header"), "failed", "no header"),
        (RawLog("fit", "garmin", damage="cut off"), "damaged", "cut off"),
        (RawLog("form", "form"), "nothing", None),
        (RawLog("form", "form", aches=aches("reported_on\n2026-03-02")), "imported", None),
        (RawLog("form", "form", aches=aches("reported_on\n2026-03-02"), damage="cut"), "damaged", "cut"),
    ],
)
def test_the_ledger_says_what_became_of_a_file(raw: RawLog, status: str, reason: str | None):
    accepted = judged(Arrival("f1", "inbox/a.csv", 7, IMPORTED_AT, raw))
    assert accepted.imports.select("status", "reason", "file_name", "n_bytes").rows() == [
        (status, reason, "inbox/a.csv", 7)
    ]


def test_several_files_judged_together_are_judged_as_one_by_one():
    names = [name for name in sample_files() if name.startswith(("axc7ahxf", "tv4tgm9s", "qkbhfkcs", "32yxqet6"))]
    arrived = [Arrival(f"{i:02}", name, 1, IMPORTED_AT, of_file(name)) for i, name in enumerate(names)]
    together = judged(*arrived, runner=IMPERIAL)
    apart = [judged(one, runner=IMPERIAL) for one in arrived]
    for part in _PARTS:
        joined = pl.concat([getattr(one, part) for one in apart])
        assert_frame_equal(getattr(together, part), joined, check_row_order=False)
    assert together.imports.height == len(names) > 8


def test_the_same_file_gives_the_same_ids_again_whatever_came_with_it():
    one, other = (arrival(name, activities=activities("start_at\n2026-03-02T10:00+00:00")) for name in ("f1", "f2"))
    assert set(judged(one).runs["run_id"]) < set(judged(other, one).runs["run_id"])
    assert judged(one).runs["run_id"].n_unique() == 1


# times


def test_the_files_own_offset_decides_the_local_date():
    accepted = runs("start_at | start_local\n2026-03-02T23:30+00:00 | 2026-03-02T18:30:00")
    assert days(accepted) == [("2026-03-02 23:30", "2026-03-02", "file_offset")]


def test_a_late_run_belongs_to_the_runners_day_though_utc_is_a_day_on():
    new_york = RunnerSettings("r1", "America/New_York", "metric")
    accepted = runs("start_at\n2026-03-03T04:30+00:00\n2026-07-03T03:30+00:00", new_york)
    assert days(accepted) == [
        ("2026-03-03 04:30", "2026-03-02", "configured"),
        ("2026-07-03 03:30", "2026-07-02", "configured"),
    ]


def test_a_morning_run_in_new_zealand_belongs_to_the_runners_day_though_utc_is_a_day_behind():
    auckland = RunnerSettings("r1", "Pacific/Auckland", "metric")
    accepted = runs("start_at\n2025-12-31T18:30+00:00\n2026-06-30T18:30+00:00", auckland)
    assert [day for _, day, _ in days(accepted)] == ["2026-01-01", "2026-07-01"]


def test_a_wall_clock_is_taken_as_the_runners_and_called_assumed():
    accepted = runs("start_local\n2026-01-15T23:30:00\n2026-07-15T00:30:00")
    assert days(accepted) == [
        ("2026-01-15 22:30", "2026-01-15", "assumed"),
        ("2026-07-14 22:30", "2026-07-15", "assumed"),
    ]


def test_without_a_configured_zone_utc_is_assumed():
    nowhere = RunnerSettings("r1", None, "metric")
    accepted = runs("start_at | start_local\n2026-03-02T23:30+00:00 | \n | 2026-03-02T23:30:00", nowhere)
    assert days(accepted) == [("2026-03-02 23:30", "2026-03-02", "assumed")] * 2


def test_a_wall_clock_that_the_change_to_summer_time_left_out_is_an_hour_later():
    accepted = runs("start_local\n2026-03-29T01:59:00\n2026-03-29T02:30:00\n2026-03-29T03:00:00")
    assert [utc for utc, _, _ in days(accepted)] == ["2026-03-29 00:59", "2026-03-29 01:30", "2026-03-29 01:00"]
    assert {day for _, day, _ in days(accepted)} == {"2026-03-29"}


def test_a_wall_clock_that_the_change_to_winter_time_repeats_is_the_first_of_the_two():
    accepted = runs("start_local\n2026-10-25T02:30:00\n2026-10-25T03:00:00")
    assert [utc for utc, _, _ in days(accepted)] == ["2026-10-25 00:30", "2026-10-25 02:00"]


def test_a_day_whose_midnight_is_left_out_keeps_its_date():
    santiago = RunnerSettings("r1", "America/Santiago", "metric")
    accepted = judged(arrival(sets=sets("start_local\n2026-09-06T00:00:00")), runner=santiago)
    assert [str(day) for day in accepted.strength_sets["local_date"]] == ["2026-09-06"]


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        ("2026-11-02T02:59+00:00", None),
        ("2026-11-02T03:01+00:00", "in_the_future"),
        ("2099-01-01T00:00+00:00", "in_the_future"),
        ("1990-01-01T12:00+00:00", None),
        ("1989-12-31T12:00+00:00", "before_first_year"),
        ("0001-01-01T00:00+00:00", "before_first_year"),
    ],
)
def test_a_clock_that_was_never_set_or_lies_ahead_is_a_reject(start: str, rule: str | None):
    accepted = runs(f"start_at\n{start}")
    assert rules(accepted) == ([(2, rule)] if rule else [])
    assert accepted.runs.height == (0 if rule else 1)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("start", ["0001-01-01T00:00:00", "9999-12-31T23:59:59"])
def test_the_first_and_last_wall_clocks_there_are_end_as_rejects(zone: str, start: str):
    accepted = runs(f"start_local\n{start}", RunnerSettings("r1", zone, "metric"))
    assert accepted.rejects.height == 1


# units


@pytest.mark.parametrize(
    ("unit", "runner", "metres", "source"),
    [
        ("m", IMPERIAL, 10.0, "file"),
        ("km", IMPERIAL, 10_000.0, "file"),
        ("mi", METRIC, 16_093.44, "file"),
        ("", METRIC, 10_000.0, "configured"),
        ("", IMPERIAL, 16_093.44, "configured"),
    ],
)
def test_a_distance_is_metres_by_the_files_unit_else_by_the_runners(
    unit: str, runner: RunnerSettings, metres: float, source: str
):
    accepted = runs(f"start_at | distance | distance_unit\n2026-03-02T10:00+00:00 | 10 | {unit}", runner)
    assert accepted.runs.select("distance_m", "distance_unit_source").rows() == [(pytest.approx(metres), source)]


@pytest.mark.parametrize(
    ("unit", "runner", "metres"),
    [("m", IMPERIAL, 100.0), ("km", METRIC, 100.0), ("", METRIC, 100.0), ("", IMPERIAL, 30.48)],
)
def test_an_ascent_is_feet_only_in_an_imperial_account_whose_file_says_no_unit(
    unit: str, runner: RunnerSettings, metres: float
):
    accepted = runs(f"start_at | distance_unit | ascent\n2026-03-02T10:00+00:00 | {unit} | 100", runner)
    assert accepted.runs["ascent_m"].to_list() == [pytest.approx(metres)]


@pytest.mark.parametrize(
    ("unit", "runner", "kg", "source"),
    [
        ("kg", IMPERIAL, 100.0, "file"),
        ("lb", METRIC, 45.36, "file"),
        ("", METRIC, 100.0, "configured"),
        ("", IMPERIAL, 45.36, "configured"),
    ],
)
def test_a_weight_is_kilograms_by_the_files_unit_else_by_the_runners(
    unit: str, runner: RunnerSettings, kg: float, source: str
):
    accepted = judged(arrival(sets=sets(f"weight | weight_unit\n100 | {unit}")), runner=runner)
    assert accepted.strength_sets.select("weight_kg", "weight_unit_source").rows() == [(kg, source)]


# plausible


@pytest.mark.parametrize(
    ("km", "seconds", "elapsed", "rule"),
    [
        ("10", "3000", "", None),
        ("500", "", "", None),
        ("500.1", "", "", "implausible_distance"),
        ("10", "800", "", "implausible_speed"),
        ("10", "", "800", "implausible_speed"),
        ("10", "3000", "800", None),
        ("1", "10000", "", None),
        ("1", "10001", "", "implausible_speed"),
        ("10", "0", "", None),
        ("", "1800", "", None),
        ("0", "1800", "", None),
        ("-10", "3000", "", "implausible_distance"),
        ("inf", "", "", "implausible_distance"),
        ("nan", "", "", "implausible_distance"),
    ],
)
def test_a_run_beyond_what_legs_can_do_is_a_reject(km: str, seconds: str, elapsed: str, rule: str | None):
    row = f"2026-03-02T10:00+00:00 | {km} | km | {seconds} | {elapsed}"
    accepted = runs(f"start_at | distance | distance_unit | duration_s | elapsed_s\n{row}")
    assert rules(accepted) == ([(2, rule)] if rule else [])
    assert accepted.runs.height == (0 if rule else 1)


def test_a_treadmill_run_without_a_distance_is_kept_with_none():
    accepted = runs("start_at | distance | is_indoor\n2026-03-02T10:00+00:00 | 0 | true")
    assert accepted.runs.select("distance_m", "is_indoor").rows() == [(None, True)]


@pytest.mark.parametrize(
    ("drawn", "rule"),
    [
        ("reps\n1000", None),
        ("reps\n1001", "implausible_reps"),
        ("seconds\n7200", None),
        ("seconds\n7201", "implausible_seconds"),
        ("weight | weight_unit\n1000 | kg", None),
        ("weight | weight_unit\n1001 | kg", "implausible_weight"),
        ("weight | weight_unit\n2200 | lb", None),
        ("weight | weight_unit\n2210 | lb", "implausible_weight"),
        ("reps\ninf", "implausible_reps"),
        ("weight | weight_unit\nnan | kg", "implausible_weight"),
    ],
)
def test_a_set_beyond_what_muscles_can_do_is_a_reject(drawn: str, rule: str | None):
    accepted = judged(arrival(sets=sets(drawn)))
    assert rules(accepted) == ([(2, rule)] if rule else [])
    assert accepted.strength_sets.height == (0 if rule else 1)


# hostile text

HOSTILE = "a\x00\x07\x1b[31m\x9b\u202e\u2066\u200b\ufeff\r\n\tb" + "e\u0301"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (HOSTILE, "a[31m bé"),
        ("  two  \n lines ", "two lines"),
        ("x" * 1_000_000, "x" * 2000),
        ("\u202e", ""),
        ("=1+1", "=1+1"),
        ("<script>&'\"", "<script>&'\""),
        ("e" + "\u0301" * 300 + "x", "\u00e9" + "\u0301" * 4 + "x"),
        ("Z" + "\u0301\u0316" * 9, "\u0179" + "\u0316" * 4),
        ("\u20dd" * 9, "\u20dd" * 4),
    ],
)
def test_a_free_text_is_stored_without_what_could_move_a_cursor_and_not_endlessly(text: str, cleaned: str):
    assert clean_text(text) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "Vie\u0323\u0302t dầu",  # Vietnamese, which NFC joins
        "לְשַׁבָּ֔ת",  # Hebrew with points and accents
        "လျှို့ဝှက် မျှော့",  # Burmese, the most marks of any living script
        "བསྒྲུབས་",  # Tibetan
        "น้ำ ที่นี่",  # Thai
        "हिन्दीं क़्",  # Hindi
        "مُحَمَّدٌ",  # Arabic with vowels
        "1\ufe0f\u20e3",
    ],
)
def test_the_marks_of_real_scripts_are_kept(text: str):
    assert clean_text(text) == unicodedata.normalize("NFC", text)


def test_no_text_of_a_set_is_stored_as_it_came():
    raw = sets("reps\n5").with_columns(pl.lit(HOSTILE).alias("note"), pl.lit(HOSTILE).alias("logged_as"))
    accepted = judged(arrival(sets=raw))
    assert accepted.strength_sets.select("note", "logged_as").rows() == [("a[31m bé", "a[31m bé")]


def test_no_text_of_an_ache_is_stored_as_it_came():
    texts = ("report_id", "linked_report_id", "exercise_that_hurt", "note")
    raw = aches("reported_on | site\n2026-03-02 | knee").with_columns(pl.lit(HOSTILE).alias(name) for name in texts)
    accepted = judged(arrival(aches=raw))
    assert accepted.ache_reports.select(texts).rows() == [("a[31m bé",) * 4]


def test_a_megabyte_in_any_text_of_an_ache_is_stored_short():
    texts = ("report_id", "linked_report_id", "exercise_that_hurt", "note", "site")
    raw = aches("reported_on | site\n2026-03-02 | knee").with_columns(
        pl.lit("x" * 1_000_000).alias(name) for name in texts
    )
    accepted = judged(arrival(aches=raw))
    stored = accepted.ache_reports.select("logged_site", *texts[:-1])
    assert {name: len(text) for name, text in stored.row(0, named=True).items() if len(text) > 2000} == {}
    assert all(len(warning) <= 2000 for warning in accepted.imports["warnings"][0])


def test_what_is_told_of_a_file_is_safe_to_print():
    raw = RawLog("r", "strava", damage=HOSTILE, warnings=(HOSTILE,), problems=(Problem(2, HOSTILE, "rule", "advice"),))
    accepted = judged(Arrival("f1", HOSTILE, 1, IMPORTED_AT, raw))
    [ledger] = accepted.imports.rows(named=True)
    told = {ledger["file_name"], ledger["reason"], *ledger["warnings"], *accepted.rejects["logged"]}
    assert told == {"a[31m bé"}


def test_a_file_name_that_is_no_text_is_no_reason_to_stop():
    name = b"caf\xe9.csv".decode("utf-8", "surrogateescape")
    accepted = judged(Arrival("f1", name, 1, IMPORTED_AT, RawLog("r", "strava")))
    assert accepted.imports["file_name"][0].startswith("caf")


# aches


def test_of_a_form_for_several_runners_only_the_own_answers_are_taken():
    table = "runner | reported_on | site\nr1 | 2026-03-02 | knee\nr2 | 2026-03-02 | shin\nR1 | 2026-03-09 | heel"
    accepted = judged(arrival(aches=aches(table)))
    assert accepted.ache_reports["logged_site"].to_list() == ["knee", "heel"]
    assert rules(accepted) == [(3, "other_runner")]


@pytest.mark.parametrize(
    ("cell", "name"),
    [("Ann Example", "Ann Example"), ("ann  EXAMPLE", "Ann Example"), ("Jörg Weiß", "Jörg Weiß"), ("r1", "Jörg Weiß")],
)
def test_in_a_form_for_several_runners_the_own_name_stands_for_the_own_id(cell: str, name: str):
    table = f"runner | reported_on | site\n{cell} | 2026-03-02 | knee\nBo | 2026-03-02 | shin"
    accepted = judged(arrival(aches=aches(table)), runner=RunnerSettings("r1", None, "metric", name))
    assert accepted.ache_reports["logged_site"].to_list() == ["knee"]


def test_in_a_form_for_several_runners_an_answer_without_a_name_is_nobodys():
    table = "runner | reported_on | site\nr1 | 2026-03-02 | knee\nr2 | 2026-03-02 | shin\n | 2026-03-02 | heel"
    accepted = judged(arrival(aches=aches(table)))
    assert accepted.ache_reports["logged_site"].to_list() == ["knee"]


def test_a_form_that_names_one_runner_is_the_folders_whatever_the_name():
    accepted = judged(arrival(aches=aches("runner | reported_on | site\nMe | 2026-03-02 | knee")))
    assert accepted.ache_reports["logged_site"].to_list() == ["knee"]


def test_whether_a_form_names_several_runners_is_asked_of_each_file():
    files = [
        arrival(f"f{i}", aches=aches(f"runner | reported_on | site\n{name} | 2026-03-02 | knee"))
        for i, name in enumerate(("me", "Ann"))
    ]
    assert judged(*files).ache_reports.height == 2


def test_an_answer_in_the_old_ostrc_scoring_is_a_reject_with_value_rule_and_what_to_do():
    form = b"date_reported,site,ostrc_q1,ostrc_q2\n2026-03-02,knee,8,13\n2026-03-09,knee,17,8\n"
    [raw] = readers.read([SourceFile("aches.csv", form)])
    accepted = judged(Arrival("f1", "aches.csv", len(form), IMPORTED_AT, raw))
    assert accepted.rejects.select("source_row", "logged", "rule", "is_expected").rows() == [
        (2, "ostrc_q2: 13", "ostrc_old_scoring", False)
    ]
    assert "0, 8, 17 and 25" in accepted.rejects["advice"][0]
    assert accepted.ache_reports.select("source_row", "ostrc_q1", "ostrc_q2", "ostrc_q3").rows() == [(3, 17, 8, None)]
    assert accepted.imports.select("n_rows", "n_accepted", "n_rejected").rows() == [(2, 1, 1)]


def test_an_unknown_place_is_kept_and_told():
    accepted = judged(arrival(aches=aches("reported_on | site\n2026-03-02 | left whatsit\n2026-03-09 | Knee")))
    kept = accepted.ache_reports.select("logged_site", "site_key", "is_no_aches").rows()
    assert kept == [("left whatsit", "left whatsit", False), ("Knee", "knee", False)]
    [warning] = accepted.imports["warnings"][0]
    assert '"left whatsit" is not in sites.toml' in warning


def test_a_place_without_a_word_is_kept_and_told():
    accepted = judged(arrival(aches=aches("reported_on | site\n2026-03-02 | 🦵")))
    assert accepted.ache_reports.select("logged_site", "is_no_aches").rows() == [("🦵", False)]
    assert len(accepted.imports["warnings"][0]) == 1


def test_no_aches_is_an_answer_without_a_warning():
    accepted = judged(arrival(aches=aches("reported_on | pain_now\n2026-03-02 | 0")))
    assert accepted.ache_reports.select("is_no_aches", "side", "onset_type").rows() == [(True, "unknown", "unknown")]
    assert accepted.imports["warnings"].to_list() == [[]]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("noticed_on", "2026-03-03"),
        ("resolved_on", "2026-03-03"),
        ("pain_now", "11"),
        ("pain_now", "-1"),
        ("pain_worst", "10.5"),
        ("pain_worst", "nan"),
        ("days_lost", "-1"),
        ("days_lost", "inf"),
        ("noticed_on", "0202-03-01"),
    ],
)
def test_a_doubtful_detail_is_left_out_with_a_warning_and_the_ache_is_kept(column: str, value: str):
    accepted = judged(arrival(aches=aches(f"reported_on | site | {column}\n2026-03-02 | knee | {value}")))
    assert accepted.ache_reports.select("logged_site", column).rows() == [("knee", None)]
    [warning] = accepted.imports["warnings"][0]
    assert warning.startswith(f"row 2: {column} = ")


@pytest.mark.parametrize(
    ("column", "value"),
    [("noticed_on", "2026-03-02"), ("resolved_on", "2026-03-02"), ("pain_now", "10"), ("pain_worst", "0")],
)
def test_a_detail_at_its_limit_is_kept(column: str, value: str):
    accepted = judged(arrival(aches=aches(f"reported_on | site | {column}\n2026-03-02 | knee | {value}")))
    assert accepted.ache_reports[column].null_count() == 0
    assert accepted.imports["warnings"].to_list() == [[]]


@pytest.mark.parametrize(
    ("day", "rule"),
    [
        ("2026-11-02", None),
        ("2026-11-03", "in_the_future"),
        ("0026-03-02", "before_first_year"),
        ("1989-12-31", "before_first_year"),
    ],
)
def test_an_answer_of_no_possible_day_is_a_reject(day: str, rule: str | None):
    accepted = judged(arrival(aches=aches(f"reported_on | site\n{day} | knee")))
    assert rules(accepted) == ([(2, rule)] if rule else [])


# what a file says of a day's strength work


def strength_days(*files: Arrival) -> list[tuple[str, str, str]]:
    told = judged(*files).strength_days.sort("local_date", "source", "kind")
    return [(str(day), source, kind) for day, source, kind in told.select("local_date", "source", "kind").rows()]


def test_a_stated_day_without_strength_work_is_no_set():
    raw = sets("start_local | logged_as\n2026-03-02T00:00:00 | none\n2026-03-03T00:00:00 | NONE")
    accepted = judged(arrival(source="sheet", sets=raw))
    assert accepted.strength_sets.height == 0
    assert accepted.imports["n_accepted"].to_list() == [2]
    assert strength_days(arrival(source="sheet", sets=raw)) == [
        ("2026-03-02", "sheet", "none"),
        ("2026-03-03", "sheet", "none"),
    ]


def test_a_workout_is_one_without_sets_only_where_its_file_has_none_that_day():
    workouts = activities(
        "start_local\n2026-03-02T18:00:00\n2026-03-04T18:00:00", kind="strength", logged_as="Strength"
    )
    watch = arrival("f1", "garmin", activities=workouts, sets=sets("reps\n10"))
    phone = arrival("f2", "strong", sets=sets("start_local | reps\n2026-03-04T18:00:00 | 10"))
    assert strength_days(watch, phone) == [
        ("2026-03-02", "garmin", "sets"),
        ("2026-03-04", "garmin", "no_sets"),
        ("2026-03-04", "strong", "sets"),
    ]
