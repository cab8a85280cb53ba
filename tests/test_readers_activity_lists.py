"""Strava's and Garmin Connect's lists: kind, time, distance with its unit, and no word that a runner wrote."""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from draw_raw import draw_raw
from polars.testing import assert_frame_equal

from runfix_analytics.errors import UnknownFormatError
from runfix_analytics.parsing import plain
from runfix_analytics.rawlog import ACTIVITIES, RawLog
from runfix_analytics.readers import garmin_csv, read, reader_of, strava_csv
from runfix_analytics.sourcefile import SourceFile

_SAMPLES = Path(__file__).parent / "samples"


def _log(sample: str) -> RawLog:
    [log] = read([SourceFile("any name", (_SAMPLES / sample).read_bytes())])
    return log


def _rules(log: RawLog) -> list[tuple[int | None, str, str]]:
    return [(problem.row, problem.rule, problem.logged) for problem in log.problems]


def _assert_activities(log: RawLog, table: str) -> None:
    expected = draw_raw(ACTIVITIES, table)
    assert_frame_equal(log.activities.select(expected.columns), expected)


def test_strava_gives_utc_and_the_second_distance_in_metres_or_the_first_in_kilometres() -> None:
    log = _log("strava_csv/two_distances.csv")
    _assert_activities(
        log,
        """
        row | kind     | logged_as       | activity_id | start_at                  | distance | distance_unit
        2   | run      | Run             | 101         | 2026-05-29T15:53:35+00:00 | 6325.6   | m
        3   | run      | Virtual Run     | 102         | 2027-01-01T00:05:00+00:00 | 5001     | m
        4   | strength | Weight Training | 103         | 2027-01-01T12:05:00+00:00 | 0        | m
        5   | other    | Ride            | 104         | 2027-01-02T08:00:00+00:00 | 25000    | m
        6   | run      | Run             | 105         | 2027-01-03T08:00:00+00:00 | 2        | km
        """,
    )
    _assert_activities(
        log,
        """
        row | start_local | duration_s | elapsed_s | ascent | rpe | is_indoor | recording
        2   |             | 1411       | 1501      | 61.5   | 7   |           | activities/1.fit.gz
        3   |             | 1790       | 1800      |        |     | true      |
        4   |             | 2300       | 2400      |        |     |           |
        5   |             | 3500       | 3600      |        |     |           |
        6   |             |            | 600       |        |     |           |
        """,
    )
    assert log.warnings == ()
    assert _rules(log) == [(7, "bad_date", "sometime in May"), (8, "bad_number", "ten minutes")]


@pytest.mark.parametrize(
    ("sample", "unit", "distance", "types", "kinds"),
    [
        ("strava_csv/before_july_2019.csv", "m", 6000.0, ["Run", "Workout"], ["run", "other"]),
        ("strava_csv/july_2019.csv", "km", 6.0, ["Trail Run", "Crossfit"], ["run", "strength"]),
    ],
)
def test_the_unit_of_stravas_lone_distance_is_decided_by_the_speed_and_said(
    sample: str, unit: str, distance: float, types: list[str], kinds: list[str]
) -> None:
    log = _log(sample)
    _assert_activities(
        log,
        f"""
        row | kind       | logged_as  | activity_id | start_at                  | distance   | distance_unit | elapsed_s
        2   | {kinds[0]} | {types[0]} | 11          | 2018-09-12T15:02:23+00:00 | {distance} | {unit}        | 1800
        3   | {kinds[1]} | {types[1]} | 12          | 2018-09-14T05:30:00+00:00 | 0          | {unit}        | 1200
        """,
    )
    assert list(log.activities["distance_unit_source"]) == ["plausibility"] * 2
    assert list(log.activities["recording"]) == ["activities/11.gpx", None]
    assert log.warnings == (f"the one Distance column is read as {unit}: at the median {distance / 1800:.4g} {unit}/s",)


