"""What a response adds to its cell's sums, written once for every kind of frame; and these sums of a pandas frame.

Pandas frames are summed by NumPy: the same expressions through narwhals cost tens of milliseconds however small the
frame is, and a release asks for hundreds of small ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.arrays import Codes, Flags, Vector
from analysis.design import Design


@dataclass(frozen=True, slots=True)
class Parts:
    """Columns of a frame, as narwhals expressions or as vectors: what sums are made of.

    `n`: alike responses; `p`: those of positive weight; `d`, `dd`: n times the weight, and its square; `v`: 1 where the
    response is in the domain with all outcomes answered; `a`: 1 where it is in the domain, `answered` the same for each
    outcome answered (empty for a single outcome: that is v); `values`: outcomes, 0 where v is; `w_gaps`, `n_gaps`: 1
    where the weight is missing, and where the count is missing or no whole number.
    """

    n: Any
    p: Any
    d: Any
    dd: Any
    v: Any
    a: Any
    answered: Sequence[Any]
    values: Sequence[Any]
    w_gaps: Any
    n_gaps: Any


def list_sums(parts: Parts, *, binary: bool) -> dict[str, Any]:
    """The sums to ask for: name of the summed column, and the response's contribution to it."""
    p, d, dd, v = parts.p, parts.d, parts.dd, parts.v
    sums = {"rows": parts.n, "c0": p, "c1": p * v, "f0": d, "f1": d * v, "s00": dd, "s11": dd * v}
    sums |= {"w_gaps": parts.w_gaps, "n_gaps": parts.n_gaps}
    sums |= {"a": p * parts.a} if parts.values else {}
    sums |= {f"a{place}": p * answered for place, answered in enumerate(parts.answered)}
    for i, y in enumerate(parts.values):
        sums |= {f"c{i + 2}": p * y, f"f{i + 2}": d * y, f"s1{i + 2}": dd * y}
        sums |= {f"s{i + 2}{j + 2}": dd * y * parts.values[j] for j in range(i)}
        sums |= {f"q{i}{j}": d * y * parts.values[j] for j in range(i)}
        sums |= {f"odd{i}": abs(y * (y - 1.0)) if isinstance(y, np.ndarray) else (y * (y - 1.0)).abs()}
        sums |= {} if binary else {f"q{i}{i}": d * y * y, f"s{i + 2}{i + 2}": dd * y * y}
    return {f"__{name}": each for name, each in sums.items()}


def sum_pandas(
    frame: pd.DataFrame,
    design: Design,
    outcomes: Sequence[str],
    keys: Sequence[str],
    condition: nw.Expr | None,
    *,
    binary: bool,
) -> pd.DataFrame:
    """One row a combination of keys, in their order: keys, sums, and the ranges of counts, weights and populations.

    The frame has rows. Missing summands add nothing, as in SQL.
    """
    parts, ranges = _read_parts(frame, design, outcomes, _evaluate(frame, condition))
    order, starts = _sort_rows(frame, keys)
    table = frame[list(keys)].iloc[order[starts]].reset_index(drop=True)
    with np.errstate(invalid="ignore", over="ignore"):
        columns = {name: _add(each, order, starts) for name, each in list_sums(parts, binary=binary).items()}
    for name, each in ranges.items():
        ordered = each[order]
        columns[f"{name}_low"] = np.fmin.reduceat(ordered, starts)
        columns[f"{name}_high"] = np.fmax.reduceat(ordered, starts)
    return pd.concat([table, pd.DataFrame(columns)], axis=1)


def _evaluate(frame: pd.DataFrame, condition: nw.Expr | None) -> Flags:
    if condition is None:
        return np.ones(len(frame), dtype=bool)
    table = nw.from_native(frame, eager_only=True).select(condition.alias("inside"))
    return np.asarray(table["inside"].to_numpy(), dtype=bool)


def _read_parts(
    frame: pd.DataFrame, design: Design, outcomes: Sequence[str], inside: Flags
) -> tuple[Parts, dict[str, Vector]]:
    """The parts of each row, and the vectors whose ranges are kept."""
    ones = np.ones(len(frame))
    n = _number(frame, design.count) if design.count else ones
    w = _number(frame, design.weight) if design.weight else ones
    w = np.where(n == 0, 0.0, w)
    measured = [_number(frame, name) for name in outcomes]
    given = [inside & ~np.isnan(y) for y in measured]
    valid = np.logical_and.reduce([inside, *given])
    with np.errstate(invalid="ignore", over="ignore"):  # what has no finite square is refused by name afterwards
        parts = Parts(
            n=n,
            p=np.where(w > 0, n, 0.0),
            d=n * w,
            dd=n * w * w,
            v=valid.astype(np.float64),
            a=inside.astype(np.float64),
            answered=[each.astype(np.float64) for each in given] if len(given) > 1 else [],
            values=[np.where(valid, y, 0.0) for y in measured],
            w_gaps=np.isnan(w).astype(np.float64),
            n_gaps=(np.isnan(n) | (n != np.round(n))).astype(np.float64),
        )
    populations = {f"__N{stage}": _number(frame, name) for stage, name in enumerate(design.populations)}
    return parts, {"__n": n, "__w": w, **populations}


def _sort_rows(frame: pd.DataFrame, keys: Sequence[str]) -> tuple[Codes, Codes]:
    """The order of rows that puts alike keys together, and where each combination starts."""
    if not keys:
        return np.arange(len(frame)), np.zeros(1, dtype=np.intp)
    codes = frame.groupby(list(keys), sort=True, dropna=False, observed=True).ngroup().to_numpy()
    order = np.argsort(codes, kind="stable")
    return order, np.flatnonzero(np.diff(codes[order], prepend=-1))


def _add(values: Vector, order: Codes, starts: Codes) -> Vector:
    return np.add.reduceat(np.where(np.isnan(values), 0.0, values)[order], starts)


def _number(frame: pd.DataFrame, name: str) -> Vector:
    """A column as floats, NaN where a value is missing."""
    return frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
