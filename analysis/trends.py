"""A rate's trend on the logit: weighted logistic regression on one number, with a design-based variance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import special

from analysis.arrays import Codes, Vector, add_up
from analysis.checking import read_numbers
from analysis.design import Design
from analysis.errors import AnalysisError, EmptyDomain
from analysis.finishing import normal_interval
from analysis.replication import loosen, read_replication
from analysis.sample import Sample, read_sample
from analysis.variance import count_df, covariance

_STEPS = 100
_LAST_STEP = 1e-9  # Newton squares its error: after this step none is left
_SINGULAR = 1e14


class NoTrend(AnalysisError):
    """The slope has no finite value, or there is nothing to draw it through."""


@dataclass(frozen=True, slots=True)
class Trend:
    """logit P(y = 1) = intercept + slope x; `slope` per unit of x, its t interval, df = PSUs - strata - 1."""

    intercept: float
    slope: float
    intercept_se: float
    slope_se: float
    covariance: float
    low: float
    high: float
    df: float
    p_value: float
    n: int


def trend(
    frame: Any, design: Design, outcome: str, x: str, *, within: str | None = None, confidence_level: float = 0.95
) -> Trend:
    """Fit the logit of a 0/1 `outcome` on the numeric column `x` (a month, say) in the domain `within`.

    Pseudo-maximum likelihood with the sandwich variance of Binder (International Statistical Review 51, 1983), as R's
    `svyglm(family = quasibinomial)`. Raises NotBinary, NotNumeric, EmptyDomain, and NoTrend when x has one value or
    separates the answers.
    """
    plain = replace(design, replicates=None, lonely_psu=loosen(design))
    sample = read_sample(frame, plain, (outcome,), (x,), within=within, binary=True)
    code, labels = sample.cells.sort_out((x,))
    values = read_numbers(labels, x)
    weights, successes = (_add(sample.first[:, place], code, len(values)) for place in (1, 2))
    if not weights.sum() > 0:
        raise EmptyDomain(f"Nobody has an answer to {outcome!r}, a positive weight and a value of {x!r}")
    fitted = fit_logit(values, weights, successes, (outcome, x))
    inside = sample.counts[:, 1] * (code >= 0)
    if design.replicates is None:
        matrix = covariance(sample, _influence(sample, code, values, weights, fitted))
        df = count_df(sample, inside) - 1
    else:
        matrix, df = _replicate(frame, design, (outcome, x), within, fitted)
    return _describe(fitted, matrix, df, confidence_level, round(inside.sum()))


def fit_logit(x: Vector, weights: Vector, successes: Vector, names: tuple[str, str] = ("y", "x")) -> Vector:
    """(intercept, slope) that solve Σ (s - w p(x)) (1, x)' = 0, by Newton's steps on a centred x. Raises NoTrend."""
    used = weights > 0
    if len(np.unique(x[used])) < 2:
        raise NoTrend(f"{names[1]!r} has a single value in this domain: a trend needs two")
    centre = float(x @ weights / weights.sum())
    spread = float(np.sqrt(weights @ (x - centre) ** 2 / weights.sum()))
    design = np.stack([np.ones_like(x), (x - centre) / spread], axis=1)
    share = successes.sum() / weights.sum()
    if not 0 < share < 1:
        raise NoTrend(f"All answers to {names[0]!r} are alike in this domain: its logit has no value")
    beta = np.array([special.logit(share), 0.0])
    for _ in range(_STEPS):
        p = special.expit(design @ beta)
        information = (design * (weights * p * (1 - p))[:, None]).T @ design
        if np.linalg.cond(information) > _SINGULAR:
            break
        change = np.linalg.solve(information, design.T @ (successes - weights * p))
        beta = beta + np.clip(change, -5, 5)
        if np.abs(change).max() <= _LAST_STEP * max(1.0, np.abs(beta).max()):
            return np.array([beta[0] - beta[1] * centre / spread, beta[1] / spread])
    raise NoTrend(f"{names[1]!r} separates the answers to {names[0]!r}: the slope is infinite")


def _influence(sample: Sample, code: Codes, x: Vector, weights: Vector, fitted: Vector) -> Vector:
    """Coefficients (2 x cells x K) of each response's influence on intercept and slope: J^-1 (1, x)' (y - p)."""
    design = np.stack([np.ones_like(x), x], axis=1)
    p = special.expit(design @ fitted)
    bread = np.linalg.inv((design * (weights * p * (1 - p))[:, None]).T @ design)
    pull = np.append(design @ bread, [[0.0, 0.0]], axis=0)[code]
    variables = np.zeros((2, len(code), sample.size))
    variables[:, :, 2] = pull.T
    variables[:, :, 1] = -pull.T * np.append(p, 0.0)[code]
    return variables


def _replicate(
    frame: Any, design: Design, names: tuple[str, str], within: str | None, fitted: Vector
) -> tuple[Vector, float]:
    replication = read_replication(frame, design, names[:1], names[1:], within)
    code, labels = replication.classes.cells.sort_out(names[1:])
    values = labels[names[1]].to_numpy(dtype=np.float64)
    sums = replication.sums((1, 2), code, len(values))
    fits = np.stack([fit_logit(values, weights, successes, names) for weights, successes in sums.transpose(0, 2, 1)])
    inside = replication.classes.counts[:, 1] * (code >= 0)
    return replication.covariance(fits, fitted), replication.count_df(inside) - 1


def _describe(fitted: Vector, matrix: Vector, df: float, confidence_level: float, n: int) -> Trend:
    variance = float(matrix[1, 1])
    low, high = normal_interval(float(fitted[1]), variance, df, confidence_level)
    se = float(np.sqrt(variance))
    p_value = float(2 * special.stdtr(df, -abs(fitted[1]) / se)) if df > 0 and se > 0 else 1.0
    return Trend(
        intercept=float(fitted[0]),
        slope=float(fitted[1]),
        intercept_se=float(np.sqrt(matrix[0, 0])),
        slope_se=se,
        covariance=float(matrix[0, 1]),
        low=low,
        high=high,
        df=df,
        p_value=p_value,
        n=n,
    )


def _add(values: Vector, code: Codes, size: int) -> Vector:
    return add_up(code[code >= 0], values[code >= 0], size)
