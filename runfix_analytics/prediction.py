"""The optional model of an onset in the following week: off by default, for analysts, never behind a priority.

Days with what was known by them → a classifier, tested on whole runners and on later days. Rows drawn at random are
refused: neighbouring days of one runner are nearly the same fact. Source: method.md §6.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, exp, log
from statistics import NormalDist
from typing import Any, Self

import dataframely as dy
import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.model_selection import BaseCrossValidator, GroupKFold, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.errors import ConfigError
from runfix_analytics.exposure import observed_days
from runfix_analytics.tables import (
    PREDICTION_KINDS,
    AcheReports,
    Coverage,
    Episodes,
    PredictionRows,
    PredictionScores,
    RunningLoad,
    Runs,
)

Array = npt.NDArray[Any]
Folds = list[tuple[Array, Array]]
TOO_FEW, SCORED = "too few onsets to predict", "scored"
_DAY = ["runner_id", "local_date"]
_FEATURES = ("onsets_per_year", "days_since_onset", "acute_load_log", "chronic_load_log", "is_spike")
_FEWEST_FOLDS = 2
_NEARLY_NONE, _WIDEST_SHIFT = 1e-9, 50.0  # keep the log-odds of a certain answer finite, and within what is searched
_MEASURES = ("auc", "average_precision", "brier", "calibration_slope", "calibration_intercept")


def prediction_rows(
    covered: dy.DataFrame[Coverage], load: dy.DataFrame[RunningLoad], aches: dy.DataFrame[Episodes],
    runs: dy.DataFrame[Runs], reports: dy.DataFrame[AcheReports], *, as_of: date, catalogue: Catalogue,
) -> dy.DataFrame[PredictionRows]:  # fmt: skip
    """One row per runner and observed day outside any episode; censored ones have a null `is_onset_within`.

    What a row says was known by its day: coverage is that of the window ending as long ago as an entry may settle
    what is known before it (14 d; give it `covered` from days without assumed and tail ones, as for onsets), aches
    count from their first report, observed days once the recall of the diary is over. An overuse onset is neither
    traumatic, prevalent nor uncertain, and of a symptom of the hazard models. An episode without a stated end lasts
    until the gap after its last report is over. Source: method.md §6.
    """
    horizon = catalogue.days("prediction.horizon")
    observed = observed_days(runs, reports, as_of, catalogue).sort(_DAY)
    onsets = _onsets(aches, catalogue)
    n_ahead = observed.rolling(
        "local_date", period=timedelta(days=horizon), offset=timedelta(0), closed="right", group_by="runner_id"
    ).agg(n_ahead=pl.len())
    within = (
        onsets.with_columns(ahead=pl.int_ranges(1, horizon + 1))
        .explode("ahead")
        .with_columns(local_date=pl.col("onset_on") - pl.duration(days="ahead"))
        .group_by(_DAY)
        .agg(onset_ids=pl.col("episode_id").sort())
    )
    rows = (
        observed.join(_days_in_episodes(aches, as_of, catalogue), on=_DAY, how="anti")
        .join(n_ahead, on=_DAY, how="left", validate="1:1")
        .join(within, on=_DAY, how="left", validate="1:1")
        .with_columns(pl.col("onset_ids").fill_null([]))
        .with_columns(is_onset_within=pl.when(pl.col("n_ahead") == horizon).then(pl.col("onset_ids").list.len() > 0))
    )
    described = (
        _with_history(rows, observed, onsets, catalogue)
        .join(_area_lists(rows, covered, catalogue), on=_DAY, how="left", validate="1:1")
        .join(_loads(load), on=_DAY, how="left", validate="1:1")
    )
    return PredictionRows.validate(described.sort(_DAY), cast=True)


def _onsets(aches: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    modelled = [symptom.id for symptom in catalogue.symptoms.values() if symptom.in_hazard_models]
    is_overuse = ~pl.col("is_trauma") & ~pl.col("is_prevalent") & ~pl.col("is_onset_uncertain")
    return aches.filter(is_overuse & pl.col("symptom_id").is_in(modelled)).select(
        "runner_id", "episode_id", "onset_on", "first_reported_on"
    )


def _days_in_episodes(aches: pl.DataFrame, as_of: date, catalogue: Catalogue) -> pl.DataFrame:
    until = pl.coalesce("ended_on", pl.col("last_reported_on") + timedelta(days=catalogue.days("episode.gap")))
    span = pl.date_ranges("onset_on", pl.min_horizontal(until, pl.lit(as_of)))
    return aches.select("runner_id", local_date=span).explode("local_date").unique()


def _with_history(
    rows: pl.DataFrame, observed: pl.DataFrame, onsets: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    """Each row's onsets so far as a rate over the years that were observed, and the days since the last one."""
    longest, per_year = catalogue.days("prediction.longest_memory"), catalogue.number("priority.days_per_year")
    at_start = catalogue.number("prediction.shrink_years") * per_year
    settled = pl.col("local_date") + timedelta(days=catalogue.days("episode.diary_recall"))
    n_so_far = pl.int_range(1, pl.len() + 1).over("runner_id")
    seen = observed.sort(_DAY).select("runner_id", local_date=settled, n_days=n_so_far).sort("local_date")
    told = onsets.sort("runner_id", "first_reported_on", "onset_on").select(
        "runner_id", local_date="first_reported_on", n_told=n_so_far,
        last_onset_on=pl.col("onset_on").cum_max().over("runner_id"),
    )  # fmt: skip
    told = told.unique(_DAY, keep="last", maintain_order=True).sort("local_date")
    days_since = (pl.col("local_date") - pl.col("last_onset_on")).dt.total_days().clip(upper_bound=longest)
    return (
        rows.sort("local_date")
        .join_asof(seen, on="local_date", by="runner_id", check_sortedness=False)
        .join_asof(told, on="local_date", by="runner_id", check_sortedness=False)
        .with_columns(
            onsets_per_year=pl.col("n_told").fill_null(0) * per_year / (pl.col("n_days").fill_null(0) + at_start),
            days_since_onset=days_since.fill_null(longest),
        )
    )


