"""Changes to what the text of a file says: numbers, dates, cells, columns, rows, JSON values, XML elements."""

import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Change = Callable[[str, Random], str]

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_DATE = re.compile(
    r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{1,2} [A-Z][a-z]{2} \d{4}|[A-Z][a-z]{2} \d{1,2}, \d{4}"
)
_TAG = re.compile(r"<[A-Za-z][\w:.-]*[^<>]*>")
_NUMBERS = (
    "0", "-1", "-0", "1e999", "1E400", "-1e308", "1e-999", "nan", "NaN", "inf", "-Infinity", "9" * 20, "9" * 400, "1e6",
    "0.0000001", "1,177", "1.177,5", "1'000", "1 000", "²", "½", "٣", "१२", "５", "0x1F", "1_000", "+5", "5-", "1.2.3",
    "99999999999", "2147483648", "-2147483649", "18446744073709551616", "true", "null", "", " ", "1/2", "12/12",
    "1:2:3", "99:99:99", "9999999:00", "00:00:00", "-1:00", "1e5", "4294967295", "65535", "1e18", "1e19", "3.4e38",
)  # fmt: skip
_DATES = (
    "0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01", "2026-02-30", "2026-13-01", "1969-12-31", "1900-01-01",
    "99999-01-01", "-2026-03-02", "2026-3-2", "31.12.9999", "01/01/0001", "32/01/2026", "2026-03-02T25:61:61Z",
    "9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00-12:00", "2026-03-29T02:30:00",
    "2026-03-02T10:00:00+99:99", "2026-03-02T10:00:00.123456789Z", "1 Jan 9999, 23:59", "2026-W10-1", "1e9",
    "٢٠٢٦-٠٣-٠٢", "2262-04-12", "1677-09-20", "294277-01-10", "Feb 29, 2025, 10:00:00 AM", "2026-03-02 24:00:00",
    "2016-12-31T23:59:60Z",
)  # fmt: skip
_CELLS = (
    "", '"', "'", '""', '","', "\n", "\r", "\t", "\0", "\x07", "\x1b[31m", "=1+1", "@SUM(A1)", "-", "--", "none",
    "NULL",
    "a" * 70_000, "ä" * 3000, "🏃" * 500, "\u202e\u2066", "\u0301" * 300, "\ufeff", "\ufffd", "ſ", "ß", "İ", "ı", "ﬁ",
    "../../etc/passwd", "<script>", "&amp;", "&#0;", "a@example.org", "\u2028", "\x85", "\u00a0", "\u3000", "x,y;z\tw",
    "\ud800", "9" * 5000, "{}", "[]", "%s%n", "{0}", "${a}", "\\", "\\N", "Infinity", "l" * 300 + "r", "1x10 2x10 3x10",
)  # fmt: skip
_JSON: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 10**30, -(10**400), "", "x", "2026-03-02", "9999-12-31T23:59:59Z", [], {},
    [[]],
    [None], {"a": {}}, float("nan"), float("inf"), "\ud800", "a" * 5000, list(range(50)), {"": ""}, "1e999", 1e18,
    1e13,
)  # fmt: skip
_ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
_DOCTYPES = (
    f'<!DOCTYPE x [<!ENTITY e0 "lol">{_ENTITIES}]>',
    '<!DOCTYPE x [<!ENTITY e9 SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE x SYSTEM "file:///dev/zero">',
    '<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///dev/random">%p;]>',
    "<!DOCTYPE x [<!ATTLIST trk id ID #REQUIRED>]>",
    "<!DOCTYPE x [" + "<!-- -->" * 2000,
    f'<!DOCTYPE x [<!ENTITY e9 "{"A" * 100_000}">]>',
)
_DIGITS = ("٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９", "⁰¹²³⁴⁵⁶⁷⁸⁹", "०१२३४५६७८९", "①②③④⑤⑥⑦⑧⑨⓪")
_ENCODINGS = (
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "latin-1",
    "cp1252",
    "cp850",
    "shift_jis",
    "utf-8-sig",
    "utf-7",
)


