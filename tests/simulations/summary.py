"""Replications summed up: one row per scenario and estimator, and the gates that the method has to pass."""

from collections.abc import Iterable
from math import sqrt
from typing import Any

import polars as pl

from runfix_analytics.simulation import SCENARIOS
from tests.simulations.replication import Replication

REPS_FOR_GATES = 300
_ALIGNED = (0.05, 0.93, 0.97)
GATES = {
    "null": _ALIGNED,
    "rehab": _ALIGNED,
    "missing": _ALIGNED,
    "effect": _ALIGNED,
    "effect_misaligned": (0.10, 0.90, 1),
}
CONFIDENT = ("fewer_onsets", "more_onsets")
SUMMED = ("naive", "pooled", "within", "pooled_unwashed", "lag", "unlinked", "future")
NULL = [name for name, scenario in SCENARIOS.items() if scenario.effect_ratio == 1]
Row = dict[str, Any]


def compact(of: Replication) -> Row:
    """What a replication leaves on disk."""
    columns = ["estimator", "lag_days", "area_id", "log_ratio", "low", "high", "p"]
    estimates = of.estimates.filter(pl.col("estimator").is_in(SUMMED)).select(columns).rows()
    found = {"truth": of.squad.effects, "estimates": estimates}
    if of.found is None:
        return found
    said = dict(of.found.verdicts.select("area_id", "verdict").rows())
    return {
        **found,
        "verdicts": said,
        "n_onsets": of.found.n_onsets,
        "lag_days": of.found.lag_days,
        **vars(of.found.marks),
    }


def rows(parts: Iterable[Row]) -> list[Row]:
    """One row per scenario and estimator, per squad size, and for the unlogged fortnights."""
    of_kind: dict[str, list[Row]] = {}
    for part in parts:
        of_kind.setdefault(part["task"][0], []).append(part)
    found = [
        *_estimators([*of_kind.get("whole", []), *of_kind.get("pooled", [])]),
        *_verdicts(of_kind.get("whole", [])),
    ]
    return [*found, *_priority(of_kind.get("priority", [])), *_unlogged(of_kind.get("unlogged", []))]


def _row(scenario: str, estimator: str, reps: int, **values: Any) -> Row:
    empty = dict.fromkeys(("bias", "ci_coverage", "type_1", "share_captured"))
    return {"scenario": scenario, "estimator": estimator, "reps": reps, **empty, **values}


def _estimators(parts: list[Row]) -> list[Row]:
    long = [
        (part["task"][1], part["task"][2], *estimate, part["found"]["truth"].get(estimate[2], 0.0))
        for part in parts
        for estimate in part["found"]["estimates"]
        if estimate[2] is not None or estimate[0] in ("unlinked", "future")
    ]
    names = ["scenario", "number", "estimator", "lag_days", "area_id", "log_ratio", "low", "high", "p", "truth"]
    is_lag = pl.col("estimator") == "lag"
    frame = pl.DataFrame(long, schema=names, orient="row", infer_schema_length=None).with_columns(
        estimator=pl.when(is_lag).then(pl.format("lag_{}", "lag_days")).otherwise("estimator"),
        error=pl.col("log_ratio") - pl.col("truth"),
        is_covered=pl.col("truth").is_between("low", "high"),
        is_sure=pl.col("p") < 0.05,
    )
    told = []
    for (scenario, estimator), one in frame.group_by("scenario", "estimator", maintain_order=True):
        by_area = one.group_by("area_id", maintain_order=True).agg(
            bias=pl.col("error").mean(), sd=pl.col("error").std(), ci_coverage=pl.col("is_covered").mean(),
            type_1=pl.col("is_sure").mean(), reps=pl.col("error").count(),
        )  # fmt: skip
        told.append(
            _row(
                str(scenario),
                str(estimator),
                one["number"].n_unique(),
                bias=_rounded(by_area["bias"].mean()),
                ci_coverage=_rounded(by_area["ci_coverage"].mean()),
                type_1=_rounded(by_area["type_1"].mean()) if scenario in NULL else None,
                areas={
                    r["area_id"] or "all": {k: _rounded(r[k]) for k in ("bias", "sd", "ci_coverage", "type_1", "reps")}
                    for r in by_area.iter_rows(named=True)
                },
                not_estimated=int(one["error"].null_count()),
            )
        )
    return told


def _rounded(value: Any) -> float | None:
    return None if value is None else round(float(value), 4)


