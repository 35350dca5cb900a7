"""Retention: what is kept past its time is destroyed, and the audit trail says what, how many and which.

The periods are mandate data (`retention.toml`). Leaves lose text and nonce; their digests stay, so the tree, its
checkpoints and every released figure verify as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta

from survey.actions.forgetting import forget_order
from survey.mandate.retention import load_retention
from survey.store import audits, expiring, traces, waves
from survey.store.database import Connection, Database
from survey.store.expiring import Destroyed

ACTOR = "work"
EVENT = "retention"
HOLDING = ("ledger", "comment", "invitation", "household")


def retain(database: Database, now: datetime, today: date) -> int:
    """Destroy what is due, with an audited statement for each kind and wave; the number of rows destroyed.

    Afterwards their bytes are gone from the files too: pages, free space and the database's own log.
    """
    with database.writing("retain") as connection:
        done = list(_destroy_due(connection, now, today))
        for rule, subject, destroyed in done:
            detail = {"rule": rule, "on": today.isoformat(), **asdict(destroyed)}
            audits.add_event(connection, at=now, actor=ACTOR, event=EVENT, subject=subject, detail=detail)
    if any(rule != "sessions" for rule, _, _ in done):
        traces.rewrite_tables(database, HOLDING)
        forget_order(database)
    return sum(destroyed.count for _, _, destroyed in done)


def _destroy_due(connection: Connection, now: datetime, today: date) -> Iterator[tuple[str, str, Destroyed]]:
    """What was destroyed: the rule, the wave or `staff`, how many; nothing for what had nothing left."""
    for wave in waves.list_waves(connection):
        if _is_due("texts", wave.closes_on, today):
            yield from _tell("texts", wave.code, expiring.destroy_texts(connection, wave.code))
        if _is_due("households", wave.closes_on, today):
            yield from _tell("households", wave.code, expiring.destroy_addresses(connection, wave.code))
        if _is_due("applicants", wave.closes_on, today):
            yield from _tell("applicants", wave.code, expiring.destroy_applicants(connection, wave.code))
        if _is_due("tokens", wave.closes_on, today) and not audits.has_event(connection, EVENT, f"{wave.code} tokens"):
            yield from _tell("tokens", wave.code, expiring.destroy_token_hashes(connection, wave.code))
    unseen_since = now - timedelta(days=_days("sessions"))
    yield from _tell("sessions", "staff", expiring.destroy_sessions(connection, unseen_since))


def _tell(rule: str, subject: str, destroyed: Destroyed) -> Iterator[tuple[str, str, Destroyed]]:
    if destroyed.count:
        yield rule, f"{subject} {rule}", destroyed


def _is_due(rule: str, closes_on: date, today: date) -> bool:
    return closes_on + timedelta(days=_days(rule)) < today


def _days(rule: str) -> int:
    days = load_retention()[rule].days
    assert days is not None
    return days
