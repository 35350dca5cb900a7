"""How wide a secret's range is at least: solutions of what an attacker knows, as witnesses that it may vary.

A witness is any two tables that satisfy all that is published and differ by enough. First come exchanges from the mean
of a few solutions, which cost next to nothing, then programmes for many secrets together, then for one with what is
near it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

EXACT = 1e-7
SLACK = 1e-6  # a range this much short of what is wanted is wide enough: the solver's own precision

Vector = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]


class Secret(NamedTuple):
    """A hidden value, or (with `minus`) by how much one exceeds another, and how wide its range must be."""

    plus: int
    minus: int | None
    wanted: float


@dataclass(frozen=True)
class Equations:
    """What an attacker knows of the variables x: low <= matrix @ x <= high, and least <= x <= most.

    `exact` marks the rows whose value is published, as against those that only say that something cannot shrink.
    `point` is what whoever publishes knows besides: the true x, NaN where it does not know either.
    """

    matrix: sparse.csr_array
    low: Vector
    high: Vector
    exact: npt.NDArray[np.bool_]
    least: Vector
    most: Vector
    point: Vector | None = None


def components(matrix: sparse.csr_array) -> npt.NDArray[np.int32]:
    """Of each variable the number of its component: those that some row holds together."""
    rows, variables = matrix.shape
    entries = matrix.tocoo()
    places = entries.row, rows + entries.col
    both = sparse.csr_array((np.ones(entries.nnz), places), (rows + variables, rows + variables))
    component: npt.NDArray[np.int32] = connected_components(both, directed=False)[1]
    return component[rows:]


class Ranges:
    """The least and the greatest value of each secret that a solution has had so far, and the mean of the solutions."""

    def __init__(self, equations: Equations, secrets: Sequence[Secret]) -> None:
        self.equations, self.secrets = equations, secrets
        signs = [(n, each.plus, 1.0) for n, each in enumerate(secrets)]
        signs += [(n, each.minus, -1.0) for n, each in enumerate(secrets) if each.minus is not None]
        numbers, variables, values = zip(*signs, strict=True)
        self.targets = sparse.csr_array((values, (numbers, variables)), (len(secrets), len(equations.least)))
        self.wanted = np.array([each.wanted for each in secrets]) - SLACK
        self.low = np.full(len(secrets), np.inf)
        self.high = np.full(len(secrets), -np.inf)
        self.exchanged = np.zeros(len(secrets))
        self.above = sparse.vstack([equations.matrix, -equations.matrix]).tocsr()
        self.bounds = np.concatenate([equations.high, -equations.low])
        self.solutions: list[Vector] = []
        self.middle = np.zeros(len(equations.least))
        self.room = self.middle, self.middle
        self.plus = np.array([each.plus for each in secrets])
        self.minus = np.array([each.plus if each.minus is None else each.minus for each in secrets])
        self.price, self.alike = _alike(equations)
        self.tied = components(equations.matrix[np.flatnonzero(~equations.exact)])
        self.columns = self.above.tocsc()
        self.chance = np.random.default_rng(len(secrets))
        self.anchored = equations.point is not None and self._anchor(equations.point)
        if not self.anchored and self._solve(np.zeros(len(equations.least))) is None:
            self.bounds = self.bounds + self._contradiction() + SLACK

    def waiting(self) -> Numbers:
        return np.flatnonzero(np.maximum(self.high - self.low, self.exchanged) < self.wanted)

    def narrowest(self, count: int) -> Numbers:
        """Those of the waiting that varied least so far."""
        waiting = self.waiting()
        seen = np.maximum(self.high - self.low, self.exchanged)[waiting] / self.wanted[waiting]
        return waiting[np.argsort(seen, kind="stable")][:count]

    def is_open(self, number: int) -> bool:
        return bool(max(self.high[number] - self.low[number], self.exchanged[number]) < self.wanted[number])

    def stretch(self, numbers: Numbers, free: Numbers | None = None) -> bool:
        """Push these up together and down together; whether fewer are waiting. What is not `free` stays as it is."""
        before = len(self.waiting())
        target = self.targets[numbers].T @ (1 / np.maximum(self.wanted[numbers], SLACK))
        for sign in (1, -1):
            solution = self._solve(sign * target) if free is None else self._solve_part(sign * target, free)
            if solution is None:
                return False
            if free is None:
                self.solutions.append(solution)
            values = self.targets @ solution
            self.low, self.high = np.minimum(self.low, values), np.maximum(self.high, values)
        return len(self.waiting()) < before

    def scatter(self) -> None:
        """One more solution, in a direction of chance, for the mean to lie further inside."""
        signs = self.chance.choice([-1.0, 1.0], len(self.equations.least))
        solution = self._solve(signs / np.maximum(self.equations.most, 1))
        if solution is not None:
            self.solutions.append(solution)

    def exchange(self) -> None:
        """How far each secret may move from the mean of the solutions, alone or with all that is tied to it by growth,
        when its likes, those that stand in the same rows with the same weights, make up for it."""
        if not self.solutions:
            return
        self.middle = np.mean(self.solutions, axis=0)
        down, up = self.room = self._room(self.middle)
        price, alike = self.price, self.alike
        paid = np.where(price > 0, price, 1)
        to_rise = np.where(price > 0, (np.bincount(alike, price * down)[alike] - price * down) / paid, np.inf)
        to_fall = np.where(price > 0, (np.bincount(alike, price * up)[alike] - price * up) / paid, np.inf)
        alone = np.minimum(up, to_rise), np.minimum(down, to_fall)
        tied = (
            self._least_of_tied(np.minimum(self.equations.most - self.middle, to_rise)),
            self._least_of_tied(np.minimum(self.middle - self.equations.least, to_fall)),
        )
        moves = alone[0] + alone[1]
        levels = np.maximum(alone[0], tied[0]) + np.maximum(alone[1], tied[1])
        changes = np.maximum(moves[self.plus], moves[self.minus])
        self.exchanged = np.maximum(self.exchanged, np.where(self.plus == self.minus, levels[self.plus], changes))

    def _least_of_tied(self, values: Vector) -> Vector:
        """Of each variable the least value among those that growth ties to it."""
        least = np.full(int(self.tied.max(initial=0)) + 1, np.inf)
        np.minimum.at(least, self.tied, values)
        return least[self.tied]

    def around(self, number: int, most: int | None = None) -> Numbers:
        """What to move for a secret: all that is near it, or so many of it that have most room for both ways."""
        secret = self.secrets[number]
        near = _around(self.equations, secret)
        if most is None or len(near) <= most:
            return near
        room = self.price[near] * np.minimum(*self.room)[near]
        chosen = near[np.argsort(-room, kind="stable")[:most]]
        own = np.flatnonzero(self.tied == self.tied[secret.plus])
        return np.unique(np.concatenate([chosen, own]))

    def _anchor(self, point: Vector) -> bool:
        """Begin at the true point, with what nobody knows found by programmes for that alone; whether there is one.

        What weights and rounding of other figures left out of the model may contradict the truth: that much is given.
        """
        unknown = np.flatnonzero(np.isnan(point))
        self.middle = np.clip(np.where(np.isnan(point), 0, point), self.equations.least, self.equations.most)
        known = np.setdiff1d(np.arange(self.above.shape[0]), self.columns[:, unknown].indices)
        self.bounds[known] = np.maximum(self.bounds[known], self.above[known] @ self.middle)
        if not len(unknown):
            self.solutions.append(self.middle)
            return True
        cost = np.zeros(len(point))
        cost[unknown] = self.chance.choice([-1.0, 1.0], len(unknown)) / np.maximum(self.equations.most[unknown], 1)
        found = [self._solve_part(cost, unknown), self._solve_part(-cost, unknown)]
        self.solutions += [each for each in found if each is not None]
        return bool(self.solutions)

    def _room(self, middle: Vector) -> tuple[Vector, Vector]:
        """How far each variable alone may fall and rise, whatever the published rows say."""
        down, up = middle - self.equations.least, self.equations.most - middle
        growth = np.flatnonzero(~self.equations.exact)
        entries = self.equations.matrix[growth].tocoo()
        value = self.equations.matrix[growth] @ middle
        rise, fall = (
            (self.equations.high[growth] - value)[entries.row],
            (value - self.equations.low[growth])[entries.row],
        )
        np.minimum.at(up, entries.col, np.where(entries.data > 0, rise, fall))
        np.minimum.at(down, entries.col, np.where(entries.data > 0, fall, rise))
        return np.maximum(down, 0), np.maximum(up, 0)

    def _solve(self, cost: Vector) -> Vector | None:
        return _minimise(cost, self.above, self.bounds, self.equations.least, self.equations.most)

    def _solve_part(self, cost: Vector, free: Numbers) -> Vector | None:
        """The programme in which everything but `free` keeps its mean."""
        chosen = self.columns[:, free]
        rows = np.unique(chosen.indices)
        columns, known = chosen.tocsr()[rows], self.above[rows] @ self.middle
        left = self.bounds[rows] - known + columns @ self.middle[free] + SLACK**2
        solved = _minimise(cost[free], columns, left, self.equations.least[free], self.equations.most[free])
        if solved is None:
            return None
        solution = self.middle.copy()
        solution[free] = solved
        return solution

    def _contradiction(self) -> float:
        """By how much the equations must give way for anything to satisfy them all: what weights and rounding of
        other figures left out of the model."""
        rows, variables = self.above.shape
        above = sparse.hstack([self.above, sparse.csr_array(-np.ones((rows, 1)))]).tocsr()
        least, most = np.append(self.equations.least, 0), np.append(self.equations.most, np.inf)
        solved = _minimise(np.append(np.zeros(variables), 1), above, self.bounds, least, most)
        return 0.0 if solved is None else float(solved[-1])


def _around(equations: Equations, secret: Secret) -> Numbers:
    """The variables of the smallest published rows that hold the secret's, and what is tied to them by growth."""
    rows = abs(equations.matrix).tocsr()
    columns, size = rows.tocsc(), np.diff(rows.indptr)
    found = {secret.plus} if secret.minus is None else {secret.plus, secret.minus}
    for exact in (False, True, False):
        for variable in sorted(found):
            holding = columns.indices[columns.indptr[variable] : columns.indptr[variable + 1]]
            holding = holding[equations.exact[holding] == exact]
            chosen = holding[size[holding] == size[holding].min(initial=rows.shape[1] + 1)] if exact else holding
            found.update(
                int(other) for row in chosen for other in rows.indices[rows.indptr[row] : rows.indptr[row + 1]]
            )
    return np.array(sorted(found))


