"""The made-up exports: the FIT encoder against fitparse, the text formats line by line, the committed squad."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fitparse import FitFile

from runfix_analytics.sample_files import (
    UNKNOWN_EXERCISE,
    AcheAnswer,
    Activity,
    SheetRow,
    StrengthSet,
    Workout,
    ache_form_csv,
    encode_fit,
    garmin_csv,
    hevy_csv,
    run_fit,
    strava_csv,
    strength_fit,
    strength_sheet_csv,
    strong_csv,
)

ROOT = Path(__file__).parent.parent
NEW_YORK = ZoneInfo("America/New_York")
EVENING_RUN = Activity(
    start=datetime(2026, 7, 1, 20, 30, 5, tzinfo=NEW_YORK),
    duration_s=2430,
    distance_m=8046.7,
    pause_s=90,
    ascent_m=61,
    heart_rate=148,
    rpe=4,
    title="Evening Run",
)
WORKOUT = Workout(
    start=datetime(2026, 7, 2, 19, 5, 30, tzinfo=NEW_YORK),
    title='The "short" one',
    sets=(
        StrengthSet("Calf Raise", 12, weight=20.5, is_warmup=True, rest_s=60, guesses=((1, 18), (22, 77))),
        StrengthSet("Calf Raise", 10, weight=40, rest_s=75, guesses=((1, 18), (22, 77))),
        StrengthSet("Plank", seconds=45, guesses=(UNKNOWN_EXERCISE, (19, 43))),
    ),
)


def messages(content: bytes, name: str) -> list[dict[str, Any]]:
    """The messages of one name, as fitparse reads them with its check of the CRCs."""
    return [message.get_values() for message in FitFile(content).get_messages(name)]


def test_a_run_is_read_back_by_fitparse_with_the_values_written() -> None:
    (session,) = messages(run_fit(EVENING_RUN, Random(1)), "session")
    wanted = {
        "start_time": datetime(2026, 7, 2, 0, 30, 5),
        "timestamp": datetime(2026, 7, 2, 1, 12, 5),
        "sport": "running",
        "sub_sport": "generic",
        "total_distance": 8046.7,
        "total_timer_time": 2430.0,
        "total_elapsed_time": 2520.0,
        "total_ascent": 61,
        "avg_heart_rate": 148,
        "unknown_193": 40,
    }
    assert {name: session[name] for name in wanted} == wanted


def test_a_run_has_one_record_a_minute_and_ends_at_its_distance_and_time() -> None:
    records = messages(run_fit(EVENING_RUN, Random(1)), "record")
    distances = [record["distance"] for record in records]
    assert len(records) == 42
    assert (distances[0], distances[-1]) == (0.0, 8046.7)
    assert distances == sorted(distances)
    assert records[-1]["timestamp"] == datetime(2026, 7, 2, 1, 12, 5)


def test_the_activity_message_holds_the_wall_clock_of_the_end() -> None:
    (activity,) = messages(run_fit(EVENING_RUN, Random(1)), "activity")
    assert activity["local_timestamp"] == datetime(2026, 7, 1, 21, 12, 5)


def test_no_message_holds_a_position_or_a_serial_number() -> None:
    names = {
        name for message in FitFile(run_fit(EVENING_RUN, Random(1))).get_messages() for name in message.get_values()
    }
    assert not [name for name in names if "position" in name or "serial" in name]


def test_strength_sets_are_read_back_with_all_guesses_of_the_watch() -> None:
    sets = messages(strength_fit(WORKOUT), "set")
    active = [one for one in sets if one["set_type"] == "active"]
    assert [one["category"] for one in active] == [(1, 22), (1, 22), (65534, 19)]
    assert [one["category_subtype"] for one in active] == [(18, 77), (18, 77), (None, 43)]
    assert [(one["repetitions"], one["weight"], one["duration"]) for one in active] == [
        (12, 20.5, 36.0),
        (10, 40.0, 30.0),
        (None, 0.0, 45.0),
    ]
    assert [one["duration"] for one in sets if one["set_type"] == "rest"] == [60.0, 75.0]
    assert [one["start_time"].minute * 60 + one["start_time"].second for one in sets] == [330, 366, 426, 456, 531]


def test_only_a_planned_workout_writes_the_titles_of_its_exercises() -> None:
    planned = Workout(WORKOUT.start, "Strength", WORKOUT.sets, is_planned=True)
    assert messages(strength_fit(WORKOUT), "exercise_title") == []
    titles = messages(strength_fit(planned), "exercise_title")
    assert [title["wkt_step_name"] for title in titles] == ["Calf Raise", "Calf Raise", "Plank"]
    steps = [one.get("wkt_step_index") for one in messages(strength_fit(planned), "set") if one["set_type"] == "active"]
    assert steps == [0, 1, 2]


def test_encoding_is_deterministic() -> None:
    assert run_fit(EVENING_RUN, Random(5)) == run_fit(EVENING_RUN, Random(5))
    assert run_fit(EVENING_RUN, Random(5)) != run_fit(EVENING_RUN, Random(6))


def test_more_shapes_than_local_message_types_are_read_back() -> None:
    titles = ["Ünïcode " + "x" * length for length in range(20)]
    content = encode_fit([("sport", {"sport": 1, "name": title}) for title in titles * 2])
    assert [one["name"] for one in messages(content, "sport")] == titles * 2


def test_a_field_outside_the_profile_is_an_error() -> None:
    with pytest.raises(KeyError, match="position_lat"):
        encode_fit([("record", {"position_lat": 1})])


def test_both_checksums_are_right() -> None:
    content = run_fit(EVENING_RUN, Random(1))
    assert (crc16(content[:14]), crc16(content)) == (0, 0)


def crc16(data: bytes) -> int:
    """The CRC-16 of FIT bit by bit: zero over data that ends with its own checksum."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


