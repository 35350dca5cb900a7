"""Contacts while an invitation is on its way, and the keyed hashes that outlive them: messages counted, refusals."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from survey.store.sql import insert_once
from survey.store.tables import auditor_contact, auditor_key, contact, message, opt_out

MOMENTS = ("loaded_at", "next_at", "sent_at")


@dataclass(frozen=True, slots=True)
class StoredContact:
    """One contact, encrypted, with where its message is; times are in UTC."""

    wave_code: str
    stratum_code: str
    position: int
    contact_hash: bytes
    sealed: bytes
    loaded_at: datetime
    next_at: datetime
    attempts: int = 0
    sent_at: datetime | None = None
    report: bytes | None = None
    reminded: bool = False

    @property
    def place_name(self) -> bytes:
        """What the encryption is bound to."""
        return f"{self.wave_code}/{self.stratum_code}/{self.position}".encode()


@dataclass(frozen=True, slots=True)
class AuditorKey:
    """An auditor's public X25519 key (32 bytes)."""

    name: str
    public_key: bytes


def add_contact(connection: Connection, stored: StoredContact) -> bool:
    """Keep a contact; False when its place has one already."""
    return insert_once(connection, contact, asdict(stored))


def list_due(connection: Connection, now: datetime, most: int) -> list[StoredContact]:
    """Contacts that the job should look at now, the longest due first."""
    query = select(contact).where(contact.c.next_at <= now)
    ordered = query.order_by(contact.c.next_at, contact.c.wave_code, contact.c.stratum_code, contact.c.position)
    return [_stored(row) for row in connection.execute(ordered.limit(most)).mappings()]


def list_expired(connection: Connection, loaded_before: datetime) -> list[StoredContact]:
    """Contacts that were kept for as long as they may be."""
    query = select(contact).where(contact.c.loaded_at <= loaded_before)
    return [_stored(row) for row in connection.execute(query).mappings()]


def find_first_day(connection: Connection) -> tuple[date | None, date | None]:
    """The days of the oldest counted message and of the oldest contact sealed for auditors."""
    return (
        connection.scalar(select(func.min(message.c.sent_on))),
        connection.scalar(select(func.min(auditor_contact.c.sealed_on))),
    )


def list_places_of(connection: Connection, contact_hash: bytes) -> list[tuple[str, str, int, bool]]:
    """Wave, stratum and position of whatever is kept of one contact, and whether a message was sent."""
    query = select(contact.c.wave_code, contact.c.stratum_code, contact.c.position, contact.c.sent_at)
    rows = connection.execute(query.where(contact.c.contact_hash == contact_hash))
    return [(*where, sent_at is not None) for *where, sent_at in rows]


def remove_contacts_of(connection: Connection, contact_hash: bytes) -> None:
    """Forget one contact wherever it is."""
    connection.execute(delete(contact).where(contact.c.contact_hash == contact_hash))


def count_contacts(connection: Connection) -> dict[str, int]:
    """Contacts that are kept, by wave."""
    query = select(contact.c.wave_code, func.count()).group_by(contact.c.wave_code)
    return {code: count for code, count in connection.execute(query)}


def claim(connection: Connection, stored: StoredContact, **values: Any) -> bool:
    """Change a contact as it was read; False when somebody else has changed or removed it meanwhile."""
    return connection.execute(update(contact).where(_as_read(stored)).values(values)).rowcount == 1


def remove_contact(connection: Connection, stored: StoredContact) -> None:
    """Forget a contact."""
    connection.execute(delete(contact).where(_same(stored)))


def add_message(connection: Connection, contact_hash: bytes, sent_on: date) -> None:
    """Count an invitation towards the cap of its contact."""
    values = {"id": secrets.token_bytes(16), "contact_hash": contact_hash, "sent_on": sent_on}
    connection.execute(insert(message).values(values))


def count_messages(connection: Connection, contact_hash: bytes, since: date) -> int:
    query = select(func.count()).where(message.c.contact_hash == contact_hash, message.c.sent_on > since)
    return connection.scalar(query) or 0


def remove_messages(connection: Connection, until: date) -> int:
    """Forget messages that no cap counts any more; how many."""
    return connection.execute(delete(message).where(message.c.sent_on <= until)).rowcount


def add_opt_out(connection: Connection, contact_hash: bytes, since: date, stop_hash: bytes | None = None) -> bool:
    """Remember who wants no messages; False when that is known, or when the code has stopped another contact."""
    values = {"contact_hash": contact_hash, "stop_hash": stop_hash, "since": since}
    return insert_once(connection, opt_out, values)


def remove_opt_out(connection: Connection, contact_hash: bytes) -> bool:
    return connection.execute(delete(opt_out).where(opt_out.c.contact_hash == contact_hash)).rowcount == 1


def is_opted_out(connection: Connection, contact_hash: bytes) -> bool:
    return connection.scalar(select(opt_out.c.since).where(opt_out.c.contact_hash == contact_hash)) is not None


def count_opt_outs(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(opt_out)) or 0


def add_auditor_key(connection: Connection, key: AuditorKey, on: date) -> bool:
    """Keep an auditor's public key; False when the name is taken."""
    return insert_once(
        connection, auditor_key, {"name": key.name, "public_key": key.public_key, "added_on": on, "retired_on": None}
    )


def retire_auditor_key(connection: Connection, name: str, on: date) -> bool:
    """Seal nothing more to a key; False when there is none in use by this name."""
    in_use = (auditor_key.c.name == name) & auditor_key.c.retired_on.is_(None)
    return connection.execute(update(auditor_key).where(in_use).values(retired_on=on)).rowcount == 1


def list_auditor_keys(connection: Connection) -> list[AuditorKey]:
    """Keys in use, by name."""
    query = select(auditor_key).where(auditor_key.c.retired_on.is_(None)).order_by(auditor_key.c.name)
    return [AuditorKey(row.name, row.public_key) for row in connection.execute(query)]


def add_auditor_contact(connection: Connection, wave_code: str, key_name: str, sealed: bytes, on: date) -> None:
    values = {
        "id": secrets.token_bytes(16),
        "wave_code": wave_code,
        "key_name": key_name,
        "sealed": sealed,
        "sealed_on": on,
    }
    connection.execute(insert(auditor_contact).values(values))


def list_auditor_contacts(connection: Connection, wave_code: str, key_name: str) -> list[bytes]:
    """Sealed contacts of a wave for one auditor, in the order of their random numbers."""
    query = select(auditor_contact.c.sealed).where(
        auditor_contact.c.wave_code == wave_code, auditor_contact.c.key_name == key_name
    )
    return list(connection.scalars(query.order_by(auditor_contact.c.id)))


def remove_auditor_contacts(connection: Connection, until: date) -> int:
    """Forget what was sealed on or before a day; how many."""
    return connection.execute(delete(auditor_contact).where(auditor_contact.c.sealed_on <= until)).rowcount


def _same(stored: StoredContact) -> Any:
    return (
        (contact.c.wave_code == stored.wave_code)
        & (contact.c.stratum_code == stored.stratum_code)
        & (contact.c.position == stored.position)
    )


def _as_read(stored: StoredContact) -> Any:
    return _same(stored) & (contact.c.next_at == stored.next_at) & (contact.c.attempts == stored.attempts)


def _stored(row: Any) -> StoredContact:
    values = dict(row)
    for name in MOMENTS:
        if values[name] is not None and values[name].tzinfo is None:
            values[name] = values[name].replace(tzinfo=UTC)
    return StoredContact(**values)
