"""The night as a Prefect flow: Partial and Completed, retries on file trouble only, time-outs, artifacts, one at a time
once a day, and no health text in Prefect.

Starts Prefect's own server once (20 s or so), on this machine and without a network.
"""

import asyncio
import json
import logging
import re
import shutil
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import pieces
import pytest
import yaml

from pipelines import artifacts
from pipelines import nightly as pipeline  # sets what Prefect reads at its import
from runfix_analytics import calculated_parts, executors, night, publishing, runs
from runfix_analytics.assessment import Logs
from runfix_analytics.delta_tables import bucket_of
from runfix_analytics.lock import only_writer
from runfix_analytics.sample_files import (
    AcheAnswer,
    Activity,
    SheetRow,
    ache_form_csv,
    run_fit,
    strength_sheet_csv,
)
from runfix_analytics.store import Store

pytestmark = pytest.mark.flow

DAY = date(2026, 3, 29)
NAMES = ("Canary Quillfeather", "Zebedee Oxblood", "Philippa Thistlewood")
IDS = [
    *islice((f"r{number}" for number in count() if bucket_of(f"r{number}") == 0), 2),
    next(f"r{number}" for number in count() if bucket_of(f"r{number}") == 1),
]
NOTE = "canarynote it throbs when I sleep"


@pytest.fixture(autouse=True)
def every_bucket_is_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few runners are enough for several parts."""
    monkeypatch.setattr(night, "_FEW", 1)


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    """Prefect's own server with a database of its own; gives the database's file."""
    from prefect.settings import get_current_settings  # noqa: PLC0415
    from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415

    with prefect_test_harness(server_startup_timeout=90):
        url = get_current_settings().server.database.connection_url
        assert url is not None
        yield Path(url.get_secret_value().partition(":///")[2])


@pytest.fixture(scope="module")
def three_runners(tmp_path_factory) -> Store:
    """Three runners in two buckets with four weeks of logs, one with a damaged FIT file; nothing is imported yet."""
    store = Store.create(tmp_path_factory.mktemp("flow") / "squad")
    for number, (runner, name) in enumerate(zip(IDS, NAMES, strict=True)):
        with (store.root / "runners.csv").open("a", encoding="utf-8") as roster:
            roster.write(f"{runner},Europe/Berlin,metric,,,,partial\n")
        with (store.root / "names.csv").open("a", encoding="utf-8") as names:
            names.write(f"{runner},{name}\n")
        inbox = store.root / "inbox" / runner
        inbox.mkdir()
        days = [DAY - timedelta(days=gap) for gap in (2, 5, 9, 12, 16, 19, 23, 26)]
        sheet = strength_sheet_csv(SheetRow(day, "single-leg calf raise", 2, 12) for day in days)
        hurts = AcheAnswer("", "a1", DAY, DAY, "gradual", "shin", "left", 4, 6, pain_at_night=number == 0, notes=NOTE)
        (inbox / "strength.csv").write_text(sheet, encoding="utf-8")
        (inbox / "aches.csv").write_text(ache_form_csv([hurts]), encoding="utf-8")
        run = Activity(datetime.fromisoformat("2026-03-28T09:00:00+01:00"), 2400 + number, 8000.0, title="Run")
        content = run_fit(run, Random(number))
        (inbox / "run.fit").write_bytes(content[: len(content) * 3 // 5] if number == 1 else content)
    return store


@pytest.fixture
def root(three_runners: Store, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    copied: Path = shutil.copytree(three_runners.root, tmp_path / "squad")
    return copied


@pytest.fixture
def nobody(tmp_path: Path) -> Path:
    """A store without runners: its night takes a moment."""
    return Store.create(tmp_path / "nobody").root


@pytest.fixture(autouse=True)
def retries_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = pipeline.stage_of_night.with_options(retry_delay_seconds=0)
    monkeypatch.setattr(pipeline, "stage_of_night", stage)


def run(root: Path, day: date | None = DAY, **how: Any) -> Any:
    """The final state of one run of the flow."""
    return pipeline.nightly(str(root), day, return_state=True, **how)


def pages(root: Path) -> set[str]:
    return {path.parent.name for path in (root / "reports").rglob("index.html")}


def runners(root: Path) -> set[str]:
    return set(Store(root).names())


def mend(root: Path) -> None:
    """Takes the damaged file away."""
    damaged = min((root / "inbox").rglob("run.fit"), key=lambda path: path.stat().st_size)
    damaged.unlink()


def test_a_damaged_file_ends_in_partial_with_pages_for_all_and_the_next_night_in_completed(server, root):
    first = run(root)
    assert (first.type.value, first.name) == ("COMPLETED", "Partial")
    assert first.message == "1 left out or damaged, the rest is done"
    assert pages(root) == {*runners(root), "reports"}
    before = {path: path.read_bytes() for path in (root / "reports").rglob("index.html")}
    second = run(root)
    assert (second.type.value, second.name) == ("COMPLETED", "Completed")
    assert {path: path.read_bytes() for path in (root / "reports").rglob("index.html")} == before


def test_the_flow_writes_the_same_pages_as_a_plain_loop(server, root, run_night, tmp_path):
    plain = shutil.copytree(root, tmp_path / "plain")
    run_night(plain, DAY)
    run(root)
    for path in (root / "reports").rglob("index.html"):
        assert path.read_bytes() == (plain / path.relative_to(root)).read_bytes()


@pytest.mark.parametrize("stage", ["assess", "survey"])
def test_one_runner_who_cannot_be_assessed_leaves_the_others_their_pages(server, root, monkeypatch, stage):
    mend(root)
    victim = sorted(runners(root))[1]
    whole = getattr(calculated_parts, stage)

    def fails(logs: Logs, **options: Any) -> Any:
        if victim in set(logs.runners["runner_id"]):
            raise ValueError("broken")
        return whole(logs, **options)

    monkeypatch.setattr(calculated_parts, stage, fails)
    assert run(root).name == "Partial"
    assert pages(root) >= runners(root) - {victim}


def test_the_squad_page_is_written_although_one_runner_could_not_be_assessed(root, run_night, monkeypatch):
    mend(root)
    victim = sorted(runners(root))[1]
    whole = calculated_parts.assess

    def fails(logs: Logs, **options: Any) -> Any:
        if victim in set(logs.runners["runner_id"]):
            raise ValueError("broken")
        return whole(logs, **options)

    monkeypatch.setattr(calculated_parts, "assess", fails)
    done = run_night(root, DAY)
    page = publishing.squad_page_path(root).read_text(encoding="utf-8")
    names = Store(root).names()
    assert all(name in page for runner, name in names.items() if runner != victim)
    assert {failure.runner_id for failure in done.failures} == {victim}


def test_one_runner_whose_import_breaks_leaves_the_others_their_pages(server, root, monkeypatch):
    """A fault in a reader is a fault for one runner, not the end of everybody's night."""
    mend(root)
    victim = sorted(runners(root))[1]
    whole = night.read_inbox

    def fails(store: Store, runner: night.RunnerSettings, catalogue: Any) -> Any:
        if runner.runner_id == victim:
            raise ValueError("canaryimport")
        return whole(store, runner, catalogue)

    monkeypatch.setattr(night, "read_inbox", fails)
    assert run(root).name == "Partial"
    assert pages(root) >= runners(root) - {victim}


