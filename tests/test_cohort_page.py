"""The cohort's page: what it says of each verdict and mark, what it keeps to itself, and how it looks on paper.

The golden page is rewritten by: RUNFIX_REWRITE_GOLDEN=1 python -m pytest tests/test_cohort_page.py -k golden
"""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import log
from typing import Any

import polars as pl
import pytest
from browsing import CHROMIUM, PHONE, SCREEN, ZOOMED, chromium, cut_off, overlaps, printed, sideways, tab, texts
from draw import completed
from logs import CATALOGUE
from test_reports import GOLDEN, Page, assert_harmless, banned_in

from runfix_analytics.association import Association, association, lags
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.cohort import cohort
from runfix_analytics.incidence import incidence, prevalence
from runfix_analytics.reports import cohort_charts, cohort_page
from runfix_analytics.reports.association_section import onsets_told
from runfix_analytics.reports.drawing import Drawing
from runfix_analytics.reports.wording import Language, Wording, languages, wording
from runfix_analytics.reports.words import LEFT_OUT, NO_ESTIMATE, VERDICT, p_value, ratio
from runfix_analytics.tables import (
    NO_ESTIMATE as REASONS,
)
from runfix_analytics.tables import (
    ROW_EXCLUSIONS,
    VERDICTS,
    AcheReports,
    Episodes,
    Estimates,
    Exclusions,
    Incidence,
    KnownDays,
    Prevalence,
    RecognisedSets,
    RunningLoad,
    Runs,
    Verdicts,
)
from runfix_analytics.verdicts import Marks

AS_OF = date(2026, 3, 29)
AREAS = list(CATALOGUE.areas)
PAIRS = [(s.id, link.area) for s in CATALOGUE.symptoms.values() if s.in_hazard_models for link in s.links]
CLEAN = Marks(is_bias_suspected=False, is_rehab_fingerprint=False, is_lag_curve_flat=True, are_checks_known=True)
ALLOWED = "association, not cause"
ENGLISH = wording()


# a cohort made by hand


def estimate(estimator: str, **given: Any) -> dict[str, Any]:
    """One row; without a log ratio the estimate is missing."""
    row = {"estimator": estimator, "lag_days": 21, "n_rows": 9000, "n_onsets": 200, "n_runners": 40,
           "n_runners_with_onset": 35,
           "log_ratio": -0.3, "se": 0.1, "p": 0.003, "p_adjusted": None, "missing": None} | given  # fmt: skip
    if row["log_ratio"] is None:
        return row | {"se": None, "low": None, "high": None, "p": None}
    return row | {"low": row["log_ratio"] - 2 * row["se"], "high": row["log_ratio"] + 2 * row["se"]}


def estimates(**given: Any) -> list[dict[str, Any]]:
    """The rows of a whole run, all with what is given."""
    return [
        *(estimate(name, area_id=area, **given) for name in ("pooled", "within", "pooled_unwashed") for area in AREAS),
        *(estimate("lag", **({"lag_days": lag} | given)) for lag in lags(CATALOGUE)),
        *(estimate(name, **({"log_ratio": 0.02} | given)) for name in ("unlinked", "future")),
        *(estimate("pair", symptom_id=s, area_id=area, p_adjusted=0.04, **given) for s, area in PAIRS),
    ]


def verdict_rows(**given: Any) -> list[dict[str, Any]]:
    """One row an area, all with what is given."""
    row = {"n_onsets": 200, "log_ratio": -0.3, "low": -0.5, "high": -0.1, "p_adjusted": 0.02, "prior_mean": log(0.85),
           "prior_sd": 0.36, "posterior_mean": -0.25, "posterior_sd": 0.1, "data_weight": 0.9,
           "verdict": "inconclusive", "may_reorder": False}  # fmt: skip
    return [{"area_id": area} | row | given for area in AREAS]


def made(schema: Any, rows: Sequence[dict[str, Any]]) -> Any:
    frame = pl.DataFrame(list(rows), infer_schema_length=None) if rows else schema.create_empty()
    return schema.validate(completed(schema, frame), cast=True)


def association_of(
    *,
    verdict: dict[str, Any] | None = None,
    marks: Marks = CLEAN,
    found: Sequence[dict[str, Any]] | None = None,
    **given: Any,
) -> Association:
    """An association of 40 runners; `verdict` changes every area's row."""
    reasons = [
        {"reason": reason, "n_rows": 1000 * n, "n_runners": 40, "n_onsets": 10 * n, "n_runners_with_onset": 5 + n}
        for n, reason in enumerate(ROW_EXCLUSIONS, 1)
    ]
    fields: dict[str, Any] = {
        "lag_days": 21,
        "n_runners": 40,
        "n_onsets": 512,
        "n_runners_with_onset": 38,
        "n_rows": 123456,
        "share_of_rows": 1.0,
    }
    return Association(
        **fields | given,
        estimates=made(Estimates, estimates() if found is None else found),
        verdicts=made(Verdicts, verdict_rows(**verdict or {})),
        exclusions=made(Exclusions, reasons),
        marks=marks,
    )


