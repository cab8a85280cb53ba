"""What lies below reports/: pages in two voices, tables with the pages' numbers, PDFs, and the squad's settings."""

import csv
import io
import shutil
import sys
from datetime import date, timedelta

import polars as pl
import pypdfium2
import pytest
from click.testing import CliRunner

from runfix_analytics import night, publishing
from runfix_analytics.cli import main
from runfix_analytics.errors import ConfigError
from runfix_analytics.page_results import stored_results
from runfix_analytics.reports import pdf
from runfix_analytics.reports.csv_file import csv_bytes
from runfix_analytics.reports.wording import languages
from runfix_analytics.settings import Settings, read_settings
from runfix_analytics.store import Store
from runfix_analytics.tables import Coverage, Episodes, Runners

try:
    import weasyprint
except OSError:
    weasyprint = None

needs_pango = pytest.mark.skipif(weasyprint is None, reason="no Pango on this machine: no PDF is laid out")
MAX_SHEETS = 2
PORTRAIT, LANDSCAPE = (595, 842), (842, 595)


def table(path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))


def files_of(store: Store, runner: str) -> set[str]:
    return {path.name for path in publishing.runner_page_path(store.root, runner).parent.iterdir()}


def of(store: Store, *runners: str):
    return Runners.validate(store.runners(store.catalogue()).filter(pl.col("runner_id").is_in(runners)))


# tables


def test_every_page_has_its_table_beside_it(demo_store):
    reports = demo_store.root / "reports"
    assert {"index.html", "squad.csv", "exercises.html", "cohort.html", "cohort.csv"} <= {
        path.name for path in reports.iterdir()
    }
    for runner in demo_store.runners(demo_store.catalogue())["runner_id"]:
        assert files_of(demo_store, runner) == {"index.html", "runner.html", "weeks.csv", "aches.csv"}


def test_the_last_week_of_a_runners_table_is_the_stored_coverage_of_the_day(demo_store, demo_day):
    stored = demo_store.read(Coverage).filter(pl.col("local_date") == demo_day)
    told = {
        (row["runner_id"], row["area_id"]): (row["coverage"], row["status"], row["hard_sets"])
        for path in (demo_store.root / "reports").glob("*/weeks.csv")
        for row in table(path)
        if row["week_end"] == str(demo_day) and row["status"]
    }
    expected = {
        (row["runner_id"], row["area_id"]): (
            "" if row["coverage"] is None else f"{round(row['coverage'], 4):g}", row["status"],
            f"{row['hard_sets']:g}",
        )
        for row in stored.iter_rows(named=True)
    }  # fmt: skip
    assert told == expected


def test_a_runners_table_has_a_row_for_every_week_and_area_and_km_not_known_is_empty(demo_store, demo_day):
    catalogue = demo_store.catalogue()
    everybody = demo_store.runners(catalogue)
    for results in stored_results(demo_store, everybody, demo_day, catalogue):
        rows = table(demo_store.root / "reports" / results.runner_id / "weeks.csv")
        assert [(row["week_end"], row["area_id"]) for row in rows] == [
            (str(week.end), area) for week in results.weeks for area in catalogue.areas
        ]
        for week, row in zip(results.weeks, rows[:: len(catalogue.areas)], strict=True):
            known = week.distance_m is not None
            assert (row["km_run"] != "", row["has_spike"] != "") == (known, known)


def test_the_table_of_aches_has_the_stored_episodes(demo_store):
    stored = demo_store.read(Episodes)
    told = [row for path in (demo_store.root / "reports").glob("*/aches.csv") for row in table(path)]
    assert {(row["runner_id"], row["episode_id"], row["onset_on"]) for row in told} == {
        (row["runner_id"], row["episode_id"], str(row["onset_on"])) for row in stored.iter_rows(named=True)
    }
    assert len(told) == stored.height > 0


