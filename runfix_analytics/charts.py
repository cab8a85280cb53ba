"""Charts for exploration, in a notebook: each from typed frames, and given back as an Altair chart to build on.

Colours are those of the pages. Shares go from 0 to 100 %, ratios stand on a log axis around 1, and what is not known is
drawn as such, never as zero. The data stand inside the chart, and are health data like the frames;
`chart.save("coverage.png")` needs no network.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from math import exp, inf, log
from statistics import NormalDist
from typing import Any

import altair as alt
import dataframely as dy
import polars as pl
import polars.selectors as cs

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.errors import ConfigError
from runfix_analytics.reports.drawing import PAPER
from runfix_analytics.tables import SPIKES, CalibrationBins, Coverage, Episodes, Estimates, RunningLoad, Verdicts

AnyChart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.VConcatChart

_WEEK = 7
_MEANING = {
    "on_target": "on target",
    "under_target": "under target, or not clear",
    "not_clear": "under target, or not clear",
    "under_floor": "far under target",
}
_NOT_KNOWN = "crossed: not known"
_COLOUR_OF = {
    "on target": "good",
    "under target, or not clear": "low",
    "far under target": "floor",
    _NOT_KNOWN: "none",
}
_STATES = {"open": "floor", "ended": "none", "silent": "line"}
_SPANS = (2, 4, 8, 16)
_TICKS = [1 / 16, 1 / 8, 0.25, 0.5, 1, 2, 4, 8, 16]
_TEXT = 11
_DATES = alt.Axis(grid=False, format="%b %Y", tickCount={"interval": "month", "step": 2}, labelOverlap=True)
_CONFIDENCE = 0.95


def coverage_strips(
    coverage: dy.DataFrame[Coverage], *, catalogue: Catalogue, names: Mapping[str, str] | None = None
) -> alt.FacetChart:
    """A strip for each runner and area: a bar for each week, as high as coverage at its end.

    Weeks end on the weekday of the newest day of the frame. A week that is not known is a crossed box; a known one
    that holds nothing is an empty box; before a log began nothing is drawn. The dashed line is the target. `names`:
    what to write in place of ids.
    """
    weeks = _strip_rows(coverage, catalogue, names or {})
    return (
        _layers(*_strip(), data=_inside(weeks))
        .properties(width=140, height=30)
        .facet(
            row=alt.Row("runner:N", title=None, sort=_order(weeks, "runner"), header=_row_header()),
            column=alt.Column("area:N", title=None, sort=_areas(catalogue)),
            spacing={"row": 8, "column": 24},
            title=_title("Coverage week by week", _strip_words(catalogue)),
        )
    )


def timeline(
    load: dy.DataFrame[RunningLoad],
    coverage: dy.DataFrame[Coverage],
    episodes: dy.DataFrame[Episodes],
    *,
    catalogue: Catalogue,
    names: Mapping[str, str] | None = None,
) -> alt.VConcatChart:
    """One runner's weeks on one axis: kilometres with spikes, the coverage of each area, and the aches by place.

    Weeks end on the newest day of the frames. An open ache runs to that day; one that fell silent ends, pale, with its
    last report. `names`: what to write in place of ids.

    Raises: ConfigError when the frames hold no day, or several runners.
    """
    runner = _one_runner(load, coverage, episodes)
    days = pl.concat([load["local_date"], coverage["local_date"]])
    first, last = days.min(), days.max()
    if not isinstance(first, date) or not isinstance(last, date):
        raise ConfigError("timeline needs a day of running load or of coverage; these frames hold none")
    n_weeks = (last - first).days // _WEEK + 1
    axis = alt.Scale(domain=[_js(last + timedelta(days=1 - _WEEK * n_weeks)), _js(last + timedelta(days=1))])
    strips = (
        _layers(*_strip(axis), data=_inside(_strip_rows(coverage, catalogue, {}, last)))
        .properties(width=620, height=30)
        .facet(row=alt.Row("area:N", title=None, sort=_areas(catalogue), header=_row_header()), spacing=4)
    )
    chart: alt.VConcatChart = alt.vconcat(
        _kilometres(load, last, axis),
        strips,
        _aches(episodes, catalogue, last, axis),
        title=_title(f"Running, coverage and aches of {(names or {}).get(runner, runner)}", _strip_words(catalogue)),
        spacing=12,
    ).resolve_scale(color="independent")
    return chart


def lag_curve(estimates: dy.DataFrame[Estimates]) -> alt.LayerChart:
    """The mean ratio over all areas at each lag, with its interval and the onsets behind it.

    The lag that the study used is filled. Below 1: fewer onsets after full coverage. A steep rise towards short lags is
    what rehab looks like. A lag without an estimate says why. Intervals that leave the axis end at its edge.
    """
    rows = estimates.filter(pl.col("estimator") == "lag", pl.col("area_id").is_null()).sort("lag_days")
    used = estimates.filter(pl.col("estimator") == "pooled")["lag_days"].unique().to_list()
    told = _ratios(rows).with_columns(
        is_used=pl.col("lag_days").is_in(used),
        onsets=pl.format("{} onsets", "n_onsets"),
        why=pl.col("missing").str.replace_all("_", " "),
    )
    filled = "; filled: the lag that the study used" if told["is_used"].any() else ""
    scale = _ratio_scale(told)
    x = alt.X("lag_days:O", title="lag: days between the end of the 28 days looked at and the onset",
              axis=alt.Axis(labelAngle=0))  # fmt: skip
    y = alt.Y("ratio:Q", scale=scale, title="ratio of onsets, full coverage against none", axis=_ratio_axis())
    ink = alt.value(PAPER["ink"])
    base = alt.Chart(_inside(told)).encode(x=x)
    return _layers(
        alt.Chart(_inside(pl.DataFrame({"one": [1.0]}))).mark_rule(strokeDash=[3, 2]).encode(
            y=alt.Y("one:Q", scale=scale), color=alt.value(PAPER["soft"])),
        base.mark_rule(clip=True).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q", color=ink, tooltip=_RATIO_TIP),
        base.mark_point(size=90, shape="diamond", opacity=1, clip=True).encode(
            y=y, stroke=ink, tooltip=_RATIO_TIP,
            fill=alt.condition("datum.is_used", ink, alt.value(PAPER["paper"]))),
        base.mark_text(fontSize=_TEXT, baseline="bottom").encode(
            y=alt.value(255), text="onsets:N", color=alt.value(PAPER["soft"])),
        base.transform_filter("isValid(datum.why)").mark_text(fontSize=_TEXT, fontStyle="italic").encode(
            y=alt.value(112), text="why:N", color=alt.value(PAPER["soft"])),
    ).properties(
        width=420, height=260, title=_title(
            "Ratio of onsets at each lag",
            f"mean over the areas, {_CONFIDENCE:.0%} intervals; 1: no difference{filled}"),
    )  # fmt: skip


def forest(verdicts: dy.DataFrame[Verdicts], *, catalogue: Catalogue) -> alt.FacetChart:
    """The ratio of each area: what the cohort's own data say, what was believed before, and both together.

    With intervals of 95 %, on one log axis. An area with too few onsets has no ratio of its own: it says so, with the
    number. Intervals that leave the axis end at its edge.
    """
    told = _forest_rows(verdicts, catalogue)
    scale = _ratio_scale(told)
    kinds = ["own data", "believed before", "both together"]
    colours, shapes = [PAPER["run"], PAPER["none"], PAPER["ink"]], ["square", "diamond", "diamond"]
    base = alt.Chart().encode(
        y=alt.Y("kind:N", sort=kinds, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=200)),
        color=alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=colours), legend=None),
    )
    layers = _layers(
        alt.Chart().mark_rule(strokeDash=[3, 2], color=PAPER["soft"]).encode(x=alt.X("one:Q", scale=scale)),
        base.mark_rule(clip=True).encode(x=alt.X("low:Q", scale=scale), x2="high:Q", tooltip=_RATIO_TIP),
        base.mark_point(size=70, filled=True, opacity=1, clip=True).encode(
            x=alt.X("ratio:Q", scale=scale, title="ratio of onsets, full coverage against none", axis=_ratio_axis()),
            shape=alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=shapes), legend=None),
            tooltip=_RATIO_TIP),
        base.mark_text(align="left", fontSize=_TEXT).encode(x=alt.value(368), text="said:N"),
        data=_inside(told),
    ).properties(width=360, height=66)  # fmt: skip
    return layers.facet(
        row=alt.Row("area:N", title=None, sort=_areas(catalogue), header=_row_header()),
        spacing=6,
        title=_title("Coverage against onset, area by area", "1: no difference; left of it: fewer onsets"),
    )


def calibration(bins: dy.DataFrame[CalibrationBins]) -> alt.LayerChart:
    """How often an onset followed, against how often the model said so; on the line it said what came.

    A point for each group of about equally many days; the intervals resample runners. Both axes are the same, from 0.
    """
    reach = max([0.01, *bins["share_came_high"], *bins["share_said"]])
    top = next((step / 100 for step in (2, 4, 6, 8, 10, 12, 16, 20, 30, 40, 60, 80) if reach <= step / 100), 1.0)
    scale, axis = alt.Scale(domain=[0, top]), alt.Axis(format="~%", tickCount=5)
    x = alt.X("share_said:Q", scale=scale, title="said: share of days with an onset in the week after", axis=axis)
    y = alt.Y("share_came:Q", scale=scale, title="came: share of those days", axis=axis)
    shares, counts = ("share_said", "share_came", "share_came_low", "share_came_high"), ("n_rows", "n_runners")
    tip = [*(alt.Tooltip(f"{name}:Q", format=".1%") for name in shares), *(alt.Tooltip(f"{name}:Q") for name in counts)]
    ends = pl.DataFrame({"share_said": [0.0, top], "share_came": [0.0, top]})
    base = alt.Chart(_inside(bins)).encode(x=x)
    n = f"{bins['n_rows'].sum():,} days in {bins.height} groups"
    return _layers(
        alt.Chart(_inside(ends)).mark_line(strokeDash=[3, 2], color=PAPER["soft"]).encode(x=x, y=y),
        base.mark_rule(color=PAPER["run"]).encode(y=alt.Y("share_came_low:Q", scale=scale), y2="share_came_high:Q"),
        base.mark_point(filled=True, opacity=1, size=45, color=PAPER["run"]).encode(y=y, tooltip=tip),
    ).properties(
        width=300,
        height=300,
        title=_title("Was it said as often as it came?", f"{n}, intervals over runners; dashed: said and came alike"),
    )


# pieces


def _layers(*charts: alt.Chart, data: alt.InlineData | None = None) -> alt.LayerChart:
    return alt.LayerChart(layer=list(charts), data=alt.Undefined if data is None else data)


_RATIO_TIP = [alt.Tooltip(name, format=".2f") for name in ("ratio:Q", "low:Q", "high:Q")] + [alt.Tooltip("n_onsets:Q")]


def _inside(frame: pl.DataFrame) -> alt.InlineData:
    """The rows as they stand, whatever their number; days as midnight of whoever looks at them."""
    return alt.InlineData(values=frame.with_columns(cs.date().dt.strftime("%Y-%m-%dT00:00:00")).to_dicts())


def _js(day: date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "date": day.day}


def _title(text: str, below: str) -> alt.TitleParams:
    return alt.TitleParams(text, subtitle=below, anchor="start", subtitleColor=PAPER["soft"])


def _small_title(text: str) -> alt.TitleParams:
    return alt.TitleParams(text, anchor="start", fontSize=_TEXT, fontWeight="normal", color=PAPER["soft"])


def _row_header() -> alt.Header:
    return alt.Header(labelAngle=0, labelAlign="left", labelFontSize=_TEXT)


def _areas(catalogue: Catalogue) -> list[str]:
    return [area.name for area in catalogue.areas.values()]


def _order(rows: pl.DataFrame, column: str) -> list[Any]:
    return rows[column].unique(maintain_order=True).to_list()


def _one_runner(*frames: pl.DataFrame) -> str:
    ids = sorted({runner for frame in frames for runner in frame["runner_id"].unique()})
    if len(ids) > 1:
        raise ConfigError(f"timeline shows one runner; these frames hold {len(ids)}: filter them by runner_id")
    return ids[0] if ids else "nobody"


def _strip_words(catalogue: Catalogue) -> str:
    on_target, window = catalogue.number("coverage.on_target"), catalogue.days("coverage.window")
    return f"of the {window} days up to each week's end; full height is 100 %, dashed: target ({on_target:.0%})"


def _strip_rows(
    coverage: pl.DataFrame, catalogue: Catalogue, names: Mapping[str, str], last: date | None = None
) -> pl.DataFrame:
    """One row per runner, week and area: its last day's coverage, and what that means in words."""
    last = last or coverage["local_date"].max()  # type: ignore[assignment]  # a column of dates
    named = {area.id: area.name for area in catalogue.areas.values()}
    is_known = pl.col("coverage").is_not_null()
    return (
        coverage.filter((pl.lit(last, pl.Date) - pl.col("local_date")).dt.total_days() % _WEEK == 0)
        .select(
            runner=pl.col("runner_id").replace(names),
            area=pl.col("area_id").replace(named),
            week_start=pl.col("local_date").dt.offset_by("-6d"),
            week_after=pl.col("local_date").dt.offset_by("1d"),
            week_end="local_date",
            coverage="coverage",
            coverage_low="coverage_low",
            coverage_high="coverage_high",
            n_known_days="n_known_days",
            meaning=pl.when(is_known).then(pl.col("status").replace(_MEANING)).otherwise(pl.lit(_NOT_KNOWN)),
            target=pl.lit(catalogue.number("coverage.on_target")),
        )
        .sort("runner", "week_end", "area")
    )


