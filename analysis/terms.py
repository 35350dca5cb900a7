"""Auxiliary variables of a calibration: categories, numbers and the intercept, seen on cells without a dense matrix."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from analysis.arrays import Codes, Vector, add_up
from analysis.reduction import Cells


@dataclass(frozen=True, slots=True)
class Categories:
    """One indicator for each listed combination of the columns' values."""

    columns: tuple[str, ...]
    labels: tuple[tuple[Hashable, ...], ...]

    @property
    def size(self) -> int:
        return len(self.labels)

    @property
    def names(self) -> list[str]:
        column = " x ".join(self.columns)
        return [f"{column} = {' / '.join(map(str, label))}" for label in self.labels]


@dataclass(frozen=True, slots=True)
class Number:
    """A numeric column, as (value - shift) / scale; the shift is 0 unless the intercept is in the model."""

    column: str
    shift: float = 0.0
    scale: float = 1.0
    size: int = 1

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    @property
    def names(self) -> list[str]:
        return [self.column]


@dataclass(frozen=True, slots=True)
class Intercept:
    """A one for every response: its total is the population's size."""

    columns: tuple[str, ...] = ()
    size: int = 1

    @property
    def names(self) -> list[str]:
        return ["population size"]


Term = Categories | Number | Intercept


class Model:
    """The auxiliary variables of every cell; p columns in all. `parts` are the terms' values, one array each."""

    def __init__(self, terms: tuple[Term, ...], parts: list[Codes | Vector]) -> None:
        self.terms = terms
        self.parts = parts
        sizes = [term.size for term in terms]
        self.places = [slice(end - size, end) for size, end in zip(sizes, np.cumsum(sizes), strict=True)]
        self.size = sum(sizes)

    @property
    def names(self) -> list[str]:
        return [name for term in self.terms for name in term.names]

    @classmethod
    def read(cls, terms: tuple[Term, ...], cells: Cells) -> Self:
        return cls(terms, [read_term(term, cells) for term in terms])

    def times(self, coefficients: Vector) -> Vector:
        """x'λ of each cell."""
        result = np.zeros(len(self.parts[0]))
        for part, place in zip(self.parts, self.places, strict=True):
            own = coefficients[place]
            result += np.append(own, 0.0)[part] if part.dtype == np.intp else part * own[0]
        return result

    def add_up(self, values: Vector) -> Vector:
        """Σ x v over the cells, for one or several rows of values (L x cells gives L x p)."""
        if values.ndim == 2:
            return np.stack([self.add_up(row) for row in values])
        sums = np.empty(self.size)
        for part, place in zip(self.parts, self.places, strict=True):
            sums[place] = _sum_part(part, values, place.stop - place.start)
        return sums

    def size_up(self, weights: Vector) -> Vector:
        """Σ w |x| over the cells: what a rounding error in Σ w x is relative to."""
        sums = np.empty(self.size)
        for part, place in zip(self.parts, self.places, strict=True):
            values = part if part.dtype == np.intp else np.abs(part)
            sums[place] = _sum_part(values, np.abs(weights), place.stop - place.start)
        return sums

    def gram(self, weights: Vector) -> Vector:
        """Σ w x x' over the cells."""
        matrix = np.zeros((self.size, self.size))
        for i, (left, rows) in enumerate(zip(self.parts, self.places, strict=True)):
            for right, columns in zip(self.parts[: i + 1], self.places[: i + 1], strict=True):
                block = _cross(left, right, weights, rows.stop - rows.start, columns.stop - columns.start)
                matrix[rows, columns] = block
                matrix[columns, rows] = block.T
        return matrix


def read_term(term: Term, cells: Cells) -> Codes | Vector:
    """Category codes (the number of categories for none of them), or values, of each cell."""
    if isinstance(term, Categories):
        return code_labels(cells, term.columns, term.labels)
    if isinstance(term, Number):
        return (cells.keys[term.column].to_numpy(dtype=np.float64) - term.shift) / term.scale
    return np.ones(len(cells))


def code_labels(cells: Cells, columns: tuple[str, ...], labels: tuple[tuple[Hashable, ...], ...]) -> Codes:
    """Place of each cell's values among the labels; `len(labels)` for a cell that has none of them."""
    codes, values = cells.sort_out(columns)
    if ("labels", columns) not in cells.coded:  # a weighting is replayed on the same cells, for replicates many times
        cells.coded["labels", columns] = list_labels(values, columns)
    places = {label: place for place, label in enumerate(labels)}
    found = [places.get(label, len(labels)) for label in cells.coded["labels", columns]]
    return np.array([*found, len(labels)], dtype=np.intp)[codes]  # the last for cells without a value, whose code is -1


def list_labels(table: pd.DataFrame, columns: tuple[str, ...]) -> list[tuple[Hashable, ...]]:
    """Each row's values of the columns as plain Python values."""
    return list(zip(*(table[name].tolist() for name in columns), strict=True))


def _sum_part(part: Codes | Vector, values: Vector, size: int) -> Vector:
    if part.dtype == np.intp:
        return add_up(part.astype(np.intp), values, size + 1)[:size]
    return np.array([float(part @ values)])


def _cross(left: Codes | Vector, right: Codes | Vector, weights: Vector, rows: int, columns: int) -> Vector:
    left_codes, right_codes = left.dtype == np.intp, right.dtype == np.intp
    if left_codes and right_codes:
        pair = left.astype(np.intp) * (columns + 1) + right.astype(np.intp)
        return add_up(pair, weights, (rows + 1) * (columns + 1)).reshape(rows + 1, columns + 1)[:rows, :columns]
    if left_codes:
        return _sum_part(left, weights * right, rows)[:, None]
    if right_codes:
        return _sum_part(right, weights * left, columns)[None]
    return np.array([[float(left @ (weights * right))]])
