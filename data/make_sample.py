"""Writes data/sample: twelve made-up runners over thirty weeks, one story each. Nobody in it is real.

    python data/make_sample.py [--out data/sample]

Every run of this script writes the same bytes: each runner has a generator of their own, seeded by their name, so a
changed story changes one inbox only. Which case of the method each story shows: data/README.md.
"""

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from runfix_analytics.sample_files import (
    UNKNOWN_EXERCISE,
    AcheAnswer,
    Activity,
    SheetRow,
    StrengthSet,
    Workout,
    ache_form_csv,
    garmin_csv,
    hevy_csv,
    run_fit,
    strava_csv,
    strength_fit,
    strength_sheet_csv,
    strong_csv,
)

SEED = "runfix sample squad 2026"
FIRST_DAY, LAST_DAY = date(2026, 3, 30), date(2026, 10, 25)  # Monday of the first, Sunday of the thirtieth week
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
BUILD = (0.92, 1.0, 1.06, 0.74)  # three weeks up, one back
MISSED_RUNS = 0.06
REST_S = 75

Files = dict[str, str | bytes]
Span = tuple[date, date]


@dataclass(frozen=True)
class Runner:
    """One row of runners.csv, and the story that fills the inbox."""

    name: str
    story: "Story"
    time_zone: str = "Europe/Berlin"
    units: str = "metric"
    equipment: str = ""
    active_from: str = ""
    active_to: str = ""
    strength_log: str = "partial"

    @property
    def runner_id(self) -> str:
        """Eight letters and digits, none of which looks like another: nothing of the name can be read from them."""
        return "".join(Random(f"{SEED} id {self.name}").choices("abcdefghjkmnpqrstuvwxyz23456789", k=8))

    @property
    def rng(self) -> Random:
        """A fresh generator, the same one in every run of the script."""
        return Random(f"{SEED} {self.name}")

    def at(self, day: date, hour: float) -> datetime:
        """A moment of the runner's own clock."""
        midnight = datetime.combine(day, time(), ZoneInfo(self.time_zone))
        return midnight + timedelta(hours=hour)


Story = Callable[[Runner, Random], Files]


@dataclass(frozen=True)
class Habit:
    """How a runner runs: easy runs on some weekdays, a long one at the weekend. Hours are of the runner's clock."""

    easy_days: tuple[int, ...]
    easy_km: float
    long_km: float
    pace_s: int
    hour: float = 18.25
    long_day: int = SUN
    long_hour: float = 9.5
    heart_rate: int = 144
    hills_m_per_km: float = 6.0
    long_kind: str = "run"
    tells_effort: bool = False


@dataclass(frozen=True)
class Move:
    """One exercise of a session: how often, how long or how heavy; `garmin` as the watch numbers it."""

    exercise: str
    reps: int | None = 10
    seconds: int | None = None
    weight: float = 0.0
    rounds: tuple[int, int] = (2, 3)
    garmin: tuple[int, int] = UNKNOWN_EXERCISE


def days(first: date = FIRST_DAY, last: date = LAST_DAY, on: Iterable[int] = range(7)) -> Iterator[date]:
    """The days from first to last that fall on some weekdays."""
    wanted = set(on)
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return (day for day in every if day.weekday() in wanted)


def within(day: date, span: Span) -> bool:
    """Whether a day lies in a span, both ends included."""
    return span[0] <= day <= span[1]


def running(
    who: Runner,
    habit: Habit,
    first: date = FIRST_DAY,
    last: date = LAST_DAY,
    eased: Mapping[Span, float] | None = None,
    exact_km: Mapping[date, float] | None = None,
) -> list[Activity]:
    """The runs of some weeks: building up with cut-back weeks, some missed, eased (0 = none) while something hurts."""
    rng, exact_km, found = who.rng, exact_km or {}, []
    for day in days(first, last, on=(*habit.easy_days, habit.long_day)):
        week = (day - FIRST_DAY).days // 7
        is_long = day.weekday() == habit.long_day
        km = (habit.long_km if is_long else habit.easy_km) * (1 + 0.008 * week) * BUILD[week % 4]
        km *= rng.uniform(0.97, 1.03) if is_long else rng.uniform(0.82, 1.15)
        for span, share in (eased or {}).items():
            km *= share if within(day, span) else 1
        is_missed = rng.random() < MISSED_RUNS and day not in exact_km
        run = one_run(who, habit, rng, day, exact_km.get(day, km), is_long)
        if km and not is_missed:
            found.append(run)
    return found