def test_a_missing_store_fails(server, tmp_path):
    state = run(tmp_path)
    assert state.is_failed()
    assert not state.is_completed()


def test_main_returns_3_then_0_and_1_without_a_store(server, root, tmp_path, capsys):
    assert pipeline.main(["--root", str(root), "--as-of", str(DAY)]) == 3
    assert pipeline.main(["--root", str(root), "--as-of", str(DAY)]) == 0
    assert pipeline.main(["--root", str(tmp_path / "nowhere")]) == 1
    with pytest.raises(SystemExit) as wrong_usage:
        pipeline.main(["--as-of", "tomorrow"])
    assert wrong_usage.value.code == 2


@pytest.mark.parametrize(("trouble", "n_calls", "state"), [(OSError, 4, "Completed"), (ValueError, 1, "Failed")])
def test_retries_are_for_file_trouble_only(server, root, monkeypatch, trouble, n_calls, state):
    """Three times the disk is away, the fourth time it is there; a wrong value is not mended by waiting."""
    mend(root)
    calls = []

    def sometimes(stage: str, root: Path, part: night.Part, day: date) -> night.Done:
        if stage == "import" and part == night.parts(root)[0]:
            calls.append(part)
            if len(calls) < 4:
                raise trouble("away")
        return night.run_stage(stage, root, part, day)

    monkeypatch.setattr(executors, "run_stage", sometimes)
    assert run(root).name == state
    assert len(calls) == n_calls


