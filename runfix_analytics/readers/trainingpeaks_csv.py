"""TrainingPeaks' workouts.csv: one row a workout, planned or done, with its day and without its time of day."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from runfix_analytics.parsing import ISO_SHAPE, Line, UnreadableError, columns_of, parse_export, read_each
from runfix_analytics.rawlog import ACTIVITIES, RawLog, frame
from runfix_analytics.sourcefile import Row, SourceFile

READER = "trainingpeaks_csv"
SOURCE = "trainingpeaks"

_KINDS = {"run": "run", "strength": "strength"}
_NO_TIMES = (
    "the export states days without times: a run that another export holds as well cannot be told to be the same"
)


def recognises(file: SourceFile) -> bool:
    """Whether the header has `WorkoutDay`, `WorkoutType` and `TimeTotalInHours`."""
    return {"workoutday", "workouttype", "timetotalinhours"} <= columns_of(file)


def read(files: Iterable[SourceFile]) -> Iterator[RawLog]:
    """One RawLog of activities for each file, in order; the clock time is midnight, only the day counts."""
    return read_each(files, _read, READER, SOURCE)


def _read(file: SourceFile) -> RawLog:
    parsed = parse_export(file, _workout, partial(_without_title, place=file.sheet.column("Title")))
    activities = frame(parsed.rows, ACTIVITIES)
    warnings = (_NO_TIMES,) if "run" in activities["kind"] else ()
    return RawLog(READER, SOURCE, activities, problems=parsed.problems, warnings=warnings, damage=parsed.damage)


def _without_title(row: Row, place: int | None) -> Row:
    """The row without its title, which may be the cell that a problem would quote."""
    cells = tuple("" if i == place else cell for i, cell in enumerate(row.cells))
    return Row(row.number, cells)


def _workout(line: Line) -> list[dict[str, Any]]:
    logged_as = line.text("workouttype")
    distance, hours = line.number("distanceinmeters"), line.number("timetotalinhours")
    if not distance and not hours:
        advice = "planned and not done; nothing to do"
        raise UnreadableError("not_done", logged_as or line.text("workoutday"), advice, is_expected=True)
    return [
        {
            "kind": _KINDS.get(logged_as.casefold(), "other"),
            "logged_as": logged_as or None,
            "start_local": line.moment("workoutday", ISO_SHAPE).replace(hour=0, minute=0, second=0),
            "distance": distance,
            "distance_unit": None if distance is None else "m",
            "duration_s": None if hours is None else hours * 3600,
            "rpe": line.number("rpe"),
        }
    ]
