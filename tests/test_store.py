"""What lies on disk: private whatever the umask, replaced runner by runner, and a wrong runners.csv is named."""

import os
import re
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from draw import completed
from polars.testing import assert_frame_equal

from runfix_analytics.catalogue import load
from runfix_analytics.delta_tables import bucket_of
from runfix_analytics.errors import ConfigError, StoreError
from runfix_analytics.private_files import private_files
from runfix_analytics.store import Store
from runfix_analytics.tables import Episodes, Imports, RecognisedSets, StrengthDays

CATALOGUE = load()
HEADER = "runner_id,time_zone,units,equipment,active_from,active_to,strength_log\n"
SAME_BUCKET = ("r1", "r20")
LOGGING = (*SAME_BUCKET, "r3")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return with_ledger(Store.create(tmp_path / "squad"))


def with_ledger(store: Store, status: str = "imported") -> Store:
    """With one import, f1, of each of three runners."""
    rows = [{"runner_id": runner, "import_id": "f1", "file_name": "a.csv", "status": status} for runner in LOGGING]
    counts = dict.fromkeys(("n_bytes", "n_rows", "n_accepted", "n_rejected", "n_skipped"), 0)
    at = datetime(2026, 3, 9, tzinfo=UTC)
    frame = pl.DataFrame([{**row, **counts, "warnings": [], "imported_at": at} for row in rows])
    store.replace(Imports, Imports.validate(completed(Imports, frame), cast=True), LOGGING)
    return store


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def days(*rows: tuple[str, str]) -> Any:
    """(runner, day of March 2026)"""
    frame = pl.DataFrame(rows, schema=["runner_id", "day"], orient="row").select(
        "runner_id",
        local_date=pl.format("2026-03-{}", "day").str.to_date(),
        source=pl.lit("sheet"),
        import_id=pl.lit("f1"),
        kind=pl.lit("sets"),
    )
    return StrengthDays.validate(completed(StrengthDays, frame), cast=True)


def stored(store: Store, *runners: str) -> list[tuple[str, int]]:
    frame = store.read(StrengthDays, runners or None)
    return [(runner, day.day) for runner, day in frame.select("runner_id", "local_date").rows()]


def not_private(root: Path) -> list[str]:
    wanted = {True: 0o700, False: 0o600}
    return [
        f"{stat.S_IMODE(path.lstat().st_mode):o} {path.relative_to(root)}"
        for path in (root, *root.rglob("*"))
        if stat.S_IMODE(path.lstat().st_mode) != wanted[path.is_dir()]
    ]


# making one


def test_a_store_that_is_made_again_stays_as_it_is(store: Store):
    runner = store.add_runner("Ann", CATALOGUE)
    store.replace(StrengthDays, days(("r1", "02")), ["r1"])
    (store.root / "inbox" / runner / "a.csv").write_text("x")
    before = {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file()}
    Store.create(store.root)
    assert {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file()} == before


def test_what_is_missing_of_a_store_is_made_again(store: Store):
    (store.root / "reports").rmdir()
    Store.create(store.root)
    assert (store.root / "reports").is_dir()


def test_other_peoples_files_in_the_folder_stay_as_they_are(tmp_path: Path):
    script = tmp_path / "backup.sh"
    script.write_text("echo")
    script.chmod(0o755)
    Store.create(tmp_path)
    assert stat.S_IMODE(script.stat().st_mode) == 0o755


def test_a_symbolic_link_in_the_folder_is_not_followed(tmp_path: Path):
    outside = tmp_path / "outside.txt"
    outside.write_text("x")
    outside.chmod(0o644)
    (tmp_path / "squad" / "inbox").mkdir(parents=True)
    (tmp_path / "squad" / "inbox" / "link").symlink_to(outside)
    Store.create(tmp_path / "squad")
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644


