"""What the stages of a night have in common: a part of the squad, what was done to it, and whom it is due for."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import dataframely as dy
import polars as pl

from runfix_analytics import due
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.delta_tables import bucket_of
from runfix_analytics.errors import EXIT_FAILED, EXIT_PARTIAL, RunfixError
from runfix_analytics.store import Store
from runfix_analytics.tables import Runners
from runfix_analytics.text import clean_text

Part = tuple[int, ...]  # buckets
MOST = 100  # runners calculated at once
COUNTED_AS = {due.SURVEY: "surveyed", due.ASSESS: "assessed", due.PUBLISH: "pages"}

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failure:
    """One thing that did not work: which stage, whose, which file, and why. No health text."""

    stage: str
    runner_id: str
    what: str
    reason: str

    def __post_init__(self) -> None:
        for name in ("what", "reason"):
            object.__setattr__(self, name, clean_text(getattr(self, name)))


@dataclass(frozen=True)
class Done:
    """What a stage did to one part of the squad; of a whole night also the seconds that each stage took."""

    counts: dict[str, int] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict, compare=False)

    def __add__(self, other: "Done") -> "Done":
        keys = {**self.counts, **other.counts}
        counts = {key: self.counts.get(key, 0) + other.counts.get(key, 0) for key in keys}
        return Done(counts, self.failures + other.failures, {**self.seconds, **other.seconds})

    @property
    def is_partial(self) -> bool:
        """Whether something did not work."""
        return bool(self.failures)

    @property
    def exit_code(self) -> int:
        """0 all went well, 1 no page could be published, 3 something was left out."""
        if self.failures and not self.counts.get("pages") and any(f.stage == "publish" for f in self.failures):
            return EXIT_FAILED
        return EXIT_PARTIAL if self.failures else 0


def total(parts: Iterable[Done]) -> Done:
    """What was done to several parts together."""
    return sum(parts, Done())


def untouched(stage: str, n_runners: int) -> Done:
    """What is told of runners whose rows or pages stand as they are."""
    counts = {COUNTED_AS[stage]: n_runners} | ({"unchanged": n_runners} if stage == due.ASSESS else {})
    return Done(counts if n_runners else {})


def runners_of(store: Store, part: Part, catalogue: Catalogue, only: Sequence[str]) -> dy.DataFrame[Runners]:
    """The runners of a part, or those of them in `only`."""
    everybody = store.runners(catalogue)
    is_wanted = [bucket_of(runner) in part and (not only or runner in only) for runner in everybody["runner_id"]]
    return Runners.cast(everybody.filter(pl.Series(is_wanted, dtype=pl.Boolean)))


def portions(runners: dy.DataFrame[Runners]) -> Iterator[dy.DataFrame[Runners]]:
    """The runners of a part, so many at once as fit in memory: a large squad's buckets hold more."""
    return (Runners.cast(some) for some in runners.iter_slices(MOST))


def if_due(
    stage: str,
    store: Store,
    runners: dy.DataFrame[Runners],
    as_of: date,
    catalogue: Catalogue,
    work: Callable[[dy.DataFrame[Runners]], None],
) -> Done:
    """Does the work for those runners who need it, and leaves the stamps of those for whom it was done."""
    keys = due.due(store, stage, runners, as_of, catalogue)
    kept = runners.height - len(keys)
    if not keys:
        return untouched(stage, kept)
    part = Runners.cast(runners.filter(pl.col("runner_id").is_in(list(keys))))
    done = _each(stage, part, work, COUNTED_AS[stage])
    due.done(store, stage, keys, {failure.runner_id for failure in done.failures})
    return done + untouched(stage, kept)


def _each(
    stage: str, runners: dy.DataFrame[Runners], work: Callable[[dy.DataFrame[Runners]], None], count: str
) -> Done:
    """Does the work for all runners at once; if that fails, one by one, so that one failure stays one."""
    try:
        work(runners)
    except Exception as error:
        LOG.warning("%s of %d runners together failed (%s); one by one", stage, runners.height, type(error).__name__)
    else:
        return Done({count: runners.height})
    done = Done()
    for row in range(runners.height):
        one = Runners.cast(runners[row : row + 1])
        try:
            work(one)
            done += Done({count: 1})
        except OSError:
            raise
        except Exception as error:
            done += Done({}, (failure(stage, one["runner_id"][0], stage, error),))
    return done


def failure(stage: str, runner_id: str, what: str, error: Exception) -> Failure:
    """What went wrong, in words that hold nothing about a runner's health: foreign messages may, ours do not."""
    LOG.debug("%s of runner %s failed", stage, runner_id, exc_info=error)
    reason = str(error) if isinstance(error, RunfixError) else f"{type(error).__name__}; --debug shows where"
    return Failure(stage, runner_id, what, reason)
