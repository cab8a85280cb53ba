"""runfix …: the commands, and the one place where errors become one line and an exit code (see terminal.py).

Exit codes: 0 all went well, 1 failed, 2 wrong usage, 3 partial: something was left out and is named.
Everything heavy is imported inside the commands, so that --help is quick.
"""

import logging
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runfix_analytics import cli_imports, cli_machine, cli_marks, cli_privacy, cli_upkeep
from runfix_analytics.errors import ConfigError, ReadError, StoreError
from runfix_analytics.places import ObjectPath, Place
from runfix_analytics.terminal import (
    FilePath,
    OneLineErrors,
    StoreRoot,
    as_of_option,
    complete_runner,
    day_or_none,
    executor_options,
    finish,
    is_log,
    json_option,
    now,
    pages_of,
    root_option,
    run_night,
    run_stages,
    runner_ids,
    runner_option,
    show,
    today,
)

if TYPE_CHECKING:
    from runfix_analytics.store import Store


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="runfix-analytics")
@click.option("--debug", is_flag=True, help="Show where errors come from (may show what the logs hold).")
def main(*, debug: bool) -> None:
    """Joins runners' logs of runs, strength work and aches, and advises the under-trained areas.

    \b
    A first page from your own exports:
      runfix init squad
      runfix add "Ann Example" --root squad --time-zone Europe/Berlin
      runfix import --root squad --runner "Ann Example" strong.csv activities/*.fit aches.csv
      runfix nightly --root squad
    """
    logging.basicConfig(level=logging.DEBUG if debug else logging.ERROR, format="%(message)s")
    for noisy in ("deltalake", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


@main.command()
@click.argument("root", type=StoreRoot())
def init(root: Place) -> None:
    """Make a store at ROOT; what is there already stays."""
    from runfix_analytics.store import Store

    Store.create(root)
    click.echo(f"Store ready at {root}. Next: runfix add NAME --root {root}")


@main.command()
@click.argument("name")
@root_option
@click.option("--time-zone", default="", help="IANA name like Europe/Berlin, for files that state no offset.")
@click.option("--units", type=click.Choice(["metric", "imperial"]), default="metric", show_default=True)
@click.option("--equipment", default="", help='What the runner has, joined by ";", or "none"; empty = not known.')
@click.option("--language", default="", help="Of the runner's own page, like de; empty = that of the squad.")
def add(name: str, root: Place, time_zone: str, units: str, equipment: str, language: str) -> None:
    """Add a runner: a random id, an inbox folder, and the NAME in a file of its own."""
    from runfix_analytics.store import Store

    store = Store(root)
    runner_id = store.add_runner(
        name, store.catalogue(), time_zone=time_zone, units=units, equipment=equipment, language=language
    )
    click.echo(f"{runner_id}  put this runner's files into {store.root / 'inbox' / runner_id}")


@main.command("import")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@root_option
@runner_option
def import_(paths: Sequence[Path], root: Place, runners: Sequence[str]) -> None:
    """Import what is new in the inboxes; files or folders given as PATHS are copied into the runner's inbox first."""
    from runfix_analytics.store import Store

    store = Store(root)
    ids = runner_ids(store, runners)
    if paths:
        if len(ids) != 1:
            raise click.UsageError("say whose files these are with one --runner")
        n = sum(_copy_into_inbox(store, ids[0], path) for path in paths)
        click.echo(f"{n} files copied into the inbox")
    finish(run_stages(store.root, ["import"], today(), ids))


@main.command()
@root_option
@as_of_option
@runner_option
def assess(root: Place, as_of: date, runners: Sequence[str]) -> None:
    """Calculate load, coverage, episodes and advice from what is imported."""
    from runfix_analytics import night
    from runfix_analytics.store import Store

    store = Store(root)
    finish(run_stages(store.root, ["survey", night.STUDY, "assess"], as_of, runner_ids(store, runners)))


@main.command()
@root_option
@click.option("--as-of", callback=day_or_none, metavar="DATE", help="The day of the pages; default: last assessed.")
@click.option(
    "--since",
    callback=day_or_none,
    metavar="DATE",
    help="Compare with the newest report of that day or before; default: of at least a week before.",
)
@runner_option
@click.option("--pdf", is_flag=True, help="As PDF too, beside each page.")
@click.option("--open", "is_to_open", is_flag=True, help="Open the page in the browser: the runner's, or the squad's.")
@click.option("--list", "only_list", is_flag=True, help="Only print where the pages are.")
def report(
    root: Place, as_of: date | None, since: date | None, runners: Sequence[str],
    *, pdf: bool, is_to_open: bool, only_list: bool,
) -> None:  # fmt: skip
    """Write the pages of what is assessed, and print where they are."""
    from runfix_analytics import night
    from runfix_analytics.calculated_parts import last_assessed
    from runfix_analytics.parts import Done
    from runfix_analytics.reports.pdf import require
    from runfix_analytics.store import Store

    if is_to_open and isinstance(root, ObjectPath):
        raise click.UsageError("--open is for pages in a folder; fetch these from the bucket to look at them")
    store = Store(root)
    ids = runner_ids(store, runners)
    done = Done()
    if not only_list:
        newest = as_of or last_assessed(store)
        if since and since >= newest:
            raise click.UsageError(f"--since must lie before the day of the pages, {newest}")
        if pdf:
            require()
        done = run_stages(store.root, ["publish", night.SQUAD], newest, ids, since=since, pdf=pdf)
    pages = pages_of(store, ids)
    for page, what in pages:
        click.echo(f"{page}  {what}".rstrip())
    if is_to_open and pages:
        wanted = 0 if ids else next((i for i, (page, _) in enumerate(pages) if page.parent.name == "reports"), 0)
        click.launch(str(pages[wanted][0]))
    finish(done)


@main.command()
@root_option
@as_of_option
@click.option("--full", "is_full", is_flag=True, help="Calculate and publish everything anew, changed or not.")
@executor_options
def nightly(
    root: Place, as_of: date, executor: str, workers: int | None, scheduler: str | None, *, is_full: bool
) -> None:
    """The whole night: import, assess, publish what changed. For cron: exit code 0 all, 3 partial, 1 failed."""
    from runfix_analytics.store import Store

    done = run_night(Store(root).root, as_of, executor, workers, scheduler, is_full=is_full, is_log=is_log())
    finish(done, is_log=is_log())


@main.command()
@root_option
@as_of_option
@runner_option
@click.option(
    "--max-age", type=click.FloatRange(0, min_open=True), metavar="HOURS",
    help="Fail when the last good night is older; default: alarm_after_hours of settings.toml, never without it.",
)  # fmt: skip
@json_option
def status(root: Place, as_of: date, runners: Sequence[str], max_age: float | None, *, as_json: bool) -> None:
    """Per runner: until when each log goes, and which share of the sets of the last four weeks is not recognised.

    On stderr when the last good night was; with an age set, exit code 1 when it was too long ago.
    """
    import polars as pl

    from runfix_analytics import runs
    from runfix_analytics.store import Store
    from runfix_analytics.stored_logs import read_completeness
    from runfix_analytics.tables import Runners

    store = Store(root)
    catalogue = store.catalogue()
    everybody, ids = store.runners(catalogue), runner_ids(store, runners)
    wanted = Runners.validate(everybody.filter(pl.col("runner_id").is_in(ids))) if ids else everybody
    facts, names = read_completeness(store, wanted, as_of, catalogue), store.names()
    rows = [
        {
            "runner_id": runner,
            "name": names.get(runner, ""),
            "last_run_on": facts[runner].last_run_on,
            "last_strength_on": facts[runner].last_strength_on,
            "last_answer_on": facts[runner].last_answer_on,
            "n_sets": facts[runner].n_sets,
            "share_unmapped": facts[runner].n_undecided_sets / facts[runner].n_sets if facts[runner].n_sets else None,
            "n_bad_files": facts[runner].n_bad_files,
        }
        for runner in facts
    ]
    frame = pl.DataFrame(rows, schema_overrides={"share_unmapped": pl.Float64}, infer_schema_length=None)
    show(frame, frame.columns, as_json=as_json)
    good = runs.last_good(store.root)
    click.echo(f"last good night: {good:%Y-%m-%d %H:%M} UTC" if good else "last good night: none yet", err=True)
    after = max_age or store.settings().alarm_after_hours
    if after and (alarm := runs.alarm(store.root, now=now(), after_hours=after)):
        raise StoreError(alarm)


@main.command()
@click.argument("form", type=click.Choice(["aches", "strength"]))
@click.option("--output", "-o", type=FilePath(path_type=Path), help="Write to this file instead of the terminal.")
def template(form: str, output: Path | None) -> None:
    """Write out an empty form with examples: the ache form or the plain strength sheet."""
    from runfix_analytics.readers import ache_form, strength_sheet

    reader = {"aches": ache_form, "strength": strength_sheet}[form]
    if output is None:
        click.echo(reader.template(), nl=False)
    else:
        if output.exists():
            raise ConfigError(f"{output} is there already; choose another name")
        output.write_text(reader.template(), encoding="utf-8", newline="")
        click.echo(f"{output} written; the example rows may be deleted", err=True)
    width = max(len(column) for column, _ in reader.describe())
    for column, meaning in reader.describe():
        click.echo(f"{column:<{width}}  {meaning}", err=True)


@main.command()
@click.argument("runner", shell_complete=complete_runner)
@click.argument("area")
@root_option
@as_of_option
@json_option
def explain(runner: str, area: str, root: Place, as_of: date, *, as_json: bool) -> None:
    """Print the sets behind RUNNER's coverage of AREA in the 28 days up to a day, each with its file and row."""
    import polars as pl

    from runfix_analytics.assessment import assess as assess_logs
    from runfix_analytics.explain import explain_coverage
    from runfix_analytics.store import Store
    from runfix_analytics.stored_logs import read_logs
    from runfix_analytics.tables import Imports, Runners

    store = Store(root)
    catalogue = store.catalogue()
    if area not in catalogue.areas:
        raise ConfigError(f'"{area}" is no area; areas: {", ".join(catalogue.areas)}')
    ids = runner_ids(store, [runner])
    everybody = store.runners(catalogue)
    own = read_logs(store, Runners.validate(everybody.filter(pl.col("runner_id").is_in(ids))))
    result = assess_logs(own, as_of=as_of, catalogue=catalogue)
    evidence = explain_coverage(
        own.strength_sets, result.recognised_sets, result.known_days, store.read(Imports, ids),
        area=area, as_of=as_of, catalogue=catalogue,
    )  # fmt: skip
    columns = ["local_date", "day_evidence", "logged_as", "exercise_id", "weight", "side_share", "effort", "hard_sets",
               "why", "file_name", "source_row"]  # fmt: skip
    show(evidence, columns, as_json=as_json)
    today = result.coverage.filter(pl.col("local_date") == as_of, pl.col("area_id") == area)
    for row in today.iter_rows(named=True):
        value = "not known" if row["coverage"] is None else f"{row['coverage']:.2f}"
        click.echo(
            f"{area} on {as_of}: coverage {value} (between {row['coverage_low']:.2f} and {row['coverage_high']:.2f}), "
            f"{row['status']}; {row['hard_sets']:g} hard sets in {row['n_sessions']} sessions, "
            f"{row['n_known_days']} of {catalogue.days('coverage.window')} days known",
            err=True,
        )


@main.command()
@click.argument("root", type=StoreRoot())
@click.option("--runners", "n_runners", type=click.IntRange(1, 10_000), default=12, show_default=True)
@click.option("--days", "n_days", type=click.IntRange(60, 3650), default=365, show_default=True)
@click.option("--scenario", default="rehab", show_default=True, help="What is true: null, effect, rehab, missing, …")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
def simulate(root: Place, n_runners: int, n_days: int, scenario: str, seed: int) -> None:
    """Make up a squad with a known truth: a new store at ROOT with export files in the inboxes, to try things on."""
    from runfix_analytics.catalogue import load
    from runfix_analytics.simulated_files import write_squad
    from runfix_analytics.simulation import simulate as make_up

    squad = make_up(scenario, n_runners=n_runners, n_days=n_days, seed=seed, catalogue=load())
    write_squad(squad, root)
    click.echo(f"{n_runners} made-up runners at {root}. Next: runfix nightly --root {root} --as-of {squad.last_day}")


@main.group()
def replicate() -> None:
    """Run a published test again on the authors' own data, as an anchor for ours."""


@replicate.command()
@click.argument("path", metavar="DAY.csv", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def lovdal(path: Path) -> None:
    """Lövdal 2021: injuries of 74 runners from the seven days before, on the day file of doi:10.34894/UWU9PV.

    Takes about a minute. Nothing of it goes into anybody's advice.
    """
    from runfix_analytics.catalogue import load

    try:
        from runfix_analytics.lovdal import read_days, replicate_day
    except ImportError as error:
        raise ConfigError("this needs scikit-learn; run: pip install 'runfix-analytics[prediction]'") from error

    catalogue = load()
    result = replicate_day(read_days(path, catalogue=catalogue), catalogue=catalogue)
    level = catalogue.number("prediction.interval_share")
    click.echo(
        f"AUC {result.auc:.3f} ({level:.0%} interval over held-out athletes {result.auc_low:.3f} to "
        f"{result.auc_high:.3f})"
    )
    click.echo(
        f"held out: {result.n_test_athletes} of {result.n_athletes} athletes with {result.n_test_injuries} of "
        f"{result.n_injuries} injuries"
    )
    click.echo(
        f"published: AUC {result.published_auc_day:.3f} by day, {result.published_auc_week:.3f} by week "
        "(XGBoost; here scikit-learn's boosting)"
    )
    if result.n_conflicts:
        click.echo(f"{result.n_conflicts} values that two rows tell differently; the later row counts", err=True)


for _command in (
    cli_imports.imports, cli_imports.undo, cli_imports.retry, cli_imports.unmapped, cli_marks.mark, cli_marks.marks_,
    cli_upkeep.migrate, cli_upkeep.rebuild, cli_upkeep.backup, cli_upkeep.restore,
    cli_privacy.erase, cli_privacy.export, cli_machine.demo, cli_machine.doctor, cli_machine.completion,
):  # fmt: skip
    main.add_command(_command)


def _copy_into_inbox(store: "Store", runner_id: str, path: Path) -> int:
    """Copies a file, or a folder as it is; a file of the same name with other content gets a new name."""
    from runfix_analytics.lock import lists_writer
    from runfix_analytics.sourcefile import digest, open_checked
    from runfix_analytics.tombstones import refuse_who_was_erased

    inbox = store.root / "inbox" / runner_id
    folder = path.resolve().name if path.is_dir() else ""
    files = (
        sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith(".")) if path.is_dir() else [path]
    )
    for file in files:
        target = inbox / folder / str(file.relative_to(path)) if folder else inbox / file.name
        try:
            with lists_writer(store.root), open_checked(file) as stream:
                refuse_who_was_erased(store.root, runner_id)
                content_id = digest(stream)
                if target.exists() and _content_id(target) != content_id:
                    target = target.with_name(f"{target.stem}.{content_id[:8]}{target.suffix}")
                stream.seek(0)
                store.copy_private(target, stream)
        except ReadError as error:
            raise ConfigError(str(error)) from error
    return len(files)


def _content_id(path: Place) -> str:
    from runfix_analytics.sourcefile import digest, open_checked

    with open_checked(path) as stream:
        return digest(stream)


if __name__ == "__main__":
    main()
