"""Excluding: two auditors together say, with a reason, that a sealed response shall not count. Nothing is removed.

The exclusion is a leaf of the same tree, listed under every later checkpoint; the tally moves the response beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from survey.actions.sealing import append_leaves, new_leaf, sign_again
from survey.actions.signing_in import find_signed_in
from survey.actions.tallying import EXCLUSION
from survey.keys import Keys
from survey.proof import Signer
from survey.store import audits, ledger
from survey.store.database import Connection, Database
from survey.store.ledger import LedgerRow
from survey.store.sql import take_turn

RULE = "two-auditors@1"
AUDITOR = "auditor"
NEEDED = 2
TURN = "ledger"


class NotExcluded(RuntimeError):
    """An exclusion that may not be made; the message says what is missing."""


def exclude(
    database: Database,
    keys: Keys,
    signer: Signer,
    *,
    position: int,
    reason: str,
    sessions: Sequence[str],
    now: datetime,
    today: date,
) -> int:
    """Append an exclusion of the response at a position; the position of the exclusion itself.

    `sessions` are those of two different signed-in auditors, who are named in the leaf. Raises NotExcluded.
    """
    auditors = _auditors(database, keys, sessions, now)
    if not reason.strip():
        raise NotExcluded("An exclusion is published with its reason: write one, and name nobody in it.")
    with database.writing("exclude") as connection:
        take_turn(connection, TURN)
        row = _excludable(connection, position)
        codes = {
            "auditors": auditors,
            "excluded": position,
            "kind": EXCLUSION,
            "reason": reason,
            "rule": RULE,
            "wave": row.wave_code,
        }
        # The row must be there before the list of exclusions can name it: a second head binds the list.
        at = append_leaves(connection, signer, row.wave_code, [new_leaf(EXCLUSION, codes)], (), today)
        ledger.add_exclusion(
            connection, {"position": at, "excluded_position": position, "rule": RULE, "reason": reason}
        )
        sign_again(connection, signer, today)
        for auditor in auditors:
            detail = {"excluded": position, "by": auditors}
            audits.add_event(connection, at=now, actor=auditor, event="excluded", subject=str(at), detail=detail)
    return at


def _auditors(database: Database, keys: Keys, sessions: Sequence[str], now: datetime) -> list[str]:
    found = [find_signed_in(database, keys, session, now) for session in sessions]
    names = sorted({member.name for member in found if member and member.role == AUDITOR and not member.disabled})
    if len(names) < NEEDED:
        raise NotExcluded("Two different auditors exclude together: both must sign in. No other role can.")
    return names


def _excludable(connection: Connection, position: int) -> LedgerRow:
    row = ledger.find_row(connection, position)
    if row is None or row.kind != "response":
        raise NotExcluded(f"Row {position} of the ledger is no response: only a sealed response can be excluded.")
    if any(each["excluded_position"] == position for each in ledger.list_exclusions(connection)):
        raise NotExcluded(f"The response in row {position} is excluded already.")
    return row
