"""Citizens who remember what they were told, and what must hold after whatever was done to the server."""

from __future__ import annotations

import json
import random
import re
import secrets
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import load_client
from load_client import NotAcknowledged, Visitor
from serving import Home
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from survey.actions.verifying import verify_installation
from survey.proof import receipt_hash
from survey.store.database import Database, DatabaseUnreachable
from survey.store.tables import checkpoint, inbox, invitation, ledger, receipt, spent

OVERALL, COMMENT = "G1", "K1"
CLIENTS = 8


Head = tuple[int, int, bytes, str]


@dataclass
class Crowd:
    """Answers by their comment, which is different in each: acknowledged ones with their receipt, others as sent."""

    tokens: Iterator[str]
    acknowledged: dict[str, str] = field(default_factory=dict)
    unanswered: dict[str, dict[str, str]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    used: set[str] = field(default_factory=set)
    heads: list[Head] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def answering(self, address: tuple[str, int]) -> Iterator[None]:
        """Let the crowd answer, each as fast as it can, for as long as the block runs."""
        over = threading.Event()
        threads = [threading.Thread(target=self._answer_until, args=(over, address)) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def send_again(self, address: tuple[str, int], patience: float = 0.0) -> None:
        """Whoever heard nothing sends the same form once more, as a browser does that is asked to reload.

        For `patience` seconds whoever is told to come back does so.
        """
        over = time.monotonic() + patience
        for comment, fields in list(self.unanswered.items()):
            self.acknowledged[comment] = _send(address, fields, over)
            del self.unanswered[comment]

    def _answer_until(self, over: threading.Event, address: tuple[str, int]) -> None:
        while not over.is_set():
            try:
                with Visitor(address) as visitor:
                    self._answer(visitor)
            except OSError:
                time.sleep(0.01)
            except NotAcknowledged as refusal:
                self.refused[str(refusal)] += 1
                time.sleep(0.01)

    def _answer(self, visitor: Visitor) -> None:
        with self.lock:
            token = next(self.tokens)
            self.used.add(token)
        comment = secrets.token_hex(8)
        fields = load_client.open_form(visitor, token) | {OVERALL: random.choice("12345"), COMMENT: comment}
        self.unanswered[comment] = fields
        self.acknowledged[comment] = load_client.send_form(visitor, fields)
        del self.unanswered[comment]


AMCHECK = """
    SELECT bt_index_check(pg_index.indexrelid, true) FROM pg_index
    JOIN pg_class ON pg_class.oid = pg_index.indexrelid JOIN pg_am ON pg_am.oid = pg_class.relam
    WHERE pg_am.amname = 'btree' AND pg_class.relnamespace = 'public'::regnamespace
"""
WORD = re.compile(r"\w+")
HEADS = select(checkpoint.c.number, checkpoint.c.size, checkpoint.c.root, checkpoint.c.note).order_by(
    checkpoint.c.number
)
STRAYS = select(func.count()).where(spent.c.token_hash.not_in(select(invitation.c.token_hash)))


class Unreadable(Exception):
    """The database file is damaged so much that nothing can be read from it; the message says how."""


@dataclass(frozen=True)
class Stored:
    """What the database holds of citizens' answers, in the inbox and in the ledger together."""

    receipts: Counter[bytes]
    comments: Counter[str]
    tokens: int
    sealed: int
    sealed_receipts: int
    damage: list[str]
    heads: list[Head] = field(default_factory=list)
    strays: int = 0


def _send(address: tuple[str, int], fields: Mapping[str, str], over: float) -> str:
    while True:
        try:
            with Visitor(address) as visitor:
                return load_client.send_form(visitor, fields)
        except NotAcknowledged as refusal:
            if str(refusal) != "503" or time.monotonic() > over:
                raise
            time.sleep(0.2)


def read_stored(home: Home) -> Stored:
    """Everything that arrived, wherever it is on its way. Raises Unreadable for a file that is none any more."""
    try:
        return _read_all(home)
    except (sqlite3.DatabaseError, DBAPIError, DatabaseUnreachable) as error:  # raw while a connection is set up
        if not home.settings.is_sqlite:
            raise
        raise Unreadable(str(getattr(error, "orig", error))) from error


def _read_all(home: Home) -> Stored:
    with home.database() as database, database.reading() as connection:
        waiting = connection.scalars(select(inbox.c.receipt_hash)).all()
        counted = connection.scalars(select(receipt.c.receipt_hash)).all()
        responses = select(ledger.c.text).where(ledger.c.kind == "response")
        texts = [*connection.scalars(select(inbox.c.text)), *connection.scalars(responses)]
        return Stored(
            receipts=Counter([*waiting, *counted]),
            comments=Counter(json.loads(text)[COMMENT] for text in texts),
            tokens=connection.scalar(select(func.count()).select_from(spent)) or 0,
            sealed=connection.scalar(select(func.count()).select_from(responses.subquery())) or 0,
            sealed_receipts=len(counted),
            damage=_find_damage(database, connection),
            heads=[tuple(row) for row in connection.execute(HEADS)],
            strays=connection.scalar(STRAYS) or 0,
        )


def find_broken_promises(crowd: Crowd, stored: Stored) -> list[str]:
    """Each promise that does not hold, in a sentence; none is expected."""
    hashes = {comment: receipt_hash(code.replace("-", "")) for comment, code in crowd.acknowledged.items()}
    lost = [comment for comment, known in hashes.items() if known not in stored.receipts]
    changed = [comment for comment in hashes if stored.comments[comment] != 1]
    twice = [known for known, times in stored.receipts.items() if times > 1]
    found = {
        f"{len(lost)} of {len(hashes)} acknowledged answers are lost": lost,
        f"{len(changed)} acknowledged answers are not stored once with their content": changed,
        f"{len(twice)} receipts are stored twice": twice,
        f"{stored.tokens} tokens are spent for {stored.receipts.total()} answers": stored.tokens
        != stored.receipts.total(),
        f"the ledger holds {stored.sealed} answers and {stored.sealed_receipts} receipts": stored.sealed
        != stored.sealed_receipts,
        f"{stored.strays} tokens are spent that nobody was given": stored.strays,
        "a checkpoint that was there is gone or changed": stored.heads[: len(crowd.heads)] != crowd.heads,
        f"the database is damaged: {stored.damage}": stored.damage,
        f"answers were refused: {crowd.refused}": crowd.refused,
    }
    return [sentence for sentence, is_broken in found.items() if is_broken]


def find_leaks(crowd: Crowd, home: Home) -> list[str]:
    """Tokens and comments that the server's log shows; none is expected."""
    log = (home.path / "serve.log").read_text(errors="replace")
    words = set(WORD.findall(log))
    return sorted(words & (crowd.used | crowd.acknowledged.keys() | crowd.unanswered.keys()))


def find_false_proofs(home: Home) -> list[str]:
    """What `hailong verify` finds wrong: leaves, roots, checkpoints, the tally, the releases."""
    with home.database() as database:
        findings = verify_installation(database, home.signer.verifier)
    return [line for line in findings.lines if not line.startswith("ok")]


def _find_damage(database: Database, connection: Connection) -> list[str]:
    if not database.is_sqlite:
        return _find_broken_indexes(connection)
    pragmas = ("integrity_check", "foreign_key_check")
    rows = [row for pragma in pragmas for row in connection.exec_driver_sql(f"PRAGMA {pragma}")]
    return [str(tuple(row)) for row in rows if tuple(row) != ("ok",)]


def _find_broken_indexes(connection: Connection) -> list[str]:
    """What amcheck, a part of PostgreSQL, says of every index and of the heap under it; it must be installed."""
    installed = connection.scalar(text("SELECT count(*) FROM pg_extension WHERE extname = 'amcheck'"))
    if not installed:
        return []
    try:
        connection.execute(text(AMCHECK)).all()
    except DBAPIError as damage:
        return [str(damage.orig)]
    return []
