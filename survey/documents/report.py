"""A report in parts that Word, Excel and PDF draw alike: headings, paragraphs, tables, pictures.

A figure is written once, here: its number for the workbook and its text for the page are one `Written`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from survey.documents.formats import NOTHING, number, percent

SHARE, COUNT, TEXT = "share", "count", "text"


@dataclass(frozen=True, slots=True)
class Written:
    """A value with its text in the reader's format; `value` None is nothing to compute with."""

    value: float | None
    text: str
    kind: str = COUNT


Cell = Written | str


@dataclass(frozen=True, slots=True)
class Heading:
    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    note: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column; `kind` is share, count or text; `wide` is its width beside the others'."""

    label: str
    kind: str = TEXT
    wide: float = 1.0


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption; `sheet` names its worksheet, `drawn` asks for a chart of its rates there."""

    caption: str
    sheet: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as SVG that carries its own style, its caption, and the same in words."""

    caption: str
    description: str
    svg: str
    height: float


Block = Heading | Paragraph | Table | Picture


@dataclass(frozen=True, slots=True)
class Office:
    """Who issues the report, as the letterhead of an administrative document asks; an operator replaces it."""

    above: str
    name: str
    symbol: str
    place: str
    signer: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report. `facts` are the pins of its release, for the workbook's notes and the file's properties."""

    language: str
    office: Office
    kind: str
    title: str
    dated: date
    release: str
    draft: str
    blocks: tuple[Block, ...]
    facts: tuple[tuple[str, str], ...]


def share(value: float | None, language: str, beside: float | None = None) -> Written:
    """A rate, written as on the pages."""
    return Written(value, percent(value, language, beside=beside), SHARE)


def count(value: int | None, language: str) -> Written:
    """A count, written as on the pages."""
    return Written(value, number(value, language), COUNT)


def said(cell: Cell) -> str:
    """What a page prints for a cell."""
    return (cell if isinstance(cell, str) else cell.text) or NOTHING
