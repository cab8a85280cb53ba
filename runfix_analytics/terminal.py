"""What the commands share: options, runners by name, tables on the screen, and the last line with its exit code."""

import csv
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runfix_analytics.errors import EXIT_FAILED, EXIT_PARTIAL, ConfigError, RunfixError, without_quotes
from runfix_analytics.places import Place, is_url, place_of, present

if TYPE_CHECKING:
    from runfix_analytics.night import Executor
    from runfix_analytics.parts import Done, Part
    from runfix_analytics.store import Store

_NO_TERMINAL_WIDTH = 1000
_WHOLE = 10  # cells up to this length, ids and dates, are never folded


class OneLineErrors(click.Group):
    """Turns our own errors into one line on stderr. What they quote is cleaned: it may come from a file by a script."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Reads the options that stand before the command."""
        with _clean_usage_errors():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        try:
            with _clean_usage_errors():
                return super().invoke(ctx)
        except RunfixError as error:
            said = str(error)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            said = f"{where}{error.strerror or error}"
        click.echo(f"runfix: {_cleaned(said)}", err=True)
        sys.exit(EXIT_FAILED)


@contextmanager
def _clean_usage_errors() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        said = error.format_message()
        if said.replace("\n", "").isprintable():  # a command without a word is told its help, in many lines
            raise
        raise click.UsageError(_cleaned(said), error.ctx) from error


def _cleaned(said: str) -> str:
    from runfix_analytics.text import clean_text  # takes polars with it

    return clean_text(said)


def day_or_none(_ctx: click.Context, _param: click.Parameter, value: str | None) -> date | None:
    """A date given as an option, None if it is not given."""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise click.BadParameter(f'"{value}" is no date; write it like 2026-03-31') from error


def day(ctx: click.Context, param: click.Parameter, value: str | None) -> date:
    """A date given as an option, today if it is not given."""
    return day_or_none(ctx, param, value) or today()


