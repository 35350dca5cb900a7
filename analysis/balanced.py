"""Balanced half-samples: Hadamard matrices (Sylvester 1867, Paley 1933) and the half-samples they choose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.arrays import Codes, Vector
from analysis.errors import BadDesign

Signs = NDArray[np.bool_]
_LIMIT = 4096


def build_hadamard(order: int) -> Signs | None:
    """A Hadamard matrix whose first row is true, by doubling or Paley's construction; None if neither fits."""
    if order == 1:
        return np.ones((1, 1), dtype=bool)
    half = build_hadamard(order // 2) if order % 8 in {0, 2} or order == 4 else None
    if half is not None:
        return np.block([[half, half], [half, ~half]])
    return _build_paley(order - 1) if order % 4 == 0 and _is_prime(order - 1) else None


def find_hadamard(strata: int) -> Signs:
    """The smallest available matrix with a row for each stratum besides the first."""
    for order in range(strata // 4 * 4 + 4, _LIMIT, 4):
        matrix = build_hadamard(order)
        if matrix is not None:
            return matrix
    raise BadDesign(f"Balanced replicates of {strata} strata are too many; use JKn or replicate columns")


def balance(stratum: Codes, unit: Codes, rho: float) -> Vector:
    """Factors (units x R) of balanced half-samples, for units of which each stratum has an even number.

    One half weighs 2 - rho, the other rho (rho = 0 is BRR, else Fay's method: Judkins, J. Official Statistics 6, 1990).
    Strata of four or more are split into pairs in the units' order. Raises BadDesign.
    """
    pair, second = _pair_up(stratum, unit)
    signs = find_hadamard(int(pair.max(initial=-1)) + 1)[1:]
    chosen = signs[pair] ^ second[:, None]
    return np.where(chosen, 2 - rho, rho)


def _pair_up(stratum: Codes, unit: Codes) -> tuple[Codes, Signs]:
    order = np.lexsort((unit, stratum))
    pair = np.zeros(len(unit), dtype=np.intp)
    second = np.zeros(len(unit), dtype=bool)
    sizes = np.bincount(stratum)
    if (sizes % 2 == 1).any():
        place = int(np.argmax(sizes % 2 == 1))
        raise BadDesign(f"Balanced replicates need pairs, but stratum number {place + 1} has {sizes[place]} units")
    pair[order] = np.arange(len(unit)) // 2
    second[order] = np.arange(len(unit)) % 2 == 1
    return pair, second


def _build_paley(prime: int) -> Signs:
    squares = {(number * number) % prime for number in range(prime)}
    sums = np.add.outer(np.arange(prime), np.arange(prime)) % prime
    core = ~np.isin(sums, list(squares))
    matrix = np.ones((prime + 1, prime + 1), dtype=bool)
    matrix[1:, 1:] = core
    return matrix


def _is_prime(number: int) -> bool:
    return number > 2 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))
