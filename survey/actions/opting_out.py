"""Opting out: whoever wants no messages gets none, in any wave, by a keyed hash that names nobody."""

from __future__ import annotations

from datetime import date, datetime

from survey.actions.contacts import canonical_contact
from survey.gateways.errors import Malformed
from survey.keys import Keys, canonical_token
from survey.store import audits, contacts, invitations, minting
from survey.store.database import Connection, Database

STEP = "opt-out"


class UnreadableContact(ValueError):
    """What was typed is neither a telephone number nor an e-mail address."""


class UnknownCode(LookupError):
    """What was typed is no code of an invitation, or has stopped another contact before."""


class NotOptedOut(LookupError):
    """Nobody opted out with this contact."""


def opt_out(database: Database, keys: Keys, contact: str, *, now: datetime, today: date, actor: str) -> None:
    """Send nothing more to a contact, asked by telephone or at a counter. Raises UnreadableContact."""
    contact_hash = _contact_hash(keys, contact)
    with database.writing(STEP) as connection:
        contacts.add_opt_out(connection, contact_hash, today)
        _stop_what_is_on_its_way(connection, contact_hash)
        audits.add_event(connection, at=now, actor=actor, event="opted-out", subject="contact", detail={})


def stop_by_code(database: Database, keys: Keys, contact: str, typed: str, today: date) -> None:
    """Send nothing more to a contact, asked by whoever holds the code of a message; one code stops one contact.

    The code proves that a message came, so that nobody silences a whole commune. It is looked up and not spent.
    Raises UnreadableContact or UnknownCode.
    """
    contact_hash = _contact_hash(keys, contact)
    code = canonical_token(typed) or ""
    with database.writing(STEP) as connection:
        if invitations.find_invitation(connection, keys.token_hash(code)) is None:
            raise UnknownCode
        added = contacts.add_opt_out(connection, contact_hash, today, keys.stop_hash(code))
        if not added and not contacts.is_opted_out(connection, contact_hash):
            raise UnknownCode
        _stop_what_is_on_its_way(connection, contact_hash)


def opt_in(database: Database, keys: Keys, contact: str, *, now: datetime, today: date, actor: str) -> None:
    """Let a contact get messages again, asked by its owner. Raises UnreadableContact or NotOptedOut."""
    contact_hash = _contact_hash(keys, contact)
    with database.writing(STEP) as connection:
        if not contacts.remove_opt_out(connection, contact_hash):
            raise NotOptedOut("This contact had not opted out: nothing was changed.")
        audits.add_event(connection, at=now, actor=actor, event="opted-in", subject="contact", detail={})


def _contact_hash(keys: Keys, contact: str) -> bytes:
    try:
        return keys.contact_hash(canonical_contact(contact))
    except Malformed as wrong:
        raise UnreadableContact(
            "This is neither a telephone number (0912 345 678) nor an e-mail address (ten@example.vn)."
        ) from wrong


def _stop_what_is_on_its_way(connection: Connection, contact_hash: bytes) -> None:
    for wave_code, stratum_code, position, is_sent in contacts.list_places_of(connection, contact_hash):
        place = minting.find_place(connection, wave_code, stratum_code, position)
        if place is not None and not is_sent:
            minting.keep_disposition(connection, place, minting.OPTED_OUT)
    contacts.remove_contacts_of(connection, contact_hash)