def test_a_folder_that_is_no_store_is_named_with_what_to_do(tmp_path: Path):
    with pytest.raises(StoreError, match=r"holds no runfix store; make one with: runfix init"):
        Store(tmp_path)


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_root_that_others_can_write_to_is_refused(store: Store, mode: int):
    store.root.chmod(mode)
    with pytest.raises(StoreError, match="can be written by other users; run: chmod 700"):
        Store(store.root)


# private


def test_whatever_the_umask_nobody_else_can_read_anything(tmp_path: Path, open_umask: None):
    store = Store.create(tmp_path / "deep" / "squad")
    runner = store.add_runner("Ann", CATALOGUE)
    store.replace(StrengthDays, days((runner, "02")), [runner])
    store.replace(StrengthDays, days((runner, "03")), [runner])
    store.write_private(store.root / "originals" / "abc", b"x")
    store.write_private(store.root / "reports" / runner / "index.html", b"x")
    assert not_private(store.root) == []


def test_folders_on_the_way_to_a_private_file_are_private_too(store: Store, open_umask: None):
    store.write_private(store.root / "reports" / "r1" / "old" / "index.html", b"x")
    assert not_private(store.root) == []


def test_an_open_store_is_closed_when_made_again(store: Store):
    for path in (store.root / "names.csv", store.root / "inbox", store.root / "tables"):
        path.chmod(0o777)
    Store.create(store.root)
    assert not_private(store.root) == []


def test_the_umask_is_put_back(open_umask: None):
    with private_files():
        pass
    assert os.umask(0) == 0


# tables


def test_replacing_touches_the_named_runners_only_even_in_one_bucket(store: Store):
    assert bucket_of(SAME_BUCKET[0]) == bucket_of(SAME_BUCKET[1])
    store.replace(StrengthDays, days(("r1", "02"), ("r20", "02"), ("r3", "02")), ["r1", "r20", "r3"])
    store.replace(StrengthDays, days(("r1", "05"), ("r1", "06")), ["r1"])
    assert stored(store) == [("r1", 5), ("r1", 6), ("r20", 2), ("r3", 2)]
    assert stored(store, "r20") == [("r20", 2)]


def test_replacing_by_nothing_removes_the_runners_rows(store: Store):
    store.replace(StrengthDays, days(("r1", "02"), ("r20", "02")), SAME_BUCKET)
    store.replace(StrengthDays, StrengthDays.create_empty(), ["r1"])
    assert stored(store) == [("r20", 2)]


@pytest.mark.parametrize("status", ["undone", None])
def test_rows_of_a_file_that_the_ledger_does_not_hold_as_imported_are_not_read(store: Store, status: str | None):
    store.replace(StrengthDays, days(("r1", "02"), ("r20", "02")), SAME_BUCKET)
    if status:
        with_ledger(store, status)
    else:
        store.replace(Imports, Imports.create_empty(), LOGGING)
    assert stored(store) == []
    assert store.scan("strength_days", ["r1"]).collect().height == 0


def test_replacing_nobody_changes_nothing(store: Store):
    store.replace(StrengthDays, days(("r1", "02")), ["r1"])
    store.replace(StrengthDays, StrengthDays.create_empty(), [])
    assert stored(store) == [("r1", 2)]


def test_what_stands_there_already_is_not_written_again(store: Store):
    store.replace(StrengthDays, days(("r1", "02"), ("r1", "03"), ("r20", "02")), SAME_BUCKET)
    state = store.tables.state("strength_days")
    store.replace(StrengthDays, days(("r1", "03"), ("r1", "02")), ["r1"])
    store.replace(StrengthDays, days(("r1", "03")), ["r1"], after=date(2026, 3, 2))
    assert store.tables.state("strength_days") == state
    store.replace(StrengthDays, days(("r1", "03")), ["r1"])
    assert store.tables.state("strength_days") != state
    assert stored(store) == [("r1", 3), ("r20", 2)]


