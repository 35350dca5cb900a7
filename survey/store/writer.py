"""How submissions become durable: many at once in one commit on SQLite, each in its own on PostgreSQL.

A submission is answered only after the commit that holds it has returned. On SQLite one thread writes for all
(group commit): it takes what has queued, commits once, and wakes those who wait.
"""

from __future__ import annotations

import enum
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningInsert

from survey.store.database import Database, DatabaseUnreachable, crash_point
from survey.store.invitations import is_spent
from survey.store.prepared import Prepared
from survey.store.responses import Response
from survey.store.tables import inbox, spent

MOST_IN_A_COMMIT = 256
MOST_WAITING = 2000
PATIENCE_SECONDS = 20.0
PAUSE_SECONDS = 0.004  # a hand-over between threads costs more than a shared commit
BUSY_SECONDS = 0.02


class Outcome(enum.Enum):
    """What became of a submission: stored; its token was spent before; its key belongs to another response."""

    STORED = enum.auto()
    TOKEN_SPENT = enum.auto()
    KEY_IN_USE = enum.auto()


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
    """One statement a submission, on this thread's own connection: one round trip and one durable commit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def submit(self, submission: Submission) -> Outcome:
        try:
            crash_point("submit:before-commit")
            with self._database.single_statement() as connection:
                row = _response_row(submission) | _spent_row(submission)
                stored = SPEND_AND_STORE.first(connection, row) is not None
            crash_point("submit:after-commit")
        except IntegrityError:
            return self._explain(submission)
        except DatabaseUnreachable as away:
            raise WriterBusy(str(away)) from away
        return Outcome.STORED if stored else Outcome.TOKEN_SPENT

    def _explain(self, submission: Submission) -> Outcome:
        with self._database.single_statement() as connection:
            return Outcome.TOKEN_SPENT if is_spent(connection, submission.token_hash) else Outcome.KEY_IN_USE


class GroupCommitWriter:
    """One thread that commits whatever has queued, in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: queue.Queue[tuple[Submission, Future[Outcome]]] = queue.Queue(MOST_WAITING)
        self._committed_at = 0.0
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
                self._committed_at = time.monotonic()
            except Exception as failure:
                for _, waiting in batch:
                    waiting.set_exception(WriterBusy(str(failure)))
            else:
                for (_, waiting), outcome in zip(batch, outcomes, strict=True):
                    waiting.set_result(outcome)

    def _store(self, submissions: list[Submission]) -> list[Outcome]:
        """All in two statements when nobody raced; else one after the other, each taken back alone when it must be."""
        try:
            with self._database.writing("submit") as connection:
                store_submissions(connection, submissions)
                return [Outcome.STORED] * len(submissions)
        except IntegrityError:
            with self._database.writing("submit") as connection:
                return [store_submission(connection, each) for each in submissions]

    def _next_batch(self) -> list[tuple[Submission, Future[Outcome]]]:
        """Whoever waits; soon after another commit, also who comes within a pause."""
        batch = [self._queue.get()]
        if time.monotonic() - self._committed_at < BUSY_SECONDS:
            time.sleep(PAUSE_SECONDS)
        while len(batch) < MOST_IN_A_COMMIT:
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return batch


def store_submissions(connection: Connection, submissions: Sequence[Submission]) -> None:
    """Spend the tokens and put the responses in the inbox, in the caller's transaction.

    Raises IntegrityError when a token or a key was used before, after which the transaction must be rolled back.
    """
    connection.execute(SPEND, [_spent_row(each) for each in submissions])
    connection.execute(STORE, [_response_row(each) for each in submissions])


def store_submission(connection: Connection, submission: Submission) -> Outcome:
    """Do so for one alone: both or neither, and whatever was used before is told apart.

    Nothing is ever taken back by a DELETE, which those who serve citizens may not do.
    """
    try:
        with connection.begin_nested():
            store_submissions(connection, [submission])
    except IntegrityError:
        return Outcome.TOKEN_SPENT if is_spent(connection, submission.token_hash) else Outcome.KEY_IN_USE
    return Outcome.STORED


def _spent_row(submission: Submission) -> dict[str, object]:
    response = submission.response
    return {
        "token_hash": submission.token_hash,
        "wave_code": response.wave_code,
        "stratum_code": response.stratum_code,
        "settled": False,
    }


def _response_row(submission: Submission) -> dict[str, object]:
    return {name: getattr(submission.response, name) for name in Response.__slots__}


def _spend_and_store() -> ReturningInsert[Any]:
    """One statement: nobody's token is spent without a response, and no response comes without a token."""
    given = {column.name: bindparam(column.name, type_=column.type) for column in (*spent.c, *inbox.c)}
    used = (
        postgresql.insert(spent)
        .from_select(list(spent.c), select(*(given[column.name] for column in spent.c)))
        .on_conflict_do_nothing()
        .returning(spent.c.token_hash)
        .cte("used")
    )
    response = select(*(given[column.name] for column in inbox.c)).select_from(used)
    return insert(inbox).from_select(list(inbox.c), response).returning(inbox.c.id)


SPEND = insert(spent)
STORE = insert(inbox)
SPEND_AND_STORE = Prepared(_spend_and_store())
