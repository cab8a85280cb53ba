"""The data dictionary: every table that is stored or crosses a module, with its grain and what is missing and why.

Ids are text. `_at` is UTC, `local_date` the runner's calendar. Distances are metres, weights kilograms, times seconds.
Stored tables carry provenance (`import_id`, `source_row`, what was logged), so that every value leads back to a file.
Area, symptom, site and exercise ids are those of the catalogue.
"""

from collections.abc import Sequence

import dataframely as dy
import polars as pl

RUNNER_ID = r"^[A-Za-z0-9_-]{1,64}$"

UNITS = ("metric", "imperial")
STRENGTH_LOGS = ("partial", "complete")
MARKS = ("seen_by_physio", "paused", "away", "ill", "race_week")
VISIT = "seen_by_physio"
LOCAL_DATE_SOURCES = ("file_offset", "gps", "configured", "assumed")
UNIT_SOURCES = ("file", "plausibility", "configured")
STRENGTH_DAY_KINDS = ("sets", "no_sets", "none")
SET_TYPES = ("working", "warmup")
SET_SIDES = ("left", "right", "both")
ACHE_SIDES = ("left", "right", "both", "centre", "unknown")
ONSET_TYPES = ("gradual", "sudden", "contact", "unknown")
TRAINING_EFFECTS = ("full", "with_problems", "modified", "stopped")
ACHE_STATUS = ("active", "resolved")
OSTRC_SCORES = (0, 8, 17, 25)
IMPORT_STATUS = ("imported", "nothing", "damaged", "failed", "unknown_format", "opened", "other_file", "undone")
EVIDENCE = ("sets", "no_sets", "stated_none", "declared", "between", "tail", "assumed", "unknown")
COVERAGE_STATUS = ("on_target", "under_floor", "under_target", "not_clear", "not_known")
LIMITS = ("frequency", "exercises", "rounds", "effort")
SPIKES = ("none", "small", "medium", "large")
RECURRENCES = ("index", "early", "late", "delayed", "uncertain")
EPISODE_STATES = ("open", "silent", "ended")
ONSET_EXCLUSIONS = ("not_modelled", "trauma", "prevalent", "uncertain_onset", "no_linked_area", "coverage_unknown")
ROW_EXCLUSIONS = ("no_answer", "ill", "no_recent_run", "in_episode", "no_history", "washed_out", "coverage_unknown")
ESTIMATORS = ("pooled", "within", "pooled_unwashed", "naive", "lag", "unlinked", "future", "pair")
NO_ESTIMATE = ("too_few_onsets", "too_few_runners", "no_variation", "not_converged")
VERDICTS = (
    "too_few_onsets", "bias_suspected", "rehab_fingerprint", "prior_dominates", "inconclusive", "opposite",
    "fewer_onsets", "more_onsets",
)  # fmt: skip
GROUPINGS = ("all", "symptom", "area")
ADVICE_STATUS = ("train", "on_target", "withheld", "log_first")
RED_FLAGS = ("acute_injury", "during_exercises", "at_night", "at_rest", "bone_tenderness", "medical")
PREDICTION_KINDS = ("logistic", "boosting")
PREDICTION_SPLITS = ("by_runner", "forward")
PREDICTION_VERDICTS = ("scored", "too few onsets to predict")


def _runner(*, primary_key: bool = False) -> dy.String:
    return dy.String(primary_key=primary_key, regex=RUNNER_ID)


def _one_of(values: Sequence[str], *, nullable: bool = False, primary_key: bool = False) -> dy.String:
    choices = list(values)
    return dy.String(nullable=nullable, primary_key=primary_key, check=lambda column: column.is_in(choices))


def _utc(*, nullable: bool = False) -> dy.Datetime:
    return dy.Datetime(time_zone="UTC", time_unit="us", nullable=nullable)


def _amount() -> dy.Float64:
    return dy.Float64(nullable=True, min=0)


def _share(*, nullable: bool = True) -> dy.Float64:
    return dy.Float64(nullable=nullable, min=0, max=1)


class Runners(dy.Schema):
    """One row per runner, from runners.csv. No name: names stand in a separate file.

    `time_zone` null: the runner's wall clock is assumed to be the file's. `units` decide where a file states none.
    `equipment` null: not known, which is not the same as an empty list (nothing but the floor and a wall).
    `active_from` / `active_to` null: since the first log, until now. `strength_log` complete: a day without entry
    in the active period is a day without strength work. `language` null: that of the squad.
    """

    runner_id = _runner(primary_key=True)
    time_zone = dy.String(nullable=True)
    units = _one_of(UNITS)
    equipment = dy.List(dy.String(), nullable=True)
    active_from = dy.Date(nullable=True)
    active_to = dy.Date(nullable=True)
    strength_log = _one_of(STRENGTH_LOGS)
    language = dy.String(nullable=True)


