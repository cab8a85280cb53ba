"""Runners' pages from a ready assessment to written files, on two cores: seconds a page, and pages a second.

The peer is the same page with its charts drawn by matplotlib, as one who does not draw SVG by hand has it.
"""

import io
import re
import resource
import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runfix_analytics.catalogue import Catalogue, load
from runfix_analytics.reports import runner_page
from runfix_analytics.reports.results import RunnerResults, Week
from runfix_analytics.reports.wording import wording
from runfix_analytics.store import Store
from tests.benchmarks.two_cores import CORES, assessed_sample, results_of, seconds_each

N_PAGES, N_PEER = 1200, 24
ROUNDS, PEER_ROUNDS = 5, 3
STRIP_WEEKS = 12
INCH = 96  # pixels
SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)
mpl.rcParams["svg.fonttype"] = "none"  # text as text, which is quicker than outlines


def alone() -> dict[str, Any]:
    """Medians; every chart of ours has one of the peer's in its place."""
    with assessed_sample() as root:
        for results in results_of(root):
            page = runner_page.render(results, load(), wording())
            assert len(pictures(results, load())) == page.count("<svg"), results.runner_id
        ours = statistics.median(seconds_each(write_pages, root, N_PAGES, ROUNDS))
        peer = statistics.median(seconds_each(write_peer_pages, root, N_PEER, PEER_ROUNDS))
    return {
        "name": "reports",
        "ours_s": round(ours, 5),
        "peer": f"the same page with charts by matplotlib, {CORES} processes",
        "peer_s": round(peer, 4),
        "ratio": round(peer / ours, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        "pages_per_s": round(1 / ours),
    }


def write_pages(root: Path, n: int) -> None:
    """Ours: n pages, the sample's runners in turn."""
    store, every = Store(root), results_of(root)
    catalogue = load()
    for number in range(n):
        results = every[number % len(every)]
        page = runner_page.render(results, catalogue, wording())
        store.write_private(root / "reports" / results.runner_id / "index.html", page.encode())


def write_peer_pages(root: Path, n: int) -> None:
    """The peer: the same pages, each chart replaced."""
    store, every = Store(root), results_of(root)
    catalogue = load()
    for number in range(n):
        results = every[number % len(every)]
        page = runner_page.render(results, catalogue, wording())
        drawn = iter(pictures(results, catalogue))
        page = SVG.sub(lambda _, drawn=drawn: next(drawn), page)
        store.write_private(root / "reports" / results.runner_id / "peer.html", page.encode())


def pictures(results: RunnerResults, catalogue: Catalogue) -> list[str]:
    """matplotlib's SVG for each of the page's charts, in their order."""
    drawn = []
    for area in catalogue.areas:
        if area in results.today:
            drawn.append(as_svg(130, 14, partial(gauge, results.today[area])))
        drawn.append(as_svg(106, 26, partial(bars, results.weeks[-STRIP_WEEKS:], area)))
    drawn.append(timeline(results, catalogue))
    onsets = runner_page.view(results, catalogue, wording()).onsets
    rows = [row for row in results.onset_coverage if row["coverage"] is not None]
    shown = sum(onset.picture is not None for onset in onsets)
    drawn += [as_svg(206, 34, partial(dots, row)) for row in rows[:shown]]
    return drawn


def as_svg(width: float, height: float, draw: Callable[[Axes], None]) -> str:
    """One chart of a size in pixels."""
    figure = Figure(figsize=(width / INCH, height / INCH))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    draw(axes)
    return saved(figure)


def saved(figure: Figure) -> str:
    """The figure's SVG without the head of a file."""
    file = io.StringIO()
    figure.savefig(file, format="svg")
    return file.getvalue()[file.getvalue().index("<svg") :]


def gauge(row: Mapping[str, Any], axes: Axes) -> None:
    """Coverage against the band, with its bounds."""
    low, high = row["coverage_low"], row["coverage_high"]
    middle = row["coverage"] if row["coverage"] is not None else low
    axes.axvspan(0.75, 1, color="lightgrey")
    axes.barh([0], [middle], xerr=[[middle - low], [max(high - middle, 0)]])
    axes.set_xlim(0, 1)


def bars(weeks: Sequence[Week], area: str, axes: Axes) -> None:
    """Coverage week by week against the target."""
    for place, week in enumerate(weeks):
        row = week.coverage.get(area)
        known = row is not None and row["coverage"] is not None
        axes.bar(place, row["coverage"] if known else 1, hatch="" if known else "//")
    axes.axhline(0.75, linestyle="--")
    axes.set_ylim(0, 1)


def timeline(results: RunnerResults, catalogue: Catalogue) -> str:
    """Distance, the areas' coverage and the aches on one axis."""
    episodes = results.episodes[-3:]
    figure = Figure(figsize=(688 / INCH, 251 / INCH))
    rows = figure.subplots(1 + len(catalogue.areas) + len(episodes), 1, sharex=True)
    rows = [rows] if isinstance(rows, Axes) else list(rows)
    n = len(results.weeks)
    rows[0].bar(range(n), [(week.distance_m or 0) / 1000 for week in results.weeks])
    for axes, area in zip(rows[1:], catalogue.areas, strict=False):
        bars(results.weeks, area, axes)
    for axes, episode in zip(rows[1 + len(catalogue.areas) :], episodes, strict=True):
        back = (results.as_of - episode["onset_on"]).days / 7
        axes.barh([0], [back], left=[n - back])
        axes.text(n - back, 0, f"{episode['worst_pain']}/10")
    return saved(figure)


def dots(row: Mapping[str, Any], axes: Axes) -> None:
    """Own weeks and the one before the onset."""
    axes.plot(row["own_weeks"], [0] * len(row["own_weeks"]), "o")
    axes.plot([row["coverage"]], [0], "D")
    axes.text(0, 0, "0")
    axes.text(1, 0, "100 %")
