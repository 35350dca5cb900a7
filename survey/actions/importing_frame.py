"""A wave's frame from a CSV file: totals by stratum, or one row for each transaction. Strata are agency by sector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryFile

from survey.actions.importing_places import import_agencies, import_procedures
from survey.actions.reading_csv import (
    LONGEST_CODE,
    ROWS_A_REPORT,
    WHOLE_FILE,
    Columns,
    CsvFile,
    ImportRefused,
    Problem,
    Progress,
    read_count,
)
from survey.actions.spooling_units import SpooledUnits
from survey.actions.waves import UnknownWave
from survey.keys import Keys
from survey.mandate.questionnaires import load_questionnaire
from survey.mandate.sectors import descendants, load_sectors
from survey.store import frames, invitations, places
from survey.store import waves as wave_store
from survey.store.database import Connection, Database
from survey.store.frames import Stratum
from survey.store.waves import Wave

__all__ = ["ImportedFrame", "import_agencies", "import_frame", "import_procedures"]

STEP = "import-frame"
TOTALS = Columns(("agency", "population"), ("sector", "procedure"), others_ignored=True)
TRANSACTIONS = Columns(("dossier", "agency"), ("sector", "procedure"), others_ignored=True)
MOST_TOTALS = 100_000
MOST_TRANSACTIONS = 5_000_000
LARGEST_POPULATION = 1_000_000_000
LONGEST_DOSSIER = 200
UNITS_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class ImportedFrame:
    """The version of the frame that a file became."""

    wave_code: str
    version: int
    strata: int
    population: int
    names_units: bool

    def __str__(self) -> str:
        form = "transactions" if self.names_units else "totals"
        return (
            f"Frame of wave {self.wave_code}, version {self.version}: {self.population:,} in {self.strata:,} strata "
            f"(from {form}). Next: hailong invite {self.wave_code} --count N"
        )


class UnknownPlace(ValueError):
    """A row names an agency, a sector or a procedure that the wave does not have; the message says what to do."""


@dataclass
class _Places:
    """What a row may name: agencies, sectors of this wave, and the sector of every procedure on the wave's day."""

    wave: Wave
    agencies: set[str]
    sectors: set[str]
    procedures: Mapping[str, str]
    resolved: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def stratum_of(self, values: Mapping[str, str]) -> str:
        """The stratum that a row belongs to; raises UnknownPlace with the reason and the remedy."""
        key = values["agency"], values.get("sector", ""), values.get("procedure", "")
        if key not in self.resolved:
            self.resolved[key] = self._resolve(*key)
        return self.resolved[key]

    def _resolve(self, agency: str, sector: str, procedure: str) -> str:
        if agency not in self.agencies:
            raise UnknownPlace(
                f"agency {agency[:80]!r} is not known: load it first with `hailong import agencies FILE`"
            )
        if procedure and procedure not in self.procedures:
            raise UnknownPlace(
                f"procedure {procedure[:80]!r} has no sector: load it first with `hailong import procedures FILE`"
            )
        meant = self.procedures[procedure] if procedure else sector
        if sector and sector != meant:
            raise UnknownPlace(f"procedure {procedure} counts for the sector {meant}, not {sector[:80]!r}: correct one")
        if meant not in self.sectors:
            raise UnknownPlace(
                f"sector {meant[:80]!r} is not one of this wave's: use {', '.join(sorted(self.sectors))}"
            )
        if len(agency) + 1 + len(meant) > LONGEST_CODE:
            raise UnknownPlace(f"the codes {agency} and {meant} together are longer than {LONGEST_CODE - 1} letters")
        return f"{agency}.{meant}"


def import_frame(
    database: Database,
    keys: Keys,
    path: Path,
    *,
    wave_code: str,
    today: date,
    progress: Progress | None = None,
) -> ImportedFrame:
    """Load a new version of a wave's frame, in one transaction. Raises ImportRefused or UnknownWave, nothing loaded.

    Totals: agency, sector or procedure, population. Transactions: dossier, agency, sector or procedure; of a dossier
    only a keyed hash is kept. Once somebody is invited, a newer frame must hold everything that the last one held.
    """
    known = _read_places(database, path, wave_code, today)
    file = CsvFile(path)
    if _tell_form(file) is TOTALS:
        return _import_totals(database, file, known, today, progress)
    with TemporaryFile() as spool:
        units = _read_units(file, keys, known, SpooledUnits(spool), progress)
        return _import_units(database, file, known.wave, units, today, progress)


def _import_totals(
    database: Database, file: CsvFile, known: _Places, today: date, progress: Progress | None
) -> ImportedFrame:
    populations = _read_totals(file, known, progress)
    with database.writing(STEP) as connection:
        _check_totals(connection, file, known.wave.code, populations)
        return _add_frame(connection, file, known.wave.code, populations, today, names_units=False)


def _import_units(
    database: Database, file: CsvFile, wave: Wave, units: SpooledUnits, today: date, progress: Progress | None
) -> ImportedFrame:
    with database.writing(STEP) as connection:
        _check_drawn_from_units(connection, file, wave.code)
        imported = _add_frame(connection, file, wave.code, units.counts, today, names_units=True)
        if not invitations.count_invitations(connection, wave.code):
            frames.remove_units(connection, wave.code)
        _add_units(connection, file, wave.code, units, progress)
    return imported


