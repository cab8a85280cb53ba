"""intervals.icu's activities, as CSV or as the API's JSON: metres, seconds, the runner's wall clock and mostly UTC."""

from collections.abc import Iterable, Iterator
from typing import Any

from runfix_analytics.errors import ReadError
from runfix_analytics.parsing import (
    ISO_SHAPE,
    Line,
    UnreadableError,
    columns_of,
    parse_export,
    parse_records,
    read_each,
)
from runfix_analytics.rawlog import ACTIVITIES, RawLog, frame
from runfix_analytics.sourcefile import SourceFile

READER = "intervals_icu"
SOURCE = "intervals"

_RUNS = frozenset({"run", "trailrun", "virtualrun", "treadmill"})
_STRENGTH = frozenset({"weighttraining", "crossfit"})
_INDOOR = frozenset({"virtualrun", "treadmill"})


def recognises(file: SourceFile) -> bool:
    """Whether it has `id`, `start_date_local` and a name that begins with `icu_`: Strava's API has all but that."""
    return _has_names(columns_of(file)) or bool(_records(file))


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of activities for each file, in order."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    records = _records(file)
    parsed = parse_records(records, _activity) if records else parse_export(file, _activity)
    return RawLog(READER, SOURCE, frame(parsed.rows, ACTIVITIES), problems=parsed.problems, damage=parsed.damage)


def _has_names(names: Iterable[object]) -> bool:
    known = {str(name).casefold() for name in names}
    return {"id", "start_date_local"} <= known and any(name.startswith("icu_") for name in known)


def _records(file: SourceFile) -> list[Any]:
    """The API's list of activities, one alone included; empty for anything else."""
    try:
        content = file.json
    except ReadError:
        return []
    records = content if isinstance(content, list) else [content]
    first = next((record for record in records if isinstance(record, dict)), {})
    return records if _has_names(first) else []


def _activity(line: Line) -> list[dict[str, Any]]:
    logged_as = line.text("type")
    sport = logged_as.casefold()
    distance = line.number("distance")
    if not line.text("start_date_local"):
        raise UnreadableError("no_date", line.text("id"), 'the activity has no "start_date_local"')
    times: dict[str, Any] = line.started("start_date_local", ISO_SHAPE)
    if not sport and distance is None and line.number("moving_time") is None:
        advice = "intervals.icu may not hand on what came from Strava; export this activity from Strava"
        raise UnreadableError("blanked_activity", line.text("id"), advice)
    if line.text("start_date"):
        times = {**line.started("start_date", ISO_SHAPE), "start_local": times.get("start_local")}
    is_run = sport in _RUNS
    return [
        {
            "kind": "run" if is_run else "strength" if sport in _STRENGTH else "other",
            "logged_as": logged_as or None,
            "activity_id": line.text("id") or None,
            **times,
            "distance": distance,
            "distance_unit": None if distance is None else "m",
            "duration_s": line.number("moving_time"),
            "elapsed_s": line.number("elapsed_time"),
            "ascent": line.number("total_elevation_gain"),
            "rpe": line.number("icu_rpe", "perceived_exertion") or None,
            "is_indoor": (is_run and (sport in _INDOOR or line.text("trainer").casefold() == "true")) or None,
        }
    ]
