"""A workbook with many rows, from a stranger: looked at before it is unpacked, then written out as CSV, line for line.

Formulas are never computed and merged cells never guessed. What would unpack to more than the limits is refused before
a parser sees it, and openpyxl reads XML through defusedxml, row by row.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

LARGEST_FILE = 50_000_000
LARGEST_PART = 400_000_000
HIGHEST_RATIO = 200
MOST_PARTS = 500
MOST_ROWS = 200_000
MOST_COLUMNS = 100
CHUNK = 1 << 20
MARK = 16
SAVE_AGAIN = "Open it in a spreadsheet program and save it as .xlsx, or as 'CSV UTF-8'."
FORBIDDEN = {
    b"<!DOCTYPE": "declares document types, which no spreadsheet program writes. " + SAVE_AGAIN,
    b"<!ENTITY": "declares document types, which no spreadsheet program writes. " + SAVE_AGAIN,
    b"<mergeCell ": "has merged cells: unmerge them, so that each value stands in a cell of its own.",
}
ROW = re.compile(rb"<row[\s>]")


class SheetUnreadable(ValueError):
    """A workbook cannot be read; the message says what to do."""


def write_as_csv(path: Path, target: IO[str]) -> int:
    """Write the first sheet of a workbook to `target`, a line for each row; how many. Raises SheetUnreadable."""
    _check_archive(path)
    try:
        book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except Exception as error:  # openpyxl answers a broken workbook with whatever its parsers raise
        raise SheetUnreadable(f"The workbook cannot be read ({type(error).__name__}). {SAVE_AGAIN}") from error
    try:
        writer = csv.writer(target, lineterminator="\n")
        rows = 0
        for values in _rows(book.worksheets[0]):
            writer.writerow(values)
            rows += 1
        return rows
    except SheetUnreadable:
        raise
    except Exception as error:
        raise SheetUnreadable(f"The workbook is damaged ({type(error).__name__}). {SAVE_AGAIN}") from error
    finally:
        book.close()


def _rows(sheet: Any) -> Iterator[list[str]]:
    width = 0
    for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1):
        values = [_text(cell, number, column) for column, cell in enumerate(cells, start=1)]
        if number == 1:
            width = max((place for place, value in enumerate(values, start=1) if value), default=0)
        yield (values + [""] * width)[: max(width, _last(values))]


def _last(values: list[str]) -> int:
    return max((place for place, value in enumerate(values, start=1) if value), default=0)


def _text(cell: Any, row: int, column: int) -> str:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type in ("f", "e"):
        kind = "a formula" if cell.data_type == "f" else "an error"
        raise SheetUnreadable(f"Cell {get_column_letter(column)}{row} holds {kind}: paste its value instead.")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())


def _check_archive(path: Path) -> None:
    if path.stat().st_size > LARGEST_FILE:
        raise SheetUnreadable(f"The workbook has more than {LARGEST_FILE:,} bytes: save it as 'CSV UTF-8'.")
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if "xl/workbook.xml" not in {part.filename for part in parts}:
                raise SheetUnreadable(f"The file is a zip, but no .xlsx workbook. {SAVE_AGAIN}")
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_PART:
                raise SheetUnreadable("The workbook unpacks to more than a frame can hold: save it as 'CSV UTF-8'.")
            for part in parts:
                _check_part(archive, part)
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError) as error:
        raise SheetUnreadable(f"The file is no .xlsx workbook, or locked, or damaged. {SAVE_AGAIN}") from error


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """What a part declares as its size is not believed: it is unpacked in pieces and counted."""
    most = min(LARGEST_PART, HIGHEST_RATIO * max(part.compress_size, CHUNK // HIGHEST_RATIO))
    size = rows = 0
    tail = b""
    with archive.open(part) as unpacked:
        while piece := unpacked.read(CHUNK):
            size += len(piece)
            if size > most:
                raise SheetUnreadable(
                    f"{part.filename[:80]} unpacks suspiciously large: copy its rows into a new file."
                )
            seen = tail + piece
            for mark, refusal in FORBIDDEN.items():
                if mark in seen:
                    raise SheetUnreadable(f"The workbook {refusal}")
            rows += len(ROW.findall(seen)) - len(ROW.findall(tail))
            tail = seen[-MARK:]
            if rows > MOST_ROWS and part.filename.startswith("xl/worksheets/"):
                raise SheetUnreadable(
                    f"A sheet has more than {MOST_ROWS:,} rows: delete the empty ones below the last, or save it as "
                    "'CSV UTF-8'."
                )
