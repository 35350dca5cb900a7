"""The formulas of the intervals for a rate, on numbers or arrays: what `intervals` chooses from.

Sources stand with each function; docs/methods.md sets them side by side. SciPy's special functions only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from analysis.errors import AnalysisError

Floats: TypeAlias = NDArray[np.float64]
Limits: TypeAlias = tuple[float, float]

FADE = 30.0  # rarer answers at which half of the excess of the anchor still counts
NO_SPREAD = 1e-12  # a design effect below this is a variance of zero in floating point


def guarded_intervals(
    *,
    rate: ArrayLike,
    variance: ArrayLike,
    n: ArrayLike,
    successes: ArrayLike,
    df: ArrayLike,
    kish_deff: ArrayLike = 1.0,
    census: ArrayLike = False,
    confidence_level: float = 0.95,
    pooled_deff: float | None = None,
    fraction: ArrayLike = 0.0,
) -> tuple[Floats, Floats, Floats]:
    """Give (low, high, n_effective) of the guarded interval for arrays of rates; same numbers as `interval`.

    Korn and Graubard, Survey Methodology 24, 1998, with the effective size held down (docs/methods.md).
    """
    check_level(confidence_level)
    _refuse_missing(rate, variance, n, df)
    size = guarded_size(rate, variance, n, successes, df, kish_deff, confidence_level, pooled_deff)
    p = exact_rate(rate, n, successes)
    low, high = finite_limits(p, size, fraction, confidence_level)
    whole = np.asarray(census, dtype=bool)
    return np.where(whole, p, low), np.where(whole, p, high), np.where(whole, np.asarray(n, dtype=float), size)


class BadStatistic(AnalysisError):
    """A statistic is missing or outside its range."""


def check_level(confidence_level: float) -> None:
    """Raise `BadStatistic` for a confidence level that is no share, such as 95."""
    if not 0 < confidence_level < 1:
        raise BadStatistic(f"confidence_level is {confidence_level}; it lies between 0 and 1, such as 0.95")


def _refuse_missing(rate: ArrayLike, variance: ArrayLike, n: ArrayLike, df: ArrayLike) -> None:
    """A missing number must not become an interval; where nobody answered there is none to miss."""
    total = np.asarray(rate, dtype=float) + np.asarray(variance, dtype=float)
    if not (np.isfinite(total) & ~np.isnan(np.asarray(df, dtype=float)) | (np.asarray(n) <= 0)).all():
        raise BadStatistic("a rate, a variance or its degrees of freedom are missing where there are answers")


def guarded_size(
    rate: ArrayLike,
    variance: ArrayLike,
    n: ArrayLike,
    successes: ArrayLike,
    df: ArrayLike,
    kish_deff: ArrayLike = 1.0,
    confidence_level: float = 0.95,
    pooled_deff: float | None = None,
) -> Floats:
    """Give the effective size n* = n / (d + λ max(0, d_K - d)), λ = 30 / (30 + rarer answers).

    d is the design effect with Korn and Graubard's factor (t_df / t_{n-1})²; where nothing varies, n* = n / d_K, and
    without a whole degree of freedom at most one. With `pooled_deff` (clusters) d is drawn towards it from both sides,
    or towards d_K where that is larger.
    """
    tail = (1 - confidence_level) / 2
    n, x, df, v = (np.asarray(a, dtype=float) for a in (n, successes, df, variance))
    p = exact_rate(rate, n, x)
    spread = np.where((p > 0) & (p < 1), p * (1 - p), 1.0)
    raw = n * v / spread
    silent = (x <= 0) | (x >= n) | ~(raw >= NO_SPREAD)
    usable = (df >= 1) & (n > 1)
    ratio = t_quantile(np.where(usable, df, 1.0), tail) / t_quantile(np.where(usable, n - 1, 1.0), tail)
    deff = np.where(silent, 0.0, raw) * (ratio * ratio)  # not ** 2, which rounds arrays and numbers differently
    anchor = np.maximum(np.asarray(kish_deff, dtype=float), pooled_deff or 0.0)
    faded = fade(deff, anchor, np.minimum(x, n - x), both_ways=pooled_deff is not None)
    divisor = np.where(silent, anchor, faded)
    size = n / np.where(divisor > 0, divisor, 1.0)
    return np.where(usable, size, np.minimum(1.0, np.where(n > 0, size, 1.0)))


def fade(deff: ArrayLike, anchor: ArrayLike, rarer: ArrayLike, *, both_ways: bool = False) -> Floats:
    """Draw a design effect towards its anchor by λ = 30 / (30 + rarer answers); upwards only, unless `both_ways`."""
    d, fading = np.asarray(deff, dtype=float), FADE / (FADE + np.asarray(rarer, dtype=float))
    excess = np.asarray(anchor, dtype=float) - d
    return np.asarray(d + fading * (excess if both_ways else np.maximum(0.0, excess)))


def clopper_pearson(rate: ArrayLike, size: ArrayLike, confidence_level: float = 0.95) -> tuple[Floats, Floats]:
    """Give Clopper and Pearson's (Biometrika 26, 1934) limits for a rate in 0..1 at a real-valued size > 0."""
    tail = (1 - confidence_level) / 2
    p, n = np.asarray(rate, dtype=float), np.asarray(size, dtype=float)
    yes, no = n * p, n * (1 - p)
    with np.errstate(invalid="ignore"):
        low = np.where(yes > 0, special.betaincinv(yes, no + 1, tail), 0.0)
        high = np.where(no > 0, special.betaincinv(yes + 1, no, 1 - tail), 1.0)
    return np.minimum(low, p), np.maximum(high, p)


