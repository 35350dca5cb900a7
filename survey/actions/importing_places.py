"""Agencies and procedures from CSV files; a code that is there already is never given another meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from survey.actions.reading_csv import Columns, CsvFile, is_code, is_name
from survey.mandate.sectors import load_sectors
from survey.store import places
from survey.store.database import Database
from survey.store.places import EVERYTHING, Agency

AGENCY_COLUMNS = Columns(
    ("code", "name_vi", "kind", "ownership", "area", "valid_from"), ("name_en", "name_km", "valid_to")
)
PROCEDURE_COLUMNS = Columns(("code", "name_vi", "sector", "decided_by", "decided_on"), ("name_en", "name_km", "kind"))
OWNERSHIPS = ("public", "private")
KINDS = ("procedure", "service")
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


def import_agencies(database: Database, path: Path) -> ImportedPlaces:
    """Load agencies: code, name_vi, kind, ownership, area (may be empty), valid_from; also name_en, name_km, valid_to.

    Raises ImportRefused, with nothing loaded.
    """
    with database.reading() as connection:
        areas = places.list_codes(connection, places.area)
        known = places.list_agencies(connection, EVERYTHING)
    file = CsvFile(path)
    rows: dict[str, dict[str, Any]] = {}
    for line, values in file.read(AGENCY_COLUMNS, MOST_ROWS):
        reasons = [*_check_code(values["code"], rows), *_check_agency(values, areas)]
        if not reasons:
            rows[values["code"]] = row = _agency_row(values)
            reasons += _check_same(known.get(values["code"]), row)
        for reason in reasons:
            file.refuse(line, reason)
    file.finish()
    with database.writing("import-agencies") as connection:
        added = places.add_places(connection, places.agency, list(rows.values()))
    return ImportedPlaces("agencies", added, len(rows) - added)


def import_procedures(database: Database, path: Path) -> ImportedPlaces:
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
    reasons = _check_names(values)
    if not is_code(values["kind"]):
        reasons.append(f"kind {values['kind'][:80]!r} must be one word, for instance commune_centre or hospital")
    if values["ownership"] not in OWNERSHIPS:
        reasons.append(f"ownership {values['ownership'][:40]!r} must be public or private")
    if values["area"] and values["area"] not in areas:
        reasons.append(f"area {values['area'][:80]!r} is not known: write the code of the General Statistics Office")
    reasons += _check_date(values, "valid_from")
    if values.get("valid_to"):
        reasons += _check_date(values, "valid_to") or _check_order(values)
    return reasons


def _check_procedure(values: Mapping[str, str], decided: tuple[str, date] | None) -> list[str]:
    reasons = [*_check_names(values), *_check_date(values, "decided_on")]
    if values["sector"] not in load_sectors():
        reasons.append(f"sector {values['sector'][:80]!r} is not known: use one of {', '.join(load_sectors())}")
    if not is_name(values["decided_by"], LONGEST_NAME):
        reasons.append("decided_by is empty: write the decision that puts the procedure in its sector")
    if values.get("kind") and values["kind"] not in KINDS:
        reasons.append(f"kind {values['kind'][:40]!r} must be procedure or service, or empty")
    if decided and not reasons and decided[0] != values["sector"] and values["decided_on"] <= decided[1].isoformat():
        reasons.append(f"it counts for {decided[0]} since {decided[1]}: a new sector needs a later decided_on")
    return reasons


def _check_names(values: Mapping[str, str]) -> list[str]:
    names = {name: values[name] for name in ("name_vi", "name_en", "name_km") if values.get(name) or name == "name_vi"}
    return [
        f"{name} must be 1 to {LONGEST_NAME} letters without control characters"
        for name, value in names.items()
        if not is_name(value, LONGEST_NAME)
    ]


def _check_date(values: Mapping[str, str], name: str) -> list[str]:
    try:
        date.fromisoformat(values[name])
    except ValueError:
        return [f"{name} {values[name][:40]!r} must be a date written as YYYY-MM-DD"]
    return [] if len(values[name]) == 10 else [f"{name} {values[name][:40]!r} must be written as YYYY-MM-DD"]


def _check_order(values: Mapping[str, str]) -> list[str]:
    return (
        [] if values["valid_from"] <= values["valid_to"] else ["valid_to lies before valid_from: correct one of them"]
    )


def _check_same(known: Agency | None, row: Mapping[str, Any]) -> list[str]:
    if known is None or (dict(known.name), known.kind, known.area_code) == (row["name"], row["kind"], row["area_code"]):
        return []
    return [f"agency {known.code} is there already with another name, kind or area: give the new one another code"]


def _agency_row(values: Mapping[str, str]) -> dict[str, Any]:
    return {
        "code": values["code"],
        "name": _names(values),
        "kind": values["kind"],
        "ownership": values["ownership"],
        "area_code": values["area"] or None,
        "valid_from": date.fromisoformat(values["valid_from"]),
        "valid_to": date.fromisoformat(values["valid_to"]) if values.get("valid_to") else None,
    }


def _procedure_row(values: Mapping[str, str]) -> dict[str, Any]:
    kind = values.get("kind") or load_sectors()[values["sector"]].service_kind
    return {"code": values["code"], "name": _names(values), "kind": kind}


def _decision_row(values: Mapping[str, str]) -> dict[str, Any]:
    return {
        "procedure_code": values["code"],
        "sector_code": values["sector"],
        "valid_from": date.fromisoformat(values["decided_on"]),
        "valid_to": None,
        "decided_by": values["decided_by"],
        "decided_on": date.fromisoformat(values["decided_on"]),
    }


def _names(values: Mapping[str, str]) -> dict[str, str]:
    return {language: values[f"name_{language}"] for language in ("vi", "en", "km") if values.get(f"name_{language}")}
