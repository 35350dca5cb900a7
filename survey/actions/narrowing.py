"""How far an attacker who has every published figure can narrow what is hidden: rank tests and linear programmes.

What is printed is a system of linear equations, each true to the precision of print; what is hidden may be anything
that satisfies them all. A secret is safe when it is no combination of the equations (rank), and when the range between
its least and greatest possible value is as wide as wanted: the *sliding protection level* of Fischetti and
Salazar-Gonzalez (2001), Solving the cell suppression problem on tabular data with linear constraints, Management
Science 47(7), whose attacker's subproblem this is. Connected components are solved apart. Every solution of a
programme is a witness for all secrets of its component, so that most of them never need a programme of their own
(filtering by solutions: Gleixner et al. 2017, Three enhancements for optimization-based bound tightening). What is
found does not depend on which solutions came first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

EXACT = 1e-7
SLACK = 1e-6  # a range this much short of what is wanted is wide enough: the solver's own precision
SOLVED_WHOLE = 600  # variables of a component; in larger ones a programme moves only what is near the secret
SCATTERS = 6  # solutions besides, in directions of chance, of a larger component
PROGRAMMES = 100  # of its own for a secret of a larger component: for those that varied least
ROUNDS = 8  # programmes for all secrets of a smaller component together, before each is asked alone
PASSES = 3  # of bounds from each release to the next and back

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
    """

    matrix: sparse.csr_array
    low: Vector
    high: Vector
    exact: npt.NDArray[np.bool_]
    least: Vector
    most: Vector


def find_narrowed(equations: Equations, secrets: Sequence[Secret]) -> list[int]:
    """Numbers of the secrets that follow from the equations, or may vary by less than is wanted."""
    found: list[int] = []
    component = _components(equations.matrix)
    by_component: dict[int, list[int]] = {}
    for number, secret in enumerate(secrets):
        by_component.setdefault(int(component[secret.plus]), []).append(number)
    for name, numbers in by_component.items():
        part, position = _restrict(equations, np.flatnonzero(component == name))
        mine = [_renumber(secrets[number], position) for number in numbers]
        found += [numbers[index] for index in sorted({*_spanned(part, mine), *_too_narrow(part, mine)})]
    return sorted(found)


def _components(matrix: sparse.csr_array) -> npt.NDArray[np.int32]:
    """Of each variable the number of its component: those that some row holds together."""
    rows, variables = matrix.shape
    entries = matrix.tocoo()
    places = entries.row, rows + entries.col
    both = sparse.csr_array((np.ones(entries.nnz), places), (rows + variables, rows + variables))
    component: npt.NDArray[np.int32] = connected_components(both, directed=False)[1]
    return component[rows:]


def _restrict(equations: Equations, variables: Numbers) -> tuple[Equations, dict[int, int]]:
    """The equations of one component, and where its variables went."""
    columns = equations.matrix[:, variables].tocsr()
    rows = np.flatnonzero(np.diff(columns.indptr))
    part = Equations(
        columns[rows],
        equations.low[rows],
        equations.high[rows],
        equations.exact[rows],
        equations.least[variables],
        equations.most[variables],
    )
    return part, {int(variable): place for place, variable in enumerate(variables)}


def _renumber(secret: Secret, position: dict[int, int]) -> Secret:
    return Secret(position[secret.plus], None if secret.minus is None else position[secret.minus], secret.wanted)


def _spanned(equations: Equations, secrets: Sequence[Secret]) -> Iterator[int]:
    """Secrets that the published rows, taken as exact, give; variables that print alone fixes count as known."""
    hidden = np.flatnonzero(equations.most - equations.least > EXACT)
    rows = equations.matrix[np.flatnonzero(equations.exact)][:, hidden].toarray()
    scale = np.abs(rows).max(axis=1, keepdims=True, initial=EXACT)
    _, values, basis = np.linalg.svd(rows / scale, full_matrices=False)
    spanned = np.zeros((len(equations.least), int((values > EXACT).sum())))
    spanned[hidden] = basis[values > EXACT].T
    fixed = equations.most - equations.least <= EXACT
    for number, (plus, minus, _) in enumerate(secrets):
        inside, length = spanned[plus], float(not fixed[plus])
        if minus is not None:
            inside, length = inside - spanned[minus], length + float(not fixed[minus])
        if length - float(inside @ inside) < EXACT:
            yield number


