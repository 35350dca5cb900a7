"""Accounts as operators keep them: invited, given rights, disabled, helped when something was lost.

Nobody grants above themselves: an operator gives no role that an operator may not give, no area or sector outside the
own, and changes neither auditors nor the own account. Auditors are made on the command line only.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from survey.actions.passwords import BadAccount, check_password, fits, hash_password
from survey.actions.signing_in import ROLES, add_staff, check_scope
from survey.keys import Keys
from survey.store import factors, people, places, sessions
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.factors import Factor
from survey.store.people import Staff, StaffInvitation
from survey.store.places import EVERYTHING, Scope
from survey.store.sessions import Session

GRANTED_BY = {"operator": ("operator", "official", "statistician", "interviewer", "keyer", "kiosk")}
INVITATION_LASTS = timedelta(hours=72)


class UnknownAccount(LookupError):
    """There is no such account, or it lies outside the scope of whoever asks."""


class NotYours(Exception):
    """The account is seen, but not yours to change: an auditor's, or your own."""


class AboveYou(BadAccount):
    """The role, area or sector is not within what you have yourself."""


class InvitationGone(Exception):
    """The link was used, replaced, or is too old."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account with what surrounds it. `invited` says that a link to it is still out."""

    staff: Staff
    sessions: tuple[Session, ...]
    factors: tuple[Factor, ...]
    recovery_codes: int
    issuers: tuple[str, ...]
    invited: bool


def list_accounts(database: Database, scope: Scope) -> list[Staff]:
    """The accounts that lie within a scope."""
    with database.reading() as connection:
        return people.list_staff(connection, *_inside(connection, scope))


def list_invited(database: Database) -> set[str]:
    """Names of the accounts to which a link is out."""
    with database.reading() as connection:
        return people.list_invited(connection)


def read_account(database: Database, name: str, scope: Scope = EVERYTHING) -> Account:
    """Everything about one account. Raises UnknownAccount."""
    with database.reading() as connection:
        member = _find(connection, name, scope)
        return Account(
            member,
            tuple(sessions.list_sessions(connection, member)),
            tuple(factors.list_factors(connection, name)),
            factors.count_recovery_codes(connection, name),
            tuple(people.list_issuers(connection, name)),
            name in people.list_invited(connection),
        )


def may_change(actor: Staff, member: Staff) -> bool:
    """Whether somebody who sees an account may also change it."""
    return actor.name != member.name and member.role in GRANTED_BY.get(actor.role, ())


def invite(database: Database, keys: Keys, name: str, role: str, scope: Scope, *, actor: Staff, now: datetime) -> str:
    """Make an account without a password, and the token of the link that its person sets one with.

    Raises BadAccount, or AboveYou for what the actor does not have.
    """
    _check_grant(database, actor, role, scope)
    add_staff(database, name, role, "", now=now, actor=actor.name, scope=scope)
    return invite_again(database, keys, name, By(actor.name, now))


def invite_again(database: Database, keys: Keys, name: str, by: By) -> str:
    """Another link to an account: the earlier one, and the password, are good no more."""
    token = secrets.token_urlsafe(32)
    with database.writing("invite-staff") as connection:
        people.set_password_hash(connection, name, "")
        sessions.remove_sessions_of(connection, name)
        invitation = StaffInvitation(name, by.actor, by.now + INVITATION_LASTS)
        people.add_invitation(connection, keys.staff_invitation_hash(token), invitation)
        by.record(connection, "staff-invited", name)
    return token


def reset(database: Database, keys: Keys, name: str, *, actor: Staff, now: datetime) -> str:
    """Help somebody who lost password or second factor: neither is good any more, and a new link is. Raises
    UnknownAccount or NotYours."""
    forget_secrets(database, change_of(database, actor, name).name, By(actor.name, now))
    return invite_again(database, keys, name, By(actor.name, now))


def forget_secrets(database: Database, name: str, by: By) -> None:
    """Remove the second factors, recovery codes and single sign-on of an account, and end its sessions."""
    with database.writing("forget-secrets") as connection:
        factors.remove_every_factor(connection, name)
        people.remove_identities(connection, name)
        sessions.remove_sessions_of(connection, name)
        by.record(connection, "factors-forgotten", name)


def open_invitation(database: Database, keys: Keys, token: str, now: datetime) -> Staff:
    """Whose account a link is for. Looking uses nothing up. Raises InvitationGone."""
    with database.reading() as connection:
        return _invited(connection, keys, token, now)


