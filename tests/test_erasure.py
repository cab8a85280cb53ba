"""What is erased is in no file any more, comes back by no night, and is erased whole after a death at any moment."""

import atexit
import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from random import Random

import polars as pl
import pytest
from click.testing import CliRunner, Result
from conftest import in_a_loop
from deltalake import DeltaTable
from searching import words_in

from runfix_analytics import erasure, night, runs
from runfix_analytics.cli import main
from runfix_analytics.delta_tables import bucket_of
from runfix_analytics.errors import ConfigError, StoreError
from runfix_analytics.lock import only_writer
from runfix_analytics.runner_lists import without_runner
from runfix_analytics.sample_files import Activity, run_fit
from runfix_analytics.store import TABLES, Store
from runfix_analytics.table_history import forget_history, runners_in
from runfix_analytics.tables import STORED_FACTS, Rejects, StrengthSets
from runfix_analytics.tombstones import TOMBSTONES_FILE, read_tombstones

DAY, LATER, NEXT = date(2026, 3, 1), date(2026, 3, 29), date(2026, 3, 30)
ERASED_ON = date(2026, 11, 29)
GONE, STAYS, THIRD = "rcanary7", "rstays42", "rthird99"
NAME = "Canaria Quillfeather"
CANARIES = (GONE, NAME, "Quillfeather", "canarynote", "canarymove", "canaryfile", "canaryreject", "canarymember")
HEADER = "runner_id,time_zone,units,equipment,active_from,active_to,strength_log\n"
SHEET = "date,exercise,sets,reps,seconds,weight,side,rir,notes\n"
FORM = "runner,report_id,date_reported,onset_date,site,side,pain_worst_0_10,notes\n"


