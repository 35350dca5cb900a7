"""Whether a sample carries its verdict: what is missing, how much of it and where.

Sizes and powers are those of the exact binomial test, whose power is a saw (Chernick and Liu, American Statistician
56, 2002); what a stratum adds is its share of the variance (Cochran, Sampling Techniques, 1977, 5.5).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.errors import AnalysisError
from analysis.estimate import Estimate
from analysis.planning import ALPHA, POWER, decision_power, decision_size


class NothingToAsk(AnalysisError):
    """No stratum has anybody left to invite."""


@dataclass(frozen=True, slots=True)
class StratumSpread:
    """One stratum: population N_h, answers n_h, variance p(1-p) of the outcome in it, expected response rate, and the
    answers that were planned (None: no plan).
    """

    population: float
    n: int
    variance: float
    response_rate: float = 1.0
    planned: int | None = None

    def gain(self, total: float) -> float:
        """The drop of the estimate's variance that one more invitation can be expected to buy."""
        if self.n >= self.population:
            return 0.0
        drop = 1 / max(self.n, 0.5) - 1 / (max(self.n, 0.5) + 1)
        return (self.population / total) ** 2 * self.variance * drop * self.response_rate


def answers_needed(estimate: Estimate, target: float, power: float = POWER, alpha: float = ALPHA) -> int | None:
    """Give how many more answers a verdict would need, if the truth were the rate observed: n' d / (1 + n' d / N) - n.

    n' is the smallest exact size with that power, d the design effect without the finite population N = n / fraction
    (n' d - n without one). 0 when the interval decides already; None when no size would.
    """
    if estimate.census or estimate.low >= target or estimate.high < target:
        return 0
    size = decision_size(target, min(1.0, max(0.0, estimate.rate)), alpha, power)
    if size is None:
        return None
    endless = size.n * estimate.n / (estimate.n_effective * max(1 - estimate.fraction, 1e-9))
    wanted = endless / (1 + endless * estimate.fraction / estimate.n)
    return max(1, math.ceil(round(wanted - estimate.n, 6)))


def where_to_ask(strata: Mapping[str, StratumSpread]) -> list[tuple[str, float]]:
    """Order the strata by what one more invitation buys: W_h² S_h² (1/n_h - 1/(n_h+1)) r_h, largest first."""
    total = sum(s.population for s in strata.values())
    gains = [(name, s.gain(total)) for name, s in strata.items()]
    if not any(gain > 0 for _, gain in gains):
        raise NothingToAsk("every stratum is already observed whole: the rate has no sampling error left")
    return sorted(gains, key=lambda item: (-item[1], item[0]))


def power_now(estimate: Estimate, target: float, gap: float = 0.03, alpha: float = ALPHA) -> float:
    """Give the chance that this effective size shows a truth that lies `gap` above the target (at most 1)."""
    return decision_power(estimate.n_effective, target, min(1.0, target + gap), alpha)