def accept(
    database: Database, keys: Keys, token: str, password: str, *, now: datetime, stolen: Path | None = None
) -> Staff:
    """Set the password of an account by its link, which is then used up. Raises InvitationGone or BadPassword."""
    member = open_invitation(database, keys, token, now)
    check_password(password, member.name, stolen)
    hashed = hash_password(password)
    with database.writing("accept-invitation") as connection:
        member = _invited(connection, keys, token, now)
        people.set_password_hash(connection, member.name, hashed)
        people.remove_invitations(connection, member.name)
        By(member.name, now).record(connection, "password-set", member.name)
    return member


def change_rights(database: Database, name: str, role: str, scope: Scope, *, actor: Staff, now: datetime) -> None:
    """Give an account another role or scope; its sessions end. Raises UnknownAccount, NotYours or AboveYou."""
    member = change_of(database, actor, name)
    _check_grant(database, actor, role, scope)
    with database.writing("change-rights") as connection:
        check_scope(connection, scope)
        people.change_rights(connection, name, role, scope)
        sessions.remove_sessions_of(connection, name)
        detail = {"role": role, "area": scope.area, "sector": scope.sector, "before": member.role}
        By(actor.name, now).record(connection, "rights-changed", name, **detail)


def set_disabled(database: Database, name: str, *, disabled: bool, actor: Staff, now: datetime) -> None:
    """Close an account, at once, or open it again. Raises UnknownAccount or NotYours."""
    change_of(database, actor, name)
    switch(database, name, disabled=disabled, by=By(actor.name, now))


def switch(database: Database, name: str, *, disabled: bool, by: By) -> None:
    """Close or open an account, whoever's it is. Raises UnknownAccount."""
    with database.writing("switch-account") as connection:
        _find(connection, name, EVERYTHING)
        people.set_disabled(connection, name, disabled=disabled)
        sessions.remove_sessions_of(connection, name)
        by.record(connection, "staff-disabled" if disabled else "staff-enabled", name)


def end_session(database: Database, name: str, session_hash: bytes, by: By) -> bool:
    """End one session of an account; False when it has none such."""
    with database.writing("end-session") as connection:
        found = sessions.find_session(connection, session_hash)
        if found is None or found.staff.name != name:
            return False
        sessions.remove_session(connection, session_hash)
        by.record(connection, "session-ended", name)
    return True


def change_password(
    database: Database, session: Session, old: str, new: str, *, now: datetime, stolen: Path | None = None
) -> bool:
    """Set another password for oneself; every other session ends. False for a wrong old one. Raises BadPassword."""
    member = session.staff
    if not fits(member.password_hash or None, old):
        with database.writing("wrong-password") as connection:
            sessions.count_failure(connection, session.session_hash)
        return False
    check_password(new, member.name, stolen)
    hashed = hash_password(new)
    with database.writing("change-password") as connection:
        people.set_password_hash(connection, member.name, hashed)
        sessions.remove_sessions_of(connection, member.name, but=session.session_hash)
        By(member.name, now).record(connection, "password-set", member.name)
    return True


def change_of(database: Database, actor: Staff, name: str) -> Staff:
    """The account that somebody is about to change. Raises UnknownAccount or NotYours."""
    with database.reading() as connection:
        member = _find(connection, name, actor.scope)
    if not may_change(actor, member):
        raise NotYours
    return member


def _check_grant(database: Database, actor: Staff, role: str, scope: Scope) -> None:
    if role not in ROLES or role not in GRANTED_BY.get(actor.role, ()):
        raise AboveYou(f"The role {role} is not yours to give.")
    with database.reading() as connection:
        check_scope(connection, scope)
        areas, sectors = _inside(connection, actor.scope)
    if (areas is not None and scope.area not in areas) or (sectors is not None and scope.sector not in sectors):
        raise AboveYou("The area or sector lies outside your own.")


def _find(connection: Connection, name: str, scope: Scope) -> Staff:
    areas, sectors = _inside(connection, scope)
    member = people.find_staff(connection, name)
    hidden = member is None or (areas is not None and member.scope.area not in areas)
    if member is None or hidden or (sectors is not None and member.scope.sector not in sectors):
        raise UnknownAccount(f"There is no account with the name {name}.")
    return member


def _inside(connection: Connection, scope: Scope) -> tuple[Collection[str] | None, Collection[str] | None]:
    areas = None if scope.area is None else places.list_area_codes(connection, scope.area)
    sectors = None if scope.sector is None else places.list_sectors_below(connection, scope.sector)
    return areas, sectors


def _invited(connection: Connection, keys: Keys, token: str, now: datetime) -> Staff:
    found = people.find_invitation(connection, keys.staff_invitation_hash(token))
    if found is None or now > _utc(found.expires_at):
        raise InvitationGone
    member = people.find_staff(connection, found.staff_name)
    if member is None or member.disabled:
        raise InvitationGone
    return member


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
