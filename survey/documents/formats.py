"""Numbers and dates as the reader writes them, by CLDR through Babel.

Every function takes the value, then the language. A value of None prints as an en dash: nothing was measured.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, format_percent

LOCALES = {"vi": "vi", "km": "km", "en": "en_GB"}
NOTHING = "–"
# The Vietnamese pattern puts a no-break space before the sign, as the legal texts that set the targets do.
PERCENT_PATTERNS = {"vi": "#,##0.{0}\N{NO-BREAK SPACE}%", "km": "#,##0.{0}%", "en": "#,##0.{0}%"}


def percent(rate: float | None, language: str, digits: int = 1, beside: float | None = None) -> str:
    """A share in 0..1 as per cent: 0.943 is "94,3 %" in Vietnamese. `beside` names a target: where rounding would put
    the figure on the other side of it (or on it), more digits are printed, so that words and numbers agree."""
    if rate is None:
        return NOTHING
    if beside is not None:
        digits = _digits_that_keep_side(rate, beside, digits)
    return format_percent(rate, format=_percent_pattern(language, digits), locale=LOCALES[language])


def target(rate: float, language: str) -> str:
    """A target as per cent, without needless digits: 0.9 is "90 %"."""
    pattern = PERCENT_PATTERNS[language].replace("{0}", "#")
    return format_percent(rate, format=pattern, locale=LOCALES[language])


def points(share: float | None, language: str, digits: int = 1, signed: bool = False) -> str:
    """A difference of shares in percentage points, without the unit: 0.012 is "1,2"."""
    if share is None:
        return NOTHING
    written = format_decimal(share * 100, format=f"#,##0.{'0' * digits}", locale=LOCALES[language])
    return f"+{written}" if signed and share > 0 else written.replace("-", "−")


def number(value: float | None, language: str, digits: int = 0) -> str:
    """A count, or a number with a fixed count of decimals, grouped as the reader groups."""
    if value is None:
        return NOTHING
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, format=pattern, locale=LOCALES[language]).replace("-", "−")


def day(value: date | None, language: str) -> str:
    """A date in figures, day first, as all three languages write it here: 03/11/2026."""
    return NOTHING if value is None else format_date(value, format="dd/MM/y", locale=LOCALES[language])


def moment(value: datetime, language: str) -> str:
    """Day and minute, as clocks in the province show them."""
    return f"{day(value.date(), language)}, {value:%H:%M}"


def long_day(value: date | None, language: str) -> str:
    """A date with the month's name: "3 tháng 11, 2026"."""
    return NOTHING if value is None else format_date(value, format="long", locale=LOCALES[language])


def month(value: date, language: str) -> str:
    """A month and its year in figures: 11/2026."""
    return format_date(value, format="MM/y", locale=LOCALES[language])


def long_month(value: date, language: str) -> str:
    """A month's name and its year: "tháng 11 năm 2026"."""
    return format_skeleton("yMMMM", value, locale=LOCALES[language])


FILTERS: dict[str, Callable[..., str]] = {
    "moment": moment,
    "percent": percent,
    "target": target,
    "points": points,
    "number": number,
    "day": day,
    "long_day": long_day,
    "month": month,
    "long_month": long_month,
}


def _percent_pattern(language: str, digits: int) -> str:
    pattern = PERCENT_PATTERNS[language].format("0" * digits)
    return pattern if digits else pattern.replace(".", "")


def _digits_that_keep_side(rate: float, beside: float, digits: int, most: int = 4) -> int:
    while digits < most and _side(round(rate, digits + 2), beside) != _side(rate, beside):
        digits += 1
    return digits


def _side(rate: float, beside: float) -> int:
    return (rate > beside) - (rate < beside)
