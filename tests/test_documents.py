"""What the documents show is run as it stands in them."""

from datetime import date

import pytest
from documents import ROOT, blocks, run_python

ANALYST = ROOT / "docs" / "analyst.md"


@pytest.fixture(scope="module")
def shown(demo_store, tmp_path_factory):
    """The names that the code of docs/analyst.md leaves, run where `make demo` has been."""
    folder = tmp_path_factory.mktemp("analyst")
    (folder / "build").mkdir()
    (folder / "build" / "demo").symlink_to(demo_store.root)
    (folder / "data").symlink_to(ROOT / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        names = run_python(blocks(ANALYST, "python"))
    return names | {"lags_png": (folder / "lags.png").read_bytes()}


def test_blocks_are_found_with_their_lines(tmp_path):
    document = tmp_path / "a.md"
    document.write_text(
        "# A\n\n```python\nx = 1\n```\n\n```sh\nls\n```\n\n```python\ny = x + 1\n```\n", encoding="utf-8"
    )
    found = blocks(document, "python")
    assert [(block.line, block.source) for block in found] == [(4, "x = 1\n"), (12, "y = x + 1\n")]
    assert run_python(found)["y"] == 2
    assert [block.source for block in blocks(document, "sh")] == ["ls\n"]


def test_an_error_in_a_document_names_its_line(tmp_path):
    document = tmp_path / "a.md"
    document.write_text("# A\n\n```python\nfine = 1\nraise ValueError\n```\n", encoding="utf-8")
    with pytest.raises(ValueError) as raised:
        run_python(blocks(document, "python"))
    place = raised.traceback[-1]
    assert (str(place.path), place.lineno + 1) == (str(document), 5)


def test_the_analysts_question_is_answered_in_under_ten_lines(shown):
    assert shown["under_half"].select("runner_id", "onset_on").rows() == [("4e5ghujn", date(2026, 10, 6))]
    assert shown["under_half"]["coverage"].item() < 0.5
    (asked,) = [block for block in blocks(ANALYST, "python") if "under_half" in block.source]
    assert len(asked.source.strip().splitlines()) < 10


def test_other_tools_read_the_tables_that_the_document_opens(shown):
    n_runs = shown["store"].runs().collect().height
    assert shown["in_duckdb"] == shown["in_pyarrow"] == shown["in_pandas"] == n_runs > 0


def test_the_charts_that_the_document_makes_are_kept_as_pictures(shown):
    assert shown["lags_png"].startswith(b"\x89PNG")
    assert all(shown[name].to_dict()["title"] for name in ("strips", "weeks", "ratios", "lags"))
