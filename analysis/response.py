"""Nonresponse: how many answered, whether they are like those who did not, what would overturn a rate.

AAPOR Standard Definitions; Manski, American Economic Review 80, 1990 (bounds); the functions name the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.errors import AnalysisError

Floats: TypeAlias = NDArray[np.float64]


class BadResponse(AnalysisError):
    """Counts of responses and invitations contradict one another."""


@dataclass(frozen=True, slots=True)
class Dispositions:
    """Final outcomes of the invited, in the words of AAPOR's Standard Definitions: counts."""

    complete: int
    partial: int = 0
    refusal: int = 0
    noncontact: int = 0
    other: int = 0
    unknown_household: int = 0
    unknown_other: int = 0
    eligible_share: float = 1.0

    def __post_init__(self) -> None:
        counts = (self.complete, self.partial, self.refusal, self.noncontact, self.other, self.unknown)
        if min(counts) < 0 or not 0 <= self.eligible_share <= 1:
            raise BadResponse("dispositions are counts of at least 0, and eligible_share a share between 0 and 1")
        if self.known == 0:
            raise BadResponse("nobody of known eligibility was invited: there is no response rate")

    @property
    def known(self) -> int:
        return self.complete + self.partial + self.refusal + self.noncontact + self.other

    @property
    def unknown(self) -> int:
        return self.unknown_household + self.unknown_other


@dataclass(frozen=True, slots=True)
class Representativity:
    """R-indicator, its ingredients, and the variables that spoil it."""

    indicator: float
    spread: float
    cv: float
    response_rate: float
    partials: Mapping[str, float]
    conditional: Mapping[str, float]
    categories: Mapping[str, Mapping[str, float]]

    def largest_bias(self, sd: float) -> float:
        """The most that nonresponse along these variables can shift a mean whose standard deviation is `sd`."""
        return self.cv * sd


@dataclass(frozen=True, slots=True)
class TippingPoints:
    """What those who did not answer would have to be like for the rate to equal the target.

    `silent_rate`: their own rate (outside 0..1: impossible). `correlation`: Meng's data defect correlation between
    answering and being satisfied. `lowest`, `highest`: the rate if all, or none, of them were dissatisfied.
    """

    silent_rate: float
    correlation: float
    lowest: float
    highest: float
    possible: bool = field(default=True)


def response_rates(outcome: Dispositions) -> dict[str, float]:
    """Give RR1 to RR6 (AAPOR, Standard Definitions, 10th edition, 2023): partials count in the even ones, the unknown
    count fully in RR1-2, at their eligible share in RR3-4 and not at all in RR5-6.
    """
    whole, some = float(outcome.complete), float(outcome.complete + outcome.partial)
    bases = [outcome.known + share * outcome.unknown for share in (1.0, outcome.eligible_share, 0.0)]
    names = ("RR1", "RR2", "RR3", "RR4", "RR5", "RR6")
    return dict(zip(names, (count / base for base in bases for count in (whole, some)), strict=True))


