"""Signing in and out: a password, and what a person has beside it; sessions that end by themselves."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from survey.actions.passwords import (
    BadAccount,
    check_password,
    fits,
    hash_password,
    new_password,
)
from survey.keys import Keys
from survey.settings import STAFF_ROLES
from survey.store import audits, people, places, sessions
from survey.store.database import Connection, Database
from survey.store.people import Staff
from survey.store.places import EVERYTHING, Scope
from survey.store.sessions import Session

LONGEST_NAME = 64
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)
TO_FINISH = timedelta(minutes=10)
CONFIRMED_FOR = timedelta(minutes=10)
MOST_FAILURES = 5
ROLES = STAFF_ROLES

__all__ = [
    "ROLES",
    "BadAccount",
    "Session",
    "add_staff",
    "new_password",
    "sign_in",
    "sign_out",
]


class NotSignedIn(Exception):
    """Name and password do not belong together, or the account is disabled: which of them is never told."""

    def __init__(self) -> None:
        super().__init__("The name and the password do not belong together, or the account is closed. Check both.")


def add_staff(
    database: Database,
    name: str,
    role: str,
    password: str,
    *,
    now: datetime,
    actor: str,
    scope: Scope = EVERYTHING,
    stolen: Path | None = None,
) -> None:
    """Make an account with a password; none when it is empty. Raises BadAccount."""
    if role not in ROLES:
        raise BadAccount(f"There is no role {role}. Choose one of: {', '.join(ROLES)}.")
    if not can_be_a_name(name) or "/" in name:
        raise BadAccount("The name must have 1 to 64 printable characters, and no slash.")
    if password:
        check_password(password, name, stolen)
    hashed = hash_password(password) if password else ""
    with database.writing("add-staff") as connection:
        check_scope(connection, scope)
        if not people.add_staff(connection, name, role, hashed, scope):
            raise BadAccount(f"There is an account with the name {name} already. Choose another name.")
        audits.add_event(connection, at=now, actor=actor, event="staff-added", subject=name, detail={"role": role})


def sign_in(database: Database, keys: Keys, name: str, password: str, now: datetime, *, device: str = "other") -> str:
    """Check a password and start a session; the value for its cookie. Raises NotSignedIn.

    An unknown name takes as long as a wrong password. Where the account has a second factor, the session is half: it
    opens nothing until `second_factors` has seen the other half.
    """
    with database.reading() as connection:
        member = people.find_staff(connection, name) if can_be_a_name(name) else None
    if not fits(member.password_hash if member else None, password) or member is None or member.disabled:
        raise NotSignedIn
    return start_session(database, keys, member, now, device=device, is_half=member.has_factor)


def start_session(
    database: Database, keys: Keys, member: Staff, now: datetime, *, device: str = "other", is_half: bool = False
) -> str:
    """Start a session for somebody who was recognised; the value for its cookie."""
    session = secrets.token_urlsafe(32)
    with database.writing("sign-in") as connection:
        sessions.remove_sessions_unseen_since(connection, now - IDLE)
        sessions.add_session(connection, keys.session_hash(session), member.name, now, device=device, is_half=is_half)
        if not is_half:
            record_sign_in(connection, member.name, now)
    return session


def record_sign_in(connection: Connection, name: str, now: datetime) -> None:
    audits.add_event(connection, at=now, actor=name, event="signed-in", subject=name, detail={})


def find_signed_in(database: Database, keys: Keys, session: str, now: datetime) -> Staff | None:
    """Who holds a whole session that is neither idle nor too old; seen again at most once a minute."""
    found = find_live_session(database, keys, session, now)
    return found.staff if found is not None and not found.is_half else None


def find_live_session(database: Database, keys: Keys, session: str, now: datetime) -> Session | None:
    """A session, half or whole, that is neither idle nor too old; its times are in UTC."""
    session_hash = keys.session_hash(session)
    with database.reading() as connection:
        kept = sessions.find_session(connection, session_hash)
    if kept is None:
        return None
    found = replace(
        kept, started_at=_utc(kept.started_at), seen_at=_utc(kept.seen_at), confirmed_at=_utc(kept.confirmed_at)
    )
    longest = TO_FINISH if found.is_half else LONGEST
    if now - found.seen_at > IDLE or now - found.started_at > longest or found.failures >= MOST_FAILURES:
        return None
    if now - found.seen_at > timedelta(minutes=1):
        with database.writing("touch-session") as connection:
            sessions.touch_session(connection, session_hash, now)
    return found


def renew_session(database: Database, keys: Keys, session: Session) -> str:
    """Another cookie value for a session whose owner was recognised anew; the former one opens nothing from now on."""
    value = secrets.token_urlsafe(32)
    with database.writing("renew-session") as connection:
        sessions.rename_session(connection, session.session_hash, keys.session_hash(value))
    return value


def is_confirmed(session: Session, now: datetime) -> bool:
    """Whether the person was asked who they are so lately that exports, roles and keys are open."""
    return now - session.confirmed_at <= CONFIRMED_FOR


def confirm(database: Database, session: Session, password: str, now: datetime) -> bool:
    """Ask the person at a session for the password again; False when it is wrong. Too many end the session."""
    right = fits(session.staff.password_hash or None, password)
    with database.writing("confirm-session") as connection:
        if right:
            sessions.confirm_session(connection, session.session_hash, now)
        else:
            sessions.count_failure(connection, session.session_hash)
    return right


def sign_out(database: Database, keys: Keys, session: str) -> None:
    """End a session."""
    with database.writing("sign-out") as connection:
        sessions.remove_session(connection, keys.session_hash(session))


def check_scope(connection: Connection, scope: Scope) -> None:
    """Raise BadAccount unless there are such an area and such a sector."""
    if scope.area is not None and not places.list_area_codes(connection, scope.area):
        raise BadAccount(f"There is no area with the code {scope.area}. Give a code of the mandate's areas.")
    if scope.sector is not None and not places.list_sectors_below(connection, scope.sector):
        raise BadAccount(f"There is no sector with the code {scope.sector}. Give a code of the mandate's sectors.")


def can_be_a_name(name: str) -> bool:
    """What is not printable is no name, and some of it (NUL, half characters) no database takes."""
    return 0 < len(name) <= LONGEST_NAME and name.isprintable()


def _utc(moment: datetime) -> datetime:
    """SQLite keeps no time zone: all moments are UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
