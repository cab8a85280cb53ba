"""The night as a Prefect flow: import → survey → study → assess → publish, mapped over parts of the squad.

    python -m pipelines.nightly --root squad          on this machine, without a server of yours and without a network
    prefect deploy --all && prefect worker start …     from prefect.yaml, see docs/operator.md

Parameters, names and results hold paths, ids and counts only. A night in which something was left out ends in the
state Partial (a completed one), on the command line with exit code 3.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

from prefect import flow, get_run_logger, task
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import exponential_backoff

from runfix_analytics.errors import EXIT_FAILED, EXIT_PARTIAL, RunfixError
from runfix_analytics.night import Done, Part, run_stage
from runfix_analytics.runs import watched_night

PARTIAL_STATE = "Partial"
RETRIES = 3
FIRST_DELAY_SECONDS = 2

# fitparse keeps types between files, and the private umask belongs to the whole process.
_ONE_THREAD: TaskRunner[PrefectFuture[Any]] = cast(TaskRunner[PrefectFuture[Any]], ThreadPoolTaskRunner(max_workers=1))


def _is_file_trouble(_task: object, _run: TaskRun, state: State) -> bool:
    """Retries are for files and disks; a wrong catalogue or an unknown runner is not mended by waiting."""
    return isinstance(state.result(raise_on_failure=False), OSError)


@task(
    name="stage",
    task_run_name="{stage}-{part}",
    retries=RETRIES,
    retry_delay_seconds=exponential_backoff(FIRST_DELAY_SECONDS),
    retry_condition_fn=_is_file_trouble,
    persist_result=False,
)
def stage_of_part(stage: str, root: str, part: Part, as_of: date) -> Done:
    """One stage for one part of the squad; returns counts and ids."""
    try:
        return run_stage(stage, Path(root), tuple(part), as_of)
    except (OSError, RunfixError):
        raise
    except Exception as error:  # its message may quote a log, and Prefect would keep it
        raise RuntimeError(type(error).__name__) from None


def _now() -> datetime:
    return datetime.now(UTC)


def _today() -> date:
    return _now().astimezone().date()


def _run_name() -> str:
    return f"night-{flow_run.parameters.get('as_of') or _today()}"


@flow(
    name="runfix-nightly",
    flow_run_name=_run_name,
    task_runner=_ONE_THREAD,
    persist_result=False,
)
def nightly(root: str, as_of: date | None = None) -> State:
    """Everything new in the inboxes of the store at `root`, to pages for `as_of` (default: today)."""
    log = get_run_logger()

    def each(stage: str, store_root: Path, day: date, parts: Sequence[Part], /) -> Iterable[Done]:
        futures = [stage_of_part.submit(stage, str(store_root), part, day) for part in parts]
        return [future.result() for future in futures]

    done = watched_night(Path(root), as_of or _today(), each, clock=_now, command="the Prefect flow")
    log.info("night done: %s, %d left out", done.counts, len(done.failures))
    for failure in done.failures:
        log.warning("%s left out for runner %s", failure.stage, failure.runner_id or "-")
    if done.exit_code == EXIT_FAILED:
        return Failed(message="no page could be published")
    if done.is_partial:
        return Completed(name=PARTIAL_STATE, message=f"{len(done.failures)} left out or damaged, the rest is done")
    return Completed(message="everything done")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the flow once; the exit code is that of `runfix nightly`: 0 all, 3 partial, 1 failed."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.nightly", description=nightly.__doc__)
    parser.add_argument("--root", default=".", help="the store's folder")
    parser.add_argument("--as-of", type=date.fromisoformat, help="the day to calculate for, as 2026-03-31")
    options = parser.parse_args(arguments)
    state: State = nightly(str(Path(options.root).resolve()), options.as_of, return_state=True)
    if not state.is_completed():
        return EXIT_FAILED
    return EXIT_PARTIAL if state.name == PARTIAL_STATE else 0


if __name__ == "__main__":
    sys.exit(main())
