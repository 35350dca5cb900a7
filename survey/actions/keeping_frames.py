"""Keeping a version of a frame: whoever was drawn keeps the place, and nothing that was drawn from shrinks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from survey.actions.reading_csv import ROWS_A_REPORT, WHOLE_FILE, CsvFile, Problem, Progress
from survey.actions.spooling_units import SpooledUnits
from survey.store import frames, invitations
from survey.store.database import Connection
from survey.store.frames import Stratum

UNITS_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Source:
    """The file as a frame names it."""

    name: str
    digest: bytes
    today: date
    trial: bool


@dataclass(frozen=True, slots=True)
class ImportedFrame:
    """The version of the frame that a file became, or would become; `rejected` are the lines that were left out."""

    wave_code: str
    version: int
    strata: int
    population: int
    names_units: bool
    rejected: tuple[Problem, ...] = ()
    merged: int = 0
    is_trial: bool = False

    def __str__(self) -> str:
        form = "transactions" if self.names_units else "totals"
        said = (
            f"Frame of wave {self.wave_code}, version {self.version}: {self.population:,} in {self.strata:,} strata "
            f"(from {form})."
        )
        if self.merged:
            said += f" {self.merged:,} more dossiers are of applicants who are counted once."
        if self.rejected:
            said += f" {len(self.rejected):,} lines are left out."
        if self.is_trial:
            return f"{said} Nothing was loaded: this was a trial."
        return f"{said} Next: hailong invite {self.wave_code} --count N"


def check_totals(connection: Connection, file: CsvFile, wave_code: str, populations: Mapping[str, int]) -> None:
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


def check_drawn_from_units(connection: Connection, file: CsvFile, wave_code: str) -> None:
    """Who was drawn from totals has no dossier to be found by. Raises ImportRefused."""
    if invitations.count_invitations(connection, wave_code) and not frames.count_units(connection, wave_code):
        file.refuse(WHOLE_FILE, "invitations were drawn from a frame of totals: import totals again")
    file.finish()


def add_frame(
    connection: Connection,
    file: CsvFile,
    wave_code: str,
    source: Source,
    populations: Mapping[str, int],
    *,
    names_units: bool,
    merged: int = 0,
) -> ImportedFrame:
    """Keep the totals of a new version."""
    strata = [_stratum(code, population) for code, population in sorted(populations.items())]
    version = frames.add_frame(
        connection, wave_code, strata, source=source.name, source_digest=source.digest, on=source.today
    )
    return ImportedFrame(
        wave_code,
        version,
        len(strata),
        sum(populations.values()),
        names_units,
        tuple(sorted(file.rejected)),
        merged,
        source.trial,
    )


def _stratum(code: str, population: int) -> Stratum:
    agency_code, _, sector_code = code.rpartition(".")
    return Stratum(code, agency_code, sector_code, None, population)


def add_units(
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
                rows.append((code, places_given[code], unit_hash))
        frames.add_units(connection, wave_code, rows)
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


def add_applicants(connection: Connection, wave_code: str, hashes: Collection[bytes]) -> None:
    """Remember who is counted, so that the feed of the API counts nobody again."""
    ordered = sorted(hashes)
    for start in range(0, len(ordered), UNITS_AT_A_TIME):
        frames.add_applicants(connection, wave_code, ordered[start : start + UNITS_AT_A_TIME])