def rates(**given: Any) -> Any:
    """The rates of every group, all alike."""
    row = {"n_runners": 40, "n_observed_days": 12000, "n_runs": 6000, "n_runs_without_duration": 3,
           "n_runs_without_distance": 0, "hours": 5000.0, "km": 50000.0, "n_onsets": 25, "n_runners_with_onset": 12,
           "n_onsets_not_counted": 9, "n_runners_not_counted": 7, "n_runners_with_symptom": 15,
           "n_runners_with_days_lost": 11, "n_runners_scored": 15, "per_1000_h": 5.0, "per_1000_h_low": 3.24,
           "per_1000_h_high": 7.38,
           "per_1000_km": 0.5, "per_1000_km_low": 0.324, "per_1000_km_high": 0.738, "n_symptom_days": 1234,
           "symptom_days_per_1000_h": 246.8, "n_days_lost": 100.0, "days_lost_per_1000_h": 20.0, "n_scored_days": 900,
           "severity_days": 300.0, "severity_days_per_1000_h": 60.0, "is_printable": True,
           "is_days_lost_printable": True}  # fmt: skip
    modelled = [s.id for s in CATALOGUE.symptoms.values() if s.in_hazard_models]
    groups = [("all", "all"), *(("symptom", s) for s in modelled), *(("area", area) for area in AREAS)]
    return made(Incidence, [{"grouping": kind, "group_id": group} | row | given for kind, group in groups])


def weeks_of(*answered: int) -> Any:
    """The last weeks, one number of answers each; five runners have an ache, all of them a substantial one."""
    mondays = cohort_charts.last_weeks(AS_OF)[-len(answered) :]
    return made(
        Prevalence,
        [
            {"week_start": monday, "grouping": "all", "group_id": "all", "n_answered": n, "n_with_symptom": 5,
             "share_with_symptom": min(5 / n, 1), "share_with_symptom_low": 1 / n,
             "share_with_symptom_high": min(6 / n, 1), "n_substantial": 5, "n_substantial_unknown": 0,
             "share_substantial": min(5 / n, 1), "share_substantial_low": 0.0, "share_substantial_high": min(6 / n, 1),
             "is_printable": n >= 5, "is_substantial_printable": n >= 5}
            for monday, n in zip(mondays, answered, strict=True)
        ],
    )  # fmt: skip


def rendered(found: Association | None = None, **given: Any) -> str:
    inputs = {"incidence": rates(), "prevalence": weeks_of(*[30] * 26), "as_of": AS_OF, "n_runners": 40,
              "catalogue": CATALOGUE, "w": ENGLISH} | given  # fmt: skip
    return cohort_page.render(found or association_of(), **inputs)


def page_of(found: Association | None = None, **given: Any) -> Page:
    return Page(rendered(found, **given))


def empty() -> tuple[Association, Any, Any]:
    """What a squad without a single entry gives."""
    reports, episodes, runs = AcheReports.create_empty(), Episodes.create_empty(), Runs.create_empty()
    nobody = cohort(
        runs, reports, RecognisedSets.create_empty(), KnownDays.create_empty(), RunningLoad.create_empty(), episodes,
        as_of=AS_OF, catalogue=CATALOGUE,
    )  # fmt: skip
    found = association(nobody, lag_days=28, catalogue=CATALOGUE)
    rows = incidence(episodes, runs, reports, as_of=AS_OF, catalogue=CATALOGUE)
    return found, rows, prevalence(episodes, reports, as_of=AS_OF, catalogue=CATALOGUE)


def empty_page(n_runners: int = 7) -> Page:
    found, rows, by_week = empty()
    return page_of(found, incidence=rows, prevalence=by_week, n_runners=n_runners)


FEW = {"n_onsets": 12, "log_ratio": None, "low": None, "high": None, "p_adjusted": None, "verdict": "too_few_onsets"}
UNKNOWN = Marks(is_bias_suspected=False, is_rehab_fingerprint=False, is_lag_curve_flat=False, are_checks_known=False)


def few_onsets() -> Association:
    """A squad that has too few onsets for any estimate."""
    rows = estimates(n_onsets=12, log_ratio=None, missing="too_few_onsets")
    return association_of(verdict=FEW, marks=UNKNOWN, found=rows, n_onsets=30)


# the verdict


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (few_onsets(), "Too few onsets to say anything: 12 of the 50 needed for any area."),
        (
            association_of(marks=replace(CLEAN, is_bias_suspected=True)),
            "A check that should show nothing shows something: do not use these estimates.",
        ),
        (
            association_of(marks=replace(CLEAN, is_rehab_fingerprint=True, is_lag_curve_flat=False)),
            "These data show hurt runners doing rehab: do not use these estimates.",
        ),
        (
            association_of(),
            "Nothing here changes the order of the advice; it rests on the prior from published trials.",
        ),
        (
            association_of(verdict={"verdict": "fewer_onsets"}),
            "In this squad full coverage of glutes, hamstrings, calves, core and upper back is associated with fewer "
            "onsets; still, the order of the advice rests on the prior from published trials.",
        ),
        (
            association_of(verdict={"verdict": "opposite"}),
            "Two ways of looking disagree for glutes, hamstrings, calves, core and upper back; the order of the "
            "advice rests on the prior from published trials.",
        ),
        (
            association_of(verdict={"may_reorder": True}),
            "In this squad no area stands out; these data may change the order of the advice.",
        ),
        (
            association_of(n_runners=4),
            "Too little data to say anything: fewer than 5 runners have days that can be used.",
        ),
    ],
)
def test_the_sentence_tells_the_overall_verdict_in_plain_words(found: Association, said: str):
    assert page_of(found).sentence() == said


