"""The inbox: answers as they came, durable before anybody is thanked. Knows nothing of invitations, by contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, or_, select
from sqlalchemy.exc import IntegrityError

from survey.store.tables import inbox, receipt


@dataclass(frozen=True, slots=True)
class Response:
    """One person's answers with their two nonces; `codes` and `text` are the very bytes that will be hashed."""

    id: bytes
    wave_code: str
    stratum_code: str
    receipt_hash: bytes
    nonce1: bytes
    codes: bytes
    nonce2: bytes
    text: bytes


SEALED = exists(receipt.c.receipt_hash).where(receipt.c.receipt_hash == bindparam("receipt"))
IS_KNOWN = select(or_(exists(inbox.c.receipt_hash).where(inbox.c.receipt_hash == bindparam("receipt")), SEALED))


def add_untokened(connection: Connection, response: Response) -> bool:
    """Put a response that spends no token in the inbox; False when its receipt is here already, waiting or sealed."""
    try:
        with connection.begin_nested():
            connection.execute(insert(inbox).values({name: getattr(response, name) for name in Response.__slots__}))
    except IntegrityError:
        return False
    return True


def knows_receipt(connection: Connection, receipt_hash: bytes) -> bool:
    """Whether a response with this receipt waits in the inbox or is sealed."""
    return bool(connection.scalar(IS_KNOWN, {"receipt": receipt_hash}))


def count_waiting(connection: Connection) -> dict[tuple[str, str], int]:
    """Responses in the inbox by wave and stratum."""
    query = select(inbox.c.wave_code, inbox.c.stratum_code, func.count())
    rows = connection.execute(query.group_by(inbox.c.wave_code, inbox.c.stratum_code))
    return {(wave_code, stratum_code): count for wave_code, stratum_code, count in rows}


def list_responses(connection: Connection, wave_code: str, strata: Sequence[str], most: int) -> list[Response]:
    """Responses of some strata, ordered by their random ids: a shuffle that no arrival order shapes."""
    query = select(inbox).where(inbox.c.wave_code == wave_code, inbox.c.stratum_code.in_(strata))
    return [Response(**row) for row in connection.execute(query.order_by(inbox.c.id).limit(most)).mappings()]


def remove_responses(connection: Connection, responses: Sequence[Response]) -> None:
    """Empty the inbox of what the ledger has taken over."""
    for start in range(0, len(responses), 500):
        ids = [response.id for response in responses[start : start + 500]]
        connection.execute(delete(inbox).where(inbox.c.id.in_(ids)))
