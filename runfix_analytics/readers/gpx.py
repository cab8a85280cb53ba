"""GPX recordings of any app: one activity a track, with what its points sum up to. Names and descriptions are not read.

GPX knows neither pauses nor laps. A break is where a new segment begins, or where a recording of a point every few
seconds has a gap: the way over it is not counted, as watches do not count it, and the time without breaks is known.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from math import asin, cos, radians, sin, sqrt
from typing import Any

from runfix_analytics.parsing import UnreadableError, excerpt, read_each
from runfix_analytics.rawlog import ACTIVITIES, Problem, RawLog, frame
from runfix_analytics.sourcefile import SourceFile
from runfix_analytics.xml_stream import START, XmlStream, date_time, number, place, start_columns

READER = "gpx"
SOURCE = "gpx"

# Where no sport is stated. Walkers mostly stay below, and above it are more slow cyclists than fast runners.
RUNNING_SPEED_M_S = (1.6, 5.0)
# Between two points: nobody runs or rides so fast, a receiver that has lost its place does.
ABSURD_SPEED_M_S = 60.0
# Watches stop recording in a pause. Shorter gaps, and those under ten usual intervals, are bad reception.
BREAK_S = 20.0
BREAK_INTERVALS = 10
# A climb counts from so many metres on. Of the ascent that 15 FIT files state, their own heights so give 0.67 to 1.17
# times, but 2.2 times in one whose heights are the satellites'; with 2 or 3 m it would be up to 1.5 times.
CLIMB_M = 5.0
# Heights are a climb only where nearly all points have one, and none is a jump.
SHARE_WITH_HEIGHT = 0.95
HEIGHT_JUMP_M = 100.0

_EARTH_RADIUS_M = 6_371_008.8
_APPLE_ROUTE = "Apple Health Export"


@dataclass
class _Climb:
    """The metres climbed so far: from each low to the next high, where they are CLIMB_M apart."""

    ascent: float = 0.0
    n_points: int = 0
    is_broken: bool = False
    _last: float | None = None
    _low: float = 0.0
    _high: float = 0.0
    _is_up: bool = False

    def add(self, height: float) -> None:
        if self._last is None:
            self._low = self._high = height
        elif abs(height - self._last) > HEIGHT_JUMP_M:
            self.is_broken = True
        self._last = height
        self.n_points += 1
        if self._is_up:
            self.ascent += max(height - self._high, 0.0)
            self._high = max(self._high, height)
            if self._high - height >= CLIMB_M:
                self._is_up, self._low = False, height
        else:
            self._low = min(self._low, height)
            if height - self._low >= CLIMB_M:
                self.ascent += height - self._low
                self._is_up, self._high = True, height


@dataclass
class _Track:
    """One track: its place in the file, and the sums over the points so far."""

    row: int
    type: str = ""
    n_points: int = 0
    n_segments: int = 0
    n_jumps: int = 0
    n_intervals: int = 0
    intervals_s: float = 0.0
    distance: float = 0.0
    within_segments_s: float = 0.0
    is_without_zone: bool = False
    first: datetime | None = None
    last: datetime | None = None
    start: tuple[float, float] | None = None
    climb: _Climb = field(default_factory=_Climb)
    _place: tuple[float, float, float] | None = None
    _time: datetime | None = None

    def begin_segment(self) -> None:
        self._place = self._time = None

    def add(self, point: Any) -> None:
        self.n_points += 1
        moment = height = None
        for child in point:
            name = child.tag.rpartition("}")[2]
            if name == "time":
                moment = date_time(child.text)
            elif name == "ele":
                height = number(child.text)
        if height is not None:
            self.climb.add(height)
        elapsed_s = None if moment is None else self._pass(moment)
        here = place(point.get("lat"), point.get("lon"))
        if here is not None:
            self._move(here, elapsed_s)

    def _pass(self, moment: datetime) -> float | None:
        """The seconds since the point before in this segment, None for the first after a break."""
        if moment.tzinfo is None:
            self.is_without_zone = True
            moment = moment.replace(tzinfo=UTC)
        elapsed_s = None if self._time is None else max((moment - self._time).total_seconds(), 0.0)
        if elapsed_s is not None and self._is_break(elapsed_s):
            elapsed_s = self._place = None
        if elapsed_s is None:
            self.n_segments += 1
        else:
            self.within_segments_s += elapsed_s
        self._time = moment
        self.first = moment if self.first is None else min(self.first, moment)
        self.last = moment if self.last is None else max(self.last, moment)
        return elapsed_s

    def _is_break(self, elapsed_s: float) -> bool:
        is_break = elapsed_s > BREAK_S and elapsed_s * self.n_intervals > BREAK_INTERVALS * self.intervals_s
        self.n_intervals += 1
        self.intervals_s += elapsed_s
        return is_break and self.n_intervals > BREAK_INTERVALS

    def _move(self, here: tuple[float, float], elapsed_s: float | None) -> None:
        """Adds the way from the place before, on a sphere."""
        self.start = self.start or here
        north, east = radians(here[0]), radians(here[1])
        cos_north = cos(north)
        if self._place is not None:
            north_before, east_before, cos_before = self._place
            chord = sin((north - north_before) / 2) ** 2 + cos_north * cos_before * sin((east - east_before) / 2) ** 2
            metres = 2 * _EARTH_RADIUS_M * asin(min(sqrt(chord), 1.0))
            if elapsed_s is not None and metres > ABSURD_SPEED_M_S * max(elapsed_s, 1.0):
                self.n_jumps += 1
            else:
                self.distance += metres
        self._place = (north, east, cos_north)

    @property
    def ascent(self) -> float | None:
        """The metres climbed; None where the heights do not tell."""
        is_known = self.climb.n_points > 1 and self.climb.n_points >= SHARE_WITH_HEIGHT * self.n_points
        return round(self.climb.ascent, 1) if is_known and not self.climb.is_broken else None


@dataclass
class _Rows:
    """What a file gave so far."""

    is_apple_route: bool = False
    activities: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    n_by_speed: int = 0
    n_jumps: int = 0
    is_without_zone: bool = False

    def add(self, track: _Track) -> None:
        """The track as a row or a problem; nothing for one without points."""
        if track.n_points:
            try:
                self.activities.append(self._activity(track))
            except UnreadableError as reason:
                self.problems.append(reason.problem(track.row))

    def _activity(self, track: _Track) -> dict[str, Any]:
        if track.first is None or track.last is None:
            advice = "a planned route, or a recording whose times were removed: it does not say when; nothing to do"
            raise UnreadableError("no_times", track.type or "track", advice, is_expected=True)
        stated = _kind(track.type)
        kind = self._kind_by_speed(track) if stated is None else stated
        elapsed_s = (track.last - track.first).total_seconds()
        latitude, longitude = track.start or (None, None)
        self.n_jumps += track.n_jumps
        self.is_without_zone |= track.is_without_zone
        return {
            "row": track.row,
            "kind": kind,
            "logged_as": excerpt(track.type) if stated else "unknown",
            **start_columns(track.first),
            "distance": round(track.distance, 1) if track.start else None,
            "distance_unit": "m" if track.start else None,
            "duration_s": track.within_segments_s if track.n_segments > 1 else None,
            "elapsed_s": elapsed_s,
            "ascent": track.ascent,
            "is_indoor": True if kind == "run" and not _words()["indoor"].isdisjoint(_parts(track.type)) else None,
            "latitude": latitude,
            "longitude": longitude,
        }

    def _kind_by_speed(self, track: _Track) -> str:
        if self.is_apple_route:
            advice = "a workout's route names no sport: import the whole export, its export.xml lists the workout"
            raise UnreadableError("route_of_a_workout", "route", advice, is_expected=True)
        slowest, fastest = RUNNING_SPEED_M_S
        is_run = slowest * track.within_segments_s <= track.distance <= fastest * track.within_segments_s
        if not is_run or not track.distance:
            return "other"
        self.n_by_speed += 1
        return "run"

    def said(self) -> tuple[str, ...]:
        """What an operator may want to know."""
        slowest, fastest = RUNNING_SPEED_M_S
        notices = {
            f"no sport is stated for {self.n_by_speed} of the tracks: taken as runs by their mean speed, "
            f"{slowest:g} to {fastest:g} m/s": self.n_by_speed,
            f"{self.n_jumps} steps of more than {ABSURD_SPEED_M_S:g} m/s are not counted as distance": self.n_jumps,
            "times without a zone are taken as UTC, as GPX prescribes": self.is_without_zone,
            "holds no recorded track": not self.activities and not self.problems,
        }
        return tuple(notice for notice, is_so in notices.items() if is_so)


def recognises(file: SourceFile) -> bool:
    """Whether the outermost element is <gpx>, and something of GPX follows."""
    head = file.head.replace(b"\0", b"")
    return file.xml_root == "gpx" and (b"topografix" in head or b"trkpt" in head or b"<trk" in head)


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of activities for each file, in order."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    stream = XmlStream(file, containers=("gpx", "trk", "trkseg"), records=("trkpt", "type"))
    rows, track, n_tracks = _Rows(), None, 0
    for event, name, element in stream:
        if name == "gpx":
            rows.is_apple_route = element.get("creator") == _APPLE_ROUTE
        elif name == "trk" and event == START:
            n_tracks += 1
            track = _Track(n_tracks)
        elif track is None:
            continue
        elif name == "trkpt":
            track.add(element)
        elif name == "trkseg":
            track.begin_segment()
        elif name == "trk":
            rows.add(track)
            track = None
        elif element.getparent().tag.rpartition("}")[2] == "trk":
            track.type = (element.text or "").strip()
    if track is not None:
        rows.add(track)
    if stream.damage and not (rows.activities or rows.problems):
        return RawLog(READER, SOURCE, error=f"{file.name}: {stream.damage}")
    activities = frame(rows.activities, ACTIVITIES)
    return RawLog(READER, SOURCE, activities, problems=tuple(rows.problems), warnings=rows.said(), damage=stream.damage)


def _kind(sport: str) -> str | None:
    """run, strength or other; None for words that say nothing."""
    parts, words = _parts(sport), _words()
    if parts <= words["says_nothing"]:
        return None
    if not words["no_run"].isdisjoint(parts):
        return "other"
    return next((kind for kind in ("run", "strength") if not words[kind].isdisjoint(parts)), "other")


def _parts(sport: str) -> frozenset[str]:
    """The words of a sport's name in small letters, and all of them as one."""
    parts = re.findall(r"[^\W_]+", sport.casefold())
    return frozenset((*parts, "".join(parts)) if parts else ())


@cache
def _words() -> Mapping[str, frozenset[str]]:
    text = resources.files(__package__).joinpath("gpx.toml").read_text(encoding="utf-8")
    return {name: frozenset(words) for name, words in tomllib.loads(text).items()}