def _read_places(database: Database, path: Path, wave_code: str, today: date) -> _Places:
    with database.reading() as connection:
        wave = wave_store.find_wave(connection, wave_code)
        if wave is None:
            raise UnknownWave(f"There is no wave with the code {wave_code}. `hailong waves` lists them.")
        if wave.questionnaire_code is None:
            reason = f"the answers of wave {wave_code} were imported as counts: such a wave takes no frame"
            raise ImportRefused(path.name, [Problem(WHOLE_FILE, reason)])
        sector = load_questionnaire(wave.questionnaire).sector
        return _Places(
            wave=wave,
            agencies=places.list_codes(connection, places.agency),
            sectors=set(descendants(sector) if sector else load_sectors()),
            procedures=places.list_procedure_sectors(connection, max(wave.opens_on, min(today, wave.closes_on))),
        )


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


def _read_totals(file: CsvFile, known: _Places, progress: Progress | None) -> dict[str, int]:
    """Population by stratum. Raises ImportRefused."""
    populations: dict[str, int] = {}
    lines: dict[tuple[str, str, str], int] = {}
    for line, values in file.read(TOTALS, MOST_TOTALS, progress):
        stratum_code = _find_stratum(file, line, known, values)
        first = lines.setdefault((values["agency"], values.get("sector", ""), values.get("procedure", "")), line)
        if first != line:
            file.refuse(line, f"this agency and sector or procedure are on line {first} already: keep one of them")
        population = read_count(values["population"], LARGEST_POPULATION)
        if not population:
            file.refuse(
                line,
                f"population {values['population'][:40]!r} must be a whole number from 1 to {LARGEST_POPULATION}, in "
                "digits only; leave out what has none",
            )
        populations[stratum_code] = populations.get(stratum_code, 0) + (population or 0)
    file.finish()
    return populations


def _read_units(
    file: CsvFile, keys: Keys, known: _Places, units: SpooledUnits, progress: Progress | None
) -> SpooledUnits:
    for line, values in file.read(TRANSACTIONS, MOST_TRANSACTIONS, progress):
        stratum_code = _find_stratum(file, line, known, values)
        dossier = values["dossier"]
        if not 1 <= len(dossier) <= LONGEST_DOSSIER:
            file.refuse(line, f"dossier must hold 1 to {LONGEST_DOSSIER} letters: it tells transactions apart")
        if not file.problems:
            units.add(line, stratum_code, keys.unit_hash(dossier))
    for line, first in units.list_duplicates():
        file.refuse(line, f"the dossier of this line is on line {first} already: keep one of them")
    file.finish()
    return units


def _find_stratum(file: CsvFile, line: int, known: _Places, values: Mapping[str, str]) -> str:
    try:
        return known.stratum_of(values)
    except UnknownPlace as unknown:
        file.refuse(line, str(unknown))
        return ""


def _check_totals(connection: Connection, file: CsvFile, wave_code: str, populations: Mapping[str, int]) -> None:
    """Who was drawn must still have a place in the frame. Raises ImportRefused."""
    drawn = invitations.list_drawn_positions(connection, wave_code)
    if drawn and frames.count_units(connection, wave_code):
        file.refuse(WHOLE_FILE, "invitations were drawn from a frame of transactions: import transactions again")
    for code, positions in drawn.items():
        if populations.get(code, 0) < max(positions):
            file.refuse(
                WHOLE_FILE,
                f"stratum {code} holds {populations.get(code, 0):,}, but number {max(positions):,} in it was invited: "
                "a frame cannot shrink below who was drawn",
            )
    file.finish()
    frames.remove_units(connection, wave_code)


def _check_drawn_from_units(connection: Connection, file: CsvFile, wave_code: str) -> None:
    if invitations.count_invitations(connection, wave_code) and not frames.count_units(connection, wave_code):
        file.refuse(WHOLE_FILE, "invitations were drawn from a frame of totals: import totals again")
    file.finish()


def _add_frame(
    connection: Connection,
    file: CsvFile,
    wave_code: str,
    populations: Mapping[str, int],
    today: date,
    *,
    names_units: bool,
) -> ImportedFrame:
    strata = [_stratum(code, population) for code, population in sorted(populations.items())]
    version = frames.add_frame(
        connection, wave_code, strata, source=file.path.name, source_digest=file.digest, on=today
    )
    return ImportedFrame(wave_code, version, len(strata), sum(populations.values()), names_units)


def _stratum(code: str, population: int) -> Stratum:
    agency_code, _, sector_code = code.rpartition(".")
    return Stratum(code, agency_code, sector_code, None, population)


def _add_units(
    connection: Connection, file: CsvFile, wave_code: str, units: SpooledUnits, progress: Progress | None
) -> None:
    """Give new units the next places of their strata; those that were there keep theirs. Raises ImportRefused."""
    held = Counter(frames.count_units(connection, wave_code))
    places_given = held.copy()
    found = done = 0
    for block in units.blocks(UNITS_AT_A_TIME):
        there = frames.find_units(connection, wave_code, [unit_hash for _, _, unit_hash in block]) if held else {}
        rows = []
        for line, code, unit_hash in block:
            if there.get(unit_hash, code) != code:
                file.refuse(line, f"this dossier was in stratum {there[unit_hash]} before: who is drawn cannot move")
            if unit_hash not in there:
                places_given[code] += 1
                rows.append(_unit_row(wave_code, code, places_given[code], unit_hash))
        frames.add_units(connection, rows)
        found += len(there)
        done += len(block)
        if progress is not None and done % ROWS_A_REPORT == 0:
            progress("rows loaded", done)
    if found < held.total():
        file.refuse(
            WHOLE_FILE,
            f"{held.total() - found:,} dossiers of the frame that was drawn from are missing: only add rows to it",
        )
    file.finish()


def _unit_row(wave_code: str, stratum_code: str, position: int, unit_hash: bytes) -> dict[str, object]:
    return {"wave_code": wave_code, "stratum_code": stratum_code, "position": position, "unit_hash": unit_hash}
