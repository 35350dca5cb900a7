"""All that a report is written from: the figures of one release and who issues them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from survey.documents.figures import AgencyRow, Basis, Figure, Judgement, SectorRow
from survey.documents.report import Office

IN_FORCE = "in_force"


@dataclass(frozen=True, slots=True)
class Period:
    """A report period of the administration: its name and days."""

    name: str
    year: int
    begins: date
    ends: date


@dataclass(frozen=True, slots=True)
class SectorPart:
    """A sector with its places, each named with its area."""

    row: SectorRow
    places: tuple[AgencyRow, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """What a judged agency says beside its figure: signed, and changing nothing."""

    agency: str
    text: str
    signed_by: str
    signed_on: date


@dataclass(frozen=True, slots=True)
class Told:
    """All that a report is written from. `text` are the lines that somebody edited, else None; `pins` name what the
    figures were computed from; `corrects` says what a correction changed; `late` counts answers after the
    checkpoint."""

    language: str
    office: Office
    period: Period
    release: str
    published_on: date | None
    dated: date
    basis: Basis
    whole: Figure
    sectors: tuple[SectorPart, ...]
    pins: tuple[tuple[str, str], ...]
    text: tuple[str, ...] | None = None
    edited_by: str = ""
    edited_on: date | None = None
    statements: tuple[Statement, ...] = ()
    corrects: str = ""
    late: int = 0
    minimum_cell: int = 10
    demo: bool = False


def held_against(row: SectorRow) -> Judgement | None:
    """The verdict against the level in force."""
    return next((each for each in row.judgements if each.kind == IN_FORCE), None)
