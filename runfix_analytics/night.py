"""The stages of a night as functions of a root and a bucket: the order is told once, here.

The command line runs them in a loop, the Prefect flow wraps the same ones as tasks. They exchange paths, ids and
counts, never frames. One runner's failure is one runner's failure: it is returned, and the others go on.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol, TypeVar

import dataframely as dy
import polars as pl

from runfix_analytics import ledger
from runfix_analytics.assessment import Assessment, Squad, assess, cohort_of, squad, study, survey
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.cohort_results import CohortResults, read_cohort, write_cohort
from runfix_analytics.errors import EXIT_FAILED, EXIT_PARTIAL, ConfigError, RunfixError, StoreError
from runfix_analytics.inbox import read_inbox, store_rows
from runfix_analytics.incidence import incidence, prevalence
from runfix_analytics.ingest import Accepted, RunnerSettings
from runfix_analytics.runner_lists import lines_of
from runfix_analytics.store import Store, bucket_of
from runfix_analytics.stored_logs import read_logs
from runfix_analytics.tables import (
    AcheReports,
    Advice,
    Coverage,
    Episodes,
    Exposure,
    Imports,
    KnownDays,
    Moves,
    OnsetCoverage,
    Referrals,
    Runners,
    RunningLoad,
    Runs,
)
from runfix_analytics.text import clean_text
from runfix_analytics.tombstones import read_tombstones

STUDY, SQUAD = "study", "squad"

LOG = logging.getLogger(__name__)

S = TypeVar("S", bound=dy.Schema)


@dataclass(frozen=True)
class Failure:
    """One thing that did not work: which stage, whose, which file, and why. No health text."""

    stage: str
    runner_id: str
    what: str
    reason: str

    def __post_init__(self) -> None:
        for name in ("what", "reason"):
            object.__setattr__(self, name, clean_text(getattr(self, name)))


@dataclass(frozen=True)
class Done:
    """What a stage did to one bucket; of a whole night also the seconds that each stage took."""

    counts: dict[str, int] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict, compare=False)

    def __add__(self, other: "Done") -> "Done":
        keys = {**self.counts, **other.counts}
        counts = {key: self.counts.get(key, 0) + other.counts.get(key, 0) for key in keys}
        return Done(counts, self.failures + other.failures, {**self.seconds, **other.seconds})

    @property
    def is_partial(self) -> bool:
        """Whether something did not work."""
        return bool(self.failures)

    @property
    def exit_code(self) -> int:
        """0 all went well, 1 no page could be published, 3 something was left out."""
        if self.failures and not self.counts.get("pages") and any(f.stage == "publish" for f in self.failures):
            return EXIT_FAILED
        return EXIT_PARTIAL if self.failures else 0


def total(parts: Iterable[Done]) -> Done:
    """What several buckets did together."""
    return sum(parts, Done())


class Executor(Protocol):
    """Runs one stage for many buckets: in a loop, as Prefect tasks, in processes."""

    def __call__(self, stage: str, root: Path, as_of: date, buckets: Sequence[int], /) -> Iterable[Done]:
        """What the stage did to each bucket."""
        ...


def night(root: Path, as_of: date, each: Executor, stages: Sequence[str] | None = None) -> Done:
    """The whole night, or some of its stages, in order: a stage begins when the one before is done for all buckets."""
    wanted = stages or tuple(STAGES)
    _refuse_erased(Store(root))
    _renew(Store(root), wanted)
    everybody = buckets(root)
    done = strangers(root) if "import" in wanted else Done()
    for stage in STAGES:
        if stage in wanted:
            began = perf_counter()
            done += total(each(stage, root, as_of, [0] if stage in (STUDY, SQUAD) else everybody))
            done += Done(seconds={stage: perf_counter() - began})
    return done


def _refuse_erased(store: Store) -> None:
    """Nothing is done for a runner who was erased; the line is named and not the id, which would stay in the record."""
    stones = read_tombstones(store.root)
    if stones.is_unfinished:
        raise StoreError("an erasure was begun and not finished; run: runfix erase --again")
    for number, cells in lines_of(store.root / "runners.csv")[1]:
        if stone := stones.of((cells.get("runner_id") or "").strip()):
            raise ConfigError(
                f"runners.csv line {number}: this runner was erased on {stone.erased_on}; run: runfix erase --again. "
                "Who begins anew is added with runfix add"
            )


def _renew(store: Store, wanted: Sequence[str]) -> None:
    """Gives calculated tables of another version this version's columns, if they are about to be filled again."""
    outdated = store.outdated()
    if outdated and not {"survey", "assess"} <= set(wanted):
        raise StoreError(f"tables of another version ({', '.join(outdated)}); run: runfix nightly")
    store.renew(outdated)
    if outdated:
        LOG.warning("of another version, made anew: %s", ", ".join(outdated))


def run_stage(stage: str, root: Path, bucket: int, as_of: date, only: Sequence[str] = (), **how: Any) -> Done:
    """One stage for one bucket, or for those runners of it in `only`; `how` are options of publishing."""
    return STAGES[stage](root, bucket, as_of, only, **how)


