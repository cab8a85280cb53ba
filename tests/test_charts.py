"""Charts for exploration: what is in them is what is in the frame, and they are drawn without a network."""

import json
from datetime import date
from math import exp, log

import polars as pl
import pytest
import vl_convert
from draw import draw

import runfix_analytics as rf
from runfix_analytics.reports.drawing import PAPER
from runfix_analytics.tables import CalibrationBins, Coverage, Episodes, Estimates, RunningLoad, Verdicts

CATALOGUE = rf.load_catalogue()
PNG = b"\x89PNG\r\n\x1a\n"


def png_of(chart) -> bytes:
    return vl_convert.vegalite_to_png(chart.to_dict())


def svg_of(chart) -> str:
    return vl_convert.vegalite_to_svg(chart.to_dict())


def data_in(spec) -> list[list[dict]]:
    """Every table that a chart carries, in no order."""
    found = list(spec.get("datasets", {}).values())

    def walk(part):
        if isinstance(part, dict):
            if isinstance(part.get("data"), dict) and "values" in part["data"]:
                found.append(part["data"]["values"])
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk({name: of for name, of in spec.items() if name != "datasets"})
    return found


def rows_with(chart, column: str) -> list[dict]:
    (rows,) = [rows for rows in data_in(chart.to_dict()) if rows and column in rows[0]]
    return rows


def scales_of(chart, field: str) -> list[dict]:
    """The scales of all channels that show a column."""
    found = []

    def walk(part):
        if isinstance(part, dict):
            if part.get("field") == field and part.get("scale"):
                found.append(part["scale"])
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(chart.to_dict())
    return found


@pytest.fixture(scope="module")
def squad(demo_store):
    return rf.open(demo_store.root)


BINS = draw(CalibrationBins, """
    number | n_rows | n_runners | n_onset_rows | share_said | share_came | share_came_low | share_came_high
    1      | 200    | 20        | 2            | 0.008      | 0.01       | 0.0            | 0.03
    2      | 200    | 20        | 10           | 0.04       | 0.05       | 0.02           | 0.09
""")  # fmt: skip
ESTIMATES = draw(Estimates, """
    estimator | lag_days | area_id | n_onsets | log_ratio | se  | low  | high | missing
    pooled    | 21       | calves  | 60       | -0.2      | 0.2 | -0.6 | 0.2  | -
    lag       | 7        | -       | 70       | 0.5       | 0.2 | 0.1  | 0.9  | -
    lag       | 21       | -       | 60       | -0.1      | 0.2 | -0.5 | 0.3  | -
    lag       | 21       | calves  | 60       | -0.2      | 0.2 | -0.6 | 0.2  | -
    lag       | 42       | -       | 9        | -         | -   | -    | -    | too_few_onsets
""", n_rows=900, n_runners=40, n_runners_with_onset=30)  # fmt: skip
VERDICTS = draw(Verdicts, """
    area_id | n_onsets | log_ratio | low  | high | posterior_mean | posterior_sd | data_weight | verdict
    glutes  | 4        | -         | -    | -    | -0.16          | 0.36         | 0.0         | too_few_onsets
    calves  | 80       | -0.4      | -0.9 | 0.1  | -0.3           | 0.2          | 0.7         | inconclusive
""", prior_mean=-0.16, prior_sd=0.36, may_reorder=False)  # fmt: skip


@pytest.fixture(scope="module")
def every_chart(squad):
    who = "Dorothy Blake"
    return {
        "coverage_strips": rf.charts.coverage_strips(squad.coverage().collect(), catalogue=CATALOGUE),
        "timeline": rf.charts.timeline(
            squad.running_load(who).collect(), squad.coverage(who).collect(), squad.episodes(who).collect(),
            catalogue=CATALOGUE,
        ),
        "lag_curve": rf.charts.lag_curve(ESTIMATES),
        "forest": rf.charts.forest(VERDICTS, catalogue=CATALOGUE),
        "calibration": rf.charts.calibration(BINS),
    }  # fmt: skip


NAMES = ("coverage_strips", "timeline", "lag_curve", "forest", "calibration")


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_is_drawn_offline_as_png_and_svg(every_chart, name):
    chart = every_chart[name]
    assert png_of(chart).startswith(PNG)
    svg = svg_of(chart)
    assert chart.to_dict()["title"]["text"] in svg
    text = json.dumps({part: of for part, of in chart.to_dict().items() if part != "$schema"})
    assert "http" not in text
    assert '"url"' not in text


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_says_nothing_of_risk_and_keeps_to_the_colours_of_the_pages(every_chart, name):
    spec = every_chart[name].to_dict()
    text = json.dumps({part: of for part, of in spec.items() if part not in ("$schema", "datasets", "config")})
    assert "risk" not in text.lower()
    colours = {word for word in text.replace('"', " ").split() if word.startswith("#")}
    assert {colour.strip(",]") for colour in colours} <= set(PAPER.values())


def test_a_chart_can_be_built_on(every_chart):
    wider = every_chart["lag_curve"].properties(width=700)
    assert png_of(wider & every_chart["calibration"]).startswith(PNG)


