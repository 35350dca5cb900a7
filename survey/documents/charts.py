"""Charts as inline SVG: marks carry classes, never style attributes, as a strict content policy demands.

A chart never says more than the table beside it; its title and description are for those who cannot see it. Rates are
shares in 0..1, places are SVG user units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from survey.documents.formats import month, target
from survey.documents.marks import Scale, bounds_of, line, round_steps, svg, text, vertical

BAR_WIDTH, BAR_HEIGHT, BAR_EDGE = 240, 32, 8
TREND_WIDTH, TREND_HEIGHT = 720, 280
TREND_LEFT, TREND_RIGHT, TREND_TOP, TREND_BOTTOM = 52, 704, 16, 248


@dataclass(frozen=True, slots=True)
class Interval:
    """One row of a caterpillar; `rate` None leaves the row's bar empty; `title` and `description` are plain text. Where
    `sets_scale` is False the scale may cut the interval, and an arrow shows that it goes on."""

    rate: float | None
    low: float | None
    high: float | None
    title: str
    description: str = ""
    sets_scale: bool = True


@dataclass(frozen=True, slots=True)
class TargetLine:
    """A line to hold figures against; `kind` becomes its class: in_force, milestone or due."""

    value: float
    kind: str = "in_force"


@dataclass(frozen=True, slots=True)
class Caterpillar:
    """Bars on one common scale, to stand in the rows of a table, and the axis for its head."""

    axis: Markup
    bars: tuple[Markup, ...]


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One period: its first day, rate and interval, the publisher's figure, and whether a known definition gives it."""

    begins: date
    rate: float
    low: float
    high: float
    published: float | None = None
    explained: bool = True
    breaks: bool = False


def interval_bar(interval: Interval, targets: Sequence[TargetLine], bounds: tuple[float, float]) -> Markup:
    """A point and its interval on a thin track, crossed by the target lines."""
    scale = Scale(*bounds, BAR_EDGE, BAR_WIDTH - BAR_EDGE)
    middle = BAR_HEIGHT / 2
    marks = [line("track", BAR_EDGE, middle, BAR_WIDTH - BAR_EDGE, middle)]
    marks += [vertical(f"target {line.kind}", scale.place(line.value), 2, BAR_HEIGHT - 2) for line in targets]
    if interval.rate is not None:
        marks += _whisker(interval, scale, middle)
    return svg("bar", BAR_WIDTH, BAR_HEIGHT, interval.title, interval.description, marks)


def caterpillar(intervals: Sequence[Interval], targets: Sequence[Sequence[TargetLine]], language: str) -> Caterpillar:
    """One bar per interval, each with its own targets, all on one scale that holds every mark."""
    setting = [interval for interval in intervals if interval.sets_scale] or intervals
    ends = [end for interval in setting for end in (interval.low, interval.high)] + [each.rate for each in intervals]
    bounds = bounds_of([*ends, *(line.value for lines in targets for line in lines)])
    bars = tuple(interval_bar(*pair, bounds) for pair in zip(intervals, targets, strict=True))
    return Caterpillar(_axis(bounds, language), bars)


def trend(
    points: Sequence[TrendPoint], targets: Sequence[float], language: str, title: str, description: str
) -> Markup:
    """Rates with their intervals through time, the publisher's figures as diamonds (crosses where no definition gives
    them), targets as lines and breaks as dated verticals. Periods are evenly spaced; an empty series draws no marks."""
    published = [point.published for point in points]
    bounds = bounds_of([*(point.low for point in points), *(point.high for point in points), *published, *targets])
    rates = Scale(*bounds, TREND_BOTTOM, TREND_TOP)
    periods = Scale(0, max(len(points) - 1, 1), TREND_LEFT + 10, TREND_RIGHT - 10)
    marks = [*_grid(bounds, rates, language), *_target_lines(targets, rates)]
    for order, point in enumerate(points):
        marks += _period(point, periods.place(order), rates, language)
    marks += _years(points, periods, language)
    return svg("trend", TREND_WIDTH, TREND_HEIGHT, title, description, marks)


def _whisker(interval: Interval, scale: Scale, middle: float) -> list[Markup]:
    low, high = interval.low or 0.0, 1.0 if interval.high is None else interval.high
    start, end = scale.place(low), scale.place(high)
    return [
        line("interval", start, middle, end, middle),
        _arrow(start, middle, -1) if low < scale.low else vertical("cap", start, middle - 4, middle + 4),
        _arrow(end, middle, 1) if high > scale.high else vertical("cap", end, middle - 4, middle + 4),
        Markup('<circle class="point" cx="{}" cy="{}" r="4.5"/>').format(scale.place(interval.rate or 0.0), middle),
    ]


def _arrow(x: float, y: float, way: int) -> Markup:
    return Markup('<path class="point" d="M{:g} {:g}l{:g} -5v10z"/>').format(x + 6 * way, y, -8 * way)


def _axis(bounds: tuple[float, float], language: str) -> Markup:
    scale = Scale(*bounds, BAR_EDGE, BAR_WIDTH - BAR_EDGE)
    steps = round_steps(bounds)
    marks = [vertical("tick", scale.place(value), 16, 20) for value in steps]
    named = steps[:: 2 if len(steps) > 5 else 1]
    marks += [text("tick", scale.place(value), 12, target(value, language), "middle") for value in named]
    return Markup('<svg class="axis" viewBox="0 0 {} 20" aria-hidden="true">{}</svg>').format(
        BAR_WIDTH, Markup("").join(marks)
    )


def _grid(bounds: tuple[float, float], rates: Scale, language: str) -> list[Markup]:
    marks = []
    for value in round_steps(bounds):
        height = rates.place(value)
        marks.append(line("grid", TREND_LEFT, height, TREND_RIGHT, height))
        marks.append(text("tick", TREND_LEFT - 8, height + 4, target(value, language), "end"))
    return marks


def _target_lines(targets: Sequence[float], rates: Scale) -> list[Markup]:
    return [line("target", TREND_LEFT, rates.place(value), TREND_RIGHT, rates.place(value)) for value in targets]


def _period(point: TrendPoint, across: float, rates: Scale, language: str) -> list[Markup]:
    marks = []
    if point.breaks:
        marks.append(vertical("break", across - 5, TREND_TOP, TREND_BOTTOM))
        marks.append(text("break", across - 9, TREND_TOP + 8, month(point.begins, language), "end"))
    marks.append(vertical("interval", across, rates.place(point.low), rates.place(point.high)))
    marks.append(Markup('<circle class="point" cx="{}" cy="{}" r="3"/>').format(across, rates.place(point.rate)))
    if point.published is not None:
        marks.append(_published(across, rates.place(point.published), explained=point.explained))
    return marks


def _published(x: float, y: float, *, explained: bool) -> Markup:
    if explained:
        return Markup('<path class="published" d="M{} {}l4 4-4 4-4-4z"/>').format(x, round(y - 4, 1))
    return Markup('<path class="unexplained" d="M{} {}l8 8m0-8l-8 8"/>').format(round(x - 4, 1), round(y - 4, 1))


def _years(points: Sequence[TrendPoint], periods: Scale, language: str) -> list[Markup]:
    marks = []
    for order, point in enumerate(points):
        if order % 3 == 0 if len(points) < 18 else point.begins.month == 1:
            across = periods.place(order)
            marks.append(vertical("tick", across, TREND_BOTTOM, TREND_BOTTOM + 5))
            marks.append(text("tick", across, TREND_BOTTOM + 20, month(point.begins, language), "middle"))
    return marks
