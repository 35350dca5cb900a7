"""Places of the sample and their tokens: drawn first, a token made later, never two live ones.

A place is a row of `invitation`. Until it gets a token, its hash is 32 random bytes that no token has. Making a token
replaces the hash, and an earlier token that may be in somebody's hands is spent in the same transaction: the unique
index on `spent` decides between the citizen who answers with it and whoever replaces it, however they race.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, update

from survey.store.sql import insert_once
from survey.store.tables import contact, frame_unit, invitation, spent, stratum, wave

DRAWN, MINTED, SENT, DELIVERED = "drawn", "minted", "sent", "delivered"
CAPPED, OPTED_OUT, UNDELIVERABLE = "capped", "opted_out", "undeliverable"
UNTOLD = (MINTED, DRAWN)  # of which the ballot accounting says nothing more: handed out, or still to be
PLACE = (
    invitation.c.token_hash,
    invitation.c.wave_code,
    invitation.c.stratum_code,
    invitation.c.position,
    invitation.c.disposition,
    invitation.c.voided,
    invitation.c.followed,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A drawn place; `token_hash` as it was read, so that of two who give it a token only one succeeds."""

    token_hash: bytes
    wave_code: str
    stratum_code: str
    position: int
    disposition: str
    voided: int
    followed: bool

    @property
    def has_token(self) -> bool:
        """Whether a token was made that may be in somebody's hands."""
        return self.disposition in (MINTED, SENT, DELIVERED, UNDELIVERABLE)


@dataclass(frozen=True, slots=True)
class Minted:
    """The keyed hashes of a new token and its code, for a place."""

    place: Place
    token_hash: bytes
    code_hash: bytes


def no_token() -> bytes:
    """What stands for a token's hash before there is a token: random bytes, which nobody can present."""
    return secrets.token_bytes(32)


def list_places_without_token(connection: Connection, wave_code: str) -> list[Place]:
    """Drawn places that have no token and nobody to write to, by stratum and position."""
    query = (
        select(*PLACE)
        .outerjoin(contact, _same_place(contact))
        .where(invitation.c.wave_code == wave_code, invitation.c.disposition == DRAWN, contact.c.position.is_(None))
        .order_by(invitation.c.stratum_code, invitation.c.position)
    )
    return _read(connection, query)


def list_unanswered(connection: Connection, wave_code: str, drawn_on: date, channels: Sequence[str]) -> list[Place]:
    """Places drawn on a day whose token went out on paper or as a link and was not used."""
    used = select(spent.c.token_hash).where(spent.c.token_hash == invitation.c.token_hash).exists()
    query = select(*PLACE).where(
        invitation.c.wave_code == wave_code,
        invitation.c.drawn_on == drawn_on,
        invitation.c.disposition == MINTED,
        invitation.c.channel.in_(channels),
        ~used,
    )
    return _read(connection, query.order_by(invitation.c.stratum_code, invitation.c.position))


def find_place(connection: Connection, wave_code: str, stratum_code: str, position: int) -> Place | None:
    query = select(*PLACE).where(
        invitation.c.wave_code == wave_code,
        invitation.c.stratum_code == stratum_code,
        invitation.c.position == position,
    )
    row = connection.execute(query).one_or_none()
    return Place(*row) if row else None


def list_waiting_units(connection: Connection, wave_code: str, unit_hashes: Sequence[bytes]) -> dict[bytes, Place]:
    """Those of some units that were drawn and have neither a token nor a contact; a few hundred hashes at a time."""
    query = (
        select(frame_unit.c.unit_hash, *PLACE)
        .join(frame_unit, _same_place(frame_unit))
        .outerjoin(contact, _same_place(contact))
        .where(
            frame_unit.c.wave_code == wave_code,
            frame_unit.c.unit_hash.in_(unit_hashes),
            invitation.c.disposition == DRAWN,
            contact.c.position.is_(None),
        )
    )
    return {row[0]: Place(*row[1:]) for row in connection.execute(query)}


def find_drawn_unit(connection: Connection, wave_code: str, unit_hash: bytes) -> Place | None:
    """The place of a unit in a wave; None when it was not drawn."""
    query = select(*PLACE).join(frame_unit, _same_place(frame_unit))
    row = connection.execute(
        query.where(frame_unit.c.wave_code == wave_code, frame_unit.c.unit_hash == unit_hash)
    ).one_or_none()
    return Place(*row) if row else None


