"""Calibration: weights w = d F(x'λ) that meet known totals of x (Deville and Särndal, JASA 87, 1992, 376-382)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Self, get_args

import numpy as np
from scipy import special

from analysis.arrays import Vector
from analysis.errors import BadDesign, BoundsTooTight, CalibrationFailed, StaleWeights
from analysis.raking import rake_margins
from analysis.reduction import Cells
from analysis.terms import Model, Term

Calfun = Literal["linear", "raking", "logit"]
Rule = Literal["exact", "r-rake", "none"]
UNBOUNDED = (-np.inf, np.inf)
SWEEPS = 10  # of R's rake() variance
_TIGHT, _LOOSE, _STALE = 1e-13, 1e-9, 1e-6
_STEPS, _HALVINGS = 100, 40


@dataclass(frozen=True, slots=True)
class Calibration:
    """A step that met totals: `coefficients` λ belong to the terms' columns, in order.

    `variance="exact"` takes the weighted regression on x out of a variable; "r-rake" does what R's `rake()` does, ten
    sweeps of unweighted margin means, for agreement with it; "none" leaves the variance alone. `scale`: what the
    weights were multiplied with before, so that bounds mean something for weights far below the population's.
    """

    kind: str
    terms: tuple[Term, ...]
    coefficients: tuple[float, ...]
    totals: tuple[float, ...]
    calfun: Calfun = "linear"
    bounds: tuple[float, float] = UNBOUNDED
    variance: Rule = "exact"
    scale: float = 1.0

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for term in self.terms for name in term.columns))

    @property
    def needs_weight(self) -> bool:
        return False

    @property
    def projects(self) -> bool:
        return self.variance != "none"

    @property
    def unweighted(self) -> bool:
        return self.variance == "r-rake"

    def factors(self, cells: Cells, weights: Vector, rows: Vector) -> Vector:
        """Scale times F(x'λ) of each cell. Raises StaleWeights when the totals are not met on this frame."""
        model = Model.read(self.terms, cells)
        factors = self.scale * DISTANCES[self.calfun].factor(model.times(np.array(self.coefficients)), self.bounds)
        reached, wanted = model.add_up(weights * factors), np.array(self.totals)
        off = np.abs(reached - wanted) > _STALE * _scale(model, weights * factors, wanted)
        if off.any():
            name, got, total = model.names[int(np.argmax(off))], reached[off][0], wanted[off][0]
            raise StaleWeights(
                f"The design's {self.kind} gave {name} a total of {total:g}, but on this frame it is {got:g}; "
                "compute the weights again on the frame that is asked"
            )
        return factors

    def fit(self, cells: Cells, totals: Vector, weights: Vector, rows: Vector) -> Vector:
        """x'B of each cell, B from the regression weighted by the weights before the step."""
        model = Model.read(self.terms, cells)
        if self.unweighted:
            return _sweep(model, totals, rows)
        slopes = solve(model.gram(weights), model.add_up(totals).T)
        return np.stack([model.times(column) for column in slopes.T])

    def refit(self, cells: Cells, weights: Vector, rows: Vector) -> Self:
        """The same step for other weights before it, such as a replicate's."""
        totals = np.array(self.totals)
        if self.kind == "rake":
            found = rake_margins(Model.read(self.terms, cells), weights, totals)
        else:
            model = Model.read(self.terms, cells)
            found = solve_calibration(model, weights * self.scale, totals, self.calfun, self.bounds)
        return replace(self, coefficients=tuple(found.tolist()))


class Distance(NamedTuple):
    """F and its derivative, as functions of u = x'λ and the bounds."""

    factor: Callable[[Vector, tuple[float, float]], Vector]
    slope: Callable[[Vector, tuple[float, float]], Vector]


def solve_calibration(
    model: Model, weights: Vector, totals: Vector, calfun: Calfun, bounds: tuple[float, float]
) -> Vector:
    """λ such that Σ d F(x'λ) x meets the totals, by damped Newton steps. Raises CalibrationFailed, BoundsTooTight."""
    _check_bounds(calfun, bounds)
    distance = DISTANCES[calfun]
    coefficients = np.zeros(model.size)
    miss = _miss(model, distance, weights, totals, coefficients, bounds)
    for _ in range(_STEPS):
        if np.abs(miss).max() <= _TIGHT:
            return coefficients
        moved = _step(model, distance, weights, totals, coefficients, bounds, miss)
        if moved is None:
            break
        coefficients, miss = moved
    if np.abs(miss).max() <= _LOOSE:
        return coefficients
    raise _explain(model, weights, totals, miss, calfun, bounds)


def solve(matrix: Vector, right: Vector) -> Vector:
    """Least-norm solution of a symmetric system whose rank may be short (margins share their sum)."""
    size = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    size[size == 0] = 1.0
    scaled = matrix / np.outer(size, size)
    values, vectors = np.linalg.eigh(scaled)
    kept = values > values.max(initial=0.0) * 1e-12
    inverse = np.where(kept, 1 / np.where(kept, values, 1.0), 0.0)
    result = vectors @ (inverse[:, None] * (vectors.T @ (right.reshape(len(size), -1) / size[:, None]))) / size[:, None]
    return result.reshape(right.shape)


def _scale(model: Model, weights: Vector, totals: Vector) -> Vector:
    return np.abs(totals) + model.size_up(weights) + np.finfo(float).tiny


def _miss(
    model: Model, distance: Distance, weights: Vector, totals: Vector, coefficients: Vector, bounds: tuple[float, float]
) -> Vector:
    """Relative distance from the totals."""
    reached = weights * distance.factor(model.times(coefficients), bounds)
    return (totals - model.add_up(reached)) / _scale(model, weights, totals)


def _step(
    model: Model,
    distance: Distance,
    weights: Vector,
    totals: Vector,
    coefficients: Vector,
    bounds: tuple[float, float],
    miss: Vector,
) -> tuple[Vector, Vector] | None:
    """One Newton step, halved until it helps; None when none does."""
    slope = weights * distance.slope(model.times(coefficients), bounds)
    change = solve(model.gram(slope), miss * _scale(model, weights, totals))
    for _ in range(_HALVINGS):
        trial = coefficients + change
        with np.errstate(over="ignore", invalid="ignore"):
            missed = _miss(model, distance, weights, totals, trial, bounds)
        if np.isfinite(missed).all() and np.linalg.norm(missed) < np.linalg.norm(miss):
            return trial, missed
        change = change / 2
    return None


def _explain(
    model: Model, weights: Vector, totals: Vector, miss: Vector, calfun: Calfun, bounds: tuple[float, float]
) -> CalibrationFailed:
    """Says whether the bounds or the totals themselves are to blame."""
    base = solve(model.gram(weights), totals - model.add_up(weights))
    factors = 1 + model.times(base)
    reached = model.add_up(weights * factors)
    name = model.names[int(np.argmax(np.abs(miss)))]
    if np.abs(reached - totals).max() > _LOOSE * _scale(model, weights, totals).max():
        return CalibrationFailed(f"No weights meet these totals: {name} contradicts the others; correct the totals")
    if bounds != UNBOUNDED:
        return BoundsTooTight(
            f"No weights between {bounds[0]:g} and {bounds[1]:g} times the old ones meet the total of {name}; "
            f"without bounds they lie between {factors.min():.3g} and {factors.max():.3g}: widen the bounds"
        )
    return CalibrationFailed(
        f"{calfun} calibration did not reach the total of {name}: positive weights may not exist; merge its smallest "
        'categories, or use calfun="linear"'
    )


def _check_bounds(calfun: Calfun, bounds: tuple[float, float]) -> None:
    low, high = bounds
    if calfun not in get_args(Calfun):
        raise BadDesign(f"calfun={calfun!r} is not known; choose one of {', '.join(get_args(Calfun))}")
    if not low < 1 < high:
        raise BadDesign(f"bounds are factors on the old weights and must lie around 1, not ({low:g}, {high:g})")
    if calfun == "logit" and not (np.isfinite(low) and np.isfinite(high)):
        raise BadDesign('calfun="logit" needs two finite bounds, such as (0.4, 3)')


def _sweep(model: Model, totals: Vector, rows: Vector) -> Vector:
    """R's rule for `rake()`: what ten sweeps of unweighted margin means take away."""
    taken = np.zeros_like(totals)
    for _ in range(SWEEPS):
        for part, place in zip(model.parts, model.places, strict=True):
            size = place.stop - place.start
            held = np.bincount(part, weights=rows, minlength=size + 1)
            held = np.where(held > 0, held, 1.0)
            for row, total in enumerate(totals):
                means = np.bincount(part, weights=total - taken[row] * rows, minlength=size + 1) / held
                taken[row] += means[part]
    return taken


def _logit_parts(u: Vector, bounds: tuple[float, float]) -> tuple[float, float, Vector]:
    low, high = bounds
    speed = (high - low) / ((high - 1) * (1 - low))
    return speed, high - low, special.expit(speed * u + np.log((1 - low) / (high - 1)))


def _logit(u: Vector, bounds: tuple[float, float]) -> Vector:
    _, width, share = _logit_parts(u, bounds)
    return bounds[0] + width * share


def _logit_slope(u: Vector, bounds: tuple[float, float]) -> Vector:
    speed, width, share = _logit_parts(u, bounds)
    return width * speed * share * (1 - share)


def _inside(factor: Vector, bounds: tuple[float, float]) -> Vector:
    return ((factor > bounds[0]) & (factor < bounds[1])).astype(np.float64)


DISTANCES: dict[str, Distance] = {
    "linear": Distance(lambda u, b: np.clip(1 + u, *b), lambda u, b: _inside(1 + u, b)),
    "raking": Distance(lambda u, b: np.clip(np.exp(u), *b), lambda u, b: np.exp(u) * _inside(np.exp(u), b)),
    "logit": Distance(_logit, _logit_slope),
}
