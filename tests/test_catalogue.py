"""The vocabulary: it holds what the article says, a wrong file is refused by name, and Python repeats none of it."""

import ast
import csv
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from runfix_analytics.catalogue import find_exercise, load, load_from, name_key
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


def test_most_sets_of_real_logs_are_decided():
    if not VOCABULARIES.exists():
        pytest.skip(f"{VOCABULARIES} is not there")
    n_sets = n_decided = 0
    for path in sorted(VOCABULARIES.glob("vocab_*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                weight = int(row["n_sets"])
                n_sets += weight
                n_decided += weight * _is_decided(row)
    assert n_sets > 10_000
    assert n_decided / n_sets >= 0.85


def _is_decided(row: dict[str, str]) -> bool:
    if "category" not in row:
        return find_exercise(row["name"]) is not None
    is_category = name_key(row["category"]) in CATALOGUE.garmin_category_keys
    return is_category or find_exercise(row["subCategory"] or row["category"]) is not None


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
# its own; "running" is FIT's sport; "other_sport" is a reject's rule. Anything else belongs into TOML.
_MAY_NAME = {
    "ache_answers.py": {"unspecified"},
    "episodes.py": {"unspecified"},
    "readers/garmin_fit.py": {"running"},
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
