"""Work in processes of its own that are killed when they take too long, so that a hang is a finding and not the end."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import Empty, Queue
from threading import Thread
from typing import Any

Task = dict[str, Any]
Work = Callable[[Task], dict[str, Any]]
Lost = Callable[[Task, str], tuple[list[Task], dict[str, Any] | None]]

SECONDS_TO_START = 120.0
RENEWED_AFTER = 60  # tasks; what a process keeps for ever is not what one file costs, and old ones grow slow
_CONTEXT = get_context("spawn")


def each(
    tasks: Iterable[Task], work: Work, lost: Lost, *, prepare: Callable[[], None], n_workers: int
) -> Iterator[dict[str, Any]]:
    """The result of every task, as they are done; a task has its limit in `limit_s`.

    `lost(task, why)` says what is to be done in the place of one whose process hung ("hang") or died ("died"), and
    what is known of it already.
    """
    waiting: Queue[Task] = Queue()
    done: Queue[dict[str, Any] | None] = Queue()
    for task in tasks:
        waiting.put(task)
    threads = [Thread(target=_serve, args=(waiting, done, work, lost, prepare), daemon=True) for _ in range(n_workers)]
    for thread in threads:
        thread.start()
    for _ in threads:
        while (result := done.get()) is not None:
            yield result


def _serve(waiting: Queue[Task], done: Queue[Any], work: Work, lost: Lost, prepare: Callable[[], None]) -> None:
    process: _Process | None = None
    mine: list[Task] = []
    try:
        while True:
            task = mine.pop(0) if mine else waiting.get_nowait()
            if process is None or process.n_tasks >= RENEWED_AFTER:
                process = _renewed(process, work, prepare)
            result = process.ask(task)
            if isinstance(result, str):
                process = _renewed(process, work, prepare)
                instead, result = lost(task, result)
                mine = instead + mine
            if result is not None:
                done.put(result)
    except Empty:
        pass
    finally:
        if process:
            process.end()
        done.put(None)


class _Process:
    """One process that does a task at a time."""

    def __init__(self, work: Work, prepare: Callable[[], None]) -> None:
        self.pipe, theirs = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(target=_work, args=(theirs, work, prepare), daemon=True)
        self.process.start()
        theirs.close()
        self.n_tasks = 0
        if not self.pipe.poll(SECONDS_TO_START):
            self.end()
            raise TimeoutError(f"a process did not start within {SECONDS_TO_START} s")
        self.pipe.recv()

    def ask(self, task: Task) -> dict[str, Any] | str:
        """The result, or "hang" or "died"."""
        self.n_tasks += 1
        try:
            self.pipe.send(task)
            return self.pipe.recv() if self.pipe.poll(task["limit_s"]) else "hang"
        except (EOFError, OSError):
            return "died"

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _renewed(process: _Process | None, work: Work, prepare: Callable[[], None]) -> _Process:
    if process:
        process.end()
    return _Process(work, prepare)


def _work(pipe: Connection, work: Work, prepare: Callable[[], None]) -> None:
    prepare()
    with suppress(EOFError, BrokenPipeError):  # nobody asks any more
        pipe.send("ready")
        while True:
            pipe.send(work(pipe.recv()))
