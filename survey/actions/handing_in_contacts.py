"""Contacts handed in on a page: whoever serves pages seals the file and cannot open it again; the work process reads it
in memory, keeps what is for those drawn, deletes the file, and says in the audit trail what came of it."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from survey.actions.contacts import ContactLost, NoContacts, import_contacts, seal_text, unseal
from survey.actions.reading_csv import ImportRefused
from survey.actions.waves import UnknownWave, find_wave
from survey.keys import Keys
from survey.store import audits, contact_files
from survey.store.audits import By
from survey.store.contact_files import ContactFile
from survey.store.database import Database

HANDED_IN, KEPT, REFUSED = "contacts-handed-in", "contacts-kept", "contacts-refused"
SHOWN, LINES_SHOWN = 20, 5
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a file: how many contacts were kept, or why none."""

    at: datetime
    kept: int
    without: int = 0
    unreadable: tuple[int, ...] = ()
    refused: str = ""


def hand_in(database: Database, keys: Keys, content: bytes, *, wave_code: str, by: By) -> None:
    """Keep a file of contacts until the work process reads it. Raises UnknownWave."""
    find_wave(database, wave_code)
    name = secrets.token_bytes(16)
    new = ContactFile(name, wave_code, b"", by.actor, by.now)
    sealed = ContactFile(name, wave_code, seal_text(keys, content, new.name), by.actor, by.now)
    with database.writing("hand-in-contacts") as connection:
        contact_files.add_file(connection, sealed)
        by.record(connection, HANDED_IN, wave_code)


def read_files(database: Database, keys: Keys, channels: Collection[str], now: datetime) -> int:
    """Read every file that waits; how many. One that cannot be read is deleted too, and the trail says why."""
    with database.reading() as connection:
        waiting = contact_files.list_files(connection)
    for file in waiting:
        _read(database, keys, file, channels, now)
    return len(waiting)


def count_waiting(database: Database, wave_code: str) -> int:
    """How many files wait for a wave."""
    with database.reading() as connection:
        return contact_files.count_files(connection, wave_code)


def list_outcomes(database: Database, wave_code: str) -> list[Outcome]:
    """What came of a wave's newest files, the newest first."""
    with database.reading() as connection:
        entries = audits.list_page(connection, before=None, events=(KEPT, REFUSED), others=False, count=SHOWN)
    found = [(entry.at, json.loads(entry.detail)) for entry in entries if entry.subject == wave_code]
    return [
        Outcome(
            at,
            int(detail.get("kept", 0)),
            int(detail.get("without", 0)),
            tuple(detail.get("unreadable", ())),
            str(detail.get("reason", "")),
        )
        for at, detail in found
    ]


def _read(database: Database, keys: Keys, file: ContactFile, channels: Collection[str], now: datetime) -> None:
    by = By(file.loaded_by, now)
    try:
        with _opened(unseal(keys, file.sealed, file.name)) as path:
            import_contacts(database, keys, path, wave_code=file.wave_code, channels=channels, now=now, actor=by.actor)
    except (ImportRefused, NoContacts, UnknownWave, ContactLost) as refused:
        with database.writing("refuse-contacts") as connection:
            by.record(connection, REFUSED, file.wave_code, reason=_reason(refused))
            contact_files.remove_file(connection, file)
        return
    with database.writing("forget-contact-file") as connection:
        contact_files.remove_file(connection, file)


def _reason(refused: Exception) -> str:
    problems = refused.problems if isinstance(refused, ImportRefused) else ()
    return ("; ".join(map(str, problems[:LINES_SHOWN])) or str(refused))[:LONGEST_REASON]


@contextmanager
def _opened(content: bytes) -> Iterator[Path]:
    """The bytes as a file that never touches a disk."""
    descriptor = os.memfd_create("contacts")
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
