"""League tables that say how sure they are: confidence sets for ranks, and bars whose overlap means something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from analysis.chance import Chance
from analysis.errors import AnalysisError

Floats: TypeAlias = NDArray[np.float64]
Pairs: TypeAlias = NDArray[np.bool_]

DRAWS = 2000
BLOCK = 250


class BadRanking(AnalysisError):
    """The rates and their covariance do not fit together."""


@dataclass(frozen=True, slots=True)
class RankSet:
    """Ranks (1 is the best) that a unit may have, all units' sets holding together at the confidence level."""

    name: str
    rate: float
    best: int
    worst: int
    third: str = ""

    @property
    def size(self) -> int:
        return self.worst - self.best + 1


def rank_sets(
    names: Sequence[str],
    rates: ArrayLike,
    covariance: ArrayLike,
    *,
    seed: str | int = "ranks",
    confidence_level: float = 0.95,
    draws: int = DRAWS,
) -> list[RankSet]:
    """Give simultaneous confidence sets for the ranks of all units (Mogstad, Romano, Shaikh and Wilhelm, Review of
    Economic Studies 91, 2024, 476-518): all pairwise differences at once, by the step-down max-|t| of the estimates'
    normal distribution. `covariance` is the full matrix, or the variances of independent estimates.

    `third` is "best", "worst" or "" where the set lies wholly in that third of the table.
    """
    rate, matrix = np.asarray(rates, dtype=float), _matrix(covariance)
    count = rate.size
    if not (np.isfinite(rate).all() and np.isfinite(matrix).all()):
        raise BadRanking("a rate or a covariance is missing: leave units without an estimate out of the table")
    if len(names) != count or matrix.shape != (count, count):
        raise BadRanking(f"{len(names)} names, {count} rates and a covariance of {matrix.shape} do not fit together")
    if (np.diag(matrix) < 0).any():
        raise BadRanking("a variance below 0 is none: give the covariance of the rates, or their variances")
    differs = _find_differences(rate, matrix, seed, 1 - confidence_level, draws)
    higher = rate[None, :] > rate[:, None]
    best = 1 + (differs & higher).sum(axis=1)
    worst = count - (differs & ~higher).sum(axis=1)
    return [
        RankSet(str(names[i]), float(rate[i]), int(best[i]), int(worst[i]), _third(int(best[i]), int(worst[i]), count))
        for i in range(count)
    ]


def comparison_factor(se: ArrayLike, error: float = 0.05) -> float:
    """Give b such that bars of b standard errors overlap, on average over pairs, with `error` (Goldstein and Healy,
    JRSS A 158, 1995, 175-177): mean of 2 Φ(-b (s_i + s_j) / sqrt(s_i² + s_j²)).
    """
    s = np.asarray(se, dtype=float)
    if s.size < 2 or not (s > 0).all():
        raise BadRanking("bars compare at least two units with standard errors above 0")
    if not 0 < error < 1:
        raise BadRanking(f"error is {error}: the share of pairs that may seem to differ by chance, such as 0.05")
    i, j = np.triu_indices(s.size, 1)
    ratio = (s[i] + s[j]) / np.hypot(s[i], s[j])
    low, high = 0.0, 10.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if float(2 * special.ndtr(-middle * ratio).mean()) > error else (low, middle)
    return (low + high) / 2


def _find_differences(rate: Floats, matrix: Floats, seed: str | int, alpha: float, draws: int) -> Pairs:
    """Pairs whose difference is shown; each step judges the pairs left by the largest |t| among themselves."""
    spread = np.sqrt(np.maximum(0.0, np.add.outer(np.diag(matrix), np.diag(matrix)) - 2 * matrix))
    distance = np.abs(rate[:, None] - rate[None, :])
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(spread > 0, distance / spread, np.where(distance > 0, np.inf, 0.0))
    noise = Chance(seed).normals(draws, rate.size) @ _root(matrix).T
    left = (spread > 0) & np.triu(np.ones_like(spread, dtype=bool), 1)
    shown = np.triu((spread <= 0) & (distance > 0), 1)
    while left.any():
        critical = float(np.quantile(_largest(noise, spread, left), 1 - alpha, method="higher"))
        found = left & (t > critical)
        if not found.any():
            break
        shown, left = shown | found, left & ~found
    return np.asarray(shown | shown.T)


def _largest(noise: Floats, spread: Floats, pairs: Pairs) -> Floats:
    i, j = np.nonzero(pairs)
    scale = 1 / spread[i, j]
    blocks = (noise[start : start + BLOCK] for start in range(0, len(noise), BLOCK))
    return np.concatenate([(np.abs(b[:, i] - b[:, j]) * scale).max(axis=1) for b in blocks])


def _root(matrix: Floats) -> Floats:
    """A square root that also serves singular matrices (domains whose rates are tied by calibration)."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _matrix(covariance: ArrayLike) -> Floats:
    matrix = np.asarray(covariance, dtype=float)
    return np.diag(matrix) if matrix.ndim == 1 else matrix


def _third(best: int, worst: int, count: int) -> str:
    if 3 * worst <= count:
        return "best"
    return "worst" if 3 * (best - 1) >= 2 * count else ""
