"""The night as a Prefect flow: one task a stage, import → survey → study → assess → publish → squad.

    python -m pipelines.nightly --root squad          on this machine, without a server of yours and without a network
    prefect deploy --all && prefect worker start …     from prefect.yaml, see docs/operator.md

Parameters, names, results and artifacts hold paths, ids and counts only. A night in which something was left out ends
in the state Partial (a completed one), on the command line with exit code 3.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from prefect.task_engine import TaskRunTimeoutError
from prefect.tasks import exponential_backoff
from pydantic import Field

from pipelines import artifacts
from runfix_analytics import executors
from runfix_analytics.errors import EXIT_FAILED, EXIT_PARTIAL, RunfixError, StageError
from runfix_analytics.night import Executor
from runfix_analytics.parts import Done, Part, total
from runfix_analytics.places import Place, is_url, place_of
from runfix_analytics.runs import watched_night
from runfix_analytics.store import Store

PARTIAL_STATE = "Partial"
RETRIES = 3
FIRST_DELAY_SECONDS = 2
STAGE_MINUTES = 240.0


def _is_file_trouble(_task: object, _run: TaskRun, state: State) -> bool:
    """Retries are for files and disks; a wrong catalogue or a stage without an end is not mended by waiting."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, OSError) and not isinstance(error, TaskRunTimeoutError)  # which is an OSError too


@task(
    name="stage",
    task_run_name="{stage}",
    retries=RETRIES,
    retry_delay_seconds=exponential_backoff(FIRST_DELAY_SECONDS),
    retry_condition_fn=_is_file_trouble,
    persist_result=False,
    cache_policy=NO_CACHE,
)
def stage_of_night(stage: str, root: Place, as_of: date, parts: Sequence[Part], run: Executor) -> Done:
    """One stage for all parts of the squad that need it; a retry does those that failed. Returns counts and ids."""
    try:
        return total(run(stage, root, as_of, parts))
    except OSError as error:  # it names a file, whose name may be anything, and Prefect would keep it
        raise OSError(error.errno or 0, error.strerror or type(error).__name__) from None
    except RunfixError as error:
        raise error.for_log() from None  # Prefect would keep what it quotes of a file
    except Exception as error:  # its message may quote a log
        raise RuntimeError(type(error).__name__) from None


def _now() -> datetime:
    return datetime.now(UTC)


def _today() -> date:
    return _now().astimezone().date()


def _run_name() -> str:
    return f"night-{flow_run.parameters.get('as_of') or _today()}"


@flow(name="runfix-nightly", flow_run_name=_run_name, persist_result=False)
def nightly(
    root: Annotated[str, Field(min_length=1)],
    as_of: date | None = None,
    executor: Literal["local", "processes", "dask"] = "local",
    workers: Annotated[int, Field(ge=1, le=executors.MAX_WORKERS)] | None = None,
    scheduler: str | None = None,
    stage_minutes: Annotated[float, Field(gt=0)] = STAGE_MINUTES,
) -> State:
    """Everything new in the inboxes of the store at `root`, to pages for `as_of` (default: today).

    `executor`, `workers` and `scheduler` are the options of `runfix nightly`; a stage may take `stage_minutes`.
    """
    log, store = get_run_logger(), Store(place_of(root))
    task_of_stage = stage_of_night.with_options(timeout_seconds=stage_minutes * 60)
    with executors.opened(executor, workers, scheduler) as run:
        progress = artifacts.begin()

        def each(stage: str, store_root: Place, day: date, parts: Sequence[Part], /) -> list[Done]:
            try:
                done = task_of_stage(stage, store_root, day, parts, run)
            except TaskRunTimeoutError:
                said = f"{stage} took more than {stage_minutes:g} minutes and was stopped"
                raise StageError(f"{said}; the next night does the rest") from None
            artifacts.advance(progress, stage)
            return [done]

        try:
            done = watched_night(store.root, as_of or _today(), each, clock=_now, command="the Prefect flow")
        except RunfixError as error:
            raise error.for_log() from None
    artifacts.tell(done, store.root)
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
    parser = argparse.ArgumentParser(prog="python -m pipelines.nightly", description="The night as a Prefect flow.")
    parser.add_argument("--root", default=".", help="the store: its folder, or its URL in a bucket")
    parser.add_argument("--as-of", type=date.fromisoformat, help="the day to calculate for, as 2026-03-31")
    parser.add_argument("--executor", choices=executors.EXECUTORS, default=executors.LOCAL)
    parser.add_argument("--workers", type=int, help="how many processes or Dask workers; default: one for each core")
    parser.add_argument("--scheduler", help="the address of a Dask scheduler that runs already")
    of = parser.parse_args(arguments)
    root = str(of.root if is_url(of.root) else Path(of.root).resolve())
    state: State = nightly(root, of.as_of, of.executor, of.workers, of.scheduler, return_state=True)
    if not state.is_completed():
        return EXIT_FAILED
    return EXIT_PARTIAL if state.name == PARTIAL_STATE else 0


if __name__ == "__main__":
    sys.exit(main())
