"""The adequacy of released cells: frozen with their checks, filtered, sorted and paged by the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select

from survey.store.sql import insert_many
from survey.store.tables import adequacy, adequacy_cell, invitation

SORTS = (
    "badness",
    "n",
    "n_effective",
    "deff",
    "df",
    "half_width",
    "response_rate",
    "coverage",
    "answers_needed",
    "warnings",
    "place",
    "period",
)
PAGE = 50
FILTERS = ("wave_code", "level", "sector_code", "area_code", "period", "verdict")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which cells, in which order: `filters` by column, `flagged` only those with a warning; `sectors`, `agencies` and
    `areas` are those that the reader may see, None all."""

    filters: Mapping[str, str]
    sort: str = "badness"
    descending: bool = True
    flagged: bool = False
    page: int = 1
    sectors: Sequence[str] | None = None
    agencies: Sequence[str] | None = None
    areas: Sequence[str] = ()


def list_frozen(connection: Connection) -> set[str]:
    """Releases whose adequacy is frozen."""
    return set(connection.scalars(select(adequacy.c.release_code)))


def find_basis(connection: Connection, release_code: str) -> str | None:
    """The tally that a frozen release rests on, as `keep` was given it."""
    return connection.scalar(select(adequacy.c.basis).where(adequacy.c.release_code == release_code))


def keep(
    connection: Connection,
    release_code: str,
    wave_code: str,
    *,
    basis: str,
    on: date,
    cells: Sequence[Mapping[str, Any]],
) -> None:
    """Keep the adequacy of a wave's newest release in place of that of its earlier ones."""
    connection.execute(delete(adequacy_cell).where(adequacy_cell.c.wave_code == wave_code))
    connection.execute(delete(adequacy).where(adequacy.c.wave_code == wave_code))
    connection.execute(
        insert(adequacy).values(release_code=release_code, wave_code=wave_code, basis=basis, frozen_on=on)
    )
    insert_many(connection, adequacy_cell, cells)


def list_cells(connection: Connection, asked: Asked, *, most: int | None = PAGE) -> list[dict[str, Any]]:
    """Cells of a page, with everything but their checks; all of them with `most` None."""
    column = adequacy_cell.c[asked.sort if asked.sort in SORTS else "badness"]
    wanted = [each for each in adequacy_cell.c if each.name != "checks"]
    way = column.desc().nulls_last() if asked.descending else column.asc().nulls_last()
    query = select(*wanted).where(_matching(asked)).order_by(way, *adequacy_cell.primary_key.columns)
    if most is not None:
        query = query.limit(most).offset((max(1, asked.page) - 1) * most)
    return [dict(row) for row in connection.execute(query).mappings()]


def list_checked(connection: Connection, asked: Asked) -> list[dict[str, Any]]:
    """Every matching cell with its checks, for a file."""
    query = select(adequacy_cell).where(_matching(asked)).order_by(*adequacy_cell.primary_key.columns)
    return [dict(row) for row in connection.execute(query).mappings()]


def count_cells(connection: Connection, asked: Asked) -> tuple[int, int]:
    """Matching cells, and how many of them are hidden."""
    hidden = func.count().filter(adequacy_cell.c.hidden)
    row = connection.execute(select(func.count(), hidden).where(_matching(asked))).one()
    return int(row[0]), int(row[1])


def find_cell(connection: Connection, wave_code: str, level: str, sector: str, place: str) -> dict[str, Any] | None:
    """One cell of a wave's newest frozen release with its checks."""
    key = (wave_code, level, sector, place)
    columns = ("wave_code", "level", "sector_code", "place")
    same = and_(*(adequacy_cell.c[name] == value for name, value in zip(columns, key, strict=True)))
    row = connection.execute(select(adequacy_cell).where(same)).mappings().first()
    return dict(row) if row else None


def list_values(connection: Connection, column: str) -> list[str]:
    """The different values of a filter, sorted."""
    return list(connection.scalars(select(adequacy_cell.c[column]).distinct().order_by(adequacy_cell.c[column])))


def count_channels(connection: Connection, wave_code: str, until: date) -> dict[str, int]:
    """Invitations of a wave that were drawn up to a day, by the channel they went out by."""
    drawn = (invitation.c.wave_code == wave_code) & (invitation.c.drawn_on <= until)
    query = select(invitation.c.channel, func.count()).where(drawn).group_by(invitation.c.channel)
    return {channel: int(count) for channel, count in connection.execute(query.order_by(invitation.c.channel))}


def count_dispositions(connection: Connection, wave_code: str) -> dict[str, dict[str, int]]:
    """Invitations of a wave by stratum and what became of the message."""
    columns = (invitation.c.stratum_code, invitation.c.disposition)
    query = select(*columns, func.count()).where(invitation.c.wave_code == wave_code).group_by(*columns)
    found: dict[str, dict[str, int]] = {}
    for stratum, disposition, count in connection.execute(query):
        found.setdefault(stratum, {})[disposition] = int(count)
    return found


def _matching(asked: Asked) -> ColumnElement[bool]:
    same = [adequacy_cell.c[name] == value for name, value in asked.filters.items() if name in FILTERS and value]
    flagged = [adequacy_cell.c.warnings > 0] if asked.flagged else []
    seen: list[ColumnElement[bool]] = [] if asked.sectors is None else [adequacy_cell.c.sector_code.in_(asked.sectors)]
    if asked.agencies is not None:
        agencies = (adequacy_cell.c.level == "agency") & adequacy_cell.c.place.in_(asked.agencies)
        seen.append(agencies | ((adequacy_cell.c.level == "area") & adequacy_cell.c.place.in_(asked.areas)))
    return and_(True, *same, *flagged, *seen)
