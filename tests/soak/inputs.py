"""Mutation number i of a seed: which file is taken, what is changed in it, and how it is packed. Nothing is stored."""

import gzip
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from runfix_analytics.fit.encoder import encode_fit
from tests import fit_bytes
from tests.soak import byte_changes, text_changes

SAMPLES = Path(__file__).parents[1] / "samples"
MAX_BYTES = 3_000_000
_START = datetime(2026, 3, 2, 17, 5, tzinfo=UTC)
_NAMES = (
    "log.csv", "a/b/log.fit", "../../log.csv", "/abs/log.json", "C:\\Users\\x\\log.csv", "a//b.csv", ".hidden.csv",
    "__MACOSX/._log.csv", "folder/", "läuft 🏃.csv", "x" * 300 + ".csv", "ann@example.org_1.fit", "log.csv\x07", "",
    "activities/77.fit.gz", "[Content_Types].xml",
)  # fmt: skip


@dataclass(frozen=True)
class Seed:
    """A sound file: the reader it is for, and how its content is written (table, json, xml, fit)."""

    reader: str
    kind: str
    content: bytes


@dataclass(frozen=True)
class Input:
    """One mutated file and how it came to be."""

    number: int
    reader: str
    packing: str
    content: bytes

    @property
    def name(self) -> str:
        """Its name in the inbox; archives come last there, since each is judged by itself."""
        return f"{'z' * ('zip' in self.packing)}{self.number:07}"


@cache
def seeds() -> tuple[Seed, ...]:
    """Every sample, and generated FIT files."""
    found = [
        Seed(path.parent.name, _kind(path.read_bytes()), path.read_bytes())
        for path in sorted(SAMPLES.glob("*/*"))
        if path.is_file()
    ]
    return (*found, *(Seed("garmin_fit", "fit", content) for content in _fits()))


def _kind(content: bytes) -> str:
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return {b"{": "json", b"[": "json", b"<": "xml"}.get(start, "table")


def _fits() -> list[bytes]:
    sets: list[Mapping[str, Any]] = [
        {"repetitions": 12, "category": (1, 65534), "category_subtype": (18, None), "weight": 20.0, "duration": 30.0},
        {"set_type": 0, "duration": 60.0},
        {"repetitions": 8, "category": (28,), "category_subtype": (0,)},
    ]
    title = ("exercise_title", {"category": 28, "name": 0, "title": "Goblet Squat"})
    run = fit_bytes.encode(fit_bytes.run(_START))
    strength = fit_bytes.encode([*fit_bytes.strength(_START, sets), title])
    ride = fit_bytes.encode(fit_bytes.run(_START, sport=2))
    empty = fit_bytes.encode([("file_id", {"type": 2, "manufacturer": 1})])
    laps = [
        (
            "lap",
            {"start_time": _START + timedelta(minutes=5 * i), "total_elapsed_time": 300.0, "total_distance": 1000.0},
        )
        for i in range(6)
    ]
    session = {"start_time": _START, "sport": 1, "sub_sport": 0, "total_elapsed_time": 1800.0, "workout_rpe": 50,
               "total_timer_time": 1790.0, "total_distance": 6000.0, "num_laps": 6}  # fmt: skip
    records = [("record", {"timestamp": _START + timedelta(seconds=i), "distance": 3.0 * i}) for i in range(300)]
    clock = ("activity", {"timestamp": _START, "local_timestamp": _START.replace(tzinfo=None) + timedelta(hours=2)})
    ours = encode_fit([("file_id", {"type": 4, "manufacturer": 1}), *records, *laps, ("session", session), clock])
    chain = run + strength
    return [run, strength, ride, empty, ours, chain, run, strength]


def mutated(seed: int, number: int) -> Input:
    """Mutation `number` of a seed: always the same."""
    rng = Random(f"{seed}/{number}")
    first = _pick(rng)
    changed = _changed(first, rng)
    packing = rng.choices(
        ("plain", "gz", "broken gz", "zip", "broken zip", "nested zip"), weights=(82, 5, 3, 3, 5, 2)
    )[0]  # fmt: skip
    content = _packed(packing, changed, rng)
    return Input(number, first.reader, packing, content[:MAX_BYTES])


def _pick(rng: Random) -> Seed:
    """A seed: the reader first, so that each comes as often, then one of its files."""
    readers = sorted({seed.reader for seed in seeds()})
    reader = "garmin_fit" if rng.random() < 0.15 else rng.choice(readers)
    return rng.choice([seed for seed in seeds() if seed.reader == reader])


def _changed(seed: Seed, rng: Random) -> bytes:
    content = seed.content
    if rng.random() < 0.06:
        return byte_changes.splice(content, _pick(rng).content, rng)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        content = _changed_once(content, seed.kind, rng)[:MAX_BYTES]
    if seed.kind == "fit" and rng.random() < 0.6:
        content = byte_changes.fit_with_checksums(content, rng)
    return content


def _changed_once(content: bytes, kind: str, rng: Random) -> bytes:
    is_of_kind = rng.random() < 0.7
    if kind == "fit":
        return rng.choice(byte_changes.FIT if is_of_kind else byte_changes.BYTES)(content, rng)
    if is_of_kind:
        text = content.decode("utf-8", "replace")
        return text_changes.encoded(rng.choice(text_changes.OF_KIND[kind])(text, rng), rng)
    return rng.choice(byte_changes.BYTES)(content, rng)


def _packed(packing: str, content: bytes, rng: Random) -> bytes:
    if packing == "plain":
        return content
    if packing in ("gz", "broken gz"):
        packed = gzip.compress(content, 1, mtime=0)
        return packed if packing == "gz" else rng.choice(byte_changes.BYTES)(packed, rng)
    packed = _zip(content, rng)
    if packing == "nested zip":
        packed = _zip(packed if rng.random() < 0.8 else _zip(packed, rng), rng)
    if packing == "broken zip":
        packed = rng.choice((byte_changes.zip_field, byte_changes.zip_field, *byte_changes.BYTES))(packed, rng)
    return packed


def _zip(content: bytes, rng: Random) -> bytes:
    """An archive of the file, some others, and now and then many zeros."""
    files = [content, *(_pick(rng).content for _ in range(rng.choice((0, 1, 3))))]
    if rng.random() < 0.1:
        files.append(bytes(rng.choice((1_000_000, 30_000_000))))
    if rng.random() < 0.2:
        files.append(gzip.compress(rng.choice(files), 1, mtime=0))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for place, file in enumerate(files):
            name = rng.choice(_NAMES) if rng.random() < 0.3 else f"folder/{place}.csv"
            info = zipfile.ZipInfo(f"{place}-{name}" if rng.random() < 0.9 else name)  # the same day in every archive
            info.compress_type = archive.compression
            if info.filename not in archive.namelist():
                archive.writestr(info, file)
    return stream.getvalue()
