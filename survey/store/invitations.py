"""Invitations and the tokens that were spent. Knows nothing of responses, by contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, func, literal_column, select, true

from survey.store.minting import count_voided
from survey.store.prepared import Prepared
from survey.store.questionnaires import offered_languages
from survey.store.sql import insert_many, pour_in
from survey.store.tables import invitation, questionnaire_signature, spent, wave


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the page may know of whoever holds a token or the code of a slip; `token_hash` is what gets spent, `signed`
    the languages of the form that a reviewer stands behind, in one text."""

    token_hash: bytes
    wave_code: str
    stratum_code: str
    channel: str
    drawn_on: date
    questionnaire_code: str | None
    questionnaire_version: int | None
    opens_on: date
    closes_on: date
    closed: bool
    purpose: str
    signed: str | None
    is_spent: bool

    @property
    def questionnaire(self) -> str:
        """Code and version in one word."""
        return f"{self.questionnaire_code}@{self.questionnaire_version}"

    @property
    def languages(self) -> tuple[str, ...]:
        """In which languages the form is asked."""
        return offered_languages(self.purpose, (self.signed or "").split())


SPACE: Any = literal_column("' '")
SIGNED = (
    select(func.aggregate_strings(questionnaire_signature.c.language, SPACE))
    .where(
        questionnaire_signature.c.code == wave.c.questionnaire_code,
        questionnaire_signature.c.version == wave.c.questionnaire_version,
    )
    .correlate(wave)
    .scalar_subquery()
)

# All that a citizen waits for, in one question: each costs more than what it asks for.
INVITATION_BY_HASH = Prepared(
    select(
        invitation.c.token_hash,
        invitation.c.wave_code,
        invitation.c.stratum_code,
        invitation.c.channel,
        invitation.c.drawn_on,
        wave.c.questionnaire_code,
        wave.c.questionnaire_version,
        wave.c.opens_on,
        wave.c.closes_on,
        wave.c.closed,
        wave.c.purpose,
        SIGNED,
        exists().where(spent.c.token_hash == invitation.c.token_hash).correlate(invitation),
    )
    .join(wave, wave.c.code == invitation.c.wave_code)
    .where((invitation.c.token_hash == bindparam("given")) | (invitation.c.code_hash == bindparam("given")))
)

IS_SPENT = select(exists().where(spent.c.token_hash == bindparam("token")))


def add_invitations(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the places of a draw, each with the same columns."""
    columns = tuple(rows[0]) if rows else ()
    told = ({**row, "drawn_on": row["drawn_on"].isoformat()} for row in rows)
    pour_in(connection, invitation, columns, [tuple(row[name] for name in columns) for row in told])


def find_invitation(connection: Connection, given_hash: bytes) -> Invitation | None:
    """The invitation whose token or typed code has this keyed hash."""
    row = INVITATION_BY_HASH.first(connection, {"given": given_hash})
    return Invitation(*row) if row else None


def add_spent_tokens(connection: Connection, wave_code: str, tokens: Sequence[tuple[bytes, str]]) -> None:
    """Spend many tokens of one wave, given as (token hash, stratum)."""
    insert_many(
        connection,
        spent,
        [{"token_hash": token, "wave_code": wave_code, "stratum_code": stratum} for token, stratum in tokens],
    )


def settle_spent(connection: Connection, wave_code: str, strata: Sequence[str]) -> None:
    """Write the tokens spent since the last seal anew, all at once and in the order of their hashes.

    What came in an order, each in a transaction of its own, is then one set: no row tells when it came.
    """
    condition = (spent.c.wave_code == wave_code) & spent.c.stratum_code.in_(strata)
    _rewrite_spent(connection, condition, settled=True)


def shuffle_unsettled(connection: Connection) -> None:
    """The same for those whose stratum is not sealed yet."""
    _rewrite_spent(connection, true(), settled=False)


def list_token_hashes(connection: Connection, wave_code: str) -> list[tuple[bytes, str]]:
    """Token hash and stratum of every invitation, in the order of their places in the frame."""
    query = select(invitation.c.token_hash, invitation.c.stratum_code).where(invitation.c.wave_code == wave_code)
    rows = connection.execute(query.order_by(invitation.c.stratum_code, invitation.c.position))
    return [(row.token_hash, row.stratum_code) for row in rows]


def is_spent(connection: Connection, token_hash: bytes) -> bool:
    """Whether the token was used."""
    return bool(connection.scalar(IS_SPENT, {"token": token_hash}))


def list_drawn_positions(connection: Connection, wave_code: str) -> dict[str, list[int]]:
    """Places in each stratum that were drawn already."""
    query = select(invitation.c.stratum_code, invitation.c.position).where(invitation.c.wave_code == wave_code)
    drawn: dict[str, list[int]] = {}
    for code, position in connection.execute(query.order_by(invitation.c.stratum_code, invitation.c.position)):
        drawn.setdefault(code, []).append(position)
    return drawn


def list_silent_positions(connection: Connection, wave_code: str) -> dict[str, list[int]]:
    """Places of a wave whose token nobody used, by stratum."""
    used = select(spent.c.token_hash).where(spent.c.token_hash == invitation.c.token_hash).exists()
    query = select(invitation.c.stratum_code, invitation.c.position).where(invitation.c.wave_code == wave_code, ~used)
    found: dict[str, list[int]] = {}
    for stratum, position in connection.execute(query.order_by(invitation.c.stratum_code, invitation.c.position)):
        found.setdefault(stratum, []).append(int(position))
    return found


def count_invitations(connection: Connection, wave_code: str) -> dict[str, int]:
    """Invitations by stratum."""
    return _by_stratum(connection, invitation.c.stratum_code, invitation.c.wave_code == wave_code)


def count_spent(connection: Connection, wave_code: str) -> dict[str, int]:
    """Tokens that were used to answer, by stratum; those that were only replaced by others are not among them."""
    used = _by_stratum(connection, spent.c.stratum_code, spent.c.wave_code == wave_code)
    replaced = count_voided(connection, wave_code)
    return {code: count - replaced.get(code, 0) for code, count in used.items() if count > replaced.get(code, 0)}


def _rewrite_spent(connection: Connection, condition: Any, *, settled: bool) -> None:
    removed = delete(spent).where(spent.c.settled.is_(False), condition)
    rows = connection.execute(removed.returning(spent.c.token_hash, spent.c.wave_code, spent.c.stratum_code)).mappings()
    insert_many(connection, spent, [{**row, "settled": settled} for row in sorted(rows, key=lambda r: r["token_hash"])])


def _by_stratum(connection: Connection, column: Any, condition: Any) -> dict[str, int]:
    query = select(column, func.count()).where(condition).group_by(column)
    return {code: count for code, count in connection.execute(query)}
