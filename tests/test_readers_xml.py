"""GPX, TCX and Apple Health: what a recording sums up to, in constant memory, whatever the XML tries."""

import io
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from draw_raw import draw_raw
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from runfix_analytics.errors import ReadError
from runfix_analytics.rawlog import ACTIVITIES, RawLog
from runfix_analytics.readers import all_readers, apple_health, gpx, read, tcx
from runfix_analytics.sourcefile import SourceFile
from runfix_analytics.xml_stream import XmlStream

_ROOT = Path(__file__).parents[1]
_SAMPLES = _ROOT / "tests" / "samples"
_FILES = {
    f"{reader}/{path.name}": path.read_bytes()
    for reader in ("gpx", "tcx", "apple_health")
    for path in sorted((_SAMPLES / reader).iterdir())
}


def _log(sample: str) -> RawLog:
    [log] = read([SourceFile("any name", _FILES[sample])])
    return log


def _read(content: bytes | str, reader: str = "gpx") -> RawLog:
    [log] = all_readers()[reader].read([SourceFile("x", content.encode() if isinstance(content, str) else content)])
    return log


def _rules(log: RawLog) -> list[tuple[int | None, str, str, bool]]:
    return [(problem.row, problem.rule, problem.logged, problem.is_expected) for problem in log.problems]


def _assert_activities(log: RawLog, table: str) -> None:
    expected = draw_raw(ACTIVITIES, table)
    assert_frame_equal(log.activities.select(expected.columns), expected)


def _gpx(points: str, sport: str = "<type>running</type>", head: str = "") -> str:
    track = f"<trk>{sport}<trkseg>{points}</trkseg></trk>"
    return f'{head}<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">{track}</gpx>'


def _point(second: float, latitude: str = "10", rest: str = "") -> str:
    time = datetime(2026, 3, 4, 7, tzinfo=UTC) + timedelta(seconds=second)
    return f'<trkpt lat="{latitude}" lon="20"><time>{time:%Y-%m-%dT%H:%M:%SZ}</time>{rest}</trkpt>'


_TWO_POINTS = _point(0, "10.000") + _point(30, "10.001")


# GPX


def test_a_gpx_track_sums_up_its_segments_and_the_break_between_them_is_neither_way_nor_moving_time() -> None:
    log = _log("gpx/two_segments.gpx")
    _assert_activities(
        log,
        """
        row | kind | logged_as | start_at                  | start_local | distance | distance_unit
        1   | run  | 9         | 2026-03-04T07:00:00+00:00 |             | 333.6    | m

        duration_s | elapsed_s | ascent | rpe | is_indoor | latitude | longitude | recording
        90         | 330       | 9      |     |           | 10       | 20        |
        """,
    )
    assert (log.source, log.problems, log.warnings, log.damage) == ("gpx", (), (), None)


def test_each_gpx_track_is_an_activity_of_the_sport_it_states_or_of_its_speed() -> None:
    log = _log("gpx/many_tracks.gpx")
    _assert_activities(
        log,
        """
        row | kind  | logged_as         | start_at                         | start_local                | distance
        1   | other | Cycling           | 2026-03-05T07:00:00+00:00        |                            | 111.2
        2   | run   | unknown           | 2026-03-06T07:00:00+00:00        |                            | 111.2
        3   | other | unknown           | 2026-03-07T07:00:00+00:00        |                            | 111.2
        6   | run   | treadmill_running | 2026-03-08T07:00:00+00:00        |                            |
        7   | run   | TrailRun          | 2026-03-08T22:30:00.250000+00:00 | 2026-03-09T00:30:00.250000 | 111.2

        distance_unit | duration_s | elapsed_s | ascent | is_indoor | latitude | longitude
        m             |            | 20        |        |           | -10      | -20
        m             |            | 30        |        |           | 10       | 20
        m             |            | 120       |        |           | 10       | 20
                      |            | 1800      |        | true      |          |
        m             |            | 60        |        |           | 10       | 20
        """,
    )
    assert _rules(log) == [(4, "no_times", "running", True)]
    assert log.warnings == (
        "no sport is stated for 1 of the tracks: taken as runs by their mean speed, 1.6 to 5 m/s",
        "2 steps of more than 60 m/s are not counted as distance",
        "times without a zone are taken as UTC, as GPX prescribes",
    )