def _strip(axis: alt.Scale | None = None) -> list[alt.Chart]:
    """The layers of one strip; on a given axis it has no dates of its own, and its legend stands to the right."""
    colours = alt.Scale(domain=list(_COLOUR_OF), range=[PAPER[name] for name in _COLOUR_OF.values()])
    legend = alt.Legend(orient="bottom" if axis is None else "right", symbolType="square")
    colour = alt.Color("meaning:N", title="coverage", scale=colours, legend=legend)
    stroke = alt.Stroke("meaning:N", scale=colours, legend=None)
    dates = _DATES if axis is None else alt.Axis(grid=False, labels=False, ticks=False)
    x = alt.X("week_start:T", title=None, scale=axis or alt.Undefined, axis=dates)
    share = alt.Scale(domain=[0, 1])
    no_axis = alt.Axis(values=[0, 1], format="~%", grid=False, labelFontSize=8, title=None)
    y = alt.Y("coverage:Q", scale=share, axis=no_axis)
    tip = [
        alt.Tooltip("runner:N"), alt.Tooltip("area:N"), alt.Tooltip("week_end:T", title="week up to"),
        alt.Tooltip("coverage:Q", format=".0%"), alt.Tooltip("coverage_low:Q", format=".0%"),
        alt.Tooltip("coverage_high:Q", format=".0%"), alt.Tooltip("n_known_days:Q"), alt.Tooltip("meaning:N"),
    ]  # fmt: skip
    known, unknown = "isValid(datum.coverage)", "!isValid(datum.coverage)"
    full = {"y": alt.value(0), "y2": alt.value(30)}
    box = alt.Chart().mark_rect(strokeWidth=0.6).encode(x=x, x2="week_after:T", tooltip=tip, **full)
    return [
        box.transform_filter(known).encode(color=alt.value(PAPER["shade"])),
        box.transform_filter(unknown).encode(color=alt.value(PAPER["paper"]), stroke=alt.value(PAPER["line"])),
        alt.Chart().mark_rule(strokeWidth=1.2).transform_filter(unknown).encode(
            x=x, x2="week_after:T", y=alt.value(30), y2=alt.value(0), color=colour),
        alt.Chart().mark_bar(strokeWidth=1).transform_filter(known).encode(
            x=x, x2="week_after:T", y=y, y2=alt.datum(0), color=colour, stroke=stroke, tooltip=tip),
        alt.Chart().mark_rule(strokeDash=[3, 2], color=PAPER["soft"]).encode(y=alt.Y("max(target):Q", scale=share)),
    ]  # fmt: skip


