"""Staff accounts and their sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from survey.store.places import Scope
from survey.store.sql import insert_once
from survey.store.tables import staff, staff_session


@dataclass(frozen=True, slots=True)
class Staff:
    name: str
    role: str
    password_hash: str
    scope: Scope
    disabled: bool


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in member of staff; times are in UTC."""

    staff: Staff
    started_at: datetime
    seen_at: datetime


def add_staff(connection: Connection, name: str, role: str, password_hash: str, scope: Scope) -> bool:
    """Add an account; False when the name is taken."""
    values = {
        "name": name,
        "role": role,
        "password_hash": password_hash,
        "scope_area": scope.area,
        "scope_sector": scope.sector,
    }
    return insert_once(connection, staff, values)


def find_staff(connection: Connection, name: str) -> Staff | None:
    row = connection.execute(select(staff).where(staff.c.name == name)).one_or_none()
    if row is None:
        return None
    return Staff(row.name, row.role, row.password_hash, Scope(row.scope_area, row.scope_sector), row.disabled)


def add_session(connection: Connection, session_hash: bytes, staff_name: str, now: datetime) -> None:
    values = {"session_hash": session_hash, "staff_name": staff_name, "started_at": now, "seen_at": now}
    connection.execute(insert(staff_session).values(values))


def find_session(connection: Connection, session_hash: bytes) -> Session | None:
    query = select(staff_session).where(staff_session.c.session_hash == session_hash)
    row = connection.execute(query).one_or_none()
    member = find_staff(connection, row.staff_name) if row else None
    if row is None or member is None or member.disabled:
        return None
    return Session(member, row.started_at, row.seen_at)


def touch_session(connection: Connection, session_hash: bytes, now: datetime) -> None:
    connection.execute(update(staff_session).where(staff_session.c.session_hash == session_hash).values(seen_at=now))


def remove_session(connection: Connection, session_hash: bytes) -> None:
    connection.execute(delete(staff_session).where(staff_session.c.session_hash == session_hash))


def remove_sessions_unseen_since(connection: Connection, moment: datetime) -> None:
    connection.execute(delete(staff_session).where(staff_session.c.seen_at < moment))
