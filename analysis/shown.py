"""Which observed rate would show that a target is met: the other side of a sample size."""

from __future__ import annotations

from scipy import optimize, special

from analysis.planning import ALPHA, BadPlan


def lowest_rate_shown(n_effective: float, target: float, alpha: float = ALPHA) -> float | None:
    """Give the least rate of so many effective answers whose Korn-Graubard lower limit reaches the target.

    The limit is the beta quantile of alpha with parameters n p and n - n p + 1 (Korn and Graubard, Survey Methodology
    24, 1998, 193-201). None when not even everybody satisfied shows it: n below ln alpha / ln target.
    """
    if not (0 < target < 1 and n_effective > 0):
        raise BadPlan("the target lies between 0 and 1, and there is at least a part of an answer")

    def gap(rate: float) -> float:
        return float(special.betaincinv(n_effective * rate, n_effective * (1 - rate) + 1, alpha)) - target

    if gap(1.0) < 0:
        return None
    return float(optimize.brentq(gap, target, 1.0, xtol=1e-10))
