"""Nonresponse: rates of response, representativity, tipping points."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.response import (
    BadResponse,
    Dispositions,
    coverage_bounds,
    representativity,
    response_rates,
    self_selected_size,
    tipping_points,
)


def test_response_rates_rise_from_rr1_to_rr6():
    """420 complete, 35 partial of 820: RR1 .512 counts all unknown, RR6 .607 none and the partials."""
    rates = response_rates(Dispositions(420, 35, 90, 200, 5, 60, 10, 0.8))
    assert rates["RR1"] == pytest.approx(420 / 820)
    assert rates["RR6"] == pytest.approx(455 / 750)
    assert rates["RR1"] < rates["RR3"] < rates["RR5"] < rates["RR6"]


@pytest.mark.parametrize("counts", [{"complete": -1}, {"complete": 0}, {"complete": 5, "eligible_share": 1.5}])
def test_dispositions_that_cannot_be_are_refused(counts):
    with pytest.raises(BadResponse):
        Dispositions(**counts)


def test_equal_response_everywhere_is_fully_representative():
    found = representativity([100, 50, 10], [50, 25, 5], {"sex": ["F", "M", "M"]})
    assert (found.indicator, found.cv, found.partials) == (1.0, 0.0, {"sex": 0.0})
    assert found.largest_bias(0.3) == 0.0


def test_the_worst_variable_and_category_are_named():
    """Response .5 and .8 by age, equal by sex: P_u(age) = .15, -.106 of it the young's; sex adds nothing."""
    n, r = [100, 100, 100, 100], [50, 50, 80, 80]
    found = representativity(n, r, {"age": ["young", "young", "old", "old"], "sex": ["F", "M", "F", "M"]})
    assert found.partials == {"age": pytest.approx(0.15), "sex": pytest.approx(0.0)}
    assert found.categories["age"] == {
        "old": pytest.approx(0.15 / math.sqrt(2)),
        "young": pytest.approx(-0.15 / math.sqrt(2)),
    }
    assert found.largest_bias(0.3) == pytest.approx(0.3 * found.spread / 0.65)
    assert found.conditional == {"age": pytest.approx(found.spread), "sex": pytest.approx(0.0)}


def test_a_variable_that_repeats_another_adds_nothing_once_that_is_held():
    n, r = [100, 100], [50, 80]
    twice = representativity(n, r, {"age": ["young", "old"], "student": ["yes", "no"]})
    assert twice.conditional == {"age": pytest.approx(0.0), "student": pytest.approx(0.0)}
    assert twice.partials["age"] == twice.partials["student"] == pytest.approx(0.15)
    assert representativity(n, r, {"age": ["young", "old"]}).conditional["age"] == pytest.approx(twice.spread)


def test_strata_without_answers_leave_bounds():
    """95 % covered at .9: between .855 and .905."""
    assert coverage_bounds(0.9, 0.95) == (pytest.approx(0.855), pytest.approx(0.905))
    with pytest.raises(BadResponse, match="shares"):
        coverage_bounds(0.9, 1.5)


def test_cells_that_nobody_was_invited_in_do_not_count():
    with_empty = representativity([100, 0, 50], [50, 0, 30], {"x": [1, 2, 3]})
    assert with_empty == representativity([100, 50], [50, 30], {"x": [1, 3]})


@pytest.mark.parametrize(("n", "r"), [([10], [11]), ([10, 5], [5]), ([10], [0]), ([1], [1])])
def test_response_beyond_the_invited_is_refused(n, r):
    with pytest.raises(BadResponse, match="0 <= responded <= invited"):
        representativity(n, r)


@given(p=st.floats(0.01, 0.99), r=st.floats(0.05, 0.95), target=st.floats(0.5, 0.99))
def test_a_rate_of_the_silent_that_tips_makes_the_whole_equal_the_target(p, r, target):
    points = tipping_points(p, target, r)
    assert r * p + (1 - r) * points.silent_rate == pytest.approx(target)
    assert points.lowest <= p <= points.highest
    assert points.possible == (points.lowest <= target <= points.highest) or abs(points.silent_rate % 1) < 1e-9
    assert math.copysign(1, points.correlation) == math.copysign(1, p - target) or p == target


def test_if_all_are_satisfied_no_correlation_can_be_told():
    assert tipping_points(1.0, 0.9, 0.5).correlation == math.inf


def test_ten_per_cent_of_users_with_a_correlation_of_five_per_cent_are_44_answers():
    """f / ((1-f) ρ²) = .1 / (.9 * .0025) = 44.4 (Meng 2018)."""
    assert self_selected_size(0.1, 0.05) == pytest.approx(44.444, abs=0.001)


@pytest.mark.parametrize("call", [lambda: tipping_points(0.9, 0.9, 1.0), lambda: self_selected_size(1.0, 0.1)])
def test_shares_must_be_inside(call):
    with pytest.raises(BadResponse, match="strictly between"):
        call()


def test_cells_may_come_as_a_table():
    table = np.array([[100, 80], [50, 120]])
    assert representativity(table, table // 2).response_rate == pytest.approx(0.5)
