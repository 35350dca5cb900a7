"""How many answers a wave needs, and where: exact sizes for a decision, sizes for a margin, allocation to strata.

Sizes and allocations: Cochran, Sampling Techniques, 1977, chapters 4 and 5 (5.8 where a stratum is too small).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from analysis.errors import AnalysisError

Floats: TypeAlias = NDArray[np.float64]

ALPHA = 0.025  # one side of a 95 % interval
POWER = 0.8
SMALLEST = 5
EXACT_UP_TO = 200_000
CHUNK = 2048
SAFE_START = 0.85  # the exact size lies between .91 and 1.16 of the normal one, or within 50 of it


class BadPlan(AnalysisError):
    """The numbers of a plan are outside their range, or cannot be met."""


@dataclass(frozen=True, slots=True)
class DecisionSize:
    """The smallest effective size that decides: `n` answers, of which `critical` or more show the claim."""

    n: int
    critical: int
    n_all_satisfied: int


@dataclass(frozen=True, slots=True)
class PrecisionSize:
    """Each step of a size for a margin: `simple` random, times the design effect, finite, then invitations."""

    simple: float
    with_deff: float
    with_population: float
    invitations: int


@lru_cache(maxsize=4096)
def decision_size(target: float, rate: float, alpha: float = ALPHA, power: float = POWER) -> DecisionSize | None:
    """Give the first n whose exact one-sided binomial test against `target` has `power` when the truth is `rate`.

    A `rate` above the target asks for "met", below it for "not met" (`critical` then counts the dissatisfied).
    None when rate and target are equal, or so close that no attainable size decides (more than 200,000 answers).
    """
    _check_share(target, "target", open_ended=True)
    _check_share(rate, "rate")
    _check_share(alpha, "alpha", open_ended=True)
    _check_share(power, "power", open_ended=True)
    if rate == target:
        return None
    if rate < target:
        target, rate = 1 - target, 1 - rate
    everyone = math.ceil(math.log(alpha) / math.log(target))
    first = max(SMALLEST, int(SAFE_START * _normal_size(target, rate, alpha, power)) - 50)
    for start in range(first, EXACT_UP_TO, CHUNK):
        n = np.arange(start, start + CHUNK)
        critical = critical_count(n, target, alpha)
        reached = np.flatnonzero((critical <= n) & (upper_tail(critical, n, rate) >= power))
        if reached.size:
            return DecisionSize(int(n[reached[0]]), int(critical[reached[0]]), everyone)
    return None


def decision_power(n_effective: float, target: float, rate: float, alpha: float = ALPHA) -> float:
    """Give the exact chance that so many effective answers show the claim when the truth is `rate`."""
    _check_share(target, "target", open_ended=True)
    _check_share(rate, "rate")
    _check_share(alpha, "alpha", open_ended=True)
    if not 0 <= n_effective < math.inf:
        raise BadPlan(f"the effective size must be a number of answers, not {n_effective}")
    if rate < target:
        target, rate = 1 - target, 1 - rate
    n = np.array([max(1, math.floor(n_effective))])
    critical = critical_count(n, target, alpha)
    return float(upper_tail(critical, n, rate)[0])


def critical_count(n: ArrayLike, target: float, alpha: float = ALPHA) -> NDArray[np.int64]:
    """Give the smallest count x with P(X >= x | n, target) <= alpha; n + 1 when even n of n would not show it."""
    size = np.asarray(n, dtype=np.int64)
    guess = np.floor(size * target - special.ndtri(alpha) * np.sqrt(size * target * (1 - target))).astype(np.int64)
    x = np.clip(guess, 0, size + 1)
    while (late := upper_tail(x, size, target) > alpha).any():
        x = x + late
    while (early := (x > 0) & (upper_tail(x - 1, size, target) <= alpha)).any():
        x = x - early
    return np.asarray(x, dtype=np.int64)


def upper_tail(x: ArrayLike, n: ArrayLike, rate: float) -> Floats:
    """Give P(X >= x) for a binomial count of n."""
    count, size = np.asarray(x, dtype=float), np.asarray(n, dtype=float)
    inside = (count > 0) & (count <= size)
    tail = special.betainc(np.where(inside, count, 1.0), np.where(inside, size - count + 1, 1.0), rate)
    return np.where(count <= 0, 1.0, np.where(inside, tail, 0.0))


def precision_size(  # the four numbers of every sampling plan
    half_width: float,
    rate: float = 0.9,
    *,
    population: float = math.inf,
    deff: float = 1.0,
    response_rate: float = 1.0,
    confidence_level: float = 0.95,
) -> PrecisionSize:
    """Give the answers and invitations for a margin: n0 = z² p(1-p) / e²; n = deff n0 / (1 + n0/N); n / response.

    Cochran, Sampling Techniques (1977), 4.4 and 4.7; the number of answers never exceeds the population.
    """
    _check_share(rate, "rate", open_ended=True)
    _check_share(response_rate, "response rate")
    _check_share(confidence_level, "confidence_level", open_ended=True)
    if not (0 < half_width < 1 and deff > 0 and population > 0 and response_rate > 0):
        raise BadPlan("half_width must be between 0 and 1; deff, population and response_rate above 0")
    z = float(special.ndtri((1 + confidence_level) / 2))
    simple = z * z * rate * (1 - rate) / (half_width * half_width)
    finite = min(population, deff * simple / (1 + simple / population))
    return PrecisionSize(simple, deff * simple, finite, math.ceil(round(finite / response_rate, 9)))


def cluster_deff(take: float, rho: float) -> float:
    """Give 1 + (b - 1) ρ for `take` b answers per cluster (Kish, Survey Sampling, 1965, 5.4)."""
    if not (1 <= take < math.inf and -1 <= rho <= 1):
        raise BadPlan("a cluster gives at least one answer, and rho lies between -1 and 1")
    return 1 + (take - 1) * rho


def best_take(rho: float, cost_of_cluster: float, cost_of_answer: float) -> float:
    """Give the answers per cluster that cost least for a variance: sqrt(c1/c2 (1-ρ)/ρ) (Kish 1965, 8.3)."""
    if not 0 < rho < 1 or cost_of_cluster <= 0 or cost_of_answer <= 0:
        raise BadPlan("rho must be between 0 and 1 and both costs above 0")
    return math.sqrt(cost_of_cluster / cost_of_answer * (1 - rho) / rho)


def proportional(population: ArrayLike, n: float) -> Floats:
    """Give n N_h / N, not rounded."""
    return _share_out(_sizes(population), n)


def neyman(population: ArrayLike, sd: ArrayLike, n: float, cost: ArrayLike = 1.0) -> Floats:
    """Give n N_h S_h / √c_h over its sum (Neyman, JRSS 97, 1934), not rounded."""
    sizes = _sizes(population)
    costs = _like(cost, sizes, "cost")
    if not (costs > 0).all():
        raise BadPlan("every cost must be above 0")
    return _share_out(sizes * _like(sd, sizes, "sd") / np.sqrt(costs), n)


def power_allocation(population: ArrayLike, sd: ArrayLike, n: float, q: float = 0.5) -> Floats:
    """Give n N_h^q S_h over its sum (Bankier, American Statistician 42, 1988, 174-177), not rounded."""
    sizes = _sizes(population)
    return _share_out(sizes**q * _like(sd, sizes, "sd"), n)


def kish_compromise(population: ArrayLike, n: float, importance: float = 0.5) -> Floats:
    """Give n over sqrt(I W_h² + (1-I) / H²) (Kish, J. Official Statistics 4, 1988): I = 1 proportional, 0 equal."""
    _check_share(importance, "importance")
    share = _sizes(population) / _sizes(population).sum()
    return _share_out(np.sqrt(importance * share**2 + (1 - importance) / share.size**2), n)


def allocate(wanted: ArrayLike, population: ArrayLike, n: int, floor: float = 0) -> NDArray[np.int64]:
    """Round an allocation to whole answers that add to n, at least `floor` and at most N_h in every stratum.

    `wanted` is any of the allocations above (only its proportions matter). Strata at a limit are fixed and the others
    share what is left, until none moves; the fractions go to the largest remainders.
    Raises `BadPlan` when n is below the floors or above the population.
    """
    most = np.floor(_sizes(population))
    least = np.minimum(float(floor), most)
    share = np.maximum(_like(wanted, most, "wanted"), 1e-12)
    if not least.sum() <= n <= most.sum():
        raise BadPlan(f"n = {n} must lie between the floors' sum {least.sum():.0f} and the population {most.sum():.0f}")
    return _round_to(_within(share, least, most, float(n)), most, n)


def _within(share: Floats, least: Floats, most: Floats, n: float) -> Floats:
    """The multiple of `share`, clipped to its limits, that adds to n: found by bisection, since it is monotone."""
    low, high = 0.0, float((most / share).max())
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.clip(share * middle, least, most).sum() < n else (low, middle)
    return np.clip(share * high, least, most)


def _round_to(real: Floats, most: Floats, n: int) -> NDArray[np.int64]:
    whole = np.floor(real + 1e-9).astype(np.int64)
    order = np.lexsort((np.arange(real.size), -(real - whole)))
    order = order[whole[order] < most[order]]
    for h in np.resize(order, max(0, n - int(whole.sum()))):
        whole[h] += 1
    return whole


def _share_out(size: Floats, n: float) -> Floats:
    if not size.sum() > 0:
        raise BadPlan("nothing varies in any stratum, so that no stratum needs an answer: give an sd above 0")
    return np.asarray(n * size / size.sum())


def _sizes(population: ArrayLike) -> Floats:
    sizes = np.asarray(population, dtype=float)
    if sizes.size == 0 or not ((sizes > 0) & np.isfinite(sizes)).all():
        raise BadPlan("every stratum needs a population above 0: leave empty strata out of the plan")
    return sizes


def _like(values: ArrayLike, sizes: Floats, name: str) -> Floats:
    """One number of at least 0 for each stratum; a single number holds for all."""
    given = np.asarray(values, dtype=float)
    if given.shape not in ((), sizes.shape) or not ((given >= 0) & np.isfinite(given)).all():
        raise BadPlan(f"{name} must be one finite number of at least 0 for each of the {sizes.size} strata")
    return np.broadcast_to(given, sizes.shape)


def _normal_size(target: float, rate: float, alpha: float, power: float) -> float:
    za, zb = -special.ndtri(alpha), special.ndtri(power)
    root = za * math.sqrt(target * (1 - target)) + zb * math.sqrt(rate * (1 - rate))
    return float((root / (rate - target)) ** 2)


def _check_share(value: Any, name: str, *, open_ended: bool = False) -> None:
    inside = 0 < value < 1 if open_ended else 0 <= value <= 1
    if not inside:
        raise BadPlan(f"{name} must be a share between 0 and 1, not {value!r}")