def test_a_disk_that_never_comes_back_fails_after_the_last_retry(server, root, monkeypatch):
    calls = []

    def never(stage: str, root: Path, part: night.Part, day: date) -> night.Done:
        calls.append(stage)
        raise OSError("away")

    monkeypatch.setattr(executors, "run_stage", never)
    assert run(root).is_failed()
    assert calls.count("import") == len(night.parts(root)) * (1 + pipeline.RETRIES)
    assert set(calls) == {"import"}


def test_a_page_that_cannot_be_written_at_first_is_tried_again(server, root, monkeypatch):
    """Retries on file access hold for every stage, not only for reading the inbox."""
    mend(root)
    whole, failed = Store.write_private, []

    def once(store: Store, path: Path, content: bytes) -> None:
        if path.name == "index.html" and len(failed) < 2:
            failed.append(path)
            raise OSError("the share is away")
        whole(store, path, content)

    monkeypatch.setattr(Store, "write_private", once)
    assert run(root).name == "Completed"
    assert pages(root) == {*runners(root), "reports"}


def test_a_disks_word_of_a_file_does_not_reach_prefect(server, root, monkeypatch):
    """A file in an inbox may be called anything."""

    def away(*_: Any) -> night.Done:
        raise OSError(5, "Input/output error", "inbox/r1/canaryfile knee hurts.csv")

    monkeypatch.setattr(executors, "run_stage", away)
    assert run(root).is_failed()
    assert "canaryfile" not in asyncio.run(what_prefect_knows()) + repr(rows_of(server))


def test_a_stage_that_takes_too_long_is_stopped_once_and_the_store_is_free(server, root, monkeypatch):
    calls = []

    def hangs(stage: str, *_: Any) -> night.Done:
        calls.append(stage)
        time.sleep(120)
        return night.Done()

    monkeypatch.setattr(executors, "run_stage", hangs)
    began = time.monotonic()
    state = run(root, stage_minutes=0.02)
    assert state.is_failed()
    assert "import took more than 0.02 minutes and was stopped" in state.message
    assert (calls, time.monotonic() - began < 60) == (["import"], True)
    assert "import took more than" in runs.records(root)[-1]["reason"]
    with only_writer(root, "the next night"):
        pass


def test_of_two_flows_at_once_one_runs_and_the_other_says_why_not(server, nobody, monkeypatch):
    others = []

    def meanwhile(stage: str, *of: Any) -> night.Done:
        if not others:
            others.append(None)
            second = Thread(target=lambda: others.append(run(nobody)))
            second.start()
            second.join()
        return night.run_stage(stage, *of)

    monkeypatch.setattr(executors, "run_stage", meanwhile)
    assert run(nobody).name == "Completed"
    assert others[1].is_failed()
    assert "is at work already: the Prefect flow since" in others[1].message


def test_a_worker_killed_in_the_middle_of_a_flow_is_repaired_by_the_next_night(server, root, monkeypatch):
    mend(root)
    victim, whole = (bucket_of(IDS[0]),), executors.worker_processes

    @contextmanager
    def deadly(n: int) -> Iterator[Any]:
        with whole(n) as mapped:
            yield lambda work, wanted: mapped(pieces.Deadly(work, "assess", victim), wanted)

    monkeypatch.setattr(executors, "worker_processes", deadly)
    first = run(root, executor="processes", workers=2)
    assert first.name == "Partial"
    assert ["assess", ""] in runs.records(root)[-1]["left_out"]
    assert run(root).name == "Completed"
    assert pages(root) == {*runners(root), "reports"}


@pytest.mark.parametrize(
    "wrong", [{"executor": "threads"}, {"workers": 0}, {"stage_minutes": 0}, {"as_of": "soon"}, {"workers": 2}]
)
def test_wrong_parameters_fail_before_anything_runs(server, root, wrong):
    state = pipeline.nightly(**({"root": str(root)} | wrong), return_state=True)
    assert state.is_failed()
    assert next(iter(wrong)) in state.message
    assert runs.records(root) == []


def test_the_artifacts_hold_progress_counts_what_was_left_out_and_the_pages(server, root):
    state = run(root)
    found = {one.key: one for one in asyncio.run(artifacts_of(state.state_details.flow_run_id))}
    assert set(found) == {artifacts.PROGRESS, artifacts.SUMMARY, artifacts.LEFT_OUT, artifacts.PAGES}
    assert (found[artifacts.PROGRESS].data, found[artifacts.PROGRESS].description) == (
        100.0, "done: import, survey, study, assess, publish, squad",
    )  # fmt: skip
    assert "| assessed | 3 |" in found[artifacts.SUMMARY].data
    assert json.loads(found[artifacts.LEFT_OUT].data) == [{"stage": "import", "runner": IDS[1]}]
    assert (root / "reports" / "index.html").as_uri() in found[artifacts.PAGES].data


