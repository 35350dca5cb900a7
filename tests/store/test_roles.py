"""Who may do what is declared for every table, and both databases hold to exactly that."""

from __future__ import annotations

import itertools
import sqlite3

import pytest
from fieldwork import Fieldwork
from sqlalchemy import Connection, inspect, text

from survey.store.database import Database
from survey.store.roles import EVERY_COLUMN, PERMISSIONS, RESTRICTED, Role, Verb, may
from survey.store.roles_postgresql import RolesNotMade, grant_existing_roles, is_restricted, make_roles, role_name
from survey.store.roles_sqlite import LEAVES, sqlite_authorizer
from survey.store.tables import metadata
from survey.store.writer import open_writer

SEALED_FOR_GOOD = ("inbox", "spent", "ledger", "batch", "receipt", "checkpoint", "exclusion", "withdrawal", "audit")
ACTIONS = {
    Verb.SELECT: sqlite3.SQLITE_READ,
    Verb.INSERT: sqlite3.SQLITE_INSERT,
    Verb.UPDATE: sqlite3.SQLITE_UPDATE,
    Verb.DELETE: sqlite3.SQLITE_DELETE,
}
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


def test_every_table_says_who_may_do_what_to_it() -> None:
    undeclared = metadata.tables.keys() - PERMISSIONS.keys()
    assert not undeclared, f"declare in survey/store/roles.py what each role may do to {sorted(undeclared)}"
    assert PERMISSIONS.keys() - metadata.tables.keys() == {"alembic_version"}


def test_every_declared_column_exists() -> None:
    for table, row in PERMISSIONS.items():
        for rights in row.values():
            named = {*rights.select, *rights.update} - set(EVERY_COLUMN)
            assert named <= set(metadata.tables[table].columns.keys() if named else ()), table


def test_the_web_only_adds_to_what_citizens_and_auditors_rely_on() -> None:
    for table in SEALED_FOR_GOOD:
        rights = PERMISSIONS[table][Role.WEB]
        assert not rights.update, table
        assert not rights.delete, table


def test_the_web_does_not_read_what_others_answered() -> None:
    for table in ("inbox", "ledger"):
        for column in ("codes", "text", "nonce1", "nonce2"):
            assert not may(Role.WEB, Verb.SELECT, table, column)


@ON_SQLITE
def test_whatever_the_web_may_add_but_not_remove_cannot_be_replaced_on_sqlite(database: Database) -> None:
    """INSERT OR REPLACE removes a row unasked: a trigger that refuses, or that the authorizer knows, must run."""
    with database.reading() as connection:
        query = "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'"
        triggers = {(table, name) for table, name in connection.execute(text(query))}
    guarded = {table for table, name in triggers if name in (f"{table}_no_delete", f"{table}{LEAVES}")}
    web = {table: row[Role.WEB] for table, row in PERMISSIONS.items()}
    added = {table for table, rights in web.items() if rights.insert and not rights.delete}
    assert {table for table in added if web[table].update != EVERY_COLUMN} <= guarded


def test_an_undeclared_table_may_be_touched_by_the_owner_alone() -> None:
    for verb in Verb:
        assert not any(may(role, verb, "new_table") for role in RESTRICTED)
        assert may(Role.MIGRATE, verb, "new_table")


def test_sqlite_holds_to_the_declaration() -> None:
    """Every role, verb and table: the authorizer's answer is the declaration's."""
    for role, verb, table in itertools.product(RESTRICTED, Verb, PERMISSIONS):
        authorize = sqlite_authorizer(role)
        columns = metadata.tables[table].columns.keys() if table in metadata.tables else ["version_num"]
        for column in columns if verb in (Verb.SELECT, Verb.UPDATE) else [""]:
            allowed = authorize(ACTIONS[verb], table, column or None, "main", None) == sqlite3.SQLITE_OK
            assert allowed is may(role, verb, table, column), (role, verb, table, column)


@ON_POSTGRESQL
def test_postgresql_holds_to_the_declaration(as_role: dict[Role, Database], database: Database) -> None:
    """Every role, verb and table, asked of the server itself; and no privilege besides."""
    wrong = []
    with database.reading() as connection:
        tables = inspect(connection).get_table_names()
        for role, table, verb in itertools.product(RESTRICTED, tables, Verb):
            by_column = verb in (Verb.SELECT, Verb.UPDATE)
            columns = [each["name"] for each in inspect(connection).get_columns(table)] if by_column else [""]
            wrong += [
                (role, verb, table, column)
                for column in columns
                if _has_privilege(connection, role, table, verb, column) is not may(role, verb, table, column)
            ]
        for role, other in itertools.product(RESTRICTED, ("TRUNCATE", "REFERENCES", "TRIGGER")):
            wrong += [(role, other, table, "") for table in tables if _has_privilege(connection, role, table, other)]
    assert wrong == []


@ON_POSTGRESQL
def test_a_new_table_is_granted_by_the_next_migration_and_what_was_granted_by_hand_is_taken_back(
    as_role: dict[Role, Database], database: Database
) -> None:
    with database.writing("test") as connection:
        connection.execute(text(f"GRANT DELETE ON inbox TO {role_name(Role.WEB)}"))
        connection.execute(text(f"REVOKE ALL ON wave FROM {role_name(Role.WEB)}"))
    assert not is_restricted(as_role[Role.WEB])
    assert grant_existing_roles(database) == len(RESTRICTED)
    assert is_restricted(as_role[Role.WEB])
    with as_role[Role.WEB].reading() as connection:
        connection.execute(text("SELECT code FROM wave"))


@ON_POSTGRESQL
def test_the_owner_is_not_taken_for_restricted(as_role: dict[Role, Database], database: Database) -> None:
    assert not is_restricted(database)
    assert [is_restricted(as_role[role]) for role in RESTRICTED] == [True, False, True, True]


@ON_POSTGRESQL
def test_whoever_may_not_make_roles_is_told_who_can(as_role: dict[Role, Database]) -> None:
    with pytest.raises(RolesNotMade, match="HAILONG_MIGRATE_DATABASE_URL"):
        make_roles(as_role[Role.WORK])


def test_each_role_does_its_own_work(as_role: dict[Role, Database], work: Fieldwork) -> None:
    """The web stores an answer, work seals and tallies it, read looks at the tally, audit at the rows."""
    serving = Fieldwork(as_role[Role.WEB], work.keys, work.signer, "W", open_writer(as_role[Role.WEB]), work.tokens)
    token, key = serving.tokens["A.land"][0], "f" * 32
    assert serving.answer(token, "5", key=key) == serving.answer(token, "5", key=key)
    working = Fieldwork(as_role[Role.WORK], work.keys, work.signer, "W", open_writer(as_role[Role.WORK]))
    assert working.seal_and_tally() == 1
    with as_role[Role.READ].reading() as connection:
        assert connection.scalar(text("SELECT size FROM tally_progress")) == 1
    with as_role[Role.AUDIT].reading() as connection:
        assert connection.scalar(text("SELECT count(codes) FROM ledger")) == 1


def _has_privilege(connection: Connection, role: Role, table: str, verb: str, column: str = "") -> bool:
    if column:
        query = text("SELECT has_column_privilege(:role, :table, :column, :verb)")
    else:
        query = text("SELECT has_table_privilege(:role, :table, :verb)")
    return bool(
        connection.scalar(query, {"role": role_name(role), "table": f'"{table}"', "column": column, "verb": str(verb)})
    )
