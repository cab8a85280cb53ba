"""What is said of a file that no reader knows: what kind it is, and never what it says."""

import json
from io import BytesIO

import pytest

from runfix_analytics.readers import read
from runfix_analytics.sourcefile import SourceFile
from runfix_analytics.unknown_file import looks

HEALTH = ("knee", "hurt", "Tuesday", "secret", "Ann", "weight loss")


def looks_like(content: str | bytes) -> str:
    return looks(SourceFile("x.csv", content.encode() if isinstance(content, str) else content))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "an empty file"),
        (b"\xef\xbb\xbf \r\n", "an empty file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a picture"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"SQLite format 3\0" + bytes(100), "a database (SQLite)"),
        (b"\1\2\0\3", "binary content"),
        ("<html><body>Please log in</body></html>", "a web page"),
        ("\n<!DOCTYPE HTML>\n<p>x", "a web page"),
        ("<?xml version='1.0'?><kml/>", "XML, its outermost element kml"),
        ("[1, 2", "text that begins like JSON"),
        ("[]", "JSON, a list of 0"),
        ('[{"date": 1, "q": 2}, 3]', "JSON, a list of 2, the first with 2 fields, among them date"),
        ('{"startTime": 1}', "JSON, an object with 1 field, among them startTime"),
        ("one line\nand another\n", "text that is no table"),
    ],
)  # fmt: skip
def test_the_kind_of_a_file_is_told(content: str | bytes, kind: str):
    assert looks_like(content) == kind


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("Date,Workout Name,Weight (kg),Reps,RPE", "Date, Workout Name, Weight (kg), Reps, RPE"),
        ("workout_date,avgHeartRate,max_speed_km/h", "workout_date, avgHeartRate, max_speed_km/h"),
        ("Datum;Übung;Wiederholungen;Laune", "Datum, Übung, Wiederholungen"),
        ("Date,Heure,Durée,Répétitions", "Date, Heure, Durée, Répétitions"),
        ("Timestamp,Where does it hurt?,pain_at_rest,site", "Timestamp, pain_at_rest, site"),
        ("date,date,pace,speed,laps,power,gear,shoes", "date, pace, speed, laps, power, gear"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_headings_as_logs_have_them_are_told(header: str, told: str, encoding: str):
    n_columns = max(header.count(","), header.count(";")) + 1
    said = f"a table with {n_columns} columns, among them {told}"
    assert looks_like(f"{header}\n{header}\n".encode(encoding)) == said
    assert looks_like(header.encode(encoding)) == said


def test_a_table_without_a_heading_that_logs_have_is_told_by_its_width():
    assert looks_like("my knee,it hurts,since Tuesday\nAnn,secret,3\n") == "a table with 3 columns"


@pytest.mark.parametrize(
    "content",
    [
        "My knee hurts, since Tuesday, when I ran",
        "Ann: knee hurts\ndate, time and distance: secret\n",
        "2026-03-02,knee pain,4,left\n2026-03-03,knee pain,2,left\n",
        "date,Ann's knee,weight loss\n1,2,3\n",
        "weight loss,date\n1,2\n",
        "knee\n",
        '"date\nmy knee hurts",time\n1,2\n',
        "date\u200b knee,time\n1,2\n",
        json.dumps({"my knee": "hurts", "date": "Tuesday"}),
        json.dumps([["knee hurts"], {"note on Ann": "secret"}]),
        json.dumps("my knee hurts"),
        '{"note": "my knee hurts',
        "<knee_hurts>secret</knee_hurts>",
        "<my knee hurts",
        "<html><title>knee hurts</title>",
        b"knee hurts\0secret",
        b"%PDF-1.7 knee hurts",
        "knee hurts".encode("utf-16"),
    ],
)
def test_no_word_about_a_person_is_told(content: str | bytes):
    file = SourceFile("x.csv", content.encode() if isinstance(content, str) else content)
    [raw] = read([file])
    assert raw.error is not None
    assert raw.error.startswith("x.csv: no reader knows this content (")
    assert raw.error.endswith("); see README, Formats, for what is read")
    assert [word for word in HEALTH if word in raw.error] == []


def test_a_file_of_any_size_is_described_by_its_beginning():
    text = SourceFile("x.csv", stream=lambda: BytesIO(b"date,mood\n" + b"1,2\n" * 100_000))
    picture = SourceFile("x", stream=lambda: BytesIO(b"\xff\xd8\xff" + bytes(100_000)))
    assert looks(text) == "a table with 2 columns, among them date"
    assert looks(picture) == "a picture"
