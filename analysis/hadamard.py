"""Hadamard matrices for balanced half-samples: the ones, in the order of rows and columns, that R `survey` takes.

Which matrix is taken changes the variance of a statistic that is not linear, in its later digits. Constructions:
Sylvester 1867 (doubling), Paley 1933 (primes of the form 4k - 1), twin primes (Stanton and Sprott 1958) for order 36,
and Paley's second for order 28, as printed in Sloane's library.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from analysis.errors import BadDesign

Signs = NDArray[np.bool_]
_LARGEST_PRIME = 7919  # of those that R knows
_MOST = 16_384  # strata: a matrix of a quarter of a gigabyte
_ORDER_28 = (
    "fffffff 9c71c78 83cd378 83b2e66 9a0f8d6 952c5ae 8cd239e 58aa7f0 45b59d4 46cbcac 561774a 4b64e9a 5959b26 2d1eae8 "
    "3666b34 2b3b51c 31d74b2 32f89ca 2ced646 ea545e4 f1632cc f09ce1c e54ad52 e6392b2 e8a792a dffe000 bf81f80 7f8007e"
)


def find_hadamard(strata: int) -> Signs:
    """The matrix (order x order, its first row true) with a row for each stratum besides the first.

    Orders 4, 16, 28, 36 and their doubles; a prime's of Paley where those are more than four larger than needed.
    Raises BadDesign from 16,384 strata on.
    """
    if strata >= _MOST:
        raise BadDesign(f"Balanced replicates of {strata} strata are too many; use JKn or replicate columns")
    ready = [order for order in _READY if strata - strata % 4 < order <= strata - strata % 4 + 4]
    if ready:
        return _build_ready(ready[0])
    doubles = [max(0, math.ceil(math.log2((strata + 1) / order))) for order in _READY]
    sizes = [order * 2**times for order, times in zip(_READY, doubles, strict=True)]
    best = int(np.argmin(sizes))
    matrix = find_paley(strata, sizes[best]) if sizes[best] - strata > 4 else None
    return _double(_build_ready(_READY[best]), sizes[best]) if matrix is None else matrix


def find_paley(strata: int, most: int) -> Signs | None:
    """The smallest matrix of Paley's, doubled where that helps, of an order up to `most`; None if there is none."""
    order = strata + 4 - strata % 4
    if order % 8 == 0:
        odd = order
        while odd % 8 == 0:
            odd //= 2
        if _is_suitable(odd - 1):
            return _double(_build_paley(odd - 1), order)
    prime = next((number for number in range(strata, _LARGEST_PRIME + 1) if _is_suitable(number)), None)
    if prime is not None and prime > order + 3 and order + 4 < most:
        return find_paley(order + 3, 2 * (order + 3))
    return None if prime is None or prime > most else _build_paley(prime)


def _build_ready(order: int) -> Signs:
    if order == 28:
        return np.array([[bit == "1" for bit in f"{int(row, 16):028b}"] for row in _ORDER_28.split()])
    return _build_twin(5) if order == 36 else _double(np.ones((1, 1), dtype=bool), order)


def _double(matrix: Signs, order: int) -> Signs:
    while len(matrix) < order:
        matrix = np.block([[matrix, matrix], [matrix, ~matrix]])
    return matrix


def _build_paley(prime: int) -> Signs:
    """Rows and columns 0..p-1 meet in a true where their sum is not a square, with a border of trues."""
    squares = {(number * number) % prime for number in range(prime)}
    sums = np.add.outer(np.arange(prime), np.arange(prime)) % prime
    matrix = np.ones((prime + 1, prime + 1), dtype=bool)
    matrix[1:, 1:] = ~np.isin(sums, list(squares))
    return matrix


def _build_twin(prime: int) -> Signs:
    """Of the twin primes p and p + 2: a first row of trues, a last column of falses, and the twin-prime sequence."""
    size = prime * (prime + 2)
    places = 2 * np.add.outer(np.arange(size), np.arange(size)) % size
    left, right = places % prime, places % (prime + 2)
    alike = _is_square(left, prime) == _is_square(right, prime + 2)
    matrix = np.ones((size + 1, size + 1), dtype=bool)
    matrix[1:, :-1] = np.where(right == 0, False, (left == 0) | ~alike)
    matrix[1:, -1] = False
    return matrix


def _is_square(numbers: NDArray[np.intp], prime: int) -> Signs:
    return np.isin(numbers, [number * number % prime for number in range(1, prime)])


def _is_suitable(number: int) -> bool:
    """A prime of the form 4k - 1, up to the largest that R knows."""
    prime = number > 2 and all(number % divisor for divisor in range(2, math.isqrt(number) + 1))
    return number % 4 == 3 and prime and number <= _LARGEST_PRIME


_READY = (4, 16, 28, 36)
