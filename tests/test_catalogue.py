"""The vocabulary: it holds what the article says, a wrong file is refused by name, and Python repeats none of it."""

import ast
import csv
import json
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from runfix_analytics.catalogue import LOCAL_FILE, Catalogue, find_exercise, load, load_for, load_from, name_key
from runfix_analytics.errors import CatalogueError

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "runfix_analytics"
VOCABULARIES = ROOT.parent / "shared" / "real" / "exercises"
CATALOGUE = load()


# what the article says


def test_the_areas_are_the_five_of_the_article_in_its_order():
    assert list(CATALOGUE.areas) == ["glutes", "hamstrings", "calves", "core", "upper_back"]
    assert [a.id for a in CATALOGUE.areas.values() if a.lower_body] == ["glutes", "hamstrings", "calves"]


def test_every_symptom_points_at_the_areas_of_the_article_and_at_no_other():
    drawn = """
        symptom         | areas              | source
        runners_knee    | glutes calves      | article article
        it_band         | glutes             | article
        plantar_fascia  | glutes calves      | article article
        achilles        | glutes             | article
        low_back        | glutes core        | article ours
        hip_flexor      | hamstrings         | article
        shin            | hamstrings calves  | article article
        glute_tendon    | hamstrings         | article
        breathing       | core upper_back    | article article
        neck            | upper_back         | article
        upper_back_pain | upper_back         | article
        ankle           | glutes             | article
    """
    rows = [[cell.strip() for cell in line.split("|")] for line in drawn.strip().splitlines()[1:]]
    shown = {
        symptom.id: (" ".join(link.area for link in symptom.links), " ".join(link.source for link in symptom.links))
        for symptom in CATALOGUE.symptoms.values()
    }
    assert shown == {symptom: (areas, source) for symptom, areas, source in rows}


def test_breathing_alone_is_kept_out_of_the_hazard_models():
    assert [s.id for s in CATALOGUE.symptoms.values() if not s.in_hazard_models] == ["breathing"]


@pytest.mark.parametrize(
    ("place", "symptom"),
    [
        ("knee", "runners_knee"),
        ("Outer knee", "it_band"),
        ("outer thigh", "it_band"),
        ("heel", "plantar_fascia"),
        ("arch", "plantar_fascia"),
        ("Achilles tendon", "achilles"),
        ("shin", "shin"),
        ("front of shin", "shin"),
        ("inner shin", "shin"),
        ("front of the hip", "hip_flexor"),
        ("buttock", "glute_tendon"),
        ("low back", "low_back"),
        ("neck", "neck"),
        ("upper back", "upper_back_pain"),
        ("ankle", "ankle"),
        ("shallow breath", "breathing"),
        ("thigh", None),
        ("quadriceps", None),
        ("hamstring", None),
        ("calf", None),
        ("groin", None),
        ("toes", None),
        ("lumbosacral", None),
        ("chest", None),
        ("elbow", None),
    ],
)
def test_the_place_that_hurts_leads_to_the_symptom_of_the_table_or_to_none(place: str, symptom: str | None):
    site = CATALOGUE.find_site(place)
    assert site is not None
    assert site.symptom == symptom


def test_a_place_that_mixes_finer_ones_asks_which():
    asked = {site.id: site.asks for site in CATALOGUE.sites.values() if site.asks}
    assert asked["lumbosacral"] == ("low_back", "buttock")
    assert asked["hip"] == ("hip_front", "hip_outer", "groin", "buttock")
    assert all(CATALOGUE.sites[site].symptom is None for site in asked)


def test_chest_pain_is_medical_and_never_an_area():
    assert [site.id for site in CATALOGUE.sites.values() if site.medical] == ["chest"]


def test_the_articles_moves_stand_first_among_the_moves_of_their_area():
    drawn = """
        glutes     | single_leg_glute_bridge standing_banded_clamshell banded_lateral_walk
        hamstrings | single_leg_romanian_deadlift
        calves     | single_leg_calf_raise_straight single_leg_calf_raise_bent farmers_carry wall_squat_with_heel_raise
        core       | bird_dog dead_bug_with_ball plank
        upper_back | bent_over_row cable_row
    """
    expected = {area.strip(): moves.split() for area, moves in (line.split("|") for line in drawn.strip().splitlines())}
    for area, moves in expected.items():
        primary = [e for e in CATALOGUE.exercises.values() if area in e.primary]
        named = [e.id for e in primary if area in e.article_for]
        assert named[: len(moves)] == moves
        assert [e.id for e in primary[: len(named)]] == named, f"an own move stands before the article's for {area}"


def test_every_area_has_two_moves_that_need_no_equipment():
    for area in CATALOGUE.areas:
        own = [e for e in CATALOGUE.exercises.values() if area in e.primary and not e.equipment]
        assert len(own) >= 2, area


# names of exercises


