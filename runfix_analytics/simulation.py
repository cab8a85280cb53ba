"""Squads with a known truth: the logs that a known process leaves, as the tables that every calculation takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import log

import dataframely as dy
import numpy as np
import numpy.typing as npt
import polars as pl

from runfix_analytics.assessment import Logs
from runfix_analytics.catalogue import Catalogue, name_key
from runfix_analytics.errors import ConfigError
from runfix_analytics.made_up_lives import Floats, Lives, Process, Scenario, live
from runfix_analytics.tables import AcheReports, Runners, Runs, StrengthDays, StrengthSets

FIRST_DAY = date(2024, 1, 1)
SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("null"),
        Scenario("effect", effect_ratio=0.66),
        Scenario("effect_misaligned", effect_ratio=0.66, lag_days=14),
        Scenario("rehab", has_rehab=True),
        Scenario("habit", has_rehab=True, habit_share=0.5),
        Scenario("confounded", habit_frailty=-0.7),
        Scenario("missing", has_rehab=True, unlogged_share=0.25, lost_share=0.05),
        Scenario("dropout", has_rehab=True, dropout_share=0.3),
        Scenario("nonlinear", effect_ratio=0.66, full_effect_at=0.5),
    )
}
_SOURCE, _IMPORT = "simulated", "simulated"
_METRES, _SECONDS_PER_KM = 1000.0, 360.0


@dataclass(frozen=True)
class Simulated:
    """The logs of a made-up squad, and what they do not tell: the lives behind them and the true effects by area."""

    logs: Logs
    lives: Lives
    scenario: Scenario
    effects: dict[str, float]
    first_day: date
    last_day: date


def simulate(
    scenario: Scenario | str,
    *,
    n_runners: int,
    n_days: int,
    seed: int | tuple[int, ...],
    catalogue: Catalogue,
    effects: Mapping[str, float] | None = None,
) -> Simulated:
    """A squad of `n_runners` over `n_days`; the same for the same seed.

    `scenario`: one of SCENARIOS, by its name too. `effects`: log hazard ratio of full coverage against none, by area;
    without it the scenario's, for every area.

    Raises: ConfigError for a name that is no scenario's.
    """
    if isinstance(scenario, str):
        if scenario not in SCENARIOS:
            raise ConfigError(f'there is no scenario "{scenario}"; there are: {", ".join(SCENARIOS)}')
        scenario = SCENARIOS[scenario]
    true = dict(effects) if effects else dict.fromkeys(catalogue.areas, log(scenario.effect_ratio))
    window = catalogue.days("coverage.window")
    lives = live(
        scenario,
        Process(),
        _links(catalogue),
        np.array([true[area] for area in catalogue.areas]),
        n_runners=n_runners,
        n_days=n_days,
        window=window,
        target_sessions=catalogue.number("coverage.sessions_per_week") * window / 7,
        rng=np.random.default_rng(seed),
    )
    return Simulated(
        logs=_logs(lives, scenario, catalogue),
        lives=lives,
        scenario=scenario,
        effects=true,
        first_day=FIRST_DAY,
        last_day=FIRST_DAY + timedelta(days=n_days - 1),
    )


def _links(catalogue: Catalogue) -> npt.NDArray[np.bool_]:
    symptoms = [symptom for symptom in catalogue.symptoms.values() if symptom.in_hazard_models]
    return np.array([[area in catalogue.linked_areas(s.id) for area in catalogue.areas] for s in symptoms])


def _logs(lives: Lives, scenario: Scenario, catalogue: Catalogue) -> Logs:
    n_runners = len(lives.base_per_day)
    ids = pl.Series("runner_id", [f"s{number:05}" for number in range(n_runners)])
    is_complete = not (scenario.unlogged_share or scenario.lost_share)
    runners = pl.DataFrame({"runner_id": ids}).with_columns(
        time_zone=pl.lit(None, pl.String),
        units=pl.lit("metric"),
        equipment=pl.lit(None, pl.List(pl.String)),
        active_from=pl.lit(FIRST_DAY),
        active_to=pl.lit(None, pl.Date),
        strength_log=pl.lit("complete" if is_complete else "partial"),
        language=pl.lit(None, dtype=pl.String),
    )
    sets = np.where(lives.is_logged[:, :, None], lives.sets, 0)[lives.n_burn_in :]
    return Logs(
        runners=Runners.validate(runners, cast=True),
        runs=Runs.validate(_runs(lives.km[lives.n_burn_in :], ids), cast=True),
        strength_sets=StrengthSets.validate(_strength_sets(sets, ids, catalogue), cast=True),
        strength_days=StrengthDays.validate(_strength_days(sets, ids), cast=True),
        ache_reports=AcheReports.validate(_ache_reports(lives, ids, catalogue), cast=True),
    )


def _dates(days: npt.NDArray[np.int64]) -> pl.Series:
    """Days of the log as dates."""
    return pl.Series(days + (FIRST_DAY - date(1970, 1, 1)).days).cast(pl.Int32).cast(pl.Date)


def _numbered(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    row = pl.int_range(pl.len(), dtype=pl.Int32)
    return frame.with_columns(
        (pl.lit(f"{name}-") + row.cast(pl.String)).alias(f"{name}_id"),
        import_id=pl.lit(_IMPORT),
        source_row=row,
        duplicate_of=pl.lit(None, pl.String),
        duplicate_rule=pl.lit(None, pl.String),
    )


def _completed(schema: type[dy.Schema], frame: pl.DataFrame) -> pl.DataFrame:
    """With nulls for the columns that a made-up log says nothing of."""
    columns = schema.columns().items()
    return frame.with_columns(pl.lit(None, col.dtype).alias(name) for name, col in columns if name not in frame.columns)


def _runs(km: Floats, ids: pl.Series) -> pl.DataFrame:
    day, runner = np.nonzero(km)
    run_km = pl.Series(km[day, runner])
    frame = pl.DataFrame({"runner_id": ids.gather(runner), "local_date": _dates(day)}).with_columns(
        distance_m=run_km * _METRES,
        duration_s=run_km * _SECONDS_PER_KM,
        start_at=pl.col("local_date").cast(pl.Datetime("us", "UTC")),
        source=pl.lit(_SOURCE),
        logged_as=pl.lit("Run"),
        local_date_source=pl.lit("configured"),
        distance_unit_source=pl.lit("file"),
        is_indoor=pl.lit(value=False),
    )
    return _completed(Runs, _numbered(frame, "run"))


def _strength_sets(sets: npt.NDArray[np.int8], ids: pl.Series, catalogue: Catalogue) -> pl.DataFrame:
    """One move an area, of those that train this area and no other."""
    moves = [
        next(move for move in catalogue.exercises.values() if move.primary == (area,) and not move.secondary)
        for area in catalogue.areas
    ]
    day, runner, area = np.nonzero(sets)
    times = sets[day, runner, area]
    day, runner, area = (np.repeat(index, times) for index in (day, runner, area))
    names = pl.Series([move.name for move in moves]).gather(area)
    keys = pl.Series([name_key(move.name) for move in moves]).gather(area)
    frame = pl.DataFrame({"runner_id": ids.gather(runner), "local_date": _dates(day)}).with_columns(
        logged_as=names,
        exercise_key=keys,
        session_start_at=pl.col("local_date").cast(pl.Datetime("us", "UTC")),
        is_timed=pl.lit(value=False),
        source=pl.lit(_SOURCE),
        local_date_source=pl.lit("configured"),
        set_type=pl.lit("working"),
        weight_unit_source=pl.lit("file"),
    )
    return _completed(StrengthSets, _numbered(frame, "set"))


def _strength_days(sets: npt.NDArray[np.int8], ids: pl.Series) -> pl.DataFrame:
    day, runner = np.nonzero(sets.any(axis=2))
    return pl.DataFrame({"runner_id": ids.gather(runner), "local_date": _dates(day)}).with_columns(
        source=pl.lit(_SOURCE), import_id=pl.lit(_IMPORT), kind=pl.lit("sets")
    )


def _ache_reports(lives: Lives, ids: pl.Series, catalogue: Catalogue) -> pl.DataFrame:
    """Weekly answers: each ache that is there and reported, each recovery once, else "no aches"."""
    symptoms = [symptom.id for symptom in catalogue.symptoms.values() if symptom.in_hazard_models]
    sites = {site.symptom: site for site in reversed(list(catalogue.sites.values())) if site.symptom}
    day, runner = np.nonzero(lives.answered)
    answers = pl.DataFrame({"runner": runner, "day": day})
    aches = pl.DataFrame(
        lives.onsets, schema=["runner", "symptom", "first_pain", "report", "well", "is_noticed"], orient="row"
    )
    said = answers.join(aches, on="runner", how="inner").filter(pl.col("day") >= pl.col("report"))
    is_over = pl.col("day") >= pl.col("well")
    first_after = pl.when(is_over).then("day").min().over("runner", "symptom", "well")
    is_first_after = is_over & (pl.col("day") == first_after)
    there = said.filter(~is_over | is_first_after).with_columns(
        status=pl.when(is_over).then(pl.lit("resolved")).otherwise(pl.lit("active")),
        resolved=pl.when(is_over).then("well"),
        noticed=pl.when(pl.col("is_noticed") == 1).then("first_pain"),
    )
    rows = pl.concat(
        [there, answers.join(there, on=["runner", "day"], how="anti").with_columns(is_no_aches=True)],
        how="diagonal",
    ).sort("runner", "day", "symptom")
    shift = -lives.n_burn_in + (FIRST_DAY - date(1970, 1, 1)).days
    named = {
        "logged_site": [sites[symptom].name for symptom in symptoms],
        "site_key": [name_key(sites[symptom].name) for symptom in symptoms],
        "side": ["left" if sites[symptom].has_sides else "centre" for symptom in symptoms],
    }
    by_symptom = pl.DataFrame(named).with_columns(symptom=pl.int_range(pl.len()))
    frame = (
        rows.join(by_symptom, on="symptom", how="left", maintain_order="left")
        .with_columns(
            (pl.col(was) + shift).cast(pl.Int32).cast(pl.Date).alias(name)
            for was, name in (("day", "reported_on"), ("noticed", "noticed_on"), ("resolved", "resolved_on"))
        )
        .with_columns(
            runner_id=ids.gather(rows["runner"]),
            source=pl.lit("ache_form"),
            onset_type=pl.lit("gradual"),
            is_no_aches=pl.col("is_no_aches").fill_null(value=False),
            side=pl.col("side").fill_null("unknown"),
        )
    )
    return _completed(AcheReports, _numbered(frame, "ache_report"))