def test_a_lone_distance_that_no_speed_explains_has_no_unit() -> None:
    header = b"Activity ID,Activity Date,Activity Type,Elapsed Time,Distance\n"
    [log] = strava_csv.read([SourceFile("x", header + b'1,"Sep 12, 2018, 3:02:23 PM",Run,,6.0\n')])
    _assert_activities(log, "row | distance | distance_unit\n2 | 6 |")
    assert log.warnings == ("the one Distance column has no unit, and no row tells it",)


def test_runs_tell_the_unit_of_a_lone_distance_even_where_most_rows_are_swims() -> None:
    header = "Activity ID,Activity Date,Activity Type,Elapsed Time,Distance\n"
    swims = "".join(f'{i},"Sep {i}, 2018, 3:02:23 PM",Swim,1800,1500\n' for i in range(1, 4))
    [log] = strava_csv.read([SourceFile("x", f'{header}{swims}4,"Sep 12, 2018, 3:02:23 PM",Run,1800,6.0\n'.encode())])
    assert set(log.activities["distance_unit"]) == {"km"}


def test_strava_in_german_has_dots_in_its_dates_and_commas_in_its_first_distance() -> None:
    log = _log("strava_csv/german.csv")
    _assert_activities(
        log,
        """
        row | kind     | logged_as       | activity_id | start_at                  | distance | distance_unit
        2   | run      | Lauf            | 201         | 2025-12-09T15:24:49+00:00 | 9441.3   | m
        3   | strength | Krafttraining   | 202         | 2025-12-10T23:30:00+00:00 | 0        | m
        4   | other    | Radfahrt        | 203         | 2025-12-11T07:05:00+00:00 | 1025000  | m
        5   | run      | Virtueller Lauf | 204         | 2025-12-12T07:05:00+00:00 | 5        | km

        duration_s | elapsed_s | ascent | rpe | is_indoor | recording
        3070       | 3189      | 61.5   | 6   |           | activities/8801.fit.gz
        2300       | 2400      |        |     |           |
        3500       | 3600      |        |     |           | activities/8802.gpx
                   | 1800      |        |     | true      |
        """,
    )
    assert log.warnings == ()
    assert _rules(log) == [(6, "bad_date", "31.11.2025, 07:05:00")]


_STRAVA_LANGUAGES = {
    "fr": (
        "ID de l’activité,Date de l’activité,Nom de l’activité,Type d’activité,Temps écoulé,Distance,Nom du fichier,"
        "Temps écoulé,Durée de déplacement,Distance,Dénivelé positif",
        "1 juil. 2026, 10:00:00",
        "Course à pied",
    ),
    "nl": (
        "Activiteits-ID,Datum van activiteit,Naam activiteit,Activiteitstype,Verstreken tijd,Afstand,Bestandsnaam,"
        "Verstreken tijd,Beweegtijd,Afstand,Totale stijging",
        "1 jul. 2026 10:00:00",
        "Hardloopsessie",
    ),
    "pt": (
        "ID da atividade,Data da atividade,Nome da atividade,Tipo de atividade,Tempo decorrido,Distância,"
        "Nome do arquivo,Tempo decorrido,Tempo de movimentação,Distância,Ganho de elevação",
        "1 de jul. de 2026, 10:00:00",
        "Corrida",
    ),
    "da": (
        "Aktivitets-id,Aktivitetsdato,Aktivitetsnavn,Aktivitetstype,Varighed,Distance,Filnavn,Varighed,"
        "Tid i bevægelse,Distance,Højdestigning",
        "1. jul. 2026, 10.00.00",
        "Løb",
    ),
    "pl": (
        "Identyfikator aktywności,Data aktywności,Nazwa aktywności,Rodzaj aktywności,Czas trwania,Dystans,Nazwa pliku,"
        "Czas trwania,Czas ruchu,Dystans,Przewyższenie",
        "1 lip 2026, 10:00:00",
        "Bieganie",
    ),
    "es": (
        "ID de actividad,Fecha de la actividad,Nombre de la actividad,Tipo de actividad,Tiempo transcurrido,Distancia,"
        "Nombre de archivo,Tiempo transcurrido,Tiempo en movimiento,Distancia,Desnivel positivo",
        "1 jul 2026, 10:00:00",
        "Carrera",
    ),
    "it": (
        "ID attività,Data attività,Nome attività,Tipo di attività,Tempo trascorso,Distanza,Nome file,Tempo trascorso,"
        "Tempo in movimento,Distanza,Dislivello",
        "1 lug 2026, 10:00:00",
        "Corsa",
    ),
    "sv": (
        "Aktivitets-ID,Aktivitetsdatum,Aktivitetsnamn,Aktivitetstyp,Förfluten tid,Distans,Filnamn,Förfluten tid,"
        "Tid i rörelse,Distans,Höjdökning",
        "1 juli 2026 10:00:00",
        "Löpning",
    ),
    "pt_pt": (
        "ID da atividade,Data da atividade,Nome da atividade,Tipo de atividade,Tempo decorrido,Distância,"
        "Nome do ficheiro,Tempo decorrido,Tempo em movimento,Distância,Ganho de elevação",
        "01/07/2026, 10:00:00",
        "Corrida",
    ),
}
_SAME_RUN = """
    row | kind | start_at                  | activity_id | distance | distance_unit | duration_s | elapsed_s | ascent
    2   | run  | 2026-07-01T10:00:00+00:00 | 7           | 6325.6   | m             | 1411       | 1501      | 61.5
    """


