"""Small areas: a model lends strength to areas with few answers. Always beside the direct figure, always labelled.

Fay and Herriot (JASA 74, 1979, 269-277) on the arcsine scale, where the sampling variance 1 / (4 n*) is known even
when everybody is satisfied; REML; Prasad and Rao's (JASA 85, 1990, 163-171) mean squared error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from analysis.errors import AnalysisError

Floats: TypeAlias = NDArray[np.float64]

SCORING_STEPS = 200
GRID = 400
LABEL = "modelled"


class BadSmallAreas(AnalysisError):
    """The areas cannot carry the model: too few, or covariates that are tied to one another."""


@dataclass(frozen=True, slots=True)
class FayHerriot:
    """The fitted model: variance between areas, coefficients, shrinkage γ, EBLUP θ and its MSE, one entry per area.

    `adjusted` says that REML found no variance between areas, so that the adjusted likelihood was used.
    """

    sigma2: float
    beta: Floats
    gamma: Floats
    theta: Floats
    mse: Floats
    adjusted: bool


@dataclass(frozen=True, slots=True)
class SmallArea:
    """One area's direct rate beside its modelled one; `share` is the direct rate's part in the modelled one."""

    name: str
    direct: float
    n_effective: float
    modelled: float
    root_mse: float
    low: float
    high: float
    benchmarked: float
    share: float
    label: str = LABEL


def fay_herriot(y: ArrayLike, x: ArrayLike, variance: ArrayLike) -> FayHerriot:
    """Fit y = x'b + u + e with known sampling `variance` D: REML by Fisher scoring, EBLUP and MSE g1 + g2 + 2 g3.

    `x` holds one row per area, the intercept included. Where REML ends at zero the adjusted likelihood of Li and Lahiri
    (J. Multivariate Analysis 101, 2010, 882-892) keeps the variance, and so the areas' own part, above zero.
    """
    y, x, d = np.asarray(y, dtype=float), np.asarray(x, dtype=float), np.asarray(variance, dtype=float)
    if y.ndim != 1 or x.ndim != 2 or len(x) != y.size or d.shape != y.shape:
        raise BadSmallAreas(f"{y.shape} figures, {x.shape} covariates and {d.shape} variances do not fit together")
    if not (np.isfinite(y).all() and np.isfinite(x).all() and np.isfinite(d).all()):
        raise BadSmallAreas("a figure, covariate or variance is missing: leave areas without a direct estimate out")
    if y.size < x.shape[1] + 2 or np.linalg.matrix_rank(x) < x.shape[1] or not (d > 0).all():
        raise BadSmallAreas("the model needs two areas more than covariates, untied covariates and variances above 0")
    sigma2 = _score(y, x, d)
    adjusted = sigma2 <= 0
    sigma2 = _maximise_adjusted(y, x, d) if adjusted else sigma2
    v = sigma2 + d
    q = np.linalg.inv((x / v[:, None]).T @ x)
    beta = q @ (x / v[:, None]).T @ y
    gamma = sigma2 / v
    g2 = (1 - gamma) ** 2 * ((x @ q) * x).sum(axis=1)
    g3 = d**2 / v**3 * 2 / (1 / v**2).sum()
    theta = gamma * y + (1 - gamma) * (x @ beta)
    return FayHerriot(float(sigma2), beta, gamma, theta, gamma * d + g2 + 2 * g3, adjusted)


def benchmark(theta: ArrayLike, weight: ArrayLike, total: float, method: str = "difference") -> Floats:
    """Move estimates so that Σ W θ equals `total`: all by the same `difference`, or by the same `ratio`.

    Datta, Ghosh, Steorts and Maples (Test 20, 2011, 574-588). Weights are scaled to add to one.
    """
    t, w = np.asarray(theta, dtype=float), np.asarray(weight, dtype=float)
    if w.shape != t.shape or not (np.isfinite(t).all() and np.isfinite(total)):
        raise BadSmallAreas("a benchmark needs a total, and an estimate and a weight for each area")
    if not ((w >= 0) & np.isfinite(w)).all() or not w.sum() > 0:
        raise BadSmallAreas("weights are populations: at least 0, and not all 0")
    modelled = float(t @ w / w.sum())
    if method == "difference":
        return np.asarray(t + (total - modelled))
    if method == "ratio":
        return np.asarray(t * (total / modelled))
    raise BadSmallAreas(f"no benchmark is called {method!r}: choose difference or ratio")


def small_areas(
    names: Sequence[str],
    rates: ArrayLike,
    n_effective: ArrayLike,
    population: ArrayLike,
    total: float,
    covariates: ArrayLike | None = None,
    confidence_level: float = 0.95,
) -> list[SmallArea]:
    """Model the rates of areas and benchmark them to the design-based `total` rate of all together.

    `covariates`: one row per area, without the intercept. The rate is E[sin²θ] for θ normal with the EBLUP's mean and
    MSE, which corrects the bias of the plain back-transformation; limits are transformed, not symmetric.
    """
    p, size = np.asarray(rates, dtype=float), np.asarray(n_effective, dtype=float)
    _check_areas(names, p, size)
    columns = [np.ones((p.size, 1))] + (
        [] if covariates is None else [np.asarray(covariates, float).reshape(p.size, -1)]
    )
    fit = fay_herriot(np.arcsin(np.sqrt(p)), np.hstack(columns), 1 / (4 * size))
    modelled, root = _back_transform(fit.theta, fit.mse)
    moved = np.clip(benchmark(modelled, population, total, "ratio"), 0.0, 1.0)
    half = float(special.ndtri((1 + confidence_level) / 2)) * np.sqrt(fit.mse)
    low, high = (np.sin(np.clip(fit.theta + sign * half, 0, math.pi / 2)) ** 2 for sign in (-1, 1))
    return [
        SmallArea(
            name=str(name),
            direct=float(p[i]),
            n_effective=float(size[i]),
            modelled=float(modelled[i]),
            root_mse=float(root[i]),
            low=float(low[i]),
            high=float(high[i]),
            benchmarked=float(moved[i]),
            share=float(fit.gamma[i]),
        )
        for i, name in enumerate(names)
    ]


def _check_areas(names: Sequence[str], rates: Floats, sizes: Floats) -> None:
    if rates.shape != (len(names),) or sizes.shape != rates.shape:
        raise BadSmallAreas(f"{len(names)} names, {rates.shape} rates and {sizes.shape} sizes do not fit together")
    wrong = ~((rates >= 0) & (rates <= 1) & (sizes > 0) & np.isfinite(sizes))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise BadSmallAreas(
            f"area {names[place]!r} has a rate of {rates[place]} from {sizes[place]} effective answers: "
            "leave areas without a direct estimate out"
        )


def _score(y: Floats, x: Floats, d: Floats) -> float:
    sigma2 = max(0.0, float(np.var(y, ddof=1) - d.mean()))
    for _ in range(SCORING_STEPS):
        p = _projection(x, sigma2 + d)
        py = p @ y
        step = float((py @ py - np.trace(p)) / np.sum(p * p))
        moved = max(0.0, sigma2 + step)
        if abs(moved - sigma2) <= 1e-15 + 1e-13 * sigma2:
            return moved
        sigma2 = moved
    return sigma2


def _projection(x: Floats, v: Floats) -> Floats:
    weighted = x / v[:, None]
    return np.asarray(np.diag(1 / v) - weighted @ np.linalg.solve(weighted.T @ x, weighted.T))


def _maximise_adjusted(y: Floats, x: Floats, d: Floats) -> float:
    """Maximise log A + the residual likelihood on a grid of log A, refined once around its best point."""
    low, high = math.log(d.min() * 1e-6), math.log(max(float(np.var(y)), float(d.max())) * 10)
    for _ in range(3):
        grid = np.linspace(low, high, GRID)
        best = int(np.argmax([a + _residual_likelihood(y, x, math.exp(a) + d) for a in grid]))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)]
    return math.exp((low + high) / 2)


def _residual_likelihood(y: Floats, x: Floats, v: Floats) -> float:
    p = _projection(x, v)
    information = (x / v[:, None]).T @ x
    return -0.5 * float(np.log(v).sum() + np.linalg.slogdet(information)[1] + y @ p @ y)


def _back_transform(theta: Floats, mse: Floats) -> tuple[Floats, Floats]:
    """Mean and root mean squared error of sin²θ for a normal θ."""
    mean = (1 - np.cos(2 * theta) * np.exp(-2 * mse)) / 2
    second = (1 + np.cos(4 * theta) * np.exp(-8 * mse)) / 2
    spread = (second - (np.cos(2 * theta) * np.exp(-2 * mse)) ** 2) / 4
    return mean, np.sqrt(np.maximum(0.0, spread))
