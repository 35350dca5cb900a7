"""Areas compared at one mix of procedures."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from analysis import Design
from analysis.standardise import BadMix, compare_areas, compare_with_whole

AREA = ["hill", "hill", "delta", "delta"]
KIND = ["land", "birth", "land", "birth"]
RATES = [0.8, 0.95, 0.8, 0.95]
PEOPLE = [300, 100, 100, 300]


def test_areas_that_serve_alike_are_equal_whatever_they_serve():
    """Crude .8375 against .9125; at the common mix of 400 land and 400 birth both are .875, and so is the whole."""
    hill, delta = sorted(compare_with_whole(AREA, KIND, RATES, [1e-4] * 4, PEOPLE), key=lambda s: -ord(s.area[0]))
    assert (hill.crude, delta.crude) == (pytest.approx(0.8375), pytest.approx(0.9125))
    for area in (hill, delta):
        assert area.standardised == pytest.approx(0.875)
        assert area.difference == pytest.approx(0.0, abs=1e-12)
        assert area.covered == 1.0
        assert area.low < 0 < area.high


def test_the_area_is_part_of_the_whole_in_the_error():
    """One procedure, hill holds 3/4: difference = p_h - (3 p_h + p_d)/4 = (p_h - p_d)/4, variance (v + v)/16."""
    hill, delta = compare_with_whole(["a", "b"], ["x", "x"], [0.9, 0.8], [0.0004, 0.0004], [300, 100])
    assert hill.difference == pytest.approx(0.025)
    assert hill.se == pytest.approx(math.sqrt(0.0008 / 16))
    assert delta.difference == pytest.approx(-0.075)
    assert hill.p == pytest.approx(0.000407, rel=0.01)
    assert (hill.low, hill.high) == (
        pytest.approx(0.025 - 1.95996 * hill.se, rel=1e-5),
        pytest.approx(0.03886, rel=1e-3),
    )


def test_a_full_covariance_and_degrees_of_freedom_are_used():
    v = np.array([[4e-4, 2e-4], [2e-4, 4e-4]])
    wide = compare_with_whole(["a", "b"], ["x", "x"], [0.9, 0.8], v, [100, 100], df=4)[0]
    assert wide.se == pytest.approx(math.sqrt(4e-4 / 4))
    assert wide.high - wide.difference == pytest.approx(2.7764451 * wide.se, rel=1e-6)
    assert wide.p > compare_with_whole(["a", "b"], ["x", "x"], [0.9, 0.8], v, [100, 100])[0].p


def test_the_comparison_says_how_much_of_the_mix_it_covers():
    found = compare_with_whole(["a", "a", "b"], ["x", "y", "x"], [0.9, 0.7, 0.8], [1e-4] * 3, [100, 300, 100])
    assert {s.area: s.covered for s in found} == {"a": 1.0, "b": pytest.approx(0.4)}
    b = found[1]
    assert (b.standardised, b.whole) == (pytest.approx(0.8), pytest.approx(0.85))


def test_a_small_cell_where_all_are_satisfied_is_not_known_without_error():
    certain = compare_with_whole(["a", "b"], ["x", "x"], [1.0, 1.0], [0.0, 0.0], [100, 100])[0]
    assert (certain.se, certain.p) == (0.0, 1.0)
    honest = compare_with_whole(["a", "b"], ["x", "x"], [1.0, 1.0], [0.0, 0.0], [100, 100], n_effective=[5, 5])[0]
    q = 6 / 7
    assert honest.se == pytest.approx(math.sqrt(2 * q * (1 - q) / 5 / 4))
    exact = compare_with_whole(["a", "b"], ["x", "x"], [1.0, 0.9], [0.0, 0.0], [100, 100])[0]
    assert exact.p == 0.0


def test_entries_that_do_not_fit_are_refused():
    with pytest.raises(BadMix, match="one entry each"):
        compare_with_whole(AREA, KIND, RATES, [1e-4] * 3, PEOPLE)
    with pytest.raises(BadMix, match="occur once"):
        compare_with_whole(["a", "a"], ["x", "x"], [0.9, 0.8], [1e-4] * 2, [10, 10])
    with pytest.raises(BadMix, match="without answers"):
        compare_with_whole(AREA, KIND, [0.8, 0.9, 0.8, float("nan")], [1e-4] * 4, PEOPLE)
    with pytest.raises(BadMix, match="above 0"):
        compare_with_whole(["a", "b"], ["x", "x"], [0.9, 0.8], [1e-4] * 2, [10, 0])


def test_areas_are_compared_from_a_frame_of_counts():
    """Two communes, two procedures, simple strata: the same as from the table's own rates, variances and sizes."""
    frame = pd.DataFrame(
        {
            "area": ["hill"] * 4 + ["delta"] * 4,
            "kind": ["land", "land", "birth", "birth"] * 2,
            "sat": [1, 0] * 4,
            "n": [40, 10, 19, 1, 18, 2, 47, 3],
            "N": [300, 300, 100, 100, 100, 100, 300, 300],
        }
    )
    frame["stratum"] = frame["area"] + frame["kind"]
    hill, delta = sorted(
        compare_areas(frame, Design(stratum="stratum", population="N", count="n"), "sat", "area", "kind"),
        key=lambda s: s.area,
        reverse=True,
    )
    assert (hill.area, hill.crude) == ("hill", pytest.approx(0.75 * 0.8 + 0.25 * 0.95))
    assert hill.standardised == pytest.approx((0.8 + 0.95) / 2)
    assert hill.difference < 0 < delta.difference
    assert hill.low < hill.difference < hill.high
