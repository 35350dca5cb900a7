"""Time as reports need it: half-months, and the reform report periods that close on the 14th."""

import datetime
import re
from dataclasses import dataclass
from functools import cache

from survey.mandate.errors import UnknownPeriod
from survey.mandate.files import Entry, read_entry
from survey.mandate.sources import Source, find_source
from survey.mandate.text import Text

LAST_DAY_OF_FIRST_HALF = 14


@dataclass(frozen=True)
class ReportPeriod:
    """A yearly report period. `start` and `end` are (month, day), both included; `start_year` is -1 where the period
    begins in the year before the report's own."""

    code: str
    name: Text
    start: tuple[int, int]
    start_year: int
    end: tuple[int, int]
    source: Source
    valid_from: datetime.date
    valid_to: datetime.date | None

    def days_in(self, year: int) -> tuple[datetime.date, datetime.date]:
        """The first and last day of the period in the report year."""
        return datetime.date(year + self.start_year, *self.start), datetime.date(year, *self.end)


@cache
def load_report_periods() -> dict[str, ReportPeriod]:
    """Every report period by its code: q1, h1, q3, year."""
    top = read_entry("periods.toml")
    periods = {period.code: period for period in map(_read, top.entries("period"))}
    top.finish()
    return periods


def find_report_period(code: str) -> ReportPeriod:
    """The report period with this code; raises `UnknownPeriod`."""
    try:
        return load_report_periods()[code]
    except KeyError:
        raise UnknownPeriod(f"No report period {code!r}: use {', '.join(load_report_periods())}") from None


def half_months_of(code: str, year: int) -> tuple[str, ...]:
    """The half-months that make up the report period `code` of `year`; raises `UnknownPeriod`."""
    return half_months_between(*find_report_period(code).days_in(year))


def half_month(day: datetime.date) -> str:
    """The half-month a day falls in: "2026-11a" for the 1st to the 14th, "2026-11b" from the 15th on."""
    return f"{day.year:04}-{day.month:02}{'a' if day.day <= LAST_DAY_OF_FIRST_HALF else 'b'}"


def half_months_between(start: datetime.date, end: datetime.date) -> tuple[str, ...]:
    """The half-months that hold a day from `start` to `end`, both included, in order; none when `end` comes first."""
    if end < start:
        return ()
    return tuple(_code(number) for number in range(_number(half_month(start)), _number(half_month(end)) + 1))


def days_of(half: str) -> tuple[datetime.date, datetime.date]:
    """The first and last day of a half-month; raises `UnknownPeriod`."""
    number = _number(half)
    following = _first_day(number + 1)
    return _first_day(number), following - datetime.timedelta(days=1)


def month_of(half: str) -> str:
    """The month of a half-month: "2026-11" for "2026-11a". Raises `UnknownPeriod`."""
    _number(half)
    return half[:-1]


def _number(half: str) -> int:
    match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])([ab])", half)
    if match is None:
        raise UnknownPeriod(f"{half!r} is not a half-month: write it as 2026-11a (1-14) or 2026-11b (15-end)")
    year, month, letter = match.groups()
    return (int(year) * 12 + int(month) - 1) * 2 + (letter == "b")


def _code(number: int) -> str:
    months, second = divmod(number, 2)
    return f"{months // 12:04d}-{months % 12 + 1:02d}{'b' if second else 'a'}"


def _first_day(number: int) -> datetime.date:
    months, second = divmod(number, 2)
    return datetime.date(months // 12, months % 12 + 1, LAST_DAY_OF_FIRST_HALF + 1 if second else 1)


def _read(entry: Entry) -> ReportPeriod:
    period = ReportPeriod(
        code=entry.string("code"),
        name=entry.text("name"),
        start=_read_month_day(entry, "start"),
        start_year=entry.integer("start_year"),
        end=_read_month_day(entry, "end"),
        source=find_source(entry.string("source")),
        valid_from=entry.date("valid_from"),
        valid_to=entry.optional_date("valid_to"),
    )
    entry.finish()
    return period


def _read_month_day(entry: Entry, key: str) -> tuple[int, int]:
    written = entry.string(key)
    match = re.fullmatch(r"(\d\d)-(\d\d)", written)
    if match is None:
        raise entry.error(f"{key} must be written as MM-DD, not {written!r}")
    return int(match[1]), int(match[2])
