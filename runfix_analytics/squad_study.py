"""What a night needs to know of the whole squad: studied once a week, read bucket by bucket.

Rates, lag and verdicts are those of the newest Sunday, from everything logged up to then. In between they stand, so
that one runner's new run does not change everybody's advice; an entry for a day up to that Sunday makes the study anew.
"""

from collections.abc import Sequence
from datetime import date
from zlib import crc32

import dataframely as dy
import polars as pl

from runfix_analytics.assessment import Squad, cohort_of, squad, study_cohorts, survey
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.cohort_results import CohortResults, read_cohort, study_day, write_cohort
from runfix_analytics.incidence import incidence, prevalence
from runfix_analytics.store import Store
from runfix_analytics.stored_logs import read_logs
from runfix_analytics.tables import AcheReports, Episodes, Exposure, Runners, Runs


def stored_squad(store: Store, as_of: date, catalogue: Catalogue) -> Squad:
    """What the study that holds on a day found; not studied: what `survey_part` stored of everybody."""
    studied = read_cohort(store, as_of)
    if studied is not None:
        return Squad(studied.rates, studied.found.lag_days, studied.found.verdicts)
    ids = list(store.runners(catalogue)["runner_id"])
    return squad(store.read(Episodes, ids), store.read(Exposure, ids), catalogue=catalogue)


def drawn_by_lot(runners: dy.DataFrame[Runners], most: int) -> dy.DataFrame[Runners]:
    """The runners, or `most` of them; each time the same ones, and of a squad that grew mostly the same."""
    if runners.height <= most:
        return runners
    lots = pl.Series([crc32(f"study {runner}".encode()) for runner in runners["runner_id"]])
    drawn = lots.arg_sort().head(most).sort()
    return Runners.validate(runners[drawn])


def study_stored(
    store: Store,
    parts: Sequence[dy.DataFrame[Runners]],
    as_of: date,
    catalogue: Catalogue,
    key: str,
    *,
    n_runners: int,
) -> None:
    """Studies coverage against onset over runners given in parts that fit in memory, and keeps what it finds.

    `n_runners`: of the squad; of a large one not all are given. `key` says what the study was made of.
    Parts are read twice: how often aches come up decides which days are kept.
    """
    day = study_day(as_of)
    surveys = [survey(read_logs(store, part), as_of=day, catalogue=catalogue) for part in parts]
    every_ache = Episodes.validate(pl.concat([Episodes.create_empty(), *(aches for aches, _ in surveys)]))
    exposed = Exposure.validate(pl.concat([Exposure.create_empty(), *(exposed for _, exposed in surveys)]))
    of = squad(every_ache, exposed, catalogue=catalogue)
    cohorts, runs, answers = [], [Runs.create_empty()], [AcheReports.create_empty()]
    for part, (aches, _) in zip(parts, surveys, strict=True):
        logs = read_logs(store, part)
        cohorts.append(cohort_of(logs, aches, of, as_of=day, catalogue=catalogue))
        runs.append(logs.runs)
        answers.append(logs.ache_reports)
    results = CohortResults(
        as_of=day,
        key=key,
        n_runners=n_runners,
        rates=of.rates,
        found=study_cohorts(cohorts, of, catalogue=catalogue),
        incidence=incidence(every_ache, Runs.validate(pl.concat(runs)), AcheReports.validate(pl.concat(answers)),
                            as_of=day, catalogue=catalogue),
        prevalence=prevalence(every_ache, AcheReports.validate(pl.concat(answers)), as_of=day, catalogue=catalogue),
    )  # fmt: skip
    write_cohort(store, results)
