"""Two likelihoods of rare onsets: pooled over runners, and within each runner's own days. Arrays in, estimates out.

Own code for speed and memory: statsmodels' GLM takes a matrix of all rows several times over, its ConditionalLogit
loops over strata in Python. Both are checked against it (tests/test_likelihood.py).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_CHUNK = 65_536  # rows worked on at once: they stay in the processor's cache
_MAX_STEPS, _TOLERANCE = 60, 1e-9


@dataclass(frozen=True)
class Fit:
    """Coefficients with the covariance that allows for runners; `has_converged` false: do not use them."""

    coefficients: Floats
    covariance: Floats
    log_likelihood: float
    n_steps: int
    has_converged: bool


def logistic(
    x: Floats,
    y: Floats,
    clusters: Ints,
    offset: Floats | None = None,
    weights: Floats | None = None,
    *,
    start: Floats | None = None,
) -> Fit:
    """Logistic regression by Newton's method; errors clustered, times G / (G − 1).

    `x` holds every column, intercepts too. `clusters` number the runners from 0. `weights` count a row that often.
    A column that separates onsets from other rows, or repeats another, leaves no estimate.
    """
    shift = np.zeros(len(y)) if offset is None else offset
    times = np.ones(len(y)) if weights is None else weights
    if not len(y):
        return no_fit(x.shape[1])
    beta = _start(x, y, shift) if start is None else start
    value, score, information = logistic_at(x, y, beta, shift, times)
    for step in range(_MAX_STEPS):
        move = _solve(information, score)
        if move is None:
            return no_fit(x.shape[1], step)
        for _ in range(30):  # halved until the likelihood does not fall
            tried = logistic_at(x, y, beta + move, shift, times)
            if tried[0] >= value - 1e-9 * abs(value):
                break
            move = move / 2
        beta, (value, score, information) = beta + move, tried
        if np.abs(move).max(initial=0.0) < _TOLERANCE:
            bread = np.linalg.pinv(information)
            meat = _clustered(x, y, beta, shift, times, clusters)
            return Fit(beta, bread @ meat @ bread, value, step + 1, has_converged=True)
    return no_fit(x.shape[1], _MAX_STEPS)


def _start(x: Floats, y: Floats, offset: Floats) -> Floats:
    """Coefficients under which every row has about the mean chance: rare events are far from 0."""
    wanted = logit(np.clip(y.mean(), 1e-9, 1 - 1e-9)) - offset
    gram, product = np.zeros((x.shape[1], x.shape[1])), np.zeros(x.shape[1])
    for begin in range(0, len(y), _CHUNK):
        part = slice(begin, begin + _CHUNK)
        gram += x[part].T @ x[part]
        product += x[part].T @ wanted[part]
    return np.asarray(np.linalg.lstsq(gram, product, rcond=None)[0])


def logistic_at(x: Floats, y: Floats, beta: Floats, offset: Floats, weights: Floats) -> tuple[float, Floats, Floats]:
    """Log-likelihood, score and information at `beta`."""
    value, score = 0.0, np.zeros(x.shape[1])
    information = np.zeros((x.shape[1], x.shape[1]))
    for begin in range(0, len(y), _CHUNK):
        part = slice(begin, begin + _CHUNK)
        eta = x[part] @ beta + offset[part]
        p = expit(eta)
        value += float(np.sum(weights[part] * (y[part] * eta - np.logaddexp(0, eta))))
        score += x[part].T @ (weights[part] * (y[part] - p))
        information += (x[part] * (weights[part] * p * (1 - p))[:, None]).T @ x[part]
    return value, score, information


def _clustered(x: Floats, y: Floats, beta: Floats, offset: Floats, weights: Floats, clusters: Ints) -> Floats:
    residual = weights * (y - expit(x @ beta + offset))
    return _meat(np.column_stack([np.bincount(clusters, residual * column) for column in x.T]))


def _meat(scores: Floats) -> Floats:
    """Sum of squares of the clusters' scores, times G / (G − 1)."""
    n_clusters = len(scores)
    return scores.T @ scores * (n_clusters / max(n_clusters - 1, 1))


def _solve(information: Floats, score: Floats) -> Floats | None:
    """The Newton step; none where a column carries no information."""
    try:
        move = np.linalg.solve(information, score)
    except np.linalg.LinAlgError:
        return None
    if not np.isfinite(move).all() or np.linalg.cond(information) > 1e14:  # noqa: PLR2004
        return None
    return np.asarray(move)


def no_fit(n_columns: int, n_steps: int = 0) -> Fit:
    """No estimate: everything not a number."""
    nothing = np.full(n_columns, np.nan)
    return Fit(nothing, np.full((n_columns, n_columns), np.nan), float("nan"), n_steps, has_converged=False)


