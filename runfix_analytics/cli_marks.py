"""The commands for what a coach says of a runner: seen by a physio, paused, away, ill, race week."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import click

from runfix_analytics.places import Place
from runfix_analytics.terminal import day_or_none, json_option, root_option, runner_ids, runner_option, show, today

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runfix_analytics.marks import Change, MarksFile
    from runfix_analytics.store import Store


def _known(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    from runfix_analytics.marks import mark_named
    from runfix_analytics.tables import MARKS

    if found := mark_named(value):
        return found
    raise click.BadParameter(f'"{value}" is no mark; marks: {", ".join(mark.replace("_", "-") for mark in MARKS)}')


@click.command()
@click.argument("runner")
@click.argument("kind", metavar="MARK", callback=_known)
@root_option
@click.option("--from", "from_on", callback=day_or_none, metavar="DATE", help="First day; default: today.")
@click.option(
    "--to", "to_on", callback=day_or_none, metavar="DATE",
    help="Last day; default: until further notice; a race week ends after a week.",
)  # fmt: skip
@click.option("--ended", callback=day_or_none, metavar="DATE", help="The running mark ends; DATE is its last day.")
@click.option("--remove", is_flag=True, help="Take back what was a mistake; of several the one that begins on --from.")
def mark(
    runner: str, kind: str, root: Place, from_on: date | None, to_on: date | None, ended: date | None, *, remove: bool
) -> None:
    """Say of RUNNER what no log says. MARK: seen-by-physio, paused, away, ill or race-week.

    What is marked already on one of these days becomes one mark with it, that begins on its earliest day and ends as
    you say now. Of seen-by-physio --from is the day of the visit.
    """
    from runfix_analytics import marks
    from runfix_analytics.lock import lists_writer
    from runfix_analytics.store import Store
    from runfix_analytics.tombstones import refuse_who_was_erased

    if wrong := _wrong_usage(kind, from_on, to_on, ended, remove=remove):
        raise click.UsageError(wrong)
    store = Store(root)
    with lists_writer(store.root):
        [runner_id] = runner_ids(store, [runner])
        refuse_who_was_erased(store.root, runner_id)
        file = store.marks_file()
        if remove:
            change = marks.without(file, runner_id, kind, from_on)
        elif ended:
            change = marks.with_end(file, runner_id, kind, ended)
        else:
            first = from_on or today()
            last = _last_of_race_week(first, store) if kind == "race_week" and to_on is None else to_on
            change = marks.with_mark(file, marks.Mark(runner_id, kind, first, last))
        if change.file != file:
            store.write_marks(change.file)
    click.echo(f"{runner_id}: {_told(change, file)}")


@click.command("marks")
@root_option
@runner_option
@json_option
def marks_(root: Place, runners: "Sequence[str]", *, as_json: bool) -> None:
    """List what was said of the runners with runfix mark; a mark without a last day holds until further notice."""
    import polars as pl

    from runfix_analytics.store import Store

    store = Store(root)
    ids = runner_ids(store, runners)
    marks, names = store.marks(), store.names()
    frame = marks.filter(pl.col("runner_id").is_in(ids)) if ids else marks
    named = frame.with_columns(pl.Series("name", [names.get(runner, "") for runner in frame["runner_id"]], pl.String))
    show(named, ["runner_id", "name", "mark", "from_on", "to_on"], as_json=as_json)
    strangers = sorted(set(frame["runner_id"]) - set(store.runners(store.catalogue())["runner_id"]))
    if strangers:
        click.echo(f"passed over, not in runners.csv: {', '.join(strangers)}; correct marks.csv", err=True)


def _wrong_usage(
    kind: str, from_on: date | None, to_on: date | None, ended: date | None, *, remove: bool
) -> str | None:
    """What is wrong with these options, None if nothing is."""
    from runfix_analytics.tables import VISIT

    first = from_on or today()
    if ended and (from_on or to_on or remove):
        return "--ended stands alone, without --from, --to and --remove"
    if to_on and remove:
        return "--remove takes no --to; of several marks say which by --from"
    if kind == VISIT and (to_on or ended):
        return "a visit is one day: --from is the day, and there is no --to nor --ended"
    if kind == VISIT and first > today() and not remove:
        return f"a visit on {first} lies ahead; mark it when it has been"
    if to_on and to_on < first:
        return f"--to {to_on} lies before the first day, {first}; say with --from when it began"
    return None


def _last_of_race_week(first: date, store: "Store") -> date:
    return first + min(timedelta(days=store.catalogue().days("marks.race_week") - 1), date.max - first)


def _told(change: "Change", file: "MarksFile") -> str:
    words = (change.after or change.before[0]).mark.replace("_", " ")
    before = ", ".join(old.period for old in change.before)
    if change.after is None:
        return f"taken back: {words} {before}"
    if change.file == file:
        return f"{words} {change.after.period}, as before; nothing changed"
    return f"{words} {change.after.period}" + (f"; before: {before}" if before else "")
