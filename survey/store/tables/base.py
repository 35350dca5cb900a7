"""What all tables share: one metadata with names for every constraint, and the column types that recur."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Date, ForeignKey, LargeBinary, MetaData, String, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def code(name: str = "code", target: str | None = None, **options: Any) -> Column[str]:
    """A stable code, opaque to the program; with `target`, a reference to one."""
    options.setdefault("nullable", False)
    references = [ForeignKey(f"{target}.code")] if target else []
    return Column(name, String(64), *references, **options)


def names() -> Column[str]:
    """A name in every language, as a JSON object of language to text."""
    return Column("name", Text, nullable=False)


def valid_dates() -> tuple[Column[Any], Column[Any]]:
    """First and last day on which a row holds; no last day means: still."""
    return Column("valid_from", Date, nullable=False), Column("valid_to", Date)


def digest(name: str, **options: Any) -> Column[bytes]:
    """A SHA-256 value, 32 bytes."""
    options.setdefault("nullable", False)
    return Column(name, LargeBinary(32), **options)
