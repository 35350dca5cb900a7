"""The text of a report: generated from the figures, edited by a statistician until its release is public.

A number that the figures do not hold is pointed out; who edited which version is kept and said in the document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from survey.actions.reading import UnknownRelease
from survey.documents.report import Table, Written
from survey.documents.report_contents import write_report
from survey.documents.report_text import write_text
from survey.documents.report_told import Told
from survey.store import releases, reports
from survey.store.audits import By
from survey.store.database import Database
from survey.store.reports import ReportText

LONGEST_TEXT = 40_000
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
SMALL = re.compile(r"[1-9]|1[0-2]")


class TextIsFinal(ValueError):
    """The release is public: what its report says cannot be changed any more."""


class TextTooLong(ValueError):
    """More than a report's text may hold."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The text as it stands, whether the figures or a person wrote it, and numbers in it that no figure holds."""

    lines: tuple[str, ...]
    edited: ReportText | None
    strange: tuple[str, ...]


def read_text(database: Database, told: Told) -> Draft:
    """The text of a report as it would be printed now."""
    with database.reading() as connection:
        found = reports.find_text(connection, told.release, told.language)
    edited = found if found is not None and found.lines else None
    lines = edited.lines if edited else write_text(told)
    return Draft(lines, edited, find_strange(lines, told) if edited else ())


def with_text(database: Database, told: Told) -> Told:
    """The report with the text that somebody edited, where somebody did."""
    draft = read_text(database, told)
    if draft.edited is None:
        return told
    return replace(told, text=draft.lines, edited_by=draft.edited.written_by, edited_on=draft.edited.written_on)


def edit_text(database: Database, told: Told, typed: str, *, by: By, on: date) -> None:
    """Keep a version of the text; an empty one goes back to what the figures say. Raises TextIsFinal, TextTooLong."""
    if len(typed) > LONGEST_TEXT:
        raise TextTooLong(str(len(typed)))
    lines = tuple(line.strip() for line in typed.splitlines() if line.strip())
    with database.writing("report-text") as connection:
        release = releases.find_release(connection, told.release)
        if release is None:
            raise UnknownRelease(told.release)
        if release.published_on is not None:
            raise TextIsFinal(told.release)
        before = reports.find_text(connection, told.release, told.language)
        number = before.number + 1 if before else 1
        reports.add_text(connection, ReportText(told.release, told.language, number, lines, by.actor, on))
        by.record(connection, "report-edited", told.release, language=told.language, version=number)


def find_strange(lines: Sequence[str], told: Told) -> tuple[str, ...]:
    """Numbers in the lines that the report's own text and tables do not hold; counts up to twelve are nobody's."""
    known = {number for line in write_text(told) for number in NUMBER.findall(line)}
    for block in write_report(replace(told, text=())).blocks:
        if isinstance(block, Table):
            cells = (cell.text for row in block.rows for cell in row if isinstance(cell, Written))
            known.update(number for text in cells for number in NUMBER.findall(text))
    found = [number for line in lines for number in NUMBER.findall(line)]
    return tuple(dict.fromkeys(number for number in found if number not in known and not SMALL.fullmatch(number)))
