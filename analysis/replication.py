"""Variances from replicate weights: each replicate gives the estimate again, and their spread is its variance.

Rows that are alike (stratum, PSU, weight, answers, domain) form one class. A jackknife that leaves out one response of
a class gives the same figure for each of its members, so it is computed once and counted as often as the class has
members: exact, at the cost of classes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import narwhals as nw
import numpy as np

from analysis.arrays import Codes, Vector, add_up
from analysis.balanced import balance
from analysis.conditions import list_columns
from analysis.design import Design
from analysis.errors import BadDesign
from analysis.jackknife import Jackknife, read_jackknife
from analysis.reduction import Cells, reduce_frame
from analysis.replicates import Replicates
from analysis.sample import Sample, prepare

_ROW = "replicate row"
_RANK = 1e-5  # R's rule for the rank of replicate weights
_ENTRIES = 1_000_000  # of a jackknife's weights, beyond which its rank is counted as if they were not calibrated


class Factors(Protocol):
    """Replicates' factors on the weights of classes."""

    def apply(self, values: Vector) -> Vector: ...

    def column(self, place: int) -> Vector: ...


@dataclass(frozen=True, slots=True)
class Table:
    """Factors written out (classes x R), as given in columns or made by balancing."""

    matrix: Vector

    def apply(self, values: Vector) -> Vector:
        return values @ self.matrix

    def column(self, place: int) -> Vector:
        factors: Vector = self.matrix[:, place]
        return factors


@dataclass(frozen=True, slots=True)
class Replication:
    """Classes of alike rows with their replicates; v = scale Σ times rscales (θ_r - centre)²."""

    classes: Sample
    base: Vector
    factors: Factors
    scale: float
    rscales: Vector
    times: Vector
    mse: bool
    after: int

    def sums(self, places: tuple[int, ...], code: Codes, size: int) -> Vector:
        """Sums (R x size x places) of the classes' `first` columns in each domain, replicate by replicate."""
        values = np.concatenate([_spread(self.base[:, place], code, size) for place in places])
        return self._apply(values).T.reshape(-1, len(places), size).transpose(0, 2, 1)

    def covariance(self, replicates: Vector, estimates: Vector) -> Vector:
        """Covariance matrix (D x D) of replicated estimates (R x D); replicates without a value are left out."""
        used = np.isfinite(replicates).all(axis=1) & (self.rscales > 0)
        values, shares = replicates[used], self.times[used]
        centre = estimates if self.mse else shares @ values / shares.sum()
        away = (values - centre) * np.sqrt(shares * self.rscales[used])[:, None]
        matrix: Vector = self.scale * away.T @ away
        return matrix

    def count_df(self, inside: Vector) -> float:
        """Rank of the replicate weights of a domain, less one (R's `degf`); `inside`: its responses in each class."""
        steps = self.classes.design.steps[self.after :]
        if isinstance(self.factors, Jackknife) and not steps:
            return self.factors.count_df(inside)
        kept = np.flatnonzero(inside > 0)
        if isinstance(self.factors, Jackknife) and inside.sum() * self.times.sum() > _ENTRIES:
            return self.factors.count_df(inside)
        matrix = np.stack([self._column(place)[kept] for place in range(len(self.times))], axis=1)
        matrix *= self.base[kept, :1]
        if isinstance(self.factors, Jackknife):
            matrix = self.factors.spell_out(matrix, kept)
        return float(find_rank(matrix) - 1)

    def _apply(self, values: Vector) -> Vector:
        if not self.classes.design.steps[self.after :]:
            return self.factors.apply(values)
        return np.stack([values @ self._column(place) for place in range(len(self.times))], axis=1)

    def _column(self, place: int) -> Vector:
        """One replicate's factors, its weighting steps computed anew."""
        factors = self.factors.column(place)
        table, rows = self.classes.cells, self.classes.cells.rows
        for step in self.classes.design.steps[self.after :]:
            weights = self.base[:, 0] * factors
            factors = factors * step.refit(table, weights, rows).factors(table, weights, rows)
        return factors


def read_replication(
    frame: Any, design: Design, outcomes: tuple[str, ...], by: tuple[str, ...], within: str | None
) -> Replication:
    """Reduce a frame to classes of alike rows and read the design's replicates on them. Raises BadDesign."""
    replicates = design.replicates
    assert replicates is not None, "the caller has looked"
    if isinstance(frame, Cells):
        raise BadDesign("Replicate weights need the frame itself; kept cells have lost its classes")
    weight = (design.weight,) if design.weight else ()
    inside = list_columns(within) if within else ()
    keys = tuple(dict.fromkeys((*by, *weight, *replicates.columns, *outcomes, *inside)))
    plain = replace(design, replicates=None, lonely_psu=loosen(design))
    if replicates.kind in {"BRR", "Fay"} and not replicates.columns:
        frame, keys = _number_rows(frame, keys)
    classes = prepare(reduce_frame(frame, plain, outcomes, by=keys, within=within))
    before = classes.replays[replicates.after].before if len(classes.replays) > replicates.after else classes.factor
    base = classes.cells.first * before[:, None]
    factors, scale, rscales, times = _make(replicates, classes, base)
    return Replication(classes, base, factors, scale, rscales, times, replicates.mse, replicates.after)


