"""Folding: when a half-month is over, its arrivals become patterns that name no day and no device."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from survey.mandate.periods import days_of
from survey.store import arrivals
from survey.store.arrivals import Arrival, Device, Pattern
from survey.store.database import Connection, Database

GRACE = timedelta(days=2)  # what waits in a web process's memory is written long before
FEWEST = 10
CLOSING_DAYS = 2

_Place = tuple[str, str]


def fold_arrivals(database: Database, today: date) -> int:
    """Fold every period that is over, each in one transaction; how many."""
    with database.reading() as connection:
        over = [
            (wave_code, period)
            for wave_code, period in arrivals.list_open_periods(connection)
            if days_of(period)[1] + GRACE < today
        ]
    for wave_code, period in over:
        with database.writing("fold-arrivals") as connection:
            arrivals.fold_period(connection, wave_code, period, find_patterns(connection, wave_code, period))
    return len(over)


def find_patterns(connection: Connection, wave_code: str, period: str) -> list[Pattern]:
    """The patterns of a period, by agency and channel; none where fewer than ten answers came."""
    return make_patterns(
        wave_code,
        period,
        arrivals.list_arrivals(connection, wave_code, period),
        arrivals.list_devices(connection, wave_code, period),
    )


def make_patterns(
    wave_code: str,
    period: str,
    counted: Iterable[tuple[Arrival, int]],
    devices: Iterable[tuple[Device, int]],
) -> list[Pattern]:
    """Totals and pairs by agency and channel, from counts of half-days and of devices by day."""
    half_days: dict[_Place, Counter[tuple[date, str]]] = defaultdict(Counter)
    days: dict[_Place, Counter[date]] = defaultdict(Counter)
    overdue: Counter[_Place] = Counter()
    same: Counter[_Place] = Counter()
    for each, n in counted:
        place = (each.agency_code, each.channel)
        half_days[place][each.day, each.part] += n
        days[place][each.day] += n
        overdue[place] += n * each.overdue
    for device, n in devices:
        same[device.agency_code, device.channel] += _pairs(n)
    closing_from = days_of(period)[1] - timedelta(days=CLOSING_DAYS - 1)
    return [
        Pattern(
            wave_code,
            agency,
            channel,
            period,
            arrivals=counts.total(),
            crowded=sum(map(_pairs, counts.values())),
            half_days=len(counts),
            late=sum(n for (_, part), n in counts.items() if part == "late"),
            closing=sum(n for day, n in days[agency, channel].items() if day >= closing_from),
            overdue=overdue[agency, channel],
            device_pairs=sum(map(_pairs, days[agency, channel].values())),
            same_device=same[agency, channel],
        )
        for (agency, channel), counts in sorted(half_days.items())
        if counts.total() >= FEWEST
    ]


def _pairs(n: int) -> int:
    return n * (n - 1) // 2