def _kilometres(load: pl.DataFrame, last: date, axis: alt.Scale) -> alt.LayerChart:
    """Kilometres of each week; a triangle where a run of it was clearly longer than any of the 30 days before."""
    weeks_back = (pl.lit(last) - pl.col("local_date")).dt.total_days() // _WEEK
    weeks = (
        load.group_by(weeks_back=weeks_back)
        .agg(
            km=pl.col("distance_m").sum() / 1000,
            n_days=pl.len(),
            has_spike=pl.col("spike").is_in(SPIKES[1:]).any(),
        )
        .select(
            "km", "n_days", "has_spike",
            week_start=pl.lit(last) - pl.duration(days=pl.col("weeks_back") * _WEEK + _WEEK - 1),
            week_after=pl.lit(last) - pl.duration(days=pl.col("weeks_back") * _WEEK - 1),
        )
        .sort("week_start")
    )  # fmt: skip
    x = alt.X("week_start:T", title=None, scale=axis, axis=alt.Axis(grid=False, labels=False, ticks=False))
    tip = [alt.Tooltip("week_start:T"), alt.Tooltip("km:Q", format=".1f"), "n_days:Q", "has_spike:N"]
    base = alt.Chart(_inside(weeks))
    bars = base.mark_bar(color=PAPER["run"], stroke=PAPER["paper"]).encode(
        x=x, x2="week_after:T", y=alt.Y("km:Q", title="km a week", axis=alt.Axis(tickCount=3, grid=False)),
        y2=alt.datum(0), tooltip=tip,
    )  # fmt: skip
    spikes = (
        base.transform_filter("datum.has_spike")
        .transform_calculate(middle="(time(datum.week_start) + time(datum.week_after)) / 2")
        .mark_point(shape="triangle-up", size=36, filled=True, opacity=1, color=PAPER["ink"], yOffset=-8)
        .encode(x=alt.X("middle:T", scale=axis), y="km:Q", tooltip=tip)
    )
    said = "▲ a run clearly longer than any of the 30 days before"
    return _layers(bars, spikes).properties(width=620, height=80, title=_small_title(said))


