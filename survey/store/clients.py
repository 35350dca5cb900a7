"""Clients of the API, the batches that they sent, and the transactions that wait for the next version of a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from survey.store.sql import insert_or_skip, take_turn
from survey.store.tables import api_batch, api_client, frame_unit, incoming_transaction


@dataclass(frozen=True, slots=True)
class Client:
    """Who may call the API. `turn` counts its secrets: the next one ends the one before."""

    name: str
    turn: int
    added_on: date
    retired_on: date | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch held and what was answered to it."""

    body_digest: bytes
    answer: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A transaction on its way into the frame."""

    unit_hash: bytes
    agency_code: str
    sector_code: str
    facts: str


def add_client(connection: Connection, name: str, on: date) -> None:
    connection.execute(insert(api_client).values(name=name, turn=1, added_on=on, retired_on=None))


def renew_client(connection: Connection, name: str) -> None:
    """Count to the client's next secret."""
    connection.execute(update(api_client).where(api_client.c.name == name).values(turn=api_client.c.turn + 1))


def retire_client(connection: Connection, name: str, on: date) -> None:
    connection.execute(update(api_client).where(api_client.c.name == name).values(retired_on=on))


def find_client(connection: Connection, name: str) -> Client | None:
    row = connection.execute(select(api_client).where(api_client.c.name == name)).mappings().one_or_none()
    return Client(**row) if row else None


def list_clients(connection: Connection) -> list[Client]:
    rows = connection.execute(select(api_client).order_by(api_client.c.name)).mappings()
    return [Client(**row) for row in rows]


def hold_key(connection: Connection, client_name: str, key: str) -> None:
    """Until the transaction ends nobody else answers a batch of this client under this key."""
    take_turn(connection, f"batch/{client_name}/{key}")


def find_batch(connection: Connection, client_name: str, key: str) -> Batch | None:
    query = select(api_batch.c.body_digest, api_batch.c.answer)
    row = connection.execute(query.where(api_batch.c.client_name == client_name, api_batch.c.key == key)).one_or_none()
    return Batch(row.body_digest, row.answer) if row else None


def add_batch(connection: Connection, client_name: str, key: str, batch: Batch, on: date) -> None:
    values = {"client_name": client_name, "key": key, "body_digest": batch.body_digest, "answer": batch.answer}
    connection.execute(insert(api_batch).values(**values, arrived_on=on))


def list_held_units(connection: Connection, wave_code: str, unit_hashes: Sequence[bytes]) -> set[bytes]:
    """Those of some transactions that the frame holds or that wait for it."""
    held: set[bytes] = set()
    for table in (frame_unit, incoming_transaction):
        query = select(table.c.unit_hash).where(table.c.wave_code == wave_code, table.c.unit_hash.in_(unit_hashes))
        held.update(connection.scalars(query))
    return held


def add_waiting(connection: Connection, wave_code: str, rows: Sequence[Waiting]) -> None:
    """Let transactions wait; those that wait already, from another batch, stay as they are."""
    if rows:
        values = [{"wave_code": wave_code, **_values(row)} for row in rows]
        connection.execute(insert_or_skip(connection, incoming_transaction), values)


def list_waiting(connection: Connection, wave_code: str) -> list[Waiting]:
    """In the order of their keyed hashes, which is no order of arrival."""
    waiting = incoming_transaction.c
    query = select(waiting.unit_hash, waiting.agency_code, waiting.sector_code, waiting.facts)
    rows = connection.execute(query.where(waiting.wave_code == wave_code).order_by(waiting.unit_hash))
    return [Waiting(*row) for row in rows]


def count_waiting(connection: Connection) -> dict[str, int]:
    """By wave."""
    query = select(incoming_transaction.c.wave_code, func.count()).group_by(incoming_transaction.c.wave_code)
    return {code: count for code, count in connection.execute(query)}


def remove_waiting(connection: Connection, wave_code: str) -> None:
    connection.execute(delete(incoming_transaction).where(incoming_transaction.c.wave_code == wave_code))


def _values(row: Waiting) -> Mapping[str, Any]:
    return {
        "unit_hash": row.unit_hash,
        "agency_code": row.agency_code,
        "sector_code": row.sector_code,
        "facts": row.facts,
    }
