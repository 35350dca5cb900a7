"""Excluding: a sealed response does not count, by a public rule or because two auditors say so together.

Nothing is removed: the exclusion is a leaf of the same tree, listed under its checkpoint, and the tally moves the
response beside. Only auditors exclude. By a rule one is enough, for there is nothing to choose: the wave's locked rule
names it, and the responses' own codes say whom it meets.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from survey.actions.sealing import append_leaves, new_leaf
from survey.actions.signing_in import find_signed_in
from survey.keys import Keys
from survey.mandate.exclusions import ExclusionRule, load_exclusion_rule
from survey.mandate.rules import read_rule
from survey.proof import EXCLUSION, RESPONSE, WITHDRAWAL, NoteSigner
from survey.store import audits, ledger, waves
from survey.store.database import Connection, Database
from survey.store.ledger import LedgerRow
from survey.store.sql import take_turn
from survey.store.waves import Wave

RULE = "two-auditors@1"
AUDITOR = "auditor"
NEEDED = 2
TURN = "ledger"


class NotExcluded(RuntimeError):
    """An exclusion that may not be made; the message says what is missing."""


def exclude(
    database: Database,
    keys: Keys,
    signer: NoteSigner,
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
    auditors = require_auditors(database, keys, sessions, now, NEEDED)
    if not reason.strip():
        raise NotExcluded("An exclusion is published with its reason: write one, and name nobody in it.")
    with database.writing("exclude") as connection:
        take_turn(connection, TURN)
        row = _excludable(connection, position)
        detail = {"excluded": position, "by": auditors}
        for auditor in auditors:
            audits.add_event(connection, at=now, actor=auditor, event="excluded", subject=row.wave_code, detail=detail)
        leaf = new_leaf(EXCLUSION, _codes(row, RULE, reason, auditors))
        return append_leaves(connection, signer, row.wave_code, [leaf], (), today)


def exclude_by_rule(
    database: Database,
    keys: Keys,
    signer: NoteSigner,
    *,
    rule: str,
    wave_code: str,
    sessions: Sequence[str],
    now: datetime,
    today: date,
) -> int:
    """Append an exclusion of every response of a wave that a rule meets and that counts until now; how many.

    Raises NotExcluded, and UnknownExclusionRule from the mandate.
    """
    applied = load_exclusion_rule(rule)
    auditors = require_auditors(database, keys, sessions, now, 1)
    with database.writing("exclude-by-rule") as connection:
        take_turn(connection, TURN)
        wave = _declared(connection, wave_code, applied, today)
        beside = _beside(connection, wave_code)
        rows = ledger.iterate_rows(connection, wave_code=wave_code)
        met = [row for row in _find_met(applied, rows, wave.closes_on) if row.position not in beside]
        detail = {"rule": rule, "excluded": [row.position for row in met], "by": auditors}
        audits.add_event(
            connection, at=now, actor=auditors[0], event="excluded-by-rule", subject=wave_code, detail=detail
        )
        leaves = [new_leaf(EXCLUSION, _codes(row, rule, str(applied.reason), auditors)) for row in met]
        if leaves:
            append_leaves(connection, signer, wave_code, leaves, (), today)
    return len(met)


def require_auditors(database: Database, keys: Keys, sessions: Sequence[str], now: datetime, needed: int) -> list[str]:
    """Names of the different auditors who hold these sessions. Raises NotExcluded when they are too few."""
    found = [find_signed_in(database, keys, session, now) for session in sessions]
    names = sorted({member.name for member in found if member and member.role == AUDITOR and not member.disabled})
    if len(names) < needed:
        many = "Two different auditors do this together: both" if needed > 1 else "Only an auditor does this: one"
        raise NotExcluded(f"{many} must sign in. No other role can.")
    return names


def _codes(row: LedgerRow, rule: str, reason: str, auditors: Sequence[str]) -> dict[str, Any]:
    return {
        "auditors": list(auditors),
        "excluded": row.position,
        "kind": EXCLUSION,
        "reason": reason,
        "rule": rule,
        "stratum": json.loads(row.codes)["stratum"],
        "wave": row.wave_code,
    }


def _declared(connection: Connection, wave_code: str, rule: ExclusionRule, today: date) -> Wave:
    wave = waves.find_wave(connection, wave_code)
    if wave is None:
        raise NotExcluded(f"There is no wave with the code {wave_code}. `hailong waves` lists them.")
    if rule.key not in read_rule(wave.rule).exclusions:
        raise NotExcluded(
            f"The locked rule of {wave_code} does not name {rule.key}: a rule is declared when the wave is opened "
            "(`hailong wave open --exclusion`), never afterwards. Two auditors may exclude one by one."
        )
    if today < rule.in_force_from:
        raise NotExcluded(f"The rule {rule.key} is in force from {rule.in_force_from} on.")
    return wave


def _find_met(rule: ExclusionRule, rows: Iterable[LedgerRow], closes_on: date) -> Iterator[LedgerRow]:
    """Responses that the rule meets, in the order of the tree."""
    for row in rows:
        if row.kind == RESPONSE and rule.meets(json.loads(row.codes), closes_on):
            yield row


def _beside(connection: Connection, wave_code: str) -> set[int]:
    """Positions of responses that do not count already: excluded or withdrawn."""
    rows = ledger.iterate_rows(connection, wave_code=wave_code, kind=WITHDRAWAL)
    withdrawn = {int(json.loads(row.codes)["withdrawn"]) for row in rows}
    return withdrawn | ledger.list_excluded_positions(connection, wave_code)


def _excludable(connection: Connection, position: int) -> LedgerRow:
    row = ledger.find_row(connection, position)
    if row is None or row.kind != RESPONSE:
        raise NotExcluded(f"Row {position} of the ledger is no response: only a sealed response can be excluded.")
    if position in ledger.list_excluded_positions(connection, row.wave_code):
        raise NotExcluded(f"The response in row {position} is excluded already.")
    behind = ledger.find_row(connection, position + 1)
    if behind is not None and behind.kind == WITHDRAWAL:
        raise NotExcluded(f"The response in row {position} was withdrawn by whoever gave it: it does not count.")
    return row
