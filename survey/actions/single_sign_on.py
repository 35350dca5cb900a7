"""Signing in through a provider: the way there, the way back, and which account somebody is.

No account is made or matched by what a provider calls somebody: an account is tied once, by an invitation or by its
signed-in owner, to the pair of issuer and subject.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime

from survey.actions.accounts import InvitationGone, open_invitation
from survey.actions.signing_in import start_session
from survey.gateways.identity import (
    Identity,
    IdentityProvider,
    discover,
    exchange,
    read_identity,
    sign_in_address,
)
from survey.keys import Keys
from survey.store import people, sessions
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.sessions import Session

SIGN_IN, JOIN, LINK, CONFIRM = "sign-in", "join", "link", "confirm"


class UnknownIdentity(Exception):
    """Nobody here is who the provider says."""


class TiedAlready(Exception):
    """Somebody else is tied to this identity."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A way to the provider that was begun in this browser; each is gone once."""

    purpose: str
    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    next_url: str = ""
    token: str = ""

    def kept(self) -> dict[str, str]:
        return asdict(self)


def begin(
    provider: IdentityProvider, purpose: str, redirect_uri: str, *, next_url: str = "", token: str = ""
) -> tuple[str, Flow]:
    """Where the browser goes, and what it must bring back. Raises GatewayError."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    flow = Flow(purpose, state, nonce, verifier, redirect_uri, next_url, token)
    address = sign_in_address(
        provider,
        discover(provider),
        redirect_uri=redirect_uri,
        state=state,
        nonce=nonce,
        verifier=verifier,
        again=purpose == CONFIRM,
    )
    return address, flow


def finish(provider: IdentityProvider, flow: Flow, *, state: str, code: str, now: datetime) -> Identity:
    """Who came back. Raises UnknownIdentity for a state that was not begun here, and GatewayError."""
    if not secrets.compare_digest(flow.state, state) or not code:
        raise UnknownIdentity
    endpoints = discover(provider)
    token = exchange(provider, endpoints, code=code, redirect_uri=flow.redirect_uri, verifier=flow.verifier)
    return read_identity(provider, endpoints, token, nonce=flow.nonce, now=now, again=flow.purpose == CONFIRM)


def sign_in(database: Database, keys: Keys, identity: Identity, now: datetime, *, device: str) -> str:
    """Start a session for whom the provider named. Raises UnknownIdentity.

    The provider is asked for the second factor, so the session is whole.
    """
    with database.reading() as connection:
        member = people.find_by_identity(connection, identity.issuer, identity.subject)
    if member is None or member.disabled:
        raise UnknownIdentity
    return start_session(database, keys, member, now, device=device)


def join(database: Database, keys: Keys, identity: Identity, token: str, now: datetime) -> str:
    """Tie the account of an invitation to an identity; its name. Raises InvitationGone or TiedAlready."""
    member = open_invitation(database, keys, token, now)
    with database.writing("join-by-sign-on") as connection:
        if people.find_invitation(connection, keys.staff_invitation_hash(token)) is None:
            raise InvitationGone
        _tie(connection, identity, member.name)
        people.remove_invitations(connection, member.name)
        By(member.name, now).record(connection, "sign-on-tied", member.name, issuer=identity.issuer)
    return member.name


def link(database: Database, session: Session, identity: Identity, now: datetime) -> None:
    """Tie one's own account to an identity. Raises TiedAlready."""
    name = session.staff.name
    with database.writing("link-sign-on") as connection:
        _tie(connection, identity, name)
        By(name, now).record(connection, "sign-on-tied", name, issuer=identity.issuer)


def confirm(database: Database, session: Session, identity: Identity, now: datetime) -> None:
    """Confirm a session by signing in again at the provider. Raises UnknownIdentity."""
    with database.writing("confirm-session") as connection:
        member = people.find_by_identity(connection, identity.issuer, identity.subject)
        if member is None or member.name != session.staff.name:
            raise UnknownIdentity
        sessions.confirm_session(connection, session.session_hash, now)


def _tie(connection: Connection, identity: Identity, name: str) -> None:
    if not people.add_identity(connection, identity.issuer, identity.subject, name):
        raise TiedAlready
