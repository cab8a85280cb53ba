"""Tries mutants: each in a forked process of its own, which imports the changed module and runs the tests on it.

What takes long to import is imported once, before; but nothing is calculated with polars before the fork, since its
threads do not outlive one.
"""

import gc
import importlib
import json
import os
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_loader
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import grimp
import pytest

from tests.mutants.mutating import Mutant

SURVIVED = ""
_TIMES = "times.json"
_ARGUMENTS = ("-x", "-q", "--tb=no", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:faulthandler")
_NOTICED = {  # a usage error: a module that the tests' conftest.py imports does not load
    *(pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED, pytest.ExitCode.USAGE_ERROR),
}


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant; `noticed_by` is the test that failed first, or import, collection, crash or time."""

    mutant: Mutant
    noticed_by: str
    took_s: float
    tests_s: Mapping[str, float]


class NotTriedError(Exception):
    """pytest could not run the tests of a mutant, or they do not pass on the module as it is."""


@dataclass(frozen=True)
class _Trial:
    mutant: Mutant
    process: int
    answer: int
    started: float
    folder: TemporaryDirectory[str]


def preload(target: str, modules: Sequence[str], packages: Sequence[str], calls: Sequence[str]) -> None:
    """Imports these, and what of the packages they need: all but the target and what imports it. Calls `calls`."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # other people's plug-ins take longer than a test
    if packages:
        imports = grimp.build_graph(*packages, include_external_packages=False, cache_dir=None)
        needed = set(modules) | {
            one for name in modules if name in imports.modules for one in imports.find_upstream_modules(name)
        }
        modules = sorted(needed - {target} - imports.find_downstream_modules(target))
    for name in modules:
        importlib.import_module(name)
    for module, _, function in (name.rpartition(".") for name in calls):
        getattr(sys.modules[module], function)()
    if target in sys.modules:
        raise NotTriedError(f"{target} is imported before it is changed")
    gc.freeze()


def outcomes(
    mutants: Sequence[Mutant], tests: Sequence[str], quick: Set[str] = frozenset(), *, limit_s: float, n_jobs: int
) -> Iterator[Outcome]:
    """As they are known, `n_jobs` at a time; who takes longer than the limit was noticed.

    A test that noticed the fault before is likely to notice the next: of the quick ones the newest such go first.
    """
    waiting, running, first = list(reversed(mutants)), dict[int, _Trial](), list[str]()
    clock = _Clock()
    try:
        while waiting or running:
            while waiting and len(running) < n_jobs:
                trial = _begun(waiting.pop(), tests, first, clock.now)
                running[trial.answer] = trial
            ready, _, _ = select.select(list(running), [], [], _Clock.TICK_S)
            clock.tick()
            late = [one for one, trial in running.items() if clock.now - trial.started > limit_s]
            for one in {*ready, *late}:
                ended = _ended(running.pop(one), clock.now, is_late=one not in ready)
                if ended.noticed_by in quick:
                    first = [ended.noticed_by, *(test for test in first if test != ended.noticed_by)]
                yield ended
    finally:
        for trial in running.values():
            _ended(trial, clock.now, is_late=True)


class _Clock:
    """Seconds in which this process was at work: one that is halted for a while must not take mutants for hanging."""

    TICK_S = 0.2

    def __init__(self) -> None:
        self.now, self._last = 0.0, time.monotonic()

    def tick(self) -> None:
        before, self._last = self._last, time.monotonic()
        self.now += min(self._last - before, 5 * self.TICK_S)


def _begun(mutant: Mutant, tests: Sequence[str], first: Sequence[str], now: float) -> _Trial:
    answer, told = os.pipe()
    folder = TemporaryDirectory(prefix="mutant-")
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        os.setpgid(0, 0)
        os.close(answer)
        _try(mutant, tests, first, told, Path(folder.name))
    os.close(told)
    with suppress(ProcessLookupError, PermissionError):
        os.setpgid(process, process)  # here too: whoever comes first
    return _Trial(mutant, process, answer, now, folder)


def _try(mutant: Mutant, tests: Sequence[str], first: Sequence[str], told: int, folder: Path) -> None:
    """In the fork; never returns."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    said = "!no answer"
    try:
        said = _noticed_by(mutant, tests, first, folder)
    except BaseException as error:  # noqa: BLE001 - the fork must end here whatever happens
        said = f"!{type(error).__name__}: {error}"
    finally:
        os.write(told, f"={said}".encode()[: select.PIPE_BUF])
        os._exit(0)


def _noticed_by(mutant: Mutant, tests: Sequence[str], first: Sequence[str], folder: Path) -> str:
    sys.meta_path.insert(0, _Changed(mutant))
    try:
        importlib.import_module(mutant.module)
    except Exception:  # noqa: BLE001 - whatever the fault does
        return "import"
    watcher = _Watcher(first)
    code = pytest.main([*_ARGUMENTS, f"--basetemp={folder}/tests", *tests], plugins=[watcher])
    (folder / _TIMES).write_text(json.dumps(watcher.times))
    if code in _NOTICED:
        return watcher.failed or "collection"
    return SURVIVED if code == pytest.ExitCode.OK else f"!pytest ended with {code!r}"


class _Watcher:
    """Has some tests run first, and sees which one failed and how long each took."""

    def __init__(self, first: Sequence[str]) -> None:
        self.place = {test: number for number, test in enumerate(first)}
        self.failed = ""
        self.times = Counter[str]()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: self.place.get(item.nodeid, len(self.place)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.times[report.nodeid] += report.duration
        if report.failed and not self.failed:
            self.failed = report.nodeid


class _Changed(MetaPathFinder, InspectLoader):
    """Finds the one module with its fault, and leaves all others alone."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant
        original = PathFinder.find_spec(mutant.module.rpartition(".")[2], _folders(mutant.module))
        assert original is not None
        self.origin = original.origin

    def find_spec(self, fullname: str, path: object, target: ModuleType | None = None) -> ModuleSpec | None:
        return spec_from_loader(fullname, self, origin=self.origin) if fullname == self.mutant.module else None

    def get_source(self, fullname: str) -> str:
        return self.mutant.source

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self.origin
        super().exec_module(module)


def _folders(module: str) -> list[str] | None:
    package = module.rpartition(".")[0]
    return list(importlib.import_module(package).__path__) if package else None


def source_of(module: str) -> str:
    spec = PathFinder.find_spec(module.rpartition(".")[2], _folders(module))
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text()


def _ended(trial: _Trial, now: float, *, is_late: bool) -> Outcome:
    answer = b"=time" if is_late else os.read(trial.answer, select.PIPE_BUF)
    said = answer.decode(errors="replace")[1:] if answer else "crash"
    os.close(trial.answer)
    with suppress(ProcessLookupError):
        os.killpg(trial.process, signal.SIGKILL)  # what the tests left running too
    os.waitpid(trial.process, 0)
    times = Path(trial.folder.name, _TIMES)
    tests_s = json.loads(times.read_text()) if times.exists() and not is_late else {}
    trial.folder.cleanup()
    if said.startswith("!"):
        raise NotTriedError(f"{trial.mutant.module} line {trial.mutant.line}, {trial.mutant.after}: {said[1:]}")
    return Outcome(trial.mutant, said, now - trial.started, tests_s)
