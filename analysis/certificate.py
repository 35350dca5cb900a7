"""What the interval of this very design really covers: the design is drawn again thousands of times.

Every stratum with its population, answers and weights is simulated at a known truth; the certificate says how often
the interval held it and how often a verdict of "met" would have been false. Same seed, same certificate anywhere.

Coverage by simulation of the finite population, as in Franco, Little, Louis and Slud (J. Survey Statistics and
Methodology 7, 2019), but of one's own sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from analysis.chance import Chance
from analysis.errors import AnalysisError
from analysis.limits import guarded_intervals

Floats: TypeAlias = NDArray[np.float64]

DRAWS = 5000
LEAST_COVERAGE = 0.94
BLOCK = 2_000_000  # numbers held at once


class BadCertificate(AnalysisError):
    """The strata of the design to be simulated contradict one another."""


@dataclass(frozen=True, slots=True)
class SimulatedDesign:
    """One entry per class of answers: its stratum, answers, weight; and each stratum's population in its classes.

    `population` repeats N_h for every class of stratum h; without it draws are with replacement.
    """

    stratum: NDArray[np.int64]
    n: NDArray[np.int64]
    weight: Floats
    population: Floats | None = None

    @classmethod
    def read(
        cls, stratum: ArrayLike, n: ArrayLike, weight: ArrayLike, population: ArrayLike | None = None
    ) -> SimulatedDesign:
        codes = np.unique(np.asarray(stratum), return_inverse=True)[1].astype(np.int64)
        sizes = np.asarray(n, dtype=np.int64)
        weights = np.asarray(weight, dtype=float)
        whole = None if population is None else np.asarray(population, dtype=float)
        if len({each.shape for each in (codes, sizes, weights, whole) if each is not None}) > 1:
            raise BadCertificate("stratum, n, weight and population need one entry each per class of answers")
        design = cls(codes, sizes, weights, whole)
        if not (design.n > 0).all() or not (design.weight > 0).all():
            raise BadCertificate("every class of answers needs n and a weight above 0: drop the empty ones")
        if whole is not None and (design.answers[codes] > whole).any():
            raise BadCertificate("a stratum has more answers than its population: check the frame")
        return design

    @property
    def answers(self) -> Floats:
        return np.asarray(np.bincount(self.stratum, self.n.astype(float)), dtype=float)

    @property
    def fraction(self) -> Floats:
        """f_h, one per stratum."""
        if self.population is None:
            return np.zeros(self.answers.size)
        population = np.zeros(self.answers.size)
        population[self.stratum] = self.population
        return np.asarray(self.answers / population)

    @property
    def kish_deff(self) -> float:
        squares = self.n * self.weight**2
        return float(self.n.sum() * squares.sum() * (1 - self.observed) / (self.n * self.weight).sum() ** 2)

    @property
    def observed(self) -> float:
        """Share of the population that the sample holds, Σ f w² / Σ w²."""
        squares = self.n * self.weight**2
        return float((self.fraction[self.stratum] * squares).sum() / squares.sum())


@dataclass(frozen=True, slots=True)
class Certificate:
    """Shares of the draws: the interval held the truth; its lower limit passed the truth (a false "met" if the truth
    lies at the target); its upper limit fell short; and the mean width.
    """

    truth: float
    coverage: float
    false_met: float
    false_not_met: float
    mean_width: float
    draws: int

    @property
    def sufficient(self) -> bool:
        return self.coverage >= LEAST_COVERAGE


def certify(
    design: SimulatedDesign,
    truth: float,
    *,
    seed: str | int = "certificate",
    draws: int = DRAWS,
    rates: ArrayLike | None = None,
    confidence_level: float = 0.95,
) -> Certificate:
    """Simulate the guarded interval of a design at a truth (the target, or the estimate).

    All strata share the rate `truth`, unless `rates` gives each class its own: these are then moved together on the
    logit until their weighted mean is `truth`. Strata without replacement are hypergeometric.
    """
    if not 0 < truth < 1:
        raise BadCertificate("simulate at a truth strictly between 0 and 1, the target for instance")
    own = np.full(design.n.size, truth) if rates is None else _move_to(np.asarray(rates, dtype=float), design, truth)
    tables, aim = _tabulate(design, own)
    counts = _draw_counts(tables, Chance(seed), draws)
    low, high = _intervals(design, counts, confidence_level)
    held = (low <= aim + 1e-12) & (high >= aim - 1e-12)
    above, below = float((low > aim + 1e-12).mean()), float((high < aim - 1e-12).mean())
    return Certificate(aim, float(held.mean()), above, below, float((high - low).mean()), draws)


def _tabulate(design: SimulatedDesign, rates: Floats) -> tuple[list[Floats], float]:
    """Each class's distribution function of satisfied answers, and the population's exact rate."""
    total = design.n * design.weight
    if design.population is None:
        tables = [_binomial(int(n), float(p)) for n, p in zip(design.n, rates, strict=True)]
        return tables, float((total * rates).sum() / total.sum())
    share = design.n / design.answers[design.stratum]
    people = np.maximum(design.n, np.rint(design.population * share)).astype(np.int64)
    satisfied = np.rint(people * rates).astype(np.int64)
    tables = [
        _hypergeometric(int(n), int(k), int(size)) for n, k, size in zip(design.n, satisfied, people, strict=True)
    ]
    return tables, float((total * satisfied / people).sum() / total.sum())


def _draw_counts(tables: list[Floats], chance: Chance, draws: int) -> NDArray[np.int64]:
    counts = np.empty((len(tables), draws), dtype=np.int64)
    for row, table in enumerate(tables):
        counts[row] = np.searchsorted(table[:-1], chance.uniforms(draws), side="right")
    return counts


def _intervals(design: SimulatedDesign, counts: NDArray[np.int64], confidence_level: float) -> tuple[Floats, Floats]:
    total = float((design.n * design.weight).sum())
    group, fraction = _group_strata(design)
    step = max(1, BLOCK // len(counts))
    blocks = [counts[:, start : start + step] for start in range(0, counts.shape[1], step)]
    rate = np.concatenate([design.weight @ block / total for block in blocks])
    variance = np.concatenate([_variance(design, block, total, group, fraction) for block in blocks])
    low, high, _ = guarded_intervals(
        rate=rate,
        variance=variance,
        n=float(design.n.sum()),
        successes=counts.sum(axis=0),
        df=float(design.n.sum() - fraction.size),
        kish_deff=design.kish_deff,
        census=bool((design.fraction >= 1).all()),
        confidence_level=confidence_level,
        fraction=design.observed,
    )
    return low, high


def _group_strata(design: SimulatedDesign) -> tuple[NDArray[np.int64], Floats]:
    """The group of each class and each group's sampling fraction: strata of one answer are collapsed into one."""
    lonely = design.answers == 1
    own = np.where(lonely, design.answers.size, np.arange(design.answers.size))
    group = np.unique(own, return_inverse=True)[1].astype(np.int64)
    fraction = np.bincount(group, design.fraction) / np.bincount(group)
    return group[design.stratum], fraction


