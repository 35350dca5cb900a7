"""What may be printed, of the satisfied and of the dissatisfied share (Parker et al. 2017, table II)."""

from __future__ import annotations

import pytest

from analysis.estimate import Estimate
from analysis.reliability import COMPLEMENT, EDGE, FEW_DF, both_sides, nchs_reliability


@pytest.mark.parametrize(
    ("rate", "n_effective", "low", "high", "show", "flags"),
    [
        (0.50, 29.0, 0.48, 0.52, False, ()),
        (0.90, 400.0, 0.875, 0.924, True, ()),
        (0.50, 40.0, 0.35, 0.65, False, ()),
        (0.10, 90.0, 0.04, 0.18, False, ()),
        (0.90, 90.0, 0.82, 0.96, True, (COMPLEMENT,)),
        (0.80, 90.0, 0.70, 0.87, True, ()),
    ],
)
def test_each_rule_of_the_standard(rate, n_effective, low, high, show, flags):
    """In order: size; narrow; wide; relative width 140 %; complement 140 %; neither."""
    found = nchs_reliability(rate, n=400, successes=200, n_effective=n_effective, low=low, high=high, df=50)
    assert (found.show, found.flags) == (show, flags)


def test_edges_and_few_degrees_of_freedom_are_for_review():
    found = nchs_reliability(1.0, n=60, successes=60, n_effective=None, low=0.94, high=1.0, df=7)
    assert (found.show, found.flags) == (True, (FEW_DF, EDGE))


def test_nobody_satisfied_has_no_relative_width():
    assert nchs_reliability(0.0, n=40, successes=0, n_effective=None, low=0.0, high=0.09, df=39).show


def test_the_dissatisfied_share_is_the_fragile_one():
    """.9 ± .07 may be printed; .1 ± .07 has a relative width of 140 % and may not."""
    estimate = Estimate(0.9, 0.03, 0.82, 0.96, 60, 100, 95, 1.05, "guarded", 0.95, successes=90)
    satisfied, dissatisfied = both_sides(estimate)
    assert (satisfied.show, dissatisfied.show) == (True, False)
    assert both_sides(Estimate(0.9, 0.03, 0.82, 0.96, 60, 100, 95, 1.05, "guarded", 0.95)) == (satisfied, dissatisfied)
