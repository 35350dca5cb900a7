"""Simulated surveys for the coverage study: finite populations, their samples, and the statistics of each sample."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats: TypeAlias = NDArray[np.float64]
Counts: TypeAlias = NDArray[np.int64]

SIZES = (5, 10, 20, 40, 60)
RATES = (0.85, 0.9, 0.95, 0.97, 0.99)
ALLOCATIONS = ("equal", "proportional", "one to three", "nonresponse")
SPREADS = (1.5, 2.5)
TIES = (-1, 0, 1)
CLASS_SHARES = np.array([0.35, 0.4, 0.25])
CLASS_RESPONSE = np.array([0.4, 0.65, 0.85])
CLASS_LOGITS = np.array([-0.25, 0.0, 0.25])
POOLED_FROM = 20


@dataclass(frozen=True)
class Samples:
    """The sufficient statistics of many samples of one design; the arrays have one entry per sample."""

    rate: Floats
    variance: Floats
    n: Floats
    successes: Floats
    df: Floats
    kish_deff: Floats
    fraction: Floats
    rare_squares: Floats
    largest_share: Floats
    pooled_deff: float | None = None


Setting: TypeAlias = Callable[[int], tuple[float, Samples]]


def stratified_settings(count: int, seed: int) -> Iterator[Setting]:
    """Allocations, numbers of strata and rates in full cross (100), thinned evenly to `count`."""
    grid = list(itertools.product(ALLOCATIONS, SIZES, RATES))
    for number in np.linspace(0, len(grid) - 1, count).round().astype(int):
        allocation, strata, rate = grid[number]
        yield _stratified(np.random.default_rng([seed, 1, number]), allocation, strata, rate, spread=0.5, tie=0)


def adversarial_settings(count: int, seed: int) -> Iterator[Setting]:
    """Strata whose rates lie far apart and rise (tie 1) or fall (-1) with their size (240 in all)."""
    grid = list(itertools.product(ALLOCATIONS, SIZES, (0.85, 0.9), SPREADS, TIES))
    for number in np.linspace(0, len(grid) - 1, count).round().astype(int):
        allocation, strata, rate, spread, tie = grid[number]
        yield _stratified(np.random.default_rng([seed, 2, number]), allocation, strata, rate, spread, tie)


def cluster_settings(seed: int) -> Iterator[Setting]:
    grid = itertools.product((6, 10, 20, 30), (5, 10), (0.02, 0.05, 0.15), (0.85, 0.9, 0.95))
    for number, (clusters, take, rho, rate) in enumerate(grid):
        yield _clustered(np.random.default_rng([seed, 3, number]), clusters, take, rho, rate)


def _stratified(
    rng: np.random.Generator, allocation: str, strata: int, rate: float, spread: float, tie: int
) -> Setting:
    population = np.maximum(4, np.rint(rng.lognormal(5, 1, strata))).astype(np.int64)
    logits = spread * _tied_noise(rng, population, tie)
    n = _allocate(rng, allocation, population)
    if allocation == "nonresponse":
        return lambda samples: _with_nonresponse(rng, population, logits, rate, n, samples)
    satisfied = _satisfied(population, logits, rate)
    truth = float(satisfied.sum() / population.sum())
    return lambda samples: (truth, _without_nonresponse(rng, population, satisfied, n, samples))


def _tied_noise(rng: np.random.Generator, population: Counts, tie: int) -> Floats:
    noise = rng.normal(size=population.size)
    return np.sort(tie * noise)[np.argsort(np.argsort(tie * population))] if tie else noise


def _satisfied(population: Counts, logits: Floats, rate: float) -> Counts:
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        reached = float(population @ special.expit(logits + middle)) / population.sum() >= rate
        low, high = (low, middle) if reached else (middle, high)
    return np.asarray(np.rint(population * special.expit(logits + high)), dtype=np.int64)


def _allocate(rng: np.random.Generator, allocation: str, population: Counts) -> Counts:
    if allocation == "one to three":
        return np.minimum(population, rng.integers(1, 4, population.size))
    n = float(np.exp(rng.uniform(np.log(15), np.log(600))))
    share = np.full(population.size, 1 / population.size) if allocation == "equal" else population / population.sum()
    least = 1 if n < 2 * population.size else 2
    return np.minimum(population, np.maximum(least, np.rint(n * share))).astype(np.int64)


def _without_nonresponse(
    rng: np.random.Generator, population: Counts, satisfied: Counts, n: Counts, samples: int
) -> Samples:
    x = rng.hypergeometric(satisfied, population - satisfied, n, (samples, n.size)).astype(float)
    sizes = np.broadcast_to(n, x.shape).astype(float)
    weight = np.broadcast_to(population / n, x.shape)
    return _moments(x[:, :, None], sizes[:, :, None], weight[:, :, None], sizes, sizes / population)


def _with_nonresponse(
    rng: np.random.Generator, population: Counts, logits: Floats, rate: float, invited: Counts, samples: int
) -> tuple[float, Samples]:
    """Three classes that differ in rate and in willingness; class factors restore the invited weight."""
    sizes = np.maximum(1, np.rint(population[:, None] * CLASS_SHARES)).astype(np.int64)
    satisfied = _satisfied(sizes.ravel(), (logits[:, None] + CLASS_LOGITS).ravel(), rate).reshape(sizes.shape)
    asked = np.minimum(sizes, np.maximum(1, np.rint(invited[:, None] * CLASS_SHARES))).astype(np.int64)
    responded = rng.binomial(asked, CLASS_RESPONSE, (samples, *sizes.shape))
    x = rng.hypergeometric(satisfied, sizes - satisfied, responded).astype(float)
    base = (sizes.sum(axis=1) / asked.sum(axis=1))[:, None]
    factor = (base * asked).sum(axis=0) / np.maximum(1e-9, (base * responded).sum(axis=1))
    count = responded.sum(axis=2).astype(float)
    weight = base * factor[:, None, :]
    moments = _moments(x, responded.astype(float), weight, count, count / sizes.sum(axis=1))
    return float(satisfied.sum() / sizes.sum()), moments


def _moments(x: Floats, n: Floats, weight: Floats, size: Floats, fraction: Floats) -> Samples:
    """Reduce classes (samples x strata x classes) to sufficient statistics; strata of one answer are collapsed."""
    total = (weight * n).sum(axis=(1, 2))
    rate = (weight * x).sum(axis=(1, 2)) / total
    w, p = weight / total[:, None, None], rate[:, None, None]
    first = (w * (x - n * p)).sum(axis=2)
    second = (w * w * (x * (1 - 2 * p) + n * p * p)).sum(axis=2)
    squares = (w * w * n).sum(axis=2)
    answers, lonely = size.sum(axis=1), (size == 1).sum(axis=1)
    return Samples(
        rate=rate,
        variance=_variance(first, second, size, fraction),
        n=answers,
        successes=x.sum(axis=(1, 2)),
        df=answers - (size > 1).sum(axis=1) - (lonely > 0),
        kish_deff=answers * ((1 - fraction) * squares).sum(axis=1),
        fraction=(fraction * squares).sum(axis=1) / squares.sum(axis=1),
        rare_squares=(w * w * (n - x)).sum(axis=(1, 2)),
        largest_share=np.where(n > 0, w, 0.0).max(axis=(1, 2)),
    )


def _variance(first: Floats, second: Floats, size: Floats, fraction: Floats) -> Floats:
    alone = size == 1
    count = alone.sum(axis=1)
    inner = size / np.maximum(size - 1, 1) * (second - first**2 / np.maximum(size, 1))
    kept = np.where(alone, 1 - fraction, 0.0).sum(axis=1) / np.maximum(count, 1)
    centre = np.where(count > 1, np.where(alone, first, 0.0).sum(axis=1) ** 2 / np.maximum(count, 1), 0.0)
    pooled = kept * count / np.maximum(count - 1, 1) * (np.where(alone, second, 0.0).sum(axis=1) - centre)
    return np.asarray(np.maximum(0.0, ((1 - fraction) * np.where(size > 1, inner, 0.0)).sum(axis=1) + pooled))


def _clustered(rng: np.random.Generator, clusters: int, take: int, rho: float, rate: float) -> Setting:
    """Equal clusters with beta-binomial counts; the survey's pooled design effect is the mean of twenty domains."""

    def draw(samples: int) -> tuple[float, Samples]:
        scale = (1 - rho) / rho
        x = rng.binomial(take, rng.beta(rate * scale, (1 - rate) * scale, (samples, clusters))).astype(float)
        p, n = x.mean(axis=1) / take, float(clusters * take)
        variance = clusters / (clusters - 1) * ((x - take * p[:, None]) ** 2).sum(axis=1) / n**2
        spread = np.where((p > 0) & (p < 1), p * (1 - p), np.nan)
        pooled = max(1.0, float(np.nanmean((n * variance / spread)[:POOLED_FROM])))
        ones: Any = np.ones(samples)
        df, none = (clusters - 1) * ones, 0 * ones
        return rate, Samples(p, variance, n * ones, x.sum(axis=1), df, ones, none, (1 - p) / n, ones / n, pooled)

    return draw
