"""What is kept of a runner for the squad's page is what would be made of the runner's results."""

from runfix_analytics import publishing, squad_lines
from runfix_analytics.catalogue import load
from runfix_analytics.page_results import stored_results
from runfix_analytics.reports.wording import wording

CATALOGUE = load()


def _lines(store, day):
    everybody = store.runners(CATALOGUE)
    found = stored_results(store, everybody, day, CATALOGUE)
    return {of.runner_id: squad_lines.squad_line(of, CATALOGUE, wording("en")) for of in found}


def test_a_kept_line_comes_back_as_it_was(demo_copy, demo_day):
    lines = _lines(demo_copy, demo_day)
    squad_lines.keep(demo_copy, lines)
    found = squad_lines.kept(demo_copy, [*lines, "nobody"])
    assert found == lines
    assert all(
        type(back) is type(cell)
        for runner, of in lines.items()
        for back, cell in zip(found[runner].cells, of.cells, strict=True)
    )


def test_publishing_a_runner_keeps_the_line_and_leaves_those_of_others(demo_copy, demo_day):
    lines = _lines(demo_copy, demo_day)
    one, *others = lines
    runners = demo_copy.runners(CATALOGUE)
    publishing.publish_runners(demo_copy, runners.filter(runners["runner_id"] != one), demo_day)
    before = squad_lines.kept(demo_copy, others)
    publishing.publish_runners(demo_copy, runners.filter(runners["runner_id"] == one), demo_day)
    assert squad_lines.kept(demo_copy, lines) == lines
    assert {runner: lines[runner] for runner in others} == before


def test_the_squads_files_are_the_same_with_and_without_kept_lines(demo_copy, demo_day):
    files = [path for path in publishing.squad_files(demo_copy, 2) if path.suffix != ".pdf"]
    publishing.publish_runners(demo_copy, demo_copy.runners(CATALOGUE), demo_day)
    publishing.publish_squad(demo_copy, demo_day)
    made = [path.read_bytes() for path in files]
    everybody = list(demo_copy.runners(CATALOGUE)["runner_id"])
    publishing.publish_squad(demo_copy, demo_day, everybody[:5])
    assert [path.read_bytes() for path in files] == made
    publishing.publish_squad(demo_copy, demo_day, everybody)
    assert [path.read_bytes() for path in files] == made
    squad_lines.keep(demo_copy, {everybody[0]: squad_lines.kept(demo_copy, everybody)[everybody[1]]})
    publishing.publish_squad(demo_copy, demo_day, everybody)
    assert [path.read_bytes() for path in files] != made, "kept lines are not used"
