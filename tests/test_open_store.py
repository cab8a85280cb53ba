"""A store as an analyst reads it: filtered by runner and day, typed, and shown without a surprise."""

from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import runfix_analytics as rf
from runfix_analytics.catalogue.own_names import with_own_names
from runfix_analytics.html_table import html_table
from runfix_analytics.store import TABLES
from runfix_analytics.tables import STORED_FACTS, AcheReports, Coverage, Runs, StrengthSets

HOSTILE = "<script>alert(1)</script>"
DAYS = {
    "runs": "local_date", "other_activities": "local_date", "strength_sets": "local_date",
    "strength_days": "local_date", "ache_reports": "reported_on", "imports": "imported_at",
    "running_load": "local_date", "known_days": "local_date", "coverage": "local_date", "episodes": "onset_on",
    "onset_coverage": "onset_on", "advice": "as_of", "moves": "as_of", "referrals": "as_of",
}  # fmt: skip


@pytest.fixture(scope="module")
def squad(demo_store):
    return rf.open(demo_store.root)


def test_every_table_of_the_store_is_a_method_with_its_schema(squad, demo_store):
    for table, schema in TABLES.items():
        frame = getattr(squad, table)()
        assert isinstance(frame, pl.LazyFrame)
        collected = frame.collect()
        assert collected.columns == schema.column_names()
        assert_frame_equal(schema.validate(collected), demo_store.read(schema), check_row_order=False)


@pytest.mark.parametrize("said", ["axc7ahxf", "Dorothy Blake", " dorothy BLAKE ", ["axc7ahxf"]])
def test_a_runner_is_an_id_or_a_display_name(squad, said):
    for table in TABLES:
        whose = set(getattr(squad, table)(said).collect()["runner_id"])
        assert whose <= {"axc7ahxf"}
    assert set(squad.coverage(runner=said).collect()["runner_id"]) == {"axc7ahxf"}


def test_several_runners_and_no_runner_at_all(squad):
    two = squad.runs(["Dorothy Blake", "j29sgczy"]).collect()
    assert set(two["runner_id"]) == {"axc7ahxf", "j29sgczy"}
    assert squad.runs([]).collect().height == 0
    assert list(squad.runners("Dorothy Blake")["runner_id"]) == ["axc7ahxf"]
    assert squad.runners().height == len(squad.names()) == 12


@pytest.mark.parametrize("said", ["Nobody", "", HOSTILE])
def test_an_unknown_runner_is_an_error_and_not_an_empty_frame(squad, said):
    with pytest.raises(rf.RunfixError, match="no runner"):
        squad.coverage(runner=said)


