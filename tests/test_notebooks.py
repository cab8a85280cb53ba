"""Every notebook runs as committed, asks first, answers last what the functions say, and stores no output."""

import ast
import re
import resource
from collections.abc import Callable
from datetime import date, timedelta
from math import exp, log
from pathlib import Path

import nbformat
import polars as pl
import pytest

import runfix_analytics as rf
from docs.building import notebooks, site
from runfix_analytics.cohort_results import study_day
from runfix_analytics.tables import AcheReports, Coverage, Imports, KnownDays, Runs, StrengthSets

NOTEBOOKS = notebooks.paths()
CPU_SECONDS = 40  # 20 s on a quiet machine with two cores
SQUADS_OF_04 = [(scenario, number) for scenario in ("null", "effect", "rehab", "confounded") for number in range(3)]


def read(path: Path):
    return nbformat.read(path, as_version=4)


def code_of(path: Path) -> list[str]:
    return [cell.source for cell in read(path).cells if cell.cell_type == "code"]


def cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def answer_of(notebook) -> str:
    """What the last cell says, on one line and without emphasis."""
    return " ".join(notebook.cells[-1].outputs[0]["data"]["text/markdown"].replace("**", "").split())


def test_the_readme_has_each_notebook_with_its_question_and_an_answer():
    readme = (notebooks.FOLDER / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| \[\w+\]\((\w+)\.ipynb\) \| ([^|]+\?) \| [^|]{20,} \|$", readme, re.MULTILINE))
    asked = {path.stem: read(path).cells[0].source.splitlines()[0].removeprefix("# ") for path in NOTEBOOKS}
    assert len(asked) == 6
    assert rows == asked


def test_the_site_has_a_place_for_each_notebook():
    pages = set(site.NAV["Notebooks"].values()) - {"notebooks.md"}
    assert pages == {f"notebooks/{path.stem}.md" for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_stores_no_output(path):
    for cell in read(path).cells:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_first_and_answers_last_in_short_cells(path):
    cells = read(path).cells
    assert re.match(r"# .*\?$", cells[0].source.splitlines()[0])
    assert cells[-2].source.startswith("## Answer")
    assert cells[-1].cell_type == "code"
    assert "Markdown(" in cells[-1].source
    assert [cell.id for cell in cells if len(cell.source.splitlines()) > 36] == []
    assert 12 <= len(cells) <= 24


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_uses_public_names_only(path):
    tree = ast.parse("\n".join(code_of(path)))
    imports = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)}
    assert {line for line in imports if "runfix_analytics" in line} == {"import runfix_analytics as rf"}
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    of_rf = {node.attr for node in attributes if isinstance(node.value, ast.Name) and node.value.id == "rf"}
    assert of_rf <= set(rf.__all__)
    assert [node.attr for node in attributes if node.attr.startswith("_")] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_does_not_speak_of_risks_or_causes(path):
    said = " ".join(cell.source for cell in read(path).cells).lower()
    assert re.findall(r"injury risk|risk of|% risk|risk %|risk score|predicts|caused by|\bcauses\b", said) == []


# what each says, from the functions behind the public names or by another way


def what_the_logs_hold(store) -> list[str]:
    ledger, runs, sets = store.read(Imports), store.read(Runs), store.read(StrengthSets)
    duplicates = sets["duplicate_of"].count()
    return [
        f"{ledger.height} files of 12 runners were read, 1 of them damaged; {ledger['n_rejected'].sum()} rows",
        f"{runs.height - runs['duplicate_of'].count()} runs",
        f"{sets.height - duplicates} sets of strength work ({duplicates} more",
        f"{store.read(AcheReports).height} answers",
        "Never a set logged: Aoife O'Sullivan.",
        "Nothing from any source for four weeks: Luca Ferraro.",
    ]


