"""Draws that operators ordered: each waits until the work process has carried it out, or says why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from survey.store.sql import from_json, take_turn, to_json
from survey.store.tables import draw_order

WAITING, DONE, REFUSED = "waiting", "done", "refused"


@dataclass(frozen=True, slots=True)
class DrawOrder:
    """So many (`count`, of these `strata` where a plan says so) at once, or each at a `rate` night by night."""

    wave_code: str
    number: int
    count: int | None
    strata: Mapping[str, int] | None
    rate: float | None
    seed: str
    ordered_by: str
    ordered_on: date
    state: str = WAITING
    told: str = ""


def next_number(connection: Connection, wave_code: str) -> int:
    """The number of a wave's next order; nobody else takes it meanwhile."""
    take_turn(connection, f"draw-order/{wave_code}")
    newest = select(func.max(draw_order.c.number)).where(draw_order.c.wave_code == wave_code)
    return (connection.scalar(newest) or 0) + 1


def add_order(connection: Connection, order: DrawOrder) -> None:
    values = {name: getattr(order, name) for name in DrawOrder.__slots__}
    connection.execute(
        insert(draw_order).values(**values | {"strata": to_json(order.strata) if order.strata else None})
    )


def settle_order(connection: Connection, order: DrawOrder, state: str, told: str) -> None:
    row = (draw_order.c.wave_code == order.wave_code) & (draw_order.c.number == order.number)
    connection.execute(update(draw_order).where(row).values(state=state, told=told))


def list_orders(connection: Connection, wave_code: str) -> list[DrawOrder]:
    """The orders of a wave, newest first."""
    query = select(draw_order).where(draw_order.c.wave_code == wave_code).order_by(draw_order.c.number.desc())
    return [_order(row) for row in connection.execute(query).mappings()]


def list_waiting(connection: Connection) -> list[DrawOrder]:
    """Every order that waits, wave by wave."""
    query = select(draw_order).where(draw_order.c.state == WAITING)
    rows = connection.execute(query.order_by(draw_order.c.wave_code, draw_order.c.number)).mappings()
    return [_order(row) for row in rows]


def _order(row: RowMapping) -> DrawOrder:
    return DrawOrder(**{**dict(row), "strata": from_json(row["strata"]) if row["strata"] else None})
