"""The public pages of results: the same figures as the officials', with the method in plain words and the data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from survey.documents.boards import Said
from survey.documents.drawings import draw_agencies, draw_sectors
from survey.documents.drawn_once import render_once
from survey.documents.environment import render
from survey.documents.figures import AgencyRow, Basis, SectorRow
from survey.documents.shell import CitizenShell, Link


@dataclass(frozen=True, slots=True)
class ResultsPage:
    """Every sector; `demo` says that the figures are made up."""

    rows: tuple[SectorRow, ...]
    bases: tuple[Basis, ...]
    demo: bool
    minimum_cell: int = 10


@dataclass(frozen=True, slots=True)
class ResultPage:
    """One sector with its parts, and where its data are."""

    row: SectorRow
    basis: Basis
    parts: tuple[AgencyRow, ...]
    downloads: tuple[Link, ...]
    demo: bool
    minimum_cell: int = 10


@dataclass(frozen=True, slots=True)
class PlaceResultPage:
    """One agency: its sectors, each beside the whole."""

    name: str
    rows: tuple[AgencyRow, ...]
    bases: tuple[Basis, ...]
    demo: bool
    minimum_cell: int = 10
    statements: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """A day that was planned; where it moved an earlier one, why."""

    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class PublishedLine:
    """A release that came out; `note` names what changed where it replaced another."""

    code: str
    published_on: date
    note: str


@dataclass(frozen=True, slots=True)
class CalendarLine:
    """One wave in the calendar; the last planned day stands."""

    wave_name: str
    draft_on: date
    planned: tuple[PlannedDay, ...]
    published: tuple[PublishedLine, ...]


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """When figures come out."""

    lines: tuple[CalendarLine, ...]
    demo: bool


def render_calendar(page: CalendarPage, shell: CitizenShell, language: str) -> str:
    """The release calendar for everybody."""
    return render("public/calendar.html", language, page=page, shell=shell)


def render_results(page: ResultsPage, shell: CitizenShell, language: str) -> str:
    """Every sector that was published."""
    return render_once(
        "public/results.html", language, page, shell, lambda: {"drawn": draw_sectors(page.rows, language)}
    )


def render_result(page: ResultPage, shell: CitizenShell, language: str) -> str:
    """One sector."""
    return render_once(
        "public/result.html", language, page, shell, lambda: {"drawn": draw_agencies(page.row, page.parts, language)}
    )


def render_place(page: PlaceResultPage, shell: CitizenShell, language: str) -> str:
    """One agency."""
    return render_once("public/result_place.html", language, page, shell)
