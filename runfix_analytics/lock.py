"""One writer at a time: locks on a store that the system frees when their holder ends, however it ends.

One on the whole store, for commands that write tables; one on each bucket; and a short one on what people keep by hand
(runners.csv, names.csv, marks.csv, erased.csv, files put into an inbox), which nobody holds for longer than a write.
In a bucket nothing is freed by itself: there each lock is a lease of a minute, see object_locks.
"""

import fcntl
import os
import platform
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path, PurePosixPath

from runfix_analytics.errors import StoreError
from runfix_analytics.object_locks import LEASE_SECONDS, HeldError, held, lease_holder
from runfix_analytics.places import ObjectPath, Place
from runfix_analytics.schema_version import require_current
from runfix_analytics.text import clean_text

LOCK_FILE, LISTS_LOCK_FILE = ".lock", ".lists.lock"
FILE_MODE, FOLDER_MODE = 0o600, 0o700
BUCKET_LOCKS = PurePosixPath("cache", "locks")
BUCKET_WAIT_SECONDS, LISTS_WAIT_SECONDS = 600.0, 60.0
_LOOK_SECONDS, _LOOK_AT_LISTS_SECONDS, _LOOK_AT_OBJECT_SECONDS = 0.2, 0.02, 1.0
_MAX_SAID = 200  # bytes


@contextmanager
def only_writer(root: Place, what: str, *, any_schema: bool = False) -> Iterator[None]:
    """Holds the store while the block runs; readers are not kept out. `what` is told to whoever comes meanwhile.

    Raises: StoreError at once, saying who holds it, when another process or another block of this one does; and for a
    store of an earlier version, unless any will do.
    """
    with _held(root, what):
        if not any_schema:
            require_current(root)
        yield


@contextmanager
def _held(root: Place, what: str) -> Iterator[None]:
    if isinstance(root, ObjectPath):
        with ExitStack() as stack:
            try:
                stack.enter_context(held(root / LOCK_FILE, f"{what}, process {os.getpid()} of {platform.node()}"))
            except HeldError as error:
                raise StoreError(_at_work(root, str(error))) from error
            yield
        return
    file = os.open(root / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = clean_text(os.pread(file, _MAX_SAID, 0).decode("utf-8", "replace")) or "another process"
            raise StoreError(_at_work(root, holder)) from error
        os.ftruncate(file, 0)
        with suppress(OSError):  # a full disk: the lock holds without its words
            os.pwrite(file, f"{what}, process {os.getpid()}".encode()[:_MAX_SAID], 0)
        try:
            yield
        finally:
            os.ftruncate(file, 0)
    finally:
        os.close(file)  # frees the lock


def holder(root: Place, now: datetime) -> str:
    """The words of who holds the store now; empty when nobody does. Of a bucket by its clock against ours."""
    if isinstance(root, ObjectPath):
        return lease_holder(root / LOCK_FILE, now)
    try:
        file = os.open(root / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    try:
        said = clean_text(os.pread(file, _MAX_SAID, 0).decode("utf-8", "replace"))
        if said:  # left by who was killed, unless the lock is held; it is not tried where nothing stands, for a night
            try:  # that began in this moment would find it held
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return said
        return ""
    finally:
        os.close(file)


def _at_work(root: Place, said: str) -> str:
    return f"{root} is at work already: {said}; try again when it is done"


@contextmanager
def bucket_writer(root: Place, bucket: int) -> Iterator[None]:
    """Holds one bucket while the block runs, and waits for it first: a worker may outlive the night that it worked for.

    Raises: StoreError when another process (of this machine; in a bucket of any) still has it after ten minutes.
    """
    if isinstance(root, Path):
        for folder in ((root / BUCKET_LOCKS).parent, root / BUCKET_LOCKS):
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    wait = (BUCKET_WAIT_SECONDS, _LOOK_SECONDS)
    said = f"{root}: a worker of an earlier night still has bucket {bucket}; end it, then: runfix nightly"
    with _waited_for(root / BUCKET_LOCKS / str(bucket), wait, said):
        yield


@contextmanager
def lists_writer(root: Place) -> Iterator[None]:
    """Holds what people keep by hand while it is read, changed and written; waits for who is at it. Never nested.

    Raises: StoreError when somebody has it for longer than a minute.
    """
    said = f"{root}: another command has held runners.csv, names.csv, marks.csv or an inbox for a minute; try again"
    with _waited_for(root / LISTS_LOCK_FILE, (LISTS_WAIT_SECONDS, _LOOK_AT_LISTS_SECONDS), said):
        yield


@contextmanager
def _waited_for(place: Place, wait: tuple[float, float], said: str) -> Iterator[None]:
    """Holds a lock; `wait`: for how many seconds it is waited for, and how many lie between two looks."""
    longest, pause = wait
    if isinstance(place, ObjectPath):
        with _leased(place, max(longest, LEASE_SECONDS + _LOOK_AT_OBJECT_SECONDS), said):
            yield
        return
    file = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        until = time.monotonic() + longest
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > until:
                    raise StoreError(said) from error
                time.sleep(pause)
        yield
    finally:
        os.close(file)  # frees the lock


@contextmanager
def _leased(place: ObjectPath, longest: float, said: str) -> Iterator[None]:
    until = time.monotonic() + longest
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(held(place, place.name))
                break
            except HeldError as error:
                if time.monotonic() > until:
                    raise StoreError(said) from error
                time.sleep(_LOOK_AT_OBJECT_SECONDS)
        yield
