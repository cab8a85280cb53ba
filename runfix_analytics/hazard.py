"""The hazard models' matrix, and its two fits: analysis rows in, coefficients by name out."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.likelihood import Fit, Floats, Ints, conditional_logistic, logistic, no_fit

CONTROL = "control"
_PRIOR = ("prior_same", "prior_any")
_SEED = 20261122


@dataclass(frozen=True)
class Matrix:
    """Columns by name: areas (coverage where linked, else 0), covariates, an intercept for each symptom with onsets.

    Symptoms without an onset say nothing and have no rows, nor have days of a confounder without an onset (its
    coefficient would run away; leaving its days out is the limit of the likelihood). `kept` tells which rows are there.
    Columns that are the same everywhere are left out.
    `offset` corrects the thinning of rows without an onset. `missing`: why there is nothing to fit.
    """

    x: Floats
    names: tuple[str, ...]
    y: Floats
    runner: Ints
    symptom: Ints
    offset: Floats
    kept: npt.NDArray[np.bool_]
    missing: str | None

    def only(self, keep: npt.NDArray[np.bool_]) -> "Matrix":
        """Without the other columns."""
        return replace(self, x=self.x[:, keep], names=tuple(n for n, k in zip(self.names, keep, strict=True) if k))

    def with_columns(self, columns: dict[str, Floats], instead_of: tuple[str, ...]) -> "Matrix":
        """With other columns in the place of some."""
        kept = self.only(np.array([name not in instead_of for name in self.names], bool))
        return _varying(
            replace(kept, x=np.column_stack([*columns.values(), kept.x]), names=(*columns, *kept.names)), kept.names
        )


def matrix(rows: pl.DataFrame, catalogue: Catalogue, control: Floats | None = None) -> Matrix:
    """The matrix of analysis rows, with one more column `control` if given."""
    symptom, y = symptom_numbers(rows, catalogue), rows["is_onset"].to_numpy().astype(np.float64)
    n_onsets = np.bincount(symptom, y, minlength=len(catalogue.symptoms))
    kept = n_onsets[symptom] > 0
    for confounder in (rows["is_spike"], rows["n_prior_same"] > 0, rows["n_prior_any"] > 0):
        is_on = confounder.to_numpy()
        if not y[is_on].any():
            kept = kept & ~is_on
    season = rows["local_date"].dt.ordinal_day().to_numpy() / catalogue.number("priority.days_per_year") * 2 * np.pi
    linked = coverage_matrix(rows["coverage"], catalogue) * link_matrix(rows, catalogue)
    columns = {
        **dict(zip(catalogue.areas, linked.T, strict=True)),
        **({} if control is None else {CONTROL: control}),
        "spike": rows["is_spike"].to_numpy().astype(np.float64),
        "chronic": np.log1p(rows["chronic_km_per_day"].to_numpy()),
        "season_sin": np.sin(season),
        "season_cos": np.cos(season),
        "years": rows["years"].to_numpy(),
        "prior_same": np.log1p(rows["n_prior_same"].to_numpy()),
        "prior_any": np.log1p(rows["n_prior_any"].to_numpy()),
    }
    intercepts = {f"symptom {n}": (symptom == n).astype(np.float64) for n in np.flatnonzero(n_onsets)}
    shares = np.ones(len(catalogue.symptoms))
    np.minimum.at(shares, symptom, rows["sampled_share"].to_numpy())
    runner = rows["runner_id"].rank("dense").to_numpy().astype(np.int64)
    whole = Matrix(
        x=np.column_stack([*columns.values(), *intercepts.values()])[kept],
        names=(*columns, *intercepts),
        y=y[kept],
        runner=np.unique(runner[kept], return_inverse=True)[1],
        symptom=symptom[kept],
        offset=-np.log(shares[symptom[kept]]),
        kept=kept,
        missing=_missing(rows, catalogue),
    )
    return _varying(whole, tuple(intercepts))


def _missing(rows: pl.DataFrame, catalogue: Catalogue) -> str | None:
    """Why nothing is fitted: few runners look alike by chance, and a few of them make errors far too small."""
    if rows["is_onset"].sum() < catalogue.number("association.min_onsets"):
        return "too_few_onsets"
    is_few = rows["runner_id"].n_unique() < catalogue.number("association.fewest_runners")
    return "too_few_runners" if is_few else None


def coverage_matrix(column: pl.Series, catalogue: Catalogue) -> Floats:
    """A list column as rows × areas."""
    n_areas = len(catalogue.areas)
    return np.asarray(column.list.to_array(n_areas).to_numpy(), np.float64).reshape(-1, n_areas)


def link_matrix(rows: pl.DataFrame, catalogue: Catalogue) -> npt.NDArray[np.bool_]:
    """Rows × areas: whether the row's symptom is linked to the area."""
    linked = np.array([[area in catalogue.linked_areas(s) for area in catalogue.areas] for s in catalogue.symptoms])
    return np.asarray(linked[symptom_numbers(rows, catalogue)])


