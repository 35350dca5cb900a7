"""Limits of a rate by inverting the profile of its weighted binomial deviance, to the digit that R `survey` prints.

The method: the p for which D(p) = 2n [p̂ log(p̂/p) + (1-p̂) log((1-p̂)/(1-p))] reaches t² times the design effect
(Rao and Scott's scaling, as in R's `svyciprop(method = "likelihood")`). R does not solve this: it walks at most nine
steps each way on the logit, draws a cubic spline through the signed roots and reads the limits off a chord, and its
scaling uses the working weights of the last but one Fisher step. These steps move the limits by up to 1e-4, so they
are taken here too. Where R's walk ends before the limit, the equation itself is solved.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

MAX_STEPS = 9
POINTS_PER_KNOT = 3
FEWEST_KNOTS = 4
FISHER_TOLERANCE = 1e-8
HALVINGS = 200


def profile_interval(
    rate: float,
    variance: float,
    n: int,
    t: float,
    *,
    rows: int | None = None,
    start: float | None = None,
    answered: int | None = None,
) -> tuple[float, float]:
    """Give the limits for a rate strictly inside 0..1 with variance > 0.

    `n` responses count, `t` is the quantile of the confidence level, `rows` is what R's model frame holds when that is
    more (a subset of a calibrated design keeps its rows with weight 0), `answered` those of them that have an answer,
    `start` comes from `first_logit`.
    """
    rows = rows or n
    dispersion = n / (n - 1)
    cut = t * math.sqrt(rows * variance * _working_spread(rate, rows, start)) / (rate * (1 - rate))
    reach, size = _reach(cut, answered or rows), rows / dispersion
    low, high = math.nan, math.nan
    if math.isfinite(reach):
        knots, roots = _walk(rate, size, reach / 5 * math.sqrt(variance) / (rate * (1 - rate)), reach)
        low, high = _read_off(knots, roots, [-cut, cut])
    low = _solve(rate, size, cut * cut, 0.0) if math.isnan(low) else low
    high = _solve(rate, size, cut * cut, 1.0) if math.isnan(high) else high
    return low, high


def first_logit(weight: ArrayLike, satisfied: ArrayLike, count: ArrayLike = 1, rows: int | None = None) -> float:
    """Give the logit after the first Fisher step that `glm` takes from its own starting values.

    One entry per response, or per group of `count` responses of equal weight; `satisfied` is 0 or 1.
    """
    w, y, m = (np.asarray(a, dtype=float) for a in (weight, satisfied, count))
    m = np.broadcast_to(m, w.shape)
    w = w * (float(rows or m.sum()) / float((m * w).sum()))
    start = (w * y + 0.5) / (w + 1)
    working = m * w * start * (1 - start)
    moved = special.logit(start) + (y - start) / (start * (1 - start))
    return float((working * moved).sum() / working.sum())


def _working_spread(rate: float, rows: int, start: float | None) -> float:
    """p(1-p) at the last but one Fisher step."""
    if start is None:
        return rate * (1 - rate)
    logit, spread, deviance, settled = start, rate * (1 - rate), math.inf, False
    while not settled:
        p, before = float(special.expit(logit)), deviance
        if not 0 < p < 1:  # R's steps run away here and it has no answer
            return rate * (1 - rate)
        deviance = -2 * rows * (rate * math.log(p) + (1 - rate) * math.log1p(-p))
        settled = abs(deviance - before) < FISHER_TOLERANCE * (deviance + 0.1)
        spread = spread if settled else p * (1 - p)
        logit += (rate - p) / spread
    return spread


def _reach(cut: float, rows: int) -> float:
    """How far the walk goes: the F quantile at half of the tail beyond the cut."""
    return -float(special.stdtrit(rows - 1, special.ndtr(-cut) / 4))


def _walk(rate: float, size: float, step: float, reach: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    centre = float(special.logit(rate))
    knots, roots = [centre], [0.0]
    for sign in (-1, 1):
        for number in range(1, MAX_STEPS + 1):
            root = math.sqrt(_deviance(rate, float(special.expit(centre + sign * number * step)), size))
            if math.isinf(root):
                break
            knots.append(centre + sign * number * step)
            roots.append(sign * root)
            if root >= reach:
                break
    order = np.argsort(knots)
    return np.array(knots)[order], np.array(roots)[order]


def _deviance(rate: float, p: float, size: float) -> float:
    if not 0 < p < 1:
        return math.inf
    return max(0.0, 2 * size * (rate * math.log(rate / p) + (1 - rate) * math.log((1 - rate) / (1 - p))))


def _read_off(knots: NDArray[np.float64], roots: NDArray[np.float64], cuts: list[float]) -> list[float]:
    if len(knots) < FEWEST_KNOTS:
        return [math.nan, math.nan]
    grid = np.linspace(knots[0], knots[-1], POINTS_PER_KNOT * len(knots))
    curve = _end_cubic_spline(knots, roots, grid)
    order = np.argsort(curve)
    return [float(special.expit(np.interp(c, curve[order], grid[order], left=np.nan, right=np.nan))) for c in cuts]


def _end_cubic_spline(x: NDArray[np.float64], y: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Forsythe, Malcolm and Moler's spline: at each end, the third derivative of the cubic through four points."""
    h, last = np.diff(x), len(x) - 1
    slope = np.diff(y) / h
    system, right = np.zeros((last + 1, last + 1)), np.zeros(last + 1)
    for i in range(1, last):
        system[i, i - 1 : i + 2] = h[i - 1], 2 * (h[i - 1] + h[i]), h[i]
        right[i] = 6 * (slope[i] - slope[i - 1])
    system[0, :2] = system[last, last - 1 :] = -1, 1
    third = np.diff(np.diff(slope) / (x[2:] - x[:-2])) / (x[3:] - x[:-3])
    right[0], right[last] = 6 * third[0] * h[0], 6 * third[-1] * h[-1]
    bend = np.linalg.solve(system, right)
    k = np.clip(np.searchsorted(x, at, side="right") - 1, 0, last - 1)
    before, after = at - x[k], x[k + 1] - at
    cubic = (bend[k] * after**3 + bend[k + 1] * before**3) / (6 * h[k])
    linear = (y[k] / h[k] - bend[k] * h[k] / 6) * after + (y[k + 1] / h[k] - bend[k + 1] * h[k] / 6) * before
    return np.asarray(cubic + linear)


def _solve(rate: float, size: float, goal: float, end: float) -> float:
    inside, outside = rate, end
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if _deviance(rate, middle, size) < goal else (inside, middle)
    return (inside + outside) / 2