class Marks(dy.Schema):
    """One row per mark that a coach set on a runner, from marks.csv; a runner without one has no row.

    It holds on every day from `from_on` to `to_on`, both counted; `to_on` null: until further notice. Of
    seen_by_physio `from_on` is the day of the visit and `to_on` is null. Not stored as a table: the file is kept by
    hand. A runner who is not in runners.csv may have a row; no page shows it.
    """

    runner_id = _runner(primary_key=True)
    mark = _one_of(MARKS, primary_key=True)
    from_on = dy.Date(primary_key=True)
    to_on = dy.Date(nullable=True)

    @dy.rule()
    def ends_before_it_begins(cls) -> pl.Expr:
        return pl.col("to_on").is_null() | (pl.col("from_on") <= pl.col("to_on"))

    @dy.rule()
    def visit_of_more_than_a_day(cls) -> pl.Expr:
        return (pl.col("mark") != VISIT) | pl.col("to_on").is_null()


class Runs(dy.Schema):
    """One row per logged run; all exports of one run are kept, `duplicate_of` names the one that counts.

    Distance, time, ascent and RPE are null where the log has none (a treadmill run without a foot pod).
    `duration_s` is moving time. `local_date_source`: the file's own offset, the zone at the place of the start, the
    runner's configured zone, or assumed (a wall clock without zone taken as the runner's; UTC where no zone is
    configured). `distance_unit_source`: the file, what speeds in it make plausible, or the runner's own unit.
    `is_timed` false: the log states a date only, and the start is set at midnight; null from earlier versions: timed.
    `recording`: the import that holds the run's recording, where an export names the file; else null. `recorded_by`: a
    number for the app or device, where one file holds what several wrote of the same run; else null.
    """

    runner_id = _runner()
    run_id = dy.String(primary_key=True)
    import_id = dy.String()
    source_row = dy.Int32(nullable=True)
    source = dy.String()
    logged_as = dy.String()
    start_at = _utc()
    is_timed = dy.Bool(nullable=True)
    local_date = dy.Date()
    local_date_source = _one_of(LOCAL_DATE_SOURCES)
    distance_m = _amount()
    distance_unit_source = _one_of(UNIT_SOURCES)
    duration_s = _amount()
    elapsed_s = _amount()
    ascent_m = _amount()
    rpe = dy.Float64(nullable=True, min=0, max=10)
    is_indoor = dy.Bool()
    recording = dy.String(nullable=True)
    recorded_by = dy.String(nullable=True)
    duplicate_of = dy.String(nullable=True)
    duplicate_rule = dy.String(nullable=True)


class OtherActivities(dy.Schema):
    """One row per logged activity that is neither a run nor strength work (a ride, a walk); all exports are kept.

    Kept for who asks what else was done; no calculation reads it. Columns as in `Runs`.
    """

    runner_id = _runner()
    activity_id = dy.String(primary_key=True)
    import_id = dy.String()
    source_row = dy.Int32(nullable=True)
    source = dy.String()
    logged_as = dy.String()
    start_at = _utc()
    is_timed = dy.Bool(nullable=True)
    local_date = dy.Date()
    local_date_source = _one_of(LOCAL_DATE_SOURCES)
    distance_m = _amount()
    duration_s = _amount()
    elapsed_s = _amount()
    recording = dy.String(nullable=True)
    recorded_by = dy.String(nullable=True)
    duplicate_of = dy.String(nullable=True)
    duplicate_rule = dy.String(nullable=True)


class StrengthSets(dy.Schema):
    """One row per logged set, warm-ups included; all exports of one session are kept.

    `exercise_key` is the normalised name, looked up in the catalogue when a table is computed, never before: a
    corrected catalogue corrects the past. `category_key`: a watch's coarser guess, null elsewhere. `guesses`: all names
    a watch guessed, the likeliest first, "unknown" among them; only the first counts. Null elsewhere. Reps, seconds,
    weight, side and effort are null where not logged; weight null or 0 is bodyweight or not entered.
    `is_timed` false: the log states a date only, and the session is set at midnight.
    """

    runner_id = _runner()
    set_id = dy.String(primary_key=True)
    import_id = dy.String()
    source_row = dy.Int32(nullable=True)
    source = dy.String()
    session_start_at = _utc()
    is_timed = dy.Bool()
    local_date = dy.Date()
    local_date_source = _one_of(LOCAL_DATE_SOURCES)
    logged_as = dy.String()
    exercise_key = dy.String()
    category_key = dy.String(nullable=True)
    guesses = dy.List(dy.String(), nullable=True)
    set_type = _one_of(SET_TYPES)
    side = _one_of(SET_SIDES, nullable=True)
    reps = _amount()
    seconds = _amount()
    weight_kg = _amount()
    weight_unit_source = _one_of(UNIT_SOURCES)
    rpe = dy.Float64(nullable=True, min=0, max=10)
    rir = dy.Float64(nullable=True, min=0, max=100)
    note = dy.String(nullable=True)
    duplicate_of = dy.String(nullable=True)
    duplicate_rule = dy.String(nullable=True)


