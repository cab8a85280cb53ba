"""The public day data of Lövdal 2021: read as they are, checked, and the published test run on made-up files.

Nothing is downloaded: the files are made here, with the exact header.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from logs import CATALOGUE

from runfix_analytics.cli import main
from runfix_analytics.errors import ConfigError, ReadError
from runfix_analytics.lovdal import HEADER, MEASURES, PERCEIVED, SUFFIXES, daily_series, read_days, replicate_day

QUICK = {
    "lovdal_runs": 2,
    "lovdal_bags": 3,
    "lovdal_samples": 200,
    "lovdal_trees": (20, 40),
    "lovdal_learning_rate": 0.1,
    "resamples": 100,
}


def catalogue_with(**numbers: Any) -> Any:
    """The catalogue with other numbers for prediction."""
    changed = {f"prediction.{name}": value for name, value in numbers.items()}
    parameters = {
        key: replace(entry, value=changed.get(key, entry.value)) for key, entry in CATALOGUE.parameters.items()
    }
    assert set(changed) <= set(parameters)
    return replace(CATALOGUE, parameters=parameters)


def diaries(n_athletes: int, n_days: int, *, seed: int = 1) -> dict[int, np.ndarray]:
    """Each athlete's days × ten measures, as the file writes them: a third of the days is rest."""
    random = np.random.default_rng(seed)
    days = {}
    for athlete in range(n_athletes):
        values = random.gamma(2.0, 4.0, (n_days, len(MEASURES))).round(1)
        values[:, len(MEASURES) - len(PERCEIVED) :] = random.uniform(0, 1, (n_days, len(PERCEIVED))).round(2)
        is_rest = random.uniform(size=n_days) < 1 / 3
        values[is_rest] = [0.0] * (len(MEASURES) - len(PERCEIVED)) + [-0.01] * len(PERCEIVED)
        days[athlete] = values
    return days


def day_file(path: Path, days: dict[int, np.ndarray], order: Sequence[int] = range(7), *, seed: int = 2) -> Path:
    """Sliding windows of the diaries; an injury follows a day before of many km more often than one of few."""
    random = np.random.default_rng(seed)
    km = MEASURES.index("total km")
    rows = []
    for athlete, values in days.items():
        for date in range(7, len(values) + 1):
            is_injury = random.uniform() < (0.5 if values[date - 1, km] > 14 else 0.02)
            week = values[date - 7 : date][list(order)]
            rows.append([*week.flatten().tolist(), athlete, int(is_injury), date])
    pl.DataFrame(rows, schema=list(HEADER), orient="row").write_csv(path)
    return path


@pytest.fixture(scope="module")
def squad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return day_file(tmp_path_factory.mktemp("lovdal") / "day.csv", diaries(12, 90))


