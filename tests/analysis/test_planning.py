"""Plans: sizes that decide, sizes for a margin, answers shared out over strata."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis import planning
from analysis.planning import (
    BadPlan,
    allocate,
    best_take,
    cluster_deff,
    critical_count,
    decision_power,
    decision_size,
    kish_compromise,
    neyman,
    power_allocation,
    precision_size,
    proportional,
    upper_tail,
)

PEOPLE = [9000, 3000, 1000, 400, 60]


@pytest.mark.parametrize(("target", "everyone"), [(0.85, 23), (0.9, 36), (0.95, 72)])
def test_if_all_are_satisfied_so_many_answers_show_it(target, everyone):
    """T^n <= .025: ceil(ln .025 / ln T)."""
    found = decision_size(target, 1.0)
    assert (found.n, found.n_all_satisfied) == (everyone, everyone)
    assert target**everyone <= 0.025 < target ** (everyone - 1)


@pytest.mark.parametrize(("target", "rate"), [(0.9, 0.95), (0.85, 0.92), (0.9, 0.99)])
def test_the_first_size_with_power_is_found_without_trying_all(target, rate):
    """Against the full scan with scipy.stats."""
    found = decision_size(target, rate)
    n = np.arange(5, found.n + 1)
    critical = stats.binom.ppf(0.975, n, target) + 1
    power = stats.binom.sf(critical - 1, n, rate)
    assert n[np.flatnonzero(power >= 0.8)[0]] == found.n
    assert critical[-1] == found.critical


@given(target=st.sampled_from([0.8, 0.85, 0.9, 0.95]), rate=st.floats(0.5, 1))
@settings(max_examples=60, deadline=None)
def test_the_search_starts_low_enough(target, rate):
    """No size below the one found has the power, as far down as a tenth of it."""
    assume(abs(rate - target) > 0.01)
    found = decision_size(target, rate)
    if rate < target:
        target, rate = 1 - target, 1 - rate
    n = np.arange(max(5, found.n // 10), found.n)
    critical = critical_count(n, target)
    assert not ((critical <= n) & (upper_tail(critical, n, rate) >= 0.8)).any()


def test_not_met_is_the_same_test_of_the_dissatisfied():
    """Truth .85 against .90: of 341 answers at least 46 dissatisfied show it."""
    found = decision_size(0.9, 0.85)
    assert stats.binom.sf(found.critical - 1, found.n, 0.1) <= 0.025
    assert stats.binom.sf(found.critical - 1, found.n, 0.15) >= 0.8
    assert decision_power(found.n, 0.9, 0.85) >= 0.8


def test_a_small_gap_needs_tens_of_thousands():
    """.904 against .900: 43,498 reach the power, 43,497 do not."""
    n = np.array([43_497, 43_498])
    critical = stats.binom.ppf(0.975, n, 0.9) + 1
    assert (stats.binom.sf(critical - 1, n, 0.904) >= 0.8).tolist() == [False, True]
    assert decision_size(0.9, 0.904).n == 43_498


def test_no_number_of_answers_tells_a_rate_from_itself():
    assert decision_size(0.9, 0.9) is None
    assert decision_size(0.9, 0.9001) is None


def test_power_now_is_exact_and_rounds_the_size_down():
    critical = stats.binom.ppf(0.975, 200, 0.9) + 1
    assert decision_power(200.7, 0.9, 0.93) == pytest.approx(stats.binom.sf(critical - 1, 200, 0.93), rel=1e-9)
    assert decision_power(0.4, 0.9, 0.93) == 0.0


@given(n=st.integers(1, 3000), target=st.floats(0.05, 0.99))
@settings(max_examples=60, deadline=None)
def test_the_critical_count_is_the_smallest_that_is_rare_enough(n, target):
    x = int(critical_count([n], target)[0])
    assert x == n + 1 or stats.binom.sf(x - 1, n, target) <= 0.025
    assert stats.binom.sf(x - 2, n, target) > 0.025


def test_very_rare_errors_are_looked_for_below_the_normal_guess():
    """alpha 1e-6, n = 200 against .9: 200 of 200 has 7e-10."""
    x = int(critical_count([200], 0.9, 1e-6)[0])
    assert stats.binom.sf(x - 1, 200, 0.9) <= 1e-6 < stats.binom.sf(x - 2, 200, 0.9)


def test_a_margin_is_planned_in_steps():
    """Cochran: n0 = 1.96² * .9 * .1 / .03² = 384.1; deff 1.5; N = 2,000; 60 % answer."""
    steps = precision_size(0.03, 0.9, population=2000, deff=1.5, response_rate=0.6)
    n0 = 1.959963984540054**2 * 0.09 / 0.0009
    assert steps.simple == pytest.approx(n0)
    assert steps.with_deff == pytest.approx(1.5 * n0)
    assert steps.with_population == pytest.approx(1.5 * n0 / (1 + n0 / 2000))
    assert steps.invitations == math.ceil(1.5 * n0 / (1 + n0 / 2000) / 0.6)


def test_a_plan_never_asks_more_than_everybody():
    steps = precision_size(0.01, 0.5, population=100, deff=3)
    assert steps.with_population == 100
    assert steps.invitations == 100


def test_clusters_have_a_price_and_a_best_size():
    """1 + 9 * .05 = 1.45; sqrt(20/1 * .95/.05) = 19.49."""
    assert cluster_deff(10, 0.05) == pytest.approx(1.45)
    assert best_take(0.05, 20, 1) == pytest.approx(math.sqrt(380))


def test_kish_compromise_lies_between_proportional_and_equal():
    assert kish_compromise(PEOPLE, 600, 1.0) == pytest.approx(proportional(PEOPLE, 600))
    assert kish_compromise(PEOPLE, 600, 0.0) == pytest.approx([120] * 5)
    middle = kish_compromise(PEOPLE, 600, 0.5)
    assert proportional(PEOPLE, 600)[4] < middle[4] < 120


def test_neyman_has_the_smallest_variance_and_cost_moves_it():
    size, sd = np.array(PEOPLE, dtype=float), np.sqrt([0.09, 0.1275, 0.0475, 0.16, 0.09])
    share = size / size.sum()
    variances = [
        float((share**2 * sd**2 / n).sum())
        for n in (neyman(size, sd, 600), proportional(size, 600), power_allocation(size, sd, 600))
    ]
    assert variances[0] == min(variances)
    assert neyman(size, sd, 600, cost=[4, 1, 1, 1, 1])[0] < neyman(size, sd, 600)[0]


@given(
    people=st.lists(st.integers(1, 5000), min_size=1, max_size=15),
    part=st.floats(0, 1),
    floor=st.integers(0, 40),
    q=st.floats(0, 1),
)
@settings(max_examples=100, deadline=None)
def test_whole_answers_add_up_and_keep_floors_and_populations(people, part, floor, q):
    least = sum(min(floor, size) for size in people)
    n = round(least + part * (sum(people) - least))
    found = allocate(np.array(people, dtype=float) ** q, people, n, floor)
    assert found.sum() == n
    assert all(min(floor, size) <= got <= size for got, size in zip(found, people, strict=True))


def test_floors_are_met_and_the_others_share_what_is_left():
    """600 in proportion with 36 for the two smallest: 528 over 13,000."""
    found = allocate(proportional(PEOPLE, 600), PEOPLE, 600, 36)
    assert found.tolist() == [365, 122, 41, 36, 36]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: decision_size(1.0, 0.9), "target"),
        (lambda: decision_size(0.9, 1.1), "rate"),
        (lambda: precision_size(0.0), "half_width"),
        (lambda: precision_size(0.03, response_rate=0.0), "response_rate"),
        (lambda: best_take(0.0, 1, 1), "rho"),
        (lambda: kish_compromise(PEOPLE, 10, 1.5), "importance"),
        (lambda: proportional([10, 0], 5), "empty strata"),
        (lambda: allocate([1, 1], [5, 5], 11), "population 10"),
        (lambda: allocate([1, 1], [50, 50], 9, floor=5), "floors' sum 10"),
    ],
)
def test_impossible_plans_are_refused_with_the_cause(call, message):
    with pytest.raises(BadPlan, match=message):
        call()


def test_the_search_gives_up_aloud(monkeypatch):
    monkeypatch.setattr(planning, "EXACT_UP_TO", 400)
    assert decision_size(0.9, 0.9123) is None
