"""Areas, agencies, sectors and procedures, as of a date and within a scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, select

from survey.store.sql import from_json, insert_many, to_json
from survey.store.tables import agency, area, area_group, area_group_member, procedure, procedure_sector, sector


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


def list_group_members(connection: Connection, group: str, on: date) -> list[str]:
    """Areas that belong to a group on a date."""
    member = area_group_member.c
    query = select(member.area_code).where(
        member.group_code == group, member.valid_from <= on, (member.valid_to.is_(None)) | (member.valid_to >= on)
    )
    return list(connection.scalars(query.order_by(member.area_code)))


def find_sector_of_procedure(connection: Connection, procedure_code: str, on: date) -> str | None:
    """The sector that a procedure counted for on a date."""
    mapped = procedure_sector.c
    query = select(mapped.sector_code).where(
        mapped.procedure_code == procedure_code,
        mapped.valid_from <= on,
        (mapped.valid_to.is_(None)) | (mapped.valid_to >= on),
    )
    return connection.scalars(query).first()


def _areas_below(root: str) -> Any:
    tree = select(area.c.code).where(area.c.code == root).cte("below", recursive=True)
    tree = tree.union_all(select(area.c.code).join(tree, area.c.parent_code == tree.c.code))
    return select(tree.c.code)


def _agency(row: RowMapping) -> Agency:
    return Agency(row["code"], from_json(row["name"]), row["kind"], row["area_code"])


def _with_json_name(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "name": to_json(row["name"])} if "name" in row else dict(row)


__all__ = [
    "EVERYTHING",
    "Agency",
    "Scope",
    "add_places",
    "agency",
    "area",
    "area_group",
    "area_group_member",
    "find_agency",
    "find_sector_of_procedure",
    "list_agencies",
    "list_area_codes",
    "list_group_members",
    "list_sector_names",
    "list_sectors_below",
    "procedure",
    "procedure_sector",
    "sector",
]