class StrengthDays(dy.Schema):
    """One row per runner, date, source and import that says something about strength work on that day.

    sets: sets are logged. no_sets: a workout without sets (a watch, Strava). none: the runner states that there was
    no strength work. Days that nobody says anything about have no row: they are unknown, not zero.
    """

    runner_id = _runner(primary_key=True)
    local_date = dy.Date(primary_key=True)
    source = dy.String(primary_key=True)
    import_id = dy.String(primary_key=True)
    kind = dy.String(primary_key=True, check=lambda column: column.is_in(list(STRENGTH_DAY_KINDS)))


class AcheReports(dy.Schema):
    """One row per answer of the ache form; "no aches" is an answer too (`is_no_aches`, no site).

    `noticed_on` null: the form does not say when it began. Flags are tri-state, null = not asked. Pain 0-10; OSTRC
    items in version-2 scoring. `site_key` is looked up in the catalogue when episodes are computed.
    """

    runner_id = _runner()
    ache_report_id = dy.String(primary_key=True)
    import_id = dy.String()
    source_row = dy.Int32(nullable=True)
    source = dy.String()
    report_id = dy.String(nullable=True)
    reported_on = dy.Date()
    noticed_on = dy.Date(nullable=True)
    onset_type = _one_of(ONSET_TYPES)
    is_no_aches = dy.Bool()
    logged_site = dy.String(nullable=True)
    site_key = dy.String(nullable=True)
    side = _one_of(ACHE_SIDES)
    pain_now = dy.Float64(nullable=True, min=0, max=10)
    pain_worst = dy.Float64(nullable=True, min=0, max=10)
    pain_during_run = dy.Bool(nullable=True)
    pain_after_run = dy.Bool(nullable=True)
    pain_next_morning = dy.Bool(nullable=True)
    pain_at_rest = dy.Bool(nullable=True)
    pain_at_night = dy.Bool(nullable=True)
    pain_during_exercises = dy.Bool(nullable=True)
    exercise_that_hurt = dy.String(nullable=True)
    focal_bone_tenderness = dy.Bool(nullable=True)
    affects_training = _one_of(TRAINING_EFFECTS, nullable=True)
    days_lost = _amount()
    status = _one_of(ACHE_STATUS, nullable=True)
    resolved_on = dy.Date(nullable=True)
    linked_report_id = dy.String(nullable=True)
    ill = dy.Bool(nullable=True)
    ostrc_q1 = dy.Int16(nullable=True, check=lambda column: column.is_in(list(OSTRC_SCORES)))
    ostrc_q2 = dy.Int16(nullable=True, check=lambda column: column.is_in(list(OSTRC_SCORES)))
    ostrc_q3 = dy.Int16(nullable=True, check=lambda column: column.is_in(list(OSTRC_SCORES)))
    ostrc_q4 = dy.Int16(nullable=True, check=lambda column: column.is_in(list(OSTRC_SCORES)))
    note = dy.String(nullable=True)
    duplicate_of = dy.String(nullable=True)
    duplicate_rule = dy.String(nullable=True)

    @dy.rule()
    def noticed_after_reported(cls) -> pl.Expr:
        return pl.col("noticed_on").is_null() | (pl.col("noticed_on") <= pl.col("reported_on"))

    @dy.rule()
    def ache_without_site(cls) -> pl.Expr:
        return pl.col("is_no_aches") | pl.col("site_key").is_not_null()


class Imports(dy.Schema):
    """The ledger: one row per runner and file content, whatever its name; a file in an archive has one of its own.

    n_rows = n_accepted + n_rejected + n_skipped. `damaged`: rows before the damage are kept. `nothing`: readable, but
    no run, set or ache in it. `failed` and `unknown_format`: no row is stored, `reason` says why. `opened`: an archive,
    whose files name it in `archive_id`. `other_file`: a file of an archive that no reader knows (a photo, a list of
    shoes). `undone`: taken back; the content is passed over until it is retried.
    """

    runner_id = _runner(primary_key=True)
    import_id = dy.String(primary_key=True)
    archive_id = dy.String(nullable=True)
    file_name = dy.String()
    n_bytes = dy.Int64(min=0)
    reader = dy.String(nullable=True)
    source = dy.String(nullable=True)
    status = _one_of(IMPORT_STATUS)
    n_rows = dy.Int32(min=0)
    n_accepted = dy.Int32(min=0)
    n_rejected = dy.Int32(min=0)
    n_skipped = dy.Int32(min=0)
    reason = dy.String(nullable=True)
    warnings = dy.List(dy.String())
    imported_at = _utc()

    @dy.rule()
    def rows_add_up(cls) -> pl.Expr:
        return pl.col("n_rows") == pl.col("n_accepted") + pl.col("n_rejected") + pl.col("n_skipped")


