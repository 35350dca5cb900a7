"""CSV files from outside: read row by row, every fault named by its line, and refused whole when there is one."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple

Progress = Callable[[str, int], None]

DELIMITERS = ",;\t"
LONGEST_LINE = 65_536
LONGEST_CODE = 64
PROBLEMS_SHOWN = 20
MOST_PROBLEMS = 1000
MOST_REJECTED = 100_000
WHOLE_FILE = 0
ROWS_A_REPORT = 50_000
UTF8_REMEDY = (
    "save the file as UTF-8 (Excel: Save As, 'CSV UTF-8 (Comma delimited)'; LibreOffice: Save As, 'Edit filter "
    "settings', character set Unicode (UTF-8))"
)


class Problem(NamedTuple):
    """What is wrong on a line of the file, and what to do; line 0 means the file as a whole."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}" if self.line else self.reason


class ImportRefused(ValueError):
    """A file was refused whole and nothing of it was loaded; `problems` says where and why."""

    def __init__(self, name: str, problems: Collection[Problem]) -> None:
        self.problems = sorted(problems)
        shown = [f"  {problem}" for problem in self.problems[:PROBLEMS_SHOWN]]
        if len(self.problems) > PROBLEMS_SHOWN:
            shown.append(f"  and {len(self.problems) - PROBLEMS_SHOWN} more")
        super().__init__("\n".join([f"{name} was refused; nothing was loaded.", *shown]))


