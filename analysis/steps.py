"""One step of weighting, kept in a design so that it can be replayed on any cells of the same frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from analysis.arrays import Vector

if TYPE_CHECKING:
    from analysis.reduction import Cells


class Step(Protocol):
    """What the estimators need to know of a step; `analysis.calibration` and `analysis.trimming` have the kinds."""

    @property
    def kind(self) -> str: ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that must be keys of the cells."""

    @property
    def needs_weight(self) -> bool:
        """True when the step looks at the weight itself, which must then be alike within a cell."""

    @property
    def projects(self) -> bool:
        """True when the step takes variance away (a `Projecting` calibration), false when it only rescales."""

    def factors(self, cells: Cells, weights: Vector, rows: Vector) -> Vector:
        """Factor on the weights of each cell, from the cells' sums of weights before the step and their responses."""

    def refit(self, cells: Cells, weights: Vector, rows: Vector) -> Self:
        """The same step for other weights before it, such as a replicate's."""


@runtime_checkable
class Projecting(Protocol):
    """A step that takes what it explains out of linearised variables."""

    @property
    def unweighted(self) -> bool:
        """True when what is taken away are unweighted means, as R's `rake()` does."""

    def fit(self, cells: Cells, totals: Vector, weights: Vector, rows: Vector) -> Vector:
        """Fitted values (variables x cells) that the step takes away from linearised variables.

        `totals` (variables x cells): sums of d u over the cell, d the weights before the step, or of u for a step that
        is `unweighted`; `weights`: sums of d; `rows`: responses.
        """
