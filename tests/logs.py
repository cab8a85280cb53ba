"""Made-up logs for tests: a drawing names what matters, everything else takes an ordinary value."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any

import dataframely as dy
import numpy as np
import polars as pl
from draw import completed, drawn
from polars.testing import assert_frame_equal

from runfix_analytics.catalogue import load, name_key
from runfix_analytics.known_days import known_days
from runfix_analytics.recognition import recognise
from runfix_analytics.tables import (
    AcheReports,
    AnalysisRows,
    Coverage,
    Episodes,
    KnownDays,
    Runners,
    Runs,
    StrengthDays,
    StrengthSets,
)

CATALOGUE = load()
FAR = date(2099, 12, 31)
Table = str | Sequence[dict[str, Any]]

_SHORT = {"runner": "runner_id", "date": "local_date", "area": "area_id", "symptom": "symptom_id"}


def day(text: str) -> date:
    return date.fromisoformat(text)


def runners(table: Table = "runner\nr1") -> Any:
    """Equipment is drawn as "band;bench", or as "none"."""
    frame = _usual(_frame(table), runner_id="r1", units="metric", strength_log="partial")
    if "equipment" in frame.columns:
        owned = pl.col("equipment").cast(pl.String).str.split(";")
        frame = frame.with_columns(equipment=pl.when(pl.col("equipment") == "none").then([]).otherwise(owned))
    return _valid(Runners, frame)


def runs(table: Table = ()) -> Any:
    """`km` is short for distance_m."""
    frame = _frame(table)
    if not frame.columns:
        return Runs.create_empty()
    if "km" in frame.columns:
        frame = frame.with_columns(distance_m=pl.col("km") * 1000.0)
    return _valid(
        Runs,
        _usual(
            _numbered(frame, "run_id", "run"), runner_id="r1", import_id="import", source="strava", logged_as="Run",
            local_date_source="configured", distance_unit_source="file", is_indoor=False,
        ).with_columns(start_at=_at_eight("local_date")),
    )  # fmt: skip


def strength_sets(table: Table = (), *, weeks: int = 1) -> Any:
    """`n` equal sets a row; all rows again in each of the following `weeks`."""
    frame = _frame(table)
    if not frame.columns:
        return StrengthSets.create_empty()
    if "n" in frame.columns:
        frame = frame.select(pl.all().repeat_by("n").explode())
    later = [frame.with_columns(pl.col("local_date") + timedelta(weeks=week)) for week in range(weeks)]
    frame = pl.concat(later)
    key = pl.col("exercise").map_elements(name_key, return_dtype=pl.String)
    return _valid(
        StrengthSets,
        _usual(
            _numbered(frame, "set_id", "set"), runner_id="r1", import_id="import", source="hevy",
            local_date_source="configured", is_timed=True, set_type="working", weight_unit_source="file",
        ).with_columns(session_start_at=_at_eight("local_date"), logged_as="exercise", exercise_key=key),
    )  # fmt: skip


def recognised(table: Table = (), *, weeks: int = 1) -> Any:
    return recognise(strength_sets(table, weeks=weeks), as_of=FAR, catalogue=CATALOGUE)


def strength_days(table: Table = ()) -> Any:
    frame = _frame(table)
    if not frame.columns:
        return StrengthDays.create_empty()
    return _valid(StrengthDays, _usual(frame, runner_id="r1", import_id="import", source="sheet"))


def ache_reports(table: Table = ()) -> Any:
    """A row without a site is the answer "no aches"."""
    frame = _frame(table)
    if not frame.columns:
        return AcheReports.create_empty()
    key = pl.col("site").cast(pl.String).map_elements(name_key, return_dtype=pl.String)
    return _valid(
        AcheReports,
        _usual(
            _numbered(frame, "ache_report_id", "ache"), runner_id="r1", import_id="import", source="ache_form",
            onset_type="gradual", side="left",
        ).with_columns(
            reported_on="local_date", logged_site="site", site_key=key, is_no_aches=pl.col("site").is_null()
        ),
    )  # fmt: skip


def known(table: Table) -> Any:
    """Known days, drawn as spans: from | to | evidence."""
    frame = _usual(_frame(table), runner_id="r1", evidence="declared")
    each = frame.with_columns(local_date=pl.date_ranges("from", "to")).explode("local_date")
    return _valid(KnownDays, each.with_columns(is_known=~pl.col("evidence").is_in(["no_sets", "unknown"])))


def spans(days: pl.DataFrame) -> pl.DataFrame:
    """Known days as spans of equal evidence: the inverse of `known`."""
    changes = pl.struct("runner_id", "evidence").rle_id().alias("span")
    return (
        days.group_by("runner_id", "evidence", changes, maintain_order=True)
        .agg(**{"from": pl.col("local_date").min(), "to": pl.col("local_date").max()}, known=pl.col("is_known").first())
        .drop("span")
    )


def evidence(
    sets: Table = (), *, as_of: str, who: Table = "runner\nr1", ran: Table = (), said: Table = ()
) -> pl.DataFrame:
    """What is known of the strength log by `as_of`, as spans."""
    at = day(as_of)
    return spans(
        known_days(runners(who), runs(ran), recognised(sets), strength_days(said), as_of=at, catalogue=CATALOGUE)
    )


def coverages(table: Table) -> Any:
    """Coverage rows of which only the drawn columns matter."""
    usual = {"coverage_low": 0.0, "coverage_high": 1.0, "status": "not_clear"}
    zero = ("n_known_days", "n_unclear_days", "n_sessions", "hard_sets", "hard_sets_left", "hard_sets_right")
    return _valid(Coverage, _usual(_frame(table), runner_id="r1", **usual, **dict.fromkeys(zero, 0)))


def episode_rows(table: Table) -> Any:
    """Episodes as the later steps get them; site and symptom follow from `site`, dates from `onset_on`."""
    frame = _frame(table)
    if not frame.columns:
        return Episodes.create_empty()
    symptom_of_site = {site.id: site.symptom for site in CATALOGUE.sites.values()}
    no = dict.fromkeys(
        ("is_side_uncertain", "is_onset_uncertain", "is_prevalent", "is_trauma", "is_acute_injury"), False
    )
    frame = _usual(
        frame, runner_id="r1", side="left", recurrence="index", state="open", n_reports=1, has_noticed_date=True, **no
    )
    symptom = pl.col("site").replace_strict(symptom_of_site, return_dtype=pl.String)
    hurts = pl.col("hurts").cast(pl.String) if "hurts" in frame.columns else pl.lit(None, dtype=pl.String)
    names = hurts.str.split(";").fill_null([])
    frame = frame.with_columns(
        site_id="site", symptom_id=symptom, exercises_that_hurt=names, ache_report_ids=pl.lit([], pl.List(pl.String))
    )
    frame = frame.with_columns(complaint_id=pl.coalesce("symptom_id", "site_id"))
    if "first_reported_on" not in frame.columns:
        frame = frame.with_columns(first_reported_on="onset_on")
    frame = _usual(frame, episode_id=None)
    episode = pl.format("{}:{}:{}", "complaint_id", "side", "onset_on")
    frame = frame.with_columns(episode_id=pl.coalesce(pl.col("episode_id").cast(pl.String), episode))
    if "last_reported_on" not in frame.columns:
        frame = frame.with_columns(last_reported_on=pl.coalesce("ended_on", "onset_on") if "ended_on" in frame.columns
                                   else pl.col("onset_on"))  # fmt: skip
    return _valid(Episodes, frame)


def made_up_rows(
    n_runners: int = 50,
    n_days: int = 60,
    *,
    chance: float = 0.01,
    effects: Sequence[float] = (0.0,) * 5,
    seed: int = 1,
    step: int = 7,
) -> Any:
    """Analysis rows with known effects by area: days a `step` apart, on each of them coverage anew, in sixteenths."""
    rng = np.random.default_rng(seed)
    symptoms = [symptom.id for symptom in CATALOGUE.symptoms.values() if symptom.in_hazard_models]
    links = np.array([[area in CATALOGUE.linked_areas(symptom) for area in CATALOGUE.areas] for symptom in symptoms])
    n_each, n = len(symptoms), n_runners * n_days * len(symptoms)
    coverage = np.repeat(rng.integers(0, 17, (n_runners * n_days, len(CATALOGUE.areas))) / 16, n_each, 0)
    place = np.arange(n) % n_each
    hazard = chance * np.exp((coverage * links[place]) @ np.array(effects))
    days = pl.Series(20_000 + (np.arange(n) // n_each) % n_days * step).cast(pl.Int32).cast(pl.Date)
    frame = pl.DataFrame({
        "runner_id": [f"r{number:03}" for number in np.arange(n) // (n_each * n_days)],
        "local_date": days,
        "symptom_id": np.array(symptoms)[place],
        "is_onset": rng.random(n) < hazard / (1 + hazard),
        "coverage": coverage.tolist(),
        "chronic_km_per_day": rng.gamma(4, 1.0, n),
        "is_spike": rng.random(n) < 0.2,
        "n_prior_any": rng.integers(0, 4, n),
        "years": (np.arange(n) // n_each) % n_days * step / 365.25,
    }).with_columns(
        n_prior_same=pl.col("n_prior_any") // 2, sampled_share=1.0, lag_days=21,
        window_end=pl.col("local_date") - timedelta(days=21), episode_ids=pl.lit([], pl.List(pl.String)),
    )  # fmt: skip
    return _valid(AnalysisRows, frame)


def assert_shows(frame: pl.DataFrame, table: str) -> None:
    """The frame has exactly the drawn rows, in that order, in the drawn columns."""
    expected = _frame(table)
    actual = frame.select(expected.columns)
    lists = [name for name, dtype in actual.schema.items() if isinstance(dtype, pl.List)]
    words = [
        pl.when(pl.col(name) == "none").then([]).otherwise(pl.col(name).cast(pl.String).str.split(" ")).alias(name)
        for name in lists
    ]
    assert_frame_equal(actual, expected.with_columns(words).cast(dict(actual.schema)), abs_tol=1e-9, rel_tol=0)


def only(frame: pl.DataFrame, **wanted: Any) -> pl.DataFrame:
    """The rows with these values; dates may be text."""
    dates = {name: day(value) if name.endswith(("date", "_on")) else value for name, value in wanted.items()}
    return frame.filter(**{_SHORT.get(name, name): value for name, value in dates.items()})


def _frame(table: Table) -> pl.DataFrame:
    frame = drawn(table) if isinstance(table, str) else pl.DataFrame(list(table), infer_schema_length=None)
    return frame.rename({name: _SHORT.get(name, name) for name in frame.columns})


def _usual(frame: pl.DataFrame, **usual: Any) -> pl.DataFrame:
    absent = {name: pl.lit(value) for name, value in usual.items() if name not in frame.columns}
    return frame.with_columns(**absent)


def _numbered(frame: pl.DataFrame, name: str, prefix: str) -> pl.DataFrame:
    if name in frame.columns:
        return frame
    return frame.with_columns(pl.format(prefix + "{}", pl.int_range(pl.len()).cast(pl.String).str.zfill(4)).alias(name))


def _at_eight(column: str) -> pl.Expr:
    return pl.col(column).dt.combine(time(8)).dt.replace_time_zone("UTC")


def _valid(schema: type[dy.Schema], frame: pl.DataFrame) -> Any:
    return schema.validate(completed(schema, frame), cast=True)
