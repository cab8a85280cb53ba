"""What holds for any logs: method.md §7, "Properties"."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st
from logs import CATALOGUE, Table, ache_reports, known, only, recognised, runners, runs, strength_days, strength_sets
from polars.testing import assert_frame_equal

from runfix_analytics.assessment import Assessment, Logs, assess, squad, survey
from runfix_analytics.coverage import coverage
from runfix_analytics.known_days import known_days
from runfix_analytics.tables import AcheReports, Runners, Runs, StrengthDays, StrengthSets

START = date(2026, 1, 5)
N_DAYS = 70
AS_OF = START + timedelta(days=N_DAYS - 1)
EXERCISES = ("Wall squat with heel raise", "Single-leg Romanian deadlift", "Bird dog", "Bench press", "Moon Walk")
DECIDED = EXERCISES[:3]
SITES = ("knee", "shin", "heel", "neck", "breath", "calf", "chest", None, None, None)
RUNNERS = tuple(f"r{i}" for i in range(1, 7))
A_FEW = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
# Six runners each, who are independent of one another; a failure is shown as it is found, shrinking takes minutes.
SQUADS = settings(A_FEW, max_examples=6, phases=[Phase.explicit, Phase.generate])

dates = st.integers(0, N_DAYS - 1).map(lambda after: START + timedelta(days=after))
runner_ids = st.sampled_from(RUNNERS)


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


set_rows = st.fixed_dictionaries({
    "runner": runner_ids, "date": dates, "exercise": one_of(*EXERCISES), "n": st.integers(1, 5),
    "side": one_of(None, None, "left", "right"), "rir": one_of(None, None, 2.0, 4.0, 7.0),
    "set_type": one_of("working", "working", "working", "warmup"), "source": one_of("hevy", "garmin"),
})  # fmt: skip
day_rows = st.fixed_dictionaries({
    "runner": runner_ids, "date": dates, "source": one_of("sheet", "strava"), "kind": one_of("none", "no_sets"),
})  # fmt: skip
run_rows = st.fixed_dictionaries({
    "runner": runner_ids, "date": dates, "km": one_of(None, 5.0, 8.0, 21.1), "source": one_of("garmin", "strava"),
})  # fmt: skip
ache_rows = st.fixed_dictionaries({
    "runner": runner_ids, "date": dates, "site": one_of(*SITES), "side": one_of("left", "right", "unknown"),
    "noticed": one_of(None, 0, 3, 20), "onset_type": one_of("gradual", "gradual", "unknown", "sudden"),
    "status": one_of(None, "active", "resolved"), "pain_at_night": one_of(None, None, False, True),
    "pain_now": one_of(None, 2.0, 5.0), "ill": one_of(None, False, False, True),
    "exercise_that_hurt": one_of(None, None, "bird dog"),
})  # fmt: skip
who_rows = st.tuples(*(
    st.fixed_dictionaries({
        "runner": st.just(runner), "strength_log": one_of("partial", "partial", "complete"),
        "equipment": one_of(None, "none", "band;bench"),
    }) for runner in RUNNERS
)).map(list)  # fmt: skip


@st.composite
def any_logs(draw: st.DrawFn) -> Logs:
    """Six runners over ten weeks; habits make some windows known."""
    habits = [
        row | {"date": row["date"] + timedelta(weeks=week)}
        for row in draw(st.lists(set_rows, min_size=3, max_size=8))
        for week in range(10)
    ]
    sets = _within([*habits, *draw(st.lists(set_rows, max_size=20))])
    aches = [
        {**row, "noticed_on": None if row["noticed"] is None else row["date"] - timedelta(days=row["noticed"])}
        for row in draw(st.lists(ache_rows, min_size=15, max_size=30))
    ]
    said = {
        (row["runner"], row["date"], row["source"], row["kind"]): row for row in draw(st.lists(day_rows, max_size=12))
    }
    return Logs(
        runners(draw(who_rows)),
        runs(draw(st.lists(run_rows, min_size=15, max_size=25))),
        strength_sets(sets),
        strength_days(list(said.values())),
        ache_reports(aches),
    )


def _within(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["date"] <= AS_OF]


def assessed(logs: Logs, as_of: date = AS_OF, **of: Any) -> Assessment:
    return assess(logs, as_of=as_of, catalogue=CATALOGUE, **of)


def tables(assessment: Assessment) -> Mapping[str, pl.DataFrame]:
    return {f.name: getattr(assessment, f.name) for f in fields(assessment) if f.name != "as_of"}


def assert_same(some: Assessment, others: Assessment, *, leaving_out: tuple[str, ...] = ()) -> None:
    """The same rows, in whatever order."""
    for name, frame in tables(some).items():
        note(name)
        other = tables(others)[name]
        kept = [column for column in frame.columns if column not in leaving_out]
        order = [column for column in kept if not isinstance(frame.schema[column], pl.List | pl.Float64)]
        assert_frame_equal(frame.select(kept).sort(order), other.select(kept).sort(order), abs_tol=1e-9, rel_tol=1e-9)


# Coverage


@st.composite
def a_calf_log(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Sets and the evidence of each of 40 days, most of them known."""
    days = [START + timedelta(days=i) for i in range(40)]
    words = one_of("sets", "between", "between", "declared", "between", "no_sets", "unknown")
    evidence = [{"from": day, "to": day, "evidence": draw(words)} for day in days]
    set_row = st.fixed_dictionaries({
        "date": st.sampled_from(days), "exercise": one_of(*EXERCISES), "n": st.integers(1, 5),
        "rir": one_of(None, 2.0, 5.0), "side": one_of(None, "left"),
    })  # fmt: skip
    return draw(st.lists(set_row, min_size=1, max_size=20)), evidence