@pytest.mark.parametrize(
    ("may_reorder", "said"),
    [
        (
            False,
            "In this squad full coverage of glutes is associated with fewer onsets and full coverage of core and upper "
            "back is associated with more onsets; still, the order of the advice rests on the prior from published "
            "trials.",
        ),
        (
            True,
            "In this squad full coverage of glutes is associated with fewer onsets and full coverage of core and upper "
            "back is associated with more onsets; these data may change the order of the advice.",
        ),
    ],
)
def test_areas_that_stand_out_both_ways_are_told_in_one_sentence(may_reorder: bool, said: str):
    verdicts = {"glutes": "fewer_onsets", "core": "more_onsets", "upper_back": "more_onsets"}
    rows = [row | {"verdict": verdicts.get(row["area_id"], "inconclusive")} for row in verdict_rows()]
    rows = [row | {"may_reorder": may_reorder} for row in rows]
    assert page_of(replace(association_of(), verdicts=made(Verdicts, rows))).sentence() == said


def test_a_failed_check_outweighs_whatever_the_areas_show():
    found = association_of(verdict={"verdict": "fewer_onsets"}, marks=replace(CLEAN, is_bias_suspected=True))
    assert "do not use" in page_of(found).sentence()
    assert "associated with fewer" not in page_of(found).sentence()


def test_the_page_says_whether_the_squads_data_change_anyones_advice_and_why_not():
    may = page_of(association_of(verdict={"may_reorder": True})).text
    assert "may change the order of the areas in a runner's advice: every estimate is sharp" in may
    assert (
        "change nobody's advice: the lag curve is not known to be flat."
        in page_of(association_of(marks=replace(CLEAN, is_lag_curve_flat=False))).text
    )
    blunt = association_of(found=estimates(se=0.21), marks=replace(CLEAN, is_bias_suspected=True))
    assert (
        "change nobody's advice: not every area's estimate is sharp enough (standard error at most 0.20) and a check "
        "failed." in page_of(blunt).text
    )


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_has_words_beside_its_area(verdict: str):
    rows = page_of(association_of(verdict={"verdict": verdict})).table("Coverage before onset")
    assert [row["Verdict"] for row in rows[:-1]] == [f"{VERDICT[verdict].symbol} {VERDICT[verdict].word}"] * len(AREAS)


def test_counts_lag_and_thinning_stand_at_the_top():
    page = page_of(association_of(share_of_rows=0.034))
    (counts,) = page.root.all("ul", "counts")
    assert counts.text() == (
        "40 runners in the squad 40 with days that can be used 512 usable onsets "
        "123,456 usable days, counted once for each kind of ache"
    )
    assert "the 28 days that end 21 days before the onset (the lag): of at least 80 % of the onsets" in page.text
    assert "3 % were fitted (every onset), with the offset that corrects it" in page.text
    assert "under 1 % were fitted" in page_of(association_of(share_of_rows=0.004)).text
    longer = page_of(association_of(lag_days=28)).text
    assert "end 28 days before the onset (the lag): not of 80 % of the onsets is it known" in longer
    assert "fitted" not in longer


# the forest plot


def happened(page: Page) -> list[dict[str, str]]:
    """The rows of rates: column → text; headings between them are left out."""
    (table,) = page.root.all("table", "rates")
    columns = [cell.text() for cell in table.all("thead")[0].all("th")]
    cells = [[cell.text() for cell in row.all("td")] for row in table.all("tr")]
    return [dict(zip(columns, row, strict=True)) for row in cells if len(row) == len(columns)]


def drawn(page: Page, css: str) -> int:
    return len(page.root.all("path", css))


def test_each_area_has_its_data_its_prior_and_both_together():
    page = page_of(association_of(verdict={"log_ratio": log(0.7), "low": log(0.5), "high": log(0.98)}))
    first = page.table("Coverage before onset")[0]
    assert first["Area"] == "Glutes"
    assert first["Onsets"] == "200"
    assert first["Ratio (interval)"] == "■ 0.70 (0.50–0.98) ◇ 0.85 (0.42–1.72) ◆ 0.78 (0.64–0.95)"
    assert (first["Weight"], first["p"]) == ("90 %", "0.02")
    assert drawn(page, "mark-data") == drawn(page, "mark-prior") == drawn(page, "mark-posterior") == len(AREAS)


def test_under_fifty_onsets_no_estimate_is_drawn_and_the_page_says_so():
    page = page_of(few_onsets())
    rows = page.table("Coverage before onset")[:-1]
    assert {row["Ratio (interval)"].partition(" ◇")[0] for row in rows} == {"■ not printed under 50"}
    assert {(row["Onsets"], row["p"]) for row in rows} == {("12", "–")}
    assert drawn(page, "mark-data") == drawn(page, "line-data") == 0
    assert drawn(page, "mark-posterior") == len(AREAS)
    assert "Other ways of looking: none printed" in page.section_text("Checks")


