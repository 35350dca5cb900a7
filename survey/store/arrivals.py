"""Arrivals: how many answers came in each half-day and from how many devices, apart from answers and tokens."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Connection, delete, func, select

from survey.store.sql import insert_many, insert_once
from survey.store.tables import arrival, arrival_device, arrival_pattern, page_view


@dataclass(frozen=True, slots=True)
class Arrival:
    """A half-day in which answers came: `part` is morning, afternoon or late."""

    wave_code: str
    agency_code: str
    channel: str
    period: str
    day: date
    part: str
    overdue: bool


@dataclass(frozen=True, slots=True)
class Device:
    """A device on one day: `mark` is a keyed hash whose key is gone when the day is."""

    wave_code: str
    agency_code: str
    channel: str
    period: str
    mark: bytes


@dataclass(frozen=True, slots=True)
class Pattern:
    """What is left of a period's arrivals: totals, and pairs that came together."""

    wave_code: str
    agency_code: str
    channel: str
    period: str
    arrivals: int
    crowded: int
    half_days: int
    late: int
    closing: int
    overdue: int
    device_pairs: int
    same_device: int


def add_views(connection: Connection, views: Mapping[tuple[str, str, date], int]) -> None:
    """Add how often forms were opened, by wave, stratum and day."""
    rows = [
        {"id": secrets.token_bytes(16), "wave_code": wave, "stratum_code": stratum, "day": day, "n": n}
        for (wave, stratum, day), n in views.items()
    ]
    insert_many(connection, page_view, rows)


def count_views(connection: Connection, wave_code: str) -> dict[str, int]:
    """How often the form was opened, by stratum."""
    views = page_view.c
    query = select(views.stratum_code, func.sum(views.n)).where(views.wave_code == wave_code)
    return {code: int(n) for code, n in connection.execute(query.group_by(views.stratum_code))}


def add_arrivals(connection: Connection, arrivals: Mapping[Arrival, int], devices: Mapping[Device, int]) -> None:
    """Add counts; whoever adds them need not read or change what is there."""
    insert_many(
        connection, arrival, [{"id": secrets.token_bytes(16), **asdict(a), "n": n} for a, n in arrivals.items()]
    )
    insert_many(
        connection, arrival_device, [{"id": secrets.token_bytes(16), **asdict(d), "n": n} for d, n in devices.items()]
    )


def list_open_periods(connection: Connection) -> list[tuple[str, str]]:
    """Waves and periods whose arrivals are not folded."""
    query = select(arrival.c.wave_code, arrival.c.period).distinct().order_by(arrival.c.wave_code, arrival.c.period)
    return [(wave_code, period) for wave_code, period in connection.execute(query)]


def list_arrivals(connection: Connection, wave_code: str, period: str) -> list[tuple[Arrival, int]]:
    """Counts of a period, one for each half-day and kind."""
    key = [arrival.c[name] for name in Arrival.__slots__]
    query = select(*key, func.sum(arrival.c.n)).where(arrival.c.wave_code == wave_code, arrival.c.period == period)
    return [(Arrival(*values), int(n)) for *values, n in connection.execute(query.group_by(*key))]


def list_devices(connection: Connection, wave_code: str, period: str) -> list[tuple[Device, int]]:
    """Counts of a period, one for each device and day."""
    key = [arrival_device.c[name] for name in Device.__slots__]
    query = select(*key, func.sum(arrival_device.c.n))
    rows = connection.execute(
        query.where(arrival_device.c.wave_code == wave_code, arrival_device.c.period == period).group_by(*key)
    )
    return [(Device(*values), int(n)) for *values, n in rows]


def fold_period(connection: Connection, wave_code: str, period: str, patterns: Sequence[Pattern]) -> None:
    """Put the patterns in the place of a period's arrivals and devices, which are forgotten."""
    for pattern in patterns:
        insert_once(connection, arrival_pattern, asdict(pattern))
    for table in (arrival, arrival_device):
        connection.execute(delete(table).where(table.c.wave_code == wave_code, table.c.period == period))


def list_patterns(connection: Connection, wave_code: str) -> list[Pattern]:
    query = select(*(arrival_pattern.c[name] for name in Pattern.__slots__)).where(
        arrival_pattern.c.wave_code == wave_code
    )
    return [Pattern(*row) for row in connection.execute(query)]
