"""What the documents show is run as it stands in them, every fenced block of every one of them.

Blocks of Python and shell run in order in a folder that stands for the reader's home; blocks of TOML are read by
what they are for; an `output` block is held against what the block before it printed. What cannot run in a test stands,
with the reason, in documents_not_run.toml, and its form is looked at by document_forms.py.
"""

import inspect
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import click
import cyclopts
import document_forms as form
import pytest
from click.testing import CliRunner
from documents import ROOT, Desk, blocks, commands, documents, inline, run_python, without_blocks

from runfix_analytics.cli import main
from runfix_analytics.rawlog import RawLog
from runfix_analytics.readers import ache_form, polar_json
from runfix_analytics.sourcefile import SourceFile
from runfix_analytics.store import ID_LENGTH, Store
from runfix_analytics.tables import Imports
from tests import messages

WITH_BLOCKS = [str(path.relative_to(ROOT)) for path in documents() if blocks(path)]
SAMPLE = ROOT / "data" / "sample"
SAMPLES = ROOT / "tests" / "samples"


def not_run() -> dict[str, dict[str, Callable[[str], object]]]:
    """Document → command, or first line of a block that is not shell → what looks at its form."""
    listed = tomllib.loads((Path(__file__).parent / "documents_not_run.toml").read_text(encoding="utf-8"))
    return {
        document: {one["line"]: getattr(form, one["form"]) for one in lines if one["why"]}
        for document, lines in listed.items()
    }


NOT_RUN = not_run()


def runfix(*words: object) -> str:
    result = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


# what each document needs before its first block


def at_the_demo(desk: Desk, request: pytest.FixtureRequest) -> None:
    """Where `make demo` has been."""
    (desk.folder / "build").mkdir()
    (desk.folder / "build" / "demo").symlink_to(request.getfixturevalue("demo_store").root)
    (desk.folder / "data").symlink_to(ROOT / "data")


def in_a_checkout(desk: Desk, _: pytest.FixtureRequest) -> None:
    """The checkout, but what is written to it: that goes to a folder of the same name."""
    for name in ("tests", "data"):
        (desk.folder / name).symlink_to(ROOT / name)
    (desk.folder / "runfix_analytics" / "reports" / "languages").mkdir(parents=True)
    desk.names |= {"SourceFile": SourceFile, "RawLog": RawLog, "Iterable": Iterable, "Iterator": Iterator}


def with_exports(desk: Desk, _: pytest.FixtureRequest) -> None:
    """Exports of a runner's own: a strength app's, a folder of a watch's, the ache form."""
    inbox = SAMPLE / "inbox" / "qqesaq9m"
    (desk.folder / "activities").mkdir()
    for path in sorted(inbox.glob("*.fit"))[:3]:
        shutil.copy(path, desk.folder / "activities")
    shutil.copy(inbox / "strong.csv", desk.folder)
    (desk.folder / "aches.csv").write_text(ache_form.template(), encoding="utf-8")


def with_the_coachs_squad(desk: Desk, request: pytest.FixtureRequest) -> None:
    """What docs/coach.md leaves: `squad`, with Ann Example in it, after a night."""
    coach: Desk = request.getfixturevalue("tried")("docs/coach.md")
    shutil.copytree(coach.folder / "squad", desk.folder / "squad")


def in_an_environment(desk: Desk, request: pytest.FixtureRequest) -> None:
    """The coach's squad; the environment is made without pip, which nothing here uses."""
    with_the_coachs_squad(desk, request)
    desk.said_for = {"python3 -m venv": "python3 -m venv --without-pip"}