def one_run(who: Runner, habit: Habit, rng: Random, day: date, km: float, is_long: bool) -> Activity:
    """One run of about so many kilometres: long ones a little slower, some with a stop at the lights."""
    start = who.at(day, (habit.long_hour if is_long else habit.hour) + rng.uniform(-0.35, 0.35))
    duration_s = round(km * (habit.pace_s + (12 if is_long else 0)) * rng.uniform(0.96, 1.05))
    parts_of_day = ((11, "Morning"), (14, "Lunch"), (17, "Afternoon"), (24, "Evening"))
    part_of_day = next(name for hour, name in parts_of_day if start.hour < hour)
    return Activity(
        start=start.replace(microsecond=0),
        duration_s=duration_s,
        distance_m=round(km * 1000 + rng.uniform(-30, 30), 1),
        pause_s=rng.choice((0, 0, 0, 35, 80, 190)),
        ascent_m=round(km * habit.hills_m_per_km * rng.uniform(0.6, 1.5)),
        heart_rate=habit.heart_rate + rng.randint(-6, 9),
        rpe=rng.choice((3, 4, 4, 5)) + 2 * is_long if habit.tells_effort and rng.random() < 0.7 else None,
        kind=habit.long_kind if is_long else "run",
        title="Long Run" if is_long else f"{part_of_day} Run",
    )


def session_days(rng: Random, on: Iterable[int], last: date, missed: float, first: date = FIRST_DAY) -> list[date]:
    """The days of strength sessions: some weekdays, a share of them missed, but never the newest one."""
    planned = list(days(first, last, on))
    return [day for day in planned if rng.random() >= missed or day == planned[-1]]


