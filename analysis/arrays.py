"""Types of the arrays that estimation passes around, and sums over groups of them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Vector: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.intp]
Flags: TypeAlias = NDArray[np.bool_]


def add_up(code: Codes, values: Vector | Flags, size: int) -> Vector:
    """Sum of the values of each group; `code` numbers the groups from 0."""
    return np.bincount(code, weights=values, minlength=size).astype(np.float64, copy=False)


def count_up(code: Codes, size: int) -> Vector:
    """Members of each group, as floats."""
    return np.bincount(code, minlength=size).astype(np.float64)


def code_rows(table: pd.DataFrame) -> Codes:
    """One code for each distinct row, from 0, in the order of first appearance; missing is a value like others."""
    codes = np.zeros(len(table), dtype=np.intp)
    for name in table.columns:
        own, labels = pd.factorize(table[name], use_na_sentinel=False)
        codes, _ = pd.factorize(codes * max(len(labels), 1) + own)
    return codes.astype(np.intp, copy=False)


def spell(value: object) -> str:
    """A value of a key column for a message: quoted if a text, plain if a number."""
    return repr(value.item() if isinstance(value, np.generic) else value)
