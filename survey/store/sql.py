"""What the query files share: inserts that skip what is already there, and names kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, Insert, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

CHUNK = 5000


def insert_or_skip(connection: Connection, table: Table) -> Insert:
    """INSERT ... ON CONFLICT DO NOTHING, in this connection's dialect: a unique index decides."""
    return _insert_or_skip(table, connection.dialect.name)


def insert_once(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row; False when one with its key is there already. The database answers by RETURNING, on both alike."""
    return connection.execute(_insert_once(table, connection.dialect.name), dict(values)).first() is not None


def insert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows in chunks, so that no statement grows with the file."""
    for start in range(0, len(rows), CHUNK):
        connection.execute(table.insert(), [dict(row) for row in rows[start : start + CHUNK]])


def pour_in(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert very many rows as the driver does it fastest: by COPY on PostgreSQL, by its own executemany on SQLite.

    Values go in as the driver takes them: no type of SQLAlchemy converts them.
    """
    if not rows:
        return
    names = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({places})", list(rows))  # noqa: S608 names of ours
        return
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


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


@lru_cache(maxsize=20_000)
def read_names(text: str) -> Mapping[str, str]:
    """Names by language, parsed once: nobody changes them."""
    return from_json(text)


@cache
def _insert_or_skip(table: Table, dialect: str) -> Insert:
    insert = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    return insert.on_conflict_do_nothing()


@cache
def _insert_once(table: Table, dialect: str) -> ReturningInsert[Any]:
    return _insert_or_skip(table, dialect).returning(*table.primary_key.columns)