def on_the_operators_machine(desk: Desk, request: pytest.FixtureRequest) -> None:
    """The coach's squad below /srv, with an archive of 2019 in it."""
    with_the_coachs_squad(desk, request)
    squad = desk.folder / "srv" / "squad"
    for folder in ("srv/backup", "home/coach", "home/analyst"):
        (desk.folder / folder).mkdir(parents=True)
    (desk.folder / "squad").rename(squad)
    [runner] = Store(squad).names()
    archive = squad / "inbox" / runner / "2019" / "strava.zip"
    archive.parent.mkdir()
    with ZipFile(archive, "w") as to:
        to.write(SAMPLES / "strava_csv" / "july_2019.csv", "activities.csv")
    runfix("import", "--root", squad)
    imports = Store(squad).read(Imports)
    [import_id] = imports.filter(imports["file_name"] == "2019/strava.zip")["import_id"]
    desk.said_for = {
        "/srv/": f"{desk.folder}/srv/",
        "/home/": f"{desk.folder}/home/",
        "rk3x9q2m": runner,
        "3f2a9c01b2d4": import_id[:ID_LENGTH],
        # nobody is there to be asked
        'runfix erase "Ann Example"': 'runfix erase "Ann Example" --yes',
    }

    def keep(text: str) -> None:
        name = {"headings": "headings.toml", "aliases": "exercises.local.toml"}[next(iter(tomllib.loads(text)))]
        (squad / name).write_text(text, encoding="utf-8")

    desk.read = {"toml": keep}


NEEDS = {
    "README.md": with_exports,
    "CONTRIBUTING.md": in_a_checkout,
    "docs/analyst.md": at_the_demo,
    "docs/install.md": in_an_environment,
    "docs/operator.md": on_the_operators_machine,
    "docs/privacy.md": with_the_coachs_squad,
}


# what each document leaves, looked at in the test that runs it: with several processes it runs once


def pages_of_what_is_imported(desk: Desk) -> None:
    squad = desk.folder / "squad"
    assert set(Store(squad).read(Imports)["status"]) == {"imported"}
    assert len(list((squad / "reports").glob("*/index.html"))) == 1
    assert str(Path("squad") / "reports" / "index.html") in desk.printed


def a_page_with_the_name_and_a_mark(desk: Desk) -> None:
    [page] = (desk.folder / "squad" / "reports").glob("*/index.html")
    assert "Ann Example" in page.read_text(encoding="utf-8")
    assert "seen_by_physio" in (desk.folder / "squad" / "marks.csv").read_text(encoding="utf-8")


def what_was_handed_out_and_no_page(desk: Desk) -> None:
    assert (desk.folder / "ann.zip").is_file()
    assert list((desk.folder / "squad" / "reports").glob("*/index.html")) == []
    assert list((desk.folder / "for-analysts").glob("*.parquet"))


def nothing_of_what_was_taken_back_and_words_that_are_read(desk: Desk) -> None:
    store, again = Store(desk.folder / "srv" / "squad"), Store(desk.folder / "srv" / "squad-again")
    assert store.names() == {}
    assert list(again.names().values()) == ["Ann Example"]
    assert "imported" in set(again.read(Imports)["status"])
    columns = ache_form.template().partition("\n")[0].split(",")
    assert store.headings()
    assert set(store.headings().values()) <= set(columns)
    found = store.catalogue().find_exercise("Lena's finisher")
    assert found is not None
    assert found.id == "single_leg_calf_raise_straight"
    with ZipFile(desk.folder / "home" / "coach" / "ann.zip") as handed:
        assert not [name for name in handed.namelist() if "strava" in name]


def the_signatures_of_a_reader_and_a_po_file_to_fill_in(desk: Desk) -> None:
    assert (desk.names["READER"], desk.names["SOURCE"]) == (polar_json.READER, polar_json.SOURCE)
    for function in ("recognises", "read"):
        assert inspect.signature(desk.names[function]) == inspect.signature(getattr(polar_json, function))
    text = (desk.folder / "runfix_analytics/reports/languages/fr.po").read_text(encoding="utf-8")
    found = messages.entries({"fr.po": text})
    assert {entry.english[0] for entry in found} >= set(messages.of_the_pages())
    assert not any(any(entry.said) for entry in found)


