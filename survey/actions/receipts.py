"""The published lists of receipts: sorted hashes of each checkpoint's batches, as the signed manifest binds them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from survey.proof import receipts_list
from survey.store import ledger
from survey.store.database import Database

PAGE = 20


@dataclass(frozen=True, slots=True)
class ReceiptList:
    """One checkpoint's list: as many receipts as answers in its batches."""

    number: int
    signed_on: date
    count: int


def list_receipt_lists(database: Database, before: int | None = None) -> tuple[list[ReceiptList], int | None]:
    """The lists of the newest twenty checkpoints, or of those before one, as far as they hold anything; and the
    checkpoint before which there are more."""
    with database.reading() as connection:
        newest = ledger.list_newest_checkpoints(connection, before=before, most=PAGE + 1)
        counts = ledger.count_receipts(connection, newest[-1][1] if len(newest) > PAGE else 0)
    starts = [size for _, size, _ in newest[1:]] + ([0] if len(newest) <= PAGE else [])
    lists = [
        ReceiptList(number, signed_on, sum(count for at, count in counts.items() if start <= at < size))
        for (number, size, signed_on), start in zip(newest, starts, strict=False)
    ]
    return [each for each in lists if each.count], newest[PAGE - 1][0] if len(newest) > PAGE else None


def read_receipts(database: Database, number: int) -> bytes | None:
    """A checkpoint's list, byte for byte as in the auditor's bundle; None where there is no such checkpoint."""
    with database.reading() as connection:
        checkpoint = ledger.find_checkpoint(connection, number)
        if checkpoint is None:
            return None
        previous = ledger.find_checkpoint(connection, number - 1)
        batches = ledger.list_batches_between(connection, previous.size if previous else 0, checkpoint.size)
        return receipts_list(each for batch in batches for each in ledger.list_batch_receipts(connection, batch.number))
