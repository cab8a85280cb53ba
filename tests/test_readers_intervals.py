"""intervals.icu: activities with both clocks, and wellness days whose `injury` is an answer only where it was given."""

from pathlib import Path

from draw_raw import draw_raw
from polars.testing import assert_frame_equal

from runfix_analytics.rawlog import ACHES, ACTIVITIES, RawLog
from runfix_analytics.readers import intervals_icu, intervals_wellness, read
from runfix_analytics.sourcefile import SourceFile

_SAMPLES = Path(__file__).parent / "samples"


def _log(sample: str) -> RawLog:
    [log] = read([SourceFile("any name", (_SAMPLES / sample).read_bytes())])
    return log


def _rules(log: RawLog) -> list[tuple[int | None, str, str, bool]]:
    return [(problem.row, problem.rule, problem.logged, problem.is_expected) for problem in log.problems]


def _assert_activities(log: RawLog, table: str) -> None:
    expected = draw_raw(ACTIVITIES, table)
    assert_frame_equal(log.activities.select(expected.columns), expected)


def _assert_aches(log: RawLog, table: str) -> None:
    expected = draw_raw(ACHES, table)
    assert_frame_equal(log.aches.select(expected.columns), expected)


def test_the_table_states_the_runners_clock_and_utc() -> None:
    log = _log("intervals_icu/activities.csv")
    _assert_activities(
        log,
        """
        row | kind     | logged_as      | activity_id | start_at                  | start_local         | distance
        2   | run      | Run            | i101        | 2026-03-02T17:05:00+00:00 | 2026-03-02T18:05:00 | 8123.4
        3   | run      | VirtualRun     | i102        | 2026-03-03T06:00:00+00:00 | 2026-03-03T07:00:00 | 5000
        4   | strength | WeightTraining | i103        | 2026-03-04T17:00:00+00:00 | 2026-03-04T18:00:00 |
        6   | other    | Ride           | i104        |                           | 2026-03-06T18:00:00 | 30000
        9   | run      | Run            | i107        | 2026-03-08T08:00:00+00:00 | 2026-03-08T09:00:00 | 10000

        distance_unit | duration_s | elapsed_s | ascent | rpe | is_indoor
        m             | 2640       | 2700      | 52     | 7   |
        m             | 1800       | 1800      | 0      |     | true
                      | 1800       | 1900      |        | 6   |
        m             | 3600       | 3700      | 200    |     |
        m             | 3000       | 3000      | 40     | 8   | true
        """,
    )


def test_an_activity_that_intervals_may_not_hand_on_is_a_problem() -> None:
    assert _rules(_log("intervals_icu/activities.csv")) == [
        (5, "blanked_activity", "9876543210", False),
        (7, "bad_number", "far", False),
        (8, "bad_date", "7 March", False),
    ]


def test_the_apis_json_is_read_as_the_table_is() -> None:
    log = _log("intervals_icu/api.json")
    _assert_activities(
        log,
        """
        row | kind | activity_id | start_at                  | start_local         | distance | duration_s | rpe
        2   | run  | i201        | 2026-03-02T17:05:00+00:00 | 2026-03-02T18:05:00 | 8123.4   | 2640       | 7
        3   | run  | i202        |                           | 2026-03-03T07:00:00 | 5000     | 1800       |

        is_indoor | distance_unit
                  | m
        true      | m
        """,
    )
    assert _rules(log) == [(4, "blanked_activity", "301", False), (5, "not_a_record", "no activity", False)]


def test_one_activity_alone_and_a_table_with_other_columns_in_another_order_are_read() -> None:
    one = b'{"icu_rpe": 3, "name": "secret", "type": "Run", "start_date_local": "2026-03-02T18:05:00", "id": "i1"}'
    table = (
        b"\xef\xbb\xbftype;new;distance;icu_ftp;id;start_date_local\r\nTrailRun;1;9000;250;i2;2026-03-03T18:05:00\r\n"
    )
    alone, short = intervals_icu.read([SourceFile("x", one), SourceFile("x", table)])
    _assert_activities(alone, "row | kind | activity_id | distance | rpe\n2 | run | i1 | | 3")
    _assert_activities(short, "row | kind | activity_id | distance | rpe\n2 | run | i2 | 9000 |")


def test_an_activity_without_a_date_is_told_by_its_id_alone() -> None:
    [log] = intervals_icu.read(
        [SourceFile("x", b'[{"name": "secret", "id": 7, "icu_rpe": 1, "start_date_local": null}]')]
    )
    assert _rules(log) == [(2, "no_date", "7", False)]


def test_a_day_without_an_injury_value_is_no_answer_and_1_is_no_aches() -> None:
    log = _log("intervals_wellness/days.csv")
    _assert_aches(
        log,
        """
        row | reported_on | is_no_aches | site        | note    | affects_training | status | pain_now
        2   | 2026-03-02  | true        |             |         |                  |        |
        3   | 2026-03-03  | false       | unspecified | Niggle  |                  |        |
        5   | 2026-03-05  | false       | unspecified | Injured |                  |        |
        6   | 2026-03-06  | false       | unspecified | Poor    |                  |        |
        """,
    )
    assert _rules(log) == [
        (4, "no_injury_answer", "2026-03-04", True),
        (7, "bad_injury", "7", False),
        (8, "bad_number", "knee", False),
        (9, "bad_date", "8 March", False),
    ]


def test_the_apis_wellness_days_have_their_date_as_id() -> None:
    log = _log("intervals_wellness/api.json")
    _assert_aches(
        log,
        """
        row | reported_on | is_no_aches | site        | note
        2   | 2026-03-02  | true        |             |
        4   | 2026-03-04  | false       | unspecified | Poor
        """,
    )
    assert _rules(log) == [(3, "no_injury_answer", "2026-03-03", True), (5, "not_a_record", "17", False)]


def test_a_wellness_table_without_the_injury_column_holds_no_answer() -> None:
    [log] = intervals_wellness.read([SourceFile("x", b"date,restingHR,hrvSDNN,sleepSecs\n2026-03-02,48,,27000\n")])
    assert (_rules(log), log.aches.height) == ([(2, "no_injury_answer", "2026-03-02", True)], 0)