def find_rank(matrix: Vector) -> int:
    """Rank as R's `qr` finds it: a column counts if 1e-5 of it is left when the earlier ones are taken out."""
    basis = np.zeros((matrix.shape[0], min(matrix.shape)))
    rank = 0
    for column in matrix.T:
        if rank == basis.shape[1]:
            break
        rest = column - basis[:, :rank] @ (basis[:, :rank].T @ column)
        rest -= basis[:, :rank] @ (basis[:, :rank].T @ rest)
        size = float(np.linalg.norm(rest))
        if size > _RANK * float(np.linalg.norm(column)):
            basis[:, rank] = rest / size
            rank += 1
    return rank


def loosen(design: Design) -> Any:
    """Given replicates need no variance within strata, so a lonely one is no reason to fail."""
    given = design.replicates is not None and design.replicates.columns
    return "remove" if given and design.lonely_psu == "fail" else design.lonely_psu


def _make(replicates: Replicates, classes: Sample, base: Vector) -> tuple[Factors, float, Vector, Vector]:
    if replicates.columns:
        return _read_columns(replicates, classes, base)
    if replicates.kind in {"BRR", "Fay"}:
        return _make_balanced(replicates, classes)
    stage = classes.stages[0]
    if replicates.kind == "JK1" and classes.design.strata:
        raise BadDesign("JK1 ignores strata; use JKn for a stratified design")
    jackknife, scale = read_jackknife(classes.cells, stage, classes.design.lonely_psu)
    return jackknife, replicates.scale or scale, jackknife.rscales, jackknife.times


def _read_columns(replicates: Replicates, classes: Sample, base: Vector) -> tuple[Factors, float, Vector, Vector]:
    matrix = classes.cells.keys[list(replicates.columns)].to_numpy(dtype=np.float64)
    if not np.isfinite(matrix).all() or (matrix < 0).any():
        raise BadDesign("Replicate weights are negative or missing; every row needs all of them")
    if replicates.combined:
        rows = np.where(classes.cells.rows > 0, classes.cells.rows, 1.0)
        weights = base[:, 0] / rows
        matrix = np.divide(matrix, weights[:, None], out=np.zeros_like(matrix), where=weights[:, None] > 0)
    size = matrix.shape[1]
    rscales = np.ones(size) if replicates.rscales is None else np.array(replicates.rscales)
    if len(rscales) != size:
        raise BadDesign(f"{len(rscales)} rscales were given for {size} replicate columns")
    return Table(matrix), _find_scale(replicates, size), rscales, np.ones(size)


def _find_scale(replicates: Replicates, size: int) -> float:
    if replicates.scale is not None:
        return replicates.scale
    if replicates.kind in {"BRR", "Fay"}:
        return 1 / (size * (1 - replicates.rho) ** 2)
    if replicates.kind == "JK1":
        return (size - 1) / size
    if replicates.kind == "bootstrap":
        return 1 / (size - 1)
    if replicates.rscales is None:
        raise BadDesign(f"{replicates.kind} replicate columns need their rscales, (n_h - 1) / n_h for JKn")
    return 1.0


def _number_rows(frame: Any, keys: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
    """Keep the order of the rows, where a frame has one, as a key: half-samples pair units in that order."""
    table = nw.from_native(frame)
    if isinstance(table, nw.DataFrame):
        return table.with_row_index(_ROW).to_native(), (*keys, _ROW)
    return frame, keys


def _make_balanced(replicates: Replicates, classes: Sample) -> tuple[Factors, float, Vector, Vector]:
    """Half-samples of PSUs; of alike responses in a class, the mean of their factors."""
    if not classes.design.strata:
        raise BadDesign(f"{replicates.kind} pairs the units of strata; an unstratified design takes JK1")
    stage = classes.stages[0]
    times = classes.cells.rows.astype(np.intp) if stage.unit is None else np.ones(len(classes.cells), dtype=np.intp)
    owner = np.repeat(np.arange(len(times)), times)
    unit = np.arange(len(owner)) if stage.unit is None else stage.unit[owner]
    stratum = np.zeros(int(unit.max()) + 1, dtype=np.intp)
    stratum[unit] = _rank_strata(classes)[owner]
    order = _order_units(classes, owner, unit)
    factors = balance(stratum, order, replicates.rho, replicates.small, replicates.large)[unit]
    matrix = np.stack([add_up(owner, column, len(times)) for column in factors.T], axis=1) / times[:, None]
    size = matrix.shape[1]
    return Table(matrix), _find_scale(replicates, size), np.ones(size), np.ones(size)


def _rank_strata(classes: Sample) -> Codes:
    """Stratum of each class, numbered in the order of the labels as texts, which is R's."""
    stage, name = classes.stages[0], classes.design.strata[0]
    first = np.unique(stage.stratum, return_index=True)[1]
    rank = np.argsort(np.argsort(classes.cells.keys[name].iloc[first].astype(str).to_numpy(), kind="stable"))
    return rank[stage.stratum].astype(np.intp, copy=False)


def _order_units(classes: Sample, owner: Codes, unit: Codes) -> Codes:
    """First row of each unit, or the order of its label where rows have none."""
    place = np.arange(len(owner))
    if _ROW in classes.cells.keys:
        place = classes.cells.keys[_ROW].to_numpy(dtype=np.intp)[owner]
    first = np.full(int(unit.max()) + 1, np.iinfo(np.intp).max, dtype=np.intp)
    np.minimum.at(first, unit, place)
    return first


def _spread(values: Vector, code: Codes, size: int) -> Vector:
    """Values (classes) as rows (size x classes), each class in its domain's row."""
    rows = np.zeros((size, len(values)))
    inside = code >= 0
    rows[code[inside], np.flatnonzero(inside)] = values[inside]
    return rows
