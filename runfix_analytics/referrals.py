"""When strength advice stops: red flags of open episodes."""

from datetime import date

import dataframely as dy
import polars as pl

from runfix_analytics.catalogue import Catalogue, Site
from runfix_analytics.tables import Episodes, Referrals

_ASKED = {
    "during_exercises": "pain_during_exercises",
    "at_night": "pain_at_night",
    "at_rest": "pain_at_rest",
    "bone_tenderness": "focal_bone_tenderness",
}


def referrals(episodes: dy.DataFrame[Episodes], *, as_of: date, catalogue: Catalogue) -> dy.DataFrame[Referrals]:
    """One row per episode without a stated end and red flag raised in it; none for a squad without red flags.

    A flag holds until the runner says to be well again: silence does not lift it. It withholds every area linked to
    the symptom and, ours, those whose moves load the place. An acute injury withholds all lower-body moves, and so
    does, ours, any flag at a lower-body place that the article links to no area. Chest pain and sudden breathlessness
    ask for medical advice and withhold everything.
    Source: domain.md, "When strength advice stops"; bone tenderness, loaded places and medical advice are ours.
    """
    still_open = episodes.filter(pl.col("state") != "ended")
    rows = [
        {
            "runner_id": episode["runner_id"],
            "as_of": as_of,
            "episode_id": episode["episode_id"],
            "flag": flag,
            "site_id": episode["site_id"],
            "side": episode["side"],
            "withheld_areas": _withheld(site, flag, catalogue),
            "withholds_lower_body": flag == "acute_injury" or (site.lower_body and site.symptom is None),
        }
        for episode in still_open.iter_rows(named=True)
        for site in [catalogue.sites[episode["site_id"]]]
        for flag in _flags(episode, site, catalogue)
    ]
    frame = pl.DataFrame(rows, schema=Referrals.create_empty().schema)
    return Referrals.validate(frame.sort("runner_id", "episode_id", maintain_order=True), cast=True)


def _flags(episode: dict[str, object], site: Site, catalogue: Catalogue) -> list[str]:
    is_breathing = site.symptom is not None and not catalogue.symptoms[site.symptom].in_hazard_models
    is_medical = site.medical or (is_breathing and episode["is_acute_injury"])
    if is_medical:
        return ["medical"]
    acute = ["acute_injury"] if episode["is_acute_injury"] else []
    return acute + [flag for flag, column in _ASKED.items() if episode[column]]


def _withheld(site: Site, flag: str, catalogue: Catalogue) -> list[str]:
    if flag == "medical":
        return list(catalogue.areas)
    touched = {*catalogue.linked_areas(site.symptom), *site.loaded_by}
    return [area for area in catalogue.areas if area in touched]
