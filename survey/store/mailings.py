"""Which day's checkpoint went to which auditor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, insert, select

from survey.store.tables import checkpoint, checkpoint_mail


@dataclass(frozen=True, slots=True)
class DailyNote:
    """The last checkpoint that was signed on a day."""

    signed_on: date
    number: int
    size: int
    note: str


def list_unmailed(connection: Connection, recipient: str, before: date) -> list[DailyNote]:
    """The last checkpoint of each day before a date that this recipient did not get, oldest first."""
    last = select(func.max(checkpoint.c.number)).where(checkpoint.c.signed_on < before).group_by(checkpoint.c.signed_on)
    mailed = select(checkpoint_mail.c.signed_on).where(checkpoint_mail.c.recipient == recipient)
    query = select(checkpoint.c.signed_on, checkpoint.c.number, checkpoint.c.size, checkpoint.c.note).where(
        checkpoint.c.number.in_(last), checkpoint.c.signed_on.not_in(mailed)
    )
    return [DailyNote(*row) for row in connection.execute(query.order_by(checkpoint.c.number))]


def add_mailing(connection: Connection, note: DailyNote, recipient: str) -> None:
    values = {"signed_on": note.signed_on, "recipient": recipient, "checkpoint_number": note.number}
    connection.execute(insert(checkpoint_mail).values(values))
