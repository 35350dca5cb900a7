"""Limits that hold at every look at once, for pages that show a rate while its answers still come in."""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy import special

from analysis.errors import AnalysisError

HALVINGS = 100
NEAR_EDGE = 1e-12


class BadSequence(AnalysisError):
    """The counts, the prior or the level of a confidence sequence are outside their range."""


def confidence_sequence(
    successes: float, n: float, prior: tuple[float, float] = (9.0, 1.0), confidence_level: float = 0.95
) -> tuple[float, float]:
    """Give the limits {p : log B(x+a, n-x+b) - log B(a,b) - x log p - (n-x) log(1-p) < log(1/alpha)}.

    The beta-binomial mixture of Robbins (Annals of Mathematical Statistics 41, 1970); Howard, Ramdas, McAuliffe and
    Sekhon (Annals of Statistics 49, 2021). Exact for independent answers at every stopping time; `prior` says where
    it is tightest (9, 1: near 0.9). Counts may be effective ones (n*, n* p) when the answers are weighted.
    """
    a, b = prior
    if not (0 <= successes <= n and n > 0 and a > 0 and b > 0 and 0 < confidence_level < 1):
        raise BadSequence("a sequence needs 0 <= successes <= n, n > 0, a prior above 0 and a level between 0 and 1")
    alpha = 1 - confidence_level
    mixture = float(special.betaln(successes + a, n - successes + b) - special.betaln(a, b)) + math.log(alpha)

    def evidence(p: float) -> float:
        return mixture - float(special.xlogy(successes, p)) - float(special.xlog1py(n - successes, -p))

    centre = min(max(successes / n, NEAR_EDGE), 1 - NEAR_EDGE)
    low = 0.0 if successes == 0 else _cross(evidence, centre, 0.0)
    high = 1.0 if successes == n else _cross(evidence, centre, 1.0)
    return low, high


def asymptotic_sequence(
    rate: float, n_effective: float, tuned_at: float = 300.0, confidence_level: float = 0.95
) -> tuple[float, float]:
    """Give p ± s sqrt(2 (n r² + 1) / (n² r²) log(sqrt(n r² + 1) / alpha)) for weighted answers, clipped to 0..1.

    Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (Annals of Statistics 52, 2024), tightest after `tuned_at`
    effective answers. s² = q(1-q) with q = (n p + 1) / (n + 2), so that it does not vanish at 0 or 1.
    """
    if not (0 <= rate <= 1 and n_effective > 0 and tuned_at > 0 and 0 < confidence_level < 1):
        raise BadSequence("a sequence needs a rate in 0..1, an effective size above 0 and a level between 0 and 1")
    log_alpha = -2 * math.log(1 - confidence_level)
    width = n_effective * (log_alpha + math.log(log_alpha) + 1) / tuned_at
    shrunk = (n_effective * rate + 1) / (n_effective + 2)
    factor = 2 * (width + 1) / (n_effective * width) * (0.5 * math.log(width + 1) + 0.5 * log_alpha)
    half = math.sqrt(shrunk * (1 - shrunk) * factor)
    return max(0.0, rate - half), min(1.0, rate + half)


def _cross(evidence: Callable[[float], float], inside: float, outside: float) -> float:
    """Bisect for the p where the evidence against it reaches zero, starting from one that is not rejected."""
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if evidence(middle) < 0 else (inside, middle)
    return (inside + outside) / 2
