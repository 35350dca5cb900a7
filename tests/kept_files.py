"""Where a database keeps whatever it keeps: an administrator's view of it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from survey.store.database import Database


def folders_of(database: Database, home: Path) -> list[Path]:
    """The installation's own folder and those in which the database has its tables and its log."""
    if database.is_sqlite:
        return [home]
    with database.reading() as connection:
        data = Path(connection.scalar(text("SHOW data_directory")) or "")
        number = connection.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
    return [home, data / "base" / str(number), data / "pg_wal"]


def files_with(words: bytes, database: Database, home: Path) -> list[str]:
    """The files in which these bytes stand."""
    paths = (path for folder in folders_of(database, home) for path in folder.rglob("*") if path.is_file())
    return sorted(path.name for path in paths if words in path.read_bytes())