@pytest.mark.parametrize(
    ("logged", "exercise"),
    [
        ("Farmer’s Carry", "farmers_carry"),
        ("Farmer's Carry", "farmers_carry"),
        ("FARMERS CARRY", "farmers_carry"),
        ("Single Leg Calf Raise", "single_leg_calf_raise_straight"),
        ("Calf Raise (Single-Leg)", "single_leg_calf_raise_straight"),
        ("single–leg calf raises", "single_leg_calf_raise_straight"),
        ("single\u00a0leg\u2009calf raise", "single_leg_calf_raise_straight"),
        ("CALF_RAISE_SINGLE_LEG", "single_leg_calf_raise_straight"),
        ("Ｐｌａｎｋ", "plank"),
        ("  planks. ", "plank"),
        ("Bent-Over Row (Barbell)", "bent_over_row"),
        ("Dead bug with stability ball", "dead_bug_with_ball"),
    ],
)
def test_a_logged_name_is_found_whatever_its_spelling(logged: str, exercise: str):
    found = find_exercise(logged)
    assert found is not None
    assert found.id == exercise


def test_a_hammer_curl_is_no_hamstring_curl():
    found = find_exercise("Hammer Curl")
    assert found is not None
    assert (found.primary, found.secondary) == ((), ())
    hamstring = find_exercise("Hamstring Curl")
    assert hamstring is not None
    assert hamstring.primary == ("hamstrings",)


def test_a_calf_stretch_is_no_calf_raise():
    found = find_exercise("Calf Stretch")
    assert found is None or (found.primary, found.secondary) == ((), ())


@pytest.mark.parametrize(
    "logged",
    ["Lena's Tuesday finisher", "Calf Rais", "Plankk", "", "   ", "()", "🦵", "raise", "curl calf", "leg", "\u202e"],
)
def test_what_is_not_in_the_catalogue_is_none_and_never_a_guess(logged: str):
    assert find_exercise(logged) is None


@pytest.mark.parametrize(
    "logged", ["Bench Press", "Bicep Curl (Dumbbell)", "Overhead Press (Barbell)", "Leg Extension"]
)
def test_an_exercise_that_trains_no_weakness_area_is_known_and_trains_none(logged: str):
    found = find_exercise(logged)
    assert found is not None
    assert CATALOGUE.areas_of(found) == {}


def test_a_secondary_area_counts_half():
    rdl = find_exercise("Single-leg Romanian deadlift")
    assert rdl is not None
    assert CATALOGUE.areas_of(rdl) == {"hamstrings": 1.0, "glutes": 0.5}


def test_a_name_key_is_its_own_key():
    for exercise in CATALOGUE.exercises.values():
        for alias in (exercise.name, *exercise.aliases):
            assert name_key(name_key(alias)) == name_key(alias), alias


def test_no_exercise_is_named_by_a_word_that_means_something_else_in_a_log():
    reserved = {name_key(word) for word in ("none", "unknown", "rest timer", "note")}
    assert reserved.isdisjoint(CATALOGUE.exercise_keys)
    assert name_key("none") not in CATALOGUE.site_keys


# names in plain words: spellings.toml guesses nothing

_TRAPS = """
    Ham Curl                      | hamstrings           |
    Hammer Curl                   |                      |
    Hamstring Curls               | hamstrings           |
    Heavy Leg Curl (left)         | hamstrings           |
    Wrist Curl                    |                      |
    Nordic Curl                   | hamstrings           |
    Calf Stretch                  |                      |
    Calf Raise                    | calves               |
    Calf Press                    | calves               |
    Seated Calf Raise             | calves               |
    Sitting Calf Raise            | calves               |
    Leg Press Calf Raise          | calves               |
    Leg Press                     |                      | glutes
    Leg Raise                     | core                 |
    Leg Extension                 |                      |
    Heel Raise                    | calves               |
    Toe Raise                     | undecided            |
    Seated Dumbbell Toe Raise     |                      |
    Plank Fitball                 | core                 |
    Plank on ball                 | core                 |
    Swissball Plank               | core                 |
    Side Plank (right)            | core                 | glutes
    Plank Row                     | upper_back           | core
    Upright Row                   |                      |
    BB Upright Row                |                      |
    Row                           | undecided            |
    Seated Row                    | upper_back           |
    Rowing Machine                |                      |
    TRX Row                       | upper_back           |
    Good Morning                  | hamstrings           | glutes
    Goodmornings                  | hamstrings           | glutes
    Back Extension                | core                 | glutes hamstrings
    Hyper Extension               | core                 | glutes hamstrings
    Reverse Hyperextension        | glutes               | hamstrings
    Reverse Fly                   | upper_back           |
    DB Reverse Flyes              | upper_back           |
    Fly                           |                      |
    Flies                         |                      |
    Hip Thrust                    | glutes               | hamstrings
    BB Hip Thrusts                | glutes               | hamstrings
    Hip Flexor                    |                      |
    Hip Adduction                 |                      |
    Hip Abduction                 | glutes               |
    Wall Sit                      |                      |
    Wall Squat                    |                      |
    Sit Up                        | core                 |
    Situps                        | core                 |
    Glute Kickback                | glutes               |
    Triceps Kickback              |                      |
    Dumbbell Kick Back            |                      |
    Kickback                      | undecided            |
    Cable Kickback                | undecided            |
    Kettlebell Kickback           | undecided            |
    Step Up                       | glutes               |
    Stepups                       | glutes               |
    Push Up                       |                      |
    Pull Up                       |                      | upper_back
    Pull Over                     |                      |
    Pull Through                  | glutes               | hamstrings
    Pull Apart                    | upper_back           |
    Lateral Raise (left)          |                      |
    Lateral Band Walk             | glutes               |
    DB RDL                        | hamstrings           | glutes
    SL RDL                        | hamstrings           | glutes
    Bench Press                   |                      |
    Bench Pull                    | upper_back           |
    Hamstring Stretch             |                      |
    Glute Stretch                 |                      |
    Jump Squat                    |                      |
    Squat (paused)                |                      | glutes
    Farmer's Walk                 | calves               | core upper_back
    Walk                          |                      |
    Plate Walk                    | undecided            |
    Leg Curl 1                    | undecided            |
    Hip Raise                     | undecided            |
    Bridge                        | undecided            |
    Toe Touch                     | undecided            |
    Rudern                        | undecided            |
    Remo                          | undecided            |
    Back                          | undecided            |
"""