def test_an_artifact_that_cannot_be_written_fails_no_night(server, nobody, monkeypatch, caplog):

    def away(*_: Any, **__: Any) -> None:
        raise ValueError("canaryartifact")

    for name in ("create_progress_artifact", "create_markdown_artifact"):
        monkeypatch.setattr(artifacts, name, away)
    assert run(nobody).name == "Completed"
    assert "the artifact night-summary could not be written (ValueError)" in caplog.text
    assert "the artifact night-progress could not be written (ValueError)" in caplog.text


async def artifacts_of(flow_run_id: Any) -> list[Any]:
    from prefect import get_client  # noqa: PLC0415
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId  # noqa: PLC0415

    async with get_client() as client:
        wanted = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[flow_run_id]))
        return await client.read_artifacts(artifact_filter=wanted)


def test_prefect_and_the_logs_hold_no_name_and_no_health_text(server, root, caplog):
    """Parameters, names, logs and results of all runs so far: in the server's database, and in what is logged."""
    with caplog.at_level(logging.INFO):
        run(root)
    seen = asyncio.run(what_prefect_knows()) + repr(rows_of(server)) + caplog.text
    assert "night done" in seen
    names = [*NAMES, *(part for name in NAMES for part in name.split())]
    secrets = (*names, "canarynote", "throbs", "calf raise", "shin")
    assert [secret for secret in secrets if re.search(rf"\b{secret}\b", seen)] == []


@pytest.mark.parametrize(
    "module, place", [(calculated_parts, "assess"), (night, "read_inbox")], ids=["assess", "read_inbox"]
)
def test_the_text_of_an_unexpected_error_reaches_neither_prefect_nor_the_logs(
    server, root, monkeypatch, caplog, module, place
):
    """What a library says of a bad value may quote the value: polars and dataframely do."""
    canary = f"canary{place}throbs"

    def fails(*_arguments: Any, **_options: Any) -> Any:
        raise ValueError(canary)

    monkeypatch.setattr(module, place, fails)
    with caplog.at_level(logging.INFO):
        run(root)
    assert canary not in asyncio.run(what_prefect_knows()) + repr(rows_of(server))
    assert canary not in caplog.text


CANARIES = ("canaryfile", "canarydate", "canarysite", "canarymember", "canaryfolder", "canarymark", "throbs", *NAMES)


def told(server: Path, caplog: pytest.LogCaptureFixture) -> list[str]:
    """The words of CANARIES that Prefect, its artifacts and the logs hold, of all runs so far."""
    seen = asyncio.run(what_prefect_knows()) + repr(rows_of(server)) + caplog.text
    return [word for word in CANARIES if word in seen]


def test_rejects_warnings_damage_and_strangers_tell_prefect_no_word_of_a_file(server, root, caplog):
    inbox = root / "inbox" / IDS[0]
    (inbox / f"{NAMES[0]} canaryfile.csv").write_text(
        "date,exercise,sets,reps,seconds,weight,side,rir,notes\ncanarydate,plank,1,1,,,,,throbs\n", encoding="utf-8"
    )
    (inbox / "canaryfile.txt").write_text("throbs canarysite", encoding="utf-8")
    with zipfile.ZipFile(inbox / "canaryfile.zip", "w") as zipped:
        zipped.writestr(f"canarymember {NAMES[1]}.docx", "throbs")
        zipped.writestr("canarymember.csv", "report_id,date_reported,site\na9,2026-03-28,canarysite throbs\n")
    (root / "inbox" / f"canaryfolder {NAMES[2]}").mkdir()
    with caplog.at_level(logging.INFO):
        assert run(root).name == "Partial"
    assert told(server, caplog) == []
    assert "canary" not in json.dumps(runs.records(root))
    ledger = repr(Store(root).scan("imports").collect().rows()) + repr(Store(root).scan("rejects").collect().rows())
    assert all(word in ledger for word in ("canaryfile", "canarydate", "canarymember", NAMES[1]))


@pytest.mark.parametrize(
    ("name", "line"),
    [("marks.csv", 'runner_id,mark,from_on,to_on\n{},"canarymark ""throbs""",2026-03-01,\n'),
     ("runners.csv", "{} canarymark throbs,,metric,,,,\n")],
)  # fmt: skip
def test_a_wrong_cell_of_a_list_is_told_to_prefect_by_its_place_only(server, root, caplog, name, line):
    with (root / name).open("a", encoding="utf-8") as file:
        file.write(line.format(IDS[0]))
    with caplog.at_level(logging.INFO):
        assert run(root).is_failed()
    assert told(server, caplog) == []
    assert name in runs.records(root)[-1]["reason"]
    assert "canary" not in json.dumps(runs.records(root))


