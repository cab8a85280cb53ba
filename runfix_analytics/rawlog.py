"""What a reader returns: one `RawLog` for each file, in our column names, nothing judged and nothing dropped.

Readers parse times and numbers and translate words; they never look up exercises or sites, never decide whether a
value is plausible, and never fail because of one row: what they cannot parse becomes a `Problem`.
Every row of a file ends in exactly one place: `activities`, `sets`, `aches`, or `problems`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

RawSchema = Mapping[str, pl.DataType]

NAIVE = pl.Datetime("us")
UTC = pl.Datetime("us", "UTC")

# One row per activity. `kind`: run | strength | other. At least one of start_at (UTC) and start_local (wall clock,
# no zone) is set; both only where the file itself states the offset. Distance with its unit as the file has it:
# m | km | mi, null where the file does not say; `distance_unit_source` is "plausibility" where the reader decided the
# unit by what is plausible over the whole file, else null. Ascent is in metres, or in feet where the distance unit is
# not said and the account is imperial. duration_s excludes pauses, elapsed_s includes them. rpe 0-10. Latitude and
# longitude of the start, in degrees, are there to find the time zone where the file states no offset, never stored.
# `recording`: the name of the file that holds the activity's recording, as an export states it, beside the export.
# `recorded_by`: a number for the app or device, where one file holds what several of them wrote of the same activity.
ACTIVITIES: RawSchema = {
    "row": pl.Int32(),
    "kind": pl.String(),
    "logged_as": pl.String(),
    "activity_id": pl.String(),
    "start_at": UTC,
    "start_local": NAIVE,
    "distance": pl.Float64(),
    "distance_unit": pl.String(),
    "distance_unit_source": pl.String(),
    "duration_s": pl.Float64(),
    "elapsed_s": pl.Float64(),
    "ascent": pl.Float64(),
    "rpe": pl.Float64(),
    "is_indoor": pl.Boolean(),
    "latitude": pl.Float64(),
    "longitude": pl.Float64(),
    "recording": pl.String(),
    "recorded_by": pl.String(),
}

# One row per set. `logged_as` is the exercise as the log names it, "none" = the runner states no strength work that
# day (local date of start_local). `category` is a coarser name used where `logged_as` is unknown (a watch only).
# `guesses` are all names that a watch guessed, the likeliest first ("unknown" among them); null where nobody guessed.
# set_type: working | warmup. side: left | right | both | null. Weight with its unit: kg | lb | null = not said.
SETS: RawSchema = {
    "row": pl.Int32(),
    "start_at": UTC,
    "start_local": NAIVE,
    "logged_as": pl.String(),
    "category": pl.String(),
    "guesses": pl.List(pl.String()),
    "set_type": pl.String(),
    "side": pl.String(),
    "reps": pl.Float64(),
    "seconds": pl.Float64(),
    "weight": pl.Float64(),
    "weight_unit": pl.String(),
    "rpe": pl.Float64(),
    "rir": pl.Float64(),
    "note": pl.String(),
}

# One row per answer of the ache form. `site` is the place in the runner's words, null in a "no aches" row
# (is_no_aches). Flags are tri-state: null = not asked or not answered. Words as in the form: side left | right | both
# | centre | unknown; onset_type gradual | sudden | contact | unknown; affects_training full | with_problems |
# modified | stopped; status active | resolved. `runner` is whom the row names, if it names anybody.
ACHES: RawSchema = {
    "row": pl.Int32(),
    "runner": pl.String(),
    "report_id": pl.String(),
    "reported_on": pl.Date(),
    "noticed_on": pl.Date(),
    "onset_type": pl.String(),
    "is_no_aches": pl.Boolean(),
    "site": pl.String(),
    "side": pl.String(),
    "pain_now": pl.Float64(),
    "pain_worst": pl.Float64(),
    "pain_during_run": pl.Boolean(),
    "pain_after_run": pl.Boolean(),
    "pain_next_morning": pl.Boolean(),
    "pain_at_rest": pl.Boolean(),
    "pain_at_night": pl.Boolean(),
    "pain_during_exercises": pl.Boolean(),
    "exercise_that_hurt": pl.String(),
    "focal_bone_tenderness": pl.Boolean(),
    "affects_training": pl.String(),
    "days_lost": pl.Float64(),
    "status": pl.String(),
    "resolved_on": pl.Date(),
    "linked_report_id": pl.String(),
    "ill": pl.Boolean(),
    "ostrc_q1": pl.Float64(),
    "ostrc_q2": pl.Float64(),
    "ostrc_q3": pl.Float64(),
    "ostrc_q4": pl.Float64(),
    "note": pl.String(),
}


@dataclass(frozen=True)
class Problem:
    """One row that is not stored.

    `row` is the file's row as a spreadsheet numbers it (header = 1), or a message's place in a FIT file; `logged` is
    the offending value as logged; `rule` a snake_case name; `advice` what to do. `is_expected` marks rows that are
    rightly no log rows at all (rest timers, note rows): they are counted as skipped, not as rejected.
    """

    row: int | None
    logged: str
    rule: str
    advice: str
    is_expected: bool = False


def frame(rows: Iterable[Mapping[str, Any]], schema: RawSchema) -> pl.DataFrame:
    """Rows as a frame of exactly this schema; keys that a row lacks are null.

    Raises: ValueError for a key that is not in the schema, since its values would be lost.
    """
    rows = list(rows)
    unknown = {key for row in rows for key in row} - set(schema)
    if unknown:
        raise ValueError(f"not in the schema: {', '.join(sorted(unknown))}")
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=dict(schema))


# made once: an inbox may have 25 000 files, and most hold one kind of row; nobody changes a frame in place
_NO_ACTIVITIES, _NO_SETS, _NO_ACHES = (pl.DataFrame(schema=dict(schema)) for schema in (ACTIVITIES, SETS, ACHES))


@dataclass(frozen=True)
class RawLog:
    """One file, read.

    `source` is the account the log comes from ("garmin", "strong", "form"), `reader` the module that read it.
    `damage` says what is broken in a file whose rows before the damage are kept; `error` why nothing could be read.
    `warnings` are facts an operator may want: an assumed unit, an unusual clock, a file that holds no log.
    """

    reader: str
    source: str
    activities: pl.DataFrame = field(default_factory=lambda: _NO_ACTIVITIES)
    sets: pl.DataFrame = field(default_factory=lambda: _NO_SETS)
    aches: pl.DataFrame = field(default_factory=lambda: _NO_ACHES)
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    damage: str | None = None
    error: str | None = None

    @property
    def n_rows(self) -> int:
        """How many rows the file held, wherever they ended."""
        return self.activities.height + self.sets.height + self.aches.height + len(self.problems)