def test_rows_that_come_to_those_of_a_runner_leave_the_files_of_the_others(store: Store):
    store.replace(StrengthDays, days(("r1", "02"), ("r20", "02")), SAME_BUCKET)
    before = set(store.table_path("strength_days").rglob("*.parquet"))
    store.replace(StrengthDays, days(("r1", "02"), ("r1", "03")), ["r1"])
    opened = store.tables.opened("strength_days")
    assert before < {Path(file) for file in opened.file_uris()}, "written anew"
    assert stored(store) == [("r1", 2), ("r1", 3), ("r20", 2)]


def test_a_row_that_changed_goes_when_another_comes(store: Store):
    store.replace(StrengthDays, days(("r1", "02"), ("r1", "03")), ["r1"])
    changed = days(("r1", "02"), ("r1", "03"), ("r1", "04")).with_columns(kind=pl.lit("no_sets"))
    store.replace(StrengthDays, StrengthDays.validate(changed), ["r1"])
    assert stored(store) == [("r1", 2), ("r1", 3), ("r1", 4)]
    assert set(store.read(StrengthDays)["kind"]) == {"no_sets"}


def test_a_table_that_is_written_or_made_anew_is_never_read_as_it_was(store: Store):
    """What was read of a table's log is kept until the log is another one."""
    for table in range(3):
        for day in ("02", "03", "04"):
            store.replace(StrengthDays, days(("r1", day)), ["r1"])
            assert stored(store) == [("r1", int(day))]
            assert stored(Store(store.root)) == [("r1", int(day))]
        store.tables.renew("strength_days", StrengthDays.create_empty())
        assert stored(store) == [], f"table {table}"


def test_a_store_that_is_another_one_at_the_same_place_is_read_as_it_is(store: Store, tmp_path: Path):
    """A folder that is copied to where one was may have its inodes."""
    shutil.copytree(store.root, tmp_path / "kept")
    for day in ("02", "03", "04"):
        store.replace(StrengthDays, days(("r1", day)), ["r1"])
        assert stored(store) == [("r1", int(day))]
        shutil.rmtree(store.root)
        shutil.copytree(tmp_path / "kept", store.root)
        assert stored(store) == []
        assert stored(Store(store.root)) == []


def test_rows_of_a_runner_who_is_not_replaced_are_refused_and_nothing_is_written(store: Store):
    store.replace(StrengthDays, days(("r1", "02")), ["r1"])
    with pytest.raises(StoreError, match="not replaced: r20"):
        store.replace(StrengthDays, days(("r1", "03"), ("r20", "03")), ["r1"])
    assert stored(store) == [("r1", 2)]


@pytest.mark.parametrize("runner", ["x') OR runner_id IN ('r1", "r'1", "../r1"])
def test_an_id_that_is_none_is_refused_and_deletes_nothing(store: Store, runner: str):
    store.replace(StrengthDays, days(("r1", "02")), ["r1"])
    with pytest.raises(StoreError):
        store.replace(StrengthDays, StrengthDays.create_empty(), [runner, "r1"])
    assert stored(store) == [("r1", 2)]


def test_what_is_read_is_in_the_same_order_however_it_was_written(store: Store, tmp_path: Path):
    other = with_ledger(Store.create(tmp_path / "other"))
    store.replace(StrengthDays, days(("r1", "02"), ("r1", "03"), ("r20", "02")), SAME_BUCKET)
    other.replace(StrengthDays, days(("r20", "02")), ["r20"])
    other.replace(StrengthDays, days(("r1", "03"), ("r1", "02")), ["r1"])
    assert_frame_equal(store.read(StrengthDays), other.read(StrengthDays))


def test_an_unknown_table_is_named_beside_the_known_ones(store: Store):
    with pytest.raises(StoreError, match=r"there is no table run; there are: runs, other_activities, strength_sets"):
        store.scan("run")
    with pytest.raises(StoreError, match="there is no table"):
        store.table_path("../names.csv")
    with pytest.raises(StoreError, match="RecognisedSets is not a stored table"):
        store.read(RecognisedSets)


