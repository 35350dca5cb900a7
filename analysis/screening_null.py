"""The empirical null: how much honest agencies differ, learned from the middle of their own distribution.

A binomial null would accuse a dozen honest agencies of 150 each quarter, because agencies differ for honest reasons.
Centre and spread between agencies are therefore estimated from the data, robustly, so that a few cheats move neither
(Efron, J. American Statistical Association 99, 2004: central matching).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats: TypeAlias = NDArray[np.float64]

MEDIAN_OF_CHI_SQUARE = 0.454936423119573  # of chi-square with one degree of freedom
FEWEST_AGENCIES = 8
HALVINGS = 30
TAIL = 8.0  # degrees of freedom of the honest agencies' tails; chosen on the synthetic country, docs/fraud.md


def robust_z(effect: ArrayLike, variance: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """z of each effect against the other agencies: (z, centre, variance between agencies).

    `effect` and its sampling `variance` have agencies on the last axis; NaN means: cannot be told. Fewer than eight
    known agencies give NaN. The variance between agencies makes the median of the squared z that of chi-square with
    one degree of freedom, or is 0 where sampling alone explains as much.
    """
    e, v = np.asarray(effect, dtype=float), np.asarray(variance, dtype=float)
    known = np.isfinite(e) & np.isfinite(v)
    enough = known.sum(axis=-1, keepdims=True) >= FEWEST_AGENCIES
    e = np.where(known, e, np.nan)
    centre = median_of_known(e)
    squares = (e - centre) ** 2
    between = _variance_between(squares, np.where(known, v, np.nan))
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(enough & known, (e - centre) / np.sqrt(v + between), np.nan)
    return z, centre[..., 0], between[..., 0]


def median_of_known(values: Floats) -> Floats:
    """The median along the last axis, NaN aside; that axis stays with length 1."""
    ordered = np.sort(values, axis=-1)  # NaN goes to the end
    count = np.isfinite(values).sum(axis=-1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[-1] - 1), axis=-1)
    return np.asarray(np.where(count > 0, (low + high) / 2, np.nan))


def upper_p(z: ArrayLike) -> Floats:
    """Probability of a standard normal above z."""
    return np.asarray(special.ndtr(-np.asarray(z, dtype=float)))


def z_of_p(p: ArrayLike) -> Floats:
    """The standard normal's point with probability p above it, within ±8."""
    return np.asarray(-special.ndtri(np.clip(np.asarray(p, dtype=float), 1e-15, 1 - 1e-15)))


def heavy_tailed(z: ArrayLike, sides: int = 1) -> Floats:
    """A normal z with the p that Student's t gives to `z`: honest agencies too lie far out now and then.

    `sides` 1 looks above, -1 below, 2 on either side: far on any of these becomes far above.
    """
    values = np.asarray(z, dtype=float)
    if sides == 2:
        return z_of_p(2 * special.stdtr(TAIL, -np.abs(values)))
    return z_of_p(special.stdtr(TAIL, -sides * values))


def _variance_between(squares: Floats, variance: Floats) -> Floats:
    low = np.zeros((*squares.shape[:-1], 1))
    high = median_of_known(squares) / MEDIAN_OF_CHI_SQUARE + 1e-12
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        with np.errstate(invalid="ignore", divide="ignore"):
            too_small = median_of_known(squares / (variance + middle)) > MEDIAN_OF_CHI_SQUARE
        low, high = np.where(too_small, middle, low), np.where(too_small, high, middle)
    return np.asarray(np.where(low > 0, (low + high) / 2, 0.0))