@pytest.mark.parametrize("line", _TRAPS.strip().splitlines(), ids=lambda line: line.partition("|")[0].strip())
def test_names_that_sound_alike_train_what_they_name(line: str):
    logged, primary, secondary = (cell.strip() for cell in line.split("|"))
    found = find_exercise(logged)
    shown = ("undecided", "") if found is None else (" ".join(found.primary), " ".join(found.secondary))
    assert (" ".join(sorted(shown[0].split())), " ".join(sorted(shown[1].split()))) == (primary, secondary)


def _areas(exercise: str) -> dict[str, float]:
    return dict(CATALOGUE.areas_of(CATALOGUE.exercises[exercise]))


def _by_plain_words() -> dict[str, dict[str, str]]:
    keys: dict[str, dict[str, str]] = {}
    for key, exercise in CATALOGUE.exercise_keys.items():
        keys.setdefault(CATALOGUE.spellings.plain(key), {})[key] = exercise
    return keys


def _found_without(key: str, keys: dict[str, dict[str, str]]) -> str | None:
    """What a name would be found as in plain words, if the catalogue did not have it word for word."""
    for plain in CATALOGUE.spellings.looser(key):
        others = {other: exercise for other, exercise in keys.get(plain, {}).items() if other != key}
        if len(set(others.values())) == 1:
            return next(iter(others.values()))
        if plain in others:
            return others[plain]
    return None


def test_any_alias_that_is_left_out_would_be_found_by_the_others_with_its_own_areas_or_not_at_all():
    keys = _by_plain_words()
    guessed = {key: _found_without(key, keys) for key in CATALOGUE.exercise_keys}
    assert sum(found is not None for found in guessed.values()) > 1500
    wrong = {
        key: found for key, found in guessed.items() if found and _areas(found) != _areas(CATALOGUE.exercise_keys[key])
    }
    assert wrong == {}


def test_real_names_are_found_in_plain_words_with_the_areas_of_their_exact_words():
    logged = _real_names()
    keys = _by_plain_words()
    exact = {name: CATALOGUE.exercise_keys.get(name_key(name)) for name in logged}
    plain = {name: _found_without(name_key(name), keys) for name in logged}
    both = [name for name in logged if exact[name] and plain[name]]
    assert len(both) > 500
    assert [name for name in both if _areas(str(exact[name])) != _areas(str(plain[name]))] == []


def test_single_and_straight_leg_share_their_areas_as_sl_may_be_either():
    read_as_single = {
        key: exercise for key, exercise in CATALOGUE.exercise_keys.items() if {"single", "leg"} <= {*key.split()}
    }
    for key, exercise in read_as_single.items():
        for word in ("straight", "stiff"):
            other = CATALOGUE.exercise_keys.get(name_key(key.replace("single", word)))
            assert other is None or _areas(other).keys() == _areas(exercise).keys(), key


def test_an_alias_that_names_a_load_does_not_stand_for_the_move_without_one():
    key = name_key("Dumbbell kick back")
    assert CATALOGUE.exercise_id(key) is not None
    assert CATALOGUE.exercise_id(name_key("Kick back")) is None


