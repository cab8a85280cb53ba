"""Export files of a made-up runner, as the apps write them.

Records in, bytes or text out: nothing is read, and what is random comes from the caller's `random.Random`.
Positions and device serial numbers are never written. Layouts: docs of each format, checked on real exports.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise
from random import Random

from runfix_analytics.fit.encoder import FitMessage, FitValue, encode_fit

_Cells = list[tuple[str, object]]  # one row: (column, value)
UNKNOWN_EXERCISE = (65534, 65535)  # Garmin's "the watch did not know" and "no subtype"
_METRIC, _IMPERIAL = (1000.0, 1.0), (1609.344, 0.3048)  # metres in a unit of distance, of height
_SECONDS_PER_REP = 3

# Our kind of activity → Strava's word, Garmin's word, FIT sport and sub_sport.
_KINDS = {
    "run": ("Run", "Running", 1, 0),
    "trail_run": ("Run", "Trail Running", 1, 3),
    "treadmill_run": ("Run", "Treadmill Running", 1, 1),
    "ride": ("Ride", "Cycling", 2, 0),
    "strength": ("Weight Training", "Strength Training", 10, 20),
}


@dataclass(frozen=True)
class Activity:
    """One run (or ride, or strength session without sets); `start` is aware, in the runner's own zone."""

    start: datetime
    duration_s: int
    distance_m: float = 0.0
    pause_s: int = 0
    ascent_m: int = 0
    heart_rate: int | None = None
    rpe: int | None = None
    kind: str = "run"
    title: str = ""
    note: str = ""

    @property
    def elapsed_s(self) -> int:
        """Seconds from start to stop, pauses included."""
        return self.duration_s + self.pause_s


@dataclass(frozen=True)
class StrengthSet:
    """One set; weight in the unit of the log. `guesses`: Garmin (category, subtype) pairs, the likeliest first."""

    exercise: str
    reps: int | None = None
    seconds: int | None = None
    weight: float = 0.0
    is_warmup: bool = False
    rest_s: int = 0
    rpe: float | None = None
    guesses: tuple[tuple[int, int], ...] = (UNKNOWN_EXERCISE,)

    @property
    def duration_s(self) -> int:
        """Seconds under load: as held, else from the repetitions."""
        return self.seconds or (self.reps or 0) * _SECONDS_PER_REP


@dataclass(frozen=True)
class Workout:
    """One strength session.

    `is_planned`: the watch was told the exercises and writes their titles; `has_rest_timer`: Strong writes its rests.
    """

    start: datetime
    title: str
    sets: tuple[StrengthSet, ...]
    note: str = ""
    is_planned: bool = False
    has_rest_timer: bool = False

    @property
    def duration_s(self) -> int:
        """Seconds from the first set to the last rest."""
        return sum(one.duration_s + one.rest_s for one in self.sets)


@dataclass(frozen=True)
class AcheAnswer:
    """One answer of the ache form; the columns are these fields. No site and pain 0 = "no aches"."""

    runner: str
    report_id: str
    date_reported: date
    onset_date: date | None = None
    onset_type: str = ""
    site: str = ""
    side: str = ""
    pain_now_0_10: int = 0
    pain_worst_0_10: int = 0
    pain_during_run: bool | None = None
    pain_after_run: bool | None = None
    pain_next_morning: bool | None = None
    pain_at_rest: bool | None = None
    pain_at_night: bool | None = None
    pain_during_exercises: bool | None = None
    exercise_that_hurt: str = ""
    focal_bone_tenderness: bool | None = None
    affects_training: str = "full"
    days_lost: int | None = None
    status: str = ""
    resolved_date: date | None = None
    linked_report_id: str = ""
    ill: bool | None = None
    ostrc_q1: int | None = None
    ostrc_q2: int | None = None
    ostrc_q3: int | None = None
    ostrc_q4: int | None = None
    notes: str = ""


