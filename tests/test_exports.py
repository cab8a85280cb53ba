"""What a runner is handed is whole and nobody else's; what analysts get names nobody, and no column slips through."""

import json
import os
import stat
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from runfix_analytics import exports, pseudonyms
from runfix_analytics.cli import main
from runfix_analytics.errors import ConfigError
from runfix_analytics.store import TABLES, Store
from runfix_analytics.tables import AcheReports, Advice, Episodes, Rejects, StrengthSets
from runfix_analytics.treatments import COARSE, DROP, KEEP, KNOWN, NEW_ID, SHIFT, TREATMENTS

DAY = date(2026, 3, 29)
GONE, STAYS = "rcanary7", "rstays42"
NAME = "Canaria Quillfeather"
NOTE = "=canarynote it throbs"
SHEET = "date,exercise,sets,reps,seconds,weight,side,rir,notes\n"
FORM = "runner,report_id,date_reported,onset_date,site,side,pain_worst_0_10,notes\n"
DAYS = ("2026-03-05", "2026-03-12", "2026-03-19", "2026-03-26")
SHARED = f"{FORM}{NAME},b1,2026-03-21,,shin,left,4,\nJörg,,,,knee,left,3,\n".encode()


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture(scope="module")
def squad(tmp_path_factory: pytest.TempPathFactory, run_night) -> Store:
    """Two runners after a night; a form of the squad is in both inboxes, one file came later. Read it only."""
    root = tmp_path_factory.mktemp("exports") / "squad"
    store = Store.create(root)
    lines = "".join(f"{runner},Europe/Berlin,metric,,,,partial\n" for runner in (GONE, STAYS))
    header = "runner_id,time_zone,units,equipment,active_from,active_to,strength_log\n"
    store.write_private(root / "runners.csv", (header + lines).encode())
    store.write_private(root / "names.csv", f"runner_id,name\n{GONE},{NAME}\n{STAYS},Jörg\n".encode())
    store.write_private(root / "marks.csv", f"runner_id,mark,from_on,to_on\n{GONE},ill,2026-03-02,\n".encode())
    sheet = SHEET + "".join(
        f"{day},single-leg calf raise,3,12,,,,2,{NOTE}\n{day},canarymove,1,9,,,,2,\n" for day in DAYS
    )
    aches = f"{FORM},a1,2026-03-16,2026-03-05,shin,left,4,{NOTE}\n,a2,2026-03-26,,canaryplace,left,2,\n"
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        zipped.writestr("inside.csv", sheet.replace("2026-03", "2026-02"))
    own = {"deep/canaryfile.csv": sheet.encode(), "aches.csv": aches.encode(), "all.zip": packed.getvalue()}
    for name, content in own.items():
        store.write_private(root / "inbox" / GONE / name, content)
    other = SHEET + "".join(f"{day},glute bridge,3,12,,,,2,otherscanary\n" for day in DAYS)
    store.write_private(root / "inbox" / STAYS / "sheet.csv", other.encode())
    for runner in (GONE, STAYS):
        store.write_private(root / "inbox" / runner / "squad.csv", SHARED)
    run_night(root, DAY)
    store.write_private(root / "inbox" / GONE / "late.csv", b"late")
    return store


