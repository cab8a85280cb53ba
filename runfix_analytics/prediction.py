"""The optional model of an onset in the following week: off by default, for analysts, never behind a priority.

Days with what was known by them → a classifier, tested on whole runners and on later days. Rows drawn at random are
refused: neighbouring days of one runner are nearly the same fact. Source: method.md §6.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, exp, log
from statistics import NormalDist
from typing import Any, Self

import dataframely as dy
import numpy as np
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
from runfix_analytics.prediction_rows import Array, ModelMatrix, model_matrix
from runfix_analytics.tables import PREDICTION_KINDS, PredictionRows, PredictionScores

Folds = list[tuple[Array, Array]]
TOO_FEW, SCORED = "too few onsets to predict", "scored"
_FEWEST_FOLDS = 2
_NEARLY_NONE, _WIDEST_SHIFT = 1e-9, 50.0  # keep the log-odds of a certain answer finite, and within what is searched
_MEASURES = ("auc", "average_precision", "brier", "calibration_slope", "calibration_intercept")


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
