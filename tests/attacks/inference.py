"""An official with every published number of two days, who knows how many answered everywhere, and can calculate.

Unknown is how many of each agency's answers in each sector were satisfied, on each day. Every shown rate is one linear
equation: the rates of its cells, weighted by their populations. What can be worked out is what lies in the span of the
equations (rank); how far the rest can be narrowed is asked of a linear programme, with the rounding of print.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from provinces import Cell
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

from survey.mandate.sectors import descendants
from survey.store.releases import StoredFigure

K = 10
ROUNDING = 0.0005
EXACT = 1e-7
PINNED = 0.1
Vector = npt.NDArray[np.float64]


@dataclass
class Attack:
    """The equations of both days; a variable is a cell with answers on a day."""

    days: Sequence[tuple[Sequence[Cell], Sequence[StoredFigure]]]
    names: list[tuple[int, str]] = field(init=False)
    matrix: Vector = field(init=False)
    rates: Vector = field(init=False)

    def __post_init__(self) -> None:
        self.names = [(day, each.stratum) for day, (cells, _) in enumerate(self.days) for each in cells if each.n]
        rows = [(self._row(day, figure), figure.numbers["rate"]) for day, figure in self._shown()]
        self.matrix = np.array([row for row, _ in rows]).reshape(len(rows), len(self.names))
        self.rates = np.array([rate for _, rate in rows])

    def find_recovered(self) -> list[str]:
        """Cells of fewer than ten answers, and changes by fewer than ten, that the equations give exactly."""
        span = _row_spaces(self.matrix)
        return [name for name, target in self.secrets() if _is_in(target, span)]

    def find_pinned(self, secrets: Sequence[tuple[str, Vector]]) -> list[str]:
        """Those that the rounded figures narrow to less than a tenth of an answer."""
        return [name for name, target in secrets if self.width(target) < PINNED]

    def width(self, target: Vector) -> float:
        """How far a secret may vary, in answers, when all published figures are to hold."""
        return self._bound(target, -1) - self._bound(target, 1)

    def secrets(self) -> Iterator[tuple[str, Vector]]:
        """What nobody may learn, as a combination of the variables.

        Where 30 and more are shown as all satisfied, everybody in it is: that is published on purpose.
        """
        told = {f"{each.place}.{each.sector_code}" for _, each in self._shown() if each.numbers["rate"] in (0, 1)}
        cells = [{each.stratum: each for each in cells if each.stratum not in told} for cells, _ in self.days]
        for day, known in enumerate(cells):
            for each in known.values():
                if 0 < each.n < K:
                    yield f"day {day}: {each.stratum} of {each.n}", self._unit((day, each.stratum))
        for each in cells[0].values():
            new = cells[1][each.stratum].n - each.n
            if 0 < new < K and each.n:
                difference = self._unit((1, each.stratum)) - self._unit((0, each.stratum))
                yield f"change of {each.stratum} by {new}", difference

    def _shown(self) -> Iterator[tuple[int, StoredFigure]]:
        for day, (_, figures) in enumerate(self.days):
            yield from ((day, each) for each in figures if not each.suppressed and each.numbers["n"])

    def _row(self, day: int, figure: StoredFigure) -> Vector:
        inside = [each for each in self.days[day][0] if each.n and _is_inside(each, figure)]
        whole = sum(each.population for each in inside)
        return sum(
            (each.population / whole / each.n * self._unit((day, each.stratum)) for each in inside), self._zero()
        )

    def _zero(self) -> Vector:
        return np.zeros(len(self.names))

    def _unit(self, name: tuple[int, str]) -> Vector:
        unit = self._zero()
        unit[self.names.index(name)] = 1
        return unit

    def _bound(self, target: Vector, sign: int) -> float:
        """The least (sign 1) or the greatest (-1) that a secret can be."""
        sizes = {(day, each.stratum): each.n for day, (cells, _) in enumerate(self.days) for each in cells}
        growth = [self._unit((1, s)) - self._unit((0, s)) for day, s in self.names if day == 0]
        limits = [sizes[1, s] - sizes[0, s] for day, s in self.names if day == 0]
        above = np.vstack([self.matrix, -self.matrix, *growth, *(-each for each in growth)])
        bounds = [*(self.rates + ROUNDING), *(ROUNDING - self.rates), *limits, *(0 for _ in limits)]
        ranges = [(0, sizes[name]) for name in self.names]
        return sign * float(linprog(sign * target, A_ub=above, b_ub=bounds, bounds=ranges, method="highs").fun)


def _is_inside(cell: Cell, figure: StoredFigure) -> bool:
    if figure.level == "agency":
        return (cell.agency, cell.sector) == (figure.place, figure.sector_code)
    return figure.level == "wave" or cell.sector in {figure.place, *descendants(figure.place)}


def _row_spaces(matrix: Vector) -> list[tuple[npt.NDArray[np.intp], Vector]]:
    """For each connected component its variables, and an orthonormal basis of what its equations span."""
    linked = (matrix != 0).astype(int)
    _, component = connected_components(linked.T @ linked, directed=False)
    spaces = []
    for number in np.unique(component):
        variables = np.flatnonzero(component == number)
        part = matrix[:, variables]
        _, values, basis = np.linalg.svd(part / max(np.abs(part).max(), EXACT), full_matrices=False)
        spaces.append((variables, basis[values > EXACT]))
    return spaces


def _is_in(target: Vector, spaces: list[tuple[npt.NDArray[np.intp], Vector]]) -> bool:
    """Whether each component's part of the target lies in what that component's equations span."""
    rest = sum(np.linalg.norm(target[v] - basis.T @ (basis @ target[v])) for v, basis in spaces)
    return bool(rest < EXACT)
