"""The commands that keep a store whole over years: migrate, rebuild, backup, restore."""

from pathlib import Path

import click

from runfix_analytics.terminal import now, root_option


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