def test_the_squads_table_is_in_the_order_of_the_page(demo_store):
    page = publishing.squad_page_path(demo_store.root).read_text(encoding="utf-8")
    rows = table(demo_store.root / "reports" / "squad.csv")
    assert [row["place"] for row in rows] == [str(place) for place in range(1, len(rows) + 1)]
    places = [page.index(f'href="{row["runner_id"]}/index.html"') for row in rows]
    assert places == sorted(places)
    assert len(rows) == len(demo_store.runners(demo_store.catalogue()))


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""), (True, "yes"), (False, "no"), (0.75, "0.75"), (1 / 3, "0.3333"), (12345.678, "12345.678"),
        (0.0, "0"), (-2.5, "-2.5"), (date(2026, 3, 31), "2026-03-31"), ("-2.5", "-2.5"), ("=1+1", "'=1+1"),
        ("  @x", "'@x"), ("-", "'-"), ("+49 30", "'+49 30"), ("a\r\nb", "a b"), ("\u202ea", "a"), (7, "7"),
    ],
)  # fmt: skip
def test_a_cell_is_plain_and_never_a_formula(value, cell):
    content = csv_bytes(["head"], [[value, "end"]]).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(content, newline=""))) == [["head"], [cell, "end"]]


# settings, languages


def test_without_a_file_the_settings_are_the_usual_ones(tmp_path):
    assert read_settings(tmp_path / "settings.toml") == Settings("en", pdf=False)


