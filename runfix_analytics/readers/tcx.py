"""TCX recordings of any app: one activity an <Activity>, its laps summed. Notes, device and serial number are not read.

TCX knows three sports: a treadmill is Running, strength work is Other. The times of laps include pauses or do not, as
the app likes; where they are shorter than from the start to the last point, they are the time without pauses.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from runfix_analytics.parsing import UnreadableError, excerpt, read_each
from runfix_analytics.rawlog import ACTIVITIES, Problem, RawLog, frame
from runfix_analytics.sourcefile import SourceFile
from runfix_analytics.xml_stream import START, XmlStream, date_time, number, place, start_columns

READER = "tcx"
SOURCE = "tcx"

_ROUNDING_S = 5.0  # laps and points are whole seconds in many files
_RUN = ("running", "run")


@dataclass
class _Activity:
    """One activity: its place in the file, and the sums over its laps and points so far."""

    row: int
    sport: str
    id: datetime | None = None
    lap_start: datetime | None = None
    first: datetime | None = None
    last: datetime | None = None
    laps_s: float = 0.0
    laps_m: float = 0.0
    track_m: float = 0.0
    n_points: int = 0
    place: tuple[float, float] | None = None
    is_without_zone: bool = False
    _lap: datetime | None = None

    def begin_lap(self, start: str | None) -> None:
        self._lap = self._moment(start)
        self.lap_start = self.lap_start or self._lap

    def add_id(self, text: str | None) -> None:
        self.id = self._moment(text)

    def add_lap_time(self, seconds: float) -> None:
        self.laps_s += max(seconds, 0.0)
        if self._lap is not None:
            self._reach(self._lap, seconds)

    def add_point(self, point: Any) -> None:
        self.n_points += 1
        for child in point:
            name = child.tag.rpartition("}")[2]
            if name == "Time":
                moment = self._moment(child.text)
                if moment is not None:
                    self.first = self.first or moment
                    self._reach(moment, 0.0)
            elif name == "DistanceMeters":
                self.track_m = max(self.track_m, number(child.text) or 0.0)
            elif name == "Position" and self.place is None:
                self.place = _place(child)

    def _reach(self, moment: datetime, seconds: float) -> None:
        try:
            end = moment + timedelta(seconds=seconds)
        except OverflowError:
            return
        self.last = end if self.last is None else max(self.last, end)

    def _moment(self, text: str | None) -> datetime | None:
        moment = date_time(text)
        if moment is not None and moment.tzinfo is None:
            self.is_without_zone = True
            return moment.replace(tzinfo=UTC)
        return moment

    def columns(self) -> dict[str, Any]:
        """The activity as a row.

        Raises: UnreadableError where it does not say when it began, or which sport it was.
        """
        start = self.lap_start or self.id or self.first
        if start is None:
            advice = "the file does not say when this was; enter it by hand"
            raise UnreadableError("no_start_time", self.sport or "activity", advice)
        if not self.sport:
            advice = "the file does not say which sport this was; enter it by hand if it was a run"
            raise UnreadableError("no_sport", str(start), advice)
        is_run = self.sport.casefold().replace(" ", "").endswith(_RUN)
        elapsed_s = (self.last - start).total_seconds() if self.last is not None and self.last > start else None
        has_pauses_out = elapsed_s is None or self.laps_s < elapsed_s - _ROUNDING_S
        distance = self.laps_m or self.track_m or None
        latitude, longitude = self.place or (None, None)
        return {
            "row": self.row,
            "kind": "run" if is_run else "other",
            "logged_as": excerpt(self.sport),
            **start_columns(start),
            "distance": distance,
            "distance_unit": "m" if distance else None,
            "duration_s": self.laps_s if self.laps_s and has_pauses_out else None,
            "elapsed_s": elapsed_s,
            "is_indoor": True if is_run and self.n_points and self.place is None else None,
            "latitude": latitude,
            "longitude": longitude,
        }


@dataclass
class _Rows:
    """What a file gave so far."""

    activities: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    is_without_zone: bool = False

    def add(self, activity: _Activity) -> None:
        """The activity as a row or a problem."""
        try:
            self.activities.append(activity.columns())
            self.is_without_zone |= activity.is_without_zone
        except UnreadableError as reason:
            self.problems.append(reason.problem(activity.row))


def recognises(file: SourceFile) -> bool:
    """Whether the outermost element is TCX's."""
    return file.xml_root == "TrainingCenterDatabase"


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of activities for each file, in order."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    records = ("Id", "TotalTimeSeconds", "DistanceMeters", "Trackpoint")
    stream = XmlStream(file, containers=("Activity", "Lap", "Track"), records=records)
    rows, activity, n_activities, is_in_track = _Rows(), None, 0, False
    for event, name, element in stream:
        if name == "Activity":
            if event == START:
                n_activities += 1
                activity = _Activity(n_activities, (element.get("Sport") or "").strip())
            elif activity is not None:
                rows.add(activity)
                activity = None
        elif name == "Track":
            is_in_track = event == START
        elif activity is not None and (name == "Trackpoint" or not is_in_track):
            _add(activity, event, name, element)
    if activity is not None:
        rows.add(activity)
    if stream.damage and not (rows.activities or rows.problems):
        return RawLog(READER, SOURCE, error=f"{file.name}: {stream.damage}")
    warnings = ["times without a zone are taken as UTC, as TCX has them"] if rows.is_without_zone else []
    if not n_activities:
        warnings.append("holds no activity: courses and workouts are plans")
    activities = frame(rows.activities, ACTIVITIES)
    return RawLog(
        READER, SOURCE, activities, problems=tuple(rows.problems), warnings=tuple(warnings), damage=stream.damage
    )


def _add(activity: _Activity, event: str, name: str, element: Any) -> None:
    if name == "Trackpoint":
        activity.add_point(element)
    elif name == "Lap":
        if event == START:
            activity.begin_lap(element.get("StartTime"))
    elif name == "Id":
        activity.add_id(element.text)
    elif name == "TotalTimeSeconds":
        activity.add_lap_time(number(element.text) or 0.0)
    else:
        activity.laps_m += max(number(element.text) or 0.0, 0.0)


def _place(position: Any) -> tuple[float, float] | None:
    texts = {child.tag.rpartition("}")[2]: child.text for child in position}
    return place(texts.get("LatitudeDegrees"), texts.get("LongitudeDegrees"))
