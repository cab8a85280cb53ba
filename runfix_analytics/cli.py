"""runfix …: the one place where errors become one line and an exit code.

Exit codes: 0 all went well, 1 failed, 2 wrong usage, 3 partial: something was left out and is named.
Everything heavy is imported inside the commands, so that --help is quick.
"""

import json
import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runfix_analytics.errors import EXIT_FAILED, EXIT_PARTIAL, ConfigError, ReadError, RunfixError

if TYPE_CHECKING:
    import polars as pl

    from runfix_analytics.night import Done
    from runfix_analytics.store import Store

_NO_TERMINAL_WIDTH = 1000
_WHOLE = 10  # cells up to this length, ids and dates, are never folded


class _Group(click.Group):
    """Turns our own errors into one line on stderr."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RunfixError as error:
            click.echo(f"runfix: {error}", err=True)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            click.echo(f"runfix: {where}{error.strerror or error}", err=True)
        sys.exit(EXIT_FAILED)


def _day_or_none(_ctx: click.Context, _param: click.Parameter, value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise click.BadParameter(f'"{value}" is no date; write it like 2026-03-31') from error


def _day(ctx: click.Context, param: click.Parameter, value: str | None) -> date:
    return _day_or_none(ctx, param, value) or _today()


_root = click.option(
    "--root", "-C", type=click.Path(path_type=Path), default=Path(), envvar="RUNFIX_ROOT", show_envvar=True,
    help="The store's folder; default: the folder you are in.",
)  # fmt: skip
_as_of = click.option("--as-of", callback=_day, metavar="DATE", help="The day to calculate for; default: today.")
_only = click.option("--runner", "runners", multiple=True, metavar="RUNNER", help="Only this runner (id or name).")
_as_json = click.option("--json", "as_json", is_flag=True, help="As JSON, for other programs.")


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
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
@click.argument("root", type=click.Path(path_type=Path))
def init(root: Path) -> None:
    """Make a store at ROOT; what is there already stays."""
    from runfix_analytics.store import Store

    Store.create(root)
    click.echo(f"Store ready at {root}. Next: runfix add NAME --root {root}")


@main.command()
@click.argument("name")
@_root
@click.option("--time-zone", default="", help="IANA name like Europe/Berlin, for files that state no offset.")
@click.option("--units", type=click.Choice(["metric", "imperial"]), default="metric", show_default=True)
@click.option("--equipment", default="", help='What the runner has, joined by ";", or "none"; empty = not known.')
def add(name: str, root: Path, time_zone: str, units: str, equipment: str) -> None:
    """Add a runner: a random id, an inbox folder, and the NAME in a file of its own."""
    from runfix_analytics.store import Store

    store = Store(root)
    runner_id = store.add_runner(name, store.catalogue(), time_zone=time_zone, units=units, equipment=equipment)
    click.echo(f"{runner_id}  put this runner's files into {store.root / 'inbox' / runner_id}")


@main.command("import")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@_root
@_only
def import_(paths: Sequence[Path], root: Path, runners: Sequence[str]) -> None:
    """Import what is new in the inboxes; files or folders given as PATHS are copied into the runner's inbox first."""
    from runfix_analytics.store import Store

    store = Store(root)
    ids = _runner_ids(store, runners)
    if paths:
        if len(ids) != 1:
            raise click.UsageError("say whose files these are with one --runner")
        n = sum(_copy_into_inbox(store, ids[0], path) for path in paths)
        click.echo(f"{n} files copied into the inbox")
    _finish(_run(store.root, ["import"], _today(), ids))


@main.command()
@_root
@_as_of
@_only
def assess(root: Path, as_of: date, runners: Sequence[str]) -> None:
    """Calculate load, coverage, episodes and advice from what is imported."""
    from runfix_analytics import night
    from runfix_analytics.store import Store

    store = Store(root)
    _finish(_run(store.root, ["survey", night.STUDY, "assess"], as_of, _runner_ids(store, runners)))