@pytest.mark.parametrize(
    ("sport", "kind"),
    [
        ("running", "run"),
        ("RUNNING", "run"),
        ("Trail Running", "run"),
        ("virtual_run", "run"),
        ("Running (outdoor)", "run"),
        ("Laufen", "run"),
        ("1", "other"),
        ("hiking", "other"),
        ("wheelchair_push_run", "other"),
        ("Run-Walk", "other"),
        ("strength_training", "strength"),
        ("WeightTraining", "strength"),
    ],
)
def test_a_gpx_type_is_known_however_an_app_spells_it(sport: str, kind: str) -> None:
    log = _read(_gpx(_TWO_POINTS, f"<type> {sport}\n</type>"))
    assert log.activities.select("kind", "logged_as").rows() == [(kind, sport)]


def test_a_gap_in_a_recording_by_the_second_is_a_break_and_one_in_a_sparse_recording_is_not() -> None:
    dense = "".join(_point(i) for i in range(21)) + _point(60, "10.001") + _point(70, "10.002")
    sparse = "".join(_point(30 * i) for i in range(21)) + _point(700, "10.001") + _point(730, "10.002")
    columns = ("distance", "duration_s", "elapsed_s")
    assert _read(_gpx(dense)).activities.select(columns).rows() == [(111.2, 30.0, 70.0)]
    assert _read(_gpx(sparse)).activities.select(columns).rows() == [(222.4, None, 730.0)]


@pytest.mark.parametrize(
    ("heights", "ascent"),
    [
        ([100, 104, 100, 104, 100, 104], 0.0),  # noise
        ([100, 103, 106, 104, 110, 90, 100], 20.0),
        ([100, 110, 300, 100], None),  # a jump
        ([100, 110, 120, None], None),
        ([100], None),
    ],
)
def test_climbs_count_from_five_metres_on_and_only_where_heights_are_whole(
    heights: list[float | None], ascent: float | None
) -> None:
    points = [_point(i, rest="" if height is None else f"<ele>{height}</ele>") for i, height in enumerate(heights)]
    assert _read(_gpx("".join(points))).activities["ascent"].to_list() == [ascent]


@pytest.mark.parametrize("body", ["<trk><trkseg/></trk>", '<wpt lat="1" lon="1"/>', "<rte><name>secret</name></rte>"])
def test_a_gpx_without_a_recorded_point_is_no_log_and_no_error(body: str) -> None:
    content = f'<gpx xmlns="http://www.topografix.com/GPX/1/1">{body}</gpx>'
    assert gpx.recognises(SourceFile("x", content.encode()))
    log = _read(content)
    assert (log.n_rows, log.error, log.damage, log.warnings) == (0, None, None, ("holds no recorded track",))


def test_apples_route_is_not_guessed_to_be_a_run_since_the_export_says_what_it_was() -> None:
    content = _gpx(_TWO_POINTS, "").replace("<gpx ", '<gpx creator="Apple Health Export" ')
    assert _rules(_read(content)) == [(1, "route_of_a_workout", "route", True)]


def test_a_point_at_the_edge_of_the_calendar_is_a_problem_of_its_track() -> None:
    point = '<trkpt lat="1" lon="1"><time>0001-01-01T00:30:00+14:00</time></trkpt>'
    assert [rule for _, rule, _, _ in _rules(_read(_gpx(point)))] == ["bad_date"]


# TCX


def test_a_tcx_activity_sums_its_laps_and_knows_the_pause_that_they_leave_out() -> None:
    log = _log("tcx/two_laps.tcx")
    _assert_activities(
        log,
        """
        row | kind | logged_as | start_at                  | start_local | distance | distance_unit
        1   | run  | Running   | 2026-03-04T07:00:00+00:00 |             | 1650.25  | m

        duration_s | elapsed_s | ascent | is_indoor | latitude | longitude
        500.5      | 560       |        |           | 10.5     | -20.25
        """,
    )
    assert (log.source, log.problems, log.warnings, log.damage) == ("tcx", (), (), None)