def finite_limits(
    rate: ArrayLike, size: ArrayLike, fraction: ArrayLike = 0.0, confidence_level: float = 0.95
) -> tuple[Floats, Floats]:
    """Give Clopper and Pearson's limits, moved out to those of the unobserved part of a finite population.

    When a share F is observed, only the rest is in doubt: p = F p̂ + (1-F) p', and p' has Clopper and Pearson's limits
    at the size n* (1-F)², which gives p the same variance. A large fraction makes n* large, but the rarer answers no
    more numerous; without this, limits from nearly complete samples are false four times too often (docs/methods.md).
    """
    low, high = clopper_pearson(rate, size, confidence_level)
    share = np.clip(np.asarray(fraction, dtype=float), 0.0, 1.0)
    if not (share > 0).any():
        return low, high
    p, rest = np.asarray(rate, dtype=float), 1 - share
    inner_low, inner_high = clopper_pearson(p, np.asarray(size, dtype=float) * (rest * rest), confidence_level)
    inner_low, inner_high = p - rest * (p - inner_low), p + rest * (inner_high - p)
    finite = share > 0
    return np.where(finite, np.minimum(low, inner_low), low), np.where(finite, np.maximum(high, inner_high), high)


def wilson(rate: float, size: float, df: float, confidence_level: float = 0.95) -> Limits:
    """Give Wilson's (JASA 22, 1927) limits with the t quantile on `df`."""
    t2 = float(t_quantile(df, (1 - confidence_level) / 2)) ** 2
    centre = (rate + t2 / (2 * size)) / (1 + t2 / size)
    half = np.sqrt(t2 * (rate * (1 - rate) / size + t2 / (4 * size * size))) / (1 + t2 / size)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def beta_prior(rate: float, size: float, prior: float, confidence_level: float = 0.95) -> Limits:
    """Give equal-tailed limits under a Beta(prior, prior) prior: 1/2 is Jeffreys', 1 the uniform one."""
    tail = (1 - confidence_level) / 2
    a, b = size * rate + prior, size * (1 - rate) + prior
    return float(special.betaincinv(a, b, tail)), float(special.betaincinv(a, b, 1 - tail))


def fay_feuer(rate: float, rare_squares: float, largest_share: float, confidence_level: float = 0.95) -> Limits:
    """Give the gamma limits of Fay and Feuer (Statistics in Medicine 16, 1997, 791-801) on the dissatisfied share."""
    tail = (1 - confidence_level) / 2
    q, v, m = 1 - rate, rare_squares, largest_share
    low = float(special.gammaincinv(q * q / v, tail)) * v / q if v > 0 and q > 0 else 0.0
    shape, scale = (q + m) ** 2 / (v + m * m), (v + m * m) / (q + m)
    return max(0.0, float(1 - special.gammaincinv(shape, 1 - tail) * scale)), float(1 - low)


def exact_finite(successes: int, n: int, population: int, confidence_level: float = 0.95) -> tuple[int, int]:
    """Give the satisfied counts (lowest, highest) of the population that `successes` of `n` do not reject.

    Inverts two one-sided hypergeometric tests (Buonaccorsi, American Statistician 41, 1987, 215-218).
    """
    tail = (1 - confidence_level) / 2
    first, last = successes, population - n + successes
    low = _first_true(first, last, lambda k: _hypergeometric_upper(successes, n, k, population) > tail)
    high = population - _first_true(
        population - last, population - first, lambda k: _hypergeometric_upper(n - successes, n, k, population) > tail
    )
    return low, high


def exact_rate(rate: ArrayLike, n: ArrayLike, successes: ArrayLike) -> Floats:
    """A weighted share of 1 - 1e-16 is a 1: the counts know."""
    x, size = np.asarray(successes), np.asarray(n)
    inside = np.clip(np.asarray(rate, dtype=float), 0.0, 1.0)
    return np.where(x <= 0, 0.0, np.where(x >= size, 1.0, inside))


def t_quantile(df: ArrayLike, tail: float) -> Floats:
    degrees = np.asarray(df, dtype=float)
    endless = np.isinf(degrees)
    return np.where(endless, -special.ndtri(tail), -special.stdtrit(np.where(endless, 1.0, degrees), tail))


def _hypergeometric_upper(x: int, n: int, satisfied: int, population: int) -> float:
    """P(X >= x) when n are drawn without replacement from a population with so many satisfied."""
    k = np.arange(x, min(n, satisfied) + 1)
    logs = (
        _log_choose(satisfied, k) + _log_choose(population - satisfied, n - k) - _log_choose(population, np.asarray(n))
    )
    return float(np.exp(logs).sum())


def _log_choose(n: int, k: NDArray[Any]) -> Floats:
    inside = (k >= 0) & (k <= n)
    safe = np.where(inside, k, 0)
    logs = special.gammaln(n + 1.0) - special.gammaln(safe + 1.0) - special.gammaln(n - safe + 1.0)
    return np.where(inside, logs, -np.inf)


def _first_true(low: int, high: int, holds: Callable[[int], bool]) -> int:
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
