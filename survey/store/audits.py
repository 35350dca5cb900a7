"""The audit trail: who did what, each entry bound to the one before by its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, exists, insert, select

from survey.store.sql import take_turn
from survey.store.tables import audit

GENESIS = bytes(32)


def add_event(
    connection: Connection, *, at: datetime, actor: str, event: str, subject: str, detail: Mapping[str, Any]
) -> None:
    """Append an entry. The caller holds a writing transaction, in which one entry follows another without a gap."""
    take_turn(connection, "audit")
    last = connection.execute(
        select(audit.c.position, audit.c.digest).order_by(audit.c.position.desc()).limit(1)
    ).first()
    position, previous = (last.position + 1, last.digest) if last else (0, GENESIS)
    text = json.dumps(dict(detail), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    values = {
        "position": position,
        "at": at.astimezone(UTC),
        "actor": actor,
        "event": event,
        "subject": subject,
        "detail": text,
    }
    connection.execute(insert(audit).values(**values, previous_digest=previous, digest=_digest(values, previous)))


@dataclass(frozen=True, slots=True)
class By:
    """Who does something, and when: for the audit trail."""

    actor: str
    now: datetime

    def record(self, connection: Connection, event: str, subject: str, **detail: Any) -> None:
        """Append an entry in the caller's writing transaction."""
        add_event(connection, at=self.now, actor=self.actor, event=event, subject=subject, detail=detail)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; `at` is in UTC, `detail` the JSON of what was recorded."""

    position: int
    at: datetime
    actor: str
    event: str
    subject: str
    detail: str
    digest: bytes


def find_head(connection: Connection) -> tuple[int, bytes]:
    """How many entries there are, and the digest of the newest, which binds them all."""
    query = select(audit.c.position, audit.c.digest).order_by(audit.c.position.desc()).limit(1)
    last = connection.execute(query).first()
    return (last.position + 1, last.digest) if last else (0, GENESIS)


def list_entries(connection: Connection, *, start: int = 0, newest: int | None = None) -> list[Entry]:
    """Entries from a position on, in order; only the `newest` so many of them when asked."""
    query = select(*(audit.c[name] for name in Entry.__slots__)).where(audit.c.position >= start)
    rows = connection.execute(query.order_by(audit.c.position.desc()).limit(newest)).all()
    return [Entry(**{**row._mapping, "at": _in_utc(row.at)}) for row in reversed(rows)]


def list_page(
    connection: Connection, *, before: int | None, events: Collection[str], others: bool, count: int
) -> list[Entry]:
    """The newest `count` entries before a position that are of these events; with `others`, of any but these."""
    query = select(*(audit.c[name] for name in Entry.__slots__)).order_by(audit.c.position.desc()).limit(count)
    query = query.where(audit.c.event.not_in(events) if others else audit.c.event.in_(events))
    rows = connection.execute(query if before is None else query.where(audit.c.position < before)).all()
    return [Entry(**{**row._mapping, "at": _in_utc(row.at)}) for row in rows]


def find_digest(connection: Connection, entries: int) -> bytes | None:
    """The head of the trail after so many entries; None when it has fewer."""
    if entries == 0:
        return GENESIS
    found: bytes | None = connection.scalar(select(audit.c.digest).where(audit.c.position == entries - 1))
    return found


def find_broken(connection: Connection, positions: Collection[int]) -> int | None:
    """The first of these entries that does not follow from the one before it."""
    wanted = {*positions, *(position - 1 for position in positions)}
    found = connection.execute(select(audit).where(audit.c.position.in_(wanted))).mappings()
    rows = {row["position"]: {column.name: row[column.name] for column in audit.c} for row in found}
    for position in sorted(positions):
        before = rows[position - 1]["digest"] if position - 1 in rows else GENESIS if position == 0 else None
        row = rows[position]
        if row["previous_digest"] != before or row["digest"] != _digest(row, row["previous_digest"]):
            return position
    return None


def list_digests(connection: Connection) -> list[bytes]:
    """The head of the trail after no entry, after one, after two, and so on."""
    return [GENESIS, *connection.scalars(select(audit.c.digest).order_by(audit.c.position))]


def has_event(connection: Connection, event: str, subject: str) -> bool:
    """Whether such an entry was made before."""
    query = select(exists().where(audit.c.event == event, audit.c.subject == subject))
    return bool(connection.scalar(query))


def find_first_break(connection: Connection) -> int | None:
    """Position of the first entry that does not follow from the one before; None when the chain holds."""
    previous = GENESIS
    for expected, row in enumerate(connection.execute(select(audit).order_by(audit.c.position)).mappings()):
        values = {name: row[name] for name in ("position", "at", "actor", "event", "subject", "detail")}
        if (
            row["position"] != expected
            or row["previous_digest"] != previous
            or row["digest"] != _digest(values, previous)
        ):
            return expected
        previous = row["digest"]
    return None


def _digest(values: Mapping[str, Any], previous: bytes) -> bytes:
    parts = [
        _in_utc(values["at"]).isoformat(),
        *(str(values[key]) for key in ("position", "actor", "event", "subject", "detail")),
    ]
    return hashlib.sha256(previous + json.dumps(parts, ensure_ascii=False).encode()).digest()


def _in_utc(moment: datetime) -> datetime:
    """PostgreSQL hands times back in the session's zone, SQLite without one: the digest is over UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