def _aches(episodes: pl.DataFrame, catalogue: Catalogue, last: date, axis: alt.Scale) -> alt.LayerChart:
    """A bar for each episode, in a row for each place and side."""
    sites = {site.id: site.name for site in catalogue.sites.values()}
    side = pl.when(pl.col("side").is_in(["left", "right", "both"])).then(pl.format("{} ", "side")).otherwise(pl.lit(""))
    until = pl.coalesce("ended_on", pl.when(pl.col("state") == "open").then(pl.lit(last)).otherwise("last_reported_on"))
    rows = episodes.sort("onset_on", "episode_id").select(
        place=pl.format("{}{}", side, pl.col("site_id").replace(sites)),
        onset_on="onset_on",
        until=until,
        day_after=until.dt.offset_by("1d"),
        state="state",
        pain=pl.format("{}/10", pl.col("worst_pain").cast(pl.Int64)),
        worst_pain="worst_pain",
        n_reports="n_reports",
    )
    x = alt.X("onset_on:T", title=None, scale=axis, axis=_DATES)
    y = alt.Y("place:N", sort=_order(rows, "place"), title=None, axis=alt.Axis(ticks=False, domain=False))
    colour = alt.Color(
        "state:N",
        title="ache",
        scale=alt.Scale(domain=list(_STATES), range=[PAPER[name] for name in _STATES.values()]),
        legend=alt.Legend(orient="right", symbolType="square"),
    )
    tip = ["place:N", "onset_on:T", "until:T", "state:N", "worst_pain:Q", "n_reports:Q"]
    base = alt.Chart(_inside(rows)).encode(x=x, y=y)
    said = "Aches by place, with the worst pain; a gap may be a time without an answer"
    return _layers(
        base.mark_bar(clip=True, height=14).encode(x2="day_after:T", color=colour, tooltip=tip),
        base.transform_filter("isValid(datum.pain)")
        .mark_text(align="right", dx=-4, fontSize=_TEXT)
        .encode(text="pain:N", color=alt.value(PAPER["ink"])),
    ).properties(
        width=620,
        height=max(1, rows["place"].n_unique()) * 20,
        title=_small_title(said if rows.height else "Aches: no episode in these frames"),
    )


