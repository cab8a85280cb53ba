"""The reading of coverage against onset that the method guards against, to show what it would have said."""

from dataclasses import replace
from datetime import date

import dataframely as dy
import polars as pl

from runfix_analytics.assessment import Logs, cohort_of, squad, survey
from runfix_analytics.association import at_lag, lags, pooled
from runfix_analytics.catalogue import Catalogue
from runfix_analytics.cohort import analysis_rows, as_reported, at_risk, sampling
from runfix_analytics.running_load import running_load
from runfix_analytics.tables import Estimates

NAIVE_LAG = 1


def naive_study(logs: Logs, *, as_of: date, catalogue: Catalogue) -> dy.DataFrame[Estimates]:
    """Estimates as `study` has them, read naively: up to the day before the report, and no earlier ache washed out.

    One row per area (estimator naive), and those of the lag curve (estimator lag), the day before among its lags. Rehab
    for an ache is read as what came before it; no page shows these numbers. Source: method.md, "The question".
    """
    aches, exposed = survey(logs, as_of=as_of, catalogue=catalogue)
    of = squad(aches, exposed, catalogue=catalogue)
    rows, _ = at_risk(
        logs.runs, logs.ache_reports, as_reported(aches), running_load(logs.runs, as_of=as_of, catalogue=catalogue),
        as_of=as_of, catalogue=catalogue, keep=sampling(of.rates, catalogue),
    )  # fmt: skip
    reported = replace(cohort_of(logs, aches, of, as_of=as_of, catalogue=catalogue), at_risk=rows)
    told = []
    for lag in (NAIVE_LAG, *lags(catalogue)):
        at, _ = analysis_rows(reported, lag_days=lag, catalogue=catalogue, has_washout=False)
        several = [pooled(at, catalogue, "naive")[0]] if lag == NAIVE_LAG else []
        told += [one.with_columns(lag_days=pl.lit(lag, pl.Int16)) for one in (*several, at_lag(at, catalogue))]
    return Estimates.validate(pl.concat(told))