def _too_narrow(equations: Equations, secrets: Sequence[Secret]) -> list[int]:
    """Secrets whose range is less than wanted: by their bounds alone, else what no solution disproves."""
    bounded = _bounded(equations, secrets)
    open_ones = [number for number in range(len(secrets)) if number not in bounded]
    return [*bounded, *(open_ones[index] for index in _undisproved(equations, [secrets[n] for n in open_ones]))]


def _bounded(equations: Equations, secrets: Sequence[Secret]) -> set[int]:
    """Secrets that their own bounds, and those of what they grew from and into, narrow enough."""
    least, most = equations.least.copy(), equations.most.copy()
    growth = np.flatnonzero(~equations.exact)
    entries = equations.matrix[growth].tocoo()
    after, before = (np.zeros(len(growth), dtype=np.intp) for _ in range(2))
    after[entries.row[entries.data > 0]] = entries.col[entries.data > 0]
    before[entries.row[entries.data < 0]] = entries.col[entries.data < 0]
    for _ in range(PASSES):
        np.maximum.at(least, after, least[before] + equations.low[growth])
        np.minimum.at(most, after, most[before] + equations.high[growth])
        np.maximum.at(least, before, least[after] - equations.high[growth])
        np.minimum.at(most, before, most[after] - equations.low[growth])
    return {
        number
        for number, each in enumerate(secrets)
        if each.minus is None and most[each.plus] - least[each.plus] < each.wanted - SLACK
    }


def _undisproved(equations: Equations, secrets: Sequence[Secret]) -> list[int]:
    """Those of the secrets that no solution shows to vary enough: exchanges first, then programmes for many, then
    for one."""
    if not secrets:
        return []
    ranges = _Ranges(equations, secrets)
    ranges.stretch(ranges.waiting())
    ranges.exchange()
    small = len(equations.least) <= SOLVED_WHOLE
    for _ in range(0 if small else SCATTERS):
        if len(ranges.waiting()):
            ranges.scatter()
            ranges.exchange()
    for _ in range(ROUNDS if small else 0):
        waiting = ranges.waiting()
        if not len(waiting) or not ranges.stretch(waiting):
            break
    asked = ranges.waiting() if small else ranges.narrowest(PROGRAMMES)
    for number in asked:
        if ranges.is_open(number):
            ranges.stretch(np.array([number]), None if small else _around(equations, secrets[number]))
    return [int(number) for number in asked if ranges.is_open(number)]


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


class _Ranges:
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
        self.chance = np.random.default_rng(len(secrets))
        if self._solve(np.zeros(len(equations.least))) is None:
            self.bounds = self.bounds + self._contradiction() + SLACK

    def waiting(self) -> Numbers:
        return np.flatnonzero(np.maximum(self.high - self.low, self.exchanged) < self.wanted)

    def narrowest(self, count: int) -> Numbers:
        """Those of the waiting that varied least so far."""
        waiting = self.waiting()
        seen = np.maximum(self.high - self.low, self.exchanged)[waiting] / self.wanted[waiting]
        return waiting[np.argsort(seen, kind="stable")][:count]

    def is_open(self, number: int) -> bool:
        return number in self.waiting()

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
        """How far each secret may move from the mean of the solutions when its likes, those that stand in the same
        rows with the same weights, make up for it."""
        if not self.solutions:
            return
        down, up = self._room(middle := np.mean(self.solutions, axis=0))
        price, alike = _alike(self.equations)
        given_up = np.bincount(alike, price * up)[alike] - price * up
        given_down = np.bincount(alike, price * down)[alike] - price * down
        free = np.maximum(price, EXACT**2)
        ranges = np.minimum(up, np.where(price > 0, given_down / free, np.inf))
        ranges += np.minimum(down, np.where(price > 0, given_up / free, np.inf))
        plus = np.array([each.plus for each in self.secrets])
        minus = np.array([each.plus if each.minus is None else each.minus for each in self.secrets])
        self.exchanged = np.maximum(self.exchanged, np.maximum(ranges[plus], ranges[minus]))
        self.middle = middle

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
        columns = self.above[:, free].tocsr()
        rows = np.flatnonzero(np.diff(columns.indptr))
        left = (self.bounds - self.above @ self.middle + columns @ self.middle[free])[rows] + SLACK**2
        solved = _minimise(cost[free], columns[rows], left, self.equations.least[free], self.equations.most[free])
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