def changed(squad: Path, tmp_path: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Path:
    path = tmp_path / "changed.csv"
    change(pl.read_csv(squad, infer_schema=False)).write_csv(path)
    return path


def test_the_header_is_that_of_the_published_file():
    assert len(HEADER) == 73
    assert HEADER[:10] == (
        "nr. sessions", "total km", "km Z3-4", "km Z5-T1-T2", "km sprinting", "strength training",
        "hours alternative", "perceived exertion", "perceived trainingSuccess", "perceived recovery",
    )  # fmt: skip
    assert HEADER[60] == "nr. sessions.6"
    assert HEADER[69:] == ("perceived recovery.6", "Athlete ID", "injury", "Date")


def test_what_is_felt_on_a_day_of_rest_is_not_known_and_everything_else_is_zero(squad: Path):
    values = diaries(12, 90)[0]
    days = read_days(squad, catalogue=CATALOGUE)
    rest = int(np.flatnonzero(values[6:, 1] == 0)[0]) + 6
    row = days.filter(pl.col("Athlete ID") == 0, pl.col("Date") == rest + 1).row(0, named=True)
    assert [row[f"{name}.6"] for name in MEASURES] == [0.0] * 7 + [None] * 3
    assert days["injury"].dtype == pl.Int64


def test_the_daily_series_is_the_diary_that_the_windows_were_cut_from(squad: Path):
    written = diaries(12, 90)
    series = daily_series(read_days(squad, catalogue=CATALOGUE), catalogue=CATALOGUE)
    assert series.select(pl.struct("Athlete ID", "day").is_duplicated().any()).item() is False
    for athlete, values in written.items():
        own = series.filter(pl.col("Athlete ID") == athlete).sort("day")
        assert own["day"].to_list() == list(range(90))
        assert own["n_conflicts"].sum() == 0
        read = own.select(MEASURES).fill_null(-0.01).to_numpy()
        assert np.array_equal(read, values)


def test_a_day_is_taken_from_the_row_of_the_day_after_it():
    one = {name: [0.0, 0.0] for name in HEADER} | {"Athlete ID": [5, 5], "Date": [10, 11], "injury": [0, 0]}
    days = pl.DataFrame(one).with_columns(
        pl.Series("total km.6", [8.0, 3.0]), pl.Series("total km.5", [0.0, 8.5]), pl.Series("total km", [1.0, 0.0])
    )
    lenient = catalogue_with(lovdal_max_conflicts=0.5)
    km = dict(daily_series(days, catalogue=lenient).select("day", "total km").rows())
    assert km == {3: 1.0, 4: 0.0, 5: 0.0, 6: 0.0, 7: 0.0, 8: 0.0, 9: 8.0, 10: 3.0}
    conflicts = dict(daily_series(days, catalogue=lenient).select("day", "n_conflicts").rows())
    assert conflicts == {**dict.fromkeys(range(3, 11), 0), 9: 1}
    with pytest.raises(
        ReadError, match="disagree on 1 of the 60 values that they tell twice, first for athlete 5, day 9"
    ):
        daily_series(days, catalogue=CATALOGUE)


def test_the_reversed_order_of_days_is_noticed_where_rows_overlap(tmp_path: Path):
    path = day_file(tmp_path / "reversed.csv", diaries(12, 90), order=range(6, -1, -1))
    days = read_days(path, catalogue=CATALOGUE)
    with pytest.raises(ReadError, match=r'columns without suffix must be the day 7 days before "Date", those with \.6'):
        daily_series(days, catalogue=CATALOGUE)
    with pytest.raises(ReadError, match="values that they tell twice"):
        replicate_day(days, catalogue=catalogue_with(**QUICK))


def test_what_the_day_before_tells_of_injuries_is_found_on_athletes_that_were_held_out(squad: Path):
    days = read_days(squad, catalogue=CATALOGUE)
    result = replicate_day(days, catalogue=catalogue_with(**QUICK))
    held_out = days.filter(pl.col("Athlete ID") >= 6)
    assert (result.n_athletes, result.n_test_athletes) == (12, 6)
    assert (result.n_injuries, result.n_test_injuries) == (days["injury"].sum(), held_out["injury"].sum())
    assert result.n_conflicts == 0
    assert 0.75 < result.auc_low < result.auc < result.auc_high < 1
    assert (result.published_auc_day, result.published_auc_week) == (0.724, 0.678)
    assert replicate_day(days, catalogue=catalogue_with(**QUICK)) == result


def test_injuries_that_nothing_tells_of_are_not_told(squad: Path):
    days = read_days(squad, catalogue=CATALOGUE)
    shuffled = days.with_columns(pl.col("injury").shuffle(seed=3))
    result = replicate_day(shuffled, catalogue=catalogue_with(**QUICK))
    assert result.auc_low < 0.5 < result.auc_high


def test_the_last_day_carries_what_is_told(squad: Path):
    blind = [name for name in HEADER if name.endswith(SUFFIXES[-1]) and name in HEADER[60:70]]
    days = read_days(squad, catalogue=CATALOGUE)
    random = np.random.default_rng(4)
    far = days.with_columns(pl.Series(name, random.uniform(size=len(days))) for name in blind)
    lenient = catalogue_with(**QUICK, lovdal_max_conflicts=1.0)
    result = replicate_day(far, catalogue=lenient)
    assert result.auc < 0.6
    assert result.n_conflicts > 1000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop("km sprinting.3"), 'changed.csv: 1 of the 73 columns .* are missing: "km sprinting.3"; use'),
        (lambda f: f.select("Athlete ID", "Date"), '71 of the 73 columns .*"perceived recovery" and 61 more'),
        (lambda f: f.with_columns(extra=pl.lit("1")), 'columns that the day data do not have: "extra"'),
        (lambda f: _with_cell(f, "total km.2", "many"), 'changed.csv row 5: total km.2 = "many" cannot be'),
        (lambda f: _with_cell(f, "total km.2", ""), 'row 5: total km.2 = "" cannot be'),
        (lambda f: _with_cell(f, "total km.2", "nan"), 'row 5: total km.2 = "nan" cannot be'),
        (lambda f: _with_cell(f, "total km", "-0.01"), 'row 5: total km = "-0.01" cannot be'),
        (lambda f: _with_cell(f, "perceived recovery.1", "-1"), 'row 5: perceived recovery.1 = "-1" cannot be'),
        (lambda f: _with_cell(f, "injury", "2"), 'row 5: injury = "2" cannot be'),
        (lambda f: _with_cell(f, "Athlete ID", "3.5"), 'row 5: Athlete ID = "3.5" cannot be'),
    ],
)
def test_a_file_that_is_no_day_file_says_what_is_wrong(squad: Path, tmp_path: Path, change: Any, message: str):
    with pytest.raises(ReadError, match=message):
        read_days(changed(squad, tmp_path, change), catalogue=CATALOGUE)


