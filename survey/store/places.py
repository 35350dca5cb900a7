"""Areas, agencies, sectors and procedures, as of a date and within a scope."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, select, update

from survey.store.sql import from_json, insert_many, read_names, to_json
from survey.store.tables import (
    agency,
    agency_predecessor,
    area,
    area_group,
    area_group_member,
    area_predecessor,
    procedure,
    procedure_sector,
    sector,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a member of staff may see: an area with all below it, a sector with all below it; None means all."""

    area: str | None
    sector: str | None


EVERYTHING = Scope(area=None, sector=None)


@dataclass(frozen=True, slots=True)
class Agency:
    code: str
    name: Mapping[str, str]
    kind: str
    area_code: str | None


def add_places(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add the rows whose key is not there yet (names as mappings); the number added."""
    keys = [column.name for column in table.primary_key.columns]
    known = {tuple(row) for row in connection.execute(select(*table.primary_key.columns))}
    new = [_with_json_name(row) for row in rows if tuple(row[key] for key in keys) not in known]
    insert_many(connection, table, new)
    return len(new)


def find_agency(connection: Connection, code: str) -> Agency | None:
    row = connection.execute(select(agency).where(agency.c.code == code)).mappings().one_or_none()
    return _agency(row) if row else None


def list_agencies(connection: Connection, scope: Scope) -> dict[str, Agency]:
    """Agencies by code; with a scope, those in its area or below it."""
    query = select(agency).order_by(agency.c.code)
    if scope.area is not None:
        query = query.where(agency.c.area_code.in_(_areas_below(scope.area)))
    return {row["code"]: _agency(row) for row in connection.execute(query).mappings()}


def list_sector_names(connection: Connection) -> dict[str, dict[str, str]]:
    return {row.code: from_json(row.name) for row in connection.execute(select(sector.c.code, sector.c.name))}


def list_sectors_below(connection: Connection, code: str) -> list[str]:
    """The sector and every sector below it."""
    tree = select(sector.c.code).where(sector.c.code == code).cte("below", recursive=True)
    tree = tree.union_all(select(sector.c.code).join(tree, sector.c.parent_code == tree.c.code))
    return list(connection.scalars(select(tree.c.code)))


def list_area_codes(connection: Connection, root: str) -> list[str]:
    """The area and every area below it."""
    return list(connection.scalars(_areas_below(root)))


def find_sector_of_procedure(connection: Connection, procedure_code: str, on: date) -> str | None:
    """The sector that a procedure counted for on a date."""
    mapped = procedure_sector.c
    query = select(mapped.sector_code).where(
        mapped.procedure_code == procedure_code,
        mapped.valid_from <= on,
        (mapped.valid_to.is_(None)) | (mapped.valid_to >= on),
    )
    return connection.scalars(query).first()


def list_procedure_sectors(connection: Connection, on: date) -> dict[str, str]:
    """The sector of every procedure that counts for one on a date."""
    mapped = procedure_sector.c
    query = select(mapped.procedure_code, mapped.sector_code).where(
        mapped.valid_from <= on, (mapped.valid_to.is_(None)) | (mapped.valid_to >= on)
    )
    return {code: sector_code for code, sector_code in connection.execute(query.order_by(mapped.valid_from))}


def list_newest_decisions(connection: Connection) -> dict[str, tuple[str, date]]:
    """Of every procedure, the sector decided last and the day from which it holds."""
    mapped = procedure_sector.c
    query = select(mapped.procedure_code, mapped.sector_code, mapped.valid_from).order_by(mapped.valid_from)
    return {code: (sector_code, valid_from) for code, sector_code, valid_from in connection.execute(query)}


def end_procedure_sector(connection: Connection, procedure_code: str, last_day: date) -> None:
    """Let a procedure count for its sector no longer than a day, because another was decided."""
    mapped = procedure_sector.c
    still = (mapped.procedure_code == procedure_code) & mapped.valid_to.is_(None)
    connection.execute(update(procedure_sector).where(still).values(valid_to=last_day))


def list_dates(connection: Connection, table: Table) -> dict[str, tuple[date, date | None]]:
    """From when to when each of a table of places exists."""
    query = select(table.c.code, table.c.valid_from, table.c.valid_to)
    return {code: (valid_from, valid_to) for code, valid_from, valid_to in connection.execute(query)}


def list_codes(connection: Connection, table: Table) -> set[str]:
    """Every code of a table of places."""
    return set(connection.scalars(select(table.c.code)))


def list_agencies_within(connection: Connection, named: Collection[str], on: date) -> set[str]:
    """Agencies in areas below those named, or below the members of the area groups that are named, on a day."""
    member = area_group_member.c
    held = (member.valid_from <= on) & ((member.valid_to.is_(None)) | (member.valid_to >= on))
    roots = set(connection.scalars(select(member.area_code).where(member.group_code.in_(named), held))) | set(named)
    tree = select(area.c.code).where(area.c.code.in_(roots)).cte("within", recursive=True)
    tree = tree.union(select(area.c.code).join(tree, area.c.parent_code == tree.c.code))
    return set(connection.scalars(select(agency.c.code).where(agency.c.area_code.in_(select(tree.c.code)))))


def _areas_below(root: str) -> Any:
    tree = select(area.c.code).where(area.c.code == root).cte("below", recursive=True)
    tree = tree.union_all(select(area.c.code).join(tree, area.c.parent_code == tree.c.code))
    return select(tree.c.code)


def _agency(row: RowMapping) -> Agency:
    return Agency(row["code"], read_names(row["name"]), row["kind"], row["area_code"])


def _with_json_name(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "name": to_json(row["name"])} if "name" in row else dict(row)


__all__ = [
    "EVERYTHING",
    "Agency",
    "Scope",
    "add_places",
    "agency",
    "agency_predecessor",
    "area",
    "area_group",
    "area_group_member",
    "area_predecessor",
    "end_procedure_sector",
    "find_agency",
    "find_sector_of_procedure",
    "list_agencies",
    "list_agencies_within",
    "list_area_codes",
    "list_codes",
    "list_dates",
    "list_newest_decisions",
    "list_procedure_sectors",
    "list_sector_names",
    "list_sectors_below",
    "procedure",
    "procedure_sector",
    "sector",
]