@main.command()
@_root
@click.option("--as-of", callback=_day_or_none, metavar="DATE", help="The day of the pages; default: last assessed.")
@_only
@click.option("--list", "only_list", is_flag=True, help="Only print where the pages are.")
def report(root: Path, as_of: date | None, runners: Sequence[str], *, only_list: bool) -> None:
    """Write the pages of what is assessed, and print where they are."""
    from runfix_analytics import night
    from runfix_analytics.store import Store

    store = Store(root)
    ids = _runner_ids(store, runners)
    done = night.Done()
    if not only_list:
        newest = as_of or night.last_assessed(store)
        done = _run(store.root, ["publish", night.SQUAD], newest, ids)
    names = store.names()
    for runner_id in ids or sorted(names, key=lambda runner: names[runner]):
        page = night.runner_page_path(store.root, runner_id)
        if page.exists():
            click.echo(f"{page}  {names.get(runner_id, '')}".rstrip())
    for page, what in (
        (night.squad_page_path(store.root), "the squad"),
        (night.cohort_page_path(store.root), "coverage against onset, for analysts"),
    ):
        if page.exists():
            click.echo(f"{page}  {what}")
    _finish(done)


@main.command()
@_root
@_as_of
def nightly(root: Path, as_of: date) -> None:
    """The whole night: import, assess, publish. For cron: exit code 0 all, 3 partial, 1 failed."""
    from runfix_analytics.store import Store

    _finish(_run(Store(root).root, None, as_of, []))


@main.command()
@_root
@_only
@_as_json
@click.option("--rejects", is_flag=True, help="List the rejected rows instead of the files.")
def imports(root: Path, runners: Sequence[str], *, as_json: bool, rejects: bool) -> None:
    """List the ledger: every file, what was made of it, and why not."""
    import polars as pl

    from runfix_analytics.ledger import duplicates
    from runfix_analytics.store import ID_LENGTH, Store
    from runfix_analytics.tables import Imports, Rejects

    store = Store(root)
    ids = _runner_ids(store, runners) or None
    if rejects:
        rows = store.read(Rejects, ids).filter(~pl.col("is_expected")).drop("is_expected")
        return _show(rows.join(store.read(Imports, ids).select("runner_id", "import_id", "file_name"),
                               on=["runner_id", "import_id"], how="left"),
                     ["runner_id", "file_name", "source_row", "logged", "rule", "advice"], as_json=as_json)  # fmt: skip
    ledger = store.read(Imports, ids).sort("imported_at", "runner_id", "file_name")
    told = _with_duplicates(ledger, duplicates(store, ids)).with_columns(
        pl.col("import_id").str.slice(0, ID_LENGTH).alias("import"),
        pl.concat_str([pl.col("reason"), pl.col("warnings").list.join("; "), pl.col("duplicates")], separator="; ",
                      ignore_nulls=True).str.strip_chars("; ").alias("remarks"),
    )  # fmt: skip
    columns = [
        "import",
        "runner_id",
        "file_name",
        "reader",
        "status",
        "n_rows",
        "n_accepted",
        "n_rejected",
        "n_skipped",
        "n_duplicates",
        "remarks",
    ]
    return _show(told, columns, as_json=as_json)


