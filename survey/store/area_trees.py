"""The tree of areas on a day, its groups and shapes, and what followed what; agencies likewise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select

from survey.store.sql import from_json, read_names
from survey.store.tables import (
    agency,
    agency_predecessor,
    area,
    area_group,
    area_group_member,
    area_predecessor,
    area_shape,
    procedure,
    procedure_sector,
)


@dataclass(frozen=True, slots=True)
class DatedPlace:
    """An area or an agency; `parent` is the area above it."""

    code: str
    name: Mapping[str, str]
    kind: str
    parent: str | None
    valid_from: date
    valid_to: date | None

    def exists(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Succession:
    """`code` stands on a part of `predecessor`; a `share` that nobody knows is a break."""

    code: str
    predecessor: str
    share: float | None


def list_areas(connection: Connection) -> dict[str, DatedPlace]:
    """Every area, ended ones included, by code."""
    return _list(connection, area, area.c.parent_code)


def list_dated_agencies(connection: Connection) -> dict[str, DatedPlace]:
    """Every agency, ended ones included, by code."""
    return _list(connection, agency, agency.c.area_code)


def list_area_successions(connection: Connection) -> list[Succession]:
    """What every area came from."""
    columns = area_predecessor.c
    query = select(columns.area_code, columns.predecessor_code, columns.share)
    return [_succession(row) for row in connection.execute(query.order_by(*area_predecessor.primary_key.columns))]


def list_agency_successions(connection: Connection) -> list[Succession]:
    """What every agency came from."""
    columns = agency_predecessor.c
    query = select(columns.agency_code, columns.predecessor_code, columns.share)
    return [_succession(row) for row in connection.execute(query.order_by(*agency_predecessor.primary_key.columns))]


def list_groups(connection: Connection, on: date) -> dict[str, tuple[dict[str, str], list[str]]]:
    """Names and members of every group of areas on a day."""
    groups = {
        row.code: (from_json(row.name), list[str]())
        for row in connection.execute(select(area_group).where(_valid(area_group, on)).order_by(area_group.c.code))
    }
    members = select(area_group_member).where(_valid(area_group_member, on)).order_by(area_group_member.c.area_code)
    for row in connection.execute(members):
        if row.group_code in groups:
            groups[row.group_code][1].append(row.area_code)
    return groups


def list_shapes(connection: Connection) -> dict[str, str]:
    """GeoJSON geometry by area."""
    return {code: text for code, text in connection.execute(select(area_shape.c.area_code, area_shape.c.geometry))}


def add_successions(connection: Connection, table: Table, rows: Sequence[Succession]) -> int:
    """Add those that are not there yet to one of the two tables of predecessors; the number added."""
    own = table.primary_key.columns.keys()[0]
    known = {tuple(row) for row in connection.execute(select(*table.primary_key.columns))}
    new = [
        {own: row.code, "predecessor_code": row.predecessor, "share": row.share}
        for row in rows
        if (row.code, row.predecessor) not in known
    ]
    if new:
        connection.execute(insert(table), new)
    return len(new)


def set_shape(connection: Connection, code: str, geometry: str, source: str) -> None:
    """Keep the shape of an area in place of the one before."""
    connection.execute(delete(area_shape).where(area_shape.c.area_code == code))
    connection.execute(insert(area_shape).values(area_code=code, geometry=geometry, source=source))


def list_decisions(connection: Connection) -> list[dict[str, Any]]:
    """Every decision that put a procedure in a sector, by procedure and day, with the procedure's names and kind."""
    query = (
        select(procedure_sector, procedure.c.name, procedure.c.kind)
        .join(procedure, procedure.c.code == procedure_sector.c.procedure_code)
        .order_by(procedure_sector.c.procedure_code, procedure_sector.c.valid_from)
    )
    return [{**dict(row), "name": from_json(row["name"])} for row in connection.execute(query).mappings()]


def _list(connection: Connection, table: Table, parent: ColumnElement[Any]) -> dict[str, DatedPlace]:
    columns = table.c
    query = select(columns.code, columns.name, columns.kind, parent, columns.valid_from, columns.valid_to)
    return {
        row[0]: DatedPlace(row[0], read_names(row[1]), *row[2:])
        for row in connection.execute(query.order_by(columns.code))
    }


def _succession(row: Any) -> Succession:
    return Succession(row[0], row[1], None if row[2] is None else float(row[2]))


def _valid(table: Table, on: date) -> ColumnElement[bool]:
    return (table.c.valid_from <= on) & (table.c.valid_to.is_(None) | (table.c.valid_to >= on))
