"""From a value on a page back to the sets behind it: they add up, and each says why it counts or does not."""

from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from runfix_analytics.catalogue import load
from runfix_analytics.explain import explain_coverage
from runfix_analytics.recognition import recognise
from runfix_analytics.tables import CoverageEvidence, Imports, KnownDays, StrengthSets

CATALOGUE = load()
LUKASZ, INGRID, KENJI, SAMUEL, THANDIWE, MOANA = "4e5ghujn", "qqesaq9m", "qkbhfkcs", "32yxqet6", "bqm5qa25", "nvqjn992"
AREAS = list(CATALOGUE.areas)


def evidence(store, as_of, area, runners=None):
    """What `explain` says of some runners, or of everybody."""
    sets = store.read(StrengthSets, runners)
    return explain_coverage(
        sets,
        recognise(sets, as_of=as_of, catalogue=CATALOGUE),
        store.read(KnownDays, runners),
        store.read(Imports, runners),
        area=area,
        as_of=as_of,
        catalogue=CATALOGUE,
    )


@pytest.mark.parametrize("area", AREAS)
def test_hard_sets_add_up_to_the_coverage_table_for_every_runner(demo_store, demo_day, area):
    explained = evidence(demo_store, demo_day, area).group_by("runner_id").agg(pl.col("hard_sets").sum())
    today = demo_store.scan("coverage").filter(pl.col("local_date") == demo_day, pl.col("area_id") == area).collect()
    both = today.select("runner_id", "hard_sets").join(explained, on="runner_id", how="left", suffix="_explained")
    assert both.height > 0
    assert_frame_equal(
        both.select("runner_id", "hard_sets"),
        both.select("runner_id", hard_sets=pl.col("hard_sets_explained").fill_null(0.0)),
        abs_tol=1e-9,
    )


def test_every_logged_set_of_the_window_is_there_once_and_none_of_another_day(demo_store, demo_day):
    since = demo_day - timedelta(days=27)
    logged = demo_store.read(StrengthSets).filter(pl.col("local_date").is_between(since, demo_day))
    explained = evidence(demo_store, demo_day, "calves")
    assert sorted(explained["set_id"]) == sorted(logged["set_id"])


def test_every_set_names_a_file_of_the_inbox_and_the_row_in_it(demo_store, demo_day):
    explained = evidence(demo_store, demo_day, "calves", [INGRID])
    assert set(explained["file_name"]) == {"strong.csv"}
    lines = (demo_store.root / "inbox" / INGRID / "strong.csv").read_text(encoding="utf-8").splitlines()
    for row in explained.iter_rows(named=True):
        assert row["logged_as"] in lines[row["source_row"] - 1]
        assert str(row["local_date"]) in lines[row["source_row"] - 1]


def test_warm_ups_are_named_and_count_nothing(demo_store, demo_day):
    explained = evidence(demo_store, demo_day, "hamstrings", [INGRID])
    logged = demo_store.read(StrengthSets, [INGRID])
    warmups = set(logged.filter(pl.col("set_type") == "warmup")["set_id"])
    told = explained.filter(pl.col("why") == "warm-up")
    assert set(told["set_id"]) == warmups & set(explained["set_id"])
    assert told.height > 0
    assert told["hard_sets"].sum() == 0


def test_sets_of_an_older_export_are_counted_in_the_other_one(demo_store, demo_day):
    july = demo_day.replace(month=7, day=31)
    explained = evidence(demo_store, july, "calves", [KENJI])
    told = explained.filter(pl.col("why") == "counted in another export")
    rest = explained.filter(pl.col("why") != "counted in another export")
    assert told["hard_sets"].sum() == 0
    assert told.height == rest.height > 0
    assert len(set(told["file_name"])) == 1
    assert set(told["file_name"]).isdisjoint(rest["file_name"])


def test_a_name_that_the_catalogue_does_not_know_is_said_to_be_unknown(demo_store, demo_day):
    explained = evidence(demo_store, demo_day.replace(month=8, day=25), "calves", [THANDIWE])
    told = explained.filter(pl.col("why") == "not in the catalogue")
    assert set(told["logged_as"]) == {"Lena's Tuesday finisher"}
    assert told["hard_sets"].sum() == 0
    assert set(told["exercise_id"]) == {None}


def test_a_known_move_of_another_area_is_not_called_unknown(demo_store, demo_day):
    explained = evidence(demo_store, demo_day, "calves", [LUKASZ])
    planks = explained.filter(pl.col("logged_as") == "Plank")
    assert set(planks["why"]) == {"trains another area, or none"}
    assert set(planks["exercise_id"]) == {"plank"}


def test_what_counts_is_weight_times_side_times_effort(demo_store, demo_day):
    for runner, area in ((SAMUEL, "calves"), (MOANA, "glutes"), (INGRID, "hamstrings")):
        counted = evidence(demo_store, demo_day, area, [runner]).filter(pl.col("why") == "counts")
        product = counted["weight"] * counted["side_share"] * counted["effort"].fill_null(1.0)
        assert counted.height > 0
        assert_frame_equal(counted.select("hard_sets"), product.alias("hard_sets").to_frame(), abs_tol=1e-12)


def test_one_sided_sets_count_half_and_effort_counts_what_it_is(demo_store, demo_day):
    samuel = evidence(demo_store, demo_day, "calves", [SAMUEL]).filter(pl.col("why") == "counts")
    assert set(samuel["side_share"]) == {0.5}
    moana = evidence(demo_store, demo_day, "core", [MOANA]).filter(pl.col("why") == "counts")
    assert moana["effort"].null_count() == 0
    ingrid = evidence(demo_store, demo_day, "core", [INGRID]).filter(pl.col("why") == "counts")
    assert set(ingrid["effort"]) == {None}


def test_every_reason_is_one_of_five(demo_store, demo_day):
    reasons = {why for area in AREAS for why in evidence(demo_store, demo_day, area)["why"]}
    known = {"counts", "warm-up", "not in the catalogue", "trains another area, or none", "counted in another export"}
    assert reasons <= known


def test_an_empty_log_gives_an_empty_table(demo_store, demo_day):
    assert_frame_equal(evidence(demo_store, demo_day, "core", []), CoverageEvidence.create_empty())


def test_before_the_first_log_there_is_nothing(demo_store, demo_day):
    assert evidence(demo_store, demo_day.replace(year=2025), "core").height == 0
