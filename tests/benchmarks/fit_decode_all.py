"""As fit_decode, with every field of every message that the profile knows."""

from collections.abc import Callable

from runfix_analytics.fit.decoder import ALL
from runfix_analytics.fit.profile import message_types
from tests.benchmarks.fit_decode import PEER, ROUNDS, Counts, both, same

__all__ = ["PEER", "ROUNDS", "prepare", "same"]


def prepare() -> tuple[Callable[[], Counts], Callable[[], Counts]]:
    return both(dict.fromkeys(message_types(), ALL))
