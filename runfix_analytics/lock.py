"""One writer at a time: locks on a store that the system frees when their holder ends, however it ends.

One on the whole store, for commands that write tables; one on each bucket; and a short one on what people keep by hand
(runners.csv, names.csv, marks.csv, erased.csv, files put into an inbox), which nobody holds for longer than a write.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runfix_analytics.errors import StoreError
from runfix_analytics.schema_version import require_current
from runfix_analytics.text import clean_text

LOCK_FILE, LISTS_LOCK_FILE = ".lock", ".lists.lock"
FILE_MODE, FOLDER_MODE = 0o600, 0o700
BUCKET_LOCKS = Path("cache") / "locks"
BUCKET_WAIT_SECONDS, LISTS_WAIT_SECONDS = 600.0, 60.0
_LOOK_SECONDS, _LOOK_AT_LISTS_SECONDS = 0.2, 0.02
_MAX_SAID = 200  # bytes


@contextmanager
def only_writer(root: Path, what: str, *, any_schema: bool = False) -> Iterator[None]:
    """Holds the store while the block runs; readers are not kept out. `what` is told to whoever comes meanwhile.

    Raises: StoreError at once, saying who holds it, when another process or another block of this one does; and for a
    store of an earlier version, unless any will do.
    """
    file = os.open(root / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = clean_text(os.pread(file, _MAX_SAID, 0).decode("utf-8", "replace")) or "another process"
            raise StoreError(f"{root} is at work already: {holder}; try again when it is done") from error
        os.ftruncate(file, 0)
        with suppress(OSError):  # a full disk: the lock holds without its words
            os.pwrite(file, f"{what}, process {os.getpid()}".encode()[:_MAX_SAID], 0)
        try:
            if not any_schema:
                require_current(root)
            yield
        finally:
            os.ftruncate(file, 0)
    finally:
        os.close(file)  # frees the lock


def holder(root: Path) -> str:
    """The words of who holds the store now; empty when nobody does."""
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


@contextmanager
def bucket_writer(root: Path, bucket: int) -> Iterator[None]:
    """Holds one bucket while the block runs, and waits for it first: a worker may outlive the night that it worked for.

    Raises: StoreError when another process of this machine still has it after ten minutes.
    """
    folder = root / BUCKET_LOCKS
    folder.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    wait = (BUCKET_WAIT_SECONDS, _LOOK_SECONDS)
    said = f"{root}: a worker of an earlier night still has bucket {bucket}; end it, then: runfix nightly"
    with _waited_for(folder / str(bucket), wait, said):
        yield


@contextmanager
def lists_writer(root: Path) -> Iterator[None]:
    """Holds what people keep by hand while it is read, changed and written; waits for who is at it. Never nested.

    Raises: StoreError when somebody has it for longer than a minute.
    """
    said = f"{root}: another command has held runners.csv, names.csv, marks.csv or an inbox for a minute; try again"
    with _waited_for(root / LISTS_LOCK_FILE, (LISTS_WAIT_SECONDS, _LOOK_AT_LISTS_SECONDS), said):
        yield


@contextmanager
def _waited_for(path: Path, wait: tuple[float, float], said: str) -> Iterator[None]:
    """Holds a file; `wait`: for how many seconds it is waited for, and how many lie between two looks."""
    longest, pause = wait
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
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