def _area_lists(rows: pl.DataFrame, covered: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Each row's coverage of every area, in the catalogue's order, of the newest window that is settled by its day."""
    settled = pl.col("local_date") + timedelta(days=catalogue.days("coverage.max_entry_gap"))
    areas = pl.DataFrame({"area_id": list(catalogue.areas)}).with_row_index("place")
    known = covered.select("runner_id", "area_id", "coverage", local_date=settled)
    return (
        rows.select(_DAY)
        .join(areas, how="cross")
        .join(known, on=[*_DAY, "area_id"], how="left", validate="1:1")
        .group_by(_DAY)
        .agg(pl.col("coverage").sort_by("place"))
    )


def _loads(load: pl.DataFrame) -> pl.DataFrame:
    return load.select(
        *_DAY,
        acute_load_log=pl.col("acute_km_per_day").log1p(),
        chronic_load_log=pl.col("chronic_km_per_day").log1p(),
        is_spike=pl.when(pl.col("n_runs") == 0).then(statement=False).otherwise(pl.col("spike") != "none"),
    )


@dataclass(frozen=True)
class ModelMatrix:
    """The rows whose following week is known, as a model takes them; missing values are NaN."""

    x: Array
    is_onset: Array
    runner_ids: Array
    days: Array
    onset_ids: list[list[str]]
    columns: tuple[str, ...]

    def n_onsets(self, rows: Array) -> int:
        """Different episodes that begin within the horizon of some rows."""
        return len({(self.runner_ids[row], onset) for row in rows for onset in self.onset_ids[row]})


def model_matrix(rows: dy.DataFrame[PredictionRows], *, catalogue: Catalogue) -> ModelMatrix:
    """One row per row that is not censored, one column per area and further feature; days count from 1970."""
    kept = rows.filter(pl.col("is_onset_within").is_not_null()).sort(_DAY)
    areas = {f"coverage_{area}": pl.col("coverage").list.get(i) for i, area in enumerate(catalogue.areas)}
    x = kept.select(**areas, **{name: pl.col(name) for name in _FEATURES}).cast(pl.Float64)
    return ModelMatrix(
        x.fill_null(float("nan")).to_numpy(), kept["is_onset_within"].to_numpy().astype(int),
        kept["runner_id"].to_numpy(), kept["local_date"].to_physical().to_numpy(), kept["onset_ids"].to_list(),
        tuple(x.columns),
    )  # fmt: skip


class OnsetClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """A probability of an onset for each row: logistic regression, or boosted trees, calibrated on whole groups.

    Missing values are filled with the mean and told by an indicator (logistic), or branched on (boosting). With
    `groups` in `fit` (the runner of each row), a sigmoid is fitted to what models say of runners they have not seen.
    Without groups, or where they are too few to hold both outcomes in every training fold, probabilities stay as the
    model gives them (`is_calibrated_` false): calibrating on random rows would flatter. Defaults are scikit-learn's.
    """

    def __init__(
        self, kind: str = "logistic", *, n_folds: int = 5, n_trees: int = 100, learning_rate: float = 0.1,
        max_depth: int | None = None, random_state: int | None = 0,
    ) -> None:  # fmt: skip
        self.kind, self.n_folds, self.random_state = kind, n_folds, random_state
        self.n_trees, self.learning_rate, self.max_depth = n_trees, learning_rate, max_depth

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:  # noqa: N803  scikit-learn's name
        """The classifier, fitted to rows with two outcomes. Raises: ConfigError for a kind that is not known."""
        if self.kind not in PREDICTION_KINDS:
            raise ConfigError(f'kind "{self.kind}" is not known; known: {", ".join(PREDICTION_KINDS)}')
        x, y = validate_data(self, X, y, ensure_all_finite="allow-nan")
        check_classification_targets(y)
        if (target := type_of_target(y)) != "binary":
            raise ValueError(f"Only binary classification is supported. The type of the target is {target}.")
        self.classes_, coded = np.unique(y, return_inverse=True)
        if len(self.classes_) == 1:
            raise ValueError(f"Rows of one class only ({self.classes_[0]}): there is nothing to tell apart")
        folds = [] if groups is None else self._calibration_folds(x, coded, np.asarray(groups))
        self.is_calibrated_ = bool(folds)
        model = self._model()
        self.model_ = CalibratedClassifierCV(model, method="sigmoid", cv=folds, ensemble=False) if folds else model
        self.model_.fit(x, coded)
        return self

    def predict_proba(self, X: Any) -> Array:  # noqa: N803
        """One row per row, the probabilities of no onset and of one."""
        check_is_fitted(self)
        x = validate_data(self, X, ensure_all_finite="allow-nan", reset=False)
        return np.asarray(self.model_.predict_proba(x))

    def predict(self, X: Any) -> Array:  # noqa: N803
        """The likelier outcome of each row; with rare onsets nearly always none."""
        said = self.predict_proba(X)
        return np.asarray(self.classes_[said.argmax(axis=1)])

    def _model(self) -> Any:
        if self.kind == "logistic":
            imputer = SimpleImputer(add_indicator=True, keep_empty_features=True)
            return make_pipeline(imputer, StandardScaler(), LogisticRegression())
        # early stopping would hold out random rows
        return HistGradientBoostingClassifier(
            max_iter=self.n_trees, learning_rate=self.learning_rate, max_depth=self.max_depth,
            early_stopping=False, random_state=self.random_state,
        )  # fmt: skip

    def _calibration_folds(self, x: Array, coded: Array, groups: Array) -> Folds:
        n_folds = min(self.n_folds, *(len(np.unique(groups[coded == outcome])) for outcome in (0, 1)))
        if n_folds < _FEWEST_FOLDS:
            return []
        folds = list(StratifiedGroupKFold(n_folds).split(x, coded, groups))
        return folds if all(len(np.unique(coded[train])) > 1 and len(test) for train, test in folds) else []

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags


class GroupSplit(GroupKFold):  # type: ignore[misc]
    """Every runner is in test once, with all rows; `groups` are runner ids. Raises: ConfigError with too few."""

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[Array, Array]]:  # noqa: N803
        """Pairs of training and test positions."""
        n_groups = 0 if groups is None else len(np.unique(groups))
        if n_groups < self.n_splits:
            raise ConfigError(f"{n_groups} runners are too few for {self.n_splits} folds of whole runners")
        yield from super().split(X, y, groups)


class ForwardSplit(BaseCrossValidator):  # type: ignore[misc]
    """Later blocks of days in test, training on all days more than `gap_days` before; `groups` are days as numbers.

    The rows are cut by day into one more block than splits, of about as many rows. Raises: ConfigError where a block
    has nothing before its gap.
    """

    def __init__(self, n_splits: int, *, gap_days: int) -> None:
        self.n_splits, self.gap_days = n_splits, gap_days

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: N803, ARG002
        """How many blocks are tested."""
        return self.n_splits

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[Array, Array]]:  # noqa: N803, ARG002
        """Pairs of training and test positions."""
        days = np.asarray([] if groups is None else groups)
        if not len(days):
            raise ConfigError("splitting forward in time needs the day of each row as groups")
        starts = np.quantile(days, np.arange(1, self.n_splits + 1) / (self.n_splits + 1), method="closest_observation")
        for start, end in zip(starts, [*starts[1:], days.max() + 1], strict=True):
            train, test = np.flatnonzero(days < start - self.gap_days), np.flatnonzero((days >= start) & (days < end))
            if not len(train) or not len(test):
                raise ConfigError(f"the log is too short for {self.n_splits} blocks {self.gap_days} days apart")
            yield train, test


def purge_days(catalogue: Catalogue) -> int:
    """How far apart training and test days of one runner must lie so that no window and horizon share a day."""
    settled = catalogue.days("coverage.max_entry_gap")
    return catalogue.days("coverage.window") + settled + catalogue.days("prediction.horizon")


def honest_folds(data: ModelMatrix, splitter: Any, *, catalogue: Catalogue) -> Folds:
    """The splitter's pairs of training and test positions, if no runner is in both within the purge gap.

    Raises: ConfigError naming a runner that stands in training and test too near in time, or tested before trained.
    """
    gap = purge_days(catalogue)
    groups = data.days if isinstance(splitter, ForwardSplit) else data.runner_ids
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "groups are ignored": what comes of that is refused below
        folds = [(np.asarray(train), np.asarray(test)) for train, test in splitter.split(data.x, data.is_onset, groups)]
    for train, test in folds:
        for runner in np.intersect1d(data.runner_ids[train], data.runner_ids[test]):
            last = data.days[train][data.runner_ids[train] == runner].max()
            first = data.days[test][data.runner_ids[test] == runner].min()
            if first - last <= gap:
                raise ConfigError(
                    f"{type(splitter).__name__} puts days of runner {runner} into training and test that are not "
                    f"more than {gap} days apart and in order; split by GroupSplit, or by ForwardSplit with that gap"
                )
    return folds


@dataclass(frozen=True)
class HeldOut:
    """The rows of all test folds, each with what a model that had not seen it said, and the fold it was tested in."""

    runner_ids: Array
    is_onset: Array
    probability: Array
    fold: Array


def evaluate(
    rows: dy.DataFrame[PredictionRows], estimator: OnsetClassifier, splitter: Any, *, catalogue: Catalogue
) -> HeldOut:
    """One entry per test row that is not censored, of all folds together.

    Raises: ConfigError where the splitter lets a runner stand in training and test: see `honest_folds`.
    """
    data = model_matrix(rows, catalogue=catalogue)
    return _tested(data, honest_folds(data, splitter, catalogue=catalogue), estimator)


def _tested(data: ModelMatrix, folds: Folds, estimator: OnsetClassifier) -> HeldOut:
    said = []
    for train, test in folds:
        model = clone(estimator).fit(data.x[train], data.is_onset[train], groups=data.runner_ids[train])
        said.append(model.predict_proba(data.x[test])[:, 1])
    test = np.concatenate([test for _, test in folds])
    fold = np.repeat(np.arange(len(folds)), [len(test) for _, test in folds])
    return HeldOut(data.runner_ids[test], data.is_onset[test], np.concatenate(said), fold)


def riley_minimum(n_parameters: int, prevalence: float, *, catalogue: Catalogue) -> int:
    """The fewest rows to develop a model of a yes-or-no outcome on, by the three criteria of Riley 2019.

    Times the prevalence it is the fewest onsets. Source: Riley 2019 (Stat Med 38:1276), 2020 (BMJ 368:m441).
    """
    shrinkage, margin = catalogue.number("prediction.shrinkage"), catalogue.number("prediction.margin")
    greatest = 1 - exp(2 * (prevalence * log(prevalence) + (1 - prevalence) * log(1 - prevalence)))
    explained = catalogue.number("prediction.nagelkerke") * greatest
    of_optimism = explained / (explained + catalogue.number("prediction.optimism") * greatest)
    z = NormalDist().inv_cdf((1 + catalogue.number("prediction.interval_share")) / 2)
    of_shrinkage = [n_parameters / ((s - 1) * log(1 - explained / s)) for s in (shrinkage, of_optimism)]
    return max(ceil(n) for n in (*of_shrinkage, (z / margin) ** 2 * prevalence * (1 - prevalence)))


def prediction_scores(rows: dy.DataFrame[PredictionRows], *, catalogue: Catalogue) -> dy.DataFrame[PredictionScores]:
    """One row per way of splitting and kind of model; without scores where there are too few onsets.

    Needed are the onsets of the Riley minimum in every training fold, counting a parameter for each feature and for
    each that has missing values, and 100 in test. Boosting is chosen where its AUC beats the logistic one by more
    than two bootstrap standard errors of the difference on both splits. Source: method.md §6.
    """
    data, n_folds = model_matrix(rows, catalogue=catalogue), catalogue.days("prediction.folds")
    splitters: dict[str, Any] = {
        "by_runner": GroupSplit(max(_FEWEST_FOLDS, min(n_folds, len(np.unique(data.runner_ids))))),
        "forward": ForwardSplit(catalogue.days("prediction.forward_blocks"), gap_days=purge_days(catalogue)),
    }
    counts, tested = {}, {}
    for split, splitter in splitters.items():
        folds = _folds_if_any(data, splitter, catalogue)
        counts[split] = _counts(data, folds, catalogue) | {"n_censored_rows": len(rows) - len(data.days)}
        if counts[split]["verdict"] == SCORED:
            for kind in PREDICTION_KINDS:
                tested[split, kind] = _tested(data, folds, OnsetClassifier(kind, n_folds=n_folds))
    is_boosting = all(
        (split, "boosting") in tested
        and is_clearly_better(tested[split, "boosting"], tested[split, "logistic"], catalogue=catalogue)
        for split in splitters
    )
    chosen = "boosting" if is_boosting else "logistic"
    scored = [
        {"split": split, "kind": kind, "is_chosen": kind == chosen and (split, kind) in tested, **counts[split]}
        | (_scores(tested[split, kind], catalogue) if (split, kind) in tested else {})
        for split in splitters
        for kind in PREDICTION_KINDS
    ]
    return PredictionScores.validate(pl.DataFrame(scored, schema=PredictionScores.create_empty().schema), cast=True)


def _folds_if_any(data: ModelMatrix, splitter: Any, catalogue: Catalogue) -> Folds:
    """No folds where runners or days are too few for our own splitters: too little data is no error here."""
    try:
        return honest_folds(data, splitter, catalogue=catalogue)
    except ConfigError:
        return []


def _counts(data: ModelMatrix, folds: Folds, catalogue: Catalogue) -> dict[str, Any]:
    """What the test rows of a split hold, and whether that is enough."""
    test = np.concatenate([test for _, test in folds]) if folds else np.array([], dtype=int)
    n_parameters = data.x.shape[1] + int(np.isnan(data.x).any(axis=0).sum())
    prevalence = float(data.is_onset.mean()) if len(data.is_onset) else 0.0
    has_both = 0 < prevalence < 1
    n_needed = ceil(riley_minimum(n_parameters, prevalence, catalogue=catalogue) * prevalence) if has_both else None
    n_onsets, n_training = data.n_onsets(test), min((data.n_onsets(train) for train, _ in folds), default=0)
    needed_in_test = catalogue.days("prediction.min_test_onsets")
    is_enough = n_needed is not None and n_training >= n_needed and n_onsets >= needed_in_test
    return {
        "verdict": SCORED if is_enough else TOO_FEW,
        "n_rows": len(test), "n_runners": len(np.unique(data.runner_ids[test])),
        "n_onsets": n_onsets, "n_onsets_needed": needed_in_test,
        "n_training_onsets": n_training, "n_training_onsets_needed": n_needed,
    }  # fmt: skip


def runner_draws(runner_ids: Array, *, catalogue: Catalogue) -> Iterator[Array]:
    """How often each row counts in each of the bootstrap's draws of whole runners, with replacement; seeded."""
    runners, row_runner = np.unique(runner_ids, return_inverse=True)
    random = np.random.default_rng(catalogue.days("prediction.seed"))
    for _ in range(catalogue.days("prediction.resamples")):
        yield random.multinomial(len(runners), np.full(len(runners), 1 / len(runners)))[row_runner]


def interval(draws: Any, *, catalogue: Catalogue) -> Array:
    """The two ends of the bootstrap interval of each value; draws that say nothing (NaN) are left out."""
    tail = (1 - catalogue.number("prediction.interval_share")) / 2
    return np.asarray(np.nanquantile(draws, [tail, 1 - tail], axis=0))


def auc(is_onset: Array, score: Array, weight: Array) -> float:
    """The area under the ROC curve of weighted rows; NaN where they have one outcome only."""
    counted = weight > 0
    if len(np.unique(is_onset[counted])) == 1:
        return float("nan")
    return float(roc_auc_score(is_onset[counted], score[counted], sample_weight=weight[counted]))


def _ranking(tested: HeldOut, weight: Array) -> tuple[float, float]:
    """AUC and average precision of each fold, averaged by its rows with an onset.

    Not of all folds together: a fold with many onsets was trained on few, so that pooled ranks are worse than none.
    """
    of_folds = []
    for fold in np.unique(tested.fold):
        rows = (tested.fold == fold) & (weight > 0)
        truth, said, counts = tested.is_onset[rows], tested.probability[rows], weight[rows]
        if len(np.unique(truth)) > 1:
            precision = average_precision_score(truth, said, sample_weight=counts)
            of_folds.append((counts @ truth, auc(truth, said, counts), precision))
    if not of_folds:
        return float("nan"), float("nan")
    n, *values = np.array(of_folds).T
    return float(np.average(values[0], weights=n)), float(np.average(values[1], weights=n))


def _measures(tested: HeldOut, weight: Array) -> Array:
    """The five measures, in the order of their names; NaN where the drawn rows have one outcome only."""
    counted = weight > 0
    is_onset, said = tested.is_onset[counted], tested.probability[counted]
    if len(np.unique(is_onset)) == 1:
        return np.full(len(_MEASURES), np.nan)
    ranking, weight = _ranking(tested, weight), weight[counted]
    z = logit(np.clip(said, _NEARLY_NONE, 1 - _NEARLY_NONE))
    slope = LogisticRegression(C=np.inf).fit(z[:, None], is_onset, sample_weight=weight).coef_.item()
    shift = brentq(lambda by: weight @ (expit(z + by) - is_onset), -_WIDEST_SHIFT, _WIDEST_SHIFT)
    return np.array([*ranking, brier_score_loss(is_onset, said, sample_weight=weight), slope, shift])


def _scores(tested: HeldOut, catalogue: Catalogue) -> dict[str, float]:
    draws = np.array([_measures(tested, weight) for weight in runner_draws(tested.runner_ids, catalogue=catalogue)])
    low, high = interval(draws, catalogue=catalogue)
    values = _measures(tested, np.ones(len(tested.is_onset)))
    prevalence = float(tested.is_onset.mean())
    scores = {"prevalence": prevalence, "brier_of_prevalence": prevalence * (1 - prevalence)}
    for name, value, least, most in zip(_MEASURES, values, low, high, strict=True):
        scores |= {name: float(value), f"{name}_low": float(least), f"{name}_high": float(most)}
    return scores


def is_clearly_better(new: HeldOut, old: HeldOut, *, catalogue: Catalogue) -> bool:
    """Whether the new model's AUC on the same rows is higher by more than the bootstrap allows for chance."""

    def gain(weight: Array) -> float:
        return _ranking(new, weight)[0] - _ranking(old, weight)[0]

    se = np.nanstd([gain(weight) for weight in runner_draws(new.runner_ids, catalogue=catalogue)], ddof=1)
    return bool(gain(np.ones(len(new.is_onset))) > catalogue.number("prediction.clear_margin") * se)