def of_days(sets: Table, evidence: Table) -> pl.DataFrame:
    return coverage(recognised(sets), known(evidence), catalogue=CATALOGUE)


def beside(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Each value with the one of the same runner, day and area after the change."""
    return before.join(after, on=["runner_id", "local_date", "area_id"], suffix="_after", validate="1:1")


@A_FEW
@given(a_calf_log(), st.data())
def test_making_a_known_day_without_credited_sets_unknown_never_lowers_a_coverage_that_stays_known(log: Any, data: Any):
    sets, evidence = log
    credited = {row["date"] for row in sets if row["exercise"] in DECIDED}
    idle = [i for i, row in enumerate(evidence) if row["evidence"] not in ("no_sets", "unknown")
            and row["from"] not in credited]  # fmt: skip
    assume(idle)
    forgotten = data.draw(st.sampled_from(idle))
    changed = [row | {"evidence": "unknown"} if i == forgotten else row for i, row in enumerate(evidence)]
    both = beside(of_days(sets, evidence), of_days(sets, changed))
    assert both.filter(pl.col("coverage_after") < pl.col("coverage")).is_empty()
    assert both.filter(pl.col("coverage_low_after") != pl.col("coverage_low")).is_empty()
    assert both.filter(pl.col("coverage_high_after") < pl.col("coverage_high")).is_empty()


@A_FEW
@given(a_calf_log(), st.data())
def test_a_further_decided_set_on_a_known_day_never_lowers_coverage(log: Any, data: Any):
    sets, evidence = log
    days = [row["from"] for row in evidence if row["evidence"] not in ("no_sets", "unknown")]
    assume(days)
    further = {"date": data.draw(st.sampled_from(days)), "exercise": data.draw(st.sampled_from(DECIDED)), "n": 1,
               "rir": data.draw(one_of(None, 5.0)), "side": None}  # fmt: skip
    both = beside(of_days(sets, evidence), of_days([*sets, further], evidence))
    for value in ("coverage", "coverage_low", "coverage_high"):
        assert both.filter(pl.col(f"{value}_after") < pl.col(value)).is_empty()


@A_FEW
@given(a_calf_log())
def test_coverage_lies_within_its_bounds(log: Any):
    # The lower bound credits unclear days with their decided sets and still divides by the whole target, so only
    # without unclear days does it lie below a coverage that leaves those days out of both.
    rows = of_days(*log)
    assert rows.filter(pl.col("coverage_low") > pl.col("coverage_high")).is_empty()
    assert rows.filter(pl.col("coverage") > pl.col("coverage_high")).is_empty()
    assert rows.filter((pl.col("n_unclear_days") == 0) & (pl.col("coverage_low") > pl.col("coverage"))).is_empty()


def test_decided_sets_of_unclear_days_may_lift_the_lower_bound_above_coverage():
    evidence = """
        from       | to         | evidence
        2026-01-05 | 2026-01-24 | declared
        2026-01-25 | 2026-02-01 | no_sets
    """
    trained = [START + timedelta(days=i) for i in (0, 1, 2, 3, *range(20, 28))]
    sets = [{"date": day, "exercise": EXERCISES[0], "n": 4} for day in trained]
    row = only(of_days(sets, evidence), date="2026-02-01", area="calves").row(0, named=True)
    assert (row["coverage"], row["coverage_low"], row["coverage_high"]) == (0.7, 1, 1)


def coverage_of(logs: Logs, sets: Any) -> pl.DataFrame:
    days = known_days(logs.runners, logs.runs, sets, logs.strength_days, as_of=AS_OF, catalogue=CATALOGUE)
    return coverage(sets, days, catalogue=CATALOGUE)


@SQUADS
@given(any_logs(), set_rows)
def test_a_further_decided_set_anywhere_never_lowers_the_lower_bound(logs: Logs, further: Any):
    decided = further | {"exercise": DECIDED[0], "set_type": "working", "set_id": "further"}
    before = _recognised(logs)
    both = beside(coverage_of(logs, before), coverage_of(logs, pl.concat([before, recognised([decided | {"n": 1}])])))
    assert both.filter(pl.col("coverage_low_after") < pl.col("coverage_low")).is_empty()


@SQUADS
@given(any_logs(), st.data())
def test_a_further_decided_set_in_a_session_of_the_same_source_never_lowers_coverage(logs: Logs, data: Any):
    # On a day that is known for another reason (a tail, another source) the set is also a new entry: it makes its
    # neighbours known, and known days without sets lower coverage, as they should.
    before = _recognised(logs)
    days = known_days(logs.runners, logs.runs, before, logs.strength_days, as_of=AS_OF, catalogue=CATALOGUE)
    sessions = (
        before.join(days.filter(evidence="sets"), on=["runner_id", "local_date"], how="semi")
        .select(runner="runner_id", date="local_date", source="source")
        .unique(maintain_order=True)
    )
    assume(sessions.height)
    session = data.draw(st.sampled_from(sessions.to_dicts()))
    further = recognised([session | {"exercise": data.draw(st.sampled_from(DECIDED)), "set_id": "further"}])
    both = beside(coverage_of(logs, before), coverage_of(logs, pl.concat([before, further])))
    assert both.filter(pl.col("coverage_after") < pl.col("coverage")).is_empty()


def _recognised(logs: Logs) -> pl.DataFrame:
    return assessed(logs).recognised_sets


# The whole story


@SQUADS
@given(any_logs())
def test_the_same_logs_give_identical_frames_twice(logs: Logs):
    once, again = tables(assessed(logs)), tables(assessed(logs))
    for name, frame in once.items():
        assert frame.equals(again[name]), name


@SQUADS
@given(any_logs(), st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(logs: Logs, seed: int):
    shuffled = Logs(*(
        type_.validate(frame.sample(fraction=1, shuffle=True, seed=seed)) for type_, frame in _typed(logs)
    ))  # fmt: skip
    once, again = tables(assessed(logs)), tables(assessed(shuffled))
    for name, frame in once.items():
        note(name)
        assert_frame_equal(frame, again[name], abs_tol=1e-12, rel_tol=1e-12)


@SQUADS
@given(any_logs())
def test_the_names_of_the_runners_change_nothing(logs: Logs):
    names = dict(zip(RUNNERS, ("zoe", "Ann", "m-1", "r2", "10", "_"), strict=True))
    back = {name: runner for runner, name in names.items()}
    renamed = assessed(Logs(*(
        type_.validate(frame.with_columns(pl.col("runner_id").replace_strict(names))) for type_, frame in _typed(logs)
    )))  # fmt: skip
    named_back = {
        name: frame.with_columns(pl.col("runner_id").replace_strict(back, return_dtype=pl.String))
        for name, frame in tables(renamed).items()
    }
    assert_same(assessed(logs), Assessment(AS_OF, **named_back))


@SQUADS
@given(any_logs(), st.sampled_from([-400, -1, 1, 7, 54, 59, 230, 1000]))
def test_a_shift_of_all_dates_shifts_every_result(logs: Logs, days: int):
    # The classes of recurrence are counted in calendar months, which are not all of one length.
    shift = timedelta(days=days)
    moved = Logs(*(type_.validate(frame.with_columns(_dates(frame) + shift)) for type_, frame in _typed(logs)))
    later = assessed(moved, AS_OF + shift)
    moved_back = {name: frame.with_columns(_dates(frame) - shift) for name, frame in tables(later).items()}
    assert_same(assessed(logs), Assessment(AS_OF, **moved_back), leaving_out=("episode_id", "recurrence"))


@SQUADS
@given(any_logs(), st.sampled_from([["r1"], ["r2", "r3", "r6"], ["r5"]]))
def test_a_part_of_the_squad_gets_the_rows_that_it_has_in_the_whole(logs: Logs, part: list[str]):
    whole_squad = squad(*survey(logs, as_of=AS_OF, catalogue=CATALOGUE), catalogue=CATALOGUE)
    few = Logs(*(type_.validate(frame.filter(pl.col("runner_id").is_in(part))) for type_, frame in _typed(logs)))
    of_part, of_whole = tables(assessed(few, of=whole_squad)), tables(assessed(logs))
    for name, frame in of_whole.items():
        note(name)
        theirs = frame.filter(pl.col("runner_id").is_in(part))
        assert_frame_equal(of_part[name], theirs, abs_tol=1e-12, rel_tol=1e-12)


@SQUADS
@given(any_logs(), st.integers(1, N_DAYS - 1))
def test_what_is_logged_later_does_not_change_what_was_said_on_a_day(logs: Logs, before_end: int):
    as_of = AS_OF - timedelta(days=before_end)
    dates_of = {"local_date", "reported_on"}
    so_far = Logs(*(
        type_.validate(frame.filter(pl.col(name) <= as_of) if (name := next(iter(dates_of & {*frame.columns}), ""))
                       else frame)
        for type_, frame in _typed(logs)
    ))  # fmt: skip
    assert_same(assessed(so_far, as_of), assessed(logs, as_of))


@SQUADS
@given(any_logs())
def test_nothing_that_is_advised_stands_against_a_flag(logs: Logs):
    said = assessed(logs)
    withheld = said.advice.filter(status="withheld").select("runner_id", "area_id")
    loads = pl.DataFrame(
        [(e.id, area) for e in CATALOGUE.exercises.values() for area in (*e.primary, *e.secondary)],
        schema=["exercise_id", "loaded"], orient="row",
    )  # fmt: skip
    handed = said.moves.join(loads, on="exercise_id")
    assert handed.join(
        withheld, left_on=["runner_id", "loaded"], right_on=["runner_id", "area_id"], how="semi"
    ).is_empty()
    assert said.moves.filter(form="circuit").join(said.referrals, on="runner_id", how="semi").is_empty()
    ranked = said.advice.filter(pl.col("rank").is_not_null())
    assert ranked.filter((pl.col("status") != "train") | pl.col("coverage").is_null()).is_empty()
    for ranks in ranked.sort("rank").partition_by("runner_id"):
        assert ranks["rank"].to_list() == list(range(1, ranks.height + 1))


def test_empty_logs_give_empty_tables():
    empty = Logs(*(type_.create_empty() for type_, _ in _typed(None)))
    assert all(frame.is_empty() for frame in tables(assessed(empty)).values())


def _typed(logs: Logs | None) -> list[tuple[Any, Any]]:
    types = (Runners, Runs, StrengthSets, StrengthDays, AcheReports)
    return [(type_, getattr(logs, field.name, None)) for type_, field in zip(types, fields(Logs), strict=True)]


def _dates(frame: pl.DataFrame) -> pl.Expr:
    return pl.col(name for name, dtype in frame.schema.items() if dtype in (pl.Date, pl.Datetime("us", "UTC")))
