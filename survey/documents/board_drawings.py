"""The charts of the official's boards: figures in, SVG with spoken titles in the reader's language out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from markupsafe import Markup

from survey.documents.charts import Interval, TargetLine, caterpillar
from survey.documents.charts_of_parts import Step, steps
from survey.documents.charts_of_places import (
    FunnelLimit,
    FunnelPoint,
    MapShape,
    choropleth,
    funnel,
    rank_bar,
    shade_of,
)
from survey.documents.charts_of_time import Course, Mark, Point, outlook
from survey.documents.environment import translate
from survey.documents.figures import Figure, Judgement
from survey.documents.formats import day, number, percent, target
from survey.documents.marks import bounds_of
from survey.documents.verdicts import BRIDGE, find_word


class Place(Protocol):
    """A row of a page of places, as far as it is drawn."""

    @property
    def name(self) -> str: ...
    @property
    def figure(self) -> Figure: ...
    @property
    def adjusted(self) -> float: ...
    @property
    def difference(self) -> float: ...
    @property
    def difference_low(self) -> float: ...
    @property
    def difference_high(self) -> float: ...
    @property
    def best(self) -> int: ...
    @property
    def worst(self) -> int: ...
    @property
    def apart(self) -> str: ...


class Curve(Protocol):
    """The funnel at one size."""

    @property
    def size(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def outer_low(self) -> float: ...
    @property
    def outer_high(self) -> float: ...


class Area(Protocol):
    """An area of a map."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def rate(self) -> float | None: ...


class Period(Protocol):
    """A wave of a trend."""

    @property
    def name(self) -> str: ...
    @property
    def begins(self) -> date: ...
    @property
    def ends(self) -> date: ...
    @property
    def figure(self) -> Figure: ...
    @property
    def breaks(self) -> str | None: ...


class Ahead(Protocol):
    """A forecast."""

    @property
    def due(self) -> date: ...
    @property
    def rate(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def draw_places(
    rows: Sequence[Place], whole: Figure, language: str
) -> tuple[Markup, tuple[Markup, ...], tuple[Markup, ...]]:
    """The axis, each place's adjusted rate against the whole, and each place's possible ranks."""
    intervals = [
        Interval(
            row.adjusted,
            row.adjusted + row.difference_low - row.difference,
            row.adjusted + row.difference_high - row.difference,
            _said(row.name, row.adjusted, language),
        )
        for row in rows
    ]
    lines = [TargetLine(whole.rate, "whole")] if whole.rate is not None else []
    drawn = caterpillar(intervals, [lines] * len(rows), language)
    ranks = tuple(
        rank_bar(row.best, row.worst, len(rows), f"{number(row.best, language)} – {number(row.worst, language)}")
        for row in rows
    )
    return drawn.axis, drawn.bars, ranks


def draw_funnel(
    rows: Sequence[Place], curves: Sequence[Curve], centre: float | None, sector: str, language: str
) -> Markup:
    """Places by their size, in the funnel that chance alone would fill."""
    if centre is None or not curves:
        return Markup()
    points = [
        FunnelPoint(
            each.figure.n_effective or 1,
            each.figure.rate or 0,
            _said(each.name, each.figure.rate, language),
            bool(each.apart),
        )
        for each in rows
    ]
    limits = [FunnelLimit(each.size, each.low, each.high, each.outer_low, each.outer_high) for each in curves]
    apart = [each.name for each in rows if each.apart]
    description = translate(
        language,
        "%(count)s nơi; %(apart)s nơi khác hẳn tỷ lệ chung %(rate)s.",
        count=number(len(rows), language),
        apart=number(len(apart), language),
        rate=percent(centre, language),
    )
    title = translate(language, "%(name)s: tỷ lệ hài lòng theo cỡ mẫu của từng nơi", name=sector)
    return funnel(points, limits, centre, language, title, description)


def draw_map(shapes: Sequence[Area], box: str, sector: str, language: str) -> Markup:
    """Areas in five shades over the range that is shown."""
    shown = [each.rate for each in shapes if each.rate is not None]
    if not shown:
        return Markup()
    bounds = bounds_of(shown)
    areas = [
        MapShape(
            each.path,
            None if each.rate is None else shade_of(each.rate, bounds),
            _said(each.name, each.rate, language),
        )
        for each in shapes
    ]
    title = translate(language, "%(name)s: tỷ lệ hài lòng theo địa bàn", name=sector)
    description = translate(
        language,
        "Từ %(low)s (nhạt) đến %(high)s (đậm); gạch chéo là không công bố. Bảng bên dưới có cùng số liệu.",
        low=percent(min(shown), language),
        high=percent(max(shown), language),
    )
    return choropleth(areas, box, title, description)


def draw_outlook(
    rows: Sequence[Period],
    targets: Sequence[Judgement],
    forecast: Ahead | None,
    sector: str,
    language: str,
) -> Markup:
    """Waves, targets and, where the series is long enough, the band of the forecast."""
    points = [
        Point(
            row.begins + (row.ends - row.begins) / 2,
            row.figure.rate,
            row.figure.low,
            row.figure.high,
            _said(row.name, row.figure.rate, language),
        )
        for row in rows
        if row.figure.rate is not None
    ]
    if not points:
        return Markup()
    levels = [Mark(each.due, target(each.target, language), each.target) for each in targets if each.kind == "due"]
    breaks = [Mark(row.begins, day(row.begins, language)) for row in rows if row.breaks]
    last = points[-1]
    course = Course(last.on, last.rate, forecast.due, forecast.rate, forecast.low, forecast.high) if forecast else None
    title = translate(language, "%(name)s: tỷ lệ hài lòng qua các đợt", name=sector)
    description = translate(
        language,
        "%(count)s đợt; gần nhất %(rate)s, khoảng tin cậy từ %(low)s đến %(high)s.",
        count=number(len(points), language),
        rate=percent(last.rate, language),
        low=percent(last.low, language),
        high=percent(last.high, language),
    )
    return outlook(points, levels, breaks, course, language, title, description)


def draw_bridge(all_steps: Sequence[tuple[str, float | None, bool]], language: str) -> Markup:
    """The steps from the published figure to ours."""
    drawn = [Step(translate(language, find_word(BRIDGE, code)), value, whole) for code, value, whole in all_steps]
    title = translate(language, "Từ số đã công bố đến số của hệ thống này")
    said = "; ".join(f"{each.label}: {'?' if each.value is None else percent(each.value, language)}" for each in drawn)
    return steps(drawn, language, title, said)


def _said(name: str, rate: float | None, language: str) -> str:
    if rate is None:
        return translate(language, "%(name)s: không công bố", name=name)
    return f"{name}: {percent(rate, language)}"