@pytest.mark.parametrize("language", _STRAVA_LANGUAGES)
def test_strava_says_the_same_in_every_language(language: str) -> None:
    header, date, sport = _STRAVA_LANGUAGES[language]
    row = f'7,"{date}",secret,{sport},1501,"6,32",activities/9.gpx,1501.0,1411.0,6325.6,61.5'
    [log] = read([SourceFile("x", f"{header}\n{row}\n".encode())])
    assert log.reader == "strava_csv"
    _assert_activities(log, _SAME_RUN)
    assert list(log.activities["recording"]) == ["activities/9.gpx"]
    assert (log.problems, log.warnings) == ((), ())


def _in_unknown_words(n_columns: int) -> str:
    header = [f"otsikko {i}" for i in range(n_columns)]
    header[15], header[17] = header[5], header[6]
    row = [""] * n_columns
    cells = {0: "7", 1: '"1 Jul 2026, 10:00:00"', 2: "secret", 3: "Run", 5: "1501", 6: '"6,32"', 12: "activities/9.gpx"}
    for place, cell in (cells | {15: "1501.0", 16: "1411.0", 17: "6325.6", 20: "61.5", 43: "7.0"}).items():
        row[place] = cell
    return f"{','.join(header)}\n{','.join(row)}\n"


def test_strava_in_an_unknown_language_is_known_by_its_layout_and_read_by_place() -> None:
    [log] = read([SourceFile("x", _in_unknown_words(103).encode())])
    _assert_activities(log, _SAME_RUN)
    assert (log.activities["rpe"].item(), log.activities["recording"].item()) == (7, "activities/9.gpx")
    with pytest.raises(UnknownFormatError):
        reader_of(SourceFile("x", _in_unknown_words(80).encode()))


@pytest.mark.parametrize(
    ("first", "unit", "warning"),
    [
        ("6.32", "km", None),
        ("3.93", "mi", "the first Distance column is in mi: the second is 1610 times as much"),
        ("6325", "m", "the first Distance column is in m: the second is 1 times as much"),
        ("1.00", None, "the first Distance column is in an unknown unit: the second is 6326 times as much"),
    ],
)
def test_the_second_distance_tells_the_unit_of_the_first(first: str, unit: str | None, warning: str | None) -> None:
    content = (
        "Activity ID,Activity Date,Activity Type,Elapsed Time,Distance,Elapsed Time,Distance\n"
        f'1,"Sep 12, 2018, 3:02:23 PM",Run,1800,{first},1800.0,6325.6\n'
        '2,"Sep 13, 2018, 3:02:23 PM",Run,1800,5.00,1800.0,\n'
    )
    [log] = strava_csv.read([SourceFile("x", content.encode())])
    assert list(log.activities["distance_unit"]) == ["m", unit]
    assert log.warnings == ((warning,) if warning else ())


