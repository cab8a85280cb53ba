"""Everything of one runner taken out of a store, for good.

In this order, so that a death at any moment and the same command again end in the whole erasure: the tombstone, which
stops every night until all is done; what others' rows and the nights' records quote; the rows, with their history; the
files; the pages; and last the lists, by which the runner is found again. Then the squad's pages are written anew.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from runfix_analytics import night, runs
from runfix_analytics.calculated_parts import last_assessed
from runfix_analytics.errors import ConfigError, StoreError
from runfix_analytics.lock import lists_writer
from runfix_analytics.marks import MARKS_FILE
from runfix_analytics.places import Place, below, ordered
from runfix_analytics.private_files import removed
from runfix_analytics.runner_lists import LISTS, lines_of, without_runner
from runfix_analytics.store import TABLES, Store
from runfix_analytics.table_history import forget_history, runners_in, take_out
from runfix_analytics.tables import RUNNER_ID, STORED_FACTS, STORED_RESULTS, Rejects
from runfix_analytics.tombstones import TOMBSTONES_FILE, Tombstones, as_bytes, read_tombstones

NOT_REACHED = (
    "backups and snapshots, versions of objects and copies of a bucket, and what the disk keeps of deleted files",
    "pages and exports that were printed, sent or copied elsewhere, notebooks with their outputs",
    "logs of cron and the terminal's history, and the database of a Prefect server: they hold ids",
    "files of other runners, and what others wrote of this runner in their own notes",
)
_ERASED = "erased"
_SHEET = "exercises"  # of reports/: names nobody
_PART = re.compile(r"\.[0-9a-f]{16}\.part")  # what a killed writer leaves; see Store
_DIGITS_SHOWN = 12


@dataclass(frozen=True)
class Receipt:
    """What an erasure took out, in counts; no name, no id, nothing about health.

    `left`: files of the squad's own in which the id or the name still stands, to be mended by hand.
    """

    stones: tuple[tuple[str, date], ...]
    counts: dict[str, int]
    left: tuple[str, ...]
    is_squad_page_new: bool


def whom(store: Store, word: str) -> str:
    """The id of the runner whom a word names, by id or name; also of one who is in no list any more.

    Raises: ConfigError for a word that names nobody, or several.
    """
    said, names = word.strip(), store.names()
    known = traces(store)
    if said in known:
        return said
    found = sorted(r for r in known if said and said.casefold() in (r.casefold(), names.get(r, "").casefold()))
    if len(found) > 1:
        raise ConfigError(f'"{word}" names {len(found)} runners; use the id: {", ".join(found)}')
    if not found and re.fullmatch(RUNNER_ID, said) and read_tombstones(store.root).of(said):
        return said
    if not found:
        raise ConfigError(f'nothing of a runner "{word}" is in this store')
    return found[0]


def come_back(store: Store) -> list[str]:
    """The ids of erased runners of whom something is in the store: come back from elsewhere, or not erased wholly."""
    stones = read_tombstones(store.root)
    return sorted(runner for runner in traces(store) if stones.of(runner))


def traces(store: Store) -> set[str]:
    """Every id that stands in a list, has rows, or is the name of a folder of files or pages."""
    found = {path.name for folder in ("inbox", "reports") for path in (store.root / folder).iterdir()}
    for name in LISTS:
        path = store.root / name
        found |= {cells.get("runner_id") or "" for _, cells in lines_of(path)[1]} if path.exists() else set()
    found |= {mark.runner_id for mark in store.marks_file().marks}
    for table in TABLES:
        found |= runners_in(store, table)
    return {runner for runner in found if re.fullmatch(RUNNER_ID, runner)}


def erase(store: Store, runner_ids: Sequence[str], *, on: date) -> Receipt:
    """Takes these runners out of the store, and finishes every erasure that was begun; the caller holds the lock.

    Raises: ConfigError before anything is done when a list of the store cannot be read.
    """
    store.runners(store.catalogue())
    with lists_writer(store.root):  # who puts a line or a file of theirs in comes before the tombstone, or finds it
        names, stones = store.names(), read_tombstones(store.root).begun(runner_ids, on)
        store.write_private(store.root / TOMBSTONES_FILE, as_bytes(stones))
    words = [*runner_ids, *(names[runner] for runner in runner_ids if runner in names)]
    counts = {
        "records of nights": runs.forget(store, runner_ids, _pattern(words)),
        "files that others hold too, kept": _held_too(store, runner_ids),
        "quotes in others' rejects": _quoted(store, runner_ids, _pattern(words)),
    }
    for kind, tables in (("logged rows, ledger and rejects", STORED_FACTS), ("calculated rows", STORED_RESULTS)):
        # by table the counts would tell of aches and red flags
        counts[kind] = sum(take_out(store, table, runner) for table in tables for runner in runner_ids)
    counts["files of earlier versions of tables"] = sum(forget_history(store, table) for table in TABLES)
    counts["kept originals"] = _originals(store)
    counts["files of inboxes"] = sum(removed(store.root / "inbox" / runner) for runner in runner_ids)
    counts["pages and their tables"] = sum(removed(store.root / "reports" / runner) for runner in runner_ids)
    counts["results and pages of the squad"] = _squad_files(store)
    counts["files that spare nights work"] = removed(store.root / "cache")
    counts["remains of killed writers"] = sum(removed(path) for path in _parts(store.root))
    with lists_writer(store.root):
        counts["lines of lists"] = sum(_lines_out(store, runner) for runner in runner_ids)
    is_new = _squad_pages(store)
    store.write_private(store.root / TOMBSTONES_FILE, as_bytes(stones.finished()))
    return Receipt(_stones(stones, runner_ids), counts, tuple(_left(store, runner_ids, words)), is_new)


def _stones(stones: Tombstones, runner_ids: Iterable[str]) -> tuple[tuple[str, date], ...]:
    found = (stones.of(runner) for runner in runner_ids)
    return tuple((stone.digest[:_DIGITS_SHOWN], stone.erased_on) for stone in found if stone)


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Any of these words, as a word of its own; without words nothing at all."""
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, words)) or '(?!)'})(?![\w-])", re.IGNORECASE)


