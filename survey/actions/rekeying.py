"""Signing keys: a new one takes over, and a signed statement says why, from which checkpoint on, and who agreed.

The new key is on the disk before the statement is in the database, and takes the old one's place after that: a process
that is killed between finds out from the database which of the two signs (`settle_key`).
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from survey.actions.excluding import require_auditors
from survey.actions.sealing import sign_again
from survey.durable import write_durably
from survey.keys import SIGNING_KEY_FILE, Keys
from survey.proof import (
    LOST,
    ROTATED,
    STATEMENT_BEGIN,
    KeyStatement,
    Signer,
    Verifier,
    read_statement,
    sign_note,
    text_digest,
)
from survey.store import audits, key_trail, ledger
from survey.store.database import Connection, Database
from survey.store.key_trail import StoredStatement
from survey.store.sql import take_turn

NEW_KEY_FILE = SIGNING_KEY_FILE + ".next"
TURN = "ledger"
NOBODY = "none"
NEEDED = 2
GENERATION = re.compile(r"\.g(\d+)$")


class KeyNotReplaced(RuntimeError):
    """The key stays as it is; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class KeyPeriod:
    """A key with the checkpoints that it signs; `became` says how its time ended, None while it goes on."""

    vkey: str
    first: int
    last: int | None
    became: str | None
    reason: str = ""


def rotate_key(
    database: Database, folder: Path, *, reason: str, actor: str, now: datetime, today: date
) -> KeyStatement:
    """Let a new key follow the one in `folder`, which signs that it does. Raises KeyNotReplaced."""
    old = _load(folder / SIGNING_KEY_FILE)
    new = Signer(old.verifier.name, secrets.token_bytes(32))
    return _replace(database, folder, old.verifier, (old, new), ROTATED, NOBODY, reason, actor, now, today)


def replace_key(
    database: Database,
    keys: Keys,
    folder: Path,
    *,
    became: str,
    reason: str,
    sessions: Sequence[str],
    now: datetime,
    today: date,
) -> KeyStatement:
    """Let a new key follow one that is lost or compromised, under a new name of the log, as two auditors agree.

    Raises KeyNotReplaced, and NotExcluded when the sessions are not those of two auditors.
    """
    auditors = require_auditors(database, keys, sessions, now, NEEDED)
    with database.reading() as connection:
        old = _current(connection)
    if became == LOST and (folder / SIGNING_KEY_FILE).exists() and _load(folder / SIGNING_KEY_FILE).verifier == old:
        raise KeyNotReplaced("The key is not lost: it is in its place. `hailong key rotate` replaces it.")
    new = Signer(_next_name(old.name), secrets.token_bytes(32))
    names = ", ".join(auditors)
    return _replace(database, folder, old, (new,), became, names, reason, auditors[0], now, today)


def settle_key(database: Database, folder: Path) -> None:
    """After a crash between two steps: put the new key into its place if the database knows it, else forget it."""
    waiting = folder / NEW_KEY_FILE
    if not waiting.exists():
        return
    with database.reading() as connection:
        statements = key_trail.list_statements(connection)
    if statements and statements[-1].vkey == _load(waiting).verifier.vkey:
        waiting.replace(folder / SIGNING_KEY_FILE)
    else:
        waiting.unlink()


def list_keys(database: Database) -> list[KeyPeriod]:
    """Every key that signed this log, oldest first; none before the first checkpoint."""
    with database.reading() as connection:
        trail = [read_statement(each.note) for each in key_trail.list_statements(connection)]
        if not trail:
            is_signed = ledger.find_latest_checkpoint(connection) is not None
            return [KeyPeriod(_current(connection).vkey, 1, None, None)] if is_signed else []
    periods = []
    first = 1
    for each in trail:
        periods.append(KeyPeriod(each.old.vkey, first, each.first - 1, each.became, each.reason))
        first = each.first
    return [*periods, KeyPeriod(trail[-1].new.vkey, first, None, None)]


def _replace(
    database: Database,
    folder: Path,
    old: Verifier,
    signers: tuple[Signer, ...],
    became: str,
    auditors: str,
    reason: str,
    actor: str,
    now: datetime,
    today: date,
) -> KeyStatement:
    if not reason.strip() or not reason.isprintable():
        raise KeyNotReplaced("The statement is published with its reason: write one, in one line.")
    new = signers[-1]
    settle_key(database, folder)
    write_durably(folder / NEW_KEY_FILE, new.skey.encode() + b"\n")
    with database.writing("replace-key") as connection:
        take_turn(connection, TURN)
        statement = _statement(connection, old, new.verifier, became, auditors, reason)
        note = sign_note(statement.format(), *signers)
        stored = StoredStatement(statement.number, became, statement.first, new.verifier.vkey, note, today)
        key_trail.add_statement(connection, stored)
        detail = {"became": became, "old": old.vkey, "new": new.verifier.vkey, "auditors": auditors}
        audits.add_event(
            connection, at=now, actor=actor, event="key-replaced", subject=str(statement.number), detail=detail
        )
        sign_again(connection, new, today)
    (folder / NEW_KEY_FILE).replace(folder / SIGNING_KEY_FILE)
    return statement


def _statement(
    connection: Connection, old: Verifier, new: Verifier, became: str, auditors: str, reason: str
) -> KeyStatement:
    current = _current(connection)
    latest = ledger.find_latest_checkpoint(connection)
    assert latest is not None
    trail = key_trail.list_statements(connection)
    if current != old:
        raise KeyNotReplaced(f"{old.vkey} did not sign the newest checkpoint: see `hailong key list`.")
    return KeyStatement(
        number=len(trail) + 1,
        became=became,
        first=latest.number + 1,
        last=text_digest(latest.note),
        old=old,
        new=new,
        auditors=auditors,
        reason=reason.strip(),
        previous=text_digest(trail[-1].note) if trail else STATEMENT_BEGIN,
    )


def _current(connection: Connection) -> Verifier:
    """The key that signed the newest checkpoint, which names it. Raises KeyNotReplaced."""
    latest = ledger.find_latest_checkpoint(connection)
    if latest is None:
        raise KeyNotReplaced("Nothing is signed yet: delete the key, and the next one begins the log.")
    return Verifier.parse(json.loads(latest.manifest)["key"])


def _next_name(name: str) -> str:
    """The log's name in its next generation: a lost or stolen key can say nothing under it."""
    found = GENERATION.search(name)
    return f"{name[: found.start()]}.g{int(found[1]) + 1}" if found else f"{name}.g2"


def _load(path: Path) -> Signer:
    if not path.exists():
        raise KeyNotReplaced(f"{path} is gone: `hailong key lost` begins a new key, with two auditors.")
    return Signer.parse(path.read_text(encoding="ascii").strip())