def test_an_english_date_in_numbers_may_have_either_order_and_is_refused() -> None:
    header = b"Activity ID,Activity Date,Activity Type,Elapsed Time,Distance\n"
    [log] = strava_csv.read([SourceFile("x", header + b"1,03/04/2018 15:02,Run,1800,6.0\n")])
    assert _rules(log) == [(2, "bad_date", "03/04/2018 15:02")]


@pytest.mark.parametrize("reader", [strava_csv, garmin_csv])
def test_a_list_without_a_run_says_which_types_it_has(reader: Any) -> None:
    header = "Activity ID,Activity Date,Date,Title,Activity Type,Time,Elapsed Time,Distance"
    rows = "".join(
        f"{i},2026-01-0{i},2026-01-0{i},x,{sport},0:30:00,1800,\n" for i, sport in ((1, "Padel"), (2, "Ride"))
    )
    [log] = reader.read([SourceFile("x", f"{header}\n{rows}".encode())])
    assert log.warnings[-1] == "no activity type is known as a run: Padel, Ride"


def test_garmins_marks_follow_the_file_not_the_language_and_nothing_is_null() -> None:
    log = _log("garmin_csv/decimal_comma.csv")
    _assert_activities(
        log,
        """
        row | kind     | logged_as         | start_local         | distance | distance_unit | duration_s
        2   | run      | Treadmill Running | 2026-01-04T12:38:59 | 3.4      |               | 1011
        3   | run      | Trail Running     | 2026-01-05T07:10:00 | 10.08    |               | 2980.6
        4   | strength | Strength Training | 2026-01-06T18:00:00 | 0        |               | 1860
        5   | other    | Pool Swimming     | 2026-01-07T18:00:00 | 1500     | m             | 1800

        elapsed_s | ascent | is_indoor
        1021      |          | true
        3420      | 1204     |
        1860      |          |
        1860      |          |
        """,
    )
    assert log.activities["start_at"].null_count() == log.activities["activity_id"].null_count() == 4
    assert log.warnings == ("Total Ascent is taken as metres; an account that shows miles exports feet",)
    assert _rules(log) == [(6, "bad_date", "05/01/2026 07:10"), (7, "bad_duration", "ages")]


def test_garmins_decimal_point_makes_the_comma_part_thousands() -> None:
    _assert_activities(
        _log("garmin_csv/decimal_point.csv"),
        """
        row | kind | logged_as    | distance | duration_s | elapsed_s | ascent | is_indoor
        2   | run  | Running      | 26.25    | 14100      | 15000     | 1204     |
        3   | run  | Indoor Track | 3.4      | 1021       | 1050      | 0        | true
        """,
    )


@pytest.mark.parametrize(("steps", "ascent"), [("2,932", 1204.0), ("2.932", 1.204)])
def test_whole_numbers_tell_garmins_marks_where_no_distance_does(steps: str, ascent: float) -> None:
    content = (
        "Activity Type,Date,Favorite,Title,Distance,Steps,Time,Total Ascent\n"
        f'Running,2026-01-04 12:38:59,false,x,--,"{steps}",00:10:00,"1,204"\n'
    )
    [log] = garmin_csv.read([SourceFile("x", content.encode())])
    assert list(log.activities["ascent"]) == [ascent]


