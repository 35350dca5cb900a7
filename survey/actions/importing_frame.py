"""A wave's frame from a file: totals by stratum, or one row for each transaction. Strata are agency by sector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile

from survey.actions.importing_places import import_agencies, import_procedures
from survey.actions.keeping_frames import (
    ImportedFrame,
    Source,
    add_applicants,
    add_frame,
    add_units,
    check_drawn_from_units,
    check_totals,
)
from survey.actions.reading_csv import (
    WHOLE_FILE,
    Columns,
    CsvFile,
    ImportRefused,
    Problem,
    Progress,
    read_count,
)
from survey.actions.spooling_units import SpooledUnits
from survey.actions.transactions import (
    Facts,
    Known,
    NoFrameTaken,
    UnknownPlace,
    WrongFact,
    check_dossier,
    read_known,
)
from survey.documents.big_sheets import SheetUnreadable, write_as_csv
from survey.keys import Keys
from survey.store import frames, invitations
from survey.store.database import Database

__all__ = ["ImportedFrame", "import_agencies", "import_frame", "import_procedures", "opened_as_csv"]

STEP = "import-frame"
TOTALS = Columns(("agency", "population"), ("sector", "procedure"), others_ignored=True)
TRANSACTIONS = Columns(("dossier", "agency"), ("sector", "procedure"), others_ignored=True)
MOST_TOTALS = 100_000
MOST_TRANSACTIONS = 5_000_000
LARGEST_POPULATION = 1_000_000_000
PATTERNS_AT_ONCE = 50_000
EXCEL = ".xlsx"


class _OnlyTried(Exception):
    """Everything was written and is now taken back."""

    def __init__(self, imported: ImportedFrame) -> None:
        self.imported = imported


@dataclass
class _Counted:
    """Facts by stratum, and the keyed hashes of the applicants, each of whom counts once in the whole wave."""

    facts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    applicants: set[bytes] = field(default_factory=set)
    merged: int = 0
    _patterns: Counter[tuple[str, Facts]] = field(default_factory=Counter)

    def is_first_of(self, applicant_hash: bytes) -> bool:
        """Whether this is the first dossier of an applicant."""
        if applicant_hash in self.applicants:
            self.merged += 1
            return False
        self.applicants.add(applicant_hash)
        return True

    def count(self, stratum_code: str, facts: Facts) -> None:
        if facts:
            self._patterns[stratum_code, facts] += 1
            if len(self._patterns) > PATTERNS_AT_ONCE:
                self.fold()

    def fold(self) -> None:
        """Bring what was counted by pattern into the counts by field."""
        for (code, facts), count in self._patterns.items():
            for name, value in facts:
                self.facts[code, name, value] += count
        self._patterns.clear()


def import_frame(
    database: Database,
    keys: Keys,
    path: Path,
    *,
    wave_code: str,
    today: date,
    progress: Progress | None = None,
    accepted_only: bool = False,
    trial: bool = False,
    renamed: Mapping[str, str] | None = None,
    source: str = "",
) -> ImportedFrame:
    """Load a new version of a wave's frame, in one transaction. Raises ImportRefused or UnknownWave, nothing loaded.

    Totals: agency, sector or procedure, population. Transactions: dossier, agency, sector or procedure; of a dossier
    only a keyed hash is kept, and of the facts that a row tells (`transactions.TOLD`) how many there were by stratum.
    Once somebody is invited, a newer frame must hold everything that the last one held. `accepted_only` leaves the
    rows out that are wrong, `trial` does everything and takes it back, `renamed` maps the file's columns to ours,
    `source` is what the file was called, if not as it is now.
    """
    known = _read_known(database, path, wave_code, today)
    with opened_as_csv(path) as (plain, digest):
        file = CsvFile(plain, sieved=accepted_only, renamed=dict(renamed or {}))
        try:
            return _import(database, keys, file, source or path.name, digest, known, progress, trial=trial)
        except _OnlyTried as tried:
            return tried.imported
        except ImportRefused as refused:
            raise ImportRefused(path.name, refused.problems) from None


@contextmanager
def opened_as_csv(path: Path) -> Iterator[tuple[Path, bytes]]:
    """The path of the file's rows as CSV, line for line, and the digest of an Excel file (else empty).

    Raises ImportRefused for a workbook that cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if path.suffix.lower() != EXCEL and start != b"PK\x03\x04":
        yield path, b""
        return
    with NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", newline="") as plain:
        try:
            write_as_csv(path, plain.file)
        except SheetUnreadable as unreadable:
            raise ImportRefused(path.name, [Problem(WHOLE_FILE, str(unreadable))]) from None
        plain.flush()
        with path.open("rb") as file:
            digest = sha256(file.read()).digest()
        yield Path(plain.name), digest


def _import(
    database: Database,
    keys: Keys,
    file: CsvFile,
    name: str,
    digest: bytes,
    known: Known,
    progress: Progress | None,
    *,
    trial: bool,
) -> ImportedFrame:
    if _tell_form(file) is TOTALS:
        populations = _read_totals(file, known, progress)
        source = Source(name, digest or file.digest, known.today, trial)
        return _import_totals(database, file, known, source, populations)
    with TemporaryFile() as spool:
        counted = _Counted()
        units = _read_units(file, keys, known, SpooledUnits(spool), counted, progress)
        source = Source(name, digest or file.digest, known.today, trial)
        return _import_units(database, file, known, source, units, counted, progress)