# coverage


def strips_of(table: str):
    constant = {
        "coverage_low": 0.0, "coverage_high": 1.0, "n_unclear_days": 0, "n_sessions": 0, "hard_sets": 0.0,
        "hard_sets_left": 0.0, "hard_sets_right": 0.0,
    }  # fmt: skip
    return draw(Coverage, table, **constant)


WEEKS = strips_of("""
    runner_id | local_date | area_id | n_known_days | coverage | status
    r1        | 2026-01-11 | calves  | 10           | -        | not_known
    r1        | 2026-01-18 | calves  | 28           | 0.0      | under_floor
    r1        | 2026-01-20 | calves  | 28           | 0.3      | under_target
    r1        | 2026-01-25 | calves  | 28           | 0.8      | on_target
    r2        | 2026-01-25 | calves  | 12           | -        | on_target
""")


def test_strips_hold_the_weeks_of_the_frame_and_tell_unknown_from_zero():
    chart = rf.charts.coverage_strips(WEEKS, catalogue=CATALOGUE, names={"r1": "Ann"})
    rows = [
        (row["runner"], row["area"], row["week_start"][:10], row["week_end"][:10], row["coverage"], row["meaning"])
        for row in rows_with(chart, "meaning")
    ]
    assert rows == [
        ("Ann", "Calves", "2026-01-05", "2026-01-11", None, "crossed: not known"),
        ("Ann", "Calves", "2026-01-12", "2026-01-18", 0.0, "far under target"),
        ("Ann", "Calves", "2026-01-19", "2026-01-25", 0.8, "on target"),
        ("r2", "Calves", "2026-01-19", "2026-01-25", None, "crossed: not known"),
    ]
    assert all(scale["domain"] == [0, 1] for scale in scales_of(chart, "coverage"))


def test_bars_are_drawn_for_known_weeks_and_crosses_for_unknown_ones():
    one = WEEKS.filter(pl.col("runner_id") == "r1")
    svg = svg_of(rf.charts.coverage_strips(one, catalogue=CATALOGUE))
    assert svg.count("coverage: 0%") == svg.count("coverage: 80%") == 2  # the box of the week, and its bar
    assert svg.count("meaning: crossed: not known") == 1


def test_strips_of_the_sample_are_its_coverage(squad, every_chart):
    covered = squad.coverage().collect()
    weeks = covered.filter((pl.lit(squad.as_of) - pl.col("local_date")).dt.total_days() % 7 == 0)
    expected = {(row["runner_id"], row["area_id"], str(row["local_date"])): row["coverage"] for row in weeks.to_dicts()}
    ids = {area.name: area.id for area in CATALOGUE.areas.values()}
    drawn = rows_with(every_chart["coverage_strips"], "meaning")
    found = {(row["runner"], ids[row["area"]], row["week_end"][:10]): row["coverage"] for row in drawn}
    assert found == expected
    assert None in expected.values()


def test_a_squad_of_any_size_is_drawn():
    days = pl.date_range(date(2024, 1, 1), date(2026, 1, 1), "7d", eager=True)
    many = WEEKS.head(1).drop("runner_id", "local_date").join(
        pl.DataFrame({"local_date": days}).join(
            pl.DataFrame({"runner_id": [f"r{n}" for n in range(60)]}), how="cross"), how="cross")  # fmt: skip
    chart = rf.charts.coverage_strips(Coverage.validate(many, cast=True), catalogue=CATALOGUE)
    assert len(rows_with(chart, "meaning")) == len(days) * 60 > 5000


# timeline


def test_a_timeline_adds_up_kilometres_by_week_and_shows_aches_to_their_end(squad):
    who = "Dorothy Blake"
    load, aches = squad.running_load(who).collect(), squad.episodes(who).collect()
    covered = squad.coverage(who).collect()
    chart = rf.charts.timeline(load, covered, aches, catalogue=CATALOGUE, names=squad.names())
    weeks = rows_with(chart, "km")
    assert sum(week["km"] for week in weeks) == pytest.approx(load["distance_m"].sum() / 1000)
    last = load.filter(pl.col("local_date") > date(2026, 10, 18))
    assert weeks[-1]["week_start"][:10] == "2026-10-19"
    assert weeks[-1]["km"] == pytest.approx(last["distance_m"].sum() / 1000)
    assert [week["has_spike"] for week in weeks].count(True) == len(
        {
            (squad.as_of - day).days // 7
            for day in load.filter(pl.col("spike").is_in(["small", "medium", "large"]))["local_date"]
        }
    )
    bars = [(row["place"], row["onset_on"][:10], row["until"][:10], row["state"]) for row in rows_with(chart, "place")]
    assert bars == [
        ("left heel", "2026-07-01", "2026-08-01", "ended"),
        ("left heel", "2026-08-27", "2026-10-25", "open"),
    ]
    assert "Dorothy Blake" in chart.to_dict()["title"]["text"]


