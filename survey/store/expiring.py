"""What is destroyed when its time is over: texts with their nonces, the hashes that lead to a person, old sessions."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update

from survey.store import comments, fieldwork
from survey.store.tables import frame_applicant, frame_unit, invitation, ledger, staff_session


@dataclass(frozen=True, slots=True)
class Destroyed:
    """How many rows, and the SHA-256 over what identifies them without telling what they said."""

    count: int
    digest: str


def destroy_texts(connection: Connection, wave_code: str) -> Destroyed:
    """Erase texts and their nonces from a wave's leaves, and its comments; the leaves' digests stay, and the tree."""
    kept = (ledger.c.wave_code == wave_code) & ledger.c.text.is_not(None)
    rows = connection.execute(
        select(ledger.c.position, ledger.c.text_digest).where(kept).order_by(ledger.c.position)
    ).all()
    connection.execute(update(ledger).where(kept).values(text=None, nonce2=None))
    removed = comments.remove_comments(connection, wave_code)
    return _destroyed([row.position.to_bytes(8, "big") + bytes(row.text_digest) for row in rows], removed)


def destroy_token_hashes(connection: Connection, wave_code: str) -> Destroyed:
    """Replace the hashes of a wave's tokens by random bytes and forget its dossiers; how many places stays known."""
    units = connection.scalars(select(frame_unit.c.unit_hash).where(frame_unit.c.wave_code == wave_code)).all()
    connection.execute(delete(frame_unit).where(frame_unit.c.wave_code == wave_code))
    mine = invitation.c.wave_code == wave_code
    tokens = connection.scalars(select(invitation.c.token_hash).where(mine)).all()
    renew = update(invitation).where(invitation.c.token_hash == bindparam("old"))
    changes = [{"old": token, "new": secrets.token_bytes(32)} for token in tokens]
    if changes:
        connection.execute(renew.values(token_hash=bindparam("new"), code_hash=None), changes)
    return _destroyed(sorted(bytes(each) for each in [*units, *tokens]))


def destroy_applicants(connection: Connection, wave_code: str) -> Destroyed:
    """Forget who was counted already in a wave."""
    mine = frame_applicant.c.wave_code == wave_code
    hashes = connection.scalars(select(frame_applicant.c.applicant_hash).where(mine)).all()
    connection.execute(delete(frame_applicant).where(mine))
    return _destroyed(sorted(map(bytes, hashes)))


def destroy_addresses(connection: Connection, wave_code: str) -> Destroyed:
    """Empty where a wave's households live and who lives there; lines, calls and outcomes stay."""
    lines = fieldwork.list_lines_with_address(connection, wave_code)
    fieldwork.forget_households(connection, wave_code)
    return _destroyed([f"{psu}/{number}\n".encode() for psu, number in lines])


def destroy_sessions(connection: Connection, unseen_since: datetime) -> Destroyed:
    """Remove staff sessions that nobody used since a moment."""
    old = staff_session.c.seen_at < unseen_since
    hashes = connection.scalars(select(staff_session.c.session_hash).where(old)).all()
    connection.execute(delete(staff_session).where(old))
    return _destroyed(sorted(map(bytes, hashes)))


def _destroyed(parts: Iterable[bytes], more: int = 0) -> Destroyed:
    known = list(parts)
    return Destroyed(len(known) + more, hashlib.sha256(b"".join(known)).hexdigest())
