"""The charts of the staff's pages: figures in, SVG with spoken titles in the reader's language out."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from survey.documents.charts import Caterpillar, Interval, TargetLine, TrendPoint, caterpillar, trend
from survey.documents.environment import translate
from survey.documents.figures import AgencyRow, Figure, Judgement, PeriodRow, SectorRow
from survey.documents.formats import month, number, percent


def draw_sectors(rows: Sequence[SectorRow], language: str) -> Caterpillar:
    """One bar for each sector, crossed by its own targets, on one scale."""
    intervals = [_interval(row.name, row.figure, language, carries=_carries(row)) for row in rows]
    return caterpillar(intervals, [_target_lines(row.judgements) for row in rows], language)


def draw_agencies(sector: SectorRow, agencies: Sequence[AgencyRow], language: str) -> Caterpillar:
    """The sector's own bar first, against its targets; then one for each agency, against the sector's rate, because
    targets are not set for agencies."""
    intervals = [_interval(sector.name, sector.figure, language)]
    intervals += [_interval(agency.name, agency.figure, language) for agency in agencies]
    whole = [] if sector.figure.rate is None else [TargetLine(sector.figure.rate, "whole")]
    return caterpillar(intervals, [_target_lines(sector.judgements), *[whole] * len(agencies)], language)


def draw_series(name: str, periods: Sequence[PeriodRow], targets: Sequence[float], language: str) -> Markup:
    """The series through time. Its description tells length, range and how many periods match no definition."""
    points = [
        TrendPoint(row.begins, row.rate, row.low, row.high, row.published, bool(row.matches), row.breaks)
        for row in periods
    ]
    title = translate(language, "%(name)s: tỷ lệ hài lòng từng tháng", name=name)
    return trend(points, targets, language, title, _describe(periods, language))


def _describe(periods: Sequence[PeriodRow], language: str) -> str:
    if not periods:
        return ""
    unexplained = sum(1 for row in periods if row.published is not None and not row.matches)
    return translate(
        language,
        "%(count)s tháng, từ %(first)s đến %(last)s; thấp nhất %(lowest)s, cao nhất %(highest)s; "
        "%(unexplained)s tháng có số công bố không khớp cách tính nào.",
        count=number(len(periods), language),
        first=month(periods[0].begins, language),
        last=month(periods[-1].begins, language),
        lowest=percent(min(row.rate for row in periods), language),
        highest=percent(max(row.rate for row in periods), language),
        unexplained=number(unexplained, language),
    )


def _carries(row: SectorRow) -> bool:
    """Whether the row's sample carries a verdict; others may be cut by the scale, lest they flatten the whole chart."""
    return all(judgement.verdict != "too_few" for judgement in row.judgements)


def _interval(name: str, figure: Figure, language: str, *, carries: bool = True) -> Interval:
    if figure.rate is None or figure.suppressed:
        return Interval(None, None, None, name)
    title = translate(
        language,
        "%(name)s: %(rate)s, khoảng tin cậy từ %(low)s đến %(high)s",
        name=name,
        rate=percent(figure.rate, language),
        low=percent(figure.low, language),
        high=percent(figure.high, language),
    )
    return Interval(figure.rate, figure.low, figure.high, title, sets_scale=carries)


def _target_lines(judgements: Sequence[Judgement]) -> list[TargetLine]:
    lines = {(judgement.target, judgement.kind) for judgement in judgements}
    in_force = {value for value, kind in lines if kind == "in_force"}
    return [TargetLine(*line) for line in sorted(lines) if line[1] != "milestone" or line[0] not in in_force]