def _replace_some(pattern: re.Pattern[str], values: Sequence[str], text: str, rng: Random) -> str:
    found = list(pattern.finditer(text))
    for match in sorted(rng.sample(found, min(len(found), rng.choice((1, 1, 2, 10)))), key=lambda m: -m.start()):
        text = text[: match.start()] + rng.choice(values) + text[match.end() :]
    return text


def numbers(text: str, rng: Random) -> str:
    return _replace_some(_NUMBER, _NUMBERS, text, rng)


def dates(text: str, rng: Random) -> str:
    return _replace_some(_DATE, _DATES, text, rng)


def _delimiter(lines: list[str]) -> str:
    return max(",;\t", key=lines[0].count)


def cells(text: str, rng: Random) -> str:
    """Some cells of a row, the header's too, are something else."""
    lines = text.split("\n")
    mark = _delimiter(lines)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(lines))
        parts = lines[at].split(mark)
        parts[rng.randrange(len(parts))] = rng.choice((*_CELLS, *_NUMBERS, *_DATES))
        lines[at] = mark.join(parts)
    return "\n".join(lines)


def columns(text: str, rng: Random) -> str:
    """Columns moved, doubled, taken out or added, in the header alone or in every row."""
    lines = text.split("\n")
    mark = _delimiter(lines)
    n = lines[0].count(mark) + 1
    order = list(range(n))
    what = rng.choice(("shuffle", "double", "delete", "add", "many"))
    if what == "shuffle":
        rng.shuffle(order)
    elif what == "double":
        order.insert(rng.randrange(n + 1), rng.randrange(n))
    elif what == "delete":
        order.pop(rng.randrange(n))
    extra = {"add": [rng.choice(_CELLS)], "many": ["x"] * rng.choice((100, 5000))}.get(what, [])
    last = rng.choice((1, len(lines), len(lines)))

    def changed(line: str) -> str:
        parts = line.split(mark)
        return mark.join([parts[place] for place in order if place < len(parts)] + extra)

    return "\n".join(changed(line) if at < last and line else line for at, line in enumerate(lines))


