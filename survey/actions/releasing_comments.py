"""Comments on their way to those they are about: scrubbed, delayed, shuffled, in batches, read by a statistician first.

A comment leaves its answer behind: no rating, no date, no place in the ledger. It waits a week after its seal, then for
nine others of its agency; when its wave is over, those of agencies with too few go together, under no agency's name.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from survey.actions.scrubbing import scrub
from survey.store import audits, comments, frames, ledger, waves
from survey.store.comments import Comment, CommentBatch
from survey.store.database import Connection, Database
from survey.store.ledger import LedgerRow
from survey.store.waves import Wave

DELAY = timedelta(days=7)
FEWEST_TOGETHER = 10
RESPONSE = "response"


class UnknownBatch(LookupError):
    """No batch of comments has this number, or it is not read yet."""


class AlreadyRead(ValueError):
    """Somebody read this batch and passed it on."""


def release_comments(database: Database, today: date) -> int:
    """Scrub what was sealed long enough ago, and make every batch that is due; the number of comments scrubbed."""
    with database.reading() as connection:
        known = waves.list_waves(connection)
    done = 0
    for wave in known:
        with database.writing("comments") as connection:
            done += _scrub_sealed(connection, wave.code, today)
            _make_batches(connection, wave, today)
    return done


def list_batches(database: Database) -> list[CommentBatch]:
    """Every batch, for statisticians."""
    with database.reading() as connection:
        return comments.list_batches(connection)


def read_batch(database: Database, number: int, *, by: str, now: datetime) -> list[Comment]:
    """The comments of a batch, for the statistician who decides; the reading is audited. Raises UnknownBatch."""
    with database.writing("read-comments") as connection:
        found = comments.list_comments(connection, number)
        if not found:
            raise UnknownBatch(f"There is no batch of comments {number}.")
        audits.add_event(
            connection, at=now, actor=by, event="comments.read", subject=str(number), detail={"comments": len(found)}
        )
    return found


def pass_on(database: Database, number: int, *, withheld: Sequence[bytes], by: str, now: datetime, on: date) -> None:
    """Let officials read a batch, without the comments that still name somebody. Raises AlreadyRead."""
    with database.writing("pass-comments") as connection:
        if not comments.mark_read(connection, number, by, on):
            raise AlreadyRead(f"Batch {number} is with the officials already, or there is none.")
        comments.withhold(connection, number, withheld)
        detail = {"withheld": len(withheld)}
        audits.add_event(connection, at=now, actor=by, event="comments.passed", subject=str(number), detail=detail)


def show_batch(database: Database, number: int) -> list[Comment]:
    """The comments of a batch that officials may read. Raises UnknownBatch."""
    with database.reading() as connection:
        batch = next((each for each in comments.list_batches(connection) if each.number == number), None)
        if batch is None or batch.read_on is None:
            raise UnknownBatch(f"There is no batch of comments {number} that may be read.")
        return [each for each in comments.list_comments(connection, number) if not each.withheld]


def _scrub_sealed(connection: Connection, wave_code: str, today: date) -> int:
    start = comments.find_progress(connection, wave_code)
    fresh = [batch.first_position for batch in ledger.list_batches(connection) if batch.sealed_on > today - DELAY]
    end = min(fresh, default=ledger.count_leaves(connection))
    if start >= end:
        return 0
    agencies = frames.list_stratum_agencies(connection, wave_code)
    excluded = ledger.list_excluded_positions(connection, wave_code)
    rows = ledger.iterate_rows(connection, start=start, end=end, wave_code=wave_code)
    new = [each for row in rows if row.position not in excluded for each in _comments_of(row, agencies)]
    comments.add_comments(connection, wave_code, sorted(new, key=lambda each: each.id), end)
    return len(new)


def _comments_of(row: LedgerRow, agencies: Mapping[str, str]) -> Iterator[Comment]:
    if row.kind != RESPONSE or row.text is None:
        return
    agency = agencies.get(json.loads(row.codes)["stratum"], "")
    for item, text in json.loads(row.text).items():
        yield Comment(secrets.token_bytes(16), row.wave_code, agency, item, scrub(text))


def _make_batches(connection: Connection, wave: Wave, today: date) -> None:
    loose = comments.count_unbatched(connection, wave.code)
    for agency, count in sorted(loose.items()):
        if count >= FEWEST_TOGETHER:
            comments.add_batch(connection, wave.code, agency, [agency], today)
    rest = [agency for agency, count in sorted(loose.items()) if count < FEWEST_TOGETHER]
    if wave.is_over(today - DELAY) and sum(loose[agency] for agency in rest) >= FEWEST_TOGETHER:
        comments.add_batch(connection, wave.code, "", rest, today)
