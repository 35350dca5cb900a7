"""What unequal weights cost: design effects of Kish and Spencer, and how few answers carry the weight.

The design effect of weights: Kish, Survey Sampling, 1965, 11.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.errors import AnalysisError

Floats: TypeAlias = NDArray[np.float64]


class BadWeights(AnalysisError):
    """A weight is negative or missing, or all are zero."""


@dataclass(frozen=True, slots=True)
class WeightChecks:
    """`cv` of the weights, largest over median, weight share of the heaviest 1 %, Kish's design effect, and the share
    of the weight that trimming took away (0 when it is not told).
    """

    cv: float
    max_over_median: float
    top_share: float
    kish_deff: float
    trimmed_share: float = 0.0


def check_weights(weight: ArrayLike, count: ArrayLike = 1, untrimmed: ArrayLike | None = None) -> WeightChecks:
    """Describe weights, one per response or one per group of `count` responses of equal weight."""
    w, m = _read(weight, count)
    total, n = float((m * w).sum()), float(m.sum())
    cv2 = max(0.0, n * float((m * w * w).sum()) / total**2 - 1)
    order = np.argsort(-w, kind="stable")
    heaviest = np.minimum(m[order], np.maximum(0.0, 0.01 * n - (np.cumsum(m[order]) - m[order])))
    ascending = order[::-1]
    median = float(w[ascending][np.searchsorted(np.cumsum(m[ascending]), n / 2)])
    return WeightChecks(
        cv=cv2**0.5,
        max_over_median=float(w.max()) / median if median > 0 else float("inf"),
        top_share=float((heaviest * w[order]).sum()) / total,
        kish_deff=1 + cv2,
        trimmed_share=0.0 if untrimmed is None else _trimmed(w, m, untrimmed),
    )


def kish_deff(weight: ArrayLike, count: ArrayLike = 1) -> float:
    """Give n Σw² / (Σw)² (Kish, Survey Sampling, 1965, 11.7; J. Official Statistics 8, 1992, 183-200)."""
    w, m = _read(weight, count)
    return float(m.sum() * (m * w * w).sum() / (m * w).sum() ** 2)


def spencer_deff(weight: ArrayLike, outcome: ArrayLike, probability: ArrayLike | None = None) -> float:
    """Give (1 - ρ²)(1 + cv_w²) + (a / s_y)² cv_w², where y = a + b P is the weighted line on the selection probability
    P (1/w unless given) and ρ their weighted correlation (Spencer, Survey Methodology 26, 2000, 137-138).

    Equal weights give 1. Raises `BadWeights` when the outcome does not vary.
    """
    w, _ = _read(weight, 1)
    y = np.asarray(outcome, dtype=float)
    if y.shape != w.shape or not np.isfinite(y).all():
        raise BadWeights("every weight needs an outcome: leave responses without an answer out")
    if not (w > 0).all():
        raise BadWeights("Spencer's design effect divides by each weight: drop the responses whose weight is 0")
    p = 1 / w if probability is None else np.asarray(probability, dtype=float)
    share = w / w.sum()
    y_mean, p_mean = float(share @ y), float(share @ p)
    y_var, p_var = float(share @ (y - y_mean) ** 2), float(share @ (p - p_mean) ** 2)
    if y_var <= 0:
        raise BadWeights("the outcome does not vary: no design effect can be told from it")
    covariance = float(share @ ((y - y_mean) * (p - p_mean)))
    slope = covariance / p_var if p_var > 0 else 0.0
    unexplained = 1 - slope * covariance / y_var
    excess = kish_deff(w) - 1
    return unexplained * (1 + excess) + (y_mean - slope * p_mean) ** 2 / y_var * excess


def _trimmed(w: Floats, m: Floats, untrimmed: ArrayLike) -> float:
    before = np.asarray(untrimmed, dtype=float)
    return float((m * np.maximum(0.0, before - w)).sum() / (m * before).sum())


def _read(weight: ArrayLike, count: ArrayLike) -> tuple[Floats, Floats]:
    w = np.asarray(weight, dtype=float).ravel()
    m = np.asarray(count, dtype=float)
    if m.shape not in ((), w.shape) or not ((m >= 0) & np.isfinite(m)).all():
        raise BadWeights(f"count must be one number of at least 0 for each of the {w.size} weights")
    m = np.broadcast_to(m, w.shape)
    if w.size == 0 or not (np.isfinite(w) & (w >= 0)).all() or not (m * w).sum() > 0:
        raise BadWeights("weights must be finite, at least 0 and not all 0: look for nonrespondents with an answer")
    return w, m
