"""What the commands share: one installation, opened when a command first needs it."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import click

from survey.keys import Keys, derive_keys, open_signer
from survey.proof import NoteSigner
from survey.settings import Settings, load_settings
from survey.store.audits import By
from survey.store.database import Database
from survey.store.roles import Role

LOCAL_TIME = ZoneInfo("Asia/Ho_Chi_Minh")


class Installation:
    """Settings, keys and the database of the installation that the environment names."""

    @cached_property
    def settings(self) -> Settings:
        return load_settings()

    @cached_property
    def keys(self) -> Keys:
        return derive_keys(self.settings.secret_key)

    @cached_property
    def signer(self) -> NoteSigner:
        return open_signer(self.settings)

    def forget_signer(self) -> None:
        """Look for the key again when it is next needed: it may have been rotated meanwhile."""
        self.__dict__.pop("signer", None)

    @cached_property
    def database(self) -> Database:
        """The database as whoever works on it, with the schema that this program needs. Raises SchemaOutdated."""
        return self.database_of(Role.WORK)

    @cached_property
    def audited(self) -> Database:
        """The database as whoever checks it. Raises SchemaOutdated."""
        return self.database_of(Role.AUDIT)

    def database_of(self, role: Role) -> Database:
        """The database at the address of a role. Only web processes are restricted on SQLite, where all share a file.

        Raises SchemaOutdated.
        """
        from survey.store.migrating import check_schema

        settings = self.settings
        database = Database(settings.database_url_of(role), settings.lock_file)
        check_schema(database)
        return database

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @property
    def by(self) -> By:
        """Who runs the command, and when."""
        return By(operating_system_user(), self.now)

    @property
    def today(self) -> date:
        return self.now.astimezone(LOCAL_TIME).date()


def operating_system_user() -> str:
    """Who runs the command, for the audit trail."""
    try:
        return f"os:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"os:{os.getuid()}"


pass_installation = click.make_pass_decorator(Installation)
