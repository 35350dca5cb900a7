"""The trail of signing keys: what became of each, in signed statements. Nothing here updates or deletes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select

from survey.store.tables import key_statement


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """A statement as it was signed; `vkey` is the key that follows, from `first_checkpoint` on."""

    number: int
    kind: str
    first_checkpoint: int
    vkey: str
    note: str
    made_on: date


def add_statement(connection: Connection, new: StoredStatement) -> None:
    connection.execute(insert(key_statement).values({name: getattr(new, name) for name in StoredStatement.__slots__}))


def list_statements(connection: Connection) -> list[StoredStatement]:
    """Every statement, oldest first."""
    rows = connection.execute(select(key_statement).order_by(key_statement.c.number)).mappings()
    return [StoredStatement(**row) for row in rows]