def starts(drawing: Drawing, css: str) -> list[float]:
    """How far from the left the parts of a class begin."""
    (path,) = [shape.d for shape in drawing.shapes if shape.css == css]
    return [float(x) for x in re.findall(r"M(-?[\d.]+) ", path)]


def test_the_axis_is_logarithmic_and_one_stands_in_its_middle():
    half, one, two = (
        starts(cohort_charts.forest([cohort_charts.Estimate("data", at, at, at), None, None], ""), "line-data")[0]
        for at in (log(0.5), 0.0, log(2))
    )
    assert one == cohort_charts.PLOT_WIDTH / 2
    assert one - half == pytest.approx(two - one)


def test_an_interval_that_leaves_the_axis_ends_in_an_arrow_and_stays_within_the_drawing():
    wide = cohort_charts.forest([cohort_charts.Estimate("data", -5.0, -9.0, 9.0), None, None], "")
    line, *arrows = [shape for shape in wide.shapes if shape.css == "line-data"]
    assert len(arrows) == 2
    corners = [float(x) for shape in arrows for x in re.findall(r"[ML](-?[\d.]+) ", shape.d)]
    assert len(corners) == 6
    assert line.d.count("M") == 1
    assert min(corners) >= 0
    assert max(corners) <= wide.width


# the lag curve


def test_the_lag_curve_marks_the_lag_of_the_model_and_tells_every_lags_onsets():
    page = page_of()
    (curve,) = page.root.all("svg", "curve")
    assert len(curve.all("path", "onset")) == 1
    assert len(curve.all("path", "onset-hollow")) == 4
    said = [part for text in curve.all("text") for part in text.inside]
    assert [f"{lag}\u00a0d" for lag in lags(CATALOGUE)] == [part for part in said if re.fullmatch(r"\d+\sd", str(part))]
    assert said.count("200") == 5


@pytest.mark.parametrize(("bound", "top"), [(0.6, "2"), (0.9, "2.8"), (1.2, "4"), (5.0, "4")])
def test_the_lag_curves_axis_is_as_wide_as_its_intervals(bound: float, top: str):
    rows = [{"lag_days": 21, "log_ratio": 0.0, "low": -bound, "high": bound, "n_onsets": 60}]
    drawing = cohort_charts.lag_curve(rows, 21, 0.95, ENGLISH)
    assert [tick.label for tick in drawing.ticks if tick.anchor == "start"][3:][-1] == top
    heights = [float(y) for shape in drawing.shapes for y in re.findall(r"M-?[\d.]+ (-?[\d.]+)", shape.d)]
    assert 0 <= min(heights) <= max(heights) <= drawing.height


def test_without_a_whole_lag_curve_nothing_is_drawn_and_no_check_is_called_clean():
    page = page_of(few_onsets())
    assert page.root.all("svg", "curve") == []
    said = page.section_text("Lag curve")
    assert "Not drawn: 50 usable onsets are needed at every lag" in said
    assert "? Bias: not known" in said
    assert "? Rehab after pain: not known" in said
    assert "? Whether the lag curve is flat is not known." in said
    assert "●" not in page.section_text("Lag curve") + page.section_text("Checks")


# checks


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        (CLEAN, "● No bias seen: both checks show nothing, as they should."),
        (CLEAN, "● No sign of rehab after pain in the lag curve."),
        (CLEAN, "● The lag curve is flat as far as these onsets can tell"),
        (replace(CLEAN, is_bias_suspected=True), "■ Bias suspected: a check that should show nothing shows something."),
        (replace(CLEAN, is_rehab_fingerprint=True), "■ Rehab after pain: harmful at 7 days, no longer at 21 days."),
        (replace(CLEAN, is_lag_curve_flat=False), "■ The lag curve is not flat"),
    ],
)
def test_every_mark_is_told_in_words(marks: Marks, said: str):
    assert said in page_of(association_of(marks=marks)).section_text("Lag curve")


def test_negative_controls_are_told_with_interval_onsets_and_meaning():
    rows = [row for row in estimates() if row["estimator"] not in ("unlinked", "future")]
    rows += [estimate("unlinked", log_ratio=0.5), estimate("future", log_ratio=None, missing="not_converged")]
    unlinked, future = page_of(association_of(found=rows)).table("Checks")
    assert unlinked["Ratio (interval)"] == "1.65 (1.35–2.01) 200 onsets"
    assert unlinked["What it means"] == "■ shows something, and should not: bias suspected"
    assert future["Ratio (interval)"] == "no stable estimate 200 onsets"
    assert future["What it means"] == "? not known: nothing is shown either way"


def test_sensitivities_stand_beside_the_estimate_of_each_area():
    rows = [row for row in estimates() if row["estimator"] != "within"]
    rows += [estimate("within", area_id=area, n_onsets=49, log_ratio=-1.0) for area in AREAS]
    tables = [t for part in page_of(association_of(found=rows)).section("Checks") for t in part.all("table")]
    first = [cell.text() for cell in tables[1].all("td")][:4]
    assert first == ["Glutes", "0.74 (0.61–0.90), 200", "not printed under 50, 49", "0.74 (0.61–0.90), 200"]