def _with_duplicates(ledger: "pl.DataFrame", found: "pl.DataFrame") -> "pl.DataFrame":
    """The ledger with how many rows of each file do not count, and in words of which files they are duplicates."""
    import polars as pl

    names = ledger.select("runner_id", of_import_id="import_id", of_file="file_name")
    said = pl.format(
        "{} rows are in {} too ({})", "n_duplicates", "of_file", pl.col("duplicate_rule").str.replace_all("_", " ")
    )
    per_import = (
        found.join(names, on=["runner_id", "of_import_id"], how="left")
        .with_columns(said=said)
        .group_by("runner_id", "import_id", maintain_order=True)
        .agg(pl.col("n_duplicates").sum(), duplicates=pl.col("said").str.join("; "))
    )
    joined = ledger.join(per_import, on=["runner_id", "import_id"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("n_duplicates").fill_null(0))


@main.command()
@click.argument("imports", nargs=-1, required=True, metavar="IMPORT...")
@_root
@_only
def undo(imports: Sequence[str], root: Path, runners: Sequence[str]) -> None:
    """Take imports back completely, an archive with all its files. IMPORT: an id from runfix imports, or a file name."""
    from runfix_analytics import ledger
    from runfix_analytics.store import Store

    store = Store(root)
    found = ledger.find(store, imports, _runner_ids(store, runners) or None)
    done = ledger.undo(store, found, store.catalogue(), on=_today())
    click.echo(f"{done.n_files} files taken back with {done.n_rows} rows. They are passed over until: runfix retry")
    click.echo(f"Next: runfix nightly --root {root}, so that the pages know")


@main.command()
@click.argument("imports", nargs=-1, metavar="[IMPORT]...")
@_root
@_only
def retry(imports: Sequence[str], root: Path, runners: Sequence[str]) -> None:
    """Read files again from their kept copies, after a fix; without IMPORT all that failed or are damaged."""
    from runfix_analytics import night
    from runfix_analytics.store import Store

    store = Store(root)
    _finish(night.retry(store, imports, _runner_ids(store, runners)))


@main.command()
@_root
@_as_of
@_only
@_as_json
def status(root: Path, as_of: date, runners: Sequence[str], *, as_json: bool) -> None:
    """Per runner: until when each log goes, and which share of the sets of the last four weeks is not recognised."""
    import polars as pl

    from runfix_analytics import night
    from runfix_analytics.store import Store
    from runfix_analytics.tables import Runners

    store = Store(root)
    catalogue = store.catalogue()
    everybody, ids = store.runners(catalogue), _runner_ids(store, runners)
    wanted = Runners.validate(everybody.filter(pl.col("runner_id").is_in(ids))) if ids else everybody
    facts, names = night.completeness(store, wanted, as_of, catalogue), store.names()
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
    _show(frame, frame.columns, as_json=as_json)


@main.command()
@_root
@_only
@_as_json
@click.option("--toml", "as_toml", is_flag=True, help="As lines to complete and to paste into exercises.local.toml.")
def unmapped(root: Path, runners: Sequence[str], *, as_json: bool, as_toml: bool) -> None:
    """List the exercise names that are not recognised, most sets first; what they mean goes in exercises.local.toml."""
    from runfix_analytics import unmapped as undecided
    from runfix_analytics.store import Store
    from runfix_analytics.tables import StrengthSets

    store = Store(root)
    catalogue = store.catalogue()
    sets = store.read(StrengthSets, _runner_ids(store, runners) or None)
    names = undecided.unmapped(sets, catalogue=catalogue)
    if as_toml:
        click.echo(undecided.as_toml(names, catalogue), nl=False)
    else:
        _show(names, [column for column in names.columns if column != "exercise_key"], as_json=as_json)


@main.command()
@click.argument("form", type=click.Choice(["aches", "strength"]))
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to this file instead of the terminal.")
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
@click.argument("runner")
@click.argument("area")
@_root
@_as_of
@_as_json
def explain(runner: str, area: str, root: Path, as_of: date, *, as_json: bool) -> None:
    """Print the sets behind RUNNER's coverage of AREA in the 28 days up to a day, each with its file and row."""
    import polars as pl

    from runfix_analytics.assessment import assess as assess_logs
    from runfix_analytics.explain import explain_coverage
    from runfix_analytics.night import logs
    from runfix_analytics.store import Store
    from runfix_analytics.tables import Imports, Runners

    store = Store(root)
    catalogue = store.catalogue()
    if area not in catalogue.areas:
        raise ConfigError(f'"{area}" is no area; areas: {", ".join(catalogue.areas)}')
    ids = _runner_ids(store, [runner])
    everybody = store.runners(catalogue)
    own = logs(store, Runners.validate(everybody.filter(pl.col("runner_id").is_in(ids))))
    result = assess_logs(own, as_of=as_of, catalogue=catalogue)
    evidence = explain_coverage(
        own.strength_sets, result.recognised_sets, result.known_days, store.read(Imports, ids),
        area=area, as_of=as_of, catalogue=catalogue,
    )  # fmt: skip
    columns = ["local_date", "day_evidence", "logged_as", "exercise_id", "weight", "side_share", "effort", "hard_sets",
               "why", "file_name", "source_row"]  # fmt: skip
    _show(evidence, columns, as_json=as_json)
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
@click.argument("root", type=click.Path(path_type=Path))
@click.option("--runners", "n_runners", type=click.IntRange(1, 10_000), default=12, show_default=True)
@click.option("--days", "n_days", type=click.IntRange(60, 3650), default=365, show_default=True)
@click.option("--scenario", default="rehab", show_default=True, help="What is true: null, effect, rehab, missing, …")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
def simulate(root: Path, n_runners: int, n_days: int, scenario: str, seed: int) -> None:
    """Make up a squad with a known truth: a new store at ROOT with export files in the inboxes, to try things on."""
    from runfix_analytics.catalogue import load
    from runfix_analytics.simulated_files import write_squad
    from runfix_analytics.simulation import SCENARIOS
    from runfix_analytics.simulation import simulate as make_up

    if scenario not in SCENARIOS:
        raise ConfigError(f'there is no scenario "{scenario}"; there are: {", ".join(SCENARIOS)}')
    squad = make_up(SCENARIOS[scenario], n_runners=n_runners, n_days=n_days, seed=seed, catalogue=load())
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


# what the commands share


def _today() -> date:
    return datetime.now(UTC).astimezone().date()


def _runner_ids(store: "Store", wanted: Iterable[str]) -> list[str]:
    """Ids of runners given by id or by display name."""
    known = list(store.runners(store.catalogue())["runner_id"])
    names = store.names()
    ids = []
    for word in wanted:
        said = word.strip().casefold()
        matches = [r for r in known if said and said in (r.casefold(), names.get(r, "").casefold())]
        if not matches:
            raise ConfigError(f'no runner "{word}" in runners.csv or names.csv; add one with: runfix add "{word}"')
        if len(matches) > 1:
            raise ConfigError(f'"{word}" names {len(matches)} runners; use the id: {", ".join(matches)}')
        ids.append(matches[0])
    return ids


def _copy_into_inbox(store: "Store", runner_id: str, path: Path) -> int:
    """Copies a file, or a folder as it is; a file of the same name with other content gets a new name."""
    from runfix_analytics.sourcefile import digest, open_checked

    inbox = store.root / "inbox" / runner_id
    folder = path.resolve().name if path.is_dir() else ""
    files = (
        sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith(".")) if path.is_dir() else [path]
    )
    for file in files:
        target = inbox / folder / file.relative_to(path) if folder else inbox / file.name
        try:
            with open_checked(file) as stream:
                content_id = digest(stream)
                if target.exists() and _content_id(target) != content_id:
                    target = target.with_name(f"{target.stem}.{content_id[:8]}{target.suffix}")
                stream.seek(0)
                store.copy_private(target, stream)
        except ReadError as error:
            raise ConfigError(str(error)) from error
    return len(files)