def test_a_tcx_file_may_begin_with_blanks_and_holds_treadmills_multisport_and_bare_activities() -> None:
    log = _log("tcx/blanks_first.tcx")
    _assert_activities(
        log,
        """
        row | kind  | logged_as | start_at                  | start_local         | distance | distance_unit
        1   | run   | Running   | 2026-03-05T18:00:00+00:00 |                     | 5000     | m
        2   | other | Biking    | 2026-03-06T08:00:00+00:00 |                     |          |
        3   | run   | Running   | 2026-03-06T09:02:00+00:00 | 2026-03-06T11:02:00 | 4000     | m
        4   | other | Other     | 2026-03-07T18:00:00+00:00 |                     |          |

        duration_s | elapsed_s | is_indoor | latitude
                   | 1800      | true      |
                   |           |           |
                   | 1200      |           |
                   |           |           |
        """,
    )
    assert _rules(log) == [
        (5, "no_sport", "2026-03-08 18:00:00+00:00", False),
        (6, "no_start_time", "Running", False),
    ]
    assert log.warnings == ("times without a zone are taken as UTC, as TCX has them",)


def test_courses_and_workouts_are_plans_and_no_logs() -> None:
    lap = "<Lap><TotalTimeSeconds>600</TotalTimeSeconds><Track><Trackpoint/></Track></Lap>"
    log = _read(f"<TrainingCenterDatabase><Courses><Course>{lap}</Course></Courses></TrainingCenterDatabase>", "tcx")
    assert (log.n_rows, log.error) == (0, None)
    assert log.warnings == ("holds no activity: courses and workouts are plans",)


# Apple Health


def test_apples_workouts_have_their_own_units_and_a_wall_clock_only_where_they_name_a_zone() -> None:
    log = _log("apple_health/export.xml")
    _assert_activities(
        log,
        """
        row | kind     | logged_as                  | start_at                  | start_local         | distance
        1   | run      | Running                    | 2026-03-04T06:00:00+00:00 | 2026-03-04T15:00:00 | 8.0012
        2   | run      | Running                    | 2026-03-04T06:00:05+00:00 |                     | 8010
        3   | run      | Running                    | 2019-05-01T16:30:00+00:00 |                     | 3.1
        4   | strength | FunctionalStrengthTraining | 2026-03-05T17:30:00+00:00 |                     | 0
        5   | strength | CoreTraining               | 2026-03-06T17:30:00+00:00 |                     |
        6   | other    | Swimming                   | 2026-03-07T17:30:00+00:00 |                     | 914.4

        distance_unit | duration_s | elapsed_s | ascent | is_indoor | recording
        km            | 2700.6     | 3000      | 42     | false     | workout-routes/route_2026-03-04_7.00am.gpx
        m             | 3000       | 3000      |        |           |
        mi            | 1800       | 1800      |        | true      |
        km            | 1500       | 1500      |        |           |
                      |            |           |        |           |
        m             | 1800       | 1800      |        |           |
        """,
    )
    assert _rules(log) == [
        (7, "bad_date", "yesterday", False),
        (8, "bad_number", "half an hour", False),
        (9, "unknown_unit", "3 leagues", False),
        (10, "no_date", "HKWorkoutActivityTypeRunning", False),
    ]
    assert (log.source, log.warnings, log.damage, log.sets.height) == ("apple_health", (), None, 0)


def test_an_apple_export_without_workouts_is_no_log() -> None:
    log = _read('<HealthData locale="en_GB"><Record type="x" value="1"/></HealthData>', "apple_health")
    assert (log.n_rows, log.error, log.warnings) == (0, None, ("holds no workout",))


# XML that is broken, odd or hostile


@pytest.mark.parametrize("name", _FILES)
def test_names_notes_devices_and_places_of_no_start_are_nowhere_in_the_log(name: str) -> None:
    log = _log(name)
    assert "secret" not in repr([log.activities.to_dicts(), log.problems, log.warnings])
    assert "4444444444" not in repr(log.activities.to_dicts())


_LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
_BOMBS = {
    "billion laughs": f'<!DOCTYPE gpx [<!ENTITY l0 "ha">{_LAUGHS}]>',
    "quadratic blow-up": f'<!DOCTYPE gpx [<!ENTITY l9 "{"a" * 100_000}">]>',
    "external entity": '<!DOCTYPE gpx [<!ENTITY l9 SYSTEM "file:///etc/hostname">]>',
    "parameter entity": '<!DOCTYPE gpx [<!ENTITY % l SYSTEM "file:///etc/hostname"> %l;]>',
    "unfinished": '<!DOCTYPE gpx [<!ENTITY l9 "ha"> ',
    "in a second type": '<!DOCTYPE gpx []><!DOCTYPE gpx [<!ENTITY l9 "ha">]>',
}


@pytest.mark.parametrize("bomb", _BOMBS.values(), ids=_BOMBS.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_that_declares_entities_is_refused_in_one_sentence(bomb: str, encoding: str) -> None:
    content = _gpx(f"{_TWO_POINTS}{'&l9;' * 1000}", head=bomb).encode(encoding)
    log = _read(content)
    assert log.error == "x: declares entities, which no export does and which are not read; export it again"
    assert (log.n_rows, log.damage) == (0, None)


def test_a_type_hidden_by_an_encoding_is_never_parsed() -> None:
    hidden = b'+ADw-!DOCTYPE gpx [+ADw-!ENTITY l "20"+AD4-]+AD4-'
    body = _gpx('<trkpt lat="1" lon="&l;"/>').encode()
    assert _read(b'<?xml version="1.0" encoding="UTF-7"?>' + hidden + body).error == (
        "x: holds no XML element; export it again"
    )


def test_an_external_type_is_never_fetched(tmp_path: Path) -> None:
    (tmp_path / "evil.dtd").write_text('<!ENTITY l "20"><!ATTLIST trkpt lat CDATA "50">')
    head = f'<?xml version="1.0"?><!DOCTYPE gpx SYSTEM "{(tmp_path / "evil.dtd").as_uri()}">'
    log = _read(_gpx('<trkpt lon="&l;"><time>2026-03-04T07:00:00Z</time></trkpt>', head=head))
    assert log.activities.select("latitude", "longitude").rows() == [(None, None)]
    assert log.damage is None


def test_nothing_is_included_into_a_document(tmp_path: Path) -> None:
    (tmp_path / "type.txt").write_text("running")
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" href="{}"/>'
    log = _read(_gpx(_TWO_POINTS, f"<type>{include.format((tmp_path / 'type.txt').as_uri())}</type>"))
    assert log.activities["logged_as"].to_list() == ["unknown"]


_DECLARATION = '<?xml version="1.0" encoding="{}"?>'
_NAMED = "<name>Tom &amp; Jürgen</name><type>running</type>"


@pytest.mark.parametrize(
    "content",
    [
        _gpx(_TWO_POINTS, _NAMED).encode("utf-16"),
        _gpx(_TWO_POINTS, _NAMED, _DECLARATION.format("UTF-16")).encode("utf-16"),
        _gpx(_TWO_POINTS, _NAMED, _DECLARATION.format("utf-16")).encode(),  # .NET writes this
        _gpx(_TWO_POINTS, _NAMED, _DECLARATION.format("UTF-8")).encode("latin-1"),
        _gpx(_TWO_POINTS, _NAMED, _DECLARATION.format("ISO-8859-1")).encode("latin-1"),
        _gpx(_TWO_POINTS, _NAMED, _DECLARATION.format("windows-1259")).encode("latin-1"),
        _gpx(_TWO_POINTS, _NAMED, _DECLARATION.format("klingon")).encode(),
        _gpx(_TWO_POINTS, _NAMED, "\n \ufeff" + _DECLARATION.format("UTF-8"))
        .replace("\n \ufeff", "\ufeff\n ")
        .encode(),
        _gpx(_TWO_POINTS, "<name>Tom & Jerry &nbsp; &#0; &#xD83D;&#56832; \x0b &</name><type>running</type>").encode(),
        _gpx(_TWO_POINTS + "<gpxtpx:hr>120</gpxtpx:hr>").encode(),
        _gpx(_TWO_POINTS).replace("http://www.topografix.com/GPX/1/1", ":: no address").encode(),
        _gpx(_TWO_POINTS).replace(' xmlns="http://www.topografix.com/GPX/1/1"', "").encode(),
        _gpx(_TWO_POINTS).replace("<trk>", "<x:trk xmlns:x='urn:a'>").replace("</trk>", "</x:trk>").encode(),
        _gpx(_TWO_POINTS).encode() + b" " * 70_000 + b"\0" * 512,
        _gpx(_TWO_POINTS, head="<?xml version='1.0'?><!-- <a> --><?xml-stylesheet href='x'?><!DOCTYPE gpx>\n").encode(),
    ],
)
def test_encodings_namespaces_and_characters_may_be_odd(content: bytes) -> None:
    assert gpx.recognises(SourceFile("x", content))
    log = _read(content)
    assert (log.error, log.damage) == (None, None)
    assert log.activities.select("distance", "elapsed_s").rows() == [(111.2, 30.0)]


@pytest.mark.parametrize(
    "tail",
    ["<a>" * 100_000, f'<a b="{"c" * 11_000_000}"/>', "<a" + ' b="c"' * 3_000_000, "c" * 11_000_000 + "</trk></gpx>"],
    ids=["deep", "large attribute", "many attributes", "large text"],
)
def test_of_a_document_beyond_all_bounds_what_came_before_is_kept_and_the_damage_said(tail: str) -> None:
    log = _read(_gpx(_TWO_POINTS).removesuffix("</gpx>") + tail)
    assert log.activities["distance"].to_list() == [111.2]
    assert log.damage is not None


def test_a_workout_larger_than_any_is_not_held_in_memory() -> None:
    workout = '<Workout workoutActivityType="HKWorkoutActivityTypeRunning" startDate="2026-03-04 07:00:00 +0100"/>'
    log = _read(f"<HealthData>{workout}<Workout>{'<WorkoutEvent/>' * 700_000}</Workout></HealthData>", "apple_health")
    assert log.activities["row"].to_list() == [1]
    assert log.damage == "cannot be read to its end: one element is larger than any export's"


def test_what_follows_the_document_is_not_read_and_said() -> None:
    log = _read(_gpx(_TWO_POINTS) + "\n" + _gpx(_TWO_POINTS))
    assert log.activities.height == 1
    assert log.damage == "line 2: something follows the end of the document, which is not read"


def test_a_broken_line_is_named_as_the_file_counts_it() -> None:
    head = '<?xml version="1.0"?>\n<!DOCTYPE gpx [\n<!ELEMENT gpx ANY>\n]>\n'
    log = _read(_gpx(_TWO_POINTS + "\n</trkpt>", head=head))
    assert log.damage == "line 6: no well-formed XML from here on"
    assert log.activities["distance"].to_list() == [111.2]


@pytest.mark.parametrize("name", _FILES)
def test_a_file_cut_anywhere_keeps_the_activities_before_the_cut_and_says_so(name: str) -> None:
    content, reader = _FILES[name], name.partition("/")[0]
    whole = _read(content, reader).activities
    for length in range(0, len(content.rstrip()), 17):
        log = _read(content[:length], reader)
        assert bool(log.damage) != bool(log.error)
        places = [*log.activities["row"], *(problem.row or 0 for problem in log.problems)]
        before = log.activities.filter(log.activities["row"] < max(places, default=0))
        assert_frame_equal(before, whole.filter(whole["row"].is_in(before["row"].implode())))


@given(name=st.sampled_from(list(_FILES)), data=st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_bytes_are_changed_a_file_gives_one_log(name: str, data: st.DataObject) -> None:
    content, reader = _FILES[name], name.partition("/")[0]
    place = data.draw(st.integers(0, len(content)))
    odd = st.sampled_from([b"NaN", b"-1", b"1e999", b"<", b"&", b"]]>", b"<!--", b"\xff", b"9999-12-31T23:59:59-14:00"])
    patch = data.draw(st.one_of(st.binary(max_size=8), odd))
    changed = content[:place] + patch + content[place + data.draw(st.integers(0, 30)) :]
    for module in all_readers().values():
        module.recognises(SourceFile("x", changed))
    log = _read(changed, reader)
    assert not (log.damage and log.error)
    places = [*log.activities["row"], *(problem.row for problem in log.problems)]
    assert len(places) == len(set(places))


class _Failing(io.BytesIO):
    """A stream that is broken behind its content."""

    def read(self, size: int | None = -1, /) -> bytes:
        part = super().read(size)
        if not part:
            raise ReadError("x: damaged in the archive: bad checksum")
        return part


def test_a_stream_that_breaks_gives_what_came_before() -> None:
    content = _FILES["tcx/two_laps.tcx"][:-100] + b" " * 2_000_000
    [log] = tcx.read([SourceFile("x", None, lambda: cast(BinaryIO, _Failing(content)))])
    assert log.activities["distance"].to_list() in ([], [1650.25])
    assert log.error or log.damage


def test_a_stream_gives_containers_at_both_ends_and_records_whole() -> None:
    stream = XmlStream(
        SourceFile("x", b"<a><b c='1'><d><e/></d></b><d/><f><d/></f></a>"), containers=("b",), records=("d",)
    )
    seen: list[tuple[str, str, Any]] = [(event, name, len(element)) for event, name, element in stream]
    assert seen == [("start", "b", 1), ("end", "d", 1), ("end", "b", 1), ("end", "d", 0), ("end", "d", 0)]


# The resident memory of this process after 1 MB and after 30 MB of the same.
_MEMORY = """
import io, resource, sys
from runfix_analytics.readers import all_readers
from runfix_analytics.sourcefile import SourceFile

class Repeated(io.RawIOBase):
    def __init__(self, head, part, tail, n):
        self.parts, self.held = iter([head, *[part] * n, tail]), b""
    def read(self, size=-1):
        while len(self.held) < size and (part := next(self.parts, None)) is not None:
            self.held += part
        part, self.held = self.held[:size], self.held[size:]
        return part

reader, head, part, tail = sys.argv[1], *(text.encode() for text in sys.argv[2:])
peaks = []
for n_bytes in (2_000_000, 30_000_000):
    file = SourceFile("x", None, lambda: Repeated(head, part * 100, tail, n_bytes // len(part) // 100))
    [log] = all_readers()[reader].read([file])
    assert log.error is None and log.damage is None, log
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(log.activities.height, peaks[1] - peaks[0])
"""
_WORKOUT = '<Workout workoutActivityType="HKWorkoutActivityTypeRunning" startDate="2026-03-04 07:00:00 +0100"/>'
_LARGE = {
    "records": (
        "apple_health",
        f"<HealthData>{_WORKOUT}",
        '<Record type="HKQuantityTypeIdentifierHeartRate" sourceName="watch" unit="count/min" value="132"/>\n',
        "</HealthData>",
    ),
    "records with children": (
        "apple_health",
        "<HealthData>",
        '<Record type="a"><MetadataEntry key="b" value="c"/></Record><Correlation><Record type="d"/></Correlation>',
        f"{_WORKOUT}</HealthData>",
    ),
    "a track": ("gpx", "<gpx><trk><trkseg>", _point(0), "</trkseg></trk></gpx>"),
    "an activity": (
        "tcx",
        '<TrainingCenterDatabase><Activities><Activity Sport="Running"><Lap><Track>',
        "<Trackpoint><Time>2026-03-04T07:00:00Z</Time><DistanceMeters>1</DistanceMeters></Trackpoint>",
        "</Track></Lap></Activity></Activities></TrainingCenterDatabase>",
    ),
}


@pytest.mark.parametrize("parts", _LARGE.values(), ids=_LARGE.keys())
def test_a_large_file_is_read_in_the_memory_of_a_small_one(parts: tuple[str, ...]) -> None:
    code = [sys.executable, "-c", _MEMORY, *parts]
    done = subprocess.run(code, cwd=_ROOT, capture_output=True, text=True, check=True)
    n_activities, grown_kb = map(int, done.stdout.split())
    assert n_activities == 1
    assert grown_kb < 4_000


def test_the_readers_know_a_file_of_any_size_by_its_head() -> None:
    for name, content in _FILES.items():
        file = SourceFile("x", None, lambda content=content: io.BytesIO(content))
        recognising = [module.recognises(file) for module in (gpx, tcx, apple_health)]
        assert recognising == [name.startswith(f"{reader}/") for reader in ("gpx", "tcx", "apple_health")]
