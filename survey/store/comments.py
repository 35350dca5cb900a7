"""Comments: scrubbed texts in random order, batches of them, and who read a batch before officials may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, func, insert, select, update

from survey.store.sql import insert_many
from survey.store.tables import comment, comment_batch, comment_progress


@dataclass(frozen=True, slots=True)
class Comment:
    """One scrubbed text; its random id is its place among the others."""

    id: bytes
    wave_code: str
    agency_code: str
    item: str
    text: str
    batch_number: int | None = None
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class CommentBatch:
    """Comments that are shown together; `agency_code` is empty where they are of a whole wave."""

    number: int
    wave_code: str
    agency_code: str
    size: int
    made_on: date
    read_by: str | None = None
    read_on: date | None = None


def find_progress(connection: Connection, wave_code: str) -> int:
    """Leaves of the ledger whose texts of this wave were scrubbed."""
    query = select(comment_progress.c.size).where(comment_progress.c.wave_code == wave_code)
    return connection.scalar(query) or 0


def add_comments(connection: Connection, wave_code: str, new: Sequence[Comment], size: int) -> None:
    """Keep new comments and move the progress, together with the caller's transaction."""
    insert_many(connection, comment, [{name: getattr(each, name) for name in Comment.__slots__} for each in new])
    connection.execute(delete(comment_progress).where(comment_progress.c.wave_code == wave_code))
    connection.execute(insert(comment_progress).values(wave_code=wave_code, size=size))


def count_unbatched(connection: Connection, wave_code: str) -> dict[str, int]:
    """Comments of a wave that are in no batch, by agency."""
    loose = (comment.c.wave_code == wave_code) & comment.c.batch_number.is_(None)
    query = select(comment.c.agency_code, func.count()).where(loose).group_by(comment.c.agency_code)
    return {agency: count for agency, count in connection.execute(query)}


def add_batch(connection: Connection, wave_code: str, agency_code: str, agencies: Sequence[str], on: date) -> None:
    """Put all loose comments of these agencies into a new batch, under this agency's name or under none."""
    number = (connection.scalar(select(func.max(comment_batch.c.number))) or 0) + 1
    loose = (comment.c.wave_code == wave_code) & comment.c.batch_number.is_(None) & comment.c.agency_code.in_(agencies)
    size = connection.scalar(select(func.count()).select_from(comment).where(loose)) or 0
    batch = CommentBatch(number, wave_code, agency_code, size, on)
    connection.execute(insert(comment_batch).values({name: getattr(batch, name) for name in CommentBatch.__slots__}))
    connection.execute(update(comment).where(loose).values(batch_number=number, agency_code=agency_code))


def list_batches(connection: Connection) -> list[CommentBatch]:
    rows = connection.execute(select(comment_batch).order_by(comment_batch.c.number)).mappings()
    return [CommentBatch(**row) for row in rows]


def list_comments(connection: Connection, batch_number: int) -> list[Comment]:
    """The comments of a batch in random order."""
    query = select(comment).where(comment.c.batch_number == batch_number).order_by(comment.c.id)
    return [Comment(**row) for row in connection.execute(query).mappings()]


def list_passed(connection: Connection, numbers: Sequence[int]) -> list[Comment]:
    """What was not withheld of these batches, the newest first, in random order within one."""
    kept = comment.c.batch_number.in_(numbers) & comment.c.withheld.is_(False)
    query = select(comment).where(kept).order_by(comment.c.batch_number.desc(), comment.c.id)
    return [Comment(**row) for row in connection.execute(query).mappings()]


def withhold(connection: Connection, batch_number: int, ids: Sequence[bytes]) -> None:
    """Keep some comments of a batch from the officials."""
    chosen = (comment.c.batch_number == batch_number) & comment.c.id.in_(ids)
    connection.execute(update(comment).where(chosen).values(withheld=True))


def mark_read(connection: Connection, batch_number: int, by: str, on: date) -> bool:
    """Say who read a batch; False when somebody did before."""
    unread = (comment_batch.c.number == batch_number) & comment_batch.c.read_by.is_(None)
    return connection.execute(update(comment_batch).where(unread).values(read_by=by, read_on=on)).rowcount == 1


def remove_comments(connection: Connection, wave_code: str) -> int:
    """Destroy the texts of a wave; how many. Its batches stay, with their sizes."""
    return connection.execute(delete(comment).where(comment.c.wave_code == wave_code)).rowcount
