"""Random numbers that are the same on every machine and under every NumPy: raw Philox bits, keyed by a seed's hash.

NumPy keeps the raw stream of a bit generator fixed, but not what its generators make of it (NEP 19).
"""

from __future__ import annotations

import hashlib
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats: TypeAlias = NDArray[np.float64]


class Chance:
    """A stream of uniform and normal numbers, a function of the seed alone."""

    def __init__(self, seed: str | int) -> None:
        digest = hashlib.sha256(str(seed).encode()).digest()
        self._bits = np.random.Philox(key=np.frombuffer(digest[:16], dtype="<u8"))

    def uniforms(self, *shape: int) -> Floats:
        """Give numbers strictly inside (0, 1)."""
        raw = np.asarray(self._bits.random_raw(int(np.prod(shape))), dtype=np.uint64).reshape(shape)
        return ((raw >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52

    def normals(self, *shape: int) -> Floats:
        return np.asarray(special.ndtri(self.uniforms(*shape)))
