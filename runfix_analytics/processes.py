"""Work mapped over worker processes of this machine.

Workers are spawned, since the threads of polars do not survive a fork, and begin with the first piece of work. Each has
one piece at a time, so that it is known which piece a worker that ends takes with it.
"""

import logging
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from threading import Thread
from typing import Any, TypeVar

THREAD_SETTINGS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_LOOK_SECONDS = 1.0  # a wait without end could not be interrupted outside the main thread

P = TypeVar("P")
R = TypeVar("R")


def n_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_each(n_workers: int) -> dict[str, str]:
    """Environment of a worker: the cores shared out; what is set already stays."""
    share = str(max(1, n_cores() // n_workers))
    return {name: os.environ.get(name, share) for name in THREAD_SETTINGS}


@contextmanager
def worker_processes(n: int) -> Iterator[Callable[[Callable[[P], R], Sequence[P]], Iterator[tuple[P, R | None]]]]:
    """Gives a map over n processes: (piece, what came of it) in the order of their ends; None where its worker ended.

    What stands in the work is sent to the workers, so it has to be picklable. It must raise nothing.
    """
    pool: list[_Worker | None] = [None] * n
    try:
        yield lambda work, pieces: _mapped(pool, work, pieces)
    finally:
        for place in range(n):
            _stop(pool, place)


def _mapped(pool: "list[_Worker | None]", work: Callable[[P], R], pieces: Sequence[P]) -> Iterator[tuple[P, R | None]]:
    waiting, busy = deque(pieces), dict[Connection, tuple[int, P]]()
    try:
        while waiting or busy:
            for place in sorted(set(range(len(pool))) - {place for place, _ in busy.values()}):
                if waiting:
                    piece = waiting.popleft()
                    busy[_given(pool, place, work, piece)] = (place, piece)
            ready = set(wait(list(busy), _LOOK_SECONDS))
            for line in [line for line in busy if line in ready]:
                place, piece = busy.pop(line)
                try:
                    made = line.recv()
                except (EOFError, OSError):  # it was killed, by the system when memory ran out or by a person
                    made = None
                    _stop(pool, place)
                yield piece, made
    finally:  # nobody waits any more for what is still at work
        for place, _ in busy.values():
            _stop(pool, place)


def _given(pool: "list[_Worker | None]", place: int, work: Callable[[P], R], piece: P) -> Connection:
    """Hands a piece to the worker at a place, a new one where there is none alive."""
    worker = pool[place]
    if worker is None or not worker.process.is_alive():
        _stop(pool, place)
        worker = pool[place] = _Worker(threads_each(len(pool)))
    with suppress(BrokenPipeError):  # it ended this moment: reading from it says so
        worker.line.send((work, piece))
    return worker.line


def _stop(pool: "list[_Worker | None]", place: int) -> None:
    worker, pool[place] = pool[place], None
    if worker is not None:
        worker.process.kill()
        worker.process.join()
        worker.process.close()
        worker.line.close()


class _Worker:
    """A process that does what comes down its line, until it is killed or its parent ends."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        context = get_context("spawn")
        self.line, theirs = context.Pipe()
        level = logging.getLogger().getEffectiveLevel()
        self.process: Any = context.Process(target=_serve, args=(theirs, level), daemon=True)
        with _environment(environment):
            self.process.start()
        theirs.close()


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(line: Connection, log_level: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it too, and decides
    logging.basicConfig(level=log_level, format="%(message)s")
    Thread(target=_end_with_parent, daemon=True).start()
    while True:
        work, piece = line.recv()
        line.send(work(piece))


def _end_with_parent() -> None:
    """Ends this process when the parent is gone, killed or not: the next night must not meet a worker of this one."""
    if parent := parent_process():
        wait([parent.sentinel])
        os._exit(1)
