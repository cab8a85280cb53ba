"""Work mapped over Dask workers: of a scheduler that runs somewhere, or of one made here for as long as it is needed.

A scheduler runs whatever it is sent by whoever reaches it. The one made here listens on the loopback address and takes
encrypted connections of this process only.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from secrets import token_hex
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from runfix_analytics.errors import ConfigError, StageError
from runfix_analytics.processes import threads_each

if TYPE_CHECKING:
    from distributed import Client, Future

LOOPBACK = "127.0.0.1"
CONNECT_SECONDS, WITHOUT_WORKERS_SECONDS = 20.0, 60.0
SCHEDULER_GONE = "the Dask scheduler is gone; start it again, the next night does the rest"
_LOOK_SECONDS = 1.0

P = TypeVar("P")
R = TypeVar("R")


@contextmanager
def dask_workers(
    n: int, scheduler: str | None
) -> Iterator[Callable[[Callable[[P], R], Sequence[P]], Iterator[tuple[P, R | None]]]]:
    """Gives a map over the workers of the scheduler at an address, or without one over n workers made here.

    It gives (piece, what came of it) in the order of their ends; None where its worker ended. The work is sent to the
    workers, so it has to be picklable. It must raise nothing.

    Raises: ConfigError when `distributed` is not installed, no scheduler answers, or a worker has several threads.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ConfigError("this needs distributed; run: pip install 'runfix-analytics[dask]'") from error

    with ExitStack() as stack:
        at: Any = scheduler
        if scheduler is None:
            at = stack.enter_context(
                LocalCluster(
                    n_workers=n,
                    threads_per_worker=1,
                    host=LOOPBACK,
                    dashboard_address=None,
                    scheduler_kwargs={"allowed_failures": 0, "dashboard": False, "dashboard_address": f"{LOOPBACK}:0"},
                    security=True,
                    silence_logs=logging.ERROR,
                    local_directory=stack.enter_context(TemporaryDirectory(prefix="runfix-dask-")),
                    memory_limit=0,
                    env=threads_each(n),
                )
            )
        try:
            client = stack.enter_context(Client(at, timeout=CONNECT_SECONDS, set_as_default=False))
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"no Dask scheduler answers at {scheduler}; start one with: dask scheduler --host {LOOPBACK}"
            ) from error
        _look_at_threads(client)
        yield lambda work, pieces: _mapped(client, work, pieces)


def _look_at_threads(client: "Client") -> None:
    """The private umask and fitparse belong to a process: a worker has one thread, or they would be shared."""
    for worker, n in client.nthreads().items():
        if n != 1:
            raise ConfigError(f"the Dask worker {worker} has {n} threads; start it with: dask worker … --nthreads 1")


def _mapped(client: "Client", work: Callable[[P], R], pieces: Sequence[P]) -> Iterator[tuple[P, R | None]]:
    """One piece a worker at a time: what a worker has not begun is not lost, nor suspected, when it ends."""
    waiting, futures = deque(pieces), dict[Any, P]()
    n_workers, seen = _n_workers(client), monotonic()
    try:
        while waiting or futures:
            while waiting and len(futures) < max(n_workers, 1):
                piece = waiting.popleft()
                futures[client.submit(work, piece, key=f"part-{token_hex(8)}")] = piece
            ended = _ended(client, list(futures))
            for future in ended:
                yield futures.pop(future), _made(future)
            if not ended:
                n_workers = _n_workers(client)
            if ended or n_workers:
                seen = monotonic()
            elif monotonic() - seen > WITHOUT_WORKERS_SECONDS:
                raise StageError("the Dask scheduler has no worker left; start one, the next night does the rest")
    finally:  # nobody waits any more for what is still at work
        with suppress(OSError, CancelledError):  # a scheduler that is gone has nothing at work
            client.cancel(list(futures), force=True)


def _n_workers(client: "Client") -> int:
    try:
        return len(client.nthreads())
    except OSError as error:  # its connection is closed
        raise StageError(SCHEDULER_GONE) from error


def _ended(client: "Client", futures: "list[Future[Any]]") -> "list[Future[Any]]":
    from distributed import wait

    try:
        with client.as_current():
            return list(wait(futures, timeout=_LOOK_SECONDS, return_when="FIRST_COMPLETED").done)
    except TimeoutError:
        return []
    except CancelledError as error:
        raise StageError(SCHEDULER_GONE) from error


def _made(future: Any) -> Any:
    """What a worker made; None where it ended."""
    from distributed import KilledWorker

    if future.status == "finished":
        return future.result()
    if future.status == "error":
        error = future.exception()
        if isinstance(error, KilledWorker):
            return None
        raise StageError(
            f"a Dask worker cannot do its work ({type(error).__name__}); it needs this version of runfix-analytics"
        )
    raise StageError(SCHEDULER_GONE)
