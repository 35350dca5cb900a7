"""Bring a database to the newest schema; forward only."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from survey.store.database import Database
from survey.store.tables import metadata

LONGEST_WAIT = "2s"


class SchemaTooNew(Exception):
    """The database was made by a newer version of the program."""


class SchemaOutdated(Exception):
    """The database lacks migrations that this version of the program needs."""


def migrate(database: Database) -> tuple[str | None, str]:
    """Run what is missing, in one transaction; the revision before and after.

    On SQLite foreign keys are off meanwhile: a rebuilt parent table would otherwise delete its children.
    """
    database.check_reachable()
    with database.engine.connect() as connection, database.writing_lock():
        _set_foreign_keys(connection, database, on=False)
        with connection.begin():
            if not database.is_sqlite:  # whoever is served waits behind a lock that waits: rather try again later
                connection.execute(text(f"SET LOCAL lock_timeout = '{LONGEST_WAIT}'"))
            before = _revision(connection)
            _refuse_newer(before)
            command.upgrade(_config(connection), "head")
            _check_foreign_keys(connection, database)
        _set_foreign_keys(connection, database, on=True)
    return before, newest_revision()


def current_revision(database: Database) -> str | None:
    """The schema that the database has; None when it is empty."""
    with database.reading() as connection:
        return _revision(connection)


def check_schema(database: Database) -> None:
    """Raise SchemaOutdated where the database lacks a migration.

    A newer schema is served as well: migrations only add until the next version, so that the old program goes on
    while the new one is brought in (tests/store/test_upgrading.py).
    """
    database.check_reachable()
    found = current_revision(database)
    if not serves(found):
        raise SchemaOutdated(
            f"The database has schema {found or 'none'}, this program needs {newest_revision()}. Run `hailong migrate`."
        )


def serves(revision: str | None) -> bool:
    """Whether this program can serve a database of this schema: its own, or one that was only added to since."""
    return revision is not None and revision >= newest_revision()


def newest_revision() -> str:
    """The schema that this version of the program needs."""
    return _head_of(migrations_folder())


@cache
def _head_of(folder: Path) -> str:
    head = ScriptDirectory(str(folder)).get_current_head()
    assert head is not None
    return head


def migrations_folder() -> Path:
    """The checkout's migrations, or those inside the installed package."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_migrations"
    return inside if inside.exists() else package.parent / "migrations"


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes.update(connection=connection, metadata=metadata)
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaTooNew(
            f"The database has schema {revision}, which this version of hailong does not know. "
            "Install the newer version."
        )


def _set_foreign_keys(connection: Connection, database: Database, *, on: bool) -> None:
    if database.is_sqlite:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")


def _check_foreign_keys(connection: Connection, database: Database) -> None:
    if database.is_sqlite:
        broken = connection.execute(text("PRAGMA foreign_key_check")).all()
        if broken:
            raise RuntimeError(
                f"Migration would break {len(broken)} references, first: {broken[0]}. Nothing was changed."
            )
