"""Excel workbooks from strangers: looked at before they are unpacked, read as text, a fault named by its cell.

A workbook is a zip of XML. What would unpack to more than the limits, holds a document type or more rows than a
questionnaire can have is refused before any parser sees it. Formulas are never computed and merged cells never guessed.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from survey.documents.exchange import NotReadable

LARGEST_FILE = 5_000_000
LARGEST_PART = 30_000_000
LARGEST_TOTAL = 60_000_000
HIGHEST_RATIO = 200
MOST_PARTS = 500
MOST_ROWS = 20_000
MOST_COLUMNS = 200
CHUNK = 1 << 20
OTHER_KINDS = (
    (b"\x89PNG", "a PNG picture"),
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old .xls or a locked workbook"),
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name, and rows as (row number, values by column name); the first row names the columns."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]


def read_workbook(content: bytes, sheets: tuple[str, ...]) -> dict[str, Sheet]:
    """Those of the named sheets that the workbook has, by name. Raises NotReadable."""
    _check_zip(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        found = {each.title.strip().lower(): each for each in book.worksheets}
        return {name: _read(name, found[name]) for name in sheets if name in found}
    except NotReadable:
        raise
    except Exception as error:  # openpyxl answers a broken workbook with whatever its parsers raise
        raise NotReadable(f"The workbook cannot be read ({type(error).__name__}). Save it again as .xlsx.") from error


def _check_zip(content: bytes) -> None:
    for start, kind in OTHER_KINDS:
        if content.startswith(start):
            raise NotReadable(f"The file is {kind}, not an .xlsx workbook. Save it as .xlsx.")
    if len(content) > LARGEST_FILE:
        raise NotReadable(f"The workbook has more than {LARGEST_FILE:,} bytes. Is it a questionnaire?")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise NotReadable("The file is not an .xlsx workbook. Save it as .xlsx.") from error
    parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_TOTAL:
        raise NotReadable("The workbook unpacks to more than a questionnaire can hold. Copy its sheets into a new one.")
    for part in parts:
        if part.flag_bits & 1:
            raise NotReadable("The workbook is locked with a password. Save it without one.")
        if part.file_size > LARGEST_PART or part.file_size > HIGHEST_RATIO * max(part.compress_size, 1):
            raise NotReadable(f"{part.filename[:80]} unpacks suspiciously large. Copy its sheets into a new workbook.")
        _check_part(archive, part)


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """What a part declares as its size is not believed: it is unpacked in pieces and counted."""
    size, rows, tail = 0, 0, b""
    is_sheet = part.filename.startswith("xl/worksheets/")
    try:
        with archive.open(part) as unpacked:
            while piece := unpacked.read(CHUNK):
                size += len(piece)
                seen = tail + piece
                _check_piece(part.filename, seen, size)
                rows += seen.count(b"<row") - tail.count(b"<row")
                tail = seen[-32:]
                if is_sheet and rows > MOST_ROWS:
                    raise NotReadable(
                        f"A sheet has more than {MOST_ROWS:,} rows. Delete the empty rows below the last."
                    )
    except (zipfile.BadZipFile, EOFError, RuntimeError, OSError) as error:
        raise NotReadable("The workbook is damaged. Save it again as .xlsx.") from error


def _check_piece(name: str, seen: bytes, size: int) -> None:
    if size > LARGEST_PART:
        raise NotReadable(f"{name[:80]} unpacks suspiciously large. Copy its sheets into a new workbook.")
    if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
        raise NotReadable("The workbook declares document types, which no spreadsheet program writes. Save it again.")
    if b"<mergeCell " in seen:
        raise NotReadable("A sheet has merged cells. Unmerge them: each value must stand in a cell of its own.")


def _read(name: str, sheet: object) -> Sheet:
    rows = _values(name, sheet)
    _, header = next(rows, (0, ()))
    columns = tuple(value.strip() for value in header)
    named = [column for column in columns if column]
    if len(set(named)) != len(named):
        raise NotReadable(f"Sheet {name}: a column is named twice. Give each column a name of its own.")
    kept = tuple(
        (number, {column: value for column, value in zip(columns, values, strict=False) if column and value})
        for number, values in rows
        if any(values)
    )
    return Sheet(name, columns, kept)


def _values(name: str, sheet: object) -> Iterator[tuple[int, tuple[str, ...]]]:
    for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1):  # type: ignore[attr-defined]
        if number > MOST_ROWS:
            raise NotReadable(f"Sheet {name} has more than {MOST_ROWS:,} rows. Delete the empty rows below the last.")
        values = []
        for column, cell in enumerate(cells, start=1):
            if cell.data_type == "f":
                where = f"{get_column_letter(column)}{number}"
                raise NotReadable(f"Sheet {name}, cell {where} holds a formula. Paste its value instead.")
            values.append(_text(cell.value))
        yield number, tuple(values)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