@dataclass(frozen=True)
class SheetRow:
    """One row of a strength sheet kept by hand; exercise "none" = trained nothing that day."""

    date: date
    exercise: str
    sets: int | None = None
    reps: int | None = None
    seconds: int | None = None
    weight: float | None = None
    side: str = ""
    rir: int | None = None
    notes: str = ""


def run_fit(run: Activity, rng: Random) -> bytes:
    """A watch's file of one run: one session, one lap and a record a minute; no positions."""
    return encode_fit(_activity_file(run, list(_records(run, rng))))


def strength_fit(workout: Workout) -> bytes:
    """A watch's file of one strength session: active and rest sets; every set's timestamp is the session's start."""
    whole = Activity(workout.start, workout.duration_s, kind="strength", title=workout.title)
    titles = [("exercise_title", _title(i, one)) for i, one in enumerate(workout.sets) if workout.is_planned]
    return encode_fit(_activity_file(whole, [*titles, *_sets(workout)]))


def _activity_file(whole: Activity, inside: list[FitMessage]) -> Iterator[FitMessage]:
    end = whole.start + timedelta(seconds=whole.elapsed_s)
    _, _, sport, sub_sport = _KINDS[whole.kind]
    summary: dict[str, FitValue] = {
        "timestamp": end, "message_index": 0, "event": 9, "event_type": 1, "start_time": whole.start,
        "total_elapsed_time": whole.elapsed_s, "total_timer_time": whole.duration_s,
        "total_distance": whole.distance_m or None, "avg_heart_rate": whole.heart_rate,
        "total_ascent": whole.ascent_m if whole.distance_m else None,
    }  # fmt: skip
    yield "file_id", {"type": 4, "manufacturer": 1, "time_created": whole.start}
    yield "sport", {"sport": sport, "sub_sport": sub_sport, "name": whole.title}
    yield "event", {"timestamp": whole.start, "event": 0, "event_type": 0}
    yield from inside
    yield "event", {"timestamp": end, "event": 0, "event_type": 4}
    yield "lap", summary
    kind: dict[str, FitValue] = {"sport": sport, "sub_sport": sub_sport, "first_lap_index": 0, "num_laps": 1}
    effort: dict[str, FitValue] = {"workout_rpe": whole.rpe * 10} if whole.rpe else {}
    yield "session", summary | kind | effort
    local = end.replace(tzinfo=None)
    ending: dict[str, FitValue] = {"num_sessions": 1, "type": 0, "event": 26, "event_type": 1, "local_timestamp": local}
    yield "activity", {"timestamp": end, "total_timer_time": whole.duration_s, **ending}