def conditional_logistic(x: Floats, y: Floats, strata: Ints, clusters: Ints) -> Fit:
    """Logistic regression within strata, given how many events each has; errors clustered, times G / (G − 1).

    Strata without an event, or with events only, say nothing and are left out. The estimate is the root of the exact
    score; standard errors use Hájek's approximation of the information, exact for strata of one event.
    """
    groups = _by_events(x, y, strata, clusters)
    beta = np.zeros(x.shape[1])
    if not groups:
        return no_fit(x.shape[1], 0)
    value, score, information, scores = _conditional_at(groups, beta)
    for step in range(_MAX_STEPS):
        move = _solve(information, score)
        if move is None:
            return no_fit(x.shape[1], step)
        for _ in range(30):
            tried = _conditional_at(groups, beta + move)
            if tried[0] >= value - 1e-9 * abs(value):
                break
            move = move / 2
        beta, (value, score, information, scores) = beta + move, tried
        if np.abs(move).max(initial=0.0) < _TOLERANCE:
            bread = np.linalg.pinv(information)
            per_cluster = np.column_stack([np.bincount(scores[0], column) for column in scores[1].T])
            meat = _meat(np.asarray(per_cluster[np.unique(scores[0])], np.float64))
            return Fit(beta, bread @ meat @ bread, value, step + 1, has_converged=True)
    return no_fit(x.shape[1], _MAX_STEPS)


def conditional_at(x: Floats, y: Floats, strata: Ints, beta: Floats) -> tuple[float, Floats]:
    """Exact conditional log-likelihood and score at `beta`."""
    value, score, _, _ = _conditional_at(_by_events(x, y, strata, strata), beta)
    return value, score


@dataclass(frozen=True)
class _Strata:
    """Strata with the same number of events, padded to the same number of rows."""

    n_events: int
    x: Floats  # strata × rows × columns
    is_row: npt.NDArray[np.bool_]
    observed: Floats  # strata × columns: the events' columns added up
    clusters: Ints


def _by_events(x: Floats, y: Floats, strata: Ints, clusters: Ints) -> list[_Strata]:
    order = np.argsort(strata, kind="stable")
    numbers, begins, sizes = np.unique(strata[order], return_index=True, return_counts=True)
    events = np.add.reduceat(y[order], begins).astype(np.int64) if len(numbers) else np.zeros(0, np.int64)
    groups = []
    for n_events in np.unique(events[(events > 0) & (events < sizes)]):
        chosen = np.flatnonzero((events == n_events) & (events < sizes))
        width = int(sizes[chosen].max())
        place = begins[chosen][:, None] + np.minimum(np.arange(width), sizes[chosen][:, None] - 1)
        is_row = np.arange(width) < sizes[chosen][:, None]
        rows = order[place]
        is_event = is_row & (y[rows] > 0)
        groups.append(_Strata(int(n_events), x[rows], is_row, (x[rows] * is_event[:, :, None]).sum(axis=1),
                              clusters[rows[:, 0]]))  # fmt: skip
    return groups


def _conditional_at(groups: list[_Strata], beta: Floats) -> tuple[float, Floats, Floats, tuple[Ints, Floats]]:
    """Log-likelihood, score, information, and each stratum's cluster and score."""
    n_columns = len(beta)
    value, information = 0.0, np.zeros((n_columns, n_columns))
    clusters, scores = [], []
    for group in groups:
        eta = np.where(group.is_row, group.x @ beta, -np.inf)
        log_total, inclusion = _inclusion(eta, group.n_events)
        expected = np.einsum("sr,src->sc", inclusion, group.x)
        value += float((group.observed @ beta - log_total).sum())
        information += _information(inclusion, group)
        clusters.append(group.clusters)
        scores.append(group.observed - expected)
    every = np.concatenate(scores)
    return value, every.sum(axis=0), information, (np.concatenate(clusters), every)


def _information(inclusion: Floats, group: _Strata) -> Floats:
    """The columns' covariance under the conditional likelihood; Hájek's approximation where events are several."""
    weights = inclusion if group.n_events == 1 else inclusion * (1 - inclusion)
    moment = np.einsum("sr,src->sc", weights, group.x)
    square = np.einsum("sr,src,srd->cd", weights, group.x, group.x, optimize=True)
    return np.asarray(square - moment.T @ (moment / weights.sum(axis=1, keepdims=True)))


def _inclusion(eta: Floats, n_events: int) -> tuple[Floats, Floats]:
    """Log of the sum over all choices of `n_events` rows, and each row's chance to be among them (strata × rows).

    Elementary symmetric polynomials of exp(eta), built up from both ends. Source: Gail, Lubin and Rubinstein 1981.
    """
    top = eta.max(axis=1, keepdims=True)
    w = np.exp(eta - top)
    if n_events == 1:
        total = w.sum(axis=1)
        return np.log(total) + top[:, 0], w / total[:, None]
    n_strata, n_rows = w.shape
    before, after = np.zeros((n_rows + 1, n_strata, n_events + 1)), np.zeros((n_rows + 1, n_strata, n_events + 1))
    before[0, :, 0] = after[n_rows, :, 0] = 1
    for row in range(n_rows):
        back = n_rows - 1 - row
        before[row + 1] = before[row]
        before[row + 1, :, 1:] += w[:, row, None] * before[row, :, :-1]
        after[back] = after[back + 1]
        after[back, :, 1:] += w[:, back, None] * after[back + 1, :, :-1]
    total = before[n_rows, :, n_events]
    without = np.einsum("rsk,rsk->sr", before[:-1, :, :n_events], after[1:, :, n_events - 1 :: -1])
    return np.log(total) + n_events * top[:, 0], w * without / total[:, None]