def _verdicts(parts: list[Row]) -> list[Row]:
    """How often a verdict says nothing that is false with confidence, and how often each mark is set."""
    told = []
    for scenario in dict.fromkeys(part["task"][1] for part in parts):
        found = [part["found"] for part in parts if part["task"][1] == scenario]
        false = [CONFIDENT if scenario in NULL else ("more_onsets",)] * len(found)
        n_right = sum(not set(one["verdicts"].values()) & set(wrong) for one, wrong in zip(found, false, strict=True))
        words: dict[str, int] = {}
        for one in found:
            for verdict in one["verdicts"].values():
                words[verdict] = words.get(verdict, 0) + 1
        shares = {mark: _rounded(sum(one[mark] for one in found) / len(found))
                  for mark in ("is_bias_suspected", "is_rehab_fingerprint", "is_lag_curve_flat")}  # fmt: skip
        onsets = sum(one["n_onsets"] for one in found) / len(found)
        told.append(_row(scenario, "verdict", len(found), share_right=_rounded(n_right / len(found)), verdicts=words,
                         mean_onsets=round(onsets, 1), **shares))  # fmt: skip
    return told


def _priority(parts: list[Row]) -> list[Row]:
    told = []
    for size in dict.fromkeys(part["task"][1] for part in parts):
        found = [part["found"] for part in parts if part["task"][1] == size]
        total = {name: sum(one[name] for one in found) for name in found[0]}
        for rule in ("priority", "deficit"):
            share = _rounded(total[rule] / total["attainable"])
            told.append(_row(f"squads_of_{size}", rule, len(found), share_captured=share))
        share = _rounded(total["drawn"] / total["omniscient"]) if total["omniscient"] else None
        told.append(_row(f"squads_of_{size}", "priority_against_omniscient", len(found), share_captured=share))
    return told


def _unlogged(parts: list[Row]) -> list[Row]:
    return [
        _row(
            "unlogged_fortnights",
            "status",
            1,
            n=one["n"],
            **{f"share_{name}": _rounded(one[name] / one["n"]) for name in ("false_under", "not_known", "on_target")},
        )
        for one in (part["found"] for part in parts)
    ]


def gates(of: list[Row]) -> list[str]:
    """Each gate of the method with what was found; a line begins with ok or NOT."""
    at = {(row["scenario"], row["estimator"]): row for row in of}
    told = []

    def gate(name: str, value: float | None, is_met: bool, wanted: str) -> None:
        told.append(f"{'ok ' if is_met else 'NOT'} {name}: {value} (wanted {wanted})")

    for scenario, (bias, low, high) in GATES.items():
        row = at.get((scenario, "pooled"))
        if row is None:
            continue
        gate(f"{scenario} bias", row["bias"], abs(row["bias"]) <= bias, f"within ±{bias}")
        gate(f"{scenario} coverage", row["ci_coverage"], low <= row["ci_coverage"] <= high, f"{low} to {high}")
        if row["type_1"] is not None:
            gate(f"{scenario} type I", row["type_1"], row["type_1"] <= 0.065, "at most 0.065")
        for area, one in row["areas"].items():
            reach = 3 * one["sd"] / sqrt(one["reps"])
            gate(f"{scenario} bias {area}", one["bias"], abs(one["bias"]) <= bias + reach, f"within ±{bias} + 3 MC SE")
            reach = 3 * sqrt(0.95 * 0.05 / one["reps"])
            gate(f"{scenario} coverage {area}", one["ci_coverage"], low - reach <= one["ci_coverage"] <= high + reach,
                 f"{low} to {high} ± 3 MC SE")  # fmt: skip
    if row := at.get(("rehab", "naive")):
        gate("rehab bites the naive estimate", row["ci_coverage"], row["ci_coverage"] < 0.5, "coverage under 0.5")
    for (scenario, estimator), row in at.items():
        if estimator == "verdict":
            gate(f"{scenario} verdict", row["share_right"], row["share_right"] >= 0.90, "right in 0.90")
        if estimator == "priority":
            other = at[scenario, "deficit"]["share_captured"]
            is_met = row["share_captured"] >= 0.90 and row["share_captured"] > other
            gate(f"{scenario} first pick", row["share_captured"], is_met, f"at least 0.90 and over deficit's {other}")
        if estimator == "status":
            gate("false under target", row["share_false_under"], row["share_false_under"] <= 0.005, "at most 0.005")
    return told


def table(of: list[Row]) -> str:
    """The rows as a table for the docs."""
    head = ["scenario", "estimator", "reps", "bias", "ci_coverage", "type_1", "share_captured"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += [
        "| " + " | ".join("" if row[name] is None else f"{row[name]}" for name in head) + " |"
        for row in of
        if row["estimator"] not in ("verdict", "status")
    ]
    return "\n".join(lines)
