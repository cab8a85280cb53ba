"""Does the first advice hit? Squads with effects drawn from the prior: what the first pick averts of what it could."""

import numpy as np
import polars as pl

from runfix_analytics.assessment import Logs
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.coverage import coverage
from runfix_analytics.episodes import episodes
from runfix_analytics.exposure import exposure
from runfix_analytics.known_days import known_days
from runfix_analytics.made_up_lives import Scenario
from runfix_analytics.rates import symptom_rates
from runfix_analytics.recognition import recognise
from runfix_analytics.recommendation import recommendation
from runfix_analytics.simulation import Simulated, simulate
from runfix_analytics.tables import Advice, KnownDays, Referrals, Verdicts
from runfix_analytics.verdicts import prior

DRAWN = Scenario("drawn")


def averted(number: int, n_runners: int, catalogue: Catalogue, seed: int, n_days: int = 730) -> dict[str, float]:
    """Onsets of 90 days that first picks among the areas to train would avert, added up over a squad.

    priority, deficit: what the two orderings pick. attainable: the best pick of who knows every runner's true hazards
    and coverage, but of the effects only the prior. These three are means over the effects that the prior allows, in
    closed form. drawn and omniscient: priority's pick, and the best of who knows the squad's drawn effects as well.
    """
    rng = np.random.default_rng((seed, n_runners, number))
    mean, spread = prior(catalogue)
    effects = dict(zip(catalogue.areas, rng.multivariate_normal(mean, spread), strict=True))
    squad = simulate(DRAWN, n_runners=n_runners, n_days=n_days, seed=(seed, 1, n_runners, number),
                     catalogue=catalogue, effects=effects)  # fmt: skip
    advice = _advice(squad, catalogue).filter(pl.col("status") == "train")
    deficit = 1 - squad.lives.coverage[-1]
    onsets = _true_onsets(squad, catalogue)
    expected = onsets * (1 - np.exp(mean * deficit + np.diag(spread) * deficit**2 / 2))
    true = onsets * (1 - np.exp(np.array(list(effects.values())) * deficit))
    place = {area: number for number, area in enumerate(catalogue.areas)}
    candidates = advice.select("rank", "deficit", runner=pl.col("runner_id").str.slice(1).cast(pl.Int64),
                               area=pl.col("area_id").replace_strict(place, return_dtype=pl.Int64))  # fmt: skip
    at = candidates["runner"].to_numpy(), candidates["area"].to_numpy()
    picked = (
        candidates.with_columns(expected=pl.Series(expected[at]), true=pl.Series(true[at]))
        .sort("rank")
        .group_by("runner", maintain_order=True)
        .agg(
            priority=pl.col("expected").first(),
            deficit=pl.col("expected").get(pl.col("deficit").arg_max()),
            attainable=pl.col("expected").max(),
            drawn=pl.col("true").first(),
            omniscient=pl.col("true").max().clip(lower_bound=0),
        )
    )
    return {name: float(picked[name].sum()) for name in picked.columns if name != "runner"}


def _advice(squad: Simulated, catalogue: Catalogue) -> pl.DataFrame:
    """Today's advice; of the strength log only the last window is needed, as it is declared complete."""
    logs, as_of = squad.logs, squad.last_day
    since = as_of - pl.duration(days=catalogue.days("coverage.window") - 1)
    recent = Logs(logs.runners, logs.runs, *(
        frame.filter(pl.col("local_date") >= since) for frame in (logs.strength_sets, logs.strength_days)
    ), logs.ache_reports)  # fmt: skip
    sets = recognise(recent.strength_sets, as_of=as_of, catalogue=catalogue)
    days = known_days(logs.runners, logs.runs, sets, recent.strength_days, as_of=as_of, catalogue=catalogue)
    window = KnownDays.validate(days.filter(pl.col("local_date") >= since))
    covered = coverage(sets, window, catalogue=catalogue)
    aches = episodes(logs.ache_reports, as_of=as_of, catalogue=catalogue)
    exposed = exposure(logs.runners, logs.runs, logs.ache_reports, aches, as_of=as_of, catalogue=catalogue)
    rates = symptom_rates(exposed, catalogue=catalogue)
    advice = recommendation(
        logs.runners, covered, days, aches, exposed, rates, Referrals.create_empty(),
        verdicts=Verdicts.create_empty(), as_of=as_of, catalogue=catalogue,
    )  # fmt: skip
    return Advice.validate(advice)


def _true_onsets(squad: Simulated, catalogue: Catalogue) -> np.ndarray:
    """Runners × areas: onsets of the linked symptoms in the next 90 days at today's true coverage."""
    symptoms = [s.id for s in catalogue.symptoms.values() if s.in_hazard_models]
    links = np.array([[area in catalogue.linked_areas(s) for area in catalogue.areas] for s in symptoms])
    effects = np.array(list(squad.effects.values()))
    hazard = squad.lives.base_per_day * np.exp((squad.lives.coverage[-1] * effects) @ links.T)
    return catalogue.number("priority.horizon") * hazard @ links
