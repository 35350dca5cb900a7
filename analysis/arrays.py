"""Types of the arrays that estimation passes around, and sums over groups of them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
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


def spell(value: object) -> str:
    """A value of a key column for a message: quoted if a text, plain if a number."""
    return repr(value.item() if isinstance(value, np.generic) else value)