class StoreRoot(click.Path):
    """A folder, or a URL in a bucket."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """What was said, as a place."""
        if not isinstance(value, str) or not is_url(value):
            return super().convert(value, param, ctx)
        try:
            return place_of(value)
        except RunfixError as error:
            self.fail(str(error), param, ctx)


class FilePath(click.Path):
    """A file or folder of this machine."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """What was said, as a path."""
        if isinstance(value, str) and is_url(value):
            self.fail(f"{value} is a URL; write to a file, and copy it there", param, ctx)
        return super().convert(value, param, ctx)


def complete_runner(ctx: click.Context, _param: click.Parameter, typed: str) -> list[str]:
    """Ids of runners that begin as typed, for the shell; never names. Nothing where the store cannot be read."""
    root = ctx.params.get("root") or Path()
    if not isinstance(root, Path) or is_url(str(root)):  # the tab key waits for no bucket
        return []
    try:
        with (root / "runners.csv").open(encoding="utf-8", errors="replace") as file:
            ids = [(row.get("runner_id") or "").strip() for row in csv.DictReader(file)]
    except (OSError, csv.Error):
        return []
    return sorted(runner for runner in ids if runner and runner.startswith(typed))


root_option = click.option(
    "--root", "-C", type=StoreRoot(), default=Path(), envvar="RUNFIX_ROOT", show_envvar=True,
    help="The store's folder, or its URL in a bucket (s3://, gs://, az://); default: the folder you are in.",
)  # fmt: skip
as_of_option = click.option("--as-of", callback=day, metavar="DATE", help="The day to calculate for; default: today.")
runner_option = click.option(
    "--runner", "runners", multiple=True, metavar="RUNNER", help="Only this runner (id or name).",
    shell_complete=complete_runner,
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="As JSON, for other programs.")


def executor_options(command: Callable[..., None]) -> Callable[..., None]:
    """What runs the stages of a night, and how many workers."""
    options = (
        click.option(
            "--executor", default="local", show_default=True, envvar="RUNFIX_EXECUTOR", show_envvar=True,
            help="What works on the runners: local, one after the other; processes; or dask.",
        ),
        click.option(
            "--workers", type=int, envvar="RUNFIX_WORKERS", show_envvar=True,
            help="How many processes or Dask workers; default: one for each core.",
        ),
        click.option(
            "--scheduler", metavar="ADDRESS", envvar="RUNFIX_SCHEDULER", show_envvar=True,
            help="A Dask scheduler that runs already, like tcp://127.0.0.1:8786.",
        ),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def today() -> date:
    """The day it is where this machine is."""
    return datetime.now(UTC).astimezone().date()


def runner_ids(store: "Store", wanted: Iterable[str]) -> list[str]:
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


def pages_of(store: "Store", ids: Sequence[str]) -> list[tuple[Place, str]]:
    """The pages that are there, and whose they are: of these runners or of all, then of the squad."""
    from runfix_analytics import publishing

    names, known = store.names(), store.runners(store.catalogue())["runner_id"]
    everybody = ids or sorted(known, key=lambda runner: names.get(runner, runner))
    found = [(publishing.runner_page_path(store.root, runner), names.get(runner, "")) for runner in everybody]
    found.append((publishing.squad_page_path(store.root), "the squad"))
    found.append((publishing.exercise_sheet_path(store.root), "exercises, to hand out"))
    found.append((publishing.cohort_page_path(store.root), "coverage against onset, for analysts"))
    there = present(store.root / "reports", [page for page, _ in found])
    return [(page, what) for page, what in found if page in there]


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)


def run_stages(root: Place, stages: Sequence[str], as_of: date, ids: Sequence[str], **how: Any) -> "Done":
    """Runs some stages of a night in a loop, with a progress bar for each; `how` are options of publishing."""
    from runfix_analytics import night
    from runfix_analytics.lock import only_writer
    from runfix_analytics.store import Store

    with only_writer(root, f"runfix {' and '.join(stages)} since {now():%Y-%m-%d %H:%M} UTC"):
        runner_ids(Store(root), ids)  # who was erased since they were asked for would leave their id again
        return night.night(root, as_of, in_a_loop(ids, **how), stages, only=ids)


def in_a_loop(ids: Sequence[str] = (), **how: Any) -> "Executor":
    """Runs a stage for one part after the other, of these runners or of all, with a progress bar."""
    from runfix_analytics import night
    from runfix_analytics.delta_tables import bucket_of

    def each(stage: str, root: Place, as_of: date, parts: "Sequence[Part]") -> "Iterator[Done]":
        is_of_all = stage in (night.STUDY, night.SQUAD)
        wanted = [tuple(sorted({bucket_of(runner) for runner in ids}))] if ids and not is_of_all else parts
        yield from _shown(stage, len(wanted), (night.run_stage(stage, root, one, as_of, ids, **how) for one in wanted))

    return each


def run_night(
    root: Place,
    as_of: date,
    executor: str,
    workers: int | None,
    scheduler: str | None,
    *,
    is_full: bool,
    is_log: bool,
) -> "Done":
    """Runs the whole night, which leaves a record, with a progress bar for each stage; `is_log` as in `finish`."""
    from runfix_analytics import executors, runs

    with executors.opened(executor, workers, scheduler) as run:

        def each(stage: str, root: Place, as_of: date, parts: "Sequence[Part]") -> "Iterator[Done]":
            yield from _shown(stage, len(parts), run(stage, root, as_of, parts))

        try:
            return runs.watched_night(root, as_of, each, clock=now, is_full=is_full)
        except RunfixError as error:
            if is_log:
                raise error.for_log() from None
            raise


def _shown(stage: str, n: int, parts: "Iterator[Done]") -> "Iterator[Done]":
    is_hidden = not sys.stderr.isatty()
    with click.progressbar(parts, length=n, label=f"{stage:<8}", file=sys.stderr, hidden=is_hidden) as bar:
        yield from bar


def finish(done: "Done", *, is_log: bool = False) -> None:
    """One line of counts, one for each failure, and the exit code; `is_log`: without names and values of files."""
    if done.counts:
        click.echo(", ".join(f"{key.replace('_', ' ')}: {value}" for key, value in done.counts.items()))
    for line in _for_log(done) if is_log else _for_screen(done):
        click.echo(line, err=True)
    if done.exit_code == EXIT_PARTIAL:
        click.echo(f"partial: {len(done.failures)} of the above left out or damaged, everything else done", err=True)
    sys.exit(done.exit_code)


def _for_screen(done: "Done") -> Iterator[str]:
    for failure in done.failures:
        whose = f"{failure.runner_id}: " if failure.runner_id else ""
        yield f"{failure.stage}: {whose}{failure.what}: {failure.reason}"


def _for_log(done: "Done") -> Iterator[str]:
    """A file's name may be a person's, and why it failed may quote it: of files only whose they are and how many."""
    from runfix_analytics.night import WHOLE_INBOX

    n_files = Counter[str]()
    for failure in done.failures:
        is_file = failure.stage == "import" and failure.what != WHOLE_INBOX
        if is_file and failure.runner_id:
            n_files[failure.runner_id] += 1
        else:
            whose = f"{failure.runner_id}: " if failure.runner_id else ""
            what = "a folder of the inbox" if is_file else failure.what
            yield f"{failure.stage}: {whose}{what}: {without_quotes(failure.reason)}"
    for runner, n in n_files.items():
        told = f"runfix imports --runner {runner} (what cannot even be opened: runfix import, at a terminal)"
        yield f"import: {runner}: files left out or damaged: {n}; which and why: {told}"


def is_log() -> bool:
    """Whether nobody sits at a terminal to read what is said, as in cron: it goes to a file."""
    return not sys.stderr.isatty()


def show(frame: Any, columns: Sequence[str], *, as_json: bool) -> None:
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
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)
