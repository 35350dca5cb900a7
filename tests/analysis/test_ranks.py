"""Ranks with their sets, bars whose overlap means something."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.chance import Chance
from analysis.ranks import BadRanking, comparison_factor, rank_sets


def test_units_far_apart_have_one_rank_each_and_units_alike_share_all():
    far = rank_sets(["a", "b", "c"], [0.7, 0.9, 0.8], [1e-6] * 3)
    assert [(r.name, r.best, r.worst, r.size) for r in far] == [("a", 3, 3, 1), ("b", 1, 1, 1), ("c", 2, 2, 1)]
    assert [r.third for r in far] == ["worst", "best", ""]
    alike = rank_sets(["a", "b", "c"], [0.90, 0.91, 0.92], [0.001] * 3)
    assert [(r.best, r.worst, r.third) for r in alike] == [(1, 3, "")] * 3


def test_covariance_decides_what_variances_alone_cannot():
    """Two waves of nearly the same answers: each uncertain, their difference of .02 is not (variance 2(v - c))."""
    v = 0.0004
    apart = rank_sets(["a", "b"], [0.90, 0.92], np.diag([v, v]))
    together = rank_sets(["a", "b"], [0.90, 0.92], [[v, 0.95 * v], [0.95 * v, v]])
    assert [r.size for r in apart] == [2, 2]
    assert [r.size for r in together] == [1, 1]


def test_ties_by_calibration_are_ties_and_exact_differences_are_differences():
    """A singular covariance: the first two rates always move together, so that their difference has no error."""
    v = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) * 1e-4
    sets = rank_sets(["a", "b", "c"], [0.90, 0.91, 0.90], v)
    assert sets[0].best > 1
    equal = rank_sets(["a", "b"], [0.9, 0.9], np.zeros((2, 2)))
    assert [(r.best, r.worst) for r in equal] == [(1, 2), (1, 2)]


def test_all_sets_hold_together_as_often_as_promised():
    """120 repetitions of eight units: the true ranks lie in all eight sets in at least 90 % (promised 95 %)."""
    truth = np.linspace(0.86, 0.93, 8)
    rank = 8 - np.arange(8)
    noise = Chance("league").normals(120, 8) * 0.01
    held = 0
    for shift in noise:
        sets = rank_sets([str(i) for i in range(8)], truth + shift, np.full(8, 1e-4), draws=500)
        held += all(r.best <= true <= r.worst for r, true in zip(sets, rank, strict=True))
    assert held / 120 >= 0.9


@given(st.lists(st.floats(0.5, 1), min_size=2, max_size=12), st.floats(1e-4, 0.05))
@settings(max_examples=30, deadline=None)
def test_every_set_holds_the_rank_observed(rates, se):
    order = sorted(range(len(rates)), key=lambda i: -rates[i])
    for i, found in enumerate(rank_sets([str(i) for i in range(len(rates))], rates, [se**2] * len(rates), draws=200)):
        better = sum(other > rates[i] for other in rates)
        assert found.best <= 1 + better <= found.worst
    assert len(order) == len(rates)


def test_league_tables_of_communes_are_mostly_undecided():
    """120 communes that truly differ by 3 points (SD), standard errors of half to two points: mean set 111 of 120."""
    chance = Chance("communes")
    truth = 0.9 + 0.03 * chance.normals(120)
    se = 0.005 + 0.015 * chance.uniforms(120)
    sets = rank_sets([str(i) for i in range(120)], truth + se * chance.normals(120), se**2, draws=500)
    assert np.mean([r.size for r in sets]) == pytest.approx(111, abs=5)


def test_equal_errors_need_bars_of_1_386():
    assert comparison_factor([0.02] * 10) == pytest.approx(1.38590382434968, rel=1e-12)


def test_what_does_not_fit_is_refused():
    with pytest.raises(BadRanking, match="fit together"):
        rank_sets(["a"], [0.9, 0.8], [0.1, 0.1])
    with pytest.raises(BadRanking, match="without an estimate"):
        rank_sets(["a", "b"], [0.9, float("nan")], [0.1, 0.1])
    with pytest.raises(BadRanking, match="above 0"):
        comparison_factor([0.1, 0.0])
