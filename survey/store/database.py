"""One way to read and one way to write, on SQLite and PostgreSQL alike.

SQLite before 3.51.3 can corrupt its WAL when two connections checkpoint at once, so every process takes one lock
file around BEGIN ... COMMIT and around WAL checkpoints, and automatic checkpoints are off.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from survey.durable import CRASH_VARIABLE, crash_point
from survey.store.roles import Role
from survey.store.roles_sqlite import restrict
from survey.store.scoping import tell_reader

__all__ = ["CRASH_VARIABLE", "Connection", "Database", "WriteLock", "crash_point", "sqlite_version"]

WAL_PAGES_BEFORE_CHECKPOINT = 4000
COMMITS_BETWEEN_LOOKS = 16  # at the size of that file
KNOWN_VERSIONS = "hailong_versions"  # of questionnaires that were built in this installation, read once
KNOWN_SIGNED = "hailong_signed"  # versions of which every language is signed, by their keys
POOLED = "pooled"  # in the query of an address: a pooler in transaction mode stands between
MOST_CONNECTIONS = 32  # a web process has 24 threads, each with one of its own and at times a snapshot
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "recursive_triggers=ON",  # else INSERT OR REPLACE slips past the triggers that forbid deletion
    "wal_autocheckpoint=0",
    f"journal_size_limit={WAL_PAGES_BEFORE_CHECKPOINT * 4096}",  # else one burst leaves a log that looks full for ever
    "busy_timeout=10000",
    "trusted_schema=OFF",
    "secure_delete=ON",  # what is erased, and what left the inbox, is overwritten in the file
)


class DatabaseUnreachable(Exception):
    """The database does not answer now, or does not accept this user; what was under way may be stored or not."""


class Database:
    """An open database: `reading()` for a snapshot, `writing(step)` for one durable transaction.

    The writing lock is only for SQLite; PostgreSQL orders its writers itself. What a `role` may do is refused by
    SQLite's authorizer here, and by PostgreSQL when `url` signs in as that role.
    """

    def __init__(self, url: str, lock_file: Path, role: Role = Role.MIGRATE) -> None:
        self.engine = _open_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self.role = role
        if self.is_sqlite and role is not Role.MIGRATE:
            event.listen(self.engine, "connect", lambda raw, _: restrict(raw, role))
        self._single = _SpareConnections(self.engine)
        self._lock = WriteLock(lock_file) if self.is_sqlite else None
        self._commits = 0

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection whose statements see one state of the database."""
        with _told_when_away(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                if not self.is_sqlite:
                    tell_reader(connection, reads=True)
                yield connection

    @contextmanager
    def single_statement(self) -> Iterator[Connection]:
        """A connection on which each statement is a transaction by itself: one round trip.

        For those whom a citizen waits for. After a failure none that lay ready is trusted, and the next call opens one.
        """
        with _told_when_away(), self._single.lend() as connection:
            yield connection

    @contextmanager
    def writing(self, step: str) -> Iterator[Connection]:
        """One transaction, durable when the block has ended; `step` names its two crash points."""
        if self._lock is None:
            with _told_when_away(), self.engine.connect() as connection:
                yield from _commit(connection, step)
            return
        with _told_when_away(), self._lock, self.engine.connect() as connection:
            immediate = connection.execution_options(hailong_begin="BEGIN IMMEDIATE")
            yield from _commit(immediate, step)
            self._commits += 1
            if self._commits % COMMITS_BETWEEN_LOOKS == 0:
                _checkpoint_wal(immediate, Path(f"{self.engine.url.database}-wal"))

    def check_reachable(self) -> None:
        """Raise DatabaseUnreachable, with what to check, unless a connection can be opened."""
        with _told_when_away(), self.engine.connect():
            pass

    def writing_lock(self) -> AbstractContextManager[None]:
        """The lock alone, for the few who need a connection of their own."""
        return self._lock if self._lock is not None else nullcontext()

    def close(self) -> None:
        self._single.close_all()
        self.engine.dispose()
        if self._lock is not None:
            self._lock.close()


class _SpareConnections:
    """Autocommitting connections, open from request to request; who comes takes the one that was given back last.

    So there are as many as are used at once, and not one a thread: each has plans, catalogue and pages of its own to
    make, and PostgreSQL a process.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._spare: list[Connection] = []

    @contextmanager
    def lend(self) -> Iterator[Connection]:
        connection = self._take()
        try:
            yield connection
        except Exception as failure:
            self._spare.append(connection)
            if isinstance(failure, DBAPIError) and not isinstance(failure, IntegrityError):
                self.close_all()  # the server may be another by now
            raise
        self._spare.append(connection)

    def close_all(self) -> None:
        while self._spare:
            self._spare.pop().close()

    def _take(self) -> Connection:
        try:
            return self._spare.pop()
        except IndexError:
            return self._engine.connect().execution_options(isolation_level="AUTOCOMMIT", hailong_begin=None)


class WriteLock(AbstractContextManager[None]):
    """A lock file that threads and processes share."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread_lock = threading.RLock()
        self._depth = 0
        self._descriptor = self._opened_by = -1

    def __enter__(self) -> None:
        self._thread_lock.acquire()
        self._depth += 1
        if self._depth == 1:
            if self._opened_by != os.getpid():  # a forked process would share the lock of its parent
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                self._opened_by = os.getpid()
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self._thread_lock.release()

    def close(self) -> None:
        """Give the file back."""
        if self._opened_by == os.getpid():
            os.close(self._descriptor)
        self._opened_by = -1


def sqlite_version() -> tuple[int, int, int]:
    """Version of the SQLite library that Python runs with."""
    return sqlite3.sqlite_version_info


@contextmanager
def _told_when_away() -> Iterator[None]:
    """Raise DatabaseUnreachable where the server is away, the network is cut or the disk fails: nobody's defect."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        reason = (str(error.orig).strip().splitlines() or ["no answer"])[0]
        raise DatabaseUnreachable(
            f"The database cannot be opened: {reason}. Check HAILONG_DATABASE_URL, and that the server runs and "
            "accepts this user."
        ) from error


def _commit(connection: Connection, step: str) -> Iterator[Connection]:
    with connection.begin():
        if connection.dialect.name == "postgresql":
            tell_reader(connection, reads=False)
        yield connection
        crash_point(f"{step}:before-commit")
    crash_point(f"{step}:after-commit")


def _open_engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        # behind PgBouncer each transaction may have another connection, where a statement was never prepared
        pooled = parsed.query.get(POOLED) == "yes"
        return create_engine(
            parsed.difference_update_query([POOLED]),
            connect_args={"prepare_threshold": None} if pooled else {},
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=24,
            max_overflow=24,
            execution_options={KNOWN_VERSIONS: {}, KNOWN_SIGNED: set()},
        )
    engine = create_engine(
        url,
        hide_parameters=True,  # an error in a log must not hold what a citizen wrote
        connect_args={"timeout": 10, "check_same_thread": False},
        pool_size=MOST_CONNECTIONS,
        max_overflow=MOST_CONNECTIONS,
        execution_options={KNOWN_VERSIONS: {}, KNOWN_SIGNED: set()},
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(raw: Any, _record: object) -> None:
    raw.isolation_level = None  # we say BEGIN ourselves: the driver would begin too late
    cursor = raw.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get("hailong_begin", "BEGIN")
    if begin:
        connection.exec_driver_sql(begin)


def _checkpoint_wal(connection: Connection, path: Path) -> None:
    if path.exists() and path.stat().st_size > WAL_PAGES_BEFORE_CHECKPOINT * 4096:
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
