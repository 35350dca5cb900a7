"""Which day's alerts went to whom."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, func, insert, select

from survey.store.tables import alert_mail, release


def find_last_day(connection: Connection, before: date) -> date | None:
    """The last day before a date on which a release became public."""
    public = release.c.published_on < before
    day: date | None = connection.scalar(select(func.max(release.c.published_on)).where(public))
    return day


def was_mailed(connection: Connection, day: date, recipient: str) -> bool:
    mine = (alert_mail.c.published_on == day) & (alert_mail.c.recipient == recipient)
    return connection.scalar(select(func.count()).select_from(alert_mail).where(mine)) == 1


def add_alert_mail(connection: Connection, day: date, recipient: str) -> None:
    connection.execute(insert(alert_mail).values(published_on=day, recipient=recipient))