class Rejects(dy.Schema):
    """One row per row of a file that is not stored, with the value, the rule and what to do.

    `is_expected`: rightly no log row (a rest timer, a ride); counted as skipped.
    """

    runner_id = _runner()
    import_id = dy.String()
    source_row = dy.Int32(nullable=True)
    logged = dy.String()
    rule = dy.String()
    advice = dy.String()
    is_expected = dy.Bool()


class RecognisedSets(dy.Schema):
    """One row per counted set (duplicates left out) with the exercise that its name stands for.

    `exercise_id` null: the catalogue does not know the name, the set is undecided. `effort` is the share that the
    set counts for its effort, null where no effort is logged. `side_share` is ½ for a set of one stated side.
    """

    runner_id = _runner()
    set_id = dy.String(primary_key=True)
    local_date = dy.Date()
    source = dy.String()
    session_start_at = _utc()
    logged_as = dy.String()
    exercise_id = dy.String(nullable=True)
    set_type = _one_of(SET_TYPES)
    side = _one_of(SET_SIDES, nullable=True)
    side_share = dy.Float64(min=0, max=1)
    rir = dy.Float64(nullable=True)
    effort = _share()


class UnmappedNames(dy.Schema):
    """One row per logged name of working sets that the catalogue does not decide, duplicates left out.

    `name` is its commonest spelling. `is_name` false: what a watch did not recognise, or a name without a word.
    `n_days` counts each runner's days. `categories` are a watch's, empty elsewhere.
    """

    exercise_key = dy.String(primary_key=True)
    name = dy.String()
    is_name = dy.Bool()
    categories = dy.List(dy.String())
    n_sets = dy.Int64(min=1)
    n_runners = dy.Int64(min=1)
    n_days = dy.Int64(min=1)
    first_on = dy.Date()
    last_on = dy.Date()
    sources = dy.List(dy.String())


class KnownDays(dy.Schema):
    """One row per runner and calendar day from the first log (or the stated beginning of a complete one) to the day of
    calculation.

    `is_known`: there is positive evidence that the strength log was live that day; `evidence` names the strongest.
    `known_from`: of a day between two entries, the day of the later one, which made it known; else null.
    """

    runner_id = _runner(primary_key=True)
    local_date = dy.Date(primary_key=True)
    evidence = _one_of(EVIDENCE)
    is_known = dy.Bool()
    known_from = dy.Date(nullable=True)


class Coverage(dy.Schema):
    """One row per runner, day and area: how much of the target strength work the 28 days ending that day hold.

    `coverage` is null where fewer than 70 % of the window's days are known; the bounds are always given.
    `coverage_uncapped` 1-1.5 is the article's 2-3 sessions, not excess. `coverage_low_effort` counts sets without
    logged effort half. `limited_by` is named only under the target. frequency, exercises and rounds are shares of the
    target, capped at 1, null without a session; effort is null where no effort is logged. Counts of sets are hard
    sets (effort and side weighted, by area weight).
    """

    runner_id = _runner(primary_key=True)
    local_date = dy.Date(primary_key=True)
    area_id = dy.String(primary_key=True)
    n_known_days = dy.Int16(min=0)
    n_unclear_days = dy.Int16(min=0)
    coverage = _share()
    coverage_low = _share(nullable=False)
    coverage_high = _share(nullable=False)
    coverage_uncapped = dy.Float64(nullable=True, min=0)
    coverage_low_effort = _share()
    status = _one_of(COVERAGE_STATUS)
    limited_by = _one_of(LIMITS, nullable=True)
    frequency = _share()
    exercises = _share()
    rounds = _share()
    effort = _share()
    n_sessions = dy.Int16(min=0)
    hard_sets = dy.Float64(min=0)
    hard_sets_left = dy.Float64(min=0)
    hard_sets_right = dy.Float64(min=0)
    last_trained_on = dy.Date(nullable=True)


class RunningLoad(dy.Schema):
    """One row per runner and calendar day from the first run to the day of calculation.

    Days without a run have n_runs 0. `spike_ratio` is null on days without a run of known distance, without one in
    the 30 days before, or in the first 30 days of the log. `srpe_load` (RPE × minutes) is null where no run of the
    day has both.
    acute and chronic are exponential means of the daily kilometres.
    """

    runner_id = _runner(primary_key=True)
    local_date = dy.Date(primary_key=True)
    n_runs = dy.Int16(min=0)
    distance_m = dy.Float64(min=0)
    duration_s = dy.Float64(min=0)
    ascent_m = dy.Float64(min=0)
    longest_run_m = _amount()
    spike_ratio = _amount()
    spike = _one_of(SPIKES, nullable=True)
    srpe_load = _amount()
    acute_km_per_day = dy.Float64(min=0)
    chronic_km_per_day = dy.Float64(min=0)


