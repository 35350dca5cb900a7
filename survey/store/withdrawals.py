"""Withdrawals of responses that wait in the inbox. Knows nothing of invitations: nothing here leads to a token.

A row stands only until its response is sealed. Kept longer, it would tell whoever holds the receipt which leaf it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from survey.store.sql import insert_once, take_turn
from survey.store.tables import inbox, withdrawal

TURN = "withdrawal"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """That a response is taken back, with the nonces of the leaf that will say so."""

    receipt_hash: bytes
    nonce1: bytes
    nonce2: bytes


def add_withdrawal(connection: Connection, new: Withdrawal) -> bool:
    """Take back the waiting response of this receipt; False when none waits. Again is as good as once."""
    take_turn(connection, TURN)
    # Only the one column is named, here and below: who serves citizens may read no other.
    if connection.scalar(select(inbox.c.receipt_hash).where(inbox.c.receipt_hash == new.receipt_hash)) is None:
        return False
    insert_once(connection, withdrawal, {name: getattr(new, name) for name in Withdrawal.__slots__})
    return True


def is_withdrawn(connection: Connection, receipt_hash: bytes) -> bool:
    """Whether the waiting response of this receipt was taken back."""
    asked = select(withdrawal.c.receipt_hash).where(withdrawal.c.receipt_hash == receipt_hash)
    return connection.scalar(asked) is not None


def take_withdrawals(connection: Connection, receipt_hashes: Sequence[bytes]) -> dict[bytes, Withdrawal]:
    """The withdrawals of some responses, by receipt hash; they leave with their responses in this transaction."""
    take_turn(connection, TURN)
    found: dict[bytes, Withdrawal] = {}
    for start in range(0, len(receipt_hashes), 500):
        some = withdrawal.c.receipt_hash.in_(receipt_hashes[start : start + 500])
        rows = connection.execute(select(withdrawal).where(some)).mappings().all()
        found.update({row["receipt_hash"]: Withdrawal(**row) for row in rows})
        if rows:
            connection.execute(delete(withdrawal).where(some))
    return found
