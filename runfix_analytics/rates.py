"""How often each symptom comes up in the squad, shrunk to a reference rate."""

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue
from runfix_analytics.tables import Exposure, SymptomRates


def symptom_rates(exposure: dy.DataFrame[Exposure], *, catalogue: Catalogue) -> dy.DataFrame[SymptomRates]:
    """One row per symptom of the hazard models, in the catalogue's order; an empty squad has the reference rate.

    The reference (0.7 aches a runner-year, split equally over the symptoms) weighs as much as ten onsets.
    Source: method.md §5.
    """
    symptoms = [symptom.id for symptom in catalogue.symptoms.values() if symptom.in_hazard_models]
    reference = catalogue.number("priority.reference_rate") / catalogue.number("priority.days_per_year")
    prior_events = catalogue.number("priority.prior_events")
    counts = exposure.group_by("symptom_id").agg(pl.col("n_onsets", "n_days_at_risk").sum())
    events = pl.col("n_onsets") + prior_events / len(symptoms)
    days = pl.col("n_days_at_risk") + prior_events / reference
    rates = (
        pl.DataFrame({"symptom_id": symptoms}, schema={"symptom_id": pl.String})
        .join(counts, on="symptom_id", how="left", validate="1:1", maintain_order="left")
        .with_columns(pl.col("n_onsets", "n_days_at_risk").fill_null(0))
        .with_columns(onsets_per_day=events / days)
    )
    return SymptomRates.validate(rates, cast=True)
