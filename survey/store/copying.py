"""A whole database as one file, and back: SQLite by its backup interface, PostgreSQL by pg_dump and pg_restore."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, inspect
from sqlalchemy.engine import make_url

from survey.store.database import Database


class CopyFailed(RuntimeError):
    """The database could not be copied or brought back; the message holds the program's own words."""


class NotEmpty(ValueError):
    """There is something already where a database is to be brought back."""


def copy_database(database: Database, path: Path) -> None:
    """Write a consistent copy while others write. Raises CopyFailed."""
    if database.is_sqlite:
        _copy_file(database, path)
    else:
        arguments = ["--format=custom", "--enable-row-security", "--no-owner", "--no-privileges", f"--file={path}"]
        _run("pg_dump", arguments, database.engine.url)


def bring_back(path: Path, url: str, lock_file: Path) -> None:
    """Make an empty database what the copy holds. Raises NotEmpty or CopyFailed."""
    target = make_url(url)
    if target.get_backend_name() == "sqlite":
        file = Path(str(target.database))
        if file.exists():
            raise NotEmpty(f"{file} is there already. Bring the backup back into an empty folder.")
        shutil.copyfile(path, file)
        return
    _refuse_tables(url, lock_file)
    _run("pg_restore", ["--exit-on-error", "--no-owner", "--no-privileges", str(path)], target)


def _copy_file(database: Database, path: Path) -> None:
    """All pages under one read transaction: writers go on, and the copy has no WAL of its own."""
    with database.reading() as connection, closing(sqlite3.connect(path)) as copy:
        live: Any = connection.connection.driver_connection
        copy.execute("PRAGMA journal_mode=OFF")
        live.backup(copy)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_tables(url: str, lock_file: Path) -> None:
    database = Database(url, lock_file)
    try:
        database.check_reachable()
        with database.reading() as connection:
            if inspect(connection).get_table_names():
                raise NotEmpty("This PostgreSQL database holds tables. Make an empty one with createdb.")
    finally:
        database.close()


def _run(program: str, arguments: Sequence[str], url: URL) -> None:
    """The password travels in the environment, which other users cannot read, never in the arguments."""
    shown = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    try:
        done = subprocess.run(  # noqa: S603 a fixed program and its own options
            [program, *arguments, f"--dbname={shown}"], env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as missing:
        raise CopyFailed(f"{program} is not installed here: install PostgreSQL's client programs.") from missing
    if done.returncode:
        raise CopyFailed(f"{program} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
