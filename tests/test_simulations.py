"""A smoke version of `make simulate`: a few small squads through the same code, and the gates' own arithmetic."""

import json
from pathlib import Path
from typing import Any

import pytest

from runfix_analytics.catalogue import load
from tests.simulations import running, summary
from tests.simulations.priority import averted
from tests.simulations.replication import replicate
from tests.simulations.unlogged import judged

CATALOGUE = load()
SMALL = {"n_runners": 60, "n_days": 420}


@pytest.fixture(scope="module")
def rehab() -> Any:
    return [replicate("rehab", number, CATALOGUE, **SMALL) for number in range(2)]


def test_the_naive_reading_of_rehab_is_far_off_and_the_method_is_not(rehab: Any):
    parts = [{"task": ("whole", "rehab", number), "found": summary.compact(one)} for number, one in enumerate(rehab)]
    rows = {(row["scenario"], row["estimator"]): row for row in summary.rows(json.loads(json.dumps(parts)))}
    naive, pooled = rows["rehab", "naive"], rows["rehab", "pooled"]
    assert naive["reps"] == pooled["reps"] == 2
    assert naive["bias"] > 1
    assert naive["ci_coverage"] < 0.5
    assert abs(pooled["bias"]) < 0.6  # two small squads: the gates are for make simulate
    assert pooled["ci_coverage"] >= 0.7
    assert {name for _, name in rows} >= {"within", "pooled_unwashed", "lag_7", "lag_14", "lag_21", "lag_28", "lag_42"}
    assert rows["rehab", "verdict"]["share_right"] == 1


def test_a_replication_is_the_same_whole_or_not(rehab: Any):
    short = replicate("rehab", 0, CATALOGUE, **SMALL, is_whole=False)
    wanted = {tuple(e[:3]): e[3] for e in summary.compact(rehab[0])["estimates"] if e[0] in ("naive", "pooled")}
    assert {tuple(e[:3]): e[3] for e in summary.compact(short)["estimates"]} == pytest.approx(wanted, rel=1e-12)


def test_the_first_pick_averts_most_of_what_it_could_and_more_than_by_deficit():
    found = averted(0, 40, CATALOGUE, seed=1, n_days=300)
    assert found["deficit"] < found["priority"] <= found["attainable"]
    assert found["priority"] / found["attainable"] > 0.8
    assert found["drawn"] <= found["omniscient"]


def test_unlogged_fortnights_hardly_ever_call_a_trained_area_under_target():
    found = judged(CATALOGUE, seed=1, n_runners=25, n_days=300, every=40)
    assert found["n"] > 100
    assert found["false_under"] <= 0.02 * found["n"]
    assert found["not_known"] > 0


def row(scenario: str, estimator: str, **values: Any) -> dict[str, Any]:
    usual = {"bias": 0.0, "ci_coverage": 0.95, "type_1": 0.05, "share_captured": None, "areas": {}}
    return {"scenario": scenario, "estimator": estimator, "reps": 300} | usual | values


@pytest.mark.parametrize(
    ("rows", "broken"),
    [
        ([row("null", "pooled")], []),
        ([row("null", "pooled", bias=-0.06)], ["NOT null bias"]),
        ([row("missing", "pooled", ci_coverage=0.92)], ["NOT missing coverage"]),
        ([row("rehab", "pooled", type_1=0.066)], ["NOT rehab type I"]),
        ([row("effect_misaligned", "pooled", bias=0.09, ci_coverage=0.91, type_1=None)], []),
        ([row("effect_misaligned", "pooled", bias=0.11, type_1=None)], ["NOT effect_misaligned bias"]),
        ([row("rehab", "naive", ci_coverage=0.6)], ["NOT rehab bites the naive estimate"]),
        ([row("habit", "verdict", share_right=0.89)], ["NOT habit verdict"]),
        (
            [row("squads_of_40", "priority", share_captured=0.95), row("squads_of_40", "deficit", share_captured=0.96)],
            ["NOT squads_of_40 first pick"],
        ),
        ([row("unlogged_fortnights", "status", share_false_under=0.006)], ["NOT false under target"]),
    ],
)
def test_each_gate_closes_when_it_should(rows: list[dict[str, Any]], broken: list[str]):
    told = summary.gates(rows)
    assert told
    assert [line.partition(":")[0] for line in told if not line.startswith("ok")] == broken


def test_tasks_are_a_fifth_whole_and_do_not_depend_on_how_many_are_asked_for():
    few, many = list(running.tasks(10)), list(running.tasks(50))
    assert len(set(many)) == len(many)
    assert sum(kind == "whole" and name == "null" for kind, name, _ in many) == 10
    assert sum(name == "null" for _, name, _ in many) == 50
    assert {task for task in few if task[0] != "pooled"} <= set(many)


def test_a_run_takes_up_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(running, "tasks", lambda reps: iter([("priority", "12", 0)]))
    monkeypatch.setattr("sys.argv", ["simulate", "1"])
    running.PARTS.parent.mkdir()
    found = {"priority": 3.0, "deficit": 2.0, "attainable": 4.0, "drawn": 1.0, "omniscient": 2.0}
    running.PARTS.write_text(json.dumps({"task": ("priority", "12", 0), "found": found}) + "\n")
    running.main()
    rows = json.loads(running.OUTPUT.read_text())
    assert [(row["estimator"], row["share_captured"]) for row in rows] == [
        ("priority", 0.75),
        ("deficit", 0.5),
        ("priority_against_omniscient", 0.5),
    ]
