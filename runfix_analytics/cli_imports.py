"""The commands about what came in: the ledger, taking back, trying again, names that nobody knows."""

from collections.abc import Sequence

import click

from runfix_analytics.places import Place
from runfix_analytics.terminal import finish, json_option, root_option, runner_ids, runner_option, show, today


@click.command()
@root_option
@runner_option
@json_option
@click.option("--rejects", is_flag=True, help="List the rejected rows instead of the files.")
def imports(root: Place, runners: Sequence[str], *, as_json: bool, rejects: bool) -> None:
    """List the ledger: every file, what was made of it, and why not."""
    import polars as pl

    from runfix_analytics import ledger
    from runfix_analytics.store import Store
    from runfix_analytics.tables import Imports, Rejects

    store = Store(root)
    ids = runner_ids(store, runners) or None
    if rejects:
        rows = store.read(Rejects, ids).filter(~pl.col("is_expected")).drop("is_expected")
        return show(rows.join(store.read(Imports, ids).select("runner_id", "import_id", "file_name"),
                               on=["runner_id", "import_id"], how="left"),
                     ["runner_id", "file_name", "source_row", "logged", "rule", "advice"], as_json=as_json)  # fmt: skip
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
    return show(ledger.listed(store, ids), columns, as_json=as_json)


@click.command()
@click.argument("imports", nargs=-1, required=True, metavar="IMPORT...")
@root_option
@runner_option
def undo(imports: Sequence[str], root: Place, runners: Sequence[str]) -> None:
    """Take imports back completely, an archive with all its files. IMPORT: an id of runfix imports, or a file name."""
    from runfix_analytics import ledger
    from runfix_analytics.lock import only_writer
    from runfix_analytics.store import Store

    store = Store(root)
    with only_writer(store.root, "runfix undo"):
        found = ledger.find(store, imports, runner_ids(store, runners) or None)
        done = ledger.undo(store, found, store.catalogue(), on=today())
    click.echo(f"taken back: files {done.n_files}, rows {done.n_rows}. They are passed over until: runfix retry")
    click.echo(f"Next: runfix nightly --root {root}, so that the pages know")


@click.command()
@click.argument("imports", nargs=-1, metavar="[IMPORT]...")
@root_option
@runner_option
def retry(imports: Sequence[str], root: Place, runners: Sequence[str]) -> None:
    """Read files again from their kept copies, after a fix; without IMPORT all that failed or are damaged."""
    from runfix_analytics import night
    from runfix_analytics.lock import only_writer
    from runfix_analytics.store import Store

    store = Store(root)
    with only_writer(store.root, "runfix retry"):
        done = night.retry(store, imports, runner_ids(store, runners))
    finish(done)


@click.command()
@root_option
@runner_option
@json_option
@click.option("--toml", "as_toml", is_flag=True, help="As lines to complete and to paste into exercises.local.toml.")
def unmapped(root: Place, runners: Sequence[str], *, as_json: bool, as_toml: bool) -> None:
    """List the exercise names that are not recognised, most sets first; what they mean goes in exercises.local.toml."""
    from runfix_analytics.store import Store
    from runfix_analytics.tables import StrengthSets
    from runfix_analytics.unmapped import as_toml as names_as_toml
    from runfix_analytics.unmapped import unmapped as unmapped_names

    store = Store(root)
    catalogue = store.catalogue()
    sets = store.read(StrengthSets, runner_ids(store, runners) or None)
    names = unmapped_names(sets, catalogue=catalogue)
    if as_toml:
        click.echo(names_as_toml(names, catalogue), nl=False)
    else:
        show(names, [column for column in names.columns if column != "exercise_key"], as_json=as_json)