def test_a_runner_without_rows_reads_as_an_empty_table(store: Store):
    assert stored(store, "r1") == []


# runners.csv and names.csv


def write_runners(store: Store, *lines: str) -> None:
    (store.root / "runners.csv").write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")


def test_a_runner_is_read_as_written(store: Store):
    write_runners(store, "r2,,,,,,", "r1,Europe/Berlin,IMPERIAL,Bands; Dumbbell,2026-03-01,2026-10-31,Complete")
    full, bare = store.runners(CATALOGUE).rows()
    assert full[:4] == ("r1", "Europe/Berlin", "imperial", ["band", "dumbbell"])
    assert [str(day) for day in full[4:6]] == ["2026-03-01", "2026-10-31"]
    assert bare == ("r2", None, "metric", None, None, None, "partial", None)
    assert full[6] == "complete"


def test_equipment_none_is_an_empty_list_and_not_unknown(store: Store):
    write_runners(store, "r1,,,none,,,")
    assert store.runners(CATALOGUE)["equipment"].to_list() == [[]]


_WRONG = {
    "zone": ("r2,Europe/Berlino,,,,,", ("time_zone", "time zone"), "Europe/Berlino"),
    "zone that polars does not know": ("r2,Factory,,,,,", ("time_zone", "time zone"), "Factory"),
    "zone outside": ("r2,../../etc/passwd,,,,,", ("time_zone", "time zone"), "passwd"),
    "units": ("r2,,furlongs,,,,", ("units",), "furlongs"),
    "equipment": ("r2,,,rocket,,,", ("equipment",), "rocket"),
    "active_from": ("r2,,,,1 March,,", ("active_from",), "1 March"),
    "active_to": ("r2,,,,,2026-02-30,", ("active_to",), "2026-02-30"),
    "strength_log": ("r2,,,,,,always", ("strength_log",), "always"),
    "runner_id": ("../r2,,,,,,", ("runner_id",), "../r2"),
    "runner_id twice": ("r1,,,,,,", ("runner_id",), "r1"),
    "runner_id missing": (",,metric,,,,", ("runner_id",), ""),
    "active_to before active_from": ("r2,,,,2026-03-02,2026-03-01,", ("active_from", "active_to"), "2026-03-01"),
}


@pytest.mark.parametrize("case", _WRONG)
def test_what_is_wrong_in_runners_csv_is_named_with_line_column_and_value(store: Store, case: str):
    line, columns, value = _WRONG[case]
    write_runners(store, "r1,,,,,,", line)
    with pytest.raises(ConfigError) as caught:
        store.runners(CATALOGUE)
    message = str(caught.value)
    assert "runners.csv line 3" in message
    assert any(column in message for column in columns)
    assert value in message
    assert "\n" not in message


def test_a_missing_column_is_named(store: Store):
    (store.root / "runners.csv").write_text("runner_id,units\nr1,metric\n")
    with pytest.raises(ConfigError, match=r"runners\.csv: column active_from is missing"):
        store.runners(CATALOGUE)


@pytest.mark.parametrize("name", ["runners.csv", "names.csv"])
def test_a_list_that_a_spreadsheet_saved_in_another_encoding_is_read_or_named(store: Store, name: str):
    write_runners(store, "r1,,,,,,")
    text = HEADER + "r1,,,,,,\n" if name == "runners.csv" else "runner_id,name\nr1,Jörg\n"
    (store.root / name).write_bytes(text.encode("cp1252") + "# größer,,,\n".encode("cp1252"))
    try:
        store.runners(CATALOGUE)
        names = store.names()
    except ConfigError as error:
        assert name in str(error)
    else:
        assert names == ({"r1": "Jörg"} if name == "names.csv" else {})


