"""What becomes of every column of every stored table in the export for analysts; a new column needs a line here.

keep: as it is. coarse: two digits. shift: by the runner's whole number of weeks. new id: random, the same in
all tables. known: what the catalogue says that a logged name is, and nothing else. drop: not exported.
"""

KEEP, COARSE, SHIFT, NEW_ID, KNOWN, DROP = "keep", "coarse", "shift", "new id", "known", "drop"
_PAIN = (
    "pain_now pain_worst pain_during_run pain_after_run pain_next_morning pain_at_rest pain_at_night "
    "pain_during_exercises focal_bone_tenderness affects_training"
)
_MADE_BY = "import_id source_row source"

TREATMENTS: dict[str, dict[str, str]] = {
    "runs": {
        NEW_ID: "runner_id run_id duplicate_of",
        SHIFT: "local_date",
        COARSE: "distance_m duration_s elapsed_s ascent_m",
        KEEP: "is_timed local_date_source distance_unit_source rpe is_indoor duplicate_rule",
        DROP: f"{_MADE_BY} logged_as start_at recording recorded_by",
    },
    "other_activities": {
        NEW_ID: "runner_id activity_id duplicate_of",
        SHIFT: "local_date",
        COARSE: "distance_m duration_s elapsed_s",
        KEEP: "is_timed local_date_source duplicate_rule",
        DROP: f"{_MADE_BY} logged_as start_at recording recorded_by",
    },
    "strength_sets": {
        NEW_ID: "runner_id set_id duplicate_of",
        SHIFT: "local_date",
        KNOWN: "exercise_key",
        KEEP: "is_timed local_date_source set_type side reps seconds weight_kg weight_unit_source rpe rir "
        "duplicate_rule",
        DROP: f"{_MADE_BY} session_start_at logged_as category_key guesses note",
    },
    "strength_days": {NEW_ID: "runner_id", SHIFT: "local_date", KEEP: "kind", DROP: "source import_id"},
    "ache_reports": {
        NEW_ID: "runner_id ache_report_id report_id linked_report_id duplicate_of",
        SHIFT: "reported_on noticed_on resolved_on",
        KNOWN: "site_key",
        KEEP: f"onset_type is_no_aches side {_PAIN} days_lost status ill ostrc_q1 ostrc_q2 ostrc_q3 ostrc_q4 "
        "duplicate_rule",
        DROP: f"{_MADE_BY} logged_site exercise_that_hurt note",
    },
    "rejects": {NEW_ID: "runner_id", KEEP: "rule is_expected", DROP: "import_id source_row logged advice"},
    "imports": {
        NEW_ID: "runner_id",
        KEEP: "status n_rows n_accepted n_rejected n_skipped",
        DROP: "import_id archive_id file_name n_bytes reader source reason warnings imported_at",
    },
    "running_load": {
        NEW_ID: "runner_id",
        SHIFT: "local_date",
        COARSE: "distance_m duration_s ascent_m longest_run_m spike_ratio srpe_load acute_km_per_day "
        "chronic_km_per_day",
        KEEP: "n_runs spike",
    },
    "known_days": {NEW_ID: "runner_id", SHIFT: "local_date known_from", KEEP: "evidence is_known"},
    "coverage": {
        NEW_ID: "runner_id",
        SHIFT: "local_date last_trained_on",
        KEEP: "area_id n_known_days n_unclear_days coverage coverage_low coverage_high coverage_uncapped "
        "coverage_low_effort status limited_by frequency exercises rounds effort n_sessions hard_sets hard_sets_left "
        "hard_sets_right",
    },
    "episodes": {
        NEW_ID: "runner_id episode_id ache_report_ids",
        SHIFT: "onset_on ended_on first_reported_on last_reported_on",
        KEEP: "complaint_id symptom_id site_id side is_side_uncertain has_noticed_date is_onset_uncertain is_prevalent "
        "is_trauma recurrence state n_reports worst_pain first_pain latest_pain worst_severity affects_training "
        "is_acute_injury pain_at_night pain_at_rest pain_during_exercises focal_bone_tenderness",
        DROP: "exercises_that_hurt",
    },
    "exposure": {NEW_ID: "runner_id", KEEP: "symptom_id n_onsets n_days_at_risk"},
    "onset_coverage": {
        NEW_ID: "runner_id episode_id",
        SHIFT: "onset_on window_end",
        KEEP: "symptom_id area_id lag_days n_known_days coverage excluded is_washed_out own_weeks own_weeks_mean "
        "n_own_weeks n_own_weeks_lower n_own_weeks_unknown n_own_weeks_washed",
    },
    "advice": {
        NEW_ID: "runner_id",
        SHIFT: "as_of",
        KEEP: "area_id status rank coverage deficit n_aches priority priority_low priority_high basis has_programme "
        "withheld_for",
    },
    "moves": {
        NEW_ID: "runner_id",
        SHIFT: "as_of",
        KEEP: "form area_id exercise_id place is_familiar is_article",
    },
    "referrals": {
        NEW_ID: "runner_id episode_id",
        SHIFT: "as_of",
        KEEP: "flag site_id side withheld_areas withholds_lower_body",
    },
}
