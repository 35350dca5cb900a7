"""Sessions of staff: a keyed hash of the cookie's value, when it was seen, whether a second factor is still awaited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, update

from survey.store.people import Staff, find_staff
from survey.store.tables import staff_session


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in member of staff; times are in UTC. A half one waits for the second factor and opens nothing."""

    session_hash: bytes
    staff: Staff
    started_at: datetime
    seen_at: datetime
    confirmed_at: datetime
    is_half: bool
    failures: int
    challenge: bytes | None
    device: str


def add_session(
    connection: Connection, session_hash: bytes, staff_name: str, now: datetime, *, device: str, is_half: bool
) -> None:
    values = {
        "session_hash": session_hash,
        "staff_name": staff_name,
        "started_at": now,
        "seen_at": now,
        "confirmed_at": now,
        "is_half": is_half,
        "device": device,
    }
    connection.execute(insert(staff_session).values(values))


def find_session(connection: Connection, session_hash: bytes) -> Session | None:
    """A session of an account that may sign in, whether half or whole."""
    query = select(staff_session).where(staff_session.c.session_hash == session_hash)
    row = connection.execute(query).one_or_none()
    member = find_staff(connection, row.staff_name) if row else None
    return _session(row, member) if row is not None and member is not None and not member.disabled else None


def list_sessions(connection: Connection, member: Staff) -> list[Session]:
    """The whole sessions of an account, the one seen last first."""
    query = select(staff_session).where(staff_session.c.staff_name == member.name, ~staff_session.c.is_half)
    return [_session(row, member) for row in connection.execute(query.order_by(staff_session.c.seen_at.desc()))]


def touch_session(connection: Connection, session_hash: bytes, now: datetime) -> None:
    _change(connection, session_hash, seen_at=now)


def rename_session(connection: Connection, session_hash: bytes, new_hash: bytes) -> None:
    """Let a session go on under another cookie value."""
    _change(connection, session_hash, session_hash=new_hash)


def confirm_session(connection: Connection, session_hash: bytes, now: datetime) -> None:
    _change(connection, session_hash, confirmed_at=now, failures=0)


def complete_session(connection: Connection, session_hash: bytes, now: datetime) -> None:
    _change(connection, session_hash, is_half=False, seen_at=now, confirmed_at=now, failures=0)


def count_failure(connection: Connection, session_hash: bytes) -> None:
    _change(connection, session_hash, failures=staff_session.c.failures + 1)


def set_challenge(connection: Connection, session_hash: bytes, challenge: bytes | None) -> None:
    _change(connection, session_hash, challenge=challenge)


def remove_session(connection: Connection, session_hash: bytes) -> bool:
    """End a session; False when there is none."""
    gone = connection.execute(delete(staff_session).where(staff_session.c.session_hash == session_hash))
    return gone.rowcount == 1


def remove_sessions_of(connection: Connection, name: str, *, but: bytes | None = None) -> int:
    """End every session of an account, but perhaps one; how many."""
    gone = delete(staff_session).where(staff_session.c.staff_name == name)
    if but is not None:
        gone = gone.where(staff_session.c.session_hash != but)
    return connection.execute(gone).rowcount


def remove_sessions_unseen_since(connection: Connection, moment: datetime) -> None:
    connection.execute(delete(staff_session).where(staff_session.c.seen_at < moment))


def _change(connection: Connection, known_hash: bytes, /, **values: object) -> None:
    connection.execute(update(staff_session).where(staff_session.c.session_hash == known_hash).values(**values))


def _session(row: Row[tuple[object, ...]], member: Staff) -> Session:
    return Session(
        row.session_hash,
        member,
        row.started_at,
        row.seen_at,
        row.confirmed_at or row.started_at,
        row.is_half,
        row.failures,
        row.challenge,
        row.device,
    )
