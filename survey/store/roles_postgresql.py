"""The permissions on PostgreSQL: a login role for each, which gets what is declared and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from survey.store.database import Database
from survey.store.roles import EVERY_COLUMN, PERMISSIONS, RESTRICTED, Rights, Role, Verb

LIMITS = {
    Role.WEB: {"lock_timeout": "10s", "idle_in_transaction_session_timeout": "60s"},
    Role.WORK: {"lock_timeout": "60s"},
    Role.READ: {"statement_timeout": "60s", "default_transaction_read_only": "on"},
    Role.AUDIT: {"lock_timeout": "10s"},
}
WHO_CAN = (
    "Set HAILONG_MIGRATE_DATABASE_URL to the database's owner, with the right CREATEROLE, "
    "or let a superuser run `hailong roles create`."
)


class RolesNotMade(Exception):
    """This user may not make or change roles; the message says who can."""


def role_name(role: Role) -> str:
    """The login name of a role, shared by all databases of a server."""
    return f"hailong_{role}"


def make_roles(database: Database) -> list[str]:
    """Make the roles that are missing and grant what is declared; the names of those made. Raises RolesNotMade."""
    if database.is_sqlite:
        raise RolesNotMade("SQLite has no roles: `hailong serve` restricts its own connections. Nothing is to be made.")
    try:
        with database.writing("make-roles") as connection:
            if not _owns_tables(connection):
                raise RolesNotMade(f"This user does not own the tables. {WHO_CAN}")
            known = _existing(connection)
            missing = [role for role in RESTRICTED if role not in known]
            for role in missing:
                connection.execute(text(f"CREATE ROLE {role_name(role)} LOGIN NOINHERIT"))
                for name, value in LIMITS[role].items():
                    connection.execute(text(f"ALTER ROLE {role_name(role)} SET {name} = '{value}'"))
            _close_to_everybody(connection)
            _grant(connection, RESTRICTED)
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise RolesNotMade(f"The roles were not made: {reason}. {WHO_CAN}") from error
    return [role_name(role) for role in missing]


def grant_existing_roles(database: Database) -> int:
    """Grant what is declared to the roles that were made, after a migration; how many there are."""
    if database.is_sqlite:
        return 0
    with database.writing("grant-roles") as connection:
        known = _existing(connection)
        if known and _owns_tables(connection):
            _grant(connection, known)
        return len(known)


def is_restricted(database: Database) -> bool:
    """Whether a PostgreSQL user may not remove rows of the inbox, as only `work` and the owner may."""
    with database.reading() as connection:
        return not connection.scalar(text("SELECT has_table_privilege('inbox', 'DELETE')"))


def list_grants(role: Role) -> Iterator[str]:
    """The GRANT statements of a role, table by table."""
    for table, row in PERMISSIONS.items():
        clauses = list(_clauses(row[role]))
        if clauses:
            yield f'GRANT {", ".join(clauses)} ON "{table}" TO {role_name(role)}'


def _clauses(rights: Rights) -> Iterator[str]:
    for verb, columns in ((Verb.SELECT, rights.select), (Verb.UPDATE, rights.update)):
        if columns:
            yield verb if columns == EVERY_COLUMN else f"{verb} ({', '.join(columns)})"
    if rights.insert:
        yield Verb.INSERT
    if rights.delete:
        yield Verb.DELETE


def _grant(connection: Connection, roles: tuple[Role, ...]) -> None:
    for role in roles:
        name = role_name(role)
        connection.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}"))
        connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {name}"))
        for statement in list_grants(role):
            connection.execute(text(statement))
    if Role.WORK in roles:
        connection.execute(text(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role_name(Role.WORK)}"))


def _close_to_everybody(connection: Connection) -> None:
    """No stranger and no role may make a table, a temporary one either, or read what is granted to nobody."""
    base = connection.scalar(text("SELECT quote_ident(current_database())"))
    for statement in (
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC",
        "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC",
        f"REVOKE ALL ON DATABASE {base} FROM PUBLIC",
        *(f"GRANT CONNECT ON DATABASE {base} TO {role_name(role)}" for role in RESTRICTED),
    ):
        connection.execute(text(statement))


def _existing(connection: Connection) -> tuple[Role, ...]:
    found = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
    return tuple(role for role in RESTRICTED if role_name(role) in found)


def _owns_tables(connection: Connection) -> bool:
    query = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'inbox'::regclass"
    return bool(connection.scalar(text(query)))
