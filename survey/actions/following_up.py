"""Following up: the contacts of a seeded subsample, encrypted so that only an auditor can open them.

They are for call-backs and for asking those who did not answer, nothing else, and are deleted after 45 days. X25519
with an ephemeral key, HKDF-SHA256 and AES-256-GCM through HPKE (RFC 9180, base mode).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from analysis.drawing import Drawn, draw
from survey.keys import Keys
from survey.proof import canonical_json
from survey.store import audits, contacts
from survey.store.contacts import AuditorKey
from survey.store.database import Connection, Database
from survey.store.minting import Place

if TYPE_CHECKING:
    from survey.actions.contacts import Contact

KEPT_DAYS = 45
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
PURPOSE = b"hailong/auditor-contact"
KEY_BYTES = 32


class KeyTaken(ValueError):
    """An auditor's key with this name is there already."""


class BadKey(ValueError):
    """This is no X25519 key in hexadecimal; the message says how to make one."""


class NotForThisKey(ValueError):
    """A sealed contact cannot be opened with this private key."""


def choose_followed(drawn: Sequence[Drawn], share: float, seed: str) -> set[tuple[str, str]]:
    """Stratum and identifier of those whom auditors may call: a seeded subsample of a draw, rounded up by stratum."""
    frame: dict[str, list[str]] = {}
    for each in drawn:
        frame.setdefault(each.stratum, []).append(each.identifier)
    sizes = {code: math.ceil(len(names) * share) for code, names in frame.items()}
    sizes = {code: size for code, size in sizes.items() if size}
    chosen = draw({code: frame[code] for code in sizes}, sizes, f"{seed}/auditor") if sizes else []
    return {(each.stratum, each.identifier) for each in chosen}


def seal_for_auditor(connection: Connection, keys: Keys, found: Sequence[tuple[Place, Contact]], now: datetime) -> int:
    """Encrypt the contacts of the subsample to every auditor's key in use; how many contacts."""
    followed = [(place, contact) for place, contact in found if place.followed]
    recipients = contacts.list_auditor_keys(connection)
    for place, contact in followed if recipients else ():
        plain = canonical_json(
            {
                "channel": contact.channel,
                "contact": contact.address,
                "language": contact.language,
                "place": place.position,
                "stratum": place.stratum_code,
                "wave": place.wave_code,
            }
        )
        for recipient in recipients:
            sealed = SUITE.encrypt(plain, X25519PublicKey.from_public_bytes(recipient.public_key), PURPOSE)
            contacts.add_auditor_contact(connection, place.wave_code, recipient.name, sealed, now.date())
    return len(followed) if recipients else 0


def add_auditor_key(database: Database, name: str, public_key: str, *, now: datetime, actor: str) -> None:
    """Let an auditor open what is sealed from now on. Raises BadKey or KeyTaken."""
    key = AuditorKey(name, read_key(public_key))
    with database.writing("auditor-key") as connection:
        if not contacts.add_auditor_key(connection, key, now.date()):
            raise KeyTaken(f"An auditor's key is named {name} already. Choose another name, or retire that one first.")
        detail = {"public_key": key.public_key.hex()}
        audits.add_event(connection, at=now, actor=actor, event="auditor-key-added", subject=name, detail=detail)


def retire_auditor_key(database: Database, name: str, *, now: datetime, actor: str) -> None:
    """Seal nothing more to a key; what was sealed stays readable until its 45 days are over. Raises BadKey."""
    with database.writing("auditor-key") as connection:
        if not contacts.retire_auditor_key(connection, name, now.date()):
            raise BadKey(f"No key in use is named {name}. `hailong auditor-key list` shows them.")
        audits.add_event(connection, at=now, actor=actor, event="auditor-key-retired", subject=name, detail={})


def export_sealed(database: Database, wave_code: str, key_name: str, *, now: datetime, actor: str) -> list[str]:
    """The sealed contacts of a wave for one auditor, a line of hexadecimal each; entered in the audit trail."""
    with database.writing("export-sealed") as connection:
        sealed = contacts.list_auditor_contacts(connection, wave_code, key_name)
        detail = {"contacts": len(sealed), "key": key_name}
        audits.add_event(
            connection, at=now, actor=actor, event="sealed-contacts-exported", subject=wave_code, detail=detail
        )
    return [each.hex() for each in sealed]


def new_auditor_key() -> tuple[str, str]:
    """A private key for the auditor's own machine and its public key, both in hexadecimal."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw().hex(), private.public_key().public_bytes_raw().hex()


def open_sealed(lines: Sequence[str], private_key: str) -> Iterator[Mapping[str, object]]:
    """Decrypt what was exported, on the auditor's own machine. Raises BadKey or NotForThisKey."""
    private = X25519PrivateKey.from_private_bytes(read_key(private_key))
    for number, line in enumerate(lines, start=1):
        try:
            yield json.loads(SUITE.decrypt(bytes.fromhex(line.strip()), private, PURPOSE))
        except (InvalidTag, ValueError) as wrong:
            raise NotForThisKey(
                f"Line {number} cannot be opened with this key: it was sealed for another, or was changed."
            ) from wrong


def forget_sealed(connection: Connection, today: date) -> int:
    """Delete what auditors had 45 days to use; how many."""
    return contacts.remove_auditor_contacts(connection, today - timedelta(days=KEPT_DAYS))


def read_key(text: str) -> bytes:
    """The 32 bytes of an X25519 key in hexadecimal. Raises BadKey."""
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadKey("This is no X25519 key (64 hexadecimal digits). Make a pair with `hailong auditor-key new`.")
    return key
