"""What can be said of a command in a document without running it: its options, files, targets and extras are there."""

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import click
import pytest
from documents import ROOT

from runfix_analytics.cli import main
from runfix_analytics.store import TABLES

_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_CRON_FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_UNSAID = re.compile(r"…|\.\.\.")


def make(line: str) -> None:
    """The targets are there; nothing is made."""
    program, *targets = shlex.split(line)
    assert program == "make"
    subprocess.run(["make", "--dry-run", *targets], cwd=ROOT, capture_output=True, check=True)


def make_names(words: str) -> None:
    """The target is there."""
    target = words.split()[1]
    assert f"\n{target}:" in (ROOT / "Makefile").read_text(encoding="utf-8"), words


def runfix(line: str) -> None:
    """The command takes these arguments and options."""
    program, *words = shlex.split(line)
    assert program.removeprefix(".venv/bin/") == "runfix"
    command = main.commands[words[0]]
    with command.make_context(f"runfix {words[0]}", words[1:]):
        pass


def runfix_names(words: str) -> None:
    """Command and options are there, whatever stands for the values: for words in running text."""
    said = shlex.split(_UNSAID.sub("", words))[1:]
    named = next((word for word in said if not word.startswith("-")), None)
    command: click.Command = main if named is None else main.commands[named]
    context = click.Context(main)
    known = {name for group in (main, command) for option in group.get_params(context) for name in option.opts}
    assert {word for word in said if word.startswith("-")} <= known, words


def crontab(line: str) -> None:
    """Five fields that a crontab takes, then a command: of runfix, with its options; no bare %."""
    *fields, command = line.split(maxsplit=5)
    assert len(fields) == 5, line
    for text, (lowest, highest) in zip(fields, _CRON_FIELDS, strict=True):
        for part in text.split(","):
            found = re.fullmatch(r"(?:\*|(\d+)(?:-(\d+))?)(?:/\d+)?", part)
            assert found, part
            assert all(lowest <= int(number) <= highest for number in found.groups() if number), part
    assert not re.search(r"(?<!\\)%", command), command
    subprocess.run(["bash", "-nc", command], check=True)
    runfix(command.partition("&& ")[2].partition(" >>")[0])


def pip(line: str) -> None:
    """pip takes the options; the wheel is named as the next one will be, extras and files are there."""
    from pip._internal.commands import create_command  # noqa: PLC0415

    words = shlex.split(line.removeprefix("python3 -m "))
    assert words[0] == "pip"
    options, asked = create_command(words[1]).parse_args(words[2:])
    assert [name for name in options.constraints if not (ROOT / name).is_file()] == []
    wheel = f"{_PROJECT['name'].replace('-', '_')}-{_PROJECT['version']}-py3-none-any.whl"
    for name in asked:
        package, _, extras = name.rstrip("]").partition("[")
        assert package in (".", _PROJECT["name"], wheel), name
        assert set(filter(None, extras.split(","))) <= set(_PROJECT["optional-dependencies"]), name


def dask(line: str) -> None:
    """Dask's command takes these arguments and options."""
    from distributed.cli import dask_scheduler, dask_worker  # noqa: PLC0415

    program, command, *words = [word for word in shlex.split(line) if "=" not in word]
    assert program == "dask"
    {"scheduler": dask_scheduler, "worker": dask_worker}[command].main.make_context(command, words)


def prefect(line: str) -> None:
    """Prefect's command takes these arguments and options, and the files they name are there."""
    from prefect.cli._app import _app  # noqa: PLC0415

    words = shlex.split(line.removesuffix(" &"))
    assert words.pop(0) == "prefect"
    if words[0] == "--no-prompt":  # of the program, not of the command
        del words[0]
    _app.parse_args(words, print_error=False, exit_on_error=False)
    assert [word for word in words if word.endswith(".yaml") and not (ROOT / word).is_file()] == []


def flow(line: str) -> None:
    """The flow's own command line takes these options."""
    import pipelines.nightly as pipeline  # noqa: PLC0415

    program, *words = line.split(" -m ", 1)[1].split()
    assert program == "pipelines.nightly"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "nightly", lambda *_, **__: pipeline.Completed())
        assert pipeline.main(words) == 0


def pytest_tests(line: str) -> None:
    """The test files are there, and each word of -k is in the name of one of their tests or samples."""
    words = shlex.split(line)
    files = [ROOT / word for word in words if word.endswith(".py")]
    assert files, line
    samples = " ".join(path.name for path in (ROOT / "tests" / "samples").iterdir())
    named = " ".join(re.findall(r"def (test_\w+)", "".join(path.read_text(encoding="utf-8") for path in files)))
    asked = words[words.index("-k") + 1].split(" or ") if "-k" in words else []
    assert [word for word in asked if word not in named + samples] == []


def chromium(line: str) -> None:
    """What is shown or printed lies where `make demo` puts it."""
    page = Path(shlex.split(line)[-1])
    assert "DEMO := build/demo\n" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert page == Path("build/demo/reports/index.html")


def modules_and_tables(drawing: str) -> None:
    """Every name in the drawing of the pipeline is a module or a stored table."""
    modules = {path.stem for path in (ROOT / "runfix_analytics").iterdir()}
    drawn = re.sub(r"\([^)]*\)|<\w+>|:.*", " ", drawing)
    assert set(re.findall(r"[a-z_]{3,}", drawn)) <= modules | set(TABLES)


def sample_files(listing: str) -> None:
    """Each line begins with a file that is there, its <parts> whatever they are."""
    for line in listing.splitlines():
        assert next((ROOT / "data").glob(re.sub("<[a-z_]+>|…", "*", line.split()[0])), None), line


def script(line: str) -> None:
    """The file that Python runs is there."""
    program, path, *_ = shlex.split(line, comments=True)
    assert program == "python"
    assert (ROOT / path).is_file()


def formula(said: str) -> None:
    """One equation; further lines go on with it."""
    first, *more = said.splitlines()
    assert first.count(" = ") == 1
    assert [line for line in more if not re.match(r" +[+−·] ", line)] == []
