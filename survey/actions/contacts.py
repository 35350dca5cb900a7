"""Contacts: read from the frame's own file, kept only for places that were drawn, encrypted, and forgotten soon.

They stand in a table of their own, apart from frame, invitation and answers. What stays for longer is a keyed hash:
it counts messages for the contact cap, and it remembers who wants none.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from survey.actions.following_up import seal_for_auditor
from survey.actions.reading_csv import Columns, CsvFile, Progress
from survey.actions.waves import UnknownWave
from survey.gateways.errors import Malformed
from survey.gateways.mailing import checked_address
from survey.keys import Keys
from survey.mandate.text import LANGUAGES
from survey.proof import canonical_json
from survey.store import audits, contacts, minting
from survey.store import waves as wave_store
from survey.store.contacts import StoredContact
from survey.store.database import Connection, Database
from survey.store.minting import Place
from survey.store.sql import from_json

STEP = "import-contacts"
CONTACTS = Columns(("dossier",), ("phone", "email", "channel", "language"), others_ignored=True)
KEPT_HOURS = 72
ROWS_AT_A_TIME = 500
MOST_ROWS = 5_000_000
PHONE_MARKS = str.maketrans("", "", " .-()\u00a0")
PHONE = re.compile(r"(?:\+|00)?84([235789]\d{8,9})|0([235789]\d{8,9})|\+([1-9]\d{7,14})")
NONCE = 12
EMAIL = "email"
LINES_SHOWN = 5


class NoContacts(ValueError):
    """The file names no contacts, or none that could be used; the message says what to do."""


class ContactLost(RuntimeError):
    """A kept contact cannot be decrypted: the secret key is not the one that it was kept under."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Where one person is reached: a channel (sms, zalo, email), an address in its canonical spelling, a language."""

    channel: str
    address: str
    language: str = ""

    @property
    def identity(self) -> str:
        """What the keyed hash is of: one telephone is one contact, whatever it is written to by."""
        return self.address if self.channel == EMAIL else f"tel:{self.address}"


@dataclass(frozen=True, slots=True)
class KeptContacts:
    """What became of the contacts of a file."""

    wave_code: str
    kept: int
    for_auditors: int
    unreadable: tuple[int, ...]
    without: int

    def __str__(self) -> str:
        parts = [f"Contacts of wave {self.wave_code}: {self.kept:,} kept for the next {KEPT_HOURS} hours"]
        if self.for_auditors:
            parts.append(f"{self.for_auditors:,} of them sealed for auditors")
        if self.without:
            parts.append(f"{self.without:,} of those drawn have none")
        if self.unreadable:
            lines = ", ".join(str(line) for line in self.unreadable[:LINES_SHOWN])
            parts.append(f"{len(self.unreadable):,} cannot be read (lines {lines}{', …' * (len(self.unreadable) > 5)})")
        return "; ".join(parts) + ". Next: hailong work, or hailong send"


def import_contacts(
    database: Database,
    keys: Keys,
    path: Path,
    *,
    wave_code: str,
    channels: Collection[str],
    now: datetime,
    actor: str,
    progress: Progress | None = None,
) -> KeptContacts:
    """Keep the contacts of those of a file's dossiers that were drawn and wait for their invitation; once each.

    `channels` are those that a gateway serves. All others' contacts are read past and kept nowhere. Running it again
    changes nothing. Raises ImportRefused, UnknownWave or NoContacts.
    """
    file = CsvFile(path)
    _check_header(file)
    with database.reading() as connection:
        wave = wave_store.find_wave(connection, wave_code)
    if wave is None:
        raise UnknownWave(f"There is no wave with the code {wave_code}. `hailong waves` lists them.")
    channels = [channel for channel in channels if wave.uses(channel)]
    if not channels:
        raise NoContacts(f"Wave {wave_code} invites by {wave.channels} only: it keeps no contacts.")
    rows = file.read(CONTACTS, MOST_ROWS, progress)
    kept = for_auditors = without = 0
    unreadable: list[int] = []
    while block := list(islice(rows, ROWS_AT_A_TIME)):
        with database.reading() as connection:
            waiting = list(_waiting(connection, keys, wave_code, block))
        found = []
        for line, values, place in waiting:
            try:
                contact = read_contact(values, channels)
            except Malformed:
                unreadable.append(line)
                continue
            if contact is None:
                without += 1
            else:
                found.append((place, contact))
        with database.writing(STEP) as connection:
            new = _keep(connection, keys, found, now)
            kept += len(new)
            for_auditors += seal_for_auditor(connection, keys, new, now)
    found_lines = {"kept": kept, "without": without, "unreadable": unreadable[:LINES_SHOWN]}
    with database.writing("audit-contacts") as connection:
        audits.add_event(connection, at=now, actor=actor, event="contacts-kept", subject=wave_code, detail=found_lines)
    return KeptContacts(wave_code, kept, for_auditors, tuple(unreadable), without)


