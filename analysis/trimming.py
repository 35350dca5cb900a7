"""Trimming: weights are cut at bounds and what was cut is spread over the others, as R's `trimWeights` does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from analysis.arrays import Vector
from analysis.errors import CalibrationFailed, StaleWeights
from analysis.reduction import Cells

_PASSES = 1000
_STALE = 1e-6


@dataclass(frozen=True, slots=True)
class Trimming:
    """A step that keeps weights in `lower`..`upper`; `raises` is what each pass added to the weights inside them.

    `total` is the sum of weights, which trimming keeps.
    """

    lower: float
    upper: float
    strict: bool
    raises: tuple[float, ...] = ()
    total: float = 0.0
    kind: str = "trim"
    columns: tuple[str, ...] = ()

    @property
    def needs_weight(self) -> bool:
        return True

    @property
    def projects(self) -> bool:
        return False

    def factors(self, cells: Cells, weights: Vector, rows: Vector) -> Vector:
        """Trimmed weight over old weight of each cell. Raises StaleWeights when the sum of weights is another."""
        if abs(weights.sum() - self.total) > _STALE * self.total:
            raise StaleWeights(
                f"Weights were trimmed when they added up to {self.total:g}, but on this frame they add up to "
                f"{weights.sum():g}; trim again on the frame that is asked"
            )
        old = np.divide(weights, rows, out=np.zeros_like(weights), where=rows > 0)
        new = old
        for more in self.raises:
            new, _ = self._cut(new, rows, more)
        return np.divide(new, old, out=np.ones_like(old), where=old > 0)

    def refit(self, cells: Cells, weights: Vector, rows: Vector) -> Self:
        """The same step for other weights before it. Raises CalibrationFailed when no weight is left to be raised."""
        new = np.divide(weights, rows, out=np.zeros_like(weights), where=rows > 0)
        raises: list[float] = []
        while ((new < self.lower) | (new > self.upper)).any() and (self.strict or not raises):
            new, more = self._cut(new, rows, None)
            raises.append(more)
            if len(raises) > _PASSES or not np.isfinite(more):
                raise CalibrationFailed(
                    f"The weights cannot all lie in {self.lower:g}..{self.upper:g} and keep their sum; widen the bounds"
                )
        return replace(self, raises=tuple(raises), total=float(weights.sum()))

    def _cut(self, weights: Vector, rows: Vector, more: float | None) -> tuple[Vector, float]:
        """One pass: cut at the bounds, raise the weights strictly inside by the same amount (given, or found)."""
        cut = np.clip(weights, self.lower, self.upper)
        inside = (weights > self.lower) & (weights < self.upper)
        if more is None:
            spread = float(rows[inside].sum())
            more = float(((weights - cut) * rows).sum()) / spread if spread else np.inf
        return np.where(inside, cut + more, cut), more
