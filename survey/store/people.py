"""Staff accounts, the links that invite to them, and who they are at a provider of single sign-on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, insert, select, update

from survey.store.places import Scope
from survey.store.sql import insert_once
from survey.store.tables import staff, staff_factor, staff_identity, staff_invitation


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff. Without a password hash nobody signs in by password."""

    name: str
    role: str
    password_hash: str
    scope: Scope
    disabled: bool
    has_factor: bool = False


@dataclass(frozen=True, slots=True)
class StaffInvitation:
    """A link that is still good for an account; the time is in UTC."""

    staff_name: str
    invited_by: str
    expires_at: datetime


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
    row = connection.execute(_accounts().where(staff.c.name == name)).one_or_none()
    return _member(row) if row else None


def list_staff(
    connection: Connection, areas: Collection[str] | None = None, sectors: Collection[str] | None = None
) -> list[Staff]:
    """Accounts by name; with areas or sectors, only those whose own scope lies in them."""
    query = _accounts().order_by(staff.c.name)
    if areas is not None:
        query = query.where(staff.c.scope_area.in_(areas))
    if sectors is not None:
        query = query.where(staff.c.scope_sector.in_(sectors))
    return [_member(row) for row in connection.execute(query)]


def change_rights(connection: Connection, name: str, role: str, scope: Scope) -> None:
    values = {"role": role, "scope_area": scope.area, "scope_sector": scope.sector}
    connection.execute(update(staff).where(staff.c.name == name).values(values))


def set_password_hash(connection: Connection, name: str, password_hash: str) -> None:
    connection.execute(update(staff).where(staff.c.name == name).values(password_hash=password_hash))


def set_disabled(connection: Connection, name: str, *, disabled: bool) -> None:
    connection.execute(update(staff).where(staff.c.name == name).values(disabled=disabled))


def add_invitation(connection: Connection, token_hash: bytes, invitation: StaffInvitation) -> None:
    """Add a link; earlier links to the account are good no more."""
    remove_invitations(connection, invitation.staff_name)
    values = {
        "token_hash": token_hash,
        "staff_name": invitation.staff_name,
        "invited_by": invitation.invited_by,
        "expires_at": invitation.expires_at,
    }
    connection.execute(insert(staff_invitation).values(values))


def find_invitation(connection: Connection, token_hash: bytes) -> StaffInvitation | None:
    query = select(staff_invitation).where(staff_invitation.c.token_hash == token_hash)
    row = connection.execute(query).one_or_none()
    return StaffInvitation(row.staff_name, row.invited_by, row.expires_at) if row else None


def list_invited(connection: Connection) -> set[str]:
    """Names of the accounts to which a link is out."""
    return set(connection.scalars(select(staff_invitation.c.staff_name)))


def remove_invitations(connection: Connection, name: str) -> None:
    connection.execute(delete(staff_invitation).where(staff_invitation.c.staff_name == name))


def add_identity(connection: Connection, issuer: str, subject: str, name: str) -> bool:
    """Tie an account to somebody at a provider; False when they are tied to an account already."""
    return insert_once(connection, staff_identity, {"issuer": issuer, "subject": subject, "staff_name": name})


def find_by_identity(connection: Connection, issuer: str, subject: str) -> Staff | None:
    known = staff_identity.c
    query = select(known.staff_name).where(known.issuer == issuer, known.subject == subject)
    name = connection.scalar(query)
    return find_staff(connection, name) if name else None


def list_issuers(connection: Connection, name: str) -> list[str]:
    """The providers at which an account is known."""
    query = select(staff_identity.c.issuer).where(staff_identity.c.staff_name == name)
    return list(connection.scalars(query.order_by(staff_identity.c.issuer)))


def remove_identities(connection: Connection, name: str) -> None:
    connection.execute(delete(staff_identity).where(staff_identity.c.staff_name == name))


def _accounts() -> Any:
    return select(staff, exists().where(staff_factor.c.staff_name == staff.c.name).label("has_factor"))


def _member(row: Row[Any]) -> Staff:
    scope = Scope(row.scope_area, row.scope_sector)
    return Staff(row.name, row.role, row.password_hash, scope, row.disabled, bool(row.has_factor))
