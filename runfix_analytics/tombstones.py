"""Who was erased, without saying who: erased.csv holds a salted hash of each erased id, and the day.

    salt,digest,erased_on,state
    5f0c…,9b41…,2026-11-29,finished

So an inbox folder or a line of runners.csv that comes back from a backup is known again. The salt is the store's own;
the hash is slow, so that going through all ids that there could be takes years. `state` is begun until everything of
the runner is gone.
"""

import csv
import hashlib
import io
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from runfix_analytics.errors import ConfigError
from runfix_analytics.places import Place
from runfix_analytics.runner_lists import lines_of

TOMBSTONES_FILE = "erased.csv"
BEGUN, FINISHED = "begun", "finished"
_COLUMNS = ("salt", "digest", "erased_on", "state")
_SALT_BYTES, _DIGEST_BYTES = 16, 24
_COST = 2**12  # about 10 ms for each id


@dataclass(frozen=True)
class Tombstone:
    """One erased runner; `erased_on` is the day on which it was first asked for."""

    digest: str
    erased_on: date
    is_finished: bool


@dataclass(frozen=True)
class Tombstones:
    """The whole file."""

    salt: str
    stones: tuple[Tombstone, ...] = ()

    @property
    def is_unfinished(self) -> bool:
        """Whether an erasure was begun and not finished."""
        return not all(stone.is_finished for stone in self.stones)

    def of(self, runner_id: str) -> Tombstone | None:
        """The tombstone of a runner; None for who was not erased."""
        if not self.stones:
            return None
        digest = _digest(self.salt, runner_id)
        return next((stone for stone in self.stones if stone.digest == digest), None)

    def begun(self, runner_ids: Iterable[str], on: date) -> "Tombstones":
        """With the erasure of these runners begun; one who was erased before keeps the day."""
        stones = {stone.digest: stone for stone in self.stones}
        for runner_id in runner_ids:
            digest = _digest(self.salt, runner_id)
            stones[digest] = replace(stones.get(digest, Tombstone(digest, on, False)), is_finished=False)
        return replace(self, stones=tuple(stones.values()))

    def finished(self) -> "Tombstones":
        """With every erasure finished."""
        return replace(self, stones=tuple(replace(stone, is_finished=True) for stone in self.stones))


def read_tombstones(root: Place) -> Tombstones:
    """The tombstones of a store; without the file none, with a new salt.

    Raises: ConfigError naming the line of what is wrong.
    """
    path = root / TOMBSTONES_FILE
    if not path.exists():
        return Tombstones(secrets.token_hex(_SALT_BYTES))
    salts, stones = [], []
    for number, cells in lines_of(path)[1]:
        try:
            salt, digest, day, state = (cells[name] for name in _COLUMNS)
            stones.append(Tombstone(digest, date.fromisoformat(day), {BEGUN: False, FINISHED: True}[state]))
        except (KeyError, TypeError, ValueError) as error:
            where = f"{TOMBSTONES_FILE} line {number}"
            raise ConfigError(f"{where}: is no tombstone; put the file back as runfix erase wrote it") from error
        salts.append(salt)
    if len(set(salts)) > 1:
        raise ConfigError(f"{TOMBSTONES_FILE}: has several salts; put the file back as runfix erase wrote it")
    return Tombstones(salts[0] if salts else secrets.token_hex(_SALT_BYTES), tuple(stones))


def refuse_who_was_erased(root: Place, runner_id: str) -> None:
    """Nothing is written of a runner whose erasure was begun; to be asked while `lists_writer` is held.

    Raises: ConfigError saying so, without the id.
    """
    if stone := read_tombstones(root).of(runner_id):
        raise ConfigError(f"this runner was erased on {stone.erased_on}; who begins anew is added with runfix add")


def as_bytes(tombstones: Tombstones) -> bytes:
    """The file as it is written."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for stone in tombstones.stones:
        state = FINISHED if stone.is_finished else BEGUN
        writer.writerow((tombstones.salt, stone.digest, stone.erased_on.isoformat(), state))
    return text.getvalue().encode()


@lru_cache(maxsize=100_000)
def _digest(salt: str, runner_id: str) -> str:
    hashed = hashlib.scrypt(runner_id.encode(), salt=salt.encode(), n=_COST, r=8, p=1, dklen=_DIGEST_BYTES)
    return hashed.hex()