class Episodes(dy.Schema):
    """One row per symptom episode: reports of one complaint and side that belong together.

    `complaint_id` is the symptom, or the site where the article links no symptom to it (symptom_id null).
    `onset_on` is the earlier of first noticed and first reported. `ended_on` null: no recovery was stated; `state` is
    then open, or silent when the last report is older than the gap. `is_onset_uncertain`: it began after a silence.
    `is_prevalent`: it was there when the diary began. `is_trauma`: sudden or contact onset. Flags are those of the
    reports since the onset: true if any says so, null if none was asked. `worst_severity` is the highest OSTRC score of
    its reports, null where no report has one.
    """

    runner_id = _runner(primary_key=True)
    episode_id = dy.String(primary_key=True)
    complaint_id = dy.String()
    symptom_id = dy.String(nullable=True)
    site_id = dy.String()
    side = _one_of(ACHE_SIDES)
    is_side_uncertain = dy.Bool()
    onset_on = dy.Date()
    has_noticed_date = dy.Bool()
    is_onset_uncertain = dy.Bool()
    is_prevalent = dy.Bool()
    is_trauma = dy.Bool()
    recurrence = _one_of(RECURRENCES)
    ended_on = dy.Date(nullable=True)
    state = _one_of(EPISODE_STATES)
    first_reported_on = dy.Date()
    last_reported_on = dy.Date()
    n_reports = dy.Int32(min=1)
    worst_pain = dy.Float64(nullable=True)
    first_pain = dy.Float64(nullable=True)
    latest_pain = dy.Float64(nullable=True)
    worst_severity = dy.Int16(nullable=True, min=0, max=100)
    affects_training = _one_of(TRAINING_EFFECTS, nullable=True)
    is_acute_injury = dy.Bool()
    pain_at_night = dy.Bool(nullable=True)
    pain_at_rest = dy.Bool(nullable=True)
    pain_during_exercises = dy.Bool(nullable=True)
    focal_bone_tenderness = dy.Bool(nullable=True)
    exercises_that_hurt = dy.List(dy.String())
    ache_report_ids = dy.List(dy.String())


class Exposure(dy.Schema):
    """One row per runner and symptom of the hazard models: onsets and days at risk.

    A day is at risk when the diary speaks for it, no episode of the symptom is open or ended within the gap, the
    runner is not ill and has run in the last 28 days. `n_onsets` counts overuse onsets on days at risk.
    """

    runner_id = _runner(primary_key=True)
    symptom_id = dy.String(primary_key=True)
    n_onsets = dy.Int32(min=0)
    n_days_at_risk = dy.Int32(min=0)


class SymptomRates(dy.Schema):
    """One row per symptom of the hazard models: the squad's onsets and days, and the rate shrunk to the reference."""

    symptom_id = dy.String(primary_key=True)
    n_onsets = dy.Int32(min=0)
    n_days_at_risk = dy.Int32(min=0)
    onsets_per_day = dy.Float64(min=0)


class Incidence(dy.Schema):
    """One row per group of the squad's aches: all, each symptom of the hazard models, each area (its linked symptoms).

    Places without a link and breathing are in no group. Hours and km are those run on days under observation, the same
    in every row; `n_runs_without_duration` and `_distance` add nothing to them. `n_onsets_not_counted`: episodes of the
    group that are no overuse onset under observation. Rates are null without hours (km); the onsets' bounds are exact
    Poisson ones of 95 %. `severity_days`: days with an OSTRC score, each counted as its score over 100; null, like
    `n_days_lost`, where no report has one. Areas do not add up: an onset counts once for each linked area.
    `n_runners_…`: of how many runners a figure is; rows that may be printed tell of no few of them (see small_groups).
    """

    grouping = dy.String(primary_key=True, check=lambda column: column.is_in(list(GROUPINGS)))
    group_id = dy.String(primary_key=True)
    n_runners = dy.Int32(min=0)
    n_observed_days = dy.Int32(min=0)
    n_runs = dy.Int32(min=0)
    n_runs_without_duration = dy.Int32(min=0)
    n_runs_without_distance = dy.Int32(min=0)
    hours = dy.Float64(min=0)
    km = dy.Float64(min=0)
    n_onsets = dy.Int32(min=0)
    n_runners_with_onset = dy.Int32(min=0)
    n_onsets_not_counted = dy.Int32(min=0)
    n_runners_not_counted = dy.Int32(min=0)
    per_1000_h = _amount()
    per_1000_h_low = _amount()
    per_1000_h_high = _amount()
    per_1000_km = _amount()
    per_1000_km_low = _amount()
    per_1000_km_high = _amount()
    n_symptom_days = dy.Int32(min=0)
    n_runners_with_symptom = dy.Int32(min=0)
    symptom_days_per_1000_h = _amount()
    n_days_lost = _amount()
    n_runners_with_days_lost = dy.Int32(min=0)
    days_lost_per_1000_h = _amount()
    n_scored_days = dy.Int32(min=0)
    n_runners_scored = dy.Int32(min=0)
    severity_days = _amount()
    severity_days_per_1000_h = _amount()
    is_printable = dy.Bool()
    is_days_lost_printable = dy.Bool()


