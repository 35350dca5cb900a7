"""What a transaction may say: its stratum, and the facts that are counted by stratum and then forgotten.

A fact is a category, never a day, a code of a dossier or a name; 1,000 transactions become some dozens of counts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from survey.actions.reading_csv import LONGEST_CODE
from survey.actions.waves import UnknownWave
from survey.keys import Keys
from survey.mandate.rules import read_rule
from survey.mandate.sectors import descendants, load_sectors
from survey.store import places
from survey.store import waves as wave_store
from survey.store.database import Connection
from survey.store.questionnaires import load_version
from survey.store.waves import Wave

LONGEST_DOSSIER = 200
CHOICES: Mapping[str, tuple[str, ...]] = {
    "filing_route": ("counter", "online", "post", "mobile"),
    "outcome": ("granted", "refused", "withdrawn", "pending"),
    "applicant_kind": ("person", "household_business", "enterprise", "organisation"),
    "filed_by": ("self", "relative", "agent", "clerk"),
    "complaint": ("yes", "no"),
    "portal_rating": ("1", "2", "3", "4", "5"),
    "language": ("vi", "km", "en", "other"),
    "unit": ("person", "visit"),
    "stay": ("inpatient", "outpatient"),
    "school_level": ("preschool", "primary", "lower_secondary", "upper_secondary", "continuing"),
}
DAYS = ("received_on", "due_on", "returned_on")
PLACES = ("receiving_agency", "area", "department", "grade")
TOLD = (*CHOICES, *DAYS, *PLACES, "applicant")
LATE, IN_TIME = "late", "in_time"

Facts = tuple[tuple[str, str], ...]


class UnknownPlace(ValueError):
    """A row names an agency, a sector or a procedure that the wave does not have; the message says what to do."""


class WrongFact(ValueError):
    """A row says what cannot be; the message says what to do."""


class NoFrameTaken(ValueError):
    """The answers of a wave were imported as counts: such a wave takes no frame."""


@dataclass(frozen=True, slots=True)
class Dated:
    """From when to when a place exists."""

    valid_from: date
    valid_to: date | None

    def refusal(self, what: str, on: date) -> str:
        """Why it did not exist on a day; empty when it did."""
        if on < self.valid_from:
            return f"{what} began on {self.valid_from}, after {on}: name the one before it, or correct the day"
        if self.valid_to is not None and on > self.valid_to:
            return f"{what} ended on {self.valid_to}, before {on}: name the one that followed it"
        return ""


@dataclass
class Known:
    """What a row may name: agencies, sectors of this wave, areas, and every procedure's sector that day. `within` are
    the agencies of the wave's areas, None where it is about every area."""

    wave: Wave
    agencies: Mapping[str, Dated]
    areas: Mapping[str, Dated]
    sectors: frozenset[str]
    procedures: Mapping[str, str]
    today: date
    within: frozenset[str] | None = None
    resolved: dict[tuple[str, str, str], str] = field(default_factory=dict)
    told: dict[tuple[str, ...], Facts] = field(default_factory=dict)

    @property
    def counts_applicants(self) -> bool:
        """Whether the rule counts applicants, so that one agent's 300 dossiers are one citizen."""
        return read_rule(self.wave.rule).counts == "applicants"

    def applicant_hash(self, keys: Keys, values: Mapping[str, str]) -> bytes:
        """Who filed, as a keyed hash; a dossier that does not say is an applicant of its own."""
        applicant = values.get("applicant", "")
        return keys.applicant_hash(self.wave.code, f"a/{applicant}" if applicant else f"d/{values['dossier']}")

    def stratum_of(self, values: Mapping[str, str]) -> str:
        """The stratum that a row belongs to; raises UnknownPlace with the reason and the remedy."""
        key = values["agency"], values.get("sector", ""), values.get("procedure", "")
        if key not in self.resolved:
            self.resolved[key] = self._resolve(*key)
        return self.resolved[key]

    def facts_of(self, values: Mapping[str, str]) -> Facts:
        """The facts of a transaction as (field, category), those it does not tell left out; raises WrongFact."""
        key = (*(values.get(name, "") for name in TOLD[:-1]), values["agency"])
        found = self.told.get(key)
        if found is None:
            found = self._read_facts(values)
            if len(self.told) < 100_000:
                self.told[key] = found
        return found

    def _resolve(self, agency: str, sector: str, procedure: str) -> str:
        if agency not in self.agencies:
            raise UnknownPlace(
                f"agency {agency[:80]!r} is not known: load it first with `hailong import agencies FILE`"
            )
        if self.within is not None and agency not in self.within:
            raise UnknownPlace(f"agency {agency[:80]!r} lies outside the wave's areas {self.wave.areas}: leave it out")
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

    def _read_facts(self, values: Mapping[str, str]) -> Facts:
        facts: list[tuple[str, str]] = []
        for name, allowed in CHOICES.items():
            if value := values.get(name, ""):
                if value not in allowed:
                    raise WrongFact(f"{name} {value[:40]!r} is not known: use {', '.join(allowed)}")
                facts.append((name, value))
        days = {name: read_day(name, values[name]) for name in DAYS if values.get(name)}
        facts += self._read_days(values, days)
        facts += self._read_places(values, days.get("received_on", self.today))
        return tuple(sorted(facts))

    def _read_days(self, values: Mapping[str, str], days: Mapping[str, date]) -> list[tuple[str, str]]:
        received = days.get("received_on")
        if received is not None:
            if received > self.today:
                raise WrongFact(f"received_on {received} is in the future: correct the day")
            for name in ("due_on", "returned_on"):
                if name in days and days[name] < received:
                    raise WrongFact(f"{name} {days[name]} is before received_on {received}: correct one of them")
            agency = values["agency"]
            if refusal := self.agencies[agency].refusal(f"agency {agency}", received):
                raise WrongFact(refusal)
        if {"due_on", "returned_on"} <= set(days):
            return [("timeliness", LATE if days["returned_on"] > days["due_on"] else IN_TIME)]
        return []

    def _read_places(self, values: Mapping[str, str], on: date) -> list[tuple[str, str]]:
        found = []
        for name, known in (("receiving_agency", self.agencies), ("area", self.areas)):
            if code := values.get(name, ""):
                if code not in known:
                    raise WrongFact(f"{name} {code[:80]!r} is not known: load it first, or leave it empty")
                if refusal := known[code].refusal(f"{name} {code}", on):
                    raise WrongFact(refusal)
                found.append((name, code))
        for name in ("department", "grade"):
            if value := values.get(name, ""):
                if len(value) > LONGEST_CODE or not value.isprintable():
                    raise WrongFact(f"{name} is longer than {LONGEST_CODE} letters: use a code")
                found.append((name, value))
        return found