def symptom_numbers(rows: pl.DataFrame, catalogue: Catalogue) -> Ints:
    """Each row's symptom by its place in the catalogue."""
    places = {symptom: place for place, symptom in enumerate(catalogue.symptoms)}
    return rows["symptom_id"].replace_strict(places, return_dtype=pl.Int64).to_numpy()


def _varying(whole: Matrix, always: tuple[str, ...]) -> Matrix:
    spread = np.ptp(whole.x, axis=0) if len(whole.y) else np.zeros(len(whole.names))
    return whole.only(np.array([s > 0 or n in always for s, n in zip(spread, whole.names, strict=True)], bool))


def fit_pooled(of: Matrix, catalogue: Catalogue) -> Fit:
    """All rows together; errors clustered by runner, by runner bootstrap where runners are few."""
    if of.missing:
        return no_fit(len(of.names))
    fit = logistic(of.x, of.y, of.runner, of.offset)
    if fit.has_converged and of.runner.max() + 1 < catalogue.number("association.min_runners"):
        return replace(fit, covariance=_bootstrap(of, fit, catalogue.days("association.bootstrap_draws")))
    return fit


def _bootstrap(of: Matrix, whole: Fit, n_draws: int) -> Floats:
    """Covariance over draws of runners; not a number where half the draws have no estimate."""
    rng = np.random.default_rng(_SEED)
    n_runners = int(of.runner.max()) + 1
    found: list[Floats] = []
    for _ in range(2 * n_draws):
        times = np.bincount(rng.integers(0, n_runners, n_runners), minlength=n_runners).astype(np.float64)
        fit = logistic(of.x, of.y, of.runner, of.offset, times[of.runner], start=whole.coefficients)
        if fit.has_converged:
            found.append(fit.coefficients)
        if len(found) == n_draws:
            return np.asarray(np.cov(np.array(found).T))
    return no_fit(len(of.names)).covariance


def fit_within(of: Matrix) -> tuple[Matrix, Fit]:
    """Each runner's onset days against the same runner's other days, symptom by symptom, and the columns used.

    Prior episodes are no columns here: within a runner they follow from the onsets themselves.
    """
    strata = np.unique(np.column_stack([of.runner, of.symptom]), axis=0, return_inverse=True)[1].reshape(-1)
    has_onset = np.bincount(strata, of.y) > 0 if len(of.y) else np.zeros(0, bool)
    inside = has_onset[strata]
    low = np.full((len(has_onset), len(of.names)), np.inf)
    high = -low
    np.minimum.at(low, strata[inside], of.x[inside])
    np.maximum.at(high, strata[inside], of.x[inside])
    varies = (high - low > 0).any(axis=0)
    chosen = of.only(varies & np.array([name not in _PRIOR for name in of.names], bool))
    if of.missing or not chosen.names:
        return chosen, no_fit(len(chosen.names))
    return chosen, conditional_logistic(chosen.x[inside], of.y[inside], strata[inside], of.runner[inside])
