"""Publishing: a second person makes a draft public, and the next checkpoint binds it."""

from __future__ import annotations

from datetime import date, datetime

from survey.actions.reading import AlreadyPublished, SecondPersonNeeded, UnknownRelease
from survey.store import audits, releases
from survey.store.database import Database


def publish(database: Database, code: str, *, by: str, now: datetime, today: date) -> None:
    """Make a draft public. Raises UnknownRelease, AlreadyPublished, SecondPersonNeeded."""
    with database.writing("publish") as connection:
        release = releases.find_release(connection, code)
        if release is None:
            raise UnknownRelease(code)
        if release.published_on is not None:
            raise AlreadyPublished(code)
        if release.drafted_by == by:
            raise SecondPersonNeeded(code)
        releases.publish_release(connection, code, by=by, on=today)
        audits.add_event(
            connection,
            at=now,
            actor=by,
            event="release-published",
            subject=code,
            detail={"digest": release.digest.hex(), "drafted_by": release.drafted_by},
        )