class Prevalence(dy.Schema):
    """One row per ISO week for which anybody answered and group of the squad's aches, as in Incidence.

    `n_answered`: runners whose answers speak for most days of the week; the shares are of them, with Clopper-Pearson
    bounds of 95 %. A substantial problem reduces training or performance moderately or more (OSTRC items 1 to 3);
    `share_substantial` is null where that is not known of a runner with the symptom. A week may be printed where enough
    answered and nobody or enough had the symptom.
    """

    week_start = dy.Date(primary_key=True)
    grouping = dy.String(primary_key=True, check=lambda column: column.is_in(list(GROUPINGS)))
    group_id = dy.String(primary_key=True)
    n_answered = dy.Int32(min=1)
    n_with_symptom = dy.Int32(min=0)
    share_with_symptom = _share(nullable=False)
    share_with_symptom_low = _share(nullable=False)
    share_with_symptom_high = _share(nullable=False)
    n_substantial = dy.Int32(min=0)
    n_substantial_unknown = dy.Int32(min=0)
    share_substantial = _share()
    share_substantial_low = _share()
    share_substantial_high = _share()
    is_printable = dy.Bool()
    is_substantial_printable = dy.Bool()


class OnsetCoverage(dy.Schema):
    """One row per episode and linked area (one with area null where none is linked): coverage before the onset.

    `coverage` is that of the 28 days ending `lag_days` before the onset, from known days without assumed ones; null
    with `excluded` saying why. `is_washed_out`: that window lies within reach of an earlier ache (from `lag_days`
    before its onset to its end), so rehab may be in it. Own weeks: the same runner's windows at the same weekday;
    `own_weeks` holds the known ones, sorted, and `n_own_weeks_lower` of them had coverage as low or lower; unknown ones
    and those within reach of any ache are only counted. Description only, no test.
    """

    runner_id = _runner()
    episode_id = dy.String()
    symptom_id = dy.String(nullable=True)
    area_id = dy.String(nullable=True)
    onset_on = dy.Date()
    lag_days = dy.Int16()
    window_end = dy.Date()
    n_known_days = dy.Int16(min=0)
    coverage = _share()
    excluded = _one_of(ONSET_EXCLUSIONS, nullable=True)
    is_washed_out = dy.Bool()
    own_weeks = dy.List(_share(nullable=False))
    own_weeks_mean = _share()
    n_own_weeks = dy.Int32(min=0)
    n_own_weeks_lower = dy.Int32(min=0)
    n_own_weeks_unknown = dy.Int32(min=0)
    n_own_weeks_washed = dy.Int32(min=0)


class AtRisk(dy.Schema):
    """One row per runner, day at risk and symptom of the hazard models.

    `episode_ids`: the overuse episodes that began that day (empty: none). `sampled_share`: of such rows, the share that
    is kept (1 unless thinned). `is_spike`: a run more than 10 % longer than any of the 30 days before; false also where
    that is not known. Prior episodes are those that began before the day, `years` runs from the first day of the diary.
    """

    runner_id = _runner(primary_key=True)
    local_date = dy.Date(primary_key=True)
    symptom_id = dy.String(primary_key=True)
    is_onset = dy.Bool()
    episode_ids = dy.List(dy.String())
    sampled_share = dy.Float64(min=0, max=1)
    is_spike = dy.Bool()
    n_prior_same = dy.Int32(min=0)
    n_prior_any = dy.Int32(min=0)
    years = dy.Float64(min=0)


class CohortDays(dy.Schema):
    """One row per runner and day of the strength log: the sums of the 28 days that end there.

    `credits`: adequate sessions on known days, by area in the catalogue's order. Neither assumed days nor the tail
    count as known. `known_from` is that of the day itself. `chronic_km_per_day` is null before the first run.
    """

    runner_id = _runner(primary_key=True)
    local_date = dy.Date(primary_key=True)
    credits = dy.List(dy.Float64())
    n_known_days = dy.Int32(min=0)
    known_from = dy.Date(nullable=True)
    chronic_km_per_day = dy.Float64(nullable=True, min=0)


class AnalysisRows(dy.Schema):
    """One row per runner, at-risk day and symptom: what the hazard models are fitted to.

    `coverage`: of the 28 days ending on `window_end`, `lag_days` before the day, by area in the catalogue's order.
    An onset leads to its reports through `episode_ids`, its coverage to the sets through `window_end`.
    """

    runner_id = _runner(primary_key=True)
    local_date = dy.Date(primary_key=True)
    symptom_id = dy.String(primary_key=True)
    is_onset = dy.Bool()
    episode_ids = dy.List(dy.String())
    sampled_share = dy.Float64(min=0, max=1)
    lag_days = dy.Int16()
    window_end = dy.Date()
    coverage = dy.List(dy.Float64())
    chronic_km_per_day = dy.Float64(min=0)
    is_spike = dy.Bool()
    n_prior_same = dy.Int32(min=0)
    n_prior_any = dy.Int32(min=0)
    years = dy.Float64(min=0)