def is_the_log_complete(store) -> list[str]:
    last = store.read(KnownDays)["local_date"].max()
    assert isinstance(last, date)
    window = store.read(KnownDays).filter(pl.col("local_date") > last - timedelta(days=28))
    n_areas = store.read(Coverage).filter(pl.col("local_date") == last)["coverage"]
    n_assumed = (window["evidence"] == "assumed").sum()
    return [
        f"{window['is_known'].sum()} of {window.height} days are known, {n_assumed} of them by assumption",
        f"{n_areas.null_count()} of {len(n_areas)} coverages",
        "not known: Aoife O'Sullivan, Luca Ferraro, Thandiwe Mokoena.",
        f"Read as zero, {n_areas.null_count()} of these would be called under target.",
    ]


def coverage_before_onset(store) -> list[str]:
    catalogue = rf.load_catalogue()
    squad = rf.simulate("rehab", n_runners=120, n_days=500, seed=2, catalogue=catalogue)
    study = rf.study(squad.logs, as_of=squad.last_day, catalogue=catalogue)
    naive = rf.naive_study(squad.logs, as_of=squad.last_day, catalogue=catalogue)

    def over_all(estimates, lag_days: int) -> str:
        row = estimates.row(
            by_predicate=(pl.col("estimator") == "lag")
            & pl.col("area_id").is_null()
            & (pl.col("lag_days") == lag_days),
            named=True,
        )
        return "{:.2f} ({:.2f} to {:.2f})".format(*(exp(row[name]) for name in ("log_ratio", "low", "high")))

    washed = study.exclusions.row(by_predicate=pl.col("reason") == "washed_out", named=True)
    assert sum(row["low"] > 0 for row in naive.filter(pl.col("estimator") == "naive").iter_rows(named=True)) == 5
    return [
        f"{rf.open(store.root).study().found.n_onsets} usable onsets; a ratio needs 50",
        f"the naive reading finds a ratio of {over_all(naive, 1)} over all areas, and 5 of 5 areas",
        f"The method finds {over_all(study.estimates, 21)} from {study.n_onsets} onsets",
        f"Washout cost {washed['n_onsets']} onsets",
    ]


def does_it_hold_up(_store) -> list[str]:
    catalogue = rf.load_catalogue()
    n_held = n_told = n_looks = n_by_chance = n_false = n_true = 0
    for scenario, number in SQUADS_OF_04:
        squad = rf.simulate(scenario, n_runners=90, n_days=420, seed=(4, number), catalogue=catalogue)
        study = rf.study(squad.logs, as_of=squad.last_day, catalogue=catalogue)
        truth = log(0.66) if scenario == "effect" else 0
        told = study.estimates.filter(pl.col("area_id").is_not_null(), pl.col("log_ratio").is_not_null())
        for row in told.filter(pl.col("estimator") == "pooled").iter_rows(named=True):
            n_told += 1
            n_held += row["low"] <= truth <= row["high"]
        confident = study.verdicts["verdict"].is_in(["fewer_onsets", "more_onsets"]).sum()
        if scenario == "effect":
            n_true += confident
            continue
        n_false += confident
        looks = told.filter(pl.col("estimator") == "lag")
        n_looks += looks.height
        n_by_chance += sum(not row["low"] <= 0 <= row["high"] for row in looks.iter_rows(named=True))
    return [
        f"{n_held} of {n_told} intervals hold the truth",
        f"{n_false} confident verdicts in 9 squads, although {n_by_chance} of {n_looks} looks",
        f"Where it does something: {n_true} confident verdicts in 3 squads. A true ratio of 0.66",
    ]


def your_own_area(store) -> list[str]:
    catalogue = rf.load_catalogue()
    n = len(catalogue.areas)
    return [
        f"{n + 1} areas in place of {n}; the new one is linked to {catalogue.symptoms['runners_knee'].name},",
        f"0 of the {store.read(Coverage).height} coverages of the other areas changed.",
        "of 12 runners on target, 3 not known",
        "Names left that nobody has explained: 0.",
        f"version went from `{catalogue.version}` to `",
    ]


