"""Account exports as JSON, and TrainingPeaks' table: activities and sets as logged, whatever stands in a record."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from draw_raw import draw_raw
from polars.testing import assert_frame_equal

from runfix_analytics.rawlog import ACTIVITIES, SETS, RawLog
from runfix_analytics.readers import all_readers, garmin_account_json, read, trainingpeaks_csv
from runfix_analytics.sourcefile import SourceFile

_SAMPLES = Path(__file__).parent / "samples"
_READERS = (
    "fitbit_json",
    "garmin_account_json",
    "intervals_icu",
    "intervals_wellness",
    "polar_json",
    "trainingpeaks_csv",
    "wger_json",
)
_JSONS = sorted(path for reader in _READERS for path in (_SAMPLES / reader).glob("*.json"))
_ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    1e308,
    10**400,
    "",
    "1e999",
    "\ud800",
    "0001-01-01T00:00:00",
    [[{}]],
    {"id": []},
)


def _log(sample: str) -> RawLog:
    [log] = read([SourceFile("any name", (_SAMPLES / sample).read_bytes())])
    return log


def _rules(log: RawLog) -> list[tuple[int | None, str, str, bool]]:
    return [(problem.row, problem.rule, problem.logged, problem.is_expected) for problem in log.problems]


def _assert_activities(log: RawLog, table: str) -> None:
    expected = draw_raw(ACTIVITIES, table)
    assert_frame_equal(log.activities.select(expected.columns), expected)


def _assert_sets(log: RawLog, table: str) -> None:
    expected = draw_raw(SETS, table)
    assert_frame_equal(log.sets.select(expected.columns), expected)


def test_garmins_account_export_counts_centimetres_and_milliseconds_and_states_both_clocks() -> None:
    log = _log("garmin_account_json/summaries.json")
    _assert_activities(
        log,
        """
        row | kind     | logged_as         | activity_id | start_at                  | start_local         | distance
        2   | run      | running           | 700001      | 2026-03-02T17:00:00+00:00 | 2026-03-02T18:00:00 | 8123.45
        3   | run      | treadmill_running | 700002      | 2026-03-03T17:00:00+00:00 |                     | 5000
        4   | strength | strength_training | 700003      | 2026-03-04T17:00:00+00:00 | 2026-03-04T18:00:00 | 0
        13  | other    | cycling           | 700004      | 2026-03-05T17:00:00+00:00 |                     | 20000
        19  | run      | trail_running     | 700008      |                           | 2026-03-07T18:00:00 | 15000

        distance_unit | duration_s | elapsed_s | ascent | rpe | is_indoor | latitude | longitude
        m             | 2640.5     | 2700      | 52.3   | 7   |           |          |
        m             | 1800       |           |        |     | true      | 48.1     | 11.5
        m             | 1800       |           |        |     |           |          |
        m             | 3600       |           |        |     |           |          |
        m             |            |           |        |     |           |          |
        """,
    )


def test_an_exercise_of_garmins_summary_is_as_many_sets_as_it_counts_and_its_weight_only_if_all_had_it() -> None:
    log = _log("garmin_account_json/summaries.json")
    _assert_sets(
        log,
        """
        row | start_local         | logged_as            | category   | reps | seconds | weight | weight_unit
        5   | 2026-03-04T18:00:00 | single_leg_hip_raise | hip_raise  | 12   | 40      |        |
        5   | 2026-03-04T18:00:00 | single_leg_hip_raise | hip_raise  | 12   | 40      |        |
        5   | 2026-03-04T18:00:00 | single_leg_hip_raise | hip_raise  | 11   | 40      |        |
        6   | 2026-03-04T18:00:00 | romanian_deadlift    | deadlift   | 10   | 45      | 60     | kg
        6   | 2026-03-04T18:00:00 | romanian_deadlift    | deadlift   | 10   | 45      | 60     | kg
        7   | 2026-03-04T18:00:00 | goblet_squat         | squat      | 10   | 45      |        |
        7   | 2026-03-04T18:00:00 | goblet_squat         | squat      | 10   | 45      |        |
        8   | 2026-03-04T18:00:00 | calf_raise           | calf_raise | 15   |         | 12     | kg
        9   | 2026-03-04T18:00:00 | unknown              |            | 10   | 30      |        |
        """,
    )
    assert log.sets["guesses"].to_list() == [[name] for name in log.sets["logged_as"]]
    assert set(log.sets["set_type"]) == {"working"}


def test_a_record_of_garmins_export_that_cannot_be_read_is_a_problem_with_its_own_number() -> None:
    assert _rules(_log("garmin_account_json/summaries.json")) == [
        (10, "empty_set", "plank", False),
        (11, "bad_sets", "1000000", False),
        (12, "not_a_record", "not an exercise", False),
        (14, "no_start_time", "700005", False),
        (15, "bad_date", "soon", False),
        (16, "bad_number", "far", False),
        (17, "not_a_record", "None", False),
        (18, "not_a_record", "42", False),
    ]


def test_garmins_api_counts_metres_and_seconds_and_its_details_lie_deeper() -> None:
    log = _log("garmin_account_json/api_list.json")
    _assert_activities(
        log,
        """
        row | kind     | logged_as         | activity_id | start_at                  | start_local         | distance
        2   | run      | running           | 800001      | 2026-03-02T17:05:00+00:00 | 2026-03-02T18:05:00 | 8123.45
        3   | strength | strength_training | 800002      | 2026-03-04T17:00:00+00:00 | 2026-03-04T18:00:00 | 0
        5   | run      | trail_running     | 800003      | 2026-03-06T06:00:00+00:00 | 2026-03-06T07:00:00 | 15000

        distance_unit | duration_s | elapsed_s | ascent | rpe
        m             | 2640.5     | 2700      | 52.3   |
        m             | 1800       |           |        |
        m             | 5400       |           | 400    | 8
        """,
    )
    _assert_sets(
        log,
        """
        row | logged_as             | category   | reps | seconds
        4   | single_leg_calf_raise | calf_raise | 12   | 40
        4   | single_leg_calf_raise | calf_raise | 12   | 40
        """,
    )


def test_garmins_sets_one_by_one_are_named_by_the_likeliest_guess_and_begin_with_their_session() -> None:
    log = _log("garmin_account_json/exercise_sets.json")
    _assert_sets(
        log,
        """
        row | start_at                  | logged_as    | category | set_type | reps | seconds | weight | weight_unit
        2   | 2026-03-04T17:01:00+00:00 | goblet_squat | squat    | working  | 12   | 40.2    | 16     | kg
        4   | 2026-03-04T17:01:00+00:00 | unknown      |          | working  |      | 45      |        |
        5   | 2026-03-04T17:01:00+00:00 | core         | core     | warmup   | 15   | 30      |        |
        6   | 2026-03-04T17:01:00+00:00 | unknown      |          | working  |      | 30      |        |
        """,
    )
    assert log.sets["guesses"].to_list() == [["goblet_squat", "lunge", "unknown"], ["unknown", "plank"], None, None]
    assert _rules(log) == [
        (3, "rest_set", "REST", True),
        (7, "unknown_set_type", "DANCE", False),
        (8, "bad_number", "likely", False),
        (9, "not_a_record", "a list", False),
    ]


def test_garmins_sets_without_any_time_are_problems() -> None:
    content = b'{"activityId": 1, "exerciseSets": [{"exercises": [], "setType": "ACTIVE", "startTime": null}]}'
    [log] = read([SourceFile("x", content)])
    assert (_rules(log), log.sets.height) == ([(2, "no_start_time", "", False)], 0)


def test_a_garmin_export_that_was_cut_is_recognised_and_says_what_to_do() -> None:
    whole = (_SAMPLES / "garmin_account_json/summaries.json").read_bytes()
    [log] = read([SourceFile("x", whole[:-40])])
    assert (log.reader, log.error) == (
        "garmin_account_json",
        "x: is no whole list of Garmin activities; export it again",
    )


def test_an_empty_garmin_export_is_an_empty_log() -> None:
    for content in (b'[{"summarizedActivitiesExport": []}]', b'{"summarizedActivitiesExport": null}'):
        [log] = read([SourceFile("x", content)])
        assert (log.reader, log.n_rows, log.error) == ("garmin_account_json", 0, None)


def test_wgers_units_are_numbers_and_an_exercise_without_a_name_is_its_number() -> None:
    log = _log("wger_json/before_2025.json")
    _assert_sets(
        log,
        """
        row | start_local | logged_as         | set_type | reps | seconds | weight | weight_unit | rir
        2   | 2024-03-02  | wger exercise 345 | working  | 12   |         | 20     | kg          | 2
        3   | 2024-03-02  | wger exercise 238 | working  |      | 45      |        |             |
        4   | 2024-03-02  | Plank             | working  |      | 120     |        |             |
        """,
    )
    assert _rules(log) == [
        (5, "empty_set", "345", False),
        (6, "bad_date", "soon", False),
        (7, "bad_number", "heavy", False),
    ]


def test_wger_of_today_names_its_units_otherwise_and_states_the_offset() -> None:
    log = _log("wger_json/routine.json")
    _assert_sets(
        log,
        """
        row | start_at                  | start_local         | logged_as      | reps | weight | weight_unit
        2   | 2026-03-02T17:05:00+00:00 | 2026-03-02T18:05:00 | Calf raise     | 10   | 35     | lb
        3   | 2026-03-02T17:10:00+00:00 | 2026-03-02T18:10:00 | Farmer's carry |      |        |

        rir | note
        1.5 | slow
            |
        """,
    )
    assert _rules(log) == [
        (4, "no_exercise", "2026-03-02T18:12:00+01:00", False),
        (5, "unknown_unit", "12", False),
        (6, "not_a_record", "a list", False),
    ]


def test_polar_before_2025_names_the_sport_and_the_duration_is_iso() -> None:
    log = _log("polar_json/session_2019.json")
    _assert_activities(
        log,
        """
        row | kind | logged_as | start_at                  | start_local         | distance | duration_s | ascent
        2   | run  | running   | 2019-03-02T17:05:00+00:00 | 2019-03-02T18:05:00 | 8123.4   | 2640.5     | 52.5

        latitude | longitude | is_indoor | activity_id
                 |           |           |
        """,
    )
    assert log.problems == ()


def test_polar_of_today_numbers_the_sports_and_each_exercise_is_an_activity() -> None:
    log = _log("polar_json/session_2026.json")
    _assert_activities(
        log,
        """
        row | kind     | logged_as         | activity_id | start_at                  | start_local         | distance
        2   | run      | treadmill_running | 5000000001  | 2026-03-02T23:05:00+00:00 | 2026-03-02T18:05:00 | 8123.4
        3   | strength | strength_training | 5000000002  |                           | 2026-03-04T18:00:00 |
        4   | other    | sport 38          | 5000000003  | 2026-03-08T08:00:00+00:00 | 2026-03-08T09:00:00 | 30000
        5   | run      | running           | 5000000003  | 2026-03-08T09:05:00+00:00 | 2026-03-08T10:05:00 | 10000

        distance_unit | duration_s | is_indoor | latitude | longitude
        m             | 2640.5     | true      |          |
                      | 1800       |           | 48.1     | 11.5
        m             | 3600       |           |          |
        m             | 3000       |           |          |
        """,
    )
    assert _rules(log) == [
        (6, "bad_duration", "an hour", False),
        (7, "no_date", "5000000003, 60", False),
        (8, "not_a_record", "None", False),
        (9, "not_a_record", "no session", False),
    ]


def test_fitbits_export_is_in_utc_with_units_in_words() -> None:
    log = _log("fitbit_json/exercise.json")
    _assert_activities(
        log,
        """
        row | kind     | logged_as    | activity_id | start_at                  | distance | distance_unit | duration_s
        2   | run      | Run          | 60000001    | 2026-03-02T17:05:00+00:00 | 8.1234   | km            | 2640.5
        3   | run      | Treadmill    | 60000002    | 2026-03-03T06:00:00+00:00 | 3.1      | mi            | 1800
        4   | strength | Weights      | 60000003    | 2026-03-04T17:00:00+00:00 |          |               | 1800
        5   | other    | Outdoor Bike | 60000004    | 2026-03-05T17:00:00+00:00 | 10       |               | 1800

        elapsed_s | is_indoor | start_local | ascent
        2700      |           |             |
        1800      | true      |             |
        1800      |           |             |
        1800      |           |             |
        """,
    )
    assert log.warnings == ("times such as 03/02/26 17:05:00 are read as UTC, as the account export writes them",)
    assert _rules(log) == [
        (6, "bad_date", "2026-13-45 17:00:00", False),
        (7, "bad_number", "long", False),
        (8, "not_a_record", "None", False),
    ]


def test_fitbits_api_states_the_offset() -> None:
    log = _log("fitbit_json/api.json")
    _assert_activities(
        log,
        """
        row | kind | start_at                  | start_local         | distance | distance_unit | duration_s | elapsed_s
        2   | run  | 2026-03-07T23:00:00+00:00 | 2026-03-07T18:00:00 | 5        | km            | 1790       | 1800
        """,
    )
    assert (log.problems, log.warnings) == ((), ())


def test_trainingpeaks_states_days_and_what_was_only_planned_is_no_activity() -> None:
    log = _log("trainingpeaks_csv/workouts.csv")
    _assert_activities(
        log,
        """
        row | kind     | logged_as | start_local | distance | distance_unit | duration_s | rpe
        2   | run      | Run       | 2026-03-02  | 8123.4   | m             | 2700       | 7
        3   | strength | Strength  | 2026-03-04  |          |               | 1800       | 6
        6   | other    | Bike      | 2026-03-07  | 30000    | m             | 3960       |
        """,
    )
    assert _rules(log) == [
        (4, "not_done", "Run", True),
        (5, "not_done", "Day Off", True),
        (7, "bad_date", "7 March", False),
        (8, "bad_number", "soon", False),
    ]
    assert len(log.warnings) == 1


def test_a_problem_of_trainingpeaks_does_not_quote_the_title() -> None:
    header = "Title,WorkoutType,WorkoutDay,TimeTotalInHours,DistanceInMeters\n"
    rows = "secret,Run,,1,9000\nsecret,Run,2026-03-02,1,9000,more\nsecret,Run,2026-0"
    [log] = trainingpeaks_csv.read([SourceFile("x", (header + rows).encode())])
    assert _rules(log) == [
        (2, "no_date", "Run", False),
        (3, "too_many_cells", "Run", False),
        (4, "cut_off", "Run", False),
    ]


@pytest.mark.parametrize("reader", _READERS)
def test_names_and_descriptions_are_nowhere_in_the_log(reader: str) -> None:
    for path in (_SAMPLES / reader).iterdir():
        log = _log(f"{reader}/{path.name}")
        frames = [getattr(log, name).to_dicts() for name in ("activities", "sets", "aches")]
        assert "secret" not in repr((log, frames))


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": 1}',
        b"[1, 2]",
        b'[{"id": 1, "start_date_local": "2026-03-02T18:05:00Z", "type": "Run", "sport_type": "Run"}]',  # Strava's API
        b'{"results": []}',
        b'{"startTime": "2026-03-02T18:05:00", "exercises": []}',
        b'{"summarizedActivities": []}',
        b'[{"activityId": 1, "activityType": "running"}]',
        b'[{"date": "2026-03-02", "weight": 60, "exercise": "plank", "repetitions": 3}]',
        b'[{"id": "2026-03-02", "mood": 1, "injury": 2}]',
        b"[" * 100_000,
        b'{"exerciseSets":' * 2000,
        b"\xff\xfe[\0",
    ],
)
def test_other_json_is_recognised_by_none_of_these(content: bytes) -> None:
    file = SourceFile("x", content)
    assert [name for name in _READERS if all_readers()[name].recognises(file)] == []


@pytest.mark.parametrize("path", _JSONS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_whatever_stands_in_a_record_nothing_is_raised_and_each_row_has_one_place(path: Path) -> None:
    reader = all_readers()[path.parent.name]
    content = json.loads(path.read_text())
    for place in list(_leaves(content)):
        for odd in _ODD:
            changed = json.loads(path.read_text())
            _put(changed, place, odd)
            file = SourceFile("x", json.dumps(changed).encode())
            if reader.recognises(file):
                [log] = reader.read([file])
                tables = (log.activities, log.sets, log.aches)
                rows = [row for table in tables for row in set(table["row"])] + [one.row for one in log.problems]
                assert log.error is None
                assert sorted(rows, key=lambda row: row or 0) == list(range(2, len(rows) + 2))


def test_a_byte_order_mark_before_garmins_export_changes_nothing() -> None:
    text = (_SAMPLES / "garmin_account_json/summaries.json").read_text()
    files = [SourceFile("x", text.encode(encoding)) for encoding in ("utf-8", "utf-8-sig")]
    plain, marked = garmin_account_json.read(files)
    assert garmin_account_json.recognises(files[1])
    assert_frame_equal(plain.sets, marked.sets)
    assert plain.problems == marked.problems


def _leaves(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if place and not inside:
        yield place
    for key, one in inside:
        yield from _leaves(one, (*place, key))


def _put(value: Any, place: tuple[Any, ...], odd: Any) -> None:
    for key in place[:-1]:
        value = value[key]
    value[place[-1]] = odd