def test_garmin_in_danish_with_calories_by_the_thousand_beside_decimal_commas_and_escaped_negatives() -> None:
    log = _log("garmin_csv/danish.csv")
    _assert_activities(
        log,
        """
        row | kind     | logged_as     | start_local         | distance | distance_unit
        2   | run      | Løb           | 2026-03-01T07:10:00 | 3.4      |
        3   | run      | Løbebånd      | 2026-03-02T07:10:00 | 5        |
        4   | run      | Løb           | 2026-03-03T07:10:00 | 10       |
        5   | run      | Løb           | 2026-03-04T07:10:00 | 6        |
        6   | run      | Løb           | 2026-03-05T07:10:00 | 7.5      |
        7   | strength | Styrketræning | 2026-03-05T18:00:00 | 0        |
        8   | other    | Cykling       | 2026-03-06T18:00:00 | 25.3     |
        9   | run      | Løb           | 2026-03-07T18:00:00 | 5000     | m
        10  | other    | Vinterbadning | 2026-03-08T08:00:00 |          |

        duration_s | elapsed_s | ascent
        1011       | 1041      | 1204
        1500.6     | 1501      |
        3000       | 3010      | -16
        1800       | 1810      | 12
        2280       | 2290      |
        1860       | 1860      |
        3600       | 3900      | 210
        1500       | 1500      | 0
        600        | 600       |
        """,
    )
    assert list(log.activities["is_indoor"]) == [None, True, *[None] * 7]
    assert log.problems == ()
    assert log.warnings == (
        "Total Ascent is taken as metres; an account that shows miles exports feet",
        "read as metres, since as km or miles they are beyond any speed: 1 runs",
    )


_GARMIN_LANGUAGES = {
    "de": (
        "Aktivitätstyp,Datum,Favorit,Titel,Distanz,Kalorien,Zeit,Ø HF,Anstieg gesamt,Zeit in Bewegung,"
        "Verstrichene Zeit",
        "Laufbandtraining",
        "Krafttraining",
    ),
    "de_2019": (
        "Aktivitätstyp,Datum,Favorit,Titel,Distanz,Kalorien,Zeit,Ø HF,Positiver Höhenunterschied,Bewegungszeit,"
        "Verstrichene Zeit",
        "Laufbandtraining",
        "Krafttraining",
    ),
    "fr": (
        "Type d'activité,Date,Favori,Titre,Distance,Calories,Durée,Fréquence cardiaque moyenne,Ascension totale,"
        "Temps de déplacement,Temps écoulé",
        "Course à pied sur tapis roulant",
        "Musculation",
    ),
    "es": (
        "Tipo de actividad,Fecha,Favorito,Título,Distancia,Calorías,Tiempo,Frecuencia cardiaca media,Ascenso total,"
        "Tiempo en movimiento,Tiempo transcurrido",
        "Carrera en cinta",
        "Entrenamiento de fuerza",
    ),
    "it": (
        "Tipo di attività,Data,Preferita,Titolo,Distanza,Calorie,Tempo,FC Media,Ascesa totale,Tempo in movimento,"
        "Tempo trascorso",
        "Corsa su tapis roulant",
        "Allenamento di forza",
    ),
    "nl": (
        "Activiteittype,Datum,Favoriet,Titel,Afstand,Calorieën,Tijd,Gem. HS,Totale stijging,Tijd bewogen,"
        "Verstreken tijd",
        "Hardlopen op loopband",
        "Krachttraining",
    ),
    "pt": (
        "Tipo de atividade,Data,Favorito,Título,Distância,Calorias,Tempo total,FC Média,Subida total,"
        "Tempo em movimento,Tempo transcorrido",
        "Corrida em esteira",
        "Treinamento de força",
    ),
    "sv": (
        "Aktivitetstyp,Datum,Favorit,Namn,Distans,Kalorier,Tid,Medelpuls,Total stigning,Färdtid,Total tid",
        "Löpband",
        "Styrketräning",
    ),
    "nb": (
        "Aktivitetstype,Dato,Favoritt,Tittel,Distanse,Totale kalorier,Tid,Gjennomsnittlig puls,Total stigning,"
        "Tid i bevegelse,Medgått tid",
        "Tredemølleløping",
        "Styrketrening",
    ),
    "pl": (
        "Typ aktywności,Data,Ulubiony,Tytuł,Dystans,Suma kalorii,Czas,Średnie tętno,Całkowity wznios,Czas ruchu,"
        "Upływ czasu",
        "Bieganie na bieżni",
        "Trening siłowy",
    ),
    "en_2019": (
        "Activity Type,Date,Favorite,Title,Distance,Calories,Time,Avg HR,Elev Gain,Moving Time,Elapsed Time",
        "Treadmill Running",
        "Strength Training",
    ),
}