def _import_totals(
    database: Database, file: CsvFile, known: Known, source: Source, populations: Mapping[str, int]
) -> ImportedFrame:
    with database.writing(STEP) as connection:
        frames.hold_turn(connection, known.wave.code)
        check_totals(connection, file, known.wave.code, populations)
        imported = add_frame(connection, file, known.wave.code, source, populations, names_units=False)
        if source.trial:
            raise _OnlyTried(imported)
    return imported


def _import_units(
    database: Database,
    file: CsvFile,
    known: Known,
    source: Source,
    units: SpooledUnits,
    counted: _Counted,
    progress: Progress | None,
) -> ImportedFrame:
    wave_code = known.wave.code
    with database.writing(STEP) as connection:
        frames.hold_turn(connection, wave_code)
        check_drawn_from_units(connection, file, wave_code)
        imported = add_frame(connection, file, wave_code, source, units.counts, names_units=True, merged=counted.merged)
        frames.add_facts(connection, wave_code, imported.version, counted.facts)
        if not invitations.count_invitations(connection, wave_code):
            frames.remove_units(connection, wave_code)
        add_units(connection, file, wave_code, units, progress)
        add_applicants(connection, wave_code, counted.applicants)
        if source.trial:
            raise _OnlyTried(imported)
    return imported


def _read_known(database: Database, path: Path, wave_code: str, today: date) -> Known:
    try:
        with database.reading() as connection:
            return read_known(connection, wave_code, today)
    except NoFrameTaken as refusal:
        raise ImportRefused(path.name, [Problem(WHOLE_FILE, str(refusal))]) from None


def _tell_form(file: CsvFile) -> Columns:
    """Whether the file holds totals or transactions, and that it names a sector somehow. Raises ImportRefused."""
    names = file.read_header()
    forms = [form for form in (TOTALS, TRANSACTIONS) if set(form.required) <= set(names)]
    if len(forms) != 1:
        file.refuse(1, "the columns must be agency, sector or procedure, and either population or dossier")
    elif not set(forms[0].optional) & set(names):
        file.refuse(1, "a column 'sector' or 'procedure' is missing: one of them says what was done")
    file.finish()
    return forms[0]


def _read_totals(file: CsvFile, known: Known, progress: Progress | None) -> dict[str, int]:
    """Population by stratum. Raises ImportRefused."""
    populations: dict[str, int] = {}
    lines: dict[tuple[str, str, str], int] = {}
    for line, values in file.read(TOTALS, MOST_TOTALS, progress):
        stratum_code = _find_stratum(file, line, known, values)
        first = lines.setdefault((values["agency"], values.get("sector", ""), values.get("procedure", "")), line)
        if first != line:
            file.reject(line, f"this agency and sector or procedure are on line {first} already: keep one of them")
            continue
        population = read_count(values["population"], LARGEST_POPULATION)
        if not population:
            file.reject(
                line,
                f"population {values['population'][:40]!r} must be a whole number from 1 to {LARGEST_POPULATION}, in "
                "digits only; leave out what has none",
            )
        elif stratum_code:
            populations[stratum_code] = populations.get(stratum_code, 0) + population
    file.finish()
    _refuse_nothing_left(file, populations)
    return populations


def _read_units(
    file: CsvFile, keys: Keys, known: Known, units: SpooledUnits, counted: _Counted, progress: Progress | None
) -> SpooledUnits:
    seen: dict[bytes, int] = {}
    applicants = known.counts_applicants
    for line, values in file.read(TRANSACTIONS, MOST_TRANSACTIONS, progress):
        try:
            stratum_code = known.stratum_of(values)
            facts = known.facts_of(values)
            unit_hash = keys.unit_hash(check_dossier(values["dossier"]))
        except (UnknownPlace, WrongFact) as wrong:
            file.reject(line, str(wrong))
            continue
        if file.sieved and (first := seen.setdefault(unit_hash, line)) != line:
            file.reject(line, f"the dossier of this line is on line {first} already: keep one of them")
            continue
        if file.problems:
            continue
        counted.count(stratum_code, facts)
        if not applicants or counted.is_first_of(known.applicant_hash(keys, values)):
            units.add(line, stratum_code, unit_hash)
    for line, first in units.list_duplicates():
        file.refuse(line, f"the dossier of this line is on line {first} already: keep one of them")
    file.finish()
    _refuse_nothing_left(file, units.counts)
    counted.fold()
    return units


def _refuse_nothing_left(file: CsvFile, populations: Mapping[str, int]) -> None:
    if not populations:
        file.problems += file.rejected
        file.refuse(WHOLE_FILE, f"none of its {file.rows:,} rows can be used")
        file.finish()


def _find_stratum(file: CsvFile, line: int, known: Known, values: Mapping[str, str]) -> str:
    try:
        return known.stratum_of(values)
    except UnknownPlace as unknown:
        file.reject(line, str(unknown))
        return ""
