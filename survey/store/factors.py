"""What members of staff have beside a password: generators of codes, security keys, recovery codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from survey.store.sql import insert_many
from survey.store.tables import staff_factor, staff_recovery

TOTP, KEY = "totp", "key"


@dataclass(frozen=True, slots=True)
class Factor:
    """A generator of codes (`totp`: its sealed secret, the newest step used) or a security key (its public key and
    counter)."""

    code: str
    staff_name: str
    kind: str
    label: str
    secret: bytes
    credential_id: bytes | None
    counter: int
    added_at: datetime


def add_factor(connection: Connection, factor: Factor) -> None:
    values = {name: getattr(factor, name) for name in Factor.__slots__}
    connection.execute(insert(staff_factor).values(values))


def list_factors(connection: Connection, name: str) -> list[Factor]:
    query = select(staff_factor).where(staff_factor.c.staff_name == name)
    rows = connection.execute(query.order_by(staff_factor.c.added_at, staff_factor.c.code)).mappings()
    return [Factor(**row) for row in rows]


def raise_counter(connection: Connection, code: str, counter: int, *, above: int) -> bool:
    """Move a counter forward; False when somebody else used this step or a later one meanwhile."""
    change = update(staff_factor).where(staff_factor.c.code == code, staff_factor.c.counter == above)
    return connection.execute(change.values(counter=counter)).rowcount == 1


def remove_factor(connection: Connection, name: str, code: str) -> bool:
    """Remove a factor of an account; False when it has none such."""
    own = (staff_factor.c.staff_name == name) & (staff_factor.c.code == code)
    return connection.execute(delete(staff_factor).where(own)).rowcount == 1


def remove_every_factor(connection: Connection, name: str) -> int:
    """Remove factors and recovery codes of an account; how many factors there were."""
    connection.execute(delete(staff_recovery).where(staff_recovery.c.staff_name == name))
    return connection.execute(delete(staff_factor).where(staff_factor.c.staff_name == name)).rowcount


def replace_recovery_codes(connection: Connection, name: str, hashes: Sequence[bytes]) -> None:
    connection.execute(delete(staff_recovery).where(staff_recovery.c.staff_name == name))
    insert_many(connection, staff_recovery, [{"code_hash": each, "staff_name": name} for each in hashes])


def use_recovery_code(connection: Connection, code_hash: bytes) -> bool:
    """Spend a code; False when there is none such."""
    spent = delete(staff_recovery).where(staff_recovery.c.code_hash == code_hash)
    return connection.execute(spent).rowcount == 1


def count_recovery_codes(connection: Connection, name: str) -> int:
    query = select(func.count()).where(staff_recovery.c.staff_name == name)
    return connection.scalar(query) or 0
