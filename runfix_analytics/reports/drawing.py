"""What a drawing is made of: every coordinate is final, templates only place it.

Each shape carries its colours on paper as attributes, so that what reads no style sheet inside a drawing shows it as
well; the page's style sheet names the same classes and wins where it is read (dark screens).
"""

from collections.abc import Iterable
from dataclasses import dataclass

HATCH_STEP = 5.0
TEXT_SIZE = 12.6  # of a drawing printed at its own width: 9.4 pt

PAPER = {
    "ink": "#1c2126", "soft": "#59636e", "line": "#c9d0d6", "paper": "#ffffff", "shade": "#f0f2f5",
    "good": "#1f6f5c", "low": "#8f5a00", "floor": "#a33a2c", "none": "#77818b", "run": "#4a6fa5",
}  # fmt: skip
_FILLED = {
    "good": "good", "low": "low", "floor": "floor", "distance": "run", "empty": "shade", "axis": "soft", "dot": "none",
    "grid": "line", "one": "soft", "onset": "ink", "ache-open": "floor", "ache-ended": "none", "band": "line",
    "line-data": "run", "mark-data": "run", "line-prior": "none", "line-posterior": "ink", "mark-posterior": "ink",
    "onset-hollow": "paper", "mark-prior": "paper", "hatched": "paper", "hatched-ache": "paper", "on-bar": "paper",
}  # fmt: skip
_DRAWN = {
    "hatch": ("none", 1.2), "hatched": ("line", 0.6), "hatched-ache": ("floor", 1.0), "onset-hollow": ("ink", 1.5),
    "mark-prior": ("none", 1.6), "target": ("soft", 1.0), "whisker": ("ink", 1.4),
}  # fmt: skip
_DASHED = {"target": "3 2"}


@dataclass(frozen=True)
class Shape:
    """Everything of one class in one SVG path; `d` is the path's own language."""

    css: str
    d: str

    @property
    def fill(self) -> str:
        """Its colour on paper; "none" for what is only drawn along."""
        return PAPER[_FILLED[self.css]] if self.css in _FILLED else "none"

    @property
    def stroke(self) -> str:
        """The colour of its outline on paper."""
        return PAPER[_DRAWN[self.css][0]] if self.css in _DRAWN else "none"

    @property
    def stroke_width(self) -> float:
        """How thick the outline is."""
        return _DRAWN[self.css][1] if self.css in _DRAWN else 0

    @property
    def dashes(self) -> str:
        """The lengths of line and gap where the outline is dashed, else empty."""
        return _DASHED.get(self.css, "")


@dataclass(frozen=True)
class Tick:
    """A label at a place; `anchor` is SVG's: start, middle or end. `is_turned`: it reads upwards from there."""

    x: float
    y: float
    label: str
    css: str = ""
    anchor: str = "start"
    is_turned: bool = False

    @property
    def fill(self) -> str:
        """Its colour on paper."""
        return PAPER[_FILLED.get(self.css, "ink")]

    @property
    def turn(self) -> str:
        """How it is turned, in SVG's words; empty where it lies level."""
        return f"rotate(-90 {n(self.x)} {n(self.y)})" if self.is_turned else ""


@dataclass(frozen=True)
class Drawing:
    """A chart: its size, a sentence that says what it shows, shapes from back to front, and labels."""

    width: float
    height: float
    title: str
    shapes: tuple[Shape, ...]
    ticks: tuple[Tick, ...] = ()

    @property
    def text_size(self) -> float:
        """The size of all labels."""
        return TEXT_SIZE


def shapes(boxes: Iterable[tuple[str, float, float, float, float]]) -> tuple[Shape, ...]:
    """Boxes (class, x, y, width, height) as one path a class, in the order in which the classes first come.

    A box of a class that begins with "hatched" gets its diagonals as well, in the class "hatch": a pattern would be
    another document's business, and paper without colour needs it.
    """
    paths: dict[str, list[str]] = {}
    for css, x, y, width, height in boxes:
        paths.setdefault(css, []).append(rectangle(x, y, width, height))
        if css.startswith("hatched"):
            paths.setdefault("hatch", []).append(_diagonals(x, y, width, height))
    return tuple(Shape(css, "".join(parts)) for css, parts in paths.items())


def rectangle(x: float, y: float, width: float, height: float) -> str:
    """A rectangle as a path."""
    return f"M{n(x)} {n(y)}h{n(width)}v{n(height)}h{n(-width)}z"


def circle(x: float, y: float, radius: float) -> str:
    """A circle as a path."""
    return (
        f"M{n(x - radius)} {n(y)}a{radius} {radius} 0 1 0 {n(2 * radius)} 0a{radius} {radius} 0 1 0 {n(-2 * radius)} 0z"
    )


def diamond(x: float, y: float, radius: float) -> str:
    """A square on its tip as a path."""
    r = n(radius)
    return f"M{n(x)} {n(y - radius)}l{r} {r}l-{r} {r}l-{r} -{r}z"


def polygon(corners: Iterable[tuple[float, float]]) -> str:
    """A closed line through the corners as a path."""
    return f"M{'L'.join(f'{n(x)} {n(y)}' for x, y in corners)}z"


def across(left: float, right: float, y: float) -> str:
    """A level line as a path."""
    return f"M{n(left)} {n(y)}H{n(right)}"


def _diagonals(x: float, y: float, width: float, height: float) -> str:
    """Lines across a box, upwards to the right, clipped to it."""
    parts, at = [], HATCH_STEP
    while at < width + height:
        left, right = max(at - height, 0.0), min(at, width)
        parts.append(f"M{n(x + left)} {n(y + at - left)}L{n(x + right)} {n(y + at - right)}")
        at += HATCH_STEP
    return "".join(parts)


def n(value: float) -> str:
    """A coordinate as short as it may be."""
    return f"{value:.1f}".removesuffix(".0")
