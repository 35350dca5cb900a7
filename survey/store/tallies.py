"""The tally: counts and sums by design cell, grown in one transaction with how far the ledger was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from survey.store.sql import insert_many
from survey.store.tables import published_figure, tally_cell, tally_cross, tally_item, tally_progress


class CellKey(NamedTuple):
    """A design cell of a wave: stratum, PSU, calibration class, period, disposition."""

    stratum_code: str
    psu: str
    calibration_class: str
    period: str
    disposition: str


class Moments(NamedTuple):
    """n, sum of u and sum of u squared over the persons of a cell; u is an integer score."""

    n: int
    total: int
    total_squared: int


class ItemKey(NamedTuple):
    """A bar of the plain distribution of one item at one agency in one period."""

    agency_code: str
    period: str
    disposition: str
    item: str
    choice: str


def find_progress(connection: Connection, wave_code: str) -> int:
    """Leaves of the ledger that this wave's tally has read."""
    query = select(tally_progress.c.size).where(tally_progress.c.wave_code == wave_code)
    return connection.scalars(query).first() or 0


def list_progress(connection: Connection) -> dict[str, int]:
    return {code: size for code, size in connection.execute(select(tally_progress.c.wave_code, tally_progress.c.size))}


def grow_tally(
    connection: Connection,
    wave_code: str,
    size: int,
    cells: Mapping[tuple[CellKey, str], Moments],
    crosses: Mapping[tuple[CellKey, str, str], tuple[int, int]],
    items: Mapping[ItemKey, int],
) -> None:
    """Add the counts of new leaves and move the progress to `size`, all or nothing with the caller's transaction."""
    _grow(
        connection,
        tally_cell,
        ("n", "total", "total_squared"),
        [
            {"wave_code": wave_code, **key._asdict(), "outcome": outcome, **moments._asdict()}
            for (key, outcome), moments in sorted(cells.items())
        ],
    )
    _grow(
        connection,
        tally_cross,
        ("n", "total_product"),
        [
            {
                "wave_code": wave_code,
                **key._asdict(),
                "outcome": one,
                "other_outcome": other,
                "n": n,
                "total_product": uv,
            }
            for (key, one, other), (n, uv) in sorted(crosses.items())
        ],
    )
    _grow(
        connection,
        tally_item,
        ("n",),
        [{"wave_code": wave_code, **key._asdict(), "n": n} for key, n in sorted(items.items())],
    )
    _set_progress(connection, wave_code, size)


def clear_tally(connection: Connection, wave_code: str) -> None:
    """Forget a wave's tally, to be rebuilt from the ledger."""
    for table in (tally_cell, tally_cross, tally_item, tally_progress):
        connection.execute(delete(table).where(table.c.wave_code == wave_code))


def list_cells(connection: Connection, wave_code: str, outcomes: Sequence[str] | None) -> list[dict[str, Any]]:
    """Cells of a wave for some outcomes, or for all with None, sorted by their whole key."""
    query = select(tally_cell).where(tally_cell.c.wave_code == wave_code)
    if outcomes is not None:
        query = query.where(tally_cell.c.outcome.in_(outcomes))
    return _rows(connection, query.order_by(*tally_cell.primary_key.columns))


def list_items(connection: Connection, wave_code: str, item: str) -> list[dict[str, Any]]:
    """The plain distribution of one item, sorted."""
    query = select(tally_item).where(tally_item.c.wave_code == wave_code, tally_item.c.item == item)
    return _rows(connection, query.order_by(*tally_item.primary_key.columns))


def count_counted(connection: Connection, wave_code: str) -> dict[str, int]:
    """Responses that count, by stratum (the outcome 'response' is 1 for everybody)."""
    query = (
        select(tally_cell.c.stratum_code, func.sum(tally_cell.c.n))
        .where(
            tally_cell.c.wave_code == wave_code,
            tally_cell.c.outcome == "response",
            tally_cell.c.disposition == "counted",
        )
        .group_by(tally_cell.c.stratum_code)
    )
    return {code: int(n) for code, n in connection.execute(query)}


def add_published_figures(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what a publisher printed beside the counts that it published."""
    insert_many(connection, published_figure, rows)


def list_published_figures(connection: Connection, wave_code: str) -> dict[tuple[str, str], str]:
    """Published per cent, as printed, by agency and period."""
    query = select(published_figure).where(published_figure.c.wave_code == wave_code)
    return {(row.agency_code, row.period): row.per_cent for row in connection.execute(query)}


def _rows(connection: Connection, query: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query).mappings()]


def _grow(connection: Connection, table: Table, sums: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    upsert = statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: table.c[name] + statement.excluded[name] for name in sums},
    )
    connection.execute(upsert, [dict(row) for row in rows])


def _set_progress(connection: Connection, wave_code: str, size: int) -> None:
    connection.execute(delete(tally_progress).where(tally_progress.c.wave_code == wave_code))
    connection.execute(tally_progress.insert().values(wave_code=wave_code, size=size))
