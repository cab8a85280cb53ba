"""FIT: sessions, sets and their names, clocks, chains and damage, on files written here."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import polars as pl
import pytest
from draw_raw import draw_raw
from fit_bytes import Message, encode, run, strength, with_crc_zeroed, with_garbage_at
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from runfix_analytics.fit import decoder
from runfix_analytics.fit.decoder import Decoded
from runfix_analytics.rawlog import ACTIVITIES, SETS, RawLog
from runfix_analytics.readers import garmin_fit
from runfix_analytics.sourcefile import SourceFile

_START = datetime(2026, 3, 2, 17, 5, tzinfo=UTC)
_TRAINING, _HIIT, _YOGA, _GENERIC, _TREADMILL, _TRAIL = 10, 62, 43, 0, 1, 3
_CALF_RAISE, _CARRY, _PLANK = 1, 3, 19
_SQUAT, _BANDED, _SUSPENSION = 28, 37, 49
_NEWER = 99  # a category that nobody has named yet
_SWITCHED_ON_FOR = 3_600  # a time of a watch whose clock was never set


def _log(*contents: bytes) -> RawLog:
    [log] = garmin_fit.read([SourceFile("any name", b"".join(contents))])
    return log


def _messages(*messages: Message) -> RawLog:
    return _log(encode(messages))


def _sets(*sets: dict[str, Any], **session: Any) -> RawLog:
    return _log(encode(strength(_START, sets, **session)))


def _assert_activities(log: RawLog, table: str) -> None:
    expected = draw_raw(ACTIVITIES, table)
    assert_frame_equal(log.activities.select(expected.columns), expected)


def _assert_sets(log: RawLog, table: str) -> None:
    expected = draw_raw(SETS, table)
    assert_frame_equal(log.sets.select(expected.columns), expected)


def _rules(log: RawLog) -> list[tuple[int | None, str, bool]]:
    return [(problem.row, problem.rule, problem.is_expected) for problem in log.problems]


def test_a_session_is_an_activity_in_utc_and_on_the_watchs_wall_clock() -> None:
    log = _log(encode(run(_START)))
    _assert_activities(
        log,
        """
        row | kind | logged_as       | activity_id | start_at                  | start_local         | is_indoor
        13  | run  | running/generic | 1772471100  | 2026-03-02T17:05:00+00:00 | 2026-03-02T19:05:00 |

        distance | distance_unit | duration_s | elapsed_s | ascent | rpe
        2000     | m             | 600        | 630       | 12       | 4
        """,
    )
    assert (log.source, log.sets.height, log.problems, log.warnings, log.damage) == ("garmin", 0, (), (), None)


@pytest.mark.parametrize(
    ("sport", "sub_sport", "kind", "logged_as", "is_indoor"),
    [
        (1, _TRAIL, "run", "running/trail", None),
        (1, _TREADMILL, "run", "running/treadmill", True),
        (1, 58, "run", "running/virtual_activity", True),
        (1, None, "run", "running", None),
        (10, 20, "strength", "training/strength_training", None),
        (4, 20, "strength", "fitness_equipment/strength_training", None),
        (10, _YOGA, "other", "training/yoga", None),
        (2, _GENERIC, "other", "cycling/generic", None),
        (_HIIT, 70, "other", "62/70", None),
        (None, None, "other", "unknown", None),
    ],
)
def test_the_sport_tells_runs_and_strength_from_the_rest(
    sport: int | None, sub_sport: int | None, kind: str, logged_as: str, is_indoor: bool | None
) -> None:
    log = _log(encode(run(_START, sport=sport, sub_sport=sub_sport)))
    assert log.activities.select("kind", "logged_as", "is_indoor").rows() == [(kind, logged_as, is_indoor)]


@pytest.mark.parametrize(
    ("local_minus_utc_s", "start_local"),
    [
        (None, None),
        (0, "2026-03-02 17:05:00"),
        (-5 * 3600 + 20, "2026-03-02 12:05:00"),  # the watch wrote the two times 20 s apart
        (5 * 3600 + 45 * 60, "2026-03-02 22:50:00"),
        (14 * 3600, "2026-03-03 07:05:00"),
        (15 * 3600, None),
        (-13 * 3600, None),
    ],
)
def test_a_wall_clock_is_believed_in_quarter_hours_between_12_behind_and_14_ahead(
    local_minus_utc_s: int | None, start_local: str | None
) -> None:
    end = _START + timedelta(minutes=10)
    local = None if local_minus_utc_s is None else end + timedelta(seconds=local_minus_utc_s)
    log = _messages(*run(_START)[:-1], ("activity", {"timestamp": end, "local_timestamp": local}))
    assert [value and str(value) for value in log.activities["start_local"]] == [start_local]


def test_active_sets_are_rows_with_the_first_guess_and_rests_are_expected_problems() -> None:
    log = _sets(
        {
            "repetitions": 12,
            "duration": 30.5,
            "weight": 0,
            "category": (_CALF_RAISE, 28),
            "category_subtype": (18, None),
        },
        {"set_type": 0, "duration": 60.0},
        {"duration": 45.0, "category": _PLANK, "category_subtype": None},
        {"repetitions": 10, "weight": 12.5, "category": (65534, 22, 21), "category_subtype": (None, None, None)},
        {"repetitions": 10, "category": None},
        {"duration": 20.0, "category": (_CARRY, 65534), "category_subtype": (999, None)},
        {"repetitions": 8, "category": (_NEWER, 65534), "category_subtype": (12, None)},
    )
    _assert_sets(
        log,
        """
        row | start_at                  | logged_as                     | category             | set_type | side
        3   | 2026-03-02T17:05:00+00:00 | standing_calf_raise           | calf_raise           | working  |
        5   | 2026-03-02T17:05:00+00:00 | plank                         | plank                | working  |
        6   | 2026-03-02T17:05:00+00:00 | unknown                       |                      | working  |
        7   | 2026-03-02T17:05:00+00:00 | unknown                       |                      | working  |
        8   | 2026-03-02T17:05:00+00:00 | carry                         | carry                | working  |
        9   | 2026-03-02T17:05:00+00:00 | exercise_category_99          | exercise_category_99 | working  |

        reps | seconds | weight | weight_unit
        12   | 30.5    |        |
             | 45      |        |
        10   |         | 12.5   | kg
        10   |         |        |
             | 20      |        |
        8    |         |        |
        """,
    )
    assert _rules(log) == [(4, "rest_set", True)]


def test_a_planned_workouts_title_names_what_is_too_new_for_our_lists() -> None:
    title = ("exercise_title", {"category": _NEWER, "name": 12, "title": "Banded Clamshell"})
    known = ("exercise_title", {"category": _CALF_RAISE, "name": 18, "title": "My Calf Raise"})
    sets = [
        {"repetitions": 8, "category": (_NEWER, 65534), "category_subtype": (12, None)},
        {"repetitions": 8, "category": (_CALF_RAISE, 65534), "category_subtype": (18, None)},
    ]
    log = _messages(*strength(_START, sets), title, known)
    assert list(log.sets["logged_as"]) == ["Banded Clamshell", "standing_calf_raise"]


def test_all_guesses_of_a_watch_are_kept_by_rank_and_so_is_that_it_had_none() -> None:
    log = _sets(
        {"category": (_CALF_RAISE, _SQUAT, 65534), "category_subtype": (18, None, None)},
        {"category": (65534, _PLANK, None), "category_subtype": (None, 999, None)},
        {"category": (65534, 65534, 65534)},
        {"category": (_BANDED, _SUSPENSION, _NEWER), "category_subtype": (1, 1, 5)},
        {"category": None},
        {"repetitions": 4},
    )
    assert log.sets.select("logged_as", "category", "guesses").rows() == [
        ("standing_calf_raise", "calf_raise", ["standing_calf_raise", "squat", "unknown"]),
        ("unknown", None, ["unknown", "plank"]),
        ("unknown", None, ["unknown", "unknown", "unknown"]),
        ("ab_twist", "banded_exercises", ["ab_twist", "chest_press", "exercise_category_99"]),
        ("unknown", None, None),
        ("unknown", None, None),
    ]


_PLACED = {"latitude": 52.5, "longitude": -13.25}
_DEGREES = pl.col("latitude", "longitude").round(6)


def test_where_it_began_is_kept_only_where_the_wall_clock_is_not_known() -> None:
    *messages, session, activity = run(_START, **_PLACED)
    assert _messages(*messages, session).activities.select(_DEGREES).rows() == [(52.5, -13.25)]
    assert _messages(*messages, session, activity).activities.select(_DEGREES).rows() == [(None, None)]


def test_where_it_began_is_the_first_record_with_a_position_where_the_session_does_not_say() -> None:
    first, *records = run(_START)[:-2]
    session = run(_START)[-2]
    positions = [{}, {"latitude": None, "longitude": None}, _PLACED, {"latitude": 1.0, "longitude": 1.0}]
    moved = [(name, {**values, **place}) for (name, values), place in zip(records, positions, strict=False)]
    for messages in ([first, *moved, session], [first, *moved]):
        assert _messages(*messages).activities.select(_DEGREES).rows() == [(52.5, -13.25)]
    assert _messages(first, *records, session).activities.select(_DEGREES).rows() == [(None, None)]


def test_a_fault_of_our_decoder_costs_no_file_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = encode(run(_START)), encode(strength(_START, [{"repetitions": 12, "category": (1, 2)}]))
    files = [SourceFile("a", good), SourceFile("b", bad)]
    plain = list(garmin_fit.read(files))

    def decode(contents: Sequence[bytes], wanted: Any) -> Decoded:
        if bad in contents:
            raise ZeroDivisionError("a fault")
        return decoder.decode(contents, wanted)

    monkeypatch.setattr(garmin_fit, "decode", decode)
    logs = list(garmin_fit.read(files))
    notice = "read by fitparse, since our decoder failed (ZeroDivisionError: a fault)"
    assert [log.warnings for log in logs] == [(), (notice,)]
    for log, before in zip(logs, plain, strict=True):
        assert_frame_equal(log.activities, before.activities)
        assert_frame_equal(log.sets, before.sets)
    monkeypatch.setattr(garmin_fit, "MAX_SLOW_BYTES", 0)
    assert _log(bad).error == "ZeroDivisionError: a fault"


def test_many_files_are_decoded_in_batches_and_a_file_too_large_for_memory_costs_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(garmin_fit, "BATCH_BYTES", 1000)
    files = [SourceFile("a", encode(run(_START + timedelta(days=i)))) for i in range(7)]
    files.insert(3, SourceFile("large", stream=lambda: BytesIO(b"")))
    logs = list(garmin_fit.read(files))
    assert [log.error is not None for log in logs] == [False] * 3 + [True] + [False] * 4
    starts = [log.activities["start_at"][0] for log in logs if not log.error]
    assert starts == [_START + timedelta(days=i) for i in range(7)]


def test_sets_belong_to_the_session_they_began_in_and_take_its_start() -> None:
    later = _START + timedelta(hours=1)
    log = _messages(
        *strength(_START, []),
        ("session", {"start_time": later, "sport": 1, "elapsed": 600.0}),
        ("session", {"start_time": later + timedelta(hours=1), "sport": 10, "sub_sport": 20, "elapsed": 600.0}),
        ("set", {"set_type": 1, "start_time": _START + timedelta(minutes=5), "repetitions": 1}),
        ("set", {"set_type": 1, "start_time": later + timedelta(minutes=65), "repetitions": 2}),
        ("set", {"set_type": 1, "start_time": _START - timedelta(minutes=1), "repetitions": 3}),
        ("set", {"set_type": 1, "repetitions": 4}),
    )
    _assert_activities(log, "row | kind\n2 | strength\n3 | run\n4 | strength")
    _assert_sets(
        log,
        """
        row | start_at                  | reps
        5   | 2026-03-02T17:05:00+00:00 | 1
        6   | 2026-03-02T19:05:00+00:00 | 2
        7   | 2026-03-02T17:05:00+00:00 | 3
        8   | 2026-03-02T17:05:00+00:00 | 4
        """,
    )


@pytest.mark.parametrize(
    ("one", "sport", "kind"),
    [
        ({"repetitions": 12}, _TRAINING, "strength"),
        ({"duration": 40.0, "category": _PLANK}, _TRAINING, "strength"),
        ({"duration": 780.0}, _TRAINING, "other"),  # a yoga session is one "set" without a name
        ({"repetitions": 12}, _HIIT, "other"),
    ],
)
def test_other_training_is_strength_if_a_set_counts_or_names_something_and_its_sets_are_kept_anyway(
    one: dict[str, Any], sport: int, kind: str
) -> None:
    log = _sets(one, sport=sport, sub_sport=_GENERIC)
    assert (list(log.activities["kind"]), log.sets.height) == ([kind], 1)


def test_a_chain_of_files_is_all_of_them_each_with_its_own_clock() -> None:
    second = _START + timedelta(days=1)
    log = _log(encode(run(_START)), encode(run(second)[:-1]), encode(strength(second, [{"repetitions": 12}])))
    _assert_activities(
        log,
        """
        row | kind     | start_at                  | start_local
        13  | run      | 2026-03-02T17:05:00+00:00 | 2026-03-02T19:05:00
        27  | run      | 2026-03-03T17:05:00+00:00 |
        29  | strength | 2026-03-03T17:05:00+00:00 |
        """,
    )


def test_a_recording_without_a_session_is_rebuilt_from_its_records_and_says_so() -> None:
    recorded = [message for message in run(_START) if message[0] in {"file_id", "record"}]
    log = _messages(("sport", {"sport": 1, "sub_sport": _TRAIL}), *recorded[1:])
    _assert_activities(
        log,
        """
        row | kind | logged_as     | start_at                  | distance | distance_unit | duration_s | elapsed_s
        2   | run  | running/trail | 2026-03-02T17:05:00+00:00 | 2000     | m             |            | 600
        """,
    )
    assert log.warnings == (
        "the recording has no session: start, time and distance are rebuilt from its 11 records and 0 sets; "
        "pauses are not known",
    )
    assert list(_messages(*recorded).activities["kind"]) == ["other"]


def test_sets_of_a_recording_that_broke_off_are_kept_with_the_first_ones_start() -> None:
    log = _messages(*[message for message in strength(_START, [{"repetitions": 12}] * 2) if message[0] != "session"])
    _assert_sets(log, "row | start_at | reps\n2 | 2026-03-02T17:05:00+00:00 | 12\n3 | 2026-03-02T17:05:00+00:00 | 12")
    assert len(log.warnings) == 1


def test_a_clock_that_was_never_set_is_a_problem_and_so_are_its_sets() -> None:
    session = {"start_time": _SWITCHED_ON_FOR, "sport": 10, "sub_sport": 20, "elapsed": 600.0}
    one = {"set_type": 1, "start_time": _SWITCHED_ON_FOR + 60, "repetitions": 12}
    log = _messages(("file_id", {"type": 4}), ("session", session), ("set", one))
    assert _rules(log) == [(2, "clock_never_set", False), (3, "clock_never_set", False)]
    assert (log.activities.height, log.sets.height, log.source, log.damage) == (0, 0, "fit", None)
    records = [("record", {"timestamp": _SWITCHED_ON_FOR + i, "distance": 3.0 * i}) for i in range(3)]
    assert _rules(_messages(("file_id", {"type": 4}), *records)) == [(2, "clock_never_set", False)]


def test_a_wrong_checksum_is_a_warning_and_the_data_are_kept_along_a_whole_chain() -> None:
    good = encode(run(_START))
    log = _log(with_crc_zeroed(good), good)
    assert_frame_equal(log.activities.drop("row"), _log(good, good).activities.drop("row"))
    assert log.damage is None
    assert [warning.partition(" [")[0] for warning in log.warnings] == ["checksum is wrong"]


def test_what_came_before_the_damage_is_kept() -> None:
    good = encode(run(_START))
    whole, cut = _log(good), _log(good[:-20])
    assert_frame_equal(cut.activities.drop("start_local"), whole.activities.drop("start_local"))
    assert str(cut.damage).startswith("the file ends at byte")
    half = _log(good[: len(good) // 2])
    assert (half.activities.height, len(half.warnings)) == (1, 1)
    assert half.damage is not None


def test_a_file_of_which_nothing_can_be_kept_has_an_error() -> None:
    log = _log(encode(run(_START))[:20])
    assert (log.n_rows, log.damage) == (0, None)
    assert str(log.error).startswith("the file ends at byte")


def test_damage_to_one_file_of_a_batch_harms_no_other() -> None:
    good = SourceFile("good", encode(run(_START)))
    bad = SourceFile("bad", good.content[:20])
    assert [log.error is None for log in garmin_fit.read([good, bad, good])] == [True, False, True]


@pytest.mark.parametrize(("number", "name"), [(2, "settings"), (5, "workout"), (6, "course"), (9, "weight")])
def test_a_file_that_is_no_activity_is_empty_with_a_warning(number: int, name: str) -> None:
    records = [message for message in run(_START) if message[0] == "record"]
    log = _messages(("file_id", {"type": number, "manufacturer": 1}), *records)
    assert (log.n_rows, log.warnings) == (0, (f"a FIT file of type {name} holds no activity",))


@pytest.mark.parametrize(
    ("number", "source"), [(1, "garmin"), (23, "suunto"), (32, "wahoo_fitness"), (None, "fit"), (9999, "fit")]
)
def test_the_source_is_the_manufacturer_where_it_has_a_name(number: int | None, source: str) -> None:
    assert _messages(("file_id", {"type": 4, "manufacturer": number}), *run(_START)[1:]).source == source


def test_a_serial_number_is_nowhere_in_the_log() -> None:
    log = _messages(("file_id", {"type": 4, "manufacturer": 1, "serial_number": 3912345678}), *run(_START)[1:])
    assert "3912345678" not in repr((log, log.activities.rows()))


def test_a_field_that_damage_turned_into_several_is_left_out() -> None:
    log = _log(encode(run(_START, distance=(1.0, 2.0))))
    _assert_activities(log, "row | distance | distance_unit | duration_s\n13 | | | 600")


_FIRST = encode(run(_START))
_WHOLE = _FIRST + encode(strength(_START, [{"repetitions": 12, "category": (1, 2)}]))


@given(place=st.integers(14, len(_WHOLE) - 9), length=st.integers(30, len(_WHOLE)))
@settings(max_examples=200, deadline=None)
def test_no_damage_raises_and_the_log_tells_of_it(place: int, length: int) -> None:
    log = _log(with_garbage_at(_WHOLE, place)[:length])
    assert log.damage or log.error or log.warnings or length in {len(_FIRST), len(_WHOLE)}


def test_a_file_behind_some_bytes_of_garbage_is_recognised_and_read_with_its_damage_told() -> None:
    content = b"\xc7" * 23 + encode(run(datetime(2026, 3, 2, 17, 5, tzinfo=UTC)))
    file = SourceFile("x", content)
    assert garmin_fit.recognises(file)
    [log] = garmin_fit.read([file])
    assert log.activities["kind"].to_list() == ["run"]
    assert log.damage == "23 bytes at byte 0 are no FIT file"
    assert not garmin_fit.recognises(SourceFile("x", b"activities/1.FIT,Run\n" * 10))