def buckets(root: Path) -> list[int]:
    """The buckets that hold runners of runners.csv, in order."""
    store = Store(root)
    return sorted({bucket_of(runner) for runner in store.runners(store.catalogue())["runner_id"]})


def strangers(root: Path) -> Done:
    """A failure for each inbox folder that names no runner of runners.csv: its files are not imported.

    A folder of an erased runner is not named, because its name is the id.
    """
    store = Store(root)
    known = set(store.runners(store.catalogue())["runner_id"])
    folders = sorted(path.name for path in (store.root / "inbox").iterdir() if not path.name.startswith("."))
    reason = "is no runner of runners.csv; add the runner with runfix add, or correct the folder's name"
    stones = read_tombstones(store.root)
    failures = []
    for name in folders:
        if name not in known:
            stone = stones.of(name)
            failures.append(_came_back(stone.erased_on) if stone else Failure("import", "", f"inbox/{name}", reason))
    return Done({}, tuple(failures))


def _came_back(erased_on: date) -> Failure:
    reason = f"a folder of a runner who was erased on {erased_on} is not imported; run: runfix erase --again"
    return Failure("import", "", "inbox", reason)


# import


def import_bucket(root: Path, bucket: int, _as_of: date, only: Sequence[str] = ()) -> Done:
    """Reads the new files in the inboxes of a bucket's runners and stores their rows; facts first, ledger last.

    A content that the runner's ledger holds already is passed over, whatever the file's name.
    """
    store = Store(root)
    catalogue = store.catalogue()
    done, accepted = Done(), list[Accepted]()
    for settings in _settings(store, _runners_of(store, bucket, catalogue, only)):
        try:
            seen, files = read_inbox(store, settings, catalogue)
        except OSError:
            raise  # the disk, not this runner: worth another try
        except Exception as error:
            done += Done({}, (_failure("import", settings.runner_id, "inbox", error),))
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


# assess


def survey_bucket(root: Path, bucket: int, as_of: date, only: Sequence[str] = ()) -> Done:
    """Stores the episodes and days at risk of a bucket's runners: what the squad's rates are made of."""
    store = Store(root)
    catalogue = store.catalogue()

    def work(part: dy.DataFrame[Runners]) -> None:
        aches, exposed = survey(read_logs(store, part), as_of=as_of, catalogue=catalogue)
        ids = list(part["runner_id"])
        store.replace(Episodes, aches, ids)
        store.replace(Exposure, exposed, ids)

    return _each("survey", _runners_of(store, bucket, catalogue, only), work, count="surveyed")


def assess_bucket(root: Path, bucket: int, as_of: date, only: Sequence[str] = ()) -> Done:
    """Stores every other derived table of a bucket's runners, with the rates of the whole squad."""
    store = Store(root)
    catalogue = store.catalogue()
    of = stored_squad(store, as_of, catalogue)

    def work(part: dy.DataFrame[Runners]) -> None:
        result = assess(read_logs(store, part), as_of=as_of, catalogue=catalogue, of=of)
        store_assessment(store, result, list(part["runner_id"]))

    return _each("assess", _runners_of(store, bucket, catalogue, only), work, count="assessed")


def stored_squad(store: Store, as_of: date, catalogue: Catalogue) -> Squad:
    """The squad's rates and lag from what `survey_bucket` stored of everybody; its verdicts, if studied that day."""
    ids = list(store.runners(catalogue)["runner_id"])
    of = squad(store.read(Episodes, ids), store.read(Exposure, ids), catalogue=catalogue)
    studied = read_cohort(store, as_of)
    return of if studied is None else replace(of, verdicts=studied.found.verdicts)


def study_squad(root: Path, _bucket: int, as_of: date, _only: Sequence[str] = ()) -> Done:
    """Keeps what all runners' logs together say of coverage against onset; read bucket by bucket."""
    store = Store(root)
    catalogue = store.catalogue()
    try:
        everybody = store.runners(catalogue)
        if everybody.is_empty():
            return Done()
        of = stored_squad(store, as_of, catalogue)
        ids = list(everybody["runner_id"])
        cohorts, runs, answers = [], [], []
        for bucket in buckets(root):
            part = read_logs(store, _runners_of(store, bucket, catalogue, ()))
            aches = store.read(Episodes, list(part.runners["runner_id"]))
            cohorts.append(cohort_of(part, aches, of, as_of=as_of, catalogue=catalogue))
            runs.append(part.runs)
            answers.append(part.ache_reports)
        every = store.read(Episodes, ids), Runs.validate(pl.concat(runs)), AcheReports.validate(pl.concat(answers))
        found = study(cohorts, of, catalogue=catalogue)
        happened = incidence(*every, as_of=as_of, catalogue=catalogue)
        weeks = prevalence(every[0], every[2], as_of=as_of, catalogue=catalogue)
        write_cohort(store, CohortResults(as_of, everybody.height, found, happened, weeks))
    except OSError:
        raise
    except Exception as error:
        return Done({}, (_failure("study", "", "all runners together", error),))
    return Done({"studied": everybody.height})


