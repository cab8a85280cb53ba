"""Every mutant of a module: its source with one small fault, never in docstrings, annotations or imports.

Faults: a comparison at its boundary and turned round; + for -, * for /, & for |, and for or, and back; a sign or `not`
left out; numbers one more and one less; True for False; other strings; min for max, first for last and the like;
another join; a keyword, an argument of a frame's method, an element of a literal or a whole method call left out; a
condition turned round, a filter of a comprehension left out; None returned.
"""

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

_COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: ("not in", ("in",)),
}
_OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
    ast.MatMult: ("@", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.BitXor: ("^", "&"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}
_PAIRS = (
    ("min", "max"),
    ("minimum", "maximum"),
    ("min_horizontal", "max_horizontal"),
    ("any", "all"),
    ("any_horizontal", "all_horizontal"),
    ("first", "last"),
    ("is_null", "is_not_null"),
    ("eq", "ne"),
)
_NAMES = {a: b for pair in _PAIRS for a, b in (pair, pair[::-1])} | {"sum": "max", "coalesce": "max_horizontal"}
_JOINS = {"left": ("inner",), "inner": ("left",), "nearest": ("backward", "forward"), "forward": ("backward",)}
_TAKE_ANY_NUMBER = {
    *("agg", "all_horizontal", "any_horizontal", "coalesce", "col", "filter", "group_by", "max_horizontal"),
    *("min_horizontal", "over", "select", "sort", "struct", "sum_horizontal", "with_columns"),
}
_NOT_FRAMES = {"catalogue", "dy", "np", "pl"}  # a call on one of these left out would only be an error
_OTHER = "XX"


class Change(NamedTuple):
    """Bytes `start` to `end` of the source become `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Mutant:
    """One fault. `function`, `before` and `after` name it, whatever moves above it; empty at the module's own level."""

    module: str
    function: str
    line: int
    before: str
    after: str
    source: str


def mutants(module: str, source: str) -> list[Mutant]:
    """All of them in the order of the source."""
    code = _Code(source)
    found = dict.fromkeys(_changes(ast.parse(source), "", code))
    ordered = sorted(found, key=lambda at: (at[1].start, at[1].end, at[1].text))
    return [_mutant(module, function, change, code) for function, change in ordered]


class _Code:
    """Source as bytes, since columns of the syntax tree are counted in bytes."""

    def __init__(self, source: str) -> None:
        self.bytes = source.encode()
        self.lines = [0, *(m.end() for m in re.finditer(rb"\n", self.bytes))]

    def start(self, node: ast.expr | ast.keyword) -> int:
        return self.lines[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.keyword) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.lines[node.end_lineno - 1] + node.end_col_offset

    def text(self, start: int, end: int) -> str:
        return self.bytes[start:end].decode()

    def of(self, node: ast.expr | ast.keyword) -> str:
        return self.text(self.start(node), self.end(node))

    def changed(self, change: Change) -> bytes:
        return self.bytes[: change.start] + change.text.encode() + self.bytes[change.end :]


def _mutant(module: str, function: str, change: Change, code: _Code) -> Mutant:
    source = code.changed(change).decode()
    compile(source, module, "exec")
    first = bisect_right(code.lines, change.start) - 1
    begin = code.lines[first]
    last = bisect_right(code.lines, change.end) - 1
    after_end = code.lines[last + 1] if last + 1 < len(code.lines) else len(code.bytes)
    rest = code.text(change.end, after_end)
    return Mutant(
        module=module,
        function=function,
        line=first + 1,
        before=_on_one_line(code.text(begin, after_end)),
        after=_on_one_line(code.text(begin, change.start) + change.text + rest),
        source=source,
    )


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _changes(node: ast.AST, function: str, code: _Code) -> Iterator[tuple[str, Change]]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        function = f"{function}.{node.name}".lstrip(".")
    if isinstance(node, ast.expr | ast.keyword):
        yield from ((function, change) for change in _of_expression(node, code))
    elif isinstance(node, ast.comprehension):
        yield from ((function, Change(code.start(one), code.end(one), "True")) for one in node.ifs)
    elif isinstance(node, ast.If | ast.While):
        yield function, _negated(node.test, code)
    elif isinstance(node, ast.Return) and node.value is not None and not _is_constant(node.value, None):
        yield function, Change(code.start(node.value), code.end(node.value), "None")
    for child in _judged(node):
        yield from _changes(child, function, code)


def _judged(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node in which a fault may be."""
    if isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr):
        return  # places inside of an f-string are right only from Python 3.12 on
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "ctx", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            is_text = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            if isinstance(child, ast.AST) and not is_text:
                yield child


def _of_expression(node: ast.expr | ast.keyword, code: _Code) -> Iterator[Change]:
    match node:
        case ast.Compare() | ast.BinOp() | ast.BoolOp() | ast.UnaryOp() | ast.IfExp():
            yield from _operators(node, code)
        case ast.Constant() | ast.JoinedStr():
            others = (repr(_OTHER),) if isinstance(node, ast.JoinedStr) else _others(node.value)
            yield from (Change(code.start(node), code.end(node), text) for text in others)
        case ast.Attribute(attr=name) | ast.Name(id=name) if name in _NAMES:
            yield Change(code.end(node) - len(name), code.end(node), _NAMES[name])
        case ast.Tuple(ctx=ast.Load()) | ast.List(ctx=ast.Load()) | ast.Set():
            yield from _without_elements(node, code)
        case ast.Dict():
            yield from _without_entries(node, code)
        case ast.Call():
            yield from _calls(node, code)
        case ast.keyword(arg="how" | "strategy", value=ast.Constant(value=str(value))):
            for other in _JOINS.get(value, ()):
                yield Change(code.start(node.value), code.end(node.value), repr(other))


def _operators(node: ast.expr, code: _Code) -> Iterator[Change]:
    match node:
        case ast.Compare():
            yield from _comparisons(node, code)
        case ast.BinOp():
            yield _operator(node, (node.left, node.right), _OPERATORS[type(node.op)], code)
        case ast.BoolOp():
            swap = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            yield from (_operator(node, pair, swap, code) for pair in pairwise(node.values))
        case ast.UnaryOp():
            yield Change(code.start(node), code.end(node), code.of(node.operand))
        case ast.IfExp():
            yield _negated(node.test, code)


def _comparisons(node: ast.Compare, code: _Code) -> Iterator[Change]:
    for pair, op in zip(pairwise([node.left, *node.comparators]), node.ops, strict=True):
        old, others = _COMPARISONS[type(op)]
        for new in others:
            yield _operator(node, pair, (old, new), code)


def _operator(node: ast.expr, operands: tuple[ast.expr, ast.expr], swap: tuple[str, str], code: _Code) -> Change:
    """In brackets, since another operator may bind otherwise."""
    begin, end = code.end(operands[0]), code.start(operands[1])
    between = code.text(begin, end).replace(swap[0], swap[1], 1)
    text = code.text(code.start(node), begin) + between + code.text(end, code.end(node))
    return Change(code.start(node), code.end(node), f"({text})")


def _others(value: object) -> Sequence[str]:
    match value:
        case bool():
            return (repr(not value),)
        case int() | float():
            return (repr(value + 1), repr(value - 1))
        case str():
            return (repr(_OTHER + value),)
    return ()


def _negated(test: ast.expr, code: _Code) -> Change:
    return Change(code.start(test), code.end(test), f"(not ({code.of(test)}))")


def _without_elements(node: ast.Tuple | ast.List | ast.Set, code: _Code) -> Iterator[Change]:
    opening, closing = {ast.Tuple: "()", ast.List: "[]", ast.Set: "{}"}[type(node)]
    if len(node.elts) > 1 and not any(isinstance(one, ast.Slice) for one in node.elts):
        for left_out in node.elts:
            kept = ", ".join(code.of(one) for one in node.elts if one is not left_out)
            comma = "," if len(node.elts) == 2 and isinstance(node, ast.Tuple) else ""
            yield Change(code.start(node), code.end(node), f"{opening}{kept}{comma}{closing}")


def _without_entries(node: ast.Dict, code: _Code) -> Iterator[Change]:
    entries = [
        f"**{code.of(value)}" if key is None else f"{code.of(key)}: {code.of(value)}"
        for key, value in zip(node.keys, node.values, strict=True)
    ]
    if len(entries) > 1:
        for place in range(len(entries)):
            kept = ", ".join(entries[:place] + entries[place + 1 :])
            yield Change(code.start(node), code.end(node), f"{{{kept}}}")


def _calls(node: ast.Call, code: _Code) -> Iterator[Change]:
    """Without one keyword, one of several arguments, or the method at all."""
    given = sorted([*node.args, *node.keywords], key=code.start)
    takes_any = isinstance(node.func, ast.Attribute) and node.func.attr in _TAKE_ANY_NUMBER and len(given) > 1
    for place, one in enumerate(given):
        is_named = isinstance(one, ast.keyword) and one.arg is not None
        if is_named or (takes_any and isinstance(one, ast.expr) and not isinstance(one, ast.Starred)):
            yield _left_out(given, place, code)
    if isinstance(node.func, ast.Attribute) and not (
        isinstance(node.func.value, ast.Name) and node.func.value.id in _NOT_FRAMES
    ):
        dot = code.bytes.rindex(b".", code.end(node.func.value), code.end(node.func))
        yield Change(dot, code.end(node), "")


def _left_out(given: Sequence[ast.expr | ast.keyword], place: int, code: _Code) -> Change:
    """With the comma before it, or after the first."""
    if place:
        return Change(code.end(given[place - 1]), code.end(given[place]), "")
    end = code.start(given[1]) if len(given) > 1 else code.end(given[0])
    return Change(code.start(given[0]), end, "")


def _is_constant(node: ast.expr, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value
