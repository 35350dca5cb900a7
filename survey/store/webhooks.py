"""What portals are to be told: how far the audit trail was read for each, and every delivery with what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, RowMapping, func, select, update

from survey.store.sql import insert_many, insert_or_skip, take_turn
from survey.store.tables import webhook_delivery, webhook_progress

WAITING, DELIVERED, GIVEN_UP = "waiting", "delivered", "given_up"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to tell one portal. `told` says what came of the last attempt."""

    code: str
    name: str
    event: str
    body: str
    state: str
    attempts: int
    due_at: datetime
    told: str


def hold_progress(connection: Connection, name: str) -> int | None:
    """The audit trail's next entry for a webhook, None for a new one; nobody else reads on meanwhile."""
    take_turn(connection, f"webhook/{name}")
    return connection.scalar(select(webhook_progress.c.position).where(webhook_progress.c.name == name))


def move_progress(connection: Connection, name: str, position: int) -> None:
    connection.execute(insert_or_skip(connection, webhook_progress).values(name=name, position=position))
    mine = webhook_progress.c.name == name
    connection.execute(update(webhook_progress).where(mine).values(position=position))


def add_deliveries(connection: Connection, deliveries: Sequence[Delivery]) -> None:
    insert_many(connection, webhook_delivery, [_values(each) for each in deliveries])


def change_delivery(connection: Connection, changed: Delivery) -> None:
    values = {name: getattr(changed, name) for name in ("state", "attempts", "due_at", "told")}
    connection.execute(update(webhook_delivery).where(webhook_delivery.c.code == changed.code).values(**values))


def try_again(connection: Connection, code: str, now: datetime) -> bool:
    """Let a delivery that was given up wait once more; False when there is none."""
    row = (webhook_delivery.c.code == code) & (webhook_delivery.c.state == GIVEN_UP)
    values = {"state": WAITING, "attempts": 0, "due_at": now.astimezone(UTC)}
    return connection.execute(update(webhook_delivery).where(row).values(**values)).rowcount == 1


def list_due(connection: Connection, now: datetime, most: int) -> list[Delivery]:
    """Deliveries that may be tried now, the longest due first."""
    due = webhook_delivery.c
    query = select(webhook_delivery).where(due.state == WAITING, due.due_at <= now.astimezone(UTC))
    return [_delivery(row) for row in connection.execute(query.order_by(due.due_at, due.code).limit(most)).mappings()]


def count_waiting(connection: Connection) -> int:
    """Deliveries that are neither done nor given up."""
    query = select(func.count()).where(webhook_delivery.c.state == WAITING)
    return connection.execute(query).scalar_one()


def list_deliveries(connection: Connection, most: int) -> list[Delivery]:
    """Every delivery, newest first."""
    query = select(webhook_delivery).order_by(webhook_delivery.c.code.desc()).limit(most)
    return [_delivery(row) for row in connection.execute(query).mappings()]


def _values(delivery: Delivery) -> dict[str, object]:
    return {name: getattr(delivery, name) for name in Delivery.__slots__} | {"due_at": delivery.due_at.astimezone(UTC)}


def _delivery(row: RowMapping) -> Delivery:
    moment: datetime = row["due_at"]
    return Delivery(**{**dict(row), "due_at": moment if moment.tzinfo else moment.replace(tzinfo=UTC)})
