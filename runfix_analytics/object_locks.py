"""A lock in a bucket: an object that its holder writes anew four times a minute, and that is free when nobody did.

A bucket frees nothing when a process ends. Who finds the object older than a minute, by the bucket's own clock, takes
it over; every step is a write on condition (of the object as it was read), so that of two only one succeeds. A holder
that could not renew its lock for so long writes nothing more: see `require_held`.
"""

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from runfix_analytics.errors import StoreError
from runfix_analytics.places import ObjectPath, State
from runfix_analytics.text import clean_text

LEASE_SECONDS, RENEW_SECONDS = 60.0, 15.0
_FREE = b"{}"


class HeldError(Exception):
    """Somebody else has the lock; the message is what the holder says of itself."""


@dataclass(eq=False)
class _Lease:
    """A lock that this process has: `renewed_at` is the newest moment from which it has it for a minute."""

    place: ObjectPath
    what: str
    nonce: str = field(default_factory=lambda: secrets.token_hex(8))
    beat: int = 0
    state: State | None = None
    renewed_at: float = 0.0
    is_lost: bool = False

    def content(self) -> bytes:
        self.beat += 1
        return json.dumps({"what": self.what, "nonce": self.nonce, "beat": self.beat}).encode()

    def renew(self) -> None:
        began = time.monotonic()
        with suppress(OSError):  # not this time; the lease runs on
            if self.state is None or self.is_lost:
                return
            made = self.place.replace_if(self.state, self.content())
            if made is None:  # taken over, or written by a try of ours of which no answer came
                content, made = self.place.read()
                self.is_lost = self.nonce.encode() not in content
            if not self.is_lost:
                self.state, self.renewed_at = made, began


class _Leases:
    """All that this process has, renewed by one thread."""

    def __init__(self) -> None:
        self.held: list[_Lease] = []
        self.guard = threading.RLock()
        self.added = threading.Event()
        self.thread: threading.Thread | None = None

    def add(self, lease: _Lease) -> None:
        with self.guard:
            self.held.append(lease)
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._renew, name="runfix-locks", daemon=True)
                self.thread.start()
        self.added.set()

    def take(self, lease: _Lease) -> None:
        with self.guard:
            self.held.remove(lease)

    def _renew(self) -> None:
        due = time.monotonic() + RENEW_SECONDS
        while True:
            if self.added.wait(max(due - time.monotonic(), 0.0)):
                self.added.clear()
                due = min(due, time.monotonic() + RENEW_SECONDS)
                continue
            due = time.monotonic() + RENEW_SECONDS
            with self.guard:
                if not self.held:
                    self.thread = None
                    return
                for lease in self.held:
                    lease.renew()


_LEASES = _Leases()


def require_held(base: str) -> None:
    """Nothing, while this process has every lock of a store that it began with.

    Raises: StoreError when one was not renewed in time: somebody else may be at work now.
    """
    for lease in list(_LEASES.held):
        is_late = time.monotonic() - lease.renewed_at > LEASE_SECONDS
        if lease.place.base == base and (lease.is_lost or is_late):
            raise StoreError(
                f"{base}: the lock could not be renewed for {LEASE_SECONDS:.0f} seconds and may be another's now; what "
                "was begun is not finished, do it again"
            )


def lease_holder(place: ObjectPath, now: datetime) -> str:
    """What the holder of a lock says of itself; empty when the lock is free, or was not renewed for a minute."""
    try:
        content, state = place.read()
    except FileNotFoundError:
        return ""
    if content == _FREE or (now - state.modified_at).total_seconds() > LEASE_SECONDS:
        return ""
    return clean_text(str(json.loads(content).get("what", "")))


@contextmanager
def held(place: ObjectPath, what: str) -> Iterator[None]:
    """Has the lock while the block runs.

    Raises: HeldError at once when somebody else has it; StoreError at the end when it was lost meanwhile.
    """
    lease = _Lease(place, what)
    _acquire(lease)
    _LEASES.add(lease)
    try:
        yield
        require_held(place.base)
    finally:
        _LEASES.take(lease)
        if lease.state is not None and not lease.is_lost:
            with suppress(OSError):  # then it is free after a minute
                place.replace_if(lease.state, _FREE)


def _acquire(lease: _Lease) -> None:
    began = time.monotonic()
    lease.state = lease.place.create(lease.content())
    if lease.state is None:
        try:
            content, found = lease.place.read()
        except FileNotFoundError:  # an erasure took it away
            raise HeldError("another process, that ended this moment") from None
        if content != _FREE and _age(lease.place, found) <= LEASE_SECONDS:
            raise HeldError(_said(content))
        began = time.monotonic()
        lease.state = lease.place.replace_if(found, lease.content())
        if lease.state is None:
            raise HeldError("another process, that began this moment")
    lease.renewed_at = began


def _age(place: ObjectPath, found: State) -> float:
    """Seconds since a state was written, by the bucket's clock: no two machines' clocks are compared."""
    now = place.with_name(f"{place.name}-{secrets.token_hex(8)}")
    now.write_bytes(b"")
    try:
        return (now.state().modified_at - found.modified_at).total_seconds()
    finally:
        now.unlink()


def _said(content: bytes) -> str:
    try:
        return clean_text(str(json.loads(content)["what"]))
    except (ValueError, KeyError, TypeError):
        return "another process"
