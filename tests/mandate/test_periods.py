import datetime
from itertools import pairwise

import pytest

from survey.mandate.errors import UnknownPeriod
from survey.mandate.periods import (
    days_of,
    find_report_period,
    half_month,
    half_months_between,
    half_months_of,
    load_report_periods,
    month_of,
)


def day(written: str) -> datetime.date:
    return datetime.date.fromisoformat(written)


@pytest.mark.parametrize(
    ("date", "half"),
    [
        ("2026-11-01", "2026-11a"),
        ("2026-11-14", "2026-11a"),
        ("2026-11-15", "2026-11b"),
        ("2026-11-30", "2026-11b"),
        ("2024-02-29", "2024-02b"),
    ],
)
def test_a_month_is_cut_after_the_14th(date: str, half: str) -> None:
    assert half_month(day(date)) == half


def test_every_day_lies_in_the_half_month_that_names_it() -> None:
    days = [day("2023-12-01") + datetime.timedelta(days=number) for number in range(400)]
    assert all(days_of(half_month(date))[0] <= date <= days_of(half_month(date))[1] for date in days)


def test_half_months_follow_one_another_without_a_gap() -> None:
    halves = half_months_between(day("2023-12-01"), day("2025-02-28"))
    assert len(halves) == 30
    gaps = {days_of(later)[0] - days_of(earlier)[1] for earlier, later in pairwise(halves)}
    assert gaps == {datetime.timedelta(days=1)}


def test_half_months_between_two_days_hold_both_and_cross_the_year() -> None:
    assert half_months_between(day("2025-12-20"), day("2026-01-14")) == ("2025-12b", "2026-01a")
    assert half_months_between(day("2026-01-15"), day("2026-01-14")) == ()


def test_a_half_month_belongs_to_its_month() -> None:
    assert month_of("2026-11b") == "2026-11"


@pytest.mark.parametrize("written", ["2026-11", "2026-13a", "2026-1a", "2026-11c", "", "2026-11a\n"])
def test_anything_else_is_not_a_half_month(written: str) -> None:
    with pytest.raises(UnknownPeriod, match="2026-11a"):
        month_of(written)


@pytest.mark.parametrize(
    ("code", "first", "last", "halves"),
    [
        ("q1", "2025-12-15", "2026-03-14", 6),
        ("h1", "2025-12-15", "2026-06-14", 12),
        ("q3", "2026-06-15", "2026-09-14", 6),
        ("year", "2025-12-15", "2026-12-14", 24),
    ],
)
def test_report_periods_close_on_the_14th_and_are_whole_half_months(
    code: str, first: str, last: str, halves: int
) -> None:
    assert find_report_period(code).days_in(2026) == (day(first), day(last))
    codes = half_months_of(code, 2026)
    assert len(codes) == halves
    assert (days_of(codes[0])[0], days_of(codes[-1])[1]) == (day(first), day(last))


def test_report_periods_name_their_source_in_three_languages() -> None:
    periods = load_report_periods().values()
    assert {period.source.document for period in periods} == {"Công văn 581/BNV-CCHC"}
    assert [period.code for period in periods if period.name.missing] == []


def test_an_unknown_report_period_is_refused() -> None:
    with pytest.raises(UnknownPeriod, match="q1, h1, q3, year"):
        find_report_period("q2")
