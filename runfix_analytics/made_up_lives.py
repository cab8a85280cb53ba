"""How a made-up squad lives from day to day: training, running, aches, rehab. `simulation` makes logs of it.

What is true here is what the method must find again, so nothing here calls the method.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

WEEK, FORTNIGHT, YEAR = 7, 14, 365.25
FULL_SESSION, HALF_SESSION = 4, 2  # sets


@dataclass(frozen=True)
class Scenario:
    """What is true in a made-up squad.

    `effect_ratio`: hazard ratio of full coverage against none, for every linked pair. `lag_days`: how long before the
    onset the coverage acts. `full_effect_at`: coverage from which more does nothing. `has_rehab`: who aches trains the
    linked areas until well. `habit_share`: how often that stays a habit. `habit_frailty`: correlation of how much a
    runner trains with how easily the runner is hurt. `unlogged_share`: share of fortnights without a strength log,
    `idle_share` of them without strength work either. `lost_share`: share of single sessions never logged.
    `dropout_share`: how often an ache ends the diary.
    """

    name: str
    effect_ratio: float = 1.0
    lag_days: int = 21
    full_effect_at: float = 1.0
    has_rehab: bool = False
    habit_share: float = 0.0
    habit_frailty: float = 0.0
    unlogged_share: float = 0.0
    idle_share: float = 0.5
    lost_share: float = 0.0
    dropout_share: float = 0.0


@dataclass(frozen=True)
class Process:
    """How made-up runners live, the same in every scenario: our own choices, none of them an estimate."""

    aches_per_year: float = 2.5  # over all symptoms: more than in life, so that fewer runners show more
    frailty_sd: float = 0.5  # of the log hazard, between runners
    weak_spot_sd: float = 0.5  # of the log hazard, between the symptoms of one runner
    sessions_per_week: float = 1.3  # strength, the median runner
    sessions_sd: float = 0.6  # of the log, between runners
    phase_sd: float = 0.4  # weekly innovation of phases in which a runner trains more or less, and of each area's
    phase_memory: float = 0.9  # their correlation from week to week
    full_session_share: float = 0.6  # of sessions with 4 sets for an area; the others have 2
    runs_per_week: float = 3.5
    run_km: float = 9.0
    run_sd: float = 0.35
    run_days_known: int = 30
    spike_from: float = 1.10  # longest run of the day over that of the 30 days before
    spike_ratio: float = 1.64  # hazard ratio of such a day (Garmin-RUNSAFE 2025)
    recurrence_ratio: float = 1.5  # hazard ratio for half a year after an episode of the same symptom
    recurrence_days: int = 182
    prodrome_days: float = 9.0  # mean time from the first pain to the answer that reports it
    noticed_share: float = 0.9  # of reports that state when the ache was first noticed
    ache_days: float = 18.0  # median length of an episode
    ache_sd: float = 0.6
    answer_share: float = 0.95  # of weekly ache forms that are answered
    rehab_sessions_per_week: float = 3.5
    rehab_after_days: int = 2
    habit_sessions_per_week: float = 2.0
    burn_in_days: int = 112  # strength habits run in before the logs begin


@dataclass(frozen=True)
class Lives:
    """What happened, whether logged or not. Arrays are days × runners (× areas); days begin with the burn-in.

    `coverage` is true coverage as of each evening. `onsets`: one row per episode with runner, symptom, first pain,
    report and recovery (days), and whether the report states the first pain. `base_per_day` (runners × symptoms):
    onsets a day without any coverage, spike or recurrence.
    """

    n_burn_in: int
    sets: npt.NDArray[np.int8]
    coverage: Floats
    km: Floats
    answered: Bools
    is_logged: Bools
    onsets: Ints
    base_per_day: Floats


def live(  # noqa: PLR0913 - the settings of one experiment
    scenario: Scenario,
    process: Process,
    links: Bools,
    effects: Floats,
    *,
    n_runners: int,
    n_days: int,
    window: int,
    target_sessions: float,
    rng: np.random.Generator,
) -> Lives:
    """The squad's days. `links` is symptoms × areas; `effects` the log hazard ratio of full coverage by area."""
    n_symptoms, n_areas = links.shape
    n_all = process.burn_in_days + n_days
    frailty, rate, preference = _runners(scenario, process, n_all, n_runners, n_areas, rng)
    is_idle, is_logged = _logging(scenario, n_all, n_runners, rng)
    answered, next_answer = _answers(process, n_all, n_runners, rng)
    sets = np.zeros((n_all, n_runners, n_areas), np.int8)
    credit = np.zeros((n_all + 1, n_runners, n_areas))
    coverage = np.zeros((n_all, n_runners, n_areas))
    km = np.zeros((n_all, n_runners))
    body = _Bodies(n_runners, n_symptoms, process, scenario, links)
    weak_spots = np.exp(
        process.weak_spot_sd * rng.standard_normal((n_runners, n_symptoms)) - process.weak_spot_sd**2 / 2
    )
    base_per_day = process.aches_per_year / YEAR / n_symptoms * frailty[:, None] * weak_spots
    for day in range(n_all):
        planned = rng.random(n_runners) < np.minimum(rate[:, day // WEEK] / WEEK, 0.6)
        wanted = rng.random((n_runners, n_areas)) < preference[:, day // WEEK]
        of_full = np.where(rng.random((n_runners, n_areas)) < process.full_session_share, FULL_SESSION, HALF_SESSION)
        today = np.where((planned & ~is_idle[day])[:, None] & wanted, of_full, 0)
        sets[day] = np.maximum(today, FULL_SESSION * body.extra_work(day, rng))
        credit[day + 1] = credit[day] + np.minimum(sets[day] / FULL_SESSION, 1)
        in_window = credit[day + 1] - credit[max(0, day + 1 - window)]
        coverage[day] = np.minimum(1, in_window / target_sessions)
        km[day] = _run(process, body.is_aching(day), rng)
        if day < process.burn_in_days:
            continue
        longest = km[day - process.run_days_known : day].max(axis=0)
        spiked = (longest > 0) & (km[day] > process.spike_from * longest)
        dose = np.minimum(coverage[day - scenario.lag_days] / scenario.full_effect_at, 1)
        hazard = base_per_day * np.exp((dose * effects) @ links.T) * np.where(spiked, process.spike_ratio, 1)[:, None]
        body.ache(day, 1 - np.exp(-hazard * body.recurrence(day)), next_answer[day:], rng)
    onsets = np.array(body.onsets, np.int64).reshape(-1, 6)
    answered &= np.arange(n_all)[:, None] < body.silent_from
    answered[: process.burn_in_days] = False
    return Lives(process.burn_in_days, sets, coverage, km, answered, is_logged, onsets, base_per_day)


class _Bodies:
    """Who aches where, and what follows from it; arrays are runners × symptoms."""

    def __init__(self, n_runners: int, n_symptoms: int, process: Process, scenario: Scenario, links: Bools) -> None:
        self.process, self.scenario, self.links = process, scenario, links
        self.began = np.full((n_runners, n_symptoms), -(10**6))
        self.well = np.full((n_runners, n_symptoms), -(10**6))
        self.stays_habit = np.zeros((n_runners, n_symptoms), bool)
        self.silent_from = np.full(n_runners, 10**6)
        self.onsets: list[tuple[int, ...]] = []

    def is_aching(self, day: int) -> Bools:
        return np.asarray(((self.began <= day) & (day < self.well)).any(axis=1))

    def extra_work(self, day: int, rng: np.random.Generator) -> Bools:
        """Runners × areas trained today because of an ache: rehab while it lasts, after it where it stays a habit."""
        draws = rng.random((2, len(self.began)))
        if not self.scenario.has_rehab:
            return np.zeros((len(self.began), self.links.shape[1]), bool)
        in_rehab = (self.began + self.process.rehab_after_days <= day) & (day < self.well)
        as_habit = self.stays_habit & (day >= self.well)
        rehab = (in_rehab @ self.links) & (draws[0] < self.process.rehab_sessions_per_week / WEEK)[:, None]
        habit = (as_habit @ self.links) & (draws[1] < self.process.habit_sessions_per_week / WEEK)[:, None]
        return np.asarray(rehab | habit)

    def recurrence(self, day: int) -> Floats:
        """What an episode of the last half-year does to the hazard of the same symptom."""
        is_recent = (self.well > 0) & (day - self.well <= self.process.recurrence_days)
        return np.where(is_recent, self.process.recurrence_ratio, 1.0)

    def ache(self, day: int, chance: Floats, next_answer: Ints, rng: np.random.Generator) -> None:
        """Begins episodes; a symptom is free again a fortnight after it is well."""
        free = day >= self.well + FORTNIGHT
        for runner, symptom in np.argwhere((rng.random(chance.shape) < chance) & free):
            would_report = min(int(rng.geometric(1 / self.process.prodrome_days)), len(next_answer) - 1)
            report = int(next_answer[would_report, runner])
            length = round(float(rng.lognormal(np.log(self.process.ache_days), self.process.ache_sd)))
            well = max(day + length, report + 1)
            is_noticed = rng.random() < self.process.noticed_share
            self.began[runner, symptom], self.well[runner, symptom] = day, well
            self.stays_habit[runner, symptom] |= rng.random() < self.scenario.habit_share
            if rng.random() < self.scenario.dropout_share:
                silent = report + int(rng.integers(1, FORTNIGHT))
                self.silent_from[runner] = min(self.silent_from[runner], silent)
            self.onsets.append((int(runner), int(symptom), day, report, well, int(is_noticed)))


def _runners(
    scenario: Scenario, process: Process, n_all: int, n_runners: int, n_areas: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Frailty; sessions a week (runners × weeks); the chance that a session has the area (runners × weeks × areas)."""
    z, own = rng.standard_normal((2, n_runners))
    habit = scenario.habit_frailty * z + np.sqrt(1 - scenario.habit_frailty**2) * own
    frailty = np.exp(process.frailty_sd * z - process.frailty_sd**2 / 2)
    n_weeks = n_all // WEEK + 1
    noise = rng.standard_normal((n_weeks, n_runners, 1 + n_areas)) * process.phase_sd
    phases = np.zeros_like(noise)
    phases[0] = noise[0] / np.sqrt(1 - process.phase_memory**2)
    for week in range(1, n_weeks):
        phases[week] = process.phase_memory * phases[week - 1] + noise[week]
    per_week = process.sessions_per_week * np.exp(process.sessions_sd * habit[:, None] + phases[:, :, 0].T)
    taste = rng.normal(0.5, 0.8, (n_runners, 1, n_areas))
    preference = 1 / (1 + np.exp(-(taste + phases[:, :, 1:].transpose(1, 0, 2))))
    return frailty, per_week, preference


def _logging(scenario: Scenario, n_all: int, n_runners: int, rng: np.random.Generator) -> tuple[Bools, Bools]:
    """On which days a runner is idle, and on which strength work is logged; a fortnight is unlogged as a whole."""
    n_fortnights = n_all // FORTNIGHT + 1
    is_unlogged = np.repeat(rng.random((n_fortnights, n_runners)) < scenario.unlogged_share, FORTNIGHT, axis=0)[:n_all]
    is_idle = (
        np.repeat(rng.random((n_fortnights, n_runners)) < scenario.idle_share, FORTNIGHT, axis=0)[:n_all] & is_unlogged
    )
    is_lost = rng.random((n_all, n_runners)) < scenario.lost_share
    return is_idle, ~is_unlogged & ~is_lost


def _answers(process: Process, n_all: int, n_runners: int, rng: np.random.Generator) -> tuple[Bools, Ints]:
    """Which days a runner answers the ache form, and from each day on the next one on which that happens."""
    weekday = rng.integers(0, WEEK, n_runners)
    is_due = np.arange(n_all)[:, None] % WEEK == weekday
    answered = is_due & (rng.random((n_all, n_runners)) < process.answer_share)
    days = np.where(answered, np.arange(n_all)[:, None], n_all + WEEK)
    return answered, np.minimum.accumulate(days[::-1], axis=0)[::-1]


def _run(process: Process, is_aching: Bools, rng: np.random.Generator) -> Floats:
    """Kilometres of today's run; who aches runs less often."""
    n_runners = len(is_aching)
    often = process.runs_per_week / WEEK * np.where(is_aching, 0.7, 1.0)
    length = rng.lognormal(np.log(process.run_km), process.run_sd, n_runners)
    return np.where(rng.random(n_runners) < often, length, 0.0)
