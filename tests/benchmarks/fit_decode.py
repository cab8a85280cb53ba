"""FIT files decoded into the columns that the import asks for, against every message decoded to dicts.

The files are the real ones beside the repository where they are there, else generated ones. fitparse takes half a
minute for the real ones, so there are two rounds only.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from fitparse import FitFile
from fitparse.records import DEV_TYPES

from runfix_analytics.fit.decoder import Wanted, decode
from runfix_analytics.fit.encoder import encode_fit
from runfix_analytics.fit.messages import MESSAGES, RECORDS

PEER = "fitparse: get_values of every message"
ROUNDS = 2
COUNTED = ("record", "session", "set")
_REAL = Path(__file__).resolve().parents[3] / "shared" / "real" / "fit"
_SECONDS, _N_GENERATED = 1800, 20

Counts = list[Counter[str]]


def prepare() -> tuple[Callable[[], Counts], Callable[[], Counts]]:
    return both({**MESSAGES, **RECORDS})


def same(ours: Counts, peer: Counts) -> bool:
    """Whether every file has the same messages, as far as fitparse can read it (it stops where it fails)."""
    return all(counts == theirs or not theirs for counts, theirs in zip(ours, peer, strict=True))


def both(wanted: Wanted) -> tuple[Callable[[], Counts], Callable[[], Counts]]:
    """Ours and the peer over the same files: how many messages of each kind a file has; none where it fails."""
    contents = corpus()

    def ours() -> Counts:
        decoded = decode(contents, wanted)
        found: Counts = [Counter() for _ in contents]
        for name in COUNTED:
            for file, n in decoded.messages[name]["file"].value_counts().iter_rows():
                found[file][name] = n
        return found

    return ours, lambda: [_by_fitparse(content) for content in contents]


def corpus() -> list[bytes]:
    """The bytes of every file."""
    real = [path.read_bytes() for path in sorted(_REAL.glob("*/*.fit"))]
    return real or [generated(n) for n in range(_N_GENERATED)]


def generated(n: int) -> bytes:
    """A run with a record a second."""
    start = datetime(2026, 1, 1, 7, tzinfo=UTC) + timedelta(days=n)
    records = [
        ("record", {"timestamp": start + timedelta(seconds=i), "heart_rate": 120 + i % 40, "distance": 3.1 * i})
        for i in range(_SECONDS + n)
    ]
    session = {"start_time": start, "sport": 1, "total_timer_time": _SECONDS + n, "total_distance": 3.1 * _SECONDS}
    return encode_fit([("file_id", {"type": 4, "manufacturer": 1}), *records, ("session", session)])


def _by_fitparse(content: bytes) -> Counter[str]:
    DEV_TYPES.clear()
    try:
        names = [(m.name, m.get_values()) for m in FitFile(BytesIO(content)).get_messages()]
    except Exception:  # noqa: BLE001  # fitparse lets any error of a damaged file through
        return Counter()
    return Counter(name for name, _ in names if name in COUNTED)