@pytest.mark.parametrize("table", DAYS)
def test_since_and_until_count_both_days(squad, table):
    read, column = getattr(squad, table), pl.col(DAYS[table]).cast(pl.Date)
    every = read().collect()
    days = every.select(column).to_series().unique().sort()
    first, last = days[len(days) // 3], days[-(len(days) // 3) - 1]
    expected = every.filter(column >= first, column <= last)
    assert expected.height > 0
    assert_frame_equal(read(since=first, until=last).collect(), expected, check_row_order=False)
    assert_frame_equal(read(since=str(first), until=str(last)).collect(), expected, check_row_order=False)
    assert read(since=days[-1] + timedelta(days=1)).collect().height == 0


def test_text_that_is_no_date_is_told(squad):
    with pytest.raises(rf.RunfixError, match=r'since="last week" is no date; write it as 2026-10-25'):
        squad.runs(since="last week")


def test_logs_of_an_earlier_version_have_null_in_later_columns(demo_copy):
    path = demo_copy.table_path("runs")
    older = pl.read_delta(str(path)).drop("recorded_by")
    older.write_delta(str(path), mode="overwrite", delta_write_options={"schema_mode": "overwrite"})
    runs = rf.open(demo_copy.root).runs().collect()
    assert runs.columns == Runs.column_names()
    assert runs["recorded_by"].null_count() == runs.height > 0


def test_a_calculated_table_of_an_earlier_version_is_an_error(demo_copy):
    path = demo_copy.table_path("coverage")
    older = pl.read_delta(str(path)).drop("coverage_low")
    older.write_delta(str(path), mode="overwrite", delta_write_options={"schema_mode": "overwrite"})
    with pytest.raises(rf.RunfixError, match="table coverage was written by another version, without: coverage_low"):
        rf.open(demo_copy.root).coverage()


def test_rows_of_an_import_that_was_taken_back_are_not_there(demo_copy):
    squad = rf.open(demo_copy.root)
    ledger = squad.imports("Dorothy Blake").collect()
    undone = squad.strength_sets("Dorothy Blake").collect()["import_id"][0]
    status = pl.when(pl.col("import_id") == undone).then(pl.lit("undone")).otherwise("status")
    schema = STORED_FACTS["imports"]
    demo_copy.replace(schema, schema.validate(ledger.with_columns(status=status)), ["axc7ahxf"])
    assert undone not in squad.strength_sets().collect()["import_id"]


def test_the_logs_go_through_the_calculations_as_in_the_night(squad):
    assessed = rf.assess(squad.logs(), as_of=squad.as_of, catalogue=squad.catalogue)
    assert_frame_equal(assessed.coverage, squad.coverage().collect(), check_row_order=False)
    studied = rf.study(squad.logs(), as_of=squad.study().as_of, catalogue=squad.catalogue)
    assert_frame_equal(studied.estimates, squad.study().found.estimates)
    assert set(squad.logs("Dorothy Blake").runs["runner_id"]) == {"axc7ahxf"}


def test_what_is_not_there_yet_is_told(tmp_path):
    with pytest.raises(rf.RunfixError, match="no runfix store"):
        rf.open(tmp_path / "nothing")
    empty = rf.init(tmp_path / "new")
    assert empty.coverage().collect().columns == Coverage.column_names()
    with pytest.raises(rf.RunfixError, match="nothing is assessed yet"):
        _ = empty.as_of
    with pytest.raises(rf.RunfixError, match="no study is kept"):
        empty.study()
    assert empty.overview()["n_rows"].sum() == 0
    assert "0 runners" in empty._repr_html_()


def test_the_overview_counts_what_the_tables_hold(squad):
    overview = squad.overview()
    assert list(overview["table"]) == list(TABLES)
    for table, n_rows, n_runners, first, last in overview.rows():
        rows = getattr(squad, table)().collect()
        days = rows[DAYS[table]].cast(pl.Date) if table in DAYS else pl.Series([], dtype=pl.Date)
        assert (n_rows, n_runners) == (rows.height, rows["runner_id"].n_unique())
        assert (first, last) == (days.min(), days.max())
    shown = squad._repr_html_()
    assert '<td style="text-align:left">strength_sets</td>' in shown
    assert f"{overview.filter(table='strength_sets')['n_rows'].item():,}" in shown
    assert repr(squad) == f"<runfix store {squad.root}>"


def test_a_night_by_hand_reads_exports_and_names_what_it_left_out(tmp_path):
    root = tmp_path / "squad"
    (root / "inbox" / "r1").mkdir(parents=True)
    columns = "runner_id,time_zone,units,equipment,active_from,active_to,strength_log"
    (root / "runners.csv").write_text(f"{columns}\nr1,UTC,metric,,,,partial\n", encoding="utf-8")
    (root / "inbox" / "r1" / "broken.fit").write_bytes(b"no log")
    done = rf.nightly(rf.init(root).root, as_of=date(2026, 1, 5))
    assert [failure.what for failure in done.failures] == ["broken.fit"]
    assert rf.open(root).imports().collect()["file_name"].to_list() == ["broken.fit"]


# back to the files


def test_a_coverage_value_leads_to_sets_that_add_up_to_it(squad):
    rows = squad.coverage("Dorothy Blake", since=squad.as_of).collect()
    assert rows.height == 5
    for row in rows.iter_rows(named=True):
        behind = rf.explain(squad, row)
        assert behind["hard_sets"].sum() == pytest.approx(row["hard_sets"])
        assert behind["file_name"].null_count() == 0
    calves = rows.filter(area_id="calves")
    advice = squad.advice("Dorothy Blake").filter(pl.col("area_id") == "calves").collect()
    assert_frame_equal(rf.explain(squad, advice), rf.explain(squad, calves))


def test_coverage_before_an_onset_leads_to_the_sets_of_its_window(squad):
    row = squad.onset_coverage().filter(pl.col("coverage") > 0).sort("episode_id", "area_id").head(1).collect()
    behind = rf.explain(squad, row)
    end = row["window_end"].item()
    assert behind.height > 0
    assert behind["local_date"].is_between(end - timedelta(days=27), end).all()


def test_an_episode_leads_to_its_reports_and_their_rows(squad):
    row = squad.episodes().sort("onset_on").head(1).collect()
    behind = rf.explain(squad, row)
    assert set(behind["ache_report_id"]) == set(row["ache_report_ids"].item())
    assert behind["reported_on"].is_sorted()
    assert behind["file_name"].null_count() == behind["source_row"].null_count() == 0


def test_a_day_of_load_leads_to_its_runs_in_every_export(squad):
    day = squad.running_load().sort("distance_m", "runner_id").tail(1).collect().row(0, named=True)
    behind = rf.explain(squad, day)
    counted = behind.filter(pl.col("duplicate_of").is_null())
    assert counted["distance_m"].sum() == pytest.approx(day["distance_m"])
    assert set(behind["runner_id"]) == {day["runner_id"]}


@pytest.mark.parametrize("table", ["runs", "strength_sets", "ache_reports", "imports"])
def test_a_logged_row_leads_to_its_line_in_the_ledger(squad, table):
    row = getattr(squad, table)().head(1).collect()
    behind = rf.explain(squad, row)
    assert list(behind["import_id"]) == [row["import_id"].item()]
    assert set(behind["runner_id"]) == set(row["runner_id"])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (pl.DataFrame({"runner_id": ["a", "b"]}), "one row, not 2"),
        ({"coverage": 0.5}, "this one has: coverage"),
        ({"runner_id": "axc7ahxf", "area_id": "calves"}, "this one has: runner_id, area_id"),
        ({"runner_id": "axc7ahxf", "area_id": "toes", "local_date": date(2026, 10, 1)}, '"toes" is no area'),
        ({}, "this one has: nothing"),
    ],
)
def test_what_cannot_be_explained_is_told(squad, row, said):
    with pytest.raises(rf.RunfixError, match=said):
        rf.explain(squad, row)


