"""Sums over windows of days, beside sums that are added up one by one."""

from datetime import date, timedelta
from random import Random

import numpy as np
import polars as pl

from runfix_analytics.windows import Windows

AREAS = ["calves", "core", "glutes"]
WINDOW = 5
ONE = date(2026, 1, 1)


def _days(of: dict[str, list[int]]) -> pl.DataFrame:
    rows = [(runner, ONE + timedelta(days=n)) for runner, numbers in of.items() for n in numbers]
    return pl.DataFrame(rows, schema={"runner_id": pl.String, "local_date": pl.Date}, orient="row")


def _values(rows: list[tuple[str, int, str, float]]) -> pl.DataFrame:
    schema = {"runner_id": pl.String, "local_date": pl.Date, "area_id": pl.String, "q": pl.Float64}
    return pl.DataFrame([(r, ONE + timedelta(days=n), a, q) for r, n, a, q in rows], schema=schema, orient="row")


def test_values_stand_at_their_day_and_area_and_those_of_other_days_nowhere():
    over = Windows(_days({"r1": [0, 1, 4], "r3": [2]}), WINDOW)  # r1 has no days 2 and 3
    placed = over.place(
        _values([
            ("r1", 4, "core", 1.0), ("r1", 0, "glutes", 2.0), ("r3", 2, "calves", 3.0),
            ("r1", 3, "core", 9.0), ("r1", -1, "core", 9.0), ("r1", 5, "core", 9.0), ("r3", 0, "core", 9.0),
            ("r2", 1, "core", 9.0), ("r0", 2, "core", 9.0), ("r9", 2, "core", 9.0),
        ]), ["q"], AREAS,
    )["q"]  # fmt: skip
    assert placed.tolist() == [[0, 0, 2], [0, 0, 0], [0, 1, 0], [3, 0, 0]]


def test_without_days_nothing_has_a_place():
    over = Windows(_days({}), WINDOW)
    assert over.place(_values([("r1", 0, "core", 1.0)]), ["q"], AREAS)["q"].shape == (0, len(AREAS))
    assert over.sums(np.zeros((0, len(AREAS)))).shape == (0, len(AREAS))


def test_sums_are_those_of_the_runners_last_rows():
    random = Random(7)
    days = _days({runner: sorted(random.sample(range(40), random.randint(1, 30))) for runner in ("r1", "r2", "r3")})
    values = np.array([[random.randint(0, 10**9) / 10**9 for _ in AREAS] for _ in range(days.height)])
    found = Windows(days, WINDOW).sums(values)
    for row, runner in enumerate(days["runner_id"]):
        within = [n for n in range(max(0, row - WINDOW + 1), row + 1) if days["runner_id"][n] == runner]
        assert np.allclose(found[row], values[within].sum(axis=0), rtol=0, atol=1e-12)


def test_the_newest_is_of_the_same_runner():
    over = Windows(_days({"r1": [0, 1, 2], "r2": [0, 1]}), WINDOW)
    is_one = np.array([[True], [False], [False], [False], [True]])
    assert over.newest(is_one).ravel().tolist() == [0, 0, 0, -1, 4]