def runfix(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# for the person


def unzipped(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as zipped:
        assert zipped.testzip() is None
        return {name: zipped.read(name) for name in zipped.namelist()}


def test_the_zip_holds_profile_tables_files_and_pages_of_the_runner(squad: Store, tmp_path: Path):
    handed = exports.export_runner(squad, GONE, tmp_path / "ann.zip")
    found = unzipped(tmp_path / "ann.zip")
    profile = json.loads(found["profile.json"])
    assert profile["name"] == NAME
    assert profile["settings"]["time_zone"] == "Europe/Berlin"
    assert profile["marks"] == [{"mark": "ill", "from_on": "2026-03-02", "to_on": None}]
    for table, schema in TABLES.items():
        rows = [json.loads(line) for line in found[f"tables/{table}.jsonl"].splitlines()]
        assert len(rows) == squad.read(schema, [GONE]).height, table
        assert {row["runner_id"] for row in rows} <= {GONE}
        assert found[f"tables/{table}.csv"].count(b"\r\n") == len(rows) + 1
    kept = sorted(name.split("/", 2)[2] for name in found if name.startswith("originals/"))
    assert kept == ["aches.csv", "all.zip", "deep/canaryfile.csv"]
    assert found["waiting/late.csv"] == b"late"
    assert {"pages/index.html", "pages/runner.html", "pages/weeks.csv", "pages/aches.csv"} <= set(found)
    assert "1 files that hold rows of other runners too" in found["README.txt"].decode()
    assert handed.n_left_out == 1
    assert handed.n_rows == sum(squad.read(schema, [GONE]).height for schema in TABLES.values())


def test_the_zip_holds_nothing_of_another_runner(squad: Store, tmp_path: Path):
    """Not in a form that names several either, nor in what the rejects quote of it."""
    assert "Jörg" in set(squad.read(Rejects, [GONE])["logged"])
    exports.export_runner(squad, GONE, tmp_path / "ann.zip")
    for name, content in unzipped(tmp_path / "ann.zip").items():
        assert not any(word in content for word in (STAYS.encode(), "Jörg".encode(), b"otherscanary")), name


def test_no_cell_of_a_table_is_a_formula_and_the_json_says_what_was_written(squad: Store, tmp_path: Path):
    exports.export_runner(squad, GONE, tmp_path / "ann.zip")
    found = unzipped(tmp_path / "ann.zip")
    assert f",'{NOTE}," in found["tables/ache_reports.csv"].decode()
    assert f'"note":"{NOTE}"' in found["tables/ache_reports.jsonl"].decode()


def test_the_zip_can_be_read_by_its_owner_only(squad: Store, tmp_path: Path, open_umask: None):
    exports.export_runner(squad, GONE, tmp_path / "ann.zip")
    assert mode(tmp_path / "ann.zip") == 0o600
    with zipfile.ZipFile(tmp_path / "ann.zip") as zipped:
        assert {entry.external_attr >> 16 for entry in zipped.infolist()} == {0o600}
    assert [path.name for path in tmp_path.iterdir()] == ["ann.zip"]


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("..\\..\\a.csv", "a.csv"),
        ("C:\\a.csv", "C_/a.csv"),
        ("a.zip/b.csv", "a.zip/b.csv"),
        ("..", "file"),
    ],
)
def test_no_name_in_the_zip_leads_out_of_it(label: str, name: str):
    assert exports._harmless(label) == name


# the command


def test_the_command_says_what_it_wrote_and_nothing_of_it(squad: Store, tmp_path: Path):
    result = runfix("export", NAME, "--root", squad.root, "--to", tmp_path / "ann.zip")
    assert result.exit_code == 0
    assert "left out: 1 files that hold rows of other runners too" in result.stderr
    assert not any(word in result.output for word in ("canarynote", "shin", "calf"))
    told = runfix("export", "--pseudonymised", "--root", squad.root, "--to", tmp_path / "all")
    assert (told.exit_code, "2 runners, 16 tables" in told.stdout) == (0, True)


def test_wrong_usage_is_named(squad: Store, tmp_path: Path):
    assert runfix("export", NAME, "--pseudonymised", "--root", squad.root, "--to", tmp_path / "x").exit_code == 2
    assert runfix("export", "--root", squad.root, "--to", tmp_path / "x").exit_code == 2
    assert runfix("export", "Nobody", "--root", squad.root, "--to", tmp_path / "x").exit_code == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_of_all", [True, False])
