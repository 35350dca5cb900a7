"""Test of independence in a two-way table of a complex sample (Rao and Scott, Annals of Statistics 12, 1984)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import special

from analysis.arrays import Codes, Vector, add_up
from analysis.design import Design
from analysis.errors import EmptyDomain
from analysis.replication import loosen, read_replication
from analysis.sample import Sample, read_sample
from analysis.variance import count_df, covariance


@dataclass(frozen=True, slots=True)
class Independence:
    """Rao and Scott's second-order corrected F with its degrees of freedom; `chi_square` is Pearson's, uncorrected."""

    f: float
    ndf: float
    ddf: float
    p_value: float
    chi_square: float
    n: int


def chi_square(frame: Any, design: Design, rows: str, columns: str, *, within: str | None = None) -> Independence:
    """Test whether two categorical columns are independent in the domain `within`, as R's `svychisq(statistic = "F")`.

    Responses without a value of either are outside the domain. Raises EmptyDomain when a column has fewer than two
    categories, or when so many combinations of the two have no response that no test is left.
    """
    plain = replace(design, replicates=None, lonely_psu=loosen(design))
    known = " & ".join(filter(None, (within and f"({within})", f"!is.na(`{rows}`)", f"!is.na(`{columns}`)")))
    sample = read_sample(frame, plain, (), (rows, columns), within=known)
    code, shape = _code_table(sample, rows, columns)
    inside = sample.counts[:, 1]
    shares = add_up(code, sample.first[:, 1], shape[0] * shape[1])
    shares /= shares.sum()
    if design.replicates is None:
        matrix, df = covariance(sample, _influence(sample, code, shares)), count_df(sample, inside)
    else:
        matrix, df = _replicate(frame, design, (rows, columns), known, shares)
    return _test(shares, matrix, shape, df, round(inside.sum()))


def _code_table(sample: Sample, rows: str, columns: str) -> tuple[Codes, tuple[int, int]]:
    """Table cell of each cell, row by row; cells outside the domain weigh nothing and are put in the first."""
    codes, sizes = [], []
    for name in (rows, columns):
        code, _ = sample.cells.sort_out((name,))
        used = np.unique(code[(sample.counts[:, 1] > 0) & (code >= 0)])
        if len(used) < 2:
            raise EmptyDomain(f"Column {name!r} has {len(used)} category in this domain; a test needs two")
        codes.append(np.clip(np.searchsorted(used, code), 0, len(used) - 1))
        sizes.append(len(used))
    return codes[0] * sizes[1] + codes[1], (sizes[0], sizes[1])


def _influence(sample: Sample, code: Codes, shares: Vector) -> Vector:
    variables = np.zeros((len(shares), len(code), sample.size))
    variables[:, :, 1] = (np.arange(len(shares))[:, None] == code) - shares[:, None]
    variables[:, :, 1] *= (sample.counts[:, 1] > 0) / sample.first[:, 1].sum()
    return variables


def _replicate(frame: Any, design: Design, names: tuple[str, str], within: str, shares: Vector) -> tuple[Vector, float]:
    replication = read_replication(frame, design, (), names, within)
    code, _ = _code_table(replication.classes, *names)
    sums = replication.sums((1,), code, len(shares))[:, :, 0]
    matrix = replication.covariance(sums / sums.sum(axis=1, keepdims=True), shares)
    return matrix, replication.count_df(replication.classes.counts[:, 1])


def _test(shares: Vector, matrix: Vector, shape: tuple[int, int], df: float, n: int) -> Independence:
    table = shares.reshape(shape)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0))
    pearson = float(n * ((table - expected) ** 2 / expected).sum())
    contrasts = _contrast(shape)
    inverse = np.divide(1.0, shares, out=np.zeros_like(shares), where=shares > 0)
    simple = (contrasts * (inverse / n)[:, None]).T @ contrasts
    if np.linalg.matrix_rank(simple, hermitian=True) < len(simple):
        raise EmptyDomain(
            f"{int((shares == 0).sum())} of the {len(shares)} combinations have no response, too many for a test; "
            "merge categories"
        )
    spread = (contrasts * inverse[:, None]).T @ matrix @ (contrasts * inverse[:, None])
    effects = np.linalg.solve(simple, spread)
    trace = float(np.trace(effects))
    ndf = trace**2 / float(np.trace(effects @ effects))
    f = pearson / trace
    return Independence(f, ndf, ndf * df, float(special.fdtrc(ndf, ndf * df, f)), pearson, n)


def _contrast(shape: tuple[int, int]) -> Vector:
    """Interaction columns of the saturated model, with the main effects taken out."""
    row, column = np.divmod(np.arange(shape[0] * shape[1]), shape[1])
    rows = [(row == level).astype(np.float64) for level in range(1, shape[0])]
    columns = [(column == level).astype(np.float64) for level in range(1, shape[1])]
    main = np.stack([np.ones(len(row)), *rows, *columns], axis=1)
    both = np.stack([left * right for left in rows for right in columns], axis=1)
    return np.asarray(both - main @ np.linalg.lstsq(main, both, rcond=None)[0])