def files_of(canary: str, day: int) -> dict[str, bytes]:
    """A strength sheet, an ache form, a damaged FIT file and an archive, with a word in every text."""
    sheet = SHEET + "".join(
        f"2026-03-{d:02},single-leg calf raise,3,12,,,,2,{canary}note\n2026-03-{d:02},{canary}move,3,12,,,,2,\n"
        for d in (day, 12, 19, 26)
    )
    form = FORM + f",a1,2026-03-16,2026-03-{day:02},shin,left,4,{canary}note it throbs\n,a2,2026-03-26,,none,,0,\n"
    fit = run_fit(Activity(datetime(2026, 3, 10 + day, 9, tzinfo=UTC), 2400, 8000.0, title="Run"), Random(day))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        member = sheet.replace("2026-03", "2026-02") + f"yesterday,{canary}reject,1,1,,,,,\n"
        zipped.writestr(f"{canary}member.csv", member)
    return {
        f"{canary}file.csv": sheet.encode(),
        "aches.csv": form.encode(),
        "run.fit": fit[: len(fit) * 3 // 5],
        f"{canary}file.zip": packed.getvalue(),
    }


@cache
def _template() -> Path:
    """A squad of three after two nights; one form stands in the inboxes of two, with PDFs of all pages."""
    root = Path(tempfile.mkdtemp(prefix="runfix-erasure-")) / "squad"
    atexit.register(shutil.rmtree, root.parent, ignore_errors=True)
    store = Store.create(root)
    lines = "".join(f"{runner},Europe/Berlin,metric,,,,partial\n" for runner in (STAYS, GONE, THIRD))
    store.write_private(root / "runners.csv", (HEADER + lines).encode())
    names = f'runner_id,name\n{STAYS},Jörg\n{GONE},"{NAME}"\n{THIRD},Third\n'.encode("cp1252")
    store.write_private(root / "names.csv", names)
    marks = f"runner_id;mark;from_on;to_on;mine\n{GONE};away;03.03.2026;05.03.2026;x\n{STAYS};ill;04.03.2026;;own\n"
    store.write_private(root / "marks.csv", marks.encode())
    store.write_private(root / "settings.toml", b"pdf = true\n")
    squad_form = f"{FORM}{NAME},b1,,,shin,left,4,\nJörg,b2,2026-03-20,,knee,left,3,\n".encode()
    for day, (runner, canary) in enumerate(((STAYS, "kept"), (GONE, "canary"), (THIRD, "other")), 3):
        shared = {} if runner == THIRD else {"squad.csv": squad_form}
        for name, content in (files_of(canary, day) | shared).items():
            store.write_private(root / "inbox" / runner / name, content)
    for number, day in enumerate((DAY, LATER)):
        at = datetime(2026, 4, 1 + number, tzinfo=UTC)
        runs.watched_night(root, day, in_a_loop, clock=lambda at=at: at)
    return root


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """PDFs are there, none is made again: that takes most of the time of an erasure of so small a squad."""
    shutil.copytree(_template(), tmp_path / "squad")
    (tmp_path / "squad" / "settings.toml").unlink()
    return Store(tmp_path / "squad")


def holding(root: Path, words: tuple[str, ...] = CANARIES, *, but: tuple[str, ...] = ()) -> dict[str, set[str]]:
    return words_in(root, words, but=but)


def runfix(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def erase(store: Store, *runners: str) -> erasure.Receipt:
    return erasure.erase(store, runners, on=ERASED_ON)


# a form that others hold too is theirs; see test_a_file_that_another_runner_holds_too_stays
SHARED = (f"inbox/{STAYS}/squad.csv",)


def shared_original(store: Store) -> tuple[str, ...]:
    ledger = store.scan("imports", [STAYS]).filter(file_name="squad.csv").collect()
    return (*SHARED, f"originals/{ledger['import_id'].item()}")


def test_before_an_erasure_the_words_stand_in_every_kind_of_file(store: Store):
    """The search below would find them."""
    found = holding(store.root)
    kinds = {label.partition("/")[0] for label in found}
    assert kinds >= {"inbox", "originals", "tables", "reports", "runs", "runners.csv", "names.csv", "marks.csv"}
    assert any(label.endswith(".pdf") for label in found)
    assert any("_delta_log" in label for label in found)
    assert set.union(*found.values()) == set(CANARIES)


def test_what_is_erased_is_in_no_file_and_not_back_after_the_next_night(store: Store):
    shared = shared_original(store)
    result = runfix("erase", NAME, "--yes", "--root", store.root)
    assert result.exit_code == 0, result.output
    assert holding(store.root, but=shared) == {}
    again = runfix("nightly", "--root", store.root, "--as-of", NEXT)
    assert again.exit_code == 0, again.output
    assert holding(store.root, but=shared) == {}
    assert set(store.read(StrengthSets)["runner_id"]) == {STAYS, THIRD}


def test_the_others_keep_their_rows_files_and_lines_as_they_were(store: Store):
    before = {table: store.read(schema, [STAYS, THIRD]) for table, schema in TABLES.items()}
    files = {path: path.read_bytes() for path in (store.root / "inbox").rglob("*.*") if GONE not in path.parts}
    pages = {path: path.read_bytes() for path in (store.root / "reports").glob("r*/*") if GONE not in path.parts}
    erase(store, GONE)
    for table, schema in TABLES.items():
        if table != "rejects":
            assert store.read(schema).equals(before[table]), table
    assert store.read(Rejects).drop("logged").equals(before["rejects"].drop("logged"))
    assert {path: path.read_bytes() for path in files} == files
    assert {path: path.read_bytes() for path in pages} == pages
    assert (store.root / "names.csv").read_bytes() == f"runner_id,name\n{STAYS},Jörg\n{THIRD},Third\n".encode("cp1252")
    marks = f"runner_id;mark;from_on;to_on;mine\n{STAYS};ill;04.03.2026;;own\n"
    assert (store.root / "marks.csv").read_text(encoding="utf-8") == marks


def test_the_receipt_tells_counts_and_neither_name_nor_id_nor_health(store: Store):
    n_logged = sum(store.read(schema, [GONE]).height for schema in STORED_FACTS.values())
    result = runfix("erase", GONE, "--yes", "--root", store.root)
    told = result.stdout.lower()
    assert [
        word for word in (*CANARIES, "shin", "calf", "referrals", "episodes", "aches") if word.lower() in told
    ] == []
    counts = {line.rpartition("  ")[0].strip(): line.split()[-1] for line in result.stdout.splitlines()}
    assert counts["logged rows, ledger and rejects"] == str(n_logged)
    assert counts["files of inboxes"] == "5"
    assert counts["kept originals"] == "4"
    assert counts["lines of lists"] == "3"
    assert counts["quotes in others' rejects"] == "1"
    assert counts["files that others hold too, kept"] == "1"
    assert "backups" in result.stdout
    [stone] = read_tombstones(store.root).stones
    assert stone.digest[:12] in result.stdout


def test_the_squads_page_is_written_anew_and_results_over_all_runners_are_gone(store: Store):
    receipt = erase(store, GONE)
    page = (store.root / "reports" / "index.html").read_text(encoding="utf-8")
    assert receipt.is_squad_page_new
    assert "Jörg" in page
    assert not list((store.root / "results").iterdir())
    assert not (store.root / "reports" / "cohort.html").exists()
    night.night(store.root, NEXT, in_a_loop)
    assert (store.root / "reports" / "cohort.html").exists()


def test_the_only_runner_can_be_erased(store: Store):
    shared = shared_original(store)
    erase(store, STAYS, THIRD)
    receipt = erase(store, GONE)
    assert not receipt.is_squad_page_new
    assert holding(store.root, but=shared) == {}
    assert not list((store.root / "originals").iterdir())
    assert night.night(store.root, NEXT, in_a_loop).failures == ()


def test_a_file_that_another_runner_holds_too_stays_for_that_runner(store: Store):
    shared = shared_original(store)
    erase(store, GONE)
    assert all((store.root / label).exists() for label in shared)
    quoted = store.read(Rejects, [STAYS]).filter(rule="no_date")["logged"].to_list()
    assert any("erased" in text for text in quoted)


def test_records_of_nights_keep_their_stages_and_lose_the_id(store: Store):
    before = runs.records(store.root)
    assert any([stage, runner] == ["import", GONE] for record in before for stage, runner in record["left_out"])
    erase(store, GONE)
    after = runs.records(store.root)
    assert [[stage for stage, _ in record["left_out"]] for record in after] == [
        [stage for stage, _ in record["left_out"]] for record in before
    ]
    assert ["import", ""] in after[0]["left_out"]


def test_tables_can_be_written_read_and_erased_again(store: Store):
    erase(store, GONE)
    night.night(store.root, NEXT, in_a_loop)
    erase(store, THIRD)
    assert set(store.read(StrengthSets)["runner_id"]) == {STAYS}
    table = DeltaTable(str(store.table_path("strength_sets")))
    assert table.history()
    assert {Path(file).exists() for file in table.file_uris()} == {True}


def test_rows_that_a_killed_writer_left_are_gone_too(store: Store):
    orphan = store.table_path("runs") / f"bucket={bucket_of(GONE)}" / "part-orphan.parquet"
    orphan.parent.mkdir(exist_ok=True)
    pl.DataFrame({"note": ["canarynote"]}).write_parquet(orphan)
    part = store.root / "reports" / f".{'a' * 16}.part"
    part.write_text("canarynote")
    own = store.root / "inbox" / STAYS / ".download.part"
    own.write_text("of a sync program")
    erase(store, GONE)
    assert [orphan.exists(), part.exists(), own.exists()] == [False, False, True]


def test_a_linked_inbox_is_unlinked_and_what_it_leads_to_stays(store: Store, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.csv").write_text("x")
    shutil.rmtree(store.root / "inbox" / GONE)
    (store.root / "inbox" / GONE).symlink_to(outside)
    erase(store, GONE)
    assert (outside / "a.csv").exists()
    assert not (store.root / "inbox" / GONE).is_symlink()


def test_a_name_in_the_squads_own_files_is_told_and_left(store: Store):
    own = f"# {NAME}'s words\n[aliases]\n"
    (store.root / "exercises.local.toml").write_text(own)
    result = runfix("erase", GONE, "--yes", "--root", store.root)
    assert result.exit_code == 3
    assert "still stands in exercises.local.toml; take it out by hand" in result.stderr
    assert (store.root / "exercises.local.toml").read_text() == own


def test_whatever_the_umask_all_that_a_night_with_pdfs_and_an_erasure_leave_is_private(store: Store):
    store.write_private(store.root / "settings.toml", b"pdf = true\n")
    before = os.umask(0)
    try:
        runs.watched_night(store.root, NEXT, in_a_loop, clock=lambda: datetime(2026, 4, 3, tzinfo=UTC))
        erase(store, GONE)
    finally:
        os.umask(before)
    made = [store.root, *store.root.rglob("*")]
    kinds = {path.suffix for path in made}
    assert kinds >= {".html", ".pdf", ".csv", ".json", ".parquet", ""}
    assert [path for path in made if stat.S_IMODE(path.lstat().st_mode) != (0o700 if path.is_dir() else 0o600)] == []


# asking


def test_nobody_is_erased_without_being_asked_or_yes(store: Store):
    before = holding(store.root)
    result = runfix("erase", GONE, "--root", store.root)
    assert (result.exit_code, "say --yes" in result.stderr) == (1, True)
    assert holding(store.root) == before


@pytest.mark.parametrize(("answer", "is_erased"), [("n\n", False), ("y\n", True)])
def test_who_is_asked_decides(store: Store, monkeypatch: pytest.MonkeyPatch, answer: str, is_erased: bool):
    asked = io.StringIO(answer)
    asked.isatty = lambda: True  # type: ignore[method-assign]
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdin", asked)
        with pytest.raises(SystemExit) as end:
            main(["erase", NAME, "--root", str(store.root)])
    assert end.value.code == (0 if is_erased else 1)
    assert (store.root / "inbox" / GONE).exists() != is_erased


def test_wrong_usage_and_unknown_runners_are_named(store: Store):
    assert runfix("erase", "--root", store.root).exit_code == 2
    assert runfix("erase", GONE, "--again", "--root", store.root).exit_code == 2
    result = runfix("erase", "Nobody", "--yes", "--root", store.root)
    assert (result.exit_code, 'nothing of a runner "Nobody"' in result.stderr) == (1, True)
    assert not (store.root / TOMBSTONES_FILE).exists()


def test_a_name_that_two_share_is_refused_with_their_ids(store: Store):
    (store.root / "names.csv").write_text(f"runner_id,name\n{STAYS},Ann\n{GONE},ann\n")
    with pytest.raises(ConfigError, match=f"names 2 runners; use the id: {GONE}, {STAYS}"):
        erasure.whom(store, "Ann")


def test_who_stands_in_no_list_any_more_is_found_by_id(store: Store):
    for name in ("runners.csv", "names.csv", "marks.csv"):
        path = store.root / name
        path.write_bytes(without_runner(path.read_bytes(), GONE))
    assert erasure.whom(store, GONE) == GONE


def test_it_waits_for_nobody_who_is_at_work(store: Store):
    with only_writer(store.root, "the other one"):
        result = runfix("erase", GONE, "--yes", "--root", store.root)
    assert (result.exit_code, "the other one" in result.stderr) == (1, True)
    assert not (store.root / TOMBSTONES_FILE).exists()


def test_nothing_of_a_runner_is_put_in_while_they_are_erased(store: Store, tmp_path: Path, monkeypatch):
    """Asked when the inbox is gone and the lists still hold the runner."""
    file, refused, removed = tmp_path / "more.csv", list[Result](), erasure.removed
    file.write_text(SHEET)

    def tried(path: Path) -> int:
        n = removed(path)
        if path.name == GONE and path.parent.name == "inbox":
            root = ("--root", store.root)
            refused.append(runfix("mark", GONE, "away", *root))
            refused.append(runfix("import", file, "--runner", GONE, *root))
        return n

    monkeypatch.setattr(erasure, "removed", tried)
    shared = shared_original(store)
    erase(store, GONE)
    said = f"this runner was erased on {ERASED_ON}; who begins anew is added with runfix add"
    assert [(result.exit_code, said in result.stderr) for result in refused] == [(1, True)] * 2
    assert holding(store.root, but=shared) == {}


MARKER = """
import sys
from itertools import count
from runfix_analytics.cli import main
def runfix(*words):
    try:
        main([*words, "--root", sys.argv[1]])
    except SystemExit as end:
        return end.code
for n in count():
    added = runfix("add", f"New {n}")
    marked = runfix("mark", sys.argv[2], ("ill", "away")[n % 2])
    if added or marked:
        sys.exit(f"{n} {added} {marked}")
"""


def test_an_erasure_and_lines_put_in_meanwhile_by_another_process_leave_both_whole(store: Store):
    shared, n_before = shared_original(store), len(store.names())
    other = subprocess.Popen(
        [sys.executable, "-c", MARKER, str(store.root), GONE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while "until further notice" not in other.stdout.readline():
        pass
    assert runfix("erase", GONE, "--yes", "--root", store.root).exit_code == 0
    _, stderr = other.communicate(timeout=60)
    n, added, marked = stderr.splitlines()[-1].split()
    assert (added, marked) == ("0", "1")
    assert "this runner was erased on 20" in stderr or f'no runner "{GONE}"' in stderr
    assert len(store.names()) == n_before - 1 + int(n) + 1
    assert holding(store.root, but=shared) == {}


# coming back


def test_a_folder_that_comes_back_is_not_imported_and_its_id_stays_out_of_the_record(store: Store):
    shared = shared_original(store)
    shutil.copytree(store.root / "inbox" / GONE, store.root.parent / "backup")
    erase(store, GONE)
    shutil.copytree(store.root.parent / "backup", store.root / "inbox" / GONE)
    result = runfix("nightly", "--root", store.root, "--as-of", NEXT)
    assert result.exit_code == 3
    assert (
        f"a folder of a runner who was erased on {ERASED_ON} is not imported; run: runfix erase --again"
        in result.stderr
    )
    assert GONE not in result.output
    assert {label.partition("/")[0] for label in holding(store.root, but=shared)} == {"inbox"}
    assert runfix("erase", "--again", "--yes", "--root", store.root).exit_code == 0
    assert holding(store.root, but=shared) == {}
    assert runfix("nightly", "--root", store.root, "--as-of", NEXT).exit_code == 0


def test_a_line_of_runners_csv_that_comes_back_stops_the_night_and_is_named_by_its_line(store: Store):
    before = (store.root / "runners.csv").read_bytes()
    erase(store, GONE)
    (store.root / "runners.csv").write_bytes(before)
    result = runfix("nightly", "--root", store.root, "--as-of", NEXT)
    assert result.exit_code == 1
    assert f"runners.csv line 3: this runner was erased on {ERASED_ON}" in result.stderr
    assert GONE not in result.output
    assert GONE not in json.dumps(runs.records(store.root))


def test_the_same_file_in_another_runners_inbox_is_imported(store: Store):
    content = (store.root / "inbox" / GONE / "canaryfile.csv").read_bytes()
    erase(store, GONE)
    store.write_private(store.root / "inbox" / STAYS / "more.csv", content)
    night.night(store.root, NEXT, in_a_loop, ["import"])
    assert "more.csv" in set(store.scan("imports", [STAYS]).collect()["file_name"])


def test_the_tombstone_says_nothing_but_a_salted_hash_and_the_day(store: Store):
    erase(store, GONE)
    heading, line = (store.root / TOMBSTONES_FILE).read_text().splitlines()
    salt, digest, day, state = line.split(",")
    assert heading == "salt,digest,erased_on,state"
    assert (len(salt), len(digest), day, state) == (32, 48, str(ERASED_ON), "finished")
    assert read_tombstones(store.root).of(GONE)
    assert read_tombstones(store.root).of(STAYS) is None


@pytest.mark.parametrize("line", ["x", "aa,bb,2026-13-01,finished", "aa,bb,2026-03-01,perhaps", "aa,bb,2026-03-01"])
def test_a_damaged_list_of_tombstones_is_named_and_stops_the_night(store: Store, line: str):
    (store.root / TOMBSTONES_FILE).write_text(f"salt,digest,erased_on,state\n{line}\n")
    with pytest.raises(ConfigError, match=r"erased\.csv line 2"):
        night.night(store.root, NEXT, in_a_loop)


# a death in the middle


STEPS = (
    "runs.forget", "_quoted", "take_out", "forget_history", "_originals", "removed", "_squad_files", "_parts",
    "_lines_out", "_squad_pages", "_stones",
)  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_a_death_at_any_step_stops_the_night_until_the_same_command_has_ended_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: str
):
    shared, seen = shared_original(store), []
    real: Callable[..., object] = runs.forget if step == "runs.forget" else getattr(erasure, step)

    def dies(*arguments: object, **options: object) -> object:
        """At the second call, where there is one: in the middle of a step."""
        seen.append(step)
        if len(seen) == 2 or step not in ("take_out", "forget_history", "removed", "_lines_out"):
            raise KeyboardInterrupt
        return real(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(*((runs, "forget", dies) if step == "runs.forget" else (erasure, step, dies)))
        with pytest.raises((KeyboardInterrupt, SystemExit)):
            erase(store, GONE)
            erase(store, GONE)  # a step that is called once a runner
    if step != "_stones":
        with pytest.raises(StoreError, match="an erasure was begun and not finished; run: runfix erase --again"):
            night.night(store.root, NEXT, in_a_loop)
    words = [GONE] if STEPS.index(step) % 2 else ["--again"]
    assert runfix("erase", *words, "--yes", "--root", store.root).exit_code == 0
    assert holding(store.root, but=shared) == {}
    assert night.night(store.root, NEXT, in_a_loop, ["import"]).failures == ()


def test_killed_at_any_moment_and_done_again_nothing_is_left(store: Store):
    shared = shared_original(store)
    command = [sys.executable, "-c", "from runfix_analytics.cli import main; main()"]
    arguments = ["erase", "--again", "--yes", "--root", str(store.root)]
    first = [*command, "erase", GONE, "--yes", "--root", str(store.root)]
    for number in range(4):
        process = subprocess.Popen(first, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _wait_for(store.root / TOMBSTONES_FILE, process)
        try:
            process.wait(0.05 + 0.15 * number)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
    assert runfix(*arguments).exit_code == 0
    assert holding(store.root, but=shared) == {}
    assert night.night(store.root, NEXT, in_a_loop, ["import"]).failures == ()


def _wait_for(path: Path, process: "subprocess.Popen[bytes]") -> None:
    while not path.exists() and process.poll() is None:
        pass


# lists


_LISTS = {
    "commas": (b"runner_id,name\nr1,Ann\nr2,Bob\n", b"runner_id,name\nr2,Bob\n"),
    "a mark, line ends of a spreadsheet": (
        b"\xef\xbb\xbfrunner_id;a\r\nr1;x\r\nr2;y\r\n",
        b"\xef\xbb\xbfrunner_id;a\r\nr2;y\r\n",
    ),
    "a line end in quotes": (b'name,runner_id\n"A\nB",r1\n"C\nD",r2\n', b'name,runner_id\n"C\nD",r2\n'),
    "no last line end": (b"runner_id,name\nr2,Bob\nr1,Ann", b"runner_id,name\nr2,Bob\n"),
    "blank lines and another's name": (b"\nrunner_id,name\n\nr2,r1\n", b"\nrunner_id,name\n\nr2,r1\n"),
    "Windows-1252": (b"runner_id,name\nr2,J\xf6rg\n r1 ,Ann\n", b"runner_id,name\nr2,J\xf6rg\n"),
    "empty": (b"", b""),
}


@pytest.mark.parametrize("case", _LISTS)
def test_the_lines_of_a_runner_go_and_the_others_stay_byte_for_byte(case: str):
    before, after = _LISTS[case]
    assert without_runner(before, "r1") == after


def test_the_history_of_a_table_that_is_not_there_is_none(store: Store):
    shutil.rmtree(store.table_path("moves"))
    assert (forget_history(store, "moves"), runners_in(store, "moves")) == (0, set())
