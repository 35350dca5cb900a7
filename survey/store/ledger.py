"""The ledger: appended rows, their batches and receipts, signed checkpoints. Nothing here updates or deletes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, insert, select

from survey.store.sql import insert_many
from survey.store.tables import batch, checkpoint, exclusion, ledger, receipt

PAGE, CODES_PAGE = 5000, 20_000


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A leaf with the bytes that it hashes."""

    position: int
    batch_number: int
    wave_code: str
    kind: str
    nonce1: bytes
    codes: bytes
    nonce2: bytes | None
    text: bytes | None
    text_digest: bytes
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    number: int
    wave_code: str
    first_position: int
    size: int
    receipts_digest: bytes
    sealed_on: date


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A signed tree head, with the frontier that lets the next batch be appended without a scan."""

    number: int
    size: int
    root: bytes
    frontier: bytes
    accounting: str
    exclusions: str
    releases: str
    manifest: str
    note: str
    signed_on: date


def add_batch(connection: Connection, new: Batch, rows: Sequence[LedgerRow], receipt_hashes: Sequence[bytes]) -> None:
    """Append a batch: its rows in the order given, and its receipts sorted so that no order joins them to rows."""
    connection.execute(insert(batch).values({name: getattr(new, name) for name in Batch.__slots__}))
    insert_many(connection, ledger, [{name: getattr(row, name) for name in LedgerRow.__slots__} for row in rows])
    insert_many(
        connection,
        receipt,
        [{"receipt_hash": each, "batch_number": new.number} for each in sorted(receipt_hashes)],
    )


def add_checkpoint(connection: Connection, new: SignedCheckpoint) -> None:
    connection.execute(insert(checkpoint).values({name: getattr(new, name) for name in SignedCheckpoint.__slots__}))


def add_exclusion(connection: Connection, values: Mapping[str, Any]) -> None:
    connection.execute(insert(exclusion).values(dict(values)))


def find_latest_checkpoint(connection: Connection) -> SignedCheckpoint | None:
    row = connection.execute(select(checkpoint).order_by(checkpoint.c.number.desc()).limit(1)).mappings().one_or_none()
    return SignedCheckpoint(**row) if row else None


def find_checkpoint_covering(connection: Connection, position: int) -> SignedCheckpoint | None:
    """The oldest checkpoint whose tree holds the leaf at a position."""
    query = select(checkpoint).where(checkpoint.c.size > position).order_by(checkpoint.c.number).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return SignedCheckpoint(**row) if row else None


def find_last_position(connection: Connection, wave_code: str) -> int | None:
    """Position of a wave's newest leaf."""
    position: int | None = connection.scalar(select(func.max(ledger.c.position)).where(ledger.c.wave_code == wave_code))
    return position


def count_leaves_from(connection: Connection, wave_code: str, position: int) -> int:
    """Leaves of a wave at a position or after it."""
    query = select(func.count()).where(ledger.c.wave_code == wave_code, ledger.c.position >= position)
    return connection.scalar(query) or 0


def list_checkpoints(connection: Connection) -> list[SignedCheckpoint]:
    rows = connection.execute(select(checkpoint).order_by(checkpoint.c.number)).mappings()
    return [SignedCheckpoint(**row) for row in rows]


def list_newest_by_day(connection: Connection, most: int | None = None) -> list[SignedCheckpoint]:
    """The last checkpoint of each day, newest first; only those of `most` days when asked."""
    newest = select(func.max(checkpoint.c.number)).group_by(checkpoint.c.signed_on).scalar_subquery()
    query = select(checkpoint).where(checkpoint.c.number.in_(newest)).order_by(checkpoint.c.number.desc()).limit(most)
    return [SignedCheckpoint(**row) for row in connection.execute(query).mappings()]


def list_batches(connection: Connection) -> list[Batch]:
    return [Batch(**row) for row in connection.execute(select(batch).order_by(batch.c.number)).mappings()]


def list_batch_receipts(connection: Connection, number: int) -> list[bytes]:
    """The receipt hashes of a batch, sorted."""
    query = select(receipt.c.receipt_hash).where(receipt.c.batch_number == number)
    return sorted(connection.scalars(query))


def list_newest_checkpoints(connection: Connection, *, before: int | None, most: int) -> list[tuple[int, int, date]]:
    """Number, size and day of the newest checkpoints, or of the newest before a number."""
    query = select(checkpoint.c.number, checkpoint.c.size, checkpoint.c.signed_on)
    if before is not None:
        query = query.where(checkpoint.c.number < before)
    rows = connection.execute(query.order_by(checkpoint.c.number.desc()).limit(most))
    return [(row.number, row.size, row.signed_on) for row in rows]


