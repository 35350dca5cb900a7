"""Charts of what makes up a figure: importance against performance, and the steps from one figure to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from survey.documents.formats import percent, points, target
from survey.documents.marks import Scale, bounds_of, line, round_steps, svg, text

WIDTH, HEIGHT = 720, 340
LEFT, RIGHT, TOP, BOTTOM = 60, 700, 16, 292
STEP_HEIGHT = 34


@dataclass(frozen=True, slots=True)
class Quadrant:
    """One part of the service: how much it moves the whole (a share, with limits), how satisfied people are with it."""

    code: str
    name: str
    importance: float
    low: float
    high: float
    performance: float


@dataclass(frozen=True, slots=True)
class Step:
    """A figure (`whole`), a change on the way to the next, or one that nobody knows (`value` None)."""

    label: str
    value: float | None
    whole: bool = False


def quadrants(parts: Sequence[Quadrant], language: str, title: str, description: str) -> Markup:
    """Importance upwards with its limits, satisfaction to the right; the lines stand at the means of both."""
    across = bounds_of([each.performance for each in parts])
    top = max(0.1, round(max(each.high for each in parts) + 0.05, 1))
    x, y = Scale(*across, LEFT + 20, RIGHT - 20), Scale(0, top, BOTTOM, TOP)
    middle_x = x.place(sum(each.performance for each in parts) / len(parts))
    middle_y = y.place(sum(each.importance for each in parts) / len(parts))
    marks = [line("grid", middle_x, TOP, middle_x, BOTTOM), line("grid", LEFT, middle_y, RIGHT, middle_y)]
    marks += [line("axis", LEFT, BOTTOM, RIGHT, BOTTOM), line("axis", LEFT, TOP, LEFT, BOTTOM)]
    for value in round_steps(across):
        marks.append(text("tick", x.place(value), BOTTOM + 20, target(value, language), "middle"))
    for value in round_steps((0, top)):
        marks.append(text("tick", LEFT - 8, y.place(value) + 4, target(value, language), "end"))
    for each in parts:
        place, height = x.place(each.performance), y.place(each.importance)
        marks.append(line("interval", place, y.place(each.low), place, y.place(each.high)))
        dot = Markup('<circle class="point" cx="{:g}" cy="{:g}" r="5"><title>{}</title></circle>')
        marks.append(dot.format(place, height, each.name))
        end = place > (LEFT + RIGHT) / 2
        marks.append(text("name", place + (-9 if end else 9), height + 4, each.code, "end" if end else "start"))
    return svg("quadrants", WIDTH, HEIGHT - 20, title, description, marks)


def steps(all_steps: Sequence[Step], language: str, title: str, description: str) -> Markup:
    """A bridge from the first figure to the last: each step hangs where the one before ended."""
    reached, low, high = _walk(all_steps)
    scale = Scale(*bounds_of([*low, *high]), 300, RIGHT - 60)
    marks = []
    for order, each in enumerate(all_steps):
        y = order * STEP_HEIGHT + 6
        marks.append(text("tick", 290, y + 15, each.label, "end"))
        if each.value is None:
            marks.append(_box("step unknown", scale.place(reached[order]) - 12, y, 24))
            marks.append(text("name", scale.place(reached[order]) + 20, y + 15, "?", "start"))
            continue
        start, end = scale.place(low[order]), scale.place(high[order])
        if each.whole:  # a dot: a bar that does not begin at nought would lie about its length
            marks.append(Markup('<circle class="point" cx="{:g}" cy="{:g}" r="7"/>').format(end, y + 10))
        else:
            marks.append(_box("step", start, y, max(end - start, 2)))
        said = percent(each.value, language) if each.whole else points(each.value, language, signed=True)
        marks.append(text("name", end + 12, y + 15, said, "start"))
    return svg("steps", WIDTH, len(all_steps) * STEP_HEIGHT + 6, title, description, marks)


def _walk(all_steps: Sequence[Step]) -> tuple[list[float], list[float], list[float]]:
    """Where each step ends, and its lower and upper end."""
    at, reached, low, high = 0.0, [], [], []
    for each in all_steps:
        before = at
        at = at if each.value is None else each.value if each.whole else at + each.value
        reached.append(at)
        low.append(at if each.whole else min(before, at))
        high.append(at if each.whole else max(before, at))
    return reached, low, high


def _box(kind: str, x: float, y: float, width: float) -> Markup:
    return Markup('<rect class="{}" x="{:g}" y="{:g}" width="{:g}" height="20"/>').format(kind, x, y, width)