async def what_prefect_knows() -> str:
    """Names, parameters, tags and messages of every run."""
    from prefect import get_client  # noqa: PLC0415

    async with get_client() as client:
        flows, tasks = await client.read_flow_runs(limit=200), await client.read_task_runs(limit=200)
        logs = await client.read_logs(limit=200)
    # a run whose parameters are wrong ends before it is named, and has a name that Prefect made up
    assert all(re.fullmatch(r"night-[0-9-]+|[a-z]+-[a-z]+", one.name) for one in flows)
    assert {task.name.partition("-")[0] for task in tasks} <= {
        "import",
        "survey",
        "study",
        "assess",
        "publish",
        "squad",
    }
    parameters = {"root", "as_of", "executor", "workers", "scheduler", "stage_minutes"}
    assert all(set(one.parameters) <= parameters for one in flows)
    return repr([flows, tasks, logs])


def rows_of(database: Path) -> list[Any]:
    """Every row of every table of the server's database."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')]  # noqa: S608
    connection.close()
    return rows


def deployment() -> dict[str, Any]:
    [described] = yaml.safe_load(Path("prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    return described


def test_the_deployment_runs_once_on_every_day_of_2026_clock_changes_included():
    from prefect.server.schemas.schedules import CronSchedule  # noqa: PLC0415

    [schedule] = deployment()["schedules"]
    zone = ZoneInfo(schedule["timezone"])
    start, end = datetime(2026, 1, 1, tzinfo=zone), datetime(2026, 12, 31, 23, 59, tzinfo=zone)
    cron = CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
    times = asyncio.run(cron.get_dates(n=1000, start=start, end=end))
    local = [time.astimezone(zone) for time in times]
    assert [one.date() for one in local] == [date(2026, 1, 1) + timedelta(days=day) for day in range(365)]
    assert {(one.hour, one.minute) for one in local} == {(3, 30)}


def test_the_schedule_of_the_deployment_makes_runs(server):
    """With SQLAlchemy 2.1 Prefect 3.8 makes none, and only the log of its server says so."""
    assert asyncio.run(scheduled()) == 3


async def scheduled() -> int:
    """How many runs the server's scheduler makes of the deployment's schedule, if it is asked for three."""
    from prefect import get_client  # noqa: PLC0415
    from prefect.client.schemas.actions import DeploymentScheduleCreate  # noqa: PLC0415
    from prefect.client.schemas.schedules import CronSchedule  # noqa: PLC0415
    from prefect.server.database import provide_database_interface  # noqa: PLC0415
    from prefect.server.models.deployments import schedule_runs  # noqa: PLC0415

    [schedule] = deployment()["schedules"]
    cron = CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
    async with get_client() as client:
        made = await client.create_deployment(
            await client.create_flow(pipeline.nightly), "nightly", schedules=[DeploymentScheduleCreate(schedule=cron)]
        )
    async with provide_database_interface().session_context() as session:
        return len(await schedule_runs(session, made, min_runs=3, max_runs=3))


def test_the_deployment_is_one_at_a_time_and_its_parameters_are_the_flows():
    described = deployment()
    assert described["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
    assert set(described["parameters"]) <= set(pipeline.nightly.parameters.properties)
    pipeline.nightly.validate_parameters(described["parameters"])


def test_the_automations_are_what_prefect_takes_and_watch_this_flow():
    from prefect.events.schemas.automations import AutomationCore  # noqa: PLC0415

    described = yaml.safe_load(Path("pipelines/automations.yaml").read_text(encoding="utf-8"))["automations"]
    automations = [AutomationCore.model_validate(one) for one in described]
    assert [one.trigger.posture.value for one in automations] == ["Reactive", "Proactive"]
    assert f"prefect.flow-run.{pipeline.PARTIAL_STATE}" in automations[0].trigger.expect
    assert automations[1].trigger.within == timedelta(hours=26)
    for one in automations:
        assert one.trigger.match_related["prefect.resource.name"] == [pipeline.nightly.name]


def test_importing_the_flow_turns_telemetry_off():
    import os  # noqa: PLC0415

    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"


def test_the_library_runs_without_prefect():
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    code = "import sys; sys.modules['prefect'] = None; import runfix_analytics.night, runfix_analytics.cli"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
