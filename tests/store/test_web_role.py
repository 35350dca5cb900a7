"""Whoever takes over the web process may send any SQL: no answer, leaf, receipt or checkpoint is changed or removed.

Each statement is tried as the web's role and must be refused; the control tries it as the owner without triggers, for
whom every one of them works: so a refusal is by permission, never for want of a comma.
"""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from survey.store.database import Database
from survey.store.roles import Role
from survey.store.tables import metadata

PROTECTED = ("inbox", "ledger", "exclusion", "checkpoint", "receipt", "batch", "spent", "audit")
REFUSED = re.compile(
    r"prohibited|authorization denied|not authorized|permission denied|is append-only"
    r"|must be (owner|superuser|member)|must have admin option"
)
FORGED = "SELECT id, wave_code, stratum_code, receipt_hash, {hash}, {text}, {hash}, {text} FROM inbox"
NEW_ID = "SELECT {hash}, wave_code, stratum_code, receipt_hash, {hash}, {text}, {hash}, {text} FROM inbox"


def key_of(table: str) -> str:
    return ", ".join(metadata.tables[table].primary_key.columns.keys())


COMMON = (
    *(f"UPDATE {table} SET {key_of(table)} = {key_of(table)}" for table in PROTECTED),
    *(f"DELETE FROM {table}" for table in PROTECTED),
    "UPDATE release SET header = '{}'",
    "DELETE FROM release_figure",
    "UPDATE wave SET rule = '{}'",
    "UPDATE staff SET role = 'auditor'",
    "INSERT INTO staff SELECT 'me', 'auditor', '', NULL, NULL, false",
    "DROP TABLE inbox{cascade}",
    "ALTER TABLE inbox RENAME TO elsewhere",
    "ALTER TABLE ledger DROP COLUMN text{cascade}",
    "CREATE TABLE mine (x integer)",
    "CREATE TEMP TABLE inbox (x integer)",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE INDEX mine ON inbox (codes)",
    "INSERT INTO inbox {forged} WHERE true ON CONFLICT (id) DO UPDATE SET codes = excluded.codes",
    "INSERT INTO inbox {new_id} WHERE true ON CONFLICT (receipt_hash) DO UPDATE SET codes = excluded.codes",
    "WITH gone AS (SELECT id FROM inbox) DELETE FROM inbox WHERE id IN (SELECT id FROM gone)",
    "SELECT codes, text FROM inbox",
    "SELECT nonce1 FROM ledger",
)
SQLITE = (
    "INSERT OR REPLACE INTO inbox {forged}",
    "INSERT OR REPLACE INTO inbox {new_id}",
    "REPLACE INTO inbox {forged} LIMIT 1",
    "INSERT OR REPLACE INTO spent SELECT token_hash, wave_code, 'B.land', settled FROM spent",
    "UPDATE OR REPLACE inbox SET codes = nonce1",
    "UPDATE inbox SET codes = spent.token_hash FROM spent",
    "DELETE FROM inbox RETURNING id",
    "DROP TRIGGER inbox_leaves",
    "DROP INDEX ix_inbox_wave_code_stratum_code",
    "CREATE TRIGGER mine AFTER INSERT ON inbox BEGIN DELETE FROM inbox; END",
    "CREATE TEMP TRIGGER mine AFTER INSERT ON main.inbox BEGIN DELETE FROM inbox; END",
    "ATTACH ':memory:' AS other",
    "VACUUM",
    "VACUUM INTO '{folder}/copied.sqlite'",
    "PRAGMA writable_schema = ON",
    "PRAGMA recursive_triggers = OFF",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA ignore_check_constraints = ON",
    "PRAGMA synchronous = OFF",
    "PRAGMA journal_mode = MEMORY",
    "PRAGMA user_version = 5",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "REINDEX inbox",
    "ANALYZE",
)
POSTGRESQL = (
    "MERGE INTO inbox USING (SELECT 1) AS once ON true WHEN MATCHED THEN DELETE",
    "MERGE INTO inbox USING (SELECT 1) AS once ON true WHEN MATCHED THEN UPDATE SET codes = nonce1",
    "DELETE FROM inbox USING spent",
    "UPDATE inbox SET codes = nonce1 FROM batch",
    *(f"TRUNCATE {table} CASCADE" for table in PROTECTED),
    "WITH gone AS (DELETE FROM inbox RETURNING id) SELECT count(*) FROM gone",
    "COPY inbox FROM PROGRAM 'true'",
    "COPY inbox TO PROGRAM 'cat >/dev/null'",
    "COPY ledger FROM '/dev/null'",
    "ALTER TABLE inbox DISABLE TRIGGER ALL",
    "SET session_replication_role = replica",
    "DROP TRIGGER ledger_no_delete ON ledger",
    "DROP FUNCTION refuse_change() CASCADE",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "CREATE TRIGGER mine BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE RULE mine AS ON INSERT TO inbox DO INSTEAD NOTHING",
    "CREATE FUNCTION mine() RETURNS void SECURITY DEFINER LANGUAGE sql AS 'DELETE FROM inbox'",
    "DO 'BEGIN DELETE FROM inbox; END'",
    "SET ROLE hailong",
    "SET ROLE hailong_work",
    "SET SESSION AUTHORIZATION hailong",
    "GRANT hailong TO hailong_web",
    "ALTER TABLE inbox OWNER TO hailong_web",
    "ALTER ROLE hailong_web SUPERUSER",
    "CREATE ROLE mine SUPERUSER",
    "SELECT id FROM inbox FOR UPDATE",
    "LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE",
    "SELECT lo_import('/etc/hostname')",
    "SELECT pg_read_file('PG_VERSION')",
    "DELETE FROM pg_catalog.pg_trigger",
    "UPDATE pg_catalog.pg_authid SET rolsuper = true",
    "CREATE SCHEMA mine",
    "ALTER TABLE inbox ENABLE ROW LEVEL SECURITY",
)
OUTSIDE_TRANSACTIONS = ("VACUUM", "ATTACH", "PRAGMA")


