"""Contacts that an operator handed in on a page: sealed, and there only until the work process read them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from survey.store.tables import contact_file


@dataclass(frozen=True, slots=True)
class ContactFile:
    """One file, encrypted."""

    id: bytes
    wave_code: str
    sealed: bytes
    loaded_by: str
    loaded_at: datetime

    @property
    def name(self) -> bytes:
        """What the encryption is bound to."""
        return b"file/" + self.id


def add_file(connection: Connection, new: ContactFile) -> None:
    connection.execute(insert(contact_file).values(**asdict(new)))


def list_files(connection: Connection) -> list[ContactFile]:
    """What waits, the oldest first."""
    query = select(contact_file).order_by(contact_file.c.loaded_at, contact_file.c.id)
    return [ContactFile(**row) for row in connection.execute(query).mappings()]


def remove_file(connection: Connection, file: ContactFile) -> None:
    connection.execute(delete(contact_file).where(contact_file.c.id == file.id))


def count_files(connection: Connection, wave_code: str) -> int:
    """How many wait for a wave."""
    query = select(func.count(contact_file.c.id)).where(contact_file.c.wave_code == wave_code)
    return connection.scalar(query) or 0
