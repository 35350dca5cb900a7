"""What moves overall satisfaction: each item's part in the explained variance, the items' overlap shared out.

Relative weights (Johnson, Multivariate Behavioral Research 35, 2000, 1-19): the overall item is regressed on the
orthogonal variables closest to the items, and what these explain is led back to the items. The parts are at least 0
and add up to R². They are associations of answers, not effects of measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np

from analysis.arrays import Vector
from analysis.design import Design
from analysis.domains import summarise
from analysis.errors import AnalysisError, EmptyDomain
from analysis.finishing import normal_interval
from analysis.sample import read_sample
from analysis.variance import variances

MOST_ITEMS = 15
STEP = 1e-5
SCORE = "driver_score"


class BadDrivers(AnalysisError):
    """The items cannot be told apart, do not vary, or are too many."""


@dataclass(frozen=True, slots=True)
class Driver:
    """One item: its part of R² with standard error and limits, its share of R² (0..1), its correlation."""

    item: str
    part: float
    se: float
    low: float
    high: float
    share: float
    correlation: float


def drivers(
    frame: Any,
    design: Design,
    overall: str,
    items: Sequence[str],
    *,
    within: str | None = None,
    confidence_level: float = 0.95,
) -> list[Driver]:
    """Give the items in order of their part in the weighted R² of `overall`, the largest first.

    Numeric levels; responses that answered all of them count. Errors are Taylor's, through the derivatives of the
    parts by the weighted moments, so that strata, clusters and calibration count; of a part close to 0 they are too
    small, as of any first-order error at a boundary. Raises `BadDrivers`, `EmptyDomain`.
    """
    if not 2 <= len(items) <= MOST_ITEMS:
        raise BadDrivers(f"drivers compares 2 to {MOST_ITEMS} items, not {len(items)}")
    columns = (overall, *items)
    sample = read_sample(frame, design, columns, within=within)
    domains = summarise(sample, np.zeros(len(sample.cells), dtype=np.intp), 1)
    weights = float(domains.weights[0])
    if not weights > 0:
        raise EmptyDomain("Nobody in the domain answered all the items; widen it or leave an item out")
    means = sample.first[:, 2:].sum(axis=0) / weights
    moments = sample.squares.sum(axis=0) / weights
    parts, correlations = relative_weights(moments - np.outer(means, means))
    slopes = _differentiate(means, moments)
    scores = [f"{SCORE}{place}" for place in range(len(items))]
    scored = _add_scores(frame, columns, slopes, means, moments, scores)
    again = read_sample(scored, design, tuple(scores), within=within)
    linear = np.zeros((len(items), len(again.cells), again.size))
    linear[np.arange(len(items)), :, 2 + np.arange(len(items))] = 1 / weights
    found = [
        _describe(item, float(part), float(v), float(r), float(parts.sum()), float(domains.df[0]), confidence_level)
        for item, part, v, r in zip(items, parts, variances(again, linear), correlations, strict=True)
    ]
    return sorted(found, key=lambda driver: (-driver.part, driver.item))


def relative_weights(covariance: Vector) -> tuple[Vector, Vector]:
    """Give (parts of R², correlations with the first variable) from a covariance matrix, the overall item first."""
    sd = np.sqrt(np.diag(covariance))
    if not (sd > 0).all():
        raise BadDrivers("an item does not vary: everybody gave the same answer")
    correlation = covariance / np.outer(sd, sd)
    values, vectors = np.linalg.eigh(correlation[1:, 1:])
    if values[0] < 1e-10:
        raise BadDrivers("two items always move together: leave one of them out")
    root = (vectors * np.sqrt(values)) @ vectors.T
    on_orthogonal = np.linalg.solve(root, correlation[1:, 0])
    return root**2 @ on_orthogonal**2, correlation[1:, 0]


def _describe(
    item: str, part: float, variance: float, correlation: float, explained: float, df: float, confidence_level: float
) -> Driver:
    low, high = normal_interval(part, variance, df, confidence_level)
    share = part / explained if explained > 0 else 0.0
    return Driver(item, part, variance**0.5, max(0.0, low), min(1.0, high), share, correlation)


def _differentiate(means: Vector, moments: Vector) -> tuple[Vector, Vector]:
    """Derivatives of the parts by the means (items x K) and by the raw second moments (items x K x K, symmetric)."""
    size = means.size
    by_mean = np.stack([_slope(means, moments, STEP * np.eye(size)[a], np.zeros((size, size))) for a in range(size)], 1)
    by_moment = np.zeros((size - 1, size, size))
    for a in range(size):
        for b in range(a + 1):
            step = np.zeros((size, size))
            step[a, b] = step[b, a] = STEP
            by_moment[:, a, b] = _slope(means, moments, np.zeros(size), step)
    return by_mean, by_moment


def _slope(means: Vector, moments: Vector, mean_step: Vector, moment_step: Vector) -> Vector:
    ahead, behind = (
        relative_weights(moments + s * moment_step - np.outer(means + s * mean_step, means + s * mean_step))[0]
        for s in (1.0, -1.0)
    )
    return np.asarray((ahead - behind) / (2 * STEP))


def _add_scores(
    frame: Any,
    columns: tuple[str, ...],
    slopes: tuple[Vector, Vector],
    means: Vector,
    moments: Vector,
    names: list[str],
) -> nw.LazyFrame[Any]:
    """Each response's pull on each part: the derivatives times its distance from the moments."""
    by_mean, by_moment = slopes
    answers = [nw.col(name).cast(nw.Float64) for name in columns]
    pairs = [(a, b) for a in range(len(columns)) for b in range(a + 1)]
    lazy: nw.LazyFrame[Any] = nw.from_native(frame).lazy()
    scores = []
    for place, name in enumerate(names):
        score: Any = nw.lit(0.0)
        for a, answer in enumerate(answers):
            score = score + (answer - float(means[a])) * float(by_mean[place, a])
        for a, b in pairs:
            score = score + (answers[a] * answers[b] - float(moments[a, b])) * float(by_moment[place, a, b])
        scores.append(score.alias(name))
    return lazy.with_columns(*scores)