def read_known(connection: Connection, wave_code: str, today: date) -> Known:
    """What the rows of a wave's frame may name today. Raises UnknownWave or NoFrameTaken."""
    wave = wave_store.find_wave(connection, wave_code)
    if wave is None:
        raise UnknownWave(f"There is no wave with the code {wave_code}. `hailong waves` lists them.")
    if wave.questionnaire_code is None:
        raise NoFrameTaken(f"the answers of wave {wave_code} were imported as counts: such a wave takes no frame")
    sector = load_version(connection, wave.questionnaire).sector
    sectors = frozenset(descendants(sector) if sector else load_sectors())
    if wave.sectors:
        sectors &= {below for each in wave.sectors.split(",") for below in descendants(each)}
    on = max(wave.opens_on, min(today, wave.closes_on))
    return Known(
        wave=wave,
        agencies={code: Dated(*days) for code, days in places.list_dates(connection, places.agency).items()},
        areas={code: Dated(*days) for code, days in places.list_dates(connection, places.area).items()},
        sectors=sectors,
        procedures=places.list_procedure_sectors(connection, on),
        today=today,
        within=frozenset(places.list_agencies_within(connection, wave.areas.split(","), on)) if wave.areas else None,
    )


def read_day(name: str, value: str) -> date:
    """A day as 2026-11-24 or 24/11/2026; raises WrongFact."""
    text = value.strip()
    if len(text) == 10 and text[2] == text[5] == "/":
        text = f"{text[6:]}-{text[3:5]}-{text[:2]}"
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise WrongFact(f"{name} {value[:40]!r} is no day: write it as 2026-11-24 or 24/11/2026") from None


def clean(value: str) -> str:
    """NFC without outer spaces, as every value of a frame is compared."""
    return unicodedata.normalize("NFC", value.strip())


def check_dossier(dossier: str) -> str:
    """A dossier's code; raises WrongFact."""
    if not 1 <= len(dossier) <= LONGEST_DOSSIER or not dossier.isprintable():
        raise WrongFact(f"dossier must hold 1 to {LONGEST_DOSSIER} letters: it tells transactions apart")
    return dossier
