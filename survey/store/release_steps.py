"""What people did with a release before and at its publication, in order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, RowMapping, insert, select

from survey.store.tables import release, release_step

SEEN, REVIEWED, SIGNED, RECALLED = "seen", "reviewed", "signed", "recalled"


@dataclass(frozen=True, slots=True)
class ReleaseStep:
    """One step; `due_at` is when a signed release is published, both moments in UTC."""

    release_code: str
    number: int
    step: str
    by_name: str
    at: datetime
    note: str = ""
    due_at: datetime | None = None


def list_steps(connection: Connection, release_code: str) -> list[ReleaseStep]:
    query = select(release_step).where(release_step.c.release_code == release_code).order_by(release_step.c.number)
    return [_step(row) for row in connection.execute(query).mappings()]


def add_step(
    connection: Connection,
    release_code: str,
    step: str,
    by_name: str,
    at: datetime,
    note: str = "",
    due_at: datetime | None = None,
) -> None:
    """Append a step after those that are there."""
    number = len(list_steps(connection, release_code)) + 1
    values = {"release_code": release_code, "number": number, "step": step, "by_name": by_name, "note": note}
    due = due_at.astimezone(UTC) if due_at else None  # SQLite keeps no zone
    connection.execute(insert(release_step).values(**values, at=at.astimezone(UTC), due_at=due))


def list_waiting(connection: Connection) -> list[ReleaseStep]:
    """The newest signature or recall of every release that is not public."""
    ended = release_step.c.step.in_((SIGNED, RECALLED))
    query = select(release_step).join(release).where(ended, release.c.published_on.is_(None))
    rows = connection.execute(query.order_by(release_step.c.release_code, release_step.c.number)).mappings()
    newest = {row["release_code"]: _step(row) for row in rows}
    return [each for each in newest.values() if each.step == SIGNED]


def find_signature(connection: Connection, release_code: str) -> ReleaseStep | None:
    """The signature that stands: not one that was recalled."""
    steps = [each for each in list_steps(connection, release_code) if each.step in (SIGNED, RECALLED)]
    return steps[-1] if steps and steps[-1].step == SIGNED else None


def _step(row: RowMapping) -> ReleaseStep:
    due_at = _utc(row["due_at"]) if row["due_at"] else None
    return ReleaseStep(**{**row, "at": _utc(row["at"]), "due_at": due_at})


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
