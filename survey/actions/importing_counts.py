"""Counts per answer level that somebody else collected: a closed wave with one ledger leaf per cell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from survey.actions.reading_csv import (
    WHOLE_FILE,
    Columns,
    CsvFile,
    ImportRefused,
    Problem,
    Progress,
    is_code,
    read_count,
)
from survey.actions.sealing import append_leaves, new_leaf
from survey.mandate.rules import Rule
from survey.mandate.text import LANGUAGES
from survey.proof import NoteSigner
from survey.store import frames, places, tallies
from survey.store import waves as wave_store
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.frames import Stratum
from survey.store.waves import Wave

STEP = "import-counts"
LEVELS = ("very_dissatisfied", "dissatisfied", "neither", "satisfied", "very_satisfied")
COLUMNS = Columns(("service", "month", *LEVELS), ("published_percent",))
COLLECTED = ("sample", "census", "self-selected")
MOST_ROWS = 100_000
MOST_ANSWERS = 1_000_000_000
MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
EARLIEST_MONTH = "1900-01"
PER_CENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class CountsCell:
    """Answers of one service in one month, by level from 1 to 5, with the per cent its publisher printed or ""."""

    service: str
    month: str
    counts: tuple[int, ...]
    published: str


@dataclass(frozen=True, slots=True)
class ImportedCounts:
    """What an import brought in."""

    wave_code: str
    rows: int
    services: int
    first_month: str
    last_month: str
    answers: int
    published_figures: int

    def __str__(self) -> str:
        return (
            f"Wave {self.wave_code}: {self.answers:,} answers of {self.services:,} services in {self.rows:,} rows, "
            f"{self.first_month} to {self.last_month}. Next: hailong estimate --wave {self.wave_code} --by month"
        )


def import_counts(
    database: Database,
    signer: NoteSigner,
    path: Path,
    *,
    wave_code: str,
    collected: str = "self-selected",
    today: date,
    name: Mapping[str, str] | None = None,
    purpose: str = "official",
    progress: Progress | None = None,
    recorded: By | None = None,
) -> ImportedCounts:
    """Load a file of counts as a closed wave, in one transaction; the caller tallies. Raises ImportRefused.

    Columns: service, month (YYYY-MM), the five levels' counts, and optionally published_percent.
    """
    _check_wave(database, path, wave_code, collected)
    cells, digest = read_counts(path, today, progress)
    wave = _new_wave(path, wave_code, collected, purpose, cells, name, digest)
    with database.writing(STEP) as connection:
        if wave_store.find_wave(connection, wave_code) is not None:
            raise ImportRefused(path.name, [_taken(wave_code)])
        wave_store.add_wave(connection, wave)
        _add_services(connection, wave, cells)
        leaves = [new_leaf("counts", _codes(wave, cell, digest)) for cell in cells]
        append_leaves(connection, signer, wave_code, leaves, (), today)
        published = [_published_row(wave_code, cell) for cell in cells if cell.published]
        tallies.add_published_figures(connection, published)
        if recorded is not None:
            recorded.record(connection, "wave-opened", wave_code, rule=wave.rule_digest.hex(), counts=digest.hex())
    if progress is not None:
        progress("rows loaded", len(cells))
    return ImportedCounts(
        wave_code=wave_code,
        rows=len(cells),
        services=len({cell.service for cell in cells}),
        first_month=min(cell.month for cell in cells),
        last_month=max(cell.month for cell in cells),
        answers=sum(sum(cell.counts) for cell in cells),
        published_figures=len(published),
    )


def read_counts(path: Path, today: date, progress: Progress | None = None) -> tuple[list[CountsCell], bytes]:
    """Every cell of a file of counts, in its order, and the file's SHA-256. Raises ImportRefused."""
    file = CsvFile(path)
    cells: list[CountsCell] = []
    lines: dict[tuple[str, str], int] = {}
    for line, values in file.read(COLUMNS, MOST_ROWS, progress):
        reasons = [*_check_cell(values, today)]
        first = lines.setdefault((values["service"], values["month"]), line)
        if first != line:
            reasons.append(f"{values['service']!r} in {values['month']} is on line {first} already: keep one of them")
        for reason in reasons:
            file.refuse(line, reason)
        if not file.problems:
            counts = tuple(int(values[level]) for level in LEVELS)
            cells.append(CountsCell(values["service"], values["month"], counts, values.get("published_percent", "")))
    file.finish()
    return cells, file.digest