@pytest.mark.parametrize("reason", REASONS)
def test_a_missing_estimate_is_told_in_words(reason: str):
    found = association_of(
        found=estimates(log_ratio=None, missing=reason),
        verdict={"log_ratio": None, "low": None, "high": None, "p_adjusted": None},
        marks=UNKNOWN,
    )
    page = page_of(found)
    assert page.table("Checks")[0]["Ratio (interval)"] == f"{NO_ESTIMATE[reason]} 200 onsets"
    assert page.table("Coverage before onset")[0]["Ratio (interval)"].startswith("■ none ◇")
    assert not re.search(r"\b(nan|None|null)\b", page.everything_said)


# pairs and what was left out


def test_pairs_are_printed_from_fifty_onsets_of_the_ache_and_the_others_named_with_theirs():
    rows = [row for row in estimates() if row["estimator"] != "pair"]
    rows += [
        estimate("pair", symptom_id="shin", area_id="calves", n_onsets=50, p_adjusted=0.04),
        estimate("pair", symptom_id="neck", area_id="upper_back", n_onsets=49, p_adjusted=0.9),
        estimate("pair", symptom_id="ankle", area_id="glutes", n_onsets=70, log_ratio=None, missing="no_variation"),
    ]
    page = page_of(association_of(found=rows))
    (only,) = page.table("Single aches")
    assert list(only.values()) == ["Shin splints", "Calves", "50", "0.74 (0.61–0.90)", "0.04"]
    said = page.section_text("Single aches")
    assert "Exploratory" in said
    assert "neck pain and upper back (49) and ankle pain and glutes (70; coverage hardly differs)." in said


def test_everything_left_out_is_told_in_the_order_of_judging():
    rows = page_of().table("What was left out")
    assert [row["Days × aches"] for row in rows] == [*(f"{n},000" for n in range(1, 8)), "123,456"]
    assert list(LEFT_OUT) == list(ROW_EXCLUSIONS)
    assert rows[-1]["Onsets"] == "512"


# what happened


def test_rates_stand_with_their_counts_and_intervals():
    page = page_of()
    rows = happened(page)
    assert len(rows) == 17
    assert rows[0] == {
        "Aches": "All aches", "Onsets (runners)": "25 (12)", "Onsets per 1000 h": "5.0 (3.2–7.4)",
        "Onsets per 1000 km": "0.50 (0.32–0.74)", "Days with it (per 1000 h)": "1,234 (247)",
        "Days lost (per 1000 h)": "100 (20)",
    }  # fmt: skip


def test_area_rows_are_said_not_to_add_up():
    assert "Area rows do not add up" in page_of().section_text("What happened")


def test_rates_without_exposure_and_burden_without_reports_are_told_in_words():
    nothing = dict.fromkeys(("per_1000_h", "per_1000_h_low", "per_1000_h_high", "days_lost_per_1000_h", "n_days_lost",
                             "symptom_days_per_1000_h", "severity_days", "severity_days_per_1000_h"))  # fmt: skip
    page = page_of(incidence=rates(**nothing, hours=0.0))
    first = happened(page)[0]
    assert first["Onsets per 1000 h"] == "no hours"
    assert first["Days with it (per 1000 h)"] == "1,234"
    assert first["Days lost (per 1000 h)"] == "not reported"
    assert "severity was not scored" in page.section_text("What happened")


@pytest.mark.parametrize(
    ("silent", "said"),
    [
        ((0, 0), "6,000 runs."),
        ((3, 0), "6,000 runs. Of these, 3 without duration add nothing."),
        ((0, 1200), "6,000 runs. Of these, 1,200 without distance add nothing."),
        ((3, 4), "6,000 runs. Of these, 3 without duration and 4 without distance add nothing."),
    ],
)
def test_what_was_run_is_told_with_the_runs_that_add_nothing(silent: tuple[int, int], said: str):
    duration, distance = silent
    page = page_of(incidence=rates(n_runs_without_duration=duration, n_runs_without_distance=distance))
    told = f"40 runners under observation on 12,000 days, with 5,000 h and 50,000 km of running in {said} Aches"
    assert told in page.section_text("What happened")


def test_a_burden_that_its_row_does_not_print_is_not_told_in_words_either():
    is_all = pl.col("grouping") == "all"
    few = rates().with_columns(is_printable=~is_all)
    said = page_of(incidence=Incidence.validate(few)).section_text("What happened")
    assert "All aches fewer than 5 runners, or would tell of so few: not printed" in said
    assert "Burden" not in said
    assert "9 aches are not counted as an onset" in said
    assert "Burden of all aches: 1,234 days with one" in page_of().section_text("What happened")


def test_rows_of_fewer_than_five_runners_say_so_instead_of_figures():
    is_area = pl.col("grouping") == "area"
    few = pl.when(is_area).then(4).otherwise("n_runners").cast(pl.Int32)
    mixed = rates().with_columns(is_printable=~is_area, n_runners=few)
    text = page_of(incidence=Incidence.validate(mixed)).section_text("What happened")
    assert "Glutes fewer than 5 runners, or would tell of so few: not printed" in text
    assert text.count("not printed") == len(AREAS)
    hidden = page_of(incidence=rates(is_printable=False, n_runners=4))
    assert hidden.root.all("table", "rates") == []
    assert "Fewer than 5 runners under observation: no figures are printed." in hidden.text


