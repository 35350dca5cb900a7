"""The frame against what somebody else counted: an agency that hands in too few transactions is visible arithmetic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from survey.actions.reading_csv import Columns, CsvFile, read_count
from survey.actions.waves import find_wave
from survey.mandate.rules import Rule, read_rule
from survey.store import frames, places
from survey.store.audits import By
from survey.store.database import Database
from survey.store.frames import Stratum

STEP = "import-totals"
TOTALS = Columns(("agency", "population"), (), others_ignored=True)
MOST_ROWS = 10_000
LARGEST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Compared:
    """An agency's count in the frame and elsewhere; `gap` is the share of the latter that the frame lacks (0..1)."""

    agency_code: str
    framed: int
    independent: int
    gap: float
    is_over_limit: bool

    def __str__(self) -> str:
        over = ": over the rule's limit, nothing is said to be met" if self.is_over_limit else ""
        return f"{self.agency_code}: {self.framed:,} of {self.independent:,} in the frame, {self.gap:.1%} lack{over}"


@dataclass(frozen=True)
class FrameGaps:
    """How much of what somebody else counted a frame lacks, agency by agency, and how much the rule lets it lack."""

    framed: Mapping[str, int]
    independent: Mapping[str, int]
    limit: Decimal

    def compare(self) -> list[Compared]:
        """Every agency that somebody else counted."""
        return [
            self._compare(agency, self.framed.get(agency, 0), total)
            for agency, total in self.independent.items()
            if total
        ]

    def tell(self, agencies: Collection[str]) -> dict[str, float | int] | None:
        """What is printed beside a rate of these agencies: how many lack more than the rule allows, and the widest
        gap. None where nobody does."""
        over = [gap for agency in agencies if (gap := self._over_limit.get(agency)) is not None]
        if not over:
            return None
        return {"agencies": len(over), "lacking_rate": round(max(over), 3), "limit_rate": float(self.limit)}

    @cached_property
    def _over_limit(self) -> dict[str, float]:
        return {each.agency_code: each.gap for each in self.compare() if each.is_over_limit}

    def _compare(self, agency: str, framed: int, total: int) -> Compared:
        lacking = max(0, total - framed)
        return Compared(agency, framed, total, lacking / total, lacking > self.limit * total)


def import_totals(database: Database, path: Path, *, wave_code: str, recorded: By) -> list[Compared]:
    """Keep a new version of the independent totals of a wave; the comparison. Raises ImportRefused or UnknownWave."""
    find_wave(database, wave_code)
    file = CsvFile(path)
    with database.reading() as connection:
        known = places.list_codes(connection, places.agency)
    totals: dict[str, int] = {}
    for line, values in file.read(TOTALS, MOST_ROWS):
        agency, population = values["agency"], read_count(values["population"], LARGEST)
        if agency not in known:
            file.refuse(line, f"agency {agency[:80]!r} is not known: load it first with `hailong import agencies FILE`")
        if agency in totals:
            file.refuse(line, f"agency {agency[:80]!r} stands on an earlier line already: keep one of them")
        if population is None:
            file.refuse(line, f"population {values['population'][:40]!r} must be a whole number in digits only")
        totals[agency] = population or 0
    file.finish()
    with database.writing(STEP) as connection:
        frames.hold_turn(connection, wave_code)
        frames.add_independent_totals(
            connection, wave_code, totals, source=path.name, source_digest=file.digest, on=recorded.now.date()
        )
        recorded.record(connection, "totals-imported", wave_code, agencies=len(totals))
    return compare_totals(database, wave_code)


def compare_totals(database: Database, wave_code: str) -> list[Compared]:
    """Every agency that somebody else counted, against the newest frame; none where nobody did."""
    rule = read_rule(find_wave(database, wave_code).rule)
    with database.reading() as connection:
        independent = frames.list_independent_totals(connection, wave_code)
        version = frames.find_frame_version(connection, wave_code)
        strata = frames.list_strata(connection, wave_code, version) if version else ()
    return find_gaps(strata, independent, rule).compare()


def find_gaps(strata: Iterable[Stratum], independent: Mapping[str, int], rule: Rule) -> FrameGaps:
    """A frame held against independent totals under a wave's rule."""
    framed: Counter[str] = Counter()
    for stratum in strata:
        framed[stratum.agency_code] += stratum.population
    return FrameGaps(framed, independent, Decimal(rule.largest_frame_gap))
