"""Call-backs: how many calls exclude how much fabrication, and what their results say (in the spirit of a
risk-limiting audit: Lindeman and Stark, IEEE Security and Privacy 10, 2012)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from analysis.errors import AnalysisError

CONTRADICTED = ("denied", "different")


class BadCallback(AnalysisError):
    """A share or a confidence level is not strictly between 0 and 1."""


@dataclass(frozen=True, slots=True)
class CallbackRate:
    """Of `reached` people, `contradicted` did not answer or did not say that; exact two-sided interval of the rate, and
    the share that the calls exclude (one-sided upper limit). None where nobody was reached."""

    reached: int
    contradicted: int
    rate: float | None
    low: float
    high: float
    excluded_above: float


def calls_needed(exclusion_level: float, confidence: float = 0.95) -> int:
    """Fewest calls that, all confirmed, exclude fabrication of this share or more: 1 - (1 - p)^n >= confidence."""
    for value in (exclusion_level, confidence):
        if not 0 < value < 1:
            raise BadCallback(f"{value} is not between 0 and 1: write five per cent as 0.05")
    n = math.ceil(math.log1p(-confidence) / math.log1p(-exclusion_level) - 1e-9)
    return max(1, n)


def callback_rate(reached: int, contradicted: int, confidence: float = 0.95) -> CallbackRate:
    """The rate of contradicted answers with the exact interval (Clopper and Pearson, Biometrika 26, 1934)."""
    tail = (1 - confidence) / 2
    return CallbackRate(
        reached,
        contradicted,
        contradicted / reached if reached else None,
        _low(contradicted, reached, tail),
        _high(contradicted, reached, tail),
        _high(contradicted, reached, 1 - confidence),
    )


def _low(x: int, n: int, tail: float) -> float:
    return float(special.betaincinv(x, n - x + 1, tail)) if x > 0 else 0.0


def _high(x: int, n: int, tail: float) -> float:
    return float(special.betaincinv(x + 1, n - x, 1 - tail)) if x < n else 1.0
