"""Paired devices, how they are doing, and the answers from them that are not counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, exists, func, insert, select, update

from survey.store.sql import insert_once
from survey.store.tables import device, refused_replay, wave


@dataclass(frozen=True, slots=True)
class Device:
    """A device as the server knows it. `contact_at` is no finer than an hour."""

    name: str
    channel: str
    agency_code: str
    wave_code: str
    state: str
    pairing_hash: bytes | None = None
    pairing_until: datetime | None = None
    public_key: bytes | None = None
    key_since: date | None = None
    renew_key: bool = False
    contact_at: datetime | None = None
    waiting: int = 0
    waiting_since: date | None = None
    unreadable: int = 0
    clear_unreadable: bool = False
    skew: str = "none"
    stored: int = 0


@dataclass(frozen=True, slots=True)
class RefusedReplay:
    """An answer from a device that is not counted, and why."""

    receipt_hash: bytes
    device_name: str
    wave_code: str
    stratum_code: str | None
    outcome: str


def add_device(connection: Connection, new: Device) -> None:
    connection.execute(insert(device).values({name: getattr(new, name) for name in Device.__slots__}))


def find_device(connection: Connection, name: str) -> Device | None:
    row = connection.execute(select(device).where(device.c.name == name)).mappings().one_or_none()
    return Device(**row) if row else None


def find_device_to_pair(connection: Connection, pairing_hash: bytes) -> Device | None:
    """The device that waits for this pairing code."""
    row = connection.execute(select(device).where(device.c.pairing_hash == pairing_hash)).mappings().one_or_none()
    return Device(**row) if row else None


def list_devices(connection: Connection) -> list[Device]:
    return [Device(**row) for row in connection.execute(select(device).order_by(device.c.name)).mappings()]


def change_device(connection: Connection, name: str, **values: Any) -> None:
    connection.execute(update(device).where(device.c.name == name).values(values))


def count_stored(connection: Connection, name: str, more: int) -> None:
    """Count answers that were taken from a device, in the transaction that stores them."""
    connection.execute(update(device).where(device.c.name == name).values(stored=device.c.stored + more))


def find_outcome(connection: Connection, receipt_hash: bytes) -> str | None:
    """What became of an answer that was not counted; None when it was not refused before."""
    query = select(refused_replay.c.outcome).where(refused_replay.c.receipt_hash == receipt_hash)
    outcome: str | None = connection.scalar(query)
    return outcome


def add_refused(connection: Connection, refused: RefusedReplay) -> None:
    """Count an answer that is not taken, once however often it comes."""
    insert_once(connection, refused_replay, {name: getattr(refused, name) for name in RefusedReplay.__slots__})


def count_refused(connection: Connection) -> dict[tuple[str, str], dict[str, int]]:
    """Refused answers by (device, wave), then by outcome."""
    keys = (refused_replay.c.device_name, refused_replay.c.wave_code, refused_replay.c.outcome)
    counted: dict[tuple[str, str], dict[str, int]] = {}
    for name, wave_code, outcome, count in connection.execute(select(*keys, func.count()).group_by(*keys)):
        counted.setdefault((name, wave_code), {})[outcome] = count
    return counted


def count_second_uses(connection: Connection, wave_code: str) -> Mapping[str, Mapping[str, int]]:
    """By stratum and device: answers whose code was used before, which the first use won."""
    keys = (refused_replay.c.stratum_code, refused_replay.c.device_name)
    query = select(*keys, func.count()).where(
        refused_replay.c.wave_code == wave_code, refused_replay.c.outcome == "spent"
    )
    counted: dict[str, dict[str, int]] = {}
    for stratum, name, count in connection.execute(query.group_by(*keys).order_by(*keys)):
        counted.setdefault(stratum, {})[name] = count
    return counted


def may_hold_answers(connection: Connection, questionnaire_code: str | None, version: int | None) -> bool:
    """Whether some device asks a questionnaire, so that an answer to any wave which asks it may come late."""
    asked = (wave.c.questionnaire_code == questionnaire_code) & (wave.c.questionnaire_version == version)
    return bool(connection.scalar(select(exists().where((device.c.wave_code == wave.c.code) & asked))))
