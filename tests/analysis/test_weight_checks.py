"""What unequal weights cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.chance import Chance
from analysis.weight_checks import BadWeights, check_weights, kish_deff, spencer_deff


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=40), st.floats(0.1, 10))
def test_kish_is_at_least_one_and_scale_free(weights, scale):
    assert kish_deff(weights) >= 1 - 1e-12
    assert kish_deff(np.array(weights) * scale) == pytest.approx(kish_deff(weights))


def test_by_hand():
    """Weights 1, 1, 1, 5: 4 * 28 / 64 = 1.75, cv .866, largest over median 5, heaviest 1 % of 4 answers .04 * 5/8."""
    checks = check_weights([1, 1, 1, 5], untrimmed=[1, 1, 1, 7])
    assert checks.kish_deff == kish_deff([1, 5], [3, 1]) == pytest.approx(1.75)
    assert checks.cv == pytest.approx(0.75**0.5)
    assert checks.max_over_median == 5
    assert checks.top_share == pytest.approx(0.04 * 5 / 8)
    assert checks.trimmed_share == pytest.approx(0.2)


def test_groups_of_alike_responses_count_as_many():
    grouped, single = check_weights([2, 5], [60, 40]), check_weights([2.0] * 60 + [5.0] * 40)
    assert grouped == single
    assert grouped.top_share == pytest.approx(5 / 320)


def test_weights_that_are_mostly_zero_have_no_finite_ratio():
    assert check_weights([0, 0, 0, 1]).max_over_median == float("inf")


def test_spencer_is_kish_for_an_unrelated_outcome_with_mean_zero():
    """ρ = 0 and a = 0: 1 + cv²; equal weights: 1."""
    chance = Chance("spencer")
    weight = 1 + 4 * chance.uniforms(4000)
    outcome = chance.normals(4000)
    assert spencer_deff(weight, outcome) == pytest.approx(kish_deff(weight), rel=0.02)
    assert spencer_deff(np.ones(50), outcome[:50]) == pytest.approx(1.0)


def test_spencer_is_small_where_the_size_explains_the_outcome():
    """y proportional to the selection probability: ρ = 1, a = 0, nothing is left of the design effect."""
    probability = 0.01 + 0.09 * Chance("size").uniforms(200)
    assert spencer_deff(1 / probability, 3 * probability) == pytest.approx(0.0, abs=1e-9)
    assert spencer_deff(1 / probability, 3 * probability, probability) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("weights", [[], [1, -1], [0, 0], [1, float("nan")]])
def test_bad_weights_are_refused(weights):
    with pytest.raises(BadWeights, match="finite"):
        check_weights(weights)


def test_spencer_refuses_what_it_divides_by():
    with pytest.raises(BadWeights, match="does not vary"):
        spencer_deff([1, 2], [1, 1])
    with pytest.raises(BadWeights, match="weight is 0"):
        spencer_deff([1, 0], [1, 0])
