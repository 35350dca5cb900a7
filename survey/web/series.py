"""A series that somebody else counted: month by month, with the definition that reproduces the published figure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

from flask import url_for

from survey.actions.reading import OpenRelease
from survey.actions.telling_figures import agency_name
from survey.documents.pages import IndicatorColumn, Link, PeriodRow, SeriesPage, Tipping
from survey.mandate.indicators import load_indicator
from survey.store.places import Agency
from survey.store.releases import StoredFigure

TARGETS = (0.85, 0.90, 0.95)
ASSUMED_SHARE = 0.1
PLAUSIBLE_CORRELATION = 0.05


def series_page(
    opened: OpenRelease, service: str | None, agencies: Mapping[str, Agency], language: str
) -> SeriesPage | None:
    """The page of one service of an imported wave; the first one by default, None for one that it lacks."""
    services = sorted({figure.place.split("/")[0] for figure in opened.figures})
    chosen = service or (services[-1] if services else None)
    if chosen not in services:
        return None
    figures = [figure for figure in opened.figures if figure.place.startswith(f"{chosen}/") and not figure.suppressed]
    columns = list(figures[0].numbers["values"])
    siblings = tuple(_sibling(opened, code, agencies, language) for code in services if code != chosen)
    return SeriesPage(
        name=agency_name(agencies, str(chosen), language),
        source=opened.wave.source or "",
        licence="MIT",
        collected=opened.wave.collected,
        indicators=tuple(_column(key, language) for key in columns),
        periods=_periods(figures, columns),
        n_total=sum(figure.numbers["n"] for figure in figures),
        confidence_level=float(opened.rule.confidence_level),
        targets=TARGETS,
        tipping=tuple(_tipping(figures, target) for target in TARGETS),
        siblings=siblings,
        official=opened.wave.is_official,
    )


def _sibling(opened: OpenRelease, service: str, agencies: Mapping[str, Agency], language: str) -> Link:
    url = url_for("official.show_series", wave=opened.wave.code, service=service)
    return Link(agency_name(agencies, service, language), url)


def _column(key: str, language: str) -> IndicatorColumn:
    indicator = load_indicator(key)
    return IndicatorColumn(key, indicator.name.in_language(language), key)


def _periods(figures: list[StoredFigure], columns: list[str]) -> tuple[PeriodRow, ...]:
    """Rows by month; a break is marked where the definition that fits changes to one that did not fit before."""
    rows: list[PeriodRow] = []
    current: set[str] = set()
    for figure in figures:
        numbers = figure.numbers
        matches = set(numbers["matches"])
        breaks = bool(current and matches and not current & matches)
        current = (current & matches or matches) if matches else current
        rows.append(
            PeriodRow(
                begins=date.fromisoformat(figure.place.split("/")[1] + "-01"),
                n=numbers["n"],
                rate=numbers["rate"],
                low=numbers["low"],
                high=numbers["high"],
                values=tuple(numbers["values"][key] for key in columns),
                published=numbers["published"],
                matches=tuple(sorted(matches)),
                breaks=breaks,
            )
        )
    return tuple(rows)


def _tipping(figures: list[StoredFigure], target: float) -> Tipping:
    """How strongly answering would have to go with satisfaction to put the whole across the target.

    Meng's identity (2018): rate - truth = rho * sqrt((1-f)/f) * sqrt(p(1-p)), here at an assumed share f of one in ten.
    """
    n = sum(figure.numbers["n"] for figure in figures)
    rate = sum(figure.numbers["rate"] * figure.numbers["n"] for figure in figures) / n
    dropout = (1 - ASSUMED_SHARE) / ASSUMED_SHARE
    correlation = (rate - target) / math.sqrt(dropout * rate * (1 - rate))
    return Tipping(target, correlation, 1 / (dropout * PLAUSIBLE_CORRELATION**2), ASSUMED_SHARE)
