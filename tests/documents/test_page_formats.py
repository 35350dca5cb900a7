"""Numbers and dates as the reader writes them. Expected forms: CLDR for vi, km and en-GB, as Babel carries it."""

from datetime import date

import pytest

from survey.documents import formats

THIRD_OF_NOVEMBER = date(2026, 11, 3)


@pytest.mark.parametrize(("language", "written"), [("vi", "94,3\N{NO-BREAK SPACE}%"), ("en", "94.3%"), ("km", "94.3%")])
def test_a_share_is_written_as_per_cent_with_one_decimal(language, written):
    assert formats.percent(0.943, language) == written


@pytest.mark.parametrize(("language", "written"), [("vi", "1.234.567"), ("en", "1,234,567"), ("km", "1,234,567")])
def test_counts_are_grouped(language, written):
    assert formats.number(1_234_567, language) == written


def test_decimals_are_kept_where_asked():
    assert formats.number(1.354, "vi", 2) == "1,35"


def test_a_target_has_no_needless_decimals():
    assert [formats.target(rate, "en") for rate in (0.9, 0.85, 0.925)] == ["90%", "85%", "92.5%"]


def test_points_are_signed_with_a_true_minus():
    assert formats.points(-0.0123, "vi") == "−1,2"
    assert formats.points(0.0123, "vi", signed=True) == "+1,2"


@pytest.mark.parametrize(
    ("low", "written"),
    [
        (0.8996, "89.96%"),  # one decimal would print 90.0 %, on the target, though it lies below
        (0.90004, "90.004%"),
        (0.9, "90.0%"),
        (0.8949, "89.5%"),
    ],
)
def test_a_figure_is_never_rounded_across_its_target(low, written):
    assert formats.percent(low, "en", beside=0.9) == written


def test_nothing_measured_is_a_dash_in_every_format():
    absent = [write(None, "vi") for write in (formats.percent, formats.points, formats.number, formats.day)]
    assert absent == ["–"] * 4


@pytest.mark.parametrize(
    ("language", "written"), [("vi", "3 tháng 11, 2026"), ("en", "3 November 2026"), ("km", "3 វិច្ឆិកា 2026")]
)
def test_long_dates_name_the_month(language, written):
    assert formats.long_day(THIRD_OF_NOVEMBER, language) == written


def test_short_dates_put_the_day_first_in_every_language():
    assert {formats.day(THIRD_OF_NOVEMBER, language) for language in formats.LOCALES} == {"03/11/2026"}


def test_months_are_written_in_figures_and_in_words():
    assert formats.month(THIRD_OF_NOVEMBER, "vi") == "11/2026"
    assert formats.long_month(THIRD_OF_NOVEMBER, "vi") == "tháng 11 năm 2026"
