"""A night that is watched: one at a time, with a record of each, a heartbeat, and an age that raises the alarm.

    runs/<id>.json    one for each night: what it did, how long each step took, with which versions
    runs/last_good    the newest night that published pages, for any monitor: its modification time is the heartbeat

Records hold ids and counts, no names and nothing about health.
"""

import json
import platform
import re
import secrets
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from runfix_analytics import night
from runfix_analytics.errors import EXIT_FAILED, RunfixError
from runfix_analytics.lock import only_writer
from runfix_analytics.parts import Done
from runfix_analytics.places import Place, ordered
from runfix_analytics.settings import SETTINGS_FILE
from runfix_analytics.store import Store
from runfix_analytics.upkeep import upkeep

FOLDER, LAST_GOOD = "runs", "last_good"
ALL, PARTIAL, FAILED = "all", "partial", "failed"
_PACKAGES = ("runfix-analytics", "polars", "deltalake")
_CONFIG = ("runners.csv", SETTINGS_FILE, "headings.toml", "exercises.local.toml", "marks.csv")


@dataclass(frozen=True)
class Run:
    """One night. `outcome`: all, partial (something was left out and is listed) or failed (`reason` says why).

    `left_out`: stage and runner id of each thing that did not work. `config`: a digest of the catalogue and of the
    files that a coach or operator keeps. Times are UTC, in ISO 8601.
    """

    run_id: str
    command: str
    as_of: str
    started_at: str
    ended_at: str
    outcome: str
    reason: str
    counts: dict[str, int]
    n_runners: int
    seconds: dict[str, float]
    left_out: list[list[str]]
    versions: dict[str, str]
    config: str


def watched_night(
    root: Place,
    as_of: date,
    each: night.Executor,
    *,
    clock: Callable[[], datetime],
    command: str = "runfix nightly",
    is_full: bool = False,
) -> Done:
    """A whole night, alone on the store and with a record; what fails is recorded and raised.

    `is_full`: everything is done anew, changed or not.

    Raises: StoreError when the store is no store or another process works on it; that one leaves no record.
    """
    store, started = Store(root), clock()
    run_id = f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    with only_writer(store.root, f"{command} since {started:%Y-%m-%d %H:%M} UTC"):
        try:
            done = night.night(store.root, as_of, each, is_full=is_full)
            done += upkeep(store, now=clock())
        except BaseException as error:
            reason = _reason(error)
            with suppress(OSError):  # a full disk: what was wrong first is what is told
                _write(store, _run(store, run_id, command, as_of, (started, clock()), Done(), reason))
            raise
        run = _run(store, run_id, command, as_of, (started, clock()), done, "")
        _write(store, run)
        if run.outcome != FAILED:
            store.write_private(store.root / FOLDER / LAST_GOOD, f"{run.ended_at}\n{run.run_id}\n".encode())
    return done


def _reason(error: BaseException) -> str:
    """In words that hold no name and nothing about health: foreign messages may, and what ours quote of a file."""
    if isinstance(error, RunfixError):
        return str(error.for_log())
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__


def _run(
    store: Store,
    run_id: str,
    command: str,
    as_of: date,
    times: tuple[datetime, datetime],
    done: Done,
    reason: str,
) -> Run:
    failed = bool(reason) or done.exit_code == EXIT_FAILED
    return Run(
        run_id=run_id,
        command=command,
        as_of=str(as_of),
        started_at=times[0].isoformat(timespec="seconds"),
        ended_at=times[1].isoformat(timespec="seconds"),
        outcome=FAILED if failed else PARTIAL if done.is_partial else ALL,
        reason=reason or ("no page could be published" if failed else ""),
        counts=dict(done.counts),
        n_runners=done.counts.get("assessed", 0),
        seconds={stage: round(seconds, 2) for stage, seconds in done.seconds.items()},
        left_out=[[failure.stage, failure.runner_id] for failure in done.failures],
        versions={"python": platform.python_version()} | {name: version(name) for name in _PACKAGES},
        config=_config(store),
    )


def _config(store: Store) -> str:
    digest = sha256()
    for name in _CONFIG:
        path = store.root / name
        digest.update(f"{name}\0".encode() + (path.read_bytes() if path.exists() else b""))
    try:
        digest.update(store.catalogue().version.encode())
    except RunfixError:  # it is why the night failed, and the record says so
        digest.update(b"no catalogue")
    return digest.hexdigest()[:12]


def _write(store: Store, run: Run) -> None:
    store.write_private(store.root / FOLDER / f"{run.run_id}.json", _as_bytes(asdict(run)))


def _as_bytes(record: dict[str, Any]) -> bytes:
    return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()


def forget(store: Store, runner_ids: Collection[str], quoted: re.Pattern[str]) -> int:
    """Takes runners out of the records: their ids out of what was left out, what `quoted` finds out of the reasons.

    Returns the records that were written anew.
    """
    n = 0
    for path in ordered((store.root / FOLDER).glob("*.json")):
        before = json.loads(path.read_text(encoding="utf-8"))
        left_out = [[stage, "" if runner in runner_ids else runner] for stage, runner in before["left_out"]]
        after = before | {"left_out": left_out, "reason": quoted.sub("erased", before["reason"])}
        if after != before:
            store.write_private(path, _as_bytes(after))
            n += 1
    return n


def records(root: Place) -> list[dict[str, Any]]:
    """The records of all nights, the newest last."""
    paths = ordered((root / FOLDER).glob("*.json")) if (root / FOLDER).is_dir() else []
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def last_good(root: Place) -> datetime | None:
    """When the newest night that published pages ended; None before the first."""
    path = root / FOLDER / LAST_GOOD
    return datetime.fromisoformat(path.read_text(encoding="utf-8").split("\n", 1)[0]) if path.exists() else None


def alarm(root: Place, *, now: datetime, after_hours: float) -> str:
    """What is wrong when the last good night is older than so many hours; empty where nothing is."""
    good = last_good(root)
    if good is None:
        return "no night has published pages yet; run: runfix nightly"
    if now - good <= timedelta(hours=after_hours):
        return ""
    newest = (records(root) or [{}])[-1]
    failed = f"; the newest one failed: {newest['reason']}" if newest.get("outcome") == FAILED else ""
    hours = (now - good).total_seconds() / 3600
    return f"the last good night ended {hours:.0f} hours ago, more than {after_hours:g}{failed}"