def answers_to_the_analysts_questions(desk: Desk) -> None:
    shown = desk.names
    assert shown["under_half"].select("runner_id", "onset_on").rows() == [("4e5ghujn", date(2026, 10, 6))]
    assert shown["under_half"]["coverage"].item() < 0.5
    (asked,) = [block for block in blocks(ROOT / "docs" / "analyst.md") if "under_half" in block.source]
    assert len(asked.source.strip().splitlines()) < 10
    n_runs = shown["store"].runs().collect().height
    assert shown["in_duckdb"] == shown["in_pyarrow"] == shown["in_pandas"] == n_runs > 0
    assert (desk.folder / "lags.png").read_bytes().startswith(b"\x89PNG")
    assert all(shown[name].to_dict()["title"] for name in ("strips", "weeks", "ratios", "lags"))


LEAVES: dict[str, Callable[[Desk], None]] = {
    "README.md": pages_of_what_is_imported,
    "CONTRIBUTING.md": the_signatures_of_a_reader_and_a_po_file_to_fill_in,
    "docs/analyst.md": answers_to_the_analysts_questions,
    "docs/coach.md": a_page_with_the_name_and_a_mark,
    "docs/operator.md": nothing_of_what_was_taken_back_and_words_that_are_read,
    "docs/privacy.md": what_was_handed_out_and_no_page,
}


@pytest.fixture(scope="module")
def tried(request, tmp_path_factory) -> Callable[[str], Desk]:
    """A document's name → where all its blocks have been run; once in each process."""
    desks: dict[str, Desk] = {}

    def tried(document: str) -> Desk:
        if document not in desks:
            desk = Desk(tmp_path_factory.mktemp(Path(document).stem))
            NEEDS.get(document, lambda *_: None)(desk, request)
            desk.run(ROOT / document, NOT_RUN.get(document, {}))
            desks[document] = desk
        return desks[document]

    return tried


@pytest.mark.parametrize("document", WITH_BLOCKS)
def test_every_block_of_a_document_runs_and_leaves_what_it_should(tried, document):
    desk = tried(document)
    LEAVES.get(document, lambda _: None)(desk)


def test_every_line_of_the_list_is_in_its_document():
    there = {document: _lines(ROOT / document) for document in NOT_RUN}
    assert [line for document, lines in NOT_RUN.items() for line in lines if line not in there[document]] == []


def _lines(document: Path) -> set[str]:
    """What a line of the list may name: each command, and the first line of each block that is not shell."""
    shell = (command.words for block in blocks(document) if block.language == "sh" for command in commands(block))
    return {*shell, *(block.source.partition("\n")[0] for block in blocks(document) if block.language != "sh")}


def test_code_stands_in_fences_where_it_is_run():
    indented = [
        f"{document.relative_to(ROOT)}:{number + 1}: {line}"
        for document in documents()
        for lines in [without_blocks(document)]
        for number, line in enumerate(lines)
        if line.startswith("    ") and not lines[number - 1].strip()
    ]
    assert indented == []


def test_commands_named_in_the_text_are_there_with_their_options():
    n = 0
    for document in documents():
        for line, code in inline(document):
            words = code.removeprefix(".venv/bin/")
            look = {"runfix": form.runfix_names, "make": form.make_names}.get(words.partition(" ")[0])
            if look and " " in words:
                n += 1
                try:
                    look(words)
                except (AssertionError, KeyError, ValueError) as wrong:
                    pytest.fail(f"{document.relative_to(ROOT)}:{line}: `{code}`: {wrong!r}")
    assert n > 100


