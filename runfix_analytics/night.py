"""The stages of a night as functions of a root and some buckets: the order is told once, here.

The command line runs them in a loop, the Prefect flow wraps the same ones as tasks. They exchange paths, ids and
counts, never frames. One runner's failure is one runner's failure: it is returned, and the others go on.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from math import ceil
from time import perf_counter
from typing import Any, Protocol, TypeVar

import dataframely as dy
import polars as pl

from runfix_analytics import due, inbox_index, ledger, publishing, stamps
from runfix_analytics.calculated_parts import assess_part, study_squad, survey_part
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.delta_tables import bucket_of
from runfix_analytics.errors import StoreError
from runfix_analytics.inbox import COUNTS, Seen, known_imports, read_inbox, store_rows
from runfix_analytics.inbox_folders import folders_of_nobody, refuse_erased
from runfix_analytics.ingest import Accepted, RunnerSettings
from runfix_analytics.parts import (
    MOST,
    Done,
    Failure,
    Part,
    failure,
    if_due,
    portions,
    runners_of,
    total,
    untouched,
)
from runfix_analytics.places import Place
from runfix_analytics.store import Store
from runfix_analytics.tables import (
    Imports,
    Runners,
)

STUDY, SQUAD = "study", "squad"
WHOLE_INBOX = "inbox"
_PARTS, _FEW, _MOST_TO_IMPORT = 8, 25, 16  # parts for all workers, and runners in one

LOG = logging.getLogger(__name__)
S = TypeVar("S", bound=dy.Schema)


class Executor(Protocol):
    """Runs one stage for many parts of the squad: in a loop, in processes, on other machines."""

    def __call__(self, stage: str, root: Place, as_of: date, parts: Sequence[Part], /) -> Iterable[Done]:
        """What the stage did to each part."""
        ...


def night(
    root: Place,
    as_of: date,
    each: Executor,
    stages: Sequence[str] | None = None,
    *,
    only: Sequence[str] = (),
    is_full: bool = False,
) -> Done:
    """The whole night, or some of its stages, in order: a stage begins when the one before is done for all parts.

    A whole night passes over what would come out as it stands. Stages that are named work on everybody, or on those
    runners in `only`; `is_full`: the whole night does too.
    """
    wanted = stages or tuple(STAGES)
    store = Store(root)
    refuse_erased(store)
    _renew(store, wanted)
    if stages or is_full:
        due.forget(store, only or list(store.runners(store.catalogue())["runner_id"]), wanted)
    done = strangers(root) if "import" in wanted else Done()
    for stage in STAGES:
        if stage in wanted:
            began = perf_counter()
            work, kept = _plan(store, stage, as_of)
            done += total(each(stage, root, as_of, work)) + kept
            done += Done(seconds={stage: perf_counter() - began})
    return done


def _plan(store: Store, stage: str, as_of: date) -> tuple[list[Part], Done]:
    """The parts of the squad on which a stage has work to do, and what it need not do for the others."""
    catalogue = store.catalogue()
    everybody = store.runners(catalogue)
    if stage in (STUDY, SQUAD):
        return [()], Done()
    if stage == "import":
        unchanged = inbox_index.unchanged(store, everybody["runner_id"])
        due_ids = [runner for runner in everybody["runner_id"] if runner not in unchanged]
        busy = {bucket_of(runner) for runner in due_ids}
        n_files = sum(n for runner, n in unchanged.items() if bucket_of(runner) not in busy)
        kept = Done({**dict.fromkeys(COUNTS, 0), "files_seen": n_files, "files_known": n_files})
        return _together(due_ids, most=_MOST_TO_IMPORT), kept
    due_ids = list(due.due(store, stage, everybody, as_of, catalogue))
    busy = {bucket_of(runner) for runner in due_ids}
    n_kept = sum(bucket_of(runner) not in busy for runner in everybody["runner_id"])
    return _together(due_ids), untouched(stage, n_kept)


def _together(runner_ids: Sequence[str], most: int = MOST) -> list[Part]:
    """The buckets of these runners, joined while the runners are few: a part costs more than a runner in it."""
    n_in = Counter(map(bucket_of, runner_ids))
    wanted = min(max(ceil(len(runner_ids) / _PARTS), _FEW), most)
    parts, part, n = list[Part](), list[int](), 0
    for bucket in sorted(n_in):
        if part and n + n_in[bucket] > wanted:
            parts.append(tuple(part))
            part, n = [], 0
        part.append(bucket)
        n += n_in[bucket]
    return [*parts, tuple(part)] if part else parts


def _renew(store: Store, wanted: Sequence[str]) -> None:
    """Gives calculated tables of another version this version's columns, if they are about to be filled again."""
    outdated = store.outdated()
    if outdated and not {"survey", "assess"} <= set(wanted):
        raise StoreError(f"tables of another version ({', '.join(outdated)}); run: runfix nightly")
    store.renew(outdated)
    if outdated:
        LOG.warning("of another version, made anew: %s", ", ".join(outdated))


