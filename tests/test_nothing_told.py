"""What a night leaves behind for everybody to read, its log and its record, holds no name and nothing about health.

The same of Prefect: see test_flow.
"""

import io
import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

from runfix_analytics.cli import main
from runfix_analytics.errors import without_quotes
from runfix_analytics.runs import records
from runfix_analytics.sample_files import Activity, run_fit
from runfix_analytics.store import Store

DAY = date(2026, 3, 29)
RUNNER = "r7"
NAME = "Canaria Quillfeather"
CANARIES = (
    "canaria", "quillfeather", "canaryfile", "canarynote", "canarymove", "canarydate", "canarysite", "canaryheading",
    "canarymember", "canaryother", "canaryfolder", "canarymark", "canaryunits", "canarykey", "throbs",
)  # fmt: skip
SHEET = "date,exercise,sets,reps,seconds,weight,side,rir,notes\n"
FORM = "runner,report_id,date_reported,onset_date,site,side,pain_worst_0_10,notes\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A runner whose files have something wrong in every place where a word of a file may be repeated."""
    store = Store.create(tmp_path / "squad")
    store.write_private(
        store.root / "runners.csv",
        f"runner_id,time_zone,units,equipment,active_from,active_to,strength_log\n{RUNNER},,metric,,,,partial\n".encode(),
    )
    store.write_private(store.root / "names.csv", f"runner_id,name\n{RUNNER},{NAME}\n".encode())
    sheet = SHEET + "2026-03-20,canarymove,3,12,,,,2,canarynote it throbs\n2026-03-canarydate,plank,1,1,,,,,\n"
    form = FORM + ",a1,2026-03-16,,canarysite throbs,left,4,canarynote\n,a2,2026-03-26,,shin,left,5,canarynote\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        zipped.writestr(f"{NAME} canarymember.csv", sheet.replace("2026-03-20", "2026-03-21"))
        zipped.writestr("canaryother Quillfeather.docx", b"canarynote")
    fit = run_fit(Activity(datetime(2026, 3, 28, 9, tzinfo=UTC), 2400, 8000.0, title="Run"), Random(1))
    files = {
        f"{NAME} canaryfile.csv": sheet.encode(),
        "canaryfile aches.csv": form.encode(),
        "canaryfile.csv": b"canaryheading,throbs\n1,2\n",
        "canaryfile.fit": fit[: len(fit) * 3 // 5],
        "canaryfile lost.csv": (SHEET + "canarydate,canarymove,1,1,,,,,canarynote\n").encode(),
        "canaryfile.zip": packed.getvalue(),
        "canaryfile broken.zip": packed.getvalue()[:40],
    }
    for name, content in files.items():
        store.write_private(store.root / "inbox" / RUNNER / name, content)
    store.write_private(store.root / "inbox" / f"canaryfolder {NAME}" / "x.csv", sheet.encode())
    return store


def runfix(store: Store, *words: object) -> Result:
    result = CliRunner().invoke(main, [*map(str, words), "--root", str(store.root)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def told(store: Store, result: Result, caplog: pytest.LogCaptureFixture) -> set[str]:
    """The words of CANARIES in what a night said and left."""
    assert records(store.root)
    said = result.output + result.stderr + caplog.text + json.dumps(records(store.root), ensure_ascii=False)
    return {word for word in CANARIES if word in said.casefold()}


def test_a_night_with_rejects_warnings_and_damage_tells_no_word_of_a_file(store: Store, caplog):
    result = runfix(store, "nightly", "--as-of", DAY)
    assert result.exit_code == 3
    assert told(store, result, caplog) == set()
    n_bad = int(result.output.partition("files bad: ")[2].partition(",")[0])
    assert n_bad >= 4
    assert f"import: {RUNNER}: files left out or damaged: {n_bad}; which and why: runfix imports" in result.stderr
    assert "import: a folder of the inbox: is no runner of runners.csv" in result.stderr
    listed = runfix(store, "imports", "--runner", RUNNER).output + runfix(store, "imports", "--rejects").output
    assert {"canaryfile", "canarymember", "canaryother", "canarydate", "canarysite"} <= {
        word for word in CANARIES if word in listed.casefold()
    }


@pytest.mark.parametrize(
    ("name", "line", "where"),
    [
        (
            "marks.csv",
            'runner_id,mark,from_on,to_on\nr7,"canarymark ""throbs"" at night",2026-03-01,\n',
            "line 2, mark",
        ),
        ("marks.csv", "runner_id,mark,from_on,to_on\nr7,ill,canarydate,\n", "line 2, from_on"),
        ("runners.csv", "r8,,canaryunits,,,,\n", "line 3, units"),
        ("runners.csv", "Canaria Quillfeather,,metric,,,,\n", "line 3, runner_id"),
        ("settings.toml", 'canarykey = "throbs"\n', "settings.toml"),
        ("headings.toml", '[headings]\n"canarykey throbs" = 3\n', "headings.toml"),
        ("exercises.local.toml", '[aliases]\n"canarykey throbs" = "canarymove"\n', "exercises.local.toml"),
    ],
)
def test_a_wrong_cell_of_a_list_is_told_by_its_place_and_not_by_what_it_says(store: Store, caplog, name, line, where):
    path = store.root / name
    store.write_private(path, (path.read_bytes() if path.exists() else b"") + line.encode())
    result = runfix(store, "nightly", "--as-of", DAY)
    assert result.exit_code in {1, 3}
    assert told(store, result, caplog) == set()
    assert where in result.stderr + json.dumps(records(store.root))


def test_all_between_the_first_and_the_last_quotation_mark_is_left_out():
    assert without_quotes('marks.csv line 2: "a "knee" b" is none of x') == 'marks.csv line 2: "…" is none of x'
    assert without_quotes('a: "one\ntwo" and "three"; mend it') == 'a: "…"; mend it'
    assert without_quotes("nothing quoted") == "nothing quoted"
