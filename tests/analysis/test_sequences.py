"""Limits that hold at every look."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.chance import Chance
from analysis.intervals import guarded_intervals, interval
from analysis.sequences import BadSequence, asymptotic_sequence, confidence_sequence


@given(n=st.integers(1, 5000), part=st.floats(0, 1))
@settings(max_examples=80, deadline=None)
def test_a_sequence_holds_the_rate_and_is_wider_than_one_look(n, part):
    x = round(part * n)
    low, high = confidence_sequence(x, n)
    assert low <= x / n <= high
    assert high > low
    once = interval(rate=x / n, variance=x / n * (1 - x / n) / n, n=n, successes=x, df=max(1, n - 1))
    if n > 30:
        assert high - low > (once.high - once.low) * 0.9


@pytest.mark.parametrize(("n", "ratio"), [(30, 1.21), (100, 1.37), (300, 1.50), (1000, 1.63), (5000, 1.77)])
def test_its_price_is_the_published_one(n, ratio):
    """Width over the fixed-size interval's at a rate of .9, prior Beta(9, 1): 1.21 at 30 to 1.77 at 5,000."""
    x = round(0.9 * n)
    low, high = confidence_sequence(x, n)
    once = interval(rate=x / n, variance=x / n * (1 - x / n) / n, n=n, successes=x, df=1e9)
    assert (high - low) / (once.high - once.low) == pytest.approx(ratio, abs=0.06)


def test_fifty_two_looks_rarely_mislead():
    """Truth = target = .9, 52 weekly looks of 20 answers: the naive limit errs at .1, the sequence stays near .02."""
    answers = (Chance("looks").uniforms(100, 52, 20) < 0.9).sum(axis=2).cumsum(axis=1)
    n = 20 * np.arange(1, 53)
    p = answers / n
    low, _, _ = guarded_intervals(rate=p, variance=p * (1 - p) / n, n=n, successes=answers, df=n - 1)
    naive = (low > 0.9).any(axis=1).sum()
    lasting = sum(  # a lower limit never passes the rate itself
        any(confidence_sequence(int(x), int(m))[0] > 0.9 for x, m in zip(row, n, strict=True) if x / m > 0.9)
        for row in answers
    )
    assert lasting / 100 <= 0.03
    assert naive / 100 > lasting / 100


@given(p=st.floats(0, 1), n=st.floats(1, 1e5))
def test_the_weighted_sequence_is_never_a_point(p, n):
    low, high = asymptotic_sequence(p, n)
    assert 0 <= low <= p <= high <= 1
    assert high > low


def test_the_weighted_sequence_costs_about_half_more_at_its_tuning_point():
    """x 1.55 of the normal interval at the tuning point (Waudby-Smith et al. 2024)."""
    low, high = asymptotic_sequence(0.5, 300, tuned_at=300)
    assert (high - low) / (2 * 1.96 * 0.5 / 300**0.5) == pytest.approx(1.55, abs=0.05)


def test_impossible_counts_are_refused():
    with pytest.raises(BadSequence, match="successes"):
        confidence_sequence(5, 4)
    with pytest.raises(BadSequence, match="effective"):
        asymptotic_sequence(0.9, 0)