def list_waves_of_unit(connection: Connection, unit_hash: bytes, today: date) -> list[tuple[str, str]]:
    """Wave and agency of a unit in every wave that takes answers on a day, the one that closes first before others."""
    query = (
        select(frame_unit.c.wave_code, stratum.c.agency_code)
        .join(wave, wave.c.code == frame_unit.c.wave_code)
        .join(
            stratum,
            (stratum.c.wave_code == frame_unit.c.wave_code) & (stratum.c.code == frame_unit.c.stratum_code),
        )
        .where(
            frame_unit.c.unit_hash == unit_hash,
            wave.c.closed.is_(False),
            wave.c.opens_on <= today,
            wave.c.closes_on >= today,
        )
        .order_by(wave.c.closes_on, wave.c.code)
    )
    return [(wave_code, agency_code) for wave_code, agency_code in connection.execute(query)]


def mint(connection: Connection, minted: Sequence[Minted], channel: str, disposition: str = MINTED) -> list[bool]:
    """Give places their tokens; False for each whose earlier token was used, or that somebody else was faster with.

    An earlier token, which may be in somebody's hands, is dead from this commit on.
    """
    return [_mint_one(connection, each, channel, disposition) for each in minted]


def mint_first(connection: Connection, minted: Sequence[Minted], channel: str) -> None:
    """Give many places their first token at once; a place that got one meanwhile keeps that."""
    statement = (
        update(invitation)
        .where(invitation.c.token_hash == bindparam("earlier"), invitation.c.disposition == DRAWN)
        .values(token_hash=bindparam("new"), code_hash=bindparam("code"), channel=channel, disposition=MINTED)
    )
    rows = [{"earlier": each.place.token_hash, "new": each.token_hash, "code": each.code_hash} for each in minted]
    if rows:
        connection.execute(statement, rows)


def keep_disposition(connection: Connection, place: Place, disposition: str) -> None:
    """Say what became of a place, unless somebody gave it another token meanwhile."""
    statement = update(invitation).where(invitation.c.token_hash == place.token_hash)
    connection.execute(statement.values(disposition=disposition))


def count_dispositions(connection: Connection, wave_code: str) -> dict[str, dict[str, int]]:
    """By stratum: places whose invitation was sent, delivered, refused by the cap or by the person, undeliverable,
    and tokens that were replaced. What is nought is left out."""
    query = (
        select(invitation.c.stratum_code, invitation.c.disposition, func.count())
        .where(invitation.c.wave_code == wave_code, invitation.c.disposition.not_in(UNTOLD))
        .group_by(invitation.c.stratum_code, invitation.c.disposition)
    )
    counted: dict[str, dict[str, int]] = {}
    for code, disposition, count in connection.execute(query):
        counted.setdefault(code, {})[disposition] = count
    for code, count in count_voided(connection, wave_code).items():
        counted.setdefault(code, {})["voided"] = count
    return counted


def count_voided(connection: Connection, wave_code: str) -> dict[str, int]:
    """Tokens that were replaced before they were used, by stratum; they stand among the spent ones."""
    query = (
        select(invitation.c.stratum_code, func.sum(invitation.c.voided))
        .where(invitation.c.wave_code == wave_code, invitation.c.voided > 0)
        .group_by(invitation.c.stratum_code)
    )
    return {code: int(count) for code, count in connection.execute(query)}


def _mint_one(connection: Connection, each: Minted, channel: str, disposition: str) -> bool:
    place = each.place
    if place.has_token and not _void(connection, place):
        return False
    statement = update(invitation).where(invitation.c.token_hash == place.token_hash)
    values = {
        "token_hash": each.token_hash,
        "code_hash": each.code_hash,
        "channel": channel,
        "disposition": disposition,
        "voided": place.voided + int(place.has_token),
    }
    return connection.execute(statement.values(values)).rowcount == 1


def _void(connection: Connection, place: Place) -> bool:
    """Spend the token that is replaced; False when its holder was faster."""
    values = {"token_hash": place.token_hash, "wave_code": place.wave_code, "stratum_code": place.stratum_code}
    return insert_once(connection, spent, values)


def _same_place(table: Any) -> Any:
    return (
        (table.c.wave_code == invitation.c.wave_code)
        & (table.c.stratum_code == invitation.c.stratum_code)
        & (table.c.position == invitation.c.position)
    )


def _read(connection: Connection, query: Select[Any]) -> list[Place]:
    return [Place(*row) for row in connection.execute(query)]