def run_stage(stage: str, root: Place, part: Part, as_of: date, only: Sequence[str] = (), **how: Any) -> Done:
    """One stage for one part, or for those runners of it in `only`; `how` are options of publishing."""
    return STAGES[stage](root, part, as_of, only, **how)


def parts(root: Place) -> list[Part]:
    """The whole squad in parts, in order."""
    store = Store(root)
    return _together(list(store.runners(store.catalogue())["runner_id"]))


def strangers(root: Place) -> Done:
    """A failure for each inbox folder that names no runner of runners.csv: its files are not imported."""
    return Done({}, tuple(Failure("import", "", *told) for told in folders_of_nobody(Store(root))))


# import


def import_part(root: Place, part: Part, _as_of: date, only: Sequence[str] = ()) -> Done:
    """Reads the new files in the inboxes of a part's runners and stores their rows; facts first, ledger last.

    A content that the runner's ledger holds already is passed over, whatever the file's name.
    """
    store = Store(root)
    catalogue = store.catalogue()
    runners = runners_of(store, part, catalogue, only)
    known = known_imports(store, runners["runner_id"])
    before = inbox_index.read(store, known, stamps.of_ledger(store, known))
    indexes = dict[str, inbox_index.Index]()

    def read(settings: RunnerSettings) -> tuple[Seen, list[Accepted]]:
        runner = settings.runner_id
        seen, files = read_inbox(store, settings, catalogue, known[runner], before[runner])
        indexes[runner] = seen.index
        return seen, files

    done = _read_all(store, runners, catalogue, read)
    inbox_index.write(store, indexes)
    return done


def reread_part(root: Place, part: Part) -> Done:
    """Stores the rows of a part's runners anew, read from the kept originals; facts first, ledger last."""
    store = Store(root)
    catalogue = store.catalogue()
    runners = runners_of(store, part, catalogue, ())
    return _read_all(store, runners, catalogue, lambda settings: ledger.reread(store, settings, catalogue))


def _read_all(
    store: Store,
    runners: dy.DataFrame[Runners],
    catalogue: Catalogue,
    read: Callable[[RunnerSettings], tuple[Seen, list[Accepted]]],
) -> Done:
    """Stores what was read of each of these runners; whose reading fails is told, and nobody else's is held up."""
    done, accepted = Done(), list[Accepted]()
    for settings in _settings(store, runners):
        try:
            seen, files = read(settings)
        except OSError:
            raise  # the disk, not this runner: worth another try
        except Exception as error:
            done += Done({}, (failure("import", settings.runner_id, WHOLE_INBOX, error),))
            continue
        accepted.extend(files)
        done += Done(seen.counts, tuple(Failure("import", settings.runner_id, *bad) for bad in seen.bad))
    store_rows(store, accepted, catalogue)
    return done


