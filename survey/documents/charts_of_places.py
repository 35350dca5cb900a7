"""Charts that compare places: a funnel, a map, a bar of possible ranks. Never a bare rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

from markupsafe import Markup

from survey.documents.formats import number, target
from survey.documents.marks import Scale, bounds_of, line, round_steps, svg, text, vertical

WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, TOP, BOTTOM = 52, 704, 16, 276
RANK_WIDTH, RANK_HEIGHT = 120, 20
SHADES = ("q1", "q2", "q3", "q4", "q5")
MAP_WIDTH, MAP_HEIGHT = 480, 420
HATCH = Markup(
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>'
)


@dataclass(frozen=True, slots=True)
class FunnelPoint:
    """One place: its effective size, rate, spoken name, and whether its difference from the whole is shown."""

    size: float
    rate: float
    title: str
    apart: bool = False


@dataclass(frozen=True, slots=True)
class FunnelLimit:
    """Between which rates a place of this effective size lies when it is like the whole, at 95 and at 99.8 %."""

    size: float
    low: float
    high: float
    outer_low: float
    outer_high: float


@dataclass(frozen=True, slots=True)
class MapShape:
    """One area of a map: its outline, its shade (0 to 4, None where nothing is shown), its spoken name."""

    path: str
    shade: int | None
    title: str


def funnel(
    points: Sequence[FunnelPoint],
    limits: Sequence[FunnelLimit],
    centre: float,
    language: str,
    title: str,
    description: str,
) -> Markup:
    """Rates against effective sizes, in the funnel that chance alone would fill (Spiegelhalter 2005)."""
    bounds = bounds_of([*(each.rate for each in points), *(each.low for each in limits[1:]), centre])
    rates = Scale(*bounds, BOTTOM, TOP)
    sizes = Scale(log10(limits[0].size), log10(limits[-1].size), LEFT + 6, RIGHT - 6)
    marks = [line("grid", LEFT, rates.place(each), RIGHT, rates.place(each)) for each in round_steps(bounds)]
    marks += [
        text("tick", LEFT - 8, rates.place(each) + 4, target(each, language), "end") for each in round_steps(bounds)
    ]
    marks += [
        _curve("limit", [(each.size, each.low) for each in limits], sizes, rates),
        _curve("limit", [(each.size, each.high) for each in limits], sizes, rates),
        _curve("limit outer", [(each.size, each.outer_low) for each in limits], sizes, rates),
        _curve("limit outer", [(each.size, each.outer_high) for each in limits], sizes, rates),
        line("target whole", LEFT, rates.place(centre), RIGHT, rates.place(centre)),
    ]
    marks += [_dot(each, sizes.place(log10(each.size)), rates.place(each.rate)) for each in points]
    for size in _round_sizes(limits[0].size, limits[-1].size):
        across = sizes.place(log10(size))
        marks += [vertical("tick", across, BOTTOM, BOTTOM + 5)]
        marks += [text("tick", across, BOTTOM + 20, number(size, language), "middle")]
    return svg("funnel", WIDTH, HEIGHT - 12, title, description, marks)


def choropleth(shapes: Sequence[MapShape], box: str, title: str, description: str) -> Markup:
    """Areas in five shades from pale to dark, which also differ in grey; hatched where nothing is shown."""
    marks = []
    for each in shapes:
        shade = "unknown" if each.shade is None else SHADES[each.shade]
        place = Markup('<path class="place {}" d="{}"><title>{}</title></path>').format(shade, each.path, each.title)
        marks.append(place)
    described = Markup("<desc>{}</desc>").format(description)
    return Markup('<svg class="chart choropleth" role="img" viewBox="{}"><title>{}</title>{}{}{}</svg>').format(
        box, title, described, HATCH, Markup("").join(marks)
    )


def shade_of(rate: float, bounds: tuple[float, float]) -> int:
    """Which of the five shades a rate has between the lowest and the highest bound."""
    share = (rate - bounds[0]) / (bounds[1] - bounds[0])
    return min(4, max(0, int(share * 5)))


def rank_bar(best: int, worst: int, count: int, title: str) -> Markup:
    """The ranks that a place may have, the first at the left."""
    scale = Scale(1, max(count, 2), 6, RANK_WIDTH - 6)
    middle = RANK_HEIGHT / 2
    start, end = scale.place(best), scale.place(worst)
    marks = [line("track", 6, middle, RANK_WIDTH - 6, middle)]
    if start == end:
        marks.append(Markup('<circle class="point" cx="{}" cy="{:g}" r="4"/>').format(start, middle))
    else:
        marks += [line("interval", start, middle, end, middle)]
        marks += [vertical("cap", place, middle - 4, middle + 4) for place in (start, end)]
    return svg("rank", RANK_WIDTH, RANK_HEIGHT, title, "", marks)


def _curve(kind: str, points: Sequence[tuple[float, float]], sizes: Scale, rates: Scale) -> Markup:
    places = " ".join(f"{sizes.place(log10(size)):g},{rates.place(rate):g}" for size, rate in points)
    return Markup('<polyline class="{}" points="{}"/>').format(kind, places)


def _dot(point: FunnelPoint, x: float, y: float) -> Markup:
    """A circle; a diamond where the difference is shown, so that no colour tells it alone."""
    if point.apart:
        shape = Markup('<path class="apart" d="M{:g} {:g}l6 6-6 6-6-6z"><title>{}</title></path>')
        return shape.format(x, y - 6, point.title)
    return Markup('<circle class="point" cx="{:g}" cy="{:g}" r="4.5"><title>{}</title></circle>').format(
        x, y, point.title
    )


def _round_sizes(low: float, high: float) -> list[int]:
    known = [step * 10**power for power in range(6) for step in (1, 2, 5)]
    return [each for each in known if low <= each <= high]