class _Stop(Exception):
    """Reading on would not tell more."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What a file's header may hold. Columns that are not named are refused, unless `others_ignored`."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    others_ignored: bool = False


@dataclass
class CsvFile:
    """A file being read. `digest` is the SHA-256 of the whole file once every row was read.

    `sieved` keeps rows that are wrong apart in `rejected` instead of refusing the file; `renamed` says which of its
    columns stands for which of ours.
    """

    path: Path
    sieved: bool = False
    renamed: Mapping[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    rejected: list[Problem] = field(default_factory=list)
    digest: bytes = b""
    rows: int = 0
    _line: int = 0

    def refuse(self, line: int, reason: str) -> None:
        """Note a problem; raises ImportRefused once there are so many that more would not help."""
        self.problems.append(Problem(line, reason))
        if len(self.problems) >= MOST_PROBLEMS:
            self.finish()

    def reject(self, line: int, reason: str) -> None:
        """Note that one row is wrong: it alone is left out of a sieved file, else the file is refused."""
        if not self.sieved:
            self.refuse(line, reason)
            return
        self.rejected.append(Problem(line, reason))
        if len(self.rejected) > MOST_REJECTED:
            self.refuse(line, f"more than {MOST_REJECTED:,} rows are wrong: is this the right file?")
            self.finish()

    def finish(self) -> None:
        """Raise ImportRefused when there was any problem."""
        if self.problems:
            raise ImportRefused(self.path.name, self.problems)

    def read(
        self, columns: Columns, most_rows: int, progress: Progress | None = None
    ) -> Iterator[tuple[int, dict[str, str]]]:
        """Line number and values of each row whose shape is right, in NFC and without outer spaces.

        Never holds more than a row; stops at `most_rows`. Raises ImportRefused where reading on is useless.
        """
        with self._opened() as file:
            lines = self._lines(file)
            header = next(lines, "")
            names = self._our_names(_split_header(header))
            self._check_header(names, columns)
            yield from self._read_rows(lines, _delimiter(header), names, most_rows, progress)

    def read_header(self) -> list[str]:
        """The columns that the file names, to tell its form. Raises ImportRefused when it cannot be read."""
        with self._opened() as file:
            return self._our_names(_split_header(next(self._lines(file), "")))

    def _our_names(self, names: list[str]) -> list[str]:
        return [self.renamed.get(name, name) for name in names]

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        """The file, with whatever can go wrong while it is read turned into a problem of the file."""
        self._line = self.rows = 0
        try:
            with self.path.open("rb") as file:
                yield file
        except OSError as error:
            self.refuse(WHOLE_FILE, f"the file cannot be read ({error.strerror}): check its path and permissions")
        except UnicodeDecodeError:
            self.refuse(self._line, f"this is not UTF-8 text, perhaps Windows-1258 or TCVN3: {UTF8_REMEDY}")
        except csv.Error as error:
            self.refuse(self._line, f"this is not a CSV row ({error}): check its quotation marks and line ends")
        except _Stop:
            pass
        self.finish()

    def _read_rows(
        self, lines: Iterator[str], delimiter: str, names: list[str], most_rows: int, progress: Progress | None
    ) -> Iterator[tuple[int, dict[str, str]]]:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        start = self._line + 1
        for values in reader:
            line, start = start, self._line + 1
            if not any(value.strip() for value in values):
                continue
            self._count_row(line, most_rows, progress)
            if len(values) == len(names):
                yield line, {name: _clean(value) for name, value in zip(names, values, strict=True)}
            else:
                self.reject(line, f"{len(values)} values where the header names {len(names)}: add or remove commas")
        if self.rows == 0:
            self.refuse(WHOLE_FILE, "the file has a header and no rows: there is nothing to load")

    def _lines(self, file: BinaryIO) -> Iterator[str]:
        digest = sha256()
        while raw := file.readline(LONGEST_LINE + 1):
            self._line += 1
            digest.update(raw)
            self._check_bytes(raw)
            yield raw.decode("utf-8-sig" if self._line == 1 else "utf-8")
        self.digest = digest.digest()

    def _check_bytes(self, raw: bytes) -> None:
        if self._line == 1 and raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            self._stop(1, f"the file is UTF-16: {UTF8_REMEDY}")
        if b"\0" in raw:
            self._stop(self._line, f"the line holds NUL bytes, perhaps the file is UTF-16: {UTF8_REMEDY}")
        if len(raw) > LONGEST_LINE:
            self._stop(self._line, f"the line is longer than {LONGEST_LINE:,} bytes: is this a CSV file?")

    def _check_header(self, names: list[str], columns: Columns) -> None:
        known = (*columns.required, *columns.optional)
        if not any(names):
            self._stop(1, f"the file is empty: its first line must name the columns {', '.join(known)}")
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.refuse(1, f"the column {name!r} is named twice: keep one")
        for name in columns.required:
            if name not in names:
                self.refuse(1, f"the column {name!r} is missing: the columns are {', '.join(known)}")
        if not columns.others_ignored:
            for name in names:
                if name not in known:
                    self.refuse(1, f"the column {name[:40]!r} is not known: the columns are {', '.join(known)}")
        if self.problems:
            raise _Stop

    def _count_row(self, line: int, most_rows: int, progress: Progress | None) -> None:
        self.rows += 1
        if self.rows > most_rows:
            self._stop(line, f"more than {most_rows:,} rows: split the file, or check that it is the right one")
        if progress is not None and self.rows % ROWS_A_REPORT == 0:
            progress("rows read", self.rows)

    def _stop(self, line: int, reason: str) -> None:
        self.refuse(line, reason)
        raise _Stop


def is_code(value: str) -> bool:
    """Whether a value can be a code: 1 to 64 ASCII letters, digits, points, hyphens, underscores."""
    letters = value.replace(".", "").replace("-", "").replace("_", "")
    return 1 <= len(value) <= LONGEST_CODE and value.isascii() and letters.isalnum()


def is_name(value: str, longest: int) -> bool:
    """Whether a value can be shown as a name: some letters, no control characters."""
    return 1 <= len(value) <= longest and not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in value)


def read_count(value: str, most: int) -> int | None:
    """A whole number from 0 to `most` in plain digits, else None."""
    if not (value.isascii() and value.isdigit()) or len(value) > 18:
        return None
    return int(value) if int(value) <= most else None


def _split_header(line: str) -> list[str]:
    names = next(csv.reader([line], delimiter=_delimiter(line)), [])
    return [_clean(name).lower() for name in names]


def _delimiter(header: str) -> str:
    return max(DELIMITERS, key=header.count)


def _clean(value: str) -> str:
    stripped = value.strip()
    return stripped if stripped.isascii() else unicodedata.normalize("NFC", stripped)
