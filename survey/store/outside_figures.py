"""Figures that others published: entries that only grow, of which the newest of each line stands."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

from sqlalchemy import Connection, func, insert, select

from survey.store.tables import outside_figure


@dataclass(frozen=True, slots=True)
class OutsideFigure:
    """One figure as its publisher printed it; `value` empty takes the entry back that it replaces."""

    number: int
    replaces: int | None
    publisher: str
    name: str
    definition: str
    sector_code: str | None
    year: int
    value: str
    scale: str
    n: int | None
    rank: int | None
    ranked: int | None
    method_year: int | None
    source: str
    entered_by: str
    entered_on: date


def add_outside_figure(connection: Connection, new: OutsideFigure) -> None:
    connection.execute(insert(outside_figure).values(**{each.name: getattr(new, each.name) for each in fields(new)}))


def next_outside_number(connection: Connection) -> int:
    return (connection.scalar(select(func.max(outside_figure.c.number))) or 0) + 1


def list_outside_figures(connection: Connection) -> list[OutsideFigure]:
    """Those that stand, by name and year, newest year first."""
    columns = outside_figure.c
    replaced = select(columns.replaces).where(columns.replaces.is_not(None))
    query = select(outside_figure).where(columns.number.not_in(replaced), columns.value != "")
    rows = connection.execute(query.order_by(columns.name, columns.year.desc(), columns.number)).mappings()
    return [OutsideFigure(**row) for row in rows]