def _with_cell(frame: pl.DataFrame, column: str, value: str) -> pl.DataFrame:
    is_it = pl.int_range(pl.len()) == 3
    return frame.with_columns(pl.when(is_it).then(pl.lit(value)).otherwise(pl.col(column)).alias(column))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00\x01\x02", b"PK\x03\x04\x00\x00"])
def test_a_file_that_is_no_table_is_one_line(tmp_path: Path, content: bytes):
    path = tmp_path / "day.csv"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=r"^day\.csv: [^\n]+$"):
        read_days(path, catalogue=CATALOGUE)
    with pytest.raises(ReadError, match=r"^none\.csv: cannot be opened: No such file"):
        read_days(tmp_path / "none.csv", catalogue=CATALOGUE)


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        (pl.col("Athlete ID") == 0, "1 athletes: holding some out needs two or more"),
        (pl.col("Athlete ID") < 0, "0 athletes"),
        (pl.col("injury") == 0, "no row has injury = 1"),
        (
            (pl.col("injury") == 0) | (pl.col("Athlete ID") > 5),
            "no athlete that is learnt from has healthy and injured",
        ),
        ((pl.col("injury") == 0) | (pl.col("Athlete ID") < 6), "the held-out athletes have no injured"),
    ],
)
def test_too_little_to_learn_or_test_is_said(squad: Path, kept: pl.Expr, message: str):
    days = read_days(squad, catalogue=CATALOGUE)
    with pytest.raises(ConfigError, match=message):
        replicate_day(days.filter(kept), catalogue=catalogue_with(**QUICK))


def test_the_command_line_prints_what_came_out_beside_what_was_published(squad: Path, monkeypatch: pytest.MonkeyPatch):
    quick = catalogue_with(**QUICK)
    monkeypatch.setattr("runfix_analytics.catalogue.load", lambda: quick)
    result = replicate_day(read_days(squad, catalogue=quick), catalogue=quick)
    printed = CliRunner().invoke(main, ["replicate", "lovdal", str(squad)])
    assert printed.exit_code == 0
    assert printed.stdout.splitlines() == [
        f"AUC {result.auc:.3f} (95% interval over held-out athletes {result.auc_low:.3f} to {result.auc_high:.3f})",
        f"held out: 6 of 12 athletes with {result.n_test_injuries} of {result.n_injuries} injuries",
        "published: AUC 0.724 by day, 0.678 by week (XGBoost; here scikit-learn's boosting)",
    ]


def test_the_command_line_says_in_one_line_what_is_wrong_with_a_file(tmp_path: Path):
    (tmp_path / "week.csv").write_text("Athlete ID,injury,Date\n1,0,5\n")
    printed = CliRunner().invoke(main, ["replicate", "lovdal", str(tmp_path / "week.csv")])
    assert printed.exit_code == 1
    assert printed.stdout == ""
    assert printed.stderr.startswith("runfix: week.csv: 70 of the 73 columns of the day data are missing:")
    assert printed.stderr.count("\n") == 1
