"""The figures of the cohort's page as a table: what stands in it, and that it says nothing that the page hides."""

import csv
import io
from dataclasses import fields, replace
from typing import Any

import polars as pl
import pytest
from test_cohort_page import (
    AREAS,
    AS_OF,
    CATALOGUE,
    ENGLISH,
    PAIRS,
    UNKNOWN,
    association_of,
    empty,
    estimate,
    estimates,
    few_onsets,
    made,
    onsets_of_a_few,
    rates,
    verdict_rows,
    weeks_of,
)

from runfix_analytics.association import Association, lags
from runfix_analytics.reports.cohort_csv import Figure, csv_rows
from runfix_analytics.reports.wording import wording
from runfix_analytics.tables import NO_ESTIMATE as REASONS
from runfix_analytics.tables import ROW_EXCLUSIONS, Incidence, Verdicts

COLUMNS = [field.name for field in fields(Figure)]


def rows_of(found: Association | None = None, **given: Any) -> list[dict[str, str]]:
    """Column → text, of every row."""
    inputs = {"incidence": rates(), "prevalence": weeks_of(*[30] * 3), "as_of": AS_OF, "n_runners": 40,
              "catalogue": CATALOGUE, "w": ENGLISH} | given  # fmt: skip
    header, *rows = csv_rows(found or association_of(), **inputs)
    assert list(header) == COLUMNS
    return [dict(zip(header, row, strict=True)) for row in rows]


def section(rows: list[dict[str, str]], of: str, /, **having: str) -> list[dict[str, str]]:
    return [row for row in rows if row["section"] == of and having.items() <= row.items()]


def filled(row: dict[str, str]) -> dict[str, str]:
    """What is not empty, without the section."""
    return {column: value for column, value in row.items() if value and column != "section"}


def values(rows: list[dict[str, str]]) -> dict[str, str]:
    return {row["measure"]: row["value"] for row in rows}


def test_every_section_of_the_page_has_its_rows_in_the_pages_order():
    rows = rows_of()
    assert list(dict.fromkeys(row["section"] for row in rows)) == [
        "counts", "observed", "rates", "weeks", "areas", "lags", "checks", "looks", "pairs", "left_out",
    ]  # fmt: skip
    assert len(section(rows, "areas")) == 4 * len(AREAS)
    assert len(section(rows, "looks")) == 2 * len(AREAS)
    assert len(section(rows, "pairs")) == len(PAIRS)
    assert [row["lag_days"] for row in section(rows, "lags")] == [str(lag) for lag in lags(CATALOGUE)]


def test_an_area_has_its_ratio_with_the_verdict_the_prior_both_together_and_the_weight():
    rows = section(rows_of(), "areas", area_id="glutes")
    of = {"area_id": "glutes", "name": "Glutes", "lag_days": "21", "n_onsets": "200"}
    assert [filled(row) for row in rows] == [
        of | {"measure": "ratio", "n_runners": "40", "value": "0.740818", "low": "0.606531", "high": "0.904837",
              "p_adjusted": "0.02", "verdict": "inconclusive"},
        of | {"measure": "ratio_prior", "value": "0.85", "low": "0.419746", "high": "1.72128"},
        of | {"measure": "ratio_posterior", "value": "0.778801", "low": "0.640186", "high": "0.947429"},
        of | {"measure": "data_weight", "value": "0.9"},
    ]  # fmt: skip


def test_a_group_of_aches_has_its_rates_and_its_burden():
    rows = section(rows_of(incidence=rates(n_days_lost=None, days_lost_per_1000_h=None)), "rates", area_id="calves")
    of = {"area_id": "calves", "name": "Calves", "n_onsets": "25", "n_runners": "12"}
    assert [filled(row) for row in rows] == [
        of | {"measure": "per_1000_h", "value": "5", "low": "3.24", "high": "7.38"},
        of | {"measure": "per_1000_km", "value": "0.5", "low": "0.324", "high": "0.738"},
        of | {"measure": "n_symptom_days", "value": "1234"},
        of | {"measure": "symptom_days_per_1000_h", "value": "246.8"},
        of | {"measure": "n_days_lost", "why_not": "not_reported"},
        of | {"measure": "days_lost_per_1000_h", "why_not": "not_reported"},
    ]


