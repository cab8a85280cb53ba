"""Real exports beside the repository (never in it): the same counts as fitparse and csv alone find in them."""

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from fitparse import FitFile
from fitparse.records import DEV_TYPES

from runfix_analytics.rawlog import RawLog
from runfix_analytics.readers import garmin_fit, read
from runfix_analytics.sourcefile import SourceFile

_REAL = Path(__file__).resolve().parents[2] / "shared" / "real"
_FITS = sorted(
    path.relative_to(_REAL).as_posix()
    for path in _REAL.glob("fit/*/*.fit")
    if garmin_fit.recognises(SourceFile("", path.read_bytes()))
)
_CLOCK_SET_FROM_S = 0x10000000

pytestmark = [pytest.mark.real, pytest.mark.skipif(not _REAL.exists(), reason=f"{_REAL} is not there")]


class _Raw:
    """A fitparse processor that leaves every value as it is."""

    def run_type_processor(self, data: Any) -> None: ...

    run_field_processor = run_unit_processor = run_message_processor = run_type_processor


def _log(path: str) -> RawLog:
    [log] = read([SourceFile("any name", (_REAL / path).read_bytes())])
    return log


def _dicts(path: str) -> list[dict[str, str]]:
    with (_REAL / path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _fitparse_alone(content: bytes) -> tuple[list[dict[str, Any]], Exception | None]:
    """The fields of every message up to the error that fitparse raises, if it does."""
    DEV_TYPES.clear()
    messages = []
    try:
        for message in FitFile(content, check_crc=False, data_processor=_Raw()):
            messages.append(message.get_values() | {"message": message.name})  # noqa: PERF401  # kept up to the error
    except Exception as error:  # noqa: BLE001
        return messages, error
    return messages, None


@pytest.mark.parametrize("path", _FITS)
def test_sessions_distance_and_active_sets_of_a_fit_file_are_those_that_fitparse_counts(path: str) -> None:
    content = (_REAL / path).read_bytes()
    messages, error = _fitparse_alone(content)
    sessions = [one for one in messages if one["message"] == "session"]
    timed = [one for one in sessions if one["start_time"] >= _CLOCK_SET_FROM_S]
    n_active = sum(one["message"] == "set" and one["set_type"] == "active" for one in messages)
    [log] = garmin_fit.read([SourceFile("", content)])
    if error and not (log.damage or log.error):  # ours reads what fitparse cannot: see test_fit_decoder
        assert log.activities.height == 1
        return
    assert bool(log.damage or log.error) == bool(error)
    if not sessions:  # rebuilt from the records, or no activity at all
        assert log.activities.height <= 1
        assert log.warnings or log.problems or log.error or log.damage
        return
    assert log.activities.height == len(timed)
    assert log.activities["distance"].sum() == pytest.approx(sum(one.get("total_distance") or 0.0 for one in timed))
    assert log.sets.height == n_active
    assert sum(problem.rule == "clock_never_set" for problem in log.problems) == len(sessions) - len(timed)


@pytest.mark.parametrize("path", ["strong/strong_2021_de_workoutnames.csv", "strong/strong_2025_rest_timer_rows.csv"])
def test_strongs_sets_are_its_rows_but_for_rest_timers(path: str) -> None:
    rows, log = _dicts(path), _log(path)
    sets = [row for row in rows if row["Set Order"] != "Rest Timer"]
    assert Counter(log.sets["logged_as"]) == Counter(row["Exercise Name"] for row in sets)
    assert log.sets["reps"].sum() == sum(float(row["Reps"]) for row in sets)
    assert log.sets["weight"].sum() == pytest.approx(sum(float(row["Weight"]) for row in sets))
    assert [problem.rule for problem in log.problems] == ["rest_timer"] * (len(rows) - len(sets))


def test_hevys_sets_are_its_rows() -> None:
    path = "hevy/hevy_2025_fr_author.csv"
    rows, log = _dicts(path), _log(path)
    assert Counter(log.sets["logged_as"]) == Counter(row["exercise_title"] for row in rows)
    assert log.sets["reps"].sum() == sum(float(row["reps"]) for row in rows)
    assert log.sets["start_local"].n_unique() == len({row["start_time"] for row in rows})
    assert log.problems == ()


@pytest.mark.parametrize(
    "path",
    [
        "strava/strava_en_translation_missing_2021.csv",
        "strava/strava_py_fixture.csv",
        "strava/strava_subset_synthetic.csv",
        "strava/geo_playground_export/activities.csv",
    ],
)
def test_stravas_activities_are_its_rows_with_the_last_distance_in_metres(path: str) -> None:
    rows, log = _dicts(path), _log(path)
    assert list(log.activities["activity_id"]) == [row["Activity ID"] for row in rows]
    assert set(log.activities["distance_unit"]) == {"m"}
    assert log.activities["distance"].sum() == pytest.approx(sum(float(row["Distance"] or 0) for row in rows))
    assert (log.activities["kind"] == "run").sum() == sum(row["Activity Type"] == "Run" for row in rows)
    assert log.problems == ()


def test_a_strava_row_begins_when_the_fit_file_it_points_to_does() -> None:
    folder = _REAL / "strava" / "geo_playground_export"
    [fit] = read([SourceFile.open(path) for path in folder.glob("activities/*.fit.gz")])
    listed = _log("strava/geo_playground_export/activities.csv")
    assert list(listed.activities["start_at"]) == list(fit.activities["start_at"])


def test_garmins_activities_are_its_rows_with_decimal_commas() -> None:
    path = "garmin_csv/garmin_en_decimal_comma_fr_account.csv"
    rows, log = _dicts(path), _log(path)
    assert log.activities["distance"].sum() == pytest.approx(
        sum(float(row["Distance"].replace(",", ".")) for row in rows)
    )
    assert Counter(log.activities["logged_as"]) == Counter(row["Activity Type"] for row in rows)
    assert set(log.activities["kind"]) == {"run"}
    assert log.activities["duration_s"].null_count() == 0
    assert log.problems == ()


@pytest.mark.parametrize("path", ["aches/SYNTHETIC_aches_template.csv", "aches/SYNTHETIC_aches_template.json"])
def test_the_recommended_ache_template_is_our_form(path: str) -> None:
    log = _log(path)
    assert list(log.aches["site"]) == ["calf", "calf", "shin", "knee"]
    assert list(log.aches["pain_now"]) == [3, 1, 6, 2]
    assert (log.problems, log.warnings) == ((), ())


def test_csv_and_json_of_the_template_say_the_same() -> None:
    logs = [_log(f"aches/SYNTHETIC_aches_template.{suffix}") for suffix in ("csv", "json")]
    assert logs[0].aches.to_dicts() == logs[1].aches.to_dicts()


@pytest.mark.parametrize(
    ("path", "reader", "rows"),
    [
        ("aches/SYNTHETIC_google_forms_aches.csv", "google_form", 3),
        ("aches/SYNTHETIC_google_forms_aches_us.csv", "google_form", 2),
        ("aches/SYNTHETIC_ostrc_o2_weekly.csv", "ostrc_weekly", 3),
        ("intervals/intervals_activity_fixture.json", "intervals_icu", 1),
        ("jefit/SYNTHETIC_jefit_backup.csv", "jefit_backup", 8),
        ("apple/SYNTHETIC_export.xml", "apple_health", 3),
        ("garmin_account/SYNTHETIC_0_summarizedActivities.json", "garmin_account_json", 9),
        ("gpx/garmin_connect_4801048867.gpx", "gpx", 1),
        ("gpx/empty-trkseg.gpx", "gpx", 0),
        ("tcx/tcxreader_sup_activity_1.tcx", "tcx", 1),
    ],
)
def test_a_real_file_of_every_other_format_is_read_whole(path: str, reader: str, rows: int) -> None:
    log = _log(path)
    assert (log.reader, log.error, log.damage, log.problems) == (reader, None, None, ())
    assert log.activities.height + log.sets.height + log.aches.height == rows