def lines(text: str, rng: Random) -> str:
    """A row moved, taken out, or repeated, up to some thousand times."""
    rows = text.split("\n")
    at = rng.randrange(len(rows))
    what = rng.choice(("double", "many", "delete", "shuffle", "cut"))
    if what == "shuffle":
        body = rows[1:]
        rng.shuffle(body)
        return "\n".join(rows[:1] + body)
    if what == "cut":
        return "\n".join([*rows[:at], rows[at][: rng.randrange(len(rows[at]) + 1)]])
    times = {"double": 2, "delete": 0, "many": min(rng.choice((50, 1000, 4000)), 400_000 // (len(rows[at]) + 1))}[what]
    return "\n".join(rows[:at] + [rows[at]] * times + rows[at + 1 :])


def characters(text: str, rng: Random) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(_CELLS) + text[at + rng.randrange(3) :]


def digits(text: str, rng: Random) -> str:
    table = str.maketrans("0123456789", rng.choice(_DIGITS))
    start = rng.randrange(len(text) + 1)
    end = rng.choice((len(text), start + 20))
    return text[:start] + text[start:end].translate(table) + text[end:]


def marks(text: str, rng: Random) -> str:
    """Other delimiters, decimal marks, quotes, line ends or case throughout."""
    old, new = rng.choice(
        ((",", ";"), (";", ","), (",", "\t"), (".", ","), ('"', ""), ('"', "'"), ("\n", "\r\n"), ("\n", "\r"),
         (":", "."), ("-", "/"), ("\n", "\n\n"), (",", "|"), (" ", "\u202f"), ("-", "–"), ("\n", '"\n'))
    )  # fmt: skip
    return rng.choice((text.replace(old, new), text.replace(old, new, 1), text.upper(), text.lower()))


def json_values(text: str, rng: Random) -> str:
    """Values of a JSON document replaced by others, of other types too; records doubled; depth; doubled names."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return characters(text, rng)
    for _ in range(rng.choice((1, 1, 2, 6))):
        document = _swapped(document, rng)
    written = json.dumps(document, ensure_ascii=rng.random() < 0.5)
    deep = rng.choice((None,) * 8 + (500, 20_000, 200_000))
    if deep:
        at = rng.choice([found.end() for found in re.finditer(r": ?|\[", written)] or [0])
        opening, closing = rng.choice((("[", "]"), ('{"a":', "}")))
        written = written[:at] + opening * deep + "1" + closing * deep + written[at:]
    return written


def _swapped(node: Any, rng: Random) -> Any:
    if isinstance(node, list) and node and rng.random() < 0.9:
        at = rng.randrange(len(node))
        if rng.random() < 0.1:
            return node + [node[at]] * rng.choice((1, 50))
        return [_swapped(value, rng) if place == at else value for place, value in enumerate(node)]
    if isinstance(node, dict) and node and rng.random() < 0.9:
        key = rng.choice(list(node))
        if rng.random() < 0.1:
            return {name: value for name, value in node.items() if name != key}
        if rng.random() < 0.05:
            return {f"{name}x" if name == key else name: value for name, value in node.items()}
        return {name: _swapped(value, rng) if name == key else value for name, value in node.items()}
    return rng.choice((*_JSON, rng.choice(_NUMBERS), rng.choice(_DATES), rng.choice(_CELLS)))


def xml(text: str, rng: Random) -> str:
    """Entities, document types, deep nesting, unclosed, repeated and foreign elements, odd attributes."""
    tags = list(_TAG.finditer(text))
    if not tags:
        return characters(text, rng)
    tag = rng.choice(tags)
    what = rng.choice(("doctype", "entity", "nest", "unclose", "repeat", "value", "value", "text", "text", "namespace"))
    if what in ("doctype", "entity"):
        first = tags[0].start()
        use = tag.end() if what == "entity" else first
        name = re.match(r"<([\w:.-]+)", tags[0][0])
        kind = rng.choice(_DOCTYPES).replace("DOCTYPE x", f"DOCTYPE {name[1] if name else 'x'}")
        return text[:first] + kind + text[first:use] + "&e9;" * (what == "entity") + text[use:]
    if what in ("value", "text"):
        odd = rng.choice((*_NUMBERS, *_DATES, *_CELLS, "<![CDATA[x]]>", "<!-- -->", "<?pi?>"))
        pattern = re.compile(r'(?<=")[^"]*(?=")') if what == "value" else re.compile(r"(?<=>)[^<>\s]+(?=</)")
        return _replace_some(pattern, [odd], text, rng)
    return _elements(what, text, tag, rng)


def _elements(what: str, text: str, tag: re.Match[str], rng: Random) -> str:
    if what == "nest":
        deep = rng.choice((3, 300, 5000, 50_000))
        name = rng.choice(("a", "trk", "trkseg", "Lap", "Activity", "Workout", "Track", "Extensions"))
        return text[: tag.end()] + f"<{name}>" * deep + rng.choice(("", f"</{name}>" * deep)) + text[tag.end() :]
    if what == "unclose":
        return text[: tag.start()] + text[tag.end() :]
    if what == "repeat":
        end = min(len(text), tag.end() + rng.choice((0, 100, 1000)))
        return text[:end] + text[tag.start() : end] * rng.choice((1, 20, 300)) + text[end:]
    return text.replace('xmlns="', rng.choice(('xmlns="http://example.org/', 'xmlns:q="', 'x="')), 1)


def encoded(text: str, rng: Random) -> bytes:
    """The text as bytes, now and then in an encoding of its own."""
    name = "utf-8" if rng.random() < 0.85 else rng.choice(_ENCODINGS)
    return text.encode(name, rng.choice(("replace", "xmlcharrefreplace")) if name != "utf-8" else "surrogatepass")


TEXT: Sequence[Change] = (numbers, numbers, dates, dates, cells, cells, columns, lines, characters, digits, marks)
OF_KIND: dict[str, Sequence[Change]] = {
    "table": TEXT,
    "json": (json_values, json_values, json_values, numbers, dates, characters, digits, lines),
    "xml": (xml, xml, xml, xml, numbers, dates, characters, digits, lines),
}
