"""What the query files share: inserts that skip what is already there, and names kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite

CHUNK = 5000


def insert_or_skip(connection: Connection, table: Table) -> Insert:
    """INSERT ... ON CONFLICT DO NOTHING, in this connection's dialect: a unique index decides."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


def insert_once(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row; False when one with its key is there already. The database answers by RETURNING, on both alike."""
    statement = insert_or_skip(connection, table).values(dict(values)).returning(*table.primary_key.columns)
    return connection.execute(statement).first() is not None


def insert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows in chunks, so that no statement grows with the file."""
    for start in range(0, len(rows), CHUNK):
        connection.execute(table.insert(), [dict(row) for row in rows[start : start + CHUNK]])


def take_turn(connection: Connection, queue: str) -> None:
    """Wait until no other transaction holds this turn, and hold it to the end. SQLite has one writer anyway."""
    if connection.dialect.name != "sqlite":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(queue))))


def to_json(value: Mapping[str, Any]) -> str:
    """A small JSON object with sorted keys and readable letters."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def from_json(text: str) -> dict[str, Any]:
    """The object that `to_json` kept."""
    value: dict[str, Any] = json.loads(text)
    return value
