"""Traces of the order in which answers came: rewritten, emptied, and gone from the database's own log.

A token and its answer are committed together, so every log and every page that was not rewritten since tells which
belongs to which. Sealed rows are rewritten as they are sealed; here go those that wait, dead rows, free pages, logs.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, delete, select, text
from sqlalchemy.exc import DBAPIError

from survey.store.database import Database
from survey.store.invitations import shuffle_unsettled
from survey.store.sql import insert_many, take_turn
from survey.store.tables import inbox, withdrawal

LEDGER_TURN = "ledger"


def shuffle_waiting(connection: Connection) -> None:
    """Write all that waits in the inbox, and the tokens spent meanwhile, anew, at once and in random order."""
    take_turn(connection, LEDGER_TURN)
    if connection.dialect.name != "sqlite":
        connection.execute(text("LOCK TABLE inbox, withdrawal, spent IN SHARE ROW EXCLUSIVE MODE"))
    responses = [dict(row) for row in connection.execute(select(inbox).order_by(inbox.c.id)).mappings()]
    taken_back = select(withdrawal).order_by(withdrawal.c.receipt_hash)
    withdrawals = [dict(row) for row in connection.execute(taken_back).mappings()]
    connection.execute(delete(withdrawal))
    connection.execute(delete(inbox))
    insert_many(connection, inbox, responses)
    insert_many(connection, withdrawal, withdrawals)
    shuffle_unsettled(connection)


def empty_log(database: Database) -> list[str]:
    """Give back what SQLite's log or PostgreSQL's still holds; a sentence for each part that could not be done."""
    return _empty_sqlite(database) if database.is_sqlite else _empty_postgresql(database)


def rewrite_tables(database: Database, tables: tuple[str, ...] = ("inbox",)) -> None:
    """On PostgreSQL, new files without the bytes of dead rows; SQLite overwrites what it deletes (`secure_delete`)."""
    if database.is_sqlite:
        return
    for table in tables:
        with database.writing("rewrite") as connection:
            connection.execute(text(f"SELECT rewrite_{table}()"))


def _empty_sqlite(database: Database) -> list[str]:
    with database.writing_lock(), database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return ["a reader held the log: it is emptied next time"] if busy else []


def _empty_postgresql(database: Database) -> list[str]:
    undone = [_try(database, statement) for statement in ("SELECT pg_switch_wal()", "CHECKPOINT", "CHECKPOINT")]
    kept = [why for is_kept, why in POSTGRESQL_KEEPS if is_kept(_setting(database, why.split()[0]))]
    return [why for why in undone if why] + kept


def _try(database: Database, statement: str) -> str:
    try:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))
    except DBAPIError as refused:
        return f"{statement}: {str(refused.orig).strip().splitlines()[0]}"
    return ""


def _setting(database: Database, name: str) -> str:
    with database.reading() as connection:
        value: str = connection.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar_one()
    return value


POSTGRESQL_KEEPS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda value: value == "on", "wal_recycle is on: old log files are kept under new names; set it to off"),
    (lambda value: value != "off", "archive_mode is on: the archived log pairs tokens and answers until it expires"),
    (lambda value: value not in ("0", "0MB"), "wal_keep_size is above 0: the log is kept longer than needed"),
)