def _variance(
    design: SimulatedDesign, counts: NDArray[np.int64], total: float, group: NDArray[np.int64], fraction: Floats
) -> Floats:
    """Give Σ (1-f_h) n_h/(n_h-1) [Q_h - S_h²/n_h] of the linearised values, one per column of counts.

    A group that is left with one answer is centred on the whole sample, as R's "adjust" does.
    """
    w, n = design.weight[:, None] / total, design.n[:, None].astype(float)
    rate = (w * counts).sum(axis=0)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(fraction.size))
    first = np.add.reduceat((w * (counts - n * rate))[order], starts)
    second = np.add.reduceat((w * w * (counts * (1 - 2 * rate) + n * rate * rate))[order], starts)
    size = np.bincount(group, design.n.astype(float))[:, None]
    scale = (1 - fraction[:, None]) * size / np.maximum(size - 1, 1.0)
    centred = np.where(size > 1, second - first * first / size, second)
    return np.asarray(np.maximum(0.0, (scale * centred).sum(axis=0)))


def _move_to(rates: Floats, design: SimulatedDesign, truth: float) -> Floats:
    weight = design.n * design.weight / (design.n * design.weight).sum()
    logits = special.logit(np.clip(rates, 0.01, 0.99))
    low, high = -20.0, 20.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if float(weight @ special.expit(logits + middle)) < truth else (low, middle)
    return np.asarray(special.expit(logits + high))


def _binomial(n: int, p: float) -> Floats:
    return np.asarray(special.bdtr(np.arange(n + 1.0), n, p))


def _hypergeometric(n: int, satisfied: int, population: int) -> Floats:
    x = np.arange(n + 1.0)
    inside = (x <= satisfied) & (n - x <= population - satisfied)
    safe = np.where(inside, x, max(0.0, float(n - (population - satisfied))))
    logs = _log_choose(satisfied, safe) + _log_choose(population - satisfied, n - safe)
    chance = np.where(inside, np.exp(logs - _log_choose(population, np.asarray(float(n)))), 0.0)
    return np.asarray(np.minimum(1.0, np.cumsum(chance)))


def _log_choose(n: int, k: Floats) -> Floats:
    return np.asarray(special.gammaln(n + 1.0) - special.gammaln(k + 1.0) - special.gammaln(n - k + 1.0))
