"""What the interval of a clustered design really covers: its clusters are drawn again thousands of times.

Their own rates are scattered as the intra-cluster correlation says, by a beta-binomial model (Williams, Biometrics 31,
1975, 949-952); answers and weights are the design's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.certificate import DRAWS, BadCertificate, Certificate
from analysis.chance import Chance
from analysis.limits import guarded_intervals

Floats: TypeAlias = NDArray[np.float64]

CHUNK = 500  # answers whose binomial is counted up from zero at once
LARGEST_RHO = 0.99


@dataclass(frozen=True, slots=True)
class ClusteredDesign:
    """One entry per class of answers: code of its cluster, answers, weight; and each cluster's stratum.

    `rho` is the intra-cluster correlation of the outcome, 0 <= rho < 1; `pooled_deff` the whole survey's design effect,
    which steadies the interval of a domain (None: of the survey itself). Finite populations are left out, of the truth
    and of the interval alike.
    """

    cluster: NDArray[np.int64]
    n: NDArray[np.int64]
    weight: Floats
    stratum: NDArray[np.int64]
    rho: float
    pooled_deff: float | None = None

    def __post_init__(self) -> None:
        if not (self.n > 0).all() or not (self.weight > 0).all():
            raise BadCertificate("every class of answers needs n and a weight above 0: drop the empty ones")
        if not 0 <= self.rho < 1:
            raise BadCertificate(f"rho is {self.rho}: an intra-cluster correlation lies in 0 <= rho < 1")

    @property
    def kish_deff(self) -> float:
        return float(self.n.sum() * (self.n * self.weight**2).sum() / (self.n * self.weight).sum() ** 2)

    @property
    def df(self) -> int:
        return len(self.stratum) - len(np.unique(self.stratum))


def find_rho(deff: float, kish_deff: float, sizes: Floats) -> float:
    """Intra-cluster correlation from deff = d_K (1 + (b - 1) ρ), b = Σ n_j² / n (Kish 1965, 5.4), kept in 0..0.99."""
    take = float((sizes**2).sum() / sizes.sum())
    if take <= 1:
        return 0.0
    return min(LARGEST_RHO, max(0.0, (deff / kish_deff - 1) / (take - 1)))


def certify_clusters(
    design: ClusteredDesign,
    truth: float,
    *,
    seed: str | int = "certificate",
    draws: int = DRAWS,
    confidence_level: float = 0.95,
) -> Certificate:
    """Simulate the guarded interval of a clustered design at a truth, the target say; all strata share it.

    Raises BadCertificate for a truth of 0 or 1.
    """
    if not 0 < truth < 1:
        raise BadCertificate("simulate at a truth strictly between 0 and 1, the target for instance")
    counts = draw_counts(design, truth, Chance(seed), draws)
    low, high = limit(design, counts, confidence_level)
    held = (low <= truth + 1e-12) & (high >= truth - 1e-12)
    above, below = float((low > truth + 1e-12).mean()), float((high < truth - 1e-12).mean())
    return Certificate(truth, float(held.mean()), above, below, float((high - low).mean()), draws)


def draw_counts(design: ClusteredDesign, truth: float, chance: Chance, draws: int) -> NDArray[np.int64]:
    """Satisfied answers (classes x draws): each cluster gets a rate from Beta, each class a binomial at that rate."""
    rates = np.full((len(design.stratum), draws), truth)
    if design.rho > 0:
        spread = (1 - design.rho) / design.rho
        own = special.betaincinv(truth * spread, (1 - truth) * spread, chance.uniforms(*rates.shape))
        rates = np.clip(own, 1e-12, 1 - 1e-12)
    counts = np.zeros((len(design.n), draws), dtype=np.int64)
    for row, (cluster, n) in enumerate(zip(design.cluster, design.n, strict=True)):
        for start in range(0, int(n), CHUNK):
            counts[row] += _binomial(min(CHUNK, int(n) - start), rates[cluster], chance.uniforms(draws))
    return counts


def limit(design: ClusteredDesign, counts: NDArray[np.int64], confidence_level: float) -> tuple[Floats, Floats]:
    """Limits that `rate` would give for each draw (column of counts)."""
    w, n = design.weight[:, None], design.n[:, None]
    total = float((design.n * design.weight).sum())
    rate = (w * counts).sum(axis=0) / total
    low, high, _ = guarded_intervals(
        rate=rate,
        variance=_variance(design, w * (counts - n * rate) / total),
        n=float(design.n.sum()),
        successes=counts.sum(axis=0),
        df=float(design.df),
        kish_deff=design.kish_deff,
        confidence_level=confidence_level,
        pooled_deff=design.pooled_deff,
    )
    return low, high


def _variance(design: ClusteredDesign, residuals: Floats) -> Floats:
    """Σ_h n_h/(n_h-1) [Σ z² - (Σ z)²/n_h] of the clusters' totals; a lonely cluster's z² itself (R's "adjust")."""
    totals = _sum_groups(design.cluster, residuals, len(design.stratum))
    _, stratum = np.unique(design.stratum, return_inverse=True)
    held = np.bincount(stratum).astype(np.float64)[:, None]
    sums = _sum_groups(stratum, totals, len(held))
    squares = _sum_groups(stratum, totals**2, len(held))
    spread = np.where(held > 1, held / np.maximum(held - 1, 1) * (squares - sums**2 / held), squares)
    return np.asarray(np.maximum(0.0, spread.sum(axis=0)))


def _sum_groups(group: NDArray[np.int64], values: Floats, size: int) -> Floats:
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(size))
    return np.asarray(np.add.reduceat(values[order], starts, axis=0))


def _binomial(n: int, rates: Floats, uniforms: Floats) -> NDArray[np.int64]:
    """The smallest k with P(X <= k) >= u, for each rate; counted from the rarer side, where nothing underflows."""
    rare = np.minimum(rates, 1 - rates)
    odds, term = rare / (1 - rare), (1 - rare) ** n
    reached, count = term.copy(), np.zeros(len(rates), dtype=np.int64)
    for k in range(n):
        more = uniforms > reached
        if not more.any():
            break
        count += more
        term = term * odds * ((n - k) / (k + 1))
        reached += term
    return np.where(rates > 0.5, n - count, count)
