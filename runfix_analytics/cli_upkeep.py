"""The commands that keep a store whole over years: migrate, rebuild, backup, restore."""

import sys
from datetime import date
from pathlib import Path

import click

from runfix_analytics.errors import EXIT_PARTIAL
from runfix_analytics.places import Place
from runfix_analytics.terminal import FilePath, day_or_none, finish, in_a_loop, now, root_option


@click.command()
@root_option
def migrate(root: Place) -> None:
    """Give a store of an earlier version this one's shape; logs, ledger and advice given stay. Make a backup first."""
    from runfix_analytics.lock import only_writer
    from runfix_analytics.migration import migrate as take_steps
    from runfix_analytics.schema_version import SCHEMA
    from runfix_analytics.store import Store

    store = Store(root)
    with only_writer(store.root, f"runfix migrate since {now():%Y-%m-%d %H:%M} UTC", any_schema=True):
        told = take_steps(store)
    for line in told or [f"the store is of schema {SCHEMA} already; nothing to do"]:
        click.echo(line)
    if told:
        click.echo(f"Next: runfix nightly --root {root}")


@click.command()
@root_option
@click.option("--facts", is_flag=True, help="First read all logs again from the kept originals, with today's readers.")
@click.option("--as-of", callback=day_or_none, metavar="DATE", help="The day to calculate for; default: last assessed.")
def rebuild(root: Place, as_of: date | None, *, facts: bool) -> None:
    """Make the calculated tables again from the logs; advice of earlier days stays, it was given.

    With --facts the logs too, from the kept originals: the ledger says which, what was taken back stays so.
    """
    from runfix_analytics import rebuilding
    from runfix_analytics.calculated_parts import last_assessed
    from runfix_analytics.lock import only_writer
    from runfix_analytics.store import Store

    store = Store(root)
    with only_writer(store.root, f"runfix rebuild since {now():%Y-%m-%d %H:%M} UTC"):
        day = as_of or last_assessed(store)
        finish(rebuilding.rebuild(store, day, in_a_loop(), facts=facts))


@click.command()
@root_option
@click.option("--to", type=FilePath(path_type=Path), metavar="FILE", help="Write to this new file: squad.tar.gz.")
@click.option(
    "--check", "checked", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
    help="Read a backup to its end and compare every file with its digest; writes nothing.",
)  # fmt: skip
def backup(root: Place, to: Path | None, checked: Path | None) -> None:
    """Write the whole store to one file, or check such a file. It holds names and health data: keep it as safe."""
    from runfix_analytics import backup as backups
    from runfix_analytics.store import Store

    if (to is None) == (checked is None):
        raise click.UsageError("say --to FILE to make a backup, or --check FILE to check one")
    if checked is not None:
        kept = backups.check(checked)
        click.echo(f"{checked} is whole: files {kept.n_files}, bytes {kept.n_bytes}")
    elif to is not None:
        kept = backups.back_up(Store(root), to, at=now())
        click.echo(f"{to} written: files {kept.n_files}, bytes {kept.n_bytes} ({to.stat().st_size} packed)")
        if kept.n_left_out:
            click.echo(f"left out: {kept.n_left_out} links or other things that are no files", err=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--root", "-C", type=FilePath(path_type=Path), required=True, help="A new folder; it is made.")
def restore(file: Path, root: Path) -> None:
    """Make a store of a backup in a new folder, after every file is checked; what is there is never written over."""
    from runfix_analytics import backup as backups

    done = backups.restore(file, root)
    click.echo(f"{root} restored: files {done.kept.n_files}, bytes {done.kept.n_bytes}, rows {done.n_rows}")
    if done.unreadable:
        said = ", ".join(done.unreadable)
        click.echo(
            f"tables that cannot be read, as they were in the backup: {said}; see Rebuild in operator.md", err=True
        )
        sys.exit(EXIT_PARTIAL)
