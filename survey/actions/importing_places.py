"""Agencies and procedures from CSV files; a code that is there already is never given another meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from survey.actions.reading_csv import Columns, CsvFile, is_code, is_name
from survey.mandate.sectors import load_sectors
from survey.store import places
from survey.store.area_trees import Succession, add_successions
from survey.store.database import Database
from survey.store.places import EVERYTHING, Agency, agency_predecessor

AGENCY_COLUMNS = Columns(
    ("code", "name_vi", "kind", "ownership", "area", "valid_from"), ("name_en", "name_km", "valid_to", "predecessors")
)
PROCEDURE_COLUMNS = Columns(("code", "name_vi", "sector", "decided_by", "decided_on"), ("name_en", "name_km", "kind"))
OWNERSHIPS = ("public", "private")
KINDS = ("procedure", "service")
NATIONAL_CODE = re.compile(r"\d\.\d{6}")  # as the National Database of procedures writes them
MOST_ROWS = 100_000
LONGEST_NAME = 400


@dataclass(frozen=True, slots=True)
class ImportedPlaces:
    """How many rows were new, and how many said what was known."""

    what: str
    added: int
    known: int

    def __str__(self) -> str:
        return f"{self.added:,} {self.what} added, {self.known:,} there already."


def import_agencies(database: Database, path: Path, *, keep: bool = True) -> ImportedPlaces:
    """Load agencies: code, name_vi, kind, ownership, area (may be empty), valid_from; also name_en, name_km, valid_to,
    predecessors ("A:0.4 B:1", known or above in the file; without a share where nobody knows it).

    Raises ImportRefused, with nothing loaded.
    """
    with database.reading() as connection:
        areas = places.list_codes(connection, places.area)
        known = places.list_agencies(connection, EVERYTHING)
    file = CsvFile(path)
    rows: dict[str, dict[str, Any]] = {}
    successions: list[Succession] = []
    for line, values in file.read(AGENCY_COLUMNS, MOST_ROWS):
        came_from, wrong = _read_known(values["code"], values.get("predecessors", ""), {*known, *rows})
        reasons = [*_check_code(values["code"], rows), *_check_agency(values, areas), *wrong]
        if not reasons:
            rows[values["code"]] = row = _agency_row(values)
            reasons += _check_same(known.get(values["code"]), row)
            successions += came_from
        for reason in reasons:
            file.refuse(line, reason)
    file.finish()
    if not keep:
        new = len(rows.keys() - known.keys())
        return ImportedPlaces("agencies (trial: nothing was loaded)", new, len(rows) - new)
    with database.writing("import-agencies") as connection:
        added = places.add_places(connection, places.agency, list(rows.values()))
        add_successions(connection, agency_predecessor, successions)
    return ImportedPlaces("agencies", added, len(rows) - added)


def import_procedures(database: Database, path: Path, *, keep: bool = True) -> ImportedPlaces:
    """Load procedures and the sector each counts for: code, name_vi, sector, decided_by, decided_on (from that day on).

    A later decision ends the one before it. Raises ImportRefused, with nothing loaded.
    """
    with database.reading() as connection:
        decided = places.list_newest_decisions(connection)
    file = CsvFile(path)
    rows: dict[str, dict[str, str]] = {}
    for line, values in file.read(PROCEDURE_COLUMNS, MOST_ROWS):
        reasons = [*_check_code(values["code"], rows), *_check_procedure(values, decided.get(values["code"]))]
        for reason in reasons:
            file.refuse(line, reason)
        if not reasons:
            rows[values["code"]] = values
    file.finish()
    changed = {code: row for code, row in rows.items() if decided.get(code, ("",))[0] != row["sector"]}
    if not keep:
        return ImportedPlaces("procedures (trial: nothing was loaded)", len(changed), len(rows) - len(changed))
    with database.writing("import-procedures") as connection:
        places.add_places(connection, places.procedure, [_procedure_row(row) for row in rows.values()])
        for code in sorted(set(changed) & set(decided)):
            last_day = date.fromisoformat(changed[code]["decided_on"]) - timedelta(days=1)
            places.end_procedure_sector(connection, code, last_day)
        places.add_places(connection, places.procedure_sector, [_decision_row(row) for row in changed.values()])
    return ImportedPlaces("procedures", len(changed), len(rows) - len(changed))


def _check_code(code: str, seen: Mapping[str, object]) -> list[str]:
    if not is_code(code):
        return [f"code {code[:80]!r} must hold A-Z, a-z, 0-9, . - _ only (at most 64)"]
    return [f"code {code} stands in the file twice: keep one"] if code in seen else []


def _check_agency(values: Mapping[str, str], areas: set[str]) -> list[str]:
    reasons = check_names(values)
    if not is_code(values["kind"]):
        reasons.append(f"kind {values['kind'][:80]!r} must be one word, for instance commune_centre or hospital")
    if values["ownership"] not in OWNERSHIPS:
        reasons.append(f"ownership {values['ownership'][:40]!r} must be public or private")
    if values["area"] and values["area"] not in areas:
        reasons.append(f"area {values['area'][:80]!r} is not known: write the code of the General Statistics Office")
    reasons += check_date(values, "valid_from")
    if values.get("valid_to"):
        reasons += check_date(values, "valid_to") or check_order(values)
    return reasons


def _check_procedure(values: Mapping[str, str], decided: tuple[str, date] | None) -> list[str]:
    reasons = [*check_names(values), *check_date(values, "decided_on")]
    if values["sector"] not in load_sectors():
        reasons.append(f"sector {values['sector'][:80]!r} is not known: use one of {', '.join(load_sectors())}")
    if not is_name(values["decided_by"], LONGEST_NAME):
        reasons.append("decided_by is empty: write the decision that puts the procedure in its sector")
    if values.get("kind") and values["kind"] not in KINDS:
        reasons.append(f"kind {values['kind'][:40]!r} must be procedure or service, or empty")
    if not reasons:
        reasons += _check_goal(values)
    if decided and not reasons and decided[0] != values["sector"] and values["decided_on"] <= decided[1].isoformat():
        reasons.append(f"it counts for {decided[0]} since {decided[1]}: a new sector needs a later decided_on")
    return reasons


def _check_goal(values: Mapping[str, str]) -> list[str]:
    """Handling of dossiers belongs to goal 14, in health and education too; goal 16 judges visits and schooling."""
    sector = load_sectors()[values["sector"]]
    is_procedure = values.get("kind") == "procedure" or NATIONAL_CODE.fullmatch(values["code"]) is not None
    if is_procedure and sector.goal_group == "16":
        return [
            f"{values['code']} is an administrative procedure and cannot count for {sector.code}, which judges the "
            "service itself (goal group 16): choose a sector of goal group 14"
        ]
    if values.get("kind") == "service" and sector.goal_group in ("14", "14a"):
        return [f"{values['code']} is a service and cannot count for {sector.code}, which judges procedures"]
    return []


def read_predecessors(code: str, text: str) -> tuple[list[Succession], list[str]]:
    """Predecessors from "941:0.6 942", and what is wrong with them."""
    found: list[Succession] = []
    wrong: list[str] = []
    for part in text.split():
        predecessor, _, share = part.partition(":")
        value = _share(share) if share else None
        if not is_code(predecessor) or value == 0:
            wrong.append(f"predecessor {part[:80]!r} must be a code, or a code and a share such as 941:0.6")
        else:
            found.append(Succession(code, predecessor, value))
    return found, wrong


def check_names(values: Mapping[str, str]) -> list[str]:
    """What is wrong with the names of a place."""
    names = {name: values[name] for name in ("name_vi", "name_en", "name_km") if values.get(name) or name == "name_vi"}
    return [
        f"{name} must be 1 to {LONGEST_NAME} letters without control characters"
        for name, value in names.items()
        if not is_name(value, LONGEST_NAME)
    ]


def check_date(values: Mapping[str, str], name: str) -> list[str]:
    """What is wrong with a date."""
    try:
        date.fromisoformat(values[name])
    except ValueError:
        return [f"{name} {values[name][:40]!r} must be a date written as YYYY-MM-DD"]
    return [] if len(values[name]) == 10 else [f"{name} {values[name][:40]!r} must be written as YYYY-MM-DD"]


def check_order(values: Mapping[str, str]) -> list[str]:
    """What is wrong with two dates together."""
    return (
        [] if values["valid_from"] <= values["valid_to"] else ["valid_to lies before valid_from: correct one of them"]
    )


def _read_known(code: str, text: str, known: Set[str]) -> tuple[list[Succession], list[str]]:
    found, wrong = read_predecessors(code, text)
    unknown = [each.predecessor for each in found if each.predecessor not in known]
    return found, [*wrong, *(f"predecessor {each} is not known: import it first" for each in unknown)]


def _share(text: str) -> float:
    """A share above 0 and up to 1; 0 for anything else."""
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 < value <= 1 else 0.0


def _check_same(known: Agency | None, row: Mapping[str, Any]) -> list[str]:
    if known is None or (dict(known.name), known.kind, known.area_code) == (row["name"], row["kind"], row["area_code"]):
        return []
    return [f"agency {known.code} is there already with another name, kind or area: give the new one another code"]


def _agency_row(values: Mapping[str, str]) -> dict[str, Any]:
    return {
        "code": values["code"],
        "name": names_of(values),
        "kind": values["kind"],
        "ownership": values["ownership"],
        "area_code": values["area"] or None,
        "valid_from": date.fromisoformat(values["valid_from"]),
        "valid_to": date.fromisoformat(values["valid_to"]) if values.get("valid_to") else None,
    }


def _procedure_row(values: Mapping[str, str]) -> dict[str, Any]:
    kind = values.get("kind") or load_sectors()[values["sector"]].service_kind
    return {"code": values["code"], "name": names_of(values), "kind": kind}


def _decision_row(values: Mapping[str, str]) -> dict[str, Any]:
    return {
        "procedure_code": values["code"],
        "sector_code": values["sector"],
        "valid_from": date.fromisoformat(values["decided_on"]),
        "valid_to": None,
        "decided_by": values["decided_by"],
        "decided_on": date.fromisoformat(values["decided_on"]),
    }


def names_of(values: Mapping[str, str]) -> dict[str, str]:
    """The names of a row by language."""
    return {language: values[f"name_{language}"] for language in ("vi", "en", "km") if values.get(f"name_{language}")}