def store_assessment(store: Store, result: Assessment, ids: Sequence[str]) -> None:
    """Stores the derived tables of these runners; advice of earlier days is kept beside today's."""
    as_of = result.as_of
    store.replace(RunningLoad, result.running_load, ids)
    store.replace(KnownDays, result.known_days, ids)
    store.replace(Coverage, result.coverage, ids)
    store.replace(OnsetCoverage, result.onset_coverage, ids)
    for schema, frame in ((Advice, result.advice), (Moves, result.moves), (Referrals, result.referrals)):
        _replace_dated(store, schema, frame, ids, as_of)


def _replace_dated(store: Store, schema: type[S], frame: dy.DataFrame[S], ids: Sequence[str], as_of: date) -> None:
    others = store.read(schema, ids).filter(pl.col("as_of") != as_of)
    store.replace(schema, schema.validate(pl.concat([others, frame])), ids)


# publish


def publish_bucket(
    root: Path, bucket: int, as_of: date, only: Sequence[str] = (), *, since: date | None = None, pdf: bool = False
) -> Done:
    """Writes the pages of a bucket's runners, then their PDFs where they are wanted; see publishing."""
    from runfix_analytics import publishing

    store = Store(root)
    runners = _runners_of(store, bucket, store.catalogue(), only)
    done = _each("publish", runners, lambda part: publishing.publish_runners(store, part, as_of, since=since), "pages")
    left_out = {failure.runner_id for failure in done.failures}
    pages = [
        page
        for runner in runners["runner_id"]
        if runner not in left_out
        for page in publishing.runner_pages(store.root, runner)
    ]
    return done + _pdfs(store, pages, is_asked=pdf)


def publish_squad(
    root: Path, _bucket: int, as_of: date, _only: Sequence[str] = (), *, since: date | None = None, pdf: bool = False
) -> Done:
    """Writes the squad's pages from what is stored of all runners, then PDFs; `since` is of runners' pages."""
    from runfix_analytics import publishing

    del since
    store = Store(root)
    try:
        done = Done({"pages": publishing.publish_squad(store, as_of)})
    except OSError:
        raise
    except Exception as error:
        return Done({}, (_failure("publish", "", "squad page", error),))
    pages = publishing.squad_page_path(store.root), publishing.exercise_sheet_path(store.root)
    return done + _pdfs(store, pages, is_asked=pdf)


def _pdfs(store: Store, pages: Sequence[Path], *, is_asked: bool) -> Done:
    """PDFs of pages that are written, if asked for or in settings.toml; without them the pages are as good."""
    from runfix_analytics.publishing import write_pdfs

    try:
        if is_asked or store.settings().pdf:
            write_pdfs(store, pages)
    except OSError:
        raise
    except Exception as error:
        return Done({}, (_failure("pdf", "", "PDF", error),))
    return Done()


def last_assessed(store: Store) -> date:
    """The newest day for which there is an assessment.

    Raises: StoreError when nothing has been assessed yet.
    """
    newest: date | None = store.scan("advice").select(pl.col("as_of").max()).collect().item()
    if newest is None:
        raise StoreError("nothing is assessed yet; run: runfix nightly")
    return newest


# for all stages


def _runners_of(store: Store, bucket: int, catalogue: Catalogue, only: Sequence[str]) -> dy.DataFrame[Runners]:
    everybody = store.runners(catalogue)
    is_wanted = [bucket_of(runner) == bucket and (not only or runner in only) for runner in everybody["runner_id"]]
    return Runners.validate(everybody.filter(pl.Series(is_wanted, dtype=pl.Boolean)))


def _each(
    stage: str, runners: dy.DataFrame[Runners], work: Callable[[dy.DataFrame[Runners]], None], count: str
) -> Done:
    """Does the work for all runners at once; if that fails, one by one, so that one failure stays one."""
    try:
        work(runners)
    except Exception as error:
        LOG.warning("%s of %d runners together failed (%s); one by one", stage, runners.height, type(error).__name__)
    else:
        return Done({count: runners.height})
    done = Done()
    for row in range(runners.height):
        one = Runners.validate(runners[row : row + 1])
        try:
            work(one)
            done += Done({count: 1})
        except OSError:
            raise
        except Exception as error:
            done += Done({}, (_failure(stage, one["runner_id"][0], stage, error),))
    return done


def _failure(stage: str, runner_id: str, what: str, error: Exception) -> Failure:
    """What went wrong, in words that hold nothing about a runner's health: foreign messages may, ours do not."""
    LOG.debug("%s of runner %s failed", stage, runner_id, exc_info=error)
    reason = str(error) if isinstance(error, RunfixError) else f"{type(error).__name__}; --debug shows where"
    return Failure(stage, runner_id, what, reason)


STAGES: dict[str, Callable[..., Done]] = {
    "import": import_bucket,
    "survey": survey_bucket,
    STUDY: study_squad,
    "assess": assess_bucket,
    "publish": publish_bucket,
    SQUAD: publish_squad,
}