def read_contact(values: Mapping[str, str], channels: Collection[str]) -> Contact | None:
    """The contact of a row by the first channel that can serve it; None when it has none.

    A row may ask for its channel. Raises Malformed for a number or address that cannot be one.
    """
    language = values.get("language", "").lower()
    asked = values.get("channel", "").lower()
    phone, email = values.get("phone", ""), values.get("email", "")
    for channel in (asked,) if asked else channels:
        if channel not in channels:
            raise Malformed(f"No gateway serves the channel {channel[:20]!r}.")
        address = email if channel == EMAIL else phone
        if address:
            canonical = canonical_email(address) if channel == EMAIL else canonical_phone(address)
            return Contact(channel, canonical, language if language in LANGUAGES else "")
    return None


def canonical_phone(text: str) -> str:
    """A telephone number as E.164 without its plus: 0912 345 678 is 84912345678. Raises Malformed."""
    found = PHONE.fullmatch(text.translate(PHONE_MARKS)) if text.isascii() or "\u00a0" in text else None
    if found is None:
        raise Malformed("This is not a telephone number.")
    national = found[1] or found[2]
    return f"84{national}" if national else str(found[3])


def canonical_email(text: str) -> str:
    """An e-mail address in lower case. Raises Malformed."""
    return checked_address(text.strip()).lower()


def canonical_contact(text: str) -> str:
    """What the keyed hash of a typed contact is of, telephone or e-mail. Raises Malformed."""
    channel = EMAIL if "@" in text else "sms"
    address = canonical_email(text) if channel == EMAIL else canonical_phone(text)
    return Contact(channel, address).identity


def open_contact(keys: Keys, stored: StoredContact) -> Contact:
    """Decrypt a kept contact. Raises ContactLost."""
    return Contact(**from_json(unseal(keys, stored.sealed, stored.place_name).decode()))


def seal_text(keys: Keys, plain: bytes, place_name: bytes) -> bytes:
    """Encrypt with AES-256-GCM under the key of this purpose; bound to a place, so that rows cannot be swapped."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(keys.contact_seal).encrypt(nonce, plain, place_name)


def unseal(keys: Keys, sealed: bytes, place_name: bytes) -> bytes:
    """The plain bytes again. Raises ContactLost."""
    try:
        return AESGCM(keys.contact_seal).decrypt(sealed[:NONCE], sealed[NONCE:], place_name)
    except InvalidTag as wrong:
        raise ContactLost(
            "A contact cannot be decrypted: HAILONG_SECRET_KEY is not the one it was kept under. It will be forgotten "
            "72 hours after it came."
        ) from wrong


def _check_header(file: CsvFile) -> None:
    names = file.read_header()
    if "dossier" in names and not {"phone", "email"} & set(names):
        raise NoContacts(f"{file.path.name} has neither a column 'phone' nor 'email': there is nobody to write to.")


def _waiting(
    connection: Connection, keys: Keys, wave_code: str, block: Sequence[tuple[int, dict[str, str]]]
) -> Iterator[tuple[int, dict[str, str], Place]]:
    hashes = {keys.unit_hash(values["dossier"]): (line, values) for line, values in block}
    for unit_hash, place in minting.list_waiting_units(connection, wave_code, list(hashes)).items():
        yield (*hashes[unit_hash], place)


def _keep(
    connection: Connection, keys: Keys, found: Sequence[tuple[Place, Contact]], now: datetime
) -> list[tuple[Place, Contact]]:
    kept = []
    for place, contact in found:
        stored = StoredContact(
            wave_code=place.wave_code,
            stratum_code=place.stratum_code,
            position=place.position,
            contact_hash=keys.contact_hash(contact.identity),
            sealed=b"",
            loaded_at=now,
            next_at=now,
        )
        plain = canonical_json({"address": contact.address, "channel": contact.channel, "language": contact.language})
        if contacts.add_contact(connection, replace(stored, sealed=seal_text(keys, plain, stored.place_name))):
            kept.append((place, contact))
    return kept


def last_moment(stored: StoredContact) -> datetime:
    """When a contact is forgotten, whatever became of it."""
    return stored.loaded_at + timedelta(hours=KEPT_HOURS)