# shown in a notebook


def test_a_table_escapes_every_cell():
    shown = html_table(HOSTILE, [HOSTILE], [(HOSTILE,), (None,), (1234,)])
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;") == 3
    assert "<td>–</td>" in shown
    assert "1,234" in shown


def test_exercise_names_are_escaped_wherever_a_notebook_shows_them(demo_copy):
    own = with_own_names(f'[aliases]\n"{HOSTILE}" = "plank"\n')
    shown = own._repr_html_()
    assert "script" in shown
    assert "<script" not in shown
    sets = rf.open(demo_copy.root).strength_sets("Dorothy Blake").collect()
    changed = StrengthSets.validate(sets.with_columns(logged_as=pl.lit(HOSTILE), note=pl.lit(HOSTILE)))
    demo_copy.replace(StrengthSets, changed, ["axc7ahxf"])
    squad = rf.open(demo_copy.root)
    row = squad.coverage("Dorothy Blake", since=squad.as_of).head(1).collect()
    for table in (squad.strength_sets("Dorothy Blake").collect(), rf.explain(squad, row).select("logged_as", "why")):
        assert "&lt;script&gt;" in table._repr_html_()
        assert "<script" not in table._repr_html_()
    assert "<script" not in squad._repr_html_()


def test_a_catalogue_shows_its_areas():
    catalogue = rf.load_catalogue()
    assert repr(catalogue).startswith(f"<catalogue {catalogue.version}: glutes, hamstrings, calves, core, upper_back; ")
    shown = catalogue._repr_html_()
    assert "Calves" in shown
    assert "shin splints" in shown


# one's own catalogue


def test_a_copied_catalogue_is_the_packaged_one_until_it_is_changed(tmp_path):
    folder = rf.copy_catalogue(tmp_path / "own")
    assert rf.load_catalogue(folder).version == rf.load_catalogue().version
    areas = folder / "areas.toml"
    areas.write_text(areas.read_text(encoding="utf-8").replace("Calves", "Lower legs"), encoding="utf-8")
    own = rf.load_catalogue(str(folder))
    assert own.areas["calves"].name == "Lower legs"
    assert own.version != rf.load_catalogue().version
    with pytest.raises(rf.RunfixError, match=r"holds areas\.toml already"):
        rf.copy_catalogue(folder)


def test_a_scenario_is_named_or_given():
    catalogue = rf.load_catalogue()
    how = {"n_runners": 2, "n_days": 60, "seed": 1, "catalogue": catalogue}
    named, given = rf.simulate("rehab", **how), rf.simulate(rf.SCENARIOS["rehab"], **how)
    assert_frame_equal(named.logs.ache_reports, given.logs.ache_reports)
    assert AcheReports.is_valid(named.logs.ache_reports)
    with pytest.raises(rf.RunfixError, match='no scenario "luck"; there are: null, effect'):
        rf.simulate("luck", **how)
