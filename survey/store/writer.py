"""How submissions become durable: many at once in one commit on SQLite, each in its own on PostgreSQL.

A submission is answered only after the commit that holds it has returned. On SQLite one thread writes for all
(group commit): it takes what has queued, commits once, and wakes those who wait.
"""

from __future__ import annotations

import enum
import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from survey.store.database import Database
from survey.store.invitations import add_spent
from survey.store.responses import Response, add_response, is_sealed

MOST_IN_A_COMMIT = 256
MOST_WAITING = 2000
PATIENCE_SECONDS = 20.0


class Outcome(enum.Enum):
    """What became of a submission: stored; its token was spent before; its key belongs to another response."""

    STORED = enum.auto()
    TOKEN_SPENT = enum.auto()
    KEY_IN_USE = enum.auto()


class KeyInUse(Exception):
    """The key belongs to another response: the transaction must be rolled back, for it has spent the token."""


class WriterBusy(Exception):
    """Not confirmed as stored: too many wait, or the disk cannot be written. The same key may be sent again."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A response and the keyed hash of the token that it spends: stored together, never joined."""

    token_hash: bytes
    response: Response


class Writer(Protocol):
    """Whoever makes submissions durable."""

    def submit(self, submission: Submission) -> Outcome:
        """Store and commit; only then return. Raises WriterBusy when that is not confirmed."""


def open_writer(database: Database) -> Writer:
    """The writer that suits the database."""
    return GroupCommitWriter(database) if database.is_sqlite else DirectWriter(database)


class DirectWriter:
    """One transaction a submission, on the caller's own connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def submit(self, submission: Submission) -> Outcome:
        try:
            with self._database.writing("submit") as connection:
                return store_submission(connection, submission)
        except KeyInUse:
            return Outcome.KEY_IN_USE


class GroupCommitWriter:
    """One thread that commits whatever has queued, in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: queue.Queue[tuple[Submission, Future[Outcome]]] = queue.Queue(MOST_WAITING)
        threading.Thread(target=self._run, name="writer", daemon=True).start()

    def submit(self, submission: Submission) -> Outcome:
        outcome: Future[Outcome] = Future()
        try:
            self._queue.put_nowait((submission, outcome))
        except queue.Full as full:
            raise WriterBusy from full
        try:
            return outcome.result(PATIENCE_SECONDS)
        except TimeoutError as late:
            raise WriterBusy from late

    def _run(self) -> None:
        while True:
            batch = self._next_batch()
            try:
                outcomes = self._store([submission for submission, _ in batch])
            except Exception as failure:
                for _, waiting in batch:
                    waiting.set_exception(WriterBusy(str(failure)))
            else:
                for (_, waiting), outcome in zip(batch, outcomes, strict=True):
                    waiting.set_result(outcome)

    def _store(self, submissions: list[Submission]) -> list[Outcome]:
        """One commit for all; one for each when a key is in use, which takes two tokens and a forged form."""
        try:
            with self._database.writing("submit") as connection:
                return [store_submission(connection, each) for each in submissions]
        except KeyInUse:
            alone = DirectWriter(self._database)
            return [alone.submit(each) for each in submissions]

    def _next_batch(self) -> list[tuple[Submission, Future[Outcome]]]:
        batch = [self._queue.get()]
        while len(batch) < MOST_IN_A_COMMIT:
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return batch


def store_submission(connection: Connection, submission: Submission) -> Outcome:
    """Spend the token and put the response in the inbox, in the caller's transaction: both or neither.

    Nothing is ever taken back by a DELETE, which those who serve citizens may not do. The token comes first, so that
    whoever races for it waits here; the sealed receipts come last, so that no seal slips in between.
    Raises KeyInUse, after which the transaction must be rolled back.
    """
    response = submission.response
    if not add_spent(connection, submission.token_hash, response.wave_code, response.stratum_code):
        return Outcome.TOKEN_SPENT
    if not add_response(connection, response) or is_sealed(connection, response.receipt_hash):
        raise KeyInUse
    return Outcome.STORED