# how they are found and run


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes a document of its own."""
    monkeypatch.setattr("documents.ROOT", tmp_path)

    def write(text: str) -> Path:
        document = tmp_path / "a.md"
        document.write_text(text, encoding="utf-8")
        return document

    return write


def test_blocks_are_found_with_their_lines(written):
    document = written(
        "# A\n\n```python\nx = 1\n```\n\n1. ```sh\n   ls\n     deeper\n   ```\n\n```python\ny = x + 1\n```\n"
    )
    x, ls, y = blocks(document)
    assert [(block.line, block.source) for block in (x, y)] == [(4, "x = 1\n"), (13, "y = x + 1\n")]
    assert (ls.language, ls.line, ls.source) == ("sh", 8, "ls\n  deeper\n")
    assert run_python([x, y])["y"] == 2
    assert "".join(without_blocks(document)).strip() == "# A"


def test_a_block_without_an_end_is_named(written):
    with pytest.raises(AssertionError, match="a block without an end"):
        blocks(written("# A\n\n```python\nx = 1\n"))


def test_an_error_in_a_document_names_its_line(written, tmp_path):
    document = written("# A\n\n```python\nfine = 1\nraise ValueError\n```\n")
    with pytest.raises(ValueError) as raised:
        Desk(tmp_path).run(document, {})
    place = raised.traceback[-1]
    assert (str(place.path), place.lineno + 1) == (str(document), 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```\nls\n```\n", 'nothing reads a block of ""'),
        ("```yaml\na: 1\n```\n", 'nothing reads a block of "yaml"'),
        ("```sh\ntrue\n\nls there_is_none  # here\n```\n", "a.md:4: ls there_is_none"),
        ("```sh\nrunfix init a && runfix add\n```\n", "a.md:2: runfix add\nended with 2"),
        ("```sh\nrunfix doctor --rot a\n```\n", "No such option"),
        ("```sh\necho one; echo two\n```\n\n```output\none\n```\n", "1 lines are shown"),
        ("```sh\necho one\n```\n\n```output\ntwo\n```\n", '"two" is shown, "one" was printed'),
    ],
)
def test_a_block_that_is_new_and_does_not_run_fails(written, tmp_path, text, said):
    with pytest.raises(AssertionError) as raised:
        Desk(tmp_path).run(written(text), {})
    assert said in str(raised.value)


def test_what_stands_for_something_is_put_in_once_the_longest_first(written, tmp_path):
    desk = Desk(tmp_path, {"/srv/": "/home/srv/", "/home/": "/root/", "/srv/squad": "here"})
    desk.run(written("```sh\necho /srv/squad /srv/a /home/b\n```\n"), {})
    assert desk.printed == "here /home/srv/a /root/b\n"


def test_blocks_of_shell_share_their_folder_and_their_output_is_held_against_what_is_shown(written, tmp_path):
    document = written(
        "```sh\nexport WHO=Ann  # of this block only\nrunfix completion bash > ~/c\necho $WHO `wc -l < c` lines\n```\n"
        "\n```output\nAnn … lines\n```\n\n```sh\necho ${WHO-nobody}\nno_such_program\n```\n"
    )
    looked = list[str]()
    desk = Desk(tmp_path)
    desk.run(document, {"no_such_program": looked.append})
    assert (desk.printed, looked) == ("nobody\n", ["no_such_program"])


@pytest.mark.parametrize(
    ("look", "line"),
    [
        (form.make, "make coffee"),
        (form.runfix, "runfix nightly --fast"),
        (form.runfix_names, "runfix report --to x"),
        (form.crontab, "30 25 * * *  cd /srv && runfix nightly >> log"),
        (form.crontab, "30 3 * * *  cd /srv && runfix nightly --root $(date +%F) >> log"),
        (form.pip, "pip install 'runfix-analytics[everything]'"),
        (form.pip, "pip install runfix_analytics-0.0.9-py3-none-any.whl"),
        (form.dask, "dask worker tcp://127.0.0.1:8786 --threads 1"),
        (form.prefect, "prefect worker start --pol club"),
        (form.flow, "python -m pipelines.nightly --rot squad"),
        (form.pytest_tests, "python -m pytest tests/test_no_such_thing.py"),
        (form.pytest_tests, "python -m pytest tests/test_documents.py -k no_such_test_or_sample"),
        (form.chromium, "chromium --headless build/demo/index.html"),
        (form.modules_and_tables, "inbox → no_such_module"),
    ],
)  # fmt: skip
def test_a_form_that_does_not_hold_is_seen(look, line):
    with pytest.raises(
        (
            AssertionError,
            KeyError,
            click.UsageError,
            OSError,
            subprocess.CalledProcessError,
            SystemExit,
            cyclopts.CycloptsError,
        )
    ):
        look(line)