def statements(database: Database, folder: Path) -> list[str]:
    own = SQLITE if database.is_sqlite else POSTGRESQL
    words = (
        {"hash": "zeroblob(32)", "text": "x'7b7d'", "cascade": ""}
        if database.is_sqlite
        else {"hash": "sha256(id)", "text": "'{}'::bytea", "cascade": " CASCADE"}
    )
    words |= {"folder": str(folder), "forged": FORGED.format(**words), "new_id": NEW_ID.format(**words)}
    filled_in = []
    for statement in (*COMMON, *own):
        for name, word in words.items():
            statement = statement.replace(f"{{{name}}}", word)
        filled_in.append(statement)
    return filled_in


def test_no_statement_of_the_web_changes_or_removes_a_row(
    filled: Database, as_role: dict[Role, Database], tmp_path: Path
) -> None:
    tried, before = statements(filled, tmp_path), read(filled)
    assert len(set(tried)) >= 40
    assert all(before.values()), "an empty table would let every statement pass"
    for statement in tried:
        assert REFUSED.search(try_it(as_role[Role.WEB], statement)), statement
    assert read(filled) == before


def test_each_of_them_works_for_the_owner(filled: Database, as_role: dict[Role, Database], tmp_path: Path) -> None:
    """The control: with the triggers out of the way, the very same statements do what they say."""
    try_as_owner = try_on_a_copy if filled.is_sqlite else try_and_undo
    for statement in statements(filled, make_writable(tmp_path)):
        try_as_owner(filled, statement)


def test_deleting_and_replacing_are_seen_in_the_rows(filled: Database, as_role: dict[Role, Database]) -> None:
    """The control of the comparison: what the owner removes is missed."""
    before = read(filled)
    with filled.writing("test") as connection:
        connection.execute(text("DELETE FROM inbox"))
    assert read(filled) != before


def test_what_the_web_must_do_it_may(filled: Database, as_role: dict[Role, Database]) -> None:
    """The other control: a role that may do nothing would pass as well."""
    with as_role[Role.WEB].writing("test") as connection:
        for statement in (
            "INSERT INTO spent SELECT receipt_hash, wave_code, stratum_code, false FROM inbox",
            "INSERT INTO staff_session (session_hash, staff_name, started_at, seen_at) "
            "SELECT receipt_hash, 'a', '2026-11-24', '2026-11-24' FROM inbox WHERE 1 = 0",
            "UPDATE release SET published_by = published_by, published_on = published_on WHERE published_on IS NULL",
        ):
            connection.execute(text(statement))


def try_it(database: Database, statement: str) -> str:
    """What the database says to a statement, whose work is kept if it is not refused."""
    with database.engine.connect() as connection:
        if statement.startswith(OUTSIDE_TRANSACTIONS):
            connection = connection.execution_options(isolation_level="AUTOCOMMIT", hailong_begin=None)
        try:
            connection.exec_driver_sql(statement)
            connection.commit()
        except DBAPIError as refusal:
            return str(refusal.orig)
    return "done"


def try_and_undo(database: Database, statement: str) -> None:
    with database.engine.connect() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("SET LOCAL allow_system_table_mods = on")
        connection.exec_driver_sql(statement).close()
        connection.rollback()
        connection.invalidate()


def try_on_a_copy(database: Database, statement: str) -> None:
    """In memory, without the triggers that refuse: some statements of SQLite no rollback undoes."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    with database.engine.connect() as connection:
        connection.connection.driver_connection.backup(copy)
    for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        if name != "inbox_leaves":
            copy.execute(f'DROP TRIGGER "{name}"')
    copy.execute(statement).fetchall()
    copy.close()


def make_writable(folder: Path) -> Path:
    """A folder in which the database server may write too."""
    public = folder / "public"
    public.mkdir()
    public.chmod(0o777)
    return public


def read(database: Database) -> dict[str, list[str]]:
    with database.reading() as connection:
        return {table: sorted(map(repr, connection.execute(metadata.tables[table].select()))) for table in PROTECTED}