def test_a_timeline_of_made_up_runners_begins_with_a_whole_week_and_writes_no_pain_that_nobody_told():
    made_up = rf.simulate("rehab", n_runners=12, n_days=150, seed=1, catalogue=CATALOGUE)
    assessed = rf.assess(made_up.logs, as_of=made_up.last_day, catalogue=CATALOGUE)
    aches = assessed.episodes
    assert aches["worst_pain"].null_count() == aches.height > 0
    one = pl.col("runner_id") == aches["runner_id"][0]
    chart = rf.charts.timeline(
        assessed.running_load.filter(one), assessed.coverage.filter(one), aches.filter(one), catalogue=CATALOGUE
    )
    assert ">null<" not in svg_of(chart)
    begins = {tuple(scale["domain"][0].values()) for scale in scales_of(chart, "week_start")}
    weeks = rows_with(chart, "km")
    assert begins == {tuple(map(int, weeks[0]["week_start"][:10].split("-")))} == {(2023, 12, 28)}


def test_a_timeline_without_an_ache_says_so(squad):
    who = "Ingrid Aasland"
    chart = rf.charts.timeline(
        squad.running_load(who).collect(), squad.coverage(who).collect(), Episodes.create_empty(), catalogue=CATALOGUE
    )
    assert "no episode in these frames" in svg_of(chart)


def test_a_timeline_is_of_one_runner_and_needs_a_day(squad):
    with pytest.raises(rf.RunfixError, match="these frames hold 12: filter them by runner_id"):
        rf.charts.timeline(
            squad.running_load().collect(), squad.coverage().collect(), squad.episodes().collect(), catalogue=CATALOGUE
        )
    with pytest.raises(rf.RunfixError, match="needs a day of running load or of coverage"):
        rf.charts.timeline(
            RunningLoad.create_empty(), Coverage.create_empty(), Episodes.create_empty(), catalogue=CATALOGUE
        )


# ratios


def test_a_lag_curve_shows_the_mean_over_areas_and_says_why_there_is_none():
    chart = rf.charts.lag_curve(ESTIMATES)
    rows = rows_with(chart, "lag_days")
    assert [(row["lag_days"], row["n_onsets"], row["is_used"], row["why"]) for row in rows] == [
        (7, 70, False, None), (21, 60, True, None), (42, 9, False, "too few onsets"),
    ]  # fmt: skip
    assert [row["ratio"] for row in rows] == [pytest.approx(exp(0.5)), pytest.approx(exp(-0.1)), None]
    assert [row["high"] for row in rows] == [pytest.approx(exp(0.9)), pytest.approx(exp(0.3)), None]
    assert ">null<" not in svg_of(chart)
    assert all(scale == {"type": "log", "domain": [1 / 4, 4]} for scale in scales_of(chart, "ratio"))


def test_a_forest_shows_data_prior_and_both_and_counts_where_there_is_no_ratio():
    rows = rows_with(rf.charts.forest(VERDICTS, catalogue=CATALOGUE), "kind")
    glutes, calves = rows[:3], rows[3:]
    assert [(row["area"], row["kind"], row["ratio"]) for row in glutes] == [
        ("Glutes", "own data", None),
        ("Glutes", "believed before", pytest.approx(exp(-0.16))),
        ("Glutes", "both together", pytest.approx(exp(-0.16))),
    ]
    assert glutes[0]["said"] == "4 onsets: too few for a ratio"
    assert calves[0]["said"] == "0.67 (0.41–1.11), 80 onsets"
    assert calves[1]["low"] == pytest.approx(exp(-0.16 - 1.959964 * 0.36), rel=1e-6)
    assert calves[2]["high"] == pytest.approx(exp(-0.3 + 1.959964 * 0.2), rel=1e-6)


@pytest.mark.parametrize(("high", "span"), [(log(1.9), 2), (log(2.1), 4), (log(15), 16), (log(40), 16)])
def test_the_axis_of_ratios_is_as_wide_as_the_intervals_and_even_around_one(high, span):
    wide = Estimates.validate(ESTIMATES.with_columns(
        low=pl.when(pl.col("low").is_not_null()).then(pl.lit(0.0)),
        high=pl.when(pl.col("high").is_not_null()).then(pl.lit(high)),
    ))  # fmt: skip
    assert all(scale["domain"] == [1 / span, span] for scale in scales_of(rf.charts.lag_curve(wide), "ratio"))


# said and came


def test_a_calibration_chart_holds_the_groups_on_even_axes():
    chart = rf.charts.calibration(BINS)
    assert rows_with(chart, "n_rows") == BINS.to_dicts()
    domains = [scale["domain"] for field in ("share_said", "share_came") for scale in scales_of(chart, field)]
    assert domains == [[0, 0.1]] * len(domains)


@pytest.mark.parametrize("name", ["coverage_strips", "lag_curve", "forest", "calibration"])
def test_a_chart_of_an_empty_frame_is_an_empty_chart(name):
    schema = {"coverage_strips": Coverage, "lag_curve": Estimates, "forest": Verdicts, "calibration": CalibrationBins}
    more = {"catalogue": CATALOGUE} if name in ("coverage_strips", "forest") else {}
    assert png_of(getattr(rf.charts, name)(schema[name].create_empty(), **more)).startswith(PNG)
