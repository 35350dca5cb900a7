"""Withdrawing: whoever holds the receipt takes an answer back, until it is sealed.

The receipt leads to the answer only while it waits; nothing leads to the token, before or after. When the answer is
sealed, its leaf has the withdrawal right behind it and no text, and no figure counts it.
"""

from __future__ import annotations

import secrets
from typing import Literal

from survey.proof import MalformedReceipt, receipt_hash
from survey.store.database import Database
from survey.store.ledger import find_batch_of_receipt
from survey.store.withdrawals import Withdrawal, add_withdrawal

Outcome = Literal["withdrawn", "included", "unknown"]


def withdraw(database: Database, typed: str) -> Outcome:
    """Take back the waiting answer of a receipt: `withdrawn`, also when it was before; `included`: it is sealed, and
    can no longer be taken back; `unknown`: no answer has this receipt. Only the first writes anything."""
    try:
        hashed = receipt_hash(typed)
    except MalformedReceipt:
        return "unknown"
    new = Withdrawal(hashed, secrets.token_bytes(32), secrets.token_bytes(32))
    with database.writing("withdraw") as connection:
        if add_withdrawal(connection, new):
            return "withdrawn"
        return "included" if find_batch_of_receipt(connection, hashed) else "unknown"
