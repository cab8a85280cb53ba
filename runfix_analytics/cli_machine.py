"""The commands about this installation: demo, doctor, completion."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from runfix_analytics.errors import EXIT_FAILED, EXIT_PARTIAL, StoreError
from runfix_analytics.places import Place
from runfix_analytics.terminal import FilePath, finish, json_option, now, pages_of, root_option, run_night, run_stages

if TYPE_CHECKING:
    from runfix_analytics.installation import Problem

_SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_RUNFIX_COMPLETE"


@click.command()
@click.argument("folder", type=FilePath(path_type=Path), default=Path("runfix-demo"))
def demo(folder: Path) -> None:
    """Try the whole night on a made-up squad of twelve, in a new FOLDER (runfix-demo), and print where the pages are.

    One of its files is damaged, so that you see how that is told.
    """
    from runfix_analytics import night
    from runfix_analytics.demo import COMPARED_WITH, DAY, lay_out

    store = lay_out(folder)
    imported = run_stages(store.root, ["import"], DAY, ())
    earlier = run_stages(store.root, ["survey", night.STUDY, "assess"], COMPARED_WITH, ())
    done = earlier + run_night(store.root, DAY, "local", None, None, is_full=False, is_log=False)
    for failure in imported.failures:
        click.echo(f"left out: {failure.what}: {failure.reason}", err=True)
    pages = pages_of(store, ())
    for page, what in pages:
        click.echo(f"{page}  {what}")
    if done.failures:
        finish(done)
    click.echo(f"Nobody in it is real. Open {store.root / 'reports' / 'index.html'} in a browser.", err=True)


@click.command()
@root_option
@json_option
@click.pass_context
def doctor(ctx: click.Context, root: Place, *, as_json: bool) -> None:
    """One screen on this machine and the store, to paste into a bug report; no names, nothing about health.

    Every problem stands with the command that mends it or shows more. Exit code 0: none; 3: nights run, something is
    left out; 1: nights cannot run.
    """
    from runfix_analytics.installation import installation

    machine = installation()
    told: dict[str, Any] = {"installation": asdict(machine)}
    problems = list(machine.problems)
    if ctx.get_parameter_source("root") is not ParameterSource.DEFAULT or (root / "runners.csv").exists():
        health, found = _store(root)
        told |= {"store": health}
        problems += found
    else:
        told |= {"store": None}
    for section in filter(None, told.values()):
        section.pop("problems", None)
    told["problems"] = [asdict(problem) for problem in problems]
    told = _without_home(told)
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else _screen(told))
    if any(problem.stops for problem in problems):
        sys.exit(EXIT_FAILED)
    sys.exit(EXIT_PARTIAL if problems else 0)


def _store(root: Place) -> tuple[dict[str, Any], list["Problem"]]:
    """What is known of the store, which may be nothing, and what is wrong with it."""
    from runfix_analytics.installation import PACKAGE, Problem

    try:
        from runfix_analytics.store_health import store_health

        health = store_health(root, now=now())
    except ImportError as error:
        again = f"pip install --force-reinstall {PACKAGE}"
        return {"root": str(root)}, [Problem(f"the program cannot be loaded: {error.name}", again, stops=True)]
    except StoreError as error:
        what, _, command = str(error).rpartition("; ")
        return {"root": str(root)}, [Problem(what, command.rpartition(": ")[2], stops=True)]
    return asdict(health), list(health.problems)


def _without_home(told: Any) -> Any:
    """The same, with ~ for the home folder: its name is mostly somebody's."""
    if isinstance(told, Mapping):
        return {key: _without_home(value) for key, value in told.items()}
    if isinstance(told, list | tuple):
        return [_without_home(value) for value in told]
    return told.replace(str(Path.home()), "~") if isinstance(told, str) else told


def _screen(told: Mapping[str, Any]) -> str:
    lines = []
    for section in ("installation", "store"):
        lines += [section, *(f"  {key:<20} {_words(value)}" for key, value in (told[section] or {}).items()), ""]
    if told["store"] is None:
        lines[-1:] = ["  none here; say --root FOLDER", ""]
    lines.append("problems")
    lines += [f"  {one['what']}\n    {one['command']}" for one in told["problems"]] or ["  none"]
    return "\n".join(lines)


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {said}" for key, said in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "not known" if value is None else str(value) or "nobody"


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what makes SHELL complete commands, options and runner ids with the tab key.

    \b
    bash: runfix completion bash > ~/.runfix-complete; echo '. ~/.runfix-complete' >> ~/.bashrc
    zsh:  runfix completion zsh > ~/.runfix-complete; echo '. ~/.runfix-complete' >> ~/.zshrc
    fish: runfix completion fish > ~/.config/fish/completions/runfix.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is not None:
        click.echo(kind(ctx.find_root().command, {}, "runfix", _VARIABLE).source())