class Exclusions(dy.Schema):
    """One row per reason for which rows are not in the analysis, in the order in which they are judged.

    `n_runners` and `n_runners_with_onset`: of how many runners the rows and the onsets are.
    """

    reason = _one_of(ROW_EXCLUSIONS, primary_key=True)
    n_rows = dy.Int64(min=0)
    n_runners = dy.Int64(min=0)
    n_onsets = dy.Int64(min=0)
    n_runners_with_onset = dy.Int64(min=0)


class Estimates(dy.Schema):
    """One row per estimator, lag and term: the log hazard ratio of full coverage against none.

    `n_rows`: rows fitted, after thinning. `area_id` null: one term over all areas. `symptom_id` is set for single pairs
    only. low and high: the 95 % interval. The estimate is null with the reason `missing` where there is none.
    `p_adjusted`: Holm over areas (pooled), Benjamini-Hochberg over pairs. `n_onsets`: usable onsets of the symptoms
    that the term is made of, `n_runners_with_onset` the runners they are of.
    """

    estimator = _one_of(ESTIMATORS)
    lag_days = dy.Int16()
    symptom_id = dy.String(nullable=True)
    area_id = dy.String(nullable=True)
    n_rows = dy.Int64(min=0)
    n_onsets = dy.Int64(min=0)
    n_runners = dy.Int64(min=0)
    n_runners_with_onset = dy.Int64(min=0)
    log_ratio = dy.Float64(nullable=True)
    se = dy.Float64(nullable=True, min=0)
    low = dy.Float64(nullable=True)
    high = dy.Float64(nullable=True)
    p = _share()
    p_adjusted = _share()
    missing = _one_of(NO_ESTIMATE, nullable=True)


class Verdicts(dy.Schema):
    """One row per area: what the cohort's own data say, and what they and the prior say together.

    `log_ratio` is the pooled estimate, null where none may be printed. Prior and posterior: log hazard ratio of full
    coverage against none. `data_weight`: share of the prior's variance that the data took away. `may_reorder`: sharp
    and clean enough to change the order of the advice.
    """

    area_id = dy.String(primary_key=True)
    n_onsets = dy.Int64(min=0)
    log_ratio = dy.Float64(nullable=True)
    low = dy.Float64(nullable=True)
    high = dy.Float64(nullable=True)
    p_adjusted = _share()
    prior_mean = dy.Float64()
    prior_sd = dy.Float64(min=0)
    posterior_mean = dy.Float64()
    posterior_sd = dy.Float64(min=0)
    data_weight = dy.Float64(min=0, max=1)
    verdict = _one_of(VERDICTS)
    may_reorder = dy.Bool()


class Advice(dy.Schema):
    """One row per runner, day of calculation and area: whether to train it, and why.

    `rank` 1 is the area to train first; null where the area is not ranked. `priority` is an ordering value (expected
    aches averted in 90 days under the prior), not for print; its interval comes from the effect's 10 and 90 %
    quantiles. Null where coverage is unknown. `basis`: which effect estimate was used.
    """

    runner_id = _runner(primary_key=True)
    as_of = dy.Date(primary_key=True)
    area_id = dy.String(primary_key=True)
    status = _one_of(ADVICE_STATUS)
    rank = dy.Int16(nullable=True, min=1)
    coverage = _share()
    deficit = _share()
    n_aches = dy.Int32(min=0)
    priority = dy.Float64(nullable=True)
    priority_low = dy.Float64(nullable=True)
    priority_high = dy.Float64(nullable=True)
    basis = dy.String()
    has_programme = dy.Bool(nullable=True)
    withheld_for = dy.List(dy.String())


class Moves(dy.Schema):
    """One row per runner, day of calculation, area and advised exercise, in the order to show them.

    `is_familiar`: logged before. `form`: addition for an area to train, circuit for the unranked whole-body circuit.
    """

    runner_id = _runner(primary_key=True)
    as_of = dy.Date(primary_key=True)
    form = dy.String(primary_key=True, check=lambda column: column.is_in(["addition", "circuit"]))
    area_id = dy.String(primary_key=True)
    exercise_id = dy.String(primary_key=True)
    place = dy.Int16(min=1)
    is_familiar = dy.Bool()
    is_article = dy.Bool()


class Referrals(dy.Schema):
    """One row per open episode and red flag: see a physical therapist before any exercise for the linked areas."""

    runner_id = _runner(primary_key=True)
    as_of = dy.Date(primary_key=True)
    episode_id = dy.String(primary_key=True)
    flag = dy.String(primary_key=True, check=lambda column: column.is_in(list(RED_FLAGS)))
    site_id = dy.String()
    side = _one_of(ACHE_SIDES)
    withheld_areas = dy.List(dy.String())
    withholds_lower_body = dy.Bool()