def from_exports_to_a_table(_store) -> list[str]:
    """The same study without a file: from the made-up tables, by the Sunday that a night takes."""
    catalogue = rf.load_catalogue()
    squad = rf.simulate("effect", n_runners=60, n_days=500, seed=1, catalogue=catalogue)
    sunday, logs = study_day(squad.last_day), squad.logs
    found = rf.study(logs, as_of=sunday, catalogue=catalogue)
    aches = rf.episodes(logs.ache_reports, as_of=sunday, catalogue=catalogue)
    rates = rf.incidence(aches, logs.runs, logs.ache_reports, as_of=sunday, catalogue=catalogue)
    every = rates.row(by_predicate=pl.col("grouping") == "all", named=True)
    return [
        f"Aches begin {every['per_1000_h']:.1f} times in 1000 hours of running ({every['per_1000_h_low']:.1f} to "
        f"{every['per_1000_h_high']:.1f}), from {every['n_onsets']} onsets of 60 runners",
        f"{found.verdicts['log_ratio'].count()} of 5 areas have enough onsets",
        f"{found.n_onsets} onsets are left after {found.exclusions['n_onsets'].sum()} were excluded",
        "The true ratio is 0.66;",
    ]


ANSWERS: dict[str, Callable[..., list[str]]] = {
    "01_what_the_logs_hold": what_the_logs_hold,
    "02_is_the_log_complete": is_the_log_complete,
    "03_coverage_before_onset": coverage_before_onset,
    "04_does_it_hold_up": does_it_hold_up,
    "05_your_own_area": your_own_area,
    "06_from_exports_to_a_table": from_exports_to_a_table,
}


@pytest.mark.notebook
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom_and_answers_what_the_functions_say(path, demo_store):
    before = cpu_of_children()
    said = answer_of(notebooks.executed(path))
    assert cpu_of_children() - before < CPU_SECONDS
    assert [words for words in ANSWERS[path.stem](demo_store) if words not in said] == [], said


# how a notebook becomes a page


def test_a_page_has_words_code_tables_charts_and_text_and_nothing_of_a_notebooks_dress():
    rows = "<tr><td>&quot;a&quot;</td></tr>\n"
    table = f'<div><style>\n.dataframe {{}}</style><table border="1" class="dataframe">{rows}</table></div>'
    chart = '<svg><g class="mark-text role-title-text"><text x="1">Some &amp; title</text></g></svg>'
    shown = [
        {"output_type": "execute_result", "data": {"text/html": table, "text/plain": "a"}},
        {"output_type": "execute_result", "data": {"image/svg+xml": chart, "text/plain": "Chart"}},
        {"output_type": "stream", "name": "stdout", "text": "said\n"},
        {"output_type": "execute_result", "data": {"text/markdown": "\n- **a**\n", "text/plain": "Markdown"}},
    ]
    cells = [{"cell_type": "markdown", "source": "# [Why](x.md)?", "id": "cell-01"}]
    cells.append({"cell_type": "code", "source": "1 + 1", "id": "cell-02", "outputs": shown})
    made = dict(notebooks.page("a", nbformat.from_dict({"cells": cells}), lambda file, said: f"{file}: {said}"))
    drawn = made["notebooks/images/a_cell-02.svg"]
    assert re.sub(r"<style>.*?</style>", "", drawn) == chart != drawn
    assert made["notebooks/a.md"] == (
        "notebooks/a.ipynb: # [Why](x.md)?\n\n```python\n1 + 1\n```\n\n"
        '<div class="wide output"><div><table><tr><td>a</td></tr></table></div></div>\n\n'
        '<div class="wide" markdown>\n\n![Some &amp; title](images/a_cell-02.svg){ .chart }\n\n</div>\n\n'
        "```text\nsaid\n```\n\n- **a**\n"
    )


@pytest.mark.notebook
@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("open('left.txt', 'w').close()", "leaves behind: left.txt"),
        ("import warnings; warnings.warn('odd')", "warns: .*odd"),
    ],
)
def test_a_notebook_that_leaves_a_file_or_warns_is_refused(tmp_path, code, why):
    path = tmp_path / "bad.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), path)
    with pytest.raises(RuntimeError, match=why):
        notebooks.executed(path)