_CARRIAGE_RETURNS = {
    "in a cell": ("r1,Ann\nr2,B\rob\nr3,Cy\n", 3),
    "before a formula": ("r1,\r=1+1\n", 2),
    "in place of line ends": ("r1,Ann\rr2,Bob\r", 2),
}


@pytest.mark.parametrize("name", ["runners.csv", "names.csv"])
@pytest.mark.parametrize("case", _CARRIAGE_RETURNS)
def test_a_carriage_return_alone_is_named_with_its_line_and_no_cell(store: Store, name: str, case: str):
    lines, number = _CARRIAGE_RETURNS[case]
    header = HEADER if name == "runners.csv" else "runner_id,name\n"
    (store.root / name).write_text(header + lines, encoding="utf-8", newline="")
    with pytest.raises(ConfigError) as caught:
        store.runners(CATALOGUE) if name == "runners.csv" else store.names()
    message = str(caught.value)
    assert message.startswith(f"{name} line {number}: ")
    assert not any(cell in message for cell in ("Ann", "ob", "r1", "=1", "\r"))


@pytest.mark.parametrize("name", ["runners.csv", "names.csv"])
def test_a_list_with_nothing_but_carriage_returns_is_named(store: Store, name: str):
    (store.root / name).write_bytes(b"runner_id,name\rr1,Ann\r")
    with pytest.raises(ConfigError, match=rf"^{name} line 1: a line ends inside a cell"):
        store.runners(CATALOGUE) if name == "runners.csv" else store.names()


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_line_ends_in_quotes_belong_to_a_name_and_become_blanks(store: Store, line_end: str):
    lines = ["runner_id,name", 'r1,"An\rn\nExample"', "r2,Bob", ""]
    (store.root / "names.csv").write_text(line_end.join(lines), encoding="utf-8", newline="")
    assert store.names() == {"r1": "An n Example", "r2": "Bob"}


def test_blank_lines_and_a_byte_order_mark_in_runners_csv_are_harmless(store: Store):
    (store.root / "runners.csv").write_text("\ufeff" + HEADER + "\nr1,,,,,,\n\n", encoding="utf-8")
    assert store.runners(CATALOGUE)["runner_id"].to_list() == ["r1"]


# adding a runner


def test_ids_are_random_and_say_nothing_of_the_name(store: Store):
    ids = [store.add_runner(f"Ann {i}", CATALOGUE) for i in range(20)]
    assert len(set(ids)) == 20
    assert all(len(runner) == 8 and runner[0] == "r" and runner.isalnum() for runner in ids)
    assert len({runner[1:] for runner in ids}) == 20
    assert store.runners(CATALOGUE)["runner_id"].to_list() == sorted(ids)
    assert all((store.root / "inbox" / runner).is_dir() for runner in ids)


@pytest.mark.parametrize("name", ["Example, Ann", 'Ann "Speedy" Example', "Jörg Weiß", "李 雷", "=1+1"])
def test_a_name_comes_back_as_it_was_given_and_stands_in_names_csv_only(store: Store, name: str):
    runner = store.add_runner(name, CATALOGUE)
    other = store.add_runner("Bo", CATALOGUE)
    assert store.names() == {runner: name, other: "Bo"}
    assert store.runners(CATALOGUE).height == 2
    holding = [p.name for p in store.root.rglob("*") if p.is_file() and name.encode() in p.read_bytes()]
    assert set(holding) <= {"names.csv"}


def test_a_list_without_a_last_line_end_is_not_broken_by_adding(store: Store):
    (store.root / "runners.csv").write_text(HEADER + "r1,,,,,,", encoding="utf-8")
    runner = store.add_runner("Ann", CATALOGUE)
    assert store.runners(CATALOGUE)["runner_id"].to_list() == sorted(["r1", runner])


