"""Of a large squad some are studied: which ones depends on their ids only."""

import polars as pl
import pytest

from runfix_analytics import calculated_parts, night
from runfix_analytics.catalogue import load
from runfix_analytics.cohort_results import read_cohort
from runfix_analytics.squad_study import drawn_by_lot
from runfix_analytics.tables import Runners

CATALOGUE = load()


def _squad(*ids: str):
    rows = dict.fromkeys(Runners.column_names()) | {"units": "metric", "strength_log": "partial"}
    frame = pl.DataFrame([rows | {"runner_id": of} for of in ids], schema=Runners.create_empty().schema)
    return Runners.validate(frame, cast=True)


def test_a_small_squad_is_studied_whole():
    squad = _squad("r1", "r2", "r3")
    assert drawn_by_lot(squad, 3).equals(squad)


def test_the_same_are_drawn_whoever_joins_but_for_those_whose_place_they_take():
    ids = [f"r{n:04}" for n in range(500)]
    drawn = list(drawn_by_lot(_squad(*ids), 100)["runner_id"])
    assert len(drawn) == 100
    assert drawn == sorted(drawn)
    assert list(drawn_by_lot(_squad(*reversed(ids)), 100)["runner_id"].sort()) == drawn
    grown = set(drawn_by_lot(_squad(*ids, *(f"s{n:03}" for n in range(50))), 100)["runner_id"])
    assert 80 <= len(grown & set(drawn)) < 100
    assert set(drawn_by_lot(_squad(*ids), 50)["runner_id"]) < set(drawn)


@pytest.mark.parametrize("most", [5, 1000])
def test_a_night_studies_those_who_are_drawn_and_tells_of_all(demo_copy, demo_day, monkeypatch, most):
    drawn = []

    def few(everybody, wanted):
        assert wanted == CATALOGUE.number("association.max_runners")
        drawn.append(drawn_by_lot(everybody, most))
        return drawn[-1]

    monkeypatch.setattr(calculated_parts, "drawn_by_lot", few)
    (demo_copy.root / "results" / "cohort.json").unlink()
    done = night.run_stage(night.STUDY, demo_copy.root, (), demo_day)
    assert not done.failures
    found = read_cohort(demo_copy, demo_day)
    assert found is not None
    assert found.n_runners == 12
    assert drawn[0].height == min(most, 12)
    assert found.found.n_runners <= drawn[0].height