@pytest.mark.parametrize(
    ("logged", "exercise"),
    [
        ("Wadenheben", "standing_calf_raise"),
        ("Einbeiniges Beckenheben", "single_leg_glute_bridge"),
        ("Unterarmstütz", "plank"),
        ("Seitstütz (links)", None),
        ("Ausfallschritte", "lunge"),
        ("Langhantel-Rudern", "bent_over_row"),
        ("Mollets assis", "seated_calf_raise"),
        ("Soulevé de terre jambes tendues", "stiff_leg_deadlift"),
        ("souleve de terre", "deadlift"),
        ("Gainage latéral", "side_plank"),
        ("Puente de glúteos", "glute_bridge"),
        ("PUENTE DE GLUTEO", "glute_bridge"),
        ("Peso muerto rumano", "romanian_deadlift"),
        ("Elevação pélvica", "hip_thrust"),
        ("Panturrilha em pé", "standing_calf_raise"),
        ("Prancha lateral", "side_plank"),
        ("Stacco da terra", "deadlift"),
        ("Affondi", "lunge"),
        ("Kuitheffen (staand)", "standing_calf_raise"),
        ("Heupheffen", "hip_thrust"),
        ("Tåhävningar", "standing_calf_raise"),
        ("Marklyft", "deadlift"),
        ("Skivstångsrodd", "bent_over_row"),
        ("Knaeboejning", None),
        ("Knæbøjning", "squat"),
    ],
)
def test_the_usual_moves_are_known_in_eight_languages(logged: str, exercise: str | None):
    found = find_exercise(logged)
    assert (found.id if found else None) == exercise


# names of real logs and of watches