def test_weeks_have_their_shares_and_the_newest_its_substantial_aches():
    rows = [filled(row) for row in section(rows_of(prevalence=weeks_of(30, 4, 20)), "weeks")]
    assert rows == [
        {"measure": "share_with_symptom", "name": "All aches", "week": "2026-03-09", "n_runners": "30",
         "value": "0.166667", "low": "0.0333333", "high": "0.2"},
        {"measure": "share_with_symptom", "name": "All aches", "week": "2026-03-16", "why_not": "too_few_runners"},
        {"measure": "share_with_symptom", "name": "All aches", "week": "2026-03-23", "n_runners": "20", "value": "0.25",
         "low": "0.05", "high": "0.3"},
        {"measure": "share_substantial", "name": "All aches", "week": "2026-03-23", "n_runners": "20", "value": "0.25"},
    ]  # fmt: skip


def test_what_was_left_out_has_its_reason_its_days_and_its_onsets():
    rows = section(rows_of(), "left_out")
    assert [row["why_not"] for row in rows] == list(ROW_EXCLUSIONS)
    assert filled(rows[0]) == {
        "measure": "days", "name": "No answer to the ache form speaks for the day", "n_onsets": "10", "value": "1000",
        "why_not": "no_answer",
    }  # fmt: skip


def test_names_are_in_the_pages_language_and_all_else_is_the_same():
    german, english = rows_of(w=wording("de")), rows_of()
    assert section(german, "pairs")[0]["name"] == "Patellofemorales Schmerzsyndrom, Gesäßmuskeln"
    assert [row | {"name": ""} for row in german] == [row | {"name": ""} for row in english]


# nothing that the page hides


@pytest.mark.parametrize("n_runners", [0, 1, 4])
def test_of_fewer_than_five_runners_there_is_the_header_only(n_runners: int):
    assert rows_of(n_runners=n_runners) == []


def test_of_fewer_than_five_usable_runners_there_are_no_estimates_and_no_usable_onsets():
    rows = rows_of(association_of(n_runners=4, n_onsets=73, n_rows=8765))
    assert {row["section"] for row in rows} == {"counts", "observed", "rates", "weeks", "left_out"}
    assert values(section(rows, "counts")) == {"runners_in_squad": "40", "lag_days": "21", "share_fitted": "1"}


def test_under_fifty_onsets_an_area_has_no_ratio_of_its_own_and_nothing_else_has_one():
    rows = rows_of(few_onsets())
    own = section(rows, "areas", measure="ratio")
    assert [(row["value"], row["low"], row["high"], row["p_adjusted"], row["why_not"]) for row in own] == [
        ("", "", "", "", "too_few_onsets")
    ] * len(AREAS)
    assert section(rows, "lags") == section(rows, "looks") == []
    others = [*section(rows, "checks"), *section(rows, "pairs")]
    assert {(row["n_onsets"], row["n_runners"], row["value"], row["why_not"]) for row in others} == {
        ("12", "", "", "too_few_onsets")
    }


def test_an_estimate_on_fewer_than_five_runners_is_left_out():
    rows = rows_of(association_of(found=estimates(n_runners=4)))
    assert section(rows, "lags") == section(rows, "looks") == []
    hidden = [*section(rows, "areas", measure="ratio"), *section(rows, "checks"), *section(rows, "pairs")]
    assert {(row["n_runners"], row["value"], row["low"], row["why_not"]) for row in hidden} == {
        ("", "", "", "too_few_runners")
    }


