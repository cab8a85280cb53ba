"""PDFs of runners' pages, laid out without a browser, on two cores: seconds and runners a second."""

import resource
import statistics
from pathlib import Path
from typing import Any

from runfix_analytics.catalogue import load
from runfix_analytics.reports import pdf, runner_page
from runfix_analytics.reports.wording import RUNNER, wording
from tests.benchmarks.two_cores import assessed_sample, results_of, seconds_each

N_RUNNERS, ROUNDS = 48, 3


def alone() -> dict[str, Any]:
    """Medians: of the coach's page, and of the coach's and the runner's own together, as the command makes them."""
    with assessed_sample() as root:
        one = statistics.median(seconds_each(coachs, root, N_RUNNERS, ROUNDS))
        both = statistics.median(seconds_each(coachs_and_own, root, N_RUNNERS, ROUNDS))
    return {
        "name": "pdf",
        "ours_s": round(one, 4),
        "peer": None,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        "runners_per_s": round(1 / one, 1),
        "runners_per_s_with_both_pages": round(1 / both, 1),
    }


def coachs(root: Path, n: int) -> None:
    """The coach's page of n runners."""
    _lay_out(root, n, ("coach",))


def coachs_and_own(root: Path, n: int) -> None:
    """Both pages of n runners."""
    _lay_out(root, n, ("coach", RUNNER))


def _lay_out(root: Path, n: int, voices: tuple[str, ...]) -> None:
    every, catalogue = results_of(root), load()
    for number in range(n):
        for voice in voices:
            page = runner_page.render(every[number % len(every)], catalogue, wording(voice=voice))
            assert pdf.pdf_bytes(page).startswith(b"%PDF")