@pytest.mark.parametrize(
    "settings",
    [{"time_zone": "Moon/Base"}, {"time_zone": "Factory"}, {"units": "furlongs"}, {"equipment": "rocket"}],
)
def test_a_runner_with_a_wrong_setting_is_refused_and_nothing_is_written(store: Store, settings: dict[str, str]):
    with pytest.raises(ConfigError):
        store.add_runner("Ann", CATALOGUE, **settings)
    assert store.runners(CATALOGUE).height == 0
    assert store.names() == {}
    assert list((store.root / "inbox").iterdir()) == []


@pytest.mark.parametrize("name", ["Ann", "ANN", " Ann "])
def test_a_name_that_is_taken_is_refused(store: Store, name: str):
    store.add_runner("Ann", CATALOGUE)
    with pytest.raises(ConfigError, match=r"in names\.csv already"):
        store.add_runner(name, CATALOGUE)


@pytest.mark.parametrize("name", ["", "   "])
def test_a_runner_without_a_name_is_refused(store: Store, name: str):
    with pytest.raises(ConfigError):
        store.add_runner(name, CATALOGUE)


# private files


def test_a_file_is_replaced_whole(store: Store):
    path = store.root / "reports" / "index.html"
    store.write_private(path, b"old")
    store.write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in path.parent.iterdir()] == ["index.html"]


@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_when_writing_fails_the_old_file_stays_and_no_part_is_left(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: str
):
    path = store.root / "reports" / "index.html"
    store.write_private(path, b"old")
    real_write = Path.write_bytes

    def full_disk(self: Path, content: Any) -> Any:
        if step == "write_bytes":
            real_write(self, b"par")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, step, full_disk)
    with pytest.raises(OSError, match="No space"):
        store.write_private(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in path.parent.iterdir()] == ["index.html"]


def test_a_link_in_the_place_of_a_page_is_replaced_and_not_written_through(store: Store, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.write_text("precious")
    (store.root / "reports" / "index.html").symlink_to(outside)
    store.write_private(store.root / "reports" / "index.html", b"page")
    assert outside.read_text() == "precious"


def of_another_version(store: Store, table: str, *, without: str) -> None:
    """The table as a version before the column wrote it."""
    path = str(store.table_path(table))
    pl.read_delta(path).drop(without).write_delta(
        path, mode="overwrite", delta_write_options={"partition_by": ["bucket"], "schema_mode": "overwrite"}
    )


def test_a_calculated_table_of_another_version_is_named_and_made_anew(store: Store):
    assert store.outdated() == []
    of_another_version(store, "episodes", without="worst_severity")
    with pytest.raises(StoreError, match="table episodes was written by another version, without: worst_severity"):
        store.read(Episodes)
    assert store.outdated() == ["episodes"]
    store.renew(store.outdated())
    assert store.outdated() == []
    assert_frame_equal(store.read(Episodes), Episodes.create_empty())
    assert not_private(store.root) == []


def test_tables_of_facts_and_of_given_advice_are_never_made_anew(store: Store):
    store.replace(StrengthDays, days(("r1", "01")), ["r1"])
    of_another_version(store, "strength_days", without="kind")
    of_another_version(store, "advice", without="basis")
    assert store.outdated() == []
    with pytest.raises(StoreError, match="strength_days was written by another version, without: kind"):
        store.read(StrengthDays)


@pytest.mark.parametrize(
    ("name", "said"), [("a[1]", "["), ("a|b", "|"), ("a^b", "^"), ("a\\b", "\\"), ("a%20b", "%20"), ("a\tb", "")]
)
def test_a_root_that_delta_would_misread_is_refused_before_anything_is_made(tmp_path: Path, name: str, said: str):
    with pytest.raises(StoreError, match=re.escape(f'"{said}') + r'.*", with which tables cannot be written'):
        Store.create(tmp_path / name / "squad")
    assert not (tmp_path / name).exists()


def test_a_root_with_other_signs_works(tmp_path: Path):
    store = Store.create(tmp_path / "a+b,c'd(e)=f~g@h&i")
    assert store.read(Episodes).is_empty()
