"""A smoke version of `make soak`: some mutated files and a killed import through the same code, and its own parts."""

import json
import os
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from runfix_analytics.readers import all_readers, strong_csv
from runfix_analytics.tables import StrengthSets
from tests.soak import byte_changes, checks, kills, mutations, nights, running, watched
from tests.soak.inputs import Input, mutated, seeds


@pytest.fixture(autouse=True, scope="module")
def _no_store_is_left() -> Any:
    yield
    checks.forget_home()


# mutations


def task(*numbers: int, seed: int = 1, is_stored: bool = False) -> dict[str, Any]:
    return {"seed": seed, "numbers": list(numbers), "is_stored": is_stored, "limit_s": 60.0}


def test_some_mutated_files_are_read_judged_stored_and_read_back_without_a_finding():
    found = checks.work(task(*range(150, 190), is_stored=True))
    assert found["findings"] == []
    assert sum(counts["files"] for counts in found["counts"].values()) >= 40


def test_a_mutation_is_always_the_same_and_no_two_are():
    assert [mutated(1, number) for number in range(40)] == [mutated(1, number) for number in range(40)]
    assert len({mutated(1, number).content for number in range(40)}) > 35
    assert mutated(2, 7) != mutated(1, 7)


def test_there_are_seeds_for_every_reader_in_every_way_of_writing():
    assert {seed.reader for seed in seeds()} == set(all_readers())
    assert {seed.kind for seed in seeds()} == {"table", "json", "xml", "fit"}


def test_a_fit_file_is_sound_again_after_its_checksums_were_set():
    [fit, *_] = [seed.content for seed in seeds() if seed.kind == "fit"]
    assert byte_changes.fit_with_checksums(fit, Random(0)) == fit
    assert len(byte_changes.fit_definitions(fit)) > 10


def test_the_fault_of_a_reader_is_found_in_a_batch_and_the_file_is_named(monkeypatch: pytest.MonkeyPatch):
    def failing(files: Any) -> Any:
        raise RuntimeError("a fault")

    strong = next(seed.content for seed in seeds() if seed.reader == "strong_csv")
    monkeypatch.setattr(
        checks, "mutated", lambda _, number: Input(number, "", "plain", strong if number == 5 else b"x")
    )
    monkeypatch.setattr(strong_csv, "read", failing)
    found = checks.work(task(*range(8)))
    [finding] = found["findings"]
    assert (finding["kind"], finding["numbers"]) == ("wrong", [5])
    assert "RuntimeError: a fault" in finding["what"]


def test_a_row_that_is_lost_on_its_way_is_found(monkeypatch: pytest.MonkeyPatch):
    ingest = checks.ingest

    def losing(*arguments: Any) -> Any:
        accepted = ingest(*arguments)
        object.__setattr__(accepted, "strength_sets", StrengthSets.validate(accepted.strength_sets[1:]))
        return accepted

    monkeypatch.setattr(checks, "ingest", losing)
    found = checks.work(task(*range(10)))
    assert {finding["what"].partition("(")[0] for finding in found["findings"]} == {"BrokenError: rows are lost "}


def test_the_summary_counts_by_reader_and_by_kind_of_finding():
    hang = {"kind": "hang", "numbers": [3], "what": "after 10 s"}
    parts = [
        {"counts": {"tcx": {"files": 2, "failed": 1}}, "findings": [], "seconds": 1.0, "megabytes": 3.0},
        {"counts": {"tcx": {"files": 1}}, "findings": [hang], "seconds": 2.0, "megabytes": 0.0},
    ]
    found = mutations.summary(parts, n=4, seed=1)
    assert found["readers"] == {"tcx": {"failed": 1, "files": 3}}
    assert [found[gate] for gate in running.GATES] == [0, 0, 1, 0]
    assert (found["findings"], found["longest_batch_s"], found["largest_batch_mb"]) == ([hang], 2.0, 3.0)


# the watch over processes


def work(task: dict[str, Any]) -> dict[str, Any]:
    for number in task["numbers"]:
        if number == 1:
            time.sleep(60)
        if number == 2:
            os._exit(1)
    return {"task": task, "findings": []}


def nothing() -> None:
    pass


def test_what_hangs_or_dies_is_found_file_by_file_and_the_rest_is_done():
    tasks = [task(0, 1) | {"limit_s": 1.0}, task(2, 3)]
    found = []

    def lost(task: dict[str, Any], why: str) -> Any:
        instead, result = mutations.lost(task, why)
        return [one | {"limit_s": 1.0} for one in instead], result

    for result in watched.each(tasks, work, lost, prepare=nothing, n_workers=2):
        found += [(n, next((f["kind"] for f in result["findings"]), None)) for n in result["task"]["numbers"]]
    assert sorted(found) == [(0, None), (1, "hang"), (2, "died"), (3, None)]


def test_a_run_takes_up_where_it_stopped_and_then_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    mutations.PARTS.parent.mkdir()
    tasks = mutations.tasks(5, 2 * checks.BATCH)
    part = {"counts": {}, "findings": [], "seconds": 1.0, "megabytes": 1.0}
    mutations.PARTS.write_text("".join(json.dumps({"task": one} | part) + "\n" for one in tasks))
    found = mutations.run(2 * checks.BATCH, seed=5)
    assert (found["inputs"], found["longest_batch_s"]) == (2 * checks.BATCH, 1.0)
    assert not mutations.PARTS.exists()


# kills


def test_an_import_and_an_undo_that_are_killed_leave_ledger_and_rows_in_agreement():
    found = kills.run(1, seed=1, runners=["ann"])
    assert [one["finding"] for one in found["findings"]] == []
    assert found["files"] == 16
    assert found["kills_of_import"] + found["kills_of_undo"] > 0


# nights


def test_a_killed_night_under_readers_is_made_good_by_the_next_one():
    found = nights.run(1, seed=1, runners=["ann"])
    assert found["findings"] == []
    assert found["kills_of_nightly"] == 1
    assert found["table_reads"] > 0
    assert found["page_reads"] > 0


def test_a_page_that_is_neither_old_nor_new_or_gone_is_found():
    before, after = {"a": "old", "b": "old"}, {"a": "new", "b": "new", "c": "new"}
    nights.check_pages({"a": "old", "b": "new", "c": "new"}, before, after)
    with pytest.raises(checks.BrokenError, match="a is neither the old page nor the new one"):
        nights.check_pages({"a": "half", "b": "old"}, before, after)
    with pytest.raises(checks.BrokenError, match=r"gone: \['b'\]"):
        nights.check_pages({"a": "old"}, before, after)
