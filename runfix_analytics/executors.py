"""What runs a stage of the night for many parts of the squad: a loop here, processes of this machine, or Dask workers.

What is sent to a worker is a path, a stage, a day and the numbers of some buckets; what comes back are counts and ids.
Rows go through the store. Whatever runs them, the rows and pages are the same.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from threading import Lock

from runfix_analytics import stamps
from runfix_analytics.dask_workers import dask_workers
from runfix_analytics.errors import ConfigError, RunfixError, StageError
from runfix_analytics.lock import bucket_writer
from runfix_analytics.night import run_stage
from runfix_analytics.parts import Done, Failure, Part
from runfix_analytics.places import Place
from runfix_analytics.processes import n_cores, worker_processes

LOCAL, PROCESSES, DASK = "local", "processes", "dask"
EXECUTORS = (LOCAL, PROCESSES, DASK)
MAX_WORKERS = 64

LOG = logging.getLogger(__name__)
_ONE_STAGE = Lock()  # the private umask belongs to the whole process


@dataclass(frozen=True)
class Outcome:
    """What came of one piece of work: what was done, or why not. Errors are values: workers would log raised ones."""

    done: Done = field(default_factory=Done)
    error: OSError | RunfixError | None = None


@dataclass(frozen=True)
class Work:
    """A stage of the night, to be done part by part wherever it is sent; `program` is that of who sends it."""

    stage: str
    root: Place
    as_of: date
    program: str

    def __call__(self, part: Part) -> Outcome:
        """Does the stage for one part. The text of an unexpected error stays here, because it may quote a log."""
        if stamps.program() != self.program:
            said = "a worker runs another version of runfix-analytics; start the workers again"
            return Outcome(error=ConfigError(said))
        try:
            with _ONE_STAGE, ExitStack() as held:
                for bucket in part:  # in order, so that no two workers wait for one another
                    held.enter_context(bucket_writer(self.root, bucket))
                return Outcome(run_stage(self.stage, self.root, part, self.as_of))
        except (OSError, RunfixError) as error:
            return Outcome(error=error)
        except Exception as error:
            LOG.debug("%s of %s failed", self.stage, _buckets(part), exc_info=error)
            said = f"{self.stage} of {_buckets(part)}: {type(error).__name__}"
            return Outcome(error=StageError(f"{said}; runfix --debug nightly --executor local shows where"))


Mapped = Callable[[Work, Sequence[Part]], Iterator[tuple[Part, Outcome | None]]]


class Stages:
    """Runs one stage after the other for many parts, as `night.Executor` says.

    All parts are tried; then the first error is raised. Asked again for the same stage it tells what was done before,
    and does the rest only.
    """

    def __init__(self, mapped: Callable[[], Mapped]) -> None:
        self._mapped = mapped
        self._done: dict[Work, dict[Part, Done]] = {}

    def __call__(self, stage: str, root: Place, as_of: date, parts: Sequence[Part], /) -> Iterator[Done]:
        """What the stage did to each part, in their order."""
        work = Work(stage, root, as_of, stamps.program())
        done = self._done.setdefault(work, {})
        wanted = [part for part in parts if part not in done]
        # for a single piece no worker need start
        mapped = _in_a_loop if len(wanted) <= 1 else self._mapped()
        errors, told = dict[Part, Exception](), 0
        for part, outcome in mapped(work, wanted):
            if outcome is None:
                done[part] = Done({}, (_worker_ended(stage, part),))
            elif outcome.error is not None:
                errors[part] = outcome.error
            else:
                done[part] = outcome.done
            while told < len(parts) and parts[told] in done:
                yield done[parts[told]]
                told += 1
        if errors:
            raise errors[min(errors)]
        del self._done[work]
        yield from (done[part] for part in parts[told:])


def _buckets(part: Part) -> str:
    return f"bucket{'s' if len(part) > 1 else ''} {', '.join(map(str, part))}"


def _worker_ended(stage: str, part: Part) -> Failure:
    reason = "its worker ended before it was done (killed, or out of memory); the next night does it again"
    return Failure(stage, "", _buckets(part), reason)


def _in_a_loop(work: Work, parts: Sequence[Part]) -> Iterator[tuple[Part, Outcome | None]]:
    return ((part, work(part)) for part in parts)


def check(name: str, workers: int | None = None, scheduler: str | None = None) -> None:
    """Nothing, when these options go together.

    Raises: ConfigError naming the option that is wrong.
    """
    if name not in EXECUTORS:
        raise ConfigError(f'there is no executor "{name}"; there are: {", ".join(EXECUTORS)}')
    if workers is not None and not 1 <= workers <= MAX_WORKERS:
        raise ConfigError(f"{workers} workers are not possible; choose 1 to {MAX_WORKERS}")
    if workers is not None and name == LOCAL:
        raise ConfigError(f"the executor {LOCAL} has no workers; choose --executor {PROCESSES} or {DASK}")
    if scheduler is not None and name != DASK:
        raise ConfigError(f"a scheduler is for --executor {DASK} only")
    if scheduler is not None and workers is not None:
        raise ConfigError("the workers of a running scheduler are those it has; leave --workers out")


@contextmanager
def opened(name: str = LOCAL, workers: int | None = None, scheduler: str | None = None) -> Iterator[Stages]:
    """Gives what `night.night` runs its stages with; workers begin when first needed and end with the block.

    `workers`: without a number, one for each core. `scheduler`: the address of a Dask scheduler that runs already.

    Raises: ConfigError at once for options that do not go together.
    """
    check(name, workers, scheduler)
    n = workers or n_cores()
    workers_of: dict[str, Callable[[], AbstractContextManager[Mapped]]] = {
        PROCESSES: lambda: worker_processes(n),
        DASK: lambda: dask_workers(n, scheduler),
    }
    with ExitStack() as stack:
        begin = workers_of.get(name)
        yield Stages(cache(lambda: stack.enter_context(begin()) if begin else _in_a_loop))