def count_receipts(connection: Connection, start: int) -> dict[int, int]:
    """Receipts of each batch that begins at a position or after it, by that position."""
    query = select(batch.c.first_position, func.count()).join(receipt, receipt.c.batch_number == batch.c.number)
    rows = connection.execute(query.where(batch.c.first_position >= start).group_by(batch.c.first_position))
    return {position: count for position, count in rows}


def find_batch_of_receipt(connection: Connection, receipt_hash: bytes) -> Batch | None:
    query = select(batch).join(receipt, receipt.c.batch_number == batch.c.number)
    row = connection.execute(query.where(receipt.c.receipt_hash == receipt_hash)).mappings().one_or_none()
    return Batch(**row) if row else None


def next_batch_number(connection: Connection) -> int:
    return (connection.scalar(select(func.max(batch.c.number))) or 0) + 1


def count_leaves(connection: Connection) -> int:
    """Leaves in the whole ledger."""
    last = connection.scalar(select(func.max(ledger.c.position)))
    return 0 if last is None else last + 1


def iterate_rows(
    connection: Connection,
    *,
    start: int = 0,
    end: int | None = None,
    wave_code: str | None = None,
    kind: str | None = None,
) -> Iterator[LedgerRow]:
    """Rows in the order of the tree, read page by page; of one wave or one kind when asked."""
    while True:
        query = select(ledger).where(ledger.c.position >= start).order_by(ledger.c.position).limit(PAGE)
        if end is not None:
            query = query.where(ledger.c.position < end)
        if wave_code is not None:
            query = query.where(ledger.c.wave_code == wave_code)
        if kind is not None:
            query = query.where(ledger.c.kind == kind)
        rows = [LedgerRow(**row) for row in connection.execute(query).mappings()]
        yield from rows
        if len(rows) < PAGE:
            return
        start = rows[-1].position + 1


def iterate_codes(connection: Connection, wave_code: str, end: int) -> Iterator[tuple[int, bytes]]:
    """Position and codes of a wave's leaves below `end`, page by page: whoever reads millions wants nothing else."""
    start = 0
    while True:
        query = select(ledger.c.position, ledger.c.codes).where(ledger.c.wave_code == wave_code)
        query = query.where(ledger.c.position >= start, ledger.c.position < end).order_by(ledger.c.position)
        rows = connection.execute(query.limit(CODES_PAGE)).all()
        yield from ((position, codes) for position, codes in rows)
        if len(rows) < CODES_PAGE:
            return
        start = rows[-1].position + 1


def find_row(connection: Connection, position: int) -> LedgerRow | None:
    row = connection.execute(select(ledger).where(ledger.c.position == position)).mappings().one_or_none()
    return LedgerRow(**row) if row else None


def list_exclusions(connection: Connection, start: int = 0) -> list[dict[str, Any]]:
    """Exclusions whose own leaf is at `start` or after it, in the order of the tree."""
    query = select(exclusion).where(exclusion.c.position >= start).order_by(exclusion.c.position)
    return [dict(row) for row in connection.execute(query).mappings()]


def list_excluded_positions(connection: Connection, wave_code: str) -> set[int]:
    """Positions of a wave's responses that are excluded already."""
    query = select(exclusion.c.excluded_position).join(ledger, ledger.c.position == exclusion.c.position)
    return set(connection.scalars(query.where(ledger.c.wave_code == wave_code)))


def find_checkpoint(connection: Connection, number: int) -> SignedCheckpoint | None:
    row = connection.execute(select(checkpoint).where(checkpoint.c.number == number)).mappings().one_or_none()
    return SignedCheckpoint(**row) if row else None


def list_leaf_hashes(connection: Connection, start: int, end: int) -> list[bytes]:
    """Leaf hashes of the positions in [start, end), in the order of the tree."""
    query = select(ledger.c.leaf_hash).where(ledger.c.position >= start, ledger.c.position < end)
    return list(connection.scalars(query.order_by(ledger.c.position)))


def list_batches_between(connection: Connection, start: int, end: int) -> list[Batch]:
    """Batches whose leaves lie in [start, end)."""
    inside = (batch.c.first_position >= start) & (batch.c.first_position < end)
    return [Batch(**row) for row in connection.execute(select(batch).where(inside).order_by(batch.c.number)).mappings()]


def list_waves_beyond(connection: Connection, sizes: Mapping[str, int]) -> list[str]:
    """Waves that have leaves which a tally of these sizes has not counted."""
    query = select(ledger.c.wave_code, func.max(ledger.c.position)).group_by(ledger.c.wave_code)
    return sorted(code for code, last in connection.execute(query) if last >= sizes.get(code, 0))