def _quoted(store: Store, runner_ids: Sequence[str], quoted: re.Pattern[str]) -> int:
    """Takes id and name out of what others' rejects quote: a form of the squad may have been put into every inbox."""
    rejects = store.read(Rejects).filter(~pl.col("runner_id").is_in(runner_ids))
    texts = list(rejects["logged"])
    said = [quoted.sub(_ERASED, text) for text in texts]
    changed = rejects.filter(pl.Series([new != old for new, old in zip(said, texts, strict=True)], dtype=pl.Boolean))
    if changed.height:
        ids = changed["runner_id"].unique().sort().to_list()
        mended = rejects.with_columns(logged=pl.Series(said, dtype=pl.String)).filter(pl.col("runner_id").is_in(ids))
        store.replace(Rejects, Rejects.validate(mended), ids)
    return changed.height


def _held_too(store: Store, runner_ids: Sequence[str]) -> int:
    """How many imports of these runners are in another's ledger as well."""
    ledger = store.scan("imports").select("runner_id", "import_id").collect()
    is_own = pl.col("runner_id").is_in(runner_ids)
    return len(set(ledger.filter(is_own)["import_id"]) & set(ledger.filter(~is_own)["import_id"]))


def _originals(store: Store) -> int:
    """Removes the kept copies that no line of the ledger needs; one that another runner's file is a copy of stays."""
    ledger = store.scan("imports").select(needed=pl.coalesce("archive_id", "import_id")).collect()
    needed = set(ledger["needed"])
    return sum(removed(path) for path in (store.root / "originals").iterdir() if path.name not in needed)


def _squad_files(store: Store) -> int:
    """Removes what was made of all runners together: it holds the runner's name, or was calculated with the logs."""
    reports = [path for path in (store.root / "reports").iterdir() if path.is_file() and path.stem != _SHEET]
    return sum(removed(path) for path in (*reports, *(store.root / "results").iterdir()))


def _squad_pages(store: Store) -> bool:
    """Writes the squad's pages anew from what is stored of the others; false where there is nothing to write."""
    try:
        newest = last_assessed(store)
    except StoreError:
        return False
    return bool(night.publish_squad(store.root, (), newest).counts.get("pages"))


def _parts(root: Place) -> list[Place]:
    return [path for path in root.rglob(".*.part") if _PART.fullmatch(path.name)]


def _lines_out(store: Store, runner_id: str) -> int:
    n = 0
    for name in (MARKS_FILE, *LISTS):
        path = store.root / name
        if path.exists():
            content = path.read_bytes()
            rest = without_runner(content, runner_id)
            if rest != content:
                store.write_private(path, rest)
                n += content.count(b"\n") - rest.count(b"\n") or 1
    return n


def _left(store: Store, runner_ids: Sequence[str], words: Sequence[str]) -> Iterator[str]:
    """Files in which an id or, in the squad's own files, a name still stands."""
    if not words:
        return
    by_id, by_any = _pattern(runner_ids), _pattern(words)
    for path in ordered(store.root.rglob("*")):
        label = below(store.root, path).as_posix()
        is_text = path.is_file() and label.partition("/")[0] not in ("inbox", "originals", "tables")
        pattern = by_any if "/" not in label and label not in LISTS else by_id
        text = path.read_bytes().decode("utf-8", "replace") if is_text else ""
        if by_id.search(label) or pattern.search(text):
            yield label