def test_weeks_are_drawn_with_counts_and_hatched_where_fewer_than_five_answered():
    page = page_of(prevalence=weeks_of(30, 4, 20))
    (drawing,) = page.root.all("svg", "weeks")
    assert drawing.all("path", "distance")[0].attributes["d"].count("M") == 2
    assert drawing.all("path", "hatched")[0].attributes["d"].count("M") == 24
    said = [str(part) for text in drawing.all("text") for part in text.inside]
    assert said.count("5") == 2
    assert {"30", "20"} <= set(said)
    assert "4" not in said
    assert "Week of 23 Mar: 5 of 20 who answered had an ache, 25 % (5–30 %); a substantial one: 5 (25 %)." in page.text


def test_weeks_in_which_few_had_an_ache_or_a_substantial_one_tell_neither():
    weeks = weeks_of(30, 30, 30).with_columns(
        pl.Series("n_with_symptom", [12, 3, 12], pl.Int32),
        pl.Series("n_substantial", [5, 3, 9], pl.Int32),
        pl.Series("is_printable", [True, False, True]),
        is_substantial_printable=False,
    )
    page = page_of(prevalence=Prevalence.validate(weeks))
    (drawing,) = page.root.all("svg", "weeks")
    assert drawing.all("path", "distance")[0].attributes["d"].count("M") == 2
    assert "3" not in [str(part) for text in drawing.all("text") for part in text.inside]
    assert "12 of 30 who answered had an ache, 17 % (3–20 %)." in page.text
    assert "substantial one" not in page.text


def onsets_of_a_few(n_runners: int, *, of: str) -> Association:
    """The onsets of one ache are those of so few runners; of every other, and of all together, many."""
    rows = [row | {"n_runners_with_onset": n_runners} if row.get("symptom_id") == of else row for row in estimates()]
    return association_of(found=rows)


def test_the_onsets_of_a_few_runners_are_not_told_nor_any_from_which_they_follow():
    found = onsets_of_a_few(3, of="shin")
    modelled = {(s.id, None) for s in CATALOGUE.symptoms.values() if s.in_hazard_models}
    told = onsets_told(found, CATALOGUE)
    assert ("shin", None) not in told
    assert not modelled - {("shin", None)} | {(None, None)} <= told
    assert onsets_told(onsets_of_a_few(5, of="shin"), CATALOGUE) == modelled | {
        (None, None),
        *((None, a) for a in AREAS),
    }
    page = page_of(found)
    name = CATALOGUE.symptoms["shin"].name
    assert not any(row["Ache"].casefold() == name.casefold() for row in page.table("Single aches"))
    assert f"{name} and" in page.section_text("Single")
    assert "(–; too few runners)" in page.section_text("Single")


def test_the_usable_onsets_of_a_few_runners_are_told_nowhere():
    found = association_of(
        found=estimates(n_onsets=7, n_runners_with_onset=3, log_ratio=None, missing="too_few_onsets"),
        verdict={"n_onsets": 7, "log_ratio": None, "low": None, "high": None, "verdict": "too_few_onsets"},
        n_onsets=7,
        n_runners_with_onset=3,
    )
    page = page_of(found)
    assert page.sentence() == "Too few onsets to say anything: 50 are needed for any area."
    assert "–usable onsets" in page.text.replace(" ", "", 1) or "– usable onsets" in page.text
    assert {row["Onsets"] for row in page.table("Coverage before onset")[: len(AREAS)]} == {"–"}
    assert page.table("What was left out")[-1]["Onsets"] == "not printed"
    assert "(7" not in page.section_text("Single")
    assert not re.search(r"\b7 onsets", page.everything_said)


def test_what_was_left_out_of_a_few_runners_is_not_told_nor_the_smallest_other():
    reasons = association_of().exclusions.with_columns(
        n_runners=pl.Series([40, 3, 12, 30, 40, 40, 40]), n_runners_with_onset=pl.Series([9, 9, 9, 8, 9, 2, 1])
    )
    found = replace(association_of(), exclusions=Exclusions.validate(reasons))
    rows = page_of(found).table("What was left out")
    assert [row["Days × aches"] == "–" for row in rows] == [False, True, True, False, False, False, False, False]
    assert [row["Onsets"] == "–" for row in rows] == [False, False, False, True, False, True, True, False]


def test_the_weeks_that_may_be_told_are_read_out_with_their_counts():
    (drawing,) = page_of(prevalence=weeks_of(30, 4, 20)).root.all("svg", "weeks")
    assert drawing.attributes["aria-label"] == (
        "Runners with an ache, of those who answered, in each of the last 26 weeks (of weeks not named too few "
        "answered or had one): 9 Mar: 5 of 30, 17\u00a0% (3–20\u00a0%); 23 Mar: 5 of 20, 25\u00a0% (5–30\u00a0%)"
    )


