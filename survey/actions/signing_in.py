"""Staff accounts: made with a password, signed in to, signed out of."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import UTC, datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from survey.keys import Keys
from survey.store import audits, people, places
from survey.store.database import Connection, Database
from survey.store.people import Staff
from survey.store.places import EVERYTHING, Scope

SHORTEST_PASSWORD = 15
LONGEST_NAME = 64
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)
ROLES = ("operator", "official", "statistician", "auditor", "kiosk", "interviewer", "keyer")


class NotSignedIn(Exception):
    """Name and password do not belong together, or the account is disabled."""


class BadAccount(ValueError):
    """The account cannot be made; the message says why."""


def new_password() -> str:
    """A password that nobody can guess: 100 random bits in twenty letters and digits, grouped for typing."""
    letters = "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(20))
    return "-".join(letters[start : start + 5] for start in range(0, 20, 5))


def add_staff(
    database: Database, name: str, role: str, password: str, *, now: datetime, actor: str, scope: Scope = EVERYTHING
) -> None:
    """Make an account. Raises BadAccount."""
    if role not in ROLES:
        raise BadAccount(f"There is no role {role}. Choose one of: {', '.join(ROLES)}.")
    if len(password) < SHORTEST_PASSWORD:
        raise BadAccount(f"The password is too short. Give at least {SHORTEST_PASSWORD} characters.")
    if not _can_be_a_name(name):
        raise BadAccount("The name must have 1 to 64 printable characters.")
    hashed = _hasher().hash(_normal(password))
    with database.writing("add-staff") as connection:
        _check_scope(connection, scope)
        if not people.add_staff(connection, name, role, hashed, scope):
            raise BadAccount(f"There is an account with the name {name} already. Choose another name.")
        audits.add_event(connection, at=now, actor=actor, event="staff-added", subject=name, detail={"role": role})


def sign_in(database: Database, keys: Keys, name: str, password: str, now: datetime) -> str:
    """Check a password and start a session; the value for its cookie. Raises NotSignedIn.

    An unknown name takes as long as a wrong password.
    """
    with database.reading() as connection:
        member = people.find_staff(connection, name) if _can_be_a_name(name) else None
    if not _fits(member, password) or member is None:
        raise NotSignedIn
    session = secrets.token_urlsafe(32)
    with database.writing("sign-in") as connection:
        people.remove_sessions_unseen_since(connection, now - IDLE)
        people.add_session(connection, keys.session_hash(session), member.name, now)
        audits.add_event(connection, at=now, actor=name, event="signed-in", subject=name, detail={})
    return session


def find_signed_in(database: Database, keys: Keys, session: str, now: datetime) -> Staff | None:
    """Who holds a session that is neither idle nor too old; seen again at most once a minute."""
    session_hash = keys.session_hash(session)
    with database.reading() as connection:
        found = people.find_session(connection, session_hash)
    if found is None or now - _utc(found.seen_at) > IDLE or now - _utc(found.started_at) > LONGEST:
        return None
    if now - _utc(found.seen_at) > timedelta(minutes=1):
        with database.writing("touch-session") as connection:
            people.touch_session(connection, session_hash, now)
    return found.staff


def sign_out(database: Database, keys: Keys, session: str) -> None:
    """End a session."""
    with database.writing("sign-out") as connection:
        people.remove_session(connection, keys.session_hash(session))


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


def _check_scope(connection: Connection, scope: Scope) -> None:
    if scope.area is not None and not places.list_area_codes(connection, scope.area):
        raise BadAccount(f"There is no area with the code {scope.area}. Give a code of the mandate's areas.")
    if scope.sector is not None and not places.list_sectors_below(connection, scope.sector):
        raise BadAccount(f"There is no sector with the code {scope.sector}. Give a code of the mandate's sectors.")


def _can_be_a_name(name: str) -> bool:
    """What is not printable is no name, and some of it (NUL, half characters) no database takes."""
    return 0 < len(name) <= LONGEST_NAME and name.isprintable()


def _fits(member: Staff | None, password: str) -> bool:
    try:
        _hasher().verify(member.password_hash if member else _nobodys_hash(), _normal(password))
    except (VerifyMismatchError, InvalidHashError):
        return False
    return member is not None and not member.disabled


def _normal(password: str) -> str:
    return unicodedata.normalize("NFC", password)


def _utc(moment: datetime) -> datetime:
    """SQLite keeps no time zone: all moments are UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
