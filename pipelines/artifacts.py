"""What Prefect's pages show of a night: progress, counts, seconds of each stage, what was left out, and a link.

Ids, stages and counts only, no name and nothing about health. An artifact that cannot be written stops no night.
"""

from collections.abc import Callable
from typing import Any

from prefect import get_run_logger
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from runfix_analytics.night import STAGES
from runfix_analytics.parts import Done
from runfix_analytics.places import Place
from runfix_analytics.publishing import squad_page_path

PROGRESS, SUMMARY, LEFT_OUT, PAGES = "night-progress", "night-summary", "night-left-out", "night-pages"


def begin() -> Any:
    """The id of the progress of a night that begins; None where it could not be written."""
    return _written(PROGRESS, lambda: create_progress_artifact(0.0, PROGRESS, "no stage is done yet"))


def advance(progress: Any, stage: str) -> None:
    """Notes that a stage is done."""
    names = list(STAGES)
    n_done = names.index(stage) + 1
    if progress is not None:
        share, said = 100 * n_done / len(names), f"done: {', '.join(names[:n_done])}"
        _written(PROGRESS, lambda: update_progress_artifact(progress, share, said))


def tell(done: Done, root: Place) -> None:
    """What came of a night: the summary, what was left out of whose, and a link to the squad's page."""
    counts = [f"| {count.replace('_', ' ')} | {n} |" for count, n in done.counts.items()]
    seconds = [f"| {stage} | {taken:.1f} |" for stage, taken in done.seconds.items()]
    table = ["| count | |", "|---|---:|", *counts, "", "| stage | seconds |", "|---|---:|", *seconds]
    damage = f"{len(done.failures)} left out or damaged"
    left_out = [{"stage": failure.stage, "runner": failure.runner_id} for failure in done.failures]
    _written(SUMMARY, lambda: create_markdown_artifact("\n".join(table), SUMMARY, damage))
    _written(LEFT_OUT, lambda: create_table_artifact(left_out, LEFT_OUT, f"{damage}; why: runfix imports"))
    _written(PAGES, lambda: create_link_artifact(squad_page_path(root).as_uri(), "the squad's page", PAGES))


def _written(key: str, write: Callable[[], Any]) -> Any:
    try:
        return write()
    except Exception as error:
        get_run_logger().warning("the artifact %s could not be written (%s)", key, type(error).__name__)
        return None