def _content_id(path: Path) -> str:
    from runfix_analytics.sourcefile import digest, open_checked

    with open_checked(path) as stream:
        return digest(stream)


def _run(root: Path, stages: Sequence[str] | None, as_of: date, ids: Sequence[str]) -> "Done":
    """Runs stages of a night in a loop, with a progress bar for each."""
    from runfix_analytics import night
    from runfix_analytics.store import bucket_of

    def each(stage: str, root: Path, as_of: date, buckets: Sequence[int]) -> Iterator[night.Done]:
        is_of_all = stage in (night.STUDY, night.SQUAD)
        wanted = sorted({bucket_of(runner) for runner in ids}) if ids and not is_of_all else buckets
        with click.progressbar(wanted, label=f"{stage:<8}", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
            for bucket in bar:
                yield night.run_stage(stage, root, bucket, as_of, ids)

    return night.night(root, as_of, each, stages)


def _finish(done: "Done") -> None:
    """One line of counts, one for each failure, and the exit code."""
    if done.counts:
        click.echo(", ".join(f"{key.replace('_', ' ')}: {value}" for key, value in done.counts.items()))
    for failure in done.failures:
        whose = f"{failure.runner_id}: " if failure.runner_id else ""
        click.echo(f"{failure.stage}: {whose}{failure.what}: {failure.reason}", err=True)
    if done.exit_code == EXIT_PARTIAL:
        click.echo(f"partial: {len(done.failures)} of the above left out or damaged, everything else done", err=True)
    sys.exit(done.exit_code)


def _show(frame: Any, columns: Sequence[str], *, as_json: bool) -> None:
    """A frame as JSON lines, or as a table as wide as the terminal."""
    rows = frame.select(columns).rows()
    if as_json:
        click.echo(json.dumps([dict(zip(columns, row, strict=True)) for row in rows], default=str, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    texts = [[_cell(value) for value in row] for row in rows]
    for i, column in enumerate(columns):
        longest = max((len(cells[i]) for cells in texts), default=0)
        table.add_column(column, overflow="fold", min_width=longest if longest <= _WHOLE else None)
    for cells in texts:
        table.add_row(*(Text(cell) for cell in cells))
    is_terminal = Console().is_terminal
    Console(width=None if is_terminal else _NO_TERMINAL_WIDTH).print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
