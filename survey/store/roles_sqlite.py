"""The permissions on SQLite: an authorizer that is asked about every statement when it is prepared."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from survey.store.roles import Role, Verb, may

Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]

VERBS = {
    sqlite3.SQLITE_READ: Verb.SELECT,
    sqlite3.SQLITE_INSERT: Verb.INSERT,
    sqlite3.SQLITE_UPDATE: Verb.UPDATE,
    sqlite3.SQLITE_DELETE: Verb.DELETE,
}
ALWAYS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT, sqlite3.SQLITE_RECURSIVE}
CATALOGUE = ("sqlite_master", "sqlite_schema")
READING_PRAGMAS = ("database_list", "table_info", "table_xinfo", "index_list", "foreign_key_list")
HARMLESS = {("wal_checkpoint", "passive"), ("read_uncommitted", "0"), ("foreign_keys", "")}
FORBIDDEN_FUNCTIONS = ("load_extension", "fts3_tokenizer", "readfile", "writefile", "edit")
LEAVES = "_leaves"  # INSERT OR REPLACE removes a row, and nothing is asked but whether this trigger may run

NO_AUDITORS = (  # triggers of a connection: the file knows no roles
    "CREATE TEMP TRIGGER staff_no_insert_auditor BEFORE INSERT ON main.staff WHEN NEW.role = 'auditor' "
    "BEGIN SELECT RAISE(ABORT, 'not authorized: auditors are made on the command line'); END",
    "CREATE TEMP TRIGGER staff_no_update_auditor BEFORE UPDATE OF role ON main.staff "
    "WHEN NEW.role = 'auditor' OR OLD.role = 'auditor' "
    "BEGIN SELECT RAISE(ABORT, 'not authorized: auditors are made on the command line'); END",
)


def restrict(raw: sqlite3.Connection, role: Role) -> None:
    """Hold a new connection to what its role may do."""
    if role is Role.WEB and raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'staff'").fetchone():
        for trigger in NO_AUDITORS:
            raw.execute(trigger)
    raw.set_authorizer(sqlite_authorizer(role))


def sqlite_authorizer(role: Role) -> Authorizer:
    """What `sqlite3.Connection.set_authorizer` takes, for a role of a long-lived process."""

    def authorize(
        action: int, first: str | None, second: str | None, _database: str | None, trigger: str | None
    ) -> int:
        if trigger is not None and trigger.endswith(LEAVES):
            allowed = may(role, Verb.DELETE, trigger.removesuffix(LEAVES))
            return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK if _is_allowed(role, action, first or "", second or "") else sqlite3.SQLITE_DENY

    return authorize


def _is_allowed(role: Role, action: int, first: str, second: str) -> bool:
    if action in ALWAYS:
        return True
    if action in VERBS:
        reads_catalogue = action == sqlite3.SQLITE_READ and first in CATALOGUE
        return reads_catalogue or may(role, VERBS[action], first, second)
    if action == sqlite3.SQLITE_FUNCTION:
        return second.lower() not in FORBIDDEN_FUNCTIONS
    return action == sqlite3.SQLITE_PRAGMA and _is_harmless_pragma(first.lower(), second.lower())


def _is_harmless_pragma(name: str, value: str) -> bool:
    """Those that only look, the WAL checkpoint that every writer shares in, and the isolation level as it is anyway."""
    return name in READING_PRAGMAS or (name, value) in HARMLESS
