"""Frozen screenings and call-backs: appended, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Connection, func, insert, select

from survey.store.sql import insert_many, insert_once
from survey.store.tables import callback_draw, callback_place, callback_result, invitation, screening, spent, stratum


@dataclass(frozen=True, slots=True)
class StoredScreening:
    """One run of the fraud screen; `body` is canonical JSON."""

    wave_code: str
    number: int
    leaves: int
    made_on: date
    made_by: str
    body: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class CallbackDraw:
    """A sample of answered invitations to be called; of the whole wave where no agency is named."""

    code: str
    wave_code: str
    agency_code: str | None
    number: int
    exclusion_level: float
    confidence: float
    seed: str
    drawn_on: date
    drawn_by: str


@dataclass(frozen=True, slots=True)
class CallbackResult:
    """What one call found: confirmed, denied, different, unreached or refused."""

    draw_code: str
    stratum_code: str
    position: int
    outcome: str
    recorded_on: date
    recorded_by: str


def add_screening(connection: Connection, stored: StoredScreening) -> None:
    connection.execute(insert(screening).values(asdict(stored)))


def next_screening_number(connection: Connection, wave_code: str) -> int:
    return (connection.scalar(select(func.max(screening.c.number)).where(screening.c.wave_code == wave_code)) or 0) + 1


def find_newest_screening(connection: Connection, wave_code: str) -> StoredScreening | None:
    query = select(screening).where(screening.c.wave_code == wave_code).order_by(screening.c.number.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return StoredScreening(**row) if row else None


def list_screened_waves(connection: Connection) -> list[tuple[str, int, date]]:
    """Wave, number and day of each wave's newest screening, the newest first."""
    newest = select(screening.c.wave_code, func.max(screening.c.number).label("number"))
    chosen = newest.group_by(screening.c.wave_code).subquery()
    query = select(screening.c.wave_code, screening.c.number, screening.c.made_on).join(
        chosen, (chosen.c.wave_code == screening.c.wave_code) & (chosen.c.number == screening.c.number)
    )
    return [tuple(row) for row in connection.execute(query.order_by(screening.c.made_on.desc(), screening.c.wave_code))]


def count_funnel(connection: Connection, wave_code: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Invited and answered by agency and channel."""
    query = (
        select(stratum.c.agency_code, invitation.c.channel, func.count(), func.count(spent.c.token_hash))
        .select_from(invitation)
        .join(
            stratum,
            (stratum.c.wave_code == invitation.c.wave_code) & (stratum.c.code == invitation.c.stratum_code),
        )
        .outerjoin(spent, spent.c.token_hash == invitation.c.token_hash)
        .where(invitation.c.wave_code == wave_code)
        .group_by(stratum.c.agency_code, invitation.c.channel)
    )
    return {(agency, channel): (invited, used) for agency, channel, invited, used in connection.execute(query)}


def list_answered_places(connection: Connection, wave_code: str, agency_code: str | None) -> list[tuple[str, int]]:
    """Stratum and place of invitations that somebody used, in a wave or at one agency."""
    query = (
        select(invitation.c.stratum_code, invitation.c.position)
        .join(spent, spent.c.token_hash == invitation.c.token_hash)
        .where(invitation.c.wave_code == wave_code)
        .order_by(invitation.c.stratum_code, invitation.c.position)
    )
    if agency_code is not None:
        query = query.join(
            stratum, (stratum.c.wave_code == invitation.c.wave_code) & (stratum.c.code == invitation.c.stratum_code)
        ).where(stratum.c.agency_code == agency_code)
    return [(code, position) for code, position in connection.execute(query)]


def list_unspent(connection: Connection, wave_code: str) -> list[tuple[bytes, str, str, str, date]]:
    """Token hash, stratum, agency, channel and day of the draw of every invitation that nobody used."""
    query = (
        select(
            invitation.c.token_hash,
            invitation.c.stratum_code,
            stratum.c.agency_code,
            invitation.c.channel,
            invitation.c.drawn_on,
        )
        .join(stratum, (stratum.c.wave_code == invitation.c.wave_code) & (stratum.c.code == invitation.c.stratum_code))
        .outerjoin(spent, spent.c.token_hash == invitation.c.token_hash)
        .where(invitation.c.wave_code == wave_code, spent.c.token_hash.is_(None))
        .order_by(invitation.c.stratum_code, invitation.c.position)
    )
    return [tuple(row) for row in connection.execute(query)]


def add_callback_draw(connection: Connection, new: CallbackDraw, places: Sequence[tuple[str, int]]) -> None:
    connection.execute(insert(callback_draw).values(asdict(new)))
    rows = [{"draw_code": new.code, "stratum_code": code, "position": position} for code, position in places]
    insert_many(connection, callback_place, rows)


def next_draw_number(connection: Connection, wave_code: str) -> int:
    query = select(func.max(callback_draw.c.number)).where(callback_draw.c.wave_code == wave_code)
    return (connection.scalar(query) or 0) + 1


def find_callback_draw(connection: Connection, code: str) -> CallbackDraw | None:
    row = connection.execute(select(callback_draw).where(callback_draw.c.code == code)).mappings().one_or_none()
    return CallbackDraw(**row) if row else None


def list_callback_draws(connection: Connection, wave_code: str) -> list[CallbackDraw]:
    query = select(callback_draw).where(callback_draw.c.wave_code == wave_code).order_by(callback_draw.c.number)
    return [CallbackDraw(**row) for row in connection.execute(query).mappings()]


def list_callback_places(connection: Connection, draw_code: str) -> list[tuple[str, int]]:
    query = select(callback_place.c.stratum_code, callback_place.c.position)
    ordered = query.order_by(callback_place.c.stratum_code, callback_place.c.position)
    return [
        (code, position)
        for code, position in connection.execute(ordered.where(callback_place.c.draw_code == draw_code))
    ]


def add_callback_result(connection: Connection, result: CallbackResult) -> bool:
    """Keep what a call found; False when the place has a result already."""
    return insert_once(connection, callback_result, asdict(result))


def count_callback_results(connection: Connection, draw_code: str) -> dict[str, int]:
    """Results by outcome."""
    query = select(callback_result.c.outcome, func.count()).where(callback_result.c.draw_code == draw_code)
    return {outcome: count for outcome, count in connection.execute(query.group_by(callback_result.c.outcome))}
