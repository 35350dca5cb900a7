"""CSV files of anybody: checked byte by byte and row by row, then read without losing a row or a leading zero."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pandas as pd

DELIMITERS = ",;\t|"
MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "<NA>")
UTF8 = "save it as UTF-8 (Excel: Save As, 'CSV UTF-8'; iconv -f WINDOWS-1258 -t UTF-8)"
LEADING_ZERO = r"[-+]?0\d"


class CannotRead(ValueError):
    """A file cannot be read as a table; the message says where it fails and what to do."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What one pass over a CSV file found: its delimiter, its columns and how many rows it holds."""

    delimiter: str
    names: tuple[str, ...]
    rows: int


def scan_csv(path: Path) -> Scanned:
    """Check every byte and every row of a CSV file. Raises CannotRead with the line of the first fault."""
    with path.open("rb") as file:
        lines = _decode(file, path.name)
        header = next(lines, "")
        delimiter = max(DELIMITERS, key=header.count)
        names = _read_header(header, delimiter, path.name)
        rows = _count_rows(lines, delimiter, len(names), path.name)
    if rows == 0:
        raise CannotRead(f"{path.name} has a header and no rows: there is nothing to estimate.")
    return Scanned(delimiter, names, rows)


def read_columns(path: Path, scanned: Scanned, wanted: Sequence[str]) -> pd.DataFrame:
    """Some columns of a scanned file; a column becomes numbers when every value is one and none has leading zeros."""
    places = [scanned.names.index(name) for name in wanted]
    frame = pd.read_csv(
        path,
        sep=scanned.delimiter,
        header=0,
        names=list(range(len(scanned.names))),
        usecols=places,
        dtype=str,
        keep_default_na=False,
        encoding="utf-8-sig",
        index_col=False,
    )
    if len(frame) != scanned.rows:
        raise CannotRead(f"{path.name}: {scanned.rows:,} rows were found and {len(frame):,} read; quote its line ends.")
    return pd.DataFrame({name: _convert(frame[place]) for name, place in zip(wanted, places, strict=True)})


def _decode(file: BinaryIO, name: str) -> Iterator[str]:
    accented = False
    for line, raw in enumerate(file, start=1):
        if line == 1 and raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise CannotRead(f"{name} is UTF-16: {UTF8}.")
        if b"\0" in raw:
            raise CannotRead(f"{name}, line {line:,}: NUL bytes; this is not a CSV file, or it is UTF-16: {UTF8}.")
        try:
            text = raw.decode("utf-8-sig" if line == 1 else "utf-8")
        except UnicodeDecodeError as error:
            found = "encodings are mixed: lines before are UTF-8, this one is not" if accented else "not UTF-8"
            raise CannotRead(
                f"{name}, line {line:,}, byte {error.start + 1}: {found} (perhaps Windows-1258); {UTF8}."
            ) from None
        accented = accented or not raw.isascii()
        yield text


def _read_header(line: str, delimiter: str, name: str) -> tuple[str, ...]:
    values = next(csv.reader([line], delimiter=delimiter), [])
    names = tuple(unicodedata.normalize("NFC", value.strip()) for value in values)
    if not any(names):
        raise CannotRead(f"{name} is empty: its first line must name the columns.")
    twice = [column for place, column in enumerate(names) if column and column in names[:place]]
    if twice:
        raise CannotRead(f"{name}: the column {twice[0]!r} is named twice; rename one.")
    return names


def _count_rows(lines: Iterator[str], delimiter: str, width: int, name: str) -> int:
    reader = csv.reader(lines, delimiter=delimiter)
    rows = 0
    try:
        for values in reader:
            if not values or (width > 1 and len(values) == 1 and not values[0].strip()):
                continue
            rows += 1
            if len(values) != width:
                raise CannotRead(
                    f"{name}, line {reader.line_num + 1:,}: {len(values):,} values where the header names {width:,} "
                    "columns; quote values that hold the delimiter, or fill the row."
                )
    except csv.Error as error:
        raise CannotRead(
            f"{name}, line {reader.line_num + 1:,}: {error}; check quotation marks and line ends."
        ) from None
    return rows


def _convert(column: pd.Series) -> pd.Series:
    text = column.str.strip()
    text = text.mask(text.isin(MISSING))
    known = text.notna()
    numbers = pd.to_numeric(text, errors="coerce")
    if not known.any() or not numbers[known].notna().all() or text[known].str.match(LEADING_ZERO).any():
        return text.astype(object).where(known, None).map(_normalise, na_action="ignore")
    return numbers.astype("float64") if not known.all() else numbers


def _normalise(value: str) -> str:
    return unicodedata.normalize("NFC", value)