@pytest.mark.parametrize("language", _GARMIN_LANGUAGES)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_garmin_says_the_same_in_every_language_unquoted_and_with_windows_line_ends(
    language: str, delimiter: str
) -> None:
    header, run, strength = _GARMIN_LANGUAGES[language]
    rows = [
        f"{run},2026-03-01 07:10:00,false,secret,3.40,255,00:17:01,153,12,00:16:51,00:17:21",
        f"{strength},2026-03-02 07:10:00,false,secret,0.00,255,00:17:01.5,--,--,--,00:17:21",
    ]
    content = "\r\n".join([header, *rows, ""]).replace(",", delimiter)
    [log] = read([SourceFile("x", content.encode())])
    assert log.reader == "garmin_csv"
    _assert_activities(
        log,
        """
        row | kind     | start_local         | distance | duration_s | elapsed_s | ascent | is_indoor
        2   | run      | 2026-03-01T07:10:00 | 3.4      | 1011       | 1041      | 12     | true
        3   | strength | 2026-03-02T07:10:00 | 0        | 1021.5     | 1041      |        |
        """,
    )
    assert log.problems == ()


def _runs_with_strides(distance: str, n_runs: int, stride: str = "1.16") -> RawLog:
    """Runs of 30 minutes at 172 steps a minute."""
    header = "Activity Type,Date,Favorite,Title,Distance,Time,Avg Run Cadence,Total Ascent,Avg Stride Length"
    row = f"Running,2026-03-01 07:10:00,false,x,{distance},00:30:00,172,100,{stride}"
    [log] = garmin_csv.read([SourceFile("x", "\n".join([header, *[row] * n_runs, ""]).encode())])
    return log


@pytest.mark.parametrize(
    ("distance", "unit", "factor", "ascent"), [("5.99", "km", 999, 100.0), ("3.72", "mi", 1609, 30.5)]
)
def test_strides_tell_garmins_kilometres_from_miles_and_metres_from_feet(
    distance: str, unit: str, factor: int, ascent: float
) -> None:
    log = _runs_with_strides(distance, 5)
    assert set(log.activities["distance_unit"]) == {unit}
    assert set(log.activities["distance_unit_source"]) == {"plausibility"}
    assert set(log.activities["ascent"]) == {ascent}
    assert log.warnings == (
        f"Distance is read as {unit}: stride length x cadence x time is {factor} m for each (median of the runs)",
    )


@pytest.mark.parametrize(
    ("distance", "n_runs", "stride"), [("5.99", 4, "1.16"), ("4.90", 9, "1.16"), ("5.99", 9, "--")]
)
def test_few_runs_or_strides_that_fit_neither_unit_tell_nothing(distance: str, n_runs: int, stride: str) -> None:
    log = _runs_with_strides(distance, n_runs, stride)
    assert log.activities["distance_unit"].null_count() == log.activities["distance_unit_source"].null_count() == n_runs


@pytest.mark.parametrize("reader", ["strava_csv", "garmin_csv", "strong_csv"])
def test_no_word_of_an_export_means_two_things(reader: str) -> None:
    text = resources.files("runfix_analytics.readers").joinpath(f"{reader}.toml").read_text(encoding="utf-8")
    for table in tomllib.loads(text).values():
        words = [plain(word) for words in table.values() for word in words]
        assert sorted(words) == sorted(set(words))


def test_a_list_cut_inside_a_row_says_so_and_keeps_the_rows_before() -> None:
    whole = (_SAMPLES / "garmin_csv/decimal_point.csv").read_bytes()
    [log] = garmin_csv.read([SourceFile("x", whole[: whole.rindex(b",255")])])
    assert list(log.activities["row"]) == [2]
    assert _rules(log) == [(3, "cut_off", "Indoor Track, 2026-01-05 12:38:59")]
    assert log.damage == "the file ends inside row 3"
