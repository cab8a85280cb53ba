"""The files below reports/, from what is stored: pages, tables for spreadsheets, and PDFs where they are wanted.

    reports/
      index.html  squad.csv          the squad's page, and its numbers
      cohort.html  cohort.csv        coverage against onset
      exercises.html                 every move that may be advised, and how it is done
      <runner>/index.html            the coach's page of a runner
      <runner>/runner.html           the same in words for the runner
      <runner>/weeks.csv  aches.csv  the numbers of both

A PDF lies beside its page under the page's name. Each file is written aside and renamed: readers see whole files only.
"""

from collections.abc import Iterable
from datetime import date

import dataframely as dy
import polars as pl

from runfix_analytics import squad_lines
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.cohort_results import CohortResults, read_cohort
from runfix_analytics.errors import StoreError
from runfix_analytics.page_results import stored_results
from runfix_analytics.places import Place
from runfix_analytics.reports import cohort_csv, cohort_page, csv_tables, exercise_sheet, runner_page, squad_page
from runfix_analytics.reports.csv_file import csv_bytes
from runfix_analytics.reports.pdf import pdf_bytes
from runfix_analytics.reports.wording import RUNNER, Wording, wording
from runfix_analytics.squad_lines import SquadLine, squad_line
from runfix_analytics.store import Store
from runfix_analytics.tables import Runners


def publish_runners(store: Store, runners: dy.DataFrame[Runners], as_of: date, *, since: date | None = None) -> None:
    """Writes the pages and tables of these runners; a PDF of an earlier night goes, for it would not agree with them.

    `since`: compared with the newest report of that day or before.
    Raises: StoreError for a runner who has not been assessed for that day.
    """
    catalogue, settings = store.catalogue(), store.settings()
    coachs, lines = wording(settings.language), dict[str, SquadLine]()
    for results in stored_results(store, runners, as_of, catalogue, since=since):
        coach_page, own_page = runner_pages(store.root, results.runner_id)
        own = wording(results.language or settings.language, RUNNER)
        for path, w in ((coach_page, coachs), (own_page, own)):
            _write_page(store, path, runner_page.render(results, catalogue, w))
        weeks = csv_bytes(csv_tables.WEEK_COLUMNS, csv_tables.week_rows(results, catalogue))
        store.write_private(coach_page.with_name("weeks.csv"), weeks)
        aches = csv_bytes(csv_tables.ACHE_COLUMNS, csv_tables.ache_rows(results))
        store.write_private(coach_page.with_name("aches.csv"), aches)
        lines[results.runner_id] = squad_line(results, catalogue, coachs)
    squad_lines.keep(store, lines)


def write_pdfs(store: Store, pages: Iterable[Place]) -> None:
    """Writes a PDF beside each of these pages that is there.

    Raises: ConfigError where what lays them out is missing; the pages stay as they are.
    """
    for page in pages:
        if page.exists():
            store.write_private(page.with_suffix(".pdf"), pdf_bytes(page.read_text(encoding="utf-8")))


def publish_squad(store: Store, as_of: date, unchanged: Iterable[str] = (), *, is_cohort_current: bool = False) -> int:
    """Writes the squad's pages and tables; a runner without an assessment is named as such. Returns the pages.

    They are in the squad's language; ids and columns of the tables are the same in every language. `unchanged`: runners
    whose pages show what is stored, so that what was kept of them with their pages need not be made again;
    `is_cohort_current`: the page on coverage against onset shows what was found, and stays.
    Raises: StoreError when nobody has been assessed for that day.
    """
    catalogue, settings = store.catalogue(), store.settings()
    w = wording(settings.language)
    everybody, names = store.runners(catalogue), store.names()
    there = _assessed(store, everybody, as_of)
    assessed = set(there["runner_id"])
    missing = [runner for runner in everybody["runner_id"] if runner not in assessed]
    studied = read_cohort(store, as_of)
    kept = squad_lines.kept(store, assessed.intersection(unchanged))
    others = Runners.cast(there.filter(~pl.col("runner_id").is_in(list(kept))))
    results_of = stored_results(store, others, as_of, catalogue) if others.height else ()
    made = [squad_line(results, catalogue, w) for results in results_of]
    found = sorted([*kept.values(), *made], key=lambda of: squad_page.by_need(of.line))
    absent = [names.get(runner, runner) for runner in missing]
    lines, rows_of = [of.line for of in found], {of.line.runner_id: of.row for of in found}
    page = squad_page.render(lines, absent, as_of, catalogue, w, is_studied=studied is not None, rows=rows_of)
    _write_page(store, squad_page_path(store.root), page)
    rows = ((place, *of.cells) for place, of in enumerate(found, 1))
    table = csv_bytes(csv_tables.squad_columns(catalogue), rows)
    store.write_private(squad_page_path(store.root).with_name("squad.csv"), table)
    _write_page(store, exercise_sheet_path(store.root), exercise_sheet.render(catalogue, w))
    if studied is None:
        _remove_cohort(store)
        return 2
    if not is_cohort_current:
        _write_cohort(store, studied, catalogue, w)
    return 3