def _minimise(cost: Vector, above: sparse.csr_array, bounds: Vector, least: Vector, most: Vector) -> Vector | None:
    """Where cost @ x is least, above @ x <= bounds and least <= x <= most; None where nothing is."""
    ranges = np.column_stack([least, most])
    solved: Any = linprog(cost, A_ub=above, b_ub=bounds, bounds=ranges, method="highs")  # type: ignore[call-overload]
    return None if solved.x is None else np.asarray(solved.x)


def _alike(equations: Equations) -> tuple[Vector, Numbers]:
    """What each variable weighs in the first published row that has it (0: in none), and the number of its group:
    those that stand in the same published rows, with weights in the same proportion."""
    columns = equations.matrix[np.flatnonzero(equations.exact)].tocsc()
    columns.sort_indices()
    price = np.zeros(columns.shape[1])
    groups: dict[tuple[bytes, bytes], int] = {}
    number = np.zeros(columns.shape[1], dtype=np.intp)
    for variable, (start, end) in enumerate(zip(columns.indptr, columns.indptr[1:], strict=False)):
        weights = columns.data[start:end]
        price[variable] = weights[0] if end > start else 0
        key = columns.indices[start:end].tobytes(), np.round(weights / (price[variable] or 1), 9).tobytes()
        number[variable] = groups.setdefault(key, len(groups))
    return price, number