class CoverageEvidence(dy.Schema):
    """One row per logged set of a coverage window, with what it counts for one area, and the file it stands in.

    `weight` null: the exercise does not train the area, or is not in the catalogue; `why` says which.
    """

    runner_id = _runner()
    area_id = dy.String()
    set_id = dy.String(primary_key=True)
    local_date = dy.Date()
    day_evidence = dy.String(nullable=True)
    logged_as = dy.String()
    exercise_id = dy.String(nullable=True)
    weight = _share()
    side_share = _share()
    effort = _share()
    hard_sets = dy.Float64(min=0)
    why = dy.String()
    file_name = dy.String()
    source_row = dy.Int32(nullable=True)


class PredictionRows(dy.Schema):
    """One row per runner and observed day outside any episode: what was known by that day, and what the week brought.

    `coverage` holds one value an area, in the catalogue's order, of a window so long ago that its known days are
    settled; null as in Coverage. `onsets_per_year` counts overuse onsets reported by that day over the observed
    years, shrunk towards zero; zero at the start. `days_since_onset` is capped, and the cap where there was none.
    Loads are log(1 + km a day); `is_spike` is null where the day's run has nothing to be compared with.
    `is_onset_within` null: the following days are not all observed (censored). `onset_ids`: the episodes that begin
    in them.
    """

    runner_id = _runner(primary_key=True)
    local_date = dy.Date(primary_key=True)
    coverage = dy.List(dy.Float64(nullable=True, min=0, max=1))
    onsets_per_year = dy.Float64(min=0)
    days_since_onset = dy.Float64(min=0)
    acute_load_log = _amount()
    chronic_load_log = _amount()
    is_spike = dy.Bool(nullable=True)
    is_onset_within = dy.Bool(nullable=True)
    onset_ids = dy.List(dy.String())


class PredictionScores(dy.Schema):
    """One row per way of splitting and kind of model: how well onsets in the following week were told, on test rows.

    Under the needed onsets (`n_onsets` in test, `n_training_onsets` in the smallest training fold) every score is
    null and `verdict` says so. Beside each score stands what knowing nothing would give: prevalence for the average
    precision, p(1 − p) for Brier. Intercept: of the log-odds at slope 1. Intervals resample runners.
    `n_onsets` counts episodes, not rows. `is_chosen`: the kind to use; boosting only where it is clearly better.
    """

    split = dy.String(primary_key=True, check=lambda column: column.is_in(list(PREDICTION_SPLITS)))
    kind = dy.String(primary_key=True, check=lambda column: column.is_in(list(PREDICTION_KINDS)))
    verdict = _one_of(PREDICTION_VERDICTS)
    is_chosen = dy.Bool()
    n_rows = dy.Int32(min=0)
    n_censored_rows = dy.Int32(min=0)
    n_runners = dy.Int32(min=0)
    n_onsets = dy.Int32(min=0)
    n_onsets_needed = dy.Int32(min=0)
    n_training_onsets = dy.Int32(min=0)
    n_training_onsets_needed = dy.Int32(nullable=True, min=0)
    prevalence = _share()
    auc = _share()
    auc_low = _share()
    auc_high = _share()
    average_precision = _share()
    average_precision_low = _share()
    average_precision_high = _share()
    brier = _share()
    brier_low = _share()
    brier_high = _share()
    brier_of_prevalence = _share()
    calibration_slope = dy.Float64(nullable=True)
    calibration_slope_low = dy.Float64(nullable=True)
    calibration_slope_high = dy.Float64(nullable=True)
    calibration_intercept = dy.Float64(nullable=True)
    calibration_intercept_low = dy.Float64(nullable=True)
    calibration_intercept_high = dy.Float64(nullable=True)


class CalibrationBins(dy.Schema):
    """One row per group of test rows that a model told about the same probability of an onset in the week after.

    `share_said`: the mean of what it said. `share_came`: the share of the rows after which an onset came (rows, not
    episodes), with the interval over resampled runners. Groups are numbered from the lowest.
    """

    number = dy.Int16(primary_key=True, min=1)
    n_rows = dy.Int32(min=1)
    n_runners = dy.Int32(min=1)
    n_onset_rows = dy.Int32(min=0)
    share_said = _share(nullable=False)
    share_came = _share(nullable=False)
    share_came_low = _share(nullable=False)
    share_came_high = _share(nullable=False)


STORED_FACTS: dict[str, type[dy.Schema]] = {
    "runs": Runs,
    "other_activities": OtherActivities,
    "strength_sets": StrengthSets,
    "strength_days": StrengthDays,
    "ache_reports": AcheReports,
    "rejects": Rejects,
    "imports": Imports,
}

STORED_RESULTS: dict[str, type[dy.Schema]] = {
    "running_load": RunningLoad,
    "known_days": KnownDays,
    "coverage": Coverage,
    "episodes": Episodes,
    "exposure": Exposure,
    "onset_coverage": OnsetCoverage,
    "advice": Advice,
    "moves": Moves,
    "referrals": Referrals,
}
