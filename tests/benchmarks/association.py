"""The pooled hazard model of 500 runners × 730 days, on one matrix of all at-risk rows, errors clustered by runner."""

from collections.abc import Callable
from typing import Any

import numpy as np
import statsmodels.api as sm

from runfix_analytics.catalogue import load
from runfix_analytics.cohort import analysis_rows
from runfix_analytics.hazard import matrix
from runfix_analytics.likelihood import logistic
from runfix_analytics.simulation import SCENARIOS, simulate
from tests.simulations.replication import SEED, cohorts

PEER = "statsmodels: GLM with clustered errors"
N_RUNNERS, N_DAYS = 500, 730


def prepare() -> tuple[Callable[[], Any], Callable[[], Any]]:
    catalogue = load()
    squad = simulate(SCENARIOS["effect"], n_runners=N_RUNNERS, n_days=N_DAYS, seed=SEED, catalogue=catalogue)
    of, _, lag = cohorts(squad, catalogue, is_thinned=False)
    rows = matrix(analysis_rows(of, lag_days=lag, catalogue=catalogue)[0], catalogue)

    def ours() -> tuple[np.ndarray, np.ndarray]:
        fit = logistic(rows.x, rows.y, rows.runner, rows.offset)
        return fit.coefficients, np.sqrt(np.diag(fit.covariance))

    def peer() -> tuple[np.ndarray, np.ndarray]:
        model = sm.GLM(rows.y, rows.x, family=sm.families.Binomial(), offset=rows.offset)
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": rows.runner}, tol=1e-10)
        return fit.params, fit.bse

    return ours, peer


def same(ours: tuple[np.ndarray, np.ndarray], peer: tuple[np.ndarray, np.ndarray]) -> bool:
    return bool(np.abs(ours[0] - peer[0]).max() < 1e-6 and np.allclose(ours[1], peer[1], rtol=1e-3))
