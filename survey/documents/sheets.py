"""Pages made of tables: the statisticians' tools. One table is a page's, a CSV file's and a workbook's.

Columns say how their values are written: text, count, decimal, share, points, date, chart or flag.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from survey.documents.environment import render
from survey.documents.harmless import harmless
from survey.documents.shell import Link, Shell


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head; `sort_url` sorts by it, `sorted` is ascending or descending where it is sorted."""

    label: str
    kind: str = "text"
    sort_url: str | None = None
    sorted: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table; values are plain, a `Link`, markup of a chart, or None for what is not there."""

    caption: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Any]]
    note: str = ""
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A control of a form: text, number, date, file, check, lines, or select with its options; `heading` begins a part
    of the form."""

    name: str
    label: str
    kind: str = "text"
    value: str = ""
    options: tuple[tuple[str, str], ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A form; a GET form filters, a POST form changes something and carries the session's token."""

    title: str
    action: str
    fields: tuple[Field, ...]
    button: str
    method: str = "get"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One of the things to do in turn: where, what has come of it, and whether it is done."""

    link: Link
    told: str
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class SheetsPage:
    """A page: what it answers, its tables and forms, and where else to go."""

    overline: str
    title: str
    lead: str = ""
    caution: str = ""
    problem: str = ""
    tabs: tuple[tuple[Link, bool], ...] = ()
    steps: tuple[Step, ...] = ()
    before: tuple[Form, ...] = ()
    facts: tuple[str, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    forms: tuple[Form, ...] = ()
    pager: tuple[Link, ...] = ()
    downloads: tuple[Link, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)


def render_sheets(page: SheetsPage, shell: Shell, language: str) -> str:
    """The page with its tables."""
    return render("statistician/sheets.html", language, page=page, shell=shell)


def write_csv(sheets: Sequence[Sheet]) -> str:
    """The tables as CSV for a spreadsheet, one below the other; a cell never begins a formula."""
    text = StringIO()
    writer = csv.writer(text)
    for sheet in sheets:
        kept = _plain(sheet)
        writer.writerow([sheet.columns[place].label for place in kept])
        writer.writerows([[harmless(_value(row[place])) for place in kept] for row in sheet.rows])
        if sheet is not sheets[-1]:
            writer.writerow([])
    return "\N{BYTE ORDER MARK}" + text.getvalue()


def write_workbook(sheets: Sequence[Sheet]) -> bytes:
    """The tables as an Excel workbook with typed cells, a worksheet each."""
    book = Workbook(write_only=True)
    for number, sheet in enumerate(sheets, start=1):
        page = book.create_sheet(str(number))
        page.freeze_panes = "B2"
        kept = _plain(sheet)
        page.append([sheet.columns[place].label for place in kept])
        for row in sheet.rows:
            page.append([_typed(page, sheet.columns[place].kind, _value(row[place])) for place in kept])
    made = BytesIO()
    book.save(made)
    return made.getvalue()


def _typed(page: Any, kind: str, value: Any) -> Any:
    """A share as Excel shows one; text as text, so that it never begins a formula."""
    if isinstance(value, str):
        cell = WriteOnlyCell(page, value)
        cell.data_type = "s"
        return cell
    if kind in ("share", "points"):
        cell = WriteOnlyCell(page, value)
        cell.number_format = "0.0%"
        return cell
    return value


def _plain(sheet: Sheet) -> list[int]:
    return [place for place, column in enumerate(sheet.columns) if column.kind != "chart"]


def _value(value: Any) -> Any:
    return value.label if isinstance(value, Link) else "" if value is None else value
