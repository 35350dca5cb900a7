"""Reading frozen adequacy inside a reader's scope: a page of cells, one cell, or all of them for a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from survey.store import adequacy, area_trees, places
from survey.store.adequacy import PAGE, SORTS, Asked
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.places import Scope


class UnknownCell(LookupError):
    """No frozen cell has this key, or not one that the reader may see."""


@dataclass(frozen=True, slots=True)
class CellsPage:
    """One page of cells, how many there are, how many of them are hidden, and the values that filters may take."""

    cells: list[dict[str, Any]]
    count: int
    hidden: int
    choices: dict[str, list[str]]

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE))


def read_cells(database: Database, asked: Asked, scope: Scope) -> CellsPage:
    """The cells that are asked for, a page of them."""
    with database.reading() as connection:
        inside = _inside(connection, asked, scope)
        count, hidden = adequacy.count_cells(connection, inside)
        columns = ("wave_code", "level", "sector_code", "area_code", "period", "verdict")
        choices = {name: adequacy.list_values(connection, name) for name in columns}
        return CellsPage(adequacy.list_cells(connection, inside), count, hidden, choices)


def read_cell(database: Database, wave: str, level: str, sector: str, place: str, scope: Scope) -> dict[str, Any]:
    """One cell with its checks. Raises UnknownCell."""
    key = Asked({"wave_code": wave, "level": level, "sector_code": sector})
    with database.reading() as connection:
        inside = _inside(connection, key, scope)
        found = adequacy.find_cell(connection, wave, level, sector, place)
        allowed = adequacy.list_cells(connection, inside, most=None) if found and inside != key else None
    if found is None or (allowed is not None and place not in {each["place"] for each in allowed}):
        raise UnknownCell(place)
    return found


def list_area_names(database: Database) -> dict[str, Mapping[str, str]]:
    """The names of every area, ended ones included, by code and language."""
    with database.reading() as connection:
        return {code: area.name for code, area in area_trees.list_areas(connection).items()}


def export_cells(database: Database, asked: Asked, scope: Scope, by: By) -> list[dict[str, Any]]:
    """Every cell that is asked for with its checks; the export enters the audit trail."""
    with database.writing("export-adequacy") as connection:
        cells = adequacy.list_checked(connection, _inside(connection, asked, scope))
        by.record(connection, "adequacy-exported", asked.filters.get("wave_code") or "all", cells=len(cells))
    return cells


def _inside(connection: Connection, asked: Asked, scope: Scope) -> Asked:
    sectors = None if scope.sector is None else sorted(places.list_sectors_below(connection, scope.sector))
    agencies = None if scope.area is None else sorted(places.list_agencies(connection, scope))
    areas = () if scope.area is None else places.list_area_codes(connection, scope.area)
    return replace(asked, sectors=sectors, agencies=agencies, areas=areas)


__all__ = [
    "PAGE",
    "SORTS",
    "Asked",
    "By",
    "CellsPage",
    "UnknownCell",
    "export_cells",
    "list_area_names",
    "read_cell",
    "read_cells",
]
