"""The public "day" data of Lövdal 2021 (74 runners): read, checked, and the published test run again as an anchor.

What is published: AUC 0.724 from the seven days before (0.678 from three weeks), for injuries of competitive runners.
The data hold a yes or no of strength training a day, no areas: an anchor for `prediction`, nothing about coverage.
They are not in this package: doi:10.34894/UWU9PV.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.errors import ConfigError, ReadError
from runfix_analytics.prediction import OnsetClassifier, auc, interval, runner_draws
from runfix_analytics.prediction_rows import Array

PERCEIVED = ("perceived exertion", "perceived trainingSuccess", "perceived recovery")
MEASURES = (
    "nr. sessions", "total km", "km Z3-4", "km Z5-T1-T2", "km sprinting", "strength training", "hours alternative",
    *PERCEIVED,
)  # fmt: skip
N_DAYS = 7
SUFFIXES = ("", *(f".{place}" for place in range(1, N_DAYS)))  # "" is seven days before, the last the day before
HEADER = (*(f"{name}{suffix}" for suffix in SUFFIXES for name in MEASURES), "Athlete ID", "injury", "Date")
_EXACT = 6  # decimals: what two rows say of one day is the same number, written once more
_BOTH, _MOST_NAMED = 2, 10


@dataclass(frozen=True)
class Replication:
    """What the published test gave on a file: AUC averaged over its repetitions, interval over held-out athletes."""

    auc: float
    auc_low: float
    auc_high: float
    n_athletes: int
    n_injuries: int
    n_test_athletes: int
    n_test_injuries: int
    n_conflicts: int
    published_auc_day: float
    published_auc_week: float


def read_days(path: Path, *, catalogue: Catalogue) -> pl.DataFrame:
    """One row per event day of an athlete, with the 73 columns of the file; null where a day of rest has nothing felt.

    Raises: ReadError naming missing columns, or the row and column of what is no number or cannot be.
    """
    try:
        content = path.read_bytes()
        frame = pl.read_csv(io.BytesIO(content), infer_schema=False)
    except OSError as error:
        raise ReadError(f"{path.name}: cannot be opened: {error.strerror}") from error
    except pl.exceptions.PolarsError as error:
        what = str(error).partition("\n")[0]
        raise ReadError(f"{path.name}: not readable as a table: {what}; download the day file again") from error
    _check_header(path.name, frame.columns)
    texts = frame.select(HEADER)
    numbers = texts.select(pl.all().str.strip_chars().cast(pl.Float64, strict=False))
    rest = catalogue.number("prediction.lovdal_rest")
    _check_numbers(path.name, texts, numbers, rest)
    felt = pl.col(name for name in HEADER if name.startswith(PERCEIVED))
    return numbers.with_columns(
        pl.when(felt != rest).then(felt), pl.col("Athlete ID", "injury", "Date").cast(pl.Int64)
    ).select(HEADER)


def _check_header(file: str, columns: list[str]) -> None:
    if missing := [name for name in HEADER if name not in columns]:
        raise ReadError(
            f"{file}: {len(missing)} of the {len(HEADER)} columns of the day data are missing: {_some(missing)}; "
            "use day_approach_maskedID_timeseries.csv"
        )
    if extra := [name for name in columns if name not in HEADER]:
        raise ReadError(f"{file}: {len(extra)} columns that the day data do not have: {_some(extra)}")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(f'"{name}"' for name in names[:_MOST_NAMED]) + more


def _check_numbers(file: str, texts: pl.DataFrame, numbers: pl.DataFrame, rest: float) -> None:
    """Every cell is a finite number, ids and dates are whole, injury is 0 or 1, only a rest day's value is negative."""
    for name in HEADER:
        value = pl.col(name)
        is_good = value.is_finite()
        if name in ("Athlete ID", "Date"):
            is_good &= value == value.round()
        elif name == "injury":
            is_good &= value.is_in([0.0, 1.0])
        else:
            is_rest = (value == rest) if name.startswith(PERCEIVED) else pl.lit(value=False)
            is_good &= (value >= 0) | is_rest
        bad = numbers.select((~is_good).fill_null(value=True).arg_true()).to_series()
        if len(bad):
            row = int(bad[0])
            raise ReadError(f'{file} row {row + 2}: {name} = "{texts[name][row] or ""}" cannot be; see its README')


def daily_series(days: pl.DataFrame, *, catalogue: Catalogue) -> pl.DataFrame:
    """One row per athlete and day that any event row tells of, with the ten measures and `n_conflicts` between rows.

    A day is taken from the event nearest after it: from `.6` of the day before where that is there. Rows a day apart
    tell six days twice, which shows whether the order of days is right.
    Raises: ReadError where more than 1 % of what is told twice disagrees.
    """
    told = pl.concat(
        days.select(
            pl.col("Athlete ID"),
            (pl.col("Date") - (N_DAYS - place)).alias("day"),
            pl.lit(place).alias("place"),
            **{name: pl.col(f"{name}{suffix}") for name in MEASURES},
        )
        for place, suffix in enumerate(SUFFIXES)
    )
    series = (
        told.sort("Athlete ID", "day", "place")
        .group_by("Athlete ID", "day", maintain_order=True)
        .agg(
            pl.col(MEASURES).last(),
            n_rows=pl.len(),
            n_conflicts=pl.sum_horizontal(pl.col(name).round(_EXACT).n_unique() > 1 for name in MEASURES),
        )
    )
    twice = series.filter(pl.col("n_rows") > 1)
    n_conflicts, n_cells = int(twice["n_conflicts"].sum()), len(twice) * len(MEASURES)
    if n_conflicts > catalogue.number("prediction.lovdal_max_conflicts") * n_cells:
        first = twice.filter(pl.col("n_conflicts") > 0).row(0, named=True)
        raise ReadError(
            f"rows of one athlete disagree on {n_conflicts} of the {n_cells} values that they tell twice, first for "
            f"athlete {first['Athlete ID']}, day {first['day']}: the columns without suffix must be the day "
            f'{N_DAYS} days before "Date", those with {SUFFIXES[-1]} the day before'
        )
    return series.drop("n_rows")


