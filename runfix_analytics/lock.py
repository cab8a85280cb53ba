"""One writer at a time: a lock on a store that the system frees when its holder ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runfix_analytics.errors import StoreError
from runfix_analytics.schema_version import require_current
from runfix_analytics.text import clean_text

LOCK_FILE = ".lock"
FILE_MODE = 0o600
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