@pytest.mark.parametrize("reason", REASONS)
def test_an_estimate_that_is_missing_says_why(reason: str):
    nothing = {"log_ratio": None, "low": None, "high": None, "p_adjusted": None}
    rows = rows_of(association_of(found=estimates(log_ratio=None, missing=reason), verdict=nothing, marks=UNKNOWN))
    estimated = [*section(rows, "areas", measure="ratio"), *section(rows, "checks"), *section(rows, "pairs")]
    assert {(row["value"], row["why_not"]) for row in estimated} == {("", reason)}


def test_another_look_that_may_not_be_printed_stands_empty_beside_those_that_may():
    found = [row for row in estimates() if row["estimator"] != "within"]
    found += [estimate("within", area_id=area, n_onsets=49, log_ratio=-1.0) for area in AREAS]
    rows = section(rows_of(association_of(found=found)), "looks", area_id="core")
    assert [(row["measure"], row["value"], row["why_not"]) for row in rows] == [
        ("ratio_within", "", "too_few_onsets"), ("ratio_pooled_unwashed", "0.740818", ""),
    ]  # fmt: skip


def test_rates_that_may_not_be_printed_say_why_and_nothing_of_the_burden():
    is_all = pl.col("grouping") == "all"
    few = Incidence.validate(rates().with_columns(is_printable=~is_all))
    rows = rows_of(incidence=few)
    (row,) = section(rows, "rates", name="All aches")
    assert filled(row) == {"measure": "all", "name": "All aches", "why_not": "too_few_runners"}
    assert {"n_scored_days", "severity_days"} & set(values(section(rows, "observed"))) == set()
    hidden = rows_of(incidence=rates(is_printable=False, n_runners=4))
    assert section(hidden, "observed") == section(hidden, "rates") == []


def test_figures_of_a_few_runners_are_empty_with_the_reason():
    rows = rows_of(incidence=rates(n_runners_not_counted=4, n_runners_scored=2, is_days_lost_printable=False))
    hidden = {"n_onsets_not_counted", "n_scored_days", "severity_days", "severity_days_per_1000_h"}
    for row in section(rows, "observed"):
        assert (row["value"], row["why_not"]) == ("", "too_few_runners") or row["measure"] not in hidden
    of_all = section(rows, "rates", name="All aches")
    lost = [row for row in of_all if "days_lost" in row["measure"]]
    assert [(row["value"], row["n_onsets"], row["why_not"]) for row in lost] == [("", "", "too_few_runners")] * 2
    assert all(row["value"] for row in of_all if row not in lost)


def test_onsets_of_a_few_runners_stand_in_no_row():
    rows = [row for row in section(rows_of(onsets_of_a_few(3, of="shin")), "pairs") if row["symptom_id"] == "shin"]
    assert rows
    assert {(row["n_onsets"], row["value"], row["why_not"]) for row in rows} == {("", "", "too_few_runners")}


def test_an_empty_cohort_has_its_counts_only():
    found, incidence, prevalence = empty()
    rows = rows_of(found, incidence=incidence, prevalence=prevalence, n_runners=7)
    assert {row["section"] for row in rows} <= {"counts", "left_out"}
    assert values(section(rows, "counts"))["usable_onsets"] == "0"


# cells


def test_a_ratio_out_of_reason_is_still_a_number():
    rows = verdict_rows(log_ratio=900.0, low=-900.0, high=2000.0)
    (row, *_) = section(rows_of(replace(association_of(), verdicts=made(Verdicts, rows))), "areas")
    assert float(row["low"]) == 0
    assert 1e300 < float(row["value"]) <= float(row["high"]) < float("inf")


def test_no_cell_is_none_or_nan_and_the_table_is_read_back_as_it_was_written():
    table = csv_rows(association_of(), rates(), weeks_of(30), as_of=AS_OF, n_runners=40, catalogue=CATALOGUE, w=ENGLISH)
    assert {cell.lower() for row in table for cell in row} & {"none", "nan", "null", "inf"} == set()
    text = io.StringIO()
    csv.writer(text).writerows(table)
    text.seek(0)
    assert [tuple(row) for row in csv.reader(text)] == table