def _records(run: Activity, rng: Random) -> Iterator[FitMessage]:
    """One record a minute of moving time; a pause, if any, is half-way."""
    moving = [*range(0, run.duration_s, 60), run.duration_s]
    steps = [rng.uniform(0.93, 1.07) * (after - before) for before, after in pairwise(moving)]
    covered = [0.0, *accumulate(steps)]
    for second, part in zip(moving, covered, strict=True):
        pause_s = run.pause_s if second > run.duration_s / 2 else 0
        warming_up = max(0, 20 - second // 30)
        heart_rate = None if run.heart_rate is None else run.heart_rate - warming_up + rng.randint(-4, 5)
        at = run.start + timedelta(seconds=second + pause_s)
        yield "record", {"timestamp": at, "distance": run.distance_m * part / covered[-1], "heart_rate": heart_rate}


def _title(index: int, one: StrengthSet) -> dict[str, FitValue]:
    category, subtype = one.guesses[0]
    names: dict[str, FitValue] = {"exercise_category": category, "exercise_name": subtype}
    return {"message_index": index, **names, "wkt_step_name": one.exercise}


def _sets(workout: Workout) -> Iterator[FitMessage]:
    start, index = workout.start, 0
    for step, one in enumerate(workout.sets):
        categories, subtypes = zip(*one.guesses, strict=True)
        work: dict[str, FitValue] = {
            "repetitions": one.reps, "weight": one.weight, "category": categories, "category_subtype": subtypes,
            "wkt_step_index": step if workout.is_planned else None,
        }  # fmt: skip
        for is_active, seconds in ((1, one.duration_s), (0, one.rest_s)):
            if seconds:
                both: dict[str, FitValue] = {"timestamp": workout.start, "start_time": start, "duration": seconds}
                yield "set", both | {"set_type": is_active, "message_index": index} | (work if is_active else {})
                start, index = start + timedelta(seconds=seconds), index + 1


_STRONG = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE"
_HEVY = (
    '"title","start_time","end_time","description","exercise_title","superset_id","exercise_notes","set_index",'
    '"set_type","weight_kg","reps","distance_km","duration_seconds","rpe"'
)


def strong_csv(workouts: Iterable[Workout]) -> str:
    """Strong's export (iOS, 2020-26): oldest first, weight without a unit, rest timers as rows, local times."""
    lines = [_STRONG]
    for workout in sorted(workouts, key=lambda one: one.start):
        start = f"{workout.start:%Y-%m-%d %H:%M:%S},{_quoted(workout.title)},{_in_words(workout.duration_s)}"
        note = f'"",{_quoted(workout.note)}'
        for order, one in _numbered(workout.sets, first=1):
            logged = f"{one.weight},{one.reps or 0}.0,0,{one.seconds or 0}.0,{note},{_blank(one.rpe)}"
            lines.append(f"{start},{_quoted(one.exercise)},{'W' if one.is_warmup else order},{logged}")
            if workout.has_rest_timer and one.rest_s:
                lines.append(f"{start},{_quoted(one.exercise)},Rest Timer,0,0.0,0,{one.rest_s}.0,,,")
            note = ","
    return "\n".join(lines) + "\n"


def hevy_csv(workouts: Iterable[Workout]) -> str:
    """Hevy's export in kg: newest first, English months, minutes without zone, empty weight for body weight."""
    lines = [_HEVY]
    for workout in sorted(workouts, key=lambda one: one.start, reverse=True):
        times = [workout.start, workout.start + timedelta(seconds=workout.duration_s)]
        start, end = (_quoted(f"{at.day} {at:%b %Y, %H:%M}") for at in times)
        whole = f"{_quoted(workout.title)},{start},{end},{_quoted(workout.note)}"
        for index, one in _numbered(workout.sets, first=0):
            kind = '"warmup"' if one.is_warmup else '"normal"'
            logged = f"{_blank(one.weight or None)},{_blank(one.reps)},,{_blank(one.seconds)},{_blank(one.rpe)}"
            lines.append(f'{whole},{_quoted(one.exercise)},,"",{index},{kind},{logged}')
    return "\n".join(lines) + "\n"


def strava_csv(activities: Iterable[Activity], rng: Random) -> str:
    """activities.csv of Strava's bulk export (a subset of its columns): UTC dates, five headers twice, km and m."""
    return _table(_strava_row(one, rng) for one in sorted(activities, key=lambda one: one.start))


def _strava_row(one: Activity, rng: Random) -> _Cells:
    at, number = one.start.astimezone(UTC), rng.randrange(10**10, 2 * 10**10)
    top, effort = one.heart_rate and one.heart_rate + rng.randint(9, 22), one.duration_s // 40
    speed = one.distance_m / one.duration_s
    day, clock = f"{at:%b} {at.day}, {at.year}", f"{at.hour % 12 or 12}:{at:%M:%S %p}"
    return [
        ("Activity ID", number), ("Activity Date", f"{day}, {clock}"), ("Activity Name", one.title),
        ("Activity Type", _KINDS[one.kind][0]), ("Activity Description", one.note), ("Elapsed Time", one.elapsed_s),
        ("Distance", f"{one.distance_m / 1000:.2f}"), ("Max Heart Rate", top), ("Relative Effort", effort),
        ("Commute", False), ("Activity Private Note", None), ("Activity Gear", None),
        ("Filename", f"activities/{number + 77}.fit.gz"), ("Athlete Weight", None), ("Bike Weight", None),
        ("Elapsed Time", float(one.elapsed_s)), ("Moving Time", float(one.duration_s)),
        ("Distance", round(one.distance_m, 1)), ("Max Speed", round(speed * 1.3, 2)),
        ("Average Speed", round(speed, 3)),
        ("Elevation Gain", float(one.ascent_m)), ("Max Heart Rate", top), ("Average Heart Rate", one.heart_rate),
        ("Calories", one.duration_s // 6), ("Relative Effort", effort), ("Perceived Exertion", one.rpe),
        ("Commute", 0.0), ("From Upload", 1.0),
    ]  # fmt: skip


def garmin_csv(activities: Iterable[Activity], rng: Random, is_imperial: bool = False) -> str:
    """Activities.csv of Garmin Connect's web page: newest first, local times, "--" for nothing.

    Distance, pace and ascent follow the account: km and m, or miles and feet; the file does not say which.
    """
    newest_first = sorted(activities, key=lambda one: one.start, reverse=True)
    return _table(_garmin_row(one, rng, *_IMPERIAL if is_imperial else _METRIC) for one in newest_first)


def _garmin_row(one: Activity, rng: Random, metres_per_unit: float, metres_per_step: float) -> _Cells:
    units, cadence = one.distance_m / metres_per_unit, rng.randint(160, 176)
    top = one.heart_rate and one.heart_rate + rng.randint(9, 22)
    pace, best_pace = (
        _clock(one.duration_s * share / units) if units else None for share in (1, rng.uniform(0.75, 0.9))
    )
    ascent = round(one.ascent_m / metres_per_step) or None
    cells: _Cells = [
        ("Activity Type", _KINDS[one.kind][1]), ("Date", f"{one.start:%Y-%m-%d %H:%M:%S}"), ("Favorite", False),
        ("Title", one.title), ("Distance", f"{units:.2f}"), ("Calories", f"{one.duration_s // 6:,}"),
        ("Time", _clock(one.duration_s, hours=True)), ("Avg HR", one.heart_rate), ("Max HR", top),
        ("Aerobic TE", round(rng.uniform(2.2, 3.9), 1)), ("Avg Run Cadence", cadence), ("Max Run Cadence", cadence + 9),
        ("Avg Pace", pace), ("Best Pace", best_pace), ("Total Ascent", ascent), ("Total Descent", ascent),
        ("Avg Stride Length", None), ("Training Stress Score®", 0.0), ("Steps", f"{one.duration_s * cadence // 60:,}"),
        ("Decompression", "No"), ("Best Lap Time", None), ("Number of Laps", 1),
        ("Moving Time", _clock(one.duration_s, hours=True)), ("Elapsed Time", _clock(one.elapsed_s, hours=True)),
        ("Min Elevation", None), ("Max Elevation", None),
    ]  # fmt: skip
    return [(name, "--" if value is None else value) for name, value in cells]


def ache_form_csv(answers: Iterable[AcheAnswer]) -> str:
    """Answers of the ache form, as given."""
    return _table(_cells_of(one) for one in answers)


def strength_sheet_csv(rows: Iterable[SheetRow]) -> str:
    """A strength sheet kept by hand, as given."""
    return _table(_cells_of(one) for one in rows)


def _cells_of(record: AcheAnswer | SheetRow) -> _Cells:
    return [(column.name, getattr(record, column.name)) for column in fields(record)]


def _table(rows: Iterable[_Cells]) -> str:
    """A comma-separated table whose header is the names of the first row's cells; no rows, no text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for index, row in enumerate(rows):
        if index == 0:
            writer.writerow([name for name, _ in row])
        writer.writerow([_blank(value) for _, value in row])
    return text.getvalue()


def _blank(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _numbered(sets: Iterable[StrengthSet], first: int) -> Iterator[tuple[int, StrengthSet]]:
    """Sets with their place among the sets of their exercise; Strong's warm-ups keep the count of working sets."""
    seen: dict[str, int] = {}
    for one in sets:
        yield seen.setdefault(one.exercise, first), one
        seen[one.exercise] += not (one.is_warmup and first)


def _in_words(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}h {minutes}m" if hours else f"{minutes}m"


def _clock(seconds: float, hours: bool = False) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
