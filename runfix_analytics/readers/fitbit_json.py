"""Fitbit's exercises: `exercise-0.json` and so on of the account export, or the API's list of activity logs.

The export writes month/day/year in UTC, without saying so; the API writes the offset. Elevation has no stated unit and
is not read.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from runfix_analytics.errors import ReadError
from runfix_analytics.parsing import ISO_SHAPE, Line, parse_records
from runfix_analytics.rawlog import ACTIVITIES, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "fitbit_json"
SOURCE = "fitbit"

_NAMES = frozenset({"logId", "activityName", "startTime"})
_US_SHAPE = re.compile(r"(?P<month>\d\d)/(?P<day>\d\d)/(?P<year>\d\d) (?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)")
_RUN = re.compile(r"(?:(?:outdoor|trail|treadmill|indoor) )?(?:run|running|jogging)|treadmill")
_INDOOR = re.compile(r"treadmill|indoor")
_STRENGTH = frozenset({"weights", "weightlifting", "weight lifting", "strength training", "core training"})
_UNITS = {"kilometer": "km", "kilometers": "km", "mile": "mi", "miles": "mi", "meter": "m", "meters": "m"}


def recognises(file: SourceFile) -> bool:
    """Whether its first record has Fitbit's `logId`, `activityName` and `startTime`."""
    return bool(_records(file))


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of activities for each file, in order."""
    for file in files:
        records = _records(file)
        if not records:
            yield RawLog(READER, SOURCE, error=f"{file.name}: is no whole list of Fitbit exercises; export it again")
            continue
        parsed = parse_records(records, _activity)
        activities = frame(parsed.rows, ACTIVITIES)
        is_unsaid = activities["start_local"].null_count() > 0
        warnings = ("times such as 03/02/26 17:05:00 are read as UTC, as the account export writes them",)
        yield RawLog(READER, SOURCE, activities, problems=parsed.problems, warnings=warnings if is_unsaid else ())


def _records(file: SourceFile) -> list[Any]:
    try:
        content = file.json
    except ReadError:
        return []
    records = content.get("activities") if isinstance(content, dict) else content
    records = records if isinstance(records, list) else []
    first = next((record for record in records if isinstance(record, dict)), {})
    return records if first.keys() >= _NAMES else []


def _activity(line: Line) -> list[dict[str, Any]]:
    logged_as = line.text("activityname")
    sport = logged_as.casefold()
    is_run = bool(_RUN.fullmatch(sport))
    distance = line.number("distance")
    active, total = line.number("activeduration"), line.number("duration")
    return [
        {
            "kind": "run" if is_run else "strength" if sport in _STRENGTH else "other",
            "logged_as": logged_as or None,
            "activity_id": line.text("logid").removesuffix(".0") or None,
            **_started(line),
            "distance": distance,
            "distance_unit": None if distance is None else _UNITS.get(line.text("distanceunit").casefold()),
            "duration_s": _seconds(total if active is None else active),
            "elapsed_s": _seconds(total),
            "is_indoor": True if is_run and _INDOOR.search(sport) else None,
        }
    ]


def _started(line: Line) -> dict[str, Any]:
    text = line.text("starttime")
    found = _US_SHAPE.fullmatch(text)
    if found is None:
        return dict(line.started("starttime", ISO_SHAPE))
    iso = "20{year}-{month}-{day} {hour}:{minute}:{second}".format(**found.groupdict())
    return {"start_at": Line(line.row, {"starttime": iso}).moment("starttime", ISO_SHAPE).replace(tzinfo=UTC)}


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
