"""The commands for what is a runner's own: taken out for good, handed over, or given to analysts under other ids."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runfix_analytics.errors import EXIT_PARTIAL, ConfigError
from runfix_analytics.places import Place
from runfix_analytics.terminal import FilePath, now, root_option, runner_ids, today

if TYPE_CHECKING:
    from runfix_analytics.erasure import Receipt


@click.command()
@click.argument("runner", required=False)
@root_option
@click.option("--again", is_flag=True, help="Whom was erased before and has come back, and what was not finished.")
@click.option("--yes", is_flag=True, help="Without being asked whether you are sure.")
def erase(runner: str | None, root: Place, *, again: bool, yes: bool) -> None:
    """Take everything of RUNNER out of the store, for good: files, rows and their history, pages, name.

    Prints a receipt in counts. A salted hash of the id stays, so that an inbox folder that comes back is refused.
    """
    from runfix_analytics import erasure
    from runfix_analytics.lock import only_writer
    from runfix_analytics.store import Store

    if (runner is None) != again:
        raise click.UsageError("say whom to erase, or --again")
    store = Store(root)
    with only_writer(store.root, f"runfix erase since {now():%Y-%m-%d %H:%M} UTC"):
        ids = [erasure.whom(store, runner)] if runner is not None else erasure.come_back(store)
        if not yes:
            _confirm(store.names(), ids)
        receipt = erasure.erase(store, ids, on=today())
    _print(receipt, root)
    sys.exit(EXIT_PARTIAL if receipt.left else 0)


def _confirm(names: dict[str, str], ids: list[str]) -> None:
    if not sys.stdin.isatty():
        raise ConfigError("nobody is there to be asked whether this is meant; say --yes")
    whose = ", ".join(f"{names.get(runner, 'no name')} ({runner})" for runner in ids) or "what was not finished"
    click.confirm(f"Erase {whose} for good? It cannot be taken back.", abort=True, err=True)


def _print(receipt: "Receipt", root: Place) -> None:
    from runfix_analytics.erasure import NOT_REACHED

    for digest, day in receipt.stones:
        click.echo(f"erased; tombstone {digest}, of {day}")
    if not receipt.stones:
        click.echo("nobody who was erased has come back")
    width = max(map(len, receipt.counts))
    for what, n in receipt.counts.items():
        click.echo(f"  {what:<{width}}  {n}")
    page = "written anew" if receipt.is_squad_page_new else "removed"
    click.echo(f"The squad's page is {page}; coverage against onset is studied again by the next night.")
    click.echo("Not reached, see to it yourself:")
    for what in NOT_REACHED:
        click.echo(f"  {what}")
    click.echo(f"Next: runfix nightly --root {root}, so that the squad's numbers are those of the others")
    for label in receipt.left:
        click.echo(f"the id or the name still stands in {label}; take it out by hand", err=True)


@click.command()
@click.argument("runner", required=False)
@root_option
@click.option("--to", "target", type=FilePath(path_type=Path), required=True, help="A new file, or a new folder.")
@click.option("--pseudonymised", is_flag=True, help="Of all runners, for analysts: under other ids, days shifted.")
def export(runner: str | None, root: Place, target: Path, *, pseudonymised: bool) -> None:
    """Write all that is kept of RUNNER into one zip, for that person; or --pseudonymised tables of all for analysts."""
    from runfix_analytics import exports, pseudonyms
    from runfix_analytics.store import Store

    if (runner is None) != pseudonymised:
        raise click.UsageError("say whose data to export, or --pseudonymised")
    store = Store(root)
    if runner is None:
        done = pseudonyms.export_all(store, target)
        click.echo(f"{target} written: {done.n_runners} runners, {done.n_tables} tables. README.txt says what is in it")
        return
    [runner_id] = runner_ids(store, [runner])
    handed = exports.export_runner(store, runner_id, target)
    click.echo(f"{target} written: {handed.n_files} files, {handed.n_rows} rows. README.txt in it says what is what")
    if handed.n_left_out:
        click.echo(f"left out: {handed.n_left_out} files that hold rows of other runners too", err=True)
