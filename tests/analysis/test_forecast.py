"""Where a series is heading, and what may be said of the due date."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from scipy import special, stats

from analysis.forecast import NOTE_BREAK, NOTE_FEW, NOTE_OVERDISPERSED, BadSeries, TooFewPeriods, look_ahead

DUE = date(2030, 12, 31)
DATES = [date(2026, month, 14) for month in (1, 3, 5, 7, 9, 11)]
YEARS = np.array([(day - DATES[-1]).days / 365.25 for day in DATES])


def line(slope: float, level: float = 2.0, jump: float = 0.0) -> np.ndarray:
    return special.expit(level + slope * YEARS + jump * (np.arange(6) >= 3))


def test_equal_logit_variances_give_the_ordinary_line():
    """Variances (p(1-p))² are 1 on the logit: the slope, and its error but for the fixed scale, are those of a
    regression by scipy.stats.linregress.
    """
    p = np.array([0.80, 0.84, 0.82, 0.87, 0.86, 0.90])
    found = look_ahead(DATES, p, (p * (1 - p)) ** 2, 0.95, DUE)
    plain = stats.linregress(YEARS, special.logit(p))
    assert found.slope == pytest.approx(plain.slope, rel=1e-12)
    assert found.slope_se == pytest.approx(1 / math.sqrt(((YEARS - YEARS.mean()) ** 2).sum()), rel=1e-12)
    assert found.df == 4
    assert found.slope_high - found.slope == pytest.approx(2.7764451052 * found.slope_se, rel=1e-9)


@pytest.mark.parametrize(("slope", "code"), [(0.9, "on_track"), (-0.5, "off_track"), (0.22, "cannot_tell")])
def test_the_slope_is_held_against_the_slope_required(slope, code):
    """From logit 2 to logit .95 = 2.944 in 4.13 years: .2286 a year."""
    found = look_ahead(DATES, line(slope), np.full(6, 2e-6), 0.95, DUE)
    assert found.code == code
    assert found.required == pytest.approx((special.logit(0.95) - 2) / ((DUE - DATES[-1]).days / 365.25), rel=1e-9)
    assert found.slope == pytest.approx(slope, abs=1e-9)
    assert found.notes == ()


def test_the_forecast_is_the_line_on_the_day_with_its_limits():
    found = look_ahead(DATES, line(0.22), np.full(6, 1e-5), 0.95, DUE)
    assert found.forecast == pytest.approx(special.expit(2 + 0.22 * (DUE - DATES[-1]).days / 365.25), rel=1e-9)
    assert 0 < found.forecast_low < found.forecast < found.forecast_high < 1
    assert found.numbers["forecast_low"] == found.forecast_low


def test_waves_that_jump_about_widen_the_forecast():
    """Residuals of ±.2 on the logit under a sampling error of .01: τ² about .05 by moments."""
    p = special.expit(special.logit(line(0.1)) + np.array([1, -1, 1, -1, 1, -1]) * 0.2)
    calm = look_ahead(DATES, line(0.1), (0.01 * p * (1 - p)) ** 2, 0.95, DUE)
    wild = look_ahead(DATES, p, (0.01 * p * (1 - p)) ** 2, 0.95, DUE)
    assert wild.between == pytest.approx(0.05, abs=0.015)
    assert NOTE_OVERDISPERSED in wild.notes
    assert wild.forecast_high - wild.forecast_low > 5 * (calm.forecast_high - calm.forecast_low)


def test_a_new_instrument_is_a_jump_and_not_a_change():
    """The level jumps by .4 at the fourth wave: with the break the slope is .1, without it over four times that."""
    p = line(0.1, jump=0.4)
    known = look_ahead(DATES, p, np.full(6, 1e-6), 0.95, DUE, breaks=[DATES[3]])
    ignored = look_ahead(DATES, p, np.full(6, 1e-6), 0.95, DUE)
    assert known.slope == pytest.approx(0.1, abs=1e-6)
    assert known.jumps == (pytest.approx(0.4, abs=1e-6),)
    assert known.notes == (NOTE_BREAK,)
    assert ignored.slope > 0.4


def test_shared_strata_narrow_the_slope():
    """Waves that share 80 % of their error: a common error moves the level, not the slope."""
    v = np.diag((line(0.1) * (1 - line(0.1))) ** 2) * 1e-4
    shared = v + 0.8 * (np.sqrt(np.outer(np.diag(v), np.diag(v))) - v)
    own, common = (look_ahead(DATES, line(0.1), s, 0.95, DUE) for s in (v, shared))
    assert common.slope_se == pytest.approx(own.slope_se * math.sqrt(0.2), rel=1e-9)


def test_a_wave_where_all_are_satisfied_needs_its_size():
    p = np.array([0.9, 0.95, 1.0])
    with pytest.raises(BadSeries, match="pass n"):
        look_ahead(DATES[:3], p, [1e-4, 1e-4, 0.0], 0.95, DUE)
    found = look_ahead(DATES[:3], p, [1e-4, 1e-4, 0.0], 0.95, DUE, n=[100, 100, 100])
    assert NOTE_FEW in found.notes
    assert found.slope > 0


def test_series_that_cannot_carry_a_line_are_refused():
    with pytest.raises(TooFewPeriods, match="at least 3"):
        look_ahead(DATES[:2], [0.9, 0.9], [1e-4] * 2, 0.95, DUE)
    with pytest.raises(TooFewPeriods, match="1 breaks"):
        look_ahead(DATES[:3], [0.9, 0.9, 0.91], [1e-4] * 3, 0.95, DUE, breaks=[DATES[2]])
    with pytest.raises(BadSeries, match="ascend"):
        look_ahead(DATES[::-1], [0.9] * 6, [1e-4] * 6, 0.95, DUE)
    with pytest.raises(BadSeries, match="fit together"):
        look_ahead(DATES, [0.9] * 6, [1e-4] * 5, 0.95, DUE)