def _write_cohort(store: Store, studied: CohortResults, catalogue: Catalogue, w: Wording) -> None:
    path, of = cohort_page_path(store.root), (studied.found, studied.incidence, studied.prevalence)
    as_of, n_runners = studied.as_of, studied.n_runners
    page = cohort_page.render(*of, as_of=as_of, n_runners=n_runners, catalogue=catalogue, w=w)
    store.write_private(path, page.encode())
    header, *rows = cohort_csv.csv_rows(*of, as_of=as_of, n_runners=n_runners, catalogue=catalogue, w=w)
    store.write_private(path.with_suffix(".csv"), csv_bytes(header, rows))


def _remove_cohort(store: Store) -> None:
    """A page of another day or version would stay beside the others, and no link leads to it."""
    for suffix in (".html", ".csv", ".pdf"):
        cohort_page_path(store.root).with_suffix(suffix).unlink(missing_ok=True)


def _write_page(store: Store, path: Place, page: str) -> None:
    store.write_private(path, page.encode())
    path.with_suffix(".pdf").unlink(missing_ok=True)


def _assessed(store: Store, runners: dy.DataFrame[Runners], as_of: date) -> dy.DataFrame[Runners]:
    assessed = store.scan("advice").filter(pl.col("as_of") == as_of).select("runner_id").unique().collect()
    if assessed.is_empty() and not runners.is_empty():
        raise StoreError(f"nobody is assessed for {as_of}; run: runfix assess --as-of {as_of}")
    return Runners.cast(runners.join(assessed, on="runner_id", how="semi"))


def runner_page_path(root: Place, runner_id: str) -> Place:
    """Where a runner's page for the coach lies; the path holds the id only."""
    return root / "reports" / runner_id / "index.html"


def runner_pages(root: Place, runner_id: str) -> tuple[Place, Place]:
    """Where a runner's two pages lie: the coach's, and the runner's own."""
    page = runner_page_path(root, runner_id)
    return page, page.with_name("runner.html")


def runner_files(store: Store, runner_id: str) -> tuple[Place, ...]:
    """All files that a runner's publishing leaves, with PDFs where the squad wants them every night."""
    pages = runner_pages(store.root, runner_id)
    pdfs = tuple(page.with_suffix(".pdf") for page in pages) if store.settings().pdf else ()
    return (*pages, pages[0].with_name("weeks.csv"), pages[0].with_name("aches.csv"), *pdfs)


def squad_files(store: Store, n_pages: int) -> tuple[Place, ...]:
    """All files that the publishing of the squad's pages leaves, so many pages."""
    squad, sheet = squad_page_path(store.root), exercise_sheet_path(store.root)
    cohort = cohort_page_path(store.root)
    studied = (cohort, cohort.with_suffix(".csv")) if n_pages > len((squad, sheet)) else ()
    pdfs = tuple(page.with_suffix(".pdf") for page in (squad, sheet)) if store.settings().pdf else ()
    return (squad, squad.with_name("squad.csv"), sheet, *studied, *pdfs)


def squad_page_path(root: Place) -> Place:
    """Where the squad's page lies."""
    return root / "reports" / "index.html"


def exercise_sheet_path(root: Place) -> Place:
    """Where the exercise sheet lies, for everybody."""
    return root / "reports" / "exercises.html"


def cohort_page_path(root: Place) -> Place:
    """Where the page on coverage against onset lies, for the analyst and the head coach."""
    return root / "reports" / "cohort.html"
