"""The commands that keep a store whole over years: migrate, rebuild, backup, restore."""

from datetime import date
from pathlib import Path

import click

from runfix_analytics.terminal import day_or_none, finish, in_a_loop, now, root_option


@click.command()
@root_option
def migrate(root: Path) -> None:
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
def rebuild(root: Path, as_of: date | None, *, facts: bool) -> None:
    """Make the calculated tables again from the logs; advice of earlier days stays, it was given.

    With --facts the logs too, from the kept originals: the ledger says which, what was taken back stays so.
    """
    from runfix_analytics import night, rebuilding
    from runfix_analytics.lock import only_writer
    from runfix_analytics.store import Store

    store = Store(root)
    with only_writer(store.root, f"runfix rebuild since {now():%Y-%m-%d %H:%M} UTC"):
        day = as_of or night.last_assessed(store)
        finish(rebuilding.rebuild(store, day, in_a_loop(), facts=facts))