def workout(who: Runner, rng: Random, day: date, moves: Iterable[Move], hour: float = 19.0) -> Workout:
    """One session of the given moves; loads creep up over the season, the effort is not logged."""
    sets: list[StrengthSet] = []
    for move in moves:
        weight = round(move.weight * (1 + 0.008 * ((day - FIRST_DAY).days // 7)) * 2) / 2
        for _ in range(rng.randint(*move.rounds)):
            reps = None if move.reps is None else move.reps + rng.choice((-1, 0, 0, 0, 1, 2))
            seconds = None if move.seconds is None else move.seconds + rng.choice((-5, 0, 0, 5))
            sets.append(StrengthSet(move.exercise, reps, seconds, weight, rest_s=REST_S, guesses=(move.garmin,)))
    start = who.at(day, hour + rng.uniform(-0.4, 0.4)).replace(microsecond=0)
    return Workout(start, "Evening Workout" if hour > 17 else "Morning Workout", tuple(sets))


def first_answer(
    on: date, noticed: date, where: tuple[str, str], pain: tuple[int, int], training: str, notes: str = ""
) -> AcheAnswer:
    """The first answer about an ache that came gradually and is felt during and after runs; every other flag a no."""
    return AcheAnswer(
        runner="", report_id="", date_reported=on, onset_date=noticed, onset_type="gradual",
        site=where[0], side=where[1], pain_now_0_10=pain[0], pain_worst_0_10=pain[1],
        pain_during_run=True, pain_after_run=True, pain_next_morning=False, pain_at_rest=False, pain_at_night=False,
        pain_during_exercises=False, focal_bone_tenderness=False, affects_training=training, notes=notes,
    )  # fmt: skip


def ache(first: AcheAnswer, *later: tuple[int, int, str], resolved: date | None = None) -> list[AcheAnswer]:
    """Weekly answers about one ache: `later` holds pain now, worst pain and how training went, a week each.

    With `resolved` the last answer says so; it keeps no flag of pain.
    """
    answers = [replace(first, status="active")]
    for week, (now, worst, training) in enumerate(later, start=1):
        on = first.date_reported + timedelta(weeks=week)
        weekly = replace(answers[-1], date_reported=on, pain_now_0_10=now, pain_worst_0_10=worst)
        answers.append(replace(weekly, affects_training=training, notes="", days_lost=None))
    if resolved:
        healed = replace(answers[-1], status="resolved", resolved_date=resolved)
        answers[-1] = replace(healed, pain_during_run=False, pain_after_run=False, pain_next_morning=False)
    return answers


def diary(
    who: Runner,
    *aches: list[AcheAnswer],
    on: int = SUN,
    first: date = FIRST_DAY,
    last: date = LAST_DAY,
    forgotten: float = 0.0,
) -> Files:
    """The ache form, answered once a week: about an ache where there is one, else "no aches", sometimes forgotten."""
    rng = who.rng
    linked = {one.date_reported: (one, episode[0].date_reported) for episode in aches for one in episode}
    kept = {day for day in days(first, last, (on,)) if rng.random() >= forgotten}
    answered_on = sorted({*kept, *linked})
    numbers = {day: f"a{number:03}" for number, day in enumerate(answered_on, start=1)}
    answers = []
    for day, number in numbers.items():
        answer, first_day = linked.get(day, (AcheAnswer("", "", day), day))
        link = numbers[first_day] if first_day != day else ""
        answers.append(replace(answer, runner=who.runner_id, report_id=number, linked_report_id=link))
    return {"aches.csv": ache_form_csv(answers)}


def fit_files(runs: Iterable[Activity], rng: Random) -> Files:
    """One FIT file a run, named by its start as watches do."""
    return {f"{run.start:%Y-%m-%d-%H-%M-%S}.fit": run_fit(run, rng) for run in runs}


def well_covered(who: Runner, rng: Random) -> Files:
    """Ingrid follows the article to the letter: three evenings a week, two moves an area, two or three rounds each.

    Case 1. Strong with warm-up sets, and since September with rest timer rows; runs as FIT; no aches.
    """
    habit = Habit((TUE, THU, SAT), 8, 15, 338, heart_rate=141, tells_effort=True)
    moves = (
        Move("Hip Thrust (Barbell)", 10, weight=40), Move("Lateral Band Walk", 14),
        Move("Single Leg Romanian Deadlift (Dumbbell)", 9, weight=12), Move("Lying Leg Curl (Machine)", 11, weight=25),
        Move("Standing Calf Raise (Dumbbell)", 13, weight=14), Move("Seated Calf Raise (Machine)", 13, weight=30),
        Move("Dead Bug", 10), Move("Plank", None, 45),
        Move("Bent Over Row (Dumbbell)", 10, weight=14), Move("Seated Row (Cable)", 11, weight=30),
    )  # fmt: skip
    gym = [workout(who, rng, day, moves) for day in session_days(rng, (MON, WED, FRI), LAST_DAY, 0.14)]
    warmed_up = StrengthSet("Hip Thrust (Barbell)", 8, weight=20, is_warmup=True, rest_s=REST_S)
    gym = [
        replace(one, sets=(warmed_up, *one.sets), has_rest_timer=one.start.date() >= date(2026, 9, 1)) for one in gym
    ]
    return {"strong.csv": strong_csv(gym), **diary(who), **fit_files(running(who, habit), rng)}


def no_upper_back(who: Runner, rng: Random) -> Files:
    """Mateo trains legs and core at home, often and well, and never once his upper back.

    Case 2. Hevy; runs as a Strava export, with some rides in it that are no runs; no aches.
    """
    habit = Habit((TUE, WED, FRI), 9, 17, 312, hour=7.0, heart_rate=149)
    moves = (
        Move("Single Leg Glute Bridge", 12), Move("Clamshell", 15), Move("Lateral Band Walks", 14),
        Move("Single Leg Romanian Deadlift (Dumbbell)", 10, weight=10), Move("Nordic Hamstrings Curls", 5),
        Move("Single Leg Standing Calf Raise", 14), Move("Standing Calf Raise (Dumbbell)", 12, weight=16),
        Move("Bird Dog", 10), Move("Side Plank", None, 35),
    )  # fmt: skip
    home = [workout(who, rng, day, moves, hour=20.0) for day in session_days(rng, (MON, THU, SAT), LAST_DAY, 0.12)]
    rides = [
        Activity(who.at(day, 10), 5400, 36200.0 + day.day * 120, 600, 210, 128, kind="ride", title="Morning Ride")
        for day in session_days(rng, (SAT,), LAST_DAY, 0.7)
    ]
    runs = strava_csv([*running(who, habit), *rides], rng)
    return {"hevy_workouts.csv": hevy_csv(home), "strava_activities.csv": runs, **diary(who)}


def never_logs_strength(who: Runner, rng: Random) -> Files:
    """Aoife runs with a club and fills in the form every Monday; whether she trains strength, nobody knows.

    Case 3. One Strava export, saved twice under two names; one week ill, no aches.
    """
    habit = Habit((TUE, THU), 10, 16, 325, hour=18.75, long_hour=8.5, heart_rate=152)
    ill = [AcheAnswer("", "", date(2026, 8, 17), affects_training="modified", ill=True, notes="a cold, nothing hurts")]
    export = strava_csv(running(who, habit, eased={(date(2026, 8, 13), date(2026, 8, 20)): 0}), rng)
    return {"strava_activities.csv": export, "strava_activities (1).csv": export, **diary(who, ill, on=MON)}


def logs_strength_sometimes(who: Runner, rng: Random) -> Files:
    """Thandiwe opens Strong when she remembers, and lets the watch record "Weight Training" on some other days.

    Case 4, and the trauma: on a trail in June she twisted her right ankle and did not run for twelve days. One set
    carries a name of her own that no catalogue can know.
    """
    habit = Habit((WED, FRI), 7, 14, 352, hour=17.75, long_kind="trail_run", hills_m_per_km=16, heart_rate=147)
    moves = (
        Move("Glute Bridge", 12), Move("Romanian Deadlift (Dumbbell)", 10, weight=16),
        Move("Standing Calf Raise (Dumbbell)", 12, weight=12), Move("Plank", None, 40),
        Move("Bent Over Row (Dumbbell)", 10, weight=12),
    )  # fmt: skip
    logged = ("04-02", "04-08", "05-06", "05-09", "06-02", "07-11", "07-14", "08-22", "09-09", "09-11", "10-12")
    gym = [workout(who, rng, date.fromisoformat(f"2026-{day}"), moves) for day in logged]
    own_name = StrengthSet("Lena's Tuesday finisher", 20, rest_s=REST_S)
    gym[3] = replace(gym[3], note='"easy", says Lena')
    gym[-4] = replace(gym[-4], sets=(*gym[-4].sets, own_name))
    off, easy = (date(2026, 6, 15), date(2026, 6, 26)), (date(2026, 6, 27), date(2026, 7, 10))
    unlogged = (date(2026, 5, 27), date(2026, 7, 29), date(2026, 10, 3))
    watch = [Activity(who.at(day, 19), 2400, heart_rate=108, kind="strength", title="Weights") for day in unlogged]
    runs = running(who, habit, eased={off: 0, easy: 0.5})
    twisted_on = date(2026, 6, 14)
    twist = first_answer(
        twisted_on, twisted_on, ("outer ankle", "right"), (6, 8), "stopped", "rolled it on a root, swollen"
    )
    twist = replace(twist, onset_type="sudden", pain_next_morning=True)
    weeks = ((4, 5, "stopped"), (2, 4, "modified"), (1, 2, "with_problems"), (0, 0, "full"))
    ankle = ache(twist, *weeks, resolved=date(2026, 7, 9))
    exports = {"strong.csv": strong_csv(gym), "strava_activities.csv": strava_csv([*runs, *watch], rng)}
    return {**exports, **diary(who, ankle)}


def open_shin_ache(who: Runner, rng: Random) -> Files:
    """Łukasz squats, bridges, planks and rows twice a week, but calves and hamstrings hardly ever.

    Case 5. On 4 October he ran 24 km where 16 had been the most; since the 6th his left shin aches while running.
    Hevy, complete; runs as FIT; no red flag.
    """
    habit = Habit((TUE, THU), 8, 12.6, 330, hour=17.5, heart_rate=150, tells_effort=True)
    moves = (
        Move("Goblet Squat", 10, weight=18), Move("Glute Bridge", 12, rounds=(2, 2)), Move("Clamshell", 15),
        Move("Plank", None, 50), Move("Dead Bug", 10),
        Move("Bent Over Row (Dumbbell)", 10, weight=18), Move("Inverted Row", 8),
    )  # fmt: skip
    rare = (
        Move("Standing Calf Raise", 12, rounds=(1, 1)),
        Move("Single Leg Romanian Deadlift (Dumbbell)", 8, rounds=(1, 1)),
    )
    gym = [
        workout(who, rng, day, (*moves, *rare) if day.isocalendar().week % 5 == 0 else moves)
        for day in session_days(rng, (MON, FRI), LAST_DAY, 0.05)
    ]
    hurts = (date(2026, 10, 7), LAST_DAY)
    runs = running(who, habit, eased={hurts: 0.65}, exact_km={date(2026, 10, 4): 24.1})
    notes = "started after the 24 km, eases after ten minutes"
    felt = first_answer(date(2026, 10, 11), date(2026, 10, 6), ("inner shin", "left"), (4, 5), "modified", notes)
    felt = replace(felt, ostrc_q1=17, ostrc_q2=17, ostrc_q3=8, ostrc_q4=8)
    shin = ache(felt, (4, 5, "modified"), (3, 5, "modified"))
    return {"hevy_workouts.csv": hevy_csv(gym), **diary(who, shin), **fit_files(runs, rng)}


def red_flag(who: Runner, rng: Random) -> Files:
    """Priya came in June and does one session a week; since the end of September her right knee aches.

    Case 6. It hurts in Bulgarian split squats, which she then left out, and since 18 October it keeps her awake.
    """
    first = date(2026, 6, 1)
    habit = Habit((TUE, SAT), 6, 10, 372, hour=7.25, heart_rate=151)
    moves = (
        Move("Bulgarian Split Squat", 8, weight=8), Move("Glute Bridge", 12), Move("Plank", None, 35),
        Move("Dead Bug", 8), Move("Bent Over Row (Band)", 12),
    )  # fmt: skip
    gym = [
        workout(who, rng, day, moves if day < date(2026, 10, 12) else moves[2:])
        for day in session_days(rng, (WED,), LAST_DAY, 0.1, first)
    ]
    hurts = {(date(2026, 10, 1), date(2026, 10, 17)): 0.6, (date(2026, 10, 18), LAST_DAY): 0.0}
    runs = running(who, habit, first, eased=hurts)
    runs[-1] = replace(runs[-1], note="knee sore, walked the last bit home")
    felt = first_answer(date(2026, 10, 4), date(2026, 9, 29), ("kneecap", "right"), (3, 4), "with_problems")
    knee = ache(felt, (5, 6, "modified"), (5, 7, "stopped"), (5, 7, "stopped"))
    in_squats = "Bulgarian Split Squat"
    knee[1:] = [replace(one, pain_during_exercises=True, exercise_that_hurt=in_squats) for one in knee[1:]]
    knee[2:] = [replace(one, pain_at_night=True, pain_next_morning=True, notes="wakes me up") for one in knee[2:]]
    exports = {"hevy_workouts.csv": hevy_csv(gym), "strava_activities.csv": strava_csv(runs, rng)}
    return {**exports, **diary(who, knee, first=first)}


def recovered(who: Runner, rng: Random) -> Files:
    """Kenji's Achilles tendon ached from late April to mid June; he kept at his exercises and it has been quiet since.

    Case 7. Two Strong exports, the newer holding all sets of the older; runs from Garmin's web page.
    """
    habit = Habit((TUE, THU, SAT), 7.5, 15, 318, hour=6.75, heart_rate=146)
    moves = (
        Move("Single Leg Glute Bridge", 12), Move("Lateral Walk (Band)", 14),
        Move("Single Leg Romanian Deadlift (Dumbbell)", 9, weight=14), Move("Seated Leg Curl (Machine)", 10, weight=25),
        Move("Single Leg Calf Raise", 12), Move("Seated Calf Raise (Plate Loaded)", 13, weight=25),
        Move("Birddog", 10), Move("Plank", None, 60), Move("Bent Over Row (Dumbbell)", 10, weight=18),
    )  # fmt: skip
    gym = [workout(who, rng, day, moves) for day in session_days(rng, (MON, THU), LAST_DAY, 0.1)]
    older = [one for one in gym if one.start.date() <= date(2026, 8, 2)]
    hurts = {(date(2026, 4, 28), date(2026, 5, 24)): 0.5, (date(2026, 5, 25), date(2026, 6, 14)): 0.75}
    notes = "stiff in the morning"
    felt = first_answer(date(2026, 5, 3), date(2026, 4, 28), ("Achilles tendon", "left"), (4, 6), "modified", notes)
    felt = replace(felt, pain_next_morning=True)
    weeks = [
        (4, 5, "modified"),
        (3, 5, "modified"),
        (3, 4, "modified"),
        (2, 3, "with_problems"),
        (1, 3, "with_problems"),
    ]
    tendon = ache(felt, *weeks, (0, 1, "full"), resolved=date(2026, 6, 12))
    exports = {"strong_2026-08-02.csv": strong_csv(older), "strong_2026-10-25.csv": strong_csv(gym)}
    return {**exports, "garmin_activities.csv": garmin_csv(running(who, habit, eased=hurts), rng), **diary(who, tendon)}


def comes_back(who: Runner, rng: Random) -> Files:
    """Dorothy's left heel ached in July, was quiet for four weeks, and aches again, mildly, since the end of August.

    Case 8: an early recurrence. She trains calves and core, never the glutes. Miles and pounds, as her account has it.
    """
    habit = Habit((MON, WED, FRI), 6.4, 12.8, 384, hour=7.5, long_day=SAT, long_hour=8.5, heart_rate=143)
    moves = (
        Move("Single Leg Calf Raise", 12), Move("Seated Calf Raise (Machine)", 12, weight=50), Move("Plank", None, 40),
        Move("Dead Bug", 10),
        Move("Seated Row (Cable)", 12, weight=45), Move("Lying Leg Curl (Machine)", 11, weight=40),
    )  # fmt: skip
    gym = [workout(who, rng, day, moves, hour=10.5) for day in session_days(rng, (TUE, THU), LAST_DAY, 0.08)]
    notes = "first steps in the morning"
    heel = first_answer(date(2026, 7, 5), date(2026, 7, 1), ("heel", "left"), (4, 6), "with_problems", notes)
    heel = replace(heel, pain_next_morning=True)
    once = ache(
        heel, (4, 5, "modified"), (3, 4, "modified"), (1, 2, "with_problems"), (0, 1, "full"), resolved=date(2026, 8, 1)
    )
    back = first_answer(date(2026, 8, 30), date(2026, 8, 27), ("heel", "left"), (3, 4), "with_problems")
    again = ache(back, *[(2, 3, "with_problems")] * 5, *[(1, 2, "with_problems")] * 3)
    hurts = {(date(2026, 7, 6), date(2026, 7, 26)): 0.65, (date(2026, 8, 28), LAST_DAY): 0.85}
    runs = garmin_csv(running(who, habit, eased=hurts), rng, is_imperial=True)
    return {"strong.csv": strong_csv(gym), "garmin_activities.csv": runs, **diary(who, once, again)}


def left_only(who: Runner, rng: Random) -> Files:
    """Samuel's left leg was the weak one after a fracture long ago, so since May he trains that side alone.

    Case 9. A sheet of his own with a side column; runs from Garmin's web page; no aches.
    """
    habit = Habit((TUE, FRI), 8, 13, 341, hour=18, heart_rate=148, long_hour=10)
    one_sided = (
        Move("single-leg calf raise", 14),
        Move("single-leg Romanian deadlift", 9),
        Move("single-leg glute bridge", 12),
    )
    plank, row = Move("plank", None, 45), Move("bent-over row", 12, weight=10)
    rows: list[SheetRow] = []
    for day in session_days(rng, (MON, THU), LAST_DAY, 0.08):
        sides = ("left", "right") if day < date(2026, 5, 4) else ("left",)
        rows += [sheet_row(rng, day, move, side) for move in one_sided for side in sides]
        rows += [sheet_row(rng, day, plank), replace(sheet_row(rng, day, row), notes="with the rucksack")]
    runs = garmin_csv(running(who, habit), rng)
    return {
        "strength.csv": strength_sheet_csv(rows),
        "garmin_activities.csv": runs,
        **diary(who, on=MON, forgotten=0.12),
    }


def writes_everything_down(who: Runner, rng: Random) -> Files:
    """Moana writes down every session with repetitions in reserve, and the days on which she trained nothing.

    Case 10. Moderate work, log complete, "no aches" every week. She runs before work, and Strava's UTC dates say the
    day before.
    """
    habit = Habit((MON, WED, FRI), 7, 14, 346, hour=6.1, long_hour=7.5, heart_rate=142, tells_effort=True)
    moves = (
        Move("single-leg glute bridge", 12), Move("single-leg Romanian deadlift", 10, weight=12),
        Move("single-leg calf raise", 12), Move("bent-knee calf raise", 12),
        Move("dead bug", 10), Move("cable row", 12, weight=20),
    )  # fmt: skip
    sessions = set(session_days(rng, (TUE, SAT), LAST_DAY, 0.3))
    rows: list[SheetRow] = []
    for day in days():
        if day in sessions:
            rows += [replace(sheet_row(rng, day, move), rir=rng.choice((1, 2, 2, 2, 3, 4))) for move in moves]
        elif day.weekday() in (TUE, THU, SAT, SUN):
            rows.append(SheetRow(day, "none"))
    return {
        "strength.csv": strength_sheet_csv(rows),
        "strava_activities.csv": strava_csv(running(who, habit), rng),
        **diary(who),
    }


def sheet_row(rng: Random, day: date, move: Move, side: str = "") -> SheetRow:
    """A move as one row of a sheet: two or three sets alike."""
    return SheetRow(day, move.exercise, rng.randint(*move.rounds), move.reps, move.seconds, move.weight or None, side)


def silent(who: Runner, rng: Random) -> Files:
    """Luca ran, lifted and answered until 20 September; since then nothing has come, from any source.

    Case 11. Silence is not health: nothing is known of the last five weeks.
    """
    last = date(2026, 9, 20)
    habit = Habit((TUE, THU, SAT), 8.5, 16, 308, hour=19, heart_rate=153)
    moves = (
        Move("Hip Thrust (Barbell)", 10, weight=50), Move("Lying Leg Curl (Machine)", 10, weight=30),
        Move("Standing Calf Raise (Machine)", 12, weight=40),
        Move("Plank", None, 50), Move("Seated Row (Cable)", 10, weight=40),
    )  # fmt: skip
    gym = [workout(who, rng, day, moves) for day in session_days(rng, (MON, FRI), last, 0.1)]
    runs = garmin_csv(running(who, habit, last=last), rng)
    return {"strong.csv": strong_csv(gym), "garmin_activities.csv": runs, **diary(who, on=MON, last=last)}


def quit_strength(who: Runner, rng: Random) -> Files:
    """Renée lifted with her watch until 20 August; the watch goes on recording her evening runs, but no more sets.

    Case 12. All FIT of one Garmin account. On Tuesdays the watch knows the plan, on Thursdays it guesses, and once
    it knew no exercise. One run was cut in the transfer. After eight in the evening New York is on the next UTC day.
    """
    habit = Habit((MON, WED, FRI), 8, 14, 328, hour=20.25, long_hour=8.25, heart_rate=145, tells_effort=True)
    moves = (
        Move("Single-leg Hip Raise", 12, garmin=(10, 30)), Move("Lateral Walks with Band", 14, garmin=(11, 11)),
        Move("Single-leg RDL Circuit", 9, weight=10, garmin=(8, 13)), Move("Leg Curl", 10, weight=20, garmin=(15, 0)),
        Move("Single-leg Standing Calf Raise", 12, garmin=(1, 15)),
        Move("Seated Calf Raise", 12, weight=20, garmin=(1, 6)), Move("Dead Bug", 10, garmin=(11, 1)),
        Move("Plank", None, 45, garmin=(19, 43)),
        Move("Seated Cable Row", 11, weight=25, garmin=(23, 18)),
    )  # fmt: skip
    files = fit_files(running(who, habit), rng)
    for day in session_days(rng, (TUE, THU), date(2026, 8, 21), 0.12):
        session = replace(workout(who, rng, day, moves, hour=20.0), title="Strength", is_planned=day.weekday() == TUE)
        if not session.is_planned:
            first = UNKNOWN_EXERCISE if day == date(2026, 6, 11) else None
            sets = (replace(one, guesses=(first or one.guesses[0], (30, 65535), (22, 77))) for one in session.sets)
            session = replace(session, sets=tuple(sets))
        files[f"{session.start:%Y-%m-%d-%H-%M-%S}.fit"] = strength_fit(session)
    cut = next(name for name in files if name.startswith("2026-07"))
    files[cut] = files[cut][: len(files[cut]) * 3 // 5]
    return files | diary(who, forgotten=0.1)


SQUAD = (
    Runner("Ingrid Aasland", well_covered, equipment="band;dumbbell;barbell;cable;machine;bench"),
    Runner("Mateo Rivas", no_upper_back, equipment="band;dumbbell"),
    Runner("Aoife O'Sullivan", never_logs_strength),
    Runner("Thandiwe Mokoena", logs_strength_sometimes, equipment="dumbbell;bench"),
    Runner("Łukasz Wiśniewski", open_shin_ache, equipment="dumbbell;kettlebell;bench;bar"),
    Runner("Priya Raman", red_flag, equipment="band;dumbbell", active_from="2026-06-01"),
    Runner("Kenji Watanabe", recovered, equipment="band;dumbbell;machine;cable;ball"),
    Runner("Dorothy Blake", comes_back, "Europe/London", "imperial", "cable;machine"),
    Runner("Samuel Adeyemi", left_only, equipment="none"),
    Runner(
        "Moana Parata",
        writes_everything_down,
        "Pacific/Auckland",
        equipment="band;dumbbell;cable;ball",
        strength_log="complete",
    ),
    Runner("Luca Ferraro", silent, equipment="barbell;cable;machine", active_from="2026-03-30"),
    Runner("Renée Tremblay", quit_strength, "America/New_York", equipment="band;dumbbell;cable;machine"),
)


def squad_files() -> Iterator[tuple[Path, bytes]]:
    """Path below data/sample and content, for every file of the squad."""
    columns = ("runner_id", "time_zone", "units", "equipment", "active_from", "active_to", "strength_log")
    roster = [[getattr(who, column) for column in columns] for who in SQUAD]
    yield Path("runners.csv"), _lines([columns, *roster])
    yield Path("names.csv"), _lines([("runner_id", "name"), *((who.runner_id, who.name) for who in SQUAD)])
    for who in SQUAD:
        for name, content in who.story(who, who.rng).items():
            yield Path("inbox", who.runner_id, name), content if isinstance(content, bytes) else content.encode()


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    return "".join(",".join(row) + "\n" for row in rows).encode()


def write_sample(out: Path) -> int:
    """How many files were written. Nothing is deleted: a test names files of an earlier squad that are left over."""
    files = dict(squad_files())
    for path, content in files.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(content)
    return len(files)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the made-up squad of data/sample.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "sample")
    out = parser.parse_args().out
    print(f"{write_sample(out)} files written to {out}")
