"""Work that tests send to worker processes; imports nothing heavy, so that a worker is there at once."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def ends_at_two(piece: int) -> int:
    """Ten times the piece; at two the worker ends."""
    if piece == 2:
        os._exit(9)
    return piece * 10


def sleeps(piece: int) -> None:
    """Sleeps for a minute, but not at zero."""
    if piece:
        time.sleep(60)


def sleeps_a_little(_piece: int) -> None:
    """Sleeps for three seconds."""
    time.sleep(3)


@dataclass(frozen=True)
class Deadly:
    """A stage's work whose process is killed half way through storing the rows of one part."""

    work: Any
    stage: str
    victim: tuple[int, ...]

    def __call__(self, part: tuple[int, ...]) -> Any:
        """What the work itself makes of other parts and stages."""
        from runfix_analytics.store import Store  # noqa: PLC0415

        if (self.work.stage, part) == (self.stage, self.victim):
            Store.replace = self.killing(Store.replace)
        return self.work(part)

    def killing(self, whole: Callable[..., None]) -> Callable[..., None]:
        """The third time the process is killed."""
        stored = []

        def replace(*arguments: Any, **options: Any) -> None:
            stored.append(arguments)
            if len(stored) == 3:
                os.kill(os.getpid(), signal.SIGKILL)
            whole(*arguments, **options)

        return replace