def retry(store: Store, words: Sequence[str], only: Sequence[str] = ()) -> Done:
    """Reads files of the ledger again from their kept copies: those named, else all that failed or are damaged.

    Raises: StoreError for a word that names no import.
    """
    catalogue = store.catalogue()
    runners = store.runners(catalogue)
    if only:
        runners = Runners.validate(runners.filter(pl.col("runner_id").is_in(list(only))))
    ids = list(runners["runner_id"])
    asked = ledger.find(store, words, ids) if words else store.read(Imports, ids).filter(
        pl.col("status").is_in(ledger.UNREAD)
    )  # fmt: skip
    done = Done()
    for settings in _settings(store, runners):
        wanted = asked.filter(pl.col("runner_id") == settings.runner_id)["import_id"].to_list()
        if wanted:
            seen = ledger.retry(store, settings, wanted, catalogue)
            done += Done(seen.counts, tuple(Failure("retry", settings.runner_id, *bad) for bad in seen.bad))
    return done


def _settings(store: Store, runners: dy.DataFrame[Runners]) -> Iterator[RunnerSettings]:
    names = store.names()
    for row in runners.iter_rows(named=True):
        yield RunnerSettings(row["runner_id"], row["time_zone"], row["units"], names.get(row["runner_id"], ""))


# publish


def publish_part(
    root: Place, part: Part, as_of: date, only: Sequence[str] = (), *, since: date | None = None, pdf: bool = False
) -> Done:
    """Writes the pages of a part's runners, then their PDFs where they are wanted; see publishing."""
    store = Store(root)
    catalogue = store.catalogue()
    runners, written = runners_of(store, part, catalogue, only), list[Place]()

    def work(part: dy.DataFrame[Runners]) -> None:
        for some in portions(part):
            publishing.publish_runners(store, some, as_of, since=since)
        written.extend(page for runner in part["runner_id"] for page in publishing.runner_pages(store.root, runner))

    done = if_due(due.PUBLISH, store, runners, as_of, catalogue, work)
    made = _pdfs(store, written, is_asked=pdf)
    if since is not None or made.failures:  # not what a night would publish, or not all of it
        due.forget(store, list(runners["runner_id"]), [due.PUBLISH])
    return done + made


def publish_squad(
    root: Place, _part: Part, as_of: date, _only: Sequence[str] = (), *, since: date | None = None, pdf: bool = False
) -> Done:
    """Writes the squad's pages from what is stored of all runners, then PDFs; `since` is of runners' pages."""
    del since
    store = Store(root)
    try:
        catalogue = store.catalogue()
        everybody = store.runners(catalogue)
        key, stamp = due.squad_key(store, everybody, as_of, catalogue), due.squad_stamp(store)
        cohort = due.cohort_key(store, as_of, catalogue)
        n_pages = stamp.get("pages", 0)
        is_there = all(path.exists() for path in publishing.squad_files(store, n_pages))
        if is_there and stamp.get("key") == key:
            return Done({"pages": n_pages})
        to_be_written = due.due(store, due.PUBLISH, everybody, as_of, catalogue)
        unchanged = set(everybody["runner_id"]) - set(to_be_written)
        is_same = is_there and stamp.get("cohort") == cohort
        n_pages = publishing.publish_squad(store, as_of, unchanged, is_cohort_current=is_same)
    except OSError:
        raise
    except Exception as error:
        return Done({}, (failure("publish", "", "squad page", error),))
    pages = publishing.squad_page_path(store.root), publishing.exercise_sheet_path(store.root)
    made = _pdfs(store, pages, is_asked=pdf)
    if not made.failures:
        due.note_squad(store, key, n_pages, cohort)
    return Done({"pages": n_pages}) + made


def _pdfs(store: Store, pages: Sequence[Place], *, is_asked: bool) -> Done:
    """PDFs of pages that are written, if asked for or in settings.toml; without them the pages are as good."""
    try:
        if is_asked or store.settings().pdf:
            publishing.write_pdfs(store, pages)
    except OSError:
        raise
    except Exception as error:
        return Done({}, (failure("pdf", "", "PDF", error),))
    return Done()


STAGES: dict[str, Callable[..., Done]] = {
    "import": import_part,
    "survey": survey_part,
    STUDY: study_squad,
    "assess": assess_part,
    "publish": publish_part,
    SQUAD: publish_squad,
}