def test_an_export_takes_the_place_of_nothing_and_does_not_lie_in_the_store(
    squad: Store, tmp_path: Path, *, is_of_all: bool
):
    def write(target: Path) -> object:
        return pseudonyms.export_all(squad, target) if is_of_all else exports.export_runner(squad, GONE, target)

    (tmp_path / "there").write_text("mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("there", "dangling"):
        with pytest.raises(ConfigError, match="is there already; choose another name"):
            write(tmp_path / name)
    with pytest.raises(ConfigError, match="lies in the store"):
        write(squad.root / "reports" / "x")
    with pytest.raises(ConfigError, match="is no folder"):
        write(tmp_path / "none" / "x")
    assert (tmp_path / "there").read_text() == "mine"


# for analysts


@pytest.fixture(scope="module")
def analysts(squad: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("analysts") / "all"
    pseudonyms.export_all(squad, target)
    return target


def frames(folder: Path) -> dict[str, pl.DataFrame]:
    return {path.stem: pl.read_parquet(path) for path in folder.glob("*.parquet")}


def test_every_column_of_every_stored_table_has_one_treatment():
    assert set(TREATMENTS) == set(TABLES)
    for table, schema in TABLES.items():
        treated = [column for columns in TREATMENTS[table].values() for column in columns.split()]
        assert sorted(treated) == sorted(schema.column_names()), table
        assert set(TREATMENTS[table]) <= {KEEP, COARSE, SHIFT, NEW_ID, KNOWN, DROP}


def test_every_date_is_shifted_no_time_is_left_and_every_id_of_a_row_is_new():
    for table, schema in TABLES.items():
        treatment = {column: how for how, columns in TREATMENTS[table].items() for column in columns.split()}
        for column, of in schema.columns().items():
            if of.dtype == pl.Date:
                assert treatment[column] == SHIFT, (table, column)
            if of.dtype.base_type() == pl.Datetime:
                assert treatment[column] == DROP, (table, column)
            if column in ("runner_id", "import_id", "episode_id") or column.endswith(("report_id", "run_id", "set_id")):
                assert treatment[column] in (NEW_ID, DROP), (table, column)


def test_a_column_without_a_treatment_stops_the_export(squad: Store, tmp_path: Path, monkeypatch):
    runs = {**TREATMENTS["strength_days"], KEEP: ""}
    monkeypatch.setitem(TREATMENTS, "strength_days", runs)
    with pytest.raises(ConfigError, match="strength_days: nothing says how column kind is to be exported"):
        pseudonyms.export_all(squad, tmp_path / "all")
    assert list(tmp_path.iterdir()) == []


def test_no_id_name_date_text_or_file_name_is_left(squad: Store, analysts: Path):
    words = [GONE, STAYS, NAME, "Jörg", "canary", "otherscanary", "squad.csv", "Berlin", "strength_sheet", "2026-03"]
    words += squad.scan("imports").collect()["import_id"].str.slice(0, 12).to_list()
    for path in analysts.iterdir():
        content = path.read_bytes()
        text = content + (repr(pl.read_parquet(path).to_dicts()).encode() if path.suffix == ".parquet" else b"")
        assert [word for word in words if word.encode() in text] == [], path.name


def test_weekdays_gaps_and_joins_are_kept(squad: Store, analysts: Path):
    found = frames(analysts)
    before = squad.read(StrengthSets).group_by("runner_id").agg(pl.col("local_date").unique().sort(), n=pl.len())
    after = found["strength_sets"].group_by("runner_id").agg(pl.col("local_date").unique().sort(), n=pl.len())
    old, new = (frame.sort("n").rows() for frame in (before, after))
    assert len(old) == len(new) == 2
    for (_, old_days, n_old), (_, new_days, n_new) in zip(old, new, strict=True):
        shift = {b - a for a, b in zip(old_days, new_days, strict=True)}
        assert n_old == n_new
        assert len(shift) == 1
        [by] = shift
        assert by.days % 7 == 0
        assert timedelta(0) < abs(by) <= timedelta(weeks=26)
    runners = set(found["strength_sets"]["runner_id"])
    assert all(set(frame["runner_id"]) <= runners for frame in found.values())
    episodes, coverage = found["episodes"], found["onset_coverage"]
    assert coverage.join(episodes, on=["runner_id", "episode_id"], how="anti").is_empty()
    reports = set(found["ache_reports"]["ache_report_id"])
    assert set(episodes["ache_report_ids"].explode().drop_nulls()) <= reports
    assert episodes.height == squad.read(Episodes).height == 3
    assert found["advice"].height == squad.read(Advice).height


def test_typed_names_become_ids_of_the_catalogue_or_nothing(squad: Store, analysts: Path):
    found = frames(analysts)
    assert set(found["strength_sets"]["exercise_id"]) == {"single_leg_calf_raise_straight", "glute_bridge", None}
    assert found["ache_reports"]["site_id"].null_count() == 1
    assert squad.read(AcheReports)["site_key"].null_count() == 0


def test_kilometres_and_times_have_two_digits(demo_store: Store, tmp_path: Path):
    pseudonyms.export_all(demo_store, tmp_path / "all")
    runs = pl.read_parquet(tmp_path / "all" / "runs.parquet")
    assert runs.height == demo_store.scan("runs").collect().height > 0
    values = [float(value) for column in ("distance_m", "duration_s") for value in runs[column].drop_nulls()]
    assert all(value == float(f"{value:.2g}") for value in values)


def test_two_exports_have_no_id_in_common(squad: Store, analysts: Path, tmp_path: Path):
    pseudonyms.export_all(squad, tmp_path / "again")
    one, two = frames(analysts)["strength_sets"], frames(tmp_path / "again")["strength_sets"]
    assert one.height == two.height
    assert not set(one["set_id"]) & set(two["set_id"])
    assert not set(one["runner_id"]) & set(two["runner_id"])


def test_the_folder_can_be_read_by_its_owner_only(squad: Store, tmp_path: Path, open_umask: None):
    pseudonyms.export_all(squad, tmp_path / "all")
    assert mode(tmp_path / "all") == 0o700
    assert {mode(path) for path in (tmp_path / "all").iterdir()} == {0o600}
    assert [path.name for path in tmp_path.iterdir()] == ["all"]
    assert len(list((tmp_path / "all").iterdir())) == len(TABLES) + 1
