"""One writer at a time: a lock on a store that the system frees when its holder ends, however it ends.

In a bucket nothing is freed by itself: there the lock is a lease of a minute, see object_locks.
"""

import fcntl
import os
import platform
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import PurePosixPath

from runfix_analytics.errors import StoreError
from runfix_analytics.object_locks import HeldError, held
from runfix_analytics.places import ObjectPath, Place
from runfix_analytics.schema_version import require_current
from runfix_analytics.text import clean_text

LOCK_FILE = ".lock"
FILE_MODE, FOLDER_MODE = 0o600, 0o700
BUCKET_LOCKS = PurePosixPath("cache", "locks")
BUCKET_WAIT_SECONDS = 600.0
_LOOK_SECONDS, _LOOK_OBJECT_SECONDS = 0.2, 2.0
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
    said = f"{root} is at work already: {{}}; try again when it is done"
    if isinstance(root, ObjectPath):
        with _leased(root / LOCK_FILE, f"{what}, process {os.getpid()} of {platform.node()}", said):
            yield
        return
    file = os.open(root / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = clean_text(os.pread(file, _MAX_SAID, 0).decode("utf-8", "replace")) or "another process"
            raise StoreError(said.format(holder)) from error
        os.ftruncate(file, 0)
        with suppress(OSError):  # a full disk: the lock holds without its words
            os.pwrite(file, f"{what}, process {os.getpid()}".encode()[:_MAX_SAID], 0)
        try:
            yield
        finally:
            os.ftruncate(file, 0)
    finally:
        os.close(file)  # frees the lock


@contextmanager
def _leased(place: ObjectPath, what: str, said: str, wait_seconds: float = 0.0) -> Iterator[None]:
    """Holds a lock in a bucket, and waits for it so long."""
    until = time.monotonic() + wait_seconds
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(held(place, what))
                break
            except HeldError as error:
                if time.monotonic() >= until:
                    raise StoreError(said.format(error)) from error
                time.sleep(_LOOK_OBJECT_SECONDS)
        yield


@contextmanager
def bucket_writer(root: Place, bucket: int) -> Iterator[None]:
    """Holds one bucket while the block runs, and waits for it first: a worker may outlive the night that it worked for.

    Raises: StoreError when another process (of this machine; in a bucket of any) still has it after ten minutes.
    """
    said = f"{root}: a worker of an earlier night still has bucket {bucket}; end it, then: runfix nightly"
    if isinstance(root, ObjectPath):
        with _leased(root / BUCKET_LOCKS / str(bucket), f"bucket {bucket}", said, BUCKET_WAIT_SECONDS):
            yield
        return
    folder = root / BUCKET_LOCKS
    folder.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    file = os.open(folder / str(bucket), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        until = time.monotonic() + BUCKET_WAIT_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > until:
                    raise StoreError(said) from error
                time.sleep(_LOOK_SECONDS)
        yield
    finally:
        os.close(file)  # frees the lock
