"""The charts of a report: an interval for each row, with names and an axis, in ink that also reads in grey.

The same point, whisker and target line as on the pages; style stands in the marks, since a document has no style sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from survey.documents.formats import target
from survey.documents.marks import Scale, bounds_of

WIDTH, NAMES, EDGE, ROW, HEAD = 640, 250, 18, 24, 30
INK, SOFT, LINE = "#1b2430", "#6b7480", "#c9ced6"
FAMILY = "Libertinus Serif, Noto Sans Khmer"
LONGEST_NAME = 44


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: its name, rate and interval, and the target that it is held against."""

    name: str
    rate: float | None
    low: float | None = None
    high: float | None = None
    target: float | None = None


def draw_bars(bars: Sequence[Bar], language: str) -> tuple[str, int]:
    """The chart, and its height in its own units."""
    values = [value for bar in bars for value in (bar.rate, bar.low, bar.high, bar.target)]
    bounds = bounds_of(values)
    scale = Scale(*bounds, NAMES, WIDTH - EDGE)
    height = HEAD + ROW * len(bars) + 8
    marks = _axis(bounds, scale, height, language)
    for order, bar in enumerate(bars):
        marks += _row(bar, scale, HEAD + ROW * order + ROW / 2)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="{FAMILY}" font-size="13">{"".join(marks)}</svg>',
        height,
    )


def _axis(bounds: tuple[float, float], scale: Scale, height: float, language: str) -> list[str]:
    low, high = round(bounds[0] * 100), round(bounds[1] * 100)
    step = 5 if high - low <= 30 else 10 if high - low <= 60 else 20
    marks = []
    for value in range(-(-low // step) * step, high + 1, step):
        x = scale.place(value / 100)
        marks.append(_line(x, HEAD - 4, x, height - 6, LINE, 0.7))
        marks.append(_text(x, HEAD - 12, target(value / 100, language), "middle", SOFT))
    return marks


def _row(bar: Bar, scale: Scale, y: float) -> list[str]:
    marks = [_text(NAMES - 14, y + 4, _short(bar.name), "end", INK)]
    if bar.target is not None:
        x = scale.place(bar.target)
        marks.append(_line(x, y - ROW / 2 + 2, x, y + ROW / 2 - 2, INK, 2.4))
    if bar.rate is None or bar.low is None or bar.high is None:
        return [*marks, _text(scale.start, y + 4, "–", "start", SOFT)]
    low, high = scale.place(bar.low), scale.place(bar.high)
    marks += [_line(low, y, high, y, INK, 1.4), _line(low, y - 4, low, y + 4, INK, 1.4)]
    marks.append(_line(high, y - 4, high, y + 4, INK, 1.4))
    marks.append(f'<circle cx="{scale.place(bar.rate)}" cy="{y}" r="4" fill="{INK}"/>')
    return marks


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str, width: float) -> str:
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{stroke}" stroke-width="{width}"/>'


def _text(x: float, y: float, text: str, anchor: str, fill: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{fill}">{escape(text)}</text>'


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"