def replicate_day(days: pl.DataFrame, *, catalogue: Catalogue) -> Replication:
    """The AUC of the published test on held-out athletes, with its interval over them and the counts behind it.

    As published: ten measures of each of seven days, standardised by the athlete's own healthy rows; the ten athletes
    with the highest ids held out; nine boosted models, each learning from its own draw of equally many healthy and
    injured rows of every athlete who has both; probabilities averaged; the whole five times over.
    Different from it: scikit-learn's histogram boosting stands for XGBoost; models are not calibrated on a second
    balanced draw before averaging (a sigmoid would hardly reorder rows); what is felt on days of rest is missing, not
    -0.01; at most half of the athletes are held out; draws of the models and of the bootstrap are seeded.
    Held-out athletes are standardised by their own healthy rows too, later ones included: as published, and easier
    than telling a stranger's next week. The interval is over the held-out athletes only.
    Raises: ReadError where the order of days is wrong, ConfigError where there is nothing to learn or test.
    """
    n_conflicts = int(daily_series(days, catalogue=catalogue)["n_conflicts"].sum())
    athletes, is_injury = days["Athlete ID"].to_numpy(), days["injury"].to_numpy()
    ids = np.unique(athletes)
    n_test = min(catalogue.days("prediction.lovdal_test_athletes"), len(ids) // _BOTH)
    is_test = np.isin(athletes, ids[len(ids) - n_test :])
    drawn_from = [
        (healthy, injured)
        for athlete in ids[: len(ids) - n_test]
        for healthy, injured in [[np.flatnonzero((athletes == athlete) & (is_injury == k)) for k in (0, 1)]]
        if len(healthy) and len(injured)
    ]
    _check_enough(len(ids), is_injury, is_test, bool(drawn_from))
    x = _standardised(days, catalogue)
    said = [
        np.mean([model.predict_proba(x[is_test])[:, 1] for model in _bag(x, is_injury, drawn_from, run, catalogue)], 0)
        for run in range(catalogue.days("prediction.lovdal_runs"))
    ]
    truth = is_injury[is_test]

    def mean_auc(weight: Array) -> float:
        return float(np.mean([auc(truth, score, weight) for score in said]))

    draws = [mean_auc(weight) for weight in runner_draws(athletes[is_test], catalogue=catalogue)]
    low, high = interval(draws, catalogue=catalogue)
    return Replication(
        auc=mean_auc(np.ones(len(truth))),
        auc_low=float(low),
        auc_high=float(high),
        n_athletes=len(ids),
        n_injuries=int(is_injury.sum()),
        n_test_athletes=n_test,
        n_test_injuries=int(truth.sum()),
        n_conflicts=n_conflicts,
        published_auc_day=catalogue.number("prediction.lovdal_auc_day"),
        published_auc_week=catalogue.number("prediction.lovdal_auc_week"),
    )


def _check_enough(n_athletes: int, is_injury: Array, is_test: Array, can_learn: bool) -> None:
    if n_athletes < _BOTH:
        raise ConfigError(f"{n_athletes} athletes: holding some out needs two or more; use the whole day file")
    if not is_injury.any():
        raise ConfigError("no row has injury = 1: there is nothing to tell; use the whole day file")
    if not can_learn:
        raise ConfigError("no athlete that is learnt from has healthy and injured rows; use the whole day file")
    if len(np.unique(is_injury[is_test])) < _BOTH:
        raise ConfigError("the held-out athletes have no injured or no healthy rows; use the whole day file")


def _standardised(days: pl.DataFrame, catalogue: Catalogue) -> Array:
    """The 70 columns of measures, less the athlete's healthy mean, over the healthy standard deviation."""
    least = catalogue.number("prediction.lovdal_least_sd")
    features = pl.col(HEADER[: N_DAYS * len(MEASURES)])
    healthy = features.filter(pl.col("injury") == 0)
    mean, sd = healthy.mean().over("Athlete ID"), healthy.std().over("Athlete ID").fill_null(0.0)
    return days.select((features - mean) / sd.clip(lower_bound=least)).fill_null(float("nan")).to_numpy()


def _bag(
    x: Array, is_injury: Array, drawn_from: list[tuple[Array, Array]], run: int, catalogue: Catalogue
) -> list[OnsetClassifier]:
    """The models of one repetition, each fitted to a balanced draw of its own."""
    random = np.random.default_rng([catalogue.days("prediction.seed"), run])
    n_each = max(1, catalogue.days("prediction.lovdal_samples") // len(drawn_from))
    models = []
    for _ in range(catalogue.days("prediction.lovdal_bags")):
        drawn = np.concatenate([random.choice(rows, n_each) for pair in drawn_from for rows in pair])
        model = OnsetClassifier(
            "boosting",
            n_trees=int(random.choice(catalogue.bounds("prediction.lovdal_trees"))),
            max_depth=int(random.choice(catalogue.bounds("prediction.lovdal_depth"))),
            learning_rate=catalogue.number("prediction.lovdal_learning_rate"),
        )
        models.append(model.fit(x[drawn], is_injury[drawn]))
    return models
