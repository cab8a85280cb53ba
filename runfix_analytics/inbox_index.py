"""What lay in an inbox when it was last read, so that a night need not read again what has not been touched.

    cache/inbox/<bucket>.json    runner id → digest of the ledger, and each file with its size, times and import

A file counts as untouched when size, inode and both times are those of the index and the runner's ledger is the one
that the index was written with; a file that was written within two seconds of being read is read again.
Nothing is lost with the folder: what is not in the index is read.
"""

import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from time import time_ns
from typing import Any

from runfix_analytics import stamps
from runfix_analytics.delta_tables import bucket_of
from runfix_analytics.places import ObjectPath, Place, below
from runfix_analytics.store import Store

FOLDER = PurePosixPath("cache", "inbox")
_RACY_NS = 2_000_000_000

State = tuple[int, int, int, int]  # bytes, modified at, changed at (ns), inode


@dataclass
class Index:
    """The files of one inbox that are in the ledger: label → state and import id."""

    files: dict[str, tuple[State, str]] = field(default_factory=dict)

    def import_of(self, label: str, path: Place) -> str | None:
        """The import of a file that has not been touched since; None for any other."""
        return self.import_at(label, state_of(path))

    def import_at(self, label: str, state: State | None) -> str | None:
        """The import of a file in such a state."""
        known = self.files.get(label)
        return known[1] if known is not None and known[0] == state else None

    def note(self, label: str, state: State | None, import_id: str) -> None:
        """Takes a file up as it was when it was opened, unless it may have been written in that moment."""
        if state is not None and time_ns() - max(state[1], state[2]) > _RACY_NS:
            self.files[label] = (state, import_id)


def state_of(path: Place) -> State | None:
    """What the system says of a file; None for what is no file, or there no more."""
    if isinstance(path, ObjectPath):
        return _state_of_object(path)
    try:
        return _state_of_file(path.lstat())
    except OSError:
        return None


def _state_of_file(found: os.stat_result) -> State | None:
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _state_of_object(path: ObjectPath) -> State | None:
    """As of a file: in the place of an inode stands what is another one after every write."""
    try:
        found = path.listed or path.state()
    except FileNotFoundError:
        return None
    at = int(found.modified_at.timestamp()) * 1_000_000_000
    return found.n_bytes, at, at, int.from_bytes(sha256(found.mark.encode()).digest()[:6])


def files_of(inbox: Place) -> list[Place]:
    """What lies in an inbox, links to folders included (they are refused when read), hidden things not; in order."""
    if isinstance(inbox, ObjectPath):
        return [*_objects_of(inbox)]
    if inbox.is_symlink():
        return [inbox]
    found = list[Place]()
    for folder, names, files in os.walk(inbox):
        names[:] = [name for name in names if not name.startswith(".")]
        found += [Path(folder, name) for name in files if not name.startswith(".")]
        found += [path for name in names if (path := Path(folder, name)).is_symlink()]
    return sorted(found)


def _objects_of(folder: ObjectPath) -> list[ObjectPath]:
    """The objects below a folder that are files for people, in order.

    A bucket's console leaves an empty object for a folder, which has its name and is not there under it.
    """
    every = [path for path in folder.rglob("*") if path.key != folder.key]
    shown = [path for path in every if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    return sorted(path for path in shown if (path.listed and path.listed.n_bytes) or path.exists())


def label_of(path: Place, inbox: Place) -> str:
    """What the ledger calls a file of an inbox."""
    return below(inbox, path).as_posix() if path != inbox else path.name


def read(store: Store, runners: Iterable[str], ledgers: Mapping[str, str]) -> dict[str, Index]:
    """Runner id → index; an empty one where there is none, or the ledger is no longer the one it was written with."""
    ids = list(runners)
    stored = {bucket: _bucket(store, bucket) for bucket in {bucket_of(runner) for runner in ids}}
    found = {}
    for runner in ids:
        entry = stored[bucket_of(runner)].get(runner)
        is_current = entry is not None and entry["ledger"] == ledgers.get(runner, "")
        files = entry["files"] if entry is not None and is_current else {}
        found[runner] = Index({label: ((of[0], of[1], of[2], of[3]), of[4]) for label, of in files.items()})
    return found


def unchanged(store: Store, runners: Iterable[str]) -> dict[str, int]:
    """Runner id → how many files, of those in whose inbox nothing has been touched or added."""
    ids = list(runners)
    indexes = read(store, ids, stamps.of_ledger(store, ids))
    found, states = {}, _states_of_all(store.root / "inbox", ids)
    for runner, index in indexes.items():
        if all(index.import_at(label, state) is not None for label, state in states[runner].items()):
            found[runner] = len(states[runner])
    return found


def _states_of_all(inboxes: Place, runners: Sequence[str]) -> dict[str, dict[str, State | None]]:
    """Runner id → label → state; of a bucket by one listing of all inboxes, a request for a thousand files."""
    if not isinstance(inboxes, ObjectPath):
        return {runner: dict(_states_below(inboxes / runner)) for runner in runners}
    found: dict[str, dict[str, State | None]] = {runner: {} for runner in runners}
    for path in _objects_of(inboxes):
        runner = path.relative_to(inboxes).parts[0]
        found.setdefault(runner, {})[label_of(path, inboxes / runner)] = state_of(path)
    return found


def _states_below(inbox: Path) -> Iterator[tuple[str, State | None]]:
    """Label and state of what `files_of` finds, in no order; to make a path of each would take most of the time."""
    if inbox.is_symlink():
        yield inbox.name, None
        return
    folders = [("", str(inbox))]
    while folders:
        above, folder = folders.pop()
        try:
            entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
        except OSError:
            continue  # as os.walk does
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append((f"{above}{entry.name}/", entry.path))
            else:
                yield f"{above}{entry.name}", _state_of_entry(entry)


def _state_of_entry(entry: os.DirEntry[str]) -> State | None:
    try:
        return _state_of_file(entry.stat(follow_symlinks=False))
    except OSError:
        return None


def write(store: Store, indexes: Mapping[str, Index]) -> None:
    """Keeps the indexes of some runners with their ledger as it is now; after the ledger is written."""
    by_bucket: dict[int, dict[str, Index]] = {}
    for runner, index in indexes.items():
        by_bucket.setdefault(bucket_of(runner), {})[runner] = index
    ledgers = stamps.of_ledger(store, indexes) if indexes else {}
    for bucket, new in by_bucket.items():
        entries = {runner: _entry(index, ledgers.get(runner, "")) for runner, index in new.items()}
        known = _bucket(store, bucket)
        merged = known | entries
        if merged != known:
            store.write_private(_path(store, bucket), json.dumps(merged).encode())


def _entry(index: Index, ledger: str) -> dict[str, Any]:
    return {"ledger": ledger, "files": {label: [*state, of] for label, (state, of) in index.files.items()}}


def _bucket(store: Store, bucket: int) -> dict[str, dict[str, Any]]:
    return stamps.read_object(_path(store, bucket))


def _path(store: Store, bucket: int) -> Place:
    return store.root / FOLDER / f"{bucket}.json"