def test_strava_writes_utc_and_the_five_headers_twice() -> None:
    header, row = (line.split(",") for line in strava_csv([EVENING_RUN], Random(1)).splitlines())
    twice = {name for name in header if header.count(name) == 2}
    assert twice == {"Elapsed Time", "Distance", "Max Heart Rate", "Relative Effort", "Commute"}
    assert ",".join(row[1:4]) == '"Jul 2, 2026, 12:30:05 AM"'
    assert row[7:9] == ["2520", "8.05"]


def test_garmin_writes_local_time_and_the_units_of_the_account() -> None:
    (row,) = garmin_csv([EVENING_RUN], Random(1), is_imperial=True).splitlines()[1:]
    cells = row.split(",")
    assert cells[:5] == ["Running", "2026-07-01 20:30:05", "false", "Evening Run", "5.00"]
    assert cells[12] == "8:06"
    assert cells[14] == "200"
    assert cells[16] == "--"


def test_strong_marks_warm_ups_and_writes_rests_only_with_the_rest_timer() -> None:
    timed = Workout(WORKOUT.start, WORKOUT.title, WORKOUT.sets, has_rest_timer=True)
    whole = '2026-07-02 19:05:30,"The ""short"" one",4m'
    rows = [
        f'{whole},"Calf Raise",W,20.5,12.0,0,0.0,"","",',
        f'{whole},"Calf Raise",Rest Timer,0,0.0,0,60.0,,,',
        f'{whole},"Calf Raise",1,40,10.0,0,0.0,,,',
        f'{whole},"Calf Raise",Rest Timer,0,0.0,0,75.0,,,',
        f'{whole},"Plank",1,0.0,0.0,0,45.0,,,',
    ]
    assert strong_csv([timed]).splitlines()[1:] == rows
    assert strong_csv([WORKOUT]).splitlines()[1:] == [rows[0], rows[2], rows[4]]


def test_hevy_counts_sets_from_zero_and_leaves_body_weight_empty() -> None:
    whole = '"The ""short"" one","2 Jul 2026, 19:05","2 Jul 2026, 19:09",""'
    assert hevy_csv([WORKOUT]).splitlines()[1:] == [
        f'{whole},"Calf Raise",,"",0,"warmup",20.5,12,,,',
        f'{whole},"Calf Raise",,"",1,"normal",40,10,,,',
        f'{whole},"Plank",,"",0,"normal",,,,45,',
    ]


def test_the_forms_write_dates_in_iso_and_flags_as_true_false_or_nothing() -> None:
    answer = AcheAnswer("r7", "a001", date(2026, 7, 5), pain_at_night=True, pain_at_rest=False)
    header, row = (line.split(",") for line in ache_form_csv([answer]).splitlines())
    told = dict(zip(header, row, strict=True))
    assert [told[name] for name in ("date_reported", "site", "pain_at_night", "pain_at_rest", "ill")] == [
        "2026-07-05",
        "",
        "true",
        "false",
        "",
    ]
    assert strength_sheet_csv([SheetRow(date(2026, 7, 5), "none")]) == (
        "date,exercise,sets,reps,seconds,weight,side,rir,notes\n2026-07-05,none,,,,,,,\n"
    )


def files_below(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Relative path and content of every file."""
    return ((str(path.relative_to(folder)), path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_the_committed_squad_is_what_the_script_writes_every_time(tmp_path: Path, hash_seed: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed}
    script = [sys.executable, str(ROOT / "data" / "make_sample.py"), "--out", str(tmp_path)]
    subprocess.run(script, env=environment, check=True, capture_output=True)
    written, committed = dict(files_below(tmp_path)), dict(files_below(ROOT / "data" / "sample"))
    assert set(written) ^ set(committed) == set(), "run data/make_sample.py; delete what it no longer writes"
    assert [name for name in written if written[name] != committed[name]] == []


def test_the_readme_tells_the_case_of_every_runner() -> None:
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    names = (ROOT / "data" / "sample" / "names.csv").read_text(encoding="utf-8").splitlines()[1:]
    rows = [f"{name} `{runner_id}`" for runner_id, name in (line.split(",") for line in names)]
    assert [row for row in rows if row not in readme] == []


def test_the_files_that_the_readme_names_are_in_the_squad() -> None:
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([^`]+\.(?:csv|fit))`", readme))
    assert named - {path.name for path in (ROOT / "data" / "sample").rglob("*")} == set()
