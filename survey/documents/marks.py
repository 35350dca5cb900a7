"""Marks of which every chart is made: scales, lines, words and the frame around them, as inline SVG.

Marks carry classes and attributes, never style attributes, as a strict content policy demands. `standalone` gives a
chart the colours of paper for documents that have no style sheet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor

from markupsafe import Markup, escape

STEP = 0.05
PAPER = (
    "text{font:11px 'Noto Sans','Noto Sans Khmer',sans-serif;fill:#555c62}line{stroke:#868e93;stroke-width:1}"
    ".track,.grid{stroke:#d9dddb}.target{stroke:#1a1d1f;stroke-width:1.5}.target.whole{stroke:#868e93}"
    ".target.due{stroke-dasharray:3 3}.interval{stroke:#0b5a52;stroke-width:2.5}.cap{stroke:#0b5a52;stroke-width:2}"
    ".point{fill:#0b5a52;stroke:#fff;stroke-width:1.5}.other{fill:#fff;stroke:#1d57a8;stroke-width:1.5}"
    ".published{fill:#fff;stroke:#1d57a8;stroke-width:1.5}.unexplained{fill:none;stroke:#ad1f1f;stroke-width:2}"
    ".band{fill:#0b5a52;fill-opacity:.13;stroke:none}"
    ".course{fill:none;stroke:#0b5a52;stroke-width:1.5;stroke-dasharray:5 4}"
    "line.break{stroke:#7a5300;stroke-width:1.5;stroke-dasharray:2 3}text.break{fill:#7a5300}"
    ".limit{fill:none;stroke:#868e93;stroke-width:1}.limit.outer{stroke-dasharray:4 3}.apart{fill:#ad1f1f}"
    ".step{fill:#868e93}.step.whole{fill:#0b5a52}.step.unknown{fill:#fff;stroke:#868e93;stroke-dasharray:3 3}"
    ".place{fill:#fff;stroke:#555c62;stroke-width:.6}.q1{fill:#f1ead8}.q2{fill:#cfdcc9}.q3{fill:#93bfae}.q4{fill:#4f9484}"
    ".q5{fill:#0b5a52}.name{fill:#1a1d1f;font-weight:600}"
)


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight map from values to user units, clamped to its ends."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Where a value stands, to a tenth of a unit."""
        inside = min(max(value, self.low), self.high)
        return round(self.start + (inside - self.low) / (self.high - self.low) * (self.end - self.start), 1)


def bounds_of(values: Iterable[float | None]) -> tuple[float, float]:
    """The least range of whole five-point steps that holds all values with some air, within 0..1."""
    known = [value for value in values if value is not None] or [0.5, 1.0]
    lowest = max(0, floor((min(known) - STEP / 5) / STEP))
    highest = min(round(1 / STEP), ceil((max(known) + STEP / 5) / STEP))
    return round(lowest * STEP, 2), round(max(highest, lowest + 2) * STEP, 2)


def round_steps(bounds: tuple[float, float]) -> list[float]:
    """Round shares within the bounds, at most eleven: every 5, 10 or 20 points."""
    span = bounds[1] - bounds[0]
    width = 5 if span <= 0.41 else 10 if span <= 0.61 else 20
    first, last = ceil(round(bounds[0] * 100 / width, 6)), floor(round(bounds[1] * 100 / width, 6))
    return [order * width / 100 for order in range(first, last + 1)]


def standalone(chart: Markup) -> str:
    """The chart as a file of its own, for documents that are printed: in the colours of paper."""
    head, _, rest = str(chart).partition(">")
    return f'{head} xmlns="http://www.w3.org/2000/svg"><style>{PAPER}</style>{rest}'


def svg(kind: str, width: int, height: int, title: str, description: str, marks: Iterable[Markup]) -> Markup:
    described = Markup("<desc>{}</desc>").format(description) if description else Markup()
    return Markup('<svg class="chart {}" role="img" viewBox="0 0 {} {}"><title>{}</title>{}{}</svg>').format(
        kind, width, height, title, described, Markup("").join(marks)
    )


def line(kind: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    return Markup('<line class="{}" x1="{:g}" y1="{:g}" x2="{:g}" y2="{:g}"/>').format(escape(kind), x1, y1, x2, y2)


def vertical(kind: str, x: float, y1: float, y2: float) -> Markup:
    return line(kind, x, y1, x, y2)


def text(kind: str, x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup('<text class="{}" x="{:g}" y="{:g}" text-anchor="{}">{}</text>').format(kind, x, y, anchor, text)
