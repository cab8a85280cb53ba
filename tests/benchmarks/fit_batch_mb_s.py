"""MB/s of 500 generated FIT files through the reader and through the decoder, beside a plain copy of the same bytes."""

import resource
import statistics
from collections.abc import Callable
from time import perf_counter
from typing import Any

from runfix_analytics.fit.decoder import decode
from runfix_analytics.fit.messages import MESSAGES, RECORDS
from runfix_analytics.readers import garmin_fit
from runfix_analytics.sourcefile import SourceFile
from tests.benchmarks.fit_decode import generated

N_FILES, N_DIFFERENT, ROUNDS = 500, 25, 5
N_COPIED = 20  # times all bytes, more than the processor's cache holds


def alone() -> dict[str, Any]:
    different = [generated(n) for n in range(N_DIFFERENT)]
    contents = [different[n % N_DIFFERENT] for n in range(N_FILES)]
    files = [SourceFile(str(n), content) for n, content in enumerate(contents)]
    mb = sum(map(len, contents)) / 1e6
    read_s = _seconds(lambda: list(garmin_fit.read(files)))
    decode_s = _seconds(lambda: decode(contents, {**MESSAGES, **RECORDS}))
    large = b"".join(contents) * N_COPIED
    copy_s = _seconds(lambda: bytearray(large)) / N_COPIED
    return {
        "name": "fit_batch_mb_s",
        "ours_s": round(read_s, 4),
        "peer": None,
        "peer_s": None,
        "ratio": None,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "mb": round(mb, 1),
        "read_mb_s": round(mb / read_s),
        "decode_mb_s": round(mb / decode_s),
        "copy_mb_s": round(mb / copy_s),
    }


def _seconds(work: Callable[[], object]) -> float:
    """The median of some rounds after one that is not counted."""
    times = []
    for _ in range(ROUNDS + 1):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return statistics.median(times[1:])
