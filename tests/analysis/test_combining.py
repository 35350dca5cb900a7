"""Figures made of published figures: by arithmetic shown beside them, and Newcombe's own example."""

import math

import pytest

from analysis.combining import Combined, NothingToCombine, Part, change, combine, funnel_limits
from analysis.limits import clopper_pearson


def test_one_part_is_itself() -> None:
    """With p = 0.8 and n* = 100: q = 81/102, and q(1-q) > p(1-p) moves the variance by 2 %."""
    found = combine([Part(0.8, 100, 7)])
    assert found.rate == 0.8
    assert found.n_effective == pytest.approx(100)
    low, high = clopper_pearson(0.8, 100)
    assert (found.low, found.high) == (pytest.approx(float(low)), pytest.approx(float(high)))


def test_weights_decide_the_rate_and_the_size() -> None:
    """0.75 * 0.9 + 0.25 * 0.5 = 0.8; var = .5625 v1 + .0625 v2 with v = max(p(1-p), q(1-q)) / n*: q1 = 181/202 gives
    .0930, above .09; q2 = .5 gives .25. var = .5625 * .0930/200 + .0625 * .25/50 = .00057407; and with
    q = .75 * .8960 + .25 * .5 = .7970: q(1-q) / var = 281.6."""
    found = combine([Part(0.9, 200, 300), Part(0.5, 50, 100)])
    q1 = 181 / 202
    variance = 0.5625 * q1 * (1 - q1) / 200 + 0.0625 * 0.25 / 50
    q = 0.75 * q1 + 0.25 * 0.5
    assert found.rate == pytest.approx(0.8)
    assert found.n_effective == pytest.approx(q * (1 - q) / variance)
    assert found.n_effective == pytest.approx(281.6, abs=0.1)


def test_a_part_where_all_are_satisfied_is_not_known_without_error() -> None:
    found = combine([Part(1.0, 20, 1), Part(1.0, 20, 1)])
    assert found.rate == 1.0
    assert found.low < 1.0
    assert math.isfinite(found.n_effective)


def test_parts_without_size_or_weight_do_not_count() -> None:
    assert combine([Part(0.8, 100, 1), Part(0.1, 0, 5), Part(0.2, 50, 0)]) == combine([Part(0.8, 100, 1)])
    assert isinstance(combine([Part(0.8, 100, 1)]), Combined)
    with pytest.raises(NothingToCombine):
        combine([Part(0.1, 0, 5)])


def test_the_change_is_newcombes_method_ten() -> None:
    """Newcombe 1998, table II: 56/70 against 48/80, whose Wilson limits (.6918, .8772 and .4905, .7000), give .2 with
    limits .0524 and .3339."""
    found = change((0.8, 0.6918, 0.8772), (0.6, 0.4905, 0.7000))
    assert found.difference == pytest.approx(0.2)
    assert (found.low, found.high) == (pytest.approx(0.0524, abs=3e-4), pytest.approx(0.3339, abs=3e-4))
    assert found.shown
    assert not change((0.8, 0.7, 0.9), (0.79, 0.7, 0.88)).shown
    assert change((0.6, 0.5, 0.7), (0.9, 0.85, 0.95)).shown


def test_the_funnel_is_the_binomials_quantile() -> None:
    """P(X <= 6 | 20, .5) = .0577 and P(X <= 5) = .0207: the 5 % point lies between 5 and 6 of 20."""
    [(low, high)] = funnel_limits(0.5, [20], 0.90)
    assert 5 / 20 < low < 6 / 20
    assert low + high == pytest.approx(0.95, abs=0.01), "the binomial at one half is symmetric about 9.5 of 20 steps"
    wide = funnel_limits(0.9, [10, 100, 1000], 0.95)
    widths = [high - low for low, high in wide]
    assert widths == sorted(widths, reverse=True)
    assert funnel_limits(1.0, [10], 0.95)[0][1] == 1.0
