"""The least observed rate that shows a target: by the closed form at its end, and back through its own limit."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from analysis.planning import BadPlan
from analysis.shown import lowest_rate_shown


def test_the_rate_found_has_its_limit_on_the_target() -> None:
    rate = lowest_rate_shown(232, 0.9, 0.025)
    assert rate is not None
    assert stats.beta.ppf(0.025, 232 * rate, 232 * (1 - rate) + 1) == pytest.approx(0.9, abs=1e-8)


def test_below_ln_alpha_over_ln_target_not_even_everybody_satisfied_shows_it() -> None:
    """The limit of n of n is alpha^(1/n): it reaches 0.9 from n = ln 0.025 / ln 0.9 = 35.01 on."""
    enough = math.log(0.025) / math.log(0.9)
    assert lowest_rate_shown(enough - 0.1, 0.9, 0.025) is None
    assert lowest_rate_shown(enough + 0.1, 0.9, 0.025) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("n", "target"), [(0, 0.9), (100, 0.0), (100, 1.0)])
def test_what_is_no_target_and_no_sample_is_refused(n: float, target: float) -> None:
    with pytest.raises(BadPlan):
        lowest_rate_shown(n, target)