def test_only_the_first_of_the_weeks_dates_has_a_year_and_only_where_it_is_another():
    for as_of, first, last in ((AS_OF, "29 Sept 2025", "16 Mar"), (date(2026, 1, 4), "7 Jul 2025", "22 Dec"),
                               (date(2026, 7, 26), "26 Jan", "13 Jul")):  # fmt: skip
        drawing = cohort_charts.weeks([], as_of, ENGLISH)
        dates = [tick.label for tick in drawing.ticks if re.search("[A-Z]", tick.label)]
        assert (dates[0], dates[-1], len(dates)) == (first, last, 7)
        assert [label for label in dates[1:] if re.search(r"\d{4}", label)] == []


def test_only_whole_weeks_are_drawn():
    sunday = date(2026, 3, 29)
    assert cohort_charts.last_weeks(sunday)[-1] == date(2026, 3, 23)
    assert cohort_charts.last_weeks(sunday - timedelta(days=1))[-1] == date(2026, 3, 16)
    assert len(cohort_charts.last_weeks(sunday)) == 26


# small groups and nothing at all


@pytest.mark.parametrize("n_runners", [0, 1, 4])
def test_with_fewer_than_five_runners_the_page_says_only_that(n_runners: int):
    page = page_of(n_runners=n_runners)
    said = "Fewer than 5 runners in the squad: figures of so small a group are not printed."
    assert page.text == f"Cohort {said}"
    assert page.root.all("table") == []


def test_figures_of_fewer_than_five_usable_runners_are_not_printed():
    page = page_of(association_of(n_runners=4, n_onsets=73, n_rows=8765))
    assert "73" not in page.text
    assert "8,765" not in page.text
    assert page.table("Coverage before onset") == []
    assert page.table("What was left out")[-1] == {
        "Why, in the order of judging": "Used", "Days × aches": "not printed", "Onsets": "not printed"
    }  # fmt: skip
    assert happened(page)[0]["Onsets (runners)"] == "25 (12)"


def test_an_estimate_on_fewer_than_five_runners_is_not_printed():
    rows = estimates(n_runners=4)
    page = page_of(association_of(found=rows, verdict={"log_ratio": None, "low": None, "high": None}))
    text = " ".join(page.section_text(heading) for heading in ("Coverage", "Lag", "Checks", "Single"))
    assert "too few runners" in text
    assert ratio(-0.3, ENGLISH) not in text


def test_an_empty_cohort_has_a_page_that_says_so():
    page = empty_page()
    assert page.sentence().startswith("Too little data to say anything")
    assert "Nobody has been under observation yet" in page.section_text("What happened")
    assert "No week of the last 26 is printed" in page.section_text("What happened")
    assert "No day has been under observation yet." in page.section_text("What was left out")
    assert page.root.all("table") == []
    assert not re.search(r"\b(nan|None|null)\b", page.everything_said)


# words and safety


def every_page() -> list[Page]:
    marked = [association_of(verdict={"verdict": verdict}) for verdict in VERDICTS]
    flags = [
        Marks(bias, rehab, flat, True) for bias in (False, True) for rehab in (False, True) for flat in (False, True)
    ]
    missing = [association_of(found=estimates(log_ratio=None, missing=reason), marks=UNKNOWN) for reason in REASONS]
    made_pages = [page_of(found) for found in (*marked, *missing, *(association_of(marks=m) for m in flags))]
    reordering = association_of(verdict={"may_reorder": True, "verdict": "more_onsets"}, lag_days=28)
    return [*made_pages, page_of(reordering), page_of(few_onsets()), page_of(n_runners=3), empty_page()]


def test_no_page_uses_a_banned_word_and_every_one_is_harmless():
    for page in every_page():
        assert banned_in(page.everything_said.replace(ALLOWED, "")) == []
        assert_harmless(page)


def test_the_limits_and_the_priors_sources_are_told():
    (footer,) = page_of().root.all("footer")
    assert ALLOWED in footer.text()
    assert "A club of 40 can never settle it" in footer.text()
    assert "3.8 / √onsets, so a ratio of 0.66 needs about 650 onsets" in footer.text()
    for source in ("Toresdahl 2019", "Wu 2024", "This page is not a diagnosis"):
        assert source in footer.text()
    assert CATALOGUE.version in footer.text()


def test_the_priors_centre_is_explained_as_the_catalogue_explains_it():
    """The page says it in its own words, for the sake of other languages."""
    (footer,) = page_of().root.all("footer")
    center = CATALOGUE.parameters["priority.effect_ratio"]
    assert f"Prior: ratio {center.value:g} ({center.reason});" in footer.text()
    assert f"({center.source})" in footer.text()


class Marked(dict[tuple[str, str], tuple[str, ...]]):
    """Says every message, in brackets that tell it from what was never asked for."""

    def get(self, key: tuple[str, str], default: object = None) -> tuple[str, ...]:  # type: ignore[override]
        return (f"⟦{key[1]}⟧",) * 2 if key[1] else ("", "")


def unsaid(text: str) -> list[str]:
    """Words outside of all brackets; a page's p stands for the statistician's in every language."""
    while "⟦" in text:
        text, before = re.sub(r"⟦[^⟦⟧]*⟧", " ", text), text
        assert text != before
    return [word for word in re.findall(r"[^\W\d_]+", text) if word != "p"]


