"""A figure through time up to its due date: points with intervals, targets, breaks, the band of the forecast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from survey.documents.formats import target
from survey.documents.marks import Scale, bounds_of, line, round_steps, svg, text, vertical

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 640, 24, 264


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement at its middle day. `ours` is False for a figure that others published."""

    on: date
    rate: float
    low: float | None
    high: float | None
    title: str
    ours: bool = True


@dataclass(frozen=True, slots=True)
class Course:
    """Where the trend leads: from the last point to a day, with the limits there."""

    begins: date
    rate: float
    ends: date
    forecast: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A dated word: a target's level from a day on (`rate`), or a break."""

    on: date
    label: str
    rate: float | None = None


def outlook(
    points: Sequence[Point],
    targets: Sequence[Mark],
    breaks: Sequence[Mark],
    course: Course | None,
    language: str,
    title: str,
    description: str,
) -> Markup:
    """Measured points with intervals on an axis of years that ends with the last target."""
    first = date(min(each.on for each in points).year, 1, 1)
    known = [*(each.on for each in points), *(each.on for each in targets)]
    last = max([*known, *([course.ends] if course else [])])
    days = Scale(0, max((last - first).days, 1), LEFT + 8, RIGHT)
    ends = [end for each in points for end in (each.low, each.high, each.rate)]
    forecast = [course.low, course.high] if course else []
    bounds = bounds_of([*ends, *(each.rate for each in targets), *forecast])
    rates = Scale(*bounds, BOTTOM, TOP)

    def across(day: date) -> float:
        return days.place((day - first).days)

    marks = [*_grid(bounds, rates, language), *_years(first, last, days)]
    marks += _band(course, across, rates) if course else []
    for level in targets:
        height = rates.place(level.rate or 0)
        marks.append(line("target due", LEFT, height, across(level.on), height))
        marks.append(Markup('<circle class="goal" cx="{:g}" cy="{:g}" r="3.5"/>').format(across(level.on), height))
        marks.append(text("name", across(level.on) + 8, height + 4, level.label, "start"))
    for each in breaks:
        marks.append(vertical("break", across(each.on), TOP, BOTTOM))
        marks.append(text("break", across(each.on) + 4, TOP - 8, each.label, "middle"))
    marks += [mark for each in points for mark in _point(each, across(each.on), rates)]
    return svg("outlook", WIDTH, HEIGHT, title, description, marks)


def _band(course: Course, across: Callable[[date], float], rates: Scale) -> list[Markup]:
    start, end = across(course.begins), across(course.ends)
    now = rates.place(course.rate)
    low, high, middle = (rates.place(each) for each in (course.low, course.high, course.forecast))
    return [
        Markup('<path class="band" d="M{:g} {:g}L{:g} {:g}V{:g}z"/>').format(start, now, end, high, low),
        Markup('<path class="course" d="M{:g} {:g}L{:g} {:g}"/>').format(start, now, end, middle),
    ]


def _point(point: Point, x: float, rates: Scale) -> list[Markup]:
    y = rates.place(point.rate)
    marks = []
    if point.low is not None and point.high is not None:
        marks.append(
            vertical("interval" if point.ours else "limit", x, rates.place(point.low), rates.place(point.high))
        )
    if point.ours:
        shape = Markup('<circle class="point" cx="{:g}" cy="{:g}" r="5"><title>{}</title></circle>')
        return [*marks, shape.format(x, y, point.title)]
    shape = Markup('<path class="published" d="M{:g} {:g}l5 5-5 5-5-5z"><title>{}</title></path>')
    return [*marks, shape.format(x, y - 5, point.title)]


def _grid(bounds: tuple[float, float], rates: Scale, language: str) -> list[Markup]:
    marks = []
    for value in round_steps(bounds):
        marks.append(line("grid", LEFT, rates.place(value), RIGHT, rates.place(value)))
        marks.append(text("tick", LEFT - 8, rates.place(value) + 4, target(value, language), "end"))
    return marks


def _years(first: date, last: date, days: Scale) -> list[Markup]:
    marks = []
    for year in range(first.year, last.year + 1):
        x = days.place((date(year, 1, 1) - first).days)
        marks.append(vertical("tick", x, BOTTOM, BOTTOM + 5))
        marks.append(text("tick", x, BOTTOM + 20, str(year), "middle"))
    return marks