def _check_wave(database: Database, path: Path, wave_code: str, collected: str) -> None:
    problems = []
    if not is_code(wave_code):
        problems.append(Problem(WHOLE_FILE, f"{wave_code[:80]!r} cannot be a wave's code: use A-Z, a-z, 0-9, . - _"))
    if collected not in COLLECTED:
        problems.append(Problem(WHOLE_FILE, f"collected is {collected!r}: it must be one of {', '.join(COLLECTED)}"))
    with database.reading() as connection:
        if wave_store.find_wave(connection, wave_code) is not None:
            problems.append(_taken(wave_code))
    if problems:
        raise ImportRefused(path.name, problems)


def _taken(wave_code: str) -> Problem:
    return Problem(WHOLE_FILE, f"a wave with the code {wave_code} is there already: choose another with --wave")


def _check_cell(values: Mapping[str, str], today: date) -> list[str]:
    """What is wrong with a row, by reason."""
    reasons = []
    if not is_code(values["service"]):
        reasons.append(f"service {values['service'][:80]!r} must be a code of A-Z, a-z, 0-9, . - _ (at most 64)")
    month = values["month"]
    if not MONTH.fullmatch(month) or month < EARLIEST_MONTH:
        reasons.append(f"month {month[:40]!r} must be written as YYYY-MM, for instance {today:%Y-%m}")
    elif month > f"{today:%Y-%m}":
        reasons.append(f"month {month} has not begun: correct the month")
    reasons += _check_counts(values)
    published = values.get("published_percent", "")
    if published and not (PER_CENT.fullmatch(published) and float(published) <= 100):
        reasons.append(f"published_percent {published[:40]!r} must be a number from 0 to 100 with a point, or empty")
    return reasons


def _check_counts(values: Mapping[str, str]) -> list[str]:
    counts = {level: read_count(values[level], MOST_ANSWERS) for level in LEVELS}
    reasons = [
        f"{level} is {values[level][:40]!r}: it must be a whole number from 0 to {MOST_ANSWERS}, in digits only"
        for level, count in counts.items()
        if count is None
    ]
    if not any(counts.values()) and not reasons:
        reasons.append("all five counts are 0: leave the row out")
    return reasons


def _new_wave(
    path: Path,
    wave_code: str,
    collected: str,
    purpose: str,
    cells: Sequence[CountsCell],
    name: Mapping[str, str] | None,
    digest: bytes,
) -> Wave:
    rule = Rule()
    return Wave(
        code=wave_code,
        series_code=None,
        name=dict(name) if name else dict.fromkeys(LANGUAGES, wave_code),
        questionnaire_code=None,
        questionnaire_version=None,
        population="transactions",
        collected=collected,
        purpose=purpose,
        opens_on=date.fromisoformat(min(cell.month for cell in cells) + "-01"),
        closes_on=_last_day(max(cell.month for cell in cells)),
        closed=True,
        seal_minimum=1,
        rule=rule.canonical(),
        rule_digest=rule.digest(),
        source=f"{path.name}, SHA-256 {digest.hex()}",
    )


def _last_day(month: str) -> date:
    year, number = int(month[:4]), int(month[5:])
    following = (year * 12 + number) % 12 + 1
    first = date(year + (following == 1), following, 1)
    return date.fromordinal(first.toordinal() - 1)


def _add_services(connection: Connection, wave: Wave, cells: Sequence[CountsCell]) -> None:
    """A service is an agency, and a stratum whose population nobody knows."""
    services = sorted({cell.service for cell in cells})
    agencies = [
        {
            "code": service,
            "name": dict.fromkeys(LANGUAGES, service),
            "kind": "service",
            "ownership": "public",
            "area_code": None,
            "valid_from": wave.opens_on,
            "valid_to": None,
        }
        for service in services
    ]
    places.add_places(connection, places.agency, agencies)
    frames.add_strata(connection, wave.code, [Stratum(each, each, None, None, 0) for each in services])


def _codes(wave: Wave, cell: CountsCell, digest: bytes) -> dict[str, object]:
    return {
        "collected": wave.collected,
        "counts": {str(level): count for level, count in enumerate(cell.counts, start=1)},
        "kind": "counts",
        "period": cell.month,
        "published": cell.published,
        "source": digest.hex(),
        "stratum": cell.service,
        "wave": wave.code,
    }


def _published_row(wave_code: str, cell: CountsCell) -> dict[str, str]:
    return {"wave_code": wave_code, "agency_code": cell.service, "period": cell.month, "per_cent": cell.published}
