"""One writer at a time: a lock on a store that the system frees when its holder ends, however it ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runfix_analytics.errors import StoreError
from runfix_analytics.schema_version import require_current
from runfix_analytics.text import clean_text

LOCK_FILE = ".lock"
FILE_MODE, FOLDER_MODE = 0o600, 0o700
BUCKET_LOCKS = Path("cache") / "locks"
BUCKET_WAIT_SECONDS = 600.0
_LOOK_SECONDS = 0.2
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
    file = os.open(folder / str(bucket), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        until = time.monotonic() + BUCKET_WAIT_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > until:
                    raise StoreError(
                        f"{root}: a worker of an earlier night still has bucket {bucket}; end it, then: runfix nightly"
                    ) from error
                time.sleep(_LOOK_SECONDS)
        yield
    finally:
        os.close(file)  # frees the lock
