"""Apple Health's export.xml: one activity a <Workout>, of 0.1 to 3 GB of which the rest is passed over.

Times are written with the offset of the phone that exported, so they are instants; the wall clock is told only by a
workout's own time zone (HKTimeZone). Units stand in each record. A workout that two apps wrote comes twice.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from runfix_analytics.parsing import UnreadableError, excerpt, iso_start, parse_rows, read_each
from runfix_analytics.rawlog import ACTIVITIES, RawLog, frame
from runfix_analytics.sourcefile import SourceFile
from runfix_analytics.xml_stream import XmlStream, number

READER = "apple_health"
SOURCE = "apple_health"

_TYPE = "HKWorkoutActivityType"
_DISTANCE = "HKQuantityTypeIdentifierDistance"
_ON_FOOT = f"{_DISTANCE}WalkingRunning"
_KINDS = {
    "Running": "run",
    "TraditionalStrengthTraining": "strength",
    "FunctionalStrengthTraining": "strength",
    "CoreTraining": "strength",
}
_METRES = {"m": 1.0, "cm": 0.01, "km": 1000.0, "mi": 1609.344, "yd": 0.9144, "ft": 0.3048}
_SECONDS = {"s": 1.0, "sec": 1.0, "min": 60.0, "hr": 3600.0, "h": 3600.0, "ms": 0.001}
_KEPT_UNITS = ("km", "mi")
_YES_NO = {"1": True, "0": False}


@dataclass
class _Workout:
    """What a <Workout> says: its attributes, metadata, distances (type → sum, unit) and the file of its route.

    `recorded_by` is the number of the app that wrote it: the name may be a person's ("Ann's Watch").
    """

    attributes: Mapping[str, str]
    recorded_by: str
    metadata: dict[str, str] = field(default_factory=dict)
    distances: dict[str, tuple[str, str]] = field(default_factory=dict)
    route: str | None = None

    @classmethod
    def of(cls, element: Any, apps: dict[str, str]) -> "_Workout":
        app = apps.setdefault(element.get("sourceName", ""), str(len(apps) + 1))
        workout = cls({name: value.strip() for name, value in element.attrib.items()}, app)
        for child in element:
            name = child.tag.rpartition("}")[2]
            if name == "MetadataEntry":
                workout.metadata[child.get("key", "")] = child.get("value", "").strip()
            elif name == "WorkoutStatistics" and child.get("type", "").startswith(_DISTANCE):
                workout.distances[child.get("type")] = (child.get("sum", "").strip(), child.get("unit", "").strip())
            elif name == "WorkoutRoute":
                paths = (part.get("path") for part in child if part.tag.rpartition("}")[2] == "FileReference")
                workout.route = workout.route or next(filter(None, paths), None)
        return workout

    def columns(self) -> Iterator[dict[str, Any]]:
        """The workout as one row.

        Raises: UnreadableError for a start, a number or a unit that cannot be read.
        """
        sport = self._text("workoutActivityType").removeprefix(_TYPE)
        start = self._instant("startDate")
        end = self._instant("endDate") if self._text("endDate") else None
        distance, unit = self._distance()
        yield {
            "kind": _KINDS.get(sport, "other"),
            "logged_as": excerpt(sport) or "unknown",
            "start_at": start,
            "start_local": _wall_clock(start, self.metadata.get("HKTimeZone", "")),
            "distance": distance,
            "distance_unit": unit,
            "duration_s": _amount(self._text("duration"), self._text("durationUnit") or "min", _SECONDS),
            "elapsed_s": (end - start).total_seconds() if end is not None and end >= start else None,
            "ascent": _climb(self.metadata.get("HKElevationAscended", "")),
            "is_indoor": _YES_NO.get(self.metadata.get("HKIndoorWorkout", "")),
            "recording": self.route.lstrip("/") if self.route else None,
            "recorded_by": self.recorded_by,
        }

    def _text(self, name: str) -> str:
        return self.attributes.get(name, "")

    def _instant(self, name: str) -> datetime:
        text = self._text(name)
        found = (iso_start(text) or {}).get("start_at")
        if found is None:
            advice = f"{name} must be a time such as 2026-03-04 07:00:00 +0100; export again from the phone"
            raise UnreadableError("bad_date" if text else "no_date", text or self._text("workoutActivityType"), advice)
        return found

    def _distance(self) -> tuple[float | None, str | None]:
        """The distance and its unit: of the newer statistics, on foot first, else of the older attributes."""
        of_all = next(iter(self.distances.values()), (self._text("totalDistance"), self._text("totalDistanceUnit")))
        text, unit = self.distances.get(_ON_FOOT, of_all)
        if unit in _KEPT_UNITS:
            return _amount(text, unit, dict.fromkeys(_KEPT_UNITS, 1.0)), unit if text else None
        return _amount(text, unit, _METRES), "m" if text else None


def recognises(file: SourceFile) -> bool:
    """Whether the outermost element is Apple Health's."""
    return file.xml_root == "HealthData"


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of activities for each file, in order."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    stream = XmlStream(file, records=("Workout",))
    apps: dict[str, str] = {}
    workouts = enumerate((_Workout.of(element, apps) for _, _, element in stream), start=1)
    parsed = parse_rows(workouts, _Workout.columns)
    if stream.damage and not (parsed.rows or parsed.problems):
        return RawLog(READER, SOURCE, error=f"{file.name}: {stream.damage}")
    warnings = () if parsed.rows or parsed.problems else ("holds no workout",)
    activities = frame(parsed.rows, ACTIVITIES)
    return RawLog(READER, SOURCE, activities, problems=parsed.problems, warnings=warnings, damage=stream.damage)


def _climb(text: str) -> float | None:
    """The metres of "4200 cm"; None for anything that is no length, since a workout is no worse for it."""
    amount, _, unit = text.partition(" ")
    value = number(amount)
    return None if value is None or unit not in _METRES else round(value * _METRES[unit], 3)


def _amount(text: str, unit: str, units: Mapping[str, float]) -> float | None:
    """The amount in metres or seconds, None if there is none.

    Raises: UnreadableError for text that is no number, and for an unknown unit.
    """
    if not text:
        return None
    value = number(text)
    if value is None:
        raise UnreadableError("bad_number", text, "a workout's distance and time must be numbers")
    if unit.casefold() not in units:
        raise UnreadableError("unknown_unit", f"{text} {unit}", f"expected one of {', '.join(units)}")
    return round(value * units[unit.casefold()], 6)


@cache
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return None


def _wall_clock(start: datetime, zone_name: str) -> datetime | None:
    """The time in the workout's own zone; None where it names none that is known."""
    zone = _zone(zone_name)
    try:
        return None if zone is None else start.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return None