def _ratios(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        "lag_days", "n_onsets", "n_runners", "missing",
        ratio=pl.col("log_ratio").exp(), low=pl.col("low").exp(), high=pl.col("high").exp(),
    )  # fmt: skip


def _forest_rows(verdicts: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """One row per area and kind: ratio, interval, and both in words."""
    reach = NormalDist().inv_cdf(0.5 + _CONFIDENCE / 2)
    told = []
    for row in verdicts.iter_rows(named=True):
        of = {"area": catalogue.areas[row["area_id"]].name, "n_onsets": row["n_onsets"]}
        kinds = {
            "own data": (row["log_ratio"], row["low"], row["high"]),
            "believed before": _normal(row["prior_mean"], row["prior_sd"] * reach),
            "both together": _normal(row["posterior_mean"], row["posterior_sd"] * reach),
        }
        for kind, logs in kinds.items():
            ratio, low, high = (None if value is None else exp(value) for value in logs)
            said = f"{row['n_onsets']} onsets: too few for a ratio"
            if ratio is not None:
                said = f"{ratio:.2f} ({low:.2f}–{high:.2f})"
                said += f", {row['n_onsets']} onsets" if kind == "own data" else ""
            told.append(of | {"kind": kind, "ratio": ratio, "low": low, "high": high, "said": said, "one": 1.0})
    texts, numbers = (
        dict.fromkeys(("area", "kind", "said"), pl.String),
        dict.fromkeys(("ratio", "low", "high", "one"), pl.Float64),
    )
    return pl.DataFrame(told, schema=texts | numbers | {"n_onsets": pl.Int64})


def _normal(mean: float, reach: float) -> tuple[float, float, float]:
    return mean, mean - reach, mean + reach


def _ratio_scale(rows: pl.DataFrame) -> alt.Scale:
    """A log axis around 1, as wide as the intervals need, up to a sixteenth and sixteen times."""
    logs = [abs(log(value)) for name in ("low", "high") for value in rows[name].drop_nulls() if 0 < value < inf]
    span = next((span for span in _SPANS if max(logs, default=0.0) <= log(span)), _SPANS[-1])
    return alt.Scale(type="log", domain=[1 / span, span])


def _ratio_axis() -> alt.Axis:
    return alt.Axis(values=_TICKS, format=".3~g", grid=True, gridColor=PAPER["shade"])