def test_settings_are_read(tmp_path):
    (tmp_path / "settings.toml").write_text('language = "DE"\npdf = true\n', encoding="utf-8-sig")
    assert read_settings(tmp_path / "settings.toml") == Settings("de", pdf=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('language = "xx"', f'language: there is no language "xx"; there are: {", ".join(languages())}'),
        ("language = 7", "language: must be a text in quotes"),
        ('pdf = "yes"', "pdf: must be true or false"),
        ("colour = 1", 'there is no setting "colour"; there are: language, pdf'),
        ("pdf = ", "is not TOML in UTF-8"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, text, said):
    (tmp_path / "settings.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"settings\.toml") as error:
        read_settings(tmp_path / "settings.toml")
    assert said in str(error.value)


def test_the_coach_reads_a_runner_in_the_squads_language_and_the_runner_in_their_own(demo_copy, demo_day):
    first, second = demo_copy.runners(demo_copy.catalogue())["runner_id"][:2]
    (demo_copy.root / "settings.toml").write_text('language = "de"\n', encoding="utf-8")
    lines = (demo_copy.root / "runners.csv").read_text(encoding="utf-8").splitlines()
    told = [f"{lines[0]},language", *(f"{line},{'en' if line.startswith(first) else ''}" for line in lines[1:])]
    (demo_copy.root / "runners.csv").write_text("\n".join(told), encoding="utf-8")
    publishing.publish_runners(demo_copy, of(demo_copy, first, second), demo_day)
    publishing.publish_squad(demo_copy, demo_day)
    reports = demo_copy.root / "reports"
    pages = ["exercises.html", *(f"{runner}/{name}.html" for runner in (first, second) for name in ("index", "runner"))]
    spoken = {
        name: (reports / name).read_text(encoding="utf-8").split('lang="')[1][:2]
        for name in ("index.html", "cohort.html", *pages)
    }
    assert spoken == dict.fromkeys(spoken, "de") | {f"{first}/runner.html": "en"}
    assert {row["name"] for row in table(reports / "cohort.csv") if row["section"] == "weeks"} == {"Alle Beschwerden"}
    assert {row["reason"] for row in table(reports / "squad.csv") if row["need"] == "fine"} == {"alle Bereiche im Ziel"}


def test_a_language_that_is_not_there_is_named_with_its_line(demo_copy):
    lines = (demo_copy.root / "runners.csv").read_text(encoding="utf-8").splitlines()
    (demo_copy.root / "runners.csv").write_text(f"{lines[0]},language\n{lines[1]},klingon\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r'runners.csv line 2, language: there is no language "klingon"'):
        demo_copy.runners(demo_copy.catalogue())


def test_a_runner_is_added_with_a_language_only_where_the_list_has_a_column_for_it(tmp_path):
    store = Store.create(tmp_path / "squad")
    runner = store.add_runner("Ann", store.catalogue(), language="de")
    assert (
        store.runners(store.catalogue()).row(by_predicate=pl.col("runner_id") == runner, named=True)["language"] == "de"
    )
    old = "runner_id,time_zone,units,equipment,active_from,active_to,strength_log\n"
    (store.root / "runners.csv").write_text(old, encoding="utf-8")
    with pytest.raises(ConfigError, match=r'runners\.csv: there is no column "language"'):
        store.add_runner("Ben", store.catalogue(), language="de")
    assert store.names() == {runner: "Ann"}
    assert [path.name for path in (store.root / "inbox").iterdir()] == [runner]
    store.add_runner("Ben", store.catalogue())
    assert store.runners(store.catalogue())["language"].to_list() == [None]


def test_a_runner_is_added_to_lists_that_an_older_spreadsheet_saved(tmp_path):
    store = Store.create(tmp_path / "squad")
    (store.root / "names.csv").write_bytes("runner_id,name\nr1,Zoë Müller\n".encode("cp1252"))
    runner = store.add_runner("Łukasz", store.catalogue())
    assert store.names() == {"r1": "Zoë Müller", runner: "Łukasz"}


# PDF


@needs_pango
def test_pages_become_pdfs_of_at_most_two_sheets_and_stale_ones_go(demo_copy, demo_day, run_night):
    ids = list(demo_copy.runners(demo_copy.catalogue())["runner_id"])
    (demo_copy.root / "settings.toml").write_text("pdf = true\n", encoding="utf-8")
    assert run_night(demo_copy.root, demo_day, ("publish", night.SQUAD)).failures == ()
    reports = demo_copy.root / "reports"
    sheets = {}
    for path in reports.rglob("*.pdf"):
        with pypdfium2.PdfDocument(path) as document:
            sheets[path.relative_to(reports).as_posix()] = [
                (round(sheet.get_width()), round(sheet.get_height())) for sheet in document
            ]
    expected = {
        "index.pdf",
        "exercises.pdf",
        *(f"{runner}/{name}.pdf" for runner in ids for name in ("index", "runner")),
    }
    assert set(sheets) == expected
    assert set(sheets.pop("index.pdf")) == {LANDSCAPE}
    assert sheets.pop("exercises.pdf") == [PORTRAIT] * 4
    assert {name: pages for name, pages in sheets.items() if set(pages) != {PORTRAIT} or len(pages) > MAX_SHEETS} == {}
    publishing.publish_runners(demo_copy, of(demo_copy, ids[0]), demo_day)
    publishing.publish_squad(demo_copy, demo_day)
    assert list(reports.glob("*.pdf")) == list((reports / ids[0]).glob("*.pdf")) == []
    assert list((reports / ids[1]).glob("*.pdf"))


@needs_pango
def test_a_pdf_says_what_its_page_says_and_is_the_same_each_time(demo_store):
    page = (demo_store.root / "reports" / "4e5ghujn" / "index.html").read_text(encoding="utf-8")
    content = pdf.pdf_bytes(page)
    assert content == pdf.pdf_bytes(page)
    with pypdfium2.PdfDocument(content) as document:
        said = "".join(sheet.get_textpage().get_text_bounded() for sheet in document)
    said = "".join(said.split())
    for word in ("Łukasz", "Hamstrings", "Weekto25Oct2026", "Notknownisnotzero"):
        assert word in said


@needs_pango
def test_a_pdf_fetches_nothing(caplog):
    pdf.pdf_bytes('<p>x</p><img src="http://made.up/x.png"><link rel="stylesheet" href="file:///etc/passwd">')
    refused = [record for record in caplog.records if "disallowed protocol" in record.getMessage()]
    assert len(refused) == 2


def test_without_what_lays_pdfs_out_a_night_publishes_all_pages_and_says_so(
    demo_copy, demo_day, run_night, monkeypatch
):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    (demo_copy.root / "settings.toml").write_text("pdf = true\n", encoding="utf-8")
    done = run_night(demo_copy.root, demo_day, ("publish", night.SQUAD))
    assert done.counts["pages"] == 12 + 3
    assert {(failure.stage, failure.runner_id) for failure in done.failures} == {("pdf", "")}
    assert all("pip install" in failure.reason for failure in done.failures)
    assert done.exit_code == 3


def test_without_what_lays_it_out_a_pdf_is_refused_in_one_line(demo_copy, monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    result = CliRunner().invoke(main, ["report", "--root", str(demo_copy.root), "--pdf", "--runner", "4e5ghujn"])
    assert result.exit_code == 1
    assert "pip install 'runfix-analytics[pdf]'" in result.output


# the command


def test_report_compares_with_the_report_of_the_day_asked_for(demo_copy, demo_day, run_night):
    for weeks in (8, 4):
        run_night(demo_copy.root, demo_day - timedelta(weeks=weeks), ("survey", "assess"))
    run_night(demo_copy.root, demo_day, ("survey", "study", "assess"))

    def heading(*options: str) -> str:
        given = ["report", "--root", str(demo_copy.root), "--runner", "4e5ghujn", *options]
        assert CliRunner().invoke(main, given).exit_code == 0
        page = publishing.runner_page_path(demo_copy.root, "4e5ghujn").read_text(encoding="utf-8")
        return page.split("Since the report of ")[1].split("<")[0]

    assert heading() == "27 Sept"
    assert heading("--since", "2026-09-01") == "30 Aug"
    result = CliRunner().invoke(main, ["report", "--root", str(demo_copy.root), "--since", str(demo_day)])
    assert (result.exit_code, "--since must lie before" in result.output) == (2, True)


def test_a_report_of_a_day_that_is_not_studied_leaves_no_page_of_another_study(demo_copy, demo_day):
    pages = [publishing.cohort_page_path(demo_copy.root).with_suffix(suffix) for suffix in (".html", ".csv")]
    assert all(page.exists() for page in pages)
    (demo_copy.root / "results" / "cohort.json").write_text('{"as_of": "2020-01-05", "tables": {}}', encoding="utf-8")
    result = CliRunner().invoke(main, ["report", "--root", str(demo_copy.root)])
    assert result.exit_code == 0
    assert not any(page.exists() for page in pages)
    assert "cohort.html" not in result.output
    assert "cohort.html" not in publishing.squad_page_path(demo_copy.root).read_text(encoding="utf-8")


def test_report_opens_the_page_asked_for(demo_copy, monkeypatch):
    opened = []
    monkeypatch.setattr("click.launch", opened.append)
    for options in (["--list"], ["--list", "--runner", "4e5ghujn"]):
        assert CliRunner().invoke(main, ["report", "--root", str(demo_copy.root), "--open", *options]).exit_code == 0
    pages = publishing.squad_page_path(demo_copy.root), publishing.runner_page_path(demo_copy.root, "4e5ghujn")
    assert opened == [str(page) for page in pages]


def test_a_runner_without_a_name_has_a_page_that_is_listed(demo_copy):
    shutil.copy(demo_copy.root / "names.csv", demo_copy.root / "kept.csv")
    (demo_copy.root / "names.csv").write_text("runner_id,name\n", encoding="utf-8")
    listed = CliRunner().invoke(main, ["report", "--root", str(demo_copy.root), "--list"]).output
    assert all(runner in listed for runner in demo_copy.runners(demo_copy.catalogue())["runner_id"])
