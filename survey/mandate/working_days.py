"""Which days offices work, as far as the solar calendar tells: drafts are due one working day after a cut-off."""

import datetime
from functools import cache

from survey.mandate.files import Entry, read_entry
from survey.mandate.sources import find_source

SATURDAY = 5


def next_working_day(day: datetime.date) -> datetime.date:
    """The first working day after a day."""
    following = day + datetime.timedelta(days=1)
    while not is_working_day(following):
        following += datetime.timedelta(days=1)
    return following


def is_working_day(day: datetime.date) -> bool:
    """Neither a Saturday, a Sunday nor a yearly holiday."""
    closed = any(begin <= day and f"{day:%m-%d}" in days for begin, days in _load_holidays())
    return day.weekday() < SATURDAY and not closed


@cache
def _load_holidays() -> tuple[tuple[datetime.date, frozenset[str]], ...]:
    top = read_entry("holidays.toml")
    found = tuple(map(_read, top.entries("holiday")))
    top.finish()
    return found


def _read(entry: Entry) -> tuple[datetime.date, frozenset[str]]:
    find_source(entry.string("source"))
    found = entry.date("valid_from"), frozenset(entry.strings("days"))
    entry.finish()
    return found