def representativity(
    invited: ArrayLike, responded: ArrayLike, labels: Mapping[str, ArrayLike] | None = None
) -> Representativity:
    """Give the R-indicator R = 1 - 2 S(ρ) of response rates over cells, and partial indicators of `labels`.

    `invited`, `responded`: counts per cell (any shape); `labels`: a variable's name to its category in each cell.
    S² = Σ n (ρ - ρ̄)² / (N - 1); unconditional partials P_u(k) = sqrt(Σ_k n_k/N (ρ_k - ρ̄)²), and per category
    sqrt(n_k/N) (ρ_k - ρ̄); conditional partials P_c = sqrt(Σ n (ρ - ρ̄_l)² / (N - 1)), l the classes of all the other
    variables: what remains of S when these are held. Schouten, Cobben and Bethlehem (Survey Methodology 35, 2009,
    101-113); Schouten, Shlomo and Skinner (J. Official Statistics 27, 2011, 231-253).
    """
    n, r = np.asarray(invited, dtype=float).ravel(), np.asarray(responded, dtype=float).ravel()
    if n.shape != r.shape or not ((r >= 0) & (r <= n)).all() or n.sum() < 2 or r.sum() == 0:
        raise BadResponse("every cell needs 0 <= responded <= invited, two invited and one response in all")
    if wrong := [name for name, values in (labels or {}).items() if np.size(values) != n.size]:
        raise BadResponse(f"{wrong[0]} must name one category for each of the {n.size} cells")
    n, r, kept = n[n > 0], r[n > 0], n > 0
    total, mean = n.sum(), r.sum() / n.sum()
    spread = math.sqrt(float((n * (r / n - mean) ** 2).sum()) / (total - 1))
    codes = {name: np.asarray(values).ravel()[kept] for name, values in (labels or {}).items()}
    categories = {name: _category_gaps(n, r, values) for name, values in codes.items()}
    return Representativity(
        indicator=1 - 2 * spread,
        spread=spread,
        cv=spread / mean,
        response_rate=float(mean),
        partials={name: math.hypot(*gaps.values()) for name, gaps in categories.items()},
        conditional={name: _conditional(n, r, [v for other, v in codes.items() if other != name]) for name in codes},
        categories=categories,
    )


def coverage_bounds(rate: float, coverage: float) -> tuple[float, float]:
    """Give [C p, C p + 1 - C]: the whole population's rate when strata without answers hold the share 1 - C of it."""
    if not (0 <= rate <= 1 and 0 <= coverage <= 1):
        raise BadResponse("rate and coverage must be shares between 0 and 1")
    return coverage * rate, coverage * rate + 1 - coverage


def tipping_points(rate: float, target: float, response_rate: float) -> TippingPoints:
    """Say what nonrespondents would have to be like for the true rate to equal the target.

    silent rate (T - r p) / (1 - r); correlation (p - T) sqrt(r / (1 - r)) / sqrt(p (1 - p)) (Meng, Annals of Applied
    Statistics 12, 2018, 685-726); bounds [r p, r p + 1 - r] (Manski, American Economic Review 80, 1990).
    """
    if not (0 < response_rate < 1 and 0 <= rate <= 1 and 0 < target < 1):
        raise BadResponse("tipping points need a response rate and a target strictly between 0 and 1")
    silent = (target - response_rate * rate) / (1 - response_rate)
    spread = math.sqrt(rate * (1 - rate))
    gap = (rate - target) * math.sqrt(response_rate / (1 - response_rate))
    correlation = gap / spread if spread else math.copysign(math.inf, gap)
    lowest = response_rate * rate
    return TippingPoints(silent, correlation, lowest, lowest + 1 - response_rate, 0 <= silent <= 1)


def self_selected_size(fraction: float, correlation: float) -> float:
    """Give the random answers worth as much as a self-selected share of all users: f / ((1 - f) ρ²) (Meng 2018)."""
    if not 0 < fraction < 1 or not 0 < abs(correlation) <= 1:
        raise BadResponse("the share who answered and the correlation must lie strictly between 0 and 1")
    return fraction / ((1 - fraction) * correlation**2)


def _conditional(n: Floats, r: Floats, others: Sequence[NDArray[np.object_]]) -> float:
    names = [tuple(row) for row in zip(*others, strict=True)] if others else [()] * n.size
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    group = np.array([places[name] for name in names])
    mean = (np.bincount(group, r) / np.bincount(group, n))[group]
    return math.sqrt(float((n * (r / n - mean) ** 2).sum()) / (n.sum() - 1))


def _category_gaps(n: Floats, r: Floats, category: NDArray[np.object_]) -> dict[str, float]:
    total, mean = n.sum(), r.sum() / n.sum()
    gaps = {}
    for value in sorted(set(category.tolist())):
        inside = category == value
        size = n[inside].sum()
        gaps[str(value)] = math.sqrt(size / total) * float(r[inside].sum() / size - mean)
    return gaps
