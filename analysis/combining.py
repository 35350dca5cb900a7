"""Figures made of published figures: rates put together with other weights, and how much a rate changed.

Only a rate and its effective size are needed of each part, so that nothing enters that was not published. Independent
parts (strata of their own, or samples of their own) have var = Σ W² p(1-p)/n* (Cochran 1977, 5.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import special

from analysis.errors import AnalysisError
from analysis.limits import clopper_pearson


class NothingToCombine(AnalysisError):
    """There is no part with a size and a weight."""


@dataclass(frozen=True, slots=True)
class Part:
    """A published rate with its effective size, and what it weighs in the whole."""

    rate: float
    n_effective: float
    weight: float


@dataclass(frozen=True, slots=True)
class Combined:
    """The rate of several parts together, with Clopper and Pearson's limits at its effective size."""

    rate: float
    low: float
    high: float
    n_effective: float


@dataclass(frozen=True, slots=True)
class Change:
    """A later rate less an earlier one, with limits; `shown` where these leave out no change at all."""

    difference: float
    low: float
    high: float

    @property
    def shown(self) -> bool:
        return self.low > 0 or self.high < 0


def combine(parts: Sequence[Part], confidence_level: float = 0.95) -> Combined:
    """Put independent rates together by their weights. The variance of a part is at least that of q = (n* p + 1) /
    (n* + 2), since a part where all are satisfied is not known without error. Raises `NothingToCombine`."""
    used = [each for each in parts if each.weight > 0 and each.n_effective > 0]
    if not used:
        raise NothingToCombine("No part has both a weight and an effective size above 0")
    rate, size, weight = (
        np.array([getattr(each, name) for each in used]) for name in ("rate", "n_effective", "weight")
    )
    share = weight / weight.sum()
    inside = (size * rate + 1) / (size + 2)
    variance = float(share**2 @ (np.maximum(rate * (1 - rate), inside * (1 - inside)) / size))
    centre, kept = float(share @ rate), float(share @ inside)
    effective = kept * (1 - kept) / variance
    low, high = clopper_pearson(centre, effective, confidence_level)
    return Combined(centre, float(low), float(high), effective)


def change(now: tuple[float, float, float], before: tuple[float, float, float]) -> Change:
    """The difference of two independent rates given as (rate, low, high), by squaring and adding the distances to their
    own limits (Newcombe, Statistics in Medicine 17, 1998, 873-890, method 10; Zou and Donner, ibid. 27, 2008)."""
    (p, p_low, p_high), (q, q_low, q_high) = now, before
    low = p - q - sqrt((p - p_low) ** 2 + (q_high - q) ** 2)
    high = p - q + sqrt((p_high - p) ** 2 + (q - q_low) ** 2)
    return Change(p - q, low, high)


def funnel_limits(centre: float, sizes: Sequence[float], confidence_level: float) -> list[tuple[float, float]]:
    """Between which rates a place of each effective size lies when its own rate is the centre: the quantiles of the
    binomial, between whole numbers of answers (Spiegelhalter, Statistics in Medicine 24, 2005, 1185-1202, A.1.1)."""
    tail = (1 - confidence_level) / 2
    return [(_quantile(centre, size, tail), _quantile(centre, size, 1 - tail)) for size in sizes]


def _quantile(p: float, n: float, share: float) -> float:
    """r/n where P(X <= r) reaches the share, drawn back by how far it goes past it."""
    low, high = -1.0, n
    for _ in range(60):
        middle = (low + high) / 2
        below = float(special.betainc(n - middle, middle + 1, 1 - p)) if middle < n else 1.0
        low, high = (middle, high) if below < share else (low, middle)
    return min(1.0, max(0.0, high / n))