def test_everything_that_a_page_says_can_be_said_in_another_language():
    marked = Wording(Language("xx", "Test", "en_GB", lower_case_names=True, messages=Marked()))
    found, rows, by_week = empty()
    pages = [
        page_of(association_of(share_of_rows=0.5), w=marked),
        page_of(association_of(verdict={"may_reorder": True}, share_of_rows=0.001), w=marked),
        page_of(few_onsets(), w=marked, incidence=rates(is_printable=False, n_runners=4)),
        page_of(association_of(n_runners=4), w=marked, incidence=rates(n_onsets=2, is_printable=False)),
        page_of(association_of(marks=replace(CLEAN, is_bias_suspected=True, is_lag_curve_flat=False)), w=marked),
        page_of(found, incidence=rows, prevalence=by_week, w=marked),
        page_of(n_runners=3, w=marked),
    ]
    for page in pages:
        said = [page.text, *(e.attributes.get("aria-label", "") for e in page.root.walk())]
        assert [word for text in said for word in unsaid(text)] == []


def test_numbers_dates_and_names_are_those_of_the_language():
    page = page_of(w=wording("de"))
    assert "Gesäßmuskeln" in page.table("Abdeckung vor Beschwerdebeginn")[0].values()
    assert "■ 0,74 (0,61–0,90)" in page.text
    assert "29. März 2026" in page.text
    assert happened(page)[0]["Tage damit (pro 1000 h)"] == "1.234 (247)"


def test_names_from_the_catalogue_are_escaped():
    hostile = "<script>alert(1)</script>\"'"
    areas = dict(CATALOGUE.areas) | {"glutes": replace(CATALOGUE.areas["glutes"], name=hostile)}
    harmed: Catalogue = replace(CATALOGUE, areas=areas)
    page = page_of(catalogue=harmed)
    assert_harmless(page)
    assert page.table("Coverage before onset")[0]["Area"] == hostile


def test_the_same_results_give_the_same_bytes():
    assert rendered() == rendered()


@pytest.mark.parametrize(
    ("p", "said"), [(None, "–"), (0.0004, "<0.001"), (0.004, "0.004"), (0.04, "0.04"), (1.0, "1.00")]
)
def test_p_values_have_as_many_digits_as_they_need(p: float | None, said: str):
    assert p_value(p, ENGLISH) == said


@pytest.mark.parametrize(("log_ratio", "said"), [(0.0, "1.00"), (-8.0, "<0.01"), (900.0, ">100"), (log(0.66), "0.66")])
def test_ratios_out_of_reason_tell_only_which_way(log_ratio: float, said: str):
    assert ratio(log_ratio, ENGLISH) == said


def test_golden_page_is_unchanged():
    """Rewrite it with RUNFIX_REWRITE_GOLDEN=1 and read the difference before it is committed."""
    path = GOLDEN / "cohort.html"
    text = re.sub(r"(catalogue and parameters )[0-9a-f]+", r"\g<1>VERSION", rendered())
    text = re.sub(r"<style>.*?</style>", "<style>STYLE</style>", text, flags=re.DOTALL)
    if os.environ.get("RUNFIX_REWRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text.splitlines() == path.read_text(encoding="utf-8").splitlines()


# in the browser

in_every_language = pytest.mark.parametrize("language", tuple(languages()))
in_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: pages are not rendered")


def full(language: str = "en") -> str:
    """A page that is as long, and has numbers as wide, as they come."""
    found = association_of(share_of_rows=0.04, verdict={"verdict": "opposite"})
    return rendered(found, prevalence=weeks_of(*[140] * 26), w=wording(language))


@pytest.mark.browser
@in_browser
@in_every_language
@pytest.mark.parametrize("kind", ["full", "few"])
def test_the_page_fits_on_three_sheets_of_a4_with_nothing_cut_and_nothing_under_nine_points(kind, language, tmp_path):
    path, w = tmp_path / "cohort.html", wording(language)
    path.write_text(rendered(few_onsets(), w=w) if kind == "few" else full(language), encoding="utf-8")
    with chromium() as browser:
        with tab(browser) as there:
            paper = printed(there.open(path))
            assert 1 <= len(paper.sheets) <= 3
        with tab(browser, as_paper=True) as there:
            page = there.lay_out(path, paper.width)
            assert cut_off(page, may_scroll=False) == []
            assert overlaps(page) == []
            assert [text for text in texts(page) if text["px"] < 11.95] == []


@pytest.mark.browser
@in_browser
@in_every_language
def test_the_page_is_no_wider_than_its_window_and_nothing_lies_over_another(language, tmp_path):
    path = tmp_path / "cohort.html"
    path.write_text(full(language), encoding="utf-8")
    with chromium() as browser, tab(browser) as there:
        for width in (SCREEN, ZOOMED, 500, PHONE):
            page = there.lay_out(path, width)
            assert (width, sideways(page)) == (width, 0)
            assert (width, cut_off(page, may_scroll=True)) == (width, [])
            assert (width, overlaps(page)) == (width, [])