def _rows(name: str) -> list[dict[str, str]]:
    if not VOCABULARIES.exists():
        pytest.skip(f"{VOCABULARIES} is not there")
    with (VOCABULARIES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _real_names() -> list[str]:
    named = [*_rows("hevy_builtin_templates.csv"), *_rows("garmin_fit_exercise_names.csv")]
    for path in sorted(VOCABULARIES.glob("vocab_*.csv")):
        named += _rows(path.name)
    return sorted({row.get("title") or row.get("subCategory") or row.get("name") or row["category"] for row in named})


def _is_decided(name: str, category: str | None = None) -> bool:
    return CATALOGUE.exercise_id(name_key(name), name_key(category) if category else None) is not None


@pytest.mark.parametrize("app", ["fitbod", "fitnotes", "garmin_connect", "hevy", "strong"])
def test_most_sets_of_real_logs_are_decided(app: str):
    n_sets = n_decided = 0
    for row in _rows(f"vocab_{app}_observed.csv"):
        name = row.get("name") or row["subCategory"] or row["category"]
        n_sets += int(row["n_sets"])
        n_decided += int(row["n_sets"]) * _is_decided(name, row.get("category"))
    assert n_sets > 500
    assert n_decided / n_sets >= 0.95


def test_every_name_of_a_watch_is_decided_but_for_one_that_means_two_moves():
    rows = _rows("garmin_fit_exercise_names.csv")
    undecided = [(row["category"], row["name"]) for row in rows if not _is_decided(row["name"], row["category"])]
    assert len(rows) == 1846
    assert undecided == [("suspension", "split")]


def test_every_category_of_a_watch_is_decided_but_for_those_that_say_no_movement():
    categories = {row["category"] for row in _rows("garmin_fit_exercise_names.csv")}
    undecided = {category for category in categories if name_key(category) not in CATALOGUE.garmin_category_keys}
    assert undecided == {"banded_exercises", "sandbag", "shoulder_stability", "suspension"}


def test_what_a_watch_files_under_sport_warm_up_or_yoga_trains_no_area():
    sport = ("run", "run_indoor", "bike", "indoor_bike", "elliptical", "indoor_row", "stair_stepper", "floor_climb",
             "cardio", "battle_rope", "ladder", "plyo", "move", "pose", "warm_up")  # fmt: skip
    assert {category: _areas(CATALOGUE.garmin_category_keys[name_key(category)]) for category in sport} == {
        category: {} for category in sport
    }


def test_every_built_in_name_of_hevy_is_decided_but_one():
    rows = _rows("hevy_builtin_templates.csv")
    assert len(rows) == 429
    assert [row["title"] for row in rows if not _is_decided(row["title"])] == ["Toe Touch"]


def test_nine_of_ten_names_of_the_free_exercise_db_are_decided():
    _rows("hevy_builtin_templates.csv")
    names = [entry["name"] for entry in json.loads((VOCABULARIES / "free-exercise-db.json").read_text("utf-8"))]
    assert sum(_is_decided(name) for name in names) / len(names) >= 0.9


# what a squad says of its own names

_OWN = """
[aliases]
"Lena's finisher" = "single_leg_calf_raise_straight"
"Circuit B" = ""
[exercises.wobble_raise]
name = "Wobble raise"
primary = ["calves"]
secondary = []
one_sided = false
counted_in = "reps"
how = "Rise on the board."
aliases = ["Plank"]
"""


def _with(folder: Path, text: str) -> Catalogue:
    (folder / LOCAL_FILE).write_text(text, encoding="utf-8")
    return load_for(folder)


def test_without_a_file_of_its_own_a_squad_has_the_packaged_catalogue(tmp_path: Path):
    assert load_for(tmp_path) is CATALOGUE


def test_own_names_and_own_moves_win_and_give_the_catalogue_another_version(tmp_path: Path):
    own = _with(tmp_path, _OWN)
    assert own.exercise_id(name_key("finisher: Lena’s")) == "single_leg_calf_raise_straight"
    assert own.exercise_id(name_key("Circuit B")) is None
    assert own.exercise_id(name_key("planks"), "plank") == "wobble_raise"
    assert own.exercise_id(name_key("heavy plank")) == "wobble_raise"
    assert own.exercise_id(name_key("Side plank")) == "side_plank"
    assert own.exercises["wobble_raise"].source == "squad"
    assert own.version.startswith(f"{CATALOGUE.version}+")
    assert CATALOGUE.exercise_id(name_key("Plank")) == "plank"


def test_a_file_with_the_mark_that_windows_puts_in_front_is_read(tmp_path: Path):
    (tmp_path / LOCAL_FILE).write_bytes(b"\xef\xbb\xbf" + _OWN.encode())
    assert load_for(tmp_path).own_names


_OWN_WRONG = {
    "no TOML": ("[aliases", "is not valid TOML"),
    "other group": ("[names]", "names is not known"),
    "no such exercise": (
        '[aliases]\n"A" = "single_leg_calf_rise_straight"',
        "did you mean single_leg_calf_raise_straight",
    ),
    "nothing like it": ('[aliases]\n"A" = "zzz"', "is no exercise; write another id"),
    "no text": ('[aliases]\n"A" = 5', "write the name in quotes"),
    "no name": ('[aliases]\n"()" = "plank"', "is no name"),
    "the watch's unknown": ('[aliases]\n"Unknown" = "plank"', "is no name"),
    "name twice": ('[aliases]\n"A B" = "plank"\n"b, a" = "side_plank"', "the same words name plank already"),
    "exercise of the package": ('[exercises.plank]\nname = "x"', "is an exercise of the package"),
    "setting missing": ('[exercises.x_y]\nname = "x"', "exercises.x_y.primary is missing"),
    "unknown area": (_OWN.replace("calves", "calf"), "wobble_raise.primary/secondary = 'calf'"),
    "aliases is a list": ("aliases = []", "aliases must be a table"),
}


@pytest.mark.parametrize("case", sorted(_OWN_WRONG))
def test_a_wrong_file_of_own_names_is_refused_by_key(case: str, tmp_path: Path):
    text, message = _OWN_WRONG[case]
    with pytest.raises(CatalogueError, match=r"exercises\.local\.toml") as refused:
        _with(tmp_path, text)
    assert message in str(refused.value)


def test_a_file_of_own_names_in_another_encoding_is_named(tmp_path: Path):
    (tmp_path / LOCAL_FILE).write_bytes('[aliases]\n"Gesäß" = "plank"'.encode("cp1252"))
    with pytest.raises(CatalogueError, match=r"exercises\.local\.toml is not UTF-8"):
        load_for(tmp_path)


# a wrong file is refused, by file and key

Breaking = Callable[[str], str]


def _swap(old: str, new: str) -> Breaking:
    def change(text: str) -> str:
        assert old in text, f"the packaged file no longer holds {old!r}: correct this test"
        return text.replace(old, new, 1)

    return change


def _before(line: str) -> Breaking:
    return lambda text: f"{line}\n{text}"


def _after(block: str) -> Breaking:
    return lambda text: f"{text}\n{block}\n"


_EXERCISE = """
[moon_walk]
name = "Moon walk"
primary = []
secondary = []
one_sided = false
counted_in = "reps"
source = "ours"
"""


def _exercise(**changed: str | None) -> Breaking:
    lines = [line.partition(" = ") for line in _EXERCISE.strip().splitlines()[1:]]
    settings = {name: value for name, _, value in lines} | changed
    body = "\n".join(f"{name} = {value}" for name, value in settings.items() if value is not None)
    return _after(f"[moon_walk]\n{body}")


_WRONG: dict[str, tuple[str, Breaking, str]] = {
    # areas
    "area: key missing": ("areas", _swap('short = "Glut"\n', ""), r"areas\.toml: glutes\.short is missing"),
    "area: wrong type": ("areas", _swap("lower_body = true", 'lower_body = "yes"'), r"areas\.toml: glutes\.lower_body"),
    "area: empty text": ("areas", _swap('short = "Glut"', 'short = " "'), r"areas\.toml: glutes\.short"),
    "area: unknown key": ("areas", _swap('short = "Glut"', 'short = "G"\nhue = "red"'), r"areas\.toml: glutes\.hue"),
    "area: no table": ("areas", _before("odd = 5"), r"areas\.toml: \[?odd"),
    "area: own id": ("areas", _swap('short = "Glut"', 'short = "G"\nid = "x"'), r"areas\.toml: glutes\.id"),
    "area: renamed": ("areas", _swap("[glutes]", "[glute]"), r"symptoms\.toml: runners_knee\.links.*'glutes'"),
    "area: no TOML": ("areas", _swap("[glutes]", "[glutes"), r"areas\.toml is not valid TOML"),
    # symptoms
    "symptom: unknown area": (
        "symptoms",
        _swap('{ area = "glutes", source = "article" },', '{ area = "glute", source = "article" },'),
        r"symptoms\.toml: runners_knee\.links.*'glute'",
    ),
    "symptom: key missing": (
        "symptoms",
        _swap("in_hazard_models = true\n", ""),
        r"symptoms\.toml: runners_knee\.in_haz",
    ),
    "symptom: link without source": (
        "symptoms",
        _swap('{ area = "glutes", source = "article" },', '{ area = "glutes" },'),
        r"symptoms\.toml: runners_knee\.links\[0\]",
    ),
    "symptom: area twice": (
        "symptoms",
        _swap('{ area = "calves", source = "article" },', '{ area = "glutes", source = "ours" },'),
        r"symptoms\.toml: runners_knee\.links",
    ),
    "symptom: no area": (
        "symptoms",
        _swap('links = [{ area = "glutes", source = "article" }]', "links = []"),
        r"symptoms\.toml: it_band\.links",
    ),
    "symptom: hazard is no yes or no": (
        "symptoms",
        _swap("in_hazard_models = true", 'in_hazard_models = "no"'),
        r"symptoms\.toml: runners_knee\.in_hazard_models",
    ),
    "symptom: name is no text": (
        "symptoms",
        _swap('name = "runner\'s knee"', "name = 5"),
        r"symptoms\.toml: runners_knee\.name",
    ),
    "symptom: links is a number": (
        "symptoms",
        _swap('links = [{ area = "glutes", source = "article" }]', "links = 5"),
        r"symptoms\.toml: it_band\.links",
    ),
    "symptom: empty source": (
        "symptoms",
        _swap('{ area = "glutes", source = "article" },', '{ area = "glutes", source = "" },'),
        r"symptoms\.toml: runners_knee\.links",
    ),
    "symptom: unknown key": (
        "symptoms",
        _swap('name = "runner\'s knee"', 'name = "k"\nhue = "red"'),
        r"symptoms\.toml: runners_knee\.hue",
    ),
    "symptom: no table": ("symptoms", _before("odd = 5"), r"symptoms\.toml: \[?odd"),
    # sites
    "site: unknown symptom": (
        "sites",
        _swap('symptom = "runners_knee"', 'symptom = "knee"'),
        r"sites\.toml: site\.knee\.symptom.*'knee'",
    ),
    "site: unknown body area": (
        "sites",
        _swap('body_area = "knee"', 'body_area = "leg"'),
        r"sites\.toml: site\.knee\.body",
    ),
    "site: no body area": ("sites", _swap('body_area = "knee"\n', ""), r"sites\.toml: site\.knee\.body_area"),
    "site: unknown area": (
        "sites",
        _swap('loaded_by = ["calves"]', 'loaded_by = ["calf"]'),
        r"sites\.toml: site\.heel\.l",
    ),
    "site: asks for no site": (
        "sites",
        _swap('asks = ["low_back", "buttock"]', 'asks = ["bum"]'),
        r"sites\.toml: site\.lumbosacral\.asks",
    ),
    "site: alias twice": ("sites", _swap('"heels"', '"knees"'), r"sites\.toml: .*'knees' already names knee"),
    "site: alias without a word": ("sites", _swap('"heels"', '"()"'), r"sites\.toml: heel\.aliases"),
    "site: flag missing": ("sites", _swap("lower_body = true\n", ""), r"sites\.toml: (site\.)?knee\.lower_body"),
    "site: aliases is a text": (
        "sites",
        _swap('aliases = ["elbow", "elbows"]', 'aliases = "elbow"'),
        r"sites\.toml: (site\.)?elbow\.aliases",
    ),
    "site: no table": ("sites", _before("site.odd = 5"), r"sites\.toml: site\.odd"),
    "site: body area without name": (
        "sites",
        _swap('{ name = "knee", osiics = "K" }', '{ osiics = "K" }'),
        r"sites\.toml: body_area\.knee",
    ),
    "site: misspelt group": ("sites", _swap("[site.elbow]", "[sites.elbow]"), r"sites\.toml: sites"),
    # equipment
    "equipment: alias twice": ("equipment", _swap('"bands"', '"kettlebells"'), r"equipment\.toml: .*kettlebell"),
    "equipment: key missing": ("equipment", _swap('name = "kettlebell"\n', ""), r"equipment\.toml: kettlebell\.name"),
    "equipment: gone": ("equipment", _swap("[ball]", "[sphere]"), r"exercises\.toml: .*\.equipment = 'ball'"),
    # exercises
    "exercise: unknown area": (
        "exercises",
        _exercise(primary='["glute"]', how='"so"'),
        r"exercises\.toml: moon_walk\.primary.*'glute'",
    ),
    "exercise: area twice": (
        "exercises",
        _exercise(primary='["core"]', secondary='["core"]', how='"so"'),
        r"exercises\.toml: moon_walk",
    ),
    "exercise: unknown equipment": (
        "exercises",
        _exercise(equipment='["rocket"]'),
        r"exercises\.toml: moon_walk\.equipment = 'rocket'",
    ),
    "exercise: counted in miles": (
        "exercises",
        _exercise(counted_in='"miles"'),
        r"exercises\.toml: moon_walk\.counted_in",
    ),
    "exercise: no way to do it": (
        "exercises",
        _exercise(primary='["core"]'),
        r"exercises\.toml: moon_walk\.how is missing",
    ),
    "exercise: article's by mistake": (
        "exercises",
        _exercise(primary='["core"]', how='"so"', article_for='["core"]'),
        r"exercises\.toml: moon_walk\.source",
    ),
    "exercise: article's for another area": (
        "exercises",
        _exercise(primary='["core"]', how='"so"', article_for='["glutes"]', source='"article"'),
        r"exercises\.toml: moon_walk\.article_for = 'glutes'",
    ),
    "exercise: key missing": (
        "exercises",
        _exercise(one_sided=None),
        r"exercises\.toml: moon_walk\.one_sided is missing",
    ),
    "exercise: wrong type": ("exercises", _exercise(primary='"core"'), r"exercises\.toml: moon_walk\.primary"),
    "exercise: list of numbers": ("exercises", _exercise(aliases="[5]"), r"exercises\.toml: moon_walk\.aliases"),
    "exercise: unknown key": ("exercises", _exercise(hue='"red"'), r"exercises\.toml: moon_walk\.hue"),
    "exercise: alias of another": (
        "exercises",
        _exercise(aliases='["Plank"]'),
        r"exercises\.toml: moon_walk\.aliases: 'Plank' already names plank",
    ),
    "exercise: alias of another in other order": (
        "exercises",
        _exercise(aliases='["Dog, Bird"]'),
        r"exercises\.toml: moon_walk\.aliases.*bird_dog",
    ),
    "exercise: watch category twice": (
        "exercises",
        _exercise(garmin_categories='["carry"]'),
        r"exercises\.toml: .*garmin_categories.*'carry'",
    ),
    "exercise: watch category in another spelling": (
        "exercises",
        _exercise(garmin_categories='["Carry"]'),
        r"exercises\.toml: .*garmin_categories.*[Cc]arry",
    ),
    "exercise: there already": ("exercises", _after("[plank]\nname = 'x'"), r"exercises\.toml is not valid TOML"),
    "exercise: watch's name without its category": (
        "exercises",
        _exercise(garmin_names='["row"]'),
        r"exercises\.toml: moon_walk\.garmin_names: 'row'",
    ),
    "exercise: watch's name of another": (
        "exercises",
        _exercise(garmin_names='["Core/Swimming"]'),
        r"exercises\.toml: .*\.garmin_names: '[Cc]ore/[Ss]wimming'",
    ),
    "exercise: what a watch does not recognise": (
        "exercises",
        _exercise(aliases='["Unknown"]'),
        r"exercises\.toml: moon_walk: 'Unknown' is what a watch writes",
    ),
    # spellings
    "spelling: a word with an accent": (
        "spellings",
        _swap('abs = "ab"', '"Äbs" = "ab"'),
        r"spellings\.toml: same\.Äbs",
    ),
    "spelling: no meaning": ("spellings", _swap('abs = "ab"', 'abs = ""'), r"spellings\.toml: same\.abs"),
    "spelling: no list": ("spellings", _swap("filler = [", "fillers = ["), r"spellings\.toml: unsaid\.filler"),
    "spelling: other group": ("spellings", _after("[other]"), r"spellings\.toml: other is not known"),
    # parameters
    "parameter: unit missing": (
        "parameters",
        _swap('value = 28\nunit = "days"\n', "value = 28\n"),
        r"parameters\.toml: coverage\.window",
    ),
    "parameter: value is text": (
        "parameters",
        _swap("value = 28", 'value = "28"'),
        r"parameters\.toml: coverage\.window",
    ),
    "parameter: value is yes": (
        "parameters",
        _swap("value = 28", "value = true"),
        r"parameters\.toml: coverage\.window",
    ),
    "parameter: range upside down": (
        "parameters",
        _swap("value = 28", "value = [3, 2]"),
        r"parameters\.toml: coverage\.window",
    ),
    "parameter: three numbers": (
        "parameters",
        _swap("value = 28", "value = [1, 2, 3]"),
        r"parameters\.toml: coverage\.window",
    ),
    "parameter: unknown key": (
        "parameters",
        _swap("value = 28\n", "value = 28\nmin = 1\n"),
        r"parameters\.toml: coverage\.window",
    ),
    "parameter: not a number": (
        "parameters",
        _swap("value = 28", "value = nan"),
        r"parameters\.toml: coverage\.window",
    ),
    "parameter: endless": ("parameters", _swap("value = 28", "value = inf"), r"parameters\.toml: coverage\.window"),
    "parameter: range of yes and no": (
        "parameters",
        _swap("value = 28", "value = [false, true]"),
        r"parameters\.toml: coverage\.window",
    ),
    "parameter: unit is a number": (
        "parameters",
        _swap('unit = "days"', "unit = 5"),
        r"parameters\.toml: coverage\.window",
    ),
    "parameter: no group": ("parameters", _before("odd = 5"), r"parameters\.toml: odd"),
    "parameter: no table": ("parameters", _before("coverage.odd = 5"), r"parameters\.toml: coverage\.odd"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for source in files("runfix_analytics.catalogue").iterdir():
        if source.name.endswith(".toml"):
            (tmp_path / source.name).write_bytes(source.read_bytes())
    return tmp_path


@pytest.mark.parametrize("case", sorted(_WRONG))
def test_a_wrong_file_is_refused_by_file_and_key(case: str, folder: Path):
    name, change, message = _WRONG[case]
    path = folder / f"{name}.toml"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(CatalogueError, match=message):
        load_from(folder)


def test_an_exercise_with_all_its_settings_is_accepted_in_an_own_catalogue(folder: Path):
    path = folder / "exercises.toml"
    path.write_text(_exercise(aliases='["Lunar walk"]')(path.read_text(encoding="utf-8")), encoding="utf-8")
    own = load_from(folder)
    found = own.find_exercise("lunar WALKS")
    assert found is not None
    assert found.id == "moon_walk"
    assert own.version != CATALOGUE.version


def test_a_missing_file_is_named(folder: Path):
    (folder / "sites.toml").unlink()
    with pytest.raises(CatalogueError, match=r"sites\.toml"):
        load_from(folder)


def test_a_file_in_another_encoding_is_named(folder: Path):
    path = folder / "areas.toml"
    path.write_bytes(path.read_bytes().replace(b'name = "Glutes"', 'name = "Gesäß"'.encode("cp1252")))
    with pytest.raises(CatalogueError, match=r"areas\.toml"):
        load_from(folder)


def test_the_same_files_give_the_same_version(folder: Path, tmp_path_factory: pytest.TempPathFactory):
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(folder, other, dirs_exist_ok=True)
    assert load_from(folder).version == load_from(other).version == CATALOGUE.version


def test_asking_for_a_number_that_is_a_range_or_not_there_says_which():
    with pytest.raises(CatalogueError, match=r"advice\.dose_rounds is a range"):
        CATALOGUE.number("advice.dose_rounds")
    with pytest.raises(CatalogueError, match=r"coverage\.window is a number"):
        CATALOGUE.bounds("coverage.window")
    with pytest.raises(CatalogueError, match=r"there is no coverage\.windows"):
        CATALOGUE.number("coverage.windows")


# Python and the catalogue


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def _texts(tree: ast.AST) -> Iterator[str]:
    """All string literals but docstrings."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def _asked(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """(method, parameter) of every number(…), days(…) and bounds(…); an f-string stands for all it can name."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args:
                method, argument = call.func.attr, call.args[0]
                if method not in ("number", "days", "bounds"):
                    continue
                if isinstance(argument, ast.Constant) and "." in str(argument.value):
                    yield method, str(argument.value)
                if isinstance(argument, ast.JoinedStr) and isinstance(argument.values[0], ast.Constant):
                    prefix = str(argument.values[0].value)
                    names = (prefix + text for text in _texts(function))
                    yield from ((method, name) for name in names if name in CATALOGUE.parameters)


def test_every_parameter_that_python_asks_for_exists_and_is_of_the_right_kind():
    asked = {(name, *pair) for name, tree in _modules() for pair in _asked(tree)}
    assert len(asked) > 30
    for module, method, parameter in sorted(asked):
        assert parameter in CATALOGUE.parameters, f"{module}: {parameter}"
        value = getattr(CATALOGUE, method)(parameter)
        if method == "days":
            assert value == CATALOGUE.number(parameter), f"{module}: {parameter} is not whole"


def test_every_parameter_is_used():
    asked = {parameter for _, tree in _modules() for _, parameter in _asked(tree)}
    written = {text for _, tree in _modules() for text in _texts(tree)}
    assert sorted(set(CATALOGUE.parameters) - asked - written) == []


# Words that are ids and something else besides: the form's and the episodes' "it hurts, nobody says where" is a site of
# its own; "running", "core" and "warm_up" are words of the files that a reader reads. Anything else belongs into TOML.
_MAY_NAME = {
    "ache_answers.py": {"unspecified"},
    "episodes.py": {"unspecified"},
    "readers/garmin_account_json.py": {"warm_up"},
    "readers/garmin_fit.py": {"running"},
    "readers/health_export_csv.py": {"running"},
    "readers/intervals_wellness.py": {"unspecified"},
    "readers/polar_json.py": {"core", "running"},
    "readers/tcx.py": {"running"},
}
_WRITES_LOGS = {"sample_files.py"}  # writes files as apps do, with exercises and places in them


def test_no_area_symptom_site_or_exercise_is_named_in_python():
    ids = {*CATALOGUE.areas, *CATALOGUE.symptoms, *CATALOGUE.sites, *CATALOGUE.exercises}
    named = {
        (module, text)
        for module, tree in _modules()
        if module not in _WRITES_LOGS
        for text in _texts(tree)
        if text in ids and text not in _MAY_NAME.get(module, set())
    }
    assert named == set()
